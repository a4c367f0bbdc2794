/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checking the peer's signature. */
#include "pki/ossl.h"
#include "pki/sign.h"
#include "pki/sign_form.h"

/* What is being checked. */
struct check {
	const struct key *key;
	struct bytes octets;
	const struct constraints *c;
	struct arena *arena;
	struct why *why;
};

static enum err wrong_key(const struct check *k, const char *method)
{
	k->why->what = arena_printf(k->arena, "the peer signed with %s, which does not fit its key (%s)",
		method, key_print(k->key, k->arena));
	return ERR_AUTH;
}

static enum err admitted(const struct check *k, const struct scheme *s)
{
	struct text wanted = text_in(k->arena);

	if (!k->c->ike || signature_in(k->c->ike, s->key, s->pss, s->hash))
		return ERR_OK;
	signatures_print(k->c->ike, &wanted);
	k->why->what = "the peer signed in a way that the connection does not admit";
	k->why->offered = s->name;
	k->why->configured = text_str(&wanted);
	k->why->instead =
		arena_printf(k->arena, "auth = %s-%s for the remote side, or another key or hash there",
			s->pss ? "rsa/pss" : key_type_name(s->key), hash_name(s->hash));
	return ERR_DENIED;
}

static bool holds(const struct check *k, const struct signature *sig)
{
	const struct scheme *s = sig->scheme;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	bool good = ctx &&
		    EVP_DigestVerifyInit_ex(ctx, &pctx, s->digest, NULL, NULL, k->key->pkey, NULL) == 1 &&
		    sign_set_padding(pctx, k->key, s, sig->salt) &&
		    EVP_DigestVerify(ctx, sig->octets.p, sig->octets.n, k->octets.p, k->octets.n) == 1;

	EVP_MD_CTX_free(ctx);
	ossl_forget();
	return good;
}

static enum err not_held(const struct check *k, const char *name)
{
	k->why->what = arena_printf(k->arena, "the peer's signature (%s) is not that of its key (%s)", name,
		key_print(k->key, k->arena));
	k->why->instead = "on the peer's side, the private key that belongs to its certificate";
	return ERR_AUTH;
}

static enum err check_signature(const struct check *k, const struct signature *sig)
{
	const struct scheme *s = sig->scheme;
	enum err e;

	if (s->key != k->key->type || (k->key->pss_only && !s->pss))
		return wrong_key(k, s->name);
	e = admitted(k, s);
	if (e)
		return e;
	return holds(k, sig) ? ERR_OK : not_held(k, s->name);
}

/* A classic method may stand for several schemes, where the signer was free to choose the hash: the one that
 * holds counts, and the complaint is about the first. */
static enum err check_classic(
	const struct check *k, uint8_t method, struct bytes auth, const struct scheme **used)
{
	enum err first = ERR_UNSUPPORTED;
	struct signature sig;

	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++) {
		if (s->method != method)
			continue;
		if (s->key != k->key->type || (s->curve && s->curve != k->key->bits) || k->key->pss_only)
			return wrong_key(k, s->name);
		sig = (struct signature){ .scheme = s, .octets = auth };
		if (s->key == KEY_ECDSA)
			sig.octets = sign_form_ecdsa(k->key, auth, k->arena);
		if (holds(k, &sig)) {
			*k->why = (struct why){ 0 };
			*used = s;
			return admitted(k, s);
		}
		if (first == ERR_UNSUPPORTED)
			first = not_held(k, s->name);
	}
	return first;
}

static enum err check_method(
	const struct check *k, uint8_t method, struct bytes auth, const struct scheme **used)
{
	struct signature sig;
	enum err e;

	if (method != SCHEME_METHOD_SIGNATURE) {
		e = check_classic(k, method, auth, used);
		if (e == ERR_UNSUPPORTED)
			k->why->what = arena_printf(k->arena,
				"the peer's authentication method %u is none by signature that we have",
				method);
		return e;
	}
	e = sign_form_get(auth, k->arena, &sig, k->why);
	if (!e) {
		*used = sig.scheme;
		e = check_signature(k, &sig);
	}
	return e;
}

enum err sign_check(const struct key *key, uint8_t method, struct bytes auth, struct bytes octets,
	const struct constraints *c, struct arena *arena, const struct scheme **used, struct why *why)
{
	struct check k = { key, octets, c, arena, why };
	const struct scheme *ignored;
	struct text wanted = text_in(arena);

	if (auth.n > SIGN_AUTH_MAX) {
		why->what = arena_printf(
			arena, "the peer's AUTH payload has %zu octets, more than %d", auth.n, SIGN_AUTH_MAX);
		return ERR_SYNTAX;
	}
	if (!constraints_key(c, key->type, key->bits, &wanted)) {
		why->what = "the peer's key is none that the connection admits";
		why->offered = key_print(key, arena);
		why->configured = text_str(&wanted);
		why->instead = "an auth that admits it, or a key of that kind at the peer";
		return ERR_DENIED;
	}
	return check_method(&k, method, auth, used ? used : &ignored);
}
