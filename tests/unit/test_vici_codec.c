/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VICI's layers: segments, packets, messages; what is refused of each. */
#include "unit.h"

#include "vici/codec/decode.h"
#include "vici/codec/encode.h"

#include <stdlib.h>

/* The example of strongSwan's protocol description (README of the vici plugin, "Encoding example"). */
static const uint8_t example[] = "\3\4key1\0\6value1"
				 "\1\10section1"
				 "\1\13sub-section"
				 "\3\4key2\0\6value2"
				 "\2"
				 "\4\5list1"
				 "\5\0\5item1"
				 "\5\0\5item2"
				 "\6"
				 "\2";

static struct bytes example_bytes(void)
{
	return bytes_of(example, sizeof example - 1);
}

static enum err read_all(struct bytes message)
{
	struct vici_reader r = vici_reader_of(message);
	struct vici_element e;
	enum err err;

	while (!(err = vici_next(&r, &e)) && e.type != VICI_END)
		;
	return err;
}

static struct bytes text(const char *s, size_t n)
{
	return bytes_of(s, n);
}

/* A string literal as octets, NULs within it included. */
#define OCTETS(s) text(s, sizeof(s) - 1)

static void put_example(struct vici_out *o)
{
	vici_out_packet(o, VICI_CMD_RESPONSE, NULL);
	vici_put_pair(o, "key1", "value1");
	vici_put_section(o, "section1");
	vici_put_section(o, "sub-section");
	vici_put_pair(o, "key2", "value2");
	vici_put_section_end(o);
	vici_put_list(o, "list1");
	vici_put_item(o, "item1");
	vici_put_item(o, "item2");
	vici_put_list_end(o);
	vici_put_section_end(o);
}

static void encodes_the_example(void **state)
{
	struct vici_out o = { 0 };
	struct bytes segment;

	(void)state;
	put_example(&o);
	segment = vici_out_done(&o);
	assert_int_equal(segment.n, 4 + 1 + sizeof example - 1);
	assert_memory_equal(segment.p, "\0\0\0\116\1", 5);
	assert_memory_equal(segment.p + 5, example, sizeof example - 1);
	vici_out_free(&o);
}

static void reads_the_example(void **state)
{
	static const enum vici_element_type types[] = { VICI_KEY_VALUE, VICI_SECTION_START,
		VICI_SECTION_START, VICI_KEY_VALUE, VICI_SECTION_END, VICI_LIST_START, VICI_LIST_ITEM,
		VICI_LIST_ITEM, VICI_LIST_END, VICI_SECTION_END, VICI_END };
	struct vici_reader r = vici_reader_of(example_bytes());
	struct vici_element e;

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		assert_int_equal(vici_next(&r, &e), ERR_OK);
		assert_int_equal(e.type, types[i]);
	}
	assert_int_equal(vici_next(&r, &e), ERR_OK);
	assert_int_equal(e.type, VICI_END);
}

static void makes_a_tree(void **state)
{
	struct arena arena = { 0 };
	const struct vici_node *section, *list;
	struct vici_node *root;

	(void)state;
	assert_int_equal(vici_tree(example_bytes(), &arena, &root), ERR_OK);
	assert_string_equal(vici_str(root, "key1"), "value1");
	section = vici_find(root, "section1");
	assert_string_equal(vici_str(vici_find(section, "sub-section"), "key2"), "value2");
	list = vici_find(section, "list1");
	assert_string_equal(vici_text(list->first), "item1");
	assert_string_equal(vici_text(list->first->next), "item2");
	assert_null(list->first->next->next);
	assert_null(list->next);
	arena_free(&arena);
}

static void finds_nothing_where_nothing_is(void **state)
{
	struct arena arena = { 0 };
	struct vici_node *root;

	(void)state;
	assert_int_equal(vici_tree(example_bytes(), &arena, &root), ERR_OK);
	assert_null(vici_find(root, "key2"));
	assert_null(vici_str(root, "section1"));
	assert_null(vici_str(NULL, "key1"));
	arena_free(&arena);
}

static void an_empty_message_is_a_message(void **state)
{
	struct arena arena = { 0 };
	struct vici_node *root;

	(void)state;
	assert_int_equal(vici_tree((struct bytes){ 0 }, &arena, &root), ERR_OK);
	assert_null(root->first);
	arena_free(&arena);
}

/* Cut anywhere but between two whole elements at the top, it is too short. */
static void every_truncation_is_short(void **state)
{
	(void)state;
	for (size_t n = 1; n < sizeof example - 1; n++)
		if (n != 14)
			assert_int_equal(read_all(bytes_of(example, n)), ERR_SHORT);
}

