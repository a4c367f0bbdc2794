/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session resumption (RFC 5723) beside what else there is: additional key exchanges, post-quantum preshared
 * keys, fragments, MOBIKE, floods, NATs, redirects. */
#include "ike/conf.h"
#include "ike/keys.h"
#include "ike/seal.h"
#include "ike/ticket.h"
#include "tests/pair/forge.h"
#include "tests/pair/resume.h"
#include "wire/payload.h"

/* --------------------------------------------------- beside what else there is */

#define TWO_KES CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256")

/* Up after another key exchange, which is said to withstand quantum computers; and sun has crashed. */
static struct pair *lost_with_two_kes(void **state)
{
	struct pair *p = resume_open(state, KEPT TWO_KES, RESUMES TWO_KES);

	for (unsigned i = 0; i < 4; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	assert_int_equal(forge_sa(p->moon)->core.state, S_I_AUTH);
	forge_sa(p->moon)->core.post_quantum = forge_sa(p->sun)->core.post_quantum = true;
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_AUTH request 2: SK {IDi, AUTH, SA, TSi, TSr, " ASKS "}",
		"moon <-- sun  IKE_AUTH response 2: SK {IDr, AUTH, SA, TSi, TSr, " GIVES "}");
	/* clang-format on */
	host_stop(p->sun);
	host_start(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(3), SHOWN(3));
	return p;
}

/* They are in the old keys. */
static void additional_key_exchanges_are_not_made_again(void **state)
{
	struct pair *p = lost_with_two_kes(state);

	ARROWS(p->lab, RESUMES_ARROWS);
	pair_assert_up(p);
	assert_int_equal(suite_more(&forge_sa(p->moon)->core.suite, 0)->id, KE_ECP_256);
	assert_int_equal(suite_more(&forge_sa(p->sun)->core.suite, 0)->id, KE_ECP_256);
	assert_true(forge_sa(p->moon)->core.post_quantum && forge_sa(p->sun)->core.post_quantum);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
}

static void nor_taken(void **state)
{
	struct pair *p = lost_with_two_kes(state);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = IKE_INTERMEDIATE, .mid = 1 },
		.has = PAYLOAD_BIT(PAYLOAD_KE),
		.ke = { KE_ECP_256, bytes_str("12345678901234567890123456789012") } };

	ARROWS(p->lab, TICKET, TAKEN);
	lab_lose(lab_first(p->lab));
	forge_send(p->moon, forge_sa(p->moon), forge_seal(p->moon, forge_sa(p->moon), &m, &arena));
	ARROWS(p->lab, "moon --> sun  IKE_INTERMEDIATE request 1: SK {KE}",
		"moon <-- sun  IKE_INTERMEDIATE response 1: SK {N(INVALID_SYNTAX)}");
	assert_string_equal(host_why(p->sun)->configured, "none that is left");
	arena_free(&arena);
}

/* Without the ticket they are. */
static void but_without_the_ticket(void **state)
{
	struct pair *p = lost_with_two_kes(state);

	host_rotate(p->sun);
	host_rotate(p->sun);
	ARROWS(p->lab, TICKET, NACK);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_false(forge_sa(p->moon)->core.post_quantum || forge_sa(p->sun)->core.post_quantum);
}

/* clang-format off */
#define MIXED                                                                                                \
	CONN("ppk_id = winter.example.org\n ppk_exchange = auth")                                            \
	"secrets { ppk-a { id = winter.example.org\n secret = snow } }\n"
/* clang-format on */

/* Up with keys that are mixed with a post-quantum preshared key (RFC 8784); and sun has crashed. */
static struct pair *lost_with_ppk(void **state)
{
	struct pair *p = resume_open(state, KEPT MIXED, RESUMES MIXED);

	lab_calm(p->lab);
	assert_true(forge_sa(p->sun)->core.ppk);
	resume_crash(p);
	return p;
}

/* It is in the old keys, and there is nothing to say of it. */
static void keys_are_not_mixed_again(void **state)
{
	struct pair *p = lost_with_ppk(state);

	ARROWS(p->lab, RESUMES_ARROWS);
	pair_assert_up(p);
	assert_true(forge_sa(p->moon)->core.ppk && forge_sa(p->sun)->core.ppk);
	assert_true(forge_sa(p->moon)->core.post_quantum && forge_sa(p->sun)->core.post_quantum);
}

