/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcements of two octets (a shared key), three (a classic signature), or more (one with its
 * AlgorithmIdentifier): RFC 9593, 3.2. */
#include "model/announce.h"

#include <string.h>

enum {
	METHOD_PSK = 2, /* Auth Method (RFC 7296, 3.8) */
	SHORT = 2,      /* octets: length, method */
	LINKED = 3,     /* and the link to an authority */
	LIST_MAX = SHORT + 2 * SCHEMES * (LINKED + UINT8_MAX),
};

uint32_t schemes_admitted(const struct constraints *c, struct arena *scratch)
{
	struct text why = text_in(scratch);
	uint32_t set = 0;

	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (constraints_key(c, s->key, UINT16_MAX, &why) &&
			(!c->ike || signature_in(c->ike, s->key, s->pss, s->hash)))
			set |= SCHEME_BIT(s);
	return set;
}

/* A classic method is one announcement, whatever hashes it has rows for. */
static bool said_before(uint32_t set, const struct scheme *s)
{
	for (const struct scheme *b = schemes; b < s; b++)
		if (set & SCHEME_BIT(b) && scheme_is_classic(s) && b->method == s->method)
			return true;
	return false;
}

/* The AlgorithmIdentifier of S as DER would have it, in ROOM: RFC 7427, A.4.3, writes out the trailer field
 * of RSASSA-PSS, which has its default and need not be there; libreswan announces it without. */
static struct bytes algid_in_der(const struct scheme *s, uint8_t room[UINT8_MAX])
{
	enum { OUTER = 1, INNER = 14 /* where the lengths around it stand */, TRAILER = 5 };

	if (!s->pss)
		return bytes_of(s->algid, s->algid_n);
	memcpy(room, s->algid, s->algid_n);
	room[OUTER] -= TRAILER;
	room[INNER] -= TRAILER;
	return bytes_of(room, s->algid_n - TRAILER);
}

static void put_scheme(struct wr *w, const struct scheme *s, struct bytes algid)
{
	wr_u8(w, (uint8_t)(LINKED + algid.n));
	wr_u8(w, s->method);
	wr_u8(w, 0);
	wr_bytes(w, algid);
}

/* Both ways, where there are two: who hears it may know one only. */
static void put_both(struct wr *w, const struct scheme *s)
{
	uint8_t room[UINT8_MAX];

	put_scheme(w, s, bytes_of(s->algid, s->algid_n));
	if (s->pss)
		put_scheme(w, s, algid_in_der(s, room));
}

struct bytes announce_put(const struct announced *a, struct arena *arena)
{
	struct wr w = wr_of(arena_alloc(arena, LIST_MAX), LIST_MAX);

	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (a->schemes & SCHEME_BIT(s) && !said_before(a->schemes, s))
			put_both(&w, s);
	if (a->psk) {
		wr_u8(&w, SHORT);
		wr_u8(&w, METHOD_PSK);
	}
	return wr_done(&w);
}

static uint32_t schemes_of(uint8_t method, struct bytes algid)
{
	uint8_t room[UINT8_MAX];
	uint32_t set = 0;

	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (s->method == method && (bytes_eq(algid, bytes_of(s->algid, s->algid_n)) ||
						   bytes_eq(algid, algid_in_der(s, room))))
			set |= SCHEME_BIT(s);
	return set;
}

static void take(struct announced *a, uint8_t method, struct rd *more)
{
	if (method == METHOD_PSK) {
		a->psk = true;
		return;
	}
	rd_u8(more);
	a->schemes |= schemes_of(method, rd_rest(more));
}

struct announced announce_get(struct bytes data)
{
	struct announced a = { .said = data.n };
	struct rd r = rd_of(data);

	while (r.n) {
		uint8_t n = rd_u8(&r), method = rd_u8(&r);
		struct rd more = rd_sub(&r, n < SHORT ? SIZE_MAX : (size_t)n - SHORT);

		if (r.bad)
			return (struct announced){ 0 };
		take(&a, method, &more);
	}
	return a;
}

const char *announce_print(const struct announced *a, struct arena *arena)
{
	struct text t = text_in(arena);

	if (a->psk)
		text_add(&t, "psk");
	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (a->schemes & SCHEME_BIT(s))
			text_add(&t, "%s%s", t.n ? ", " : "", s->name);
	return t.n ? text_str(&t) : "nothing that is known here";
}
