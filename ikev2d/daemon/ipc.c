/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages on their way. */
#include "daemon/ipc_table.h"

#include <errno.h>
#include <poll.h>
#include <sanitizer/asan_interface.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 2 * IPC_MAX /* of a socket: the kernel counts its own administration as well */ };

const char *ipc_name(enum ipc_process p)
{
	static const char *const names[IPC_PROCESSES] = { "guard", "ike", "keeper", "certs", "eap", "ctl",
		"esp", "tokens" };

	return names[p];
}

enum err ipc_pair(enum ipc_process a, struct ipc_channel *near, enum ipc_process b, struct ipc_channel *far)
{
	const int room = ROOM;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return ERR_SYSTEM;
	for (unsigned i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	*near = (struct ipc_channel){ .fd = fds[0], .self = a, .peer = b, .phase = IPC_STARTING };
	*far = (struct ipc_channel){ .fd = fds[1], .self = b, .peer = a, .phase = IPC_STARTING };
	return ERR_OK;
}

/* Whose bundles are being obeyed: what is done for one message may have another heard. */
static struct hearing {
	const struct ipc_channel *of; /* NULL: it was closed */
	struct hearing *outer;
} * hearing;

void ipc_close(struct ipc_channel *c)
{
	for (struct hearing *h = hearing; h; h = h->outer)
		if (h->of == c)
			h->of = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* One thread sends and receives, and nothing stays in these between two messages. */
static uint8_t going[IPC_MAX], coming[IPC_MAX];

/* Room for the descriptors of a message. */
union rights {
	struct cmsghdr head;
	uint8_t octets[CMSG_SPACE(ORDER_FDS * sizeof(int))];
};

static ssize_t send_all(int fd, struct bytes data, const int *fds, unsigned n, int flags)
{
	const size_t size = n * sizeof *fds;
	union rights rights = {
		.head = { .cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS }
	};
	struct iovec io = { (void *)data.p, data.n };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };

	if (size) {
		memcpy(CMSG_DATA(&rights.head), fds, size);
		msg.msg_control = &rights;
		msg.msg_controllen = CMSG_SPACE(size);
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL | flags);
}

static enum err post_octets(
	const struct ipc_channel *c, struct bytes octets, const int *fds, unsigned n_fds, int flags)
{
	ssize_t n;

	while ((n = send_all(c->fd, octets, fds, n_fds, flags)) < 0 && errno == EINTR)
		;
	return n >= 0 ? ERR_OK : errno == EAGAIN && flags ? ERR_BUSY : ERR_MISSING;
}

static enum err post(struct ipc_channel *c, const struct ipc_message *m, int flags)
{
	struct wr w = wr_of(going, sizeof going);
	enum err e = ERR_RANGE;

	if (ipc_encode(&w, m))
		e = post_octets(c, bytes_of(w.p, w.n), m->fds, m->n_fds, flags);
	wipe(going, w.n);
	return e;
}

enum err ipc_send(struct ipc_channel *c, const struct ipc_message *m)
{
	return post(c, m, 0);
}

enum err ipc_tell(struct ipc_channel *c, const struct ipc_message *m)
{
	return post(c, m, MSG_DONTWAIT);
}

enum err ipc_tell_written(struct ipc_channel *c, struct bytes octets, const int *fds, unsigned n)
{
	return post_octets(c, octets, fds, n, MSG_DONTWAIT);
}

enum err ipc_send_written(struct ipc_channel *c, struct bytes octets)
{
	return post_octets(c, octets, NULL, 0, 0);
}

static bool in_place(const struct ipc_channel *c, const struct ipc_row *row)
{
	return row->from & 1u << c->peer && row->to & 1u << c->self && row->phases & 1u << c->phase;
}

/* Of the N octets that came into the buffer nothing is left behind its decoder: in builds for tests, who
 * still points into it ends there. */
static const char *decode(size_t n, struct arena *arena, struct ipc_message *m)
{
	const char *wrong = "it is too long";

	*m = (struct ipc_message){ .kind = 0 };
	if (n <= IPC_MAX)
		wrong = ipc_decode(bytes_of(coming, n), arena, m);
	wipe(coming, n < IPC_MAX ? n : IPC_MAX);
	ASAN_POISON_MEMORY_REGION(coming, sizeof coming);
	return wrong;
}

/* Descriptors that came along. */
struct given {
	int v[ORDER_FDS];
	unsigned n;
};

static void give_back(const struct given *g)
{
	for (unsigned i = 0; i < g->n; i++)
		close(g->v[i]);
}

/* How many descriptors may come along by C. Who is given none has no room for any: the kernel closes them. */
static unsigned comes_with(const struct ipc_channel *c)
{
	if (c->self == IPC_ESP)
		return ORDER_FDS;
	return c->self == IPC_GUARD && c->peer == IPC_CTL ? 1 : 0;
}

/* The next message, of which the length is returned; an empty one, too, may have descriptors with it. */
static ssize_t receive(const struct ipc_channel *c, struct given *g, int flags)
{
	const unsigned room = comes_with(c);
	union rights rights = { .octets = { 0 } };
	struct iovec io = { coming, sizeof coming };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };
	const struct cmsghdr *head;
	ssize_t n;

	if (room) {
		msg.msg_control = &rights;
		msg.msg_controllen = CMSG_SPACE(room * sizeof *g->v);
	}
	n = recvmsg(c->fd, &msg, MSG_TRUNC | MSG_CMSG_CLOEXEC | flags);
	head = n >= 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	g->n = head && head->cmsg_type == SCM_RIGHTS
		       ? (unsigned)((head->cmsg_len - CMSG_LEN(0)) / sizeof *g->v)
		       : 0;
	if (g->n)
		memcpy(g->v, CMSG_DATA(head), g->n * sizeof *g->v);
	return n;
}

