/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guard's clients of VICI and ctl, in one process, with a daemon behind them that is none (vici_host.h); and
 * a ctl that somebody has taken over: its end of the channel is ours as well. */
#pragma once

#include "daemon/control.h"
#include "tests/unit/vici_host.h"

struct control_bench {
	struct event_base *base;
	struct vici_fake *fake;
	struct vici *vici;
	struct control control;
	struct arena arena;
	char folder[32];
};

/* Aborts where it cannot be had. */
void control_bench_start(struct control_bench *b);
void control_bench_stop(struct control_bench *b);

/* The same for cmocka: a bench of its own for each test. */
int control_bench_open(void **state);
int control_bench_close(void **state);

/* A client that has connected, and does not wait. */
int control_bench_connect(struct control_bench *b);

/* Does all that there is to do now. */
void control_bench_run(struct control_bench *b);

/* A connection that ctl would accept next, of a client that has gone again: one of the user and the group ID,
 * who may ask if that is CONTROL_BENCH_READER, nothing if it is another one; 0: one of ours, who may do
 * everything. -1: we cannot be somebody else. */
enum { CONTROL_BENCH_READER = 4343, CONTROL_BENCH_STRANGER };
int control_bench_accepted(struct control_bench *b, unsigned id);

/* Sends OCTETS in ctl's name, with the N descriptors at FDS, and does what there is to do. False: that was
 * the end of ctl. */
bool control_bench_throw(struct control_bench *b, struct bytes octets, const int *fds, unsigned n);
