/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets of RADIUS servers, of which certs wants what its packets need. What it asks is looked at as what
 * somebody asks who has taken it over. */
#include "daemon/keeper_state.h"

#include "daemon/entropy.h"
#include "radius/secret.h"

enum {
	CODE_AT = 0,
	AUTHENTICATOR_AT = 4,
	DRAWN = RADIUS_AUTHENTICATOR / 2 /* octets of an authenticator that are random */
};

/* Behind the random octets at P stands a mark, for T: by it an authenticator of ours is known without a list
 * of them, by the next keeper too. */
static void put_mark(const struct keeper *k, const struct kept_thing *t, uint8_t p[RADIUS_AUTHENTICATOR])
{
	static const char of[] = "Request Authenticator";
	uint8_t data[sizeof of + sizeof t->handle + DRAWN];
	struct wr w = wr_of(data, sizeof data);
	struct arena arena = { 0 };

	_Static_assert((int)DRAWN <= (int)IPC_MARK_SIZE, "there is as much of a mark");
	wr_bytes(&w, bytes_of(of, sizeof of));
	wr_u64(&w, t->handle);
	wr_bytes(&w, bytes_of(p, DRAWN));
	memcpy(p + DRAWN, keeper_mark(k, wr_done(&w), &arena).p, RADIUS_AUTHENTICATOR - DRAWN);
	arena_free(&arena);
}

static void draw(const struct keeper *k, const struct kept_thing *t, uint8_t p[RADIUS_AUTHENTICATOR])
{
	struct entropy entropy;

	entropy_start(&entropy);
	rng_fill(&entropy.rng, p, DRAWN);
	entropy_stop(&entropy);
	put_mark(k, t, p);
}

/* Whether the authenticator at P was drawn here, for T. */
static bool is_ours(const struct keeper *k, const struct kept_thing *t, const uint8_t *p)
{
	uint8_t ours[RADIUS_AUTHENTICATOR];

	memcpy(ours, p, sizeof ours);
	put_mark(k, t, ours);
	return bytes_eq_secret(bytes_of(ours, sizeof ours), bytes_of(p, sizeof ours));
}

/* That of an Access-Request is drawn here, whatever the asker has put there. */
static enum err sign(const struct keeper *k, const struct kept_thing *t, enum radius_role role,
	const struct ipc_message *m, const uint8_t *request, uint8_t out[RADIUS_MAX])
{
	const struct bytes packet = m->radius_ask.packet;

	if (packet.n < AUTHENTICATOR_AT + RADIUS_AUTHENTICATOR || packet.n > RADIUS_MAX)
		return ERR_DENIED;
	memcpy(out, packet.p, packet.n);
	if (out[CODE_AT] == RADIUS_ACCESS_REQUEST)
		draw(k, t, out + AUTHENTICATOR_AT);
	return radius_secret_sign(role, t->secret.data, bytes_of(out, packet.n), request, out);
}

/* Only of what answers a request that was signed here: a key that was seen on its way to another one who has
 * the same secret stays closed. */
static enum err open_key(const struct keeper *k, const struct kept_thing *t, struct bytes accept,
	const uint8_t *request, uint8_t out[RADIUS_MAX], size_t *n)
{
	enum err e = radius_secret_open(t->secret.data, accept, request, out, n);

	if (e || is_ours(k, t, request))
		return e;
	wipe(out, *n);
	*n = 0;
	return ERR_AUTH;
}

/* What is wanted of T goes into OUT, *N octets. */
static enum err work(const struct keeper *k, const struct kept_thing *t, const struct ipc_message *m,
	uint8_t out[RADIUS_MAX], size_t *n)
{
	const enum radius_role role = t->use == IPC_USE_RADIUS ? RADIUS_OF_SERVER : RADIUS_OF_ORDERS;
	const struct bytes secret = t->secret.data, packet = m->radius_ask.packet;
	const uint8_t *request = m->radius_ask.request.n ? m->radius_ask.request.p : NULL;
	enum err e;

	*n = 0;
	if (m->kind == IPC_RADIUS_CHECK)
		return radius_secret_check(role, secret, packet, request);
	if (m->kind == IPC_RADIUS_OPEN)
		return role == RADIUS_OF_SERVER ? open_key(k, t, packet, request, out, n) : ERR_DENIED;
	e = sign(k, t, role, m, request, out);
	if (!e)
		*n = packet.n;
	return e;
}

/* False, which ends certs: it asks for what it never needs, of another kind of secret, or of octets that are
 * no such packet. That a secret was taken away meanwhile may be. We do not wait for it to hear us. */
bool keeper_take_radius(void *ctx, const struct ipc_message *m)
{
	struct keeper *k = ctx;
	const struct kept_thing *t = map_get(&k->kept, m->radius_ask.secret);
	uint8_t octets[RADIUS_MAX];
	size_t n = 0;
	enum err e = ERR_UNKNOWN;

	if (t && t->use != IPC_USE_RADIUS && t->use != IPC_USE_ORDERS)
		return false;
	if (t)
		e = work(k, t, m, octets, &n);
	if (e != ERR_DENIED && k->certs)
		(void)!ipc_tell(
			k->certs, &(struct ipc_message){ .kind = IPC_RADIUS_PROOF,
					  .ticket = m->ticket,
					  .radius_proof = { (uint8_t)e, bytes_of(octets, e ? 0 : n) } });
	wipe(octets, n);
	return e != ERR_DENIED;
}
