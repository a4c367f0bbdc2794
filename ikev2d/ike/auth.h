/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers of IKE_AUTH. */
#pragma once

#include "ike/step.h"

handler auth_agreed;         /* initiator: ASK_AGREE answered: keys, then other exchanges or IKE_AUTH */
handler auth_begin;          /* initiator: all keys are there: our AUTH is needed */
handler auth_mixed;          /* initiator: ASK_PPK answered: our AUTH is needed */
handler auth_not_mixed;      /* initiator: there is no such key */
handler auth_proved_plain;   /* initiator: ASK_PROOF without it answered: our AUTH with it is needed */
handler auth_proved;         /* initiator: ASK_PROOF answered: the request goes out */
handler auth_response;       /* initiator: the peer's answer: its AUTH must be checked */
handler auth_checked;        /* initiator: ASK_CHECK answered: established, and the child */
handler auth_not_checked;    /* initiator: it is not right: the peer is told */
handler auth_refusal;        /* initiator: the peer refused */
handler auth_round_response; /* initiator: the peer has taken a further proof (RFC 4739) */

handler auth_next_request;     /* responder: another proof of the peer */
handler auth_request;          /* responder: whose connection is it; the peer's AUTH must be checked */
handler auth_mixed_theirs;     /* responder: ASK_PPK answered: the peer's AUTH must be checked */
handler auth_not_mixed_theirs; /* responder: there is no such key */
handler auth_accepted;         /* responder: ASK_CHECK answered: our AUTH is needed */
handler auth_not_accepted;     /* responder: its AUTH is not right: perhaps for the next candidate */
handler auth_failed;           /* responder: we cannot prove who we are */
handler auth_answer;           /* responder: ASK_PROOF answered: the child is installed, or refused; */
handler auth_leased;           /* before, ASK_LEASE is, if the peer wants that: it is answered, */
handler auth_not_leased;       /* or there is no address: the IKE_SA stands without a child */

/* The body of an ID payload: type, three zero octets, data. */
struct bytes auth_id_body(struct arena *arena, const struct id *id);

/* Initiator: the round of proofs is over, and M is the peer's answer to the last of them: another one
 * follows, or all is proved. And what the peer has done is wrong, as D->why says: it is told. */
enum verdict auth_round_over(struct draft *d, const struct message *m);
enum verdict auth_fail(struct draft *d);
/* Initiator: M, the peer's first answer, with or without AUTH, is from who it should be; else D->why says so,
 * and the peer is told by *V. */
bool auth_identity(struct draft *d, const struct message *m, enum verdict *v);

/* Responder: the peer has proved who it is in the round at hand, and our proof, where one is due, is made. */
enum verdict auth_round_proved(struct draft *d);
/* Responder: M gets what has not been said of who we are, as far as it is made. */
void auth_introduce(struct draft *d, struct message *m);
/* Responder: whether nothing stands against the peer, which has proved who it is; else D->why says it. */
bool auth_may_come(struct draft *d);
/* Initiator: says in M, with our proof, that it is not the last. */
void auth_another_follows(const struct draft *d, struct message *m);
/* Responder: the peer has so long for the next of its messages. */
void auth_wait(struct draft *d);

/* Initiator: IKE_AUTH goes out, with our AUTH in D->hs. */
enum verdict auth_send(struct draft *d);

/* Responder: the first child is installed, or could not be: the answer goes out. */
enum verdict auth_installed(struct draft *d, struct child *child, bool success);
