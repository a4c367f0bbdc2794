/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams in and out. */
#include "daemon/sockets.h"

#include "daemon/line.h"
#include "daemon/sockaddr.h"
#include "xfrm/bypass.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	BATCH = 16, /* taken at one wake-up: the rest waits for its turn after other work */
	DATAGRAM = 65536,
	MARKER = 4,
};

static const uint8_t marker[MARKER];

/* Where datagrams land; shared by all sockets, which take turns. */
struct sockets_inbox {
	struct mmsghdr msgs[BATCH];
	struct iovec io[BATCH];
	struct sockaddr_storage names[BATCH];
	union packet_info infos[BATCH];
	uint8_t data[BATCH][DATAGRAM];
};

static void inbox_prepare(struct sockets_inbox *in)
{
	for (unsigned i = 0; i < BATCH; i++) {
		in->io[i] = (struct iovec){ in->data[i], DATAGRAM };
		in->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &in->names[i],
			.msg_namelen = sizeof in->names[i],
			.msg_iov = &in->io[i],
			.msg_iovlen = 1,
			.msg_control = in->infos[i].room,
			.msg_controllen = sizeof in->infos[i],
		};
	}
}

/* On the port with markers, what has none is ESP, or a NAT's keepalive. */
static void receive_one(struct ike_socket *s, struct msghdr *m, struct bytes data)
{
	struct path path = {
		.local = { sockaddr_came_to(m), s->port },
		.remote = sockaddr_read(m->msg_name),
		.marker = s->marker,
	};

	if (m->msg_flags & MSG_TRUNC)
		return;
	if (!s->marker) {
		s->all->received(s->all->ctx, &path, data);
		return;
	}
	if (data.n == 1 && data.p[0] == 0xff)
		return;
	if (data.n >= MARKER && !memcmp(data.p, marker, MARKER))
		s->all->received(s->all->ctx, &path, bytes_of(data.p + MARKER, data.n - MARKER));
	else
		s->all->esp++;
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct ike_socket *s = ctx;
	struct sockets_inbox *in = s->all->inbox;
	int n;

	(void)what;
	inbox_prepare(in);
	n = recvmmsg(fd, in->msgs, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		receive_one(s, &in->msgs[i].msg_hdr, bytes_of(in->data[i], in->msgs[i].msg_len));
}

static enum err open_one(struct ike_socket *s, struct event_base *base, struct text *why)
{
	enum err e = socket_open(s, why);

	if (e)
		return e;
	s->readable = event_new(base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	if (s->readable && !event_add(s->readable, NULL))
		return ERR_OK;
	text_add(why, "the loop takes no more sockets");
	return ERR_SYSTEM;
}

enum err sockets_open(struct sockets *s, struct event_base *base, const struct settings *settings,
	sockets_received *received, void *ctx, struct text *why)
{
	enum err e = ERR_OK;

	*s = (struct sockets){ .inbox = calloc(1, sizeof *s->inbox), .received = received, .ctx = ctx };
	if (!s->inbox)
		abort();
	for (unsigned i = 0; i < SOCKETS; i++)
		s->v[i] = (struct ike_socket){
			.all = s,
			.fd = -1,
			.v6 = i / 2,
			.marker = i % 2,
			.port = i % 2 ? settings->port_nat_t : settings->port,
		};
	for (unsigned i = 0; i < SOCKETS && !e; i++)
		e = open_one(&s->v[i], base, why);
	if (e == ERR_UNSUPPORTED && s->v[0].fd >= 0) {
		line_say(LOG_NOTICE, "no-ipv6", "this machine has no IPv6: IKE runs over IPv4 only");
		e = ERR_OK;
	}
	if (e)
		sockets_close(s);
	return e;
}

void sockets_close(struct sockets *s)
{
	for (unsigned i = 0; i < SOCKETS; i++) {
		if (s->v[i].readable)
			event_free(s->v[i].readable);
		if (s->v[i].fd >= 0)
			close(s->v[i].fd);
	}
	free(s->inbox);
	*s = (struct sockets){ 0 };
}

void sockets_encap(struct sockets *s, bool v6)
{
	const struct ike_socket *marked = &s->v[2 * v6 + 1];

	if (marked->fd >= 0 && !xfrm_encap(marked->fd))
		line_say(LOG_WARN, "data-path",
			"the kernel takes no ESP in UDP: NAT traversal on the kernel path fails; "
			"set daemon.datapath = user");
}

static const struct ike_socket *socket_for(const struct sockets *s, const struct path *path)
{
	bool v6 = path->remote.ip.v == 6;

	return &s->v[2 * v6 + path->marker];
}

static void send_pieces(const struct ike_socket *s, const struct path *path, struct iovec *io, unsigned n)
{
	struct sockaddr_storage name;
	union packet_info info;
	struct msghdr m = { .msg_name = &name, .msg_iov = io, .msg_iovlen = n };
	char to[ADDR_TEXT];

	m.msg_namelen = sockaddr_of(&path->remote, &name);
	sockaddr_send_from(&m, &info, &path->local.ip);
	if (s->fd < 0)
		log_say(LOG_DETAIL, "not-sent", "to=%s msg=\"there is no socket of this family\"",
			addr_print(&path->remote, to));
	else if (sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_say(LOG_DETAIL, "not-sent", "to=%s msg=\"%s\"", addr_print(&path->remote, to),
			strerror(errno));
}

void sockets_send(struct sockets *s, const struct path *path, struct bytes data)
{
	struct iovec io[] = {
		{ (void *)marker, path->marker ? MARKER : 0 },
		{ (void *)data.p, data.n },
	};

	send_pieces(socket_for(s, path), path, io, 2);
}

void sockets_keepalive(struct sockets *s, const struct path *path)
{
	uint8_t octet = 0xff;
	struct path marked = *path;

	marked.marker = true;
	send_pieces(socket_for(s, &marked), &marked, &(struct iovec){ &octet, 1 }, 1);
}
