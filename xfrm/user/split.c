/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers copied before each piece of the payload, and what differs from piece to piece put right. */
#include "xfrm/user/split.h"

#include <arpa/inet.h>

/* One packet, with a checksum to be made or without. */
static bool begin_whole(struct split *c, const struct virtio_net_hdr *h)
{
	c->segment = c->packet.n;
	if (!(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return true;
	c->upper = h->csum_start;
	c->checksum = (size_t)h->csum_start + h->csum_offset;
	return c->checksum > c->upper && c->checksum + 2 <= c->packet.n;
}

static bool begin_tcp(struct split *c, size_t room)
{
	const uint8_t *tcp = c->packet.p + c->upper;
	size_t header = room >= TCP_HEADER ? (size_t)(tcp[TCP_OFFSET] >> 4) * 4 : 0;

	c->headers = c->upper + header;
	c->checksum = c->upper + TCP_CHECKSUM;
	return c->proto == IPPROTO_OF_TCP && header >= TCP_HEADER && header < room;
}

static bool begin_udp(struct split *c, size_t room)
{
	c->headers = c->upper + UDP_HEADER;
	c->checksum = c->upper + UDP_CHECKSUM;
	return c->proto == IPPROTO_OF_UDP && room > UDP_HEADER;
}

static bool begin_many(struct split *c, const struct virtio_net_hdr *h, const struct inner *in)
{
	size_t room = in->n - in->header;
	bool ok = false;

	c->upper = in->header;
	c->segment = h->gso_size;
	if (!c->segment || in->fragment)
		return false;
	if (c->type == VIRTIO_NET_HDR_GSO_TCPV4)
		ok = in->src.v == 4 && begin_tcp(c, room);
	else if (c->type == VIRTIO_NET_HDR_GSO_TCPV6)
		ok = in->src.v == 6 && begin_tcp(c, room);
	else if (c->type == VIRTIO_NET_HDR_GSO_UDP_L4)
		ok = begin_udp(c, room);
	c->sum = inner_pseudo(c->packet.p, c->proto, 0);
	c->at = c->headers;
	return ok;
}

bool split_begin(struct split *c, const struct virtio_net_hdr *h, struct bytes p, const struct inner *in)
{
	*c = (struct split){
		.packet = bytes_of(p.p, in->n),
		.type = h->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN,
		.proto = in->proto,
	};
	return c->type == VIRTIO_NET_HDR_GSO_NONE ? begin_whole(c, h) : begin_many(c, h, in);
}

size_t split_size(const struct split *c)
{
	size_t left = c->packet.n - c->at;

	return left ? c->headers + (left < c->segment ? left : c->segment) : 0;
}

/* A UDP checksum of zero would mean that there is none (RFC 768); for TCP both zeros are the same. */
static void put_checksum(uint8_t *p, uint32_t sum)
{
	uint16_t v = inner_checksum(sum);

	inner_put16(p, v ? v : 0xffff);
}

static void next_whole(struct split *c, uint8_t *to)
{
	memcpy(to, c->packet.p, c->packet.n);
	if (c->checksum) /* the pseudo header's sum stands there already */
		put_checksum(to + c->checksum, inner_sum(0, bytes_of(to + c->upper, c->packet.n - c->upper)));
	c->at = c->packet.n;
}

/* The INDEXth packet of N octets at P. */
static void fix_ip(uint8_t *p, size_t n, size_t header, size_t index)
{
	if (p[0] >> 4 == 6) {
		inner_put16(p + IP6_LENGTH, (uint16_t)(n - IP6_HEADER));
		return;
	}
	inner_put16(p + IP4_LENGTH, (uint16_t)n);
	inner_put16(p + IP4_ID, (uint16_t)(inner_get16(p + IP4_ID) + index));
	inner_put16(p + IP4_CHECKSUM, 0);
	inner_put16(p + IP4_CHECKSUM, inner_checksum(inner_sum(0, bytes_of(p, header))));
}

/* CWR answers one mark, so that the first segment has it alone (RFC 3168, 6.1.2); the end is the last one's.
 */
static void fix_tcp(uint8_t *tcp, size_t offset, bool last)
{
	uint32_t sequence;

	memcpy(&sequence, tcp + TCP_SEQUENCE, sizeof sequence);
	sequence = htonl(ntohl(sequence) + (uint32_t)offset);
	memcpy(tcp + TCP_SEQUENCE, &sequence, sizeof sequence);
	if (offset)
		tcp[TCP_FLAGS] &= (uint8_t)~FLAG_CWR;
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(FLAG_FIN | FLAG_PSH);
}

void split_next(struct split *c, uint8_t *to)
{
	size_t n = split_size(c), offset = c->at - c->headers, upper = n - c->upper;

	if (c->type == VIRTIO_NET_HDR_GSO_NONE) {
		next_whole(c, to);
		return;
	}
	memcpy(to, c->packet.p, c->headers);
	memcpy(to + c->headers, c->packet.p + c->at, n - c->headers);
	c->at += n - c->headers;
	fix_ip(to, n, c->upper, offset / c->segment);
	if (c->type == VIRTIO_NET_HDR_GSO_UDP_L4)
		inner_put16(to + c->upper + UDP_LENGTH, (uint16_t)upper);
	else
		fix_tcp(to + c->upper, offset, c->at == c->packet.n);
	inner_put16(to + c->checksum, 0);
	put_checksum(to + c->checksum, inner_sum(c->sum + (uint32_t)upper, bytes_of(to + c->upper, upper)));
}
