/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and closing the packet side, its devices, and THE table of orders. */
#include "xfrm/user/plane_state.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void plane_publish(struct plane *p)
{
	board_publish(&p->board, snapshot_of(&p->tables), &p->retired);
	(void)board_reap(&p->board, p);
}

/* ----------------------------------------------------------------- opening */

struct plane *plane_new(void)
{
	struct plane *p = aligned_alloc(_Alignof(struct plane), sizeof *p);
	struct arena arena = { 0 };
	struct text why = text_in(&arena);

	if (!p)
		abort();
	memset(p, 0, sizeof *p);
	if (channel_open(&p->channel, &why))
		abort();
	p->meters.fd = -1;
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		p->outer[i] = outer_none();
	plane_publish(p);
	arena_free(&arena);
	return p;
}

static void take_sockets(struct plane *p, const struct esp_order *o, const int *fds)
{
	for (unsigned i = 0; i < p->n_workers; i++) {
		int own[OUTER_FDS];

		for (unsigned k = 0; k < OUTER_FDS; k++)
			own[k] = o->open.there & 1u << k ? *fds++ : -1;
		p->outer[i] = outer_take(own, o->open.port, i, p->n_workers);
	}
}

static enum err start_workers(struct plane *p, struct text *why)
{
	struct worker_setup setup = {
		.board = &p->board,
		.outers = p->outer,
		.crew = &p->crew,
		.channel = &p->channel,
		.drops = &p->meters.totals->drops,
		.pace = &p->meters.totals->pace,
	};
	enum err err = ERR_OK;

	for (unsigned i = 0; i < p->n_workers && !err; i++) {
		setup.number = i;
		for (enum worker_way way = 0; way < WORKER_WAYS && !err; way++)
			err = worker_start(way, &setup, &p->workers[way][i], why);
	}
	return err;
}

/* The memory goes on with what was counted by others before. */
static enum err open_all(struct plane *p, const struct esp_order *o, const int *fds, struct text *why)
{
	enum err err;

	p->n_workers = o->open.workers;
	take_sockets(p, o, fds + 1);
	err = meters_take(&p->meters, *fds, why);
	if (!err)
		err = crew_open(&p->crew, p->n_workers, why);
	return err ? err : start_workers(p, why);
}

/* ----------------------------------------------------------------- devices */

/* Each of the threads that send reads from one queue. Closing a queue ends its being watched. */
static enum err watch(struct plane *p, const struct device *d, struct text *why)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; i < d->queues && !err; i++)
		err = worker_watch(p->workers[WORKER_OUT][i], d, why);
	return err;
}

static void close_device(struct device *d)
{
	for (unsigned i = 0; i < d->queues; i++)
		close(d->queue[i]);
	free(d);
}

static enum err device_add(struct plane *p, const struct esp_order *o, const int *fds, struct text *why)
{
	struct device *d = calloc(1, sizeof *d);
	enum err err;

	if (!d)
		abort();
	*d = (struct device){
		.slot = o->device_add.slot, .queues = p->n_workers, .joins_udp = o->device_add.joins_udp
	};
	memcpy(d->queue, fds, d->queues * sizeof *fds);
	err = watch(p, d, why);
	if (err) {
		close_device(d);
		return err;
	}
	p->devices[d->slot] = p->tables.devices[d->slot] = d;
	plane_publish(p);
	return ERR_OK;
}

/* No packet thread sees it any more. */
static void end_device(struct retired *r, void *ctx)
{
	struct device *d = (struct device *)r;
	struct plane *p = ctx;

	p->devices[d->slot] = NULL;
	close_device(d);
}

/* A packet thread that still holds a snapshot with it lays that down soon: a batch is short. */
static void wait_for_reaping(struct plane *p)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	for (int i = 0; i < 1000 && !board_reap(&p->board, p); i++)
		nanosleep(&pause, NULL);
}

static void device_del(struct plane *p, unsigned slot)
{
	struct device *d = p->tables.devices[slot];

	for (unsigned i = 0; i < d->queues && p->workers[WORKER_OUT][i]; i++)
		worker_unwatch(p->workers[WORKER_OUT][i], d);
	p->tables.devices[slot] = NULL;
	retire(&p->retired, &d->retired, end_device);
	plane_publish(p);
	wait_for_reaping(p);
}

