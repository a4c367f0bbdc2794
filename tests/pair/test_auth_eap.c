/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP in IKE_AUTH (RFC 7296, 2.16; RFC 5998), and several proofs one after the other (RFC 4739): moon proves
 * to sun who it is, in words that prove nothing (charade.h). */
#include "ike/ends.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define CLIENT(lines)  CONN("local { auth = eap\n " lines "\n }")
#define GATEWAY(lines) CONN("remote { auth = eap\n " lines "\n }")

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define WANTS         "moon --> sun  IKE_AUTH request 1: SK {IDi, SA, TSi, TSr}"
#define BEGINS        "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, EAP}"
#define SAYS(mid)     "moon --> sun  IKE_AUTH request " #mid ": SK {EAP}"
#define ASKS(mid)     "moon <-- sun  IKE_AUTH response " #mid ": SK {EAP}"
#define PROVES(mid)   "moon --> sun  IKE_AUTH request " #mid ": SK {AUTH}"
#define LETS_IN(mid)  "moon <-- sun  IKE_AUTH response " #mid ": SK {AUTH, SA, TSi, TSr}"
#define TELLS(mid)    "moon --> sun  INFORMATIONAL request " #mid ": SK {D(IKE), N(AUTHENTICATION_FAILED)}"
#define HEARS(mid)    "moon <-- sun  INFORMATIONAL response " #mid ": SK {}"
#define MULTIPLE      "N(MULTIPLE_AUTH_SUPPORTED)"
#define FOLLOWS       "N(ANOTHER_AUTH_FOLLOWS)"
#define REFUSES(mid)  "moon <-- sun  IKE_AUTH response " #mid ": SK {N(AUTHENTICATION_FAILED)}"

static void assert_id(const struct id *id, const char *text)
{
	struct arena arena = { 0 };

	assert_string_equal(id_print(id, &arena), text);
	arena_free(&arena);
}

static unsigned conversations(const struct host *h)
{
	return (unsigned)h->eap.open.count;
}

static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_say_up(p, 1);
	return p;
}

static struct pair *plain(void **state)
{
	return open(state, CLIENT(""), GATEWAY(""));
}

static void assert_up(struct pair *p)
{
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_int_equal(conversations(p->moon), 0);
	assert_int_equal(conversations(p->sun), 0);
}

/* Moon was refused, and nothing is left of it anywhere. */
static void assert_ended(struct pair *p)
{
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
	assert_int_equal(conversations(p->moon), 0);
	assert_int_equal(conversations(p->sun), 0);
}

/* ---------------------------------------------------------------------- the way */

static void the_figure(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3), LETS_IN(3));
	assert_up(p);
	assert_true(host_said(p->sun, "EAP method EAP_MD5 succeeded, MSK established"));
	assert_true(host_said(p->moon, "EAP method EAP_MD5 succeeded, MSK established"));
}

static void as_many_packets_as_it_takes(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.asks = 3;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), SAYS(3), ASKS(3),
		SAYS(4), ASKS(4), PROVES(5), LETS_IN(5));
	assert_up(p);
}

/* Then AUTH is made with SK_pi and SK_pr. */
static void a_method_without_key(void **state)
{
	struct pair *p = plain(state);

	p->moon->eap.keyless = p->sun->eap.keyless = true;
	lab_calm(p->lab);
	assert_up(p);
	assert_true(host_said(p->sun, "EAP method EAP_MD5 succeeded, no MSK established"));
}

/* The gateway says so, and the client is there before. */
static void it_may_hold_for_a_time(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.valid = 1000;
	lab_calm(p->lab);
	assert_int_equal(forge_sa(p->sun)->core.life_end, forge_sa(p->sun)->core.established + 1000 * 1000);
	assert_int_equal(
		forge_sa(p->moon)->core.reauth_due, forge_sa(p->moon)->core.established + 900 * 1000);
	lab_pass(p->lab, 901 * 1000);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	pair_assert_agree(p, 1);
}

static void limit(struct pair *p, uint32_t seconds)
{
	const struct ike_command c = {
		.kind = COMMAND_LIMIT, .ticket = 9, .ike_id = forge_sa_up(p->sun)->id, .seconds = seconds
	};

	host_command(p->sun, &c);
}

