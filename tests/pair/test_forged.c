/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strangers and broken messages: nothing unauthenticated changes an SA or draws a protected answer; and what
 * a peer sends that is sealed but wrong is answered in its shape (RFC 7296, 2.21). */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"
#define COOKIES       DAEMON("cookie_threshold = 0")

static struct addr address(const char *ip, uint16_t port)
{
	struct addr a = { .port = port };

	assert_int_equal(ip_parse(ip, &a.ip), ERR_OK);
	return a;
}

/* Octets from somewhere to sun. */
static void throw(struct pair * p, const char *from, struct bytes data)
{
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, address(from, 500), address("192.0.2.2", 500), data));
}

/* An unsealed datagram as if of moon's SA: header and the payloads of M. */
static struct bytes clear_message(struct pair *p, const struct message *m, struct arena *arena)
{
	const struct sa *sa = forge_sa(p->moon);
	struct wr w = wr_of(arena_alloc(arena, 2000), 2000);
	struct wire_header h = m->header;

	h.spi_i = h.spi_i ? h.spi_i : sa ? sa->core.spi_i : 1;
	h.spi_r = h.exchange == IKE_SA_INIT ? h.spi_r : sa->core.spi_r;
	h.version = h.version ? h.version : 0x20;
	message_put_clear(&h, m, &w);
	return wr_done(&w);
}

/* Moon's state and sun's, to be compared: records without times. */
static const char *state_of(const struct host *h, struct arena *arena)
{
	struct text t = text_in(arena);
	unsigned n;
	const struct sa_record *r = host_records(h, arena, &n);

	text_add(&t, "%u half-open %u wake %llu:", n, h->ike->half_open, (unsigned long long)h->wake);
	for (unsigned i = 0; i < n; i++)
		text_add(&t, " %s %llx %llx children %u tasks %u/%u", r[i].state,
			(unsigned long long)r[i].spi_i, (unsigned long long)r[i].spi_r, r[i].n_children,
			r[i].tasks_active.n, r[i].tasks_queued.n);
	return text_str(&t);
}

/* DATA, thrown at sun from moon's address, changes nothing there and draws no answer. */
static void assert_ignored(struct pair *p, struct bytes data, enum drop_reason reason)
{
	struct arena arena = { 0 };
	const char *before = state_of(p->sun, &arena);
	unsigned dropped = host_dropped(p->sun, reason);

	throw(p, "192.0.2.1", data);
	SILENCE(p->lab);
	assert_string_equal(state_of(p->sun, &arena), before);
	assert_int_equal(host_dropped(p->sun, reason), dropped + 1);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ strangers */

static void noise(void **state)
{
	static const uint8_t octets[64] = { 0xff, 0xff };
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	for (size_t n = 0; n <= sizeof octets; n++)
		assert_ignored(p, bytes_of(octets, n), DROP_MALFORMED);
}

static void unsealed_informational(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = INFORMATIONAL, .flags = FLAG_INITIATOR, .mid = 2 } };

	pair_up(p);
	message_add_delete(&m, &arena, PROTO_IKE, NULL, 0);
	assert_ignored(p, clear_message(p, &m, &arena), DROP_UNSEALED);
	arena_free(&arena);
	pair_assert_up(p);
}

static void broken_seal(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = INFORMATIONAL, .mid = 2 } };
	struct bytes sealed;
	struct sa *sa;

	pair_up(p);
	sa = forge_sa(p->moon);
	message_add_delete(&m, &arena, PROTO_IKE, NULL, 0);
	sealed = forge_seal(p->moon, sa, &m, &arena);
	/* Every octet behind the header is part of what is authenticated. */
	for (size_t i = IKE_HEADER + 4; i < sealed.n; i++) {
		uint8_t *copy = (uint8_t *)arena_bytes(&arena, sealed).p;

		copy[i] ^= 0x10;
		assert_ignored(p, bytes_of(copy, sealed.n), DROP_SEAL);
	}
	arena_free(&arena);
	pair_assert_up(p);
}

