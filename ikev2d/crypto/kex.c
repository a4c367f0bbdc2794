/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diffie-Hellman in three kinds of groups. In each, the public value is the private one applied to the
 * generator and the shared secret the private one applied to the peer's value: one function does both. A KEM
 * has the same for who begins; who answers does something else. */
#include "crypto/kex.h"

#include "crypto/fetch.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

enum { ECP_POINT_MAX = 1 + 2 * KEX_PRIVATE_MAX };

/* SECRET applied to PEER (KE->out octets), or to the generator when PEER is NULL. */
typedef enum err method(const struct transform *ke, const uint8_t *secret, const uint8_t *peer, uint8_t *out);

static BIGNUM *secret_number(const uint8_t *octets, size_t n)
{
	BIGNUM *number = BN_bin2bn(octets, n, NULL);

	if (number)
		BN_set_flags(number, BN_FLG_CONSTTIME);
	return number;
}

/* A key of what PARAMS say, pairs or public. */
static EVP_PKEY *key_of(const struct transform *ke, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, ke->openssl, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Curve25519 and Curve448 (RFC 7748). */

enum { X25519_SIZE = 32, X448_SIZE = 56 };

/* RFC 7748, 4: u is 9, or 5. */
static void *make_generator(const char *name)
{
	const bool small = !strcmp(name, "X25519");
	const uint8_t u[X448_SIZE] = { small ? 9 : 5 };

	return EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, u, small ? X25519_SIZE : X448_SIZE);
}

/* With a private value alone OpenSSL reckons the public one, in a way that takes longer than a derivation,
 * and each time anew. Nothing here reads that of a key: it is told one that is none. */
static EVP_PKEY *xdh_private(const struct transform *ke, const uint8_t *secret)
{
	const uint8_t unread[X448_SIZE] = { 0 };
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)unread, ke->out),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)secret, ke->key),
		OSSL_PARAM_construct_end(),
	};

	return key_of(ke, params);
}

/* What SECRET is applied by; NULL: the library has no such curve. */
static EVP_PKEY_CTX *xdh_open(const struct transform *ke, const uint8_t *secret)
{
	EVP_PKEY *own = xdh_private(ke, secret);
	EVP_PKEY_CTX *ctx = own ? EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL) : NULL;

	EVP_PKEY_free(own);
	if (ctx && EVP_PKEY_derive_init(ctx) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

/* OpenSSL fails to derive when the result is all zeros, as it is for points of low order; there is nothing
 * else to be checked in what a peer says. */
static enum err xdh_apply(const struct transform *ke, EVP_PKEY_CTX *ctx, const uint8_t *peer, uint8_t *out)
{
	EVP_PKEY *theirs =
		peer ? EVP_PKEY_new_raw_public_key_ex(NULL, ke->openssl, NULL, peer, ke->out) : NULL;
	EVP_PKEY *base = peer ? theirs : fetch_once(make_generator, ke->openssl);
	size_t n = ke->out;
	enum err e = ERR_CRYPTO;

	if (base && EVP_PKEY_derive_set_peer_ex(ctx, base, 0) == 1)
		e = EVP_PKEY_derive(ctx, out, &n) == 1 ? ERR_OK : ERR_AUTH;
	EVP_PKEY_free(theirs);
	return e;
}

static enum err xdh(const struct transform *ke, const uint8_t *secret, const uint8_t *peer, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = xdh_open(ke, secret);
	enum err e = ctx ? xdh_apply(ke, ctx, peer, out) : ERR_UNSUPPORTED;

	EVP_PKEY_CTX_free(ctx);
	return e;
}

static enum err xdh_answer(const struct transform *ke, const uint8_t *secret, const uint8_t *peer,
	uint8_t *public, uint8_t *shared)
{
	EVP_PKEY_CTX *ctx = xdh_open(ke, secret);
	enum err e = ctx ? xdh_apply(ke, ctx, NULL, public) : ERR_UNSUPPORTED;

	if (!e)
		e = xdh_apply(ke, ctx, peer, shared);
	EVP_PKEY_CTX_free(ctx);
	return e;
}

/* The curves of NIST; values are x | y (RFC 5903, 7). */

static void *make_group(const char *name)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)name, 0),
		OSSL_PARAM_construct_end(),
	};

	return EC_GROUP_new_from_params(params, NULL, NULL);
}

/* The private value as a number below the order. Bits that the order has not are cleared first: of the
 * 528 of P-521 seven, without which one draw of 128 would do. */
static enum err ecp_scalar(
	const EC_GROUP *group, const struct transform *ke, const uint8_t *secret, BIGNUM **scalar)
{
	uint8_t octets[KEX_PRIVATE_MAX];

	memcpy(octets, secret, ke->key);
	octets[0] &= 0xff >> (8 * ke->key - EC_GROUP_order_bits(group));
	*scalar = secret_number(octets, ke->key);
	WIPE(octets);
	if (!*scalar)
		return ERR_CRYPTO;
	return BN_is_zero(*scalar) || BN_cmp(*scalar, EC_GROUP_get0_order(group)) >= 0 ? ERR_RANGE : ERR_OK;
}

