/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exchanges of both ends that meet and are not two of a kind (RFC 7296, 2.25): one replaces what the other
 * deletes, asks for what the other has just made and whose answer is still under way, or wants the IKE_SA
 * itself. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define MOON_CREATES(mid) "moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr}"
#define MOON_REKEYS(mid)                                                                                     \
	"moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}"
#define MOON_REKEYS_IKE(mid) "moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, KE, Nonce}"
#define SUN_CREATES(mid)     "moon <-- sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr}"
#define SUN_REKEYS(mid)                                                                                      \
	"moon <-- sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}"
#define SUN_REKEYS_IKE(mid)   "moon <-- sun  CREATE_CHILD_SA request " #mid ": SK {SA, KE, Nonce}"
#define SUN_ANSWERS(mid)      "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, Nonce, TSi, TSr}"
#define SUN_ANSWERS_IKE(mid)  "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, KE, Nonce}"
#define MOON_ANSWERS(mid)     "moon --> sun  CREATE_CHILD_SA response " #mid ": SK {SA, Nonce, TSi, TSr}"
#define MOON_ANSWERS_IKE(mid) "moon --> sun  CREATE_CHILD_SA response " #mid ": SK {SA, KE, Nonce}"
#define SUN_IS_BUSY(mid)      "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {N(TEMPORARY_FAILURE)}"
#define MOON_IS_BUSY(mid)     "moon --> sun  CREATE_CHILD_SA response " #mid ": SK {N(TEMPORARY_FAILURE)}"
#define SUN_HAS_IT_NOT(mid)   "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {N(CHILD_SA_NOT_FOUND)}"
#define MOON_DELETES(mid)     "moon --> sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define SUN_DELETED(mid)      "moon <-- sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"
#define SUN_AGREES(mid)       "moon <-- sun  INFORMATIONAL response " #mid ": SK {}"
#define SUN_DELETES(mid)      "moon <-- sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define MOON_DELETED(mid)     "moon --> sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"
#define MOON_AGREES(mid)      "moon --> sun  INFORMATIONAL response " #mid ": SK {}"
#define MOON_DELETES_IKE(mid) "moon --> sun  INFORMATIONAL request " #mid ": SK {D(IKE)}"
#define SUN_DELETES_IKE(mid)  "moon <-- sun  INFORMATIONAL request " #mid ": SK {D(IKE)}"

static void assert_done(const struct host *h, uint32_t ticket, bool success)
{
	assert_non_null(host_done(h, ticket));
	assert_int_equal(host_done(h, ticket)->success, success);
}

/* "net" and "lan" are up; packets flow if they can all the time. Moon's next request is 3. */
static struct pair *open(void **state, bool packets)
{
	struct pair *p = pair_open(state, LAN_MOON(""), LAN_SUN(""));

	pair_up_both(p);
	if (packets)
		traffic_begin(&p->traffic, p->lab);
	return p;
}

/* ------------------------------------------------------------------ replaced and deleted */

static void one_rekeys_what_the_other_deletes(void **state)
{
	struct pair *p = open(state, false);

	host_rekey(p->moon, "lan");
	host_down(p->sun, "lan", 5);
	/* clang-format off */
	ARROWS(p->lab,
		MOON_REKEYS(3),
		SUN_DELETES(0),
		SUN_IS_BUSY(3),
		MOON_DELETED(0));
	/* clang-format on */
	assert_done(p->sun, 5, true);
	pair_quiet(p, 2 * BUSY_TIME);
	pair_assert_agree(p, 1);
}

/* The delete is answered before the request comes. */
static void or_has_deleted(void **state)
{
	struct pair *p = open(state, false);

	host_rekey(p->moon, "lan");
	host_down(p->sun, "lan", 5);
	/* clang-format off */
	ARROWS(p->lab,
		"kept: " MOON_REKEYS(3),
		SUN_DELETES(0),
		"kept: " MOON_REKEYS(3),
		MOON_DELETED(0),
		MOON_REKEYS(3),
		SUN_HAS_IT_NOT(3));
	/* clang-format on */
	pair_assert_agree(p, 1);
	assert_null(host_child(p->moon, "lan"));
}

