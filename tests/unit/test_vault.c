/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guard remembers of what tokens said, and what keeper reads for it. */
#include "tests/unit/fake_tokens.h"

#include "daemon/engine.h"
#include "daemon/keeper.h"
#include "daemon/vault_state.h"
#include "pki/paper.h"
#include "tests/unit/pki_maker.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void tokens_that_gives_nothing_is_not_believed(void **state)
{
	const struct bundle nothing = { 0 };
	const struct key_conf k = { .uri = "file:/nowhere" };
	struct bundle b;
	struct why why = { 0 };

	(void)state;
	(void)fake_tokens_answering(paper_of_bundle(&nothing, 1000, &fake.arena));
	assert_int_equal(vault_fetch(fake.world.vault, k.uri, &k, &fake.arena, &b, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.what, "a private key"));
	assert_int_equal(vault_fetch(fake.world.vault, k.uri, NULL, &fake.arena, &b, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.what, "certificates"));
	assert_int_equal(fake.asked, 2);
	fake_tokens_end();
}

static void a_pin_is_tried_once_where_tokens_ends_over_it(void **state)
{
	const struct key_conf k = { .uri = "file:/nowhere" };
	struct bundle b;
	struct why why = { 0 };

	(void)state;
	(void)fake_tokens_answering((struct bytes){ 0 });
	assert_int_not_equal(vault_fetch(fake.world.vault, k.uri, &k, &fake.arena, &b, &why), ERR_OK);
	assert_non_null(strstr(why.what, "does not answer"));
	assert_int_equal(fake.asked, 1);
	fake_tokens_end();
}

/* A card counts the tries of its PIN. */
static void tokens_is_asked_once_for_what_is_read_again(void **state)
{
	const struct key_conf k = { .uri = "file:/nowhere" };
	struct bundle b;
	struct why why = { 0 };

	(void)state;
	(void)fake_tokens_answering((struct bytes){ 0 });
	for (unsigned i = 0; i < 3; i++) {
		assert_int_not_equal(vault_fetch(fake.world.vault, k.uri, &k, &fake.arena, &b, &why), ERR_OK);
		assert_non_null(strstr(why.what, "does not answer"));
	}
	assert_int_equal(fake.asked, 1);
	assert_int_not_equal(vault_fetch(fake.world.vault, k.uri, NULL, &fake.arena, &b, &why), ERR_OK);
	assert_int_not_equal(
		vault_fetch(fake.world.vault, "file:/elsewhere", &k, &fake.arena, &b, &why), ERR_OK);
	assert_int_equal(fake.asked, 3);
	fake_tokens_end();
}

static void a_file_is_written(char *path, const char *says)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, says, strlen(says)), strlen(says));
	close(fd);
}

static unsigned keys_here(void)
{
	unsigned n = 0;

	list_each (node, &fake.world.config.creds.store.all)
		n += store_at(node)->kind == STORED_KEY;
	return n;
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
	r->e = config_put(&fake.world.config, r->path, &r->file, r->why, r->notes);
	r->read = true;
}

static enum err reloaded(const char *path, struct text *why, struct text *notes)
{
	struct errand *errand = errand_new(fake.world.vault);
	struct reading r = { .path = path, .why = why, .notes = notes };

	assert_int_equal(config_open(&fake.world.config, path, &r.file, errand, why, notes), ERR_OK);
	errand_run(errand, on_asked, &r);
	while (!r.read)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	return r.e;
}

/* At the start, at each reload, and not when something else is read again. */
static void a_key_of_the_file_is_asked_for_once_at_each_reading(void **state)
{
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n } }\n");
	config_start(&fake.world.config, fake.world.vault);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(i == 1 ? config_read(&fake.world.config, path, &why, &notes)
					: reloaded(path, &why, &notes),
			ERR_OK);
		assert_int_equal(config_read_creds(&fake.world.config, &why, &notes), ERR_OK);
		assert_int_equal(fake.asked, i);
		assert_int_equal(keys_here(), 1);
	}
	unlink(path);
	config_stop(&fake.world.config);
	fake_tokens_end();
}

/* A key that was there is opened by the next one when it is wanted. */
static void a_key_stays_when_tokens_does_not_answer_for_it(void **state)
{
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n } }\n");
	config_start(&fake.world.config, fake.world.vault);
	assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
	fake.paper = (struct bytes){ 0 };
	assert_int_equal(reloaded(path, &why, &notes), ERR_OK);
	assert_int_equal(fake.asked, 3);
	assert_int_equal(keys_here(), 1);
	unlink(path);
	config_stop(&fake.world.config);
	fake_tokens_end();
}

