/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of transforms. IANA, "IKEv2 Parameters": types 1 to 12. */
#include "model/transform.h"

#include <strings.h>

/* clang-format off */
static const struct transform rows[] = {
	{ TRANSFORM_ENCR, ENCR_AES_CBC, 128, "aes128", "AES_CBC", "AES-128-CBC", KIND_CBC,
	  .key = 16, .iv = 16, .block = 16 },
	{ TRANSFORM_ENCR, ENCR_AES_CBC, 192, "aes192", "AES_CBC", "AES-192-CBC", KIND_CBC,
	  .key = 24, .iv = 16, .block = 16 },
	{ TRANSFORM_ENCR, ENCR_AES_CBC, 256, "aes256", "AES_CBC", "AES-256-CBC", KIND_CBC,
	  .key = 32, .iv = 16, .block = 16 },
	{ TRANSFORM_ENCR, ENCR_AES_GCM_16, 128, "aes128gcm16", "AES_GCM_16", "AES-128-GCM", KIND_AEAD,
	  .key = 16, .salt = 4, .iv = 8, .block = 4, .icv = 16 },
	{ TRANSFORM_ENCR, ENCR_AES_GCM_16, 192, "aes192gcm16", "AES_GCM_16", "AES-192-GCM", KIND_AEAD,
	  .key = 24, .salt = 4, .iv = 8, .block = 4, .icv = 16 },
	{ TRANSFORM_ENCR, ENCR_AES_GCM_16, 256, "aes256gcm16", "AES_GCM_16", "AES-256-GCM", KIND_AEAD,
	  .key = 32, .salt = 4, .iv = 8, .block = 4, .icv = 16 },
	{ TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, 0, "chacha20poly1305", "CHACHA20_POLY1305",
	  "ChaCha20-Poly1305", KIND_AEAD, .key = 32, .salt = 4, .iv = 8, .block = 4, .icv = 16 },

	{ TRANSFORM_PRF, PRF_HMAC_SHA1, 0, "prfsha1", "PRF_HMAC_SHA1", "SHA1", KIND_HMAC,
	  .key = 20, .out = 20 },
	{ TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0, "prfsha256", "PRF_HMAC_SHA2_256", "SHA256", KIND_HMAC,
	  .key = 32, .out = 32 },
	{ TRANSFORM_PRF, PRF_HMAC_SHA2_384, 0, "prfsha384", "PRF_HMAC_SHA2_384", "SHA384", KIND_HMAC,
	  .key = 48, .out = 48 },
	{ TRANSFORM_PRF, PRF_HMAC_SHA2_512, 0, "prfsha512", "PRF_HMAC_SHA2_512", "SHA512", KIND_HMAC,
	  .key = 64, .out = 64 },

	{ TRANSFORM_INTEG, AUTH_HMAC_SHA1_96, 0, "sha1", "HMAC_SHA1_96", "SHA1", KIND_HMAC,
	  .key = 20, .icv = 12 },
	{ TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0, "sha256", "HMAC_SHA2_256_128", "SHA256", KIND_HMAC,
	  .key = 32, .icv = 16 },
	{ TRANSFORM_INTEG, AUTH_HMAC_SHA2_384_192, 0, "sha384", "HMAC_SHA2_384_192", "SHA384", KIND_HMAC,
	  .key = 48, .icv = 24 },
	{ TRANSFORM_INTEG, AUTH_HMAC_SHA2_512_256, 0, "sha512", "HMAC_SHA2_512_256", "SHA512", KIND_HMAC,
	  .key = 64, .icv = 32 },

	/* MODP exponents: at least twice the strength of the group in bits (RFC 7919, 5.2). */
	{ TRANSFORM_KE, KE_CURVE25519, 0, "x25519", "CURVE_25519", "X25519", KIND_XDH,
	  .key = 32, .out = 32, .shared = 32 },
	{ TRANSFORM_KE, KE_CURVE448, 0, "x448", "CURVE_448", "X448", KIND_XDH,
	  .key = 56, .out = 56, .shared = 56 },
	{ TRANSFORM_KE, KE_ECP_256, 0, "ecp256", "ECP_256", "P-256", KIND_ECP,
	  .key = 32, .out = 64, .shared = 32 },
	{ TRANSFORM_KE, KE_ECP_384, 0, "ecp384", "ECP_384", "P-384", KIND_ECP,
	  .key = 48, .out = 96, .shared = 48 },
	{ TRANSFORM_KE, KE_ECP_521, 0, "ecp521", "ECP_521", "P-521", KIND_ECP,
	  .key = 66, .out = 132, .shared = 66 },
	/* Weak: for peers that have nothing else, where they are asked for by name only. */
	{ TRANSFORM_KE, KE_MODP_1024, 0, "modp1024", "MODP_1024", "modp_1024", KIND_MODP,
	  .key = 40, .out = 128, .shared = 128 },
	{ TRANSFORM_KE, KE_MODP_1536, 0, "modp1536", "MODP_1536", "modp_1536", KIND_MODP,
	  .key = 40, .out = 192, .shared = 192 },
	{ TRANSFORM_KE, KE_MODP_2048, 0, "modp2048", "MODP_2048", "modp_2048", KIND_MODP,
	  .key = 40, .out = 256, .shared = 256 },
	{ TRANSFORM_KE, KE_MODP_3072, 0, "modp3072", "MODP_3072", "modp_3072", KIND_MODP,
	  .key = 48, .out = 384, .shared = 384 },
	{ TRANSFORM_KE, KE_MODP_4096, 0, "modp4096", "MODP_4096", "modp_4096", KIND_MODP,
	  .key = 56, .out = 512, .shared = 512 },
	/* FIPS 203; the private value is its seed (d | z). */
	{ TRANSFORM_KE, KE_ML_KEM_512, 0, "mlkem512", "ML_KEM_512", "ML-KEM-512", KIND_KEM,
	  .key = 64, .out = 800, .back = 768, .shared = 32 },
	{ TRANSFORM_KE, KE_ML_KEM_768, 0, "mlkem768", "ML_KEM_768", "ML-KEM-768", KIND_KEM,
	  .key = 64, .out = 1184, .back = 1088, .shared = 32 },
	{ TRANSFORM_KE, KE_ML_KEM_1024, 0, "mlkem1024", "ML_KEM_1024", "ML-KEM-1024", KIND_KEM,
	  .key = 64, .out = 1568, .back = 1568, .shared = 32 },
	{ TRANSFORM_KE, KE_NONE, 0, "none", "NONE", NULL, KIND_NONE, .key = 0 },

	{ TRANSFORM_ESN, ESN_YES, 0, "esn", "ESN", NULL, KIND_NONE, .key = 0 },
	{ TRANSFORM_ESN, ESN_NO, 0, "noesn", "NO_EXT_SEQ", NULL, KIND_NONE, .key = 0 },
};
/* clang-format on */

