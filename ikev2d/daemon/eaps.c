/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations by their numbers. */
#include "daemon/eaps.h"

#include "crypto/prf.h"
#include "eap/eap.h"
#include "eap/tls.h"

#include <stdlib.h>

_Static_assert((int)IPC_EAP_METHODS == (int)EAP_MAX_METHODS && (int)IPC_EAP_NAME_MAX >= (int)EAP_MAX_NAME &&
		       (int)IPC_EAP_KEY_MAX == (int)EAP_MSK,
	"what is said of a conversation is what the library takes");
_Static_assert((int)IPC_EAP_CERTS_MAX == (int)EAP_TLS_CERTS_MAX &&
		       (int)IPC_EAP_SHOWN_MAX == (int)EAP_MAX_CERTIFICATES,
	"and so many certificates");

struct talk {
	struct eap *eap;
	uint32_t number;
	uint64_t ticket; /* of the question at hand; 0: none */
};

static void talk_free(struct talk *t)
{
	eap_free(t->eap);
	free(t);
}

/* Ike, when it is gone, is noticed where guard is waited for. */
static void answer(struct eaps *e, const struct ipc_message *m)
{
	(void)!ipc_send(&e->ike, m);
}

static void ask_secret(struct eaps *e, const struct talk *t)
{
	answer(e, &(struct ipc_message){ .kind = IPC_EAP_ASKS,
			  .ticket = t->ticket,
			  .eap_asks = { t->number, eap_name(t->eap) } });
}

static void ask_signature(struct eaps *e, const struct talk *t)
{
	const struct scheme *scheme;
	struct bytes octets = eap_to_sign(t->eap, &scheme);

	answer(e, &(struct ipc_message){ .kind = IPC_EAP_SIGNS,
			  .ticket = t->ticket,
			  .eap_signs = { t->number, (uint8_t)(scheme - schemes), octets } });
}

static struct ipc_octets shown_by(const struct eap *e, struct bytes out[IPC_EAP_SHOWN_MAX])
{
	unsigned n = 0;

	while (n < IPC_EAP_SHOWN_MAX && (out[n] = eap_certificate(e, n)).n)
		n++;
	return (struct ipc_octets){ out, n };
}

static void ask_judgement(struct eaps *e, const struct talk *t)
{
	struct bytes shown[IPC_EAP_SHOWN_MAX];

	answer(e, &(struct ipc_message){ .kind = IPC_EAP_SHOWS,
			  .ticket = t->ticket,
			  .eap_shows = { t->number, shown_by(t->eap, shown) } });
}

/* False: TURN asks for nothing. */
static bool ask(struct eaps *e, const struct talk *t, const struct eap_turn *turn)
{
	switch (turn->what) {
	case EAP_ASKS: ask_secret(e, t); return true;
	case EAP_SHOWS: ask_judgement(e, t); return true;
	case EAP_SIGNS: ask_signature(e, t); return true;
	default: return false;
	}
}

static void say(struct eaps *e, struct talk *t, const struct eap_turn *turn)
{
	struct ipc_message m = { .kind = IPC_EAP_TURN, .ticket = t->ticket };
	struct bytes shown[IPC_EAP_SHOWN_MAX];

	if (ask(e, t, turn))
		return;
	m.eap_turn.conversation = t->number;
	m.eap_turn.failed = turn->what == EAP_FAILED;
	m.eap_turn.over = turn->what == EAP_SUCCEEDED;
	m.eap_turn.packet = turn->packet;
	m.eap_turn.what = turn->why;
	m.eap_turn.method = (uint8_t)eap_method(t->eap);
	m.eap_turn.name = m.eap_turn.over ? eap_name(t->eap) : (struct bytes){ 0 };
	m.eap_turn.key = eap_msk(t->eap);
	m.eap_turn.shown = shown_by(t->eap, shown);
	t->ticket = 0;
	answer(e, &m);
}

/* What cannot begin has failed. */
static void say_no(struct eaps *e, uint64_t ticket, uint32_t number, const char *what)
{
	answer(e, &(struct ipc_message){ .kind = IPC_EAP_TURN,
			  .ticket = ticket,
			  .eap_turn = { .conversation = number, .failed = true, .what = what } });
}

/* What the methods on TLS use, or NULL: then there are no certificates for them, or WHY. */
static struct eap_tls *tls_of(const struct ipc_eap *p, char why[EAP_TLS_WHY])
{
	const struct eap_tls_settings s = { .chain = p->chain.v,
		.n_chain = p->chain.n,
		.authorities = p->authorities.v,
		.n_authorities = p->authorities.n,
		.server = &p->server,
		.judged = !p->authenticator };
	struct eap_tls *tls;

	*why = 0;
	if ((!s.n_chain && !s.n_authorities) || eap_tls_new(&s, &tls, why))
		return NULL;
	return tls;
}

