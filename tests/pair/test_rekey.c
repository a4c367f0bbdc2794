/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New CHILD_SAs in place of old ones (RFC 7296, 1.3.3, 2.8): who sends on which when, and what is left over.
 */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define REKEY(mid)   "moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}"
#define REKEYED(mid) "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, Nonce, TSi, TSr}"
#define REFUSED(n)   "moon <-- sun  CREATE_CHILD_SA response 2: SK {N(" #n ")}"
#define DELETE(mid)  "moon --> sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define DELETED(mid) "moon <-- sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"
#define SUN_REKEYS   "moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}"
#define SUN_REKEYED  "moon --> sun  CREATE_CHILD_SA response 0: SK {SA, Nonce, TSi, TSr}"
#define SUN_DELETES  "moon <-- sun  INFORMATIONAL request 1: SK {D(ESP)}"
#define SUN_DELETED  "moon --> sun  INFORMATIONAL response 1: SK {D(ESP)}"
#define KE_REKEY     "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, KE, Nonce, TSi, TSr, N(REKEY_SA)}"
#define KE_REKEYED   "moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce, TSi, TSr}"

static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_up(p);
	return p;
}

/* The number of the child that H sends on. */
static uint32_t sends_on(const struct host *h)
{
	return datapath_selected(&h->datapath, datapath_policy(&h->datapath, false)->id);
}

/* ------------------------------------------------------------------ both roles */

static void by_the_initiator(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t spi = host_child(p->moon, "net")->spi_in;

	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2), DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
	assert_int_not_equal(host_child(p->moon, "net")->spi_in, spi);
	for (unsigned i = 0; i < 2; i++) {
		const struct host *h = &p->lab->hosts[i];

		assert_int_equal(host_told_times(h, TELL_CHILD_REKEYED), 1);
		assert_int_equal(host_told_times(h, TELL_CHILD_UP), 1);
		assert_int_equal(host_told_times(h, TELL_CHILD_DOWN), 0);
	}
}

static void by_the_responder(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->sun, "net");
	ARROWS(p->lab, SUN_REKEYS, SUN_REKEYED, SUN_DELETES, SUN_DELETED);
	pair_assert_agree(p, 1);
}

static void many_times(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	traffic_begin(&p->traffic, p->lab);
	for (unsigned i = 0; i < 20; i++) {
		host_rekey(i % 3 ? p->moon : p->sun, "net");
		lab_calm(p->lab);
	}
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 20);
	pair_assert_agree(p, 1);
}

/* The old one is named by the SPI that who asks receives on. */
static void named_by_the_spi_of_who_asks(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct arena arena = { 0 };
	const struct wire_notify *n;
	struct message m;
	struct rd r;

	host_rekey(p->sun, "net");
	assert_true(forge_open(p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), &arena, &m));
	n = message_notify(&m, REKEY_SA);
	r = rd_of(n->spi);
	assert_int_equal(n->protocol, PROTO_ESP);
	assert_int_equal(rd_u32(&r), host_child(p->sun, "net")->spi_in);
	arena_free(&arena);
}

static void one_of_two(void **state)
{
	struct pair *p = pair_open(state, LAN_MOON(""), LAN_SUN(""));
	uint32_t net, lan;

	pair_up_both(p);
	net = host_child(p->sun, "net")->id;
	lan = host_child(p->sun, "lan")->id;
	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->moon, "lan");
	ARROWS(p->lab, REKEY(3), REKEYED(3), DELETE(4), DELETED(4));
	pair_assert_agree(p, 2);
	assert_int_equal(host_child(p->sun, "net")->id, net);
	assert_int_not_equal(host_child(p->sun, "lan")->id, lan);
}

