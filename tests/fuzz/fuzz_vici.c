/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VICI client that sends anything, to a server with a fake daemon behind it. The first octet says how long
 * the pieces are in which the rest arrives; commands end, and news comes, between them. What the server sends
 * must be packets that can be read. */
#include "tests/unit/vici_client.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void end_command(struct vici_fake *f)
{
	struct vici_outcome outcome = { .success = f->ticket % 2, .why = { .what = "given up" } };

	vici_log(f->vici, f->ticket, "IKE", 1, "gw", 1, "news");
	vici_done(f->vici, f->ticket, &outcome);
	vici_updown(f->vici, true, f->sas, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vici_fake *f = vici_fake_new();
	struct vici_client *s = vici_client_open(f, VICI_SEES_KEYS);
	size_t piece = size && *data ? *data : 1;
	struct arena arena = { 0 };

	for (size_t at = 1; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		if (!vici_client_input(s, bytes_of(data + at, n)))
			break;
		end_command(f);
		vici_read_all(s, &arena);
	}
	arena_free(&arena);
	vici_fake_free(f);
	return 0;
}
