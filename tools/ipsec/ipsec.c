/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of verbs, and the words in front of the verb. */
#include "ipsec.h"

#include "base/names.h"
#include "json.h"

#include <stdarg.h>
#include <stdlib.h>

struct verb {
	const char *name, *args, *help;
	int min, max; /* words behind it */
	int (*run)(struct ipsec *x, int argc, char **argv);
};

enum { PKI_WORDS = 1000, IMPORT_WORDS = 100 };

static int verb_help(struct ipsec *x, int argc, char **argv);

static const struct verb verbs[] = {
	{ "up", "NAME [--timeout S]", "bring a connection or child up; ends after S seconds (30)", 1, 3,
		verb_up },
	{ "down", "NAME", "take it down", 1, 1, verb_down },
	{ "rekey", "NAME [--reauth]", "new keys for a connection or a child; or authenticate anew", 1, 2,
		verb_rekey },
	{ "route", "NAME", "let its packets bring it up", 1, 1, verb_route },
	{ "unroute", "NAME", "do so no more", 1, 1, verb_unroute },
	{ "redirect", "NAME GATEWAY", "send the peers of a connection to another gateway", 2, 2,
		verb_redirect },
	{ "status", "[NAME]", "connections, up or down, and why they failed", 0, 1, verb_status },
	{ "statusall", "[NAME]", "the same with keys, algorithms, times and the daemon", 0, 1,
		verb_statusall },
	{ "list", "WHAT", "conns, sas, policies, pools [--leases], certs, authorities, algs", 1, 2,
		verb_list },
	{ "counters", "[NAME|--all] [--reset]", "messages of IKE: of all together, one connection, or each",
		0, 2, verb_counters },
	{ "purge", "WHAT", "forget certs, crls, ocsp or all that was fetched", 1, 1, verb_purge },
	{ "log", "", "follow what happens, until interrupted", 0, 0, verb_log },
	{ "check", "[FILE]", "look for what would keep ikev2d from working here", 0, 1, verb_check },
	{ "import", "FILE...",
		"swanctl.conf from ipsec.conf and ipsec.secrets; [-o FILE] [--from strongswan|libreswan]", 1,
		IMPORT_WORDS, verb_import },
	{ "pki", "VERB ...", "keys and certificates: ipsec pki help", 0, PKI_WORDS, verb_pki },
	{ "reload", "", "read the configuration again", 0, 0, verb_reload },
	{ "start", "", "start ikev2d in the background", 0, 0, verb_start },
	{ "stop", "", "stop it", 0, 0, verb_stop },
	{ "version", "", "of this command, and of ikev2d where it runs", 0, 0, verb_version },
	{ "help", "", "this", 0, 0, verb_help },
};

enum { VERBS = sizeof verbs / sizeof *verbs };

static int verb_help(struct ipsec *x, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fprintf(x->out, "usage: ipsec [--run-dir DIR] [--json] VERB ...\n\n");
	for (int i = 0; i < VERBS; i++)
		fprintf(x->out, "  %-9s %-18s  %s\n", verbs[i].name, verbs[i].args, verbs[i].help);
	fprintf(x->out, "\nNAME is a connection, one of its children, or CONNECTION/CHILD.\n"
			"Exit code: 0 done, 1 failed or refused, 2 wrong use, 3 ikev2d is not running.\n");
	return DONE;
}

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

static const char *next_verb(void *ctx)
{
	int *i = ctx;

	return *i < VERBS ? verbs[(*i)++].name : NULL;
}

static int unknown_verb(struct ipsec *x, const char *word)
{
	int i = 0;
	const char *near = name_nearest(word, next_verb, &i);

	if (near)
		return ipsec_fail(x, USAGE, "there is no verb %s: did you mean %s?", word, near);
	return ipsec_fail(x, USAGE, "there is no verb %s: ipsec help lists them", word);
}

static int run_verb(struct ipsec *x, int argc, char **argv)
{
	for (int i = 0; i < VERBS; i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(v->name, argv[0]))
			continue;
		if (argc - 1 < v->min || argc - 1 > v->max)
			return ipsec_fail(
				x, USAGE, "usage: ipsec %s%s%s", v->name, *v->args ? " " : "", v->args);
		return v->run(x, argc - 1, argv + 1);
	}
	return unknown_verb(x, argv[0]);
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

int ipsec_run(int argc, char **argv, FILE *out, FILE *err)
{
	struct ipsec x = { .run_dir = "/run/ikev2d", .out = out, .err = err };
	int n = options(&x, argc, argv), code = USAGE;

	if (n >= argc) {
		x.out = err;
		verb_help(&x, 0, NULL);
	} else if (n > 0) {
		code = run_verb(&x, argc - n, argv + n);
	}
	arena_free(&x.arena);
	return fflush(out) ? FAILED : code;
}
