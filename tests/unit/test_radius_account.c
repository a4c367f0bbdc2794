/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sessions use, told to RADIUS servers (RFC 2866): in which order, how often, and for how long. */
#include "base/heap.h"
#include "radius/account.h"
#include "unit.h"

static const struct bytes class = { (const uint8_t *)"staff", 5 };

static const struct radius_account account = {
	.session = {
		.user = { (const uint8_t *)"alice", 5 },
		.id = { (const uint8_t *)"1-7", 3 },
		.port = 7,
	},
	.ip = { 4, { 192, 0, 2, 9 } },
	.classes = &class,
	.n_classes = 1,
	.interim = 300,
};

struct bench {
	struct radius_accounts *accounts;
	struct radius_account_out out;
	uint8_t packet[RADIUS_MAX];
	uint64_t now;
};

static void start(struct bench *b)
{
	*b = (struct bench){ .accounts = radius_accounts_new(), .now = 1000 };
	assert_int_equal(radius_accounts_start(b->accounts, 7, &account, b->now), 0);
}

static void assert_quiet(struct bench *b)
{
	assert_false(radius_accounts_next(b->accounts, b->now, &b->out));
}

/* The next thing is a message of STATUS. */
static struct radius_packet assert_message(struct bench *b, uint32_t status)
{
	struct radius_packet p = { 0 };
	struct bytes value;
	uint32_t is = 0;

	assert_true(radius_accounts_next(b->accounts, b->now, &b->out));
	assert_int_equal(b->out.what, RADIUS_ACCOUNT_ASK);
	assert_int_equal(b->out.key, 7);
	memcpy(b->packet, b->out.attributes.p, b->out.attributes.n);
	p.attributes = bytes_of(b->packet, b->out.attributes.n);
	assert_true(radius_find(&p, RADIUS_ACCT_STATUS_TYPE, &value) && radius_number(value, &is));
	assert_int_equal(is, status);
	assert_true(radius_find(&p, RADIUS_ACCT_SESSION_ID, &value) && bytes_eq(value, bytes_str("1-7")));
	return p;
}

static uint32_t number_of(const struct radius_packet *p, enum radius_type type)
{
	struct bytes value;
	uint32_t n;

	if (!radius_find(p, type, &value))
		return UINT32_MAX;
	assert_true(radius_number(value, &n));
	return n;
}

static enum radius_account_end done(struct bench *b, bool acknowledged)
{
	return radius_accounts_done(b->accounts, 7, acknowledged, b->now);
}

static void stop(struct bench *b)
{
	struct radius_usage usage = { 0x1ffffffffULL, 77, 5, 6 };

	radius_accounts_stop(b->accounts, 7, &usage, RADIUS_CAUSE_SESSION_TIMEOUT, b->now);
}

static void a_session_is_told_from_start_to_stop(void **state)
{
	struct radius_usage usage = { 10, 20, 1, 2 };
	struct radius_packet p;
	struct bytes value;
	struct bench b;

	(void)state;
	start(&b);
	p = assert_message(&b, 1);
	assert_true(radius_find(&p, RADIUS_CLASS, &value) && bytes_eq(value, class));
	assert_int_equal(number_of(&p, RADIUS_FRAMED_IP_ADDRESS), 0xc0000209);
	assert_int_equal(number_of(&p, RADIUS_ACCT_DELAY_TIME), UINT32_MAX);
	assert_int_equal(done(&b, true), RADIUS_ACCOUNT_FINE);
	assert_quiet(&b);
	assert_int_equal(radius_accounts_wake(b.accounts), 301000);
	b.now = 301000;
	assert_true(radius_accounts_next(b.accounts, b.now, &b.out));
	assert_int_equal(b.out.what, RADIUS_ACCOUNT_USAGE);
	assert_quiet(&b);
	radius_accounts_usage(b.accounts, 7, &usage, b.now);
	p = assert_message(&b, 3);
	assert_int_equal(number_of(&p, RADIUS_ACCT_INPUT_OCTETS), 10);
	assert_int_equal(number_of(&p, RADIUS_ACCT_SESSION_TIME), 300);
	assert_int_equal(number_of(&p, RADIUS_ACCT_TERMINATE_CAUSE), UINT32_MAX);
	assert_int_equal(done(&b, true), RADIUS_ACCOUNT_FINE);
	b.now = 401000;
	stop(&b);
	p = assert_message(&b, 2);
	assert_int_equal(number_of(&p, RADIUS_ACCT_INPUT_OCTETS), 0xffffffff);
	assert_int_equal(number_of(&p, RADIUS_ACCT_INPUT_GIGAWORDS), 1);
	assert_int_equal(number_of(&p, RADIUS_ACCT_OUTPUT_OCTETS), 77);
	assert_int_equal(number_of(&p, RADIUS_ACCT_OUTPUT_GIGAWORDS), UINT32_MAX);
	assert_int_equal(number_of(&p, RADIUS_ACCT_INPUT_PACKETS), 5);
	assert_int_equal(number_of(&p, RADIUS_ACCT_SESSION_TIME), 400);
	assert_int_equal(number_of(&p, RADIUS_ACCT_TERMINATE_CAUSE), RADIUS_CAUSE_SESSION_TIMEOUT);
	assert_int_equal(done(&b, true), RADIUS_ACCOUNT_FINE);
	assert_int_equal(radius_accounts_count(b.accounts), 0);
	assert_int_equal(radius_accounts_wake(b.accounts), HEAP_NEVER);
	radius_accounts_free(b.accounts);
}

