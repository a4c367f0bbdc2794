/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request is either waiting (for a place at a server: in a list, its node due when it has waited too long),
 * or flying (it has a place, its node is due when it is to be sent again), or done (its answer has come). */
#include "radius/client.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"

#include <stdlib.h>

enum { IDS = 256 };

/* A source port: its requests by their identifiers. */
struct port {
	struct request *flying[IDS];
	unsigned n;
	uint8_t next; /* identifiers are used in turn, so that one is free for long before it means another
			 request */
};

/* A service of a server. */
struct side {
	struct radius_socket self;
	struct port *ports[RADIUS_PORTS_MAX]; /* NULL: not needed so far */
	unsigned n_ports;                     /* it may have */
	unsigned n_flying;
	struct node waiting; /* requests for none but it */
	uint64_t heard;      /* when it said something true */
	bool silent, tell;   /* TELL: that this has changed is not said yet */
	uint64_t again;      /* SILENT: when it is tried again */
	uint64_t trying;     /* SILENT: the ticket that does it */
	bool is_tried;
};

struct request {
	struct heap_node due;
	struct node node;
	struct arena arena; /* of itself, too */
	uint64_t ticket;
	enum radius_service service;
	int only; /* the server; -1: any */
	struct bytes attributes, packet, answer;
	uint8_t authenticator[RADIUS_AUTHENTICATOR];
	struct side *side; /* flying or done; NULL: waiting */
	unsigned port, tries;
	unsigned unmade; /* tries before them for which there was no packet */
	uint8_t id;
	uint64_t first,
		pause;  /* when it was sent to this server, and how long for its last datagram is waited */
	uint32_t tried; /* a bit for each server */
};

struct radius_client {
	struct radius_settings settings;
	struct arena arena; /* of what the settings borrow */
	struct rng *rng;
	struct side sides[RADIUS_SERVERS_MAX][RADIUS_SERVICES];
	struct radius_counters counters[RADIUS_SERVERS_MAX];
	struct heap due;
	struct map tickets;
	struct node waiting[RADIUS_SERVICES], done;
	struct request *said; /* whose answer was given out, and is to be freed */
};

struct radius_client *radius_client_new(const struct radius_settings *settings, struct rng *rng)
{
	struct arena arena = { 0 };
	struct radius_client *c = ARENA_NEW(&arena, struct radius_client);

	c->arena = arena;
	c->settings = *settings;
	c->rng = rng;
	list_init(&c->done);
	for (unsigned k = 0; k < RADIUS_SERVICES; k++)
		list_init(&c->waiting[k]);
	for (unsigned s = 0; s < settings->n_servers; s++) {
		struct radius_server *server = &c->settings.servers[s];

		server->nas_identifier = arena_bytes(&c->arena, server->nas_identifier);
		for (unsigned k = 0; k < RADIUS_SERVICES; k++) {
			c->sides[s][k].self = (struct radius_socket){ .server = s, .service = k };
			c->sides[s][k].n_ports = server->offers[k] ? server->ports : 0;
			list_init(&c->sides[s][k].waiting);
		}
	}
	return c;
}

/* Gives up the place that R has at a server. */
static void leave(struct request *r)
{
	struct side *side = r->side;
	struct port *port = side ? side->ports[r->port] : NULL;

	r->side = NULL;
	if (!port || port->flying[r->id] != r)
		return;
	port->flying[r->id] = NULL;
	port->n--;
	side->n_flying--;
	if (side->is_tried && side->trying == r->ticket)
		side->is_tried = false;
}

static void wipe_request(struct request *r)
{
	struct arena arena = r->arena;

	arena_free(&arena);
}

static void request_free(struct radius_client *c, struct request *r)
{
	leave(r);
	heap_set(&c->due, &r->due, HEAP_NEVER);
	list_remove(&r->node);
	map_take(&c->tickets, r->ticket);
	wipe_request(r);
}

void radius_client_free(struct radius_client *c)
{
	struct arena arena;
	struct request *r;
	size_t at = 0;

	if (!c)
		return;
	while ((r = map_next(&c->tickets, &at)))
		wipe_request(r);
	for (unsigned s = 0; s < c->settings.n_servers; s++)
		for (unsigned k = 0; k < RADIUS_SERVICES; k++)
			for (unsigned p = 0; p < RADIUS_PORTS_MAX; p++)
				free(c->sides[s][k].ports[p]);
	heap_free(&c->due);
	map_free(&c->tickets);
	arena = c->arena;
	arena_free(&arena);
}

/* Puts R at the end of those who wait for a place. */
static void wait_for_place(struct radius_client *c, struct request *r, uint64_t now)
{
	leave(r);
	list_remove(&r->node);
	list_append(r->only < 0 ? &c->waiting[r->service] : &c->sides[r->only][r->service].waiting, &r->node);
	heap_set(&c->due, &r->due, now + RADIUS_PATIENCE);
}

