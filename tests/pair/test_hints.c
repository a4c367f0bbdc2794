/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A peer that has forgotten its SAs, and what it says of that without a seal (RFC 7296, 1.5, 2.21.4): it
 * decides nothing, but it is good to know. */
#include "ike/negotiate.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define ALIVE(mid) "moon --> sun  INFORMATIONAL request " #mid ": SK {}"
#define YES(mid)   "moon <-- sun  INFORMATIONAL response " #mid ": SK {}"
#define DISOWNED   "moon <-- sun  INFORMATIONAL response 2: N(INVALID_IKE_SPI)"

static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_up(p);
	return p;
}

static struct addr address(const char *ip)
{
	struct addr a = { .port = 500 };

	assert_int_equal(ip_parse(ip, &a.ip), ERR_OK);
	return a;
}

static struct wire_header header_of(const struct flight *f)
{
	struct wire_header h;

	assert_int_equal(header_get(bytes_of(f->data, f->n), &h), ERR_OK);
	return h;
}

/* ------------------------------------------------------------------ INVALID_IKE_SPI */

/* Then moon asks. */
static void restart_sun(struct pair *p)
{
	host_stop(p->sun);
	host_start(p->sun);
	pair_wait(p);
}

/* Sun has been restarted, and says so to what moon asks. Moon asks as often as ever, and knows why then. */
static void a_peer_that_was_restarted(void **state)
{
	struct pair *p = open(state, CONN("dpd_delay = 10s"), NULL);
	const struct sa *sa = forge_sa(p->moon);
	unsigned times = 0;
	struct wire_header h;

	restart_sun(p);
	while (ike_load(p->moon->ike).sas) {
		ARROWS(p->lab, ALIVE(2));
		h = header_of(lab_first(p->lab));
		assert_true(h.spi_i == sa->core.spi_i && h.spi_r == sa->core.spi_r);
		assert_int_equal(h.flags, FLAG_RESPONSE);
		ARROWS(p->lab, DISOWNED);
		assert_int_equal(host_dropped(p->moon, DROP_UNSEALED), ++times);
		while (!lab_first(p->lab) && ike_load(p->moon->ike).sas)
			lab_clock(p->lab, lab_due(p->lab));
	}
	assert_int_equal(times, 6);
	assert_non_null(strstr(host_why(p->moon)->what, "it may have been restarted"));
	assert_string_equal(host_why(p->moon)->notify, "INVALID_IKE_SPI");
}

/* Only what looks like a request of a peer's is answered, and not each of many. */
static void not_to_everybody(void **state)
{
	struct pair *p = open(state, CONN("dpd_delay = 10s"), NULL);
	struct arena arena = { 0 };
	struct flight *f;
	struct bytes data;

	restart_sun(p);
	f = lab_first(p->lab);
	data = arena_bytes(&arena, bytes_of(f->data, f->n));
	for (unsigned i = 0; i < 100; i++)
		lab_deliver(p->lab, lab_copy(p->lab, f));
	lab_lose(f);
	for (unsigned i = 0; i < STRANGERS_BURST; i++)
		lab_lose(lab_first(p->lab));
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + STRANGER_TIME);
	((uint8_t *)data.p)[19] |= FLAG_RESPONSE;
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, address("192.0.2.1"), address("192.0.2.2"), data));
	SILENCE(p->lab);
	((uint8_t *)data.p)[19] ^= FLAG_RESPONSE;
	((uint8_t *)data.p)[18] = 99;
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, address("192.0.2.1"), address("192.0.2.2"), data));
	SILENCE(p->lab);
	arena_free(&arena);
}

/* One that is just being made is not unknown. */
static void not_of_what_is_coming(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct node kept;

	host_rekey(p->moon, NULL);
	ARROWS(p->lab, "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, KE, Nonce}",
		"kept: moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce}");
	host_rekey(p->sun, "net");
	forge_unlist(p->moon, &kept);
	/* clang-format off */
	ARROWS(p->lab,
		"kept: moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce}",
		"moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}");
	forge_list(p->moon, &kept);
	ARROWS(p->lab,
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce}",
		"moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 3: SK {}");
	/* clang-format on */
	SILENCE(p->lab);
}

