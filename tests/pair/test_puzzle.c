/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puzzles in IKE_SA_INIT (RFC 8019, 7.1): sun asks them, moon solves them; and who does not. */
#include "crypto/puzzle.h"
#include "tests/pair/caller.h"
#include "tests/pair/forge.h"

#include <stdlib.h>

enum { CROWD = 100 };

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define ONLY_COOKIE   "moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)"
#define ASKED         "moon <-- sun  IKE_SA_INIT response 0: N(COOKIE), N(PUZZLE)"
#define WITH_COOKIE   "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD"
#define SOLVED        "moon --> sun  IKE_SA_INIT request 0: PS, SA, KE, Nonce, N(COOKIE), NATD"
#define OTHER_GROUP   "moon <-- sun  IKE_SA_INIT response 0: N(INVALID_KE_PAYLOAD)"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"
#define SUN                                                                                                  \
	CONN("remote_addrs = %any")                                                                          \
	DAEMON("cookie_threshold = 0\n block_threshold = 0\n puzzle_threshold = 100\n")

/* A second connection of moon. */
#define OTHER                                                                                                \
	"connections { other { local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n proposals = "            \
	"aes128gcm16-prfsha256-x25519\n fragmentation = no\n local { auth = psk }\n remote { auth = psk }\n" \
	" children { far { remote_ts = 10.7.0.0/16\n } } } }\n"

static struct pair *open_crowded(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun ? sun : SUN);

	caller_crowd(p, CROWD);
	pair_say_up(p, 1);
	return p;
}

static bool works(const struct pair *p)
{
	const struct sa *sa = forge_sa(p->moon);

	return sa && sa->core.state == S_I_PUZZLE;
}

/* --------------------------------------------------------------- both roles */

static void a_puzzle_is_asked_and_solved(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);

	ARROWS(p->lab, INIT_REQUEST, ASKED);
	assert_true(works(p));
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	assert_int_equal(p->sun->asked, 0);
	pair_wait(p);
	ARROWS(p->lab, SOLVED, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
	assert_int_equal(ike_load(p->sun->ike).puzzles, 1);
	assert_int_equal(ike_load(p->sun->ike).solved, 1);
	assert_true(
		host_said(p->moon, "the peer asks for the solution of a puzzle of 10 zero bits (RFC 8019)"));
	assert_true(host_said(p->moon, "the puzzle was solved with "));
	assert_true(host_said(p->sun, "100 IKE_SAs are half open: peers are asked for the solution of a "
				      "puzzle of 10 zero bits with "
				      "their cookie (daemon.puzzle_threshold)"));
}

static void a_solution_goes_with_another_group_too(void **state)
{
	struct pair *p = open_crowded(state, CONN("proposals = aes128gcm16-prfsha256-x25519-ecp256"),
		SUN CONN("proposals = aes128gcm16-prfsha256-ecp256"));

	ARROWS(p->lab, INIT_REQUEST, ASKED);
	pair_wait(p);
	ARROWS(p->lab, SOLVED, OTHER_GROUP, SOLVED, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
}

static void a_puzzle_is_of_a_prf_that_was_offered(void **state)
{
	struct pair *p = open_crowded(state, CONN("proposals = aes128gcm16-prfsha512-prfsha384-x25519"),
		SUN CONN("proposals = aes128gcm16-prfsha384-x25519"));
	struct caller c;

	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, caller_address("198.51.100.1", 500)));
	assert_int_equal(c.puzzle.prf, PRF_HMAC_SHA2_384);
	arena_free(&c.arena);
	ARROWS(p->lab, INIT_REQUEST, ASKED);
	pair_wait(p);
	ARROWS(p->lab, SOLVED, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
}

/* --------------------------------------------------------------- initiator */

/* The answer of sun in the air asks for another puzzle. */
static void ask_instead(struct pair *p, uint16_t prf, uint8_t bits)
{
	struct flight *f = lab_first(p->lab);

	f->data[f->n - 3] = (uint8_t)(prf >> 8);
	f->data[f->n - 2] = (uint8_t)prf;
	f->data[f->n - 1] = bits;
}

static void too_hard_a_puzzle_is_not_solved(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);

	ARROWS(p->lab, INIT_REQUEST);
	ask_instead(p, PRF_HMAC_SHA2_256, PUZZLE_BITS_SOLVED + 1);
	ARROWS(p->lab, ASKED, WITH_COOKIE, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
	assert_true(host_said(p->moon,
		"the peer asks for the solution of a puzzle of 21 zero bits (RFC 8019), which is not solved, "
		"but asked again without: no more than 20 are solved here"));
}