/* A word of the server while it is up: shorter, and longer; the client is there before. */
static void it_may_hold_for_another_time(void **state)
{
	struct pair *p = open(state, CLIENT(""), GATEWAY("auth = eap-radius"));

	p->sun->eap.valid = 1000;
	p->sun->eap.method = "radius";
	lab_calm(p->lab);
	limit(p, 100);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {N(AUTH_LIFETIME)}",
		"moon --> sun  INFORMATIONAL response 0: SK {}");
	assert_true(host_done(p->sun, 9)->success);
	assert_true(host_said(p->moon, "peer wants us to authenticate anew within 100 s"));
	lab_pass(p->lab, 91 * 1000);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	limit(p, 5000);
	lab_calm(p->lab);
	assert_int_equal(forge_sa_up(p->sun)->core.life_end, p->lab->now + 5000 * 1000);
	limit(p, 50);
	host_stop(p->moon);
	lab_pass_deaf(p->lab, 300 * 1000);
	assert_null(forge_sa(p->sun));
}

/* As long as its certificate at most, also behind a rekeying. */
static void it_holds_no_longer_than_a_certificate(void **state)
{
	struct pair *p = pair_open(state, LOCAL("auth = pubkey"), REMOTE("auth = pubkey"));
	uint64_t end;

	p->sun->valid = 1000;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	end = forge_sa_up(p->sun)->core.established + 1000 * 1000;
	limit(p, 5000);
	lab_calm(p->lab);
	assert_int_equal(forge_sa_up(p->sun)->core.life_end, end);
	host_rekey(p->sun, NULL);
	lab_pass(p->lab, 10 * 1000);
	limit(p, 100);
	assert_int_equal(forge_sa_up(p->sun)->core.life_end, p->lab->now + 100 * 1000);
	limit(p, 5000);
	assert_int_equal(forge_sa_up(p->sun)->core.life_end, end);
}

static void nor_than_one_inside_eap(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.valid = 1000;
	lab_calm(p->lab);
	limit(p, 5000);
	assert_int_equal(
		forge_sa_up(p->sun)->core.life_end, forge_sa_up(p->sun)->core.established + 1000 * 1000);
}

static void packet_passes(struct host *h)
{
	list_each (n, &h->datapath.sas)
		node_owner(n, struct dp_sa, node)->last = h->lab->now;
}

/* Who leads EAP lets the peer out when nothing passes, also behind a rekeying; its children stay as long. */
static void it_ends_when_nothing_passes(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.idle = 60;
	lab_calm(p->lab);
	for (unsigned i = 0; i < 4; i++) {
		lab_pass(p->lab, 50 * 1000);
		packet_passes(p->sun);
	}
	assert_up(p);
	host_rekey(p->sun, NULL);
	lab_calm(p->lab);
	assert_int_equal(forge_sa_up(p->sun)->core.idle, 60);
	lab_pass(p->lab, 59 * 1000);
	assert_non_null(forge_sa(p->sun));
	lab_pass(p->lab, 2000);
	assert_true(host_said(p->sun, "IKE_SA site was idle for as long as its peer may be: it is closed"));
	pair_assert_empty_later(p);
}

static void keys_that_differ(void **state)
{
	struct pair *p = plain(state);

	p->moon->eap.keyless = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3), REFUSES(3));
	assert_string_equal(host_why(p->sun)->what, "the peer has another key of EAP");
	assert_ended(p);
}

static void a_certificate_goes_before_it(void **state)
{
	struct pair *p = open(state, CLIENT("") REMOTE("auth = pubkey"), GATEWAY("") LOCAL("auth = pubkey"));

	ARROWS(p->lab, INIT_REQUEST ", N(SIGNATURE_HASH_ALGORITHMS)",
		INIT_RESPONSE ", N(SIGNATURE_HASH_ALGORITHMS)", WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3),
		LETS_IN(3));
	assert_up(p);
}

static void its_messages_are_cut(void **state)
{
	struct pair *p =
		open(state, CLIENT("") CONN("fragmentation = yes"), GATEWAY("") CONN("fragmentation = yes"));

	p->moon->eap.octets = p->sun->eap.octets = 3000;
	lab_calm(p->lab);
	assert_up(p);
}

