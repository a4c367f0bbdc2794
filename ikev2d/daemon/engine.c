/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events, answers and configurations to the core, and its process. */
#include "daemon/engine.h"

#include "daemon/datapath.h"
#include "daemon/engine_inside.h"
#include "daemon/ipc_peer.h"
#include "daemon/lacking.h"
#include "daemon/line.h"
#include "daemon/memories.h"
#include "daemon/parley.h"
#include "daemon/parley_methods.h"
#include "daemon/record.h"
#include "daemon/speaker.h"
#include "daemon/tells.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	NUMBERS_MAX = 1u << 31, /* above, numbers begin anew */
	UNTOLD_MAX =
		1 << 14, /* IKE_SAs that it may have and has not told of: half open ones, or on the way */
};

/* A command that has not ended: another core is told it again. */
struct order {
	struct node node;
	struct arena arena;
	struct ike_command command;
};

/* -------------------------------------------------------------------- orders */

static const char *kept(struct order *o, const char *s)
{
	return s ? arena_str(&o->arena, s) : NULL;
}

/* What nobody waits for is not told again. */
static void order_note(struct engine *e, const struct ike_command *c)
{
	struct order *o = c->ticket ? calloc(1, sizeof *o) : NULL;

	if (!c->ticket)
		return;
	if (!o)
		abort();
	o->command = *c;
	o->command.ike = kept(o, c->ike);
	o->command.child = kept(o, c->child);
	o->command.redirect.gateway = kept(o, c->redirect.gateway);
	o->command.redirect.identity = kept(o, c->redirect.identity);
	list_append(&e->orders, &o->node);
}

static void order_free(struct order *o)
{
	list_remove(&o->node);
	arena_free(&o->arena);
	free(o);
}

void engine_order_done(struct engine *e, uint32_t ticket)
{
	list_each_safe (n, &e->orders) {
		struct order *o = node_owner(n, struct order, node);

		if (o->command.ticket == ticket)
			order_free(o);
	}
}

/* -------------------------------------------------------------------- events */

static enum err tell(struct world *w, const struct ipc_message *m)
{
	struct engine *e = w->engine;

	return e && e->runs ? member_send(&e->ike, IPC_GUARD, m) : ERR_MISSING;
}

/* The core cannot be told of EVENT: whoever waits for it hears that. */
static void is_too_large(struct world *w, const struct ike_event *event)
{
	static const struct why why = { .what = "there is more in it than a message between processes can "
						"carry: names are of 4096 octets at most" };
	const uint32_t ticket = event->kind == EVENT_COMMAND ? event->command.ticket : 0;

	line_say(LOG_ERROR, "family", why.what);
	if (!ticket)
		return;
	engine_order_done(w->engine, ticket);
	tells_tell(
		w, &(struct ike_tell){ .kind = TELL_DONE, .tickets = &ticket, .n_tickets = 1, .why = &why });
}

void engine_feed(struct world *w, const struct ike_event *event)
{
	pulse_begin(&w->pulse);
	if (event->kind == EVENT_COMMAND && w->engine)
		order_note(w->engine, &event->command);
	if (tell(w, &(struct ipc_message){ .kind = IPC_EVENT, .event.event = *event }) == ERR_RANGE)
		is_too_large(w, event);
}

static void orders_repeat(struct world *w)
{
	list_each (n, &w->engine->orders)
		(void)!tell(w, &(struct ipc_message){ .kind = IPC_EVENT,
				       .event.event = { .kind = EVENT_COMMAND,
					       .command = node_owner(n, struct order, node)->command } });
}

void engine_deafen(struct world *w)
{
	(void)!tell(w, &(struct ipc_message){ .kind = IPC_DEAF });
}

static void give_answers(struct world *w)
{
	while (!list_empty(&w->answers)) {
		struct answer *a = node_owner(w->answers.next, struct answer, node);
		struct ipc_message m = { .kind = IPC_EVENT,
			.event.event = { .kind = EVENT_ANSWER, .answer = a->a } };

		list_remove(&a->node);
		if (tell(w, &m) == ERR_RANGE) {
			m.event.event.answer = (struct ike_answer){ .ticket = a->a.ticket,
				.result = ERR_RANGE,
				.why.what = "the answer is larger than a message between processes" };
			(void)!tell(w, &m);
		}
		answer_free(a);
	}
}

void engine_answer(struct world *w, struct answer *a)
{
	list_append(&w->answers, &a->node);
	if (w->engine)
		give_answers(w);
}

struct answer *answer_new(uint32_t ticket)
{
	struct answer *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	list_init(&a->node);
	a->a.ticket = ticket;
	return a;
}

void answer_free(struct answer *a)
{
	certs_free(&a->shown);
	arena_free(&a->arena);
	free(a);
}

/* ------------------------------------------------------------- configuration */

