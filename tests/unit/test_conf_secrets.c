/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared secrets, and what comes by VICI. */
#include "tests/unit/unit.h"

#include "tests/unit/conf_help.h"

static struct loaded good(const char *text)
{
	struct loaded l = load_text(text);

	assert_string_equal(l.why, "");
	assert_int_equal(l.err, ERR_OK);
	return l;
}

static void secret_is(const char *written, const char *octets, size_t n)
{
	struct arena arena = { 0 };
	struct loaded l = good(arena_printf(&arena, "secrets { ike-1 { secret = %s\n } }", written));

	assert_int_equal(l.conf.n_secrets, 1);
	assert_string_equal(l.conf.secrets[0].name, "ike-1");
	assert_int_equal(l.conf.secrets[0].data.n, n);
	assert_memory_equal(l.conf.secrets[0].data.p, octets, n);
	loaded_free(&l);
	arena_free(&arena);
}

static void secrets_are_text(void **state)
{
	(void)state;
	secret_is("two words", "two words", 9);
	secret_is("\"quoted # and }\"", "quoted # and }", 14);
}

static void secrets_are_hexadecimal(void **state)
{
	(void)state;
	secret_is("0x00ff41",
		"\0\xff"
		"A",
		3);
	secret_is("0xAbC", "\x0a\xbc", 2);
}

static void secrets_are_base64(void **state)
{
	(void)state;
	secret_is("0sQUJD", "ABC", 3);
	secret_is("0sQUI=", "AB", 2);
	secret_is("0sQQ==", "A", 1);
	secret_is("0sQUI", "AB", 2);
}

static void secrets_have_owners(void **state)
{
	struct loaded l = good(
		"secrets {\n ike-1 {\n  id-a = 192.0.2.1\n  id-b = gw.example.org\n  secret = x\n }\n ike2 { "
		"secret = y } }");
	const struct secret *s = l.conf.secrets;

	(void)state;
	assert_int_equal(l.conf.n_secrets, 2);
	assert_int_equal(s[0].n_owners, 2);
	assert_int_equal(s[0].owners[0].type, ID_IPV4_ADDR);
	assert_int_equal(s[0].owners[1].type, ID_FQDN);
	assert_int_equal(s[0].origin, ORIGIN_FILE);
	assert_string_equal(source_print(&s[0].at, "secret", &l.arena), "m.conf:5 (secrets.ike-1.secret)");
	assert_int_equal(s[1].n_owners, 0);
	loaded_free(&l);
}

static void secrets_never_stand_in_messages(void **state)
{
	static const char *const texts[] = {
		"secrets { ike-1 { secret = 0xhunter2\n} }",
		"secrets { ike-1 { secret = \"hunter2\n} }",
		"secrets { ike-1 { secret = a\nhunter2\n} }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct loaded l = load_text(texts[i]);

		assert_int_equal(l.err, ERR_SYNTAX);
		assert_null(strstr(l.why, "hunter2"));
		loaded_free(&l);
	}
}

static struct tree_section *vici_conn(struct tree *t, const char *encap)
{
	struct tree_place at = { "vici", 0 };
	struct tree_section *s, *sub;

	tree_init(t);
	assert_int_equal(tree_section_add(t, t->root, bytes_str("connections"), at, &s), ERR_OK);
	assert_int_equal(tree_section_add(t, s, bytes_str("a"), at, &s), ERR_OK);
	assert_int_equal(tree_key_add(t, s, bytes_str("encap"), bytes_str(encap), at), ERR_OK);
	assert_int_equal(tree_item_add(t, s, bytes_str("local_addrs"), bytes_str("192.0.2.1"), at), ERR_OK);
	assert_int_equal(tree_item_add(t, s, bytes_str("local_addrs"), bytes_str("192.0.2.2"), at), ERR_OK);
	assert_int_equal(tree_section_add(t, s, bytes_str("local-1"), at, &sub), ERR_OK);
	assert_int_equal(tree_key_add(t, sub, bytes_str("auth"), bytes_str("psk"), at), ERR_OK);
	assert_int_equal(tree_section_add(t, s, bytes_str("remote-1"), at, &sub), ERR_OK);
	assert_int_equal(tree_key_add(t, sub, bytes_str("auth"), bytes_str("psk"), at), ERR_OK);
	assert_int_equal(tree_section_add(t, s, bytes_str("children"), at, &sub), ERR_OK);
	assert_int_equal(tree_section_add(t, sub, bytes_str("n"), at, &sub), ERR_OK);
	return s;
}

