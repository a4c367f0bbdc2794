/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What events carry, as it stands in the line of an event of a record (tape.h). */
#pragma once

#include "base/text.h"
#include "ike/ike.h"

/* Appends all that E carries, each as " KEY=VALUE"; of secrets only the lengths, but with SECRETS. */
void tape_put_fields(const struct ike_event *e, bool secrets, struct text *out);

/* Reads TEXT as what E, whose kind is set, carries under KEY (NULL: none), from ARENA. TEXT may stay in use.
 * False: an event of this kind carries nothing of that name, or it cannot have this value. */
bool tape_get_field(const char *key, const char *text, struct arena *arena, struct ike_event *e);

/* Octets as pairs of hexadecimal digits in lower case, and those of such a text, from ARENA. */
void tape_put_hex(struct bytes b, struct text *out);
bool tape_get_hex(const char *s, struct arena *arena, struct bytes *out);

/* A number up to MAX, decimal or with 0x in front. */
bool tape_get_number(const char *s, uint64_t max, uint64_t *out);

/* The value of a hexadecimal digit in lower case; -1: it is none. */
int tape_digit(char c);
