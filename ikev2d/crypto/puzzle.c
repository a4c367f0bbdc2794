/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One context serves a whole search: making one costs as much as three tries. */
#include "crypto/puzzle.h"

#include "base/buf.h"
#include "crypto/fetch.h"
#include "crypto/prf.h"

unsigned puzzle_zero_bits(struct bytes b)
{
	unsigned bits = 0;

	for (size_t i = b.n; i-- && !b.p[i];)
		bits += 8;
	if (bits < 8 * b.n)
		bits += (unsigned)__builtin_ctz(b.p[b.n - 1 - bits / 8]);
	return bits;
}

enum err puzzle_measure(
	const struct transform *prf_used, struct bytes key, struct bytes cookie, unsigned *bits)
{
	uint8_t out[PRF_OUT_MAX];
	enum err e = prf(prf_used, key, &cookie, 1, out);

	*bits = e ? 0 : puzzle_zero_bits(bytes_of(out, prf_used->out));
	return e;
}

static bool fits(EVP_MAC_CTX *ctx, const struct transform *prf, unsigned bits, struct bytes cookie,
	const uint8_t *key, enum err *e)
{
	uint8_t out[PRF_OUT_MAX];
	bool done = EVP_MAC_init(ctx, key, PUZZLE_KEY_OCTETS, NULL) == 1 &&
		    EVP_MAC_update(ctx, cookie.p, cookie.n) == 1 &&
		    EVP_MAC_final(ctx, out, NULL, sizeof out) == 1;

	*e = done ? ERR_OK : ERR_CRYPTO;
	return done && puzzle_zero_bits(bytes_of(out, prf->out)) >= bits;
}

enum err puzzle_search(const struct transform *prf, unsigned bits, struct bytes cookie, unsigned tries,
	uint32_t *next, uint8_t key[PUZZLE_KEY_OCTETS])
{
	EVP_MAC_CTX *ctx = fetch_hmac(prf->openssl);
	enum err e = ctx ? ERR_OK : ERR_UNSUPPORTED;
	bool found = false;

	for (; !e && !found && tries; tries--) {
		struct wr w = wr_of(key, PUZZLE_KEY_OCTETS);

		wr_u32(&w, (*next)++);
		found = fits(ctx, prf, bits, cookie, key, &e);
	}
	EVP_MAC_CTX_free(ctx);
	return e || found ? e : ERR_RANGE;
}
