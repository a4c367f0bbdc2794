/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with packets that are forwarded out of tunnels and into them. */
#include "xfrm/guard_state.h"

#include <stdlib.h>

enum {
	PIECES = 10, /* two families, each with its source NAT, two directions of sizes and of privacy */
	IP4_TCP = 40,
	IP6_TCP = 60, /* octets of both headers */
};

struct forwarded {
	struct sieved *pieces[PIECES];
	unsigned n;
};

/* Nothing that goes into a tunnel gets another source. "rt ipsec" is what the kernel's policies protect. */
static void chains(struct text *t, const char *name, uint32_t group, bool policies)
{
	text_add(
		t, "add chain inet %s nat { type nat hook postrouting priority 90; policy accept; }\n", name);
	text_add(t, "add rule inet %s nat oifname lo accept\n", name);
	text_add(t, "add rule inet %s nat oifgroup %u accept\n", name, group);
	if (policies)
		text_add(t, "add rule inet %s nat rt ipsec exists accept\n", name);
	text_add(t, "add chain inet %s between\n", name);
	text_add(t, "add chain inet %s fit { type filter hook forward priority -150; policy accept; }\n",
		name);
	text_add(t, "add chain inet %s through { type filter hook forward priority -10; policy accept; }\n",
		name);
}

/* A kernel without policies does not know what "rt ipsec" is. */
static enum err begin(struct guard *g, struct text *why)
{
	struct arena scratch = { 0 };
	struct text said = text_in(&scratch);

	for (int policies = 1; policies >= 0 && !g->forwarding; policies--) {
		struct text commands = text_in(&scratch);

		said = text_in(&scratch);
		chains(&commands, sieve_name(g->sieve), g->group, policies);
		g->forwarding = sieve_run(g->sieve, text_str(&commands), &said);
	}
	if (!g->forwarding)
		text_add(why,
			"nftables will not make the chains for forward, client_to_client and mss (%s): does "
			"the kernel have nf_tables with NAT (modprobe nft_chain_nat nft_masq)?",
			text_str(&said));
	arena_free(&scratch);
	return g->forwarding ? ERR_OK : ERR_UNSUPPORTED;
}

static enum err piece(struct guard *g, struct forwarded *f, const struct sieve_rule *rule, struct tss sources,
	struct tss destinations, struct text *why)
{
	enum err e =
		sieve_put(g->sieve, rule, sources, destinations, (struct tss){ 0 }, &f->pieces[f->n], why);

	f->n += !e;
	return e;
}

static enum err translate(
	struct guard *g, struct forwarded *f, struct tss local, struct tss remote, struct text *why)
{
	static const struct sieve_rule rule = { "nat", "", "masquerade",
		"what comes out of the tunnel gets no source of ours" };

	return piece(g, f, &rule, remote, local, why);
}

/* Out of one tunnel whose clients are kept apart, and into another. */
static enum err keep_apart(
	struct guard *g, struct forwarded *f, struct tss local, struct tss remote, struct text *why)
{
	static const struct sieve_rule first = { "through", "", "jump between",
		"clients are not kept apart" };
	static const struct sieve_rule second = { "between", "", "counter drop",
		"clients are not kept apart" };
	enum err e = piece(g, f, &first, remote, local, why);

	return e ? e : piece(g, f, &second, local, remote, why);
}

/* Both ways, for each side says in its SYN what it takes. */
static enum err clamp(struct guard *g, struct forwarded *f, unsigned size, struct tss local,
	struct tss remote, struct text *why)
{
	struct arena scratch = { 0 };
	const struct sieve_rule rule = {
		.chain = "fit",
		.only = arena_printf(
			&scratch, "tcp flags & (syn | rst) == syn tcp option maxseg size > %u ", size),
		.verdict = arena_printf(&scratch, "tcp option maxseg size set %u", size),
		.lost = "TCP is not told the size of the tunnel",
	};
	enum err e = piece(g, f, &rule, remote, local, why);

	if (!e)
		e = piece(g, f, &rule, local, remote, why);
	arena_free(&scratch);
	return e;
}

static unsigned size_of(const struct guard_forward *how, uint8_t v)
{
	unsigned headers = v == 4 ? IP4_TCP : IP6_TCP;

	return how->mss ? how->mss : how->mtu > headers ? how->mtu - headers : 0;
}

static void take(struct guard *g, struct forwarded *f)
{
	while (f->n > 0)
		sieve_take(g->sieve, f->pieces[--f->n]);
	free(f);
}

enum err guard_forward_add(struct guard *g, uint32_t id, const struct guard_forward *how, struct tss local,
	struct tss remote, struct text *why)
{
	struct forwarded *f = calloc(1, sizeof *f);
	struct arena scratch = { 0 };
	enum err e = begin(g, why);

	if (!f)
		abort();
	for (uint8_t v = 4; v <= 6 && !e; v += 2) {
		struct tss l = guard_of_family(local, v, &scratch), r = guard_of_family(remote, v, &scratch);

		if (!l.n || !r.n)
			continue;
		if (how->nat)
			e = translate(g, f, l, r, why);
		if (!e && how->apart)
			e = keep_apart(g, f, l, r, why);
		if (!e && size_of(how, v))
			e = clamp(g, f, size_of(how, v), l, r, why);
	}
	if (e)
		take(g, f);
	else
		map_put(&g->forwards, id, f);
	arena_free(&scratch);
	return e;
}

void guard_forward_del(struct guard *g, uint32_t id)
{
	struct forwarded *f = map_take(&g->forwards, id);

	if (f)
		take(g, f);
}

void guard_forward_close(struct guard *g)
{
	struct forwarded *f;

	for (size_t at = 0; (f = map_next(&g->forwards, &at));) {
		while (f->n > 0)
			sieve_forget(g->sieve, f->pieces[--f->n]);
		free(f);
	}
	map_free(&g->forwards);
}
