/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders of RADIUS servers (RFC 5176): which are obeyed, by whom they are meant, and how each is answered. */
#include "radius/dae.h"
#include "radius_help.h"
#include "unit.h"

static const char secret[] = "another secret";

enum { NOW = 1700000000 };

struct bench {
	struct radius_dae *dae;
	struct radius_dae_out out;
	uint8_t octets[RADIUS_MAX];
	struct wr w;
	struct addr from;
};

static void begin(struct bench *b, enum radius_code code, uint8_t id)
{
	b->w = wr_of(b->octets, sizeof b->octets);
	radius_begin(&b->w, code, id, NULL, true);
}

static void start(struct bench *b, enum radius_code code)
{
	const struct radius_secret theirs = radius_plain(secret);

	*b = (struct bench){ .from = { { 4, { 192, 0, 2, 7 } }, 40000 } };
	b->dae = radius_dae_new(&theirs, bytes_str("gw"), code == RADIUS_COA_REQUEST);
	begin(b, code, 9);
}

static void take(struct bench *b)
{
	radius_dae_take(b->dae, &b->from, wr_done(&b->w), NOW, &b->out);
}

static void order(struct bench *b)
{
	assert_int_equal(radius_sign(&b->w, bytes_str(secret), NULL), 0);
	take(b);
}

/* ANSWER is CODE, proves itself, and says ERROR. */
static void assert_answer(const struct bench *b, struct bytes answer, enum radius_code code, uint32_t error)
{
	struct radius_packet p = radius_packet_of(answer);
	uint32_t is = 0;
	struct bytes value;

	assert_int_equal(p.code, code);
	assert_int_equal(p.id, b->octets[1]);
	assert_int_equal(radius_verify(&p, bytes_str(secret), b->octets + 4, true), 0);
	if (radius_find(&p, RADIUS_ERROR_CAUSE, &value))
		assert_true(radius_number(value, &is));
	assert_int_equal(is, error);
}

static void assert_refused(struct bench *b, enum radius_code code, uint32_t error)
{
	order(b);
	assert_int_equal(b->out.what, RADIUS_DAE_ANSWER);
	assert_answer(b, b->out.answer, code, error);
	radius_dae_free(b->dae);
}

static void assert_dropped(struct bench *b, enum radius_dae_drop why)
{
	assert_int_equal(b->out.what, RADIUS_DAE_DROP);
	assert_int_equal(b->out.drop, why);
	assert_true(radius_dae_dropped(b->dae)[why] > 0);
}

static void a_session_is_to_end(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put(&b.w, RADIUS_NAS_IDENTIFIER, bytes_str("gw"));
	radius_put_number(&b.w, RADIUS_EVENT_TIMESTAMP, NOW - RADIUS_ORDER_SKEW);
	order(&b);
	assert_int_equal(b.out.what, RADIUS_DAE_ORDER);
	assert_true(b.out.order.disconnect);
	assert_true(bytes_eq(b.out.order.match.user, bytes_str("alice")));
	assert_answer(&b, radius_dae_answer(b.dae, b.out.order.number, RADIUS_ERROR_NONE),
		RADIUS_DISCONNECT_ACK, 0);
	radius_dae_free(b.dae);
}

/* What keeps others from finding a packet that has the proof of our answer is a Message-Authenticator. */
static void who_proves_little_is_answered_with_more(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	b.w = wr_of(b.octets, sizeof b.octets);
	radius_begin(&b.w, RADIUS_DISCONNECT_REQUEST, 7, NULL, false);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	order(&b);
	assert_answer(&b, radius_dae_answer(b.dae, b.out.order.number, RADIUS_ERROR_NONE),
		RADIUS_DISCONNECT_ACK, 0);
	radius_dae_free(b.dae);
}

static void a_session_is_to_last_longer(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_COA_REQUEST);
	radius_put(&b.w, RADIUS_ACCT_SESSION_ID, bytes_str("1-7"));
	radius_put_number(&b.w, RADIUS_SESSION_TIMEOUT, 600);
	order(&b);
	assert_int_equal(b.out.what, RADIUS_DAE_ORDER);
	assert_true(!b.out.order.disconnect && b.out.order.timeout == 600);
	assert_answer(&b, radius_dae_answer(b.dae, b.out.order.number, RADIUS_ERROR_NONE), RADIUS_COA_ACK, 0);
	radius_dae_free(b.dae);
}

