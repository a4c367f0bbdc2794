/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SAs for CPUs (RFC 9611): packets ask for them, both ends give them CPUs of their own, and each is replaced
 * and goes without the others. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define PER_CPU CHILD("per_cpu_sas = yes") DAEMON("cpus = 4")
#define REQUEST(mid)                                                                                         \
	"moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr, N(SA_RESOURCE_INFO)}"
#define RESPONSE(mid)                                                                                        \
	"moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, Nonce, TSi, TSr, N(SA_RESOURCE_INFO)}"

/* The general one is up; moon's next request is 2. */
static struct pair *open_as(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	return p;
}

static struct pair *open(void **state)
{
	return open_as(state, PER_CPU, PER_CPU);
}

/* A packet of H meets the policy of "net" on CPU, which has no SA of its own. */
static void packet_on(struct host *h, uint32_t cpu)
{
	struct ike_event e = { .kind = EVENT_ACQUIRE };

	e.acquire.policy = datapath_policy(&h->datapath, false)->id;
	e.acquire.resource = cpu + 1;
	e.acquire.local = datapath_policy(&h->datapath, false)->local_ts.v[0];
	e.acquire.remote = datapath_policy(&h->datapath, false)->remote_ts.v[0];
	host_event(h, &e);
}

/* The child of H for CPU; NULL: there is none that stands. */
static struct child *for_cpu(const struct host *h, uint32_t cpu)
{
	list_each (n, (struct node *)&forge_sa(h)->children) {
		struct child *c = node_owner(n, struct child, of_sa);

		if (c->resource == cpu + 1 && c->state == CHILD_INSTALLED && !c->successor)
			return c;
	}
	return NULL;
}

static struct child *general(const struct host *h)
{
	return for_cpu(h, UINT32_MAX);
}

static void use(struct host *h, const struct child *c)
{
	host_event(h, &(struct ike_event){ .kind = EVENT_USED, .used.child = c->id });
}

/* The SA that packets of H leave by that CPU sends. */
static uint32_t sender(const struct host *h, uint32_t cpu)
{
	const struct dp_policy *p = node_owner(h->datapath.policies.prev, struct dp_policy, node);

	return datapath_sender_of(&h->datapath, p, cpu + 1)->spec.child;
}

/* Packets come to the thread of the CPU whose SA they come on. */
static void assert_spis_tell(struct pair *p, uint32_t cpus)
{
	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		assert_int_equal(for_cpu(p->moon, cpu)->spi_in % cpus, cpu);
		assert_int_equal(for_cpu(p->sun, cpu)->spi_in % cpus, cpu);
	}
}

/* What SA_RESOURCE_INFO of the message in the air says. */
static const char *said(struct pair *p, struct arena *arena)
{
	const struct flight *f = lab_first(p->lab);
	const struct wire_notify *n;
	struct text out = text_in(arena);
	struct message m;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), arena, &m));
	n = message_notify(&m, SA_RESOURCE_INFO);
	assert_non_null(n);
	for (size_t i = 0; i < n->data.n; i++)
		text_add(&out, "%02x", n->data.p[i]);
	return text_str(&out);
}

/* ------------------------------------------------------------------ the general one */

static void the_first_one_is_the_general_one(void **state)
{
	struct pair *p = pair_open(state, PER_CPU, PER_CPU);
	struct arena arena = { 0 };

	host_up(p->moon, "net", 1);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	assert_string_equal(said(p, &arena), "");
	lab_deliver(p->lab, lab_first(p->lab));
	assert_string_equal(said(p, &arena), "");
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_true(general(p->moon)->per_cpu && general(p->sun)->per_cpu);
	assert_true(datapath_policy(&p->moon->datapath, false)->per_cpu);
	assert_false(datapath_sa(&p->moon->datapath, false, 0)->patient);
	arena_free(&arena);
}