/* Nor when IKE_INTERMEDIATE had mixed them (RFC 9867): there is none. */
static void keys_of_intermediate_are_not_mixed_again(void **state)
{
	struct pair *p = resume_open(
		state, KEPT MIXED CONN("ppk_exchange = any"), RESUMES MIXED CONN("ppk_exchange = any"));

	lab_calm(p->lab);
	host_stop(p->sun);
	host_start(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(3), SHOWN(3));
	ARROWS(p->lab, RESUMES_ARROWS);
	pair_assert_up(p);
	assert_true(forge_sa(p->moon)->core.ppk_int && forge_sa(p->sun)->core.ppk_int);
	assert_true(forge_sa(p->moon)->core.ppk && forge_sa(p->sun)->core.post_quantum);
}

static void but_without_the_ticket_they_are(void **state)
{
	struct pair *p = lost_with_ppk(state);

	host_rotate(p->sun);
	host_rotate(p->sun);
	ARROWS(p->lab, TICKET, NACK);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_true(forge_sa(p->moon)->core.ppk && forge_sa(p->sun)->core.ppk);
}

/* And where there is no such key any more they are not. */
static void nor_without_the_ppk(void **state)
{
	struct pair *p = lost_with_ppk(state);

	host_reload(p->sun, pair_text(state, pair_sun, RESUMES));
	ARROWS(p->lab, TICKET, NACK);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_false(forge_sa(p->moon)->core.ppk || forge_sa(p->sun)->core.ppk);
}

static void fragments_are_agreed_on_anew(void **state)
{
	struct pair *p =
		resume_open(state, KEPT CONN("fragmentation = yes"), RESUMES CONN("fragmentation = yes"));

	lab_calm(p->lab);
	resume_crash(p);
	/* clang-format off */
	ARROWS(p->lab, TICKET ", N(IKEV2_FRAGMENTATION_SUPPORTED)", TAKEN ", N(IKEV2_FRAGMENTATION_SUPPORTED)",
		RESUMED(ASKS, GIVES));
	/* clang-format on */
	pair_assert_up(p);
	assert_true(forge_sa(p->moon)->core.fragments && forge_sa(p->sun)->core.fragments);
}

/* Not where one side does not take them. */
static void fragments_are_not_forced(void **state)
{
	struct pair *p = resume_open(state, KEPT CONN("fragmentation = yes"), RESUMES);

	lab_calm(p->lab);
	resume_crash(p);
	ARROWS(p->lab, TICKET ", N(IKEV2_FRAGMENTATION_SUPPORTED)", TAKEN, RESUMED(ASKS, GIVES));
	pair_assert_up(p);
	assert_false(forge_sa(p->moon)->core.fragments || forge_sa(p->sun)->core.fragments);
}

/* Both are on port 4500, and can move from there. */
static void with_mobike(void **state)
{
	struct pair *p = resume_open(state, KEPT CONN("mobike = yes"), RESUMES CONN("mobike = yes"));

	lab_calm(p->lab);
	host_stop(p->sun);
	host_start(p->sun);
	pair_wait(p);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun:4500  INFORMATIONAL request 2: SK {}",
		"moon:4500 <-- sun  INFORMATIONAL response 2: N(INVALID_IKE_SPI), " TOKEN,
		TICKET, TAKEN,
		"moon --> sun:4500  IKE_AUTH request 1: SK {IDi, IDr, AUTH, SA, TSi, TSr, N(MOBIKE_SUPPORTED), " ASKS "}",
		"moon:4500 <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, " TOKEN ", N(MOBIKE_SUPPORTED), N(TICKET_LT_OPAQUE)}");
	/* clang-format on */
	pair_assert_up(p);
	assert_true(forge_sa(p->moon)->core.mobike.on && forge_sa(p->sun)->core.mobike.on);
}

/* Who shows a ticket is a stranger, too: until it proves who it is, it is one of those whose number is
 * limited.
 */
static void strangers_with_tickets_are_counted(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	struct flight *f;

	host_reload(p->sun, pair_text(state, pair_sun,
				    RESUMES DAEMON("cookie_threshold = 100\n cookie_threshold_ip = 100\n "
						   "block_threshold = 1")));
	resume_crash(p);
	f = lab_copy(p->lab, lab_first(p->lab));
	f->data[7] ^= 1;
	ARROWS(p->lab, TICKET);
	assert_int_equal(ike_load(p->sun->ike).half_open, 1);
	lab_deliver(p->lab, f);
	assert_int_equal(host_dropped(p->sun, DROP_CROWD), 1);
	ARROWS(p->lab, TAKEN, RESUMED(ASKS, GIVES));
	pair_assert_up(p);
	assert_int_equal(ike_load(p->sun->ike).half_open, 0);
}

