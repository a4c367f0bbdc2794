/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of the server, by the numbers that ctl gives its clients. So much output is on its way at a time
 * that there is room for it, and guard goes on with its work until ctl has it: no client, and no ctl, makes
 * guard wait. */
#include "daemon/control.h"

#include "base/log.h"
#include "daemon/clock.h"
#include "daemon/ctl.h"
#include "vici/front.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/un.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BACKLOG = 64,
	FLYING_MAX = 32,                /* messages on their way to ctl, */
	FLYING_OCTETS_MAX = 128 * 1024, /* and octets in them: the room of the channel is larger */
};

struct client {
	struct node node; /* the first one is served next */
	uint32_t number;
	struct control *control;
	struct vici_session *session;
	bool due;  /* it may have output */
	bool full; /* it does not read */
};

static void client_close(struct client *client)
{
	struct control *c = client->control;

	list_remove(&client->node);
	(void)map_take(&c->by_number, client->number);
	c->n_clients--;
	vici_close(client->session);
	free(client);
}

static void close_all(struct control *c)
{
	list_each_safe (n, &c->clients)
		client_close(node_owner(n, struct client, node));
	fifo_free(&c->text);
}

/* -------------------------------------------------------------------- output */

static void be_patient(struct control *c)
{
	evtimer_add(c->late, &(struct timeval){ .tv_sec = FAMILY_PATIENCE / 1000 });
}

static void expect(struct control *c, size_t octets)
{
	c->flying++;
	c->flying_octets += octets;
	c->since = clock_ms();
	be_patient(c);
}

static void expect_nothing(struct control *c)
{
	c->flying = 0;
	c->flying_octets = 0;
	evtimer_del(c->late);
}

static bool is_room(const struct control *c)
{
	return c->flying < FLYING_MAX && c->flying_octets + IPC_OUTPUT_MAX <= FLYING_OCTETS_MAX;
}

/* False when ctl is lost, and all clients with it. There is room for all that flies, so where there is none
 * it has not taken what it said. */
static bool tell(struct control *c, const struct ipc_message *m)
{
	enum err e = member_tell(&c->ctl, IPC_GUARD, m);

	if (e == ERR_BUSY)
		member_replace(&c->ctl, "it says that it has what it did not take");
	return !e;
}

static bool end_client(struct client *client)
{
	struct control *c = client->control;
	const struct ipc_message m = { .kind = IPC_OUTPUT,
		.output = { .client = client->number, .ends = true } };

	client_close(client);
	expect(c, 0);
	return tell(c, &m);
}

/* The next piece for CLIENT, where there is one. False as above. */
static bool serve_client(struct client *client)
{
	struct control *c = client->control;
	struct ipc_message m = { .kind = IPC_OUTPUT, .output.client = client->number };
	struct bytes all;

	client->due = false;
	list_remove(&client->node);
	list_append(&c->clients, &client->node);
	if (vici_turned_away(client->session))
		return end_client(client);
	if (client->full)
		return true;
	if (!c->stopping)
		vici_go(client->session);
	all = vici_output(client->session);
	m.output.octets = bytes_of(all.p, all.n < IPC_OUTPUT_MAX ? all.n : IPC_OUTPUT_MAX);
	m.output.answered = (uint8_t)vici_answered(client->session);
	if (!m.output.octets.n && !m.output.answered)
		return true;
	client->due = true;
	expect(c, m.output.octets.n);
	if (!tell(c, &m))
		return false;
	vici_sent(client->session, m.output.octets.n);
	return true;
}

static struct client *next_due(const struct control *c)
{
	list_each (n, (struct node *)&c->clients) {
		struct client *client = node_owner(n, struct client, node);

		if (client->due)
			return client;
	}
	return NULL;
}

/* One after the other: whose turn was goes to the end. */
static void go_on(struct control *c)
{
	struct client *client;

	for (unsigned i = 0; i < FLYING_MAX && is_room(c) && (client = next_due(c)); i++)
		if (!serve_client(client))
			return;
	if (is_room(c) && next_due(c))
		event_active(c->due, EV_TIMEOUT, 0);
}

static void on_due(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	go_on(ctx);
}

/* The loop's clock stands still, and nobody is heard, while guard waits for somebody else. */
static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	struct control *c = ctx;

	(void)fd;
	(void)what;
	if (clock_ms() < c->since + FAMILY_PATIENCE || member_waits(&c->ctl, IPC_GUARD))
		be_patient(c);
	else
		member_replace(&c->ctl, "it did not answer");
}

void control_blame(struct control *c, const char *what)
{
	struct arena arena = { 0 };

	member_replace(&c->ctl, arena_printf(&arena, "keeper says that it %s", what));
	arena_free(&arena);
}

/* From the loop: who says so may be in the middle of something. */
void control_writable(struct control *c, void *io)
{
	struct client *client = io;

	client->due = true;
	event_active(c->due, EV_TIMEOUT, 0);
}

/* -------------------------------------------------------------- what ctl says */

static struct control *control_of(void *member)
{
	return member_ctx(member);
}

