/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/accounts.h"

#include "base/heap.h"
#include "daemon/clock.h"
#include "daemon/engine.h"
#include "daemon/line.h"
#include "daemon/world.h"
#include "radius/account.h"

#include <stdlib.h>

enum {
	LET_IN_MAX = 4096, /* whose IKE_SA is not up yet; beyond that the oldest are forgotten */
	FLYING_MAX = 256,  /* messages on their way to servers */
	STOP_TIME = 5,     /* s that servers have to hear of the ends, when the daemon stops */
};

/* A user who was let in, by a server or with what the users file has for it. */
struct session {
	struct node of_waiting; /* its IKE_SA is not up yet */
	struct node of_deaf;    /* nobody takes note of it: it is to end */
	struct arena arena;
	uint32_t login; /* its key */
	uint32_t sa;    /* its IKE_SA; 0: it is not up yet */
	struct bytes user, cui;
	struct ipc_octets classes;
	uint32_t interim;         /* s, as the server wants it; 0: it does not say */
	struct lease_grant grant; /* the addresses that it gets */
	struct node carried;      /* struct carried */
	struct radius_usage gone; /* of SAs that are no more */
	enum radius_cause cause;
};

/* A CHILD_SA of a session, and which directions of it there are. */
struct carried {
	struct node of_session;
	struct session *session;
	uint32_t child;
	bool there[2]; /* outbound, inbound */
};

struct accounts {
	struct world *world;
	uint32_t prefix; /* of session ids: when the daemon was started, s since 1970 */
	struct radius_accounts *messages;
	struct map logins, sas; /* struct session, all of them; those that are up */
	struct map children;    /* struct carried */
	struct node waiting, deaf;
	unsigned n_waiting, flying;
	struct event *timer;
	struct gate lines;
};

static const struct radius_conf *conf_of(const struct accounts *a)
{
	return &config_now(&a->world->config)->settings.radius;
}

const char *accounts_id(const struct world *w, uint32_t login, struct arena *arena)
{
	return arena_printf(arena, "%u-%u", w->accounts ? w->accounts->prefix : 0, login);
}

static void say(struct accounts *a, uint64_t login, const char *text)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	if (line_pass(&a->lines, clock_ms())) {
		line_add(&line, "session", accounts_id(a->world, (uint32_t)login, &arena));
		line_add(&line, "msg", text);
		log_say(LOG_WARN, "radius", "%s", text_str(&line));
	}
	arena_free(&arena);
}

/* -------------------------------------------------------------------- usage */

static void add_usage(const struct accounts *a, uint32_t child, bool inbound, struct radius_usage *sum)
{
	struct sa_usage u = { 0 };

	if (!a->world->backend->usage(a->world->xfrm, child, inbound, &u))
		return;
	*(inbound ? &sum->octets_in : &sum->octets_out) += u.bytes;
	*(inbound ? &sum->packets_in : &sum->packets_out) += u.packets;
}

static struct radius_usage usage_of(const struct accounts *a, const struct session *s)
{
	struct radius_usage sum = s->gone;

	list_each (n, (struct node *)&s->carried) {
		const struct carried *c = node_owner(n, struct carried, of_session);

		for (unsigned in = 0; in < 2; in++)
			if (c->there[in])
				add_usage(a, c->child, in, &sum);
	}
	return sum;
}

static void carried_free(struct accounts *a, struct carried *c)
{
	map_take(&a->children, c->child);
	list_remove(&c->of_session);
	free(c);
}

static void carry(struct accounts *a, struct session *s, uint32_t child)
{
	struct carried *c;

	if (map_get(&a->children, child))
		return;
	c = calloc(1, sizeof *c);
	if (!c)
		abort();
	*c = (struct carried){ .session = s, .child = child, .there = { true, true } };
	list_append(&s->carried, &c->of_session);
	map_put(&a->children, child, c);
}

void accounts_sa_gone(struct world *w, uint32_t child, bool inbound)
{
	struct accounts *a = w->accounts;
	struct carried *c = a ? map_get(&a->children, child) : NULL;

	if (!c || !c->there[inbound])
		return;
	add_usage(a, child, inbound, &c->session->gone);
	c->there[inbound] = false;
	if (!c->there[!inbound])
		carried_free(a, c);
}

