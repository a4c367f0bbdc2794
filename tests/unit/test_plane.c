/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two sides of the userspace path, and what becomes of it when the one that has the keys is lost: the
 * other one is what the daemon has, the plane here is what the process esp has. */
#include "tests/unit/machine.h"

#include "tests/unit/packet.h"
#include "xfrm/choice.h"
#include "xfrm/user/plane_state.h"
#include "xfrm/user/state.h"

#include <fcntl.h>
#include <unistd.h>

enum {
	CHILD = 3,
	BESIDE = 8 /* for the second thread alone */,
	POLICY = 4,
	SPI = 0x8000abcd,
	NOW = 5000 /* ms */
};

static const struct xfrm_backend *const user = &xfrm_choice;
static struct xfrm *x;
static struct settings settings;
static struct child_conf conf;
static struct ts near_net, far_net;
static unsigned workers; /* 0: one */

/* Who carries the packets. */
static struct {
	struct plane *plane; /* NULL: he is lost */
	struct esp_link link;
	enum esp_order_kind dies_at; /* lost with the next such order, */
	unsigned deaths;             /* so often, */
	bool obeys;                  /* after he did it */
	uint32_t refused;            /* a policy that he does not take; 0: none */
	bool receives;               /* and a packet has come in by the SA */
	unsigned given[ORDER_KINDS]; /* orders, also in vain */
	unsigned keys_out;           /* SAs that send which he was given */
} carrier;

static struct {
	unsigned acquire, expire, unknown_spi;
	uint32_t child, resource;
	bool hard;
} told;

static void note_acquire(
	void *ctx, uint32_t policy, uint32_t resource, const struct ts *local, const struct ts *remote)
{
	(void)ctx;
	(void)policy;
	(void)local;
	(void)remote;
	told.resource = resource;
	told.acquire++;
}

static void note_expire(void *ctx, uint32_t child, bool hard)
{
	(void)ctx;
	told.child = child;
	told.hard = hard;
	told.expire++;
}

static void note_unknown_spi(void *ctx, const struct path *path, bool encap, uint32_t spi)
{
	(void)ctx;
	(void)path;
	(void)encap;
	(void)spi;
	told.unknown_spi++;
}

static void lose(void)
{
	plane_free(carrier.plane);
	carrier.plane = NULL;
}

/* As the daemon does it. */
static void come_back(void)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	carrier.plane = plane_new();
	assert_int_equal(user_again(carrier.link.user, &why), ERR_OK);
	arena_free(&scratch);
}

static enum err order(const struct esp_order *o, const int *fds, unsigned n, struct text *why)
{
	int copies[ORDER_FDS];

	for (unsigned i = 0; i < n; i++)
		copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
	return plane_order(carrier.plane, o, copies, n, why);
}

static enum err give(void *ctx, const struct esp_order *o, const int *fds, unsigned n, struct text *why)
{
	(void)ctx;
	if (!carrier.plane && o->kind == ORDER_SA_ADD)
		come_back();
	carrier.given[o->kind]++;
	if (!carrier.plane)
		return ERR_MISSING;
	if (carrier.refused && o->kind == ORDER_POLICY_ADD && o->policy_add.id == carrier.refused) {
		text_add(why, "it is too much");
		return ERR_RANGE;
	}
	carrier.keys_out += o->kind == ORDER_SA_ADD && !o->sa_add.spec.inbound;
	if (carrier.deaths && o->kind == carrier.dies_at) {
		carrier.deaths--;
		if (carrier.obeys)
			(void)!order(o, fds, n, why);
		if (carrier.receives)
			meters_at(&carrier.plane->meters, o->sa_add.meter)->last_ms = NOW;
		lose();
		return ERR_MISSING;
	}
	return order(o, fds, n, why);
}

static struct machine *begin(void **state)
{
	struct machine *h = machine_enter(state);
	struct xfrm_setup setup = {
		.settings = &settings,
		.run_dir = h->dir,
		.link = &carrier.link,
		.reports = { .acquire = note_acquire,
			.expire = note_expire,
			.unknown_spi = note_unknown_spi },
	};

