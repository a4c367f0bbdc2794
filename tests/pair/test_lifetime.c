/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long CHILD_SAs and IKE_SAs live: new keys in time, by the clock or by volume, and an end in any case.
 */
#include "ike/step.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define REKEY(mid)   "moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}"
#define REKEYED(mid) "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, Nonce, TSi, TSr}"
#define DELETE(mid)  "moon --> sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define DELETED(mid) "moon <-- sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"
#define IKE_REKEY    "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, KE, Nonce}"
#define IKE_REKEYED  "moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce}"
#define IKE_DELETE   "moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}"
#define IKE_DELETED  "moon <-- sun  INFORMATIONAL response 3: SK {}"

enum { SECOND = 1000 };

static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_up(p);
	return p;
}

/* ------------------------------------------------------------------ children */

static void a_child_in_time(void **state)
{
	struct pair *p = open(state, CHILD("rekey_time = 100s\n life_time = 110s\n rand_time = 0"), NULL);

	traffic_begin(&p->traffic, p->lab);
	for (unsigned i = 0; i < 3; i++) {
		pair_until(p, p->lab->now, 100 * SECOND);
		lab_calm(p->lab);
		assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), i + 1);
	}
	traffic_end(&p->traffic);
	pair_assert_agree(p, 1);
}

/* rand_time is taken off, never added, and differs from SA to SA. */
static void not_all_at_once(void **state)
{
	uint64_t first = 0;
	bool differs = false;

	for (unsigned i = 0; i < 20; i++) {
		struct pair *p = pair_open(
			state, CHILD("rekey_time = 100s\n life_time = 110s\n rand_time = 10s"), NULL);
		uint64_t start, due;

		for (unsigned k = 0; k < i; k++)
			rng_u32(&p->lab->rng.rng);
		pair_up(p);
		start = p->lab->now;
		due = host_child(p->moon, "net")->rekey_due;
		assert_in_range(due - start, 90 * SECOND + 1, 100 * SECOND);
		first = i ? first : due - start;
		differs |= due - start != first;
		assert_int_equal(host_child(p->moon, "net")->life_end, start + 110 * SECOND);
		lab_clock(p->lab, due);
		ARROWS(p->lab, REKEY(2), REKEYED(2), DELETE(3), DELETED(3));
		assert_int_equal(pair_close(state), 0);
	}
	assert_true(differs);
}

/* Who replaces it begins its own time; the other's clock for the old one is over. */
static void one_of_both_ends_is_enough(void **state)
{
	struct pair *p = open(state, CHILD("rekey_time = 100s\n life_time = 200s\n rand_time = 0"),
		CHILD("rekey_time = 101s\n life_time = 200s\n rand_time = 0"));

	pair_until(p, p->lab->now, 100 * SECOND);
	ARROWS(p->lab, REKEY(2), REKEYED(2), DELETE(3), DELETED(3));
	pair_quiet(p, 90 * SECOND);
}

static void a_child_by_volume(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	traffic_begin(&p->traffic, p->lab);
	host_expire(p->moon, "net", false);
	host_expire(p->moon, "net", false); /* the kernel says it twice, for each direction */
	ARROWS(p->lab, REKEY(2), REKEYED(2), DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
}

/* Whoever carries packets may be lost before it is known that he has it. */
static void a_child_that_is_spent_before_it_is_installed(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_rekey(p->moon, "net");
	p->moon->late = SECOND;
	ARROWS(p->lab, REKEY(2), REKEYED(2));
	assert_int_equal(host_child(p->moon, "net")->state, CHILD_INSTALLING);
	host_expire(p->moon, "net", false);
	p->moon->late = 0;
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + SECOND);
	ARROWS(p->lab, DELETE(3), DELETED(3), REKEY(4), REKEYED(4), DELETE(5), DELETED(5));
	pair_assert_agree(p, 1);
}

/* It is closed then, and not rekeyed as well. */
static void a_child_that_is_over_before_it_is_installed(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_rekey(p->moon, "net");
	p->moon->late = SECOND;
	ARROWS(p->lab, REKEY(2), REKEYED(2));
	assert_int_equal(host_child(p->moon, "net")->state, CHILD_INSTALLING);
	for (unsigned i = 0; i < 4; i++)
		host_expire(p->moon, "net", i & 1);
	assert_true(host_said(p->moon, "CHILD_SA net has carried as much as it may: it is closed"));
	p->moon->late = 0;
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + SECOND);
	ARROWS(p->lab, DELETE(3), DELETED(3), DELETE(4), DELETED(4));
	SILENCE(p->lab);
	pair_assert_agree(p, 0);
}

