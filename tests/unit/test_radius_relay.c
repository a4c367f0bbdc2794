/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP over RADIUS (RFC 3579): what a peer says, and what it is told. The server is played by hand. */
#include "radius/relay.h"
#include "radius_help.h"
#include "unit.h"

static const char secret[] = "a secret of theirs";

static const struct radius_session session = {
	.user = { (const uint8_t *)"alice", 5 },
	.connection = { (const uint8_t *)"rw", 2 },
	.id = { (const uint8_t *)"1-7", 3 },
	.port = 7,
	.local = { { 4, { 192, 0, 2, 1 } }, 4500 },
	.remote = { { 4, { 198, 51, 100, 9 } }, 4501 },
	.ports = true,
};

struct bench {
	struct radius_relay relay;
	struct radius_turn turn;
	uint8_t request[RADIUS_MAX];
	size_t n;
	struct radius_reply reply;
};

/* EAP of CODE, with the identifier 5 and BODY. */
static struct bytes eap(uint8_t code, const char *body)
{
	static uint8_t octets[RADIUS_MAX];
	struct wr w = wr_of(octets, sizeof octets);

	wr_u8(&w, code);
	wr_u8(&w, 5);
	wr_u16(&w, (uint16_t)(4 + strlen(body)));
	wr_bytes(&w, bytes_str(body));
	return wr_done(&w);
}

static enum err say_of(struct bench *b, const struct radius_session *s, struct bytes packet)
{
	struct wr w = wr_of(b->request, sizeof b->request);
	enum err e;

	radius_begin(&w, RADIUS_ACCESS_REQUEST, 1, (const uint8_t *)"0123456789abcdef", true);
	e = radius_relay_ask(&b->relay, s, packet, &w);
	if (!e)
		assert_int_equal(radius_sign(&w, bytes_str(secret), NULL), 0);
	b->n = w.n;
	return e;
}

static enum err say(struct bench *b, struct bytes packet)
{
	return say_of(b, &session, packet);
}

static struct bytes request(const struct bench *b)
{
	return bytes_of(b->request, b->n);
}

static void begin_reply(struct bench *b, enum radius_code code, struct bytes packet)
{
	radius_reply(&b->reply, code, request(b), true);
	if (packet.n)
		radius_put_long(&b->reply.w, RADIUS_EAP_MESSAGE, packet);
}

static void take_reply(struct bench *b)
{
	const struct radius_secret theirs = radius_plain(secret);
	struct radius_out out = {
		.what = RADIUS_ANSWER, .socket.server = 3, .request = radius_authenticator_of(request(b))
	};

	out.answer = radius_packet_of(radius_reply_done(&b->reply, secret, request(b)));
	radius_relay_take(&b->relay, &out, &theirs, &b->turn);
}

static void reply(struct bench *b, enum radius_code code, struct bytes packet)
{
	begin_reply(b, code, packet);
	take_reply(b);
}

/* As far as the server's first question. */
static void begin(struct bench *b)
{
	*b = (struct bench){ 0 };
	assert_int_equal(radius_relay_server(&b->relay), -1);
	assert_int_equal(say(b, eap(2, "\1alice")), 0);
	begin_reply(b, RADIUS_ACCESS_CHALLENGE, eap(1, "\4what?"));
	radius_put(&b->reply.w, RADIUS_STATE, bytes_str("note"));
	take_reply(b);
}

static void assert_value(const struct bench *b, enum radius_type type, const char *value)
{
	struct radius_packet p = radius_packet_of(request(b));
	struct bytes is;

	assert_true(radius_find(&p, type, &is));
	assert_true(bytes_eq(is, bytes_str(value)));
}

static void assert_failed(const struct bench *b, const char *why)
{
	assert_int_equal(b->turn.what, RADIUS_FAILED);
	assert_non_null(strstr(b->turn.why, why));
	assert_true(bytes_eq(b->turn.packet, bytes_of("\4\5\0\4", 4)));
	assert_int_equal(b->turn.grant.n_msk, 0);
}

