/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is configured is granted, and nothing else is. */
#include "tests/unit/unit.h"

#include "daemon/grant.h"
#include "daemon/held.h"
#include "tests/unit/conf_help.h"

/* Keys of the child, what is wanted, and (SAYS not NULL) why it is refused. */
struct row {
	const char *name, *child;
	const char *local, *remote; /* NULL: 10.1.0.0/16, 10.2.0.0/16 */
	struct sa_marks marks;
	enum child_mode mode;
	uint32_t reqid, cpu;
	uint16_t encr; /* 0: AES-GCM */
	const char *says;
};

#define NETS "local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16\n"

static const struct row rows[] = {
	{ .name = "as configured", .child = NETS },
	{ .name = "narrower", .child = NETS, .local = "10.1.2.0/24[tcp/80]", .remote = "10.2.0.7" },
	{ .name = "one of two", .child = "local_ts = 10.1.0.0/16\n remote_ts = 10.9.0.0/16, 10.2.0.0/16" },
	{ .name = "default route", .child = NETS, .remote = "0.0.0.0/0", .says = "0.0.0.0/0 is not within" },
	{ .name = "default route, configured",
		.child = "local_ts = 10.1.0.0/16\n remote_ts = 0.0.0.0/0",
		.remote = "0.0.0.0/0" },
	{ .name = "default route, local", .child = NETS, .local = "0.0.0.0/0", .says = "local_ts" },
	{ .name = "everything in two halves", .child = NETS, .remote = "128.0.0.0/1", .says = "remote_ts" },
	{ .name = "other family", .child = NETS, .remote = "2001:db8::/32", .says = "remote_ts" },
	{ .name = "wider by one bit", .child = NETS, .remote = "10.2.0.0/15", .says = "remote_ts" },
	{ .name = "another port",
		.child = "local_ts = 10.1.0.0/16[tcp/80]\n remote_ts = 10.2.0.0/16",
		.local = "10.1.0.0/16[tcp/81]",
		.says = "local_ts" },
	{ .name = "dynamic, one address", .child = "remote_ts = 10.2.0.0/16", .local = "192.0.2.1" },
	{ .name = "dynamic, a network", .child = "remote_ts = 10.2.0.0/16", .says = "local_ts" },
	{ .name = "dynamic, any address",
		.child = "remote_ts = 10.2.0.0/16",
		.local = "0.0.0.0",
		.says = "local_ts" },
	{ .name = "dynamic, all",
		.child = "local_ts = 10.1.0.0/16",
		.remote = "0.0.0.0/0",
		.says = "remote_ts" },
	{ .name = "dynamic, another port",
		.child = "local_ts = dynamic[udp/53]\n remote_ts = 10.2.0.0/16",
		.local = "192.0.2.1[udp/54]",
		.says = "local_ts" },
	{ .name = "mark",
		.child = NETS "mark_in = 5\n mark_out = 6",
		.marks = { { .value = 5, .mask = UINT32_MAX }, { .value = 6, .mask = UINT32_MAX }, 0, 0 } },
	{ .name = "no mark", .child = NETS "mark_in = 5", .says = "marks" },
	{ .name = "another mark",
		.child = NETS "mark_in = 5",
		.marks = { .in = { .value = 7, .mask = UINT32_MAX } },
		.says = "marks" },
	{ .name = "mark of nobody",
		.child = NETS,
		.marks = { .out = { .value = 7, .mask = UINT32_MAX } },
		.says = "marks" },
	{ .name = "drawn mark",
		.child = NETS "mark_in = %unique/0xff",
		.marks = { .in = { .value = 9, .mask = 0xff } } },
	{ .name = "drawn mark beyond its mask",
		.child = NETS "mark_in = %unique/0xff",
		.marks = { .in = { .value = 0x109, .mask = 0xff } },
		.says = "marks" },
	{ .name = "interface",
		.child = NETS "if_id_in = 5\n if_id_out = 5",
		.marks = { .if_id_in = 5, .if_id_out = 5 } },
	{ .name = "another interface",
		.child = NETS "if_id_in = 5\n if_id_out = 5",
		.marks = { .if_id_in = 5, .if_id_out = 6 },
		.says = "interface IDs" },
	{ .name = "interface of nobody",
		.child = NETS,
		.marks = { .if_id_out = 6 },
		.says = "interface IDs" },
	{ .name = "transport mode", .child = NETS, .mode = MODE_TRANSPORT, .says = "mode" },
	{ .name = "tunnel instead", .child = NETS "mode = transport", .mode = MODE_TUNNEL },
	{ .name = "shunt", .child = NETS, .mode = MODE_PASS, .says = "mode" },
	{ .name = "reqid", .child = NETS "reqid = 7", .reqid = 7 },
	{ .name = "another reqid", .child = NETS "reqid = 7", .reqid = 8, .says = "reqid" },
	{ .name = "a CPU", .child = NETS "per_cpu_sas = yes", .cpu = 3 },
	{ .name = "a CPU of nobody", .child = NETS, .cpu = 3, .says = "CPUs" },
	{ .name = "another cipher", .child = NETS "esp_proposals = aes256-sha256", .says = "esp_proposals" },
	{ .name = "that cipher", .child = NETS "esp_proposals = aes256-sha256", .encr = ENCR_AES_CBC },
};

