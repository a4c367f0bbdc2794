/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plain non-blocking sockets, one for each client. */
#include "daemon/ctl.h"

#include "base/log.h"
#include "crypto/prf.h"
#include "daemon/clock.h"
#include "daemon/entropy.h"
#include "pki/paper.h"
#include "vici/front.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READERS_MAX = 128,       /* clients that may not do everything */
	READ_ROOM = 16384,       /* taken at one wake-up */
	WRITE_ROOM = 128 * 1024, /* and given */
};

/* Clients, by what they may do: others leave room for those that may do all. */
static const unsigned clients_max[] = { [VICI_NOTHING] = 8,
	[VICI_ASKS] = READERS_MAX,
	[VICI_CHANGES] = CTL_CLIENTS_MAX,
	[VICI_SEES_KEYS] = CTL_CLIENTS_MAX };

struct client {
	struct node node;
	struct ctl *ctl;
	uint32_t number; /* 0: guard does not know it, since it has not asked for anything */
	int fd;
	struct event *readable, *writable;
	struct event *gone; /* for one that is not read from */
	enum vici_rights rights;
	struct vici_front front;
	struct fifo unsent;
	bool full; /* and guard knows it */
};

static void client_close(struct client *client)
{
	struct ctl *c = client->ctl;

	if (client->number) {
		(void)map_take(&c->by_number, client->number);
		(void)!post_send(
			&c->post, &(struct ipc_message){ .kind = IPC_GONE, .gone.client = client->number });
	}
	list_remove(&client->node);
	c->n_clients--;
	c->n_with[client->rights]--;
	vici_front_free(&client->front);
	fifo_free(&client->unsent);
	event_free(client->readable);
	event_free(client->writable);
	event_free(client->gone);
	close(client->fd);
	free(client);
}

/* ------------------------------------------------------------------ to guard */

static void introduce(struct client *client)
{
	struct ctl *c = client->ctl;

	client->number = ++c->last;
	map_put(&c->by_number, client->number, client);
	(void)!post_send(&c->post, &(struct ipc_message){ .kind = IPC_CLIENT,
					   .client.number = client->number,
					   .fds = &client->fd,
					   .n_fds = 1 });
}

/* A secret goes to keeper, or tokens, who has it when guard hears its number; where there is no room, guard
 * does so in vain, and says it. */
static struct bytes without_secret(struct ctl *c, const struct vici_asked *asked, struct arena *arena)
{
	const char *key = vici_command_secret(asked->which);
	uint8_t number[IPC_OFFER_NUMBER];
	struct wr w = wr_of(number, sizeof number);
	struct ipc_message m = { .kind = IPC_OFFER, .offer.number = ++c->offers };
	struct bytes rest;

	if (!key)
		return asked->message;
	wr_u64(&w, m.offer.number);
	rest = vici_front_replace(asked->message, key, wr_done(&w), arena, &m.offer.data);
	if (m.offer.data.n)
		(void)!ipc_tell(vici_command_is_for_tokens(asked->which) ? &c->tokens : &c->keeper, &m);
	return rest;
}

static struct bytes read_one(
	const struct vici_value *v, struct bytes octets, size_t room, struct arena *arena)
{
	static const struct why many = {
		.what = "there are more certificates in one command than are read",
		.instead = "512 at most: load them by several commands, or from files",
	};

	_Static_assert(VICI_READ_CERTS_MAX == 512, "as it is said above");
	if (v->too_many)
		return paper_refusing(ERR_RANGE, &many, arena);
	return paper_of(octets, v->key ? PAPER_KEY : v->named ? PAPER_CERTS_ONLY : PAPER_CERTS, room, arena);
}

/* Certificates are read here, where nothing is lost by what is wrong with them. Of what a connection names,
 * what came goes along, too, unless it is not taken; a private key beside it does not. */
