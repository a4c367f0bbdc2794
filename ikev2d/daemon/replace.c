/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A draft, and its renaming. */
#include "daemon/replace.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, struct bytes b)
{
	while (b.n) {
		ssize_t n = write(fd, b.p, b.n);

		if (n <= 0)
			return false;
		b = bytes_of(b.p + n, b.n - (size_t)n);
	}
	return true;
}

static bool has_something(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && st.st_size;
}

/* What is there of that name may be anybody's. */
static bool write_draft(const char *path, struct bytes data, bool durable)
{
	bool done;
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	done = write_all(fd, data) && (!durable || !fsync(fd));
	close(fd);
	return done;
}

enum err replace_file(const char *path, struct bytes data)
{
	struct arena arena = { 0 };
	const char *draft = arena_printf(&arena, "%s.new", path);
	bool done = write_draft(draft, data, has_something(path)) && !rename(draft, path);
	int error = errno;

	if (!done)
		(void)unlink(draft);
	arena_free(&arena);
	errno = error;
	return done ? ERR_OK : ERR_SYSTEM;
}
