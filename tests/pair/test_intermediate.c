/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_INTERMEDIATE (RFC 9242) and the additional key exchanges of an IKE_SA (RFC 9370, 2.2.2). */
#include "tests/pair/derive.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#include "ike/seal.h"

#include <stdio.h>
#include <stdlib.h>

#define TWO_KES   CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256")
#define THREE_KES CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256-ke3_ecp384")
#define MAYBE     CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256-ke1_none")
#define BOTH      CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256, aes128gcm16-prfsha256-x25519")
#define PLAIN     CONN("proposals = aes128gcm16-prfsha256-x25519")

#define INIT_ASKS                                                                                            \
	"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, N(INTERMEDIATE_EXCHANGE_SUPPORTED)"
#define INIT_ANSWERS                                                                                         \
	"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD, N(INTERMEDIATE_EXCHANGE_SUPPORTED)"
#define NEXT_ASKS(mid)    "moon --> sun  IKE_INTERMEDIATE request " #mid ": SK {KE}"
#define NEXT_ANSWERS(mid) "moon <-- sun  IKE_INTERMEDIATE response " #mid ": SK {KE}"
#define AUTH_ASKS(mid)    "moon --> sun  IKE_AUTH request " #mid ": SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_ANSWERS(mid) "moon <-- sun  IKE_AUTH response " #mid ": SK {IDr, AUTH, SA, TSi, TSr}"

static const char *suite_of(const struct host *h)
{
	static char text[128];
	struct arena arena = { 0 };
	const struct sa *sa = forge_sa(h);

	assert_non_null(sa);
	snprintf(text, sizeof text, "%s", suite_print(&sa->core.suite, &arena));
	arena_free(&arena);
	return text;
}

static void one_more(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NEXT_ASKS(1), NEXT_ANSWERS(1), AUTH_ASKS(2), AUTH_ANSWERS(2));
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_true(host_done(p->moon, 1)->success);
	assert_string_equal(suite_of(p->moon), "AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ECP_256");
	assert_string_equal(suite_of(p->sun), suite_of(p->moon));
}

static void two_more(void **state)
{
	struct pair *p = pair_open(state, THREE_KES, THREE_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NEXT_ASKS(1), NEXT_ANSWERS(1), NEXT_ASKS(2), NEXT_ANSWERS(2),
		AUTH_ASKS(3), AUTH_ANSWERS(3));
	pair_assert_up(p);
	assert_string_equal(
		suite_of(p->sun), "AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ECP_256/KE3_ECP_384");
}

/* The responder's time ends with the step that asks for the additional key exchange. */
static void one_more_that_comes_as_the_time_ends_is_too_late(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	p->lab->now = forge_sa(p->sun)->core.deadline;
	p->sun->ike->settings.half_open_timeout = 0;
	ARROWS(p->lab, NEXT_ASKS(1),
		"moon <-- sun  IKE_INTERMEDIATE response 1: SK {N(AUTHENTICATION_FAILED)}");
	assert_int_equal(forge_sa(p->sun)->core.state, S_LINGER);
	assert_false(host_done(p->moon, 1)->success);
}

