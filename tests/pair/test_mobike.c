/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MOBIKE (RFC 4555): both ends, several addresses, NATs that come and go. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"
#include "wire/payload.h"

#define MOBILE CONN("mobike = yes\n local_addrs = %any\n dpd_delay = 30s")
/* The update of addresses that has no other addresses to tell of, and its answer. */
#define UPDATE   "SK {N(UPDATE_SA_ADDRESSES), NATD, N(NO_ADDITIONAL_ADDRESSES), N(COOKIE2)}"
#define ANSWERED "SK {N(COOKIE2), NATD}"

/* Up, on port 4500 though there is no NAT. */
static struct pair *mobile(void **state, const char *more_moon, const char *more_sun)
{
	struct pair *p =
		pair_open(state, pair_text(state, MOBILE, more_moon), pair_text(state, MOBILE, more_sun));

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun:4500  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, N(MOBIKE_SUPPORTED)}",
		"moon:4500 <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, N(MOBIKE_SUPPORTED)}");
	/* clang-format on */
	SILENCE(p->lab);
	pair_assert_up(p);
	return p;
}

/* H's child is between these addresses, at both SAs. */
static void assert_between(const struct host *h, const char *local, const char *remote, bool encap)
{
	char text[IP_TEXT];

	for (int inbound = 0; inbound < 2; inbound++) {
		const struct sa_spec *sa = datapath_sa(&h->datapath, inbound, 0);

		assert_string_equal(ip_print(&sa->local.ip, text), local);
		assert_string_equal(ip_print(&sa->remote.ip, text), remote);
		assert_int_equal(sa->encap, encap);
	}
	assert_string_equal(ip_print(&forge_sa_up(h)->core.path.local.ip, text), local);
	assert_string_equal(ip_print(&forge_sa_up(h)->core.path.remote.ip, text), remote);
}

static void assert_both(struct pair *p, const char *moon, const char *sun)
{
	assert_between(p->moon, moon, sun, false);
	assert_between(p->sun, sun, moon, false);
}

/* -------------------------------------------------------------------- agreed on */

static void agreed_on_by_both(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	assert_true(forge_sa_up(p->moon)->core.mobike.on);
	assert_true(forge_sa_up(p->sun)->core.mobike.on);
	assert_both(p, "192.0.2.1", "192.0.2.2");
}

static void not_where_one_does_not_want_it(void **state)
{
	struct pair *p = pair_open_up(state, MOBILE, NULL);

	pair_assert_up(p);
	assert_false(forge_sa_up(p->moon)->core.mobike.on);
	assert_false(forge_sa_up(p->sun)->core.mobike.on);
}

static void other_addresses_are_told(void **state)
{
	struct pair *p = pair_open(state, MOBILE, MOBILE);

	host_addresses(p->moon, "192.0.2.1 2001:db8::1");
	host_addresses(p->sun, "192.0.2.2 198.51.100.2 2001:db8::2");
	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun:4500  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, N(MOBIKE_SUPPORTED), "
		"N(ADDITIONAL_IP6_ADDRESS)}",
		"moon:4500 <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, N(MOBIKE_SUPPORTED), "
		"N(ADDITIONAL_IP4_ADDRESS), N(ADDITIONAL_IP6_ADDRESS)}");
	/* clang-format on */
	assert_int_equal(forge_sa_up(p->moon)->core.mobike.n_peer_ips, 3);
	assert_int_equal(forge_sa_up(p->sun)->core.mobike.n_peer_ips, 2);
}

static void only_those_that_the_connection_may_use_are_told(void **state)
{
	struct pair *p = pair_open(state, MOBILE, CONN("mobike = yes\n local_addrs = 192.0.2.0/24"));

	host_addresses(p->sun, "192.0.2.2 192.0.2.7 198.51.100.2");
	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_int_equal(forge_sa_up(p->moon)->core.mobike.n_peer_ips, 2);
}

