/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table against clear packets. */
#include "xfrm/guard_state.h"

#include "xfrm/ours.h"

#include <stdlib.h>

/* Chains that others jump to. */
static const char *const chains[] = { "pass-in", "pass-out", "drop-in", "drop-out" };

struct guarded {
	unsigned owners;
	struct sieved *dropped[2]; /* a set holds one family */
	unsigned n;
};

void guard_always_accepted(struct text *t, const char *name, const char *chain)
{
	text_add(t, "add rule inet %s %s icmp type 3 icmp code 4 accept\n", name, chain);
	text_add(t, "add rule inet %s %s icmpv6 type { 2, 133-137 } accept\n", name, chain);
	text_add(t, "add rule inet %s %s ip6 saddr fe80::/10 accept\n", name, chain);
	text_add(t, "add rule inet %s %s ip6 daddr { fe80::/10, ff00::/8 } accept\n", name, chain);
}

/* -310 is before connection tracking and raw rules. What shunts drop is not what the kernel has opened. */
static void chains_in(
	struct text *t, const char *name, const uint16_t ports[2], uint32_t group, bool policies)
{
	text_add(t, "add chain inet %s guard { type filter hook prerouting priority -310; policy accept; }\n",
		name);
	text_add(t, "add rule inet %s guard iifname lo accept\n", name);
	text_add(t, "add rule inet %s guard meta l4proto { 50, 51 } accept\n", name);
	text_add(t, "add rule inet %s guard udp dport %u accept\n", name, ports[0]);
	text_add(t, "add rule inet %s guard udp dport %u accept\n", name, ports[1]);
	guard_always_accepted(t, name, "guard");
	text_add(t, "add rule inet %s guard jump pass-in\n", name);
	text_add(t, "add rule inet %s guard iifgroup != %u %sjump drop-in\n", name, group,
		policies ? "meta ipsec missing " : "");
}

/* The kernel's path shows both here, with no mark: what it will protect, and then what it has, ESP in UDP
 * from our port, which nobody else here can have. */
static void chains_out(
	struct text *t, const char *name, const uint16_t ports[2], uint32_t mark, bool policies)
{
	text_add(t,
		"add chain inet %s leave { type filter hook postrouting priority -310; policy accept; }\n",
		name);
	text_add(t, "add rule inet %s leave oifname lo accept\n", name);
	text_add(t, "add rule inet %s leave oifgroup %u accept\n", name, mark);
	text_add(t, "add rule inet %s leave meta mark %u accept\n", name, mark);
	if (policies) {
		text_add(t, "add rule inet %s leave rt ipsec exists accept\n", name);
		text_add(t, "add rule inet %s leave meta l4proto { 50, 51 } fib saddr type local accept\n",
			name);
		text_add(t, "add rule inet %s leave udp sport %u fib saddr type local accept\n", name,
			ports[1]);
	}
	guard_always_accepted(t, name, "leave");
	text_add(t, "add rule inet %s leave jump pass-out\n", name);
	text_add(t, "add rule inet %s leave jump drop-out\n", name);
}

static void table(struct text *t, const char *name, const uint16_t ports[2], uint32_t mark, bool policies)
{
	/* create, unlike add, fails when there is one. */
	text_add(t, "create table inet %s\n", name);
	for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
		text_add(t, "add chain inet %s %s\n", name, chains[i]);
	chains_in(t, name, ports, mark, policies);
	chains_out(t, name, ports, mark, policies);
}

/* A kernel without policies does not know what "ipsec" is. */
static enum err table_open(
	const char *name, const uint16_t ports[2], uint32_t mark, struct sieve **out, struct text *said)
{
	enum err e = ERR_UNSUPPORTED;

	for (int policies = 1; policies >= 0 && e; policies--) {
		struct text commands = text_in(said->arena);

		*said = text_in(said->arena);
		table(&commands, name, ports, mark, policies);
		e = sieve_open(name, text_str(&commands), out, said);
	}
	return e;
}

enum err guard_open(
	const char *name, const uint16_t ports[2], uint32_t mark, struct guard **out, struct text *why)
{
	struct guard *g = calloc(1, sizeof *g);
	struct arena scratch = { 0 };
	struct text said = text_in(&scratch);
	enum err e;

	if (!g)
		abort();
	g->group = mark;
	g->nat_port = ports[1];
	e = table_open(name, ports, mark, &g->sieve, &said);
	if (e) {
		text_add(why,
			"nftables will not make the table %s (%s): clear packets that should have come "
			"through a tunnel are not dropped%s",
			name, text_str(&said),
			e == ERR_MISSING ? ""
					 : "; does the kernel have nf_tables, and ikev2d CAP_NET_ADMIN?");
		guard_close(g);
	} else {
		*out = g;
	}
	arena_free(&scratch);
	return e;
}