/* ----------------------------------------------------------------- closing */

static void stop_workers(struct plane *p)
{
	for (unsigned i = 0; i < p->n_workers; i++)
		for (enum worker_way way = 0; way < WORKER_WAYS; way++) {
			worker_stop(p->workers[way][i]);
			p->workers[way][i] = NULL;
		}
}

void plane_free(struct plane *p)
{
	stop_workers(p);
	plane_tables_end(p);
	for (unsigned i = 0; i < DEVICES_MAX; i++)
		if (p->tables.devices[i])
			device_del(p, i);
	board_publish(&p->board, NULL, &p->retired);
	(void)board_reap(&p->board, p);
	map_free(&p->tables.sad);
	spd_free(&p->tables.spd);
	for (unsigned i = 0; i < p->n_workers; i++)
		outer_close(&p->outer[i]);
	crew_close(&p->crew);
	meters_close(&p->meters);
	channel_close(&p->channel);
	free(p);
}

/* ------------------------------------------------------------------ orders */

static unsigned ones(uint32_t bits)
{
	return (unsigned)__builtin_popcount(bits);
}

/* How many descriptors go along with O. */
static unsigned due(const struct plane *p, const struct esp_order *o)
{
	switch (o->kind) {
	case ORDER_OPEN: return 1 + o->open.workers * ones(o->open.there);
	case ORDER_DEVICE_ADD: return p->n_workers;
	default: return 0;
	}
}

static bool has_device(const struct plane *p, unsigned slot)
{
	return slot < DEVICES_MAX && p->tables.devices[slot];
}

/* Whether what O names is there, or not there, as it must be. */
static bool is_possible(const struct plane *p, const struct esp_order *o)
{
	switch (o->kind) {
	case ORDER_OPEN:
		return !p->n_workers && o->open.workers && o->open.workers <= WORKERS_MAX &&
		       !(o->open.there >> OUTER_FDS);
	case ORDER_DEVICE_ADD: return o->device_add.slot < DEVICES_MAX && !p->devices[o->device_add.slot];
	case ORDER_DEVICE_DEL: return has_device(p, o->device_del.slot);
	case ORDER_SA_ADD: return has_device(p, o->sa_add.slot);
	case ORDER_POLICY_ADD: return has_device(p, o->policy_add.slot);
	default: return true;
	}
}

static enum err carry_out(struct plane *p, const struct esp_order *o, const int *fds, struct text *why)
{
	switch (o->kind) {
	case ORDER_OPEN: return open_all(p, o, fds, why);
	case ORDER_DEVICE_ADD: return device_add(p, o, fds, why);
	case ORDER_DEVICE_DEL: device_del(p, o->device_del.slot); break;
	case ORDER_SA_ADD: return plane_sa_add(p, o, why);
	case ORDER_SA_DEL: plane_sa_del(p, o->sa_del.child, o->sa_del.inbound); break;
	case ORDER_SA_MOVE: plane_sa_move(p, o); break;
	case ORDER_POLICY_ADD: return plane_policy_add(p, o, why);
	case ORDER_POLICY_DEL: plane_policy_del(p, o->policy_del.id); break;
	case ORDER_POLICY_LEAD: plane_policy_lead(p, o->policy_lead.id, o->policy_lead.child); break;
	case ORDER_KINDS: break;
	}
	return ERR_OK;
}

enum err plane_order(struct plane *p, const struct esp_order *o, const int *fds, unsigned n, struct text *why)
{
	bool open = p->n_workers || o->kind == ORDER_OPEN;

	if (open && is_possible(p, o) && n == due(p, o))
		return carry_out(p, o, fds, why);
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	text_add(why, "the packet threads were given an order that does not fit what they have");
	return ERR_RANGE;
}

/* ----------------------------------------------------------------- reports */

int plane_fd(const struct plane *p)
{
	return p->channel.hear;
}

bool plane_next(struct plane *p, struct esp_report *r, struct bytes *body)
{
	size_t n;

	if (!channel_hear(&p->channel, r, p->body, &n)) {
		(void)board_reap(&p->board, p);
		return false;
	}
	*body = bytes_of(p->body, n);
	return true;
}
