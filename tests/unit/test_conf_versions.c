/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes two versions of a connection: any other value of any key, and nothing else. */
#include "tests/unit/unit.h"

#include "conf/schema.h"
#include "conf/value.h"
#include "tests/unit/conf_help.h"

/* Two different values of each type; a type that is not here has not been thought of. */
static const char *const values[TYPES_MAX][2] = {
	[TYPE_TEXT] = { "some", "other" },
	[TYPE_BOOL] = { "yes", "no" },
	[TYPE_TIME] = { "70s", "80s" },
	[TYPE_SIZE] = { "7000", "8000" },
	[TYPE_COUNT] = { "7", "8" },
	[TYPE_BIG_COUNT] = { "7000", "8000" },
	[TYPE_PERCENT] = { "7", "8" },
	[TYPE_FACTOR] = { "1.7", "1.8" },
	[TYPE_PORT] = { "700", "800" },
	[TYPE_GATEWAY] = { "gw.example.org", "192.0.2.9" },
	[TYPE_DEVICE] = { "tun7", "tun8" },
	[TYPE_DEVICES] = { "tun", "tap" },
	[TYPE_STRINGS] = { "some, other", "other, some" },
	[TYPE_OIDS] = { "1.2.3", "1.2.4" },
	[TYPE_IPS] = { "10.9.0.1", "10.9.0.2" },
	[TYPE_IF_ADDRS] = { "10.9.0.1/24", "10.9.0.1/25" },
	[TYPE_ROUTES] = { "yes", "10.7.0.0/16" },
	[TYPE_DSCP] = { "101110", "000001" },
	[TYPE_PADDING] = { "7", "mtu" },
	[TYPE_MSS] = { "1300", "no" },
	[TYPE_MARK] = { "7", "7/0xff" },
	[TYPE_SET_MARK] = { "7", "%same" },
	[TYPE_IF_ID] = { "7", "%unique" },
	[TYPE_AH_PROPOSALS] = { "sha256", "sha384" },
	[TYPE_CERTS] = { "moon.pem", "sun.pem" },
	[TYPE_CERT] = { "moon.pem", "sun.pem" },
	[TYPE_HANDLE] = { "07", "08" },
	[TYPE_ADDRESSES] = { "192.0.2.7", "192.0.2.8" },
	[TYPE_IKE_PROPOSALS] = { "aes128-sha256-x25519", "aes256-sha256-x25519" },
	[TYPE_ESP_PROPOSALS] = { "aes128gcm16", "aes256gcm16" },
	[TYPE_SELECTORS] = { "10.7.0.0/16", "10.8.0.0/16" },
	[TYPE_IDENTITY] = { "seven.example", "eight.example" },
	[TYPE_AUTHENTICATION] = { "psk", "pubkey" },
};

static bool has_words(const struct conf_key *row)
{
	return row->type == TYPE_WORD || row->type == TYPE_CHOICE;
}

static const char *value_of(const struct conf_key *row, unsigned which)
{
	if (has_words(row))
		return row->words[which].word;
	if (!values[row->type][which])
		fail_msg("%s: no two values of its type are in this test", row->name);
	return values[row->type][which];
}

/* What stands before and behind the line: it is the last of its section, so that it wins. */
static const struct {
	const char *where, *before, *behind;
} frames[] = {
	{ "conn", "local { auth = psk }\nremote { auth = psk }\nchildren { n { } }\n", "\n" },
	{ "local", "remote { auth = psk }\nchildren { n { } }\nlocal { auth = psk\n", "\n}" },
	{ "remote", "local { auth = psk }\nchildren { n { } }\nremote { auth = psk\n", "\n}" },
	{ "cert", "local { auth = psk }\nchildren { n { } }\nremote { auth = psk\ncert {\n", "\n} }" },
	{ "cacert", "local { auth = psk }\nchildren { n { } }\nremote { auth = psk\ncacert {\n", "\n} }" },
	{ "child", "local { auth = psk }\nremote { auth = psk }\nchildren { n {\n", "\n} }" },
	{ "device", "local { auth = psk }\nremote { auth = psk }\nchildren { n {\ninterface = vpn\n",
		"\n} }" },
};

static struct loaded load_with(const char *where, const char *line)
{
	struct arena arena = { 0 };
	struct loaded l;
	size_t i = 0;

	while (strcmp(frames[i].where, where))
		i++;
	l = load_text(arena_printf(
		&arena, "connections { a {\n%s%s%s\n} }", frames[i].before, line, frames[i].behind));
	arena_free(&arena);
	return l;
}

static struct loaded load_value(const char *where, const struct conf_key *row, unsigned which)
{
	struct arena arena = { 0 };
	struct loaded l =
		load_with(where, arena_printf(&arena, "%s = \"%s\"", row->name, value_of(row, which)));

	arena_free(&arena);
	return l;
}

/* Whether both values of ROW can be loaded and one of them says something: then they make two versions. */
static bool tells_versions_apart(const char *where, const struct conf_key *row)
{
	bool of_child = !strcmp(where, "child") || !strcmp(where, "device");
	struct loaded a = load_value(where, row, 0), b = load_value(where, row, 1);
	bool told = !a.err && !b.err &&
		    !(value_is_neutral(row, value_of(row, 0)) && value_is_neutral(row, value_of(row, 1)));

	if (told && peer_equal(a.conf.peers[0], b.conf.peers[0]))
		fail_msg("%s: two values of it are taken for one version", row->name);
	if (told && peer_same(a.conf.peers[0], b.conf.peers[0]) != of_child)
		fail_msg("%s: it belongs to the %s", row->name, where);
	loaded_free(&a);
	loaded_free(&b);
	return told;
}