enum { N_ROWS = sizeof rows / sizeof rows[0] };

/* Other words for the same rows. */
static const struct alias {
	const char *word, *row;
} aliases[] = {
	{ "aes", "aes128" },
	{ "aes128gcm", "aes128gcm16" },
	{ "aes128gcm128", "aes128gcm16" },
	{ "aes192gcm", "aes192gcm16" },
	{ "aes192gcm128", "aes192gcm16" },
	{ "aes256gcm", "aes256gcm16" },
	{ "aes256gcm128", "aes256gcm16" },
	{ "sha", "sha1" },
	{ "sha2_256", "sha256" },
	{ "sha2_384", "sha384" },
	{ "sha2_512", "sha512" },
	{ "curve25519", "x25519" },
	{ "curve448", "x448" },
	{ "modpnone", "none" },
};

const struct transform *transform_find(uint8_t type, uint16_t id, uint16_t bits)
{
	if (transform_is_more(type))
		type = TRANSFORM_KE;
	for (const struct transform *t = rows; t < rows + N_ROWS; t++)
		if (t->type == type && t->id == id && t->bits == bits)
			return t;
	return NULL;
}

const struct transform *transform_next(const struct transform *t)
{
	t = t ? t + 1 : rows;
	return t < rows + N_ROWS ? t : NULL;
}

static const char *word_of_row(const char *word)
{
	for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
		if (!strcasecmp(aliases[i].word, word))
			return aliases[i].row;
	return word;
}

/* The PRF over the same digest as INTEG. */
static const struct transform *prf_of(const struct transform *integ)
{
	for (const struct transform *t = rows; t < rows + N_ROWS; t++)
		if (t->type == TRANSFORM_PRF && !strcmp(t->openssl, integ->openssl))
			return t;
	return NULL;
}

uint8_t transform_icv(const struct transform *encr, const struct transform *integ)
{
	return integ ? integ->icv : encr->icv;
}

unsigned transform_word(const char *word, uint8_t protocol, const struct transform *found[2])
{
	unsigned n = 0;

	word = word_of_row(word);
	for (const struct transform *t = rows; t < rows + N_ROWS && !n; t++)
		if (!strcasecmp(t->word, word))
			found[n++] = t;
	if (n && found[0]->type == TRANSFORM_INTEG && protocol == PROTO_IKE)
		if ((found[1] = prf_of(found[0])))
			n++;
	return n;
}

uint8_t transform_prefix(const char **word)
{
	const char *w = *word;

	if (strncasecmp(w, "ke", 2) || w[2] < '1' || w[2] > '0' + MORE_KES_MAX || w[3] != '_')
		return 0;
	*word = w + 4;
	return (uint8_t)(TRANSFORM_KE1 + w[2] - '1');
}

const char *transform_type_name(uint8_t type)
{
	static const char *const names[] = {
		[TRANSFORM_ENCR] = "encryption",
		[TRANSFORM_PRF] = "prf",
		[TRANSFORM_INTEG] = "integrity",
		[TRANSFORM_KE] = "key exchange",
		[TRANSFORM_ESN] = "extended sequence numbers",
		[TRANSFORM_KE1] = "additional key exchange 1",
		[TRANSFORM_KE1 + 1] = "additional key exchange 2",
		[TRANSFORM_KE1 + 2] = "additional key exchange 3",
		[TRANSFORM_KE1 + 3] = "additional key exchange 4",
		[TRANSFORM_KE1 + 4] = "additional key exchange 5",
		[TRANSFORM_KE1 + 5] = "additional key exchange 6",
		[TRANSFORM_KE7] = "additional key exchange 7",
	};

	return type >= TRANSFORM_ENCR && type <= TRANSFORM_KE7 ? names[type] : "unknown transform type";
}
