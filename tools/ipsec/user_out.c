/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "user_out.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

enum { DESCRIPTORS = 8 /* open at once while a tree is walked */ };

static int take_away(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void output_drop(struct output *o)
{
	if (o->temp)
		(void)nftw(o->temp, take_away, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
	o->temp = NULL;
}

/* The folders on the way to PATH, below FROM. */
static int make_folders(struct pki *p, const char *from, const char *path)
{
	char *whole = arena_printf(p->arena, "%s/%s", from, path), *at = whole + strlen(from);
	int code = DONE;

	while (!code && (at = strchr(at + 1, '/'))) {
		*at = 0;
		code = pki_mkdir(p, whole);
		*at = '/';
	}
	return code;
}

static int write_one(struct pki *p, const char *temp, const struct profile_file *f)
{
	int code = DONE;

	if (!f->path)
		return pki_write_new(p, temp, f->data);
	code = make_folders(p, temp, f->path);
	return code ? code : pki_write_new(p, arena_printf(p->arena, "%s/%s", temp, f->path), f->data);
}

static int check_place(struct pki *p, const struct profile_files *files, const char *path)
{
	struct stat st;

	if (!files->v[0].path && !stat(path, &st) && S_ISDIR(st.st_mode))
		return ipsec_fail(p->x, FAILED, "%s is a folder: name a file in it by --out", path);
	if (!files->v[0].path)
		return pki_check_free(p, path);
	if (!pki_exists(path))
		return DONE;
	return ipsec_fail(
		p->x, FAILED, "%s is there already: take it away, or name another place by --out", path);
}

int output_prepare(struct pki *p, const struct profile_files *files, const char *path, struct output *out)
{
	const char *folder = pki_folder_of(p, path), *name = strrchr(path, '/');
	int code = check_place(p, files, path);

	*out = (struct output){ .path = path };
	if (code)
		return code;
	out->temp = arena_printf(p->arena, "%s/.%s.new", folder, name ? name + 1 : path);
	(void)nftw(out->temp, take_away, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
	/* A folder that somebody else has made meanwhile would be theirs. */
	if (files->v[0].path && mkdir(out->temp, 0700)) {
		code = ipsec_fail(p->x, FAILED, "%s cannot be made: %s", out->temp, strerror(errno));
		out->temp = NULL;
		return code;
	}
	for (unsigned i = 0; i < files->n && !code; i++)
		code = write_one(p, out->temp, &files->v[i]);
	if (code)
		output_drop(out);
	return code;
}

int output_place(struct pki *p, struct output *o)
{
	int code = pki_move(p, o->temp, o->path);

	if (!code)
		o->temp = NULL;
	return code;
}
