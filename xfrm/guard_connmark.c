/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers that the kernel cannot tell apart by addresses, as two clients behind one NAT: an inbound packet gets
 * the mark of its SA by the SPI, before it is opened; the connection that the packet inside belongs to keeps
 * it, and answers get it back before they look for their policy. */
#include "xfrm/guard_state.h"

#include "base/log.h"

#include <stdlib.h>

struct marked {
	uint32_t spi, in, out;
};

/* -150 is where marks are set, before routes and policies are chosen. The SPI is behind UDP's header. */
static void chains(struct text *t, const struct guard *g)
{
	const char *name = sieve_name(g->sieve);

	text_add(t, "add map inet %s spis { typeof esp spi : meta mark; }\n", name);
	text_add(t, "add map inet %s answers { type mark : mark; }\n", name);
	text_add(t, "add set inet %s marks { type mark; }\n", name);
	text_add(t,
		"add chain inet %s marked-in { type filter hook prerouting priority -150; policy accept; }\n",
		name);
	text_add(t, "add rule inet %s marked-in meta mark set esp spi map @spis\n", name);
	text_add(t, "add rule inet %s marked-in udp dport %u meta mark set @th,64,32 map @spis\n", name,
		g->nat_port);
	text_add(
		t, "add rule inet %s marked-in meta ipsec exists ct mark set meta mark map @answers\n", name);
	text_add(t, "add rule inet %s marked-in meta ipsec missing ct mark @marks meta mark set ct mark\n",
		name);
	text_add(t, "add chain inet %s marked-out { type route hook output priority -150; policy accept; }\n",
		name);
	text_add(t, "add rule inet %s marked-out meta mark 0 ct mark @marks meta mark set ct mark\n", name);
}

static enum err begin(struct guard *g, struct text *why)
{
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);

	chains(&commands, g);
	g->marking = g->marking || sieve_run(g->sieve, text_str(&commands), &said);
	if (!g->marking)
		text_add(why,
			"nftables will not make the chains for connmark (%s): does the kernel have "
			"connection "
			"tracking (modprobe nf_conntrack nft_ct)?",
			text_str(&said));
	arena_free(&scratch);
	return g->marking ? ERR_OK : ERR_UNSUPPORTED;
}

enum err guard_connmark_add(
	struct guard *g, uint32_t id, uint32_t spi, uint32_t in, uint32_t out, struct text *why)
{
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);
	const char *name = sieve_name(g->sieve);
	struct marked *m;
	enum err e = begin(g, why);

	text_add(&commands, "add element inet %s spis { %u : %u }\n", name, spi, in);
	text_add(&commands, "add element inet %s answers { %u : %u }\n", name, in, out);
	text_add(&commands, "add element inet %s marks { %u }\n", name, out);
	if (!e && !sieve_run(g->sieve, text_str(&commands), &said)) {
		text_add(why, "nftables refuse the mark %u (%s)", in, text_str(&said));
		e = ERR_SYSTEM;
	}
	arena_free(&scratch);
	if (e)
		return e;
	m = malloc(sizeof *m);
	if (!m)
		abort();
	*m = (struct marked){ spi, in, out };
	map_put(&g->marked, id, m);
	return ERR_OK;
}

/* Several SAs may have a mark: one that is being replaced, and the next. */
static bool has_in(const struct guard *g, uint32_t in)
{
	const struct marked *m;

	for (size_t at = 0; (m = map_next(&g->marked, &at));)
		if (m->in == in)
			return true;
	return false;
}

static bool has_out(const struct guard *g, uint32_t out)
{
	const struct marked *m;

	for (size_t at = 0; (m = map_next(&g->marked, &at));)
		if (m->out == out)
			return true;
	return false;
}

void guard_connmark_del(struct guard *g, uint32_t id)
{
	struct marked *m = map_take(&g->marked, id);
	struct arena scratch = { 0 };
	struct text commands = text_in(&scratch), said = text_in(&scratch);
	const char *name = sieve_name(g->sieve);

	if (!m)
		return;
	text_add(&commands, "delete element inet %s spis { %u }\n", name, m->spi);
	if (!has_in(g, m->in))
		text_add(&commands, "delete element inet %s answers { %u }\n", name, m->in);
	if (!has_out(g, m->out))
		text_add(&commands, "delete element inet %s marks { %u }\n", name, m->out);
	if (!sieve_run(g->sieve, text_str(&commands), &said))
		log_say(LOG_WARN, "guard", "nftables will not take the mark %u out of table %s: %s", m->in,
			name, text_str(&said));
	free(m);
	arena_free(&scratch);
}

void guard_connmark_close(struct guard *g)
{
	struct marked *m;

	for (size_t at = 0; (m = map_next(&g->marked, &at));)
		free(m);
	map_free(&g->marked);
}
