/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The language of the files: what tree a text becomes, and what is said when it is none. What is expected was
 * compared with strongSwan 5.9's swanctl where that reads the same text. */
#include "tests/unit/unit.h"

#include "tests/unit/conf_help.h"

#include <stdlib.h>

struct grammar {
	const char *name;
	const char *text;
	const char *tree; /* "a{x=1 b{}}"; NULL: it is refused */
	const char *why;
};

static void dump(const struct tree_section *s, struct text *out)
{
	const char *blank = "";

	for (const struct tree_key *k = s->keys; k; k = k->next, blank = " ")
		text_add(out, "%s%s=%s", blank, k->name, report_quote(k->value, out->arena));
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next, blank = " ") {
		text_add(out, "%s%s{", blank, sub->name);
		dump(sub, out);
		text_put(out, "}", 1);
	}
}

/* The tree of what is in FILES, or why there is none; of the same arena as WHY. */
static enum err parse(const struct fake_file *list, struct text *why, struct text *notes, const char **tree)
{
	struct conf_files files = fake_files(list);
	struct report report = { .why = why, .notes = notes };
	struct text out = text_in(why->arena);
	struct tree t;
	enum err e;

	tree_init(&t);
	e = parser_read(&t, list->path, &files, &report);
	if (!e)
		e = parser_inherit(&t, &report);
	if (!e)
		dump(t.root, &out);
	*tree = text_str(&out);
	tree_free(&t);
	return e;
}

static void check(const struct fake_file *list, const char *tree, const char *why_expected)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	const char *got;
	enum err e = parse(list, &why, &notes, &got);

	assert_string_equal(text_str(&why), why_expected ? why_expected : "");
	assert_int_equal(!e, !!tree);
	if (tree)
		assert_string_equal(got, tree);
	arena_free(&arena);
}

static void grammar(void **state)
{
	const struct grammar *g = *state;

	check((struct fake_file[]){ { "m.conf", g->text }, { 0 } }, g->tree, g->why);
}

