/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing and wiping octets. */
#include "base/bytes.h"

int bytes_cmp(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order)
		return order;
	return a.n < b.n ? -1 : a.n > b.n;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool bytes_eq_nocase(struct bytes a, struct bytes b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool bytes_eq_secret(struct bytes a, struct bytes b)
{
	uint8_t differ = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differ |= a.p[i] ^ b.p[i];
	return !differ;
}

uint64_t bytes_hash(uint64_t h, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * 0x100000001b3ULL;
	return h;
}

void wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}

void bytes_wipe(struct bytes *b)
{
	wipe((void *)b->p, b->n);
	*b = (struct bytes){ 0 };
}
