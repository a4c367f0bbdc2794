/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as numbers and as text. */
#include "model/addr.h"

#include "base/arena.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

size_t ip_size(const struct ip *ip)
{
	return ip->v == 4 ? 4 : ip->v == 6 ? 16 : 0;
}

enum err ip_parse(const char *s, struct ip *out)
{
	struct ip ip = { 0 };

	if (inet_pton(AF_INET, s, ip.a) == 1)
		ip.v = 4;
	else if (inet_pton(AF_INET6, s, ip.a) == 1)
		ip.v = 6;
	else
		return ERR_SYNTAX;
	*out = ip;
	return ERR_OK;
}

const char *ip_print(const struct ip *ip, char out[IP_TEXT])
{
	if (!ip_size(ip) || !inet_ntop(ip->v == 4 ? AF_INET : AF_INET6, ip->a, out, IP_TEXT))
		strcpy(out, "%any");
	return out;
}

int ip_cmp(const struct ip *a, const struct ip *b)
{
	if (a->v != b->v)
		return a->v < b->v ? -1 : 1;
	return memcmp(a->a, b->a, ip_size(a));
}

bool ip_eq(const struct ip *a, const struct ip *b)
{
	return !ip_cmp(a, b);
}

bool ip_is_any(const struct ip *ip)
{
	for (size_t i = 0; i < ip_size(ip); i++)
		if (ip->a[i])
			return false;
	return true;
}

static bool v4_is_local(const uint8_t a[4])
{
	return !a[0] || a[0] == 127 || (a[0] == 169 && a[1] == 254) || a[0] >= 224;
}

bool ip_is_local(const struct ip *ip)
{
	static const uint8_t zero[15], mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (ip->v != 6)
		return v4_is_local(ip->a);
	if (!memcmp(ip->a, mapped, sizeof mapped))
		return v4_is_local(ip->a + 12);
	return ip->a[0] == 0xff || (ip->a[0] == 0xfe && (ip->a[1] & 0xc0) == 0x80) ||
	       (!memcmp(ip->a, zero, sizeof zero) && ip->a[15] <= 1);
}

enum err ip_from(struct bytes b, struct ip *out)
{
	struct ip ip = { .v = b.n == 4 ? 4 : 6 };

	if (b.n != 4 && b.n != 16)
		return ERR_RANGE;
	memcpy(ip.a, b.p, b.n);
	*out = ip;
	return ERR_OK;
}

struct bytes ip_bytes(const struct ip *ip)
{
	return bytes_of(ip->a, ip_size(ip));
}

enum err ip_prefix(const struct ip *ip, unsigned bits, struct ip *lo, struct ip *hi)
{
	struct ip first = *ip, last = *ip;

	if (bits > 8 * ip_size(ip))
		return ERR_RANGE;
	for (unsigned i = bits; i < 8 * ip_size(ip); i++) {
		first.a[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
		last.a[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	*lo = first;
	*hi = last;
	return ERR_OK;
}

bool ip_range_prefix(const struct ip *lo, const struct ip *hi, unsigned *bits)
{
	unsigned n = 0, all = 8 * (unsigned)ip_size(lo);
	struct ip first, last;

	if (lo->v != hi->v || !lo->v)
		return false;
	while (n < all && !((lo->a[n / 8] ^ hi->a[n / 8]) & 0x80 >> n % 8))
		n++;
	if (ip_prefix(lo, n, &first, &last) || !ip_eq(&first, lo) || !ip_eq(&last, hi))
		return false;
	*bits = n;
	return true;
}

bool ip_next(const struct ip *ip, struct ip *out)
{
	struct ip next = *ip;

	for (size_t i = ip_size(ip); i-- > 0;)
		if (++next.a[i]) {
			*out = next;
			return true;
		}
	return false;
}

bool ip_prev(const struct ip *ip, struct ip *out)
{
	struct ip prev = *ip;

	for (size_t i = ip_size(ip); i-- > 0;)
		if (prev.a[i]--) {
			*out = prev;
			return true;
		}
	return false;
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && ip_eq(&a->ip, &b->ip);
}

const char *addr_print(const struct addr *a, char out[ADDR_TEXT])
{
	char ip[IP_TEXT];

	snprintf(out, ADDR_TEXT, "%s[%u]", ip_print(&a->ip, ip), (unsigned)a->port);
	return out;
}

bool path_eq(const struct path *a, const struct path *b)
{
	return a->marker == b->marker && a->tcp == b->tcp && addr_eq(&a->local, &b->local) &&
	       addr_eq(&a->remote, &b->remote);
}

static bool pattern_any(const char *s, struct addr_pattern *out)
{
	static const struct {
		const char *word, *ip;
	} words[] = { { "%any4", "0.0.0.0" }, { "0.0.0.0", "0.0.0.0" }, { "%any6", "::" }, { "::", "::" } };
	struct ip ip;

	*out = (struct addr_pattern){ 0 };
	if (!strcmp(s, "%any"))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!strcmp(s, words[i].word))
			return !ip_parse(words[i].ip, &ip) && !ip_prefix(&ip, 0, &out->lo, &out->hi);
	return false;
}

/* The number at the start of S, which must be all of it and at most MAX. */
static bool decimal(const char *s, unsigned long max, unsigned *out)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || v > max)
		return false;
	*out = (unsigned)v;
	return true;
}

enum err ip_range_parse(const char *s, struct ip *lo, struct ip *hi)
{
	size_t n = strcspn(s, "/-");
	struct ip first, last;
	char text[IP_TEXT];
	unsigned bits;

	if (n >= sizeof text)
		return ERR_SYNTAX;
	memcpy(text, s, n);
	text[n] = 0;
	if (ip_parse(text, &first))
		return ERR_SYNTAX;
	last = first;
	if (s[n] == '/' && (!decimal(s + n + 1, 128, &bits) || ip_prefix(&first, bits, &first, &last)))
		return ERR_SYNTAX;
	if (s[n] == '-' && (ip_parse(s + n + 1, &last) || first.v != last.v || ip_cmp(&first, &last) > 0))
		return ERR_SYNTAX;
	*lo = first;
	*hi = last;
	return ERR_OK;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A host name (RFC 1123, 2.1; underscores occur): with a letter, so that a misspelt address is not one. */
static bool is_host_name(const char *s)
{
	size_t n = strlen(s);

	return n <= 255 && strspn(s, LETTERS "0123456789-._") == n && strpbrk(s, LETTERS) && *s != '.' &&
	       *s != '-';
}

bool addr_is_host(const char *s)
{
	struct ip ip;

	return !ip_parse(s, &ip) ? !ip_is_any(&ip) : is_host_name(s);
}

enum err addr_pattern_parse(const char *s, struct arena *arena, struct addr_pattern *out)
{
	struct addr_pattern p = { 0 };

	if (!pattern_any(s, &p) && ip_range_parse(s, &p.lo, &p.hi)) {
		if (!is_host_name(s))
			return ERR_SYNTAX;
		p.name = arena_str(arena, s);
	}
	*out = p;
	return ERR_OK;
}

bool addr_pattern_matches(const struct addr_pattern *p, const struct ip *ip)
{
	if (p->name)
		return false;
	return !p->lo.v || (p->lo.v == ip->v && ip_cmp(&p->lo, ip) <= 0 && ip_cmp(ip, &p->hi) <= 0);
}

bool addr_pattern_single(const struct addr_pattern *p)
{
	return !p->name && p->lo.v && ip_eq(&p->lo, &p->hi);
}
