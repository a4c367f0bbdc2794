/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a guard and an ike that somebody has taken over: each is refused with a sentence or means one
 * thing, and keeper outlives them all. The input is a row of messages, each behind its length and whose it
 * is. */
#include "daemon/keeper.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
	struct keeper keeper;
	struct ipc_channel guard, ike;
	int image;
};

static void begin(struct bench *b)
{
	b->image = image_make();
	if (keeper_start(&b->keeper, b->image) ||
		ipc_pair(IPC_GUARD, &b->guard, IPC_KEEPER, &b->keeper.guard) ||
		ipc_pair(IPC_IKE, &b->ike, IPC_KEEPER, &b->keeper.ike))
		abort();
	b->keeper.guard.phase = b->keeper.ike.phase = IPC_SERVING;
}

static void finish(struct bench *b)
{
	keeper_stop(&b->keeper);
	ipc_close(&b->guard);
	ipc_close(&b->ike);
	ipc_close(&b->keeper.guard);
	ipc_close(&b->keeper.ike);
	b->keeper = (struct keeper){ 0 };
	/* What was written down is whole. */
	if (keeper_start(&b->keeper, b->image))
		abort();
	keeper_stop(&b->keeper);
	close(b->image);
}

static void means_one_thing(struct bytes octets)
{
	static uint8_t room[IPC_MAX];
	struct wr w = wr_of(room, sizeof room);
	struct arena arena = { 0 };
	struct ipc_message m;

	if (!ipc_decode(octets, &arena, &m) && (!ipc_encode(&w, &m) || !bytes_eq(wr_done(&w), octets)))
		abort();
	arena_free(&arena);
}

/* All that keeper says is well-formed. */
static void hear(const struct ipc_channel *c)
{
	static uint8_t room[IPC_MAX];
	struct ipc_message m;
	ssize_t n;

	while ((n = recv(c->fd, room, sizeof room, MSG_DONTWAIT)) > 0) {
		struct arena arena = { 0 };

		if (ipc_decode(bytes_of(room, (size_t)n), &arena, &m))
			abort();
		arena_free(&arena);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = { 0 };
	struct rd r = rd_of(bytes_of(data, size));

	begin(&b);
	while (r.n) {
		bool guards = rd_u8(&r) & 1;
		size_t n = rd_u16(&r);
		struct bytes octets = rd_bytes(&r, n < r.n ? n : r.n);
		struct ipc_channel *near = guards ? &b.guard : &b.ike;

		if (!octets.n)
			continue;
		means_one_thing(octets);
		if (send(near->fd, octets.p, octets.n, 0) != (ssize_t)octets.n ||
			!keeper_serve(&b.keeper, guards ? &b.keeper.guard : &b.keeper.ike))
			abort();
		hear(&b.guard);
		hear(&b.ike);
	}
	finish(&b);
	return 0;
}
