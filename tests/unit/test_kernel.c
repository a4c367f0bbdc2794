/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel back end with a kernel that refuses, loses, interrupts and is late. */
#include "tests/unit/fake_kernel.h"
#include "tests/unit/packet.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct heard {
	uint32_t resource;
	unsigned acquires, mappings, used, soft, hard;
	uint32_t id;
};

static struct fake fake;
static struct heard heard;
static struct xfrm *x;
static struct arena arena;
static struct text why;
static struct settings settings;
static char dir[64];
static unsigned warnings;

static void warned(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)ctx;
	warnings += level <= LOG_WARN;
	print_message("    %s: %s\n", word, line);
}

static void on_acquire(
	void *ctx, uint32_t policy, uint32_t resource, const struct ts *local, const struct ts *remote)
{
	(void)ctx;
	(void)local;
	(void)remote;
	heard.resource = resource;
	heard.acquires++;
	heard.id = policy;
}

static void on_mapping(void *ctx, uint32_t child, const struct addr *remote)
{
	(void)ctx;
	(void)remote;
	heard.mappings++;
	heard.id = child;
}

static void on_used(void *ctx, uint32_t child)
{
	(void)ctx;
	heard.used++;
	heard.id = child;
}

/* As the core may: what has ended is taken away at once. */
static void on_expire(void *ctx, uint32_t child, bool hard)
{
	(void)ctx;
	heard.soft += !hard;
	heard.hard += hard;
	heard.id = child;
	if (hard)
		xfrm_kernel.sa_del(x, child, true);
}

static enum err start(void)
{
	struct xfrm_setup setup = { .settings = &settings,
		.run_dir = dir,
		.reports = { NULL, on_acquire, on_mapping, on_used, on_expire, NULL, NULL } };

	why = text_in(&arena);
	return kernel_start(&setup, &fake.ends, &x, &why);
}

static int set_up(void **state)
{
	(void)state;
	x = NULL;
	warnings = 0;
	heard = (struct heard){ 0 };
	settings = settings_default();
	settings.install_routes = false; /* there are none here */
	snprintf(dir, sizeof dir, "/tmp/test_kernel.XXXXXX");
	assert_non_null(mkdtemp(dir));
	log_to(warned, NULL);
	fake_start(&fake);
	return 0;
}

/* An orderly stop leaves no line in the journal, and so no file. */
static int tear_down(void **state)
{
	char path[96];

	(void)state;
	if (x)
		xfrm_kernel.close(x);
	fake_stop(&fake);
	snprintf(path, sizeof path, "%s/journal-xfrm", dir);
	assert_int_not_equal(access(path, F_OK), 0);
	rmdir(dir);
	arena_free(&arena);
	log_to(NULL, NULL);
	return 0;
}

static void started(void)
{
	assert_int_equal(start(), ERR_OK);
	(void)fake_asked(&fake);
}

static const uint8_t key[64];
static const struct child_conf conf = { .policies = true, .replay_window = 32, .rekey_packets = 5000 };

static enum err sa_add(bool inbound, bool awaited)
{
	struct ts local = packet_ts("10.1.0.0/16"), remote = packet_ts("10.2.0.0/16");
	const struct transform *encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256);
	struct sa_spec spec = { .spi = 0x1234,
		.inbound = inbound,
		.child = 5,
		.policy = 3,
		.reqid = 9,
		.awaited = awaited,
		.suite = { .encr = encr },
		.encr_key = bytes_of(key, 36),
		.local.ip = packet_ip("192.0.2.1"),
		.remote.ip = packet_ip("192.0.2.2"),
		.local_ts = { &local, 1 },
		.remote_ts = { &remote, 1 },
		.conf = &conf };

	why = text_in(&arena);
	return xfrm_kernel.sa_add(x, &spec, &why);
}

