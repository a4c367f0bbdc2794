/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words in front of the verb, and complaints. */
#include "verbs.h"

#include "base/names.h"
#include "json.h"

#include <stdarg.h>
#include <stdlib.h>

int ipsec_fail(struct ipsec *x, int code, const char *format, ...)
{
	struct json j = json_in(&x->arena);
	char *sentence = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&sentence, format, args) < 0)
		abort();
	va_end(args);
	fprintf(x->err, "ipsec: %s\n", sentence);
	if (x->json) {
		json_begin(&j);
		json_bool(&j, "success", false);
		json_str(&j, "error", sentence);
		json_close(&j, '}');
		json_print(&j, x->out);
	}
	free(sentence);
	return code;
}

const char *ipsec_paint(struct ipsec *x, enum paint paint, const char *text)
{
	return term_paint(x->colours, paint, text, &x->arena);
}

static const char *next_verb(void *ctx)
{
	const struct verb **v = ctx;

	*v = verb_next(*v);
	return *v ? (*v)->name : NULL;
}

static int unknown_verb(struct ipsec *x, const char *word)
{
	const struct verb *v = NULL;
	const char *near = name_nearest(word, next_verb, &v);

	if (near)
		return ipsec_fail(x, USAGE, "there is no verb %s: did you mean %s?", word, near);
	return ipsec_fail(x, USAGE, "there is no verb %s: ipsec help lists them", word);
}

static int run_verb(struct ipsec *x, int argc, char **argv)
{
	const struct verb *v;

	if (!strcmp(argv[0], "complete"))
		return verb_complete(x, argc - 1, argv + 1);
	argv = alias_expand(x, argc, argv, &argc);
	v = verb_find(argv[0]);
	if (!v)
		return unknown_verb(x, argv[0]);
	if (argc - 1 < v->min || argc - 1 > v->max)
		return ipsec_fail(x, USAGE, "usage: ipsec %s%s%s", v->name, *v->args ? " " : "", v->args);
	return v->run(x, argc - 1, argv + 1);
}

/* The words in front of the verb. How many there are, or -1 after a complaint. */
static int options(struct ipsec *x, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--json"))
			x->json = true;
		else if (!strncmp(argv[i], "--run-dir=", 10))
			x->run_dir = argv[i] + 10;
		else if (!strcmp(argv[i], "--run-dir") && i + 1 < argc)
			x->run_dir = argv[++i];
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "--version"))
			argv[i--] += 2;
		else
			return ipsec_fail(x, -1,
				"there is no option %s (or its value is missing): ipsec help", argv[i]);
	}
	return i;
}

/* What people read fits their terminal; programs get whole lines. */
static FILE *fitting(const struct ipsec *x, FILE *f)
{
	unsigned width = x->json ? 0 : term_width(f);

	return width ? term_wrap(f, width) : f;
}

static bool put_away(FILE *fits, FILE *f)
{
	return (fits != f && fclose(fits)) || fflush(f);
}

int ipsec_run(int argc, char **argv, FILE *out, FILE *err)
{
	struct ipsec x = { .run_dir = "/run/ikev2d", .out = out, .err = err, .terminal = out };
	int n = options(&x, argc, argv), code = USAGE;
	bool failed;

	x.out = fitting(&x, out);
	x.err = fitting(&x, err);
	x.colours = !x.json && term_colours(out);
	if (n >= argc)
		verb_help(&x, -1, NULL);
	else if (n > 0)
		code = run_verb(&x, argc - n, argv + n);
	failed = put_away(x.out, out);
	(void)put_away(x.err, err);
	arena_free(&x.arena);
	return failed ? FAILED : code;
}
