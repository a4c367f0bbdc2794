/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a process that carries packets and that somebody has taken over, to guard: each is refused, or
 * is a report about what guard has given to it. The input is a row of messages, each behind its length, with
 * kinds that count from IPC_ESP_DONE. */
#include "daemon/datapath_esp.h"
#include "daemon/family.h"
#include "tests/unit/reported.h"
#include "xfrm/user/order.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
	struct world world;
	struct member esp;
	struct ipc_channel far; /* its end */
	struct xfrm *user;
};

static void say_nothing(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)ctx;
	(void)level;
	(void)word;
	(void)line;
}

static void begin(struct bench *b)
{
	log_to(say_nothing, NULL);
	b->user = reported_new();
	datapath_esp_start(&b->world)->user = b->user;
	b->esp = (struct member){ .spec = { .process = IPC_ESP, .ctx = b->world.esp } };
	if (ipc_pair(IPC_GUARD, &b->esp.near[0], IPC_ESP, &b->far))
		abort();
	b->esp.near[0].phase = IPC_SERVING;
}

static void finish(struct bench *b)
{
	ipc_close(&b->esp.near[0]);
	ipc_close(&b->far);
	datapath_esp_stop(&b->world);
	reported_free(b->user);
}

/* False when that was its end. */
static bool deliver(struct bench *b, struct bytes octets)
{
	struct arena arena = { 0 };
	uint8_t *m = arena_alloc(&arena, octets.n);
	const char *wrong = NULL;
	enum err e;

	memcpy(m, octets.p, octets.n);
	*m += IPC_ESP_DONE;
	if (ipc_tell_written(&b->far, bytes_of(m, octets.n), NULL, 0))
		abort();
	e = ipc_take(&b->esp.near[0], &arena, &b->esp, &wrong);
	if (e && !wrong)
		abort();
	arena_free(&arena);
	return !e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(bytes_of(data, size));
	struct bench b = { 0 };
	bool good = true;

	begin(&b);
	while (in.n && good) {
		size_t n = rd_u16(&in);
		struct bytes octets = rd_bytes(&in, n < in.n ? n : in.n);

		good = !octets.n || deliver(&b, octets);
	}
	finish(&b);
	return 0;
}
