/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both kinds of sealing. Keys are set once; a packet sets the IV only. */
#include "crypto/aead.h"

#include "crypto/fetch.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

enum { MAC_MAX = 64 };

struct aead {
	const struct transform *encr, *integ;
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *mac;                 /* NULL for an AEAD */
	uint8_t mac_key[MAC_MAX];         /* integ->key octets */
	uint8_t nonce[EVP_MAX_IV_LENGTH]; /* the salt, which stays, and the IV of the packet */
	bool sealing;                     /* what it is keyed for */
};

static EVP_CIPHER_CTX *cipher_new(const struct transform *encr)
{
	const EVP_CIPHER *algorithm = fetch_cipher(encr->openssl);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (algorithm && ctx && EVP_CipherInit_ex(ctx, algorithm, NULL, NULL, NULL, 1) == 1 &&
		EVP_CIPHER_CTX_set_padding(ctx, 0) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

struct aead *aead_new(const struct transform *encr, const struct transform *integ)
{
	struct aead *a;

	if (integ ? encr->kind != KIND_CBC || integ->kind != KIND_HMAC : encr->kind != KIND_AEAD)
		return NULL;
	a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->encr = encr;
	a->integ = integ;
	a->cipher = cipher_new(encr);
	a->mac = integ ? fetch_hmac(integ->openssl) : NULL;
	if (a->cipher && (a->mac || !integ))
		return a;
	aead_free(a);
	return NULL;
}

void aead_free(struct aead *a)
{
	if (!a)
		return;
	EVP_CIPHER_CTX_free(a->cipher);
	EVP_MAC_CTX_free(a->mac);
	wipe(a, sizeof *a);
	free(a);
}

enum err aead_key(struct aead *a, bool sealing, struct bytes encr_key, struct bytes integ_key)
{
	const struct transform *encr = a->encr, *integ = a->integ;

	if (encr_key.n != (size_t)encr->key + encr->salt || integ_key.n != (integ ? integ->key : 0))
		return ERR_RANGE;
	a->sealing = sealing;
	memcpy(a->nonce, encr_key.p + encr->key, encr->salt);
	if (EVP_CipherInit_ex(a->cipher, NULL, NULL, encr_key.p, NULL, sealing) != 1)
		return ERR_CRYPTO;
	if (!integ)
		return ERR_OK;
	memcpy(a->mac_key, integ_key.p, integ_key.n);
	return EVP_MAC_init(a->mac, a->mac_key, integ->key, NULL) == 1 ? ERR_OK : ERR_CRYPTO;
}

static bool fits(const struct aead *a, const struct aead_job *job)
{
	return job->n <= INT_MAX && job->aad.n <= INT_MAX && !(a->integ && job->n % a->encr->block);
}

/* Runs the cipher over the data, in the direction of the key. */
static bool run(struct aead *a, const struct aead_job *job)
{
	int n;

	memcpy(a->nonce + a->encr->salt, job->iv, a->encr->iv);
	return EVP_CipherInit_ex(a->cipher, NULL, NULL, NULL, a->nonce, -1) == 1 &&
	       (a->integ || EVP_CipherUpdate(a->cipher, NULL, &n, job->aad.p, (int)job->aad.n) == 1) &&
	       EVP_CipherUpdate(a->cipher, job->data, &n, job->data, (int)job->n) == 1;
}

/* Ends an AEAD; when opening, fails if the tag was not right. Nothing is left to be written then. */
static bool finish(struct aead *a)
{
	uint8_t none[EVP_MAX_BLOCK_LENGTH];
	int n;

	return EVP_CipherFinal_ex(a->cipher, none, &n) == 1;
}

/* Starts the MAC again under its key, without working the key in once more. Before 3.0.3 OpenSSL said yes to
 * that and did nothing (its issue 17811). */
static bool mac_again(struct aead *a)
{
	static const bool keeps_key = OPENSSL_VERSION_NUMBER >= 0x30000030L;

	return EVP_MAC_init(a->mac, keeps_key ? NULL : a->mac_key, keeps_key ? 0 : a->integ->key, NULL) == 1;
}

static bool mac(struct aead *a, const struct aead_job *job, uint8_t out[MAC_MAX])
{
	return mac_again(a) && EVP_MAC_update(a->mac, job->aad.p, job->aad.n) == 1 &&
	       EVP_MAC_update(a->mac, job->iv, a->encr->iv) == 1 &&
	       EVP_MAC_update(a->mac, job->data, job->n) == 1 &&
	       EVP_MAC_update(a->mac, job->tail.p, job->tail.n) == 1 &&
	       EVP_MAC_final(a->mac, out, NULL, MAC_MAX) == 1;
}

static enum err seal_with_mac(struct aead *a, const struct aead_job *job)
{
	uint8_t tag[MAC_MAX];

	if (!run(a, job) || !mac(a, job, tag))
		return ERR_CRYPTO;
	memcpy(job->icv, tag, a->integ->icv);
	return ERR_OK;
}

static enum err open_with_mac(struct aead *a, const struct aead_job *job)
{
	uint8_t tag[MAC_MAX];

	if (!mac(a, job, tag))
		return ERR_CRYPTO;
	if (!bytes_eq_secret(bytes_of(tag, a->integ->icv), bytes_of(job->icv, a->integ->icv)))
		return ERR_AUTH;
	return run(a, job) ? ERR_OK : ERR_CRYPTO;
}

enum err aead_seal(struct aead *a, const struct aead_job *job)
{
	assert(a->sealing);
	if (!fits(a, job))
		return ERR_RANGE;
	if (a->integ)
		return seal_with_mac(a, job);
	if (!run(a, job) || !finish(a) ||
		EVP_CIPHER_CTX_ctrl(a->cipher, EVP_CTRL_AEAD_GET_TAG, a->encr->icv, job->icv) != 1)
		return ERR_CRYPTO;
	return ERR_OK;
}

enum err aead_open(struct aead *a, const struct aead_job *job)
{
	assert(!a->sealing);
	if (!fits(a, job))
		return ERR_RANGE;
	if (a->integ)
		return open_with_mac(a, job);
	if (!run(a, job) ||
		EVP_CIPHER_CTX_ctrl(a->cipher, EVP_CTRL_AEAD_SET_TAG, a->encr->icv, job->icv) != 1)
		return ERR_CRYPTO;
	return finish(a) ? ERR_OK : ERR_AUTH;
}
