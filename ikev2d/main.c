/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's command line. */
#include "base/roff.h"
#include "daemon/daemon.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { DONE, FAILED, USAGE };
enum {
	OPTION_CONFIG = 256,
	OPTION_RUN_DIR,
	OPTION_STATE_DIR,
	OPTION_FOREGROUND,
	OPTION_CHECK,
	OPTION_CLEANUP,
	OPTION_OPTIONS,
	OPTION_MAN,
	OPTION_ONE,
	OPTION_RECORD,
	OPTION_RECORD_SECRETS,
	OPTION_DEBUG,
	OPTION_VERSION,
	OPTION_HELP
};

/* THE table of options; help and the manual page come of it. */
static const struct row {
	const char *name, *arg; /* ARG in brackets need not be there; NULL: there is none */
	int option;
	const char *text;
} rows[] = {
	{ "config", "FILE", OPTION_CONFIG,
		"the configuration; without it /etc/ikev2d/ikev2d.conf, else /etc/swanctl/swanctl.conf, else "
		"none "
		"(all comes over VICI)" },
	{ "run-dir", "DIR", OPTION_RUN_DIR, "where socket, pid file and journal are (/run/ikev2d)" },
	{ "state-dir", "DIR", OPTION_STATE_DIR,
		"what outlives the machine's restart (/var/lib/ikev2d; with --run-dir: DIR/state)" },
	{ "foreground", NULL, OPTION_FOREGROUND, "do not go to the background; log to stderr" },
	{ "check", "[FILE]", OPTION_CHECK, "only read the configuration and say what is wrong with it" },
	{ "cleanup", NULL, OPTION_CLEANUP,
		"take away what an ikev2d that was killed has left on this machine, and end" },
	{ "options", NULL, OPTION_OPTIONS, "list the options of a configuration, in Markdown" },
	{ "man", "PAGE", OPTION_MAN, "a manual page, as roff: ikev2d or ikev2d.conf" },
	{ "one", NULL, OPTION_ONE, "all in one process, for tests and debuggers: not for production" },
	{ "record", "FILE", OPTION_RECORD,
		"write down all that the core is told, to be played again by the project's tests; without "
		"keys, "
		"passwords and proofs" },
	{ "record-secrets", NULL, OPTION_RECORD_SECRETS, "with --record: with them, for experiments" },
	{ "debug", "WHAT", OPTION_DEBUG, "detail (log more), core (allow core dumps); repeat it for both" },
	{ "version", NULL, OPTION_VERSION, "which version this is" },
	{ "help", NULL, OPTION_HELP, "this" },
};

enum { ROWS = sizeof rows / sizeof *rows, HELP_WIDTH = 62 };

static const char about[] =
	"The IKEv2 daemon: keeps IPsec tunnels as its configuration says. Talk to it with ipsec.";

/* S in lines that are not too long, each under the first. */
static void print_wrapped(const char *s)
{
	while (strlen(s) > HELP_WIDTH) {
		int n = HELP_WIDTH;

		while (n > 1 && s[n] != ' ')
			n--;
		printf("%.*s\n%20s", n, s, "");
		s += n + 1;
	}
	printf("%s\n", s);
}

static void print_help(void)
{
	printf("Usage: ikev2d [OPTION]...\n%s\n\n", about);
	for (const struct row *r = rows; r < rows + ROWS; r++) {
		int n = printf("  --%s%s%s", r->name, r->arg ? " " : "", r->arg ? r->arg : "");

		printf("%*s", n < 20 ? 20 - n : 1, "");
		print_wrapped(r->text);
	}
}

static void print_page(void)
{
	struct arena arena = { 0 };
	struct text page = text_in(&arena);

	roff_head(&page, "ikev2d", 8, "IKEv2 daemon for IPsec tunnels");
	roff_section(&page, "SYNOPSIS");
	roff_line(&page, "ikev2d [OPTION]...");
	roff_section(&page, "DESCRIPTION");
	roff_line(&page, about);
	roff_section(&page, "OPTIONS");
	for (const struct row *r = rows; r < rows + ROWS; r++)
		roff_entry(&page, arena_printf(&arena, "--%s", r->name), r->arg, r->text);
	roff_section(&page, "SEE ALSO");
	roff_line(&page, "ipsec(8), ikev2d.conf(5)");
	printf("%s", text_str(&page));
	arena_free(&arena);
}

