/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to who leads EAP, and what becomes of the answers. */
#include "daemon/parley.h"

#include "daemon/accounts.h"
#include "daemon/clock.h"
#include "daemon/eaps.h"
#include "daemon/family.h"
#include "daemon/groups.h"
#include "daemon/guesses.h"
#include "daemon/lead.h"
#include "daemon/line.h"
#include "daemon/parley_methods.h"
#include "daemon/parley_tls.h"
#include "daemon/secrets.h"
#include "eap/eap.h"
#include "pki/sign.h"

#include <stdlib.h>

/* What the users file says of a user. */
struct enrolled {
	bool asked;    /* it was asked */
	unsigned line; /* where its secret is; 0: nowhere */
	struct ipc_octets groups;
	struct lease_grant grant;
};

/* A conversation. */
struct parley {
	struct world *world;
	struct arena arena;
	uint32_t number;
	const struct peer *peer; /* a reference, and */
	const struct auth_conf *auth;
	struct id local, remote;
	bool authenticator;
	bool guesses, delayed; /* the peer has given a password that is not judged yet; it has to wait */
	bool lost;             /* who led it has ended */
	struct lead *lead;     /* a RADIUS server leads it; NULL: another process does */
	uint8_t method;        /* that the server last spoke of, or 0 */
	struct answer *answer; /* the question at hand; NULL: none */
	uint64_t ticket;
	struct ip from;              /* where the peer is */
	struct event *delay;         /* its password waits, since too many were wrong; NULL: it never did */
	struct id user;              /* whose secret was wanted; ID_ANY: none was */
	struct bytes name;           /* the same, as EAP has it */
	const struct source *secret; /* where it is written; NULL: not in the configuration */
	struct enrolled enrolled;    /* in the users file */
	const struct why *refusal;   /* of the server's certificate; NULL: none */
	struct ipc_octets shown;     /* certificates of who has succeeded, until they are judged */
	struct key *key;             /* of our certificate in TLS; NULL: we show none */
};

struct parleys {
	struct world *world;
	const char *folder;
	struct member eaps;
	bool runs;
	struct eaps *inside; /* with --one */
	struct map open;     /* struct parley by their numbers */
	uint64_t last;       /* number given to a ticket */
	struct guesses guesses;
	struct gate lines; /* of the log, about these */
};

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

/* --------------------------------------------------------------- identities */

/* As EAP says it: the octets of a name, the text of anything else. */
static struct bytes name_of(const struct id *id, struct arena *arena)
{
	if (id->type == ID_FQDN || id->type == ID_RFC822_ADDR || id->type == ID_KEY_ID)
		return id->data;
	return bytes_str(id_print(id, arena));
}

/* Who we are to EAP. */
static const struct id *own_id(const struct parley *p)
{
	return p->auth->eap_id.type == ID_ANY ? &p->local : &p->auth->eap_id;
}

/* ------------------------------------------------------------------ answers */

static void give(struct parley *p, enum err e, const char *what)
{
	struct answer *answer = p->answer;

	p->answer = NULL;
	answer->a.result = e;
	if (e && !answer->a.why.what)
		answer->a.why.what = what ? arena_str(&answer->arena, what) : NULL;
	engine_answer(p->world, answer);
}

static bool has_users_file(const struct world *w)
{
	return w->config.file.settings.users_file;
}

/* What whoever reads our log is told and no peer: that there is no such user, or with which line its secret
 * differed; else which line says what EAP may do. */
static void explain(const struct parley *p, const char *what, struct arena *arena, struct why *why)
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
		user, has_users_file(p->world) ? "; or a line in daemon.users_file" : "");
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
		explain(p, t->what, arena, &a->why);
	if (!t->over)
		return;
	a->eap.over = true;
	a->eap.mutual = eap_type_mutual(t->method);
	a->eap.method = method ? arena_str(arena, method) : NULL;
	a->eap.id = id_of_octets(t->name, arena);
	a->shared = arena_bytes(arena, t->key);
}

/* A question to others about a conversation, which may end before. */
struct enquiry {
	struct parleys *parleys;
	uint32_t number;
};