/* ------------------------------------------------------------------ INVALID_SPI */

/* "I have no SA with this SPI", from an address to moon. */
static void say_invalid(struct pair *p, const char *from, uint32_t spi)
{
	struct arena arena = { 0 };
	struct message m = { 0 };
	struct wire_header h = { .exchange = INFORMATIONAL, .flags = FLAG_INITIATOR, .version = 0x20 };
	struct wr w = wr_of(arena_alloc(&arena, 200), 200);
	struct node kept;

	message_add_notify(&m, &arena, INVALID_SPI, spi_bytes(&arena, spi));
	message_put_clear(&h, &m, &w);
	forge_unlist(p->moon, &kept);
	lab_deliver(p->lab, lab_forge(p->lab, p->sun, address(from), address("192.0.2.1"), wr_done(&w)));
	forge_list(p->moon, &kept);
	arena_free(&arena);
}

/* Then moon asks whether the peer is alive, also where it does not do that by itself. */
static void a_hint(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t spi = host_child(p->moon, "net")->spi_out;

	/* Sun was heard just now. */
	say_invalid(p, "192.0.2.2", spi);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + HINT_TIME);
	say_invalid(p, "192.0.2.2", spi + 1);
	say_invalid(p, "192.0.2.3", spi);
	SILENCE(p->lab);
	say_invalid(p, "192.0.2.2", spi);
	say_invalid(p, "192.0.2.2", spi);
	ARROWS(p->lab, ALIVE(2));
	say_invalid(p, "192.0.2.2", spi);
	ARROWS(p->lab, YES(2));
	say_invalid(p, "192.0.2.2", spi);
	SILENCE(p->lab);
	pair_assert_up(p);
}

/* Many are not looked at. */
static void many_hints(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t spi = host_child(p->moon, "net")->spi_out;

	lab_clock(p->lab, p->lab->now + HINT_TIME);
	for (unsigned i = 0; i < STRANGERS_BURST; i++)
		say_invalid(p, "192.0.2.2", spi + 1);
	say_invalid(p, "192.0.2.2", spi);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + STRANGER_TIME);
	say_invalid(p, "192.0.2.2", spi);
	ARROWS(p->lab, ALIVE(2), YES(2));
}

/* Sealed it is more than a hint: the child is rekeyed, and if the peer has it not, made anew. */
static void a_proven_hint(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = INFORMATIONAL } };
	uint32_t spi = host_child(p->moon, "net")->spi_out;

	message_add_notify(&m, &arena, INVALID_SPI, spi_bytes(&arena, spi));
	host_down_force(p->sun, "net", 2);
	lab_lose(lab_first(p->lab));
	lab_deliver(p->lab,
		forge_send(p->sun, forge_sa(p->sun), forge_seal(p->sun, forge_sa(p->sun), &m, &arena)));
	arena_free(&arena);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  INFORMATIONAL response 0: SK {}",
		"moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}",
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {N(CHILD_SA_NOT_FOUND)}",
		"moon --> sun  CREATE_CHILD_SA request 3: SK {SA, Nonce, TSi, TSr}",
		"moon <-- sun  CREATE_CHILD_SA response 3: SK {SA, Nonce, TSi, TSr}");
	/* clang-format on */
	pair_assert_agree(p, 1);
}

/* ------------------------------------------------------------------ ESP of no SA */

#define TOLD(mid)  "moon <-- sun  INFORMATIONAL request " #mid ": SK {N(INVALID_SPI)}"
#define HEARD(mid) "moon --> sun  INFORMATIONAL response " #mid ": SK {}"
#define HINTED     "moon <-- sun  INFORMATIONAL request 0: N(INVALID_SPI)"