	settings = settings_default();
	settings.datapath = DATAPATH_USER;
	settings.workers = workers ? workers : 1;
	memset(&told, 0, sizeof told);
	memset(&carrier, 0, sizeof carrier);
	carrier.link.give = give;
	carrier.plane = plane_new();
	conf = (struct child_conf){ .name = "net", .replay_window = 1024 };
	near_net = packet_ts("10.1.0.0/24");
	far_net = packet_ts("10.2.0.0/24");
	assert_ok(user->open(&setup, &x, &h->why));
	return h;
}

static int end(void **state)
{
	workers = 0;
	if (x)
		user->close(x);
	x = NULL;
	if (carrier.plane)
		lose();
	return machine_tear_down(state);
}

static enum err add_sa(struct machine *h, uint32_t child, bool inbound)
{
	const struct addr here = { packet_ip("192.0.2.1"), 4500 };
	struct suite suite = packet_suite("aes256gcm16", false);
	struct sa_spec s = {
		.spi = SPI + child,
		.inbound = inbound,
		.child = child,
		.policy = POLICY,
		.resource = child == BESIDE ? 2 : 0,
		.encap = true,
		.suite = suite,
		.encr_key = packet_encr_key(&suite),
		.local = here,
		.remote = here,
		.local_ts = { inbound ? &far_net : &near_net, 1 },
		.remote_ts = { inbound ? &near_net : &far_net, 1 },
		.conf = &conf,
	};

	return user->sa_add(x, &s, &h->why);
}

static void add_policy_of(struct machine *h, uint32_t id, uint32_t child)
{
	const struct policy_spec policy = {
		.id = id,
		.per_cpu = true,
		.local_ts = { &near_net, 1 },
		.remote_ts = { &far_net, 1 },
		.local = packet_ip("192.0.2.1"),
		.remote = packet_ip("192.0.2.1"),
		.conf = &conf,
	};

	assert_ok(user->policy_add(x, &policy, &h->why));
	user->sa_select(x, id, child);
}

static void add_policy(struct machine *h, uint32_t child)
{
	add_policy_of(h, POLICY, child);
}

static void add_child(struct machine *h)
{
	assert_ok(add_sa(h, CHILD, true));
	assert_ok(add_sa(h, CHILD, false));
	add_policy(h, CHILD);
}

static uint64_t packets(uint32_t child, bool inbound)
{
	struct sa_usage u = { 0 };

	return user->usage(x, child, inbound, &u) ? u.packets : 0;
}

static void send_far(void)
{
	machine_sh("ping -c 1 -W 1 -I 10.1.0.1 10.2.0.9 >/dev/null 2>&1 || true");
}

/* Has what the threads tell told, for a moment. */
static void hear(void)
{
	struct esp_report r;
	struct bytes body;

	while (carrier.plane && plane_next(carrier.plane, &r, &body))
		assert_true(user_report(carrier.link.user, &r, body));
}

static void who_is_lost_comes_back_with_all_but_keys(void **state)
{
	struct machine *h = begin(state);

	add_child(h);
	send_far();
	assert_int_equal(packets(CHILD, false), 1);
	lose();
	come_back();
	assert_int_equal(carrier.given[ORDER_OPEN], 2);
	assert_int_equal(carrier.given[ORDER_DEVICE_ADD], 2);
	assert_int_equal(carrier.given[ORDER_POLICY_ADD], 2);
	assert_int_equal(carrier.given[ORDER_SA_ADD], 2); /* the first ones */
	assert_int_equal(told.expire, 1);
	assert_int_equal(told.child, CHILD);
	assert_false(told.hard);
	send_far();
	assert_int_equal(packets(CHILD, false), 1); /* what was counted stays */
}

static void packets_ask_again_for_what_is_lost(void **state)
{
	struct machine *h = begin(state);

	add_child(h);
	lose();
	come_back();
	send_far();
	hear();
	assert_int_equal(told.acquire, 0);
	assert_int_equal(told.expire, 2);
}