static void a_tree_of_a_truncation_is_refused(void **state)
{
	struct vici_node *root;

	(void)state;
	for (size_t n = 15; n < sizeof example - 1; n++) {
		struct arena arena = { 0 };

		assert_int_equal(vici_tree(bytes_of(example, n), &arena, &root), ERR_SHORT);
		arena_free(&arena);
	}
}

static void nested_lists_are_refused(void **state)
{
	(void)state;
	assert_int_equal(read_all(OCTETS("\4\1a\4\1b\6\6")), ERR_SYNTAX);
}

static void a_section_in_a_list_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_all(OCTETS("\4\1a\1\1b\2\6")), ERR_SYNTAX);
}

static void a_key_in_a_list_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_all(OCTETS("\4\1a\3\1b\0\1c\6")), ERR_SYNTAX);
}

static void an_item_outside_of_a_list_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_all(OCTETS("\5\0\1c")), ERR_SYNTAX);
}

static void an_end_without_a_beginning_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_all(OCTETS("\2")), ERR_SYNTAX);
	assert_int_equal(read_all(OCTETS("\6")), ERR_SYNTAX);
	assert_int_equal(read_all(OCTETS("\1\1a\2\2")), ERR_SYNTAX);
}

static void an_open_end_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_all(OCTETS("\1\1a")), ERR_SHORT);
	assert_int_equal(read_all(OCTETS("\4\1a")), ERR_SHORT);
}

static void unknown_elements_are_refused(void **state)
{
	(void)state;
	assert_int_equal(read_all(OCTETS("\0")), ERR_SYNTAX);
	assert_int_equal(read_all(OCTETS("\7\1a")), ERR_SYNTAX);
	assert_int_equal(read_all(OCTETS("\377")), ERR_SYNTAX);
}

static void names_must_be_text(void **state)
{
	(void)state;
	assert_int_equal(read_all(OCTETS("\3\0\0\1c")), ERR_SYNTAX);
	assert_int_equal(read_all(OCTETS("\3\2a\n\0\1c")), ERR_SYNTAX);
	assert_int_equal(read_all(OCTETS("\1\2a\0\2")), ERR_SYNTAX);
	assert_int_equal(read_all(OCTETS("\1\3f\xc3\xbc\2")), ERR_OK);
}

static void depth_has_a_limit(void **state)
{
	uint8_t deep[(VICI_DEPTH_MAX + 1) * 4];
	struct arena arena = { 0 };
	struct vici_node *root;

	(void)state;
	for (unsigned i = 0; i <= VICI_DEPTH_MAX; i++)
		memcpy(deep + 3 * i, "\1\1a", 3);
	memset(deep + 3 * (VICI_DEPTH_MAX + 1), VICI_SECTION_END, VICI_DEPTH_MAX + 1);
	assert_int_equal(read_all(bytes_of(deep, sizeof deep)), ERR_RANGE);
	assert_int_equal(read_all(bytes_of(deep + 3, sizeof deep - 4)), ERR_OK);
	assert_int_equal(vici_tree(bytes_of(deep, sizeof deep), &arena, &root), ERR_RANGE);
	assert_int_equal(vici_tree(bytes_of(deep + 3, sizeof deep - 4), &arena, &root), ERR_OK);
	arena_free(&arena);
}

static void a_list_in_the_deepest_section_is_read(void **state)
{
	struct vici_out o = { 0 };
	struct arena arena = { 0 };
	struct vici_node *root;
	struct bytes segment;

	(void)state;
	vici_out_packet(&o, VICI_CMD_RESPONSE, NULL);
	for (unsigned i = 0; i < VICI_DEPTH_MAX; i++)
		vici_put_section(&o, "a");
	vici_put_list(&o, "l");
	vici_put_item(&o, "x");
	vici_put_list_end(&o);
	for (unsigned i = 0; i < VICI_DEPTH_MAX; i++)
		vici_put_section_end(&o);
	segment = vici_out_done(&o);
	assert_int_equal(vici_tree(bytes_of(segment.p + 5, segment.n - 5), &arena, &root), ERR_OK);
	arena_free(&arena);
	vici_out_free(&o);
}

static void values_may_be_any_octets(void **state)
{
	struct arena arena = { 0 };
	struct vici_node *root;

	(void)state;
	assert_int_equal(vici_tree(OCTETS("\3\1k\0\3\0\377\n"), &arena, &root), ERR_OK);
	assert_int_equal(root->first->value.n, 3);
	assert_memory_equal(root->first->value.p, "\0\377\n", 4);
	arena_free(&arena);
}