static void policy_and_number_stay(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t policy[2], reqid[2];

	for (unsigned i = 0; i < 2; i++) {
		policy[i] = host_child(&p->lab->hosts[i], "net")->policy;
		reqid[i] = host_child(&p->lab->hosts[i], "net")->reqid;
	}
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(host_child(&p->lab->hosts[i], "net")->policy, policy[i]);
		assert_int_equal(host_child(&p->lab->hosts[i], "net")->reqid, reqid[i]);
		assert_int_equal(datapath_policy(&p->lab->hosts[i].datapath, false)->reqid, reqid[i]);
	}
	pair_assert_agree(p, 1);
}

/* ------------------------------------------------------------------ who sends on which */

/* Both directions of the new one are there before who asked can hear of it; and the initiator moves at once.
 */
static void the_initiator_moves_at_once(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t old = sends_on(p->moon);

	host_rekey(p->moon, "net");
	assert_int_equal(datapath_sas(&p->moon->datapath), 2);
	ARROWS(p->lab, REKEY(2));
	assert_int_equal(datapath_sas(&p->sun->datapath), 4);
	assert_int_equal(sends_on(p->moon), old);
	ARROWS(p->lab, REKEYED(2));
	assert_int_equal(sends_on(p->moon), host_child(p->moon, "net")->id);
	assert_int_not_equal(sends_on(p->moon), old);
}

static void the_responder_moves_with_the_first_packet(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t old = sends_on(p->sun);

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2));
	assert_int_equal(sends_on(p->sun), old);
	host_used(p->sun, "net");
	assert_int_equal(sends_on(p->sun), host_child(p->sun, "net")->id);
	assert_int_not_equal(sends_on(p->sun), old);
	ARROWS(p->lab, DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
}

/* Or with the end of the old one, if no packet comes. */
static void the_responder_moves_with_the_delete(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t old = sends_on(p->sun);

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2));
	assert_int_equal(sends_on(p->sun), old);
	ARROWS(p->lab, DELETE(3));
	assert_int_equal(sends_on(p->sun), host_child(p->sun, "net")->id);
}

/* A packet on the old one, or on one that sends already, moves nobody. */
static void other_packets_move_nobody(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct ike_event e = { .kind = EVENT_USED, .used.child = sends_on(p->sun) };

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2));
	host_event(p->sun, &e);
	assert_int_equal(sends_on(p->sun), e.used.child);
	e.used.child = 0xffffff;
	host_event(p->sun, &e);
	host_used(p->moon, "net");
	host_used(p->moon, "net");
	ARROWS(p->lab, DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
}

/* The outbound half goes with the delete; the inbound one stays for packets under way. */
static void the_old_one_is_heard_for_a_while(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t at_moon = host_child(p->moon, "net")->spi_in, at_sun = host_child(p->sun, "net")->spi_in;

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2), DELETE(3), DELETED(3));
	assert_null(datapath_sa(&p->moon->datapath, false, at_sun));
	assert_null(datapath_sa(&p->sun->datapath, false, at_moon));
	lab_clock(p->lab, p->lab->now + LATE_TIME - 1);
	assert_non_null(datapath_sa(&p->moon->datapath, true, at_moon));
	assert_non_null(datapath_sa(&p->sun->datapath, true, at_sun));
	lab_clock(p->lab, p->lab->now + 1);
	assert_null(datapath_sa(&p->moon->datapath, true, at_moon));
	assert_null(datapath_sa(&p->sun->datapath, true, at_sun));
	assert_int_equal(datapath_sas(&p->moon->datapath), 2);
	assert_true(p->moon->wake == HEAP_NEVER);
}

/* One that was not replaced is not heard any more. */
static void one_that_is_closed_is_not(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_down(p->moon, "net", 2);
	lab_calm(p->lab);
	assert_int_equal(datapath_sas(&p->moon->datapath) + datapath_sas(&p->sun->datapath), 0);
}

/* ------------------------------------------------------------------ key exchanges, configurations */