static void an_spi_that_is_lost_asks_for_another(void **state)
{
	struct machine *h = begin(state);
	struct esp_report r = { .kind = REPORT_UNKNOWN_SPI, .id = SPI + CHILD, .path.remote.ip.v = 4 };

	add_child(h);
	assert_true(user_report(carrier.link.user, &r, bytes_of(NULL, 0)));
	assert_int_equal(told.expire, 0); /* on its way in */
	lose();
	come_back();
	assert_true(user_report(carrier.link.user, &r, bytes_of(NULL, 0)));
	assert_int_equal(told.expire, 2);
	assert_int_equal(told.unknown_spi, 0);
	r.id = SPI;
	assert_true(user_report(carrier.link.user, &r, bytes_of(NULL, 0)));
	assert_int_equal(told.unknown_spi, 1);
}

static void another_child_carries_on(void **state)
{
	struct machine *h = begin(state);

	add_child(h);
	lose();
	come_back();
	assert_ok(add_sa(h, CHILD + 1, true));
	assert_ok(add_sa(h, CHILD + 1, false));
	user->sa_select(x, POLICY, CHILD + 1);
	user->sa_del(x, CHILD, true);
	user->sa_del(x, CHILD, false);
	send_far();
	assert_int_equal(packets(CHILD + 1, false), 1);
	assert_int_equal(packets(CHILD + 1, true), 1);
	assert_int_equal(told.expire, 1);
}

/* That of the packets to TO. */
static const struct spd_entry *entry(const char *to)
{
	struct inner in = { .src = packet_ip("10.1.0.1"), .dst = packet_ip(to) };
	unsigned slot = 0;

	while (!carrier.plane->devices[slot])
		slot++;
	return snapshot_find_policy(atomic_load(&carrier.plane->board.current), slot, &in);
}

/* But for those that are for a thread alone: nobody sends by the keys that are lost. */
static void what_is_beside_is_led_to_while_it_is_there(void **state)
{
	struct machine *h;

	workers = 2;
	h = begin(state);
	add_child(h);
	assert_ok(add_sa(h, BESIDE, false));
	user->sa_select(x, POLICY, BESIDE);
	assert_int_equal(entry("10.2.0.9")->sa->live->child, CHILD);
	assert_null(entry("10.2.0.9")->own->of[0]);
	assert_int_equal(entry("10.2.0.9")->own->of[1]->live->child, BESIDE);
	lose();
	come_back();
	assert_null(entry("10.2.0.9")->sa);
	assert_null(entry("10.2.0.9")->own->of[1]);
	user->sa_select(x, POLICY, BESIDE);
	assert_int_equal(carrier.given[ORDER_POLICY_LEAD], 3); /* two, and one again */
	user->sa_select(x, POLICY, CHILD + 1);
	assert_ok(add_sa(h, CHILD + 1, false));
	assert_int_equal(entry("10.2.0.9")->sa->live->child, CHILD + 1);
}

/* Whoever may order that. */
static void what_is_beside_another_policy_is_not_led_to(void **state)
{
	struct machine *h;

	workers = 2;
	h = begin(state);
	add_policy(h, 0);
	assert_ok(add_sa(h, BESIDE, false));
	far_net = packet_ts("10.3.0.0/24");
	add_policy_of(h, POLICY + 1, BESIDE);
	assert_null(entry("10.3.0.9")->own->of[1]);
	user->sa_select(x, POLICY, BESIDE);
	assert_int_equal(entry("10.2.0.9")->own->of[1]->live->child, BESIDE);
	user->sa_del(x, BESIDE, false);
	assert_null(entry("10.2.0.9")->own->of[1]);
}

/* A thread may still hold the device before. */
static void a_device_comes_again_at_once(void **state)
{
	enum { THREAD = BOARD_READERS - 1 };
	struct machine *h = begin(state);

	assert_ok(add_sa(h, CHILD, true));
	(void)board_hold(&carrier.plane->board, THREAD);
	user->sa_del(x, CHILD, true);
	assert_ok(add_sa(h, CHILD, true));
	board_release(&carrier.plane->board, THREAD);
}