/* What is not in the configuration any more is not remembered: not the PIN, and not the key. */
static void what_is_not_used_any_more_is_forgotten(void **state)
{
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	char path[] = "/tmp/test_vault-XXXXXX";
	const struct key_conf k = { .uri = "file:/elsewhere" };
	struct bundle b;
	struct why no = { 0 };
	struct vault *v;

	(void)state;
	v = fake_tokens_answering(fake_tokens_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n } }\n");
	config_start(&fake.world.config, fake.world.vault);
	assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
	assert_int_equal(vault_fetch(fake.world.vault, k.uri, &k, &fake.arena, &b, &no), ERR_OK);
	bundle_free(&b);
	vault_end_use(fake.world.vault, false);
	assert_ptr_equal(v->known.next, v->known.prev); /* that of the file */
	assert_false(list_empty(&v->known));
	unlink(path);
	a_file_is_written(strcpy(path, "/tmp/test_vault-XXXXXX"), "secrets {\n}\n");
	assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
	assert_true(list_empty(&v->known));
	unlink(path);
	config_stop(&fake.world.config);
	fake_tokens_end();
}

static enum err said(const char *uri, struct why *why)
{
	const struct key_conf k = { .uri = uri };
	struct bundle b;
	enum err e = vault_fetch(fake.world.vault, uri, &k, &fake.arena, &b, why);

	bundle_free(&b);
	return e;
}

/* The next one has another key for its marks. */
static void a_key_with_a_pin_stays_when_the_next_tokens_does_not_answer_for_it(void **state)
{
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n pin = 1234\n } }\n");
	config_start(&fake.world.config, fake.world.vault);
	assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
	assert_int_equal(keys_here(), 1);
	fake.marks++;
	fake.paper = (struct bytes){ 0 };
	assert_int_equal(reloaded(path, &why, &notes), ERR_OK);
	assert_int_equal(fake.asked, 2);
	assert_int_equal(keys_here(), 1);
	assert_int_equal(config_read_creds(&fake.world.config, &why, &notes), ERR_OK);
	assert_int_equal(fake.asked, 2);
	assert_int_equal(keys_here(), 1);
	unlink(path);
	config_stop(&fake.world.config);
	fake_tokens_end();
}

/* What is in force is not changed by a reload that fails: not by what tokens said for it. */
static void a_refusal_for_a_reload_that_fails_takes_no_key(void **state)
{
	static const char fails[] = "connections { a { local { auth = pubkey\n certs = nowhere.pem\n }\n"
				    "children { a {\n} } } }\n"
				    "secrets { token-a { uri = \"file:/nowhere\"\n } }\n";
	const struct bundle nothing = { 0 };
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	a_file_is_written(path, strstr(fails, "secrets"));
	config_start(&fake.world.config, fake.world.vault);
	assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
	unlink(path);
	a_file_is_written(strcpy(path, "/tmp/test_vault-XXXXXX"), fails);
	fake.paper = paper_of_bundle(&nothing, 1000, &fake.arena);
	assert_int_not_equal(reloaded(path, &why, &notes), ERR_OK);
	assert_int_equal(fake.asked, 2);
	assert_int_equal(config_read_creds(&fake.world.config, &why, &notes), ERR_OK);
	assert_int_equal(fake.asked, 2);
	assert_int_equal(keys_here(), 1);
	unlink(path);
	config_stop(&fake.world.config);
	fake_tokens_end();
}

static void read_what_is_in_force(void *ctx, bool given_up)
{
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);

	assert_false(given_up);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(config_read_creds(&fake.world.config, &why, &notes), ERR_OK);
		assert_int_equal(keys_here(), 1);
	}
	*(bool *)ctx = true;
}

/* A refusal for somebody else takes no key of the file's, while that is told or later. */
static void what_others_are_told_changes_nothing_that_is_in_force(void **state)
{
	const struct bundle nothing = { 0 };
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	char path[] = "/tmp/test_vault-XXXXXX";
	struct errand *e = errand_new(fake.world.vault);
	bool ran = false;

	(void)state;
	(void)fake_tokens_answering(fake_tokens_key());
	a_file_is_written(path, "secrets { token-a { uri = \"file:/nowhere\"\n } }\n");
	config_start(&fake.world.config, fake.world.vault);
	assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
	unlink(path);
	vault_started(fake.world.vault);
	fake.paper = paper_of_bundle(&nothing, 1000, &fake.arena);
	errand_want(e, "file:/nowhere", &(struct key_conf){ .uri = "file:/nowhere" });
	errand_run(e, read_what_is_in_force, &ran);
	while (!ran)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	assert_int_equal(fake.asked, 2);
	read_what_is_in_force(&ran, false);
	config_stop(&fake.world.config);
	fake_tokens_end();
}

