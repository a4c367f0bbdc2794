/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path to a peer, looked at by asking it: from a port of our own, so that a running ikev2d is not
 * disturbed. */
#include "check.h"

#include "crypto/kex.h"
#include "probe.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	TRIES = 3,
	PATIENCE = 700, /* ms for an answer, */
	PATIENCE_MIN =
		100, /* and for one of a peer that has answered: this and four times as long as that took */
	ROUNDS = 3,  /* a cookie, another group, an answer */
	SMALLEST = 576,   /* octets of a packet that go anywhere */
	FRAGMENTED = 3000 /* octets of an IKE message that needs IP fragments */
};

/* A socket towards a port of the peer. */
struct line {
	int fd;
	struct addr local, remote;
	int patience; /* ms */
};

static int to_sockaddr(const struct addr *a, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;

	*out = (struct sockaddr_storage){ 0 };
	if (a->ip.v == 4) {
		*four = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(a->port) };
		memcpy(&four->sin_addr, a->ip.a, 4);
		return sizeof *four;
	}
	*six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
	memcpy(&six->sin6_addr, a->ip.a, 16);
	return sizeof *six;
}

static void from_sockaddr(const struct sockaddr_storage *in, struct addr *out)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)in;
	const struct sockaddr_in *four = (const struct sockaddr_in *)in;
	bool is4 = in->ss_family == AF_INET;

	*out = (struct addr){ .port = ntohs(is4 ? four->sin_port : six->sin6_port) };
	if (ip_from(is4 ? bytes_of(&four->sin_addr, 4) : bytes_of(&six->sin6_addr, 16), &out->ip))
		out->ip.v = 0;
}

/* Packets have the bit DF (WHOLE), or may be fragmented. */
static void set_fragments(const struct line *l, bool whole)
{
	int four = whole ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT,
	    six = whole ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT;

	if (l->remote.ip.v == 4)
		(void)setsockopt(l->fd, IPPROTO_IP, IP_MTU_DISCOVER, &four, sizeof four);
	else
		(void)setsockopt(l->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &six, sizeof six);
}

static bool line_open(struct line *l, const struct addr *remote)
{
	struct sockaddr_storage to, from;
	socklen_t n = sizeof from;
	int size = to_sockaddr(remote, &to);

	*l = (struct line){ .fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		.remote = *remote,
		.patience = PATIENCE };
	if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&to, (socklen_t)size) ||
		getsockname(l->fd, (struct sockaddr *)&from, &n))
		return false;
	from_sockaddr(&from, &l->local);
	return true;
}

static void line_close(struct line *l)
{
	if (l->fd >= 0)
		close(l->fd);
}

/* ----------------------------------------------------------------- questions */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for the answer to P, however much else comes. 0, or an errno: ETIMEDOUT when none came, ECONNREFUSED
 * when nobody listens there. */
static int hear(const struct line *l, const struct probe *p, struct arena *arena, struct probe_answer *out)
{
	uint8_t *buffer = arena_alloc(arena, MESSAGE_MAX);
	struct pollfd poll_fd = { .fd = l->fd, .events = POLLIN };
	int64_t end = now_ms() + l->patience, left;

	while ((left = end - now_ms()) > 0 && poll(&poll_fd, 1, (int)left) > 0) {
		ssize_t n = recv(l->fd, buffer, MESSAGE_MAX, 0);

		if (n < 0)
			return errno;
		if (probe_read(p, bytes_of(buffer, (size_t)n), arena, out))
			return 0;
	}
	return ETIMEDOUT;
}

/* Sends P, several times if need be. */
static int ask(const struct line *l, const struct probe *p, struct arena *arena, struct probe_answer *out)
{
	struct bytes request = probe_request(p, arena);
	int e = EMSGSIZE;

	for (unsigned i = 0; i < TRIES && request.n; i++) {
		e = send(l->fd, request.p, request.n, 0) < 0 ? errno : hear(l, p, arena, out);
		if (e != ETIMEDOUT)
			break;
	}
	return e;
}

/* Another key exchange for P. */
static bool probe_key(struct probe *p, const struct transform *ke)
{
	uint8_t secret[KEX_PRIVATE_MAX];
	bool made = ke && getrandom(secret, sizeof secret, 0) == sizeof secret &&
		    !kex_public(ke, secret, p->public);

	p->ke = ke;
	WIPE(secret);
	return made;
}

