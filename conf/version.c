/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashes of what is written. */
#include "conf/version.h"

#include "conf/print.h"
#include "conf/value.h"

static uint64_t text_hash(uint64_t h, const char *s)
{
	return bytes_hash(h, bytes_of(s, strlen(s) + 1));
}

static uint64_t place_hash(uint64_t h, const struct tree_place *at)
{
	return bytes_hash(text_hash(h, at->file), bytes_of(&at->line, sizeof at->line));
}

static uint64_t places(uint64_t h, const struct tree_section *s)
{
	h = place_hash(h, &s->at);
	for (const struct tree_key *k = s->keys; k; k = k->next)
		h = place_hash(h, &k->at);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		h = places(h, sub);
	return h;
}

/* In whatever order they stand. */
static uint64_t written(const struct tree_section *s, enum conf_section_kind kind, bool printed)
{
	uint64_t sum = text_hash(BYTES_HASH, s->name);

	for (const struct tree_key *k = s->keys; k; k = k->next) {
		const struct conf_key *row = schema_key_find(kind, k->name);

		if (!*k->value || (row && (value_is_neutral(row, k->value) || (printed && conf_prints(row)))))
			continue;
		sum += text_hash(text_hash(BYTES_HASH, k->name), k->value);
	}
	return sum;
}

/* All that is written in S and in sections in it. */
static uint64_t all_written(uint64_t h, const struct tree_section *s, enum conf_section_kind kind)
{
	uint64_t own = written(s, kind, false);

	h = bytes_hash(h, bytes_of(&own, sizeof own));
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		h = all_written(h, sub, schema_kind(schema_section_find(kind, sub->name)));
	return h;
}

/* S, whose keys are read into the struct at BASE. */
static uint64_t understood(const struct tree_section *s, enum conf_section_kind kind, const void *base)
{
	struct arena arena = { 0 };
	struct text t = text_in(&arena);
	uint64_t h = written(s, kind, true);

	conf_print_keys(kind, base, 0, &t);
	h = bytes_hash(h, bytes_of(t.s, t.n));
	arena_free(&arena);
	return h;
}

/* From child AT on those that have come of the section S, several with single_pair; returns the first that
 * has not, or END. */
static unsigned section_set(struct peer *p, unsigned at, unsigned end, const struct tree_section *s)
{
	for (; at < end && !strcmp(p->children[at].group, s->name); at++)
		p->children[at].content = understood(s, CONF_CHILD, &p->children[at]);
	return at;
}

/* Children, and shunts behind them, each in the order of their sections. */
static void children_set(struct peer *p, const struct tree_section *s)
{
	unsigned child = 0, shunt = p->n_children;

	for (const struct tree_section *sub = s->sections; sub; sub = sub->next) {
		child = section_set(p, child, p->n_children, sub);
		shunt = section_set(p, shunt, p->n_children + p->n_shunts, sub);
	}
}

void version_set(struct peer *p, const struct tree_section *s)
{
	p->places = places(BYTES_HASH, s);
	p->content = understood(s, CONF_CONNECTION, p);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next) {
		enum conf_section_kind kind = schema_kind(schema_section_find(CONF_CONNECTION, sub->name));

		if (kind == CONF_CHILDREN)
			children_set(p, sub);
		else
			p->content = all_written(p->content, sub, kind);
	}
}
