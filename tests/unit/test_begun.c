/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is proved belongs to an exchange that has begun, and is proved no more often than that needs. */
#include "tests/unit/unit.h"

#include "daemon/begun.h"

enum { INIT = 40, MORE = 32, NOW = 1000000 };

struct exchange_text {
	uint8_t octets[INIT + MORE];
};

/* A message of IKE_SA_INIT, and what else is proved behind it. */
static struct exchange_text begin(uint32_t which, uint64_t spi_r, uint8_t flags)
{
	struct exchange_text t = { 0 };
	struct wr w = wr_of(t.octets, sizeof t.octets);

	wr_u64(&w, 7);
	wr_u64(&w, spi_r);
	wr_u8(&w, 33);
	wr_u8(&w, 0x20);
	wr_u8(&w, 34);
	wr_u8(&w, flags);
	wr_u32(&w, 0);
	wr_u32(&w, INIT);
	wr_u32(&w, which);
	return t;
}

static struct exchange_text request(uint32_t which)
{
	return begin(which, 0, 0x08);
}

static void sent(struct begun *b, const struct exchange_text *t, uint64_t now)
{
	begun_sent(b, bytes_of(t->octets, INIT), now);
}

/* NULL, or why it is not proved. */
static const char *refused(
	struct begun *b, const struct exchange_text *t, unsigned times, uint64_t now, struct arena *arena)
{
	struct text why = text_in(arena);
	bool good = begun_prove(b, bytes_of(t->octets, sizeof t->octets), times, now, &why);

	assert_int_equal(good, !why.n);
	return good ? NULL : text_str(&why);
}

static void each_is_proved_as_often_as_it_needs(void **state)
{
	struct exchange_text one = request(1), other = request(2), response = begin(3, 8, 0x20);
	struct arena arena = { 0 };
	struct begun b;

	(void)state;
	begun_start(&b);
	assert_non_null(strstr(refused(&b, &one, 1, NOW, &arena), "no such IKE_SA_INIT was sent"));
	sent(&b, &one, NOW);
	sent(&b, &response, NOW);
	assert_non_null(strstr(refused(&b, &other, 1, NOW, &arena), "no such IKE_SA_INIT"));
	assert_null(refused(&b, &one, 2, NOW, &arena));
	assert_null(refused(&b, &one, 2, NOW, &arena));
	assert_non_null(strstr(refused(&b, &one, 2, NOW, &arena), "more than its IKE_AUTH has"));
	assert_null(refused(&b, &response, 1, NOW, &arena));
	assert_non_null(strstr(refused(&b, &response, 1, NOW, &arena), "more than"));
	sent(&b, &one, NOW); /* again: nothing new has begun */
	assert_non_null(refused(&b, &one, 2, NOW, &arena));
	begun_clear(&b);
	assert_non_null(strstr(refused(&b, &one, 3, NOW, &arena), "no such"));
	begun_stop(&b);
	arena_free(&arena);
}

/* What differs in an octet of the message is another one; what stands behind it is the peer's. */
static void all_of_the_message_counts(void **state)
{
	struct arena arena = { 0 };
	struct begun b;

	(void)state;
	begun_start(&b);
	for (unsigned i = 0; i < INIT; i++) {
		struct exchange_text one = request(1), other = one;

		other.octets[i] ^= 1;
		sent(&b, &one, NOW);
		assert_non_null(refused(&b, &other, 100, NOW, &arena));
		other = one;
		other.octets[INIT + i % MORE] ^= 1;
		assert_null(refused(&b, &other, 100, NOW, &arena));
	}
	begun_stop(&b);
	arena_free(&arena);
}

/* A cookie is asked for, and nothing is begun; other exchanges are no beginning either. */
static void what_begins_nothing(void **state)
{
	struct exchange_text bad[] = { begin(1, 0, 0x20), begin(1, 8, 0x08), request(1), request(1),
		request(1) };
	struct arena arena = { 0 };
	struct begun b;

	(void)state;
	bad[2].octets[18] = 35;
	bad[3].octets[23] = 1;
	memset(bad[4].octets, 0, 8);
	begun_start(&b);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		sent(&b, &bad[i], NOW);
		assert_non_null(refused(&b, &bad[i], 1, NOW, &arena));
	}
	begun_sent(&b, (struct bytes){ 0 }, NOW);
	begun_sent(&b, bytes_of(bad[0].octets, 20), NOW);
	assert_int_equal(b.of.count, 0);
	begun_stop(&b);
	arena_free(&arena);
}

static void it_ends_with_time_and_number(void **state)
{
	struct exchange_text one = request(0), last;
	struct arena arena = { 0 };
	struct begun b;

	(void)state;
	begun_start(&b);
	sent(&b, &one, NOW);
	assert_null(refused(&b, &one, 9, NOW + 100 * BEGUN_TIME * 1000, &arena)); /* the machine has slept */
	for (uint32_t i = 1; i <= BEGUN_KEPT; i++) {
		last = request(i);
		sent(&b, &last, NOW);
	}
	assert_null(refused(&b, &one, 9, NOW + BEGUN_TIME * 1000, &arena));
	assert_non_null(refused(&b, &one, 9, NOW + BEGUN_TIME * 1000 + 1, &arena));
	assert_int_equal(b.of.count, BEGUN_KEPT);
	for (uint32_t i = 0; i <= BEGUN_MAX; i++) {
		last = request(i);
		sent(&b, &last, NOW);
	}
	assert_int_equal(b.of.count, BEGUN_MAX);
	assert_non_null(refused(&b, &one, 9, NOW, &arena));
	assert_null(refused(&b, &last, 9, NOW, &arena));
	begun_stop(&b);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_proved_as_often_as_it_needs),
		cmocka_unit_test(all_of_the_message_counts),
		cmocka_unit_test(what_begins_nothing),
		cmocka_unit_test(it_ends_with_time_and_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
