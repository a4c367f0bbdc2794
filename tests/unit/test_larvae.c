/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's questions, which end with the policies that asked them. */
#include "tests/unit/fake_kernel.h"
#include "tests/unit/packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRAPS = 3, REQID = 60 /* of the first */ };

static struct fake fake;
static struct xfrm *x;
static struct arena arena;
static struct text why;
static struct settings settings;
static char dir[64];
static unsigned acquires;

static void on_acquire(
	void *ctx, uint32_t policy, uint32_t resource, const struct ts *local, const struct ts *remote)
{
	(void)ctx;
	(void)policy;
	(void)resource;
	(void)local;
	(void)remote;
	acquires++;
}

static void on_expire(void *ctx, uint32_t child, bool hard)
{
	(void)ctx;
	fail_msg("child %u has expired (%d)", child, hard);
}

static void start(void)
{
	struct xfrm_setup setup = { .settings = &settings,
		.run_dir = dir,
		.reports = { .acquire = on_acquire, .expire = on_expire } };

	why = text_in(&arena);
	assert_int_equal(kernel_start(&setup, &fake.ends, &x, &why), ERR_OK);
	(void)fake_asked(&fake);
}

static int set_up(void **state)
{
	(void)state;
	acquires = 0;
	settings = settings_default();
	settings.install_routes = false; /* there are none here */
	snprintf(dir, sizeof dir, "/tmp/test_larvae.XXXXXX");
	assert_non_null(mkdtemp(dir));
	fake_start(&fake);
	start();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (x)
		xfrm_kernel.close(x);
	fake_stop(&fake);
	assert_int_equal(rmdir(dir), 0);
	arena_free(&arena);
	return 0;
}

static struct ts network_of(uint32_t trap)
{
	return packet_ts(arena_printf(&arena, "10.%u.0.0/16", 20 + trap));
}

/* Each has a network, a number and a reqid of its own. */
static void trap_add(uint32_t trap)
{
	static const struct child_conf conf = { .policies = true };
	struct ts local = packet_ts("10.1.0.0/16"), remote = network_of(trap);
	struct policy_spec spec = { .id = 1 + trap,
		.reqid = REQID + trap,
		.trap = true,
		.local = packet_ip("192.0.2.1"),
		.remote = packet_ip("192.0.2.2"),
		.local_ts = { &local, 1 },
		.remote_ts = { &remote, 1 },
		.conf = &conf };

	assert_int_equal(xfrm_kernel.policy_add(x, &spec, &why), ERR_OK);
}

static struct selector selector_of(uint32_t trap)
{
	const char *text = arena_printf(&arena, "10.1.0.0/16 10.%u.0.0/16 0 0/0 0/0", 20 + trap);
	struct selector sel;

	assert_int_equal(selector_parse(text, &sel), ERR_OK);
	return sel;
}

/* A packet has met TRAP; of that the kernel's question SEQ tells. */
static void trap_asks(uint32_t trap, uint32_t seq)
{
	struct xfrm_user_acquire a = { .seq = seq, .policy.dir = XFRM_POLICY_OUT };
	struct selector sel = selector_of(trap);

	selector_to_kernel(&sel, &a.sel);
	a.policy.sel = a.sel;
	fake_larva(&fake, seq, REQID + trap);
	fake_tell(&fake, XFRM_MSG_ACQUIRE, &a, sizeof a);
	xfrm_kernel.dispatch(x);
}

/* A trap of who has crashed has asked: that stands in the journal, and nobody runs. */
static void crashed_while_it_asked(void)
{
	struct policy_key key = { .dir = XFRM_POLICY_OUT, .sel = selector_of(0) };
	char text[POLICY_KEY_TEXT];
	FILE *f;

	xfrm_kernel.close(x);
	fake_stop(&fake);
	fake_start(&fake);
	fake_larva(&fake, 0x70, REQID);
	f = fopen(arena_printf(&arena, "%s/" XFRM_KERNEL_JOURNAL, dir), "w");
	assert_non_null(f);
	fprintf(f, "+ %s\n", policy_key_print(&key, text));
	assert_int_equal(fclose(f), 0);
}