/* A thread may still be at work on the SA before, whose meter it has. */
static void another_sa_counts_from_zero(void **state)
{
	enum { THREAD = BOARD_READERS - 1 };
	struct machine *h = begin(state);
	const struct snapshot *snap;
	struct live *before;

	add_policy(h, CHILD);
	assert_ok(add_sa(h, CHILD, true));
	snap = board_hold(&carrier.plane->board, THREAD);
	before = snapshot_find_spi(snap, SPI + CHILD)->live;
	assert_int_equal(live_count(before, 100, 1), LIVE_NOTHING);
	assert_int_equal(packets(CHILD, true), 1);
	user->sa_del(x, CHILD, true);
	assert_ok(add_sa(h, CHILD + 1, true));
	assert_int_equal(live_count(before, 100, 1), LIVE_NOTHING);
	live_miss(before, DROP_AUTH);
	assert_int_equal(before->meter->packets, 2);
	assert_int_equal(packets(CHILD + 1, true), 0);
	board_release(&carrier.plane->board, THREAD);
}

/* It cannot have sent by them: nothing led there. */
static void keys_that_nothing_led_to_are_given_once_more(void **state)
{
	struct machine *h = begin(state);

	carrier.dies_at = ORDER_SA_ADD;
	carrier.deaths = 1;
	carrier.obeys = true;
	assert_ok(add_sa(h, CHILD, false));
	assert_int_equal(carrier.keys_out, 2);
	assert_int_equal(told.expire, 0);
}

static void keys_that_may_have_been_used_are_not_given_again(void **state)
{
	struct machine *h = begin(state);

	add_policy(h, CHILD);
	carrier.dies_at = ORDER_SA_ADD;
	carrier.deaths = 1;
	carrier.obeys = true;
	assert_int_equal(add_sa(h, CHILD, false), ERR_MISSING);
	assert_int_equal(carrier.keys_out, 1);
	assert_non_null(strstr(text_str(&h->why), "lost just now"));
	come_back();
	assert_int_equal(carrier.keys_out, 1);
}

/* What has come in by them could be sent once more. */
static void keys_that_received_are_not_given_again(void **state)
{
	struct machine *h = begin(state);

	carrier.dies_at = ORDER_SA_ADD;
	carrier.deaths = 1;
	carrier.obeys = carrier.receives = true;
	assert_int_equal(add_sa(h, CHILD, true), ERR_MISSING);
	assert_int_equal(carrier.given[ORDER_SA_ADD], 1);
}

/* He was lost before he had set the meter of an SA before to zero. */
static void what_others_received_does_not_matter(void **state)
{
	struct machine *h = begin(state);

	assert_ok(add_sa(h, CHILD, true));
	meters_at(&carrier.plane->meters, 0)->last_ms = NOW;
	user->sa_del(x, CHILD, true);
	carrier.dies_at = ORDER_SA_ADD;
	carrier.deaths = 1;
	assert_ok(add_sa(h, CHILD, true));
	assert_int_equal(carrier.given[ORDER_SA_ADD], 3);
}

static void half_a_child_that_is_lost_is_told_when_it_is_whole(void **state)
{
	struct machine *h = begin(state);

	assert_ok(add_sa(h, CHILD, true));
	lose();
	come_back();
	assert_int_equal(told.expire, 0);
	assert_ok(add_sa(h, CHILD, false));
	assert_int_equal(told.expire, 1);
}

/* What he was not told while he was lost he is told with the rest. */
static void nobody_waits_for_who_is_lost(void **state)
{
	struct machine *h = begin(state);

	lose();
	add_policy(h, 0);
	assert_int_equal(carrier.given[ORDER_POLICY_ADD], 1);
	come_back();
	assert_int_equal(carrier.given[ORDER_POLICY_ADD], 2);
	send_far();
	hear();
	assert_int_equal(told.acquire, 1);
}

