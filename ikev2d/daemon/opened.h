/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealed datagrams as a record without secrets keeps them: opened with the core's own keys, and what could
 * give a secret away overwritten. */
#pragma once

#include "ike/ike.h"

struct opened {
	uint8_t first;     /* type of the first payload that was sealed */
	struct bytes data; /* the IKE header as it came, then the chain of payloads that was sealed; of a
			      fragment that makes a message whole all of the message, as if that had come in
			      one; of another one, whose payload is SKF, its number and the total, and zeros;
			      all of it from the arena */
};

/* Octets of an EAP packet that are kept: code, identifier, length, type. */
enum { EAP_SHOWN = 5 };

/* Opens DATAGRAM, which CAME for an IKE_SA of the core's or was made by one. False when it is not sealed, a
 * fragment of ours, or the core has no keys that open it. In what was sealed all octets that prove or may
 * hide a secret are zero, and lengths are as they were: AUTH but for the method, EAP but for its head,
 * payloads and status notifies that are not known to be harmless, and what stands behind the first that has
 * no right length. */
bool opened_get(struct ike *ike, bool came, struct bytes datagram, struct arena *arena, struct opened *out);

/* Whether DATAGRAM has to be sealed, by its exchange; one too short for a header has not. */
bool opened_sealed(struct bytes datagram);