/* An address of the network behind a gateway is the last to be tried. */
static void inner_addresses_come_last(void **state)
{
	struct pair *p = pair_open(state, MOBILE, MOBILE);

	host_addresses(p->sun, "192.0.2.2 10.2.0.1 198.51.100.2");
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_int_equal(forge_sa_up(p->moon)->core.mobike.n_peer_ips, 3);
	assert_int_equal(forge_sa_up(p->moon)->core.mobike.peer_ips[1].a[0], 198);
	assert_int_equal(forge_sa_up(p->moon)->core.mobike.peer_ips[2].a[0], 10);
}

/* ------------------------------------------------------------------ the initiator moves */

static void initiator_moves(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);
	const struct ike_tell *told;

	host_addresses(p->moon, "198.51.100.1");
	/* Ours leave from there at once; the peer's follow when it is sure. */
	assert_between(p->moon, "198.51.100.1", "192.0.2.2", false);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun:4500  INFORMATIONAL request 2: " UPDATE,
		"moon:4500 <-- sun  INFORMATIONAL response 2: " ANSWERED);
	/* clang-format on */
	assert_string_equal("192.0.2.1",
		ip_print(&datapath_sa(&p->sun->datapath, false, 0)->remote.ip, (char[IP_TEXT]){ 0 }));
	/* clang-format off */
	ARROWS(p->lab,
		"moon:4500 <-- sun  INFORMATIONAL request 0: SK {N(COOKIE2)}",
		"moon --> sun:4500  INFORMATIONAL response 0: SK {N(COOKIE2)}");
	/* clang-format on */
	SILENCE(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
	told = host_told(p->sun, TELL_SA_MOVED);
	assert_string_equal(told->text, "IKE_SA site[2] moves from 192.0.2.2[4500]...192.0.2.1[4500] to "
					"192.0.2.2[4500]...198.51.100.1[4500]");
	pair_assert_agree(p, 1);
}

#define UPDATED "moon --> sun:4500  INFORMATIONAL request 2: " UPDATE

/* Once soon, then at the usual times. */
static void an_update_that_is_lost_is_repeated_soon(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_addresses(p->moon, "198.51.100.1");
	ARROWS(p->lab, "lost: " UPDATED);
	pair_quiet(p, MOVED_TIME - 1);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "lost: " UPDATED);
	pair_quiet(p, 4000 - 1);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "lost: " UPDATED);
	pair_quiet(p, 7200 - 1);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, UPDATED);
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
	pair_assert_agree(p, 1);
}

/* The responder's question whether the peer is there, too. */
static void the_question_of_routability_that_is_lost_is_repeated_soon(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_addresses(p->moon, "198.51.100.1");
	/* clang-format off */
	ARROWS(p->lab, UPDATED,
		"moon:4500 <-- sun  INFORMATIONAL response 2: " ANSWERED,
		"lost: moon:4500 <-- sun  INFORMATIONAL request 0: SK {N(COOKIE2)}");
	/* clang-format on */
	pair_quiet(p, MOVED_TIME - 1);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "moon:4500 <-- sun  INFORMATIONAL request 0: SK {N(COOKIE2)}");
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
}

/* Who has heard from there needs no hurry any more. */
static void later_requests_are_repeated_at_the_usual_times(void **state)
{
	struct pair *p = mobile(state, NULL, CONN("dpd_delay = 0"));

	host_addresses(p->moon, "198.51.100.1");
	lab_calm(p->lab);
	pair_quiet(p, 29 * 1000);
	lab_clock(p->lab, lab_due(p->lab));
	ARROWS(p->lab, "lost: moon --> sun:4500  INFORMATIONAL request 3: SK {}");
	pair_quiet(p, 4000 - 1);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "moon --> sun:4500  INFORMATIONAL request 3: SK {}");
}

