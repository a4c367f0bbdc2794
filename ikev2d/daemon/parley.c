/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to who leads EAP, and what becomes of the answers. */
#include "daemon/parley_state.h"

#include "daemon/accounts.h"
#include "daemon/clock.h"
#include "daemon/eaps.h"
#include "daemon/groups.h"
#include "daemon/lead.h"
#include "daemon/line.h"
#include "daemon/parley_methods.h"
#include "daemon/parley_tls.h"
#include "eap/eap.h"

#include <stdlib.h>

static const char unreachable[] = "the process that leads EAP does not answer";

static void parley_free(struct parley *p)
{
	if (p->answer)
		answer_free(p->answer);
	lead_free(p->lead);
	key_unref(p->key);
	if (p->delay)
		event_free(p->delay);
	peer_unref(p->peer);
	arena_free(&p->arena);
	free(p);
}

/* ----------------------------------------------------------------- identities */

struct bytes parley_name(const struct id *id, struct arena *arena)
{
	if (id->type == ID_FQDN || id->type == ID_RFC822_ADDR || id->type == ID_KEY_ID)
		return id->data;
	return bytes_str(id_print(id, arena));
}

const struct id *parley_own_id(const struct parley *p)
{
	return p->auth->eap_id.type == ID_ANY ? &p->local : &p->auth->eap_id;
}

bool parley_asks_identity(const struct parley *p)
{
	return p->authenticator && source_has(&p->auth->at, "eap_id");
}

/* -------------------------------------------------------------------- answers */

void parley_give(struct parley *p, enum err e, const char *what)
{
	struct answer *answer = p->answer;

	p->answer = NULL;
	answer->a.result = e;
	if (e && !answer->a.why.what)
		answer->a.why.what = what ? arena_str(&answer->arena, what) : NULL;
	engine_answer(p->world, answer);
}

void parley_tell(struct parley *p, const struct ipc_message *m)
{
	if (member_tell(&p->world->parleys->eaps, IPC_IKE, m) && p->answer)
		parley_give(p, ERR_BUSY, unreachable);
}

bool parley_has_users(const struct world *w)
{
	return w->config.file.settings.users_file;
}

void parley_explain(const struct parley *p, const char *what, struct arena *arena, struct why *why)
{
	const char *file = p->world->config.path, *user = id_print(&p->user, arena);

	why->what = what ? arena_str(arena, what) : NULL;
	if (p->refusal) {
		*why = why_copy(arena, p->refusal);
		return;
	}
	if (p->enrolled.line) {
		why->where = arena_printf(
			arena, "%s:%u", config_users_path(&p->world->config, arena), p->enrolled.line);
		return;
	}
	why->where = source_print(p->secret ? p->secret : &p->auth->at, p->secret ? "secret" : "auth", arena);
	if (p->secret || p->user.type == ID_ANY)
		return;
	why->what = arena_printf(arena, "there is no secret to prove by EAP who is %s", user);
	why->where = file ? file : "no configuration file is in use";
	why->instead = arena_printf(arena,
		"in the section secrets, eap-NAME { … } with these two, each on its line: id = %s, secret = "
		"\"…\"%s",
		user, parley_has_users(p->world) ? "; or a line in daemon.users_file" : "");
}

/* What it says of the user's password. */
static void judge_guess(struct parley *p, const struct ipc_eap_turn *t)
{
	struct parleys *ps = p->world->parleys;
	struct arena arena = { 0 };
	struct text line = text_in(&arena);
	uint64_t now = clock_ms();
	unsigned wrong, wait;

	if (!p->guesses)
		return;
	p->guesses = false;
	p->answer->a.eap.wrong = !t->over && t->what;
	p->answer->a.eap.delayed = p->delayed;
	if (t->over)
		guesses_right(&ps->guesses, &p->user);
	if (t->over || !t->what)
		return;
	wrong = guesses_wrong(&ps->guesses, &p->user, &p->from, now);
	wait = guesses_wait(&ps->guesses, &p->user, &p->from, now);
	if (wait && line_pass(&ps->lines, now)) {
		char from[IP_TEXT];

		line_add(&line, "connection", p->peer->name);
		line_add(&line, "user", id_print(&p->user, &arena));
		line_add(&line, "from", ip_print(&p->from, from));
		line_number(&line, "wrong", wrong);
		line_add(&line, "msg",
			arena_printf(&arena, "wrong passwords: the next is judged after %u ms", wait));
		log_say(LOG_WARN, "guessing", "%s", text_str(&line));
	}
	arena_free(&arena);
}

static void fill(struct parley *p, const struct ipc_eap_turn *t)
{
	struct ike_answer *a = &p->answer->a;
	struct arena *arena = &p->answer->arena;
	const char *method = eap_type_name(t->method);

	a->eap.packet = arena_bytes(arena, t->packet);
	if (t->what)
		parley_explain(p, t->what, arena, &a->why);
	if (!t->over)
		return;
	a->eap.over = true;
	a->eap.mutual = eap_type_mutual(t->method);
	a->eap.method = method ? arena_str(arena, method) : NULL;
	a->eap.id = id_of_octets(t->name, arena);
	a->shared = arena_bytes(arena, t->key);
}

