/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys from files, blobs and providers. */
#include "pki/key.h"

#include "pki/key_forms.h"
#include "pki/ossl.h"

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/store.h>
#include <openssl/ui.h>

/* A password, and whether anybody wanted it. */
struct lock {
	const struct bytes *password;
	bool asked;
};

static int lock_password(char *out, int room, int writing, void *ctx)
{
	struct lock *lock = ctx;

	(void)writing;
	lock->asked = true;
	if (!lock->password || lock->password->n > (size_t)room)
		return -1;
	memcpy(out, lock->password->p, lock->password->n);
	return (int)lock->password->n;
}

static enum err locked(const struct lock *lock, struct why *why)
{
	if (lock->password) {
		why->what = "the private key is encrypted, and the password is wrong";
		why->instead = "secret = the password that the key was encrypted with";
		return ERR_AUTH;
	}
	why->what = "the private key is encrypted, and there is no password for it";
	why->instead =
		"in the section secrets: private-NAME { file = the key's file, secret = its password }";
	return ERR_MISSING;
}

static bool is_pem(struct bytes data)
{
	return data.n && memmem(data.p, data.n, "-----BEGIN ", 11);
}

static EVP_PKEY *decode(struct bytes data, const char *form, int selection, struct lock *lock)
{
	EVP_PKEY *pkey = NULL;
	BIO *bio = ossl_reader(data);
	OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(&pkey, form, NULL, NULL, selection, NULL, NULL);

	if (ctx) {
		OSSL_DECODER_CTX_set_pem_password_cb(ctx, lock_password, lock);
		(void)OSSL_DECODER_from_bio(ctx, bio);
	}
	OSSL_DECODER_CTX_free(ctx);
	BIO_free(bio);
	return pkey;
}

/* The first private key of a file that may hold certificates as well. */
static EVP_PKEY *read_pem(struct bytes data, struct lock *lock)
{
	BIO *bio = ossl_reader(data);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, lock_password, lock, NULL, NULL);

	BIO_free(bio);
	return pkey;
}

static enum err admit(EVP_PKEY *pkey, bool secret, struct arena *arena, struct key **out, struct why *why)
{
	*out = key_take(pkey, secret, arena, why);
	ossl_forget();
	return *out ? ERR_OK : ERR_UNSUPPORTED;
}

static enum err too_large(struct bytes data, struct arena *arena, struct why *why)
{
	why->what = arena_printf(arena, "%zu octets are more than a key can have (%d)", data.n, KEY_FILE_MAX);
	return ERR_RANGE;
}

enum err key_private(struct bytes data, const struct bytes *password, struct arena *arena, struct key **out,
	struct why *why)
{
	struct lock lock = { .password = password };
	EVP_PKEY *pkey;

	if (data.n > KEY_FILE_MAX)
		return too_large(data, arena, why);
	pkey = is_pem(data) ? read_pem(data, &lock) : decode(data, "DER", EVP_PKEY_KEYPAIR, &lock);
	if (pkey)
		return admit(pkey, true, arena, out, why);
	if (lock.asked) {
		ossl_forget();
		return locked(&lock, why);
	}
	why->what = arena_printf(arena, "this is no private key in PEM or DER (%s)", ossl_reason(arena));
	return ERR_SYNTAX;
}

enum err key_public(struct bytes data, struct arena *arena, struct key **out, struct why *why)
{
	struct lock none = { 0 };
	EVP_PKEY *pkey;

	if (data.n > KEY_FILE_MAX)
		return too_large(data, arena, why);
	pkey = key_form_ssh(data);
	if (!pkey)
		pkey = decode(data, is_pem(data) ? "PEM" : "DER", EVP_PKEY_PUBLIC_KEY, &none);
	if (!pkey)
		pkey = key_form_dns(data);
	if (pkey)
		return admit(pkey, false, arena, out, why);
	why->what = arena_printf(arena, "this is no public key in PEM, DER, or a form of OpenSSH or DNS (%s)",
		ossl_reason(arena));
	return ERR_SYNTAX;
}

