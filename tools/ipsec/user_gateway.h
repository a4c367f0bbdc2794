/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateway that users are to connect to: its configuration, and what a client must know of it. */
#pragma once

#include "pki.h"

#include "creds/creds.h"
#include "tools/profile/profile.h"

struct gateway {
	const char *path; /* of the configuration */
	struct conf conf;
	struct creds creds;
	/* After gateway_serves: the connection and the child for the client, and our certificate. */
	const struct peer *peer;
	const struct child_conf *child;
	struct cert *cert, *ca; /* borrowed of the store */
	bool clear;             /* its method of EAP needs passwords themselves, not their hashes */
};

/* Who wants to be served. */
struct wish {
	const struct profile_kind *kind;
	const char *user;
	const char *id;         /* NULL: by the user's name */
	const char *connection; /* NULL: whichever will do */
	const char *server;     /* to dial; NULL: by the gateway's identity */
	bool cert, eap;         /* how the user may be authenticated */
};

void gateway_start(struct gateway *g);
void gateway_stop(struct gateway *g);

/* Whether there is a configuration in the folder of P; reads it. */
bool gateway_is_there(struct pki *p);
int gateway_load(struct pki *p, struct gateway *g);

/* Finds the connection that serves W, and fills in what OUT gets of the configuration. FAILED, after a
 * sentence with the line to change, where none does. */
int gateway_serves(struct pki *p, struct gateway *g, const struct wish *w, struct profile *out);
