/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session tickets (RFC 5723): what a gateway must know to resume an IKE_SA, sealed with a key that only it
 * has, and kept by the client; and the tickets that we keep as clients. */
#pragma once

#include "ike/step.h"

/* What a ticket says. All that is a pointer is borrowed. */
struct ticket {
	uint64_t number;        /* by which it is known that it was used */
	uint32_t end, auth_end; /* s, wall clock: of the ticket, and of what the client has proved, not before
				   (0: no end) */
	uint64_t content;       /* of the connection, and */
	uint64_t trust;         /* of the authorities, when it was made */
	const char *conn;
	struct id id_i, id_r, eap_id; /* the last ID_ANY: EAP did not say who the client is */
	struct suite suite;
	bool post_quantum, ppk, ppk_int; /* the keys withstand quantum computers, are mixed with a PPK, and
					  * were before IKE_AUTH */
	struct bytes d;                  /* SK_d */
};

/* What tickets are sealed with from now on, KEYS: TICKET_KEY octets each, the one in use first; none: we make
 * none. WALL: the time, s. */
void ticket_keys(struct ike *ike, struct bytes keys, uint32_t wall, uint64_t now);

/* Whether the client asks for a ticket; and adds one for the IKE_SA of D, which is being established, or a
 * NACK, to the answer M. */
void ticket_asked(struct draft *d, const struct message *m);
void ticket_put(struct draft *d, struct message *m);

/* SA, which D establishes, is proven: what that was judged by, and how long it holds, is for later tickets.
 */
void ticket_proven(const struct draft *d, struct sa *sa);

/* The client asks for another ticket on D's IKE_SA, which is up (RFC 5723, 4.1): it gets one for the IKE_SA
 * of CORE, that one or the one that takes its place, or a NACK, in M; *NUMBER gets its number. None where
 * what was proved would be judged by something else now. */
void ticket_grant(struct draft *d, const struct sa_core *core, struct message *m, uint64_t *number);

/* Opens OPAQUE, a ticket of ours, from the scratch arena. ERR_AUTH: it is not, or of a key that is gone;
 * ERR_SYNTAX; ERR_RANGE: it has expired, or was used. */
enum err ticket_open(struct step *s, struct bytes opaque, struct ticket *out) MUST_CHECK;
/* What is in one when it is opened, and the other way round. */
enum err ticket_parse(struct bytes plain, struct arena *arena, struct ticket *out) MUST_CHECK;
struct bytes ticket_print(const struct ticket *t, struct arena *arena);

/* The ticket with NUMBER, which counts until END, is used now. False: it was before, or cannot be remembered.
 */
bool ticket_use(struct step *s, uint64_t number, uint32_t end) MUST_CHECK;

/* The client of SA is given the ticket with NUMBER. Its answer may be lost: the client may come with the one
 * before as well, so that both are known as SA's. */
void ticket_given(struct sa *sa, uint64_t number);
bool ticket_resumes(uint64_t number, const struct sa *sa);

/* The trust that D's core has in authorities, as a ticket has it. */
uint64_t ticket_trust(const struct ike *ike);

/* Seconds of the wall clock. */
uint32_t ticket_wall(const struct step *s);

/* ---------------------------------------------------------------------- client */

/* One that we keep, for its connection. */
struct kept_ticket {
	struct arena arena; /* of all in it */
	uint32_t sa;        /* the number of the IKE_SA that it resumes */
	struct ip gateway;
	uint64_t end, auth_end; /* on the core's clock; 0: no end */
	uint64_t content;
	struct bytes opaque, d;
	struct suite suite;
	bool post_quantum, ppk, ppk_int;
	struct id local_id, remote_id;
};

/* Asks for a ticket in M, and keeps the one that came in the answer M, where D's connection wants that. */
void ticket_ask(struct draft *d, struct message *m);
void ticket_keep(struct draft *d, const struct message *m);
/* M answers the question for another one, which takes the place of that of D's IKE_SA. */
void ticket_renewed(struct draft *d, const struct message *m);

/* Takes the ticket that D's IKE_SA can be resumed with, into *OUT (to be freed by ticket_free); NULL: there
 * is none. */
struct kept_ticket *ticket_take(struct draft *d);
void ticket_free(struct kept_ticket *t);

/* SA is deleted: so is its ticket. INTO has taken its place: so it has its ticket, until it gets one of its
 * own (RFC 5723, 6.2). */
void ticket_drop(struct ike *ike, const struct sa *sa);
void ticket_adopt(struct ike *ike, struct sa *from, struct sa *into);