/* They may be slow; the responder's time for all of them is not that for one. */
static void each_that_comes_in_time_gives_the_next_one_as_long(void **state)
{
	struct pair *p = pair_open(state, THREE_KES, THREE_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	p->lab->now = forge_sa(p->sun)->core.deadline;
	ARROWS(p->lab, NEXT_ASKS(1), NEXT_ANSWERS(1));
	p->lab->now = forge_sa(p->sun)->core.deadline;
	ARROWS(p->lab, NEXT_ASKS(2), NEXT_ANSWERS(2));
	p->lab->now = forge_sa(p->sun)->core.deadline;
	ARROWS(p->lab, AUTH_ASKS(3), AUTH_ANSWERS(3));
	pair_assert_up(p);
}

/* Where many are half open that is not long. */
static void under_pressure_it_gives_little_time(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	p->lab->now = forge_sa(p->sun)->core.deadline;
	p->sun->ike->pressed_until = p->lab->now + 1;
	ARROWS(p->lab, NEXT_ASKS(1), NEXT_ANSWERS(1));
	assert_int_equal(forge_sa(p->sun)->core.deadline,
		p->lab->now + p->sun->ike->settings.half_open_timeout / PRESSED_SHORTER);
}

static void secrets_go_when_their_keys_are_there(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);
	const struct handshake *hs;
	struct bytes secret;

	pair_say_up(p, 1);
	hs = forge_sa(p->moon)->handshake;
	for (unsigned round = 0; round < 2; round++) {
		lab_deliver(p->lab, lab_first(p->lab));
		secret = hs->x.secret;
		assert_true(secret.n);
		lab_deliver(p->lab, lab_first(p->lab));
		assert_true(hs->x.secret.p != secret.p);
		for (size_t i = 0; i < secret.n; i++)
			assert_int_equal(secret.p[i], 0);
	}
	assert_int_equal(hs->x.secret.n, 0);
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* What F, of moon, which has no fragments, adds to AUTH by RFC 9242, 3.3.2: all before the seal and what is
 * sealed, with the lengths that there are without IV (8 octets), padding (1) and checksum (16). */
static void sum_up(struct pair *p, const struct flight *f, struct bytes inner, uint8_t out[PRF_OUT_MAX])
{
	const struct sa_core *core = &forge_sa(p->moon)->core;
	size_t front = f->n - inner.n - 8 - 1 - 16;
	uint8_t *copy = memcpy(malloc(f->n), f->data, f->n);
	struct wr w = wr_of(copy, f->n);
	struct bytes parts[2] = { bytes_of(copy, front), inner };

	w.n = f->n;
	wr_u32_at(&w, LENGTH_AT, (uint32_t)(front + inner.n));
	wr_u16_at(&w, front - 2, (uint16_t)(PAYLOAD_HEADER + inner.n));
	assert_int_equal(
		prf(core->suite.prf, bytes_of(core->keys.pi, core->suite.prf->out), parts, 2, out), ERR_OK);
	free(copy);
}

/* Moon's request in the air gets another payload before the seal; and goes in fragments of LIMIT octets (0:
 * none). */
static void put_before_the_seal(struct pair *p, size_t limit)
{
	struct sa *sa = forge_sa(p->moon);
	struct flight *f = lab_first(p->lab);
	struct arena arena = { 0 };
	struct wr inner = wr_of(arena_alloc(&arena, 2000), 2000);
	struct bytes all, one;
	struct message m;
	uint8_t sum[PRF_OUT_MAX], first;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.has |= PAYLOAD_BIT(PAYLOAD_PS);
	m.solution = bytes_str("what nobody has asked for");
	forge_change(f, &m);
	m.has &= ~PAYLOAD_BIT(PAYLOAD_PS);
	message_put(&m, &inner, &first);
	sum_up(p, f, wr_done(&inner), sum);
	/* Moon has said that. */
	memcpy((uint8_t *)sa->handshake->intauth_i.p, sum, sa->handshake->intauth_i.n);
	if (limit) {
		m.has |= PAYLOAD_BIT(PAYLOAD_PS);
		all = seal_put(p->moon->ike, &sa->core, &m.header, &m, limit, &p->lab->rng.rng, &arena);
		for (one = header_cut(&all); one.n; one = header_cut(&all))
			lab_forge(p->lab, p->moon, f->source, f->target, one);
		lab_lose(f);
	}
	arena_free(&arena);
}

/* It counts for AUTH, too. */
static void a_payload_before_the_seal(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	put_before_the_seal(p, 0);
	ARROWS(p->lab, "moon --> sun  IKE_INTERMEDIATE request 1: PS, SK {KE}", NEXT_ANSWERS(1), AUTH_ASKS(2),
		AUTH_ANSWERS(2));
	pair_assert_up(p);
}

/* That of the first fragment. */
static void a_payload_before_the_seal_of_fragments(void **state)
{
	struct pair *p =
		pair_open(state, TWO_KES CONN("fragmentation = yes"), TWO_KES CONN("fragmentation = yes"));
	const struct fragments *f;

	pair_say_up(p, 1);
	for (unsigned i = 0; i < 2; i++)
		lab_deliver(p->lab, lab_first(p->lab));
	put_before_the_seal(p, 130);
	ARROWS(p->lab, "moon --> sun  IKE_INTERMEDIATE request 1: PS, SKF 1/2");
	/* It is kept, and counted. */
	f = forge_sa(p->sun)->fragments[false];
	assert_true(f->front.n > IKE_HEADER + PAYLOAD_HEADER);
	assert_int_equal(f->octets, f->v[0].n + f->front.n);
	assert_int_equal(p->sun->ike->fragments_half_open, f->octets);
	ARROWS(p->lab, "moon --> sun  IKE_INTERMEDIATE request 1: SKF 2/2", NEXT_ANSWERS(1), AUTH_ASKS(2),
		AUTH_ANSWERS(2));
	pair_assert_up(p);
}

/* ------------------------------------------------------------------ choice */

/* A peer that does not know the transform type passes over the whole proposal (RFC 7296, 3.3.6). */
static void a_peer_without_takes_the_next_proposal(void **state)
{
	struct pair *p = pair_open(state, BOTH, PLAIN);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD", AUTH_ASKS(1),
		AUTH_ANSWERS(1));
	pair_assert_up(p);
	assert_string_equal(suite_of(p->moon), "AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519");
}

