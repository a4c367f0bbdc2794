/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates for EAP on TLS, and a side of it made by hand, which says inside TLS what a test wants. */
#pragma once

#include "base/arena.h"
#include "eap/eap.h"
#include "eap/tls.h"

/* What a side has; what is 0 or NULL is as a good one has it. Keys are Ed25519, so that all that is sent has
 * the same length each time. The certificates are good at MAKER_NOW. */
struct tls_recipe {
	const char *server;     /* demanded by the peer; "": anybody */
	const char *extensions; /* of its certificate, as struct recipe has them */
	const char *subject;
	const char *far; /* kind of its key, which is elsewhere (help_sign) */
	unsigned extra;  /* certificates more than needed, to make it long */
	bool bare;       /* without a certificate */
	bool lonely;     /* trusts nobody */
	bool stranger;   /* its certificate is of another authority */
	bool judged;     /* the peer's: others judge the server as well */
	bool revoked;    /* the authority's CRL has the other side's certificate */
	bool only_tls_1_2, only_tls_1_3;
};

/* The authenticator's or the peer's. To be unref'ed. Ends the test when it cannot be made. */
struct eap_tls *help_tls(bool authenticator, const struct tls_recipe *r);

/* The signature with the far key of the kind CTX, a word; for struct pair. */
struct bytes help_sign(
	void *ctx, unsigned side, const struct scheme *scheme, struct bytes octets, struct arena *arena);

/* Frees what is shared. */
void help_tls_end(void);

/* The other side by hand: TLS with E, whose role is the opposite, by method TYPE up to the end of the
 * handshake; HAND's identity is "hand". */
struct hand {
	struct eap *e;
	struct session *session;
	bool authenticator; /* the hand is it */
	uint8_t type, id;
	struct eap_turn turn; /* E's last; its packet is gone when a call has returned */
	uint8_t said[8192];   /* what E said inside, in its last turn */
	size_t said_n;
};

/* False: the handshake did not come to its end. True also when E asks for a secret before it: then
 * hand_answers. TLS is the hand's. */
bool hand_shakes(struct hand *h, struct eap *e, bool authenticator, uint8_t type, struct eap_tls *tls);

/* Says PLAIN inside, and takes what E says to that; asks are answered with SECRET (NULL: with none). */
void hand_says(struct hand *h, struct bytes plain, const struct eap_secret *secret);

/* Answers what E asks, without a word. */
void hand_answers(struct hand *h, const struct eap_secret *secret);

void hand_end(struct hand *h);
