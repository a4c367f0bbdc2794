/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ESP in UDP (RFC 3948) parted where the next sequence number of the same SPI stands. */
#include "capture_split.h"

#include <string.h>

enum {
	PROTO_UDP = 17,
	UDP_HEADER = 8,
	IP6_HEADER = 40,
	ESP_HEADER = 8,
	ESP_MIN = 28, /* octets: its header, an IV, what it carries and a tag */
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Octets in front of the UDP payload; 0: it is no UDP. */
static size_t headers_of(struct bytes b)
{
	size_t ip = 0;

	if (b.n > 20 && b.p[0] >> 4 == 4 && b.p[9] == PROTO_UDP)
		ip = (size_t)(b.p[0] & 15) * 4;
	else if (b.n > IP6_HEADER && b.p[0] >> 4 == 6 && b.p[6] == PROTO_UDP)
		ip = IP6_HEADER;
	return ip && b.n > ip + UDP_HEADER ? ip + UDP_HEADER : 0;
}

/* Octets of a datagram: all but the last have as many. */
static size_t size_of_part(struct bytes payload)
{
	uint32_t spi, seq;

	if (payload.n < 2 * ESP_MIN)
		return payload.n;
	spi = get32(payload.p);
	seq = get32(payload.p + 4);
	for (size_t i = ESP_MIN; spi && i + ESP_HEADER <= payload.n; i++)
		if (get32(payload.p + i) == spi && get32(payload.p + i + 4) == seq + 1)
			return i;
	return payload.n;
}

/* RFC 791, 3.1. */
static void put_checksum(uint8_t *ip, size_t n)
{
	uint32_t sum = 0;

	put16(ip + 10, 0);
	for (size_t i = 0; i < n; i += 2)
		sum += get16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, (uint16_t)~sum);
}

/* The lengths of a part with HEADERS octets in front and N in all. UDP has no checksum then. */
static void put_lengths(uint8_t *out, size_t headers, size_t n)
{
	uint8_t *udp = out + headers - UDP_HEADER;

	put16(udp + 4, n - (headers - UDP_HEADER));
	put16(udp + 6, 0);
	if (out[0] >> 4 == 6) {
		put16(out + 4, n - IP6_HEADER);
		return;
	}
	put16(out + 2, n);
	put_checksum(out, headers - UDP_HEADER);
}

size_t capture_part(struct bytes packet, size_t *at, uint8_t *out)
{
	size_t headers = headers_of(packet), size, n;
	struct bytes payload = bytes_of(packet.p + headers, packet.n - headers);

	if (*at >= packet.n)
		return 0;
	size = headers ? size_of_part(payload) : packet.n;
	if (!headers || size == payload.n) {
		memcpy(out, packet.p, packet.n);
		*at = packet.n;
		return packet.n;
	}
	if (!*at)
		*at = headers;
	n = packet.n - *at < size ? packet.n - *at : size;
	memcpy(out, packet.p, headers);
	memcpy(out + headers, packet.p + *at, n);
	put_lengths(out, headers, headers + n);
	*at += n;
	return headers + n;
}
