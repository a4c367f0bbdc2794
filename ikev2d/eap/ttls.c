/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP-TTLS version 0 (RFC 5281): the server proves itself by TLS, the peer inside it: by EAP, or by PAP or
 * MSCHAPv2 in attributes like those of RADIUS. */
#include "eap/mschap.h"
#include "eap/secret.h"
#include "eap/tunnel.h"

enum avp_code { USER_NAME = 1, USER_PASSWORD = 2, EAP_MESSAGE = 79 };
enum vendor_code { MS_CHAP_ERROR = 2, MS_CHAP_CHALLENGE = 11, MS_CHAP2_RESPONSE = 25, MS_CHAP2_SUCCESS = 26 };
enum { MICROSOFT = 311, VENDOR = 0x80, MANDATORY = 0x40 };
enum {
	PASSWORD_MAX = 4 * EAP_MAX_PASSWORD,
	PASSWORD_BLOCK = 16,
	RESERVED = 8,
	RESPONSE = 2 + MSCHAP_CHALLENGE + RESERVED + MSCHAP_RESPONSE,
	AVPS_MAX = 64, /* in a message */
	ROOM = TUNNEL_EAP_MAX + EAP_MAX_NAME + PASSWORD_MAX
};

struct ttls {
	struct tunnel tunnel;
	struct eap *inner; /* EAP_TTLS_EAP */
	enum eap_ttls way;
	uint8_t password[PASSWORD_MAX];
	size_t password_n;
	struct mschap m; /* its user is in the conversation's name */
	uint8_t response[MSCHAP_RESPONSE], ident;
	bool proved; /* authenticator: MSCHAPv2, and the peer has to go along */
};

/* What is known of a message's attributes. */
struct avps {
	struct bytes user, password, challenge, response, success, error;
	uint8_t eap[TUNNEL_EAP_MAX];
	size_t eap_n;
};

static bool add_eap(struct avps *a, struct bytes piece)
{
	if (piece.n > sizeof a->eap - a->eap_n)
		return false;
	if (piece.n)
		memcpy(a->eap + a->eap_n, piece.p, piece.n);
	a->eap_n += piece.n;
	return true;
}

static bool add_avp(struct avps *a, uint32_t code, uint32_t vendor, uint8_t flags, struct bytes value)
{
	if (!vendor && code == EAP_MESSAGE)
		return add_eap(a, value);
	if (!vendor && code == USER_NAME)
		a->user = value;
	else if (!vendor && code == USER_PASSWORD)
		a->password = value;
	else if (vendor == MICROSOFT && code == MS_CHAP_CHALLENGE)
		a->challenge = value;
	else if (vendor == MICROSOFT && code == MS_CHAP2_RESPONSE)
		a->response = value;
	else if (vendor == MICROSOFT && code == MS_CHAP2_SUCCESS)
		a->success = value;
	else if (vendor == MICROSOFT && code == MS_CHAP_ERROR)
		a->error = value;
	else
		return !(flags & MANDATORY);
	return true;
}

/* RFC 5281, 10.1. */
static bool parse(struct bytes plain, struct avps *a)
{
	struct rd r = rd_of(plain);

	*a = (struct avps){ 0 };
	for (unsigned i = 0; r.n && i < AVPS_MAX; i++) {
		uint32_t code = rd_u32(&r), word = rd_u32(&r), n = word & 0xffffff, head = 8, vendor = 0;
		uint8_t flags = (uint8_t)(word >> 24);
		struct bytes value;

		if (flags & VENDOR) {
			vendor = rd_u32(&r);
			head += 4;
		}
		if (n < head)
			return false;
		value = rd_bytes(&r, n - head);
		/* The last one's padding is left out by some. */
		rd_bytes(&r, r.n < (4 - n % 4) % 4 ? r.n : (4 - n % 4) % 4);
		if (r.bad || !add_avp(a, code, vendor, flags, value))
			return false;
	}
	return rd_done(&r);
}

static void put_avp(struct wr *w, uint32_t code, uint32_t vendor, struct bytes value)
{
	uint32_t n = (uint32_t)value.n + (vendor ? 12 : 8);

	wr_u32(w, code);
	wr_u32(w, (uint32_t)(MANDATORY | (vendor ? VENDOR : 0)) << 24 | n);
	if (vendor)
		wr_u32(w, vendor);
	wr_bytes(w, value);
	wr_zero(w, (4 - n % 4) % 4);
}

