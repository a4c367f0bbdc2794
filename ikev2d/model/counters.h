/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of IKE: strongSwan's counters, in its order, and ours behind. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum counter {
	COUNT_IKE_REKEY_INIT, /* IKE_SAs rekeyed by us */
	COUNT_IKE_REKEY_RESP, /* by the peer */
	COUNT_CHILD_REKEY,
	COUNT_INVALID,                       /* messages that are not valid IKE, or whose seal is broken */
	COUNT_INVALID_SPI,                   /* messages for an IKE_SA that is not there */
	COUNT_MESSAGES,                      /* the first of the messages: see counter_of_message */
	COUNT_CRASHES = COUNT_MESSAGES + 16, /* peers that have shown that they were restarted (RFC 6290) */
	COUNT_REDIRECTS_SENT,                /* peers that were sent to other gateways (RFC 5685), */
	COUNT_REDIRECTS_FOLLOWED,            /* and gateways that have sent us */
	COUNT_RESUMED,                       /* IKE_SAs set up again from a ticket (RFC 5723) */
	COUNT_EAP_WRONG,                     /* passwords of EAP that were wrong, or of nobody, */
	COUNT_EAP_DELAYED,                   /* and those that were judged late, after too many of these */
	COUNTERS                             /* and: nothing that is counted */
};

struct counters {
	const char *name; /* of the connection; "": of all together */
	uint64_t v[COUNTERS];
};

/* "ike-rekey-init", …: VICI's names. */
const char *counter_name(enum counter c);

/* The counter of messages of an EXCHANGE (IANA's number) that came (IN) or were sent; COUNTERS where they are
 * not counted. */
enum counter counter_of_message(uint8_t exchange, bool in, bool response);
