/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends replace the IKE_SA at once (RFC 7296, 2.8.2, 2.25.2). Each makes a new one; of the four nonces
 * the lowest says which of the two goes again, and who asked for that one deletes it; the other deletes the
 * old one. The children go to the survivor. Packets flow all the time. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define MOON_ASKS            "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, KE, Nonce}"
#define SUN_ANSWERS          "moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce}"
#define SUN_ASKS             "moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, KE, Nonce}"
#define MOON_ANSWERS         "moon --> sun  CREATE_CHILD_SA response 0: SK {SA, KE, Nonce}"
#define SUN_REFUSES(mid, n)  "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {N(" #n ")}"
#define MOON_REFUSES(mid, n) "moon --> sun  CREATE_CHILD_SA response " #mid ": SK {N(" #n ")}"
#define MOON_DELETES(mid)    "moon --> sun  INFORMATIONAL request " #mid ": SK {D(IKE)}"
#define SUN_DELETED(mid)     "moon <-- sun  INFORMATIONAL response " #mid ": SK {}"
#define SUN_DELETES(mid)     "moon <-- sun  INFORMATIONAL request " #mid ": SK {D(IKE)}"
#define MOON_DELETED(mid)    "moon --> sun  INFORMATIONAL response " #mid ": SK {}"

/* Whose nonce is the lowest. */
enum lowest { MOON_I, SUN_R, SUN_I, MOON_R, LOWEST_COUNT };

static bool moon_wins(enum lowest lowest)
{
	return lowest == SUN_I || lowest == MOON_R;
}

static void draw(struct pair *p, enum lowest now, enum lowest lowest)
{
	pair_nonces(p, now == lowest ? 0x10 : 0x80);
}

/* Both have asked: moon's request is in the air first, then sun's. */
static struct pair *both_ask(void **state, enum lowest lowest, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_up(p);
	traffic_begin(&p->traffic, p->lab);
	draw(p, MOON_I, lowest);
	host_rekey(p->moon, NULL);
	draw(p, SUN_I, lowest);
	host_rekey(p->sun, NULL);
	return p;
}

static void ask_sun(struct pair *p, enum lowest lowest)
{
	draw(p, SUN_R, lowest);
	ARROWS(p->lab, MOON_ASKS);
	pair_nonces(p, 0x80);
}

static void ask_moon(struct pair *p, enum lowest lowest)
{
	draw(p, MOON_R, lowest);
	ARROWS(p->lab, SUN_ASKS);
	pair_nonces(p, 0x80);
}

/* One IKE_SA, the winner's, with the child that was there before. */
static void assert_winner(struct pair *p, bool moon)
{
	pair_assert_agree(p, 1);
	assert_int_equal(forge_sa_up(p->moon)->core.initiator, moon);
	for (unsigned i = 0; i < 2; i++) {
		const struct host *h = &p->lab->hosts[i];

		assert_int_equal(host_told_times(h, TELL_SA_REKEYED), 1);
		assert_int_equal(host_told_times(h, TELL_SA_UP), 1);
		assert_int_equal(host_told_times(h, TELL_SA_DOWN), 0);
		assert_int_equal(host_told_times(h, TELL_CHILD_DOWN), 0);
		assert_int_equal(host_told_times(h, TELL_CHILD_REKEYED), 0);
		assert_null(host_told(h, TELL_REFUSED));
	}
	/* It works, in both directions. */
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 2);
}

/* ------------------------------------------------------------------ four nonces are known */

