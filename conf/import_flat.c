/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a conn says in all: its own words first, then those of the conns it names with also, then those of
 * %default. */
#include "conf/import_inner.h"

struct flat {
	struct import_run *run;
	struct import_conn *c;
	unsigned n_also;
	bool failed;
};

static void flat_fault(struct flat *f, struct tree_place at, const char *sentence)
{
	report_error(&f->run->report, at, NULL, NULL, "%s", sentence);
	f->failed = true;
}

static void take_key(struct flat *f, const struct tree_key *k)
{
	struct import_entry e = { .key = k };

	if (!import_word(k->name, &e.word, &e.side))
		e.word = k->name;
	if (import_find(f->c, e.side, e.word))
		return;
	if (f->c->n == IMPORT_KEYS_MAX)
		flat_fault(f, k->at, "this conn has too many settings, with those that it takes in");
	else
		f->c->v[f->c->n++] = e;
}

static void take_section(struct flat *f, const struct tree_section *s);

static void take_also(struct flat *f, const struct tree_section *s, const struct tree_key *also)
{
	const char *list = also->value, *name;

	while (!f->failed && (name = import_item(f->run, &list, ", "))) {
		const struct tree_section *other = tree_section_find(&f->run->tree, s->parent, name);

		if (!other)
			flat_fault(f, also->at, "also names a section that is not there");
		else if (++f->n_also > IMPORT_ALSO_MAX)
			flat_fault(f, also->at,
				"also leads through too many sections: does one take in itself?");
		else
			take_section(f, other);
	}
}

static void take_section(struct flat *f, const struct tree_section *s)
{
	const struct tree_key *also = tree_written(s, "also");

	for (const struct tree_key *k = s->keys; k && !f->failed; k = k->next)
		if (k != also)
			take_key(f, k);
	if (also)
		take_also(f, s, also);
}

bool import_flatten(struct import_run *run, const struct tree_section *s, struct import_conn *c)
{
	struct flat f = { .run = run, .c = c };
	const struct tree_section *common = tree_section_find(&run->tree, s->parent, "%default");

	take_section(&f, s);
	if (common && common != s && !f.failed)
		take_section(&f, common);
	return !f.failed;
}

/* A word without a value says nothing, but hides what it would have taken in. */
const struct import_entry *import_find(const struct import_conn *c, enum import_side side, const char *word)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->v[i].side == side && !strcmp(c->v[i].word, word))
			return &c->v[i];
	return NULL;
}

const char *import_value(
	const struct import_conn *c, enum import_side side, const char *word, const char *fallback)
{
	const struct import_entry *e = import_find(c, side, word);

	return e && *e->key->value ? e->key->value : fallback;
}

enum import_side import_local(const struct import_conn *c)
{
	return c->swapped ? RIGHT : LEFT;
}

enum import_part_name import_end(const struct import_conn *c, enum import_side side, bool second)
{
	if (side == import_local(c))
		return second ? PART_LOCAL2 : PART_LOCAL;
	return second ? PART_REMOTE2 : PART_REMOTE;
}
