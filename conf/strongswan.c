/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Their names, and ours for the same. */
#include "conf/strongswan.h"

#include "conf/parser.h"
#include "conf/radius.h"
#include "conf/schema.h"
#include "conf/settings.h"
#include "conf/value.h"

enum { NAMED_MAX = 40 /* settings named in one line */ };

#define RADIUS "plugins.eap-radius"

/* In the order in which they are read: the later one wins, as charon-systemd looks into its own first. */
static const char *const sections[] = { "charon", "charon-systemd", "libtls" };

/* THE table of what is used: the key in their section, and that of the section "daemon". */
static const struct setting {
	const char *theirs, *ours;
	bool inverse; /* yes means no */
} settings[] = {
	{ "port", "port", false },
	{ "port_nat_t", "port_nat_t", false },
	{ "retransmit_timeout", "retransmit_timeout", false },
	{ "retransmit_base", "retransmit_base", false },
	{ "retransmit_tries", "retransmit_tries", false },
	{ "retransmit_jitter", "retransmit_jitter", false },
	{ "retransmit_limit", "retransmit_limit", false },
	{ "fragment_size", "fragment_size", false },
	{ "half_open_timeout", "half_open_timeout", false },
	{ "keep_alive", "keep_alive", false },
	{ "cookie_threshold", "cookie_threshold", false },
	{ "cookie_threshold_ip", "cookie_threshold_ip", false },
	{ "block_threshold", "block_threshold", false },
	{ "init_limit_half_open", "init_limit_half_open", false },
	{ "init_limit_job_load", "init_limit_job_load", false },
	{ "follow_redirects", "follow_redirects", false },
	{ "hash_and_url", "hash_and_url", false },
	{ "make_before_break", "make_before_break", false },
	{ "install_routes", "install_routes", false },
	{ "routing_table", "routing_table", false },
	{ "routing_table_prio", "routing_table_prio", false },
	{ "iptfs.drop_time", "iptfs_drop_time", false },
	{ "iptfs.reorder_window", "iptfs_reorder_window", false },
	{ "iptfs.init_delay", "iptfs_init_delay", false },
	{ "iptfs.max_queue_size", "iptfs_max_queue_size", false },
	{ "iptfs.packet_size", "iptfs_packet_size", false },
	{ "iptfs.accept_fragments", "iptfs_accept_fragments", false },
	/* Read by the second name, documented by the first. */
	{ "iptfs.dont_frag", "iptfs_dont_fragment", false },
	{ "iptfs.dont_fragment", "iptfs_dont_fragment", false },
	{ "plugins.vici.socket", "vici_socket", false },
	{ "plugins.kernel-libipsec.raw_esp", "udp_encap", true },
};

/* Names between commas. */
struct names {
	struct text text;
	unsigned n;
};

struct reading {
	struct conf *conf;
	struct report report;
	struct names used, rest;
};

static void name_add(struct names *names, const char *section, const char *key)
{
	if (names->n++ < NAMED_MAX)
		text_add(&names->text, "%s%s.%s", names->n > 1 ? ", " : "", section, key);
}

static const char *names_str(struct names *names)
{
	if (names->n > NAMED_MAX)
		text_add(&names->text, " and %u more", names->n - NAMED_MAX);
	return text_str(&names->text);
}

/* Which plugins are loaded, and from where: here all that there is, is built in. */
static bool is_loading(const struct tree_key *k)
{
	return !strcmp(k->name, "load_modular") || (!strcmp(k->name, "load") && strcmp(k->value, "no"));
}

static void use(struct reading *g, const struct setting *s, const struct tree_key *k)
{
	const struct conf_key *row = schema_key_find(CONF_DAEMON, s->ours);
	struct settings *out = &g->conf->settings;
	struct text why = text_in(g->report.why->arena);

	if (!value_read(row, k->value, out, &g->conf->arena, &why))
		report_error(&g->report, k->at, k->in, k->name, "%s", text_str(&why));
	else if (s->inverse)
		*(bool *)((char *)out + row->at) = !*(bool *)((char *)out + row->at);
}

/* The key K of SECTION; PATH is its name there. */
static void read_key(struct reading *g, const char *section, const char *path, const struct tree_key *k)
{
	for (const struct setting *s = settings; s < settings + sizeof settings / sizeof *settings; s++)
		if (!strcmp(s->theirs, path)) {
			use(g, s, k);
			name_add(&g->used, section, path);
			return;
		}
	if (!is_loading(k))
		name_add(&g->rest, section, path);
}

static bool has_values(const struct tree_section *s)
{
	for (const struct tree_key *k = s->keys; k; k = k->next)
		if (*k->value && !is_loading(k))
			return true;
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		if (has_values(sub))
			return true;
	return false;
}

/* Whether more is in S than a distribution writes there, and the plugin is loaded. */
static bool is_written(const struct tree_section *s)
{
	for (const struct tree_key *k = s->keys; k; k = k->next)
		if (!strcmp(k->name, "load") && !is_loading(k))
			return false;
	return has_values(s);
}

/* Their section "eap-radius" of SECTION, which has the keys of ours. */
static void read_radius(struct reading *g, const char *section, const struct tree_section *s)
{
	struct conf *c = g->conf;

	radius_read(s, &c->settings.radius, &c->arena, &g->report);
	name_add(c->settings.radius.n_servers ? &g->used : &g->rest, section, RADIUS);
}

/* S lies in SECTION, below BEFORE ("plugins.vici.", or ""). */
static void read_section(
	struct reading *g, const char *section, const char *before, const struct tree_section *s)
{
	struct arena *arena = g->report.why->arena;

	for (const struct tree_key *k = s->keys; k; k = k->next)
		if (*k->value)
			read_key(g, section, arena_printf(arena, "%s%s", before, k->name), k);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next) {
		const char *path = arena_printf(arena, "%s%s", before, sub->name);

		if (!strcmp(path, RADIUS) && is_written(sub))
			read_radius(g, section, sub);
		else
			read_section(g, section, arena_printf(arena, "%s.", path), sub);
	}
}

static void read_tree(struct reading *g, const struct tree *t, const char *path)
{
	const struct tree_place file = { path, 0 };

	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		const struct tree_section *s = tree_section_find(t, t->root, sections[i]);

		if (s)
			read_section(g, s->name, "", s);
	}
	settings_check(&g->conf->settings, file, NULL, &g->report);
	if (g->used.n)
		report_note(&g->report, file, NULL, NULL, "used, as there is no section daemon: %s",
			names_str(&g->used));
	if (g->rest.n)
		report_note(&g->report, file, NULL, NULL, "without effect here: %s", names_str(&g->rest));
}

enum err strongswan_read(const char *path, const struct conf_files *files, struct conf *c, struct text *why,
	struct text *notes)
{
	struct reading g = { .conf = c,
		.report = { .why = why, .notes = notes },
		.used = { text_in(why->arena), 0 },
		.rest = { text_in(why->arena), 0 } };
	struct tree tree;
	enum err e;

	tree_init(&tree);
	e = parser_read(&tree, path, files, &g.report);
	if (!e)
		e = parser_inherit(&tree, &g.report);
	if (!e)
		read_tree(&g, &tree, path);
	tree_free(&tree);
	return e ? e : g.report.errors ? ERR_SYNTAX : ERR_OK;
}

const char *strongswan_name(const char *ours)
{
	for (const struct setting *s = settings; s < settings + sizeof settings / sizeof *settings; s++)
		if (!s->inverse && !strcmp(s->ours, ours))
			return s->theirs;
	return NULL;
}
