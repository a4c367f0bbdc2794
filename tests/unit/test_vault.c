/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guard asks tokens for, and what it remembers of what tokens said. */
#include "tests/unit/unit.h"

#include "daemon/engine.h"
#include "daemon/host.h"
#include "daemon/vault_state.h"
#include "pki/paper.h"
#include "pki/sign.h"
#include "pki_maker.h"
#include "vici/codec/encode.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct arena arena;
static struct world world;

static int set_up(void **state)
{
	static const struct options one = { .one = true };
	struct text why = text_in(&arena);

	(void)state;
	world = (struct world){ .options = &one, .base = event_base_new() };
	list_init(&world.answers);
	list_init(&world.look_ups);
	entropy_start(&world.entropy);
	return vault_start(&world, "/nowhere", &why) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	entropy_stop(&world.entropy);
	event_base_free(world.base);
	arena_free(&arena);
	return 0;
}

/* ------------------------------------------------------------- tokens, which is not itself */

static struct bytes paper; /* that it answers with; without one it ends */
static const char *hangs;  /* at this URI, and until the next one is there */
static bool hanging;
static unsigned pins, pins_lost; /* handed over; so many of them are not taken */
static uint64_t opener, offer;   /* the last key is opened with this one */
static unsigned asked;
static uint8_t marks;                /* this one's */
static uint64_t handles[4], dropped; /* asked for; the last that is to be forgotten */

static void tell(struct ipc_channel *far, struct ipc_message m)
{
	assert_int_equal(ipc_tell(far, &m), ERR_OK);
}

static void take_pin(struct ipc_channel *far, const struct ipc_message *m)
{
	const uint8_t mark[IPC_MARK_SIZE] = { marks };

	assert_int_equal(m->secret.use, IPC_USE_PASSPHRASE);
	assert_true(bytes_eq(m->secret.data, bytes_str("1234")));
	if (pins++ < pins_lost)
		ipc_close(far);
	else
		tell(far, (struct ipc_message){ .kind = IPC_KEPT,
				  .ticket = m->ticket,
				  .kept.mark = bytes_of(mark, sizeof mark) });
}

static void be_tokens(void *ctx, struct ipc_channel *far)
{
	uint8_t room[IPC_MAX];
	const ssize_t n = recv(far->fd, room, sizeof room, MSG_DONTWAIT);
	struct ipc_message m;

	(void)ctx;
	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &arena, &m));
	assert_false(hanging);
	if (m.kind == IPC_SECRET)
		take_pin(far, &m);
	if (m.kind == IPC_DROP)
		dropped = m.drop.handle;
	if (m.kind != IPC_TOKEN && m.kind != IPC_TLS_SIGN)
		return;
	handles[asked++ % 4] = m.token.handle;
	opener = m.kind == IPC_TOKEN ? m.token.opener : 0;
	offer = m.kind == IPC_TOKEN ? m.token.offer : 0;
	hanging = hangs && m.kind == IPC_TOKEN && !strcmp(hangs, m.token.uri);
	if (hanging)
		return;
	if (paper.n)
		tell(far, (struct ipc_message){
				  .kind = IPC_OPENED, .ticket = m.ticket, .opened.paper = paper });
	else
		ipc_close(far);
}

static struct vault *tokens_that_answers(struct bytes with)
{
	struct vault *v = world.vault->tokens;
	struct text why = text_in(&arena);

	paper = with;
	hangs = NULL;
	hanging = false;
	asked = pins = pins_lost = 0;
	marks = 1;
	dropped = 0;
	assert_int_equal(vault_be_there(v, &why), ERR_OK);
	v->keeper.spec.serve = be_tokens;
	return v;
}

static void end_all(void)
{
	vault_leave_core(world.vault);
	vault_stop(&world);
}

static void tokens_that_gives_nothing_is_not_believed(void **state)
{
	const struct bundle nothing = { 0 };
	const struct key_conf k = { .uri = "file:/nowhere" };
	struct bundle b;
	struct why why = { 0 };

	(void)state;
	(void)tokens_that_answers(paper_of_bundle(&nothing, 1000, &arena));
	assert_int_equal(vault_fetch(world.vault, k.uri, &k, &arena, &b, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.what, "a private key"));
	assert_int_equal(vault_fetch(world.vault, k.uri, NULL, &arena, &b, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.what, "certificates"));
	assert_int_equal(asked, 2);
	end_all();
}

static void a_pin_is_tried_once_where_tokens_ends_over_it(void **state)
{
	const struct key_conf k = { .uri = "file:/nowhere" };
	struct bundle b;
	struct why why = { 0 };

	(void)state;
	(void)tokens_that_answers((struct bytes){ 0 });
	assert_int_not_equal(vault_fetch(world.vault, k.uri, &k, &arena, &b, &why), ERR_OK);
	assert_non_null(strstr(why.what, "does not answer"));
	assert_int_equal(asked, 1);
	end_all();
}