static void auth_with_a_bad_tag(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct flight *f;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	f = lab_copy(p->lab, lab_first(p->lab));
	f->data[f->n - 1] ^= 1;
	lab_deliver(p->lab, f);
	assert_int_equal(host_dropped(p->sun, DROP_SEAL), 1);
	assert_int_equal(ike_load(p->sun->ike).half_open, 1);
	/* The real one is taken afterwards. */
	ARROWS(p->lab, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
}

static void answer_with_a_bad_tag(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct flight *f;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST);
	f = lab_copy(p->lab, lab_first(p->lab));
	f->data[f->n - 1] ^= 1;
	lab_deliver(p->lab, f);
	assert_int_equal(host_dropped(p->moon, DROP_SEAL), 1);
	ARROWS(p->lab, AUTH_RESPONSE);
	pair_assert_up(p);
}

static void init_response_from_somewhere_else(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct flight *f;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST);
	f = lab_copy(p->lab, lab_first(p->lab));
	f->source = address("198.51.100.66", 500);
	lab_deliver(p->lab, f);
	assert_int_equal(host_dropped(p->moon, DROP_INVALID), 1);
	ARROWS(p->lab, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
}

static void refusal_from_somewhere_else(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = IKE_SA_INIT, .flags = FLAG_RESPONSE } };

	pair_say_up(p, 1);
	message_add_notify(&m, &arena, NO_PROPOSAL_CHOSEN, (struct bytes){ 0 });
	lab_deliver(p->lab, lab_forge(p->lab, p->sun, address("198.51.100.66", 500),
				    address("192.0.2.1", 500), clear_message(p, &m, &arena)));
	arena_free(&arena);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
}

static void a_second_init_response_changes_nothing(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "twice: " INIT_RESPONSE);
	assert_int_equal(host_dropped(p->moon, DROP_NO_REQUEST), 1);
	ARROWS(p->lab, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
}

static void unknown_spis(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = INFORMATIONAL, .flags = FLAG_INITIATOR, .spi_i = 77 } };
	struct bytes data;

	pair_up(p);
	data = clear_message(p, &m, &arena);
	assert_ignored(p, data, DROP_UNKNOWN_SA);
	memset((uint8_t *)data.p + 8, 0x55, 8);
	assert_ignored(p, data, DROP_UNKNOWN_SA);
	arena_free(&arena);
}

static void spis_of_zero(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = INFORMATIONAL, .flags = FLAG_INITIATOR } };
	struct bytes data;

	pair_up(p);
	data = clear_message(p, &m, &arena);
	memset((uint8_t *)data.p, 0, 16);
	assert_ignored(p, data, DROP_UNKNOWN_SA);
	arena_free(&arena);
}

/* An IKE_SA_INIT request must have an initiator's SPI, none of the responder's, the flag, and message id 0.
 */
static void wrong_headers_of_init(void **state)
{
	static const struct wire_header wrong[] = {
		{ .exchange = IKE_SA_INIT, .flags = FLAG_INITIATOR, .spi_i = 5, .spi_r = 6 },
		{ .exchange = IKE_SA_INIT, .flags = FLAG_INITIATOR, .spi_i = 5, .mid = 1 },
		{ .exchange = IKE_SA_INIT, .flags = 0, .spi_i = 5 },
	};
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct bytes data;

	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_ignored(
			p, clear_message(p, &(struct message){ .header = wrong[i] }, &arena), DROP_MALFORMED);
	pair_say_up(p, 1);
	data = arena_bytes(&arena, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n));
	lab_lose(lab_first(p->lab));
	memset((uint8_t *)data.p, 0, 8);
	assert_ignored(p, data, DROP_MALFORMED);
	arena_free(&arena);
}

