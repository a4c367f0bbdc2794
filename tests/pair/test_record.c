/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of what two cores did: they play equal, they find what is not, and without secrets none is in them.
 */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#include "daemon/opened.h"
#include "daemon/record.h"
#include "daemon/tape.h"
#include "tests/replay/player.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CBC         CONN("proposals = aes256-sha384-ecp256") CHILD("esp_proposals = aes256-sha256-ecp256")
#define HOSTS(mode) CHILD("local_ts = dynamic\n remote_ts = dynamic\n mode = " mode)

enum { SECRETS_MAX = 512, WINDOW = 8 /* octets in a row of a secret that nobody may see */ };

/* What a life left behind. */
struct life {
	struct arena arena;
	char directory[32];
	struct bytes moon, sun; /* the records */
	struct bytes secrets[SECRETS_MAX];
	unsigned n_secrets;
};

/* -------------------------------------------------------------------- files */

static struct bytes slurp(const char *path, struct arena *arena)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *p;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	p = arena_alloc(arena, (size_t)st.st_size + 1);
	assert_int_equal(fread(p, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	return bytes_of(p, (size_t)st.st_size);
}

static void make_directory(char out[32])
{
	strcpy(out, "/tmp/ikev2d-record-XXXXXX");
	assert_non_null(mkdtemp(out));
}

static struct bytes take(struct life *l, const char *name)
{
	char path[64];
	struct bytes file;

	snprintf(path, sizeof path, "%s/%s", l->directory, name);
	file = slurp(path, &l->arena);
	unlink(path);
	return file;
}

/* --------------------------------------------------------------------- lives */

static void keep(struct life *l, const void *p, size_t n)
{
	struct bytes b = bytes_of(p, n);

	for (unsigned i = 0; i < l->n_secrets; i++)
		if (bytes_eq(l->secrets[i], b))
			return;
	if (!n)
		return;
	assert_true(l->n_secrets < SECRETS_MAX);
	l->secrets[l->n_secrets++] = arena_bytes(&l->arena, b);
}

/* The keys that H has now. */
static void keep_keys(struct life *l, const struct host *h)
{
	list_each (n, &h->ike->sas_list) {
		const struct sa_core *c = &node_owner(n, struct sa, of_ike)->core;
		size_t prf = c->suite.prf->out, e = (size_t)c->suite.encr->key + c->suite.encr->salt,
		       a = c->suite.integ ? c->suite.integ->key : 0;

		keep(l, c->keys.d, prf);
		keep(l, c->keys.pi, prf);
		keep(l, c->keys.pr, prf);
		keep(l, c->keys.ai, a);
		keep(l, c->keys.ar, a);
		keep(l, c->keys.ei, e);
		keep(l, c->keys.er, e);
	}
	list_each (n, (struct node *)&h->datapath.sas) {
		const struct sa_spec *s = &node_owner(n, struct dp_sa, node)->spec;

		keep(l, s->encr_key.p, s->encr_key.n);
		keep(l, s->integ_key.p, s->integ_key.n);
	}
}

static void settle(struct life *l, struct lab *lab, uint64_t ms)
{
	lab_pass(lab, ms);
	keep_keys(l, &lab->hosts[0]);
	keep_keys(l, &lab->hosts[1]);
}

static void say(struct host *h, enum ike_command_kind kind, const char *ike, const char *child)
{
	host_command(h, &(struct ike_command){ .kind = kind, .ticket = 1, .ike = ike, .child = child });
}

static void rekey_and_end(struct life *l, struct lab *lab)
{
	struct host *moon = &lab->hosts[0], *sun = &lab->hosts[1];

	say(moon, COMMAND_UP, "site", NULL);
	settle(l, lab, 1000);
	say(moon, COMMAND_REKEY, NULL, "net");
	settle(l, lab, 1000);
	say(sun, COMMAND_REKEY, "site", NULL);
	settle(l, lab, 1000);
	host_reload(sun, pair_sun);
	say(sun, COMMAND_REKEY, NULL, "net");
	say(moon, COMMAND_REKEY, NULL, "net");
	settle(l, lab, 10 * 1000);
	say(moon, COMMAND_DOWN, "site", NULL);
	lab_pass(lab, 60 * 1000);
	say(sun, COMMAND_UP, "site", NULL);
	lab_pass_deaf(lab, 200 * 1000);
}

typedef void plot(struct life *l, struct lab *lab);

/* Always the same life, whether it is recorded with secrets or without. */
static void live(struct life *l, const char *more, bool secrets, plot *plot)
{
	struct lab *lab = lab_new(7);

	make_directory(l->directory);
	lab->record = arena_printf(&l->arena, "%s/r", l->directory);
	lab->record_secrets = secrets;
	lab_host(lab, "moon", "192.0.2.1", arena_printf(&l->arena, "%s%s", pair_moon, more));
	lab_host(lab, "sun", "192.0.2.2", arena_printf(&l->arena, "%s%s", pair_sun, more));
	plot(l, lab);
	lab_free(lab);
	l->moon = take(l, "r-moon.log");
	l->sun = take(l, "r-sun.log");
	assert_int_equal(rmdir(l->directory), 0);
}

/* -------------------------------------------------------------------- secrets */

/* The secrets in the answers of a record that has them. */
static void keep_answers(struct life *l, struct bytes record)
{
	struct text why = text_in(&l->arena);
	struct tape t = { .in = record };
	struct tape_step s;
	unsigned found = 0;

	assert_int_equal(tape_begin(&t, &why), ERR_OK);
	assert_true(t.secrets);
	while (!tape_next(&t, &l->arena, &s, &why)) {
		const struct ike_answer *a = &s.event.event.answer;

		if (s.event.event.kind != EVENT_ANSWER)
			continue;
		keep(l, a->secret.p, a->secret.n);
		keep(l, a->shared.p, a->shared.n);
		keep(l, a->proof.p, a->proof.n);
		found += !!(a->secret.n + a->shared.n + a->proof.n);
	}
	assert_string_equal(text_str(&why), "");
	assert_true(found > 3);
}

/* Whether octets in a row of SECRET stand in RECORD, as they are or in hexadecimal. */
static bool shows(struct bytes record, struct bytes secret)
{
	size_t n = secret.n < WINDOW ? secret.n : WINDOW;
	char hex[2 * WINDOW + 1];

	for (size_t at = 0; at + n <= secret.n; at++) {
		for (size_t i = 0; i < n; i++)
			snprintf(hex + 2 * i, 3, "%02x", secret.p[at + i]);
		if (memmem(record.p, record.n, hex, 2 * n) || memmem(record.p, record.n, secret.p + at, n))
			return true;
	}
	return false;
}

static void assert_hidden(const struct life *secret, const struct life *l)
{
	assert_true(secret->n_secrets > 10);
	for (unsigned i = 0; i < secret->n_secrets; i++) {
		assert_false(shows(l->moon, secret->secrets[i]));
		assert_false(shows(l->sun, secret->secrets[i]));
	}
}

static void hides_secrets(const char *more)
{
	struct life with = { 0 }, without = { 0 };

	live(&with, more, true, rekey_and_end);
	keep_answers(&with, with.moon);
	keep_answers(&with, with.sun);
	keep(&with, "moonlight", 9);
	live(&without, more, false, rekey_and_end);
	/* The lives were the same: keys were. */
	for (unsigned i = 0; i < without.n_secrets; i++)
		assert_true(bytes_eq(without.secrets[i], with.secrets[i]));
	assert_hidden(&with, &without);
	/* What is looked for can be found. */
	assert_true(shows(with.moon, with.secrets[with.n_secrets - 2]) ||
		    shows(with.sun, with.secrets[with.n_secrets - 2]));
	assert_non_null(memmem(without.moon.p, without.moon.n, "withheld:", 9));
	assert_null(memmem(with.moon.p, with.moon.n, "withheld:", 9));
	arena_free(&with.arena);
	arena_free(&without.arena);
}

static void no_secret_is_in_a_record_without_them(void **state)
{
	(void)state;
	hides_secrets("");
	hides_secrets(CBC);
}

/* Tokens that the peer hands over in the seal, a proof for others, and what we know nothing about. */
static const char token[] = "Xq7-token-Zw9-hidden-Kp3";
static const uint16_t notifies[] = { 16409, 16419, 16436, 16999, 40000 };

static void send_raw(struct lab *lab, uint8_t first, const void *inner, size_t n)
{
	struct host *moon = &lab->hosts[0];
	struct sa *sa = forge_sa(moon);
	struct wire_header h = { .exchange = INFORMATIONAL, .mid = sa->window.next };
	struct arena arena = { 0 };

	lab_deliver(
		lab, forge_send(moon, sa, forge_seal_raw(moon, sa, &h, first, bytes_of(inner, n), &arena)));
	sa->window.next++;
	arena_free(&arena);
}

static void send_tokens(struct life *l, struct lab *lab)
{
	struct message m = { 0 };
	uint8_t room[1024], first, chain[64] = { 0 };
	struct wr w = wr_of(room, sizeof room);

	keep(l, token, sizeof token - 1);
	say(&lab->hosts[0], COMMAND_UP, "site", NULL);
	lab_calm(lab);
	for (size_t i = 0; i < ARRAY_SIZE(notifies); i++) {
		struct wire_notify *n = message_add_notify(&m, &l->arena, notifies[i], bytes_str(token));

		n->spi = bytes_of("\1\2\3\4", i % 2 ? 4 : 0);
	}
	message_put(&m, &w, &first);
	send_raw(lab, first, w.p, w.n);
	/* A payload nobody knows. */
	chain[3] = (uint8_t)(4 + sizeof token);
	memcpy(chain + 4, token, sizeof token);
	send_raw(lab, 200, chain, 4 + sizeof token);
	/* EAP, which does not belong there; then something that is too long, and ends the IKE_SA. */
	send_raw(lab, PAYLOAD_EAP, chain, 4 + sizeof token);
	chain[3] = 255;
	send_raw(lab, PAYLOAD_VENDOR, chain, sizeof chain);
	lab_pass(lab, 60 * 1000);
}

static void nor_what_a_peer_hides_in_the_seal(void **state)
{
	struct life with = { 0 }, without = { 0 };

	(void)state;
	live(&with, "", true, send_tokens);
	live(&without, "", false, send_tokens);
	assert_true(shows(with.sun, with.secrets[0]) == false); /* sealed it is */
	assert_false(shows(without.sun, with.secrets[0]));
	assert_non_null(memmem(without.sun.p, without.sun.n, "opened=41", 9));
	assert_non_null(memmem(without.sun.p, without.sun.n, "opened=200", 10));
	assert_non_null(memmem(without.sun.p, without.sun.n, "opened=48", 9));
	assert_non_null(memmem(without.sun.p, without.sun.n, "opened=43", 9));
	assert_true(player_play(without.sun, &(struct text){ .arena = &without.arena }).equal);
	assert_true(player_play(with.sun, &(struct text){ .arena = &with.arena }).equal);
	arena_free(&with.arena);
	arena_free(&without.arena);
}

/* --------------------------------------------------------------------- replay */

static void plays(struct life *l, struct bytes record, bool secrets)
{
	struct text said = text_in(&l->arena);
	struct played played = player_play(record, &said);

	assert_string_equal(text_str(&said), "");
	assert_true(played.equal);
	assert_int_equal(played.secrets, secrets);
	assert_true(played.steps > 20);
}

static void records_play_equal(void **state)
{
	static const char *const more[] = { "", CBC, DAEMON("cookie_threshold = 0"),
		DAEMON("udp_encap = yes"), HOSTS("transport"),
		CONN("proposals = chacha20poly1305-prfsha512-x448-ecp521") };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(more); i++) {
		struct life l = { 0 };

		live(&l, more[i / 2], i % 2, rekey_and_end);
		plays(&l, l.moon, i % 2);
		plays(&l, l.sun, i % 2);
		arena_free(&l.arena);
	}
}