/* OpenSSL refuses coordinates of p and above and what is not on the curve. XY cannot stand for the point at
 * infinity. All these curves have cofactor 1: no other check is needed (RFC 6989, 2.3). */
static enum err ecp_point(
	const EC_GROUP *group, const struct transform *ke, const uint8_t *xy, EC_POINT **point)
{
	uint8_t octets[ECP_POINT_MAX] = { POINT_CONVERSION_UNCOMPRESSED };

	memcpy(octets + 1, xy, ke->out);
	*point = EC_POINT_new(group);
	if (!*point)
		return ERR_CRYPTO;
	return EC_POINT_oct2point(group, *point, octets, 1 + ke->out, NULL) == 1 ? ERR_OK : ERR_AUTH;
}

/* SCALAR times BASE, or times the generator when BASE is NULL: the first N octets of x | y. */
static enum err ecp_multiply(const EC_GROUP *group, const struct transform *ke, const BIGNUM *scalar,
	const EC_POINT *base, uint8_t *out, size_t n)
{
	EC_POINT *product = EC_POINT_new(group);
	uint8_t octets[ECP_POINT_MAX];
	enum err e = ERR_CRYPTO;

	if (product &&
		EC_POINT_mul(group, product, base ? NULL : scalar, base, base ? scalar : NULL, NULL) == 1 &&
		EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets,
			NULL) == 1u + ke->out) {
		memcpy(out, octets + 1, n);
		e = ERR_OK;
	}
	EC_POINT_clear_free(product);
	WIPE(octets);
	return e;
}

static enum err ecp(const struct transform *ke, const uint8_t *secret, const uint8_t *peer, uint8_t *out)
{
	const EC_GROUP *group = fetch_once(make_group, ke->openssl);
	BIGNUM *scalar = NULL;
	EC_POINT *base = NULL;
	enum err e;

	if (!group)
		return ERR_UNSUPPORTED;
	e = ecp_scalar(group, ke, secret, &scalar);
	if (!e && peer)
		e = ecp_point(group, ke, peer, &base);
	if (!e)
		e = ecp_multiply(group, ke, scalar, base, out, peer ? ke->shared : ke->out);
	EC_POINT_free(base);
	BN_clear_free(scalar);
	return e;
}

/* The primes of RFC 2409 and RFC 3526, with generator 2. */

static BIGNUM *modp_prime(size_t octets)
{
	switch (octets) {
	case 128: return BN_get_rfc2409_prime_1024(NULL);
	case 192: return BN_get_rfc3526_prime_1536(NULL);
	case 256: return BN_get_rfc3526_prime_2048(NULL);
	case 384: return BN_get_rfc3526_prime_3072(NULL);
	case 512: return BN_get_rfc3526_prime_4096(NULL);
	default: return NULL;
	}
}

static BIGNUM *modp_base(const uint8_t *peer, size_t n)
{
	static const uint8_t generator = 2;

	return peer ? BN_bin2bn(peer, n, NULL) : BN_bin2bn(&generator, 1, NULL);
}

/* 1 < BASE < p - 1 is all that RFC 6989, 2.1 asks, (p-1)/2 being prime. */
static enum err modp_check(const BIGNUM *base, const BIGNUM *p)
{
	BIGNUM *last = BN_dup(p);
	enum err e = ERR_CRYPTO;

	if (last && BN_sub_word(last, 1) == 1)
		e = BN_cmp(base, BN_value_one()) > 0 && BN_cmp(base, last) < 0 ? ERR_OK : ERR_AUTH;
	BN_free(last);
	return e;
}

static enum err modp(const struct transform *ke, const uint8_t *secret, const uint8_t *peer, uint8_t *out)
{
	BIGNUM *p = modp_prime(ke->out);
	BIGNUM *base = modp_base(peer, ke->out);
	BIGNUM *exponent = secret_number(secret, ke->key);
	BIGNUM *power = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	enum err e = ERR_CRYPTO;

	if (!p)
		e = ERR_UNSUPPORTED;
	else if (base && exponent && power && ctx)
		e = BN_is_zero(exponent) ? ERR_RANGE : modp_check(base, p);
	if (!e && (BN_mod_exp_mont_consttime(power, base, exponent, p, ctx, NULL) != 1 ||
			  BN_bn2binpad(power, out, ke->out) != ke->out))
		e = ERR_CRYPTO;
	BN_CTX_free(ctx);
	BN_clear_free(power);
	BN_clear_free(exponent);
	BN_free(base);
	BN_free(p);
	return e;
}

/* ML-KEM. Its keys follow from a seed, and its ciphertexts from what OpenSSL calls ikme. */

enum { KEM_RANDOM = 32 /* octets that a ciphertext is made of */ };

