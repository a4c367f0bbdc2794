/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crypto/natd.h"

#include "base/buf.h"
#include "crypto/prf.h"

struct bytes natd_hash(uint64_t spi_i, uint64_t spi_r, const struct addr *a, struct arena *arena)
{
	uint8_t *out = arena_alloc(arena, NATD_OCTETS), raw[16 + 16 + 2];
	struct wr w = wr_of(raw, sizeof raw);
	struct bytes all;
	size_t n = 0;

	wr_u64(&w, spi_i);
	wr_u64(&w, spi_r);
	wr_bytes(&w, ip_bytes(&a->ip));
	wr_u16(&w, a->port);
	all = wr_done(&w);
	return digest("SHA1", &all, 1, out, &n) ? (struct bytes){ 0 } : bytes_of(out, n);
}