/* Sun has answered the rekeying when it wants the child down: it means both. */
static void or_deletes_after_its_answer(void **state)
{
	struct pair *p = open(state, false);

	host_rekey(p->moon, "lan");
	ARROWS(p->lab, MOON_REKEYS(3), "lost: " SUN_ANSWERS(3));
	host_down(p->sun, "lan", 5);
	/* Moon does not know the second one yet. */
	ARROWS(p->lab, SUN_DELETES(0), MOON_DELETED(0), SUN_DELETES(1), MOON_AGREES(1));
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab, MOON_REKEYS(3), SUN_ANSWERS(3));
	assert_done(p->sun, 5, true);
	pair_quiet(p, 2 * BUSY_TIME);
	pair_assert_agree(p, 1);
	assert_null(host_child(p->moon, "lan"));
}

static void one_rekeys_and_the_other_deletes_another(void **state)
{
	struct pair *p = open(state, false);

	host_rekey(p->moon, "lan");
	host_down(p->sun, "net", 5);
	/* clang-format off */
	ARROWS(p->lab,
		MOON_REKEYS(3),
		SUN_DELETES(0),
		SUN_ANSWERS(3),
		MOON_DELETED(0),
		MOON_DELETES(4),
		SUN_DELETED(4));
	/* clang-format on */
	pair_assert_agree(p, 1);
	assert_non_null(host_child(p->sun, "lan"));
}

static void both_rekey_another(void **state)
{
	struct pair *p = open(state, true);

	host_rekey(p->moon, "lan");
	host_rekey(p->sun, "net");
	/* clang-format off */
	ARROWS(p->lab,
		MOON_REKEYS(3),
		SUN_REKEYS(0),
		SUN_ANSWERS(3),
		MOON_ANSWERS(0),
		MOON_DELETES(4),
		SUN_DELETES(1),
		SUN_DELETED(4),
		MOON_DELETED(1));
	/* clang-format on */
	pair_assert_agree(p, 2);
}

/* Who deletes what is being deleted is answered without a Delete payload (1.4.1). */
static void both_delete_it(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, "lan", 4);
	host_down(p->sun, "lan", 5);
	ARROWS(p->lab, MOON_DELETES(3), SUN_DELETES(0), SUN_AGREES(3), MOON_AGREES(0));
	assert_done(p->moon, 4, true);
	assert_done(p->sun, 5, true);
	pair_assert_agree(p, 1);
}

static void both_delete_the_ike_sa(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, NULL, 4);
	host_down(p->sun, NULL, 5);
	ARROWS(p->lab, MOON_DELETES_IKE(3), SUN_DELETES_IKE(0), SUN_AGREES(3), MOON_AGREES(0));
	assert_done(p->moon, 4, true);
	assert_done(p->sun, 5, true);
	pair_assert_empty_later(p);
}

static void both_create_the_same(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, "lan", 3);
	lab_calm(p->lab);
	host_up(p->moon, "lan", 4);
	host_up(p->sun, "lan", 5);
	ARROWS(p->lab, MOON_CREATES(4), SUN_CREATES(0), SUN_ANSWERS(4), MOON_ANSWERS(0));
	assert_done(p->moon, 4, true);
	assert_done(p->sun, 5, true);
	/* Both stay: nothing says that one of them is one too many. */
	pair_assert_agree(p, 3);
}

/* What sun wants has come up when its turn is there: whoever waits for it is answered, and there is one. */
static void one_creates_what_the_other_is_to_create(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, "lan", 3);
	lab_calm(p->lab);
	host_rekey(p->sun, "net");
	host_up(p->sun, "lan", 5);
	host_up(p->moon, "lan", 4);
	ARROWS(p->lab, "kept: " SUN_REKEYS(0), MOON_CREATES(4));
	lab_calm(p->lab);
	assert_done(p->moon, 4, true);
	assert_done(p->sun, 5, true);
	assert_true(host_said(p->sun, "the peer has established CHILD_SA lan meanwhile"));
	pair_assert_agree(p, 2);
}

