/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection for a few calls: greeting, the calls and a line of authentication leave in one piece, and
 * answers are counted. */
#include "daemon/dbus.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define USUAL_BUS  "/run/dbus/system_bus_socket"
#define UNIX_PATH  "unix:path="
#define BUS        "org.freedesktop.DBus"
#define BUS_OBJECT "/org/freedesktop/DBus"

enum { CALL = 1, RETURN = 2, FAILURE = 3 };
enum { NO_AUTO_START = 2, VERSION = 1 };
enum {
	PATH = 1,
	INTERFACE = 2,
	MEMBER = 3,
	ERROR_NAME = 4,
	REPLY_SERIAL = 5,
	DESTINATION = 6,
	SIGNATURE = 8
};
enum { HEADER = 16, BODY_AT = 4, LINE_MAX_OCTETS = 256 };

/* -------------------------------------------------------------------- writing */

void dbus_align(struct wr *w, unsigned size)
{
	wr_zero(w, (size - w->n % size) % size);
}

void dbus_put_u32(struct wr *w, uint32_t v)
{
	dbus_align(w, sizeof v);
	wr_u32(w, htonl(v));
}

void dbus_put_string(struct wr *w, const char *s)
{
	dbus_put_u32(w, (uint32_t)strlen(s));
	wr_bytes(w, bytes_of(s, strlen(s) + 1));
}

struct dbus_array dbus_array_begin(struct wr *w, unsigned align)
{
	struct dbus_array a;

	dbus_put_u32(w, 0);
	a.length_at = w->n - sizeof(uint32_t);
	dbus_align(w, align);
	a.start = w->n;
	return a;
}

void dbus_array_end(struct wr *w, struct dbus_array a)
{
	if (!w->bad)
		wr_u32_at(w, a.length_at, htonl((uint32_t)(w->n - a.start)));
}

static void put_signature(struct wr *w, const char *s)
{
	wr_u8(w, (uint8_t)strlen(s));
	wr_bytes(w, bytes_of(s, strlen(s) + 1));
}

static void put_field(struct wr *w, uint8_t code, const char *type, const char *value)
{
	if (!*value)
		return;
	dbus_align(w, 8);
	wr_u8(w, code);
	put_signature(w, type);
	if (*type == 'g')
		put_signature(w, value);
	else
		dbus_put_string(w, value);
}

static void put_fields(struct wr *w, const struct dbus_call *c)
{
	struct dbus_array a = dbus_array_begin(w, 8);

	put_field(w, PATH, "o", c->path);
	put_field(w, INTERFACE, "s", c->interface);
	put_field(w, MEMBER, "s", c->member);
	put_field(w, DESTINATION, "s", c->destination);
	put_field(w, SIGNATURE, "g", c->signature);
	dbus_array_end(w, a);
}

void dbus_put_call(struct wr *w, const struct dbus_call *c, uint32_t serial)
{
	struct wr m = wr_of(w->p + w->n, w->cap - w->n);

	wr_u8(&m, htonl(1) == 1 ? 'B' : 'l');
	wr_u8(&m, CALL);
	wr_u8(&m, NO_AUTO_START);
	wr_u8(&m, VERSION);
	dbus_put_u32(&m, (uint32_t)c->body.n);
	dbus_put_u32(&m, serial);
	put_fields(&m, c);
	dbus_align(&m, 8);
	wr_bytes(&m, c->body);
	w->n += m.n;
	w->bad |= m.bad;
}

/* -------------------------------------------------------------------- reading */

/* A message, in the order of octets of who has written it. */
struct reader {
	struct rd r;
	size_t whole; /* octets that R began with */
	bool little;
};

static void skip_to(struct reader *in, unsigned size)
{
	rd_bytes(&in->r, (size - (in->whole - in->r.n) % size) % size);
}

static uint32_t get_u32(struct reader *in)
{
	uint32_t v;

	skip_to(in, sizeof v);
	v = rd_u32(&in->r);
	return in->little ? __builtin_bswap32(v) : v;
}

static struct bytes get_string(struct reader *in)
{
	struct bytes s = rd_bytes(&in->r, get_u32(in));

	rd_u8(&in->r);
	return s;
}

static struct bytes get_signature(struct reader *in)
{
	struct bytes s = rd_bytes(&in->r, rd_u8(&in->r));

	rd_u8(&in->r);
	return s;
}

/* What comes behind the head: the lengths of the fields and of the body; false for what is no message. */
static bool get_head(struct reader *in, uint8_t *type, uint32_t *body, uint32_t *fields)
{
	uint8_t order = rd_u8(&in->r);

	in->little = order == 'l';
	*type = rd_u8(&in->r);
	rd_u8(&in->r);
	if ((order != 'l' && order != 'B') || rd_u8(&in->r) != VERSION)
		return false;
	*body = get_u32(in);
	get_u32(in);
	*fields = get_u32(in);
	return !in->r.bad;
}

