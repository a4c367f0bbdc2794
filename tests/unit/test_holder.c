/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What certs asks of keeper, when keeper answers, says something else, or nothing at all. */
#include "unit.h"

#include "daemon/certs.h"
#include "daemon/clock.h"
#include "radius_help.h"

#include <stdlib.h>
#include <sys/socket.h>

/* What keeper does when it is asked. */
enum temper { ANSWERS, ANSWERS_ANOTHER_FIRST, KNOWS_IT_NOT, SAYS_NONSENSE, IS_SILENT, IS_SILENT_ONCE };

struct bench {
	struct certs certs;
	struct event_base *base;
	struct ipc_channel guard, to_guard, keeper;
	enum temper temper;
	unsigned asked;
};

static const uint8_t request[] = "0123456789abcdef";

static void answer(struct bench *b, uint64_t ticket, enum err e)
{
	const struct ipc_message a = {
		.kind = IPC_RADIUS_PROOF, .ticket = ticket, .radius_proof = { (uint8_t)e, bytes_str("key") }
	};

	assert_int_equal(ipc_send(&b->keeper, &a), ERR_OK);
}

static void serve(void *ctx)
{
	struct bench *b = ctx;
	uint8_t octets[IPC_OCTETS_MAX];
	ssize_t n = recv(b->keeper.fd, octets, sizeof octets, MSG_DONTWAIT);
	struct arena arena = { 0 };
	struct ipc_message m;

	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(octets, (size_t)n), &arena, &m));
	b->asked++;
	if (b->temper == ANSWERS_ANOTHER_FIRST)
		answer(b, m.ticket - 1, ERR_AUTH);
	if (b->temper == SAYS_NONSENSE)
		assert_int_equal(send(b->keeper.fd, "nonsense", 8, 0), 8);
	else if (b->temper == IS_SILENT_ONCE)
		b->temper = ANSWERS;
	else if (b->temper != IS_SILENT)
		answer(b, m.ticket, b->temper == KNOWS_IT_NOT ? ERR_UNKNOWN : ERR_OK);
	arena_free(&arena);
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	b->base = event_base_new();
	certs_start(&b->certs, b->base, "/dev/null");
	assert_int_equal(ipc_pair(IPC_GUARD, &b->guard, IPC_CERTS, &b->to_guard), ERR_OK);
	assert_int_equal(ipc_pair(IPC_KEEPER, &b->keeper, IPC_CERTS, &b->certs.holder.keeper), ERR_OK);
	b->certs.guard = b->to_guard;
	b->certs.holder.keeper.phase = IPC_SERVING;
	b->certs.holder.serve = serve;
	b->certs.holder.ctx = b;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	ipc_close(&b->certs.holder.keeper);
	certs_stop(&b->certs);
	ipc_close(&b->guard);
	ipc_close(&b->to_guard);
	ipc_close(&b->keeper);
	event_base_free(b->base);
	free(b);
	return 0;
}

static enum err open_it(struct bench *b, uint8_t msk[RADIUS_MSK_MAX], size_t *n)
{
	const struct radius_secret s = holder_secret(&b->certs.holder, 7);
	const struct radius_packet p = { .whole = bytes_str("a packet") };

	return s.holder->open(&s, &p, request, msk, n);
}

static void assert_opened(struct bench *b)
{
	uint8_t msk[RADIUS_MSK_MAX];
	size_t n;

	assert_int_equal(open_it(b, msk, &n), ERR_OK);
	assert_true(bytes_eq(bytes_of(msk, n), bytes_str("key")));
}

static void the_answer_comes_at_once_and_is_wiped(void **state)
{
	struct bench *b = *state;

	assert_opened(b);
	for (unsigned i = 0; i < sizeof b->certs.holder.said.octets; i++)
		assert_int_equal(b->certs.holder.said.octets[i], 0);
}

/* The one before us may have asked something that is answered only now. */
static void an_answer_to_another_is_none(void **state)
{
	struct bench *b = *state;

	b->temper = ANSWERS_ANOTHER_FIRST;
	assert_opened(b);
	assert_opened(b);
}

/* Then all goes on without it for a while; what is asked then is not even waited for. */
static void one_that_says_nothing_is_not_waited_for_long(void **state)
{
	struct bench *b = *state;
	const uint64_t since = clock_ms();
	uint8_t msk[RADIUS_MSK_MAX];
	size_t n;

	b->temper = IS_SILENT;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(open_it(b, msk, &n), ERR_BUSY);
	assert_true(clock_ms() - since >= HOLDER_PATIENCE);
	assert_true(b->asked >= 1 && b->asked < 5); /* a machine may stand still */
	b->temper = ANSWERS;
	b->certs.holder.deaf = clock_ms();
	assert_opened(b);
}

/* The login that waits for it need not fail when keeper is lost over the question. */
static void a_key_is_asked_for_twice(void **state)
{
	struct bench *b = *state;

	b->temper = IS_SILENT_ONCE;
	assert_opened(b);
	assert_int_equal(b->asked, 2);
	assert_opened(b);
}

static void assert_unanswered(struct bench *b)
{
	uint8_t msk[RADIUS_MSK_MAX];
	size_t n;

	assert_int_equal(open_it(b, msk, &n), ERR_BUSY);
	assert_int_equal(n, 0);
}

static void nonsense_is_no_answer(void **state)
{
	struct bench *b = *state;

	b->temper = SAYS_NONSENSE;
	assert_unanswered(b);
}

/* One that is being changed is not wrong; and keeper is asked on. */
static void a_secret_that_is_not_there_is_as_if_nobody_answered(void **state)
{
	struct bench *b = *state;

	b->temper = KNOWS_IT_NOT;
	assert_unanswered(b);
	b->temper = ANSWERS;
	assert_opened(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_answer_comes_at_once_and_is_wiped),
		TEST(an_answer_to_another_is_none),
		TEST(one_that_says_nothing_is_not_waited_for_long),
		TEST(a_key_is_asked_for_twice),
		TEST(nonsense_is_no_answer),
		TEST(a_secret_that_is_not_there_is_as_if_nobody_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
