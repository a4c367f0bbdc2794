/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "letters.h"

#include <stdlib.h>
#include <sys/random.h>

void letters_octets(uint8_t *out, size_t n)
{
	if (getrandom(out, n, 0) != (ssize_t)n)
		abort();
}

char letters_of(unsigned n)
{
	return "abcdefghjkmnpqrstuvwxyz123456789"[n % 32];
}

char *letters_draw(struct arena *arena, unsigned groups)
{
	char *out = arena_alloc(arena, (size_t)groups * 5), *at = out;

	for (unsigned i = 0; i < 4 * groups; i++) {
		uint8_t octet;

		letters_octets(&octet, 1);
		if (i && i % 4 == 0)
			*at++ = '-';
		*at++ = letters_of(octet);
	}
	return out;
}
