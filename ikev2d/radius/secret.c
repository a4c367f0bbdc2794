/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radius/secret.h"

enum { LENGTH_AT = 2 };

/* THE table of what is signed and checked: nothing but packets of these. */
static const struct use {
	uint8_t code;
	enum radius_role role;
	bool ours;    /* we make it; else it is made for us */
	bool answers; /* to a request, of which it has the authenticator */
	bool mac;     /* with a Message-Authenticator; first in what we make: without it the proof is an MD5
		       * over octets that who asks has chosen, and he might find some for which it is another
		       * packet's as well */
} uses[] = {
	{ RADIUS_ACCESS_REQUEST, RADIUS_OF_SERVER, true, false, true },
	{ RADIUS_ACCESS_ACCEPT, RADIUS_OF_SERVER, false, true, true },
	{ RADIUS_ACCESS_REJECT, RADIUS_OF_SERVER, false, true, true },
	{ RADIUS_ACCESS_CHALLENGE, RADIUS_OF_SERVER, false, true, true },
	{ RADIUS_ACCOUNTING_REQUEST, RADIUS_OF_SERVER, true, false, false },
	{ RADIUS_ACCOUNTING_RESPONSE, RADIUS_OF_SERVER, false, true, false },
	{ RADIUS_DISCONNECT_REQUEST, RADIUS_OF_ORDERS, false, false, false },
	{ RADIUS_DISCONNECT_ACK, RADIUS_OF_ORDERS, true, true, true },
	{ RADIUS_DISCONNECT_NAK, RADIUS_OF_ORDERS, true, true, true },
	{ RADIUS_COA_REQUEST, RADIUS_OF_ORDERS, false, false, false },
	{ RADIUS_COA_ACK, RADIUS_OF_ORDERS, true, true, true },
	{ RADIUS_COA_NAK, RADIUS_OF_ORDERS, true, true, true },
};

/* What OCTETS, which are to be P and nothing besides, are used as; NULL: they are not. */
static const struct use *admit(enum radius_role role, bool ours, struct bytes octets, const uint8_t *request,
	struct radius_packet *p)
{
	if (radius_parse(octets, p) || p->whole.n != octets.n)
		return NULL;
	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
		const struct use *u = &uses[i];

		if (u->code == p->code && u->role == role && u->ours == ours &&
			u->answers == (request != NULL))
			return u;
	}
	return NULL;
}

static bool begins_with_mac(const struct radius_packet *p)
{
	struct rd r = rd_of(p->attributes);
	struct radius_attribute a;

	return radius_next(&r, &a) && !a.vendor && a.type == RADIUS_MESSAGE_AUTHENTICATOR;
}

enum err radius_secret_sign(
	enum radius_role role, struct bytes secret, struct bytes packet, const uint8_t *request, uint8_t *out)
{
	struct radius_packet p;
	const struct use *u = admit(role, true, packet, request, &p);
	struct wr w = { .p = out, .n = packet.n, .cap = packet.n };

	if (!u || (u->mac && !begins_with_mac(&p)))
		return ERR_DENIED;
	memmove(out, packet.p, packet.n);
	return radius_sign(&w, secret, request);
}

enum err radius_secret_check(
	enum radius_role role, struct bytes secret, struct bytes packet, const uint8_t *request)
{
	struct radius_packet p;
	const struct use *u = admit(role, false, packet, request, &p);

	return u ? radius_verify(&p, secret, request, u->mac) : ERR_DENIED;
}

enum err radius_secret_open(struct bytes secret, struct bytes packet, const uint8_t *request,
	uint8_t msk[RADIUS_MSK_MAX], size_t *n)
{
	enum err e = radius_secret_check(RADIUS_OF_SERVER, secret, packet, request);
	struct radius_packet p;

	*n = 0;
	if (!e && (radius_parse(packet, &p) || p.code != RADIUS_ACCESS_ACCEPT))
		e = ERR_DENIED;
	return e ? e : radius_msk_open(&p, secret, request, msk, n);
}

enum err radius_finish(struct wr *w, const struct radius_secret *s, const uint8_t *request)
{
	if (w->bad || w->n > RADIUS_MAX)
		return ERR_SPACE;
	wr_u16_at(w, LENGTH_AT, (uint16_t)w->n);
	return s->holder->sign(s, wr_done(w), request, w->p);
}
