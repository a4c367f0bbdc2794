/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A heading for each section, a line of a table for each key. */
#include "conf/manual.h"

#include "conf/preset.h"
#include "conf/schema.h"
#include "conf/strongswan.h"
#include "conf/value.h"

static const char *status_word(enum conf_status s)
{
	static const char *const words[] = {
		[STATUS_READ] = "done",
		[STATUS_IGNORED] = "without effect",
		[STATUS_LATER] = "later",
		[STATUS_REFUSED] = "refused",
	};

	return words[s];
}

/* One cell: what would end it is written otherwise. */
static void put_cell(struct text *out, const char *s)
{
	text_add(out, "| ");
	for (; *s; s++)
		if (*s == '|' || *s == '<' || *s == '*')
			text_add(out, "\\%c", *s);
		else
			text_put(out, s, 1);
	text_add(out, " ");
}

static void put_text(struct text *out, const char *s)
{
	if (s)
		put_cell(out, s);
	else
		text_add(out, "| ");
}

static void put_type(struct text *out, const struct conf_key *row)
{
	struct text type = text_in(out->arena);

	value_type(row, &type);
	put_cell(out, text_str(&type));
}

/* What it is, and what keeps it from working. */
static void put_doc(struct text *out, const struct conf_key *row)
{
	put_cell(out, row->note ? arena_printf(out->arena, "%s (%s)", row->doc, row->note) : row->doc);
}

static void put_strongswan(struct text *out, enum conf_section_kind kind, const struct conf_key *row)
{
	const char *name = kind == CONF_DAEMON ? strongswan_name(row->name) : NULL;

	if (name)
		put_cell(out, arena_printf(out->arena, "charon.%s%s%s", name, row->differs ? ": " : "",
				      row->differs ? row->differs : ""));
	else
		put_text(out, row->differs);
}

static void put_key(struct text *out, enum conf_section_kind kind, const struct conf_key *row)
{
	put_cell(out, row->name);
	put_type(out, row);
	put_text(out, row->fallback);
	put_cell(out, status_word(row->status));
	put_doc(out, row);
	put_strongswan(out, kind, row);
	text_add(out, "|\n");
}

static void put_section(struct text *out, enum conf_section_kind kind)
{
	const struct conf_section *s = schema_section(kind);

	if (!s->keys)
		return;
	text_add(out, "\n## `%s`\n\n", s->path);
	if (s->status != STATUS_READ)
		text_add(out, "%c%s: %s.\n\n", status_word(s->status)[0] - 'a' + 'A',
			status_word(s->status) + 1, s->note);
	text_add(out, "| key | type | default | status | what it is | where strongSwan does otherwise |\n"
		      "|---|---|---|---|---|---|\n");
	for (const struct conf_key *row = s->keys; row->name; row++)
		put_key(out, kind, row);
}

static void put_presets(struct text *out)
{
	text_add(out, "\n## Presets\n\n"
		      "What `peer` stands for: a key that is not written has this value.\n");
	for (const struct name *preset = preset_words; preset->word; preset++) {
		text_add(out, "\n`peer = %s`\n\n```\n", preset->word);
		preset_describe(preset, out);
		text_add(out, "```\n");
	}
}

void conf_manual(struct text *out)
{
	text_add(out, "# Options\n\n"
		      "Every section and key of a configuration. Made by `ikev2d --options`; do not edit.\n\n"
		      "A time is a number of seconds, or one with s, m, h or d behind it; a size one of "
		      "octets, or with k, "
		      "m or g. A key that is \"later\" is read and shown, but a connection that needs it is "
		      "not used; one "
		      "\"without effect\" is accepted, with a note where it was written; one \"refused\" is "
		      "taken only "
		      "where it changes nothing. The last column says what strongSwan does, or what its "
		      "default is.\n");
	for (int kind = 0; kind < CONF_SECTIONS_MAX; kind++)
		put_section(out, (enum conf_section_kind)kind);
	put_presets(out);
}
