/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line a change. */
#include "daemon/lease_file.h"

#include "daemon/replace.h"
#include "daemon/tape_field.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_MAX = 256 * 1024 * 1024, /* octets that are read: of more than LEASES_MAX long lines */
	HASH_TEXT = 16,
	START_SLACK = 64, /* lines that a start reads in vain, beside one for each lease: more take longer
			   * than to write the file anew */
};

/* ------------------------------------------------------------------- a line */

static void print(const struct lease *e, struct text *out)
{
	size_t begin = out->n;
	char ip[IP_TEXT];

	text_add(out, "%c %s %u ", e->users ? '+' : '-', ip_print(&e->ip, ip), e->holder->id.type);
	tape_put_hex(e->holder->id.data, out);
	text_add(out, " %016" PRIx64 "\n", bytes_hash(BYTES_HASH, bytes_of(out->s + begin, out->n - begin)));
}

/* LINE ends where its newline was. False: it is none of ours, or not whole. */
static bool parse(char *line, struct arena *arena, bool *used, struct ip *ip, struct id *id)
{
	size_t n = strlen(line);
	const char *sign, *address, *type, *data;
	char hash[HASH_TEXT + 1];
	uint64_t number;

	if (n <= HASH_TEXT || line[n - HASH_TEXT - 1] != ' ')
		return false;
	snprintf(hash, sizeof hash, "%016" PRIx64, bytes_hash(BYTES_HASH, bytes_of(line, n - HASH_TEXT - 1)));
	if (strcmp(hash, line + n - HASH_TEXT))
		return false;
	sign = strsep(&line, " ");
	address = strsep(&line, " ");
	type = strsep(&line, " ");
	data = strsep(&line, " ");
	if (!line || ip_parse(address, ip) || !tape_get_number(type, UINT8_MAX, &number) ||
		!tape_get_hex(data, arena, &id->data))
		return false;
	id->type = (uint8_t)number;
	*used = *sign == '+';
	return true;
}

/* ------------------------------------------------------------------ the file */

static void complain(const struct lease_file *f, const char *what, int error)
{
	struct arena arena = { 0 };

	f->say(arena_printf(&arena, "after a restart peers may get other addresses than before: %s %s: %s",
		f->path, what, strerror(error)));
	arena_free(&arena);
}

/* Octets of the file, from ARENA; none where there is no file. *READ_IT is false where there is one that
 * cannot be read. */
static struct bytes read_all(const struct lease_file *f, struct arena *arena, bool *read_it)
{
	int fd = open(f->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	uint8_t *p;
	ssize_t n;

	*read_it = fd < 0 && errno == ENOENT;
	if (*read_it)
		return (struct bytes){ 0 };
	if (fd < 0 || fstat(fd, &st) || st.st_size > FILE_MAX) {
		complain(f, "cannot be read", fd < 0 ? errno : EFBIG);
		if (fd >= 0)
			close(fd);
		return (struct bytes){ 0 };
	}
	p = arena_alloc(arena, (size_t)st.st_size);
	n = read(fd, p, (size_t)st.st_size);
	close(fd);
	*read_it = n == st.st_size;
	return bytes_of(p, n > 0 ? (size_t)n : 0);
}

/* Returns how many lines counted for nothing. *READ_IT as above. */
static unsigned restore(struct lease_file *f, bool *read_it)
{
	struct arena file = { 0 };
	struct bytes rest = read_all(f, &file, read_it);
	unsigned bad = 0;
	const uint8_t *end;

	while (rest.n && (end = memchr(rest.p, '\n', rest.n))) {
		struct arena scratch = { 0 };
		size_t n = (size_t)(end - rest.p);
		struct ip ip;
		struct id id;
		bool used;

		if (!parse(arena_text(&scratch, bytes_of(rest.p, n)), &scratch, &used, &ip, &id) ||
			!leases_restore(f->leases, &ip, &id, used))
			bad++;
		f->lines++;
		rest = bytes_of(end + 1, rest.n - n - 1);
		arena_free(&scratch);
	}
	leases_restored(f->leases);
	bad += rest.n > 0;
	arena_free(&file);
	return bad;
}

/* What comes next may stand behind what is there: a disk that is slow is not waited for at each start. False:
 * somebody else may read or write it. */
static bool go_on(struct lease_file *f)
{
	const int how = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct stat st;

	f->fd = open(f->path, how, 0600);
	if (f->fd >= 0 && !fstat(f->fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		!(st.st_mode & 077))
		return true;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	return false;
}

static void rewrite(struct lease_file *f)
{
	struct arena arena = { 0 };
	struct text all = text_in(&arena);

	list_each (k, &f->leases->all)
		print(node_owner(k, struct lease, of_all), &all);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->lines = 0;
	if (!replace_file(f->path, bytes_of(text_str(&all), all.n)))
		f->fd = open(f->path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (f->fd < 0)
		complain(f, "cannot be written", errno);
	arena_free(&arena);
}

/* A line that was written in part is behind the last one that counts, and nothing is to be behind it. */
static void append(struct lease_file *f, const struct lease *e)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);
	ssize_t n;

	print(e, &line);
	n = write(f->fd, line.s, line.n);
	if (n != (ssize_t)line.n) {
		complain(f, "cannot be written", n < 0 ? errno : ENOSPC);
		close(f->fd);
		f->fd = -1;
	}
	arena_free(&arena);
}

static void on_changed(void *ctx, const struct lease *e)
{
	struct lease_file *f = ctx;

	if (++f->lines > f->leases->n + LEASE_FILE_SLACK)
		rewrite(f);
	else if (f->fd >= 0)
		append(f, e);
}

void lease_file_start(
	struct lease_file *f, const char *path, struct leases *leases, void (*say)(const char *line))
{
	unsigned bad;
	bool read_it;

	*f = (struct lease_file){ .leases = leases, .path = strdup(path), .fd = -1, .say = say };
	if (!f->path)
		abort();
	bad = restore(f, &read_it);
	if (bad)
		say("the file of leases has lines that do not count: a crash has cut the last one off, or "
		    "somebody has written to it");
	if (bad || !read_it || f->lines > 2 * leases->n + START_SLACK || !go_on(f))
		rewrite(f);
	leases->changed = on_changed;
	leases->ctx = f;
}

void lease_file_stop(struct lease_file *f)
{
	f->leases->changed = NULL;
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
}
