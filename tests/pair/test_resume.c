/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session resumption (RFC 5723): moon has a ticket of sun's, and sun, or the way to it, is lost. */
#include "ike/conf.h"
#include "ike/keys.h"
#include "ike/seal.h"
#include "ike/task.h"
#include "ike/ticket.h"
#include "tests/pair/forge.h"
#include "tests/pair/resume.h"
#include "wire/payload.h"

static void after_a_restart(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	for (unsigned i = 0; i < 3; i++) {
		resume_crash(p);
		ARROWS(p->lab, RESUMES_ARROWS);
		pair_assert_up(p);
		assert_non_null(resume_ticket(p->moon));
	}
	assert_int_equal(resume_count(p->moon), 3);
	assert_int_equal(resume_count(p->sun), 1);
}

/* The new keys are others, and the SA can be rekeyed as any other. */
static void the_keys_are_new(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	struct sa_keys before = forge_sa(p->moon)->core.keys;

	resume_crash(p);
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
	struct pair *p = resume_open(state, NULL, RESUMES);

	lab_calm(p->lab);
	pair_assert_up(p);
	assert_null(resume_ticket(p->moon));
}

static void a_gateway_that_gives_none(void **state)
{
	struct pair *p = resume_open(state, RESUMES, NULL);

	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		PROOFS(ASKS, TOKEN ", N(TICKET_NACK)"));
	/* clang-format on */
	pair_assert_up(p);
	assert_null(resume_ticket(p->moon));
}

/* A ticket that is not taken costs one round trip. */
static void assert_not_taken(struct pair *p)
{
	ARROWS(p->lab, TICKET, NACK);
	COMES_UP(p);
	pair_assert_up(p);
	assert_int_equal(resume_count(p->sun), 0);
	assert_int_equal(ike_load(p->sun->ike).sas, 1);
}

static void keys_that_are_gone(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	host_rotate(p->sun);
	host_rotate(p->sun);
	resume_crash(p);
	assert_not_taken(p);
}

static void keys_that_are_old(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	host_rotate(p->sun);
	resume_crash(p);
	ARROWS(p->lab, RESUMES_ARROWS);
	pair_assert_up(p);
}

static void a_broken_ticket(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	struct kept_ticket *t = resume_ticket(p->moon);

	((uint8_t *)t->opaque.p)[t->opaque.n / 2] ^= 1;
	resume_crash(p);
	assert_not_taken(p);
}

static void another_configuration(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	host_reload(p->sun, pair_text(state, pair_sun, RESUMES CONN("rekey_time = 3h")));
	resume_crash(p);
	assert_not_taken(p);
}

static void other_authorities(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	host_trust(p->sun, bytes_str("an authority that is new"));
	resume_crash(p);
	assert_not_taken(p);
}

/* The client knows that it is too late, too. */
static void a_ticket_that_has_expired(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_ticket(p->moon)->end = 0;
	resume_crash(p);
	COMES_UP(p);
	pair_assert_up(p);
}

/* Nor is one of use when what was proved has aged, with another configuration, or another gateway. */
static void assert_not_tried(struct pair *p)
{
	resume_crash(p);
	COMES_UP(p);
	pair_assert_up(p);
	assert_int_equal(resume_count(p->moon), 0);
}

static void a_proof_that_has_expired(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_ticket(p->moon)->auth_end = 1;
	assert_not_tried(p);
}

static void another_configuration_of_the_client(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_ticket(p->moon)->content++;
	assert_not_tried(p);
}

static void a_ticket_of_another_gateway(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_ticket(p->moon)->gateway.a[3]++;
	assert_not_tried(p);
}

/* Certificates that may be revoked are looked at again only where they are proved again. */
static void none_where_revoked_certificates_end_it(void **state)
{
	struct pair *p = resume_open(state, RESUMES, RESUMES CONN("cert_revoked = close"));

	p->sun->proven = "certificate of moon";
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_null(resume_ticket(p->moon));
}