static bool offered(const struct radius_client *c, enum radius_service service, int server)
{
	for (unsigned s = 0; s < c->settings.n_servers; s++)
		if ((server < 0 || (unsigned)server == s) && c->settings.servers[s].offers[service])
			return true;
	return false;
}

/* Octets of attributes that the client itself puts into a packet, at most. */
static size_t own_octets(const struct radius_client *c)
{
	size_t most = 0;

	for (unsigned s = 0; s < c->settings.n_servers; s++)
		if (c->settings.servers[s].nas_identifier.n > most)
			most = c->settings.servers[s].nas_identifier.n;
	return 2 + most;
}

enum err radius_client_ask(struct radius_client *c, uint64_t ticket, enum radius_service service, int server,
	struct bytes attributes, uint64_t now)
{
	struct arena arena = { 0 };
	struct request *r;

	if (!offered(c, service, server))
		return ERR_MISSING;
	if (attributes.n + own_octets(c) > RADIUS_ATTRIBUTES_MAX)
		return ERR_SPACE;
	if (c->tickets.count >= RADIUS_REQUESTS_MAX)
		return ERR_BUSY;
	r = ARENA_NEW(&arena, struct request);
	r->ticket = ticket;
	r->service = service;
	r->only = server;
	r->attributes = arena_bytes(&arena, attributes);
	r->arena = arena;
	list_init(&r->node);
	map_put(&c->tickets, ticket, r);
	wait_for_place(c, r, now);
	return ERR_OK;
}

void radius_client_forget(struct radius_client *c, uint64_t ticket)
{
	struct request *r = map_get(&c->tickets, ticket);

	if (r && r != c->said)
		request_free(c, r);
}

/* Places. */

static bool has_place(const struct side *side)
{
	return side->n_flying < side->n_ports * IDS;
}

/* The first port with room. A further one is made when those before it are full. */
static unsigned choose_port(struct radius_client *c, struct side *side)
{
	for (unsigned p = 0; p < side->n_ports; p++) {
		if (!side->ports[p]) {
			side->ports[p] = calloc(1, sizeof *side->ports[p]);
			if (!side->ports[p])
				abort();
			side->ports[p]->next = (uint8_t)rng_u32(c->rng);
		}
		if (side->ports[p]->n < IDS)
			return p;
	}
	abort(); /* has_place() was asked */
}

static void take_place(struct radius_client *c, struct side *side, struct request *r)
{
	struct port *port;

	r->side = side;
	r->port = choose_port(c, side);
	port = side->ports[r->port];
	while (port->flying[port->next])
		port->next++;
	r->id = port->next++;
	port->flying[r->id] = r;
	port->n++;
	side->n_flying++;
}

/* Whether SIDE can be counted on. One that was silent is tried again by one request. */
static bool is_usable(const struct side *side, uint64_t now)
{
	return !side->silent || (!side->is_tried && now >= side->again);
}

/* Whether A is to be asked before B; both are usable, or both are not. */
static bool is_before(const struct radius_client *c, const struct side *a, const struct side *b)
{
	unsigned pa = c->settings.servers[a->self.server].preference;
	unsigned pb = c->settings.servers[b->self.server].preference;

	return pa != pb ? pa > pb : a->n_flying < b->n_flying;
}

/* Who R goes to, of the usable ones or of those who are not; NULL: none has a place. *EXISTS: there are such.
 */
static struct side *best(
	struct radius_client *c, const struct request *r, bool usable, uint64_t now, bool *exists)
{
	struct side *found = NULL;

	*exists = false;
	for (unsigned s = 0; s < c->settings.n_servers; s++) {
		struct side *side = &c->sides[s][r->service];

		if (!side->n_ports || r->tried & 1u << s || is_usable(side, now) != usable)
			continue;
		*exists = true;
		if (has_place(side) && (!found || is_before(c, side, found)))
			found = side;
	}
	return found;
}

/* Who R goes to now; NULL: it must wait. Silent servers are asked where there is nobody else. *EXISTS:
 * somebody is left to wait for. */
static struct side *choose(struct radius_client *c, const struct request *r, uint64_t now, bool *exists)
{
	struct side *side;

	if (r->only >= 0) {
		side = &c->sides[r->only][r->service];
		*exists = !r->tried;
		return *exists && has_place(side) ? side : NULL;
	}
	side = best(c, r, true, now, exists);
	return *exists ? side : best(c, r, false, now, exists);
}

/* Datagrams. */

