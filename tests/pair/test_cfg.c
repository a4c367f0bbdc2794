/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual addresses: moon asks, sun gives (RFC 7296, 2.19). */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define INIT_ASKS    "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_ANSWERS "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_ASKS    "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, CP, SA, TSi, TSr}"
#define AUTH_ANSWERS "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, CP, SA, TSi, TSr}"
#define AUTH_PLAIN   "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define DELETED                                                                                              \
	"moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}", "moon <-- sun  INFORMATIONAL response 2: SK "  \
							      "{}"

#define POOL(addrs)  "pools { rw { addrs = " addrs "\n dns = 10.2.0.53\n 25 = example.org\n } }\n"
#define POOL6        "pools { rw6 { addrs = 2001:db8:3::/120\n dns = 2001:db8:2::53\n } }\n"
#define CLIENT(vips) CONN("vips = " vips) CHILD("local_ts = dynamic")
#define GATEWAY      CONN("pools = rw, rw6") CHILD("remote_ts = dynamic")
#define ASKS         CLIENT("0.0.0.0")
#define GIVES        GATEWAY POOL("10.3.0.0/24") POOL6

static const char *ts_of(struct host *h, bool local, struct arena *arena)
{
	const struct child *c = host_child(h, "net");

	return tss_print(local ? c->local_ts : c->remote_ts, arena);
}

/* Moon has the addresses IPS, and both know it. */
static void assert_has_vips(struct pair *p, const char *ips, const char *selectors)
{
	struct arena arena = { 0 };
	struct text t = text_in(&arena);
	const struct vips *moon = &forge_sa_up(p->moon)->core.vips, *sun = &forge_sa_up(p->sun)->core.vips;
	char one[IP_TEXT];

	for (unsigned i = 0; i < moon->n; i++)
		text_add(&t, "%s%s", i ? " " : "", ip_print(&moon->v[i], one));
	assert_string_equal(text_str(&t), ips);
	assert_int_equal(moon->n, sun->n);
	assert_memory_equal(moon->v, sun->v, moon->n * sizeof *moon->v);
	assert_string_equal(ts_of(p->moon, true, &arena), selectors);
	assert_string_equal(ts_of(p->sun, false, &arena), selectors);
	arena_free(&arena);
}

/* So many addresses of moon, and so many in use at sun. */
static void assert_in_use(struct pair *p, unsigned moon, unsigned sun)
{
	unsigned users = 0;

	list_each (k, &p->sun->leases.all)
		users += node_owner(k, struct lease, of_all)->users;
	assert_int_equal(p->moon->n_vips, moon);
	assert_int_equal(users, sun);
}

static void up(struct pair *p)
{
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_true(host_done(p->moon, 1)->success);
}

/* ------------------------------------------------------------------ given */

static void an_address_is_asked_for_and_given(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);
	struct arena arena = { 0 };
	unsigned n;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS, AUTH_ANSWERS);
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
	assert_in_use(p, 1, 1);
	assert_true(host_said(p->moon, "the gateway names DNS servers: 10.2.0.53"));
	assert_true(host_said(p->moon, "domains whose names are to be asked there: example.org"));
	assert_int_equal(host_records(p->moon, &arena, &n)->n_dns, 2);
	assert_int_equal(host_records(p->moon, &arena, &n)->domains.n, 1);
	assert_string_equal(host_records(p->moon, &arena, &n)->domains.v[0], "example.org");
	assert_int_equal(host_records(p->moon, &arena, &n)->local_vips.n, 1);
	assert_int_equal(host_records(p->moon, &arena, &n)->remote_vips.n, 0);
	assert_int_equal(host_records(p->sun, &arena, &n)->remote_vips.n, 1);
	arena_free(&arena);
}

static void both_families_are_given(void **state)
{
	struct pair *p = pair_open(state, CLIENT("0.0.0.0, ::"), GIVES);

	up(p);
	assert_has_vips(p, "10.3.0.1 2001:db8:3::1", "10.3.0.1/32 2001:db8:3::1/128");
	assert_in_use(p, 2, 2);
}

/* Of two families one is better than nothing. */
static void one_family_of_two_is_enough(void **state)
{
	struct pair *p = pair_open(state, CLIENT("0.0.0.0, ::"),
		CONN("pools = rw") CHILD("remote_ts = dynamic") POOL("10.3.0.0/24"));

	up(p);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
}

static void a_certain_address_is_given_where_it_is_free(void **state)
{
	struct pair *p = pair_open(state, CLIENT("10.3.0.77"), GIVES);

	up(p);
	assert_has_vips(p, "10.3.0.77", "10.3.0.77/32");
}

static void another_is_given_for_one_outside_of_the_pool(void **state)
{
	struct pair *p = pair_open(state, CLIENT("10.4.0.77") CHILD("local_ts = 0.0.0.0/0"), GIVES);

	up(p);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
}

