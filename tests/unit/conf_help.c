/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are strings. */
#include "tests/unit/conf_help.h"

#include <fnmatch.h>
#include <stdlib.h>

static enum err fake_read(void *ctx, const char *path, struct arena *arena, struct bytes *out)
{
	(void)arena;
	for (const struct fake_file *f = ctx; f->path; f++)
		if (!strcmp(f->path, path)) {
			*out = bytes_str(f->text);
			return ERR_OK;
		}
	return ERR_MISSING;
}

static enum err fake_glob(
	void *ctx, const char *pattern, struct arena *arena, const char *const **paths, unsigned *n)
{
	const char **list = ARENA_ARRAY(arena, 16, const char *);

	*n = 0;
	for (const struct fake_file *f = ctx; f->path; f++)
		if (!fnmatch(pattern, f->path, FNM_PATHNAME))
			list[(*n)++] = f->path;
	*paths = list;
	return ERR_OK;
}

struct conf_files fake_files(const struct fake_file *list)
{
	return (struct conf_files){ fake_read, fake_glob, (void *)list };
}

struct loaded load_list(const struct fake_file *list)
{
	struct conf_files files = fake_files(list);
	struct loaded l = { 0 };
	struct text why = text_in(&l.arena), notes = text_in(&l.arena);

	l.err = conf_load(list->path, &files, &l.conf, &why, &notes);
	l.why = text_str(&why);
	l.notes = text_str(&notes);
	return l;
}

struct loaded load_text(const char *text)
{
	return load_list((struct fake_file[]){ { "m.conf", text }, { 0 } });
}

void loaded_free(struct loaded *l)
{
	if (!l->err)
		conf_free(&l->conf);
	arena_free(&l->arena);
}

/* What stands before and behind the key. */
static const struct {
	const char *where, *before, *behind;
} frames[] = {
	{ "conn", "connections { a {\n",
		"\nlocal { auth = psk }\nremote { auth = psk }\nchildren { n { } }\n} }" },
	{ "local", "connections { a { local {\n",
		"\nauth = psk }\nremote { auth = psk }\nchildren { n { } }\n} }" },
	{ "remote", "connections { a { remote {\n",
		"\nauth = psk }\nlocal { auth = psk }\nchildren { n { } }\n} }" },
	{ "child", "connections { a { children { n {\n",
		"\n} }\nlocal { auth = psk }\nremote { auth = psk }\n} }" },
	{ "secret", "secrets { ike-1 {\n", "\n} }" },
	{ "daemon", "daemon {\n", "\n}" },
	{ "top", "\n", "\n" },
};

const char *around(const char *where, const char *key, struct arena *arena)
{
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
		if (!strcmp(frames[i].where, where))
			return arena_printf(arena, "%s%s%s", frames[i].before, key, frames[i].behind);
	abort();
}
