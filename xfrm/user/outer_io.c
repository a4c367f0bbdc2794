/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receiving and sending batches of outer packets. */
#include "xfrm/user/outer.h"

#include "xfrm/limit.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

enum { MESSAGE_MOST = 65000 /* octets in one message: less than UDP has over IPv4 */ };

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

/* The address a datagram came to, its TOS, and how long each is where they are many, out of what the kernel
 * says beside it. */
static void read_control(struct msghdr *msg, struct bundle *b)
{
	struct arrival *a = &b->all;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		const uint8_t *data = CMSG_DATA(c);
		struct in6_pktinfo info6;
		struct in_pktinfo info4;
		int class, segment;

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
		} else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			memcpy(&segment, data, sizeof segment);
			b->segment = (size_t)segment;
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

static struct bundle bundle_of(
	const struct outer *o, enum outer_kind kind, struct mmsghdr *m, struct buffer *buffer)
{
	struct bundle b = { .all = {
				    .esp = { .p = buffer->octets, .n = m->msg_len },
				    .path = { .local.port = o->port, .remote = addr_of(m->msg_hdr.msg_name) },
				    .encap = outer_is_udp(kind),
			    } };

	read_control(&m->msg_hdr, &b);
	if (kind == OUTER_ESP4)
		strip_header(&b.all.esp);
	return b;
}

unsigned outer_receive(const struct outer *o, enum outer_kind kind, struct outer_batch *b,
	struct buffer *buffers, struct bundle *v, unsigned n)
{
	int got;

	for (unsigned i = 0; i < n; i++) {
		b->io[i] = (struct iovec){ buffers[i].octets, OUTER_ROOM };
		b->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &b->names[i],
			.msg_namelen = sizeof b->names[i],
			.msg_iov = &b->io[i],
			.msg_iovlen = 1,
			.msg_control = b->control[i],
			.msg_controllen = sizeof b->control[i],
		};
	}
	got = recvmmsg(o->fd[kind], b->msgs, n, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++)
		v[i] = bundle_of(o, kind, &b->msgs[i], &buffers[i]);
	return got > 0 ? (unsigned)got : 0;
}

static enum outer_kind kind_of(const struct outer *o, const struct sa_slot *sa)
{
	const bool v6 = sa->remote.ip.v == 6;
	const enum outer_kind own = v6 ? OUTER_OWN6 : OUTER_OWN4;

	if (!sa->encap)
		return v6 ? OUTER_ESP6 : OUTER_ESP4;
	if (sa->own_port && o->fd[own] >= 0)
		return own;
	return v6 ? OUTER_UDP6 : OUTER_UDP4;
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

/* The Ith message: the N packets from D on, which are alike. */
static void fill(struct outer_batch *b, unsigned i, const struct departure *d, unsigned n)
{
	struct msghdr *msg = &b->msgs[i].msg_hdr;
	uint16_t segment = (uint16_t)d->esp.n;
	int tos = d->tos;

	b->first[i] = d;
	b->packets[i] = n;
	b->io[i] = (struct iovec){ d->esp.p, (size_t)(d[n - 1].esp.p + d[n - 1].esp.n - d->esp.p) };
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
	if (n > 1)
		add_control(msg, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
}

/* There is no control message for DF: the socket is switched where a packet needs the other kind. */
static void set_df(struct outer *o, enum outer_kind kind, bool df)
{
	int level = outer_is_v6(kind) ? IPPROTO_IPV6 : IPPROTO_IP;
	int option = outer_is_v6(kind) ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER;
	int value = df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT; /* the same numbers for IPv6 */

	if (o->df[kind] != df && !setsockopt(o->fd[kind], level, option, &value, sizeof value))
		o->df[kind] = df;
}

/* The path MTU the kernel knows now to REMOTE, or 0. Let go in between, the probe takes the source address of
 * each route. */
static unsigned path_mtu(const struct outer *o, const struct addr *remote)
{
	bool v6 = remote->ip.v == 6;
	int fd = o->fd[v6 ? OUTER_PROBE6 : OUTER_PROBE4], mtu = 0;
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage name;
	socklen_t n = name_of(remote, true, &name), size = sizeof mtu;

	(void)connect(fd, &none, sizeof none);
	if (connect(fd, (struct sockaddr *)&name, n) ||
		getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &size))
		return 0;
	return mtu > 0 ? (unsigned)mtu : 0;
}

/* Notes the path MTU for D, which is known now, where packets of N octets are too long for it. */
static bool learn_mtu(const struct outer *o, const struct departure *d, size_t n)
{
	unsigned mtu = path_mtu(o, &d->sa->remote);

	if (!mtu || n <= mtu)
		return false;
	atomic_store_explicit(&d->sa->live->path_mtu, mtu, memory_order_relaxed);
	return true;
}

/* The packet D was refused. */
static void note_refused(const struct outer *o, const struct departure *d, int error, struct drops *drops)
{
	if (error == EMSGSIZE)
		(void)learn_mtu(o, d, SIZE_MAX);
	drop_count(drops, error == EMSGSIZE ? DROP_TOO_BIG : DROP_SEND);
}

/* The N packets from D on were refused together, but not one by one: the path has become too narrow for each
 * (the kernel cuts single ones), or they were too much for the kernel, or for the device that the route leads
 * to. */
static void note_too_much(const struct outer *o, const struct departure *d, unsigned n)
{
	if (!learn_mtu(o, d, d->esp.n + limit_before(d->sa->remote.ip.v == 6, true)))
		live_refused(d->sa->live, n);
}

/* Message I was refused, with ERROR: its packets go one by one. */
static void send_apart(struct outer *o, enum outer_kind kind, struct outer_batch *b, unsigned i, int error,
	struct drops *drops)
{
	const struct departure *d = b->first[i];
	struct msghdr *msg = &b->msgs[i].msg_hdr;
	unsigned n = b->packets[i], refused = 0;

