/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with certificates, CRLs and keys, by what stands in them and not by their names. */
#include "pki/bundle.h"

#include "pki/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/store.h>
#include <stdlib.h>

/* A reading under way. */
struct reading {
	struct bytes data;
	const struct bytes *password;
	struct arena *arena;
	struct bundle *out;
	struct why *why;
};

static enum err too_many(struct reading *r, const char *what, unsigned max)
{
	r->why->what = arena_printf(r->arena, "the file has more than %u %s", max, what);
	return ERR_RANGE;
}

static void *grown(void *list, unsigned n)
{
	void *more = n & (n - 1) ? list : reallocarray(list, n ? 2 * n : 1, sizeof(void *));

	if (!more)
		abort();
	return more;
}

static enum err take_cert(struct reading *r, struct bytes der)
{
	struct bundle *b = r->out;
	struct cert *cert;
	enum err e;

	if (b->n_certs == BUNDLE_CERTS_MAX)
		return too_many(r, "certificates", BUNDLE_CERTS_MAX);
	e = cert_read(der, r->arena, &cert, r->why);
	if (!e) {
		b->certs = grown(b->certs, b->n_certs);
		b->certs[b->n_certs++] = cert;
	}
	return e;
}

static enum err take_crl(struct reading *r, struct bytes der)
{
	struct bundle *b = r->out;
	struct crl *crl;
	enum err e;

	if (b->n_crls == BUNDLE_CRLS_MAX)
		return too_many(r, "CRLs", BUNDLE_CRLS_MAX);
	e = crl_read(der, r->arena, &crl, r->why);
	if (!e) {
		b->crls = grown(b->crls, b->n_crls);
		b->crls[b->n_crls++] = crl;
	}
	return e;
}

/* "TRUSTED CERTIFICATE" is OpenSSL's own: a certificate, and behind it what it is trusted for. */
static struct bytes without_trust(struct bytes der)
{
	const unsigned char *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	X509_free(x);
	ossl_forget();
	return x ? bytes_of(der.p, (size_t)(p - der.p)) : der;
}

static enum err take_block(struct reading *r, const char *name, struct bytes der, bool *has_key)
{
	size_t n = strlen(name);

	if (!strcmp(name, "CERTIFICATE") || !strcmp(name, "X509 CERTIFICATE"))
		return take_cert(r, der);
	if (!strcmp(name, "TRUSTED CERTIFICATE"))
		return take_cert(r, without_trust(der));
	if (!strcmp(name, "X509 CRL"))
		return take_crl(r, der);
	if (n >= 11 && !strcmp(name + n - 11, "PRIVATE KEY"))
		*has_key = true;
	return ERR_OK;
}

static bool bundle_empty(const struct bundle *b)
{
	return !b->n_certs && !b->n_crls && !b->key;
}

static enum err read_pem(struct reading *r)
{
	BIO *bio = ossl_reader(r->data);
	char *name, *header;
	unsigned char *der;
	bool has_key = false;
	enum err e = ERR_OK;
	long n;

	while (!e && PEM_read_bio(bio, &name, &header, &der, &n) == 1) {
		e = take_block(r, name, bytes_of(der, (size_t)n), &has_key);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)n);
	}
	if (!e && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		r->why->what = arena_printf(r->arena, "a PEM block is damaged (%s)", ossl_reason(r->arena));
		e = ERR_SYNTAX;
	}
	BIO_free(bio);
	ossl_forget();
	if (!e && has_key)
		e = key_private(r->data, r->password, r->arena, &r->out->key, r->why);
	return e;
}

static enum err take_p12_cert(struct reading *r, X509 *x)
{
	unsigned char *der = NULL;
	int n = x ? i2d_X509(x, &der) : 0;

	return n > 0 ? take_cert(r, ossl_taken(der, n, r->arena)) : ERR_OK;
}

static enum err take_p12(struct reading *r, EVP_PKEY *pkey, X509 *leaf, STACK_OF(X509) * chain)
{
	enum err e = take_p12_cert(r, leaf);

	for (int i = 0; !e && chain && i < sk_X509_num(chain); i++)
		e = take_p12_cert(r, sk_X509_value(chain, i));
	if (!e && pkey) {
		EVP_PKEY_up_ref(pkey);
		r->out->key = key_take(pkey, true, r->arena, r->why);
		e = r->out->key ? ERR_OK : ERR_UNSUPPORTED;
	}
	return e;
}

/* No password and an empty one are two things in PKCS#12, and files exist with either. */
static bool p12_opens(PKCS12 *p12, const char *password, const char **found)
{
	*found = password;
	if (PKCS12_verify_mac(p12, password, -1) == 1)
		return true;
	*found = NULL;
	return !*password && PKCS12_verify_mac(p12, NULL, 0) == 1;
}

static enum err p12_locked(struct reading *r)
{
	ossl_forget();
	r->why->what = r->password ? "the password of the PKCS#12 file is wrong"
				   : "the PKCS#12 file is encrypted, and there is no password for it";
	r->why->instead = "in the section secrets: pkcs12-NAME { file = the file, secret = its password }";
	return r->password ? ERR_AUTH : ERR_MISSING;
}

