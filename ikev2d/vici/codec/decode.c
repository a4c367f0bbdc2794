/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading VICI messages. */
#include "vici/codec/decode.h"

/* Where an element may stand, and what it changes. */
static enum err place(struct vici_reader *r, enum vici_element_type type)
{
	bool belongs_in_list = type == VICI_LIST_ITEM || type == VICI_LIST_END;

	if (type < VICI_SECTION_START || type > VICI_LIST_END || r->in_list != belongs_in_list)
		return ERR_SYNTAX;
	if (type == VICI_SECTION_END && !r->depth)
		return ERR_SYNTAX;
	if (type == VICI_SECTION_START && r->depth == VICI_DEPTH_MAX)
		return ERR_RANGE;
	if (type == VICI_SECTION_START)
		r->depth++;
	else if (type == VICI_SECTION_END)
		r->depth--;
	else if (type == VICI_LIST_START || type == VICI_LIST_END)
		r->in_list = type == VICI_LIST_START;
	return ERR_OK;
}

enum err vici_next(struct vici_reader *r, struct vici_element *out)
{
	bool named;
	enum err e;

	*out = (struct vici_element){ VICI_END, { 0 }, { 0 } };
	if (rd_done(&r->rd))
		return r->depth || r->in_list ? ERR_SHORT : ERR_OK;
	out->type = rd_u8(&r->rd);
	e = place(r, out->type);
	if (e)
		return e;
	named = out->type == VICI_SECTION_START || out->type == VICI_KEY_VALUE ||
		out->type == VICI_LIST_START;
	if (named)
		out->name = rd_bytes(&r->rd, rd_u8(&r->rd));
	if (out->type == VICI_KEY_VALUE || out->type == VICI_LIST_ITEM)
		out->value = rd_bytes(&r->rd, rd_u16(&r->rd));
	if (r->rd.bad)
		return ERR_SHORT;
	/* The counters of all connections together stand in a section of no name. */
	if (out->type == VICI_SECTION_START && !out->name.n)
		return ERR_OK;
	return !named || vici_name_ok(out->name) ? ERR_OK : ERR_SYNTAX;
}

static struct vici_node *node_new(const struct vici_element *e, struct arena *arena)
{
	struct vici_node *n = ARENA_NEW(arena, struct vici_node);

	n->type = e->type;
	n->name = arena_text(arena, e->name);
	n->value = bytes_of(arena_text(arena, e->value), e->value.n);
	return n;
}

enum err vici_tree(struct bytes message, struct arena *arena, struct vici_node **root)
{
	struct vici_reader reader = vici_reader_of(message);
	struct vici_element element = { .type = VICI_SECTION_START };
	struct vici_node **tails[VICI_DEPTH_MAX + 2]; /* where the next one goes, at each level */
	unsigned level = 0;
	enum err e;

	*root = node_new(&element, arena);
	tails[0] = &(*root)->first;
	while (!(e = vici_next(&reader, &element)) && element.type != VICI_END) {
		struct vici_node *n;

		if (element.type == VICI_SECTION_END || element.type == VICI_LIST_END) {
			level--;
			continue;
		}
		n = node_new(&element, arena);
		*tails[level] = n;
		tails[level] = &n->next;
		if (element.type == VICI_SECTION_START || element.type == VICI_LIST_START)
			tails[++level] = &n->first;
	}
	return e;
}

const struct vici_node *vici_find(const struct vici_node *section, const char *name)
{
	for (const struct vici_node *n = section ? section->first : NULL; n; n = n->next)
		if (!strcmp(n->name, name))
			return n;
	return NULL;
}

const char *vici_str(const struct vici_node *section, const char *name)
{
	const struct vici_node *n = vici_find(section, name);

	return n && n->type == VICI_KEY_VALUE ? vici_text(n) : NULL;
}