/* A ticket stands for a connection, and that for addresses. */
static void from_where_the_connection_is_not_for(void **state)
{
	struct pair *p = resume_open_up(state, KEPT,
		RESUMES "connections { other { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.3\n "
			"children { net { } } } }\n");
	struct addr star = { { 4, { 192, 0, 2, 3 } }, 500 };
	struct flight *f;

	resume_crash(p);
	f = lab_first(p->lab);
	lab_deliver(p->lab, lab_forge(p->lab, p->moon, star, f->target, bytes_of(f->data, f->n)));
	assert_non_null(strstr(host_why(p->sun)->what, "its connection is not for these addresses"));
}

/* Nobody else's answer counts. */
static void answered_by_somebody_else(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	struct addr star = { { 4, { 192, 0, 2, 3 } }, 500 };
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	resume_crash(p);
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
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	p->sun->wall += TICKET_TIME / 1000 + 1;
	resume_crash(p);
	assert_not_taken(p);
}

/* Each only once: somebody has seen it, and sends it again. */
static void a_ticket_that_was_used(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	struct arena arena = { 0 };
	struct flight *f;
	struct bytes seen;

	resume_crash(p);
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
		.idi = sa->handshake->remote_id };
	struct bytes octets = keys_signed_octets(&sa->core, sa->handshake, true, arena);
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
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	struct arena arena = { 0 };
	struct flight *f;
	struct bytes other;
	struct sa *sa;

	resume_crash(p);
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
	assert_int_equal(resume_count(p->sun), 1);
}

/* Who has the ticket and not the keys gets nowhere, and the ticket is not lost by that. */
static void without_the_keys(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	((uint8_t *)resume_ticket(p->moon)->d.p)[0] ^= 1;
	resume_crash(p);
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
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_crash(p);
	change(p);
	ARROWS(p->lab, TICKET ", N(INITIAL_CONTACT)", TAKEN, PROVES(ASKS),
		"moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}");
	assert_string_equal(host_why(p->sun)->what, "the client does not know the keys of its ticket");
	lab_calm(p->lab);
	assert_int_equal(resume_count(p->sun), 0);
	assert_int_equal(p->sun->ike->n_used, 0);
}

static void an_answer_that_was_changed_on_its_way(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_crash(p);
	ARROWS(p->lab, TICKET);
	change(p);
	ARROWS(p->lab, TAKEN ", N(INITIAL_CONTACT)", PROVES(ASKS), PROVED(GIVES));
	assert_string_equal(host_why(p->moon)->what, "the peer does not know the keys of the ticket");
	assert_int_equal(resume_count(p->moon), 0);
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
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_crash(p);
	ARROWS(p->lab, TICKET, TAKEN);
	say_who(p);
	ARROWS(p->lab, PROVES(ASKS), "moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}");
	assert_string_equal(host_why(p->sun)->what, "the client has another identity than its ticket");
	assert_int_equal(p->sun->ike->n_used, 0);
}

static void a_gateway_that_is_somebody_else(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_crash(p);
	ARROWS(p->lab, TICKET, TAKEN, PROVES(ASKS));
	say_who(p);
	ARROWS(p->lab, PROVED(GIVES));
	assert_string_equal(host_why(p->moon)->what, "the peer has another identity than the ticket");
	assert_int_equal(resume_count(p->moon), 0);
}

/* A gateway that finds at IKE_AUTH that it must not: it is asked without a ticket. */
static void refused_behind_the_ticket(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_crash(p);
	ARROWS(p->lab, TICKET, TAKEN, PROVES(ASKS));
	forge_refusal(lab_first(p->lab), AUTHENTICATION_FAILED, (struct bytes){ 0 });
	ARROWS(p->lab, "moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}");
	lab_calm(p->lab);
	assert_int_equal(resume_count(p->moon), 0);
	assert_int_equal(ike_load(p->moon->ike).sas, 1);
	assert_int_equal(ike_load(p->moon->ike).children, 1);
}

/* A gateway that does not know the exchange does not answer. */
static void no_answer(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	resume_crash(p);
	for (unsigned i = 0; i <= RESUME_TRIES; i++) {
		ARROWS(p->lab, "lost: " TICKET);
		pair_wait(p);
	}
	COMES_UP(p);
	pair_assert_up(p);
}