static void with_a_peer_that_has_none_there_is_the_general_one_alone(void **state)
{
	struct pair *p = open_as(state, PER_CPU, NULL);

	assert_false(host_child(p->moon, "net")->per_cpu || host_child(p->sun, "net")->per_cpu);
	assert_false(datapath_policy(&p->moon->datapath, false)->per_cpu);
	packet_on(p->moon, 1);
	SILENCE(p->lab);
	pair_assert_up(p);
}

static void nobody_speaks_of_it_where_it_is_not_configured(void **state)
{
	struct pair *p = open_as(state, NULL, PER_CPU);

	assert_false(host_child(p->moon, "net")->per_cpu || host_child(p->sun, "net")->per_cpu);
	packet_on(p->sun, 1);
	SILENCE(p->lab);
}

/* ------------------------------------------------------------------ for CPUs */

static void a_packet_asks_for_one_for_its_cpu(void **state)
{
	struct pair *p = open(state);
	struct arena arena = { 0 };
	struct child *c;

	packet_on(p->moon, 1);
	packet_on(p->moon, 1); /* one is enough */
	assert_string_equal(said(p, &arena), "00000001");
	ARROWS(p->lab, REQUEST(2));
	assert_string_equal(said(p, &arena), "00000003");
	ARROWS(p->lab, RESPONSE(2));
	SILENCE(p->lab);
	c = for_cpu(p->moon, 1);
	assert_non_null(c);
	assert_int_equal(c->reqid, general(p->moon)->reqid);
	assert_int_equal(c->policy, general(p->moon)->policy);
	assert_int_equal(sender(p->moon, 1), c->id);
	assert_int_equal(sender(p->moon, 0), general(p->moon)->id);
	/* Of its CPUs the peer takes the last. It sends there when it is used here. */
	assert_int_equal(sender(p->sun, 3), general(p->sun)->id);
	use(p->sun, for_cpu(p->sun, 3));
	assert_int_equal(sender(p->sun, 3), for_cpu(p->sun, 3)->id);
	assert_true(datapath_find(&p->sun->datapath, for_cpu(p->sun, 3)->id, false)->spec.patient);
	assert_false(datapath_find(&p->moon->datapath, c->id, false)->spec.patient);
	packet_on(p->moon, 1);
	SILENCE(p->lab);
	pair_assert_agree(p, 2);
	arena_free(&arena);
}

static void who_answers_sends_on_it_after_a_time(void **state)
{
	struct pair *p = open(state);

	packet_on(p->moon, 0);
	lab_calm(p->lab);
	lab_pass(p->lab, SWITCH_TIME);
	assert_int_equal(sender(p->sun, 3), for_cpu(p->sun, 3)->id);
}

static void each_cpu_gets_its_own(void **state)
{
	struct pair *p = open(state);

	for (uint32_t cpu = 0; cpu < 4; cpu++)
		packet_on(p->moon, cpu);
	lab_calm(p->lab);
	lab_pass(p->lab, SWITCH_TIME);
	for (uint32_t cpu = 0; cpu < 4; cpu++) {
		assert_int_equal(sender(p->moon, cpu), for_cpu(p->moon, cpu)->id);
		assert_int_equal(sender(p->sun, cpu), for_cpu(p->sun, cpu)->id);
	}
	packet_on(p->sun, 2);
	SILENCE(p->lab);
	pair_assert_agree(p, 5);
	assert_spis_tell(p, 4);
}

/* A machine with fewer CPUs than its peer has several for one. */
static void an_end_with_fewer_cpus_shares_them_out(void **state)
{
	struct pair *p = open_as(state, PER_CPU, CHILD("per_cpu_sas = yes") DAEMON("cpus = 2"));
	unsigned counts[3] = { 0 };

	for (uint32_t cpu = 0; cpu < 4; cpu++)
		packet_on(p->moon, cpu);
	lab_calm(p->lab);
	list_each (n, &forge_sa(p->sun)->children)
		counts[node_owner(n, struct child, of_sa)->resource]++;
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 2);
	assert_int_equal(counts[2], 2);
}

