/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile on its way to its place: written beside it, whole, before anything else changes, and then moved.
 */
#pragma once

#include "pki_files.h"

#include "tools/profile/profile.h"

struct output {
	const char *path, *temp; /* temp NULL: nothing is there */
};

/* Writes FILES beside PATH. A file at PATH is in the way without --force, a folder always. */
int output_prepare(struct pki *p, const struct profile_files *files, const char *path, struct output *out);

/* Moves it to its place. */
int output_place(struct pki *p, struct output *o);

/* Takes away what was written and not moved. */
void output_drop(struct output *o);