/* What is wrong with M and the descriptors G; WRONG was, when it was read. */
static const char *look_at(struct ipc_channel *c, const char *wrong, const struct given *g,
	struct arena *arena, const struct ipc_message *m)
{
	const struct ipc_row *row;

	c->ticket = m->ticket;
	if (wrong)
		return arena_printf(arena, "sent a message that is not well-formed: %s", wrong);
	row = ipc_row(m->kind);
	if (!in_place(c, row))
		return arena_printf(arena, "sent a message that is not for it to send now: %s", row->name);
	if (g->n > ipc_descriptors(m->kind))
		return arena_printf(arena, "sent descriptors with a message that has none: %s", row->name);
	return NULL;
}

static const char *carry_out(const struct ipc_message *m, struct arena *arena, void *ctx)
{
	const struct ipc_row *row = ipc_row(m->kind);

	return row->take(ctx, m) ? NULL
				 : arena_printf(arena, "sent a message that nobody waits for: %s", row->name);
}

/* Who is replaced because of one is not heard any more: the next one may have another channel at the same
 * place by then. */
static const char *obey_bundle(
	struct ipc_channel *c, const struct ipc_octets *bundle, struct arena *arena, void *ctx)
{
	const struct given none = { .n = 0 };
	struct hearing here = { c, hearing };
	const char *wrong = NULL;
	struct ipc_message m;
	unsigned i;

	hearing = &here;
	for (i = 0; i < bundle->n && !wrong && here.of; i++) {
		wrong = look_at(c, ipc_decode(bundle->v[i], arena, &m), &none, arena, &m);
		if (!wrong)
			wrong = m.kind == IPC_BUNDLE ? "sent a bundle in a bundle"
						     : carry_out(&m, arena, ctx);
	}
	hearing = here.outer;
	if (here.of)
		c->behind = (struct ipc_octets){ bundle->v + i, bundle->n - i };
	return wrong;
}

static const char *obey(
	struct ipc_channel *c, size_t n, const struct given *g, struct arena *arena, void *ctx)
{
	struct ipc_message m;
	const char *wrong = look_at(c, decode(n, arena, &m), g, arena, &m);

	if (wrong) {
		give_back(g);
		return wrong;
	}
	if (m.kind == IPC_BUNDLE)
		return obey_bundle(c, &m.bundle, arena, ctx);
	m.fds = g->v;
	m.n_fds = g->n;
	return carry_out(&m, arena, ctx);
}

/* Of a message without an octet the kernel says the same as of a channel that nobody speaks by any more. */
static bool is_over(const struct ipc_channel *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0;
}

static enum err take(struct ipc_channel *c, struct arena *arena, void *ctx, const char **wrong, int flags)
{
	struct given given = { .n = 0 };
	ssize_t n;

	c->behind = (struct ipc_octets){ 0 };
	ASAN_UNPOISON_MEMORY_REGION(coming, sizeof coming);
	while ((n = receive(c, &given, flags)) < 0 && errno == EINTR)
		;
	if (n < 0)
		return flags && errno == EAGAIN ? ERR_BUSY : ERR_MISSING;
	if (!n && is_over(c)) {
		give_back(&given);
		return ERR_MISSING;
	}
	*wrong = obey(c, (size_t)n, &given, arena, ctx);
	return *wrong ? ERR_DENIED : ERR_OK;
}

enum err ipc_take(struct ipc_channel *c, struct arena *arena, void *ctx, const char **wrong)
{
	return take(c, arena, ctx, wrong, 0);
}

enum err ipc_take_now(struct ipc_channel *c, struct arena *arena, void *ctx, const char **wrong)
{
	return take(c, arena, ctx, wrong, MSG_DONTWAIT);
}

enum err ipc_take_rest(struct ipc_channel *c, struct arena *arena, void *ctx, const char **wrong)
{
	const struct ipc_octets rest = c->behind;

	c->behind = (struct ipc_octets){ 0 };
	if (!rest.n)
		return ERR_BUSY;
	*wrong = obey_bundle(c, &rest, arena, ctx);
	return *wrong ? ERR_DENIED : ERR_OK;
}

void ipc_serve(struct ipc_channel *const *channels, unsigned n, ipc_serve_fn *serve, void *ctx)
{
	struct pollfd fds[IPC_CHANNELS_MAX];
	bool served = true;

	while (served) {
		for (unsigned i = 0; i < n; i++)
			fds[i] =
				(struct pollfd){ .fd = channels[i] ? channels[i]->fd : -1, .events = POLLIN };
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			return;
		for (unsigned i = 0; i < n && served; i++)
			if (fds[i].revents)
				served = serve(ctx, channels[i]);
	}
}

struct ipc_users ipc_users_part(struct bytes text, uint32_t at)
{
	size_t left = text.n - at;

	return (struct ipc_users){ (uint32_t)text.n, at,
		bytes_of(text.p + at, left < IPC_DATA_MAX ? left : IPC_DATA_MAX) };
}

struct ipc_octets ipc_octets_copy(const struct ipc_octets *o, struct arena *arena)
{
	struct bytes *v = ARENA_ARRAY(arena, o->n, struct bytes);

	for (unsigned i = 0; i < o->n; i++)
		v[i] = arena_bytes(arena, o->v[i]);
	return (struct ipc_octets){ v, o->n };
}