static void the_largest_value_survives(void **state)
{
	uint8_t *value = malloc(VICI_VALUE_MAX + 1);
	struct vici_out o = { 0 };
	struct arena arena = { 0 };
	struct vici_node *root;
	struct bytes segment;

	(void)state;
	memset(value, 'v', VICI_VALUE_MAX + 1);
	vici_out_packet(&o, VICI_CMD_RESPONSE, NULL);
	vici_put_value(&o, "k", bytes_of(value, VICI_VALUE_MAX));
	segment = vici_out_done(&o);
	assert_int_equal(vici_tree(bytes_of(segment.p + 5, segment.n - 5), &arena, &root), ERR_OK);
	assert_int_equal(root->first->value.n, VICI_VALUE_MAX);
	vici_out_packet(&o, VICI_CMD_RESPONSE, NULL);
	vici_put_value(&o, "k", bytes_of(value, VICI_VALUE_MAX + 1));
	assert_int_equal(vici_out_done(&o).n, 0);
	arena_free(&arena);
	vici_out_free(&o);
	free(value);
}

static void the_longest_name_survives(void **state)
{
	char name[VICI_NAME_MAX + 2];
	struct vici_out o = { 0 };
	struct bytes segment;

	(void)state;
	memset(name, 'n', sizeof name);
	name[VICI_NAME_MAX] = 0;
	vici_out_packet(&o, VICI_CMD_RESPONSE, NULL);
	vici_put_pair(&o, name, "v");
	segment = vici_out_done(&o);
	assert_int_equal(read_all(bytes_of(segment.p + 5, segment.n - 5)), ERR_OK);
	name[VICI_NAME_MAX] = 'n';
	name[VICI_NAME_MAX + 1] = 0;
	vici_put_pair(&o, name, "v");
	assert_int_equal(vici_out_done(&o).n, 0);
	vici_out_free(&o);
}

static void a_packet_has_a_size_limit(void **state)
{
	char *value = calloc(1, VICI_VALUE_MAX);
	struct vici_out o = { 0 };

	(void)state;
	memset(value, 'v', 60000);
	vici_out_packet(&o, VICI_CMD_RESPONSE, NULL);
	for (unsigned i = 0; i < 8; i++)
		vici_put_pair(&o, "k", value);
	assert_int_equal(vici_out_done(&o).n, 5 + 8 * (5 + 60000));
	vici_put_pair(&o, "k", value);
	assert_int_equal(vici_out_done(&o).n, 0);
	vici_out_packet(&o, VICI_CMD_RESPONSE, NULL);
	assert_int_equal(vici_out_done(&o).n, 5);
	vici_out_free(&o);
	free(value);
}

static void what_is_not_closed_is_not_sent(void **state)
{
	struct vici_out o = { 0 };

	(void)state;
	vici_out_packet(&o, VICI_CMD_RESPONSE, NULL);
	vici_put_section(&o, "a");
	assert_int_equal(vici_out_done(&o).n, 0);
	vici_put_section_end(&o);
	assert_int_not_equal(vici_out_done(&o).n, 0);
	vici_put_section_end(&o);
	assert_int_equal(vici_out_done(&o).n, 0);
	vici_out_free(&o);
}

static void a_misplaced_item_is_not_sent(void **state)
{
	struct vici_out o = { 0 };

	(void)state;
	vici_out_packet(&o, VICI_CMD_RESPONSE, NULL);
	vici_put_item(&o, "x");
	assert_int_equal(vici_out_done(&o).n, 0);
	vici_out_packet(&o, VICI_CMD_RESPONSE, NULL);
	vici_put_list(&o, "l");
	vici_put_list(&o, "m");
	vici_put_list_end(&o);
	assert_int_equal(vici_out_done(&o).n, 0);
	vici_out_free(&o);
}

static void parses_each_type_of_packet(void **state)
{
	(void)state;
	for (unsigned type = 0; type < VICI_TYPES; type++) {
		struct vici_out o = { 0 };
		struct vici_packet p;
		struct bytes segment;

		vici_out_packet(&o, type, "name");
		vici_put_pair(&o, "k", "v");
		segment = vici_out_done(&o);
		assert_int_equal(vici_packet_parse(bytes_of(segment.p + 4, segment.n - 4), &p), ERR_OK);
		assert_int_equal(p.type, type);
		assert_true(bytes_eq(p.name, vici_type_named(type) ? OCTETS("name") : OCTETS("")));
		assert_true(bytes_eq(p.message, OCTETS("\3\1k\0\1v")));
		vici_out_free(&o);
	}
}

