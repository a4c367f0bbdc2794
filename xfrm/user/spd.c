/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Order and search; a linear search, as long as nobody has thousands of policies on one device. */
#include "xfrm/user/spd.h"

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

static int compare(const void *x, const void *y)
{
	const struct spd_entry *a = x, *b = y;
	int order = (int)a->device - (int)b->device;

	if (!order)
		order = (a->priority > b->priority) - (a->priority < b->priority);
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

void spd_sort(struct spd_entry *v, size_t n)
{
	qsort(v, n, sizeof *v, compare);
}

const struct spd_entry *spd_find(const struct spd_entry *v, size_t n, const struct inner *in)
{
	for (size_t i = 0; i < n; i++)
		if (ts_has(&v[i].remote, &in->dst, in->proto, in->dport, in->ports_known) &&
			ts_has(&v[i].local, &in->src, in->proto, in->sport, in->ports_known))
			return &v[i];
	return NULL;
}