static enum err policy_add(bool trap)
{
	struct ts local = packet_ts("10.1.0.0/16"), remote = packet_ts("10.2.0.0/16");
	struct policy_spec spec = { .id = 3,
		.reqid = 9,
		.trap = trap,
		.local = packet_ip("192.0.2.1"),
		.remote = packet_ip("192.0.2.2"),
		.local_ts = { &local, 1 },
		.remote_ts = { &remote, 1 },
		.conf = &conf };

	why = text_in(&arena);
	return xfrm_kernel.policy_add(x, &spec, &why);
}

static void refusals_leave_nothing(void **state)
{
	(void)state;
	started();
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1, FAKE_REFUSE, EEXIST);
	assert_int_equal(sa_add(true, false), ERR_EXISTS);
	assert_non_null(strstr(text_str(&why), "00001234"));
	assert_string_equal(fake_asked(&fake), "newsa");
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1, FAKE_REFUSE, ENOMEM);
	assert_int_equal(sa_add(true, false), ERR_SYSTEM);
	assert_non_null(strstr(text_str(&why), "Cannot allocate memory"));
	assert_int_equal(sa_add(true, false), ERR_OK);
	assert_int_equal(sa_add(true, false), ERR_EXISTS);
}

/* The second of three policies is refused: the first goes again. */
static void a_policy_is_there_whole_or_not_at_all(void **state)
{
	(void)state;
	started();
	fake_treat(&fake, XFRM_MSG_NEWPOLICY, 1, 1, FAKE_REFUSE, ENOMEM);
	assert_int_equal(policy_add(false), ERR_SYSTEM);
	assert_string_equal(fake_asked(&fake), "newpolicy newpolicy delpolicy");
	assert_int_equal(policy_add(false), ERR_OK);
	assert_string_equal(fake_asked(&fake), "newpolicy newpolicy newpolicy");
}

static uint32_t priority_of_the_last(void)
{
	struct xfrm_user_tmpl tmpl;

	return fake_policy(&fake, &tmpl)->priority;
}

static uint32_t priority_of_a_shunt(bool drop)
{
	struct ts local = packet_ts("10.1.0.0/16"), remote = packet_ts("10.2.0.0/16");
	struct shunt_spec spec = {
		.id = 1, .drop = drop, .local_ts = { &local, 1 }, .remote_ts = { &remote, 1 }
	};

	assert_int_equal(xfrm_kernel.shunt_add(x, &spec, &why), ERR_OK);
	xfrm_kernel.shunt_del(x, 1);
	return priority_of_the_last();
}

/* Of its kernel-netlink: the base of the class, less 512 for each bit of the networks, less 1 for what is no
 * trap. */
static void priorities_are_those_that_strongswan_computes(void **state)
{
	(void)state;
	started();
	assert_int_equal(policy_add(true), ERR_OK);
	assert_int_equal(priority_of_the_last(), 400000 - 32 * 512);
	xfrm_kernel.policy_del(x, 3);
	assert_int_equal(policy_add(false), ERR_OK);
	assert_int_equal(priority_of_the_last(), 400000 - 32 * 512 - 1);
	xfrm_kernel.policy_del(x, 3);
	assert_int_equal(priority_of_a_shunt(false), 200000 - 32 * 512 - 1);
	assert_int_equal(priority_of_a_shunt(true), 600000 - 32 * 512 - 1);
}

static void a_signal_and_a_late_answer_do_not_matter(void **state)
{
	(void)state;
	started();
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1, FAKE_INTERRUPT, 0);
	assert_int_equal(sa_add(true, false), ERR_OK);
	fake_treat(&fake, XFRM_MSG_DELSA, 0, 1, FAKE_LATE, ENOMEM);
	xfrm_kernel.sa_del(x, 5, true);
	assert_int_equal(warnings, 0);
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1, FAKE_LATE, EEXIST);
	assert_int_equal(sa_add(true, false), ERR_OK);
}

