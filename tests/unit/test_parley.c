/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of questions to keeper when who asked has ended: the loop runs on until the scripts of what
 * was up have ended, and keeper with it. */
#include "tests/unit/unit.h"

#include "daemon/engine.h"
#include "daemon/parley_state.h"
#include "daemon/vault_state.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct arena arena;
static struct world world;
static unsigned told; /* so many are answered */

static int set_up(void **state)
{
	static const struct options one = { .one = true };
	struct text why = text_in(&arena);

	(void)state;
	world = (struct world){ .options = &one, .base = event_base_new() };
	list_init(&world.answers);
	entropy_start(&world.entropy);
	told = 0;
	if (vault_start(&world, "/nowhere", &why))
		return -1;
	parleys_start(&world, "/nowhere");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	entropy_stop(&world.entropy);
	event_base_free(world.base);
	arena_free(&arena);
	return 0;
}

static void on_user(void *ctx, const struct ipc_user *user)
{
	told++;
	assert_null(parley_take_user(ctx, user));
}

/* A conversation that waits to hear who carol is. */
static void ask_for_carol(void)
{
	struct parley *p = calloc(1, sizeof *p);

	p->world = &world;
	p->number = 1;
	p->answer = answer_new(1);
	p->name = bytes_str("carol");
	map_put(&world.parleys->open, p->number, p);
	parley_ask_user(p, true, on_user);
	assert_false(list_empty(&world.vault->asked));
}

static void an_answer_that_comes_after_the_end_is_of_no_consequence(void **state)
{
	(void)state;
	ask_for_carol();
	vault_leave_core(world.vault);
	parleys_stop(&world);
	assert_int_equal(told, 0);
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	assert_int_equal(told, 1);
	assert_true(list_empty(&world.vault->asked));
	vault_stop(&world);
	assert_int_equal(told, 1);
	assert_true(list_empty(&world.answers));
}

static void a_question_ends_with_keeper(void **state)
{
	(void)state;
	ask_for_carol();
	parleys_stop(&world);
	vault_stop(&world);
	assert_int_equal(told, 1);
}

static void a_core_that_has_ended_is_not_answered(void **state)
{
	struct secret s = { .kind = SECRET_IKE, .name = "x" };
	const struct ike_question q = { .prf = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0) };
	struct text why = text_in(&arena);

	(void)state;
	s.data = arena_bytes(&arena, bytes_str("something"));
	assert_int_equal(vault_keep_secret(world.vault, &s, &why), ERR_OK);
	vault_prove(world.vault, &s, &q, answer_new(1));
	vault_leave_core(world.vault);
	parleys_stop(&world);
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	assert_true(list_empty(&world.vault->asked));
	assert_true(list_empty(&world.answers));
	kept_unref(s.kept);
	vault_stop(&world);
}

/* ------------------------------------------------------------- keeper, which says who is to blame */

static void be_silent(void *ctx, struct ipc_channel *far)
{
	uint8_t room[IPC_MAX];

	(void)ctx;
	assert_true(recv(far->fd, room, sizeof room, MSG_DONTWAIT) > 0);
}

static void on_answered(void *ctx, const struct ipc_user *user)
{
	assert_null(user);
	*(bool *)ctx = true;
}

/* As it is where keeper is a process: here it would be us whom it blames for what ike has sent. */
static void blame(uint64_t ticket)
{
	struct vault *v = world.vault;
	struct keeper *const inside = v->inside;

	v->inside = NULL;
	assert_true(vault_take_blame(&v->keeper,
		&(struct ipc_message){
			.kind = IPC_BLAME, .ticket = ticket, .blame = { IPC_IKE, "sent nonsense" } }));
	v->inside = inside;
}

static void the_question_that_is_no_good_is_not_answered_and_the_others_still_fly(void **state)
{
	struct vault *v = world.vault;
	bool answered[3] = { false };

	(void)state;
	vault_leave_core(v);
	v->keeper.spec.serve = be_silent;
	for (unsigned i = 0; i < 3; i++)
		vault_user(v, bytes_str("carol"), false, on_answered, &answered[i]);
	blame(v->last - 1);
	assert_false(answered[0] || answered[2]);
	assert_true(answered[1]);
	assert_int_equal(v->flying, 2);
	blame(v->last + 1); /* of nothing that was asked */
	assert_int_equal(v->flying, 2);
	parleys_stop(&world);
	vault_stop(&world);
	assert_true(answered[0] && answered[2]);
}

/* ------------------------------------------------------------- what is dropped behind a question */

static struct kept *unwanted;

/* Keeper, which is told to forget that before it has answered. */
static void take_secret(void *ctx, struct ipc_channel *far)
{
	static const uint8_t mark[IPC_MARK_SIZE] = { 1 };
	uint8_t room[IPC_MAX];
	const ssize_t n = recv(far->fd, room, sizeof room, MSG_DONTWAIT);
	struct ipc_message m;

	(void)ctx;
	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &arena, &m));
	kept_unref(unwanted);
	unwanted = NULL;
	if (m.kind == IPC_SECRET)
		assert_int_equal(ipc_tell(far, &(struct ipc_message){ .kind = IPC_KEPT,
						       .ticket = m.ticket,
						       .kept.mark = bytes_of(mark, sizeof mark) }),
			ERR_OK);
}

/* Keeper may end before it hears of that: the next one is told again. */
static void what_is_dropped_behind_a_question_is_not_gone_by_its_answer(void **state)
{
	struct secret s[2] = { { .kind = SECRET_IKE, .name = "x" }, { .kind = SECRET_IKE, .name = "y" } };
	struct vault *v = world.vault;
	struct text why = text_in(&arena);

	(void)state;
	v->keeper.spec.serve = take_secret;
	unwanted = vault_kept_new(v, ++v->last);
	for (unsigned i = 0; i < 2; i++) {
		s[i].data = arena_bytes(&arena, bytes_str("something"));
		assert_int_equal(vault_keep_secret(v, &s[i], &why), ERR_OK);
		assert_null(unwanted);
		assert_int_equal(list_empty(&v->forgotten), i);
	}
	assert_true(list_empty(&v->forgetting));
	kept_unref(s[0].kept);
	kept_unref(s[1].kept);
	vault_leave_core(v);
	parleys_stop(&world);
	vault_stop(&world);
}

int main(void)
{
#define PARLEY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		PARLEY(an_answer_that_comes_after_the_end_is_of_no_consequence),
		PARLEY(a_question_ends_with_keeper),
		PARLEY(a_core_that_has_ended_is_not_answered),
		PARLEY(the_question_that_is_no_good_is_not_answered_and_the_others_still_fly),
		PARLEY(what_is_dropped_behind_a_question_is_not_gone_by_its_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
