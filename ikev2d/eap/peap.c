/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PEAP version 0 (draft-kamath-pppext-peapv0; MS-PEAP without its cryptobinding): the server proves itself by
 * TLS, the peer by EAP inside, whose packets go without their header; how that ended says a TLV, both ways.
 */
#include "eap/tunnel.h"

enum { REQUEST = 1, RESPONSE = 2 }; /* codes of EAP */
enum {
	EXTENSIONS = 33,
	RESULT = 3,
	TYPE_MASK = 0x3fff,
	MANDATORY = 0x8000,
	SUCCEEDED = 1,
	FAILED = 2,
	TLVS_MAX = 16
};

struct peap {
	struct tunnel tunnel;
	struct eap *inner;
	bool begun;
	bool judged; /* authenticator: well, and the peer was told */
};

static enum move malformed(struct eap *e)
{
	return eap_refuse(e, "What the other side says inside EAP-PEAP is malformed or out of order.");
}

/* Into TLS: what is inside a packet of EAP. */
static enum move say_packet(struct eap *e, struct bytes packet)
{
	return tunnel_write(e, bytes_of(packet.p + EAP_HEADER, packet.n - EAP_HEADER));
}

/* The outcome, in a packet of EAP with its header. */
static enum move say_result(struct eap *e, unsigned status)
{
	bool asks = e->settings.authenticator;
	uint8_t packet[11];
	struct wr w = wr_of(packet, sizeof packet);

	wr_u8(&w, asks ? REQUEST : RESPONSE);
	wr_u8(&w, (uint8_t)(e->id + asks));
	wr_u16(&w, sizeof packet);
	wr_u8(&w, EXTENSIONS);
	wr_u16(&w, MANDATORY | RESULT);
	wr_u16(&w, 2);
	wr_u16(&w, (uint16_t)status);
	return tunnel_write(e, wr_done(&w));
}

/* Ends with failure, for the reason that was given; the other side hears of it first. */
static enum move say_failure(struct eap *e)
{
	return say_result(e, FAILED) == MOVE_SEND ? MOVE_LAST : MOVE_FAIL;
}

/* The status in TLVs, or 0. Others than the result, such as Microsoft's cryptobinding, are not looked at. */
static unsigned result_of(struct bytes tlvs)
{
	struct rd r = rd_of(tlvs);
	unsigned status = 0;

	for (unsigned i = 0; r.n && i < TLVS_MAX; i++) {
		unsigned type = rd_u16(&r) & TYPE_MASK;
		struct rd value = rd_sub(&r, rd_u16(&r));

		if (type == RESULT)
			status = rd_u16(&value);
		if (r.bad || value.bad || (type == RESULT && value.n))
			return 0;
	}
	return rd_done(&r) ? status : 0;
}

/* Whether PLAIN is a packet with its header: extensions always are, and some servers ask for the identity so.
 */
static bool is_whole(struct bytes plain, uint8_t code)
{
	struct rd r = rd_of(plain);
	bool whole = rd_u8(&r) == code;
	uint8_t type;

	rd_u8(&r);
	whole &= rd_u16(&r) == plain.n;
	type = rd_u8(&r);
	return whole && !r.bad && (type == EXTENSIONS || (type == EAP_IDENTITY && !r.n));
}

static bool is_extensions(struct bytes plain, uint8_t code)
{
	return is_whole(plain, code) && plain.p[EAP_HEADER] == EXTENSIONS;
}

/* PLAIN to the conversation inside, with the header it would have had. */
static struct eap_turn give(struct eap *e, struct bytes plain, uint8_t code)
{
	struct peap *s = e->state;
	uint8_t packet[EAP_HEADER + TUNNEL_EAP_MAX];
	struct wr w = wr_of(packet, sizeof packet);

	if (is_whole(plain, code))
		plain = bytes_of(plain.p + EAP_HEADER, plain.n - EAP_HEADER);
	wr_u8(&w, code);
	wr_u8(&w, e->id);
	wr_u16(&w, (uint16_t)(EAP_HEADER + plain.n));
	wr_bytes(&w, plain);
	return eap_take(s->inner, wr_done(&w));
}

/* The authenticator. */

static enum move follow(struct eap *e, struct eap_turn t)
{
	struct peap *s = e->state;
	enum move m = tunnel_follow(e, s->inner, &t);

