/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked and answered late, or never, or after nobody wants to know any more. */
#include "tests/pair/pair.h"

#define TRAP CHILD("start_action = trap")

enum { PATIENCE = 11 * 1000 /* ms: longer than an answer is waited for */ };

static void assert_ended(const struct host *h, uint32_t ticket, bool success)
{
	const struct ike_tell *done = host_done(h, ticket);

	assert_non_null(done);
	assert_int_equal(done->success, success);
}

/* The child goes on both sides; the IKE_SA stays. */
static void an_installation_that_is_never_answered(void **state)
{
	static const enum asked parts[] = { ASKED_SA_IN, ASKED_SA_OUT, ASKED_POLICY };

	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct pair *p = pair_open(state, NULL, NULL);

		p->moon->silent = parts[i];
		pair_say_up(p, 1);
		lab_pass(p->lab, PATIENCE);
		assert_ended(p->moon, 1, false);
		assert_int_equal(ike_load(p->moon->ike).children, 0);
		assert_int_equal(ike_load(p->sun->ike).children, 0);
		assert_int_equal(datapath_sas(&p->moon->datapath), 0);
		assert_int_equal(pair_close(state), 0);
	}
}

static void a_child_deleted_while_it_is_installed(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	p->moon->silent = ASKED_POLICY;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_null(host_done(p->moon, 1));
	host_command(p->moon,
		&(struct ike_command){ .kind = COMMAND_DOWN, .ticket = 2, .child = "net", .force = true });
	assert_ended(p->moon, 1, false);
	assert_ended(p->moon, 2, true);
}

/* The same when nobody forces it. */
static void a_child_closed_while_it_is_installed(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	p->moon->late = PATIENCE / 2;
	p->moon->silent = ASKED_POLICY;
	pair_say_up(p, 1);
	lab_pass(p->lab, 2 * PATIENCE);
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_DOWN, .ticket = 2, .ike = "site" });
	lab_pass(p->lab, 2 * PATIENCE);
	assert_ended(p->moon, 1, false);
	assert_ended(p->moon, 2, true);
}

/* At the responder the peer waits for its answer: it is made, and the child deleted behind it. */
static void a_child_deleted_before_the_responder_answers(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	p->sun->late = 1000;
	lab_deliver(p->lab, lab_first(p->lab));
	lab_clock(p->lab, p->lab->now + 1000); /* moon's AUTH is right */
	lab_clock(p->lab, p->lab->now + 1000); /* and sun's is made; the child is being installed */
	SILENCE(p->lab);
	host_command(p->sun,
		&(struct ike_command){ .kind = COMMAND_DOWN, .ticket = 2, .child = "net", .force = true });
	lab_clock(p->lab, p->lab->now + 1000);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}",
		"moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}",
		"moon --> sun  INFORMATIONAL response 0: SK {D(ESP)}");
	/* clang-format on */
	assert_ended(p->sun, 2, true);
	pair_assert_agree(p, 0);
}

/* It is tried again, from the start. */
static void a_trap_that_is_never_set(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	p->moon->silent = ASKED_POLICY;
	host_reload(p->moon, pair_text(state, pair_moon, TRAP));
	lab_pass(p->lab, PATIENCE);
	p->moon->silent = 0;
	lab_pass(p->lab, PATIENCE);
	assert_int_equal(datapath_policies(&p->moon->datapath, true), 1);
}

/* The first trap's answer comes when the second one, of a new configuration, is set already. */
static void a_trap_set_after_its_successor(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	p->moon->late = 5000;
	host_reload(p->moon, pair_text(state, pair_moon, TRAP));
	lab_pass(p->lab, 5000);
	p->moon->late = 0;
	host_reload(p->moon, pair_text(state, pair_moon, TRAP CHILD("replay_window = 64")));
	lab_pass(p->lab, PATIENCE);
	assert_int_equal(datapath_policies(&p->moon->datapath, true), 1);
	host_reload(p->moon, pair_moon);
	assert_int_equal(datapath_policies(&p->moon->datapath, true), 0);
}

/* Encapsulation was asked for under the old configuration, and is expected under it. */
static void a_configuration_changed_in_the_middle(void **state)
{
	struct pair *p = pair_open(state, DAEMON("udp_encap = yes"), NULL);
	const char *why = NULL;

	pair_say_up(p, 1);
	host_reload(p->moon, pair_moon);
	lab_calm(p->lab);
	assert_ended(p->moon, 1, true);
	assert_true(datapath_sa(&p->moon->datapath, true, 0)->encap);
	assert_true(datapath_mirrors(&p->moon->datapath, &p->sun->datapath, &why));
}

/* What is told about an SA of a connection that is configured no more. */
static void a_connection_that_goes_before_its_sa(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	host_reload(p->moon, SECRET("secret = moonlight"));
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_DOWN, .ticket = 2, .ike = "site" });
	lab_calm(p->lab);
	assert_ended(p->moon, 2, true);
	assert_string_equal(host_told(p->moon, TELL_SA_DOWN)->name, "site");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PAIR_TEST(an_installation_that_is_never_answered),
		PAIR_TEST(a_child_deleted_while_it_is_installed),
		PAIR_TEST(a_child_closed_while_it_is_installed),
		PAIR_TEST(a_child_deleted_before_the_responder_answers),
		PAIR_TEST(a_trap_that_is_never_set),
		PAIR_TEST(a_trap_set_after_its_successor),
		PAIR_TEST(a_configuration_changed_in_the_middle),
		PAIR_TEST(a_connection_that_goes_before_its_sa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
