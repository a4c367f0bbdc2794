/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel back end knows, and the functions its files share. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "xfrm/detour.h"
#include "xfrm/device.h"
#include "xfrm/journal.h"
#include "xfrm/kernel/message.h"
#include "xfrm/route.h"
#include "xfrm/xfrm.h"

struct kernel_sa {
	uint32_t child, policy;
	bool inbound;
	struct sa_key key;
	struct kernel_sa *same; /* the next one with the same SPI */
	struct sa_limits limits;
	bool awaited;        /* until its first packet was reported */
	uint32_t resource;   /* as in struct sa_spec */
	bool own_port;       /* packets come from PORT, wherever it moves; */
	uint16_t port;       /* as message_source_port */
	struct whole *held;  /* what the kernel is to be told when it is selected; NULL: it was told */
	unsigned device;     /* that carries its packets whole; 0: none */
	char *no_device;     /* why none has any part in it, though one was asked for; NULL: no reason */
	struct xfrmi dev;    /* of the tunnel's own; without a name: none */
	uint64_t mapping_ms; /* when an address change was last reported */
	struct sa_seen seen; /* the last look at it; how many there were; and when its packets had moved */
	uint64_t look, moved_ms;
	struct sa_key strayed; /* where somebody moved it, as the last look found; SPI 0: nowhere */
};

struct lead; /* what leads packets to policies (lead.c) */

/* Who wants policies in the kernel. */
enum owner_kind {
	OWNER_DROP,   /* a shunt */
	OWNER_POLICY, /* of a CHILD_SA */
	OWNER_TRAP,
	OWNER_PASS, /* a shunt, or neighbour discovery */
};

struct owner {
	enum owner_kind kind;
	uint32_t id, reqid, priority; /* the last as configured; 0: by the selectors */
	uint8_t mode;                 /* XFRM_MODE_TUNNEL, … */
	uint8_t proto;                /* IPPROTO_ESP, IPPROTO_AH */
	struct ip local, remote;      /* outer addresses; v 0: not known */
	uint32_t child;               /* whose outbound SA carries it; 0: none */
	bool per_cpu;                 /* or that of the CPU, where it has one: the kernel chooses, */
	bool quiet;                   /* and asks for none now */
	bool icmp;                    /* errors about its packets go with them */
	uint64_t age;                 /* of that choice */
	uint64_t acquire_ms;          /* when a packet was last reported */
	struct node claims;
	struct lead *lead;     /* NULL: nothing of ours */
	struct detour *detour; /* of a shunt that lets pass; NULL: no rules */
};

/* One policy in the kernel, which several may want. */
struct entry {
	struct policy_key key;
	struct entry *same; /* the next one with the same hash */
	struct node of_all, claims;
	bool made, seen;         /* the latter by the last audit, as it should be */
	struct policy_body body; /* as made */
};

enum { DROPS_MAX = 64 /* counters of the kernel */ };

struct xfrm {
	const struct settings *settings;
	struct xfrm_reports reports;
	struct route *route; /* NULL at the end, when it has gone */
	struct netlink *netlink;
	struct journal *journal;
	int events;
	struct xfrm_caps caps;
	struct map sas;              /* by CHILD_SA and direction: xfrm_sa_key */
	struct map spis;             /* by SPI and direction, chained */
	struct map seqs;             /* of the kernel's questions, by kernel_seq_key: numbers, not pointers */
	struct map policies, shunts; /* struct owner by number */
	struct map entries;          /* by the hash of their key, chained */
	struct node all;             /* of them */
	struct node askers;          /* policies whose questions are to end (larvae.c), */
	bool gathers;                /* with those of others, at the end of the turn */
	struct owner *discovery;     /* of neighbours (RFC 4861) */
	uint64_t age;
	bool settled;              /* what a predecessor's policies are wanted by has claimed them */
	bool migrated;             /* somebody has moved SAs */
	uint64_t look, look_until; /* at all SAs: how many there were, how long the last one serves */
	uint64_t asks_ms;          /* since when the next are counted */
	unsigned asks;
	uint64_t drops_before[DROPS_MAX]; /* in the order of the file */
};

/* kernel.c */

/* What a back end talks by, and hears events from: its own from then on, also on failure; and whether there
 * are XFRM interfaces. */
