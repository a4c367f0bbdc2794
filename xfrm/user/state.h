/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control thread of the userspace back end knows, and the functions its files share. The packet
 * threads see none of it: they see snapshots made from it. */
#pragma once

#include "base/map.h"
#include "xfrm/route.h"
#include "xfrm/user/worker.h"

struct user_sa {
	struct sa_slot *slot;
	struct device *device;
	uint32_t policy;
	struct user_sa *also; /* outbound: another one of the same policy */
};

struct user_policy {
	struct policy_live *live;
	struct arena arena;
	struct tss local, remote;
	struct spd_entry *entries; /* all pairs of these */
	size_t n_entries;
	struct tss routes, ours; /* what leads to the device, and what of it does not, as ours.h says */
	struct device *device;
	const struct if_addr *addrs; /* on the device */
	unsigned n_addrs;
	bool trap, own, guarded; /* own: the device is no other tunnel's */
	uint64_t age;
	uint32_t priority; /* as configured; 0: by the selectors */
	uint32_t child;    /* whose outbound SA carries it; 0: none */
	unsigned mtu;      /* of its routes */
	struct ip peer;    /* outer address, where known */
};

struct xfrm {
	const struct settings *settings;
	struct xfrm_reports reports;
	struct route *route;
	unsigned n_workers; /* in each direction */
	struct outer outer[WORKERS_MAX];
	struct channel channel;
	struct tables tables;    /* what packet threads see from the next publication on */
	struct retired *retired; /* and what not */
	struct board board;
	struct drops drops;
	struct pace pace;
	struct worker *workers[WORKER_WAYS][WORKERS_MAX];
	struct map sas;                      /* by CHILD_SA and direction: user_sa_key */
	struct map carriers;                 /* outbound ones by policy, the first of a list */
	struct map policies;                 /* by number */
	struct map shunts;                   /* by number (struct user_shunt) */
	struct device *devices[DEVICES_MAX]; /* by slot: also those that packet threads may still see */
	struct device *shared;               /* one of those in TABLES, or NULL */
	struct device *holding;              /* the same until settled, after a crash, or NULL */
	uint64_t age;
	bool unguarded_said;
	uint8_t body[CHANNEL_BODY];
};

/* devices.c */

/* The device called NAME, or for NULL the one all others share; opened when it is not there. One owner more.
 */
enum err user_device_get(struct xfrm *x, const char *name, struct device **out, struct text *why) MUST_CHECK;
void user_device_put(struct xfrm *x, struct device *d);

/* user.c */

/* Shows the packet threads the tables as they are now. */
void user_publish(struct xfrm *x);
/* Frees what the packet threads have moved on from. */
void user_reap(struct xfrm *x);

/* sas.c */
uint64_t user_sa_key(uint32_t child, bool inbound);
/* ERR_UNSUPPORTED for all but tunnels. */
enum err user_mode_check(enum child_mode mode, struct text *why) MUST_CHECK;
enum err user_sa_add(struct xfrm *x, const struct sa_spec *spec, struct text *why) MUST_CHECK;
void user_sa_del(struct xfrm *x, uint32_t child, bool inbound);
enum err user_sa_move(struct xfrm *x, uint32_t child, const struct addr *local, const struct addr *remote,
	bool encap) MUST_CHECK;
bool user_sa_usage(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out);
struct xfrm_devices user_sa_devices(struct xfrm *x, uint32_t child);
void user_sa_free(struct xfrm *x, struct user_sa *sa);

/* policies.c */
enum err user_policy_add(struct xfrm *x, const struct policy_spec *spec, struct text *why) MUST_CHECK;
void user_policy_del(struct xfrm *x, uint32_t id);
void user_policy_select(struct xfrm *x, uint32_t id, uint32_t child);
/* The outbound SAs of policy ID are others now: its packets go by the one that is selected. */
void user_policy_lead(struct xfrm *x, uint32_t id);
/* Gives the routes of policy ID the MTU that its SAs have now. */
void user_policy_fit(struct xfrm *x, uint32_t id);
void user_policy_free(struct xfrm *x, struct user_policy *p);

/* shunts.c */
enum err user_shunt_add(struct xfrm *x, const struct shunt_spec *spec, struct text *why) MUST_CHECK;
void user_shunt_del(struct xfrm *x, uint32_t id);
/* Forgets all of them, once the machine has. */
void user_shunts_free(struct xfrm *x);
