/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "eap/users.h"

#include <stdio.h>
#include <stdlib.h>

#define HASH "44EBBA8D5312B8D611474411f56989ae"
#define CRYPT                                                                                                \
	"$6$rounds=1000$saltsalt$zduY8MuI1gDsL0wPD.A2UVPT8eOAfyWbjuC0x3gN9lkPBp4p80xx7E0bMy."                \
	"4ArZ9wLJjS1QVZMsWt7egIDgte."

static void assert_has(
	const struct eap_users *u, const char *name, enum eap_secret_kind kind, const char *value)
{
	struct eap_secret s = eap_users_find(u, bytes_str(name)).secret;

	assert_int_equal(s.kind, kind);
	assert_true(bytes_eq(s.value, bytes_str(value)));
}

static void every_kind_is_read(void **state)
{
	static const char text[] = "# who may come in\n"
				   "\n"
				   "zoe:password:a:nt: b \n"
				   "alice:nt:" HASH "\r\n"
				   "b:o:b:crypt:" CRYPT "\n"
				   "C=CH, CN=dan:password:gr\xc3\xbc\xc3\x9f";
	struct eap_users *u;
	char why[EAP_USERS_WHY];

	(void)state;
	assert_int_equal(eap_users_read(bytes_str(text), &u, why), ERR_OK);
	assert_int_equal(eap_users_count(u), 4);
	assert_has(u, "zoe", EAP_PASSWORD, "a:nt: b ");
	assert_has(
		u, "alice", EAP_NT_HASH, "\x44\xEB\xBA\x8D\x53\x12\xB8\xD6\x11\x47\x44\x11\xF5\x69\x89\xAE");
	assert_has(u, "b:o:b", EAP_SALTED, CRYPT);
	assert_has(u, "C=CH, CN=dan", EAP_PASSWORD, "gr\xc3\xbc\xc3\x9f");
	assert_has(u, "Alice", EAP_NO_SECRET, CRYPT);
	assert_has(u, "", EAP_NO_SECRET, CRYPT);
	eap_users_free(u);
}

static void a_user_has_groups_and_addresses(void **state)
{
	static const char text[] = "alice:address:2001:db8::7, 192.0.2.7\n"
				   "bob:password:x\n"
				   "alice:groups:staff , net admins\n"
				   "alice:nt:" HASH "\n"
				   "carol:groups:staff\n";
	struct eap_users *u;
	struct eap_user alice, carol;
	char why[EAP_USERS_WHY], ip[IP_TEXT];

	(void)state;
	assert_int_equal(eap_users_read(bytes_str(text), &u, why), ERR_OK);
	assert_int_equal(eap_users_count(u), 3);
	assert_true(bytes_eq(eap_users_text(u), bytes_str(text)));
	alice = eap_users_find(u, bytes_str("alice"));
	assert_int_equal(alice.secret.kind, EAP_NT_HASH);
	assert_int_equal(alice.line, 4);
	assert_int_equal(alice.n_groups, 2);
	assert_true(bytes_eq(alice.groups[0], bytes_str("staff")));
	assert_true(bytes_eq(alice.groups[1], bytes_str("net admins")));
	assert_string_equal(ip_print(&alice.ip, ip), "192.0.2.7");
	assert_string_equal(ip_print(&alice.ip6, ip), "2001:db8::7");
	assert_int_equal(eap_users_find(u, bytes_str("bob")).n_groups, 0);
	carol = eap_users_find(u, bytes_str("carol"));
	assert_int_equal(carol.secret.kind, EAP_NO_SECRET);
	assert_int_equal(carol.n_groups, 1);
	assert_int_equal(carol.line, 0);
	eap_users_free(u);
}

static void an_empty_file_has_nobody(void **state)
{
	struct eap_users *u;
	char why[EAP_USERS_WHY];

	(void)state;
	assert_int_equal(eap_users_read(bytes_of(NULL, 0), &u, why), ERR_OK);
	assert_has(u, "alice", EAP_NO_SECRET, "");
	eap_users_free(u);
	eap_users_free(NULL);
}

