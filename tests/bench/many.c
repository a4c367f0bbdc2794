/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What it costs the userspace path that there are many SAs: to install them one after the other, and for each
 * packet, when there is traffic on all of them. A machine of its own is its own peer, as in the tests of the
 * back end: packets of one socket go into the tun, as ESP through the loopback device, and out of the tun,
 * where they end. */
#include "tests/unit/packet.h"
#include "xfrm/choice.h"
#include "xfrm/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	SAS = 10000,
	SMALL = 64, /* octets of payload */
	SEGMENT = 1200,
	SEGMENTS = 40, /* what TCP gives to a device at once, by UDP */
	BURST = 1000,  /* packets on the way at most, so that none is lost */
	ROUNDS = 5,
	PATIENCE = 10, /* s */
};

/* A kind of traffic: COUNT packets of SIZE octets of payload, TOGETHER given to the device at once, BURST on
 * their way. Of a burst those for one SA share calls, so that what the tables cost is seen where there is no
 * burst. */
static const struct kind {
	const char *name;
	size_t size;
	unsigned together, count, burst;
} kinds[] = {
	{ "as TCP sends, 40 at once", SEGMENT, SEGMENTS, 400000, BURST },
	{ "one by one", SMALL, 1, 100000, BURST },
	{ "each when the one before has come", SMALL, 1, SAS, 1 },
};

static const struct xfrm_backend *const user = &xfrm_choice;
static struct xfrm *x;
static struct settings settings;
static struct arena arena;
static struct text why;
static const struct child_conf conf = {
	.name = "net", .replay_window = 1024, .copy_df = true, .client_to_client = true
};
static unsigned installed;
static uint64_t expected[SAS]; /* packets on each */

static void die(const char *what)
{
	fprintf(stderr, "%s: %s (%s)\n", what, text_str(&why), strerror(errno));
	exit(1);
}

static void must(enum err err, const char *what)
{
	if (err)
		die(what);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct ts near_net(void)
{
	return ts_host(&(struct ip){ .v = 4, .a = { 10, 1, 0, 1 } });
}

static struct ts far_net(unsigned i)
{
	struct ts ts = ts_host(&(struct ip){ .v = 4, .a = { 10, (uint8_t)(64 + (i >> 8)), (uint8_t)i } });

	ts.hi.a[3] = 255;
	return ts;
}

static void add_sa(unsigned i, bool inbound)
{
	const struct addr here = { packet_ip("192.0.2.1"), 4500 };
	struct ts near = near_net(), far = far_net(i);
	struct suite suite = packet_suite("aes256gcm16", false);
	struct sa_spec spec = {
		.spi = 0x80000000 | i * 0x9e3779b1U,
		.inbound = inbound,
		.child = i + 1,
		.policy = i + 1,
		.suite = suite,
		.encr_key = packet_encr_key(&suite),
		.encap = true,
		.local = here,
		.remote = here,
		.local_ts = { inbound ? &far : &near, 1 },
		.remote_ts = { inbound ? &near : &far, 1 },
		.conf = &conf,
	};

	must(user->sa_add(x, &spec, &why), "an SA");
}

/* As the core does it. */
static void install(unsigned i)
{
	struct ts near = near_net(), far = far_net(i);
	const struct policy_spec policy = {
		.id = i + 1,
		.local_ts = { &near, 1 },
		.remote_ts = { &far, 1 },
		.local = packet_ip("192.0.2.1"),
		.remote = packet_ip("192.0.2.1"),
		.conf = &conf,
	};

	add_sa(i, true);
	add_sa(i, false);
	must(user->policy_add(x, &policy, &why), "a policy");
	user->sa_select(x, i + 1, i + 1);
	installed++;
}

static void install_up_to(unsigned n)
{
	double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	unsigned before = installed;

	while (installed < n)
		install(installed);
	printf("SAs %u to %u installed: %.0f us of CPU each\n", before + 1, n,
		(seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / (n - before) * 1e6);
}

/* How many packets came in on SA number I. */
static uint64_t arrived(unsigned i)
{
	struct sa_usage u = { 0 };

	user->dispatch(x);
	return user->usage(x, i + 1, true, &u) ? u.packets : 0;
}

/* What all but this thread has used. */
static double packet_threads(void)
{
	return seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID);
}

/* Packets keep their order: the last one of a burst comes last. */
static void wait_for(unsigned i)
{
	const struct timespec pause = { .tv_nsec = 50000 };
	double start = seconds(CLOCK_MONOTONIC);

	while (arrived(i) < expected[i]) {
		if (seconds(CLOCK_MONOTONIC) - start > PATIENCE)
			die("packets are missing");
		nanosleep(&pause, NULL);
	}
}

static void send_to(int fd, unsigned i, const struct kind *kind)
{
	static const uint8_t octets[SEGMENT * SEGMENTS];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct ts far = far_net(i);

	far.lo.a[3] = 9;
	memcpy(&to.sin_addr, far.lo.a, sizeof to.sin_addr);
	if (sendto(fd, octets, kind->size * kind->together, 0, (struct sockaddr *)&to, sizeof to) < 0)
		die("send");
	expected[i] += kind->together;
}

/* Microseconds of CPU that the packet threads take for a packet, both ways together, on N SAs in turn. */
static double cost(int fd, const struct kind *kind, unsigned n)
{
	int segment = kind->together > 1 ? (int)kind->size : 0;
	double start = packet_threads();
	unsigned sent = 0, burst = 0, last = 0;

	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment))
		die("UDP_SEGMENT");
	for (unsigned i = 0; sent < kind->count; i = (i + 1) % n) {
		send_to(fd, last = i, kind);
		sent += kind->together;
		burst += kind->together;
		if (burst >= kind->burst) {
			wait_for(i);
			burst = 0;
		}
	}
	wait_for(last);
	return (packet_threads() - start) / sent * 1e6;
}