/* What has a client's name is in force while that is loaded: the file's is not read. */
static void an_authority_of_the_file_is_there_again_when_a_clients_is_unloaded(void **state)
{
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	struct made m = maker_cert(&(struct recipe){ .subject = "CN=lab", .extensions = "CA" }, NULL);
	const struct bundle b = { .certs = &m.cert, .n_certs = 1 };
	struct authority hides = { .name = "lab", .origin = ORIGIN_VICI };
	char path[] = "/tmp/test_vault-XXXXXX";
	unsigned asked;

	(void)state;
	hides.cacert.data = m.cert->der;
	hides.cacert.paper = paper_of_bundle(&b, 10000, &fake.arena);
	(void)fake_tokens_answering(hides.cacert.paper);
	a_file_is_written(path, "authorities { lab { handle = 0a0b\n } }\n");
	config_start(&fake.world.config, fake.world.vault);
	assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
	vault_started(fake.world.vault);
	for (unsigned i = 0; i < 4; i++) { /* at first since the start, then since a reload */
		asked = fake.asked;
		assert_true(config_load(&fake.world.config, CONFIG_AUTHORITY, &hides));
		assert_int_equal(config_read_creds(&fake.world.config, &why, &notes), ERR_OK);
		if (i % 2)
			assert_int_equal(reloaded(path, &why, &notes), ERR_OK);
		assert_int_equal(fake.asked, asked + i % 2);
		assert_int_equal(config_unload(&fake.world.config, CONFIG_AUTHORITY, "lab", &why), ERR_OK);
		assert_int_equal(config_read_creds(&fake.world.config, &why, &notes), ERR_OK);
		assert_int_equal(fake.asked, asked + i % 2);
	}
	unlink(path);
	a_file_is_written(strcpy(path, "/tmp/test_vault-XXXXXX"), "authorities {\n}\n");
	assert_int_equal(reloaded(path, &why, &notes), ERR_OK);
	assert_true(list_empty(&fake.world.vault->tokens->known));
	unlink(path);
	cert_unref(m.cert);
	maker_end();
	config_stop(&fake.world.config);
	fake_tokens_end();
}

/* Somebody inserts the card then. */
static void what_is_wanted_by_a_reading_that_fails_is_asked_for_again(void **state)
{
	struct why why = { 0 };
	struct vault *v;

	(void)state;
	v = fake_tokens_answering(bytes_str("nonsense"));
	vault_begin_use(fake.world.vault);
	assert_int_not_equal(said("file:/a", &why), ERR_OK);
	vault_end_use(fake.world.vault, false);
	assert_true(list_empty(&v->known));
	fake.paper = fake_tokens_key();
	assert_int_equal(said("file:/a", &why), ERR_OK);
	fake_tokens_end();
}

/* What else the file says counts all the same. */
static void a_pin_that_cannot_be_handed_over_is_noted(void **state)
{
	static const char says[] = "secrets { token-a { uri = \"file:/nowhere\"\n pin = 1234\n }\n"
				   " ike-b { secret = something\n } }\n";
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	a_file_is_written(path, says);
	close(fake.world.vault->tokens->image);
	fake.world.vault->tokens->image = -1;
	config_start(&fake.world.config, fake.world.vault);
	assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
	assert_int_equal(config_now(&fake.world.config)->n_secrets, 1);
	assert_string_equal(text_str(&why), "");
	assert_non_null(strstr(text_str(&notes), "the memory of secrets cannot be used"));
	unlink(path);
	config_stop(&fake.world.config);
	fake_tokens_end();
}

/* ------------------------------------------------------------- what keeper reads */

/* Of many that are revoked, in PEM or DER: a few messages long, there and back. */
static void a_long_crl_is_read_by_keeper(void **state)
{
	enum { MANY = 20000 };
	struct made ca = maker_cert(&(struct recipe){ .subject = "CN=ca", .extensions = "CA" }, NULL);
	const struct cert **revoked = ARENA_ARRAY(&fake.arena, MANY, const struct cert *);
	struct bundle b;
	struct why why = { 0 };
	struct bytes der;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		revoked[i] = ca.cert;
	der = maker_crl(&ca, revoked, MANY, -1, 1, false, &fake.arena);
	assert_true(der.n > 2 * IPC_MAX);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(
			vault_read(fake.world.vault, der, PAPER_CERTS_ONLY, &fake.arena, &b, &why), ERR_OK);
		assert_int_equal(b.n_crls, 1);
		assert_true(bytes_eq(b.crls[0]->der, der));
		assert_int_equal(b.crls[0]->n_revoked, MANY);
		assert_null(b.crls[0]->x509);
		bundle_free(&b);
	}
	cert_unref(ca.cert);
	maker_end();
	fake_tokens_end();
}