/* Whether a line of RECORD begins with BEGIN and has PART. */
static bool said_in(struct bytes record, const char *begin, const char *part)
{
	size_t n = strlen(begin);

	while (record.n) {
		const uint8_t *end = memchr(record.p, '\n', record.n);
		size_t line = end ? (size_t)(end - record.p) : record.n;

		if (line >= n && !memcmp(record.p, begin, n) && memmem(record.p, line, part, strlen(part)))
			return true;
		record = bytes_of(record.p + line + (end != NULL), record.n - line - (end != NULL));
	}
	return false;
}

/* The record with the first text BEFORE behind FROM replaced by AFTER, of the same length. */
static struct bytes changed(struct life *l, const char *from, const char *before, const char *after)
{
	struct bytes copy = arena_bytes(&l->arena, l->moon);
	uint8_t *p = memmem(copy.p, copy.n, from, strlen(from));

	assert_non_null(p);
	p = memmem(p, (size_t)(copy.p + copy.n - p), before, strlen(before));
	assert_non_null(p);
	memcpy(p, after, strlen(after));
	return copy;
}

static void finds(struct life *l, struct bytes record, const char *sentence)
{
	struct text said = text_in(&l->arena);
	struct played played = player_play(record, &said);

	if (!strstr(text_str(&said), sentence))
		assert_string_equal(text_str(&said), sentence);
	assert_false(played.equal);
}

