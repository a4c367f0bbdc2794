/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets of RADIUS servers, of which certs wants what its packets need. What it asks is looked at as what
 * somebody asks who has taken it over. */
#include "daemon/keeper_state.h"

#include "radius/secret.h"

/* What is wanted of T goes into OUT, *N octets. */
static enum err work(
	const struct kept_thing *t, const struct ipc_message *m, uint8_t out[RADIUS_MAX], size_t *n)
{
	const enum radius_role role = t->use == IPC_USE_RADIUS ? RADIUS_OF_SERVER : RADIUS_OF_ORDERS;
	const struct bytes secret = t->secret.data, packet = m->radius_ask.packet;
	const uint8_t *request = m->radius_ask.request.n ? m->radius_ask.request.p : NULL;
	enum err e;

	*n = 0;
	if (m->kind == IPC_RADIUS_CHECK)
		return radius_secret_check(role, secret, packet, request);
	if (m->kind == IPC_RADIUS_OPEN)
		return role == RADIUS_OF_SERVER ? radius_secret_open(secret, packet, request, out, n)
						: ERR_DENIED;
	e = radius_secret_sign(role, secret, packet, request, out);
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
		e = work(t, m, octets, &n);
	if (e != ERR_DENIED && k->certs)
		(void)!ipc_tell(
			k->certs, &(struct ipc_message){ .kind = IPC_RADIUS_PROOF,
					  .ticket = m->ticket,
					  .radius_proof = { (uint8_t)e, bytes_of(octets, e ? 0 : n) } });
	wipe(octets, n);
	return e != ERR_DENIED;
}
