/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bar before everything that leaves in the clear for some destinations. It stands whether the tunnel is up
 * or down, and knows what a tunnel carries by where it goes. */
#include "xfrm/guard_state.h"

/* A chain at HOOK, behind all that changes ways and marks, and what goes on from there in any case. */
static void chain_begin(
	struct text *t, const struct guard *g, const char *chain, const char *hook, bool policies)
{
	const char *name = sieve_name(g->sieve);

	text_add(t, "add chain inet %s %s { type filter hook %s priority 200; policy accept; }\n", name,
		chain, hook);
	text_add(t, "add rule inet %s %s oifname lo accept\n", name, chain);
	text_add(t, "add rule inet %s %s oifgroup %u accept\n", name, chain, g->group);
	if (policies)
		text_add(t, "add rule inet %s %s rt ipsec exists accept\n", name, chain);
	guard_always_accepted(t, name, chain);
}

/* What shunts let pass, and the answers to it, if this machine only forwards them. */
static void chain_end(struct text *t, const struct guard *g, const char *chain)
{
	static const char *const jumps[] = { "pass-out", "pass-in", "bar" };

	for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++)
		text_add(t, "add rule inet %s %s jump %s\n", sieve_name(g->sieve), chain, jumps[i]);
}

/* Marked are our sockets' packets, on both paths; ESP and AH of the kernel's have their protocols, or our
 * port, which nobody else can have. DHCP keeps the address that the tunnel leaves from. */
static void chain_out(struct text *t, const struct guard *g, uint32_t user, bool policies)
{
	const char *name = sieve_name(g->sieve);

	chain_begin(t, g, "bar-out", "output", policies);
	text_add(t, "add rule inet %s bar-out meta mark %u accept\n", name, g->group);
	text_add(t, "add rule inet %s bar-out meta l4proto { 50, 51 } accept\n", name);
	text_add(t, "add rule inet %s bar-out udp sport %u accept\n", name, g->nat_port);
	text_add(t, "add rule inet %s bar-out udp sport 68 udp dport 67 accept\n", name);
	text_add(t, "add rule inet %s bar-out udp sport 546 udp dport 547 accept\n", name);
	if (user)
		text_add(t, "add rule inet %s bar-out meta skuid %u accept\n", name, user);
	chain_end(t, g, "bar-out");
}

/* What comes out of a tunnel is for somebody here. */
static void chain_through(struct text *t, const struct guard *g, bool policies)
{
	const char *name = sieve_name(g->sieve);

	chain_begin(t, g, "bar-through", "forward", policies);
	text_add(t, "add rule inet %s bar-through iifgroup %u accept\n", name, g->group);
	if (policies)
		text_add(t, "add rule inet %s bar-through meta ipsec exists accept\n", name);
	chain_end(t, g, "bar-through");
}

/* A kernel without policies does not know what "ipsec" is. */
static enum err begin(struct guard *g, uint32_t user, struct text *why)
{
	struct arena scratch = { 0 };
	struct text said = text_in(&scratch);

	for (int policies = 1; policies >= 0 && !g->barred; policies--) {
		struct text commands = text_in(&scratch);

		said = text_in(&scratch);
		text_add(&commands, "add chain inet %s bar\n", sieve_name(g->sieve));
		chain_out(&commands, g, user, policies);
		chain_through(&commands, g, policies);
		g->barred = sieve_run(g->sieve, text_str(&commands), &said);
	}
	if (!g->barred)
		text_add(why, "nftables will not make the chains for kill_switch (%s)", text_str(&said));
	arena_free(&scratch);
	return g->barred ? ERR_OK : ERR_UNSUPPORTED;
}

static uint64_t bar_key(uint32_t id, uint8_t v)
{
	return (uint64_t)id << 1 | (v == 6);
}

enum err guard_bar_add(struct guard *g, uint32_t id, uint32_t user, struct tss remote, struct text *why)
{
	static const struct sieve_rule rule = { "bar", "", "counter drop",
		"packets that are to go into a tunnel may go in the clear" };
	enum err e = begin(g, user, why);

	for (uint8_t v = 4; v <= 6 && !e; v += 2) {
		struct arena scratch = { 0 };
		struct ts from = ts_every(v);
		struct tss to = guard_of_family(remote, v, &scratch);
		struct sieved *piece;

		if (to.n)
			e = sieve_put(g->sieve, &rule, (struct tss){ &from, 1 }, to, (struct tss){ 0 },
				&piece, why);
		if (to.n && !e)
			map_put(&g->bars, bar_key(id, v), piece);
		arena_free(&scratch);
	}
	if (e)
		guard_bar_del(g, id);
	return e;
}

void guard_bar_del(struct guard *g, uint32_t id)
{
	for (uint8_t v = 4; v <= 6; v += 2) {
		struct sieved *piece = map_take(&g->bars, bar_key(id, v));

		if (piece)
			sieve_take(g->sieve, piece);
	}
}

void guard_bar_close(struct guard *g)
{
	struct sieved *piece;

	for (size_t at = 0; (piece = map_next(&g->bars, &at));)
		sieve_forget(g->sieve, piece);
	map_free(&g->bars);
}
