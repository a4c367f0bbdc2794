/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two things hold for joining and splitting. Whatever packets are joined, splitting gives them back, each
 * flow's in their order; but for the identification of IPv4 packets that may not be cut. And whatever a
 * device says of a packet, splitting stays inside it. The first octet of the input says which is tried. */
#include "tests/unit/packet.h"
#include "tests/unit/rejoin.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKETS = 48, SIZE = 1600, COMMAND = 6 };

/* A packet that was joined, as it was. */
struct pending {
	size_t n;
	bool out;
	struct inner in;
	uint8_t was[SIZE];
};

static struct rejoin r;
static struct pending pending[PACKETS];
static unsigned n_pending;

static void forget_identification(uint8_t *p)
{
	if (p[0] >> 4 == 4 && p[6] & 0x40) {
		memset(p + 4, 0, 2);
		memset(p + 10, 0, 2);
	}
}

static bool same_flow(const struct inner *a, const struct inner *b)
{
	return ip_eq(&a->src, &b->src) && ip_eq(&a->dst, &b->dst) && a->proto == b->proto &&
	       a->sport == b->sport && a->dport == b->dport;
}

/* It must be the next of its flow. */
static void take(void *ctx, uint8_t *p, size_t n)
{
	struct inner in;

	(void)ctx;
	if (!inner_parse(bytes_of(p, n), &in))
		abort();
	forget_identification(p);
	for (unsigned i = 0; i < n_pending; i++) {
		struct pending *w = &pending[i];

		if (w->out || !same_flow(&w->in, &in))
			continue;
		forget_identification(w->was);
		if (w->n != n || memcmp(w->was, p, n))
			abort();
		w->out = true;
		return;
	}
	abort();
}

static void check_written(void)
{
	join_flush(&r.join);
	for (unsigned i = 0; i < r.n; i++)
		if (!rejoin_split(&r.v[i], take, NULL))
			abort();
	for (unsigned i = 0; i < n_pending; i++)
		if (!pending[i].out)
			abort();
}

/* The packet that the octets of C tell of: one of four flows, of which each counts its octets and its
 * packets. */
static size_t make(const uint8_t *c, uint8_t *p, uint32_t sequence[4], uint16_t id[4])
{
	unsigned flow = c[0] % 4;
	bool v6 = flow % 2;
	const char *src = v6 ? "2001:db8:1::5" : "10.1.0.5", *dst = v6 ? "2001:db8:2::7" : "10.2.0.7";
	size_t payload = c[1] & 1 ? 200 : c[1] * 4U, n, at;

	n = flow < 2 ? packet_tcp(p, src, dst, sequence[flow], c[2] & 0x80 ? c[2] : FLAG_ACK, payload)
		     : packet_make(p, src, dst, IPPROTO_OF_UDP, 1, 2, payload);
	sequence[flow] += (uint32_t)payload;
	if (!v6) {
		inner_put16(p + 4, id[flow]++);
		p[6] = c[3] & 1 ? 0x40 : 0;
		packet_fix(p, n);
	}
	at = c[4] % 64 % n;
	if (c[3] & 2) /* something else in the headers; in those of the upper layer with a right checksum, or
			 not */
		p[at] ^= c[5];
	if (c[3] & 4 && at >= (v6 ? 40 : 20))
		packet_fix(p, n);
	return n;
}

static void try_joining(const uint8_t *data, size_t size)
{
	static uint8_t room[PACKETS][SIZE];
	uint32_t sequence[4] = { 0, UINT32_MAX - 300, 0, 0 };
	uint16_t id[4] = { UINT16_MAX };

	rejoin_init(&r);
	n_pending = 0;
	for (; size >= COMMAND && n_pending < PACKETS; data += COMMAND, size -= COMMAND) {
		struct pending *w = &pending[n_pending];
		uint8_t *p = room[n_pending];
		size_t n = make(data, p, sequence, id);

		if (!inner_parse(bytes_of(p, n), &w->in))
			continue;
		w->n = w->in.n;
		w->out = false;
		memcpy(w->was, p, w->n);
		n_pending++;
		if (!rejoin_add(&r, p, n))
			abort();
		if (data[3] & 8)
			join_flush(&r.join);
	}
	check_written();
}

static void look(void *ctx, uint8_t *p, size_t n)
{
	(void)ctx;
	(void)p;
	if (!n)
		abort();
}

static void try_splitting(const uint8_t *data, size_t size)
{
	struct written w;
	uint8_t *copy;

	if (size < sizeof w.h)
		return;
	memcpy(&w.h, data, sizeof w.h);
	w.n = size - sizeof w.h;
	copy = malloc(w.n ? w.n : 1); /* so that reading past its end is seen */
	memcpy(copy, data + sizeof w.h, w.n);
	w.p = copy;
	(void)rejoin_split(&w, look, NULL);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > 4096)
		return 0;
	if (data[0] & 1)
		try_splitting(data + 1, size - 1);
	else
		try_joining(data + 1, size - 1);
	return 0;
}
