/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quick crash detection (RFC 6290): who was restarted can prove it, and the tunnel is back at once. */
#include "ike/crash.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define TOKEN   "N(QUICK_CRASH_DETECTION)"
#define PATIENT CONN("dpd_delay = 10s")
#define KEPT    PATIENT CHILD("keep = yes")

/* clang-format off */
#define COMES_UP(p)                                                                                          \
	ARROWS((p)->lab,                                                                                     \
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",                                  \
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",                                 \
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, " TOKEN "}",                 \
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, " TOKEN "}")
/* clang-format on */

#define ALIVE(mid) "moon --> sun  INFORMATIONAL request " #mid ": SK {}"
#define SHOWN(mid) "moon <-- sun  INFORMATIONAL response " #mid ": N(INVALID_IKE_SPI), " TOKEN

/* Both remember, and are up. */
static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_remember(p->moon);
	host_remember(p->sun);
	if (!lab_first(p->lab))
		pair_say_up(p, 1);
	COMES_UP(p);
	pair_assert_up(p);
	return p;
}

static void restart(struct host *h)
{
	host_stop(h);
	host_start(h);
}

/* One round trip says it, and the tunnel is set up again without a pause. */
static void a_crash_is_shown(void **state)
{
	struct pair *p = open(state, KEPT, NULL);
	uint64_t then;

	restart(p->sun);
	pair_wait(p);
	then = p->lab->now;
	ARROWS(p->lab, ALIVE(2), SHOWN(2));
	assert_non_null(strstr(host_why(p->moon)->what, "it was restarted"));
	COMES_UP(p);
	assert_int_equal(p->lab->now, then);
	assert_int_equal(host_counted(p->moon, COUNT_CRASHES), 1);
	pair_assert_up(p);
}

/* What a core makes is numbered above what those before it have made, also when it is told again. */
static void numbers_go_on(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	unsigned n;

	for (uint32_t numbers = 1000; numbers; numbers -= 1000)
		host_event(p->moon, &(struct ike_event){ .kind = EVENT_SECRETS, .secrets.numbers = numbers });
	pair_up(p);
	assert_true(host_records(p->moon, &arena, &n)[0].id > 1000);
	assert_true(host_records(p->moon, &arena, &n)[0].children[0].id > 1000);
	assert_true(host_records(p->sun, &arena, &n)[0].id < 1000);
	arena_free(&arena);
}

/* What is configured for a dead peer is done. */
static void what_is_configured_for_death(void **state)
{
	struct pair *p = open(state, PATIENT CHILD("dpd_action = start"), NULL);

	restart(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(2), SHOWN(2));
	COMES_UP(p);
	pair_assert_up(p);
}

static void nothing_is_configured(void **state)
{
	struct pair *p = open(state, PATIENT, NULL);

	restart(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(2), SHOWN(2));
	SILENCE(p->lab);
	assert_int_equal(ike_load(p->moon->ike).sas, 0);
}

/* The responder's side takes a token too. */
static void the_responder_is_shown_it(void **state)
{
	struct pair *p = open(state, NULL, PATIENT);

	restart(p->moon);
	pair_wait(p);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {}",
		"moon --> sun  INFORMATIONAL response 0: N(INVALID_IKE_SPI), " TOKEN);
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
}

/* Any other token, or none, proves nothing. */
static void a_wrong_token(void **state)
{
	struct pair *p = open(state, KEPT, NULL);

	host_stop(p->sun);
	p->sun->secret[0] ^= 1;
	host_start(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(2), SHOWN(2));
	SILENCE(p->lab);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
	assert_int_equal(host_dropped(p->moon, DROP_UNSEALED), 1);
	assert_int_equal(host_counted(p->moon, COUNT_CRASHES), 0);
}

/* Nor does the right one beside anything else than that the IKE_SA is not known (RFC 6290, 4.5). */
static void a_token_without_the_notify(void **state)
{
	struct pair *p = open(state, KEPT, NULL);
	struct arena arena = { 0 };
	struct flight *f;
	struct message m;

	restart(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(2));
	f = lab_first(p->lab);
	m = forge_read(f, &arena);
	for (unsigned i = 0; i < m.n_notifies; i++)
		if (m.notifies[i].type == INVALID_IKE_SPI)
			m.notifies[i].type = INVALID_SYNTAX;
	lab_deliver(p->lab, lab_forge(p->lab, p->sun, f->source, f->target, forge_clear(&m, &arena)));
	arena_free(&arena);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
	assert_int_equal(host_counted(p->moon, COUNT_CRASHES), 0);
	ARROWS(p->lab, SHOWN(2));
	assert_int_equal(host_counted(p->moon, COUNT_CRASHES), 1);
}

static void switched_off(void **state)
{
	struct pair *p = pair_open(state, KEPT, DAEMON("crash_detection = no"));

	host_remember(p->moon);
	host_remember(p->sun);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_true(forge_sa(p->sun)->core.has_token);
	assert_false(forge_sa(p->moon)->core.has_token);
	restart(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(2), "moon <-- sun  INFORMATIONAL response 2: N(INVALID_IKE_SPI)");
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
}

