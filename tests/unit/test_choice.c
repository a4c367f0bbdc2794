/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two back ends side by side, neither of which carries anything. */
#include "tests/unit/machine.h"

#include "tests/unit/packet.h"
#include "xfrm/choice.h"

static struct xfrm_caps caps;
static bool bundled;
static enum err moves;
static struct xfrm *x;

static enum err fake_open(const struct xfrm_setup *setup, struct xfrm **out, struct text *why)
{
	(void)setup;
	(void)why;
	*out = (struct xfrm *)&caps;
	return ERR_OK;
}

static const struct xfrm_caps *fake_caps(const struct xfrm *fake)
{
	(void)fake;
	return &caps;
}

static void fake_close(struct xfrm *fake)
{
	(void)fake;
}

static int fake_fd(const struct xfrm *fake)
{
	(void)fake;
	return -1;
}

static enum err fake_sa_add(struct xfrm *fake, const struct sa_spec *sa, struct text *why)
{
	(void)fake;
	(void)sa;
	(void)why;
	return ERR_OK;
}

static void fake_sa_del(struct xfrm *fake, uint32_t child, bool inbound)
{
	(void)fake;
	(void)child;
	(void)inbound;
}

static enum err fake_sa_move(
	struct xfrm *fake, uint32_t child, const struct addr *local, const struct addr *remote, bool encap)
{
	(void)fake;
	(void)child;
	(void)local;
	(void)remote;
	(void)encap;
	return moves;
}

static void fake_bundle(struct xfrm *fake, bool on)
{
	(void)fake;
	assert_int_equal(bundled, !on);
	bundled = on;
}

#define FAKE                                                                                                 \
	.open = fake_open, .caps = fake_caps, .close = fake_close, .fd = fake_fd, .sa_add = fake_sa_add,     \
	.sa_del = fake_sa_del, .sa_move = fake_sa_move

static const struct xfrm_backend kernel = { FAKE }, user = { FAKE, .bundle = fake_bundle };

static void begin(void **state)
{
	static struct settings settings;
	struct machine *h = machine_enter(state);
	struct xfrm_setup setup = { .settings = &settings, .run_dir = h->dir };

	settings = settings_default();
	bundled = true;
	moves = ERR_OK;
	assert_ok(choice_between(&kernel, &user, &setup, &x, &h->why));
}

static int end(void **state)
{
	if (x)
		xfrm_choice.close(x);
	x = NULL;
	return machine_tear_down(state);
}

/* The inbound SA of CHILD, and the outbound one. */
static void add(uint32_t child, enum data_path path, bool encap)
{
	const struct child_conf conf = { .datapath = path };
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	for (int inbound = 1; inbound >= 0; inbound--) {
		struct sa_spec sa = { .child = child, .inbound = inbound, .encap = encap, .conf = &conf };

		assert_int_equal(xfrm_choice.sa_add(x, &sa, &why), ERR_OK);
	}
	arena_free(&scratch);
}

static void del(uint32_t child)
{
	xfrm_choice.sa_del(x, child, false);
	xfrm_choice.sa_del(x, child, true);
}

static void datagrams_come_together_unless_the_kernel_receives_beside_us(void **state)
{
	begin(state);
	add(1, DATAPATH_USER, true);
	add(2, DATAPATH_KERNEL, false);
	assert_true(bundled);
	add(3, DATAPATH_KERNEL, true);
	assert_false(bundled);
	add(4, DATAPATH_KERNEL, true);
	del(3);
	assert_false(bundled);
	del(1);
	assert_false(bundled);
	del(4);
	assert_true(bundled);
}

static void what_moves_behind_a_nat_comes_by_the_shared_port_too(void **state)
{
	const struct addr here = { packet_ip("192.0.2.1"), 4500 }, there = { packet_ip("192.0.2.2"), 4500 };

	begin(state);
	add(1, DATAPATH_USER, true);
	add(2, DATAPATH_KERNEL, false);
	assert_int_equal(xfrm_choice.sa_move(x, 1, &here, &there, true), ERR_OK);
	assert_true(bundled);
	moves = ERR_SYSTEM;
	assert_int_equal(xfrm_choice.sa_move(x, 2, &here, &there, true), ERR_SYSTEM);
	assert_true(bundled);
	moves = ERR_OK;
	assert_int_equal(xfrm_choice.sa_move(x, 2, &here, &there, true), ERR_OK);
	assert_false(bundled);
	assert_int_equal(xfrm_choice.sa_move(x, 2, &here, &there, false), ERR_OK);
	assert_true(bundled);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, machine_set_up, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(datagrams_come_together_unless_the_kernel_receives_beside_us),
		CASE(what_moves_behind_a_nat_comes_by_the_shared_port_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