static void both_ends_ask_at_once(void **state)
{
	struct pair *p = open(state);

	packet_on(p->moon, 0);
	packet_on(p->sun, 1);
	lab_calm(p->lab);
	lab_pass(p->lab, SWITCH_TIME);
	assert_non_null(for_cpu(p->moon, 0));
	assert_non_null(for_cpu(p->sun, 1));
	pair_assert_agree(p, 3);
}

/* What the peer's exchange is just making for this CPU is waited for. */
static void one_that_the_peer_is_making_is_not_asked_for(void **state)
{
	struct pair *p = open(state);

	p->moon->late = 1000;
	packet_on(p->sun, 0);
	lab_deliver(p->lab, lab_first(p->lab));
	packet_on(p->moon, 3);
	lab_pass(p->lab, SWITCH_TIME + 2000);
	p->moon->late = 0;
	assert_int_equal(sender(p->moon, 3), for_cpu(p->moon, 3)->id);
	pair_assert_agree(p, 2);
}

/* Who says nothing of it makes a further one; from here it is for the CPU all the same. */
static void a_peer_that_says_nothing_makes_one_too(void **state)
{
	struct pair *p = open(state);

	host_reload(p->sun, pair_text(state, pair_sun, CHILD("per_cpu_sas = no") DAEMON("cpus = 4")));
	packet_on(p->moon, 1);
	ARROWS(p->lab, REQUEST(2), "moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, Nonce, TSi, TSr}");
	assert_int_equal(sender(p->moon, 1), for_cpu(p->moon, 1)->id);
	packet_on(p->moon, 1);
	SILENCE(p->lab);
	assert_int_equal(ike_load(p->sun->ike).children, 2);
}

