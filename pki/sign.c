/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing a scheme, and signing. */
#include "pki/sign.h"

#include "base/buf.h"
#include "crypto/fetch.h"
#include "pki/ossl.h"
#include "pki/sign_form.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

/* The hash that is as strong as the key (NIST SP 800-57, part 1, tables 2 and 3). */
static unsigned fitting_hash(const struct key *k)
{
	if (k->type == KEY_RSA)
		return k->bits <= 3072 ? HASH_SHA2_256 : k->bits <= 7680 ? HASH_SHA2_384 : HASH_SHA2_512;
	if (k->type == KEY_ECDSA)
		return k->bits <= 256 ? HASH_SHA2_256 : k->bits <= 384 ? HASH_SHA2_384 : HASH_SHA2_512;
	return HASH_IDENTITY;
}

/* How far HASH is from the fitting one: stronger ones are nearer than weaker ones. */
static unsigned hash_cost(const struct key *k, unsigned hash)
{
	unsigned fitting = fitting_hash(k);

	return hash >= fitting ? hash - fitting : HASH_IDS + fitting - hash;
}

static bool fits(const struct scheme *s, const struct key *k, const struct sign_policy *p)
{
	if (s->key != k->type || (k->pss_only && !s->pss) || (s->curve && s->curve != k->bits))
		return false;
	if (p->constraints.ike && !signature_in(p->constraints.ike, s->key, s->pss, s->hash))
		return false;
	if (p->peer.said && !(p->peer.schemes & SCHEME_BIT(s)))
		return false;
	return scheme_is_classic(s) ? p->peer.said || !p->hashes : p->hashes & HASH_BIT(s->hash);
}

static bool better(const struct scheme *a, const struct scheme *b, const struct key *k, bool prefer_pss)
{
	if (!b)
		return true;
	if (scheme_is_classic(a) != scheme_is_classic(b))
		return !scheme_is_classic(a);
	if (a->pss != b->pss)
		return a->pss == prefer_pss;
	return !scheme_is_classic(a) && hash_cost(k, a->hash) < hash_cost(k, b->hash);
}

/* What the peer has said that it takes. */
static const char *taken(const struct sign_policy *p, struct arena *arena)
{
	char hashes[HASHES_TEXT];

	if (p->peer.said)
		return arena_printf(arena, "proofs that the peer takes: %s", announce_print(&p->peer, arena));
	if (p->hashes)
		return arena_printf(arena, "hashes of the peer: %s", hashes_print(p->hashes, hashes));
	return "the peer announced no hashes (RFC 7427): it takes the classic RSA and ECDSA only";
}

static void none_fits(const struct key *k, const struct sign_policy *p, struct arena *arena, struct why *why)
{
	struct text wanted = text_in(arena);

	why->what = arena_printf(arena, "there is no way to sign with our key (%s)", key_print(k, arena));
	why->offered = taken(p, arena);
	if (p->constraints.ike) {
		signatures_print(p->constraints.ike, &wanted);
		why->configured = text_str(&wanted);
		why->instead = "auth = pubkey, which leaves the choice to us";
	} else {
		why->instead = p->peer.said ? "a key for what the peer takes"
			       : p->hashes  ? "a hash for that key on the peer's side"
					    : "an RSA or ECDSA key";
	}
}

const struct scheme *sign_choose(
	const struct key *key, const struct sign_policy *p, struct arena *arena, struct why *why)
{
	const struct scheme *best = NULL;

	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (fits(s, key, p) && better(s, best, key, p->prefer_pss))
			best = s;
	if (!best)
		none_fits(key, p, arena, why);
	return best;
}

bool sign_set_padding(EVP_PKEY_CTX *ctx, const struct key *k, const struct scheme *s, int salt)
{
	if (k->type != KEY_RSA)
		return true;
	if (!s->pss)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) > 0;
}

/* The signature as OpenSSL makes it: ECDSA's in DER. */
static bool make_signature(const struct key *k, const struct scheme *s, struct bytes octets,
	struct arena *arena, struct bytes *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	uint8_t *p = NULL;
	size_t n = 0;
	bool done = ctx && EVP_DigestSignInit_ex(ctx, &pctx, s->digest, NULL, NULL, k->pkey, NULL) == 1 &&
		    sign_set_padding(pctx, k, s, RSA_PSS_SALTLEN_DIGEST) &&
		    EVP_DigestSign(ctx, NULL, &n, octets.p, octets.n) == 1 && n <= SIGN_AUTH_MAX;

	if (done) {
		p = arena_alloc(arena, n);
		done = EVP_DigestSign(ctx, p, &n, octets.p, octets.n) == 1;
	}
	EVP_MD_CTX_free(ctx);
	*out = bytes_of(p, n);
	return done;
}

static enum err refuse(const struct key *key, const struct scheme *s, struct arena *arena, struct why *why)
{
	why->what = arena_printf(arena, "signing with our key (%s, %s) failed: %s", key_print(key, arena),
		s->name, ossl_reason(arena));
	return ERR_CRYPTO;
}

enum err sign_bare(const struct key *key, const struct scheme *s, struct bytes octets, struct arena *arena,
	struct bytes *out, struct why *why)
{
	return make_signature(key, s, octets, arena, out) ? ERR_OK : refuse(key, s, arena, why);
}

enum err sign_octets(const struct key *key, const struct scheme *s, struct bytes octets, struct arena *arena,
	struct bytes *out, struct why *why)
{
	struct bytes signature;

	if (make_signature(key, s, octets, arena, &signature) && sign_form_put(key, s, signature, arena, out))
		return ERR_OK;
	return refuse(key, s, arena, why);
}
