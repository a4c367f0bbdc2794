/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine for one test. */
#include "tests/unit/machine.h"

#include "base/log.h"
#include "tests/unit/packet.h"
#include "xfrm/user/vnet.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static void warned(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)word;
	((struct machine *)ctx)->warnings += level <= LOG_WARN;
	print_message("    %s\n", line);
}

void machine_sh(const char *command)
{
	if (system(command))
		fail_msg("%s", command);
}

const char *machine_said(const char *command)
{
	static char text[16384];
	FILE *f = popen(command, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	text[n] = 0;
	if (f)
		pclose(f);
	return text;
}

int machine_set_up(void **state)
{
	struct machine *h = calloc(1, sizeof *h);

	*state = h;
	snprintf(h->dir, sizeof h->dir, "/tmp/test_route.XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	snprintf(h->journal, sizeof h->journal, "%s/journal", h->dir);
	h->why = text_in(&h->arena);
	h->tun = -1;
	h->before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	log_to(warned, h);
	h->ready = h->before >= 0 && !unshare(CLONE_NEWNET);
	return 0;
}

int machine_tear_down(void **state)
{
	struct machine *h = *state;

	route_close(h->route);
	if (h->tun >= 0)
		close(h->tun);
	if (h->ready)
		assert_int_equal(setns(h->before, CLONE_NEWNET), 0);
	close(h->before);
	unlink(h->journal);
	rmdir(h->dir);
	arena_free(&h->arena);
	free(h);
	log_to(NULL, NULL);
	return 0;
}

struct machine *machine_enter(void **state)
{
	struct machine *h = *state;

	if (!h->ready) {
		print_message("no right to make a network namespace: run as root\n");
		skip();
	}
	/* Without link-local addresses: when DAD is done with those, the kernel tells, in the middle of a
	 * test. */
	machine_sh("ip link set lo up && ip link add out0 type veth peer name far0 &&"
		   "ip link set out0 addrgenmode none && ip link set far0 addrgenmode none &&"
		   "ip link set far0 up mtu 1300 && ip link set out0 up mtu 1300 &&"
		   "ip addr add 192.0.2.1/24 dev out0 && ip addr add 10.1.0.1/24 dev out0 &&"
		   "ip addr add 2001:db8::1/64 dev out0 nodad && ip addr add fd01::1/64 dev out0 nodad");
	/* The kernel gives IPv6 addresses their routes when it has noticed that the cable is plugged in. */
	machine_sh("n=0; until ip -6 route show table local | grep -q 'local fd01::1 '; do"
		   " n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.01; done");
	return h;
}

void machine_start(struct machine *h)
{
	struct settings settings = settings_default();

	assert_ok(route_open(h->journal, &settings, MACHINE_MARK, &h->route, &h->why));
}

void machine_device(struct machine *h)
{
	assert_ok(tun_open("ipsec", true, 1, &h->tun, h->dev, &h->why));
	assert_ok(route_device_up(h->route, h->dev, MACHINE_MTU, &h->why));
}

struct machine *machine_started(void **state)
{
	struct machine *h = machine_enter(state);

	machine_start(h);
	machine_device(h);
	return h;
}

void machine_write(struct machine *h, const uint8_t *p, size_t n)
{
	struct virtio_net_hdr none = { 0 };
	struct iovec v[] = { { &none, sizeof none }, { (void *)p, n } };

	assert_int_equal(writev(h->tun, v, 2), sizeof none + n);
}

enum err machine_route(struct machine *h, const char *remote, const char *local)
{
	struct ts to = packet_ts(remote), from = packet_ts(local ? local : "0.0.0.0/0");

	return route_add(h->route, h->dev, &to, local ? (struct tss){ &from, 1 } : (struct tss){ 0 },
		MACHINE_ROUTE_MTU, &h->why);
}

void machine_unroute(struct machine *h, const char *remote)
{
	struct ts to = packet_ts(remote);

	route_del(h->route, h->dev, &to);
}

enum err machine_guard(struct machine *h, uint32_t id, const char *local, const char *remote)
{
	struct ts to = packet_ts(local), from = packet_ts(remote);

	return route_guard_add(
		h->route, id, h->dev, (struct tss){ &to, 1 }, (struct tss){ &from, 1 }, &h->why);
}
