/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OCSP requests and answers. */
#include "pki/ocsp.h"

#include "pki/extension.h"
#include "pki/ossl.h"

#include <openssl/ocsp.h>
#include <stdlib.h>

/* SHA-1 is what every responder knows; it only names the certificate here. */
static OCSP_CERTID *name_of(const struct cert *cert, const struct cert *issuer)
{
	return OCSP_cert_to_id(EVP_sha1(), cert->x509, issuer->x509);
}

struct bytes ocsp_request(const struct cert *cert, const struct cert *issuer, struct arena *arena)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = name_of(cert, issuer);
	struct bytes der = { 0 };
	unsigned char *p = NULL;
	int n;

	if (request && id && OCSP_request_add0_id(request, id)) {
		id = NULL;
		n = i2d_OCSP_REQUEST(request, &p);
		der = ossl_taken(p, n, arena);
	}
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(request);
	ossl_forget();
	return der;
}

static enum err basic_of(OCSP_RESPONSE *response, struct arena *arena, OCSP_BASICRESP **out, struct why *why)
{
	int status = response ? OCSP_response_status(response) : OCSP_RESPONSE_STATUS_SUCCESSFUL;

	*out = NULL;
	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		why->what = arena_printf(
			arena, "the OCSP responder refused (%s)", OCSP_response_status_str(status));
		return ERR_DENIED;
	}
	*out = response ? OCSP_response_get1_basic(response) : NULL;
	if (*out)
		return ERR_OK;
	why->what = arena_printf(arena, "this is no OCSP answer (%s)", ossl_reason(arena));
	return ERR_SYNTAX;
}

enum err ocsp_read(struct bytes der, struct arena *arena, struct ocsp **out, struct why *why)
{
	const unsigned char *p = der.p;
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic;
	enum err e;

	if (der.n > OCSP_MAX) {
		why->what = arena_printf(
			arena, "%zu octets are more than an OCSP answer may have (%d)", der.n, OCSP_MAX);
		return ERR_RANGE;
	}
	response = der.n ? d2i_OCSP_RESPONSE(NULL, &p, (long)der.n) : NULL;
	e = basic_of(response, arena, &basic, why);
	OCSP_RESPONSE_free(response);
	ossl_forget();
	if (e)
		return e;
	*out = calloc(1, sizeof **out);
	if (!*out)
		abort();
	**out = (struct ocsp){ .refs = 1, .basic = basic };
	(*out)->der = arena_bytes(&(*out)->arena, der);
	return ERR_OK;
}

struct ocsp *ocsp_ref(struct ocsp *o)
{
	o->refs++;
	return o;
}

void ocsp_unref(struct ocsp *o)
{
	if (!o || --o->refs)
		return;
	OCSP_BASICRESP_free(o->basic);
	arena_free(&o->arena);
	free(o);
}

static STACK_OF(X509) * stack_of(struct cert *const *certs, unsigned n)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	for (unsigned i = 0; stack && i < n; i++)
		if (!sk_X509_push(stack, certs[i]->x509))
			abort();
	if (!stack)
		abort();
	return stack;
}

/* Trusts the issuer alone, at the time NOW: whoever signs must be it, or come from it. */
static X509_STORE *trust(const struct cert *issuer, int64_t now)
{
	X509_STORE *store = X509_STORE_new();

	if (!store || X509_STORE_add_cert(store, issuer->x509) != 1)
		abort();
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), now);
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store), OSSL_LEVEL);
	return store;
}

static bool is_signed(
	const struct ocsp *o, const struct cert *issuer, struct cert *const *signers, unsigned n, int64_t now)
{
	X509_STORE *store = trust(issuer, now);
	STACK_OF(X509) *trusted = stack_of(signers, n), *theirs = stack_of(NULL, 0);
	bool good;

	if (!sk_X509_push(theirs, issuer->x509))
		abort();
	good = OCSP_basic_verify(o->basic, theirs, store, 0) == 1 ||
	       (n && OCSP_basic_verify(o->basic, trusted, store, OCSP_TRUSTOTHER) == 1);
	sk_X509_free(theirs);
	sk_X509_free(trusted);
	X509_STORE_free(store);
	ossl_forget();
	return good;
}

/* Whether the answer's times admit NOW. */
static const char *out_of_time(const ASN1_GENERALIZEDTIME *from, const ASN1_GENERALIZEDTIME *to, int64_t now,
	struct arena *arena, int64_t *until)
{
	int64_t this_update;

	if (!cert_seconds(from, &this_update) || (to && !cert_seconds(to, until)))
		return "the OCSP answer's times cannot be read";
	if (!to)
		*until = this_update + OCSP_AGE_MAX;
	if (this_update > now + OCSP_SKEW)
		return arena_printf(
			arena, "the OCSP answer is from the future (%s)", cert_time(this_update, arena));
	if (*until < now - OCSP_SKEW)
		return arena_printf(arena, "the OCSP answer counted until %s", cert_time(*until, arena));
	return NULL;
}

enum status ocsp_status(const struct ocsp *o, const struct cert *cert, const struct cert *issuer,
	struct cert *const *signers, unsigned n_signers, int64_t now, struct arena *arena, int64_t *until,
	const char **reason)
{
	ASN1_GENERALIZEDTIME *revoked, *from, *to;
	OCSP_CERTID *id = name_of(cert, issuer);
	int status = V_OCSP_CERTSTATUS_UNKNOWN, why;
	bool found = id && OCSP_resp_find_status(o->basic, id, &status, &why, &revoked, &from, &to) == 1;

	OCSP_CERTID_free(id);
	*reason = NULL;
	if (!found)
		*reason = "the OCSP answer is about another certificate";
	else if (!is_signed(o, issuer, signers, n_signers, now))
		*reason = "the OCSP answer is not signed by the certificate's issuer or on its behalf";
	else
		*reason = out_of_time(from, to, now, arena, until);
	if (!*reason && status == V_OCSP_CERTSTATUS_UNKNOWN)
		*reason = "the OCSP responder does not know the certificate";
	ossl_forget();
	if (*reason)
		return STATUS_UNKNOWN;
	return status == V_OCSP_CERTSTATUS_GOOD ? STATUS_GOOD : STATUS_REVOKED;
}
