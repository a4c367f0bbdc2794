/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an EAP conversation on TLS needs of our certificates, and of whom it trusts. */
#pragma once

#include "creds/creds.h"
#include "daemon/ipc.h"
#include "ike/ike.h"

struct parley_tls {
	struct ipc_octets chain; /* our certificate and what leads to an authority; none: we have none */
	struct ipc_octets authorities; /* who may vouch for the other side */
	struct id server;              /* whose certificate the other side's must be; ID_ANY: anybody's */
	struct key *key;               /* of the certificate; borrowed */
};

/* What Q's conversation by METHODS (eap/eap.h) needs, from ARENA; USER: who we are to EAP. Where nothing in
 * METHODS is on TLS it is nothing. ERR_MISSING: without what is not here it cannot be; ERR_RANGE: it is too
 * much; WHY says it. */
enum err parley_tls(const struct creds *c, const struct ike_question *q, struct bytes methods,
	const struct id *user, int64_t now, struct arena *arena, struct parley_tls *out,
	struct why *why) MUST_CHECK;
