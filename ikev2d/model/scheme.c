/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of signature schemes. Where a key has several, the one to prefer comes first; among hashes the
 * choice is made by the strength of the key (pki/sign.c). */
#include "model/scheme.h"

#include <stdio.h>

#define ALGID(octets) (octets), sizeof(octets) - 1

/* AlgorithmIdentifiers of RFC 7427, appendix A; Ed25519 and Ed448 of RFC 8420; ML-DSA of RFC 9881. */
#define RSA(last)   ALGID("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" last "\x05\x00")
#define ECDSA(last) ALGID("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" last)
#define SHA2(last)  "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" last "\x05\x00"
#define MLDSA(last) ALGID("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03" last)
/* With the trailer field written out, as there: FortiGate insists on it. */
#define PSS(sha2, salt)                                                                                      \
	ALGID("\x30\x46\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x39\xa0\x0f" SHA2(                   \
		sha2) "\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA2(sha2) "\xa2\x03"   \
												"\x02"       \
												"\x01" salt  \
												"\xa3\x03"   \
												"\x02\x01"   \
												"\x01")

/* clang-format off */
const struct scheme schemes[SCHEMES] = {
	{ "rsa-sha256", KEY_RSA, false, HASH_SHA2_256, 14, 0, RSA("\x0b"), "SHA256" },
	{ "rsa-sha384", KEY_RSA, false, HASH_SHA2_384, 14, 0, RSA("\x0c"), "SHA384" },
	{ "rsa-sha512", KEY_RSA, false, HASH_SHA2_512, 14, 0, RSA("\x0d"), "SHA512" },
	{ "rsa/pss-sha256", KEY_RSA, true, HASH_SHA2_256, 14, 0, PSS("\x01", "\x20"), "SHA256" },
	{ "rsa/pss-sha384", KEY_RSA, true, HASH_SHA2_384, 14, 0, PSS("\x02", "\x30"), "SHA384" },
	{ "rsa/pss-sha512", KEY_RSA, true, HASH_SHA2_512, 14, 0, PSS("\x03", "\x40"), "SHA512" },
	{ "ecdsa-sha256", KEY_ECDSA, false, HASH_SHA2_256, 14, 0, ECDSA("\x02"), "SHA256" },
	{ "ecdsa-sha384", KEY_ECDSA, false, HASH_SHA2_384, 14, 0, ECDSA("\x03"), "SHA384" },
	{ "ecdsa-sha512", KEY_ECDSA, false, HASH_SHA2_512, 14, 0, ECDSA("\x04"), "SHA512" },
	{ "ed25519", KEY_ED25519, false, HASH_IDENTITY, 14, 0, ALGID("\x30\x05\x06\x03\x2b\x65\x70"), NULL },
	{ "ed448", KEY_ED448, false, HASH_IDENTITY, 14, 0, ALGID("\x30\x05\x06\x03\x2b\x65\x71"), NULL },
	{ "mldsa44", KEY_MLDSA44, false, HASH_IDENTITY, 14, 0, MLDSA("\x11"), NULL },
	{ "mldsa65", KEY_MLDSA65, false, HASH_IDENTITY, 14, 0, MLDSA("\x12"), NULL },
	{ "mldsa87", KEY_MLDSA87, false, HASH_IDENTITY, 14, 0, MLDSA("\x13"), NULL },
	/* Old peers sign and understand SHA-1 here; RFC 7296, 3.8, leaves the hash to the signer, so that SHA-2
	 * may come too, which its DigestInfo says. */
	{ "classic rsa-sha1", KEY_RSA, false, HASH_SHA1, 1, 0, NULL, 0, "SHA1" },
	{ "classic rsa-sha256", KEY_RSA, false, HASH_SHA2_256, 1, 0, NULL, 0, "SHA256" },
	{ "classic ecdsa-256", KEY_ECDSA, false, HASH_SHA2_256, 9, 256, NULL, 0, "SHA256" },
	{ "classic ecdsa-384", KEY_ECDSA, false, HASH_SHA2_384, 10, 384, NULL, 0, "SHA384" },
	{ "classic ecdsa-521", KEY_ECDSA, false, HASH_SHA2_512, 11, 521, NULL, 0, "SHA512" },
};
/* clang-format on */

const struct name hash_names[] = {
	{ HASH_SHA1, "sha1" },
	{ HASH_SHA2_256, "sha256" },
	{ HASH_SHA2_384, "sha384" },
	{ HASH_SHA2_512, "sha512" },
	{ HASH_IDENTITY, "identity" },
	{ 0, NULL },
};

const char *key_type_name(enum key_type t)
{
	static const char *const names[KEY_TYPES] = { "rsa", "ecdsa", "ed25519", "ed448", "mldsa44",
		"mldsa65", "mldsa87" };

	return names[t];
}

const char *hash_name(unsigned id)
{
	const char *word = name_word(hash_names, (int)id);

	return word ? word : "?";
}

const char *hashes_print(uint32_t hashes, char out[HASHES_TEXT])
{
	size_t n = 0;

	out[0] = 0;
	for (unsigned id = 1; id < HASH_IDS; id++)
		if (hashes & HASH_BIT(id))
			n += (size_t)snprintf(out + n, HASHES_TEXT - n, "%s%s", n ? ", " : "", hash_name(id));
	return out;
}

uint32_t hashes_known(void)
{
	uint32_t set = 0;

	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (!scheme_is_classic(s))
			set |= HASH_BIT(s->hash);
	return set;
}

bool scheme_method(uint8_t method)
{
	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (s->method == method)
			return true;
	return false;
}
