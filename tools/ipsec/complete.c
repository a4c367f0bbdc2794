/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec complete WORDS...: what the last of the words may become, a line each; for the shells' completion.
 * Names are those of the running daemon; where nothing comes, the shell offers files. */
#include "pki_words.h"
#include "snapshot.h"
#include "verbs.h"

void complete_offer(struct ipsec *x, const char *begins, const char *word)
{
	if (!strncmp(word, begins, strlen(begins)))
		fprintf(x->out, "%s\n", word);
}

void complete_choices(struct ipsec *x, const char *begins, const char *choices)
{
	while (*choices) {
		size_t n = strcspn(choices, "|");

		complete_offer(x, begins, arena_text(&x->arena, bytes_of(choices, n)));
		choices += n + (choices[n] == '|');
	}
}

static void offer_conn(struct ipsec *x, const char *begins, const struct vici_node *conn)
{
	const struct vici_node *children = vici_find(conn, "children");

	complete_offer(x, begins, conn->name);
	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next)
		complete_offer(x, begins, arena_printf(&x->arena, "%s/%s", conn->name, n->name));
}

static void offer_names(struct ipsec *x, const char *begins)
{
	struct snapshot s;
	struct client c;

	if (!client_probe(x))
		return;
	if (!client_open(&c, x) && !snapshot_take(&c, &s))
		for (unsigned i = 0; i < s.n_conns; i++)
			offer_conn(x, begins, s.conns[i]);
	client_close(&c);
}

/* The value that the option BEFORE has by the verb's ARGS, or NULL: it has none, or is no option of it. */
static const char *value_of(struct ipsec *x, const char *args, const char *before)
{
	size_t n = strlen(before);

	for (const char *s = strstr(args, before); s && *before == '-'; s = strstr(s + 1, before))
		if (s[n] == ' ')
			return arena_text(&x->arena, bytes_of(s + n + 1, strcspn(s + n + 1, " ]")));
	return NULL;
}

/* ARGS is like "NAME [--timeout S]": each word of it is an option, with the word behind it, stands for names,
 * or for files. */
static void offer_args(struct ipsec *x, const struct verb *v, const char *begins)
{
	const char *s = v->args;

	while (*s) {
		size_t n = strcspn(s, " []|");
		const char *word = arena_text(&x->arena, bytes_of(s, n));

		if (*word == '-') {
			complete_offer(x, begins, word);
			n += s[n] == ' ' ? 1 + strcspn(s + n + 1, " ]") : 0;
		} else if (!strcmp(word, "NAME")) {
			offer_names(x, begins);
		}
		s += n + strspn(s + n, " []|");
	}
	for (unsigned i = 0; v->choice && v->choice(i); i++)
		complete_offer(x, begins, v->choice(i));
}

static void offer_verbs(struct ipsec *x, const char *begins)
{
	for (const struct verb *v = verb_next(NULL); v; v = verb_next(v))
		complete_offer(x, begins, v->name);
	for (const struct alias *a = alias_next(NULL); *begins && a; a = alias_next(a))
		complete_offer(x, begins, a->word);
	complete_choices(x, begins, *begins == '-' ? "--json|--run-dir" : "");
}

/* How many words stand in front of the verb. */
static int skip_options(struct ipsec *x, int argc, char **argv)
{
	int i = 0;

	for (; i + 1 < argc && argv[i][0] == '-'; i++)
		if (!strcmp(argv[i], "--run-dir") && i + 2 < argc)
			x->run_dir = argv[++i];
	return i;
}

int verb_complete(struct ipsec *x, int argc, char **argv)
{
	int skipped = skip_options(x, argc, argv);
	const char *begins = argc ? argv[argc - 1] : "", *value;
	const struct verb *v;

	argc -= skipped;
	argv += skipped;
	if (argc < 2) {
		offer_verbs(x, begins);
		return DONE;
	}
	argv = alias_expand(x, argc, argv, &argc);
	v = verb_find(argv[0]);
	if (!v)
		return DONE;
	if (pki_groups_offer(x, v->name, argc - 1, argv + 1))
		return DONE;
	value = value_of(x, v->args, argv[argc - 2]);
	if (value && !strcmp(value, "NAME"))
		offer_names(x, begins);
	else if (value && strchr(value, '|'))
		complete_choices(x, begins, value);
	else if (!value)
		offer_args(x, v, begins);
	return DONE;
}