static const struct grammar cases[] = {
	{ "an empty file", "", "", NULL },
	{ "a key", "x = 1", "x=\"1\"", NULL },
	{ "a section", "a {\n\tx = 1\n}\n", "a{x=\"1\"}", NULL },
	{ "everything on one line", "a { b { x = 1 } c { y = 2 } }", "a{b{x=\"1\"} c{y=\"2\"}}", NULL },
	{ "a brace on the next line", "a\n\n# here\n{\nx = 1 }", "a{x=\"1\"}", NULL },
	{ "no blanks", "a{x=1}b{y=2}", "a{x=\"1\"} b{y=\"2\"}", NULL },
	{ "comments", "# one\na { # two\nx = 1 # three\n# }\n}", "a{x=\"1\"}", NULL },
	{ "a comment touches the value", "x = ab#c\n", "x=\"ab\"", NULL },
	{ "words of a value", "x =  a \t b  ", "x=\"a b\"", NULL },
	{ "a value takes the rest of its line", "x = 1 y = 2\n", "x=\"1 y = 2\"", NULL },
	{ "braces open in a value", "a { x = { 1\n }", "a{x=\"{ 1\"}", NULL },
	{ "an empty value", "x =\ny = 2", "x=\"\" y=\"2\"", NULL },
	{ "an empty value before a brace", "a { x = }", "a{x=\"\"}", NULL },
	{ "quotes keep blanks", "x = \"a   b\"  c", "x=\"a   b c\"", NULL },
	{ "quotes keep braces and hashes", "x = \"{ # }\"", "x=\"{ # }\"", NULL },
	{ "escapes", "x = \"\\t\\n\\r\\\"\\\\\\q\"", "x=\"\\x09\\x0a\\x0d\"\\q\"", NULL },
	{ "a line joined by a backslash", "x = \"ab\\\ncd\"", "x=\"abcd\"", NULL },
	{ "a joined line with CRLF", "x = \"ab\\\r\ncd\"", "x=\"abcd\"", NULL },
	{ "a line end in quotes", "x = \"ab\ncd\"\ny = 1", "x=\"ab\\x0acd\" y=\"1\"", NULL },
	{ "CRLF", "a {\r\n x = 1\r\n}\r\n", "a{x=\"1\"}", NULL },
	{ "the later value wins", "a { x = 1 }\na { x = 2 }", "a{x=\"2\"}", NULL },
	{ "a section is continued", "a { x = 1 } b { } a { y = 2 }", "a{x=\"1\" y=\"2\"} b{}", NULL },
	{ "a dot in a quoted name", "\"gw.example.org\" { \"a b\" = 1 }", "gw.example.org{a b=\"1\"}", NULL },
	{ "a key called include", "include = 4", "include=\"4\"", NULL },
	{ "a section called include", "include { x = 1 }", "include{x=\"1\"}", NULL },
	{ "inheritance", "a : b { x = 1 }\nb { x = 2\n y = 3 }", "a{x=\"1\" y=\"3\"} b{x=\"2\" y=\"3\"}",
		NULL },
	{ "inherited sections merge", "a : b { c { x = 1 } }\nb { c { x = 2\n y = 3 } d { } }",
		"a{c{x=\"1\" y=\"3\"} d{}} b{c{x=\"2\" y=\"3\"} d{}}", NULL },
	{ "the first of two references wins", "a : b, c { }\nb { x = 1 }\nc { x = 2\n y = 3 }",
		"a{x=\"1\" y=\"3\"} b{x=\"1\"} c{x=\"2\" y=\"3\"}", NULL },
	{ "a reference by path", "a { b { x = 1 } }\nc : a.b { }", "a{b{x=\"1\"}} c{x=\"1\"}", NULL },
	{ "a reference by quoted path", "a { \"b.c\" { x = 1 } }\nd : a.\"b.c\" { }",
		"a{b.c{x=\"1\"}} d{x=\"1\"}", NULL },
	{ "inheritance of what is inherited", "a : b { }\nb : c { }\nc { x = 1 }",
		"a{x=\"1\"} b{x=\"1\"} c{x=\"1\"}", NULL },
	{ "a reference into what is inherited", "a : b { }\nb { k { x = 1 } }\nc : a.k { }",
		"a{k{x=\"1\"}} b{k{x=\"1\"}} c{x=\"1\"}", NULL },
	{ "a section's own reference goes before its parent's",
		"a : p { k : o { } }\np { k { x = 1 } }\no { x = 2 }",
		"a{k{x=\"2\"}} p{k{x=\"1\"}} o{x=\"2\"}", NULL },
	{ "an empty value clears", "a : b { x = }\nb { x = 2 }", "a{x=\"\"} b{x=\"2\"}", NULL },
	{ "references over several lines", "a :\n b,\n c\n{ }\nb { x = 1 } c { y = 1 }",
		"a{x=\"1\" y=\"1\"} b{x=\"1\"} c{y=\"1\"}", NULL },
	{ "a circle of one", "a : a { }", NULL,
		"m.conf:1: a: \"a\" cannot be inherited: it inherits from this section itself, or this "
		"section is in it" },
	{ "a circle of two", "a : b { }\nb : a { }", NULL,
		"m.conf:2: b: \"a\" cannot be inherited: it inherits from this section itself, or this "
		"section is in it" },
	{ "a section inherits from the one around it", "a { b : a { } }", NULL,
		"m.conf:1: a.b: \"a\" cannot be inherited: it inherits from this section itself, or this "
		"section is in it" },
	{ "a reference to nothing", "\na : nobody { }", NULL,
		"m.conf:2: a: \"nobody\" cannot be inherited: there is no such section; write its full path, "
		"such as "
		"connections.a" },
	{ "a colon and no name", "a : { }", NULL,
		"m.conf:1: behind \":\" comes the section to inherit from, such as connections.a, then "
		"\"{\"" },
	{ "a missing brace", "a {\n b {\n x = 1\n }\n", NULL,
		"m.conf:1: a: the section that begins here is never closed: a \"}\" is missing" },
	{ "a missing inner brace", "a {\n b {\n x = 1\n", NULL,
		"m.conf:2: a.b: the section that begins here is never closed: a \"}\" is missing" },
	{ "one brace too many", "a { }\n}\n", NULL,
		"m.conf:2: one \"}\" too many: no section of this file is open here" },
	{ "an open quote", "a {\n x = \"abc\n}\n", NULL,
		"m.conf:2: a: the text that begins here in quotes never ends: a \" is missing behind it" },
	{ "a word alone", "a {\n x\n}", NULL,
		"m.conf:2: a: behind a name comes \"=\" and a value on the same line, or \"{\" and a "
		"section" },
	{ "two words before =", "x y = 1", NULL,
		"m.conf:1: behind a name comes \"=\" and a value on the same line, or \"{\" and a section" },
	{ "a value without name", "\n\n= 1", NULL, "m.conf:3: a name must stand before one of . , : { =" },
	{ "a dot in a bare name", "gw.example.org { }", NULL,
		"m.conf:1: a name with a dot must stand in quotes: \"gw.example.org\" { … }" },
	{ "a comma between sections", "a { }, b { }", NULL,
		"m.conf:1: a name must stand before one of . , : { =" },
	{ "an empty name", "\"\" = 1", NULL,
		"m.conf:1: this name is empty, longer than 256 octets, or has control characters" },
	{ "a control character in a name", "a\001b = 1", NULL,
		"m.conf:1: this name is empty, longer than 256 octets, or has control characters" },
	{ "a missing file", "a {\n include nowhere.conf\n}", NULL,
		"m.conf:2: a: include \"nowhere.conf\": there is no such file" },
	{ "a pattern that matches nothing", "include conf.d/*.conf", "", NULL },
	{ "an include of nothing", "include # x\n", NULL,
		"m.conf:1: include of what? Write the path of a file or a pattern behind it" },
};

