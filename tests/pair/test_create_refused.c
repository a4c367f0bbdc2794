/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Further CHILD_SAs that do not come about: refused with each notify, answered with what was not offered, or
 * asked for in a message that is wrong (RFC 7296, 1.3, 2.7, 2.21.3). The IKE_SA and its other child live on,
 * unless the peers do not understand each other any more. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define REQUEST       "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr}"
#define RESPONSE      "moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, Nonce, TSi, TSr}"
#define KE_REQUEST(n) "moon --> sun  CREATE_CHILD_SA request " #n ": SK {SA, KE, Nonce, TSi, TSr}"
#define REFUSAL(n)    "moon <-- sun  CREATE_CHILD_SA response 2: SK {N(" #n ")}"
#define DELETE(mid)   "moon --> sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define DELETED(mid)  "moon <-- sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"
#define ESP(words)    CONN("children { lan { esp_proposals = " words "\n } }")

/* A pair with "net" up, whose next exchange, moon's second, is for "lan". */
static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p =
		pair_open(state, pair_text(state, LAN_MOON(""), moon), pair_text(state, LAN_SUN(""), sun));

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	host_up(p->moon, "lan", 2);
	return p;
}

static void assert_done(struct pair *p, bool success)
{
	const struct ike_tell *done = host_done(p->moon, 2);

	assert_non_null(done);
	assert_int_equal(done->success, success);
	assert_true(success || (done->why && done->why->what));
}

/* The command has failed, and "net" is all there is. */
static void assert_refused(struct pair *p)
{
	assert_done(p, false);
	pair_assert_agree(p, 1);
}

/* What is next in the air, opened. */
static struct message opened(struct pair *p, struct arena *arena)
{
	struct flight *f = lab_first(p->lab);
	struct message m;

	assert_non_null(f);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), arena, &m));
	return m;
}

/* ------------------------------------------------------------------ with a notify */

static void no_proposal(void **state)
{
	struct pair *p = open(state, ESP("aes256-sha512"), NULL);
	const struct why *here, *there;

	ARROWS(p->lab, REQUEST, REFUSAL(NO_PROPOSAL_CHOSEN));
	here = host_why(p->sun);
	there = host_why(p->moon);
	assert_has(here->what, "no ESP proposal of the peer is allowed by child lan of connection site");
	assert_has(here->where, "(connections.site.children.lan.esp_proposals)");
	assert_string_equal(here->instead, "esp_proposals = aes256-sha512");
	assert_has(there->what, "the peer refused CHILD_SA lan with NO_PROPOSAL_CHOSEN");
	assert_has(there->where, "(connections.site.children.lan.esp_proposals)");
	assert_refused(p);
}

static void no_selectors(void **state)
{
	struct pair *p = open(state, CONN("children { lan { remote_ts = 10.99.0.0/16\n } }"), NULL);

	ARROWS(p->lab, REQUEST, REFUSAL(TS_UNACCEPTABLE));
	assert_has(host_why(p->sun)->offered, "10.99.0.0/16 === 10.11.0.0/16");
	assert_has(host_why(p->moon)->where, "(connections.site.children.lan.remote_ts)");
	assert_refused(p);
}

/* Whatever the peer calls it, also by a number that we do not know: only this child is refused. */
static void other_reasons(void **state)
{
	static const uint16_t reasons[] = { SINGLE_PAIR_REQUIRED, FAILED_CP_REQUIRED,
		INTERNAL_ADDRESS_FAILURE, CHILD_SA_NOT_FOUND, UNSUPPORTED_CRITICAL_PAYLOAD, 8765 };

	for (unsigned i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		struct pair *p = open(state, ESP("aes256-sha512"), NULL);

		ARROWS(p->lab, REQUEST);
		forge_refusal(lab_first(p->lab), reasons[i], (struct bytes){ 0 });
		lab_deliver(p->lab, lab_first(p->lab));
		assert_has(host_why(p->moon)->what, notify_name(reasons[i]));
		assert_refused(p);
		assert_int_equal(pair_close(state), 0);
	}
}

