/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP-MSCHAPv2 (draft-kamath-pppext-eap-mschapv2; the computations of RFC 2759). A wrong password and a name
 * that nobody has are told by the same error after the same work. */
#include "eap/method.h"
#include "eap/mschap.h"

#include <stdio.h>
#include <stdlib.h>

enum opcode { CHALLENGE = 1, RESPONSE = 2, SUCCESS = 3, FAILURE = 4 };
enum { VALUE = 49, RESERVED = 8, MESSAGE_MAX = 512 };

struct mschapv2 {
	struct mschap m;
	struct eap_name name; /* as it is in the response */
	uint8_t response[MSCHAP_RESPONSE];
	uint8_t id; /* MS-CHAPv2-ID of the challenge */
	unsigned tries;
	bool salted; /* authenticator: what is kept of the secret is of no use here */
	bool proved; /* authenticator: the peer did; it has to say that we did */
	bool responded;
	uint8_t msk[EAP_MSK];
};

static struct bytes server_name(void)
{
	return bytes_str("ikev2d");
}

static enum move no_digest(struct eap *e)
{
	return eap_refuse(e, "OpenSSL has no SHA-1, which EAP-MSCHAPv2 needs: use another method.");
}

/* The head of a message with a length; close_message() sets that. */
static void open_message(struct eap *e, enum opcode code, uint8_t id)
{
	wr_u8(&e->out, code);
	wr_u8(&e->out, id);
	wr_u16(&e->out, 0);
}

static void close_message(struct eap *e)
{
	enum { DATA = EAP_HEADER + 1, LENGTH = DATA + 2 };

	wr_u16_at(&e->out, LENGTH, (uint16_t)(e->out.n - DATA));
}

/* The opcode of DATA and what follows its head; 0 when it is malformed. A bare SUCCESS or FAILURE, as peers
 * send it, has no head. */
static enum opcode parse(struct bytes data, uint8_t *id, struct rd *body)
{
	struct rd r = rd_of(data);
	uint8_t code = rd_u8(&r);

	*body = r;
	if (!r.bad && !r.n && (code == SUCCESS || code == FAILURE))
		return code;
	*id = rd_u8(&r);
	if (rd_u16(&r) != data.n || r.bad || code > FAILURE)
		return 0;
	*body = r;
	return code;
}

/* The authenticator. */

static enum move begin(struct eap *e)
{
	struct mschapv2 *s = e->state;

	rng_fill(e->rng, s->m.challenge, MSCHAP_CHALLENGE);
	rng_fill(e->rng, &s->id, 1);
	open_message(e, CHALLENGE, s->id);
	wr_u8(&e->out, MSCHAP_CHALLENGE);
	wr_bytes(&e->out, bytes_of(s->m.challenge, MSCHAP_CHALLENGE));
	wr_bytes(&e->out, server_name());
	close_message(e);
	return MOVE_SEND;
}

/* Only for us: the peer is told the same in all cases. */
static enum move wrong(struct eap *e)
{
	const struct mschapv2 *s = e->state;

	if (s->salted)
		return eap_refuse(
			e, "EAP-MSCHAPv2 needs the password or its NT hash, and only a salted hash is kept.");
	return eap_refuse(e, "The name is not known, or the password is wrong (EAP-MSCHAPv2).");
}

/* An identity that was asked for binds; one that was not gives way to what is proved. */
static bool agree(struct eap *e, struct bytes name)
{
	struct bytes identity = eap_name(e);

	if (!e->settings.ask_identity || !identity.n)
		return eap_rename(e, name);
	return bytes_eq(identity, name) || bytes_eq(mschap_user(identity), name) ||
	       bytes_eq(identity, mschap_user(name));
}

static enum move take_value(struct eap *e, struct rd *body)
{
	struct mschapv2 *s = e->state;
	struct rd value;

