/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The undo journal. In memory a list in the order of making, and a hash from text to entry. */
#include "xfrm/journal.h"

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	COMPACT_MIN = 64, /* lines, below which a file is not worth being made anew */
	LINE_ROOM = JOURNAL_THING + 4,
	STRUCK_ROOM = 4096, /* octets */
};

struct entry {
	struct node order;
	struct entry *same; /* the next one with the same hash */
	unsigned owners;
	char thing[];
};

struct journal {
	struct node entries; /* oldest first */
	struct map by_hash;
	size_t lines;      /* in the file */
	size_t compact_at; /* with so many it is made anew */
	off_t size;
	int fd;
	bool gathers;
	size_t n_struck; /* octets of lines that wait */
	char struck[STRUCK_ROOM];
	char path[];
};

/* FNV-1a. */
static uint64_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
	return h;
}

static struct entry *entry_find(const struct journal *j, const char *thing)
{
	struct entry *e = map_get(&j->by_hash, hash(thing));

	while (e && strcmp(e->thing, thing))
		e = e->same;
	return e;
}

static struct entry *entry_add(struct journal *j, const char *thing)
{
	size_t n = strlen(thing) + 1;
	struct entry *e = malloc(sizeof *e + n);
	uint64_t key = hash(thing);

	if (!e)
		abort();
	memcpy(e->thing, thing, n);
	e->owners = 0;
	e->same = map_get(&j->by_hash, key);
	map_put(&j->by_hash, key, e);
	list_append(&j->entries, &e->order);
	return e;
}

static void entry_remove(struct journal *j, struct entry *e)
{
	uint64_t key = hash(e->thing);
	struct entry *first = map_take(&j->by_hash, key), **at = &first;

	while (*at != e)
		at = &(*at)->same;
	*at = e->same;
	if (first)
		map_put(&j->by_hash, key, first);
	list_remove(&e->order);
	free(e);
}

/* Octets of a line in OUT; 0: it is too long. */
static size_t line_print(char out[LINE_ROOM], char sign, const char *thing)
{
	int n = snprintf(out, LINE_ROOM, "%c %s\n", sign, thing);

	if (n < LINE_ROOM)
		return (size_t)n;
	errno = ENAMETOOLONG;
	return 0;
}

/* Lines of N octets at the end of FD, whole or not at all. */
static bool lines_write(int fd, off_t *size, const char *lines, size_t n)
{
	ssize_t done = pwrite(fd, lines, n, *size);

	if (done < 0 || (size_t)done != n) {
		int error = done < 0 ? errno : ENOSPC;

		/* A part that cannot be cut off is a line nobody understands: it does no harm. */
		if (ftruncate(fd, *size))
			*size += done > 0 ? done : 0;
		errno = error;
		return false;
	}
	*size += done;
	return true;
}

/* A line that cannot be written (the disk is full) makes a successor undo what is undone: no harm. */
static void struck_write(struct journal *j)
{
	if (j->n_struck)
		(void)lines_write(j->fd, &j->size, j->struck, j->n_struck);
	j->n_struck = 0;
}

static bool line_write(struct journal *j, const char *thing)
{
	char line[LINE_ROOM];
	size_t n = line_print(line, '+', thing);

	struck_write(j);
	return n && lines_write(j->fd, &j->size, line, n);
}

static void line_strike(struct journal *j, const char *thing)
{
	if (j->n_struck + LINE_ROOM > sizeof j->struck)
		struck_write(j);
	j->n_struck += line_print(j->struck + j->n_struck, '-', thing);
	j->lines++;
	if (!j->gathers)
		struck_write(j);
}

void journal_gather(struct journal *j, bool on)
{
	if (!j)
		return;
	j->gathers = on;
	if (!on)
		struck_write(j);
}

static void line_read(struct journal *j, const char *line)
{
	const char *thing = line + 2;
	struct entry *e;

	if ((line[0] != '+' && line[0] != '-') || line[1] != ' ' || !*thing ||
		strlen(thing) >= JOURNAL_THING) {
		log_say(LOG_WARN, "journal", "%s: skipping a line that is not understood: %.60s", j->path,
			line);
		return;
	}
	e = entry_find(j, thing);
	if (line[0] == '+' && !e)
		entry_add(j, thing);
	if (line[0] == '-' && e)
		entry_remove(j, e);
}

static void file_read(struct journal *j)
{
	int fd = dup(j->fd);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!file)
		abort();
	while ((n = getline(&line, &cap, file)) > 0 && line[n - 1] == '\n') {
		line[n - 1] = 0;
		line_read(j, line);
	}
	free(line);
	fclose(file);
}

