/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening one socket of IKE. */
#include "daemon/sockaddr.h"
#include "daemon/sockets.h"
#include "xfrm/bypass.h"
#include "xfrm/xfrm.h"

#include <errno.h>
#include <unistd.h>

static bool set(int fd, int level, int option, int value)
{
	return !setsockopt(fd, level, option, &value, sizeof value);
}

enum { RECEIVE_ROOM = 2 << 20 /* octets that the kernel holds for us: a burst of some 2,000 requests */ };

/* More than the machine's usual, where that is allowed. */
static void enlarge(int fd)
{
	if (!set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_ROOM))
		(void)set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_ROOM);
}

static bool set_family(int fd, bool v6)
{
	if (v6)
		return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) && set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	return set(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

/* The data path has a socket of its own on the port with the marker; it steers between the two. */
static bool set_up(const struct ike_socket *s, int fd)
{
	struct addr any = { .ip.v = s->v6 ? 6 : 4, .port = s->port };
	struct sockaddr_storage name;

	xfrm_bypass(fd, s->v6);
	enlarge(fd);
	return set(fd, SOL_SOCKET, SO_MARK, XFRM_OUTER_MARK) && set_family(fd, s->v6) &&
	       mtu_watch(fd, s->v6) && (!s->marker || set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
	       !bind(fd, (struct sockaddr *)&name, sockaddr_of(&any, &name));
}

static enum err explain(const struct ike_socket *s, int error, struct text *why)
{
	const char *family = s->v6 ? "IPv6" : "IPv4";

	switch (error) {
	case EADDRINUSE:
		text_add(why,
			"UDP port %u (%s) is in use: stop the other IKE daemon first (\"ss -ulpn sport = "
			":%u\" names it), "
			"or set daemon.port and daemon.port_nat_t",
			s->port, family, s->port);
		return ERR_BUSY;
	case EACCES:
	case EPERM:
		text_add(why, "no right to open UDP port %u with a mark: run ikev2d as root", s->port);
		return ERR_DENIED;
	default:
		text_add(why, "UDP port %u (%s) cannot be opened: %s", s->port, family, strerror(error));
		return ERR_SYSTEM;
	}
}

enum err socket_open(struct ike_socket *s, struct text *why)
{
	int error, fd = socket(s->v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	s->fd = -1;
	if (fd < 0 && errno == EAFNOSUPPORT)
		return ERR_UNSUPPORTED;
	if (fd >= 0 && set_up(s, fd)) {
		s->fd = fd;
		return ERR_OK;
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	/* Without any IPv6 address, as where it is disabled, not even the wildcard can be bound. */
	return s->v6 && error == EADDRNOTAVAIL ? ERR_UNSUPPORTED : explain(s, error, why);
}