/* The attributes are those of strongSwan's. */
static void a_request_says_who_is_where(void **state)
{
	struct radius_packet p;
	struct bytes ip;
	struct bench b;
	uint32_t n;

	(void)state;
	b = (struct bench){ 0 };
	assert_int_equal(say(&b, eap(2, "\1alice")), 0);
	assert_value(&b, RADIUS_USER_NAME, "alice");
	assert_value(&b, RADIUS_NAS_PORT_ID, "rw");
	assert_value(&b, RADIUS_ACCT_SESSION_ID, "1-7");
	assert_value(&b, RADIUS_CALLED_STATION_ID, "192.0.2.1[4500]");
	assert_value(&b, RADIUS_CALLING_STATION_ID, "198.51.100.9[4501]");
	p = radius_packet_of(request(&b));
	assert_true(radius_find(&p, RADIUS_NAS_IP_ADDRESS, &ip) && bytes_eq(ip, ip_bytes(&session.local.ip)));
	assert_true(radius_find(&p, RADIUS_NAS_PORT, &ip) && radius_number(ip, &n) && n == 7);
	assert_true(radius_find(&p, RADIUS_NAS_PORT_TYPE, &ip) && radius_number(ip, &n) && n == 5);
	assert_true(radius_find(&p, RADIUS_SERVICE_TYPE, &ip) && radius_number(ip, &n) && n == 2);
	assert_false(radius_find(&p, RADIUS_STATE, &ip));
}