	if (rd_u8(body) != VALUE)
		return eap_refuse(e, "The peer's EAP-MSCHAPv2 response is malformed.");
	value = rd_sub(body, VALUE);
	if (value.bad || body->n > EAP_MAX_NAME)
		return eap_refuse(e, "The peer's EAP-MSCHAPv2 response is malformed.");
	memcpy(s->m.peer_challenge, rd_bytes(&value, MSCHAP_CHALLENGE).p, MSCHAP_CHALLENGE);
	rd_bytes(&value, RESERVED);
	memcpy(s->response, rd_bytes(&value, MSCHAP_RESPONSE).p, MSCHAP_RESPONSE);
	s->name.n = body->n;
	if (body->n)
		memcpy(s->name.octets, body->p, body->n);
	s->m.user = mschap_user(bytes_of(s->name.octets, s->name.n));
	if (!agree(e, bytes_of(s->name.octets, s->name.n)))
		return eap_refuse(e, "The peer named itself one way and proves another name in EAP-MSCHAPv2: "
				     "use one name.");
	return MOVE_ASK;
}

static enum move take_answer(struct eap *e, struct bytes data)
{
	struct mschapv2 *s = e->state;
	struct rd body = { 0 };
	uint8_t id = 0;
	enum opcode code = parse(data, &id, &body);

	if (code == SUCCESS && s->proved && !body.n) {
		memcpy(e->msk, s->msk, EAP_MSK);
		e->has_msk = true;
		return MOVE_DONE;
	}
	if (code == FAILURE && s->proved)
		return eap_refuse(e, "The peer refuses our proof in EAP-MSCHAPv2.");
	if (code == FAILURE && s->tries)
		return wrong(e);
	if (code != RESPONSE || s->proved)
		return eap_refuse(e, "The peer's EAP-MSCHAPv2 message is malformed or out of order.");
	/* Microsoft's peers count it up when they try again. */
	if (id != s->id && !(s->tries && id == (uint8_t)(s->id + 1)))
		return eap_refuse(e, "The peer answers to an EAP-MSCHAPv2 challenge that it was not given.");
	return take_value(e, &body);
}

/* A new challenge to try again with, unless it was the last try. */
static enum move send_failure(struct eap *e)
{
	struct mschapv2 *s = e->state;
	bool more = ++s->tries < EAP_MAX_TRIES;
	char text[128];
	int n = 0;

	rng_fill(e->rng, s->m.challenge, MSCHAP_CHALLENGE);
	n += snprintf(text + n, sizeof text - (size_t)n, "E=691 R=%d C=", more);
	for (unsigned i = 0; i < MSCHAP_CHALLENGE; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%02X", s->m.challenge[i]);
	n += snprintf(text + n, sizeof text - (size_t)n, " V=3 M=Authentication failed");
	open_message(e, FAILURE, s->id);
	wr_bytes(&e->out, bytes_of(text, (size_t)n));
	close_message(e);
	wrong(e);
	return more ? MOVE_SEND : MOVE_LAST;
}

static enum move judge(struct eap *e, const struct eap_secret *secret)
{
	struct mschapv2 *s = e->state;
	uint8_t expected[MSCHAP_RESPONSE];
	char proof[MSCHAP_PROOF];
	bool known = mschap_secret(secret, e->rng, s->m.hash);

	s->salted = secret->kind == EAP_SALTED;
	if (!mschap_response(&s->m, expected) || !mschap_proof(&s->m, s->response, proof) ||
		!mschap_msk(&s->m, s->response, s->msk))
		return no_digest(e);
	if (!bytes_eq_secret(bytes_of(expected, sizeof expected), bytes_of(s->response, MSCHAP_RESPONSE)) ||
		!known)
		return send_failure(e);
	s->proved = true;
	open_message(e, SUCCESS, s->id);
	wr_bytes(&e->out, bytes_of(proof, sizeof proof));
	wr_bytes(&e->out, bytes_str(" M=Welcome"));
	close_message(e);
	return MOVE_SEND;
}

/* The peer. */

static enum move take_challenge(struct eap *e, struct rd *body)
{
	struct mschapv2 *s = e->state;

	if (s->responded || rd_u8(body) != MSCHAP_CHALLENGE || body->n < MSCHAP_CHALLENGE)
		return eap_refuse(e, "The gateway's EAP-MSCHAPv2 challenge is malformed or out of order.");
	memcpy(s->m.challenge, rd_bytes(body, MSCHAP_CHALLENGE).p, MSCHAP_CHALLENGE);
	return MOVE_ASK;
}

static enum move respond(struct eap *e, const struct eap_secret *secret)
{
	struct mschapv2 *s = e->state;

