/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps of the core, their scratch memory, the queue of answers, the timer. */
#include "daemon/speaker.h"

#include "base/heap.h"
#include "crypto/aead.h"
#include "crypto/prf.h"
#include "daemon/clock.h"
#include "daemon/exchange.h"
#include "daemon/ipc_peer.h"
#include "daemon/line.h"
#include "wire/message.h"

#include <poll.h>
#include <stdlib.h>

enum {
	WAKE_MAX = 3600 * 1000, /* ms: a longer sleep is cut into pieces */
	BEHIND_MAX = 16 << 20,  /* octets that wait for guard, up to which peers are heard */
	ASKED_MAX = 64,         /* questions that are answered in a row, */
	ASKS_AGAIN = 1,         /* where the next one comes in so many ms */
	SAID_MAX = 16,          /* messages of guard that are taken in a row: then who asks has his turn */
};

/* --------------------------------------------------------------------- steps */

static void arm(struct speaker *s, uint64_t wake, uint64_t now)
{
	uint64_t ms = wake <= now ? 0 : wake - now;
	struct timeval t;

	if (wake == s->armed)
		return;
	s->armed = wake;
	if (wake == HEAP_NEVER) {
		evtimer_del(s->wake);
		return;
	}
	if (ms > WAKE_MAX)
		ms = WAKE_MAX;
	t = (struct timeval){ .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
	evtimer_add(s->wake, &t);
}

static void queue(struct speaker *s, struct answer *a)
{
	list_append(&s->answers, &a->node);
}

/* Guard cannot be told of A: whoever waits for it hears that. */
static void is_too_large(struct speaker *s, const struct ike_action *a)
{
	static const char what[] = "there is more in it than a message between processes can carry";
	struct answer *answer;

	line_say(LOG_ERROR, "family", what);
	if (!a->ticket)
		return;
	answer = answer_new(a->ticket);
	answer->a.result = ERR_RANGE;
	answer->a.why.what = what;
	queue(s, answer);
}

static void carry_out(struct speaker *s, const struct ike_action *a)
{
	struct answer *answer;

	if (a->kind == ACTION_ASK) {
		answer = answer_new(a->ticket);
		if (exchange_answer(&s->entropy.rng, &a->ask, answer)) {
			queue(s, answer);
			return;
		}
		answer_free(answer);
	}
	if (post_send(&s->post, &(struct ipc_message){ .kind = IPC_ACTION, .action.action = *a }))
		is_too_large(s, a);
}

static void step_one(struct speaker *s, const struct ike_event *event)
{
	struct arena scratch = { 0 };
	struct ike_out out = record_step(s->record, s->ike, event, clock_ms(), &s->entropy.rng, &scratch);

	for (const struct ike_action *a = out.actions; a; a = a->next)
		carry_out(s, a);
	arm(s, out.wake, clock_ms());
	arena_free(&scratch);
}

/* One event, and all that follows from it at once. */
static void step(struct speaker *s, const struct ike_event *event)
{
	step_one(s, event);
	while (!list_empty(&s->answers)) {
		struct answer *a = node_owner(s->answers.next, struct answer, node);

		list_remove(&a->node);
		step_one(s, &(struct ike_event){ .kind = EVENT_ANSWER, .answer = a->a });
		answer_free(a);
	}
}

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
	struct speaker *s = ctx;

	(void)fd;
	(void)what;
	s->armed = HEAP_NEVER;
	step(s, &(struct ike_event){ .kind = EVENT_CLOCK });
	post_flush(&s->post);
}

/* Who sends faster than guard can follow is not heard. Those who do not begin (RFC 7296, 2.6: with the
 * responder's SPI) are heard longer: what they lose they send again only after seconds, and what their peer
 * has set up is of no use meanwhile. */
static bool may_hear(const struct speaker *s, struct bytes datagram)
{
	struct wire_header h;

	if (!post_waits(&s->post))
		return true;
	return s->post.octets <= BEHIND_MAX && header_get(datagram, &h) != ERR_SHORT && h.spi_r;
}

static void received(void *ctx, const struct path *path, struct bytes datagram)
{
	struct speaker *s = ctx;

	if (may_hear(s, datagram))
		step(s, &(struct ike_event){
				.kind = EVENT_DATAGRAM, .datagram = { .path = *path, .data = datagram } });
}

