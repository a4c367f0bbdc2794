/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each change is a transaction of three messages: begin, one with all elements, end. The kernel answers the
 * one in the middle. */
#include "xfrm/pairs.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

enum {
	AROUND = 256, /* octets of a transaction without its elements, at most */
	ELEMENT = 84, /* of one pair of IPv6 */
	ELEMENTS = (NETLINK_REQUEST_MAX - AROUND) / ELEMENT,
};

/* Whether an address is one of both. */
static bool meet(struct tss a, struct tss b)
{
	for (unsigned i = 0; i < a.n; i++)
		for (unsigned j = 0; j < b.n; j++)
			if (ip_cmp(&a.v[i].lo, &b.v[j].hi) <= 0 && ip_cmp(&b.v[j].lo, &a.v[i].hi) <= 0)
				return true;
	return false;
}

/* Of VERSION, and none of them twice. */
static bool only_addresses(struct tss list, uint8_t version)
{
	for (unsigned i = 0; i < list.n; i++) {
		const struct ts *ts = &list.v[i];

		if (ts->lo.v != version || ts->proto || ts->port_lo || ts->port_hi != UINT16_MAX ||
			meet((struct tss){ list.v, i }, (struct tss){ ts, 1 }))
			return false;
	}
	return list.n;
}

bool pairs_can(struct tss sources, struct tss destinations)
{
	uint8_t version = sources.n ? sources.v[0].lo.v : 0;

	return version && sources.n * destinations.n <= ELEMENTS && only_addresses(sources, version) &&
	       only_addresses(destinations, version);
}

bool pairs_overlap(struct tss sources, struct tss destinations, struct tss sources2, struct tss destinations2)
{
	return meet(sources, sources2) && meet(destinations, destinations2);
}

static void put_header(struct nlmsghdr *h, uint8_t family, uint16_t resource)
{
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof *g);

	*g = (struct nfgenmsg){ family, NFNETLINK_V0, htons(resource) };
}

static void begin(struct netlink *nl)
{
	struct nlmsghdr *h = netlink_request(nl, NFNL_MSG_BATCH_BEGIN, 0);

	h->nlmsg_flags = NLM_F_REQUEST;
	put_header(h, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

/* A DESTINATION of NULL: the key is the source alone. */
static void put_key(struct nlmsghdr *h, uint16_t type, const struct ip *source, const struct ip *destination)
{
	struct bytes a = ip_bytes(source), b = destination ? ip_bytes(destination) : (struct bytes){ 0 };
	struct nlattr *key = mnl_attr_nest_start(h, type);
	uint8_t both[32];

	memcpy(both, a.p, a.n);
	if (b.n)
		memcpy(both + a.n, b.p, b.n);
	mnl_attr_put(h, NFTA_DATA_VALUE, a.n + b.n, both);
	mnl_attr_nest_end(h, key);
}

static void put_element(struct nlmsghdr *h, const struct ts *source, const struct ts *destination)
{
	struct nlattr *element = mnl_attr_nest_start(h, NFTA_LIST_ELEM);

	put_key(h, NFTA_SET_ELEM_KEY, &source->lo, &destination->lo);
	put_key(h, NFTA_SET_ELEM_KEY_END, &source->hi, &destination->hi);
	mnl_attr_nest_end(h, element);
}

static void put_host(struct nlmsghdr *h, const struct ts *host)
{
	struct nlattr *element = mnl_attr_nest_start(h, NFTA_LIST_ELEM);

	put_key(h, NFTA_SET_ELEM_KEY, &host->lo, NULL);
	mnl_attr_nest_end(h, element);
}

static enum err change(struct netlink *nl, uint16_t type, uint16_t flags, const char *table, const char *set,
	struct tss sources, struct tss destinations)
{
	struct nlmsghdr *h;
	struct nlattr *list;

	begin(nl);
	h = netlink_more(nl, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags | NLM_F_ACK);
	put_header(h, NFPROTO_INET, 0);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (unsigned i = 0; i < sources.n; i++) {
		if (!destinations.n)
			put_host(h, &sources.v[i]);
		for (unsigned k = 0; k < destinations.n; k++)
			put_element(h, &sources.v[i], &destinations.v[k]);
	}
	mnl_attr_nest_end(h, list);
	put_header(netlink_more(nl, NFNL_MSG_BATCH_END, 0), AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	return netlink_talk(nl, NULL, NULL);
}

enum err pairs_table(struct netlink *nl, const char *table)
{
	struct nlmsghdr *h = netlink_request(nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0);

	put_header(h, NFPROTO_INET, 0);
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, table);
	return netlink_talk(nl, NULL, NULL);
}

enum err pairs_add(
	struct netlink *nl, const char *table, const char *set, struct tss sources, struct tss destinations)
{
	return change(nl, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, table, set, sources, destinations);
}

enum err pairs_del(
	struct netlink *nl, const char *table, const char *set, struct tss sources, struct tss destinations)
{
	return change(nl, NFT_MSG_DELSETELEM, 0, table, set, sources, destinations);
}