struct enquiry *parley_enquiry(const struct parley *p)
{
	struct enquiry *q = calloc(1, sizeof *q);

	if (!q)
		abort();
	*q = (struct enquiry){ .parleys = p->world->parleys, .number = p->number };
	list_append(&q->parleys->asked, &q->node);
	return q;
}

struct parley *parley_enquired(struct enquiry *q)
{
	struct parley *p = q->parleys ? map_get(&q->parleys->open, q->number) : NULL;

	list_remove(&q->node);
	free(q);
	return p && p->answer ? p : NULL;
}

void parley_ask_user(struct parley *p, bool secret, vault_user_told *done)
{
	vault_user(p->world->vault, p->name, secret, done, parley_enquiry(p));
}

struct parley *parley_take_user(struct enquiry *q, const struct ipc_user *u)
{
	struct parley *p = parley_enquired(q);

	if (!p)
		return NULL;
	p->enrolled = (struct enrolled){ .asked = true };
	if (!u)
		return p;
	p->enrolled.line = u->line;
	p->enrolled.groups = ipc_octets_copy(&u->groups, &p->arena);
	p->enrolled.grant = (struct lease_grant){ .by_file = true, .ip = u->ip, .ip6 = u->ip6 };
	return p;
}

/* The key of a client's certificate is right: certs judges whether the certificate is what the connection
 * demands, and whether it was revoked. */
static void let_judge(struct parley *p)
{
	struct answer *answer = p->answer;

	p->answer = NULL;
	trust_check_shown(p->world, p->peer, p->auth, &p->shown, answer);
}

/* It has succeeded, as who is known. */
static void let_in(struct parley *p)
{
	p->answer->a.eap.groups = groups_enrolled(&p->enrolled.groups, &p->answer->arena);
	if (p->enrolled.grant.ip.v || p->enrolled.grant.ip6.v)
		accounts_enrolled(p->world, p->number, &p->enrolled.grant);
	if (p->shown.n)
		let_judge(p);
	else
		parley_give(p, ERR_OK, NULL);
}

static void on_enrolled(void *ctx, const struct ipc_user *u)
{
	struct parley *p = parley_take_user(ctx, u);

	if (p && u)
		let_in(p);
	else if (p)
		parley_give(p, ERR_BUSY, "the process that keeps secrets does not answer");
}

/* It has succeeded: what the users file says of it is known where it had the secret, or is asked for. */
static void succeed_here(struct parley *p, const struct ipc_eap_turn *t)
{
	p->shown = ipc_octets_copy(&t->shown, &p->arena);
	if (!p->authenticator || !parley_has_users(p->world) ||
		(p->enrolled.asked && bytes_eq(p->name, t->name))) {
		let_in(p);
		return;
	}
	p->name = arena_bytes(&p->arena, t->name);
	parley_ask_user(p, false, on_enrolled);
}

/* One that nobody goes on with may just have been answered. */
bool parley_take_turn(void *ctx, const struct ipc_message *m)
{
	struct parley *p = map_get(&((struct parleys *)member_ctx(ctx))->open, m->eap_turn.conversation);

	if (!p || !p->answer || p->ticket != m->ticket)
		return true;
	fill(p, &m->eap_turn);
	judge_guess(p, &m->eap_turn);
	if (m->eap_turn.over)
		succeed_here(p, &m->eap_turn);
	else
		parley_give(p, m->eap_turn.failed ? ERR_AUTH : ERR_OK, NULL);
	return true;
}

/* --------------------------------------------------------------------- asking */

static void serve(void *ctx, struct ipc_channel *far)
{
	struct parleys *ps = ctx;
	bool guards = far->peer == IPC_GUARD;

	*(guards ? &ps->inside->guard : &ps->inside->ike) = *far;
	(void)eaps_serve(ps->inside, far);
}

/* What it knew of conversations it took with it. */
static void again(void *ctx)
{
	struct parleys *ps = ctx;
	struct parley *p;
	size_t at = 0;

	while ((p = map_next(&ps->open, &at)))
		p->lost = true;
	event_active(ps->world->parleys_lost, 0, 0);
}

/* Who notices that it was lost may be in the middle of something: the core hears of it later. */
static void on_lost(evutil_socket_t fd, short what, void *ctx)
{
	struct parleys *ps = ((struct world *)ctx)->parleys;
	struct parley *p;
	size_t at = 0;

	(void)fd;
	(void)what;
	while ((p = map_next(&ps->open, &at)))
		if (p->lost && p->answer) {
			parley_give(p, ERR_BUSY, unreachable);
			at = 0;
		}
}

