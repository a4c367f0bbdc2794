/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration payload (RFC 7296, 3.15). */
#include "wire/payload.h"

enum { RESERVED = 3 };

/* Steps over the attributes: each is its type, the length of its value, and the value. */
static void attributes_check(struct rd *r)
{
	while (r->n) {
		rd_u16(r);
		rd_bytes(r, rd_u16(r));
	}
}

void wire_cp_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	struct rd attributes;

	(void)at;
	out->cp.type = rd_u8(r);
	rd_bytes(r, RESERVED);
	attributes = *r;
	out->cp.attributes = rd_rest(r);
	attributes_check(&attributes);
	if (attributes.bad)
		r->bad = true;
}

void wire_cp_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	wr_u8(w, m->cp.type);
	wr_zero(w, RESERVED);
	wr_bytes(w, m->cp.attributes);
}
