/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and octets as people write them. */
#pragma once

#include "base/arena.h"
#include "base/names.h"

/* A whole number up to MAX, decimal or with 0x hexadecimal; false for anything else. */
bool decode_number(const char *s, uint64_t max, uint64_t *out);

/* "12", "12k" or "1.5 h", with the letters in UNITS and what each stands for (without one: ""), in
 * thousandths of the smallest unit. */
bool decode_scaled(const char *s, const struct name *units, uint64_t *out);

/* Octets in hexadecimal, from ARENA; an odd number of digits lacks a leading zero. */
bool decode_hex(const char *s, struct arena *arena, struct bytes *out);

/* Octets in base64 (RFC 4648, 4; the = at its end may be missing), from ARENA. */
bool decode_base64(const char *s, struct arena *arena, struct bytes *out);