static void none_may_be_chosen(void **state)
{
	struct pair *p = pair_open_up(state, MAYBE, PLAIN);

	pair_assert_up(p);
	assert_string_equal(suite_of(p->moon), "AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519");
}

static void a_peer_that_demands_it_refuses(void **state)
{
	struct pair *p = pair_open_up(state, PLAIN, TWO_KES);

	assert_string_equal(
		host_why(p->sun)->differs, "additional key exchange 1: offered none, configured ke1_ecp256");
	assert_string_equal(host_why(p->sun)->notify, "NO_PROPOSAL_CHOSEN");
	pair_assert_empty_later(p);
}

/* What is in the air without saying that there could be IKE_INTERMEDIATE. */
static void deny_intermediate(struct lab *lab)
{
	struct arena arena = { 0 };
	struct flight *f = lab_first(lab);
	struct message m = forge_read(f, &arena);

	for (unsigned i = 0; i < m.n_notifies; i++)
		if (m.notifies[i].type == INTERMEDIATE_EXCHANGE_SUPPORTED)
			m.notifies[i].type = INITIAL_CONTACT;
	lab_forge(lab, f->from, f->source, f->target, forge_clear(&m, &arena));
	lab_lose(f);
	arena_free(&arena);
}

static void offered_without_the_exchange(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	deny_intermediate(p->lab);
	lab_calm(p->lab);
	assert_non_null(strstr(host_why(p->sun)->what, "IKE_INTERMEDIATE"));
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
}

static void chosen_without_the_exchange(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	deny_intermediate(p->lab);
	lab_calm(p->lab);
	assert_non_null(strstr(host_why(p->moon)->what, "IKE_INTERMEDIATE"));
	pair_assert_empty_later(p);
}

/* ------------------------------------------------------------------ keys */

/* Until the first IKE_INTERMEDIATE request is in the air. */
static struct pair *until_next(void **state, struct arena *arena, struct bytes *ni, struct bytes *nr)
{
	struct pair *p = pair_open(state, CONN("proposals = aes128gcm16-prfsha256-ecp256-ke1_x25519"),
		CONN("proposals = aes128gcm16-prfsha256-ecp256-ke1_x25519"));

