/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients of VICI, as guard has them: it makes the socket, and the process ctl (ctl.h) accepts them there
 * and hands on what they ask, which is believed as little as a client is. A ctl that is lost takes its
 * clients with it; the socket stays, and the next one goes on there. */
#pragma once

#include "base/fifo.h"
#include "base/list.h"
#include "base/map.h"
#include "daemon/family.h"
#include "daemon/rights.h"

struct ctl;

struct control {
	struct event_base *base;
	struct vici *vici;
	struct member ctl;
	bool runs;          /* ctl was started */
	struct ctl *inside; /* with --one: what it would be, */
	int keeper, tokens; /* and its channels to these */
	struct node clients;
	struct map by_number;
	unsigned n_clients; /* that have asked for something */
	uint32_t last;      /* number of a client */
	struct fifo text;   /* of a request, of which parts are missing */
	struct event *due;  /* something waits for a client */
	struct event *late; /* set while ctl has not said that it has what it was sent */
	unsigned flying;    /* so many messages */
	size_t flying_octets;
	uint64_t since; /* ms, when the last one was sent */
	bool stopping;  /* only what is there already goes out */
	int fd;         /* the socket; -1: not listening */
	const char *path;
	struct rights rights;
	const char *link; /* for stock clients; NULL: none */
};

void control_start(struct control *c, struct event_base *base, struct vici *vici);

/* Begins to start ctl as SPEC says: whether in a process of its own, in the foreground, the folder in which
 * its root is made, and as second and third of its descriptors its ends of the channels to keeper and to
 * tokens (-1: none). */
enum err control_launch(struct control *c, const struct family_spec *spec, struct text *why) MUST_CHECK;

/* Waits for ctl, and listens at PATH, which the caller keeps; he holds the lock on its directory, so one that
 * is there is a leftover. Who connects may do what RIGHTS say. */
enum err control_listen(
	struct control *c, const char *path, const struct rights *rights, struct text *why) MUST_CHECK;

/* Offers the socket at LINK too, where stock clients look; false when something else is there. */
bool control_offer(struct control *c, const char *link);

/* Accepts no more, and hears nobody any more; what was made in the file system goes. */
void control_shut(struct control *c);

/* Sends what waits, and closes all clients: to them this means that the daemon has ended. */
void control_stop(struct control *c);

/* ctl has offered to keeper what it may not: WHAT it did. It ends. */
void control_blame(struct control *c, const char *what);

/* The session opened with IO has output (struct vici_host). */
void control_writable(struct control *c, void *io);

/* What is done with messages (ipc_table.c); CTX is the member. */
bool control_take_client(void *ctx, const struct ipc_message *m);
bool control_take_request(void *ctx, const struct ipc_message *m);
bool control_take_register(void *ctx, const struct ipc_message *m);
bool control_take_taken(void *ctx, const struct ipc_message *m);
bool control_take_reads(void *ctx, const struct ipc_message *m);
bool control_take_gone(void *ctx, const struct ipc_message *m);