/* Else one after the other would be replaced for it. */
static void who_comes_back_and_refuses_a_policy_carries_the_others(void **state)
{
	struct machine *h = begin(state);

	add_policy(h, 0);
	add_policy_of(h, POLICY + 1, 0);
	add_policy_of(h, POLICY + 2, 0);
	lose();
	carrier.refused = POLICY + 1;
	come_back();
	assert_int_equal(h->warnings, 1);
	assert_int_equal(carrier.given[ORDER_POLICY_ADD], 6);
	assert_int_equal(carrier.plane->policies.count, 2);
}

/* Nobody is used later than now. */
static void a_time_to_come_is_not_believed(void **state)
{
	struct machine *h = begin(state);
	struct sa_usage u;

	assert_ok(add_sa(h, CHILD, true));
	meters_at(&carrier.plane->meters, 0)->last_ms = 1;
	assert_true(user->usage(x, CHILD, true, &u));
	assert_int_equal(u.last_ms, 1);
	meters_at(&carrier.plane->meters, 0)->last_ms = UINT64_MAX;
	assert_true(user->usage(x, CHILD, true, &u));
	assert_in_range(u.last_ms, 2, INT64_MAX);
}

static void reports_about_strangers_tell_nothing(void **state)
{
	struct esp_report r = { .kind = REPORT_EXPIRE, .id = 99, .hard = true };

	begin(state);
	assert_true(user_report(carrier.link.user, &r, bytes_of(NULL, 0)));
	r.kind = REPORT_ACQUIRE;
	assert_true(user_report(carrier.link.user, &r, bytes_of(NULL, 0)));
	assert_int_equal(told.expire + told.acquire, 0);
}

/* Of a packet that its policy does not take, of two families, from nowhere. */
static void reports_that_make_no_sense_are_refused(void **state)
{
	struct machine *h = begin(state);
	const struct ip four = { .v = 4, .a = { 10, 9, 9, 9 } }, six = { .v = 6 };
	struct esp_report bad[] = {
		{ .kind = REPORT_ACQUIRE, .id = POLICY, .local = ts_host(&four), .remote = ts_host(&four) },
		{ .kind = REPORT_ACQUIRE, .id = POLICY },
		{ .kind = REPORT_MAPPING, .id = CHILD },
		{ .kind = REPORT_MAPPING, .id = CHILD, .path.remote.ip = four },
		{ .kind = REPORT_IKE },
		{ .kind = REPORT_IKE, .path = { .local.ip = six, .remote.ip = four } },
		{ .kind = REPORT_UNKNOWN_SPI, .id = SPI },
	};

	add_child(h);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(user_report(carrier.link.user, &bad[i], bytes_of(NULL, 0)));
	assert_int_equal(told.acquire + told.unknown_spi, 0);
}

/* The ports of a later fragment are not known, which OPAQUE is for. */
static void a_fragment_asks_for_its_sa(void **state)
{
	struct machine *h = begin(state);
	const struct ip from = packet_ip("10.1.0.1"), to = packet_ip("10.2.0.9");
	struct esp_report r = {
		.kind = REPORT_ACQUIRE, .id = POLICY, .local = ts_host(&from), .remote = ts_host(&to)
	};

	near_net = packet_ts("10.1.0.0/24[/opaque]");
	far_net = packet_ts("10.2.0.0/24[/opaque]");
	add_policy(h, 0);
	r.local.proto = r.remote.proto = 17;
	assert_true(user_report(carrier.link.user, &r, bytes_of(NULL, 0)));
	assert_int_equal(told.acquire, 1);
	r.local.hi = to;
	assert_false(user_report(carrier.link.user, &r, bytes_of(NULL, 0))); /* of more than one packet */
	r.local.hi = from;
	r.remote.port_lo = r.remote.port_hi = 53;
	assert_false(user_report(carrier.link.user, &r, bytes_of(NULL, 0)));
}

