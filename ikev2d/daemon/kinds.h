/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of objects that a configuration is made of: what is to be known of each to keep it, by its name,
 * in memory of its own. */
#pragma once

#include "model/conf.h"

/* THE list of kinds; the table is in kinds.c. Each is an array in struct conf. */
enum config_kind {
	CONFIG_CONN,      /* struct peer * */
	CONFIG_SECRET,    /* struct secret */
	CONFIG_KEY,       /* struct key_conf */
	CONFIG_POOL,      /* struct vip_pool */
	CONFIG_AUTHORITY, /* struct authority */
	CONFIG_KINDS
};

struct kind {
	const char *what; /* for people */
	size_t at, count; /* its array in struct conf, and how many there are */
	size_t size;      /* of an element */
	bool counted;     /* the elements are pointers to what has name and origin */
	size_t name, origin;
	bool credential;
	/* Makes TO a copy of FROM, with what it points to in ARENA; and an element is used no more. */
	void (*copy)(struct arena *arena, void *to, const void *from);
	void (*end)(void *o);
	/* Whether both say the same, wherever they were written. */
	bool (*same)(const void *a, const void *b);
};

const struct kind *kind_row(enum config_kind kind);
const char *kind_name(const struct kind *k, const void *o);
void kind_set_origin(const struct kind *k, void *o, enum origin origin);
