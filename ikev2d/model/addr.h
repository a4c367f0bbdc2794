/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP addresses, transport addresses, and the path between two of them. */
#pragma once

#include "base/err.h"
#include "base/rng.h"

/* v is 4, 6, or 0 for "no address"; octets in network order, those behind an IPv4 address zero. */
struct ip {
	uint8_t v;
	uint8_t a[16];
};

struct addr {
	struct ip ip;
	uint16_t port; /* host order */
};

/* How datagrams of an IKE_SA travel. MARKER: with four zero octets in front (RFC 3948, 2.2), as on port 4500.
 * TCP: in a stream (RFC 9329), with the marker; LOCAL's port is 0 there if it is we who connect. */
struct path {
	struct addr local, remote;
	bool marker, tcp;
};

/* The two outer addresses that somebody wants; without one (v 0) it does not matter. */
struct hosts {
	struct ip local, remote;
};

enum { IP_TEXT = 46, ADDR_TEXT = 56 };

/* Octets in the address: 4, 16, or 0. */
size_t ip_size(const struct ip *ip);

/* "192.0.2.1" or "2001:db8::1". ERR_SYNTAX for anything else. */
enum err ip_parse(const char *s, struct ip *out) MUST_CHECK;

/* Into OUT of at least IP_TEXT octets, which is returned; "%any" when there is no address. */
const char *ip_print(const struct ip *ip, char out[IP_TEXT]);

/* Order: by family, then as numbers. */
int ip_cmp(const struct ip *a, const struct ip *b);
bool ip_eq(const struct ip *a, const struct ip *b);

/* Whether it is 0.0.0.0, :: or none. */
bool ip_is_any(const struct ip *ip);

/* Whether it is of this machine, this link, or no single host's: loopback, link-local, multicast, any; those
 * of IPv4 written as IPv6 too. */
bool ip_is_local(const struct ip *ip);

/* From octets in network order, 4 or 16 of them (ERR_RANGE otherwise); and those octets, borrowed from IP. */
enum err ip_from(struct bytes b, struct ip *out) MUST_CHECK;
struct bytes ip_bytes(const struct ip *ip);

/* The first and last address of IP/BITS. ERR_RANGE when BITS is longer than the address. */
enum err ip_prefix(const struct ip *ip, unsigned bits, struct ip *lo, struct ip *hi) MUST_CHECK;

/* "192.0.2.1", "192.0.2.0/24" (octets behind the prefix do not count) or "192.0.2.1-192.0.2.9". ERR_SYNTAX
 * for anything else. */
enum err ip_range_parse(const char *s, struct ip *lo, struct ip *hi) MUST_CHECK;

/* Whether LO..HI is exactly one prefix, and which. */
bool ip_range_prefix(const struct ip *lo, const struct ip *hi, unsigned *bits);

/* The address after (before) IP; false when IP is the last (first) of its family. */
bool ip_next(const struct ip *ip, struct ip *out);
bool ip_prev(const struct ip *ip, struct ip *out);

bool addr_eq(const struct addr *a, const struct addr *b);

/* "192.0.2.1[500]". */
const char *addr_print(const struct addr *a, char out[ADDR_TEXT]);

bool path_eq(const struct path *a, const struct path *b);

/* A set of peers' addresses as configured: a range, or everything (lo.v == 0), or a DNS name. */
struct addr_pattern {
	struct ip lo, hi;
	const char *name; /* not NULL: a DNS name still to be resolved */
};

/* What ip_range_parse reads, "%any", "%any4" (also "0.0.0.0"), "%any6" (also "::"), or a DNS name, whose text
 * is kept in ARENA. ERR_SYNTAX otherwise. */
struct arena;
enum err addr_pattern_parse(const char *s, struct arena *arena, struct addr_pattern *out) MUST_CHECK;
/* Whether IP is one of P's. A DNS name matches nothing: resolve it first. */
bool addr_pattern_matches(const struct addr_pattern *p, const struct ip *ip);

/* Whether S is an IP address or a DNS name: what a gateway can be called by. */
bool addr_is_host(const char *s);

/* Whether it stands for exactly one address. */
bool addr_pattern_single(const struct addr_pattern *p);
