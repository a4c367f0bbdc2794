/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets on their way from ctl to keeper, of which guard has the number. */
#include "unit.h"

#include "daemon/ipc_table.h"
#include "daemon/keeper.h"
#include "model/conf.h"
#include "talk.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bytes taken(struct offers *o, uint64_t number, struct arena *arena)
{
	struct bytes out = { 0 };

	return offers_take(o, number, arena, &out) ? out : bytes_str("none");
}

static void an_offer_is_taken_once(void **state)
{
	struct arena arena = { 0 };
	struct offers o;

	(void)state;
	offers_start(&o);
	offers_add(&o, 7, bytes_str("first"));
	offers_add(&o, 8, bytes_str("second"));
	assert_true(bytes_eq(taken(&o, 7, &arena), bytes_str("first")));
	assert_true(bytes_eq(taken(&o, 7, &arena), bytes_str("none")));
	assert_true(bytes_eq(taken(&o, 8, &arena), bytes_str("second")));
	assert_int_equal(o.n, 0);
	offers_stop(&o);
	arena_free(&arena);
}

/* Whatever another ctl has left. */
static void of_several_the_latest_is_meant(void **state)
{
	struct arena arena = { 0 };
	struct offers o;

	(void)state;
	offers_start(&o);
	offers_add(&o, 7, bytes_str("old"));
	offers_add(&o, 7, bytes_str("new"));
	assert_true(bytes_eq(taken(&o, 7, &arena), bytes_str("new")));
	offers_stop(&o);
	arena_free(&arena);
}

/* Guard refused what it was for. */
static void what_was_not_asked_for_is_not_kept(void **state)
{
	struct arena arena = { 0 };
	struct offers o;

	(void)state;
	offers_start(&o);
	for (uint64_t i = 7; i <= 9; i++)
		offers_add(&o, i, bytes_str("x"));
	assert_true(bytes_eq(taken(&o, 8, &arena), bytes_str("x")));
	assert_int_equal(o.n, 1);
	assert_true(bytes_eq(taken(&o, 7, &arena), bytes_str("none")));
	assert_true(bytes_eq(taken(&o, 9, &arena), bytes_str("x")));
	offers_stop(&o);
	arena_free(&arena);
}

/* Others wait for theirs, since before it too. */
static void what_nobody_wants_is_dropped_alone(void **state)
{
	struct arena arena = { 0 };
	struct offers o;

	(void)state;
	offers_start(&o);
	for (uint64_t i = 7; i <= 9; i++)
		offers_add(&o, i, bytes_str("x"));
	offers_drop(&o, 8);
	offers_drop(&o, 6);
	assert_int_equal(o.n, 2);
	for (uint64_t i = 7; i <= 9; i++)
		assert_true(bytes_eq(taken(&o, i, &arena), bytes_str(i == 8 ? "none" : "x")));
	offers_stop(&o);
	arena_free(&arena);
}

static void too_many_cost_the_oldest(void **state)
{
	struct arena arena = { 0 };
	struct offers o;

	(void)state;
	offers_start(&o);
	for (uint64_t i = 1; i <= OFFERS_MAX + 1; i++)
		offers_add(&o, i, bytes_str("x"));
	assert_int_equal(o.n, OFFERS_MAX);
	assert_true(bytes_eq(taken(&o, 1, &arena), bytes_str("none")));
	assert_true(bytes_eq(taken(&o, 2, &arena), bytes_str("x")));
	offers_stop(&o);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ in keeper */

struct desk {
	struct keeper keeper;
	struct talk talk;
	struct ipc_channel ctl, keepers; /* both ends */
	int image;
	struct arena arena;
};

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof *d);

	d->image = image_make();
	d->keeper.ctl = &d->keepers;
	if (talk_begin(&d->talk, IPC_KEEPER, &d->keeper.guard, &d->keeper.ike) ||
		ipc_pair(IPC_CTL, &d->ctl, IPC_KEEPER, &d->keepers) || keeper_start(&d->keeper, d->image))
		return -1;
	d->keepers.phase = IPC_SERVING;
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	keeper_stop(&d->keeper);
	talk_end(&d->talk);
	ipc_close(&d->ctl);
	ipc_close(&d->keepers);
	close(d->image);
	arena_free(&d->arena);
	free(d);
	return 0;
}

static void offer(struct desk *d, uint64_t number, const char *data)
{
	assert_int_equal(ipc_send(&d->ctl, &(struct ipc_message){ .kind = IPC_OFFER,
						   .offer = { number, bytes_str(data) } }),
		ERR_OK);
}

/* The next message to guard. */
static struct ipc_message heard(struct desk *d)
{
	uint8_t *room = arena_alloc(&d->arena, IPC_MAX);
	ssize_t n = recv(d->talk.guard.fd, room, IPC_MAX, MSG_DONTWAIT);
	struct ipc_message m;

	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &d->arena, &m));
	return m;
}

static struct ipc_message asked(struct desk *d, struct ipc_message *m)
{
	m->ticket = 42;
	assert_int_equal(ipc_send(&d->talk.guard, m), ERR_OK);
	assert_true(keeper_serve(&d->keeper, &d->keeper.guard));
	return heard(d);
}

static struct ipc_message keep(struct desk *d, uint64_t handle, uint64_t number, const char *data)
{
	struct ipc_message m = { .kind = IPC_SECRET,
		.secret = { handle, IPC_USE_SECRET, SECRET_IKE, NULL, 0, bytes_str(data), number } };