static void a_puzzle_of_another_prf_is_not_solved(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);

	ARROWS(p->lab, INIT_REQUEST);
	ask_instead(p, PRF_HMAC_SHA2_512, 10);
	ARROWS(p->lab, ASKED, WITH_COOKIE, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
	assert_true(host_said(p->moon, "it is for a PRF that was not offered"));
}

/* What the cookie has to give is missing: moon goes on waiting (7.1.2), whatever else stands there. */
static void a_puzzle_over_nothing_is_no_answer(void **state)
{
	static const uint8_t asked[PUZZLE_OCTETS] = { 0, PRF_HMAC_SHA2_256, PUZZLE_BITS_LEAST };
	struct pair *p = open_crowded(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	ARROWS(p->lab, INIT_REQUEST);
	f = lab_first(p->lab);
	m = forge_read(f, &arena);
	for (unsigned i = 0; i < 2; i++) {
		m.n_notifies = 0;
		message_add_notify(&m, &arena, PUZZLE, bytes_of(asked, sizeof asked));
		if (i)
			message_add_notify(&m, &arena, NO_PROPOSAL_CHOSEN, (struct bytes){ 0 });
		lab_deliver(p->lab, lab_forge(p->lab, p->sun, f->source, f->target, forge_clear(&m, &arena)));
	}
	assert_int_equal(host_dropped(p->moon, DROP_INVALID), 2);
	arena_free(&arena);
	ARROWS(p->lab, ASKED);
	pair_wait(p);
	ARROWS(p->lab, SOLVED, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
}

/* The difficulty is moon's choice (7.1.1.1): it takes the hardest that it solves in a second. */
static void of_a_puzzle_without_difficulty_as_much_is_solved_as_there_is_time_for(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m;
	unsigned bits, asked;

	ARROWS(p->lab, INIT_REQUEST);
	ask_instead(p, PRF_HMAC_SHA2_256, 0);
	ARROWS(p->lab, ASKED);
	for (unsigned slices = 0; slices < 20; slices++)
		lab_clock(p->lab, lab_due(p->lab));
	/* 40,960 keys: a solution of 10 zero bits takes 4,096. */
	assert_true(works(p));
	asked = forge_sa(p->moon)->handshake->puzzle.bits - 1;
	assert_true(asked > PUZZLE_BITS_LEAST);
	lab_clock(p->lab, p->lab->now + PUZZLE_FREE_TIME - 50);
	assert_true(works(p));
	lab_clock(p->lab, p->lab->now + 50);
	assert_false(works(p));
	m = forge_read(lab_first(p->lab), &arena);
	assert_int_equal(m.solution.n, PUZZLE_KEYS * PUZZLE_KEY_OCTETS);
	for (unsigned i = 0; i < PUZZLE_KEYS; i++) {
		struct bytes key = bytes_of(m.solution.p + i * PUZZLE_KEY_OCTETS, PUZZLE_KEY_OCTETS);

		assert_int_equal(puzzle_measure(transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0), key,
					 message_notify(&m, COOKIE)->data, &bits),
			ERR_OK);
		assert_true(bits >= asked);
	}
	arena_free(&arena);
	caller_crowd(p, -CROWD);
}

static void no_puzzle_is_worked_on_for_ever(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);

	ARROWS(p->lab, INIT_REQUEST);
	ask_instead(p, PRF_HMAC_SHA2_256, PUZZLE_BITS_SOLVED);
	ARROWS(p->lab, ASKED);
	lab_clock(p->lab, lab_due(p->lab));
	assert_true(works(p));
	assert_int_equal(lab_due(p->lab), p->lab->now + 2);
	lab_clock(p->lab, p->lab->now + PUZZLE_TIME - 2);
	assert_true(works(p));
	lab_clock(p->lab, p->lab->now + 2);
	assert_false(works(p));
	assert_true(host_said(p->moon, "the puzzle was not solved with "));
	ARROWS(p->lab, WITH_COOKIE, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
}

/* The time for the first one is all there is. */
static void another_puzzle_gets_no_more_time(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);

	ARROWS(p->lab, INIT_REQUEST);
	ask_instead(p, PRF_HMAC_SHA2_256, PUZZLE_BITS_SOLVED);
	ARROWS(p->lab, ASKED);
	lab_clock(p->lab, p->lab->now + PUZZLE_TIME);
	p->sun->ike->cookie_generation += 2;
	ARROWS(p->lab, WITH_COOKIE);
	ask_instead(p, PRF_HMAC_SHA2_256, PUZZLE_BITS_SOLVED);
	ARROWS(p->lab, ASKED);
	assert_true(works(p));
	lab_clock(p->lab, lab_due(p->lab));
	ARROWS(p->lab, WITH_COOKIE, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
}

/* Whatever else comes meanwhile is not for an IKE_SA that has asked nothing. */
static void work_is_ended_by_the_command_down(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);

	ARROWS(p->lab, INIT_REQUEST);
	ask_instead(p, PRF_HMAC_SHA2_256, PUZZLE_BITS_SOLVED);
	ARROWS(p->lab, "twice: " ASKED);
	assert_true(works(p));
	SILENCE(p->lab);
	host_down(p->moon, NULL, 2);
	assert_true(host_done(p->moon, 2)->success);
	caller_crowd(p, -CROWD);
	pair_assert_empty(p);
}

