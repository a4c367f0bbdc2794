/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as it is now: what the file says, with what came over VICI on top. What came from the
 * file belongs to the file: reading it again touches only that. Where the file in use is swanctl's own, what
 * is in it counts as swanctl's, so that its load and unload commands work on it as they do elsewhere. */
#pragma once

#include "base/list.h"
#include "base/text.h"
#include "daemon/creds.h"
#include "model/conf.h"

#define CONFIG_SWANCTL "/etc/swanctl/swanctl.conf"

struct config {
	const char *path;           /* NULL: no file */
	bool swanctls;              /* PATH is swanctl's own */
	struct conf file;           /* as read */
	struct creds creds;         /* certificates and private keys, of both */
	struct node conns, secrets; /* that came over VICI (struct loaded) */
	struct conf now;            /* both together; made anew with each change */
};

/* An empty configuration. */
void config_start(struct config *c);
void config_stop(struct config *c);

/* The file in use when none is named: the first of the usual ones that is there, or NULL. */
const char *config_usual(void);

/* Reads PATH (NULL: nothing) in place of what the file said before; on failure nothing changes. PATH is kept.
 * WHY gets what is wrong, NOTES what is worth knowing, a line each. */
enum err config_read(struct config *c, const char *path, struct text *why, struct text *notes) MUST_CHECK;

/* Adds P, whose reference is taken, in place of one of its name. */
void config_load_conn(struct config *c, struct peer *p);

/* Takes the connection NAME away. ERR_MISSING, with a sentence, when it is not there or belongs to the file.
 */
enum err config_unload_conn(struct config *c, const char *name, struct text *why) MUST_CHECK;

/* The same for secrets; what is kept is a copy. */
void config_load_secret(struct config *c, const struct secret *s);
enum err config_unload_secret(struct config *c, const char *name, struct text *why) MUST_CHECK;

/* Takes all secrets away that do not belong to the file. */
void config_clear_secrets(struct config *c);