static void other_selectors_are_not_taken(void **state)
{
	struct pair *p = open(state);
	struct arena arena = { 0 };
	struct flight *f;
	struct message m;
	struct ts narrow;

	packet_on(p->moon, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	assert_int_equal(ts_parse("10.1.7.0/24", &narrow), ERR_OK);
	m.tsi = (struct tss){ &narrow, 1 };
	forge_change(f, &m);
	lab_calm(p->lab);
	assert_true(host_said(p->moon, "the peer chose other traffic selectors"));
	assert_null(for_cpu(p->moon, 1));
	packet_on(p->moon, 1);
	SILENCE(p->lab);
	pair_assert_agree(p, 1);
	arena_free(&arena);
}

static void in_transport_mode_too(void **state)
{
	struct pair *p =
		open_as(state, PER_CPU CHILD("mode = transport\n local_ts = dynamic\n remote_ts = dynamic"),
			PER_CPU CHILD("mode = transport\n local_ts = dynamic\n remote_ts = dynamic"));

	packet_on(p->moon, 1);
	lab_calm(p->lab);
	lab_pass(p->lab, SWITCH_TIME);
	assert_int_equal(for_cpu(p->moon, 1)->mode, MODE_TRANSPORT);
	assert_int_equal(sender(p->sun, 3), for_cpu(p->sun, 3)->id);
	pair_assert_agree(p, 2);
}

/* ------------------------------------------------------------------ too many */

#define MANY CHILD("per_cpu_sas = yes") DAEMON("cpus = 100")
#define FEW  CHILD("per_cpu_sas = yes") DAEMON("cpus = 1")

static void ask_for(struct pair *p, unsigned n)
{
	for (uint32_t cpu = 0; cpu < n; cpu++) {
		packet_on(p->moon, cpu);
		lab_calm(p->lab);
	}
}

static void one_too_many_is_refused(void **state)
{
	struct pair *p = open_as(state, MANY, FEW);

	ask_for(p, RESOURCES_MAX);
	assert_int_equal(ike_load(p->sun->ike).children, RESOURCES_MAX + 1);
	packet_on(p->moon, RESOURCES_MAX);
	lab_deliver(p->lab, lab_first(p->lab));
	ARROWS(p->lab, "moon <-- sun  CREATE_CHILD_SA response 66: SK {N(TS_MAX_QUEUE)}");
	assert_true(host_said(p->moon, "the peer makes no further SA of CHILD_SA net (TS_MAX_QUEUE)"));
	assert_true(host_said(p->sun, "the peer wants another SA of CHILD_SA net for one of its CPUs"));
	packet_on(p->moon, RESOURCES_MAX + 1);
	SILENCE(p->lab);
}

static void there_is_room_when_one_has_gone(void **state)
{
	struct pair *p = open_as(state, MANY, FEW);

	ask_for(p, RESOURCES_MAX + 1);
	host_command(
		p->moon, &(struct ike_command){
				 .kind = COMMAND_DOWN, .ticket = 2, .child_id = for_cpu(p->moon, 5)->id });
	lab_calm(p->lab);
	packet_on(p->moon, RESOURCES_MAX);
	lab_calm(p->lab);
	assert_non_null(for_cpu(p->moon, RESOURCES_MAX));
}

static void no_more_are_asked_for_than_there_may_be(void **state)
{
	struct pair *p = open_as(state, FEW, MANY);

	ask_for(p, RESOURCES_MAX);
	packet_on(p->moon, RESOURCES_MAX);
	SILENCE(p->lab);
}

/* ------------------------------------------------------------------ replaced */

static struct pair *open_two(void **state)
{
	struct pair *p = open(state);

	packet_on(p->moon, 1);
	lab_calm(p->lab);
	lab_pass(p->lab, SWITCH_TIME);
	traffic_begin(&p->traffic, p->lab);
	return p;
}

static void rekey(struct host *h, const struct child *c)
{
	host_command(h, &(struct ike_command){ .kind = COMMAND_REKEY, .child_id = c->id });
}

static void down(struct host *h, const struct child *c)
{
	host_command(h, &(struct ike_command){ .kind = COMMAND_DOWN, .ticket = 9, .child_id = c->id });
}

/* FIRST and SECOND: both ends. */
static void rekey_all(struct pair *p, struct host *h)
{
	uint32_t policy = general(h)->policy, moons = for_cpu(p->moon, 1)->id, suns = for_cpu(p->sun, 3)->id;

	rekey(h, for_cpu(h, h == p->moon ? 1 : 3));
	lab_pass(p->lab, 1000);
	rekey(h, general(h));
	lab_pass(p->lab, SWITCH_TIME + 1000);
	assert_int_not_equal(for_cpu(p->moon, 1)->id, moons);
	assert_int_not_equal(for_cpu(p->sun, 3)->id, suns);
	assert_int_equal(sender(p->moon, 1), for_cpu(p->moon, 1)->id);
	assert_int_equal(sender(p->sun, 3), for_cpu(p->sun, 3)->id);
	assert_int_equal(sender(p->moon, 0), general(p->moon)->id);
	assert_int_equal(for_cpu(p->moon, 1)->spi_in % 4, 1);
	assert_int_equal(for_cpu(p->sun, 3)->spi_in % 4, 3);
	assert_int_equal(general(h)->policy, policy);
	traffic_end(&p->traffic);
	pair_assert_agree(p, 2);
}

static void a_rekeying_keeps_the_cpu(void **state)
{
	struct pair *p = open_two(state);

	rekey_all(p, p->moon);
}

static void who_answers_a_rekeying_keeps_it_too(void **state)
{
	struct pair *p = open_two(state);

	rekey_all(p, p->sun);
}

static void both_rekey_it_at_once(void **state)
{
	struct pair *p = open_two(state);

	rekey(p->moon, for_cpu(p->moon, 1));
	rekey(p->sun, for_cpu(p->sun, 3));
	lab_pass(p->lab, REKEYED_TIME);
	assert_int_equal(sender(p->moon, 1), for_cpu(p->moon, 1)->id);
	traffic_end(&p->traffic);
	pair_assert_agree(p, 2);
}

/* Until the other end can open it. */
static void who_answers_a_rekeying_waits_with_the_new_one(void **state)
{
	struct pair *p = open_two(state);
	uint32_t old = for_cpu(p->sun, 3)->id;

	traffic_end(&p->traffic);
	rekey(p->moon, for_cpu(p->moon, 1));
	lab_deliver(p->lab, lab_first(p->lab));
	assert_int_equal(sender(p->sun, 3), old);
	assert_true(datapath_find(&p->sun->datapath, for_cpu(p->sun, 3)->id, false)->spec.patient);
	lab_calm(p->lab);
	assert_int_equal(sender(p->sun, 3), for_cpu(p->sun, 3)->id);
}

/* With other selectors they have another policy, all the same one. */
static void replaced_with_other_selectors_they_stay_together(void **state)
{
	for (unsigned first = 0; first < 2; first++) {
		struct pair *p = open(state);
		uint32_t policy = general(p->moon)->policy;

		packet_on(p->moon, 1);
		lab_calm(p->lab);
		host_reload(p->moon, pair_text(state, pair_moon, PER_CPU CHILD("local_ts = 10.1.7.0/24")));
		rekey(p->moon, first ? general(p->moon) : for_cpu(p->moon, 1));
		lab_deliver(p->lab, lab_first(p->lab));
		lab_calm(p->lab);
		rekey(p->moon, first ? for_cpu(p->moon, 1) : general(p->moon));
		lab_calm(p->lab);
		lab_pass(p->lab, SWITCH_TIME);
		assert_int_not_equal(general(p->moon)->policy, policy);
		assert_int_equal(general(p->moon)->policy, for_cpu(p->moon, 1)->policy);
		assert_int_equal(general(p->sun)->policy, for_cpu(p->sun, 3)->policy);
		assert_int_equal(sender(p->moon, 1), for_cpu(p->moon, 1)->id);
		assert_int_equal(sender(p->sun, 3), for_cpu(p->sun, 3)->id);
		pair_assert_agree(p, 2);
		assert_int_equal(pair_close(state), 0);
	}
}

/* When its time to be replaced has come. */
static void one_that_is_configured_no_more_is_closed(void **state)
{
	struct pair *p = open_as(state, PER_CPU CHILD("rekey_time = 100s\n rand_time = 0s"), PER_CPU);

	packet_on(p->moon, 1);
	lab_calm(p->lab);
	host_reload(p->moon, pair_text(state, pair_moon, DAEMON("cpus = 4")));
	lab_pass(p->lab, 150 * 1000);
	assert_null(for_cpu(p->moon, 1));
	assert_false(host_child(p->moon, "net")->per_cpu);
	pair_assert_agree(p, 1);
}

/* The one for all goes with none any more by then, and packets are still under way on the one for a CPU. */
static void nothing_is_lost_when_both_have_them_no_more(void **state)
{
	struct pair *p = open_two(state);

	host_reload(p->moon, pair_text(state, pair_moon, DAEMON("cpus = 4")));
	host_reload(p->sun, pair_text(state, pair_sun, DAEMON("cpus = 4")));
	rekey(p->sun, general(p->sun));
	lab_pass(p->lab, SWITCH_TIME + 1000);
	assert_false(host_child(p->moon, "net")->per_cpu);
	assert_non_null(for_cpu(p->sun, 3));
	down(p->sun, for_cpu(p->sun, 3));
	lab_pass(p->lab, 5000);
	traffic_end(&p->traffic);
	pair_assert_agree(p, 1);
}

/* Who answers, and has them no more, has one for all in its place, and sends on that no sooner. */
static void who_answers_and_has_none_any_more_waits_too(void **state)
{
	struct pair *p = open(state);
	uint32_t fresh;

	packet_on(p->moon, 1);
	lab_calm(p->lab);
	host_reload(p->sun, pair_text(state, pair_sun, DAEMON("cpus = 4")));
	rekey(p->moon, for_cpu(p->moon, 1));
	lab_deliver(p->lab, lab_first(p->lab));
	fresh = host_child(p->sun, "net")->id;
	assert_int_equal(host_child(p->sun, "net")->resource, 0);
	assert_false(host_child(p->sun, "net")->selected);
	lab_calm(p->lab);
	assert_int_equal(host_child(p->sun, "net")->id, fresh);
}

static void they_move_to_a_new_ike_sa(void **state)
{
	struct pair *p = open_two(state);

	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_int_equal(sender(p->moon, 1), for_cpu(p->moon, 1)->id);
	packet_on(p->moon, 2);
	lab_calm(p->lab);
	assert_non_null(for_cpu(p->moon, 2));
	lab_pass(p->lab, SWITCH_TIME);
	traffic_end(&p->traffic);
	pair_assert_agree(p, 3);
}

/* Packets bring the others back; the old IKE_SA does not wait for them. */
static void authenticated_anew_there_is_the_general_one_first(void **state)
{
	struct pair *p = open_as(state, PER_CPU DAEMON("make_before_break = yes"), PER_CPU);

	packet_on(p->moon, 1);
	lab_calm(p->lab);
	lab_pass(p->lab, SWITCH_TIME);
	traffic_begin(&p->traffic, p->lab);
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_REKEY, .reauth = true });
	lab_pass(p->lab, 3000);
	traffic_end(&p->traffic);
	lab_pass(p->lab, LINGER_TIME);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
	assert_int_equal(ike_load(p->moon->ike).children, 1);
	packet_on(p->moon, 1);
	lab_calm(p->lab);
	assert_int_equal(sender(p->moon, 1), for_cpu(p->moon, 1)->id);
}