static void enquire(struct parley *p, bool secret, vault_user_told *done)
{
	struct enquiry *q = calloc(1, sizeof *q);

	if (!q)
		abort();
	*q = (struct enquiry){ p->world->parleys, p->number };
	vault_user(p->world->vault, p->name, secret, done, q);
}

/* Who asked, if it still waits. */
static struct parley *enquired(void *ctx, const struct ipc_user *u)
{
	struct enquiry *q = ctx;
	struct parley *p = map_get(&q->parleys->open, q->number);

	free(q);
	if (!p || !p->answer)
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
		give(p, ERR_OK, NULL);
}

static void on_enrolled(void *ctx, const struct ipc_user *u)
{
	struct parley *p = enquired(ctx, u);

	if (p && u)
		let_in(p);
	else if (p)
		give(p, ERR_BUSY, "the process that keeps secrets does not answer");
}

/* It has succeeded: what the users file says of it is known where it had the secret, or is asked for. */
static void succeed_here(struct parley *p, const struct ipc_eap_turn *t)
{
	p->shown = ipc_octets_copy(&t->shown, &p->arena);
	if (!p->authenticator || !has_users_file(p->world) ||
		(p->enrolled.asked && bytes_eq(p->name, t->name))) {
		let_in(p);
		return;
	}
	p->name = arena_bytes(&p->arena, t->name);
	enquire(p, false, on_enrolled);
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
		give(p, m->eap_turn.failed ? ERR_AUTH : ERR_OK, NULL);
	return true;
}

/* ------------------------------------------------------------------ secrets */

/* A secret on its way to a conversation, which may end before. */
struct telling {
	struct parleys *parleys;
	uint32_t number;
	uint8_t kind; /* enum ipc_eap_kind */
};

static void tell(struct parleys *ps, uint32_t number, uint8_t kind, struct bytes secret)
{
	struct parley *p = map_get(&ps->open, number);
	const struct ipc_message m = { .kind = IPC_EAP_SECRET,
		.ticket = ++ps->last,
		.eap_secret = { number, secret.n ? kind : IPC_EAP_NOBODY, secret } };

	if (p && p->answer && member_tell(&ps->eaps, IPC_IKE, &m) && p->answer)
		give(p, ERR_BUSY, unreachable);
}

static void on_told(void *ctx, struct bytes secret)
{
	struct telling *t = ctx;

	tell(t->parleys, t->number, t->kind, t->kind == IPC_EAP_NOBODY ? (struct bytes){ 0 } : secret);
	free(t);
}

static void fetch(struct parley *p, const struct secret *s, const struct id *user, uint8_t kind)
{
	struct telling *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	*t = (struct telling){ p->world->parleys, p->number, kind };
	vault_tell(p->world->vault, s, user, on_told, t);
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
		tell(p->world->parleys, p->number, IPC_EAP_NOBODY, (struct bytes){ 0 });
}

static void use_secret(struct parley *p, const struct secret *s)
{
	p->secret = s ? &s->at : NULL;
	if (s)
		fetch(p, s, &p->user, s->kind == SECRET_NTLM ? IPC_EAP_NT_HASH : IPC_EAP_PASSWORD);
	else if (p->authenticator)
		fetch_for_nobody(p);
	else {
		explain(p, NULL, &p->answer->arena, &p->answer->a.why);
		give(p, ERR_MISSING, NULL);
	}
}

/* Of somebody who is not in the file the configuration may have one that is anybody's. */
static void on_user(void *ctx, const struct ipc_user *u)
{
	struct parley *p = enquired(ctx, u);
	const struct secret *s;

	if (!p)
		return;
	s = secrets_eap(config_now(&p->world->config), &p->user);
	if (u && (!s || p->enrolled.line))
		tell(p->world->parleys, p->number, u->secret.kind, u->secret.value);
	else
		use_secret(p, s);
}

