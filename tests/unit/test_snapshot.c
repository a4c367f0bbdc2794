/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots: what they hold, and that readers and the one who replaces them never meet. */
#include "tests/unit/unit.h"

#include "tests/unit/gate.h"
#include "tests/unit/packet.h"

#include <pthread.h>
#include <stdlib.h>

static struct gate gate;

static int prepare(void **state)
{
	(void)state;
	gate_init(&gate, "aes128gcm16");
	gate_open(&gate, 1);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	gate_close(&gate);
	return 0;
}

/* A snapshot of a copy of the gate's inbound SA, with LIMIT as a mark; the copy before ends with the snapshot
 * before. */
static struct retired *retired;
static struct sa_slot *shown;
static unsigned ended;

static void end_slot(struct retired *r, void *ctx)
{
	(void)ctx;
	free(r);
	ended++;
}

static void retire_shown(void)
{
	if (shown)
		retire(&retired, &shown->retired, end_slot);
	shown = NULL;
}

static struct snapshot *next_snapshot(unsigned limit)
{
	struct sa_slot *slot = malloc(sizeof *slot);

	retire_shown();
	*slot = gate.in_slot;
	slot->limit = limit;
	shown = slot;
	map_put(&gate.tables.sad, gate.in->esp.spi, slot);
	return snapshot_of(&gate.tables);
}

static void inbound_sas_are_found_by_spi(void **state)
{
	(void)state;
	assert_ptr_equal(snapshot_find_spi(gate.lane.snap, GATE_SPI_OF + 1)->live, gate.in);
	assert_null(snapshot_find_spi(gate.lane.snap, GATE_SPI_OF + 2)); /* outbound */
	assert_null(snapshot_find_spi(gate.lane.snap, 5));
}

static void a_snapshot_stays_as_it_was(void **state)
{
	struct inner in = { .src = packet_ip("10.1.0.1"), .dst = packet_ip("10.2.0.1") };
	const struct snapshot *before = board_hold(&gate.board, 0);
	struct spd_entry entry = *snapshot_find_policy(before, 0, &in);

	(void)state;
	map_take(&gate.tables.sad, GATE_SPI_OF + 1);
	spd_take(&gate.tables.spd, &entry, 1, &gate.retired);
	gate_publish(&gate);
	assert_non_null(snapshot_find_spi(before, GATE_SPI_OF + 1));
	assert_ptr_equal(snapshot_find_policy(before, 0, &in)->policy, &gate.policy);
	assert_null(snapshot_find_spi(gate.lane.snap, GATE_SPI_OF + 1));
	assert_null(snapshot_find_policy(gate.lane.snap, 0, &in));
	board_release(&gate.board, 0);
}

static void an_empty_one_finds_nothing(void **state)
{
	struct tables none = { 0 };
	struct inner in = { .src = packet_ip("10.1.0.1"), .dst = packet_ip("10.2.0.1") };
	struct board board = { .current = NULL };

	(void)state;
	board_publish(&board, snapshot_of(&none), &retired);
	assert_null(snapshot_find_spi(board.current, 1));
	assert_null(snapshot_find_policy(board.current, 0, &in));
	board_publish(&board, NULL, &retired);
	assert_true(board_reap(&board, NULL));
}

static void what_is_held_is_not_freed_nor_what_comes_behind(void **state)
{
	struct board board = { .current = NULL };
	const struct snapshot *held;

	(void)state;
	ended = 0;
	board_publish(&board, next_snapshot(1), &retired);
	board_publish(&board, next_snapshot(2), &retired);
	held = board_hold(&board, 1);
	board_publish(&board, next_snapshot(3), &retired);
	board_publish(&board, next_snapshot(4), &retired);
	assert_false(board_reap(&board, NULL));
	assert_int_equal(ended, 1); /* 3 could be in 2 as well, for all the board knows */
	assert_int_equal(snapshot_find_spi(held, GATE_SPI_OF + 1)->limit, 2);
	board_release(&board, 1);
	assert_true(board_reap(&board, NULL));
	assert_int_equal(ended, 3);
	retire_shown();
	board_publish(&board, NULL, &retired);
	assert_true(board_reap(&board, NULL));
	assert_int_equal(ended, 4);
}

/* Several readers hold, look and release, while control replaces as fast as it can. */
static struct board shared;
static _Atomic bool stop;

static void *reader_main(void *arg)
{
	unsigned reader = *(const unsigned *)arg, seen = 0;
	uint64_t turns = 0;

	while (!atomic_load(&stop) || !turns) {
		const struct snapshot *s = board_hold(&shared, reader);
		const struct sa_slot *slot = snapshot_find_spi(s, GATE_SPI_OF + 1);

		if (!slot || slot->live != gate.in || slot->limit < seen)
			abort();
		seen = slot->limit;
		board_release(&shared, reader);
		turns++;
	}
	return NULL;
}

static void readers_never_see_what_was_freed(void **state)
{
	const unsigned names[] = { 0, 1, BOARD_READERS - 1 };
	enum { READERS = sizeof names / sizeof *names };
	pthread_t readers[READERS];

	(void)state;
	atomic_store(&stop, false);
	board_publish(&shared, next_snapshot(0), &retired);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, reader_main, (void *)&names[i]), 0);
	for (unsigned i = 1; i < 5000; i++) {
		board_publish(&shared, next_snapshot(i), &retired);
		(void)board_reap(&shared, NULL);
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	retire_shown();
	board_publish(&shared, NULL, &retired);
	assert_true(board_reap(&shared, NULL));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, prepare, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(inbound_sas_are_found_by_spi),
		CASE(a_snapshot_stays_as_it_was),
		CASE(an_empty_one_finds_nothing),
		CASE(what_is_held_is_not_freed_nor_what_comes_behind),
		CASE(readers_never_see_what_was_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
