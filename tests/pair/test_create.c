/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Further CHILD_SAs in one IKE_SA (RFC 7296, 1.3.1): what is agreed on, with which keys, and what becomes of
 * it when messages are lost or the data path takes its time. */
#include "tests/pair/derive.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define REQUEST(mid)  "moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr}"
#define RESPONSE(mid) "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, Nonce, TSi, TSr}"
#define DELETE(mid)   "moon --> sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define DELETED(mid)  "moon <-- sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"
#define KE_REQUEST    "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, KE, Nonce, TSi, TSr}"
#define KE_RESPONSE   "moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce, TSi, TSr}"
#define PFS           "esp_proposals = aes128gcm16-x25519"

/* A pair with "net" up; the next child is moon's request 2. */
static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	return p;
}

static struct pair *open_lan(void **state, const char *moon, const char *sun)
{
	return open(state, pair_text(state, LAN_MOON(""), moon), pair_text(state, LAN_SUN(""), sun));
}

static void assert_done(const struct host *h, uint32_t ticket, bool success)
{
	const struct ike_tell *done = host_done(h, ticket);

	assert_non_null(done);
	assert_int_equal(done->success, success);
}

/* The selectors of CHILD at H, "local === remote". */
static const char *ts_of(struct host *h, const char *child)
{
	static struct arena arena;
	const struct child *c = host_child(h, child);

	arena_free(&arena);
	assert_non_null(c);
	return arena_printf(
		&arena, "%s === %s", tss_print(c->local_ts, &arena), tss_print(c->remote_ts, &arena));
}

/* ------------------------------------------------------------------ what is agreed on */

static void a_further_child(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2));
	pair_assert_agree(p, 2);
	assert_done(p->moon, 2, true);
	assert_string_equal(ts_of(p->moon, "lan"), "10.11.0.0/16 === 10.12.0.0/16");
	assert_string_equal(ts_of(p->sun, "lan"), "10.12.0.0/16 === 10.11.0.0/16");
	assert_int_not_equal(host_child(p->moon, "lan")->reqid, host_child(p->moon, "net")->reqid);
	assert_int_equal(host_told_times(p->sun, TELL_CHILD_UP), 2);
}

static void the_responder_asks_for_one(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->sun, "lan", 2);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, Nonce, TSi, TSr}",
		"moon --> sun  CREATE_CHILD_SA response 0: SK {SA, Nonce, TSi, TSr}");
	/* clang-format on */
	pair_assert_agree(p, 2);
	assert_done(p->sun, 2, true);
}

static void with_a_key_exchange(void **state)
{
	struct pair *p = open_lan(
		state, CONN("children { lan { " PFS "\n } }"), CONN("children { lan { " PFS "\n } }"));

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, KE_REQUEST, KE_RESPONSE);
	pair_assert_agree(p, 2);
	assert_string_equal(host_child(p->moon, "lan")->suite.ke->name, "CURVE_25519");
}

static void one_after_the_other(void **state)
{
	struct pair *p = pair_open(state,
		LAN_MOON("")
			CONN("children { far { local_ts = 10.21.0.0/16\n remote_ts = 10.22.0.0/16\n } }"),
		LAN_SUN("")
			CONN("children { far { local_ts = 10.22.0.0/16\n remote_ts = 10.21.0.0/16\n } }"));

	host_up(p->moon, NULL, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}",
		REQUEST(2), RESPONSE(2));
	/* clang-format on */
	assert_null(host_done(p->moon, 1));
	ARROWS(p->lab, REQUEST(3), RESPONSE(3));
	assert_done(p->moon, 1, true);
	assert_int_equal(host_done(p->moon, 1)->matches, 3);
	pair_assert_agree(p, 3);
}

/* Who wants it while it is being made waits for the same one; later nothing is to be done. */
static void nobody_gets_it_twice(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->moon, "lan", 2);
	host_up(p->moon, "lan", 3);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2));
	SILENCE(p->lab);
	assert_done(p->moon, 2, true);
	assert_done(p->moon, 3, true);
	host_up(p->moon, "lan", 4);
	assert_done(p->moon, 4, true);
	pair_assert_agree(p, 2);
}

