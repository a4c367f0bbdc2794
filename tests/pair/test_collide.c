/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends replace the same CHILD_SA at once (RFC 7296, 2.8.1, 2.25.1). Each makes a new one; of the four
 * nonces the lowest says which of the two goes again, and who asked for that one deletes it; the other
 * deletes the old one. Packets flow all the time. */
#include "ike/child.h"
#include "tests/pair/pair.h"

#define MOON_ASKS(mid)       "moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}"
#define SUN_ANSWERS(mid)     "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, Nonce, TSi, TSr}"
#define SUN_ASKS(mid)        "moon <-- sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}"
#define MOON_ANSWERS(mid)    "moon --> sun  CREATE_CHILD_SA response " #mid ": SK {SA, Nonce, TSi, TSr}"
#define SUN_REFUSES(mid, n)  "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {N(" #n ")}"
#define MOON_REFUSES(mid, n) "moon --> sun  CREATE_CHILD_SA response " #mid ": SK {N(" #n ")}"
#define MOON_DELETES(mid)    "moon --> sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define SUN_DELETED(mid)     "moon <-- sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"
#define SUN_DELETES(mid)     "moon <-- sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define MOON_DELETED(mid)    "moon --> sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"

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
	host_rekey(p->moon, "net");
	draw(p, SUN_I, lowest);
	host_rekey(p->sun, "net");
	return p;
}

/* The next request, sun's or moon's, is delivered: the other draws its nonce. */
static void ask_sun(struct pair *p, enum lowest lowest)
{
	draw(p, SUN_R, lowest);
	ARROWS(p->lab, MOON_ASKS(2));
	pair_nonces(p, 0x80);
}

static void ask_moon(struct pair *p, enum lowest lowest)
{
	draw(p, MOON_R, lowest);
	ARROWS(p->lab, SUN_ASKS(0));
	pair_nonces(p, 0x80);
}

/* One child, and it is the winner's. */
static void assert_winner(struct pair *p, bool moon)
{
	pair_assert_agree(p, 1);
	assert_int_equal(host_child(p->moon, "net")->by_us, moon);
	assert_int_equal(host_child(p->sun, "net")->by_us, !moon);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(host_told_times(&p->lab->hosts[i], TELL_CHILD_DOWN), 0);
		assert_null(host_told(&p->lab->hosts[i], TELL_REFUSED));
	}
}

/* ------------------------------------------------------------------ four nonces are known */

static void requests_and_answers_cross(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			SUN_ANSWERS(2),
			MOON_ANSWERS(0),
			MOON_DELETES(3),
			SUN_DELETES(1),
			SUN_DELETED(3),
			MOON_DELETED(1));
		/* clang-format on */
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

