/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From bundles to devices. */
#include "xfrm/user/intake.h"

/* Takes up to MOST datagrams out of the N bundles at B, from bundle *AT on; returns how many. */
static unsigned gather(struct intake *in, struct bundle *b, unsigned n, unsigned *at, unsigned most)
{
	unsigned all = 0;

	while (*at < n && all < most)
		if (bundle_next(&b[*at], &in->v[all]))
			all++;
		else
			++*at;
	return all;
}

static bool goes_on(const struct arrival *a)
{
	return a->sa && !a->esp.drop;
}

static size_t headers_of(const struct arrival *a)
{
	return goes_on(a) ? join_headers(a->sa->device, &a->inner, a->esp.p) : 0;
}

static void add(struct intake *in, unsigned i, size_t headers)
{
	const struct arrival *a = &in->v[i];

	if (goes_on(a))
		join_add(&in->join, a->sa->device, &a->inner, a->esp.p, headers);
}

/* From bundle AT on. */
static unsigned carry(struct intake *in, struct bundle *b, unsigned n, unsigned at)
{
	unsigned all = 0, some;

	while ((some = gather(in, b, n, &at, INTAKE_CHUNK))) {
		inbound_run(in->lane, in->v, some);
		for (unsigned i = 0; i < some; i++)
			add(in, i, headers_of(&in->v[i]));
		all += some;
	}
	join_flush(&in->join);
	return all;
}

unsigned intake_carry(struct intake *in, struct bundle *b, unsigned n)
{
	return carry(in, b, n, 0);
}

unsigned intake_beside(
	struct intake *in, struct bundle *b, unsigned n, struct turns *t, uint64_t ticket, bool *slept)
{
	unsigned at = 0, all = gather(in, b, n, &at, INTAKE_PACKETS);

	inbound_open(in->lane, in->v, all);
	for (unsigned i = 0; i < all; i++)
		in->headers[i] = headers_of(&in->v[i]);
	*slept = turns_wait(t, ticket);
	inbound_admit(in->lane, in->v, all);
	for (unsigned i = 0; i < all; i++)
		add(in, i, in->headers[i]);
	all += carry(in, b, n, at);
	turns_done(t, ticket);
	return all;
}