static void another_group(void **state)
{
	struct pair *p = open(state, ESP("aes128gcm16-x25519-ecp256"), ESP("aes128gcm16-ecp256"));

	/* clang-format off */
	ARROWS(p->lab,
		KE_REQUEST(2),
		REFUSAL(INVALID_KE_PAYLOAD),
		KE_REQUEST(3),
		"moon <-- sun  CREATE_CHILD_SA response 3: SK {SA, KE, Nonce, TSi, TSr}");
	/* clang-format on */
	assert_done(p, true);
	pair_assert_agree(p, 2);
	assert_string_equal(host_child(p->sun, "lan")->suite.ke->name, "ECP_256");
}

static void a_group_that_was_not_offered(void **state)
{
	struct pair *p = open(state, ESP("aes128gcm16-x25519"), ESP("aes256-sha512"));

	ARROWS(p->lab, KE_REQUEST(2));
	forge_refusal(lab_first(p->lab), INVALID_KE_PAYLOAD, bytes_of("\0\16", 2));
	ARROWS(p->lab, REFUSAL(INVALID_KE_PAYLOAD));
	assert_refused(p);
}

/* A peer that always wants another group is not followed for ever. */
static void no_group_is_right(void **state)
{
	struct pair *p = open(state, ESP("aes128gcm16-x25519-ecp256"), ESP("aes256-sha512"));
	unsigned rounds = 0;

	while (!host_done(p->moon, 2) && rounds++ < 20) {
		lab_deliver(p->lab, lab_first(p->lab));
		forge_refusal(lab_first(p->lab), INVALID_KE_PAYLOAD,
			rounds % 2 ? bytes_of("\0\23", 2) : bytes_of("\0\37", 2));
		lab_deliver(p->lab, lab_first(p->lab));
	}
	assert_int_equal(rounds, INIT_ROUNDS_MAX);
	assert_refused(p);
}

