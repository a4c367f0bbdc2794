/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/users_file.h"

#include "conf/files.h"
#include "daemon/vault.h"
#include "eap/users.h"

#include <sys/stat.h>

_Static_assert((int)CONF_FILE_MAX <= (int)IPC_USERS_MAX, "a file that can be read can be kept");

const char *users_file_path(const char *name, const char *folder, struct arena *arena)
{
	return !name || *name == '/' || !folder ? name : arena_printf(arena, "%s/%s", folder, name);
}

/* As keeper does it. */
static enum err only_read(struct bytes text, struct text *why)
{
	char sentence[EAP_USERS_WHY];
	struct eap_users *users;
	enum err e = eap_users_read(text, &users, sentence);

	if (e)
		text_add(why, "%s", sentence);
	else
		eap_users_free(users);
	return e;
}

static void note_readers(const char *path, struct text *notes)
{
	struct stat st;

	if (!stat(path, &st) && st.st_mode & (S_IRWXO | S_IWGRP))
		text_add(notes, "%s%s: others may read or write this users file: chmod 600 %s",
			notes->n ? "\n" : "", path, path);
}

enum err users_file_read(struct vault *v, const char *path, struct text *why, struct text *notes)
{
	struct arena arena = { 0 };
	struct bytes text = { 0 };
	struct text wrong = text_in(&arena);
	enum err e = path ? conf_files_system.read(NULL, path, &arena, &text) : ERR_OK;

	if (e)
		text_add(&wrong, "it cannot be read: %s", err_name(e));
	else
		e = v ? vault_keep_users(v, text, &wrong) : only_read(text, &wrong);
	if (e)
		text_add(why, "%s%s: %s", why->n ? "\n" : "", path ? path : "users", text_str(&wrong));
	else if (path)
		note_readers(path, notes);
	arena_free(&arena);
	return e;
}
