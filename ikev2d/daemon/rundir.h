/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run directory, which belongs to one daemon at a time. */
#pragma once

#include "base/err.h"
#include "base/text.h"

#define RUN_DIR "/run/ikev2d" /* the usual one */

struct rundir {
	const char *path, *pid_file;
	const char *lock_file; /* its own, which only the owner can open: who can open a file can lock it */
	int lock;
	/* Another one, which each process of the daemon has: it is locked as long as one of them lives. */
	const char *family_file;
	int family;
};

enum { RUNDIR_PATIENCE = 30000 /* ms for the processes of one that was killed */ };

/* Makes DIR (and those above it) if missing, locks DIR/lock and writes our pid into DIR/pid. Where a daemon
 * had it that was killed, waits until its other processes have ended as well, which still have its sockets.
 * Texts are taken from ARENA. ERR_BUSY when another daemon has it, or processes of one do not end, with a
 * sentence in WHY as for every other failure. */
enum err rundir_open(struct rundir *r, const char *dir, struct arena *arena, struct text *why) MUST_CHECK;

/* Removes its files and gives the directory free. */
void rundir_close(struct rundir *r);

/* Makes the directory PATH, with those above it, with MODE; one that is there stays as it is. */
enum err rundir_make(const char *path, unsigned mode, struct text *why) MUST_CHECK;
