/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys in and out of OpenSSL. */
#include "pki/key.h"

#include "pki/ossl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

/* OpenSSL's names of the keys IKE has; those of ML-DSA are known from OpenSSL 3.5 on. */
static const struct kind {
	const char *openssl, *print;
	uint8_t type;
	bool pss_only;
} kinds[] = {
	{ "RSA", "RSA", KEY_RSA, false },
	{ "RSA-PSS", "RSA-PSS", KEY_RSA, true },
	{ "EC", "ECDSA", KEY_ECDSA, false },
	{ "ED25519", "Ed25519", KEY_ED25519, false },
	{ "ED448", "Ed448", KEY_ED448, false },
	{ "ML-DSA-44", "ML-DSA-44", KEY_MLDSA44, false },
	{ "ML-DSA-65", "ML-DSA-65", KEY_MLDSA65, false },
	{ "ML-DSA-87", "ML-DSA-87", KEY_MLDSA87, false },
};

static const struct kind *kind_of(const EVP_PKEY *pkey)
{
	for (const struct kind *k = kinds; k < kinds + sizeof kinds / sizeof *kinds; k++)
		if (EVP_PKEY_is_a(pkey, k->openssl))
			return k;
	return NULL;
}

/* ECDSA is used over the curves that IKE's methods name. */
static bool curve_admitted(const EVP_PKEY *pkey)
{
	static const char *const curves[] = { "prime256v1", "P-256", "secp384r1", "P-384", "secp521r1",
		"P-521" };
	char name[64] = "";

	if (EVP_PKEY_get_group_name(pkey, name, sizeof name, NULL) != 1)
		return false;
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
		if (!strcmp(name, curves[i]))
			return true;
	return false;
}

static const char *not_admitted(const EVP_PKEY *pkey, const struct kind *kind, struct arena *arena)
{
	const char *name = EVP_PKEY_get0_type_name(pkey);

	if (!kind)
		return arena_printf(arena, "a key of type %s cannot sign for IKE", name ? name : "unknown");
	if (kind->type == KEY_ECDSA && !curve_admitted(pkey))
		return "an ECDSA key for IKE is on P-256, P-384 or P-521, and this one is not";
	if (kind->type == KEY_RSA && EVP_PKEY_get_bits(pkey) < KEY_RSA_BITS_MIN)
		return arena_printf(arena, "an RSA key of %d bits is too weak: at least %d are needed",
			EVP_PKEY_get_bits(pkey), KEY_RSA_BITS_MIN);
	return NULL;
}

/* The identifiers, from SubjectPublicKeyInfo. */
static bool identify(struct key *k, X509_PUBKEY *pub)
{
	unsigned char *der = NULL;
	const unsigned char *bits;
	int n = i2d_X509_PUBKEY(pub, &der);

	k->spki = ossl_taken(der, n, &k->arena);
	if (!k->spki.n || X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, pub) != 1)
		return false;
	ossl_sha1(k->spki, k->id);
	ossl_sha1(bytes_of(bits, (size_t)n), k->subj);
	return true;
}

/* PUB NULL: it is made of the key. */
static bool identify_by(struct key *k, X509_PUBKEY *pub)
{
	X509_PUBKEY *made = NULL;
	bool ok = pub || X509_PUBKEY_set(&made, k->pkey) == 1;

	ok = ok && identify(k, pub ? pub : made);
	X509_PUBKEY_free(made);
	return ok;
}

static struct key *take(EVP_PKEY *pkey, X509_PUBKEY *pub, bool secret, struct arena *arena, struct why *why)
{
	const struct kind *kind = kind_of(pkey);
	struct key *k = calloc(1, sizeof *k);

	if (!k)
		abort();
	*k = (struct key){ .refs = 1, .pkey = pkey, .secret = secret };
	why->what = not_admitted(pkey, kind, arena);
	if (why->what)
		why->instead = "an RSA key of 3072 bits, an ECDSA key on P-256, or an Ed25519 key";
	else if (!identify_by(k, pub))
		why->what = arena_printf(arena, "the key has no public part: %s", ossl_reason(arena));
	if (why->what) {
		key_unref(k);
		return NULL;
	}
	k->type = kind->type;
	k->pss_only = kind->pss_only;
	k->bits = (unsigned)EVP_PKEY_get_bits(pkey);
	return k;
}

struct key *key_take(EVP_PKEY *pkey, bool secret, struct arena *arena, struct why *why)
{
	return take(pkey, NULL, secret, arena, why);
}

struct key *key_take_from(EVP_PKEY *pkey, X509_PUBKEY *pub, struct arena *arena, struct why *why)
{
	return take(pkey, pub, false, arena, why);
}

struct key *key_ref(struct key *k)
{
	k->refs++;
	return k;
}

void key_unref(struct key *k)
{
	if (!k || --k->refs)
		return;
	if (k->end)
		k->end(k->kept);
	EVP_PKEY_free(k->pkey);
	arena_free(&k->arena);
	free(k);
}

bool key_eq(const struct key *a, const struct key *b)
{
	return !memcmp(a->id, b->id, KEYID_SIZE);
}

/* Of a key that was read elsewhere there is no more than that (paper.h). */
static const struct kind *kind_of_type(const struct key *k)
{
	const struct kind *kind = kinds;

	while (kind->type != k->type || kind->pss_only != k->pss_only)
		kind++;
	return kind;
}

const char *key_print(const struct key *k, struct arena *arena)
{
	const struct kind *kind = kind_of_type(k);

	if (k->type == KEY_RSA)
		return arena_printf(arena, "%s %u bits", kind->print, k->bits);
	if (k->type == KEY_ECDSA)
		return arena_printf(arena, "ECDSA P-%u", k->bits);
	return kind->print;
}

const char *keyid_print(const uint8_t id[KEYID_SIZE], char out[KEYID_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < KEYID_SIZE; i++) {
		out[2 * i] = digits[id[i] >> 4];
		out[2 * i + 1] = digits[id[i] & 15];
	}
	out[2 * KEYID_SIZE] = 0;
	return out;
}
