/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session resumption (RFC 5723): moon has a ticket of sun's, and sun, or the way to it, is lost. */
#include "ike/conf.h"
#include "ike/keys.h"
#include "ike/seal.h"
#include "ike/ticket.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"
#include "wire/payload.h"

#define RESUMES CONN("resumption = yes")
#define KEPT    RESUMES CONN("dpd_delay = 10s") CHILD("keep = yes")

#define TOKEN "N(QUICK_CRASH_DETECTION)"
#define ASKS  TOKEN ", N(TICKET_REQUEST)"
#define GIVES TOKEN ", N(TICKET_LT_OPAQUE)"

/* clang-format off */
#define PROOFS(asks, gives)                                                                                  \
	"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, " asks "}",                          \
	"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, " gives "}"
#define COMES_UP(p)                                                                                          \
	ARROWS((p)->lab,                                                                                     \
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",                                  \
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD", PROOFS(ASKS, GIVES))
#define TICKET  "moon --> sun  IKE_SESSION_RESUME request 0: Nonce, N(TICKET_OPAQUE), NATD"
#define TAKEN   "moon <-- sun  IKE_SESSION_RESUME response 0: Nonce, NATD"
#define NACK    "moon <-- sun  IKE_SESSION_RESUME response 0: N(TICKET_NACK)"
#define PROVES(asks)  "moon --> sun  IKE_AUTH request 1: SK {IDi, IDr, AUTH, SA, TSi, TSr, " asks "}"
#define PROVED(gives) "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, " gives "}"
#define RESUMED(asks, gives) PROVES(asks), PROVED(gives)
#define RESUMES_ARROWS TICKET, TAKEN, RESUMED(ASKS, GIVES)
#define ALIVE(mid) "moon --> sun  INFORMATIONAL request " #mid ": SK {}"
#define SHOWN(mid) "moon <-- sun  INFORMATIONAL response " #mid ": N(INVALID_IKE_SPI), " TOKEN
/* clang-format on */

static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_remember(p->moon);
	host_remember(p->sun);
	if (!lab_first(p->lab))
		pair_say_up(p, 1);
	return p;
}

static struct pair *open_up(void **state, const char *moon, const char *sun)
{
	struct pair *p = open(state, moon, sun);

	COMES_UP(p);
	pair_assert_up(p);
	return p;
}

static struct kept_ticket *ticket(const struct host *h)
{
	return conn_find(h->ike, "site")->ticket;
}

static uint64_t resumed(const struct host *h)
{
	return host_counted(h, COUNT_RESUMED);
}

/* Sun has been restarted, and moon, which asks whether it is there, has heard so. */
static void crash(struct pair *p)
{
	host_stop(p->sun);
	host_start(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(2), SHOWN(2));
}

static void after_a_restart(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	for (unsigned i = 0; i < 3; i++) {
		crash(p);
		ARROWS(p->lab, RESUMES_ARROWS);
		pair_assert_up(p);
		assert_non_null(ticket(p->moon));
	}
	assert_int_equal(resumed(p->moon), 3);
	assert_int_equal(resumed(p->sun), 1);
}

/* The new keys are others, and the SA can be rekeyed as any other. */
static void the_keys_are_new(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);
	struct sa_keys before = forge_sa(p->moon)->core.keys;

	crash(p);
	ARROWS(p->lab, RESUMES_ARROWS);
	assert_memory_not_equal(before.d, forge_sa(p->moon)->core.keys.d, 32);
	assert_memory_not_equal(before.ei, forge_sa(p->moon)->core.keys.ei, 16);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
}

static void without_asking_there_is_none(void **state)
{
	struct pair *p = open(state, NULL, RESUMES);

	lab_calm(p->lab);
	pair_assert_up(p);
	assert_null(ticket(p->moon));
}

