/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields that messages are made of, beside those of base/walk.h. */
#pragma once

#include "base/walk.h"
#include "daemon/ipc.h"

static inline void handle(struct walk *x, uint64_t *v)
{
	u64(x, v);
	if (!*v)
		fail(x, "a handle is zero");
}

/* Octets that must be so many. */
static inline void exactly(struct walk *x, struct bytes *b, size_t n)
{
	octets(x, b, n);
	if (b->n != n)
		fail(x, "a field is shorter than it must be");
}

static inline void sentence(struct walk *x, const char **s)
{
	words(x, s, IPC_TEXT_MAX);
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

static inline void prose(struct walk *x, const char **s)
{
	words_cut(x, s, IPC_TEXT_MAX);
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