/* Anybody may say so by ICMP, and what was sent goes out again: who is busy hears of it at the next try. */
static void path_mtu(void *ctx, const struct ip *remote, uint32_t octets)
{
	struct speaker *s = ctx;

	if (!post_waits(&s->post))
		step(s, &(struct ike_event){ .kind = EVENT_PATH_MTU,
				.path_mtu = { .remote = *remote, .octets = octets } });
}

static void unreachable(void *ctx, const struct ip *who, enum ike_unreachable what, struct bytes spis)
{
	step(ctx, &(struct ike_event){ .kind = EVENT_UNREACHABLE, .unreachable = { spis, *who, what } });
}

/* What guard is told of all datagrams that came at once goes at once. */
static void heard_all(void *ctx)
{
	post_flush(&((struct speaker *)ctx)->post);
}

/* ------------------------------------------------------------- configuration */

static void add(struct peers *to, struct peer *p)
{
	if (to->n == to->room) {
		to->room = to->room ? 2 * to->room : 16;
		to->v = realloc(to->v, to->room * sizeof(struct peer *));
		if (!to->v)
			abort();
	}
	to->v[to->n++] = p;
}

bool speaker_take_peer(void *ctx, const struct ipc_message *m)
{
	struct speaker *s = ctx;
	struct peer *p = map_get(&s->peers, m->peer.number);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (!p && m->peer.text.n && m->peer.number && !ipc_peer_read(&m->peer, &p, &why))
		map_put(&s->peers, m->peer.number, p);
	else if (!p && !why.n)
		text_add(&why, "guard named connection %u, which it has not handed over", m->peer.number);
	if (p)
		add(&s->next, p);
	else
		log_say(LOG_ERROR, "family", "msg=\"%s\"", text_str(&why));
	arena_free(&scratch);
	return p;
}

/* Those that came for the connection ONLY (NULL: for all) are in the configuration, those before them no
 * more. */
static void replace(struct speaker *s, const char *only)
{
	struct peer *old = only ? dict_take(&s->named, only) : NULL, *p;
	size_t at = 0;

	if (old)
		add(&s->gone, old);
	if (!only)
		dict_free(&s->named);
	for (unsigned i = 0; i < s->next.n; i++) {
		old = dict_take(&s->named, s->next.v[i]->name);
		if (old && old != s->next.v[i])
			add(&s->gone, old);
		dict_put(&s->named, s->next.v[i]->name, s->next.v[i]);
	}
	s->next.n = 0;
	if (only)
		return;
	s->gone.n = 0;
	while ((p = map_next(&s->peers, &at)))
		add(&s->gone, p);
}

/* Those that nobody but our table has. */
static void release(struct speaker *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->gone.n; i++) {
		struct peer *p = s->gone.v[i];

		if (dict_get(&s->named, p->name) == p)
			continue;
		if (p->refs > 1) {
			s->gone.v[n++] = p;
			continue;
		}
		map_take(&s->peers, p->number);
		(void)!post_send(&s->post,
			&(struct ipc_message){ .kind = IPC_RELEASED, .released.number = p->number });
		peer_unref(p);
	}
	s->gone.n = n;
}

static bool hear(struct speaker *s)
{
	static const struct sockets_heard heard = { received, path_mtu, unreachable, heard_all };

	if (s->hears)
		return true;
	s->hears = true;
	return !sockets_hear(s->sockets, s->base, &heard, s);
}

static bool configure(struct speaker *s, const struct ipc_event *m)
{
	struct ike_event event = m->event;
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	struct conf conf = { 0 };
	enum err e = ipc_settings_read(m->settings, &conf, &why);

	if (e) {
		log_say(LOG_ERROR, "family", "msg=\"%s\"", text_str(&why));
		arena_free(&scratch);
		return false;
	}
	event.conf.peers = s->next.v;
	event.conf.n = s->next.n;
	event.conf.settings = &conf.settings;
	step(s, &event);
	conf_free(&s->conf);
	s->conf = conf;
	replace(s, event.conf.only);
	release(s);
	arena_free(&scratch);
	return hear(s);
}

/* -------------------------------------------------------------------- events */

bool speaker_take_event(void *ctx, const struct ipc_message *m)
{
	struct speaker *s = ctx;

	if (m->event.event.kind == EVENT_CONF)
		return configure(s, &m->event);
	/* The timer has slept, too. */
	if (m->event.event.kind == EVENT_WOKEN)
		s->armed = HEAP_NEVER;
	step(s, &m->event.event);
	return true;
}

bool speaker_take_deaf(void *ctx, const struct ipc_message *m)
{
	(void)m;
	sockets_deafen(((struct speaker *)ctx)->sockets);
	return true;
}

