/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders and their answers; losing and starting again. */
#include "daemon/datapath_esp_state.h"

#include <stdlib.h>

/* ------------------------------------------------------------------ inside */

static void serve(void *ctx, struct ipc_channel *far)
{
	struct datapath_esp *d = ctx;

	d->inside->guard = *far;
	(void)carrier_serve(d->inside);
}

static void on_reports(evutil_socket_t fd, short what, void *ctx)
{
	struct datapath_esp *d = ctx;

	(void)fd;
	(void)what;
	carrier_report(d->inside);
}

static void start_inside(struct datapath_esp *d)
{
	carrier_start(d->inside);
	d->reports =
		event_new(d->world->base, plane_fd(d->inside->plane), EV_READ | EV_PERSIST, on_reports, d);
	if (!d->reports || event_add(d->reports, NULL))
		abort();
}

static void stop_inside(struct datapath_esp *d)
{
	if (d->reports)
		event_free(d->reports);
	d->reports = NULL;
	carrier_stop(d->inside);
}

/* Of what was given before nobody tells how it went any more. */
static void lose_orders(struct datapath_esp *d)
{
	d->answered = d->last;
	for (struct esp_wait *w = d->waits; w; w = w->outer)
		if (w->ticket) {
			w->ticket = 0;
			w->result = ERR_MISSING;
		}
}

static void again(void *ctx)
{
	struct datapath_esp *d = ctx;
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	const bool ahead = d->ahead;

	if (d->inside) {
		stop_inside(d);
		start_inside(d);
	}
	d->delay = (struct delay){ 0 };
	lose_orders(d);
	d->ahead = false;
	if (d->link.user && user_again(d->link.user, &why))
		member_replace(&d->member, text_str(&why));
	d->ahead = ahead;
	arena_free(&scratch);
}

/* ------------------------------------------------------------------ orders */

static enum err launch(struct datapath_esp *d, struct text *why)
{
	const struct options *o = d->world->options;
	struct family_spec spec = { .process = IPC_ESP,
		.near = { IPC_GUARD, IPC_GUARD },
		.root = -1,
		.folder = d->world->rundir.path,
		.one = o->one,
		.gathers = true,
		.foreground = o->foreground,
		.ctx = d,
		.serve = serve,
		.again = again };
	enum err e;

	if (d->runs)
		return ERR_OK;
	if (o->one) {
		d->inside = calloc(1, sizeof *d->inside);
		if (!d->inside)
			abort();
		start_inside(d);
	}
	e = member_launch(&d->member, d->world->base, &spec, why);
	d->runs = !e;
	return e;
}

static enum err run(struct datapath_esp *d, struct text *why)
{
	enum err e = launch(d, why);

	if (e || d->begun)
		return e;
	e = member_begun(&d->member, why);
	d->begun = !e;
	d->runs = !e;
	return e;
}

/* Waits until the last order was answered; reports that come instead buy no time, and all orders have theirs
 * together: as many may follow one another as there are policies and SAs. */
static enum err wait_until_done(struct datapath_esp *d, struct arena *arena, const char **what)
{
	const unsigned gift = (unsigned)(d->last - d->answered) * DELAY_ORDER;
	struct esp_wait w = { .outer = d->waits, .ticket = d->last, .arena = arena };

	d->waits = &w;
	d->delay.more = DELAY_AGAIN * (uint64_t)(d->link.user ? user_load(d->link.user) : 0);
	if (member_answer(&d->member, IPC_GUARD, &w.ticket, &d->delay, gift, arena))
		lose_orders(d);
	d->waits = w.outer;
	*what = w.what;
	return w.result;
}

/* With --one nobody else takes the reports that stand in the way of the answer. */
static enum err make_room(struct datapath_esp *d, struct arena *arena)
{
	enum err e = ERR_OK;

	while (!e && d->inside && member_waits(&d->member, IPC_GUARD))
		e = member_hear(&d->member, IPC_GUARD, 0, arena);
	return e;
}

/* No less than O has as a message: selectors are all that may be many. */
static size_t octets_of(const struct esp_order *o)
{
	enum { REST = 1024 }; /* an SA with its keys */
	size_t n = 0;

	if (o->kind == ORDER_POLICY_ADD)
		n = (size_t)o->policy_add.local.n + o->policy_add.remote.n;
	else if (o->kind == ORDER_SA_ADD)
		n = (size_t)o->sa_add.spec.local_ts.n + o->sa_add.spec.remote_ts.n;
	return REST + n * sizeof(struct ts);
}

/* Those that went ahead are waited for where O would not fit into the socket behind them. */
static void let_fit(struct datapath_esp *d, const struct esp_order *o)
{
	if (d->answered < d->last && d->octets + octets_of(o) > ORDERS_OCTETS)
		datapath_esp_settle(d->world);
	if (d->answered == d->last)
		d->octets = 0;
}

static enum err send_order(struct datapath_esp *d, struct ipc_message *m)
{
	enum err e;

	d->octets += octets_of(&m->esp_order);
	m->ticket = ++d->last;
	e = member_send(&d->member, IPC_GUARD, m);
	if (e == ERR_RANGE)
		d->last--;
	else if (e)
		lose_orders(d);
	return e;
}

