/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP in IKE_AUTH (RFC 7296, 2.16; RFC 5998). What is said in it is asked (ASK_EAP), and never looked into
 * here. */
#pragma once

#include "ike/step.h"

/* Responder: the peer wants EAP. Our own proof is asked for first, unless EAP alone is to do. And when that
 * is there, or in a further round of proofs: the conversation begins. */
enum verdict auth_eap_introduce(struct draft *d);
enum verdict auth_eap_begin(struct draft *d);
/* Initiator: PACKET, the first one, has come from a peer that has proved who it is, or that may do without.
 */
enum verdict auth_eap_take(struct draft *d, struct bytes packet);

handler auth_eap_first_response;     /* initiator: the peer's first packet, and its proof */
handler auth_eap_reply;              /* initiator: ASK_EAP answered: our packet goes out, or all is said */
handler auth_eap_given_up;           /* initiator: it has failed */
handler auth_eap_response;           /* initiator: the peer's next packet */
handler auth_eap_response_too_early; /* initiator: the peer is content before EAP is over */
handler auth_eap_proved;             /* initiator: ASK_PROOF answered: our AUTH goes out */
handler auth_eap_response_too_late;  /* initiator: EAP, and it is over */
handler auth_eap_last_response;      /* initiator: the peer's AUTH by EAP's key must be checked */
handler auth_eap_checked;            /* initiator: it is right */

handler auth_eap_say;               /* responder: ASK_EAP answered: our packet goes out */
handler auth_eap_refuse;            /* responder: it has failed */
handler auth_eap_request;           /* responder: the peer's next packet */
handler auth_eap_request_too_early; /* responder: AUTH before EAP is over */
handler auth_eap_request_too_late;  /* responder: EAP, and it is over */
handler auth_eap_last_request;      /* responder: the peer's AUTH by EAP's key must be checked */
handler auth_eap_accepted;          /* responder: it is right: our AUTH is needed */
handler auth_eap_answer;            /* responder: ASK_PROOF answered: the round is over */
handler auth_eap_abandoned;         /* responder: the peer gives up */
