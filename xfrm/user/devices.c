/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tun devices and their owners. */
#include "xfrm/user/state.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MTU_FIRST = 1500 /* routes say less, where they lead into tunnels that take less */ };

/* A name may just be on its way out, with a snapshot that a packet thread still holds: a batch is soon over.
 */
static void wait_for_reaping(struct xfrm *x)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	for (int i = 0; i < 1000 && !board_reap(&x->board, x); i++)
		nanosleep(&pause, NULL);
}

static struct device *find(struct xfrm *x, const char *name)
{
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		struct device *d = x->tables.devices[i];

		if (d && !d->shared && !strcmp(d->name, name))
			return d;
	}
	return NULL;
}

static enum err find_slot(struct xfrm *x, unsigned *slot, struct text *why)
{
	for (*slot = 0; *slot < DEVICES_MAX; ++*slot)
		if (!x->devices[*slot])
			return ERR_OK;
	text_add(why, "there are %d tun devices already: let connections share one", DEVICES_MAX);
	return ERR_SPACE;
}

static void close_queues(const struct device *d)
{
	for (unsigned i = 0; i < d->queues; i++)
		close(d->queue[i]);
}

/* Each of the threads that send reads from one queue. Closing a queue ends its being watched. */
static enum err watch(struct xfrm *x, const struct device *d, struct text *why)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; i < d->queues && !err; i++)
		err = worker_watch(x->workers[WORKER_OUT][i], d, why);
	return err;
}

/* NULL: the shared one. */
static enum err open_new(struct xfrm *x, const char *name, struct device **out, struct text *why)
{
	struct device *d = calloc(1, sizeof *d);
	enum err err;

	if (!d)
		abort();
	err = find_slot(x, &d->slot, why);
	if (!err)
		err = tun_open(
			name ? name : x->settings->tun_name, !name, x->n_workers, d->queue, d->name, why);
	if (err) {
		free(d);
		return err;
	}
	d->queues = x->n_workers;
	for (unsigned i = 0; i < d->queues; i++)
		d->joins_udp = tun_offload(d->queue[i]);
	err = route_device_up(x->route, d->name, MTU_FIRST, why);
	if (!err)
		err = watch(x, d, why);
	if (err) {
		close_queues(d);
		free(d);
		return err;
	}
	d->shared = !name;
	d->owners = 1;
	*out = x->devices[d->slot] = x->tables.devices[d->slot] = d;
	return ERR_OK;
}

enum err user_device_get(struct xfrm *x, const char *name, struct device **out, struct text *why)
{
	struct device *d = name ? find(x, name) : x->shared;
	enum err err = ERR_OK;

	if (d) {
		d->owners++;
		*out = d;
		return ERR_OK;
	}
	wait_for_reaping(x);
	err = open_new(x, name, out, why);
	if (!err && !name)
		x->shared = *out;
	return err;
}

/* No packet thread sees it any more. */
static void end_device(struct retired *r, void *ctx)
{
	struct device *d = (struct device *)r;
	struct xfrm *x = ctx;

	x->devices[d->slot] = NULL;
	close_queues(d);
	free(d);
}

void user_device_put(struct xfrm *x, struct device *d)
{
	if (--d->owners)
		return;
	for (unsigned i = 0; i < d->queues; i++)
		worker_unwatch(x->workers[WORKER_OUT][i], d);
	if (x->shared == d)
		x->shared = NULL;
	x->tables.devices[d->slot] = NULL;
	retire(&x->retired, &d->retired, end_device);
}
