/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control thread of the userspace back end knows, and the functions its files share: sockets,
 * devices, routes, and what of SAs and policies is not secret. Who carries the packets is given orders
 * (order.h). */
#pragma once

#include "base/map.h"
#include "xfrm/route.h"
#include "xfrm/user/outer.h"
#include "xfrm/user/plane.h"
#include "xfrm/user/tun.h"

struct user_device {
	unsigned slot; /* its place among DEVICES_MAX */
	int queue[WORKERS_MAX];
	bool joins_udp; /* it takes many datagrams of UDP as one */
	char name[TUN_NAME];
	bool shared;     /* by all who have none of their own */
	unsigned owners; /* SAs and policies */
};

struct user_sa {
	uint32_t child, spi, policy;
	bool inbound;
	bool for_cpu; /* what a CPU sends that has one of its own: here a packet thread */
	bool lost;    /* with who had its keys: nobody carries it any more */
	uint32_t meter;
	const struct transform *encr, *integ;
	struct ip remote; /* outer address */
	bool encap;
	unsigned limit; /* octets of the largest inner packet */
	struct user_device *device;
	struct user_sa *also; /* outbound: another one of the same policy */
};

struct user_policy {
	uint32_t id;
	struct arena arena;
	struct tss local, remote;
	struct tss routes, ours; /* what leads to the device, and what of it does not, as ours.h says */
	struct user_device *device;
	const struct if_addr *addrs; /* on the device */
	unsigned n_addrs;
	bool trap, own, guarded; /* own: the device is no other tunnel's */
	bool per_cpu;            /* packet threads ask for SAs of their own */
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
	struct esp_link *link; /* to who carries the packets; NULL: that is */
	struct plane *plane;   /* this one */
	bool closing;          /* nothing is ordered any more */
	unsigned n_workers;    /* in each direction */
	struct outer outer[WORKERS_MAX];
	struct meters meters;
	struct map sas;                           /* by CHILD_SA and direction: xfrm_sa_key */
	struct map spis;                          /* inbound ones by SPI */
	struct map carriers;                      /* outbound ones by policy, the first of a list */
	struct map policies;                      /* by number */
	struct map shunts;                        /* by number (struct user_shunt) */
	struct user_device *devices[DEVICES_MAX]; /* by slot */
	unsigned last_slot;                       /* that was given out */
	struct user_device *shared;               /* one of them, or NULL */
	struct user_device *holding;              /* the same until settled, after a crash, or NULL */
	uint64_t age;
	bool unguarded_said;
};

/* user.c */

/* Has O done by who carries the packets, as plane_order does; the descriptors stay the caller's. While he is
 * lost that is fine, and the next one is told (user_again); but an SA cannot be given to him then:
 * ERR_MISSING. */
enum err user_order(
	struct xfrm *x, const struct esp_order *o, const int *fds, unsigned n, struct text *why) MUST_CHECK;
/* The same of one that cannot fail. */
void user_tell(struct xfrm *x, const struct esp_order *o);

/* devices.c */

/* The device called NAME, or for NULL the one all others share; opened when it is not there. One owner more.
 */
enum err user_device_get(
	struct xfrm *x, const char *name, struct user_device **out, struct text *why) MUST_CHECK;
void user_device_put(struct xfrm *x, struct user_device *d);
/* Tells of all of them. */
enum err user_devices_again(struct xfrm *x, struct text *why) MUST_CHECK;

/* sas.c */
/* ERR_UNSUPPORTED for all but tunnels. */
enum err user_mode_check(enum child_mode mode, struct text *why) MUST_CHECK;
enum err user_sa_add(struct xfrm *x, const struct sa_spec *spec, struct text *why) MUST_CHECK;
void user_sa_del(struct xfrm *x, uint32_t child, bool inbound);
enum err user_sa_move(struct xfrm *x, uint32_t child, const struct addr *local, const struct addr *remote,
	bool encap) MUST_CHECK;
bool user_sa_usage(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out);
struct xfrm_devices user_sa_devices(struct xfrm *x, uint32_t child);
void user_sa_free(struct xfrm *x, struct user_sa *sa);
/* Nobody carries any of them now: each CHILD_SA is to be rekeyed. */
void user_sas_lost(struct xfrm *x);
/* Whether SA (NULL: no) is lost: packets ask for it, and so do we again. */
bool user_sa_lost(struct xfrm *x, const struct user_sa *sa);

/* policies.c */
enum err user_policy_add(struct xfrm *x, const struct policy_spec *spec, struct text *why) MUST_CHECK;
void user_policy_del(struct xfrm *x, uint32_t id);
void user_policy_select(struct xfrm *x, uint32_t id, uint32_t child);
/* Gives the routes of policy ID the MTU that its SAs have now. */
void user_policy_fit(struct xfrm *x, uint32_t id);
void user_policy_free(struct xfrm *x, struct user_policy *p);
/* Tells of all of them. Of one that is refused a person is told. */
void user_policies_again(struct xfrm *x);

/* shunts.c */
enum err user_shunt_add(struct xfrm *x, const struct shunt_spec *spec, struct text *why) MUST_CHECK;
void user_shunt_del(struct xfrm *x, uint32_t id);
/* Forgets all of them, once the machine has. */
void user_shunts_free(struct xfrm *x);
