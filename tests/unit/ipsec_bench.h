/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ipsec command against a fake daemon on a socket of its own, in another process. */
#pragma once

#include "vici_host.h"

#include <string.h>
#include <sys/types.h>

struct ipsec_bench {
	char dir[64]; /* the run directory */
	pid_t daemon; /* 0: none */
	char *out, *err;
};

/* Starts a daemon; CHANGE (may be NULL) alters it first. */
void ipsec_bench_start(struct ipsec_bench *b, void (*change)(struct vici_fake *f));

/* A run directory without a daemon. */
void ipsec_bench_idle(struct ipsec_bench *b);
void ipsec_bench_end(struct ipsec_bench *b);

/* Runs "ipsec --run-dir DIR WORDS" (words between blanks); the exit code. What it said is in b->out and
 * b->err. */
int ipsec_bench_run(struct ipsec_bench *b, const char *words);

/* One such call with a daemon of its own, changed by CHANGE (may be NULL): what came of it. */
struct ipsec_bench ipsec_bench_call(const char *words, int *code, void (*change)(struct vici_fake *f));

/* A change: what is asked of the daemon fails, since the peer refuses a proposal. */
void ipsec_bench_refuse(struct vici_fake *f);

static inline bool has(const char *text, const char *part)
{
	return strstr(text, part);
}

/* Whether S is one value of JSON and a newline. */
bool ipsec_bench_json(const char *s);
