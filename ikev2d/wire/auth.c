/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Authentication payload (RFC 7296, 3.8). */
#include "wire/payload.h"

enum { RESERVED = 3 };

void wire_auth_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	(void)at;
	out->auth.method = rd_u8(r);
	rd_bytes(r, RESERVED);
	out->auth.data = rd_rest(r);
}

void wire_auth_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	wr_u8(w, m->auth.method);
	wr_zero(w, RESERVED);
	wr_bytes(w, m->auth.data);
}
