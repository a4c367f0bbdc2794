/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/relay.h"

#include "base/heap.h"
#include "daemon/certs.h"
#include "daemon/clock.h"

#include <errno.h>
#include <stdlib.h>

/* A question of ike's. */
struct relay_talk {
	uint64_t ticket;
	bool accounts; /* it tells of a session, and is no conversation */
	struct radius_relay conversation;
};

static const char *const services[RADIUS_SERVICES] = { "authentication", "accounting" };

static void settle(struct relay *r);

/* -------------------------------------------------------------------- lines */

static void say(struct relay *r, const char *text)
{
	certs_say(r->certs, "radius", NULL, text);
}

/* What a stranger may have caused. */
static void say_sometimes(struct relay *r, const char *text)
{
	unsigned held;

	if (gate_pass(&r->lines, clock_ms(), &held))
		say(r, text);
}

static void say_change(struct relay *r, const struct radius_out *out)
{
	const struct relay_server *s = &r->servers[out->socket.server];
	struct arena arena = { 0 };
	struct addr a = { s->ip, s->ports[out->socket.service] };
	char where[ADDR_TEXT];

	say(r, arena_printf(&arena,
		       out->what == RADIUS_IS_BACK
			       ? "the RADIUS server %s, %s, answers for %s again"
			       : "the RADIUS server %s, %s, does not answer for %s: is it running, does a "
				 "firewall let "
				 "UDP through, and does it know this machine's address and secret?",
		       s->name, s->ip.v ? addr_print(&a, where) : "whose name is not known",
		       services[out->socket.service]));
	arena_free(&arena);
}

static void say_drop(struct relay *r, const struct radius_socket *from, enum radius_drop drop)
{
	static const char *const whys[RADIUS_DROPS] = {
		[RADIUS_MALFORMED] = "it is none",
		[RADIUS_UNPROVEN] =
			"it has no Message-Authenticator, so that others could have made it: have the "
			"server send one",
		[RADIUS_FORGED] =
			"it was not made with the secret that stands here: write the same on both sides",
	};
	struct arena arena = { 0 };

	if (whys[drop])
		say_sometimes(r, arena_printf(&arena, "an answer of the RADIUS server %s was dropped: %s",
					 r->servers[from->server].name, whys[drop]));
	arena_free(&arena);
}

/* ------------------------------------------------------------------ answers */

static struct bytes write_note(const struct relay *r, const struct radius_relay *c, uint8_t *out)
{
	struct wr w = wr_of(out, IPC_RADIUS_NOTE_MAX);
	uint8_t octets[RADIUS_NOTE_MAX];

	wr_u64(&w, r->mark);
	wr_bytes(&w, radius_relay_save(c, octets));
	return wr_done(&w);
}

static void tell_turn(
	struct relay *r, uint64_t ticket, const struct radius_relay *c, const struct radius_turn *turn)
{
	const struct radius_grant *g = &turn->grant;
	uint8_t note[IPC_RADIUS_NOTE_MAX];
	struct ipc_message a = { .kind = IPC_RELAYED, .ticket = ticket };

	a.relayed = (struct ipc_relayed){ .what = turn->what,
		.note = write_note(r, c, note),
		.packet = turn->packet,
		.why = turn->why,
		.message = turn->message,
		.msk = bytes_of(g->msk, g->n_msk),
		.user = g->user,
		.cui = g->cui,
		.classes = { g->classes, g->n_classes },
		.filters = { g->filters, g->n_filters },
		.esp = g->esp,
		.renew = g->renew,
		.session_timeout = g->session_timeout,
		.idle_timeout = g->idle_timeout,
		.interim = g->interim,
		.ip = g->ip,
		.ip6 = g->ip6,
		.n_dns = (uint8_t)g->n_dns,
		.n_nbns = (uint8_t)g->n_nbns };
	memcpy(a.relayed.dns, g->dns, sizeof g->dns);
	memcpy(a.relayed.nbns, g->nbns, sizeof g->nbns);
	certs_answer(r->certs, &a);
}

