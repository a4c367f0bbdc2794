/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prf, prf+ and digests. A context lives for one call: freeing it wipes the key that OpenSSL put in it. */
#include "crypto/prf.h"

#include "crypto/fetch.h"

static bool feed(EVP_MAC_CTX *ctx, const struct bytes *parts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (EVP_MAC_update(ctx, parts[i].p, parts[i].n) != 1)
			return false;
	return true;
}

/* OpenSSL takes no key for "the same key again": an empty one must point somewhere. */
static bool set_key(EVP_MAC_CTX *ctx, struct bytes key)
{
	return EVP_MAC_init(ctx, key.n ? key.p : (const uint8_t *)"", key.n, NULL) == 1;
}

enum err digest_hmac(
	const char *digest, struct bytes key, const struct bytes *parts, unsigned n_parts, uint8_t *out)
{
	EVP_MAC_CTX *ctx = fetch_hmac(digest);
	bool done;

	if (!ctx)
		return ERR_UNSUPPORTED;
	done = set_key(ctx, key) && feed(ctx, parts, n_parts) &&
	       EVP_MAC_final(ctx, out, NULL, EVP_MAC_CTX_get_mac_size(ctx)) == 1;
	EVP_MAC_CTX_free(ctx);
	return done ? ERR_OK : ERR_CRYPTO;
}

enum err prf(const struct transform *prf, struct bytes key, const struct bytes *parts, unsigned n_parts,
	uint8_t *out)
{
	return digest_hmac(prf->openssl, key, parts, n_parts, out);
}

/* Block NUMBER of prf+: prf(KEY, the block before | PARTS | NUMBER). The first has none before it. */
static bool next_block(EVP_MAC_CTX *ctx, struct bytes key, const struct bytes *parts, unsigned n_parts,
	uint8_t number, uint8_t *block, size_t size)
{
	struct bytes before = bytes_of(block, number > 1 ? size : 0);
	struct bytes counter = bytes_of(&number, 1);

	return set_key(ctx, key) && feed(ctx, &before, 1) && feed(ctx, parts, n_parts) &&
	       feed(ctx, &counter, 1) && EVP_MAC_final(ctx, block, NULL, size) == 1;
}

enum err prf_plus(const struct transform *prf, struct bytes key, const struct bytes *parts, unsigned n_parts,
	uint8_t *out, size_t n)
{
	uint8_t block[PRF_OUT_MAX];
	EVP_MAC_CTX *ctx;
	size_t done = 0;

	if (n > 255 * (size_t)prf->out)
		return ERR_RANGE;
	ctx = fetch_hmac(prf->openssl);
	if (!ctx)
		return ERR_UNSUPPORTED;
	for (uint8_t number = 1; done < n; number++) {
		size_t take = n - done < prf->out ? n - done : prf->out;

		if (!next_block(ctx, key, parts, n_parts, number, block, prf->out))
			break;
		memcpy(out + done, block, take);
		done += take;
	}
	EVP_MAC_CTX_free(ctx);
	WIPE(block);
	if (done == n)
		return ERR_OK;
	wipe(out, n);
	return ERR_CRYPTO;
}

enum err digest(const char *digest, const struct bytes *parts, unsigned n_parts, uint8_t *out, size_t *n)
{
	const EVP_MD *md = fetch_digest(digest);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned size = 0;
	bool done = md && ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

	for (unsigned i = 0; done && i < n_parts; i++)
		done = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
	done = done && EVP_DigestFinal_ex(ctx, out, &size) == 1;
	EVP_MD_CTX_free(ctx);
	*n = size;
	if (!md)
		return ERR_UNSUPPORTED;
	return done ? ERR_OK : ERR_CRYPTO;
}
