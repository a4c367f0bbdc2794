/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The section "radius" of the section "daemon", and strongSwan's "eap-radius". */
#include "conf/strongswan.h"
#include "tests/unit/conf_help.h"
#include "tests/unit/unit.h"

static struct loaded good(const char *text)
{
	struct loaded l = load_text(text);

	assert_string_equal(l.why, "");
	assert_int_equal(l.err, ERR_OK);
	return l;
}

static void assert_refused(const char *radius, const char *why)
{
	struct arena arena = { 0 };
	struct loaded l = load_text(arena_printf(&arena, "daemon {\nradius {\n%s\n}\n}\n", radius));

	assert_int_equal(l.err, ERR_SYNTAX);
	if (!strstr(l.why, why))
		assert_string_equal(l.why, why);
	loaded_free(&l);
	arena_free(&arena);
}

static struct loaded strongswan_text(const char *text)
{
	const struct fake_file list[] = { { "s.conf", text }, { 0 } };
	struct conf_files files = fake_files(list);
	struct loaded l = { .conf.settings = settings_default() };
	struct text why = text_in(&l.arena), notes = text_in(&l.arena);

	l.err = strongswan_read(list->path, &files, &l.conf, &why, &notes);
	l.why = text_str(&why);
	l.notes = text_str(&notes);
	if (l.err)
		conf_free(&l.conf);
	return l;
}

static void there_is_none_unless_it_is_written(void **state)
{
	struct loaded l = good("daemon { }");

	(void)state;
	assert_int_equal(l.conf.settings.radius.n_servers, 0);
	loaded_free(&l);
}

static void servers_are_read_with_their_defaults(void **state)
{
	struct loaded l =
		good("daemon {\nradius {\nclass_group = yes\nretransmit_timeout = 1.5\nservers {\n"
		     "one {\naddress = 192.0.2.1\nsecret = \"abc def\"\n}\n"
		     "two {\naddress = radius.example.org\nsecret = xyz\nport = 1645\nacct_port = 1646\n"
		     "preference = 5\nsockets = 2\nnas_identifier = gw\n}\n}\n}\n}\n");
	const struct radius_conf *r = &l.conf.settings.radius;

	(void)state;
	assert_int_equal(r->n_servers, 2);
	assert_true(r->station_id_with_port);
	assert_true(r->retransmit_timeout == 1500 && r->retransmit_base == 1400 && r->retransmit_tries == 4);
	assert_string_equal(r->servers[0].name, "one");
	assert_string_equal(r->servers[0].address, "192.0.2.1");
	assert_true(bytes_eq(r->servers[0].secret, bytes_str("abc def")));
	assert_true(r->servers[0].auth_port == 1812 && r->servers[0].acct_port == 1813);
	assert_true(r->servers[0].preference == 0 && r->servers[0].sockets == 4);
	assert_string_equal(r->servers[0].nas_identifier, "strongSwan");
	assert_true(r->servers[1].auth_port == 1645 && r->servers[1].acct_port == 1646);
	assert_true(r->servers[1].preference == 5 && r->servers[1].sockets == 2);
	assert_string_equal(r->servers[1].nas_identifier, "gw");
	loaded_free(&l);
}

static void what_cannot_be_is_refused(void **state)
{
	(void)state;
	assert_refused("server = 192.0.2.1", "daemon.radius.secret: a RADIUS server needs one");
	assert_refused("servers {\na {\nsecret = x\n}\n}", "servers.a.address: a RADIUS server needs one");
	assert_refused("server = 192.0.2.1\nsecret = x\nsockets = 33", "a number from 1 to 32");
	assert_refused("server = 192.0.2.1\nsecret = x\nsockets = 0", "a number from 1 to 32");
	assert_refused("retransmit_tries = 0", "a number from 1 to 16");
	assert_refused("retransmit_tries = 17", "a number from 1 to 16");
	assert_refused("retransmit_timeout = 0", "more than 0");
	assert_refused("retransmit_timeout = 61", "at most 60 seconds");
	assert_refused("retransmit_base = 0.5", "retransmit_base");
	assert_refused("dae {\nenable = yes\n}", "a secret of 1 to 1024 octets");
	assert_refused("dae {\nlisten = radius.example.org\n}", "an address of this machine");
	assert_refused("sever = 192.0.2.1", "did you mean \"server\"");
	assert_refused("server = a b", "an address or a name");
	assert_refused("servers {\nx = y\n}", "unknown key");
	assert_refused("servers {\na { address = ::1\nsecret = x }\nb { address = ::2\n }\n}", "servers.b");
}

static void there_are_at_most_so_many(void **state)
{
	struct arena arena = { 0 };
	struct text t = text_in(&arena);

	(void)state;
	text_add(&t, "servers {\n");
	for (unsigned i = 0; i <= RADIUS_SERVERS_CONF_MAX; i++)
		text_add(&t, "s%u {\naddress = 192.0.2.1\nsecret = x\n}\n", i);
	text_add(&t, "}\n");
	assert_refused(text_str(&t), "more than 16 RADIUS servers");
	arena_free(&arena);
}

/* A secret is in no line of what is said. */
static void secrets_are_not_said(void **state)
{
	struct loaded l =
		load_text("daemon {\nradius {\nserver = 192.0.2.1\nsecret = geheim\nsockets = 0\n}\n}\n");

	(void)state;
	assert_int_equal(l.err, ERR_SYNTAX);
	assert_null(strstr(l.why, "geheim"));
	loaded_free(&l);
}

static void strongswans_section_is_read(void **state)
{
	struct loaded l =
		strongswan_text("charon {\nplugins {\neap-radius {\nload = yes\nserver = 192.0.2.7\n"
				"secret = abc\nport = 1700\nclass_group = yes\naccounting = yes\n"
				"dae {\nenable = yes\nsecret = def\n}\nforward {\n}\nxauth {\n}\n"
				"servers {\n}\n}\n}\n}\n");
	const struct radius_conf *r = &l.conf.settings.radius;

	(void)state;
	assert_string_equal(l.why, "");
	assert_int_equal(l.err, ERR_OK);
	assert_int_equal(r->n_servers, 1);
	assert_string_equal(r->servers[0].address, "192.0.2.7");
	assert_int_equal(r->servers[0].auth_port, 1700);
	assert_true(r->dae.enable && r->dae.port == 3799 && bytes_eq(r->dae.secret, bytes_str("def")));
	assert_non_null(strstr(l.notes, "used, as there is no section daemon: charon.plugins.eap-radius"));
	assert_null(strstr(l.notes, "abc"));
	loaded_free(&l);
}

/* As Debian ships it. */
static void the_section_as_shipped_says_nothing(void **state)
{
	struct loaded l =
		strongswan_text("charon {\nplugins {\neap-radius {\nload = yes\ndae {\n}\nforward {\n}\n"
				"servers {\n}\nxauth {\n}\n}\n}\n}\n");

	(void)state;
	assert_int_equal(l.err, ERR_OK);
	assert_string_equal(l.notes, "");
	loaded_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_none_unless_it_is_written),
		cmocka_unit_test(servers_are_read_with_their_defaults),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(there_are_at_most_so_many),
		cmocka_unit_test(secrets_are_not_said),
		cmocka_unit_test(strongswans_section_is_read),
		cmocka_unit_test(the_section_as_shipped_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