/* Then it gets an IKE_SA of its own (1.3), and who waits for it waits for that. */
static void no_additional_sas(void **state)
{
	struct pair *p = open(state, ESP("aes128gcm16"), NULL);

	p->sun->fails = ASKED_SA_IN;
	ARROWS(p->lab, REQUEST);
	p->sun->fails = 0;
	forge_refusal(lab_first(p->lab), NO_ADDITIONAL_SAS, (struct bytes){ 0 });
	/* clang-format off */
	ARROWS(p->lab,
		REFUSAL(NO_ADDITIONAL_SAS),
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD");
	/* clang-format on */
	assert_null(host_done(p->moon, 2));
	ARROWS(p->lab, "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	assert_done(p, true);
	SILENCE(p->lab);
	assert_int_equal(ike_load(p->moon->ike).sas, 2);
	assert_int_equal(ike_load(p->sun->ike).children, 2);
	assert_ptr_not_equal(host_child(p->moon, "lan")->sa, host_child(p->moon, "net")->sa);
}

/* Not at once, but soon (2.25). */
static void temporary_failure(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint64_t start;

	p->sun->fails = ASKED_SA_IN;
	ARROWS(p->lab, REQUEST, REFUSAL(TEMPORARY_FAILURE));
	p->sun->fails = 0;
	start = p->lab->now;
	SILENCE(p->lab);
	lab_clock(p->lab, lab_due(p->lab));
	assert_in_range(p->lab->now - start, BUSY_TIME, 2 * BUSY_TIME);
	assert_null(host_done(p->moon, 2));
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  CREATE_CHILD_SA request 3: SK {SA, Nonce, TSi, TSr}",
		"moon <-- sun  CREATE_CHILD_SA response 3: SK {SA, Nonce, TSi, TSr}");
	/* clang-format on */
	assert_done(p, true);
	pair_assert_agree(p, 2);
}

/* ------------------------------------------------------------------ with what was not offered */

/* The answer of sun's, CHANGEd, is not taken: moon, who cannot know what sun has made, has it deleted. */
static void not_taken(void **state, const char *esp, void (*change)(struct message *m, struct arena *arena))
{
	struct pair *p = open(state, ESP("aes128gcm16"), ESP("aes128gcm16"));
	struct arena arena = { 0 };
	struct message m;

	if (esp) {
		assert_int_equal(pair_close(state), 0);
		p = open(state, esp, esp);
	}
	lab_deliver(p->lab, lab_first(p->lab));
	m = opened(p, &arena);
	change(&m, &arena);
	forge_change(lab_first(p->lab), &m);
	lab_deliver(p->lab, lab_first(p->lab));
	ARROWS(p->lab, DELETE(3), DELETED(3));
	arena_free(&arena);
	assert_has(host_why(p->moon)->what, "the peer");
	assert_refused(p);
}

static struct proposal *answered(struct message *m)
{
	return (struct proposal *)m->sa.v;
}

static void choose_cipher(struct message *m, struct arena *arena)
{
	(void)arena;
	((struct xform *)answered(m)->v)->bits = 256;
}

static void another_cipher(void **state)
{
	not_taken(state, NULL, choose_cipher);
}

static void choose_number(struct message *m, struct arena *arena)
{
	(void)arena;
	answered(m)->num = 2;
}

static void another_proposal(void **state)
{
	not_taken(state, NULL, choose_number);
}

static void choose_spi(struct message *m, struct arena *arena)
{
	(void)arena;
	answered(m)->spi = bytes_of("\0\0\0\0", 4);
}

static void an_spi_of_zero(void **state)
{
	not_taken(state, NULL, choose_spi);
}

static void choose_wider(struct message *m, struct arena *arena)
{
	struct ts *ts = ARENA_NEW(arena, struct ts);

	assert_int_equal(ts_parse("10.12.0.0/15", ts), ERR_OK);
	m->tsr = (struct tss){ ts, 1 };
}

static void wider_selectors(void **state)
{
	not_taken(state, NULL, choose_wider);
}

static void forget_selectors(struct message *m, struct arena *arena)
{
	(void)arena;
	m->has &= ~(PAYLOAD_BIT(PAYLOAD_TSI) | PAYLOAD_BIT(PAYLOAD_TSR));
}

/* As if an IKE_SA had been rekeyed. */
static void no_selectors_in_the_answer(void **state)
{
	not_taken(state, ESP("aes128gcm16-x25519"), forget_selectors);
}

static void forget_ke(struct message *m, struct arena *arena)
{
	(void)arena;
	m->has &= ~PAYLOAD_BIT(PAYLOAD_KE);
}

static void a_group_without_its_value(void **state)
{
	not_taken(state, ESP("aes128gcm16-x25519"), forget_ke);
}

static void choose_group(struct message *m, struct arena *arena)
{
	(void)arena;
	m->ke.group = KE_ECP_256;
}

static void the_value_of_another_group(void **state)
{
	not_taken(state, ESP("aes128gcm16-x25519-ecp256"), choose_group);
}

/* ------------------------------------------------------------------ bad messages */

/* MikroTik: a CP payload in CREATE_CHILD_SA says nothing here. */
static void a_configuration_payload(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = opened(p, &arena);

	m.has |= PAYLOAD_BIT(PAYLOAD_CP);
	m.cp = (struct wire_cp){ .type = 1 };
	forge_change(lab_first(p->lab), &m);
	arena_free(&arena);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  CREATE_CHILD_SA request 2: SK {CP, SA, Nonce, TSi, TSr}",
		RESPONSE);
	/* clang-format on */
	pair_assert_agree(p, 2);
}

/* Sun's next request in moon's name: INNER, whose first payload is of type FIRST. */
static void send_raw(struct pair *p, uint8_t first, const char *inner, size_t n)
{
	struct arena arena = { 0 };
	struct wire_header h = { .exchange = CREATE_CHILD_SA, .mid = 2 };
	struct sa *sa = forge_sa(p->moon);
	struct bytes data = forge_seal_raw(p->moon, sa, &h, first, bytes_of(inner, n), &arena);

	lab_lose(lab_first(p->lab));
	lab_deliver(p->lab, forge_send(p->moon, sa, data));
	arena_free(&arena);
}

static void an_unknown_critical_payload(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	send_raw(p, 200, "\0\x80\0\4", 4);
	ARROWS(p->lab, REFUSAL(UNSUPPORTED_CRITICAL_PAYLOAD));
	assert_refused(p);
}

/* Who cannot read the other deletes the IKE_SA, and the other does too when it hears of it (2.21.3). */
static void garbage(void **state)
{
	static const struct {
		uint8_t first;
		const char *inner;
		size_t n;
	} v[] = {
		{ PAYLOAD_SA, "\0\0\0\3", 4 }, { PAYLOAD_NONCE, "\0\0\0\x8qwer", 8 },
		{ PAYLOAD_TSI, "\0\0\0\5\1", 5 },
		{ PAYLOAD_NOTIFY, "\0\0\0\x8\0\0\x40\7", 8 }, /* no request is made of that alone */
	};

	for (unsigned i = 0; i < sizeof v / sizeof *v; i++) {
		struct pair *p = open(state, NULL, NULL);

		send_raw(p, v[i].first, v[i].inner, v[i].n);
		ARROWS(p->lab, REFUSAL(INVALID_SYNTAX));
		SILENCE(p->lab);
		assert_done(p, false);
		assert_string_equal(host_why(p->moon)->notify, "INVALID_SYNTAX");
		pair_assert_empty_later(p);
		assert_int_equal(pair_close(state), 0);
	}
}