/* A card counts the tries of its PIN. */
static void tokens_is_asked_once_for_what_is_read_again(void **state)
{
	const struct key_conf k = { .uri = "file:/nowhere" };
	struct bundle b;
	struct why why = { 0 };

	(void)state;
	(void)tokens_that_answers((struct bytes){ 0 });
	for (unsigned i = 0; i < 3; i++) {
		assert_int_not_equal(vault_fetch(world.vault, k.uri, &k, &arena, &b, &why), ERR_OK);
		assert_non_null(strstr(why.what, "does not answer"));
	}
	assert_int_equal(asked, 1);
	assert_int_not_equal(vault_fetch(world.vault, k.uri, NULL, &arena, &b, &why), ERR_OK);
	assert_int_not_equal(vault_fetch(world.vault, "file:/elsewhere", &k, &arena, &b, &why), ERR_OK);
	assert_int_equal(asked, 3);
	end_all();
}

static void a_file_is_written(char *path, const char *says)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, says, strlen(says)), strlen(says));
	close(fd);
}

/* The private key that tokens has. */
static struct bytes paper_of_key(void)
{
	struct key *key = maker_key("P-256", 1, false);
	const struct bundle b = { .key = key };
	struct bytes made = paper_of_bundle(&b, 1000, &arena);

	key_unref(key);
	return made;
}

static unsigned keys_here(void)
{
	unsigned n = 0;

	list_each (node, &world.config.creds.store.all)
		n += store_at(node)->kind == STORED_KEY;
	return n;
}

/* What is known then; in on_ran, for once. */
static void (*then)(void);

static void on_ran(void *ctx, bool given_up)
{
	*(bool *)ctx = true;
	assert_false(given_up);
	if (then)
		then();
	then = NULL;
}

/* The file is read again, as "ipsec reload" has it. */
struct reading {
	const char *path;
	struct text *why, *notes;
	struct conf file;
	bool read;
	enum err e;
};

static void on_asked(void *ctx, bool given_up)
{
	struct reading *r = ctx;

	assert_false(given_up);
	r->e = config_put(&world.config, r->path, &r->file, r->why, r->notes);
	r->read = true;
}

static enum err reloaded(const char *path, struct text *why, struct text *notes)
{
	struct errand *errand = errand_new(world.vault);
	struct reading r = { .path = path, .why = why, .notes = notes };

	assert_int_equal(config_open(&world.config, path, &r.file, errand, why, notes), ERR_OK);
	errand_run(errand, on_asked, &r);
	while (!r.read)
		event_base_loop(world.base, EVLOOP_ONCE);
	return r.e;
}

/* At the start, at each reload, and not when something else is read again. */
static void a_key_of_the_file_is_asked_for_once_at_each_reading(void **state)
{
	struct text why = text_in(&arena), notes = text_in(&arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n } }\n");
	config_start(&world.config, world.vault);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(i == 1 ? config_read(&world.config, path, &why, &notes)
					: reloaded(path, &why, &notes),
			ERR_OK);
		assert_int_equal(config_read_creds(&world.config, &why, &notes), ERR_OK);
		assert_int_equal(asked, i);
		assert_int_equal(keys_here(), 1);
	}
	unlink(path);
	config_stop(&world.config);
	end_all();
}

/* A key that was there is opened by the next one when it is wanted. */
static void a_key_stays_when_tokens_does_not_answer_for_it(void **state)
{
	struct text why = text_in(&arena), notes = text_in(&arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n } }\n");
	config_start(&world.config, world.vault);
	assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
	paper = (struct bytes){ 0 };
	assert_int_equal(reloaded(path, &why, &notes), ERR_OK);
	assert_int_equal(asked, 3);
	assert_int_equal(keys_here(), 1);
	unlink(path);
	config_stop(&world.config);
	end_all();
}

/* What is not in the configuration any more is not remembered: not the PIN, and not the key. */
static void what_is_not_used_any_more_is_forgotten(void **state)
{
	struct text why = text_in(&arena), notes = text_in(&arena);
	char path[] = "/tmp/test_vault-XXXXXX";
	const struct key_conf k = { .uri = "file:/elsewhere" };
	struct bundle b;
	struct why no = { 0 };
	struct vault *v;

	(void)state;
	v = tokens_that_answers(paper_of_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n } }\n");
	config_start(&world.config, world.vault);
	assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
	assert_int_equal(vault_fetch(world.vault, k.uri, &k, &arena, &b, &no), ERR_OK);
	bundle_free(&b);
	vault_end_use(world.vault, false);
	assert_ptr_equal(v->known.next, v->known.prev); /* that of the file */
	assert_false(list_empty(&v->known));
	unlink(path);
	a_file_is_written(strcpy(path, "/tmp/test_vault-XXXXXX"), "secrets {\n}\n");
	assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
	assert_true(list_empty(&v->known));
	unlink(path);
	config_stop(&world.config);
	end_all();
}

/* ------------------------------------------------------------- errands to it */

static void run(struct errand *e, bool *ran)
{
	*ran = false;
	errand_run(e, on_ran, ran);
}

