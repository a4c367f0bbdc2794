/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic selectors as sets of packets: an address range times a protocol times a port range. */
#include "model/ts.h"

#include "base/names.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { PORT_MAX = 65535, PROTO_ICMP = 1, PROTO_ICMPV6 = 58 };

static const struct name protocols[] = {
	{ PROTO_ICMP, "icmp" },
	{ 2, "igmp" },
	{ 4, "ipencap" },
	{ 6, "tcp" },
	{ 17, "udp" },
	{ 33, "dccp" },
	{ 41, "ipv6" },
	{ 47, "gre" },
	{ 50, "esp" },
	{ 51, "ah" },
	{ PROTO_ICMPV6, "ipv6-icmp" },
	{ PROTO_ICMPV6, "icmpv6" },
	{ 89, "ospf" },
	{ 103, "pim" },
	{ 112, "vrrp" },
	{ 115, "l2tp" },
	{ 132, "sctp" },
	{ 136, "udplite" },
	{ 0, NULL },
};

static const struct name services[] = {
	{ 22, "ssh" },
	{ 25, "smtp" },
	{ 53, "domain" },
	{ 80, "http" },
	{ 123, "ntp" },
	{ 143, "imap2" },
	{ 161, "snmp" },
	{ 179, "bgp" },
	{ 389, "ldap" },
	{ 443, "https" },
	{ 500, "isakmp" },
	{ 514, "syslog" },
	{ 636, "ldaps" },
	{ 1701, "l2f" },
	{ 1812, "radius" },
	{ 2049, "nfs" },
	{ 3306, "mysql" },
	{ 5432, "postgresql" },
	{ 0, NULL },
};

