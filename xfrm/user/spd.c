/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Order, and the hash table of buckets. */
#include "xfrm/user/spd.h"

#include <endian.h>
#include <stdlib.h>

enum { PRIORITY_WIDEST = 400000, A_NETWORK_BIT = 512, A_PROTOCOL = 256, A_PORT_BIT = 4 };

/* How many leading bits the N octets at A and B have in common. */
static unsigned common_bits(const uint8_t *a, const uint8_t *b, size_t n)
{
	unsigned bits = 0;

	while (bits < 8 * n && !((a[bits / 8] ^ b[bits / 8]) & (0x80 >> bits % 8)))
		bits++;
	return bits;
}

static unsigned network_bits(const struct ts *ts)
{
	return common_bits(ts->lo.a, ts->hi.a, ip_size(&ts->lo));
}

static unsigned port_bits(const struct ts *ts)
{
	const uint8_t lo[] = { (uint8_t)(ts->port_lo >> 8), (uint8_t)ts->port_lo },
		      hi[] = { (uint8_t)(ts->port_hi >> 8), (uint8_t)ts->port_hi };

	return common_bits(lo, hi, sizeof lo);
}

uint32_t spd_priority(const struct ts *local, const struct ts *remote)
{
	return PRIORITY_WIDEST - A_NETWORK_BIT * (network_bits(local) + network_bits(remote)) -
	       (local->proto || remote->proto ? A_PROTOCOL : 0) -
	       A_PORT_BIT * (port_bits(local) + port_bits(remote));
}

/* How far HI is from LO, as a number in network order. */
static void width_of(const struct ts *ts, uint8_t out[16])
{
	int borrow = 0;

	memset(out, 0, 16);
	for (size_t i = ip_size(&ts->lo); i-- > 0;) {
		int d = ts->hi.a[i] - ts->lo.a[i] - borrow;

		borrow = d < 0;
		out[i] = (uint8_t)d;
	}
}

static int by_width(const struct ts *a, const struct ts *b)
{
	uint8_t wa[16], wb[16];

	width_of(a, wa);
	width_of(b, wb);
	return memcmp(wa, wb, sizeof wa);
}

static int by_ports(const struct ts *a, const struct ts *b)
{
	int wa = a->port_hi - a->port_lo, wb = b->port_hi - b->port_lo;

	return wa - wb;
}

/* The more specific selector first. */
static int by_ts(const struct ts *a, const struct ts *b)
{
	int order = by_width(a, b);

	if (!order)
		order = !a->proto - !b->proto;
	return order ? order : by_ports(a, b);
}

int spd_order(const struct spd_entry *a, const struct spd_entry *b)
{
	int order = (a->priority > b->priority) - (a->priority < b->priority);

	if (!order)
		order = by_ts(&a->remote, &b->remote);
	if (!order)
		order = by_ts(&a->local, &b->local);
	if (!order)
		order = !a->sa - !b->sa;
	if (!order)
		order = a->trap - b->trap;
	return order ? order : (a->age < b->age) - (a->age > b->age);
}

static int compare(const void *a, const void *b)
{
	return spd_order(a, b);
}

/* Mixes the first BITS of the 64-bit word at P into H. */
static uint64_t mix(uint64_t h, const uint8_t *p, unsigned bits)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	h = (h ^ (bits ? be64toh(word) >> (64 - bits) : 0)) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

static uint64_t mix_ip(uint64_t h, const struct ip *ip, unsigned bits)
{
	if (bits <= 64)
		return mix(h, ip->a, bits);
	return mix(mix(h, ip->a, 64), ip->a + 8, bits - 64);
}

/* The bucket of what goes from LOCAL to REMOTE, cut to the lengths of SHAPE. */
static uint64_t key_of(
	unsigned device, const struct spd_shape *shape, const struct ip *local, const struct ip *remote)
{
	uint64_t h = (uint64_t)device << 32 | (uint64_t)shape->v << 16 | (uint64_t)shape->local << 8 |
		     shape->remote;

	return mix_ip(mix_ip(h * 0x9e3779b97f4a7c15ULL, local, shape->local), remote, shape->remote);
}

static struct spd_shape shape_of(const struct spd_entry *e)
{
	return (struct spd_shape){
		.v = e->remote.lo.v,
		.local = (uint8_t)network_bits(&e->local),
		.remote = (uint8_t)network_bits(&e->remote),
	};
}

static uint64_t key_of_entry(const struct spd_entry *e)
{
	const struct spd_shape shape = shape_of(e);

	return key_of(e->device, &shape, &e->local.lo, &e->remote.lo);
}

/* The table's own shape that is like that of E, or a new one. */
static struct spd_shape *known_shape(struct spd *s, const struct spd_entry *e)
{
	const struct spd_shape shape = shape_of(e);