static void a_gateway_that_gives_none(void **state)
{
	struct pair *p = open(state, RESUMES, NULL);

	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		PROOFS(ASKS, TOKEN ", N(TICKET_NACK)"));
	/* clang-format on */
	pair_assert_up(p);
	assert_null(ticket(p->moon));
}

/* A ticket that is not taken costs one round trip. */
static void assert_not_taken(struct pair *p)
{
	ARROWS(p->lab, TICKET, NACK);
	COMES_UP(p);
	pair_assert_up(p);
	assert_int_equal(resumed(p->sun), 0);
	assert_int_equal(ike_load(p->sun->ike).sas, 1);
}

static void keys_that_are_gone(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	host_rotate(p->sun);
	host_rotate(p->sun);
	crash(p);
	assert_not_taken(p);
}

static void keys_that_are_old(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	host_rotate(p->sun);
	crash(p);
	ARROWS(p->lab, RESUMES_ARROWS);
	pair_assert_up(p);
}

static void a_broken_ticket(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);
	struct kept_ticket *t = ticket(p->moon);

	((uint8_t *)t->opaque.p)[t->opaque.n / 2] ^= 1;
	crash(p);
	assert_not_taken(p);
}

static void another_configuration(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	host_reload(p->sun, pair_text(state, pair_sun, RESUMES CONN("rekey_time = 3h")));
	crash(p);
	assert_not_taken(p);
}

static void other_authorities(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	host_trust(p->sun, bytes_str("an authority that is new"));
	crash(p);
	assert_not_taken(p);
}

/* The client knows that it is too late, too. */
static void a_ticket_that_has_expired(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	ticket(p->moon)->end = 0;
	crash(p);
	COMES_UP(p);
	pair_assert_up(p);
}

/* Nor is one of use when what was proved has aged, with another configuration, or another gateway. */
static void assert_not_tried(struct pair *p)
{
	crash(p);
	COMES_UP(p);
	pair_assert_up(p);
	assert_int_equal(resumed(p->moon), 0);
}

static void a_proof_that_has_expired(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	ticket(p->moon)->auth_end = 1;
	assert_not_tried(p);
}

static void another_configuration_of_the_client(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	ticket(p->moon)->content++;
	assert_not_tried(p);
}

static void a_ticket_of_another_gateway(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	ticket(p->moon)->gateway.a[3]++;
	assert_not_tried(p);
}

/* Certificates that may be revoked are looked at again only where they are proved again. */
static void none_where_revoked_certificates_end_it(void **state)
{
	struct pair *p = open(state, RESUMES, RESUMES CONN("cert_revoked = close"));

	p->sun->proven = "certificate of moon";
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_null(ticket(p->moon));
}

/* A ticket stands for a connection, and that for addresses. */
static void from_where_the_connection_is_not_for(void **state)
{
	struct pair *p = open_up(state, KEPT,
		RESUMES "connections { other { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.3\n "
			"children { net { } } } }\n");
	struct addr star = { { 4, { 192, 0, 2, 3 } }, 500 };
	struct flight *f;

	crash(p);
	f = lab_first(p->lab);
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, star, f->target, bytes_of(f->data, f->n)));
	assert_non_null(strstr(host_why(p->sun)->what, "its connection is not for these addresses"));
}

/* Nobody else's answer counts. */
static void answered_by_somebody_else(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);
	struct addr star = { { 4, { 192, 0, 2, 3 } }, 500 };
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	crash(p);
	f = lab_first(p->lab);
	m = forge_read(f, &arena);
	m = (struct message){ .header = m.header };
	m.header.spi_r = 0;
	m.header.flags = FLAG_RESPONSE;
	message_add_notify(&m, &arena, TICKET_NACK, (struct bytes){ 0 });
	lab_deliver(p->lab, lab_forge(p->lab, p->sun, star, f->source, forge_clear(&m, &arena)));
	assert_int_equal(host_dropped(p->moon, DROP_INVALID), 1);
	ARROWS(p->lab, TICKET);
	f = lab_first(p->lab);
	lab_deliver(p->lab, lab_forge(p->lab, p->sun, star, f->target, bytes_of(f->data, f->n)));
	assert_int_equal(host_dropped(p->moon, DROP_INVALID), 2);
	ARROWS(p->lab, TAKEN, RESUMED(ASKS, GIVES));
	pair_assert_up(p);
	arena_free(&arena);
}

