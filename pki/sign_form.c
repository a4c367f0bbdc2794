/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures in and out of AUTH payloads. */
#include "pki/sign_form.h"

#include "base/buf.h"
#include "pki/ossl.h"
#include "pki/sign.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* Octets of a coordinate. */
static size_t coordinate(const struct key *k)
{
	return (k->bits + 7) / 8;
}

static bool put_raw(const struct key *k, struct bytes der, struct arena *arena, struct bytes *out)
{
	const unsigned char *p = der.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	size_t n = coordinate(k);
	uint8_t *raw = arena_alloc(arena, 2 * n);
	bool done = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)n) >= 0 &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + n, (int)n) >= 0;

	ECDSA_SIG_free(sig);
	*out = bytes_of(raw, 2 * n);
	return done;
}

struct bytes sign_form_ecdsa(const struct key *key, struct bytes raw, struct arena *arena)
{
	size_t n = coordinate(key);
	struct bytes der = { 0 };
	unsigned char *p = NULL;
	ECDSA_SIG *sig;
	BIGNUM *r, *s;

	if (raw.n != 2 * n)
		return der;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(raw.p, (int)n, NULL);
	s = BN_bin2bn(raw.p + n, (int)n, NULL);
	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
		int size = i2d_ECDSA_SIG(sig, &p);

		der = ossl_taken(p, size, arena);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return der;
}

bool sign_form_put(const struct key *k, const struct scheme *s, struct bytes signature, struct arena *arena,
	struct bytes *out)
{
	size_t n = 1 + s->algid_n + signature.n;
	struct wr w;

	if (s->key == KEY_ECDSA && scheme_is_classic(s))
		return put_raw(k, signature, arena, out);
	*out = signature;
	if (scheme_is_classic(s))
		return true;
	w = wr_of(arena_alloc(arena, n), n);
	wr_u8(&w, s->algid_n);
	wr_bytes(&w, bytes_of(s->algid, s->algid_n));
	wr_bytes(&w, signature);
	*out = wr_done(&w);
	return true;
}

/* The hash an algorithm's identifier names; 0: none we have. */
static unsigned hash_of(const X509_ALGOR *a)
{
	const ASN1_OBJECT *object = NULL;

	if (a)
		X509_ALGOR_get0(&object, NULL, NULL, a);
	switch (object ? OBJ_obj2nid(object) : NID_undef) {
	case NID_sha256: return HASH_SHA2_256;
	case NID_sha384: return HASH_SHA2_384;
	case NID_sha512: return HASH_SHA2_512;
	default: return 0;
	}
}

static const struct scheme *pss_scheme(unsigned hash)
{
	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (s->pss && s->hash == hash)
			return s;
	return NULL;
}

/* The parameters of RSASSA-PSS (RFC 4055, 3.1): both hashes the same, any salt, the only trailer there is,
 * whether written out or not. */
static bool read_pss(const RSA_PSS_PARAMS *p, struct signature *out)
{
	unsigned hash = hash_of(p->hashAlgorithm);
	const ASN1_OBJECT *mgf = NULL;
	int64_t salt = 20, trailer = 1;

	if (p->maskGenAlgorithm)
		X509_ALGOR_get0(&mgf, NULL, NULL, p->maskGenAlgorithm);
	if (!mgf || OBJ_obj2nid(mgf) != NID_mgf1 || hash_of(p->maskHash) != hash)
		return false;
	if ((p->saltLength && ASN1_INTEGER_get_int64(&salt, p->saltLength) != 1) ||
		(p->trailerField && ASN1_INTEGER_get_int64(&trailer, p->trailerField) != 1))
		return false;
	out->scheme = pss_scheme(hash);
	out->salt = (int)salt;
	return out->scheme && salt >= 0 && salt <= SIGN_AUTH_MAX && trailer == 1;
}

static bool find_pss(const X509_ALGOR *a, struct signature *out)
{
	RSA_PSS_PARAMS *p = NULL;
	const void *value;
	int type;
	bool good;

	X509_ALGOR_get0(NULL, &type, &value, a);
	if (type == V_ASN1_SEQUENCE)
		p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), a->parameter);
	if (p && p->maskGenAlgorithm && !p->maskHash)
		p->maskHash =
			ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR), p->maskGenAlgorithm->parameter);
	good = p && read_pss(p, out);
	RSA_PSS_PARAMS_free(p);
	return good;
}

/* The same object identifier, and no parameters or NULL: peers differ in whether they write NULL. */
static bool is_algorithm(const X509_ALGOR *a, const struct scheme *s)
{
	const unsigned char *p = (const unsigned char *)s->algid;
	X509_ALGOR *row = s->algid ? d2i_X509_ALGOR(NULL, &p, s->algid_n) : NULL;
	bool is = row && !OBJ_cmp(row->algorithm, a->algorithm) &&
		  (!a->parameter || ASN1_TYPE_get(a->parameter) == V_ASN1_NULL);

	X509_ALGOR_free(row);
	return is;
}

static bool find_scheme(const X509_ALGOR *a, struct signature *out)
{
	if (OBJ_obj2nid(a->algorithm) == NID_rsassaPss)
		return find_pss(a, out);
	for (const struct scheme *s = schemes; s < schemes + SCHEMES && !out->scheme; s++)
		if (!s->pss && is_algorithm(a, s))
			out->scheme = s;
	return out->scheme;
}

static enum err not_found(const X509_ALGOR *a, struct arena *arena, struct why *why)
{
	char name[80] = "?";

	OBJ_obj2txt(name, sizeof name, a->algorithm, 0);
	why->what =
		arena_printf(arena, "the peer signed with %s, with parameters that are not taken here", name);
	why->instead = "RSA or ECDSA with SHA-256, SHA-384 or SHA-512, Ed25519 or Ed448";
	ossl_forget();
	return ERR_UNSUPPORTED;
}

enum err sign_form_get(struct bytes auth, struct arena *arena, struct signature *out, struct why *why)
{
	struct rd r = rd_of(auth);
	struct bytes algid = rd_bytes(&r, rd_u8(&r));
	const unsigned char *p = algid.p;
	X509_ALGOR *a = algid.n ? d2i_X509_ALGOR(NULL, &p, (long)algid.n) : NULL;
	enum err e = ERR_OK;

	*out = (struct signature){ .octets = rd_rest(&r) };
	if (!a || p != algid.p + algid.n || !out->octets.n) {
		why->what =
			arena_printf(arena, "the peer's AUTH payload is malformed (%s)", ossl_reason(arena));
		e = ERR_SYNTAX;
	} else if (!find_scheme(a, out)) {
		e = not_found(a, arena, why);
	}
	X509_ALGOR_free(a);
	ossl_forget();
	return e;
}
