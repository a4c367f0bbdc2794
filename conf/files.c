/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading files of this machine, without buffers that would keep secrets. */
#include "conf/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

static enum err err_of(int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR: return ERR_MISSING;
	case EACCES:
	case EPERM: return ERR_DENIED;
	case EISDIR: return ERR_UNSUPPORTED;
	default: return ERR_SYSTEM;
	}
}

/* Until the file ends; a full buffer is replaced by one of twice its size. */
static enum err read_all(int fd, struct arena *arena, struct bytes *out)
{
	size_t cap = PIECE, n = 0;
	uint8_t *p = arena_alloc(arena, cap), *bigger;
	ssize_t got;

	while ((got = read(fd, p + n, cap - n)) > 0) {
		n += (size_t)got;
		if (n < cap)
			continue;
		if (cap > CONF_FILE_MAX)
			return ERR_RANGE;
		bigger = arena_alloc(arena, 2 * cap);
		memcpy(bigger, p, n);
		p = bigger;
		cap *= 2;
	}
	*out = bytes_of(p, n);
	return got < 0 ? err_of(errno) : n > CONF_FILE_MAX ? ERR_RANGE : ERR_OK;
}

static enum err system_read(void *ctx, const char *path, struct arena *arena, struct bytes *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum err e;

	(void)ctx;
	if (fd < 0)
		return err_of(errno);
	e = read_all(fd, arena, out);
	close(fd);
	return e;
}

static enum err system_glob(
	void *ctx, const char *pattern, struct arena *arena, const char *const **paths, unsigned *n)
{
	glob_t found;
	const char **list;
	int failed = glob(pattern, 0, NULL, &found);

	(void)ctx;
	*paths = NULL;
	*n = 0;
	if (failed)
		return failed == GLOB_NOMATCH ? ERR_OK : ERR_SYSTEM;
	list = ARENA_ARRAY(arena, found.gl_pathc, const char *);
	for (size_t i = 0; i < found.gl_pathc; i++)
		list[i] = arena_str(arena, found.gl_pathv[i]);
	*paths = list;
	*n = (unsigned)found.gl_pathc;
	globfree(&found);
	return ERR_OK;
}

const struct conf_files conf_files_system = { .read = system_read, .glob = system_glob };