static void a_cookie_first(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	host_reload(p->sun, pair_text(state, pair_sun, RESUMES DAEMON("cookie_threshold = 0")));
	resume_crash(p);
	/* clang-format off */
	ARROWS(p->lab, TICKET,
		"moon <-- sun  IKE_SESSION_RESUME response 0: N(COOKIE)",
		"moon --> sun  IKE_SESSION_RESUME request 0: Nonce, N(COOKIE), N(TICKET_OPAQUE), NATD",
		TAKEN, RESUMED(ASKS, GIVES));
	/* clang-format on */
	pair_assert_up(p);
}

/* A peer that was known before comes first (RFC 8019, 4.5), with 100 others half open. */
static void who_resumes_need_not_solve_a_puzzle(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);

	host_reload(p->sun,
		pair_text(state, pair_sun, RESUMES DAEMON("cookie_threshold = 0\n puzzle_threshold = 1")));
	resume_crash(p);
	p->sun->ike->half_open += 100;
	/* clang-format off */
	ARROWS(p->lab, TICKET,
		"moon <-- sun  IKE_SESSION_RESUME response 0: N(COOKIE)",
		"moon --> sun  IKE_SESSION_RESUME request 0: Nonce, N(COOKIE), N(TICKET_OPAQUE), NATD",
		TAKEN, RESUMED(ASKS, GIVES));
	/* clang-format on */
	p->sun->ike->half_open -= 100;
	pair_assert_up(p);
	assert_true(p->sun->ike->puzzle_bits > 0);
	assert_int_equal(ike_load(p->sun->ike).puzzles, 0);
}

/* Who takes an IKE_SA down forgets its ticket; who takes it down at the other end does not take it any more.
 */
static void what_is_deleted_is_not_resumed(void **state)
{
	struct pair *p = resume_open_up(state, RESUMES, RESUMES);

	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	assert_null(conn_find(p->moon->ike, "site")->ticket);
	pair_say_up(p, 3);
	COMES_UP(p);
	assert_non_null(resume_ticket(p->moon));
	host_down(p->sun, NULL, 4);
	lab_calm(p->lab);
	assert_null(resume_ticket(p->moon));
}

/* It is authenticated anew, with all that belongs to it. */
static void not_instead_of_authentication(void **state)
{
	struct pair *p = resume_open_up(state, RESUMES, RESUMES);

	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_REKEY, .ticket = 2, .reauth = true });
	lab_calm(p->lab);
	assert_int_equal(resume_count(p->moon), 0);
	assert_non_null(resume_ticket(p->moon));
	pair_assert_agree(p, 1);
}

/* What a ticket stands for, to see that it is another one. */
static uint64_t print_of(const struct pair *p)
{
	const struct kept_ticket *t = resume_ticket(p->moon);

	assert_non_null(t);
	assert_int_equal(t->sa, forge_sa_up(p->moon)->id);
	return bytes_hash(bytes_hash(BYTES_HASH, t->opaque), t->d);
}

/* Whether moon's ticket is of the keys of its IKE_SA. */
static bool is_of_its_keys(const struct pair *p)
{
	const struct kept_ticket *t = resume_ticket(p->moon);

	return bytes_eq(t->d, bytes_of(forge_sa_up(p->moon)->core.keys.d, t->d.n));
}

/* Sun has forgotten all. Moon, whose next request is of that number, comes back with its ticket. */
static void resumes(struct pair *p, const char *alive, const char *shown)
{
	host_stop(p->sun);
	host_start(p->sun);
	pair_wait(p);
	ARROWS(p->lab, alive, shown, RESUMES_ARROWS);
	pair_assert_up(p);
}

/* The old one stands for keys that are gone (6.2). */
static void after_a_rekeying_another_one_is_asked_for(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	uint64_t before = print_of(p);

	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_int_not_equal(print_of(p), before);
	assert_true(is_of_its_keys(p));
	resumes(p, ALIVE(2), SHOWN(2));
}

static void also_when_the_gateway_has_rekeyed(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES);
	uint64_t before = print_of(p);
	const struct sa *old;

	host_rekey(p->sun, NULL);
	/* Until the old one is deleted, too, it asks for none. */
	while (ike_load(p->moon->ike).sas < 2)
		lab_deliver(p->lab, lab_first(p->lab));
	old = node_owner(p->moon->ike->sas_list.next, struct sa, of_ike);
	assert_int_equal(old->core.state, S_REKEYED);
	assert_int_equal(old->ticket_due, 0);
	lab_calm(p->lab);
	assert_int_not_equal(print_of(p), before);
	assert_true(is_of_its_keys(p));
}