static void until_it_ran(const bool *ran)
{
	while (!*ran)
		event_base_loop(world.base, EVLOOP_ONCE);
}

/* The time is over of what it was asked. */
static void time_is_over(struct vault *v)
{
	assert_true(evtimer_pending(v->open.late, NULL));
	hanging = false; /* the next one does not */
	event_active(v->open.late, EV_TIMEOUT, 1);
}

static enum err said(const char *uri, struct why *why)
{
	const struct key_conf k = { .uri = uri };
	struct bundle b;
	enum err e = vault_fetch(world.vault, uri, &k, &arena, &b, why);

	bundle_free(&b);
	return e;
}

/* The next one has another key for its marks. */
static void a_key_with_a_pin_stays_when_the_next_tokens_does_not_answer_for_it(void **state)
{
	struct text why = text_in(&arena), notes = text_in(&arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n pin = 1234\n } }\n");
	config_start(&world.config, world.vault);
	assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
	assert_int_equal(keys_here(), 1);
	marks++;
	paper = (struct bytes){ 0 };
	assert_int_equal(reloaded(path, &why, &notes), ERR_OK);
	assert_int_equal(asked, 2);
	assert_int_equal(keys_here(), 1);
	assert_int_equal(config_read_creds(&world.config, &why, &notes), ERR_OK);
	assert_int_equal(asked, 2);
	assert_int_equal(keys_here(), 1);
	unlink(path);
	config_stop(&world.config);
	end_all();
}

/* What is in force is not changed by a reload that fails: not by what tokens said for it. */
static void a_refusal_for_a_reload_that_fails_takes_no_key(void **state)
{
	static const char fails[] = "connections { a { local { auth = pubkey\n certs = nowhere.pem\n }\n"
				    "children { a {\n} } } }\n"
				    "secrets { token-a { uri = \"file:/nowhere\"\n } }\n";
	const struct bundle nothing = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	a_file_is_written(path, strstr(fails, "secrets"));
	config_start(&world.config, world.vault);
	assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
	unlink(path);
	a_file_is_written(strcpy(path, "/tmp/test_vault-XXXXXX"), fails);
	paper = paper_of_bundle(&nothing, 1000, &arena);
	assert_int_not_equal(reloaded(path, &why, &notes), ERR_OK);
	assert_int_equal(asked, 2);
	assert_int_equal(config_read_creds(&world.config, &why, &notes), ERR_OK);
	assert_int_equal(asked, 2);
	assert_int_equal(keys_here(), 1);
	unlink(path);
	config_stop(&world.config);
	end_all();
}

/* Somebody inserts the card then. */
static void what_is_wanted_by_a_reading_that_fails_is_asked_for_again(void **state)
{
	struct why why = { 0 };
	struct vault *v;

	(void)state;
	v = tokens_that_answers(bytes_str("nonsense"));
	vault_begin_use(world.vault);
	assert_int_not_equal(said("file:/a", &why), ERR_OK);
	vault_end_use(world.vault, false);
	assert_true(list_empty(&v->known));
	paper = paper_of_key();
	assert_int_equal(said("file:/a", &why), ERR_OK);
	end_all();
}

static const char *const uris[] = { "file:/a", "file:/hangs", "file:/b", "file:/c" };

static void all_but_one_are_had(void)
{
	struct why why = { 0 };

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(said(uris[i], &why), i == 1 ? ERR_BUSY : ERR_OK);
	assert_int_equal(said(uris[1], &why), ERR_BUSY);
	assert_non_null(strstr(why.what, "a token that hangs"));
	assert_int_equal(asked, 5);
}

/* Guard serves everybody else meanwhile; and each of the other keys is asked for, once. What hangs is asked
 * for twice: tokens may hang over what somebody else wanted. */
static void a_token_that_hangs_keeps_nobody_waiting_and_takes_no_key_with_it(void **state)
{
	struct errand *e;
	struct vault *v;
	bool ran;

	(void)state;
	v = tokens_that_answers(paper_of_key());
	hangs = uris[1];
	e = errand_new(world.vault);
	for (unsigned i = 0; i < 4; i++)
		errand_want(e, uris[i], &(struct key_conf){ .uri = uris[i] });
	run(e, &ran);
	for (unsigned i = 0; i < 5; i++)
		event_base_loop(world.base, EVLOOP_NONBLOCK);
	assert_false(ran);
	assert_int_equal(asked, 2);
	time_is_over(v);
	while (asked < 3)
		event_base_loop(world.base, EVLOOP_ONCE);
	time_is_over(v);
	then = all_but_one_are_had;
	until_it_ran(&ran);
	assert_int_equal(asked, 5);
	assert_true(list_empty(&v->known)); /* nothing of it is in force */
	end_all();
}

static struct key_conf key_with_pin(void)
{
	struct key_conf k = { .uri = "file:/nowhere" };

	k.secret = arena_bytes(&arena, bytes_str("1234"));
	return k;
}

