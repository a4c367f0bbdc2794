/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists that are sent as the client reads them: what there is at the beginning is noted by key, and each item
 * is described when its turn comes. So a list of any length takes little memory and never holds up the loop.
 */
#pragma once

#include "vici/server.h"

/* What a client wants listed: NULL and 0 mean all. */
struct vici_filter {
	const char *ike, *child, *name;
	uint64_t ike_id, child_id;
	bool traps, passes, drops; /* of policies */
};

struct vici_listing {
	struct arena arena; /* of what stands here, and of the last answer */
	struct vici_filter filter;
	enum vici_event event;
	const uint64_t *keys;     /* the host's, of what is listed; or */
	const char *const *names; /* of each; or */
	struct peer **peers;      /* a reference to each; or */
	const struct vici_cert *certs;
	unsigned at, n;
	/* Fills OUT with the event of item AT; false when it is not wanted, or has gone. */
	bool (*put)(struct vici_listing *l, const struct vici_host *host, struct vici_out *out,
		struct arena *scratch);
	struct why failed; /* WHAT is set: some item could not be sent */
};

/* A new one, with the filter that the arguments of C say. */
struct vici_listing *vici_listing_new(struct vici_call *c, enum vici_event event);

/* Begins to send; the answer of C comes behind the last item. */
void vici_listing_start(struct vici_call *c, struct vici_listing *l);

/* Goes on, some items at a time, as the client reads. */
void vici_listing_go(struct vici_session *s);

void vici_listing_free(struct vici_listing *l);
