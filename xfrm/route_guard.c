/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of nftables that belongs to a struct route: made when the first asks for it. */
#include "xfrm/route_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* Under a name that no predecessor's has. */
static enum err guard_begin(struct route *r, struct text *why)
{
	char thing[JOURNAL_THING];
	unsigned n = 0;
	bool first;
	enum err e;

	do
		snprintf(thing, sizeof thing, "nftables ikev2d-%d.%u", (int)getpid(), n++);
	while (journal_has(r->journal, thing));
	e = journal_take(r->journal, thing, &first, why);
	if (e)
		return e;
	e = guard_open(strchr(thing, ' ') + 1, r->ports, r->mark, &r->guard, why);
	if (e)
		route_never_mind(r, thing, false);
	return e;
}

enum err route_guard_add(
	struct route *r, uint32_t id, const char *dev, struct tss local, struct tss remote, struct text *why)
{
	enum err e = r->guard ? ERR_OK : guard_begin(r, why);

	return e ? e : guard_add(r->guard, id, dev, local, remote, why);
}

void route_guard_del(struct route *r, uint32_t id)
{
	if (r->guard)
		guard_del(r->guard, id);
}

enum err route_shunt_add(struct route *r, uint32_t id, enum guard_shunt what, struct tss local,
	struct tss remote, struct text *why)
{
	enum err e = r->guard ? ERR_OK : guard_begin(r, why);

	return e ? e : guard_shunt_add(r->guard, id, what, local, remote, why);
}

void route_shunt_del(struct route *r, uint32_t id)
{
	if (r->guard)
		guard_shunt_del(r->guard, id);
}

enum err route_forward_add(struct route *r, uint32_t id, const struct guard_forward *how, struct tss local,
	struct tss remote, struct text *why)
{
	enum err e = r->guard ? ERR_OK : guard_begin(r, why);

	return e ? e : guard_forward_add(r->guard, id, how, local, remote, why);
}

void route_forward_del(struct route *r, uint32_t id)
{
	if (r->guard)
		guard_forward_del(r->guard, id);
}

enum err route_bar_add(struct route *r, uint32_t id, uint32_t user, struct tss remote, struct text *why)
{
	enum err e = r->guard ? ERR_OK : guard_begin(r, why);

	return e ? e : guard_bar_add(r->guard, id, user, remote, why);
}

void route_bar_del(struct route *r, uint32_t id)
{
	if (r->guard)
		guard_bar_del(r->guard, id);
}

/* Names may have anything in them, and be of any length. */
static void closed_thing(const char *name, char thing[JOURNAL_THING])
{
	snprintf(thing, JOURNAL_THING, "closed %016" PRIx64, bytes_hash(BYTES_HASH, bytes_str(name)));
}

enum err route_closed_note(struct route *r, const char *name, struct text *why)
{
	char thing[JOURNAL_THING];
	bool first;

	closed_thing(name, thing);
	return journal_take(r->journal, thing, &first, why);
}

void route_closed_forget(struct route *r, const char *name)
{
	char thing[JOURNAL_THING];

	closed_thing(name, thing);
	route_let_go(r, thing);
}

bool route_closed(const struct route *r, const char *name)
{
	char thing[JOURNAL_THING];

	closed_thing(name, thing);
	return journal_has(r->journal, thing);
}

enum err route_connmark_add(
	struct route *r, uint32_t id, uint32_t spi, uint32_t in, uint32_t out, struct text *why)
{
	enum err e = r->guard ? ERR_OK : guard_begin(r, why);

	return e ? e : guard_connmark_add(r->guard, id, spi, in, out, why);
}

void route_connmark_del(struct route *r, uint32_t id)
{
	if (r->guard)
		guard_connmark_del(r->guard, id);
}
