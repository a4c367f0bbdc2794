/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ipsec command: what its verbs share. */
#pragma once

#include "base/text.h"
#include "term.h"

enum { DONE = 0, FAILED = 1, USAGE = 2, NOT_RUNNING = 3 };

/* One call of the command. What a person or a program asked for goes to OUT, complaints to ERR. */
struct ipsec {
	const char *run_dir;
	bool json;
	FILE *out, *err;
	FILE *terminal;     /* what OUT ends in */
	bool colours;       /* on OUT */
	struct arena arena; /* lives as long as the call */
};

/* Does what the words say; returns the exit code. */
int ipsec_run(int argc, char **argv, FILE *out, FILE *err);

/* Complains in one sentence, with --json as { "success": false, "error": … } too, and returns CODE. */
int ipsec_fail(struct ipsec *x, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* TEXT in a colour where OUT has some. From the arena of the call. */
const char *ipsec_paint(struct ipsec *x, enum paint paint, const char *text);

/* The verbs. ARGV holds what stands behind the verb, ARGC words of it, and ends in NULL. */
int verb_up(struct ipsec *x, int argc, char **argv);
int verb_down(struct ipsec *x, int argc, char **argv);
int verb_rekey(struct ipsec *x, int argc, char **argv);
int verb_redirect(struct ipsec *x, int argc, char **argv);
int verb_route(struct ipsec *x, int argc, char **argv);
int verb_unroute(struct ipsec *x, int argc, char **argv);
int verb_status(struct ipsec *x, int argc, char **argv);
int verb_statusall(struct ipsec *x, int argc, char **argv);
int verb_list(struct ipsec *x, int argc, char **argv);
int verb_failures(struct ipsec *x, int argc, char **argv);
int verb_counters(struct ipsec *x, int argc, char **argv);
int verb_purge(struct ipsec *x, int argc, char **argv);
int verb_log(struct ipsec *x, int argc, char **argv);
int verb_monitor(struct ipsec *x, int argc, char **argv);
int verb_start(struct ipsec *x, int argc, char **argv);
int verb_cleanup(struct ipsec *x, int argc, char **argv);
int verb_stop(struct ipsec *x, int argc, char **argv);
int verb_reload(struct ipsec *x, int argc, char **argv);
int verb_version(struct ipsec *x, int argc, char **argv);
int verb_capture(struct ipsec *x, int argc, char **argv);
int verb_check(struct ipsec *x, int argc, char **argv);
int verb_import(struct ipsec *x, int argc, char **argv);
int verb_pki(struct ipsec *x, int argc, char **argv);
int verb_user(struct ipsec *x, int argc, char **argv);
int verb_listen(struct ipsec *x, int argc, char **argv);
int verb_connect(struct ipsec *x, int argc, char **argv);
int verb_disconnect(struct ipsec *x, int argc, char **argv);
int verb_setup(struct ipsec *x, int argc, char **argv);

/* daemon.c: starts ikev2d in the background, with the configuration CONFIG (NULL: its own choice). An exit
 * code. */
int daemon_start(struct ipsec *x, const char *config);

/* The words that list and purge know, by number; NULL at the end. */
const char *list_word(unsigned i);
const char *purge_word(unsigned i);

/* Prints WORD for the shell where it begins so; and each of CHOICES, which have "|" between them. */
void complete_offer(struct ipsec *x, const char *begins, const char *word);
void complete_choices(struct ipsec *x, const char *begins, const char *choices);
