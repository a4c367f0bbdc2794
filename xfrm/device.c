/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of a tunnel's own. */
#include "xfrm/device.h"

#include "base/log.h"
#include "xfrm/route_state.h"
#include "xfrm/sysctl.h"

#include <stdio.h>

enum { MTU_FIRST = 1500 /* until it is known what the tunnel takes */ };

/* Numbers of our choice have this bit; those that people write and those that the core draws are small. */
static const uint32_t chosen = 0x80000000u;

/* The journal's words, printed here and read by the take_back functions. */

static void xfrmi_print(char out[JOURNAL_THING], const char *name, uint32_t if_id)
{
	snprintf(out, JOURNAL_THING, "xfrmi %s %u", name, if_id);
}

static void address_print(char out[JOURNAL_THING], const char *word, const char *dev, const struct if_addr *a)
{
	char ip[IP_TEXT];

	snprintf(out, JOURNAL_THING, "%s %s %s %u", word, dev, ip_print(&a->ip, ip), a->bits);
}

/* The name may be another device's by now. */
enum err device_xfrmi_take_back(struct route *r, const char *thing, struct text *why)
{
	char name[IF_NAMESIZE];
	struct rtnl_link link;
	uint32_t if_id;
	enum err e;

	if (sscanf(thing, "xfrmi %15s %u", name, &if_id) != 2)
		return ERR_SYNTAX;
	e = rtnl_link_find(r->netlink, name, &link);
	if (!e && link.if_id != if_id)
		return ERR_MISSING;
	if (!e)
		e = rtnl_link_del(r->netlink, name);
	text_add(why, "%s", netlink_reason(r->netlink));
	return e;
}

enum err device_address_take_back(struct route *r, const char *thing, struct text *why)
{
	char name[IF_NAMESIZE], ip[IP_TEXT];
	struct if_addr a;
	enum err e;

	if (sscanf(thing, "%*s %15s %45s %u", name, ip, &a.bits) != 3 || ip_parse(ip, &a.ip))
		return ERR_SYNTAX;
	e = rtnl_addr_del(r->netlink, name, &a.ip, a.bits);
	text_add(why, "%s", netlink_reason(r->netlink));
	return e;
}

/* ---------------------------------------------------------- XFRM interfaces */

struct number_search {
	uint32_t wanted;
	bool taken;
};

static void number_try(void *ctx, const struct rtnl_link *link)
{
	struct number_search *s = ctx;

	s->taken |= link->if_id == s->wanted;
}

/* FNV-1a: the same name has the same number at the next start, too, as long as it is free. */
static uint32_t number_of(const char *name)
{
	uint32_t h = 0x811c9dc5u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x01000193u;
	return h | chosen;
}

/* The first number from that of NAME on that no interface has; there are far fewer interfaces than numbers.
 */
static enum err number_choose(struct route *r, const char *name, uint32_t *out, struct text *why)
{
	struct number_search s = { .wanted = number_of(name) - 1 };

	do {
		enum err e;

		s.wanted = (s.wanted + 1) | chosen;
		s.taken = false;
		e = rtnl_links(r->netlink, number_try, &s);
		if (e) {
			text_add(
				why, "cannot read this machine's interfaces: %s", netlink_reason(r->netlink));
			return e;
		}
	} while (s.taken);
	*out = s.wanted;
	return ERR_OK;
}

static enum err refuse_made(struct route *r, const struct xfrmi *dev, enum err e, struct text *why)
{
	if (e == ERR_UNSUPPORTED)
		text_add(why,
			"this kernel has no XFRM interfaces (%s): run \"modprobe xfrm_interface\", or set "
			"datapath = user",
			netlink_reason(r->netlink));
	else if (e == ERR_EXISTS)
		text_add(why,
			"another XFRM interface has the if_id %u of %s already: see \"ip -d link show "
			"type xfrm\"",
			dev->if_id, dev->name);
	else
		text_add(why, "cannot make the XFRM interface %s: %s", dev->name, netlink_reason(r->netlink));
	return e;
}