/* Sun's key pair is being made. */
static void one_creates_what_the_other_is_about_to_create(void **state)
{
	static const char with_ke[] = CONN("children { lan { esp_proposals = aes128gcm16-x25519\n } }");
	struct pair *p = pair_open_up(
		state, pair_text(state, LAN_MOON(""), with_ke), pair_text(state, LAN_SUN(""), with_ke));

	host_down(p->moon, "lan", 3);
	lab_calm(p->lab);
	p->sun->late = 1000;
	host_up(p->sun, "lan", 5);
	p->sun->late = 0;
	host_up(p->moon, "lan", 4);
	lab_calm(p->lab);
	lab_pass(p->lab, 1000);
	assert_done(p->moon, 4, true);
	assert_done(p->sun, 5, true);
	pair_assert_agree(p, 2);
}

/* Nor is it asked for while the peer's is being installed; only if that fails, and then moon has no need to
 * ask again. */
static void one_installs_what_the_other_wants(void **state)
{
	for (unsigned fails = 0; fails < 2; fails++) {
		struct pair *p = open(state, false);

		host_down(p->moon, "lan", 3);
		lab_calm(p->lab);
		host_rekey(p->sun, "net");
		host_up(p->sun, "lan", 5);
		host_up(p->moon, "lan", 4);
		p->sun->late = 1000;
		ARROWS(p->lab, "kept: " SUN_REKEYS(0), MOON_CREATES(4));
		p->sun->late = 0;
		ARROWS(p->lab, SUN_REKEYS(0), MOON_ANSWERS(0), SUN_DELETES(1), MOON_DELETED(1));
		SILENCE(p->lab);
		if (fails)
			host_answer(p->sun, true);
		lab_pass(p->lab, 1000 + 2 * BUSY_TIME);
		assert_done(p->sun, 5, true);
		assert_done(p->moon, 4, true);
		pair_assert_agree(p, 2);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Sun has decided, but its request waits behind one whose keys are being made. */
static void or_is_about_to_delete(void **state)
{
	struct pair *p = open(state, false);

	p->sun->late = 1000;
	host_rekey(p->sun, NULL);
	host_down(p->sun, "lan", 5);
	p->sun->late = 0;
	host_rekey(p->moon, "lan");
	ARROWS(p->lab, MOON_REKEYS(3), SUN_IS_BUSY(3));
	lab_pass(p->lab, 1000 + 2 * BUSY_TIME);
	assert_done(p->sun, 5, true);
	pair_assert_agree(p, 1);
	assert_null(host_child(p->sun, "lan"));
}

/* ------------------------------------------------------------------ before the answer has come */

/* Sun rekeys what moon has asked for, and moon has not heard of. */
static void a_new_child_is_rekeyed(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, "lan", 3);
	lab_calm(p->lab);
	host_up(p->moon, "lan", 4);
	ARROWS(p->lab, MOON_CREATES(4), "kept: " SUN_ANSWERS(4));
	host_rekey(p->sun, "lan");
	/* clang-format off */
	ARROWS(p->lab,
		"kept: " SUN_ANSWERS(4),
		SUN_REKEYS(0),
		SUN_ANSWERS(4),
		MOON_IS_BUSY(0));
	/* clang-format on */
	lab_pass(p->lab, 2 * BUSY_TIME);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 1);
	pair_assert_agree(p, 2);
}

/* Moon knows the new one, but is still installing it. */
static void a_child_is_rekeyed_while_it_is_installed(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, "lan", 3);
	lab_calm(p->lab);
	p->moon->late = 1000;
	host_up(p->moon, "lan", 4);
	ARROWS(p->lab, MOON_CREATES(4), SUN_ANSWERS(4));
	host_rekey(p->sun, "lan");
	ARROWS(p->lab, SUN_REKEYS(0), MOON_IS_BUSY(0));
	p->moon->late = 0;
	lab_pass(p->lab, 1000 + 2 * BUSY_TIME);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 1);
	pair_assert_agree(p, 2);
}

