/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One command of an administrator's, run by the shell beside the loop: what it prints comes line by line, its
 * end is told, and a time limit ends it with all that it has started in the foreground. */
#pragma once

#include "base/bytes.h"

#include <event2/event.h>
#include <stdint.h>

enum {
	SCRIPT_LINE = 256,  /* octets; what is longer comes in pieces */
	SCRIPT_LINES = 100, /* of one run; more are read, and left out */
	SCRIPT_GRACE = 2,   /* s between SIGTERM and SIGKILL */
};

struct script_end {
	enum script_fate { SCRIPT_EXITED, SCRIPT_KILLED, SCRIPT_TOO_LONG } fate;
	int number;        /* EXITED: its exit code; KILLED: the signal */
	unsigned left_out; /* lines */
};

struct script_spec {
	const char *command;    /* for /bin/sh -c */
	const char *const *env; /* all of its environment, "NAME=value" each, NULL at the end */
	struct bytes input;     /* what it can read; copied */
	uint64_t limit_ms;      /* 0: none */
	void *ctx;              /* for both */
	void (*line)(void *ctx, const char *line);
	/* The script is no more when this is called. */
	void (*ended)(void *ctx, const struct script_end *end);
};

struct script;

/* Starts it: in a process group of its own, with the usual umask and no descriptor of
 * ours. NULL with errno set when it cannot be; otherwise SPEC's functions are called by the loop of BASE.
 * Only the process of the shell is waited for: what it leaves in the background lives on, unheard. */
struct script *script_start(struct event_base *base, const struct script_spec *spec);

/* Kills it, with its process group; nothing is called any more. */
void script_kill(struct script *s);
