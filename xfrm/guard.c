/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table against clear packets.
 *
 * What a policy of mere addresses drops lies in sets (pairs.h), those of its device: a packet is looked up
 * once, and a change costs the same among ten policies and among thousands.
 *
 * A set cannot say protocols, ports and what is ours, nor does the kernel take a pair that overlaps another.
 * Such a policy, and each direction of a shunt, has a slot: a pair of chains that a chain of its kind jumps
 * to for good. "sN" looks at the packet's source (a policy's: REMOTE's selectors, without what is ours) and
 * jumps to "dN", which looks at its destination (LOCAL's) and decides. Single rules are never taken away, for
 * nftables does that by numbers that are costly to learn: the chains are flushed when the policy goes, and
 * filled again for another of its kind. Each packet meets all slots one after the other, and the kernel
 * checks all of them at each change. */
#include "xfrm/guard.h"

#include "base/dict.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "xfrm/ours.h"
#include "xfrm/pairs.h"

#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>

/* Kinds of slots, and the chains that jump to them. */
enum place { POLICIES, PASS_IN, PASS_OUT, DROP_IN, DROP_OUT, PLACES };

static const char *const chains[PLACES] = {
	[POLICIES] = "guard",
	[PASS_IN] = "pass-in",
	[PASS_OUT] = "pass-out",
	[DROP_IN] = "drop-in",
	[DROP_OUT] = "drop-out",
};

struct slot {
	struct node free;
	enum place place;
	unsigned number;
	bool has_chains;
};

/* The sets of a device, and the rules that look into them. */
struct gate_sets {
	bool made;
	char v4[16], v6[16];
};

struct guarded {
	unsigned owners;
	struct slot *slot; /* NULL: what it drops lies in SET */
	const char *set;
	struct tss sources, destinations; /* the pairs in it */
	struct arena arena;
};

struct guard {
	struct nft_ctx *nft;
	struct netlink *netlink; /* to the sets; NULL: there are none */
	struct dict sets;        /* of devices, by name */
	unsigned n_sets;
	struct map policies;      /* struct guarded, by id */
	struct map shunts;        /* their slots, by shunt_key */
	struct node free[PLACES]; /* slots that nobody has */
	unsigned n_slots;
	char *name;
	struct arena arena; /* the name and the slots */
};

/* The side of a packet that a selector speaks of. */
struct side {
	char letter;      /* of the IP header's field and of the chain: 's' or 'd' */
	unsigned port_at; /* bits into the transport header */
};

static const struct side from = { 's', 0 }, to = { 'd', 16 };

static struct nft_ctx *context(void)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (nft && (nft_ctx_buffer_output(nft) || nft_ctx_buffer_error(nft))) {
		nft_ctx_free(nft);
		nft = NULL;
	}
	return nft;
}

/* All of COMMANDS or nothing. WHY gets nftables' first line of complaint. */
static bool run(struct nft_ctx *nft, const char *commands, struct text *why)
{
	static const char prefix[] = "Error: ";
	const char *error;

	if (!nft_run_cmd_from_buffer(nft, commands))
		return true;
	error = nft_ctx_get_error_buffer(nft);
	if (strstr(error, prefix))
		error = strstr(error, prefix) + strlen(prefix);
	text_put(why, error, strcspn(error, "\n"));
	return false;
}

/* What must never be held back, whoever it is for. */
static void always_accepted(struct text *t, const char *name, const char *chain)
{
	text_add(t, "add rule inet %s %s icmp type 3 icmp code 4 accept\n", name, chain);
	text_add(t, "add rule inet %s %s icmpv6 type { 2, 133-137 } accept\n", name, chain);
	text_add(t, "add rule inet %s %s ip6 saddr fe80::/10 accept\n", name, chain);
	text_add(t, "add rule inet %s %s ip6 daddr { fe80::/10, ff00::/8 } accept\n", name, chain);
}

/* -310 is before connection tracking and raw rules. */
static void chains_in(struct text *t, const char *name, const uint16_t ports[2], uint32_t group)
{
	text_add(t, "add chain inet %s guard { type filter hook prerouting priority -310; policy accept; }\n",
		name);
	text_add(t, "add rule inet %s guard iifname lo accept\n", name);
	text_add(t, "add rule inet %s guard meta l4proto 50 accept\n", name);
	text_add(t, "add rule inet %s guard udp dport %u accept\n", name, ports[0]);
	text_add(t, "add rule inet %s guard udp dport %u accept\n", name, ports[1]);
	always_accepted(t, name, "guard");
	text_add(t, "add rule inet %s guard jump pass-in\n", name);
	text_add(t, "add rule inet %s guard iifgroup != %u jump drop-in\n", name, group);
}

