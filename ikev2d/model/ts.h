/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic selectors (RFC 7296, 3.13): which packets an SA carries; and how a responder narrows them (2.9). */
#pragma once

#include "base/arena.h"
#include "model/addr.h"

/* Addresses LO..HI of one family; PROTO 0 is every protocol; ports 0..65535 is every port, 65535..0 is
 * OPAQUE. For ICMP the port holds type * 256 + code. */
struct ts {
	struct ip lo, hi;
	uint8_t proto;
	uint16_t port_lo, port_hi;
	bool dynamic; /* only in configurations: the address is that of the tunnel's end, known later; then
			 lo.v is 0 */
};

/* Borrowed selectors. */
struct tss {
	const struct ts *v;
	unsigned n;
};

enum { TS_MAX = 255 /* the wire counts them in one octet */, TS_TEXT = 128 };

/* swanctl's form: "10.1.0.0/16", "10.1.0.1-10.1.0.9" or "dynamic", each with "[tcp]", "[tcp/80]",
 * "[tcp/http]", "[udp/1000-2000]", "[/53]" or "[tcp/opaque]" behind it; for ICMP a type, or a type and
 * its code: "[icmp/8]", "[icmp/3(1)]". ERR_SYNTAX otherwise. */
enum err ts_parse(const char *s, struct ts *out) MUST_CHECK;

/* In the same form, with numbers for services, into OUT, which is returned; ts_parse reads it back. */
const char *ts_print(const struct ts *ts, char out[TS_TEXT]);

/* "tcp"; NULL for every protocol, and for those without a word. */
const char *ts_proto_word(uint8_t proto);

/* Whether it is about exactly one port (of a protocol that has such). */
bool ts_one_port(const struct ts *ts);

/* All of SET, separated by one space, from ARENA. */
const char *tss_print(struct tss set, struct arena *arena);

bool ts_eq(const struct ts *a, const struct ts *b);

/* Whether every packet of B is one of A. */
bool ts_contains(const struct ts *a, const struct ts *b);

/* Whether all of its addresses are such as anybody may give out at home, and nobody has in the world (RFC
 * 1918, RFC 6598, RFC 4193). */
bool ts_is_private(const struct ts *ts);

/* What A and B have in common; false when nothing. */
bool ts_intersect(const struct ts *a, const struct ts *b, struct ts *out);

/* The selector of exactly one address (every protocol and port). */
struct ts ts_host(const struct ip *ip);

/* That of every packet of IP version V. */
struct ts ts_every(uint8_t v);

/* SET with its dynamic selectors given the address HOST, from ARENA. */
struct tss tss_resolve(struct tss set, const struct ip *host, struct arena *arena);

/* The same with each of ENDS, selectors of every protocol and port, in the place of each dynamic one. */
struct tss tss_resolve_all(struct tss set, struct tss ends, struct arena *arena);

/* What a responder configured with WANTED answers to OFFERED: all pairwise intersections, those contained in
 * others left out, in the order of OFFERED (RFC 7296, 2.9). Empty when nothing is common. From ARENA, at most
 * TS_MAX. */
struct tss tss_narrow(struct tss offered, struct tss wanted, struct arena *arena);

/* Whether each selector of B lies within one of A. */
bool tss_contain(struct tss a, struct tss b);

bool tss_eq(struct tss a, struct tss b);
struct tss tss_copy(struct arena *arena, struct tss set);

/* Whether the packet with these addresses, protocol and ports (0 where it has none) is one of A; PORTS_KNOWN
 * false for a fragment that does not show them, which only matches selectors without ports (RFC 4301, 7). */
bool ts_has(const struct ts *ts, const struct ip *ip, uint8_t proto, uint16_t port, bool ports_known);
