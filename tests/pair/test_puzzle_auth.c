/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puzzles in IKE_AUTH (RFC 8019, 7.2): sun, to which nonsense comes, asks them, and agrees on keys with who
 * has solved one. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#include <stdlib.h>

enum { CROWD = 100, CERTIFICATE = 3000, LARGE = 1280 - 28 };

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define COOKIE_ASKED  "moon <-- sun  IKE_SA_INIT response 0: N(COOKIE), N(PUZZLE)"
#define WITH_COOKIE   "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD"
#define SOLVED        "moon --> sun  IKE_SA_INIT request 0: PS, SA, KE, Nonce, N(COOKIE), NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define ASKED         INIT_RESPONSE ", N(PUZZLE)"
#define AUTH_SOLVED   "moon --> sun  IKE_AUTH request 1: PS, SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"
#define FRAGMENT(i)   "moon --> sun  IKE_AUTH request 1: " i
#define SUN(threshold)                                                                                       \
	CONN("remote_addrs = %any")                                                                          \
	DAEMON("cookie_threshold = 0\n block_threshold = 0\n puzzle_threshold = 100\n"                       \
	       " puzzle_auth_threshold = " threshold "\n")
#define SIGNED CONN("fragmentation = yes\n local { auth = pubkey\n } remote { auth = pubkey\n }")

/* As if N more IKE_SAs were half open at sun, or fewer. */
static void crowd(struct pair *p, int n)
{
	p->sun->ike->half_open += (unsigned)n;
}

static struct sa *newest(const struct host *h)
{
	return node_owner(h->ike->sas_list.prev, struct sa, of_ike);
}

/* Moon works on its puzzle until it says something. */
static void work(struct pair *p)
{
	while (!lab_first(p->lab))
		lab_clock(p->lab, lab_due(p->lab));
}

/* The first IKE_SA_INIT of moon, as it is solved; the answer is in the air. */
static void begin(struct pair *p, uint32_t ticket)
{
	pair_say_up(p, ticket);
	for (unsigned i = 0; i < 2; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	work(p);
	lab_deliver(p->lab, lab_first(p->lab));
}

/* A copy of F comes to sun, with its octet AT changed. */
static void damage(struct pair *p, const struct flight *f, size_t at)
{
	struct flight *copy = lab_copy(p->lab, f);

	copy->data[at] ^= 1;
	lab_deliver(p->lab, copy);
}

/* Moon was up, once, and so was nonsense in its name; it begins again, and sun's answer to IKE_SA_INIT is in
 * the air. */
static struct pair *attacked_with(void **state, const char *moon, const char *sun, int certificates)
{
	static const uint8_t authority[20] = { 1, 2, 3 };
	struct pair *p = pair_open(state, moon, sun);

	p->lab->certificates = certificates;
	host_trust(p->moon, bytes_of(authority, certificates ? sizeof authority : 0));
	host_trust(p->sun, bytes_of(authority, certificates ? sizeof authority : 0));
	crowd(p, CROWD);
	begin(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	damage(p, lab_first(p->lab), lab_first(p->lab)->n - 1);
	assert_int_equal(host_dropped(p->sun, DROP_SEAL), 1);
	lab_calm(p->lab);
	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	begin(p, 3);
	return p;
}

static struct pair *attacked(void **state, const char *moon, const char *sun)
{
	return attacked_with(state, moon, sun ? sun : SUN("1"), 0);
}

/* Until moon's IKE_AUTH with the solution is in the air. */
static struct pair *solved(void **state)
{
	struct pair *p = attacked(state, NULL, NULL);

	ARROWS(p->lab, ASKED);
	work(p);
	return p;
}

/* That goes out again. */
static void again(struct pair *p)
{
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab, AUTH_SOLVED, AUTH_RESPONSE);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->sun));
}

/* --------------------------------------------------------------- both roles */

