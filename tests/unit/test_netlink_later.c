/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that go together, to a kernel that refuses, loses, interrupts and is late. */
#include "tests/unit/fake_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct fake fake;
static struct netlink *nl;
static char heard[1024]; /* "a=ok b=missing" */

static void hear(void *ctx, const char *thing, enum err e)
{
	size_t at = strlen(heard);

	assert_ptr_equal(ctx, &fake);
	snprintf(heard + at, sizeof heard - at, "%s%s=%s", at ? " " : "", thing, e ? err_name(e) : "ok");
}

static int set_up(void **state)
{
	(void)state;
	heard[0] = 0;
	fake_start(&fake);
	nl = fake.ends.netlink;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	netlink_close(nl);
	close(fake.ends.events);
	fake_stop(&fake);
	return 0;
}

static const struct sa_key key = {
	.src = { 4, { 192, 0, 2, 1 } }, .dst = { 4, { 192, 0, 2, 2 } }, .spi = 0x1234, .proto = 50
};

static void post(const char *thing)
{
	message_sa_id(netlink_later(nl, XFRM_MSG_DELSA, hear, &fake, thing), &key);
	netlink_post(nl);
}

static void post_three(void)
{
	netlink_gather(nl, true);
	post("a");
	post("b");
	post("c");
	assert_string_equal(heard, "");
}

static void one_that_is_posted_goes_at_once(void **state)
{
	(void)state;
	post("a");
	assert_string_equal(heard, "a=ok");
	assert_string_equal(fake_asked(&fake), "delsa");
}

static void those_that_are_gathered_go_in_one_datagram(void **state)
{
	(void)state;
	post_three();
	netlink_gather(nl, false);
	assert_int_equal(fake.datagrams, 1);
	assert_string_equal(fake_asked(&fake), "delsa delsa delsa");
	assert_string_equal(heard, "a=ok b=ok c=ok");
}

static void each_has_its_own_verdict(void **state)
{
	static const char *const verdicts[] = { "a=missing b=ok c=ok", "a=ok b=missing c=ok",
		"a=ok b=ok c=missing" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		heard[0] = 0;
		fake_treat(&fake, XFRM_MSG_DELSA, i, 1, FAKE_REFUSE, ESRCH);
		post_three();
		netlink_gather(nl, false);
		assert_string_equal(heard, verdicts[i]);
	}
	assert_string_equal(netlink_reason(nl), "No such process");
}

static void the_next_request_comes_behind_them(void **state)
{
	(void)state;
	post_three();
	message_sa_id(netlink_request(nl, XFRM_MSG_GETSA, 0), &key);
	assert_string_equal(heard, "a=ok b=ok c=ok");
	assert_int_equal(netlink_talk(nl, NULL, NULL), ERR_MISSING);
	assert_string_equal(fake_asked(&fake), "delsa delsa delsa getsa");
	post("d");
	assert_string_equal(heard, "a=ok b=ok c=ok");
	netlink_gather(nl, false);
	assert_string_equal(heard, "a=ok b=ok c=ok d=ok");
}

/* Whether it was done is not known of any; the next ones are not mixed up with them. */
static void a_lost_verdict_is_told_of_all(void **state)
{
	(void)state;
	fake_treat(&fake, XFRM_MSG_DELSA, 2, 1, FAKE_LOSE, 0);
	post_three();
	netlink_gather(nl, false);
	assert_string_equal(heard, "a=busy b=busy c=busy");
	post("d");
	assert_string_equal(heard, "a=busy b=busy c=busy d=ok");
}

static void a_signal_and_a_late_answer_do_not_matter_to_them(void **state)
{
	(void)state;
	fake_treat(&fake, XFRM_MSG_DELSA, 1, 1, FAKE_INTERRUPT, 0);
	post_three();
	netlink_gather(nl, false);
	fake_treat(&fake, XFRM_MSG_DELSA, 0, 1, FAKE_LATE, ENOMEM);
	post("d");
	assert_string_equal(heard, "a=ok b=ok c=ok d=ok");
}

static void more_than_fit_go_by_and_by(void **state)
{
	unsigned n = 0;

	(void)state;
	netlink_gather(nl, true);
	for (int i = 0; i < 500; i++) {
		post("x");
		heard[0] = 0;
	}
	netlink_gather(nl, false);
	assert_in_range(fake.datagrams, 500 / 64, 500 / 10);
	for (const char *at = fake_asked(&fake); (at = strstr(at, "delsa")); at++)
		n++;
	assert_int_equal(n, 500);
}

static void what_is_left_goes_at_the_end(void **state)
{
	(void)state;
	post_three();
	netlink_close(nl);
	assert_string_equal(heard, "a=ok b=ok c=ok");
	nl = NULL;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_that_is_posted_goes_at_once),
		CASE(those_that_are_gathered_go_in_one_datagram),
		CASE(each_has_its_own_verdict),
		CASE(the_next_request_comes_behind_them),
		CASE(a_lost_verdict_is_told_of_all),
		CASE(a_signal_and_a_late_answer_do_not_matter_to_them),
		CASE(more_than_fit_go_by_and_by),
		CASE(what_is_left_goes_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