static void everything_else_comes_at_the_end(void **state)
{
	static const char all[] =
		CONN("mobike = yes\n childless = prefer\n unique = replace\n resumption = yes");
	struct pair *p =
		pair_open(state, pair_text(state, all, CLIENT("")), pair_text(state, all, GATEWAY("")));

	host_remember(p->moon);
	host_remember(p->sun);
	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE ", N(CHILDLESS_IKEV2_SUPPORTED)",
		"moon --> sun:4500  IKE_AUTH request 1: SK {IDi, N(INITIAL_CONTACT), N(MOBIKE_SUPPORTED), "
		"N(QUICK_CRASH_DETECTION), N(TICKET_REQUEST)}",
		"moon:4500 <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, EAP}",
		"moon --> sun:4500  IKE_AUTH request 2: SK {EAP}",
		"moon:4500 <-- sun  IKE_AUTH response 2: SK {EAP}",
		"moon --> sun:4500  IKE_AUTH request 3: SK {AUTH}",
		"moon:4500 <-- sun  IKE_AUTH response 3: SK {AUTH, N(QUICK_CRASH_DETECTION), "
		"N(MOBIKE_SUPPORTED), "
		"N(TICKET_LT_OPAQUE)}");
	lab_calm(p->lab);
	assert_up(p);
}

/* ---------------------------------------------------------------- what goes wrong */

static void a_wrong_password(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.strict = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2));
	assert_string_equal(host_why(p->sun)->what, "the password is another one");
	assert_string_equal(host_why(p->sun)->notify, "AUTHENTICATION_FAILED");
	assert_string_equal(host_why(p->sun)->alert, "peer-auth-failed");
	assert_string_equal(host_why(p->moon)->what, "the authenticator refuses");
	assert_int_equal(host_counted(p->sun, COUNT_EAP_WRONG), 1);
	assert_int_equal(host_counted(p->sun, COUNT_EAP_DELAYED), 1);
	assert_int_equal(host_counted(p->moon, COUNT_EAP_WRONG), 0);
	assert_ended(p);
}

static void no_without_a_packet(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.strict = p->sun->eap.mute = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), REFUSES(2));
	assert_has(host_why(p->moon)->what, "wants another EAP method or password");
	assert_ended(p);
}

static void nobody_leads_it(void **state)
{
	struct pair *p = plain(state);

	p->sun->fails = ASKED_EAP;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, REFUSES(1));
	assert_ended(p);
}

static void nobody_answers_in_it(void **state)
{
	struct pair *p = plain(state);

	p->moon->silent = ASKED_EAP;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS);
	assert_int_equal(conversations(p->moon), 1);
	lab_pass(p->lab, EAP_ASK_TIME);
	assert_string_equal(host_why(p->moon)->what, "EAP did not come to an end in time");
	assert_ended(p);
}

/* Nothing of moon's goes out before it knows that this is sun. */
static void the_gateway_is_proved_first(void **state)
{
	struct pair *p = open(state, CLIENT("") SECRET("secret = other"), GATEWAY(""));

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, TELLS(2), HEARS(2));
	assert_int_equal(conversations(p->moon), 0);
	assert_has(host_why(p->sun)->what, "the peer has given up with AUTHENTICATION_FAILED");
	assert_ended(p);
}

static void eap_is_not_wanted(void **state)
{
	struct pair *p = open(state, CLIENT(""), NULL);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, REFUSES(1));
	assert_has(host_why(p->sun)->differs, "its remote.auth is psk, and the peer authenticates with EAP");
	assert_ended(p);
}

static void only_eap_is_wanted(void **state)
{
	struct pair *p = open(state, NULL, GATEWAY("auth = eap-mschapv2"));

	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs,
		"its remote.auth is eap-mschapv2, and the peer authenticates with a shared key");
	assert_ended(p);
}

/* A peer that goes on without end, and one that does not go on. */

static void too_many_packets(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.asks = EAP_PACKETS_MAX + 1;
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "EAP did not come to an end");
	assert_ended(p);
}