	if (!mschap_secret(secret, e->rng, s->m.hash))
		return eap_refuse(
			e, "EAP-MSCHAPv2 needs a password or its NT hash, and there is none for our name.");
	rng_fill(e->rng, s->m.peer_challenge, MSCHAP_CHALLENGE);
	s->m.user = mschap_user(eap_name(e));
	if (!mschap_response(&s->m, s->response))
		return no_digest(e);
	s->responded = true;
	open_message(e, RESPONSE, s->id);
	wr_u8(&e->out, VALUE);
	wr_bytes(&e->out, bytes_of(s->m.peer_challenge, MSCHAP_CHALLENGE));
	wr_zero(&e->out, RESERVED);
	wr_bytes(&e->out, bytes_of(s->response, MSCHAP_RESPONSE));
	wr_u8(&e->out, 0);
	wr_bytes(&e->out, eap_name(e));
	close_message(e);
	return MOVE_SEND;
}

static enum move take_success(struct eap *e, struct rd *body)
{
	struct mschapv2 *s = e->state;
	char proof[MSCHAP_PROOF];
	struct bytes said = rd_bytes(body, MSCHAP_PROOF);

	if (!s->responded || e->may_succeed)
		return eap_refuse(e, "The gateway's EAP-MSCHAPv2 success is out of order.");
	if (!mschap_proof(&s->m, s->response, proof) || !mschap_msk(&s->m, s->response, e->msk))
		return no_digest(e);
	if (!bytes_eq_secret(said, bytes_of(proof, sizeof proof)))
		return eap_refuse(
			e, "The gateway does not know our password: it has not proved so in EAP-MSCHAPv2.");
	wr_u8(&e->out, SUCCESS);
	e->has_msk = true;
	e->may_succeed = true;
	return MOVE_SEND;
}

/* What the error codes of RFC 2759, 6 mean for a person. */
static const struct {
	unsigned code;
	const char *text;
} errors[] = {
	{ 646, "we may not log in at this hour" },
	{ 647, "the account is disabled" },
	{ 648, "the password has expired: change it where the account is kept" },
	{ 649, "the account may not dial in" },
	{ 691, "the name is not known there, or the password is wrong" },
	{ 709, "the password could not be changed" },
	{ 0, "it does not say why" },
};

static enum move take_failure(struct eap *e, struct rd *body)
{
	struct mschapv2 *s = e->state;
	char text[MESSAGE_MAX] = "", *code_at;
	struct bytes said = rd_rest(body);
	unsigned code = 0, i = 0;

	if (!s->responded || e->may_succeed)
		return eap_refuse(e, "The gateway's EAP-MSCHAPv2 failure is out of order.");
	if (said.n)
		memcpy(text, said.p, said.n < sizeof text ? said.n : sizeof text - 1);
	code_at = strstr(text, "E=");
	if (code_at)
		code = (unsigned)strtoul(code_at + 2, NULL, 10);
	while (errors[i].code && errors[i].code != code)
		i++;
	eap_refuse(e, "The gateway refuses us in EAP-MSCHAPv2 (E=%u): %s.", code, errors[i].text);
	wr_u8(&e->out, FAILURE);
	return MOVE_LAST;
}

static enum move take_request(struct eap *e, struct bytes data)
{
	struct mschapv2 *s = e->state;
	struct rd body = { 0 };

	switch (parse(data, &s->id, &body)) {
	case CHALLENGE: return take_challenge(e, &body);
	case SUCCESS: return take_success(e, &body);
	case FAILURE: return take_failure(e, &body);
	default: return eap_refuse(e, "The gateway's EAP-MSCHAPv2 message is malformed.");
	}
}

const struct eap_method eap_method_mschapv2 = {
	.type = EAP_MSCHAPV2,
	.label = "EAP-MSCHAPv2",
	.state = sizeof(struct mschapv2),
	.authenticator = { begin, take_answer, judge },
	.peer = { NULL, take_request, respond },
};
