/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VICI client. */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A connected socket, or -1 and errno. */
static int connect_to(struct ipsec *x, struct sockaddr_un *to)
{
	int fd, n;

	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(to->sun_path, sizeof to->sun_path, "%s/vici", x->run_dir);
	if (n >= (int)sizeof to->sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !connect(fd, (struct sockaddr *)to, sizeof *to))
		return fd;
	n = errno;
	close(fd);
	errno = n;
	return -1;
}

int client_open(struct client *c, struct ipsec *x)
{
	struct sockaddr_un to;

	*c = (struct client){ .x = x, .fd = connect_to(x, &to) };
	if (c->fd >= 0)
		return DONE;
	if (errno == EACCES || errno == EPERM)
		return ipsec_fail(x, FAILED,
			"%s: no permission to talk to ikev2d: run this as root, or "
			"as a member of the group of daemon.socket_group",
			to.sun_path);
	if (errno == ENAMETOOLONG)
		return ipsec_fail(x, USAGE, "%s: too long for a socket's path", x->run_dir);
	return ipsec_fail(x, NOT_RUNNING,
		"ikev2d is not running (no socket at %s): start it with ipsec start, or ikev2d --foreground",
		to.sun_path);
}

bool client_probe(struct ipsec *x)
{
	struct sockaddr_un to;
	int fd = connect_to(x, &to);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	vici_gather_free(&c->in);
	vici_out_free(&c->out);
	WIPE(c->buffer); /* keys come in this way */
	c->fd = -1;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads what there is. 1; 0 when the daemon has closed; -1 when nothing came before DEADLINE (< 0: no limit).
 */
static int receive(struct client *c, int64_t deadline)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int64_t left = deadline < 0 ? -1 : deadline - now_ms();
	ssize_t n;

	if (c->stop && *c->stop)
		return -1;
	if (deadline >= 0 && left < 0)
		left = 0;
	n = poll(&p, 1, (int)left);
	if (n < 0 && errno == EINTR)
		return 1;
	if (n <= 0)
		return -1;
	n = recv(c->fd, c->buffer, sizeof c->buffer, 0);
	if (n <= 0)
		return 0;
	c->rest = bytes_of(c->buffer, (size_t)n);
	return 1;
}

/* The next packet and its message. Results as of receive. */
static int next_packet(
	struct client *c, int64_t deadline, struct vici_packet *packet, const struct vici_node **message)
{
	struct vici_node *root;
	struct bytes segment;
	enum err e;
	int got;

	while ((e = vici_gather(&c->in, &c->rest, &segment)) == ERR_SHORT)
		if ((got = receive(c, deadline)) <= 0)
			return got;
	if (e || vici_packet_parse(segment, packet) || vici_tree(packet->message, &c->x->arena, &root))
		return 0;
	snprintf(c->event, sizeof c->event, "%.*s", (int)packet->name.n, (const char *)packet->name.p);
	*message = root;
	return 1;
}

static int lost(struct client *c, int got)
{
	if (got < 0 && c->stop && *c->stop)
		return ipsec_fail(c->x, FAILED, "interrupted");
	if (got < 0)
		return ipsec_fail(c->x, FAILED, "ikev2d does not answer in time");
	return ipsec_fail(c->x, FAILED, "ikev2d has closed the connection");
}

static int send_out(struct client *c)
{
	struct bytes b = vici_out_done(&c->out);

	if (!b.n)
		return ipsec_fail(c->x, USAGE, "a name is too long");
	while (b.n) {
		ssize_t n = send(c->fd, b.p, b.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return lost(c, 0);
		b = bytes_of(b.p + n, b.n - (size_t)n);
	}
	return DONE;
}

/* Sends c->out and waits for a packet that is not an event. */
static int exchange(struct client *c, client_event *on_event, void *ctx, int patience_ms,
	enum vici_type *answer, const struct vici_node **message)
{
	int64_t deadline = patience_ms < 0 ? -1 : now_ms() + patience_ms;
	int code = send_out(c), got;
	struct vici_packet packet;

	if (code)
		return code;
	while ((got = next_packet(c, deadline, &packet, message)) > 0 && packet.type == VICI_EVENT)
		if (on_event)
			on_event(ctx, *message);
	if (got <= 0)
		return lost(c, got);
	*answer = packet.type;
	return DONE;
}

int client_subscribe(struct client *c, const char *name)
{
	const struct vici_node *message;
	enum vici_type answer;
	int code;

	vici_out_packet(&c->out, VICI_EVENT_REGISTER, name);
	code = exchange(c, NULL, NULL, CLIENT_PATIENCE, &answer, &message);
	if (!code && answer != VICI_EVENT_CONFIRM)
		return ipsec_fail(c->x, FAILED, "the running daemon knows no event %s: is it ikev2d?", name);
	return code;
}

void client_request(struct client *c, const char *command)
{
	vici_out_packet(&c->out, VICI_CMD_REQUEST, command);
}

int client_call(struct client *c, client_event *on_event, void *ctx, int patience_ms,
	const struct vici_node **response)
{
	enum vici_type answer;
	int code = exchange(c, on_event, ctx, patience_ms, &answer, response);

	if (!code && answer != VICI_CMD_RESPONSE)
		return ipsec_fail(
			c->x, FAILED, "the running daemon does not know this command: is it ikev2d?");
	return code;
}

int client_wait(struct client *c, int patience_ms, const struct vici_node **message)
{
	int64_t deadline = patience_ms < 0 ? -1 : now_ms() + patience_ms;
	struct vici_packet packet;
	int got = next_packet(c, deadline, &packet, message);

	return got > 0 && packet.type != VICI_EVENT ? 0 : got;
}

bool client_succeeded(const struct vici_node *response)
{
	const char *success = vici_str(response, "success");

	return success && !strcmp(success, "yes");
}

struct why client_why(const struct vici_node *why)
{
	return (struct why){
		.what = vici_str(why, "what"),
		.stage = vici_str(why, "stage"),
		.offered = vici_str(why, "offered"),
		.configured = vici_str(why, "configured"),
		.differs = vici_str(why, "differs"),
		.where = vici_str(why, "where"),
		.instead = vici_str(why, "instead"),
		.notify = vici_str(why, "notify"),
	};
}

void client_complain(struct ipsec *x, const char *name, const struct vici_node *response)
{
	struct why why = client_why(vici_find(response, "why"));
	struct text text = text_in(&x->arena);

	if (!why.what)
		why.what = vici_str(response, "errmsg");
	if (!why.what)
		why.what = "ikev2d gives no reason";
	why_print(&why, &text);
	fprintf(x->err, "ipsec: %s%s%s", name ? name : "", name ? ": " : "", text_str(&text));
}

const char *client_str(const struct vici_node *section, const char *key)
{
	const char *s = vici_str(section, key);

	return s ? s : "?";
}

const char *client_items(const struct vici_node *section, const char *key, struct arena *arena)
{
	const struct vici_node *list = vici_find(section, key);
	struct text t = text_in(arena);

	for (const struct vici_node *n = list ? list->first : NULL; n; n = n->next)
		text_add(&t, "%s%s", n == list->first ? "" : " ", vici_text(n));
	return text_str(&t);
}
