/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the importer share. */
#pragma once

#include "conf/import.h"
#include "conf/report.h"
#include "conf/schema.h"
#include "conf/tree.h"

enum { STRONG = 1, LIBRE = 2, BOTH = STRONG | LIBRE };

enum import_side { NO_SIDE, LEFT, RIGHT };

/* A word of a conn: its own, or one that it takes in. */
struct import_entry {
	const char *word; /* without left or right, and of two that mean the same the first */
	enum import_side side;
	const struct tree_key *key;
};

/* The sections that a conn becomes. */
enum import_part_name { PART_CONN, PART_LOCAL, PART_LOCAL2, PART_REMOTE, PART_REMOTE2, PART_CHILD, PARTS };

struct import_part {
	struct text text; /* with comments */
	struct text said; /* without, to compare */
};

struct import_pair {
	const char *name, *local, *remote; /* selectors; NULL: not said */
};

/* A connection to write. */
struct import_conn {
	struct import_run *run;
	const char *name;
	struct tree_place at;
	struct import_entry v[IMPORT_KEYS_MAX];
	unsigned n;
	bool swapped; /* right is this machine */
	struct import_part parts[PARTS];
	struct text children; /* sections, with those of conns that share the IKE_SA */
	struct import_conn *next;
};

struct import_run {
	struct import *im;
	struct arena *arena;
	unsigned dialect; /* STRONG or LIBRE */
	struct tree tree; /* "config", "conn" and "ca" with sections below, and what secrets say */
	struct report report;
	struct import_conn *conns, **conns_end;
	struct text pools, authorities, secrets;
	struct text section; /* the secret under way */
	unsigned n_pools, n_secrets, n_files;
	const char *folder; /* where ipsec.d is: beside the first file */
};

/* import_read.c: the sections of the ipsec.conf PATH, into run->tree. */
enum err import_read(struct import_run *run, const char *path) MUST_CHECK;
/* The files that PATTERN means, written in the file FROM; the path itself where it is none. */
enum err import_glob(struct import_run *run, const char *pattern, struct tree_place from,
	const char *const **paths, unsigned *n) MUST_CHECK;
enum err import_open(
	struct import_run *run, const char *path, struct tree_place by, struct bytes *out) MUST_CHECK;

/* import_secrets.c: the ipsec.secrets PATH, into run->secrets. */
enum err import_secrets(struct import_run *run, const char *path) MUST_CHECK;

/* import_words.c: whether any dialect has WORD in a conn, and which; the word without its side, and the first
 * of those that mean the same. 0: nobody knows it. */
unsigned import_word(const char *written, const char **word, enum import_side *side);
/* Writes all words of C that have a row of their own, and lists those that nobody carries over. */
void import_rows(struct import_conn *c);
/* The words of "config setup". */
unsigned import_setup_word(const char *word);
void import_setup(struct import_run *run, const struct tree_section *s);

/* import_flat.c: all words of the conn S with those it takes in. False after a fault. */
bool import_flatten(struct import_run *run, const struct tree_section *s, struct import_conn *c);

/* The entry of WORD, or NULL; its value, or FALLBACK. */
const struct import_entry *import_find(const struct import_conn *c, enum import_side side, const char *word);
const char *import_value(
	const struct import_conn *c, enum import_side side, const char *word, const char *fallback);
/* Which of left and right is this machine, and the part of SIDE's first or second round. */
enum import_side import_local(const struct import_conn *c);
enum import_part_name import_end(const struct import_conn *c, enum import_side side, bool second);

/* import_write.c: a key of PART, unless it is not such a value, or has no effect here that could be had: then
 * it is listed under the word E (NULL: under the conn). */
bool import_put(struct import_conn *c, enum import_part_name part, const char *key, const char *value,
	const struct import_entry *e);
/* Whether VALUE is one of KEY in a section of KIND; else WHY says it. */
bool import_fits(enum conf_section_kind kind, const char *key, const char *value, struct text *why);
/* A comment above the next key of PART. */
void import_note(struct import_conn *c, enum import_part_name part, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A line of the list. */
void import_left(struct import_run *run, struct tree_place at, const char *word, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void import_left_entry(struct import_conn *c, const struct import_entry *e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "key = value" or "name {" so much to the right, quoted where that is needed. */
void import_line(struct text *out, unsigned depth, const char *key, const char *value);
void import_open_section(struct text *out, unsigned depth, const char *name);
/* Appends to GROUP ("pools", …) the text of a section, unless it would not load as a whole: then that is
 * listed under WORD. */
bool import_add(struct import_run *run, const char *group, struct text *sections, const char *section,
	struct tree_place at, const char *word);
/* The text of C as a connection. */
const char *import_text(const struct import_conn *c);
/* All that was found, to run->im->out. */
void import_write(struct import_run *run);
/* The items of LIST between any of SEPARATORS, one after the other, from the arena; NULL at the end. */
const char *import_item(struct import_run *run, const char **list, const char *separators);
/* PATH, or where ipsec.d/FOLDER has it. */
const char *import_path(struct import_run *run, const char *folder, const char *path);
/* Octets as 0s and base64. */
const char *import_base64(struct arena *arena, struct bytes b);

/* import_conn.c: a conn becomes a connection. */
void import_conn(struct import_run *run, const struct tree_section *s);
/* import_ends.c: addresses, identities, authentication; selectors, and virtual addresses. */
void import_addresses(struct import_conn *c);
void import_identities(struct import_conn *c);
void import_selectors(struct import_conn *c);
void import_virtual(struct import_conn *c);
/* import_times.c: lifetimes. */
void import_times(struct import_conn *c);
/* import_proposals.c: ike, esp, ah. */
void import_proposals(struct import_conn *c);