	pair_say_up(p, 1);
	*ni = arena_bytes(arena, forge_read(lab_first(p->lab), arena).nonce);
	lab_deliver(p->lab, lab_first(p->lab));
	*nr = arena_bytes(arena, forge_read(lab_first(p->lab), arena).nonce);
	lab_deliver(p->lab, lab_first(p->lab));
	return p;
}

/* SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr), and from it as always (RFC 9370, 2.2.2). */
static void keys_are_those_of_the_rfc(void **state)
{
	struct arena arena = { 0 };
	struct bytes ni, nr, shared, seed, all, old;
	struct pair *p = until_next(state, &arena, &ni, &nr);
	uint8_t spis[16];
	struct wr w = wr_of(spis, sizeof spis);
	const struct sa_core *c = &forge_sa(p->moon)->core;

	old = arena_bytes(&arena, bytes_of(c->keys.d, 32));
	lab_deliver(p->lab, lab_first(p->lab));
	shared = derive_shared(p->lab, forge_sa(p->moon)->handshake->x.secret, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	wr_u64(&w, c->spi_i);
	wr_u64(&w, c->spi_r);
	seed = derive_prf(old, &arena, 3, shared, ni, nr);
	all = derive_plus(seed, 32 + 2 * 20 + 2 * 32, &arena, 3, ni, nr, wr_done(&w));
	assert_memory_equal(c->keys.d, all.p, 32);
	assert_memory_equal(c->keys.ei, all.p + 32, 20);
	assert_memory_equal(forge_sa(p->sun)->core.keys.d, all.p, 32);
	assert_memory_equal(forge_sa(p->sun)->core.keys.pr, all.p + 104, 32);
	lab_calm(p->lab);
	pair_assert_up(p);
	arena_free(&arena);
}

/* prf(SK_p, A | P) of what is in the air: A is all up to the end of the header of SK, with the lengths as
 * they would be without IV, padding and checksum; P is what is sealed (RFC 9242, 3.3.2). For AES-GCM. */
static struct bytes intauth(struct pair *p, const uint8_t *key, struct arena *arena)
{
	enum { A = 28 + 4, IV = 8, PAD_LENGTH = 1, ICV = 16 };
	const struct flight *f = lab_first(p->lab);
	uint8_t *a = arena_alloc(arena, A);
	struct message m;
	struct wr inner = wr_of(arena_alloc(arena, 1024), 1024);
	size_t n = f->n - A - IV - PAD_LENGTH - ICV;
	uint8_t first;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), arena, &m));
	message_put(&m, &inner, &first);
	assert_int_equal(inner.n, n);
	memcpy(a, f->data, A);
	a[26] = (uint8_t)((A + n) >> 8);
	a[27] = (uint8_t)(A + n);
	a[30] = (uint8_t)((4 + n) >> 8);
	a[31] = (uint8_t)(4 + n);
	return derive_prf(bytes_of(key, 32), arena, 2, bytes_of(a, A), wr_done(&inner));
}

/* AUTH of the message in the air as the formulas have it. */
static void assert_auth(struct pair *p, struct bytes real, struct bytes nonce, const uint8_t *sk_p,
	struct bytes id, struct bytes sums, struct arena *arena)
{
	static const uint8_t mid[4] = { 0, 0, 0, 2 };
	const struct flight *f = lab_first(p->lab);
	struct bytes key = derive_prf(bytes_str("moonlight"), arena, 1, bytes_str("Key Pad for IKEv2"));
	struct bytes maced = derive_prf(bytes_of(sk_p, 32), arena, 1, id);
	struct bytes auth = derive_prf(key, arena, 5, real, nonce, maced, sums, bytes_of(mid, 4));
	struct message m;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), arena, &m));
	assert_memory_equal(m.auth.data.p, auth.p, 32);
}