/* Nobody says which paths there are: it is asked again. */
static void a_question_that_is_not_answered_comes_again(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	p->moon->silent = ASKED_ROUTE;
	host_addresses(p->moon, "198.51.100.1");
	p->moon->silent = 0;
	pair_quiet(p, ASK_TIMEOUT - 1);
	lab_clock(p->lab, p->lab->now + 1);
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
	pair_assert_agree(p, 1);
}

/* H hears that there is one path, from LOCAL to REMOTE. */
static void answer_with(struct host *h, uint32_t ticket, const char *local, const char *remote)
{
	struct hosts one;

	assert_int_equal(ip_parse(local, &one.local), ERR_OK);
	assert_int_equal(ip_parse(remote, &one.remote), ERR_OK);
	host_event(h, &(struct ike_event){
			      .kind = EVENT_ANSWER, .answer = { .ticket = ticket, .paths = { &one, 1 } } });
}

/* Sun asks which ways there are; before it knows, moon goes elsewhere. */
static void an_answer_about_the_path_before_moves_nothing(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);
	uint32_t ticket;

	p->sun->silent = ASKED_ROUTE;
	host_addresses(p->sun, "192.0.2.2 203.0.113.2");
	p->sun->silent = 0;
	ticket = forge_sa_up(p->sun)->core.mobike.ask;
	host_addresses(p->moon, "198.51.100.1");
	lab_calm(p->lab);
	answer_with(p->sun, ticket, "192.0.2.2", "192.0.2.1");
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
	assert_int_equal(forge_sa_up(p->moon)->core.mobike.n_peer_ips, 2);
	pair_assert_agree(p, 1);
}

/* Moon has gone to a better link; what it asked on the other one is answered there. */
static void an_answer_that_was_under_way_does_not_call_back(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	lab_pass(p->lab, 29 * 1000);
	lab_clock(p->lab, lab_due(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	p->moon->silent = ASKED_ROUTE;
	host_addresses(p->moon, "192.0.2.1 198.51.100.1");
	p->moon->silent = 0;
	answer_with(p->moon, forge_sa_up(p->moon)->core.mobike.ask, "198.51.100.1", "192.0.2.2");
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
	pair_assert_agree(p, 1);
}

/* Moon has gone to a better link, and sun, which does not know yet, tells the address before of another one
 * of its own. */
static void a_list_that_was_under_way_does_not_call_back(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	p->moon->silent = ASKED_ROUTE;
	host_addresses(p->moon, "192.0.2.1 198.51.100.1");
	p->moon->silent = 0;
	host_addresses(p->sun, "192.0.2.2 203.0.113.2");
	answer_with(p->moon, forge_sa_up(p->moon)->core.mobike.ask, "198.51.100.1", "192.0.2.2");
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
	assert_int_equal(forge_sa_up(p->moon)->core.mobike.n_peer_ips, 2);
	pair_assert_agree(p, 1);
}

static void nothing_is_said_where_the_path_stands(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_addresses(p->moon, "192.0.2.1");
	SILENCE(p->lab);
	assert_both(p, "192.0.2.1", "192.0.2.2");
}

static void an_address_more_is_told(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_addresses(p->moon, "192.0.2.1 198.51.100.1");
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun:4500  INFORMATIONAL request 2: SK {N(ADDITIONAL_IP4_ADDRESS)}",
		"moon:4500 <-- sun  INFORMATIONAL response 2: SK {}");
	/* clang-format on */
	assert_int_equal(forge_sa_up(p->sun)->core.mobike.n_peer_ips, 2);
	host_addresses(p->moon, "192.0.2.1");
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun:4500  INFORMATIONAL request 3: SK {N(NO_ADDITIONAL_ADDRESSES)}",
		"moon:4500 <-- sun  INFORMATIONAL response 3: SK {}");
	/* clang-format on */
	assert_int_equal(forge_sa_up(p->sun)->core.mobike.n_peer_ips, 1);
	assert_both(p, "192.0.2.1", "192.0.2.2");
}

