/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that leads EAP: a client and a gateway in one, who talk to each other by us. */
#include "daemon/eaps.h"
#include "eap/eap.h"
#include "pki/sign.h"
#include "tests/unit/pki_maker.h"
#include "tests/unit/talk.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { CLIENT = 1, GATEWAY = 2 };

struct desk {
	struct talk talk;
	struct eaps eaps;
	struct arena arena;
};

static int set_up(void **state)
{
	struct desk *d = *state = calloc(1, sizeof *d);

	eaps_warm();
	eaps_start(&d->eaps);
	return talk_begin(&d->talk, IPC_EAPS, &d->eaps.guard, &d->eaps.ike);
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	eaps_stop(&d->eaps);
	talk_end(&d->talk);
	arena_free(&d->arena);
	free(d);
	return 0;
}

static bool sent(struct desk *d, const struct ipc_message *m)
{
	assert_int_equal(ipc_send(&d->talk.ike, m), ERR_OK);
	return eaps_serve(&d->eaps, &d->eaps.ike);
}

/* What it says to M. */
static struct ipc_message asked(struct desk *d, struct ipc_message *m)
{
	uint8_t *room = arena_alloc(&d->arena, IPC_MAX);
	struct ipc_message a;
	ssize_t n;

	m->ticket = 42;
	assert_true(sent(d, m));
	n = recv(d->talk.ike.fd, room, IPC_MAX, MSG_DONTWAIT);
	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &d->arena, &a));
	assert_true(a.ticket == 42);
	return a;
}

static struct ipc_message packet(struct desk *d, unsigned who, struct bytes octets, bool begins)
{
	static const uint8_t method[] = { EAP_MSCHAPV2 };
	struct ipc_message m = { .kind = IPC_EAP,
		.eap = { .conversation = who, .begins = begins, .packet = octets } };

	if (begins) {
		m.eap.authenticator = who == GATEWAY;
		m.eap.methods = bytes_of(method, 1);
		m.eap.identity = bytes_str("carol");
	}
	return asked(d, &m);
}

static struct ipc_message secret(struct desk *d, unsigned who, enum ipc_eap_kind kind, const char *value)
{
	struct ipc_message m = { .kind = IPC_EAP_SECRET,
		.eap_secret = { who, (uint8_t)kind, bytes_str(value) } };

	return asked(d, &m);
}

/* PACKET's answer by WHO, whose secret is VALUE. */
static struct ipc_message spoken(
	struct desk *d, unsigned who, struct bytes octets, bool begins, const char *value)
{
	struct ipc_message a = packet(d, who, octets, begins);

	if (a.kind != IPC_EAP_ASKS)
		return a;
	assert_true(bytes_eq(a.eap_asks.name, bytes_str("carol")));
	assert_int_equal(a.eap_asks.conversation, who);
	/* A secret has no ticket of its own: its answer is to the packet. */
	return secret(d, who, value ? IPC_EAP_PASSWORD : IPC_EAP_NOBODY, value ? value : "");
}

static struct ipc_message talk_over(struct desk *d, const char *known)
{
	struct ipc_message a = spoken(d, GATEWAY, (struct bytes){ 0 }, true, known);
	bool begins = true;

	while (!a.eap_turn.over && !a.eap_turn.failed) {
		a = spoken(d, CLIENT, a.eap_turn.packet, begins, "geheim");
		begins = false;
		if (!a.eap_turn.packet.n)
			break;
		a = spoken(d, GATEWAY, a.eap_turn.packet, false, known);
	}
	return a;
}

static void both_come_to_a_key(void **state)
{
	struct desk *d = *state;
	struct ipc_message gateway = talk_over(d, "geheim"),
			   client = packet(d, CLIENT, gateway.eap_turn.packet, false);

	assert_true(gateway.eap_turn.over);
	assert_int_equal(gateway.eap_turn.method, EAP_MSCHAPV2);
	assert_true(bytes_eq(gateway.eap_turn.name, bytes_str("carol")));
	assert_int_equal(gateway.eap_turn.key.n, EAP_MSK);
	assert_true(client.eap_turn.over);
	assert_true(bytes_eq(client.eap_turn.key, gateway.eap_turn.key));
}