/* IKE_AUTH makes its child with the keys of the IKE_SA: it does not speak of groups (1.2). */
static void none_in_ike_auth(void **state)
{
	struct pair *p = pair_open(state, CHILD("esp_proposals = aes128gcm16-x25519"),
		CHILD("esp_proposals = aes128gcm16-ecp256"));
	struct arena arena = { 0 };
	struct message m;

	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	assert_true(forge_open(p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), &arena, &m));
	assert_int_equal(m.sa.n, 1);
	for (unsigned i = 0; i < m.sa.v[0].n; i++)
		assert_int_not_equal(m.sa.v[0].v[i].type, TRANSFORM_KE);
	arena_free(&arena);
	lab_calm(p->lab);
	pair_assert_up(p);
}

static void with_a_key_exchange(void **state)
{
	struct pair *p = open(state, CHILD("esp_proposals = aes128gcm16-x25519"),
		CHILD("esp_proposals = aes128gcm16-x25519"));

	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->moon, "net");
	ARROWS(p->lab, KE_REKEY, KE_REKEYED, DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
	assert_string_equal(host_child(p->sun, "net")->suite.ke->name, "CURVE_25519");
}

/* Windows and others rekey with one though nobody has configured it. */
static void a_key_exchange_where_none_is_configured(void **state)
{
	struct pair *p = open(state, CHILD("esp_proposals = aes128gcm16-x25519"), NULL);

	host_rekey(p->moon, "net");
	ARROWS(p->lab, KE_REKEY, KE_REKEYED, DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
}

/* Who names a group insists on it, and says so. */
static void no_key_exchange_where_one_is_configured(void **state)
{
	struct pair *p = open(state, NULL, CHILD("esp_proposals = aes128gcm16-ecp256"));
	const struct why *here, *there;

	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REFUSED(NO_PROPOSAL_CHOSEN));
	here = host_why(p->sun);
	there = host_why(p->moon);
	assert_has(here->what, "no ESP proposal of the peer is allowed by child net");
	assert_string_equal(here->offered, "aes128gcm16");
	assert_string_equal(here->configured, "aes128gcm16-ecp256");
	assert_has(here->where, "(connections.site.children.net.esp_proposals)");
	assert_has(there->what, "NO_PROPOSAL_CHOSEN");
	assert_has(there->where, "(connections.site.children.net.esp_proposals)");
	assert_has(there->differs, "it may want a key exchange with each rekeying (PFS)");
	traffic_end(&p->traffic);
}

/* Of a peer that does not want what it has not seen yet. */
static void a_key_exchange_that_is_refused(void **state)
{
	struct pair *p = open(state, CHILD("esp_proposals = aes128gcm16-x25519"), NULL);

	p->sun->fails = ASKED_KEYS;
	host_rekey(p->moon, "net");
	ARROWS(p->lab, KE_REKEY);
	forge_refusal(lab_first(p->lab), NO_PROPOSAL_CHOSEN, (struct bytes){ 0 });
	ARROWS(p->lab, REFUSED(NO_PROPOSAL_CHOSEN));
	assert_has(host_why(p->moon)->differs, "it may not want one (PFS)");
}

/* Windows' private notify: it is not asked again, and nothing else changes. */
static void windows_replaces_its_own(void **state)
{
	static const uint8_t no_key_exchange[] = { 0, 0, 0x35, 0xf8 }, behind_nat[] = { 0, 0, 0x36, 0x27 };
	struct pair *p = open(state, CHILD("esp_proposals = aes128gcm16-x25519"), NULL);

	for (unsigned i = 0; i < 2; i++) {
		p->sun->fails = ASKED_KEYS;
		host_rekey(p->moon, "net");
		lab_deliver(p->lab, lab_first(p->lab));
		forge_refusal(lab_first(p->lab), MS_STATUS,
			i ? bytes_of(behind_nat, sizeof behind_nat)
			  : bytes_of(no_key_exchange, sizeof no_key_exchange));
		lab_calm(p->lab);
		assert_has(host_why(p->moon)->what,
			i ? "Windows does not let us replace its CHILD_SA net (error 13863)"
			  : "(error 13816)");
		assert_int_equal(host_why(p->moon)->instead != NULL, !i);
	}
	pair_quiet(p, 600 * 1000);
	pair_assert_agree(p, 1);
}