/* Attributes into TLS. */
static enum move say(struct eap *e, const struct wr *w)
{
	if (w->bad)
		return eap_refuse(e, "What is to be said inside EAP-TTLS is too long.");
	return tunnel_write(e, wr_done(w));
}

/* What turn T of the conversation inside means. */
static enum move relay(struct eap *e, struct eap_turn t)
{
	struct ttls *s = e->state;
	enum move m = tunnel_follow(e, s->inner, &t);
	uint8_t room[ROOM];
	struct wr w = wr_of(room, sizeof room);

	e->may_succeed = s->inner->may_succeed;
	if (m == MOVE_DONE)
		return tunnel_key(e, "ttls keying material") ? MOVE_DONE : MOVE_FAIL;
	if (m != MOVE_SEND && m != MOVE_LAST)
		return m;
	put_avp(&w, EAP_MESSAGE, 0, t.packet);
	return say(e, &w) == MOVE_SEND ? m : MOVE_FAIL;
}

/* The challenge and the identifier that nobody chooses (RFC 5281, 11.1; RFC 9427, 2.2). */
static bool implicit_challenge(struct eap *e)
{
	struct ttls *s = e->state;
	uint8_t material[MSCHAP_CHALLENGE + 1];

	if (!session_export(
		    s->tunnel.session, "ttls challenge", bytes_of(NULL, 0), material, sizeof material))
		return false;
	memcpy(s->m.challenge, material, MSCHAP_CHALLENGE);
	s->ident = material[MSCHAP_CHALLENGE];
	return true;
}

static enum move no_crypto(struct eap *e)
{
	return eap_refuse(e, "OpenSSL lacks what MSCHAPv2 inside EAP-TTLS needs.");
}

/* The authenticator. */

static enum move malformed(struct eap *e)
{
	return eap_refuse(e, "What the other side says inside EAP-TTLS is malformed or out of order.");
}

static enum move take_eap(struct eap *e, struct bytes packet)
{
	struct ttls *s = e->state;

	s->way = EAP_TTLS_EAP;
	if (s->inner)
		return relay(e, eap_take(s->inner, packet));
	s->inner = tunnel_inner(e);
	if (!s->inner)
		return eap_refuse(e, "There is no method for the inside of EAP-TTLS.");
	/* The peer names itself without being asked (RFC 5281, 11.2.1): that answers to whatever would have
	 * asked. */
	eap_begin(s->inner);
	if (packet.n > 1)
		s->inner->id = packet.p[1];
	return relay(e, eap_take(s->inner, packet));
}

static enum move take_pap(struct eap *e, const struct avps *a)
{
	struct ttls *s = e->state;
	size_t n = a->password.n;

	/* It was padded so that its length does not show (11.2.5). */
	while (n && !a->password.p[n - 1])
		n--;
	if (!a->user.n || n > sizeof s->password || !eap_rename(e, a->user))
		return malformed(e);
	if (n)
		memcpy(s->password, a->password.p, n);
	s->password_n = n;
	s->way = EAP_TTLS_PAP;
	return MOVE_ASK;
}

static enum move take_mschapv2(struct eap *e, const struct avps *a)
{
	struct ttls *s = e->state;
	struct rd r = rd_of(a->response);

	if (!implicit_challenge(e))
		return no_crypto(e);
	if (!a->user.n || a->response.n != RESPONSE || !eap_rename(e, a->user) || rd_u8(&r) != s->ident ||
		!bytes_eq(a->challenge, bytes_of(s->m.challenge, MSCHAP_CHALLENGE)))
		return malformed(e);
	rd_u8(&r);
	memcpy(s->m.peer_challenge, rd_bytes(&r, MSCHAP_CHALLENGE).p, MSCHAP_CHALLENGE);
	rd_bytes(&r, RESERVED);
	memcpy(s->response, rd_bytes(&r, MSCHAP_RESPONSE).p, MSCHAP_RESPONSE);
	s->way = EAP_TTLS_MSCHAPV2;
	return MOVE_ASK;
}