static enum err make(struct route *r, struct xfrmi *dev, struct text *why)
{
	char thing[JOURNAL_THING];
	enum err e = dev->if_id ? ERR_OK : number_choose(r, dev->name, &dev->if_id, why);
	bool first;

	if (e)
		return e;
	xfrmi_print(thing, dev->name, dev->if_id);
	e = journal_take(r->journal, thing, &first, why);
	if (e)
		return e;
	e = rtnl_link_add_xfrm(r->netlink, dev->name, dev->if_id);
	if (e) {
		route_never_mind(r, thing, false);
		return refuse_made(r, dev, e, why);
	}
	dev->ours = true;
	device_tune(dev->name);
	e = device_fit(r, dev, MTU_FIRST, why);
	if (e)
		device_put(r, dev);
	return e;
}

/* Whether the device of this THING was a predecessor's that nobody wants any more, and has gone. */
static bool removed(struct route *r, const char *thing)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	bool first = false;

	if (journal_has(r->journal, thing) && !journal_take(r->journal, thing, &first, &why))
		route_let_go(r, thing);
	arena_free(&scratch);
	return first && !journal_has(r->journal, thing);
}

static void say_found(struct route *r, const struct xfrmi *dev, const struct rtnl_link *link)
{
	if (!strcmp(r->found, dev->name))
		return;
	memcpy(r->found, dev->name, sizeof r->found);
	log_say(LOG_NOTICE, "device",
		"the XFRM interface %s (if_id %u) is there already: it is used, and left as it is%s",
		dev->name, dev->if_id, link->up ? "" : ", though it is down (see \"ip link set up\")");
}

/* There is a device LINK of the name of DEV. ERR_MISSING: not any more. */
static enum err use(struct route *r, struct xfrmi *dev, const struct rtnl_link *link, struct text *why)
{
	char thing[JOURNAL_THING];
	bool first;

	if (!link->if_id) {
		text_add(why,
			"the device %s exists and is no XFRM interface with a number: choose another name "
			"for "
			"interface, or remove it (ip link del %s)",
			dev->name, dev->name);
		return ERR_EXISTS;
	}
	xfrmi_print(thing, dev->name, link->if_id);
	if (dev->if_id && dev->if_id != link->if_id) {
		if (removed(r, thing))
			return ERR_MISSING;
		text_add(why,
			"the XFRM interface %s exists with if_id %u instead of %u: give both tunnels the "
			"same "
			"one, or choose another name for interface",
			dev->name, link->if_id, dev->if_id);
		return ERR_EXISTS;
	}
	dev->if_id = link->if_id;
	dev->ours = journal_has(r->journal, thing);
	if (dev->ours)
		return journal_take(r->journal, thing, &first, why);
	say_found(r, dev, link);
	return ERR_OK;
}

enum err device_get(struct route *r, const char *name, uint32_t if_id, struct xfrmi *out, struct text *why)
{
	struct rtnl_link link;
	enum err e = rtnl_link_find(r->netlink, name, &link);

	*out = (struct xfrmi){ .if_id = if_id };
	snprintf(out->name, sizeof out->name, "%s", name);
	if (e && e != ERR_MISSING) {
		text_add(why, "cannot look for the interface %s: %s", name, netlink_reason(r->netlink));
		return e;
	}
	if (!e)
		e = use(r, out, &link, why);
	return e == ERR_MISSING ? make(r, out, why) : e;
}

void device_put(struct route *r, const struct xfrmi *dev)
{
	char thing[JOURNAL_THING];

	xfrmi_print(thing, dev->name, dev->if_id);
	if (dev->ours)
		route_let_go(r, thing);
}

enum err device_fit(struct route *r, const struct xfrmi *dev, unsigned mtu, struct text *why)
{
	return dev->ours ? route_device_up(r, dev->name, mtu, why) : ERR_OK;
}

/* ---------------------------------------------------------------- addresses */

/* One that is there and not in the journal is somebody else's: it does not stay in it. */
static enum err address_add(
	struct route *r, const char *word, const char *dev, const struct if_addr *a, struct text *why)
{
	char thing[JOURNAL_THING], ip[IP_TEXT];
	bool first, noted;
	enum err e;