/* Whether H told progress that begins so, to who waits for TICKET. */
static bool told(const struct host *h, const char *begin, uint32_t ticket)
{
	list_each (n, (struct node *)&h->news) {
		const struct ike_tell *t = &node_owner(n, struct news, node)->tell;

		if (t->kind == TELL_LOG && !strncmp(t->text, begin, strlen(begin)))
			return !ticket || (t->n_tickets == 1 && t->tickets[0] == ticket);
	}
	return false;
}

/* That it may be refused is said when the tunnel comes up, to who has asked for it. */
static void a_refusal_that_is_predicted(void **state)
{
	static const struct {
		const char *moon;
		bool said;
	} v[] = {
		{ CHILD("esp_proposals = aes128gcm16-x25519, aes256gcm16-ecp256"), true },
		{ CHILD("esp_proposals = aes128gcm16-x25519, aes128gcm16"), false },
		{ CHILD("esp_proposals = aes128gcm16-x25519-none"), false },
		{ NULL, false },
	};

	for (unsigned i = 0; i < sizeof v / sizeof *v; i++) {
		struct pair *p = open(state, v[i].moon, CHILD("esp_proposals = aes128gcm16-x25519"));
		const char *what = "the first rekeying of CHILD_SA net will want a key exchange";

		assert_int_equal(told(p->moon, what, 1), v[i].said);
		assert_true(told(p->sun, what, 0));
		assert_int_equal(pair_close(state), 0);
	}
}

static void another_group(void **state)
{
	struct pair *p = open(state, CHILD("esp_proposals = aes128gcm16-x25519-ecp256"),
		CHILD("esp_proposals = aes128gcm16-ecp256"));

	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->moon, "net");
	/* clang-format off */
	ARROWS(p->lab, KE_REKEY, REFUSED(INVALID_KE_PAYLOAD),
		"moon --> sun  CREATE_CHILD_SA request 3: SK {SA, KE, Nonce, TSi, TSr, N(REKEY_SA)}",
		"moon <-- sun  CREATE_CHILD_SA response 3: SK {SA, KE, Nonce, TSi, TSr}",
		DELETE(4), DELETED(4));
	/* clang-format on */
	pair_assert_agree(p, 1);
}

/* What is configured now counts, not what was when it came up. */
static void with_a_new_configuration(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	const char *other = CHILD("esp_proposals = aes256gcm16");

	traffic_begin(&p->traffic, p->lab);
	host_reload(p->moon, pair_text(state, pair_moon, other));
	host_reload(p->sun, pair_text(state, pair_sun, other));
	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2), DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
	assert_int_equal(host_child(p->sun, "net")->suite.encr->bits, 256);
}

/* Then it is another policy, and the old one goes with the old SA. */
static void with_other_selectors(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	char text[TS_TEXT];

	traffic_begin(&p->traffic, p->lab);
	host_reload(p->sun, pair_text(state, pair_sun, CHILD("local_ts = 10.2.0.0/24")));
	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2));
	assert_int_equal(datapath_policies(&p->moon->datapath, false), 2);
	ARROWS(p->lab, DELETE(3), DELETED(3));
	pair_assert_agree(p, 1);
	assert_string_equal(
		ts_print(&datapath_policy(&p->moon->datapath, false)->remote_ts.v[0], text), "10.2.0.0/24");
}

/* ------------------------------------------------------------------ loss */

