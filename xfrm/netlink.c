/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations by netlink; libmnl makes and reads the messages. */
#include "xfrm/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ANSWER = 32768,        /* as much as the kernel puts into one datagram of a dump */
	EVENTS_ROOM = 8 << 20, /* octets of events that may wait */
	EVENTS_AT_ONCE = 256,  /* datagrams */
	LATER_ROOM = 8192,     /* octets of requests that wait, */
	LATER_MAX = 64,        /* and so many of them */
};

/* A request that waits, or whose verdict is waited for. */
struct later {
	unsigned seq; /* 0: DONE has heard of it */
	netlink_done_fn *done;
	void *ctx;
	char thing[NETLINK_THING];
};

struct netlink {
	int fd;
	unsigned seq;
	int refused;           /* the last refusal, */
	char words[120];       /* the kernel's own of it, */
	char reason[320];      /* and all */
	struct nlmsghdr *last; /* of the messages in the request */
	_Alignas(max_align_t) char request[NETLINK_REQUEST_MAX];
	bool gathers;
	unsigned n_later;
	struct later later[LATER_MAX];
	struct nlmsghdr *last_later;
	_Alignas(max_align_t) char waiting[LATER_ROOM];
};

static int socket_open(int protocol, int flags)
{
	struct sockaddr_nl anybody = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol);

	if (fd < 0 || !bind(fd, (const struct sockaddr *)&anybody, sizeof anybody))
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
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
	case ENOSYS:
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case EPFNOSUPPORT:
	case EAFNOSUPPORT: return ERR_UNSUPPORTED;
	default: return ERR_SYSTEM;
	}
}

static enum err refuse_socket(int protocol, struct text *why)
{
	enum err e = translate(errno);
	const char *name = protocol == NETLINK_XFRM        ? "XFRM"
			   : protocol == NETLINK_NETFILTER ? "nf_tables"
							   : "rtnetlink";

	if (e == ERR_UNSUPPORTED)
		text_add(why, "this kernel has no %s (%s)", name, strerror(errno));
	else
		text_add(why, "cannot talk to the kernel by %s: %s: is this sandbox allowed AF_NETLINK?",
			name, strerror(errno));
	return e;
}

struct netlink *netlink_on(int fd)
{
	struct netlink *nl = calloc(1, sizeof *nl);

	if (!nl)
		abort();
	nl->fd = fd;
	return nl;
}

enum err netlink_open(int protocol, struct netlink **out, struct text *why)
{
	int yes = 1, fd = socket_open(protocol, 0);

	if (fd < 0)
		return refuse_socket(protocol, why);
	/* Its own words are a courtesy, and so is not to repeat what we sent; old kernels do neither. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
	*out = netlink_on(fd);
	return ERR_OK;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	netlink_flush(nl);
	close(nl->fd);
	wipe(nl, sizeof *nl);
	free(nl);
}

static struct nlmsghdr *message_put(struct netlink *nl, void *at, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(at);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = nl->seq;
	nl->last = h;
	return h;
}

struct nlmsghdr *netlink_request(struct netlink *nl, uint16_t type, uint16_t flags)
{
	netlink_flush(nl);
	nl->seq++;
	nl->words[0] = 0;
	return message_put(nl, nl->request, type, NLM_F_ACK | flags);
}

struct nlmsghdr *netlink_more(struct netlink *nl, uint16_t type, uint16_t flags)
{
	return message_put(nl, mnl_nlmsg_get_payload_tail(nl->last), type, flags);
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

/* What ends the answers holds a verdict: a negative errno, or nothing. */
static int verdict_read(const struct nlmsghdr *h)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(h) >= sizeof error)
		memcpy(&error, mnl_nlmsg_get_payload(h), sizeof error);
	return -error;
}

/* Goes through the messages of one datagram. True when the last one was among them; ERROR is its verdict. */
static bool answers_read(
	struct netlink *nl, const char *p, int n, netlink_each_fn *each, void *ctx, int *error)
{
	for (const struct nlmsghdr *h = (const void *)p; mnl_nlmsg_ok(h, n); h = mnl_nlmsg_next(h, &n)) {
		if (h->nlmsg_seq != nl->seq)
			continue; /* a late one, of a request that was given up */
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
			*error = verdict_read(h);
			if (h->nlmsg_type == NLMSG_ERROR)
				words_read(nl, h);
			return true;
		}
		if (each)
			each(ctx, h);
	}
	return false;
}