static struct reader reader_of(struct bytes b)
{
	return (struct reader){ .r = rd_of(b), .whole = b.n };
}

enum err dbus_length(struct bytes b, size_t *n)
{
	struct reader in = reader_of(b);
	uint32_t body = 0, fields = 0;
	uint8_t type;

	*n = 0;
	if (b.n < HEADER)
		return ERR_OK;
	if (!get_head(&in, &type, &body, &fields))
		return ERR_SYNTAX;
	if (body > DBUS_MESSAGE_MAX || fields > DBUS_MESSAGE_MAX)
		return ERR_RANGE;
	*n = HEADER + (fields + 7) / 8 * 8 + body;
	return *n > DBUS_MESSAGE_MAX ? ERR_RANGE : ERR_OK;
}

/* What the fields say that is of use here. */
struct head_fields {
	uint32_t to;
	struct bytes error, signature;
};

static void get_field(struct reader *in, struct head_fields *f)
{
	struct bytes type, text = { 0 };
	uint32_t number = 0;
	uint8_t code;

	skip_to(in, 8);
	code = rd_u8(&in->r);
	type = get_signature(in);
	if (bytes_eq(type, bytes_str("u")))
		number = get_u32(in);
	else if (bytes_eq(type, bytes_str("s")) || bytes_eq(type, bytes_str("o")))
		text = get_string(in);
	else if (bytes_eq(type, bytes_str("g")))
		text = get_signature(in);
	else
		in->r.bad = true;
	if (code == REPLY_SERIAL)
		f->to = number;
	else if (code == ERROR_NAME)
		f->error = text;
	else if (code == SIGNATURE)
		f->signature = text;
}

enum err dbus_get_reply(struct bytes b, struct arena *arena, struct dbus_reply *out)
{
	struct reader in = reader_of(b);
	struct head_fields f = { 0 };
	struct bytes text = { 0 };
	uint32_t body, fields;
	uint8_t type;

	*out = (struct dbus_reply){ 0 };
	if (!get_head(&in, &type, &body, &fields) || fields > in.r.n)
		return ERR_SYNTAX;
	while (!in.r.bad && in.whole - in.r.n < HEADER + fields)
		get_field(&in, &f);
	skip_to(&in, 8);
	if (type == FAILURE && f.signature.n && *f.signature.p == 's')
		text = get_string(&in);
	if (in.r.bad)
		return ERR_SYNTAX;
	if (type != RETURN && type != FAILURE)
		return ERR_OK;
	out->to = f.to;
	if (type == FAILURE)
		out->error =
			arena_printf(arena, "%s: %s", arena_text(arena, f.error), arena_text(arena, text));
	return ERR_OK;
}

/* ----------------------------------------------------------------- connection */

struct dbus {
	struct bufferevent *io;
	struct event *late;
	bool greeted;          /* the bus has taken us for who we are */
	uint32_t heard, calls; /* answers, and calls, with the greeting */
	char *error;           /* the first */
	dbus_done *done;
	void *ctx;
};

void dbus_free(struct dbus *d)
{
	if (!d)
		return;
	if (d->io)
		bufferevent_free(d->io);
	if (d->late)
		event_free(d->late);
	free(d->error);
	free(d);
}

static void over(struct dbus *d, const char *why)
{
	struct dbus gone = *d;

	d->error = NULL;
	dbus_free(d);
	gone.done(gone.ctx, why);
	free(gone.error);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	over(ctx, "the system bus (D-Bus) does not answer");
}

static void on_end(struct bufferevent *io, short what, void *ctx)
{
	(void)io;
	(void)what;
	over(ctx, "the system bus (D-Bus) has closed the connection");
}

static void note_answer(struct dbus *d, const struct dbus_reply *reply)
{
	if (!reply->to)
		return;
	d->heard++;
	if (reply->error && !d->error)
		d->error = strdup(reply->error);
}

/* The next message of those that have come; false where there is none yet, or no more can be understood: then
 * *BAD. */
static bool take_message(struct dbus *d, struct evbuffer *in, bool *bad)
{
	struct arena scratch = { 0 };
	struct dbus_reply reply;
	uint8_t head[HEADER];
	ssize_t there = evbuffer_copyout(in, head, sizeof head);
	size_t n = 0;

	*bad = dbus_length(bytes_of(head, there > 0 ? (size_t)there : 0), &n) != ERR_OK;
	if (*bad || !n || evbuffer_get_length(in) < n)
		return false;
	*bad = dbus_get_reply(bytes_of(evbuffer_pullup(in, (ssize_t)n), n), &scratch, &reply) != ERR_OK;
	if (!*bad)
		note_answer(d, &reply);
	evbuffer_drain(in, n);
	arena_free(&scratch);
	return !*bad;
}

