/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transport mode (RFC 7296, 1.3.1), behind NATs too (2.23.1), and BEET mode as strongSwan asks for it: agreed
 * on, declined, kept. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

/* "net" becomes host to host; and so "host", a second child. */
#define HOSTS     "local_ts = dynamic\n remote_ts = dynamic\n "
#define NET(mode) CHILD(HOSTS "mode = " mode)
#define HOST(mode)                                                                                           \
	CONN("children { host { " HOSTS "mode = " mode                                                       \
	     "\n esp_proposals = aes128gcm16\n rekey_time = 0\n } }")
#define TRANSPORT "transport"
#define BEET      "beet"

#define INIT                                                                                                 \
	"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",                                          \
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define ASK "SA, TSi, TSr, N(USE_TRANSPORT_MODE)"

/* See pair_hide_moon, pair_hide_sun. */
#define MOON_NATTED CONN("local_addrs = 10.9.0.1\n")
#define AT_SUNS_NAT CONN("remote_addrs = 203.0.113.2\n")
#define SUN_NATTED  CONN("local_addrs = 10.8.0.1\n")
#define ANY_PEER    CONN("remote_addrs = %any\n")

/* H has CHILD in this MODE with these selectors, and its data path and its record say so too. */
static void assert_child(const struct host *h, const char *name, enum child_mode mode, const char *ts)
{
	const struct dp_sa *in, *out;
	const struct child *c = host_installed(h, name, &in, &out);
	struct arena arena = { 0 };
	const struct sa_record *r;
	unsigned n;

	assert_int_equal(c->mode, mode);
	assert_int_equal(in->spec.mode, mode);
	assert_int_equal(out->spec.mode, mode);
	assert_string_equal(arena_printf(&arena, "%s === %s", tss_print(c->local_ts, &arena),
				    tss_print(c->remote_ts, &arena)),
		ts);
	list_each (k, (struct node *)&h->datapath.policies) {
		const struct policy_spec *policy = &node_owner(k, struct dp_policy, node)->spec;

		if (policy->id == c->policy)
			assert_int_equal(policy->mode, mode);
	}
	r = host_records(h, &arena, &n);
	assert_int_equal(n, 1);
	for (unsigned i = 0; i < r->n_children; i++)
		if (r->children[i].id == c->id)
			assert_int_equal(r->children[i].mode, mode);
	arena_free(&arena);
}

static struct pair *up(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	return p;
}

/* ------------------------------------------------------------------ agreed on */

static void in_ike_auth(void **state)
{
	struct pair *p = pair_open(state, NET(TRANSPORT), NET(TRANSPORT));

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab, INIT,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, " ASK "}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, " ASK "}");
	/* clang-format on */
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_child(p->moon, "net", MODE_TRANSPORT, "192.0.2.1/32 === 192.0.2.2/32");
	assert_child(p->sun, "net", MODE_TRANSPORT, "192.0.2.2/32 === 192.0.2.1/32");
	assert_false(host_said(p->moon, "tunnel") || host_said(p->sun, "tunnel"));
}

static void in_create_child_sa(void **state)
{
	struct pair *p = up(state, HOST(TRANSPORT), HOST(TRANSPORT));

	host_up(p->moon, "host", 2);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr, N(USE_TRANSPORT_MODE)}",
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, Nonce, TSi, TSr, N(USE_TRANSPORT_MODE)}");
	/* clang-format on */
	pair_assert_agree(p, 2);
	assert_child(p->moon, "host", MODE_TRANSPORT, "192.0.2.1/32 === 192.0.2.2/32");
	assert_child(p->moon, "net", MODE_TUNNEL, "10.1.0.0/16 === 10.2.0.0/16");
}

static void the_responder_asks(void **state)
{
	struct pair *p = up(state, HOST(TRANSPORT), HOST(TRANSPORT));

	host_up(p->sun, "host", 2);
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_child(p->moon, "host", MODE_TRANSPORT, "192.0.2.1/32 === 192.0.2.2/32");
	assert_child(p->sun, "host", MODE_TRANSPORT, "192.0.2.2/32 === 192.0.2.1/32");
}

/* What is configured for whole networks is meant for the two ends, and for some ports only. */
static void narrowed_to_the_ends(void **state)
{
	struct pair *p =
		up(state, CHILD("local_ts = 0.0.0.0/0\n remote_ts = 0.0.0.0/0[tcp]\n mode = transport"),
			CHILD("local_ts = 192.0.2.0/24[/80]\n remote_ts = 192.0.2.0/24\n mode = transport"));

	assert_child(p->moon, "net", MODE_TRANSPORT, "192.0.2.1/32 === 192.0.2.2/32[tcp/80]");
	assert_child(p->sun, "net", MODE_TRANSPORT, "192.0.2.2/32[tcp/80] === 192.0.2.1/32");
}

