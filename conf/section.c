/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the table says of a section, carried out. */
#include "conf/section.h"

#include "conf/value.h"

#include <stdlib.h>

/* "; did you mean "local_addrs"?", or nothing. */
static const char *did_you_mean(const char *nearest, struct arena *arena)
{
	if (!nearest)
		return "";
	return arena_printf(arena, "; did you mean \"%.*s\"?", (int)strcspn(nearest, "*"), nearest);
}

static void unknown_key(
	const struct tree_section *s, enum conf_section_kind kind, const struct tree_key *k, struct report *r)
{
	const struct conf_section *other = schema_key_elsewhere(k->name);
	const char *nearest = schema_key_nearest(kind, k->name);

	if (other)
		report_error(r, k->at, s, k->name, "this key does not belong here, but in %s", other->path);
	else
		report_error(r, k->at, s, k->name, "unknown key%s", did_you_mean(nearest, r->why->arena));
}

/* A value we know of, but cannot do anything with. */
static void without_effect(
	const struct tree_section *s, const struct conf_key *row, const struct tree_key *k, struct report *r)
{
	if (value_is_neutral(row, k->value))
		return;
	if (row->status == STATUS_LATER)
		report_later(r, k->at, s, k->name, "%s", row->note);
	else if (row->status == STATUS_REFUSED)
		report_error(r, k->at, s, k->name, "%s", row->note);
	else
		report_note(r, k->at, s, k->name, "%s", row->note);
}

static void read_key(const struct tree_section *s, const struct conf_key *row, const struct tree_key *k,
	void *base, struct arena *arena, struct report *r)
{
	struct text why = text_in(r->why->arena);
	bool good = row->at == CONF_NOWHERE ? value_check(row, k->value, &why)
					    : value_read(row, k->value, base, arena, &why);

	if (!good)
		report_error(r, k->at, s, k->name, "%s", text_str(&why));
	else if (row->status != STATUS_READ)
		without_effect(s, row, k, r);
}

static void read_default(const struct tree_section *s, const struct conf_key *row, void *base,
	struct arena *arena, struct report *r)
{
	struct text why = text_in(r->why->arena);

	if (row->at == CONF_NOWHERE || !row->fallback || tree_written(s, row->name))
		return;
	if (!value_read(row, row->fallback, base, arena, &why))
		abort();
}

void section_read(const struct tree_section *s, enum conf_section_kind kind, void *base, struct arena *arena,
	struct report *report)
{
	for (const struct conf_key *row = schema_section(kind)->keys; row->name; row++)
		read_default(s, row, base, arena, report);
	for (const struct tree_key *k = s->keys; k; k = k->next) {
		const struct conf_key *row = schema_key_find(kind, k->name);

		if (!row)
			unknown_key(s, kind, k, report);
		else if (*k->value)
			read_key(s, row, k, base, arena, report);
	}
}

void section_without_keys(const struct tree_section *s, enum conf_section_kind kind, struct report *report)
{
	for (const struct tree_key *k = s->keys; k; k = k->next)
		unknown_key(s, kind, k, report);
}

static bool is_in_connection(const struct conf_section *row)
{
	while (row->parent != CONF_SECTIONS_MAX && schema_kind(row) != CONF_CONNECTION)
		row = schema_section(row->parent);
	return schema_kind(row) == CONF_CONNECTION;
}

/* Of a connection, or one of many that are good for nothing yet. */
static void section_without_effect(
	const struct tree_section *s, const struct conf_section *row, struct report *r)
{
	uint64_t kind = 1ULL << schema_kind(row);

	_Static_assert(CONF_SECTIONS_MAX <= 64, "a bit for each kind");
	if (is_in_connection(row)) {
		report_later(r, s->at, s, NULL, "%s", row->note);
		return;
	}
	if (!(r->noted & kind))
		report_note(r, s->at, s, NULL, "%s, so this section, and others of its kind, have no effect",
			row->note);
	r->noted |= kind;
}

enum conf_section_kind section_kind(
	const struct tree_section *s, enum conf_section_kind parent, struct report *report)
{
	const struct conf_section *row = schema_section_find(parent, s->name);

	if (!row) {
		report_error(report, s->at, s, NULL, "unknown section%s%s",
			parent == CONF_ROOT ? ", and none inherits from it" : "",
			did_you_mean(schema_section_nearest(parent, s->name), report->why->arena));
		return CONF_SECTIONS_MAX;
	}
	if (row->status != STATUS_READ)
		section_without_effect(s, row, report);
	return schema_kind(row);
}

struct source section_source(const struct tree_section *s, struct arena *arena)
{
	struct source_key *keys = ARENA_ARRAY(arena, s->n_keys, struct source_key);
	unsigned n = 0;

	for (const struct tree_key *k = s->keys; k; k = k->next)
		if (*k->value)
			keys[n++] = (struct source_key){ arena_str(arena, k->name),
				strcmp(k->at.file, s->at.file) ? 0 : k->at.line };
	return (struct source){
		.section = tree_path(s, arena),
		.file = arena_str(arena, s->at.file),
		.line = s->at.line,
		.keys = keys,
		.n = n,
	};
}