/* NULL for one that has gone, on either side, or that is heard no more; one that never came is the fault of
 * ctl. */
static struct client *find(struct control *c, uint32_t number)
{
	return c->fd < 0 ? NULL : map_get(&c->by_number, number);
}

static void client_open(struct control *c, uint32_t number, enum vici_rights rights)
{
	struct client *client = calloc(1, sizeof *client);

	if (!client)
		abort();
	*client = (struct client){ .number = number, .control = c };
	client->session = vici_open(c->vici, rights, client);
	list_append(&c->clients, &client->node);
	map_put(&c->by_number, client->number, client);
	c->n_clients++;
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t n = sizeof value;

	return getsockopt(fd, SOL_SOCKET, name, &value, &n) ? -1 : value;
}

/* The file that was made for the socket FD, or for the one at which it was accepted; false where there is
 * none or we have no CAP_NET_ADMIN. */
static bool file_of(int fd, struct stat *st)
{
	int file = ioctl(fd, SIOCUNIXFILE);
	bool known = file >= 0 && !fstat(file, st);

	if (file >= 0)
		close(file);
	return known;
}

/* Whether FD is a connection that was accepted at our socket. ctl has other sockets, too, which we have made:
 * the one at which it accepts, and its ends of channels. A name says nothing: whoever has a mount namespace
 * of his own binds it again, and connects to us from there. */
static bool is_accepted(const struct control *c, int fd)
{
	struct stat ours, its;

	return option(fd, SO_DOMAIN) == AF_UNIX && option(fd, SO_TYPE) == SOCK_STREAM &&
	       !option(fd, SO_ACCEPTCONN) && file_of(c->fd, &ours) && file_of(fd, &its) &&
	       ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

/* One that comes without its connection, or with something else, may do nothing. */
static enum vici_rights take_rights(const struct control *c, const struct ipc_message *m)
{
	enum vici_rights rights = VICI_NOTHING;

	if (!m->n_fds)
		return rights;
	if (is_accepted(c, m->fds[0]))
		rights = rights_of(&c->rights, m->fds[0]);
	close(m->fds[0]);
	return rights;
}

bool control_take_client(void *ctx, const struct ipc_message *m)
{
	struct control *c = control_of(ctx);
	const enum vici_rights rights = take_rights(c, m);

	if (m->client.number <= c->last)
		return false;
	c->last = m->client.number;
	if (c->fd < 0)
		return true;
	if (c->n_clients == CTL_CLIENTS_MAX)
		return false;
	client_open(c, m->client.number, rights);
	return true;
}

/* All of a request, once its last part has come; empty and false before. */
static bool gather(struct control *c, const struct ipc_request *r, struct bytes *all)
{
	if (!r->at && r->text.n == r->total) {
		*all = r->text;
		return true;
	}
	fifo_put(&c->text, r->text);
	*all = fifo_bytes(&c->text);
	return all->n == r->total;
}

bool control_take_request(void *ctx, const struct ipc_message *m)
{
	struct control *c = control_of(ctx);
	const struct ipc_request *r = &m->request;
	struct client *client = find(c, r->client);
	struct bytes all;
	bool well = true;

	if (r->client > c->last || r->at != fifo_n(&c->text))
		return false;
	if (!gather(c, r, &all))
		return true;
	if (client)
		well = vici_command(client->session, r->command, all);
	fifo_free(&c->text);
	return well;
}

bool control_take_register(void *ctx, const struct ipc_message *m)
{
	struct control *c = control_of(ctx);
	const struct ipc_register *r = &m->registers;
	struct client *client = find(c, r->client);

	return client ? vici_register(client->session, r->event, r->on) : r->client <= c->last;
}

bool control_take_taken(void *ctx, const struct ipc_message *m)
{
	struct control *c = control_of(ctx);
	struct client *client = map_get(&c->by_number, m->taken.client);

	if (!c->flying || m->taken.octets > c->flying_octets)
		return false;
	c->flying--;
	c->flying_octets -= m->taken.octets;
	if (!c->flying)
		expect_nothing(c);
	if (client) {
		client->due |= client->full && !m->taken.full;
		client->full = m->taken.full;
	}
	event_active(c->due, EV_TIMEOUT, 0);
	return true;
}

bool control_take_reads(void *ctx, const struct ipc_message *m)
{
	struct control *c = control_of(ctx);
	struct client *client = map_get(&c->by_number, m->gone.client);

	if (client) {
		client->full = false;
		control_writable(c, client);
	}
	return m->gone.client <= c->last;
}

bool control_take_gone(void *ctx, const struct ipc_message *m)
{
	struct control *c = control_of(ctx);
	struct client *client = map_get(&c->by_number, m->gone.client);

	if (client)
		client_close(client);
	return m->gone.client <= c->last;
}

/* ------------------------------------------------------------------- the socket */

/* Until the mode is set only the owner can connect. */
static bool bind_path(int fd, const char *path, const struct rights *rights)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof name.sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(name.sun_path, path, strlen(path));
	(void)unlink(path);
	return !bind(fd, (struct sockaddr *)&name, sizeof name) && !chown(path, (uid_t)-1, rights->group) &&
	       !chmod(path, rights->mode) && !listen(fd, BACKLOG);
}