/* The packet's own selector goes first, and is of the same two hosts. */
static void for_a_packet(void **state)
{
	struct pair *p =
		pair_open(state, CHILD(HOSTS "mode = transport\n start_action = trap"), NET(TRANSPORT));
	const struct policy_spec *trap = datapath_policy(&p->moon->datapath, true);
	struct ike_event e = { .kind = EVENT_ACQUIRE };

	assert_non_null(trap);
	assert_int_equal(trap->mode, MODE_TRANSPORT);
	e.acquire.policy = trap->id;
	assert_int_equal(ts_parse("192.0.2.1[udp/5000]", &e.acquire.local), ERR_OK);
	assert_int_equal(ts_parse("192.0.2.2[udp/53]", &e.acquire.remote), ERR_OK);
	host_event(p->moon, &e);
	lab_calm(p->lab);
	assert_child(p->moon, "net", MODE_TRANSPORT, "192.0.2.1/32 === 192.0.2.2/32");
}

/* Of children that fit otherwise it is the one with the mode. */
static void the_mode_tells_children_apart(void **state)
{
	struct pair *p = pair_open(state, NET(TRANSPORT) HOST("tunnel"), NET("tunnel") HOST(TRANSPORT));

	host_up(p->moon, NULL, 1);
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_int_equal(host_child(p->moon, "net")->mode, MODE_TRANSPORT);
	assert_int_equal(host_child(p->moon, "host")->mode, MODE_TUNNEL);
	assert_int_equal(host_child(p->sun, "net")->mode, MODE_TUNNEL);
	assert_int_equal(host_child(p->sun, "host")->mode, MODE_TRANSPORT);
}

/* ------------------------------------------------------------------ declined */

static void declined(void **state)
{
	struct pair *p = pair_open(state, NET(TRANSPORT), NET("tunnel"));

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab, INIT,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, " ASK "}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	/* clang-format on */
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_child(p->moon, "net", MODE_TUNNEL, "192.0.2.1/32 === 192.0.2.2/32");
	assert_child(p->sun, "net", MODE_TUNNEL, "192.0.2.2/32 === 192.0.2.1/32");
	assert_true(
		host_said(p->moon, "the peer declines transport mode: CHILD_SA net becomes a tunnel, though "
				   "mode = transport at "));
	assert_true(host_said(p->moon, "(connections.site.children.net.mode)"));
	assert_true(host_said(p->sun,
		"CHILD_SA net becomes a tunnel: the peer asks for transport mode, and child net has mode = "
		"tunnel"));
}

static void not_asked_for(void **state)
{
	struct pair *p = up(state, NET("tunnel"), NET(TRANSPORT));

	assert_child(p->moon, "net", MODE_TUNNEL, "192.0.2.1/32 === 192.0.2.2/32");
	assert_child(p->sun, "net", MODE_TUNNEL, "192.0.2.2/32 === 192.0.2.1/32");
	assert_true(host_said(p->sun,
		"CHILD_SA net becomes a tunnel: the peer asks for tunnel mode, and child net has mode = "
		"transport"));
}

static void not_between_networks(void **state)
{
	struct pair *p = up(state, CHILD("mode = transport"), CHILD("mode = transport"));

	assert_child(p->moon, "net", MODE_TUNNEL, "10.1.0.0/16 === 10.2.0.0/16");
	assert_child(p->sun, "net", MODE_TUNNEL, "10.2.0.0/16 === 10.1.0.0/16");
	assert_true(host_said(p->sun,
		"CHILD_SA net becomes a tunnel: transport mode is between the two ends themselves: the peer "
		"asks for 10.2.0.0/16 === 10.1.0.0/16, and child net has 10.2.0.0/16 === 10.1.0.0/16"));
}

/* The answer to our IKE_AUTH with another set of notifies and selectors. */
static void change_answer(struct pair *p, uint16_t notify, const char *tsi)
{
	struct flight *f = lab_first(p->lab);
	struct arena arena = { 0 };
	struct message m;
	struct ts ts;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.n_notifies = 0;
	if (notify)
		message_add_notify(&m, &arena, notify, (struct bytes){ 0 });
	if (tsi) {
		assert_int_equal(ts_parse(tsi, &ts), ERR_OK);
		m.tsi = (struct tss){ &ts, 1 };
	}
	forge_change(f, &m);
	lab_calm(p->lab);
	arena_free(&arena);
}