static void one_goes_the_other_stays(void **state)
{
	struct pair *p = pair_open(state, LAN_MOON(""), LAN_SUN(""));

	pair_up_both(p);
	host_down(p->sun, "net", 3);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}",
		"moon --> sun  INFORMATIONAL response 0: SK {D(ESP)}");
	/* clang-format on */
	pair_assert_agree(p, 1);
	assert_non_null(host_child(p->moon, "lan"));
	assert_null(host_child(p->moon, "net"));
	assert_done(p->sun, 3, true);
}

static void a_queued_one_is_taken_back(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_rekey(p->moon, "net");
	host_up(p->moon, "lan", 2);
	host_down(p->moon, "lan", 3);
	assert_done(p->moon, 2, false);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_null(host_child(p->sun, "lan"));
}

/* Deleted when it is made: the exchange cannot be taken back. */
static void one_under_way_goes_when_it_is_there(void **state)
{
	for (unsigned delivered = 0; delivered < 3; delivered++) {
		struct pair *p = open_lan(state, NULL, NULL);

		p->moon->late = 1000;
		host_up(p->moon, "lan", 2);
		for (unsigned i = 0; i < delivered; i++)
			lab_deliver(p->lab, lab_first(p->lab));
		host_down(p->moon, "lan", 3);
		lab_pass(p->lab, 5000);
		pair_assert_agree(p, 1);
		assert_done(p->moon, 2, false);
		assert_done(p->moon, 3, true);
		assert_null(host_child(p->sun, "lan"));
		assert_int_equal(pair_close(state), 0);
	}
}

/* And a new one is made for who wants it again meanwhile. */
static void taken_down_and_up_again(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->moon, "lan", 2);
	host_down(p->moon, "lan", 3);
	host_up(p->moon, "lan", 4);
	lab_calm(p->lab);
	assert_done(p->moon, 2, false);
	assert_done(p->moon, 3, true);
	assert_done(p->moon, 4, true);
	pair_assert_agree(p, 2);
}

/* Nor is it asked for again. */
static void one_that_was_refused_for_now_too(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	p->sun->fails = ASKED_SA_IN;
	host_up(p->moon, "lan", 2);
	host_down(p->moon, "lan", 3);
	ARROWS(p->lab, REQUEST(2), "moon <-- sun  CREATE_CHILD_SA response 2: SK {N(TEMPORARY_FAILURE)}");
	p->sun->fails = 0;
	assert_done(p->moon, 2, false);
	assert_done(p->moon, 3, true);
	pair_assert_agree(p, 1);
}

/* ------------------------------------------------------------------ selectors */

/* A further child "lan" as MOON and SUN configure it has the selectors AGREED at moon. */
static void agree_on(void **state, const char *moon, const char *sun, const char *agreed)
{
	struct pair *p = open(state, moon, sun);

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2));
	pair_assert_agree(p, 2);
	assert_string_equal(ts_of(p->moon, "lan"), agreed);
}

static void several_selectors(void **state)
{
	agree_on(state, LAN("10.11.0.0/16, 10.13.0.0/24", "10.12.0.0/16, 2001:db8::/48", ""),
		LAN("10.12.0.0/16, 2001:db8::/48", "10.11.0.0/16, 10.13.0.0/24", ""),
		"10.11.0.0/16 10.13.0.0/24 === 10.12.0.0/16 2001:db8::/48");
}

static void a_protocol_and_its_ports(void **state)
{
	agree_on(state, LAN("10.11.0.0/16[tcp/1024-65535]", "10.12.0.0/16[tcp/80]", ""),
		LAN("10.12.0.0/16[tcp/80]", "10.11.0.0/16[tcp/1024-65535]", ""),
		"10.11.0.0/16[tcp/1024-65535] === 10.12.0.0/16[tcp/80]");
}

static void one_protocol_of_all(void **state)
{
	agree_on(state, LAN_MOON(""), LAN("10.12.0.0/16[udp]", "10.11.0.0/16[udp/53]", ""),
		"10.11.0.0/16[udp/53] === 10.12.0.0/16[udp]");
}