/* At its other end, too: there the answer leaves first. */
static void one_that_is_over_before_it_is_answered(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	const struct child *fresh;

	host_rekey(p->moon, "net");
	p->sun->late = SECOND;
	ARROWS(p->lab, REKEY(2));
	fresh = node_owner(node_owner(p->sun->ike->sas_list.next, struct sa, of_ike)->children.prev,
		struct child, of_sa);
	assert_int_equal(fresh->state, CHILD_INSTALLING);
	host_event(p->sun,
		&(struct ike_event){ .kind = EVENT_EXPIRE, .expire = { .child = fresh->id, .hard = true } });
	SILENCE(p->lab);
	p->sun->late = 0;
	lab_clock(p->lab, p->lab->now + SECOND);
	lab_calm(p->lab);
	pair_assert_agree(p, 0);
}

static void a_child_with_too_much_volume(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_expire(p->moon, "net", true);
	host_expire(p->moon, "net", true);
	ARROWS(p->lab, DELETE(2), DELETED(2));
	SILENCE(p->lab);
	assert_int_equal(ike_load(p->sun->ike).children, 0);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
}

/* What was replaced has nothing to say any more, nor has what there is not. */
static void volume_of_the_past(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct ike_event e = { .kind = EVENT_EXPIRE, .expire.child = host_child(p->moon, "net")->id };

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2));
	host_event(p->moon, &e);
	e.expire.hard = true;
	host_event(p->moon, &e);
	ARROWS(p->lab, DELETE(3), DELETED(3));
	host_event(p->moon, &e);
	e.expire.child = 0xffffff;
	host_event(p->moon, &e);
	pair_assert_agree(p, 1);
}

/* Responder's side, while it waits for the delete of the old one: it does not rekey that again. */
static void volume_of_one_that_the_peer_has_replaced(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct ike_event e = { .kind = EVENT_EXPIRE, .expire.child = host_child(p->sun, "net")->id };

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2));
	host_event(p->sun, &e);
	ARROWS(p->lab, DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
}

static void the_end_of_a_child(void **state)
{
	struct pair *p = open(state, CHILD("life_time = 100s"), NULL);

	pair_until(p, p->lab->now, 100 * SECOND);
	ARROWS(p->lab, DELETE(2), DELETED(2));
	pair_assert_agree(p, 0);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_DOWN), 1);
}

/* Refused again and again: it is tried every half a minute or so, and ends when it must. */
static void a_child_that_cannot_be_rekeyed(void **state)
{
	struct pair *p = open(state, CHILD("rekey_time = 100s\n life_time = 300s\n rand_time = 0"),
		CHILD("esp_proposals = aes128gcm16-ecp256"));
	uint64_t start = p->lab->now, last = 0;
	unsigned tries = 0;

	traffic_begin(&p->traffic, p->lab);
	pair_until(p, start, 100 * SECOND);
	do {
		if (tries)
			assert_in_range(p->lab->now - last, REFUSED_TIME, 2 * REFUSED_TIME);
		last = p->lab->now;
		lab_calm(p->lab);
		assert_int_equal(host_told_times(p->moon, TELL_REFUSED), ++tries);
		if (lab_due(p->lab) < start + 300 * SECOND)
			lab_clock(p->lab, lab_due(p->lab));
	} while (lab_due(p->lab) < start + 300 * SECOND);
	assert_in_range(tries, 3, 7);
	traffic_end(&p->traffic);
	lab_clock(p->lab, start + 300 * SECOND);
	lab_calm(p->lab);
	pair_quiet(p, 2 * REFUSED_TIME);
	pair_assert_agree(p, 0);
}

/* The answer to the rekeying comes after the end of the old one. */
static void an_end_during_the_rekeying(void **state)
{
	struct pair *p = open(state, CHILD("rekey_time = 100s\n life_time = 102s\n rand_time = 0"), NULL);

	pair_until(p, p->lab->now, 100 * SECOND);
	ARROWS(p->lab, "lost: " REKEY(2));
	lab_clock(p->lab, p->lab->now + 2 * SECOND);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + 2 * SECOND);
	ARROWS(p->lab, REKEY(2), REKEYED(2), DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
}