static enum err make_packet(struct radius_client *c, struct request *r)
{
	const struct radius_server *server = &c->settings.servers[r->side->self.server];
	bool auth = r->service == RADIUS_AUTH;
	uint8_t octets[RADIUS_MAX];
	struct wr w = wr_of(octets, sizeof octets);
	enum err e;

	if (auth)
		rng_fill(c->rng, r->authenticator, sizeof r->authenticator);
	radius_begin(&w, auth ? RADIUS_ACCESS_REQUEST : RADIUS_ACCOUNTING_REQUEST, r->id,
		auth ? r->authenticator : NULL, auth);
	radius_put(&w, RADIUS_NAS_IDENTIFIER, server->nas_identifier);
	wr_bytes(&w, r->attributes);
	e = radius_finish(&w, &server->secret, NULL);
	if (e)
		return e;
	memcpy(r->authenticator, octets + 4, sizeof r->authenticator);
	r->packet = arena_bytes(&r->arena, wr_done(&w));
	return ERR_OK;
}

static void say_no_answer(struct radius_client *c, struct request *r, struct radius_out *out)
{
	*out = (struct radius_out){ .what = RADIUS_NO_ANSWER, .ticket = r->ticket };
	request_free(c, r);
}

/* A packet that could not be made just now is made when it is to be sent again. */
static void send_out(struct radius_client *c, struct request *r, uint64_t now, struct radius_out *out)
{
	struct radius_counters *n = &c->counters[r->side->self.server];
	enum err e = r->packet.n ? ERR_OK : make_packet(c, r);

	if (e && e != ERR_BUSY) {
		say_no_answer(c, r, out);
		return;
	}
	*out = (struct radius_out){ .what = RADIUS_SEND, .socket = r->side->self, .datagram = r->packet };
	out->socket.port = r->port;
	if (e) {
		r->unmade++;
		r->pause = c->settings.timeout;
	} else {
		n->sent++;
		n->resent += r->tries > 0;
		r->first = r->tries ? r->first : now;
		r->pause = r->tries++ ? r->pause * c->settings.base / 1000 : c->settings.timeout;
	}
	heap_set(&c->due, &r->due, now + r->pause);
}

/* R has got SIDE. */
static void begin_flight(
	struct radius_client *c, struct request *r, struct side *side, uint64_t now, struct radius_out *out)
{
	list_remove(&r->node);
	if (side->silent && !side->is_tried) {
		side->is_tried = true;
		side->trying = r->ticket;
	}
	take_place(c, side, r);
	r->tries = r->unmade = 0;
	r->packet = (struct bytes){ 0 };
	send_out(c, r, now, out);
}

static bool start_first(struct radius_client *c, struct node *waiting, uint64_t now, struct radius_out *out)
{
	struct request *r;
	struct side *side;
	bool exists;

	if (list_empty(waiting))
		return false;
	r = node_owner(waiting->next, struct request, node);
	side = choose(c, r, now, &exists);
	if (!exists)
		say_no_answer(c, r, out);
	else if (side)
		begin_flight(c, r, side, now, out);
	return !exists || side;
}

static bool start_waiting(struct radius_client *c, uint64_t now, struct radius_out *out)
{
	for (unsigned k = 0; k < RADIUS_SERVICES; k++) {
		if (start_first(c, &c->waiting[k], now, out))
			return true;
		for (unsigned s = 0; s < c->settings.n_servers; s++)
			if (start_first(c, &c->sides[s][k].waiting, now, out))
				return true;
	}
	return false;
}

/* Silence. */

/* Another server than R's that could answer it. */
static bool has_other(struct radius_client *c, const struct request *r, uint64_t now)
{
	struct request other = *r;
	bool exists;

	if (r->only >= 0)
		return false;
	other.tried |= 1u << r->side->self.server;
	best(c, &other, true, now, &exists);
	return exists;
}

static void move_on(struct radius_client *c, struct request *r, uint64_t now)
{
	r->tried |= 1u << r->side->self.server;
	c->counters[r->side->self.server].moved += r->only < 0;
	wait_for_place(c, r, now);
}

/* SIDE says nothing: who can be answered by another goes there. */
static void fall_silent(struct radius_client *c, struct side *side, uint64_t now)
{
	side->tell = side->tell != !side->silent;
	side->silent = true;
	side->is_tried = false;
	side->again = now + RADIUS_SILENCE;
	for (unsigned p = 0; p < side->n_ports; p++)
		for (unsigned id = 0; side->ports[p] && id < IDS; id++) {
			struct request *r = side->ports[p]->flying[id];

			if (r && has_other(c, r, now))
				move_on(c, r, now);
		}
}

/* R's datagram was not answered in time, or could not be made, which is not the server's fault. True: OUT is
 * to be done. */
