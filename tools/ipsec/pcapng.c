/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of pcapng, in this machine's order of octets: their first number tells which that is. */
#include "pcapng.h"

#include <string.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_DEVICE = 1,
	BLOCK_PACKET = 6,
	MAGIC = 0x1a2b3c4d,
	LINK_RAW = 101, /* an IPv4 or IPv6 header comes first */
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_NAME = 2,    /* of a device */
	OPTION_FLAGS = 2,   /* of a packet */
	OPTION_PROGRAM = 4, /* that wrote the section */
	OPTION_UNIT = 9,    /* of time */
	UNIT_NS = 9,        /* 10^-9 s */
	INBOUND = 1,
	OUTBOUND = 2,
	BLOCK_MAX = 1 << 18, /* octets: the largest packet, and what is around it */
};

/* A block as it grows; what does not fit makes it bad. */
struct block {
	uint8_t v[BLOCK_MAX];
	size_t n;
	bool bad;
};

static void put(struct block *b, const void *p, size_t n)
{
	size_t padded = (n + 3) & ~(size_t)3;

	if (padded < n || padded > sizeof b->v - b->n) {
		b->bad = true;
		return;
	}
	memcpy(b->v + b->n, p, n);
	memset(b->v + b->n + n, 0, padded - n);
	b->n += padded;
}

static void put32(struct block *b, uint32_t v)
{
	put(b, &v, sizeof v);
}

/* Two short numbers. */
static void put16s(struct block *b, uint16_t first, uint16_t second)
{
	const uint16_t v[] = { first, second };

	put(b, v, sizeof v);
}

static void put_option(struct block *b, uint16_t code, const void *p, size_t n)
{
	put16s(b, code, (uint16_t)n);
	put(b, p, n);
}

static void begin(struct block *b, uint32_t type)
{
	b->n = 0;
	b->bad = false;
	put32(b, type);
	put32(b, 0);
}

/* Its length stands at both ends. */
static bool end(struct block *b, FILE *f)
{
	uint32_t n = (uint32_t)b->n + sizeof n;

	put32(b, n);
	memcpy(b->v + 4, &n, sizeof n);
	return !b->bad && fwrite(b->v, 1, b->n, f) == b->n;
}

bool pcapng_head(FILE *f, const char *comment)
{
	static const char program[] = "ipsec capture";
	static struct block b;

	begin(&b, BLOCK_SECTION);
	put32(&b, MAGIC);
	put16s(&b, 1, 0);
	put32(&b, UINT32_MAX); /* the section's length is not known, */
	put32(&b, UINT32_MAX); /* in 64 bits */
	put_option(&b, OPTION_COMMENT, comment, strlen(comment));
	put_option(&b, OPTION_PROGRAM, program, strlen(program));
	put_option(&b, OPTION_END, "", 0);
	return end(&b, f);
}

bool pcapng_device(FILE *f, const char *name)
{
	static const uint8_t unit = UNIT_NS;
	static struct block b;

	begin(&b, BLOCK_DEVICE);
	put16s(&b, LINK_RAW, 0);
	put32(&b, 0); /* packets are whole */
	put_option(&b, OPTION_NAME, name, strlen(name));
	put_option(&b, OPTION_UNIT, &unit, sizeof unit);
	put_option(&b, OPTION_END, "", 0);
	return end(&b, f);
}

bool pcapng_packet(FILE *f, const struct pcapng_packet *p)
{
	uint32_t flags = p->outbound ? OUTBOUND : INBOUND;
	static struct block b;

	begin(&b, BLOCK_PACKET);
	put32(&b, p->device);
	put32(&b, (uint32_t)(p->ns >> 32));
	put32(&b, (uint32_t)p->ns);
	put32(&b, (uint32_t)p->data.n);
	put32(&b, p->size);
	put(&b, p->data.p, p->data.n);
	put_option(&b, OPTION_FLAGS, &flags, sizeof flags);
	put_option(&b, OPTION_END, "", 0);
	return end(&b, f);
}