static void chains_out(struct text *t, const char *name, uint32_t mark)
{
	text_add(t,
		"add chain inet %s leave { type filter hook postrouting priority -310; policy accept; }\n",
		name);
	text_add(t, "add rule inet %s leave oifname lo accept\n", name);
	text_add(t, "add rule inet %s leave oifgroup %u accept\n", name, mark);
	text_add(t, "add rule inet %s leave meta mark %u accept\n", name, mark);
	always_accepted(t, name, "leave");
	text_add(t, "add rule inet %s leave jump pass-out\n", name);
	text_add(t, "add rule inet %s leave jump drop-out\n", name);
}

static void table(struct text *t, const char *name, const uint16_t ports[2], uint32_t mark)
{
	/* create, unlike add, fails when there is one. */
	text_add(t, "create table inet %s\n", name);
	for (enum place p = PASS_IN; p < PLACES; p++)
		text_add(t, "add chain inet %s %s\n", name, chains[p]);
	chains_in(t, name, ports, mark);
	chains_out(t, name, mark);
}

enum err guard_open(
	const char *name, const uint16_t ports[2], uint32_t mark, struct guard **out, struct text *why)
{
	struct guard *g = calloc(1, sizeof *g);
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);
	enum err e = ERR_OK;

	if (!g)
		abort();
	for (enum place p = 0; p < PLACES; p++)
		list_init(&g->free[p]);
	g->name = arena_str(&g->arena, name);
	g->nft = context();
	if (netlink_open(NETLINK_NETFILTER, &g->netlink, &said))
		g->netlink = NULL;
	table(&commands, name, ports, mark);
	if (!g->nft || !run(g->nft, text_str(&commands), &said)) {
		text_add(why,
			"nftables will not make the table %s (%s): clear packets that should have come "
			"through a tunnel are not dropped; does the kernel have nf_tables, and ikev2d "
			"CAP_NET_ADMIN?",
			name, text_str(&said));
		guard_close(g);
		e = ERR_UNSUPPORTED;
	} else {
		*out = g;
	}
	arena_free(&scratch);
	return e;
}

static void guarded_free(struct guarded *p)
{
	arena_free(&p->arena);
	free(p);
}

void guard_close(struct guard *g)
{
	struct guarded *p;

	if (!g)
		return;
	if (g->nft)
		nft_ctx_free(g->nft);
	for (size_t at = 0; (p = map_next(&g->policies, &at));)
		guarded_free(p);
	netlink_close(g->netlink);
	dict_free(&g->sets);
	map_free(&g->policies);
	map_free(&g->shunts);
	arena_free(&g->arena);
	free(g);
}

/* What a selector says of protocol and ports. A raw field serves all protocols with ports, and type and code
 * of ICMP, which stand in front on both sides. False when no packet that shows its ports can match (OPAQUE).
 * A later fragment shows none and passes; it is worth nothing without the first. */
static bool protocol(struct text *t, const struct ts *ts, struct side side)
{
	bool icmp = ts->proto == IPPROTO_ICMP || ts->proto == IPPROTO_ICMPV6;
	bool ports = ts->port_lo || ts->port_hi != UINT16_MAX;

	if (ts->port_lo > ts->port_hi)
		return false;
	if (ts->proto)
		text_add(t, "meta l4proto %u ", ts->proto);
	else if (ports)
		text_add(t, "meta l4proto { %d, %d, %d, %d, %d } ", IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE,
			IPPROTO_SCTP, IPPROTO_DCCP);
	if (ports && ts->port_lo == ts->port_hi)
		text_add(t, "@th,%u,16 %u ", icmp ? 0 : side.port_at, ts->port_lo);
	else if (ports)
		text_add(t, "@th,%u,16 %u-%u ", icmp ? 0 : side.port_at, ts->port_lo, ts->port_hi);
	return true;
}

/* A rule at the end of slot N's chain for SIDE: what matches TS (and SO) meets VERDICT. */
static void rule(struct text *t, const char *table, unsigned n, struct side side, const struct ts *ts,
	const char *so, const char *verdict)
{
	struct arena scratch = { 0 };
	struct text match = text_in(&scratch);
	char lo[IP_TEXT], hi[IP_TEXT];
	const char *ip = ts->lo.v == 4 ? "ip" : "ip6";

	if (ts->lo.v && protocol(&match, ts, side)) {
		text_add(t, "add rule inet %s %c%u %s%s %caddr %s", table, side.letter, n, so, ip,
			side.letter, ip_print(&ts->lo, lo));
		if (!ip_eq(&ts->lo, &ts->hi))
			text_add(t, "-%s", ip_print(&ts->hi, hi));
		text_add(t, " %s%s\n", text_str(&match), verdict);
	}
	arena_free(&scratch);
}