/* Each of the four messages is lost once. */
static void every_message_is_lost_once(void **state)
{
	for (unsigned lost = 0; lost < 4; lost++) {
		struct pair *p = open(state, NULL, NULL);

		traffic_begin(&p->traffic, p->lab);
		host_rekey(p->moon, "net");
		for (unsigned i = 0; i < lost; i++)
			lab_deliver(p->lab, lab_first(p->lab));
		lab_lose(lab_first(p->lab));
		SILENCE(p->lab);
		lab_pass(p->lab, 4000);
		assert_int_equal(host_told_times(p->sun, TELL_CHILD_REKEYED), 1);
		pair_assert_agree(p, 1);
		assert_int_equal(pair_close(state), 0);
	}
}

static void every_message_twice(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	traffic_begin(&p->traffic, p->lab);
	host_rekey(p->moon, "net");
	/* clang-format off */
	ARROWS(p->lab,
		"twice: " REKEY(2),
		"twice: " REKEYED(2),
		"twice: " REKEYED(2),
		"twice: " DELETE(3),
		"twice: " DELETED(3),
		"twice: " DELETED(3));
	/* clang-format on */
	pair_assert_agree(p, 1);
}

/* Moon's delete of the first is late, and the second is deleted before it: the first is gone with it. */
static void the_old_one_outlives_the_new_one(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY(2), REKEYED(2), "lost: " DELETE(3));
	host_command(p->sun,
		&(struct ike_command){ .kind = COMMAND_DOWN, .child_id = host_child(p->sun, "net")->id });
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}",
		"moon --> sun  INFORMATIONAL response 0: SK {D(ESP)}");
	assert_int_equal(host_told_times(p->sun, TELL_CHILD_DOWN), 0);
	lab_pass(p->lab, 4000);
	pair_assert_agree(p, 0);
	assert_int_equal(host_told_times(p->sun, TELL_CHILD_DOWN), 1);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_DOWN), 1);
}

/* ------------------------------------------------------------------ the data path fails */

static void the_responder_cannot_install(void **state)
{
	static const enum asked parts[] = { ASKED_SA_IN, ASKED_SA_OUT };

	for (unsigned i = 0; i < 2; i++) {
		struct pair *p = open(state, NULL, NULL);

		traffic_begin(&p->traffic, p->lab);
		p->sun->fails = parts[i];
		host_rekey(p->moon, "net");
		ARROWS(p->lab, REKEY(2), REFUSED(TEMPORARY_FAILURE));
		assert_int_equal(datapath_sas(&p->sun->datapath), 2);
		p->sun->fails = 0;
		lab_clock(p->lab, lab_due(p->lab));
		ARROWS(p->lab, REKEY(3), REKEYED(3), DELETE(4), DELETED(4));
		pair_assert_agree(p, 1);
		assert_int_equal(pair_close(state), 0);
	}
}

/* The new one, which the peer has, is deleted; the old one lives on, and it is tried again after half a
 * minute. */
static void the_initiator_cannot_install(void **state)
{
	static const enum asked parts[] = { ASKED_SA_IN, ASKED_SA_OUT };

	for (unsigned i = 0; i < 2; i++) {
		struct pair *p = open(state, NULL, NULL);
		uint32_t old = sends_on(p->moon);

		traffic_begin(&p->traffic, p->lab);
		p->moon->fails = parts[i];
		host_rekey(p->moon, "net");
		ARROWS(p->lab, REKEY(2), REKEYED(2), DELETE(3), DELETED(3));
		assert_int_equal(sends_on(p->moon), old);
		assert_int_equal(datapath_sas(&p->sun->datapath), 2);
		p->moon->fails = 0;
		SILENCE(p->lab);
		lab_clock(p->lab, lab_due(p->lab));
		ARROWS(p->lab, REKEY(4), REKEYED(4), DELETE(5), DELETED(5));
		pair_assert_agree(p, 1);
		assert_int_equal(pair_close(state), 0);
	}
}

/* -------------------------------------------------------------------------- too often */