static void half_way(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS);
	assert_int_equal(conversations(p->sun), 1);
	host_stop(p->moon);
	lab_calm(p->lab);
	lab_pass(p->lab, 31 * 1000);
	assert_null(forge_sa(p->sun));
	assert_int_equal(conversations(p->sun), 0);
}

static void all_of_it_has_to_end(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.asks = 90;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS);
	p->moon->late = 20 * 1000;
	for (unsigned i = 0; i < 4; i++)
		lab_pass(p->lab, 20 * 1000);
	assert_non_null(forge_sa(p->sun));
	lab_pass(p->lab, EAP_TIME - 80 * 1000);
	assert_null(forge_sa(p->sun));
	p->moon->late = 0;
	lab_pass(p->lab, 200 * 1000);
	assert_ended(p);
}

static void it_is_taken_down_half_way(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS);
	host_down_force(p->moon, NULL, 2);
	assert_ended(p);
}

/* -------------------------------------------------------------------- order */

/* A client that believes to be proved while sun still asks. */
static void auth_before_it_is_over(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.asks = 2;
	p->moon->eap.hasty = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, PROVES(2), REFUSES(2));
	assert_has(host_why(p->sun)->what, "before EAP is over");
	assert_ended(p);
}

/* The message that is in the air, from SUN, becomes M. */
static void change(struct pair *p, uint64_t has)
{
	struct flight *f = lab_first(p->lab);
	struct arena arena = { 0 };
	struct message m;

	assert_non_null(f);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.has = has;
	m.idr = (struct id){ ID_FQDN, bytes_str("sun") };
	m.auth = (struct wire_auth){ AUTH_METHOD_PSK, bytes_str("0123456789abcdef0123456789abcdef") };
	m.eap = bytes_str("ask");
	forge_change(f, &m);
	arena_free(&arena);
}

static void let_in_without_it(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS);
	change(p, PAYLOAD_BIT(PAYLOAD_IDR) | PAYLOAD_BIT(PAYLOAD_AUTH));
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH}", TELLS(2), HEARS(2));
	assert_has(host_why(p->moon)->what, "the peer has let us in before we had proved who we are");
	assert_has(host_why(p->moon)->configured, "auth = eap");
	assert_ended(p);
}

static void let_in_in_the_middle_of_it(void **state)
{
	struct pair *p = plain(state);

	p->sun->eap.asks = 2;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2));
	change(p, PAYLOAD_BIT(PAYLOAD_AUTH));
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 2: SK {AUTH}", TELLS(3), HEARS(3));
	assert_has(host_why(p->moon)->what, "the peer has let us in before EAP was over");
	assert_ended(p);
}

static void eap_behind_its_end(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3));
	change(p, PAYLOAD_BIT(PAYLOAD_EAP));
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "the peer goes on with EAP, which is over");
	assert_false(host_done(p->moon, 1)->success);
}

static void no_auth_behind_its_end(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3));
	change(p, 0);
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "the peer does not prove that it has the key of EAP");
	assert_false(host_done(p->moon, 1)->success);
}

static void more_eap_of_a_client_behind_its_end(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2));
	change(p, PAYLOAD_BIT(PAYLOAD_EAP));
	ARROWS(p->lab, "moon --> sun  IKE_AUTH request 3: SK {EAP}", REFUSES(3));
	assert_has(host_why(p->sun)->what, "the peer goes on with EAP, which is over");
	assert_ended(p);
}

static void a_gateway_that_wants_it_unasked(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}");
	change(p, PAYLOAD_BIT(PAYLOAD_IDR) | PAYLOAD_BIT(PAYLOAD_AUTH) | PAYLOAD_BIT(PAYLOAD_EAP));
	lab_calm(p->lab);
	assert_string_equal(host_why(p->moon)->what, "the peer wants EAP of us");
	assert_has(host_why(p->moon)->instead, "auth = eap");
}

/* ------------------------------------------------------------------ repetitions */

/* While the answer is being made, a repetition is no second packet. */
static void repeated_while_it_is_asked(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS);
	p->sun->late = 1000;
	ARROWS(p->lab, "twice: " SAYS(2));
	assert_int_equal(host_dropped(p->sun, DROP_REPEATED), 1);
	p->sun->late = 0;
	lab_clock(p->lab, p->lab->now + 1000);
	ARROWS(p->lab, ASKS(2), PROVES(3), LETS_IN(3));
	assert_up(p);
}

