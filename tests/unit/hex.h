/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets written as hexadecimal digits, as vectors are printed; blanks between them do not count. */
#pragma once

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Writes the octets of TEXT to OUT, which has room for ROOM of them, and returns how many. NULL has none. */
static inline size_t hex(const char *text, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (const char *s = text; s && *s; s += 2) {
		while (isspace((unsigned char)*s))
			s++;
		if (!*s)
			break;
		if (n == room || !isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]))
			abort();
		out[n++] = (uint8_t)strtoul((char[]){ s[0], s[1], 0 }, NULL, 16);
	}
	return n;
}
