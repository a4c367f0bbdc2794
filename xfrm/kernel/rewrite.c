/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SAs that change: the kernel wants to hear all of one again, keys included, and it is the kernel who has
 * them. So it is asked, and gets its own answer back with the difference. */
#include "xfrm/kernel/state.h"

static void whole_read(void *ctx, const struct nlmsghdr *h)
{
	struct whole *w = ctx;

	if (h->nlmsg_type != XFRM_MSG_NEWSA || h->nlmsg_len > sizeof w->message ||
		mnl_nlmsg_get_payload_len(h) < sizeof(struct xfrm_usersa_info))
		return;
	w->n = h->nlmsg_len;
	memcpy(w->message, h, w->n);
}

enum err kernel_whole_ask(struct xfrm *x, const struct sa_key *key, struct whole *w)
{
	enum err e;

	w->n = 0;
	message_sa_id(netlink_request(x->netlink, XFRM_MSG_GETSA, 0), key);
	e = netlink_talk(x->netlink, whole_read, w);
	return e ? e : w->n ? ERR_OK : ERR_MISSING;
}

bool kernel_whole_has(const struct whole *w, uint16_t attr)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, (const struct nlmsghdr *)(const void *)w->message,
		sizeof(struct xfrm_usersa_info)) if (mnl_attr_get_type(a) == attr) return true;
	return false;
}

static bool listed(const uint16_t *types, uint16_t type)
{
	while (*types && *types != type)
		types++;
	return *types;
}

struct xfrm_usersa_info *kernel_whole_put(struct nlmsghdr *h, const struct whole *w, const uint16_t *except)
{
	const struct nlmsghdr *old = (const void *)w->message;
	struct xfrm_usersa_info *info = mnl_nlmsg_put_extra_header(h, sizeof *info);
	const struct nlattr *a;

	memcpy(info, mnl_nlmsg_get_payload(old), sizeof *info);
	mnl_attr_for_each(a, old, sizeof *info) if (!listed(except, mnl_attr_get_type(a)))
		mnl_attr_put(h, mnl_attr_get_type(a), mnl_attr_get_payload_len(a), mnl_attr_get_payload(a));
	return info;
}

/* A device that carries the SA is not told again. */
enum err kernel_sa_settle(struct xfrm *x, const struct kernel_sa *sa)
{
	static const uint16_t except[] = { XFRMA_LASTUSED, XFRMA_OFFLOAD_DEV, 0 };
	struct whole w;
	enum err e = kernel_whole_ask(x, &sa->key, &w);

	if (!e) {
		struct nlmsghdr *h = netlink_request(x->netlink, XFRM_MSG_UPDSA, 0);
		struct sa_limits limits = kernel_sa_limits(sa);

		kernel_whole_put(h, &w, except)->lft = message_lifetimes(&limits);
		e = netlink_talk(x->netlink, NULL, NULL);
	}
	WIPE(w);
	return e;
}
