/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP-TLS (RFC 5216, RFC 9190): both sides prove themselves by certificates. In TLS 1.3 the server says by an
 * octet inside that it is content (RFC 9190, 2.5), since its handshake is over before it has seen the peer's
 * certificate. */
#include "eap/tunnel.h"

static const uint8_t content = 0;

static enum move finish(struct eap *e)
{
	struct tunnel *t = e->state;
	uint8_t name[EAP_MAX_NAME];
	size_t n = session_name(t->session, eap_name(e), name, sizeof name);

	tunnel_certificates(e);
	if (!n || !eap_rename(e, bytes_of(name, n)) || !e->certificates[0].n)
		return eap_refuse(e, "The peer's certificate has no name by which to know the peer.");
	return tunnel_key(e, "client EAP encryption") ? MOVE_DONE : MOVE_FAIL;
}

static enum move authenticator_inside(struct eap *e, struct bytes plain, bool first)
{
	struct tunnel *t = e->state;

	if (plain.n)
		return eap_refuse(e, "The peer says something inside EAP-TLS, where nothing is to be said.");
	if (!first)
		return finish(e);
	return session_is_1_3(t->session) ? tunnel_write(e, bytes_of(&content, 1)) : MOVE_SEND;
}

static enum move peer_inside(struct eap *e, struct bytes plain, bool first)
{
	struct tunnel *t = e->state;
	bool says_so = bytes_eq(plain, bytes_of(&content, 1));

	if (first && !tunnel_key(e, "client EAP encryption"))
		return MOVE_FAIL;
	if (plain.n && !(says_so && session_is_1_3(t->session) && !e->may_succeed))
		return eap_refuse(
			e, "The gateway says something inside EAP-TLS, where nothing is to be said.");
	if (says_so || !session_is_1_3(t->session))
		e->may_succeed = true;
	return MOVE_SEND;
}

static enum move authenticator_take(struct eap *e, struct bytes data)
{
	return tunnel_take(e, data, true, authenticator_inside);
}

static enum move peer_take(struct eap *e, struct bytes data)
{
	return tunnel_take(e, data, true, peer_inside);
}

const struct eap_method eap_method_tls = {
	.type = EAP_TLS,
	.label = "EAP-TLS",
	.on_tls = true,
	.client_proves = true,
	.mutual = true,
	.state = sizeof(struct tunnel),
	.authenticator = { tunnel_begin, authenticator_take, NULL },
	.peer = { NULL, peer_take, NULL },
	.end = tunnel_end,
};
