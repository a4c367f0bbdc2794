/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MD5-Challenge (RFC 3748, 5.4; RFC 1994): a digest of id, password and challenge. No key comes of it. */
#include "crypto/prf.h"
#include "eap/method.h"

enum { OUT = 16, CHALLENGE_MAX = 255 };

struct md5 {
	uint8_t challenge[CHALLENGE_MAX], response[OUT];
	uint8_t challenge_n;
};

static bool compute(const struct eap *e, struct bytes password, uint8_t out[OUT])
{
	const struct md5 *m = e->state;
	const struct bytes parts[] = { { &e->id, 1 }, password, { m->challenge, m->challenge_n } };
	uint8_t sum[PRF_OUT_MAX];
	size_t n;
	bool done = !digest("MD5", parts, 3, sum, &n);

	if (done)
		memcpy(out, sum, OUT);
	WIPE(sum);
	return done;
}

static enum move no_digest(struct eap *e)
{
	return eap_refuse(e, "OpenSSL has no MD5, which EAP-MD5 needs: use another method.");
}

static enum move begin(struct eap *e)
{
	struct md5 *m = e->state;

	m->challenge_n = OUT;
	rng_fill(e->rng, m->challenge, m->challenge_n);
	wr_u8(&e->out, m->challenge_n);
	wr_bytes(&e->out, bytes_of(m->challenge, m->challenge_n));
	return MOVE_SEND;
}

static enum move take_response(struct eap *e, struct bytes data)
{
	struct md5 *m = e->state;
	struct rd r = rd_of(data);

	if (rd_u8(&r) != OUT || r.n < OUT)
		return eap_refuse(e, "The peer's EAP-MD5 response is malformed.");
	memcpy(m->response, rd_bytes(&r, OUT).p, OUT);
	return MOVE_ASK;
}

static enum move judge(struct eap *e, const struct eap_secret *secret)
{
	struct md5 *m = e->state;
	uint8_t nobodys[OUT], expected[OUT];
	bool known = secret->kind == EAP_PASSWORD;

	rng_fill(e->rng, nobodys, sizeof nobodys);
	if (!compute(e, known ? secret->value : bytes_of(nobodys, sizeof nobodys), expected))
		return no_digest(e);
	if (bytes_eq_secret(bytes_of(expected, OUT), bytes_of(m->response, OUT)) && known)
		return MOVE_DONE;
	if (secret->kind == EAP_NT_HASH || secret->kind == EAP_SALTED)
		return eap_refuse(e, "EAP-MD5 needs the password itself, of which only a hash is kept.");
	return eap_refuse(e, "The name is not known, or the password is wrong (EAP-MD5).");
}

static enum move take_challenge(struct eap *e, struct bytes data)
{
	struct md5 *m = e->state;
	struct rd r = rd_of(data);

	m->challenge_n = rd_u8(&r);
	if (!m->challenge_n || r.n < m->challenge_n)
		return eap_refuse(e, "The gateway's EAP-MD5 challenge is malformed.");
	memcpy(m->challenge, rd_bytes(&r, m->challenge_n).p, m->challenge_n);
	return MOVE_ASK;
}

static enum move respond(struct eap *e, const struct eap_secret *secret)
{
	uint8_t response[OUT];

	if (secret->kind != EAP_PASSWORD)
		return eap_refuse(e, "EAP-MD5 needs a password, and there is none for our name.");
	if (!compute(e, secret->value, response))
		return no_digest(e);
	wr_u8(&e->out, OUT);
	wr_bytes(&e->out, bytes_of(response, OUT));
	e->may_succeed = true;
	return MOVE_SEND;
}

const struct eap_method eap_method_md5 = {
	.type = EAP_MD5,
	.label = "EAP-MD5",
	.state = sizeof(struct md5),
	.authenticator = { begin, take_response, judge },
	.peer = { NULL, take_challenge, respond },
};
