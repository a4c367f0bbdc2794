/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends of its channels. */
#include "tests/unit/talk.h"

#include <stdlib.h>
#include <sys/socket.h>

enum err talk_begin(
	struct talk *t, enum ipc_process p, struct ipc_channel *to_guard, struct ipc_channel *to_ike)
{
	enum err e;

	*t = (struct talk){ 0 };
	e = ipc_pair(IPC_GUARD, &t->guard, p, to_guard);
	if (!e)
		e = ipc_pair(IPC_IKE, &t->ike, p, to_ike);
	t->to_guard = to_guard;
	t->to_ike = to_ike;
	to_guard->phase = to_ike->phase = IPC_SERVING;
	return e;
}

enum err talk_third(struct talk *t, enum ipc_process who, enum ipc_process p, struct ipc_channel *to_third)
{
	enum err e = ipc_pair(who, &t->third, p, to_third);

	t->to_third = to_third;
	to_third->phase = IPC_SERVING;
	return e;
}

void talk_end(struct talk *t)
{
	if (t->to_third) {
		ipc_close(&t->third);
		ipc_close(t->to_third);
	}
	ipc_close(&t->guard);
	ipc_close(&t->ike);
	ipc_close(t->to_guard);
	ipc_close(t->to_ike);
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

/* Whose the next of IN is; MORE: it goes with the one behind it. */
enum { IKES, GUARDS, THIRDS };
static unsigned next_is(struct rd *in, bool *more, struct bytes *octets)
{
	const uint8_t flags = rd_u8(in);
	const size_t n = rd_u16(in);

	*octets = rd_bytes(in, n < in->n ? n : in->n);
	*more = flags & 2;
	return flags & 1 ? GUARDS : flags & 4 ? THIRDS : IKES;
}

/* OCTETS, and those that go with them, as a bundle. */
static struct bytes gather(struct rd *in, struct bytes octets, struct wr *w)
{
	enum { COUNT_AT = 9, MOST = 8 };
	uint16_t n = 1;

	wr_u8(w, IPC_BUNDLE);
	wr_zero(w, COUNT_AT + 2 - 1);
	for (bool more = true;; n++) {
		wr_u32(w, (uint32_t)octets.n);
		wr_bytes(w, octets);
		if (!more || n == MOST)
			break;
		(void)next_is(in, &more, &octets);
	}
	wr_u16_at(w, COUNT_AT, n);
	return wr_done(w);
}

struct ipc_channel *talk_throw(struct talk *t, struct rd *in)
{
	static uint8_t bundle[IPC_MAX];
	struct bytes octets;
	bool more;

	const struct ipc_channel *from;
	struct wr w = wr_of(bundle, sizeof bundle);
	bool guards, thirds;
	unsigned whose;

	if (!in->n)
		return NULL;
	whose = next_is(in, &more, &octets);
	guards = whose == GUARDS;
	thirds = whose == THIRDS && t->to_third;
	from = guards ? &t->guard : thirds ? &t->third : &t->ike;
	if (more)
		octets = gather(in, octets, &w);
	means_one_thing(octets);
	if (send(from->fd, octets.p, octets.n, 0) != (ssize_t)octets.n)
		abort();
	return guards ? t->to_guard : thirds ? t->to_third : t->to_ike;
}

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

void talk_hear(const struct talk *t)
{
	hear(&t->guard);
	hear(&t->ike);
	if (t->to_third)
		hear(&t->third);
}
