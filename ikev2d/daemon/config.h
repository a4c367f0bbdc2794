/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as it is now: what the file says, with what came over VICI on top. What came from the
 * file belongs to the file: reading it again touches only that. Where the file in use is swanctl's own, what
 * is in it counts as swanctl's, so that its load and unload commands work on it as they do elsewhere.
 *
 * Objects are found by name and are replaced one by one: loading many costs in proportion to their number.
 * One that says the same as the one in force changes nothing; a connection then stays the same version. */
#pragma once

#include "base/dict.h"
#include "base/list.h"
#include "base/text.h"
#include "creds/creds.h"
#include "daemon/kinds.h"

#define CONFIG_SWANCTL "/etc/swanctl/swanctl.conf"

/* The objects of one kind, in the order of the file, those that are only VICI's behind. */
struct shelf {
	struct node slots;
	struct dict by_name;
};

struct vault;

struct config {
	struct vault *vault; /* where secrets go that are read; NULL: nowhere, they stay */
	const char *path;    /* NULL: no file */
	bool swanctls;       /* PATH is swanctl's own */
	struct conf file;    /* its settings; its objects lie on the shelves */
	struct creds creds;  /* certificates and private keys, of both */
	struct shelf shelves[CONFIG_KINDS];
	struct conf now; /* what is in force, without references; config_now brings it up to date */
	bool stale;
	unsigned changes;  /* of what is in force so far */
	unsigned readings; /* of files so far */
};

/* An empty configuration. */
void config_start(struct config *c, struct vault *vault);
/* Wipes and frees everything. */
void config_stop(struct config *c);

/* The file in use when none is named: the first of the usual ones that is there, or NULL. */
const char *config_usual(void);

/* Where the file in use lies, from ARENA; NULL: there is none. */
const char *config_folder(const struct config *c, struct arena *arena);

/* Reads the certificates and keys of the file in use again; on failure nothing changes. */
enum err config_read_creds(struct config *c, struct text *why, struct text *notes) MUST_CHECK;

/* The users file of the configuration in force, from ARENA; NULL: there is none. And reads it again: on
 * failure nothing changes. */
const char *config_users_path(const struct config *c, struct arena *arena);
enum err config_read_users(struct config *c, struct text *why, struct text *notes) MUST_CHECK;

/* Reads PATH (NULL: nothing) in place of what the file said before; on failure nothing changes. PATH is kept.
 * WHY gets what is wrong, NOTES what is worth knowing, a line each. */
enum err config_read(struct config *c, const char *path, struct text *why, struct text *notes) MUST_CHECK;

/* The same in two steps, between which ERRAND is to be run, which is told what the file wants of tokens:
 * reads it into FILE, and puts what was read, and is taken out of FILE, in place of what the file said
 * before. What is read and will not be put is left. */
struct errand;
enum err config_open(struct config *c, const char *path, struct conf *file, struct errand *errand,
	struct text *why, struct text *notes) MUST_CHECK;
enum err config_put(struct config *c, const char *path, struct conf *file, struct text *why,
	struct text *notes) MUST_CHECK;
void config_leave(struct conf *file);

/* The same with what was read already, which is taken out of FILE. */
void config_take(struct config *c, const char *path, struct conf *file);

/* Reads the file in use again, but takes only its settings: connections and all else stay as they are. */
enum err config_read_settings(struct config *c, struct text *why, struct text *notes) MUST_CHECK;

/* All that is in force, valid until the next change. */
const struct conf *config_now(struct config *c);
/* The connection NAME that is in force, or NULL. */
struct peer *config_conn(const struct config *c, const char *name);

/* Adds a copy of OBJECT (a reference to a connection) that came over VICI, in place of what has its name.
 * False, and nothing has changed, where that says the same. */
bool config_load(struct config *c, enum config_kind kind, const void *object);

/* What came over VICI as NAME, or from a file that is swanctl's own, of a kind that is not counted. */
struct config_loaded {
	void *object;     /* a copy; NULL: there is none */
	unsigned reading; /* of the file that has it; 0: a client loaded it */
};
struct config_loaded config_loaded(
	const struct config *c, enum config_kind kind, const char *name, struct arena *arena);

/* Puts BEFORE, which was there as NAME, in place of what came over VICI since. */
void config_restore(
	struct config *c, enum config_kind kind, const char *name, const struct config_loaded *before);

/* Takes the object NAME away. ERR_MISSING, with a sentence, when it is not there or belongs to the file. */
enum err config_unload(
	struct config *c, enum config_kind kind, const char *name, struct text *why) MUST_CHECK;

/* Takes all credentials away that do not belong to the file. */
void config_clear_creds(struct config *c);