/* One datagram of the kernel's (others may send to us, too); their number of octets, or -1. */
static ssize_t receive(int fd, void *into, size_t room)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { into, room };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do {
		m.msg_namelen = sizeof from;
		n = recvmsg(fd, &m, 0);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && m.msg_namelen == sizeof from && from.nl_pid));
	if (n >= 0 && m.msg_flags & MSG_TRUNC) {
		errno = ENOSPC;
		return -1;
	}
	return n;
}

/* What stands from FIRST to the end of LAST; it is wiped. */
static bool requests_send(const struct netlink *nl, char *first, const struct nlmsghdr *last)
{
	size_t octets = (size_t)((char *)mnl_nlmsg_get_payload_tail(last) - first);
	ssize_t n;
	int error;

	do
		n = send(nl->fd, first, octets, 0);
	while (n < 0 && errno == EINTR);
	error = errno;
	wipe(first, octets);
	errno = error;
	return n >= 0;
}

enum err netlink_talk(struct netlink *nl, netlink_each_fn *each, void *ctx)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER];
	int error = 0;
	bool done;

	if (!requests_send(nl, nl->request, nl->last))
		return netlink_refuse(nl, errno);
	do {
		ssize_t n = receive(nl->fd, answer, sizeof answer);

		if (n <= 0) {
			(void)netlink_refuse(nl, n ? errno : EPIPE);
			return ERR_BUSY;
		}
		done = answers_read(nl, answer, (int)n, each, ctx, &error);
		wipe(answer, (size_t)n);
	} while (!done);
	return error ? netlink_refuse(nl, error) : ERR_OK;
}

/* ------------------------------------------------------------------ later ones */

static void later_done(struct later *l, enum err e)
{
	netlink_done_fn *done = l->seq ? l->done : NULL;

	l->seq = 0;
	if (done)
		done(l->ctx, l->thing, e);
}

/* Those that are still without a verdict. */
static void all_done(struct netlink *nl, enum err e)
{
	for (unsigned i = 0; i < nl->n_later; i++)
		later_done(&nl->later[i], e);
}

/* A verdict. They come in order, and of those before the last one only refusals are told. */
static void verdict_on_later(struct netlink *nl, const struct nlmsghdr *h)
{
	int error = verdict_read(h);
	unsigned n = 0;

	while (n < nl->n_later && nl->later[n].seq != h->nlmsg_seq)
		n++;
	if (n == nl->n_later)
		return; /* a late one, of a request that was given up */
	for (unsigned i = 0; i < n; i++)
		later_done(&nl->later[i], ERR_OK);
	nl->words[0] = 0;
	words_read(nl, h);
	later_done(&nl->later[n], error ? netlink_refuse(nl, error) : ERR_OK);
}

/* Hears verdicts until that on the last one, LAST. ERR_BUSY: some were lost. */
static enum err verdicts_hear(struct netlink *nl, unsigned last)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER];
	bool done = false;

	while (!done) {
		ssize_t got = receive(nl->fd, answer, sizeof answer);
		int n = (int)got;

		if (got <= 0) {
			(void)netlink_refuse(nl, got ? errno : EPIPE);
			return ERR_BUSY;
		}
		for (const struct nlmsghdr *h = (const void *)answer; mnl_nlmsg_ok(h, n);
			h = mnl_nlmsg_next(h, &n))
			if (h->nlmsg_type == NLMSG_ERROR) {
				verdict_on_later(nl, h);
				done |= h->nlmsg_seq == last;
			}
	}
	return ERR_OK;
}

void netlink_flush(struct netlink *nl)
{
	unsigned last = nl->seq;
	enum err e;

	if (!nl->n_later)
		return;
	nl->last_later->nlmsg_flags |= NLM_F_ACK;
	e = requests_send(nl, nl->waiting, nl->last_later) ? verdicts_hear(nl, last)
							   : netlink_refuse(nl, errno);
	all_done(nl, e);
	nl->n_later = 0;
}

