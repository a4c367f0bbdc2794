/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections of TCP and their relays. */
#include "daemon/streams.h"

#include "daemon/clock.h"
#include "daemon/frame.h"
#include "daemon/line.h"
#include "daemon/relay_udp.h"
#include "daemon/sockaddr.h"
#include "wire/message.h"
#include "xfrm/bypass.h"
#include "xfrm/xfrm.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	STREAMS_MAX = 1024,     /* each of two descriptors; */
	FILES_SHARE = 4,        /* and not more of those than half */
	QUEUE_MAX = 256 << 10,  /* octets that wait to be sent: what comes then is lost, as on a full link */
	UNREAD_MAX = 256 << 10, /* octets that wait to be read */
	CONNECT_EVERY = 1000,   /* ms */
	SWEEP = 30,             /* s */
	BEGIN_TIME = 20 * 1000, /* ms until a stranger has said something */
	QUIET_TIME = 8 * 1000,  /* ms without an answer, until another connection is tried */
	IDLE_TIME = 60 * 60 * 1000, /* ms */
};

struct stream {
	struct node node;
	struct streams *all;
	struct path path;
	bool ours;               /* we connect */
	struct bufferevent *tcp; /* NULL: not connected */
	bool begun;              /* the prefix has come; ours: the connection stands */
	bool heard;              /* a packet has come on it */
	struct udp_relay relay;
	uint64_t used, tried;     /* ms */
	uint8_t last[IKE_HEADER]; /* of the last message that was sent on this connection, */
	uint64_t quiet;           /* since when, ms: nothing has come since then */
};

static struct stream *at(const struct node *n)
{
	return node_owner(n, struct stream, node);
}

static void say(const struct stream *st, enum log_level level, const char *event, const char *what)
{
	char text[ADDR_TEXT];

	log_say(level, event, "peer=%s msg=\"%s\"", addr_print(&st->path.remote, text), what);
}

static void use(struct stream *st)
{
	st->used = clock_ms();
	list_remove(&st->node);
	list_append(&st->all->all, &st->node);
}

static void disconnect(struct stream *st)
{
	if (st->tcp)
		bufferevent_free(st->tcp);
	st->tcp = NULL;
	st->begun = st->heard = false;
	memset(st->last, 0, sizeof st->last);
}

static void stream_free(struct stream *st)
{
	disconnect(st);
	udp_relay_close(&st->relay);
	list_remove(&st->node);
	st->all->n--;
	free(st);
}

/* It has ended, as WHAT says. Ours may be connected anew. */
static void end(struct stream *st, const char *what)
{
	say(st, LOG_DETAIL, "stream-down", what);
	if (st->ours)
		disconnect(st);
	else
		stream_free(st);
}

/* ------------------------------------------------------------------- out */

static void put(struct stream *st, bool ike, struct bytes data)
{
	struct evbuffer *out = st->tcp ? bufferevent_get_output(st->tcp) : NULL;
	uint8_t head[FRAME_HEADER];
	size_t n = frame_head(ike, data.n, head);

	if (!out || !n || evbuffer_get_length(out) > QUEUE_MAX)
		return;
	evbuffer_add(out, head, n);
	evbuffer_add(out, data.p, data.n);
}

static void on_read(struct bufferevent *tcp, void *ctx);
static void on_event(struct bufferevent *tcp, short what, void *ctx);

/* The connection at FD, of TCP, is that of ST. */
static bool adopt(struct stream *st, int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	xfrm_bypass(fd, st->path.remote.ip.v == 6);
	st->tcp = bufferevent_socket_new(st->all->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!st->tcp)
		return false;
	bufferevent_setcb(st->tcp, on_read, NULL, on_event, st);
	bufferevent_setwatermark(st->tcp, EV_READ, 0, UNREAD_MAX);
	return !bufferevent_enable(st->tcp, EV_READ | EV_WRITE);
}

/* From the address that the core uses, past our own tunnels. */
static int open_socket(const struct path *path)
{
	int fd = socket(
		path->remote.ip.v == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int mark = XFRM_OUTER_MARK;
	struct sockaddr_storage name;
	socklen_t n = sockaddr_of(&path->local, &name);

	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) ||
			       (path->local.ip.v && bind(fd, (struct sockaddr *)&name, n)))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void connect_to(struct stream *st)
{
	struct sockaddr_storage name;
	socklen_t n = sockaddr_of(&st->path.remote, &name);
	uint64_t now = clock_ms();
	int fd;

	if (st->tried && now < st->tried + CONNECT_EVERY)
		return;
	st->tried = now;
	fd = open_socket(&st->path);
	if (fd < 0 || !adopt(st, fd)) {
		say(st, LOG_DETAIL, "stream-down", fd < 0 ? strerror(errno) : "no memory");
		disconnect(st);
		return;
	}
	if (bufferevent_socket_connect(st->tcp, (struct sockaddr *)&name, (int)n)) {
		end(st, "it cannot be connected");
		return;
	}
	evbuffer_add(bufferevent_get_output(st->tcp), frame_prefix().p, FRAME_PREFIX);
}

