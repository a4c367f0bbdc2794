/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that judges peers' certificates: it reads them, CRLs, OCSP answers and what name servers say,
 * and is the only one with a way out into the network. It has the certificates and authorities that guard has
 * read, no private key and no secret, and of files only the folder of the CRLs that it fetched. */
#pragma once

#include "daemon/commands.h"
#include "daemon/fetch.h"
#include "daemon/gate.h"
#include "daemon/holder.h"
#include "daemon/inquiry.h"
#include "daemon/ipc.h"
#include "daemon/post.h"
#include "daemon/relay.h"
#include "pki/store.h"

enum { CERTS_OUT_MAX = 64 << 20 /* octets of answers that wait to be sent: more is the end of it */ };

struct certs {
	struct event_base *base;
	struct ipc_channel guard, ike; /* our ends */
	struct post to_guard, to_ike;
	const char *folder;   /* its own: of CRLs that were fetched */
	int64_t (*now)(void); /* seconds since 1970 */
	struct store store;
	struct resolver resolver;
	struct fetcher fetcher;
	struct inquiries inquiries;
	struct holder holder;          /* of the secrets of RADIUS servers: keeper */
	struct relay relay;            /* to these */
	struct commands commands;      /* of theirs */
	struct node judging, stapling; /* who waits for a server */
	struct gate strangers;         /* for lines that they can make us write */
	struct arena *message;         /* of the one that is being obeyed */
	struct bytes upload;           /* the thing of which the rest is to come */
};

/* Has the libraries do once what they read files for, as long as there are any. */
void certs_warm(void);

/* With the loop BASE and FOLDER, which are the caller's. The channels, that of the holder too, are set by
 * him. */
void certs_start(struct certs *c, struct event_base *base, const char *folder);
void certs_stop(struct certs *c);

/* The next message from FROM, one of the two channels, after what guard has said before. False when its peer
 * is gone, or has broken the rules: certs must end then. */
bool certs_serve(struct certs *c, struct ipc_channel *from);

/* Serves until guard is gone. */
void certs_run(struct certs *c);

/* Sends M to ike, or to guard, now or as soon as there is room. */
void certs_answer(struct certs *c, const struct ipc_message *m);
void certs_tell(struct certs *c, const struct ipc_message *m);

/* A line of the log: TEXT, under WORD, about the connection NAME. */
void certs_say(struct certs *c, const char *word, const char *name, const char *text);

/* What is done with messages (ipc_table.c); CTX is the process. */
bool certs_take_thing(void *ctx, const struct ipc_message *m);
bool certs_take_clear(void *ctx, const struct ipc_message *m);
bool certs_take_flush(void *ctx, const struct ipc_message *m);
bool certs_take_surroundings(void *ctx, const struct ipc_message *m);
bool certs_take_list(void *ctx, const struct ipc_message *m);
bool certs_take_resolve(void *ctx, const struct ipc_message *m);
bool certs_take_portal(void *ctx, const struct ipc_message *m);
