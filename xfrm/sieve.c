/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairs of mere addresses lie in sets (pairs.h), one for all rules that say the same: a packet is looked up
 * once. The kernel copies a set of pairs for each change, which takes a millisecond among ten thousand. Where
 * one side is single addresses, as those of road warriors, a crowd does instead: their set, which needs no
 * copy, behind a rule that says the other side. Each packet meets the rules of all crowds, so there are few;
 * each stands in a chain of its own, so that an empty one can become another when a further one is wanted.
 *
 * A peer that comes again, or authenticates anew, wants what it has already. What is wanted again is only
 * counted, and goes with the last who wants it.
 *
 * A set cannot say protocols, ports and exceptions, nor does the kernel take a pair that overlaps another;
 * and it is not asked to, for what it refuses it only undoes after all processors have let go of it (an RCU
 * grace period, of many milliseconds). Such a rule has a slot: a pair of chains that the rule's chain jumps
 * to for good. "sN" looks at the packet's source and jumps to "dN", which looks at its destination and
 * decides. Single rules are never taken away, for nftables does that by numbers that are costly to learn: the
 * chains are flushed when their rule goes, and filled again for another of the same chain. Each packet meets
 * all slots one after the other, and the kernel checks all of them at each change. */
#include "xfrm/sieve.h"

#include "base/dict.h"
#include "base/list.h"
#include "base/log.h"
#include "xfrm/nft.h"
#include "xfrm/pairs.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum { CROWDS = 16 };

/* A chain that has slots: those that nobody has. */
struct holder {
	struct node free;
	const char *chain;
};

struct slot {
	struct node free;
	struct holder *holder;
	unsigned number;
	bool has_chains;
};

struct set {
	char name[16];
	struct node holds; /* struct sieved */
};

/* The sets of what says the same, and whether there are rules that look into them. */
struct basket {
	bool made;
	struct set v4, v6;
};

/* Single addresses on one side, of which each has the same network on the other. */
struct crowd {
	bool made;
	char name[16];      /* of the set; the chain has the same */
	struct dict hosts;  /* struct sieved, by address */
	const char *says;   /* its key, and */
	const char *chain;  /* where its chain is jumped to from, */
	struct arena arena; /* from here */
};

struct sieved {
	unsigned owners;
	const char *says;    /* its key */
	struct slot *slot;   /* NULL: it lies in CROWD */
	struct crowd *crowd; /* NULL: it lies in SET */
	struct tss hosts;    /* in CROWD */
	struct set *set;
	struct node in_set;
	struct tss sources, destinations; /* the pairs in it */
	struct arena arena;
};

struct sieve {
	struct nft *nft;
	struct netlink *netlink; /* to the sets; NULL: there are none */
	struct dict put;         /* struct sieved, by all it says */
	struct dict baskets;     /* by what their rule says */
	struct dict crowds;      /* by what their rule says and the network in it */
	struct dict holders;     /* by chain */
	struct crowd crowd[CROWDS];
	unsigned n_baskets, n_slots, n_crowds;
	const char *name;
	struct arena arena; /* the name, baskets and slots */
};

/* The side of a packet that a selector speaks of. */
struct side {
	char letter;      /* of the IP header's field and of the chain: 's' or 'd' */
	unsigned port_at; /* bits into the transport header */
};

static const struct side from = { 's', 0 }, to = { 'd', 16 };

enum err sieve_open(const char *name, const char *commands, struct sieve **out, struct text *why)
{
	struct sieve *s = calloc(1, sizeof *s);
	struct arena scratch = { 0 };
	struct text ignored = text_in(&scratch);
	enum err e = ERR_OK;

	if (!s)
		abort();
	s->name = arena_str(&s->arena, name);
	s->nft = nft_open(why);
	if (netlink_open(NETLINK_NETFILTER, &s->netlink, &ignored))
		s->netlink = NULL;
	if (!s->nft)
		e = ERR_MISSING;
	else if (!nft_run(s->nft, commands, why))
		e = ERR_UNSUPPORTED;
	if (e) {
		sieve_close(s);
	} else {
		*out = s;
	}
	arena_free(&scratch);
	return e;
}

static void crowd_free(struct crowd *c)
{
	dict_free(&c->hosts);
	arena_free(&c->arena);
}

