/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder of a CA and its files. Several files change together: they are written beside their places first
 * (DIR/pki/new.N), then a list says where they belong (DIR/pki/pending, by one rename), then they are moved.
 * After a crash before the list nothing has changed; after one behind it the next command moves the rest. */
#pragma once

#include "pki.h"

/* Makes DIR and DIR/pki where they are missing, locks, and repairs. */
int pki_lock(struct pki *p);

/* DATA is to be the file PATH in DIR. One that is there is not replaced without REPLACE or --force. */
int pki_stage(struct pki *p, const char *path, struct bytes data, bool replace);

/* What was staged does not happen. */
void pki_drop_staged(struct pki *p);

/* All that was staged happens: pki_log, then pki_finish. */
int pki_commit(struct pki *p);

/* The halves of a commit. */
int pki_log(struct pki *p);
int pki_finish(struct pki *p);

/* Complains when there is something at PATH and --force was not given. */
int pki_check_free(struct pki *p, const char *path);

/* The file PATH, anywhere, mode 0600, at once or not at all. */
int pki_write(struct pki *p, const char *path, struct bytes data);

/* The two halves of it: a file that nobody looks at yet, in the place of one that is left over; and FROM, or
 * the folder FROM, put at TO, which lasts. */
int pki_write_new(struct pki *p, const char *path, struct bytes data);
int pki_move(struct pki *p, const char *from, const char *to);

/* The folder in which PATH is. */
const char *pki_folder_of(struct pki *p, const char *path);

/* Makes a folder, mode 0700, unless it is there. */
int pki_mkdir(struct pki *p, const char *path);

/* A path within DIR. */
const char *pki_path(struct pki *p, const char *path);
