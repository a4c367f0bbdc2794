/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/holder.h"

#include "daemon/certs.h"
#include "daemon/clock.h"

#include <errno.h>
#include <poll.h>

/* ------------------------------------------------------------------- asking */

/* The next message of keeper's, if one comes before UNTIL (ms). */
static enum err hear(struct holder *h, uint64_t until)
{
	struct pollfd p = { .fd = h->keeper.fd, .events = POLLIN };
	struct arena arena = { 0 };
	const char *wrong;
	enum err e = ERR_BUSY;
	uint64_t now;
	int n;

	do {
		now = clock_ms();
		n = poll(&p, 1, now < until ? (int)(until - now) : 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		e = ipc_take_now(&h->keeper, &arena, h->certs, &wrong);
	arena_free(&arena);
	return e;
}

static enum err wait_for_answer(struct holder *h)
{
	const uint64_t until = clock_ms() + HOLDER_PATIENCE;
	enum err e = ERR_OK;

	if (h->serve)
		h->serve(h->ctx);
	while (!e && h->waits)
		e = hear(h, until);
	return e;
}

static enum err ask(
	struct holder *h, enum ipc_kind kind, uint64_t secret, struct bytes packet, const uint8_t *request)
{
	const struct ipc_message m = { .kind = kind,
		.ticket = ++h->last,
		.radius_ask = { secret, packet, bytes_of(request, request ? RADIUS_AUTHENTICATOR : 0) } };
	enum err e = ERR_BUSY;

	if (clock_ms() < h->deaf)
		return e;
	h->waits = m.ticket;
	h->said.result = ERR_BUSY;
	h->said.n = 0;
	if (h->keeper.fd >= 0)
		e = ipc_tell(&h->keeper, &m);
	if (!e)
		e = wait_for_answer(h);
	h->waits = 0;
	/* Guard drops a secret, and tells us of another one, one after the other: what is asked in between is
	 * as if it were asked of nobody. */
	if (!e)
		return h->said.result == ERR_UNKNOWN ? ERR_BUSY : h->said.result;
	h->deaf = clock_ms() + HOLDER_PAUSE;
	certs_say(h->certs, "radius", NULL,
		"the process that keeps the secrets of RADIUS servers does not answer: packets are taken "
		"as lost, and sent again");
	return ERR_BUSY;
}

bool holder_take_proof(void *ctx, const struct ipc_message *m)
{
	struct holder *h = &((struct certs *)ctx)->holder;

	if (!h->waits || m->ticket != h->waits)
		return true; /* too late, or to the one before us */
	h->waits = 0;
	h->said.result = m->radius_proof.result;
	h->said.n = m->radius_proof.octets.n;
	if (h->said.n)
		memcpy(h->said.octets, m->radius_proof.octets.p, h->said.n);
	return true;
}

/* ------------------------------------------------------------ what is asked */

static enum err sign(const struct radius_secret *s, struct bytes packet, const uint8_t *request, uint8_t *out)
{
	struct holder *h = s->ctx;
	enum err e = ask(h, IPC_RADIUS_SIGN, s->handle, packet, request);

	if (!e && h->said.n != packet.n)
		e = ERR_CRYPTO;
	if (!e)
		memcpy(out, h->said.octets, packet.n);
	return e;
}

static enum err check(const struct radius_secret *s, const struct radius_packet *p, const uint8_t *request)
{
	return ask(s->ctx, IPC_RADIUS_CHECK, s->handle, p->whole, request);
}

static enum err open_key(const struct radius_secret *s, const struct radius_packet *accept,
	const uint8_t *request, uint8_t msk[RADIUS_MSK_MAX], size_t *n)
{
	struct holder *h = s->ctx;
	const bool heard = clock_ms() >= h->deaf;
	enum err e = ask(h, IPC_RADIUS_OPEN, s->handle, accept->whole, request);

	/* No server sends it again, and the login would fail: the next keeper may be there by now. */
	if (e == ERR_BUSY && heard) {
		h->deaf = 0;
		e = ask(h, IPC_RADIUS_OPEN, s->handle, accept->whole, request);
	}
	*n = 0;
	if (!e && h->said.n > RADIUS_MSK_MAX)
		e = ERR_CRYPTO;
	if (!e)
		memcpy(msk, h->said.octets, *n = h->said.n);
	WIPE(h->said);
	return e;
}

struct radius_secret holder_secret(struct holder *h, uint64_t handle)
{
	static const struct radius_holder keeper = { sign, check, open_key };

	return (struct radius_secret){ &keeper, h, handle };
}

/* --------------------------------------------------------------------- life */

void holder_start(struct holder *h, struct certs *c, uint64_t first)
{
	*h = (struct holder){ .certs = c, .keeper.fd = -1, .last = first };
}

void holder_stop(struct holder *h)
{
	WIPE(h->said);
}
