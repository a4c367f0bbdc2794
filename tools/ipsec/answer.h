/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a command went that has nothing to show. */
#pragma once

#include "json.h"
#include "snapshot.h"

/* Says SENTENCE, with --json that it succeeded. DONE. */
int answer_done(struct ipsec *x, const char *sentence);

/* Says why RESPONSE is a refusal. FAILED. */
int answer_refused(struct ipsec *x, const struct vici_node *response);