/* ----------------------------------------------------------------- messages */

static void set_timer(struct accounts *a)
{
	uint64_t wake = radius_accounts_wake(a->messages), now = clock_ms();
	uint64_t wait = wake > now ? wake - now : 0;
	struct timeval time = { .tv_sec = (time_t)(wait / 1000),
		.tv_usec = (suseconds_t)(wait % 1000) * 1000 };

	if (!list_empty(&a->deaf))
		time = (struct timeval){ 0 };
	else if (wake == HEAP_NEVER || a->flying >= FLYING_MAX) {
		evtimer_del(a->timer);
		return;
	}
	evtimer_add(a->timer, &time);
}

static void send_messages(struct accounts *a)
{
	struct radius_account_out out;

	while (a->flying < FLYING_MAX && radius_accounts_next(a->messages, clock_ms(), &out)) {
		const struct session *s = map_get(&a->logins, out.key);
		struct radius_usage usage;

		if (out.what == RADIUS_ACCOUNT_ASK) {
			a->flying++;
			trust_account(a->world, out.key, out.attributes);
		} else if (s) {
			usage = usage_of(a, s);
			radius_accounts_usage(a->messages, out.key, &usage, clock_ms());
		}
	}
}

static void end_deaf(struct accounts *a)
{
	while (!list_empty(&a->deaf)) {
		struct session *s = node_owner(a->deaf.next, struct session, of_deaf);

		list_remove(&s->of_deaf);
		say(a, s->login, "no RADIUS server acknowledges what the session uses: it ends");
		engine_feed(a->world, &(struct ike_event){ .kind = EVENT_COMMAND,
					      .command = { .kind = COMMAND_DOWN, .ike_id = s->sa } });
	}
}

static void on_time(evutil_socket_t fd, short what, void *ctx)
{
	struct accounts *a = ctx;

	(void)fd;
	(void)what;
	end_deaf(a);
	send_messages(a);
	set_timer(a);
}

/* Maybe within an action: what follows from it comes later. */
void accounts_done(struct world *w, uint64_t key, bool acknowledged)
{
	struct accounts *a = w->accounts;
	enum radius_account_end end;
	struct session *s;

	if (!a)
		return;
	a->flying--;
	end = radius_accounts_done(a->messages, key, acknowledged, clock_ms());
	s = map_get(&a->logins, key);
	if (end == RADIUS_ACCOUNT_LOST) {
		say(a, key, "no RADIUS server has acknowledged for an hour that the session has ended");
	} else if (end == RADIUS_ACCOUNT_DEAF && s && conf_of(a)->accounting_close_on_timeout) {
		s->cause = RADIUS_CAUSE_NAS_ERROR;
		list_remove(&s->of_deaf);
		list_append(&a->deaf, &s->of_deaf);
	}
	set_timer(a);
}

/* ----------------------------------------------------------------- sessions */

static void session_free(struct accounts *a, struct session *s)
{
	list_each_safe (n, &s->carried)
		carried_free(a, node_owner(n, struct carried, of_session));
	map_take(&a->logins, s->login);
	if (s->sa)
		map_take(&a->sas, s->sa);
	else
		a->n_waiting--;
	list_remove(&s->of_waiting);
	list_remove(&s->of_deaf);
	arena_free(&s->arena);
	free(s);
}

/* NULL: LOGIN is known already. */
static struct session *session_new(struct accounts *a, uint32_t login)
{
	struct session *s;

	if (!a || map_get(&a->logins, login))
		return NULL;
	if (a->n_waiting >= LET_IN_MAX)
		session_free(a, node_owner(a->waiting.next, struct session, of_waiting));
	s = calloc(1, sizeof *s);
	if (!s)
		abort();
	*s = (struct session){ .login = login, .cause = RADIUS_CAUSE_USER_REQUEST };
	list_init(&s->carried);
	list_init(&s->of_deaf);
	list_append(&a->waiting, &s->of_waiting);
	a->n_waiting++;
	map_put(&a->logins, login, s);
	return s;
}

