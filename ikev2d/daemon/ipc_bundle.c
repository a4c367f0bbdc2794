/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ipc_bundle.h"

#include <stdlib.h>

/* A bundle is a kind, a ticket, how many there are, and each behind its length (ipc_table.c). */
enum { COUNT_AT = 1 + 8, HEAD = COUNT_AT + 2, LENGTH = 4 };

static void begin(struct ipc_bundle *b)
{
	struct wr w;

	if (!b->room && !(b->room = malloc(IPC_BUNDLE_SIZE)))
		abort();
	w = wr_of(b->room, IPC_BUNDLE_SIZE);
	wr_u8(&w, IPC_BUNDLE);
	wr_zero(&w, HEAD - 1);
	b->used = w.n;
}

enum err ipc_gather(struct ipc_bundle *b, const struct ipc_message *m)
{
	struct wr w, one;

	if (m->n_fds)
		return b->n ? ERR_BUSY : ERR_RANGE;
	if (b->n == IPC_BUNDLE_MAX)
		return ERR_BUSY;
	if (!b->n)
		begin(b);
	w = wr_of(b->room, IPC_BUNDLE_SIZE);
	w.n = b->used;
	wr_u32(&w, 0);
	one = wr_of(b->room + w.n, IPC_BUNDLE_SIZE - w.n);
	if (w.bad || !ipc_encode(&one, m)) {
		wipe(b->room + b->used, IPC_BUNDLE_SIZE - b->used);
		return b->n ? ERR_BUSY : ERR_RANGE;
	}
	wr_u32_at(&w, b->used, (uint32_t)one.n);
	wr_u16_at(&w, COUNT_AT, (uint16_t)++b->n);
	b->used = w.n + one.n;
	return ERR_OK;
}

struct bytes ipc_gathered(struct ipc_bundle *b)
{
	const size_t head = b->n == 1 ? HEAD + LENGTH : 0;

	return b->n ? bytes_of(b->room + head, b->used - head) : (struct bytes){ 0 };
}

void ipc_bundle_clear(struct ipc_bundle *b)
{
	if (b->room)
		wipe(b->room, b->used);
	b->used = b->n = 0;
}

void ipc_bundle_free(struct ipc_bundle *b)
{
	ipc_bundle_clear(b);
	free(b->room);
	*b = (struct ipc_bundle){ 0 };
}

enum err ipc_send_gathered(struct ipc_channel *c, struct ipc_bundle *b)
{
	const struct bytes octets = ipc_gathered(b);
	enum err e = octets.n ? ipc_send_written(c, octets) : ERR_OK;

	ipc_bundle_clear(b);
	return e;
}

enum err ipc_send_later(struct ipc_channel *c, struct ipc_bundle *b, const struct ipc_message *m)
{
	enum err e = ipc_gather(b, m);

	if (e == ERR_BUSY) {
		e = ipc_send_gathered(c, b);
		if (e)
			return e;
		e = ipc_gather(b, m);
	}
	return e == ERR_RANGE ? ipc_send(c, m) : e;
}
