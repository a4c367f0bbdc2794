/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puzzle Solution payload (RFC 8019, 8.2), and what the notify PUZZLE holds (8.1). */
#include "wire/payload.h"

void wire_ps_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	(void)at;
	out->solution = rd_rest(r);
	if (!out->solution.n)
		r->bad = true;
}

void wire_ps_put(const struct message *m, unsigned i, struct wr *w)
{
	(void)i;
	wr_bytes(w, m->solution);
}

bool puzzle_get(struct bytes data, struct wire_puzzle *out)
{
	struct rd r = rd_of(data);

	out->prf = rd_u16(&r);
	out->bits = rd_u8(&r);
	return rd_done(&r);
}

struct bytes puzzle_put(const struct wire_puzzle *puzzle, struct arena *arena)
{
	struct wr w = wr_of(arena_alloc(arena, PUZZLE_OCTETS), PUZZLE_OCTETS);

	wr_u16(&w, puzzle->prf);
	wr_u8(&w, puzzle->bits);
	return wr_done(&w);
}
