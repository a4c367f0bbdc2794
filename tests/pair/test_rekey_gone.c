/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rekeying of a CHILD_SA that one end does not have any more, or does not want any more (RFC 7296, 2.25). */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define REKEY(mid)   "moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}"
#define REKEYED(mid) "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, Nonce, TSi, TSr}"
#define REFUSED(n)   "moon <-- sun  CREATE_CHILD_SA response 2: SK {N(" #n ")}"
#define SUN_DELETES  "moon <-- sun  INFORMATIONAL request 1: SK {D(ESP)}"
#define SUN_DELETED  "moon --> sun  INFORMATIONAL response 1: SK {D(ESP)}"

static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_up(p);
	return p;
}

/* Sun has none with that SPI: moon's goes without a word, and a new one is made (2.25). */
static void sun_has_it_no_more(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct arena arena = { 0 };
	const struct wire_notify *n;
	uint32_t spi = host_child(p->moon, "net")->spi_in;
	struct message m;
	struct rd r;

	host_down_force(p->sun, "net", 2);
	ARROWS(p->lab, "lost: moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}");
	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2));
	assert_true(forge_open(p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), &arena, &m));
	n = message_notify(&m, CHILD_SA_NOT_FOUND);
	r = rd_of(n->spi);
	assert_int_equal(n->protocol, PROTO_ESP);
	assert_int_equal(rd_u32(&r), spi);
	arena_free(&arena);
	/* clang-format off */
	ARROWS(p->lab,
		REFUSED(CHILD_SA_NOT_FOUND),
		"moon --> sun  CREATE_CHILD_SA request 3: SK {SA, Nonce, TSi, TSr}",
		REKEYED(3));
	/* clang-format on */
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}",
		"moon --> sun  INFORMATIONAL response 0: SK {}");
	pair_assert_agree(p, 1);
}

/* But not one that is to go. */
static void nor_does_moon_want_it(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_down_force(p->sun, "net", 2);
	ARROWS(p->lab, "lost: moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}");
	host_rekey(p->moon, "net");
	host_down(p->moon, "net", 3);
	ARROWS(p->lab, REKEY(2), REFUSED(CHILD_SA_NOT_FOUND));
	assert_true(host_done(p->moon, 3)->success);
	lab_pass(p->lab, 5000);
	pair_assert_agree(p, 0);
}

/* A name that is none: no SPI, one of another size, another protocol's. */
static void named_wrongly(void **state)
{
	static const struct {
		uint8_t protocol;
		const char *spi;
		size_t n;
	} v[] = { { PROTO_ESP, "", 0 }, { PROTO_ESP, "\x80\1\2\3\4\5\6\7", 8 },
		{ PROTO_ESP, "\0\0\0\0", 4 } };

	for (unsigned i = 0; i < sizeof v / sizeof *v; i++) {
		struct pair *p = open(state, NULL, NULL);
		struct arena arena = { 0 };
		struct message m;

		host_rekey(p->moon, "net");
		assert_true(forge_open(
			p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), &arena, &m));
		m.notifies[0].protocol = v[i].protocol;
		m.notifies[0].spi = bytes_of(v[i].spi, v[i].n);
		forge_change(lab_first(p->lab), &m);
		arena_free(&arena);
		ARROWS(p->lab, REKEY(2), REFUSED(CHILD_SA_NOT_FOUND));
		assert_int_equal(ike_load(p->sun->ike).children, 1);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Who takes it down while it is being rekeyed means the new one too. */
static void taken_down_while_it_is_rekeyed(void **state)
{
	for (unsigned delivered = 0; delivered < 5; delivered++) {
		struct pair *p = open(state, NULL, NULL);

		host_rekey(p->moon, "net");
		for (unsigned i = 0; i < delivered && lab_first(p->lab); i++)
			lab_deliver(p->lab, lab_first(p->lab));
		host_down(p->moon, "net", 2);
		lab_calm(p->lab);
		assert_true(host_done(p->moon, 2)->success);
		pair_assert_agree(p, 0);
		assert_int_equal(pair_close(state), 0);
	}
}

/* The same at the other end. */
static void taken_down_while_the_peer_rekeys_it(void **state)
{
	for (unsigned delivered = 0; delivered < 5; delivered++) {
		struct pair *p = open(state, NULL, NULL);

		host_rekey(p->moon, "net");
		for (unsigned i = 0; i < delivered && lab_first(p->lab); i++)
			lab_deliver(p->lab, lab_first(p->lab));
		host_down(p->sun, "net", 2);
		lab_calm(p->lab);
		lab_pass(p->lab, 2 * BUSY_TIME);
		assert_true(host_done(p->sun, 2)->success);
		pair_assert_agree(p, 0);
		assert_int_equal(pair_close(state), 0);
	}
}

/* It is installing the new one, and has not answered yet: what it deletes then must not overtake its answer.
 */
static void taken_down_before_it_is_answered(void **state)
{
	for (unsigned force = 0; force < 2; force++) {
		struct pair *p = open(state, NULL, NULL);

		p->sun->late = 1000;
		host_rekey(p->moon, "net");
		ARROWS(p->lab, REKEY(2));
		if (force)
			host_down_force(p->sun, "net", 2);
		else
			host_down(p->sun, "net", 2);
		ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}",
			"moon --> sun  INFORMATIONAL response 0: SK {D(ESP)}");
		SILENCE(p->lab);
		lab_clock(p->lab, p->lab->now + 1000);
		ARROWS(p->lab, REKEYED(2), SUN_DELETES, SUN_DELETED);
		assert_true(host_done(p->sun, 2)->success);
		pair_assert_agree(p, 0);
		assert_int_equal(pair_close(state), 0);
	}
}

