/* SPDX-License-Identifier: GPL-2.0-or-later */
/*   # ikev2d OWNER: names are asked through a tunnel; what was here before is behind #ikev2d#
 *   # ikev2d was link ../run/systemd/resolve/stub-resolv.conf
 *   nameserver 10.2.0.53
 *   search example.org
 *   # ikev2d end
 *   #ikev2d# nameserver 192.0.2.53
 *   options edns0
 */
#include "daemon/dns_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK    "# ikev2d "
#define SAYS    ": names are asked through a tunnel; what was here before is behind #ikev2d#\n"
#define LINK    "# ikev2d was link "
#define MISSING "# ikev2d was missing\n"
#define END     "# ikev2d end\n"
#define HIDDEN  "#ikev2d# "

/* What the file was before it was ours. */
enum was { WAS_FILE, WAS_LINK, WAS_MISSING };

static bool begins(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

/* What ours replace. */
static bool names_servers(const char *line)
{
	static const char *const words[] = { "nameserver", "search", "domain" };

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (begins(line, words[i]) && strchr(" \t", line[strlen(words[i])]))
			return true;
	return false;
}

/* The text NOW of a file that was WAS (a link to TARGET), with LINES before its others; from ARENA. OWNER,
 * one word, marks what is ours. */
static const char *with_lines(const char *now, enum was was, const char *target, const char *owner,
	const char *lines, struct arena *arena)
{
	struct text t = text_in(arena);

	text_add(&t, MARK "%s" SAYS, owner);
	if (was == WAS_LINK)
		text_add(&t, LINK "%s\n", target);
	if (was == WAS_MISSING)
		text_add(&t, MISSING);
	text_add(&t, "%s" END, lines);
	for (const char *line = now; *line; line = next_line(line)) {
		if (names_servers(line))
			text_add(&t, HIDDEN);
		text_put(&t, line, (size_t)(next_line(line) - line));
	}
	return text_str(&t);
}

/* What the lines of OWNER say of the file before; the line behind them. */
static const char *skip_ours(const char *line, enum was *was, const char **target, struct arena *arena)
{
	/* Somebody has cut it off: then the rest is not ours to throw away. */
	if (!strstr(line, "\n" END))
		return next_line(line);
	for (line = next_line(line); *line && !begins(line, END); line = next_line(line)) {
		if (begins(line, MISSING))
			*was = WAS_MISSING;
		if (begins(line, LINK)) {
			const char *to = line + strlen(LINK);

			*was = WAS_LINK;
			*target = arena_text(arena, bytes_of(to, strcspn(to, "\n")));
		}
	}
	return next_line(line);
}

/* The text NOW without all that OWNER has put there; NULL when that is nothing. *WAS and *TARGET as they were
 * given. From ARENA. */
static const char *without_lines(
	const char *now, const char *owner, enum was *was, const char **target, struct arena *arena)
{
	const char *first = arena_printf(arena, MARK "%s" SAYS, owner), *line = now;
	struct text t = text_in(arena);
	bool any = false;

	*was = WAS_FILE;
	*target = NULL;
	while (*line) {
		const char *end = next_line(line);

		if (begins(line, first)) {
			any = true;
			line = skip_ours(line, was, target, arena);
			continue;
		}
		if (any && begins(line, HIDDEN))
			line += strlen(HIDDEN);
		text_put(&t, line, (size_t)(end - line));
		line = end;
	}
	return any ? text_str(&t) : NULL;
}

/* ------------------------------------------------------------------- the file */

static enum err refuse(const char *what, const char *path, struct text *why)
{
	text_add(why, "%s cannot be %s: %s", path, what, strerror(errno));
	return ERR_SYSTEM;
}

/* The text of PATH and what it is. */
static enum err read_file(const char *path, struct arena *arena, const char **text, enum was *was,
	const char **target, struct text *why)
{
	char *room = arena_alloc(arena, DNS_FILE_MAX), link[PATH_MAX];
	ssize_t n = readlink(path, link, sizeof link - 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*was = n >= 0 ? WAS_LINK : WAS_FILE;
	*target = n >= 0 ? arena_text(arena, bytes_of(link, (size_t)n)) : NULL;
	*text = "";
	if (fd < 0 && errno != ENOENT)
		return refuse("read", path, why);
	if (fd < 0) {
		*was = n >= 0 ? WAS_LINK : WAS_MISSING;
		return ERR_OK;
	}
	n = read(fd, room, DNS_FILE_MAX);
	close(fd);
	if (n < 0)
		return refuse("read", path, why);
	if (n == DNS_FILE_MAX || memchr(room, 0, (size_t)n)) {
		text_add(why, "%s is too large, or no text: it is left as it is", path);
		return ERR_SYSTEM;
	}
	*text = arena_text(arena, bytes_of(room, (size_t)n));
	return ERR_OK;
}

static bool write_all(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0644), error;
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !fchmod(fd, 0644);

	error = errno;
	if (fd >= 0)
		ok &= !close(fd);
	errno = error;
	return ok;
}

/* PATH becomes a file of TEXT or, with TARGET, a link. */
static enum err write_file(const char *path, const char *text, const char *target, struct text *why)
{
	char fresh[PATH_MAX];
	bool made;

	snprintf(fresh, sizeof fresh, "%s.ikev2d", path);
	(void)unlink(fresh);
	made = target ? !symlink(target, fresh) : write_all(fresh, O_CREAT | O_EXCL, text);
	if (made && !rename(fresh, path))
		return ERR_OK;
	if (made)
		(void)unlink(fresh);
	if (!target && write_all(path, O_TRUNC, text))
		return ERR_OK;
	return refuse("written", path, why);
}

enum err dns_file_set(const char *path, const char *owner, const char *lines, struct text *why)
{
	struct arena arena = { 0 };
	const char *now, *target, *before, *was_target;
	enum was is, was;
	enum err e = read_file(path, &arena, &now, &is, &target, why);

	if (!e) {
		before = without_lines(now, owner, &was, &was_target, &arena);
		e = write_file(path,
			before ? with_lines(before, was, was_target, owner, lines, &arena)
			       : with_lines(now, is, target, owner, lines, &arena),
			NULL, why);
	}
	arena_free(&arena);
	return e;
}

enum err dns_file_reset(const char *path, const char *owner, struct text *why)
{
	struct arena arena = { 0 };
	const char *now, *target, *before = NULL;
	enum was is, was;
	enum err e = read_file(path, &arena, &now, &is, &target, why);

	if (!e)
		before = without_lines(now, owner, &was, &target, &arena);
	/* A file that had nothing in it, or was not there. */
	if (before && was == WAS_MISSING && !*before)
		e = unlink(path) ? refuse("removed", path, why) : ERR_OK;
	else if (before)
		e = write_file(path, before, was == WAS_LINK ? target : NULL, why);
	arena_free(&arena);
	return e;
}
