/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that hears clients of VICI: it accepts them, says who they are, and makes well-formed requests
 * of their octets (vici/front.h), with certificates read (pki/paper.h). It has the socket that clients
 * connect to, which guard has made, and no file, no network, no right. What it hands on guard reads again,
 * carries out as what that client may do (control.h), and gives back as octets. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "daemon/gate.h"
#include "daemon/post.h"
#include "daemon/rights.h"

enum {
	CTL_CLIENTS_MAX = 256,        /* at once */
	CTL_UNSENT_MAX = 64 * 1024,   /* octets that wait for a client; with more it is full */
	CTL_AHEAD = 1024 * 1024,      /* octets that wait for guard; with more no request is handed on */
	CTL_POST_MAX = 16 * CTL_AHEAD /* more would be endless, and ctl ends */
};

struct ctl {
	struct event_base *base;
	struct ipc_channel guard, keeper, tokens; /* our ends */
	uint64_t offers;                          /* number of the last one */
	struct post post;                         /* to guard */
	struct event *room;                       /* guard takes more */
	int fd;                                   /* the socket; -1: nobody is heard any more */
	struct event *acceptable;
	struct rights rights;
	struct node clients;
	struct map by_number;
	uint32_t last;
	unsigned n_clients, n_with[VICI_SEES_KEYS + 1]; /* all, and by rights */
	struct gate full;                               /* for lines that say so */
};

/* Has the library do once what it reads files for, as long as there are any. */
void ctl_warm(void);

/* With the loop BASE; takes over the listening socket FD. KEEPER and TOKENS, the channels by which secrets
 * are offered, stay the caller's; that to guard is set by him. Clients are accepted when guard has said who
 * may come. */
void ctl_start(struct ctl *c, struct event_base *base, int fd, int keeper, int tokens);

/* Sends what fits of what waits, and closes all clients. */
void ctl_stop(struct ctl *c);

/* The next message from guard. False when it is gone, or has broken the rules. */
bool ctl_serve(struct ctl *c);

/* Serves until guard is gone. */
void ctl_run(struct ctl *c);

/* What is done with messages (ipc_table.c); CTX is the process. */
bool ctl_take_admit(void *ctx, const struct ipc_message *m);
bool ctl_take_output(void *ctx, const struct ipc_message *m);
bool ctl_take_shut(void *ctx, const struct ipc_message *m);
