/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each change is a transaction of three messages: begin, one with all elements, end. The kernel answers the
 * one in the middle. */
#include "xfrm/pairs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

enum {
	ROOM = 8192,   /* octets of a transaction */
	ELEMENT = 160, /* of one pair of IPv6, rounded up */
	ELEMENTS = (ROOM - 256) / ELEMENT,
	ANSWER = 8192,
};

struct pairs {
	struct mnl_socket *socket;
	const char *table;
	uint32_t seq;
	_Alignas(max_align_t) char room[ROOM];
};

struct pairs *pairs_open(const char *table)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct pairs *p;

	if (!s)
		return NULL;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID)) {
		mnl_socket_close(s);
		return NULL;
	}
	p = calloc(1, sizeof *p);
	if (!p)
		abort();
	p->socket = s;
	p->table = table;
	return p;
}

void pairs_close(struct pairs *p)
{
	if (p)
		mnl_socket_close(p->socket);
	free(p);
}

static bool only_addresses(struct tss list, uint8_t version)
{
	for (unsigned i = 0; i < list.n; i++) {
		const struct ts *ts = &list.v[i];

		if (ts->lo.v != version || ts->proto || ts->port_lo || ts->port_hi != UINT16_MAX)
			return false;
	}
	return list.n;
}

bool pairs_can(struct tss sources, struct tss destinations)
{
	uint8_t version = sources.n ? sources.v[0].lo.v : 0;

	return version && only_addresses(sources, version) && only_addresses(destinations, version) &&
	       sources.n * destinations.n <= ELEMENTS;
}

static struct nlmsghdr *message(
	struct pairs *p, size_t at, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(p->room + at);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof *g);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = p->seq;
	*g = (struct nfgenmsg){ family, NFNETLINK_V0, htons(resource) };
	return h;
}

static void put_key(struct nlmsghdr *h, uint16_t type, const struct ip *source, const struct ip *destination)
{
	struct bytes a = ip_bytes(source), b = ip_bytes(destination);
	struct nlattr *key = mnl_attr_nest_start(h, type);
	uint8_t both[32];

	memcpy(both, a.p, a.n);
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

/* Length of the transaction. */
static size_t build(struct pairs *p, uint16_t type, uint16_t flags, const char *set, struct tss sources,
	struct tss destinations)
{
	size_t n = message(p, 0, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES)->nlmsg_len;
	struct nlmsghdr *h = message(
		p, n, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags | NLM_F_ACK, NFPROTO_INET, 0);
	struct nlattr *list;

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, p->table);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (unsigned i = 0; i < sources.n; i++)
		for (unsigned k = 0; k < destinations.n; k++)
			put_element(h, &sources.v[i], &destinations.v[k]);
	mnl_attr_nest_end(h, list);
	n += h->nlmsg_len;
	return n + message(p, n, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES)->nlmsg_len;
}

static enum err verdict(int error)
{
	switch (error) {
	case 0: return ERR_OK;
	case EEXIST:
	case ENOTEMPTY: return ERR_EXISTS; /* the same, or one that overlaps */
	case ENOENT: return ERR_MISSING;
	default: return ERR_SYSTEM;
	}
}

/* Whether the answer H, to our transaction, settles it. */
static bool settles(const struct pairs *p, const struct nlmsghdr *h, enum err *out)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_seq != p->seq || h->nlmsg_type != NLMSG_ERROR)
		return false;
	*out = verdict(-e->error);
	return true;
}

static enum err hear(struct pairs *p)
{
	_Alignas(max_align_t) char answer[ANSWER];
	enum err e = ERR_SYSTEM;

	for (;;) {
		ssize_t got = mnl_socket_recvfrom(p->socket, answer, sizeof answer);
		int n = (int)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return ERR_SYSTEM;
		for (const struct nlmsghdr *h = (const void *)answer; mnl_nlmsg_ok(h, n);
			h = mnl_nlmsg_next(h, &n))
			if (settles(p, h, &e))
				return e;
	}
}

static enum err change(struct pairs *p, uint16_t type, uint16_t flags, const char *set, struct tss sources,
	struct tss destinations)
{
	size_t n;

	p->seq++;
	n = build(p, type, flags, set, sources, destinations);
	return mnl_socket_sendto(p->socket, p->room, n) < 0 ? ERR_SYSTEM : hear(p);
}

enum err pairs_add(struct pairs *p, const char *set, struct tss sources, struct tss destinations)
{
	return change(p, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, set, sources, destinations);
}

enum err pairs_del(struct pairs *p, const char *set, struct tss sources, struct tss destinations)
{
	return change(p, NFT_MSG_DELSETELEM, 0, set, sources, destinations);
}
