/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as ipsec.conf or ipsec.secrets: what they become loads. The first octet says which of them, and
 * the dialect. */
#include "conf/import.h"
#include "conf/load.h"

#include <stdio.h>
#include <stdlib.h>

static enum err fuzz_read(void *ctx, const char *path, struct arena *arena, struct bytes *out)
{
	(void)arena;
	*out = *(const struct bytes *)ctx;
	return strncmp(path, "main", 4) ? ERR_MISSING : ERR_OK;
}

static enum err fuzz_glob(
	void *ctx, const char *pattern, struct arena *arena, const char *const **paths, unsigned *n)
{
	(void)ctx, (void)pattern, (void)arena;
	*paths = NULL;
	*n = 0;
	return ERR_OK;
}

static void load(const struct text *made, struct arena *arena)
{
	struct bytes file = bytes_str(text_str(made));
	struct conf_files files = { fuzz_read, fuzz_glob, &file };
	struct text why = text_in(arena), notes = text_in(arena);
	struct conf conf;

	if (conf_load("main", &files, &conf, &why, &notes)) {
		fprintf(stderr, "%s\n%s\n", text_str(made), text_str(&why));
		abort();
	}
	conf_free(&conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes file = bytes_of(data + 1, size - 1);
	struct conf_files files = { fuzz_read, fuzz_glob, &file };
	struct arena arena = { 0 };
	struct text out = text_in(&arena), left = text_in(&arena), why = text_in(&arena);
	struct import im = { .files = &files, .out = &out, .left = &left, .why = &why };
	const char *path;

	if (!size)
		return 0;
	im.from = (enum import_dialect)(data[0] % 3);
	path = data[0] / 3 % 2 ? "main.secrets" : "main.conf";
	if (!import_files(&im, &path, 1))
		load(&out, &arena);
	arena_free(&arena);
	return 0;
}
