/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon as its main program sees it. */
#pragma once

#include <stdbool.h>

struct options {
	const char
		*config; /* NULL: the first of the usual files that is there, else an empty configuration */
	const char *run_dir;   /* NULL: /run/ikev2d */
	const char *state_dir; /* NULL: /var/lib/ikev2d, or RUN_DIR/state where run_dir is given */
	const char *record;    /* events go to this file; NULL: to none */
	bool record_secrets;   /* with keys and proofs */
	bool foreground;       /* stay, and log to stderr */
	bool one;              /* all in one process: for tests and debuggers */
	bool detail;           /* log more */
	bool core_dumps;       /* allow them */
};

/* Runs until it is stopped. Returns the exit code: 0, or 1 after a sentence on stderr. Unless O->foreground,
 * the calling process ends in here: with 0 as soon as the daemon in the background answers on its socket. */
int daemon_run(const struct options *o);

/* The code of a process that the daemon has started itself by the name TITLE (argv[0], which may be
 * overwritten), when that has ended. -1: it is another program's name. */
int daemon_member(char *title);

/* Takes away what a daemon of O->run_dir that is gone has left on this machine: routes, rules, addresses,
 * devices, nftables, SAs and policies of the kernel, DNS servers. 0, or 1 after a sentence on stderr: it runs
 * still, or not all could be taken away. */
int daemon_cleanup(const struct options *o);

/* Reads the configuration FILE (NULL: the usual one) and says what it found: 0, or 1 when it cannot be used.
 */
int daemon_check(const char *file);

/* Prints all options of a configuration (conf/OPTIONS.md). */
void daemon_options(void);
/* The same as the manual page ikev2d.conf(5), as roff. */
void daemon_conf_page(void);