/* Whether it was made is not known: it is looked for and taken away. */
static void an_sa_whose_answer_is_lost(void **state)
{
	(void)state;
	started();
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1, FAKE_LOSE, 0);
	assert_int_equal(sa_add(true, false), ERR_BUSY);
	assert_string_equal(fake_asked(&fake), "newsa getsa delsa");
	assert_null(fake_sa(&fake));
	assert_int_equal(sa_add(true, false), ERR_OK);
}

static void a_policy_whose_answer_is_lost(void **state)
{
	(void)state;
	started();
	fake_treat(&fake, XFRM_MSG_NEWPOLICY, 0, 1, FAKE_LOSE, 0);
	assert_int_equal(policy_add(false), ERR_OK);
	assert_string_equal(fake_asked(&fake), "newpolicy updpolicy newpolicy newpolicy");
}

/* Those of child 5, and policy 3. */
static void all_added(void)
{
	assert_int_equal(sa_add(true, false), ERR_OK);
	assert_int_equal(sa_add(false, false), ERR_OK);
	assert_int_equal(policy_add(false), ERR_OK);
	(void)fake_asked(&fake);
}

static void all_deleted(void)
{
	xfrm_kernel.policy_del(x, 3);
	xfrm_kernel.sa_del(x, 5, false);
	xfrm_kernel.sa_del(x, 5, true);
}

/* Whether the last line of the journal with WORDS says that it stands. */
static bool is_journalled(const char *words)
{
	FILE *file = fopen(arena_printf(&arena, "%s/journal-xfrm", dir), "r");
	char line[256];
	bool stands = false;

	assert_non_null(file);
	while (fgets(line, sizeof line, file))
		if (strstr(line, words))
			stands = line[0] == '+';
	fclose(file);
	return stands;
}

static void what_is_taken_away_together_is_one_request(void **state)
{
	(void)state;
	started();
	all_added();
	all_deleted();
	assert_int_equal(fake.datagrams, 5);
	assert_string_equal(fake_asked(&fake), "delpolicy delpolicy delpolicy delsa delsa");
	all_added();
	xfrm_kernel.gather(x, true);
	all_deleted();
	assert_string_equal(fake_asked(&fake), "");
	assert_true(is_journalled("policy out 10.1"));
	xfrm_kernel.gather(x, false);
	assert_int_equal(fake.datagrams, 1);
	assert_string_equal(fake_asked(&fake), "delpolicy delpolicy delpolicy delsa delsa");
	assert_false(is_journalled("policy out 10.1"));
	assert_false(is_journalled("sa 192.0.2"));
	assert_int_equal(warnings, 0);
	/* What is refused stays in the journal, alone. */
	all_added();
	fake_treat(&fake, XFRM_MSG_DELPOLICY, 2, 1, FAKE_REFUSE, ENOMEM);
	xfrm_kernel.gather(x, true);
	all_deleted();
	xfrm_kernel.gather(x, false);
	assert_int_equal(warnings, 1);
	assert_true(is_journalled("policy out 10.1"));
	assert_false(is_journalled("policy in 10.2"));
	assert_false(is_journalled("sa 192.0.2"));
	all_added();
	all_deleted();
	assert_false(is_journalled("policy out 10.1"));
}

static void tell_expire(bool hard)
{
	struct xfrm_user_expire e = { .state = *fake_sa(&fake), .hard = hard };

	e.state.curlft.packets = fake.packets;
	fake_tell(&fake, XFRM_MSG_EXPIRE, &e, sizeof e);
	xfrm_kernel.dispatch(x);
}

/* The limit of the first packet is not the configured one; what was not authenticated is no packet. */
static void the_first_packet_on_an_awaited_sa(void **state)
{
	(void)state;
	started();
	assert_int_equal(sa_add(true, true), ERR_OK);
	assert_int_equal(fake_sa(&fake)->lft.soft_packet_limit, 1);
	tell_expire(false);
	assert_int_equal(heard.used, 0);
	assert_int_equal(fake_sa(&fake)->lft.soft_packet_limit, 1);
	fake.packets = 1;
	tell_expire(false);
	assert_int_equal(heard.used, 1);
	assert_int_equal(heard.id, 5);
	assert_int_equal(heard.soft, 0);
	assert_int_equal(fake_sa(&fake)->lft.soft_packet_limit, 5000);
	tell_expire(false);
	assert_int_equal(heard.used, 1);
	assert_int_equal(heard.soft, 1);
	tell_expire(true);
	assert_int_equal(heard.hard, 1);
}

