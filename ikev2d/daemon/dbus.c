/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection for a few calls: sd-bus queues them behind its greeting, and answers are counted. */
#include "daemon/dbus.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL_BUS "unix:path=/run/dbus/system_bus_socket"

struct dbus {
	struct event_base *base;
	sd_bus *bus;
	struct event *io, *late;
	unsigned heard, calls;
	char *error; /* the first */
	dbus_done *done;
	void *ctx;
};

void dbus_free(struct dbus *d)
{
	if (!d)
		return;
	if (d->io)
		event_free(d->io);
	if (d->late)
		event_free(d->late);
	if (d->bus)
		sdbus.close_unref(d->bus);
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

static int on_answer(sd_bus_message *m, void *ctx, sd_bus_error *unused)
{
	const sd_bus_error *e = sdbus.message_get_error(m);
	struct dbus *d = ctx;

	(void)unused;
	d->heard++;
	if (e && !d->error && asprintf(&d->error, "%s: %s", e->name, e->message ? e->message : "") < 0)
		abort();
	return 0;
}

static void on_io(evutil_socket_t fd, short what, void *ctx);

/* Waits for what sd-bus waits for, or not at all where it has MORE to do. Its own limits
 * (sd_bus_get_timeout) are those of single calls, and later than ours for all. */
static bool wait_for_bus(struct dbus *d, bool more)
{
	static const struct timeval now;
	int fd = sdbus.get_fd(d->bus), events = sdbus.get_events(d->bus);
	short what = 0;

	if (fd < 0 || events < 0)
		return false;
	if (events & POLLIN)
		what |= EV_READ;
	if (events & POLLOUT)
		what |= EV_WRITE;
	return !event_assign(d->io, d->base, fd, what, on_io, d) && !event_add(d->io, more ? &now : NULL);
}

static void on_io(evutil_socket_t fd, short what, void *ctx)
{
	struct dbus *d = ctx;
	int r = sdbus.process(d->bus, NULL);

	(void)fd;
	(void)what;
	if (r == -EPERM)
		over(d, "the system bus (D-Bus) refuses us");
	else if (r < 0)
		over(d, "the system bus (D-Bus) says what is no message of D-Bus");
	else if (sdbus.is_open(d->bus) <= 0)
		over(d, "the system bus (D-Bus) has closed the connection");
	else if (d->heard >= d->calls)
		over(d, d->error);
	else if (!wait_for_bus(d, r > 0))
		over(d, "the system bus (D-Bus) cannot be waited for");
}

/* -------------------------------------------------------------------- start */

static enum err connect_to_bus(sd_bus **bus, struct text *why)
{
	const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
	int r;

	if (sdbus_load(why))
		return ERR_MISSING;
	if (!address)
		address = USUAL_BUS;
	r = sdbus.new(bus);
	if (r >= 0)
		r = sdbus.set_address(*bus, address);
	if (r >= 0)
		r = sdbus.set_bus_client(*bus, true);
	if (r >= 0)
		r = sdbus.negotiate_fds(*bus, false);
	if (r >= 0)
		r = sdbus.start(*bus);
	if (r >= 0)
		return ERR_OK;
	text_add(why, "there is no system bus (D-Bus) at %s: %s", address, strerror(-r));
	return ERR_MISSING;
}

static bool send_call(struct dbus *d, const struct dbus_call *c)
{
	sd_bus_message *m = NULL;
	int r = sdbus.message_new_method_call(d->bus, &m, c->destination, c->path, c->interface, c->member);

	if (r >= 0)
		r = sdbus.message_set_auto_start(m, false);
	if (r >= 0)
		r = c->put(m, c->args);
	if (r >= 0)
		r = sdbus.call_async(d->bus, NULL, m, on_answer, d, 0);
	sdbus.message_unref(m);
	d->calls++;
	return r >= 0;
}

static bool send_all(struct dbus *d, const struct dbus_call *calls, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!send_call(d, &calls[i]))
			return false;
	return true;
}

static bool begin(struct dbus *d, unsigned limit_ms)
{
	const struct timeval limit = { limit_ms / 1000, limit_ms % 1000 * 1000 };

	d->io = event_new(d->base, -1, 0, on_io, d);
	d->late = evtimer_new(d->base, on_late, d);
	return d->io && d->late && wait_for_bus(d, false) && !evtimer_add(d->late, &limit);
}

enum err dbus_start(struct event_base *base, const struct dbus_call *calls, unsigned n, unsigned limit_ms,
	dbus_done *done, void *ctx, struct dbus **out, struct text *why)
{
	struct dbus *d = calloc(1, sizeof *d);
	enum err e;

	if (!d)
		abort();
	*d = (struct dbus){ .base = base, .done = done, .ctx = ctx };
	e = connect_to_bus(&d->bus, why);
	if (!e && !(send_all(d, calls, n) && begin(d, limit_ms))) {
		text_add(why, "the system bus (D-Bus) cannot be told that");
		e = ERR_SPACE;
	}
	if (e)
		dbus_free(d);
	else
		*out = d;
	return e;
}