/* The bus's line on who we are; false as long as it is not there, or a refusal: then *BAD. */
static bool take_greeting(struct evbuffer *in, bool *bad)
{
	char *line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF);
	bool ok = line && !strncmp(line, "OK ", strlen("OK "));

	*bad = (line && !ok) || (!line && evbuffer_get_length(in) > LINE_MAX_OCTETS);
	free(line);
	return ok;
}

static void on_readable(struct bufferevent *io, void *ctx)
{
	struct evbuffer *in = bufferevent_get_input(io);
	struct dbus *d = ctx;
	bool bad = false;

	if (!d->greeted)
		d->greeted = take_greeting(in, &bad);
	while (d->greeted && !bad && take_message(d, in, &bad))
		continue;
	if (bad)
		over(d, d->greeted ? "the system bus (D-Bus) says what is no message of D-Bus"
				   : "the system bus (D-Bus) refuses us");
	else if (d->heard >= d->calls)
		over(d, d->error);
}

/* -------------------------------------------------------------------- start */

static enum err connect_to_bus(int *fd, struct text *why)
{
	const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS"), *path = USUAL_BUS;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n;

	if (address && !strncmp(address, UNIX_PATH, strlen(UNIX_PATH)))
		path = address + strlen(UNIX_PATH);
	n = strcspn(path, ",;");
	if (n < sizeof a.sun_path)
		memcpy(a.sun_path, path, n);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd >= 0 && !connect(*fd, (struct sockaddr *)&a, sizeof a))
		return ERR_OK;
	text_add(why, "there is no system bus (D-Bus) at %.*s: %s", (int)n, path, strerror(errno));
	if (*fd >= 0)
		close(*fd);
	return ERR_MISSING;
}

/* "EXTERNAL": the kernel says who we are; our number, as text, in hexadecimal digits. */
static void put_greeting(struct wr *w)
{
	char number[16];
	int n = snprintf(number, sizeof number, "%u", (unsigned)geteuid());
	char digits[2 * sizeof number + 1] = "";

	for (int i = 0; i < n; i++)
		snprintf(digits + strlen(digits), 3, "%02x", (unsigned char)number[i]);
	wr_u8(w, 0);
	wr_bytes(w, bytes_str("AUTH EXTERNAL "));
	wr_bytes(w, bytes_str(digits));
	wr_bytes(w, bytes_str("\r\nBEGIN\r\n"));
}

static bool send_all(struct dbus *d, const struct dbus_call *calls, unsigned n)
{
	static const struct dbus_call hello = { BUS, BUS_OBJECT, BUS, "Hello", "", { 0 } };
	struct arena scratch = { 0 };
	struct wr w = wr_of(arena_alloc(&scratch, DBUS_MESSAGE_MAX), DBUS_MESSAGE_MAX);
	struct bytes out;

	put_greeting(&w);
	dbus_put_call(&w, &hello, ++d->calls);
	for (unsigned i = 0; i < n; i++)
		dbus_put_call(&w, &calls[i], ++d->calls);
	out = wr_done(&w);
	if (out.n && bufferevent_write(d->io, out.p, out.n))
		out.n = 0;
	arena_free(&scratch);
	return out.n;
}

enum err dbus_start(struct event_base *base, const struct dbus_call *calls, unsigned n, unsigned limit_ms,
	dbus_done *done, void *ctx, struct dbus **out, struct text *why)
{
	const struct timeval limit = { limit_ms / 1000, limit_ms % 1000 * 1000 };
	struct dbus *d;
	int fd;
	enum err e = connect_to_bus(&fd, why);

	if (e)
		return e;
	d = calloc(1, sizeof *d);
	if (!d)
		abort();
	*d = (struct dbus){ .done = done, .ctx = ctx };
	d->io = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	d->late = evtimer_new(base, on_late, d);
	if (!d->io || !d->late || n > DBUS_CALLS_MAX || !send_all(d, calls, n) ||
		evtimer_add(d->late, &limit)) {
		dbus_free(d);
		text_add(why, "the system bus (D-Bus) cannot be told so much");
		return ERR_SPACE;
	}
	bufferevent_setcb(d->io, on_readable, NULL, on_end, d);
	bufferevent_enable(d->io, EV_READ | EV_WRITE);
	*out = d;
	return ERR_OK;
}
