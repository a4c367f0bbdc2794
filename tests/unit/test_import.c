/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The importer: the files in tests/import become the swanctl.conf beside them, which loads; what is wrong is
 * refused with its place, and what is not carried over is listed. With --write the files beside them are
 * written anew. */
#include "conf/import.h"
#include "tests/unit/conf_help.h"
#include "tests/unit/unit.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What came of an import. */
struct imported {
	struct arena arena;
	struct import import;
	struct text out, left, why;
	enum err err;
};

static bool is_moon(void *ctx, const struct ip *ip)
{
	char text[IP_TEXT];

	(void)ctx;
	return !strcmp(ip_print(ip, text), "192.0.2.1");
}

static void run(struct imported *i, enum import_dialect from, const struct conf_files *files,
	const char *const *paths, unsigned n)
{
	i->out = text_in(&i->arena);
	i->left = text_in(&i->arena);
	i->why = text_in(&i->arena);
	i->import = (struct import){ .from = from,
		.files = files,
		.is_ours = is_moon,
		.folder = "/etc",
		.out = &i->out,
		.left = &i->left,
		.why = &i->why };
	i->err = import_files(&i->import, paths, n);
}

static void import_list(struct imported *i, enum import_dialect from, const struct fake_file *list)
{
	struct conf_files files = fake_files(list);

	*i = (struct imported){ 0 };
	run(i, from, &files, &list->path, 1);
}

static void import_text(struct imported *i, enum import_dialect from, const char *text)
{
	import_list(i, from, (struct fake_file[]){ { "ipsec.conf", text }, { 0 } });
}

static void import_secrets_text(struct imported *i, const char *text)
{
	import_list(i, DIALECT_TELL, (struct fake_file[]){ { "ipsec.secrets", text }, { 0 } });
}

static bool has(const struct text *t, const char *part)
{
	return strstr(text_str(t), part) != NULL;
}

static const char *in_arena(struct imported *i, const char *folder, const char *name)
{
	return arena_printf(&i->arena, "%s/%s", folder, name);
}

static void import_folder(struct imported *i, enum import_dialect from, const char *folder)
{
	const char *paths[2];
	unsigned n = 1;

	*i = (struct imported){ 0 };
	paths[0] = in_arena(i, folder, "ipsec.conf");
	paths[1] = in_arena(i, folder, "ipsec.secrets");
	if (!access(paths[1], F_OK))
		n = 2;
	run(i, from, &conf_files_system, paths, n);
}

static void write_expected(const char *path, const struct text *t)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text_str(t), f) < 0 || fclose(f))
		abort();
}

static bool writes;

/* One folder: what is made of it, that it loads without a note but those of options that wait, and that its
 * words tell the dialect, or are common to both. */
static void try_folder(enum import_dialect from, const char *folder)
{
	struct imported i, told;
	const char *expected;
	struct bytes want;
	struct loaded l;

	import_folder(&i, from, folder);
	if (i.err)
		print_error("%s: %s\n", folder, text_str(&i.why));
	assert_int_equal(i.err, ERR_OK);
	expected = in_arena(&i, folder, "swanctl.conf");
	if (writes)
		write_expected(expected, &i.out);
	assert_int_equal(conf_files_system.read(NULL, expected, &i.arena, &want), ERR_OK);
	assert_string_equal(text_str(&i.out), arena_text(&i.arena, want));
	l = load_text(text_str(&i.out));
	if (l.err)
		print_error("%s: %s\n", folder, l.why);
	assert_int_equal(l.err, ERR_OK);
	assert_null(strstr(l.notes, "was set before"));
	loaded_free(&l);
	import_folder(&told, DIALECT_TELL, folder);
	if (!told.err)
		assert_string_equal(text_str(&told.out), text_str(&i.out));
	else
		assert_int_equal(told.err, ERR_UNKNOWN);
	arena_free(&told.arena);
	arena_free(&i.arena);
}

static void try_dialect(enum import_dialect from, const char *pattern)
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 10);
	for (size_t i = 0; i < found.gl_pathc; i++)
		try_folder(from, found.gl_pathv[i]);
	globfree(&found);
}

static void files_of_strongswan_become_what_is_beside_them(void **state)
{
	(void)state;
	try_dialect(DIALECT_STRONGSWAN, "tests/import/strongswan/*");
}

static void files_of_libreswan_become_what_is_beside_them(void **state)
{
	(void)state;
	try_dialect(DIALECT_LIBRESWAN, "tests/import/libreswan/*");
}

