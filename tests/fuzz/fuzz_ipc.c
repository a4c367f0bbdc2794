/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a guard, an ike and a certs that somebody has taken over: each is refused with a sentence or
 * means one thing, and keeper outlives them all. The input is a row of messages, each behind its length and
 * whose it is. */
#include "daemon/keeper.h"
#include "tests/unit/talk.h"

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
	struct keeper keeper;
	struct talk talk;
	struct ipc_channel certs; /* keeper's end */
	int image;
};

static void begin(struct bench *b)
{
	b->image = image_make();
	if (keeper_start(&b->keeper, b->image) ||
		talk_begin(&b->talk, IPC_KEEPER, &b->keeper.guard, &b->keeper.ike) ||
		talk_third(&b->talk, IPC_CERTS, IPC_KEEPER, &b->certs))
		abort();
	b->keeper.certs = &b->certs;
}

static void finish(struct bench *b)
{
	keeper_stop(&b->keeper);
	talk_end(&b->talk);
	b->keeper = (struct keeper){ 0 };
	/* What was written down is whole. */
	if (keeper_start(&b->keeper, b->image))
		abort();
	keeper_stop(&b->keeper);
	close(b->image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = { 0 };
	struct rd r = rd_of(bytes_of(data, size));
	struct ipc_channel *at;

	begin(&b);
	while ((at = talk_throw(&b.talk, &r))) {
		if (!keeper_serve(&b.keeper, at))
			abort();
		talk_hear(&b.talk);
	}
	finish(&b);
	return 0;
}