/* It is read by nobody, and that is said. */
static void what_is_longer_than_a_crl_may_be_is_refused(void **state)
{
	const struct bytes data = bytes_of(arena_alloc(&fake.arena, IPC_READ_MAX + 1), IPC_READ_MAX + 1);
	struct bundle b;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(
		vault_read(fake.world.vault, data, PAPER_CERTS_ONLY, &fake.arena, &b, &why), ERR_RANGE);
	assert_non_null(strstr(why.what, "it has 16777217 octets"));
	why = (struct why){ 0 };
	assert_int_equal(vault_read(fake.world.vault, bytes_of(data.p, IPC_READ_MAX), PAPER_CERTS_ONLY,
				 &fake.arena, &b, &why),
		ERR_SYNTAX);
	assert_non_null(strstr(why.what, "this is no certificate"));
	fake_tokens_end();
}

/* Keeper, which is not itself: says that so much more of a paper follows, in parts of so many octets. */
static size_t follows, part;

static void be_endless(void *ctx, struct ipc_channel *far)
{
	static const uint8_t octets[4096];
	uint8_t *room = arena_alloc(&fake.arena, IPC_MAX);
	const ssize_t n = recv(far->fd, room, IPC_MAX, MSG_DONTWAIT);
	struct ipc_message m;

	(void)ctx;
	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &fake.arena, &m));
	fake.asked += m.kind == IPC_READ;
	fake_tokens_tell(
		far, (struct ipc_message){ .kind = IPC_OPENED,
			     .ticket = m.ticket,
			     .opened = { .more = (uint32_t)follows, .paper = bytes_of(octets, part) } });
}

/* It would go on for ever: each time it is ended, until nobody asks it again. */
static void a_paper_without_end_is_not_believed(void **state)
{
	struct bundle b;
	struct why why = { 0 };

	(void)state;
	fake.asked = 0;
	follows = 100;
	part = 1;
	fake.world.vault->keeper.spec.serve = be_endless;
	assert_int_not_equal(
		vault_read(fake.world.vault, bytes_str("x"), PAPER_CERTS_ONLY, &fake.arena, &b, &why),
		ERR_OK);
	assert_non_null(strstr(why.what, "does not answer"));
	assert_int_equal(fake.asked, VAULT_TRIES_MAX);
	fake_tokens_end();
}

/* That it has the secrets of RADIUS servers. */
static void assert_radius_kept(void)
{
	const struct radius_conf *c = &config_now(&fake.world.config)->settings.radius;

	assert_int_equal(c->n_servers, 1);
	assert_string_equal(c->servers[0].name, "one");
	assert_true(kept_handle(c->servers[0].kept) && kept_handle(c->dae.kept));
	assert_false(kept_handle(c->servers[0].kept) == kept_handle(c->dae.kept));
	assert_true(!c->servers[0].secret.n && !c->dae.secret.n);
	assert_int_equal(fake.world.vault->inside->kept.count, 2);
}

/* As often as the file is read; who reads settings alone has the servers as they were. */
static void secrets_of_radius_are_kept_once(void **state)
{
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	a_file_is_written(path, "daemon { radius {\n dae {\n enable = yes\n secret = orders\n }\n"
				" servers { one { address = 192.0.2.1\n secret = geheim\n } } } }\n");
	config_start(&fake.world.config, fake.world.vault);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
		assert_radius_kept();
		assert_int_equal(config_read_settings(&fake.world.config, &why, &notes), ERR_OK);
		assert_radius_kept();
	}
	unlink(path);
	config_stop(&fake.world.config);
	assert_int_equal(fake.world.vault->inside->kept.count, 0);
	fake_tokens_end();
}

