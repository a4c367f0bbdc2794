/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions of the core that need no more than a library: key exchanges, and AUTH by the key of EAP. They are
 * answered in its process, since they are about secrets of it, and values of peers. */
#pragma once

#include "daemon/engine.h"

/* Fills ANSWER with the answer to Q; false: Q is none of these. */
bool exchange_answer(struct rng *rng, const struct ike_question *q, struct answer *answer);