/* Keys that the N puzzles of H have been tried with. */
static uint32_t tried(const struct host *h, unsigned n, uint32_t each[])
{
	uint32_t all = 0;
	unsigned i = 0;

	list_each (k, &h->ike->sas_list) {
		assert_true(i < n);
		each[i] = node_owner(k, struct sa, of_ike)->handshake->puzzle.next;
		all += each[i++];
	}
	assert_int_equal(i, n);
	return all;
}

/* Each step works on one puzzle, for one slice, however many there are. */
static void puzzles_take_turns(void **state)
{
	struct pair *p = open_crowded(state, OTHER, NULL);
	uint32_t each[2];

	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_UP, .ticket = 2, .ike = "other" });
	ARROWS(p->lab, INIT_REQUEST, INIT_REQUEST);
	for (unsigned i = 0; i < 2; i++) {
		ask_instead(p, PRF_HMAC_SHA2_256, PUZZLE_BITS_SOLVED);
		ARROWS(p->lab, ASKED);
	}
	for (uint32_t steps = 1; steps <= 20; steps++) {
		lab_clock(p->lab, lab_due(p->lab));
		assert_int_equal(tried(p->moon, 2, each), steps * PUZZLE_SLICE);
		assert_in_range(each[0] / PUZZLE_SLICE, steps / 2, (steps + 1) / 2);
	}
	caller_crowd(p, -CROWD);
}

/* --------------------------------------------------------------- responder */

static void a_wrong_solution_is_none(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);
	struct addr from = caller_address("198.51.100.1", 500);
	struct caller c;

	caller_fill(p);
	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, from));
	assert_int_equal(c.puzzle.bits, PUZZLE_BITS_LEAST);
	assert_false(caller_comes_in(&c, p, from));
	caller_solve(&c, PUZZLE_BITS_LEAST, false);
	/* One key four times; keys of no size, or too large; one that does not fit. */
	for (unsigned how = 0; how < 4; how++) {
		struct caller wrong = { .request = c.request, .cookie = c.cookie };
		uint8_t keys[4 * 64 + 4] = { 0 };

		memcpy(keys, c.request.solution.p, c.request.solution.n);
		if (how == 0)
			memcpy(keys + 4, keys, 4);
		if (how == 3)
			keys[15] ^= 1;
		wrong.request.solution = bytes_of(keys, how == 1 ? 15 : how == 2 ? sizeof keys : 16);
		assert_false(caller_comes_in(&wrong, p, from));
		arena_free(&wrong.arena);
	}
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 5);
	assert_true(caller_comes_in(&c, p, from));
	assert_int_equal(ike_load(p->sun->ike).solved, 1);
	arena_free(&c.arena);
	caller_crowd(p, -CROWD);
}

/* It is for one address, SPI and nonce, as the cookie is. */
static void a_solution_is_nobody_elses(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);
	struct caller c;

	caller_fill(p);
	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, caller_address("198.51.100.1", 500)));
	caller_solve(&c, PUZZLE_BITS_LEAST, false);
	assert_false(caller_comes_in(&c, p, caller_address("198.51.100.2", 500)));
	c.request.header.spi_i++;
	assert_false(caller_comes_in(&c, p, caller_address("198.51.100.1", 500)));
	c.request.header.spi_i--;
	assert_true(caller_comes_in(&c, p, caller_address("198.51.100.1", 500)));
	arena_free(&c.arena);
	caller_crowd(p, -CROWD);
}