/* Who answers a rekeying closes the old one while it is still installing the new one: one goes, one comes. */
static void an_end_before_the_answer(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	p->sun->late = 1000;
	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2));
	host_event(p->sun, &(struct ike_event){ .kind = EVENT_EXPIRE,
				   .expire = { .child = datapath_sa(&p->sun->datapath, true, 0)->child,
					   .hard = true } });
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}",
		"moon --> sun  INFORMATIONAL response 0: SK {D(ESP)}");
	lab_clock(p->lab, p->lab->now + SECOND);
	ARROWS(p->lab, REKEYED(2));
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(host_told_times(&p->lab->hosts[i], TELL_CHILD_UP), 2);
		assert_int_equal(host_told_times(&p->lab->hosts[i], TELL_CHILD_DOWN), 1);
		assert_int_equal(host_told_times(&p->lab->hosts[i], TELL_CHILD_REKEYED), 0);
	}
	pair_assert_agree(p, 1);
}

/* ------------------------------------------------------------------ IKE_SAs */

static void an_ike_sa_in_time(void **state)
{
	struct pair *p = open(state, CONN("rekey_time = 1000s\n over_time = 100s\n rand_time = 0"), NULL);

	traffic_begin(&p->traffic, p->lab);
	pair_until(p, p->lab->now, 1000 * SECOND);
	ARROWS(p->lab, IKE_REKEY, IKE_REKEYED, IKE_DELETE, IKE_DELETED);
	pair_until(p, p->lab->now, 1000 * SECOND);
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->sun, TELL_SA_REKEYED), 2);
	pair_assert_agree(p, 1);
}

/* A gap, as when the machine slept: what was due runs once, in order. */
static void after_a_sleep(void **state)
{
	struct pair *p = open(state,
		CONN("rekey_time = 1000s\n over_time = 10000s\n rand_time = 0")
			CHILD("rekey_time = 100s\n life_time = 10000s\n rand_time = 0"),
		NULL);

	lab_clock(p->lab, p->lab->now + 5000 * SECOND);
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 1);
	assert_int_equal(host_told_times(p->moon, TELL_SA_REKEYED), 1);
	pair_assert_agree(p, 1);
}

/* The first refusal: half a minute later again. */
static void an_ike_sa_that_cannot_be_rekeyed(void **state)
{
	struct pair *p = open(state, CONN("rekey_time = 100s\n over_time = 100s\n rand_time = 0"), NULL);
	uint64_t start = p->lab->now;
	unsigned tries = 0;

	host_reload(p->sun, pair_text(state, pair_sun, CONN("proposals = aes256gcm16-prfsha384-x25519")));
	traffic_begin(&p->traffic, p->lab);
	pair_until(p, start, 100 * SECOND);
	while (p->lab->now - start < 200 * SECOND) {
		tries++;
		lab_calm(p->lab);
		assert_int_equal(host_told_times(p->sun, TELL_REFUSED), tries);
		lab_clock(p->lab, lab_due(p->lab));
	}
	assert_in_range(tries, 2, 4);
	assert_string_equal(host_why(p->sun)->notify, "NO_PROPOSAL_CHOSEN");
	traffic_end(&p->traffic);
	/* over_time is over: the peer is told. */
	assert_int_equal(p->lab->now - start, 200 * SECOND);
	lab_calm(p->lab);
	assert_non_null(host_told(p->sun, TELL_SA_DOWN));
	pair_assert_empty_later(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_child_in_time),
		PAIR_TEST(not_all_at_once),
		PAIR_TEST(one_of_both_ends_is_enough),
		PAIR_TEST(a_child_by_volume),
		PAIR_TEST(a_child_that_is_spent_before_it_is_installed),
		PAIR_TEST(a_child_that_is_over_before_it_is_installed),
		PAIR_TEST(one_that_is_over_before_it_is_answered),
		PAIR_TEST(a_child_with_too_much_volume),
		PAIR_TEST(volume_of_the_past),
		PAIR_TEST(volume_of_one_that_the_peer_has_replaced),
		PAIR_TEST(the_end_of_a_child),
		PAIR_TEST(a_child_that_cannot_be_rekeyed),
		PAIR_TEST(an_end_during_the_rekeying),
		PAIR_TEST(an_end_before_the_answer),
		PAIR_TEST(an_ike_sa_in_time),
		PAIR_TEST(after_a_sleep),
		PAIR_TEST(an_ike_sa_that_cannot_be_rekeyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
