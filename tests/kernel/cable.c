/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/kernel/cable.h"

#include "base/log.h"
#include "tests/unit/packet.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 5000 /* ms */ };

static const uint8_t key[64] = "these sixty-four octets are keys that nobody but the tests know";

static void warned(void *ctx, enum log_level level, const char *word, const char *line)
{
	struct cable *t = ctx;

	t->warnings += level <= LOG_WARN;
	snprintf(t->logged, sizeof t->logged, "%s: %s", word, line);
	print_message("    %s: %s\n", word, line);
}

static void on_acquire(
	void *ctx, uint32_t policy, uint32_t resource, const struct ts *local, const struct ts *remote)
{
	struct heard *h = ctx;

	h->acquires++;
	h->policy = policy;
	h->resource = resource;
	h->local = *local;
	h->remote = *remote;
}

static void on_mapping(void *ctx, uint32_t child, const struct addr *remote)
{
	struct heard *h = ctx;

	h->mappings++;
	h->child = child;
	h->moved = *remote;
}

static void on_used(void *ctx, uint32_t child)
{
	((struct heard *)ctx)->used++;
	((struct heard *)ctx)->child = child;
}

static void on_expire(void *ctx, uint32_t child, bool hard)
{
	struct heard *h = ctx;

	h->child = child;
	h->hard += hard;
	h->soft += !hard;
}

static void on_ike(void *ctx, const struct path *path, struct bytes datagram)
{
	(void)ctx;
	(void)path;
	(void)datagram;
}

static void on_unknown_spi(void *ctx, const struct path *path, bool encap, uint32_t spi)
{
	(void)ctx;
	(void)path;
	(void)encap;
	(void)spi;
}

struct host *cable_enter(struct cable *t, int who)
{
	assert_int_equal(setns(t->host[who].ns, CLONE_NEWNET), 0);
	return &t->host[who];
}

bool cable_run(struct cable *t, int who, const char *command)
{
	cable_enter(t, who);
	return !system(command);
}

const char *cable_said(struct cable *t, int who, const char *command)
{
	static char text[65536];
	FILE *f;
	size_t n;

	cable_enter(t, who);
	f = popen(command, "r");
	n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	text[n] = 0;
	if (f)
		pclose(f);
	return text;
}

static bool make_namespace(struct host *h)
{
	if (unshare(CLONE_NEWNET))
		return false;
	h->ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return h->ns >= 0;
}

int cable_set_up(void **state)
{
	struct cable *t = calloc(1, sizeof *t);

	*state = t;
	t->why = text_in(&t->arena);
	log_to(warned, t);
	t->host[MOON].ns = t->host[SUN].ns = -1;
	t->before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	t->ready = t->before >= 0 && make_namespace(&t->host[MOON]) && make_namespace(&t->host[SUN]);
	for (int who = MOON; who <= SUN; who++) {
		snprintf(t->host[who].dir, sizeof t->host[who].dir, "/tmp/test_kernel.XXXXXX");
		assert_non_null(mkdtemp(t->host[who].dir));
	}
	return 0;
}

int cable_tear_down(void **state)
{
	struct cable *t = *state;

	for (int who = MOON; who <= SUN; who++) {
		struct host *h = &t->host[who];
		char path[128];

		cable_close(t, who);
		snprintf(path, sizeof path, "%s/journal-xfrm", h->dir);
		unlink(path);
		snprintf(path, sizeof path, "%s/journal", h->dir);
		unlink(path);
		rmdir(h->dir);
		close(h->ns);
	}
	assert_int_equal(setns(t->before, CLONE_NEWNET), 0);
	close(t->before);
	arena_free(&t->arena);
	free(t);
	log_to(NULL, NULL);
	return 0;
}

/* An IPv6 address may be used some time after it was added. */
static void route6(struct cable *t, int who, const char *route)
{
	assert_true(cable_run(t, who,
		arena_printf(&t->arena,
			"n=0; until ip route add %s 2>/dev/null; do n=$((n + 1)); [ $n -lt 100 ] || exit 1;"
			" sleep 0.02; done",
			route)));
}