static void a_puzzle_cannot_be_made_easier(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);
	struct caller c;
	uint8_t *bits;

	caller_fill(p);
	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, caller_address("198.51.100.1", 500)));
	bits = (uint8_t *)c.cookie.p + PUZZLE_OCTETS;
	assert_int_equal(*bits, PUZZLE_BITS_LEAST);
	*bits = 1;
	caller_solve(&c, 1, false);
	assert_false(caller_comes_in(&c, p, caller_address("198.51.100.1", 500)));
	arena_free(&c.arena);
	caller_crowd(p, -CROWD);
}

/* From another port, or when the IKE_SA that it made has gone. */
static void a_solution_counts_once(void **state)
{
	struct pair *p = open_crowded(state, NULL, SUN DAEMON("half_open_timeout = 3s"));
	struct caller c;

	caller_fill(p);
	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, caller_address("198.51.100.1", 500)));
	caller_solve(&c, PUZZLE_BITS_LEAST, false);
	assert_true(caller_comes_in(&c, p, caller_address("198.51.100.1", 500)));
	assert_false(caller_comes_in(&c, p, caller_address("198.51.100.1", 501)));
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 1);
	lab_clock(p->lab, p->lab->now + 3000);
	caller_crowd(p, -CROWD);
	assert_int_equal(ike_load(p->sun->ike).half_open, 0);
	caller_crowd(p, CROWD);
	caller_fill(p);
	assert_false(caller_comes_in(&c, p, caller_address("198.51.100.1", 500)));
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 2);
	/* With the secret goes what was made with it. */
	lab_clock(p->lab, p->lab->now + 2 * COOKIE_LIFETIME);
	assert_true(caller_asked(&c, p, caller_address("198.51.100.1", 500)));
	assert_int_equal(p->sun->ike->spent[0].count + p->sun->ike->spent[1].count, 0);
	arena_free(&c.arena);
	caller_crowd(p, -CROWD);
}

static void who_knows_no_puzzles_comes_in_slowly(void **state)
{
	struct pair *p = open_crowded(state, NULL, NULL);
	struct addr from = caller_address("198.51.100.1", 500);
	struct caller c;

	caller_fill(p);
	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, from));
	assert_false(caller_comes_in(&c, p, from));
	p->lab->now += STRANGER_TIME;
	assert_true(caller_comes_in(&c, p, from));
	arena_free(&c.arena);
	caller_crowd(p, -CROWD);
}

/* It might have been taken in advance, and by thousands. */
static void a_cookie_of_before_is_no_solution(void **state)
{
	struct pair *p = pair_open(state, NULL, SUN);
	struct addr from = caller_address("198.51.100.1", 500);
	struct caller c;

	pair_say_up(p, 1);
	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, from));
	assert_int_equal(c.puzzle.bits, 0);
	caller_crowd(p, CROWD);
	assert_false(caller_comes_in(&c, p, from));
	assert_int_equal(ike_load(p->sun->ike).puzzles, 1);
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 0);
	caller_crowd(p, -CROWD);
	arena_free(&c.arena);
}

static void puzzles_get_harder_with_the_load(void **state)
{
	static const struct {
		int crowd;
		unsigned bits;
	} loads[] = { { 99, 0 }, { 100, 10 }, { 199, 10 }, { 200, 12 }, { 400, 14 }, { 100, 14 },
		{ 1600, 18 }, { 3200, 18 } };
	struct pair *p = pair_open(state, NULL, SUN);

	pair_say_up(p, 1);
	for (unsigned i = 0; i < sizeof loads / sizeof *loads; i++)
		assert_int_equal(caller_puzzle_in_crowd(p, loads[i].crowd).bits, loads[i].bits);
}

static void ask_all(struct pair *p, unsigned n, unsigned bits)
{
	for (unsigned i = 1; i <= n; i++) {
		struct caller c;

		caller_begin(&c, p, (uint8_t)i);
		assert_true(caller_asked(&c, p, caller_address("198.51.100.1", 500)));
		assert_int_equal(c.puzzle.bits, bits);
		arena_free(&c.arena);
	}
}