static void policy_fill(
	struct text *t, const char *table, unsigned n, const char *dev, struct tss local, struct tss remote)
{
	struct arena scratch = { 0 };
	const char *elsewhere = arena_printf(&scratch, "iifname != \"%s\" ", dev);
	const char *jump = arena_printf(&scratch, "jump d%u", n);
	struct tss ours = ours_of(local, remote, &scratch);

	for (unsigned i = 0; i < ours.n; i++)
		rule(t, table, n, from, &ours.v[i], "", "return");
	for (unsigned i = 0; i < local.n; i++)
		rule(t, table, n, to, &local.v[i], "", "counter drop");
	for (unsigned i = 0; i < remote.n; i++)
		rule(t, table, n, from, &remote.v[i], elsewhere, jump);
	arena_free(&scratch);
}

static void shunt_fill(struct text *t, const char *table, unsigned n, struct tss sources,
	struct tss destinations, const char *verdict)
{
	struct arena scratch = { 0 };
	const char *jump = arena_printf(&scratch, "jump d%u", n);

	for (unsigned i = 0; i < destinations.n; i++)
		rule(t, table, n, to, &destinations.v[i], "", verdict);
	for (unsigned i = 0; i < sources.n; i++)
		rule(t, table, n, from, &sources.v[i], "", jump);
	arena_free(&scratch);
}

/* A free slot, or a new one, the chains of which COMMANDS then make. */
static struct slot *slot_take(struct guard *g, enum place place, struct text *commands)
{
	struct slot *s;

	if (list_empty(&g->free[place])) {
		s = ARENA_NEW(&g->arena, struct slot);
		list_init(&s->free);
		s->place = place;
		s->number = g->n_slots++;
	} else {
		s = node_owner(g->free[place].next, struct slot, free);
		list_remove(&s->free);
	}
	if (!s->has_chains)
		text_add(commands,
			"add chain inet %s s%u\nadd chain inet %s d%u\nadd rule inet %s %s jump s%u\n",
			g->name, s->number, g->name, s->number, g->name, chains[place], s->number);
	return s;
}

/* All that fills the slots was carried OUT, or nothing. */
static void slot_taken(struct guard *g, struct slot *s, bool out)
{
	if (out)
		s->has_chains = true;
	else
		list_append(&g->free[s->place], &s->free);
}

static void slot_give(struct guard *g, struct slot *s)
{
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);

	text_add(&commands, "flush chain inet %s s%u\nflush chain inet %s d%u\n", g->name, s->number, g->name,
		s->number);
	/* A slot that cannot be emptied is not used again. */
	if (run(g->nft, text_str(&commands), &said))
		list_append(&g->free[s->place], &s->free);
	else
		log_say(LOG_WARN, "guard", "nftables will not empty the chain s%u of table %s: %s", s->number,
			g->name, text_str(&said));
	arena_free(&scratch);
}

static void refused(const struct guard *g, const char *so, const struct text *said, struct text *why)
{
	text_add(why,
		"nftables refuse a rule in the table %s (%s): %s; if another program has removed the table "
		"(\"flush ruleset\" does), restart ikev2d",
		g->name, text_str(said), so);
}

/* The sets of DEV, which are made with its first policy; NULL: they cannot be. */
static const struct gate_sets *sets_of(struct guard *g, const char *dev)
{
	struct gate_sets *s = dict_get(&g->sets, dev);
	struct arena scratch = { 0 };
	struct text t = text_in(&scratch), said = text_in(&scratch);

	if (!s) {
		s = ARENA_NEW(&g->arena, struct gate_sets);
		snprintf(s->v4, sizeof s->v4, "p%u-4", g->n_sets);
		snprintf(s->v6, sizeof s->v6, "p%u-6", g->n_sets++);
		dict_put(&g->sets, arena_str(&g->arena, dev), s);
		text_add(&t, "add set inet %s %s { type ipv4_addr . ipv4_addr; flags interval; }\n", g->name,
			s->v4);
		text_add(&t, "add set inet %s %s { type ipv6_addr . ipv6_addr; flags interval; }\n", g->name,
			s->v6);
		text_add(&t,
			"add rule inet %s guard iifname != \"%s\" ip saddr . ip daddr @%s counter drop\n",
			g->name, dev, s->v4);
		text_add(&t,
			"add rule inet %s guard iifname != \"%s\" ip6 saddr . ip6 daddr @%s counter drop\n",
			g->name, dev, s->v6);
		s->made = run(g->nft, text_str(&t), &said);
	}
	arena_free(&scratch);
	return s->made ? s : NULL;
}

