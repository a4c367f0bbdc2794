/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of guard to the process that carries packets: each is refused or done, and all that it says of it
 * is well-formed; its threads live on, and end when it does. The input is a row of messages, each behind how
 * many descriptors come with it and its length, with kinds that count from IPC_ESP_ORDER. */
#include "daemon/carrier.h"
#include "xfrm/user/meter.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES_MAX = 32, AS_IT_WANTS = 255 /* so many descriptors as guard gives with that */ };

struct bench {
	struct carrier carrier;
	struct ipc_channel near; /* guard's */
	struct meters meters;
	struct arena arena;
	unsigned workers;
	int ends[2]; /* what stands for devices and sockets, and its other end */
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void begin(struct bench *b)
{
	struct text why = text_in(&b->arena);
	uint32_t number; /* with which there are more */

	must(!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, b->ends));
	must(!meters_make(&b->meters, &why) && !meters_get(&b->meters, &number, &why));
	carrier_start(&b->carrier);
	must(!ipc_pair(IPC_GUARD, &b->near, IPC_ESP, &b->carrier.guard));
	b->near.phase = b->carrier.guard.phase = IPC_SERVING;
}

static void finish(struct bench *b)
{
	ipc_close(&b->near);
	ipc_close(&b->carrier.guard);
	carrier_stop(&b->carrier);
	meters_close(&b->meters);
	close(b->ends[0]);
	close(b->ends[1]);
	arena_free(&b->arena);
}

/* What guard gives with O. */
static unsigned wanted(struct bench *b, const struct esp_order *o)
{
	unsigned n = 0;

	if (o->kind == ORDER_DEVICE_ADD)
		n = b->workers;
	if (o->kind == ORDER_OPEN && o->open.workers <= WORKERS_MAX) {
		b->workers = b->workers ? b->workers : o->open.workers;
		n = 1 + o->open.workers * (unsigned)__builtin_popcount(o->open.there);
	}
	return n <= ORDER_FDS ? n : ORDER_FDS;
}

static void throw(struct bench *b, unsigned n, struct bytes octets)
{
	int fds[ORDER_FDS];
	struct ipc_message m;
	bool is_order = !ipc_decode(octets, &b->arena, &m) && m.kind == IPC_ESP_ORDER;

	if (n == AS_IT_WANTS)
		n = is_order ? wanted(b, &m.esp_order) : 0;
	n = n <= ORDER_FDS ? n : ORDER_FDS;
	for (unsigned i = 0; i < n; i++)
		fds[i] = b->ends[0];
	if (n && is_order && m.esp_order.kind == ORDER_OPEN)
		fds[0] = b->meters.fd;
	must(!ipc_tell_written(&b->near, octets, fds, n));
}

static void hear(struct bench *b)
{
	static uint8_t room[IPC_MAX];
	struct ipc_message m;
	ssize_t n;

	carrier_report(&b->carrier);
	while ((n = recv(b->near.fd, room, sizeof room, MSG_DONTWAIT)) > 0) {
		must(!ipc_decode(bytes_of(room, (size_t)n), &b->arena, &m));
		must(m.kind == IPC_ESP_DONE || m.kind == IPC_ESP_REPORT);
		must(m.kind != IPC_ESP_DONE || !m.done.result == !m.done.what);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(bytes_of(data, size));
	struct bench b = { 0 };
	bool good = true;

	begin(&b);
	for (unsigned i = 0; i < MESSAGES_MAX && in.n && good; i++) {
		const unsigned fds = rd_u8(&in);
		const size_t n = rd_u16(&in);
		struct bytes octets = rd_bytes(&in, n < in.n ? n : in.n);
		uint8_t *m = arena_alloc(&b.arena, octets.n);

		if (!octets.n)
			continue;
		memcpy(m, octets.p, octets.n);
		*m += IPC_ESP_ORDER;
		throw(&b, fds, bytes_of(m, octets.n));
		good = carrier_serve(&b.carrier);
		hear(&b);
	}
	finish(&b);
	return 0;
}