/* Whether an order of KIND, which was given, is not waited for. */
static bool goes_ahead(const struct datapath_esp *d, enum esp_order_kind kind)
{
	return d->ahead && (kind == ORDER_SA_ADD || kind == ORDER_POLICY_ADD || kind == ORDER_POLICY_LEAD) &&
	       d->last - d->answered < ORDERS_AHEAD;
}

/* For an SA another process is waited for; what else a lost one was not told the next one is told anyway. */
static enum err give(void *ctx, const struct esp_order *o, const int *fds, unsigned n, struct text *why)
{
	struct datapath_esp *d = ctx;
	struct ipc_message m = { .kind = IPC_ESP_ORDER, .esp_order = *o, .fds = fds, .n_fds = n };
	const char *what = NULL;
	enum err e = run(d, why);

	if (e)
		return e;
	let_fit(d, o);
	if (o->kind == ORDER_SA_ADD)
		e = member_wait(&d->member, why->arena);
	if (!e)
		e = make_room(d, why->arena);
	if (!e)
		e = send_order(d, &m);
	if (!e && o->kind == ORDER_POLICY_LEAD)
		d->led = d->last;
	if (e || goes_ahead(d, o->kind))
		return e;
	e = wait_until_done(d, why->arena, &what);
	if (what)
		text_add(why, "%s", what);
	return e;
}

static void note_failure(struct datapath_esp *d, uint64_t ticket, enum err result, const char *what)
{
	if (d->n_failed < ORDERS_AHEAD)
		d->failed[d->n_failed++] =
			(struct esp_failure){ ticket, result, what ? arena_str(&d->failures, what) : NULL };
}

/* An answer is one to all orders before it, too: of those only failures are told by themselves. */
bool datapath_esp_take_done(void *ctx, const struct ipc_message *m)
{
	struct datapath_esp *d = member_ctx(ctx);
	bool is_waited_for = false;

	if (m->ticket <= d->answered || m->ticket > d->last)
		return false;
	d->answered = m->ticket;
	for (struct esp_wait *w = d->waits; w; w = w->outer) {
		if (w->ticket == m->ticket) {
			is_waited_for = true;
			w->result = m->done.result;
			w->what = m->done.what ? arena_str(w->arena, m->done.what) : NULL;
		}
		if (w->ticket <= m->ticket)
			w->ticket = 0;
	}
	if (m->done.result && !is_waited_for)
		note_failure(d, m->ticket, m->done.result, m->done.what);
	return true;
}

/* ------------------------------------------------------------ orders ahead */

static void forget_failures(struct datapath_esp *d)
{
	d->n_failed = 0;
	arena_free(&d->failures);
}

void datapath_esp_ahead(struct world *w, bool on)
{
	if (!w->esp)
		return;
	w->esp->ahead = on;
	if (on)
		forget_failures(w->esp);
}

bool datapath_esp_goes_ahead(const struct world *w)
{
	return w->esp && w->esp->ahead;
}

uint64_t datapath_esp_given(const struct world *w)
{
	return w->esp ? w->esp->last : 0;
}

void datapath_esp_settle(struct world *w)
{
	struct datapath_esp *d = w->esp;
	struct arena scratch = { 0 };
	const uint64_t last = d ? d->last : 0;
	const char *what;
	enum err e;

	if (d && d->answered < last) {
		e = wait_until_done(d, &scratch, &what);
		if (e && e != ERR_MISSING)
			note_failure(d, last, e, what);
	}
	arena_free(&scratch);
}

void datapath_esp_fence(struct world *w)
{
	if (w->esp && w->esp->answered < w->esp->led)
		datapath_esp_settle(w);
}

enum err datapath_esp_went(const struct world *w, uint64_t from, uint64_t to, const char **what)
{
	const struct datapath_esp *d = w->esp;

	for (unsigned i = 0; d && i < d->n_failed; i++)
		if (d->failed[i].ticket > from && d->failed[i].ticket <= to) {
			*what = d->failed[i].what;
			return d->failed[i].result;
		}
	return ERR_OK;
}

bool datapath_esp_take_report(void *ctx, const struct ipc_message *m)
{
	const struct datapath_esp *d = member_ctx(ctx);

	if (d->inside && d->inside->waits) /* for the room that this one has left, and perhaps alone */
		event_active(d->reports, EV_READ, 0);
	return !d->link.user || user_report(d->link.user, &m->esp_report.report, m->esp_report.body);
}

/* -------------------------------------------------------------------- life */

struct esp_link *datapath_esp_start(struct world *w)
{
	struct datapath_esp *d = w->esp = calloc(1, sizeof *d);

	if (!d)
		abort();
	d->world = w;
	d->link = (struct esp_link){ .ctx = d, .give = give };
	return &d->link;
}

/* Whoever gives the first order tries again, and hears why not. */
void datapath_esp_launch(struct world *w)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (!w->options->one)
		(void)!launch(w->esp, &why);
	arena_free(&scratch);
}

void datapath_esp_unused(struct world *w)
{
	struct datapath_esp *d = w->esp;

	if (!d->runs || d->begun)
		return;
	member_stop(&d->member);
	d->runs = false;
}

void datapath_esp_stop(struct world *w)
{
	struct datapath_esp *d = w->esp;

	if (d->runs)
		member_stop(&d->member);
	if (d->inside)
		stop_inside(d);
	free(d->inside);
	forget_failures(d);
	free(d);
	w->esp = NULL;
}