enum { CASES = sizeof cases / sizeof *cases };

static void includes_continue_their_section(void **state)
{
	(void)state;
	check((struct fake_file[]){ { "/etc/m.conf", "a {\n include \"d/x y.conf\"\n z = 1 }\n" },
		      { "/etc/d/x y.conf", "x = 1\nb { y = 2 } include more.conf" },
		      { "/etc/d/more.conf", "m = 3" }, { 0 } },
		"a{x=\"1\" m=\"3\" z=\"1\" b{y=\"2\"}}", NULL);
}

static void patterns_include_every_match(void **state)
{
	(void)state;
	check((struct fake_file[]){ { "/etc/m.conf", "x = 0\ninclude conf.d/*.conf" },
		      { "/etc/conf.d/1.conf", "x = 1" }, { "/etc/conf.d/2.conf", "x = 2\ny = 2" }, { 0 } },
		"x=\"2\" y=\"2\"", NULL);
}

static void blanks_in_paths_are_escaped(void **state)
{
	(void)state;
	check((struct fake_file[]){ { "m.conf", "include /x\\ y#z\n" }, { "/x y", "x = 1" }, { 0 } },
		"x=\"1\"", NULL);
}

static void a_file_closes_what_it_opens(void **state)
{
	(void)state;
	check((struct fake_file[]){ { "m.conf", "a {\n include b.conf\n}" }, { "b.conf", "x = 1\n}\n" },
		      { 0 } },
		NULL, "b.conf:2: a: one \"}\" too many: no section of this file is open here");
}

static void a_file_that_includes_itself_is_refused(void **state)
{
	(void)state;
	check((struct fake_file[]){ { "m.conf", "\ninclude m.conf" }, { 0 } }, NULL,
		"m.conf:2: too many includes: does a file include itself?");
}