bool speaker_take_tape(void *ctx, const struct ipc_message *m)
{
	struct speaker *s = ctx;

	if (s->tape < 0 || s->record)
		return false;
	s->record = record_adopt(s->tape, m->tape.secrets, RECORD_LIMIT);
	record_core(s->record);
	return true;
}

/* ---------------------------------------------------------------------- life */

void speaker_warm(void)
{
	static const uint8_t zeros[PRF_OUT_MAX];
	const struct bytes octets = bytes_of(zeros, sizeof zeros);
	uint8_t sum[PRF_OUT_MAX];
	size_t n;

	for (const struct transform *t = transform_next(NULL); t; t = transform_next(t))
		if (t->kind == KIND_HMAC)
			(void)!digest(t->openssl, &octets, 1, sum, &n);
		else if (t->type == TRANSFORM_ENCR && t->kind == KIND_AEAD)
			aead_free(aead_new(t, NULL));
}

void speaker_start(struct speaker *s, struct event_base *base, struct sockets *sockets, int tape)
{
	*s = (struct speaker){ .base = base, .sockets = sockets, .tape = tape, .armed = HEAP_NEVER };
	s->guard.fd = s->ctl.fd = -1;
	s->conf.settings = settings_default();
	post_start(&s->post, base, &s->guard, SPEAKER_OUT_MAX);
	post_gathers(&s->post);
	list_init(&s->answers);
	entropy_start(&s->entropy);
	s->wake = evtimer_new(base, on_wake, s);
	if (!s->wake)
		abort();
	s->ike = ike_new(&s->entropy.rng);
}

void speaker_stop(struct speaker *s)
{
	struct peer *p;
	size_t at = 0;

	sockets_deafen(s->sockets);
	ike_free(s->ike);
	list_each_safe (n, &s->answers)
		answer_free(node_owner(n, struct answer, node));
	while ((p = map_next(&s->peers, &at)))
		peer_unref(p);
	map_free(&s->peers);
	free(s->next.v);
	free(s->gone.v);
	dict_free(&s->named);
	conf_free(&s->conf);
	arena_free(&s->asked.arena);
	post_stop(&s->post);
	event_free(s->wake);
	record_close(s->record);
	entropy_stop(&s->entropy);
}

static enum err serve(struct speaker *s, struct ipc_channel *from, ipc_take_fn *take)
{
	struct arena arena = { 0 };
	const char *wrong;
	enum err e = take(from, &arena, s, &wrong);

	if (e == ERR_DENIED)
		log_say(LOG_ERROR, "family", "msg=\"%s %s\"", ipc_name(from->peer), wrong);
	arena_free(&arena);
	return e;
}

bool speaker_serve(struct speaker *s, struct ipc_channel *from)
{
	bool served = !serve(s, from, ipc_take);

	post_flush(&s->post);
	return served;
}

/* Answers come several at a time where much is done at once. */
static void on_said(evutil_socket_t fd, short what, void *ctx)
{
	struct speaker *s = ctx;
	enum err e = ERR_OK;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < SAID_MAX && !e; i++)
		e = serve(s, &s->guard, ipc_take_now);
	post_flush(&s->post);
	if (e && e != ERR_BUSY)
		event_base_loopbreak(s->base);
}

/* Whether another question is there, or comes at once. */
static bool is_asked(const struct speaker *s)
{
	struct pollfd p = { .fd = s->ctl.fd, .events = POLLIN };

	return poll(&p, 1, ASKS_AGAIN) > 0;
}

/* Who wants a status asks one question after the other, and waits: each behind whatever peers have sent would
 * take too long where they send much. */
static void on_asked(evutil_socket_t fd, short what, void *ctx)
{
	struct speaker *s = ctx;
	unsigned n = 0;
	bool served;

	(void)fd;
	(void)what;
	do
		served = speaker_serve(s, &s->ctl);
	while (served && ++n < ASKED_MAX && is_asked(s));
	if (!served)
		event_base_loopbreak(s->base);
}

void speaker_run(struct speaker *s)
{
	struct event *guard = event_new(s->base, s->guard.fd, EV_READ | EV_PERSIST, on_said, s);
	struct event *ctl = event_new(s->base, s->ctl.fd, EV_READ | EV_PERSIST, on_asked, s);

	/* What guard says counts before what peers say at the same time. */
	if (guard && ctl && !event_priority_set(guard, 0) && !event_priority_set(ctl, 0) &&
		!event_add(guard, NULL) && !event_add(ctl, NULL))
		event_base_dispatch(s->base);
}
