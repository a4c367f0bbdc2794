/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receiving and sending batches of outer packets. */
#include "xfrm/user/outer.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

static bool is_v6(enum outer_kind kind)
{
	return kind == OUTER_UDP6 || kind == OUTER_ESP6;
}

static struct ip ip_of(const void *octets, uint8_t v)
{
	struct ip ip = { .v = v };

	memcpy(ip.a, octets, v == 4 ? 4 : 16);
	return ip;
}

static struct addr addr_of(const struct sockaddr_storage *name)
{
	const struct sockaddr_in6 *a6 = (const void *)name;
	const struct sockaddr_in *a4 = (const void *)name;

	if (name->ss_family == AF_INET6)
		return (struct addr){ ip_of(&a6->sin6_addr, 6), ntohs(a6->sin6_port) };
	return (struct addr){ ip_of(&a4->sin_addr, 4), ntohs(a4->sin_port) };
}

static socklen_t name_of(const struct addr *a, bool port, struct sockaddr_storage *name)
{
	struct sockaddr_in6 *a6 = (void *)name;
	struct sockaddr_in *a4 = (void *)name;
	uint16_t number = port ? htons(a->port) : 0; /* raw sockets take none */

	if (a->ip.v == 6) {
		*a6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = number };
		memcpy(&a6->sin6_addr, a->ip.a, 16);
		return sizeof *a6;
	}
	*a4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = number };
	memcpy(&a4->sin_addr, a->ip.a, 4);
	return sizeof *a4;
}

/* The address a datagram came to, and its TOS, out of what the kernel says beside it. */
static void read_control(struct msghdr *msg, struct arrival *a)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		const uint8_t *data = CMSG_DATA(c);
		struct in6_pktinfo info6;
		struct in_pktinfo info4;
		int class;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info4, data, sizeof info4);
			a->path.local.ip = ip_of(&info4.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			a->tos = *data;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, data, sizeof info6);
			a->path.local.ip = ip_of(&info6.ipi6_addr, 6);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			memcpy(&class, data, sizeof class);
			a->tos = (uint8_t) class;
		}
	}
}

/* A raw IPv4 socket gives the outer header as well. */
static void strip_header(struct esp_packet *p)
{
	size_t header = p->n ? (size_t)(p->p[0] & 15) * 4 : 0;

	if (header > p->n)
		header = p->n;
	p->p += header;
	p->n -= header;
}

static struct arrival arrival_of(
	const struct outer *o, enum outer_kind kind, struct mmsghdr *m, struct buffer *buffer)
{
	struct arrival a = {
		.esp = { .p = buffer->body, .n = m->msg_len },
		.path = { .local.port = o->port, .remote = addr_of(m->msg_hdr.msg_name) },
		.encap = kind == OUTER_UDP4 || kind == OUTER_UDP6,
	};

	read_control(&m->msg_hdr, &a);
	if (kind == OUTER_ESP4)
		strip_header(&a.esp);
	return a;
}

unsigned outer_receive(const struct outer *o, enum outer_kind kind, struct outer_batch *b,
	struct buffer *buffers, struct arrival *v)
{
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		b->io[i] = (struct iovec){ buffers[i].body, BUFFER_BODY };
		b->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &b->names[i],
			.msg_namelen = sizeof b->names[i],
			.msg_iov = &b->io[i],
			.msg_iovlen = 1,
			.msg_control = b->control[i],
			.msg_controllen = sizeof b->control[i],
		};
	}
	n = recvmmsg(o->fd[kind], b->msgs, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		v[i] = arrival_of(o, kind, &b->msgs[i], &buffers[i]);
	return n > 0 ? (unsigned)n : 0;
}

static enum outer_kind kind_of(const struct sa_slot *sa)
{
	if (sa->encap)
		return sa->remote.ip.v == 6 ? OUTER_UDP6 : OUTER_UDP4;
	return sa->remote.ip.v == 6 ? OUTER_ESP6 : OUTER_ESP4;
}

/* Adds one control message to MSG, whose room is known to suffice. */
static void add_control(struct msghdr *msg, int level, int type, const void *data, size_t n)
{
	struct cmsghdr *c = (void *)((uint8_t *)msg->msg_control + msg->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), data, n);
	msg->msg_controllen += CMSG_SPACE(n);
}

