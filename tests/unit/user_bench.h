/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The userspace back end as the daemon uses it, with real devices, sockets and threads, on a machine of its
 * own that is its own peer: what it seals comes back to it and is opened. */
#pragma once

#include "tests/unit/machine.h"
#include "tests/unit/packet.h"
#include "xfrm/choice.h"
#include "xfrm/user/state.h"

enum { CHILD = 3, POLICY = 4, SPI = 0x8000abcd, PATIENCE = 3000 /* ms */ };

static const struct xfrm_backend *const user = &xfrm_choice;

extern struct user_bench {
	struct xfrm *x;
	struct settings settings;
	unsigned workers; /* in each direction, for who opens it; 0: as many as usual */
	struct child_conf conf;
	struct ts near_net, far_net;
	/* What was reported, and how often. */
	struct {
		unsigned acquire, mapping, used, expire, ike, unknown_spi;
		uint32_t policy, child;
		uint16_t ports[8]; /* of mappings, by how far behind CHILD theirs is */
		uint32_t resources; /* that were asked for: a bit for each number below 32 */
		struct ts remote;
		size_t ike_size;
		struct path ike_path, spi_path;
		bool spi_encap;
		uint32_t spi;
	} told;
} bench;

/* Opens it, with routes in TABLE or in the usual one; a test's beginning, and its end. */
enum err bench_open_in(struct machine *h, unsigned table);
enum err bench_open(struct machine *h);
struct machine *bench_begin(void **state);
int bench_end(void **state);

/* One direction of CHILD, between this machine and itself; both are added. */
struct sa_spec bench_sa(bool inbound, bool encap);
void bench_add_sas(struct machine *h, bool encap);
/* POLICY between the two networks; it is added. */
struct policy_spec bench_policy(bool trap);
void bench_add_policy(struct machine *h, bool trap);

/* Sends N octets from 10.1.0.1, which a guard may forbid: by SOCK_DGRAM, or SOCK_RAW, then as ESP. The last
 * one sends something to the other network. */
void bench_send(int type, const char *to, uint16_t port, const void *octets, size_t n);
void bench_send_udp(const char *to, uint16_t port, const void *octets, size_t n);
void bench_send_far(void);

/* That CHILD's SA has counted. */
uint64_t bench_packets(bool inbound);
uint64_t bench_packets_in(void);
/* Dispatches until COUNT gives N, which it must in a few seconds. */
void bench_wait(uint64_t (*count)(void), uint64_t n);
/* Packets go round by the SAs of CHILD. */
void bench_assert_carried(void);
