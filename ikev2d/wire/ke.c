/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key Exchange payload (RFC 7296, 3.4). */
#include "wire/payload.h"

void wire_ke_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	(void)at;
	out->ke.group = rd_u16(r);
	rd_u16(r);
	out->ke.data = rd_rest(r);
}

void wire_ke_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	wr_u16(w, m->ke.group);
	wr_u16(w, 0);
	wr_bytes(w, m->ke.data);
}