/* The kernel asks with the SPI that the policy names: that its question ends is nothing to the SA. */
static void a_question_ends_with_the_spi_of_an_sa(void **state)
{
	struct xfrm_user_expire e = { .hard = true };

	(void)state;
	started();
	assert_int_equal(sa_add(false, false), ERR_OK);
	e.state = *fake_sa(&fake);
	e.state.lft.hard_add_expires_seconds = 30;
	fake_tell(&fake, XFRM_MSG_EXPIRE, &e, sizeof e);
	xfrm_kernel.dispatch(x);
	assert_int_equal(heard.hard, 0);
	tell_expire(true);
	assert_int_equal(heard.hard, 1);
}

static void the_answer_to_a_question_has_its_number(void **state)
{
	struct xfrm_user_acquire a = { .seq = 0x77 };
	struct selector sel;

	(void)state;
	started();
	assert_int_equal(policy_add(true), ERR_OK);
	assert_int_equal(selector_parse("10.1.0.0/16 10.2.0.0/16 0 0/0 0/0", &sel), ERR_OK);
	selector_to_kernel(&sel, &a.policy.sel);
	a.policy.dir = XFRM_POLICY_OUT;
	assert_int_equal(selector_parse("10.1.0.1/32 10.2.0.1/32 17 53/ffff 99/ffff", &sel), ERR_OK);
	selector_to_kernel(&sel, &a.sel);
	fake_tell(&fake, XFRM_MSG_ACQUIRE, &a, sizeof a);
	fake_tell(&fake, XFRM_MSG_ACQUIRE, &a, sizeof a);
	xfrm_kernel.dispatch(x);
	assert_int_equal(heard.acquires, 1);
	assert_int_equal(heard.id, 3);
	assert_int_equal(sa_add(true, false), ERR_OK);
	assert_int_equal(fake_sa(&fake)->seq, 0);
	assert_int_equal(sa_add(false, false), ERR_OK);
	assert_int_equal(fake_sa(&fake)->seq, 0x77);
	xfrm_kernel.sa_del(x, 5, false);
	assert_int_equal(sa_add(false, false), ERR_OK);
	assert_int_equal(fake_sa(&fake)->seq, 0);
}

/* ------------------------------------------------------------------ for CPUs (RFC 9611) */

enum { PCPU = 35 /* XFRMA_SA_PCPU, of Linux 6.13 */, CPU_ACQUIRE = 4 };

static const struct child_conf for_cpus = {
	.policies = true, .replay_window = 32, .per_cpu_sas = PER_CPU_YES
};

/* The outbound SA of CHILD, for a CPU; PATIENT: what answers a rekeying, say. */
static enum err sa_add_for(uint32_t child, uint32_t resource, bool patient)
{
	struct ts local = packet_ts("10.1.0.0/16"), remote = packet_ts("10.2.0.0/16");
	struct sa_spec spec = { .spi = 0x1000 + child,
		.child = child,
		.policy = 3,
		.reqid = 9,
		.per_cpu = true,
		.resource = resource,
		.patient = patient,
		.suite = { .encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256) },
		.encr_key = bytes_of(key, 36),
		.local.ip = packet_ip("192.0.2.1"),
		.remote.ip = packet_ip("192.0.2.2"),
		.local_ts = { &local, 1 },
		.remote_ts = { &remote, 1 },
		.conf = &for_cpus };

	why = text_in(&arena);
	return xfrm_kernel.sa_add(x, &spec, &why);
}

