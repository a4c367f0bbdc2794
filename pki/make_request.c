/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests for certificates (PKCS#10, RFC 2986). */
#include "pki/make.h"

#include "pki/extension.h"
#include "pki/make_ext.h"
#include "pki/ossl.h"

#include <openssl/pem.h>

static bool set_fields(X509_REQ *r, const struct id *subject, const struct key *key)
{
	X509_NAME *name = make_dn(subject);
	bool done = name && X509_REQ_set_version(r, X509_REQ_VERSION_1) == 1 &&
		    X509_REQ_set_subject_name(r, name) == 1 && X509_REQ_set_pubkey(r, key->pkey) == 1;

	X509_NAME_free(name);
	return done;
}

static bool set_sans(X509_REQ *r, const struct id *sans, unsigned n, struct arena *arena, struct why *why)
{
	STACK_OF(X509_EXTENSION) *list = make_san_extension(sans, n, arena, why);
	bool done = list && (!n || X509_REQ_add_extensions(r, list) == 1);

	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return done;
}

enum err make_request(const struct id *subject, const struct id *sans, unsigned n_sans, const struct key *key,
	struct arena *arena, struct bytes *out, struct why *why)
{
	X509_REQ *r = X509_REQ_new();
	unsigned char *der = NULL;
	bool done = r && set_fields(r, subject, key) && set_sans(r, sans, n_sans, arena, why) &&
		    X509_REQ_sign(r, key->pkey, make_hash(key)) > 0;
	int n = done ? i2d_X509_REQ(r, &der) : 0;

	*out = ossl_taken(der, n, arena);
	X509_REQ_free(r);
	return out->n ? ERR_OK : make_refused("the request", arena, why);
}

/* OpenSSL would ask at the terminal. */
static int no_password(char *out, int room, int writing, void *ctx)
{
	(void)out;
	(void)room;
	(void)writing;
	(void)ctx;
	return -1;
}

static X509_REQ *parse(struct bytes data)
{
	const unsigned char *p = data.p;
	BIO *bio = ossl_reader(data);
	X509_REQ *r = PEM_read_bio_X509_REQ(bio, NULL, no_password, NULL);

	BIO_free(bio);
	return r || !data.n ? r : d2i_X509_REQ(NULL, &p, (long)data.n);
}

static bool take_sans(X509_REQ *r, struct arena *arena, struct request *out)
{
	STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(r);
	GENERAL_NAMES *names = list ? X509V3_get_d2i(list, NID_subject_alt_name, NULL, NULL) : NULL;
	bool fits = extension_names(names, arena, &out->sans, &out->n_sans);

	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return fits;
}

static enum err take(X509_REQ *r, struct arena *arena, struct request *out, struct why *why)
{
	EVP_PKEY *pkey = X509_REQ_get_pubkey(r);
	unsigned char *der = NULL;
	int n = i2d_X509_NAME(X509_REQ_get_subject_name(r), &der);

	out->subject = (struct id){ ID_DER_ASN1_DN, ossl_taken(der, n, arena) };
	if (!pkey || X509_REQ_verify(r, pkey) != 1) {
		EVP_PKEY_free(pkey);
		why->what = "the request is not signed by the key in it: it was changed on its way";
		return ERR_AUTH;
	}
	if (!take_sans(r, arena, out)) {
		EVP_PKEY_free(pkey);
		why->what =
			arena_printf(arena, "the request has more than %d subjectAltNames", CERT_SANS_MAX);
		return ERR_RANGE;
	}
	out->key = key_take_from(pkey, X509_REQ_get_X509_PUBKEY(r), arena, why);
	return out->key ? ERR_OK : ERR_UNSUPPORTED;
}

enum err request_read(struct bytes data, struct arena *arena, struct request *out, struct why *why)
{
	X509_REQ *r;
	enum err e;

	*out = (struct request){ 0 };
	if (data.n > MAKE_REQUEST_MAX) {
		why->what = arena_printf(
			arena, "%zu octets are more than a request may have (%d)", data.n, MAKE_REQUEST_MAX);
		return ERR_RANGE;
	}
	r = parse(data);
	if (!r) {
		why->what = arena_printf(
			arena, "this is no certificate request in PEM or DER (%s)", ossl_reason(arena));
		return ERR_SYNTAX;
	}
	e = take(r, arena, out, why);
	X509_REQ_free(r);
	ossl_forget();
	return e;
}
