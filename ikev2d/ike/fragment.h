/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Large messages in small datagrams (RFC 7383), so that nobody on the way has to take IP fragments. Sizes are
 * those of whole IP datagrams, as in daemon.fragment_size. */
#pragma once

#include "ike/step.h"

/* Says in M, of IKE_SA_INIT, that we take fragments, unless P forbids it; whether the peer says so in M. */
void fragment_announce(const struct peer *p, struct arena *arena, struct message *m);
bool fragment_announced(const struct message *m);

/* Octets of the largest IKE message that CORE sends in one datagram; 0: it does not send fragments. */
size_t fragment_limit(const struct step *s, const struct sa_core *core);

/* A fragment of SA's next message, H, that was opened: CONTENT, in a DATAGRAM that came on PATH, which begins
 * with *FRONT. True when it was the last one missing: *INNER is the whole then, in the scratch arena, *FIRST
 * the type of its first payload, *FRONT what the first one begins with, and *LARGEST the octets of the
 * largest datagram, but for the last fragment's; else it is kept, or dropped and that told. */
bool fragment_take(struct step *s, struct sa *sa, const struct path *path, const struct wire_header *h,
	const struct wire_sk *sk, struct bytes content, size_t datagram, struct bytes *inner, uint8_t *first,
	struct bytes *front, size_t *largest);

/* The peer, from whom a message came in datagrams of up to LARGEST octets, may know of the way what we do
 * not: D sends no larger ones. */
void fragment_learn(struct draft *d, size_t largest);

/* Forgets what has come of the peer's next request, or of its response to ours. */
void fragments_forget(struct ike *ike, struct sa *sa, bool response);

/* When what has come of the peer's request in SA is to be forgotten, HEAP_NEVER: there is nothing; and that
 * time has come: it is told what is missing. False: it has not. (An answer may come as long as our request is
 * repeated: what has come of it goes with that.) */
uint64_t fragments_due(const struct sa *sa);
bool fragments_late(struct step *s, struct sa *sa);

/* The request in flight was not answered, or its answer is asked for again and again, or was asked for on
 * PATH in a fragment of DATAGRAM octets (0: in none): it goes out again in smaller datagrams. False: it is
 * small enough, or the peer takes no fragments; nothing was done. */
bool fragment_request_again(struct step *s, struct sa *sa);
bool fragment_response_again(struct step *s, struct sa *sa, const struct path *path, size_t datagram);

/* The way to the peer at IP carries only datagrams of up to OCTETS (an ICMP message or our own interface says
 * so): what was sent to it in larger ones goes out again, and nothing larger for a while. */
void fragment_path(struct step *s, const struct ip *ip, size_t octets);

/* CORE goes on along another path: what was learned of the one before is forgotten. */
void fragment_elsewhere(struct sa_core *core);

/* Why SA's request in flight may have had no answer, as far as sizes are to blame, behind "; "; or "". From
 * ARENA. */
const char *fragment_blame(const struct sa *sa, struct arena *arena);