/* Few are half open, since many are asked. */
static void puzzles_are_asked_until_it_is_calm(void **state)
{
	struct pair *p = pair_open(state, NULL, SUN);

	pair_say_up(p, 1);
	caller_crowd(p, 2 * CROWD);
	ask_all(p, CROWD, 12);
	caller_crowd(p, -2 * CROWD);
	p->lab->now += PRESSURE_TIME;
	ask_all(p, CROWD - 1, PUZZLE_BITS_LEAST);
	p->lab->now += PRESSURE_TIME;
	ask_all(p, 1, 0);
	assert_true(host_said(
		p->sun, "few IKE_SAs are half open: peers are asked for the solution of puzzles no more"));
}

static void no_puzzle_is_asked_unless_configured(void **state)
{
	struct pair *p = open_crowded(state, NULL, SUN DAEMON("puzzle_threshold = 0"));

	caller_crowd(p, 2000);
	ARROWS(p->lab, INIT_REQUEST, ONLY_COOKIE, WITH_COOKIE, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD - 2000);
	pair_assert_up(p);
}

static void no_puzzle_is_asked_any_more_when_it_is_configured(void **state)
{
	struct pair *p = pair_open(state, NULL, SUN);

	pair_say_up(p, 1);
	caller_crowd(p, CROWD);
	ask_all(p, 1, PUZZLE_BITS_LEAST);
	host_reload(p->sun, pair_text(state, pair_sun, SUN DAEMON("puzzle_threshold = 0")));
	p->lab->now += PRESSURE_TIME;
	ask_all(p, 1, 0);
	caller_crowd(p, -CROWD);
}

static void no_puzzle_is_asked_before_cookies_are(void **state)
{
	struct pair *p = open_crowded(state, NULL, SUN DAEMON("cookie_threshold = 101"));

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	caller_crowd(p, -CROWD);
	pair_assert_up(p);
}

/* What was not asked for is not looked into (7.1.4). */
static void a_solution_of_nothing_is_ignored(void **state)
{
	struct pair *p = pair_open(state, NULL, SUN);
	struct addr from = caller_address("198.51.100.1", 500);
	struct caller c;

	pair_say_up(p, 1);
	caller_begin(&c, p, 1);
	assert_true(caller_asked(&c, p, from));
	c.request.solution = bytes_str("nonsense");
	c.request.has |= PAYLOAD_BIT(PAYLOAD_PS);
	assert_true(caller_comes_in(&c, p, from));
	arena_free(&c.arena);
}

/* ----------------------------------------------------------- by address (6, 7.1.1.1) */

#define CALM                                                                                                 \
	CONN("remote_addrs = %any")                                                                          \
	DAEMON("cookie_threshold_ip = 2\n block_threshold = 0\n puzzle_threshold = 100\n")

/* How hard a puzzle the next one from FROM, of this number, is asked for (0: for none), which it solves then.
 */
static unsigned bits_of_next(struct pair *p, struct addr from, uint8_t number)
{
	unsigned bits = 0;
	struct caller c;

	caller_begin(&c, p, number);
	if (caller_asked(&c, p, from)) {
		bits = c.puzzle.bits;
		if (bits)
			caller_solve(&c, bits, false);
		assert_true(caller_comes_in(&c, p, from));
	}
	arena_free(&c.arena);
	return bits;
}

static void an_address_of_which_many_are_half_open_gets_harder_puzzles(void **state)
{
	static const unsigned bits[] = { 0, 0, 0, 10, 12, 12, 14, 14 };
	struct pair *p = pair_open(state, NULL, CALM);

	pair_say_up(p, 1);
	for (uint8_t i = 0; i < sizeof bits / sizeof *bits; i++)
		assert_int_equal(bits_of_next(p, caller_address("198.51.100.1", 500), i), bits[i]);
	assert_int_equal(bits_of_next(p, caller_address("198.51.100.2", 500), 50), 0);
	/* Those for all come on top. */
	caller_crowd(p, CROWD);
	host_reload(p->sun, pair_text(state, pair_sun, CALM DAEMON("cookie_threshold = 0")));
	assert_int_equal(bits_of_next(p, caller_address("198.51.100.2", 500), 51), PUZZLE_BITS_LEAST);
	assert_int_equal(bits_of_next(p, caller_address("198.51.100.1", 500), 52), 16);
	caller_crowd(p, -CROWD);
}

static void no_address_gets_puzzles_unless_configured(void **state)
{
	struct pair *p = pair_open(state, NULL, CALM DAEMON("puzzle_threshold = 0"));

	pair_say_up(p, 1);
	for (uint8_t i = 0; i < 6; i++)
		assert_int_equal(bits_of_next(p, caller_address("198.51.100.1", 500), i), 0);
}

