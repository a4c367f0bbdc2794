/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists, maps, dictionaries and heaps; most against a plain model with random operations. */
#include "tests/unit/unit.h"

#include "base/dict.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/ring.h"
#include "base/rng.h"

#include <stdio.h>

struct item {
	int value;
	struct node node;
};

static int sum(const struct node *list)
{
	int total = 0;

	list_each (n, (struct node *)list)
		total = 10 * total + node_owner(n, struct item, node)->value;
	return total;
}

static void a_list_keeps_its_order(void **state)
{
	struct item items[3] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct node list;

	(void)state;
	list_init(&list);
	assert_true(list_empty(&list));
	for (int i = 0; i < 3; i++)
		list_append(&list, &items[i].node);
	assert_int_equal(sum(&list), 123);
	list_remove(&items[1].node);
	assert_int_equal(sum(&list), 13);
	list_remove(&items[1].node);
	assert_int_equal(sum(&list), 13);
}

static void a_list_may_be_emptied_on_the_way(void **state)
{
	struct item items[3] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct node list;

	(void)state;
	list_init(&list);
	for (int i = 0; i < 3; i++)
		list_append(&list, &items[i].node);
	list_each_safe (n, &list)
		list_remove(n);
	assert_true(list_empty(&list));
}

static void a_map_gives_back_what_was_put(void **state)
{
	struct map m = { 0 };
	int a = 1, b = 2;

	(void)state;
	assert_null(map_get(&m, 7));
	assert_null(map_take(&m, 7));
	map_put(&m, 7, &a);
	map_put(&m, UINT64_MAX, &b);
	assert_ptr_equal(map_get(&m, 7), &a);
	map_put(&m, 7, &b);
	assert_ptr_equal(map_get(&m, 7), &b);
	assert_int_equal(m.count, 2);
	assert_ptr_equal(map_take(&m, 7), &b);
	assert_null(map_get(&m, 7));
	assert_ptr_equal(map_get(&m, UINT64_MAX), &b);
	map_free(&m);
}

enum { KEYS = 512 };

static void a_map_agrees_with_a_plain_table(void **state)
{
	struct map m = { .seed = 99 };
	int values[KEYS], *table[KEYS] = { 0 };
	struct rng_seeded r;
	size_t at = 0, n = 0;

	(void)state;
	rng_seed(&r, 1);
	for (int i = 0; i < 20000; i++) {
		uint32_t key = rng_below(&r.rng, KEYS);

		if (rng_below(&r.rng, 2)) {
			map_put(&m, key * 0x10001ULL, &values[key]);
			table[key] = &values[key];
		} else {
			assert_ptr_equal(map_take(&m, key * 0x10001ULL), table[key]);
			table[key] = NULL;
		}
	}
	for (uint32_t key = 0; key < KEYS; key++) {
		assert_ptr_equal(map_get(&m, key * 0x10001ULL), table[key]);
		n += !!table[key];
	}
	assert_int_equal(m.count, n);
	while (map_next(&m, &at))
		n--;
	assert_int_equal(n, 0);
	map_free(&m);
}

static void a_copy_of_a_map_goes_its_own_way(void **state)
{
	struct map m = { 0 }, none = map_copy(&m), copy;
	int a = 1, b = 2;

	(void)state;
	assert_null(map_get(&none, 7));
	map_put(&m, 7, &a);
	copy = map_copy(&m);
	map_put(&m, 8, &b);
	map_take(&m, 7);
	assert_ptr_equal(map_get(&copy, 7), &a);
	assert_null(map_get(&copy, 8));
	map_put(&copy, 9, &b);
	assert_null(map_get(&m, 9));
	map_free(&m);
	map_free(&copy);
}

/* Numbers of those of KEY, in their order. */
static int ring_sum(const struct map *m, const struct ring_node *all, uint64_t key)
{
	int total = 0;

	for (const struct ring_node *n = NULL; (n = ring_next(m, n, key));)
		total = 10 * total + (int)(n - all) + 1;
	return total;
}

static void a_ring_keeps_its_order(void **state)
{
	struct ring_node v[5];
	struct map m = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		ring_init(&v[i]);
	ring_remove(&m, &v[0]);
	for (int i = 0; i < 5; i++)
		ring_add(&m, &v[i], i == 3 ? 8 : 7);
	assert_int_equal(ring_sum(&m, v, 7), 1235);
	assert_int_equal(ring_sum(&m, v, 8), 4);
	assert_int_equal(ring_sum(&m, v, 9), 0);
	ring_remove(&m, &v[1]);
	assert_int_equal(ring_sum(&m, v, 7), 135);
	ring_remove(&m, &v[0]);
	assert_int_equal(ring_sum(&m, v, 7), 35);
	ring_remove(&m, &v[0]);
	ring_add(&m, &v[0], 8);
	assert_int_equal(ring_sum(&m, v, 8), 41);
	ring_remove(&m, &v[2]);
	ring_remove(&m, &v[4]);
	ring_remove(&m, &v[3]);
	assert_int_equal(ring_sum(&m, v, 7), 0);
	ring_remove(&m, &v[0]);
	assert_int_equal(m.count, 0);
	map_free(&m);
}

