/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a guard and an ike to the process that leads EAP, with what peers can put into them: a row of
 * messages, each behind whose it is and its length. */
#include "daemon/eaps.h"
#include "tests/unit/talk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(bytes_of(data, size));
	struct ipc_channel *at;
	struct eaps e;
	struct talk t;

	eaps_start(&e);
	if (talk_begin(&t, IPC_EAPS, &e.guard, &e.ike))
		abort();
	while ((at = talk_throw(&t, &in)) && eaps_serve(&e, at == &e.guard ? &e.guard : &e.ike))
		talk_hear(&t);
	talk_hear(&t);
	eaps_stop(&e);
	talk_end(&t);
	return 0;
}
