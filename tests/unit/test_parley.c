/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of questions to keeper when who asked has ended: the loop runs on until the scripts of what
 * was up have ended, and keeper with it. */
#include "tests/unit/unit.h"

#include "daemon/engine.h"
#include "daemon/parley_state.h"
#include "daemon/vault_state.h"
#include "pki/paper.h"
#include "pki/sign.h"
#include "pki_maker.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct arena arena;
static struct world world;
static unsigned told; /* so many are answered */

static int set_up(void **state)
{
	static const struct options one = { .one = true };
	struct text why = text_in(&arena);

	(void)state;
	world = (struct world){ .options = &one, .base = event_base_new() };
	list_init(&world.answers);
	entropy_start(&world.entropy);
	told = 0;
	if (vault_start(&world, "/nowhere", &why))
		return -1;
	parleys_start(&world, "/nowhere");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	entropy_stop(&world.entropy);
	event_base_free(world.base);
	arena_free(&arena);
	return 0;
}

static void on_user(void *ctx, const struct ipc_user *user)
{
	told++;
	assert_null(parley_take_user(ctx, user));
}

/* A conversation that waits to hear who carol is. */
static void ask_for_carol(void)
{
	struct parley *p = calloc(1, sizeof *p);

	p->world = &world;
	p->number = 1;
	p->answer = answer_new(1);
	p->name = bytes_str("carol");
	map_put(&world.parleys->open, p->number, p);
	parley_ask_user(p, true, on_user);
	assert_false(list_empty(&world.vault->asked));
}

static void an_answer_that_comes_after_the_end_is_of_no_consequence(void **state)
{
	(void)state;
	ask_for_carol();
	vault_leave_core(world.vault);
	parleys_stop(&world);
	assert_int_equal(told, 0);
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	assert_int_equal(told, 1);
	assert_true(list_empty(&world.vault->asked));
	vault_stop(&world);
	assert_int_equal(told, 1);
	assert_true(list_empty(&world.answers));
}

static void a_question_ends_with_keeper(void **state)
{
	(void)state;
	ask_for_carol();
	parleys_stop(&world);
	vault_stop(&world);
	assert_int_equal(told, 1);
}

static void a_core_that_has_ended_is_not_answered(void **state)
{
	struct secret s = { .kind = SECRET_IKE, .name = "x" };
	const struct ike_question q = { .prf = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0) };
	struct text why = text_in(&arena);

	(void)state;
	s.data = arena_bytes(&arena, bytes_str("something"));
	assert_int_equal(vault_keep_secret(world.vault, &s, &why), ERR_OK);
	vault_prove(world.vault, &s, &q, answer_new(1));
	vault_leave_core(world.vault);
	parleys_stop(&world);
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	assert_true(list_empty(&world.vault->asked));
	assert_true(list_empty(&world.answers));
	kept_unref(s.kept);
	vault_stop(&world);
}

/* ------------------------------------------------------------- keeper, which says who is to blame */

static void be_silent(void *ctx, struct ipc_channel *far)
{
	uint8_t room[IPC_MAX];

	(void)ctx;
	assert_true(recv(far->fd, room, sizeof room, MSG_DONTWAIT) > 0);
}

static void on_answered(void *ctx, const struct ipc_user *user)
{
	assert_null(user);
	*(bool *)ctx = true;
}

/* As it is where keeper is a process: here it would be us whom it blames for what ike has sent. */
static void blame(uint64_t ticket)
{
	struct vault *v = world.vault;
	struct keeper *const inside = v->inside;

	v->inside = NULL;
	assert_true(vault_take_blame(&v->keeper, &(struct ipc_message){ .kind = IPC_BLAME,
							 .ticket = ticket,
							 .blame = { IPC_IKE, "sent nonsense" } }));
	v->inside = inside;
}

static void the_question_that_is_no_good_is_not_answered_and_the_others_still_fly(void **state)
{
	struct vault *v = world.vault;
	bool answered[3] = { false };

	(void)state;
	vault_leave_core(v);
	v->keeper.spec.serve = be_silent;
	for (unsigned i = 0; i < 3; i++)
		vault_user(v, bytes_str("carol"), false, on_answered, &answered[i]);
	blame(v->last - 1);
	assert_false(answered[0] || answered[2]);
	assert_true(answered[1]);
	assert_int_equal(v->flying, 2);
	blame(v->last + 1); /* of nothing that was asked */
	assert_int_equal(v->flying, 2);
	parleys_stop(&world);
	vault_stop(&world);
	assert_true(answered[0] && answered[2]);
}

