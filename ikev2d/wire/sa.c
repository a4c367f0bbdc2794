/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Security Association payload: proposals of transforms with attributes (RFC 7296, 3.3). */
#include "wire/payload.h"

enum {
	LAST = 0,
	MORE_PROPOSALS = 2,
	MORE_TRANSFORMS = 3,
	ATTRIBUTE_SHORT = 0x8000, /* the value stands where others have their length */
	ATTRIBUTE_KEY_LENGTH = 14,
	SPI_IKE = 8, /* octets */
	SPI_ESP = 4,

	/* A transform with an attribute we do not know must be rejected (RFC 7296, 3.3.6), but its type was
	 * offered all the same: it stays in the list, with a key length that no row has. */
	BITS_UNUSABLE = 0xffff,
};

static void attributes_get(struct rd *r, struct xform *out)
{
	bool usable = true;

	while (r->n) {
		uint16_t type = rd_u16(r);
		uint16_t value = rd_u16(r);

		if (type == (ATTRIBUTE_SHORT | ATTRIBUTE_KEY_LENGTH)) {
			out->bits = value;
			continue;
		}
		usable = false;
		if (!(type & ATTRIBUTE_SHORT))
			rd_bytes(r, value);
	}
	if (!usable)
		out->bits = BITS_UNUSABLE;
}

static void xform_get(struct rd *r, struct xform *out)
{
	struct wire_piece piece = wire_piece_get(r);

	out->type = rd_u8(&piece.body);
	rd_u8(&piece.body);
	out->id = rd_u16(&piece.body);
	attributes_get(&piece.body, out);
	wire_piece_done(&piece, r);
}

/* IKE has no SPI in IKE_SA_INIT, where the header has it. Of protocols we do not know any will do. */
static bool spi_fits(uint8_t protocol, size_t n)
{
	switch (protocol) {
	case PROTO_IKE: return !n || n == SPI_IKE;
	case PROTO_AH:
	case PROTO_ESP: return n == SPI_ESP;
	default: return true;
	}
}

/* The marks "last" and "more" and the numbers of proposals are not judged: lengths and counts say the same,
 * and peers get them wrong (macOS 14 counts from 2 when it rekeys an IKE_SA). */
static void proposal_get(struct rd *r, struct arena *arena, struct proposal *out)
{
	struct wire_piece piece = wire_piece_get(r);
	size_t spi_size;
	struct xform *v;

	out->num = rd_u8(&piece.body);
	out->protocol = rd_u8(&piece.body);
	spi_size = rd_u8(&piece.body);
	out->n = rd_u8(&piece.body);
	out->spi = rd_bytes(&piece.body, spi_size);
	if (!spi_fits(out->protocol, spi_size))
		piece.body.bad = true;

	v = ARENA_ARRAY(arena, out->n, struct xform);
	for (unsigned i = 0; i < out->n && !piece.body.bad; i++)
		xform_get(&piece.body, &v[i]);
	out->v = v;
	wire_piece_done(&piece, r);
}

void wire_sa_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	struct proposal *v = NULL;
	unsigned n = 0;

	while (r->n && n < PROPOSALS_MAX) {
		v = wire_list_room(at->arena, v, n, sizeof *v);
		proposal_get(r, at->arena, &v[n++]);
	}
	if (!n)
		r->bad = true;
	out->sa = (struct proposals){ v, n };
}

static void xform_put(const struct xform *x, bool last, struct wr *w)
{
	size_t at = wire_piece_put(w, last ? LAST : MORE_TRANSFORMS, 0);

	wr_u8(w, x->type);
	wr_u8(w, 0);
	wr_u16(w, x->id);
	if (x->bits) {
		wr_u16(w, ATTRIBUTE_SHORT | ATTRIBUTE_KEY_LENGTH);
		wr_u16(w, x->bits);
	}
	wire_piece_end(w, at);
}

static void proposal_put(const struct proposal *p, bool last, struct wr *w)
{
	size_t at = wire_piece_put(w, last ? LAST : MORE_PROPOSALS, 0);

	if (p->n > PROPOSAL_XFORMS_MAX || p->spi.n > UINT8_MAX)
		w->bad = true;
	wr_u8(w, p->num);
	wr_u8(w, p->protocol);
	wr_u8(w, (uint8_t)p->spi.n);
	wr_u8(w, (uint8_t)p->n);
	wr_bytes(w, p->spi);
	for (unsigned i = 0; i < p->n; i++)
		xform_put(&p->v[i], i + 1 == p->n, w);
	wire_piece_end(w, at);
}

void wire_sa_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	for (unsigned k = 0; k < m->sa.n; k++)
		proposal_put(&m->sa.v[k], k + 1 == m->sa.n, w);
}