static EVP_PKEY *kem_key(const struct transform *ke, const char *part, const uint8_t *octets, size_t n)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(part, (void *)octets, n),
		OSSL_PARAM_construct_end(),
	};

	return key_of(ke, params);
}

static enum err kem_public(const struct transform *ke, EVP_PKEY *own, uint8_t *out)
{
	size_t n = 0;

	return EVP_PKEY_get_octet_string_param(own, OSSL_PKEY_PARAM_PUB_KEY, out, ke->out, &n) == 1 &&
			       n == ke->out
		       ? ERR_OK
		       : ERR_CRYPTO;
}

static enum err kem_open(const struct transform *ke, EVP_PKEY *own, const uint8_t *peer, uint8_t *shared)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	size_t n = ke->shared;
	enum err e = ERR_CRYPTO;

	if (ctx && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
		EVP_PKEY_decapsulate(ctx, shared, &n, peer, ke->back) == 1)
		e = ERR_OK;
	EVP_PKEY_CTX_free(ctx);
	return e;
}

static enum err kem(const struct transform *ke, const uint8_t *secret, const uint8_t *peer, uint8_t *out)
{
	EVP_PKEY *own = kem_key(ke, "seed", secret, ke->key);
	enum err e = ERR_UNSUPPORTED;

	if (own)
		e = peer ? kem_open(ke, own, peer, out) : kem_public(ke, own, out);
	EVP_PKEY_free(own);
	return e;
}

static enum err kem_seal(
	const struct transform *ke, const uint8_t *random, EVP_PKEY *theirs, uint8_t *public, uint8_t *shared)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, theirs, NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string("ikme", (void *)random, KEM_RANDOM),
		OSSL_PARAM_construct_end(),
	};
	size_t n = ke->back, n_shared = ke->shared;
	enum err e = ERR_CRYPTO;

	if (ctx && EVP_PKEY_encapsulate_init(ctx, params) == 1 &&
		EVP_PKEY_encapsulate(ctx, public, &n, shared, &n_shared) == 1)
		e = ERR_OK;
	EVP_PKEY_CTX_free(ctx);
	return e;
}

static enum err kem_answer(const struct transform *ke, const uint8_t *secret, const uint8_t *peer,
	uint8_t *public, uint8_t *shared)
{
	EVP_PKEY *theirs = kem_key(ke, OSSL_PKEY_PARAM_PUB_KEY, peer, ke->out);
	enum err e = theirs ? kem_seal(ke, secret, theirs, public, shared) : ERR_AUTH;

	EVP_PKEY_free(theirs);
	return e;
}

/* What refuses a peer's value also puts words in OpenSSL's queue; nobody reads them, and they must not be
 * taken for the reason of a later failure. */
static enum err apply(const struct transform *ke, const uint8_t *secret, const uint8_t *peer, uint8_t *out)
{
	static method *const methods[] = {
		[KIND_XDH] = xdh, [KIND_ECP] = ecp, [KIND_MODP] = modp, [KIND_KEM] = kem
	};
	enum err e = ERR_UNSUPPORTED;

	ERR_set_mark();
	if (ke->kind < sizeof methods / sizeof *methods && methods[ke->kind])
		e = methods[ke->kind](ke, secret, peer, out);
	ERR_pop_to_mark();
	return e;
}

enum err kex_public(const struct transform *ke, const uint8_t *secret, uint8_t *public)
{
	return apply(ke, secret, NULL, public);
}

enum err kex_shared(const struct transform *ke, const uint8_t *secret, struct bytes peer, uint8_t *shared)
{
	if (peer.n != kex_answer_size(ke))
		return ERR_SHORT;
	return apply(ke, secret, peer.p, shared);
}

size_t kex_answer_size(const struct transform *ke)
{
	return ke->back ? ke->back : ke->out;
}

enum err kex_answer(const struct transform *ke, const uint8_t *secret, struct bytes peer, uint8_t *public,
	uint8_t *shared)
{
	enum err e;

	if (peer.n != ke->out)
		return ERR_SHORT;
	if (ke->kind != KIND_KEM && ke->kind != KIND_XDH) {
		e = apply(ke, secret, NULL, public);
		return e ? e : apply(ke, secret, peer.p, shared);
	}
	if (ke->kind == KIND_KEM && !kex_available(ke))
		return ERR_UNSUPPORTED;
	ERR_set_mark();
	e = (ke->kind == KIND_KEM ? kem_answer : xdh_answer)(ke, secret, peer.p, public, shared);
	ERR_pop_to_mark();
	return e;
}

bool kex_available(const struct transform *ke)
{
	/* Of the groups that take time one that is zero is refused before anything is reckoned. */
	const uint8_t secret[KEX_PRIVATE_MAX] = { 0 };
	uint8_t public[KEX_PUBLIC_MAX];

	return apply(ke, secret, NULL, public) != ERR_UNSUPPORTED;
}
