/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay FILE...: plays records of `ikev2d --record` and `sim --record` to the core as it is now. */
#include "tests/replay/player.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The whole file, from ARENA; false: it cannot be read. */
static bool read_file(const char *path, struct arena *arena, struct bytes *out)
{
	FILE *f = fopen(path, "rb");
	long n;

	if (!f)
		return false;
	if (fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) {
		fclose(f);
		return false;
	}
	out->p = arena_alloc(arena, (size_t)n + 1);
	out->n = fread((void *)out->p, 1, (size_t)n, f);
	fclose(f);
	return out->n == (size_t)n;
}

static bool play(const char *path)
{
	struct arena arena = { 0 };
	struct text said = text_in(&arena);
	struct played played = { 0 };
	struct bytes file;

	if (read_file(path, &arena, &file))
		played = player_play(file, &said);
	else
		text_add(&said, "it cannot be read: %s\n", strerror(errno));
	printf("%s: %u steps, %s\n%s", path, played.steps,
		!played.equal    ? "NOT equal"
		: played.secrets ? "equal"
				 : "equal; secrets were withheld: keys, seals and proofs were not compared",
		text_str(&said));
	arena_free(&arena);
	return played.equal && played.steps;
}

int main(int argc, char **argv)
{
	unsigned passed = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: replay FILE...\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		passed += play(argv[i]);
	printf("%u passed, %u failed\n", passed, (unsigned)(argc - 1) - passed);
	return passed != (unsigned)(argc - 1);
}
