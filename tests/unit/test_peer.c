/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections are counted; a configuration gives back what it holds; settings have their defaults. */
#include "tests/unit/unit.h"

#include "model/conf.h"

static const struct source_key keys[] = { { "proposals", 12 }, { "local_addrs", 9 } };
static const struct source written = { "connections.a", "/etc/ikev2d/ikev2d.conf", 7, keys, 2 };

static void a_key_points_to_its_line(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(source_print(&written, "proposals", &arena),
		"/etc/ikev2d/ikev2d.conf:12 (connections.a.proposals)");
	assert_string_equal(
		source_print(&written, "encap", &arena), "/etc/ikev2d/ikev2d.conf:7 (connections.a.encap)");
	arena_free(&arena);
}

static void what_came_by_vici_has_no_line(void **state)
{
	const struct source vici = { .section = "connections.a", .file = "vici" };
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(source_print(&vici, "proposals", &arena), "vici (connections.a.proposals)");
	arena_free(&arena);
}

static void a_connection_lives_as_long_as_somebody_holds_it(void **state)
{
	struct peer *p = peer_new(), *held;

	(void)state;
	p->name = arena_str(&p->arena, "a");
	held = peer_ref(p);
	assert_int_equal(p->refs, 2);
	peer_unref(p);
	assert_string_equal(held->name, "a");
	peer_unref(held); /* the sanitizers see a leak, or a use after the end */
	peer_unref(NULL);
}

static void children_are_found_by_name(void **state)
{
	struct peer *p = peer_new();

	(void)state;
	p->children = ARENA_ARRAY(&p->arena, 2, struct child_conf);
	p->n_children = 2;
	p->children[0].name = "net";
	p->children[1].name = "net-2";
	assert_ptr_equal(peer_child(p, "net-2"), &p->children[1]);
	assert_null(peer_child(p, "ne"));
	peer_unref(p);
}

static void a_configuration_gives_back_its_references(void **state)
{
	struct conf c = { .settings = settings_default() };
	struct peer *p = peer_new();

	(void)state;
	c.peers = ARENA_ARRAY(&c.arena, 1, struct peer *);
	c.peers[0] = peer_ref(p);
	c.n_peers = 1;
	conf_free(&c);
	assert_int_equal(p->refs, 1);
	assert_int_equal(c.n_peers, 0);
	conf_free(&c);
	peer_unref(p);
}

static void settings_are_those_of_strongswan(void **state)
{
	struct settings s = settings_default();

	(void)state;
	assert_int_equal(s.port, 500);
	assert_int_equal(s.port_nat_t, 4500);
	assert_int_equal(s.retransmit_timeout, 4000);
	assert_int_equal(s.retransmit_base, 1800);
	assert_int_equal(s.retransmit_tries, 5);
	assert_int_equal(s.keep_alive, 20000);
	assert_int_equal(s.routing_table, 220);
	assert_string_equal(s.tun_name, "ipsec");
	assert_true(s.udp_encap && s.make_before_break);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_points_to_its_line),
		cmocka_unit_test(what_came_by_vici_has_no_line),
		cmocka_unit_test(a_connection_lives_as_long_as_somebody_holds_it),
		cmocka_unit_test(children_are_found_by_name),
		cmocka_unit_test(a_configuration_gives_back_its_references),
		cmocka_unit_test(settings_are_those_of_strongswan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