/* That of an SA, of a policy, and of a child in a record of its IKE_SA; a tunnel's goes without saying. */
static void the_mode_is_told(void **state)
{
	struct life l = { 0 };

	(void)state;
	live(&l, HOSTS("beet"), false, rekey_and_end);
	assert_true(said_in(l.moon, "action sa-add ", " mode=beet suite="));
	assert_true(said_in(l.moon, "action policy-add ", " mode=beet local="));
	assert_true(said_in(l.moon, "action tell what=child-up ", " beet ts 192.0.2.1/32 === "));
	arena_free(&l.arena);
	l = (struct life){ 0 };
	live(&l, "", false, rekey_and_end);
	assert_null(memmem(l.moon.p, l.moon.n, "mode=", 5));
	assert_false(said_in(l.moon, "action tell ", "tunnel ts"));
	arena_free(&l.arena);
}

static void differences_are_found(void **state)
{
	struct life l = { 0 };

	(void)state;
	live(&l, "", false, rekey_and_end);
	/* Another answer. */
	finds(&l, changed(&l, "event 3 ", "192.0.2.2", "192.0.2.3"), "the actions differ");
	finds(&l, changed(&l, "event 3 ", "192.0.2.2", "192.0.2.3"),
		"  - tell what=log level=2 group=IKE conn=site sa=2 waits=1 text=\"initiating IKE_SA site "
		"from "
		"192.0.2.1[500] to 192.0.2.2[500]\"\n"
		"  + tell what=log level=2 group=IKE conn=site sa=2 waits=1 text=\"initiating IKE_SA site "
		"from "
		"192.0.2.1[500] to 192.0.2.3[500]\"\n"
		"    ask ticket=3 what=key-pair conn=site ke=CURVE_25519\n");
	/* Another time: it wakes at another time. */
	finds(&l, changed(&l, "event 3 ", "at=1000", "at=1001"),
		"  - to be woken at 11000\n  + to be woken at 11001\n");
	/* Another nonce than was drawn. */
	finds(&l, changed(&l, "event 4 ", "random ", "random 00"), "(- recorded, + now)");
	/* Another size of what was drawn. */
	finds(&l, changed(&l, "event 4 ", "random ", "random\n"), "here random octets, an action or the end");
	/* Another configuration, and none. */
	finds(&l, changed(&l, "conf ", "x25519", "x448  "), "the actions differ");
	finds(&l, changed(&l, "conf ", "x25519", "x25518"), "its configuration cannot be read");
	/* Another IKE_SA. */
	finds(&l, changed(&l, "opened=36", "data=", "data=f"),
		"the recorded core could open this datagram, and now no IKE_SA has keys for it");
	arena_free(&l.arena);
}

