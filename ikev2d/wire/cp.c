/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration payload (RFC 7296, 3.15). */
#include "wire/payload.h"

enum { RESERVED = 3, ATTRIBUTE_TYPE = 0x7fff /* the bit before it says nothing */ };

bool cp_next(struct rd *attributes, uint16_t *type, struct bytes *value)
{
	if (!attributes->n)
		return false;
	*type = rd_u16(attributes) & ATTRIBUTE_TYPE;
	*value = rd_bytes(attributes, rd_u16(attributes));
	return !attributes->bad;
}

void cp_put(struct wr *attributes, uint16_t type, struct bytes value)
{
	wr_u16(attributes, type);
	wr_u16(attributes, (uint16_t)value.n);
	wr_bytes(attributes, value);
	if (value.n > UINT16_MAX)
		attributes->bad = true;
}

void wire_cp_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	struct rd attributes;
	struct bytes value;
	uint16_t type;

	(void)at;
	out->cp.type = rd_u8(r);
	rd_bytes(r, RESERVED);
	attributes = *r;
	out->cp.attributes = rd_rest(r);
	while (cp_next(&attributes, &type, &value))
		;
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