static bool run(struct parleys *ps)
{
	const struct options *o = ps->world->options;
	struct family_spec spec = { .process = IPC_EAPS,
		.near = { IPC_GUARD, IPC_IKE },
		.root = -1,
		.folder = ps->folder,
		.one = o->one,
		.foreground = o->foreground,
		.ctx = ps,
		.serve = serve,
		.again = again };
	struct arena arena = { 0 };
	struct text why = text_in(&arena);

	if (ps->runs)
		return true;
	rng_fill(&ps->world->entropy.rng, &ps->guesses.hash, sizeof ps->guesses.hash);
	if (o->one && !ps->inside) {
		ps->inside = calloc(1, sizeof *ps->inside);
		if (!ps->inside)
			abort();
		eaps_start(ps->inside);
	}
	ps->runs = !member_start(&ps->eaps, ps->world->base, &spec, &why);
	if (!ps->runs)
		line_say(LOG_ERROR, "family", text_str(&why));
	arena_free(&arena);
	return ps->runs;
}

static struct parley *begin(struct world *w, const struct ike_question *q)
{
	struct parley *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	p->world = w;
	p->number = q->eap.conversation;
	p->peer = peer_ref(q->peer);
	p->auth = q->auth;
	p->local = id_copy(&p->arena, &q->local);
	p->remote = id_copy(&p->arena, &q->remote);
	p->authenticator = q->eap.authenticator;
	p->from = q->hosts.remote;
	map_put(&w->parleys->open, p->number, p);
	return p;
}

/* What Q's conversation is about, from the arena of P's answer. */
static enum err introduce(struct parley *p, const struct ike_question *q, struct ipc_eap *m)
{
	struct arena *arena = &p->answer->arena;
	struct parley_tls tls;
	enum err e;

	m->begins = true;
	m->authenticator = p->authenticator;
	m->ask_identity = parley_asks_identity(p);
	m->methods = parley_methods(p->auth, q->eap.alone, arena_alloc(arena, EAP_MAX_METHODS));
	m->identity = parley_name(p->authenticator ? &p->remote : parley_own_id(p), arena);
	e = parley_tls(&p->world->config.creds, q, m->methods, parley_own_id(p), clock_wall(), arena, &tls,
		&p->answer->a.why);
	if (e)
		return e;
	m->chain = tls.chain;
	m->authorities = tls.authorities;
	m->server = tls.server;
	p->key = tls.key ? key_ref(tls.key) : NULL;
	return ERR_OK;
}

bool parley_waits(const struct world *w, uint32_t conversation)
{
	const struct parley *p = map_get(&w->parleys->open, conversation);

	return p && p->answer;
}

void parley_ask(struct world *w, const struct ike_question *q, struct answer *answer)
{
	struct parleys *ps = w->parleys;
	struct parley *p = map_get(&ps->open, q->eap.conversation);
	struct ipc_message m = { .kind = IPC_EAP,
		.eap = { .conversation = q->eap.conversation, .packet = q->eap.packet } };
	bool begins = !p;
	enum err e;

	if (begins)
		p = begin(w, q);
	p->answer = answer;
	p->ticket = ++ps->last;
	if (parley_by_radius(p->auth)) {
		parley_lead(p, q);
		return;
	}
	if (p->lost || !run(ps)) {
		parley_give(p, ERR_UNSUPPORTED, unreachable);
		return;
	}
	e = begins ? introduce(p, q, &m.eap) : ERR_OK;
	if (e) {
		parley_give(p, e, NULL);
		return;
	}
	m.ticket = p->ticket;
	parley_tell(p, &m);
}

unsigned parleys_guessing(const struct world *w)
{
	return guesses_waiting(&w->parleys->guesses, clock_ms());
}

void parley_end(struct world *w, uint32_t conversation)
{
	struct parleys *ps = w->parleys;
	struct parley *p = map_take(&ps->open, conversation);

	if (!p)
		return;
	parley_free(p);
	if (ps->runs)
		(void)!member_tell(&ps->eaps, IPC_IKE,
			&(struct ipc_message){ .kind = IPC_EAP_END, .eap_end = { conversation } });
}

/* ----------------------------------------------------------------------- life */

void parleys_start(struct world *w, const char *folder)
{
	struct parleys *ps = w->parleys = calloc(1, sizeof *ps);

	w->parleys_lost = evtimer_new(w->base, on_lost, w);
	if (!ps || !w->parleys_lost)
		abort();
	ps->world = w;
	ps->folder = folder;
	list_init(&ps->asked);
}

/* Who was asked has it still, and frees it with his answer. */
static void leave(struct enquiry *q)
{
	list_remove(&q->node);
	q->parleys = NULL;
}

void parleys_stop(struct world *w)
{
	struct parleys *ps = w->parleys;
	struct parley *p;
	size_t at = 0;

	while ((p = map_next(&ps->open, &at)))
		parley_free(p);
	map_free(&ps->open);
	list_each_safe (n, &ps->asked)
		leave(node_owner(n, struct enquiry, node));
	if (ps->runs)
		member_stop(&ps->eaps);
	if (ps->inside) {
		eaps_stop(ps->inside);
		free(ps->inside);
	}
	event_free(w->parleys_lost);
	free(ps);
	w->parleys = NULL;
}
