/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fifo.h"

#include <stdlib.h>

enum { ROOM = 4096 /* of the first octets */ };

static void enlarge(struct fifo *f, size_t n)
{
	size_t cap = f->cap ? f->cap : ROOM;
	uint8_t *p;

	while (cap < n)
		cap *= 2;
	if (cap == f->cap)
		return;
	p = malloc(cap);
	if (!p)
		abort();
	if (f->p) {
		memcpy(p, f->p, f->n);
		wipe(f->p, f->cap);
		free(f->p);
	}
	f->p = p;
	f->cap = cap;
}

void fifo_put(struct fifo *f, struct bytes b)
{
	if (!b.n)
		return;
	enlarge(f, f->n + b.n);
	memcpy(f->p + f->n, b.p, b.n);
	f->n += b.n;
}

struct bytes fifo_bytes(const struct fifo *f)
{
	return f->p ? bytes_of(f->p + f->at, fifo_n(f)) : (struct bytes){ 0 };
}

void fifo_drop(struct fifo *f, size_t n)
{
	f->at += n;
	if (f->at == f->n) {
		fifo_free(f);
	} else if (f->at >= f->cap / 2) {
		memmove(f->p, f->p + f->at, fifo_n(f));
		f->n -= f->at;
		f->at = 0;
	}
}

void fifo_free(struct fifo *f)
{
	if (f->p)
		wipe(f->p, f->cap);
	free(f->p);
	*f = (struct fifo){ 0 };
}