/* ------------------------------------------------------------------ gone */

/* The child itself is still there: nothing that is configured for its end happens. */
static void one_goes_and_the_others_stay(void **state)
{
	struct pair *p = open_as(state, PER_CPU CHILD("close_action = trap"), PER_CPU);

	packet_on(p->moon, 1);
	lab_calm(p->lab);
	lab_pass(p->lab, SWITCH_TIME);
	traffic_begin(&p->traffic, p->lab); /* and none is lost */
	down(p->sun, for_cpu(p->sun, 3));
	lab_pass(p->lab, 5000);
	assert_null(for_cpu(p->moon, 1));
	assert_int_equal(sender(p->moon, 1), general(p->moon)->id);
	assert_int_equal(datapath_policies(&p->moon->datapath, true), 0);
	traffic_end(&p->traffic);
	pair_assert_agree(p, 1);
	packet_on(p->moon, 1);
	lab_calm(p->lab);
	assert_non_null(for_cpu(p->moon, 1));
}

/* The policy is the others' still; a packet of a CPU that has none asks for the general one. */
static void the_general_one_goes_and_a_packet_brings_it_back(void **state)
{
	struct pair *p = open(state);
	uint32_t policy = general(p->moon)->policy;
	struct ike_event e = { .kind = EVENT_ACQUIRE };

	packet_on(p->moon, 1);
	lab_calm(p->lab);
	lab_pass(p->lab, SWITCH_TIME);
	down(p->sun, general(p->sun));
	lab_calm(p->lab);
	assert_null(general(p->moon));
	assert_int_equal(datapath_policy(&p->moon->datapath, false)->id, policy);
	e.acquire.policy = policy;
	assert_int_equal(ts_parse("10.1.0.5/32[udp/7]", &e.acquire.local), ERR_OK);
	assert_int_equal(ts_parse("10.2.0.5/32[udp/7]", &e.acquire.remote), ERR_OK);
	host_event(p->moon, &e);
	lab_calm(p->lab);
	assert_int_equal(general(p->moon)->policy, policy);
	assert_int_equal(general(p->moon)->reqid, for_cpu(p->moon, 1)->reqid);
	pair_assert_agree(p, 2);
}