static void a_pin_is_handed_over_before_its_key_is_asked_for(void **state)
{
	struct key_conf k = key_with_pin();
	const struct bytes octets = k.secret;
	struct errand *e;
	bool ran;

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	e = errand_new(world.vault);
	errand_want(e, k.uri, &k);
	assert_int_equal(k.secret.n, 0);
	assert_false(memchr(octets.p, '1', octets.n));
	run(e, &ran);
	until_it_ran(&ran);
	assert_int_equal(pins, 1);
	assert_int_equal(asked, 1);
	assert_int_equal(opener, k.kept->handle);
	assert_int_equal(k.kept->mark[0], 1);
	kept_unref(k.kept);
	end_all();
}

/* Two sections say the same: the card counts one try. */
static void a_pin_that_is_there_twice_is_tried_once(void **state)
{
	struct key_conf k[] = { key_with_pin(), key_with_pin() };
	const struct bytes octets = k[1].secret;
	struct errand *e;
	bool ran;

	(void)state;
	(void)tokens_that_answers(bytes_str("nonsense"));
	e = errand_new(world.vault);
	errand_want(e, k[0].uri, &k[0]);
	errand_want(e, k[1].uri, &k[1]);
	assert_false(memchr(octets.p, '1', octets.n));
	assert_int_equal(k[1].secret.n, 0);
	run(e, &ran);
	until_it_ran(&ran);
	assert_int_equal(pins, 1);
	assert_int_equal(asked, 1);
	assert_ptr_equal(k[0].kept, k[1].kept);
	kept_unref(k[0].kept);
	kept_unref(k[1].kept);
	end_all();
}

/* It may have kept the key, and a copy of the PIN, before it was lost. */
static void a_key_that_tokens_was_lost_over_is_forgotten_by_the_next(void **state)
{
	struct errand *e;
	bool ran;

	(void)state;
	(void)tokens_that_answers((struct bytes){ 0 });
	e = errand_new(world.vault);
	errand_want(e, "file:/a", &(struct key_conf){ .uri = "file:/a" });
	run(e, &ran);
	while (asked < 2)
		event_base_loop(world.base, EVLOOP_ONCE);
	assert_int_not_equal(handles[0], handles[1]);
	assert_int_equal(dropped, handles[0]);
	until_it_ran(&ran);
	end_all();
}

/* One that has taken it ends before it says so: the next one does not know it. */
static void a_pin_is_handed_over_again_where_tokens_was_lost(void **state)
{
	struct key_conf k = key_with_pin();
	struct errand *e;
	bool ran;

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	pins_lost = 1;
	e = errand_new(world.vault);
	errand_want(e, k.uri, &k);
	run(e, &ran);
	until_it_ran(&ran);
	assert_int_equal(pins, 2);
	assert_int_equal(asked, 1);
	kept_unref(k.kept);
	end_all();
}

/* A card is locked after a few wrong PINs. */
static void a_pin_that_may_have_been_tried_is_not_tried_again(void **state)
{
	struct key_conf k = key_with_pin();
	struct errand *e;
	bool ran;

	(void)state;
	(void)tokens_that_answers((struct bytes){ 0 });
	e = errand_new(world.vault);
	errand_want(e, k.uri, &k);
	run(e, &ran);
	until_it_ran(&ran);
	assert_int_equal(asked, 1);
	kept_unref(k.kept);
	end_all();
}

/* Nor one that is not taken without end. */
static void a_pin_is_handed_over_twice_at_most(void **state)
{
	struct key_conf k = key_with_pin();
	struct errand *e;
	bool ran;

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	pins_lost = 100;
	e = errand_new(world.vault);
	errand_want(e, k.uri, &k);
	run(e, &ran);
	until_it_ran(&ran);
	assert_int_equal(pins, 2);
	assert_int_equal(asked, 0);
	kept_unref(k.kept);
	end_all();
}

static void the_first_is_had(void)
{
	struct why why = { 0 };

	assert_int_equal(said("file:/a", &why), ERR_OK);
	assert_int_equal(asked, 3);
}

/* A folder changes, or a client loads something, before all is answered: nothing is asked for twice. */
static void what_is_read_meanwhile_takes_nothing_of_an_errand(void **state)
{
	struct text wrong = text_in(&arena), notes = text_in(&arena);
	struct errand *e;
	struct vault *v;
	bool ran;

	(void)state;
	v = tokens_that_answers(paper_of_key());
	config_start(&world.config, world.vault);
	hangs = "file:/hangs";
	e = errand_new(world.vault);
	errand_want(e, "file:/a", &(struct key_conf){ .uri = "file:/a" });
	errand_want(e, hangs, &(struct key_conf){ .uri = hangs });
	run(e, &ran);
	while (asked < 2)
		event_base_loop(world.base, EVLOOP_ONCE);
	assert_int_equal(config_read_creds(&world.config, &wrong, &notes), ERR_OK);
	vault_end_use(world.vault, false);
	hangs = NULL;
	time_is_over(v);
	then = the_first_is_had;
	until_it_ran(&ran);
	assert_int_equal(asked, 3);
	config_stop(&world.config);
	end_all();
}

