/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A provider of OpenSSL's (provider-keymgmt(7), provider-signature(7)) in a library context of its own, so
 * that nobody gets it who did not ask for it. It takes octets to sign, not hashes: who has the key sees what
 * it signs. */
#include "eap/far_key.h"

#include <openssl/async.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define PARAM_SPKI  "spki"
#define PARAM_WAITS "waits"

struct far_keys {
	OSSL_LIB_CTX *context;
	OSSL_PROVIDER *provider;
};

/* What OpenSSL has of a key. */
struct far_key {
	EVP_PKEY *public; /* in the usual provider */
	struct far_signature *waits;
};

/* Kinds by their names in OpenSSL, which are also those of their signatures here. */
static const struct kind {
	const char *name, *names;
	enum key_type type;
} kinds[] = {
	{ "RSA", "RSA:rsaEncryption", KEY_RSA },
	{ "EC", "EC:id-ecPublicKey", KEY_ECDSA },
	{ "ED25519", "ED25519", KEY_ED25519 },
	{ "ED448", "ED448", KEY_ED448 },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const struct kind *kind_of(const EVP_PKEY *p)
{
	for (unsigned i = 0; i < KINDS; i++)
		if (EVP_PKEY_is_a(p, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* --------------------------------------------------------------------- keys */

static void *key_begin(void *provider)
{
	(void)provider;
	return calloc(1, sizeof(struct far_key));
}

static void key_end(void *key)
{
	if (key)
		EVP_PKEY_free(((struct far_key *)key)->public);
	free(key);
}

static int key_import(void *key, int selection, const OSSL_PARAM params[])
{
	struct far_key *k = key;
	const OSSL_PARAM *spki = OSSL_PARAM_locate_const(params, PARAM_SPKI),
			 *waits = OSSL_PARAM_locate_const(params, PARAM_WAITS);
	const unsigned char *p;
	const void *w;
	size_t n;

	(void)selection;
	if (!spki || !waits || !OSSL_PARAM_get_octet_ptr(waits, &w, &n))
		return 0;
	p = spki->data;
	k->public = d2i_PUBKEY(NULL, &p, (long)spki->data_size);
	k->waits = (struct far_signature *)w;
	return k->public != NULL;
}

static const OSSL_PARAM *key_import_types(int selection)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_octet_string(PARAM_SPKI, NULL, 0),
		OSSL_PARAM_octet_ptr(PARAM_WAITS, NULL, 0), OSSL_PARAM_END };

	(void)selection;
	return types;
}

/* The public part only: to compare it with a certificate's. */
static int key_export(void *key, int selection, OSSL_CALLBACK *take, void *ctx)
{
	OSSL_PARAM *params = NULL;
	int good = !(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) &&
		   EVP_PKEY_todata(((struct far_key *)key)->public, EVP_PKEY_PUBLIC_KEY, &params) == 1 &&
		   take(params, ctx);

	OSSL_PARAM_free(params);
	return good;
}

static const OSSL_PARAM *key_export_types(int selection)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_END };

	(void)selection;
	return types;
}

static int key_has(const void *key, int selection)
{
	(void)selection;
	return ((const struct far_key *)key)->public != NULL;
}

static int key_tell(void *key, OSSL_PARAM params[])
{
	return EVP_PKEY_get_params(((struct far_key *)key)->public, params);
}

static const OSSL_PARAM *key_tells(void *provider)
{
	static const OSSL_PARAM what[] = { OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0), OSSL_PARAM_END };

	(void)provider;
	return what;
}

/* --------------------------------------------------------------- signatures */

struct signing {
	struct far_key *key; /* OpenSSL's, which outlives this */
	const char *digest;  /* of the table of schemes; NULL: the signature has its own */
	bool pss;
	const struct kind *kind;
};

static void *signing_begin(void *provider, const char *properties)
{
	(void)provider, (void)properties;
	return calloc(1, sizeof(struct signing));
}

static void signing_end(void *ctx)
{
	free(ctx);
}

/* That of RFC 7427's table: TLS has no other ones that we speak. NULL: there is none. */
static const struct scheme *scheme_of(const struct signing *s)
{
	for (const struct scheme *at = schemes; at < schemes + SCHEMES; at++)
		if (!scheme_is_classic(at) && at->key == s->kind->type && at->pss == s->pss &&
			at->digest == s->digest)
			return at;
	return NULL;
}

/* The table's word for DIGEST, which OpenSSL writes in several ways. */
static bool find_digest(const char *digest, const char **out)
{
	const EVP_MD *md = digest && *digest ? EVP_get_digestbyname(digest) : NULL;

	*out = NULL;
	for (const struct scheme *at = schemes; md && at < schemes + SCHEMES && !*out; at++)
		if (!scheme_is_classic(at) && at->digest && EVP_MD_is_a(md, at->digest))
			*out = at->digest;
	return *out || !digest || !*digest;
}