static void keys_are_agreed_on_when_a_puzzle_is_solved(void **state)
{
	struct pair *p = attacked(state, NULL, NULL);

	assert_true(host_said(p->sun, "1 half-open IKE_SAs got nonsense as their first request"));
	ARROWS(p->lab, ASKED);
	assert_int_equal(forge_sa(p->moon)->core.state, S_I_AUTH_PUZZLE);
	assert_int_equal(newest(p->sun)->core.state, S_R_PUZZLE);
	assert_false(newest(p->sun)->core.keyed);
	work(p);
	ARROWS(p->lab, AUTH_SOLVED, AUTH_RESPONSE);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->moon));
	assert_non_null(forge_sa_up(p->sun));
	assert_true(host_said(p->moon,
		"the peer asks for the solution of a puzzle of 12 zero bits before IKE_AUTH (RFC 8019)"));
}

static void a_repeated_ike_auth_is_answered_again(void **state)
{
	struct pair *p = solved(state);

	ARROWS(p->lab, "twice: " AUTH_SOLVED, AUTH_RESPONSE, AUTH_RESPONSE);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->sun));
}

/* The solution stands before the seal of the first one (RFC 7383, 2.5.3), which is no larger for it. */
static struct pair *in_fragments(void **state)
{
	struct pair *p = attacked_with(state, SIGNED, pair_text(state, SUN("1"), SIGNED), CERTIFICATE);

	lab_deliver(p->lab, lab_first(p->lab));
	work(p);
	assert_int_equal(lab_first(p->lab)->n, LARGE);
	return p;
}

static void the_solution_goes_with_the_first_fragment(void **state)
{
	struct pair *p = in_fragments(state);

	ARROWS(p->lab, FRAGMENT("PS, SKF 1/3"), FRAGMENT("SKF 2/3"), FRAGMENT("SKF 3/3"));
	lab_calm(p->lab);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->moon));
	assert_non_null(forge_sa_up(p->sun));
}

/* They wait for the keys. */
static void other_fragments_come_while_keys_are_agreed_on(void **state)
{
	struct pair *p = in_fragments(state);

	p->sun->late = 50;
	ARROWS(p->lab, FRAGMENT("PS, SKF 1/3"), FRAGMENT("SKF 2/3"), FRAGMENT("SKF 3/3"));
	SILENCE(p->lab);
	assert_int_equal(newest(p->sun)->core.state, S_R_AGREE);
	p->sun->late = 0;
	lab_clock(p->lab, p->lab->now + 50);
	lab_calm(p->lab);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->moon));
	assert_int_equal(host_told_times(p->sun, TELL_DROPPED), 1 /* the nonsense of before */);
}

/* However small they are. */
static void only_so_many_wait_for_keys(void **state)
{
	enum { SIZE = IKE_HEADER + 60 };
	struct pair *p = in_fragments(state);
	struct flight *small;

	p->sun->late = 50;
	lab_deliver(p->lab, lab_first(p->lab));
	for (unsigned i = 1; i < FRAGMENTS_MAX + 3; i++) {
		struct wr w;

		small = lab_copy(p->lab, lab_first(p->lab));
		small->n = SIZE;
		w = wr_of(small->data, SIZE);
		w.n = SIZE;
		wr_u32_at(&w, LENGTH_AT, SIZE);
		wr_u16_at(&w, IKE_HEADER + 2, SIZE - IKE_HEADER);
		lab_deliver(p->lab, small);
	}
	assert_true(SIZE * FRAGMENTS_MAX + LARGE < UNOPENED_MAX);
	assert_int_equal(host_dropped(p->sun, DROP_FRAGMENT), 3);
	crowd(p, -CROWD);
}

/* Those that come before the solution are not kept. */
static void the_first_fragment_comes_last(void **state)
{
	struct pair *p = in_fragments(state);

	ARROWS(p->lab, "kept: " FRAGMENT("PS, SKF 1/3"), FRAGMENT("SKF 2/3"), FRAGMENT("SKF 3/3"),
		FRAGMENT("PS, SKF 1/3"));
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 2);
	/* They are no nonsense. */
	assert_false(newest(p->sun)->forged);
	lab_clock(p->lab, p->lab->now + 4000);
	lab_calm(p->lab);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->moon));
}

