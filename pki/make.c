/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys, certificates and CRLs made. */
#include "pki/make.h"

#include "base/names.h"
#include "model/addr.h"
#include "pki/make_ext.h"
#include "pki/ossl.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

/* THE table of keys that are made. */
static const struct kind {
	const char *word, *openssl, *curve;
	size_t bits;
} kinds[] = {
	{ "ecdsa", "EC", "P-256", 0 },
	{ "ecdsa-256", "EC", "P-256", 0 },
	{ "ecdsa-384", "EC", "P-384", 0 },
	{ "ecdsa-521", "EC", "P-521", 0 },
	{ "rsa", "RSA", NULL, 3072 },
	{ "rsa-2048", "RSA", NULL, 2048 },
	{ "rsa-3072", "RSA", NULL, 3072 },
	{ "rsa-4096", "RSA", NULL, 4096 },
	{ "ed25519", "ED25519", NULL, 0 },
	{ "ed448", "ED448", NULL, 0 },
	/* OpenSSL has them from 3.5 on. */
	{ "mldsa44", "ML-DSA-44", NULL, 0 },
	{ "mldsa65", "ML-DSA-65", NULL, 0 },
	{ "mldsa87", "ML-DSA-87", NULL, 0 },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

const char *make_key_kind(unsigned i)
{
	return i < KINDS ? kinds[i].word : NULL;
}

enum err make_refused(const char *what, struct arena *arena, struct why *why)
{
	if (!why->what)
		why->what = arena_printf(arena, "OpenSSL cannot make %s (%s)", what, ossl_reason(arena));
	ossl_forget();
	return ERR_CRYPTO;
}

static EVP_PKEY *generate(const struct kind *k)
{
	if (k->curve)
		return EVP_PKEY_Q_keygen(NULL, NULL, k->openssl, k->curve);
	if (k->bits)
		return EVP_PKEY_Q_keygen(NULL, NULL, k->openssl, k->bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, k->openssl);
}

enum err make_key(const char *word, struct arena *arena, struct key **out, struct why *why)
{
	const struct kind *k = kinds;
	EVP_PKEY *pkey;

	while (k < kinds + KINDS && strcmp(k->word, word))
		k++;
	if (k == kinds + KINDS) {
		why->what = arena_printf(arena, "there is no type of key %s", word);
		why->instead = "ecdsa, ecdsa-384, ecdsa-521, rsa, rsa-4096, ed25519, ed448 or mldsa65";
		return ERR_UNKNOWN;
	}
	pkey = generate(k);
	*out = pkey ? key_take(pkey, true, arena, why) : NULL;
	return *out ? ERR_OK : make_refused(arena_printf(arena, "a key of type %s", word), arena, why);
}

/* ----------------------------------------------------------------- scopes */

static enum err scope_prefix(const char *s, struct arena *arena, struct make_scope *out)
{
	struct ip lo, hi;

	if (ip_range_parse(s, &lo, &hi) || !ip_range_prefix(&lo, &hi, &out->bits))
		return ERR_SYNTAX;
	out->name.type = lo.v == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR;
	out->name.data = arena_bytes(arena, ip_bytes(&lo));
	return ERR_OK;
}

enum err make_scope_parse(const char *s, struct arena *arena, struct make_scope *out, struct why *why)
{
	*out = (struct make_scope){ 0 };
	if (!scope_prefix(s, arena, out))
		return ERR_OK;
	if (!strchr(s, '*') && !id_parse(s, arena, &out->name) &&
		(out->name.type == ID_FQDN || out->name.type == ID_RFC822_ADDR ||
			out->name.type == ID_DER_ASN1_DN))
		return ERR_OK;
	why->what = arena_printf(arena, "%s is no range of names that a CA can be bound to", s);
	why->instead =
		"example.org (and all below it), email:example.org, 192.0.2.0/24, 2001:db8::/32, or a DN";
	return ERR_SYNTAX;
}

/* ----------------------------------------------------------- certificates */

const EVP_MD *make_hash(const struct key *key)
{
	if (key->type == KEY_RSA)
		return EVP_sha256();
	if (key->type == KEY_ECDSA)
		return key->bits > 384 ? EVP_sha512() : key->bits > 256 ? EVP_sha384() : EVP_sha256();
	return NULL;
}

static ASN1_INTEGER *number_of(struct bytes b)
{
	BIGNUM *n = BN_bin2bn(b.p, (int)b.n, NULL);
	ASN1_INTEGER *i = n ? BN_to_ASN1_INTEGER(n, NULL) : NULL;

	BN_free(n);
	return i;
}

static bool set_serial(X509 *x, struct bytes serial)
{
	ASN1_INTEGER *i = number_of(serial);
	bool done = i && X509_set_serialNumber(x, i) == 1;

	ASN1_INTEGER_free(i);
	return done;
}

static bool set_names(X509 *x, const struct id *subject, const struct id *issuer)
{
	X509_NAME *to = make_dn(subject), *by = make_dn(issuer);
	bool done = to && by && X509_set_subject_name(x, to) == 1 && X509_set_issuer_name(x, by) == 1;

	X509_NAME_free(to);
	X509_NAME_free(by);
	return done;
}

static bool set_fields(X509 *x, const struct make_spec *s, const struct cert *issuer)
{
	return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x, s->serial) &&
	       set_names(x, &s->subject, issuer ? &issuer->subject : &s->subject) &&
	       ASN1_TIME_set(X509_getm_notBefore(x), s->not_before) &&
	       ASN1_TIME_set(X509_getm_notAfter(x), s->not_after) && X509_set_pubkey(x, s->key->pkey) == 1;
}