static void types_of_icmp(void **state)
{
	agree_on(state, LAN("10.11.0.0/16[icmp/8]", "10.12.0.0/16[icmp]", ""),
		LAN("10.12.0.0/16[icmp]", "10.11.0.0/16[icmp]", ""),
		"10.11.0.0/16[icmp/8] === 10.12.0.0/16[icmp]");
}

static void opaque_ports(void **state)
{
	agree_on(state, LAN("10.11.0.0/16[sctp/opaque]", "10.12.0.0/16[sctp/opaque]", ""),
		LAN("10.12.0.0/16[sctp]", "10.11.0.0/16[sctp]", ""),
		"10.11.0.0/16[sctp/opaque] === 10.12.0.0/16[sctp/opaque]");
}

static void narrowed_to_what_both_have(void **state)
{
	agree_on(state, LAN("10.8.0.0/13", "10.12.1.0/24", ""), LAN("10.12.0.0/16", "10.11.0.0/16", ""),
		"10.11.0.0/16 === 10.12.1.0/24");
}

/* Of two children at sun the one that is meant has the selectors exactly, though the other has them too. */
static void two_children_are_told_apart(void **state)
{
	struct pair *p =
		open(state, LAN("10.1.1.0/24", "10.2.0.0/16", ""), LAN("10.2.0.0/16", "10.1.1.0/24", ""));

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2));
	pair_assert_agree(p, 2);
	assert_non_null(host_child(p->sun, "lan"));
}

/* Before all others stands what the packet needs (2.9). */
static void a_packet_asks_for_it(void **state)
{
	struct pair *p = open_lan(state, CONN("children { lan { start_action = trap\n } }"), NULL);
	struct ike_event e = { .kind = EVENT_ACQUIRE };
	struct arena arena = { 0 };
	struct message m;

	e.acquire.policy = datapath_policy(&p->moon->datapath, true)->id;
	assert_int_equal(ts_parse("10.11.0.5[tcp/1025]", &e.acquire.local), ERR_OK);
	assert_int_equal(ts_parse("10.12.0.9[tcp/80]", &e.acquire.remote), ERR_OK);
	host_event(p->moon, &e);
	host_event(p->moon, &e); /* one is enough */
	assert_true(forge_open(p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), &arena, &m));
	assert_string_equal(tss_print(m.tsi, &arena), "10.11.0.5/32[tcp/1025] 10.11.0.0/16");
	assert_string_equal(tss_print(m.tsr, &arena), "10.12.0.9/32[tcp/80] 10.12.0.0/16");
	arena_free(&arena);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2));
	pair_assert_agree(p, 2);
	assert_string_equal(ts_of(p->moon, "lan"), "10.11.0.0/16 === 10.12.0.0/16");
	/* What grew from the trap has its number. */
	assert_int_equal(host_child(p->moon, "lan")->reqid, datapath_policy(&p->moon->datapath, true)->reqid);
}

/* ------------------------------------------------------------------ keys */

/* KEYMAT = prf+(SK_d, Ni | Nr), (2.17); the SA that who asked sends on comes first. */
static void keys_without_a_key_exchange(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);
	struct arena arena = { 0 };
	struct bytes ni, nr, keymat;

	host_up(p->sun, "lan", 2);
	ni = derive_nonce(p->lab, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	nr = derive_nonce(p->lab, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	keymat = derive_plus(bytes_of(forge_sa(p->moon)->core.keys.d, 32), 40, &arena, 2, ni, nr);
	derive_assert_child(p->sun, host_child(p->sun, "lan"), keymat);
	derive_assert_child(p->moon, host_child(p->sun, "lan"), keymat);
	arena_free(&arena);
}

/* KEYMAT = prf+(SK_d, g^ir | Ni | Nr). */
static void keys_with_a_key_exchange(void **state)
{
	struct pair *p = open_lan(
		state, CONN("children { lan { " PFS "\n } }"), CONN("children { lan { " PFS "\n } }"));
	struct arena arena = { 0 };
	struct bytes ni, nr, shared, keymat;

	host_up(p->moon, "lan", 2);
	ni = derive_nonce(p->lab, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	nr = derive_nonce(p->lab, &arena);
	shared = derive_shared(p->lab, forge_sa(p->moon)->ours->secret, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	keymat = derive_plus(bytes_of(forge_sa(p->moon)->core.keys.d, 32), 40, &arena, 3, shared, ni, nr);
	derive_assert_child(p->moon, host_child(p->moon, "lan"), keymat);
	derive_assert_child(p->sun, host_child(p->moon, "lan"), keymat);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ loss and delay */

static void a_lost_request(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, "lost: " REQUEST(2));
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2));
	pair_assert_agree(p, 2);
}

static void a_lost_response(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, REQUEST(2), "lost: " RESPONSE(2));
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2));
	pair_assert_agree(p, 2);
	assert_int_equal(host_told_times(p->sun, TELL_CHILD_UP), 2);
}

