/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_INTERMEDIATE (RFC 9242): between IKE_SA_INIT and IKE_AUTH, one exchange for each additional key
 * exchange of the IKE_SA (RFC 9370, 2.2.2), the last one also for a post-quantum preshared key (RFC 9867). */
#pragma once

#include "ike/step.h"

/* Initiator: begins the next exchange, or goes on to IKE_AUTH when there is none. The keys so far are there.
 */
enum verdict intermediate_next(struct draft *d);

/* Responder: whether all that were agreed on have been; if not, D->why says so. */
bool intermediate_over(struct draft *d);

/* Cells of the table. */
handler intermediate_key_pair, intermediate_response, intermediate_refusal, intermediate_agreed;
handler intermediate_confirmed, intermediate_not_confirmed, intermediate_mixed;
handler intermediate_request, intermediate_compared, intermediate_responded, intermediate_mixed_theirs;
handler intermediate_failed;
