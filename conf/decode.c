/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and octets from text. */
#include "conf/decode.h"

/* Digits at *S, decimal or with 0x hexadecimal, up to MAX; *S stands behind them. */
static bool digits(const char **s, uint64_t max, uint64_t *out)
{
	bool hex = (*s)[0] == '0' && ((*s)[1] | 0x20) == 'x';
	const char *p = *s + (hex ? 2 : 0), *begin = p;
	unsigned base = hex ? 16 : 10;

	for (*out = 0;; p++) {
		unsigned c = (unsigned char)*p, d = c - '0';

		if (hex && (c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			d = (c | 0x20) - 'a' + 10;
		if (d >= base)
			break;
		if (*out > (max - d) / base)
			return false;
		*out = *out * base + d;
	}
	*s = p;
	return p > begin;
}

bool decode_number(const char *s, uint64_t max, uint64_t *out)
{
	return digits(&s, max, out) && !*s;
}

bool decode_scaled(const char *s, const struct name *units, uint64_t *out)
{
	uint64_t whole, milli = 0, place = 100;
	const struct name *unit;

	if (!digits(&s, UINT64_MAX / 1000000, &whole))
		return false;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, place /= 10)
			milli += (uint64_t)(*s - '0') * place;
	while (*s == ' ')
		s++;
	unit = name_find(units, s);
	if (!unit)
		return false;
	milli += whole * 1000;
	if (milli > UINT64_MAX / (uint64_t)unit->value)
		return false;
	*out = milli * (uint64_t)unit->value;
	return true;
}

static int hex_digit(int c)
{
	static const char all[] = "0123456789abcdef";
	const char *p = c ? strchr(all, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	return p ? (int)(p - all) : -1;
}

bool decode_hex(const char *s, struct arena *arena, struct bytes *out)
{
	size_t n = strlen(s), odd = n % 2;
	uint8_t *p = arena_alloc(arena, n / 2 + 1);

	for (size_t i = 0; i < n; i++) {
		int d = hex_digit(s[i]);

		if (d < 0)
			return false;
		p[(i + odd) / 2] = (uint8_t)(p[(i + odd) / 2] << 4 | d);
	}
	*out = bytes_of(p, (n + odd) / 2);
	return true;
}

bool decode_base64(const char *s, struct arena *arena, struct bytes *out)
{
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t length = strlen(s), n = 0;
	uint8_t *p = arena_alloc(arena, length);
	uint32_t bits = 0;

	while (length && s[length - 1] == '=')
		length--;
	if (length % 4 == 1)
		return false;
	for (size_t i = 0; i < length; i++) {
		const char *digit = strchr(all, s[i]);

		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - all);
		if (i % 4)
			p[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	*out = bytes_of(p, n);
	return true;
}
