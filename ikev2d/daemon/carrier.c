/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders in, reports out. */
#include "daemon/carrier.h"

#include "xfrm/user/engine.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>

enum {
	REPORTS_AT_ONCE = 64, /* then orders have their turn */
	ORDERS_AT_ONCE = 64,  /* then they are answered */
};

static void *nothing(void *arg)
{
	return arg;
}

/* With its first thread libc sets up what it needs for threads. Packet threads take memory for the first
 * packet of an SA: an arena for each would have libc read files, when it counts the processors and when it
 * gives memory back, which nobody may do here. */
void carrier_warm(void)
{
	pthread_t thread;

	mallopt(M_ARENA_MAX, 1);
	engine_warm();
	if (!pthread_create(&thread, NULL, nothing, NULL))
		pthread_join(thread, NULL);
}

void carrier_start(struct carrier *c)
{
	*c = (struct carrier){ .guard.fd = -1, .plane = plane_new() };
}

void carrier_stop(struct carrier *c)
{
	plane_free(c->plane);
	c->plane = NULL;
}

/* One that went well is answered with those that wait behind it. */
bool carrier_take_order(void *ctx, const struct ipc_message *m)
{
	struct carrier *c = ctx;
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	struct ipc_message done = { .kind = IPC_ESP_DONE, .ticket = m->ticket };
	bool told = true;

	c->done = m->ticket;
	done.done.result = (uint8_t)plane_order(c->plane, &m->esp_order, m->fds, m->n_fds, &why);
	done.done.what = text_str(&why);
	if (done.done.result) {
		told = !ipc_send(&c->guard, &done);
		c->done = 0;
	}
	arena_free(&scratch);
	return told;
}

static enum err serve(struct carrier *c, ipc_take_fn *take)
{
	struct arena arena = { 0 };
	const char *wrong;
	enum err err = take(&c->guard, &arena, c, &wrong);

	arena_free(&arena);
	return err;
}

static bool answer(struct carrier *c)
{
	const struct ipc_message done = { .kind = IPC_ESP_DONE, .ticket = c->done };

	c->done = 0;
	return !done.ticket || !ipc_send(&c->guard, &done);
}

bool carrier_serve(struct carrier *c)
{
	return !serve(c, ipc_take) && answer(c);
}

/* Those that are there. */
static bool serve_all(struct carrier *c)
{
	enum err e = serve(c, ipc_take);

	for (unsigned i = 1; i < ORDERS_AT_ONCE && !e; i++)
		e = serve(c, ipc_take_now);
	return (!e || e == ERR_BUSY) && answer(c);
}

/* What guard has no time for waits in the channel of the threads: what these cannot tell then they count, and
 * where it matters they tell it again. */
void carrier_report(struct carrier *c)
{
	struct ipc_message *m = &c->report;

	m->kind = IPC_ESP_REPORT;
	for (int i = 0; i < REPORTS_AT_ONCE; i++) {
		if (!c->waits && !plane_next(c->plane, &m->esp_report.report, &m->esp_report.body))
			return;
		c->waits = ipc_tell(&c->guard, m) == ERR_BUSY;
		if (c->waits)
			return;
	}
}

void carrier_run(struct carrier *c)
{
	bool served = true;

	while (served) {
		struct pollfd fds[] = { { .fd = c->guard.fd,
						.events = (short)(POLLIN | (c->waits ? POLLOUT : 0)) },
			{ .fd = c->waits ? -1 : plane_fd(c->plane), .events = POLLIN } };

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents || fds[0].revents & POLLOUT)
			carrier_report(c);
		if (fds[0].revents & ~POLLOUT)
			served = serve_all(c);
	}
}
