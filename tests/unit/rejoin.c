/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was written is copied together. */
#include "tests/unit/rejoin.h"

#include <stdlib.h>

static void keep(void *ctx, const struct device *to, const struct iovec *v, unsigned n)
{
	struct rejoin *r = ctx;
	struct written *w = &r->v[r->n];

	if (r->n == REJOIN_WRITTEN || v[0].iov_len != sizeof w->h)
		abort();
	*w = (struct written){ .to = to, .p = r->room + r->used, .pieces = n - 1 };
	memcpy(&w->h, v[0].iov_base, sizeof w->h);
	for (unsigned i = 1; i < n; i++) {
		if (r->used + v[i].iov_len > REJOIN_ROOM)
			abort();
		memcpy(r->room + r->used, v[i].iov_base, v[i].iov_len);
		r->used += v[i].iov_len;
		w->n += v[i].iov_len;
	}
	r->n++;
}

void rejoin_init(struct rejoin *r)
{
	r->join = (struct join){ .ctx = r, .write = keep };
	r->device = (struct device){ .joins_udp = true };
	r->n = 0;
	r->used = 0;
}

bool rejoin_add(struct rejoin *r, uint8_t *p, size_t n)
{
	struct inner in;

	if (!inner_parse(bytes_of(p, n), &in))
		return false;
	join_add(&r->join, &r->device, &in, p, join_headers(&r->device, &in, p));
	return true;
}

bool rejoin_split(const struct written *w, void (*take)(void *ctx, uint8_t *p, size_t n), void *ctx)
{
	static uint8_t packet[JOIN_OCTETS + 64];
	struct split s;
	struct inner in;
	size_t n;

	if (!inner_parse(bytes_of(w->p, w->n), &in) || !split_begin(&s, &w->h, bytes_of(w->p, w->n), &in))
		return false;
	while ((n = split_size(&s))) {
		split_next(&s, packet);
		take(ctx, packet, n);
	}
	return true;
}