	return asked(d, &m);
}

/* Keeper has not looked there before guard names it. */
static void what_was_offered_is_kept_as_if_guard_had_sent_it(void **state)
{
	struct desk *d = *state;
	struct ipc_message first, second;

	offer(d, 7, "secret");
	offer(d, 8, "another");
	first = keep(d, 1, 7, "");
	assert_int_equal(first.kept.result, ERR_OK);
	second = keep(d, 2, 0, "secret");
	assert_true(bytes_eq(first.kept.mark, second.kept.mark));
	second = keep(d, 3, 8, "");
	assert_int_equal(second.kept.result, ERR_OK);
	assert_false(bytes_eq(first.kept.mark, second.kept.mark));
	assert_int_equal(d->keeper.kept.count, 3);
	assert_int_equal(d->keeper.offers.n, 0);
}

static void what_was_not_offered_is_not_kept(void **state)
{
	struct desk *d = *state;
	struct ipc_message m = { .kind = IPC_FILE, .file = { .handle = 2, .offer = 9 } };

	offer(d, 7, "secret");
	assert_int_equal(keep(d, 1, 8, "").kept.result, ERR_UNKNOWN);
	assert_int_equal(asked(d, &m).opened.result, ERR_UNKNOWN);
	assert_int_equal(d->keeper.kept.count, 0);
}

static void a_file_may_be_offered(void **state)
{
	struct desk *d = *state;
	struct ipc_message m = { .kind = IPC_FILE, .file = { .handle = 2, .offer = 7 } }, a;

	offer(d, 7, "this is no key");
	a = asked(d, &m);
	assert_int_equal(a.kind, IPC_OPENED);
	assert_int_not_equal(a.opened.result, ERR_OK);
	assert_int_not_equal(a.opened.result, ERR_UNKNOWN);
}

/* Also where both wait when keeper looks: it does not wait for an offer that it has taken. */
static void keeper_goes_on_when_both_have_come(void **state)
{
	const struct timeval patience = { .tv_sec = 10 };
	struct desk *d = *state;
	struct ipc_message m = { .kind = IPC_SECRET, .secret = { .handle = 1, .offer = 7 } };
	uint8_t *room[] = { arena_alloc(&d->arena, IPC_MAX), arena_alloc(&d->arena, IPC_MAX) };
	ssize_t n[2];
	pid_t pid;

	offer(d, 7, "secret");
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(ipc_send(&d->talk.guard, &m), ERR_OK);
	assert_int_equal(
		setsockopt(d->talk.guard.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	pid = fork();
	assert_true(pid >= 0); /* who ends -1 ends everybody */
	if (!pid) {
		keeper_run(&d->keeper);
		_exit(0);
	}
	for (unsigned i = 0; i < 2; i++)
		n[i] = recv(d->talk.guard.fd, room[i], IPC_MAX, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(n[i] > 0);
		assert_null(ipc_decode(bytes_of(room[i], (size_t)n[i]), &d->arena, &m));
		assert_int_equal(m.kept.result, i ? ERR_UNKNOWN : ERR_OK);
	}
}

/* Whether keeper has heard of it already or not. */
static void guard_has_an_offer_dropped(void **state)
{
	struct desk *d = *state;

	for (unsigned heard_of = 0; heard_of < 2; heard_of++) {
		offer(d, 7, "secret");
		if (heard_of)
			assert_true(keeper_serve(&d->keeper, d->keeper.ctl));
		assert_int_equal(
			ipc_send(&d->talk.guard, &(struct ipc_message){ .kind = IPC_DROP, .drop.offer = 7 }),
			ERR_OK);
		assert_true(keeper_serve(&d->keeper, &d->keeper.guard));
		assert_int_equal(d->keeper.offers.n, 0);
		assert_int_equal(keep(d, 1, 7, "").kept.result, ERR_UNKNOWN);
	}
}

/* It has no other wish: keeper says so, and goes on. */
static void ctl_may_only_offer(void **state)
{
	struct desk *d = *state;
	const struct ipc_message wrong[] = {
		{ .kind = IPC_SECRET,
			.secret = { 1, IPC_USE_SECRET, SECRET_IKE, NULL, 0, bytes_str("secret"), 0 } },
		{ .kind = IPC_DROP, .drop = { .handle = 1 } }
	};
	struct ipc_message m;

	assert_int_equal(keep(d, 1, 0, "secret").kept.result, ERR_OK);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ipc_send(&d->ctl, &wrong[i]), ERR_OK);
		assert_true(keeper_serve(&d->keeper, d->keeper.ctl));
		m = heard(d);
		assert_int_equal(m.kind, IPC_BLAME);
		assert_int_equal(m.blame.process, IPC_CTL);
	}
	assert_int_equal(d->keeper.kept.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_is_taken_once),
		cmocka_unit_test(of_several_the_latest_is_meant),
		cmocka_unit_test(what_was_not_asked_for_is_not_kept),
		cmocka_unit_test(what_nobody_wants_is_dropped_alone),
		cmocka_unit_test(too_many_cost_the_oldest),
		cmocka_unit_test_setup_teardown(
			what_was_offered_is_kept_as_if_guard_had_sent_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(guard_has_an_offer_dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_offered_is_not_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_may_be_offered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeper_goes_on_when_both_have_come, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ctl_may_only_offer, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