/* ESP of the data path's. */
static void on_relay(void *ctx, struct bytes esp)
{
	struct stream *st = ctx;

	use(st);
	if (st->ours && !st->tcp)
		connect_to(st);
	put(st, false, esp);
}

/* -------------------------------------------------------------------- in */

static void take(struct stream *st, enum frame_kind kind, struct bytes content)
{
	st->heard = true;
	st->quiet = clock_ms();
	use(st);
	if (kind == FRAME_ESP)
		udp_relay_send(&st->relay, content);
	else if (kind == FRAME_IKE)
		st->all->received(st->all->ctx, &st->path, content);
}

/* Whether the prefix is there, and taken off IN. */
static bool begins(struct stream *st, struct evbuffer *in)
{
	size_t n = evbuffer_get_length(in);

	if (st->begun)
		return true;
	n = n < FRAME_PREFIX ? n : FRAME_PREFIX;
	if (!frame_may_begin(bytes_of(evbuffer_pullup(in, (ev_ssize_t)n), n))) {
		end(st, "this is no IKE in TCP");
		return false;
	}
	st->begun = n == FRAME_PREFIX;
	if (st->begun)
		evbuffer_drain(in, FRAME_PREFIX);
	return st->begun;
}

/* The next packet of IN is taken, and off it. False: there is none, or ST is gone. */
static bool take_one(struct stream *st, struct evbuffer *in)
{
	static uint8_t packet[FRAME_MAX];
	size_t used, n = evbuffer_get_length(in), needs;
	struct bytes content;
	enum frame_kind kind;

	if (n < FRAME_LENGTH)
		return false;
	needs = frame_needs(bytes_of(evbuffer_pullup(in, FRAME_LENGTH), FRAME_LENGTH));
	if (needs >= FRAME_LENGTH && n < needs)
		return false;
	n = (size_t)evbuffer_copyout(in, packet, needs < FRAME_LENGTH ? FRAME_LENGTH : needs);
	kind = frame_next(bytes_of(packet, n), &content, &used);
	if (kind == FRAME_BAD) {
		end(st, "a packet has an impossible length");
		return false;
	}
	evbuffer_drain(in, used);
	take(st, kind, content);
	return true;
}

/* What comes of a packet may end the stream only by on_event, which is called from the loop alone. */
static void on_read(struct bufferevent *tcp, void *ctx)
{
	struct stream *st = ctx;
	struct evbuffer *in = bufferevent_get_input(tcp);

	if (!begins(st, in))
		return;
	while (take_one(st, in))
		;
}

static void on_event(struct bufferevent *tcp, short what, void *ctx)
{
	struct stream *st = ctx;

	(void)tcp;
	if (what & BEV_EVENT_CONNECTED) {
		st->begun = true;
		say(st, LOG_DETAIL, "stream-up", "connected");
	} else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
		end(st, what & BEV_EVENT_EOF ? "the peer closed it" : strerror(EVUTIL_SOCKET_ERROR()));
	}
}

/* ---------------------------------------------------------------- streams */

static struct stream *stream_new(struct streams *s, const struct path *path, bool ours)
{
	struct stream *st = calloc(1, sizeof *st);

	if (!st)
		abort();
	*st = (struct stream){ .all = s, .path = *path, .ours = ours, .used = clock_ms() };
	if (!udp_relay_open(&st->relay, s->base, s->relay_to, on_relay, st)) {
		say(st, LOG_WARN, "stream-down", "it has no relay to the data path: no socket on 127.0.0.1");
		free(st);
		return NULL;
	}
	list_append(&s->all, &st->node);
	s->n++;
	return st;
}

static struct stream *find(const struct streams *s, const struct addr *local, const struct addr *remote)
{
	list_each (n, (struct node *)&s->all)
		if (addr_eq(&at(n)->path.local, local) && addr_eq(&at(n)->path.remote, remote))
			return at(n);
	return NULL;
}

/* Who has said nothing goes before who has, and of these the one that was used least lately. What we connect
 * stays: the data path sends to its relay. */
static bool make_room(struct streams *s)
{
	struct stream *least = NULL;

	if (s->n < s->max)
		return true;
	list_each (n, &s->all) {
		struct stream *st = at(n);

		if (!st->ours && (!least || (least->heard && !st->heard)))
			least = st;
	}
	if (least)
		stream_free(least);
	return s->n < s->max;
}

