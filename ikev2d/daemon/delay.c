/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/delay.h"

unsigned delay_left(struct delay *d, uint64_t now)
{
	uint64_t since = now - d->at;

	d->taken = d->taken > since ? d->taken - since : 0;
	d->at = now;
	return d->taken < DELAY_MAX ? (unsigned)(DELAY_MAX - d->taken) : 0;
}

void delay_add(struct delay *d, uint64_t from, uint64_t now)
{
	(void)delay_left(d, from);
	d->taken += now - from;
	d->taken = d->taken > DELAY_ANSWER ? d->taken - DELAY_ANSWER : 0;
	d->at = now;
}
