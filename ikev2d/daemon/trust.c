/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to certs, which are asked again when it was lost in between, and what becomes of the answers. */
#include "daemon/trust.h"

#include "daemon/accounts.h"
#include "daemon/certs.h"
#include "daemon/clock.h"
#include "daemon/copies.h"
#include "daemon/engine.h"
#include "daemon/line.h"
#include "daemon/rundir.h"
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	TRIES_MAX = 3,
	TO_KEEPER = 0,    /* of what it is handed: its end of the channel to keeper */
	SILENCE_TIME = 2, /* s without any answer: then it is asked what it must answer at once */
};

/* A question, and who has asked it. */
struct query {
	struct node node;
	struct ipc_message message;
	struct arena arena; /* of its texts */
	bool flying;
	unsigned tries;
	struct answer *answer;        /* IPC_JUDGE, IPC_SHOWN, IPC_STAPLE */
	const struct peer *peer;      /* a reference: IPC_JUDGE, IPC_SHOWN, IPC_AGAIN; */
	const struct auth_conf *auth; /* and what of it demands the proof */
	uint32_t sa;                  /* IPC_AGAIN */
	resolve_done *done;           /* IPC_RESOLVE */
	trust_probed *probed;         /* IPC_PORTAL */
	relay_done *relayed;          /* IPC_RELAY */
	trust_judged *judged;         /* IPC_SHOWN: instead of the answer */
	uint64_t session;             /* IPC_ACCOUNT */
	void *ctx;
};

static const char unreachable[] = "the process that judges certificates does not answer";

static void query_free(struct trust *t, struct query *q)
{
	t->flying -= q->flying;
	list_remove(&q->node);
	peer_unref(q->peer);
	arena_free(&q->arena);
	free(q);
}

/* ------------------------------------------------------------------ verdicts */

/* As struct ipc_line has them. */
static const char *const lines[IPC_LINES] = { "auth", "certs", "pubkeys", "id" };

static struct ike_certs certs_from(
	const struct ipc_octets *o, uint8_t encoding, const struct ike_certs *first, struct arena *arena)
{
	struct wire_cert *v = ARENA_ARRAY(arena, first->n + o->n, struct wire_cert);

	for (unsigned i = 0; i < first->n; i++)
		v[i] = first->v[i];
	for (unsigned i = 0; i < o->n; i++)
		v[first->n + i] = (struct wire_cert){ encoding, arena_bytes(arena, o->v[i]) };
	return (struct ike_certs){ v, first->n + o->n };
}

static void give_verdict(struct trust *t, struct query *q, const struct ipc_verdict *v)
{
	struct ike_answer *a = &q->answer->a;
	struct arena *arena = &q->answer->arena;
	struct why why = v->why;

	a->result = v->result;
	if (v->result) {
		a->eap = (struct ike_eap_answer){ 0 };
		a->shared = (struct bytes){ 0 };
		why.where = source_print(&q->auth->at, lines[v->line], arena);
		if (!why.what)
			why.what = err_name(v->result);
		a->why = why_copy(arena, &why);
	} else {
		a->valid = v->valid;
		a->certs = certs_from(&v->certs, CERT_X509_SIGNATURE, &(struct ike_certs){ 0 }, arena);
	}
	engine_answer(t->world, q->answer);
}

static void give_judged(struct query *q, const struct ipc_verdict *v)
{
	struct why why = v->why;

	why.where = source_print(&q->auth->at, lines[v->line], &q->arena);
	if (!why.what)
		why.what = err_name(v->result);
	q->judged(q->ctx, v->result ? &why : NULL);
}

/* The peer of an IKE_SA is one no more. */
static void withdraw(struct world *w, const struct query *q, const struct ipc_verdict *v)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);
	struct why why = v->why;

	why.where = source_print(&q->peer->at, "cert_revoked", &arena);
	line_add(&line, "connection", q->peer->name);
	line_number(&line, "sa", q->sa);
	line_why(&line, &why);
	log_say(LOG_WARN, "revoked", "%s", text_str(&line));
	failures_note(&w->failures, q->peer->name,
		&(struct failure_record){ .why = why, .by_peer = true, .last = clock_ms() });
	engine_feed(w, &(struct ike_event){
			       .kind = EVENT_COMMAND, .command = { .kind = COMMAND_DOWN, .ike_id = q->sa } });
	arena_free(&arena);
}