static void a_ticket_that_the_gateway_knows_has_expired(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	p->sun->wall += TICKET_TIME / 1000 + 1;
	crash(p);
	assert_not_taken(p);
}

/* Each only once: somebody has seen it, and sends it again. */
static void a_ticket_that_was_used(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);
	struct arena arena = { 0 };
	struct flight *f;
	struct bytes seen;

	crash(p);
	f = lab_first(p->lab);
	seen = arena_bytes(&arena, bytes_of(f->data, f->n));
	ARROWS(p->lab, RESUMES_ARROWS);
	((uint8_t *)seen.p)[0] ^= 1;
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, (struct addr){ p->moon->ip, 500 },
				    (struct addr){ p->sun->ip, 500 }, seen));
	ARROWS(p->lab, NACK);
	arena_free(&arena);
	pair_assert_up(p);
	assert_int_equal(ike_load(p->sun->ike).sas, 1);
}

/* IKE_AUTH on SA of sun's, as a client that has the keys of the ticket would send it. */
static struct bytes proof_of(struct pair *p, struct sa *sa, struct arena *arena)
{
	struct message m = { .header = { .spi_i = sa->core.spi_i,
				     .spi_r = sa->core.spi_r,
				     .version = 0x20,
				     .exchange = IKE_AUTH,
				     .flags = FLAG_INITIATOR,
				     .mid = 1 },
		.has = PAYLOAD_BIT(PAYLOAD_IDI) | PAYLOAD_BIT(PAYLOAD_AUTH),
		.idi = sa->handshake.remote_id };
	struct bytes octets = keys_signed_octets(&sa->core, &sa->handshake, true, arena);
	const struct transform *f = sa->core.suite.prf;
	uint8_t *mac = arena_alloc(arena, f->out);
	struct sa_core core = sa->core;

	core.initiator = true;
	assert_int_equal(prf(f, bytes_of(core.keys.pi, f->out), &octets, 1, mac), ERR_OK);
	m.auth = (struct wire_auth){ AUTH_METHOD_PSK, bytes_of(mac, f->out) };
	return seal_put(p->sun->ike, &core, &m.header, &m, 0, &p->lab->rng.rng, arena);
}

/* Nor twice at the same time: two IKE_SAs begin with it, and the first that has proved itself is it. */
static void a_ticket_that_is_used_twice_at_once(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);
	struct arena arena = { 0 };
	struct flight *f;
	struct bytes other;
	struct sa *sa;

	crash(p);
	f = lab_first(p->lab);
	other = arena_bytes(&arena, bytes_of(f->data, f->n));
	((uint8_t *)other.p)[0] ^= 1;
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, f->source, f->target, other));
	sa = forge_sa(p->sun);
	ARROWS(p->lab, TICKET, TAKEN, TAKEN, RESUMED(ASKS, GIVES));
	other = proof_of(p, sa, &arena);
	lab_deliver(p->lab, forge_send(p->moon, forge_sa(p->moon), other));
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}");
	assert_string_equal(host_why(p->sun)->what, "the client has used its ticket meanwhile");
	arena_free(&arena);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_int_equal(resumed(p->sun), 1);
}

/* Who has the ticket and not the keys gets nowhere, and the ticket is not lost by that. */
static void without_the_keys(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	((uint8_t *)ticket(p->moon)->d.p)[0] ^= 1;
	crash(p);
	ARROWS(p->lab, TICKET, TAKEN, PROVES(ASKS));
	SILENCE(p->lab);
	assert_int_equal(host_dropped(p->sun, DROP_SEAL), 1);
	assert_int_equal(p->sun->ike->n_used, 0);
}

