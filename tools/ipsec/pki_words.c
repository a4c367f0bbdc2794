/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE list of groups of verbs, THE table of their options, and how they are read, shown and completed. */
#include "pki_words.h"

#include "pki_files.h"

#include "base/names.h"
#include "base/roff.h"
#include "conf/files.h"

#include <time.h>

static const struct pki_group *const groups[] = { &pki_group, &user_group, &setup_group };

enum { GROUPS = sizeof groups / sizeof *groups };

enum { FLAG = 1, MANY = 2 };

static const struct {
	const char *word, *value;
	unsigned kind;
} options[PKI_OPTIONS] = {
	[OPT_AUTH] = { "--auth", "cert|eap", 0 },
	[OPT_CA_PASS] = { "--ca-passphrase-file", "FILE", 0 },
	[OPT_CLIENT] = { "--profile", "ios|macos|windows|android|linux|swanctl|ikev2d", 0 },
	[OPT_CONNECTION] = { "--connection", "NAME", 0 },
	[OPT_CRL_URI] = { "--crl-uri", "URI", 0 },
	[OPT_DAYS] = { "--days", "N", 0 },
	[OPT_DN] = { "--dn", "DN", 0 },
	[OPT_DNS] = { "--dns", "ADDRESS", MANY },
	[OPT_DUE] = { "--due", NULL, FLAG },
	[OPT_ENCRYPT] = { "--encrypt", NULL, FLAG },
	[OPT_EXCLUDE] = { "--exclude", "NAMES", MANY },
	[OPT_FOR] = { "--for", "WHOM", 0 },
	[OPT_FORCE] = { "--force", NULL, FLAG },
	[OPT_ID] = { "--id", "ID", 0 },
	[OPT_KEY_PASS] = { "--key-passphrase-file", "FILE", 0 },
	[OPT_NAME] = { "--name", "NAME", 0 },
	[OPT_NET] = { "--net", "NETWORK", MANY },
	[OPT_NEW_KEY] = { "--new-key", NULL, FLAG },
	[OPT_NO_START] = { "--no-start", NULL, FLAG },
	[OPT_OCSP_URI] = { "--ocsp-uri", "URI", 0 },
	[OPT_OUT] = { "--out", "FILE", 0 },
	[OPT_PASSWORD] = { "--password-file", "FILE", 0 },
	[OPT_PERMIT] = { "--permit", "NAMES", MANY },
	[OPT_POOL] = { "--pool", "NETWORK", MANY },
	[OPT_PROFILE] = { "--profile", "gateway|user", 0 },
	[OPT_QR] = { "--qr", NULL, FLAG },
	[OPT_REASON] = { "--reason", "REASON", 0 },
	[OPT_REVOCATION] = { "--revocation", "strict|ifuri|relaxed", 0 },
	[OPT_SAN] = { "--san", "ID", MANY },
	[OPT_SERVER] = { "--server", "HOST", 0 },
	[OPT_SIGN] = { "--sign", NULL, FLAG },
	[OPT_TYPE] = { "--type", "ecdsa|rsa|ed25519", 0 },
};

const char *pki_option_word(enum pki_option o)
{
	return options[o].word;
}

static void help_verb(FILE *out, const struct pki_verb *v)
{
	fprintf(out, "  %-11s %-12s %s\n", v->name, v->args, v->help);
	for (unsigned o = 0, column = 0; o < PKI_OPTIONS; o++) {
		if (!(v->options >> o & 1))
			continue;
		column += (unsigned)fprintf(out, "%s[%s%s%s]%s", column ? " " : "      ", options[o].word,
			options[o].value ? " " : "", options[o].value ? options[o].value : "",
			options[o].kind == MANY ? "…" : "");
		if (column > 80 || !(v->options >> o >> 1)) {
			fprintf(out, "\n");
			column = 0;
		}
	}
}

