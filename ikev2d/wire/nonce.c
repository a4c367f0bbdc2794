/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nonce payload (RFC 7296, 3.9). */
#include "wire/payload.h"

void wire_nonce_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	(void)at;
	out->nonce = rd_rest(r);
	if (out->nonce.n < NONCE_MIN || out->nonce.n > NONCE_MAX)
		r->bad = true;
}

void wire_nonce_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	wr_bytes(w, m->nonce);
}
