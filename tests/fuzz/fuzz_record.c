/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that says it is a record: it is refused with a sentence, or its events are written and read again as
 * the same. */
#include "daemon/tape.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text written(const struct tape_event *e, struct arena *arena)
{
	struct text out = text_in(arena);

	tape_put_head(true, &out);
	tape_put_core(&out);
	tape_put_event(e, true, &out);
	return out;
}

static void again(const struct tape_event *e, struct arena *arena)
{
	struct text first = written(e, arena), second, why = text_in(arena);
	struct tape t = { .in = bytes_str(text_str(&first)) };
	struct tape_step s;

	if (tape_begin(&t, &why) || tape_next(&t, arena, &s, &why))
		abort();
	second = written(&s.event, arena);
	if (strcmp(text_str(&first), text_str(&second)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tape t = { .in = bytes_of(data, size) };
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct tape_step s;
	enum err e = tape_begin(&t, &why);

	while (!e && !(e = tape_next(&t, &arena, &s, &why)))
		again(&s.event, &arena);
	if ((e == ERR_MISSING) == (why.n > 0))
		abort();
	arena_free(&arena);
	return 0;
}