static void give_stapled(struct trust *t, struct query *q, const struct ipc_octets *ocsps)
{
	struct answer *answer = q->answer;

	answer->a.certs = certs_from(ocsps, CERT_OCSP, &answer->a.certs, &answer->arena);
	engine_answer(t->world, answer);
}

static void give_any(struct trust *t, struct query *q, const struct ipc_verdict *v)
{
	if (q->judged)
		give_judged(q, v);
	else
		give_verdict(t, q, v);
}

/* Nobody has answered. */
static void give_up(struct trust *t, struct query *q, const char *what)
{
	switch (q->message.kind) {
	case IPC_JUDGE:
	case IPC_SHOWN: give_any(t, q, &(struct ipc_verdict){ .result = ERR_BUSY, .why.what = what }); break;
	case IPC_STAPLE: engine_answer(t->world, q->answer); break;
	case IPC_RESOLVE: q->done(q->ctx, NULL, what); break;
	case IPC_PORTAL: q->probed(q->ctx, NULL); break;
	case IPC_RELAY:
		q->relayed(q->ctx, &(struct ipc_relayed){ .what = RADIUS_FAILED, .why = what });
		break;
	case IPC_ACCOUNT: accounts_done(t->world, q->session, false); break;
	default: recheck_go_on(t->world); break;
	}
	query_free(t, q);
}

static void give(struct trust *t, struct query *q, const struct ipc_message *m)
{
	switch (q->message.kind) {
	case IPC_JUDGE:
	case IPC_SHOWN: give_any(t, q, &m->verdict); break;
	case IPC_STAPLE: give_stapled(t, q, &m->staple.certs); break;
	case IPC_RESOLVE: q->done(q->ctx, m->resolve.ip.v ? &m->resolve.ip : NULL, m->resolve.what); break;
	case IPC_PORTAL: q->probed(q->ctx, m->portal.instead); break;
	case IPC_RELAY: q->relayed(q->ctx, &m->relayed); break;
	case IPC_ACCOUNT: accounts_done(t->world, q->session, m->accounted.acknowledged); break;
	default:
		if (m->verdict.result && m->verdict.revoked)
			withdraw(t->world, q, &m->verdict);
		recheck_go_on(t->world);
		break;
	}
	query_free(t, q);
}

/* ------------------------------------------------------------------- asking */

static void be_patient(struct trust *t)
{
	if (t->flying)
		evtimer_add(t->late, &(struct timeval){ .tv_sec = SILENCE_TIME });
	else
		evtimer_del(t->late);
}

static struct query *next_waiting(struct trust *t)
{
	list_each (n, &t->asked)
		if (!node_owner(n, struct query, node)->flying)
			return node_owner(n, struct query, node);
	return NULL;
}

/* Where there is no room, answers will come, and then there is; where certs is lost on the way, the next one
 * is asked (again). */
static void fly(struct trust *t)
{
	struct query *q;
	enum err e = ERR_OK;

	if (!list_empty(&t->asked))
		member_wake(&t->certs);
	while (!e && (q = next_waiting(t))) {
		e = copies_send(t);
		if (!e)
			e = q->tries < TRIES_MAX ? member_tell(&t->certs, IPC_IKE, &q->message) : ERR_RANGE;
		if (!e) {
			q->tries++;
			q->flying = true;
			if (!t->flying++)
				be_patient(t);
		} else if (e == ERR_RANGE) {
			give_up(t, q, q->tries ? unreachable : "there is more to be looked at than fits");
			e = ERR_OK;
		}
	}
}

/* Whether the one before has left it a channel to keeper that is none: then there is a new one, for one more
 * certs. */
static bool has_no_keeper(struct trust *t)
{
	struct vault *v = t->world->vault;

	if (!v || t->inside || !vault_clean_radius(v))
		return false;
	t->certs.spec.fds[TO_KEEPER] = vault_radius(v);
	member_replace(&t->certs, "the one before it has broken its channel to keeper");
	return true;
}

/* Who notices that certs was lost may be in the middle of something: others hear of it later. */
static void again(void *ctx)
{
	struct trust *t = ctx;

	if (has_no_keeper(t))
		return;
	list_each (n, &t->asked)
		node_owner(n, struct query, node)->flying = false;
	t->flying = 0;
	t->unknown = true;
	t->probe = 0;
	evtimer_del(t->late);
	event_active(t->soon, 0, 0);
}

static void on_soon(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)!copies_send(ctx);
	fly(ctx);
}

