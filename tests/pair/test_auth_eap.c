/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP in IKE_AUTH (RFC 7296, 2.16; RFC 5998): moon proves to sun who it is, in words that prove nothing
 * (charade.h). */
#include "tests/pair/eap.h"
#include "tests/pair/forge.h"

/* ---------------------------------------------------------------------- the way */

static void the_figure(void **state)
{
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3), LETS_IN(3));
	eap_pair_up(p);
	assert_true(host_said(p->sun, "EAP method EAP_MD5 succeeded, MSK established"));
	assert_true(host_said(p->moon, "EAP method EAP_MD5 succeeded, MSK established"));
}

static void as_many_packets_as_it_takes(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->sun->eap.asks = 3;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), SAYS(3), ASKS(3),
		SAYS(4), ASKS(4), PROVES(5), LETS_IN(5));
	eap_pair_up(p);
}

/* Then AUTH is made with SK_pi and SK_pr. */
static void a_method_without_key(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->moon->eap.keyless = p->sun->eap.keyless = true;
	lab_calm(p->lab);
	eap_pair_up(p);
	assert_true(host_said(p->sun, "EAP method EAP_MD5 succeeded, no MSK established"));
}

/* The gateway says so, and the client is there before. */
static void it_may_hold_for_a_time(void **state)
{
	struct pair *p = eap_pair_plain(state);

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
	struct pair *p = eap_pair_open(state, CLIENT(""), GATEWAY("auth = eap-radius"));

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
	struct pair *p = eap_pair_plain(state);

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
	struct pair *p = eap_pair_plain(state);

	p->sun->eap.idle = 60;
	lab_calm(p->lab);
	for (unsigned i = 0; i < 4; i++) {
		lab_pass(p->lab, 50 * 1000);
		packet_passes(p->sun);
	}
	eap_pair_up(p);
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
	struct pair *p = eap_pair_plain(state);

	p->moon->eap.keyless = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3), REFUSES(3));
	assert_string_equal(host_why(p->sun)->what, "the peer has another key of EAP");
	eap_pair_ended(p);
}

static void a_certificate_goes_before_it(void **state)
{
	struct pair *p =
		eap_pair_open(state, CLIENT("") REMOTE("auth = pubkey"), GATEWAY("") LOCAL("auth = pubkey"));

	ARROWS(p->lab, INIT_REQUEST ", N(SIGNATURE_HASH_ALGORITHMS)",
		INIT_RESPONSE ", N(SIGNATURE_HASH_ALGORITHMS)", WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3),
		LETS_IN(3));
	eap_pair_up(p);
}

static void its_messages_are_cut(void **state)
{
	struct pair *p = eap_pair_open(
		state, CLIENT("") CONN("fragmentation = yes"), GATEWAY("") CONN("fragmentation = yes"));

	p->moon->eap.octets = p->sun->eap.octets = 3000;
	for (struct flight *f; (f = lab_first(p->lab)); lab_deliver(p->lab, f))
		assert_in_range(f->n, 1, 1280);
	eap_pair_up(p);
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
	eap_pair_up(p);
}

/* ---------------------------------------------------------------- what goes wrong */

static void a_wrong_password(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->sun->eap.strict = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2));
	assert_string_equal(host_why(p->sun)->what, "the password is another one");
	assert_string_equal(host_why(p->sun)->notify, "AUTHENTICATION_FAILED");
	assert_string_equal(host_why(p->sun)->alert, "peer-auth-failed");
	assert_string_equal(host_why(p->moon)->what, "the authenticator refuses");
	assert_int_equal(host_counted(p->sun, COUNT_EAP_WRONG), 1);
	assert_int_equal(host_counted(p->sun, COUNT_EAP_DELAYED), 1);
	assert_int_equal(host_counted(p->moon, COUNT_EAP_WRONG), 0);
	eap_pair_ended(p);
}

static void no_without_a_packet(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->sun->eap.strict = p->sun->eap.mute = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), REFUSES(2));
	assert_has(host_why(p->moon)->what, "wants another EAP method or password");
	eap_pair_ended(p);
}

static void nobody_leads_it(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->sun->fails = ASKED_EAP;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, REFUSES(1));
	eap_pair_ended(p);
}

static void nobody_answers_in_it(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->moon->silent = ASKED_EAP;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS);
	assert_int_equal(eap_conversations(p->moon), 1);
	lab_pass(p->lab, EAP_ASK_TIME);
	assert_string_equal(host_why(p->moon)->what, "EAP did not come to an end in time");
	eap_pair_ended(p);
}

/* Nothing of moon's goes out before it knows that this is sun. */
static void the_gateway_is_proved_first(void **state)
{
	struct pair *p = eap_pair_open(state, CLIENT("") SECRET("secret = other"), GATEWAY(""));

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, TELLS(2), HEARS(2));
	assert_int_equal(eap_conversations(p->moon), 0);
	assert_has(host_why(p->sun)->what, "the peer has given up with AUTHENTICATION_FAILED");
	eap_pair_ended(p);
}

static void eap_is_not_wanted(void **state)
{
	struct pair *p = eap_pair_open(state, CLIENT(""), NULL);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, REFUSES(1));
	assert_has(host_why(p->sun)->differs, "its remote.auth is psk, and the peer authenticates with EAP");
	eap_pair_ended(p);
}

static void only_eap_is_wanted(void **state)
{
	struct pair *p = eap_pair_open(state, NULL, GATEWAY("auth = eap-mschapv2"));

	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs,
		"its remote.auth is eap-mschapv2, and the peer authenticates with a shared key");
	eap_pair_ended(p);
}