static void from_ipv4_to_ipv6_and_back(void **state)
{
	struct pair *p = pair_open(state, MOBILE, MOBILE);

	host_addresses(p->sun, "192.0.2.2 2001:db8::2");
	pair_say_up(p, 1);
	lab_calm(p->lab);
	host_addresses(p->moon, "2001:db8::1");
	lab_calm(p->lab);
	assert_both(p, "2001:db8::1", "2001:db8::2");
	host_addresses(p->moon, "192.0.2.9");
	lab_calm(p->lab);
	assert_both(p, "192.0.2.9", "192.0.2.2");
	pair_assert_agree(p, 1);
}

/* What is under way goes on along the new path. */
static void while_a_request_is_in_flight(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_rekey(p->moon, "net");
	lab_lose(lab_first(p->lab));
	host_addresses(p->moon, "198.51.100.1");
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 1);
	pair_assert_agree(p, 1);
	assert_both(p, "198.51.100.1", "192.0.2.2");
}

static void twice_before_it_is_answered(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_addresses(p->moon, "198.51.100.1");
	host_addresses(p->moon, "198.51.100.7");
	lab_calm(p->lab);
	assert_both(p, "198.51.100.7", "192.0.2.2");
	pair_assert_agree(p, 1);
}

static void the_initiator_stays_who_it_was_after_a_rekeying(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_rekey(p->sun, NULL);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	host_addresses(p->moon, "198.51.100.1");
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
}

static void without_any_path_it_waits(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_addresses(p->moon, "2001:db8::1");
	SILENCE(p->lab);
	assert_string_equal(host_told(p->moon, TELL_LOG)->text,
		"no way to the peer of IKE_SA site: it waits until "
		"addresses or routes of this machine change");
	host_addresses(p->moon, "198.51.100.1");
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
}

/* ------------------------------------------------------------------ the responder moves */

static void responder_moves(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_addresses(p->sun, "198.51.100.2");
	/* clang-format off */
	ARROWS(p->lab,
		"moon:4500 <-- sun  INFORMATIONAL request 0: SK {N(NO_ADDITIONAL_ADDRESSES)}",
		"moon --> sun:4500  INFORMATIONAL response 0: SK {}",
		"moon --> sun:4500  INFORMATIONAL request 2: " UPDATE,
		"moon:4500 <-- sun  INFORMATIONAL response 2: " ANSWERED);
	/* clang-format on */
	SILENCE(p->lab);
	assert_both(p, "192.0.2.1", "198.51.100.2");
	pair_assert_agree(p, 1);
}

/* ------------------------------------------------------------------- paths that break */

static struct pair *with_two_addresses(void **state)
{
	struct pair *p = pair_open(state, MOBILE, MOBILE CONN("dpd_delay = 0"));

	host_addresses(p->sun, "192.0.2.2 198.51.100.2");
	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	return p;
}

static void an_unanswered_request_tries_all_paths(void **state)
{
	struct pair *p = with_two_addresses(state);

	assert_int_equal(ip_parse("192.0.2.2", &p->sun->cut), ERR_OK);
	lab_pass(p->lab, 30 * 1000);
	lab_clock(p->lab, lab_due(p->lab));
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> 192.0.2.2:4500  INFORMATIONAL request 2: SK {}",
		"moon --> sun@198.51.100.2:4500  INFORMATIONAL request 2: SK {}",
		"moon:4500 <-- sun@198.51.100.2  INFORMATIONAL response 2: SK {}",
		"moon --> sun@198.51.100.2:4500  INFORMATIONAL request 3: " UPDATE);
	/* clang-format on */
	lab_calm(p->lab);
	assert_both(p, "192.0.2.1", "198.51.100.2");
	pair_assert_agree(p, 1);
}

