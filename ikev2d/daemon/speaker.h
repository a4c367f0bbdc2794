/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that speaks IKE: it has the core, its timer, and the sockets on which peers are heard, so that
 * what comes from the network is read where there are no rights. It has no files, no way to open anything,
 * and no secret but those that IKE itself makes. All that the core wants done, guard does, or refuses
 * (engine.h); datagrams are sent there too, so that they leave behind what was done before. */
#pragma once

#include "base/dict.h"
#include "base/map.h"
#include "daemon/entropy.h"
#include "daemon/post.h"
#include "daemon/record.h"
#include "daemon/sockets.h"

enum { SPEAKER_OUT_MAX = 256 << 20 /* octets for guard that wait to be sent: more is the end of it */ };

/* What was asked of the core last, for the rest of a long answer. */
struct speaker_snapshot {
	struct arena arena;
	enum ipc_inquiry_kind kind;
	uint64_t key;
	const uint64_t *keys;
	struct sa_record sa;
	const struct counters *counters;
	unsigned n;
};

struct speaker {
	struct event_base *base;
	struct ipc_channel guard, ctl; /* our ends */
	struct post post;              /* to guard */
	struct sockets *sockets;
	bool hears;
	struct ike *ike;
	struct entropy entropy;
	struct record *record; /* NULL: nothing is recorded */
	int tape;              /* a file that may become one; -1: there is none */
	struct node answers;   /* that were made here, queued for the core */
	struct event *wake;    /* the core's timer, */
	uint64_t armed;        /* and when it ends; HEAP_NEVER: not at all */
	/* Connections that guard has handed over, by their numbers, each with a reference; of them those of
	 * the configuration, those that are in it no more, and those of the one that is coming. */
	struct map peers;
	struct dict named;
	struct peers { /* without references */
		struct peer **v;
		unsigned n, room;
	} gone, next;
	struct conf conf; /* the settings in force */
	struct speaker_snapshot asked;
};

/* Has the library do once what it reads files for, as long as there are any. */
void speaker_warm(void);

/* With the loop BASE, SOCKETS, and the file TAPE (-1: none), which are the caller's. The channels are set by
 * him. Peers are heard when the first configuration has come. */
void speaker_start(struct speaker *s, struct event_base *base, struct sockets *sockets, int tape);
/* Wipes everything. */
void speaker_stop(struct speaker *s);

/* The next message from FROM, one of the two channels. False when its peer is gone, or has broken the rules.
 */
bool speaker_serve(struct speaker *s, struct ipc_channel *from);

/* Serves until guard is gone. */
void speaker_run(struct speaker *s);

/* What is done with messages (ipc_table.c); CTX is the process. */
bool speaker_take_peer(void *ctx, const struct ipc_message *m);
bool speaker_take_event(void *ctx, const struct ipc_message *m);
bool speaker_take_deaf(void *ctx, const struct ipc_message *m);
bool speaker_take_tape(void *ctx, const struct ipc_message *m);
bool speaker_take_inquiry(void *ctx, const struct ipc_message *m);
bool speaker_take_forget(void *ctx, const struct ipc_message *m);
