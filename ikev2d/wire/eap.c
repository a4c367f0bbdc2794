/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extensible Authentication payload (RFC 7296, 3.16): an EAP packet, which is not ours to read. */
#include "wire/payload.h"

void wire_eap_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	(void)at;
	out->eap = rd_rest(r);
}

void wire_eap_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	wr_bytes(w, m->eap);
}