#define ASKS_AGAIN  "moon --> sun  INFORMATIONAL request 2: SK {N(TICKET_REQUEST)}"
#define GIVES_AGAIN "moon <-- sun  INFORMATIONAL response 2: SK {N(TICKET_LT_OPAQUE)}"

static void before_it_runs_out_another_one_is_asked_for(void **state)
{
	struct pair *p = resume_open_up(state, RESUMES, RESUMES);
	uint64_t before = print_of(p), start = p->lab->now;

	pair_until(p, start, TICKET_TIME / 10 * 9);
	ARROWS(p->lab, ASKS_AGAIN, GIVES_AGAIN);
	assert_int_not_equal(print_of(p), before);
	assert_true(resume_ticket(p->moon)->end >= p->lab->now + TICKET_TIME - 1000);
	/* And again. */
	lab_pass(p->lab, TICKET_TIME);
	assert_true(resume_ticket(p->moon)->end > p->lab->now + TICKET_TIME / 2);
}

/* What was proved was judged by what is configured no more. */
static void none_under_another_configuration(void **state)
{
	struct pair *p = resume_open_up(state, RESUMES, RESUMES);
	uint64_t before = print_of(p);

	host_reload(p->sun, pair_text(state, pair_sun, RESUMES CONN("rekey_time = 3h")));
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	/* It has the old one, of no use as it is. */
	assert_int_equal(print_of(p), before);
}

static void nor_with_other_authorities(void **state)
{
	struct pair *p = resume_open_up(state, RESUMES, RESUMES);
	uint64_t before = print_of(p);

	host_trust(p->sun, bytes_str("an authority that is new"));
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_int_equal(print_of(p), before);
}

static void none_for_who_is_the_gateway(void **state)
{
	struct pair *p = resume_open_up(state, RESUMES, RESUMES);
	struct arena arena = { 0 };
	struct message m;

	/* Sun asks whether moon is there; and for a ticket. */
	task_first(forge_sa_up(p->sun), TASK_LIVENESS);
	host_event(p->sun, &(struct ike_event){ .kind = EVENT_WOKEN });
	assert_true(forge_open(p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), &arena, &m));
	message_add_notify(&m, &arena, TICKET_REQUEST, (struct bytes){ 0 });
	forge_change(lab_first(p->lab), &m);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {N(TICKET_REQUEST)}",
		"moon --> sun  INFORMATIONAL response 0: SK {N(TICKET_NACK)}");
	arena_free(&arena);
}

/* Others ask in the rekeying itself (4.1). */
static void one_is_given_with_a_rekeying(void **state)
{
	struct pair *p = resume_open_up(state, RESUMES, RESUMES);
	struct arena arena = { 0 };
	struct message m;
	struct flight *f;

	host_rekey(p->moon, NULL);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	message_add_notify(&m, &arena, TICKET_REQUEST, (struct bytes){ 0 });
	forge_change(f, &m);
	ARROWS(p->lab, "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, KE, Nonce, N(TICKET_REQUEST)}",
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce, " GIVES "}");
	arena_free(&arena);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
}

/* ------------------------------------------------------------------ what it takes the place of */

static void lose_at_moon(struct pair *p)
{
	while (ike_load(p->moon->ike).children)
		lab_pass_deaf(p->lab, 1000);
	assert_int_equal(ike_load(p->sun->ike).children, 1);
	pair_wait(p);
}

/* Moon has given its IKE_SA up, since nothing has come through; sun has it yet. */
static struct pair *cut_off(void **state, const char *sun)
{
	struct pair *p = resume_open_up(state, KEPT, sun);

	lose_at_moon(p);
	return p;
}

/* Moon has no such IKE_SA any more: to tell it that it goes would be for nobody (4.3.4). */
static void what_is_resumed_goes_without_a_word(void **state)
{
	struct pair *p = cut_off(state, RESUMES);

	ARROWS(p->lab, RESUMES_ARROWS);
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_int_equal(resume_count(p->sun), 1);
}

