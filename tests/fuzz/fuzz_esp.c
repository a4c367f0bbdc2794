/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever comes from the network, and whatever an authenticated peer seals, meets the inbound path; whatever
 * comes from a device meets the outbound path. The first octet of the input says which. */
#include "tests/unit/gate.h"
#include "tests/unit/packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum way { AS_IT_IS, SEALED, WITH_OUR_SPI, FROM_DEVICE, WAYS };
enum { INPUT_MAX = 4096 };

static uint8_t room[PACKET_HEAD + INPUT_MAX + PACKET_TAIL];

/* What is delivered must be a packet of the SA's selectors, and lie where the input lay. */
static void check_delivered(const struct gate *g, const struct arrival *a)
{
	struct inner in;

	if (!a->sa || a->esp.drop)
		return;
	if (a->esp.p < room || a->esp.p + a->esp.n > room + sizeof room)
		abort();
	if (!inner_parse(bytes_of(a->esp.p, a->esp.n), &in) || in.n != a->esp.n || !live_selects(g->in, &in))
		abort();
}

/* As the peer would seal DATA, which it does with the sending SA of the other side. */
static struct esp_packet seal(struct gate *peer, size_t n)
{
	struct esp_packet pkt = { .p = room + PACKET_HEAD, .n = n };

	esp_seal(&peer->out->esp, 0, &peer->rng.rng, &pkt, 1);
	return pkt;
}

static void receive(struct gate *g, struct gate *peer, enum way way, size_t n, uint8_t tos)
{
	static const uint8_t spi[4] = { GATE_SPI_OF >> 24, 0, 1, 1 };
	struct esp_packet pkt = { .p = room + PACKET_HEAD, .n = n };
	struct arrival a;

	if (way == SEALED && n)
		pkt = seal(peer, n);
	else if (way == WITH_OUR_SPI && n >= sizeof spi)
		memcpy(pkt.p, spi, sizeof spi);
	gate_receive(g, &a, pkt.p, pkt.n, tos, NULL);
	check_delivered(g, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gate g, peer;
	struct departure d;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	gate_init(&g, "aes128gcm16");
	gate_init(&peer, "aes128gcm16");
	gate_open(&g, 1);
	gate_open(&peer, 2);
	memcpy(room + PACKET_HEAD, data + 2, size - 2);
	if (data[0] % WAYS == FROM_DEVICE)
		gate_send(&g, &d, room + PACKET_HEAD, size - 2);
	else
		receive(&g, &peer, data[0] % WAYS, size - 2, data[1]);
	gate_close(&g);
	gate_close(&peer);
	return 0;
}
