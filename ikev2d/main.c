/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's command line. */
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
	OPTION_OPTIONS,
	OPTION_ONE,
	OPTION_RECORD,
	OPTION_RECORD_SECRETS,
	OPTION_DEBUG,
	OPTION_VERSION,
	OPTION_HELP
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "run-dir", required_argument, NULL, OPTION_RUN_DIR },
	{ "state-dir", required_argument, NULL, OPTION_STATE_DIR },
	{ "foreground", no_argument, NULL, OPTION_FOREGROUND },
	{ "check", optional_argument, NULL, OPTION_CHECK },
	{ "options", no_argument, NULL, OPTION_OPTIONS },
	{ "one", no_argument, NULL, OPTION_ONE },
	{ "record", required_argument, NULL, OPTION_RECORD },
	{ "record-secrets", no_argument, NULL, OPTION_RECORD_SECRETS },
	{ "debug", required_argument, NULL, OPTION_DEBUG },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"Usage: ikev2d [OPTION]...\n"
	"The IKEv2 daemon: keeps IPsec tunnels as its configuration says. Talk to it with ipsec.\n"
	"\n"
	"  --config FILE     the configuration; without it /etc/ikev2d/ikev2d.conf, else\n"
	"                    /etc/swanctl/swanctl.conf, else none (all comes over VICI)\n"
	"  --run-dir DIR     where socket, pid file and journal are (/run/ikev2d)\n"
	"  --state-dir DIR   what outlives the machine's restart (/var/lib/ikev2d;\n"
	"                    with --run-dir: DIR/state)\n"
	"  --foreground      do not go to the background; log to stderr\n"
	"  --check [FILE]    only read the configuration and say what is wrong with it\n"
	"  --options         list the options of a configuration, in Markdown\n"
	"  --one             all in one process, for tests and debuggers: not for production\n"
	"  --record FILE     write down all that the core is told, to be played again by the\n"
	"                    project's tests; without keys, passwords and proofs\n"
	"  --record-secrets  with --record: with them, for experiments\n"
	"  --debug WHAT      detail (log more), core (allow core dumps); repeat it for both\n"
	"  --version, --help\n";

struct command {
	struct options options;
	bool check;
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

/* Reads the options up to the end, or up to one that ends the program with *CODE. */
static bool read_options(struct command *c, int argc, char **argv, int *code)
{
	struct options *o = &c->options;
	int option;

	opterr = 0; /* one sentence, and it is ours */
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (option) {
		case OPTION_CONFIG: o->config = optarg; break;
		case OPTION_RUN_DIR: o->run_dir = optarg; break;
		case OPTION_STATE_DIR: o->state_dir = optarg; break;
		case OPTION_FOREGROUND: o->foreground = true; break;
		case OPTION_CHECK: check_option(c, argc, argv); break;
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
		case OPTION_HELP: printf("%s", help); return false;
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
	return daemon_run(&c.options);
}