struct kernel_ends {
	struct netlink *netlink;
	int events;
	bool interface;
};
enum err kernel_start(const struct xfrm_setup *setup, const struct kernel_ends *ends, struct xfrm **out,
	struct text *why) MUST_CHECK;

/* An SA or policy that was asked away, THING in the journal: E is the kernel's verdict. CTX: struct xfrm. */
void kernel_taken_away(void *ctx, const char *thing, enum err e);

/* offload.c */

/* Says the SA of REQUEST to the kernel, carried by a device where its configuration asks for that; what comes
 * of it stands in SA. */
enum err kernel_sa_say(struct xfrm *x, struct sa_request *request, struct kernel_sa *sa,
	struct text *why) MUST_CHECK;
const char *kernel_no_device(const struct xfrm *x, uint32_t child);

/* sad.c */
/* The SAs of REQID and RESOURCE (as in struct sa_spec) answer the same question. */
uint64_t kernel_seq_key(uint32_t reqid, uint32_t resource);
/* Tells the kernel of the outbound SA of CHILD, if it does not know it yet. */
void kernel_sa_release(struct xfrm *x, uint32_t child);
struct kernel_sa *kernel_sa_of(const struct xfrm *x, uint32_t child, bool inbound);
/* The SA with SPI and destination; NULL when it is none of ours. */
struct kernel_sa *kernel_sa_find(const struct xfrm *x, uint32_t spi, const struct ip *dst);
enum err kernel_sa_add(struct xfrm *x, const struct sa_spec *spec, struct text *why) MUST_CHECK;
void kernel_sa_del(struct xfrm *x, uint32_t child, bool inbound);
/* Those it is to have now. */
struct sa_limits kernel_sa_limits(const struct kernel_sa *sa);
/* Gives SA another key, in our tables. */
void kernel_sa_rename(struct xfrm *x, struct kernel_sa *sa, const struct sa_key *key);
/* Takes the SA of KEY away, in the kernel and in the journal. */
void kernel_sa_take_away(struct xfrm *x, const struct sa_key *key);
void kernel_sas_clear(struct xfrm *x);
/* Takes the SA of KEY away when it is the one of KEY's source and reqid. ERR_MISSING: it is not. */
enum err kernel_sa_remove(struct xfrm *x, const struct sa_key *key) MUST_CHECK;

/* usage.c */
/* What the kernel says of the SA of KEY. A question of its own that holds the SPI before it (the policy names
 * the SPI, and a packet may come while there is no SA) is taken away first. ERR_MISSING: there is none. */
enum err kernel_sa_ask(struct xfrm *x, const struct sa_key *key, struct sa_seen *out) MUST_CHECK;
/* Looks at all SAs at once: those that are there have the number of the look then, x->look. */
enum err kernel_sas_look(struct xfrm *x) MUST_CHECK;
/* The kernel has told so much of SA. */
void kernel_sa_note(struct kernel_sa *sa, const struct sa_seen *seen);
bool kernel_sa_usage(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out);

/* rewrite.c, and why it is so */

/* An SA as the kernel tells it, keys included: to be wiped. */
struct whole {
	size_t n;
	_Alignas(max_align_t) uint8_t message[NETLINK_REQUEST_MAX];
};
enum err kernel_whole_ask(struct xfrm *x, const struct sa_key *key, struct whole *w) MUST_CHECK;
bool kernel_whole_has(const struct whole *w, uint16_t attr);
/* Begins a request with what W says, but for the attributes EXCEPT (0 at the end). */
struct xfrm_usersa_info *kernel_whole_put(struct nlmsghdr *h, const struct whole *w, const uint16_t *except);

/* Gives SA the limits it has now, and counts from there. */
enum err kernel_sa_settle(struct xfrm *x, const struct kernel_sa *sa) MUST_CHECK;

/* move.c */
enum err kernel_sa_move(struct xfrm *x, uint32_t child, const struct addr *local, const struct addr *remote,
	bool encap) MUST_CHECK;

/* spd.c */
enum err kernel_owner_add(struct xfrm *x, struct owner *o, const struct selectors *sel,
	const struct sa_marks *marks, bool fwd_out, struct text *why) MUST_CHECK;