static void only_so_much_waits_for_keys(void **state)
{
	struct pair *p = in_fragments(state);
	unsigned fit = UNOPENED_MAX / LARGE;

	p->sun->late = 50;
	for (unsigned i = 0; i < fit + 3; i++)
		lab_deliver(p->lab, lab_copy(p->lab, lab_first(p->lab)));
	assert_int_equal(host_dropped(p->sun, DROP_FRAGMENT), 3);
	p->sun->late = 0;
	lab_clock(p->lab, p->lab->now + 50);
	lab_calm(p->lab);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->moon));
}

/* --------------------------------------------------------------- responder */

static void ike_auth_without_a_solution_is_dropped(void **state)
{
	struct pair *p = solved(state);
	struct arena arena = { 0 };
	struct flight *f = lab_first(p->lab);
	struct message m;
	unsigned asked = p->sun->asked;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	forge_change(f, &m);
	arena_free(&arena);
	ARROWS(p->lab, AUTH_REQUEST);
	SILENCE(p->lab);
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 1);
	assert_int_equal(p->sun->asked, asked);
	again(p);
}

static void a_wrong_solution_is_none(void **state)
{
	struct pair *p = solved(state);
	unsigned asked = p->sun->asked;

	damage(p, lab_first(p->lab), IKE_HEADER + 4);
	assert_int_equal(host_dropped(p->sun, DROP_UNSOLVED), 1);
	assert_int_equal(p->sun->asked, asked);
	ARROWS(p->lab, "lost: " AUTH_SOLVED);
	SILENCE(p->lab);
	again(p);
}

/* Nonsense with a solution costs an agreement, once: the keys are kept (4.6, 7.2.4). */
static void keys_are_agreed_on_once(void **state)
{
	struct pair *p = solved(state);
	const struct flight *f = lab_first(p->lab);
	struct bytes secret = newest(p->sun)->handshake->x.secret;
	size_t kept = newest(p->sun)->handshake_arena.taken;
	unsigned asked = p->sun->asked;

	assert_true(secret.n);
	for (unsigned i = 0; i < 3; i++)
		damage(p, f, f->n - 1);
	/* What they come of has gone, and so has what waited for them. */
	assert_true(newest(p->sun)->handshake_arena.taken < kept + f->n);
	assert_int_equal(newest(p->sun)->handshake->x.secret.n, 0);
	for (size_t i = 0; i < secret.n; i++)
		assert_int_equal(secret.p[i], 0);
	assert_int_equal(host_dropped(p->sun, DROP_SEAL), 1 + 3);
	assert_int_equal(p->sun->asked, asked + 1);
	assert_true(newest(p->sun)->core.keyed);
	ARROWS(p->lab, AUTH_SOLVED, AUTH_RESPONSE);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->sun));
}

static void keys_that_cannot_be_agreed_on_end_it(void **state)
{
	struct pair *p = solved(state);

	p->sun->fails = ASKED_KEYS;
	ARROWS(p->lab, AUTH_SOLVED);
	SILENCE(p->lab);
	crowd(p, -CROWD);
	assert_int_equal(ike_load(p->sun->ike).half_open, 0);
	assert_null(forge_sa_up(p->sun));
}

static void who_solves_nothing_is_not_kept_for_ever(void **state)
{
	struct pair *p = solved(state);

	lab_lose(lab_first(p->lab));
	host_stop(p->moon);
	crowd(p, -CROWD);
	assert_int_equal(ike_load(p->sun->ike).half_open, 1);
	lab_pass_deaf(p->lab, 60 * 1000);
	assert_int_equal(ike_load(p->sun->ike).half_open, 0);
	assert_true(list_empty(&p->sun->ike->unproven));
}

static void a_solution_that_comes_as_the_time_ends_is_too_late(void **state)
{
	struct pair *p = solved(state);

	p->lab->now = newest(p->sun)->core.deadline;
	ARROWS(p->lab, AUTH_SOLVED);
	crowd(p, -CROWD);
	assert_int_equal(ike_load(p->sun->ike).half_open, 0);
}

