/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xfrm/sources.h"

#include <linux/rtnetlink.h>
#include <unistd.h>

void sources_open(struct sources *s)
{
	static const unsigned groups[] = { RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	*s = (struct sources){ .events = -1 };
	(void)!netlink_listen(NETLINK_ROUTE, groups, sizeof groups / sizeof *groups, &s->events, &why);
	arena_free(&scratch);
}

void sources_close(struct sources *s)
{
	if (s->events >= 0)
		close(s->events);
	s->events = -1;
}

static void on_change(void *ctx, const struct nlmsghdr *h)
{
	struct sources *s = ctx;

	(void)h;
	s->known = false;
}

static void keep(void *ctx, const struct ip *ip)
{
	struct sources *s = ctx;

	if (s->n < SOURCES_MAX)
		s->v[s->n] = *ip;
	s->n++;
}

/* What changes meanwhile is told afterwards. */
static enum err read_again(struct sources *s, struct netlink *nl)
{
	enum err e;

	s->n = 0;
	e = rtnl_addresses(nl, keep, s);
	s->known = !e && s->events >= 0 && s->n <= SOURCES_MAX;
	return e;
}

enum err sources_each(struct sources *s, struct netlink *nl, rtnl_address_fn *each, void *ctx)
{
	enum err e = ERR_OK;

	if (s->events >= 0 && !netlink_hear(s->events, on_change, s))
		s->known = false;
	if (!s->known)
		e = read_again(s, nl);
	if (!e && s->n > SOURCES_MAX)
		return rtnl_addresses(nl, each, ctx);
	for (unsigned i = 0; !e && i < s->n; i++)
		each(ctx, &s->v[i]);
	return e;
}
