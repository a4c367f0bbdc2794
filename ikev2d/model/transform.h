/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of transforms: all that is known of an algorithm stands in its row (transform.c), and a new one
 * needs nothing else, unless it is a new primitive (then also code in crypto/). */
#pragma once

#include "base/bytes.h"

/* RFC 7296, 3.3.2. */
enum transform_type {
	TRANSFORM_ENCR = 1,
	TRANSFORM_PRF = 2,
	TRANSFORM_INTEG = 3,
	TRANSFORM_KE = 4,
	TRANSFORM_ESN = 5, /* "Sequence Numbers" since RFC 9827 */
	/* Additional key exchanges, one after the other (RFC 9370): their methods are those of TRANSFORM_KE.
	 */
	TRANSFORM_KE1 = 6,
	TRANSFORM_KE7 = 12,
};

enum { MORE_KES_MAX = TRANSFORM_KE7 - TRANSFORM_KE1 + 1 };

static inline bool transform_is_more(uint8_t type)
{
	return type >= TRANSFORM_KE1 && type <= TRANSFORM_KE7;
}

enum protocol {
	PROTO_IKE = 1,
	PROTO_AH = 2,
	PROTO_ESP = 3,
};

enum transform_ids {
	ENCR_AES_CBC = 12,
	ENCR_AES_GCM_16 = 20,
	ENCR_CHACHA20_POLY1305 = 28,
	PRF_HMAC_SHA1 = 2,
	PRF_HMAC_SHA2_256 = 5,
	PRF_HMAC_SHA2_384 = 6,
	PRF_HMAC_SHA2_512 = 7,
	AUTH_HMAC_SHA1_96 = 2,
	AUTH_HMAC_SHA2_256_128 = 12,
	AUTH_HMAC_SHA2_384_192 = 13,
	AUTH_HMAC_SHA2_512_256 = 14,
	KE_NONE = 0,
	KE_MODP_1024 = 2,
	KE_MODP_1536 = 5,
	KE_MODP_2048 = 14,
	KE_MODP_3072 = 15,
	KE_MODP_4096 = 16,
	KE_ECP_256 = 19,
	KE_ECP_384 = 20,
	KE_ECP_521 = 21,
	KE_CURVE25519 = 31,
	KE_CURVE448 = 32,
	KE_ML_KEM_512 = 35, /* draft-ietf-ipsecme-ikev2-mlkem */
	KE_ML_KEM_768 = 36,
	KE_ML_KEM_1024 = 37,
	ESN_NO = 0,
	ESN_YES = 1,
};

/* How crypto/ works a row. */
enum transform_kind {
	KIND_NONE,
	KIND_AEAD, /* OpenSSL cipher with a tag of its own */
	KIND_CBC,  /* OpenSSL cipher, to be joined with an INTEG transform */
	KIND_HMAC, /* PRF and INTEG: OpenSSL digest */
	KIND_XDH,  /* x25519, x448 */
	KIND_ECP,  /* NIST curves; public values are x | y (RFC 5903) */
	KIND_MODP, /* RFC 3526 */
	KIND_KEM,  /* FIPS 203: who answers encapsulates; no quantum computer is known to help */
};

struct transform {
	uint8_t type;        /* enum transform_type */
	uint16_t id;         /* IANA's number */
	uint16_t bits;       /* the Key Length attribute; 0: the transform has none */
	const char *word;    /* in swanctl.conf: "aes256gcm16" */
	const char *name;    /* in status: "AES_GCM_16" (strongSwan's names) */
	const char *openssl; /* OpenSSL's name for it */
	enum transform_kind kind;
	uint16_t key;     /* octets: ENCR and INTEG key (without salt), PRF preferred key, KE private value */
	uint16_t out;     /* octets: PRF output, KE public value */
	uint16_t back;    /* octets: KE public value of who answers, where that is another: a ciphertext */
	uint16_t shared;  /* octets: KE shared secret */
	uint8_t salt, iv; /* octets: ENCR implicit salt (RFC 4106), explicit IV */
	uint8_t block;    /* octets: ENCR padding unit in ESP and in what we seal; an AEAD opens any length */
	uint8_t icv;      /* octets: tag of an AEAD or INTEG */
};

/* The row, or NULL for one we do not have. Additional key exchanges have the rows of TRANSFORM_KE. */
const struct transform *transform_find(uint8_t type, uint16_t id, uint16_t bits);

/* All rows, one after the other: start with NULL; NULL at the end. */
const struct transform *transform_next(const struct transform *t);

/* Octets of the tag: that of ENCR, an AEAD, or (INTEG not NULL) that of the MAC beside it. */
uint8_t transform_icv(const struct transform *encr, const struct transform *integ);

/* The words of a proposal: FOUND gets the rows a word stands for. For IKE the second row of an integrity word
 * ("sha256") is the PRF over the same digest, meant where no PRF is named. Case does not count, and some rows
 * have several words ("curve25519" is "x25519"). Returns how many rows (0: unknown word, at most 2). */
unsigned transform_word(const char *word, uint8_t protocol, const struct transform *found[2]);

/* The type that a word like "ke1_ecp384" names before its "_", and *WORD moves behind that; 0: it names none.
 */
uint8_t transform_prefix(const char **word);

/* "encryption", "prf", "integrity", "key exchange", "extended sequence numbers", "additional key exchange 1".
 */
const char *transform_type_name(uint8_t type);