/* A new request along L. */
static bool probe_begin(struct probe *p, const struct line *l, const struct transform *ke)
{
	*p = (struct probe){ .local = l->local, .remote = l->remote };
	return getrandom(&p->spi, sizeof p->spi, 0) == sizeof p->spi &&
	       getrandom(p->nonce, sizeof p->nonce, 0) == sizeof p->nonce && probe_key(p, ke);
}

/* What the connection would send: the peer begins an IKE_SA that it forgets soon. A cookie is for the same
 * SPI and nonce (RFC 7296, 2.6). */
static int ask_for_real(struct check *k, const struct line *l, bool marker, struct probe_answer *out)
{
	struct probe p;
	int e = EPROTO;

	if (!probe_begin(&p, l, proposals_ke(k->peer->ike)))
		return EPROTO;
	p.proposals = k->peer->ike;
	p.marker = marker;
	for (unsigned i = 0; i < ROUNDS; i++) {
		e = ask(l, &p, &k->x->arena, out);
		if (e || (out->notify != COOKIE && out->notify != INVALID_KE_PAYLOAD))
			return e;
		if (out->notify == COOKIE)
			p.cookie = out->cookie;
		else if (!probe_key(&p, transform_find(TRANSFORM_KE, out->group, 0)))
			return e;
	}
	return e;
}

/* One that the peer refuses, with SIZE octets. */
static bool passes(struct check *k, const struct line *l, size_t size)
{
	struct probe p;
	struct probe_answer answer;

	if (!probe_begin(&p, l, transform_find(TRANSFORM_KE, KE_CURVE25519, 0)))
		return false;
	p.size = size;
	return !ask(l, &p, &k->x->arena, &answer);
}

/* Whether it answers to such, and how soon. */
static bool meet(struct check *k, struct line *l)
{
	int64_t before = now_ms(), patience;

	if (!passes(k, l, 0))
		return false;
	patience = PATIENCE_MIN + 4 * (now_ms() - before);
	l->patience = patience < PATIENCE ? (int)patience : PATIENCE;
	return true;
}

/* ------------------------------------------------------------------ findings */

static bool find_peer(struct check *k)
{
	for (unsigned i = 0; i < k->conf.n_peers && !k->peer; i++)
		if (!strcmp(k->conf.peers[i]->name, k->peer_name))
			k->peer = k->conf.peers[i];
	return k->peer;
}

static bool resolve(const char *name, struct ip *out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list;
	struct addr a = { 0 };

	if (getaddrinfo(name, NULL, &hints, &list))
		return false;
	from_sockaddr((const struct sockaddr_storage *)list->ai_addr, &a);
	freeaddrinfo(list);
	*out = a.ip;
	return a.ip.v;
}

/* The first address of the peer that is a single one. */
static bool peer_address(struct check *k, struct ip *out)
{
	for (unsigned i = 0; i < k->peer->n_remote_addrs; i++) {
		const struct addr_pattern *a = &k->peer->remote_addrs[i];

		if (a->name && resolve(a->name, out))
			return true;
		if (!a->name && addr_pattern_single(a)) {
			*out = a->lo;
			return true;
		}
	}
	return false;
}

enum verdict check_peer_address(struct check *k)
{
	char text[IP_TEXT];

	if (!k->loaded)
		return check_say(k, BAD, "the configuration cannot be read: see above");
	if (!find_peer(k)) {
		text_add(&k->says, "there is no connection %s in it", k->peer_name);
		return BAD;
	}
	if (!peer_address(k, &k->peer_ip)) {
		text_add(&k->says, "%s has no single address or name that can be asked in remote_addrs",
			k->peer_name);
		return BAD;
	}
	text_add(&k->says, "%s is at %s", k->peer_name, ip_print(&k->peer_ip, text));
	return GOOD;
}

/* What came of a question to PORT. */
static enum verdict tell(struct check *k, uint16_t port, int e, const struct probe_answer *a)
{
	char text[IP_TEXT];
	const char *ip = ip_print(&k->peer_ip, text);

