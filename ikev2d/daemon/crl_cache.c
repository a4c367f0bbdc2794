/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file for each URL. */
#include "daemon/crl_cache.h"

#include "conf/files.h"
#include "daemon/replace.h"
#include "pki/crl.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".crl"

/* Two URLs of one hash share a file: what is read for the wrong one is signed by somebody else, and counts as
 * nothing. */
static const char *path_of(const char *folder, const char *url, struct arena *arena)
{
	return arena_printf(arena, "%s/%016" PRIx64 SUFFIX, folder, bytes_hash(BYTES_HASH, bytes_str(url)));
}

struct census {
	unsigned files;
	uint64_t octets;
	char oldest[NAME_MAX + 1];
	struct timespec since;
};

static bool is_ours(const char *name)
{
	size_t n = strlen(name);

	return n > strlen(SUFFIX) && !strcmp(name + n - strlen(SUFFIX), SUFFIX);
}

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static void count_file(int folder, const char *name, struct census *c)
{
	struct stat st;

	if (!is_ours(name) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	if (!c->files || is_older(&st.st_mtim, &c->since)) {
		c->since = st.st_mtim;
		snprintf(c->oldest, sizeof c->oldest, "%s", name);
	}
	c->files++;
	c->octets += (uint64_t)st.st_size;
}

static struct census take_census(DIR *d)
{
	struct census c = { 0 };
	struct dirent *e;

	rewinddir(d);
	while ((e = readdir(d)))
		count_file(dirfd(d), e->d_name, &c);
	return c;
}

/* Makes room for one more of N octets. */
static void make_room(const char *folder, size_t n)
{
	DIR *d = opendir(folder);
	struct census c;

	if (!d)
		return;
	for (c = take_census(d); c.files >= CRL_CACHE_FILES_MAX || (c.files && c.octets + n > CRL_CACHE_MAX);
		c = take_census(d))
		if (unlinkat(dirfd(d), c.oldest, 0))
			break;
	closedir(d);
}

enum err crl_cache_save(const char *folder, const char *url, struct bytes der)
{
	struct arena arena = { 0 };
	enum err e;

	make_room(folder, der.n);
	e = replace_file(path_of(folder, url, &arena), der);
	arena_free(&arena);
	return e;
}

struct bytes crl_cache_read(const char *folder, const char *url, struct arena *arena)
{
	struct bytes der = { 0 };

	if (conf_files_system.read(NULL, path_of(folder, url, arena), arena, &der) || der.n > CRL_MAX)
		return (struct bytes){ 0 };
	return der;
}

void crl_cache_clear(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (is_ours(e->d_name))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}
