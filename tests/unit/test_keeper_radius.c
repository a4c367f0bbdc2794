/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper of the secrets of RADIUS servers, asked by certs: what it signs, checks and opens, and that it
 * does so for packets of RADIUS alone. */
#include "tests/unit/unit.h"

#include "daemon/clock.h"
#include "daemon/keeper.h"
#include "desk.h"
#include "radius/secret.h"
#include "radius_help.h"

#include <sys/socket.h>

static const char secret[] = "a secret of theirs";
static const uint8_t asked[] = "0123456789abcdef";

enum { SERVER = 11, ORDERS = 12, PSK = 13 };

/* certs' end, and keeper's. */
static struct ipc_channel certs, to_certs;

static void keep(struct desk *d, uint64_t handle, enum ipc_use use)
{
	struct ipc_message m = { .kind = IPC_SECRET,
		.secret = { handle, (uint8_t)use, SECRET_IKE, NULL, 0, bytes_str(secret), 0 } };

	assert_int_equal(desk_asked(d, &d->talk.guard, &m).kept.result, ERR_OK);
}

static int set_up(void **state)
{
	int e = desk_make(state, IPC_KEEPER);
	struct desk *d = *state;

	if (e || ipc_pair(IPC_CERTS, &certs, IPC_KEEPER, &to_certs))
		return -1;
	to_certs.phase = IPC_SERVING;
	d->keeper.certs = &to_certs;
	keep(d, SERVER, IPC_USE_RADIUS);
	keep(d, ORDERS, IPC_USE_ORDERS);
	keep(d, PSK, IPC_USE_SECRET);
	return 0;
}

static int tear_down(void **state)
{
	ipc_close(&certs);
	ipc_close(&to_certs);
	return desk_tear_down(state);
}

static void ask(
	struct desk *d, enum ipc_kind kind, uint64_t handle, struct bytes packet, const uint8_t *request)
{
	const struct ipc_message m = { .kind = kind,
		.ticket = 5,
		.radius_ask = { handle, packet, bytes_of(request, request ? RADIUS_AUTHENTICATOR : 0) } };

	assert_int_equal(ipc_send(&certs, &m), ERR_OK);
	assert_true(keeper_serve(&d->keeper, &to_certs));
}

static struct ipc_radius_proof told(
	struct desk *d, enum ipc_kind kind, uint64_t handle, struct bytes packet, const uint8_t *request)
{
	struct ipc_message a;

	ask(d, kind, handle, packet, request);
	a = desk_heard(d, &certs);
	assert_int_equal(a.kind, IPC_RADIUS_PROOF);
	assert_true(a.ticket == 5);
	return a.radius_proof;
}

/* A packet of CODE, with its length and no proof yet. */
static struct bytes packet(struct radius_reply *a, enum radius_code code, bool mac)
{
	a->w = wr_of(a->octets, sizeof a->octets);
	radius_begin(&a->w, code, 7, code == RADIUS_ACCESS_REQUEST ? asked : NULL, mac);
	radius_put(&a->w, RADIUS_USER_NAME, bytes_str("alice"));
	wr_u16_at(&a->w, 2, (uint16_t)a->w.n);
	return wr_done(&a->w);
}

/* The same, as a server sends it. */
static struct bytes proved(struct radius_reply *a, enum radius_code code, bool mac, const uint8_t *request)
{
	(void)packet(a, code, mac);
	assert_int_equal(radius_sign(&a->w, bytes_str(secret), request), ERR_OK);
	return wr_done(&a->w);
}

static void requests_are_signed(void **state)
{
	static const enum radius_code codes[] = { RADIUS_ACCESS_REQUEST, RADIUS_ACCOUNTING_REQUEST };
	struct radius_reply a;

	for (unsigned i = 0; i < 2; i++) {
		struct ipc_radius_proof p =
			told(*state, IPC_RADIUS_SIGN, SERVER, packet(&a, codes[i], !i), NULL);
		struct radius_packet is;

		assert_int_equal(p.result, ERR_OK);
		is = radius_packet_of(p.octets);
		assert_int_equal(radius_verify(&is, bytes_str(secret), NULL, !i), ERR_OK);
		assert_true(bytes_eq(bytes_of(p.octets.p, 4), bytes_of(a.octets, 4)));
	}
}