static bool set_extensions(X509 *x, STACK_OF(X509_EXTENSION) * list)
{
	bool done = list;

	for (int i = 0; done && i < sk_X509_EXTENSION_num(list); i++)
		done = X509_add_ext(x, sk_X509_EXTENSION_value(list, i), -1) == 1;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return done;
}

enum err make_cert(const struct make_spec *s, const struct cert *issuer, const struct key *signer,
	struct arena *arena, struct bytes *out, struct why *why)
{
	unsigned char *der = NULL;
	X509 *x = X509_new();
	bool done = x && set_fields(x, s, issuer) &&
		    set_extensions(x, make_extensions(s, issuer, arena, why)) &&
		    X509_sign(x, signer->pkey, make_hash(signer)) > 0;

	int n = done ? i2d_X509(x, &der) : 0;

	*out = ossl_taken(der, n, arena);
	X509_free(x);
	return out->n ? ERR_OK : make_refused("the certificate", arena, why);
}

/* ------------------------------------------------------------------- CRLs */

static const struct name reasons[] = {
	{ CRL_REASON_UNSPECIFIED, "unspecified" },
	{ CRL_REASON_KEY_COMPROMISE, "keyCompromise" },
	{ CRL_REASON_CA_COMPROMISE, "cACompromise" },
	{ CRL_REASON_AFFILIATION_CHANGED, "affiliationChanged" },
	{ CRL_REASON_SUPERSEDED, "superseded" },
	{ CRL_REASON_CESSATION_OF_OPERATION, "cessationOfOperation" },
	{ CRL_REASON_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn" },
	{ 0, NULL },
};

int make_reason(const char *word)
{
	const struct name *row = name_find(reasons, word);

	return row ? row->value : -1;
}

const char *make_reason_word(int reason)
{
	return name_word(reasons, reason);
}

const char *make_reason_at(unsigned i)
{
	return i < sizeof reasons / sizeof *reasons ? reasons[i].word : NULL;
}

/* "unspecified" is said by saying nothing (RFC 5280, 5.3.1). */
static bool set_reason(X509_REVOKED *r, int reason)
{
	ASN1_ENUMERATED *value;
	bool done;

	if (reason == CRL_REASON_UNSPECIFIED)
		return true;
	value = ASN1_ENUMERATED_new();
	done = value && ASN1_ENUMERATED_set(value, reason) == 1 &&
	       X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, value, 0, X509V3_ADD_DEFAULT) == 1;
	ASN1_ENUMERATED_free(value);
	return done;
}

static bool add_revoked(X509_CRL *crl, const struct make_revoked *one)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_INTEGER *serial = number_of(one->serial);
	ASN1_TIME *when = ASN1_TIME_set(NULL, one->when);
	bool done = r && serial && when && X509_REVOKED_set_serialNumber(r, serial) == 1 &&
		    X509_REVOKED_set_revocationDate(r, when) == 1 && set_reason(r, one->reason) &&
		    X509_CRL_add0_revoked(crl, r) == 1;

	if (!done)
		X509_REVOKED_free(r);
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(when);
	return done;
}

static bool set_crl_fields(X509_CRL *crl, const struct cert *issuer, int64_t now, int64_t next)
{
	ASN1_TIME *from = ASN1_TIME_set(NULL, now), *to = ASN1_TIME_set(NULL, next);
	bool done = from && to && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
		    X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x509)) == 1 &&
		    X509_CRL_set1_lastUpdate(crl, from) == 1 && X509_CRL_set1_nextUpdate(crl, to) == 1;

	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return done;
}

static bool set_crl_extensions(X509_CRL *crl, const struct cert *issuer, uint64_t number)
{
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	ASN1_INTEGER *i = ASN1_INTEGER_new();
	bool done =
		aki && i && (aki->keyid = ASN1_OCTET_STRING_new()) &&
		ASN1_OCTET_STRING_set(aki->keyid, issuer->subj, KEYID_SIZE) == 1 &&
		ASN1_INTEGER_set_uint64(i, number) == 1 &&
		X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, aki, 0, X509V3_ADD_DEFAULT) == 1 &&
		X509_CRL_add1_ext_i2d(crl, NID_crl_number, i, 0, X509V3_ADD_DEFAULT) == 1;

	AUTHORITY_KEYID_free(aki);
	ASN1_INTEGER_free(i);
	return done;
}

enum err make_crl(const struct cert *issuer, const struct key *signer, const struct make_revoked *revoked,
	unsigned n, uint64_t number, int64_t now, int64_t next, struct arena *arena, struct bytes *out,
	struct why *why)
{
	X509_CRL *crl = X509_CRL_new();
	unsigned char *der = NULL;
	bool done = crl && set_crl_fields(crl, issuer, now, next) && set_crl_extensions(crl, issuer, number);
	int size;

	for (unsigned i = 0; done && i < n; i++)
		done = add_revoked(crl, &revoked[i]);
	done = done && X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, signer->pkey, make_hash(signer)) > 0;
	size = done ? i2d_X509_CRL(crl, &der) : 0;
	*out = ossl_taken(der, size, arena);
	X509_CRL_free(crl);
	return out->n ? ERR_OK : make_refused("the CRL", arena, why);
}