static void the_words_tell_the_dialect(void **state)
{
	static const struct {
		const char *text, *says;
		enum err err;
	} rows[] = {
		{ "conn a\n\tleftauth=psk\n\tdpdaction=clear\n\tcloseaction=none\n\tauto=add\n",
			"strongSwan's", ERR_OK },
		{ "config setup\n\tplutodebug=all\nconn a\n\tauto=add\n", "libreswan's", ERR_OK },
		{ "conn a\n\tleft=192.0.2.1\n\tauto=add\n",
			"ipsec.conf: strongSwan and libreswan both have all of these words, and mean "
			"different things by "
			"what is not written: say --from strongswan or --from libreswan",
			ERR_UNKNOWN },
		{ "conn a\n\tikev2=yes\n\tcloseaction=none\n",
			"ipsec.conf:2: only libreswan has ikev2, and only strongSwan closeaction "
			"(ipsec.conf:3): say "
			"--from strongswan or --from libreswan",
			ERR_UNKNOWN },
	};

	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		struct imported i;

		import_text(&i, DIALECT_TELL, rows[r].text);
		assert_int_equal(i.err, rows[r].err);
		if (i.err)
			assert_string_equal(text_str(&i.why), rows[r].says);
		else
			assert_true(has(&i.out, rows[r].says));
		arena_free(&i.arena);
	}
}

static void what_is_wrong_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "\tleft=192.0.2.1\n",
			"ipsec.conf:1: a setting before the first \"conn NAME\" or \"config setup\"" },
		{ "conn a\n\tleft\n", "ipsec.conf:2: here a setting is expected: name=value" },
		{ "conn a\nleft=1\n", "ipsec.conf:2: at the edge only \"config setup\", \"conn\", \"ca\" and "
				      "\"include\" stand; settings "
				      "are indented" },
		{ "conn a\n\tleftid=\"x\n", "ipsec.conf:2: the quotes that open here are never closed" },
		{ "conn a\n\tleft=1 \\\n",
			"ipsec.conf:2: a line that ends in a backslash is continued only within quotes" },
		{ "conn a\n\talso=b\n\tauto=add\n", "ipsec.conf:2: also names a section that is not there" },
		{ "conn a\n\talso=a\n\tauto=add\n",
			"ipsec.conf:2: also leads through too many sections: does one take in itself?" },
		{ "conn\n", "ipsec.conf:1: this section has no name, or none that is fit" },
		{ "include ipsec.conf\n", "ipsec.conf:1: too many includes: does a file include itself?" },
	};

	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		struct imported i;

		import_text(&i, DIALECT_STRONGSWAN, rows[r].text);
		assert_int_equal(i.err, ERR_SYNTAX);
		assert_string_equal(text_str(&i.why), rows[r].why);
		assert_string_equal(text_str(&i.out), "");
		arena_free(&i.arena);
	}
}

static void right_is_local_where_only_its_address_is_ours(void **state)
{
	struct imported i;

	(void)state;
	import_text(&i, DIALECT_STRONGSWAN,
		"conn a\n\tkeyexchange=ikev2\n\tleft=192.0.2.2\n\tleftsubnet=10.2.0.0/16\n\tright=192.0.2.1\n"
		"\trightid=@moon\n\trightsubnet=10.1.0.0/16\n\tauto=add\n");
	assert_int_equal(i.err, ERR_OK);
	assert_true(has(&i.out, "# right, 192.0.2.1, is this machine."));
	assert_true(has(&i.out, "\t\tlocal_addrs = 192.0.2.1\n"));
	assert_true(has(&i.out, "\t\tremote_addrs = 192.0.2.2\n"));
	assert_true(has(&i.out, "\t\tlocal {\n\t\t\tauth = pubkey\n\t\t\tid = @moon\n"));
	assert_true(has(&i.out, "\t\t\t\tlocal_ts = 10.1.0.0/16\n\t\t\t\tremote_ts = 10.2.0.0/16\n"));
	arena_free(&i.arena);
}

static void a_word_of_the_conn_hides_what_it_takes_in(void **state)
{
	struct imported i;

	(void)state;
	import_text(&i, DIALECT_STRONGSWAN,
		"conn "
		"%default\n\tkeyexchange=ikev2\n\tauto=add\n\tinactivity=1m\n\treqid=1\n\tkeyingtries=9\n"
		"conn a\n\talso=b\n\tinactivity=3m\nconn b\n\tauto=ignore\n\tinactivity=2m\n\treqid=2\n"
		"conn c\n\talso=b\n\tauto=route\n");
	assert_int_equal(i.err, ERR_OK);
	assert_false(has(&i.out, "conn a, ")); /* auto=ignore came from b */
	assert_true(has(&i.out, "inactivity = 2m"));
	assert_true(has(&i.out, "reqid = 2"));
	assert_true(has(&i.out, "keyingtries = 9"));
	assert_true(has(&i.out, "start_action = trap"));
	arena_free(&i.arena);
}

