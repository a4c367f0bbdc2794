/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec up, ipsec down: names, failures explained, JSON; against a fake daemon. */
#include "unit.h"

#include "ipsec_bench.h"

static void rename_home(struct vici_fake *f)
{
	f->conf.peers[1]->children[0].name = "net";
}

static void like_its_child(struct vici_fake *f)
{
	f->conf.peers[1]->name = "lan";
}

static void like_anothers_child(struct vici_fake *f)
{
	f->conf.peers[1]->name = "dmz";
}

static void forget(struct vici_fake *f)
{
	f->conf.n_peers = 0;
}

static void say_wild_things(struct vici_fake *f)
{
	f->sas->children->name = "a\"b\\c";
	ipsec_bench_refuse(f);
	f->outcome.why.what = "quotes \" and \\ and\nlines";
}

static void up_brings_up(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("up home", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_string_equal(b.out, "[IKE] doing as I was told\nhome/lan: up\n");
	assert_string_equal(b.err, "");
	ipsec_bench_end(&b);
}

static void up_of_a_connection_brings_up_all_its_children(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("up gw", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(has(b.out, "gw/net: up\n") && has(b.out, "gw/dmz: up\n"));
	ipsec_bench_end(&b);
}

static void up_of_a_child_brings_up_one(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("up dmz --timeout 5", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_false(has(b.out, "gw/net"));
	ipsec_bench_end(&b);
}

static void up_that_fails_says_why(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("up home/lan", &code, ipsec_bench_refuse);

	(void)state;
	assert_int_equal(code, 1);
	assert_true(has(b.err, "ipsec: home/lan: the peer refused our proposal\n"));
	assert_true(has(b.err, "/etc/ikev2d/ikev2d.conf:12 (connections.home.proposals)\n"));
	assert_true(has(b.err, "aes128-sha256-x25519\n"));
	ipsec_bench_end(&b);
}

static void up_as_json(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("--json up home", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_string_equal(b.out,
		"{\"schema\":1,\"name\":\"home\",\"initiated\":[{\"connection\":\"home\",\"child\":\"lan\","
		"\"success\":"
		"true,"
		"\"error\":null,\"why\":null}],\"success\":true,\"log\":[\"doing as I was told\"]}\n");
	ipsec_bench_end(&b);
}

static void a_failed_up_as_json(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("--json up gw", &code, ipsec_bench_refuse);

	(void)state;
	assert_int_equal(code, 1);
	assert_true(ipsec_bench_json(b.out));
	assert_true(has(b.out, "\"success\":false,\"log\":["));
	assert_true(has(b.out,
		"\"why\":{\"what\":\"the peer refused our proposal\",\"stage\":null,\"offered\":null,"));
	assert_false(has(b.out, "dmz"));
	ipsec_bench_end(&b);
}

static void json_escapes_what_must_be(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, say_wild_things);
	assert_int_equal(ipsec_bench_run(&b, "--json up gw"), 1);
	assert_true(ipsec_bench_json(b.out) && has(b.out, "quotes \\\" and \\\\ and\\nlines"));
	assert_int_equal(ipsec_bench_run(&b, "--json statusall"), 0);
	assert_true(ipsec_bench_json(b.out) && has(b.out, "a\\\"b\\\\c"));
	ipsec_bench_end(&b);
}

static void up_wants_a_sane_timeout(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "up home --timeout soon"), 2);
	assert_int_equal(ipsec_bench_run(&b, "up home --timeout 0"), 2);
	assert_int_equal(ipsec_bench_run(&b, "up --timeout 3"), 2);
	assert_int_equal(ipsec_bench_run(&b, "up home lan"), 2);
	assert_int_equal(ipsec_bench_run(&b, "up --timeout=3 home"), 0);
	ipsec_bench_end(&b);
}

static void down_takes_down(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("down gw", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_string_equal(b.out, "[IKE] doing as I was told\ngw: down\n");
	ipsec_bench_end(&b);
}

static void down_as_json(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "--json down gw/net"), 0);
	assert_string_equal(b.out,
		"{\"schema\":1,\"name\":\"gw/net\",\"success\":true,\"matches\":1,\"terminated\":1,"
		"\"error\":null,\"why\":null,\"log\":[\"doing as I was told\"]}\n");
	ipsec_bench_end(&b);
}

static void down_that_fails_says_why(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, ipsec_bench_refuse);
	assert_int_equal(ipsec_bench_run(&b, "--json down gw"), 1);
	assert_true(
		ipsec_bench_json(b.out) && has(b.out, "\"success\":false,\"matches\":1,\"terminated\":0"));
	assert_true(has(b.err, "ipsec: gw: the peer refused our proposal\n"));
	ipsec_bench_end(&b);
}

static void down_knows_what_is_no_longer_configured(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("down net", &code, forget);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(has(b.out, "gw/net: down\n"));
	ipsec_bench_end(&b);
}

static void an_ambiguous_child_is_refused_with_the_candidates(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("up net", &code, rename_home);

	(void)state;
	assert_int_equal(code, 1);
	assert_string_equal(b.err, "ipsec: net is ambiguous; it may be one of: gw/net, home/net\n");
	ipsec_bench_end(&b);
}

static void a_connection_named_as_its_child_is_meant_whole(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("down lan", &code, like_its_child);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(has(b.out, "\nlan: down\n"));
	ipsec_bench_end(&b);
}

static void a_connection_named_as_anothers_child_is_ambiguous(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, like_anothers_child);
	assert_int_equal(ipsec_bench_run(&b, "down dmz"), 1);
	assert_string_equal(b.err, "ipsec: dmz is ambiguous; it may be one of: gw/dmz, dmz/\n");
	assert_int_equal(ipsec_bench_run(&b, "down dmz/"), 0);
	assert_true(has(b.out, "\ndmz: down\n"));
	assert_int_equal(ipsec_bench_run(&b, "down gw/dmz"), 0);
	assert_true(has(b.out, "gw/dmz: down\n"));
	ipsec_bench_end(&b);
}

static void an_unknown_name_gets_a_hint(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "up hom"), 1);
	assert_string_equal(b.err, "ipsec: there is no connection or child hom: did you mean home?\n");
	assert_int_equal(ipsec_bench_run(&b, "--json up xyzzyx"), 1);
	assert_true(has(b.err, "ipsec list conns shows them"));
	assert_true(ipsec_bench_json(b.out) && has(b.out, "\"success\":false,\"error\":\"there is no"));
	ipsec_bench_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_brings_up),
		cmocka_unit_test(up_of_a_connection_brings_up_all_its_children),
		cmocka_unit_test(up_of_a_child_brings_up_one),
		cmocka_unit_test(up_that_fails_says_why),
		cmocka_unit_test(up_as_json),
		cmocka_unit_test(a_failed_up_as_json),
		cmocka_unit_test(json_escapes_what_must_be),
		cmocka_unit_test(up_wants_a_sane_timeout),
		cmocka_unit_test(down_takes_down),
		cmocka_unit_test(down_as_json),
		cmocka_unit_test(down_that_fails_says_why),
		cmocka_unit_test(down_knows_what_is_no_longer_configured),
		cmocka_unit_test(an_ambiguous_child_is_refused_with_the_candidates),
		cmocka_unit_test(a_connection_named_as_its_child_is_meant_whole),
		cmocka_unit_test(a_connection_named_as_anothers_child_is_ambiguous),
		cmocka_unit_test(an_unknown_name_gets_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