/* The datagram in the air, which is not sealed, with one more notify. */
static void change(struct pair *p)
{
	struct arena arena = { 0 };
	struct flight *f = lab_first(p->lab);
	struct message m = forge_read(f, &arena);

	message_add_notify(&m, &arena, INITIAL_CONTACT, (struct bytes){ 0 });
	lab_forge(p->lab, f->from, f->source, f->target, forge_clear(&m, &arena));
	lab_lose(f);
	arena_free(&arena);
}

/* What was sent without a seal is proved in IKE_AUTH. */
static void a_request_that_was_changed_on_its_way(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	crash(p);
	change(p);
	ARROWS(p->lab, TICKET ", N(INITIAL_CONTACT)", TAKEN, PROVES(ASKS),
		"moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}");
	assert_string_equal(host_why(p->sun)->what, "the client does not know the keys of its ticket");
	lab_calm(p->lab);
	assert_int_equal(resumed(p->sun), 0);
	assert_int_equal(p->sun->ike->n_used, 0);
}

static void an_answer_that_was_changed_on_its_way(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	crash(p);
	ARROWS(p->lab, TICKET);
	change(p);
	ARROWS(p->lab, TAKEN ", N(INITIAL_CONTACT)", PROVES(ASKS), PROVED(GIVES));
	assert_string_equal(host_why(p->moon)->what, "the peer does not know the keys of the ticket");
	assert_int_equal(resumed(p->moon), 0);
}

/* The message of IKE_AUTH in the air, from who is somebody else. */
static void say_who(struct pair *p)
{
	static const struct id id = { ID_FQDN, { (const uint8_t *)"mallory", 7 } };
	struct arena arena = { 0 };
	struct flight *f = lab_first(p->lab);
	struct message m;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	if (m.has & PAYLOAD_BIT(PAYLOAD_IDI))
		m.idi = id;
	else
		m.idr = id;
	forge_change(f, &m);
	arena_free(&arena);
}

static void a_client_that_is_somebody_else(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	crash(p);
	ARROWS(p->lab, TICKET, TAKEN);
	say_who(p);
	ARROWS(p->lab, PROVES(ASKS), "moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}");
	assert_string_equal(host_why(p->sun)->what, "the client has another identity than its ticket");
	assert_int_equal(p->sun->ike->n_used, 0);
}

static void a_gateway_that_is_somebody_else(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	crash(p);
	ARROWS(p->lab, TICKET, TAKEN, PROVES(ASKS));
	say_who(p);
	ARROWS(p->lab, PROVED(GIVES));
	assert_string_equal(host_why(p->moon)->what, "the peer has another identity than the ticket");
	assert_int_equal(resumed(p->moon), 0);
}

/* A gateway that finds at IKE_AUTH that it must not: it is asked without a ticket. */
static void refused_behind_the_ticket(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	crash(p);
	ARROWS(p->lab, TICKET, TAKEN, PROVES(ASKS));
	forge_refusal(lab_first(p->lab), AUTHENTICATION_FAILED, (struct bytes){ 0 });
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}");
	lab_calm(p->lab);
	assert_int_equal(resumed(p->moon), 0);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
	assert_int_equal(ike_load(p->moon->ike).children, 1);
}

/* A gateway that does not know the exchange does not answer. */
static void no_answer(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	crash(p);
	for (unsigned i = 0; i <= RESUME_TRIES; i++) {
		ARROWS(p->lab, "lost: " TICKET);
		pair_wait(p);
	}
	COMES_UP(p);
	pair_assert_up(p);
}

