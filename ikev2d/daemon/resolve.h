/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS names to addresses, without waiting: by libevent's resolver, as it is told what /etc/hosts and
 * /etc/resolv.conf say. */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "base/list.h"
#include "model/addr.h"

#include <event2/event.h>

struct evdns_base;

struct resolver {
	struct event_base *base;
	struct evdns_base *dns; /* NULL: it was told nothing yet */
	struct node asked;
};

/* WHY is NULL on success, else a sentence. */
typedef void resolve_done(void *ctx, const struct ip *ip, const char *why);

void resolver_start(struct resolver *r, struct event_base *base);

/* What /etc/resolv.conf (DNS) and /etc/hosts (HOSTS) say from now on. Their octets stand in files in FOLDER
 * for a moment, since libevent reads files. ERR_SYSTEM with errno set: that is not to be had, and no name is
 * known. */
enum err resolver_set(
	struct resolver *r, const char *folder, struct bytes dns, struct bytes hosts) MUST_CHECK;

/* Questions under way end without their answers: DONE gets a sentence that says so. */
void resolver_stop(struct resolver *r);

/* The first address of NAME, of FAMILY (4, 6, or 0: any). DONE is called once, maybe before this returns. */
void resolve_name(struct resolver *r, const char *name, unsigned family, resolve_done *done, void *ctx);
