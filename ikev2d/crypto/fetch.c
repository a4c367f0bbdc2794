/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list that only grows, at its head, by one atomic exchange: readers need no lock. Two threads that fetch
 * the same for the first time at once both put it in; the later one stays unused. */
#include "crypto/fetch.h"

#include <openssl/core_names.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct fetched {
	struct fetched *next;
	void *(*make)(const char *name);
	const char *name;
	void *made;
};

static struct fetched *_Atomic all;

void *fetch_once(void *(*make)(const char *name), const char *name)
{
	struct fetched *f;

	for (f = atomic_load(&all); f; f = f->next)
		if (f->make == make && !strcmp(f->name, name))
			return f->made;
	f = malloc(sizeof *f);
	if (!f)
		return NULL;
	*f = (struct fetched){ .make = make, .name = name, .made = make(name) };
	if (!f->made) {
		free(f);
		return NULL;
	}
	f->next = atomic_load(&all);
	while (!atomic_compare_exchange_weak(&all, &f->next, f))
		;
	return f->made;
}

static void *make_cipher(const char *name)
{
	return EVP_CIPHER_fetch(NULL, name, NULL);
}

static void *make_digest(const char *name)
{
	return EVP_MD_fetch(NULL, name, NULL);
}

/* A context to copy from. It gets a key, of no meaning, so that what is copied is complete. */
static void *make_hmac(const char *digest)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

	EVP_MAC_free(hmac);
	if (ctx && EVP_MAC_init(ctx, (const uint8_t *)"", 1, params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

const EVP_CIPHER *fetch_cipher(const char *name)
{
	return fetch_once(make_cipher, name);
}

const EVP_MD *fetch_digest(const char *name)
{
	return fetch_once(make_digest, name);
}

EVP_MAC_CTX *fetch_hmac(const char *digest)
{
	EVP_MAC_CTX *ctx = fetch_once(make_hmac, digest);

	return ctx ? EVP_MAC_CTX_dup(ctx) : NULL;
}
