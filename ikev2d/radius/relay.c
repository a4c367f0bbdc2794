/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radius/relay.h"

enum {
	VIRTUAL_PORT = 5,   /* NAS-Port-Type (RFC 2865, 5.41) */
	FRAMED_SERVICE = 2, /* Service-Type (RFC 2865, 5.6) */
	EAP_HEADER = 4,
};

/* RFC 3748, 4. */
enum eap_code { EAP_REQUEST = 1, EAP_RESPONSE, EAP_SUCCESS, EAP_FAILURE };

static void put_text(struct wr *w, enum radius_type type, struct bytes text)
{
	if (text.n)
		radius_put(w, type, bytes_of(text.p, text.n < RADIUS_VALUE_MAX ? text.n : RADIUS_VALUE_MAX));
}

static void put_station(struct wr *w, enum radius_type type, const struct addr *a, bool port)
{
	char text[ADDR_TEXT];

	if (a->ip.v)
		radius_put(w, type, bytes_str(port ? addr_print(a, text) : ip_print(&a->ip, text)));
}

void radius_session_put(struct wr *w, const struct radius_session *s)
{
	put_text(w, RADIUS_USER_NAME, s->user);
	radius_put_number(w, RADIUS_NAS_PORT_TYPE, VIRTUAL_PORT);
	radius_put_number(w, RADIUS_SERVICE_TYPE, FRAMED_SERVICE);
	radius_put_number(w, RADIUS_NAS_PORT, s->port);
	put_text(w, RADIUS_NAS_PORT_ID, s->connection);
	if (s->local.ip.v)
		radius_put(w, s->local.ip.v == 4 ? RADIUS_NAS_IP_ADDRESS : RADIUS_NAS_IPV6_ADDRESS,
			ip_bytes(&s->local.ip));
	put_station(w, RADIUS_CALLED_STATION_ID, &s->local, s->ports);
	put_station(w, RADIUS_CALLING_STATION_ID, &s->remote, s->ports);
	put_text(w, RADIUS_ACCT_SESSION_ID, s->id);
}

/* Whether EAP is a packet of EAP, with nothing before or behind it. */
static bool is_eap(struct bytes eap)
{
	return eap.n >= EAP_HEADER && eap.p[2] * 256u + eap.p[3] == eap.n;
}

enum err radius_relay_ask(
	struct radius_relay *r, const struct radius_session *s, struct bytes eap, struct wr *w)
{
	if (!is_eap(eap) || eap.p[0] != EAP_RESPONSE)
		return ERR_SYNTAX;
	if (r->rounds >= RADIUS_ROUNDS_MAX)
		return ERR_RANGE;
	r->rounds++;
	r->id = eap.p[1];
	radius_session_put(w, s);
	radius_put_long(w, RADIUS_EAP_MESSAGE, eap);
	if (r->n_state)
		radius_put(w, RADIUS_STATE, bytes_of(r->state, r->n_state));
	return w->bad ? ERR_SPACE : ERR_OK;
}

int radius_relay_server(const struct radius_relay *r)
{
	return r->begun ? (int)r->server : -1;
}

static void fail(struct radius_relay *r, struct radius_turn *turn, const char *why)
{
	const uint8_t failure[] = { EAP_FAILURE, r->id, 0, EAP_HEADER };

	memcpy(r->packet, failure, sizeof failure);
	*turn = (struct radius_turn){
		.what = RADIUS_FAILED, .packet = bytes_of(r->packet, sizeof failure), .why = why
	};
}

static void take_challenge(
	struct radius_relay *r, const struct radius_out *answer, struct bytes eap, struct radius_turn *turn)
{
	struct bytes state = { 0 };

	if (!is_eap(eap) || eap.p[0] != EAP_REQUEST) {
		fail(r, turn,
			"the RADIUS server's Access-Challenge has no question of EAP in it: "
			"let the server do EAP for this user");
		return;
	}
	radius_find(&answer->answer, RADIUS_STATE, &state);
	r->n_state = state.n;
	if (state.n)
		memcpy(r->state, state.p, state.n);
	r->begun = true;
	r->server = answer->socket.server;
	*turn = (struct radius_turn){ .what = RADIUS_SAYS, .packet = eap };
}

