/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may begin an IKE_SA (ike/admit.h): sun is called by moon, and by many who say what moon said. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

enum { HEAD = 8 /* of a notify */, SPI = 7 };

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define WITH_COOKIE   "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD"
#define ONLY_COOKIE   "moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"
#define MOON          "192.0.2.1"
/* No limit but those that a test sets: CONN and DAEMON of sun. */
#define OPEN       "cookie_threshold = 100000\n cookie_threshold_ip = 100000\n block_threshold = 0\n "
#define SUN(lines) CONN("remote_addrs = %any") DAEMON(OPEN lines)

static struct addr address(const char *ip)
{
	struct addr a = { .port = 500 };

	assert_int_equal(ip_parse(ip, &a.ip), ERR_OK);
	return a;
}

/* Moon's first request stays in the air: what all others are made of. */
static struct pair *open_called(void **state, const char *sun)
{
	struct pair *p = pair_open(state, NULL, sun);

	pair_say_up(p, 1);
	return p;
}

static unsigned half_open(const struct pair *p)
{
	return ike_load(p->sun->ike).half_open;
}

/* Moon's request as if from FROM, with an SPI of its own: what sun says to it, or NULL. */
static struct flight *call(struct pair *p, const char *from, uint8_t spi)
{
	struct flight *f = lab_copy(p->lab, lab_first(p->lab)), *last;

	f->source = address(from);
	f->data[SPI] ^= spi;
	lab_deliver(p->lab, f);
	last = node_owner(p->lab->flights.prev, struct flight, node);
	return last == lab_first(p->lab) ? NULL : last;
}

/* The cookie in ANSWER, which is lost then; empty: it is none. */
static struct bytes cookie_of(struct flight *answer, struct arena *arena)
{
	bool is_cookie;
	struct bytes cookie = { 0 };

	assert_non_null(answer);
	is_cookie = answer->data[NEXT_AT] == PAYLOAD_NOTIFY && answer->n < 100;
	if (is_cookie)
		cookie = arena_bytes(
			arena, bytes_of(answer->data + IKE_HEADER + HEAD, answer->n - IKE_HEADER - HEAD));
	lab_lose(answer);
	return cookie;
}

/* Moon's request with COOKIE in front, and BITS of the octet AT changed. */
static void call_with(
	struct pair *p, const char *from, uint8_t spi, struct bytes cookie, size_t at, uint8_t bits)
{
	const struct flight *first = lab_first(p->lab);
	struct arena arena = { 0 };
	size_t n = first->n + HEAD + cookie.n;
	uint8_t *data = arena_alloc(&arena, n), *notify = data + IKE_HEADER;

	memcpy(data, first->data, IKE_HEADER);
	data[SPI] ^= spi;
	data[NEXT_AT] = PAYLOAD_NOTIFY;
	data[LENGTH_AT + 2] = (uint8_t)(n >> 8);
	data[LENGTH_AT + 3] = (uint8_t)n;
	memcpy(notify,
		(uint8_t[HEAD]){ first->data[NEXT_AT], 0, 0, (uint8_t)(HEAD + cookie.n), 0, 0, COOKIE >> 8,
			COOKIE & 0xff },
		HEAD);
	memcpy(notify + HEAD, cookie.p, cookie.n);
	memcpy(notify + HEAD + cookie.n, first->data + IKE_HEADER, first->n - IKE_HEADER);
	if (at)
		data[n - at] ^= bits;
	lab_deliver(
		p->lab, lab_forge(p->lab, p->moon, address(from), address("192.0.2.2"), bytes_of(data, n)));
	arena_free(&arena);
}

/* A whole call: with the cookie that was asked for, if one was. */
static void come_in(struct pair *p, const char *from, uint8_t spi)
{
	struct arena arena = { 0 };
	struct bytes cookie = cookie_of(call(p, from, spi), &arena);

	if (cookie.n)
		call_with(p, from, spi, cookie, 0, 0);
	arena_free(&arena);
}

static bool asked_for_cookie(struct pair *p, const char *from, uint8_t spi)
{
	struct arena arena = { 0 };
	bool asked = cookie_of(call(p, from, spi), &arena).n;

	arena_free(&arena);
	return asked;
}

/* ------------------------------------------------------------------ cookies */