static bool is_negotiated(const struct peer *p)
{
	return !p->unready && (p->n_children || !p->n_shunts);
}

/* What this machine has for P. */
static void assign(struct world *w, struct peer *p)
{
	lacking_take_out(p);
	parley_check(p);
	datapath_assign(w, p);
}

/* P goes over, unless it is there. */
static void hand_over(struct world *w, struct peer *p)
{
	struct engine *e = w->engine;
	struct arena scratch = { 0 };
	struct ipc_message m = { .kind = IPC_PEER, .peer.number = p->number };
	bool known = p->number && map_get(&e->handed, p->number) == p;
	enum err result;

	if (!known) {
		p->number = ++e->last;
		result = ipc_peer_make(p, &scratch, &m.peer) ? tell(w, &m) : ERR_RANGE;
	} else {
		result = tell(w, &m);
	}
	if (!known && !result)
		map_put(&e->handed, p->number, peer_ref(p));
	if (known || !result)
		dict_put(&e->named, p->name, p);
	if (result == ERR_RANGE)
		log_say(LOG_ERROR, "not-used",
			"conn=%s msg=\"it is larger than %d octets as text, which is all that the process "
			"that speaks IKE takes: divide its children among several connections\"",
			p->name, IPC_CONF_MAX);
	arena_free(&scratch);
}

/* Of the connections (called ONLY; NULL: all) those beside PEERS leave the configuration, so that the core
 * gives them back when it likes: one that comes again gets another number, which it has not given back. */
static void take_numbers(struct engine *e, const char *only, struct peer *const *peers, unsigned n)
{
	struct arena scratch = { 0 };
	uint32_t *numbers = ARENA_ARRAY(&scratch, n, uint32_t);
	struct peer *p;
	size_t at = 0;

	for (unsigned i = 0; i < n; i++)
		numbers[i] = is_negotiated(peers[i]) ? peers[i]->number : 0;
	if (!only) {
		while ((p = map_next(&e->handed, &at)))
			p->number = 0;
		dict_free(&e->named);
	} else if ((p = dict_take(&e->named, only))) {
		p->number = 0;
	}
	for (unsigned i = 0; i < n; i++)
		peers[i]->number = numbers[i];
	arena_free(&scratch);
}

