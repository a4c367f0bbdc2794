/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keys and signatures a connection admits: the words behind "auth = pubkey" in swanctl.conf, such as
 * "rsa-3072-sha256-sha384", "ecdsa-384", "rsa/pss-sha256", "pubkey-sha512", "ike:ecdsa-sha384". */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "model/scheme.h"

/* Sets of kinds of signatures: a key's type, PSS or not, and the hash. */
typedef uint64_t signature_set;

/* All zero admits everything that is strong enough in itself. */
struct constraints {
	uint32_t keys;                 /* types named, bits by enum key_type */
	bool any_key;                  /* "pubkey" was named */
	uint16_t rsa_bits, ecdsa_bits; /* least sizes asked for; 0: none was */
	signature_set chain, ike;      /* of certificates, of AUTH payloads; empty: any */
};

/* Reads S: one type or several ("rsa", "rsa/pss", "ecdsa", "ed25519", "ed448", "mldsa44", …, "pubkey" for
 * any), each followed by a least size and by hashes; hashes in front of all are pubkey's. Hashes bind
 * certificates' signatures and, unless a type with "ike:" in front has hashes of its own, AUTH payloads'. A
 * hash behind "rsa" or "pubkey" admits PKCS#1 and PSS alike, behind "rsa/pss" only PSS. On ERR_SYNTAX WHY
 * gets a sentence with the word. */
enum err constraints_parse(const char *s, struct constraints *out, struct text *why) MUST_CHECK;

/* Whether a key of TYPE with BITS is one that C asks for; WHY, if not, gets what it has to be: "an RSA key of
 * at least 3072 bits". What is too weak in itself is the business of pki. */
bool constraints_key(const struct constraints *c, enum key_type type, unsigned bits, struct text *why);

/* Whether a signature of that kind is in SET. */
bool signature_in(signature_set set, enum key_type type, bool pss, unsigned hash);

/* The kinds in SET as text: "rsa-sha256, ecdsa-sha384". */
void signatures_print(signature_set set, struct text *out);