/* The old one is deleted with its next message id, the redundant one with its first. */
static void requests_and_answers_cross(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		ARROWS(p->lab, SUN_ANSWERS, MOON_ANSWERS);
		if (moon_wins(l))
			ARROWS(p->lab, MOON_DELETES(3), SUN_DELETES(0), SUN_DELETED(3), MOON_DELETED(0));
		else
			ARROWS(p->lab, MOON_DELETES(0), SUN_DELETES(1), SUN_DELETED(0), MOON_DELETED(1));
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

static void the_second_request_is_answered_first(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ARROWS(p->lab, "kept: " MOON_ASKS);
		ask_moon(p, l);
		ask_sun(p, l);
		ARROWS(p->lab, MOON_ANSWERS, SUN_ANSWERS);
		if (moon_wins(l))
			ARROWS(p->lab, SUN_DELETES(0), MOON_DELETES(3), MOON_DELETED(0), SUN_DELETED(3));
		else
			ARROWS(p->lab, SUN_DELETES(1), MOON_DELETES(0), MOON_DELETED(1), SUN_DELETED(0));
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* Sun's answer is late, and sun is through with its own before. */
static void one_answer_is_late(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		ARROWS(p->lab, "kept: " SUN_ANSWERS, MOON_ANSWERS);
		if (moon_wins(l)) {
			ARROWS(p->lab, "kept: " SUN_ANSWERS, SUN_DELETES(0), SUN_ANSWERS, MOON_DELETED(0),
				MOON_DELETES(3), SUN_DELETED(3));
			assert_winner(p, true);
		} else {
			/* Sun, the winner, deletes the old one before moon knows what it has. */
			ARROWS(p->lab, "kept: " SUN_ANSWERS, SUN_DELETES(1), SUN_ANSWERS, MOON_DELETED(1));
			lab_pass_deaf(p->lab, REKEYED_TIME);
			assert_winner(p, false);
		}
		assert_int_equal(pair_close(state), 0);
	}
}

static void one_answer_is_lost(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		ARROWS(p->lab, SUN_ANSWERS, "lost: " MOON_ANSWERS);
		lab_calm(p->lab);
		lab_pass(p->lab, REKEYED_TIME);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

static void both_answers_are_lost(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		ARROWS(p->lab, "lost: " SUN_ANSWERS, "lost: " MOON_ANSWERS);
		lab_pass(p->lab, 5000);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

static void the_deletes_are_lost(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		ARROWS(p->lab, SUN_ANSWERS, MOON_ANSWERS);
		lab_lose(lab_first(p->lab));
		lab_lose(lab_first(p->lab));
		SILENCE(p->lab);
		lab_pass(p->lab, 5000);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* Moon has won and uses the new one before sun knows that it has lost: what moon says of children there says
 * it. */
static void the_winner_goes_on_at_once(void **state)
{
	struct pair *p = both_ask(state, SUN_I, NULL, NULL);

	ask_sun(p, SUN_I);
	ask_moon(p, SUN_I);
	ARROWS(p->lab, SUN_ANSWERS, "kept: " MOON_ANSWERS);
	host_rekey(p->moon, "net");
	/* clang-format off */
	ARROWS(p->lab,
		"kept: " MOON_DELETES(3),
		"kept: " MOON_ANSWERS,
		"moon --> sun  CREATE_CHILD_SA request 0: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}",
		"kept: " MOON_DELETES(3),
		MOON_ANSWERS,
		"moon <-- sun  CREATE_CHILD_SA response 0: SK {SA, Nonce, TSi, TSr}",
		MOON_DELETES(3),
		SUN_DELETES(0));
	/* clang-format on */
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_int_equal(host_told_times(p->sun, TELL_SA_REKEYED), 1);
	assert_int_equal(host_told_times(p->sun, TELL_CHILD_REKEYED), 1);
}

/* ------------------------------------------------------------------ one has not noticed */

/* Sun's request comes when moon is through with its own. */
static void a_request_that_comes_late(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			"kept: " SUN_ASKS,
			SUN_ANSWERS,
			SUN_ASKS,
			MOON_DELETES(3),
			"kept: " MOON_REFUSES(0, TEMPORARY_FAILURE),
			SUN_DELETED(3));
		/* clang-format on */
		lab_calm(p->lab);
		assert_winner(p, true);
		assert_int_equal(pair_close(state), 0);
	}
}

/* The refusal comes before the delete. */
static void refused_before_the_delete(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			"kept: " SUN_ASKS,
			SUN_ANSWERS,
			SUN_ASKS,
			"kept: " MOON_DELETES(3),
			MOON_REFUSES(0, TEMPORARY_FAILURE),
			MOON_DELETES(3),
			SUN_DELETED(3));
		/* clang-format on */
		assert_winner(p, true);
		assert_int_equal(pair_close(state), 0);
	}
}