/* It costs a key agreement. */
static void an_address_that_sends_nonsense_gets_puzzles_for_a_while(void **state)
{
	struct pair *p = pair_open(state, NULL, CALM);
	struct flight *f;

	pair_say_up(p, 1);
	f = lab_copy(p->lab, lab_first(p->lab));
	list_remove(&f->node);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	lab_first(p->lab)->data[lab_first(p->lab)->n - 1] ^= 1;
	p->sun->ike->offences_until = p->lab->now + 1;
	lab_deliver(p->lab, lab_first(p->lab));
	assert_int_equal(host_dropped(p->sun, DROP_SEAL), 1);
	list_append(&p->lab->flights, &f->node);
	assert_int_equal(bits_of_next(p, caller_address("192.0.2.1", 500), 1), PUZZLE_BITS_LEAST);
	assert_int_equal(bits_of_next(p, caller_address("198.51.100.2", 500), 2), 0);
	/* Whenever it came. */
	p->lab->now += OFFENCE_TIME - 1;
	host_event(p->sun, &(struct ike_event){ .kind = EVENT_WOKEN });
	assert_int_equal(bits_of_next(p, caller_address("192.0.2.1", 500), 3), PUZZLE_BITS_LEAST);
	p->lab->now += OFFENCE_TIME;
	host_event(p->sun, &(struct ike_event){ .kind = EVENT_WOKEN });
	assert_int_equal(bits_of_next(p, caller_address("192.0.2.1", 500), 4), 0);
}

/* It has spent little, for what it is now (7.1.5). */
static void who_has_solved_an_easy_one_gets_a_harder_one(void **state)
{
	struct pair *p = pair_open(state, NULL, CALM);
	struct addr from = caller_address("198.51.100.1", 500);
	struct caller c;

	pair_say_up(p, 1);
	for (uint8_t i = 0; i < 3; i++)
		(void)bits_of_next(p, from, i);
	caller_begin(&c, p, 100);
	assert_true(caller_asked(&c, p, from));
	assert_int_equal(c.puzzle.bits, 10);
	caller_solve(&c, 10, false);
	for (uint8_t i = 3; i < 3 + 7; i++)
		(void)bits_of_next(p, from, i);
	assert_false(caller_comes_in(&c, p, from));
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 0);
	arena_free(&c.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_puzzle_is_asked_and_solved),
		PAIR_TEST(a_solution_goes_with_another_group_too),
		PAIR_TEST(a_puzzle_is_of_a_prf_that_was_offered),
		PAIR_TEST(too_hard_a_puzzle_is_not_solved),
		PAIR_TEST(a_puzzle_of_another_prf_is_not_solved),
		PAIR_TEST(a_puzzle_over_nothing_is_no_answer),
		PAIR_TEST(of_a_puzzle_without_difficulty_as_much_is_solved_as_there_is_time_for),
		PAIR_TEST(no_puzzle_is_worked_on_for_ever),
		PAIR_TEST(another_puzzle_gets_no_more_time),
		PAIR_TEST(work_is_ended_by_the_command_down),
		PAIR_TEST(puzzles_take_turns),
		PAIR_TEST(a_wrong_solution_is_none),
		PAIR_TEST(a_solution_is_nobody_elses),
		PAIR_TEST(a_puzzle_cannot_be_made_easier),
		PAIR_TEST(a_solution_counts_once),
		PAIR_TEST(who_knows_no_puzzles_comes_in_slowly),
		PAIR_TEST(a_cookie_of_before_is_no_solution),
		PAIR_TEST(puzzles_get_harder_with_the_load),
		PAIR_TEST(puzzles_are_asked_until_it_is_calm),
		PAIR_TEST(an_address_of_which_many_are_half_open_gets_harder_puzzles),
		PAIR_TEST(no_address_gets_puzzles_unless_configured),
		PAIR_TEST(an_address_that_sends_nonsense_gets_puzzles_for_a_while),
		PAIR_TEST(who_has_solved_an_easy_one_gets_a_harder_one),
		PAIR_TEST(no_puzzle_is_asked_unless_configured),
		PAIR_TEST(no_puzzle_is_asked_any_more_when_it_is_configured),
		PAIR_TEST(no_puzzle_is_asked_before_cookies_are),
		PAIR_TEST(a_solution_of_nothing_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