/* ------------------------------------------------------------------ a peer that replaces nothing */

#define IMPATIENT CHILD("rekey_time = 0\n life_time = 300s") DAEMON("make_before_break = yes")

/* Who began makes a new IKE_SA then (1.3). */
static void moon_begins_anew(void **state)
{
	for (unsigned ike = 0; ike < 2; ike++) {
		struct pair *p = open(state, IMPATIENT, NULL);

		p->sun->fails = ASKED_SA_IN | ASKED_KEYS;
		host_rekey(p->moon, ike ? NULL : "net");
		lab_deliver(p->lab, lab_first(p->lab));
		p->sun->fails = 0;
		forge_refusal(lab_first(p->lab), NO_ADDITIONAL_SAS, (struct bytes){ 0 });
		lab_deliver(p->lab, lab_first(p->lab));
		lab_calm(p->lab);
		assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
		assert_int_equal(host_told_times(p->moon, TELL_SA_DOWN), 1);
		pair_assert_agree(p, 1);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Who has not can only ask again, until the time of the child is over. */
static void sun_asks_again(void **state)
{
	struct pair *p = open(state, NULL, IMPATIENT);
	uint64_t start = p->lab->now;
	unsigned times = 0;

	host_rekey(p->sun, "net");
	while (host_child(p->sun, "net")) {
		p->moon->fails = ASKED_SA_IN;
		lab_deliver(p->lab, lab_first(p->lab));
		p->moon->fails = 0;
		forge_refusal(lab_first(p->lab), NO_ADDITIONAL_SAS, (struct bytes){ 0 });
		lab_deliver(p->lab, lab_first(p->lab));
		assert_non_null(strstr(host_why(p->sun)->what, "which the peer has begun"));
		times++;
		lab_clock(p->lab, lab_due(p->lab));
	}
	assert_int_equal(p->lab->now - start, 300 * 1000);
	assert_in_range(times, 300 * 1000 / (2 * REFUSED_TIME), 300 * 1000 / REFUSED_TIME + 1);
	lab_pass(p->lab, 2 * REFUSED_TIME);
	pair_assert_agree(p, 0);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(sun_has_it_no_more),
		PAIR_TEST(nor_does_moon_want_it),
		PAIR_TEST(named_wrongly),
		PAIR_TEST(taken_down_while_it_is_rekeyed),
		PAIR_TEST(taken_down_while_the_peer_rekeys_it),
		PAIR_TEST(taken_down_before_it_is_answered),
		PAIR_TEST(moon_begins_anew),
		PAIR_TEST(sun_asks_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
