/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Delete payload (RFC 7296, 3.11): the IKE_SA itself, or SPIs of ESP or AH. */
#include "wire/payload.h"

enum { SPI_SIZE = 4 };

static const uint32_t *spis_get(struct rd *r, unsigned n, struct arena *arena)
{
	uint32_t *v = ARENA_ARRAY(arena, n, uint32_t);

	for (unsigned i = 0; i < n; i++)
		v[i] = rd_u32(r);
	return v;
}

void wire_delete_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	uint8_t protocol = rd_u8(r);
	uint8_t spi_size = rd_u8(r);
	unsigned n = rd_u16(r);
	bool ike = protocol == PROTO_IKE;

	if (!ike && protocol != PROTO_ESP && protocol != PROTO_AH)
		r->bad = true;
	if (spi_size != (ike ? 0 : SPI_SIZE) || n > DELETE_SPIS_MAX || out->n_deletes >= MESSAGE_DELETES_MAX)
		r->bad = true;
	if (r->bad)
		return;
	/* The IKE_SA has no SPI here, and a count of 1 without one does no harm. */
	if (ike)
		n = 0;
	message_add_delete(out, at->arena, protocol, spis_get(r, n, at->arena), n);
}

void wire_delete_put(const struct message *m, unsigned i, struct wr *w)
{
	const struct wire_delete *d = &m->deletes[i];

	if (d->n > DELETE_SPIS_MAX)
		w->bad = true;
	wr_u8(w, d->protocol);
	wr_u8(w, d->protocol == PROTO_IKE ? 0 : SPI_SIZE);
	wr_u16(w, (uint16_t)d->n);
	for (unsigned k = 0; k < d->n; k++)
		wr_u32(w, d->spis[k]);
}

unsigned wire_delete_count(const struct message *m)
{
	return m->n_deletes;
}
