/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making packets octet by octet. */
#include "tests/unit/packet.h"

#include "base/buf.h"
#include "xfrm/user/inner.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 65536 };

struct ip packet_ip(const char *s)
{
	struct ip ip;

	if (ip_parse(s, &ip))
		abort();
	return ip;
}

struct ts packet_ts(const char *s)
{
	struct ts ts;

	if (ts_parse(s, &ts))
		abort();
	return ts;
}

/* The sum over the upper layer, with its pseudo header where it has one. */
static uint32_t upper_sum(const uint8_t *p, const struct inner *in)
{
	size_t n = in->n - in->header;
	uint32_t sum = 0;

	if (in->proto != IPPROTO_OF_ICMP)
		sum = inner_pseudo(p, in->proto, n);
	return inner_sum(sum, bytes_of(p + in->header, n));
}

static size_t checksum_at(uint8_t proto)
{
	return proto == IPPROTO_OF_TCP ? 16 : proto == IPPROTO_OF_UDP ? 6 : 2;
}

bool packet_sums_right(const uint8_t *p, size_t n)
{
	struct inner in;

	if (!inner_parse(bytes_of(p, n), &in) || in.n != n)
		return false;
	if (in.src.v == 4 && inner_checksum(inner_sum(0, bytes_of(p, in.header))))
		return false;
	return inner_checksum(upper_sum(p, &in)) == 0;
}

static void put_ip(struct wr *w, const struct ip *src, const struct ip *dst, uint8_t proto, size_t n)
{
	if (src->v == 4) {
		wr_u16(w, 0x4500);
		wr_u16(w, (uint16_t)(20 + n));
		wr_u32(w, 0x12340000);
		wr_u16(w, (uint16_t)(64 << 8 | proto));
		wr_u16(w, 0);
	} else {
		wr_u32(w, 0x60000000);
		wr_u16(w, (uint16_t)n);
		wr_u16(w, (uint16_t)(proto << 8 | 64));
	}
	wr_bytes(w, ip_bytes(src));
	wr_bytes(w, ip_bytes(dst));
}

void packet_fix(uint8_t *p, size_t n)
{
	struct inner in;

	if (p[0] >> 4 == 4) {
		inner_put16(p + 10, 0);
		inner_put16(p + 10, inner_checksum(inner_sum(0, bytes_of(p, (size_t)(p[0] & 15) * 4))));
	}
	if (!inner_parse(bytes_of(p, n), &in))
		abort();
	p += in.header + checksum_at(in.proto);
	inner_put16(p, 0);
	inner_put16(p, inner_checksum(upper_sum(p - in.header - checksum_at(in.proto), &in)));
}

static size_t finish(uint8_t *p, struct wr *w)
{
	if (w->bad)
		abort();
	packet_fix(p, w->n);
	return w->n;
}

size_t packet_make(
	uint8_t *p, const char *src, const char *dst, uint8_t proto, uint16_t sport, uint16_t dport, size_t n)
{
	struct ip from = packet_ip(src), to = packet_ip(dst);
	struct wr w = wr_of(p, ROOM);

	put_ip(&w, &from, &to, proto, 8 + n);
	wr_u16(&w, sport);
	wr_u16(&w, proto == IPPROTO_OF_UDP ? dport : 0);
	wr_u16(&w, proto == IPPROTO_OF_UDP ? (uint16_t)(8 + n) : 1);
	wr_u16(&w, 0);
	for (size_t i = 0; i < n; i++)
		wr_u8(&w, (uint8_t)i);
	return finish(p, &w);
}

size_t packet_syn(uint8_t *p, const char *src, const char *dst, const uint8_t *options, size_t n)
{
	struct ip from = packet_ip(src), to = packet_ip(dst);
	struct wr w = wr_of(p, ROOM);

	put_ip(&w, &from, &to, IPPROTO_OF_TCP, 20 + n);
	wr_u16(&w, 40000);
	wr_u16(&w, 80);
	wr_zero(&w, 8);
	wr_u16(&w, (uint16_t)((20 + n) / 4 << 12 | 2));
	wr_u16(&w, 65535);
	wr_u32(&w, 0);
	wr_bytes(&w, bytes_of(options, n));
	return finish(p, &w);
}

size_t packet_tcp(uint8_t *p, const char *src, const char *dst, uint32_t seq, uint8_t flags, size_t n)
{
	struct ip from = packet_ip(src), to = packet_ip(dst);
	struct wr w = wr_of(p, ROOM);

	put_ip(&w, &from, &to, IPPROTO_OF_TCP, 20 + n);
	wr_u16(&w, 40000);
	wr_u16(&w, 80);
	wr_u32(&w, seq);
	wr_u32(&w, 77);
	wr_u16(&w, (uint16_t)(5 << 12 | flags));
	wr_u16(&w, 65535);
	wr_u32(&w, 0);
	for (size_t i = 0; i < n; i++)
		wr_u8(&w, (uint8_t)(seq + i));
	return finish(p, &w);
}

struct suite packet_suite(const char *words, bool esn)
{
	const char *dash = strchr(words, '-');
	const struct transform *found[2];
	struct suite s = { .esn = esn };
	char encr[32];

	snprintf(encr, sizeof encr, "%.*s", (int)strcspn(words, "-"), words);
	if (!transform_word(encr, PROTO_ESP, found))
		abort();
	s.encr = found[0];
	if (dash && transform_word(dash + 1, PROTO_ESP, found))
		s.integ = found[0];
	return s;
}

static struct bytes key(size_t n, uint8_t first)
{
	static uint8_t octets[256];

	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)i;
	return bytes_of(octets + first, n);
}

struct bytes packet_encr_key(const struct suite *s)
{
	return key((size_t)s->encr->key + s->encr->salt, 1);
}

struct bytes packet_integ_key(const struct suite *s)
{
	return key(s->integ ? s->integ->key : 0, 100);
}