static void answers_are_checked(void **state)
{
	static const enum radius_code codes[] = { RADIUS_ACCESS_ACCEPT, RADIUS_ACCESS_REJECT,
		RADIUS_ACCESS_CHALLENGE, RADIUS_ACCOUNTING_RESPONSE };
	struct radius_reply a;

	for (unsigned i = 0; i < 4; i++) {
		struct ipc_radius_proof p =
			told(*state, IPC_RADIUS_CHECK, SERVER, proved(&a, codes[i], true, asked), asked);

		assert_int_equal(p.result, ERR_OK);
		assert_int_equal(p.octets.n, 0);
		p = told(*state, IPC_RADIUS_CHECK, SERVER, proved(&a, codes[i], false, asked), asked);
		assert_int_equal(p.result, codes[i] == RADIUS_ACCOUNTING_RESPONSE ? ERR_OK : ERR_MISSING);
		a.octets[5] ^= 1;
		p = told(*state, IPC_RADIUS_CHECK, SERVER, wr_done(&a.w), asked);
		assert_int_equal(p.result, ERR_AUTH);
	}
}

static void hide(struct radius_reply *a, enum radius_ms_type type, uint8_t fill, const uint8_t *request)
{
	uint8_t key[32], value[RADIUS_VALUE_MAX];
	size_t n;

	memset(key, fill, sizeof key);
	assert_int_equal(radius_key_close(bytes_of(key, sizeof key), (uint16_t)(0x8000 + type),
				 bytes_str(secret), request, value, &n),
		ERR_OK);
	radius_reply_vendor(a, RADIUS_MICROSOFT, (uint8_t)type, bytes_of(value, n));
}

/* An Access-Accept with keys that answers REQUEST. */
static struct bytes accepted(struct radius_reply *a, const uint8_t *request)
{
	(void)packet(a, RADIUS_ACCESS_ACCEPT, true);
	hide(a, RADIUS_MS_MPPE_RECV_KEY, 'r', request);
	hide(a, RADIUS_MS_MPPE_SEND_KEY, 's', request);
	assert_int_equal(radius_sign(&a->w, bytes_str(secret), request), ERR_OK);
	return wr_done(&a->w);
}

/* The authenticator of a request that keeper has signed. */
static const uint8_t *signed_request(struct desk *d)
{
	struct radius_reply a;
	struct ipc_radius_proof p =
		told(d, IPC_RADIUS_SIGN, SERVER, packet(&a, RADIUS_ACCESS_REQUEST, true), NULL);

	assert_int_equal(p.result, ERR_OK);
	return p.octets.p + 4;
}

static void assert_opened(struct desk *d, const uint8_t *request)
{
	struct radius_reply a;
	struct ipc_radius_proof p = told(d, IPC_RADIUS_OPEN, SERVER, accepted(&a, request), request);

	assert_int_equal(p.result, ERR_OK);
	assert_int_equal(p.octets.n, 64);
	assert_true(p.octets.p[0] == 'r' && p.octets.p[63] == 's');
}

static void assert_closed(struct desk *d, uint64_t handle, struct bytes accept, const uint8_t *request)
{
	struct ipc_radius_proof p = told(d, IPC_RADIUS_OPEN, handle, accept, request);

	assert_int_equal(p.result, ERR_AUTH);
	assert_int_equal(p.octets.n, 0);
}

static void the_key_of_one_who_is_let_in_is_opened(void **state)
{
	const uint8_t *request = signed_request(*state);
	struct radius_reply a;

	assert_opened(*state, request);
	/* Of none that was not proved. */
	(void)accepted(&a, request);
	a.octets[a.w.n - 1] ^= 1;
	assert_closed(*state, SERVER, wr_done(&a.w), request);
}