	if (!e && !a->notify)
		text_add(&k->says, "%s answers on UDP port %u, and would begin", ip, port);
	else if (!e)
		text_add(&k->says, "%s answers on UDP port %u with %s: ipsec up %s says more", ip, port,
			notify_name(a->notify), k->peer_name);
	else if (e == ECONNREFUSED)
		text_add(&k->says,
			"nobody listens on UDP port %u of %s (ICMP says so): is IKE running there?", port,
			ip);
	else if (e == ETIMEDOUT)
		text_add(&k->says,
			"nothing comes back from UDP port %u of %s: a firewall on the way drops it, or the "
			"peer does "
			"not answer to this address",
			port, ip);
	else
		text_add(&k->says, "UDP port %u of %s cannot be asked: %s", port, ip, strerror(e));
	return e ? BAD : a->notify ? NOTE : GOOD;
}

static enum verdict ask_port(struct check *k, uint16_t port, bool marker)
{
	struct addr to = { k->peer_ip, port };
	struct probe_answer a = { 0 };
	struct line l;
	int e;

	if (!k->peer_ip.v)
		return check_say(k, NOTE, "not asked: its address is not known");
	e = line_open(&l, &to) ? ask_for_real(k, &l, marker, &a) : errno;
	line_close(&l);
	if (!e && a.natd) {
		k->natd = true;
		k->nat_us = a.nat_us;
		k->nat_peer = a.nat_peer;
	}
	return tell(k, port, e, &a);
}

enum verdict check_peer_ike(struct check *k)
{
	return ask_port(k, k->peer ? k->peer->remote_port : 0, false);
}

enum verdict check_peer_nat_t(struct check *k)
{
	return ask_port(k, k->conf.settings.port_nat_t, true);
}

enum verdict check_peer_nat(struct check *k)
{
	if (!k->natd)
		return check_say(k, NOTE, "not known: no answer tells of it");
	text_add(&k->says, "%s; %s",
		k->nat_us ? "a NAT is before us: ESP goes in UDP, and keepalives hold its mapping"
			  : "no NAT is before us",
		k->nat_peer ? "the peer is behind a NAT, or says so to get ESP in UDP, as ikev2d's userspace "
			      "path does"
			    : "none before the peer");
	return GOOD;
}

/* The largest packet up to MOST that comes through in one piece. */
static unsigned largest(struct check *k, const struct line *l, unsigned most, unsigned headers)
{
	unsigned low = SMALLEST;

	while (low < most) {
		unsigned middle = (low + most + 1) / 2;

		if (passes(k, l, middle - headers))
			low = middle;
		else
			most = middle - 1;
	}
	return low;
}

static unsigned mtu_of(const struct line *l)
{
	int mtu = 0;
	socklen_t n = sizeof mtu;
	bool four = l->remote.ip.v == 4;

	if (getsockopt(l->fd, four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_MTU : IPV6_MTU, &mtu, &n) ||
		mtu < SMALLEST)
		return SMALLEST;
	return mtu < PROBE_MAX ? (unsigned)mtu : PROBE_MAX;
}

enum verdict check_peer_size(struct check *k)
{
	struct addr to = { k->peer_ip, k->peer ? k->peer->remote_port : 0 };
	unsigned headers = to.ip.v == 4 ? 28 : 48, mtu, through;
	bool fragments;
	struct line l;

	if (!k->peer_ip.v)
		return check_say(k, NOTE, "not asked: its address is not known");
	if (!line_open(&l, &to) || !meet(k, &l)) {
		line_close(&l);
		return check_say(
			k, NOTE, "not known: the peer does not answer to a proposal that it has not");
	}
	set_fragments(&l, true);
	mtu = mtu_of(&l);
	through = largest(k, &l, mtu, headers);
	set_fragments(&l, false);
	fragments = passes(k, &l, FRAGMENTED);
	line_close(&l);
	text_add(&k->says,
		"packets of %u octets come through (our device has %u); the largest IKE message that arrives "
		"in one "
		"piece has %u octets, and IP fragments %s",
		through, mtu, through - headers, fragments ? "come through, too" : "are dropped");
	if (!fragments && k->peer->fragmentation == FRAGMENTATION_NO) {
		text_add(&k->says, ": fragmentation = yes lets IKE cut its messages itself");
		return BAD;
	}
	return through < mtu ? NOTE : GOOD;
}