static void plug_in(struct cable *t)
{
	char command[2048];

	snprintf(command, sizeof command,
		"ip -batch - <<END\n"
		"link set lo up\n"
		"link add out0 type veth peer name out0 netns /proc/%d/fd/%d\n"
		"link set out0 up\n"
		"addr add 192.0.2.1/24 dev out0\naddr add 192.0.2.3/24 dev out0\n"
		"addr add 2001:db8::1/64 dev out0 nodad\n"
		"addr add 10.1.0.1/32 dev lo\naddr add fd01::1/128 dev lo nodad\n"
		"route add 10.2.0.0/16 via 192.0.2.2 src 10.1.0.1\n"
		"END",
		getpid(), t->host[SUN].ns);
	assert_true(cable_run(t, MOON, command));
	assert_true(cable_run(t, SUN,
		"ip -batch - <<END\n"
		"link set lo up\nlink set out0 up\n"
		"addr add 192.0.2.2/24 dev out0\naddr add 192.0.2.4/24 dev out0\n"
		"addr add 2001:db8::2/64 dev out0 nodad\n"
		"addr add 10.2.0.1/32 dev lo\naddr add fd02::1/128 dev lo nodad\n"
		"route add 10.1.0.0/16 via 192.0.2.1 src 10.2.0.1\n"
		"END"));
	route6(t, MOON, "fd02::/16 via 2001:db8::2 src fd01::1");
	route6(t, SUN, "fd01::/16 via 2001:db8::1 src fd02::1");
}

static enum err open_at(struct cable *t, int who)
{
	struct host *h = cable_enter(t, who);
	static struct settings settings;
	enum err e;

	settings = settings_default();
	e = route_open(arena_printf(&t->arena, "%s/journal", h->dir), &settings, XFRM_OUTER_MARK, &h->route,
		&t->why);
	if (e)
		return e;
	struct xfrm_setup setup = { .settings = &settings,
		.run_dir = h->dir,
		.route = h->route,
		.reports = {
			&h->heard, on_acquire, on_mapping, on_used, on_expire, on_ike, on_unknown_spi } };

	return xfrm_kernel.open(&setup, &h->x, &t->why);
}

void cable_open(struct cable *t, int who)
{
	assert_ok(open_at(t, who));
}

void cable_close(struct cable *t, int who)
{
	struct host *h = &t->host[who];

	if (h->x)
		xfrm_kernel.close(h->x);
	h->x = NULL;
	route_close(h->route);
	h->route = NULL;
}

struct cable *cable_started(void **state)
{
	struct cable *t = *state;

	if (!t->ready) {
		print_message("no right to make a network namespace: run as root\n");
		skip();
	}
	switch (open_at(t, MOON)) {
	case ERR_OK: break;
	case ERR_UNSUPPORTED: print_message("%s\n", text_str(&t->why)); skip();
	default: fail_msg("%s", text_str(&t->why));
	}
	cable_open(t, SUN);
	plug_in(t);
	return t;
}

struct tunnel cable_tunnel(void)
{
	struct tunnel n = { .conf = { .copy_df = true,
				    .copy_ecn = true,
				    .copy_dscp = DSCP_OUT,
				    .policies = true,
				    .replay_window = 32 },
		.suite = { .encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256) },
		.moon_ts = "10.1.0.0/16",
		.sun_ts = "10.2.0.0/16",
		.moon.port = 4500,
		.sun.port = 4500,
		.id = 1,
		.spi = 0x1000 };

	assert_int_equal(ip_parse("192.0.2.1", &n.moon.ip), ERR_OK);
	assert_int_equal(ip_parse("192.0.2.2", &n.sun.ip), ERR_OK);
	return n;
}

static uint32_t policy_of(const struct tunnel *n)
{
	return n->policy ? n->policy : n->id;
}

enum err cable_sa(struct cable *t, const struct tunnel *n, int who, bool inbound)
{
	struct host *h = cable_enter(t, who);
	struct ts moon = packet_ts(n->moon_ts), sun = packet_ts(n->sun_ts);
	struct sa_spec spec = { .spi = n->spi + ((who == SUN) == inbound),
		.inbound = inbound,
		.child = n->id,
		.policy = policy_of(n),
		.reqid = policy_of(n),
		.awaited = n->awaited,
		.per_cpu = n->per_cpu,
		.resource = n->resource,
		.patient = n->patient && !inbound,
		.marks = n->marks,
		.mode = n->conf.mode,
		.suite = n->suite,
		.encr_key = bytes_of(key, n->suite.encr->key + (size_t)n->suite.encr->salt),
		.integ_key = bytes_of(key, n->suite.integ ? n->suite.integ->key : 0),
		.encap = n->encap,
		.local = who == MOON ? n->moon : n->sun,
		.remote = who == MOON ? n->sun : n->moon,
		.local_ts = { who == MOON ? &moon : &sun, 1 },
		.remote_ts = { who == MOON ? &sun : &moon, 1 },
		.conf = &n->conf };