/* A request to sun on the IKE_SA that is up, without its keys, with FLAGS. */
static void ask_for_token(struct pair *p, uint8_t flags)
{
	const struct sa_core *c = &forge_sa(p->moon)->core;
	struct wire_header h = { .spi_i = c->spi_i,
		.spi_r = c->spi_r,
		.version = 0x20,
		.exchange = INFORMATIONAL,
		.flags = flags,
		.mid = 2,
		.next = PAYLOAD_SK };
	uint8_t room[100];
	struct wr w = wr_of(room, sizeof room);

	header_put(&h, &w);
	wr_u32(&w, 40);
	wr_zero(&w, 36);
	wr_u32_at(&w, LENGTH_AT, (uint32_t)w.n);
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, (struct addr){ p->moon->ip, 500 },
				    (struct addr){ p->sun->ip, 500 }, wr_done(&w)));
}

/* While the IKE_SA is alive nobody gets its token: with the initiator's flag turned around an answer comes,
 * since sun has begun no such IKE_SA, and what is in it proves nothing, with the flag as it should be either.
 */
static void nobody_gets_the_token_of_the_living(void **state)
{
	struct pair *p = open(state, KEPT, NULL);
	struct arena arena = { 0 };
	struct flight *f;
	struct message m;

	ask_for_token(p, FLAG_INITIATOR);
	SILENCE(p->lab);
	ask_for_token(p, 0);
	f = lab_first(p->lab);
	m = forge_read(f, &arena);
	m.header.flags &= (uint8_t)~FLAG_INITIATOR;
	lab_deliver(p->lab, lab_forge(p->lab, p->sun, f->source, f->target, forge_clear(&m, &arena)));
	assert_int_equal(host_dropped(p->moon, DROP_NO_REQUEST), 1);
	arena_free(&arena);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL response 2: N(INVALID_IKE_SPI), " TOKEN);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
	assert_int_equal(host_counted(p->moon, COUNT_CRASHES), 0);
}

/* Who asked for a rekeying gives its new token in an exchange of its own, who answered in the answer. */
static void a_rekeyed_one_has_other_tokens(void **state)
{
	struct pair *p = open(state, KEPT, NULL);
	uint8_t before[CRASH_PRINT];

	memcpy(before, forge_sa(p->moon)->core.token, sizeof before);
	host_rekey(p->moon, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  CREATE_CHILD_SA request 2: SK {SA, KE, Nonce}",
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce, " TOKEN "}",
		"moon --> sun  INFORMATIONAL request 0: SK {" TOKEN "}",
		"moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 0: SK {}",
		"moon <-- sun  INFORMATIONAL response 3: SK {}");
	/* clang-format on */
	assert_true(forge_sa_up(p->moon)->core.has_token);
	assert_true(forge_sa_up(p->sun)->core.has_token);
	assert_memory_not_equal(before, forge_sa_up(p->moon)->core.token, sizeof before);
	restart(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(1), SHOWN(1));
	COMES_UP(p);
	pair_assert_up(p);
}

/* Packets on an SA that is gone are enough: they are answered by a hint, and what moon asks then by proof. */
static void packets_bring_it_back(void **state)
{
	struct pair *p = open(state, CHILD("keep = yes"), NULL);
	uint32_t spi = host_child(p->moon, "net")->spi_out;

	lab_clock(p->lab, p->lab->now + HINT_TIME);
	restart(p->sun);
	host_event(
		p->sun, &(struct ike_event){ .kind = EVENT_UNKNOWN_SPI,
				.unknown_spi = { .path = { .local.ip = p->sun->ip, .remote.ip = p->moon->ip },
					.spi = spi } });
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: N(INVALID_SPI)", ALIVE(2), SHOWN(2));
	COMES_UP(p);
	pair_assert_up(p);
}

/* However much ESP sun cannot open, it still answers. */
static void many_packets_do_not_hide_it(void **state)
{
	struct pair *p = open(state, KEPT, NULL);
	uint32_t spi = host_child(p->moon, "net")->spi_out;

	restart(p->sun);
	pair_wait(p);
	for (unsigned i = 0; i < 2 * STRANGERS_BURST; i++)
		host_event(p->sun,
			&(struct ike_event){ .kind = EVENT_UNKNOWN_SPI,
				.unknown_spi = { .path = { .local.ip = p->sun->ip, .remote.ip = p->moon->ip },
					.spi = spi } });
	lab_deliver(p->lab, lab_first(p->lab));
	for (unsigned i = 0; i < STRANGERS_BURST; i++)
		lab_lose(lab_first(p->lab));
	ARROWS(p->lab, SHOWN(2));
	COMES_UP(p);
	pair_assert_up(p);
}

/* One that is being deleted is over, and is not brought back. */
static void what_is_taken_down_stays_down(void **state)
{
	struct pair *p = open(state, PATIENT CHILD("dpd_action = start"), NULL);

	restart(p->sun);
	host_down(p->moon, NULL, 2);
	ARROWS(p->lab, "moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}", SHOWN(2));
	SILENCE(p->lab);
	assert_true(host_done(p->moon, 2)->success);
	assert_int_equal(ike_load(p->moon->ike).sas, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_crash_is_shown),
		PAIR_TEST(numbers_go_on),
		PAIR_TEST(what_is_configured_for_death),
		PAIR_TEST(nothing_is_configured),
		PAIR_TEST(the_responder_is_shown_it),
		PAIR_TEST(a_wrong_token),
		PAIR_TEST(a_token_without_the_notify),
		PAIR_TEST(switched_off),
		PAIR_TEST(nobody_gets_the_token_of_the_living),
		PAIR_TEST(a_rekeyed_one_has_other_tokens),
		PAIR_TEST(packets_bring_it_back),
		PAIR_TEST(many_packets_do_not_hide_it),
		PAIR_TEST(what_is_taken_down_stays_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
