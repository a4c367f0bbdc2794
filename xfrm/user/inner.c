/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading IP headers. */
#include "xfrm/user/inner.h"

#include "base/buf.h"

#include <arpa/inet.h>

enum {
	EXT_HOP_BY_HOP = 0,
	EXT_ROUTING = 43,
	EXT_FRAGMENT = 44,
	EXT_DESTINATION = 60,
	EXT_MOBILITY = 135,
	DCCP = 33,
	SCTP = 132,
	UDPLITE = 136,
};

static struct ip ip_read(struct rd *r, uint8_t v)
{
	struct ip ip = { .v = v };
	struct bytes b = rd_bytes(r, v == 4 ? 4 : 16);

	memcpy(ip.a, b.p, b.n);
	return ip;
}

/* Ports, or what selectors treat as ports; R stands behind the IP headers. */
static void read_ports(struct rd r, struct inner *in)
{
	switch (in->proto) {
	case IPPROTO_OF_TCP:
	case IPPROTO_OF_UDP:
	case DCCP:
	case SCTP:
	case UDPLITE:
		in->sport = rd_u16(&r);
		in->dport = rd_u16(&r);
		break;
	case IPPROTO_OF_ICMP:
	case IPPROTO_OF_ICMPV6: in->sport = in->dport = rd_u16(&r); break;
	case EXT_MOBILITY: /* the message type, above the code's octet (RFC 4301, 4.4.1.1) */
		rd_u16(&r);
		in->sport = in->dport = (uint16_t)(rd_u8(&r) << 8);
		break;
	default: return;
	}
	in->ports_known = !r.bad && !in->later_fragment;
	if (!in->ports_known)
		in->sport = in->dport = 0;
}

static bool parse4(struct bytes p, struct inner *in)
{
	struct rd r = rd_of(p);
	size_t header = (size_t)(rd_u8(&r) & 15) * 4;
	uint16_t fragment;

	in->tos = rd_u8(&r);
	in->n = rd_u16(&r);
	rd_u16(&r);
	fragment = rd_u16(&r);
	rd_u8(&r);
	in->proto = rd_u8(&r);
	rd_u16(&r);
	if (r.bad || header < IP4_HEADER || in->n < header || p.n < in->n)
		return false;
	in->src = ip_read(&r, 4);
	in->dst = ip_read(&r, 4);
	in->df = fragment & 0x4000;
	in->later_fragment = fragment & 0x1fff;
	in->fragment = fragment & 0x3fff;
	in->header = header;
	read_ports(rd_of(bytes_of(p.p + header, in->n - header)), in);
	return true;
}

/* Steps over one extension header at R; false when in->proto is none, or is cut off. */
static bool skip_extension(struct rd *r, struct inner *in)
{
	struct rd at = *r;
	uint8_t next = rd_u8(&at);
	size_t more = rd_u8(&at);

	switch (in->proto) {
	case EXT_FRAGMENT:
		in->later_fragment = rd_u16(&at) & 0xfff8;
		in->fragment = true;
		rd_u32(&at);
		break;
	case EXT_HOP_BY_HOP:
	case EXT_ROUTING:
	case EXT_DESTINATION: rd_bytes(&at, 6 + 8 * more); break;
	default: return false;
	}
	if (at.bad)
		return false;
	in->proto = next;
	*r = at;
	return true;
}

static bool parse6(struct bytes p, struct inner *in)
{
	struct rd r = rd_of(p);

	in->tos = (uint8_t)(rd_u16(&r) >> 4);
	rd_u16(&r);
	in->n = IP6_HEADER + (size_t)rd_u16(&r);
	in->proto = rd_u8(&r);
	rd_u8(&r);
	if (r.bad || p.n < in->n)
		return false;
	in->src = ip_read(&r, 6);
	in->dst = ip_read(&r, 6);
	in->df = true;
	r = rd_of(bytes_of(p.p + IP6_HEADER, in->n - IP6_HEADER));
	for (int i = 0; i < INNER_EXTENSIONS && !in->later_fragment && skip_extension(&r, in); i++)
		;
	in->header = in->n - r.n;
	read_ports(r, in);
	return true;
}

bool inner_parse(struct bytes p, struct inner *out)
{
	*out = (struct inner){ 0 };
	if (p.n >= IP4_HEADER && p.p[0] >> 4 == 4)
		return parse4(p, out);
	return p.n >= IP6_HEADER && p.p[0] >> 4 == 6 && parse6(p, out);
}

bool inner_is_neighbour(const struct inner *in)
{
	static const uint8_t link_local[2] = { 0xfe, 0x80 };

	if (in->dst.v != 6)
		return false;
	if (in->dst.a[0] == 0xff && (in->dst.a[1] & 15) <= 2)
		return true;
	return !memcmp(in->src.a, link_local, 2) || !memcmp(in->dst.a, link_local, 2);
}

/* Two numbers at a time, where the processor can. */
typedef uint64_t pair __attribute__((vector_size(16)));

/* The 32-bit words of the 16 octets at P, in two sums. */
static pair words(const uint8_t *p)
{
	const pair low = { UINT32_MAX, UINT32_MAX };
	pair v;

	memcpy(&v, p, sizeof v);
	return (v & low) + (v >> 32);
}

/* The sum in this machine's byte order, which gives the same, turned round (RFC 1071, 2 B): 32 octets at a
 * time in independent additions. */
static uint64_t sum_native(const uint8_t *p, size_t n)
{
	uint8_t rest[sizeof(pair)] = { 0 };
	pair a = { 0 }, b = { 0 };

	for (; n >= 2 * sizeof a; p += 2 * sizeof a, n -= 2 * sizeof a) {
		a += words(p);
		b += words(p + sizeof a);
	}
	if (n >= sizeof a) {
		a += words(p);
		p += sizeof a;
		n -= sizeof a;
	}
	memcpy(rest, p, n);
	a += b + words(rest);
	return a[0] + a[1];
}

uint32_t inner_sum(uint32_t sum, struct bytes b)
{
	uint64_t s = b.n ? sum_native(b.p, b.n) : 0;

	while (s >> 16)
		s = (s >> 16) + (s & 0xffff);
	return sum + ntohs((uint16_t)s);
}

uint16_t inner_checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t inner_pseudo(const uint8_t *p, uint8_t proto, size_t n)
{
	struct bytes addresses =
		p[0] >> 4 == 6 ? bytes_of(p + IP6_ADDRESSES, 32) : bytes_of(p + IP4_ADDRESSES, 8);

	return inner_sum(proto + (uint32_t)n, addresses);
}

void inner_replace(uint8_t *p, uint16_t v, uint8_t *checksum)
{
	uint32_t sum = (uint16_t)~inner_get16(checksum) + (uint32_t)(uint16_t)~inner_get16(p) + v;

	inner_put16(p, v);
	inner_put16(checksum, inner_checksum(sum));
}

void inner_set_tos(uint8_t *p, uint8_t tos)
{
	uint16_t word = inner_get16(p);

	if (word >> 12 == 4)
		inner_replace(p, (uint16_t)((word & 0xff00) | tos), p + IP4_CHECKSUM);
	else
		inner_put16(p, (uint16_t)((word & 0xf00f) | tos << 4));
}
