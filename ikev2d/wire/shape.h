/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of message shapes: which payloads an exchange must and may carry, whether it is sealed, and the
 * name it gets. A message without a shape is refused with INVALID_SYNTAX, where it may be answered at all. */
#pragma once

#include "wire/message.h"

enum shape {
	SHAPE_NONE,    /* no row fits */
	INIT_REQUEST,  /* IKE_SA_INIT: SA, KE, Ni */
	INIT_RESPONSE, /* IKE_SA_INIT: SA, KE, Nr */
	INIT_REFUSAL,  /* IKE_SA_INIT: notifies only (COOKIE, INVALID_KE_PAYLOAD, NO_PROPOSAL_CHOSEN, …) */
	INTERMEDIATE_REQUEST,  /* IKE_INTERMEDIATE: [KE] (RFC 9370, 2.2.2; RFC 9867) */
	INTERMEDIATE_RESPONSE, /* as the request */
	INTERMEDIATE_REFUSAL,  /* IKE_INTERMEDIATE: notifies only, one of them an error */
	AUTH_REQUEST,          /* IKE_AUTH: IDi; AUTH unless EAP is wanted; SA, TSi, TSr unless childless */
	AUTH_RESPONSE,     /* IKE_AUTH: IDr, AUTH, SA, TSi, TSr; or IDr, AUTH and an error notify: no child */
	AUTH_REFUSAL,      /* IKE_AUTH: notifies, one of them an error; EAP at most beside them */
	AUTH_EAP_REQUEST,  /* IKE_AUTH: EAP (RFC 7296, 2.16) */
	AUTH_EAP_RESPONSE, /* IKE_AUTH: EAP; the first one with IDr and, but for RFC 5998, AUTH */
	AUTH_LAST_REQUEST, /* IKE_AUTH: AUTH, when EAP is over */
	AUTH_LAST_RESPONSE, /* IKE_AUTH: AUTH, when EAP is over, and SA, TSi, TSr; of these only what is due
			       when several proofs are made (RFC 4739) */
	CREATE_REQUEST,     /* CREATE_CHILD_SA: SA, Ni [, KE], TSi, TSr; or SA, Ni, KE (IKE rekey) */
	CREATE_RESPONSE,    /* as the request */
	CREATE_REFUSAL,     /* CREATE_CHILD_SA: notifies only, one of them an error */
	FOLLOWUP_REQUEST,   /* IKE_FOLLOWUP_KE: KE, ADDITIONAL_KEY_EXCHANGE (RFC 9370, 2.2.4) */
	FOLLOWUP_RESPONSE,  /* as the request; the last one without the notify */
	FOLLOWUP_REFUSAL,   /* IKE_FOLLOWUP_KE: notifies only, one of them an error */
	INFO_REQUEST,       /* INFORMATIONAL, maybe empty */
	INFO_RESPONSE,
	RESUME_REQUEST,  /* IKE_SESSION_RESUME: Ni, a ticket */
	RESUME_RESPONSE, /* IKE_SESSION_RESUME: Nr */
	RESUME_REFUSAL,  /* IKE_SESSION_RESUME: notifies only */
	SHAPE_COUNT
};

/* The shape of M as a whole: what was sealed is parsed into it too, and SEALED says whether anything was.
 * Only which payloads there are is looked at, not what they say (but for errors among the notifies). */
enum shape shape_of(const struct message *m, bool sealed);

/* Whether messages of this exchange must be sealed, both requests and responses; false for one that has no
 * row. */
bool shape_sealed(uint8_t exchange);

/* "AUTH_REQUEST"; "NONE" for SHAPE_NONE. */
const char *shape_name(enum shape s);