static void is(const struct row *r, bool good, const struct text *why)
{
	if (good != !r->says || (r->says && !strstr(text_str(why), r->says)))
		fail_msg("%s: %s", r->name, good ? "granted" : text_str(why));
}

static void each(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct arena arena = { 0 };
		struct text why = text_in(&arena), why_policy = text_in(&arena);
		struct loaded l = load_text(arena_printf(&arena,
			"connections { a { local { auth = psk }\n remote { auth = psk }\n children { net "
			"{\n%s\n} "
			"} } }",
			r->child));
		struct ts local, remote;
		struct sa_spec s = {
			.mode = r->mode, .resource = r->cpu, .reqid = r->reqid, .marks = r->marks
		};
		struct policy_spec p = {
			.mode = r->mode, .per_cpu = r->cpu, .reqid = r->reqid, .marks = r->marks
		};

		assert_string_equal(l.why, "");
		assert_int_equal(ts_parse(r->local ? r->local : "10.1.0.0/16", &local), ERR_OK);
		assert_int_equal(ts_parse(r->remote ? r->remote : "10.2.0.0/16", &remote), ERR_OK);
		s.suite.encr = transform_find(TRANSFORM_ENCR, r->encr ? r->encr : ENCR_AES_GCM_16, 256);
		s.conf = p.conf = &l.conf.peers[0]->children[0];
		s.local_ts = p.local_ts = (struct tss){ &local, 1 };
		s.remote_ts = p.remote_ts = (struct tss){ &remote, 1 };
		is(r, grant_sa(&s, &why), &why);
		if (!r->says || strcmp(r->says, "esp_proposals"))
			is(r, grant_policy(&p, &why_policy), &why_policy);
		loaded_free(&l);
		arena_free(&arena);
	}
}

