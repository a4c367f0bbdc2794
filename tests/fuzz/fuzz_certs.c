/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a guard, an ike and a keeper to certs, with what strangers can put into them: certificates, and
 * what servers send. Each is refused with a sentence or answered. The input is what servers send, of which
 * keeper's answers are made as well, and a row of messages, each behind whose it is and its length. */
#include "daemon/certs.h"
#include "tests/unit/talk.h"

#include <stdlib.h>

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

void fetch_probe(struct fetcher *f, const char *url, const char *expected, fetch_done *done, void *ctx)
{
	(void)expected;
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

struct relay_port {
	relay_port_take *take;
	relay_port_settle *settle;
	void *ctx;
};

struct relay_port *relay_port_open(struct event_base *base, const struct addr *to, relay_port_take *take,
	relay_port_settle *settle, void *ctx)
{
	struct relay_port *p = calloc(1, sizeof *p);

	(void)base;
	(void)to;
	if (!p)
		abort();
	*p = (struct relay_port){ take, settle, ctx };
	return p;
}

bool relay_port_send(struct relay_port *p, struct bytes datagram)
{
	(void)datagram;
	p->take(p->ctx, served);
	return true;
}

struct relay_port *relay_port_listen(
	struct event_base *base, const struct addr *at, relay_port_hear *hear, void *ctx)
{
	const struct addr from = { { 4, { 192, 0, 2, 7 } }, 40000 };

	hear(ctx, &from, served);
	return relay_port_open(base, at, NULL, NULL, ctx);
}

void relay_port_answer(struct relay_port *p, const struct addr *to, struct bytes datagram)
{
	(void)p;
	(void)to;
	(void)datagram;
}

void relay_port_free(struct relay_port *p)
{
	free(p);
}

/* --------------------------------------------------------------- the process */

struct bench {
	struct certs certs;
	struct talk talk;
	struct event_base *base;
	struct ipc_channel keeper; /* its end of the channel with the secrets of RADIUS servers */
	struct rd answers;
};

/* Keeper is asked: it says what comes next of ANSWERS, of the right form or not, or in the end that it cannot
 * help. */
static void answer(void *ctx)
{
	static uint8_t room[IPC_MAX];
	struct bench *b = ctx;
	struct arena arena = { 0 };
	struct ipc_message m, a = { .kind = IPC_RADIUS_PROOF, .radius_proof.result = ERR_UNKNOWN };
	ssize_t n = recv(b->keeper.fd, room, sizeof room, MSG_DONTWAIT);
	uint8_t flags = b->answers.n ? rd_u8(&b->answers) : 0;
	struct bytes octets = rd_bytes(&b->answers, b->answers.n ? rd_u8(&b->answers) : 0);

	if (n < 0 || ipc_decode(bytes_of(room, (size_t)n), &arena, &m))
		abort();
	a.ticket = m.ticket;
	if (flags & 1)
		a.radius_proof = (struct ipc_radius_proof){ ERR_OK, octets };
	if (flags & 2 && m.kind == IPC_RADIUS_SIGN)
		a.radius_proof.octets = m.radius_ask.packet;
	if (flags & 4 && octets.n)
		(void)!send(b->keeper.fd, octets.p, octets.n, MSG_DONTWAIT);
	if (ipc_tell(&b->keeper, &a))
		abort();
	arena_free(&arena);
}

static int64_t then(void)
{
	return 1767225600;
}

static void begin(struct bench *b)
{
	b->base = event_base_new();
	certs_start(&b->certs, b->base, "/dev/null");
	b->certs.now = then;
	if (talk_begin(&b->talk, IPC_CERTS, &b->certs.guard, &b->certs.ike) ||
		ipc_pair(IPC_KEEPER, &b->keeper, IPC_CERTS, &b->certs.holder.keeper))
		abort();
	b->certs.holder.keeper.phase = IPC_SERVING;
	b->certs.holder.serve = answer;
	b->certs.holder.ctx = b;
}

static void finish(struct bench *b)
{
	ipc_close(&b->keeper);
	ipc_close(&b->certs.holder.keeper);
	certs_stop(&b->certs);
	talk_end(&b->talk);
	event_base_free(b->base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = { 0 };
	struct rd r = rd_of(bytes_of(data, size));
	struct ipc_channel *at;

	served = rd_bytes(&r, rd_u16(&r));
	b.answers = rd_of(served);
	begin(&b);
	while ((at = talk_throw(&b.talk, &r))) {
		(void)certs_serve(&b.certs, at);
		event_base_loop(b.base, EVLOOP_NONBLOCK);
		talk_hear(&b.talk);
	}
	finish(&b);
	return 0;
}
