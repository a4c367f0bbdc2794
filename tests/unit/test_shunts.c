/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which shunts are installed, with a data path that only takes notes: "+2 drop 10.1.0.0/16 10.2.0.0/16" and
 * "-2", separated by ", ". */
#include "tests/unit/unit.h"

#include "daemon/shunts.h"
#include "tests/unit/conf_help.h"

static struct shunts shunts;
static struct arena arena;
static struct text notes;
static enum err verdict; /* of the data path */
static struct loaded now;

static enum err note_add(struct xfrm *x, const struct shunt_spec *s, struct text *why)
{
	(void)x;
	if (verdict) {
		text_add(why, "no rule can say that");
		return verdict;
	}
	text_add(&notes, "%s+%u %s %s > %s", notes.n ? ", " : "", s->id, s->drop ? "drop" : "pass",
		tss_print(s->local_ts, &arena), tss_print(s->remote_ts, &arena));
	return ERR_OK;
}

static void note_del(struct xfrm *x, uint32_t id)
{
	(void)x;
	text_add(&notes, "%s-%u", notes.n ? ", " : "", id);
}

static int set_up(void **state)
{
	static const struct xfrm_backend backend = { .shunt_add = note_add, .shunt_del = note_del };

	(void)state;
	notes = text_in(&arena);
	verdict = ERR_OK;
	now = (struct loaded){ 0 };
	shunts_start(&shunts, &backend, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	shunts_stop(&shunts);
	loaded_free(&now);
	arena_free(&arena);
	return 0;
}

/* What the data path was told since it was last asked. */
static const char *told(void)
{
	const char *s = text_str(&notes);

	notes = text_in(&arena);
	return s;
}

/* Connections are in force; returns what that brings. */
static const char *configure(const char *conns)
{
	struct loaded before = now;

	now = load_text(arena_printf(&arena, "connections { %s }", conns));
	assert_string_equal(now.why, "");
	shunts_follow(&shunts, NULL, now.conf.peers, now.conf.n_peers);
	loaded_free(&before);
	return told();
}

/* A connection with one shunt; KEYS are lines. */
static const char *conn(const char *name, const char *child, const char *keys)
{
	return arena_printf(&arena, "%s { children { %s {\n%s\n} } }\n", name, child, keys);
}

static const char lan[] = "mode = pass\nlocal_ts = 10.1.0.0/16\nremote_ts = 10.1.0.0/16\nstart_action = trap";
static const char rest[] =
	"mode = drop\nlocal_ts = 10.1.0.0/16\nremote_ts = 10.9.0.0/16\nstart_action = start";

static void those_with_a_start_action_are_installed(void **state)
{
	(void)state;
	assert_string_equal(configure(arena_printf(&arena, "%s%s%s", conn("a", "lan", lan),
				    conn("b", "rest", rest), conn("c", "idle", "mode = drop"))),
		"+1 pass 10.1.0.0/16 > 10.1.0.0/16, +2 drop 10.1.0.0/16 > 10.9.0.0/16");
}

static void dynamic_selectors_are_for_everybody(void **state)
{
	(void)state;
	assert_string_equal(
		configure(conn("a", "dns", "mode = pass\nremote_ts = dynamic[udp/53]\nstart_action = trap")),
		"+1 pass 0.0.0.0/0 ::/0 > 0.0.0.0/0[udp/53] ::/0[udp/53]");
}

static void a_new_configuration_changes_what_it_changes(void **state)
{
	(void)state;
	(void)configure(arena_printf(&arena, "%s%s", conn("a", "lan", lan), conn("b", "rest", rest)));
	assert_string_equal(configure(arena_printf(&arena, "%s%s", conn("b", "rest", rest),
				    conn("a", "lan", arena_printf(&arena, "%s\nupdown = x", lan)))),
		"");
	assert_string_equal(
		configure(arena_printf(&arena, "%s%s", conn("a", "lan", rest), conn("b", "rest", rest))),
		"+3 drop 10.1.0.0/16 > 10.9.0.0/16, -1");
	assert_string_equal(configure(conn("b", "rest", rest)), "-3");
	assert_string_equal(
		configure(arena_printf(&arena, "%s%s", conn("b", "rest", rest), conn("c", "rest", rest))),
		"+4 drop 10.1.0.0/16 > 10.9.0.0/16");
	assert_string_equal(configure(""), "-2, -4");
}

static void one_connection_changes_alone(void **state)
{
	struct loaded other;

	(void)state;
	(void)configure(arena_printf(&arena, "%s%s", conn("a", "lan", lan), conn("b", "rest", rest)));
	other = load_text(arena_printf(&arena, "connections { %s }", conn("a", "lan", rest)));
	shunts_follow(&shunts, "a", other.conf.peers, 1);
	assert_string_equal(told(), "+3 drop 10.1.0.0/16 > 10.9.0.0/16, -1");
	shunts_follow(&shunts, "a", NULL, 0);
	assert_string_equal(told(), "-3");
	loaded_free(&other);
	assert_string_equal(configure(""), "-2");
}

static void its_start_action_is_undone(void **state)
{
	(void)state;
	(void)configure(conn("a", "lan", lan));
	assert_string_equal(
		configure(conn("a", "lan", "mode = pass\nlocal_ts = 10.1.0.0/16\nremote_ts = 10.1.0.0/16")),
		"-1");
}

static void those_of_connections_that_cannot_be_used_are_not(void **state)
{
	(void)state;
	assert_string_equal(configure(conn("a", "lan", arena_printf(&arena, "%s\nipcomp = yes", lan))), "");
	assert_int_equal(shunts_install(&shunts, "a", "lan", &notes), ERR_MISSING);
}

static void a_person_has_the_last_word(void **state)
{
	const char *both;

	(void)state;
	(void)configure("");
	both = arena_printf(&arena, "%s%s", conn("a", "lan", lan),
		conn("b", "idle", "mode = drop\nremote_ts = 10.2.0.0/16\nlocal_ts = 10.1.0.0/16"));
	(void)configure(both);
	assert_int_equal(shunts_uninstall(&shunts, "b", "lan"), ERR_MISSING);
	assert_int_equal(shunts_uninstall(&shunts, NULL, "idle"), ERR_MISSING);
	assert_int_equal(shunts_uninstall(&shunts, NULL, "lan"), ERR_OK);
	assert_int_equal(shunts_install(&shunts, "b", "idle", &notes), ERR_OK);
	assert_string_equal(told(), "-1, +2 drop 10.1.0.0/16 > 10.2.0.0/16");
	assert_int_equal(shunts_install(&shunts, "b", "idle", &notes), ERR_OK);
	assert_string_equal(told(), "");
	assert_string_equal(configure(both), "");
	assert_string_equal(configure(conn("a", "lan", lan)), "-2");
	assert_int_equal(shunts_uninstall(&shunts, "a", "lan"), ERR_MISSING);
}

static void what_could_not_be_installed_is_tried_again(void **state)
{
	struct text why = text_in(&arena);
	unsigned n;

	(void)state;
	verdict = ERR_UNSUPPORTED;
	assert_string_equal(configure(conn("a", "lan", lan)), "");
	assert_int_equal(shunts_install(&shunts, "a", "lan", &why), ERR_UNSUPPORTED);
	assert_string_equal(text_str(&why), "no rule can say that");
	(void)shunts_installed(&shunts, &arena, &n);
	assert_int_equal(n, 0);
	verdict = ERR_OK;
	assert_string_equal(configure(conn("a", "lan", lan)), "+1 pass 10.1.0.0/16 > 10.1.0.0/16");
}

static void those_that_are_installed_are_told(void **state)
{
	struct policy_record r;
	const uint64_t *ids;
	unsigned n;

	(void)state;
	(void)configure(
		arena_printf(&arena, "%s%s%s", conn("a", "lan", lan), conn("c", "idle", "mode = drop"),
			conn("b", "all", "mode = drop\nlocal_ts = 10.1.0.0/16\nstart_action = trap")));
	ids = shunts_installed(&shunts, &arena, &n);
	assert_int_equal(n, 2);
	assert_true(shunts_record(&shunts, ids[1], &arena, &r));
	assert_string_equal(r.ike, "b");
	assert_string_equal(r.child, "all");
	assert_int_equal(r.mode, MODE_DROP);
	assert_string_equal(tss_print(r.local_ts, &arena), "10.1.0.0/16");
	assert_string_equal(tss_print(r.remote_ts, &arena), "dynamic");
	(void)configure("");
	assert_false(shunts_record(&shunts, ids[1], &arena, &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(those_with_a_start_action_are_installed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(dynamic_selectors_are_for_everybody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_new_configuration_changes_what_it_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_connection_changes_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(its_start_action_is_undone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			those_of_connections_that_cannot_be_used_are_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_person_has_the_last_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_could_not_be_installed_is_tried_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(those_that_are_installed_are_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
