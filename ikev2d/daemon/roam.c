/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink's events. */
#include "daemon/roam.h"

#include "daemon/engine.h"
#include "daemon/line.h"
#include "xfrm/choice.h"
#include "xfrm/device.h"
#include "xfrm/rtnl.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

/* What changes by our own doing, in our own table, does not move anybody. Routes to this machine itself come
 * with its addresses, which are told of. */
static bool is_ours(const struct world *w, const struct nlmsghdr *h)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	uint32_t table = m->rtm_table;
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof *m)
	{
		if (mnl_attr_get_type(a) == RTA_TABLE && !mnl_attr_validate(a, MNL_TYPE_U32))
			table = mnl_attr_get_u32(a);
	}
	return table == RT_TABLE_LOCAL || (table != TABLE_MAIN && table == w->settings.routing_table);
}

static bool goes_up_or_down(const struct nlmsghdr *h)
{
	return ((const struct ifinfomsg *)mnl_nlmsg_get_payload(h))->ifi_change & IFF_UP;
}

static void gather(struct roam *r)
{
	if (!evtimer_pending(r->gathered, NULL))
		evtimer_add(r->gathered, &(struct timeval){ .tv_usec = ROAM_GATHER * 1000 });
}

static void on_event(void *ctx, const struct nlmsghdr *h)
{
	struct world *w = ctx;
	struct roam *r = &w->roam;

	switch (h->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR: gather(r); break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (!goes_up_or_down(h))
			break;
		r->routes = true;
		gather(r);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (is_ours(w, h))
			break;
		r->routes = true;
		gather(r);
		break;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;

	(void)what;
	if (netlink_hear(fd, on_event, w))
		return;
	w->roam.routes = true;
	gather(&w->roam);
}

/* Virtual addresses are inside of tunnels: no peer reaches us there. */
static void keep(void *ctx, const struct ip *ip)
{
	struct world *w = ctx;
	struct roam *r = &w->roam;

	if (r->n < ROAM_IPS_MAX && !device_is_vip(choice_route(w->xfrm), ip))
		r->ips[r->n++] = *ip;
}

/* Whether there are others than before. */
static bool read_ips(struct world *w)
{
	struct roam *r = &w->roam, before = *r;

	r->n = 0;
	if (rtnl_addresses(r->netlink, keep, w)) {
		*r = before;
		return false;
	}
	if (r->n != before.n)
		return true;
	for (unsigned i = 0; i < r->n; i++)
		if (!ip_eq(&r->ips[i], &before.ips[i]))
			return true;
	return false;
}

void roam_tell(struct world *w)
{
	if (!w->roam.readable)
		return;
	engine_feed(w, &(struct ike_event){
			       .kind = EVENT_ADDRESSES, .addresses = { .v = w->roam.ips, .n = w->roam.n } });
}

static void on_gathered(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;
	struct roam *r = &w->roam;
	bool changed = read_ips(w) || r->routes;

	(void)fd;
	(void)what;
	r->routes = false;
	beside_follow(w);
	if (changed)
		roam_tell(w);
}

static enum err open_netlink(struct roam *r, uint32_t table, struct text *why)
{
	static const unsigned groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE };
	enum err e = netlink_open(NETLINK_ROUTE, &r->netlink, why);

	if (!e)
		e = netlink_listen(NETLINK_ROUTE, groups, sizeof groups / sizeof *groups, &r->fd, why);
	if (!e)
		netlink_pass_over(r->fd, table);
	return e;
}

void roam_start(struct world *w)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	struct roam *r = &w->roam;

	*r = (struct roam){ .fd = -1 };
	r->gathered = evtimer_new(w->base, on_gathered, w);
	if (!r->gathered)
		abort();
	if (open_netlink(r, w->settings.routing_table, &why)) {
		line_say(LOG_WARN, "roam",
			arena_printf(&scratch,
				"changes of this machine's addresses are not noticed, and tunnels do not "
				"move with them (MOBIKE): %s",
				text_str(&why)));
	} else {
		r->readable = event_new(w->base, r->fd, EV_READ | EV_PERSIST, on_readable, w);
		if (!r->readable || event_add(r->readable, NULL))
			abort();
		(void)read_ips(w);
		roam_tell(w);
	}
	arena_free(&scratch);
}

void roam_stop(struct world *w)
{
	struct roam *r = &w->roam;

	if (r->readable)
		event_free(r->readable);
	event_free(r->gathered);
	if (r->fd >= 0)
		close(r->fd);
	netlink_close(r->netlink);
}
