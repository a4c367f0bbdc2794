/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run directory, lock and pid. */
#include "daemon/rundir.h"

#include "daemon/clock.h"
#include "daemon/line.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOCK_TRIES = 8,
	LOOK_AGAIN = 10, /* ms */
};

static enum err explain(const char *what, const char *path, struct text *why)
{
	text_add(why, "the %s %s (%s)", what, path, strerror(errno));
	if (errno != EACCES && errno != EPERM)
		return ERR_SYSTEM;
	text_add(why, "; run ikev2d as root, or give it another directory with --run-dir");
	return ERR_DENIED;
}

/* False with errno set when it is neither made nor there. Modes are set apart: umask takes bits from mkdir's.
 */
static bool make_one(const char *path, unsigned mode)
{
	struct stat st;

	if (!mkdir(path, mode))
		return !chmod(path, mode);
	if (errno != EEXIST || stat(path, &st))
		return false;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode);
}

enum err rundir_make(const char *path, unsigned mode, struct text *why)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	bool ok = n && n < sizeof part;

	errno = ENAMETOOLONG;
	memcpy(part, path, ok ? n + 1 : 0);
	for (char *c = part + 1; ok && *c; c++)
		if (*c == '/') {
			*c = 0;
			ok = make_one(part, 0755);
			*c = '/';
		}
	if (ok && make_one(part, mode))
		return ERR_OK;
	return explain("directory cannot be made:", path, why);
}

static enum err refuse_second(const struct rundir *r, struct text *why)
{
	char pid[16] = "";
	int fd = open(r->pid_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, pid, sizeof pid - 1);

	if (fd >= 0)
		close(fd);
	while (n > 0 && (pid[n - 1] < '0' || pid[n - 1] > '9'))
		pid[--n] = 0;
	text_add(why,
		"another ikev2d (pid %s) has the run directory %s: stop it with \"ipsec stop\", or take "
		"another "
		"directory with --run-dir",
		n > 0 ? pid : "unknown", r->path);
	return ERR_BUSY;
}

/* Whether PATH still names the file open as FD: its last owner may have removed it before we got the lock. */
static bool same_file(int fd, const char *path)
{
	struct stat ours, there;

	return !fstat(fd, &ours) && !stat(path, &there) && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

static enum err cannot_lock(const struct rundir *r, struct text *why)
{
	if (errno == EWOULDBLOCK)
		return refuse_second(r, why);
	return explain("lock file cannot be locked:", r->lock_file, why);
}

static enum err lock(struct rundir *r, struct text *why)
{
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		int fd = open(r->lock_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			break;
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			enum err e = cannot_lock(r, why);

			close(fd);
			return e;
		}
		if (same_file(fd, r->lock_file)) {
			r->lock = fd;
			return ERR_OK;
		}
		close(fd);
	}
	return explain("lock file cannot be opened:", r->lock_file, why);
}

static bool write_pid(const char *path)
{
	char pid[16];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644),
	    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	bool ok = fd >= 0 && !fchmod(fd, 0644) && !ftruncate(fd, 0) && pwrite(fd, pid, (size_t)n, 0) == n;

	if (fd >= 0)
		close(fd);
	return ok;
}

static enum err note_pid(struct rundir *r, struct text *why)
{
	if (write_pid(r->pid_file))
		return ERR_OK;
	(void)explain("pid file cannot be written:", r->pid_file, why);
	return ERR_SYSTEM;
}

/* Nobody else waits for the lock, since we have the other one. Where there are none we go on: nothing is
 * known against it. */
static bool lock_in_time(int fd)
{
	const uint64_t end = clock_ms() + RUNDIR_PATIENCE;

	if (!flock(fd, LOCK_EX | LOCK_NB))
		return true;
	if (errno != EWOULDBLOCK) {
		line_say(LOG_WARN, "start",
			"whether processes of a daemon that was killed are left cannot be told");
		return true;
	}
	line_say(LOG_NOTICE, "start", "waiting for the processes of a daemon that was killed to end");
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (clock_ms() >= end)
			return false;
		(void)poll(NULL, 0, LOOK_AGAIN);
	}
	return true;
}

/* Datagrams would go to sockets of theirs, and devices of ours have the names of theirs. */
static enum err await_family(struct rundir *r, struct text *why)
{
	int fd = open(r->family_file, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		(void)explain("lock file cannot be opened:", r->family_file, why);
		return ERR_SYSTEM;
	}
	if (lock_in_time(fd)) {
		r->family = fd;
		return ERR_OK;
	}
	close(fd);
	text_add(why,
		"processes of an ikev2d that was killed, and had the run directory %s, do not end: kill "
		"those "
		"that \"pgrep -l ikev2d\" shows",
		r->path);
	return ERR_BUSY;
}

enum err rundir_open(struct rundir *r, const char *dir, struct arena *arena, struct text *why)
{
	enum err e = rundir_make(dir, 0755, why);

	*r = (struct rundir){ .path = arena_str(arena, dir),
		.pid_file = arena_printf(arena, "%s/pid", dir),
		.lock_file = arena_printf(arena, "%s/lock", dir),
		.lock = -1,
		.family_file = arena_printf(arena, "%s/family", dir),
		.family = -1 };
	if (!e)
		e = lock(r, why);
	if (e)
		return e;
	e = note_pid(r, why);
	if (!e)
		e = await_family(r, why);
	if (e)
		rundir_close(r);
	return e;
}

void rundir_close(struct rundir *r)
{
	if (r->family >= 0) {
		(void)unlink(r->family_file);
		close(r->family);
	}
	(void)unlink(r->pid_file);
	(void)unlink(r->lock_file);
	close(r->lock);
	r->lock = r->family = -1;
}
