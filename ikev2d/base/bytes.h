/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Borrowed octets: a pointer and a length, owned by somebody else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *p;
	size_t n;
};

static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

/* The octets of a C string, without its final NUL. */
static inline struct bytes bytes_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

/* Order as of memcmp; of two with the same beginning the shorter comes first. */
int bytes_cmp(struct bytes a, struct bytes b);

/* Equality where the case of ASCII letters does not count. NULs are octets like others. */
bool bytes_eq_nocase(struct bytes a, struct bytes b);

/* Equality in a time that depends on the lengths only: for tags, cookies and proofs. */
bool bytes_eq_secret(struct bytes a, struct bytes b);

/* FNV-1a over B, onto H: BYTES_HASH, or what came of the octets before. For tables whose keys no stranger
 * chooses, and to tell contents apart. */
#define BYTES_HASH 0xcbf29ce484222325ULL
uint64_t bytes_hash(uint64_t h, struct bytes b);

/* Overwrites N octets at P; the compiler cannot leave it out. */
void wipe(void *p, size_t n);

#define WIPE(object) wipe(&(object), sizeof(object))

/* The same for the octets of B, which were this one's to write to; B has none then. */
void bytes_wipe(struct bytes *b);
