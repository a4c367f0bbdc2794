/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RADIUS servers that say anything: raw datagrams, and whatever attributes in answers and orders that are
 * signed as they must be. The input is a row of steps, each a kind, a length and octets. Who is let in has
 * met a question first, and each order is answered once. */
#include "radius/dae.h"
#include "radius/relay.h"
#include "tests/unit/radius_help.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char secret[] = "a secret of theirs";

enum kind { RAW_AUTH, RAW_ACCT, ACCEPT, REJECT, CHALLENGE, TIME, RAW_ORDER, DISCONNECT, COA, KINDS };

struct bench {
	struct rng_seeded rng;
	struct radius_client *client;
	struct radius_dae *dae;
	struct radius_relay relay;
	bool asked; /* by the server, in this conversation */
	uint8_t sent[RADIUS_MAX];
	size_t n_sent;
	struct radius_socket socket;
	uint64_t now, ticket;
};

static void check(bool good)
{
	if (!good)
		abort();
}

static void begin(struct bench *b)
{
	const struct radius_secret theirs = radius_plain(secret);
	struct radius_settings settings = { .n_servers = 2, .tries = 2, .timeout = 1000, .base = 1500 };

	for (unsigned i = 0; i < 2; i++)
		settings.servers[i] = (struct radius_server){ .secret = radius_plain(secret),
			.nas_identifier = bytes_str("gw"),
			.ports = 1,
			.offers = { true, true } };
	rng_seed(&b->rng, 1);
	b->now = 1;
	b->client = radius_client_new(&settings, &b->rng.rng);
	b->dae = radius_dae_new(&theirs, bytes_str("gw"), true);
}

/* The peer answers whatever it was asked, or comes anew. */
static void talk(struct bench *b)
{
	static const uint8_t response[] = { 2, 5, 0, 6, 1, 'a' };
	struct radius_session session = { .user = bytes_str("a") };
	uint8_t octets[RADIUS_ATTRIBUTES_MAX];
	struct wr w = wr_of(octets, sizeof octets);

	if (radius_relay_ask(&b->relay, &session, bytes_of(response, sizeof response), &w)) {
		b->relay = (struct radius_relay){ 0 };
		b->asked = false;
		return;
	}
	check(!radius_client_ask(
		b->client, ++b->ticket, RADIUS_AUTH, radius_relay_server(&b->relay), wr_done(&w), b->now));
}

static void take_answer(struct bench *b, const struct radius_out *out)
{
	const struct radius_secret *theirs = NULL;
	struct radius_turn turn;

	if (out->what == RADIUS_ANSWER)
		theirs = radius_client_secret(b->client, out->socket.server);
	radius_relay_take(&b->relay, out, theirs, &turn);
	check(turn.packet.n >= 4 && turn.packet.p[2] * 256u + turn.packet.p[3] == turn.packet.n);
	check(turn.packet.p[0] == (turn.what == RADIUS_SAYS ? 1 : turn.what == RADIUS_SUCCEEDED ? 3 : 4));
	check(turn.what != RADIUS_SUCCEEDED || b->asked);
	check(turn.what != RADIUS_FAILED || turn.why);
	b->asked = turn.what == RADIUS_SAYS;
	if (!b->asked)
		b->relay = (struct radius_relay){ 0 };
}

static void settle(struct bench *b)
{
	struct radius_out out;

	while (radius_client_next(b->client, b->now, &out)) {
		if (out.what == RADIUS_SEND) {
			memcpy(b->sent, out.datagram.p, b->n_sent = out.datagram.n);
			b->socket = out.socket;
		} else if (out.what == RADIUS_ANSWER || out.what == RADIUS_NO_ANSWER) {
			take_answer(b, &out);
			talk(b);
		}
	}
}

static void answer(struct bench *b, enum radius_code code, struct bytes attributes)
{
	struct bytes request = bytes_of(b->sent, b->n_sent);
	struct radius_reply reply;

	radius_reply(&reply, code, request, true);
	wr_bytes(&reply.w, attributes);
	if (!radius_sign(&reply.w, bytes_str(secret), radius_authenticator_of(request)))
		radius_client_take(b->client, &b->socket, wr_done(&reply.w), b->now);
}

static void take_order(struct bench *b, struct bytes datagram)
{
	const struct addr from = { { 4, { 192, 0, 2, 7 } }, 40000 };
	struct radius_dae_out out;
	struct bytes answer;

	radius_dae_take(b->dae, &from, datagram, 1700000000, &out);
	if (out.what == RADIUS_DAE_ORDER) {
		answer = radius_dae_answer(b->dae, out.order.number,
			datagram.p[datagram.n - 1] % 2 ? RADIUS_ERROR_SESSION_NOT_FOUND : RADIUS_ERROR_NONE);
		check(answer.n && !radius_dae_answer(b->dae, out.order.number, RADIUS_ERROR_NONE).n);
		radius_dae_take(b->dae, &from, datagram, 1700000000, &out);
		check(out.what == RADIUS_DAE_ANSWER);
	}
}

static void order(struct bench *b, enum radius_code code, struct bytes attributes)
{
	uint8_t octets[RADIUS_MAX];
	struct wr w = wr_of(octets, sizeof octets);

	radius_begin(&w, code, 1, NULL, true);
	wr_bytes(&w, attributes);
	if (!radius_sign(&w, bytes_str(secret), NULL))
		take_order(b, wr_done(&w));
}

static void step(struct bench *b, enum kind kind, struct bytes octets)
{
	struct radius_socket socket = b->socket;

	switch (kind) {
	case RAW_AUTH: radius_client_take(b->client, &socket, octets, b->now); break;
	case RAW_ACCT:
		socket.service = RADIUS_ACCT;
		radius_client_take(b->client, &socket, octets, b->now);
		break;
	case ACCEPT: answer(b, RADIUS_ACCESS_ACCEPT, octets); break;
	case REJECT: answer(b, RADIUS_ACCESS_REJECT, octets); break;
	case CHALLENGE: answer(b, RADIUS_ACCESS_CHALLENGE, octets); break;
	case TIME: b->now += 100 * (1 + octets.n); break;
	case RAW_ORDER: take_order(b, octets); break;
	case DISCONNECT: order(b, RADIUS_DISCONNECT_REQUEST, octets); break;
	default: order(b, RADIUS_COA_REQUEST, octets); break;
	}
	settle(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_of(bytes_of(data, n));
	struct bench b = { 0 };

	begin(&b);
	talk(&b);
	settle(&b);
	while (r.n && !r.bad) {
		uint8_t kind = rd_u8(&r) % KINDS;
		size_t length = rd_u8(&r) * 4u;

		step(&b, kind, rd_bytes(&r, length < r.n ? length : r.n));
	}
	radius_client_free(b.client);
	radius_dae_free(b.dae);
	return 0;
}