static void a_request_that_is_lost(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ARROWS(p->lab, "lost: " MOON_ASKS);
		ask_moon(p, l);
		ARROWS(p->lab, MOON_ANSWERS, SUN_DELETES(1), MOON_DELETED(1));
		SILENCE(p->lab);
		assert_winner(p, false);
		assert_int_equal(pair_close(state), 0);
	}
}

static void both_requests_are_lost(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ARROWS(p->lab, "lost: " MOON_ASKS, "lost: " SUN_ASKS);
		lab_clock(p->lab, p->lab->now + 4000);
		ask_sun(p, l);
		ask_moon(p, l);
		lab_calm(p->lab);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* ------------------------------------------------------------------ keys take their time */

/* Nobody has seen moon's request yet when sun's comes: it is put off, and then not wanted any more. */
static void asked_while_the_key_pair_is_made(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	traffic_begin(&p->traffic, p->lab);
	p->moon->late = 500;
	host_rekey(p->moon, NULL);
	host_rekey(p->sun, NULL);
	ARROWS(p->lab, SUN_ASKS);
	SILENCE(p->lab);
	p->moon->late = 0;
	lab_clock(p->lab, p->lab->now + 500);
	ARROWS(p->lab, MOON_ANSWERS, SUN_DELETES(1), MOON_DELETED(1));
	lab_pass(p->lab, 3 * BUSY_TIME);
	pair_assert_agree(p, 1);
}

static void every_key_is_late(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		p->moon->late = 300;
		p->sun->late = 700;
		ask_sun(p, l);
		ask_moon(p, l);
		lab_clock(p->lab, p->lab->now + 300);
		ARROWS(p->lab, MOON_ANSWERS);
		lab_clock(p->lab, p->lab->now + 400);
		ARROWS(p->lab, SUN_ANSWERS);
		lab_pass(p->lab, 5000);
		p->moon->late = p->sun->late = 0;
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* Sun cannot compute what it should answer with: moon's comes to nothing, whatever the nonces say. */
static void theirs_fails(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		p->sun->fails = ASKED_KEYS;
		ask_sun(p, l);
		p->sun->fails = 0;
		ask_moon(p, l);
		ARROWS(p->lab, SUN_REFUSES(2, TEMPORARY_FAILURE), MOON_ANSWERS);
		lab_calm(p->lab);
		lab_pass(p->lab, 2 * BUSY_TIME);
		assert_winner(p, false);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Sun's was to go, and it has deleted it when it finds that it cannot answer moon's: there is none, and moon
 * tries again. */
static void the_winner_fails(void **state)
{
	struct pair *p = both_ask(state, SUN_I, NULL, NULL);

	p->sun->late = 1000;
	p->sun->fails = ASKED_KEYS;
	ask_sun(p, SUN_I);
	p->sun->late = p->sun->fails = 0;
	ask_moon(p, SUN_I);
	ARROWS(p->lab, MOON_ANSWERS, SUN_DELETES(0), MOON_DELETED(0));
	lab_clock(p->lab, p->lab->now + 1000);
	ARROWS(p->lab, SUN_REFUSES(2, TEMPORARY_FAILURE));
	lab_pass(p->lab, 2 * BUSY_TIME);
	assert_winner(p, true);
}

/* Moon's was to stay, but moon goes away without a word, and sun ends what waits for that in vain. Then the
 * answer to sun's comes all the same: there is no other any more to give way to. */
static void the_winner_is_gone(void **state)
{
	struct pair *p = both_ask(state, SUN_I, NULL, NULL);
	struct arena arena = { 0 };
	struct bytes answer;
	struct addr from, to;

	traffic_end(&p->traffic);
	ask_sun(p, SUN_I);
	ask_moon(p, SUN_I);
	ARROWS(p->lab, "lost: " SUN_ANSWERS);
	from = lab_first(p->lab)->source;
	to = lab_first(p->lab)->target;
	answer = arena_bytes(&arena, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n));
	host_stop(p->moon);
	lab_pass_deaf(p->lab, REKEYED_TIME);
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, from, to, answer));
	assert_int_equal(host_child(p->sun, "net")->sa->core.state, S_UP);
	assert_true(host_child(p->sun, "net")->sa->core.initiator);
	assert_non_null(host_told(p->sun, TELL_SA_REKEYED));
	arena_free(&arena);
}