void sieve_close(struct sieve *s)
{
	if (!s)
		return;
	nft_close(s->nft);
	netlink_close(s->netlink);
	dict_free(&s->put);
	dict_free(&s->baskets);
	for (unsigned i = 0; i < s->n_crowds; i++)
		crowd_free(&s->crowd[i]);
	dict_free(&s->crowds);
	dict_free(&s->holders);
	arena_free(&s->arena);
	free(s);
}

const char *sieve_name(const struct sieve *s)
{
	return s->name;
}

bool sieve_run(struct sieve *s, const char *commands, struct text *why)
{
	return nft_run(s->nft, commands, why);
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

/* A rule at the end of slot N's chain for SIDE: what matches TS (and ONLY) meets VERDICT. */
static void rule_add(struct text *t, const char *table, unsigned n, struct side side, const struct ts *ts,
	const char *only, const char *verdict)
{
	struct arena scratch = { 0 };
	struct text match = text_in(&scratch);
	char lo[IP_TEXT], hi[IP_TEXT];
	const char *ip = ts->lo.v == 4 ? "ip" : "ip6";

	if (ts->lo.v && protocol(&match, ts, side)) {
		text_add(t, "add rule inet %s %c%u %s%s %caddr %s", table, side.letter, n, only, ip,
			side.letter, ip_print(&ts->lo, lo));
		if (!ip_eq(&ts->lo, &ts->hi))
			text_add(t, "-%s", ip_print(&ts->hi, hi));
		text_add(t, " %s%s\n", text_str(&match), verdict);
	}
	arena_free(&scratch);
}

static void slot_fill(struct text *t, const char *table, unsigned n, const struct sieve_rule *rule,
	struct tss sources, struct tss destinations, struct tss except)
{
	struct arena scratch = { 0 };
	const char *jump = arena_printf(&scratch, "jump d%u", n);

	for (unsigned i = 0; i < except.n; i++)
		rule_add(t, table, n, from, &except.v[i], "", "return");
	for (unsigned i = 0; i < destinations.n; i++)
		rule_add(t, table, n, to, &destinations.v[i], "", rule->verdict);
	for (unsigned i = 0; i < sources.n; i++)
		rule_add(t, table, n, from, &sources.v[i], rule->only, jump);
	arena_free(&scratch);
}

static struct holder *holder_of(struct sieve *s, const char *chain)
{
	struct holder *h = dict_get(&s->holders, chain);

	if (!h) {
		h = ARENA_NEW(&s->arena, struct holder);
		list_init(&h->free);
		h->chain = arena_str(&s->arena, chain);
		dict_put(&s->holders, h->chain, h);
	}
	return h;
}

/* A free slot of CHAIN, or a new one, the chains of which COMMANDS then make. */
static struct slot *slot_take(struct sieve *s, const char *chain, struct text *commands)
{
	struct holder *h = holder_of(s, chain);
	struct slot *slot;

	if (list_empty(&h->free)) {
		slot = ARENA_NEW(&s->arena, struct slot);
		list_init(&slot->free);
		slot->holder = h;
		slot->number = s->n_slots++;
	} else {
		slot = node_owner(h->free.next, struct slot, free);
		list_remove(&slot->free);
	}
	if (!slot->has_chains)
		text_add(commands,
			"add chain inet %s s%u\nadd chain inet %s d%u\nadd rule inet %s %s jump s%u\n",
			s->name, slot->number, s->name, slot->number, s->name, chain, slot->number);
	return slot;
}

static void slot_give(struct sieve *s, struct slot *slot)
{
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);

	text_add(&commands, "flush chain inet %s s%u\nflush chain inet %s d%u\n", s->name, slot->number,
		s->name, slot->number);
	/* A slot that cannot be emptied is not used again. */
	if (nft_run(s->nft, text_str(&commands), &said))
		list_append(&slot->holder->free, &slot->free);
	else
		log_say(LOG_WARN, "guard", "nftables will not empty the chain s%u of table %s: %s",
			slot->number, s->name, text_str(&said));
	arena_free(&scratch);
}

/* What RULE says, from ARENA. */
static const char *words_of(const struct sieve_rule *rule, struct arena *arena)
{
	return arena_printf(arena, "%s\n%s\n%s", rule->chain, rule->only, rule->verdict);
}

