/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table against clear packets.
 *
 * nftables takes single rules away by numbers that are costly to learn, so none is ever taken away: a policy
 * gets a slot, a pair of chains that the base chain jumps to for good. "sN" looks at the packet's source
 * (REMOTE's selectors, without what is ours) and jumps to "dN", which looks at its destination (LOCAL's) and
 * drops. They are flushed when the policy goes, and filled again for another. So one change costs the same
 * among ten policies and among thousands. */
#include "xfrm/guard.h"

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "xfrm/ours.h"

#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <stdlib.h>

struct slot {
	struct node free;
	unsigned number, owners;
	bool has_chains;
};

struct guard {
	struct nft_ctx *nft;
	struct map by_id;
	struct node free; /* slots without a policy */
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

static void base_chain(struct text *t, const char *name, const uint16_t ports[2])
{
	/* create, unlike add, fails when there is one; -310 is before connection tracking and raw rules. */
	text_add(t, "create table inet %s\n", name);
	text_add(t, "add chain inet %s guard { type filter hook prerouting priority -310; policy accept; }\n",
		name);
	text_add(t, "add rule inet %s guard iifname lo accept\n", name);
	text_add(t, "add rule inet %s guard meta l4proto 50 accept\n", name);
	text_add(t, "add rule inet %s guard udp dport %u accept\n", name, ports[0]);
	text_add(t, "add rule inet %s guard udp dport %u accept\n", name, ports[1]);
	text_add(t, "add rule inet %s guard icmp type 3 icmp code 4 accept\n", name);
	text_add(t, "add rule inet %s guard icmpv6 type { 2, 133-137 } accept\n", name);
	text_add(t, "add rule inet %s guard ip6 saddr fe80::/10 accept\n", name);
	text_add(t, "add rule inet %s guard ip6 daddr { fe80::/10, ff00::/8 } accept\n", name);
}

enum err guard_open(const char *name, const uint16_t ports[2], struct guard **out, struct text *why)
{
	struct guard *g = calloc(1, sizeof *g);
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);
	enum err e = ERR_OK;

	if (!g)
		abort();
	list_init(&g->free);
	g->name = arena_str(&g->arena, name);
	g->nft = context();
	base_chain(&commands, name, ports);
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

void guard_close(struct guard *g)
{
	if (!g)
		return;
	if (g->nft)
		nft_ctx_free(g->nft);
	map_free(&g->by_id);
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

static void slot_fill(
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

/* A free slot, or a new one. */
static struct slot *slot_take(struct guard *g)
{
	struct slot *s;

	if (list_empty(&g->free)) {
		s = ARENA_NEW(&g->arena, struct slot);
		list_init(&s->free);
		s->number = g->n_slots++;
	} else {
		s = node_owner(g->free.next, struct slot, free);
		list_remove(&s->free);
	}
	return s;
}

static void slot_chains(struct text *t, const char *table, unsigned n)
{
	text_add(t, "add chain inet %s s%u\nadd chain inet %s d%u\n", table, n, table, n);
	text_add(t, "add rule inet %s guard jump s%u\n", table, n);
}

enum err guard_add(
	struct guard *g, uint32_t id, const char *dev, struct tss local, struct tss remote, struct text *why)
{
	struct slot *s = map_get(&g->by_id, id);
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);
	enum err e = ERR_OK;

	if (s) {
		s->owners++;
		return ERR_OK;
	}
	s = slot_take(g);
	if (!s->has_chains)
		slot_chains(&commands, g->name, s->number);
	slot_fill(&commands, g->name, s->number, dev, local, remote);
	if (run(g->nft, text_str(&commands), &said)) {
		s->has_chains = true;
		s->owners = 1;
		map_put(&g->by_id, id, s);
	} else {
		list_append(&g->free, &s->free);
		text_add(why,
			"nftables refuse a rule in the table %s (%s): clear packets of this policy are not "
			"dropped; if another program has removed the table (\"flush ruleset\" does), restart "
			"ikev2d",
			g->name, text_str(&said));
		e = ERR_SYSTEM;
	}
	arena_free(&scratch);
	return e;
}

void guard_del(struct guard *g, uint32_t id)
{
	struct slot *s = map_get(&g->by_id, id);
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);

	if (!s || --s->owners)
		return;
	text_add(&commands, "flush chain inet %s s%u\nflush chain inet %s d%u\n", g->name, s->number, g->name,
		s->number);
	map_take(&g->by_id, id);
	/* A slot that cannot be emptied is not used again. */
	if (run(g->nft, text_str(&commands), &said))
		list_append(&g->free, &s->free);
	else
		log_say(LOG_WARN, "guard", "nftables will not empty the chain s%u of table %s: %s", s->number,
			g->name, text_str(&said));
	arena_free(&scratch);
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
