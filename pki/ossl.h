/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenSSL's ways turned into ours. For pki/ only. */
#pragma once

#include "base/arena.h"

#include <openssl/bio.h>

/* OpenSSL's security level that means 112 bits: RSA from 2048 bits on, no SHA-1 in signatures. */
enum { OSSL_LEVEL = 2 };

/* What OpenSSL complained of last, in its words, from ARENA; its queue of complaints is empty then. */
const char *ossl_reason(struct arena *arena);

/* Words for a complaint of OpenSSL's, or NULL. */
typedef const char *ossl_known(unsigned long code, void *ctx);

/* The same; but of the first complaint that KNOWN has words for it is these: what was complained of later
 * follows from that. */
const char *ossl_reason_among(ossl_known *known, void *ctx, struct arena *arena);

/* Forgets complaints. */
void ossl_forget(void);

/* The DER of N octets that an i2d function put at P: copied to ARENA, and P freed. Empty when N is not
 * positive, which is how those functions refuse. */
struct bytes ossl_taken(unsigned char *p, int n, struct arena *arena);

/* A reader over borrowed octets; ends the process where there is no memory, as an arena does. */
BIO *ossl_reader(struct bytes b) __attribute__((returns_nonnull));

/* SHA-1 of B, for key identifiers (RFC 7296, 3.7; RFC 5280, 4.2.1.2). */
void ossl_sha1(struct bytes b, uint8_t out[20]);
