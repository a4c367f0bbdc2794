/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A keeper of secrets, or of tokens, in this process: we are guard and ike, who ask it. */
#pragma once

#include "daemon/keeper.h"
#include "pki/bundle.h"
#include "tests/unit/talk.h"

struct desk {
	struct keeper keeper;
	struct talk talk;
	enum ipc_process process;
	int image;
	struct arena arena;
	struct bytes octets; /* as RFC 7296, 2.15, has them */
	struct id moon, sun, other;
};

enum { INIT = 100, NONCE = 32, PRF_OUT = 32, SECRET = 1, KEY = 2, PASSPHRASE = 3 };

/* A state of cmocka's that is one for PROCESS, and its end. */
int desk_make(void **state, enum ipc_process process);
int desk_tear_down(void **state);

/* Ends it, and starts it again with what it had written down. */
void desk_finish(struct desk *d);
enum err desk_begin(struct desk *d);

/* What an IKE peer signs: an IKE_SA_INIT, a nonce and a MAC, as far as they can be told. */
struct bytes desk_auth_octets(struct arena *arena);

/* The next message to us at NEAR; and the answer to M. */
struct ipc_message desk_heard(struct desk *d, const struct ipc_channel *near);
struct ipc_message desk_asked(struct desk *d, struct ipc_channel *near, struct ipc_message *m);

/* What A says of a file. */
struct bundle desk_said(struct desk *d, const struct ipc_message *a);

/* The signature of KEY, as ike asks for it; and whether it is that of the key whose public part is SPKI, over
 * the octets of D. */
unsigned desk_scheme_of(enum key_type type);
struct ipc_message desk_sign(struct desk *d, unsigned scheme, struct bytes octets);
enum err desk_checked(struct desk *d, struct bytes spki, struct bytes signature);
