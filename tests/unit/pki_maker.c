/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pki_maker.h"

#include <openssl/conf.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { KEYS_MAX = 64, EXTENSIONS_MAX = 16 };

static struct {
	const char *kind;
	unsigned i;
	EVP_PKEY *pkey;
} keys[KEYS_MAX];

static void must(bool done)
{
	if (!done)
		abort();
}

static EVP_PKEY *generate(const char *kind)
{
	EVP_PKEY *pkey;

	if (!strncmp(kind, "RSA-", 4))
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 4));
	else if (!strcmp(kind, "P-256K"))
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
	else if (!strncmp(kind, "P-", 2))
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, kind);
	must(pkey);
	return pkey;
}

EVP_PKEY *maker_pkey(const char *kind, unsigned i)
{
	for (unsigned k = 0; k < KEYS_MAX; k++) {
		if (!keys[k].pkey) {
			keys[k].kind = kind;
			keys[k].i = i;
			keys[k].pkey = generate(kind);
		}
		if (!strcmp(keys[k].kind, kind) && keys[k].i == i)
			return keys[k].pkey;
	}
	abort();
}

void maker_end(void)
{
	for (unsigned k = 0; k < KEYS_MAX; k++) {
		EVP_PKEY_free(keys[k].pkey);
		keys[k].pkey = NULL;
	}
}

int maker_teardown(void **state)
{
	(void)state;
	maker_end();
	return 0;
}

struct key *maker_key(const char *kind, unsigned i, bool secret)
{
	struct arena arena = { 0 };
	struct why why = { 0 };
	EVP_PKEY *pkey = maker_pkey(kind, i);
	struct key *k;

	EVP_PKEY_up_ref(pkey);
	k = key_take(pkey, secret, &arena, &why);
	must(k);
	arena_free(&arena);
	return k;
}

/* Extensions: defaults, over which a recipe's are laid. */

static const char *const of_gateway[] = { "basicConstraints=critical,CA:FALSE",
	"keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth,clientAuth",
	"subjectAltName=DNS:moon.example.org,IP:192.0.2.1", "subjectKeyIdentifier=hash",
	"authorityKeyIdentifier=keyid", NULL };
static const char *const of_ca[] = { "basicConstraints=critical,CA:TRUE",
	"keyUsage=critical,keyCertSign,cRLSign", "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid",
	NULL };

static size_t name_length(const char *extension)
{
	return strcspn(extension, "=");
}

static bool is_named(const char *a, const char *b)
{
	return name_length(a) == name_length(b) && !strncmp(a, b, name_length(a));
}