static void a_cookie_is_for_one_address_spi_and_nonce(void **state)
{
	struct pair *p = open_called(state, SUN("cookie_threshold = 0"));
	struct arena arena = { 0 };
	struct bytes cookie = cookie_of(call(p, "198.51.100.1", 1), &arena);
	struct bytes cut = bytes_of(cookie.p, cookie.n - 1);
	const struct flight *f = lab_first(p->lab);
	struct bytes nonce = message_peek(
		bytes_of(f->data + IKE_HEADER, f->n - IKE_HEADER), f->data[NEXT_AT], PAYLOAD_NONCE);

	assert_int_equal(cookie.n, COOKIE_OCTETS);
	call_with(p, "198.51.100.2", 1, cookie, 0, 0);
	call_with(p, "198.51.100.1", 2, cookie, 0, 0);
	call_with(p, "198.51.100.1", 1, cookie, (size_t)(f->data + f->n - nonce.p), 1);
	call_with(p, "198.51.100.1", 1, cut, 0, 0);
	assert_int_equal(half_open(p), 0);
	assert_int_equal(ike_load(p->sun->ike).cookies, 5);
	call_with(p, "198.51.100.1", 1, cookie, 0, 0);
	assert_int_equal(half_open(p), 1);
	arena_free(&arena);
}

/* Nothing was asked and nothing drawn but the secrets: what is kept of who is asked is nothing. */
static void nothing_is_kept_before_a_cookie(void **state)
{
	struct pair *p = open_called(state, SUN("cookie_threshold = 0"));

	for (unsigned i = 1; i < 200; i++)
		assert_true(asked_for_cookie(p, "198.51.100.1", (uint8_t)i));
	assert_int_equal(p->sun->asked, 0);
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	assert_int_equal(p->sun->ike->inits.count, 0);
	assert_int_equal(p->sun->ike->crowds.count, 0);
}

/* Its generation was the last one but one, long ago: nobody came meanwhile, and no secret was replaced. */
static void a_cookie_does_not_outlive_silence(void **state)
{
	struct pair *p = open_called(state, SUN("cookie_threshold = 0"));
	struct arena arena = { 0 };
	struct bytes cookie = cookie_of(call(p, "198.51.100.1", 1), &arena);

	p->lab->now += 2 * COOKIE_LIFETIME;
	call_with(p, "198.51.100.1", 1, cookie, 0, 0);
	assert_int_equal(half_open(p), 0);
	arena_free(&arena);
}

static void an_address_is_asked_for_cookies_before_all_are(void **state)
{
	struct pair *p = open_called(state, SUN("cookie_threshold_ip = 2"));

	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(asked_for_cookie(p, "198.51.100.1", (uint8_t)i), i == 3);
	assert_false(asked_for_cookie(p, "198.51.100.2", 4));
	assert_int_equal(ike_load(p->sun->ike).cookies, 1);
	assert_int_equal(half_open(p), 3);
	/* Moon is another one, and comes in. */
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
}

static void a_network_of_ipv6_counts_as_one_address(void **state)
{
	struct pair *p = open_called(state, SUN("cookie_threshold_ip = 2"));

	assert_false(asked_for_cookie(p, "2001:db8:0:1::1", 1));
	assert_false(asked_for_cookie(p, "2001:db8:0:1:ffff::2", 2));
	assert_true(asked_for_cookie(p, "2001:db8:0:1::3", 3));
	assert_false(asked_for_cookie(p, "2001:db8:0:2::3", 4));
}

static void cookies_are_asked_for_until_it_is_calm(void **state)
{
	struct pair *p = open_called(state, SUN("cookie_threshold = 3\n half_open_timeout = 6s"));

	for (unsigned i = 1; i <= 8; i++)
		assert_int_equal(asked_for_cookie(p, "198.51.100.1", (uint8_t)i), i > 3);
	assert_true(host_said(p->sun, "3 IKE_SAs are half open: from now on peers are asked for cookies"));
	assert_int_equal(host_told_times(p->sun, TELL_DROPPED), 0);
	/* They have gone, but five were asked for one meanwhile; then nobody is. */
	p->lab->now += PRESSURE_TIME;
	assert_true(asked_for_cookie(p, "198.51.100.1", 9));
	assert_int_equal(half_open(p), 0);
	p->lab->now += PRESSURE_TIME - 1;
	assert_true(asked_for_cookie(p, "198.51.100.1", 10));
	assert_false(host_said(p->sun, "no more"));
	p->lab->now += 1;
	assert_false(asked_for_cookie(p, "198.51.100.1", 11));
	assert_true(host_said(p->sun, "few IKE_SAs are half open: peers are asked for cookies no more"));
}

