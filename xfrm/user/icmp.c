/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One header of IP, one of ICMP, and as much of the packet as fits. */
#include "xfrm/user/icmp.h"

#include "base/buf.h"
#include "xfrm/limit.h"

enum { MOST4 = 576 /* RFC 1812, 4.3.2.3 */, MOST6 = LIMIT_MTU6_LEAST, TTL = 64 };

static bool is_group(const struct ip *ip)
{
	static const uint8_t everybody[4] = { 255, 255, 255, 255 };

	if (ip->v == 4)
		return ip->a[0] >> 4 == 14 || !memcmp(ip->a, everybody, 4);
	return ip->a[0] == 0xff;
}

/* Whether it is an ICMP error itself. */
static bool is_error(const struct inner *in)
{
	uint8_t type = (uint8_t)(in->sport >> 8);

	if (in->proto == IPPROTO_OF_ICMP)
		return !in->ports_known || type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return in->proto == IPPROTO_OF_ICMPV6 && (!in->ports_known || type < 128);
}

static bool may_answer(const struct inner *in)
{
	return !is_error(in) && !in->later_fragment && !is_group(&in->src) && !is_group(&in->dst) &&
	       !ip_is_any(&in->src);
}

static void write_ip4(struct wr *w, const struct inner *in, size_t n)
{
	wr_u16(w, 0x45c0); /* DSCP CS6: control (RFC 1812, 4.3.2.5) */
	wr_u16(w, (uint16_t)n);
	wr_u32(w, 0);
	wr_u16(w, TTL << 8 | IPPROTO_OF_ICMP);
	wr_u16(w, 0);
	wr_bytes(w, ip_bytes(&in->dst));
	wr_bytes(w, ip_bytes(&in->src));
	wr_u16_at(w, IP4_CHECKSUM, inner_checksum(inner_sum(0, wr_done(w))));
}

static void write_ip6(struct wr *w, const struct inner *in, size_t n)
{
	wr_u32(w, 0x60000000);
	wr_u16(w, (uint16_t)(n - IP6_HEADER));
	wr_u16(w, IPPROTO_OF_ICMPV6 << 8 | TTL);
	wr_bytes(w, ip_bytes(&in->dst));
	wr_bytes(w, ip_bytes(&in->src));
}

/* Type and code for both versions; the MTU stands in the last two of eight octets, in IPv6 in the last four.
 */
static void write_icmp(struct wr *w, enum icmp_why why, unsigned mtu, bool v4)
{
	static const uint16_t codes[][2] = {
		[ICMP_TOO_BIG] = { 2 << 8 | 0, 3 << 8 | 4 },
		[ICMP_PROHIBITED] = { 1 << 8 | 1, 3 << 8 | 13 },
	};

	wr_u16(w, codes[why][v4]);
	wr_u16(w, 0);
	wr_u32(w, why == ICMP_TOO_BIG ? mtu : 0);
}

size_t icmp_answer(enum icmp_why why, unsigned mtu, struct bytes p, const struct inner *in, uint8_t *out)
{
	struct wr w = wr_of(out, ICMP_ROOM);
	bool v4 = in->src.v == 4;
	size_t header = v4 ? IP4_HEADER : IP6_HEADER,
	       most = (size_t)(v4 ? MOST4 : MOST6) - header - ICMP_HEADER;
	size_t quoted = in->n < most ? in->n : most, n = header + ICMP_HEADER + quoted;
	uint32_t sum = 0;

	if (!may_answer(in))
		return 0;
	(v4 ? write_ip4 : write_ip6)(&w, in, n);
	write_icmp(&w, why, mtu, v4);
	wr_bytes(&w, bytes_of(p.p, quoted));
	if (!v4) /* the pseudo header (RFC 8200, 8.1) */
		sum = inner_sum((uint32_t)(ICMP_HEADER + quoted) + IPPROTO_OF_ICMPV6,
			bytes_of(out + IP6_ADDRESSES, 32));
	sum = inner_sum(sum, bytes_of(out + header, ICMP_HEADER + quoted));
	wr_u16_at(&w, header + 2, inner_checksum(sum));
	return n;
}
