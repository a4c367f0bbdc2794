/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a guard and an ike to certs, with what strangers can put into them: certificates, and what
 * servers send. Each is refused with a sentence or answered. The input is what servers send, and a row of
 * messages, each behind whose it is and its length. */
#include "daemon/certs.h"

#include <stdlib.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ------------------------------------------------- the network, all of it */

static struct bytes served;

void fetcher_start(struct fetcher *f, struct event_base *base, struct resolver *resolver)
{
	*f = (struct fetcher){ .base = base, .resolver = resolver };
}

void fetcher_stop(struct fetcher *f)
{
	(void)f;
}

void fetch_get(struct fetcher *f, const char *url, fetch_done *done, void *ctx)
{
	(void)f;
	(void)url;
	done(ctx, served, served.n ? NULL : "nobody is there");
}

void fetch_post(
	struct fetcher *f, const char *url, const char *type, struct bytes body, fetch_done *done, void *ctx)
{
	(void)type;
	(void)body;
	fetch_get(f, url, done, ctx);
}

void resolver_start(struct resolver *r, struct event_base *base)
{
	*r = (struct resolver){ .base = base };
}

void resolver_stop(struct resolver *r)
{
	(void)r;
}

enum err resolver_set(struct resolver *r, const char *folder, struct bytes dns, struct bytes hosts)
{
	(void)r;
	(void)folder;
	(void)dns;
	(void)hosts;
	return ERR_OK;
}

void resolve_name(struct resolver *r, const char *name, unsigned family, resolve_done *done, void *ctx)
{
	(void)r;
	(void)name;
	(void)family;
	done(ctx, NULL, "nobody is there");
}

/* --------------------------------------------------------------- the process */

struct bench {
	struct certs certs;
	struct ipc_channel guard, ike;
	struct event_base *base;
};

static int64_t then(void)
{
	return 1767225600;
}

static void begin(struct bench *b)
{
	b->base = event_base_new();
	certs_start(&b->certs, b->base, "/dev/null");
	b->certs.now = then;
	if (ipc_pair(IPC_GUARD, &b->guard, IPC_CERTS, &b->certs.guard) ||
		ipc_pair(IPC_IKE, &b->ike, IPC_CERTS, &b->certs.ike))
		abort();
	b->certs.guard.phase = b->certs.ike.phase = IPC_SERVING;
}

static void finish(struct bench *b)
{
	certs_stop(&b->certs);
	ipc_close(&b->guard);
	ipc_close(&b->ike);
	ipc_close(&b->certs.guard);
	ipc_close(&b->certs.ike);
	event_base_free(b->base);
}

static void means_one_thing(struct bytes octets)
{
	static uint8_t room[IPC_MAX];
	struct wr w = wr_of(room, sizeof room);
	struct arena arena = { 0 };
	struct ipc_message m;

	if (!ipc_decode(octets, &arena, &m) && (!ipc_encode(&w, &m) || !bytes_eq(wr_done(&w), octets)))
		abort();
	arena_free(&arena);
}

/* All that certs says is well-formed. */
static void hear(const struct ipc_channel *c)
{
	static uint8_t room[IPC_MAX];
	struct ipc_message m;
	ssize_t n;

	while ((n = recv(c->fd, room, sizeof room, MSG_DONTWAIT)) > 0) {
		struct arena arena = { 0 };

		if (ipc_decode(bytes_of(room, (size_t)n), &arena, &m))
			abort();
		arena_free(&arena);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = { 0 };
	struct rd r = rd_of(bytes_of(data, size));

	served = rd_bytes(&r, rd_u16(&r));
	begin(&b);
	while (r.n && !r.bad) {
		bool guards = rd_u8(&r) & 1;
		size_t n = rd_u16(&r);
		struct bytes octets = rd_bytes(&r, n < r.n ? n : r.n);
		struct ipc_channel *near = guards ? &b.guard : &b.ike;

		if (!octets.n)
			continue;
		means_one_thing(octets);
		if (send(near->fd, octets.p, octets.n, 0) != (ssize_t)octets.n)
			abort();
		(void)certs_serve(&b.certs, guards ? &b.certs.guard : &b.certs.ike);
		event_base_loop(b.base, EVLOOP_NONBLOCK);
		hear(&b.guard);
		hear(&b.ike);
	}
	finish(&b);
	return 0;
}
