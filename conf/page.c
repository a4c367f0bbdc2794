/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ikev2d.conf(5): a heading for each section, an entry for each key. */
#include "base/roff.h"
#include "conf/manual.h"
#include "conf/schema.h"
#include "conf/value.h"

static const char *sentence(const struct conf_key *row, struct arena *arena)
{
	struct text out = text_in(arena);

	text_add(&out, "%s.", row->doc);
	if (row->fallback)
		text_add(&out, " Default: %s.", *row->fallback ? row->fallback : "empty");
	if (row->note)
		text_add(&out, " %s%s.",
			row->status == STATUS_LATER ? "Not yet: " : "Without effect: ", row->note);
	if (row->differs)
		text_add(&out, " Compared with strongSwan: %s.", row->differs);
	return text_str(&out);
}

static void put_section(struct text *out, enum conf_section_kind kind)
{
	const struct conf_section *s = schema_section(kind);

	if (!s->keys)
		return;
	roff_section(out, s->path);
	if (s->note)
		roff_paragraph(out, arena_printf(out->arena, "%s.", s->note));
	for (const struct conf_key *row = s->keys; row->name; row++) {
		struct text type = text_in(out->arena);

		value_type(row, &type);
		roff_entry(out, row->name, arena_printf(out->arena, "(%s)", text_str(&type)),
			sentence(row, out->arena));
	}
}

void conf_page(struct text *out)
{
	roff_head(out, "ikev2d.conf", 5, "configuration of ikev2d");
	roff_section(out, "DESCRIPTION");
	roff_line(out, "Sections in braces with keys in them, as in strongSwan's swanctl.conf: a value goes "
		       "up to the end of "
		       "its line, # begins a comment, include FILE takes in others. A time is a number of "
		       "seconds, or one with "
		       "s, m, h or d behind it; a size one of octets, or with k, m or g.");
	for (int kind = 0; kind < CONF_SECTIONS_MAX; kind++)
		put_section(out, (enum conf_section_kind)kind);
	roff_section(out, "FILES");
	roff_line(out, "/etc/ikev2d/ikev2d.conf, else /etc/swanctl/swanctl.conf");
	roff_section(out, "SEE ALSO");
	roff_line(out, "ikev2d(8), ipsec(8)");
}
