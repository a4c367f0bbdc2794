/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/relay_port.h"

#include "daemon/sockaddr.h"
#include "radius/packet.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

enum { AT_ONCE = 64 /* datagrams taken before others have their turn */ };

struct relay_port {
	int fd;
	struct event *readable;
	relay_port_take *take;
	relay_port_settle *settle;
	relay_port_hear *hear;
	void *ctx;
};

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct relay_port *p = ctx;
	uint8_t octets[RADIUS_MAX + 1];
	ssize_t n;

	(void)what;
	for (unsigned i = 0; i < AT_ONCE && (n = recv(fd, octets, sizeof octets, MSG_DONTWAIT)) >= 0; i++)
		p->take(p->ctx, bytes_of(octets, (size_t)n));
	WIPE(octets);
	p->settle(p->ctx);
}

static void on_heard(evutil_socket_t fd, short what, void *ctx)
{
	struct relay_port *p = ctx;
	uint8_t octets[RADIUS_MAX + 1];

	(void)what;
	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct sockaddr_storage a;
		socklen_t size = sizeof a;
		ssize_t n = recvfrom(fd, octets, sizeof octets, MSG_DONTWAIT, (struct sockaddr *)&a, &size);
		struct addr from;

		if (n < 0)
			return;
		from = sockaddr_read((struct sockaddr *)&a);
		p->hear(p->ctx, &from, bytes_of(octets, (size_t)n));
	}
}

struct relay_port *relay_port_listen(
	struct event_base *base, const struct addr *at, relay_port_hear *hear, void *ctx)
{
	struct relay_port *p = calloc(1, sizeof *p);
	struct sockaddr_storage address;
	socklen_t n = sockaddr_of(at, &address);

	if (!p)
		abort();
	*p = (struct relay_port){ .hear = hear, .ctx = ctx };
	p->fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd >= 0 && !bind(p->fd, (struct sockaddr *)&address, n))
		p->readable = event_new(base, p->fd, EV_READ | EV_PERSIST, on_heard, p);
	if (p->readable && !event_add(p->readable, NULL))
		return p;
	relay_port_free(p);
	return NULL;
}

void relay_port_answer(struct relay_port *p, const struct addr *to, struct bytes datagram)
{
	struct sockaddr_storage address;
	socklen_t n = sockaddr_of(to, &address);

	(void)!sendto(p->fd, datagram.p, datagram.n, MSG_NOSIGNAL, (struct sockaddr *)&address, n);
}

struct relay_port *relay_port_open(struct event_base *base, const struct addr *to, relay_port_take *take,
	relay_port_settle *settle, void *ctx)
{
	struct relay_port *p = calloc(1, sizeof *p);
	struct sockaddr_storage address;
	socklen_t n = sockaddr_of(to, &address);

	if (!p)
		abort();
	*p = (struct relay_port){ .take = take, .settle = settle, .ctx = ctx };
	p->fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd >= 0 && !connect(p->fd, (struct sockaddr *)&address, n))
		p->readable = event_new(base, p->fd, EV_READ | EV_PERSIST, on_readable, p);
	if (p->readable && !event_add(p->readable, NULL))
		return p;
	relay_port_free(p);
	return NULL;
}

bool relay_port_send(struct relay_port *p, struct bytes datagram)
{
	ssize_t n = send(p->fd, datagram.p, datagram.n, MSG_NOSIGNAL);

	if (n < 0 && errno == ECONNREFUSED)
		n = send(p->fd, datagram.p, datagram.n, MSG_NOSIGNAL);
	return n >= 0 || errno == ECONNREFUSED;
}

void relay_port_free(struct relay_port *p)
{
	int e = errno;

	if (!p)
		return;
	if (p->readable)
		event_free(p->readable);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
	errno = e;
}