static void every_answer_is_lost_once(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, "lost: " BEGINS);
	pair_wait(p);
	ARROWS(p->lab, WANTS, BEGINS, SAYS(2), "lost: " ASKS(2));
	pair_wait(p);
	ARROWS(p->lab, SAYS(2), ASKS(2), PROVES(3), "lost: " LETS_IN(3));
	pair_wait(p);
	ARROWS(p->lab, PROVES(3), LETS_IN(3));
	assert_up(p);
}

/* ------------------------------------------------------------- EAP alone (RFC 5998) */

#define ALONE CONN("local { auth = eap\n } remote { auth = eap\n }")

static void a_method_that_proves_both(void **state)
{
	struct pair *p = open(state, ALONE, ALONE);

	p->moon->eap.mutual = p->sun->eap.mutual = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, SA, TSi, TSr, N(EAP_ONLY_AUTHENTICATION)}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, EAP}", SAYS(2), ASKS(2), PROVES(3), LETS_IN(3));
	assert_up(p);
}

static void a_method_that_proves_one(void **state)
{
	struct pair *p = open(state, ALONE, ALONE);

	p->sun->eap.mutual = true;
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "the peer has proved in no way who it is");
	assert_ended(p);
}

static void a_gateway_knows_what_proves_one(void **state)
{
	struct pair *p = open(state, ALONE, ALONE);

	p->moon->eap.mutual = true;
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->what, "its method proves only who the peer is");
	assert_ended(p);
}

static void who_is_not_content_with_it(void **state)
{
	struct pair *p = open(state, CLIENT(""), ALONE);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, REFUSES(1));
	assert_has(host_why(p->sun)->differs, "its local.auth is eap");
	assert_ended(p);
}

static void no_proof_where_one_is_due(void **state)
{
	struct pair *p = plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS);
	change(p, PAYLOAD_BIT(PAYLOAD_IDR) | PAYLOAD_BIT(PAYLOAD_EAP));
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->differs, "the peer authenticates with EAP");
	assert_int_equal(conversations(p->moon), 0);
	assert_ended(p);
}

/* ------------------------------------------------------------- several (RFC 4739) */

static struct pair *several(void **state, const char *second)
{
	return open(state,
		CONN("local { auth = psk\n id = gate\n } local-2 { round = 2\n auth = eap\n id = user\n }"),
		pair_text(state, CONN("remote { auth = psk\n id = gate\n }"), second));
}

#define SECOND CONN("remote-2 { round = 2\n auth = eap\n id = user\n }")

static void a_key_then_eap(void **state)
{
	struct pair *p = several(state, SECOND);
	const struct sa *sa;

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE ", " MULTIPLE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, " FOLLOWS ", " MULTIPLE "}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH}",
		"moon --> sun  IKE_AUTH request 2: SK {IDi}", "moon <-- sun  IKE_AUTH response 2: SK {EAP}",
		SAYS(3), ASKS(3), PROVES(4), LETS_IN(4));
	assert_up(p);
	sa = forge_sa_up(p->sun);
	assert_id(&sa->remote_id, "user");
}

static void eap_then_a_key(void **state)
{
	struct pair *p = open(state,
		CONN("local { auth = eap\n id = user\n } local-2 { round = 2\n auth = psk\n id = gate\n }"),
		CONN("remote { auth = eap\n id = user\n } remote-2 { round = 2\n auth = psk\n id = gate\n "
		     "}"));

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE ", " MULTIPLE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, SA, TSi, TSr, " MULTIPLE "}", BEGINS, SAYS(2),
		ASKS(2), "moon --> sun  IKE_AUTH request 3: SK {AUTH, " FOLLOWS "}",
		"moon <-- sun  IKE_AUTH response 3: SK {AUTH}",
		"moon --> sun  IKE_AUTH request 4: SK {IDi, AUTH}",
		"moon <-- sun  IKE_AUTH response 4: SK {SA, TSi, TSr}");
	assert_up(p);
}