static void every_message_twice(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, "twice: " REQUEST(2), "twice: " RESPONSE(2), "twice: " RESPONSE(2));
	pair_assert_agree(p, 2);
}

static void a_response_that_was_late(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, REQUEST(2), "kept: " RESPONSE(2));
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab, RESPONSE(2), REQUEST(2), RESPONSE(2));
	pair_assert_agree(p, 2);
}

static void no_answer_at_all(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->moon, "lan", 2);
	lab_pass_deaf(p->lab, 200 * 1000);
	assert_done(p->moon, 2, false);
	assert_int_equal(ike_load(p->moon->ike).sas, 0);
	assert_int_equal(datapath_sas(&p->moon->datapath), 0);
}

/* Nothing is answered before it is installed, and nobody answers twice. */
static void the_responder_installs_slowly(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	p->sun->late = 4500;
	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, REQUEST(2));
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab, REQUEST(2));
	SILENCE(p->lab);
	assert_int_equal(host_dropped(p->sun, DROP_REPEATED), 1);
	lab_clock(p->lab, p->lab->now + 500);
	ARROWS(p->lab, RESPONSE(2));
	pair_assert_agree(p, 2);
}

static void the_responder_cannot_install(void **state)
{
	static const enum asked parts[] = { ASKED_SA_IN, ASKED_SA_OUT, ASKED_POLICY };

	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct pair *p = open_lan(state, NULL, NULL);

		p->sun->fails = parts[i];
		host_up(p->moon, "lan", 2);
		ARROWS(p->lab, REQUEST(2),
			"moon <-- sun  CREATE_CHILD_SA response 2: SK {N(TEMPORARY_FAILURE)}");
		assert_null(host_child(p->sun, "lan"));
		assert_int_equal(datapath_sas(&p->sun->datapath), 2);
		p->sun->fails = 0;
		lab_pass(p->lab, 4000);
		pair_assert_agree(p, 2);
		assert_done(p->moon, 2, true);
		assert_int_equal(pair_close(state), 0);
	}
}

static void the_initiator_cannot_install(void **state)
{
	static const enum asked parts[] = { ASKED_SA_IN, ASKED_SA_OUT, ASKED_POLICY };

	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct pair *p = open_lan(state, NULL, NULL);

		p->moon->fails = parts[i];
		host_up(p->moon, "lan", 2);
		/* clang-format off */
		ARROWS(p->lab, REQUEST(2), RESPONSE(2),
			"moon --> sun  INFORMATIONAL request 3: SK {D(ESP)}",
			"moon <-- sun  INFORMATIONAL response 3: SK {D(ESP)}");
		/* clang-format on */
		assert_done(p->moon, 2, false);
		pair_assert_agree(p, 1);
		assert_int_equal(pair_close(state), 0);
	}
}

