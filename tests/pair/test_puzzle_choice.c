/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puzzles in IKE_SA_INIT whose difficulty sun leaves to its peers (RFC 8019, 7.1.1.1). */
#include "tests/pair/caller.h"
#include "tests/pair/forge.h"

enum { CROWD = 100 };

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define ASKED         "moon <-- sun  IKE_SA_INIT response 0: N(COOKIE), N(PUZZLE)"
#define SOLVED        "moon --> sun  IKE_SA_INIT request 0: PS, SA, KE, Nonce, N(COOKIE), NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"
#define SUN                                                                                                  \
	CONN("remote_addrs = %any")                                                                          \
	DAEMON("cookie_threshold = 0\n cookie_threshold_ip = 1000\n block_threshold = 0\n "                  \
	       "puzzle_threshold = 100\n puzzle_choice = yes")

/* Moon's request is in the air. */
static struct pair *open_crowded(void **state)
{
	struct pair *p = pair_open(state, NULL, SUN);

	caller_crowd(p, CROWD);
	pair_say_up(p, 1);
	return p;
}

/* Moon goes on looking for a harder one as long as it can afford. */
static void such_a_puzzle_is_asked_and_solved(void **state)
{
	struct pair *p = open_crowded(state);

	ARROWS(p->lab, INIT_REQUEST);
	assert_int_equal(lab_first(p->lab)->data[lab_first(p->lab)->n - 1], 0);
	ARROWS(p->lab, ASKED);
	for (unsigned slices = 0; slices < 20; slices++)
		lab_clock(p->lab, lab_due(p->lab));
	lab_clock(p->lab, p->lab->now + PUZZLE_FREE_TIME);
	ARROWS(p->lab, SOLVED, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
	assert_int_equal(ike_load(p->sun->ike).puzzles, 1);
	assert_int_equal(ike_load(p->sun->ike).solved, 1);
	assert_true(host_said(p->sun,
		"100 IKE_SAs are half open: peers are asked for the solution of a puzzle as hard as they "
		"like, at best of 10 zero bits with their cookie (daemon.puzzle_threshold, "
		"daemon.puzzle_choice)"));
}

static void the_choice_is_theirs_only_while_the_load_is_low(void **state)
{
	static const struct {
		int crowd;
		unsigned bits;
	} loads[] = { { 100, 0 }, { 199, 0 }, { 200, 12 }, { 1600, 18 } };
	struct pair *p = pair_open(state, NULL, SUN);

	pair_say_up(p, 1);
	for (unsigned i = 0; i < sizeof loads / sizeof *loads; i++) {
		const struct wire_puzzle asked = caller_puzzle_in_crowd(p, loads[i].crowd);

		assert_int_equal(asked.prf, PRF_HMAC_SHA2_256);
		assert_int_equal(asked.bits, loads[i].bits);
	}
}

/* An address against which something speaks is asked for work. */
static void a_suspect_has_no_choice(void **state)
{
	struct pair *p = pair_open(state, NULL, SUN DAEMON("cookie_threshold_ip = 1"));
	struct addr from = caller_address("198.51.100.1", 500);
	static const unsigned bits[] = { 0, 0, 12 };

	caller_crowd(p, CROWD);
	pair_say_up(p, 1);
	for (uint8_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		struct caller c;

		caller_begin(&c, p, i);
		assert_true(caller_asked(&c, p, from));
		assert_int_equal(c.puzzle.bits, bits[i]);
		caller_solve(&c, PUZZLE_BITS_LEAST + PUZZLE_BITS_STEP, false);
		assert_true(caller_comes_in(&c, p, from));
		arena_free(&c.arena);
	}
	caller_crowd(p, -CROWD);
}

/* Whether one with that NUMBER comes in that has chosen so many BITS; 0: and has sent no solution. */
static bool comes_in_with(struct pair *p, unsigned number, unsigned bits)
{
	struct addr from = caller_address("198.51.100.1", 500);
	struct caller c;
	bool in;

	caller_begin(&c, p, (uint8_t)number);
	assert_true(caller_asked(&c, p, from));
	assert_int_equal(c.puzzle.bits, 0);
	if (bits)
		caller_solve(&c, bits, true);
	in = caller_comes_in(&c, p, from);
	arena_free(&c.arena);
	return in;
}

/* Of the few places each leaves more over for those who find more; ten bits need none. */
static void the_more_bits_are_found_the_sooner_one_comes_in(void **state)
{
	static const struct {
		unsigned bits;
		bool in;
	} v[] = { { 3, true }, { 3, true }, { 3, true }, { 3, false }, { 5, true }, { 5, true }, { 5, false },
		{ 9, true }, { 9, true }, { 9, true }, { 9, true }, { 9, false }, { 0, false }, { 10, true },
		{ 10, true }, { 12, true } };
	struct pair *p = open_crowded(state);
	unsigned number = 0;

	caller_fill(p);
	for (unsigned i = 0; i < sizeof v / sizeof *v; i++)
		assert_int_equal(comes_in_with(p, ++number, v[i].bits), v[i].in);
	assert_int_equal(ike_load(p->sun->ike).solved, 3);
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 1);
	/* One place more for those who have found something, and one for those who have nothing. */
	p->lab->now += STRANGER_TIME;
	assert_true(comes_in_with(p, ++number, 0));
	assert_false(comes_in_with(p, ++number, 3));
	assert_true(comes_in_with(p, ++number, 9));
	assert_false(comes_in_with(p, ++number, 9));
	caller_crowd(p, -CROWD);
}