static void the_responder_finds_another_path_too(void **state)
{
	struct pair *p = pair_open(state, MOBILE, MOBILE);

	host_addresses(p->moon, "192.0.2.1 198.51.100.1");
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_int_equal(ip_parse("192.0.2.1", &p->moon->cut), ERR_OK);
	host_rekey(p->sun, "net");
	lab_pass(p->lab, 20 * 1000);
	assert_int_equal(host_told_times(p->sun, TELL_CHILD_REKEYED), 1);
	assert_both(p, "198.51.100.1", "192.0.2.2");
}

static void one_end_finds_a_path_from_another_address_of_its_own(void **state)
{
	struct pair *p = pair_open(state, MOBILE, MOBILE CONN("dpd_delay = 0"));

	host_addresses(p->moon, "192.0.2.1 198.51.100.1");
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_int_equal(ip_parse("192.0.2.1", &p->moon->cut), ERR_OK);
	lab_pass(p->lab, 40 * 1000);
	assert_both(p, "198.51.100.1", "192.0.2.2");
}

/* However many there are. */
static void only_so_many_paths_are_tried(void **state)
{
	struct arena arena = { 0 };
	struct text t = text_in(&arena);
	struct pair *p;
	unsigned n = 0;

	text_add(&t, "connections { site { remote_addrs = 192.0.2.2");
	for (unsigned i = 1; i < 2 * MOBIKE_PROBES_MAX; i++)
		text_add(&t, ", 198.51.100.%u", i);
	text_add(&t, "\n } }\n");
	p = pair_open(state, pair_text(state, MOBILE, text_str(&t)), MOBILE CONN("dpd_delay = 0"));
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_int_equal(ip_parse("192.0.2.2", &p->sun->cut), ERR_OK);
	lab_pass(p->lab, 30 * 1000);
	lab_clock(p->lab, lab_due(p->lab));
	for (; lab_first(p->lab); n++)
		lab_lose(lab_first(p->lab));
	assert_int_equal(n, 1 + MOBIKE_PROBES_MAX);
	arena_free(&arena);
}

