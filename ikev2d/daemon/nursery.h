/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of the family that are there from the start are copies of one process. What the dynamic linker and
 * the libraries write into memory before anything is done, more than half a MiB and some milliseconds in each
 * program that is started anew, they have together, as long as nobody writes there again.
 *
 * That process was started anew itself, knows nothing of the configuration and holds no secret, hears guard
 * only, and is gone when the daemon is ready. What its copies have alike are addresses and the value that
 * guards stacks: who takes one of them over knows these of the others. So guard, keeper and tokens are no
 * copies; and who is started in the place of one that was lost is none either (family.h), so that nobody
 * learns by many who end what the next one is like. */
#pragma once

#include "daemon/ipc.h"

#include <sys/types.h>

enum {
	NURSERY_FDS = 12,     /* descriptors that a copy is handed, at most */
	NURSERY_COPIES = 16,  /* that are asked for, at most */
	NURSERY_USER_MAX = 48 /* octets of what sandbox_environment says */
};

/* What a copy is to be. */
struct nursery_order {
	enum ipc_process process;
	char user[NURSERY_USER_MAX]; /* goes to its environment */
	uint32_t handed;             /* bit I: the Ith descriptor is there */
};

/* ------------------------------------------------------------------ in guard */

struct nursery {
	int fd; /* to it; -1: there is none */
	pid_t pid;
	bool heard, broken; /* broken: it did not answer in time, or wrong, and is not heard any more */
	uint64_t says;      /* when it was heard */
	unsigned asked, born;
	pid_t copies[NURSERY_COPIES]; /* those that were born */
};

/* Asks for a copy that is O, and has FDS (as many as NURSERY_FDS; O says which of them are there), which stay
 * the caller's. Does not wait: the number by which nursery_born knows it; 0: there is no nursery, or it takes
 * no more. */
unsigned nursery_ask(struct nursery *n, const struct nursery_order *o, const int *fds);
/* What it has to say; waits for that. False: nothing, it is not there. */
bool nursery_says(struct nursery *n, uint64_t *what);
/* The process of that NUMBER, a child of the caller, when it is there; 0: it could not be made. */
pid_t nursery_born(struct nursery *n, unsigned number);
/* Ends it; its copies stay. */
void nursery_close(struct nursery *n);

/* --------------------------------------------------------------- as the nursery */

/* Does in a copy what P does; what it returns is the exit code. */
typedef int nursery_copy(enum ipc_process p);

/* Says SAYS, and makes copies, as is asked by FD, until that is closed. In them the Ith descriptor has the
 * number FIRST + I, and none above the standard ones stands below or between; TITLE, argv[0], is overwritten
 * by NAME and what the process is called. */
void nursery_run(int fd, uint64_t says, int first, char *title, const char *name, nursery_copy *copy);
