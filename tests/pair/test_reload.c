/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another configuration while SAs are up: what is not touched, what goes on until it is rekeyed, and what
 * ends and begins with it. */
#include "tests/pair/pair.h"

#include <time.h>

#define TRAP     CHILD("start_action = trap")
#define START    CHILD("start_action = start")
#define KEEP     CHILD("keep = yes")
#define WINDOW   CHILD("replay_window = 64")
#define DPD      CONN("dpd_delay = 50s")
#define LANS(l)  LAN_MOON(l)
#define LANS_SUN LAN_SUN("")

enum { MINUTE = 60 * 1000, GIVEN_UP = 200 * 1000 /* longer than a request is repeated */ };

/* Moon's configuration is the usual one with MORE from now on. */
static void reload(void **state, struct pair *p, const char *more)
{
	host_reload(p->moon, pair_text(state, pair_moon, more));
}

static unsigned sas(const struct host *h)
{
	return ike_load(h->ike).sas;
}

static unsigned children(const struct host *h)
{
	return ike_load(h->ike).children;
}

static unsigned traps(const struct host *h)
{
	return datapath_policies(&h->datapath, true);
}

/* The newest SA of H that is up. */
static const struct sa *newest(const struct host *h)
{
	const struct sa *found = NULL;

	list_each (n, &h->ike->sas_list)
		if (node_owner(n, struct sa, of_ike)->core.state == S_UP)
			found = node_owner(n, struct sa, of_ike);
	assert_non_null(found);
	return found;
}

/* A pair with one child that moon has brought up, whose configuration says MORE. */
static struct pair *up_with(void **state, const char *more)
{
	struct pair *p = pair_open(state, more, LANS_SUN);

	lab_calm(p->lab);
	if (!host_child(p->moon, "net"))
		host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	assert_int_equal(sas(p->moon), 1);
	return p;
}

/* ------------------------------------------------------------------ not touched */

/* What a reload with FROM in the place of INTO asks of the data path and of the peer: nothing. */
static void is_not_touched(void **state, const char *from, const char *into)
{
	struct pair *p = up_with(state, from);
	unsigned asked = p->moon->asked, spi = host_child(p->moon, "net")->spi_in;
	uint64_t wake = p->moon->wake;

	reload(state, p, into);
	assert_int_equal(p->moon->asked, asked);
	assert_int_equal(p->moon->wake, wake);
	pair_quiet(p, 10 * MINUTE);
	assert_int_equal(host_child(p->moon, "net")->spi_in, spi);
	assert_int_equal(children(p->moon), children(p->sun));
}

static void the_same_again(void **state)
{
	is_not_touched(state, TRAP LANS("start_action = start"), TRAP LANS("start_action = start"));
}

static void the_same_in_another_place(void **state)
{
	is_not_touched(state, START, "\n\n" START);
}

static void the_same_in_other_words(void **state)
{
	is_not_touched(state, START CONN("over_time = 1h"), START CONN("over_time = 60m\nencap = no"));
}

static void kept_as_before(void **state)
{
	is_not_touched(state, KEEP, KEEP);
}

static void beside_another_connection(void **state)
{
	is_not_touched(state, START,
		START "connections { other { remote_addrs = 192.0.2.77\n local { auth = psk }\n "
		      "remote { auth = psk }\n children { o { remote_ts = 10.77.0.0/16\n } } } }\n");
}

/* Its sibling is another one now. */
static void a_child_beside_a_changed_one(void **state)
{
	is_not_touched(state, START LANS(""), START LANS("replay_window = 64"));
}

static void an_unchanged_trap_stays(void **state)
{
	struct pair *p = pair_open(state, TRAP LANS(""), LANS_SUN);
	uint32_t id = datapath_policy(&p->moon->datapath, true)->id;

	reload(state, p, TRAP LANS("replay_window = 64"));
	assert_int_equal(traps(p->moon), 1);
	assert_int_equal(datapath_policy(&p->moon->datapath, true)->id, id);
	/* Under the new version: it lasts longer than the old one. */
	reload(state, p, TRAP);
	assert_int_equal(datapath_policy(&p->moon->datapath, true)->id, id);
	reload(state, p, NULL);
	assert_int_equal(traps(p->moon), 0);
}

/* ------------------------------------------------------------------ until rekeyed */