/* The three of 2.8.1: sun rekeys the child that replaces the old one for moon, whose answer is lost. */
static void the_new_of_two_is_rekeyed(void **state)
{
	struct pair *p = open(state, true);

	host_rekey(p->moon, "lan");
	ARROWS(p->lab, MOON_REKEYS(3), "lost: " SUN_ANSWERS(3));
	host_rekey(p->sun, "lan");
	ARROWS(p->lab, SUN_REKEYS(0), MOON_IS_BUSY(0));
	lab_pass(p->lab, 4000 + 2 * BUSY_TIME);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 2);
	pair_assert_agree(p, 2);
}

/* Moon has replaced it and not deleted the old one yet when sun asks for yet another. */
static void rekeyed_while_the_old_one_goes(void **state)
{
	struct pair *p = open(state, true);

	host_rekey(p->moon, "lan");
	ARROWS(p->lab, MOON_REKEYS(3), SUN_ANSWERS(3));
	host_rekey(p->sun, "lan");
	/* clang-format off */
	ARROWS(p->lab,
		"kept: " MOON_DELETES(4),
		SUN_REKEYS(0),
		MOON_DELETES(4),
		MOON_ANSWERS(0),
		SUN_DELETED(4),
		SUN_DELETES(1),
		MOON_DELETED(1));
	/* clang-format on */
	pair_assert_agree(p, 2);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 2);
}

/* Its answer is lost, and sun deletes what it has made: moon, who asks again, does not believe in it. */
static void the_new_one_is_deleted(void **state)
{
	struct pair *p = open(state, true);

	host_rekey(p->moon, "lan");
	ARROWS(p->lab, MOON_REKEYS(3), "lost: " SUN_ANSWERS(3));
	/* Only the new one. */
	host_command(p->sun,
		&(struct ike_command){
			.kind = COMMAND_DOWN, .ticket = 5, .child_id = host_child(p->sun, "lan")->id });
	ARROWS(p->lab, SUN_DELETES(0), MOON_AGREES(0));
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab, MOON_REKEYS(3), SUN_ANSWERS(3));
	/* The old one is still there, and is rekeyed again. */
	lab_pass(p->lab, 2 * BUSY_TIME);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 1);
	pair_assert_agree(p, 2);
}

/* ------------------------------------------------------------------ the IKE_SA itself */

/* Neither yields; each tries again after a while of its own. */
static void a_new_child_and_a_new_ike_sa(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, "lan", 3);
	lab_calm(p->lab);
	host_up(p->moon, "lan", 4);
	host_rekey(p->sun, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		MOON_CREATES(4),
		SUN_REKEYS_IKE(0),
		SUN_IS_BUSY(4),
		MOON_IS_BUSY(0));
	/* clang-format on */
	SILENCE(p->lab);
	lab_pass(p->lab, 10 * BUSY_TIME);
	assert_done(p->moon, 4, true);
	assert_int_equal(host_told_times(p->moon, TELL_SA_REKEYED), 1);
	pair_assert_agree(p, 2);
}

static void a_rekeyed_child_and_a_new_ike_sa(void **state)
{
	struct pair *p = open(state, true);

	host_rekey(p->moon, "lan");
	host_rekey(p->sun, NULL);
	ARROWS(p->lab, MOON_REKEYS(3), SUN_REKEYS_IKE(0), SUN_IS_BUSY(3), MOON_IS_BUSY(0));
	lab_pass(p->lab, 10 * BUSY_TIME);
	assert_int_equal(host_told_times(p->moon, TELL_SA_REKEYED), 1);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 1);
	pair_assert_agree(p, 2);
}

/* Moon's answer is only late: sun is refused, moon is not. */
static void an_ike_sa_while_an_answer_is_under_way(void **state)
{
	struct pair *p = open(state, true);

	host_rekey(p->moon, "lan");
	ARROWS(p->lab, MOON_REKEYS(3), "kept: " SUN_ANSWERS(3));
	host_rekey(p->sun, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		"kept: " SUN_ANSWERS(3),
		SUN_REKEYS_IKE(0),
		SUN_ANSWERS(3),
		MOON_IS_BUSY(0),
		MOON_DELETES(4),
		SUN_DELETED(4));
	/* clang-format on */
	lab_pass(p->lab, 10 * BUSY_TIME);
	assert_int_equal(host_told_times(p->moon, TELL_SA_REKEYED), 1);
	pair_assert_agree(p, 2);
}

