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

static enum err put_off(struct post *p, const struct ipc_message *m)
{
	struct arena arena = { 0 };
	struct wr w = wr_of(arena_alloc(&arena, IPC_MAX), IPC_MAX);
	struct letter *l;

	if (!ipc_encode(&w, m)) {
		arena_free(&arena);
		return ERR_RANGE;
	}
	if (!p->writable)
		p->writable = event_new(p->base, p->to->fd, EV_WRITE, on_writable, p);
	if (!(l = malloc(sizeof *l + w.n)) || !p->writable || (p->octets += w.n) > p->limit)
		abort();
	l->n = w.n;
	l->fd = m->n_fds ? dup(m->fds[0]) : -1;
	memcpy(l->octets, w.p, w.n);
	list_append(&p->waiting, &l->node);
	event_add(p->writable, NULL);
	arena_free(&arena);
	return ERR_OK;
}

enum err post_send(struct post *p, const struct ipc_message *m)
{
	enum err e = list_empty(&p->waiting) ? ipc_tell(p->to, m) : ERR_BUSY;

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
}