void guard_close(struct guard *g)
{
	struct guarded *p;
	struct sieved *s;

	if (!g)
		return;
	guard_forward_close(g);
	guard_bar_close(g);
	guard_connmark_close(g);
	for (size_t at = 0; (p = map_next(&g->policies, &at));) {
		while (p->n > 0)
			sieve_forget(g->sieve, p->dropped[--p->n]);
		free(p);
	}
	for (size_t at = 0; (s = map_next(&g->shunts, &at));)
		sieve_forget(g->sieve, s);
	map_free(&g->policies);
	map_free(&g->shunts);
	sieve_close(g->sieve);
	free(g);
}

static void unguard(struct guard *g, struct guarded *p)
{
	while (p->n > 0)
		sieve_take(g->sieve, p->dropped[--p->n]);
	free(p);
}

/* A new policy without owners; all or nothing. */
static enum err protect(struct guard *g, const char *dev, struct tss local, struct tss remote,
	struct guarded **out, struct text *why)
{
	struct arena scratch = { 0 };
	const struct sieve_rule rule = {
		.chain = "guard",
		.only = arena_printf(&scratch, "iifname != \"%s\" ", dev),
		.verdict = "counter drop",
		.lost = "clear packets of this policy are not dropped",
	};
	struct tss ours = ours_of(local, remote, &scratch);
	struct guarded *p = calloc(1, sizeof *p);
	enum err e = ERR_OK;

	if (!p)
		abort();
	for (uint8_t v = 4; v <= 6 && !e; v += 2) {
		struct tss l = guard_of_family(local, v, &scratch), r = guard_of_family(remote, v, &scratch);

		if (!l.n || !r.n)
			continue;
		e = sieve_put(
			g->sieve, &rule, r, l, guard_of_family(ours, v, &scratch), &p->dropped[p->n], why);
		p->n += !e;
	}
	if (e)
		unguard(g, p);
	else
		*out = p;
	arena_free(&scratch);
	return e;
}

enum err guard_add(
	struct guard *g, uint32_t id, const char *dev, struct tss local, struct tss remote, struct text *why)
{
	struct guarded *p = map_get(&g->policies, id);

	if (!p) {
		enum err e = protect(g, dev, local, remote, &p, why);

		if (e)
			return e;
		map_put(&g->policies, id, p);
	}
	p->owners++;
	return ERR_OK;
}

void guard_del(struct guard *g, uint32_t id)
{
	struct guarded *p = map_get(&g->policies, id);

	if (!p || --p->owners)
		return;
	map_take(&g->policies, id);
	unguard(g, p);
}

static uint64_t shunt_key(uint32_t id, bool out)
{
	return (uint64_t)id << 1 | out;
}

enum err guard_shunt_add(struct guard *g, uint32_t id, enum guard_shunt what, struct tss local,
	struct tss remote, struct text *why)
{
	static const struct sieve_rule rules[][2] = {
		[GUARD_PASS] = { { "pass-in", "", "accept", "its packets do not pass" },
			{ "pass-out", "", "accept", "its packets do not pass" } },
		[GUARD_DROP] = { { "drop-in", "", "counter drop", "its packets are not dropped" },
			{ "drop-out", "", "counter drop", "its packets are not dropped" } },
	};
	const struct tss none = { 0 };
	struct sieved *in, *out;
	enum err e;

	if (map_get(&g->shunts, shunt_key(id, false))) {
		text_add(why, "the shunt %u is there already", id);
		return ERR_EXISTS;
	}
	e = sieve_put(g->sieve, &rules[what][0], remote, local, none, &in, why);
	if (e)
		return e;
	e = sieve_put(g->sieve, &rules[what][1], local, remote, none, &out, why);
	if (e) {
		sieve_take(g->sieve, in);
		return e;
	}
	map_put(&g->shunts, shunt_key(id, false), in);
	map_put(&g->shunts, shunt_key(id, true), out);
	return ERR_OK;
}

void guard_shunt_del(struct guard *g, uint32_t id)
{
	for (int out = 0; out < 2; out++) {
		struct sieved *s = map_take(&g->shunts, shunt_key(id, out));

		if (s)
			sieve_take(g->sieve, s);
	}
}

struct tss guard_of_family(struct tss set, uint8_t v, struct arena *arena)
{
	struct ts *of = ARENA_ARRAY(arena, set.n, struct ts);
	unsigned n = 0;

	for (unsigned i = 0; i < set.n; i++)
		if (set.v[i].lo.v == v)
			of[n++] = set.v[i];
	return (struct tss){ of, n };
}

enum err guard_remove(const char *name, struct text *why)
{
	return sieve_remove(name, why);
}