static enum err policy_add_for_cpus(void)
{
	struct ts local = packet_ts("10.1.0.0/16"), remote = packet_ts("10.2.0.0/16");
	struct policy_spec spec = { .id = 3,
		.reqid = 9,
		.per_cpu = true,
		.local = packet_ip("192.0.2.1"),
		.remote = packet_ip("192.0.2.2"),
		.local_ts = { &local, 1 },
		.remote_ts = { &remote, 1 },
		.conf = &for_cpus };

	why = text_in(&arena);
	return xfrm_kernel.policy_add(x, &spec, &why);
}

/* The general SA is child 5, and sends. */
static void started_for_cpus(void)
{
	started();
	assert_int_equal(sa_add_for(5, 0, false), ERR_OK);
	assert_int_equal(policy_add_for_cpus(), ERR_OK);
	xfrm_kernel.sa_select(x, 3, 5);
	(void)fake_asked(&fake);
}

/* The kernel chooses by the CPU, among all with the reqid. */
static void a_policy_for_cpus_names_no_sa(void **state)
{
	struct xfrm_user_tmpl tmpl;

	(void)state;
	started_for_cpus();
	assert_true(xfrm_kernel.caps(x)->per_cpu);
	assert_int_equal(fake_policy(&fake, &tmpl)->flags, CPU_ACQUIRE);
	assert_int_equal(tmpl.id.spi, 0);
	assert_int_equal(tmpl.reqid, 9);
	assert_int_equal(sa_add_for(6, 2, false), ERR_OK);
	assert_int_equal(fake_resource(&fake), 2);
	(void)fake_asked(&fake);
	xfrm_kernel.sa_select(x, 3, 6);
	assert_string_equal(fake_asked(&fake), "");
}

static void tell_acquire(uint32_t seq, uint32_t cpu)
{
	struct {
		struct xfrm_user_acquire a;
		struct nlattr head;
		uint32_t cpu;
	} m = { .a.seq = seq, .head = { NLA_HDRLEN + sizeof m.cpu, PCPU }, .cpu = cpu };
	struct selector sel;

	assert_int_equal(selector_parse("10.1.0.0/16 10.2.0.0/16 0 0/0 0/0", &sel), ERR_OK);
	selector_to_kernel(&sel, &m.a.policy.sel);
	m.a.policy.dir = XFRM_POLICY_OUT;
	assert_int_equal(selector_parse("10.1.0.1/32 10.2.0.1/32 17 53/ffff 99/ffff", &sel), ERR_OK);
	selector_to_kernel(&sel, &m.a.sel);
	fake_tell(&fake, XFRM_MSG_ACQUIRE, &m, sizeof m);
}

/* In the same second, too; and each question has its own answer. */
static void each_cpu_that_asks_is_reported(void **state)
{
	struct xfrm_user_tmpl tmpl;

	(void)state;
	started_for_cpus();
	tell_acquire(0x77, 0);
	tell_acquire(0x78, 1);
	xfrm_kernel.dispatch(x);
	/* What CPUs send meanwhile goes by the general one. */
	assert_int_equal(fake_policy(&fake, &tmpl)->flags, 0);
	assert_int_equal(tmpl.id.spi, 0);
	assert_int_equal(heard.acquires, 2);
	assert_int_equal(heard.id, 3);
	assert_int_equal(heard.resource, 2);
	assert_int_equal(sa_add_for(6, 1, false), ERR_OK);
	assert_int_equal(fake_sa(&fake)->seq, 0x77);
	assert_int_equal(sa_add_for(7, 0, false), ERR_OK);
	assert_int_equal(fake_sa(&fake)->seq, 0);
	assert_int_equal(sa_add_for(8, 2, false), ERR_OK);
	assert_int_equal(fake_sa(&fake)->seq, 0x78);
	xfrm_kernel.sa_select(x, 3, 8);
	assert_int_equal(fake_policy(&fake, &tmpl)->flags, CPU_ACQUIRE);
	tell_acquire(0x79, 3);
	xfrm_kernel.dispatch(x);
	assert_int_equal(fake_policy(&fake, &tmpl)->flags, 0);
	xfrm_kernel.sa_del(x, 8, false);
	assert_int_equal(fake_policy(&fake, &tmpl)->flags, CPU_ACQUIRE);
}