static void the_second_is_wrong(void **state)
{
	struct pair *p = several(state, SECOND);

	p->sun->eap.strict = true;
	lab_calm(p->lab);
	assert_string_equal(host_why(p->sun)->what, "the password is another one");
	assert_ended(p);
}

static void the_second_is_somebody_else(void **state)
{
	struct pair *p = several(state, CONN("remote-2 { round = 2\n auth = eap\n id = other\n }"));

	lab_calm(p->lab);
	assert_has(host_why(p->sun)->what,
		"a further proof of user does not fit connection site: its remote.id is other");
	assert_ended(p);
}

static void more_than_are_wanted(void **state)
{
	struct pair *p = open(state,
		CONN("local { auth = eap\n id = user\n } local-2 { round = 2\n auth = psk\n id = gate\n }"),
		GATEWAY(""));

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	assert_has(host_why(p->moon)->what, "several times, and the peer does not take that (RFC 4739)");
	assert_false(host_done(p->moon, 1)->success);
}

static void fewer_than_are_wanted(void **state)
{
	struct pair *p = open(state, CLIENT("id = user"),
		CONN("remote { auth = eap\n id = user\n } remote-2 { round = 2\n auth = psk\n id = gate\n "
		     "}"));

	lab_calm(p->lab);
	assert_has(host_why(p->sun)->what, "the peer proves fewer identities than connection site wants");
	assert_ended(p);
}

static void fewer_keys_than_are_wanted(void **state)
{
	struct pair *p = open(state, NULL,
		CONN("remote { auth = psk\n } remote-2 { round = 2\n auth = eap\n id = user\n }"));

	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs,
		"it has a further round of remote, and the peer proves one identity only");
	assert_ended(p);
}

static void half_way_through_several(void **state)
{
	struct pair *p = several(state, SECOND);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE ", " MULTIPLE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, " FOLLOWS ", " MULTIPLE "}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH}");
	host_stop(p->moon);
	lab_pass_deaf(p->lab, 31 * 1000);
	assert_null(forge_sa(p->sun));
}

/* ------------------------------------------------------- who the peer is, by then */

#define OTHER(lines)                                                                                         \
	"connections { other { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.1\n"                         \
	" proposals = aes128gcm16-prfsha256-x25519\n rekey_time = 0\n dpd_delay = 0\n mobike = no\n"         \
	" childless = never\n unique = never\n fragmentation = no\n local { auth = psk\n }"                  \
	" remote { auth = eap\n " lines "\n } children { net { local_ts = 10.2.0.0/16\n"                     \
	" remote_ts = 10.1.0.0/16\n esp_proposals = aes128gcm16\n rekey_time = 0\n } } } }\n"
#define USERS  GATEWAY("eap_id = *@one.example") OTHER("eap_id = carol@two.example")
#define GROUPS GATEWAY("groups = sales") OTHER("groups = devs, staff")

static void the_user_says_which_connection(void **state)
{
	struct pair *p = open(state, CLIENT(""), USERS);
	struct arena arena = { 0 };
	unsigned n;
	const struct sa_record *r;

	p->moon->eap.user = "carol@two.example";
	lab_calm(p->lab);
	pair_assert_up(p);
	r = host_records(p->sun, &arena, &n);
	assert_int_equal(n, 1);
	assert_string_equal(r->name, "other");
	assert_string_equal(id_print(&r->remote_id, &arena), "192.0.2.1");
	assert_string_equal(id_print(&r->remote_eap_id, &arena), "carol@two.example");
	host_rekey(p->sun, NULL);
	arena_free(&arena);
}

static void the_group_says_which_connection(void **state)
{
	struct pair *p = open(state, CLIENT(""), GROUPS);

	p->sun->eap.group = "staff";
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_string_equal(forge_sa_up(p->sun)->core.peer->name, "other");
}

static void assert_no_group(void **state, const char *group, const char *offered, const char *instead)
{
	struct pair *p = open(state, CLIENT(""), GROUPS);

	p->sun->eap.group = group;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), REFUSES(2));
	assert_has(host_why(p->sun)->what, "no connection is for the user 192.0.2.1");
	assert_string_equal(host_why(p->sun)->differs,
		"site: its remote.groups are sales; other: its remote.groups are devs, staff");
	assert_string_equal(host_why(p->sun)->offered, offered);
	assert_has(host_why(p->sun)->instead, instead);
	assert_ended(p);
}

