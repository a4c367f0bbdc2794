/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/pinger.h"

#include "base/buf.h"
#include "base/text.h"
#include "tests/unit/packet.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	OCTETS = 1000, /* behind the header of ICMP */
	REQUEST = 0x0800,
	REPLY = 0,
	NUMBER = 4, /* where it stands in that header */
	WINDOW = 64,
	INBOUND = 2,
};

/* A direction of a CHILD_SA. */
struct half {
	struct esp esp; /* encr NULL: there is none */
	struct arena arena;
};

struct pinger {
	struct half out, in[INBOUND]; /* the newest first */
	struct addr ends[2];
	struct ip from, to;
	uint32_t number; /* of the ping on its way; 0: none */
};

static void stop(const char *what)
{
	fprintf(stderr, "pinger: %s\n", what);
	abort();
}

static void forget(struct half *h)
{
	if (h->esp.encr)
		esp_free(&h->esp);
	arena_free(&h->arena);
	*h = (struct half){ 0 };
}

struct pinger *pinger_new(void)
{
	struct pinger *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	return p;
}

void pinger_free(struct pinger *p)
{
	if (!p)
		return;
	forget(&p->out);
	for (unsigned i = 0; i < INBOUND; i++)
		forget(&p->in[i]);
	free(p);
}

static void fill(struct half *h, const struct sa_spec *sa)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (esp_init(&h->esp, sa->spi, &sa->suite, !sa->inbound, sa->encr_key, sa->integ_key, WINDOW,
		    &h->arena, &why))
		stop(text_str(&why));
	arena_free(&scratch);
}

void pinger_take_sa(struct pinger *p, const struct sa_spec *sa)
{
	if (sa->inbound) {
		forget(&p->in[1]);
		p->in[1] = p->in[0];
		p->in[0] = (struct half){ 0 };
		fill(&p->in[0], sa);
		return;
	}
	forget(&p->out);
	fill(&p->out, sa);
	p->ends[0] = sa->local;
	p->ends[1] = sa->remote;
	if (!ip_next(&sa->remote_ts.v[0].lo, &p->to))
		stop("there is no host");
}

const struct addr *pinger_ends(const struct pinger *p)
{
	return p->ends;
}

/* The ping on its way, or what comes back of it, in OUT; returns its length. */
static size_t make(const struct pinger *p, uint16_t type, uint8_t *out)
{
	const struct ip *from = type == REQUEST ? &p->from : &p->to,
			*to = type == REQUEST ? &p->to : &p->from;
	char src[IP_TEXT], dst[IP_TEXT];
	size_t n = packet_make(out, ip_print(from, src), ip_print(to, dst), IPPROTO_OF_ICMP, type, 0, OCTETS);

	memcpy(out + IP4_HEADER + NUMBER, &p->number, sizeof p->number);
	packet_fix(out, n);
	return n;
}

static struct bytes ping(struct pinger *p, struct rng *rng, uint8_t *out)
{
	struct esp_packet packet = { .p = out + PACKET_HEAD };

	packet.n = make(p, REQUEST, packet.p);
	esp_seal(&p->out.esp, 0, rng, &packet, 1);
	if (packet.drop)
		stop("a packet cannot be sealed");
	return bytes_of(packet.p, packet.n);
}

struct bytes pinger_begin(struct pinger *p, const struct ip *from, struct rng *rng, uint8_t *out)
{
	if (!p->out.esp.encr)
		return bytes_of(NULL, 0);
	p->from = *from;
	p->number = 1;
	return ping(p, rng, out);
}

/* But for what a host chooses in the header. */
static bool is_reply(const struct pinger *p, const struct esp_packet *packet)
{
	uint8_t wanted[IP4_HEADER + ICMP_HEADER + OCTETS];
	size_t n = make(p, REPLY, wanted);

	return !packet->drop && packet->n >= n && packet_sums_right(packet->p, n) &&
	       !memcmp(packet->p + IP4_ADDRESSES, wanted + IP4_ADDRESSES, n - IP4_ADDRESSES);
}

/* The SA that ESP came on, or NULL. */
static struct esp *find(struct pinger *p, struct bytes esp)
{
	struct rd r = rd_of(esp);
	uint32_t spi = rd_u32(&r);

	for (unsigned i = 0; i < INBOUND; i++)
		if (p->in[i].esp.encr && p->in[i].esp.spi == spi)
			return &p->in[i].esp;
	return NULL;
}

bool pinger_take(struct pinger *p, struct bytes esp, struct rng *rng, uint8_t *out, struct bytes *next)
{
	struct esp *sa = find(p, esp);
	struct esp_packet packet = { .p = out, .n = esp.n };

	*next = bytes_of(NULL, 0);
	if (!sa || !p->number || esp.n > PING_ROOM)
		return false;
	memcpy(out, esp.p, esp.n);
	esp_open(sa, &packet, 1);
	if (!is_reply(p, &packet))
		return false;
	if (p->number == PINGS) {
		p->number = 0;
		return true;
	}
	p->number++;
	*next = ping(p, rng, out);
	return true;
}