/* The question TICKET is not even asked. */
static void refuse(struct relay *r, uint64_t ticket, const char *why)
{
	const struct radius_relay none = { 0 };
	const struct radius_turn turn = { .what = RADIUS_FAILED, .why = why };

	tell_turn(r, ticket, &none, &turn);
}

static void tell_accounted(struct relay *r, uint64_t ticket, bool acknowledged)
{
	const struct ipc_message a = {
		.kind = IPC_ACCOUNTED, .ticket = ticket, .accounted = { acknowledged }
	};

	certs_answer(r->certs, &a);
}

static void go_on(struct relay *r, struct relay_talk *t, const struct radius_out *out)
{
	const struct radius_secret *secret = NULL;
	struct radius_turn turn;

	if (out->what == RADIUS_ANSWER)
		secret = radius_client_secret(r->client, out->socket.server);
	radius_relay_take(&t->conversation, out, secret, &turn);
	tell_turn(r, t->ticket, &t->conversation, &turn);
	WIPE(turn);
}

static void conclude(struct relay *r, const struct radius_out *out)
{
	struct relay_talk *t = map_take(&r->asked, out->ticket);

	if (!t)
		return;
	if (t->accounts)
		tell_accounted(r, t->ticket, out->what == RADIUS_ANSWER);
	else
		go_on(r, t, out);
	free(t);
}

/* ------------------------------------------------------------------ sockets */

static void on_datagram(void *ctx, struct bytes datagram)
{
	struct relay_socket *s = ctx;
	enum radius_drop drop = radius_client_take(s->relay->client, &s->is, datagram, clock_ms());

	if (drop)
		say_drop(s->relay, &s->is, drop);
}

static void on_datagrams(void *ctx)
{
	settle(((struct relay_socket *)ctx)->relay);
}

/* One that cannot be sent is as one that is lost. */
static void send_datagram(struct relay *r, const struct radius_out *out)
{
	struct relay_server *server = &r->servers[out->socket.server];
	struct relay_socket *s = &server->sockets[out->socket.service][out->socket.port];
	struct addr to = { server->ip, server->ports[out->socket.service] };
	struct arena arena = { 0 };

	if (!to.ip.v || !out->datagram.n)
		return;
	*s = (struct relay_socket){ r, out->socket, s->port };
	if (!s->port)
		s->port = relay_port_open(r->certs->base, &to, on_datagram, on_datagrams, s);
	if (!s->port || !relay_port_send(s->port, out->datagram))
		say_sometimes(r, arena_printf(&arena, "the RADIUS server %s cannot be sent to: %s",
					 server->name, strerror(errno)));
	arena_free(&arena);
}

static void set_timer(struct relay *r)
{
	uint64_t wake = radius_client_wake(r->client), now = clock_ms();
	uint64_t wait = wake > now ? wake - now : 0;
	struct timeval time = { .tv_sec = (time_t)(wait / 1000),
		.tv_usec = (suseconds_t)(wait % 1000) * 1000 };

	if (wake == HEAP_NEVER)
		evtimer_del(r->timer);
	else
		evtimer_add(r->timer, &time);
}

/* -------------------------------------------------------------------- names */

struct naming {
	struct relay *relay;
	unsigned server;
	uint64_t mark; /* of the servers that it was about */
};

/* Sockets lead to an address; the next datagrams go to the new one. */
static void close_sockets(struct relay_server *s)
{
	for (unsigned k = 0; k < RADIUS_SERVICES; k++)
		for (unsigned p = 0; p < RADIUS_PORTS_MAX; p++) {
			relay_port_free(s->sockets[k][p].port);
			s->sockets[k][p].port = NULL;
		}
}