static void values_that_would_not_load_are_listed_and_left_out(void **state)
{
	struct imported i;
	struct loaded l;

	(void)state;
	import_text(&i, DIALECT_STRONGSWAN,
		"conn a\n\tkeyexchange=ikev2\n\tmark=banana\n\tleftid=%nonsense%\n\tright=not a "
		"host\n\treplay_window=x\n"
		"\tike=aes128-sha256-modp768\n\tauto=whenever\n");
	assert_int_equal(i.err, ERR_OK);
	assert_true(has(&i.left, "ipsec.conf:3: conn a: mark: "));
	assert_true(has(&i.left, "ipsec.conf:5: conn a: right: "));
	assert_true(has(&i.left, "ipsec.conf:6: conn a: replay_window: "));
	assert_true(has(&i.left, "ipsec.conf:7: conn a: ike: without \"aes128-sha256-modp768\": "));
	assert_true(
		has(&i.left, "ipsec.conf:8: conn a: auto: it is no word that auto knows; nothing starts it"));
	l = load_text(text_str(&i.out));
	assert_int_equal(l.err, ERR_OK);
	loaded_free(&l);
	arena_free(&i.arena);
}

static void secrets_come_through_octet_by_octet(void **state)
{
	static const struct {
		const char *text, *octets;
	} rows[] = {
		{ ": PSK \"a # } = \\ secret\"\n", "a # } = \\ secret" },
		{ ": PSK 'with \"quotes\"'\n", "with \"quotes\"" },
		{ ": PSK \"0x6162\"\n", "0x6162" },
		{ ": PSK 0x6162\n", "ab" },
		{ ": PSK 0sYWJj\n", "abc" },
		{ ": psk plain\n", "plain" },
		{ ":\n\tPSK\n\t\"over lines\"\n", "over lines" },
	};

	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		struct imported i;
		struct loaded l;

		import_secrets_text(&i, rows[r].text);
		assert_int_equal(i.err, ERR_OK);
		l = load_text(text_str(&i.out));
		assert_int_equal(l.err, ERR_OK);
		assert_int_equal(l.conf.n_secrets, 1);
		assert_true(bytes_eq(l.conf.secrets[0].data, bytes_str(rows[r].octets)));
		loaded_free(&l);
		arena_free(&i.arena);
	}
}

static void no_secret_stands_in_what_is_said(void **state)
{
	static const char *const rows[] = { ": PSK \"hush", ": PSK 0xhush\n", "hush\n", ": FOO hush\n",
		": RSA { hush }\n", ": PPKS hush\n", ": XAUTH hush\n", ": PIN hush hush\n" };

	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		struct imported i;

		import_secrets_text(&i, rows[r]);
		if (!i.why.n && !i.left.n)
			print_error("%s", rows[r]);
		assert_true(i.why.n || i.left.n);
		assert_false(has(&i.why, "hush"));
		assert_false(has(&i.left, "hush"));
		arena_free(&i.arena);
	}
}

static void a_file_that_is_not_there_is_refused_and_an_included_one_listed(void **state)
{
	struct fake_file list[] = {
		{ "etc/ipsec.conf", "include gone.conf\nconn a\n\tcloseaction=none\n\tauto=add\n" }, { 0 }
	};
	struct conf_files files = fake_files(list);
	const char *gone = "gone/ipsec.conf";
	struct imported i;

	(void)state;
	import_list(&i, DIALECT_TELL, list);
	assert_int_equal(i.err, ERR_OK);
	assert_string_equal(
		text_str(&i.left), "etc/ipsec.conf:1: include: there is no file \"etc/gone.conf\"");
	arena_free(&i.arena);
	i = (struct imported){ 0 };
	run(&i, DIALECT_TELL, &files, &gone, 1);
	assert_int_equal(i.err, ERR_MISSING);
	assert_string_equal(text_str(&i.why), "gone/ipsec.conf: \"gone/ipsec.conf\": there is no such file");
	arena_free(&i.arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_strongswan_become_what_is_beside_them),
		cmocka_unit_test(files_of_libreswan_become_what_is_beside_them),
		cmocka_unit_test(the_words_tell_the_dialect),
		cmocka_unit_test(what_is_wrong_is_refused_with_its_place),
		cmocka_unit_test(right_is_local_where_only_its_address_is_ours),
		cmocka_unit_test(a_word_of_the_conn_hides_what_it_takes_in),
		cmocka_unit_test(values_that_would_not_load_are_listed_and_left_out),
		cmocka_unit_test(secrets_come_through_octet_by_octet),
		cmocka_unit_test(no_secret_stands_in_what_is_said),
		cmocka_unit_test(a_file_that_is_not_there_is_refused_and_an_included_one_listed),
	};

	writes = argc > 1 && !strcmp(argv[1], "--write");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