static enum move authenticator_inside(struct eap *e, struct bytes plain, bool first)
{
	struct ttls *s = e->state;
	struct avps a;

	if (!plain.n && s->proved)
		return tunnel_key(e, "ttls keying material") ? MOVE_DONE : MOVE_FAIL;
	if (!plain.n && first)
		return MOVE_SEND;
	if (s->proved || !plain.n || !parse(plain, &a))
		return malformed(e);
	if (a.eap_n)
		return take_eap(e, bytes_of(a.eap, a.eap_n));
	if (s->inner)
		return malformed(e);
	if (a.response.n)
		return take_mschapv2(e, &a);
	return a.password.n ? take_pap(e, &a) : malformed(e);
}

static enum move wrong(struct eap *e)
{
	return eap_refuse(e, "The name is not known, or the password is wrong (inside EAP-TTLS).");
}

static enum move judge_pap(struct eap *e, const struct eap_secret *secret)
{
	struct ttls *s = e->state;

	if (!secret_is(secret, bytes_of(s->password, s->password_n), e->rng))
		return wrong(e);
	return tunnel_key(e, "ttls keying material") ? MOVE_DONE : MOVE_FAIL;
}

static enum move judge_mschapv2(struct eap *e, const struct eap_secret *secret)
{
	struct ttls *s = e->state;
	uint8_t expected[MSCHAP_RESPONSE], value[1 + MSCHAP_PROOF], room[ROOM];
	struct wr w = wr_of(room, sizeof room);
	bool known = mschap_secret(secret, e->rng, s->m.hash);

	s->m.user = mschap_user(eap_name(e));
	value[0] = s->ident;
	if (!mschap_response(&s->m, expected) || !mschap_proof(&s->m, s->response, (char *)value + 1))
		return no_crypto(e);
	if (!bytes_eq_secret(bytes_of(expected, sizeof expected), bytes_of(s->response, MSCHAP_RESPONSE)) ||
		!known) {
		if (secret->kind == EAP_SALTED)
			return eap_refuse(e, "MSCHAPv2 needs the password or its NT hash, and only a salted "
					     "hash is kept.");
		return wrong(e);
	}
	s->proved = true;
	put_avp(&w, MS_CHAP2_SUCCESS, MICROSOFT, bytes_of(value, sizeof value));
	return say(e, &w);
}

static enum move authenticator_take(struct eap *e, struct bytes data)
{
	return tunnel_take(e, data, false, authenticator_inside);
}

static enum move authenticator_answer(struct eap *e, const struct eap_secret *secret)
{
	struct ttls *s = e->state;

	switch (s->way) {
	case EAP_TTLS_PAP: return tunnel_move(e, judge_pap(e, secret));
	case EAP_TTLS_MSCHAPV2: return tunnel_move(e, judge_mschapv2(e, secret));
	default: return tunnel_move(e, relay(e, eap_answer(s->inner, secret)));
	}
}

/* The peer. */

static enum move begin_inside(struct eap *e)
{
	static const uint8_t who[] = { 1, 0, 0, 5, EAP_IDENTITY };
	struct ttls *s = e->state;

	s->way = e->settings.ttls;
	if (s->way != EAP_TTLS_EAP) {
		if (e->inner_name.n)
			e->name = e->inner_name;
		return MOVE_ASK;
	}
	s->inner = tunnel_inner(e);
	if (!s->inner)
		return eap_refuse(e, "There is no method for the inside of EAP-TTLS.");
	return relay(e, eap_take(s->inner, bytes_of(who, sizeof who)));
}

static enum move take_proof(struct eap *e, struct bytes success)
{
	struct ttls *s = e->state;
	uint8_t value[1 + MSCHAP_PROOF];

	value[0] = s->ident;
	if (!mschap_proof(&s->m, s->response, (char *)value + 1))
		return no_crypto(e);
	if (success.n < sizeof value ||
		!bytes_eq_secret(bytes_of(success.p, sizeof value), bytes_of(value, sizeof value)))
		return eap_refuse(
			e, "The gateway does not know our password: it has not proved so inside EAP-TTLS.");
	e->may_succeed = true;
	return MOVE_SEND;
}