static void all_go_by_one_name(void **state)
{
	struct pair *p = open(state);

	packet_on(p->moon, 1);
	packet_on(p->sun, 1);
	lab_calm(p->lab);
	host_down(p->moon, "net", 2);
	lab_calm(p->lab);
	assert_int_equal(ike_load(p->moon->ike).children, 0);
	assert_int_equal(ike_load(p->sun->ike).children, 0);
	assert_int_equal(datapath_policies(&p->moon->datapath, false), 0);
}

/* What comes from a port of an SA's own says nothing of where IKE goes. */
static void another_port_of_theirs_moves_nothing(void **state)
{
	struct pair *p = open(state);
	struct addr remote = forge_sa(p->moon)->core.path.remote;
	uint16_t port = remote.port;

	remote.port = 51000;
	host_event(p->moon,
		&(struct ike_event){ .kind = EVENT_MAPPING, .mapping = { general(p->moon)->id, remote } });
	assert_int_equal(forge_sa(p->moon)->core.path.remote.port, port);
}

static void the_status_names_them(void **state)
{
	struct pair *p = open(state);
	struct arena arena = { 0 };
	const struct sa_record *r;
	unsigned n;

	packet_on(p->moon, 2);
	lab_calm(p->lab);
	r = host_records(p->moon, &arena, &n);
	assert_int_equal(r->n_children, 2);
	assert_true(r->children[0].per_cpu && r->children[1].per_cpu);
	assert_int_equal(r->children[0].resource, 0);
	assert_int_equal(r->children[1].resource, 3);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(the_first_one_is_the_general_one),
		PAIR_TEST(with_a_peer_that_has_none_there_is_the_general_one_alone),
		PAIR_TEST(nobody_speaks_of_it_where_it_is_not_configured),
		PAIR_TEST(a_packet_asks_for_one_for_its_cpu),
		PAIR_TEST(who_answers_sends_on_it_after_a_time),
		PAIR_TEST(each_cpu_gets_its_own),
		PAIR_TEST(an_end_with_fewer_cpus_shares_them_out),
		PAIR_TEST(both_ends_ask_at_once),
		PAIR_TEST(one_that_the_peer_is_making_is_not_asked_for),
		PAIR_TEST(a_peer_that_says_nothing_makes_one_too),
		PAIR_TEST(other_selectors_are_not_taken),
		PAIR_TEST(in_transport_mode_too),
		PAIR_TEST(one_too_many_is_refused),
		PAIR_TEST(there_is_room_when_one_has_gone),
		PAIR_TEST(no_more_are_asked_for_than_there_may_be),
		PAIR_TEST(a_rekeying_keeps_the_cpu),
		PAIR_TEST(who_answers_a_rekeying_keeps_it_too),
		PAIR_TEST(both_rekey_it_at_once),
		PAIR_TEST(who_answers_a_rekeying_waits_with_the_new_one),
		PAIR_TEST(replaced_with_other_selectors_they_stay_together),
		PAIR_TEST(one_that_is_configured_no_more_is_closed),
		PAIR_TEST(nothing_is_lost_when_both_have_them_no_more),
		PAIR_TEST(who_answers_and_has_none_any_more_waits_too),
		PAIR_TEST(they_move_to_a_new_ike_sa),
		PAIR_TEST(authenticated_anew_there_is_the_general_one_first),
		PAIR_TEST(one_goes_and_the_others_stay),
		PAIR_TEST(the_general_one_goes_and_a_packet_brings_it_back),
		PAIR_TEST(all_go_by_one_name),
		PAIR_TEST(another_port_of_theirs_moves_nothing),
		PAIR_TEST(the_status_names_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