static bool is_icmp(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

static bool is_opaque(const struct ts *ts)
{
	return ts->port_lo > ts->port_hi;
}

static bool any_port(const struct ts *ts)
{
	return ts->port_lo == 0 && ts->port_hi == PORT_MAX;
}

/* A decimal number up to MAX; *S then stands behind it. */
static bool number(const char **s, unsigned long max, unsigned long *out)
{
	char *end;

	if (**s < '0' || **s > '9')
		return false;
	*out = strtoul(*s, &end, 10);
	*s = end;
	return *out <= max;
}

/* ICMP has a type, alone or with a code as in "3(1)", where others have ports. A number above 255 is type *
 * 256 + code. */
static bool parse_icmp(const char **s, uint16_t *lo, uint16_t *hi)
{
	unsigned long type, code;

	if (!number(s, PORT_MAX, &type))
		return false;
	*lo = (uint16_t)(type > 255 ? type : type << 8);
	*hi = (uint16_t)(type > 255 ? type : type << 8 | 255);
	if (**s == '(') {
		++*s;
		if (type > 255 || !number(s, 255, &code) || *(*s)++ != ')')
			return false;
		*lo = *hi = (uint16_t)(type << 8 | code);
	}
	return true;
}

static bool parse_port(const char **s, uint8_t proto, uint16_t *lo, uint16_t *hi)
{
	unsigned long v;

	if (is_icmp(proto))
		return parse_icmp(s, lo, hi);
	if (!number(s, PORT_MAX, &v))
		return false;
	*lo = *hi = (uint16_t)v;
	return true;
}

static enum err parse_ports(const char *s, struct ts *out)
{
	const struct name *service = name_find(services, s);
	uint16_t unused;

	if (!*s || !strcmp(s, "any"))
		return ERR_OK;
	if (!strcmp(s, "opaque")) {
		out->port_lo = PORT_MAX;
		out->port_hi = 0;
		return ERR_OK;
	}
	if (service && !is_icmp(out->proto)) {
		out->port_lo = out->port_hi = (uint16_t)service->value;
		return ERR_OK;
	}
	if (!parse_port(&s, out->proto, &out->port_lo, &out->port_hi))
		return ERR_SYNTAX;
	if (*s == '-' && (++s, !parse_port(&s, out->proto, &unused, &out->port_hi)))
		return ERR_SYNTAX;
	return *s || out->port_lo > out->port_hi ? ERR_SYNTAX : ERR_OK;
}

static enum err parse_proto(const char *s, struct ts *out)
{
	const struct name *known = name_find(protocols, s);
	unsigned long v = 0;

	if (known)
		out->proto = (uint8_t)known->value;
	else if (*s && strcmp(s, "any")) {
		if (!number(&s, 255, &v) || *s)
			return ERR_SYNTAX;
		out->proto = (uint8_t)v;
	}
	return ERR_OK;
}

/* What stands between the brackets: "tcp", "tcp/80", "/53". */
static enum err parse_brackets(char *s, struct ts *out)
{
	char *slash = strchr(s, '/');

	if (slash)
		*slash++ = 0;
	if (parse_proto(s, out))
		return ERR_SYNTAX;
	return slash ? parse_ports(slash, out) : ERR_OK;
}

/* S without blanks around the signs in it; returns its length, or TS_TEXT when that is too much. */
static size_t compact(const char *s, char out[TS_TEXT])
{
	static const char signs[] = "-[/]";
	size_t n = 0;

	for (; *s && n < TS_TEXT; s++) {
		const char *next = s + strspn(s, " \t");

		if (next > s && (!n || strchr(signs, out[n - 1]) || strchr(signs, *next)))
			s = next;
		out[n] = *s;
		n += *s != 0;
		if (!*s)
			break;
	}
	if (n < TS_TEXT)
		out[n] = 0;
	return n;
}

enum err ts_parse(const char *s, struct ts *out)
{
	struct ts ts = { .port_hi = PORT_MAX };
	char text[TS_TEXT], *bracket;
	size_t n = compact(s, text);

	if (n >= sizeof text)
		return ERR_SYNTAX;
	bracket = strchr(text, '[');
	if (bracket) {
		if (text[n - 1] != ']')
			return ERR_SYNTAX;
		text[n - 1] = 0;
		*bracket++ = 0;
		if (parse_brackets(bracket, &ts))
			return ERR_SYNTAX;
	}
	if (!strcmp(text, "dynamic"))
		ts.dynamic = true;
	else if (ip_range_parse(text, &ts.lo, &ts.hi))
		return ERR_SYNTAX;
	*out = ts;
	return ERR_OK;
}

static size_t print_range(const struct ts *ts, char *out, size_t room)
{
	char lo[IP_TEXT], hi[IP_TEXT];
	unsigned bits;
	int n;

	if (ts->dynamic)
		n = snprintf(out, room, "dynamic");
	else if (ip_range_prefix(&ts->lo, &ts->hi, &bits))
		n = snprintf(out, room, "%s/%u", ip_print(&ts->lo, lo), bits);
	else
		n = snprintf(out, room, "%s-%s", ip_print(&ts->lo, lo), ip_print(&ts->hi, hi));
	return (size_t)n;
}

const char *ts_proto_word(uint8_t proto)
{
	return proto ? name_word(protocols, proto) : NULL;
}

bool ts_one_port(const struct ts *ts)
{
	return ts->port_lo == ts->port_hi && !is_icmp(ts->proto);
}

static void print_ports(const struct ts *ts, char out[32])
{
	unsigned lo = ts->port_lo, hi = ts->port_hi;
	bool types = is_icmp(ts->proto) && !(lo & 255) && (hi & 255) == 255;

	if (is_opaque(ts))
		strcpy(out, "/opaque");
	else if (types && lo >> 8 == hi >> 8)
		snprintf(out, 32, "/%u", lo >> 8);
	else if (types)
		snprintf(out, 32, "/%u-%u", lo >> 8, hi >> 8);
	else if (is_icmp(ts->proto) && lo == hi)
		snprintf(out, 32, "/%u(%u)", lo >> 8, lo & 255);
	else if (is_icmp(ts->proto))
		snprintf(out, 32, "/%u(%u)-%u(%u)", lo >> 8, lo & 255, hi >> 8, hi & 255);
	else if (lo == hi)
		snprintf(out, 32, "/%u", lo);
	else
		snprintf(out, 32, "/%u-%u", lo, hi);
}

const char *ts_print(const struct ts *ts, char out[TS_TEXT])
{
	const char *word = ts_proto_word(ts->proto);
	char ports[32] = "", proto[8] = "";
	size_t n = print_range(ts, out, TS_TEXT);

	if (ts->proto && !word)
		snprintf(proto, sizeof proto, "%u", (unsigned)ts->proto);
	if (!any_port(ts))
		print_ports(ts, ports);
	if (ts->proto || !any_port(ts))
		snprintf(out + n, TS_TEXT - n, "[%s%s]", word ? word : proto, ports);
	return out;
}

const char *tss_print(struct tss set, struct arena *arena)
{
	struct text t = text_in(arena);
	char one[TS_TEXT];

	for (unsigned i = 0; i < set.n; i++)
		text_add(&t, "%s%s", i ? " " : "", ts_print(&set.v[i], one));
	return text_str(&t);
}

bool ts_eq(const struct ts *a, const struct ts *b)
{
	return a->dynamic == b->dynamic && a->proto == b->proto && a->port_lo == b->port_lo &&
	       a->port_hi == b->port_hi && ip_eq(&a->lo, &b->lo) && ip_eq(&a->hi, &b->hi);
}

/* "Any port" includes OPAQUE (RFC 4301, 4.4.1.1). */
static bool ports_contain(const struct ts *a, const struct ts *b)
{
	if (is_opaque(a) || is_opaque(b))
		return any_port(a) || (is_opaque(a) && is_opaque(b));
	return a->port_lo <= b->port_lo && b->port_hi <= a->port_hi;
}

bool ts_contains(const struct ts *a, const struct ts *b)
{
	return !a->dynamic && !b->dynamic && a->lo.v == b->lo.v && ip_cmp(&a->lo, &b->lo) <= 0 &&
	       ip_cmp(&b->hi, &a->hi) <= 0 && (!a->proto || a->proto == b->proto) && ports_contain(a, b);
}

bool ts_is_private(const struct ts *ts)
{
	static const struct ts ranges[] = {
		{ .lo = { 4, { 10 } }, .hi = { 4, { 10, 255, 255, 255 } }, .port_hi = UINT16_MAX },
		{ .lo = { 4, { 100, 64 } }, .hi = { 4, { 100, 127, 255, 255 } }, .port_hi = UINT16_MAX },
		{ .lo = { 4, { 172, 16 } }, .hi = { 4, { 172, 31, 255, 255 } }, .port_hi = UINT16_MAX },
		{ .lo = { 4, { 192, 168 } }, .hi = { 4, { 192, 168, 255, 255 } }, .port_hi = UINT16_MAX },
		{ .lo = { 6, { 0xfc } },
			.hi = { 6, { 0xfd, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
					   255, 255 } },
			.port_hi = UINT16_MAX },
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (ts_contains(&ranges[i], ts))
			return true;
	return false;
}

static bool ports_intersect(const struct ts *a, const struct ts *b, struct ts *out)
{
	const struct ts *narrow = ports_contain(a, b) ? b : a;

	if (is_opaque(a) || is_opaque(b)) {
		out->port_lo = narrow->port_lo;
		out->port_hi = narrow->port_hi;
		return ports_contain(a, b) || ports_contain(b, a);
	}
	out->port_lo = a->port_lo > b->port_lo ? a->port_lo : b->port_lo;
	out->port_hi = a->port_hi < b->port_hi ? a->port_hi : b->port_hi;
	return out->port_lo <= out->port_hi;
}

bool ts_intersect(const struct ts *a, const struct ts *b, struct ts *out)
{
	struct ts ts = { .proto = a->proto ? a->proto : b->proto };

	if (a->dynamic || b->dynamic || a->lo.v != b->lo.v)
		return false;
	ts.lo = ip_cmp(&a->lo, &b->lo) > 0 ? a->lo : b->lo;
	ts.hi = ip_cmp(&a->hi, &b->hi) < 0 ? a->hi : b->hi;
	if (ip_cmp(&ts.lo, &ts.hi) > 0 || (a->proto && b->proto && a->proto != b->proto))
		return false;
	if (!ports_intersect(a, b, &ts))
		return false;
	*out = ts;
	return true;
}

struct ts ts_host(const struct ip *ip)
{
	return (struct ts){ .lo = *ip, .hi = *ip, .port_hi = PORT_MAX };
}

struct tss tss_resolve_all(struct tss set, struct tss ends, struct arena *arena)
{
	struct ts *v = ARENA_ARRAY(arena, set.n * (ends.n ? ends.n : 1), struct ts);
	unsigned n = 0;

	for (unsigned i = 0; i < set.n; i++) {
		if (!set.v[i].dynamic)
			v[n++] = set.v[i];
		for (unsigned k = 0; set.v[i].dynamic && k < ends.n; k++) {
			v[n] = set.v[i];
			v[n].dynamic = false;
			v[n].lo = ends.v[k].lo;
			v[n++].hi = ends.v[k].hi;
		}
	}
	return (struct tss){ v, n };
}

struct ts ts_every(uint8_t v)
{
	struct ts ts = { .port_hi = UINT16_MAX, .lo.v = v, .hi.v = v };

	memset(ts.hi.a, 0xff, ip_size(&ts.hi));
	return ts;
}

struct tss tss_resolve(struct tss set, const struct ip *host, struct arena *arena)
{
	struct ts end = ts_host(host);

	return tss_resolve_all(set, (struct tss){ &end, 1 }, arena);
}

/* Adds TS to the N selectors of V unless one of them holds it, and takes out those that it holds. */
static unsigned add_maximal(struct ts *v, unsigned n, const struct ts *ts)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++)
		if (ts_contains(&v[i], ts))
			return n;
	for (unsigned i = 0; i < n; i++)
		if (!ts_contains(ts, &v[i]))
			v[kept++] = v[i];
	if (kept < TS_MAX)
		v[kept++] = *ts;
	return kept;
}

