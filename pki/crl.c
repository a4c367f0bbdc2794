/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Revocation lists from OpenSSL into plain data. */
#include "pki/crl.h"

#include "pki/extension.h"
#include "pki/ossl.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

static void take_number(struct crl *c)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(c->x509, NID_crl_number, NULL, NULL);

	if (number && ASN1_STRING_length(number) <= CERT_SERIAL_MAX)
		c->number = arena_bytes(&c->arena, cert_number(number));
	ASN1_INTEGER_free(number);
}

static bool fill(struct crl *c)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(c->x509);
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(c->x509);
	unsigned char *der = NULL;
	int n = i2d_X509_NAME(X509_CRL_get_issuer(c->x509), &der);

	c->issuer = (struct id){ ID_DER_ASN1_DN, ossl_taken(der, n, &c->arena) };
	c->n_revoked = revoked ? (unsigned)sk_X509_REVOKED_num(revoked) : 0;
	c->delta = X509_CRL_get_ext_by_NID(c->x509, NID_delta_crl, -1) >= 0;
	take_number(c);
	return cert_seconds(X509_CRL_get0_lastUpdate(c->x509), &c->this_update) &&
	       (!next || cert_seconds(next, &c->next_update));
}

enum err crl_read(struct bytes der, struct arena *arena, struct crl **out, struct why *why)
{
	const unsigned char *p = der.p;
	X509_CRL *x509;
	struct crl *c;

	if (der.n > CRL_MAX) {
		why->what =
			arena_printf(arena, "%zu octets are more than a CRL may have (%d)", der.n, CRL_MAX);
		return ERR_RANGE;
	}
	x509 = der.n ? d2i_X509_CRL(NULL, &p, (long)der.n) : NULL;
	c = calloc(1, sizeof *c);
	if (!c)
		abort();
	*c = (struct crl){ .refs = 1, .x509 = x509 };
	c->der = arena_bytes(&c->arena, der);
	if (x509 && p == der.p + der.n && fill(c)) {
		*out = c;
		ossl_forget();
		return ERR_OK;
	}
	crl_unref(c);
	why->what = arena_printf(arena, "this is no CRL (%s)", ossl_reason(arena));
	return ERR_SYNTAX;
}

struct crl *crl_ref(struct crl *c)
{
	c->refs++;
	return c;
}

void crl_unref(struct crl *c)
{
	if (!c || --c->refs)
		return;
	X509_CRL_free(c->x509);
	arena_free(&c->arena);
	free(c);
}

bool crl_is_signed_by(const struct crl *c, const struct cert *ca)
{
	bool is = ca->key && id_eq(&c->issuer, &ca->subject) && X509_CRL_verify(c->x509, ca->key->pkey) == 1;

	ossl_forget();
	return is;
}

/* Order of numbers without zeros in front. */
static int number_cmp(struct bytes a, struct bytes b)
{
	return a.n != b.n ? (a.n > b.n) - (a.n < b.n) : bytes_cmp(a, b);
}

bool crl_replaces(const struct crl *a, const struct crl *b)
{
	if (!id_eq(&a->issuer, &b->issuer) || a->delta != b->delta)
		return false;
	if (a->number.n && b->number.n)
		return number_cmp(a->number, b->number) > 0;
	return a->this_update > b->this_update;
}
