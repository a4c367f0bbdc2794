/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After a crash: what stands in the journal, and only that. */
#include "xfrm/kernel/state.h"

#include "base/log.h"

struct policy_seen {
	bool there;
	struct policy_key key;
	struct policy_body body;
};

static void policy_read(void *ctx, const struct nlmsghdr *h)
{
	struct policy_seen *seen = ctx;

	if (h->nlmsg_type == XFRM_MSG_NEWPOLICY)
		seen->there = !message_policy_read(h, &seen->key, &seen->body);
}

/* A policy that protected or blocked packets blocks them until somebody wants it again; one without our tag
 * is somebody else's by now. True when nothing of ours is left. */
static bool adopt_policy(struct xfrm *x, const struct policy_key *key)
{
	struct policy_seen seen = { 0 };
	enum err e;

	message_policy_id(netlink_request(x->netlink, XFRM_MSG_GETPOLICY, 0), key);
	e = netlink_talk(x->netlink, policy_read, &seen);
	if (e && e != ERR_MISSING)
		return false;
	if (e || !seen.there || !seen.body.ours)
		return true;
	kernel_larvae_note(x, key, &seen.body);
	if (seen.body.protect || seen.body.block) {
		kernel_entry_adopt(x, key, &seen.body);
		return false;
	}
	message_policy_id(netlink_request(x->netlink, XFRM_MSG_DELPOLICY, 0), key);
	return netlink_talk(x->netlink, NULL, NULL) == ERR_OK;
}

static bool undo(void *ctx, const char *thing, bool owned)
{
	struct xfrm *x = ctx;
	struct sa_key sa;
	struct policy_key policy;
	enum err e;

	(void)owned;
	if (!sa_key_parse(thing, &sa)) {
		e = kernel_sa_remove(x, &sa);
		if (e && e != ERR_MISSING)
			log_say(LOG_WARN, "undo", "could not take back \"%s\": %s", thing,
				netlink_reason(x->netlink));
		return !e || e == ERR_MISSING;
	}
	if (!policy_key_parse(thing, &policy))
		return adopt_policy(x, &policy);
	log_say(LOG_WARN, "journal", "skipping an entry that is not understood: %s", thing);
	return true;
}

static bool undo_unowned(void *ctx, const char *thing, bool owned)
{
	return !owned && undo(ctx, thing, owned);
}

void kernel_leftovers_retry(struct xfrm *x)
{
	journal_undo(x->journal, undo_unowned, x);
	if (x->settled) /* nobody is going to claim it: it must not block */
		kernel_entries_settle(x);
	kernel_larvae_end(x);
}

void kernel_leftovers(struct xfrm *x)
{
	journal_undo(x->journal, undo, x);
	kernel_larvae_end(x);
}
