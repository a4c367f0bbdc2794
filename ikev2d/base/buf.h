/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing octets in network order. A cursor that was asked for more than there is turns bad and
 * stays bad; reading then yields zeros and writing nothing, so that a parser checks once, at its end. */
#pragma once

#include "base/bytes.h"

/* A reader over borrowed octets. It cannot leave them, and a sub-reader cannot leave its piece. */
struct rd {
	const uint8_t *p;
	size_t n; /* octets left */
	bool bad;
};

static inline struct rd rd_of(struct bytes b)
{
	return (struct rd){ b.p, b.n, false };
}

uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);

/* The next N octets, borrowed; empty when there are fewer. */
struct bytes rd_bytes(struct rd *r, size_t n);

/* All octets left. */
struct bytes rd_rest(struct rd *r);

/* A reader over the next N octets, which R steps over. Bad from the start when there are fewer. */
struct rd rd_sub(struct rd *r, size_t n);

/* Whether everything was read, and nothing too much. */
static inline bool rd_done(const struct rd *r)
{
	return !r->bad && !r->n;
}

/* A writer into memory of the caller's. */
struct wr {
	uint8_t *p;
	size_t n, cap; /* written, and room in all */
	bool bad;
};

static inline struct wr wr_of(void *p, size_t cap)
{
	return (struct wr){ p, 0, cap, false };
}

void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_u64(struct wr *w, uint64_t v);
void wr_bytes(struct wr *w, struct bytes b);
void wr_zero(struct wr *w, size_t n);

/* Writes V at AT, which was written before: for lengths known only afterwards. */
void wr_u16_at(struct wr *w, size_t at, uint16_t v);
void wr_u32_at(struct wr *w, size_t at, uint32_t v);
void wr_u8_at(struct wr *w, size_t at, uint8_t v);

/* What was written, borrowed; empty when the writer is bad. */
static inline struct bytes wr_done(const struct wr *w)
{
	return w->bad ? (struct bytes){ 0 } : bytes_of(w->p, w->n);
}