	return xfrm_kernel.sa_add(h->x, &spec, &t->why);
}

enum err cable_policy(struct cable *t, const struct tunnel *n, int who, bool trap)
{
	struct host *h = cable_enter(t, who);
	struct ts moon = packet_ts(n->moon_ts), sun = packet_ts(n->sun_ts);
	struct policy_spec spec = { .id = trap ? 100 + n->id : n->id,
		.reqid = policy_of(n),
		.trap = trap,
		.per_cpu = n->per_cpu && !trap,
		.mode = n->conf.mode,
		.marks = n->marks,
		.local_ts = { who == MOON ? &moon : &sun, 1 },
		.remote_ts = { who == MOON ? &sun : &moon, 1 },
		.local = who == MOON ? n->moon.ip : n->sun.ip,
		.remote = who == MOON ? n->sun.ip : n->moon.ip,
		.conf = &n->conf };

	return xfrm_kernel.policy_add(h->x, &spec, &t->why);
}

void cable_select(struct cable *t, int who, uint32_t policy, uint32_t child)
{
	xfrm_kernel.sa_select(cable_enter(t, who)->x, policy, child);
}

void cable_up_at(struct cable *t, const struct tunnel *n, int who)
{
	assert_ok(cable_sa(t, n, who, true));
	assert_ok(cable_sa(t, n, who, false));
	if (!n->policy)
		assert_ok(cable_policy(t, n, who, false));
	cable_select(t, who, policy_of(n), n->id);
}

void cable_up(struct cable *t, const struct tunnel *n)
{
	cable_up_at(t, n, SUN);
	cable_up_at(t, n, MOON);
}

void cable_down(struct cable *t, const struct tunnel *n, int who)
{
	struct host *h = cable_enter(t, who);

	xfrm_kernel.policy_del(h->x, n->id);
	xfrm_kernel.sa_del(h->x, n->id, false);
	xfrm_kernel.sa_del(h->x, n->id, true);
}

bool cable_ping(struct cable *t, const char *from, const char *to)
{
	char command[160];

	snprintf(command, sizeof command, "ping -n -q -c1 -W2 -I %s %s >/dev/null 2>&1", from, to);
	return cable_run(t, MOON, command);
}

struct sa_usage cable_usage(struct cable *t, int who, uint32_t child, bool inbound)
{
	struct sa_usage u = { 0 };

	if (!xfrm_kernel.usage(cable_enter(t, who)->x, child, inbound, &u))
		fail_msg("no usage of child %u", child);
	return u;
}

int cable_encap(struct cable *t, int who, const char *ip, uint16_t port)
{
	struct ip at = packet_ip(ip);
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} to = { .sa.sa_family = at.v == 4 ? AF_INET : AF_INET6 };
	int type = UDP_ENCAP_ESPINUDP, fd;

	cable_enter(t, who);
	if (at.v == 4) {
		to.v4.sin_port = htons(port);
		memcpy(&to.v4.sin_addr, at.a, 4);
	} else {
		to.v6.sin6_port = htons(port);
		memcpy(&to.v6.sin6_addr, at.a, 16);
	}
	fd = socket(to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, &to.sa, sizeof to), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof type), 0);
	return fd;
}

static uint64_t now(void)
{
	struct timespec s;

	clock_gettime(CLOCK_MONOTONIC, &s);
	return (uint64_t)s.tv_sec * 1000 + (uint64_t)s.tv_nsec / 1000000;
}

bool cable_wait(struct cable *t, int who, cable_until_fn *condition)
{
	struct host *h = cable_enter(t, who);
	struct pollfd fd = { xfrm_kernel.fd(h->x), POLLIN, 0 };
	uint64_t until = now() + PATIENCE;

	while (!condition(&h->heard)) {
		uint64_t left = now();

		if (left >= until || poll(&fd, 1, (int)(until - left)) <= 0)
			return false;
		xfrm_kernel.dispatch(h->x);
	}
	return true;
}