/* A gateway that takes everything from us does not get it. */
static void what_is_not_ours_is_left_out(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES CHILD("remote_ts = 0.0.0.0/0"));
	struct arena arena = { 0 };

	up(p);
	assert_string_equal(ts_of(p->sun, false, &arena), "0.0.0.0/0");
	assert_string_equal(ts_of(p->moon, true, &arena), "10.3.0.1/32");
	arena_free(&arena);
}

/* What a peer is told of names inside is for those that ask. */
static void who_does_not_ask_for_domains_is_not_told(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);
	static const uint8_t any[] = { 0, 1, 0, 0, 0, 3, 0, 0 };
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.cp.attributes = bytes_of(any, sizeof any);
	forge_change(f, &m);
	lab_deliver(p->lab, f);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	assert_int_equal(m.cp.attributes.n, 8 + 8 + 20);
	lab_calm(p->lab);
	pair_assert_up(p);
	arena_free(&arena);
}

/* What could not be a line of /etc/resolv.conf, or would be several, is no domain. */
static void domains_that_are_none_are_not_taken(void **state)
{
	static const uint8_t evil[] = "\0\1\0\4\12\3\0\1\0\31\0\16x.org\nnameserv\0\31\0\4a..b\0\31\0\4-a.b"
				      "\0\31\0\3a.-\0\31\0\7_a.b-1.\0\31\0\1.";
	struct pair *p = pair_open(state, ASKS, GIVES);
	struct arena arena = { 0 };
	const struct sa_record *r;
	struct message m;
	struct flight *f;
	unsigned n;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.cp.attributes = bytes_of(evil, sizeof evil - 1);
	forge_change(f, &m);
	lab_calm(p->lab);
	r = host_records(p->moon, &arena, &n);
	assert_int_equal(r->domains.n, 1);
	assert_string_equal(r->domains.v[0], "_a.b-1");
	assert_true(host_said(p->moon, "a domain that is none, and is not taken"));
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	r = host_records(p->moon, &arena, &n);
	assert_string_equal(r->domains.v[0], "_a.b-1");
	arena_free(&arena);
}

/* Whoever asks gets what is said of names in the same order as it is written. */
static void who_asks_for_domains_is_told(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	assert_int_equal(m.cp.type, 2);
	assert_memory_equal(
		m.cp.attributes.p, "\0\1\0\4\12\3\0\1\0\3\0\4\12\2\0\65\0\31\0\13example.org", 31);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ not given */

static void nobody_asks_and_nobody_gives(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_PLAIN,
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	pair_assert_up(p);
}

/* The addresses go to others while moon is away: here they are never free. */
static void a_pool_may_be_empty(void **state)
{
	struct pair *p =
		pair_open(state, ASKS, CONN("pools = rw") CHILD("remote_ts = dynamic") POOL("10.3.0.7"));
	const struct id other = { ID_FQDN, bytes_str("other") };
	const struct vip_pool *pool = p->sun->conf.conf.pools;
	struct ip ip = { .v = 4 };
	const struct lease_request r = { .pools = &pool, .n_pools = 1, .id = &other, .wanted = ip };

	assert_int_equal(leases_get(&p->sun->leases, &r, &ip), ERR_OK);
	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS,
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, N(INTERNAL_ADDRESS_FAILURE)}", DELETED);
	assert_string_equal(host_why(p->sun)->what, "there is no virtual address left for 192.0.2.1");
	assert_string_equal(host_why(p->sun)->configured, "rw (10.3.0.7-10.3.0.7, 1 in use)");
	assert_string_equal(host_why(p->moon)->what, "the gateway has no virtual address for us");
	assert_non_null(strstr(host_why(p->moon)->where, "connections.site.vips"));
	assert_false(host_done(p->moon, 1)->success);
	assert_in_use(p, 0, 1);
	pair_assert_empty_later(p);
}

static void there_may_be_no_pool(void **state)
{
	struct pair *p = pair_open_up(state, ASKS, CHILD("remote_ts = dynamic"));

	assert_string_equal(host_why(p->sun)->what,
		"192.0.2.1 asks for a virtual address, and connection site has no pools");
	assert_false(host_done(p->moon, 1)->success);
}

static void a_pool_that_is_named_may_not_be_there(void **state)
{
	struct pair *p = pair_open_up(state, ASKS, CONN("pools = lost") CHILD("remote_ts = dynamic"));

	assert_non_null(strstr(host_why(p->sun)->what, "the pool lost is not configured"));
}

