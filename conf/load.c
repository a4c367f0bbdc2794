/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sections of a file, one after the other, into a draft that is handed over only when nothing is wrong.
 */
#include "conf/load.h"

#include "conf/conn.h"
#include "conf/creds.h"
#include "conf/parser.h"
#include "conf/pool.h"
#include "conf/section.h"
#include "conf/settings.h"
#include "conf/strongswan.h"
#include "conf/version.h"

#include <stdlib.h>
#include <unistd.h>

#define STRONGSWAN_CONF "/etc/strongswan.conf"

static struct peer *read_conn(const struct tree_section *s, enum origin origin, struct report *r)
{
	struct peer *p = conn_read(s, origin, r);

	if (!r->errors)
		version_set(p, s);
	return p;
}

static void read_connections(const struct tree_section *s, struct conf *c, struct report *r)
{
	c->peers = ARENA_ARRAY(&c->arena, s->n_sections, struct peer *);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		c->peers[c->n_peers++] = read_conn(sub, ORIGIN_FILE, r);
}

static void read_top(const struct tree_section *s, struct conf *c, struct report *r)
{
	enum conf_section_kind kind = section_kind(s, CONF_ROOT, r);

	if (kind == CONF_DAEMON)
		settings_read(s, c, r);
	else if (kind != CONF_SECTIONS_MAX)
		section_without_keys(s, kind, r);
	if (kind == CONF_CONNECTIONS)
		read_connections(s, c, r);
	else if (kind == CONF_SECRETS)
		secrets_read(s, c, r);
	else if (kind == CONF_POOLS)
		pools_read(s, c, r);
	else if (kind == CONF_AUTHORITIES)
		authorities_read(s, c, r);
}

/* A section at the top that others inherit from may have any name; what is in it is read where it is
 * inherited. */
static void read_root(const struct tree *t, struct conf *c, struct report *r)
{
	section_without_keys(t->root, CONF_ROOT, r);
	for (const struct tree_section *s = t->root->sections; s; s = s->next)
		if (!s->referenced || schema_section_find(CONF_ROOT, s->name))
			read_top(s, c, r);
}

enum err conf_load(const char *path, const struct conf_files *files, struct conf *out, struct text *why,
	struct text *notes)
{
	struct report report = { .why = why, .notes = notes };
	struct conf draft = { .settings = settings_default() };
	struct tree tree;
	enum err e;

	tree_init(&tree);
	e = parser_read(&tree, path, files, &report);
	if (!e)
		e = parser_inherit(&tree, &report);
	if (!e)
		read_root(&tree, &draft, &report);
	tree_free(&tree);
	if (!e && !report.errors) {
		*out = draft;
		return ERR_OK;
	}
	conf_free(&draft);
	return e ? e : ERR_SYNTAX;
}

static const char *strongswan_conf(void)
{
	const char *path = getenv("STRONGSWAN_CONF");

	if (path)
		return *path ? path : NULL;
	return access(STRONGSWAN_CONF, F_OK) ? NULL : STRONGSWAN_CONF;
}

enum err conf_load_system(const char *path, struct conf *out, struct text *why, struct text *notes)
{
	struct conf draft = { .settings = settings_default() };
	const char *strongswan = strongswan_conf();
	enum err e = path ? conf_load(path, &conf_files_system, &draft, why, notes) : ERR_OK;

	if (e)
		return e;
	if (!draft.settings_written && strongswan)
		e = strongswan_read(strongswan, &conf_files_system, &draft, why, notes);
	if (e)
		conf_free(&draft);
	else
		*out = draft;
	return e;
}

enum err conf_load_conn(const struct tree_section *s, enum origin origin, struct peer **out, struct text *why,
	struct text *notes)
{
	struct report report = { .why = why, .notes = notes };
	struct peer *p = read_conn(s, origin, &report);

	if (!report.errors) {
		*out = p;
		return ERR_OK;
	}
	peer_unref(p);
	return ERR_SYNTAX;
}

enum err conf_load_pool(const struct tree_section *s, enum origin origin, struct arena *arena,
	struct vip_pool *out, struct text *why)
{
	struct text notes = text_in(why->arena);
	struct report report = { .why = why, .notes = &notes };

	pool_read(s, origin, arena, out, &report);
	return report.errors ? ERR_SYNTAX : ERR_OK;
}

enum err conf_load_authority(const struct tree_section *s, enum origin origin, struct arena *arena,
	struct authority *out, struct text *why)
{
	struct text notes = text_in(why->arena);
	struct report report = { .why = why, .notes = &notes };

	authority_read(s, origin, arena, out, &report);
	return report.errors ? ERR_SYNTAX : ERR_OK;
}
