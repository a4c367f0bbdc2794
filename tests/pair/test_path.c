/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from the data path that carries a CHILD_SA: its SPIs, and encapsulation without a NAT. */
#include "tests/pair/pair.h"

#define KERNEL CHILD("datapath = kernel")
#define USER   CHILD("datapath = user")
#define ENCAP  CONN("encap = no") DAEMON("udp_encap = yes")

static void assert_spi(const struct host *h, enum data_path path)
{
	struct spi_range r = data_path_spis(path);
	uint32_t spi = host_child(h, "net")->spi_in;

	assert_in_range(spi, r.low, r.high);
}

static void each_draws_spis_of_its_own_path(void **state)
{
	struct pair *p = pair_open_up(state, KERNEL, USER);

	assert_spi(p->moon, DATAPATH_KERNEL);
	assert_spi(p->sun, DATAPATH_USER);
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	assert_spi(p->moon, DATAPATH_KERNEL);
	assert_spi(p->sun, DATAPATH_USER);
}

static bool is_fake(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);
	struct arena arena = { 0 };
	unsigned n;
	bool fake;

	pair_say_up(p, 1);
	lab_calm(p->lab);
	fake = host_records(p->moon, &arena, &n)[0].nat_fake;
	arena_free(&arena);
	return fake;
}

/* The kernel is as fast without it. */
static void only_the_userspace_path_wants_encapsulation(void **state)
{
	assert_true(is_fake(state, ENCAP USER, ENCAP KERNEL));
}

static void the_kernel_wants_none(void **state)
{
	assert_false(is_fake(state, ENCAP KERNEL, ENCAP KERNEL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(each_draws_spis_of_its_own_path),
		PAIR_TEST(only_the_userspace_path_wants_encapsulation),
		PAIR_TEST(the_kernel_wants_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