static void major_version(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = {
				     .exchange = IKE_SA_INIT, .flags = FLAG_INITIATOR, .version = 0x30 } };

	throw(p, "192.0.2.1", clear_message(p, &m, &arena));
	ARROWS(p->lab, "moon <-- sun  IKE_SA_INIT response 0: N(INVALID_MAJOR_VERSION)");
	assert_int_equal(host_dropped(p->sun, DROP_VERSION), 1);
	/* A flood of them is answered now and then. */
	for (unsigned i = 0; i < 100; i++)
		throw(p, "192.0.2.1", clear_message(p, &m, &arena));
	lab_calm(p->lab);
	throw(p, "192.0.2.1", clear_message(p, &m, &arena));
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + 100);
	throw(p, "192.0.2.1", clear_message(p, &m, &arena));
	ARROWS(p->lab, "moon <-- sun  IKE_SA_INIT response 0: N(INVALID_MAJOR_VERSION)");
	/* An answer is not answered, and IKEv1 would not understand. */
	lab_clock(p->lab, p->lab->now + 1000);
	m.header.flags |= FLAG_RESPONSE;
	assert_ignored(p, clear_message(p, &m, &arena), DROP_VERSION);
	m.header.flags = FLAG_INITIATOR;
	m.header.version = 0x10;
	assert_ignored(p, clear_message(p, &m, &arena), DROP_VERSION);
	arena_free(&arena);
}

/* Others that are refused meanwhile are heard of. */
static void that_peers_speak_ikev1_is_said_now_and_then(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = IKE_SA_INIT, .version = 0x10 } };
	struct bytes data = clear_message(p, &m, &arena);

	for (unsigned i = 0; i < 100; i++)
		throw(p, "192.0.2.66", data);
	assert_int_equal(host_told_times(p->sun, TELL_REFUSED), 1);
	assert_has(host_why(p->sun)->what, "192.0.2.66[500] speaks IKEv1, and only IKEv2 is spoken here");
	lab_clock(p->lab, p->lab->now + OLD_VERSION_TIME);
	for (unsigned i = 0; i < 2; i++)
		throw(p, "192.0.2.1", data);
	assert_int_equal(host_told_times(p->sun, TELL_REFUSED), 2);
	assert_int_equal(host_dropped(p->sun, DROP_VERSION), 102);
	arena_free(&arena);
}

static void a_higher_minor_version_is_welcome(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	lab_first(p->lab)->data[17] = 0x27;
	lab_deliver(p->lab, lab_first(p->lab));
	assert_int_equal(ike_load(p->sun->ike).half_open, 1);
}

/* A message of moon's SA that needs no key: a header and one payload. */
static struct bytes unknown_exchange(struct pair *p, uint32_t mid, uint8_t type, struct arena *arena)
{
	const struct sa *sa = forge_sa(p->moon);
	struct wr w = wr_of(arena_alloc(arena, 64), 64);

	header_put(&(struct wire_header){ .spi_i = sa->core.spi_i,
			   .spi_r = sa->core.spi_r,
			   .next = type,
			   .version = 0x20,
			   .exchange = 99,
			   .flags = FLAG_INITIATOR,
			   .mid = mid,
			   .length = IKE_HEADER + 4 },
		&w);
	wr_u32(&w, 0x00800004); /* the last one, critical, empty */
	return wr_done(&w);
}

/* Whatever it carries, and whether it is counted as moon's last request, come again, or as the next one. */
static void an_unknown_exchange(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = 99, .flags = FLAG_INITIATOR } };

	pair_up(p);
	for (m.header.mid = 1; m.header.mid <= 2; m.header.mid++) {
		assert_ignored(p, clear_message(p, &m, &arena), DROP_SHAPE);
		assert_ignored(p, forge_seal(p->moon, forge_sa(p->moon), &m, &arena), DROP_SHAPE);
		assert_ignored(p, unknown_exchange(p, m.header.mid, PAYLOAD_VENDOR, &arena), DROP_SHAPE);
		assert_ignored(p, unknown_exchange(p, m.header.mid, 200, &arena), DROP_SHAPE);
	}
	arena_free(&arena);
	pair_assert_up(p);
}

/* The public value zero: the library refuses it, nobody learns anything, nothing stays. */
static void a_bad_public_value(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	pair_say_up(p, 1);
	f = lab_first(p->lab);
	m = forge_read(f, &arena);
	memset((uint8_t *)m.ke.data.p, 0, m.ke.data.n);
	lab_deliver(p->lab, f);
	SILENCE(p->lab);
	arena_free(&arena);
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	/* Moon would repeat its request, unharmed this time. */
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_DOWN, .ike = "site", .force = true });
	pair_assert_empty_later(p);
}

