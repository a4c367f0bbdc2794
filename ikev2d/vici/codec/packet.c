/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments out of a stream, packets out of segments. */
#include "vici/codec/packet.h"

#include "base/buf.h"

bool vici_type_named(enum vici_type type)
{
	switch (type) {
	case VICI_CMD_REQUEST:
	case VICI_EVENT_REGISTER:
	case VICI_EVENT_UNREGISTER:
	case VICI_EVENT: return true;
	default: return false;
	}
}

bool vici_name_ok(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] < 0x20 || b.p[i] == 0x7f)
			return false;
	return b.n > 0;
}

enum err vici_packet_parse(struct bytes segment, struct vici_packet *out)
{
	struct rd rd = rd_of(segment);
	uint8_t type = rd_u8(&rd);

	*out = (struct vici_packet){ .type = type };
	if (rd.bad)
		return ERR_SHORT;
	if (type >= VICI_TYPES)
		return ERR_UNKNOWN;
	if (vici_type_named(type))
		out->name = rd_bytes(&rd, rd_u8(&rd));
	out->message = rd_rest(&rd);
	if (rd.bad)
		return ERR_SHORT;
	return !vici_type_named(type) || vici_name_ok(out->name) ? ERR_OK : ERR_SYNTAX;
}

/* Moves octets from IN until G holds WANT; false when IN ends before. */
static bool fill(struct vici_gather *g, struct bytes *in, size_t want)
{
	size_t n = want - fifo_n(&g->octets);

	if (n > in->n)
		n = in->n;
	if (n) {
		fifo_put(&g->octets, bytes_of(in->p, n));
		*in = bytes_of(in->p + n, in->n - n);
	}
	return fifo_n(&g->octets) == want;
}

enum err vici_gather(struct vici_gather *g, struct bytes *in, struct bytes *segment)
{
	struct rd rd;
	uint32_t length;

	if (g->whole)
		vici_gather_free(g);
	if (fifo_n(&g->octets) < VICI_LENGTH && !fill(g, in, VICI_LENGTH))
		return ERR_SHORT;
	rd = rd_of(fifo_bytes(&g->octets));
	length = rd_u32(&rd);
	if (!length || length > VICI_SEGMENT_MAX)
		return ERR_RANGE;
	if (!fill(g, in, VICI_LENGTH + length))
		return ERR_SHORT;
	g->whole = true;
	*segment = bytes_of(fifo_bytes(&g->octets).p + VICI_LENGTH, length);
	return ERR_OK;
}

void vici_gather_free(struct vici_gather *g)
{
	fifo_free(&g->octets);
	g->whole = false;
}