/* An answer says where somebody is who can send from there; not everybody is the peer. */
static void an_answer_from_nowhere_moves_nothing(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);
	struct flight *f;

	lab_pass(p->lab, 29 * 1000);
	lab_clock(p->lab, lab_due(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	f = lab_first(p->lab);
	assert_int_equal(ip_parse("203.0.113.66", &f->source.ip), ERR_OK);
	lab_calm(p->lab);
	assert_both(p, "192.0.2.1", "192.0.2.2");
}

static void a_peer_that_does_not_get_what_is_sent_is_left(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_addresses(p->moon, "198.51.100.1");
	forge_sa_up(p->moon)->core.mobike.cookie2[0] ^= 1;
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	assert_string_equal(host_why(p->moon)->notify, "COOKIE2");
	assert_int_equal(ike_load(p->moon->ike).sas, 0);
}

/* Moon says that it is somewhere else: until it has answered there, nothing but that question goes there. */
static void nothing_is_sent_to_who_does_not_answer(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { 0 };
	char text[IP_TEXT];

	host_addresses(p->moon, "198.51.100.1");
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	message_add_notify(&m, &arena, COOKIE2, bytes_str("some other cookie"));
	m.header.exchange = INFORMATIONAL;
	m.header.flags = FLAG_RESPONSE;
	forge_change(lab_first(p->lab), &m);
	assert_string_equal(
		ip_print(&datapath_sa(&p->sun->datapath, false, 0)->remote.ip, text), "192.0.2.1");
	lab_deliver(p->lab, lab_first(p->lab));
	assert_string_equal(host_why(p->sun)->notify, "COOKIE2");
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	arena_free(&arena);
}

/* ---------------------------------------------------------------- addresses refused */

static void an_address_that_the_responder_may_not_use(void **state)
{
	struct pair *p =
		pair_open(state, MOBILE CONN("remote_addrs = 192.0.2.2, 198.51.100.2"), CONN("mobike = yes"));

	host_addresses(p->sun, "192.0.2.2 198.51.100.2");
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_int_equal(ip_parse("192.0.2.2", &p->sun->cut), ERR_OK);
	host_rekey(p->moon, "net");
	lab_pass(p->lab, 5 * 1000);
	assert_string_equal(host_why(p->moon)->notify, "UNACCEPTABLE_ADDRESSES");
	assert_between(p->sun, "192.0.2.2", "192.0.2.1", false);
}

/* ---------------------------------------------------------------------------- NATs */

/* Moon's update says which addresses it uses, and that no NAT may change them. */
static void say_no_nats(struct pair *p, const char *source)
{
	struct arena arena = { 0 };
	struct flight *f = lab_first(p->lab);
	uint8_t *data = arena_alloc(&arena, 12);
	struct wr w = wr_of(data, 12);
	struct ip from;
	struct message m;

	assert_int_equal(ip_parse(source, &from), ERR_OK);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	wr_bytes(&w, ip_bytes(&from));
	wr_bytes(&w, ip_bytes(&f->target.ip));
	wr_u16(&w, 4500);
	wr_u16(&w, 4500);
	m.notifies = wire_list_room(&arena, m.notifies, m.n_notifies, sizeof *m.notifies);
	m.notifies[m.n_notifies++] = (struct wire_notify){ .type = NO_NATS_ALLOWED, .data = wr_done(&w) };
	forge_change(f, &m);
	arena_free(&arena);
}

static void the_peer_forbids_nats(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	pair_hide_moon(p);
	host_addresses(p->moon, "10.9.0.1");
	say_no_nats(p, "10.9.0.1");
	lab_deliver(p->lab, lab_first(p->lab));
	ARROWS(p->lab,
		"moon:14500 <-- sun  INFORMATIONAL response 2: SK {N(COOKIE2), N(UNEXPECTED_NAT_DETECTED), "
		"NATD}");
	assert_between(p->sun, "192.0.2.2", "192.0.2.1", false);
}

static void no_nat_though_it_was_forbidden(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	host_addresses(p->moon, "198.51.100.1");
	say_no_nats(p, "198.51.100.1");
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
}

/* A connection that wants none says so itself, and both go on without UDP around ESP. */
static void a_connection_that_wants_no_nat(void **state)
{
	struct pair *p = pair_open(state, CONN("nat = no\n mobike = yes"), CONN("mobike = yes"));

	pair_say_up(p, 1);
	ARROWS(p->lab, "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(NO_NATS_ALLOWED)",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, N(MOBIKE_SUPPORTED)}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, N(MOBIKE_SUPPORTED)}");
	pair_assert_up(p);
	host_addresses(p->moon, "198.51.100.1");
	ARROWS(p->lab,
		"moon --> sun  INFORMATIONAL request 2: SK {N(UPDATE_SA_ADDRESSES), N(NO_NATS_ALLOWED), "
		"N(NO_ADDITIONAL_ADDRESSES), N(COOKIE2)}");
	lab_calm(p->lab);
	assert_both(p, "198.51.100.1", "192.0.2.2");
}

static void a_connection_that_meets_a_nat_it_does_not_want(void **state)
{
	struct pair *p = pair_open(state, CONN("nat = no"), NULL);

	pair_hide_moon(p);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_non_null(
		strstr(host_why(p->moon)->what, "a NAT stands between, which connection site does not want"));
	assert_string_equal(host_why(p->moon)->configured, "nat = no");
	assert_string_equal(host_why(p->moon)->notify, "UNEXPECTED_NAT_DETECTED");
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
}