/* Neither is that puzzle harder, nor the time for it shorter. */
static void a_crowd_changes_nothing_for_who_has_solved_one(void **state)
{
	struct pair *p = pair_open(state, NULL, SUN("1"));
	struct flight *first;
	uint64_t end;

	crowd(p, CROWD);
	p->sun->ike->auth_puzzles_until = UINT64_MAX;
	pair_say_up(p, 1);
	first = lab_copy(p->lab, lab_first(p->lab));
	list_remove(&first->node);
	for (unsigned i = 0; i < 2; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	work(p);
	crowd(p, HALF_OPEN_MAX / 2);
	/* Any harder, and it would be asked for another one first. */
	p->sun->ike->puzzle_bits = PUZZLE_BITS_LEAST + PUZZLE_BITS_EASIER;
	p->sun->ike->settings.puzzle_threshold = HALF_OPEN_MAX / 2;
	end = p->lab->now + p->sun->ike->settings.half_open_timeout;
	lab_deliver(p->lab, lab_first(p->lab));
	assert_int_equal(newest(p->sun)->core.state, S_R_PUZZLE);
	assert_int_equal(newest(p->sun)->handshake->asked.bits, PUZZLE_BITS_AUTH);
	assert_int_equal(newest(p->sun)->core.deadline, end);
	/* Now it begins anew that others have less time. */
	p->sun->ike->pressed_until = 0;
	list_append(&p->lab->flights, &first->node);
	lab_deliver(p->lab, first);
	assert_true(p->sun->ike->pressed_until);
	assert_int_equal(newest(p->sun)->core.deadline, end);
	crowd(p, -CROWD - HALF_OPEN_MAX / 2);
}

/* It may know no puzzles at all (7.2.1). */
static void nothing_is_asked_of_who_came_without_a_solution(void **state)
{
	struct pair *p = pair_open(state, NULL, SUN("1"));
	struct flight *f;

	crowd(p, CROWD);
	p->sun->ike->auth_puzzles_until = UINT64_MAX;
	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST);
	f = lab_first(p->lab);
	f->data[f->n - 1] = PUZZLE_BITS_SOLVED + 1;
	ARROWS(p->lab, COOKIE_ASKED, WITH_COOKIE, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	crowd(p, -CROWD);
	pair_assert_up(p);
}

/* The exchange before IKE_AUTH needs keys. */
static void nothing_is_asked_where_ike_intermediate_comes_first(void **state)
{
	struct pair *p = attacked(state, CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256"),
		SUN("1") CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256"));

	ARROWS(p->lab, INIT_RESPONSE ", N(INTERMEDIATE_EXCHANGE_SUPPORTED)");
	lab_calm(p->lab);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->sun));
}