static void whoever_may_have_several(void **state)
{
	struct pair *p = cut_off(state, RESUMES CONN("unique = never"));

	ARROWS(p->lab, RESUMES_ARROWS);
	SILENCE(p->lab);
	pair_assert_up(p);
}

static void it_is_no_other_that_has_to_be_kept(void **state)
{
	struct pair *p = cut_off(state, RESUMES CONN("unique = keep"));

	ARROWS(p->lab, RESUMES_ARROWS);
	SILENCE(p->lab);
	pair_assert_up(p);
}

/* Moon asks for another ticket, and does not get the answer. */
static void lose_another_ticket(struct pair *p)
{
	task_first(forge_sa_up(p->moon), TASK_TICKET);
	host_event(p->moon, &(struct ike_event){ .kind = EVENT_WOKEN });
	ARROWS(p->lab, ALIVE(2), "moon <-- sun  INFORMATIONAL response 2: SK {}");
	ARROWS(p->lab, "moon --> sun  INFORMATIONAL request 3: SK {N(TICKET_REQUEST)}",
		"lost: moon <-- sun  INFORMATIONAL response 3: SK {N(TICKET_LT_OPAQUE)}");
}

/* It comes with the one that it has. */
static void by_the_ticket_before_too(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES CONN("unique = keep"));
	uint64_t before = print_of(p);

	lose_another_ticket(p);
	assert_int_equal(print_of(p), before);
	lose_at_moon(p);
	ARROWS(p->lab, RESUMES_ARROWS);
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_int_equal(resume_count(p->sun), 1);
}

/* Sun has rekeyed the IKE_SA after that. */
static void also_when_it_was_rekeyed_meanwhile(void **state)
{
	struct pair *p = resume_open_up(state, KEPT, RESUMES CONN("unique = keep"));

	lose_another_ticket(p);
	host_rekey(p->sun, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, KE, Nonce}",
		"moon --> sun  CREATE_CHILD_SA response 0: SK {SA, KE, Nonce, " TOKEN "}",
		"lost: moon --> sun  INFORMATIONAL request 0: SK {N(TICKET_REQUEST)}");
	/* clang-format on */
	lab_calm(p->lab);
	lose_at_moon(p);
	ARROWS(p->lab, RESUMES_ARROWS);
	SILENCE(p->lab);
	pair_assert_up(p);
}

/* What was proved holds no longer for being resumed. */
static void the_authentication_ages(void **state)
{
	struct pair *p =
		resume_open(state, KEPT, RESUMES CONN("reauth_time = 1h\n over_time = 0\n rand_time = 0"));
	uint64_t end;

	lab_calm(p->lab);
	end = forge_sa(p->moon)->core.reauth_end;
	assert_true(end && end <= p->lab->now + 3600 * 1000);
	lab_pass(p->lab, 1800 * 1000);
	host_stop(p->sun);
	host_start(p->sun);
	lab_pass(p->lab, 20 * 1000);
	assert_int_equal(resume_count(p->moon), 1);
	assert_true(forge_sa(p->moon)->core.reauth_end <= end + 1000);
	assert_true(forge_sa(p->sun)->core.reauth_end <= end + 1000);
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
		PAIR_TEST(who_resumes_need_not_solve_a_puzzle),
		PAIR_TEST(what_is_deleted_is_not_resumed),
		PAIR_TEST(not_instead_of_authentication),
		PAIR_TEST(after_a_rekeying_another_one_is_asked_for),
		PAIR_TEST(also_when_the_gateway_has_rekeyed),
		PAIR_TEST(before_it_runs_out_another_one_is_asked_for),
		PAIR_TEST(none_under_another_configuration),
		PAIR_TEST(nor_with_other_authorities),
		PAIR_TEST(none_for_who_is_the_gateway),
		PAIR_TEST(one_is_given_with_a_rekeying),
		PAIR_TEST(what_is_resumed_goes_without_a_word),
		PAIR_TEST(whoever_may_have_several),
		PAIR_TEST(it_is_no_other_that_has_to_be_kept),
		PAIR_TEST(by_the_ticket_before_too),
		PAIR_TEST(also_when_it_was_rekeyed_meanwhile),
		PAIR_TEST(the_authentication_ages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
