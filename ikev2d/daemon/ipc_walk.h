/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One walk over the fields of a message serves for writing and for reading it, so that the two cannot differ.
 * These are the fields that messages are made of. */
#pragma once

#include "daemon/ipc.h"

/* One of R and W. */
struct walk {
	struct rd *r;
	struct wr *w;
	struct arena *arena; /* of what is read */
	const char *wrong;   /* the first field that is not as it must be */
};

static inline void fail(struct walk *x, const char *wrong)
{
	if (!x->wrong)
		x->wrong = wrong;
}

static inline void u8(struct walk *x, uint8_t *v, unsigned end)
{
	if (x->w)
		wr_u8(x->w, *v);
	else
		*v = rd_u8(x->r);
	if (*v >= end)
		fail(x, "a number is out of its range");
}

static inline void u16(struct walk *x, uint16_t *v)
{
	if (x->w)
		wr_u16(x->w, *v);
	else
		*v = rd_u16(x->r);
}

static inline void u32(struct walk *x, uint32_t *v)
{
	if (x->w)
		wr_u32(x->w, *v);
	else
		*v = rd_u32(x->r);
}

static inline void flag(struct walk *x, bool *v)
{
	uint8_t n = *v;

	u8(x, &n, 2);
	*v = n == 1;
}

static inline void u64(struct walk *x, uint64_t *v)
{
	if (x->w)
		wr_u64(x->w, *v);
	else
		*v = rd_u64(x->r);
}

static inline void handle(struct walk *x, uint64_t *v)
{
	u64(x, v);
	if (!*v)
		fail(x, "a handle is zero");
}

/* A length and that many octets, at most MAX. */
static inline void octets(struct walk *x, struct bytes *b, size_t max)
{
	uint32_t n = (uint32_t)b->n;

	if (x->w)
		wr_u32(x->w, n);
	else
		n = rd_u32(x->r);
	if (n > max || (x->w && b->n > max)) {
		fail(x, "a field is longer than it may be");
		return;
	}
	if (x->w)
		wr_bytes(x->w, *b);
	else
		*b = arena_bytes(x->arena, rd_bytes(x->r, n));
}

/* Octets that must be so many. */
static inline void exactly(struct walk *x, struct bytes *b, size_t n)
{
	octets(x, b, n);
	if (b->n != n)
		fail(x, "a field is shorter than it must be");
}

/* NULL and "" are the same. */
static inline void sentence(struct walk *x, const char **s)
{
	struct bytes b = *s ? bytes_str(*s) : (struct bytes){ 0 };

	octets(x, &b, IPC_TEXT_MAX);
	if (x->w)
		return;
	if (b.n && memchr(b.p, 0, b.n))
		fail(x, "a text has a zero octet in it");
	*s = b.n ? (const char *)b.p : NULL;
}

static inline unsigned count(struct walk *x, unsigned n, unsigned max)
{
	uint16_t v = (uint16_t)n;

	u16(x, &v);
	if (v > max || n > max) {
		fail(x, "there are too many of something");
		return 0;
	}
	return v;
}

static inline void identity(struct walk *x, struct id *id)
{
	u8(x, &id->type, UINT8_MAX + 1);
	octets(x, &id->data, IPC_ID_MAX);
}

static inline void identities(struct walk *x, const struct id **v, unsigned *n)
{
	struct id *out;

	*n = count(x, *n, IPC_OWNERS_MAX);
	out = ARENA_ARRAY(x->arena, *n, struct id);
	for (unsigned i = 0; i < *n && !x->wrong; i++) {
		if (x->w)
			out[i] = (*v)[i];
		identity(x, &out[i]);
	}
	*v = out;
}

static inline void parts(struct walk *x, struct ipc_octets *o, unsigned max)
{
	struct bytes *out;

	o->n = count(x, o->n, max);
	out = ARENA_ARRAY(x->arena, o->n, struct bytes);
	for (unsigned i = 0; i < o->n && !x->wrong; i++) {
		if (x->w)
			out[i] = o->v[i];
		octets(x, &out[i], IPC_DATA_MAX);
	}
	o->v = out;
}

static inline void payloads(struct walk *x, struct ike_certs *c)
{
	struct wire_cert *out;

	c->n = count(x, c->n, IPC_PARTS_MAX);
	out = ARENA_ARRAY(x->arena, c->n, struct wire_cert);
	for (unsigned i = 0; i < c->n && !x->wrong; i++) {
		if (x->w)
			out[i] = c->v[i];
		u8(x, &out[i].encoding, UINT8_MAX + 1);
		octets(x, &out[i].data, IPC_DATA_MAX);
	}
	c->v = out;
}

static inline void address(struct walk *x, struct ip *ip)
{
	struct bytes a = bytes_of(ip->a, ip_size(ip));

	u8(x, &ip->v, 7);
	if (ip->v && ip->v != 4 && ip->v != 6)
		fail(x, "an address is of no family");
	exactly(x, &a, x->wrong ? 0 : ip_size(ip));
	if (!x->w && !x->wrong && a.n)
		memcpy(ip->a, a.p, a.n);
}

/* A number that has no more than 256 values, as what it is now. */
static inline unsigned word(struct walk *x, unsigned v, unsigned end)
{
	uint8_t n = (uint8_t)v;

	u8(x, &n, end);
	return n;
}

/* A text that is cut where it is too long: for people. */
static inline void prose(struct walk *x, const char **s)
{
	const char *all = *s;

	if (x->w && all && strlen(all) > IPC_TEXT_MAX)
		*s = arena_text(x->arena, bytes_of(all, IPC_TEXT_MAX));
	sentence(x, s);
}

static inline void texts(struct walk *x, struct strings *s, unsigned max)
{
	const char **out;

	s->n = count(x, s->n, max);
	out = ARENA_ARRAY(x->arena, s->n, const char *);
	for (unsigned i = 0; i < s->n && !x->wrong; i++) {
		if (x->w)
			out[i] = s->v[i];
		sentence(x, &out[i]);
		if (!out[i])
			out[i] = "";
	}
	s->v = out;
}

static inline void endpoint(struct walk *x, struct addr *a)
{
	address(x, &a->ip);
	u16(x, &a->port);
}
