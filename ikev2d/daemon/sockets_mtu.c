/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of errors of a socket (IP_RECVERR). */
#include "daemon/sockets_mtu.h"

#include "daemon/sockaddr.h"

#include <errno.h>
#include <linux/errqueue.h>

enum { ERRORS = 32 /* taken at one wake-up */ };

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

/* The size that M, of the queue, says; 0: it is about something else. */
static uint32_t size_in(struct msghdr *m)
{
	struct sock_extended_err e;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (is_error(c)) {
			memcpy(&e, CMSG_DATA(c), sizeof e);
			return e.ee_errno == EMSGSIZE ? e.ee_info : 0;
		}
	return 0;
}

void mtu_read(int fd, sockets_mtu *told, void *ctx)
{
	for (unsigned i = 0; i < ERRORS; i++) {
		struct sockaddr_storage name;
		union {
			struct cmsghdr header;
			char room[512];
		} control;
		struct msghdr m = {
			.msg_name = &name,
			.msg_namelen = sizeof name,
			.msg_control = control.room,
			.msg_controllen = sizeof control,
		};
		uint32_t octets;
		struct addr to;

		if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		octets = size_in(&m);
		if (!octets || m.msg_namelen < sizeof(struct sockaddr_in))
			continue;
		to = sockaddr_read((const struct sockaddr *)&name);
		told(ctx, &to.ip, octets);
	}
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
