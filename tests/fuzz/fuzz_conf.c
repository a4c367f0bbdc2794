/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as the main file of a configuration, and as a strongswan.conf; it includes nothing that is there. */
#include "conf/load.h"
#include "conf/strongswan.h"

static enum err fuzz_read(void *ctx, const char *path, struct arena *arena, struct bytes *out)
{
	(void)arena;
	*out = *(const struct bytes *)ctx;
	return strcmp(path, "main") ? ERR_MISSING : ERR_OK;
}

static enum err fuzz_glob(
	void *ctx, const char *pattern, struct arena *arena, const char *const **paths, unsigned *n)
{
	(void)ctx, (void)pattern, (void)arena;
	*paths = NULL;
	*n = 0;
	return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes file = bytes_of(data, size);
	struct conf_files files = { fuzz_read, fuzz_glob, &file };
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct conf conf;

	if (!conf_load("main", &files, &conf, &why, &notes))
		conf_free(&conf);
	conf = (struct conf){ .settings = settings_default() };
	(void)!strongswan_read("main", &files, &conf, &why, &notes);
	conf_free(&conf);
	arena_free(&arena);
	return 0;
}