static void add_extension(X509 *x, X509V3_CTX *ctx, char *extension)
{
	size_t n = name_length(extension);
	X509_EXTENSION *e;

	if (!extension[n] || !extension[n + 1])
		return;
	extension[n] = 0;
	e = X509V3_EXT_nconf(NULL, ctx, extension, extension + n + 1);
	must(e && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

static void add_extensions(X509 *x, X509 *issuer, const char *wanted)
{
	const char *const *defaults = wanted && !strncmp(wanted, "CA", 2) ? of_ca : of_gateway;
	struct arena arena = { 0 };
	char *all[EXTENSIONS_MAX], *words = arena_str(&arena, wanted ? wanted : ""), *next;
	unsigned n = 0;
	CONF *none = NCONF_new(NULL);
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, none);
	for (; defaults[n]; n++)
		all[n] = arena_str(&arena, defaults[n]);
	for (next = strtok(words, "|"); next; next = strtok(NULL, "|")) {
		unsigned i = 0;

		if (!strcmp(next, "CA"))
			continue;
		while (i < n && !is_named(all[i], next))
			i++;
		must(i < EXTENSIONS_MAX);
		all[i] = next;
		n += i == n;
	}
	for (unsigned i = 0; i < n; i++)
		add_extension(x, &ctx, all[i]);
	NCONF_free(none);
	arena_free(&arena);
}

static void set_times(X509 *x, int from, int to)
{
	must(ASN1_TIME_set(X509_getm_notBefore(x), MAKER_NOW + (int64_t)(from ? from : -30) * MAKER_DAY) &&
		ASN1_TIME_set(X509_getm_notAfter(x), MAKER_NOW + (int64_t)(to ? to : 335) * MAKER_DAY));
}

static void set_subject(X509 *x, const char *subject)
{
	struct arena arena = { 0 };
	struct id id;
	const unsigned char *p;
	X509_NAME *name;

	if (*subject) {
		must(!id_parse(subject, &arena, &id) && id.type == ID_DER_ASN1_DN);
		p = id.data.p;
		name = d2i_X509_NAME(NULL, &p, (long)id.data.n);
		must(name && X509_set_subject_name(x, name) == 1);
		X509_NAME_free(name);
	}
	arena_free(&arena);
}

static void sign(X509 *x, EVP_PKEY *by, const struct recipe *r)
{
	const char *digest = r->digest ? r->digest : "SHA256";
	const EVP_MD *md = EVP_get_digestbyname(digest);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	if (EVP_PKEY_is_a(by, "ED25519") || EVP_PKEY_is_a(by, "ED448"))
		md = NULL;
	must(ctx && EVP_DigestSignInit(ctx, &pctx, md, NULL, by) == 1);
	if (r->pss)
		must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
			EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) > 0);
	must(X509_sign_ctx(x, ctx) > 0);
	EVP_MD_CTX_free(ctx);
}

static struct cert *as_cert(X509 *x, bool refused)
{
	unsigned char *der = NULL;
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct cert *c = NULL;
	int n = i2d_X509(x, &der);

	must(n > 0 && refused == (cert_read(bytes_of(der, (size_t)n), &arena, &c, &why) != ERR_OK));
	OPENSSL_free(der);
	arena_free(&arena);
	return c;
}

struct made maker_cert(const struct recipe *r, const struct made *issuer)
{
	static unsigned count = 1000;
	EVP_PKEY *pkey = maker_pkey(r->key ? r->key : "P-256", r->key_number);
	EVP_PKEY *by = r->forged ? maker_pkey("P-256", 99) : issuer ? issuer->pkey : pkey;
	X509 *x = X509_new();
	struct made made;

	must(x && X509_set_version(x, r->version == 1 ? X509_VERSION_1 : X509_VERSION_3) == 1);
	must(ASN1_INTEGER_set(X509_get_serialNumber(x), r->serial ? r->serial : ++count) == 1);
	set_subject(x, r->subject ? r->subject : "CN=moon");
	must(X509_set_issuer_name(
		     x, issuer ? X509_get_subject_name(issuer->cert->x509) : X509_get_subject_name(x)) == 1);
	set_times(x, r->from, r->to);
	must(X509_set_pubkey(x, pkey) == 1);
	if (r->version != 1)
		add_extensions(x, issuer ? issuer->cert->x509 : x, r->extensions);
	sign(x, by, r);
	made = (struct made){ as_cert(x, r->refused), pkey };
	X509_free(x);
	return made;
}

static struct bytes taken(unsigned char *der, int n, struct arena *arena)
{
	struct bytes b;

	must(n > 0);
	b = arena_bytes(arena, bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	return b;
}

static void revoke(X509_CRL *crl, const struct cert *c)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, MAKER_NOW - MAKER_DAY);

	must(revoked && when && X509_REVOKED_set_revocationDate(revoked, when) == 1);
	must(X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(c->x509)) == 1);
	must(X509_CRL_add0_revoked(crl, revoked) == 1);
	ASN1_TIME_free(when);
}

static const EVP_MD *digest_for(EVP_PKEY *pkey)
{
	return EVP_PKEY_is_a(pkey, "ED25519") || EVP_PKEY_is_a(pkey, "ED448") ? NULL : EVP_sha256();
}