/* ------------------------------------------------------------------ INVALID_KE_PAYLOAD on the way */

static struct pair *both_ask_with_groups(void **state, enum lowest l)
{
	struct pair *p = pair_open(state, CONN("proposals = aes128gcm16-prfsha256-x25519-ecp256"), NULL);

	pair_up(p);
	host_reload(p->sun, pair_text(state, pair_sun, CONN("proposals = aes128gcm16-prfsha256-ecp256")));
	traffic_begin(&p->traffic, p->lab);
	draw(p, MOON_I, l);
	host_rekey(p->moon, NULL);
	draw(p, SUN_I, l);
	host_rekey(p->sun, NULL);
	return p;
}

static void another_group_before_the_answer(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask_with_groups(state, l);

		ARROWS(p->lab, MOON_ASKS);
		ask_moon(p, l);
		ARROWS(p->lab, SUN_REFUSES(2, INVALID_KE_PAYLOAD), "kept: " MOON_ANSWERS);
		draw(p, SUN_R, l);
		/* clang-format off */
		ARROWS(p->lab,
			"moon --> sun  CREATE_CHILD_SA request 3: SK {SA, KE, Nonce}",
			MOON_ANSWERS,
			"moon <-- sun  CREATE_CHILD_SA response 3: SK {SA, KE, Nonce}");
		/* clang-format on */
		lab_calm(p->lab);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

static void another_group_after_the_answer(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask_with_groups(state, l);

		ARROWS(p->lab, MOON_ASKS);
		ask_moon(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			SUN_REFUSES(2, INVALID_KE_PAYLOAD),
			MOON_ANSWERS,
			"moon --> sun  CREATE_CHILD_SA request 3: SK {SA, KE, Nonce}",
			SUN_DELETES(1),
			SUN_REFUSES(3, TEMPORARY_FAILURE),
			MOON_DELETED(1));
		/* clang-format on */
		lab_pass(p->lab, 2 * BUSY_TIME);
		assert_winner(p, false);
		assert_int_equal(pair_close(state), 0);
	}
}

/* ------------------------------------------------------------------ with more to do */

/* What waits on either side is done on the survivor. */
static void what_waits_goes_to_the_survivor(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		traffic_end(&p->traffic);
		host_reload(p->moon, pair_text(state, pair_moon, LAN_MOON("")));
		host_reload(p->sun, pair_text(state, pair_sun, LAN_SUN("")));
		host_up(p->moon, "lan", 2);
		host_rekey(p->sun, "net");
		ask_sun(p, l);
		ask_moon(p, l);
		lab_calm(p->lab);
		lab_pass(p->lab, 4 * BUSY_TIME);
		assert_true(host_done(p->moon, 2)->success);
		assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 1);
		pair_assert_agree(p, 2);
		assert_int_equal(pair_close(state), 0);
	}
}