/* "net" is up; moon asks for "host", whose answer is in the air. */
static struct pair *ask_for_host(void **state, const char *moon, const char *sun)
{
	struct pair *p = up(state, moon, sun);

	host_up(p->moon, "host", 2);
	lab_deliver(p->lab, lab_first(p->lab));
	return p;
}

static void assert_refused(struct pair *p, const char *what)
{
	const struct ike_tell *done = host_done(p->moon, 2);

	assert_non_null(done);
	assert_false(done->success);
	assert_has(done->why->what, what);
	pair_assert_agree(p, 1);
}

/* Whoever answers with what was not asked for is told to forget the child. */
static void answers_that_were_not_asked_for(void **state)
{
	struct pair *p = ask_for_host(state, HOST("tunnel"), HOST("tunnel"));

	change_answer(p, USE_TRANSPORT_MODE, NULL);
	assert_refused(p, "the peer answered with transport mode, which was not asked for");
	assert_has(host_why(p->moon)->configured, "mode = tunnel");
	assert_int_equal(pair_close(state), 0);

	p = ask_for_host(state, HOST(TRANSPORT), HOST(TRANSPORT));
	change_answer(p, USE_BEET_MODE, NULL);
	assert_refused(p, "the peer answered with beet mode, which was not asked for");
	assert_int_equal(pair_close(state), 0);

	p = ask_for_host(state, HOST(TRANSPORT), HOST(TRANSPORT));
	change_answer(p, USE_TRANSPORT_MODE, "192.0.2.7");
	assert_refused(p, "the peer took transport mode for other addresses than those of the two ends");
	assert_int_equal(pair_close(state), 0);

	p = ask_for_host(state, HOST(BEET), HOST(BEET));
	change_answer(p, USE_BEET_MODE, "192.0.2.0/24");
	assert_refused(p, "the peer took BEET mode for more than one address at each end");
}

/* ------------------------------------------------------------------ behind NATs */

/* Moon, behind its NAT, has brought "net" up, or tried to. */
static struct pair *moon_hidden(void **state, const char *sun)
{
	struct pair *p = pair_open(state, MOON_NATTED NET(TRANSPORT), pair_text(state, ANY_PEER, sun));

	pair_hide_moon(p);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	return p;
}

static void initiator_behind(void **state)
{
	struct pair *p = moon_hidden(state, NET(TRANSPORT));

	pair_assert_up(p);
	assert_child(p->moon, "net", MODE_TRANSPORT, "10.9.0.1/32 === 192.0.2.2/32");
	assert_child(p->sun, "net", MODE_TRANSPORT, "192.0.2.2/32 === 203.0.113.1/32");
	assert_true(datapath_sa(&p->sun->datapath, false, 0)->encap);
}

static void responder_behind(void **state)
{
	struct pair *p = pair_open(state, AT_SUNS_NAT NET(TRANSPORT), SUN_NATTED NET(TRANSPORT));

	pair_hide_sun(p);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_child(p->moon, "net", MODE_TRANSPORT, "192.0.2.1/32 === 203.0.113.2/32");
	assert_child(p->sun, "net", MODE_TRANSPORT, "10.8.0.1/32 === 192.0.2.1/32");
}

static void assert_both_hidden(struct pair *p)
{
	assert_child(p->moon, "net", MODE_TRANSPORT, "10.9.0.1/32[tcp/80] === 203.0.113.2/32");
	assert_child(p->sun, "net", MODE_TRANSPORT, "10.8.0.1/32 === 203.0.113.1/32[tcp/80]");
}

#define ONE_PORT(mine, peers) CHILD("local_ts = dynamic" mine "\n remote_ts = dynamic" peers)

static void both_behind(void **state)
{
	struct pair *p = pair_open(state, MOON_NATTED AT_SUNS_NAT NET(TRANSPORT) ONE_PORT("[tcp/80]", ""),
		ANY_PEER SUN_NATTED NET(TRANSPORT) ONE_PORT("", "[tcp/80]"));

	pair_hide_moon(p);
	pair_hide_sun(p);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_both_hidden(p);
	/* What is rekeyed by either end is seen through the same NATs. */
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_both_hidden(p);
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_both_hidden(p);
}

