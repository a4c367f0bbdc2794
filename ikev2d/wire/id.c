/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identification payloads (RFC 7296, 3.5). */
#include "wire/payload.h"

enum { RESERVED = 3 };

/* What stands for many must not come from outside as somebody's identity: he would be confirmed by a
 * certificate that is not about him, and expressions are bounded in configurations only. */
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

/* Whether DATA is a prefix or a range of addresses, as TYPE says. */
static bool is_addresses(uint8_t type, struct bytes data)
{
	switch (type) {
	case ID_IPV4_ADDR_SUBNET:
	case ID_IPV4_ADDR_RANGE: return data.n == 2 * 4;
	case ID_IPV6_ADDR_SUBNET:
	case ID_IPV6_ADDR_RANGE: return data.n == 2 * 16;
	default: return false;
	}
}

/* Whether R, an IDr, is of addresses of which one would do: strongSwan asks so for a peer whose remote.id is
 * a prefix or a range. */
static bool asks_for_any_of(struct rd *r)
{
	struct rd ahead = *r;
	uint8_t type = rd_u8(&ahead);

	rd_bytes(&ahead, RESERVED);
	return is_addresses(type, rd_rest(&ahead)) && !ahead.bad;
}

/* Whom a request asks for is a wish, beside which the responder may be somebody else (RFC 7296, 1.2): what no
 * single one is called is as if nobody had been asked for. Who asked judges by the answer. */
void wire_idr_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	(void)at;
	if (!(out->header.flags & FLAG_RESPONSE) && asks_for_any_of(r)) {
		rd_rest(r);
		out->has &= ~PAYLOAD_BIT(PAYLOAD_IDR);
		return;
	}
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
