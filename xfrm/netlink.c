/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations with rtnetlink, by libmnl. */
#include "xfrm/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	REQUEST = 1024,
	ANSWER = 32768, /* as much as the kernel puts into one datagram of a dump */
};

struct netlink {
	struct mnl_socket *socket;
	unsigned seq;
	char words[120];  /* the kernel's own, of the last refusal */
	char reason[320]; /* all of it */
	_Alignas(struct nlmsghdr) char request[REQUEST];
};

enum err netlink_open(struct netlink **out, struct text *why)
{
	struct netlink *nl = calloc(1, sizeof *nl);
	int yes = 1;

	if (!nl)
		abort();
	nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->socket || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		text_add(why,
			"cannot talk to the kernel by rtnetlink: %s: is this sandbox allowed AF_NETLINK?",
			strerror(errno));
		netlink_close(nl);
		return ERR_SYSTEM;
	}
	/* Its own words are a courtesy; old kernels have none. */
	(void)mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &yes, sizeof yes);
	*out = nl;
	return ERR_OK;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->socket)
		mnl_socket_close(nl->socket);
	free(nl);
}

struct nlmsghdr *netlink_request(struct netlink *nl, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(nl->request);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	h->nlmsg_seq = ++nl->seq;
	nl->words[0] = 0;
	return h;
}

/* The kernel's own words stand in attributes behind the error and, unless that was cut, our request. */
static void words_read(struct netlink *nl, const struct nlmsghdr *h)
{
	const struct nlmsgerr *verdict = mnl_nlmsg_get_payload(h);
	size_t skip = sizeof *verdict;
	const struct nlattr *a;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += MNL_ALIGN(verdict->msg.nlmsg_len) - sizeof verdict->msg;
	mnl_attr_for_each(a, h, skip) if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG) snprintf(
		nl->words, sizeof nl->words, "%.*s", (int)mnl_attr_get_payload_len(a), mnl_attr_get_str(a));
}

/* Goes through the messages of one datagram. True when the last one was among them; ERROR is its verdict. */
static bool answers_read(
	struct netlink *nl, const char *p, int n, netlink_each_fn *each, void *ctx, int *error)
{
	for (const struct nlmsghdr *h = (const void *)p; mnl_nlmsg_ok(h, n); h = mnl_nlmsg_next(h, &n)) {
		if (h->nlmsg_seq != nl->seq)
			continue; /* a late one, of a request that was given up */
		if (h->nlmsg_type == NLMSG_DONE)
			return true;
		if (h->nlmsg_type == NLMSG_ERROR) {
			*error = -((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error;
			words_read(nl, h);
			return true;
		}
		if (each)
			each(ctx, h);
	}
	return false;
}

enum err netlink_talk(struct netlink *nl, netlink_each_fn *each, void *ctx)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER];
	const struct nlmsghdr *h = (const void *)nl->request;
	int error = 0;
	ssize_t n;

	if (mnl_socket_sendto(nl->socket, h, h->nlmsg_len) < 0)
		return netlink_refuse(nl, errno);
	do {
		do
			n = mnl_socket_recvfrom(nl->socket, answer, sizeof answer);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return netlink_refuse(nl, errno);
	} while (!answers_read(nl, answer, (int)n, each, ctx, &error));
	return error ? netlink_refuse(nl, error) : ERR_OK;
}

static enum err translate(int error)
{
	switch (error) {
	case EPERM:
	case EACCES: return ERR_DENIED;
	case EEXIST: return ERR_EXISTS;
	case ENOENT:
	case ESRCH:
	case ENODEV:
	case EADDRNOTAVAIL:
	case ENETUNREACH:
	case EHOSTUNREACH: return ERR_MISSING;
	case EOPNOTSUPP:
	case EPFNOSUPPORT:
	case EAFNOSUPPORT: return ERR_UNSUPPORTED;
	default: return ERR_SYSTEM;
	}
}

enum err netlink_refuse(struct netlink *nl, int error)
{
	snprintf(nl->reason, sizeof nl->reason, "%s%s%s%s", strerror(error), nl->words[0] ? ": " : "",
		nl->words, error == EPERM ? ": run ikev2d as root, or with CAP_NET_ADMIN" : "");
	return translate(error);
}

const char *netlink_reason(const struct netlink *nl)
{
	return nl->reason;
}
