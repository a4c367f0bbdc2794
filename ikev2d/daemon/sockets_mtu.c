/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of errors of a socket (IP_RECVERR). */
#include "daemon/sockets_mtu.h"

#include "daemon/sockaddr.h"
#include "daemon/sockets.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>

enum { ERRORS = 32 /* taken at one wake-up */, MARKER_MAX = 4, SPIS = 16 };

/* The numbers of IPv6 are the same. */
static bool discover(int fd, bool v6, int how)
{
	return !setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &how,
		sizeof how);
}

bool mtu_watch(int fd, bool v6)
{
	int on = 1;

	return discover(fd, v6, IP_PMTUDISC_DO) && !setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
							   v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on);
}

static bool is_error(const struct cmsghdr *c)
{
	return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
	       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

/* The error that M, of the queue, is about, with the address of who says so behind it; NULL: none. */
static const struct sock_extended_err *error_in(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (is_error(c))
			return (const void *)CMSG_DATA(c);
	return NULL;
}

static const struct {
	uint8_t origin, code;
	enum ike_unreachable what;
} unreachable[] = {
	{ SO_EE_ORIGIN_ICMP, ICMP_NET_UNREACH, UNREACHABLE_NET },
	{ SO_EE_ORIGIN_ICMP, ICMP_HOST_UNREACH, UNREACHABLE_HOST },
	{ SO_EE_ORIGIN_ICMP, ICMP_PORT_UNREACH, UNREACHABLE_PORT },
	{ SO_EE_ORIGIN_ICMP, ICMP_NET_UNKNOWN, UNREACHABLE_NET },
	{ SO_EE_ORIGIN_ICMP, ICMP_HOST_UNKNOWN, UNREACHABLE_HOST },
	{ SO_EE_ORIGIN_ICMP, ICMP_NET_ANO, UNREACHABLE_FILTERED },
	{ SO_EE_ORIGIN_ICMP, ICMP_HOST_ANO, UNREACHABLE_FILTERED },
	{ SO_EE_ORIGIN_ICMP, ICMP_PKT_FILTERED, UNREACHABLE_FILTERED },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH_NOROUTE, UNREACHABLE_NET },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH_ADMIN, UNREACHABLE_FILTERED },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH_ADDR, UNREACHABLE_HOST },
	{ SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH_NOPORT, UNREACHABLE_PORT },
};

static bool is_unreachable(const struct sock_extended_err *e)
{
	return e->ee_origin == SO_EE_ORIGIN_ICMP6 ? e->ee_type == ICMP6_DST_UNREACH
						  : e->ee_type == ICMP_DEST_UNREACH;
}

/* SPIS: what the datagram began with. */
static void tell_unreachable(
	const struct sock_extended_err *e, struct bytes spis, const struct sockets_heard *heard, void *ctx)
{
	struct addr who = sockaddr_read(SO_EE_OFFENDER(e));

	for (size_t i = 0; i < sizeof unreachable / sizeof *unreachable && is_unreachable(e); i++)
		if (unreachable[i].origin == e->ee_origin && unreachable[i].code == e->ee_code)
			heard->unreachable(ctx, &who.ip, unreachable[i].what, spis);
}

/* One of the queue. False: there is none. */
static bool read_one(int fd, size_t marker, const struct sockets_heard *heard, void *ctx)
{
	struct sockaddr_storage name;
	union {
		struct cmsghdr header;
		char room[512];
	} control;
	uint8_t data[MARKER_MAX + SPIS];
	struct iovec io = { data, marker + SPIS };
	struct msghdr m = {
		.msg_name = &name,
		.msg_namelen = sizeof name,
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control,
	};
	ssize_t n = recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);
	const struct sock_extended_err *e = n < 0 ? NULL : error_in(&m);
	struct addr to;

	if (n < 0)
		return false;
	if (!e || m.msg_namelen < sizeof(struct sockaddr_in))
		return true;
	to = sockaddr_read((const struct sockaddr *)&name);
	if (e->ee_errno == EMSGSIZE && e->ee_info)
		heard->mtu(ctx, &to.ip, e->ee_info);
	else if ((size_t)n == marker + SPIS)
		tell_unreachable(e, bytes_of(data + marker, SPIS), heard, ctx);
	return true;
}

void mtu_read(int fd, size_t marker, const struct sockets_heard *heard, void *ctx)
{
	for (unsigned i = 0; i < ERRORS; i++)
		if (!read_one(fd, marker, heard, ctx))
			return;
}

/* An error of another datagram that waits in the socket fails a call, and is gone then. */
static bool try_twice(int fd, const struct msghdr *m)
{
	return sendmsg(fd, m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	       (errno != EAGAIN && sendmsg(fd, m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0);
}

bool mtu_send(int fd, bool v6, const struct msghdr *m)
{
	bool sent = try_twice(fd, m);
	int error = errno;

	if (sent || error != EMSGSIZE || !discover(fd, v6, IP_PMTUDISC_WANT))
		return sent;
	sent = try_twice(fd, m);
	error = errno;
	(void)discover(fd, v6, IP_PMTUDISC_DO);
	errno = error;
	return sent;
}