static void set_init(struct set *set, unsigned number, unsigned version)
{
	snprintf(set->name, sizeof set->name, "p%u-%u", number, version);
	list_init(&set->holds);
}

/* The sets of what says the same as RULE, made with the first of it; NULL: they cannot be. */
static struct basket *basket_of(struct sieve *s, const struct sieve_rule *rule)
{
	struct arena scratch = { 0 };
	const char *says = words_of(rule, &scratch);
	struct basket *b = dict_get(&s->baskets, says);
	struct text t = text_in(&scratch), said = text_in(&scratch);

	if (!b) {
		b = ARENA_NEW(&s->arena, struct basket);
		set_init(&b->v4, s->n_baskets, 4);
		set_init(&b->v6, s->n_baskets++, 6);
		dict_put(&s->baskets, arena_str(&s->arena, says), b);
		text_add(&t, "add set inet %s %s { type ipv4_addr . ipv4_addr; flags interval; }\n", s->name,
			b->v4.name);
		text_add(&t, "add set inet %s %s { type ipv6_addr . ipv6_addr; flags interval; }\n", s->name,
			b->v6.name);
		text_add(&t, "add rule inet %s %s %sip saddr . ip daddr @%s %s\n", s->name, rule->chain,
			rule->only, b->v4.name, rule->verdict);
		text_add(&t, "add rule inet %s %s %sip6 saddr . ip6 daddr @%s %s\n", s->name, rule->chain,
			rule->only, b->v6.name, rule->verdict);
		b->made = nft_run(s->nft, text_str(&t), &said);
	}
	arena_free(&scratch);
	return b->made ? b : NULL;
}

/* Each is looked at, as the kernel does with them when it copies the set for a change. */
static bool has_room(const struct set *set, struct tss sources, struct tss destinations)
{
	list_each (n, &set->holds) {
		const struct sieved *p = node_owner(n, struct sieved, in_set);

		if (pairs_overlap(p->sources, p->destinations, sources, destinations))
			return false;
	}
	return true;
}

static bool is_host(const struct ts *ts)
{
	return ip_eq(&ts->lo, &ts->hi);
}

/* C becomes the crowd for RULE whose addresses are on SIDE, and NET on the other one. What it was before goes
 * in the same breath, or stays where that fails. */
static bool crowd_make(struct sieve *s, struct crowd *c, const struct sieve_rule *rule, struct side side,
	const struct ts *net)
{
	struct arena scratch = { 0 };
	struct text t = text_in(&scratch), said = text_in(&scratch);
	char lo[IP_TEXT], hi[IP_TEXT];
	const char *ip = net->lo.v == 4 ? "ip" : "ip6", *name = c->name;
	char other = side.letter == from.letter ? to.letter : from.letter;
	bool made;

	if (c->made)
		text_add(&t, "flush chain inet %s %s\ndelete set inet %s %s\n", s->name, name, s->name, name);
	else
		text_add(&t, "add chain inet %s %s\nadd rule inet %s %s jump %s\n", s->name, name, s->name,
			rule->chain, name);
	text_add(&t, "add set inet %s %s { type ipv%u_addr; }\n", s->name, name, net->lo.v);
	text_add(&t, "add rule inet %s %s %s%s %caddr %s-%s %s %caddr @%s %s\n", s->name, name, rule->only,
		ip, other, ip_print(&net->lo, lo), ip_print(&net->hi, hi), ip, side.letter, name,
		rule->verdict);
	made = nft_run(s->nft, text_str(&t), &said);
	arena_free(&scratch);
	return made;
}

/* One that is none yet, or an empty one of CHAIN; NULL: there are enough. */
static struct crowd *crowd_free_for(struct sieve *s, const char *chain)
{
	struct crowd *c;

	for (c = s->crowd; c < s->crowd + s->n_crowds; c++)
		if (!c->made)
			return c;
	if (s->n_crowds < CROWDS) {
		snprintf(c->name, sizeof c->name, "h%u", s->n_crowds++);
		return c;
	}
	for (c = s->crowd; c < s->crowd + CROWDS; c++)
		if (!c->hosts.count && !strcmp(c->chain, chain))
			return c;
	return NULL;
}