static void a_changed_child_runs_on_until_it_is_rekeyed(void **state)
{
	struct pair *p = up_with(state, NULL);
	uint32_t id = host_child(p->moon, "net")->id;

	reload(state, p, WINDOW);
	SILENCE(p->lab);
	assert_int_equal(host_child(p->moon, "net")->id, id);
	assert_int_equal(host_child(p->moon, "net")->conf->replay_window, 1024);
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	assert_int_equal(host_child(p->moon, "net")->conf->replay_window, 64);
	pair_assert_agree(p, 1);
}

static void it_is_rekeyed_by_the_peer(void **state)
{
	struct pair *p = up_with(state, NULL);

	reload(state, p, WINDOW);
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	assert_int_equal(host_child(p->moon, "net")->conf->replay_window, 64);
	pair_assert_agree(p, 1);
}

static void a_changed_connection_runs_on_until_it_is_rekeyed(void **state)
{
	struct pair *p = up_with(state, NULL);

	reload(state, p, CONN("over_time = 99s"));
	SILENCE(p->lab);
	assert_int_not_equal(newest(p->moon)->core.peer->over_time, 99000);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_int_equal(newest(p->moon)->core.peer->over_time, 99000);
	pair_assert_agree(p, 1);
}

static void it_is_authenticated_anew(void **state)
{
	struct pair *p = up_with(state, NULL);

	reload(state, p, CONN("over_time = 99s"));
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_REKEY, .ike = "site", .reauth = true });
	lab_calm(p->lab);
	lab_pass(p->lab, MINUTE);
	assert_int_equal(sas(p->moon), 1);
	assert_int_equal(newest(p->moon)->core.peer->over_time, 99000);
	assert_ptr_equal(host_child(p->moon, "net")->conf->peer, newest(p->moon)->core.peer);
}

/* Its SAs stay, and are rekeyed as they were made, until somebody takes them down. */
static void a_removed_connection_runs_on(void **state)
{
	struct pair *p = up_with(state, TRAP);

	host_reload(p->moon, "connections { }\n");
	assert_int_equal(traps(p->moon), 0);
	host_rekey(p->moon, "net");
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	lab_pass(p->lab, GIVEN_UP);
	pair_assert_empty(p);
	assert_int_equal(p->moon->ike->by_name.count, 0);
}

static void a_removed_child_runs_on(void **state)
{
	struct pair *p = up_with(state, LANS("start_action = none"));

	host_up(p->moon, "lan", 2);
	lab_calm(p->lab);
	reload(state, p, NULL);
	host_rekey(p->moon, "lan");
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
}

/* ------------------------------------------------------------------ undone and done */

/* FROM is in force, its child up; with INTO nothing is left. */
static void is_taken_down(void **state, const char *from, const char *into)
{
	struct pair *p = up_with(state, from);

	host_reload(p->moon, into);
	lab_calm(p->lab);
	assert_int_equal(sas(p->moon), 0);
	assert_int_equal(sas(p->sun), 0);
	lab_pass(p->lab, 60 * MINUTE);
	assert_int_equal(sas(p->moon), 0);
	assert_int_equal(traps(p->moon), 0);
}

static void started_and_removed(void **state)
{
	is_taken_down(state, START, "connections { }\n");
}

static void started_and_to_be_started_no_more(void **state)
{
	is_taken_down(state, START, pair_moon);
}

static void kept_and_removed(void **state)
{
	is_taken_down(state, KEEP, "connections { }\n");
}

static void kept_and_to_be_kept_no_more(void **state)
{
	is_taken_down(state, KEEP, pair_moon);
}

static void trapped_and_started(void **state)
{
	is_taken_down(state, CHILD("start_action = trap|start"), pair_moon);
}

/* The other child of the IKE_SA is as before. */
static void only_the_child_that_was_started(void **state)
{
	struct pair *p = up_with(state, START LANS("start_action = none"));
	uint32_t id = newest(p->moon)->id;

	host_up(p->moon, "lan", 2);
	lab_calm(p->lab);
	reload(state, p, LANS("start_action = none"));
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_non_null(host_child(p->moon, "lan"));
	assert_int_equal(newest(p->moon)->id, id);
}

/* FROM is in force, its child up; with INTO it is replaced by one of the new version. */
static struct pair *is_replaced(void **state, const char *from, const char *into)
{
	struct pair *p = up_with(state, from);
	uint32_t id = host_child(p->moon, "net")->id;