/* IntAuth = IntAuth_i | IntAuth_r | message id of IKE_AUTH, behind what is signed otherwise, both ways. */
static void what_was_exchanged_is_authenticated(void **state)
{
	struct arena arena = { 0 };
	struct bytes ni, nr, sum_i, sum_r, init_i, init_r;
	struct pair *p = until_next(state, &arena, &ni, &nr);
	const uint8_t id_i[] = { 1, 0, 0, 0, 192, 0, 2, 1 }, id_r[] = { 1, 0, 0, 0, 192, 0, 2, 2 };
	const struct sa *moon = forge_sa(p->moon);
	uint8_t sums[64];

	init_i = arena_bytes(&arena, moon->handshake->init_i);
	init_r = arena_bytes(&arena, moon->handshake->init_r);
	sum_i = intauth(p, moon->core.keys.pi, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	sum_r = intauth(p, moon->core.keys.pr, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	memcpy(sums, sum_i.p, 32);
	memcpy(sums + 32, sum_r.p, 32);
	assert_auth(
		p, init_i, nr, moon->core.keys.pi, bytes_of(id_i, sizeof id_i), bytes_of(sums, 64), &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	assert_auth(
		p, init_r, ni, moon->core.keys.pr, bytes_of(id_r, sizeof id_r), bytes_of(sums, 64), &arena);
	lab_calm(p->lab);
	pair_assert_up(p);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ loss and delay */

/* Sun has other keys when the request comes again, and still answers it. */
static void lost_messages(void **state)
{
	struct pair *p = pair_open(state, THREE_KES, THREE_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, "lost: " NEXT_ASKS(1));
	lab_clock(p->lab, lab_due(p->lab));
	ARROWS(p->lab, NEXT_ASKS(1), "lost: " NEXT_ANSWERS(1));
	lab_clock(p->lab, lab_due(p->lab));
	ARROWS(p->lab, "twice: " NEXT_ASKS(1), NEXT_ANSWERS(1),
		"moon <-- sun  IKE_INTERMEDIATE response 1: SK {?}");
	ARROWS(p->lab, NEXT_ASKS(2), "lost: " NEXT_ANSWERS(2));
	lab_clock(p->lab, lab_due(p->lab));
	ARROWS(p->lab, NEXT_ASKS(2), NEXT_ANSWERS(2), "twice: " AUTH_ASKS(3), AUTH_ANSWERS(3),
		AUTH_ANSWERS(3));
	pair_assert_up(p);
}

static void a_late_answer(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	p->sun->late = 1000;
	pair_say_up(p, 1);
	lab_pass(p->lab, 10 * 1000);
	pair_assert_up(p);
}

static void nobody_answers(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	lab_pass_deaf(p->lab, 200 * 1000);
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
}

/* ------------------------------------------------------------------ refusals */

static void a_peer_that_refuses(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	p->sun->fails = ASKED_KEYS;
	ARROWS(p->lab, NEXT_ASKS(1), "moon <-- sun  IKE_INTERMEDIATE response 1: SK {N(INVALID_SYNTAX)}");
	assert_string_equal(host_why(p->moon)->what,
		"the peer refused the additional key exchange ecp256 of connection site with INVALID_SYNTAX");
	assert_non_null(host_told(p->sun, TELL_REFUSED));
	pair_assert_empty_later(p);
}

static void another_group_is_asked_for(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	forge_group(p->lab, lab_first(p->lab), KE_ECP_384);
	ARROWS(p->lab, NEXT_ASKS(1), "moon <-- sun  IKE_INTERMEDIATE response 1: SK {N(INVALID_SYNTAX)}");
	assert_string_equal(host_why(p->sun)->offered, "ecp384");
	assert_string_equal(host_why(p->sun)->configured, "ecp256");
	pair_assert_empty_later(p);
}

/* Sun's answer, which is sealed with keys that it has no more: but moon has. */
static void answer_another_group(struct pair *p)
{
	struct arena arena = { 0 };
	struct flight *f = lab_first(p->lab);
	const struct sa *moon = forge_sa(p->moon);
	struct wr w = wr_of(arena_alloc(&arena, 1024), 1024);
	struct message m;
	uint8_t first;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.ke.group = KE_ECP_384;
	message_put(&m, &w, &first);
	forge_send(p->sun, forge_sa(p->sun),
		forge_seal_octets(p->sun->ike, &moon->core, false, &m.header,
			&(struct wire_sk){ .inner = first }, wr_done(&w), &p->lab->rng.rng, &arena));
	lab_lose(f);
	lab_calm(p->lab);
	arena_free(&arena);
}

static void another_group_is_answered(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NEXT_ASKS(1));
	answer_another_group(p);
	assert_string_equal(host_why(p->moon)->offered, "ecp384");
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
}

/* Who authenticates before all is exchanged has weaker keys than were agreed on. */
static void authentication_comes_too_early(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = IKE_AUTH, .mid = 1 },
		.has = PAYLOAD_BIT(PAYLOAD_IDI) | PAYLOAD_BIT(PAYLOAD_AUTH),
		.auth = { AUTH_METHOD_PSK, bytes_str("12345678901234567890123456789012") } };

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, "lost: " NEXT_ASKS(1));
	m.idi = (struct id){ ID_FQDN, bytes_str("moon") };
	forge_send(p->moon, forge_sa(p->moon), forge_seal(p->moon, forge_sa(p->moon), &m, &arena));
	ARROWS(p->lab, "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH}",
		"moon <-- sun  IKE_AUTH response 1: SK {N(INVALID_SYNTAX)}");
	assert_non_null(strstr(host_why(p->sun)->what, "before all additional key exchanges"));
	arena_free(&arena);
}

