/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS in EAP packets (RFC 5216, 2.1.5, 3; RFC 5281, 9; the same for PEAP): flags, lengths, fragments both
 * ways. A method on it has a struct tunnel at the start of its state. For eap/ only. */
#pragma once

#include "eap/method.h"
#include "eap/session.h"

enum { TUNNEL_EAP_MAX = 4096 }; /* octets of an EAP packet inside */

/* What a method does with PLAIN, which came inside TLS, or nothing did: FIRST when the handshake is just
 * over. MOVE_SEND sends what it wrote to the session, or an empty packet. */
typedef enum move tunnel_inside(struct eap *e, struct bytes plain, bool first);

struct tunnel {
	struct session *session;
	tunnel_inside *inside;
	bool coming;     /* a message of theirs has come in part */
	size_t declared; /* its length as they said; 0: they did not */
	size_t arrived;  /* of it */
	size_t total;    /* octets taken in all */
	bool going;      /* fragments of ours are left, and an acknowledgement is due */
	bool open;       /* the handshake is over */
	uint8_t plain[EAP_MAX_INNER];
};

/* The authenticator's Start. */
enum move tunnel_begin(struct eap *e);

/* CLIENT_PROVES: as session_new() has it. */
enum move tunnel_take(struct eap *e, struct bytes data, bool client_proves, tunnel_inside *inside);

/* What is to be signed (eap_to_sign), and what comes of the signature. */
struct bytes tunnel_to_sign(const struct eap *e, const struct scheme **scheme);
enum move tunnel_signed(struct eap *e, struct bytes signature);

/* Takes the other side's certificates for those of the conversation (eap_certificate); and what comes of the
 * judgement of a server's. */
void tunnel_certificates(struct eap *e);
enum move tunnel_judged(struct eap *e, bool good);

/* What INSIDE does after the fact: M is what it would have returned. */
enum move tunnel_move(struct eap *e, enum move m);

/* Writes PLAIN into TLS; MOVE_SEND, or MOVE_FAIL and why. */
enum move tunnel_write(struct eap *e, struct bytes plain);

/* The MSK: by LABEL in TLS 1.2; in 1.3 by RFC 9190, 2.3 and RFC 9427, 2.1. False, and why. */
bool tunnel_key(struct eap *e, const char *label);

/* A conversation inside, by the inner settings. NULL: no memory, or no method. */
struct eap *tunnel_inner(const struct eap *e);

/* What turn T of INNER means for the one outside: MOVE_SEND and MOVE_LAST when T's packet is to be sent. */
enum move tunnel_follow(struct eap *e, const struct eap *inner, const struct eap_turn *t);

void tunnel_end(struct eap *e);
