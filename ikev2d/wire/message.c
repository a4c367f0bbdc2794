/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header and the chain of payloads (RFC 7296, 3.1 and 3.2). */
#include "wire/message.h"

#include "wire/payload.h"

enum { CRITICAL = 0x80 };

enum err header_get(struct bytes datagram, struct wire_header *out)
{
	struct rd r = rd_of(datagram);

	out->spi_i = rd_u64(&r);
	out->spi_r = rd_u64(&r);
	out->next = rd_u8(&r);
	out->version = rd_u8(&r);
	out->exchange = rd_u8(&r);
	out->flags = rd_u8(&r);
	out->mid = rd_u32(&r);
	out->length = rd_u32(&r);
	if (r.bad)
		return ERR_SHORT;
	return out->length == datagram.n ? ERR_OK : ERR_SYNTAX;
}

void header_put(const struct wire_header *h, struct wr *w)
{
	wr_u64(w, h->spi_i);
	wr_u64(w, h->spi_r);
	wr_u8(w, h->next);
	wr_u8(w, h->version);
	wr_u8(w, h->exchange);
	wr_u8(w, h->flags);
	wr_u32(w, h->mid);
	wr_u32(w, h->length);
}

struct bytes header_cut(struct bytes *all)
{
	struct wire_header h = { 0 };
	struct bytes one = { 0 };

	/* It reads the length whether or not that is the length of all. */
	if (header_get(*all, &h) != ERR_SHORT && h.length >= IKE_HEADER && h.length <= all->n)
		one = bytes_of(all->p, h.length);
	*all = one.n ? bytes_of(all->p + one.n, all->n - one.n) : one;
	return one;
}

bool header_begins(const struct wire_header *h)
{
	return h->version == IKE_VERSION && h->exchange == IKE_SA_INIT && !h->mid;
}

static bool is_sealed(uint8_t type)
{
	return type == PAYLOAD_SK || type == PAYLOAD_SKF;
}

/* Reads one payload of TYPE, PIECE, into OUT; the piece's reader says whether it was good. */
static void payload_read(
	uint8_t type, struct wire_piece *piece, const struct payload_at *at, struct message *out)
{
	const struct payload *p = payload_find(type);

	if (!p) {
		if (piece->b & CRITICAL && !out->critical)
			out->critical = type;
		rd_rest(&piece->body);
		return;
	}
	if (!p->count && out->has & PAYLOAD_BIT(type))
		piece->body.bad = true;
	out->has |= PAYLOAD_BIT(type);
	p->get(&piece->body, at, out);
}

enum err message_get(struct bytes body, size_t offset, uint8_t first, struct arena *arena,
	struct message *out, uint8_t *bad)
{
	struct rd r = rd_of(body);
	struct payload_at at = { .arena = arena, .next = first };

	*bad = PAYLOAD_NONE;
	for (unsigned n = 0; at.next != PAYLOAD_NONE && !is_sealed(*bad); n++) {
		struct wire_piece piece = wire_piece_get(&r);

		*bad = at.next;
		at.next = piece.a;
		at.offset = offset + (body.n - r.n - piece.body.n);
		payload_read(*bad, &piece, &at, out);
		wire_piece_done(&piece, &r);
		if (r.bad || n >= MESSAGE_PAYLOADS_MAX)
			return ERR_SYNTAX;
	}
	return rd_done(&r) ? ERR_OK : ERR_SYNTAX;
}

struct bytes message_peek(struct bytes body, uint8_t first, uint8_t type)
{
	struct rd r = rd_of(body);

	for (unsigned n = 0; first != PAYLOAD_NONE && n < MESSAGE_PAYLOADS_MAX; n++) {
		struct wire_piece piece = wire_piece_get(&r);

		if (first == type || r.bad)
			return piece.body.bad ? (struct bytes){ 0 } : rd_rest(&piece.body);
		first = piece.a;
	}
	return (struct bytes){ 0 };
}

/* A chain under construction. */
struct chain {
	struct wr *w;
	uint8_t *first;
	unsigned n;
	size_t last; /* where the last payload begins, whose first octet is the type of the next */
};

static void chain_add(struct chain *c, const struct payload *p, const struct message *m, unsigned i)
{
	size_t at = wire_piece_put(c->w, PAYLOAD_NONE, 0);

	if (c->n++)
		wr_u8_at(c->w, c->last, p->type);
	else
		*c->first = p->type;
	c->last = at;
	p->put(m, i, c->w);
	wire_piece_end(c->w, at);
}

/* Notifies that must stand before everything else: RFC 7296, 2.6, and the figure in 1.3.3. */
static bool is_leading(const struct payload *p, const struct message *m, unsigned i)
{
	return p->type == PAYLOAD_NOTIFY &&
	       (m->notifies[i].type == COOKIE || m->notifies[i].type == REKEY_SA);
}

static unsigned payload_number(const struct payload *p, const struct message *m)
{
	return p->count ? p->count(m) : !!(m->has & PAYLOAD_BIT(p->type));
}

static void chain_add_all(struct chain *c, const struct message *m, bool leading)
{
	for (const struct payload *p = payload_table; p->type; p++)
		for (unsigned i = 0; p->put && i < payload_number(p, m); i++)
			if (is_leading(p, m, i) == leading)
				chain_add(c, p, m, i);
}

void message_put(const struct message *m, struct wr *w, uint8_t *first)
{
	struct chain c = { .w = w, .first = first };

	*first = PAYLOAD_NONE;
	chain_add_all(&c, m, true);
	chain_add_all(&c, m, false);
}

void message_put_clear(const struct wire_header *h, const struct message *m, struct wr *w)
{
	size_t start = w->n;
	uint8_t first;

	header_put(h, w);
	message_put(m, w, &first);
	wr_u8_at(w, start + NEXT_AT, first);
	wr_u32_at(w, start + LENGTH_AT, (uint32_t)(w->n - start));
}

const struct wire_notify *message_notify(const struct message *m, uint16_t type)
{
	for (unsigned i = 0; i < m->n_notifies; i++)
		if (m->notifies[i].type == type)
			return &m->notifies[i];
	return NULL;
}

const struct wire_notify *message_error(const struct message *m)
{
	for (unsigned i = 0; i < m->n_notifies; i++)
		if (m->notifies[i].type < NOTIFY_STATUS)
			return &m->notifies[i];
	return NULL;
}

struct wire_notify *message_add_notify(
	struct message *m, struct arena *arena, uint16_t type, struct bytes data)
{
	struct wire_notify *n;

	m->notifies = wire_list_room(arena, m->notifies, m->n_notifies, sizeof *m->notifies);
	n = &m->notifies[m->n_notifies++];
	*n = (struct wire_notify){ .type = type, .data = data };
	m->has |= PAYLOAD_BIT(PAYLOAD_NOTIFY);
	return n;
}

void message_add_delete(
	struct message *m, struct arena *arena, uint8_t protocol, const uint32_t *spis, unsigned n)
{
	m->deletes = wire_list_room(arena, m->deletes, m->n_deletes, sizeof *m->deletes);
	m->deletes[m->n_deletes++] = (struct wire_delete){ protocol, spis, n };
	m->has |= PAYLOAD_BIT(PAYLOAD_DELETE);
}
