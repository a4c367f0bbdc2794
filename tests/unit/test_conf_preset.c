/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection becomes that says what its peer is. */
#include "tests/unit/unit.h"

#include "conf/preset.h"
#include "model/proposal.h"
#include "tests/unit/conf_help.h"

#include <stdio.h>

#define AUTHS "local { auth = psk }\nremote { auth = psk }\n"

static struct loaded good(const char *text)
{
	struct loaded l = load_text(text);

	assert_string_equal(l.why, "");
	assert_string_equal(l.notes, "");
	assert_int_equal(l.err, ERR_OK);
	return l;
}

/* A connection with the keys CONN, and in it a child with the keys CHILD. */
static struct loaded with(const char *conn, const char *child)
{
	char text[1024];

	snprintf(text, sizeof text, "connections { a { %s\n" AUTHS "children { n { %s\n} } } }", conn, child);
	return good(text);
}

/* Every value is taken without a word, and none is weak unless it is asked for. */
static void every_preset_can_be_used(void **state)
{
	(void)state;
	for (const struct name *preset = preset_words; preset->word; preset++) {
		struct arena arena = { 0 };
		struct loaded l = with(arena_printf(&arena, "peer = %s", preset->word), "");
		const struct peer *p = l.conf.peers[0];

		assert_string_equal(p->preset, preset->word);
		assert_null(p->unready);
		assert_null(strstr(proposals_print(p->ike, &arena), "modp1024"));
		assert_string_not_equal(proposals_print(p->ike, &arena),
			proposals_print(proposal_default(PROTO_IKE, &arena), &arena));
		assert_string_not_equal(proposals_print(p->children[0].esp, &arena),
			proposals_print(proposal_default(PROTO_ESP, &arena), &arena));
		loaded_free(&l);
		arena_free(&arena);
	}
}

static void times_follow_from_its_values(void **state)
{
	struct loaded l = with("peer = windows", "");
	const struct peer *p = l.conf.peers[0];

	(void)state;
	assert_int_equal(p->send_cert, SEND_CERT_ALWAYS);
	assert_int_equal(p->rekey_time, 0);
	assert_int_equal(p->children[0].rekey_time, 0);
	assert_int_equal(p->children[0].life_time, 0);
	loaded_free(&l);
	l = with("peer = aws", "");
	p = l.conf.peers[0];
	assert_int_equal(p->rekey_time, 7 * 3600 * 1000);
	assert_int_equal(p->children[0].rekey_time, 45 * 60 * 1000);
	assert_int_equal(p->children[0].life_time, 3600 * 1000);
	assert_int_equal(p->children[0].replay_window, 1024);
	loaded_free(&l);
}

/* Also where it is cleared, which is the table's default. */
static void what_is_written_stays(void **state)
{
	struct loaded l = with("peer = aws\nrekey_time = 1h\nmobike =",
		"life_time = 2h\nesp_proposals = aes256gcm16-ecp384");
	const struct peer *p = l.conf.peers[0];
	struct arena arena = { 0 };

	(void)state;
	assert_int_equal(p->rekey_time, 3600 * 1000);
	assert_true(p->mobike);
	assert_int_equal(p->children[0].life_time, 2 * 3600 * 1000);
	assert_int_equal(p->children[0].rekey_time, 45 * 60 * 1000);
	assert_string_equal(proposals_print(p->children[0].esp, &arena), "aes256gcm16-ecp384");
	arena_free(&arena);
	loaded_free(&l);
}

static void shunts_get_nothing_of_it(void **state)
{
	struct loaded l =
		with("peer = fortigate", "mode = pass\nlocal_ts = 10.0.0.0/8\nremote_ts = 10.0.0.0/8");

	(void)state;
	assert_int_equal(l.conf.peers[0]->n_shunts, 1);
	assert_false(l.conf.peers[0]->children[0].single_pair);
	loaded_free(&l);
}

static void a_child_for_each_pair(void **state)
{
	struct loaded l = with(
		"peer = asa", "local_ts = 10.1.0.0/16, 10.2.0.0/16\nremote_ts = 10.3.0.0/16, 10.4.0.0/16");

	(void)state;
	assert_int_equal(l.conf.peers[0]->n_children, 4);
	loaded_free(&l);
}

static void one_that_nobody_knows(void **state)
{
	struct loaded l = load_text("connections { a { peer = widows\n" AUTHS "} }");

	(void)state;
	assert_int_equal(l.err, ERR_SYNTAX);
	assert_non_null(strstr(l.why, "m.conf:1: connections.a.peer: "));
	assert_non_null(strstr(l.why, "windows"));
	loaded_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_preset_can_be_used),
		cmocka_unit_test(times_follow_from_its_values),
		cmocka_unit_test(what_is_written_stays),
		cmocka_unit_test(shunts_get_nothing_of_it),
		cmocka_unit_test(a_child_for_each_pair),
		cmocka_unit_test(one_that_nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
