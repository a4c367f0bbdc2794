/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_SAs by the identities of both ends, so that those of one peer are found among thousands. */
#pragma once

#include "ike/state.h"

/* SA has got its identities; and it goes. */
void ends_add(struct ike *ike, struct sa *sa);
void ends_remove(struct ike *ike, struct sa *sa);

/* The next IKE_SA behind AT (NULL: the first) that is up, or once was, with these identities; in the order in
 * which they got them. */
struct sa *ends_next(
	const struct ike *ike, const struct sa *at, const struct id *local, const struct id *remote);
