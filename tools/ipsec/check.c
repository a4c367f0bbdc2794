/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec check: THE table of findings, what would keep ikev2d from working on this machine. A new one is a row
 * and its function. */
#include "check.h"

#include "crypto/kex.h"
#include "json.h"
#include "verbs.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct finding of_configuration[] = {
	{ "configuration", check_configuration, NULL },
	{ "certificates", check_certificates, NULL },
};

static const struct finding of_machine[] = {
	{ "daemon", check_daemon, NULL },
	{ "data-path", check_data_path, NULL },
	{ "leftovers", check_leftovers, NULL },
	{ "port", check_ike_port, NULL },
	{ "port-nat-t", check_nat_port, NULL },
	{ "tun", check_tun, fix_tun },
	{ "rights", check_rights, NULL },
	{ "forwarding", check_forwarding, fix_forwarding },
	{ "rp-filter", check_rp_filter, fix_rp_filter },
	{ "nat-rules", check_nat_rules, NULL },
};

static const struct finding of_peer[] = {
	{ "peer", check_peer_address, NULL },
	{ "peer-ike", check_peer_ike, NULL },
	{ "peer-nat-t", check_peer_nat_t, NULL },
	{ "peer-nat", check_peer_nat, NULL },
	{ "peer-size", check_peer_size, NULL },
};

enum verdict check_say(struct check *k, enum verdict v, const char *sentence)
{
	text_add(&k->says, "%s", sentence);
	return v;
}

unsigned long long check_number(const char *path, const char *after, int base, unsigned long long fallback)
{
	char buffer[4096], *at = buffer;
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return fallback;
	n = fread(buffer, 1, sizeof buffer - 1, file);
	fclose(file);
	buffer[n] = 0;
	if (after)
		at = strstr(buffer, after);
	return at ? strtoull(at + (after ? strlen(after) : 0), NULL, base) : fallback;
}

/* What the words behind the verb ask for. */
struct wish {
	const char *path; /* of the configuration; NULL: ikev2d's own */
	const char *peer; /* a connection: only the path to it is looked at; NULL: none */
	const struct standard *profile;
	bool fix, strict;
	bool config; /* the configuration alone, as if for another machine */
};

/* One call, and what it has found. */
struct round {
	struct check *k;
	struct wish wish;
	struct json json;
	enum verdict worst;
};

/* One thing found, as it is shown. */
struct shown {
	const char *name, *text;
	const char *where, *instead; /* of lints; NULL: in TEXT, if anywhere */
	enum verdict verdict;
	bool fixable, fixed;
};

/* TEXT with its lines behind the first one moved to the right. */
static const char *indented(const char *text, struct arena *arena)
{
	struct text t = text_in(arena);

	for (const char *s = text; *s; s++)
		if (*s == '\n')
			text_add(&t, "\n      ");
		else
			text_put(&t, s, 1);
	return text_str(&t);
}

static void show_text(struct round *r, const struct shown *s, const char *word)
{
	static const enum paint paints[] = { PAINT_GOOD, PAINT_NOTE, PAINT_BAD };
	struct ipsec *x = r->k->x;
	const char *padded = arena_printf(&x->arena, "%-5s", s->fixed ? "fixed" : word);

	fprintf(x->out, "%s %-14s %s%s%s\n", ipsec_paint(x, paints[s->verdict], padded), s->name,
		s->where ? s->where : "", s->where ? ": " : "", indented(s->text, &x->arena));
	if (s->instead)
		fprintf(x->out, "      instead: %s\n", s->instead);
}

static void show(struct round *r, const struct shown *s)
{
	static const char *const words[] = { "ok", "note", "bad" };
	struct json *j = &r->json;

	if (s->verdict > r->worst)
		r->worst = s->verdict;
	json_open(j, NULL, '{');
	json_str(j, "name", s->name);
	json_str(j, "verdict", words[s->verdict]);
	json_str(j, "text", s->text);
	json_str(j, "where", s->where);
	json_str(j, "instead", s->instead);
	json_bool(j, "fixable", s->fixable);
	json_bool(j, "fixed", s->fixed);
	json_close(j, '}');
	if (!r->k->x->json)
		show_text(r, s, words[s->verdict]);
}