struct offered {
	unsigned told;
	enum err e;
	bool key;
};

static void on_said(void *ctx, const struct said *s)
{
	struct offered *o = ctx;

	o->told++;
	o->e = s->e;
	o->key = s->bundle.key;
}

/* A client's key is its own, and not what is at that URI for the file. */
static void a_key_with_an_offered_pin_is_told_and_not_remembered(void **state)
{
	static const uint8_t number[8] = { [7] = 9 };
	struct offered o = { 0 };
	struct errand *e;
	struct vault *v;
	bool ran;

	(void)state;
	v = tokens_that_answers(paper_of_key());
	e = errand_new(world.vault);
	errand_want_offered(e, "file:/a", bytes_of(number, sizeof number), on_said, &o);
	run(e, &ran);
	until_it_ran(&ran);
	assert_int_equal(o.told, 1);
	assert_true(o.key);
	assert_int_equal(offer, 9);
	assert_true(list_empty(&v->known));
	end_all();
}

/* Nor is that PIN tried twice; and what is no number is none of ctl's. */
static void an_offered_pin_that_may_have_been_tried_is_not_tried_again(void **state)
{
	static const uint8_t number[8] = { [7] = 9 };

	(void)state;
	(void)tokens_that_answers((struct bytes){ 0 });
	for (unsigned i = 0; i < 2; i++) {
		struct errand *e = errand_new(world.vault);
		struct offered o = { 0 };
		bool ran;

		asked = 0;
		errand_want_offered(e, "file:/a", bytes_of(number, i ? 3 : sizeof number), on_said, &o);
		run(e, &ran);
		until_it_ran(&ran);
		assert_int_equal(asked, 1);
		assert_int_equal(o.told, 1);
		assert_int_equal(o.e, ERR_BUSY);
		assert_false(o.key);
	}
	assert_int_not_equal(offer, 0);
	end_all();
}

static void what_hung_is_had(void)
{
	struct why why = { 0 };

	assert_int_equal(said("file:/hangs", &why), ERR_OK);
	vault_started(world.vault);
	assert_int_equal(said("file:/b", &why), ERR_BUSY); /* that is the other's */
	assert_non_null(strstr(why.what, "was not asked for it"));
}

/* They are run one after the other, each to its end, and each knows what it was told itself. */
static void what_came_first_is_done_first(void **state)
{
	struct errand *e[2];
	struct vault *v;
	bool ran[2];

	(void)state;
	v = tokens_that_answers(paper_of_key());
	hangs = "file:/hangs";
	for (unsigned i = 0; i < 2; i++) {
		e[i] = errand_new(world.vault);
		errand_want(e[i], i ? "file:/b" : hangs, &(struct key_conf){ .uri = i ? "file:/b" : hangs });
		run(e[i], &ran[i]);
	}
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	assert_int_equal(asked, 1);
	assert_false(ran[1]);
	hangs = NULL;
	time_is_over(v);
	then = what_hung_is_had;
	until_it_ran(&ran[0]);
	assert_null(then);
	assert_false(ran[1]);
	until_it_ran(&ran[1]);
	assert_int_equal(asked, 3);
	end_all();
}

static void an_errand_that_wants_nothing_is_done_at_once(void **state)
{
	bool ran;

	(void)state;
	run(errand_new(world.vault), &ran);
	assert_true(ran);
	assert_null(world.vault->tokens->keeper.base); /* tokens is not needed for it */
	end_all();
}

/* What has nothing to do with tokens does not wait behind what hangs. */
static void an_errand_that_wants_nothing_waits_for_no_other(void **state)
{
	struct errand *e;
	bool hung, ran;

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	hangs = "file:/hangs";
	e = errand_new(world.vault);
	errand_want(e, hangs, NULL);
	run(e, &hung);
	run(errand_new(world.vault), &ran);
	assert_true(ran);
	assert_false(hung);
	errand_leave(e);
	end_all();
}

static void nobody_is_told(void *ctx, bool given_up)
{
	(void)ctx;
	(void)given_up;
	fail_msg("an errand that was left is told");
}

static void nobody_hears(void *ctx, const struct said *s)
{
	(void)s;
	nobody_is_told(ctx, false);
}

static void its_key_is_forgotten(void)
{
	assert_int_equal(dropped, handles[0]);
}

/* What was asked already is answered, and nobody gets it, nor is it kept; what was not is not asked any more,
 * and the next one has its turn. */