/* Somebody else has an SA with the SPI: what the peer has made goes, and with another one all is well. */
static void an_spi_that_is_in_use_is_not_the_end(void **state)
{
	static const enum asked parts[] = { ASKED_SA_IN, ASKED_SA_OUT };

	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct pair *p = open_lan(state, NULL, NULL);

		p->moon->exists = parts[i];
		p->moon->times = 1;
		host_up(p->moon, "lan", 2);
		ARROWS(p->lab, REQUEST(2), RESPONSE(2), DELETE(3), DELETED(3), REQUEST(4), RESPONSE(4));
		assert_done(p->moon, 2, true);
		assert_null(host_told(p->moon, TELL_REFUSED));
		assert_true(host_said(p->moon, "somebody else has it"));
		pair_assert_agree(p, 2);
		assert_int_equal(pair_close(state), 0);
	}
}

/* It is tried twice, not for ever. */
static void spis_that_are_in_use_are_the_end(void **state)
{
	static const enum asked parts[] = { ASKED_SA_IN, ASKED_SA_OUT };

	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct pair *p = open_lan(state, NULL, NULL);

		p->moon->exists = parts[i];
		p->moon->times = 2;
		host_up(p->moon, "lan", 2);
		ARROWS(p->lab, REQUEST(2), RESPONSE(2), DELETE(3), DELETED(3), REQUEST(4), RESPONSE(4),
			DELETE(5), DELETED(5));
		assert_done(p->moon, 2, false);
		assert_string_equal(host_done(p->moon, 2)->why->what, "somebody else has it");
		assert_int_equal(host_told_times(p->moon, TELL_REFUSED), 1);
		pair_assert_agree(p, 1);
		/* Whoever asks once more is served. */
		host_up(p->moon, "lan", 3);
		lab_calm(p->lab);
		assert_done(p->moon, 3, true);
		pair_assert_agree(p, 2);
		assert_int_equal(pair_close(state), 0);
	}
}

/* A policy is the same with any SPI. */
static void a_policy_that_somebody_else_has_is_the_end(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	p->moon->exists = ASKED_POLICY;
	p->moon->times = 1;
	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2), DELETE(3), DELETED(3));
	assert_done(p->moon, 2, false);
	pair_assert_agree(p, 1);
}

/* Of the first child: it comes with IKE_AUTH, and then alone. */
static void the_first_spi_may_be_in_use(void **state)
{
	for (unsigned times = 1; times <= 2; times++) {
		struct pair *p = pair_open(state, NULL, NULL);

		p->moon->exists = ASKED_SA_IN;
		p->moon->times = times;
		pair_say_up(p, 1);
		lab_calm(p->lab);
		assert_done(p->moon, 1, times == 1);
		assert_int_equal(ike_load(p->moon->ike).sas, 1);
		if (times == 1)
			pair_assert_up(p);
		else
			assert_string_equal(host_done(p->moon, 1)->why->what, "somebody else has it");
		pair_assert_agree(p, times == 1);
		assert_int_equal(p->moon->times, 0);
		assert_int_equal(pair_close(state), 0);
	}
}

/* `down` meanwhile, before the peer has answered or after: nothing is asked for again. */
static void nobody_wants_what_is_in_use(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct pair *p = open_lan(state, NULL, NULL);

		p->moon->exists = ASKED_SA_IN;
		p->moon->times = 1;
		p->moon->late = 1000;
		host_up(p->moon, "lan", 2);
		ARROWS(p->lab, REQUEST(2));
		if (i)
			ARROWS(p->lab, RESPONSE(2));
		host_down(p->moon, "lan", 3);
		lab_pass(p->lab, 5000);
		assert_done(p->moon, 2, false);
		assert_int_equal(p->moon->times, 0);
		pair_assert_agree(p, 1);
		assert_int_equal(pair_close(state), 0);
	}
}

static void an_installation_is_never_answered(void **state)
{
	static const enum asked parts[] = { ASKED_SA_IN, ASKED_SA_OUT, ASKED_POLICY };

	for (unsigned i = 0; i < 6; i++) {
		struct pair *p = open_lan(state, NULL, NULL);
		struct host *slow = i < 3 ? p->moon : p->sun;

		slow->silent = parts[i % 3];
		host_up(p->moon, "lan", 2);
		lab_pass(p->lab, ASK_TIMEOUT);
		assert_int_equal(host_child(slow, "lan") ? 1 : 0, 0);
		slow->silent = 0;
		lab_pass(p->lab, 4000);
		/* Sun's is asked for again, moon's own trouble is told. */
		pair_assert_agree(p, slow == p->sun ? 2 : 1);
		assert_done(p->moon, 2, slow == p->sun);
		assert_int_equal(pair_close(state), 0);
	}
}

