/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's other processes: started before anything is read, watched, and started again. A new one is
 * this program run anew, or while the daemon starts a copy of one that was (nursery.h): it inherits no memory
 * of ours, only the descriptors it is handed, and gives its rights away (sandbox.h) before it says that it is
 * ready. With --one there is none: what it would do is done here, and all messages go through sockets all the
 * same. */
#pragma once

#include "daemon/gate.h"
#include "daemon/ipc_bundle.h"

#include <event2/event.h>

struct delay;

enum {
	FAMILY_CHANNELS = 2,      /* of a member, at most */
	FAMILY_FDS = 5,           /* and descriptors beside them */
	FAMILY_PATIENCE = 5000,   /* ms that a member has for a message: then it is ended */
	FAMILY_BEGINNING = 20000, /* ms until it must be ready: a machine that boots has much to do at once;
				   * but for the first one, nobody waits for that */
};

/* What a member is. */
struct family_spec {
	enum ipc_process process;
	/* Our ends of its channels. The first is guard's; a second one that is guard's is none. */
	enum ipc_process near[FAMILY_CHANNELS];
	int fds[FAMILY_FDS]; /* what it is handed beside them; those of -1 are not there */
	unsigned n_fds;
	int root;           /* its root; -1: an empty folder, which is made for
			       a moment in */
	const char *folder; /* this one */
	bool one, foreground;
	/* What is said to it while messages of members are taken may wait until these are done, and goes as
	 * one. */
	bool gathers;
	void *ctx; /* of whom it serves */
	/* With ONE: does what the member does with a message that waits in FAR. */
	void (*serve)(void *ctx, struct ipc_channel *far);
	/* Several of its messages may follow one another (ON), or no more for now. NULL: that is nothing
	 * special. */
	void (*gather)(void *ctx, bool on);
	/* It was lost, and another one is ready. */
	void (*again)(void *ctx);
	/* It cannot be started, and WHY, in a sentence: several times one after the other, or not in its
	 * time. That goes on being tried, and is told each time. NULL: nobody waits for it without a limit of
	 * his own. It may be in the middle of something. */
	void (*missing)(void *ctx, const char *why);
};

struct member {
	struct family_spec spec;
	struct event_base *base;
	pid_t pid;      /* 0: it does not run, or is */
	unsigned copy;  /* this one of the nursery's; 0: none that its pid is not known of */
	char said[256]; /* the last line of its log before it was ready */
	uint64_t since; /* ms, when it was started; 0: never */
	bool was_lost;
	unsigned vain;     /* starts, one after the other, of which none became ready */
	struct gate lines; /* of its log: who asks it can make it say many */
	struct ipc_channel near[FAMILY_CHANNELS], far[FAMILY_CHANNELS]; /* far: with ONE */
	struct event *readable[FAMILY_CHANNELS], *retry;
	struct ipc_bundle bundles[FAMILY_CHANNELS]; /* what waits */
};

/* Each member that is started from now on has FD (-1: nothing), which stays the caller's, as long as it
 * lives: what is locked by it stays locked until then (flock). */
void family_keeps(int fd);

/* Starts the process of which most members that are launched until it is closed are copies (nursery.h). Where
 * it cannot be started, or cannot make any, they are started anew. */
void family_open_nursery(bool foreground);
/* Waits for what it knows of the library (lacking.h), which nobody else need ask then. */
void family_ask_nursery(void);
void family_close_nursery(void);

/* Begins to start a member, and does not wait: others begin meanwhile. Nothing is said to it before
 * member_begun. ERR_SYSTEM and a sentence. */
enum err member_launch(struct member *m, struct event_base *base, const struct family_spec *spec,
	struct text *why) MUST_CHECK;
/* Makes M of SPEC, and starts nothing: it is not needed yet. What is said to it is as if it were lost
 * (ERR_MISSING). */
void member_prepare(struct member *m, struct event_base *base, const struct family_spec *spec);
/* Begins to start one that was prepared, for which nobody waits: it is told by the spec's AGAIN when it is
 * ready. Where that fails it is said and tried again. Nothing, where it was started before. */
void member_wake(struct member *m);
/* Waits until one that was launched is ready; one that is ready, or only prepared, is not waited for.
 * ERR_SYSTEM and a sentence: it is not there any more. */
enum err member_begun(struct member *m, struct text *why) MUST_CHECK;
/* Both. */
enum err member_start(struct member *m, struct event_base *base, const struct family_spec *spec,
	struct text *why) MUST_CHECK;
/* Ends it: it sees that we are gone, and has a moment for its end. */
void member_stop(struct member *m);

/* Sends M to it by the channel of NEAR, perhaps a moment later. ERR_RANGE: the message is too large;
 * ERR_MISSING: it does not answer, or is not ready yet. In that case another one is being started: it is told
 * by the spec's AGAIN when that is ready. */
enum err member_send(struct member *m, enum ipc_process near, const struct ipc_message *message) MUST_CHECK;

/* The same, without waiting: ERR_BUSY where it has no room. */
enum err member_tell(struct member *m, enum ipc_process near, const struct ipc_message *message) MUST_CHECK;

/* Waits for a message by the channel of NEAR, for PATIENCE (ms), into ARENA, and does what is to be done with
 * it. ERR_MISSING as above. */
enum err member_hear(
	struct member *m, enum ipc_process near, unsigned patience, struct arena *arena) MUST_CHECK;

/* Hears what comes by the channel of NEAR until *TICKET is 0, into ARENA, for as long as D lets us wait; the
 * wait is noted there, with GIFT (ms). What we do ourselves with messages before the answer is not counted,
 * unless there is no end to them. ERR_MISSING as above. */
enum err member_answer(struct member *m, enum ipc_process near, const uint64_t *ticket, struct delay *d,
	unsigned gift, struct arena *arena) MUST_CHECK;

/* Whether a message by the channel of NEAR waits to be heard. */
bool member_waits(struct member *m, enum ipc_process near);

/* Where it is not ready, waits FAMILY_PATIENCE for another one that is; what it says goes into ARENA.
 * ERR_MISSING: in vain. */
enum err member_wait(struct member *m, struct arena *arena) MUST_CHECK;

/* Ends a member that does not do what it must, for the reason WHY, and starts another one; nothing, where
 * that is under way. */
void member_replace(struct member *m, const char *why);

/* Whom the member serves, from the CTX that is given to what is done with its messages (ipc_table.c), which
 * is the member. */
static inline void *member_ctx(void *member)
{
	return ((struct member *)member)->spec.ctx;
}

/* What every member says: that it is ready, a line of the log, that another one has broken the rules. */
bool family_take_ready(void *ctx, const struct ipc_message *m);
bool family_take_log(void *ctx, const struct ipc_message *m);
bool family_take_blame(void *ctx, const struct ipc_message *m);