static void the_main_file_must_be_there(void **state)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct report report = { .why = &why, .notes = &notes };
	struct conf_files files = fake_files((struct fake_file[]){ { 0 } });
	struct tree t;

	(void)state;
	tree_init(&t);
	assert_int_equal(parser_read(&t, "/etc/m.conf", &files, &report), ERR_MISSING);
	assert_string_equal(text_str(&why), "/etc/m.conf: there is no such file");
	tree_free(&t);
	arena_free(&arena);
}

static enum err read_nul(void *ctx, const char *path, struct arena *arena, struct bytes *out)
{
	(void)ctx, (void)path, (void)arena;
	*out = bytes_of("a {\n}\nx = 1\0002\n", 14);
	return ERR_OK;
}

static void nul_octets_are_refused_by_line(void **state)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct report report = { .why = &why, .notes = &notes };
	struct conf_files files = { .read = read_nul };
	struct tree t;

	(void)state;
	tree_init(&t);
	assert_int_equal(parser_read(&t, "m.conf", &files, &report), ERR_SYNTAX);
	assert_string_equal(
		text_str(&why), "m.conf:3: there is a NUL octet on this line: this is not a text file");
	tree_free(&t);
	arena_free(&arena);
}

/* N times C, from the heap. */
static char *run_of(char c, size_t n)
{
	char *s = malloc(n + 1);

	assert_non_null(s);
	memset(s, c, n);
	s[n] = 0;
	return s;
}

static void names_end_at_256(void **state)
{
	struct arena arena = { 0 };
	char *name = run_of('n', 256);
	const char *good = arena_printf(&arena, "%s = 1", name), *bad = arena_printf(&arena, "%sx = 1", name);

	(void)state;
	check((struct fake_file[]){ { "m.conf", good }, { 0 } }, arena_printf(&arena, "%s=\"1\"", name),
		NULL);
	check((struct fake_file[]){ { "m.conf", bad }, { 0 } }, NULL,
		"m.conf:1: this name is empty, longer than 256 octets, or has control characters");
	free(name);
	arena_free(&arena);
}

static void long_lines_are_read_whole(void **state)
{
	struct arena arena = { 0 };
	char *value = run_of('v', 1 << 20);
	const char *text = arena_printf(&arena, "x = %s", value);
	struct conf_files files = fake_files((struct fake_file[]){ { "m.conf", text }, { 0 } });
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct report report = { .why = &why, .notes = &notes };
	struct tree t;

	(void)state;
	tree_init(&t);
	assert_int_equal(parser_read(&t, "m.conf", &files, &report), ERR_OK);
	assert_string_equal(tree_written(t.root, "x")->value, value);
	tree_free(&t);
	free(value);
	arena_free(&arena);
}

static void sections_nest_to_a_depth(void **state)
{
	struct text text = { 0 };
	struct arena arena = { 0 };

	(void)state;
	text = text_in(&arena);
	for (int i = 0; i <= TREE_DEPTH_MAX; i++)
		text_add(&text, "a {\n");
	check((struct fake_file[]){ { "m.conf", text_str(&text) }, { 0 } }, NULL,
		"m.conf:33: a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a: too much: "
		"sections are "
		"nested too deep, or there are too many of them");
	arena_free(&arena);
}

/* Each section inherits the one before twice: 2^40 keys if nobody counted. */
static void inheritance_cannot_explode(void **state)
{
	struct arena arena = { 0 };
	struct text text = text_in(&arena), why = text_in(&arena), notes = text_in(&arena);
	const char *tree;

	(void)state;
	text_add(&text, "s0 { k = 1 }\n");
	for (int i = 1; i <= 25; i++)
		text_add(&text, "s%d { x : s%d { }\n y : s%d { } }\n", i, i - 1, i - 1);
	assert_int_equal(
		parse((struct fake_file[]){ { "m.conf", text_str(&text) }, { 0 } }, &why, &notes, &tree),
		ERR_SYNTAX);
	assert_non_null(strstr(text_str(&why), "there is too much of it, or it is nested too deep"));
	arena_free(&arena);
}