/* The few places that an easy solution has been good for are taken. */
static void who_has_chosen_too_little_is_asked_for_more(void **state)
{
	struct pair *p = open_crowded(state);
	struct addr from = caller_address("198.51.100.1", 500);
	struct caller c;

	caller_fill(p);
	for (unsigned i = 1; i <= STRANGERS_BURST; i++)
		comes_in_with(p, i, 9);
	caller_begin(&c, p, 20);
	assert_true(caller_asked(&c, p, from));
	caller_solve(&c, 9, true);
	assert_true(caller_asked_with(&c, p, from));
	assert_int_equal(c.puzzle.prf, PRF_HMAC_SHA2_256);
	assert_int_equal(c.puzzle.bits, PUZZLE_BITS_LEAST);
	caller_solve(&c, PUZZLE_BITS_LEAST, true);
	assert_true(caller_comes_in(&c, p, from));
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 0);
	arena_free(&c.arena);
	caller_crowd(p, -CROWD);
}

static void an_easy_solution_counts_once_too(void **state)
{
	struct pair *p = open_crowded(state);
	struct addr from = caller_address("198.51.100.1", 500);
	struct caller c;

	caller_fill(p);
	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, from));
	caller_solve(&c, 9, true);
	assert_true(caller_comes_in(&c, p, from));
	assert_false(caller_comes_in(&c, p, caller_address("198.51.100.1", 501)));
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 1);
	arena_free(&c.arena);
	caller_crowd(p, -CROWD);
}

/* What was good enough for a calmer time. */
static void who_has_chosen_is_asked_again_when_it_is_much_harder(void **state)
{
	struct pair *p = open_crowded(state);
	struct addr from = caller_address("198.51.100.1", 500);
	struct caller c[2];

	for (uint8_t i = 0; i < 2; i++) {
		caller_begin(&c[i], p, i);
		assert_true(caller_asked(&c[i], p, from));
		caller_solve(&c[i], PUZZLE_BITS_LEAST, false);
	}
	caller_crowd(p, 3 * CROWD);
	assert_true(caller_comes_in(&c[0], p, from));
	caller_crowd(p, 4 * CROWD);
	assert_false(caller_comes_in(&c[1], p, from));
	assert_int_equal(ike_load(p->sun->ike).puzzles, 3);
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 0);
	for (unsigned i = 0; i < 2; i++)
		arena_free(&c[i].arena);
	caller_crowd(p, -8 * CROWD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(such_a_puzzle_is_asked_and_solved),
		PAIR_TEST(the_choice_is_theirs_only_while_the_load_is_low),
		PAIR_TEST(a_suspect_has_no_choice),
		PAIR_TEST(the_more_bits_are_found_the_sooner_one_comes_in),
		PAIR_TEST(who_has_chosen_too_little_is_asked_for_more),
		PAIR_TEST(an_easy_solution_counts_once_too),
		PAIR_TEST(who_has_chosen_is_asked_again_when_it_is_much_harder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
