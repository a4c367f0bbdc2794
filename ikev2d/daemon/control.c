/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plain non-blocking sockets, one for each client. */
#include "daemon/control.h"

#include "base/log.h"
#include "daemon/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	CLIENTS_MAX = 256,       /* leaves descriptors for everything else */
	READERS_MAX = 128,       /* of those, who may not do everything */
	READ_ROOM = 16384,       /* taken at one wake-up */
	WRITE_ROOM = 128 * 1024, /* and given */
	BACKLOG = 64,
};

/* Clients, by what they may do: others leave room for those that may do all. */
static const unsigned clients_max[] = { [VICI_NOTHING] = 8,
	[VICI_ASKS] = READERS_MAX,
	[VICI_CHANGES] = CLIENTS_MAX,
	[VICI_SEES_KEYS] = CLIENTS_MAX };

struct client {
	struct node node;
	struct control *control;
	int fd;
	struct event *readable, *writable;
	struct event *gone; /* for one that is not read from */
	struct vici_session *session;
	enum vici_rights rights;
};

void control_start(struct control *c, struct event_base *base, struct vici *vici)
{
	*c = (struct control){ .base = base, .vici = vici, .fd = -1 };
	list_init(&c->clients);
}

static void client_close(struct client *client)
{
	list_remove(&client->node);
	client->control->n_clients--;
	client->control->n_with[client->rights]--;
	vici_close(client->session);
	event_free(client->readable);
	event_free(client->writable);
	event_free(client->gone);
	close(client->fd);
	free(client);
}

/* So much at a time: one that reads fast does not keep us from the others. False when the client has gone. */
static bool client_write(struct client *client)
{
	struct bytes b;
	size_t given = 0;

	while (given < WRITE_ROOM && (b = vici_output(client->session)).n) {
		ssize_t n = send(client->fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		vici_sent(client->session, (size_t)n);
		given += (size_t)n;
	}
	return true;
}

/* What is waited for next. Nobody is read from who has enough to do, or when we have stopped listening. */
static void client_wait(struct client *client)
{
	bool hungry = vici_hungry(client->session) && client->control->fd >= 0;

	if (vici_output(client->session).n)
		event_add(client->writable, NULL);
	if (hungry) {
		event_add(client->readable, NULL);
		event_del(client->gone);
	} else {
		event_del(client->readable);
		event_add(client->gone, NULL);
	}
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct client *client = ctx;

	(void)fd;
	(void)what;
	if (client_write(client) && vici_go(client->session))
		client_wait(client);
	else
		client_close(client);
}

static void on_gone(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	client_close(ctx);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct client *client = ctx;
	uint8_t room[READ_ROOM];
	ssize_t n = recv(fd, room, sizeof room, MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && vici_input(client->session, bytes_of(room, (size_t)n)))
		client_wait(client);
	else
		client_close(client);
	wipe(room, n > 0 ? (size_t)n : 0); /* secrets come this way */
}

void control_writable(struct control *c, void *io)
{
	struct client *client = io;

	(void)c;
	event_add(client->writable, NULL);
}

static void client_open(struct control *c, int fd, enum vici_rights rights)
{
	struct client *client = calloc(1, sizeof *client);

	if (!client)
		abort();
	*client = (struct client){
		.control = c,
		.fd = fd,
		.rights = rights,
		.readable = event_new(c->base, fd, EV_READ | EV_PERSIST, on_readable, client),
		.writable = event_new(c->base, fd, EV_WRITE, on_writable, client),
		.gone = event_new(c->base, fd, EV_CLOSED | EV_PERSIST, on_gone, client),
		.session = vici_open(c->vici, rights, client),
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
	struct control *c = ctx;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	enum vici_rights rights;
	unsigned held;

	(void)what;
	if (client < 0)
		return;
	rights = rights_of(&c->rights, client);
	if (c->n_clients < CLIENTS_MAX && c->n_with[rights] < clients_max[rights]) {
		client_open(c, client, rights);
		return;
	}
	close(client);
	if (gate_pass(&c->full, clock_ms(), &held))
		log_say(LOG_WARN, "control", "msg=\"a client of VICI was turned away: there are %u already\"",
			c->n_clients);
}

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

enum err control_listen(struct control *c, const char *path, const struct rights *rights, struct text *why)
{
	c->rights = *rights;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd >= 0 && bind_path(c->fd, path, rights)) {
		c->path = path;
		c->acceptable = event_new(c->base, c->fd, EV_READ | EV_PERSIST, on_acceptable, c);
		if (c->acceptable && !event_add(c->acceptable, NULL))
			return ERR_OK;
	}
	text_add(why, "the VICI socket %s cannot be made: %s", path, strerror(errno));
	control_shut(c);
	return ERR_SYSTEM;
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

void control_shut(struct control *c)
{
	if (c->link && leads_to(c->link, c->path))
		(void)unlink(c->link);
	if (c->path)
		(void)unlink(c->path);
	if (c->acceptable)
		event_free(c->acceptable);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	list_each (n, &c->clients)
		client_wait(node_owner(n, struct client, node));
	c->acceptable = NULL;
	c->path = c->link = NULL;
}

void control_stop(struct control *c)
{
	list_each_safe (n, &c->clients) {
		struct client *client = node_owner(n, struct client, node);

		(void)client_write(client);
		client_close(client);
	}
}