/* Where many are half open it has less time. */
static void strangers_with_tickets_must_hurry(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	const struct settings *set;

	resume_crash(p);
	p->sun->ike->pressed_until = p->lab->now + PRESSURE_TIME;
	set = &p->sun->ike->settings;
	/* clang-format off */
	ARROWS(p->lab, TICKET,
		"moon <-- sun  IKE_SESSION_RESUME response 0: N(COOKIE)",
		"moon --> sun  IKE_SESSION_RESUME request 0: Nonce, N(COOKIE), N(TICKET_OPAQUE), NATD",
		TAKEN);
	/* clang-format on */
	assert_int_equal(
		forge_sa(p->sun)->core.deadline, p->lab->now + set->half_open_timeout / PRESSED_SHORTER);
	ARROWS(p->lab, RESUMED(ASKS, GIVES));
	pair_assert_up(p);
}

/* Moon's request, and that no NAT may be between sun and 10.9.0.1. */
static struct bytes without_nats(const struct flight *f, struct arena *arena)
{
	static const uint8_t between[12] = { 10, 9, 0, 1, 192, 0, 2, 2, 500 >> 8, 500 & 255, 500 >> 8,
		500 & 255 };
	struct message m = forge_read(f, arena);

	message_add_notify(&m, arena, NO_NATS_ALLOWED, bytes_of(between, sizeof between));
	return forge_clear(&m, arena);
}

static void a_nat_that_the_client_forbids(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	struct arena arena = { 0 };
	struct flight *f;

	resume_crash(p);
	f = lab_first(p->lab);
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, f->source, f->target, without_nats(f, &arena)));
	lab_lose(lab_first(p->lab));
	ARROWS(p->lab, "moon <-- sun  IKE_SESSION_RESUME response 0: N(UNEXPECTED_NAT_DETECTED)");
	lab_calm(p->lab);
	assert_int_equal(resume_count(p->moon), 0);
	pair_assert_up(p);
	arena_free(&arena);
}

/* The client may be restarted next: the gateway has its token again. */
static void the_gateway_keeps_the_token(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_crash(p);
	ARROWS(p->lab, RESUMES_ARROWS);
	assert_true(forge_sa(p->sun)->core.has_token);
}

/* The ticket is of no use there, and what is told by it is forgotten. */
static void sent_to_another_gateway(void **state)
{
	struct pair *p = resume_open(
		state, KEPT DAEMON("follow_redirects = yes") CONN("redirect_addrs = 192.0.2.3"), RESUMES);
	struct host *star = lab_host(p->lab, "star", "192.0.2.3",
		pair_text(state, pair_sun, RESUMES CONN("local_addrs = 192.0.2.3")));

	host_remember(star);
	lab_calm(p->lab);
	host_reload(p->sun, pair_text(state, pair_sun, RESUMES CONN("redirect_to = 192.0.2.3")));
	resume_crash(p);
	/* clang-format off */
	ARROWS(p->lab,
		TICKET ", N(REDIRECT_SUPPORTED)",
		"moon <-- sun  IKE_SESSION_RESUME response 0: N(REDIRECT)",
		"moon --> star  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, N(REDIRECTED_FROM)",
		"moon <-- star  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> star  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, " ASKS "}",
		"moon <-- star  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, " GIVES "}");
	/* clang-format on */
	assert_int_equal(ike_load(star->ike).children, 1);
	assert_int_equal(ike_load(p->moon->ike).children, 1);
	assert_true(ip_eq(&resume_ticket(p->moon)->gateway, &star->ip));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(additional_key_exchanges_are_not_made_again),
		PAIR_TEST(nor_taken),
		PAIR_TEST(but_without_the_ticket),
		PAIR_TEST(keys_are_not_mixed_again),
		PAIR_TEST(keys_of_intermediate_are_not_mixed_again),
		PAIR_TEST(but_without_the_ticket_they_are),
		PAIR_TEST(nor_without_the_ppk),
		PAIR_TEST(fragments_are_agreed_on_anew),
		PAIR_TEST(fragments_are_not_forced),
		PAIR_TEST(with_mobike),
		PAIR_TEST(strangers_with_tickets_are_counted),
		PAIR_TEST(strangers_with_tickets_must_hurry),
		PAIR_TEST(a_nat_that_the_client_forbids),
		PAIR_TEST(the_gateway_keeps_the_token),
		PAIR_TEST(sent_to_another_gateway),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
