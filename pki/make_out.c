/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms in which keys and certificates leave. */
#include "pki/make.h"

#include "pki/make_ext.h"
#include "pki/ossl.h"

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>

enum {
	P12_ROUNDS_OLD = 2048, /* what all importers take without a long wait */
	P12_ROUNDS_NEW = 100000,
};

static BIO *writer(void)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (!bio)
		abort();
	return bio;
}

/* What was written, wiped in BIO. */
static struct bytes written(BIO *bio, bool done, struct arena *arena)
{
	struct bytes b = { 0 };
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	if (done && n > 0)
		b = arena_bytes(arena, bytes_of(p, (size_t)n));
	BIO_free(bio);
	return b;
}

struct bytes make_pem(const char *what, struct bytes der, struct arena *arena)
{
	BIO *bio = writer();

	return written(bio, PEM_write_bio(bio, what, "", der.p, (long)der.n) > 0, arena);
}

enum err make_key_pem(const struct key *key, const struct bytes *password, struct arena *arena,
	struct bytes *out, struct why *why)
{
	BIO *bio = writer();
	bool done = PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, password ? EVP_aes_256_cbc() : NULL,
			    password ? (const char *)password->p : NULL, password ? (int)password->n : 0,
			    NULL, NULL) == 1;

	*out = written(bio, done, arena);
	return out->n ? ERR_OK : make_refused("the key's file", arena, why);
}

static PKCS12 *sealed(const struct key *key, const struct cert *cert, STACK_OF(X509) * chain,
	const char *name, const char *password, enum p12_seal seal)
{
	bool old = seal == P12_OLD;
	int cipher = old ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : NID_aes_256_cbc;
	int rounds = old ? P12_ROUNDS_OLD : P12_ROUNDS_NEW;
	PKCS12 *p12 =
		PKCS12_create(password, name, key->pkey, cert->x509, chain, cipher, cipher, rounds, -1, 0);

	if (p12 && PKCS12_set_mac(p12, password, -1, NULL, 0, rounds, old ? EVP_sha1() : EVP_sha256()) != 1) {
		PKCS12_free(p12);
		p12 = NULL;
	}
	return p12;
}

enum err make_p12(const struct key *key, const struct cert *cert, struct cert *const *chain, unsigned n,
	const char *name, struct bytes password, enum p12_seal seal, struct arena *arena, struct bytes *out,
	struct why *why)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	struct arena secret = { 0 };
	unsigned char *der = NULL;
	PKCS12 *p12 = NULL;
	bool done = stack;
	int size;

	for (unsigned i = 0; done && i < n; i++)
		done = sk_X509_push(stack, chain[i]->x509);
	if (done)
		p12 = sealed(key, cert, stack, name, arena_text(&secret, password), seal);
	size = p12 ? i2d_PKCS12(p12, &der) : 0;
	*out = ossl_taken(der, size, arena);
	PKCS12_free(p12);
	sk_X509_free(stack);
	arena_free(&secret);
	return out->n ? ERR_OK : make_refused("the PKCS#12 file", arena, why);
}

enum err make_signed(const struct key *key, const struct cert *cert, struct cert *const *chain, unsigned n,
	struct bytes content, struct arena *arena, struct bytes *out, struct why *why)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	BIO *in = content.n <= INT_MAX ? BIO_new_mem_buf(content.p, (int)content.n) : NULL;
	CMS_ContentInfo *cms = NULL;
	unsigned char *der = NULL;
	bool done = stack && in;
	int size;

	for (unsigned i = 0; done && i < n; i++)
		done = sk_X509_push(stack, chain[i]->x509);
	if (done)
		cms = CMS_sign(cert->x509, key->pkey, stack, in, CMS_BINARY);
	size = cms ? i2d_CMS_ContentInfo(cms, &der) : 0;
	*out = ossl_taken(der, size, arena);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	sk_X509_free(stack);
	return out->n ? ERR_OK : make_refused("the signature", arena, why);
}
