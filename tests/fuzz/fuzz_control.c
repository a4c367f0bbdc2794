/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a ctl that somebody has taken over, to guard: it is ended, or does what a client may. The input
 * is a row of them, each behind its length, with kinds that count from IPC_CLIENT; commands end between them.
 * Clients are our own. */
#include "tests/unit/control_bench.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void end_command(struct control_bench *b)
{
	struct vici_outcome outcome = { .success = b->fake->ticket % 2, .why = { .what = "given up" } };

	vici_log(b->vici, b->fake->ticket, "IKE", 1, "gw", 1, "news");
	vici_done(b->vici, b->fake->ticket, &outcome);
}

static bool deliver(struct control_bench *b, struct bytes octets, int client)
{
	uint8_t *m = arena_alloc(&b->arena, octets.n);

	memcpy(m, octets.p, octets.n);
	*m += IPC_CLIENT;
	return control_bench_throw(b, bytes_of(m, octets.n), &client, *m == IPC_CLIENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(bytes_of(data, size));
	struct control_bench b;
	bool good = true;
	int client;

	control_bench_start(&b);
	client = control_bench_accepted(&b, 0);
	while (in.n && good) {
		size_t n = rd_u16(&in);
		struct bytes octets = rd_bytes(&in, n < in.n ? n : in.n);

		good = !octets.n || deliver(&b, octets, client);
		end_command(&b);
	}
	close(client);
	control_bench_stop(&b);
	return 0;
}
