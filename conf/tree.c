/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sections and keys in the order in which they were written, found by hash: a file may hold thousands of
 * connections. */
#include "conf/tree.h"

void tree_init(struct tree *t)
{
	*t = (struct tree){ 0 };
	t->root = ARENA_NEW(&t->arena, struct tree_section);
	t->root->name = "";
	t->root->keys_end = &t->root->keys;
	t->root->sections_end = &t->root->sections;
	t->root->refs_end = &t->root->refs;
}

void tree_free(struct tree *t)
{
	map_free(&t->keys);
	map_free(&t->sections);
	arena_free(&t->arena);
	*t = (struct tree){ 0 };
}

/* Of the name, from where the section's number puts it. */
static uint64_t hash(const struct tree_section *in, const char *name)
{
	return bytes_hash(BYTES_HASH ^ in->number, bytes_str(name));
}

struct tree_section *tree_section_find(const struct tree *t, const struct tree_section *in, const char *name)
{
	struct tree_section *s = map_get(&t->sections, hash(in, name));

	while (s && (s->parent != in || strcmp(s->name, name)))
		s = s->same;
	return s;
}

struct tree_key *tree_key_find(const struct tree *t, const struct tree_section *in, const char *name)
{
	struct tree_key *k = map_get(&t->keys, hash(in, name));

	while (k && (k->in != in || strcmp(k->name, name)))
		k = k->same;
	return k;
}

static bool name_valid(struct bytes name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < 0x20 || name.p[i] == 0x7f)
			return false;
	return name.n && name.n <= TREE_NAME_MAX;
}

static struct tree_section *section_new(
	struct tree *t, struct tree_section *parent, const char *name, struct tree_place at)
{
	struct tree_section *s = ARENA_NEW(&t->arena, struct tree_section);
	uint64_t h = hash(parent, name);

	*s = (struct tree_section){ .parent = parent, .name = name, .at = at, .depth = parent->depth + 1 };
	s->keys_end = &s->keys;
	s->sections_end = &s->sections;
	s->refs_end = &s->refs;
	s->number = ++t->nodes;
	s->same = map_get(&t->sections, h);
	map_put(&t->sections, h, s);
	*parent->sections_end = s;
	parent->sections_end = &s->next;
	parent->n_sections++;
	return s;
}

enum err tree_section_add(struct tree *t, struct tree_section *parent, struct bytes name,
	struct tree_place at, struct tree_section **out)
{
	const char *text;

	if (!name_valid(name))
		return ERR_SYNTAX;
	text = arena_text(&t->arena, name);
	*out = tree_section_find(t, parent, text);
	if (*out)
		return ERR_OK;
	if (parent->depth >= TREE_DEPTH_MAX || t->nodes >= TREE_NODES_MAX)
		return ERR_SPACE;
	*out = section_new(t, parent, text, at);
	return ERR_OK;
}

static struct tree_key *key_new(struct tree *t, struct tree_section *s, const char *name)
{
	struct tree_key *k = ARENA_NEW(&t->arena, struct tree_key);
	uint64_t h = hash(s, name);

	k->in = s;
	k->name = name;
	k->same = map_get(&t->keys, h);
	map_put(&t->keys, h, k);
	*s->keys_end = k;
	s->keys_end = &k->next;
	s->n_keys++;
	t->nodes++;
	return k;
}

enum err tree_key_add(
	struct tree *t, struct tree_section *s, struct bytes name, struct bytes value, struct tree_place at)
{
	struct tree_key *k;
	const char *text;

	if (!name_valid(name) || (value.n && memchr(value.p, 0, value.n)))
		return ERR_SYNTAX;
	if (t->nodes >= TREE_NODES_MAX)
		return ERR_SPACE;
	text = arena_text(&t->arena, name);
	k = tree_key_find(t, s, text);
	if (!k)
		k = key_new(t, s, text);
	k->value = arena_text(&t->arena, value);
	k->at = at;
	return ERR_OK;
}

enum err tree_item_add(
	struct tree *t, struct tree_section *s, struct bytes name, struct bytes item, struct tree_place at)
{
	struct text joined = text_in(&t->arena);
	const struct tree_key *before = tree_written(s, arena_text(&t->arena, name));

	if (before)
		text_add(&joined, "%s, ", before->value);
	text_put(&joined, item.p, item.n);
	return tree_key_add(t, s, name, bytes_of(joined.s, joined.n), at);
}

void tree_ref_add(
	struct tree *t, struct tree_section *s, const char *const *path, unsigned n, struct tree_place at)
{
	struct tree_ref *r = ARENA_NEW(&t->arena, struct tree_ref);

	*r = (struct tree_ref){ .path = path, .n = n, .at = at };
	*s->refs_end = r;
	s->refs_end = &r->next;
}

const struct tree_key *tree_written(const struct tree_section *s, const char *name)
{
	for (const struct tree_key *k = s->keys; k; k = k->next)
		if (!strcmp(k->name, name))
			return *k->value ? k : NULL;
	return NULL;
}

static void path_add(struct text *out, const struct tree_section *s)
{
	if (!s->parent)
		return;
	path_add(out, s->parent);
	text_add(out, strchr(s->name, '.') ? "%s\"%s\"" : "%s%s", out->n ? "." : "", s->name);
}

const char *tree_path(const struct tree_section *s, struct arena *arena)
{
	struct text path = text_in(arena);

	path_add(&path, s);
	return text_str(&path);
}