static int help(struct ipsec *x, const struct pki_group *g)
{
	fprintf(x->out, "usage: ipsec %s [--dir DIR] [--json] VERB ...\n\n", g->word);
	for (int i = 0; i < g->n; i++)
		help_verb(x->out, &g->verbs[i]);
	fprintf(x->out, "\n%s", g->about);
	return DONE;
}

static void man(struct text *out, const struct pki_group *g)
{
	roff_section(out, g->title);
	roff_line(out, arena_printf(out->arena, "ipsec %s [--dir DIR] [--json] VERB ...", g->word));
	for (const struct pki_verb *v = g->verbs; v < g->verbs + g->n; v++) {
		struct text args = text_in(out->arena);

		text_add(&args, "%s", v->args);
		for (unsigned o = 0; o < PKI_OPTIONS; o++)
			if (v->options >> o & 1)
				text_add(&args, " [%s%s%s]", options[o].word, options[o].value ? " " : "",
					options[o].value ? options[o].value : "");
		roff_entry(out, v->name, text_str(&args), v->help);
	}
}

void pki_groups_man(struct text *out)
{
	for (int i = 0; i < GROUPS; i++)
		man(out, groups[i]);
}

static const struct pki_verb *verb_of(const struct pki_group *g, const char *word)
{
	for (const struct pki_verb *v = g->verbs; v < g->verbs + g->n; v++)
		if (!strcmp(v->name, word))
			return v;
	return NULL;
}

/* The value of V's option BEFORE, or NULL. */
static const char *value_of(const struct pki_verb *v, const char *before)
{
	for (unsigned o = 0; o < PKI_OPTIONS; o++)
		if (v->options >> o & 1 && !strcmp(options[o].word, before))
			return options[o].value;
	return NULL;
}

/* Those in the folder that is used where nothing else is said. */
static void offer_names(struct ipsec *x, const struct pki_group *g, const char *begins)
{
	struct index index = { 0 };
	struct bytes text;
	struct why why = { 0 };

	if (conf_files_system.read(conf_files_system.ctx, PKI_DIR "/pki/index", &x->arena, &text) ||
		index_parse(text, &x->arena, &index, &why))
		return;
	index_mark(&index);
	for (unsigned i = 0; i < index.n; i++)
		if (index.v[i].last && (!g->users || index.v[i].profile == MAKE_USER))
			complete_offer(x, begins, index.v[i].name);
}

static void offer(struct ipsec *x, const struct pki_group *g, int argc, char **argv)
{
	const char *begins = argv[argc - 1];
	const struct pki_verb *v = argc > 1 ? verb_of(g, argv[0]) : NULL;
	const char *value = v && argc > 2 ? value_of(v, argv[argc - 2]) : NULL;

	for (int i = 0; i < g->n && argc == 1; i++)
		complete_offer(x, begins, g->verbs[i].name);
	for (unsigned o = 0; o < PKI_OPTIONS && v && !value; o++)
		if (v->options >> o & 1)
			complete_offer(x, begins, options[o].word);
	if (v && v->known && argc == 2)
		offer_names(x, g, begins);
	if (value && strchr(value, '|'))
		complete_choices(x, begins, value);
}

bool pki_groups_offer(struct ipsec *x, const char *word, int argc, char **argv)
{
	for (int i = 0; i < GROUPS; i++)
		if (!strcmp(groups[i]->word, word)) {
			offer(x, groups[i], argc, argv);
			return true;
		}
	return false;
}

struct cursor {
	const struct pki_group *g;
	int i;
};

static const char *next_verb(void *ctx)
{
	struct cursor *c = ctx;

	return c->i < c->g->n ? c->g->verbs[c->i++].name : NULL;
}

static const struct pki_verb *find_verb(struct ipsec *x, const struct pki_group *g, const char *word)
{
	const struct pki_verb *v = verb_of(g, word);
	struct cursor all = { g, 0 };
	const char *near;

	if (v)
		return v;
	near = name_nearest(word, next_verb, &all);
	if (near)
		(void)ipsec_fail(x, USAGE, "there is no verb %s %s: did you mean %s?", g->word, word, near);
	else
		(void)ipsec_fail(
			x, USAGE, "there is no verb %s %s: ipsec %s help lists them", g->word, word, g->word);
	return NULL;
}