void accounts_enrolled(struct world *w, uint32_t login, const struct lease_grant *grant)
{
	struct session *s = session_new(w->accounts, login);

	if (s)
		s->grant = *grant;
}

void accounts_let_in(struct world *w, uint32_t login, struct bytes user, const struct ipc_relayed *r)
{
	struct session *s = session_new(w->accounts, login);

	if (!s)
		return;
	s->interim = r->interim;
	s->user = arena_bytes(&s->arena, user);
	s->cui = arena_bytes(&s->arena, r->cui);
	s->classes = ipc_octets_copy(&r->classes, &s->arena);
	s->grant = (struct lease_grant){ .ip = r->ip, .ip6 = r->ip6, .n_dns = r->n_dns, .n_nbns = r->n_nbns };
	memcpy(s->grant.dns, r->dns, sizeof r->dns);
	memcpy(s->grant.nbns, r->nbns, sizeof r->nbns);
}

const struct lease_grant *accounts_grant(const struct world *w, uint32_t login)
{
	const struct session *s = w->accounts ? map_get(&w->accounts->logins, login) : NULL;

	return s ? &s->grant : NULL;
}

struct ip accounts_ip(const struct vips *vips, uint8_t v)
{
	for (unsigned i = 0; i < vips->n; i++)
		if (vips->v[i].v == v)
			return vips->v[i];
	return (struct ip){ 0 };
}

/* s; what a server wants is not too often (RFC 2869, 2.1). */
static uint32_t interim_of(const struct accounts *a, const struct session *s)
{
	if (s->interim)
		return s->interim < RADIUS_INTERIM_MIN ? RADIUS_INTERIM_MIN : s->interim;
	return (uint32_t)((conf_of(a)->accounting_interval + 999) / 1000);
}

static enum err tell_start(struct accounts *a, const struct session *s, const struct sa_record *r)
{
	const struct radius_conf *c = conf_of(a);
	struct arena arena = { 0 };
	const struct radius_account account = {
		.session = { .user = s->user,
			.connection = bytes_str(r->name),
			.id = bytes_str(accounts_id(a->world, s->login, &arena)),
			.port = s->login,
			.local = r->path.local,
			.remote = r->path.remote,
			.ports = c->station_id_with_port },
		.ip = accounts_ip(&r->remote_vips, 4),
		.ip6 = accounts_ip(&r->remote_vips, 6),
		.classes = s->classes.v,
		.n_classes = c->accounting_send_class ? s->classes.n : 0,
		.cui = s->cui,
		.interim = interim_of(a, s),
	};
	enum err e = radius_accounts_start(a->messages, s->login, &account, clock_ms());

	arena_free(&arena);
	return e;
}

static void has_come(struct accounts *a, const struct ike_tell *t)
{
	struct session *s = map_get(&a->logins, t->record->login);
	const struct radius_conf *c = conf_of(a);
	enum err e;

	if (!s || s->sa)
		return;
	if (s->grant.by_file || !c->accounting || (c->accounting_requires_vip && !t->record->remote_vips.n)) {
		session_free(a, s);
		return;
	}
	e = tell_start(a, s, t->record);
	if (e) {
		say(a, s->login,
			e == ERR_BUSY ? "there are too many sessions: no RADIUS server hears of it"
				      : "what is known of the session does not fit a packet");
		session_free(a, s);
		return;
	}
	s->sa = t->sa;
	list_remove(&s->of_waiting);
	a->n_waiting--;
	map_put(&a->sas, s->sa, s);
	for (unsigned i = 0; i < t->record->n_children; i++)
		carry(a, s, t->record->children[i].id);
}

static void end(struct accounts *a, struct session *s)
{
	struct radius_usage usage = usage_of(a, s);

	radius_accounts_stop(a->messages, s->login, &usage, s->cause, clock_ms());
	session_free(a, s);
}

