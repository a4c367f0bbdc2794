/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why connections last failed: kept until they come up, for whoever asks later. */
#pragma once

#include "daemon/config.h"
#include "model/why.h"

struct failures {
	struct node list;
};

void failures_start(struct failures *f);
void failures_stop(struct failures *f);

/* Keeps a copy of WHY as the reason why connection NAME failed; an earlier one goes. */
void failures_note(struct failures *f, const char *name, const struct why *why);

/* NAME has come up. */
void failures_clear(struct failures *f, const char *name);

/* Forgets connections that C has not. */
void failures_prune(struct failures *f, const struct config *c);

/* The reason of NAME, borrowed until the next change; NULL when there is none. */
const struct why *failures_find(const struct failures *f, const char *name);
