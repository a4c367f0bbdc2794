/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading VICI messages: element by element, or whole as a tree. Nothing is trusted: sections must balance
 * and not go too deep, lists hold items only and do not nest, names are text. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "vici/codec/packet.h"

/* As on the wire; 0 stands for the end of the message. */
enum vici_element_type {
	VICI_END,
	VICI_SECTION_START, /* name */
	VICI_SECTION_END,
	VICI_KEY_VALUE,  /* name, value */
	VICI_LIST_START, /* name */
	VICI_LIST_ITEM,  /* value */
	VICI_LIST_END,
};

/* An element, borrowed from the message. */
struct vici_element {
	enum vici_element_type type;
	struct bytes name, value;
};

struct vici_reader {
	struct rd rd;
	unsigned depth;
	bool in_list;
};

static inline struct vici_reader vici_reader_of(struct bytes message)
{
	return (struct vici_reader){ .rd = rd_of(message) };
}

/* The next element, VICI_END at the end. ERR_SHORT when the message ends within an element, a section or a
 * list; ERR_SYNTAX for an element that may not stand there; ERR_RANGE below VICI_DEPTH_MAX. */
enum err vici_next(struct vici_reader *r, struct vici_element *out) MUST_CHECK;

/* A section (with its elements below FIRST), a list (with its items), a key with its value, or an item. The
 * value ends in a NUL that is not counted; it may hold others. */
struct vici_node {
	enum vici_element_type type; /* START stands for the whole section or list */
	const char *name;            /* "" for items and the message itself */
	struct bytes value;
	struct vici_node *first, *next;
};

/* The message as a section without a name, from ARENA. Errors as of vici_next. */
enum err vici_tree(struct bytes message, struct arena *arena, struct vici_node **root) MUST_CHECK;

/* What is called NAME in SECTION (the first, where there are several), or NULL; of NULL, NULL. */
const struct vici_node *vici_find(const struct vici_node *section, const char *name);

/* The value of NAME in SECTION, or NULL when it has no such key. */
const char *vici_str(const struct vici_node *section, const char *name);

static inline const char *vici_text(const struct vici_node *n)
{
	return (const char *)n->value.p;
}