/* With how late it is, until an hour is over. */
static void a_stop_is_told_until_it_is_heard(void **state)
{
	enum radius_account_end end = RADIUS_ACCOUNT_FINE;
	unsigned asked = 0;
	struct bench b;

	(void)state;
	start(&b);
	assert_message(&b, 1);
	done(&b, true);
	stop(&b);
	while (end == RADIUS_ACCOUNT_FINE) {
		struct radius_packet p = assert_message(&b, 2);

		assert_int_equal(number_of(&p, RADIUS_ACCT_DELAY_TIME), asked ? 60 * asked : UINT32_MAX);
		assert_int_equal(number_of(&p, RADIUS_ACCT_SESSION_TIME), 0);
		asked++;
		end = done(&b, false);
		assert_quiet(&b);
		b.now += RADIUS_ACCOUNT_AGAIN;
	}
	assert_int_equal(end, RADIUS_ACCOUNT_LOST);
	assert_int_equal(asked, 61);
	assert_int_equal(radius_accounts_count(b.accounts), 0);
	radius_accounts_free(b.accounts);
}

static void a_start_is_told_until_it_is_heard(void **state)
{
	struct radius_packet p;
	struct bench b;

	(void)state;
	start(&b);
	assert_message(&b, 1);
	assert_int_equal(done(&b, false), RADIUS_ACCOUNT_FINE);
	assert_int_equal(radius_accounts_wake(b.accounts), 1000 + RADIUS_ACCOUNT_AGAIN);
	b.now += RADIUS_ACCOUNT_AGAIN;
	p = assert_message(&b, 1);
	assert_int_equal(number_of(&p, RADIUS_ACCT_DELAY_TIME), 60);
	radius_accounts_free(b.accounts);
}

/* A server that sees the stop first would have the session for ever. */
static void a_stop_waits_for_the_start(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	assert_message(&b, 1);
	stop(&b);
	stop(&b);
	assert_quiet(&b);
	done(&b, true);
	assert_message(&b, 2);
	done(&b, true);
	assert_int_equal(radius_accounts_count(b.accounts), 0);
	radius_accounts_free(b.accounts);
}

/* Who was never told that it began is told that it is over. */
static void a_stop_goes_before_a_repeated_start(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	assert_message(&b, 1);
	done(&b, false);
	stop(&b);
	assert_message(&b, 2);
	radius_accounts_free(b.accounts);
}

static void an_interim_is_not_repeated(void **state)
{
	struct radius_usage usage = { 10, 20, 1, 2 };
	struct bench b;

	(void)state;
	start(&b);
	assert_message(&b, 1);
	done(&b, true);
	b.now = 301000;
	assert_true(radius_accounts_next(b.accounts, b.now, &b.out));
	radius_accounts_usage(b.accounts, 7, &usage, b.now);
	assert_message(&b, 3);
	/* It is nobody's that was not asked for. */
	radius_accounts_usage(b.accounts, 7, &usage, b.now);
	assert_int_equal(done(&b, false), RADIUS_ACCOUNT_DEAF);
	assert_int_equal(radius_accounts_wake(b.accounts), 601000);
	radius_accounts_free(b.accounts);
}

static void no_interim_is_told_without_one(void **state)
{
	struct radius_account never = account;
	struct bench b = { .accounts = radius_accounts_new(), .now = 1000 };

	(void)state;
	never.interim = 0;
	assert_int_equal(radius_accounts_start(b.accounts, 7, &never, b.now), 0);
	assert_message(&b, 1);
	done(&b, true);
	assert_int_equal(radius_accounts_wake(b.accounts), HEAP_NEVER);
	radius_accounts_free(b.accounts);
}

static void there_is_a_most(void **state)
{
	struct bytes classes[RADIUS_CLASSES_MAX];
	uint8_t octets[RADIUS_VALUE_MAX] = { 0 };
	struct radius_account much = account;
	struct bench b = { .accounts = radius_accounts_new(), .now = 1000 };

	(void)state;
	for (unsigned i = 0; i < RADIUS_CLASSES_MAX; i++)
		classes[i] = bytes_of(octets, sizeof octets);
	much.classes = classes;
	much.n_classes = RADIUS_CLASSES_MAX;
	assert_int_equal(radius_accounts_start(b.accounts, 7, &much, b.now), ERR_SPACE);
	for (unsigned i = 0; i < RADIUS_ACCOUNTS_MAX; i++)
		assert_int_equal(radius_accounts_start(b.accounts, i, &account, b.now), 0);
	assert_int_equal(radius_accounts_start(b.accounts, RADIUS_ACCOUNTS_MAX, &account, b.now), ERR_BUSY);
	/* That one does not exist. */
	radius_accounts_done(b.accounts, RADIUS_ACCOUNTS_MAX, true, b.now);
	radius_accounts_free(b.accounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_told_from_start_to_stop),
		cmocka_unit_test(a_stop_is_told_until_it_is_heard),
		cmocka_unit_test(a_start_is_told_until_it_is_heard),
		cmocka_unit_test(a_stop_waits_for_the_start),
		cmocka_unit_test(a_stop_goes_before_a_repeated_start),
		cmocka_unit_test(an_interim_is_not_repeated),
		cmocka_unit_test(no_interim_is_told_without_one),
		cmocka_unit_test(there_is_a_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
