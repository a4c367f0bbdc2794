/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traps that a person puts in and takes away, whatever the configuration says. */
#include "tests/pair/pair.h"

/* Returns how it ended. */
static const struct ike_tell *command(struct host *h, enum ike_command_kind kind, const char *child)
{
	static uint32_t ticket;

	host_command(h, &(struct ike_command){ .kind = kind, .ticket = ++ticket, .child = child });
	return host_done(h, ticket);
}

static unsigned traps(const struct host *h)
{
	return datapath_policies(&h->datapath, true);
}

static void a_trap_comes_and_goes(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	assert_true(command(p->moon, COMMAND_TRAP, "net")->success);
	assert_int_equal(traps(p->moon), 1);
	assert_true(command(p->moon, COMMAND_TRAP, "net")->success);
	assert_int_equal(traps(p->moon), 1);
	assert_true(command(p->moon, COMMAND_UNTRAP, "net")->success);
	assert_int_equal(traps(p->moon), 0);
	assert_string_equal(command(p->moon, COMMAND_UNTRAP, "net")->why->what, "policy 'net' not found");
}

static void a_trap_brings_its_child_up(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct ike_event e = { .kind = EVENT_ACQUIRE };

	command(p->moon, COMMAND_TRAP, "net");
	e.acquire.policy = datapath_policy(&p->moon->datapath, true)->id;
	assert_int_equal(ts_parse("10.1.0.5/32[udp/7]", &e.acquire.local), ERR_OK);
	assert_int_equal(ts_parse("10.2.0.5/32[udp/7]", &e.acquire.remote), ERR_OK);
	host_event(p->moon, &e);
	lab_calm(p->lab);
	assert_int_equal(ike_load(p->moon->ike).children, 1);
	assert_int_equal(host_child(p->moon, "net")->reqid, datapath_policy(&p->moon->datapath, true)->reqid);
}

static void a_trap_outlives_a_new_configuration(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	command(p->moon, COMMAND_TRAP, "net");
	host_reload(p->moon, pair_text(state, pair_moon, CONN("dpd_delay = 30s")));
	assert_int_equal(traps(p->moon), 1);
	host_reload(p->moon, "");
	assert_int_equal(traps(p->moon), 0);
}

static void the_trap_of_the_configuration_may_be_taken_away(void **state)
{
	struct pair *p = pair_open(state, CHILD("start_action = trap"), NULL);

	lab_calm(p->lab);
	assert_int_equal(traps(p->moon), 1);
	assert_true(command(p->moon, COMMAND_UNTRAP, "net")->success);
	assert_int_equal(traps(p->moon), 0);
}

static void there_is_no_trap_for_what_is_not_configured(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	assert_string_equal(
		command(p->moon, COMMAND_TRAP, "nothing")->why->what, "configuration name not found");
	assert_int_equal(traps(p->moon), 0);
}

static void traps_are_listed(void **state)
{
	struct pair *p = pair_open(state, CHILD("local_ts = dynamic"), NULL);
	struct arena arena = { 0 };
	struct policy_record r;
	const uint64_t *keys;
	char text[TS_TEXT];
	unsigned n;

	command(p->moon, COMMAND_TRAP, "net");
	keys = ike_traps(p->moon->ike, &arena, &n);
	assert_int_equal(n, 1);
	assert_true(ike_trap(p->moon->ike, keys[0], &arena, &r));
	assert_string_equal(r.ike, "site");
	assert_string_equal(r.child, "net");
	assert_string_equal(ts_print(&r.local_ts.v[0], text), "192.0.2.1/32");
	assert_string_equal(ts_print(&r.remote_ts.v[0], text), "10.2.0.0/16");
	command(p->moon, COMMAND_UNTRAP, "net");
	assert_false(ike_trap(p->moon->ike, keys[0], &arena, &r));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_trap_comes_and_goes),
		PAIR_TEST(a_trap_brings_its_child_up),
		PAIR_TEST(a_trap_outlives_a_new_configuration),
		PAIR_TEST(the_trap_of_the_configuration_may_be_taken_away),
		PAIR_TEST(there_is_no_trap_for_what_is_not_configured),
		PAIR_TEST(traps_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