/* Mends what F found, and looks again: what was done stands in front of what there is now. */
static void mend(struct check *k, const struct finding *f, struct shown *s)
{
	struct text found = k->says;

	k->says = text_in(&k->x->arena);
	s->fixed = f->fix(k);
	if (s->fixed) {
		text_add(&k->says, "\n");
		s->verdict = f->run(k);
	} else {
		text_add(&found, "\nnot mended: %s", text_str(&k->says));
		k->says = found;
	}
}

static void look(struct round *r, const struct finding *f)
{
	struct shown s = { .name = f->name, .fixable = f->fix != NULL };
	struct check *k = r->k;

	k->says = text_in(&k->x->arena);
	s.verdict = f->run(k);
	if (s.verdict != GOOD && f->fix) {
		if (r->wish.fix)
			mend(k, f, &s);
		else
			text_add(&k->says, "\nipsec check --fix does it");
	}
	s.text = text_str(&k->says);
	show(r, &s);
}

static void show_lint(void *ctx, const struct lint *lint, const struct why *why)
{
	show(ctx, &(struct shown){ .name = lint->name,
			  .verdict = lint->verdict,
			  .text = why->what,
			  .where = why->where,
			  .instead = why->instead });
}

static void run_lints(struct round *r)
{
	struct lint_input in = { .conf = &r->k->conf,
		.store = &r->k->creds.store,
		.now = (int64_t)time(NULL),
		.has = kex_available,
		.profile = r->wish.profile };
	struct arena *arena = &r->k->x->arena;

	if (!r->k->loaded || lint_all(&in, arena, show_lint, r))
		return;
	show(r, &(struct shown){ .name = "lints",
			.text = arena_printf(arena, "%u of them find nothing", lint_count()) });
}

static int check(struct round *r)
{
	bool good;

	json_begin(&r->json);
	json_open(&r->json, "findings", '[');
	for (size_t i = 0; i < sizeof of_configuration / sizeof *of_configuration; i++)
		look(r, &of_configuration[i]);
	if (!r->wish.peer)
		run_lints(r);
	for (size_t i = 0; r->wish.peer && i < sizeof of_peer / sizeof *of_peer; i++)
		look(r, &of_peer[i]);
	for (size_t i = 0; !r->wish.peer && !r->wish.config && i < sizeof of_machine / sizeof *of_machine;
		i++)
		look(r, &of_machine[i]);
	good = r->worst < (r->wish.strict ? NOTE : BAD);
	json_close(&r->json, ']');
	json_bool(&r->json, "success", good);
	json_close(&r->json, '}');
	if (r->k->x->json)
		json_print(&r->json, r->k->x->out);
	return !r->k->loaded ? USAGE : good ? DONE : FAILED;
}

/* The file ikev2d would read. */
static const char *default_path(void)
{
	static const char *const places[] = { "/etc/ikev2d/ikev2d.conf", "/etc/swanctl/swanctl.conf" };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (!access(places[i], F_OK))
			return places[i];
	return NULL;
}

/* One word, or two. */
static bool read_word(char **argv, int *i, struct wish *w)
{
	const char *word = argv[*i];

	if (!strcmp(word, "--fix"))
		w->fix = true;
	else if (!strcmp(word, "--strict"))
		w->strict = true;
	else if (!strcmp(word, "--config"))
		w->config = true;
	else if (!strcmp(word, "--profile") && argv[*i + 1])
		return (w->profile = standard_find(argv[++*i])) != NULL;
	else if (!strcmp(word, "--peer") && argv[*i + 1])
		w->peer = argv[++*i];
	else if (*word == '-' || w->path)
		return false;
	else
		w->path = word;
	return true;
}

static bool read_words(int argc, char **argv, struct wish *w)
{
	for (int i = 0; i < argc; i++)
		if (!read_word(argv, &i, w))
			return false;
	return w->fix + w->config + (w->peer != NULL) < 2;
}

int verb_check(struct ipsec *x, int argc, char **argv)
{
	struct check k = { .x = x, .conf.settings = settings_default() };
	struct round r = { .k = &k, .json = json_in(&x->arena) };
	int code;

	if (!read_words(argc, argv, &r.wish))
		return ipsec_fail(x, USAGE, "usage: ipsec check %s", verb_find("check")->args);
	k.path = r.wish.path ? r.wish.path : default_path();
	k.peer_name = r.wish.peer;
	k.running = client_probe(x);
	creds_start(&k.creds);
	code = check(&r);
	creds_stop(&k.creds);
	conf_free(&k.conf);
	return code;
}