/* C, made, has a key of its own now, and nobody in it. */
static void crowd_name(struct sieve *s, struct crowd *c, const char *says, const char *chain)
{
	if (c->says)
		(void)dict_take(&s->crowds, c->says);
	crowd_free(c);
	c->hosts = (struct dict){ 0 };
	c->made = true;
	c->says = arena_str(&c->arena, says);
	c->chain = arena_str(&c->arena, chain);
	dict_put(&s->crowds, c->says, c);
}

/* That crowd, made with the first of it; NULL: it cannot be, or there are enough. */
static struct crowd *crowd_of(
	struct sieve *s, const struct sieve_rule *rule, struct side side, const struct ts *net)
{
	struct arena scratch = { 0 };
	char text[TS_TEXT];
	const char *says = arena_printf(
		&scratch, "%s\n%c\n%s", words_of(rule, &scratch), side.letter, ts_print(net, text));
	struct crowd *c = dict_get(&s->crowds, says);

	if (!c && (c = crowd_free_for(s, rule->chain))) {
		if (crowd_make(s, c, rule, side, net))
			crowd_name(s, c, says, rule->chain);
		else
			c = NULL;
	}
	arena_free(&scratch);
	return c;
}

/* Whether HOSTS are single addresses, and what is behind them is not: else each address of the other end
 * would have a crowd of its own. */
static bool is_crowd(struct tss hosts, struct tss other)
{
	for (unsigned i = 0; i < hosts.n; i++)
		if (!is_host(&hosts.v[i]))
			return false;
	return other.n == 1 && !is_host(&other.v[0]);
}

static bool has_place(const struct crowd *c, struct tss hosts)
{
	char text[IP_TEXT];

	for (unsigned i = 0; i < hosts.n; i++)
		if (dict_get(&c->hosts, ip_print(&hosts.v[i].lo, text)))
			return false;
	return true;
}

/* Puts P, whose single addresses are HOSTS on SIDE, into a crowd, if one can say it. */
static bool crowd_up(struct sieve *s, struct sieved *p, const struct sieve_rule *rule, struct side side,
	struct tss hosts, struct tss other)
{
	struct crowd *c = is_crowd(hosts, other) ? crowd_of(s, rule, side, &other.v[0]) : NULL;
	char text[IP_TEXT];

	if (!c || !has_place(c, hosts) || pairs_add(s->netlink, s->name, c->name, hosts, (struct tss){ 0 }))
		return false;
	p->crowd = c;
	p->hosts = tss_copy(&p->arena, hosts);
	for (unsigned i = 0; i < hosts.n; i++)
		dict_put(&c->hosts, arena_str(&p->arena, ip_print(&hosts.v[i].lo, text)), p);
	return true;
}

/* Puts P into a set, if one can say it. */
static bool pair_up(struct sieve *s, struct sieved *p, const struct sieve_rule *rule, struct tss sources,
	struct tss destinations)
{
	bool can = s->netlink && pairs_can(sources, destinations);
	struct basket *b;
	struct set *set;

	if (can && (crowd_up(s, p, rule, from, sources, destinations) ||
			   crowd_up(s, p, rule, to, destinations, sources)))
		return true;
	b = can ? basket_of(s, rule) : NULL;
	if (!b)
		return false;
	set = sources.v[0].lo.v == 4 ? &b->v4 : &b->v6;
	if (!has_room(set, sources, destinations) ||
		pairs_add(s->netlink, s->name, set->name, sources, destinations))
		return false;
	p->set = set;
	p->sources = tss_copy(&p->arena, sources);
	p->destinations = tss_copy(&p->arena, destinations);
	list_append(&set->holds, &p->in_set);
	return true;
}

static void unpair(struct sieve *s, const struct sieved *p)
{
	const char *set = p->crowd ? p->crowd->name : p->set->name;

	if (p->crowd ? pairs_del(s->netlink, s->name, set, p->hosts, (struct tss){ 0 })
		     : pairs_del(s->netlink, s->name, set, p->sources, p->destinations))
		log_say(LOG_WARN, "guard",
			"nftables will not take addresses out of the set %s of table %s: %s", set, s->name,
			netlink_reason(s->netlink));
}

static void refused(
	struct text *why, const struct sieve *s, const struct sieve_rule *rule, const char *nftables_say)
{
	text_add(why,
		"nftables refuse a rule in the table %s (%s): %s; if another program has removed the table "
		"(\"flush ruleset\" does), restart ikev2d",
		s->name, nftables_say, rule->lost);
}

