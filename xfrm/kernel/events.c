/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel reports. */
#include "xfrm/kernel/state.h"

#include "base/log.h"
#include "xfrm/clock.h"

enum { REPORT_EVERY = 1000 /* ms, of a policy or an SA */ };

static bool is_due(uint64_t *last)
{
	uint64_t now = xfrm_now();

	if (*last && now - *last < REPORT_EVERY)
		return false;
	*last = now;
	return true;
}

/* The SA that will come of it carries the question's number, so that the kernel asks no more. */
static void on_acquire(struct xfrm *x, const struct nlmsghdr *h)
{
	struct acquire a;
	struct owner *o;
	uint64_t key;
	bool fresh;

	if (message_acquire(h, &a))
		return;
	o = kernel_owner_asks(x, &a.key);
	if (!o || (o->kind != OWNER_TRAP && o->kind != OWNER_POLICY))
		return;
	/* Where none stands the core waits for nothing that came of the one before, however late that was. */
	key = kernel_seq_key(o->reqid, a.resource);
	fresh = a.seq && !map_get(&x->seqs, key);
	if (a.seq)
		map_put(&x->seqs, key, (void *)(uintptr_t)a.seq);
	if (a.resource)
		kernel_policy_quiet(x, o->id, true);
	if (is_due(&o->acquire_ms) || fresh || a.resource)
		x->reports.acquire(x->reports.ctx, o->id, a.resource, &a.local, &a.remote);
}

/* The limit that was to tell of the first packet was met; by an authenticated one if one was counted. */
void kernel_on_first(struct xfrm *x, struct kernel_sa *sa)
{
	struct sa_seen seen;

	if (kernel_sa_ask(x, &sa->key, &seen))
		return;
	if (seen.packets)
		sa->awaited = false;
	if (kernel_sa_settle(x, sa))
		log_say(LOG_WARN, "sa", "the limits of the SA %08x cannot be set: %s", sa->key.spi,
			netlink_reason(x->netlink));
	if (seen.packets)
		x->reports.used(x->reports.ctx, sa->child);
}

static void on_expire(struct xfrm *x, const struct nlmsghdr *h)
{
	struct sa_seen seen;
	struct kernel_sa *sa;
	bool hard;

	if (message_expire(h, &seen, &hard) || seen.larval)
		return;
	sa = kernel_sa_find(x, seen.key.spi, &seen.key.dst);
	if (!sa)
		return;
	kernel_sa_note(sa, &seen); /* the last look may be older */
	if (sa->awaited && !hard)
		kernel_on_first(x, sa);
	else
		x->reports.expire(x->reports.ctx, sa->child, hard);
}

static void on_mapping(struct xfrm *x, const struct nlmsghdr *h)
{
	struct mapping m;
	struct kernel_sa *sa;

	if (message_mapping(h, &m))
		return;
	sa = kernel_sa_find(x, m.spi, &m.dst);
	if (sa && sa->inbound && is_due(&sa->mapping_ms))
		x->reports.mapping(x->reports.ctx, sa->child, &m.remote);
}

static void on_event(void *ctx, const struct nlmsghdr *h)
{
	struct xfrm *x = ctx;

	switch (h->nlmsg_type) {
	case XFRM_MSG_ACQUIRE: on_acquire(x, h); break;
	case XFRM_MSG_EXPIRE: on_expire(x, h); break;
	case XFRM_MSG_MAPPING: on_mapping(x, h); break;
	case XFRM_MSG_MIGRATE: x->migrated = true; break; /* not by us: see move.c */
	}
}

void kernel_dispatch(struct xfrm *x)
{
	bool lost = !netlink_hear(x->events, on_event, x);

	if (lost || x->migrated)
		kernel_catch_up(x, lost ? "events of the kernel were lost"
					: "somebody has moved SAs in the kernel to other addresses");
	x->migrated = false;
}