/* And in the kernel. */
static void its_policy_is_there(void)
{
	struct policy_key key = { .dir = XFRM_POLICY_OUT, .sel = selector_of(0) };
	struct policy_body body = { .ours = true,
		.protect = true,
		.tmpl = { .src = packet_ip("192.0.2.1"),
			.dst = packet_ip("192.0.2.2"),
			.reqid = REQID,
			.proto = IPPROTO_ESP,
			.mode = XFRM_MODE_TUNNEL } };

	message_policy(mnl_nlmsg_put_header(fake.policy), &key, &body);
	fake.has_policy = true;
}

static unsigned count(const char *text, const char *words)
{
	unsigned n = 0;

	for (const char *s = text; (s = strstr(s, words)); s++)
		n++;
	return n;
}

static void traps_that_ask(void)
{
	acquires = 0;
	for (uint32_t i = 0; i < TRAPS; i++) {
		trap_add(i);
		trap_asks(i, 0x70 + i);
	}
	assert_int_equal(acquires, TRAPS);
	(void)fake_asked(&fake);
}

static void traps_go(void)
{
	for (uint32_t i = 0; i < TRAPS; i++)
		xfrm_kernel.policy_del(x, 1 + i);
}

static void each_question_goes_with_its_policy(void **state)
{
	(void)state;
	traps_that_ask();
	for (uint32_t i = 0; i < TRAPS; i++) {
		assert_true(fake_has_larva(&fake, 0x70 + i));
		xfrm_kernel.policy_del(x, 1 + i);
		assert_false(fake_has_larva(&fake, 0x70 + i));
	}
	assert_int_equal(count(fake_asked(&fake), "getsa*"), TRAPS);
}

/* To find them, all SAs are looked at, of which there may be many. */
static void one_look_finds_the_questions_of_all_that_go_together(void **state)
{
	const char *asked;

	(void)state;
	traps_that_ask();
	xfrm_kernel.gather(x, true);
	traps_go();
	assert_string_equal(fake_asked(&fake), "");
	xfrm_kernel.gather(x, false);
	asked = fake_asked(&fake);
	assert_int_equal(count(asked, "getsa*"), 1);
	assert_int_equal(count(asked, "allocspi delsa"), TRAPS);
	assert_int_equal(fake.n_larvae, 0);
	/* A policy that stands would ask anew. */
	assert_null(strstr(strstr(asked, "getsa*"), "delpolicy"));
	xfrm_kernel.gather(x, true);
	xfrm_kernel.gather(x, false);
	assert_string_equal(fake_asked(&fake), "");
}

static void an_orderly_stop_ends_them_all_in_one_look(void **state)
{
	(void)state;
	traps_that_ask();
	xfrm_kernel.close(x);
	x = NULL;
	assert_int_equal(count(fake_asked(&fake), "getsa*"), 1);
	assert_int_equal(fake.n_larvae, 0);
}

/* Packets would not ask again by themselves; but what is being negotiated need not be asked twice. */
static void after_lost_events_only_questions_that_nobody_heard_end(void **state)
{
	(void)state;
	trap_add(0);
	trap_asks(0, 0x70);
	trap_add(1);
	fake_larva(&fake, 0x71, REQID + 1);
	fake_larva(&fake, 0x72, REQID + TRAPS); /* somebody else's */
	fake_tell_too_much(&fake);
	xfrm_kernel.dispatch(x);
	assert_true(fake_has_larva(&fake, 0x70));
	assert_false(fake_has_larva(&fake, 0x71));
	assert_true(fake_has_larva(&fake, 0x72));
}

/* The one that was heard has ended by itself, and the next one was lost. */
static void after_lost_events_a_newer_question_of_the_same_policy_ends(void **state)
{
	(void)state;
	trap_add(0);
	trap_asks(0, 0x70);
	fake.larvae[0].seq = 0x73;
	fake_tell_too_much(&fake);
	xfrm_kernel.dispatch(x);
	assert_int_equal(fake.n_larvae, 0);
}

/* The core says that nothing comes of it. */
static void a_question_that_is_over_ends_and_the_next_is_heard(void **state)
{
	(void)state;
	traps_that_ask();
	xfrm_kernel.sa_select(x, 1, 0);
	assert_false(fake_has_larva(&fake, 0x70));
	assert_int_equal(fake.n_larvae, TRAPS - 1);
	trap_asks(0, 0x78);
	assert_int_equal(acquires, TRAPS + 1);
	assert_true(fake_has_larva(&fake, 0x78));
}