	address_print(thing, word, dev, a);
	noted = journal_has(r->journal, thing);
	e = journal_take(r->journal, thing, &first, why);
	if (e || !first)
		return e;
	e = rtnl_addr_add(r->netlink, dev, &a->ip, a->bits);
	if (e && !(e == ERR_EXISTS && noted))
		route_never_mind(r, thing, noted);
	if (!e || e == ERR_EXISTS)
		return ERR_OK;
	text_add(why, "cannot put the address %s/%u on %s: %s", ip_print(&a->ip, ip), a->bits, dev,
		netlink_reason(r->netlink));
	return e;
}

static void address_del(struct route *r, const char *word, const char *dev, const struct if_addr *a)
{
	char thing[JOURNAL_THING];

	address_print(thing, word, dev, a);
	route_let_go(r, thing);
}

enum err device_addrs_add(
	struct route *r, const char *dev, const struct if_addr *addrs, unsigned n, struct text *why)
{
	for (unsigned i = 0; i < n; i++) {
		enum err e = address_add(r, "address", dev, &addrs[i], why);

		if (e) {
			device_addrs_del(r, dev, addrs, i);
			return e;
		}
	}
	return ERR_OK;
}

void device_addrs_del(struct route *r, const char *dev, const struct if_addr *addrs, unsigned n)
{
	while (n-- > 0)
		address_del(r, "address", dev, &addrs[n]);
}

/* ------------------------------------------------------------------- virtual addresses */

static struct if_addr vip_of(const struct ip *ip)
{
	return (struct if_addr){ *ip, (unsigned)ip_size(ip) * 8 };
}

/* Looks for the device that has IP. */
struct vip_search {
	const struct ip *ip;
	char dev[IF_NAMESIZE];
};

static bool vip_try(void *ctx, const char *thing, bool owned)
{
	struct vip_search *s = ctx;
	char dev[IF_NAMESIZE], text[IP_TEXT];
	struct ip ip;

	(void)owned;
	if (sscanf(thing, "vip %15s %45s", dev, text) == 2 && !ip_parse(text, &ip) && ip_eq(&ip, s->ip))
		memcpy(s->dev, dev, sizeof s->dev);
	return false;
}

static struct vip_search vip_find(struct route *r, const struct ip *ip)
{
	struct vip_search s = { .ip = ip };

	journal_undo(r->journal, vip_try, &s);
	return s;
}

enum err device_vip_add(struct route *r, const struct ip *ip, const struct ip *remote, struct text *why)
{
	struct vip_search s = vip_find(r, ip);
	struct if_addr a = vip_of(ip);
	struct rtnl_link lo;

	if (*s.dev)
		return address_add(r, "vip", s.dev, &a, why);
	if (!rtnl_link_find(r->netlink, "lo", &lo) && lo.up)
		return address_add(r, "vip", "lo", &a, why);
	if (route_device(r, remote, s.dev))
		return address_add(r, "vip", s.dev, &a, why);
	text_add(why, "there is no device for the virtual address: the loopback device is down; see ip link "
		      "set lo up");
	return ERR_MISSING;
}

void device_vip_del(struct route *r, const struct ip *ip)
{
	struct vip_search s = vip_find(r, ip);
	struct if_addr a = vip_of(ip);

	if (*s.dev)
		address_del(r, "vip", s.dev, &a);
}

bool device_is_vip(struct route *r, const struct ip *ip)
{
	return *vip_find(r, ip).dev;
}

struct tss device_routed(const struct device_routes *routes, struct tss remote)
{
	return routes->remote ? remote : routes->nets;
}

void device_tune(const char *dev)
{
	char name[64 + IF_NAMESIZE];

	snprintf(name, sizeof name, "net/ipv6/conf/%s/addr_gen_mode", dev);
	(void)!sysctl_set(name, 1);
	snprintf(name, sizeof name, "net/ipv6/conf/%s/disable_ipv6", dev);
	(void)!sysctl_set(name, 0);
}