static void the_gateway_may_insist(void **state)
{
	struct pair *p = pair_open(state, NULL, GIVES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_PLAIN,
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, N(FAILED_CP_REQUIRED)}", DELETED);
	assert_non_null(strstr(host_why(p->sun)->what, "does not ask for a virtual address"));
	assert_string_equal(host_why(p->moon)->notify, "FAILED_CP_REQUIRED");
	assert_non_null(strstr(host_why(p->moon)->instead, "vips = 0.0.0.0"));
	pair_assert_empty_later(p);
}

static void a_gateway_that_gives_nothing_is_left(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.has &= ~PAYLOAD_BIT(PAYLOAD_CP);
	forge_change(f, &m);
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}", DELETED);
	assert_string_equal(
		host_why(p->moon)->what, "the gateway gives no virtual address, though it was asked for one");
	assert_in_use(p, 0, 0);
	pair_assert_empty_later(p);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ not right */

/* Sun answers with ATTRIBUTES. */
static struct pair *answered(void **state, const char *attributes, size_t n)
{
	struct pair *p = pair_open(state, ASKS, GIVES);
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.cp.attributes = bytes_of(attributes, n);
	forge_change(f, &m);
	lab_calm(p->lab);
	arena_free(&arena);
	return p;
}

static void an_answer_may_be_wrong(void **state)
{
	static const struct {
		const char *attributes, *what;
		size_t n;
	} cases[] = {
		{ "\0\1\0\3\12\3\0", "the gateway's virtual address is none: it has a wrong length", 7 },
		{ "\0\1\0\0", "the gateway gives no virtual address, though it was asked for one", 4 },
		{ "\0\1\0\4\177\0\0\1", "the gateway gives no virtual address, though it was asked for one",
			8 },
		{ "\0\1\0\4\340\0\0\1", "the gateway gives no virtual address, though it was asked for one",
			8 },
		/* Of a family that was not asked for. */
		{ "\0\10\0\21\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\200",
			"the gateway gives no virtual address, though it was asked for one", 21 },
		/* What nobody knows. */
		{ "\177\377\0\2ab", "the gateway gives no virtual address, though it was asked for one", 6 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pair *p = answered(state, cases[i].attributes, cases[i].n);

		assert_string_equal(host_why(p->moon)->what, cases[i].what);
		assert_false(host_done(p->moon, 1)->success);
		assert_in_use(p, 0, 0);
		pair_assert_empty_later(p);
		assert_int_equal(pair_close(state), 0);
	}
}

static void unknown_attributes_and_wrong_servers_are_passed_over(void **state)
{
	struct pair *p =
		answered(state, "\177\377\0\0\0\3\0\3abc\0\3\0\4\12\2\0\7\200\1\0\4\12\3\0\1\0\15\0\1x", 32);

	assert_true(host_done(p->moon, 1)->success);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
	assert_true(host_said(p->moon, "the gateway names DNS servers: 10.2.0.7"));
}

static void a_request_may_be_wrong(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.cp.attributes = bytes_of("\0\1\0\5abcde", 9);
	forge_change(f, &m);
	ARROWS(p->lab, AUTH_ASKS, "moon <-- sun  IKE_AUTH response 1: SK {N(INVALID_SYNTAX)}");
	assert_string_equal(host_why(p->sun)->what, "the peer asks for a virtual address of a wrong length");
	assert_in_use(p, 0, 0);
	pair_assert_empty_later(p);
	arena_free(&arena);
}

/* So many addresses as nobody needs: a few are given. */
static void more_addresses_than_anybody_needs_are_not_given(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);
	static uint8_t many[4 * 100];
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	for (unsigned i = 0; i < 100; i++)
		many[4 * i + 1] = 1;
	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.cp.attributes = bytes_of(many, sizeof many);
	forge_change(f, &m);
	lab_calm(p->lab);
	assert_has_vips(
		p, "10.3.0.1 10.3.0.2 10.3.0.3 10.3.0.4", "10.3.0.1/32 10.3.0.2/32 10.3.0.3/32 10.3.0.4/32");
	arena_free(&arena);
}

/* ------------------------------------------------------------------ its life */

static void an_address_goes_with_the_ike_sa_and_comes_again(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);

	up(p);
	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	assert_in_use(p, 0, 0);
	pair_assert_empty_later(p);
	up(p);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
	assert_int_equal(p->sun->leases.n, 1);
}

static void a_rekeyed_ike_sa_keeps_its_address(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);

	up(p);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
	assert_in_use(p, 1, 1);
	host_rekey(p->sun, NULL);
	lab_calm(p->lab);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
	assert_in_use(p, 1, 1);
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
	host_down(p->sun, NULL, 2);
	lab_calm(p->lab);
	assert_in_use(p, 0, 0);
}

