/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identification payloads (RFC 7296, 3.5). */
#include "wire/payload.h"

enum { RESERVED = 3 };

/* What stands for many must not come from outside: somebody would be confirmed by a certificate that is not
 * about him, and expressions are bounded in configurations only. */
static bool id_fits(const struct id *id)
{
	switch (id->type) {
	case ID_ANY: return false;
	case ID_IPV4_ADDR: return id->data.n == 4;
	case ID_IPV6_ADDR: return id->data.n == 16;
	default: return !id_is_pattern(id);
	}
}

static void id_get(struct rd *r, struct id *out)
{
	out->type = rd_u8(r);
	rd_bytes(r, RESERVED);
	out->data = rd_rest(r);
	if (!id_fits(out))
		r->bad = true;
}

static void id_put(const struct id *id, struct wr *w)
{
	wr_u8(w, id->type);
	wr_zero(w, RESERVED);
	wr_bytes(w, id->data);
}

void wire_idi_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	(void)at;
	id_get(r, &out->idi);
}

void wire_idr_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	(void)at;
	id_get(r, &out->idr);
}

void wire_idi_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	id_put(&m->idi, w);
}

void wire_idr_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	id_put(&m->idr, w);
}
