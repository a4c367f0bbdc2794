/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation of EAP, and what the files about them share. */
#pragma once

#include "daemon/family.h"
#include "daemon/guesses.h"
#include "daemon/lease.h"
#include "daemon/parley.h"
#include "daemon/vault.h"

/* What the users file says of a user. */
struct enrolled {
	bool asked;    /* it was asked */
	unsigned line; /* where its secret is; 0: nowhere */
	struct ipc_octets groups;
	struct lease_grant grant;
};

/* A conversation. */
struct parley {
	struct world *world;
	struct arena arena;
	uint32_t number;
	const struct peer *peer; /* a reference, and */
	const struct auth_conf *auth;
	struct id local, remote;
	bool authenticator;
	bool guesses, delayed; /* the peer has given a password that is not judged yet; it has to wait */
	bool lost;             /* who led it has ended */
	struct lead *lead;     /* a RADIUS server leads it; NULL: another process does */
	uint8_t method;        /* that the server last spoke of, or 0 */
	struct answer *answer; /* the question at hand; NULL: none */
	uint64_t ticket;
	struct ip from;              /* where the peer is */
	struct event *delay;         /* its password waits, since too many were wrong; NULL: it never did */
	struct id user;              /* whose secret was wanted; ID_ANY: none was */
	struct bytes name;           /* the same, as EAP has it */
	const struct source *secret; /* where it is written; NULL: not in the configuration */
	struct enrolled enrolled;    /* in the users file */
	const struct why *refusal;   /* of the server's certificate; NULL: none */
	struct ipc_octets shown;     /* certificates of who has succeeded, until they are judged */
	struct key *key;             /* of our certificate in TLS; NULL: we show none */
};

struct parleys {
	struct world *world;
	const char *folder;
	struct member eaps;
	bool runs;
	struct eaps *inside; /* with --one */
	struct map open;     /* struct parley by their numbers */
	struct node asked;   /* struct enquiry */
	uint64_t last;       /* number given to a ticket */
	struct guesses guesses;
	struct gate lines; /* of the log, about these */
};

/* A question to others about a conversation, which may end before. */
struct enquiry {
	struct node node;
	struct parleys *parleys; /* NULL: they have ended */
	uint32_t number;
	uint8_t kind; /* of a secret that is asked for: enum ipc_eap_kind */
};

/* parley.c */

/* As EAP says it: the octets of a name, the text of anything else. */
struct bytes parley_name(const struct id *id, struct arena *arena);
/* Who we are to EAP. */
const struct id *parley_own_id(const struct parley *p);
/* Whether the peer says in EAP who it is, since IDi does not. */
bool parley_asks_identity(const struct parley *p);

bool parley_has_users(const struct world *w);
/* What whoever reads our log is told and no peer: that there is no such user, or with which line its secret
 * differed; else which line says what EAP may do. WHAT (NULL: nothing) is the sentence otherwise. */
void parley_explain(const struct parley *p, const char *what, struct arena *arena, struct why *why);

/* Answers the question at hand, which there is; WHAT, or NULL: why, where that has not been said. */
void parley_give(struct parley *p, enum err e, const char *what);
/* Says M to the process that leads P; where that does not hear it, the question at hand has failed. */
void parley_tell(struct parley *p, const struct ipc_message *m);

/* A new one about P; and whose it was, if it still waits for an answer: NULL else. Q is freed. */
struct enquiry *parley_enquiry(const struct parley *p);
struct parley *parley_enquired(struct enquiry *q);
/* Asks what the users file says of P's user, with its SECRET or without; and takes that, as parley_enquired
 * does (U NULL: nobody answered). */
void parley_ask_user(struct parley *p, bool secret, vault_user_told *done);
struct parley *parley_take_user(struct enquiry *q, const struct ipc_user *u);

/* parley_radius.c */

/* Asks the server of P, for whom Q is the next question. */
void parley_lead(struct parley *p, const struct ike_question *q);