/* Who only pretends to be behind a NAT has the address that it says. */
static void faked(void **state)
{
	struct pair *p = up(state, NET(TRANSPORT) CONN("encap = yes"), NET(TRANSPORT) CONN("encap = yes"));

	assert_child(p->moon, "net", MODE_TRANSPORT, "192.0.2.1/32 === 192.0.2.2/32");
	assert_child(p->sun, "net", MODE_TRANSPORT, "192.0.2.2/32 === 192.0.2.1/32");
}

/* For a tunnel the addresses are what the peer says they are. */
static void declined_behind_a_nat(void **state)
{
	struct pair *p = moon_hidden(state, NET("tunnel") CHILD("remote_ts = 10.9.0.0/16"));

	pair_assert_up(p);
	assert_child(p->moon, "net", MODE_TUNNEL, "10.9.0.1/32 === 192.0.2.2/32");
	assert_child(p->sun, "net", MODE_TUNNEL, "192.0.2.2/32 === 10.9.0.1/32");
}

/* And where they are not known as such, the mode is why. */
static void refused_behind_a_nat(void **state)
{
	struct pair *p = moon_hidden(state, NET("tunnel"));
	const struct why *here, *there;

	here = host_why(p->sun);
	there = host_why(p->moon);
	assert_string_equal(here->notify, "TS_UNACCEPTABLE");
	assert_string_equal(
		here->differs, "the peer asks for transport mode, and child net has mode = tunnel");
	assert_has(here->where, "(connections.site.children.net.mode)");
	assert_string_equal(here->instead, "mode = transport");
	assert_has(there->what, "TS_UNACCEPTABLE");
	assert_has(there->differs, "mode = transport is asked for here");
}

static void map_moon(struct pair *p, const char *outside, uint16_t shift)
{
	struct ike_event e = { .kind = EVENT_MAPPING };

	assert_int_equal(ip_parse(outside, &p->moon->nat.outside), ERR_OK);
	p->moon->nat.shift = shift;
	e.mapping.child = host_child(p->sun, "net")->id;
	e.mapping.remote = (struct addr){ p->moon->nat.outside, (uint16_t)(4500 + shift) };
	host_event(p->sun, &e);
}

/* The NAT has got another address: the selectors must follow it. */
static void the_nat_moves(void **state)
{
	struct pair *p = moon_hidden(state, NET(TRANSPORT));

	map_moon(p, "203.0.113.9", 10000);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_child(p->moon, "net", MODE_TRANSPORT, "10.9.0.1/32 === 192.0.2.2/32");
	assert_child(p->sun, "net", MODE_TRANSPORT, "192.0.2.2/32 === 203.0.113.9/32");
	assert_int_equal(host_told_times(p->sun, TELL_CHILD_REKEYED), 1);
}

/* Another port of the same address changes nothing but that. */
static void a_port_moves(void **state)
{
	struct pair *p = moon_hidden(state, NET(TRANSPORT));

	map_moon(p, "203.0.113.1", 20000);
	SILENCE(p->lab);
	assert_int_equal(datapath_sa(&p->sun->datapath, false, 0)->remote.port, 24500);
}

/* ------------------------------------------------------------------ kept */

static void a_rekeying_keeps_the_mode(void **state)
{
	struct pair *p = up(state, NET(TRANSPORT), NET(TRANSPORT));
	uint32_t policy = host_child(p->moon, "net")->policy;

	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->moon, "net");
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  CREATE_CHILD_SA request 2: "
			"SK {SA, Nonce, TSi, TSr, N(REKEY_SA), N(USE_TRANSPORT_MODE)}",
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, Nonce, TSi, TSr, N(USE_TRANSPORT_MODE)}");
	/* clang-format on */
	lab_calm(p->lab);
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	traffic_end(&p->traffic);
	pair_assert_agree(p, 1);
	assert_child(p->moon, "net", MODE_TRANSPORT, "192.0.2.1/32 === 192.0.2.2/32");
	assert_int_equal(host_child(p->moon, "net")->policy, policy);
}

/* The same packets in another mode: that is another policy, and who answers sends by the old one until the
 * peer deletes it, or has used the new one: that may not be there yet. */