/* A daemon that has died in a step. */
static void a_record_that_ends_in_a_step(void **state)
{
	struct life l = { 0 };
	struct text said;
	struct played played;
	const uint8_t *end;

	(void)state;
	live(&l, "", false, rekey_and_end);
	end = memmem(l.moon.p, l.moon.n, "done 5 ", 7);
	assert_non_null(end);
	said = text_in(&l.arena);
	played = player_play(bytes_of(l.moon.p, (size_t)(end - l.moon.p)), &said);
	assert_string_equal(text_str(&said), "step 5: the record ends in it, and now it came to its end\n");
	assert_true(played.equal);
	assert_int_equal(played.steps, 5);
	arena_free(&l.arena);
}

/* ---------------------------------------------------------------- the recorder */

static struct record *open_record(const char *path, uint64_t limit, const char *sentence)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct record *r = NULL;
	enum err e = record_open(path, false, limit, &r, &why);

	assert_string_equal(text_str(&why), sentence);
	assert_int_equal(!e, !*sentence);
	arena_free(&arena);
	return r;
}

static void files_that_are_there_are_left_alone(void **state)
{
	char directory[32], path[64], sentence[512];
	struct record *r;

	(void)state;
	make_directory(directory);
	snprintf(path, sizeof path, "%s/r", directory);
	for (int i = 0; i < RECORD_FILES; i++) {
		char name[80];

		r = open_record(path, RECORD_LIMIT, "");
		snprintf(name, sizeof name, i ? "%s.%d" : "%s", path, i);
		assert_string_equal(record_path(r), name);
		record_close(r);
	}
	snprintf(sentence, sizeof sentence,
		"the record %s is there already, and so are %s.1 to %s.9: move them away, or name another "
		"one",
		path, path, path);
	open_record(path, RECORD_LIMIT, sentence);
	for (int i = 0; i < RECORD_FILES; i++) {
		char name[80];

		snprintf(name, sizeof name, i ? "%s.%d" : "%s", path, i);
		assert_int_equal(unlink(name), 0);
	}
	rmdir(directory);
	snprintf(sentence, sizeof sentence, "the record %s cannot be made: No such file or directory", path);
	open_record(path, RECORD_LIMIT, sentence);
}

