/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bar before everything that leaves in the clear for some destinations. It stands whether the tunnel is up
 * or down, and knows what a tunnel carries by where it goes. */
#include "xfrm/guard_state.h"

/* Behind what drops for shunts (-310). Marked are our sockets' packets, on both paths; ESP of the kernel's
 * has its protocol, or our port, which nobody else can have. DHCP keeps the address that the tunnel leaves
 * from. */
static void chain(struct text *t, const struct guard *g, uint32_t user, bool policies)
{
	const char *name = sieve_name(g->sieve);

	text_add(t, "add chain inet %s bar { type filter hook postrouting priority -309; policy accept; }\n",
		name);
	text_add(t, "add rule inet %s bar oifname lo accept\n", name);
	text_add(t, "add rule inet %s bar oifgroup %u accept\n", name, g->group);
	text_add(t, "add rule inet %s bar iifgroup %u accept\n", name, g->group);
	text_add(t, "add rule inet %s bar meta mark %u accept\n", name, g->group);
	if (policies)
		text_add(t,
			"add rule inet %s bar rt ipsec exists accept\nadd rule inet %s bar meta ipsec exists "
			"accept\n",
			name, name);
	text_add(t, "add rule inet %s bar meta l4proto 50 accept\n", name);
	text_add(t, "add rule inet %s bar udp sport %u accept\n", name, g->nat_port);
	text_add(t, "add rule inet %s bar udp sport 68 udp dport 67 accept\n", name);
	text_add(t, "add rule inet %s bar udp sport 546 udp dport 547 accept\n", name);
	if (user)
		text_add(t, "add rule inet %s bar meta skuid %u accept\n", name, user);
	guard_always_accepted(t, name, "bar");
	/* The answers to what passes, too, if this machine only forwards them. */
	text_add(t, "add rule inet %s bar jump pass-out\n", name);
	text_add(t, "add rule inet %s bar jump pass-in\n", name);
}

/* A kernel without policies does not know what "ipsec" is. */
static enum err begin(struct guard *g, uint32_t user, struct text *why)
{
	struct arena scratch = { 0 };
	struct text said = text_in(&scratch);

	for (int policies = 1; policies >= 0 && !g->barred; policies--) {
		struct text commands = text_in(&scratch);

		said = text_in(&scratch);
		chain(&commands, g, user, policies);
		g->barred = sieve_run(g->sieve, text_str(&commands), &said);
	}
	if (!g->barred)
		text_add(why, "nftables will not make the chain for kill_switch (%s)", text_str(&said));
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
		sieve_forget(piece);
	map_free(&g->bars);
}
