/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings as a tree of named sections with keys: what a configuration file says before anybody knows what it
 * means. The parser grows it from files; VICI grows it from a message. Everything lives in the tree's arena.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/text.h"

enum {
	TREE_NAME_MAX = 256,
	TREE_DEPTH_MAX = 32,
	TREE_NODES_MAX = 1 << 20, /* sections and keys, inherited ones included */
};

/* Where something was written. Line 0: not in a file (file "vici"). */
struct tree_place {
	const char *file;
	unsigned line;
};

struct tree_section;

struct tree_key {
	struct tree_key *next; /* in the order of the file */
	struct tree_key *same; /* the next one of equal hash */
	const struct tree_section *in;
	const char *name, *value; /* value "": cleared, as if it had not been written */
	struct tree_place at;
};

/* A section to inherit from: the names on the way from the root. */
struct tree_ref {
	struct tree_ref *next;
	const char *const *path;
	unsigned n;
	struct tree_place at;
};

struct tree_section {
	struct tree_section *next, *same, *parent;
	const char *name; /* "" at the root */
	struct tree_place at;
	struct tree_key *keys, **keys_end;
	struct tree_section *sections, **sections_end;
	struct tree_ref *refs, **refs_end;
	unsigned number, depth, n_keys, n_sections;
	enum { SECTION_FRESH, SECTION_BUSY, SECTION_DONE } inherited;
	bool referenced; /* somebody inherits from it, or from a section in it */
};

struct tree {
	struct arena arena;
	struct map keys, sections; /* by hash of parent and name */
	struct tree_section *root;
	unsigned nodes;
};

void tree_init(struct tree *t);

/* Wipes and frees everything: secrets stand in values. */
void tree_free(struct tree *t);

/* The section NAME in PARENT, new or opened again. ERR_SYNTAX for a name that is empty, longer than
 * TREE_NAME_MAX or has control characters; ERR_SPACE when the tree would grow beyond its limits. */
enum err tree_section_add(struct tree *t, struct tree_section *parent, struct bytes name,
	struct tree_place at, struct tree_section **out) MUST_CHECK;

/* Sets the key NAME of S; the later value wins. The text is copied; AT's file is kept as it is. Errors as
 * above; ERR_SYNTAX also for a value with a NUL octet. */
enum err tree_key_add(struct tree *t, struct tree_section *s, struct bytes name, struct bytes value,
	struct tree_place at) MUST_CHECK;

/* Adds one item to the list that the key NAME of S is: items are joined by commas. */
enum err tree_item_add(struct tree *t, struct tree_section *s, struct bytes name, struct bytes item,
	struct tree_place at) MUST_CHECK;

/* S inherits from the section at PATH (N names, borrowed for the life of the tree). */
void tree_ref_add(
	struct tree *t, struct tree_section *s, const char *const *path, unsigned n, struct tree_place at);

struct tree_section *tree_section_find(const struct tree *t, const struct tree_section *in, const char *name);
struct tree_key *tree_key_find(const struct tree *t, const struct tree_section *in, const char *name);

/* The key NAME of S, or NULL where it was not written or was cleared. For sections of ordinary size: the keys
 * are walked. */
const struct tree_key *tree_written(const struct tree_section *s, const char *name);

/* "connections.a.children.net", names with a dot in quotes; "" for the root. From ARENA. */
const char *tree_path(const struct tree_section *s, struct arena *arena);