/* It may have to wait for servers; that it lives it can say. */
static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	struct trust *t = ctx;
	struct ipc_message m = { .kind = IPC_LIST, .list.at = UINT32_MAX };
	bool silent = t->probe;

	(void)fd;
	(void)what;
	m.ticket = t->probe = ++t->last;
	if (silent || member_tell(&t->certs, IPC_GUARD, &m) == ERR_BUSY)
		member_replace(&t->certs, "it did not answer");
	else
		be_patient(t);
}

static void missing(void *ctx, const char *why)
{
	struct trust *t = ctx;

	snprintf(t->missed, sizeof t->missed, "there is no process that judges certificates: %s", why);
	event_active(t->missing, 0, 0);
}

/* What is asked meanwhile, since this was answered, waits for the next try to start it. */
static void on_missing(evutil_socket_t fd, short what, void *ctx)
{
	struct trust *t = ctx;
	const uint64_t last = t->last;
	struct arena arena = { 0 };
	unsigned n = 0;
	struct query *q;

	(void)fd;
	(void)what;
	for (; (q = next_waiting(t)) && q->message.ticket <= last; n++)
		give_up(t, q, t->missed);
	if (n)
		line_say(LOG_ERROR, "certs",
			arena_printf(&arena, "%u questions had to be answered without it: %s", n, t->missed));
	arena_free(&arena);
}

static struct query *query_new(struct trust *t, enum ipc_kind kind)
{
	struct query *q = calloc(1, sizeof *q);

	if (!q)
		abort();
	q->message.kind = kind;
	q->message.ticket = ++t->last;
	list_append(&t->asked, &q->node);
	return q;
}

static enum ipc_kind answer_to(enum ipc_kind kind)
{
	switch (kind) {
	case IPC_STAPLE: return IPC_STAPLED;
	case IPC_RESOLVE: return IPC_RESOLVED;
	case IPC_PORTAL: return IPC_PORTAL_SEEN;
	case IPC_RELAY: return IPC_RELAYED;
	case IPC_ACCOUNT: return IPC_ACCOUNTED;
	default: return IPC_VERDICT;
	}
}

bool trust_take_answer(void *ctx, const struct ipc_message *m)
{
	struct trust *t = member_ctx(ctx);

	list_each (n, &t->asked) {
		struct query *q = node_owner(n, struct query, node);

		if (!q->flying || q->message.ticket != m->ticket)
			continue;
		if (m->kind != answer_to(q->message.kind))
			return false;
		give(t, q, m);
		be_patient(t);
		fly(t);
		return true;
	}
	return false;
}

bool trust_take_news(void *ctx, const struct ipc_message *m)
{
	(void)m;
	recheck_soon(((struct trust *)member_ctx(ctx))->world);
	return true;
}

/* ---------------------------------------------------------------- questions */

static struct ipc_octets ders(const struct cert_list *l, struct arena *arena)
{
	struct bytes *v = ARENA_ARRAY(arena, l->n, struct bytes);

	for (unsigned i = 0; i < l->n; i++)
		v[i] = arena_bytes(arena, l->v[i]->der);
	return (struct ipc_octets){ v, l->n };
}

/* The certificates that a line of the connection names, as they are here now. False: not all can be read. */
static bool named(const struct cert_confs *list, const struct store *s, const char *kind, struct arena *arena,
	struct ipc_octets *out)
{
	struct cert_list certs = certs_of(list, s, kind, arena);
	bool all = certs.n == list->n;

	*out = ders(&certs, arena);
	certs_free(&certs);
	return all;
}

static struct ipc_octets public_keys(const struct cert_confs *list, struct arena *arena)
{
	struct bytes *v = ARENA_ARRAY(arena, list->n, struct bytes);

	for (unsigned i = 0; i < list->n; i++)
		v[i] = arena_bytes(arena, list->v[i].data);
	return (struct ipc_octets){ v, list->n };
}

static struct ipc_octets texts(const struct strings *s, struct arena *arena)
{
	struct bytes *v = ARENA_ARRAY(arena, s->n, struct bytes);

	for (unsigned i = 0; i < s->n; i++)
		v[i] = bytes_str(arena_str(arena, s->v[i]));
	return (struct ipc_octets){ v, s->n };
}

/* Q lives as long as its connection does. */
static bool demand(struct query *q, const struct store *s)
{
	const struct auth_conf *a = q->auth;
	struct ipc_demands *d = &q->message.judge.demands;

	*d = (struct ipc_demands){ .name = q->peer->name,
		.constraints = a->way.constraints,
		.ca_id = a->ca_id,
		.pubkeys = public_keys(&a->pubkeys, &q->arena),
		.policies = texts(&a->cert_policy, &q->arena),
		.revocation = a->revocation,
		.keep = q->peer->cert_revoked != CERT_END_KEEP };
	return named(&a->certs, s, "x509", &q->arena, &d->pinned) &&
	       named(&a->cacerts, s, "x509ca", &q->arena, &d->cacerts);
}

