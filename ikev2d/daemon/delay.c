/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/delay.h"

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

unsigned delay_left(struct delay *d, uint64_t now)
{
	uint64_t since = now - d->at;

	d->taken = less(d->taken, since);
	d->given = less(d->given, since);
	d->at = now;
	return d->taken < DELAY_MAX ? (unsigned)(DELAY_MAX - d->taken) : 0;
}

void delay_add(struct delay *d, uint64_t from, uint64_t now, unsigned gift)
{
	uint64_t took;

	(void)delay_left(d, from);
	d->taken += now - from;
	if (d->taken > DELAY_MAX)
		d->taken = DELAY_MAX;
	took = d->taken < gift ? d->taken : gift;
	if (d->given + took <= DELAY_GIVEN + d->more) {
		d->taken -= took;
		d->given += took;
	}
	d->at = now;
}