static void on_name(void *ctx, const struct ip *ip, const char *why)
{
	struct naming *n = ctx;
	struct relay *r = n->relay;
	struct relay_server *s = &r->servers[n->server];
	struct arena arena = { 0 };

	if (n->mark == r->mark && n->server < r->n_servers) {
		s->resolving = false;
		if (ip && !ip_eq(ip, &s->ip)) {
			close_sockets(s);
			s->ip = *ip;
		} else if (!ip) {
			say(r, arena_printf(&arena, "the RADIUS server %s: its address is not to be had: %s",
				       s->name, why));
		}
	}
	arena_free(&arena);
	free(n);
}

static void find_address(struct relay *r, unsigned server)
{
	struct relay_server *s = &r->servers[server];
	struct naming *n;

	if (!s->dns || s->resolving)
		return;
	n = calloc(1, sizeof *n);
	if (!n)
		abort();
	*n = (struct naming){ r, server, r->mark };
	s->resolving = true;
	resolve_name(&r->certs->resolver, s->dns, 0, on_name, n);
}

/* ------------------------------------------------------------------ running */

static void settle(struct relay *r)
{
	struct radius_out out;

	while (radius_client_next(r->client, clock_ms(), &out))
		switch (out.what) {
		case RADIUS_SEND: send_datagram(r, &out); break;
		case RADIUS_ANSWER:
		case RADIUS_NO_ANSWER: conclude(r, &out); break;
		case RADIUS_FELL_SILENT:
			say_change(r, &out);
			find_address(r, out.socket.server);
			break;
		case RADIUS_IS_BACK: say_change(r, &out); break;
		}
	set_timer(r);
}

static void on_time(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	settle(ctx);
}

static const char *ask(struct relay *r, struct relay_talk *t, const struct ipc_relay *m)
{
	uint8_t octets[RADIUS_ATTRIBUTES_MAX];
	struct wr w = wr_of(octets, sizeof octets);
	struct rd note = rd_of(m->note);
	enum err e = ERR_OK;

	if (!r->client)
		return "there is no RADIUS server: name one in the section daemon.radius";
	if (m->note.n && (rd_u64(&note) != r->mark || radius_relay_load(rd_rest(&note), &t->conversation)))
		return "the RADIUS servers have changed: the user must try again";
	e = radius_relay_ask(&t->conversation, &m->session, m->eap, &w);
	if (e == ERR_RANGE)
		return "the conversation with the RADIUS server has no end";
	if (e)
		return "what the peer says cannot be passed on to a RADIUS server";
	e = radius_client_ask(r->client, t->ticket, RADIUS_AUTH, radius_relay_server(&t->conversation),
		wr_done(&w), clock_ms());
	if (e == ERR_BUSY)
		return "too many wait for the RADIUS servers";
	return e ? "what the peer says is too long for a RADIUS server" : NULL;
}

static struct relay_talk *talk_new(uint64_t ticket)
{
	struct relay_talk *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	t->ticket = ticket;
	return t;
}

bool relay_take_eap(void *ctx, const struct ipc_message *m)
{
	struct relay *r = &((struct certs *)ctx)->relay;
	struct relay_talk *t;
	const char *why;

	if (map_get(&r->asked, m->ticket))
		return false;
	t = talk_new(m->ticket);
	why = ask(r, t, &m->relay);
	if (why) {
		free(t);
		refuse(r, m->ticket, why);
		return true;
	}
	map_put(&r->asked, m->ticket, t);
	settle(r);
	return true;
}

/* Who has written them is not believed. */
static bool are_attributes(struct bytes octets)
{
	struct rd r = rd_of(octets);

	while (!rd_done(&r) && !r.bad) {
		uint8_t n;

		(void)rd_u8(&r);
		n = rd_u8(&r);
		if (n < 3)
			return false;
		(void)rd_bytes(&r, n - 2u);
	}
	return !r.bad;
}