static void nothing_is_asked_for_whom_nobody_waits_for(void **state)
{
	struct errand *e[3];
	struct vault *v;
	bool ran;

	(void)state;
	v = tokens_that_answers(paper_of_key());
	for (unsigned i = 0; i < 2; i++) {
		e[i] = errand_new(world.vault);
		errand_want_offered(e[i], "file:/a", (struct bytes){ 0 }, nobody_hears, NULL);
		errand_want(e[i], "file:/b", NULL);
		errand_run(e[i], nobody_is_told, NULL); /* the first has its answer, which was not heard */
	}
	e[2] = errand_new(world.vault);
	errand_want(e[2], "file:/c", &(struct key_conf){ .uri = "file:/c" });
	run(e[2], &ran);
	assert_int_equal(asked, 1);
	errand_leave(e[1]);
	errand_leave(e[0]);
	then = its_key_is_forgotten;
	until_it_ran(&ran);
	assert_int_equal(asked, 2);
	assert_true(list_empty(&v->known) && list_empty(&v->errands));
	end_all();
}

/* A card that hangs is not tried once more for nobody. */
static void what_hangs_is_asked_once_for_whom_nobody_waits_for(void **state)
{
	struct errand *e;
	struct vault *v;

	(void)state;
	v = tokens_that_answers(paper_of_key());
	hangs = "file:/hangs";
	e = errand_new(world.vault);
	errand_want(e, hangs, NULL);
	errand_run(e, nobody_is_told, NULL);
	assert_int_equal(asked, 1);
	errand_leave(e);
	time_is_over(v);
	while (!list_empty(&v->errands))
		event_base_loop(world.base, EVLOOP_ONCE);
	assert_int_equal(asked, 1);
	end_all();
}

static void on_given_up(void *ctx, bool given_up)
{
	*(bool *)ctx = given_up;
}

/* And what it says after all is no breach of the rules. */
static void an_errand_is_given_up_when_the_daemon_stops(void **state)
{
	struct errand *e;
	struct vault *v;
	bool given_up = false;
	int fd;

	(void)state;
	v = tokens_that_answers(paper_of_key());
	e = errand_new(world.vault);
	errand_want(e, "file:/a", &(struct key_conf){ .uri = "file:/a" });
	errand_run(e, on_given_up, &given_up); /* it has answered, and was not heard */
	assert_int_equal(asked, 1);
	errands_give_up(world.vault);
	assert_true(given_up);
	fd = v->keeper.near[0].fd;
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	assert_false(v->keeper.was_lost);
	assert_int_equal(v->keeper.near[0].fd, fd);
	end_all();
}

static void nothing_can_be_asked_for(void)
{
	struct why why = { 0 };

	assert_int_equal(said("file:/b", &why), ERR_BUSY);
	assert_non_null(strstr(why.what, "the memory of secrets cannot be used"));
}

/* What it cannot be asked is said, as is why; nobody waits for it. */
static void tokens_that_cannot_be_started_is_told(void **state)
{
	struct errand *e;
	bool ran;

	(void)state;
	close(world.vault->tokens->image);
	world.vault->tokens->image = -1;
	e = errand_new(world.vault);
	errand_want(e, "file:/a", &(struct key_conf){ .uri = "file:/a" });
	errand_want(e, "file:/b", &(struct key_conf){ .uri = "file:/b" });
	then = nothing_can_be_asked_for;
	run(e, &ran);
	assert_true(ran);
	assert_null(then);
	end_all();
}

/* ------------------------------------------------------------- clients */

static void nothing_to_do(void *ctx, void *io)
{
	(void)ctx;
	(void)io;
}

static enum err take_conn(void *ctx, struct peer *peer, struct arena *a, struct why *why)
{
	struct world *w = ctx;
	struct text wrong = text_in(a), notes = text_in(a);
	enum err e = creds_fill(&w->config.creds, peer, NULL, &conf_files_system, &wrong, &notes);

	why->what = text_str(&wrong);
	peer_unref(peer);
	return e;
}

/* Its connections are read, and forgotten. */
static void serve_clients(void)
{
	struct vici_host host = { .ctx = &world, .load_conn = take_conn, .writable = nothing_to_do };

	creds_into(&host);
	world.vici = vici_new(&host);
	config_start(&world.config, world.vault);
	vault_started(world.vault);
}

static void end_clients(void)
{
	errands_give_up(world.vault);
	vici_free(world.vici);
	assert_true(list_empty(&world.look_ups));
	config_stop(&world.config);
	end_all();
}

static struct vici_session *client(void)
{
	return vici_open(world.vici, VICI_CHANGES, NULL);
}

/* What stands behind its head. */
static void ask_for(struct vici_session *s, const char *name, struct vici_out *o)
{
	const struct bytes all = vici_out_done(o);
	const size_t head = 4 + 1 + 1 + strlen(name);

	assert_true(all.n > head);
	assert_true(
		vici_command(s, vici_command_number(bytes_str(name)), bytes_of(all.p + head, all.n - head)));
	vici_out_free(o);
}

static void load_token(struct vici_session *s, const char *uri)
{
	struct vici_out o = { 0 };

	vici_out_packet(&o, VICI_CMD_REQUEST, "load-token");
	vici_put_pair(&o, "uri", uri);
	ask_for(s, "load-token", &o);
}