/* Filter-Ids name groups where the connection is a tunnel of ESP, and nothing else. */
static void its_user_is_in_other_groups(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_COA_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put(&b.w, RADIUS_FILTER_ID, bytes_str("staff"));
	radius_put_number(&b.w, RADIUS_TUNNEL_TYPE, RADIUS_TUNNEL_ESP);
	radius_put(&b.w, RADIUS_FILTER_ID, bytes_str("guests"));
	order(&b);
	assert_int_equal(b.out.what, RADIUS_DAE_ORDER);
	assert_true(!b.out.order.disconnect && !b.out.order.timeout && b.out.order.n_filters == 2);
	assert_true(bytes_eq(b.out.order.filters[0], bytes_str("staff")));
	assert_true(bytes_eq(b.out.order.filters[1], bytes_str("guests")));
	radius_dae_free(b.dae);
	start(&b, RADIUS_COA_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put(&b.w, RADIUS_FILTER_ID, bytes_str("staff"));
	assert_refused(&b, RADIUS_COA_NAK, RADIUS_ERROR_MISSING_ATTRIBUTE);
	start(&b, RADIUS_COA_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put_number(&b.w, RADIUS_TUNNEL_TYPE, RADIUS_TUNNEL_ESP);
	for (unsigned i = 0; i <= RADIUS_ORDER_FILTERS; i++)
		radius_put(&b.w, RADIUS_FILTER_ID, bytes_str("x"));
	assert_refused(&b, RADIUS_COA_NAK, RADIUS_ERROR_RESOURCES);
}

static void nobody_is_meant(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("bob"));
	order(&b);
	assert_answer(&b, radius_dae_answer(b.dae, b.out.order.number, RADIUS_ERROR_SESSION_NOT_FOUND),
		RADIUS_DISCONNECT_NAK, RADIUS_ERROR_SESSION_NOT_FOUND);
	radius_dae_free(b.dae);
}

static void what_cannot_be_done_is_refused_whole(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	assert_refused(&b, RADIUS_DISCONNECT_NAK, RADIUS_ERROR_MISSING_ATTRIBUTE);
	start(&b, RADIUS_COA_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	assert_refused(&b, RADIUS_COA_NAK, RADIUS_ERROR_MISSING_ATTRIBUTE);
	start(&b, RADIUS_COA_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put(&b.w, RADIUS_SESSION_TIMEOUT, bytes_str("600"));
	assert_refused(&b, RADIUS_COA_NAK, RADIUS_ERROR_INVALID_VALUE);
	start(&b, RADIUS_COA_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put_number(&b.w, RADIUS_SESSION_TIMEOUT, 600);
	radius_put_number(&b.w, RADIUS_IDLE_TIMEOUT, 60);
	assert_refused(&b, RADIUS_COA_NAK, RADIUS_ERROR_UNSUPPORTED_ATTRIBUTE);
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put(&b.w, RADIUS_FILTER_ID, bytes_str("slow"));
	assert_refused(&b, RADIUS_DISCONNECT_NAK, RADIUS_ERROR_UNSUPPORTED_ATTRIBUTE);
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put_number(&b.w, RADIUS_SESSION_TIMEOUT, 600);
	assert_refused(&b, RADIUS_DISCONNECT_NAK, RADIUS_ERROR_INVALID_REQUEST);
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put(&b.w, RADIUS_NAS_IDENTIFIER, bytes_str("other"));
	assert_refused(&b, RADIUS_DISCONNECT_NAK, RADIUS_ERROR_NAS_MISMATCH);
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_FRAMED_IP_ADDRESS, bytes_str("10.0.0.1"));
	assert_refused(&b, RADIUS_DISCONNECT_NAK, RADIUS_ERROR_INVALID_VALUE);
}

static void strangers_are_not_even_answered(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	assert_int_equal(radius_sign(&b.w, bytes_str("no secret of ours"), NULL), 0);
	take(&b);
	assert_dropped(&b, RADIUS_DAE_FORGED);
	assert_int_equal(radius_sign(&b.w, bytes_str(secret), NULL), 0);
	for (unsigned bit = 0; bit < 8 * b.w.n; bit++) {
		b.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		take(&b);
		assert_int_equal(b.out.what, RADIUS_DAE_DROP);
		b.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	begin(&b, RADIUS_ACCESS_REQUEST, 9);
	order(&b);
	assert_dropped(&b, RADIUS_DAE_MALFORMED);
	radius_dae_free(b.dae);
}

/* Nobody is asked whether it is a true one. */
static void an_old_order_is_dropped(void **state)
{
	struct bench b;

	(void)state;
	radius_deaf = true;
	for (int64_t off = -1; off <= 1; off += 2) {
		start(&b, RADIUS_DISCONNECT_REQUEST);
		radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
		radius_put_number(
			&b.w, RADIUS_EVENT_TIMESTAMP, (uint32_t)(NOW + off * (RADIUS_ORDER_SKEW + 1)));
		order(&b);
		assert_dropped(&b, RADIUS_DAE_OLD);
		radius_dae_free(b.dae);
	}
	radius_deaf = false;
}

/* It is obeyed once, and answered as often as it comes, also when it is replayed. */
static void a_repeat_gets_the_same_answer(void **state)
{
	uint8_t first[RADIUS_MAX];
	struct bytes answer;
	unsigned number;
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	order(&b);
	number = b.out.order.number;
	take(&b);
	assert_dropped(&b, RADIUS_DAE_PENDING);
	answer = radius_dae_answer(b.dae, number, RADIUS_ERROR_NONE);
	memcpy(first, answer.p, answer.n);
	take(&b);
	assert_int_equal(b.out.what, RADIUS_DAE_ANSWER);
	assert_true(bytes_eq(b.out.answer, bytes_of(first, answer.n)));
	assert_int_equal(radius_dae_answer(b.dae, number, RADIUS_ERROR_NONE).n, 0);
	/* From another it is another one. */
	b.from.port++;
	take(&b);
	assert_int_equal(b.out.what, RADIUS_DAE_ORDER);
	radius_dae_free(b.dae);
}

/* Who has the secret says nothing: the order is as one that was lost, and where it was obeyed already, so is
 * its answer; the next repeat gets it. */
static void what_cannot_be_proved_just_now_is_asked_again(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_deaf = true;
	order(&b);
	assert_dropped(&b, RADIUS_DAE_UNJUDGED);
	radius_deaf = false;
	take(&b);
	assert_int_equal(b.out.what, RADIUS_DAE_ORDER);
	radius_deaf = true;
	assert_int_equal(radius_dae_answer(b.dae, b.out.order.number, RADIUS_ERROR_NONE).n, 0);
	radius_deaf = false;
	take(&b);
	assert_int_equal(b.out.what, RADIUS_DAE_ANSWER);
	assert_answer(&b, b.out.answer, RADIUS_DISCONNECT_ACK, 0);
	radius_dae_free(b.dae);
}

/* Whoever has seen it may send it from elsewhere. */
static void what_has_a_date_is_not_obeyed_twice(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put_number(&b.w, RADIUS_EVENT_TIMESTAMP, (uint32_t)NOW);
	order(&b);
	assert_true(radius_dae_answer(b.dae, b.out.order.number, RADIUS_ERROR_NONE).n);
	b.from.port++;
	take(&b);
	assert_int_equal(b.out.what, RADIUS_DAE_ANSWER);
	radius_dae_free(b.dae);
}

static void dated(struct bench *b, unsigned nth, uint32_t at)
{
	begin(b, RADIUS_DISCONNECT_REQUEST, (uint8_t)nth);
	radius_put(&b->w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put_number(&b->w, RADIUS_NAS_PORT, nth);
	radius_put_number(&b->w, RADIUS_EVENT_TIMESTAMP, at);
	assert_int_equal(radius_sign(&b->w, bytes_str(secret), NULL), 0);
}

/* However many came meanwhile: as long as its date is good, it is known. */
static void nor_when_its_answer_is_forgotten(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	for (unsigned i = 0; i < RADIUS_DATED_MAX; i++) {
		dated(&b, i, NOW - i % RADIUS_ORDER_SKEW);
		take(&b);
		assert_int_equal(b.out.what, RADIUS_DAE_ORDER);
	}
	dated(&b, 0, NOW);
	take(&b);
	assert_dropped(&b, RADIUS_DAE_REPLAYED);
	/* One more cannot be told from a repeat later, so it is refused. */
	dated(&b, RADIUS_DATED_MAX, NOW);
	take(&b);
	assert_int_equal(b.out.what, RADIUS_DAE_ANSWER);
	assert_answer(&b, b.out.answer, RADIUS_DISCONNECT_NAK, RADIUS_ERROR_RESOURCES);
	radius_dae_free(b.dae);
}

static void there_is_room_again_when_dates_are_past(void **state)
{
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	for (unsigned i = 0; i < RADIUS_DATED_MAX; i++) {
		dated(&b, i, NOW - RADIUS_ORDER_SKEW + (i > 0));
		take(&b);
	}
	dated(&b, RADIUS_DATED_MAX, NOW);
	radius_dae_take(b.dae, &b.from, wr_done(&b.w), NOW + 1, &b.out);
	assert_int_equal(b.out.what, RADIUS_DAE_ORDER);
	dated(&b, RADIUS_DATED_MAX + 1, NOW);
	radius_dae_take(b.dae, &b.from, wr_done(&b.w), NOW + 1, &b.out);
	assert_int_equal(b.out.what, RADIUS_DAE_ANSWER);
	radius_dae_free(b.dae);
}

static void what_proxies_wrote_comes_back(void **state)
{
	struct radius_packet p;
	struct rd r;
	struct radius_attribute a;
	struct bytes answer;
	unsigned n = 0;
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	radius_put(&b.w, RADIUS_PROXY_STATE, bytes_str("first"));
	radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put(&b.w, RADIUS_PROXY_STATE, bytes_str("second"));
	order(&b);
	answer = radius_dae_answer(b.dae, b.out.order.number, RADIUS_ERROR_NONE);
	p = radius_packet_of(answer);
	r = rd_of(p.attributes);
	while (radius_next(&r, &a))
		if (a.type == RADIUS_PROXY_STATE)
			assert_true(bytes_eq(a.value, bytes_str(n++ ? "second" : "first")));
	assert_int_equal(n, 2);
	radius_dae_free(b.dae);
}

/* However many come, what is remembered has its bound. */
static void many_orders_push_out_old_ones(void **state)
{
	unsigned first = 0;
	struct bench b;

	(void)state;
	start(&b, RADIUS_DISCONNECT_REQUEST);
	for (unsigned i = 0; i <= RADIUS_ORDERS_MAX; i++) {
		begin(&b, RADIUS_DISCONNECT_REQUEST, (uint8_t)i);
		radius_put(&b.w, RADIUS_USER_NAME, bytes_str("alice"));
		order(&b);
		assert_int_equal(b.out.what, RADIUS_DAE_ORDER);
		first = first ? first : b.out.order.number;
	}
	assert_int_equal(radius_dae_answer(b.dae, first, RADIUS_ERROR_NONE).n, 0);
	assert_true(radius_dae_answer(b.dae, b.out.order.number, RADIUS_ERROR_NONE).n > 0);
	radius_dae_free(b.dae);
}

static void all_that_is_said_must_be_true(void **state)
{
	const struct radius_match of = { .user = bytes_str("alice"),
		.session = bytes_str("1-7"),
		.connection = bytes_str("rw"),
		.calling = bytes_str("198.51.100.9[4500]"),
		.ip = { 4, { 192, 0, 2, 9 } },
		.port = 7 };
	struct radius_match m = { .user = bytes_str("alice") };

	(void)state;
	assert_true(radius_matches(&m, &of));
	m.session = bytes_str("1-8");
	assert_false(radius_matches(&m, &of));
	m.session = of.session;
	m.ip = of.ip;
	m.has_port = true;
	assert_false(radius_matches(&m, &of));
	m.port = 7;
	assert_true(radius_matches(&m, &of));
	m.ip.a[3]++;
	assert_false(radius_matches(&m, &of));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_to_end),
		cmocka_unit_test(who_proves_little_is_answered_with_more),
		cmocka_unit_test(a_session_is_to_last_longer),
		cmocka_unit_test(its_user_is_in_other_groups),
		cmocka_unit_test(nobody_is_meant),
		cmocka_unit_test(what_cannot_be_done_is_refused_whole),
		cmocka_unit_test(strangers_are_not_even_answered),
		cmocka_unit_test(an_old_order_is_dropped),
		cmocka_unit_test(a_repeat_gets_the_same_answer),
		cmocka_unit_test(what_cannot_be_proved_just_now_is_asked_again),
		cmocka_unit_test(what_has_a_date_is_not_obeyed_twice),
		cmocka_unit_test(nor_when_its_answer_is_forgotten),
		cmocka_unit_test(there_is_room_again_when_dates_are_past),
		cmocka_unit_test(what_proxies_wrote_comes_back),
		cmocka_unit_test(many_orders_push_out_old_ones),
		cmocka_unit_test(all_that_is_said_must_be_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
