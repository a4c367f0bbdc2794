/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams between the data path and a stream. */
#include "daemon/relay_udp.h"

#include "daemon/sockaddr.h"
#include "xfrm/bypass.h"

#include <unistd.h>

enum { BATCH = 64, /* taken at one wake-up */ DATAGRAM = 65536 };

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	static uint8_t datagram[DATAGRAM];
	struct udp_relay *r = ctx;

	(void)what;
	for (unsigned i = 0; i < BATCH; i++) {
		ssize_t n = recv(fd, datagram, sizeof datagram, MSG_DONTWAIT);

		if (n < 0)
			return;
		r->packet(r->ctx, bytes_of(datagram, (size_t)n));
	}
}

static bool set_up(struct udp_relay *r)
{
	struct sockaddr_storage name;
	socklen_t n = sockaddr_of(&r->at, &name), size = sizeof name;

	xfrm_bypass(r->fd, false);
	if (bind(r->fd, (struct sockaddr *)&name, n) || getsockname(r->fd, (struct sockaddr *)&name, &size))
		return false;
	r->at = sockaddr_read((struct sockaddr *)&name);
	n = sockaddr_of(&r->to, &name);
	return !connect(r->fd, (struct sockaddr *)&name, n);
}

bool udp_relay_open(
	struct udp_relay *r, struct event_base *base, uint16_t port, udp_relay_packet *packet, void *ctx)
{
	const struct ip loopback = { .v = 4, .a = { 127, 0, 0, 1 } };

	*r = (struct udp_relay){
		.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		.at = { loopback, 0 },
		.to = { loopback, port },
		.packet = packet,
		.ctx = ctx,
	};
	if (r->fd >= 0 && set_up(r))
		r->readable = event_new(base, r->fd, EV_READ | EV_PERSIST, on_readable, r);
	if (r->readable && !event_add(r->readable, NULL))
		return true;
	udp_relay_close(r);
	return false;
}

void udp_relay_close(struct udp_relay *r)
{
	if (r->readable)
		event_free(r->readable);
	if (r->fd >= 0)
		close(r->fd);
	*r = (struct udp_relay){ .fd = -1 };
}

void udp_relay_send(struct udp_relay *r, struct bytes esp)
{
	(void)!send(r->fd, esp.p, esp.n, MSG_DONTWAIT | MSG_NOSIGNAL);
}