static void nothing_is_asked_unless_configured(void **state)
{
	struct pair *p = attacked(state, NULL, SUN("0"));

	ARROWS(p->lab, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	crowd(p, -CROWD);
	assert_non_null(forge_sa_up(p->sun));
}

/* Nonsense for one IKE_SA counts once, however often it comes. */
static void nothing_is_asked_while_few_send_nonsense(void **state)
{
	struct pair *p = attacked(state, NULL, SUN("2"));

	ARROWS(p->lab, INIT_RESPONSE);
	for (unsigned i = 0; i < 2; i++)
		damage(p, lab_first(p->lab), lab_first(p->lab)->n - 1);
	assert_true(p->sun->ike->auth_puzzles_until > p->lab->now);
	p->lab->now += PRESSURE_TIME;
	crowd(p, -CROWD);
	lab_calm(p->lab);
	crowd(p, CROWD);
	host_down(p->moon, NULL, 4);
	lab_calm(p->lab);
	begin(p, 5);
	ARROWS(p->lab, INIT_RESPONSE);
	assert_true(host_said(p->sun, "few send nonsense as IKE_AUTH: no puzzles are asked for it any more"));
	for (unsigned i = 0; i < 2; i++)
		damage(p, lab_first(p->lab), lab_first(p->lab)->n - 1);
	assert_int_equal(p->sun->ike->auth_puzzles_until, 0);
	crowd(p, -CROWD);
}

/* --------------------------------------------------------------- initiator */

/* The puzzle in sun's answer is another one; moon says why that is the end. */
static void refused(void **state, uint16_t prf, uint8_t bits, const char *why)
{
	struct pair *p = attacked(state, NULL, NULL);
	struct flight *f = lab_first(p->lab);

	f->data[f->n - 2] = (uint8_t)prf;
	f->data[f->n - 1] = bits;
	ARROWS(p->lab, ASKED);
	SILENCE(p->lab);
	crowd(p, -CROWD);
	assert_false(host_done(p->moon, 3)->success);
	assert_non_null(strstr(host_why(p->moon)->what, why));
	assert_non_null(strstr(host_why(p->moon)->what, "is under attack, and takes no IKE_AUTH without"));
}

static void too_hard_a_puzzle_is_the_end(void **state)
{
	refused(state, PRF_HMAC_SHA2_256, PUZZLE_BITS_SOLVED + 1,
		"a puzzle of 21 zero bits (RFC 8019), which was not found: no more than 20 are solved here");
}

static void a_puzzle_of_another_prf_is_the_end(void **state)
{
	refused(state, PRF_HMAC_SHA2_512, 12, "it is for a PRF that was not offered");
}

/* That for IKE_AUTH has a time of its own. */
static void no_puzzle_is_worked_on_for_ever(void **state)
{
	struct pair *p = attacked(state, NULL, NULL);
	struct flight *f = lab_first(p->lab);
	uint64_t end = p->lab->now + 1000 + PUZZLE_TIME;

	p->lab->now += 1000;
	f->data[f->n - 1] = PUZZLE_BITS_SOLVED;
	ARROWS(p->lab, ASKED);
	assert_int_equal(forge_sa(p->moon)->handshake->puzzle.end, end);
	lab_clock(p->lab, end - 1);
	assert_int_equal(forge_sa(p->moon)->core.state, S_I_AUTH_PUZZLE);
	lab_clock(p->lab, end + 2);
	assert_false(host_done(p->moon, 3)->success);
	assert_non_null(strstr(host_why(p->moon)->what, " keys were tried in "));
	crowd(p, -CROWD);
}

static void work_is_ended_by_the_command_down(void **state)
{
	struct pair *p = attacked(state, NULL, NULL);

	lab_first(p->lab)->data[lab_first(p->lab)->n - 1] = PUZZLE_BITS_SOLVED;
	ARROWS(p->lab, "twice: " ASKED);
	host_down(p->moon, NULL, 4);
	assert_true(host_done(p->moon, 4)->success);
	assert_null(forge_sa(p->moon));
	crowd(p, -CROWD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(keys_are_agreed_on_when_a_puzzle_is_solved),
		PAIR_TEST(a_repeated_ike_auth_is_answered_again),
		PAIR_TEST(the_solution_goes_with_the_first_fragment),
		PAIR_TEST(other_fragments_come_while_keys_are_agreed_on),
		PAIR_TEST(the_first_fragment_comes_last),
		PAIR_TEST(only_so_much_waits_for_keys),
		PAIR_TEST(only_so_many_wait_for_keys),
		PAIR_TEST(ike_auth_without_a_solution_is_dropped),
		PAIR_TEST(a_wrong_solution_is_none),
		PAIR_TEST(keys_are_agreed_on_once),
		PAIR_TEST(keys_that_cannot_be_agreed_on_end_it),
		PAIR_TEST(who_solves_nothing_is_not_kept_for_ever),
		PAIR_TEST(a_solution_that_comes_as_the_time_ends_is_too_late),
		PAIR_TEST(a_crowd_changes_nothing_for_who_has_solved_one),
		PAIR_TEST(nothing_is_asked_of_who_came_without_a_solution),
		PAIR_TEST(nothing_is_asked_where_ike_intermediate_comes_first),
		PAIR_TEST(nothing_is_asked_unless_configured),
		PAIR_TEST(nothing_is_asked_while_few_send_nonsense),
		PAIR_TEST(too_hard_a_puzzle_is_the_end),
		PAIR_TEST(a_puzzle_of_another_prf_is_the_end),
		PAIR_TEST(no_puzzle_is_worked_on_for_ever),
		PAIR_TEST(work_is_ended_by_the_command_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