static void the_second_request_is_answered_first(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ARROWS(p->lab, "kept: " MOON_ASKS(2));
		ask_moon(p, l);
		ask_sun(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			MOON_ANSWERS(0),
			SUN_ANSWERS(2),
			SUN_DELETES(1),
			MOON_DELETES(3),
			MOON_DELETED(1),
			SUN_DELETED(3));
		/* clang-format on */
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* Moon's whole exchange, its delete too, before sun hears moon's answer. */
static void one_answer_is_late(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			SUN_ANSWERS(2),
			"kept: " MOON_ANSWERS(0),
			MOON_DELETES(3),
			"kept: " MOON_ANSWERS(0),
			SUN_DELETED(3),
			MOON_ANSWERS(0),
			SUN_DELETES(1));
		/* clang-format on */
		lab_calm(p->lab);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

static void the_other_answer_is_late(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			"kept: " SUN_ANSWERS(2),
			MOON_ANSWERS(0),
			"kept: " SUN_ANSWERS(2),
			SUN_DELETES(1),
			"kept: " SUN_ANSWERS(2),
			MOON_DELETED(1),
			SUN_ANSWERS(2),
			MOON_DELETES(3));
		/* clang-format on */
		lab_calm(p->lab);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* The answer comes when its request is repeated, after all the rest. */
static void one_answer_is_lost(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		ARROWS(p->lab, "lost: " SUN_ANSWERS(2), MOON_ANSWERS(0), SUN_DELETES(1), MOON_DELETED(1));
		SILENCE(p->lab);
		lab_clock(p->lab, p->lab->now + 4000);
		ARROWS(p->lab, MOON_ASKS(2), SUN_ANSWERS(2), MOON_DELETES(3), SUN_DELETED(3));
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
		ARROWS(p->lab, "lost: " SUN_ANSWERS(2), "lost: " MOON_ANSWERS(0));
		lab_pass(p->lab, 4000);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* Who answers must install first, who asked too; the deletes are lost once. */
static void everything_takes_its_time(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		p->moon->late = 300;
		p->sun->late = 700;
		ask_sun(p, l);
		ask_moon(p, l);
		lab_clock(p->lab, p->lab->now + 300);
		ARROWS(p->lab, MOON_ANSWERS(0));
		lab_clock(p->lab, p->lab->now + 400);
		ARROWS(p->lab, SUN_ANSWERS(2));
		lab_clock(p->lab, p->lab->now + 300);
		ARROWS(p->lab, "lost: " MOON_DELETES(3));
		lab_clock(p->lab, p->lab->now + 400);
		ARROWS(p->lab, "lost: " SUN_DELETES(1));
		lab_pass(p->lab, 5000);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* The redundant one is installed when the old one has gone: nobody sends on it, nobody hears of it. */
static void the_redundant_one_is_installed_last(void **state)
{
	struct pair *p = both_ask(state, MOON_I, NULL, NULL);

	p->sun->late = 1000;
	ask_sun(p, MOON_I);
	p->sun->late = 0;
	ask_moon(p, MOON_I);
	ARROWS(p->lab, MOON_ANSWERS(0), SUN_DELETES(1), MOON_DELETED(1));
	lab_clock(p->lab, p->lab->now + 1000);
	assert_false(host_child(p->sun, "net")->selected && !host_child(p->sun, "net")->by_us);
	ARROWS(p->lab, SUN_ANSWERS(2));
	for (struct node *n = host_child(p->sun, "net")->sa->children.next;
		n != &host_child(p->sun, "net")->sa->children; n = n->next)
		assert_int_equal(node_owner(n, struct child, of_sa)->selected,
			node_owner(n, struct child, of_sa)->by_us);
	ARROWS(p->lab, MOON_DELETES(3), SUN_DELETED(3));
	assert_winner(p, false);
	assert_int_equal(host_told_times(p->sun, TELL_CHILD_UP), 1);
}

/* A redundant one is never chosen to send on, though the other end does: the peer may not know yet. */
static void packets_on_the_redundant_one(void **state)
{
	struct pair *p = both_ask(state, SUN_I, NULL, NULL);
	struct child *sun_made, *moon_made;

	traffic_end(&p->traffic);
	ask_sun(p, SUN_I);
	ask_moon(p, SUN_I);
	moon_made = child_find(p->moon->ike, host_child(p->moon, "net")->id);
	sun_made = moon_made;
	ARROWS(p->lab, SUN_ANSWERS(2));
	moon_made = host_child(p->moon, "net");
	assert_ptr_not_equal(moon_made, sun_made);
	assert_true(moon_made->selected);
	host_event(p->moon, &(struct ike_event){ .kind = EVENT_USED, .used.child = sun_made->id });
	assert_true(moon_made->selected);
	ARROWS(p->lab, MOON_ANSWERS(0));
	lab_calm(p->lab);
	assert_winner(p, true);
}

/* ------------------------------------------------------------------ one has not noticed */

/* Sun has answered, and moon has its answer, when sun's own request comes: moon deletes the old one already.
 */
static void a_request_that_comes_late(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			"kept: " SUN_ASKS(0),
			SUN_ANSWERS(2),
			SUN_ASKS(0),
			MOON_DELETES(3),
			MOON_REFUSES(0, TEMPORARY_FAILURE),
			SUN_DELETED(3));
		/* clang-format on */
		lab_pass(p->lab, 2 * BUSY_TIME);
		assert_winner(p, true);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Or it has deleted it. */
static void a_request_that_comes_later(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			"lost: " SUN_ASKS(0),
			SUN_ANSWERS(2),
			MOON_DELETES(3),
			SUN_DELETED(3));
		/* clang-format on */
		lab_clock(p->lab, p->lab->now + 4000);
		ARROWS(p->lab, SUN_ASKS(0), MOON_REFUSES(0, CHILD_SA_NOT_FOUND));
		assert_winner(p, true);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Moon's is lost: sun is through with its own before it hears of it. */
static void a_request_that_is_lost(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ARROWS(p->lab, "lost: " MOON_ASKS(2));
		ask_moon(p, l);
		ARROWS(p->lab, MOON_ANSWERS(0), SUN_DELETES(1), MOON_DELETED(1));
		lab_clock(p->lab, p->lab->now + 4000);
		ARROWS(p->lab, MOON_ASKS(2), SUN_REFUSES(2, CHILD_SA_NOT_FOUND));
		assert_winner(p, false);
		assert_int_equal(pair_close(state), 0);
	}
}

/* The same, but moon's comes while sun's delete of the old one is under way. */
static void a_request_that_meets_the_delete(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ARROWS(p->lab, "kept: " MOON_ASKS(2));
		ask_moon(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			"kept: " MOON_ASKS(2),
			MOON_ANSWERS(0),
			MOON_ASKS(2),
			SUN_DELETES(1),
			SUN_REFUSES(2, TEMPORARY_FAILURE),
			MOON_DELETED(1));
		/* clang-format on */
		lab_pass(p->lab, 2 * BUSY_TIME);
		assert_winner(p, false);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Both requests are lost: they meet when they are repeated. */
static void both_requests_are_lost(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ARROWS(p->lab, "lost: " MOON_ASKS(2), "lost: " SUN_ASKS(0));
		lab_clock(p->lab, p->lab->now + 4000);
		ask_sun(p, l);
		ask_moon(p, l);
		lab_calm(p->lab);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* ------------------------------------------------------------------ one of the two fails */

/* Sun cannot install what moon asked for: sun's own, whatever the nonces say, is all there is. */
static void theirs_fails(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		p->sun->fails = ASKED_SA_IN;
		ask_sun(p, l);
		p->sun->fails = 0;
		ask_moon(p, l);
		/* clang-format off */
		ARROWS(p->lab,
			SUN_REFUSES(2, TEMPORARY_FAILURE),
			MOON_ANSWERS(0),
			SUN_DELETES(1),
			MOON_DELETED(1));
		/* clang-format on */
		lab_pass(p->lab, 2 * BUSY_TIME);
		pair_assert_agree(p, 1);
		assert_true(host_child(p->sun, "net")->by_us);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Moon cannot install what it asked for, and has it deleted. */
static void ours_fails(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask(state, l, NULL, NULL);

		ask_sun(p, l);
		ask_moon(p, l);
		p->moon->fails = ASKED_SA_OUT;
		ARROWS(p->lab, SUN_ANSWERS(2));
		p->moon->fails = 0;
		lab_calm(p->lab);
		lab_pass(p->lab, 2 * REFUSED_TIME);
		pair_assert_agree(p, 1);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Sun's was to stay. It cannot be installed there, and is deleted before sun answers moon: moon's is all
 * there is. */
static void the_winner_fails(void **state)
{
	struct pair *p = both_ask(state, MOON_I, NULL, NULL);

	p->sun->late = 1000;
	ask_sun(p, MOON_I);
	p->sun->late = 0;
	ask_moon(p, MOON_I);
	p->sun->fails = ASKED_SA_OUT;
	ARROWS(p->lab, MOON_ANSWERS(0));
	p->sun->fails = 0;
	ARROWS(p->lab, SUN_DELETES(1), MOON_DELETED(1));
	lab_clock(p->lab, p->lab->now + 1000);
	ARROWS(p->lab, SUN_ANSWERS(2), MOON_DELETES(3), SUN_DELETED(3));
	pair_quiet(p, 3 * REFUSED_TIME);
	pair_assert_agree(p, 1);
	assert_true(host_child(p->moon, "net")->by_us);
}

/* Moon wants it too while it is still installing what sun asked for: it waits, and has nothing to do then. */
static void wanted_while_theirs_is_installed(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->sun, "net");
	p->moon->late = 1000;
	ARROWS(p->lab, SUN_ASKS(0));
	host_rekey(p->moon, "net");
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + 1000);
	p->moon->late = 0;
	ARROWS(p->lab, MOON_ANSWERS(0), SUN_DELETES(1), MOON_DELETED(1));
	assert_winner(p, false);
}

/* Unless that fails. */
static void wanted_while_theirs_fails(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->sun, "net");
	p->moon->late = 1000;
	p->moon->fails = ASKED_SA_IN;
	ARROWS(p->lab, SUN_ASKS(0));
	p->moon->fails = 0;
	host_rekey(p->moon, "net");
	lab_clock(p->lab, p->lab->now + 1000);
	p->moon->late = 0;
	ARROWS(p->lab, MOON_REFUSES(0, TEMPORARY_FAILURE), MOON_ASKS(2), SUN_ANSWERS(2), MOON_DELETES(3),
		SUN_DELETED(3));
	lab_pass(p->lab, 2 * BUSY_TIME);
	pair_assert_agree(p, 1);
	assert_true(host_child(p->moon, "net")->by_us);
}

/* ------------------------------------------------------------------ INVALID_KE_PAYLOAD on the way */

#define KE(text)        text ": SK {SA, KE, Nonce, TSi, TSr, N(REKEY_SA)}"
#define KE_ANSWER(text) text ": SK {SA, KE, Nonce, TSi, TSr}"

static struct pair *both_ask_with_groups(void **state, enum lowest l)
{
	return both_ask(state, l, CHILD("esp_proposals = aes128gcm16-x25519-ecp256"),
		CHILD("esp_proposals = aes128gcm16-ecp256"));
}

/* Moon's second request comes before its answer to sun's: both are still under way, the nonces decide. */
static void another_group_before_the_answer(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask_with_groups(state, l);

		ARROWS(p->lab, KE("moon --> sun  CREATE_CHILD_SA request 2"));
		draw(p, MOON_R, l);
		ARROWS(p->lab, KE("moon <-- sun  CREATE_CHILD_SA request 0"));
		pair_nonces(p, 0x80);
		ARROWS(p->lab, SUN_REFUSES(2, INVALID_KE_PAYLOAD),
			KE_ANSWER("kept: moon --> sun  CREATE_CHILD_SA response 0"));
		draw(p, SUN_R, l);
		ARROWS(p->lab, KE("moon --> sun  CREATE_CHILD_SA request 3"));
		/* clang-format off */
		ARROWS(p->lab,
			KE_ANSWER("moon --> sun  CREATE_CHILD_SA response 0"),
			KE_ANSWER("moon <-- sun  CREATE_CHILD_SA response 3"),
			SUN_DELETES(1),
			MOON_DELETES(4));
		/* clang-format on */
		lab_calm(p->lab);
		assert_winner(p, moon_wins(l));
		assert_int_equal(pair_close(state), 0);
	}
}

/* It comes after: sun has won already. */
static void another_group_after_the_answer(void **state)
{
	for (enum lowest l = 0; l < LOWEST_COUNT; l++) {
		struct pair *p = both_ask_with_groups(state, l);

		ARROWS(p->lab, KE("moon --> sun  CREATE_CHILD_SA request 2"));
		ARROWS(p->lab, KE("moon <-- sun  CREATE_CHILD_SA request 0"));
		/* clang-format off */
		ARROWS(p->lab,
			SUN_REFUSES(2, INVALID_KE_PAYLOAD),
			KE_ANSWER("moon --> sun  CREATE_CHILD_SA response 0"),
			KE("moon --> sun  CREATE_CHILD_SA request 3"),
			SUN_DELETES(1),
			SUN_REFUSES(3, TEMPORARY_FAILURE),
			MOON_DELETED(1));
		/* clang-format on */
		lab_pass(p->lab, 2 * BUSY_TIME);
		assert_winner(p, false);
		assert_int_equal(pair_close(state), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(requests_and_answers_cross),
		PAIR_TEST(the_second_request_is_answered_first),
		PAIR_TEST(one_answer_is_late),
		PAIR_TEST(the_other_answer_is_late),
		PAIR_TEST(one_answer_is_lost),
		PAIR_TEST(both_answers_are_lost),
		PAIR_TEST(everything_takes_its_time),
		PAIR_TEST(the_redundant_one_is_installed_last),
		PAIR_TEST(packets_on_the_redundant_one),
		PAIR_TEST(a_request_that_comes_late),
		PAIR_TEST(a_request_that_comes_later),
		PAIR_TEST(a_request_that_is_lost),
		PAIR_TEST(a_request_that_meets_the_delete),
		PAIR_TEST(both_requests_are_lost),
		PAIR_TEST(theirs_fails),
		PAIR_TEST(ours_fails),
		PAIR_TEST(the_winner_fails),
		PAIR_TEST(wanted_while_theirs_is_installed),
		PAIR_TEST(wanted_while_theirs_fails),
		PAIR_TEST(another_group_before_the_answer),
		PAIR_TEST(another_group_after_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
