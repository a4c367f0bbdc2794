/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as a datagram, and as what might be inside a seal: they are refused, or come back equal when
 * they are written and read again. */
#include "tests/unit/wire_help.h"
#include "wire/shape.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool held)
{
	if (!held)
		abort();
}

/* Reads BODY in ARENA; where it was good, its shape is asked for too, and it goes out and in once more. */
static void there_and_back(struct bytes body, const struct wire_header *h, uint8_t first, struct arena *arena)
{
	static uint8_t room[2 * MESSAGE_MAX];
	struct wr w = wr_of(room, sizeof room);
	struct message m = { .header = *h }, again = { .header = *h };
	uint8_t bad;

	if (message_get(body, IKE_HEADER, first, arena, &m, &bad))
		return;
	check(shape_of(&m, shape_sealed(h->exchange)) < SHAPE_COUNT);
	message_put(&m, &w, &first);
	check(!w.bad);
	check(!message_get(wr_done(&w), IKE_HEADER, first, arena, &again, &bad));
	check(wire_equal(&m, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes datagram = bytes_of(data, size);
	struct arena arena = { 0 };
	struct wire_header h = { 0 };

	if (size > MESSAGE_MAX)
		return 0;
	if (header_get(datagram, &h) == ERR_OK)
		there_and_back(bytes_of(data + IKE_HEADER, size - IKE_HEADER), &h, h.next, &arena);
	for (uint8_t first = PAYLOAD_SA; first <= PAYLOAD_PS; first++)
		there_and_back(datagram, &h, first, &arena);
	arena_free(&arena);
	return 0;
}