/* The newest would be taken at once, before the peer can open it. */
static void an_sa_that_is_to_wait_is_not_in_the_kernel(void **state)
{
	struct sa_usage usage;

	(void)state;
	started_for_cpus();
	assert_int_equal(sa_add_for(6, 2, true), ERR_OK);
	assert_string_equal(fake_asked(&fake), "");
	assert_false(xfrm_kernel.usage(x, 6, false, &usage));
	xfrm_kernel.sa_select(x, 3, 6);
	assert_string_equal(fake_asked(&fake), "newsa");
	assert_int_equal(fake_resource(&fake), 2);
	assert_int_equal(ntohl(fake_sa(&fake)->id.spi), 0x1006);
	assert_true(xfrm_kernel.usage(x, 6, false, &usage));
	xfrm_kernel.sa_del(x, 6, false);
	assert_int_equal(sa_add_for(7, 1, true), ERR_OK);
	(void)fake_asked(&fake);
	xfrm_kernel.sa_del(x, 7, false);
	assert_string_equal(fake_asked(&fake), "");
}

/* It is told of it where it is to be. */
static void one_that_waits_is_moved_as_others_are(void **state)
{
	struct addr local = { packet_ip("192.0.2.1"), 500 }, remote = { packet_ip("192.0.2.9"), 500 };

	(void)state;
	started_for_cpus();
	assert_int_equal(sa_add_for(6, 2, true), ERR_OK);
	assert_int_equal(xfrm_kernel.sa_move(x, 6, &local, &remote, false), ERR_OK);
	assert_string_equal(fake_asked(&fake), "newsa getsa getsa newsa updpolicy updpolicy delsa");
	xfrm_kernel.sa_del(x, 6, false);
}

/* It would take an SA for a CPU as one for all. */
static void an_older_kernel_sends_by_the_general_one(void **state)
{
	struct xfrm_user_tmpl tmpl;

	(void)state;
	fake.old = true;
	started_for_cpus();
	assert_false(xfrm_kernel.caps(x)->per_cpu);
	assert_int_equal(fake_policy(&fake, &tmpl)->flags, 0);
	assert_int_equal(ntohl(tmpl.id.spi), 0x1005);
	assert_int_equal(sa_add_for(6, 2, true), ERR_OK);
	xfrm_kernel.sa_select(x, 3, 6);
	(void)fake_policy(&fake, &tmpl);
	assert_int_equal(ntohl(tmpl.id.spi), 0x1005);
}

static void new_addresses_are_reported_now_and_then(void **state)
{
	struct ip ours = packet_ip("192.0.2.1"), theirs = packet_ip("192.0.2.9");
	struct xfrm_user_mapping m = { .id = { selector_address(&ours), htonl(0x1234), AF_INET, IPPROTO_ESP },
		.new_saddr = selector_address(&theirs),
		.new_sport = htons(4600) };

	(void)state;
	started();
	assert_int_equal(sa_add(true, false), ERR_OK);
	fake_tell(&fake, XFRM_MSG_MAPPING, &m, sizeof m);
	fake_tell(&fake, XFRM_MSG_MAPPING, &m, sizeof m);
	m.id.spi = htonl(0x9999);
	fake_tell(&fake, XFRM_MSG_MAPPING, &m, sizeof m);
	fake_tell(&fake, XFRM_MSG_MAPPING, &m, 8);
	xfrm_kernel.dispatch(x);
	assert_int_equal(heard.mappings, 1);
	assert_int_equal(heard.id, 5);
}