static void add_source(struct msghdr *msg, const struct ip *local)
{
	struct in_pktinfo info4 = { 0 };
	struct in6_pktinfo info6 = { 0 };

	if (local->v == 6) {
		memcpy(&info6.ipi6_addr, local->a, 16);
		add_control(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof info6);
	} else if (local->v == 4) {
		memcpy(&info4.ipi_spec_dst, local->a, 4);
		add_control(msg, IPPROTO_IP, IP_PKTINFO, &info4, sizeof info4);
	}
}

static void fill(struct outer_batch *b, unsigned i, const struct departure *d)
{
	struct msghdr *msg = &b->msgs[i].msg_hdr;
	int tos = d->tos;

	b->io[i] = (struct iovec){ d->esp.p, d->esp.n };
	*msg = (struct msghdr){
		.msg_name = &b->names[i],
		.msg_namelen = name_of(&d->sa->remote, d->sa->encap, &b->names[i]),
		.msg_iov = &b->io[i],
		.msg_iovlen = 1,
		.msg_control = b->control[i],
	};
	add_source(msg, &d->sa->local.ip);
	if (d->sa->remote.ip.v == 6)
		add_control(msg, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
	else
		add_control(msg, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
}

/* There is no control message for DF: the socket is switched where a packet needs the other kind. */
static void set_df(struct outer *o, enum outer_kind kind, bool df)
{
	int level = is_v6(kind) ? IPPROTO_IPV6 : IPPROTO_IP;
	int option = is_v6(kind) ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER;
	int value = df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT; /* the same numbers for IPv6 */

	if (o->df[kind] != df && !setsockopt(o->fd[kind], level, option, &value, sizeof value))
		o->df[kind] = df;
}

/* The path MTU the kernel knows now to REMOTE, or 0. */
static unsigned path_mtu(const struct addr *remote)
{
	bool v6 = remote->ip.v == 6;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0,
	    mark = XFRM_OUTER_MARK;
	struct sockaddr_storage name;
	socklen_t n = name_of(remote, true, &name), size = sizeof mtu;

	if (fd < 0)
		return 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark);
	if (connect(fd, (struct sockaddr *)&name, n) ||
		getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &size))
		mtu = 0;
	close(fd);
	return mtu > 0 ? (unsigned)mtu : 0;
}

/* The first packet of a batch was refused. */
static void note_refused(const struct departure *d, int error, struct drops *drops)
{
	unsigned mtu;

	if (error != EMSGSIZE) {
		drop_count(drops, DROP_SEND);
		return;
	}
	mtu = path_mtu(&d->sa->remote);
	if (mtu)
		atomic_store_explicit(&d->sa->live->path_mtu, mtu, memory_order_relaxed);
	drop_count(drops, DROP_TOO_BIG);
}

/* Sends the N prepared messages, those of V, all by one socket. */
static void send_run(struct outer *o, enum outer_kind kind, struct outer_batch *b,
	const struct departure *const *v, unsigned n, struct drops *drops)
{
	unsigned done = 0;
	int sent;

	while (done < n) {
		sent = sendmmsg(o->fd[kind], b->msgs + done, n - done, 0);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0) {
			note_refused(v[done], errno, drops);
			sent = 1;
		}
		done += (unsigned)sent;
	}
}

void outer_send(
	struct outer *o, struct outer_batch *b, const struct departure *v, unsigned n, struct drops *drops)
{
	const struct departure *run[BATCH];
	unsigned filled = 0;

	for (unsigned i = 0; i < n; i++) {
		enum outer_kind kind;

		if (v[i].esp.drop)
			continue;
		kind = kind_of(v[i].sa);
		if (filled && (kind != kind_of(run[0]->sa) || v[i].df != run[0]->df)) {
			send_run(o, kind_of(run[0]->sa), b, run, filled, drops);
			filled = 0;
		}
		if (!filled)
			set_df(o, kind, v[i].df);
		fill(b, filled, &v[i]);
		run[filled++] = &v[i];
	}
	if (filled)
		send_run(o, kind_of(run[0]->sa), b, run, filled, drops);
}