	for (unsigned i = 0; i < s->n_shapes; i++)
		if (s->shapes[i].v == shape.v && s->shapes[i].local == shape.local &&
			s->shapes[i].remote == shape.remote)
			return &s->shapes[i];
	s->shapes = reallocarray(s->shapes, s->n_shapes + 1, sizeof *s->shapes);
	if (!s->shapes)
		abort();
	s->shapes[s->n_shapes] = shape;
	return &s->shapes[s->n_shapes++];
}

static void count_in(struct spd *s, const struct spd_entry *e)
{
	known_shape(s, e)->entries++;
}

static void count_out(struct spd *s, const struct spd_entry *e)
{
	struct spd_shape *shape = known_shape(s, e);

	if (!--shape->entries)
		*shape = s->shapes[--s->n_shapes];
}

static void end_bucket(struct retired *r, void *ctx)
{
	(void)ctx;
	free(r);
}

/* A bucket with room for N entries, and none in it yet. */
static struct spd_bucket *bucket_new(size_t n)
{
	struct spd_bucket *b = calloc(1, sizeof *b + n * sizeof *b->v);

	if (!b)
		abort();
	return b;
}

/* Puts B, or nothing where it is empty, in the place of OLD. */
static void replace(
	struct spd *s, uint64_t key, struct spd_bucket *b, struct spd_bucket *old, struct retired **gone)
{
	qsort(b->v, b->n, sizeof *b->v, compare);
	if (b->n) {
		map_put(&s->buckets, key, b);
	} else {
		map_take(&s->buckets, key);
		free(b);
	}
	if (old)
		retire(gone, &old->retired, end_bucket);
}

/* How many of the N entries at V, from the first on, go into the same bucket. */
static size_t run_of(const struct spd_entry *v, size_t n, uint64_t key)
{
	size_t i = 1;

	while (i < n && key_of_entry(&v[i]) == key)
		i++;
	return i;
}

void spd_put(struct spd *s, const struct spd_entry *v, size_t n, struct retired **gone)
{
	size_t run;

	for (; n; v += run, n -= run) {
		uint64_t key = key_of_entry(v);
		struct spd_bucket *old = map_get(&s->buckets, key), *b;

		run = run_of(v, n, key);
		b = bucket_new((old ? old->n : 0) + run);
		for (unsigned i = 0; old && i < old->n; i++)
			b->v[b->n++] = old->v[i];
		for (size_t i = 0; i < run; i++) {
			b->v[b->n++] = v[i];
			count_in(s, &v[i]);
		}
		replace(s, key, b, old, gone);
	}
}

void spd_take(struct spd *s, const struct spd_entry *v, size_t n, struct retired **gone)
{
	size_t run;

	for (; n; v += run, n -= run) {
		uint64_t key = key_of_entry(v);
		struct spd_bucket *old = map_get(&s->buckets, key), *b;

		run = run_of(v, n, key);
		if (!old)
			continue; /* an earlier run took all there was */
		b = bucket_new(old->n);
		for (unsigned i = 0; i < old->n; i++)
			if (old->v[i].policy == v->policy)
				count_out(s, &old->v[i]);
			else
				b->v[b->n++] = old->v[i];
		replace(s, key, b, old, gone);
	}
}

struct spd spd_copy(const struct spd *s)
{
	struct spd copy = { .buckets = map_copy(&s->buckets), .n_shapes = s->n_shapes };

	copy.shapes = calloc(s->n_shapes + 1, sizeof *s->shapes);
	if (!copy.shapes)
		abort();
	if (s->n_shapes)
		memcpy(copy.shapes, s->shapes, s->n_shapes * sizeof *s->shapes);
	return copy;
}

void spd_free(struct spd *s)
{
	map_free(&s->buckets);
	free(s->shapes);
	*s = (struct spd){ 0 };
}

static bool matches(const struct spd_entry *e, unsigned device, const struct inner *in)
{
	return e->device == device && ts_has(&e->remote, &in->dst, in->proto, in->dport, in->ports_known) &&
	       ts_has(&e->local, &in->src, in->proto, in->sport, in->ports_known);
}

static const struct spd_entry *first_of(const struct spd_bucket *b, unsigned device, const struct inner *in)
{
	for (unsigned i = 0; b && i < b->n; i++)
		if (matches(&b->v[i], device, in))
			return &b->v[i];
	return NULL;
}

const struct spd_entry *spd_find(const struct spd *s, unsigned device, const struct inner *in)
{
	const struct spd_entry *best = NULL;

	for (unsigned i = 0; i < s->n_shapes; i++) {
		const struct spd_shape *shape = &s->shapes[i];
		const struct spd_entry *e;

		if (shape->v != in->dst.v)
			continue;
		e = first_of(map_get(&s->buckets, key_of(device, shape, &in->src, &in->dst)), device, in);
		if (e && (!best || spd_order(e, best) < 0))
			best = e;
	}
	return best;
}