static void who_authenticates_anew_keeps_its_address(void **state)
{
	struct pair *p = pair_open(state,
		ASKS CONN("reauth_time = 1h\n rand_time = 0") DAEMON("make_before_break = yes"), GIVES);

	up(p);
	lab_pass(p->lab, 3600 * 1000 - 1000);
	assert_in_use(p, 1, 1);
	lab_pass(p->lab, 2000);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	lab_pass(p->lab, 100 * 1000);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
	assert_in_use(p, 1, 1);
}

/* Who comes again without a word of farewell may be somebody else, unless it says that it is not. */
static void who_has_crashed_gets_its_address_again(void **state)
{
	struct pair *p = pair_open(state, ASKS CONN("unique = no"), GIVES CONN("unique = no"));

	up(p);
	host_stop(p->moon);
	host_start(p->moon);
	up(p);
	assert_has_vips(p, "10.3.0.1", "10.3.0.1/32");
	assert_in_use(p, 1, 1);
}

static void two_machines_of_one_identity_have_two_addresses(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);

	up(p);
	host_stop(p->moon);
	host_start(p->moon);
	pair_say_up(p, 2);
	lab_calm(p->lab);
	assert_string_equal("10.3.0.2", ip_print(&p->moon->vips[0], (char[IP_TEXT]){ 0 }));
	assert_in_use(p, 1, 2);
}

static void a_gateway_that_restarts_knows_who_had_what(void **state)
{
	struct pair *p = pair_open(state, CLIENT("10.3.0.9"), GIVES);

	up(p);
	assert_has_vips(p, "10.3.0.9", "10.3.0.9/32");
	host_down_force(p->moon, NULL, 2);
	host_stop(p->sun);
	host_start(p->sun);
	lab_calm(p->lab);
	host_reload(p->moon, pair_text(state, pair_moon, ASKS));
	up(p);
	assert_has_vips(p, "10.3.0.9", "10.3.0.9/32");
	assert_in_use(p, 1, 1);
}

/* Its route may have had the address as source. */
static void a_trap_is_set_anew_when_an_address_goes(void **state)
{
	struct pair *p = pair_open(state, ASKS CHILD("start_action = trap"), GIVES);
	uint32_t before = datapath_policy(&p->moon->datapath, true)->id;

	up(p);
	assert_int_equal(datapath_policy(&p->moon->datapath, true)->id, before);
	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	assert_int_equal(datapath_policies(&p->moon->datapath, true), 1);
	assert_int_not_equal(datapath_policy(&p->moon->datapath, true)->id, before);
}

/* The question's answer comes when nobody waits for it any more. */
static void an_address_for_who_has_gone_goes_back(void **state)
{
	struct pair *p = pair_open(state, ASKS, GIVES);

	p->sun->silent = ASKED_LEASE;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_in_use(p, 0, 1);
	lab_pass(p->lab, 60 * 1000);
	assert_false(host_done(p->moon, 1)->success);
	assert_in_use(p, 0, 1);
	host_answer(p->sun, false);
	assert_in_use(p, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(an_address_is_asked_for_and_given),
		PAIR_TEST(both_families_are_given),
		PAIR_TEST(one_family_of_two_is_enough),
		PAIR_TEST(a_certain_address_is_given_where_it_is_free),
		PAIR_TEST(another_is_given_for_one_outside_of_the_pool),
		PAIR_TEST(what_is_not_ours_is_left_out),
		PAIR_TEST(who_does_not_ask_for_domains_is_not_told),
		PAIR_TEST(domains_that_are_none_are_not_taken),
		PAIR_TEST(who_asks_for_domains_is_told),
		PAIR_TEST(nobody_asks_and_nobody_gives),
		PAIR_TEST(a_pool_may_be_empty),
		PAIR_TEST(there_may_be_no_pool),
		PAIR_TEST(a_pool_that_is_named_may_not_be_there),
		PAIR_TEST(the_gateway_may_insist),
		PAIR_TEST(a_gateway_that_gives_nothing_is_left),
		PAIR_TEST(an_answer_may_be_wrong),
		PAIR_TEST(unknown_attributes_and_wrong_servers_are_passed_over),
		PAIR_TEST(a_request_may_be_wrong),
		PAIR_TEST(more_addresses_than_anybody_needs_are_not_given),
		PAIR_TEST(an_address_goes_with_the_ike_sa_and_comes_again),
		PAIR_TEST(a_rekeyed_ike_sa_keeps_its_address),
		PAIR_TEST(who_authenticates_anew_keeps_its_address),
		PAIR_TEST(who_has_crashed_gets_its_address_again),
		PAIR_TEST(two_machines_of_one_identity_have_two_addresses),
		PAIR_TEST(a_gateway_that_restarts_knows_who_had_what),
		PAIR_TEST(a_trap_is_set_anew_when_an_address_goes),
		PAIR_TEST(an_address_for_who_has_gone_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
