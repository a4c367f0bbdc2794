/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP as hosts of a lab play it: a conversation in words, "ask", "user NAME", …, "yes" or "no", that proves
 * nothing. What goes wrong with it itself aborts. */
#pragma once

#include "base/map.h"
#include "ike/ike.h"

/* How a host plays its part, and what it is in the middle of. */
struct charade {
	unsigned asks;      /* authenticator: so many packets of the peer are wanted; 0: one */
	bool keyless;       /* its method has no key, */
	bool mutual;        /* proves both */
	uint32_t valid;     /* authenticator: s for which it lets the peer in; 0: without end */
	uint32_t idle;      /* authenticator: s without traffic after which it lets the peer out; 0: none */
	const char *group;  /* authenticator: that the peer is in; NULL: none */
	bool strict, mute;  /* authenticator: no answer is right; and nothing is said to that */
	bool hasty;         /* peer: it is content at once */
	const char *user;   /* peer: who it is to EAP; NULL: who it is to IKE */
	const char *method; /* NULL: "md5" */
	unsigned octets;    /* of its packets, at least */
	struct map open;    /* conversations: packets of the peer so far, and 1 */
};

/* Answers Q, ASK_EAP, whose answer is OUT, unless that failed already. And ends a conversation. */
void charade_ask(
	struct charade *p, const struct ike_question *q, struct arena *arena, struct ike_answer *out);
void charade_end(struct charade *p, uint32_t conversation);