/* The peer deletes what it has just made before we know whether we can install it. */
static void deleted_while_it_is_installed(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	p->moon->late = 1000;
	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2));
	host_down(p->sun, "lan", 3);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}",
		"moon --> sun  INFORMATIONAL response 0: SK {D(ESP)}");
	/* clang-format on */
	lab_pass(p->lab, 1000);
	pair_assert_agree(p, 1);
	assert_done(p->moon, 2, false);
}

/* Its answer was lost, and it is deleted before the answer comes again. */
static void deleted_before_its_answer_came(void **state)
{
	struct pair *p = open_lan(state, NULL, NULL);

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, REQUEST(2), "lost: " RESPONSE(2));
	host_down(p->sun, "lan", 3);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}",
		"moon --> sun  INFORMATIONAL response 0: SK {}");
	/* clang-format on */
	lab_clock(p->lab, p->lab->now + 4000);
	ARROWS(p->lab, REQUEST(2), RESPONSE(2));
	pair_assert_agree(p, 1);
	assert_done(p->moon, 2, false);
}

/* The IKE_SA ends while an answer is being computed. */
static void the_ike_sa_goes_meanwhile(void **state)
{
	struct pair *p = open_lan(state, NULL, CONN("children { lan { " PFS "\n } }"));

	host_reload(
		p->moon, pair_text(state, pair_moon, LAN_MOON("") CONN("children { lan { " PFS "\n } }")));
	p->sun->late = 1000;
	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, KE_REQUEST);
	host_down_force(p->sun, NULL, 3);
	lab_pass(p->lab, 5000);
	assert_done(p->moon, 2, false);
	pair_assert_empty_later(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_further_child),
		PAIR_TEST(the_responder_asks_for_one),
		PAIR_TEST(with_a_key_exchange),
		PAIR_TEST(one_after_the_other),
		PAIR_TEST(nobody_gets_it_twice),
		PAIR_TEST(one_goes_the_other_stays),
		PAIR_TEST(a_queued_one_is_taken_back),
		PAIR_TEST(one_under_way_goes_when_it_is_there),
		PAIR_TEST(taken_down_and_up_again),
		PAIR_TEST(one_that_was_refused_for_now_too),
		PAIR_TEST(several_selectors),
		PAIR_TEST(a_protocol_and_its_ports),
		PAIR_TEST(one_protocol_of_all),
		PAIR_TEST(types_of_icmp),
		PAIR_TEST(opaque_ports),
		PAIR_TEST(narrowed_to_what_both_have),
		PAIR_TEST(two_children_are_told_apart),
		PAIR_TEST(a_packet_asks_for_it),
		PAIR_TEST(keys_without_a_key_exchange),
		PAIR_TEST(keys_with_a_key_exchange),
		PAIR_TEST(a_lost_request),
		PAIR_TEST(a_lost_response),
		PAIR_TEST(every_message_twice),
		PAIR_TEST(a_response_that_was_late),
		PAIR_TEST(no_answer_at_all),
		PAIR_TEST(the_responder_installs_slowly),
		PAIR_TEST(the_responder_cannot_install),
		PAIR_TEST(the_initiator_cannot_install),
		PAIR_TEST(an_spi_that_is_in_use_is_not_the_end),
		PAIR_TEST(spis_that_are_in_use_are_the_end),
		PAIR_TEST(a_policy_that_somebody_else_has_is_the_end),
		PAIR_TEST(the_first_spi_may_be_in_use),
		PAIR_TEST(nobody_wants_what_is_in_use),
		PAIR_TEST(an_installation_is_never_answered),
		PAIR_TEST(deleted_while_it_is_installed),
		PAIR_TEST(deleted_before_its_answer_came),
		PAIR_TEST(the_ike_sa_goes_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
