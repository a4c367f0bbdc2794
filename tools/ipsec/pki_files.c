/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pki_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_fail(struct pki *p, const char *path, const char *what)
{
	return ipsec_fail(p->x, FAILED, "%s %s: %s", path, what, strerror(errno));
}

const char *pki_path(struct pki *p, const char *path)
{
	return *path == '/' ? path : arena_printf(p->arena, "%s/%s", p->dir, path);
}

bool pki_exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

int pki_mkdir(struct pki *p, const char *path)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return system_fail(p, path, "cannot be made");
	return DONE;
}

const char *pki_folder_of(struct pki *p, const char *path)
{
	char *copy = arena_str(p->arena, path), *slash = strrchr(copy, '/');

	if (!slash)
		return ".";
	if (slash == copy)
		return "/";
	*slash = 0;
	return copy;
}

/* What was renamed or removed in a folder lasts. */
static int sync_folder(struct pki *p, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = fd >= 0 && !fsync(fd);

	if (fd >= 0)
		close(fd);
	return done ? DONE : system_fail(p, path, "cannot be synced");
}

static bool write_all(int fd, struct bytes data)
{
	while (data.n) {
		ssize_t n = write(fd, data.p, data.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			data = bytes_of(data.p + n, data.n - (size_t)n);
	}
	return true;
}

int pki_write_new(struct pki *p, const char *path, struct bytes data)
{
	int fd, code = DONE;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return system_fail(p, path, "cannot be made");
	if (!write_all(fd, data) || fsync(fd))
		code = system_fail(p, path, "cannot be written");
	close(fd);
	if (code)
		(void)unlink(path);
	return code;
}

int pki_move(struct pki *p, const char *from, const char *to)
{
	if (rename(from, to))
		return system_fail(p, to, "cannot be put in its place");
	return sync_folder(p, pki_folder_of(p, to));
}

int pki_check_free(struct pki *p, const char *path)
{
	if (!pki_exists(path) || pki_has(p, OPT_FORCE))
		return DONE;
	return ipsec_fail(p->x, FAILED, "%s is there already: --force overwrites it", path);
}

int pki_write(struct pki *p, const char *path, struct bytes data)
{
	const char *folder = pki_folder_of(p, path), *name = strrchr(path, '/');
	const char *temp = arena_printf(p->arena, "%s/.%s.new", folder, name ? name + 1 : path);
	int code = pki_check_free(p, path);

	if (!code)
		code = pki_write_new(p, temp, data);
	return code ? code : pki_move(p, temp, path);
}

/* ------------------------------------------------------------- the folder */

static const char *new_file(struct pki *p, unsigned i)
{
	return pki_path(p, arena_printf(p->arena, "pki/new.%u", i));
}

/* A line of the list: "new.N PATH", tab between. */
static int finish_line(struct pki *p, char *line)
{
	const char *from = strsep(&line, "\t"), *to, *folder;

	if (!line || strncmp(from, "new.", 4) || strchr(from, '/') || strstr(line, "../"))
		return ipsec_fail(p->x, FAILED, "%s is damaged: look at it, then remove it",
			pki_path(p, "pki/pending"));
	from = pki_path(p, arena_printf(p->arena, "pki/%s", from));
	to = pki_path(p, line);
	folder = pki_folder_of(p, to);
	if (!pki_exists(from))
		return DONE;
	return pki_mkdir(p, folder) ? FAILED : pki_move(p, from, to);
}

int pki_finish(struct pki *p)
{
	const char *path = pki_path(p, "pki/pending");
	struct bytes data;
	char *rest;
	int code = pki_read_file(p, path, &data);

	if (code)
		return code;
	rest = arena_text(p->arena, data);
	while (!code && rest && *rest)
		code = finish_line(p, strsep(&rest, "\n"));
	if (!code && unlink(path))
		code = system_fail(p, path, "cannot be removed");
	return code ? code : sync_folder(p, pki_path(p, "pki"));
}

/* What a command left that ended before its list. */
static void sweep(struct pki *p)
{
	const char *path = pki_path(p, "pki");
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "new.", 4) || !strcmp(entry->d_name, ".pending.new"))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
}

static int repair(struct pki *p)
{
	int code = DONE;

	if (pki_exists(pki_path(p, "pki/pending")))
		code = pki_finish(p);
	if (!code)
		sweep(p);
	return code;
}

int pki_lock(struct pki *p)
{
	const char *path = pki_path(p, "pki/lock");

	if (pki_mkdir(p, p->dir) || pki_mkdir(p, pki_path(p, "pki")))
		return FAILED;
	p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (p->lock < 0)
		return system_fail(p, path, "cannot be opened");
	if (flock(p->lock, p->waits ? LOCK_EX : LOCK_EX | LOCK_NB))
		return ipsec_fail(p->x, FAILED,
			"another ipsec pki is at work in %s: wait until it has ended, then try again",
			p->dir);
	return repair(p);
}

/* What is renamed must not change its file system. */
static int check_place(struct pki *p, const char *folder)
{
	struct stat here, there;

	if (stat(pki_path(p, "pki"), &here) || stat(folder, &there))
		return system_fail(p, folder, "cannot be looked at");
	if (here.st_dev != there.st_dev)
		return ipsec_fail(p->x, FAILED, "%s is on another file system than %s: both must be on one",
			folder, pki_path(p, "pki"));
	return DONE;
}

int pki_stage(struct pki *p, const char *path, struct bytes data, bool replace)
{
	const char *target = pki_path(p, path), *folder = pki_folder_of(p, target);
	int code = replace ? DONE : pki_check_free(p, target);

	if (!code)
		code = pki_mkdir(p, folder);
	if (!code)
		code = check_place(p, folder);
	if (!code)
		code = pki_write_new(p, new_file(p, p->staged), data);
	if (!code)
		text_add(&p->pending, "new.%u\t%s\n", p->staged++, path);
	return code;
}

void pki_drop_staged(struct pki *p)
{
	while (p->staged)
		(void)unlink(new_file(p, --p->staged));
}

int pki_log(struct pki *p)
{
	const char *temp = pki_path(p, "pki/.pending.new");
	int code = pki_write_new(p, temp, bytes_str(text_str(&p->pending)));

	if (!code)
		code = pki_move(p, temp, pki_path(p, "pki/pending"));
	if (!code)
		p->staged = 0;
	return code;
}

int pki_commit(struct pki *p)
{
	int code = pki_log(p);

	return code ? code : pki_finish(p);
}