/* What the lost events would have said is found by looking. */
static void lost_events_are_caught_up_with(void **state)
{
	(void)state;
	started();
	assert_int_equal(sa_add(true, true), ERR_OK);
	fake.packets = 1;
	fake_tell_too_much(&fake);
	xfrm_kernel.dispatch(x);
	assert_int_equal(heard.used, 1);
	assert_int_equal(heard.soft, 0);
	fake.packets = 5000;
	fake_tell_too_much(&fake);
	xfrm_kernel.dispatch(x);
	assert_int_equal(heard.soft, 1);
	fake.has_sa = false;
	fake_tell_too_much(&fake);
	xfrm_kernel.dispatch(x);
	assert_int_equal(heard.hard, 1);
}

/* Those of others are nothing to us; one of ours is not where it was, so it has ended. */
static void sas_that_somebody_moved(void **state)
{
	struct xfrm_userpolicy_id policy = { 0 };

	(void)state;
	started();
	assert_int_equal(sa_add(true, false), ERR_OK);
	fake_tell(&fake, XFRM_MSG_MIGRATE, &policy, sizeof policy);
	xfrm_kernel.dispatch(x);
	assert_int_equal(heard.hard, 0);
	fake.has_sa = false;
	xfrm_kernel.dispatch(x);
	assert_int_equal(heard.hard, 0);
	fake_tell(&fake, XFRM_MSG_MIGRATE, &policy, sizeof policy);
	xfrm_kernel.dispatch(x);
	assert_int_equal(heard.hard, 1);
}

/* One look serves them all; but at a limit an SA has counted what the limit is. */
static void many_counters_are_read_at_once(void **state)
{
	struct sa_usage u;
	unsigned asks = 0;

	(void)state;
	started();
	assert_int_equal(sa_add(true, false), ERR_OK);
	fake.packets = 7;
	(void)fake_asked(&fake);
	for (int i = 0; i < 100; i++) {
		assert_true(xfrm_kernel.usage(x, 5, true, &u));
		assert_int_equal(u.packets, 7);
	}
	for (const char *s = fake_asked(&fake); (s = strstr(s, "getsa")); s++)
		asks++;
	assert_true(asks < 50);
	fake.packets = 5000;
	tell_expire(false);
	assert_true(xfrm_kernel.usage(x, 5, true, &u));
	assert_int_equal(u.packets, 5000);
	assert_false(xfrm_kernel.usage(x, 5, false, &u));
}

static bool sa_has(uint16_t attr, uint8_t flags)
{
	const struct nlmsghdr *h = (const void *)fake.sa;
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof(struct xfrm_usersa_info)) if (mnl_attr_get_type(a) == attr) return (
		(const struct xfrm_user_offload *)mnl_attr_get_payload(a))
			->flags == flags;
	return false;
}

/* Of this machine, the loopback device leads to the peer; and this kernel has it carry SAs. */
static void a_device_carries_the_sa(void **state)
{
	struct child_conf c = conf;
	struct sa_spec spec = { .spi = 0x1234,
		.child = 5,
		.policy = 3,
		.reqid = 9,
		.encr_key = bytes_of(key, 36),
		.local.ip = packet_ip("127.0.0.1"),
		.remote.ip = packet_ip("127.0.0.2"),
		.conf = &c };
	char *journal = arena_printf(&arena, "%s/journal", dir);

	(void)state;
	spec.suite.encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256);
	started();
	if (unshare(CLONE_NEWNET) || system("ip link set lo up")) {
		print_message("no right to make a network namespace: run as root\n");
		skip();
	}
	assert_int_equal(route_open(journal, &settings, XFRM_OUTER_MARK, &x->route, &why), ERR_OK);
	c.hw_offload = OFFLOAD_AUTO;
	assert_int_equal(xfrm_kernel.sa_add(x, &spec, &why), ERR_OK);
	assert_string_equal(fake_asked(&fake), "newsa getsa");
	assert_true(sa_has(XFRMA_OFFLOAD_DEV, 0));
	assert_int_equal(kernel_sa_of(x, 5, false)->device, 0);
	assert_null(xfrm_kernel.no_device(x, 5));
	xfrm_kernel.sa_del(x, 5, false);
	c.hw_offload = OFFLOAD_PACKET;
	spec.inbound = true;
	assert_int_equal(xfrm_kernel.sa_add(x, &spec, &why), ERR_OK);
	assert_true(sa_has(XFRMA_OFFLOAD_DEV, XFRM_OFFLOAD_INBOUND | XFRM_OFFLOAD_PACKET));
	assert_int_equal(kernel_sa_of(x, 5, true)->device, 1);
	xfrm_kernel.sa_del(x, 5, true);
	(void)fake_asked(&fake);
	/* A driver's refusal: "auto" does without, and says why. */
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1, FAKE_REFUSE, EINVAL);
	assert_int_equal(xfrm_kernel.sa_add(x, &spec, &why), ERR_SYSTEM);
	c.hw_offload = OFFLOAD_AUTO;
	spec.inbound = false;
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1, FAKE_REFUSE, EINVAL);
	assert_int_equal(xfrm_kernel.sa_add(x, &spec, &why), ERR_OK);
	assert_false(sa_has(XFRMA_OFFLOAD_DEV, 0));
	assert_string_equal(xfrm_kernel.no_device(x, 5),
		"the kernel refuses the SA 00001234 to 127.0.0.2: Invalid argument");
	route_close(x->route);
}

