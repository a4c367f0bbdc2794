/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection that only the peer can begin, since it is the peer who is to prove itself by EAP: here it is
 * not begun, by whoever wants it. */
#include "tests/pair/pair.h"

#define BY_EAP    CONN("remote { auth = eap\n }")
#define SEVERAL   CONN("remote { auth = psk\n } remote-2 { round = 2\n auth = psk\n id = gate\n }")
#define BEGINS(x) CONN("remote { auth = eap\n }\n children { net { " x "\n } }")

enum { DAY = 24 * 3600 * 1000 };

static void assert_says(const struct why *why, const char *what)
{
	if (!why || !strstr(why->what, what))
		fail_msg("\"%s\" is not in \"%s\"", what, why ? why->what : "(nothing)");
}

/* Nothing has left moon, and nothing will. */
static void assert_silence(struct pair *p)
{
	SILENCE(p->lab);
	pair_quiet(p, DAY);
	assert_int_equal(ike_load(p->moon->ike).sas, 0);
}

static void refused(void **state, const char *moon, const char *what)
{
	struct pair *p = pair_open(state, moon, NULL);

	host_up(p->moon, "net", 1);
	assert_non_null(host_done(p->moon, 1));
	assert_false(host_done(p->moon, 1)->success);
	assert_says(host_done(p->moon, 1)->why, what);
	assert_silence(p);
	pair_close(state);
}

static void a_command(void **state)
{
	refused(state, BY_EAP, "by EAP, which only who begins can");
	refused(state, SEVERAL, "several times, which is taken from who begins only");
}

static void a_command_for_what_is_kept(void **state)
{
	refused(state, BEGINS("keep = yes"), "by EAP, which only who begins can");
}

static void with_the_configuration(void **state)
{
	static const char *const wishes[] = { BEGINS("start_action = start"), BEGINS("keep = yes") };

	for (unsigned i = 0; i < 2; i++) {
		struct pair *p = pair_open(state, wishes[i], NULL);

		assert_says(host_why(p->moon), "connection site cannot be begun from here");
		assert_silence(p);
		pair_close(state);
	}
}

static void a_packet(void **state)
{
	struct pair *p = pair_open(state, BEGINS("start_action = trap"), NULL);
	struct ike_event e = { .kind = EVENT_ACQUIRE };

	e.acquire.policy = datapath_policy(&p->moon->datapath, true)->id;
	assert_int_equal(ts_parse("10.1.0.5/32[udp/7]", &e.acquire.local), ERR_OK);
	assert_int_equal(ts_parse("10.2.0.5/32[udp/7]", &e.acquire.remote), ERR_OK);
	host_event(p->moon, &e);
	assert_says(host_why(p->moon), "by EAP, which only who begins can");
	assert_silence(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command),
		cmocka_unit_test(a_command_for_what_is_kept),
		PAIR_TEST(a_packet),
		cmocka_unit_test(with_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