/* Why the IKE_SA will have gone. */
static void note_cause(struct session *s, const char *alert)
{
	static const struct {
		const char *alert;
		enum radius_cause cause;
	} causes[] = {
		{ "retransmit-send-timeout", RADIUS_CAUSE_LOST_CARRIER },
		{ "ike-sa-expired", RADIUS_CAUSE_SESSION_TIMEOUT },
		{ "ike-sa-idle", RADIUS_CAUSE_IDLE_TIMEOUT },
	};

	for (unsigned i = 0; i < sizeof causes / sizeof *causes; i++)
		if (!strcmp(alert, causes[i].alert))
			s->cause = causes[i].cause;
}

void accounts_cause(struct world *w, uint32_t sa, enum radius_cause cause)
{
	struct session *s = w->accounts ? map_get(&w->accounts->sas, sa) : NULL;

	if (s)
		s->cause = cause;
}

static void move(struct accounts *a, struct session *s, uint32_t sa)
{
	map_take(&a->sas, s->sa);
	s->sa = sa;
	map_put(&a->sas, sa, s);
}

static void told_of(struct accounts *a, struct session *s, const struct ike_tell *t)
{
	if (t->alert)
		note_cause(s, t->alert);
	if (t->kind == TELL_CHILD_UP || t->kind == TELL_CHILD_REKEYED)
		carry(a, s, t->child);
	else if (t->kind == TELL_SA_REKEYED)
		move(a, s, t->sa);
	else if (t->kind == TELL_SA_DOWN) {
		if (a->world->stop_timer)
			s->cause = RADIUS_CAUSE_ADMIN_REBOOT;
		end(a, s);
	}
}

void accounts_told(struct world *w, const struct ike_tell *t)
{
	struct accounts *a = w->accounts;
	struct session *s;

	if (!a)
		return;
	if (t->kind == TELL_SA_UP)
		has_come(a, t);
	s = map_get(&a->sas, t->kind == TELL_SA_REKEYED ? t->old : t->sa);
	if (s)
		told_of(a, s, t);
	set_timer(a);
}

/* --------------------------------------------------------------------- life */

void accounts_start(struct world *w)
{
	struct accounts *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	a->world = w;
	a->prefix = (uint32_t)clock_wall();
	a->messages = radius_accounts_new();
	list_init(&a->waiting);
	list_init(&a->deaf);
	a->timer = evtimer_new(w->base, on_time, a);
	if (!a->timer)
		abort();
	w->accounts = a;
}

/* Those that a server has to hear of now; one that was silent is not waited for once more. */
static bool is_busy(const struct accounts *a)
{
	return a->flying || radius_accounts_wake(a->messages) <= clock_ms();
}

static void end_all(struct accounts *a)
{
	struct session *s;
	size_t at = 0;

	while (a->sas.count && (s = map_next(&a->sas, &at))) {
		s->cause = RADIUS_CAUSE_ADMIN_REBOOT;
		end(a, s);
		at = 0;
	}
}

static void wait_for_servers(struct accounts *a)
{
	struct world *w = a->world;
	bool hurry = w->hurry;

	set_timer(a);
	if (w->stop_timer)
		evtimer_add(w->stop_timer, &(struct timeval){ .tv_sec = STOP_TIME });
	while (is_busy(a) && !hurry) {
		event_base_loop(w->base, EVLOOP_ONCE);
		hurry = event_base_got_break(w->base);
	}
	if (radius_accounts_count(a->messages))
		log_say(LOG_WARN, "radius",
			"sessions=%zu msg=\"no RADIUS server has acknowledged that these have ended\"",
			radius_accounts_count(a->messages));
}

void accounts_stop(struct world *w)
{
	struct accounts *a = w->accounts;
	struct session *s;
	size_t at = 0;

	engine_deafen(w);
	end_all(a);
	wait_for_servers(a);
	w->accounts = NULL;
	while (a->logins.count && (s = map_next(&a->logins, &at))) {
		session_free(a, s);
		at = 0;
	}
	map_free(&a->logins);
	map_free(&a->sas);
	map_free(&a->children);
	radius_accounts_free(a->messages);
	event_free(a->timer);
	free(a);
}
