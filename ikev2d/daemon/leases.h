/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which virtual address is whose. An address stays bound to the identity that had it last, which gets it
 * again, until it is the one that nobody has used for longest in a pool without fresh ones. All in memory:
 * what outlives a restart is for who hears of changes (lease_file.h). Nothing here takes longer with more
 * leases, but for leases_configure. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "model/conf.h"

enum {
	LEASES_MAX = 1 << 18,    /* of all pools: then only those that are free are given again */
	LEASE_ID_MAX = 1024,     /* octets of an identity that can have one */
	LEASE_HOLDER_LOOKS = 16, /* leases of one identity that are looked at: one that thousands share has
				  * no address of its own */
};

struct lease_area;
struct lease_holder;

struct lease {
	struct node of_all;    /* in the order of the last change */
	struct node of_area;   /* free: since when */
	struct node of_holder; /* among the free, or among the others */
	struct lease *next;    /* of the same hash */
	struct ip ip;
	struct ip remote; /* the peer that got it last */
	unsigned users;   /* IKE_SAs that have it; 0: it is free */
	struct lease_area *area;
	struct lease_holder *holder;
};

/* Who has leases. */
struct lease_holder {
	struct lease_holder *next; /* of the same hash */
	struct node busy, free;
	struct id id;
	uint8_t data[]; /* of it */
};

/* The addresses of a pool; pools of the same addresses share one. Where pools overlap an address belongs to
 * one of them. */
struct lease_area {
	struct ip lo, hi;
	struct ip fresh; /* none before it is; v 0: none at all */
	unsigned widest; /* of the areas up to this one, that which ends last */
	unsigned online, offline;
	struct node free; /* the one that is free for longest first */
};

struct leases {
	struct map by_ip, by_id;
	struct node all;
	unsigned n;
	struct lease_area *areas; /* by their first address; behind them one for what is in no pool */
	unsigned n_areas;
	void (*changed)(void *ctx, const struct lease *lease); /* it is another's, or free; NULL: nobody */
	void *ctx;
};

void leases_start(struct leases *l);
void leases_stop(struct leases *l);

/* The pools that there are from now on. Leases stay, wherever they are. */
void leases_configure(struct leases *l, const struct vip_pool *pools, unsigned n);

struct lease_request {
	const struct vip_pool *const *pools; /* the first that can give one does; all of one family */
	unsigned n_pools;
	const struct id *id;
	struct ip remote;       /* where the peer is */
	struct ip wanted;       /* of zeros: any */
	bool replaces;          /* what ID has is given up for this */
	bool assigned;          /* it is WANTED or none: who knows better than we gives it to ID */
	const struct ip *given; /* these are not meant any more */
	unsigned n_given;
};

/* An address for who asks, once more in use until it is freed: the one that it had, one that has never been
 * used, or the one that is free for longest. ERR_MISSING: all are in use; ERR_RANGE: the identity is too
 * long. */
enum err leases_get(struct leases *l, const struct lease_request *r, struct ip *out) MUST_CHECK;

/* One that was got is freed. */
void leases_put(struct leases *l, const struct ip *ip);

/* As it was before a restart, one after the other: ID's, and USED or free. False: there are too many, or ID
 * is too long. Behind the last, those that were in use are free from now on. */
bool leases_restore(struct leases *l, const struct ip *ip, const struct id *id, bool used);
void leases_restored(struct leases *l);

/* That of POOL, once it is configured, or NULL. */
const struct lease_area *leases_area(const struct leases *l, const struct vip_pool *pool);