static void only_a_thread_that_is_there_asks_for_its_own(void **state)
{
	struct machine *h;
	const struct ip from = packet_ip("10.1.0.1"), to = packet_ip("10.2.0.9");
	struct esp_report r = { .kind = REPORT_ACQUIRE,
		.id = POLICY,
		.resource = 2,
		.local = ts_host(&from),
		.remote = ts_host(&to) };

	workers = 2;
	h = begin(state);
	add_policy(h, 0);
	assert_true(user_report(carrier.link.user, &r, bytes_of(NULL, 0)));
	assert_int_equal(told.resource, 2);
	r.resource = 3;
	assert_false(user_report(carrier.link.user, &r, bytes_of(NULL, 0)));
	assert_int_equal(told.acquire, 1);
}

/* Descriptors of one that is not done are closed. */
static void an_order_that_cannot_be_is_refused(void **state)
{
	struct esp_order orders[] = {
		{ .kind = ORDER_OPEN, .open = { .workers = 1 } },
		{ .kind = ORDER_DEVICE_ADD, .device_add = { .slot = DEVICES_MAX } },
		{ .kind = ORDER_DEVICE_ADD, .device_add = { .slot = 0 } },
		{ .kind = ORDER_DEVICE_DEL, .device_del = { .slot = 7 } },
		{ .kind = ORDER_DEVICE_DEL, .device_del = { .slot = UINT32_MAX } },
		{ .kind = ORDER_SA_ADD, .sa_add = { .slot = 7 } },
		{ .kind = ORDER_POLICY_ADD, .policy_add = { .slot = DEVICES_MAX } },
	};
	struct machine *h = begin(state);

	for (unsigned i = 0; i < sizeof orders / sizeof *orders; i++) {
		int fds[] = { dup(0), dup(0), dup(0) };

		assert_int_equal(plane_order(carrier.plane, &orders[i], fds, 3, &h->why), ERR_RANGE);
		for (unsigned k = 0; k < 3; k++)
			assert_int_equal(fcntl(fds[k], F_GETFD), -1);
	}
	lose();
	carrier.plane = plane_new();
	assert_int_equal(plane_order(carrier.plane, &orders[3], NULL, 0, &h->why), ERR_RANGE);
}

static void an_sa_without_a_meter_is_refused_with_a_sentence(void **state)
{
	struct machine *h = begin(state);
	struct esp_order o = { .kind = ORDER_SA_ADD, .sa_add = { .spec.spi = SPI, .meter = METERS_MAX } };

	add_policy(h, CHILD);
	while (!carrier.plane->devices[o.sa_add.slot])
		o.sa_add.slot++;
	assert_int_equal(plane_order(carrier.plane, &o, NULL, 0, &h->why), ERR_SPACE);
	assert_non_null(strstr(text_str(&h->why), "no memory for the counters of the SA 8000abcd"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, machine_set_up, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_is_lost_comes_back_with_all_but_keys),
		CASE(packets_ask_again_for_what_is_lost),
		CASE(an_spi_that_is_lost_asks_for_another),
		CASE(another_child_carries_on),
		CASE(what_is_beside_is_led_to_while_it_is_there),
		CASE(what_is_beside_another_policy_is_not_led_to),
		CASE(a_device_comes_again_at_once),
		CASE(another_sa_counts_from_zero),
		CASE(keys_that_nothing_led_to_are_given_once_more),
		CASE(keys_that_may_have_been_used_are_not_given_again),
		CASE(keys_that_received_are_not_given_again),
		CASE(what_others_received_does_not_matter),
		CASE(half_a_child_that_is_lost_is_told_when_it_is_whole),
		CASE(nobody_waits_for_who_is_lost),
		CASE(who_comes_back_and_refuses_a_policy_carries_the_others),
		CASE(a_time_to_come_is_not_believed),
		CASE(reports_about_strangers_tell_nothing),
		CASE(reports_that_make_no_sense_are_refused),
		CASE(a_fragment_asks_for_its_sa),
		CASE(only_a_thread_that_is_there_asks_for_its_own),
		CASE(an_order_that_cannot_be_is_refused),
		CASE(an_sa_without_a_meter_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