	if (m == MOVE_FAIL)
		return say_failure(e);
	if (m == MOVE_DONE) {
		s->judged = true;
		return say_result(e, SUCCEEDED);
	}
	if (m == MOVE_ASK)
		return m;
	/* How it ended inside is told by the TLV that comes then. */
	return say_packet(e, t.packet);
}

static enum move begin_inside(struct eap *e)
{
	struct peap *s = e->state;

	s->begun = true;
	s->inner = tunnel_inner(e);
	if (!s->inner)
		return eap_refuse(e, "There is no method for the inside of EAP-PEAP.");
	return say_packet(e, eap_begin(s->inner).packet);
}

static enum move finish(struct eap *e, struct bytes plain)
{
	if (!is_extensions(plain, RESPONSE))
		return malformed(e);
	if (result_of(bytes_of(plain.p + EAP_HEADER + 1, plain.n - EAP_HEADER - 1)) != SUCCEEDED)
		return eap_refuse(e, "The peer does not agree that EAP-PEAP succeeded.");
	return tunnel_key(e, "client EAP encryption") ? MOVE_DONE : MOVE_FAIL;
}

static enum move authenticator_inside(struct eap *e, struct bytes plain, bool first)
{
	struct peap *s = e->state;

	if (!s->begun) {
		if (plain.n)
			return malformed(e);
		/* In TLS 1.2 our Finished goes first. */
		return first && !session_is_1_3(s->tunnel.session) ? MOVE_SEND : begin_inside(e);
	}
	if (s->judged)
		return finish(e, plain);
	/* The peer takes the id of the packet outside for that of the one inside. */
	s->inner->id = e->id;
	return plain.n ? follow(e, give(e, plain, RESPONSE)) : malformed(e);
}

static enum move authenticator_take(struct eap *e, struct bytes data)
{
	return tunnel_take(e, data, false, authenticator_inside);
}

static enum move authenticator_answer(struct eap *e, const struct eap_secret *secret)
{
	struct peap *s = e->state;

	return tunnel_move(e, follow(e, eap_answer(s->inner, secret)));
}

/* The peer. */

static enum move peer_follow(struct eap *e, struct eap_turn t)
{
	struct peap *s = e->state;
	enum move m = tunnel_follow(e, s->inner, &t);

	return m == MOVE_SEND || m == MOVE_LAST ? say_packet(e, t.packet) : m;
}

static enum move take_result(struct eap *e, unsigned status)
{
	struct peap *s = e->state;

	if (status == SUCCEEDED && s->inner && s->inner->may_succeed) {
		e->may_succeed = true;
		return say_result(e, SUCCEEDED);
	}
	if (status == SUCCEEDED)
		eap_refuse(e, "The gateway reports success inside EAP-PEAP before it was due.");
	else if (s->inner && s->inner->last)
		eap_refuse(e, "%s", s->inner->why);
	else
		eap_refuse(e, "The gateway refuses us inside EAP-PEAP: check name and password.");
	return say_failure(e);
}

static enum move peer_inside(struct eap *e, struct bytes plain, bool first)
{
	struct peap *s = e->state;

	if (first && !tunnel_key(e, "client EAP encryption"))
		return MOVE_FAIL;
	if (!plain.n)
		return MOVE_SEND;
	if (e->may_succeed)
		return malformed(e);
	if (is_extensions(plain, REQUEST))
		return take_result(
			e, result_of(bytes_of(plain.p + EAP_HEADER + 1, plain.n - EAP_HEADER - 1)));
	if (!s->inner)
		s->inner = tunnel_inner(e);
	if (!s->inner)
		return eap_refuse(e, "There is no method for the inside of EAP-PEAP.");
	return peer_follow(e, give(e, plain, REQUEST));
}

static enum move peer_take(struct eap *e, struct bytes data)
{
	return tunnel_take(e, data, false, peer_inside);
}

static enum move peer_answer(struct eap *e, const struct eap_secret *secret)
{
	struct peap *s = e->state;

	return tunnel_move(e, peer_follow(e, eap_answer(s->inner, secret)));
}

static void end(struct eap *e)
{
	struct peap *s = e->state;

	eap_free(s->inner);
	tunnel_end(e);
}

const struct eap_method eap_method_peap = {
	.type = EAP_PEAP,
	.label = "EAP-PEAP",
	.on_tls = true,
	.mutual = true,
	.state = sizeof(struct peap),
	.authenticator = { tunnel_begin, authenticator_take, authenticator_answer },
	.peer = { NULL, peer_take, peer_answer },
	.end = end,
};