static int signing_set(void *ctx, const OSSL_PARAM params[])
{
	struct signing *s = ctx;
	const OSSL_PARAM *padding =
		params ? OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE) : NULL;
	int mode = RSA_PKCS1_PADDING;

	if (padding && !OSSL_PARAM_get_int(padding, &mode))
		return 0;
	if (padding)
		s->pss = mode == RSA_PKCS1_PSS_PADDING;
	return 1;
}

/* The salt is always as long as the hash, as TLS has it. */
static const OSSL_PARAM *signing_settable(void *ctx, void *provider)
{
	static const OSSL_PARAM what[] = { OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL),
		OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL), OSSL_PARAM_END };

	(void)ctx, (void)provider;
	return what;
}

static int signing_init(void *ctx, const char *digest, void *key, const OSSL_PARAM params[])
{
	struct signing *s = ctx;

	s->key = key;
	s->kind = kind_of(s->key->public);
	return s->kind && find_digest(digest, &s->digest) && signing_set(ctx, params);
}

/* Nobody else runs in this job until the signature is there. */
static int sign(
	void *ctx, unsigned char *out, size_t *n, size_t room, const unsigned char *octets, size_t octets_n)
{
	const struct signing *s = ctx;
	struct far_signature *f = s->key->waits;

	if (!out) {
		*n = (size_t)EVP_PKEY_get_size(s->key->public);
		return 1;
	}
	f->scheme = scheme_of(s);
	f->octets = bytes_of(octets, octets_n);
	f->over = !f->scheme || !ASYNC_get_current_job();
	f->made_n = 0;
	while (!f->over && ASYNC_pause_job() == 1)
		;
	f->scheme = NULL;
	if (!f->made_n || f->made_n > room)
		return 0;
	memcpy(out, f->made, f->made_n);
	*n = f->made_n;
	return 1;
}

/* ----------------------------------------------------------------- provider */

typedef void function(void);

static const OSSL_DISPATCH keys[] = {
	{ OSSL_FUNC_KEYMGMT_NEW, (function *)key_begin },
	{ OSSL_FUNC_KEYMGMT_FREE, (function *)key_end },
	{ OSSL_FUNC_KEYMGMT_IMPORT, (function *)key_import },
	{ OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (function *)key_import_types },
	{ OSSL_FUNC_KEYMGMT_EXPORT, (function *)key_export },
	{ OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (function *)key_export_types },
	{ OSSL_FUNC_KEYMGMT_HAS, (function *)key_has },
	{ OSSL_FUNC_KEYMGMT_GET_PARAMS, (function *)key_tell },
	{ OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (function *)key_tells },
	{ 0, NULL },
};

static const OSSL_DISPATCH signatures[] = {
	{ OSSL_FUNC_SIGNATURE_NEWCTX, (function *)signing_begin },
	{ OSSL_FUNC_SIGNATURE_FREECTX, (function *)signing_end },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (function *)signing_init },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (function *)sign },
	{ OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (function *)signing_set },
	{ OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (function *)signing_settable },
	{ 0, NULL },
};

static OSSL_ALGORITHM all_keys[KINDS + 1], all_signatures[KINDS + 1];

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_KEYMGMT     ? all_keys
	       : operation == OSSL_OP_SIGNATURE ? all_signatures
						: NULL;
}

static int begin(
	const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core, const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH own[] = { { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (function *)query },
		{ 0, NULL } };
	static int nothing;

	(void)handle, (void)core;
	for (unsigned i = 0; i < KINDS; i++) {
		all_keys[i] = (OSSL_ALGORITHM){ kinds[i].names, "provider=far", keys, NULL };
		all_signatures[i] = (OSSL_ALGORITHM){ kinds[i].name, "provider=far", signatures, NULL };
	}
	*out = own;
	*provider = &nothing;
	return 1;
}

struct far_keys *far_keys_new(void)
{
	struct far_keys *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->context = OSSL_LIB_CTX_new();
	if (f->context && OSSL_PROVIDER_add_builtin(f->context, "far", begin) == 1)
		f->provider = OSSL_PROVIDER_load(f->context, "far");
	if (f->provider)
		return f;
	far_keys_free(f);
	return NULL;
}

void far_keys_free(struct far_keys *f)
{
	if (!f)
		return;
	if (f->provider)
		OSSL_PROVIDER_unload(f->provider);
	OSSL_LIB_CTX_free(f->context);
	free(f);
}

void *far_key_new(const struct far_keys *f, struct bytes spki, struct far_signature *waits)
{
	const unsigned char *p = spki.p;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)spki.n), *key = NULL;
	const struct kind *kind = public ? kind_of(public) : NULL;
	EVP_PKEY_CTX *ctx = kind ? EVP_PKEY_CTX_new_from_name(f->context, kind->name, NULL) : NULL;
	void *w = waits;
	OSSL_PARAM params[] = { OSSL_PARAM_construct_octet_string(PARAM_SPKI, (void *)spki.p, spki.n),
		OSSL_PARAM_construct_octet_ptr(PARAM_WAITS, &w, sizeof *waits), OSSL_PARAM_construct_end() };

	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(public);
	return key;
}