	reload(state, p, into);
	lab_calm(p->lab);
	pair_assert_agree(p, children(p->moon));
	assert_int_not_equal(host_child(p->moon, "net")->id, id);
	return p;
}

static void started_and_changed(void **state)
{
	struct pair *p = is_replaced(state, START, START WINDOW);

	assert_int_equal(children(p->moon), 1);
	assert_int_equal(host_child(p->moon, "net")->conf->replay_window, 64);
}

static void started_in_a_connection_that_is_changed(void **state)
{
	struct pair *p = is_replaced(state, START, START CONN("over_time = 99s"));

	assert_int_equal(newest(p->moon)->core.peer->over_time, 99000);
}

static void kept_and_changed(void **state)
{
	struct pair *p = is_replaced(state, KEEP, KEEP WINDOW);

	assert_int_equal(host_child(p->moon, "net")->conf->replay_window, 64);
	/* And is kept from now on. */
	host_down(p->sun, NULL, 1);
	lab_calm(p->lab);
	lab_pass(p->lab, MINUTE);
	assert_int_equal(children(p->moon), 1);
}

/* On the IKE_SA that its sibling needs. */
static void started_and_changed_beside_another_one(void **state)
{
	struct pair *p = pair_open(state, START LANS("start_action = start"), LANS_SUN);
	uint32_t id, lan;

	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	id = newest(p->moon)->id;
	lan = host_child(p->moon, "lan")->id;
	reload(state, p, START WINDOW LANS("start_action = start"));
	lab_calm(p->lab);
	pair_assert_agree(p, 2);
	assert_int_equal(newest(p->moon)->id, id);
	assert_int_equal(host_child(p->moon, "lan")->id, lan);
	assert_int_equal(host_child(p->moon, "net")->conf->replay_window, 64);
}

