/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xfrm/kernel/selector.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

enum {
	OF_MOBILITY = 135, /* Mobile IPv6's protocol; its types stand where those of ICMP do */
	SELECTORS_FEW = 8, /* a power of two */
};

struct range {
	unsigned lo, hi;
	bool more;
};

static bool has_types(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 || proto == OF_MOBILITY;
}

/* Cuts the longest run of ports that one mask can say off the front; false when nothing is left. */
static bool ports_next(struct range *r, struct port_mask *out)
{
	unsigned size = 1;

	if (!r->more)
		return false;
	while (size <= UINT16_MAX && !(r->lo & size) && r->lo + 2 * size - 1 <= r->hi)
		size *= 2;
	*out = (struct port_mask){ (uint16_t)r->lo, (uint16_t) ~(size - 1) };
	r->lo += size;
	r->more = r->lo <= r->hi;
	return true;
}

/* A run of type * 256 + code is a run of types, with every code, or one of the codes of a type. */
static void type_ports(struct port_mask types, struct selector *s)
{
	s->sport = (struct port_mask){ types.value >> 8, types.mask >> 8 };
	if (s->sport.mask)
		s->sport.mask |= 0xff00;
	s->dport = (struct port_mask){ types.value & 0xff, types.mask & 0xff };
	if (s->dport.mask)
		s->dport.mask |= 0xff00;
}

/* All that is asked for, while it is being crossed. */
struct pair {
	struct selector s; /* what is chosen so far */
	struct range local, remote;
	struct selectors *out;
	struct arena *arena;
};

/* For one more; they are mostly few. */
static void make_room(struct selectors *s, struct arena *arena)
{
	struct selector *v;

	if (s->n && (s->n < SELECTORS_FEW || s->n & (s->n - 1)))
		return;
	v = ARENA_ARRAY(arena, s->n ? 2 * (size_t)s->n : SELECTORS_FEW, struct selector);
	if (s->n)
		memcpy(v, s->v, s->n * sizeof *v);
	s->v = v;
}

static enum err add(struct pair *p, struct text *why)
{
	if (p->out->n == SELECTORS_MAX) {
		text_add(why,
			"the selectors need more than %d policies in the kernel: write fewer, or prefixes "
			"instead of ranges",
			SELECTORS_MAX);
		return ERR_RANGE;
	}
	make_room(p->out, p->arena);
	p->out->v[p->out->n++] = p->s;
	return ERR_OK;
}

static enum err add_types(struct pair *p, struct text *why)
{
	struct range both = { p->local.lo > p->remote.lo ? p->local.lo : p->remote.lo,
		p->local.hi < p->remote.hi ? p->local.hi : p->remote.hi, true };
	struct port_mask types;
	enum err e = ERR_OK;

	both.more = both.lo <= both.hi;
	while (!e && ports_next(&both, &types)) {
		type_ports(types, &p->s);
		e = add(p, why);
	}
	return e;
}

static enum err add_ports(struct pair *p, struct text *why)
{
	struct range from = p->local;
	enum err e = ERR_OK;

	if (has_types(p->s.proto))
		return add_types(p, why);
	while (!e && ports_next(&from, &p->s.sport)) {
		struct range to = p->remote;

		while (!e && ports_next(&to, &p->s.dport))
			e = add(p, why);
	}
	return e;
}

static enum err add_pair(const struct ts *local, const struct ts *remote, struct arena *arena,
	struct selectors *out, struct text *why)
{
	struct pair p = { .s = { .proto = local->proto ? local->proto : remote->proto },
		.local = { local->port_lo, local->port_hi, true },
		.remote = { remote->port_lo, remote->port_hi, true },
		.out = out,
		.arena = arena };
	struct cut from = { local->lo, local->hi, true };
	enum err e = ERR_OK;

	if (local->lo.v != remote->lo.v || (local->proto && remote->proto && local->proto != remote->proto))
		return ERR_OK;
	while (!e && cut_next(&from, &p.s.src)) {
		struct cut to = { remote->lo, remote->hi, true };

		while (!e && cut_next(&to, &p.s.dst))
			e = add_ports(&p, why);
	}
	return e;
}

static enum err check(struct tss set, struct text *why)
{
	char text[TS_TEXT];

	for (unsigned i = 0; i < set.n; i++) {
		if (!set.v[i].lo.v) {
			text_add(why, "the selectors are dynamic and the address is not known yet: name it "
				      "in local_addrs and remote_addrs, or name networks in local_ts and "
				      "remote_ts");
			return ERR_RANGE;
		}
		if (set.v[i].port_lo > set.v[i].port_hi) {
			text_add(why,
				"the kernel has no policy for %s, packets that show no ports: leave the "
				"ports out",
				ts_print(&set.v[i], text));
			return ERR_UNSUPPORTED;
		}
	}
	return ERR_OK;
}

enum err selectors_of(
	struct tss local, struct tss remote, struct arena *arena, struct selectors *out, struct text *why)
{
	enum err e = check(local, why);

