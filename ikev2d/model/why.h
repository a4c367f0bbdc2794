/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A refusal that explains itself: what was offered, what was wanted, what differed, which line to change and
 * what to write there. Texts live in the arena of whoever made it. NULL where there is nothing to say. */
#pragma once

#include "base/text.h"
#include "model/addr.h"

struct why {
	const char *what;       /* the failure in one sentence */
	const char *stage;      /* the exchange it happened in: "IKE_AUTH" */
	const char *offered;    /* by the peer */
	const char *configured; /* here */
	const char *differs;    /* the difference, piece by piece */
	const char *where;      /* "/etc/ikev2d/ikev2d.conf:12 (connections.a.proposals)" */
	const char *instead;    /* the value that would have worked */
	const char *notify;     /* the notify sent or received: "NO_PROPOSAL_CHOSEN" */
	const char *alert;      /* its kind, for programs: the type of VICI's event "alert"; not printed */
};

/* A failure as it is remembered; equal ones are one. */
struct failure_record {
	struct why why;
	struct ip remote;     /* of the peer; v is 0 where it is not known */
	bool by_peer;         /* the peer had begun */
	uint64_t first, last; /* when: ms, the clock of the records */
	unsigned times;
};

/* All of it as lines "what\n  offered: …\n", appended to OUT. */
void why_print(const struct why *w, struct text *out);

/* All of it on one line. */
const char *why_line(const struct why *w, struct arena *arena);

struct why why_copy(struct arena *arena, const struct why *w);