/* With the certificate at URI; NULL: with none. */
static void load_conn(struct vici_session *s, const char *uri)
{
	struct vici_out o = { 0 };

	vici_out_packet(&o, VICI_CMD_REQUEST, "load-conn");
	vici_put_section(&o, "site");
	vici_put_section(&o, "local");
	vici_put_pair(&o, "auth", uri ? "pubkey" : "psk");
	if (uri) {
		vici_put_section(&o, "cert");
		vici_put_pair(&o, "uri", uri);
		vici_put_section_end(&o);
	}
	vici_put_section_end(&o);
	vici_put_section(&o, "remote");
	vici_put_pair(&o, "auth", "psk");
	vici_put_section_end(&o);
	vici_put_section_end(&o);
	ask_for(s, "load-conn", &o);
}

static bool heard(struct vici_session *s, const char *what)
{
	const struct bytes all = vici_output(s);

	return all.n && memmem(all.p, all.n, what, strlen(what));
}

static void until_it_is_asked(unsigned times)
{
	while (asked < times)
		event_base_loop(world.base, EVLOOP_ONCE);
}

static struct bytes paper_of_cert(void)
{
	struct made m = maker_cert(&(struct recipe){ .subject = "CN=moon" }, NULL);
	const struct bundle b = { .certs = &m.cert, .n_certs = 1 };
	struct bytes made = paper_of_bundle(&b, 10000, &arena);

	cert_unref(m.cert);
	maker_end();
	return made;
}

/* The certificate of a connection is asked for twice, for 5 s each; then this client is told, and no other
 * one has waited. */
static void a_card_that_hangs_keeps_only_whom_it_is_wanted_by(void **state)
{
	struct vici_session *waits, *other;
	struct vault *v;

	(void)state;
	v = tokens_that_answers(paper_of_cert());
	hangs = "file:/hangs";
	serve_clients();
	waits = client();
	other = client();
	load_conn(waits, hangs);
	assert_int_equal(asked, 1);
	load_conn(other, NULL);
	assert_true(heard(other, "yes"));
	assert_int_equal(vici_output(waits).n, 0);
	time_is_over(v);
	until_it_is_asked(2);
	assert_int_equal(vici_output(waits).n, 0);
	time_is_over(v);
	while (!vici_output(waits).n)
		event_base_loop(world.base, EVLOOP_ONCE);
	assert_true(heard(waits, "is there a token that hangs"));
	vici_sent(waits, vici_output(waits).n);
	(void)vici_answered(waits);
	load_conn(waits, "file:/a");
	until_it_is_asked(3);
	while (!vici_output(waits).n)
		event_base_loop(world.base, EVLOOP_ONCE);
	assert_true(heard(waits, "yes"));
	assert_true(list_empty(&v->known));
	end_clients();
}

/* A connection that was waited for is there, with what its card has; who has gone has nothing loaded, and
 * takes no time of the others. */
static void a_client_that_goes_is_not_waited_for(void **state)
{
	struct vici_session *goes, *stays;
	struct vault *v;

	(void)state;
	v = tokens_that_answers(paper_of_cert());
	hangs = "file:/hangs";
	serve_clients();
	goes = client();
	stays = client();
	load_conn(goes, hangs);
	load_conn(stays, "file:/a");
	vici_close(goes);
	time_is_over(v);
	while (!vici_output(stays).n)
		event_base_loop(world.base, EVLOOP_ONCE);
	assert_true(heard(stays, "yes"));
	assert_int_equal(asked, 2);
	end_clients();
}

