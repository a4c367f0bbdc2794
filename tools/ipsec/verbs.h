/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of verbs, and the names that others have for them. Help, completion and the manual page come of
 * it. */
#pragma once

#include "ipsec.h"

struct verb {
	const char *name, *args, *help;
	int min, max; /* words behind it */
	int (*run)(struct ipsec *x, int argc, char **argv);
	/* The words that WHAT in ARGS stands for, by number; NULL at the end. */
	const char *(*choice)(unsigned i);
};

/* All rows, one after the other: start with NULL; NULL at the end. */
const struct verb *verb_next(const struct verb *v);
const struct verb *verb_find(const char *name);

/* What fingers know from strongSwan's or libreswan's ipsec. */
struct alias {
	const char *word;
	const char *means; /* a verb, and perhaps words behind it */
	bool alone;        /* the words behind the alias say nothing that the verb asks */
};

/* The rows, as above. */
const struct alias *alias_next(const struct alias *a);

/* ARGV as it is meant: with an alias' words in the place of the alias; "auto --up NAME" is "up NAME". The
 * same words where there is nothing to replace. From the arena of X; ends in NULL. */
char **alias_expand(struct ipsec *x, int argc, char **argv, int *n);

/* The verbs that show the table. */
int verb_complete(struct ipsec *x, int argc, char **argv);
int verb_help(struct ipsec *x, int argc, char **argv);

/* The manual page ipsec(8). */
void verbs_man(struct text *out);
