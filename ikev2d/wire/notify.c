/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notify payload (RFC 7296, 3.10). */
#include "wire/payload.h"

void wire_notify_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	uint8_t protocol = rd_u8(r);
	size_t spi_size = rd_u8(r);
	uint16_t type = rd_u16(r);
	struct wire_notify *n;

	if (out->n_notifies >= MESSAGE_NOTIFIES_MAX) {
		r->bad = true;
		return;
	}
	n = message_add_notify(out, at->arena, type, (struct bytes){ 0 });
	n->protocol = protocol;
	n->spi = rd_bytes(r, spi_size);
	n->data = rd_rest(r);
}

void wire_notify_put(const struct message *m, unsigned i, struct wr *w)
{
	const struct wire_notify *n = &m->notifies[i];

	if (n->spi.n > UINT8_MAX)
		w->bad = true;
	wr_u8(w, n->protocol);
	wr_u8(w, (uint8_t)n->spi.n);
	wr_u16(w, n->type);
	wr_bytes(w, n->spi);
	wr_bytes(w, n->data);
}

unsigned wire_notify_count(const struct message *m)
{
	return m->n_notifies;
}
