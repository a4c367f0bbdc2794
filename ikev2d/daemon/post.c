/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/post.h"

#include <stdlib.h>
#include <unistd.h>

struct letter {
	struct node node;
	int fd; /* that goes along, our own; -1: none */
	size_t n;
	uint8_t octets[];
};

static void letter_free(struct post *p, struct letter *l)
{
	p->octets -= l->n;
	list_remove(&l->node);
	if (l->fd >= 0)
		close(l->fd);
	wipe(l->octets, l->n);
	free(l);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct post *p = ctx;

	(void)fd;
	(void)what;
	while (!list_empty(&p->waiting)) {
		struct letter *l = node_owner(p->waiting.next, struct letter, node);

		if (ipc_tell_written(p->to, bytes_of(l->octets, l->n), &l->fd, l->fd >= 0)) {
			event_add(p->writable, NULL);
			return;
		}
		letter_free(p, l);
	}
}

/* FD, which goes along (-1: none), is its own then. */
static void put_off_written(struct post *p, struct bytes octets, int fd)
{
	struct letter *l = malloc(sizeof *l + octets.n);

	if (!p->writable)
		p->writable = event_new(p->base, p->to->fd, EV_WRITE, on_writable, p);
	if (!l || !p->writable || (p->octets += octets.n) > p->limit)
		abort();
	l->n = octets.n;
	l->fd = fd;
	memcpy(l->octets, octets.p, octets.n);
	list_append(&p->waiting, &l->node);
	event_add(p->writable, NULL);
}

static enum err put_off(struct post *p, const struct ipc_message *m)
{
	struct arena arena = { 0 };
	struct wr w = wr_of(arena_alloc(&arena, IPC_MAX), IPC_MAX);
	bool good = ipc_encode(&w, m);

	if (good)
		put_off_written(p, wr_done(&w), m->n_fds ? dup(m->fds[0]) : -1);
	arena_free(&arena);
	return good ? ERR_OK : ERR_RANGE;
}

void post_gathers(struct post *p)
{
	p->gathers = true;
}

void post_flush(struct post *p)
{
	const struct bytes octets = ipc_gathered(&p->bundle);

	if (octets.n && (!list_empty(&p->waiting) || ipc_tell_written(p->to, octets, NULL, 0) == ERR_BUSY))
		put_off_written(p, octets, -1);
	ipc_bundle_clear(&p->bundle);
}

/* Whether M waits for others; where it cannot, those go before it. */
static bool gathered(struct post *p, const struct ipc_message *m)
{
	enum err e = p->gathers ? ipc_gather(&p->bundle, m) : ERR_RANGE;

	if (e == ERR_BUSY) {
		post_flush(p);
		e = ipc_gather(&p->bundle, m);
	}
	return !e;
}

enum err post_send(struct post *p, const struct ipc_message *m)
{
	enum err e;

	if (gathered(p, m))
		return ERR_OK;
	e = list_empty(&p->waiting) ? ipc_tell(p->to, m) : ERR_BUSY;

	if (e == ERR_BUSY)
		return put_off(p, m);
	return e == ERR_RANGE ? e : ERR_OK;
}

void post_start(struct post *p, struct event_base *base, struct ipc_channel *to, size_t limit)
{
	*p = (struct post){ .base = base, .to = to, .limit = limit };
	list_init(&p->waiting);
}

void post_stop(struct post *p)
{
	list_each_safe (n, &p->waiting)
		letter_free(p, node_owner(n, struct letter, node));
	if (p->writable)
		event_free(p->writable);
	p->writable = NULL;
	ipc_bundle_free(&p->bundle);
}