static bool has_rule(const char *words)
{
	return !system(arena_printf(&arena, "ip rule | grep -q '%s'", words));
}

/* Our routes do not see it; what is dropped has no rules, nor has anything where we make no routes. */
static void what_a_shunt_lets_pass_goes_past_our_routes(void **state)
{
	static const char passes[] = "from 198.51.100.0/24 to 198.51.100.0/24";
	char *journal = arena_printf(&arena, "%s/journal", dir);
	struct ts net = {
		.lo = packet_ip("198.51.100.0"), .hi = packet_ip("198.51.100.255"), .port_hi = UINT16_MAX
	};
	struct shunt_spec spec = { .id = 1, .local_ts = { &net, 1 }, .remote_ts = { &net, 1 } };

	(void)state;
	started();
	if (unshare(CLONE_NEWNET)) {
		print_message("no right to make a network namespace: run as root\n");
		skip();
	}
	assert_int_equal(route_open(journal, &settings, XFRM_OUTER_MARK, &x->route, &why), ERR_OK);
	for (int i = 0; i < 4; i++) {
		settings.install_routes = i & 1;
		spec.drop = i & 2;
		assert_int_equal(xfrm_kernel.shunt_add(x, &spec, &why), ERR_OK);
		assert_int_equal(has_rule(passes), i == 1);
		xfrm_kernel.shunt_del(x, 1);
		assert_false(has_rule(passes));
	}
	route_close(x->route);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(refusals_leave_nothing),
		CASE(a_policy_is_there_whole_or_not_at_all),
		CASE(priorities_are_those_that_strongswan_computes),
		CASE(a_signal_and_a_late_answer_do_not_matter),
		CASE(an_sa_whose_answer_is_lost),
		CASE(a_policy_whose_answer_is_lost),
		CASE(what_is_taken_away_together_is_one_request),
		CASE(the_first_packet_on_an_awaited_sa),
		CASE(a_question_ends_with_the_spi_of_an_sa),
		CASE(the_answer_to_a_question_has_its_number),
		CASE(a_policy_for_cpus_names_no_sa),
		CASE(each_cpu_that_asks_is_reported),
		CASE(an_sa_that_is_to_wait_is_not_in_the_kernel),
		CASE(one_that_waits_is_moved_as_others_are),
		CASE(an_older_kernel_sends_by_the_general_one),
		CASE(new_addresses_are_reported_now_and_then),
		CASE(lost_events_are_caught_up_with),
		CASE(sas_that_somebody_moved),
		CASE(many_counters_are_read_at_once),
		CASE(what_a_shunt_lets_pass_goes_past_our_routes),
		CASE(a_device_carries_the_sa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