	*out = (struct selectors){ 0 };
	if (!e)
		e = check(remote, why);
	for (unsigned i = 0; i < local.n; i++)
		for (unsigned k = 0; !e && k < remote.n; k++)
			e = add_pair(&local.v[i], &remote.v[k], arena, out, why);
	if (!e && !out->n) {
		text_add(why, "no packet can be from one of local_ts to one of remote_ts: their families, "
			      "protocols or types of ICMP differ");
		return ERR_RANGE;
	}
	return e;
}

struct selector selector_turned(const struct selector *s)
{
	struct selector t = { .src = s->dst, .dst = s->src, .proto = s->proto };

	t.sport = has_types(s->proto) ? s->sport : s->dport;
	t.dport = has_types(s->proto) ? s->dport : s->sport;
	return t;
}

const char *selector_print(const struct selector *s, char out[SELECTOR_TEXT])
{
	char src[PREFIX_TEXT], dst[PREFIX_TEXT];

	snprintf(out, SELECTOR_TEXT, "%s %s %u %u/%x %u/%x", prefix_print(&s->src, src),
		prefix_print(&s->dst, dst), s->proto, s->sport.value, s->sport.mask, s->dport.value,
		s->dport.mask);
	return out;
}

enum err selector_parse(const char *s, struct selector *out)
{
	char src[PREFIX_TEXT], dst[PREFIX_TEXT];
	enum err e;

	*out = (struct selector){ 0 };
	if (sscanf(s, "%49s %49s %hhu %hu/%hx %hu/%hx", src, dst, &out->proto, &out->sport.value,
		    &out->sport.mask, &out->dport.value, &out->dport.mask) != 7)
		return ERR_SYNTAX;
	e = prefix_parse(src, &out->src);
	if (!e)
		e = prefix_parse(dst, &out->dst);
	return e ? e : out->src.ip.v == out->dst.ip.v ? ERR_OK : ERR_RANGE;
}

uint16_t selector_family(const struct ip *ip)
{
	return ip->v == 4 ? AF_INET : ip->v == 6 ? AF_INET6 : AF_UNSPEC;
}

xfrm_address_t selector_address(const struct ip *ip)
{
	xfrm_address_t a = { .a6 = { 0 } };

	memcpy(&a, ip->a, ip_size(ip));
	return a;
}

struct ip selector_ip(const xfrm_address_t *a, uint16_t family)
{
	struct ip ip = { .v = family == AF_INET ? 4 : family == AF_INET6 ? 6 : 0 };

	memcpy(ip.a, a, ip_size(&ip));
	return ip;
}

void selector_to_kernel(const struct selector *s, struct xfrm_selector *out)
{
	memset(out, 0, sizeof *out);
	out->saddr = selector_address(&s->src.ip);
	out->daddr = selector_address(&s->dst.ip);
	out->prefixlen_s = (uint8_t)s->src.bits;
	out->prefixlen_d = (uint8_t)s->dst.bits;
	out->family = selector_family(&s->src.ip);
	out->proto = s->proto;
	out->sport = htons(s->sport.value);
	out->sport_mask = htons(s->sport.mask);
	out->dport = htons(s->dport.value);
	out->dport_mask = htons(s->dport.mask);
}

enum err selector_from_kernel(const struct xfrm_selector *k, struct selector *out)
{
	*out = (struct selector){
		.src = { selector_ip(&k->saddr, k->family), k->prefixlen_s },
		.dst = { selector_ip(&k->daddr, k->family), k->prefixlen_d },
		.proto = k->proto,
		.sport = { ntohs(k->sport), ntohs(k->sport_mask) },
		.dport = { ntohs(k->dport), ntohs(k->dport_mask) },
	};
	size_t bits = 8 * ip_size(&out->src.ip);

	return bits && out->src.bits <= bits && out->dst.bits <= bits ? ERR_OK : ERR_RANGE;
}

static struct ts packet_end(const struct prefix *p, uint8_t proto, uint16_t lo, uint16_t hi)
{
	struct ts ts = ts_host(&p->ip);

	ts.proto = proto;
	ts.port_lo = lo;
	ts.port_hi = hi;
	return ts;
}

/* Only these show ports; for others the kernel says 0. */
static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
	       proto == IPPROTO_SCTP || proto == IPPROTO_DCCP;
}

enum err selector_packet(const struct xfrm_selector *k, struct ts *local, struct ts *remote)
{
	struct selector s;
	enum err e = selector_from_kernel(k, &s);
	uint16_t from = s.sport.value, to = s.dport.value;

	if (e)
		return e;
	if (has_types(s.proto)) {
		from = to = (uint16_t)(s.sport.value << 8 | (s.dport.value & 0xff));
	} else if (!has_ports(s.proto)) {
		*local = packet_end(&s.src, s.proto, 0, UINT16_MAX);
		*remote = packet_end(&s.dst, s.proto, 0, UINT16_MAX);
		return ERR_OK;
	}
	*local = packet_end(&s.src, s.proto, from, from);
	*remote = packet_end(&s.dst, s.proto, to, to);
	return ERR_OK;
}

static unsigned mask_bits(uint16_t mask)
{
	return (unsigned)__builtin_popcount(mask);
}

uint32_t selector_weight(const struct selector *s)
{
	return (s->src.bits + s->dst.bits) * 512 + (s->proto ? 256 : 0) +
	       (mask_bits(s->sport.mask) + mask_bits(s->dport.mask)) * 4;
}
