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

static struct ike_event packet(const struct host *h)
{
	struct ike_event e = { .kind = EVENT_ACQUIRE };

	e.acquire.policy = datapath_policy(&h->datapath, true)->id;
	assert_int_equal(ts_parse("10.1.0.5/32[udp/7]", &e.acquire.local), ERR_OK);
	assert_int_equal(ts_parse("10.2.0.5/32[udp/7]", &e.acquire.remote), ERR_OK);
	return e;
}

static void a_trap_brings_its_child_up(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct ike_event e;

	command(p->moon, COMMAND_TRAP, "net");
	e = packet(p->moon);
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

/* ------------------------------------------------------ when nothing comes of what a packet asked for */

enum { GIVEN_UP = 200 * 1000 /* longer than a request is repeated */, MINUTE = 60 * 1000 };

/* A packet meets the trap of H as in the kernel: whether it asks, or waits for what another one has asked. */
static bool asks(struct host *h)
{
	struct ike_event e;

	if (!datapath_asks(&h->datapath, &e))
		return false;
	host_event(h, &e);
	return true;
}

/* Moon's trap has asked, and nothing came of it; at once nobody may ask again. */
static void assert_in_vain(struct pair *p)
{
	lab_calm(p->lab);
	assert_int_equal(ike_load(p->moon->ike).children, 0);
	assert_int_equal(ike_load(p->moon->ike).half_open, 0);
	assert_false(asks(p->moon));
}

/* MS later the next packet may. */
static void assert_asks_again(struct pair *p, uint64_t ms)
{
	assert_in_vain(p);
	lab_pass(p->lab, ms);
	assert_true(asks(p->moon));
}

static struct pair *trapped(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	command(p->moon, COMMAND_TRAP, "net");
	assert_true(asks(p->moon));
	return p;
}

static void packets_ask_again_when_a_peer_refuses(void **state)
{
	static const char *const suns[] = {
		CONN("proposals = aes256-sha512-ecp521"),           /* IKE_SA_INIT */
		SECRET("secret = \"another one, of some length\""), /* IKE_AUTH */
		CHILD("esp_proposals = aes256-sha512"),             /* the child alone, in IKE_AUTH */
		CHILD("local_ts = 10.77.0.0/16"),
	};

	for (unsigned i = 0; i < ARRAY_SIZE(suns); i++) {
		struct pair *p = trapped(state, NULL, suns[i]);

		assert_asks_again(p, TRAP_FIRST);
		assert_asks_again(p, 2 * TRAP_FIRST);
		assert_int_equal(pair_close(state), 0);
	}
}

static void packets_ask_again_when_nobody_answers(void **state)
{
	struct pair *p = trapped(state, NULL, NULL);

	lab_pass_deaf(p->lab, GIVEN_UP);
	assert_true(asks(p->moon));
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* The IKE_SA stands, and goes on. */
static void packets_ask_again_when_a_child_is_refused_beside_others(void **state)
{
	struct pair *p = pair_open_up(state, LAN_MOON(""), LAN_SUN("esp_proposals = aes256-sha512"));

	command(p->moon, COMMAND_TRAP, "lan");
	assert_true(asks(p->moon));
	lab_calm(p->lab);
	assert_non_null(host_told(p->moon, TELL_REFUSED));
	assert_false(asks(p->moon));
	lab_pass(p->lab, TRAP_FIRST);
	assert_true(asks(p->moon));
	lab_calm(p->lab);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
}

static void packets_ask_again_when_the_data_path_takes_no_sa(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	p->moon->fails = ASKED_SA_IN | ASKED_SA_OUT;
	command(p->moon, COMMAND_TRAP, "net");
	assert_true(asks(p->moon));
	lab_calm(p->lab);
	p->moon->fails = 0;
	lab_pass(p->lab, TRAP_FIRST);
	assert_true(asks(p->moon));
	lab_calm(p->lab);
	assert_non_null(host_child(p->moon, "net"));
}

/* A packet has met the trap of one of two who know each other again after a restart. */
static struct pair *asked_of_who_remembers(void **state)
{
	struct pair *p = pair_open(state, CONN("dpd_delay = 10s"), NULL);

	host_remember(p->moon);
	host_remember(p->sun);
	command(p->moon, COMMAND_TRAP, "net");
	assert_true(asks(p->moon));
	return p;
}

static void assert_asks_again_after_a_restart(struct pair *p)
{
	host_stop(p->sun);
	host_start(p->sun);
	pair_wait(p);
	lab_calm(p->lab);
	assert_int_equal(host_counted(p->moon, COUNT_CRASHES), 1);
	assert_asks_again(p, TRAP_FIRST);
	lab_calm(p->lab);
}

/* They had met the trap beside the CHILD_SA, which was not for them. */
static void packets_ask_again_when_a_peer_was_restarted(void **state)
{
	struct pair *p = asked_of_who_remembers(state);

	lab_calm(p->lab);
	pair_assert_up(p);
	assert_true(asks(p->moon));
	assert_asks_again_after_a_restart(p);
	pair_assert_up(p);
}

/* Not even the addresses are known: no peer was asked. */
static void packets_ask_again_when_there_is_no_way(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	command(p->moon, COMMAND_TRAP, "net");
	p->moon->fails = ASKED_ROUTE;
	assert_true(asks(p->moon));
	assert_asks_again(p, TRAP_FIRST);
}

/* Before the data path has said that the trap is set. */
static void a_packet_that_was_first_is_not_forgotten(void **state)
{
	struct pair *p = pair_open(state, NULL, CONN("proposals = aes256-sha512-ecp521"));

	p->moon->late = ASK_TIMEOUT / 2;
	command(p->moon, COMMAND_TRAP, "net");
	host_answer(p->moon, false);
	p->moon->late = 0;
	assert_true(asks(p->moon));
	assert_in_vain(p);
	lab_pass(p->lab, TRAP_RETRY);
	assert_true(asks(p->moon));
}

static unsigned attempts(struct host *h, uint64_t ms)
{
	struct lab *lab = h->lab;
	unsigned before = host_told_times(h, TELL_REFUSED);

	for (uint64_t end = lab->now + ms; lab->now < end; lab_pass(lab, 20)) {
		struct ike_event e = packet(h);

		host_event(h, &e);
	}
	return host_told_times(h, TELL_REFUSED) - before;
}

/* Neither in the kernel nor where each packet may ask. A peer that refuses is asked ever more seldom. */
static void many_packets_are_few_negotiations(void **state)
{
	struct pair *p = trapped(state, NULL, CONN("proposals = aes256-sha512-ecp521"));

	assert_in_range(attempts(p->moon, 2 * TRAP_FIRST), 2, 4);
	assert_in_range(
		attempts(p->moon, 10 * MINUTE), 10 * MINUTE / TRAP_RETRY, 2 * 10 * MINUTE / TRAP_RETRY);
}

static void what_came_up_has_no_past(void **state)
{
	struct pair *p = trapped(state, NULL, CONN("proposals = aes256-sha512-ecp521"));

	attempts(p->moon, MINUTE);
	host_reload(p->sun, pair_sun);
	lab_pass(p->lab, TRAP_RETRY);
	assert_true(asks(p->moon));
	lab_calm(p->lab);
	pair_assert_up(p);
	host_down(p->moon, NULL, 7);
	lab_calm(p->lab);
	host_reload(p->sun, pair_text(state, pair_sun, CONN("proposals = aes256-sha512-ecp521")));
	assert_true(asks(p->moon));
	assert_asks_again(p, TRAP_FIRST);
}

/* Somebody has said `up` while packets were not to ask: that is waited for. */
static void what_is_under_way_is_waited_for(void **state)
{
	struct pair *p = trapped(state, NULL, CONN("proposals = aes256-sha512-ecp521"));

	assert_in_vain(p);
	pair_say_up(p, 9);
	lab_pass_deaf(p->lab, MINUTE);
	assert_false(asks(p->moon));
	lab_pass_deaf(p->lab, GIVEN_UP);
	assert_true(asks(p->moon));
}

/* Nor was it for those that had met the trap while it was being installed. */
static void packets_that_asked_meanwhile_ask_again_when_a_peer_was_restarted(void **state)
{
	struct pair *p = asked_of_who_remembers(state);

	for (unsigned i = 0; i < 3; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	/* Its answer to IKE_AUTH arrives, is checked, and then the installation takes its time. */
	p->moon->late = 100;
	lab_deliver(p->lab, lab_first(p->lab));
	lab_pass(p->lab, 100);
	assert_int_equal(datapath_sas(&p->moon->datapath), 2);
	assert_false(host_told(p->moon, TELL_CHILD_UP));
	assert_true(asks(p->moon));
	p->moon->late = 0;
	lab_pass(p->lab, 1000);
	pair_assert_up(p);
	assert_asks_again_after_a_restart(p);
	pair_assert_up(p);
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
		PAIR_TEST(packets_ask_again_when_a_peer_refuses),
		PAIR_TEST(packets_ask_again_when_nobody_answers),
		PAIR_TEST(packets_ask_again_when_a_child_is_refused_beside_others),
		PAIR_TEST(packets_ask_again_when_the_data_path_takes_no_sa),
		PAIR_TEST(packets_ask_again_when_a_peer_was_restarted),
		PAIR_TEST(packets_that_asked_meanwhile_ask_again_when_a_peer_was_restarted),
		PAIR_TEST(packets_ask_again_when_there_is_no_way),
		PAIR_TEST(a_packet_that_was_first_is_not_forgotten),
		PAIR_TEST(many_packets_are_few_negotiations),
		PAIR_TEST(what_came_up_has_no_past),
		PAIR_TEST(what_is_under_way_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
