/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cursors with a sticky error. */
#include "base/buf.h"

struct bytes rd_bytes(struct rd *r, size_t n)
{
	struct bytes b = { r->p, n };

	if (r->bad || n > r->n) {
		r->bad = true;
		r->n = 0;
		return (struct bytes){ 0 };
	}
	r->p += n;
	r->n -= n;
	return b;
}

static uint64_t rd_number(struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

uint8_t rd_u8(struct rd *r)
{
	return (uint8_t)rd_number(r, 1);
}

uint16_t rd_u16(struct rd *r)
{
	return (uint16_t)rd_number(r, 2);
}

uint32_t rd_u32(struct rd *r)
{
	return (uint32_t)rd_number(r, 4);
}

uint64_t rd_u64(struct rd *r)
{
	return rd_number(r, 8);
}

struct bytes rd_rest(struct rd *r)
{
	return rd_bytes(r, r->n);
}

struct rd rd_sub(struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);

	return (struct rd){ b.p, b.n, r->bad };
}

/* Room for N octets, or NULL and a bad writer. */
static uint8_t *wr_room(struct wr *w, size_t n)
{
	uint8_t *p = w->p + w->n;

	if (w->bad || n > w->cap - w->n) {
		w->bad = true;
		return NULL;
	}
	w->n += n;
	return p;
}

static void store(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = 0; p && i < n; i++)
		p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

void wr_u8(struct wr *w, uint8_t v)
{
	store(wr_room(w, 1), v, 1);
}

void wr_u16(struct wr *w, uint16_t v)
{
	store(wr_room(w, 2), v, 2);
}

void wr_u32(struct wr *w, uint32_t v)
{
	store(wr_room(w, 4), v, 4);
}

void wr_u64(struct wr *w, uint64_t v)
{
	store(wr_room(w, 8), v, 8);
}

void wr_bytes(struct wr *w, struct bytes b)
{
	uint8_t *p = wr_room(w, b.n);

	if (p && b.n)
		memcpy(p, b.p, b.n);
}

void wr_zero(struct wr *w, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p && n)
		memset(p, 0, n);
}

static void store_at(struct wr *w, size_t at, uint64_t v, size_t n)
{
	if (w->bad || at > w->n || w->n - at < n)
		w->bad = true;
	else
		store(w->p + at, v, n);
}

void wr_u8_at(struct wr *w, size_t at, uint8_t v)
{
	store_at(w, at, v, 1);
}

void wr_u16_at(struct wr *w, size_t at, uint16_t v)
{
	store_at(w, at, v, 2);
}

void wr_u32_at(struct wr *w, size_t at, uint32_t v)
{
	store_at(w, at, v, 4);
}
