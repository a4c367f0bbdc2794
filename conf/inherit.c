/* SPDX-License-Identifier: GPL-2.0-or-later */
/* References between sections, carried out once: afterwards every section has all it inherits. */
#include "conf/parser.h"

enum { CHAIN_MAX = 64 /* references one behind another */ };

struct heir {
	struct tree *tree;
	struct report *report;
	unsigned chain;
};

static enum err inherit(struct heir *h, struct tree_section *s);

static const char *path_text(const struct heir *h, const struct tree_ref *r)
{
	struct text t = text_in(&h->tree->arena);

	for (unsigned i = 0; i < r->n; i++)
		text_add(&t, "%s%s", i ? "." : "", r->path[i]);
	return report_quote(text_str(&t), &h->tree->arena);
}

/* The section R means, or NULL. Sections on the way that inherit themselves are completed first: it may be
 * one that they inherit. */
static enum err target(struct heir *h, const struct tree_ref *r, struct tree_section **out)
{
	struct tree_section *s = h->tree->root;
	enum err e;

	for (unsigned i = 0; s && i < r->n; i++) {
		e = s->refs && s->inherited == SECTION_FRESH ? inherit(h, s) : ERR_OK;
		if (e)
			return e;
		s = tree_section_find(h->tree, s, r->path[i]);
		if (s)
			s->referenced = true;
	}
	*out = s;
	return ERR_OK;
}

/* What FROM has and TO has not. */
static enum err merge(struct heir *h, struct tree_section *to, const struct tree_section *from)
{
	enum err e = ERR_OK;

	for (const struct tree_key *k = from->keys; !e && k; k = k->next)
		if (!tree_key_find(h->tree, to, k->name))
			e = tree_key_add(h->tree, to, bytes_str(k->name), bytes_str(k->value), k->at);
	for (const struct tree_section *s = from->sections; !e && s; s = s->next) {
		struct tree_section *own;

		e = tree_section_add(h->tree, to, bytes_str(s->name), s->at, &own);
		if (e)
			break;
		own->inherited = own->inherited == SECTION_FRESH ? SECTION_DONE : own->inherited;
		e = merge(h, own, s);
	}
	return e;
}

static enum err refuse(
	struct heir *h, const struct tree_section *to, const struct tree_ref *r, const char *why)
{
	report_error(h->report, r->at, to, NULL, "%s cannot be inherited: %s", path_text(h, r), why);
	return ERR_SYNTAX;
}

static enum err follow(struct heir *h, struct tree_section *to, const struct tree_ref *r)
{
	struct tree_section *from;
	enum err e = target(h, r, &from);

	if (e)
		return e;
	if (!from)
		return refuse(
			h, to, r, "there is no such section; write its full path, such as connections.a");
	if (from->inherited == SECTION_BUSY)
		return refuse(h, to, r, "it inherits from this section itself, or this section is in it");
	e = inherit(h, from);
	if (e)
		return e;
	return merge(h, to, from) ? refuse(h, to, r, "there is too much of it, or it is nested too deep")
				  : ERR_OK;
}

static enum err follow_all(struct heir *h, struct tree_section *to)
{
	enum err e = ERR_OK;

	if (to->refs && ++h->chain > CHAIN_MAX)
		return refuse(h, to, to->refs, "too many sections inherit one from another before it");
	for (const struct tree_ref *r = to->refs; !e && r; r = r->next)
		e = follow(h, to, r);
	h->chain -= !!to->refs;
	return e;
}

/* Its sections first: what they inherit themselves goes before what comes to them through S. */
static enum err inherit(struct heir *h, struct tree_section *s)
{
	enum err e = ERR_OK;

	if (s->inherited == SECTION_DONE)
		return ERR_OK;
	s->inherited = SECTION_BUSY;
	for (struct tree_section *sub = s->sections; !e && sub; sub = sub->next)
		e = inherit(h, sub);
	if (!e)
		e = follow_all(h, s);
	s->inherited = SECTION_DONE;
	return e;
}

enum err parser_inherit(struct tree *t, struct report *report)
{
	struct heir h = { .tree = t, .report = report };

	return inherit(&h, t->root);
}