static void a_new_mode_comes_with_the_rekeying(void **state)
{
	struct pair *p = up(state, NET("tunnel"), NET("tunnel"));
	const struct child *c;

	host_reload(p->sun, pair_text(state, pair_sun, NET(TRANSPORT)));
	host_reload(p->moon, pair_text(state, pair_moon, NET(TRANSPORT)));
	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->moon, "net");
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  CREATE_CHILD_SA request 2: "
			"SK {SA, Nonce, TSi, TSr, N(REKEY_SA), N(USE_TRANSPORT_MODE)}",
		"lost: moon <-- sun  CREATE_CHILD_SA response 2: "
			"SK {SA, Nonce, TSi, TSr, N(USE_TRANSPORT_MODE)}");
	/* clang-format on */
	lab_clock(p->lab, p->lab->now + 1);
	lab_pass(p->lab, 5000);
	traffic_end(&p->traffic);
	pair_assert_agree(p, 1);
	assert_child(p->moon, "net", MODE_TRANSPORT, "192.0.2.1/32 === 192.0.2.2/32");
	assert_child(p->sun, "net", MODE_TRANSPORT, "192.0.2.2/32 === 192.0.2.1/32");
	/* Without a packet. */
	host_reload(p->moon, pair_text(state, pair_moon, NET("tunnel")));
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	c = host_child(p->sun, "net");
	assert_int_equal(c->mode, MODE_TUNNEL);
	assert_int_equal(datapath_selected(&p->sun->datapath, c->policy), c->id);
	pair_assert_agree(p, 1);
}

/* ------------------------------------------------------------------ BEET */

#define INNER(here, there) CHILD("local_ts = " here "\n remote_ts = " there "\n mode = beet")

static void beet(void **state)
{
	struct pair *p = pair_open(state, INNER("10.1.0.1", "10.2.0.1"), INNER("10.2.0.1", "10.1.0.1"));

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, V, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, V, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, N(USE_BEET_MODE)}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, N(USE_BEET_MODE)}");
	/* clang-format on */
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_child(p->moon, "net", MODE_BEET, "10.1.0.1/32 === 10.2.0.1/32");
	assert_child(p->sun, "net", MODE_BEET, "10.2.0.1/32 === 10.1.0.1/32");
	host_rekey(p->sun, NULL);
	lab_calm(p->lab);
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_child(p->moon, "net", MODE_BEET, "10.1.0.1/32 === 10.2.0.1/32");
}

static void beet_is_not_between_networks(void **state)
{
	struct pair *p = up(state, CHILD("mode = beet"), CHILD("mode = beet"));

	assert_child(p->moon, "net", MODE_TUNNEL, "10.1.0.0/16 === 10.2.0.0/16");
	assert_true(host_said(p->moon, "the peer declines beet mode: CHILD_SA net becomes a tunnel"));
	assert_true(host_said(p->sun, "beet mode is between one address and another"));
}

/* The number says nothing from who does not say that it is strongSwan's: moon has BEET mode only since it is
 * up. */
static void beet_of_a_stranger(void **state)
{
	struct pair *p = up(state, HOST("tunnel"), HOST(BEET));

	host_reload(p->moon, pair_text(state, pair_moon, HOST(BEET)));
	host_up(p->moon, "host", 2);
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_child(p->sun, "host", MODE_TUNNEL, "192.0.2.2/32 === 192.0.2.1/32");
	assert_true(host_said(p->sun, "does not say that it is strongSwan"));
	/* An answer with it means it all the same. */
	host_up(p->sun, "host", 3);
	lab_calm(p->lab);
	host_rekey(p->sun, "host");
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_child(p->sun, "host", MODE_BEET, "192.0.2.2/32 === 192.0.2.1/32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(in_ike_auth),
		PAIR_TEST(in_create_child_sa),
		PAIR_TEST(the_responder_asks),
		PAIR_TEST(narrowed_to_the_ends),
		PAIR_TEST(for_a_packet),
		PAIR_TEST(the_mode_tells_children_apart),
		PAIR_TEST(declined),
		PAIR_TEST(not_asked_for),
		PAIR_TEST(not_between_networks),
		PAIR_TEST(answers_that_were_not_asked_for),
		PAIR_TEST(initiator_behind),
		PAIR_TEST(responder_behind),
		PAIR_TEST(both_behind),
		PAIR_TEST(faked),
		PAIR_TEST(declined_behind_a_nat),
		PAIR_TEST(refused_behind_a_nat),
		PAIR_TEST(the_nat_moves),
		PAIR_TEST(a_port_moves),
		PAIR_TEST(a_rekeying_keeps_the_mode),
		PAIR_TEST(a_new_mode_comes_with_the_rekeying),
		PAIR_TEST(beet),
		PAIR_TEST(beet_is_not_between_networks),
		PAIR_TEST(beet_of_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