static EVP_PKEY *open_uri(const char *uri, struct lock *lock)
{
	UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(lock_password, 0);
	OSSL_STORE_CTX *store = OSSL_STORE_open(uri, ui, lock, NULL, NULL);
	EVP_PKEY *pkey = NULL;

	while (store && !pkey && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (!info)
			break;
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			pkey = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	OSSL_STORE_close(store);
	UI_destroy_method(ui);
	return pkey;
}

/* What a token says (PKCS#11, CKR_…), and what comes of it: its provider raises that as a reason of its own.
 * Of all that is not here and follows a PIN that may be the reason, and tokens count: pkcs11-provider 1.0
 * keeps to itself what C_Login said, and other slots may have no token. */
static const struct {
	unsigned reason;
	enum err e; /* ERR_AUTH: the PIN; ERR_BUSY: the device, which has not looked at it */
	const char *says;
} words_of_tokens[] = {
	{ 0xa0, ERR_AUTH, "it is not the right one" },
	{ 0xa1, ERR_AUTH, "it has characters that the token does not take" },
	{ 0xa2, ERR_AUTH, "it is too short or too long" },
	{ 0xa3, ERR_AUTH, "it has expired" },
	{ 0xa4, ERR_AUTH, "it is locked after too many wrong ones" },
	{ 0x30, ERR_BUSY, "the device fails" },
	{ 0x32, ERR_BUSY, "the device was removed" },
};

/* CTX: what comes of it. */
static const char *word_of_token(unsigned long code, void *ctx)
{
	for (size_t i = 0; i < sizeof words_of_tokens / sizeof *words_of_tokens; i++)
		if (ERR_GET_LIB(code) >= ERR_LIB_USER &&
			ERR_GET_REASON(code) == (int)words_of_tokens[i].reason) {
			*(enum err *)ctx = words_of_tokens[i].e;
			return words_of_tokens[i].says;
		}
	return NULL;
}

const char *key_uri_said(const char *uri, struct arena *arena)
{
	static const char name[] = "pin-value=";
	const char *pin = strstr(uri, name), *behind;

	if (!pin)
		return arena_str(arena, uri);
	pin += sizeof name - 1;
	behind = pin + strcspn(pin, "&");
	return arena_printf(arena, "%.*s...%s", (int)(pin - uri), uri, key_uri_said(behind, arena));
}

enum err key_uri(
	const char *uri, const struct bytes *pin, struct arena *arena, struct key **out, struct why *why)
{
	struct lock lock = { .password = pin };
	EVP_PKEY *pkey = open_uri(uri, &lock);
	enum err said = ERR_OK;
	const char *reason;

	if (pkey)
		return admit(pkey, true, arena, out, why);
	reason = ossl_reason_among(word_of_token, &said, arena);
	uri = key_uri_said(uri, arena);
	if (lock.asked && !pin) {
		why->what = arena_printf(arena, "%s wants a PIN, and has none", uri);
		why->instead = "pin = its PIN";
		return ERR_MISSING;
	}
	if (said == ERR_BUSY) {
		why->what = arena_printf(
			arena, "%s cannot be opened, and not because of its PIN (%s)", uri, reason);
		why->instead = "a look at the token and the module of its vendor";
		return ERR_BUSY;
	}
	if (said == ERR_AUTH || lock.asked) {
		why->what = arena_printf(arena, "%s cannot be opened with its PIN (%s)", uri, reason);
		why->instead = "pin = the right one; a token that has counted too many wrong ones is locked";
		return ERR_AUTH;
	}
	why->what = arena_printf(arena, "there is no private key at %s (%s)", uri, reason);
	why->instead = "a URI of a provider that the OpenSSL configuration (openssl.cnf) activates";
	return ERR_MISSING;
}