/* -------------------------------------------------------------------- limits */

static void an_address_begins_no_more_than_it_may(void **state)
{
	struct pair *p = open_called(state, SUN("cookie_threshold_ip = 2\n block_threshold = 4"));

	for (unsigned i = 1; i <= 6; i++)
		come_in(p, "198.51.100.1", (uint8_t)i);
	assert_int_equal(half_open(p), 4);
	assert_int_equal(host_dropped(p->sun, DROP_CROWD), 2);
	assert_true(host_said(p->sun,
		"a request for an IKE_SA from 198.51.100.1[500] is not answered: as many as "
		"may be of its address are half open (daemon.block_threshold)"));
	come_in(p, "198.51.100.2", 7);
	assert_int_equal(half_open(p), 5);
	/* When they have gone others may come. */
	lab_pass_deaf(p->lab, 31 * 1000);
	assert_int_equal(half_open(p), 0);
	assert_int_equal(p->sun->ike->crowds.count, 0);
}

/* Moon's own is no more half open when it is up. */
static void who_is_up_is_not_counted(void **state)
{
	struct pair *p = open_called(state, SUN("block_threshold = 2"));
	struct flight *again;

	assert_non_null(call(p, MOON, 1));
	lab_lose(node_owner(p->lab->flights.prev, struct flight, node));
	again = lab_copy(p->lab, lab_first(p->lab));
	list_remove(&again->node);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	list_append(&p->lab->flights, &again->node);
	again->data[SPI] ^= 2;
	lab_deliver(p->lab, again);
	assert_int_equal(half_open(p), 2);
	assert_int_equal(host_dropped(p->sun, DROP_CROWD), 0);
}

static void all_begin_no_more_than_they_may(void **state)
{
	struct pair *p = open_called(state, SUN("init_limit_half_open = 2"));

	assert_non_null(call(p, "198.51.100.1", 1));
	assert_non_null(call(p, "198.51.100.2", 2));
	(void)call(p, "198.51.100.3", 3);
	assert_int_equal(half_open(p), 2);
	assert_int_equal(host_dropped(p->sun, DROP_HALF_OPEN), 1);
	assert_true(host_said(p->sun, "(daemon.init_limit_half_open)"));
}

static void nobody_begins_while_too_much_waits_for_answers(void **state)
{
	struct pair *p = open_called(state, SUN("init_limit_job_load = 2"));

	p->sun->late = 1000;
	for (unsigned i = 1; i <= 3; i++)
		(void)call(p, "198.51.100.1", (uint8_t)i);
	assert_int_equal(half_open(p), 2);
	assert_int_equal(host_dropped(p->sun, DROP_BUSY), 1);
	assert_true(host_said(p->sun, "(daemon.init_limit_job_load)"));
	lab_clock(p->lab, p->lab->now + 1000);
	(void)call(p, "198.51.100.1", 4);
	assert_int_equal(half_open(p), 3);
}

/* The oldest of those that have not gone on; moon has, and waits for its proof. */
static void the_oldest_gives_way(void **state)
{
	struct pair *p = open_called(state, SUN(""));
	struct flight *first = lab_copy(p->lab, lab_first(p->lab));
	uint64_t oldest;

	list_remove(&first->node);
	p->sun->silent = ASKED_PROOF;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST);
	list_append(&p->lab->flights, &first->node);
	lab_lose(call(p, "198.51.100.1", 1));
	lab_lose(call(p, "198.51.100.2", 2));
	oldest = node_owner(p->sun->ike->unproven.next, struct sa, of_unproven)->spi;
	p->sun->ike->half_open += HALF_OPEN_MAX - 3;
	assert_non_null(call(p, "198.51.100.3", 3));
	p->sun->ike->half_open -= HALF_OPEN_MAX - 3;
	assert_int_equal(half_open(p), 3);
	assert_null(map_get(&p->sun->ike->sas, oldest));
	assert_int_equal(host_dropped(p->sun, DROP_HALF_OPEN), 0);
}