static void hear(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)level;
	if (!strcmp(word, "record"))
		text_add(ctx, "%s\n", line);
}

/* It stops once, and the core goes on. */
static void a_record_has_a_limit(void **state)
{
	struct life l = { 0 };
	struct text heard = text_in(&l.arena), said = text_in(&l.arena);
	struct lab *lab = lab_new(7);
	struct played played;
	struct host *moon;
	char path[64];

	(void)state;
	make_directory(l.directory);
	snprintf(path, sizeof path, "%s/r-moon.log", l.directory);
	log_to(hear, &heard);
	moon = lab_host(lab, "moon", "192.0.2.1", pair_moon);
	host_stop(moon);
	moon->record = open_record(path, 4000, "");
	host_start(moon);
	lab_host(lab, "sun", "192.0.2.2", pair_sun);
	say(moon, COMMAND_UP, "site", NULL);
	lab_pass(lab, 1000);
	assert_int_equal(ike_load(moon->ike).children, 1);
	lab_free(lab);
	log_to(NULL, NULL);
	assert_string_equal(text_str(&heard),
		arena_printf(&l.arena,
			"msg=\"%s: recording has stopped: the file is as large as it may be\"\n", path));
	l.moon = take(&l, "r-moon.log");
	assert_in_range(l.moon.n, 3000, 4000);
	played = player_play(l.moon, &said);
	assert_true(played.equal);
	assert_true(played.steps > 2);
	rmdir(l.directory);
	arena_free(&l.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_secret_is_in_a_record_without_them),
		cmocka_unit_test(nor_what_a_peer_hides_in_the_seal),
		cmocka_unit_test(records_play_equal),
		cmocka_unit_test(the_mode_is_told),
		cmocka_unit_test(differences_are_found),
		cmocka_unit_test(a_record_that_ends_in_a_step),
		cmocka_unit_test(files_that_are_there_are_left_alone),
		cmocka_unit_test(a_record_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