/* A response that cannot be read is no response. */
static void garbage_in_a_response(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct wire_header h = { .exchange = CREATE_CHILD_SA, .flags = FLAG_RESPONSE, .mid = 2 };
	struct sa *sa = forge_sa(p->sun);
	struct bytes data = forge_seal_raw(p->sun, sa, &h, PAYLOAD_SA, bytes_of("\0\0\0\3", 4), &arena);

	lab_deliver(p->lab, forge_send(p->sun, sa, data));
	arena_free(&arena);
	assert_int_equal(host_dropped(p->moon, DROP_SHAPE), 1);
	ARROWS(p->lab, REQUEST, RESPONSE);
	pair_assert_agree(p, 2);
}

/* What is next in the air has the public value zero, which no honest peer sends: the IKE_SA is dropped (RFC
 * 6989, 2.5). */
static void spoil_public_value(struct pair *p)
{
	struct arena arena = { 0 };
	struct message m = opened(p, &arena);

	m.ke.data = bytes_of(arena_alloc(&arena, 32), 32);
	forge_change(lab_first(p->lab), &m);
	arena_free(&arena);
}

static void a_bad_public_value_in_the_request(void **state)
{
	struct pair *p = open(state, ESP("aes128gcm16-x25519"), ESP("aes128gcm16-x25519"));

	spoil_public_value(p);
	ARROWS(p->lab, KE_REQUEST(2), REFUSAL(INVALID_SYNTAX));
	SILENCE(p->lab);
	assert_done(p, false);
	assert_has(host_why(p->sun)->what, "not valid");
	pair_assert_empty_later(p);
}

static void a_bad_public_value_in_the_response(void **state)
{
	struct pair *p = open(state, ESP("aes128gcm16-x25519"), ESP("aes128gcm16-x25519"));

	ARROWS(p->lab, KE_REQUEST(2));
	spoil_public_value(p);
	/* clang-format off */
	ARROWS(p->lab, "moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce, TSi, TSr}",
		"moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 3: SK {}");
	/* clang-format on */
	assert_done(p, false);
	assert_has(host_why(p->moon)->what, "not valid");
	pair_assert_empty_later(p);
}

/* The part of the daemon that computes is out of order: nobody else is to blame. */
static void a_secret_that_is_not_computed(void **state)
{
	struct pair *p = open(state, ESP("aes128gcm16-x25519"), ESP("aes128gcm16-x25519"));

	p->sun->silent = ASKED_KEYS;
	lab_pass(p->lab, ASK_TIMEOUT);
	assert_null(host_done(p->moon, 2));
	p->sun->silent = 0;
	lab_pass(p->lab, 2 * BUSY_TIME);
	assert_done(p, true);
	pair_assert_agree(p, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(no_proposal),
		PAIR_TEST(no_selectors),
		PAIR_TEST(other_reasons),
		PAIR_TEST(another_group),
		PAIR_TEST(a_group_that_was_not_offered),
		PAIR_TEST(no_group_is_right),
		PAIR_TEST(no_additional_sas),
		PAIR_TEST(temporary_failure),
		PAIR_TEST(another_cipher),
		PAIR_TEST(another_proposal),
		PAIR_TEST(an_spi_of_zero),
		PAIR_TEST(wider_selectors),
		PAIR_TEST(no_selectors_in_the_answer),
		PAIR_TEST(a_group_without_its_value),
		PAIR_TEST(the_value_of_another_group),
		PAIR_TEST(a_configuration_payload),
		PAIR_TEST(an_unknown_critical_payload),
		PAIR_TEST(garbage),
		PAIR_TEST(garbage_in_a_response),
		PAIR_TEST(a_bad_public_value_in_the_request),
		PAIR_TEST(a_bad_public_value_in_the_response),
		PAIR_TEST(a_secret_that_is_not_computed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
