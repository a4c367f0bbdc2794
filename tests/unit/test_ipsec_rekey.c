/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec rekey, and what status says of SAs that were rekeyed; against a fake daemon. */
#include "unit.h"

#include "ipsec_bench.h"

static void match_nothing(struct vici_fake *f)
{
	f->outcome = (struct vici_outcome){ .why = { .what = "no SA matches" } };
}

/* What was asked of it is the number of SAs that it says it found. */
static void rekey_and_tell(void *ctx, uint32_t ticket, const struct vici_target *what, bool reauth)
{
	struct vici_fake *f = ctx;
	unsigned asked = (what->ike && !strcmp(what->ike, "gw")) + 10 * (what->child != NULL) + 100 * reauth;

	vici_done(f->vici, ticket, &(struct vici_outcome){ .success = true, .matches = asked });
}

static void tell(struct vici_fake *f)
{
	f->host.rekey = rekey_and_tell;
	vici_free(f->vici);
	f->vici = vici_new(&f->host);
}

static void rekey_of_a_connection(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("rekey gw", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_string_equal(b.out, "gw: rekeying begun\n");
	assert_string_equal(b.err, "");
	ipsec_bench_end(&b);
}

static void rekey_of_a_child(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("rekey net", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_string_equal(b.out, "gw/net: rekeying begun\n");
	ipsec_bench_end(&b);
}

static void reauthentication_of_a_connection(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "rekey gw --reauth"), 0);
	assert_string_equal(b.out, "gw: reauthentication begun\n");
	assert_int_equal(ipsec_bench_run(&b, "rekey --reauth gw"), 0);
	assert_string_equal(b.out, "gw: reauthentication begun\n");
	ipsec_bench_end(&b);
}

static void a_child_is_not_authenticated(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("rekey gw/net --reauth", &code, NULL);

	(void)state;
	assert_int_equal(code, 2);
	assert_string_equal(b.err, "ipsec: a connection is authenticated anew, with all its children: "
				   "ipsec rekey gw --reauth\n");
	ipsec_bench_end(&b);
}

static void the_daemon_is_asked_for_what_was_named(void **state)
{
	static const struct {
		const char *words, *matches;
	} cases[] = {
		{ "--json rekey gw", "\"matches\":1," },
		{ "--json rekey gw/", "\"matches\":1," },
		{ "--json rekey gw/net", "\"matches\":11," },
		{ "--json rekey gw --reauth", "\"matches\":101," },
		{ "--json rekey home", "\"matches\":0," },
	};
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, tell);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(ipsec_bench_run(&b, cases[i].words), 0);
		assert_true(has(b.out, cases[i].matches));
	}
	ipsec_bench_end(&b);
}

static void rekey_as_json(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "--json rekey net"), 0);
	assert_string_equal(b.out, "{\"schema\":1,\"name\":\"net\",\"success\":true,\"matches\":1,\"error\":"
				   "null,\"why\":null}\n");
	ipsec_bench_end(&b);
}

static void rekey_of_what_is_not_up(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, match_nothing);
	assert_int_equal(ipsec_bench_run(&b, "rekey home"), 1);
	assert_string_equal(b.out, "");
	assert_string_equal(b.err, "ipsec: home: no SA matches\n");
	assert_int_equal(ipsec_bench_run(&b, "--json rekey home"), 1);
	assert_true(
		ipsec_bench_json(b.out) && has(b.out, "\"success\":false,\"matches\":0,\"error\":\"no SA"));
	assert_int_equal(ipsec_bench_run(&b, "rekey hom"), 1);
	assert_true(has(b.err, "did you mean home?"));
	ipsec_bench_end(&b);
}

/* The first child, what it was rekeyed to, and another one of the same IKE_SA; and an IKE_SA that was
 * replaced. */
static void be_rekeyed(struct vici_fake *f)
{
	struct sa_record *sas = ARENA_ARRAY(&f->arena, 2, struct sa_record);
	struct child_record *v = ARENA_ARRAY(&f->arena, 3, struct child_record);

	v[0] = v[1] = v[2] = *f->sas->children;
	v[0].state = "REKEYED";
	v[1].id = 3;
	v[2].id = 4;
	v[2].name = "dmz";
	f->sas->children = v;
	f->sas->n_children = 3;
	sas[0] = sas[1] = *f->sas;
	sas[0].id = 9;
	sas[0].state = "REKEYED";
	sas[0].n_children = 0;
	sas[1].reauth_ms = sas[1].established_ms + 3665000;
	f->sas = sas;
	f->n_sas = 2;
}

static void status_shows_all_versions(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, be_rekeyed);
	assert_int_equal(ipsec_bench_run(&b, "status gw"), 0);
	assert_true(has(b.out, "gw: up, 192.0.2.1 === 192.0.2.2\n  IKE_SA #9: REKEYED, '"));
	assert_true(has(b.out, "\n  IKE_SA #1: ESTABLISHED, '"));
	assert_true(has(b.out, "  net: REKEYED, 10.1.0.0/16 ===") &&
		    has(b.out, "  net: INSTALLED, 10.1.0.0/16 ==="));
	assert_true(has(b.out, "  dmz: INSTALLED, 10.1.0.0/16 ==="));
	assert_false(has(b.out, ": down"));
	assert_int_equal(ipsec_bench_run(&b, "status gw/net"), 0);
	assert_true(has(b.out, "  net: REKEYED, ") && has(b.out, "  net: INSTALLED, ") && !has(b.out, "dmz"));
	assert_int_equal(ipsec_bench_run(&b, "statusall"), 0);
	assert_true(
		has(b.out, "CURVE_25519 (not post-quantum), rekeying in 3 h, reauthentication in 60 min\n"));
	assert_true(has(b.out, "    #2, reqid 1, ") && has(b.out, "    #3, reqid 1, ") &&
		    has(b.out, "    #4, reqid 1, "));
	ipsec_bench_end(&b);
}

static void status_shows_all_versions_as_json(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, be_rekeyed);
	assert_int_equal(ipsec_bench_run(&b, "--json status gw"), 0);
	assert_true(ipsec_bench_json(b.out));
	assert_true(has(b.out, "{\"name\":\"net\",\"state\":\"up\",") &&
		    has(b.out, "{\"name\":\"dmz\",\"state\":\"up\","));
	assert_true(has(b.out, "\"name\":\"net\",\"uniqueid\":2,\"reqid\":1,\"state\":\"REKEYED\","));
	assert_true(has(b.out, "\"name\":\"net\",\"uniqueid\":3,\"reqid\":1,\"state\":\"INSTALLED\","));
	assert_true(has(b.out, "\"rekey_time\":13000,\"reauth_time\":3600,"));
	assert_int_equal(ipsec_bench_run(&b, "list sas"), 0);
	assert_string_equal(b.out,
		"gw #9 REKEYED\ngw #1 ESTABLISHED\ngw/net #2 REKEYED\ngw/net #3 INSTALLED\n"
		"gw/dmz #4 INSTALLED\n");
	ipsec_bench_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rekey_of_a_connection),
		cmocka_unit_test(rekey_of_a_child),
		cmocka_unit_test(reauthentication_of_a_connection),
		cmocka_unit_test(a_child_is_not_authenticated),
		cmocka_unit_test(the_daemon_is_asked_for_what_was_named),
		cmocka_unit_test(rekey_as_json),
		cmocka_unit_test(rekey_of_what_is_not_up),
		cmocka_unit_test(status_shows_all_versions),
		cmocka_unit_test(status_shows_all_versions_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