/* For getopt; the last one is empty. */
static void fill_long_options(struct option out[ROWS + 1])
{
	for (int i = 0; i < ROWS; i++)
		out[i] = (struct option){ .name = rows[i].name,
			.has_arg = !rows[i].arg          ? no_argument
				   : *rows[i].arg == '[' ? optional_argument
							 : required_argument,
			.val = rows[i].option };
	out[ROWS] = (struct option){ 0 };
}

struct command {
	struct options options;
	bool check, cleanup;
	const char *check_file;
};

static bool debug_option(struct options *o, const char *what)
{
	if (!strcmp(what, "detail"))
		o->detail = true;
	else if (!strcmp(what, "core"))
		o->core_dumps = true;
	else
		return false;
	return true;
}

/* --check takes its file with "=" or as the next word. */
static void check_option(struct command *c, int argc, char **argv)
{
	c->check = true;
	c->check_file = optarg;
	if (!optarg && optind < argc && argv[optind][0] != '-')
		c->check_file = argv[optind++];
}

static int usage(const char *format, const char *what)
{
	fprintf(stderr, "ikev2d: ");
	fprintf(stderr, format, what);
	fprintf(stderr, "; ikev2d --help lists the options\n");
	return USAGE;
}

static bool page(const char *name)
{
	if (!strcmp(name, "ikev2d"))
		print_page();
	else if (!strcmp(name, "ikev2d.conf"))
		daemon_conf_page();
	else
		return false;
	return true;
}

/* Reads the options up to the end, or up to one that ends the program with *CODE. */
static bool read_options(struct command *c, int argc, char **argv, int *code)
{
	struct options *o = &c->options;
	struct option long_options[ROWS + 1];
	int option;

	fill_long_options(long_options);
	opterr = 0; /* one sentence, and it is ours */
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (option) {
		case OPTION_CONFIG: o->config = optarg; break;
		case OPTION_RUN_DIR: o->run_dir = optarg; break;
		case OPTION_STATE_DIR: o->state_dir = optarg; break;
		case OPTION_FOREGROUND: o->foreground = true; break;
		case OPTION_CHECK: check_option(c, argc, argv); break;
		case OPTION_CLEANUP: c->cleanup = true; break;
		case OPTION_OPTIONS: daemon_options(); return false;
		case OPTION_ONE: o->one = true; break;
		case OPTION_RECORD: o->record = optarg; break;
		case OPTION_RECORD_SECRETS: o->record_secrets = true; break;
		case OPTION_DEBUG:
			if (debug_option(o, optarg))
				break;
			*code = usage("--debug knows \"detail\" and \"core\", not \"%s\"", optarg);
			return false;
		case OPTION_VERSION: printf("ikev2d %s\n", IKEV2D_VERSION); return false;
		case OPTION_HELP: print_help(); return false;
		case OPTION_MAN:
			if (!page(optarg))
				*code = usage(
					"--man knows \"ikev2d\" and \"ikev2d.conf\", not \"%s\"", optarg);
			return false;
		default:
			*code = usage("%s is not an option, or its argument is missing or one too many",
				argv[optind - 1]);
			return false;
		}
	return true;
}

int main(int argc, char **argv)
{
	struct command c = { 0 };
	int code = argc == 1 ? daemon_member(argv[0]) : -1;

	if (code >= 0)
		return code;
	code = DONE;
	if (!read_options(&c, argc, argv, &code))
		return code;
	if (optind < argc)
		return usage("\"%s\" is not an option", argv[optind]);
	if (c.options.record_secrets && !c.options.record)
		return usage("%s goes with --record FILE", "--record-secrets");
	if (c.check)
		return daemon_check(c.check_file ? c.check_file : c.options.config);
	return c.cleanup ? daemon_cleanup(&c.options) : daemon_run(&c.options);
}