static void chains_of_references_end(void **state)
{
	struct arena arena = { 0 };
	struct text text = text_in(&arena), why = text_in(&arena), notes = text_in(&arena);
	const char *tree;

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_add(&text, "s%d : s%d { }\n", i, i + 1);
	text_add(&text, "s1000 { }\n");
	assert_int_equal(
		parse((struct fake_file[]){ { "m.conf", text_str(&text) }, { 0 } }, &why, &notes, &tree),
		ERR_SYNTAX);
	assert_non_null(strstr(text_str(&why), "too many sections inherit one from another"));
	arena_free(&arena);
}

static void a_key_set_twice_is_noted(void **state)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	const char *tree;

	(void)state;
	assert_int_equal(parse((struct fake_file[]){ { "m.conf", "a {\nx = 1\nx = 2 }" }, { 0 } }, &why,
				 &notes, &tree),
		ERR_OK);
	assert_string_equal(text_str(&notes), "m.conf:3: a.x: was set before, on line 2; this line counts");
	arena_free(&arena);
}

static void trees_are_built_by_hand(void **state)
{
	struct tree t;
	struct tree_section *a, *again;
	struct tree_place vici = { "vici", 0 };
	struct bytes name = bytes_str("a.b");

	(void)state;
	tree_init(&t);
	assert_int_equal(tree_section_add(&t, t.root, name, vici, &a), ERR_OK);
	assert_int_equal(tree_section_add(&t, t.root, name, vici, &again), ERR_OK);
	assert_ptr_equal(a, again);
	assert_int_equal(tree_item_add(&t, a, bytes_str("l"), bytes_str("1"), vici), ERR_OK);
	assert_int_equal(tree_item_add(&t, a, bytes_str("l"), bytes_str("2"), vici), ERR_OK);
	assert_string_equal(tree_written(a, "l")->value, "1, 2");
	assert_int_equal(tree_key_add(&t, a, bytes_str("k"), bytes_of("a\0b", 3), vici), ERR_SYNTAX);
	assert_int_equal(tree_key_add(&t, a, bytes_of("k\0", 2), bytes_str("1"), vici), ERR_SYNTAX);
	assert_null(tree_written(a, "k"));
	assert_string_equal(tree_path(a, &t.arena), "\"a.b\"");
	tree_free(&t);
}

int main(void)
{
	struct CMUnitTest tests[CASES + 16] = {
		cmocka_unit_test(includes_continue_their_section),
		cmocka_unit_test(patterns_include_every_match),
		cmocka_unit_test(blanks_in_paths_are_escaped),
		cmocka_unit_test(a_file_closes_what_it_opens),
		cmocka_unit_test(a_file_that_includes_itself_is_refused),
		cmocka_unit_test(the_main_file_must_be_there),
		cmocka_unit_test(nul_octets_are_refused_by_line),
		cmocka_unit_test(names_end_at_256),
		cmocka_unit_test(long_lines_are_read_whole),
		cmocka_unit_test(sections_nest_to_a_depth),
		cmocka_unit_test(inheritance_cannot_explode),
		cmocka_unit_test(chains_of_references_end),
		cmocka_unit_test(a_key_set_twice_is_noted),
		cmocka_unit_test(trees_are_built_by_hand),
	};
	size_t n = 14;

	for (size_t i = 0; i < CASES; i++)
		tests[n++] = (struct CMUnitTest){ cases[i].name, grammar, NULL, NULL, (void *)&cases[i] };
	return _cmocka_run_group_tests("conf grammar", tests, n, NULL, NULL);
}