	if (n == 1) {
		note_refused(o, d, error, drops);
		return;
	}
	for (unsigned k = 0; k < n; k++) {
		fill(b, i, &d[k], 1);
		if (sendmsg(o->fd[kind], msg, 0) < 0) {
			note_refused(o, &d[k], errno, drops);
			refused++;
		}
	}
	if (!refused)
		note_too_much(o, d, n);
}

/* Sends the first N messages of B, all by one socket. */
static void send_messages(
	struct outer *o, enum outer_kind kind, struct outer_batch *b, unsigned n, struct drops *drops)
{
	unsigned done = 0;
	int sent;

	while (done < n) {
		sent = sendmmsg(o->fd[kind], b->msgs + done, n - done, 0);
		if (sent < 0 && errno == EINTR)
			continue;
		for (int i = 0; i < sent; i++)
			live_taken(b->first[done + (unsigned)i]->sa->live, b->packets[done + (unsigned)i]);
		if (sent <= 0) {
			send_apart(o, kind, b, done, errno, drops);
			sent = 1;
		}
		done += (unsigned)sent;
	}
}

/* Whether D can follow the packet before it in one message, whose packets have SEGMENT octets. */
static bool is_alike(const struct departure *d, size_t segment)
{
	const struct departure *before = d - 1;

	return !d->esp.drop && d->sa == before->sa && d->tos == before->tos && d->df == before->df &&
	       before->esp.n == segment && d->esp.n <= segment && before->esp.p + segment == d->esp.p;
}

/* How many of the N packets from D on can go in one message: what would have to be cut goes alone, and so
 * does what is not in UDP. */
static unsigned alike(const struct departure *d, unsigned n)
{
	unsigned most = d->sa->live->together, k = 1;

	if (!d->sa->encap || d->too_long)
		return 1;
	while (k < n && k < most && (k + 1) * d->esp.n <= MESSAGE_MOST && is_alike(d + k, d->esp.n))
		k++;
	return k;
}

unsigned outer_send(struct outer *o, struct outer_batch *b, const struct load *l, struct drops *drops)
{
	unsigned messages = 0, all = 0, n;

	for (unsigned i = 0; i < l->n; i += n) {
		const struct departure *d = &l->v[i], *before = b->first[0];
		enum outer_kind kind;

		n = 1;
		if (d->esp.drop)
			continue;
		kind = kind_of(o, d->sa);
		if (messages && (kind != kind_of(o, before->sa) || d->df != before->df)) {
			send_messages(o, kind_of(o, before->sa), b, messages, drops);
			messages = 0;
		}
		if (!messages)
			set_df(o, kind, d->df);
		n = alike(d, l->n - i);
		fill(b, messages++, d, n);
		all++;
	}
	if (messages)
		send_messages(o, kind_of(o, b->first[0]->sa), b, messages, drops);
	return all;
}