/* Gives P a slot. */
static enum err slot_up(struct sieve *s, struct sieved *p, const struct sieve_rule *rule, struct tss sources,
	struct tss destinations, struct tss except, struct text *why)
{
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);
	struct slot *slot = slot_take(s, rule->chain, &commands);
	bool ok;

	slot_fill(&commands, s->name, slot->number, rule, sources, destinations, except);
	ok = nft_run(s->nft, text_str(&commands), &said);
	if (ok) {
		slot->has_chains = true;
		p->slot = slot;
	} else {
		list_append(&slot->holder->free, &slot->free);
		refused(why, s, rule, text_str(&said));
	}
	arena_free(&scratch);
	return ok ? ERR_OK : ERR_SYSTEM;
}

static void sieved_free(struct sieved *p)
{
	char text[IP_TEXT];

	for (unsigned i = 0; i < p->hosts.n; i++)
		dict_take(&p->crowd->hosts, ip_print(&p->hosts.v[i].lo, text));
	list_remove(&p->in_set);
	arena_free(&p->arena);
	free(p);
}

/* What is kept of them, at most: the words, the selectors, and the text of an address of a crowd. */
static size_t kept_of(const char *says, struct tss sources, struct tss destinations)
{
	return arena_octets(strlen(says) + 1) + arena_octets(sources.n * sizeof *sources.v) +
	       arena_octets(destinations.n * sizeof *destinations.v);
}

/* Makes what nobody wants yet. */
static enum err make(struct sieve *s, const char *says, const struct sieve_rule *rule, struct tss sources,
	struct tss destinations, struct tss except, struct sieved **out, struct text *why)
{
	struct sieved *p = calloc(1, sizeof *p);
	enum err e = ERR_OK;

	if (!p)
		abort();
	list_init(&p->in_set);
	arena_expect(&p->arena, kept_of(says, sources, destinations));
	if (except.n || !pair_up(s, p, rule, sources, destinations))
		e = slot_up(s, p, rule, sources, destinations, except, why);
	if (e) {
		sieved_free(p);
		return e;
	}
	p->says = arena_str(&p->arena, says);
	dict_put(&s->put, p->says, p);
	*out = p;
	return ERR_OK;
}

/* Another program may have removed the table, and what RULE says with it. */
static enum err still_there(struct sieve *s, const struct sieve_rule *rule, struct text *why)
{
	if (!s->netlink || !pairs_table(s->netlink, s->name))
		return ERR_OK;
	refused(why, s, rule, netlink_reason(s->netlink));
	return ERR_SYSTEM;
}

enum err sieve_put(struct sieve *s, const struct sieve_rule *rule, struct tss sources,
	struct tss destinations, struct tss except, struct sieved **out, struct text *why)
{
	struct arena scratch = { 0 };
	const char *says = arena_printf(&scratch, "%s\n%s\n%s\n%s", words_of(rule, &scratch),
		tss_print(sources, &scratch), tss_print(destinations, &scratch), tss_print(except, &scratch));
	struct sieved *p = dict_get(&s->put, says);
	enum err e =
		p ? still_there(s, rule, why) : make(s, says, rule, sources, destinations, except, &p, why);

	if (!e) {
		p->owners++;
		*out = p;
	}
	arena_free(&scratch);
	return e;
}

/* One owner less of P; true when that was the last one. */
static bool disown(struct sieve *s, struct sieved *p)
{
	if (--p->owners)
		return false;
	dict_take(&s->put, p->says);
	return true;
}

void sieve_forget(struct sieve *s, struct sieved *p)
{
	if (p && disown(s, p))
		sieved_free(p);
}

void sieve_take(struct sieve *s, struct sieved *p)
{
	if (!disown(s, p))
		return;
	if (p->slot)
		slot_give(s, p->slot);
	else
		unpair(s, p);
	sieved_free(p);
}

enum err sieve_remove(const char *name, struct text *why)
{
	struct nft *nft = nft_open(why);
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch);
	bool ok;

	/* Deleting what is not there would be an error; adding what is there is none. */
	text_add(&commands, "add table inet %s\ndelete table inet %s\n", name, name);
	ok = nft && nft_run(nft, text_str(&commands), why);
	nft_close(nft);
	arena_free(&scratch);
	return ok ? ERR_OK : ERR_SYSTEM;
}