static void refuses_bad_packets(void **state)
{
	struct vici_packet p;

	(void)state;
	assert_int_equal(vici_packet_parse(OCTETS(""), &p), ERR_SHORT);
	assert_int_equal(vici_packet_parse(OCTETS("\10"), &p), ERR_UNKNOWN);
	assert_int_equal(vici_packet_parse(OCTETS("\0"), &p), ERR_SHORT);
	assert_int_equal(vici_packet_parse(OCTETS("\0\4abc"), &p), ERR_SHORT);
	assert_int_equal(vici_packet_parse(OCTETS("\0\0"), &p), ERR_SYNTAX);
	assert_int_equal(vici_packet_parse(OCTETS("\0\2a\0"), &p), ERR_SYNTAX);
}

static void gathers_octet_by_octet(void **state)
{
	static const char stream[] = "\0\0\0\3abc\0\0\0\1d";
	struct vici_gather g = { 0 };
	struct bytes segment;
	unsigned found = 0;

	(void)state;
	for (size_t i = 0; i < sizeof stream - 1; i++) {
		struct bytes in = text(stream + i, 1);
		enum err e = vici_gather(&g, &in, &segment);

		assert_int_equal(in.n, 0);
		assert_int_equal(e, i == 6 || i == 11 ? ERR_OK : ERR_SHORT);
		if (!e)
			assert_true(bytes_eq(segment, found++ ? OCTETS("d") : OCTETS("abc")));
	}
	assert_int_equal(found, 2);
	vici_gather_free(&g);
}

static void gathers_several_at_once(void **state)
{
	struct bytes in = OCTETS("\0\0\0\3abc\0\0\0\1d\0\0"), segment;
	struct vici_gather g = { 0 };

	(void)state;
	assert_int_equal(vici_gather(&g, &in, &segment), ERR_OK);
	assert_true(bytes_eq(segment, OCTETS("abc")));
	assert_int_equal(vici_gather(&g, &in, &segment), ERR_OK);
	assert_true(bytes_eq(segment, OCTETS("d")));
	assert_int_equal(vici_gather(&g, &in, &segment), ERR_SHORT);
	vici_gather_free(&g);
}

static void refuses_bad_lengths(void **state)
{
	struct bytes zero = OCTETS("\0\0\0\0"), large = OCTETS("\0\10\0\1"), most = OCTETS("\0\10\0\0"),
		     segment;
	struct vici_gather g = { 0 };

	(void)state;
	assert_int_equal(vici_gather(&g, &zero, &segment), ERR_RANGE);
	vici_gather_free(&g);
	assert_int_equal(vici_gather(&g, &large, &segment), ERR_RANGE);
	vici_gather_free(&g);
	assert_int_equal(vici_gather(&g, &most, &segment), ERR_SHORT);
	vici_gather_free(&g);
}

/* What is announced is not believed until it comes. */
static void a_promise_takes_no_memory(void **state)
{
	struct bytes in = OCTETS("\0\10\0\0abc"), segment;
	struct vici_gather g = { 0 };

	(void)state;
	assert_int_equal(vici_gather(&g, &in, &segment), ERR_SHORT);
	assert_true(g.octets.cap < VICI_SEGMENT_MAX / 64);
	vici_gather_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_the_example),
		cmocka_unit_test(reads_the_example),
		cmocka_unit_test(makes_a_tree),
		cmocka_unit_test(finds_nothing_where_nothing_is),
		cmocka_unit_test(an_empty_message_is_a_message),
		cmocka_unit_test(every_truncation_is_short),
		cmocka_unit_test(a_tree_of_a_truncation_is_refused),
		cmocka_unit_test(nested_lists_are_refused),
		cmocka_unit_test(a_section_in_a_list_is_refused),
		cmocka_unit_test(a_key_in_a_list_is_refused),
		cmocka_unit_test(an_item_outside_of_a_list_is_refused),
		cmocka_unit_test(an_end_without_a_beginning_is_refused),
		cmocka_unit_test(an_open_end_is_refused),
		cmocka_unit_test(unknown_elements_are_refused),
		cmocka_unit_test(names_must_be_text),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(a_list_in_the_deepest_section_is_read),
		cmocka_unit_test(values_may_be_any_octets),
		cmocka_unit_test(the_largest_value_survives),
		cmocka_unit_test(the_longest_name_survives),
		cmocka_unit_test(a_packet_has_a_size_limit),
		cmocka_unit_test(what_is_not_closed_is_not_sent),
		cmocka_unit_test(a_misplaced_item_is_not_sent),
		cmocka_unit_test(parses_each_type_of_packet),
		cmocka_unit_test(refuses_bad_packets),
		cmocka_unit_test(gathers_octet_by_octet),
		cmocka_unit_test(gathers_several_at_once),
		cmocka_unit_test(refuses_bad_lengths),
		cmocka_unit_test(a_promise_takes_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
