/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store of OpenSSL's (provider-storemgmt(7)), which is built in. */
#include "tests/unit/provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <stdarg.h>
#include <string.h>

struct provider_token provider_token;

static const OSSL_CORE_HANDLE *core;
static OSSL_FUNC_core_new_error_fn *new_error;
static OSSL_FUNC_core_vset_error_fn *vset_error;
static OSSL_PROVIDER *loaded;

/* As pkcs11-provider raises what a module answers: more may be complained of then. */
static void raise_one(unsigned long ckr, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	new_error(core);
	vset_error(core, (uint32_t)ckr, text, args);
	va_end(args);
}

static int fails(unsigned long ckr)
{
	if (provider_token.silent)
		return 0;
	raise_one(ckr, "C_Login");
	raise_one(CKR_TEST_GENERAL_ERROR, "no session");
	return 0;
}

/* The first octet says whether it was read. */
static void *store_open(void *ctx, const char *uri)
{
	static char state;

	(void)ctx;
	(void)uri;
	state = 0;
	return &state;
}

static int give_key(OSSL_CALLBACK *object, void *arg)
{
	int type = OSSL_OBJECT_PKEY;
	OSSL_PARAM params[] = { OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_construct_utf8_string(
			OSSL_OBJECT_PARAM_DATA_STRUCTURE, (char *)"PrivateKeyInfo", 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_OBJECT_PARAM_DATA, (void *)provider_token.der.p, provider_token.der.n),
		OSSL_PARAM_construct_end() };

	return object(params, arg);
}

static int store_load(
	void *state, OSSL_CALLBACK *object, void *arg, OSSL_PASSPHRASE_CALLBACK *ask, void *ask_arg)
{
	const struct provider_token *t = &provider_token;
	char pin[64];
	size_t n = 0;

	*(char *)state = 1;
	if (t->ckr && !t->later)
		return fails(t->ckr);
	if (!ask(pin, sizeof pin, &n, NULL, ask_arg))
		return fails(CKR_TEST_GENERAL_ERROR);
	if (t->ckr)
		return fails(t->ckr);
	if (n == strlen(t->pin) && !memcmp(pin, t->pin, n))
		return give_key(object, arg);
	provider_token.pins++;
	return fails(CKR_TEST_PIN_INCORRECT);
}

static int store_eof(void *state)
{
	return *(const char *)state;
}

static int store_close(void *state)
{
	(void)state;
	return 1;
}

static const OSSL_ALGORITHM *operations(void *ctx, int operation, int *no_cache)
{
	static const OSSL_DISPATCH store[] = { { OSSL_FUNC_STORE_OPEN, (void (*)(void))store_open },
		{ OSSL_FUNC_STORE_LOAD, (void (*)(void))store_load },
		{ OSSL_FUNC_STORE_EOF, (void (*)(void))store_eof },
		{ OSSL_FUNC_STORE_CLOSE, (void (*)(void))store_close }, { 0, NULL } };
	static const OSSL_ALGORITHM stores[] = { { "pkcs11", "provider=token", store, NULL },
		{ NULL, NULL, NULL, NULL } };

	(void)ctx;
	*no_cache = 0;
	return operation == OSSL_OP_STORE ? stores : NULL;
}

static const OSSL_ITEM *reasons(void *ctx)
{
	static const OSSL_ITEM all[] = { { CKR_TEST_GENERAL_ERROR, (void *)"General Error" },
		{ CKR_TEST_DEVICE_REMOVED, (void *)"Device Removed" },
		{ CKR_TEST_TOKEN_NOT_PRESENT, (void *)"Token Not Present" }, { 0, NULL } };

	(void)ctx;
	return all;
}

static int begin(
	const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **ctx)
{
	static const OSSL_DISPATCH functions[] = { { OSSL_FUNC_PROVIDER_QUERY_OPERATION,
							   (void (*)(void))operations },
		{ OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, (void (*)(void))reasons }, { 0, NULL } };

	core = handle;
	for (; in->function_id; in++) {
		if (in->function_id == OSSL_FUNC_CORE_NEW_ERROR)
			new_error = OSSL_FUNC_core_new_error(in);
		if (in->function_id == OSSL_FUNC_CORE_VSET_ERROR)
			vset_error = OSSL_FUNC_core_vset_error(in);
	}
	*out = functions;
	*ctx = (void *)handle;
	return new_error && vset_error;
}

bool provider_load(void)
{
	loaded = OSSL_PROVIDER_add_builtin(NULL, "token", begin) ? OSSL_PROVIDER_try_load(NULL, "token", 1)
								 : NULL;
	return loaded;
}

void provider_unload(void)
{
	OSSL_PROVIDER_unload(loaded);
	loaded = NULL;
}