/* ------------------------------------------------------------- tokens, which is not itself */

static struct bytes paper; /* that it answers with; without one it ends */
static unsigned asked;

static void be_tokens(void *ctx, struct ipc_channel *far)
{
	uint8_t room[IPC_MAX];
	const ssize_t n = recv(far->fd, room, sizeof room, MSG_DONTWAIT);
	struct ipc_message m;

	(void)ctx;
	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &arena, &m));
	if (m.kind != IPC_TOKEN && m.kind != IPC_TLS_SIGN)
		return;
	asked++;
	if (paper.n)
		assert_int_equal(ipc_tell(far, &(struct ipc_message){ .kind = IPC_OPENED,
						       .ticket = m.ticket,
						       .opened.paper = paper }),
			ERR_OK);
	else
		ipc_close(far);
}

static struct vault *tokens_that_answers(struct bytes with)
{
	struct vault *v = world.vault->tokens;
	struct text why = text_in(&arena);

	paper = with;
	asked = 0;
	assert_int_equal(vault_be_there(v, &why), ERR_OK);
	v->keeper.spec.serve = be_tokens;
	return v;
}

static void end_all(void)
{
	vault_leave_core(world.vault);
	parleys_stop(&world);
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

/* At the start, at each reload, and not when something else is read again. */
static void a_key_of_the_file_is_asked_for_once_at_each_reading(void **state)
{
	struct text why = text_in(&arena), notes = text_in(&arena);
	char path[] = "/tmp/test_parley-XXXXXX";

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n } }\n");
	config_start(&world.config, world.vault);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
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
	char path[] = "/tmp/test_parley-XXXXXX";

	(void)state;
	(void)tokens_that_answers(paper_of_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n } }\n");
	config_start(&world.config, world.vault);
	assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
	paper = (struct bytes){ 0 };
	assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
	assert_int_equal(asked, 2);
	assert_int_equal(keys_here(), 1);
	unlink(path);
	config_stop(&world.config);
	end_all();
}

/* What is not in the configuration any more is not remembered: not the PIN, and not the key. */
static void what_is_not_used_any_more_is_forgotten(void **state)
{
	struct text why = text_in(&arena), notes = text_in(&arena);
	char path[] = "/tmp/test_parley-XXXXXX";
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
	a_file_is_written(strcpy(path, "/tmp/test_parley-XXXXXX"), "secrets {\n}\n");
	assert_int_equal(config_read(&world.config, path, &why, &notes), ERR_OK);
	assert_true(list_empty(&v->known));
	unlink(path);
	config_stop(&world.config);
	end_all();
}

/* What else the file says counts all the same. */
static void a_pin_that_cannot_be_handed_over_is_noted(void **state)
{
	static const char says[] = "secrets { token-a { uri = \"file:/nowhere\"\n pin = 1234\n }\n"
				   " ike-b { secret = something\n } }\n";
	struct text why = text_in(&arena), notes = text_in(&arena);
	char path[] = "/tmp/test_parley-XXXXXX";

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
#define PARLEY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		PARLEY(an_answer_that_comes_after_the_end_is_of_no_consequence),
		PARLEY(a_question_ends_with_keeper),
		PARLEY(a_core_that_has_ended_is_not_answered),
		PARLEY(the_question_that_is_no_good_is_not_answered_and_the_others_still_fly),
		PARLEY(tokens_that_gives_nothing_is_not_believed),
		PARLEY(a_pin_is_tried_once_where_tokens_ends_over_it),
		PARLEY(tokens_is_asked_once_for_what_is_read_again),
		PARLEY(a_key_of_the_file_is_asked_for_once_at_each_reading),
		PARLEY(a_key_stays_when_tokens_does_not_answer_for_it),
		PARLEY(what_is_not_used_any_more_is_forgotten),
		PARLEY(a_pin_that_cannot_be_handed_over_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
