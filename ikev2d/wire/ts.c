/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic Selector payloads (RFC 7296, 3.13). */
#include "wire/payload.h"

enum {
	TS_IPV4_ADDR_RANGE = 7,
	TS_IPV6_ADDR_RANGE = 8,
	RESERVED = 3,
};

/* Octets of an address in a selector of TYPE; 0 for a type we do not know. */
static size_t address_size(uint8_t type)
{
	switch (type) {
	case TS_IPV4_ADDR_RANGE: return 4;
	case TS_IPV6_ADDR_RANGE: return 16;
	default: return 0;
	}
}

static void address_get(struct rd *r, size_t size, struct ip *out)
{
	if (ip_from(rd_bytes(r, size), out))
		r->bad = true;
}

/* From 65535 to 0 means OPAQUE, the only range that may run backwards. */
static bool selector_fits(const struct ts *ts)
{
	bool opaque = ts->port_lo == 65535 && !ts->port_hi;

	return ip_cmp(&ts->lo, &ts->hi) <= 0 && (ts->port_lo <= ts->port_hi || opaque);
}

/* Reads one selector; false when its type is not known: it is left out then, which narrows (RFC 7296, 2.9).
 */
static bool selector_get(struct rd *r, struct ts *out)
{
	struct wire_piece piece = wire_piece_get(r);
	size_t size = address_size(piece.a);

	if (!size)
		return false;
	*out = (struct ts){ .proto = piece.b };
	out->port_lo = rd_u16(&piece.body);
	out->port_hi = rd_u16(&piece.body);
	address_get(&piece.body, size, &out->lo);
	address_get(&piece.body, size, &out->hi);
	wire_piece_done(&piece, r);
	if (!selector_fits(out))
		r->bad = true;
	return true;
}

static struct tss selectors_get(struct rd *r, struct arena *arena)
{
	unsigned count = rd_u8(r), n = 0;
	struct ts *v = ARENA_ARRAY(arena, count, struct ts);

	rd_bytes(r, RESERVED);
	for (unsigned i = 0; i < count && !r->bad; i++)
		n += selector_get(r, &v[n]);
	return (struct tss){ v, n };
}

static void selector_put(const struct ts *ts, struct wr *w)
{
	size_t at = wire_piece_put(w, ts->lo.v == 4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE, ts->proto);

	if (!ip_size(&ts->lo) || ts->lo.v != ts->hi.v)
		w->bad = true;
	wr_u16(w, ts->port_lo);
	wr_u16(w, ts->port_hi);
	wr_bytes(w, ip_bytes(&ts->lo));
	wr_bytes(w, ip_bytes(&ts->hi));
	wire_piece_end(w, at);
}

static void selectors_put(struct tss set, struct wr *w)
{
	if (set.n > TS_MAX)
		w->bad = true;
	wr_u8(w, (uint8_t)set.n);
	wr_zero(w, RESERVED);
	for (unsigned i = 0; i < set.n; i++)
		selector_put(&set.v[i], w);
}

void wire_tsi_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	out->tsi = selectors_get(r, at->arena);
}

void wire_tsr_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	out->tsr = selectors_get(r, at->arena);
}

void wire_tsi_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	selectors_put(m->tsi, w);
}

void wire_tsr_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	selectors_put(m->tsr, w);
}
