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
	BATCH = 32, /* taken at one wake-up: the rest waits for its turn after other work */
	HELD = 512, /* octets of a datagram that waits for others */
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

/* Small datagrams that leave together; all are of one socket. */
struct sockets_outbox {
	const struct ike_socket *of; /* while something waits */
	unsigned n;
	struct mmsghdr msgs[BATCH];
	struct iovec io[BATCH];
	struct sockaddr_storage names[BATCH];
	union packet_info infos[BATCH];
	uint8_t data[BATCH][HELD];
};

static void say_not_sent(const struct addr *to, const char *why)
{
	char text[ADDR_TEXT];

	log_say(LOG_DETAIL, "not-sent", "to=%s msg=\"%s\"", addr_print(to, text), why);
}

/* One that cannot be sent stops the call, but not the others. */
static void outbox_flush(struct sockets_outbox *out)
{
	unsigned done = 0;

	while (done < out->n) {
		int n = sendmmsg(out->of->fd, out->msgs + done, out->n - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n <= 0 && !mtu_send(out->of->fd, out->of->v6, &out->msgs[done].msg_hdr)) {
			struct addr to = sockaddr_read(out->msgs[done].msg_hdr.msg_name);

			say_not_sent(&to, strerror(errno));
		}
		done += n > 0 ? (unsigned)n : 1;
	}
	out->n = 0;
}

/* Whether it waits now. */
static bool outbox_take(struct sockets_outbox *out, const struct ike_socket *s, const struct path *path,
	const struct iovec *io, unsigned n)
{
	struct msghdr *m = &out->msgs[out->n].msg_hdr;
	uint8_t *data = out->data[out->n];
	size_t size = 0;

	if (out->n && s != out->of)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (io[i].iov_len > HELD - size)
			return false;
		memcpy(data + size, io[i].iov_base, io[i].iov_len);
		size += io[i].iov_len;
	}
	out->io[out->n] = (struct iovec){ data, size };
	*m = (struct msghdr){ .msg_name = &out->names[out->n], .msg_iov = &out->io[out->n], .msg_iovlen = 1 };
	m->msg_namelen = sockaddr_of(&path->remote, &out->names[out->n]);
	sockaddr_send_from(m, &out->infos[out->n], &path->local.ip);
	out->of = s;
	if (++out->n == BATCH)
		outbox_flush(out);
	else
		event_active(s->all->flush, 0, 0);
	return true;
}

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
		s->all->heard.received(s->all->ctx, &path, data);
		return;
	}
	if (data.n == 1 && data.p[0] == 0xff)
		return;
	if (data.n >= MARKER && !memcmp(data.p, marker, MARKER))
		s->all->heard.received(s->all->ctx, &path, bytes_of(data.p + MARKER, data.n - MARKER));
	else
		s->all->esp++;
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct ike_socket *s = ctx;
	struct sockets_inbox *in = s->all->inbox;
	int n;

	(void)what;
	mtu_read(fd, s->marker ? MARKER : 0, &s->all->heard, s->all->ctx);
	inbox_prepare(in);
	n = recvmmsg(fd, in->msgs, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		receive_one(s, &in->msgs[i].msg_hdr, bytes_of(in->data[i], in->msgs[i].msg_len));
	s->all->heard.all(s->all->ctx);
}

static void on_flush(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	outbox_flush(((struct sockets *)ctx)->outbox);
}

static enum err open_all(struct sockets *s, struct text *why)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; i < SOCKETS && !e; i++)
		e = socket_open(&s->v[i], why);
	if (e != ERR_UNSUPPORTED || s->v[0].fd < 0)
		return e;
	line_say(LOG_NOTICE, "no-ipv6", "this machine has no IPv6: IKE runs over IPv4 only");
	return ERR_OK;
}

enum err sockets_open(
	struct sockets *s, struct event_base *base, const struct settings *settings, struct text *why)
{
	enum err e;

	*s = (struct sockets){ .outbox = calloc(1, sizeof *s->outbox) };
	s->flush = event_new(base, -1, 0, on_flush, s);
	if (!s->outbox || !s->flush)
		abort();
	for (unsigned i = 0; i < SOCKETS; i++)
		s->v[i] = (struct ike_socket){
			.all = s,
			.fd = -1,
			.v6 = i / 2,
			.marker = i % 2,
			.port = i % 2 ? settings->port_nat_t : settings->port,
		};
	e = open_all(s, why);
	if (e)
		sockets_close(s);
	return e;
}

/* The port that FD was bound to. */
static uint16_t port_of(int fd)
{
	struct sockaddr_storage name = { 0 };
	socklen_t n = sizeof name;

	return getsockname(fd, (struct sockaddr *)&name, &n) ? 0
							     : sockaddr_read((struct sockaddr *)&name).port;
}

void sockets_adopt(struct sockets *s, const int fds[SOCKETS])
{
	*s = (struct sockets){ 0 };
	for (unsigned i = 0; i < SOCKETS; i++)
		s->v[i] = (struct ike_socket){
			.all = s,
			.fd = fds[i],
			.v6 = i / 2,
			.marker = i % 2,
			.port = fds[i] < 0 ? 0 : port_of(fds[i]),
		};
}

enum err sockets_hear(
	struct sockets *s, struct event_base *base, const struct sockets_heard *heard, void *ctx)
{
	s->inbox = calloc(1, sizeof *s->inbox);
	if (!s->inbox)
		abort();
	s->heard = *heard;
	s->ctx = ctx;
	for (unsigned i = 0; i < SOCKETS; i++) {
		struct ike_socket *one = &s->v[i];

		if (one->fd < 0)
			continue;
		one->readable = event_new(base, one->fd, EV_READ | EV_PERSIST, on_readable, one);
		if (!one->readable || event_add(one->readable, NULL))
			return ERR_SYSTEM;
	}
	return ERR_OK;
}

void sockets_deafen(struct sockets *s)
{
	for (unsigned i = 0; i < SOCKETS; i++) {
		if (s->v[i].readable)
			event_free(s->v[i].readable);
		s->v[i].readable = NULL;
	}
	free(s->inbox);
	s->inbox = NULL;
}

void sockets_close(struct sockets *s)
{
	sockets_deafen(s);
	if (s->outbox)
		outbox_flush(s->outbox);
	for (unsigned i = 0; i < SOCKETS; i++)
		if (s->v[i].fd >= 0)
			close(s->v[i].fd);
	if (s->flush)
		event_free(s->flush);
	free(s->outbox);
	*s = (struct sockets){ 0 };
}

void sockets_encap(struct sockets *s, bool v6)
{
	const struct ike_socket *marked = &s->v[2 * v6 + 1];

	if (marked->fd >= 0 && !xfrm_encap(marked->fd))
		line_say(LOG_WARN, "data-path",
			"the kernel takes no ESP in UDP at this socket, though it did at another: NAT "
			"traversal on the kernel path fails; set daemon.datapath = user");
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

	if (s->fd >= 0 && outbox_take(s->all->outbox, s, path, io, n))
		return;
	outbox_flush(s->all->outbox);
	m.msg_namelen = sockaddr_of(&path->remote, &name);
	sockaddr_send_from(&m, &info, &path->local.ip);
	if (s->fd < 0)
		say_not_sent(&path->remote, "there is no socket of this family");
	else if (!mtu_send(s->fd, s->v6, &m))
		say_not_sent(&path->remote, strerror(errno));
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