/* Takes away what only O wants, and frees O. */
void kernel_owner_del(struct xfrm *x, struct owner *o);
/* What packets that met O's policies have asked, and no SA has answered, is to end (larvae.c). */
void kernel_owner_answered(struct xfrm *x, const struct owner *o);
/* Brings all O wants up to date in the kernel. */
enum err kernel_owner_apply(struct xfrm *x, struct owner *o, struct text *why) MUST_CHECK;
struct owner *kernel_owner_new(struct xfrm *x, enum owner_kind kind, uint32_t id);
/* Whose question a packet raises that met the policy of KEY; NULL: nobody's. */
struct owner *kernel_owner_asks(struct xfrm *x, const struct policy_key *key);
/* A predecessor's policy is ours now: it blocks until somebody claims it, or kernel_entries_settle. */
void kernel_entry_adopt(struct xfrm *x, const struct policy_key *key, const struct policy_body *body);
/* Dumps the policies and makes those anew that are not as they should be; a sentence for each. */
enum err kernel_entries_audit(struct xfrm *x, struct text *out) MUST_CHECK;
/* Takes away what nobody claims. */
void kernel_entries_settle(struct xfrm *x);

/* policies.c */
enum err kernel_policy_add(struct xfrm *x, const struct policy_spec *spec, struct text *why) MUST_CHECK;
void kernel_policy_del(struct xfrm *x, uint32_t id);
void kernel_policy_select(struct xfrm *x, uint32_t id, uint32_t child);
/* While the kernel waits for the SA of a CPU it drops what CPUs without one send, though there is the general
 * one: so it asks no more (QUIET) from its question until an SA of the policy has come or gone. */
void kernel_policy_quiet(struct xfrm *x, uint32_t id, bool quiet);
enum err kernel_shunt_add(struct xfrm *x, const struct shunt_spec *spec, struct text *why) MUST_CHECK;
void kernel_shunt_del(struct xfrm *x, uint32_t id);
/* IPv6 neighbour discovery passes before everything. */
enum err kernel_discovery_pass(struct xfrm *x, struct text *why) MUST_CHECK;

/* lead.c */

/* The XFRM interface of CONF, one owner more (device_put); MARKS get its number where they have none. */
enum err kernel_interface_get(struct xfrm *x, const struct child_conf *conf, struct sa_marks *marks,
	struct xfrmi *dev, struct text *why) MUST_CHECK;
/* Leads to the policies of O by DEV, whose owner it is then, also on failure; or past the next hop. */
enum err kernel_lead_by_interface(struct xfrm *x, struct owner *o, const struct child_conf *conf,
	const struct xfrmi *dev, struct tss local, struct tss remote, struct text *why) MUST_CHECK;
enum err kernel_lead_past(
	struct xfrm *x, struct owner *o, struct tss local, struct tss remote, struct text *why) MUST_CHECK;
/* O's peer has another address. */
void kernel_lead_follow(struct xfrm *x, struct owner *o);
void kernel_lead_end(struct xfrm *x, struct owner *o);

/* events.c */
void kernel_dispatch(struct xfrm *x);
/* The first packet may have come on an SA that was awaited. */
void kernel_on_first(struct xfrm *x, struct kernel_sa *sa);

/* audit.c */
void kernel_audit(struct xfrm *x, struct text *out);
/* After events were lost, or for another reason WHY: what they would have said. */
void kernel_catch_up(struct xfrm *x, const char *why);

/* leftovers.c */

/* What a crashed predecessor left: its SAs go, its policies block. */
void kernel_leftovers(struct xfrm *x);
/* Tries again to take away what could not be. */
void kernel_leftovers_retry(struct xfrm *x);

/* larvae.c, and why it is so */

/* What the policy of KEY and BODY has asked, or may have, is to end; and ends, with all others of a turn
 * where what goes is gathered; or of that only what nobody heard, at once. */
void kernel_larvae_note(struct xfrm *x, const struct policy_key *key, const struct policy_body *body);
void kernel_larvae_note_all(struct xfrm *x);
void kernel_larvae_end(struct xfrm *x);
void kernel_larvae_end_unheard(struct xfrm *x);

/* probe.c */

/* Finds out what the kernel can. ERR_UNSUPPORTED: no ESP; ERR_DENIED: no right. */
enum err kernel_probe(struct xfrm *x, struct text *why) MUST_CHECK;
bool kernel_probe_interface(void);

/* drops.c */
void kernel_drops_start(struct xfrm *x);
void kernel_drops(struct xfrm *x, struct text *out);