static struct talk *begin(struct eaps *e, const struct ipc_eap *p, char why[EAP_TLS_WHY])
{
	struct eap_settings s = { .authenticator = p->authenticator,
		.ask_identity = p->ask_identity,
		.n_methods = (unsigned)p->methods.n,
		.identity = p->identity,
		.tls = tls_of(p, why) };
	struct talk *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	for (unsigned i = 0; i < s.n_methods; i++)
		s.methods[i] = p->methods.p[i];
	t->number = p->conversation;
	t->eap = e->talks.count < EAPS_MAX && !*why ? eap_new(&s, &e->entropy.rng) : NULL;
	eap_tls_unref(s.tls);
	if (t->eap) {
		map_put(&e->talks, t->number, t);
		return t;
	}
	free(t);
	return NULL;
}

bool eaps_take_packet(void *ctx, const struct ipc_message *m)
{
	struct eaps *e = ctx;
	const struct ipc_eap *p = &m->eap;
	struct talk *t = map_get(&e->talks, p->conversation);
	char why[EAP_TLS_WHY];
	struct eap_turn turn;

	if (!t != p->begins || (t && t->ticket))
		return false;
	if (!t && !(t = begin(e, p, why))) {
		say_no(e, m->ticket, p->conversation,
			*why ? why
			     : "the EAP conversation cannot begin: there is no certificate for any of its "
			       "methods, its identity is too long, or there are too many conversations");
		return true;
	}
	t->ticket = m->ticket;
	turn = p->begins && p->authenticator ? eap_begin(t->eap) : eap_take(t->eap, p->packet);
	say(e, t, &turn);
	return true;
}

bool eaps_take_secret(void *ctx, const struct ipc_message *m)
{
	static const enum eap_secret_kind kinds[] = {
		[IPC_EAP_NOBODY] = EAP_NO_SECRET,
		[IPC_EAP_PASSWORD] = EAP_PASSWORD,
		[IPC_EAP_NT_HASH] = EAP_NT_HASH,
		[IPC_EAP_SALTED] = EAP_SALTED,
	};
	struct eaps *e = ctx;
	struct talk *t = map_get(&e->talks, m->eap_secret.conversation);
	struct eap_secret secret = { kinds[m->eap_secret.kind], m->eap_secret.value };
	struct eap_turn turn;

	if (!t || !t->ticket)
		return false;
	turn = eap_answer(t->eap, &secret);
	say(e, t, &turn);
	return true;
}

bool eaps_take_signed(void *ctx, const struct ipc_message *m)
{
	struct eaps *e = ctx;
	struct talk *t = map_get(&e->talks, m->eap_signs.conversation);
	struct eap_turn turn;

	if (!t || !t->ticket)
		return false;
	turn = eap_signed(t->eap, m->eap_signs.octets);
	say(e, t, &turn);
	return true;
}

bool eaps_take_judged(void *ctx, const struct ipc_message *m)
{
	struct eaps *e = ctx;
	struct talk *t = map_get(&e->talks, m->eap_judged.conversation);
	struct eap_turn turn;

	if (!t || !t->ticket)
		return false;
	turn = eap_judged(t->eap, m->eap_judged.good);
	say(e, t, &turn);
	return true;
}

bool eaps_take_end(void *ctx, const struct ipc_message *m)
{
	struct eaps *e = ctx;
	struct talk *t = map_take(&e->talks, m->eap_end.conversation);

	if (t)
		talk_free(t);
	return true;
}

/* --------------------------------------------------------------------- life */

void eaps_warm(void)
{
	static const char *const digests[] = { "MD5", "SHA1", "SHA256" };
	uint8_t sum[PRF_OUT_MAX];
	size_t n;

	for (unsigned i = 0; i < sizeof digests / sizeof *digests; i++)
		(void)!digest(digests[i], &(struct bytes){ 0 }, 1, sum, &n);
	eap_tls_warm();
}

void eaps_start(struct eaps *e)
{
	*e = (struct eaps){ .guard.fd = -1, .ike.fd = -1 };
	entropy_start(&e->entropy);
}

void eaps_stop(struct eaps *e)
{
	struct talk *t;
	size_t at = 0;

	while ((t = map_next(&e->talks, &at)))
		talk_free(t);
	map_free(&e->talks);
	entropy_stop(&e->entropy);
}

bool eaps_serve(struct eaps *e, struct ipc_channel *from)
{
	struct arena arena = { 0 };
	const char *wrong;
	enum err err = ipc_take(from, &arena, e, &wrong);

	arena_free(&arena);
	return !err;
}

static bool serve(void *ctx, struct ipc_channel *from)
{
	return eaps_serve(ctx, from);
}

void eaps_run(struct eaps *e)
{
	struct ipc_channel *const channels[] = { &e->guard, &e->ike };

	ipc_serve(channels, 2, serve, e);
}