static struct ike_certs copy_of(const struct ike_certs *c, struct arena *arena)
{
	struct wire_cert *v = ARENA_ARRAY(arena, c->n, struct wire_cert);

	for (unsigned i = 0; i < c->n; i++)
		v[i] = (struct wire_cert){ c->v[i].encoding, arena_bytes(arena, c->v[i].data) };
	return (struct ike_certs){ v, c->n };
}

void trust_check(struct world *w, const struct ike_question *q, struct answer *answer)
{
	struct trust *t = &w->trust;
	struct query *x = query_new(t, IPC_JUDGE);
	struct ipc_judge *j = &x->message.judge;

	x->answer = answer;
	x->peer = peer_ref(q->peer);
	x->auth = q->auth;
	j->remote = id_copy(&x->arena, &q->remote);
	j->octets = arena_bytes(&x->arena, q->octets);
	j->proof = arena_bytes(&x->arena, q->proof);
	j->method = q->method;
	j->certs = copy_of(&q->certs, &x->arena);
	j->urls = config_now(&w->config)->settings.hash_and_url;
	if (demand(x, &w->config.creds.store))
		fly(t);
	else
		give_up(t, x, "a certificate that the connection names cannot be read");
}

void trust_check_shown(struct world *w, const struct peer *peer, const struct auth_conf *auth,
	const struct ipc_octets *shown, struct answer *answer)
{
	struct trust *t = &w->trust;
	struct query *x = query_new(t, IPC_SHOWN);

	x->answer = answer;
	x->peer = peer_ref(peer);
	x->auth = auth;
	x->message.judge.certs = certs_from(shown, CERT_X509_SIGNATURE, &(struct ike_certs){ 0 }, &x->arena);
	if (demand(x, &w->config.creds.store))
		fly(t);
	else
		give_up(t, x, "a certificate that the connection names cannot be read");
}

/* What a server that proves itself to us inside EAP must be. */
static struct auth_conf *of_server(const struct peer *p, const struct auth_conf *own, struct arena *arena)
{
	struct auth_conf *a = ARENA_NEW(arena, struct auth_conf);
	const struct auth_conf *theirs = &p->remote;

	*a = (struct auth_conf){
		.cacerts = theirs->cacerts, .revocation = theirs->revocation, .at = own->at
	};
	if (theirs->way.method == AUTH_EAP)
		*a = *theirs;
	if (own->way.constraints)
		a->way.constraints = own->way.constraints;
	return a;
}

void trust_check_server(struct world *w, const struct peer *peer, const struct auth_conf *auth,
	const struct ipc_octets *shown, trust_judged *done, void *ctx)
{
	struct trust *t = &w->trust;
	struct query *x = query_new(t, IPC_SHOWN);

	x->judged = done;
	x->ctx = ctx;
	x->peer = peer_ref(peer);
	x->auth = of_server(peer, auth, &x->arena);
	x->message.judge.certs = certs_from(shown, CERT_X509_SIGNATURE, &(struct ike_certs){ 0 }, &x->arena);
	if (demand(x, &w->config.creds.store))
		fly(t);
	else
		give_up(t, x, "a certificate that the connection names cannot be read");
}

/* Where certificates count: in one of several rounds, where there are several; before any of EAP in one of
 * signatures. */
static const struct auth_conf *signed_round(const struct peer *p)
{
	const struct auth_conf *eap = NULL;

	for (const struct auth_conf *a = &p->remote; a; a = a->next) {
		if (a->way.method != AUTH_PSK && a->way.method != AUTH_EAP)
			return a;
		if (a->way.method == AUTH_EAP && !eap)
			eap = a;
	}
	return eap ? eap : &p->remote;
}

void trust_check_again(struct world *w, const struct ike_proven *proven, bool ask)
{
	struct trust *t = &w->trust;
	struct query *x = query_new(t, IPC_AGAIN);

	x->peer = peer_ref(proven->peer);
	x->auth = signed_round(proven->peer);
	x->sa = proven->id;
	x->message.judge.certs = copy_of(&proven->certs, &x->arena);
	x->message.judge.ask = ask;
	if (demand(x, &w->config.creds.store))
		fly(t);
	else
		give_up(t, x, NULL);
}

