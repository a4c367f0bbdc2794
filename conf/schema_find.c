/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sections and keys by their names, and what is nearest to a name that is none. */
#include "conf/schema_rows.h"

#include <string.h>

/* Whether NAME is what PATTERN, perhaps with a final *, allows. */
static bool allows(const char *pattern, const char *name)
{
	size_t n = strcspn(pattern, "*");

	return pattern[n] ? !strncmp(pattern, name, n) : !strcmp(pattern, name);
}

const struct conf_section *schema_section_find(enum conf_section_kind parent, const char *name)
{
	for (const struct conf_section *s = schema_sections; s < schema_sections + CONF_SECTIONS_MAX; s++)
		if (s->parent == parent && allows(s->name, name))
			return s;
	return NULL;
}

const struct conf_key *schema_key_find(enum conf_section_kind kind, const char *name)
{
	for (const struct conf_key *k = schema_sections[kind].keys; k && k->name; k++)
		if (allows(k->name, name))
			return k;
	return NULL;
}

/* Candidates for a nearest name. */
struct candidates {
	enum conf_section_kind parent;
	const struct conf_section *section;
	const struct conf_key *key;
};

static const char *next_section(void *ctx)
{
	struct candidates *c = ctx;

	for (; c->section < schema_sections + CONF_SECTIONS_MAX; c->section++)
		if (c->section->parent == c->parent && strcmp(c->section->name, "*"))
			return c->section++->name;
	return NULL;
}

static const char *next_key(void *ctx)
{
	struct candidates *c = ctx;

	return c->key && c->key->name ? c->key++->name : NULL;
}

const char *schema_section_nearest(enum conf_section_kind parent, const char *name)
{
	struct candidates c = { .parent = parent, .section = schema_sections };

	return name_nearest(name, next_section, &c);
}

const char *schema_key_nearest(enum conf_section_kind kind, const char *name)
{
	struct candidates c = { .key = schema_sections[kind].keys };

	return name_nearest(name, next_key, &c);
}

const struct conf_section *schema_key_elsewhere(const char *name)
{
	for (const struct conf_section *s = schema_sections; s < schema_sections + CONF_SECTIONS_MAX; s++)
		for (const struct conf_key *k = s->keys; k && k->name; k++)
			if (!strcmp(k->name, name))
				return s;
	return NULL;
}