static void any_key_makes_another_version(void **state)
{
	static const struct {
		const char *where;
		enum conf_section_kind kind;
	} sections[] = { { "conn", CONF_CONNECTION }, { "local", CONF_LOCAL }, { "remote", CONF_REMOTE },
		{ "cert", CONF_CERT }, { "cacert", CONF_CACERT }, { "child", CONF_CHILD },
		{ "device", CONF_CHILD } };
	unsigned told = 0;

	(void)state;
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		for (const struct conf_key *row = schema_section(sections[i].kind)->keys; row->name; row++)
			told += tells_versions_apart(sections[i].where, row);
	assert_in_range(told, 100, 1000);
}

static const char *const spellings[][3] = {
	{ "conn", "rekey_time = 2h", "rekey_time = 120m" },
	{ "conn", "rekey_time = 4h", "# the default" },
	{ "conn", "version = 2", "version = 0" },
	{ "conn", "proposals = aes128-sha256-x25519", "proposals = aes128-sha256-curve25519" },
	{ "child", "start_action = trap", "start_action = route" },
	{ "child", "local_ts = 10.0.0.0/8, 192.0.2.0/24", "local_ts = 10.0.0.0/8,192.0.2.0/24" },
	{ "child", "copy_df = yes", "copy_df = true" },
	{ "local", "id = moon.example", "id = \"moon.example\"" },
};

static void another_spelling_makes_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		struct loaded a = load_with(spellings[i][0], spellings[i][1]),
			      b = load_with(spellings[i][0], spellings[i][2]);

		assert_string_equal(a.why, "");
		assert_string_equal(b.why, "");
		if (!peer_equal(a.conf.peers[0], b.conf.peers[0]))
			fail_msg("\"%s\" and \"%s\" make two versions", spellings[i][1], spellings[i][2]);
		loaded_free(&a);
		loaded_free(&b);
	}
}

/* The place is no content; that it moved is seen, wherever in the connection. */
static void the_place_makes_none(void **state)
{
	static const char *const lines[][3] = {
		{ "conn", "unique = no", "\nunique = no" },
		{ "local", "id = moon.example", "# us\nid = moon.example" },
		{ "child", "copy_df = yes", "\ncopy_df = yes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct loaded a = load_with(lines[i][0], lines[i][1]),
			      same = load_with(lines[i][0], lines[i][1]),
			      b = load_with(lines[i][0], lines[i][2]);

		assert_true(peer_equal(a.conf.peers[0], b.conf.peers[0]));
		assert_int_equal(a.conf.peers[0]->places, same.conf.peers[0]->places);
		assert_int_not_equal(a.conf.peers[0]->places, b.conf.peers[0]->places);
		loaded_free(&a);
		loaded_free(&same);
		loaded_free(&b);
	}
}

#define CHILDREN(list)                                                                                       \
	"connections { a {\nlocal { auth = psk }\nremote { auth = psk }\nchildren { " list " }\n} }"

static void another_child_makes_another_version(void **state)
{
	static const char *const others[] = {
		CHILDREN("n { } m { }"),
		CHILDREN("m { }"),
		CHILDREN(""),
		CHILDREN("n { single_pair = yes\nlocal_ts = 10.1.0.0/16, 10.2.0.0/16\n}"),
	};
	struct loaded a = load_text(CHILDREN("n { }"));

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct loaded b = load_text(others[i]);

		assert_string_equal(b.why, "");
		assert_false(peer_equal(a.conf.peers[0], b.conf.peers[0]));
		assert_true(peer_same(a.conf.peers[0], b.conf.peers[0]));
		loaded_free(&b);
	}
	loaded_free(&a);
}

/* They stand behind the children, whatever their order was. */
static void another_shunt_makes_another_version(void **state)
{
	static const char *const shunts[][2] = {
		{ "lan { mode = pass\n} n { } no { mode = drop\n}",
			"n { } lan { mode = pass\n} no { mode = drop\n}" },
		{ "lan { mode = pass\n} n { }", "lan { mode = drop\n} n { }" },
		{ "lan { mode = pass\n} n { }", "lan { mode = pass\nremote_ts = 10.7.0.0/16\n} n { }" },
		{ "n { } lan { mode = pass\n}", "n { }" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof shunts / sizeof *shunts; i++) {
		struct arena arena = { 0 };
		struct loaded a = load_text(arena_printf(&arena, CHILDREN("%s"), shunts[i][0]));
		struct loaded b = load_text(arena_printf(&arena, CHILDREN("%s"), shunts[i][1]));

		assert_string_equal(a.why, "");
		assert_int_equal(peer_equal(a.conf.peers[0], b.conf.peers[0]), !i);
		loaded_free(&a);
		loaded_free(&b);
		arena_free(&arena);
	}
}

/* A child has much from its connection. */
static void another_connection_makes_another_child(void **state)
{
	struct loaded a = load_with("conn", "encap = yes"), b = load_with("conn", "encap = no");
	const struct child_conf *x = a.conf.peers[0]->children, *y = b.conf.peers[0]->children;

	(void)state;
	assert_int_equal(x->content, y->content);
	assert_false(child_conf_equal(x, y));
	loaded_free(&a);
	loaded_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_key_makes_another_version),
		cmocka_unit_test(another_spelling_makes_none),
		cmocka_unit_test(the_place_makes_none),
		cmocka_unit_test(another_child_makes_another_version),
		cmocka_unit_test(another_shunt_makes_another_version),
		cmocka_unit_test(another_connection_makes_another_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