/* While the keys are being computed there are none: zeros open nothing. */
static void sealed_before_there_are_keys(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct bytes sealed;
	struct sa *sa;

	p->moon->late = 100;
	pair_say_up(p, 1);
	lab_clock(p->lab, p->lab->now + 100);
	lab_clock(p->lab, p->lab->now + 100);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	sa = forge_sa(p->moon);
	assert_int_equal(sa->core.state, S_I_AGREE);
	/* As from the responder, under moon's keys, which are zeros still. */
	sa->core.initiator = false;
	sealed = forge_seal_raw(p->moon, sa, &(struct wire_header){ .exchange = INFORMATIONAL }, PAYLOAD_SA,
		bytes_of("\0\0\0\1", 4), &arena);
	sa->core.initiator = true;
	lab_deliver(p->lab,
		lab_forge(p->lab, p->sun, address("192.0.2.2", 500), address("192.0.2.1", 500), sealed));
	assert_int_equal(host_dropped(p->moon, DROP_UNSEALED), 1);
	assert_int_equal(forge_sa(p->moon)->core.state, S_I_AGREE);
	arena_free(&arena);
}

/* An SA that has ended is not ended again, nor kept for longer. */
static void invalid_syntax_after_the_end(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct bytes sealed;

	pair_up(p);
	sealed = forge_seal_raw(p->moon, forge_sa(p->moon),
		&(struct wire_header){ .exchange = INFORMATIONAL, .mid = 3 }, PAYLOAD_SA,
		bytes_of("\0\0\0\1", 4), &arena);
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_DOWN, .ticket = 2, .ike = "site" });
	lab_calm(p->lab);
	assert_ignored(p, sealed, DROP_STATE);
	arena_free(&arena);
	pair_assert_empty_later(p);
}

/* ------------------------------------------------------------------ cookies and limits */

static void a_wrong_cookie_is_not_taken(void **state)
{
	struct pair *p = pair_open(state, NULL, COOKIES);
	struct flight *f;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)");
	f = lab_first(p->lab);
	/* The cookie comes first: header, notify header, then its octets. */
	f->data[IKE_HEADER + 8 + 5] ^= 1;
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD",
		"moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)");
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD",
		INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	/* clang-format on */
	pair_assert_up(p);
}

