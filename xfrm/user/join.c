/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be joined, with what, and the headers of what was joined. A joined packet gets a checksum of its
 * own, so that only packets whose checksums were right may become part of one. */
#include "xfrm/user/join.h"

#include <arpa/inet.h>

static bool same(const uint8_t *a, const uint8_t *b, size_t at, size_t n)
{
	return !memcmp(a + at, b + at, n);
}

static uint32_t sequence_of(const uint8_t *tcp)
{
	uint32_t v;

	memcpy(&v, tcp + TCP_SEQUENCE, sizeof v);
	return ntohl(v);
}

/* Octets before the payload of a TCP segment that may be joined, or 0. */
static size_t tcp_headers(const struct inner *in, const uint8_t *tcp)
{
	size_t room = in->n - in->header, header;
	uint8_t flags;

	if (room < TCP_HEADER)
		return 0;
	header = (size_t)(tcp[TCP_OFFSET] >> 4) * 4;
	flags = tcp[TCP_FLAGS] & (uint8_t) ~(FLAG_PSH | FLAG_ECE);
	return header >= TCP_HEADER && header < room && flags == FLAG_ACK ? in->header + header : 0;
}

/* The same of UDP. Without a checksum it cannot be: one would be put there. */
static size_t udp_headers(const struct inner *in, const uint8_t *udp)
{
	size_t room = in->n - in->header;

	return room > UDP_HEADER && inner_get16(udp + UDP_LENGTH) == room && inner_get16(udp + UDP_CHECKSUM)
		       ? in->header + UDP_HEADER
		       : 0;
}

static bool sums_right(const struct inner *in, const uint8_t *p)
{
	size_t n = in->n - in->header;

	if (in->src.v == 4 && inner_checksum(inner_sum(0, bytes_of(p, in->header))))
		return false;
	return !inner_checksum(inner_sum(inner_pseudo(p, in->proto, n), bytes_of(p + in->header, n)));
}

size_t join_headers(const struct device *to, const struct inner *in, const uint8_t *p)
{
	size_t plain = in->src.v == 4 ? IP4_HEADER : IP6_HEADER, headers = 0;

	if (in->header != plain || in->fragment)
		return 0;
	if (in->proto == IPPROTO_OF_TCP)
		headers = tcp_headers(in, p + in->header);
	else if (in->proto == IPPROTO_OF_UDP && to->joins_udp)
		headers = udp_headers(in, p + in->header);
	return headers && sums_right(in, p) ? headers : 0;
}

static bool same_flow(
	const struct joined *f, const struct device *to, const struct inner *in, const uint8_t *p)
{
	if (!f->packets || f->to != to || f->proto != in->proto || f->p[0] >> 4 != p[0] >> 4 ||
		memcmp(f->p + f->upper, p + in->header, 4))
		return false;
	return in->src.v == 4 ? same(f->p, p, IP4_ADDRESSES, 8) : same(f->p, p, IP6_ADDRESSES, 32);
}

static struct joined *find(struct join *j, const struct device *to, const struct inner *in, const uint8_t *p)
{
	for (unsigned i = 0; i < j->n; i++)
		if (same_flow(&j->flows[i], to, in, p))
			return &j->flows[i];
	return NULL;
}

/* Whether cutting would give P the IP header that it has. */
static bool ip_follows(const struct joined *f, const struct inner *in, const uint8_t *p)
{
	if (in->src.v == 6)
		return same(f->p, p, 0, IP6_LENGTH) && same(f->p, p, IP6_NEXT, 2);
	return same(f->p, p, 0, IP4_LENGTH) && same(f->p, p, IP4_FRAGMENT, 4) &&
	       (in->df || inner_get16(p + IP4_ID) == (uint16_t)(inner_get16(f->p + IP4_ID) + f->packets));
}

static bool tcp_follows(const struct joined *f, const uint8_t *p)
{
	const uint8_t *first = f->p + f->upper, *tcp = p + f->upper;

	return sequence_of(tcp) == sequence_of(first) + (uint32_t)(f->n - f->headers) &&
	       same(first, tcp, TCP_ACK, 5) && !((first[TCP_FLAGS] ^ tcp[TCP_FLAGS]) & ~FLAG_PSH) &&
	       same(first, tcp, TCP_WINDOW, 2) &&
	       same(first, tcp, TCP_URGENT, f->headers - f->upper - TCP_URGENT);
}

