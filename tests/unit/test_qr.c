/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A QR code as it is seen on a terminal, read again (ISO/IEC 18004), without correcting anything. */
#include "unit.h"

#include "tools/ipsec/qr.h"

#include <string.h>

enum { SIZE_MAX_ = 200 };

struct seen {
	bool dark[SIZE_MAX_][SIZE_MAX_];
	int width; /* without what is around it */
};

/* The modules of half blocks. */
static void look(const char *lines, struct seen *s)
{
	static const struct {
		const char *block;
		bool upper, lower; /* light */
	} blocks[] = { { " ", false, false }, { "▄", false, true }, { "▀", true, false },
		{ "█", true, true } };
	int x = 0, y = 0;

	memset(s, 0, sizeof *s);
	while (*lines) {
		if (*lines == '\n') {
			s->width = x - 2 * QR_QUIET;
			x = 0;
			y += 2;
			lines++;
			continue;
		}
		for (size_t i = 0; i < 4; i++)
			if (!strncmp(lines, blocks[i].block, strlen(blocks[i].block))) {
				s->dark[y][x] = !blocks[i].upper;
				s->dark[y + 1][x] = !blocks[i].lower;
				lines += strlen(blocks[i].block);
				break;
			}
		x++;
		assert_true(x < SIZE_MAX_ && y < SIZE_MAX_ - 2);
	}
	/* An odd number of rows ends in half a line. */
	assert_true(y == s->width + 2 * QR_QUIET || y == s->width + 2 * QR_QUIET + 1);
}

static bool at(const struct seen *s, int x, int y)
{
	return s->dark[y + QR_QUIET][x + QR_QUIET];
}

static bool is_light_around(const struct seen *s)
{
	int end = s->width + 2 * QR_QUIET;

	for (int i = 0; i < end; i++)
		for (int q = 0; q < QR_QUIET; q++)
			if (s->dark[q][i] || s->dark[i][q] || s->dark[end - 1 - q][i] ||
				s->dark[i][end - 1 - q])
				return false;
	return true;
}

static bool within(int x, int y, int left, int top, int n)
{
	return x >= left && x < left + n && y >= top && y < top + n;
}

/* Patterns and formats, of versions up to 5. */
static bool is_pattern(const struct seen *s, int x, int y)
{
	int w = s->width;

	return within(x, y, 0, 0, 9) || (x >= w - 8 && y < 9) || (x < 9 && y >= w - 8) || x == 6 || y == 6 ||
	       (w > 21 && within(x, y, w - 9, w - 9, 5));
}

static bool is_masked(int mask, int x, int y)
{
	switch (mask) {
	case 0: return (x + y) % 2 == 0;
	case 1: return y % 2 == 0;
	case 2: return x % 3 == 0;
	case 3: return (x + y) % 3 == 0;
	case 4: return (y / 2 + x / 3) % 2 == 0;
	case 5: return x * y % 2 + x * y % 3 == 0;
	case 6: return (x * y % 2 + x * y % 3) % 2 == 0;
	default: return ((x + y) % 2 + x * y % 3) % 2 == 0;
	}
}

/* The three bits of the format that name the mask: in row 8, of 10101 its last. */
static int mask_of(const struct seen *s)
{
	return (at(s, 2, 8) << 2 | at(s, 3, 8) << 1 | at(s, 4, 8)) ^ 5;
}

/* Bits up and down in pairs of columns, from the right. */
static unsigned bits_of(const struct seen *s, uint8_t *out, unsigned max)
{
	unsigned n = 0;
	bool up = true;

	for (int right = s->width - 1; right > 0; right -= 2, up = !up) {
		right -= right == 6;
		for (int i = 0; i < s->width * 2; i++) {
			int x = right - i % 2, y = up ? s->width - 1 - i / 2 : i / 2;

			if (!is_pattern(s, x, y) && n < max)
				out[n++] = at(s, x, y) != is_masked(mask_of(s), x, y);
		}
	}
	return n;
}

static unsigned number(const uint8_t *bits, unsigned n)
{
	unsigned v = 0;

	while (n--)
		v = v << 1 | *bits++;
	return v;
}

static void reads_again(const char *words)
{
	static uint8_t bits[4000];
	struct arena a = { 0 };
	struct text t = text_in(&a);
	struct seen s;
	unsigned columns;
	enum qr_fault fault = qr_print(bytes_str(words), &t, &columns);

	if (fault == QR_NO_LIBRARY)
		skip();
	assert_int_equal(fault, QR_DONE);
	look(text_str(&t), &s);
	assert_int_equal(columns, s.width + 2 * QR_QUIET);
	assert_true(is_light_around(&s));
	assert_true(bits_of(&s, bits, sizeof bits) > 8 * strlen(words));
	assert_int_equal(number(bits, 4), 4); /* octets */
	assert_int_equal(number(bits + 4, 8), strlen(words));
	for (size_t i = 0; i < strlen(words); i++)
		assert_int_equal(number(bits + 12 + 8 * i, 8), (uint8_t)words[i]);
	arena_free(&a);
}

static void codes_are_read_again(void **state)
{
	(void)state;
	reads_again("{}");
	reads_again("{\"name\": \"vpn.example.org\", \"gr\xc3\xbc\xc3\x9f\": true}");
	reads_again("{\"uuid\": \"c4f2da52-07a5-400c-a899-bfec20ee2041\", \"type\": \"ikev2-eap\", \"name\": "
		    "\"vpn\"}");
}

static void what_is_too_long_is_said(void **state)
{
	static uint8_t much[QR_MAX + 1];
	struct arena a = { 0 };
	struct text t = text_in(&a);
	unsigned columns;
	enum qr_fault fault = qr_print(bytes_of(much, QR_MAX), &t, &columns);

	(void)state;
	if (fault == QR_NO_LIBRARY)
		skip();
	assert_int_equal(fault, QR_DONE);
	assert_int_equal(columns, 177 + 2 * QR_QUIET);
	assert_int_equal(qr_print(bytes_of(much, QR_MAX + 1), &t, &columns), QR_TOO_LONG);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_read_again),
		cmocka_unit_test(what_is_too_long_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
