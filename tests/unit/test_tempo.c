/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rests of packet threads. */
#include "tests/unit/unit.h"

#include "xfrm/user/tempo.h"

static struct tempo tempo;
static uint64_t now;
static unsigned slack; /* ns by which a rest takes longer than it should */

static int begin(void **state)
{
	(void)state;
	tempo = (struct tempo){ 0 };
	now = 1000000000;
	slack = 0;
	return 0;
}

/* N packets are read by a batch that ends AFTER ns; what is rested then passes. */
static unsigned batch(unsigned after, unsigned n)
{
	unsigned rest;

	now += after;
	rest = tempo_rest(&tempo, now, n);
	if (rest) {
		now += rest + slack;
		tempo_woke(&tempo, now);
	}
	return rest;
}

/* The last rest begins. */
static void begin_stream(void)
{
	batch(TEMPO_QUICK, 1);
	for (unsigned i = 0; i < TEMPO_RUN; i++) {
		assert_int_equal(tempo.rested, false);
		batch(5000, 1);
	}
	assert_int_equal(tempo.rested, true);
}

static void the_first_batch_of_all_has_no_rest_behind_it(void **state)
{
	(void)state;
	assert_int_equal(batch(0, 1), 0);
}

static void packets_that_come_alone_are_never_waited_for(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(batch(TEMPO_QUICK, 1), 0);
}

static void packets_that_come_fast_gather_from_the_fourth_on(void **state)
{
	(void)state;
	batch(TEMPO_QUICK, 1);
	for (int i = 1; i < TEMPO_RUN; i++)
		assert_int_equal(batch(TEMPO_QUICK - 1, 1), 0);
	assert_int_equal(batch(TEMPO_QUICK - 1, 1), TEMPO_REST);
}

static void a_pause_between_packets_begins_the_count_anew(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		assert_int_equal(batch(TEMPO_QUICK, 1), 0);
		for (int i = 1; i < TEMPO_RUN; i++)
			assert_int_equal(batch(1000, 1), 0);
	}
}

static void rests_go_on_as_long_as_they_gather_something(void **state)
{
	(void)state;
	begin_stream();
	for (int i = 0; i < 1000; i++)
		assert_int_equal(batch(TEMPO_QUICK, TEMPO_WORTH), TEMPO_REST);
}

static void a_rest_that_gathered_too_little_is_the_last(void **state)
{
	(void)state;
	begin_stream();
	assert_int_equal(batch(1000, TEMPO_WORTH - 1), 0);
	assert_int_equal(batch(1000, 1), 0);
}

/* As questions, each of which leaves when the answer to the one before has come. */
static void what_nothing_gathers_behind_is_hardly_ever_waited_for(void **state)
{
	unsigned rests = 0;

	(void)state;
	for (unsigned i = 0; i < 4 * TEMPO_RUN_MOST; i++)
		rests += batch(15000, 1) > 0;
	assert_in_range(rests, 1, 13);
}

static void a_rest_in_vain_puts_off_the_next_until_one_was_worth_it(void **state)
{
	(void)state;
	begin_stream();
	assert_int_equal(batch(1000, 1), 0);
	for (int i = 1; i < 2 * TEMPO_RUN; i++)
		assert_int_equal(batch(1000, 1), 0);
	assert_int_equal(batch(1000, 1), TEMPO_REST);
	assert_int_equal(batch(1000, TEMPO_WORTH), TEMPO_REST);
	assert_int_equal(batch(1000, 1), 0);
	for (int i = 1; i < 2 * TEMPO_RUN; i++)
		assert_int_equal(batch(1000, 1), 0);
	assert_int_equal(batch(1000, 1), TEMPO_REST);
}

enum { FLOWS_MOST = 8, ROUND = 30000 /* ns until an answer has brought the next question */ };

/* A thread carries the questions of FLOWS, each of which waits for the answer to the one before. Returns how
 * often it rests in a thousand batches. */
static unsigned rests_among(unsigned flows)
{
	uint64_t next[FLOWS_MOST];
	unsigned rests = 0;

	slack = 50000;
	for (unsigned i = 0; i < flows; i++)
		next[i] = now + i * ROUND / flows;
	for (unsigned b = 0; b < 1000; b++) {
		uint64_t from = now, first = next[0];
		unsigned n = 0;

		for (unsigned i = 1; i < flows; i++)
			first = next[i] < first ? next[i] : first;
		from = first > from ? first : from;
		for (unsigned i = 0; i < flows; i++)
			if (next[i] <= from)
				next[i] = from + ++n * 1000 + ROUND;
		rests += batch((unsigned)(from - now) + n * 1000, n) > 0;
	}
	return rests;
}