static bool lapse(struct radius_client *c, struct request *r, uint64_t now, struct radius_out *out)
{
	struct side *side = r->side;
	bool mute = side && r->packet.n && side->heard < r->first;
	unsigned tries = c->settings.tries;
	bool exists;

	if (!side) {
		say_no_answer(c, r, out);
		return true;
	}
	if (mute && tries > RADIUS_TRIES_BESIDE && has_other(c, r, now))
		tries = RADIUS_TRIES_BESIDE;
	if ((r->packet.n ? r->tries : r->unmade) < tries) {
		send_out(c, r, now, out);
		return true;
	}
	move_on(c, r, now);
	if (mute)
		fall_silent(c, side, now);
	choose(c, r, now, &exists);
	if (!exists)
		say_no_answer(c, r, out);
	return !exists;
}

static bool say_change(struct radius_client *c, struct radius_out *out)
{
	for (unsigned s = 0; s < c->settings.n_servers; s++)
		for (unsigned k = 0; k < RADIUS_SERVICES; k++) {
			struct side *side = &c->sides[s][k];

			if (!side->tell)
				continue;
			side->tell = false;
			*out = (struct radius_out){ .what = side->silent ? RADIUS_FELL_SILENT
									 : RADIUS_IS_BACK,
				.socket = side->self };
			return true;
		}
	return false;
}

static bool say_answer(struct radius_client *c, struct radius_out *out)
{
	struct request *r;

	if (list_empty(&c->done))
		return false;
	r = c->said = node_owner(c->done.next, struct request, node);
	*out = (struct radius_out){ .what = RADIUS_ANSWER,
		.socket = r->side->self,
		.ticket = r->ticket,
		.request = r->authenticator };
	return !radius_parse(r->answer, &out->answer);
}

bool radius_client_next(struct radius_client *c, uint64_t now, struct radius_out *out)
{
	struct heap_node *first;

	if (c->said)
		request_free(c, c->said);
	c->said = NULL;
	if (say_answer(c, out))
		return true;
	while ((first = heap_first(&c->due)) && first->due <= now)
		if (lapse(c, node_owner(first, struct request, due), now, out))
			return true;
	return say_change(c, out) || start_waiting(c, now, out);
}

uint64_t radius_client_wake(const struct radius_client *c)
{
	struct heap_node *first = heap_first(&c->due);

	return first ? first->due : HEAP_NEVER;
}

/* Answers. */

static bool is_answer(uint8_t code, enum radius_service service)
{
	if (service == RADIUS_ACCT)
		return code == RADIUS_ACCOUNTING_RESPONSE;
	return code == RADIUS_ACCESS_ACCEPT || code == RADIUS_ACCESS_REJECT ||
	       code == RADIUS_ACCESS_CHALLENGE;
}

static enum radius_drop judge(struct radius_client *c, const struct radius_socket *socket,
	struct bytes datagram, struct radius_packet *p, struct request **r)
{
	const struct side *side = &c->sides[socket->server][socket->service];
	const struct port *port = side->ports[socket->port];
	const struct radius_secret *secret;

	if (radius_parse(datagram, p) || !is_answer(p->code, socket->service))
		return RADIUS_MALFORMED;
	*r = port ? port->flying[p->id] : NULL;
	if (!*r)
		return RADIUS_LATE;
	secret = &c->settings.servers[socket->server].secret;
	switch (secret->holder->check(secret, p, (*r)->authenticator)) {
	case ERR_OK: return RADIUS_TAKEN;
	case ERR_MISSING: return RADIUS_UNPROVEN;
	case ERR_BUSY: return RADIUS_UNJUDGED;
	default: return RADIUS_FORGED;
	}
}

enum radius_drop radius_client_take(
	struct radius_client *c, const struct radius_socket *socket, struct bytes datagram, uint64_t now)
{
	struct radius_packet p;
	struct request *r = NULL;
	enum radius_drop drop = judge(c, socket, datagram, &p, &r);
	struct side *side;

	if (drop) {
		c->counters[socket->server].dropped[drop]++;
		return drop;
	}
	side = r->side;
	side->heard = now;
	side->tell = side->tell != side->silent;
	side->silent = side->is_tried = false;
	c->counters[socket->server].answered++;
	r->answer = arena_bytes(&r->arena, p.whole);
	heap_set(&c->due, &r->due, HEAP_NEVER);
	leave(r);
	r->side = side;
	list_append(&c->done, &r->node);
	return RADIUS_TAKEN;
}

const struct radius_counters *radius_client_counters(const struct radius_client *c, unsigned server)
{
	return &c->counters[server];
}

const struct radius_secret *radius_client_secret(const struct radius_client *c, unsigned server)
{
	return &c->settings.servers[server].secret;
}