static struct bytes reads(const struct vici_value *v, struct arena *arena)
{
	const struct bytes octets = arena_bytes(arena, v->octets);
	const size_t behind = v->named ? octets.n : 0,
		     room = behind + PAPER_MIN < UINT16_MAX ? UINT16_MAX - behind : PAPER_MIN;
	struct text t = text_in(arena);
	struct bytes paper;

	bundle_hide_keys(octets);
	paper = read_one(v, octets, room, arena);
	text_put(&t, paper.p, paper.n);
	if (paper_is_read(paper))
		text_put(&t, octets.p, behind < UINT16_MAX - paper.n ? behind : UINT16_MAX - paper.n);
	return bytes_of(t.s, t.n);
}

/* What is handed on of the command: neither secrets nor what is yet to be read. */
static struct bytes made_plain(struct client *client, const struct vici_asked *asked, struct arena *arena)
{
	if (client->rights < VICI_CHANGES)
		return asked->message;
	return vici_front_read(without_secret(client->ctl, asked, arena), asked->which, reads, arena);
}

/* False: there is more in it than can be handed on. */
static bool hand_on_command(struct client *client, const struct vici_asked *asked)
{
	struct ctl *c = client->ctl;
	struct arena arena = { 0 };
	const struct bytes all = made_plain(client, asked, &arena);
	struct ipc_message m = { .kind = IPC_REQUEST,
		.request = { .client = client->number,
			.total = (uint32_t)all.n,
			.command = (uint8_t)asked->which } };

	_Static_assert(
		(int)VICI_READ_MAX >= (int)IPC_REQUEST_MAX, "what is broken off there is refused here");
	if (all.n > IPC_REQUEST_MAX) {
		arena_free(&arena);
		log_say(LOG_WARN, "control",
			"msg=\"a client of VICI was turned away: there are too many certificates in one "
			"of its commands: load them by several, or from files\"");
		return false;
	}
	do {
		m.request.text = ipc_request_part(all, m.request.at);
		(void)!post_send(&c->post, &m);
		m.request.at += (uint32_t)m.request.text.n;
	} while (m.request.at < m.request.total);
	arena_free(&arena);
	return true;
}

static void hand_on(struct client *client, const struct vici_asked *asked)
{
	if (!client->number)
		introduce(client);
	if (asked->kind == ASKED_COMMAND)
		client->front.broken |= !hand_on_command(client, asked);
	else
		(void)!post_send(&client->ctl->post,
			&(struct ipc_message){ .kind = IPC_REGISTER,
				.registers = { client->number, (uint8_t)asked->which, asked->on } });
}

/* Hands on what is its turn. False: the client has broken the protocol. */
static bool client_go(struct client *client)
{
	struct ctl *c = client->ctl;
	struct vici_asked asked;

	while (c->post.octets < CTL_AHEAD && vici_front_next(&client->front, &asked))
		hand_on(client, &asked);
	if (c->post.octets >= CTL_AHEAD)
		event_add(c->room, NULL);
	return !client->front.broken;
}

/* ------------------------------------------------------------------- clients */

