/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One walk over fields serves for writing them and for reading them, so that the two cannot differ. These are
 * the fields that everything is made of: numbers in network order, octets, texts. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* One of R and W. */
struct walk {
	struct rd *r;
	struct wr *w;
	struct arena *arena; /* of what is read, and of texts that are cut */
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

static inline void u64(struct walk *x, uint64_t *v)
{
	if (x->w)
		wr_u64(x->w, *v);
	else
		*v = rd_u64(x->r);
}

static inline void flag(struct walk *x, bool *v)
{
	uint8_t n = *v;

	u8(x, &n, 2);
	*v = n == 1;
}

/* A length and that many octets, at most MAX. */
static inline void octets(struct walk *x, struct bytes *b, size_t max)
{
	uint32_t n = (uint32_t)b->n;

	u32(x, &n);
	if (n > max || (x->w && b->n > max)) {
		fail(x, "a field is longer than it may be");
		return;
	}
	if (x->w)
		wr_bytes(x->w, *b);
	else
		*b = arena_bytes(x->arena, rd_bytes(x->r, n));
}

/* A text of at most MAX octets. NULL and "" are the same. */
static inline void words(struct walk *x, const char **s, size_t max)
{
	struct bytes b = *s ? bytes_str(*s) : (struct bytes){ 0 };

	octets(x, &b, max);
	if (x->w)
		return;
	if (b.n && memchr(b.p, 0, b.n))
		fail(x, "a text has a zero octet in it");
	*s = b.n ? (const char *)b.p : NULL;
}

/* One that is cut where it is too long: for people. */
static inline void words_cut(struct walk *x, const char **s, size_t max)
{
	const char *all = *s;

	if (x->w && all && strlen(all) > max)
		*s = arena_text(x->arena, bytes_of(all, max));
	words(x, s, max);
}