static void started_from_now_on(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	reload(state, p, START);
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* It stands already, though nothing here has started it: then it is not started twice. */
static void standing_and_started_from_now_on(void **state)
{
	struct pair *p = up_with(state, NULL);
	uint32_t id = host_child(p->moon, "net")->id;

	reload(state, p, START);
	pair_quiet(p, MINUTE);
	assert_int_equal(host_child(p->moon, "net")->id, id);
}

/* It is being set up: that is given up, and who waits is told. */
static void started_and_removed_before_it_is_up(void **state)
{
	struct pair *p = pair_open(state, START, NULL);

	pair_say_up(p, 7);
	reload(state, p, NULL);
	assert_non_null(host_done(p->moon, 7));
	assert_false(host_done(p->moon, 7)->success);
	lab_calm(p->lab);
	lab_pass(p->lab, GIVEN_UP);
	pair_assert_empty(p);
}

static void started_and_changed_before_it_is_up(void **state)
{
	struct pair *p = pair_open(state, START, NULL);

	reload(state, p, START WINDOW);
	lab_calm(p->lab);
	lab_pass(p->lab, GIVEN_UP);
	pair_assert_up(p);
	assert_int_equal(host_child(p->moon, "net")->conf->replay_window, 64);
}

/* What is lost and to come back comes back as it is configured now. */
static void lost_and_changed(void **state)
{
	static const char back[] = CHILD("close_action = start") CONN("keyingtries = 0");
	struct pair *p = up_with(state, back);
	struct arena arena = { 0 };

	host_down(p->sun, NULL, 1);
	host_stop(p->sun);
	lab_calm(p->lab);
	reload(state, p, arena_printf(&arena, "%s%s", back, WINDOW));
	lab_pass(p->lab, 3 * GIVEN_UP);
	host_start(p->sun);
	lab_pass(p->lab, 2 * GIVEN_UP);
	pair_assert_up(p);
	assert_int_equal(host_child(p->moon, "net")->conf->replay_window, 64);
	arena_free(&arena);
}

/* It is not to come back where it is gone from the configuration. */
static void lost_and_removed(void **state)
{
	struct pair *p = up_with(state, CHILD("close_action = start") CONN("keyingtries = 0"));

	host_down(p->sun, NULL, 1);
	host_stop(p->sun);
	lab_calm(p->lab);
	host_reload(p->moon, "connections { }\n");
	lab_pass(p->lab, 3 * GIVEN_UP);
	assert_int_equal(sas(p->moon), 0);
	assert_int_equal(p->moon->wake, HEAP_NEVER);
}

static void a_trap_is_set_and_taken_away(void **state)
{
	struct pair *p = up_with(state, NULL);
	uint32_t reqid = host_child(p->moon, "net")->reqid;

	reload(state, p, TRAP);
	assert_int_equal(traps(p->moon), 1);
	assert_int_equal(datapath_policy(&p->moon->datapath, true)->reqid, reqid);
	reload(state, p, NULL);
	assert_int_equal(traps(p->moon), 0);
	pair_assert_up(p);
}

/* The old one protects its packets until then. */
static void a_changed_trap_goes_when_its_successor_is_set(void **state)
{
	struct pair *p = pair_open(state, TRAP, NULL);
	const struct policy_spec *old = datapath_policy(&p->moon->datapath, true);
	uint32_t id = old->id, reqid = old->reqid;
	struct ike_event packet = { .kind = EVENT_ACQUIRE,
		.acquire = { id, 0, old->local_ts.v[0], old->remote_ts.v[0] } };

	p->moon->late = 100;
	reload(state, p, TRAP WINDOW);
	p->moon->late = 0;
	assert_int_equal(datapath_policy(&p->moon->datapath, true)->id, id);
	/* What it brings up is of the new version. */
	host_event(p->moon, &packet);
	lab_calm(p->lab);
	assert_int_equal(host_child(p->moon, "net")->conf->replay_window, 64);
	lab_pass(p->lab, MINUTE);
	assert_int_equal(traps(p->moon), 1);
	assert_int_not_equal(datapath_policy(&p->moon->datapath, true)->id, id);
	assert_int_equal(datapath_policy(&p->moon->datapath, true)->reqid, reqid);
}

/* ------------------------------------------------------------------ one at a time */

#define OTHER                                                                                                \
	"connections { other { remote_addrs = 192.0.2.77\n local { auth = psk }\n remote { auth = psk }\n "  \
	"children { o { remote_ts = 10.77.0.0/16\n start_action = trap\n } } } }\n"

/* The connection NAME of moon's is as in CONF now, or gone. */
static void load_one(struct pair *p, const char *name, const char *conf)
{
	struct loaded l = load_text(conf);

	assert_string_equal(l.why, "");
	host_event(p->moon, &(struct ike_event){ .kind = EVENT_CONF,
				    .conf = { .peers = l.conf.peers,
					    .n = l.conf.n_peers,
					    .settings = &l.conf.settings,
					    .only = name } });
	loaded_free(&l);
}

static void one_connection_comes_changes_and_goes(void **state)
{
	struct pair *p = up_with(state, START);
	uint32_t id = host_child(p->moon, "net")->id;

	load_one(p, "other", OTHER);
	assert_int_equal(traps(p->moon), 1);
	load_one(p, "other", OTHER "connections { other { children { o { start_action = none\n } } } }");
	assert_int_equal(traps(p->moon), 0);
	load_one(p, "other", "connections { }");
	load_one(p, "other", "connections { }");
	pair_quiet(p, MINUTE);
	assert_int_equal(host_child(p->moon, "net")->id, id);
	assert_int_equal(p->moon->ike->n_conns, 1);
	load_one(p, "site", "connections { }");
	lab_calm(p->lab);
	assert_int_equal(sas(p->moon), 0);
	assert_int_equal(p->moon->ike->n_conns, 0);
}

static const char *name_at(const struct host *h, unsigned place)
{
	struct node *n = h->ike->conns.next;

	while (place--)
		n = n->next;
	return node_owner(n, struct conn, of_ike)->name;
}

/* The place of a connection decides between those that fit equally well. */
static void the_order_is_that_of_the_configuration(void **state)
{
	struct pair *p = pair_open_conf(state, pair_text(state, OTHER, pair_moon), pair_sun);

	assert_string_equal(name_at(p->moon, 0), "other");
	load_one(p, "other", OTHER "connections { other { rekey_time = 9h\n } }");
	assert_string_equal(name_at(p->moon, 0), "other");
	reload(state, p, OTHER);
	assert_string_equal(name_at(p->moon, 0), "site");
	assert_string_equal(name_at(p->moon, 1), "other");
}

/* ------------------------------------------------------------------------ many */

enum { FEW = 1000, MANY = 10 * FEW, VERSIONS = 2 };

/* Connections with a trap each, of which a core needs to know no more. */
static struct peer *peers[VERSIONS][MANY];

static struct peer *bare(unsigned number, unsigned version)
{
	struct peer *p = peer_new();

	p->name = arena_printf(&p->arena, "c%u", number);
	p->children = ARENA_NEW(&p->arena, struct child_conf);
	p->n_children = 1;
	*p->children = (struct child_conf){
		.name = "n", .group = "n", .peer = p, .start_action = ACTION_TRAP, .content = version
	};
	return p;
}

static void give(struct ike *ike, struct rng *rng, struct peer *const *peers, unsigned n, const char *only)
{
	struct settings settings = settings_default();
	struct arena scratch = { 0 };

	(void)ike_step(ike,
		&(struct ike_event){ .kind = EVENT_CONF,
			.conf = { .peers = peers, .n = n, .settings = &settings, .only = only } },
		1, rng, &scratch);
	arena_free(&scratch);
}

/* N connections come one by one, change one by one, change all together, and go one by one. */
static double come_change_and_go(unsigned n)
{
	struct rng_seeded rng;
	struct ike *ike;
	clock_t start = clock();

	rng_seed(&rng, 1);
	ike = ike_new(&rng.rng);
	for (unsigned v = 0; v < VERSIONS; v++)
		for (unsigned i = 0; i < n; i++)
			give(ike, &rng.rng, &peers[v][i], 1, peers[v][i]->name);
	give(ike, &rng.rng, peers[0], n, NULL);
	assert_int_equal(ike->n_conns, n);
	for (unsigned i = 0; i < n; i++)
		give(ike, &rng.rng, NULL, 0, peers[0][i]->name);
	assert_int_equal(ike->n_conns + ike->by_name.count, 0);
	ike_free(ike);
	return (double)(clock() - start);
}

/* Ten times as many take ten times as long, not a hundred times: the limit lies between. */
static void many_cost_in_proportion_to_their_number(void **state)
{
	double least = 1e9;

	(void)state;
	for (unsigned i = 0; i < VERSIONS * MANY; i++)
		peers[i / MANY][i % MANY] = bare(i % MANY, i / MANY);
	for (unsigned i = 0; i < 3; i++) {
		double few = come_change_and_go(FEW), many = come_change_and_go(MANY);

		least = many / few < least ? many / few : least;
	}
	for (unsigned i = 0; i < VERSIONS * MANY; i++)
		peer_unref(peers[i / MANY][i % MANY]);
	assert_true(least < 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(the_same_again),
		PAIR_TEST(the_same_in_another_place),
		PAIR_TEST(the_same_in_other_words),
		PAIR_TEST(kept_as_before),
		PAIR_TEST(beside_another_connection),
		PAIR_TEST(a_child_beside_a_changed_one),
		PAIR_TEST(an_unchanged_trap_stays),
		PAIR_TEST(a_changed_child_runs_on_until_it_is_rekeyed),
		PAIR_TEST(it_is_rekeyed_by_the_peer),
		PAIR_TEST(a_changed_connection_runs_on_until_it_is_rekeyed),
		PAIR_TEST(it_is_authenticated_anew),
		PAIR_TEST(a_removed_connection_runs_on),
		PAIR_TEST(a_removed_child_runs_on),
		PAIR_TEST(started_and_removed),
		PAIR_TEST(started_and_to_be_started_no_more),
		PAIR_TEST(kept_and_removed),
		PAIR_TEST(kept_and_to_be_kept_no_more),
		PAIR_TEST(trapped_and_started),
		PAIR_TEST(only_the_child_that_was_started),
		PAIR_TEST(started_and_changed),
		PAIR_TEST(started_in_a_connection_that_is_changed),
		PAIR_TEST(kept_and_changed),
		PAIR_TEST(started_and_changed_beside_another_one),
		PAIR_TEST(started_from_now_on),
		PAIR_TEST(standing_and_started_from_now_on),
		PAIR_TEST(started_and_removed_before_it_is_up),
		PAIR_TEST(started_and_changed_before_it_is_up),
		PAIR_TEST(lost_and_changed),
		PAIR_TEST(lost_and_removed),
		PAIR_TEST(a_trap_is_set_and_taken_away),
		PAIR_TEST(a_changed_trap_goes_when_its_successor_is_set),
		PAIR_TEST(one_connection_comes_changes_and_goes),
		PAIR_TEST(the_order_is_that_of_the_configuration),
		cmocka_unit_test(many_cost_in_proportion_to_their_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