/* Opens PATH and locks it. Once locked it must still be the file of that name: whoever had it may just have
 * removed or replaced it. -1 with errno. */
static int file_open(const char *path, int flags)
{
	struct stat opened, named;
	int fd = open(path, flags | O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &opened))
		goto fail;
	if (!stat(path, &named) && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev)
		return fd;
	errno = EWOULDBLOCK;
fail:;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* At once: of a thousand SAs there are thousands of lines. */
static bool whole_write(int fd, const struct text *all)
{
	ssize_t done = all->n ? pwrite(fd, all->s, all->n, 0) : 0;

	if (done >= 0 && (size_t)done < all->n)
		errno = ENOSPC;
	return done >= 0 && (size_t)done == all->n;
}

/* Makes the file anew with what stands: beside the old one, which it then replaces at once. */
static bool compact(struct journal *j)
{
	struct arena scratch = { 0 };
	char *beside = arena_printf(&scratch, "%s.new", j->path);
	int fd = file_open(beside, O_TRUNC);
	struct text all = text_in(&scratch);
	size_t lines = 0;
	bool ok;

	list_each (n, &j->entries) {
		text_add(&all, "+ %s\n", node_owner(n, struct entry, order)->thing);
		lines++;
	}
	ok = fd >= 0 && whole_write(fd, &all) && !rename(beside, j->path);
	if (ok) {
		j->n_struck = 0;
		close(j->fd);
		j->fd = fd;
		j->size = (off_t)all.n;
		j->lines = lines;
		j->compact_at = 2 * lines + COMPACT_MIN;
	} else {
		int error = errno;

		if (fd >= 0) {
			unlink(beside);
			close(fd);
		}
		j->compact_at *= 2;
		errno = error;
	}
	arena_free(&scratch);
	return ok;
}

static enum err refuse(const char *path, struct text *why)
{
	if (errno == EWOULDBLOCK) {
		text_add(why,
			"the undo journal %s is in use: another ikev2d runs with this directory; stop it "
			"or choose another --run-dir",
			path);
		return ERR_BUSY;
	}
	text_add(why,
		"cannot write the undo journal %s: %s: see to it that its directory exists, is writable and "
		"has room",
		path, strerror(errno));
	return errno == EACCES || errno == EPERM ? ERR_DENIED : ERR_SYSTEM;
}

enum err journal_open(const char *path, struct journal **out, struct text *why)
{
	size_t n = strlen(path) + 1;
	struct journal *j = calloc(1, sizeof *j + n);

	if (!j)
		abort();
	memcpy(j->path, path, n);
	list_init(&j->entries);
	j->compact_at = COMPACT_MIN;
	j->fd = file_open(path, 0);
	if (j->fd >= 0) {
		file_read(j);
		if (compact(j)) {
			*out = j;
			return ERR_OK;
		}
	}
	enum err e = refuse(path, why);
	journal_close(j);
	return e;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		struck_write(j);
	/* Removed while locked: nobody else can have it open by now and rely on it. */
	if (j->fd >= 0 && list_empty(&j->entries))
		unlink(j->path);
	if (j->fd >= 0)
		close(j->fd);
	list_each_safe (n, &j->entries)
		entry_remove(j, node_owner(n, struct entry, order));
	map_free(&j->by_hash);
	free(j);
}

bool journal_has(const struct journal *j, const char *thing)
{
	return entry_find(j, thing);
}

bool journal_owned(const struct journal *j, const char *thing)
{
	const struct entry *e = entry_find(j, thing);

	return e && e->owners;
}

enum err journal_take(struct journal *j, const char *thing, bool *first, struct text *why)
{
	struct entry *e = entry_find(j, thing);

	if (!e) {
		if (!line_write(j, thing))
			return refuse(j->path, why);
		j->lines++;
		e = entry_add(j, thing);
	}
	*first = !e->owners++;
	return ERR_OK;
}

bool journal_release(struct journal *j, const char *thing)
{
	struct entry *e = entry_find(j, thing);

	return e && e->owners && !--e->owners;
}

void journal_strike(struct journal *j, const char *thing)
{
	struct entry *e = entry_find(j, thing);

	if (!e)
		return;
	line_strike(j, e->thing);
	entry_remove(j, e);
	if (j->lines >= j->compact_at)
		compact(j);
}

void journal_undo(struct journal *j, journal_undo_fn *undo, void *ctx)
{
	struct node *n = j->entries.prev;

	while (n != &j->entries) {
		struct entry *e = node_owner(n, struct entry, order);

		n = n->prev;
		if (undo(ctx, e->thing, e->owners))
			journal_strike(j, e->thing);
	}
}