struct bytes maker_crl(const struct made *issuer, const struct cert *const *revoked, unsigned n, int from,
	int to, bool forged, struct arena *arena)
{
	EVP_PKEY *by = forged ? maker_pkey("P-256", 99) : issuer->pkey;
	ASN1_TIME *last = ASN1_TIME_set(NULL, MAKER_NOW + (int64_t)from * MAKER_DAY);
	ASN1_TIME *next = ASN1_TIME_set(NULL, MAKER_NOW + (int64_t)to * MAKER_DAY);
	X509_CRL *crl = X509_CRL_new();
	unsigned char *der = NULL;
	int size;

	must(crl && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1);
	must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->cert->x509)) == 1);
	must(X509_CRL_set1_lastUpdate(crl, last) == 1 && X509_CRL_set1_nextUpdate(crl, next) == 1);
	for (unsigned i = 0; i < n; i++)
		revoke(crl, revoked[i]);
	must(X509_CRL_sign(crl, by, digest_for(by)) > 0);
	size = i2d_X509_CRL(crl, &der);
	X509_CRL_free(crl);
	ASN1_TIME_free(last);
	ASN1_TIME_free(next);
	return taken(der, size, arena);
}

struct bytes maker_ocsp(const struct made *issuer, const struct cert *cert, const struct made *signer,
	int status, int from, int to, struct arena *arena)
{
	ASN1_TIME *when = ASN1_TIME_set(NULL, MAKER_NOW - MAKER_DAY);
	ASN1_TIME *this = ASN1_TIME_set(NULL, MAKER_NOW + (int64_t)from * MAKER_DAY);
	ASN1_TIME *next = to ? ASN1_TIME_set(NULL, MAKER_NOW + (int64_t)to * MAKER_DAY) : NULL;
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert->x509, issuer->cert->x509);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_RESPONSE *response;
	unsigned char *der = NULL;
	int code = status == STATUS_GOOD      ? V_OCSP_CERTSTATUS_GOOD
		   : status == STATUS_REVOKED ? V_OCSP_CERTSTATUS_REVOKED
					      : V_OCSP_CERTSTATUS_UNKNOWN;
	int n;

	must(basic && id &&
		OCSP_basic_add1_status(basic, id, code, OCSP_REVOKED_STATUS_NOSTATUS, when, this, next));
	must(OCSP_basic_sign(basic, signer->cert->x509, signer->pkey, digest_for(signer->pkey), NULL, 0) ==
		1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	must(response);
	n = i2d_OCSP_RESPONSE(response, &der);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(when);
	ASN1_TIME_free(this);
	ASN1_TIME_free(next);
	return taken(der, n, arena);
}

static struct bytes bio_taken(BIO *bio, struct arena *arena)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);
	struct bytes b = arena_bytes(arena, bytes_of(p, (size_t)n));

	BIO_free(bio);
	return b;
}

struct bytes maker_pem(const struct cert *c, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(bio && PEM_write_bio_X509(bio, c->x509) == 1);
	return bio_taken(bio, arena);
}

struct bytes maker_key_pem(const char *kind, unsigned i, const char *password, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(bio &&
		PEM_write_bio_PKCS8PrivateKey(bio, maker_pkey(kind, i), password ? EVP_aes_256_cbc() : NULL,
			password, password ? (int)strlen(password) : 0, NULL, NULL) == 1);
	return bio_taken(bio, arena);
}

struct bytes maker_p12(
	const struct made *leaf, const struct made *ca, const char *password, struct arena *arena)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	unsigned char *der = NULL;
	PKCS12 *p12;
	int n;

	must(chain && sk_X509_push(chain, ca->cert->x509));
	p12 = PKCS12_create(password, "moon", leaf->pkey, leaf->cert->x509, chain, 0, 0, 0, 0, 0);
	must(p12);
	n = i2d_PKCS12(p12, &der);
	PKCS12_free(p12);
	sk_X509_free(chain);
	return taken(der, n, arena);
}