bool trust_wants_ocsp(const struct ike_question *q)
{
	return q->wants & WANTS_OCSP && (q->peer->ocsp == OCSP_REPLY || q->peer->ocsp == OCSP_BOTH);
}

/* The chain that is shown, and who has issued the last of it. */
static void ask_stapled(struct trust *t, struct answer *answer)
{
	struct query *q = query_new(t, IPC_STAPLE);
	struct cert_list chain = { ARENA_ARRAY(&q->arena, answer->shown.n + 1, struct cert *),
		answer->shown.n };
	struct cert *last = answer->shown.v[chain.n - 1],
		    *issuer = store_issuer(&t->world->config.creds.store, last, NULL, 0);

	memcpy(chain.v, answer->shown.v, chain.n * sizeof *chain.v);
	if (issuer)
		chain.v[chain.n++] = issuer;
	q->answer = answer;
	q->message.staple.name = answer->connection;
	q->message.staple.certs = ders(&chain, &q->arena);
	fly(t);
}

void trust_complete(struct world *w, struct answer *answer)
{
	if (!answer->a.result && answer->connection && answer->shown.n)
		ask_stapled(&w->trust, answer);
	else
		engine_answer(w, answer);
}

void trust_resolve(struct world *w, const char *name, unsigned family, resolve_done *done, void *ctx)
{
	struct query *q = query_new(&w->trust, IPC_RESOLVE);

	q->done = done;
	q->ctx = ctx;
	q->message.resolve.name = arena_str(&q->arena, name);
	q->message.resolve.family = (uint8_t)family;
	fly(&w->trust);
}

void trust_probe(struct world *w, const char *url, const char *expected, trust_probed *done, void *ctx)
{
	struct query *q = query_new(&w->trust, IPC_PORTAL);

	q->probed = done;
	q->ctx = ctx;
	q->message.portal.url = arena_str(&q->arena, url);
	q->message.portal.expected = arena_str(&q->arena, expected);
	fly(&w->trust);
}

void trust_relay(struct world *w, const struct ipc_relay *in, relay_done *done, void *ctx)
{
	struct query *q = query_new(&w->trust, IPC_RELAY);
	struct ipc_relay *m = &q->message.relay;

	*m = *in;
	m->note = arena_bytes(&q->arena, in->note);
	m->eap = arena_bytes(&q->arena, in->eap);
	m->session.user = arena_bytes(&q->arena, in->session.user);
	m->session.connection = arena_bytes(&q->arena, in->session.connection);
	m->session.id = arena_bytes(&q->arena, in->session.id);
	q->relayed = done;
	q->ctx = ctx;
	fly(&w->trust);
}

void trust_account(struct world *w, uint64_t session, struct bytes attributes)
{
	struct query *q = query_new(&w->trust, IPC_ACCOUNT);

	q->session = session;
	q->message.account.attributes = arena_bytes(&q->arena, attributes);
	fly(&w->trust);
}

/* -------------------------------------------------------------- guard's part */

void trust_blame(struct world *w, const char *what)
{
	struct arena arena = { 0 };

	member_replace(&w->trust.certs, arena_printf(&arena, "keeper says that it %s", what));
	arena_free(&arena);
}

void trust_follow(struct world *w)
{
	struct trust *t = &w->trust;

	if (copies_wanted(t))
		member_wake(&t->certs);
	if (t->certs.since)
		(void)!copies_send(t);
}

/* For guard, which waits for it anyway. */
static enum err be_there(struct trust *t, struct arena *arena)
{
	member_wake(&t->certs);
	return member_wait(&t->certs, arena);
}

void trust_flush(struct world *w, bool crls, bool ocsps)
{
	const struct ipc_message m = { .kind = IPC_FLUSH, .flush = { crls, ocsps } };
	struct arena arena = { 0 };

	if (!be_there(&w->trust, &arena))
		(void)!member_send(&w->trust.certs, IPC_GUARD, &m);
	arena_free(&arena);
}

bool trust_take_listed(void *ctx, const struct ipc_message *m)
{
	struct trust *t = member_ctx(ctx);

	if (t->probe && m->ticket == t->probe) {
		t->probe = 0;
		return true;
	}
	if (!t->listing.ticket || m->ticket != t->listing.ticket)
		return false;
	if (m->list.at && m->list.at != t->listing.at + 1)
		return false; /* it would never end */
	t->listing.answer = *m;
	t->listing.ticket = 0;
	return true;
}