static void on_accept(
	struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int n, void *ctx)
{
	struct streams *s = ctx;
	struct sockaddr_storage name;
	socklen_t size = sizeof name;
	struct path path = { .remote = sockaddr_read(from), .marker = true, .tcp = true };
	struct stream *st = NULL;

	(void)listener;
	(void)n;
	if (make_room(s) && !getsockname(fd, (struct sockaddr *)&name, &size)) {
		path.local = sockaddr_read((struct sockaddr *)&name);
		st = stream_new(s, &path, false);
	}
	if (!st)
		close(fd);
	else if (!adopt(st, fd))
		stream_free(st);
	else
		say(st, LOG_DETAIL, "stream-up", "accepted");
}

static void on_sweep(evutil_socket_t fd, short what, void *ctx)
{
	struct streams *s = ctx;
	uint64_t now = clock_ms();

	(void)fd;
	(void)what;
	list_each_safe (n, &s->all) {
		struct stream *st = at(n);

		if (now > st->used + (st->ours || st->heard ? IDLE_TIME : BEGIN_TIME))
			stream_free(st);
	}
}

/* So many that the rest of the daemon still gets descriptors. */
static unsigned most(void)
{
	struct rlimit files;

	return !getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur / FILES_SHARE < STREAMS_MAX
		       ? (unsigned)(files.rlim_cur / FILES_SHARE)
		       : STREAMS_MAX;
}

static struct evconnlistener *listen_on(struct streams *s, bool v6)
{
	struct addr any = { .ip.v = v6 ? 6 : 4, .port = s->port };
	struct sockaddr_storage name;
	socklen_t n = sockaddr_of(&any, &name);
	unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;

	return evconnlistener_new_bind(s->base, on_accept, s, flags | (v6 ? LEV_OPT_BIND_IPV6ONLY : 0), -1,
		(struct sockaddr *)&name, (int)n);
}

enum err streams_open(struct streams *s, struct event_base *base, const struct settings *settings,
	streams_received *received, void *ctx, struct text *why)
{
	const struct timeval every = { .tv_sec = SWEEP };

	*s = (struct streams){ .base = base,
		.max = most(),
		.port = settings->tcp_port,
		.relay_to = settings->port_nat_t,
		.received = received,
		.ctx = ctx };
	list_init(&s->all);
	s->sweep = event_new(base, -1, EV_PERSIST, on_sweep, s);
	if (!s->sweep || event_add(s->sweep, &every)) {
		text_add(why, "the loop takes no more timers");
		return ERR_SYSTEM;
	}
	if (!s->port)
		return ERR_OK;
	s->listeners[0] = listen_on(s, false);
	if (!s->listeners[0]) {
		text_add(why, "TCP port %u cannot be opened: %s; set daemon.tcp_port to another one", s->port,
			strerror(errno));
		return ERR_BUSY;
	}
	s->listeners[1] = listen_on(s, true); /* NULL where this machine has no IPv6 */
	return ERR_OK;
}

void streams_close(struct streams *s)
{
	for (unsigned i = 0; i < 2; i++)
		if (s->listeners[i])
			evconnlistener_free(s->listeners[i]);
	if (s->base)
		list_each_safe (n, &s->all)
			stream_free(at(n));
	if (s->sweep)
		event_free(s->sweep);
	*s = (struct streams){ 0 };
}

/* A stream of ours is made when it is needed. */
static struct stream *stream_for(struct streams *s, const struct path *path)
{
	struct stream *st = find(s, &path->local, &path->remote);

	return st || path->local.port ? st : stream_new(s, path, true);
}

/* Whether ST, ours, has to be connected anew for DATA, which it has carried before: TCP itself would go on
 * trying for a quarter of an hour (RFC 9329, 6.2). */
static bool is_dead(const struct stream *st, struct bytes data)
{
	return st->ours && st->tcp && !memcmp(st->last, data.p, IKE_HEADER) &&
	       clock_ms() > st->quiet + QUIET_TIME;
}

void streams_send(struct streams *s, const struct path *path, struct bytes data)
{
	struct stream *st = stream_for(s, path);

	if (!st || data.n < IKE_HEADER)
		return;
	use(st);
	if (is_dead(st, data))
		end(st, "nothing comes on it any more");
	if (st->ours && !st->tcp)
		connect_to(st);
	if (!st->tcp || !memcmp(st->last, data.p, IKE_HEADER))
		return;
	memcpy(st->last, data.p, IKE_HEADER);
	st->quiet = clock_ms();
	put(st, true, data);
}

bool streams_to_relay(struct streams *s, struct addr *local, struct addr *remote, struct text *why)
{
	const struct path path = { *local, *remote, .marker = true, .tcp = true };
	const struct stream *st = stream_for(s, &path);

	if (!st) {
		text_add(why, "the peer's connection of TCP, in which ESP is to go, has ended");
		return false;
	}
	*local = st->relay.to;
	*remote = st->relay.at;
	return true;
}

void streams_from_relay(const struct streams *s, struct addr *remote)
{
	list_each (n, (struct node *)&s->all)
		if (addr_eq(&at(n)->relay.at, remote)) {
			*remote = at(n)->path.remote;
			return;
		}
}