/* What was seen on its way to somebody else stays closed, though who sent it has the same secret. */
static void the_key_for_anothers_request_is_not_opened(void **state)
{
	struct desk *d = *state;
	const uint8_t *request = signed_request(d);
	uint8_t near[RADIUS_AUTHENTICATOR];
	struct radius_reply a;

	assert_closed(d, SERVER, accepted(&a, asked), asked);
	for (unsigned i = 0; i < sizeof near; i++) {
		memcpy(near, request, sizeof near);
		near[i] ^= 1;
		assert_closed(d, SERVER, accepted(&a, near), near);
	}
	keep(d, PSK + 1, IPC_USE_RADIUS);
	assert_closed(d, PSK + 1, accepted(&a, request), request);
}

/* Who asks does not choose the authenticator; each request has another one. */
static void requests_have_authenticators_of_keepers(void **state)
{
	const uint8_t *one = signed_request(*state), *two = signed_request(*state);

	assert_memory_not_equal(one, two, RADIUS_AUTHENTICATOR);
	assert_memory_not_equal(one, asked, RADIUS_AUTHENTICATOR);
}

static void orders_are_checked_and_answered(void **state)
{
	struct ipc_radius_proof p;
	struct radius_packet is;
	struct radius_reply a;

	p = told(*state, IPC_RADIUS_CHECK, ORDERS, proved(&a, RADIUS_COA_REQUEST, false, NULL), NULL);
	assert_int_equal(p.result, ERR_OK);
	p = told(*state, IPC_RADIUS_SIGN, ORDERS, packet(&a, RADIUS_COA_NAK, true), asked);
	assert_int_equal(p.result, ERR_OK);
	is = radius_packet_of(p.octets);
	assert_int_equal(radius_verify(&is, bytes_str(secret), asked, false), ERR_OK);
}

static void assert_blamed(struct desk *d, const char *what)
{
	struct ipc_message said = desk_heard(d, &d->talk.guard);
	uint8_t octet;

	if (said.kind != IPC_BLAME || said.blame.process != IPC_CERTS)
		fail_msg("%s: %u", what, said.kind);
	assert_true(recv(certs.fd, &octet, 1, MSG_DONTWAIT) <= 0);
}

/* Who has taken certs over can have nothing made that is good for anything else, nor what servers make. */
static void nothing_else_is_done_with_it(void **state)
{
	static const struct row {
		const char *what;
		enum ipc_kind kind;
		uint64_t handle;
		enum radius_code code;
		bool mac, answers;
	} rows[] = {
		{ "an answer of a server's", IPC_RADIUS_SIGN, SERVER, RADIUS_ACCESS_ACCEPT, true, true },
		{ "the same as a request", IPC_RADIUS_SIGN, SERVER, RADIUS_ACCESS_ACCEPT, true, false },
		{ "one that proves nothing", IPC_RADIUS_SIGN, SERVER, RADIUS_ACCESS_REQUEST, false, false },
		{ "a request that answers", IPC_RADIUS_SIGN, SERVER, RADIUS_ACCOUNTING_REQUEST, false, true },
		{ "a request that we do not make", IPC_RADIUS_SIGN, SERVER, RADIUS_STATUS_SERVER, true,
			false },
		{ "an order", IPC_RADIUS_SIGN, ORDERS, RADIUS_DISCONNECT_REQUEST, true, false },
		{ "a request for another", IPC_RADIUS_SIGN, ORDERS, RADIUS_ACCESS_REQUEST, true, false },
		{ "an answer for another", IPC_RADIUS_SIGN, SERVER, RADIUS_COA_ACK, true, true },
		{ "an answer that proves little", IPC_RADIUS_SIGN, ORDERS, RADIUS_COA_ACK, false, true },
		{ "a refusal that proves little", IPC_RADIUS_SIGN, ORDERS, RADIUS_DISCONNECT_NAK, false,
			true },
		{ "with another kind of secret", IPC_RADIUS_SIGN, PSK, RADIUS_ACCESS_REQUEST, true, false },
		{ "the same for orders", IPC_RADIUS_SIGN, PSK, RADIUS_COA_ACK, true, true },
		{ "a guess", IPC_RADIUS_CHECK, SERVER, RADIUS_ACCESS_REQUEST, true, false },
		{ "a guess at an order's answer", IPC_RADIUS_CHECK, ORDERS, RADIUS_COA_ACK, true, true },
		{ "a guess at another's", IPC_RADIUS_CHECK, ORDERS, RADIUS_ACCESS_ACCEPT, true, true },
		{ "a key for one who is refused", IPC_RADIUS_OPEN, SERVER, RADIUS_ACCESS_REJECT, true, true },
		{ "a key of orders", IPC_RADIUS_OPEN, ORDERS, RADIUS_ACCESS_ACCEPT, true, true },
		{ "a key without a request", IPC_RADIUS_OPEN, SERVER, RADIUS_ACCESS_ACCEPT, true, false },
	};
	struct desk *d = *state;
	struct radius_reply a;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		const uint8_t *request = r->answers ? asked : NULL;

		ask(d, r->kind, r->handle, proved(&a, r->code, r->mac, asked), request);
		assert_blamed(d, r->what);
	}
}