/* One more than was agreed on. */
static void an_exchange_too_many(void **state)
{
	struct pair *p = pair_open(state, PLAIN, PLAIN);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = IKE_INTERMEDIATE, .mid = 1 },
		.has = PAYLOAD_BIT(PAYLOAD_KE),
		.ke = { KE_CURVE25519, bytes_str("12345678901234567890123456789012") } };

	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	lab_lose(lab_first(p->lab));
	forge_send(p->moon, forge_sa(p->moon), forge_seal(p->moon, forge_sa(p->moon), &m, &arena));
	ARROWS(p->lab, NEXT_ASKS(1), "moon <-- sun  IKE_INTERMEDIATE response 1: SK {N(INVALID_SYNTAX)}");
	assert_string_equal(host_why(p->sun)->configured, "none that is left");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(one_more),
		PAIR_TEST(two_more),
		PAIR_TEST(one_more_that_comes_as_the_time_ends_is_too_late),
		PAIR_TEST(each_that_comes_in_time_gives_the_next_one_as_long),
		PAIR_TEST(under_pressure_it_gives_little_time),
		PAIR_TEST(secrets_go_when_their_keys_are_there),
		PAIR_TEST(a_payload_before_the_seal),
		PAIR_TEST(a_payload_before_the_seal_of_fragments),
		PAIR_TEST(a_peer_without_takes_the_next_proposal),
		PAIR_TEST(none_may_be_chosen),
		PAIR_TEST(a_peer_that_demands_it_refuses),
		PAIR_TEST(offered_without_the_exchange),
		PAIR_TEST(chosen_without_the_exchange),
		PAIR_TEST(keys_are_those_of_the_rfc),
		PAIR_TEST(what_was_exchanged_is_authenticated),
		PAIR_TEST(lost_messages),
		PAIR_TEST(a_late_answer),
		PAIR_TEST(nobody_answers),
		PAIR_TEST(a_peer_that_refuses),
		PAIR_TEST(another_group_is_asked_for),
		PAIR_TEST(another_group_is_answered),
		PAIR_TEST(authentication_comes_too_early),
		PAIR_TEST(an_exchange_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