bool relay_take_account(void *ctx, const struct ipc_message *m)
{
	struct relay *r = &((struct certs *)ctx)->relay;
	struct relay_talk *t;

	if (map_get(&r->asked, m->ticket) || !are_attributes(m->account.attributes))
		return false;
	if (!r->client ||
		radius_client_ask(r->client, m->ticket, RADIUS_ACCT, -1, m->account.attributes, clock_ms())) {
		tell_accounted(r, m->ticket, false);
		return true;
	}
	t = talk_new(m->ticket);
	t->accounts = true;
	map_put(&r->asked, m->ticket, t);
	settle(r);
	return true;
}

/* ------------------------------------------------------------------ servers */

/* Ends what there is; who waits is told WHY (NULL: nobody is left). */
static void forget(struct relay *r, const char *why)
{
	struct relay_talk *t;
	size_t at = 0;

	while ((t = map_next(&r->asked, &at))) {
		if (why && t->accounts)
			tell_accounted(r, t->ticket, false);
		else if (why)
			refuse(r, t->ticket, why);
		free(t);
	}
	map_free(&r->asked);
	r->asked = (struct map){ 0 };
	for (unsigned s = 0; s < r->n_servers; s++)
		close_sockets(&r->servers[s]);
	radius_client_free(r->client);
	r->client = NULL;
	r->n_servers = 0;
	memset(r->servers, 0, sizeof r->servers);
	arena_free(&r->arena);
	evtimer_del(r->timer);
}

static void add_server(struct relay *r, struct radius_settings *settings, const struct ipc_radius_server *m)
{
	struct relay_server *s = &r->servers[r->n_servers];

	settings->servers[r->n_servers] =
		(struct radius_server){ .secret = holder_secret(&r->certs->holder, m->secret),
			.nas_identifier = m->nas_identifier,
			.preference = m->preference,
			.ports = m->sockets,
			.offers = { true, true } };
	s->name = arena_str(&r->arena, m->name);
	memcpy(s->ports, m->ports, sizeof s->ports);
	if (ip_parse(m->address, &s->ip))
		s->dns = arena_str(&r->arena, m->address);
	r->n_servers++;
}

/* The same for the same servers, in another process too: conversations outlive the loss of this one. */
static uint64_t mark_of(const struct ipc_radius *m)
{
	uint64_t h = BYTES_HASH;

	for (unsigned i = 0; i < m->n_servers; i++) {
		h = bytes_hash(h, bytes_str(m->servers[i].name));
		h = bytes_hash(h, bytes_str(m->servers[i].address));
		h = bytes_hash(h, bytes_of(m->servers[i].ports, sizeof m->servers[i].ports));
	}
	return h;
}

bool relay_take_servers(void *ctx, const struct ipc_message *m)
{
	struct certs *c = ctx;
	struct relay *r = &c->relay;
	struct radius_settings settings = {
		.timeout = m->radius.timeout, .base = m->radius.base, .tries = m->radius.tries
	};

	forget(r, "the RADIUS servers have changed: the user must try again");
	for (unsigned i = 0; i < m->radius.n_servers; i++)
		add_server(r, &settings, &m->radius.servers[i]);
	settings.n_servers = r->n_servers;
	r->mark = mark_of(&m->radius);
	if (r->n_servers)
		r->client = radius_client_new(&settings, &r->entropy.rng);
	for (unsigned i = 0; i < r->n_servers; i++)
		find_address(r, i);
	commands_set(&c->commands, &m->radius.dae);
	return true;
}

void relay_start(struct relay *r, struct certs *c)
{
	*r = (struct relay){ .certs = c };
	entropy_start(&r->entropy);
	r->timer = evtimer_new(c->base, on_time, r);
	if (!r->timer)
		abort();
}

void relay_stop(struct relay *r)
{
	forget(r, NULL);
	event_free(r->timer);
	entropy_stop(&r->entropy);
}