static void what_is_no_packet_is_not_signed(void **state)
{
	struct desk *d = *state;
	struct radius_reply a;
	struct bytes p;

	ask(d, IPC_RADIUS_SIGN, SERVER, bytes_str("sign this"), NULL);
	assert_blamed(d, "a text");
	ask(d, IPC_RADIUS_SIGN, SERVER, (struct bytes){ 0 }, NULL);
	assert_blamed(d, "nothing");
	p = packet(&a, RADIUS_ACCOUNTING_REQUEST, false);
	for (size_t cut = 0; cut <= p.n + 1; cut++)
		if (cut != p.n) {
			ask(d, IPC_RADIUS_SIGN, SERVER, bytes_of(a.octets, cut), NULL);
			assert_blamed(d, "more or less than it says");
		}
}

/* The file may have been read meanwhile. */
static void a_secret_that_was_taken_away_is_unknown(void **state)
{
	const struct ipc_message drop = { .kind = IPC_DROP, .drop = { .handle = SERVER } };
	struct desk *d = *state;
	struct radius_reply a;

	assert_int_equal(ipc_send(&d->talk.guard, &drop), ERR_OK);
	assert_true(keeper_serve(&d->keeper, &d->keeper.guard));
	assert_int_equal(
		told(d, IPC_RADIUS_SIGN, SERVER, packet(&a, RADIUS_ACCESS_REQUEST, true), NULL).result,
		ERR_UNKNOWN);
}

/* A proof that comes behind octets of the asker's may be one for others, too (Blast-RADIUS). */
static void what_does_not_begin_with_its_proof_is_not_signed(void **state)
{
	static const uint8_t zeros[RADIUS_AUTHENTICATOR];
	struct desk *d = *state;
	struct radius_reply a;

	for (unsigned i = 0; i < 2; i++) {
		(void)packet(&a, i ? RADIUS_COA_ACK : RADIUS_ACCESS_REQUEST, false);
		radius_put(&a.w, RADIUS_MESSAGE_AUTHENTICATOR, bytes_of(zeros, sizeof zeros));
		wr_u16_at(&a.w, 2, (uint16_t)a.w.n);
		ask(d, IPC_RADIUS_SIGN, i ? ORDERS : SERVER, wr_done(&a.w), i ? asked : NULL);
		assert_blamed(d, "a proof behind something");
	}
}

static void the_next_one_goes_on(void **state)
{
	struct desk *d = *state;
	const uint8_t *request = signed_request(d);
	struct radius_reply a;

	desk_finish(d);
	assert_int_equal(desk_begin(d), ERR_OK);
	d->keeper.certs = &to_certs;
	assert_int_equal(
		told(d, IPC_RADIUS_CHECK, SERVER, proved(&a, RADIUS_ACCESS_REJECT, true, asked), asked)
			.result,
		ERR_OK);
	assert_opened(d, request);
}

/* However many it has not heard, keeper serves the others. */
static void who_does_not_listen_is_not_waited_for(void **state)
{
	enum { MANY = 5000 };
	struct desk *d = *state;
	struct radius_reply a;
	struct bytes p = packet(&a, RADIUS_ACCESS_REQUEST, true);

	for (unsigned i = 0; i < MANY; i++)
		ask(d, IPC_RADIUS_SIGN, SERVER, p, NULL);
	keep(d, PSK + 1, IPC_USE_SECRET);
}