/* So many times in a row; how many of them sun put off. */
static unsigned put_off(struct pair *p, unsigned times, const char *child)
{
	unsigned before = host_told_times(p->sun, TELL_REFUSED);
	uint32_t id;
	unsigned n = 0;

	for (unsigned i = 0; i < times; i++) {
		id = child ? host_child(p->moon, child)->id : forge_sa_up(p->moon)->id;
		host_rekey(p->moon, child);
		lab_calm(p->lab);
		n += id == (child ? host_child(p->moon, child)->id : forge_sa_up(p->moon)->id);
	}
	assert_int_equal(host_told_times(p->sun, TELL_REFUSED) - before, n > 0);
	return n;
}

/* Each may cost a key exchange (RFC 8019, 5). */
static void who_rekeys_all_the_time_is_put_off(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	const unsigned most = REKEYINGS_MOST + REKEYINGS_OF_EACH;

	assert_int_equal(put_off(p, most, "net"), 0);
	assert_int_equal(put_off(p, 1, "net"), 1);
	assert_has(host_why(p->sun)->what, "rekeys all the time");
	/* Moon tries again, and gets it when the time is over. */
	lab_pass(p->lab, REKEYINGS_TIME + 2 * BUSY_TIME);
	assert_int_equal(put_off(p, 1, "net"), 0);
	pair_assert_agree(p, 1);
}

/* Its limit may be met a few times a second. */
static void who_rekeys_by_volume_is_put_off_later(void **state)
{
	struct pair *p = open(state, NULL, CHILD("rekey_bytes = 32M"));
	const unsigned most = REKEYINGS_MOST + REKEYINGS_BY_VOLUME;

	assert_int_equal(put_off(p, most, "net"), 0);
	assert_int_equal(put_off(p, 1, "net"), 1);
}

static void who_rekeys_the_IKE_SA_all_the_time_is_put_off(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	const unsigned most = REKEYINGS_MOST + REKEYINGS_OF_EACH;

	assert_int_equal(put_off(p, most, NULL), 0);
	assert_int_equal(put_off(p, 1, NULL), 1);
	lab_pass(p->lab, REKEYINGS_TIME + 2 * BUSY_TIME);
	assert_int_equal(put_off(p, 1, NULL), 0);
	pair_assert_agree(p, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(by_the_initiator),
		PAIR_TEST(by_the_responder),
		PAIR_TEST(many_times),
		PAIR_TEST(named_by_the_spi_of_who_asks),
		PAIR_TEST(one_of_two),
		PAIR_TEST(policy_and_number_stay),
		PAIR_TEST(the_initiator_moves_at_once),
		PAIR_TEST(the_responder_moves_with_the_first_packet),
		PAIR_TEST(the_responder_moves_with_the_delete),
		PAIR_TEST(other_packets_move_nobody),
		PAIR_TEST(the_old_one_is_heard_for_a_while),
		PAIR_TEST(one_that_is_closed_is_not),
		PAIR_TEST(none_in_ike_auth),
		PAIR_TEST(with_a_key_exchange),
		PAIR_TEST(a_key_exchange_where_none_is_configured),
		PAIR_TEST(no_key_exchange_where_one_is_configured),
		PAIR_TEST(a_key_exchange_that_is_refused),
		PAIR_TEST(windows_replaces_its_own),
		PAIR_TEST(a_refusal_that_is_predicted),
		PAIR_TEST(another_group),
		PAIR_TEST(with_a_new_configuration),
		PAIR_TEST(with_other_selectors),
		PAIR_TEST(every_message_is_lost_once),
		PAIR_TEST(every_message_twice),
		PAIR_TEST(the_old_one_outlives_the_new_one),
		PAIR_TEST(the_responder_cannot_install),
		PAIR_TEST(the_initiator_cannot_install),
		PAIR_TEST(who_rekeys_all_the_time_is_put_off),
		PAIR_TEST(who_rekeys_by_volume_is_put_off_later),
		PAIR_TEST(who_rekeys_the_IKE_SA_all_the_time_is_put_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