/* To the peer all of it is one. */
static void a_wrong_password_and_nobody(void **state)
{
	struct desk *d = *state;
	struct ipc_message wrong = talk_over(d, "anders"), nobody;

	assert_true(wrong.eap_turn.failed);
	assert_true(sent(d, &(struct ipc_message){ .kind = IPC_EAP_END, .eap_end = { CLIENT } }));
	assert_true(sent(d, &(struct ipc_message){ .kind = IPC_EAP_END, .eap_end = { GATEWAY } }));
	nobody = talk_over(d, NULL);
	assert_true(nobody.eap_turn.failed);
	assert_string_equal(nobody.eap_turn.what, wrong.eap_turn.what);
	assert_int_equal(nobody.eap_turn.packet.n, wrong.eap_turn.packet.n);
}

static void what_ended_is_forgotten(void **state)
{
	struct desk *d = *state;

	(void)packet(d, GATEWAY, (struct bytes){ 0 }, true);
	assert_int_equal(d->eaps.talks.count, 1);
	assert_true(sent(d, &(struct ipc_message){ .kind = IPC_EAP_END, .eap_end = { GATEWAY } }));
	assert_true(sent(d, &(struct ipc_message){ .kind = IPC_EAP_END, .eap_end = { GATEWAY } }));
	assert_int_equal(d->eaps.talks.count, 0);
}

/* A conversation by TTLS: the gateway shows CERT, which the client takes for its authority as well. */
static struct ipc_message by_ttls(struct desk *d, unsigned who, struct bytes octets, struct bytes *cert)
{
	static const uint8_t method[] = { EAP_TTLS };
	struct ipc_message m = { .kind = IPC_EAP,
		.eap = { .conversation = who,
			.begins = true,
			.authenticator = who == GATEWAY,
			.methods = bytes_of(method, 1),
			.identity = bytes_str("carol"),
			.packet = octets } };

	*(who == GATEWAY ? &m.eap.chain : &m.eap.authorities) = (struct ipc_octets){ cert, 1 };
	return asked(d, &m);
}

/* Carries the packet that WHO has said to and fro until one of them wants something of us: how many packets a
 * flight of TLS is depends on how long its key shares are. */
static struct ipc_message up_to_a_question(struct desk *d, unsigned who, struct ipc_message a)
{
	for (unsigned i = 0; i < 64 && a.kind == IPC_EAP_TURN && a.eap_turn.packet.n; i++) {
		who = who == GATEWAY ? CLIENT : GATEWAY;
		a = packet(d, who, a.eap_turn.packet, false);
	}
	return a;
}

/* Up to where the gateway must sign. */
static struct ipc_message up_to_the_signature(struct desk *d)
{
	struct made made = maker_cert(&(struct recipe){ .subject = "CN=moon", .key = "P-256" }, NULL);
	struct ipc_message a = by_ttls(d, GATEWAY, (struct bytes){ 0 }, &made.cert->der);

	a = by_ttls(d, CLIENT, a.eap_turn.packet, &made.cert->der);
	cert_unref(made.cert);
	a = up_to_a_question(d, CLIENT, a);
	assert_int_equal(a.kind, IPC_EAP_SIGNS);
	assert_int_equal(a.eap_signs.conversation, GATEWAY);
	assert_int_equal(schemes[a.eap_signs.scheme].key, KEY_ECDSA);
	return a;
}

static struct ipc_message is_signed(struct desk *d, struct bytes signature)
{
	struct ipc_message m = { .kind = IPC_EAP_SIGNED,
		.eap_signs = { .conversation = GATEWAY, .octets = signature } };

	return asked(d, &m);
}

static void a_signature_is_asked_for(void **state)
{
	struct desk *d = *state;
	struct ipc_message a = up_to_the_signature(d);
	struct key *key = maker_key("P-256", 0, true);
	struct bytes signature;
	struct why why;

	assert_int_equal(
		sign_bare(key, &schemes[a.eap_signs.scheme], a.eap_signs.octets, &d->arena, &signature, &why),
		ERR_OK);
	key_unref(key);
	a = is_signed(d, signature);
	assert_int_equal(a.kind, IPC_EAP_TURN);
	assert_false(a.eap_turn.failed);
	assert_null(a.eap_turn.what);
	assert_int_equal(a.eap_turn.method, EAP_TTLS);
}