static void stations_go_without_ports(void **state)
{
	struct radius_session s = session;
	struct radius_packet p;
	struct bytes value;
	struct bench b = { 0 };

	(void)state;
	s.ports = false;
	s.local = (struct addr){ .ip.v = 6, .ip.a = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
	s.remote = (struct addr){ 0 };
	s.user = s.connection = bytes_of(NULL, 0);
	assert_int_equal(say_of(&b, &s, eap(2, "\1alice")), 0);
	assert_value(&b, RADIUS_CALLED_STATION_ID, "2001:db8::1");
	p = radius_packet_of(request(&b));
	assert_true(radius_find(&p, RADIUS_NAS_IPV6_ADDRESS, &value) && value.n == 16);
	assert_false(radius_find(&p, RADIUS_CALLING_STATION_ID, &value));
	assert_false(radius_find(&p, RADIUS_USER_NAME, &value));
}

static void a_conversation_goes_on_with_its_server(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(b.turn.what, RADIUS_SAYS);
	assert_true(bytes_eq(b.turn.packet, eap(1, "\4what?")));
	assert_int_equal(radius_relay_server(&b.relay), 3);
	assert_int_equal(say(&b, eap(2, "\4that")), 0);
	assert_value(&b, RADIUS_STATE, "note");
	begin_reply(&b, RADIUS_ACCESS_ACCEPT, eap(3, ""));
	radius_put(&b.reply.w, RADIUS_CLASS, bytes_str("staff"));
	take_reply(&b);
	assert_int_equal(b.turn.what, RADIUS_SUCCEEDED);
	assert_true(bytes_eq(b.turn.packet, eap(3, "")));
	assert_int_equal(b.turn.grant.n_classes, 1);
	assert_int_equal(b.turn.grant.n_msk, 0);
}

/* A challenge without a note leaves none behind (RFC 2865, 5.24). */
static void a_note_is_of_one_challenge(void **state)
{
	struct radius_packet p;
	struct bytes value;
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(say(&b, eap(2, "\4that")), 0);
	reply(&b, RADIUS_ACCESS_CHALLENGE, eap(1, "\4more?"));
	assert_int_equal(say(&b, eap(2, "\4more")), 0);
	p = radius_packet_of(request(&b));
	assert_false(radius_find(&p, RADIUS_STATE, &value));
}

static void long_messages_are_carried_whole(void **state)
{
	char text[1400];
	uint8_t joined[RADIUS_MAX];
	struct radius_packet p;
	struct bench b;

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = 0;
	begin(&b);
	assert_int_equal(say(&b, eap(2, text)), 0);
	p = radius_packet_of(request(&b));
	assert_int_equal(radius_join(&p, RADIUS_EAP_MESSAGE, joined, sizeof joined), 4 + 1399);
	reply(&b, RADIUS_ACCESS_CHALLENGE, eap(1, text));
	assert_true(bytes_eq(b.turn.packet, eap(1, text)));
}

static void success_is_made_where_it_is_not_said(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	assert_int_equal(say(&b, eap(2, "\4that")), 0);
	reply(&b, RADIUS_ACCESS_ACCEPT, bytes_of(NULL, 0));
	assert_int_equal(b.turn.what, RADIUS_SUCCEEDED);
	assert_true(bytes_eq(b.turn.packet, eap(3, "")));
}

static void a_refusal_is_passed_on(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	begin_reply(&b, RADIUS_ACCESS_REJECT, eap(4, ""));
	radius_put(&b.reply.w, RADIUS_REPLY_MESSAGE, bytes_str("expired"));
	take_reply(&b);
	assert_failed(&b, "refused");
	assert_true(bytes_eq(b.turn.message, bytes_str("expired")));
}

/* What would let somebody in without a proof, or makes no sense. */
static void answers_that_cannot_be_are_failures(void **state)
{
	struct radius_out none = { .what = RADIUS_NO_ANSWER };
	struct bench b = { 0 };

	(void)state;
	assert_int_equal(say(&b, eap(2, "\1alice")), 0);
	reply(&b, RADIUS_ACCESS_ACCEPT, eap(3, ""));
	assert_failed(&b, "without any proof");
	begin(&b);
	reply(&b, RADIUS_ACCESS_ACCEPT, eap(4, ""));
	assert_failed(&b, "has failed");
	begin(&b);
	reply(&b, RADIUS_ACCESS_ACCEPT, eap(1, "\4what?"));
	assert_failed(&b, "has failed");
	begin(&b);
	reply(&b, RADIUS_ACCESS_CHALLENGE, bytes_of(NULL, 0));
	assert_failed(&b, "no question");
	begin(&b);
	reply(&b, RADIUS_ACCESS_CHALLENGE, eap(3, ""));
	assert_failed(&b, "no question");
	begin(&b);
	reply(&b, RADIUS_ACCESS_CHALLENGE, bytes_of("\1\5\0\7\4x", 6));
	assert_failed(&b, "no question");
	begin(&b);
	radius_relay_take(&b.relay, &none, NULL, &b.turn);
	assert_failed(&b, "no RADIUS server answers");
	begin(&b);
	begin_reply(&b, RADIUS_ACCESS_ACCEPT, eap(3, ""));
	radius_reply_vendor(
		&b.reply, RADIUS_MICROSOFT, RADIUS_MS_MPPE_SEND_KEY, bytes_str("0123456789abcdefgh"));
	take_reply(&b);
	assert_failed(&b, "keys");
}

static void only_responses_are_passed_on(void **state)
{
	struct bench b = { 0 };

	(void)state;
	assert_int_equal(say(&b, eap(1, "\1alice")), ERR_SYNTAX);
	assert_int_equal(say(&b, bytes_of("\2\5\0\7\1", 5)), ERR_SYNTAX);
	assert_int_equal(say(&b, bytes_of("\2\5\0", 3)), ERR_SYNTAX);
}

static void no_conversation_is_endless(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	for (unsigned i = 1; i < RADIUS_ROUNDS_MAX; i++)
		assert_int_equal(say(&b, eap(2, "\4that")), 0);
	assert_int_equal(say(&b, eap(2, "\4that")), ERR_RANGE);
}

/* What is kept between two messages may be kept elsewhere. */
static void a_conversation_can_be_put_down(void **state)
{
	uint8_t octets[RADIUS_NOTE_MAX], again[RADIUS_NOTE_MAX];
	struct bytes note;
	struct bench b;

	(void)state;
	begin(&b);
	note = radius_relay_save(&b.relay, octets);
	memset(&b.relay, 0xff, sizeof b.relay);
	assert_int_equal(radius_relay_load(note, &b.relay), 0);
	assert_true(bytes_eq(radius_relay_save(&b.relay, again), note));
	assert_int_equal(radius_relay_server(&b.relay), 3);
	assert_int_equal(say(&b, eap(2, "\4that")), 0);
	assert_value(&b, RADIUS_STATE, "note");
	for (size_t n = 0; n < 3; n++)
		assert_int_equal(radius_relay_load(bytes_of(octets, n), &b.relay), ERR_SYNTAX);
	octets[0] = 2;
	assert_int_equal(radius_relay_load(note, &b.relay), ERR_SYNTAX);
	octets[0] = 1;
	octets[1] = RADIUS_SERVERS_MAX;
	assert_int_equal(radius_relay_load(note, &b.relay), ERR_SYNTAX);
	octets[1] = 0;
	octets[2] = RADIUS_ROUNDS_MAX + 1;
	assert_int_equal(radius_relay_load(note, &b.relay), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_says_who_is_where),
		cmocka_unit_test(stations_go_without_ports),
		cmocka_unit_test(a_conversation_goes_on_with_its_server),
		cmocka_unit_test(a_note_is_of_one_challenge),
		cmocka_unit_test(long_messages_are_carried_whole),
		cmocka_unit_test(success_is_made_where_it_is_not_said),
		cmocka_unit_test(a_refusal_is_passed_on),
		cmocka_unit_test(answers_that_cannot_be_are_failures),
		cmocka_unit_test(only_responses_are_passed_on),
		cmocka_unit_test(no_conversation_is_endless),
		cmocka_unit_test(a_conversation_can_be_put_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