/* Of one whom the configuration names, as of any other, one question to keeper is asked. */
static void find_secret(struct parley *p)
{
	const struct secret *s = secrets_eap(config_now(&p->world->config), &p->user);

	if (p->authenticator && has_users_file(p->world) && !(s && secrets_eap_names(s, &p->user)))
		enquire(p, true, on_user);
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
	p->user = p->authenticator ? id_of_octets(m->eap_asks.name, &p->arena) : *own_id(p);
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

/* --------------------------------------------------------------- signatures */

static void tell_signed(struct parleys *ps, uint32_t number, struct bytes signature)
{
	struct parley *p = map_get(&ps->open, number);
	const struct ipc_message m = { .kind = IPC_EAP_SIGNED,
		.ticket = ++ps->last,
		.eap_signs = { .conversation = number, .octets = signature } };

	if (p && p->answer && member_tell(&ps->eaps, IPC_IKE, &m) && p->answer)
		give(p, ERR_BUSY, unreachable);
}

static void on_signed(void *ctx, struct bytes signature)
{
	struct telling *t = ctx;

	tell_signed(t->parleys, t->number, signature);
	free(t);
}

/* A key of a token signs here: it is not ours to keep. */
static void sign_here(struct parley *p, const struct scheme *s, struct bytes octets)
{
	struct arena arena = { 0 };
	struct bytes signature = { 0 };
	struct why why = { 0 };

	if (p->key->type == s->key && sign_bare(p->key, s, octets, &arena, &signature, &why)) {
		line_say(LOG_ERROR, "eap", why.what);
		signature = (struct bytes){ 0 };
	}
	tell_signed(p->world->parleys, p->number, signature);
	arena_free(&arena);
}

bool parley_take_signs(void *ctx, const struct ipc_message *m)
{
	struct parleys *ps = member_ctx(ctx);
	struct parley *p = map_get(&ps->open, m->eap_signs.conversation);
	const struct scheme *s = &schemes[m->eap_signs.scheme];
	struct telling *t;

	if (!p || !p->answer)
		return true;
	if (!p->key)
		return false;
	if (!p->key->kept) {
		sign_here(p, s, m->eap_signs.octets);
		return true;
	}
	t = calloc(1, sizeof *t);
	if (!t)
		abort();
	*t = (struct telling){ .parleys = ps, .number = p->number };
	vault_sign_tls(ps->world->vault, p->key, s, m->eap_signs.octets, on_signed, t);
	return true;
}

/* -------------------------------------------------------- the server's word */

static void tell_judged(struct parley *p, bool good)
{
	struct parleys *ps = p->world->parleys;
	const struct ipc_message m = {
		.kind = IPC_EAP_JUDGED, .ticket = ++ps->last, .eap_judged = { p->number, good }
	};

	if (member_tell(&ps->eaps, IPC_IKE, &m) && p->answer)
		give(p, ERR_BUSY, unreachable);
}

static void on_judged(void *ctx, const struct why *refusal)
{
	struct enquiry *q = ctx;
	struct parley *p = map_get(&q->parleys->open, q->number);
	struct why *kept;

	free(q);
	if (!p || !p->answer)
		return;
	if (refusal) {
		kept = ARENA_NEW(&p->arena, struct why);
		*kept = why_copy(&p->arena, refusal);
		p->refusal = kept;
	}
	tell_judged(p, !refusal);
}

/* Before anything of ours goes to it. */
bool parley_take_shows(void *ctx, const struct ipc_message *m)
{
	struct parleys *ps = member_ctx(ctx);
	struct parley *p = map_get(&ps->open, m->eap_shows.conversation);
	struct enquiry *q;

	if (!p || !p->answer)
		return true;
	if (p->authenticator)
		return false;
	q = calloc(1, sizeof *q);
	if (!q)
		abort();
	*q = (struct enquiry){ ps, p->number };
	trust_check_server(ps->world, p->peer, p->auth, &m->eap_shows.certs, on_judged, q);
	return true;
}

/* ------------------------------------------------------------------- asking */

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
			give(p, ERR_BUSY, unreachable);
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

/* ------------------------------------------------------------------- RADIUS */

static bool asks_identity(const struct parley *p)
{
	return p->authenticator && source_has(&p->auth->at, "eap_id");
}

static struct lead *lead_begin(struct parley *p, const struct path *path)
{
	struct arena arena = { 0 };
	const struct radius_conf *c = &config_now(&p->world->config)->settings.radius;
	const struct lead_about about = { .identity = name_of(&p->remote, &arena),
		.ask = asks_identity(p),
		.session = { .connection = bytes_str(p->peer->name),
			.id = bytes_str(c->accounting ? accounts_id(p->world, p->number, &arena) : ""),
			.port = p->number,
			.local = path->local,
			.remote = path->remote,
			.ports = c->station_id_with_port } };
	struct lead *l = lead_new(p->world, &about);

	arena_free(&arena);
	return l;
}

/* What the server has proved of the peer; as what it knows it, or as what the peer was asked for. */
static void succeed(struct parley *p, const struct ipc_relayed *r)
{
	struct ike_answer *a = &p->answer->a;
	struct arena *arena = &p->answer->arena;
	struct bytes user = r->user.n ? r->user : lead_name(p->lead);

	a->eap.over = true;
	a->eap.mutual = eap_type_mutual(p->method) && r->msk.n;
	a->eap.method = "radius";
	a->eap.id = id_of_octets(user, arena);
	a->eap.groups = groups_relayed(&config_now(&p->world->config)->settings.radius, r, arena);
	a->shared = arena_bytes(arena, r->msk);
	a->valid = r->session_timeout;
	a->idle = r->idle_timeout;
	accounts_let_in(p->world, p->number, user, r);
}

/* The method of a request in PACKET; 0: it is none, or of none. */
static uint8_t method_in(struct bytes packet)
{
	enum { REQUEST = 1, TYPE_AT = 4 };

	return packet.n > TYPE_AT && packet.p[0] == REQUEST && packet.p[TYPE_AT] > EAP_NAK ? packet.p[TYPE_AT]
											   : 0;
}

static void on_lead(void *ctx, const struct ipc_relayed *r)
{
	struct parley *p = ctx;
	struct ike_answer *a = &p->answer->a;
	struct arena *arena = &p->answer->arena;

	a->eap.packet = arena_bytes(arena, r->packet);
	if (method_in(r->packet))
		p->method = method_in(r->packet);
	if (r->what == RADIUS_SUCCEEDED) {
		succeed(p, r);
	} else if (r->what == RADIUS_FAILED) {
		a->why.what = r->why ? arena_str(arena, r->why) : NULL;
		a->why.where = source_print(&p->auth->at, "auth", arena);
	}
	give(p, r->what == RADIUS_FAILED ? ERR_AUTH : ERR_OK, NULL);
}

/* What Q's conversation is about, from the arena of P's answer. */
static enum err introduce(struct parley *p, const struct ike_question *q, struct ipc_eap *m)
{
	struct arena *arena = &p->answer->arena;
	struct parley_tls tls;
	enum err e;

	m->begins = true;
	m->authenticator = p->authenticator;
	m->ask_identity = asks_identity(p);
	m->methods = parley_methods(p->auth, q->eap.alone, arena_alloc(arena, EAP_MAX_METHODS));
	m->identity = name_of(p->authenticator ? &p->remote : own_id(p), arena);
	e = parley_tls(&p->world->config.creds, q, m->methods, own_id(p), clock_wall(), arena, &tls,
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
		if (begins)
			p->lead = lead_begin(p, &q->eap.path);
		lead_take(p->lead, q->eap.packet, on_lead, p);
		return;
	}
	if (p->lost || !run(ps)) {
		give(p, ERR_UNSUPPORTED, unreachable);
		return;
	}
	e = begins ? introduce(p, q, &m.eap) : ERR_OK;
	if (e) {
		give(p, e, NULL);
		return;
	}
	m.ticket = p->ticket;
	if (member_tell(&ps->eaps, IPC_IKE, &m) && p->answer)
		give(p, ERR_BUSY, unreachable);
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

/* --------------------------------------------------------------------- life */

void parleys_start(struct world *w, const char *folder)
{
	struct parleys *ps = w->parleys = calloc(1, sizeof *ps);

	w->parleys_lost = evtimer_new(w->base, on_lost, w);
	if (!ps || !w->parleys_lost)
		abort();
	ps->world = w;
	ps->folder = folder;
}

void parleys_stop(struct world *w)
{
	struct parleys *ps = w->parleys;
	struct parley *p;
	size_t at = 0;

	while ((p = map_next(&ps->open, &at)))
		parley_free(p);
	map_free(&ps->open);
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
