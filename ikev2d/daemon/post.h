/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to a process that must not be waited for: what it has no room for waits here, in its order. */
#pragma once

#include "base/list.h"
#include "daemon/ipc_bundle.h"

#include <event2/event.h>

struct post {
	struct event_base *base;
	struct ipc_channel *to;
	size_t limit;        /* octets that may wait: more would be endless, and the process ends */
	size_t octets;       /* that do */
	struct node waiting; /* struct letter */
	struct event *writable;
	bool gathers;
	struct ipc_bundle bundle;
};

/* TO is looked at when it is first needed; it lives as long as P. */
void post_start(struct post *p, struct event_base *base, struct ipc_channel *to, size_t limit);
/* What waits is dropped. */
void post_stop(struct post *p);

/* From now on what is sent waits for more, until that is over for now: POST_FLUSH. */
void post_gathers(struct post *p);
void post_flush(struct post *p);

/* Sends M, with one descriptor at most, or puts it off. ERR_RANGE: it is too large, and is not sent. Whose
 * peer is gone hears that elsewhere. */
enum err post_send(struct post *p, const struct ipc_message *m) MUST_CHECK;

/* Whether something waits because there is no room for it. */
static inline bool post_waits(const struct post *p)
{
	return p->octets;
}