/* A delete is not refused: the child goes before it would have moved. */
static void a_deleted_child_and_a_new_ike_sa(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, "lan", 4);
	host_rekey(p->sun, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		MOON_DELETES(3),
		SUN_REKEYS_IKE(0),
		SUN_DELETED(3),
		MOON_IS_BUSY(0));
	/* clang-format on */
	lab_pass(p->lab, 10 * BUSY_TIME);
	assert_int_equal(host_told_times(p->moon, TELL_SA_REKEYED), 1);
	pair_assert_agree(p, 1);
}

static void a_new_ike_sa_and_its_end(void **state)
{
	struct pair *p = open(state, false);

	host_rekey(p->moon, NULL);
	host_down(p->sun, NULL, 5);
	/* clang-format off */
	ARROWS(p->lab,
		MOON_REKEYS_IKE(3),
		SUN_DELETES_IKE(0),
		SUN_IS_BUSY(3),
		MOON_AGREES(0));
	/* clang-format on */
	assert_done(p->sun, 5, true);
	pair_assert_empty_later(p);
}

/* Sun has made the new one and is told to end it, before moon knows of it: its delete is heard in time. */
static void a_new_ike_sa_ends_before_its_answer(void **state)
{
	struct pair *p = open(state, false);

	host_rekey(p->moon, NULL);
	ARROWS(p->lab, MOON_REKEYS_IKE(3), "lost: " SUN_ANSWERS_IKE(3));
	host_down(p->sun, NULL, 5);
	lab_pass(p->lab, 300 * 1000);
	assert_done(p->sun, 5, true);
	pair_assert_empty(p);
}

/* The new one is replaced before who asked for it knows it. */
static void a_new_ike_sa_is_rekeyed(void **state)
{
	struct pair *p = open(state, true);

	host_rekey(p->moon, NULL);
	ARROWS(p->lab, MOON_REKEYS_IKE(3), "kept: " SUN_ANSWERS_IKE(3));
	host_rekey(p->sun, NULL);
	/* Moon has not the keys for this. */
	ARROWS(p->lab, "kept: " SUN_ANSWERS_IKE(3), SUN_REKEYS_IKE(0), SUN_ANSWERS_IKE(3));
	lab_pass(p->lab, 10 * BUSY_TIME);
	assert_int_equal(host_told_times(p->moon, TELL_SA_REKEYED), 2);
	assert_int_equal(host_told_times(p->sun, TELL_SA_REKEYED), 2);
	pair_assert_agree(p, 2);
}

/* A child that both want while the IKE_SA is replaced comes on the new one. */
static void everything_at_once(void **state)
{
	struct pair *p = open(state, true);

	host_rekey(p->moon, "lan");
	host_rekey(p->moon, "net");
	host_rekey(p->moon, NULL);
	host_rekey(p->sun, "net");
	host_rekey(p->sun, "lan");
	host_rekey(p->sun, NULL);
	lab_calm(p->lab);
	lab_pass(p->lab, 30 * BUSY_TIME);
	assert_in_range(host_told_times(p->moon, TELL_SA_REKEYED), 1, 2);
	pair_assert_agree(p, 2);
}

/* ------------------------------------------------------------------ patience */

/* A peer that is always busy has lost track of things (2.25): the IKE_SA goes, and whoever waits hears why.
 */
static void a_peer_that_is_always_busy(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, "lan", 3);
	lab_calm(p->lab);
	host_up(p->moon, "lan", 4);
	p->sun->fails = ASKED_SA_IN;
	lab_pass(p->lab, PUT_OFF_TIME - 1);
	assert_null(host_done(p->moon, 4));
	assert_null(host_told(p->moon, TELL_SA_DOWN));
	lab_pass(p->lab, 2 * BUSY_TIME);
	assert_done(p->moon, 4, false);
	assert_string_equal(host_done(p->moon, 4)->why->notify, "TEMPORARY_FAILURE");
	assert_non_null(host_told(p->sun, TELL_SA_DOWN));
	pair_assert_empty_later(p);
}