/* The client is told by an alert, and why it is said to ike. */
static void a_signature_may_be_refused(void **state)
{
	struct desk *d = *state;
	struct ipc_message a;

	(void)up_to_the_signature(d);
	a = is_signed(d, (struct bytes){ 0 });
	assert_int_equal(a.kind, IPC_EAP_TURN);
	assert_non_null(a.eap_turn.what);
}

static void a_servers_certificate_is_to_be_judged(void **state)
{
	struct desk *d = *state;
	struct ipc_message a = up_to_the_signature(d), judged = { .kind = IPC_EAP_JUDGED };
	struct key *key = maker_key("P-256", 0, true);
	struct bytes signature;
	struct why why;

	assert_int_equal(
		sign_bare(key, &schemes[a.eap_signs.scheme], a.eap_signs.octets, &d->arena, &signature, &why),
		ERR_OK);
	key_unref(key);
	a = up_to_a_question(d, GATEWAY, is_signed(d, signature));
	assert_int_equal(a.kind, IPC_EAP_SHOWS);
	assert_int_equal(a.eap_shows.conversation, CLIENT);
	assert_int_equal(a.eap_shows.certs.n, 1);
	judged.eap_judged = (struct ipc_eap_judged){ CLIENT, false };
	a = asked(d, &judged);
	assert_int_equal(a.kind, IPC_EAP_TURN);
	assert_non_null(strstr(a.eap_turn.what, "The certificate of the EAP server is not good"));
	judged.eap_judged.conversation = GATEWAY + CLIENT + 1;
	assert_false(sent(d, &judged));
}

static void certificates_that_cannot_be_read(void **state)
{
	struct bytes garbage = bytes_str("no certificate");
	struct ipc_message a = by_ttls(*state, GATEWAY, (struct bytes){ 0 }, &garbage);

	assert_true(a.eap_turn.failed);
	assert_non_null(strstr(a.eap_turn.what, "certificate"));
}

static void no_method_no_conversation(void **state)
{
	static const uint8_t none[] = { 99 };
	struct desk *d = *state;
	struct ipc_message m = { .kind = IPC_EAP,
		.eap = { .conversation = 3,
			.begins = true,
			.authenticator = true,
			.methods = bytes_of(none, 1) } };
	struct ipc_message a = asked(d, &m);

	assert_true(a.eap_turn.failed);
	assert_int_equal(a.eap_turn.conversation, 3);
	assert_int_equal(d->eaps.talks.count, 0);
}

/* Who breaks the rules is not served any more. */
static void the_order_is_kept(void **state)
{
	const struct ipc_message wrong[] = {
		{ .kind = IPC_EAP, .eap = { .conversation = 9, .packet = bytes_str("x") } },
		{ .kind = IPC_EAP, .eap = { .conversation = GATEWAY, .begins = true } },
		{ .kind = IPC_EAP_SECRET, .eap_secret = { 9, IPC_EAP_PASSWORD, bytes_str("x") } },
		{ .kind = IPC_EAP_SECRET, .eap_secret = { GATEWAY, IPC_EAP_PASSWORD, bytes_str("x") } },
		{ .kind = IPC_EAP_SIGNED, .eap_signs = { .conversation = 9 } },
		{ .kind = IPC_EAP_SIGNED, .eap_signs = { .conversation = GATEWAY } },
		{ .kind = IPC_EAP_TURN, .eap_turn = { .conversation = GATEWAY } },
	};
	struct desk *d = *state;

	(void)packet(d, GATEWAY, (struct bytes){ 0 }, true);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(sent(d, &wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_come_to_a_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wrong_password_and_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_ended_is_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signature_is_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signature_may_be_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_servers_certificate_is_to_be_judged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(certificates_that_cannot_be_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_method_no_conversation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_order_is_kept, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, maker_teardown);
}
