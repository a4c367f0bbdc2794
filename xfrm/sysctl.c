/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings below /proc/sys. */
#include "xfrm/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static enum err translate(int error)
{
	switch (error) {
	case ENOENT: return ERR_MISSING;
	case EACCES:
	case EPERM:
	case EROFS: return ERR_DENIED;
	default: return ERR_SYSTEM;
	}
}

static int sysctl_open(const char *name, int flags)
{
	char path[256];
	int n = snprintf(path, sizeof path, "/proc/sys/%s", name);

	if (n >= (int)sizeof path) {
		errno = ENOENT;
		return -1;
	}
	return open(path, flags | O_CLOEXEC);
}

enum err sysctl_get(const char *name, int *value)
{
	char text[32] = "";
	int fd = sysctl_open(name, O_RDONLY);

	if (fd < 0)
		return translate(errno);
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	return n > 0 && sscanf(text, "%d", value) == 1 ? ERR_OK : ERR_SYSTEM;
}

enum err sysctl_set(const char *name, int value)
{
	int fd = sysctl_open(name, O_WRONLY);

	if (fd < 0)
		return translate(errno);
	enum err e = dprintf(fd, "%d\n", value) > 0 ? ERR_OK : translate(errno);
	close(fd);
	return e;
}