/* One option and its value. How many words that were, or 0 after a complaint. */
static int take_option(struct pki *p, const struct pki_verb *v, char **words)
{
	size_t n = strcspn(words[0], "=");
	const char *value = words[0][n] ? words[0] + n + 1 : words[1];

	for (unsigned o = 0; o < PKI_OPTIONS; o++) {
		struct pki_words *to = &p->options[o];
		bool flag = options[o].kind == FLAG;

		if (strlen(options[o].word) != n || strncmp(options[o].word, words[0], n) ||
			!(v->options >> o & 1))
			continue;
		if (!flag && (!value || !*value))
			return ipsec_fail(p->x, 0, "%s needs a value: %s %s", options[o].word,
				options[o].word, options[o].value);
		if (flag && words[0][n])
			return ipsec_fail(p->x, 0, "%s has no value", options[o].word);
		if (to->n == (options[o].kind == MANY ? PKI_WORDS_MAX : 1))
			return ipsec_fail(p->x, 0, "%s was given too often", options[o].word);
		to->v[to->n++] = flag ? "" : value;
		return flag || words[0][n] ? 1 : 2;
	}
	return ipsec_fail(p->x, 0, "ipsec %s %s has no option %s: ipsec %s help", p->group->word, v->name,
		words[0], p->group->word);
}

static bool take_words(struct pki *p, const struct pki_verb *v, int argc, char **argv)
{
	for (int i = 0; i < argc;) {
		int n = 1;

		if (!strcmp(argv[i], "--json"))
			p->x->json = true;
		else if (argv[i][0] == '-' && argv[i][1])
			n = take_option(p, v, argv + i);
		else
			p->args[p->n_args++] = argv[i];
		if (!n)
			return false;
		i += n;
	}
	return true;
}

static int run_verb(struct pki *p, const struct pki_verb *v, int argc, char **argv)
{
	int code;

	p->args = ARENA_ARRAY(p->arena, (size_t)argc + 1, char *);
	if (!take_words(p, v, argc, argv))
		return USAGE;
	if (p->n_args < v->min || p->n_args > v->max)
		return ipsec_fail(p->x, USAGE, "usage: ipsec %s %s%s%s [options]", p->group->word, v->name,
			*v->args ? " " : "", v->args);
	code = v->run(p);
	if (code)
		pki_drop_staged(p);
	pki_close(p);
	return code;
}

/* The words in front of the verb. How many there are, or -1 after a complaint. */
static int take_front(struct pki *p, int argc, char **argv)
{
	int i = 0;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strncmp(argv[i], "--dir=", 6) && argv[i][6])
			p->dir = argv[i] + 6;
		else if (!strcmp(argv[i], "--dir") && i + 1 < argc && *argv[i + 1])
			p->dir = argv[++i];
		else if (!strcmp(argv[i], "--json"))
			p->x->json = true;
		else
			return ipsec_fail(p->x, -1,
				"there is no option %s in front of the verb: ipsec %s help", argv[i],
				p->group->word);
	}
	return i;
}

int pki_group_run(struct ipsec *x, const struct pki_group *g, int argc, char **argv)
{
	struct pki p = { .x = x,
		.arena = &x->arena,
		.group = g,
		.dir = PKI_DIR,
		.now = time(NULL),
		.lock = -1,
		.pending = text_in(&x->arena) };
	const struct pki_verb *v;
	int i = take_front(&p, argc, argv);

	if (i < 0)
		return USAGE;
	if (i == argc)
		return ipsec_fail(
			x, USAGE, "usage: ipsec %s [--dir DIR] VERB ...: ipsec %s help", g->word, g->word);
	if (!strcmp(argv[i], "help"))
		return help(x, g);
	v = find_verb(x, g, argv[i]);
	return v ? run_verb(&p, v, argc - i - 1, argv + i + 1) : USAGE;
}