static int by_value(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;

	return (p > q) - (p < q);
}

static double median(double v[ROUNDS])
{
	qsort(v, ROUNDS, sizeof *v, by_value);
	return v[ROUNDS / 2];
}

/* One SA and all of them, one right after the other, so that the machine's other work weighs on both. */
static void compare(int fd, const struct kind *kind)
{
	double one[ROUNDS], all[ROUNDS], ratio[ROUNDS], m;

	for (unsigned i = 0; i < ROUNDS; i++) {
		one[i] = cost(fd, kind, 1);
		all[i] = cost(fd, kind, SAS);
		ratio[i] = all[i] / one[i];
	}
	m = median(ratio);
	printf("packets %s: on one SA %.2f us of CPU each, on %d SAs in turn %.2f, ratio %.2f (%.2f..%.2f)\n",
		kind->name, median(one), SAS, median(all), m, ratio[0], ratio[ROUNDS - 1]);
}

static void used(void *ctx, uint32_t child)
{
	(void)ctx;
	(void)child;
}

static void enter_machine(void)
{
	if (unshare(CLONE_NEWNET))
		die("a network namespace, which takes root");
	if (system("ip link set lo up && ip link add out0 type veth peer name far0 && ip link set far0 up && "
		   "ip link set out0 up && ip addr add 192.0.2.1/24 dev out0 && ip addr add 10.1.0.1/32 dev "
		   "lo"))
		die("ip");
}

static int open_socket(void)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "10.1.0.1", &from.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from))
		die("a socket");
	return fd;
}

int main(void)
{
	char dir[] = "/tmp/ikev2d-many.XXXXXX";
	struct xfrm_setup setup = { .settings = &settings, .run_dir = dir, .reports = { .used = used } };
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	why = text_in(&arena);
	enter_machine();
	if (!mkdtemp(dir))
		die(dir);
	settings = settings_default();
	settings.datapath = DATAPATH_USER;
	settings.install_routes = false; /* one route to all of them is enough here */
	must(user->open(&setup, &x, &why), "the userspace path");
	install(0);
	if (system("ip route add 10.64.0.0/10 dev ipsec0"))
		die("the route");
	fd = open_socket();
	for (unsigned n = SAS / 10; n <= SAS; n += SAS * 3 / 10)
		install_up_to(n);
	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
		compare(fd, &kinds[i]);
	user->close(x);
	rmdir(dir);
	return 0;
}