static void a_group_that_nobody_wants(void **state)
{
	assert_no_group(state, "guests", "192.0.2.1, of the groups guests", "groups = guests");
}

static void a_user_without_a_group(void **state)
{
	assert_no_group(state, NULL, "192.0.2.1", "class_group = yes in the section daemon.radius");
}

static void a_user_of_nobody(void **state)
{
	struct pair *p = open(state, CLIENT(""), USERS);

	p->moon->eap.user = "dave@three.example";
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), REFUSES(2));
	assert_string_equal(host_why(p->sun)->what, "no connection is for the user dave@three.example");
	assert_has(host_why(p->sun)->differs,
		"site: its remote.eap_id is *@one.example; other: its remote.eap_id is carol@two.example");
	assert_string_equal(host_why(p->sun)->instead, "eap_id = dave@three.example");
	assert_ended(p);
}

/* The method that was used has to be one of the connection that the user belongs to. */
static void a_user_by_another_method(void **state)
{
	struct pair *p =
		open(state, CLIENT(""), USERS "connections { other { remote { auth = eap-mschapv2\n } } }\n");

	p->moon->eap.user = "carol@two.example";
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs, "other: its remote.auth is eap-mschapv2");
	assert_ended(p);
}

#define DEMAND(name, constraints) "connections { " name " { remote { auth = eap-tls:" constraints "\n } } }\n"

/* A certificate that was looked at by the demands of one connection is not let in by those of another. */
static void a_certificate_that_another_connection_demands(void **state)
{
	struct pair *p =
		open(state, CLIENT(""), USERS DEMAND("site", "rsa-2048") DEMAND("other", "rsa-4096"));

	p->moon->eap.user = "carol@two.example";
	p->moon->eap.method = p->sun->eap.method = "tls";
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs, "other: it demands something else of certificates");
	assert_ended(p);
}

static void a_certificate_that_both_connections_demand(void **state)
{
	struct pair *p =
		open(state, CLIENT(""), USERS DEMAND("site", "rsa-2048") DEMAND("other", "rsa-2048"));

	p->moon->eap.user = "carol@two.example";
	p->moon->eap.method = p->sun->eap.method = "tls";
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_string_equal(forge_sa_up(p->sun)->core.peer->name, "other");
}

/* Whom a RADIUS server has to know, and who was let in without one. */
static void a_user_that_no_server_was_asked_about(void **state)
{
	struct pair *p =
		open(state, CLIENT(""), USERS "connections { other { remote { auth = eap-radius\n } } }\n");

	p->moon->eap.user = "carol@two.example";
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs, "other: its remote.auth is eap-radius");
	assert_ended(p);
}

/* Two users of one identity are two; one of them twice is one. */
static void the_policy_of_uniqueness_is_about_users(void **state)
{
	struct pair *p = open(state, CLIENT("") CONN("unique = no"), GATEWAY("") CONN("unique = keep"));
	const struct sa *sa;

	p->moon->eap.user = "carol@two.example";
	lab_calm(p->lab);
	pair_assert_up(p);
	sa = forge_sa_up(p->sun);
	assert_id(sa_user(sa), "carol@two.example");
	assert_ptr_equal(ends_next(p->sun->ike, NULL, &sa->local_id, sa_user(sa)), sa);
	assert_null(ends_next(p->sun->ike, NULL, &sa->local_id, &sa->remote_id));
}

/* A ticket says who the user was. */
static void a_ticket_keeps_the_user(void **state)
{
	struct pair *p =
		pair_open(state, CLIENT("") CONN("resumption = yes"), GATEWAY("") CONN("resumption = yes"));

	host_remember(p->moon);
	host_remember(p->sun);
	p->moon->eap.user = "carol@two.example";
	pair_say_up(p, 1);
	lab_calm(p->lab);
	host_stop(p->sun);
	host_start(p->sun);
	host_down_force(p->moon, NULL, 2);
	lab_calm(p->lab);
	pair_say_up(p, 3);
	lab_calm(p->lab);
	assert_true(host_done(p->moon, 3)->success);
}