static void vici_connections_are_read(void **state)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct tree t;
	struct peer *p;

	(void)state;
	assert_int_equal(conf_load_conn(vici_conn(&t, "yes"), ORIGIN_VICI, &p, &why, &notes), ERR_OK);
	tree_free(&t);
	assert_string_equal(text_str(&why), "");
	assert_string_equal(p->name, "a");
	assert_int_equal(p->origin, ORIGIN_VICI);
	assert_int_equal(p->n_local_addrs, 2);
	assert_int_equal(p->n_children, 1);
	assert_string_equal(source_print(&p->at, "encap", &arena), "vici (connections.a.encap)");
	peer_unref(p);
	arena_free(&arena);
}

static void vici_connections_are_refused(void **state)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct tree t;
	struct peer *p = NULL;

	(void)state;
	assert_int_equal(conf_load_conn(vici_conn(&t, "noo"), ORIGIN_VICI, &p, &why, &notes), ERR_SYNTAX);
	tree_free(&t);
	assert_null(p);
	assert_string_equal(text_str(&why), "vici: connections.a.encap: \"noo\" is not known here; write one "
					    "of yes, no, never; did you mean "
					    "\"no\"?");
	arena_free(&arena);
}

static void vici_secrets_are_octets(void **state)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	const char *owners[] = { "192.0.2.1", "%any" };
	struct conf_shared in = { "ike-1", "ike", bytes_of("0x\0a", 4), owners, 2 };
	struct secret s;

	(void)state;
	assert_int_equal(conf_load_shared(&in, &arena, &s, &why), ERR_OK);
	assert_string_equal(s.name, "ike-1");
	assert_int_equal(s.origin, ORIGIN_VICI);
	assert_int_equal(s.data.n, 4);
	assert_memory_equal(s.data.p, "0x\0a", 4);
	assert_int_equal(s.n_owners, 2);
	assert_int_equal(s.owners[0].type, ID_IPV4_ADDR);
	assert_int_equal(s.owners[1].type, ID_ANY);
	arena_free(&arena);
}

static void vici_secrets_know_their_kind(void **state)
{
	static const char *const types[] = { "IKE", "eap", "XAuth", "NTLM", "PPK" };
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct secret s;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct conf_shared in = { "x", types[i], bytes_str("x"), NULL, 0 };

		assert_int_equal(conf_load_shared(&in, &arena, &s, &why), ERR_OK);
		assert_int_equal(s.kind, i);
	}
	arena_free(&arena);
}

static void vici_secrets_of_other_types_are_refused(void **state)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct conf_shared in = { "wep-1", "WEP", bytes_str("x"), NULL, 0 };
	struct secret s;

	(void)state;
	assert_int_equal(conf_load_shared(&in, &arena, &s, &why), ERR_UNSUPPORTED);
	assert_string_equal(text_str(&why),
		"vici: there are no secrets of type \"WEP\"; write IKE, EAP, XAUTH, NTLM or PPK");
	arena_free(&arena);
}

static void empty_vici_secrets_are_refused(void **state)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct conf_shared in = { "ike-1", "IKE", { 0 }, NULL, 0 };
	struct secret s;

	(void)state;
	assert_int_equal(conf_load_shared(&in, &arena, &s, &why), ERR_SYNTAX);
	assert_string_equal(text_str(&why), "vici: the secret \"ike-1\" is empty");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_text),
		cmocka_unit_test(secrets_are_hexadecimal),
		cmocka_unit_test(secrets_are_base64),
		cmocka_unit_test(secrets_have_owners),
		cmocka_unit_test(secrets_never_stand_in_messages),
		cmocka_unit_test(vici_connections_are_read),
		cmocka_unit_test(vici_connections_are_refused),
		cmocka_unit_test(vici_secrets_are_octets),
		cmocka_unit_test(vici_secrets_know_their_kind),
		cmocka_unit_test(vici_secrets_of_other_types_are_refused),
		cmocka_unit_test(empty_vici_secrets_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