/* ------------------------------------------------------------------ patience */

static void peers_have_less_time_under_pressure(void **state)
{
	struct pair *p = open_called(state, SUN("cookie_threshold = 2\n half_open_timeout = 30s"));

	come_in(p, "198.51.100.1", 1);
	come_in(p, "198.51.100.2", 2);
	/* From here on, for those that were there too. */
	come_in(p, "198.51.100.3", 3);
	assert_int_equal(half_open(p), 3);
	lab_pass_deaf(p->lab, 10 * 1000 - 1);
	assert_int_equal(half_open(p), 3);
	lab_pass_deaf(p->lab, 1);
	assert_int_equal(half_open(p), 0);
}

static void peers_have_least_when_it_is_full(void **state)
{
	struct pair *p = open_called(state, SUN("half_open_timeout = 30s"));

	p->sun->ike->half_open += HALF_OPEN_MAX / 2;
	come_in(p, "198.51.100.1", 1);
	p->sun->ike->half_open -= HALF_OPEN_MAX / 2;
	lab_pass_deaf(p->lab, 3 * 1000 - 1);
	assert_int_equal(half_open(p), 1);
	lab_pass_deaf(p->lab, 1);
	assert_int_equal(half_open(p), 0);
}

/* Its IKE_AUTH came: the check of its proof may take the whole time. */
static void who_goes_on_has_all_the_time(void **state)
{
	struct pair *p = open_called(state, SUN("cookie_threshold = 0\n half_open_timeout = 9s"));

	p->sun->late = 8 * 1000;
	p->sun->ike->half_open += HALF_OPEN_MAX / 2;
	ARROWS(p->lab, INIT_REQUEST, ONLY_COOKIE, WITH_COOKIE);
	p->sun->late = 0;
	host_answer(p->sun, false);
	p->sun->ike->half_open -= HALF_OPEN_MAX / 2;
	p->sun->late = 8 * 1000;
	ARROWS(p->lab, INIT_RESPONSE, AUTH_REQUEST);
	lab_pass_deaf(p->lab, 7 * 1000);
	assert_int_equal(half_open(p), 1);
}

/* ------------------------------------------------------------------ IKE_AUTH */

/* One key agreement for each half-open IKE_SA, made for IKE_SA_INIT: whatever is called IKE_AUTH then costs
 * one look at its tag. */
static void forged_auths_make_no_work(void **state)
{
	struct pair *p = open_called(state, NULL);
	struct flight *auth;
	unsigned asked;

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	asked = p->sun->asked;
	assert_int_equal(asked, 1);
	auth = lab_first(p->lab);
	for (unsigned i = 0; i < 100; i++) {
		struct flight *forged = lab_copy(p->lab, auth);

		forged->data[IKE_HEADER + 20 + i % 50] ^= (uint8_t)(i + 1);
		lab_deliver(p->lab, forged);
	}
	assert_int_equal(host_dropped(p->sun, DROP_SEAL), 100);
	assert_int_equal(p->sun->asked, asked);
	ARROWS(p->lab, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_cookie_is_for_one_address_spi_and_nonce),
		PAIR_TEST(nothing_is_kept_before_a_cookie),
		PAIR_TEST(a_cookie_does_not_outlive_silence),
		PAIR_TEST(an_address_is_asked_for_cookies_before_all_are),
		PAIR_TEST(a_network_of_ipv6_counts_as_one_address),
		PAIR_TEST(cookies_are_asked_for_until_it_is_calm),
		PAIR_TEST(an_address_begins_no_more_than_it_may),
		PAIR_TEST(who_is_up_is_not_counted),
		PAIR_TEST(all_begin_no_more_than_they_may),
		PAIR_TEST(nobody_begins_while_too_much_waits_for_answers),
		PAIR_TEST(the_oldest_gives_way),
		PAIR_TEST(peers_have_less_time_under_pressure),
		PAIR_TEST(peers_have_least_when_it_is_full),
		PAIR_TEST(who_goes_on_has_all_the_time),
		PAIR_TEST(forged_auths_make_no_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
