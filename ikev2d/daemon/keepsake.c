/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read, or drawn and written. */
#include "daemon/keepsake.h"

#include "daemon/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours_alone(int fd, size_t n)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077) &&
	       st.st_size == (off_t)n;
}

bool keepsake_read(const char *path, uint8_t *out, size_t n)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool ok = fd >= 0 && is_ours_alone(fd, n) && read(fd, out, n) == (ssize_t)n;

	if (fd >= 0)
		close(fd);
	return ok;
}

enum err keepsake_put(const char *path, struct bytes secret, struct text *why)
{
	enum err e = replace_file(path, secret);

	if (e)
		text_add(why, "the file %s cannot be written: %s", path, strerror(errno));
	return e;
}

enum err keepsake_get(const char *path, struct rng *rng, uint8_t *out, size_t n, struct text *why)
{
	if (keepsake_read(path, out, n))
		return ERR_OK;
	rng_fill(rng, out, n);
	return keepsake_put(path, bytes_of(out, n), why);
}