/* Who speaks IKE cannot know. */
static unsigned count_cpus(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

static void configure(struct world *w, struct peer *const *peers, unsigned n, struct ike_event *event,
	const struct settings *settings)
{
	struct arena scratch = { 0 };
	struct ipc_message m = { .kind = IPC_EVENT };
	struct settings here = *settings;

	here.cpus = here.cpus ? here.cpus : count_cpus();
	take_numbers(w->engine, event->conf.only, peers, n);
	for (unsigned i = 0; i < n; i++)
		if (is_negotiated(peers[i]))
			hand_over(w, peers[i]);
	m.event = (struct ipc_event){ *event, ipc_settings_make(&here, &scratch) };
	if (tell(w, &m) == ERR_RANGE)
		line_say(LOG_ERROR, "not-used",
			"the new configuration is not used: more authorities are trusted than a message "
			"between processes can carry; trust some 1,500 at most");
	arena_free(&scratch);
}

void engine_configure(struct world *w)
{
	const struct conf *conf = config_now(&w->config);
	struct arena arena = { 0 };
	struct ike_event event = { .kind = EVENT_CONF };

	pulse_begin(&w->pulse);
	for (unsigned i = 0; i < conf->n_peers; i++)
		assign(w, conf->peers[i]);
	beside_follow(w);
	shunts_follow(&w->shunts, NULL, conf->peers, conf->n_peers);
	switches_follow(&w->switches, NULL, conf->peers, conf->n_peers);
	event.conf.authorities = creds_authorities(&w->config.creds, &arena);
	event.conf.responders = creds_responders(&w->config.creds, &arena);
	configure(w, conf->peers, conf->n_peers, &event, &conf->settings);
	trust_follow(w);
	recheck_soon(w);
	arena_free(&arena);
}

void engine_configure_one(struct world *w, const char *name)
{
	struct peer *p = config_conn(&w->config, name);
	struct ike_event event = { .kind = EVENT_CONF, .conf.only = name };

	pulse_begin(&w->pulse);
	if (p)
		assign(w, p);
	shunts_follow(&w->shunts, name, &p, !!p);
	switches_follow(&w->switches, name, &p, !!p);
	configure(w, &p, !!p, &event, &w->config.file.settings);
}

/* Numbers go on, so that nothing of it is taken for something of the one before. */
static void begin(struct world *w)
{
	struct engine *e = w->engine;

	if (w->record)
		(void)!tell(w, &(struct ipc_message){
				       .kind = IPC_TAPE, .tape.secrets = w->options->record_secrets });
	e->base = e->numbers < NUMBERS_MAX ? e->numbers : 0;
	memories_give(w, e->base);
}

static void start_inside(struct world *w)
{
	int tape = w->record ? fcntl(record_fd(w->record), F_DUPFD_CLOEXEC, 0) : -1;

	speaker_start(w->engine->inside, w->base, &w->sockets, tape);
}

static void restart_inside(struct world *w)
{
	speaker_stop(w->engine->inside);
	start_inside(w);
}

static void again(void *ctx)
{
	struct engine *e = ctx;
	struct world *w = e->world;

	if (e->inside)
		restart_inside(w);
	if (w->stop_timer) {
		event_base_loopbreak(w->base);
		return;
	}
	engine_leave(e);
	begin(w);
	roam_tell(w);
	engine_configure(w);
	orders_repeat(w);
}

static void on_sweep_traps(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	engine_sweep_traps(ctx);
}

static void on_sweep(evutil_socket_t fd, short what, void *ctx)
{
	struct engine *e = ctx;

	(void)fd;
	(void)what;
	pulse_begin(&e->world->pulse);
	engine_sweep(e);
}

/* ---------------------------------------------------------------------- life */

static void serve(void *ctx, struct ipc_channel *far)
{
	struct speaker *s = ((struct engine *)ctx)->inside;
	bool guards = far->peer == IPC_GUARD;

	*(guards ? &s->guard : &s->ctl) = *far;
	(void)speaker_serve(s, far);
}

static void hand_descriptors(const struct world *w, struct family_spec *spec)
{
	for (unsigned i = 0; i < SOCKETS; i++)
		spec->fds[i] = w->sockets.v[i].fd;
	spec->fds[SOCKETS] = record_fd(w->record);
	spec->n_fds = SOCKETS + 1;
}

enum err engine_start(struct world *w, struct text *why)
{
	struct engine *e = w->engine = calloc(1, sizeof *e);
	const struct options *o = w->options;
	struct family_spec spec = { .process = IPC_IKE,
		.near = { IPC_GUARD, IPC_CTL },
		.root = -1,
		.folder = w->rundir.path,
		.one = o->one,
		.gathers = true,
		.foreground = o->foreground,
		.ctx = e,
		.serve = serve,
		.gather = engine_gather,
		.again = again };

	if (!e)
		abort();
	e->world = w;
	list_init(&e->orders);
	begun_start(&e->begun);
	held_start(&e->held);
	held_start(&e->left);
	entropy_start(&w->entropy);
	list_init(&w->answers);
	e->sweep_traps = evtimer_new(w->base, on_sweep_traps, e);
	e->sweep = evtimer_new(w->base, on_sweep, e);
	if (!e->sweep_traps || !e->sweep)
		abort();
	hand_descriptors(w, &spec);
	if (o->one) {
		e->inside = calloc(1, sizeof *e->inside);
		if (!e->inside)
			abort();
		start_inside(w);
	}
	e->runs = !member_launch(&e->ike, w->base, &spec, why);
	if (!e->runs) {
		engine_stop(w);
		return ERR_SYSTEM;
	}
	return ERR_OK;
}

enum err engine_begun(struct world *w, struct text *why)
{
	enum err e = member_begun(&w->engine->ike, why);

	if (!e)
		begin(w);
	return e;
}

void engine_stop(struct world *w)
{
	struct engine *e = w->engine;

	if (e->runs)
		member_stop(&e->ike);
	if (e->inside)
		speaker_stop(e->inside);
	free(e->inside);
	list_each_safe (n, &w->answers)
		answer_free(node_owner(n, struct answer, node));
	list_each_safe (n, &e->orders)
		order_free(node_owner(n, struct order, node));
	begun_stop(&e->begun);
	engine_part(e);
	dict_free(&e->named);
	map_free(&e->handed);
	held_stop(&e->held);
	held_stop(&e->left);
	event_free(e->sweep_traps);
	event_free(e->sweep);
	free(e);
	w->engine = NULL;
	entropy_stop(&w->entropy);
}

void engine_blame(struct world *w, const char *what)
{
	struct arena arena = { 0 };

	member_replace(&w->engine->ike, arena_printf(&arena, "keeper says that it %s", what));
	arena_free(&arena);
}

/* Those that go are told of before they have gone, and as many may have come meanwhile; and each connection
 * that it has may be initiated, in one that is not up yet, while another try is given up. */
size_t engine_most(const struct world *w)
{
	const struct engine *e = w->engine;

	return 2 * (e->most + e->handed.count) + UNTOLD_MAX;
}

bool engine_can_have(struct world *w, size_t total)
{
	struct engine *e = w->engine;

	if (total <= engine_most(w))
		return true;
	member_replace(&e->ike, "it says that it has more IKE_SAs than it can have");
	return false;
}

struct member *engine_member(struct world *w)
{
	return &w->engine->ike;
}

struct world *engine_world(void *member)
{
	return ((struct engine *)member_ctx(member))->world;
}