static enum err cannot_listen(const char *path, struct text *why)
{
	text_add(why, "the VICI socket %s cannot be made: %s", path, strerror(errno));
	return ERR_SYSTEM;
}

static enum err listen_at(struct control *c, const char *path, struct text *why)
{
	if (!bind_path(c->fd, path, &c->rights))
		return cannot_listen(path, why);
	c->path = path;
	return ERR_OK;
}

static bool leads_to(const char *link, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof target);

	return n == (ssize_t)strlen(path) && !memcmp(target, path, (size_t)n);
}

bool control_offer(struct control *c, const char *link)
{
	if (!leads_to(link, c->path) && symlink(c->path, link))
		return false;
	c->link = link;
	return true;
}

/* ------------------------------------------------------------------------- ctl */

static void serve(void *ctx, struct ipc_channel *far)
{
	struct ctl *inside = ((struct control *)ctx)->inside;

	inside->guard = *far;
	(void)ctl_serve(inside);
}

static void start_inside(struct control *c)
{
	ctl_start(c->inside, c->base, fcntl(c->fd, F_DUPFD_CLOEXEC, 0), c->keeper, c->tokens);
}

/* Its channel has been closed before. */
static void stop_inside(struct control *c)
{
	c->inside->guard.fd = -1;
	ctl_stop(c->inside);
}

static void admit(struct control *c)
{
	const struct rights *r = &c->rights;

	(void)tell(c, &(struct ipc_message){
			      .kind = IPC_ADMIT, .admit = { r->owner, r->group, r->readers, r->reads } });
}

/* Clients of the one that was lost see their connection closed; these begin anew. */
static void again(void *ctx)
{
	struct control *c = ctx;

	close_all(c);
	c->last = 0;
	expect_nothing(c);
	if (c->inside) {
		stop_inside(c);
		start_inside(c);
	}
	if (c->fd >= 0)
		admit(c);
}

static enum err run_ctl(struct control *c, const struct family_spec *how, struct text *why)
{
	struct family_spec spec = *how;

	spec.process = IPC_CTL;
	spec.root = -1;
	spec.fds[0] = c->fd;
	spec.n_fds = 3;
	spec.ctx = c;
	spec.serve = serve;
	spec.again = again;
	c->keeper = spec.fds[1];
	c->tokens = spec.fds[2];
	if (spec.one) {
		c->inside = calloc(1, sizeof *c->inside);
		if (!c->inside)
			abort();
		start_inside(c);
	}
	c->runs = !member_launch(&c->ctl, c->base, &spec, why);
	return c->runs ? ERR_OK : ERR_SYSTEM;
}

/* ------------------------------------------------------------------------ life */

void control_start(struct control *c, struct event_base *base, struct vici *vici)
{
	*c = (struct control){ .base = base,
		.vici = vici,
		.fd = -1,
		.due = event_new(base, -1, 0, on_due, c),
		.late = evtimer_new(base, on_late, c) };
	if (!c->due || !c->late)
		abort();
	list_init(&c->clients);
}

enum err control_launch(struct control *c, const struct family_spec *spec, struct text *why)
{
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return c->fd < 0 ? cannot_listen(spec->folder, why) : run_ctl(c, spec, why);
}

enum err control_listen(struct control *c, const char *path, const struct rights *rights, struct text *why)
{
	enum err e = member_begun(&c->ctl, why);

	c->rights = *rights;
	/* Who can connect shall find a daemon that has all that it needs. */
	if (!e)
		e = listen_at(c, path, why);
	if (e)
		control_shut(c);
	else
		admit(c);
	return e;
}

void control_shut(struct control *c)
{
	if (c->link && leads_to(c->link, c->path))
		(void)unlink(c->link);
	if (c->path)
		(void)unlink(c->path);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->ctl.spec.fds[0] = -1; /* another ctl must not get what has that number next */
	c->path = c->link = NULL;
	if (c->runs)
		(void)tell(c, &(struct ipc_message){ .kind = IPC_SHUT });
}

/* What waits for all of them goes out, and is waited for, whatever else ctl says meanwhile; a client that
 * does not read loses what is more than fits. */
static void flush(struct control *c)
{
	const uint64_t late = clock_ms() + FAMILY_PATIENCE;
	struct arena arena = { 0 };
	uint64_t now;

	c->stopping = true;
	go_on(c);
	while (c->flying && (now = clock_ms()) < late &&
		!member_hear(&c->ctl, IPC_GUARD, (unsigned)(late - now), &arena))
		go_on(c);
	arena_free(&arena);
}

void control_stop(struct control *c)
{
	if (c->runs) {
		flush(c);
		member_stop(&c->ctl);
	}
	close_all(c);
	if (c->inside)
		stop_inside(c);
	free(c->inside);
	map_free(&c->by_number);
	event_free(c->due);
	event_free(c->late);
}