static void bad_lines_are_refused_whole(void **state)
{
	static const struct {
		const char *text;
		enum err e;
		const char *why;
	} cases[] = {
		{ "a:password:x\nalice\n", ERR_SYNTAX, "Line 2 of the users file is not of the form" },
		{ "alice:ssha:x", ERR_SYNTAX, "password, nt, crypt, groups or address" },
		{ "alice:Password:x", ERR_SYNTAX, "password, nt, crypt, groups or address" },
		{ "alice:password:", ERR_SYNTAX, "empty" },
		{ "alice:password:\xff", ERR_SYNTAX, "UTF-8" },
		{ "alice:nt:44EB", ERR_SYNTAX, "32" },
		{ "alice:nt:" HASH "0", ERR_SYNTAX, "32" },
		{ "alice:nt:44EBBA8D5312B8D611474411F56989Ag", ERR_SYNTAX, "32" },
		{ "alice:crypt:!", ERR_SYNTAX, "crypt(3)" },
		{ "alice:crypt:$6$a b", ERR_SYNTAX, "crypt(3)" },
		{ ":password:x", ERR_SYNTAX, "no good name" },
		{ " alice:password:x", ERR_SYNTAX, "no good name" },
		{ "alice :password:x", ERR_SYNTAX, "no good name" },
		{ "al\tice:password:x", ERR_SYNTAX, "no good name" },
		{ "a:password:x\nb:password:x\n\na:nt:" HASH, ERR_EXISTS,
			"Line 4 of the users file has a name of which a line before has the secret already" },
		{ "a:groups:x\na:password:x\na:groups:y\n", ERR_EXISTS, "Line 3 of the users file" },
		{ "a:address:192.0.2.7\na:address:2001:db8::7\n", ERR_EXISTS, "has the address already" },
		{ "a:groups:", ERR_SYNTAX, "group" },
		{ "a:groups:x,,y", ERR_SYNTAX, "group" },
		{ "a:groups:x\ty", ERR_SYNTAX, "group" },
		{ "a:groups:1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", ERR_SYNTAX, "too many" },
		{ "a:address:", ERR_SYNTAX, "one IPv4 address" },
		{ "a:address:0.0.0.0", ERR_SYNTAX, "one IPv4 address" },
		{ "a:address:192.0.2.0/24", ERR_SYNTAX, "one IPv4 address" },
		{ "a:address:192.0.2.7,192.0.2.8", ERR_SYNTAX, "one IPv4 address" },
	};
	struct eap_users *u;
	char why[EAP_USERS_WHY];

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(eap_users_read(bytes_str(cases[i].text), &u, why), cases[i].e);
		assert_non_null(strstr(why, cases[i].why));
	}
}

static void lines_have_a_limit(void **state)
{
	char text[EAP_USERS_LINE_MAX + 2] = "alice:password:";
	struct eap_users *u;
	char why[EAP_USERS_WHY];

	(void)state;
	memset(text + 15, 'x', sizeof text - 15);
	assert_int_equal(eap_users_read(bytes_of(text, 15 + EAP_MAX_PASSWORD), &u, why), ERR_OK);
	eap_users_free(u);
	assert_int_equal(eap_users_read(bytes_of(text, 15 + EAP_MAX_PASSWORD + 1), &u, why), ERR_SYNTAX);
	assert_int_equal(eap_users_read(bytes_of(text, sizeof text), &u, why), ERR_RANGE);
}

static void many_are_found(void **state)
{
	enum { N = 20000 };
	char *text = malloc(N * 32), *p = text, name[16];
	struct eap_users *u;
	char why[EAP_USERS_WHY];

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < N; i++)
		p += sprintf(p, "u%u:password:p%u\n", i * 7919 % N, i * 7919 % N);
	assert_int_equal(eap_users_read(bytes_of(text, (size_t)(p - text)), &u, why), ERR_OK);
	free(text);
	for (unsigned i = 0; i < N; i++) {
		char password[16];

		snprintf(name, sizeof name, "u%u", i);
		snprintf(password, sizeof password, "p%u", i);
		assert_has(u, name, EAP_PASSWORD, password);
	}
	assert_has(u, "u20000", EAP_NO_SECRET, "");
	eap_users_free(u);
}

/* Who changes a file finds each line, whose it is and how long, and puts it together again. */
static void lines_are_walked(void **state)
{
	static const char text[] =
		"# alice:password:x\n\nb:o:b:nt:" HASH "\r\nalice:groups:a,b\nwhat\nzoe:password:y";
	static const struct {
		const char *name;
		bool secret;
	} lines[] = { { "", false }, { "", false }, { "b:o:b", true }, { "alice", false }, { "", false },
		{ "zoe", true } };
	struct bytes rest = bytes_str(text);
	struct arena a = { 0 };
	struct text again = text_in(&a);
	struct eap_users_line line;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_true(eap_users_next(&rest, &line));
		assert_true(bytes_eq(line.name, bytes_str(lines[i].name)));
		assert_int_equal(line.secret, lines[i].secret);
		text_put(&again, line.whole.p, line.whole.n);
	}
	assert_false(eap_users_next(&rest, &line));
	assert_string_equal(text_str(&again), text);
	arena_free(&a);
}

/* RFC 2759, 9.2: the password "clientPass". */
static void a_line_is_written(void **state)
{
	struct arena a = { 0 };
	struct text t = text_in(&a);
	struct eap_users *u;
	char why[EAP_USERS_WHY];

	(void)state;
	assert_true(eap_users_print(bytes_str("alice"), bytes_str("clientPass"), false, &t));
	assert_true(eap_users_print(bytes_str("bob"), bytes_str("clientPass"), true, &t));
	assert_string_equal(
		text_str(&t), "alice:nt:44ebba8d5312b8d611474411f56989ae\nbob:password:clientPass\n");
	assert_int_equal(eap_users_read(bytes_str(text_str(&t)), &u, why), ERR_OK);
	eap_users_free(u);
	assert_false(eap_users_print(bytes_str("c"), bytes_str(""), false, &t));
	assert_false(eap_users_print(bytes_str("c"), bytes_str("\xff"), false, &t));
	assert_null(strstr(text_str(&t), "\nc:"));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_read),
		cmocka_unit_test(a_user_has_groups_and_addresses),
		cmocka_unit_test(an_empty_file_has_nobody),
		cmocka_unit_test(bad_lines_are_refused_whole),
		cmocka_unit_test(lines_have_a_limit),
		cmocka_unit_test(many_are_found),
		cmocka_unit_test(lines_are_walked),
		cmocka_unit_test(a_line_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
