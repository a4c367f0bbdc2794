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

static void no_close(void *ctx, struct device *d)
{
	(void)ctx;
	(void)d;
	abort();
}

/* A snapshot of the gate's inbound SA, with LIMIT as a mark. */
static struct snapshot *snapshot_of(unsigned limit)
{
	struct snapshot *s = snapshot_new(1, 0);

	snapshot_add_device(s, &gate.device);
	snapshot_add_sa(s, (struct sa_slot){ .live = gate.in, .device = &gate.device, .limit = limit });
	snapshot_finish(s);
	return s;
}

static void inbound_sas_are_found_by_spi(void **state)
{
	(void)state;
	assert_ptr_equal(snapshot_find_spi(gate.snap, GATE_SPI_OF + 1)->live, gate.in);
	assert_null(snapshot_find_spi(gate.snap, GATE_SPI_OF + 2)); /* outbound */
	assert_null(snapshot_find_spi(gate.snap, 5));
}

static void many_spis_with_equal_ends_are_all_found(void **state)
{
	enum { MANY = 100 };
	struct snapshot *s = snapshot_new(MANY, 0);
	struct live *lives[MANY];

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		lives[i] = calloc(1, sizeof *lives[i]);
		lives[i]->refs = 1;
		lives[i]->inbound = true;
		lives[i]->esp.spi = 0x80000001 + (i << 16);
		snapshot_add_sa(s, (struct sa_slot){ .live = lives[i] });
	}
	snapshot_finish(s);
	for (uint32_t i = 0; i < MANY; i++)
		assert_ptr_equal(snapshot_find_spi(s, 0x80000001 + (i << 16))->live, lives[i]);
	snapshot_free(s, no_close, NULL);
	for (uint32_t i = 0; i < MANY; i++)
		live_unref(lives[i]);
}

static void an_empty_one_finds_nothing(void **state)
{
	struct snapshot *s = snapshot_new(0, 0);
	struct inner in = { .src = packet_ip("10.1.0.1"), .dst = packet_ip("10.2.0.1") };

	(void)state;
	snapshot_finish(s);
	assert_null(snapshot_find_spi(s, 1));
	assert_null(snapshot_find_policy(s, 0, &in));
	snapshot_free(s, no_close, NULL);
}

static void equal_selectors_on_two_devices_stay_apart(void **state)
{
	struct device first = { .slot = 3, .refs = 1 }, second = { .slot = 8, .refs = 1 };
	struct spd_entry entry = { .local = packet_ts("0.0.0.0/0"), .remote = packet_ts("0.0.0.0/0") };
	struct inner in = { .src = packet_ip("10.1.0.1"), .dst = packet_ip("10.2.0.1") };
	struct snapshot *s = snapshot_new(0, 2);

	(void)state;
	entry.policy = gate.policy;
	snapshot_add_device(s, &first);
	snapshot_add_device(s, &second);
	for (entry.age = 1; entry.age < 3; entry.age++) {
		entry.device = entry.age == 1 ? first.slot : second.slot;
		snapshot_add_entry(s, entry);
	}
	snapshot_finish(s);
	assert_int_equal(snapshot_find_policy(s, 3, &in)->age, 1);
	assert_int_equal(snapshot_find_policy(s, 8, &in)->age, 2);
	assert_null(snapshot_find_policy(s, 0, &in));
	snapshot_free(s, no_close, NULL);
}

static void what_a_snapshot_points_to_lives_as_long(void **state)
{
	struct snapshot *s = snapshot_of(1);

	(void)state;
	assert_int_equal(gate.in->refs, 3);
	assert_int_equal(gate.device.refs, 3);
	snapshot_free(s, no_close, NULL);
	assert_int_equal(gate.in->refs, 2);
	assert_int_equal(gate.device.refs, 2);
}

static void note_close(void *ctx, struct device *d)
{
	*(struct device **)ctx = d;
}

static void the_last_one_closes_a_device(void **state)
{
	struct device d = { .slot = 5, .refs = 0 }, *closed = NULL;
	struct snapshot *a = snapshot_new(0, 0), *b = snapshot_new(0, 0);

	(void)state;
	snapshot_add_device(a, &d);
	snapshot_add_device(b, &d);
	snapshot_free(a, note_close, &closed);
	assert_null(closed);
	snapshot_free(b, note_close, &closed);
	assert_ptr_equal(closed, &d);
}

static void a_held_snapshot_is_not_freed(void **state)
{
	struct board board = { .current = NULL };
	const struct snapshot *held;

	(void)state;
	board_publish(&board, snapshot_of(1));
	held = board_hold(&board, 1);
	board_publish(&board, snapshot_of(2));
	board_publish(&board, snapshot_of(3));
	assert_false(board_reap(&board, no_close, NULL));
	assert_int_equal(held->sas[0].limit, 1);
	assert_null(board.replaced->next); /* the one in between is gone */
	board_release(&board, 1);
	assert_true(board_reap(&board, no_close, NULL));
	board_publish(&board, NULL);
	assert_true(board_reap(&board, no_close, NULL));
	assert_int_equal(gate.in->refs, 2);
}

/* Two readers hold, look and release, while control replaces as fast as it can. */
static struct board shared;
static _Atomic bool stop;

static void *reader_main(void *arg)
{
	unsigned reader = *(unsigned *)arg, seen = 0;
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

static void readers_never_see_a_freed_snapshot(void **state)
{
	unsigned names[BOARD_READERS] = { 0, 1 };
	pthread_t readers[BOARD_READERS];

	(void)state;
	atomic_store(&stop, false);
	board_publish(&shared, snapshot_of(0));
	for (unsigned i = 0; i < BOARD_READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, reader_main, &names[i]), 0);
	for (unsigned i = 1; i < 5000; i++) {
		board_publish(&shared, snapshot_of(i));
		(void)board_reap(&shared, no_close, NULL);
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < BOARD_READERS; i++)
		pthread_join(readers[i], NULL);
	board_publish(&shared, NULL);
	assert_true(board_reap(&shared, no_close, NULL));
	assert_int_equal(gate.in->refs, 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, prepare, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(inbound_sas_are_found_by_spi),
		CASE(many_spis_with_equal_ends_are_all_found),
		CASE(an_empty_one_finds_nothing),
		CASE(equal_selectors_on_two_devices_stay_apart),
		CASE(what_a_snapshot_points_to_lives_as_long),
		CASE(the_last_one_closes_a_device),
		CASE(a_held_snapshot_is_not_freed),
		CASE(readers_never_see_a_freed_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