/* The server has to hear of each session, and may have ended one for good. */
static void a_user_of_radius_gets_no_ticket(void **state)
{
	struct pair *p =
		pair_open(state, CLIENT("") CONN("resumption = yes"), GATEWAY("") CONN("resumption = yes"));

	host_remember(p->moon);
	host_remember(p->sun);
	p->sun->eap.method = "radius";
	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, SA, TSi, TSr, N(QUICK_CRASH_DETECTION), "
		"N(TICKET_REQUEST)}",
		BEGINS, SAYS(2), ASKS(2), PROVES(3),
		"moon <-- sun  IKE_AUTH response 3: SK {AUTH, SA, TSi, TSr, N(QUICK_CRASH_DETECTION), "
		"N(TICKET_NACK)}");
	assert_up(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(the_figure),
		PAIR_TEST(as_many_packets_as_it_takes),
		PAIR_TEST(a_method_without_key),
		PAIR_TEST(it_may_hold_for_a_time),
		PAIR_TEST(it_may_hold_for_another_time),
		PAIR_TEST(it_holds_no_longer_than_a_certificate),
		PAIR_TEST(nor_than_one_inside_eap),
		PAIR_TEST(it_ends_when_nothing_passes),
		PAIR_TEST(keys_that_differ),
		PAIR_TEST(a_certificate_goes_before_it),
		PAIR_TEST(its_messages_are_cut),
		PAIR_TEST(everything_else_comes_at_the_end),
		PAIR_TEST(a_wrong_password),
		PAIR_TEST(no_without_a_packet),
		PAIR_TEST(nobody_leads_it),
		PAIR_TEST(nobody_answers_in_it),
		PAIR_TEST(the_gateway_is_proved_first),
		PAIR_TEST(eap_is_not_wanted),
		PAIR_TEST(only_eap_is_wanted),
		PAIR_TEST(too_many_packets),
		PAIR_TEST(half_way),
		PAIR_TEST(all_of_it_has_to_end),
		PAIR_TEST(it_is_taken_down_half_way),
		PAIR_TEST(auth_before_it_is_over),
		PAIR_TEST(let_in_without_it),
		PAIR_TEST(let_in_in_the_middle_of_it),
		PAIR_TEST(eap_behind_its_end),
		PAIR_TEST(no_auth_behind_its_end),
		PAIR_TEST(more_eap_of_a_client_behind_its_end),
		PAIR_TEST(a_gateway_that_wants_it_unasked),
		PAIR_TEST(repeated_while_it_is_asked),
		PAIR_TEST(every_answer_is_lost_once),
		PAIR_TEST(a_method_that_proves_both),
		PAIR_TEST(a_method_that_proves_one),
		PAIR_TEST(a_gateway_knows_what_proves_one),
		PAIR_TEST(who_is_not_content_with_it),
		PAIR_TEST(no_proof_where_one_is_due),
		PAIR_TEST(a_key_then_eap),
		PAIR_TEST(eap_then_a_key),
		PAIR_TEST(the_second_is_wrong),
		PAIR_TEST(the_second_is_somebody_else),
		PAIR_TEST(more_than_are_wanted),
		PAIR_TEST(fewer_than_are_wanted),
		PAIR_TEST(fewer_keys_than_are_wanted),
		PAIR_TEST(half_way_through_several),
		PAIR_TEST(the_user_says_which_connection),
		PAIR_TEST(the_group_says_which_connection),
		PAIR_TEST(a_group_that_nobody_wants),
		PAIR_TEST(a_user_without_a_group),
		PAIR_TEST(a_user_of_nobody),
		PAIR_TEST(a_user_by_another_method),
		PAIR_TEST(a_certificate_that_another_connection_demands),
		PAIR_TEST(a_certificate_that_both_connections_demand),
		PAIR_TEST(a_user_that_no_server_was_asked_about),
		PAIR_TEST(the_policy_of_uniqueness_is_about_users),
		PAIR_TEST(a_ticket_keeps_the_user),
		PAIR_TEST(a_user_of_radius_gets_no_ticket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
