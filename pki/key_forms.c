/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public keys of OpenSSH and of DNS. */
#include "pki/key_forms.h"

#include "base/arena.h"
#include "base/buf.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

enum { FORM_MAX = 8192, RSA_MIN = 128 }; /* octets: of a line or a key, and of a modulus that is one */

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *rsa_key(struct bytes exponent, struct bytes modulus)
{
	BIGNUM *e = BN_bin2bn(exponent.p, (int)exponent.n, NULL),
	       *n = BN_bin2bn(modulus.p, (int)modulus.n, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (build && e && n && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1)
		pkey = from_params("RSA", build);
	OSSL_PARAM_BLD_free(build);
	BN_free(e);
	BN_free(n);
	return pkey;
}

static EVP_PKEY *ec_key(const char *curve, struct bytes point)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
		OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) == 1)
		pkey = from_params("EC", build);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

/* A field of OpenSSH's: its length in four octets, then itself. */
static struct bytes field(struct rd *r)
{
	return rd_bytes(r, rd_u32(r));
}

static EVP_PKEY *ssh_rsa(struct rd *r, const char *name)
{
	struct bytes e = field(r), n = field(r);

	(void)name;
	return rd_done(r) && e.n && n.n >= RSA_MIN ? rsa_key(e, n) : NULL;
}

static EVP_PKEY *ssh_ec(struct rd *r, const char *curve)
{
	struct bytes point;

	(void)field(r);
	point = field(r);
	return rd_done(r) && point.n ? ec_key(curve, point) : NULL;
}

static EVP_PKEY *ssh_raw(struct rd *r, const char *type)
{
	struct bytes octets = field(r);

	return rd_done(r) ? EVP_PKEY_new_raw_public_key_ex(NULL, type, NULL, octets.p, octets.n) : NULL;
}

static const struct form {
	const char *word, *name; /* OpenSSH's; OpenSSL's, of the key or its curve */
	EVP_PKEY *(*read)(struct rd *r, const char *name);
} forms[] = {
	{ "ssh-rsa", "RSA", ssh_rsa },
	{ "ssh-ed25519", "ED25519", ssh_raw },
	{ "ssh-ed448", "ED448", ssh_raw },
	{ "ecdsa-sha2-nistp256", "P-256", ssh_ec },
	{ "ecdsa-sha2-nistp384", "P-384", ssh_ec },
	{ "ecdsa-sha2-nistp521", "P-521", ssh_ec },
};

static const struct form *form_of(struct bytes word)
{
	for (const struct form *f = forms; f < forms + sizeof forms / sizeof *forms; f++)
		if (bytes_eq(bytes_str(f->word), word))
			return f;
	return NULL;
}

/* The octets of N letters of base64, from ARENA; empty when they are none. */
static struct bytes unbase64(const char *s, size_t n, struct arena *arena)
{
	uint8_t *out = arena_alloc(arena, n);
	int got = n && n % 4 == 0 ? EVP_DecodeBlock(out, (const unsigned char *)s, (int)n) : -1;

	while (got > 0 && s[n - 1] == '=') {
		got--;
		n--;
	}
	return bytes_of(out, got > 0 ? (size_t)got : 0);
}

static EVP_PKEY *read_form(const struct form *f, struct bytes octets)
{
	struct rd r = rd_of(octets);

	return bytes_eq(field(&r), bytes_str(f->word)) ? f->read(&r, f->name) : NULL;
}

EVP_PKEY *key_form_ssh(struct bytes line)
{
	struct arena arena = { 0 };
	const struct form *f = NULL;
	EVP_PKEY *pkey = NULL;
	const char *s, *blob;
	size_t n;

	if (line.n > FORM_MAX)
		return NULL;
	s = arena_text(&arena, line);
	n = strcspn(s, " ");
	f = form_of(bytes_of(s, n));
	if (f) {
		blob = s + n + strspn(s + n, " ");
		pkey = read_form(f, unbase64(blob, strcspn(blob, " \r\n"), &arena));
	}
	arena_free(&arena);
	return pkey;
}

EVP_PKEY *key_form_dns(struct bytes octets)
{
	struct rd r = rd_of(octets);
	size_t n = rd_u8(&r);
	struct bytes exponent, modulus;

	exponent = rd_bytes(&r, n ? n : rd_u16(&r));
	modulus = rd_rest(&r);
	if (r.bad || !exponent.n || exponent.n > sizeof(uint64_t) || modulus.n < RSA_MIN ||
		modulus.n > FORM_MAX)
		return NULL;
	return rsa_key(exponent, modulus);
}
