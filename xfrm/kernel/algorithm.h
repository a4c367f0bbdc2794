/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of what the kernel calls our transforms, and how they are written into an SA. Pure. */
#pragma once

#include "model/proposal.h"

#include <libmnl/libmnl.h>

/* Whether there is a name for T (ENCR or INTEG). Whether this kernel knows the name, is for probe.h. */
bool algorithm_known(const struct transform *t);

/* Appends the attributes of the algorithms and keys of an SA: ENCR_KEY with its salt behind it (AH has none),
 * INTEG_KEY for what is no AEAD. SHA256_96: HMAC-SHA-256 cut to 96 bits. ERR_UNSUPPORTED for an unknown one,
 * ERR_RANGE for a key of another length than its transform's, with a sentence. */
enum err algorithm_put(struct nlmsghdr *h, const struct suite *suite, struct bytes encr_key,
	struct bytes integ_key, bool sha256_96, struct text *why) MUST_CHECK;