static void behind_a_nat_and_out_again(void **state)
{
	struct pair *p = mobile(state, NULL, NULL);

	pair_hide_moon(p);
	p->moon->past[p->moon->n_past++] = (struct ip){ 4, { 192, 0, 2, 1 } };
	host_addresses(p->moon, "10.9.0.1");
	lab_calm(p->lab);
	assert_between(p->moon, "10.9.0.1", "192.0.2.2", true);
	assert_between(p->sun, "192.0.2.2", "203.0.113.1", true);
	assert_true(forge_sa_up(p->moon)->core.nat_local);
	assert_true(forge_sa_up(p->sun)->core.nat_remote);
	assert_int_equal(forge_sa_up(p->moon)->core.keepalive_due, p->lab->now + 20000);
	p->moon->nat.outside.v = 0;
	host_addresses(p->moon, "192.0.2.1");
	lab_calm(p->lab);
	assert_both(p, "192.0.2.1", "192.0.2.2");
	assert_int_equal(forge_sa_up(p->moon)->core.keepalive_due, 0);
	pair_assert_agree(p, 1);
}

/* Encapsulation that was forced stays. */
static void a_faked_nat_stays(void **state)
{
	struct pair *p = pair_open_up(state, MOBILE CONN("encap = yes"), MOBILE);

	host_addresses(p->moon, "198.51.100.1");
	lab_calm(p->lab);
	assert_between(p->moon, "198.51.100.1", "192.0.2.2", true);
	assert_between(p->sun, "192.0.2.2", "198.51.100.1", true);
	assert_true(forge_sa_up(p->moon)->core.nat_fake);
	assert_int_equal(forge_sa_up(p->moon)->core.keepalive_due, 0);
}

/* Who is behind a NAT asks how it is seen, and says so when that has changed. */
static void a_new_mapping_is_noticed_from_behind_it(void **state)
{
	struct pair *p =
		pair_open(state, MOBILE CONN("local_addrs = 10.9.0.1"), MOBILE CONN("remote_addrs = %any"));

	pair_hide_moon(p);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	lab_pass(p->lab, 30 * 1000);
	assert_true(forge_sa_up(p->moon)->core.mobike.nat_seen != 0);
	p->moon->nat.shift = 20000;
	lab_pass(p->lab, 31 * 1000);
	assert_int_equal(datapath_sa(&p->sun->datapath, false, 0)->remote.port, 24500);
	assert_int_equal(forge_sa_up(p->moon)->window.next, 6);
}

/* Moon is behind a NAT, and asks whether sun is there: N messages have come. */
static struct pair *hidden(void **state, unsigned n)
{
	struct pair *p = pair_open(
		state, MOBILE CONN("local_addrs = 10.9.0.1\n dpd_delay = 15s"), MOBILE CONN("remote_addrs = %any"));

	pair_hide_moon(p);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	lab_clock(p->lab, p->lab->now + 15 * 1000);
	while (n--)
		lab_deliver(p->lab, lab_first(p->lab));
	return p;
}

/* From where its IKE_AUTH came nobody has said: when it hears for the first time where it is seen, that may be elsewhere,
 * and it says so. Then it is known. */
static void from_behind_a_nat_it_says_once_where_it_is(void **state)
{
	struct pair *p = hidden(state, 0);

	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun:4500  INFORMATIONAL request 2: SK {NATD}",
		"moon:14500 <-- sun  INFORMATIONAL response 2: SK {NATD}",
		"moon --> sun:4500  INFORMATIONAL request 3: SK {N(UPDATE_SA_ADDRESSES), NATD, N(COOKIE2)}",
		"moon:14500 <-- sun  INFORMATIONAL response 3: SK {N(COOKIE2), NATD}");
	/* clang-format on */
	SILENCE(p->lab);
	lab_pass(p->lab, 15 * 1000);
	assert_int_equal(forge_sa_up(p->moon)->window.next, 5);
}

/* -------------------------------------------------------------------- without MOBIKE */