static void one_look_finds_the_questions_that_are_over_together(void **state)
{
	(void)state;
	traps_that_ask();
	xfrm_kernel.gather(x, true);
	for (uint32_t i = 0; i < TRAPS; i++)
		xfrm_kernel.sa_select(x, 1 + i, 0);
	xfrm_kernel.gather(x, false);
	assert_int_equal(count(fake_asked(&fake), "getsa*"), 1);
	assert_int_equal(fake.n_larvae, 0);
}

static void where_nothing_was_asked_there_is_no_look(void **state)
{
	(void)state;
	trap_add(0);
	(void)fake_asked(&fake);
	xfrm_kernel.sa_select(x, 1, 0);
	assert_string_equal(fake_asked(&fake), "");
}

/* The SA that packets of the first trap leave by. */
static enum err answer(void)
{
	static const uint8_t key[64];
	static const struct child_conf conf = { .policies = true };
	struct ts local = packet_ts("10.1.0.0/16"), remote = network_of(0);
	struct sa_spec sa = { .spi = 0x1234,
		.child = 5,
		.reqid = REQID,
		.suite.encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256),
		.encr_key = bytes_of(key, 36),
		.local.ip = packet_ip("192.0.2.1"),
		.remote.ip = packet_ip("192.0.2.2"),
		.local_ts = { &local, 1 },
		.remote_ts = { &remote, 1 },
		.conf = &conf };

	return xfrm_kernel.sa_add(x, &sa, &why);
}

/* Its answer has come and gone within a second, and the core waits for nothing. */
static void the_next_question_is_heard_however_soon_it_comes(void **state)
{
	(void)state;
	trap_add(0);
	trap_asks(0, 0x70);
	assert_int_equal(answer(), ERR_OK);
	xfrm_kernel.sa_del(x, 5, false);
	trap_asks(0, 0x71);
	assert_int_equal(acquires, 2);
	trap_asks(0, 0x72);
	assert_int_equal(acquires, 2);
}

/* It would have been the answer. */
static void a_question_stands_when_the_kernel_takes_no_sa_for_it(void **state)
{
	(void)state;
	trap_add(0);
	trap_asks(0, 0x70);
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1, FAKE_REFUSE, EEXIST);
	assert_int_equal(answer(), ERR_EXISTS);
	xfrm_kernel.sa_select(x, 1, 0);
	assert_int_equal(fake.n_larvae, 0);
}

/* Its policy stands in the journal, and cannot be looked at when its successor starts. */
static void a_crashed_predecessors_question_ends_when_its_policy_is_taken_over(void **state)
{
	(void)state;
	crashed_while_it_asked();
	fake_treat(&fake, XFRM_MSG_GETPOLICY, 0, 1, FAKE_REFUSE, ENOMEM);
	start();
	assert_int_equal(fake.n_larvae, 1);
	its_policy_is_there();
	xfrm_kernel.audit(x, &why);
	assert_int_equal(fake.n_larvae, 0);
}

/* Nobody is going to claim it, and meanwhile it would block. */
static void what_is_found_when_all_have_settled_goes(void **state)
{
	(void)state;
	crashed_while_it_asked();
	fake_treat(&fake, XFRM_MSG_GETPOLICY, 0, 1, FAKE_REFUSE, ENOMEM);
	start();
	xfrm_kernel.settled(x);
	its_policy_is_there();
	(void)fake_asked(&fake);
	xfrm_kernel.audit(x, &why);
	assert_non_null(strstr(fake_asked(&fake), "delpolicy"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_question_goes_with_its_policy),
		CASE(one_look_finds_the_questions_of_all_that_go_together),
		CASE(an_orderly_stop_ends_them_all_in_one_look),
		CASE(after_lost_events_only_questions_that_nobody_heard_end),
		CASE(after_lost_events_a_newer_question_of_the_same_policy_ends),
		CASE(a_question_that_is_over_ends_and_the_next_is_heard),
		CASE(one_look_finds_the_questions_that_are_over_together),
		CASE(where_nothing_was_asked_there_is_no_look),
		CASE(the_next_question_is_heard_however_soon_it_comes),
		CASE(a_question_stands_when_the_kernel_takes_no_sa_for_it),
		CASE(a_crashed_predecessors_question_ends_when_its_policy_is_taken_over),
		CASE(what_is_found_when_all_have_settled_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