static void taken_down_in_the_middle(void **state)
{
	for (unsigned i = 0; i < 2 * LOWEST_COUNT; i++) {
		enum lowest l = i % LOWEST_COUNT;
		struct pair *p = both_ask(state, l, NULL, NULL);
		struct host *h = i < LOWEST_COUNT ? p->moon : p->sun;

		traffic_end(&p->traffic);
		ask_sun(p, l);
		ask_moon(p, l);
		ARROWS(p->lab, SUN_ANSWERS);
		host_down(h, NULL, 2);
		lab_calm(p->lab);
		lab_pass(p->lab, 300 * 1000);
		assert_true(host_done(h, 2)->success);
		pair_assert_empty(p);
		assert_int_equal(pair_close(state), 0);
	}
}

/* The winner is told to end, and sun hears that of the new one before it hears that the old one is over:
 * nothing moves to what has ended. */
static void the_winner_ends_at_once(void **state)
{
	struct pair *p = both_ask(state, SUN_I, NULL, NULL);

	traffic_end(&p->traffic);
	ask_sun(p, SUN_I);
	ask_moon(p, SUN_I);
	ARROWS(p->lab, SUN_ANSWERS, "lost: " MOON_ANSWERS, "kept: " MOON_DELETES(3));
	host_down(p->moon, NULL, 2);
	ARROWS(p->lab, "kept: " MOON_DELETES(3), MOON_DELETES(0), MOON_DELETES(3));
	assert_int_equal(datapath_sas(&p->sun->datapath), 0);
	assert_non_null(host_told(p->sun, TELL_SA_DOWN));
	lab_calm(p->lab);
	assert_true(host_done(p->moon, 2)->success);
	lab_pass(p->lab, REKEYED_TIME);
	pair_assert_empty_later(p);
}

/* The same when sun hears of that before it knows that it has lost: its children go with the winner. */
static void the_winner_ends_before_the_answer(void **state)
{
	struct pair *p = both_ask(state, SUN_I, NULL, NULL);

	traffic_end(&p->traffic);
	ask_sun(p, SUN_I);
	ask_moon(p, SUN_I);
	ARROWS(p->lab, SUN_ANSWERS, "kept: " MOON_ANSWERS);
	host_down(p->moon, NULL, 2);
	ARROWS(p->lab, "kept: " MOON_DELETES(3), "kept: " MOON_ANSWERS, MOON_DELETES(0));
	ARROWS(p->lab, "kept: " MOON_DELETES(3), MOON_ANSWERS);
	lab_calm(p->lab);
	assert_true(host_done(p->moon, 2)->success);
	assert_int_equal(datapath_sas(&p->sun->datapath), 0);
	pair_assert_empty_later(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(requests_and_answers_cross),
		PAIR_TEST(the_second_request_is_answered_first),
		PAIR_TEST(one_answer_is_late),
		PAIR_TEST(one_answer_is_lost),
		PAIR_TEST(both_answers_are_lost),
		PAIR_TEST(the_deletes_are_lost),
		PAIR_TEST(the_winner_goes_on_at_once),
		PAIR_TEST(a_request_that_comes_late),
		PAIR_TEST(refused_before_the_delete),
		PAIR_TEST(a_request_that_is_lost),
		PAIR_TEST(both_requests_are_lost),
		PAIR_TEST(asked_while_the_key_pair_is_made),
		PAIR_TEST(every_key_is_late),
		PAIR_TEST(theirs_fails),
		PAIR_TEST(the_winner_fails),
		PAIR_TEST(the_winner_is_gone),
		PAIR_TEST(another_group_before_the_answer),
		PAIR_TEST(another_group_after_the_answer),
		PAIR_TEST(what_waits_goes_to_the_survivor),
		PAIR_TEST(taken_down_in_the_middle),
		PAIR_TEST(the_winner_ends_at_once),
		PAIR_TEST(the_winner_ends_before_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