/* Keeper has much to sign: certs is heard before the next. */
static void certs_is_answered_between_signatures(void **state)
{
	struct desk *d = *state;
	struct radius_reply a;
	const struct ipc_message check = { .kind = IPC_RADIUS_CHECK,
		.ticket = 9,
		.radius_ask = { SERVER, proved(&a, RADIUS_ACCESS_REJECT, true, asked),
			bytes_of(asked, RADIUS_AUTHENTICATOR) } };
	struct ipc_message said;

	assert_int_equal(ipc_send(&certs, &check), ERR_OK);
	(void)desk_sign(d, desk_scheme_of(KEY_ECDSA), d->octets);
	said = desk_heard(d, &certs);
	assert_true(said.kind == IPC_RADIUS_PROOF && said.ticket == 9);
	assert_int_equal(said.radius_proof.result, ERR_OK);
}

/* It goes on, with guard told whose fault it is, which is not waited for either. */
static void keeper_outlives_what_comes_by_that_channel(void **state)
{
	enum { MANY = 5000 };
	struct desk *d = *state;

	assert_int_equal(send(certs.fd, "", 0, 0), 0);
	assert_true(keeper_serve(&d->keeper, &to_certs));
	assert_blamed(d, "an empty message");
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(send(certs.fd, "?", 1, 0), 1);
		assert_true(keeper_serve(&d->keeper, &to_certs));
	}
	talk_hear(&d->talk);
	keep(d, PSK + 1, IPC_USE_SECRET);
}

static void keeper_outlives_that_channel(void **state)
{
	struct desk *d = *state;

	assert_int_equal(shutdown(certs.fd, SHUT_WR), 0);
	assert_true(keeper_serve(&d->keeper, &to_certs));
	assert_blamed(d, "one who speaks no more");
	assert_int_equal(to_certs.fd, -1);
	keep(d, PSK + 1, IPC_USE_SECRET);
}

/* Guard does not end ctl for a channel that it is not ctl who has shut down. */
static void nobody_is_blamed_for_the_end_of_offers(void **state)
{
	struct desk *d = *state;
	struct ipc_channel ctl, to_ctl;

	assert_int_equal(ipc_pair(IPC_CTL, &ctl, IPC_KEEPER, &to_ctl), ERR_OK);
	to_ctl.phase = IPC_SERVING;
	d->keeper.ctl = &to_ctl;
	assert_int_equal(shutdown(to_ctl.fd, SHUT_RD), 0);
	assert_true(keeper_serve(&d->keeper, &to_ctl));
	assert_int_equal(to_ctl.fd, -1);
	assert_int_equal(recv(d->talk.guard.fd, &(char){ 0 }, 1, MSG_DONTWAIT | MSG_PEEK), -1);
	keep(d, PSK + 1, IPC_USE_SECRET);
	d->keeper.ctl = NULL;
	ipc_close(&ctl);
}

/* Guard has thrown away what was there. */
static void keeper_does_not_wait_for_who_has_said_nothing(void **state)
{
	struct desk *d = *state;
	const struct timeval patience = { .tv_sec = 2 };
	uint64_t begun = clock_ms();

	assert_int_equal(setsockopt(to_certs.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	assert_true(keeper_serve(&d->keeper, &to_certs));
	assert_true(clock_ms() - begun < 1000 * (uint64_t)patience.tv_sec);
	assert_true(to_certs.fd >= 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_are_signed),
		TEST(answers_are_checked),
		TEST(the_key_of_one_who_is_let_in_is_opened),
		TEST(the_key_for_anothers_request_is_not_opened),
		TEST(requests_have_authenticators_of_keepers),
		TEST(what_does_not_begin_with_its_proof_is_not_signed),
		TEST(orders_are_checked_and_answered),
		TEST(nothing_else_is_done_with_it),
		TEST(what_is_no_packet_is_not_signed),
		TEST(a_secret_that_was_taken_away_is_unknown),
		TEST(the_next_one_goes_on),
		TEST(who_does_not_listen_is_not_waited_for),
		TEST(certs_is_answered_between_signatures),
		TEST(keeper_outlives_what_comes_by_that_channel),
		TEST(keeper_outlives_that_channel),
		TEST(nobody_is_blamed_for_the_end_of_offers),
		TEST(keeper_does_not_wait_for_who_has_said_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