/* So it does when it is asked for a rekeying; but it has to be busy each time. */
static void a_peer_that_is_busy_at_times(void **state)
{
	struct pair *p = open(state, false);

	host_expire(p->moon, "lan", false);
	p->sun->fails = ASKED_SA_IN;
	lab_pass(p->lab, PUT_OFF_TIME - 2 * BUSY_TIME);
	p->sun->fails = 0;
	host_reload(p->sun, pair_text(state, pair_sun, LAN_SUN("esp_proposals = aes256-sha512")));
	lab_pass(p->lab, 2 * BUSY_TIME);
	assert_string_equal(host_why(p->moon)->notify, "NO_PROPOSAL_CHOSEN");
	host_reload(p->sun, pair_text(state, pair_sun, LAN_SUN("")));
	p->sun->fails = ASKED_SA_IN;
	lab_pass(p->lab, PUT_OFF_TIME);
	assert_null(host_told(p->moon, TELL_SA_DOWN));
	lab_pass(p->lab, 2 * REFUSED_TIME + 2 * BUSY_TIME);
	assert_string_equal(host_why(p->moon)->notify, "TEMPORARY_FAILURE");
	pair_assert_empty_later(p);
}

/* What we cannot do ourselves is no reason for that. */
static void a_child_that_cannot_be_asked_for(void **state)
{
	struct pair *p = open(state, false);

	host_down(p->moon, "lan", 3);
	lab_calm(p->lab);
	host_reload(p->moon, pair_text(state, pair_moon, LAN_MOON("esp_proposals = aes128gcm16-x25519")));
	p->moon->fails = ASKED_KEYS;
	host_up(p->moon, "lan", 4);
	lab_pass(p->lab, PUT_OFF_TIME - 1);
	assert_null(host_done(p->moon, 4));
	lab_pass(p->lab, 2 * REFUSED_TIME);
	assert_done(p->moon, 4, false);
	pair_assert_agree(p, 1);
	/* Whoever asks later is no worse off. */
	p->moon->fails = 0;
	host_reload(p->moon, pair_text(state, pair_moon, LAN_MOON("")));
	host_up(p->moon, "lan", 5);
	lab_calm(p->lab);
	assert_done(p->moon, 5, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(one_rekeys_what_the_other_deletes),
		PAIR_TEST(or_has_deleted),
		PAIR_TEST(or_deletes_after_its_answer),
		PAIR_TEST(or_is_about_to_delete),
		PAIR_TEST(one_rekeys_and_the_other_deletes_another),
		PAIR_TEST(both_rekey_another),
		PAIR_TEST(both_delete_it),
		PAIR_TEST(both_delete_the_ike_sa),
		PAIR_TEST(both_create_the_same),
		PAIR_TEST(one_creates_what_the_other_is_to_create),
		PAIR_TEST(one_creates_what_the_other_is_about_to_create),
		PAIR_TEST(one_installs_what_the_other_wants),
		PAIR_TEST(a_new_child_is_rekeyed),
		PAIR_TEST(a_child_is_rekeyed_while_it_is_installed),
		PAIR_TEST(the_new_of_two_is_rekeyed),
		PAIR_TEST(rekeyed_while_the_old_one_goes),
		PAIR_TEST(the_new_one_is_deleted),
		PAIR_TEST(a_new_child_and_a_new_ike_sa),
		PAIR_TEST(a_rekeyed_child_and_a_new_ike_sa),
		PAIR_TEST(an_ike_sa_while_an_answer_is_under_way),
		PAIR_TEST(a_deleted_child_and_a_new_ike_sa),
		PAIR_TEST(a_new_ike_sa_and_its_end),
		PAIR_TEST(a_new_ike_sa_ends_before_its_answer),
		PAIR_TEST(a_new_ike_sa_is_rekeyed),
		PAIR_TEST(everything_at_once),
		PAIR_TEST(a_peer_that_is_always_busy),
		PAIR_TEST(a_peer_that_is_busy_at_times),
		PAIR_TEST(a_child_that_cannot_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