static void without_mobike_it_is_set_up_anew(void **state)
{
	struct pair *p = pair_open(state, CONN("local_addrs = %any"), CONN("remote_addrs = %any"));

	pair_up(p);
	host_addresses(p->moon, "198.51.100.1");
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}",
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD");
	/* clang-format on */
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_both(p, "198.51.100.1", "192.0.2.2");
}

/* It announces MOBIKE, and does not do what that asks for: its answer to the update has nothing in it. But we have not moved. */
static void a_peer_that_says_nothing_to_a_mapping_is_not_left(void **state)
{
	struct pair *p = hidden(state, 3);
	const struct message m = { .header = { .exchange = INFORMATIONAL, .flags = FLAG_RESPONSE } };

	forge_change(lab_first(p->lab), &m);
	lab_pass(p->lab, 40 * 1000);
	assert_true(forge_sa_up(p->moon)->window.next > 4);
}

static void a_peer_that_says_the_wrong_thing_to_a_mapping_is_left(void **state)
{
	struct pair *p = hidden(state, 3);

	forge_sa_up(p->moon)->core.mobike.cookie2[0] ^= 1;
	lab_calm(p->lab);
	assert_string_equal(host_why(p->moon)->notify, "COOKIE2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(agreed_on_by_both),
		PAIR_TEST(not_where_one_does_not_want_it),
		PAIR_TEST(other_addresses_are_told),
		PAIR_TEST(only_those_that_the_connection_may_use_are_told),
		PAIR_TEST(inner_addresses_come_last),
		PAIR_TEST(initiator_moves),
		PAIR_TEST(an_update_that_is_lost_is_repeated_soon),
		PAIR_TEST(the_question_of_routability_that_is_lost_is_repeated_soon),
		PAIR_TEST(later_requests_are_repeated_at_the_usual_times),
		PAIR_TEST(a_question_that_is_not_answered_comes_again),
		PAIR_TEST(an_answer_about_the_path_before_moves_nothing),
		PAIR_TEST(an_answer_that_was_under_way_does_not_call_back),
		PAIR_TEST(a_list_that_was_under_way_does_not_call_back),
		PAIR_TEST(nothing_is_said_where_the_path_stands),
		PAIR_TEST(an_address_more_is_told),
		PAIR_TEST(from_ipv4_to_ipv6_and_back),
		PAIR_TEST(while_a_request_is_in_flight),
		PAIR_TEST(twice_before_it_is_answered),
		PAIR_TEST(the_initiator_stays_who_it_was_after_a_rekeying),
		PAIR_TEST(without_any_path_it_waits),
		PAIR_TEST(responder_moves),
		PAIR_TEST(an_unanswered_request_tries_all_paths),
		PAIR_TEST(the_responder_finds_another_path_too),
		PAIR_TEST(one_end_finds_a_path_from_another_address_of_its_own),
		PAIR_TEST(only_so_many_paths_are_tried),
		PAIR_TEST(an_answer_from_nowhere_moves_nothing),
		PAIR_TEST(a_peer_that_does_not_get_what_is_sent_is_left),
		PAIR_TEST(nothing_is_sent_to_who_does_not_answer),
		PAIR_TEST(the_peer_forbids_nats),
		PAIR_TEST(no_nat_though_it_was_forbidden),
		PAIR_TEST(an_address_that_the_responder_may_not_use),
		PAIR_TEST(a_connection_that_wants_no_nat),
		PAIR_TEST(a_connection_that_meets_a_nat_it_does_not_want),
		PAIR_TEST(behind_a_nat_and_out_again),
		PAIR_TEST(a_faked_nat_stays),
		PAIR_TEST(a_new_mapping_is_noticed_from_behind_it),
		PAIR_TEST(from_behind_a_nat_it_says_once_where_it_is),
		PAIR_TEST(a_peer_that_says_nothing_to_a_mapping_is_not_left),
		PAIR_TEST(a_peer_that_says_the_wrong_thing_to_a_mapping_is_left),
		PAIR_TEST(without_mobike_it_is_set_up_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