/* A peer that goes on without end, and one that does not go on. */

static void too_many_packets(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->sun->eap.asks = EAP_PACKETS_MAX + 1;
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "EAP did not come to an end");
	eap_pair_ended(p);
}

static void half_way(void **state)
{
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS);
	assert_int_equal(eap_conversations(p->sun), 1);
	host_stop(p->moon);
	lab_calm(p->lab);
	lab_pass(p->lab, 31 * 1000);
	assert_null(forge_sa(p->sun));
	assert_int_equal(eap_conversations(p->sun), 0);
}

static void all_of_it_has_to_end(void **state)
{
	struct pair *p = eap_pair_plain(state);

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
	eap_pair_ended(p);
}

static void it_is_taken_down_half_way(void **state)
{
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS);
	host_down_force(p->moon, NULL, 2);
	eap_pair_ended(p);
}

/* -------------------------------------------------------------------- order */

/* A client that believes to be proved while sun still asks. */
static void auth_before_it_is_over(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->sun->eap.asks = 2;
	p->moon->eap.hasty = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, PROVES(2), REFUSES(2));
	assert_has(host_why(p->sun)->what, "before EAP is over");
	eap_pair_ended(p);
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
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS);
	change(p, PAYLOAD_BIT(PAYLOAD_IDR) | PAYLOAD_BIT(PAYLOAD_AUTH));
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH}", TELLS(2), HEARS(2));
	assert_has(host_why(p->moon)->what, "the peer has let us in before we had proved who we are");
	assert_has(host_why(p->moon)->configured, "auth = eap");
	eap_pair_ended(p);
}

static void let_in_in_the_middle_of_it(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->sun->eap.asks = 2;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2));
	change(p, PAYLOAD_BIT(PAYLOAD_AUTH));
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 2: SK {AUTH}", TELLS(3), HEARS(3));
	assert_has(host_why(p->moon)->what, "the peer has let us in before EAP was over");
	eap_pair_ended(p);
}

static void eap_behind_its_end(void **state)
{
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3));
	change(p, PAYLOAD_BIT(PAYLOAD_EAP));
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "the peer goes on with EAP, which is over");
	assert_false(host_done(p->moon, 1)->success);
}

static void no_auth_behind_its_end(void **state)
{
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2), PROVES(3));
	change(p, 0);
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "the peer does not prove that it has the key of EAP");
	assert_false(host_done(p->moon, 1)->success);
}

static void more_eap_of_a_client_behind_its_end(void **state)
{
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), ASKS(2));
	change(p, PAYLOAD_BIT(PAYLOAD_EAP));
	ARROWS(p->lab, "moon --> sun  IKE_AUTH request 3: SK {EAP}", REFUSES(3));
	assert_has(host_why(p->sun)->what, "the peer goes on with EAP, which is over");
	eap_pair_ended(p);
}

static void a_gateway_that_wants_it_unasked(void **state)
{
	struct pair *p = eap_pair_open(state, NULL, NULL);

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
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS);
	p->sun->late = 1000;
	ARROWS(p->lab, "twice: " SAYS(2));
	assert_int_equal(host_dropped(p->sun, DROP_REPEATED), 1);
	p->sun->late = 0;
	lab_clock(p->lab, p->lab->now + 1000);
	ARROWS(p->lab, ASKS(2), PROVES(3), LETS_IN(3));
	eap_pair_up(p);
}

static void every_answer_is_lost_once(void **state)
{
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, "lost: " BEGINS);
	pair_wait(p);
	ARROWS(p->lab, WANTS, BEGINS, SAYS(2), "lost: " ASKS(2));
	pair_wait(p);
	ARROWS(p->lab, SAYS(2), ASKS(2), PROVES(3), "lost: " LETS_IN(3));
	pair_wait(p);
	ARROWS(p->lab, PROVES(3), LETS_IN(3));
	eap_pair_up(p);
}

/* ------------------------------------------------------------- EAP alone (RFC 5998) */

static void a_method_that_proves_both(void **state)
{
	struct pair *p = eap_pair_open(state, ALONE, ALONE);

	p->moon->eap.mutual = p->sun->eap.mutual = true;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, SA, TSi, TSr, N(EAP_ONLY_AUTHENTICATION)}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, EAP}", SAYS(2), ASKS(2), PROVES(3), LETS_IN(3));
	eap_pair_up(p);
}

static void a_method_that_proves_one(void **state)
{
	struct pair *p = eap_pair_open(state, ALONE, ALONE);

	p->sun->eap.mutual = true;
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "the peer has proved in no way who it is");
	eap_pair_ended(p);
}

static void a_gateway_knows_what_proves_one(void **state)
{
	struct pair *p = eap_pair_open(state, ALONE, ALONE);

	p->moon->eap.mutual = true;
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->what, "its method proves only who the peer is");
	eap_pair_ended(p);
}

static void who_is_not_content_with_it(void **state)
{
	struct pair *p = eap_pair_open(state, CLIENT(""), ALONE);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, REFUSES(1));
	assert_has(host_why(p->sun)->differs, "its local.auth is eap");
	eap_pair_ended(p);
}

static void no_proof_where_one_is_due(void **state)
{
	struct pair *p = eap_pair_plain(state);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS);
	change(p, PAYLOAD_BIT(PAYLOAD_IDR) | PAYLOAD_BIT(PAYLOAD_EAP));
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->differs, "the peer authenticates with EAP");
	assert_int_equal(eap_conversations(p->moon), 0);
	eap_pair_ended(p);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
