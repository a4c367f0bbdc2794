/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a guard to the process that speaks IKE, with what peers, servers and clients can put into them:
 * each is refused, or done, and all that it says of it is well-formed. The input is a row of messages, each
 * behind which channel it comes by and its length. */
#include "daemon/speaker.h"
#include "tests/unit/talk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
	struct speaker speaker;
	struct sockets sockets;
	struct event_base *base;
	struct talk talk;
};

static void say_nothing(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)ctx;
	(void)level;
	(void)word;
	(void)line;
}

/* No peer is heard but in messages. */
static void begin(struct bench *b)
{
	int fds[SOCKETS];

	for (int i = 0; i < SOCKETS; i++)
		fds[i] = -1;
	log_to(say_nothing, NULL);
	b->base = event_base_new();
	sockets_adopt(&b->sockets, fds);
	speaker_start(&b->speaker, b->base, &b->sockets, -1);
	if (ipc_pair(IPC_GUARD, &b->talk.guard, IPC_IKE, &b->speaker.guard) ||
		ipc_pair(IPC_CTL, &b->talk.ike, IPC_IKE, &b->speaker.ctl))
		abort();
	b->talk.to_guard = &b->speaker.guard;
	b->talk.to_ike = &b->speaker.ctl;
	b->speaker.guard.phase = b->speaker.ctl.phase = IPC_SERVING;
}

static void finish(struct bench *b)
{
	speaker_stop(&b->speaker);
	talk_end(&b->talk);
	event_base_free(b->base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = { 0 };
	struct rd r = rd_of(bytes_of(data, size));
	struct ipc_channel *at;

	begin(&b);
	while ((at = talk_throw(&b.talk, &r)) && speaker_serve(&b.speaker, at)) {
		event_base_loop(b.base, EVLOOP_NONBLOCK);
		talk_hear(&b.talk);
	}
	finish(&b);
	return 0;
}
