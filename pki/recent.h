/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates that were read a moment ago. Peers that come again show the same, and different peers the same
 * intermediate authority; to read one costs more than all else that is done with it (before OpenSSL 3.2 above
 * all what finds the decoder of its key). What is here is not trusted more than what was never seen. */
#pragma once

#include "pki/cert.h"

enum {
	RECENT_MAX = 64,      /* certificates */
	RECENT_OCTETS = 4096, /* of one; a stranger may show larger ones, which are not kept */
};

/* All zero: there are none. */
struct recent {
	struct cert *v[RECENT_MAX]; /* the one that was looked for last comes first */
	unsigned n;
};

/* The one whose octets are DER, borrowed; NULL: it is not here. */
struct cert *recent_find(struct recent *r, struct bytes der);

/* Keeps C, which is not here, with a reference of its own; who was not looked for longest makes room. */
void recent_add(struct recent *r, struct cert *c);

void recent_free(struct recent *r);