static enum move peer_inside(struct eap *e, struct bytes plain, bool first)
{
	struct ttls *s = e->state;
	struct avps a;

	if (first)
		return plain.n                                 ? malformed(e)
		       : tunnel_key(e, "ttls keying material") ? begin_inside(e)
							       : MOVE_FAIL;
	if (!parse(plain, &a))
		return malformed(e);
	if (s->inner)
		return a.eap_n ? relay(e, eap_take(s->inner, bytes_of(a.eap, a.eap_n))) : malformed(e);
	if (s->way == EAP_TTLS_MSCHAPV2 && a.error.n) {
		eap_refuse(e, "The gateway refuses us inside EAP-TTLS: check name and password.");
		return MOVE_LAST;
	}
	if (s->way == EAP_TTLS_MSCHAPV2)
		return e->may_succeed ? malformed(e) : take_proof(e, a.success);
	return MOVE_SEND;
}

static enum move say_password(struct eap *e, const struct eap_secret *secret)
{
	uint8_t room[ROOM], padded[PASSWORD_MAX + PASSWORD_BLOCK] = { 0 };
	struct wr w = wr_of(room, sizeof room);
	size_t n = secret->value.n;
	enum move m;

	if (secret->kind != EAP_PASSWORD || !n || n > PASSWORD_MAX)
		return eap_refuse(
			e, "PAP inside EAP-TTLS needs a password, and there is none of use for our name.");
	memcpy(padded, secret->value.p, n);
	put_avp(&w, USER_NAME, 0, eap_name(e));
	put_avp(&w, USER_PASSWORD, 0,
		bytes_of(padded, (n + PASSWORD_BLOCK - 1) / PASSWORD_BLOCK * PASSWORD_BLOCK));
	m = say(e, &w);
	e->may_succeed = m == MOVE_SEND;
	WIPE(padded);
	WIPE(room);
	return m;
}

static enum move say_response(struct eap *e, const struct eap_secret *secret)
{
	struct ttls *s = e->state;
	uint8_t value[RESPONSE] = { 0 }, room[ROOM];
	struct wr w = wr_of(room, sizeof room);

	if (!mschap_secret(secret, e->rng, s->m.hash))
		return eap_refuse(
			e, "MSCHAPv2 needs a password or its NT hash, and there is none for our name.");
	rng_fill(e->rng, s->m.peer_challenge, MSCHAP_CHALLENGE);
	s->m.user = mschap_user(eap_name(e));
	if (!implicit_challenge(e) || !mschap_response(&s->m, s->response))
		return no_crypto(e);
	value[0] = s->ident;
	memcpy(value + 2, s->m.peer_challenge, MSCHAP_CHALLENGE);
	memcpy(value + RESPONSE - MSCHAP_RESPONSE, s->response, MSCHAP_RESPONSE);
	put_avp(&w, USER_NAME, 0, eap_name(e));
	put_avp(&w, MS_CHAP_CHALLENGE, MICROSOFT, bytes_of(s->m.challenge, MSCHAP_CHALLENGE));
	put_avp(&w, MS_CHAP2_RESPONSE, MICROSOFT, bytes_of(value, sizeof value));
	return say(e, &w);
}

static enum move peer_take(struct eap *e, struct bytes data)
{
	return tunnel_take(e, data, false, peer_inside);
}

static enum move peer_answer(struct eap *e, const struct eap_secret *secret)
{
	struct ttls *s = e->state;

	switch (s->way) {
	case EAP_TTLS_PAP: return tunnel_move(e, say_password(e, secret));
	case EAP_TTLS_MSCHAPV2: return tunnel_move(e, say_response(e, secret));
	default: return tunnel_move(e, relay(e, eap_answer(s->inner, secret)));
	}
}

static void end(struct eap *e)
{
	struct ttls *s = e->state;

	eap_free(s->inner);
	tunnel_end(e);
}

const struct eap_method eap_method_ttls = {
	.type = EAP_TTLS,
	.label = "EAP-TTLS",
	.on_tls = true,
	.mutual = true,
	.state = sizeof(struct ttls),
	.authenticator = { tunnel_begin, authenticator_take, authenticator_answer },
	.peer = { NULL, peer_take, peer_answer },
	.end = end,
};