static void a_cookie_first(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	host_reload(p->sun, pair_text(state, pair_sun, RESUMES DAEMON("cookie_threshold = 0")));
	crash(p);
	/* clang-format off */
	ARROWS(p->lab, TICKET,
		"moon <-- sun  IKE_SESSION_RESUME response 0: N(COOKIE)",
		"moon --> sun  IKE_SESSION_RESUME request 0: Nonce, N(COOKIE), N(TICKET_OPAQUE), NATD",
		TAKEN, RESUMED(ASKS, GIVES));
	/* clang-format on */
	pair_assert_up(p);
}

/* Who takes an IKE_SA down forgets its ticket; who takes it down at the other end does not take it any more.
 */
static void what_is_deleted_is_not_resumed(void **state)
{
	struct pair *p = open_up(state, RESUMES, RESUMES);

	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	assert_null(conn_find(p->moon->ike, "site")->ticket);
	pair_say_up(p, 3);
	COMES_UP(p);
	assert_non_null(ticket(p->moon));
	host_down(p->sun, NULL, 4);
	lab_calm(p->lab);
	assert_null(ticket(p->moon));
}

/* It is authenticated anew, with all that belongs to it. */
static void not_instead_of_authentication(void **state)
{
	struct pair *p = open_up(state, RESUMES, RESUMES);

	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_REKEY, .ticket = 2, .reauth = true });
	lab_calm(p->lab);
	assert_int_equal(resumed(p->moon), 0);
	assert_non_null(ticket(p->moon));
	pair_assert_agree(p, 1);
}

/* A ticket stands for the IKE_SA that has taken the place of the one that it was given for. */
static void after_a_rekeying(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	host_stop(p->sun);
	host_start(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(1), SHOWN(1), RESUMES_ARROWS);
	pair_assert_up(p);
}

/* What was proved holds no longer for being resumed. */
static void the_authentication_ages(void **state)
{
	struct pair *p = open(state, KEPT, RESUMES CONN("reauth_time = 1h\n over_time = 0\n rand_time = 0"));
	uint64_t end;

	lab_calm(p->lab);
	end = forge_sa(p->moon)->core.reauth_end;
	assert_true(end && end <= p->lab->now + 3600 * 1000);
	lab_pass(p->lab, 1800 * 1000);
	host_stop(p->sun);
	host_start(p->sun);
	lab_pass(p->lab, 20 * 1000);
	assert_int_equal(resumed(p->moon), 1);
	assert_true(forge_sa(p->moon)->core.reauth_end <= end + 1000);
	assert_true(forge_sa(p->sun)->core.reauth_end <= end + 1000);
}

/* --------------------------------------------------- beside what else there is */

#define TWO_KES CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256")

/* Up after another key exchange, which is said to withstand quantum computers; and sun has crashed. */
static struct pair *lost_with_two_kes(void **state)
{
	struct pair *p = open(state, KEPT TWO_KES, RESUMES TWO_KES);

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
	struct pair *p = open(state, KEPT MIXED, RESUMES MIXED);

	lab_calm(p->lab);
	assert_true(forge_sa(p->sun)->core.ppk);
	crash(p);
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
	struct pair *p =
		open(state, KEPT MIXED CONN("ppk_exchange = any"), RESUMES MIXED CONN("ppk_exchange = any"));

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
	struct pair *p = open(state, KEPT CONN("fragmentation = yes"), RESUMES CONN("fragmentation = yes"));

	lab_calm(p->lab);
	crash(p);
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
	struct pair *p = open(state, KEPT CONN("fragmentation = yes"), RESUMES);

	lab_calm(p->lab);
	crash(p);
	ARROWS(p->lab, TICKET ", N(IKEV2_FRAGMENTATION_SUPPORTED)", TAKEN, RESUMED(ASKS, GIVES));
	pair_assert_up(p);
	assert_false(forge_sa(p->moon)->core.fragments || forge_sa(p->sun)->core.fragments);
}