/* So much at a time: one that reads fast does not keep us from the others. False when the client has gone. */
static bool client_write(struct client *client)
{
	struct bytes b;
	size_t given = 0;

	while (given < WRITE_ROOM && (b = fifo_bytes(&client->unsent)).n) {
		ssize_t n = send(client->fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		fifo_drop(&client->unsent, (size_t)n);
		given += (size_t)n;
	}
	return true;
}

/* What is waited for next. Nobody is read from who has enough to do, or when nobody is heard any more. */
static void client_wait(struct client *client)
{
	bool hungry = vici_front_hungry(&client->front) && client->ctl->fd >= 0;

	if (fifo_n(&client->unsent))
		event_add(client->writable, NULL);
	if (hungry) {
		event_add(client->readable, NULL);
		event_del(client->gone);
	} else {
		event_del(client->readable);
		event_add(client->gone, NULL);
	}
}

static void client_goes_on(struct client *client, bool well)
{
	if (well && client_go(client))
		client_wait(client);
	else
		client_close(client);
}

static bool is_full(const struct client *client)
{
	return fifo_n(&client->unsent) > CTL_UNSENT_MAX;
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct client *client = ctx;
	bool there = client_write(client);

	(void)fd;
	(void)what;
	if (client->full && !is_full(client)) {
		client->full = false;
		(void)!post_send(&client->ctl->post,
			&(struct ipc_message){ .kind = IPC_READS, .gone.client = client->number });
	}
	client_goes_on(client, there);
}

static void on_gone(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	client_close(ctx);
}

static size_t size_of(const struct client *client)
{
	return vici_front_size(&client->front) + client->unsent.cap;
}

/* Keeps all of them together within bounds; false when that costs CLIENT. */
static bool stay_small(struct client *client)
{
	struct client *largest = client;
	size_t all = 0;

	list_each (n, &client->ctl->clients) {
		struct client *other = node_owner(n, struct client, node);

		all += size_of(other);
		if (size_of(other) > size_of(largest))
			largest = other;
	}
	if (all <= VICI_ALL_MAX)
		return true;
	log_say(LOG_WARN, "control", "msg=\"a client of VICI was turned away: it keeps too much waiting\"");
	if (largest != client)
		client_close(largest);
	return largest != client;
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct client *client = ctx;
	uint8_t room[READ_ROOM];
	ssize_t n = recv(fd, room, sizeof room, MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client_goes_on(client,
		n > 0 && vici_front_input(&client->front, bytes_of(room, (size_t)n)) && stay_small(client));
	wipe(room, n > 0 ? (size_t)n : 0); /* secrets come this way */
}

static void client_open(struct ctl *c, int fd, enum vici_rights rights)
{
	struct client *client = calloc(1, sizeof *client);

	if (!client)
		abort();
	*client = (struct client){
		.ctl = c,
		.fd = fd,
		.rights = rights,
		.readable = event_new(c->base, fd, EV_READ | EV_PERSIST, on_readable, client),
		.writable = event_new(c->base, fd, EV_WRITE, on_writable, client),
		.gone = event_new(c->base, fd, EV_CLOSED | EV_PERSIST, on_gone, client),
	};
	if (!client->readable || !client->writable || !client->gone)
		abort();
	list_append(&c->clients, &client->node);
	c->n_clients++;
	c->n_with[rights]++;
	client_wait(client);
}

static void on_acceptable(evutil_socket_t fd, short what, void *ctx)
{
	struct ctl *c = ctx;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	enum vici_rights rights;
	unsigned held;

	(void)what;
	if (client < 0)
		return;
	rights = rights_of(&c->rights, client);
	if (c->n_clients < CTL_CLIENTS_MAX && c->n_with[rights] < clients_max[rights]) {
		client_open(c, client, rights);
		return;
	}
	close(client);
	if (gate_pass(&c->full, clock_ms(), &held))
		log_say(LOG_WARN, "control", "msg=\"a client of VICI was turned away: there are %u already\"",
			c->n_clients);
}

/* ---------------------------------------------------------------- from guard */

/* Guard has taken what waited for it: those that waited for that go on. */
static void on_room(evutil_socket_t fd, short what, void *ctx)
{
	struct ctl *c = ctx;

	(void)fd;
	(void)what;
	list_each_safe (n, &c->clients) {
		struct client *client = node_owner(n, struct client, node);

		if (!client_go(client))
			client_close(client);
		else
			client_wait(client);
	}
}

bool ctl_take_admit(void *ctx, const struct ipc_message *m)
{
	struct ctl *c = ctx;

	if (c->fd < 0 || c->acceptable)
		return false;
	c->rights = (struct rights){ .owner = m->admit.owner,
		.group = m->admit.group,
		.reads = m->admit.reads,
		.readers = m->admit.readers };
	c->room = event_new(c->base, c->guard.fd, EV_WRITE, on_room, c);
	c->acceptable = event_new(c->base, c->fd, EV_READ | EV_PERSIST, on_acceptable, c);
	if (!c->room || !c->acceptable || event_add(c->acceptable, NULL))
		abort();
	return true;
}

/* Guard hears that we have it before it sends more: so it never waits for us. */
static void say_taken(struct ctl *c, const struct ipc_output *o, bool full)
{
	const struct ipc_taken taken = { o->client, (uint32_t)o->octets.n, full };

	(void)!post_send(&c->post, &(struct ipc_message){ .kind = IPC_TAKEN, .taken = taken });
}

bool ctl_take_output(void *ctx, const struct ipc_message *m)
{
	struct ctl *c = ctx;
	struct client *client = map_get(&c->by_number, m->output.client);

	if (!client) {
		say_taken(c, &m->output, false);
		return true;
	}
	fifo_put(&client->unsent, m->output.octets);
	vici_front_answered(&client->front, m->output.answered);
	if (m->output.ends || !client_write(client)) {
		say_taken(c, &m->output, false);
		client_close(client);
		return true;
	}
	client->full = is_full(client);
	say_taken(c, &m->output, client->full);
	client_goes_on(client, true);
	return true;
}

bool ctl_take_shut(void *ctx, const struct ipc_message *m)
{
	struct ctl *c = ctx;

	(void)m;
	if (c->acceptable)
		event_free(c->acceptable);
	c->acceptable = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	list_each (n, &c->clients)
		client_wait(node_owner(n, struct client, node));
	return true;
}

/* ---------------------------------------------------------------------- life */

/* Offers of another ctl may wait yet: ours have other numbers. */
static uint64_t anywhere(void)
{
	struct entropy entropy;
	uint64_t number;

	entropy_start(&entropy);
	rng_fill(&entropy.rng, (uint8_t *)&number, sizeof number);
	entropy_stop(&entropy);
	return number >> 1;
}

void ctl_warm(void)
{
	uint8_t sum[PRF_OUT_MAX];
	size_t n;

	(void)!digest("SHA1", &(struct bytes){ 0 }, 1, sum, &n);
}

void ctl_start(struct ctl *c, struct event_base *base, int fd, int keeper, int tokens)
{
	*c = (struct ctl){ .base = base, .fd = fd, .guard.fd = -1, .offers = anywhere() };
	c->keeper = ipc_end(keeper, IPC_CTL, IPC_KEEPER);
	c->tokens = ipc_end(tokens, IPC_CTL, IPC_TOKENS);
	post_start(&c->post, base, &c->guard, CTL_POST_MAX);
	list_init(&c->clients);
}

void ctl_stop(struct ctl *c)
{
	(void)ctl_take_shut(c, NULL);
	list_each_safe (n, &c->clients) {
		struct client *client = node_owner(n, struct client, node);

		(void)client_write(client);
		client_close(client);
	}
	if (c->room)
		event_free(c->room);
	post_stop(&c->post);
	map_free(&c->by_number);
}

bool ctl_serve(struct ctl *c)
{
	struct arena arena = { 0 };
	const char *wrong;
	enum err e = ipc_take(&c->guard, &arena, c, &wrong);

	if (e == ERR_DENIED)
		log_say(LOG_ERROR, "family", "msg=\"%s %s\"", ipc_name(IPC_GUARD), wrong);
	arena_free(&arena);
	return !e;
}

static void on_message(evutil_socket_t fd, short what, void *ctx)
{
	struct ctl *c = ctx;

	(void)fd;
	(void)what;
	if (!ctl_serve(c))
		event_base_loopbreak(c->base);
}

void ctl_run(struct ctl *c)
{
	struct event *guard = event_new(c->base, c->guard.fd, EV_READ | EV_PERSIST, on_message, c);

	if (guard && !event_add(guard, NULL))
		event_base_dispatch(c->base);
}