/* Each waits for those before it. */
static void so_many_wait_for_tokens_and_no_more(void **state)
{
	struct vici_session *first, *last;

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	hangs = "file:/hangs";
	serve_clients();
	first = client();
	load_token(first, hangs);
	for (unsigned i = 1; i < 16; i++) {
		last = client();
		load_token(last, "file:/a");
		assert_int_equal(vici_output(last).n, 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		last = client();
		if (i)
			load_conn(last, "file:/a");
		else
			load_token(last, "file:/a");
		assert_true(heard(last, "try it again in a few seconds"));
	}
	vici_close(first);
	last = client();
	load_token(last, "file:/a");
	assert_int_equal(vici_output(last).n, 0);
	end_clients();
}

/* And is told so. */
static void who_waits_for_tokens_is_told_that_the_daemon_stops(void **state)
{
	struct vici_session *s[2];

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	hangs = "file:/hangs";
	serve_clients();
	for (unsigned i = 0; i < 2; i++)
		s[i] = client();
	load_conn(s[0], hangs);
	load_token(s[1], "file:/a");
	errands_give_up(world.vault);
	for (unsigned i = 0; i < 2; i++)
		assert_true(heard(s[i], "the daemon is stopping"));
	end_clients();
}

static const char *authority_there(const char *name)
{
	const struct authority *a = config_loaded(&world.config, CONFIG_AUTHORITY, name, &arena);

	return a ? a->cert_uri_base : "none";
}

/* All is read anew with it, and there is something else in it that cannot be. */
static void an_authority_stays_where_the_next_one_cannot_be_put_in_force(void **state)
{
	struct made m = maker_cert(&(struct recipe){ .subject = "CN=lab", .extensions = "CA" }, NULL);
	const struct bundle b = { .certs = &m.cert, .n_certs = 1 };
	const struct bytes paper_of_it = paper_of_bundle(&b, 10000, &arena);
	struct text both = text_in(&arena);
	struct authority lab = { .name = "lab", .origin = ORIGIN_VICI, .cert_uri_base = "before" };
	const struct authority broken = { .name = "broken", .cacert.file = "nowhere.pem" };
	const struct vici_host host = host_of(&world);
	struct why why = { 0 };

	(void)state;
	config_start(&world.config, world.vault);
	lab.cacert.data = m.cert->der;
	lab.cacert.paper = paper_of_it;
	assert_true(config_load(&world.config, CONFIG_AUTHORITY, &lab));
	assert_true(config_load(&world.config, CONFIG_AUTHORITY, &broken));
	text_put(&both, paper_of_it.p, paper_of_it.n);
	text_put(&both, m.cert->der.p, m.cert->der.n);
	lab.cacert = (struct cert_conf){ .data = bytes_of(both.s, both.n) };
	lab.cert_uri_base = "after";
	assert_int_not_equal(host.load_authority(&world, &lab, &arena, &why), ERR_OK);
	assert_non_null(strstr(why.what, "nowhere.pem"));
	assert_string_equal(authority_there("lab"), "before");
	lab.name = "another";
	assert_int_not_equal(host.load_authority(&world, &lab, &arena, &why), ERR_OK);
	assert_string_equal(authority_there("another"), "none");
	cert_unref(m.cert);
	maker_end();
	config_stop(&world.config);
	end_all();
}

/* What else the file says counts all the same. */
static void a_pin_that_cannot_be_handed_over_is_noted(void **state)
{
	static const char says[] = "secrets { token-a { uri = \"file:/nowhere\"\n pin = 1234\n }\n"
				   " ike-b { secret = something\n } }\n";
	struct text why = text_in(&arena), notes = text_in(&arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	a_file_is_written(path, says);
	close(world.vault->tokens->image);
	world.vault->tokens->image = -1;
	config_start(&world.config, world.vault);
	assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
	assert_int_equal(config_now(&world.config)->n_secrets, 1);
	assert_string_equal(text_str(&why), "");
	assert_non_null(strstr(text_str(&notes), "the memory of secrets cannot be used"));
	unlink(path);
	config_stop(&world.config);
	end_all();
}

int main(void)
{
#define VAULT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		VAULT(tokens_that_gives_nothing_is_not_believed),
		VAULT(a_pin_is_tried_once_where_tokens_ends_over_it),
		VAULT(tokens_is_asked_once_for_what_is_read_again),
		VAULT(a_key_of_the_file_is_asked_for_once_at_each_reading),
		VAULT(a_key_stays_when_tokens_does_not_answer_for_it),
		VAULT(what_is_not_used_any_more_is_forgotten),
		VAULT(a_key_with_a_pin_stays_when_the_next_tokens_does_not_answer_for_it),
		VAULT(a_refusal_for_a_reload_that_fails_takes_no_key),
		VAULT(what_is_wanted_by_a_reading_that_fails_is_asked_for_again),
		VAULT(a_token_that_hangs_keeps_nobody_waiting_and_takes_no_key_with_it),
		VAULT(a_pin_is_handed_over_before_its_key_is_asked_for),
		VAULT(a_pin_that_is_there_twice_is_tried_once),
		VAULT(a_key_that_tokens_was_lost_over_is_forgotten_by_the_next),
		VAULT(a_pin_is_handed_over_again_where_tokens_was_lost),
		VAULT(a_pin_that_may_have_been_tried_is_not_tried_again),
		VAULT(a_pin_is_handed_over_twice_at_most),
		VAULT(what_is_read_meanwhile_takes_nothing_of_an_errand),
		VAULT(a_key_with_an_offered_pin_is_told_and_not_remembered),
		VAULT(an_offered_pin_that_may_have_been_tried_is_not_tried_again),
		VAULT(what_came_first_is_done_first),
		VAULT(an_errand_that_wants_nothing_is_done_at_once),
		VAULT(an_errand_that_wants_nothing_waits_for_no_other),
		VAULT(nothing_is_asked_for_whom_nobody_waits_for),
		VAULT(what_hangs_is_asked_once_for_whom_nobody_waits_for),
		VAULT(an_errand_is_given_up_when_the_daemon_stops),
		VAULT(tokens_that_cannot_be_started_is_told),
		VAULT(a_pin_that_cannot_be_handed_over_is_noted),
		VAULT(an_authority_stays_where_the_next_one_cannot_be_put_in_force),
		VAULT(a_card_that_hangs_keeps_only_whom_it_is_wanted_by),
		VAULT(a_client_that_goes_is_not_waited_for),
		VAULT(so_many_wait_for_tokens_and_no_more),
		VAULT(who_waits_for_tokens_is_told_that_the_daemon_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
