/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/reported.h"

#include "xfrm/user/state.h"

#include <stddef.h>
#include <stdlib.h>

enum { CHILD = 7, LOST = 9, POLICY = 8, BARE = 10, SPI = 0x80000007 };

/* A child, one whose keys were lost, and a policy of each. */
struct reported {
	struct xfrm xfrm;
	struct user_sa sa, lost;
	struct user_policy policy, bare;
	unsigned ike;
	void (*then)(void);
};

/* Of one side, 10.1.0.0/16 or 10.2.0.0/16. */
static struct tss nets(unsigned side)
{
	static struct ts v[2];

	if (ts_parse(side ? "10.2.0.0/16" : "10.1.0.0/16", &v[side]))
		abort();
	return (struct tss){ &v[side], 1 };
}

static void is_ours(uint32_t child)
{
	if (child != CHILD && child != LOST)
		abort();
}

static void acquire(
	void *ctx, uint32_t policy, uint32_t resource, const struct ts *local, const struct ts *remote)
{
	(void)resource;
	(void)ctx;
	if (policy != POLICY || !ts_contains(nets(0).v, local) || !ts_contains(nets(1).v, remote))
		abort();
}

static void mapping(void *ctx, uint32_t child, const struct addr *remote)
{
	(void)ctx;
	is_ours(child);
	if (!remote->port || (remote->ip.v != 4 && remote->ip.v != 6))
		abort();
}

static void used(void *ctx, uint32_t child)
{
	(void)ctx;
	is_ours(child);
}

static void expire(void *ctx, uint32_t child, bool hard)
{
	(void)ctx;
	(void)hard;
	is_ours(child);
}

static void ike(void *ctx, const struct path *path, struct bytes datagram)
{
	struct reported *b = ctx;

	b->ike++;
	if (!path->remote.ip.v || datagram.n > UINT16_MAX)
		abort();
	if (b->then)
		b->then();
}

static void unknown_spi(void *ctx, const struct path *path, bool encap, uint32_t spi)
{
	(void)ctx;
	(void)encap;
	if (spi == SPI || !path->remote.ip.v)
		abort();
}

struct xfrm *reported_new(void)
{
	struct reported *b = calloc(1, sizeof *b);
	struct xfrm *x = &b->xfrm;

	if (!b)
		abort();
	x->reports = (struct xfrm_reports){ .ctx = b,
		.acquire = acquire,
		.mapping = mapping,
		.used = used,
		.expire = expire,
		.ike = ike,
		.unknown_spi = unknown_spi };
	b->sa = (struct user_sa){ .child = CHILD, .spi = SPI, .inbound = true };
	b->lost = (struct user_sa){ .child = LOST, .lost = true };
	b->policy = (struct user_policy){ .id = POLICY, .trap = true, .local = nets(0), .remote = nets(1) };
	b->bare = (struct user_policy){ .id = BARE, .child = LOST, .local = nets(0), .remote = nets(1) };
	map_put(&x->sas, xfrm_sa_key(CHILD, true), &b->sa);
	map_put(&x->sas, xfrm_sa_key(LOST, false), &b->lost);
	map_put(&x->spis, SPI, &b->sa);
	map_put(&x->policies, POLICY, &b->policy);
	map_put(&x->policies, BARE, &b->bare);
	return x;
}

void reported_free(struct xfrm *x)
{
	map_free(&x->sas);
	map_free(&x->spis);
	map_free(&x->policies);
	free((char *)x - offsetof(struct reported, xfrm));
}

void reported_then(struct xfrm *x, void (*then)(void))
{
	((struct reported *)((char *)x - offsetof(struct reported, xfrm)))->then = then;
}

unsigned reported_ike(const struct xfrm *x)
{
	return ((const struct reported *)((const char *)x - offsetof(struct reported, xfrm)))->ike;
}

void reported_pretend(struct xfrm *x, size_t n)
{
	x->policies.count = n - x->sas.count;
}