static void a_dictionary_agrees_with_a_plain_table(void **state)
{
	struct dict d = { 0 };
	char names[KEYS][8];
	bool table[KEYS] = { 0 };
	struct rng_seeded r;
	size_t n = 0;

	(void)state;
	rng_seed(&r, 2);
	for (int i = 0; i < KEYS; i++)
		snprintf(names[i], sizeof names[i], "n%d", i);
	for (int i = 0; i < 20000; i++) {
		uint32_t key = rng_below(&r.rng, KEYS);

		if (table[key])
			assert_ptr_equal(dict_take(&d, names[key]), names[key]);
		else
			dict_put(&d, names[key], names[key]);
		table[key] = !table[key];
	}
	for (uint32_t key = 0; key < KEYS; key++) {
		assert_ptr_equal(dict_get(&d, names[key]), table[key] ? names[key] : NULL);
		n += table[key];
	}
	assert_int_equal(d.count, n);
	assert_null(dict_take(&d, "none"));
	dict_free(&d);
}

/* Two names of one hash. */
static void a_dictionary_tells_names_of_equal_hash_apart(void **state)
{
	static const char *const names[] = { "8yn0iYCKYHlIj4-BwPqk", "GReLUrM4wMqfg9yzV3KQ" };
	struct dict d = { 0 };
	int a, b;

	(void)state;
	assert_true(
		bytes_hash(BYTES_HASH, bytes_str(names[0])) == bytes_hash(BYTES_HASH, bytes_str(names[1])));
	dict_put(&d, names[0], &a);
	assert_null(dict_get(&d, names[1]));
	assert_null(dict_take(&d, names[1]));
	dict_put(&d, names[1], &b);
	assert_ptr_equal(dict_get(&d, names[0]), &a);
	assert_ptr_equal(dict_get(&d, names[1]), &b);
	assert_ptr_equal(dict_take(&d, names[0]), &a);
	assert_null(dict_get(&d, names[0]));
	assert_ptr_equal(dict_get(&d, names[1]), &b);
	dict_free(&d);
}

static void a_heap_yields_the_earliest(void **state)
{
	struct heap h = { 0 };
	struct heap_node a = { 0 }, b = { 0 };

	(void)state;
	assert_null(heap_first(&h));
	heap_set(&h, &a, 10);
	heap_set(&h, &b, 5);
	assert_ptr_equal(heap_first(&h), &b);
	heap_set(&h, &b, 20);
	assert_ptr_equal(heap_first(&h), &a);
	heap_set(&h, &a, HEAP_NEVER);
	assert_ptr_equal(heap_first(&h), &b);
	heap_set(&h, &a, HEAP_NEVER);
	heap_set(&h, &b, HEAP_NEVER);
	assert_null(heap_first(&h));
	heap_free(&h);
}

static uint64_t earliest(const uint64_t *due, size_t n)
{
	uint64_t first = HEAP_NEVER;

	for (size_t i = 0; i < n; i++)
		first = due[i] < first ? due[i] : first;
	return first;
}

static void a_heap_agrees_with_a_search(void **state)
{
	struct heap_node nodes[64] = { 0 };
	uint64_t due[64];
	struct heap h = { 0 };
	struct rng_seeded r;

	(void)state;
	for (int i = 0; i < 64; i++)
		due[i] = HEAP_NEVER;
	rng_seed(&r, 2);
	for (int i = 0; i < 20000; i++) {
		uint32_t k = rng_below(&r.rng, 64);

		due[k] = rng_below(&r.rng, 3) ? rng_below(&r.rng, 1000) : HEAP_NEVER;
		heap_set(&h, &nodes[k], due[k]);
		assert_true((heap_first(&h) ? heap_first(&h)->due : HEAP_NEVER) == earliest(due, 64));
	}
	heap_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_keeps_its_order),
		cmocka_unit_test(a_list_may_be_emptied_on_the_way),
		cmocka_unit_test(a_map_gives_back_what_was_put),
		cmocka_unit_test(a_map_agrees_with_a_plain_table),
		cmocka_unit_test(a_copy_of_a_map_goes_its_own_way),
		cmocka_unit_test(a_ring_keeps_its_order),
		cmocka_unit_test(a_dictionary_agrees_with_a_plain_table),
		cmocka_unit_test(a_dictionary_tells_names_of_equal_hash_apart),
		cmocka_unit_test(a_heap_yields_the_earliest),
		cmocka_unit_test(a_heap_agrees_with_a_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