static bool follows(const struct joined *f, const struct inner *in, const uint8_t *p, size_t headers)
{
	return !f->full && f->packets < JOIN_PACKETS && headers == f->headers &&
	       in->n - headers <= f->segment && f->n + in->n - headers <= JOIN_OCTETS &&
	       ip_follows(f, in, p) && (in->proto == IPPROTO_OF_UDP || tcp_follows(f, p));
}

static uint8_t type_of(const struct joined *f)
{
	if (f->proto == IPPROTO_OF_UDP)
		return VIRTIO_NET_HDR_GSO_UDP_L4;
	return f->p[0] >> 4 == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
}

/* The lengths of all, and the sum of the pseudo header where the checksum is to come. */
static void write_headers(const struct joined *f)
{
	uint8_t *p = f->p, *upper = p + f->upper;
	size_t n = f->n - f->upper;
	uint16_t sum = (uint16_t)~inner_checksum(inner_pseudo(p, f->proto, n));

	if (p[0] >> 4 == 4) {
		inner_replace(p + IP4_LENGTH, (uint16_t)f->n, p + IP4_CHECKSUM);
	} else {
		inner_put16(p + IP6_LENGTH, (uint16_t)n);
	}
	if (f->proto == IPPROTO_OF_UDP) {
		inner_put16(upper + UDP_LENGTH, (uint16_t)n);
		inner_put16(upper + UDP_CHECKSUM, sum);
	} else {
		inner_put16(upper + TCP_CHECKSUM, sum);
	}
}

static void flush_one(struct join *j, struct joined *f)
{
	struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_DATA_VALID };

	if (!f->packets)
		return;
	if (f->packets > 1) {
		write_headers(f);
		h = (struct virtio_net_hdr){
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_type = type_of(f),
			.hdr_len = (uint16_t)f->headers,
			.gso_size = (uint16_t)f->segment,
			.csum_start = (uint16_t)f->upper,
			.csum_offset = f->proto == IPPROTO_OF_UDP ? UDP_CHECKSUM : TCP_CHECKSUM,
		};
	}
	f->v[0] = (struct iovec){ &h, sizeof h };
	j->write(j->ctx, f->to, f->v, 1 + f->packets);
	f->packets = 0;
}

static void write_alone(struct join *j, const struct device *to, const struct inner *in, uint8_t *p)
{
	struct virtio_net_hdr h = { 0 };
	const struct iovec v[] = { { &h, sizeof h }, { p, in->n } };

	j->write(j->ctx, to, v, 2);
}

static struct joined *free_one(struct join *j)
{
	for (unsigned i = 0; i < j->n; i++)
		if (!j->flows[i].packets)
			return &j->flows[i];
	if (j->n == JOIN_FLOWS)
		join_flush(j);
	return &j->flows[j->n++];
}

static void begin(
	struct joined *f, const struct device *to, const struct inner *in, uint8_t *p, size_t headers)
{
	f->to = to;
	f->p = p;
	f->upper = in->header;
	f->headers = headers;
	f->segment = in->n - headers;
	f->n = in->n;
	f->proto = in->proto;
	f->full = false;
	f->packets = 1;
	f->v[1] = (struct iovec){ p, in->n };
}

static void append(struct joined *f, const struct inner *in, uint8_t *p)
{
	size_t n = in->n - f->headers;

	f->n += n;
	f->v[++f->packets] = (struct iovec){ p + f->headers, n };
	f->full = n < f->segment;
}

/* What was pushed goes to its reader, so that nothing is joined behind it; cutting leaves the flag to the
 * last. */
static void note_push(struct joined *f, const uint8_t *p)
{
	if (f->proto == IPPROTO_OF_TCP && p[f->upper + TCP_FLAGS] & FLAG_PSH) {
		f->p[f->upper + TCP_FLAGS] |= FLAG_PSH;
		f->full = true;
	}
}

void join_add(struct join *j, const struct device *to, const struct inner *in, uint8_t *p, size_t headers)
{
	struct joined *f;

	if (in->fragment) /* it does not say of which flow it is */
		join_flush(j);
	f = in->ports_known ? find(j, to, in, p) : NULL;
	if (!headers) {
		if (f)
			flush_one(j, f);
		write_alone(j, to, in, p);
		return;
	}
	if (f && follows(f, in, p, headers)) {
		append(f, in, p);
	} else {
		if (f)
			flush_one(j, f);
		else
			f = free_one(j);
		begin(f, to, in, p, headers);
	}
	note_push(f, p);
}

void join_flush(struct join *j)
{
	for (unsigned i = 0; i < j->n; i++)
		flush_one(j, &j->flows[i]);
	j->n = 0;
}
