/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP-TFS (RFC 9347, 5.1): asked for, agreed on, declined, refused; what the two demand of each other. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define IPTFS     "mode = iptfs"
#define WHOLE     DAEMON("iptfs_accept_fragments = no")
#define ASK       "SA, TSi, TSr, N(USE_AGGFRAG)"
#define CANNOT_BE "0x84 demand what is not known here"

/* What H does for "lan": IP-TFS, or a tunnel, and whether it cuts packets of its own (OUT) or says WHOLE. */
static void assert_lan(const struct host *h, enum child_mode mode, bool whole)
{
	const struct dp_sa *in, *out;
	const struct child *c = host_installed(h, "lan", &in, &out);

	assert_int_equal(c->mode, mode);
	assert_int_equal(in->spec.mode, mode);
	assert_int_equal(out->spec.mode, mode);
	assert_int_equal(out->spec.whole, whole);
	assert_false(in->spec.whole);
	list_each (k, (struct node *)&h->datapath.policies) {
		const struct policy_spec *policy = &node_owner(k, struct dp_policy, node)->spec;

		if (policy->id == c->policy)
			assert_int_equal(policy->mode, mode);
	}
}

/* "net" is up, and moon has asked for "lan". */
static struct pair *ask(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	host_up(p->moon, "lan", 2);
	return p;
}

/* The message in the air has this notify USE_AGGFRAG in place of its own, of N octets FLAGS. */
static void demand(struct pair *p, const void *flags, size_t n)
{
	struct flight *f = lab_first(p->lab);
	struct arena arena = { 0 };
	struct message m;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.n_notifies = 0;
	message_add_notify(&m, &arena, USE_AGGFRAG, bytes_of(flags, n));
	forge_change(f, &m);
	arena_free(&arena);
}

static void assert_refused(struct pair *p, const char *what)
{
	const struct ike_tell *done = host_done(p->moon, 2);

	assert_non_null(done);
	assert_false(done->success);
	if (!strstr(done->why->what, what))
		fail_msg("\"%s\" is not in \"%s\"", what, done->why->what);
	pair_assert_agree(p, 1);
}

static void both_ask_for_it(void **state)
{
	struct pair *p = pair_open(state, CHILD(IPTFS), CHILD(IPTFS));

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, " ASK "}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, " ASK "}");
	/* clang-format on */
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_int_equal(host_child(p->moon, "net")->mode, MODE_IPTFS);
	assert_int_equal(host_child(p->sun, "net")->mode, MODE_IPTFS);
}

static void a_rekeying_keeps_it(void **state)
{
	struct pair *p = ask(state, LAN_MOON(IPTFS), LAN_SUN(IPTFS));

	lab_calm(p->lab);
	host_rekey(p->sun, "lan");
	lab_calm(p->lab);
	host_rekey(p->moon, "lan");
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_lan(p->moon, MODE_IPTFS, false);
	assert_lan(p->sun, MODE_IPTFS, false);
}

/* Each says what it takes itself. */
static void packets_stay_whole_for_who_wants_them_whole(void **state)
{
	struct pair *p = ask(state, LAN_MOON(IPTFS), LAN_SUN(IPTFS) WHOLE);

	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_lan(p->moon, MODE_IPTFS, true);
	assert_lan(p->sun, MODE_IPTFS, false);
	assert_int_equal(pair_close(state), 0);

	p = ask(state, LAN_MOON(IPTFS) WHOLE, LAN_SUN(IPTFS));
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_lan(p->moon, MODE_IPTFS, false);
	assert_lan(p->sun, MODE_IPTFS, true);
}

static void who_has_it_not_gets_a_tunnel(void **state)
{
	struct pair *p = ask(state, LAN_MOON(IPTFS), LAN_SUN(""));

	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_lan(p->moon, MODE_TUNNEL, false);
	assert_lan(p->sun, MODE_TUNNEL, false);
	assert_true(host_said(p->moon, "the peer declines iptfs mode: CHILD_SA lan becomes a tunnel"));
	assert_true(host_said(p->sun, "the peer asks for iptfs mode, and child lan has mode = tunnel"));
	assert_int_equal(pair_close(state), 0);

	p = ask(state, LAN_MOON(""), LAN_SUN(IPTFS));
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_lan(p->sun, MODE_TUNNEL, false);
	assert_true(host_said(p->sun, "the peer asks for tunnel mode, and child lan has mode = iptfs"));
}

/* RFC 9347, 5.1: "the receiver SHOULD NOT enable" what it cannot meet. */
static void a_demand_that_cannot_be_met_makes_it_a_tunnel(void **state)
{
	static const struct {
		const char *flags;
		size_t n;
		const char *said;
	} demands[] = {
		{ "\x02", 1, "the peer asks for IP-TFS, and it wants reports of congestion" },
		{ "\x84", 1, CANNOT_BE },
		{ "", 0, "has not the one octet of flags" },
		{ "\0\0", 2, "has not the one octet of flags" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(demands); i++) {
		struct pair *p = ask(state, LAN_MOON(IPTFS), LAN_SUN(IPTFS));

		demand(p, demands[i].flags, demands[i].n);
		lab_calm(p->lab);
		pair_assert_agree(p, 2);
		assert_lan(p->moon, MODE_TUNNEL, false);
		assert_lan(p->sun, MODE_TUNNEL, false);
		assert_true(host_said(p->sun, demands[i].said));
		assert_int_equal(pair_close(state), 0);
	}
}

/* It sends by IP-TFS already: the child goes. */
static void an_answer_whose_demand_cannot_be_met_is_refused(void **state)
{
	struct pair *p = ask(state, LAN_MOON(IPTFS), LAN_SUN(IPTFS));

	lab_deliver(p->lab, lab_first(p->lab));
	demand(p, "\x84", 1);
	lab_calm(p->lab);
	assert_refused(p, "the peer took IP-TFS, and its flags " CANNOT_BE);
}

static void an_answer_that_was_not_asked_for_is_refused(void **state)
{
	struct pair *p = ask(state, LAN_MOON(""), LAN_SUN(""));

	lab_deliver(p->lab, lab_first(p->lab));
	demand(p, "\0", 1);
	lab_calm(p->lab);
	assert_refused(p, "the peer answered with iptfs mode, which was not asked for");
}

/* Other selectors are still narrowed as those of a tunnel are. */
static void networks_are_narrowed(void **state)
{
	struct pair *p = pair_open(state, CHILD("remote_ts = 10.0.0.0/8\n " IPTFS), CHILD(IPTFS));

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_int_equal(host_child(p->moon, "net")->mode, MODE_IPTFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(both_ask_for_it),
		PAIR_TEST(a_rekeying_keeps_it),
		PAIR_TEST(packets_stay_whole_for_who_wants_them_whole),
		PAIR_TEST(who_has_it_not_gets_a_tunnel),
		PAIR_TEST(a_demand_that_cannot_be_met_makes_it_a_tunnel),
		PAIR_TEST(an_answer_whose_demand_cannot_be_met_is_refused),
		PAIR_TEST(an_answer_that_was_not_asked_for_is_refused),
		PAIR_TEST(networks_are_narrowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
