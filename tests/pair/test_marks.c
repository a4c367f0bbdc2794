/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks and numbers of XFRM interfaces on their way from the configuration to the data path. */
#include "tests/pair/pair.h"

static struct sa_marks marks_of(const struct host *h, const char *child)
{
	return host_child(h, child)->marks;
}

static void assert_same(const struct sa_marks *a, const struct sa_marks *b)
{
	assert_int_equal(a->in.value, b->in.value);
	assert_int_equal(a->in.mask, b->in.mask);
	assert_int_equal(a->out.value, b->out.value);
	assert_int_equal(a->out.mask, b->out.mask);
	assert_int_equal(a->if_id_in, b->if_id_in);
	assert_int_equal(a->if_id_out, b->if_id_out);
}

/* Both SAs and the policy of the child NAME of H have its marks; they are returned. */
static struct sa_marks installed(const struct host *h, const char *name)
{
	const struct dp_sa *in, *out;
	const struct child *c = host_installed(h, name, &in, &out);

	assert_same(&in->spec.marks, &c->marks);
	assert_same(&out->spec.marks, &c->marks);
	list_each (n, (struct node *)&h->datapath.policies) {
		const struct dp_policy *p = node_owner(n, struct dp_policy, node);

		if (p->spec.id == c->policy)
			assert_same(&p->spec.marks, &c->marks);
	}
	return c->marks;
}

static void what_is_configured_is_installed(void **state)
{
	struct pair *p = pair_open(
		state, CHILD("mark_in = 0x17/0xff\n mark_out = 9\n if_id_in = 5\n if_id_out = 6"), NULL);
	struct sa_marks m;

	pair_up(p);
	m = installed(p->moon, "net");
	assert_int_equal(m.in.value, 0x17);
	assert_int_equal(m.in.mask, 0xff);
	assert_int_equal(m.out.value, 9);
	assert_int_equal(m.out.mask, UINT32_MAX);
	assert_int_equal(m.if_id_in, 5);
	assert_int_equal(m.if_id_out, 6);
	m = installed(p->sun, "net");
	assert_int_equal(m.in.mask | m.out.mask | m.if_id_in | m.if_id_out, 0);
}

static void a_unique_mark_is_each_childs_own(void **state)
{
	struct pair *p = pair_open(state,
		CHILD("mark_in = %unique\n mark_out = %unique\n if_id_in = %unique-dir\n"
		      " if_id_out = %unique-dir")
			LAN_MOON("mark_in = %unique-dir\n mark_out = %unique/0xff\n if_id_in = %unique"),
		LAN_SUN(""));
	struct sa_marks net, lan;

	pair_up_both(p);
	net = installed(p->moon, "net");
	lan = installed(p->moon, "lan");
	assert_int_equal(net.in.value, net.out.value);
	assert_int_not_equal(net.in.value, 0);
	assert_int_not_equal(net.if_id_in, net.if_id_out);
	assert_int_not_equal(lan.in.value, lan.out.value);
	assert_int_not_equal(lan.in.value, net.in.value);
	assert_int_not_equal(lan.out.value, net.in.value);
	assert_int_equal(lan.out.mask, 0xff);
	assert_true(lan.if_id_in != net.if_id_in && lan.if_id_in != net.if_id_out);
	assert_int_equal(lan.if_id_out, 0);
}

static void a_rekeyed_child_keeps_what_was_drawn(void **state)
{
	struct pair *p = pair_open(
		state, CHILD("mark_in = %unique\n if_id_out = %unique"), CHILD("mark_out = %unique-dir"));
	struct sa_marks moon, sun, moon_now, sun_now;
	uint32_t before;

	pair_up(p);
	moon = installed(p->moon, "net");
	sun = installed(p->sun, "net");
	before = host_child(p->moon, "net")->id;
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	assert_int_not_equal(host_child(p->moon, "net")->id, before);
	moon_now = installed(p->moon, "net");
	sun_now = installed(p->sun, "net");
	assert_same(&moon, &moon_now);
	assert_same(&sun, &sun_now);
}

static void children_have_the_interface_of_their_connection(void **state)
{
	struct pair *p = pair_open(
		state, CONN("if_id_in = %unique\n if_id_out = 77") LAN_MOON("if_id_out = 5"), LAN_SUN(""));
	struct sa_marks net, lan;

	pair_up_both(p);
	net = installed(p->moon, "net");
	lan = installed(p->moon, "lan");
	assert_int_not_equal(net.if_id_in, 0);
	assert_int_equal(lan.if_id_in, net.if_id_in);
	assert_int_equal(net.if_id_out, 77);
	assert_int_equal(lan.if_id_out, 5);
}

static void a_rekeyed_ike_sa_keeps_its_interface(void **state)
{
	struct pair *p =
		pair_open(state, CONN("if_id_in = %unique\n if_id_out = %unique") LAN_MOON(""), LAN_SUN(""));
	struct arena arena = { 0 };
	struct sa_marks net, lan;
	unsigned n;

	pair_up_both(p);
	net = installed(p->moon, "net");
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	host_down(p->moon, "lan", 8);
	lab_calm(p->lab);
	host_up(p->moon, "lan", 9);
	lab_calm(p->lab);
	lan = installed(p->moon, "lan");
	assert_int_equal(lan.if_id_in, net.if_id_in);
	assert_int_equal(lan.if_id_out, net.if_id_in);
	assert_int_equal(host_records(p->moon, &arena, &n)->if_id_in, net.if_id_in);
	arena_free(&arena);
}

static void a_child_takes_over_what_its_trap_has_drawn(void **state)
{
	struct pair *p = pair_open(state,
		CONN("if_id_in = %unique\n if_id_out = %unique")
			CHILD("start_action = trap\n mark_in = %unique\n mark_out = %unique-dir"),
		NULL);
	struct sa_marks trap, child;

	trap = datapath_policy(&p->moon->datapath, true)->marks;
	assert_int_not_equal(trap.in.value, 0);
	assert_int_not_equal(trap.in.value, trap.out.value);
	assert_int_equal(trap.if_id_in, trap.if_id_out);
	assert_int_not_equal(trap.if_id_in, 0);
	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	child = installed(p->moon, "net");
	assert_same(&trap, &child);
}

static void a_new_child_draws_anew(void **state)
{
	struct pair *p = pair_open(state, CHILD("mark_in = %unique"), NULL);
	uint32_t before;

	pair_up(p);
	before = marks_of(p->moon, "net").in.value;
	host_down(p->moon, "net", 2);
	lab_calm(p->lab);
	host_up(p->moon, "net", 3);
	lab_calm(p->lab);
	assert_int_not_equal(installed(p->moon, "net").in.value, before);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PAIR_TEST(what_is_configured_is_installed),
		PAIR_TEST(a_unique_mark_is_each_childs_own),
		PAIR_TEST(a_rekeyed_child_keeps_what_was_drawn),
		PAIR_TEST(children_have_the_interface_of_their_connection),
		PAIR_TEST(a_rekeyed_ike_sa_keeps_its_interface),
		PAIR_TEST(a_child_takes_over_what_its_trap_has_drawn),
		PAIR_TEST(a_new_child_draws_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