/* Its answer with the cookie is the one that moon's AUTH speaks of, though no two requests are the same. */
static void a_cookie_that_comes_twice(void **state)
{
	struct pair *p = pair_open(state, DAEMON("udp_encap = yes"), COOKIES);

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab, INIT_REQUEST,
		"twice: moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)",
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD");
	/* clang-format on */
	assert_int_equal(host_dropped(p->moon, DROP_INVALID), 1);
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* Moon's request with a cookie, not sent before MS have passed. */
static struct pair *cookie_of_age(void **state, uint64_t ms)
{
	struct pair *p = pair_open(state, DAEMON("retransmit_timeout = 1000s"), COOKIES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)");
	/* Another moment in which the secret would be replaced, if it is time. */
	lab_clock(p->lab, p->lab->now + ms);
	ARROWS(p->lab, "twice: moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD");
	return p;
}

static void a_cookie_of_the_last_secret_is_honoured(void **state)
{
	struct pair *p = cookie_of_age(state, 61 * 1000);

	assert_int_equal(ike_load(p->sun->ike).half_open, 1);
}

static void an_old_cookie_is_not(void **state)
{
	struct pair *p = pair_open(state, DAEMON("retransmit_timeout = 1000s"), COOKIES);

	pair_say_up(p, 1);
	ARROWS(p->lab, "twice: " INIT_REQUEST);
	lab_clock(p->lab, p->lab->now + 61 * 1000);
	ARROWS(p->lab, "moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)",
		"moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)");
	/* The first request with the cookie moves the secret on; after another minute that one has gone too.
	 */
	lab_deliver(p->lab, lab_copy(p->lab, lab_first(p->lab)));
	assert_int_equal(ike_load(p->sun->ike).half_open, 1);
	host_stop(p->sun);
	host_start(p->sun);
	lab_deliver(p->lab, lab_copy(p->lab, lab_first(p->lab)));
	assert_int_equal(ike_load(p->sun->ike).half_open, 0);
}

static void cookies_from_the_threshold_on(void **state)
{
	struct pair *p = pair_open(state, NULL, DAEMON("cookie_threshold = 3"));
	struct flight *f;

	pair_say_up(p, 1);
	f = lab_first(p->lab);
	for (unsigned i = 0; i < 5; i++) {
		struct flight *copy = lab_copy(p->lab, f);

		copy->data[7] ^= (uint8_t)(i + 1);
		lab_deliver(p->lab, copy);
	}
	assert_int_equal(ike_load(p->sun->ike).half_open, 3);
}

static void there_is_a_limit_to_half_open_ones(void **state)
{
	struct pair *p = pair_open(state, NULL, DAEMON("cookie_threshold = 100000"));
	struct flight *f;

	pair_say_up(p, 1);
	f = lab_first(p->lab);
	p->sun->ike->half_open += HALF_OPEN_MAX;
	lab_deliver(p->lab, lab_copy(p->lab, f));
	assert_int_equal(host_dropped(p->sun, DROP_HALF_OPEN), 1);
	p->sun->ike->half_open -= HALF_OPEN_MAX;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
}

/* Two initiators that drew the same SPI are two. */
static void the_same_spi_from_another_address(void **state)
{
	struct pair *p = pair_open(state, NULL, CONN("remote_addrs = %any"));
	struct flight *f;

	pair_say_up(p, 1);
	f = lab_copy(p->lab, lab_first(p->lab));
	f->source = address("198.51.100.66", 500);
	lab_deliver(p->lab, f);
	assert_int_equal(ike_load(p->sun->ike).half_open, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	assert_int_equal(ike_load(p->sun->ike).half_open, 2);
}

/* ------------------------------------------------------------------ sealed and wrong */

/* Moon's sealed request 2, EXCHANGE with INNER, of which the first payload is of type FIRST. */
static void send_raw(struct pair *p, uint8_t exchange, uint8_t first, const char *inner, size_t n)
{
	struct arena arena = { 0 };
	struct wire_header h = { .exchange = exchange, .mid = 2 };
	struct sa *sa = forge_sa(p->moon);
	struct bytes data = forge_seal_raw(p->moon, sa, &h, first, bytes_of(inner, n), &arena);

	assert_true(data.n > 0);
	lab_deliver(p->lab, forge_send(p->moon, sa, data));
	arena_free(&arena);
}

static void an_unknown_critical_payload(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	send_raw(p, INFORMATIONAL, 200, "\0\x80\0\4", 4);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL response 2: SK {N(UNSUPPORTED_CRITICAL_PAYLOAD)}");
	pair_assert_up(p);
}

static void an_unknown_payload_that_is_not_critical(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	send_raw(p, INFORMATIONAL, 200, "\0\0\0\4", 4);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL response 2: SK {}");
	pair_assert_up(p);
}

/* Broken inside a good seal: the peer is out of order, and the SA ends (RFC 7296, 2.21.3). */
static void invalid_syntax(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	send_raw(p, INFORMATIONAL, PAYLOAD_DELETE, "\0\0\0\3", 4);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL response 2: SK {N(INVALID_SYNTAX)}");
	assert_non_null(host_told(p->sun, TELL_SA_DOWN));
	assert_int_equal(datapath_sas(&p->sun->datapath), 0);
	assert_string_equal(host_why(p->sun)->notify, "INVALID_SYNTAX");
}

static void payloads_that_do_not_belong_there(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	send_raw(p, INFORMATIONAL, PAYLOAD_AUTH, "\0\0\0\xc\2\0\0\0....", 12);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL response 2: SK {N(INVALID_SYNTAX)}");
}

/* Nobody is asked what such a one proves. */
static void an_identity_that_stands_for_many(void **state)
{
	static const struct id everybody = { ID_REGEX, { (const uint8_t *)"\2.*", 3 } };
	struct pair *p = pair_open(state, LOCAL("auth = pubkey"), REMOTE("auth = pubkey"));
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	pair_say_up(p, 1);
	for (unsigned i = 0; i < 2; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.idi = everybody;
	forge_change(f, &m);
	lab_deliver(p->lab, f);
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {N(INVALID_SYNTAX)}");
	assert_string_equal(host_why(p->sun)->notify, "INVALID_SYNTAX");
	assert_null(forge_sa_up(p->sun));
	arena_free(&arena);
}

/* Identities of several addresses, one of them sun's; the last one is cut short. */
static const struct id of_many[] = {
	{ ID_IPV4_ADDR_SUBNET, { (const uint8_t *)"\xc0\0\2\0\xff\xff\xff\0", 8 } },
	{ ID_IPV4_ADDR_RANGE, { (const uint8_t *)"\xc0\0\2\1\xc0\0\2\x9", 8 } },
	{ ID_IPV6_ADDR_SUBNET, { (const uint8_t *)"2001:db8::......ffffffffffffffff", 32 } },
	{ ID_IPV6_ADDR_RANGE, { (const uint8_t *)"2001:db8::......ffffffffffffffff", 32 } },
	{ ID_IPV4_ADDR_RANGE, { (const uint8_t *)"\xc0\0\2\1\xc0\0\2", 7 } },
};

/* Moon's IKE_AUTH goes to sun, or (ANSWER) sun's answer to moon, with ID as the identity of sun. */
static void name_sun(struct pair *p, bool answer, const struct id *id)
{
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	pair_say_up(p, 1);
	for (unsigned i = 0; i < (answer ? 3 : 2); i++)
		lab_deliver(p->lab, lab_first(p->lab));
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.has |= PAYLOAD_BIT(PAYLOAD_IDR);
	m.idr = *id;
	forge_change(f, &m);
	lab_deliver(p->lab, f);
	arena_free(&arena);
}

/* As strongSwan does where its remote.id is a prefix or a range: sun is who it is, and moon is content. */
static void who_asks_for_one_of_many_gets_who_is_there(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		struct pair *p = pair_open(state, REMOTE("id = 192.0.2.0/24"), NULL);

		name_sun(p, false, &of_many[i]);
		ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
		pair_assert_up(p);
		assert_int_equal(forge_sa_up(p->sun)->local_id.type, ID_IPV4_ADDR);
		assert_int_equal(pair_close(state), 0);
	}
}

static void who_asks_for_nothing_that_could_be_is_refused(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	name_sun(p, false, &of_many[4]);
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {N(INVALID_SYNTAX)}");
	assert_null(forge_sa_up(p->sun));
}

static void who_answers_is_not_one_of_many(void **state)
{
	struct pair *p = pair_open(state, REMOTE("id = 192.0.2.0/24"), NULL);

	name_sun(p, true, &of_many[0]);
	assert_int_equal(host_dropped(p->moon, DROP_SHAPE), 1);
	assert_null(forge_sa_up(p->moon));
}

static void a_second_auth(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	send_raw(p, IKE_AUTH, PAYLOAD_IDI, "\0\0\0\xc\1\0\0\0\xc0\0\2\1", 12);
	SILENCE(p->lab);
	assert_int_equal(host_dropped(p->sun, DROP_STATE), 1);
	pair_assert_up(p);
}

/* A clean refusal, and the SA stands. */
static void a_child_for_selectors_that_nobody_has(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct sa *sa;
	struct ts host = { 0 };
	uint8_t nonce[32] = { 1 };
	struct message m = {
		.header = { .exchange = CREATE_CHILD_SA, .mid = 2 },
		.has = PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_NONCE) | PAYLOAD_BIT(PAYLOAD_TSI) |
		       PAYLOAD_BIT(PAYLOAD_TSR),
		.nonce = bytes_of(nonce, sizeof nonce),
		.tsi = { &host, 1 },
		.tsr = { &host, 1 },
	};

	pair_up(p);
	sa = forge_sa(p->moon);
	host = ts_host(&p->moon->ip);
	m.sa = (struct proposals){ proposal_of(&datapath_sa(&p->moon->datapath, true, 0)->suite, PROTO_ESP, 1,
					   bytes_of("\x80\1\2\3", 4), &arena),
		1 };
	lab_deliver(p->lab, forge_send(p->moon, sa, forge_seal(p->moon, sa, &m, &arena)));
	ARROWS(p->lab, "moon <-- sun  CREATE_CHILD_SA response 2: SK {N(TS_UNACCEPTABLE)}");
	pair_assert_up(p);
	/* And the next request is answered. */
	m = (struct message){ .header = { .exchange = INFORMATIONAL, .mid = 3 } };
	lab_deliver(p->lab, forge_send(p->moon, sa, forge_seal(p->moon, sa, &m, &arena)));
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL response 3: SK {}");
	arena_free(&arena);
}

static void delete_of_an_spi_nobody_has(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	send_raw(p, INFORMATIONAL, PAYLOAD_DELETE, "\0\0\0\xc\3\4\0\1\1\2\3\4", 12);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL response 2: SK {}");
	pair_assert_up(p);
}

/* The window is one: nobody sends a request before the last one was answered. */
static void a_request_before_the_last_one_is_answered(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct message m = { .header = { .exchange = INFORMATIONAL, .mid = 3 } };
	struct arena arena = { 0 };

	pair_up(p);
	p->sun->late = 1000;
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_REKEY, .child = "net" });
	ARROWS(p->lab, "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}");
	assert_ignored(p, forge_seal(p->moon, forge_sa(p->moon), &m, &arena), DROP_MESSAGE_ID);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(noise),
		PAIR_TEST(unsealed_informational),
		PAIR_TEST(broken_seal),
		PAIR_TEST(auth_with_a_bad_tag),
		PAIR_TEST(answer_with_a_bad_tag),
		PAIR_TEST(init_response_from_somewhere_else),
		PAIR_TEST(refusal_from_somewhere_else),
		PAIR_TEST(a_second_init_response_changes_nothing),
		PAIR_TEST(unknown_spis),
		PAIR_TEST(spis_of_zero),
		PAIR_TEST(wrong_headers_of_init),
		PAIR_TEST(major_version),
		PAIR_TEST(that_peers_speak_ikev1_is_said_now_and_then),
		PAIR_TEST(a_higher_minor_version_is_welcome),
		PAIR_TEST(an_unknown_exchange),
		PAIR_TEST(a_bad_public_value),
		PAIR_TEST(sealed_before_there_are_keys),
		PAIR_TEST(invalid_syntax_after_the_end),
		PAIR_TEST(a_wrong_cookie_is_not_taken),
		PAIR_TEST(a_cookie_that_comes_twice),
		PAIR_TEST(a_cookie_of_the_last_secret_is_honoured),
		PAIR_TEST(an_old_cookie_is_not),
		PAIR_TEST(cookies_from_the_threshold_on),
		PAIR_TEST(there_is_a_limit_to_half_open_ones),
		PAIR_TEST(the_same_spi_from_another_address),
		PAIR_TEST(an_unknown_critical_payload),
		PAIR_TEST(an_unknown_payload_that_is_not_critical),
		PAIR_TEST(invalid_syntax),
		PAIR_TEST(payloads_that_do_not_belong_there),
		PAIR_TEST(an_identity_that_stands_for_many),
		PAIR_TEST(who_asks_for_one_of_many_gets_who_is_there),
		PAIR_TEST(who_asks_for_nothing_that_could_be_is_refused),
		PAIR_TEST(who_answers_is_not_one_of_many),
		PAIR_TEST(a_second_auth),
		PAIR_TEST(a_child_for_selectors_that_nobody_has),
		PAIR_TEST(delete_of_an_spi_nobody_has),
		PAIR_TEST(a_request_before_the_last_one_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