struct nlmsghdr *netlink_later(
	struct netlink *nl, uint16_t type, netlink_done_fn *done, void *ctx, const char *thing)
{
	char *at = nl->n_later ? mnl_nlmsg_get_payload_tail(nl->last_later) : nl->waiting;
	struct nlmsghdr *request = nl->last;
	struct later *l;

	if (nl->n_later == LATER_MAX || at + NETLINK_LATER_MAX > nl->waiting + LATER_ROOM) {
		netlink_flush(nl);
		at = nl->waiting;
	}
	nl->seq++;
	nl->last_later = message_put(nl, at, type, 0);
	nl->last = request;
	l = &nl->later[nl->n_later++];
	*l = (struct later){ .seq = nl->seq, .done = done, .ctx = ctx };
	snprintf(l->thing, sizeof l->thing, "%s", thing);
	return nl->last_later;
}

void netlink_post(struct netlink *nl)
{
	if (!nl->gathers)
		netlink_flush(nl);
}

void netlink_gather(struct netlink *nl, bool on)
{
	nl->gathers = on;
	netlink_post(nl);
}

enum err netlink_refuse(struct netlink *nl, int error)
{
	nl->refused = error;
	snprintf(nl->reason, sizeof nl->reason, "%s%s%s%s", strerror(error), nl->words[0] ? ": " : "",
		nl->words, error == EPERM ? ": run ikev2d as root, or with CAP_NET_ADMIN" : "");
	return translate(error);
}

/* Any socket may ask: if_nametoindex opens one each time. */
unsigned netlink_device(const struct netlink *nl, const char *name)
{
	struct ifreq request = { 0 };

	if (strlen(name) >= sizeof request.ifr_name)
		return 0;
	memcpy(request.ifr_name, name, strlen(name));
	return ioctl(nl->fd, SIOCGIFINDEX, &request) ? 0 : (unsigned)request.ifr_ifindex;
}

bool netlink_lacks_protocol(const struct netlink *nl)
{
	return nl->refused == EPROTONOSUPPORT;
}

bool netlink_refused_value(const struct netlink *nl)
{
	return nl->refused == EINVAL;
}

const char *netlink_reason(const struct netlink *nl)
{
	return nl->reason;
}

/* RTM_GETLINK would tell all there is to be known of it, and wait for whoever changes devices. */
unsigned netlink_device_mtu(const struct netlink *nl, unsigned dev)
{
	struct ifreq request = { .ifr_ifindex = (int)dev };

	if (ioctl(nl->fd, SIOCGIFNAME, &request) || ioctl(nl->fd, SIOCGIFMTU, &request))
		return 0;
	return (unsigned)request.ifr_mtu;
}

enum err netlink_listen(int protocol, const unsigned *groups, unsigned n, int *fd, struct text *why)
{
	int room = EVENTS_ROOM;

	*fd = socket_open(protocol, SOCK_NONBLOCK);
	if (*fd < 0)
		return refuse_socket(protocol, why);
	/* Without the right to more there is less room. */
	(void)setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	for (unsigned i = 0; i < n; i++)
		if (setsockopt(*fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof groups[i])) {
			enum err e = refuse_socket(protocol, why);

			close(*fd);
			*fd = -1;
			return e;
		}
	return ERR_OK;
}

/* The kernel runs it over each message, which says its type in the order of this machine, and (struct rtmsg)
 * a table of one octet. */
void netlink_pass_over(int fd, uint32_t table)
{
	const uint8_t own = table >= RT_TABLE_COMPAT ? RT_TABLE_LOCAL : (uint8_t)table;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_table)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RT_TABLE_LOCAL, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { sizeof code / sizeof *code, code };

	(void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

bool netlink_hear(int fd, netlink_each_fn *each, void *ctx)
{
	_Alignas(struct nlmsghdr) char event[ANSWER];
	bool lost = false;

	for (int i = 0; i < EVENTS_AT_ONCE; i++) {
		ssize_t got = receive(fd, event, sizeof event);
		int n = (int)got;

		if (got < 0 && (errno == ENOBUFS || errno == ENOSPC)) {
			lost = true;
			continue;
		}
		if (got <= 0)
			break;
		for (const struct nlmsghdr *h = (const void *)event; mnl_nlmsg_ok(h, n);
			h = mnl_nlmsg_next(h, &n))
			each(ctx, h);
	}
	return !lost;
}
