/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What who leads EAP asks in the middle of a conversation: whose secret, a signature, whether a server's
 * certificate is right. */
#include "daemon/parley_state.h"

#include "daemon/clock.h"
#include "daemon/line.h"
#include "daemon/secrets.h"
#include "pki/sign.h"

#include <stdlib.h>

/* -------------------------------------------------------------------- secrets */

static void tell(struct parley *p, uint8_t kind, struct bytes secret)
{
	parley_tell(p, &(struct ipc_message){ .kind = IPC_EAP_SECRET,
			       .ticket = ++p->world->parleys->last,
			       .eap_secret = { p->number, secret.n ? kind : IPC_EAP_NOBODY, secret } });
}

static void on_told(void *ctx, struct bytes secret)
{
	uint8_t kind = ((struct enquiry *)ctx)->kind;
	struct parley *p = parley_enquired(ctx);

	if (p)
		tell(p, kind, kind == IPC_EAP_NOBODY ? (struct bytes){ 0 } : secret);
}

static void fetch(struct parley *p, const struct secret *s, const struct id *user, uint8_t kind)
{
	struct enquiry *q = parley_enquiry(p);

	q->kind = kind;
	vault_tell(p->world->vault, s, user, on_told, q);
}

static const struct secret *any_secret(const struct conf *c)
{
	for (unsigned i = 0; i < c->n_secrets; i++)
		if (c->secrets[i].n_owners && secrets_is_eap(&c->secrets[i], &c->secrets[i].owners[0]))
			return &c->secrets[i];
	return NULL;
}

/* Who has no secret is asked for one all the same, so that it takes the same time: another one's is fetched,
 * and not used. */
static void fetch_for_nobody(struct parley *p)
{
	const struct secret *other = any_secret(config_now(&p->world->config));

	if (other)
		fetch(p, other, &other->owners[0], IPC_EAP_NOBODY);
	else
		tell(p, IPC_EAP_NOBODY, (struct bytes){ 0 });
}

static void use_secret(struct parley *p, const struct secret *s)
{
	p->secret = s ? &s->at : NULL;
	if (s)
		fetch(p, s, &p->user, s->kind == SECRET_NTLM ? IPC_EAP_NT_HASH : IPC_EAP_PASSWORD);
	else if (p->authenticator)
		fetch_for_nobody(p);
	else {
		parley_explain(p, NULL, &p->answer->arena, &p->answer->a.why);
		parley_give(p, ERR_MISSING, NULL);
	}
}

/* Of somebody who is not in the file the configuration may have one that is anybody's. */
static void on_user(void *ctx, const struct ipc_user *u)
{
	struct parley *p = parley_take_user(ctx, u);
	const struct secret *s;

	if (!p)
		return;
	s = secrets_eap(config_now(&p->world->config), &p->user);
	if (u && (!s || p->enrolled.line))
		tell(p, u->secret.kind, u->secret.value);
	else
		use_secret(p, s);
}

/* Of one whom the configuration names, as of any other, one question to keeper is asked. */
static void find_secret(struct parley *p)
{
	const struct secret *s = secrets_eap(config_now(&p->world->config), &p->user);

	if (p->authenticator && parley_has_users(p->world) && !(s && secrets_eap_names(s, &p->user)))
		parley_ask_user(p, true, on_user);
	else
		use_secret(p, s);
}

static void on_delay(evutil_socket_t fd, short what, void *ctx)
{
	struct parley *p = ctx;

	(void)fd;
	(void)what;
	if (p->answer)
		find_secret(p);
}

bool parley_take_asks(void *ctx, const struct ipc_message *m)
{
	struct parleys *ps = member_ctx(ctx);
	struct parley *p = map_get(&ps->open, m->eap_asks.conversation);
	struct timeval later;
	unsigned wait = 0;

	if (!p || !p->answer)
		return true;
	p->user = p->authenticator ? id_of_octets(m->eap_asks.name, &p->arena) : *parley_own_id(p);
	p->name = arena_bytes(&p->arena, m->eap_asks.name);
	p->enrolled = (struct enrolled){ 0 };
	p->guesses = p->authenticator;
	if (p->guesses)
		wait = guesses_wait(&ps->guesses, &p->user, &p->from, clock_ms());
	p->delayed = wait;
	if (!wait) {
		find_secret(p);
		return true;
	}
	if (!p->delay)
		p->delay = evtimer_new(ps->world->base, on_delay, p);
	if (!p->delay)
		abort();
	later = (struct timeval){ .tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000 };
	evtimer_add(p->delay, &later);
	return true;
}

/* ----------------------------------------------------------------- signatures */

static void on_signed(void *ctx, struct bytes signature)
{
	struct parley *p = parley_enquired(ctx);

	if (p)
		parley_tell(p, &(struct ipc_message){ .kind = IPC_EAP_SIGNED,
				       .ticket = ++p->world->parleys->last,
				       .eap_signs = { .conversation = p->number, .octets = signature } });
}

bool parley_take_signs(void *ctx, const struct ipc_message *m)
{
	struct parleys *ps = member_ctx(ctx);
	struct parley *p = map_get(&ps->open, m->eap_signs.conversation);
	const struct scheme *s = &schemes[m->eap_signs.scheme];

	if (!p || !p->answer)
		return true;
	if (!p->key)
		return false;
	vault_sign_tls(p->key, s, m->eap_signs.octets, on_signed, parley_enquiry(p));
	return true;
}

/* ---------------------------------------------------------- the server's word */

static void on_judged(void *ctx, const struct why *refusal)
{
	struct parley *p = parley_enquired(ctx);
	struct why *kept;

	if (!p)
		return;
	if (refusal) {
		kept = ARENA_NEW(&p->arena, struct why);
		*kept = why_copy(&p->arena, refusal);
		p->refusal = kept;
	}
	parley_tell(p, &(struct ipc_message){ .kind = IPC_EAP_JUDGED,
			       .ticket = ++p->world->parleys->last,
			       .eap_judged = { p->number, !refusal } });
}

/* Before anything of ours goes to it. */
bool parley_take_shows(void *ctx, const struct ipc_message *m)
{
	struct parleys *ps = member_ctx(ctx);
	struct parley *p = map_get(&ps->open, m->eap_shows.conversation);

	if (!p || !p->answer)
		return true;
	if (p->authenticator)
		return false;
	trust_check_server(ps->world, p->peer, p->auth, &m->eap_shows.certs, on_judged, parley_enquiry(p));
	return true;
}