bool trust_fetched(
	struct world *w, uint32_t *at, const char *subject, struct arena *arena, struct ipc_message *m)
{
	struct trust *t = &w->trust;
	const struct ipc_message ask = {
		.kind = IPC_LIST, .ticket = ++t->last, .list = { .at = *at, .subject = subject }
	};
	enum err e;

	t->listing.ticket = ask.ticket;
	t->listing.at = *at;
	e = be_there(t, arena);
	if (!e)
		e = member_send(&t->certs, IPC_GUARD, &ask);
	while (!e && t->listing.ticket)
		e = member_hear(&t->certs, IPC_GUARD, FAMILY_PATIENCE, arena);
	t->listing.ticket = 0;
	*m = t->listing.answer;
	*at = m->list.at;
	return !e && *at && *at <= STORE_MAX;
}

/* --------------------------------------------------------------------- life */

static void serve(void *ctx, struct ipc_channel *far)
{
	struct trust *t = ctx;
	struct ipc_channel *here = far->peer == IPC_GUARD ? &t->inside->guard : &t->inside->ike;

	t->inside->guard = t->certs.far[0];
	t->inside->ike = t->certs.far[1];
	if (!certs_serve(t->inside, here))
		abort();
}

/* Keeper is in this process as well. */
static void ask_inside(struct trust *t)
{
	struct holder *h = &t->inside->holder;

	if (!t->world->vault)
		return;
	h->keeper = ipc_end(vault_radius(t->world->vault), IPC_CERTS, IPC_KEEPER);
	h->serve = vault_serve_radius;
	h->ctx = t->world->vault;
}

/* The folder is that of another user: CRLs that are in it stay of use where it may read them. */
static int open_folder(const char *path, bool one, struct text *why)
{
	int fd = rundir_make(path, 0700, why) ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && !one)
		sandbox_give(IPC_CERTS, fd);
	return fd;
}

enum err trust_start(struct world *w, const char *folder, const char *crls, struct text *why)
{
	struct trust *t = &w->trust;
	const struct options *o = w->options;
	struct family_spec spec = { .process = IPC_CERTS,
		.near = { IPC_GUARD, IPC_IKE },
		.fds = { [TO_KEEPER] = w->vault ? vault_radius(w->vault) : -1 },
		.n_fds = 1,
		.folder = folder,
		.one = o->one,
		.foreground = o->foreground,
		.ctx = t,
		.serve = serve,
		.again = again,
		.missing = missing };

	*t = (struct trust){ .world = w, .unknown = true, .folder = open_folder(crls, o->one, why) };
	spec.root = t->folder;
	list_init(&t->asked);
	t->late = evtimer_new(w->base, on_late, t);
	t->soon = evtimer_new(w->base, on_soon, t);
	t->missing = event_new(w->base, -1, 0, on_missing, t);
	if (!t->late || !t->soon || !t->missing)
		abort();
	if (o->one) {
		t->inside = calloc(1, sizeof *t->inside);
		if (!t->inside)
			abort();
		certs_start(t->inside, w->base, crls);
		ask_inside(t);
	}
	if (t->folder >= 0 && !o->one && !copies_wanted(t)) {
		member_prepare(&t->certs, w->base, &spec);
		return ERR_OK;
	}
	if (t->folder < 0 || member_launch(&t->certs, w->base, &spec, why)) {
		trust_stop(w);
		return ERR_SYSTEM;
	}
	return ERR_OK;
}

enum err trust_begun(struct world *w, struct text *why)
{
	return member_begun(&w->trust.certs, why);
}

void trust_stop(struct world *w)
{
	static const char stopping[] = "the daemon is stopping";
	struct trust *t = &w->trust;

	list_each_safe (n, &t->asked) {
		struct query *q = node_owner(n, struct query, node);

		if (q->answer)
			answer_free(q->answer);
		else if (q->judged)
			q->judged(q->ctx, &(struct why){ .what = stopping });
		else if (q->done)
			q->done(q->ctx, NULL, stopping);
		else if (q->relayed)
			q->relayed(q->ctx, &(struct ipc_relayed){ .what = RADIUS_FAILED, .why = stopping });
		query_free(t, q);
	}
	if (t->inside) {
		certs_stop(t->inside);
		free(t->inside);
	}
	if (t->certs.base)
		member_stop(&t->certs);
	copies_stop(t);
	event_free(t->late);
	event_free(t->soon);
	event_free(t->missing);
	if (t->folder >= 0)
		close(t->folder);
}
