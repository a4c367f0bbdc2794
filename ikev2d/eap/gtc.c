/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generic Token Card (RFC 3748, 5.6), as the field uses it: the password in clear. No key comes of it. */
#include "eap/method.h"
#include "eap/secret.h"

enum { PASSWORD_MAX = 4 * EAP_MAX_PASSWORD }; /* octets */

struct gtc {
	uint8_t password[PASSWORD_MAX];
	size_t n;
};

static enum move begin(struct eap *e)
{
	wr_bytes(&e->out, bytes_str("Password: "));
	return MOVE_SEND;
}

static enum move take_response(struct eap *e, struct bytes data)
{
	struct gtc *g = e->state;

	if (!data.n || data.n > PASSWORD_MAX)
		return eap_refuse(e, "The peer's EAP-GTC response is empty or too long.");
	memcpy(g->password, data.p, data.n);
	g->n = data.n;
	return MOVE_ASK;
}

static enum move judge(struct eap *e, const struct eap_secret *secret)
{
	struct gtc *g = e->state;

	if (secret_is(secret, bytes_of(g->password, g->n), e->rng))
		return MOVE_DONE;
	return eap_refuse(e, "The name is not known, or the password is wrong (EAP-GTC).");
}

static enum move take_prompt(struct eap *e, struct bytes data)
{
	(void)e, (void)data;
	return MOVE_ASK;
}

static enum move respond(struct eap *e, const struct eap_secret *secret)
{
	if (secret->kind != EAP_PASSWORD)
		return eap_refuse(e, "EAP-GTC needs a password, and there is none for our name.");
	wr_bytes(&e->out, secret->value);
	e->may_succeed = true;
	return MOVE_SEND;
}

const struct eap_method eap_method_gtc = {
	.type = EAP_GTC,
	.label = "EAP-GTC",
	.state = sizeof(struct gtc),
	.authenticator = { begin, take_response, judge },
	.peer = { NULL, take_prompt, respond },
};