/* Why an Access-Accept is not believed; NULL: it is. */
static const char *doubt(const struct radius_relay *r, struct bytes eap)
{
	if (!r->begun)
		return "the RADIUS server accepts whoever comes, without any proof: let it authenticate by "
		       "EAP";
	if (eap.n && (!is_eap(eap) || eap.p[0] != EAP_SUCCESS))
		return "the RADIUS server's Access-Accept says by EAP that the user has failed";
	return NULL;
}

static void take_accept(struct radius_relay *r, const struct radius_out *answer, struct bytes eap,
	const struct radius_secret *secret, struct radius_turn *turn)
{
	const uint8_t success[] = { EAP_SUCCESS, r->id, 0, EAP_HEADER };
	const char *why = doubt(r, eap);
	struct radius_grant *g = &turn->grant;
	enum err e;

	if (why) {
		fail(r, turn, why);
		return;
	}
	if (!eap.n)
		memcpy(r->packet, success, sizeof success);
	*turn = (struct radius_turn){ .what = RADIUS_SUCCEEDED,
		.packet = bytes_of(r->packet, sizeof success) };
	radius_grant_read(&answer->answer, g);
	e = secret->holder->open(secret, &answer->answer, answer->request, g->msk, &g->n_msk);
	if (e)
		fail(r, turn,
			e == ERR_BUSY ? "the process that has the RADIUS server's secret does not answer: "
					"the user must try again"
				      : "the keys in the RADIUS server's Access-Accept cannot be read: "
					"is the secret the same on both sides?");
}

void radius_relay_take(struct radius_relay *r, const struct radius_out *answer,
	const struct radius_secret *secret, struct radius_turn *turn)
{
	struct bytes eap;

	if (answer->what == RADIUS_NO_ANSWER) {
		fail(r, turn,
			"no RADIUS server answers: is one running, and does it know this gateway's address "
			"and secret?");
		return;
	}
	eap = bytes_of(
		r->packet, radius_join(&answer->answer, RADIUS_EAP_MESSAGE, r->packet, sizeof r->packet));
	switch (answer->answer.code) {
	case RADIUS_ACCESS_CHALLENGE: take_challenge(r, answer, eap, turn); break;
	case RADIUS_ACCESS_ACCEPT: take_accept(r, answer, eap, secret, turn); break;
	default:
		fail(r, turn, "the RADIUS server has refused the user");
		radius_find(&answer->answer, RADIUS_REPLY_MESSAGE, &turn->message);
	}
}

struct bytes radius_relay_save(const struct radius_relay *r, uint8_t out[RADIUS_NOTE_MAX])
{
	struct wr w = wr_of(out, RADIUS_NOTE_MAX);

	wr_u8(&w, r->begun);
	wr_u8(&w, (uint8_t)r->server);
	wr_u8(&w, (uint8_t)r->rounds);
	wr_bytes(&w, bytes_of(r->state, r->n_state));
	return wr_done(&w);
}

enum err radius_relay_load(struct bytes note, struct radius_relay *r)
{
	struct rd reader = rd_of(note);
	struct bytes state;
	uint8_t begun;

	*r = (struct radius_relay){ 0 };
	begun = rd_u8(&reader);
	r->server = rd_u8(&reader);
	r->rounds = rd_u8(&reader);
	state = rd_rest(&reader);
	if (reader.bad || begun > 1 || r->server >= RADIUS_SERVERS_MAX || r->rounds > RADIUS_ROUNDS_MAX ||
		state.n > sizeof r->state)
		return ERR_SYNTAX;
	r->begun = begun;
	r->n_state = state.n;
	if (state.n)
		memcpy(r->state, state.p, state.n);
	return ERR_OK;
}