/* Both are on port 4500, and can move from there. */
static void with_mobike(void **state)
{
	struct pair *p = open(state, KEPT CONN("mobike = yes"), RESUMES CONN("mobike = yes"));

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
	struct pair *p = open_up(state, KEPT, RESUMES);
	struct flight *f;

	host_reload(p->sun, pair_text(state, pair_sun,
				    RESUMES DAEMON("cookie_threshold = 100\n cookie_threshold_ip = 100\n "
						   "block_threshold = 1")));
	crash(p);
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
	struct pair *p = open_up(state, KEPT, RESUMES);
	const struct settings *set;

	crash(p);
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
	struct pair *p = open_up(state, KEPT, RESUMES);
	struct arena arena = { 0 };
	struct flight *f;

	crash(p);
	f = lab_first(p->lab);
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, f->source, f->target, without_nats(f, &arena)));
	lab_lose(lab_first(p->lab));
	ARROWS(p->lab, "moon <-- sun  IKE_SESSION_RESUME response 0: N(UNEXPECTED_NAT_DETECTED)");
	lab_calm(p->lab);
	assert_int_equal(resumed(p->moon), 0);
	pair_assert_up(p);
	arena_free(&arena);
}

/* The client may be restarted next: the gateway has its token again. */
static void the_gateway_keeps_the_token(void **state)
{
	struct pair *p = open_up(state, KEPT, RESUMES);

	crash(p);
	ARROWS(p->lab, RESUMES_ARROWS);
	assert_true(forge_sa(p->sun)->core.has_token);
}

/* The ticket is of no use there, and what is told by it is forgotten. */
static void sent_to_another_gateway(void **state)
{
	struct pair *p = open(
		state, KEPT DAEMON("follow_redirects = yes") CONN("redirect_addrs = 192.0.2.3"), RESUMES);
	struct host *star = lab_host(p->lab, "star", "192.0.2.3",
		pair_text(state, pair_sun, RESUMES CONN("local_addrs = 192.0.2.3")));

	host_remember(star);
	lab_calm(p->lab);
	host_reload(p->sun, pair_text(state, pair_sun, RESUMES CONN("redirect_to = 192.0.2.3")));
	crash(p);
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
	assert_true(ip_eq(&ticket(p->moon)->gateway, &star->ip));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(after_a_restart),
		PAIR_TEST(the_keys_are_new),
		PAIR_TEST(without_asking_there_is_none),
		PAIR_TEST(a_gateway_that_gives_none),
		PAIR_TEST(keys_that_are_gone),
		PAIR_TEST(keys_that_are_old),
		PAIR_TEST(a_broken_ticket),
		PAIR_TEST(another_configuration),
		PAIR_TEST(other_authorities),
		PAIR_TEST(a_ticket_that_has_expired),
		PAIR_TEST(a_proof_that_has_expired),
		PAIR_TEST(another_configuration_of_the_client),
		PAIR_TEST(a_ticket_of_another_gateway),
		PAIR_TEST(none_where_revoked_certificates_end_it),
		PAIR_TEST(from_where_the_connection_is_not_for),
		PAIR_TEST(answered_by_somebody_else),
		PAIR_TEST(a_ticket_that_the_gateway_knows_has_expired),
		PAIR_TEST(a_ticket_that_was_used),
		PAIR_TEST(a_ticket_that_is_used_twice_at_once),
		PAIR_TEST(without_the_keys),
		PAIR_TEST(a_request_that_was_changed_on_its_way),
		PAIR_TEST(an_answer_that_was_changed_on_its_way),
		PAIR_TEST(a_client_that_is_somebody_else),
		PAIR_TEST(a_gateway_that_is_somebody_else),
		PAIR_TEST(refused_behind_the_ticket),
		PAIR_TEST(no_answer),
		PAIR_TEST(a_cookie_first),
		PAIR_TEST(what_is_deleted_is_not_resumed),
		PAIR_TEST(not_instead_of_authentication),
		PAIR_TEST(after_a_rekeying),
		PAIR_TEST(the_authentication_ages),
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