static enum err read_p12(struct reading *r, PKCS12 *p12)
{
	struct arena secret = { 0 };
	const char *password = r->password ? arena_text(&secret, *r->password) : "";
	EVP_PKEY *pkey = NULL;
	X509 *leaf = NULL;
	STACK_OF(X509) *chain = NULL;
	enum err e = ERR_UNSUPPORTED;

	if (!p12_opens(p12, password, &password)) {
		e = p12_locked(r);
	} else if (PKCS12_parse(p12, password, &pkey, &leaf, &chain) != 1) {
		r->why->what = arena_printf(
			r->arena, "the PKCS#12 file cannot be opened (%s)", ossl_reason(r->arena));
		r->why->instead = "one written with AES: openssl pkcs12 -legacy reads the old, openssl "
				  "pkcs12 -export writes "
				  "a new one";
	} else {
		e = take_p12(r, pkey, leaf, chain);
	}
	EVP_PKEY_free(pkey);
	X509_free(leaf);
	sk_X509_pop_free(chain, X509_free);
	arena_free(&secret);
	return e;
}

/* One thing in DER: which, is told by trying. */
static enum err read_der(struct reading *r)
{
	const unsigned char *p = r->data.p;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)r->data.n);
	enum err e;

	ossl_forget();
	if (p12) {
		e = read_p12(r, p12);
		PKCS12_free(p12);
		return e;
	}
	e = take_cert(r, r->data);
	if (e == ERR_SYNTAX || r->data.n > CERT_MAX)
		e = take_crl(r, r->data); /* which may be longer */
	if (e == ERR_SYNTAX && r->data.n <= KEY_FILE_MAX)
		e = key_private(r->data, r->password, r->arena, &r->out->key, r->why);
	if (e == ERR_SYNTAX)
		r->why->what =
			"this is no certificate, CRL, private key or PKCS#12 file, neither in PEM nor in DER";
	return e;
}

enum err bundle_read(struct bytes data, const struct bytes *password, struct arena *arena, struct bundle *out,
	struct why *why)
{
	struct reading r = { data, password, arena, out, why };
	enum err e;

	*out = (struct bundle){ 0 };
	if (data.n > BUNDLE_MAX) {
		why->what = arena_printf(arena, "the file has %zu octets, more than %d", data.n, BUNDLE_MAX);
		return ERR_RANGE;
	}
	e = data.n && memmem(data.p, data.n, "-----BEGIN ", 11) ? read_pem(&r) : read_der(&r);
	if (!e && bundle_empty(out)) {
		why->what = "there is no certificate, CRL or private key in it";
		e = ERR_SYNTAX;
	}
	if (e)
		bundle_free(out);
	else
		*why = (struct why){ 0 };
	return e;
}

/* One that does not end has no end in DATA. */
void bundle_hide_keys(struct bytes data)
{
	static const char mark[] = "PRIVATE KEY-----"; /* of its begin, and of its end */
	const size_t n = strlen(mark);
	uint8_t *p = (uint8_t *)data.p, *end = p + data.n, *from, *to;

	while (p != end && (from = memmem(p, (size_t)(end - p), mark, n))) {
		to = memmem(from + n, (size_t)(end - from) - n, mark, n);
		p = to ? to + n : end;
		memset(from, '\n', (size_t)(p - from));
	}
}

/* Of what a provider has only certificates are of interest. */
static enum err take_info(struct reading *r, OSSL_STORE_INFO *info)
{
	bool is = OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_CERT;
	unsigned char *der = NULL;
	int n = is ? i2d_X509(OSSL_STORE_INFO_get0_CERT(info), &der) : 0;

	return is ? take_cert(r, ossl_taken(der, n, r->arena)) : ERR_OK;
}

enum err bundle_uri(const char *uri, struct arena *arena, struct bundle *out, struct why *why)
{
	struct reading r = { .arena = arena, .out = out, .why = why };
	OSSL_STORE_CTX *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
	enum err e = ERR_OK;

	*out = (struct bundle){ 0 };
	while (store && !e && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (!info)
			break;
		e = take_info(&r, info);
		OSSL_STORE_INFO_free(info);
	}
	OSSL_STORE_close(store);
	if (!e && !out->n_certs) {
		why->what = arena_printf(arena, "there is no certificate at %s (%s)",
			key_uri_said(uri, arena), ossl_reason(arena));
		why->instead = "a URI of a provider that the OpenSSL configuration (openssl.cnf) activates";
		e = ERR_MISSING;
	}
	ossl_forget();
	if (e)
		bundle_free(out);
	return e;
}

void bundle_free(struct bundle *b)
{
	for (unsigned i = 0; i < b->n_certs; i++)
		cert_unref(b->certs[i]);
	for (unsigned i = 0; i < b->n_crls; i++)
		crl_unref(b->crls[i]);
	key_unref(b->key);
	free(b->certs);
	free(b->crls);
	*b = (struct bundle){ 0 };
}
