/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formulas of RFC 7296, 2.13 to 2.18, once more. */
#include "tests/pair/derive.h"

#include "tests/pair/forge.h"
#include "tests/unit/unit.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { PRF_OCTETS = 32, KEY_OCTETS = 16 + 4 };

static struct message next_message(struct lab *lab, struct arena *arena)
{
	const struct flight *f = lab_first(lab);
	struct message m;

	assert_non_null(f);
	assert_true(forge_open(lab, bytes_of(f->data, f->n), arena, &m));
	return m;
}

struct bytes derive_nonce(struct lab *lab, struct arena *arena)
{
	return next_message(lab, arena).nonce;
}

struct bytes derive_shared(struct lab *lab, struct bytes secret, struct arena *arena)
{
	struct bytes public = next_message(lab, arena).ke.data;
	EVP_PKEY *ours = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret.p, secret.n);
	EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public.p, public.n);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ours, NULL);
	size_t n = 32;
	uint8_t *shared = arena_alloc(arena, n);

	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, theirs), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, shared, &n), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(ours);
	EVP_PKEY_free(theirs);
	return bytes_of(shared, n);
}

static struct bytes hmac(struct bytes key, struct bytes text, struct arena *arena)
{
	uint8_t *out = arena_alloc(arena, PRF_OCTETS);
	unsigned n;

	assert_non_null(HMAC(EVP_sha256(), key.p, (int)key.n, text.p, text.n, out, &n));
	return bytes_of(out, n);
}

static struct bytes joined(struct arena *arena, struct bytes a, struct bytes b)
{
	uint8_t *p = arena_alloc(arena, a.n + b.n + 1);

	if (a.n)
		memcpy(p, a.p, a.n);
	memcpy(p + a.n, b.p, b.n);
	return bytes_of(p, a.n + b.n);
}

static struct bytes joined_all(struct arena *arena, unsigned n, va_list pieces)
{
	struct bytes all = { 0 };

	while (n--)
		all = joined(arena, all, va_arg(pieces, struct bytes));
	return all;
}

struct bytes derive_prf(struct bytes key, struct arena *arena, unsigned n_pieces, ...)
{
	struct bytes text;
	va_list pieces;

	va_start(pieces, n_pieces);
	text = joined_all(arena, n_pieces, pieces);
	va_end(pieces);
	return hmac(key, text, arena);
}

struct bytes derive_plus(struct bytes key, size_t n, struct arena *arena, unsigned n_pieces, ...)
{
	struct bytes seed, last = { 0 }, all = { 0 };
	va_list pieces;

	va_start(pieces, n_pieces);
	seed = joined_all(arena, n_pieces, pieces);
	va_end(pieces);
	for (uint8_t i = 1; all.n < n; i++) {
		last = hmac(key, joined(arena, joined(arena, last, seed), bytes_of(&i, 1)), arena);
		all = joined(arena, all, last);
	}
	return bytes_of(all.p, n);
}

static void assert_sa(const struct host *h, bool inbound, uint32_t spi, const uint8_t *key)
{
	const struct sa_spec *sa = datapath_sa(&h->datapath, inbound, spi);

	assert_non_null(sa);
	assert_int_equal(sa->encr_key.n, KEY_OCTETS);
	assert_memory_equal(sa->encr_key.p, key, KEY_OCTETS);
}

void derive_assert_child(const struct host *h, const struct child *child, struct bytes keymat)
{
	bool peer = datapath_sa(&h->datapath, true, child->spi_out); /* who receives what who asked sends */

	assert_int_equal(keymat.n, 2 * KEY_OCTETS);
	assert_sa(h, peer, child->spi_out, keymat.p);
	assert_sa(h, !peer, child->spi_in, keymat.p + KEY_OCTETS);
}