/* ESP comes to H, in UDP if PORT is not 0. */
static void esp_to(struct host *h, const char *from, uint16_t port, uint32_t spi)
{
	struct ike_event e = { .kind = EVENT_UNKNOWN_SPI };
	struct node kept;

	e.unknown_spi.path.local = (struct addr){ h->ip, 4500 };
	e.unknown_spi.path.remote = address(from);
	e.unknown_spi.path.remote.port = port;
	e.unknown_spi.encap = port;
	e.unknown_spi.spi = spi;
	forge_unlist(h, &kept);
	host_event(h, &e);
	forge_list(h, &kept);
}

/* The peer has an IKE_SA: it is told there, and not more often than is of use. */
static void esp_of_a_peer(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t spi = host_child(p->moon, "net")->spi_out;

	/* That is no unknown one. */
	esp_to(p->sun, "192.0.2.1", 0, spi);
	SILENCE(p->lab);
	esp_to(p->sun, "192.0.2.1", 0, 0x99999999);
	/* A request is under way: it may be what settles it. */
	esp_to(p->sun, "192.0.2.1", 0, 0x99999998);
	ARROWS(p->lab, TOLD(0), HEARD(0));
	esp_to(p->sun, "192.0.2.1", 0, 0x99999998);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + HINT_TIME);
	esp_to(p->sun, "192.0.2.1", 0, 0x99999998);
	ARROWS(p->lab, TOLD(1), HEARD(1));
	pair_assert_agree(p, 1);
}

/* Sun has been restarted: moon, which goes on sending, learns of it at once. */
static void esp_of_before_a_restart(void **state)
{
	struct pair *p = open(state, CONN("dpd_delay = 0s"), NULL);
	uint32_t spi = host_child(p->moon, "net")->spi_out;

	host_stop(p->sun);
	host_start(p->sun);
	lab_clock(p->lab, p->lab->now + HINT_TIME);
	esp_to(p->sun, "192.0.2.1", 0, spi);
	ARROWS(p->lab, HINTED, ALIVE(2), DISOWNED);
}

/* It goes where the packet came from; and not for each of many. */
static void esp_of_strangers(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct flight *f;

	esp_to(p->sun, "192.0.2.1", 4600, 0x99999999);
	f = lab_first(p->lab);
	assert_true(f->marker && f->target.port == 4600 && f->source.port == 4500);
	lab_lose(f);
	esp_to(p->sun, "192.0.2.66", 0, 0x99999999);
	f = lab_first(p->lab);
	assert_true(!f->marker && f->target.port == 500 && f->source.port == 500);
	lab_lose(f);
	for (unsigned i = 0; i < 100; i++)
		esp_to(p->sun, "192.0.2.66", 0, 0x99999999);
	for (unsigned i = 2; i < STRANGERS_BURST; i++)
		lab_lose(lab_first(p->lab));
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + STRANGER_TIME);
	esp_to(p->sun, "192.0.2.66", 0, 0x99999999);
	lab_lose(lab_first(p->lab));
	SILENCE(p->lab);
	pair_assert_up(p);
}

/* The peer sends as soon as it has answered: that may come before its answer. */
static void esp_before_the_answer(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}");
	esp_to(p->moon, "192.0.2.2", 0, host_child(p->sun, "net")->spi_out);
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	host_rekey(p->moon, "net");
	ARROWS(p->lab, "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}");
	esp_to(p->moon, "192.0.2.2", 0, host_child(p->sun, "net")->spi_out);
	ARROWS(p->lab, "moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, Nonce, TSi, TSr}",
		"moon --> sun  INFORMATIONAL request 3: SK {D(ESP)}",
		"moon <-- sun  INFORMATIONAL response 3: SK {D(ESP)}");
	SILENCE(p->lab);
	pair_assert_agree(p, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_peer_that_was_restarted),
		PAIR_TEST(not_to_everybody),
		PAIR_TEST(not_of_what_is_coming),
		PAIR_TEST(a_hint),
		PAIR_TEST(many_hints),
		PAIR_TEST(a_proven_hint),
		PAIR_TEST(esp_of_a_peer),
		PAIR_TEST(esp_of_before_a_restart),
		PAIR_TEST(esp_of_strangers),
		PAIR_TEST(esp_before_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