/* Puts P into a set of DEV, if one can say what it drops. */
static bool pair_up(struct guard *g, struct guarded *p, const char *dev, struct tss local, struct tss remote)
{
	bool simple = g->netlink && pairs_can(remote, local) && !ours_of(local, remote, &p->arena).n;
	const struct gate_sets *s = simple ? sets_of(g, dev) : NULL;

	if (!s)
		return false;
	p->set = local.v[0].lo.v == 4 ? s->v4 : s->v6;
	p->sources = tss_copy(&p->arena, remote);
	p->destinations = tss_copy(&p->arena, local);
	return !pairs_add(g->netlink, g->name, p->set, p->sources, p->destinations);
}

static void unpair(struct guard *g, const struct guarded *p)
{
	if (pairs_del(g->netlink, g->name, p->set, p->sources, p->destinations))
		log_say(LOG_WARN, "guard",
			"nftables will not take a pair of addresses out of the set %s of table %s: %s",
			p->set, g->name, netlink_reason(g->netlink));
}

/* Gives P a slot. */
static enum err slot_up(struct guard *g, struct guarded *p, const char *dev, struct tss local,
	struct tss remote, struct text *why)
{
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);
	struct slot *s = slot_take(g, POLICIES, &commands);
	bool ok;

	policy_fill(&commands, g->name, s->number, dev, local, remote);
	ok = run(g->nft, text_str(&commands), &said);
	slot_taken(g, s, ok);
	if (ok)
		p->slot = s;
	else
		refused(g, "clear packets of this policy are not dropped", &said, why);
	arena_free(&scratch);
	return ok ? ERR_OK : ERR_SYSTEM;
}

enum err guard_add(
	struct guard *g, uint32_t id, const char *dev, struct tss local, struct tss remote, struct text *why)
{
	struct guarded *p = map_get(&g->policies, id);
	enum err e;

	if (p) {
		p->owners++;
		return ERR_OK;
	}
	p = calloc(1, sizeof *p);
	if (!p)
		abort();
	p->owners = 1;
	e = pair_up(g, p, dev, local, remote) ? ERR_OK : slot_up(g, p, dev, local, remote, why);
	if (e)
		guarded_free(p);
	else
		map_put(&g->policies, id, p);
	return e;
}

void guard_del(struct guard *g, uint32_t id)
{
	struct guarded *p = map_get(&g->policies, id);

	if (!p || --p->owners)
		return;
	if (p->slot)
		slot_give(g, p->slot);
	else
		unpair(g, p);
	map_take(&g->policies, id);
	guarded_free(p);
}

static uint64_t shunt_key(uint32_t id, bool out)
{
	return (uint64_t)id << 1 | out;
}

enum err guard_shunt_add(struct guard *g, uint32_t id, enum guard_shunt what, struct tss local,
	struct tss remote, struct text *why)
{
	static const struct {
		enum place in, out;
		const char *verdict, *otherwise;
	} kinds[] = {
		[GUARD_PASS] = { PASS_IN, PASS_OUT, "accept", "its packets do not pass" },
		[GUARD_DROP] = { DROP_IN, DROP_OUT, "counter drop", "its packets are not dropped" },
	};
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);
	struct slot *in, *out;
	bool ok;

	if (map_get(&g->shunts, shunt_key(id, false))) {
		text_add(why, "the shunt %u is there already", id);
		return ERR_EXISTS;
	}
	in = slot_take(g, kinds[what].in, &commands);
	out = slot_take(g, kinds[what].out, &commands);
	shunt_fill(&commands, g->name, in->number, remote, local, kinds[what].verdict);
	shunt_fill(&commands, g->name, out->number, local, remote, kinds[what].verdict);
	ok = run(g->nft, text_str(&commands), &said);
	slot_taken(g, in, ok);
	slot_taken(g, out, ok);
	if (ok) {
		map_put(&g->shunts, shunt_key(id, false), in);
		map_put(&g->shunts, shunt_key(id, true), out);
	} else {
		refused(g, kinds[what].otherwise, &said, why);
	}
	arena_free(&scratch);
	return ok ? ERR_OK : ERR_SYSTEM;
}

void guard_shunt_del(struct guard *g, uint32_t id)
{
	for (int out = 0; out < 2; out++) {
		struct slot *s = map_take(&g->shunts, shunt_key(id, out));

		if (s)
			slot_give(g, s);
	}
}

enum err guard_remove(const char *name, struct text *why)
{
	struct nft_ctx *nft = context();
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch);
	bool ok;

	/* Deleting what is not there would be an error; adding what is there is none. */
	text_add(&commands, "add table inet %s\ndelete table inet %s\n", name, name);
	ok = nft && run(nft, text_str(&commands), why);
	if (nft)
		nft_ctx_free(nft);
	arena_free(&scratch);
	return ok ? ERR_OK : ERR_SYSTEM;
}