static void nothing_is_not_granted(void **state)
{
	struct loaded l = load_text(
		"connections { a { local { auth = psk }\n remote { auth = psk }\n children { net { } "
		"} } }");
	struct policy_spec p = { .conf = &l.conf.peers[0]->children[0] };
	struct arena arena = { 0 };
	struct text why = text_in(&arena);

	(void)state;
	assert_false(grant_policy(&p, &why));
	loaded_free(&l);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ proofs */

static struct loaded two_rounds(const char *ids)
{
	struct arena arena = { 0 };
	struct loaded l = load_text(arena_printf(&arena,
		"connections { a { %s local { auth = psk\n id = moon } local-2 { auth = pubkey\n id = venus "
		"}\n "
		"remote { auth = psk\n id = *.example } remote-2 { auth = pubkey\n id = sun } children { net "
		"{ } "
		"} } }",
		ids));

	assert_string_equal(l.why, "");
	arena_free(&arena);
	return l;
}

static void proofs_are_of_who_the_connection_says(void **state)
{
	static const struct {
		const char *local, *remote, *says;
	} all[] = {
		{ "moon", "a.example", NULL },
		{ "moon", "*.example", NULL }, /* nobody has said who it is */
		{ "moon", "sun", NULL },
		{ "venus", "sun", NULL },
		{ "192.0.2.1", "sun", "192.0.2.1 is not who it says that we are" },
		{ "mars", "sun", "mars is not who it says that we are" },
		{ "%any", "sun", "%any is not who it says that we are" },
		{ "moon", "mars", "mars is not who it says that its peer is" },
		{ "moon", "example", "example is not who" },
		{ "moon", "%any", "%any is not who" },
	};
	struct loaded l = two_rounds("");

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct arena arena = { 0 };
		struct text why = text_in(&arena);
		struct ike_question q = { .kind = ASK_PROOF, .peer = l.conf.peers[0] };

		assert_int_equal(id_parse(all[i].local, &arena, &q.local), ERR_OK);
		assert_int_equal(id_parse(all[i].remote, &arena, &q.remote), ERR_OK);
		if (grant_proof(&q, &why) != !all[i].says ||
			(all[i].says && !strstr(text_str(&why), all[i].says)))
			fail_msg("%s, %s: %s", all[i].local, all[i].remote, text_str(&why));
		arena_free(&arena);
	}
	assert_int_equal(grant_proofs(l.conf.peers[0]), 2);
	loaded_free(&l);
	l = two_rounds("ppk_id = key\n");
	assert_int_equal(grant_proofs(l.conf.peers[0]), 4);
	loaded_free(&l);
}

static void keys_mixed_are_the_connections(void **state)
{
	static const struct {
		const char *conf, *name;
		bool good;
	} all[] = {
		{ "", "key", false },
		{ "ppk_id = key\n", "key", true },
		{ "ppk_id = key\n", "other", false },
		{ "ppk_id = *.keys\n", "a.keys", true },
		{ "ppk_id = *.keys\n", "a.others", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct arena arena = { 0 };
		struct text why = text_in(&arena);
		struct loaded l = two_rounds(all[i].conf);
		struct ike_question q = { .kind = ASK_PPK, .peer = l.conf.peers[0] };

		assert_int_equal(id_parse(all[i].name, &arena, &q.remote), ERR_OK);
		assert_int_equal(grant_ppk(&q, &why), all[i].good);
		assert_int_equal(!why.n, all[i].good);
		loaded_free(&l);
		arena_free(&arena);
	}
}

/* ---------------------------------------------------------- what is left behind */

static void what_is_held_is_taken_once(void **state)
{
	const struct ip lease = { 4, { 10, 3, 0, 1 } };
	struct held h, left;
	struct held_thing t;
	enum held_kind kind;

	(void)state;
	held_start(&h);
	held_start(&left);
	held_add(&h, HELD_POLICY, held_number(5));
	held_add(&h, HELD_LEASE, held_ip(&lease));
	held_add(&h, HELD_LEASE, held_ip(&lease));
	held_add(&h, HELD_TALK, held_number(9));
	held_add(&h, HELD_SA_IN, held_number(5));
	held_drop(&h, HELD_SA_IN, held_number(5));
	held_drop(&h, HELD_SA_IN, held_number(5));
	assert_true(held_take(&h, HELD_TALK, &kind, &t) && t.number == 9);
	assert_false(held_take(&h, HELD_TALK, &kind, &t));
	held_move(&left, &h);
	assert_int_equal(held_count(&h, HELD_POLICY), 0);
	assert_true(held_take(&left, HELD_KINDS - 1, &kind, &t) && kind == HELD_POLICY && t.number == 5);
	assert_true(
		held_take(&left, HELD_KINDS - 1, &kind, &t) && kind == HELD_LEASE && ip_eq(&t.ip, &lease));
	assert_true(held_take(&left, HELD_KINDS - 1, &kind, &t) && kind == HELD_LEASE);
	assert_false(held_take(&left, HELD_KINDS - 1, &kind, &t));
	held_stop(&h);
	held_stop(&left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each),
		cmocka_unit_test(nothing_is_not_granted),
		cmocka_unit_test(proofs_are_of_who_the_connection_says),
		cmocka_unit_test(keys_mixed_are_the_connections),
		cmocka_unit_test(what_is_held_is_taken_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