static void a_secret_of_radius_that_counts_for_nothing_is_not_kept(void **state)
{
	struct text why = text_in(&fake.arena), notes = text_in(&fake.arena);
	char path[] = "/tmp/test_vault-XXXXXX";

	(void)state;
	a_file_is_written(path, "daemon { radius {\n secret = nobody\n dae {\n secret = orders\n } } }\n");
	config_start(&fake.world.config, fake.world.vault);
	assert_int_equal(config_read(&fake.world.config, path, &why, &notes), ERR_OK);
	assert_int_equal(config_now(&fake.world.config)->settings.radius.dae.secret.n, 0);
	assert_int_equal(config_now(&fake.world.config)->settings.radius.single.secret.n, 0);
	assert_int_equal(fake.world.vault->inside->kept.count, 0);
	unlink(path);
	config_stop(&fake.world.config);
	fake_tokens_end();
}

/* What waits at END, in messages. */
static unsigned waits_at(int end)
{
	unsigned n = 0;
	uint8_t octet;

	while (recv(end, &octet, 1, MSG_DONTWAIT) >= 0)
		n++;
	return n;
}

static void what_one_certs_leaves_is_not_the_next_ones(void **state)
{
	struct vault *v = fake.world.vault;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(send(vault_radius(v), "?", i % 2, 0), i % 2);
	assert_false(vault_clean_radius(v));
	assert_int_equal(waits_at(v->to_certs.fd), 0);
	fake_tokens_end();
}

/* That it is shut down cannot be undone: both get another one. */
static void a_channel_that_one_certs_has_broken_is_made_anew(void **state)
{
	static const int hows[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };
	struct vault *v = fake.world.vault;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(shutdown(vault_radius(v), hows[i]), 0);
		assert_true(vault_clean_radius(v));
		assert_int_equal(v->keeper.spec.fds[2], v->to_certs.fd);
		assert_int_equal(send(vault_radius(v), "?", 1, 0), 1);
		assert_int_equal(waits_at(v->to_certs.fd), 1);
		assert_int_equal(send(v->to_certs.fd, "!", 1, 0), 1);
		assert_int_equal(waits_at(vault_radius(v)), 1);
		assert_false(vault_clean_radius(v));
	}
	fake_tokens_end();
}

/* It was handed the broken one, and would blame the next certs. */
static void a_keeper_that_is_just_starting_is_replaced_when_it_is_ready(void **state)
{
	struct vault *v = fake.world.vault;
	struct member *keeper = &v->keeper;

	(void)state;
	keeper->near[0].phase = IPC_STARTING;
	assert_int_equal(shutdown(vault_radius(v), SHUT_WR), 0);
	assert_true(vault_clean_radius(v));
	assert_true(keeper->near[0].fd >= 0);
	keeper->near[0].phase = IPC_SERVING;
	keeper->spec.again(v);
	assert_int_equal(keeper->near[0].fd, -1);
	while (keeper->near[0].fd < 0)
		event_base_loop(fake.world.base, EVLOOP_ONCE);
	keeper->spec.again(v);
	assert_true(keeper->near[0].fd >= 0);
	fake_tokens_end();
}

int main(void)
{
#define VAULT(f) cmocka_unit_test_setup_teardown(f, fake_tokens_set_up, fake_tokens_tear_down)
	const struct CMUnitTest tests[] = {
		VAULT(tokens_that_gives_nothing_is_not_believed),
		VAULT(a_pin_is_tried_once_where_tokens_ends_over_it),
		VAULT(tokens_is_asked_once_for_what_is_read_again),
		VAULT(a_key_of_the_file_is_asked_for_once_at_each_reading),
		VAULT(a_key_stays_when_tokens_does_not_answer_for_it),
		VAULT(what_is_not_used_any_more_is_forgotten),
		VAULT(a_key_with_a_pin_stays_when_the_next_tokens_does_not_answer_for_it),
		VAULT(a_refusal_for_a_reload_that_fails_takes_no_key),
		VAULT(what_others_are_told_changes_nothing_that_is_in_force),
		VAULT(an_authority_of_the_file_is_there_again_when_a_clients_is_unloaded),
		VAULT(what_is_wanted_by_a_reading_that_fails_is_asked_for_again),
		VAULT(a_pin_that_cannot_be_handed_over_is_noted),
		VAULT(a_long_crl_is_read_by_keeper),
		VAULT(what_is_longer_than_a_crl_may_be_is_refused),
		VAULT(a_paper_without_end_is_not_believed),
		VAULT(secrets_of_radius_are_kept_once),
		VAULT(a_secret_of_radius_that_counts_for_nothing_is_not_kept),
		VAULT(what_one_certs_leaves_is_not_the_next_ones),
		VAULT(a_channel_that_one_certs_has_broken_is_made_anew),
		VAULT(a_keeper_that_is_just_starting_is_replaced_when_it_is_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