struct tss tss_narrow(struct tss offered, struct tss wanted, struct arena *arena)
{
	struct ts common, v[TS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < offered.n; i++)
		for (unsigned j = 0; j < wanted.n; j++)
			if (ts_intersect(&offered.v[i], &wanted.v[j], &common))
				n = add_maximal(v, n, &common);
	return tss_copy(arena, (struct tss){ v, n });
}

bool tss_contain(struct tss a, struct tss b)
{
	for (unsigned i = 0; i < b.n; i++) {
		unsigned j = 0;

		while (j < a.n && !ts_contains(&a.v[j], &b.v[i]))
			j++;
		if (j == a.n)
			return false;
	}
	return true;
}

bool tss_eq(struct tss a, struct tss b)
{
	if (a.n != b.n)
		return false;
	for (unsigned i = 0; i < a.n; i++)
		if (!ts_eq(&a.v[i], &b.v[i]))
			return false;
	return true;
}

struct tss tss_copy(struct arena *arena, struct tss set)
{
	struct ts *v = ARENA_ARRAY(arena, set.n, struct ts);

	if (set.n)
		memcpy(v, set.v, set.n * sizeof *v);
	return (struct tss){ v, set.n };
}

bool ts_has(const struct ts *ts, const struct ip *ip, uint8_t proto, uint16_t port, bool ports_known)
{
	if (ts->lo.v != ip->v || ip_cmp(&ts->lo, ip) > 0 || ip_cmp(ip, &ts->hi) > 0)
		return false;
	if (ts->proto && ts->proto != proto)
		return false;
	if (!ports_known)
		return any_port(ts) || is_opaque(ts);
	return ts->port_lo <= port && port <= ts->port_hi;
}
