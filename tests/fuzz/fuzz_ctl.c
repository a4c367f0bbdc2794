/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of guard to the process that hears clients of VICI, and whatever these send meanwhile: each is
 * refused, or done, and all that it says of it is well-formed. The input is a row of deeds: each an octet,
 * and octets behind their length, of messages with kinds that count from IPC_ADMIT. */
#include "daemon/ctl.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEEDS_MAX = 64, CLIENTS = 4 };
enum deed { GUARD_SAYS, CLIENT_COMES, CLIENT_SENDS, CLIENT_GOES, CLIENT_READS, DEEDS };

struct bench {
	struct ctl ctl;
	struct event_base *base;
	struct ipc_channel guard, keeper, tokens; /* ends of who is not ctl */
	struct ipc_channel to_keeper, to_tokens;
	struct sockaddr_un name;
	socklen_t name_n;
	int clients[CLIENTS]; /* 0: nobody */
	struct arena arena;
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A socket that has a name, but none among files. */
static int listening(struct bench *b)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un any = { .sun_family = AF_UNIX };

	b->name_n = sizeof b->name;
	must(fd >= 0 && !bind(fd, (struct sockaddr *)&any, sizeof any.sun_family) && !listen(fd, CLIENTS) &&
		!getsockname(fd, (struct sockaddr *)&b->name, &b->name_n));
	return fd;
}

static void begin(struct bench *b)
{
	must(!ipc_pair(IPC_KEEPER, &b->keeper, IPC_CTL, &b->to_keeper));
	must(!ipc_pair(IPC_TOKENS, &b->tokens, IPC_CTL, &b->to_tokens));
	b->base = event_base_new();
	ctl_start(&b->ctl, b->base, listening(b), b->to_keeper.fd, b->to_tokens.fd);
	must(!ipc_pair(IPC_GUARD, &b->guard, IPC_CTL, &b->ctl.guard));
	b->guard.phase = b->ctl.guard.phase = IPC_SERVING;
}

static void finish(struct bench *b)
{
	struct ipc_channel *const channels[] = { &b->guard, &b->ctl.guard, &b->keeper, &b->to_keeper,
		&b->tokens, &b->to_tokens };

	ctl_stop(&b->ctl);
	for (unsigned i = 0; i < CLIENTS; i++)
		if (b->clients[i])
			close(b->clients[i]);
	for (unsigned i = 0; i < sizeof channels / sizeof *channels; i++)
		ipc_close(channels[i]);
	event_base_free(b->base);
	arena_free(&b->arena);
}

static bool may_be_said(enum ipc_kind kind, bool to_guard)
{
	switch (kind) {
	case IPC_CLIENT:
	case IPC_REQUEST:
	case IPC_REGISTER:
	case IPC_TAKEN:
	case IPC_READS:
	case IPC_GONE: return to_guard;
	case IPC_OFFER: return !to_guard;
	default: return false;
	}
}

/* Descriptors that come along have no room, and are closed. */
static void hear(struct bench *b, const struct ipc_channel *c)
{
	static uint8_t room[IPC_MAX];
	struct ipc_message m;
	ssize_t n;

	while ((n = recv(c->fd, room, sizeof room, MSG_DONTWAIT)) > 0) {
		must(!ipc_decode(bytes_of(room, (size_t)n), &b->arena, &m));
		must(may_be_said(m.kind, c == &b->guard));
	}
}

static void run(struct bench *b)
{
	for (unsigned i = 0; i < 3; i++) {
		(void)event_base_loop(b->base, EVLOOP_NONBLOCK);
		hear(b, &b->guard);
		hear(b, &b->keeper);
		hear(b, &b->tokens);
	}
}

/* False when that was the end of ctl. */
static bool say(struct bench *b, struct bytes octets)
{
	uint8_t *m = arena_alloc(&b->arena, octets.n);

	if (!octets.n)
		return true;
	memcpy(m, octets.p, octets.n);
	*m += IPC_ADMIT;
	must(!ipc_tell_written(&b->guard, bytes_of(m, octets.n), NULL, 0));
	return ctl_serve(&b->ctl);
}

static void come(struct bench *b, int *client)
{
	if (*client)
		return;
	*client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(*client > 0);
	(void)!connect(*client, (struct sockaddr *)&b->name, b->name_n);
}

static void go(int *client)
{
	if (*client)
		close(*client);
	*client = 0;
}

static void take_all(int client)
{
	static uint8_t room[4096];

	while (client && recv(client, room, sizeof room, MSG_DONTWAIT) > 0)
		;
}

static bool do_one(struct bench *b, struct rd *in)
{
	const uint8_t what = rd_u8(in);
	const size_t n = rd_u16(in);
	const struct bytes octets = rd_bytes(in, n < in->n ? n : in->n);
	int *client = &b->clients[what / DEEDS % CLIENTS];
	bool good = true;

	switch ((enum deed)(what % DEEDS)) {
	case GUARD_SAYS: good = say(b, octets); break;
	case CLIENT_COMES: come(b, client); break;
	case CLIENT_SENDS:
		if (*client)
			(void)!send(*client, octets.p, octets.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case CLIENT_GOES: go(client); break;
	case CLIENT_READS: take_all(*client); break;
	case DEEDS: break;
	}
	run(b);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(bytes_of(data, size));
	struct bench b = { 0 };

	begin(&b);
	for (unsigned i = 0; i < DEEDS_MAX && in.n && do_one(&b, &in); i++)
		;
	finish(&b);
	return 0;
}
