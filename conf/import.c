/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The importer as a whole: files in, dialect told, sections one after the other. */
#include "conf/import_inner.h"

static bool is_secrets(const char *path)
{
	size_t n = strlen(path);

	return n >= 7 && !strcmp(path + n - 7, "secrets");
}

/* The first word that only one dialect has, of each. */
struct evidence {
	const struct tree_key *strong, *libre;
};

static void weigh(struct evidence *e, const struct tree_key *k, unsigned dialects)
{
	if (dialects == STRONG && !e->strong)
		e->strong = k;
	if (dialects == LIBRE && !e->libre)
		e->libre = k;
}

static struct evidence look(const struct import_run *run)
{
	struct evidence e = { 0 };
	const char *word;
	enum import_side side;

	for (const struct tree_section *g = run->tree.root->sections; g; g = g->next)
		for (const struct tree_section *s = g->sections; s; s = s->next)
			for (const struct tree_key *k = s->keys; k; k = k->next)
				weigh(&e, k,
					!strcmp(g->name, "config") ? import_setup_word(k->name)
					: !strcmp(g->name, "ca")   ? STRONG
								   : import_word(k->name, &word, &side));
	return e;
}

static enum err tell(struct import_run *run, const char *path)
{
	struct evidence e = look(run);

	if (e.strong && e.libre)
		report_error(&run->report, e.libre->at, NULL, NULL,
			"only libreswan has %s, and only strongSwan %s (%s:%u): say --from strongswan or "
			"--from libreswan",
			e.libre->name, e.strong->name, e.strong->at.file, e.strong->at.line);
	else if (!e.strong && !e.libre)
		report_error(&run->report, (struct tree_place){ path, 0 }, NULL, NULL,
			"strongSwan and libreswan both have all of these words, and mean different things by "
			"what is not "
			"written: say --from strongswan or --from libreswan");
	else
		run->dialect = e.strong ? STRONG : LIBRE;
	return run->dialect ? ERR_OK : ERR_UNKNOWN;
}

static enum err read_all(struct import_run *run, const char *const *paths, unsigned n)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; !e && i < n; i++)
		if (!is_secrets(paths[i]))
			e = import_read(run, paths[i]);
	return e;
}

static const char *first_conf(const char *const *paths, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!is_secrets(paths[i]))
			return paths[i];
	return NULL;
}

/* The dialect says what quotes and marks mean: once it is known, files are read anew. */
static enum err read_confs(struct import_run *run, const char *const *paths, unsigned n)
{
	const char *first = first_conf(paths, n);
	struct text left = *run->im->left;
	enum err e;

	run->dialect = run->im->from == DIALECT_STRONGSWAN  ? STRONG
		       : run->im->from == DIALECT_LIBRESWAN ? LIBRE
							    : 0;
	if (!first && !run->dialect)
		run->dialect = STRONG;
	e = read_all(run, paths, n);
	if (e || run->dialect)
		return e;
	e = tell(run, first);
	if (e)
		return e;
	tree_free(&run->tree);
	tree_init(&run->tree);
	*run->im->left = left;
	run->im->n_left = 0;
	return read_all(run, paths, n);
}

static void uris(struct text *out, struct import_run *run, const struct tree_section *ca,
	const char *const *words, const char *key)
{
	struct text list = text_in(run->arena);

	for (; *words; words++) {
		const struct tree_key *k = tree_written(ca, *words);

		if (k)
			text_add(&list, "%s%s", list.n ? ", " : "", k->value);
	}
	if (list.n)
		import_line(out, 2, key, text_str(&list));
}

static void import_ca(struct import_run *run, const struct tree_section *s)
{
	static const char *const crls[] = { "crluri", "crluri1", "crluri2", NULL },
				 *const ocsps[] = { "ocspuri", "ocspuri1", "ocspuri2", NULL },
				 *const bases[] = { "certuribase", NULL };
	const struct tree_key *cert = tree_written(s, "cacert"), *start = tree_written(s, "auto");
	struct text section = text_in(run->arena);
	const char *word = arena_printf(run->arena, "ca %s", s->name);

	if (!strcmp(s->name, "%default") || !cert || !start || !strcmp(start->value, "ignore")) {
		import_left(run, s->at, word,
			"it has no cacert, or auto is not written, or ignore: it is not loaded there");
		return;
	}
	import_open_section(&section, 1, s->name);
	import_line(&section, 2, "cacert", import_path(run, "cacerts", cert->value));
	uris(&section, run, s, crls, "crl_uris");
	uris(&section, run, s, ocsps, "ocsp_uris");
	uris(&section, run, s, bases, "cert_uri_base");
	text_add(&section, "\t}\n");
	import_add(run, "authorities", &run->authorities, text_str(&section), s->at, word);
	for (const struct tree_key *k = s->keys; k; k = k->next)
		if (strncmp(k->name, "crluri", 6) && strncmp(k->name, "ocspuri", 7) &&
			strcmp(k->name, "certuribase") && k != cert && k != start)
			import_left(run, k->at, word, "%s is not carried over",
				report_quote(k->name, run->arena));
}

static void sections(struct import_run *run)
{
	for (const struct tree_section *g = run->tree.root->sections; g; g = g->next)
		for (const struct tree_section *s = g->sections; s; s = s->next) {
			if (!strcmp(g->name, "config"))
				import_setup(run, s);
			else if (!strcmp(g->name, "ca"))
				import_ca(run, s);
			else if (strcmp(s->name, "%default") != 0)
				import_conn(run, s);
		}
}

/* strongSwan trusts what lies in ipsec.d/cacerts. */
static void authorities(struct import_run *run)
{
	const struct conf_files *files = run->im->files;
	const char *const *paths;
	unsigned n = 0;

	if (run->dialect != STRONG ||
		files->glob(files->ctx, arena_printf(run->arena, "%s/ipsec.d/cacerts/*", run->folder),
			run->arena, &paths, &n))
		return;
	for (unsigned i = 0; i < n; i++) {
		if (strstr(text_str(&run->authorities), paths[i]))
			continue;
		import_open_section(&run->authorities, 1, arena_printf(run->arena, "cacerts-%u", i + 1));
		import_line(&run->authorities, 2, "cacert", paths[i]);
		text_add(&run->authorities, "\t}\n");
	}
}

static const char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? arena_text(arena, bytes_of(path, (size_t)(slash - path))) : ".";
}

static enum err run_all(struct import_run *run, const char *const *paths, unsigned n)
{
	enum err e = read_confs(run, paths, n);

	if (e)
		return e;
	sections(run);
	authorities(run);
	for (unsigned i = 0; !e && i < n; i++)
		if (is_secrets(paths[i]))
			e = import_secrets(run, paths[i]);
	return e ? e : run->report.errors ? ERR_SYNTAX : ERR_OK;
}

enum err import_files(struct import *im, const char *const *paths, unsigned n)
{
	struct arena arena = { 0 };
	struct text notes = text_in(&arena);
	struct import_run run = { .im = im, .arena = &arena, .report = { .why = im->why, .notes = &notes } };
	enum err e;

	tree_init(&run.tree);
	run.conns_end = &run.conns;
	run.pools = text_in(&arena);
	run.authorities = text_in(&arena);
	run.secrets = text_in(&arena);
	run.folder = im->folder ? im->folder : n ? folder_of(&arena, paths[0]) : ".";
	e = run_all(&run, paths, n);
	if (!e)
		import_write(&run);
	tree_free(&run.tree);
	arena_free(&arena);
	return e;
}
