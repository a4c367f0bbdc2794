/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates from OpenSSL into plain data. */
#include "pki/cert.h"

#include "crypto/prf.h"
#include "pki/extension.h"
#include "pki/ossl.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

bool cert_seconds(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*out = timegm(&tm);
	return true;
}

struct bytes cert_number(const ASN1_INTEGER *i)
{
	return bytes_of(ASN1_STRING_get0_data(i), (size_t)ASN1_STRING_length(i));
}

static struct id dn_of(const X509_NAME *name, struct arena *arena)
{
	unsigned char *der = NULL;
	int n = i2d_X509_NAME(name, &der);

	return (struct id){ ID_DER_ASN1_DN, ossl_taken(der, n, arena) };
}

/* The public key, or why there is none to use; and its identifiers, which there are in any case. */
static bool take_key(struct cert *c)
{
	X509_PUBKEY *pub = X509_get_X509_PUBKEY(c->x509);
	EVP_PKEY *pkey = X509_get_pubkey(c->x509);
	unsigned char *der = NULL;
	const unsigned char *bits;
	struct why why = { 0 };
	struct bytes spki;
	int n = i2d_X509_PUBKEY(pub, &der);

	spki = ossl_taken(der, n, &c->arena);
	if (!spki.n || X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, pub) != 1)
		return false;
	ossl_sha1(spki, c->key_id);
	ossl_sha1(bytes_of(bits, (size_t)n), c->subj);
	if (pkey)
		c->key = key_take_from(pkey, pub, &c->arena, &why);
	c->no_key = pkey ? why.what : "its public key cannot be read";
	ossl_forget();
	return true;
}

static struct bytes octets_of(const ASN1_OCTET_STRING *s, struct arena *arena)
{
	if (!s)
		return (struct bytes){ 0 };
	return arena_bytes(arena, bytes_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)));
}

static void take_fields(struct cert *c)
{
	X509 *x = c->x509;
	size_t n;

	c->subject = dn_of(X509_get_subject_name(x), &c->arena);
	c->issuer = dn_of(X509_get_issuer_name(x), &c->arena);
	c->serial = arena_bytes(&c->arena, cert_number(X509_get0_serialNumber(x)));
	c->subject_key_id = octets_of(X509_get0_subject_key_id(x), &c->arena);
	c->authority_key_id = octets_of(X509_get0_authority_key_id(x), &c->arena);
	c->self_signed = X509_get_extension_flags(x) & EXFLAG_SS;
	ossl_sha1(c->der, c->sha1);
	if (digest("SHA256", &c->der, 1, c->fingerprint, &n))
		abort();
}

static enum err refuse(enum err e, struct why *why, const char *what)
{
	why->what = what;
	return e;
}

static enum err fill(struct cert *c, struct arena *arena, struct why *why)
{
	if (X509_get_extension_flags(c->x509) & EXFLAG_INVALID)
		return refuse(ERR_SYNTAX, why, "an extension of the certificate is malformed");
	if (ASN1_STRING_length(X509_get0_serialNumber(c->x509)) > CERT_SERIAL_MAX)
		return refuse(ERR_RANGE, why, "the certificate's serial number is too long");
	if (!take_key(c))
		return refuse(ERR_SYNTAX, why, "the certificate has no public key");
	take_fields(c);
	if (!cert_seconds(X509_get0_notBefore(c->x509), &c->not_before) ||
		!cert_seconds(X509_get0_notAfter(c->x509), &c->not_after))
		return refuse(ERR_SYNTAX, why, "the certificate's validity cannot be read");
	if (!extension_take_all(c)) {
		why->what = arena_printf(arena, "the certificate of %s has more than %d subjectAltNames",
			cert_name(c, arena), CERT_SANS_MAX);
		return ERR_RANGE;
	}
	return ERR_OK;
}

enum err cert_read(struct bytes der, struct arena *arena, struct cert **out, struct why *why)
{
	const unsigned char *p = der.p;
	struct cert *c;
	X509 *x509;
	enum err e;

	if (der.n > CERT_MAX) {
		why->what = arena_printf(
			arena, "%zu octets are more than a certificate may have (%d)", der.n, CERT_MAX);
		return ERR_RANGE;
	}
	x509 = der.n ? d2i_X509(NULL, &p, (long)der.n) : NULL;
	if (!x509 || p != der.p + der.n) {
		X509_free(x509);
		why->what = arena_printf(arena, "this is no certificate (%s)", ossl_reason(arena));
		return ERR_SYNTAX;
	}
	c = calloc(1, sizeof *c);
	if (!c)
		abort();
	*c = (struct cert){ .refs = 1, .x509 = x509 };
	c->der = arena_bytes(&c->arena, der);
	c->issued_by = ARENA_ARRAY(&c->arena, FINGERPRINT_SIZE, uint8_t);
	e = fill(c, arena, why);
	ossl_forget();
	if (e)
		cert_unref(c);
	else
		*out = c;
	return e;
}

struct cert *cert_ref(struct cert *c)
{
	c->refs++;
	return c;
}

void cert_unref(struct cert *c)
{
	if (!c || --c->refs)
		return;
	X509_free(c->x509);
	key_unref(c->key);
	arena_free(&c->arena);
	free(c);
}
