/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers of INFORMATIONAL (RFC 7296, 1.4), and of SAs that end by time. */
#pragma once

#include "ike/step.h"

handler info_request;   /* deletes, liveness, errors */
handler info_response;  /* our delete or liveness check was answered */
handler info_deleted;   /* our delete of the SA was answered */
handler end_unanswered; /* our request got no answer */
handler end_half_open;  /* IKE_AUTH did not come in time */
handler end_rekeyed;    /* the peer has not deleted what was replaced: we do */
handler end_lingering;  /* nobody needs its last answer any more */
handler end_failed;     /* a question of the handshake failed */