static void a_few_questions_and_answers_at_once_are_soon_not_waited_for(void **state)
{
	for (unsigned flows = 1; flows < FLOWS_MOST; flows++) {
		begin(state);
		assert_in_range(rests_among(flows), 1, 8);
	}
}

/* Somebody may have waited all of that time, and nobody knows. */
static void the_time_of_a_rest_ends_when_it_has_ended(void **state)
{
	(void)state;
	slack = TEMPO_LATE;
	begin_stream();
	assert_int_equal(batch(30000, 1), 0);
	assert_int_equal(tempo.wanted, 2 * TEMPO_RUN);
}

static void who_overslept_does_not_rest_again_for_long(void **state)
{
	(void)state;
	slack = TEMPO_LATE + 1;
	begin_stream();
	assert_int_equal(batch(1000, TEMPO_WORTH), 0);
	for (unsigned i = 1; i < TEMPO_RUN_MOST; i++)
		assert_int_equal(batch(1000, TEMPO_WORTH), 0);
	slack = 0;
	assert_int_equal(batch(1000, TEMPO_WORTH), TEMPO_REST);
	assert_int_equal(batch(1000, TEMPO_WORTH), TEMPO_REST);
}

/* What comes long after a rest has not waited for it. */
static void bursts_with_pauses_between_them_gather_each_time(void **state)
{
	(void)state;
	begin_stream();
	batch(5000, TEMPO_WORTH);
	for (int burst = 0; burst < 100; burst++) {
		assert_int_equal(batch(800000, 1), 0);
		for (int i = 1; i < TEMPO_RUN_AGAIN; i++)
			assert_int_equal(batch(5000, 1), 0);
		assert_int_equal(batch(5000, 1), TEMPO_REST);
		assert_int_equal(batch(5000, TEMPO_WORTH), TEMPO_REST);
	}
}

/* They are not taken for a burst of what streamed before. */
static void questions_behind_a_stream_are_waited_for_once(void **state)
{
	unsigned rests = 0;

	(void)state;
	begin_stream();
	batch(1000, TEMPO_WORTH);
	batch(800000, 1);
	for (int i = 0; i < TEMPO_RUN_AGAIN + 2 * TEMPO_RUN; i++)
		rests += batch(15000, 1) > 0;
	assert_int_equal(rests, 1);
}

static void pauses_bring_rests_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		batch(15000, 1);
	assert_true(tempo.wanted > 16 * TEMPO_RUN);
	for (unsigned i = 0; i < 10; i++)
		batch(TEMPO_QUICK, 1);
	assert_int_equal(tempo.wanted, TEMPO_RUN);
}

/* Who waits long for the next packet after a rest gets it alone. */
static void the_packet_after_a_stream_is_not_waited_for(void **state)
{
	(void)state;
	begin_stream();
	batch(1000, TEMPO_WORTH);
	assert_int_equal(batch(400000000, 1), 0);
}

static void a_batch_of_many_packets_needs_no_rest(void **state)
{
	(void)state;
	begin_stream();
	assert_int_equal(batch(1000, TEMPO_ENOUGH), 0);
	assert_int_equal(batch(1000, TEMPO_ENOUGH), 0);
	assert_int_equal(batch(1000, TEMPO_ENOUGH - 1), TEMPO_REST);
}

/* A rest is no time in which a packet could have come alone. */
static void the_time_of_a_rest_does_not_count_as_a_pause(void **state)
{
	(void)state;
	begin_stream();
	assert_int_equal(batch(1000, TEMPO_ENOUGH), 0);
	assert_int_equal(batch(TEMPO_QUICK - 1, 1), TEMPO_REST);
}

#define CASE(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_first_batch_of_all_has_no_rest_behind_it),
		CASE(packets_that_come_alone_are_never_waited_for),
		CASE(packets_that_come_fast_gather_from_the_fourth_on),
		CASE(a_pause_between_packets_begins_the_count_anew),
		CASE(rests_go_on_as_long_as_they_gather_something),
		CASE(a_rest_that_gathered_too_little_is_the_last),
		CASE(what_nothing_gathers_behind_is_hardly_ever_waited_for),
		CASE(a_few_questions_and_answers_at_once_are_soon_not_waited_for),
		CASE(the_time_of_a_rest_ends_when_it_has_ended),
		CASE(who_overslept_does_not_rest_again_for_long),
		CASE(bursts_with_pauses_between_them_gather_each_time),
		CASE(questions_behind_a_stream_are_waited_for_once),
		CASE(pauses_bring_rests_back),
		CASE(a_rest_in_vain_puts_off_the_next_until_one_was_worth_it),
		CASE(the_packet_after_a_stream_is_not_waited_for),
		CASE(a_batch_of_many_packets_needs_no_rest),
		CASE(the_time_of_a_rest_does_not_count_as_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
