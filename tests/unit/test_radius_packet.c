/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of RADIUS against the examples of RFC 2865, 7 and RFC 5997, 6, whose secret is "xyzzy5461"; MPPE
 * keys against values computed with Python's hashlib from the definition in RFC 2548, 2.4.2. */
#include "hex.h"
#include "radius/grant.h"
#include "radius_help.h"
#include "unit.h"

static const char secret[] = "xyzzy5461";

struct exchange {
	const char *request, *answer;
};

static const struct exchange rfc2865_7_1 = {
	"010000380f403f9473978057bd83d5cb98f4227a01066e656d6f02120dbe708d93d413ce3196e43f782a0aee0406c0a80110"
	"050600000003",
	"0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103",
};

static const struct exchange rfc2865_7_2 = {
	"010100472aee86f08d0d55969ca5978e0d3367a20108666c6f707379031316e97557c316185895f293ff63440772750406c0"
	"a80110050600000014060600000002070600000001",
	"0201003815efbc7dab26cfa3dc34d9c03c8601a40606000000020706000000010806fffffffe0a06000000020d0600000001"
	"0c06000005dc",
};

static const struct exchange rfc5997_6_1 = {
	"0cda00268a54f4686fb394c52866e302185d062350125a665e2e1e8411f3e243822097c84fa3",
	"02da0014ef0d552a4bf2d693ec2b6fe8b5411d66",
};

static struct bytes octets_of(const char *text, uint8_t *out)
{
	return bytes_of(out, hex(text, out, RADIUS_MAX));
}

static void assert_answers(const struct exchange *x)
{
	uint8_t request[RADIUS_MAX], answer[RADIUS_MAX];
	struct radius_packet q = radius_packet_of(octets_of(x->request, request));
	struct radius_packet a = radius_packet_of(octets_of(x->answer, answer));

	assert_int_equal(radius_verify(&a, bytes_str(secret), q.authenticator.p, false), ERR_OK);
	assert_int_equal(radius_verify(&a, bytes_str(secret), q.authenticator.p, true), ERR_MISSING);
	assert_int_equal(radius_verify(&a, bytes_str("xyzzy5460"), q.authenticator.p, false), ERR_AUTH);
	assert_int_equal(radius_verify(&a, bytes_str(secret), a.authenticator.p, false), ERR_AUTH);
}

static void answers_are_the_examples(void **state)
{
	(void)state;
	assert_answers(&rfc2865_7_1);
	assert_answers(&rfc2865_7_2);
	assert_answers(&rfc5997_6_1);
}

static void attributes_are_the_examples(void **state)
{
	uint8_t octets[RADIUS_MAX];
	struct radius_packet p = radius_packet_of(octets_of(rfc2865_7_1.request, octets));
	struct rd r = rd_of(p.attributes);
	struct radius_attribute a;
	struct bytes name;
	uint32_t port = 0;
	unsigned n = 0;

	(void)state;
	assert_int_equal(p.code, RADIUS_ACCESS_REQUEST);
	assert_true(radius_find(&p, RADIUS_USER_NAME, &name) && bytes_eq(name, bytes_str("nemo")));
	while (radius_next(&r, &a)) {
		n++;
		if (a.type == RADIUS_NAS_PORT)
			assert_true(radius_number(a.value, &port));
	}
	assert_int_equal(n, 4);
	assert_int_equal(port, 3);
	assert_false(radius_find(&p, RADIUS_STATE, &name));
	/* Its authenticator proves nothing, and it has nothing else. */
	assert_int_equal(radius_verify(&p, bytes_str(secret), NULL, false), ERR_MISSING);
}

static void message_authenticators_are_the_examples(void **state)
{
	const char *const requests[] = { rfc5997_6_1.request,
		"0cb30026925f6b66dd5fed571fcb1db7ad3882605012e8d6eabda910875cd91fdade26367858" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t octets[RADIUS_MAX], made[RADIUS_MAX];
		struct radius_packet p = radius_packet_of(octets_of(requests[i], octets));
		struct wr w = wr_of(made, sizeof made);

		assert_int_equal(radius_verify(&p, bytes_str(secret), NULL, true), ERR_OK);
		radius_begin(&w, p.code, p.id, p.authenticator.p, true);
		assert_int_equal(radius_sign(&w, bytes_str(secret), NULL), ERR_OK);
		assert_true(bytes_eq(wr_done(&w), p.whole));
	}
}

/* A packet of each kind, signed as it must be. */
static struct bytes make(enum radius_code code, const uint8_t *request, uint8_t *out)
{
	static const uint8_t drawn[RADIUS_AUTHENTICATOR] = "0123456789abcdef";
	struct wr w = wr_of(out, RADIUS_MAX);

	radius_begin(&w, code, 7, code == RADIUS_ACCESS_REQUEST ? drawn : NULL, true);
	radius_put(&w, RADIUS_USER_NAME, bytes_str("alice"));
	radius_put_number(&w, RADIUS_SESSION_TIMEOUT, 3600);
	assert_int_equal(radius_sign(&w, bytes_str(secret), request), ERR_OK);
	return wr_done(&w);
}

static const struct {
	enum radius_code code;
	bool answer;
} kinds[] = {
	{ RADIUS_ACCESS_REQUEST, false },
	{ RADIUS_ACCESS_ACCEPT, true },
	{ RADIUS_ACCOUNTING_REQUEST, false },
	{ RADIUS_DISCONNECT_REQUEST, false },
	{ RADIUS_COA_NAK, true },
};

static const uint8_t *const asked = (const uint8_t *)"fedcba9876543210";

/* No octet can be changed, and none be missing. */
static void every_bit_counts(void **state)
{
	(void)state;
	for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		const uint8_t *request = kinds[k].answer ? asked : NULL;
		uint8_t octets[RADIUS_MAX];
		struct bytes whole = make(kinds[k].code, request, octets);
		struct radius_packet p = radius_packet_of(whole);

		assert_int_equal(radius_verify(&p, bytes_str(secret), request, true), ERR_OK);
		for (unsigned bit = 0; bit < 8 * whole.n; bit++) {
			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(radius_parse(whole, &p) ||
				    radius_verify(&p, bytes_str(secret), request, true));
			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t n = 0; n < whole.n; n++)
			assert_int_equal(radius_parse(bytes_of(octets, n), &p), ERR_SHORT);
	}
}

/* Octets behind the length count for nothing (RFC 2865, 3). */
static void what_is_behind_it_is_padding(void **state)
{
	uint8_t octets[RADIUS_MAX];
	struct bytes whole = make(RADIUS_ACCESS_ACCEPT, asked, octets);
	struct radius_packet p;

	(void)state;
	octets[whole.n] = 1;
	assert_int_equal(radius_parse(bytes_of(octets, whole.n + 1), &p), ERR_OK);
	assert_int_equal(radius_verify(&p, bytes_str(secret), asked, true), ERR_OK);
	assert_int_equal(p.whole.n, whole.n);
}

static void lengths_that_lie_are_refused(void **state)
{
	static const struct {
		const char *octets;
		enum err e;
	} cases[] = {
		{ "02070013 00000000000000000000000000000000", ERR_SYNTAX },
		{ "02070015 00000000000000000000000000000000 01", ERR_SYNTAX },
		{ "02070016 00000000000000000000000000000000 0101", ERR_SYNTAX },
		{ "02070016 00000000000000000000000000000000 0103", ERR_SYNTAX },
		{ "02070017 00000000000000000000000000000000 0102", ERR_SHORT },
		{ "02070016 00000000000000000000000000000000 0102", ERR_OK },
		{ "02070014 00000000000000000000000000000000", ERR_OK },
	};
	uint8_t octets[RADIUS_MAX + 1];
	struct radius_packet p;

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(radius_parse(octets_of(cases[i].octets, octets), &p), cases[i].e);
	memset(octets, 2, sizeof octets);
	memcpy(octets + 2, "\x10\x01", 2);
	assert_int_equal(radius_parse(bytes_of(octets, sizeof octets), &p), ERR_SYNTAX);
}

/* Of two Message-Authenticators one is somebody else's. */
static void two_message_authenticators_are_a_forgery(void **state)
{
	uint8_t octets[RADIUS_MAX];
	struct wr w = wr_of(octets, sizeof octets);
	struct radius_packet p;

	(void)state;
	radius_begin(&w, RADIUS_ACCESS_ACCEPT, 7, NULL, true);
	assert_int_equal(radius_sign(&w, bytes_str(secret), asked), ERR_OK);
	radius_put(&w, RADIUS_MESSAGE_AUTHENTICATOR, bytes_of(octets + 22, 16));
	wr_u16_at(&w, 2, (uint16_t)w.n);
	p = radius_packet_of(wr_done(&w));
	assert_int_equal(radius_verify(&p, bytes_str(secret), asked, true), ERR_AUTH);
	assert_int_equal(radius_sign(&w, bytes_str(secret), asked), ERR_SYNTAX);
}

static void long_values_are_cut_and_joined(void **state)
{
	uint8_t octets[RADIUS_MAX], value[600], joined[600];
	struct wr w = wr_of(octets, sizeof octets);
	struct radius_packet p;

	(void)state;
	for (unsigned i = 0; i < sizeof value; i++)
		value[i] = (uint8_t)i;
	radius_begin(&w, RADIUS_ACCESS_REQUEST, 7, asked, true);
	radius_put_long(&w, RADIUS_EAP_MESSAGE, bytes_of(value, sizeof value));
	assert_int_equal(radius_sign(&w, bytes_str(secret), NULL), ERR_OK);
	p = radius_packet_of(wr_done(&w));
	assert_int_equal(p.attributes.n, 18 + 3 * 2 + 600);
	assert_int_equal(radius_join(&p, RADIUS_EAP_MESSAGE, joined, sizeof joined), 600);
	assert_memory_equal(joined, value, 600);
	assert_int_equal(radius_join(&p, RADIUS_EAP_MESSAGE, joined, 599), 0);
}

static void what_does_not_fit_is_refused(void **state)
{
	uint8_t octets[RADIUS_MAX], value[RADIUS_MAX] = { 0 };
	struct wr w = wr_of(octets, sizeof octets);

	(void)state;
	radius_begin(&w, RADIUS_ACCESS_REQUEST, 7, asked, true);
	radius_put_long(&w, RADIUS_EAP_MESSAGE, bytes_of(value, sizeof value));
	assert_int_equal(radius_sign(&w, bytes_str(secret), NULL), ERR_SPACE);
	w = wr_of(octets, sizeof octets);
	radius_begin(&w, RADIUS_ACCESS_REQUEST, 7, asked, true);
	radius_put(&w, RADIUS_USER_NAME, bytes_of(value, 0));
	assert_int_equal(radius_sign(&w, bytes_str(secret), NULL), ERR_SPACE);
}

/* An empty attribute of a careless server's does no harm, and a vendor's is itself where it is of no usual
 * form. */
static void odd_attributes_are_stepped_over(void **state)
{
	uint8_t octets[RADIUS_MAX];
	struct radius_packet p =
		radius_packet_of(octets_of("0207002c 00000000000000000000000000000000 1902 1a0b 00000137 "
					   "1005 aabbcc 1a08 00000137 1005 0103 41",
			octets));
	struct rd r = rd_of(p.attributes);
	struct radius_attribute a;

	(void)state;
	assert_true(radius_next(&r, &a) && a.type == RADIUS_CLASS && !a.value.n);
	assert_true(radius_next(&r, &a) && a.vendor == RADIUS_MICROSOFT && a.type == 16 && a.value.n == 3);
	assert_true(radius_next(&r, &a) && !a.vendor && a.type == RADIUS_VENDOR_SPECIFIC && a.value.n == 6);
	assert_true(radius_next(&r, &a) && a.type == RADIUS_USER_NAME && a.value.n == 1);
	assert_false(radius_next(&r, &a));
}

/* The key 00 01 … 1f with the salt 8001. */
static const char key_32[] = "80011cf06da515c33801782d01a8742ca39b33f919783ad501"
			     "991dafcda39fca92f7a87f20058a12b8b73a2b7d4705f4a52b";

static void keys_are_hidden_as_the_rfc_says(void **state)
{
	uint8_t key[RADIUS_KEY_MAX], value[RADIUS_VALUE_MAX], expected[RADIUS_VALUE_MAX],
		opened[RADIUS_KEY_MAX];
	size_t n, m;

	(void)state;
	for (unsigned i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	assert_int_equal(
		radius_key_close(bytes_of(key, 32), 0x8001, bytes_str(secret), asked, value, &n), ERR_OK);
	assert_int_equal(hex(key_32, expected, sizeof expected), n);
	assert_memory_equal(value, expected, n);
	for (unsigned size = 1; size <= sizeof key; size++) {
		assert_int_equal(
			radius_key_close(bytes_of(key, size), 0x8001, bytes_str(secret), asked, value, &n),
			ERR_OK);
		assert_int_equal(
			radius_key_open(bytes_of(value, n), bytes_str(secret), asked, opened, &m), ERR_OK);
		assert_int_equal(m, size);
		assert_memory_equal(opened, key, m);
		for (size_t cut = 0; cut < n; cut++)
			assert_int_equal(
				radius_key_open(bytes_of(value, cut), bytes_str(secret), asked, opened, &m),
				cut >= 18 && (cut - 2) % 16 == 0 && size < cut - 2 ? ERR_OK : ERR_AUTH);
	}
}

static void put_key(struct radius_reply *a, enum radius_ms_type type, uint8_t fill, size_t size)
{
	uint8_t key[RADIUS_KEY_MAX], value[RADIUS_VALUE_MAX];
	size_t n;

	memset(key, fill, size);
	assert_int_equal(radius_key_close(bytes_of(key, size), (uint16_t)(0x8000 + type), bytes_str(secret),
				 asked, value, &n),
		ERR_OK);
	radius_reply_vendor(a, RADIUS_MICROSOFT, (uint8_t)type, bytes_of(value, n));
}

static void begin_accept(struct radius_reply *a)
{
	a->w = wr_of(a->octets, sizeof a->octets);
	radius_begin(&a->w, RADIUS_ACCESS_ACCEPT, 7, NULL, true);
}

static enum err read_grant(struct radius_reply *a, struct radius_grant *g)
{
	struct radius_packet p;

	assert_int_equal(radius_sign(&a->w, bytes_str(secret), asked), ERR_OK);
	p = radius_packet_of(wr_done(&a->w));
	radius_grant_read(&p, g);
	return radius_msk_open(&p, bytes_str(secret), asked, g->msk, &g->n_msk);
}

static void a_grant_is_read_whole(void **state)
{
	struct radius_reply a;
	struct radius_grant g;
	struct ip ip;

	(void)state;
	begin_accept(&a);
	radius_put(&a.w, RADIUS_USER_NAME, bytes_str("alice@example.org"));
	radius_put(&a.w, RADIUS_CLASS, bytes_str("staff"));
	radius_put(&a.w, RADIUS_CLASS, bytes_str("admins"));
	radius_put(&a.w, RADIUS_FILTER_ID, bytes_str("web"));
	radius_put(&a.w, RADIUS_CHARGEABLE_USER_IDENTITY, bytes_str("c1"));
	radius_put_number(&a.w, RADIUS_TUNNEL_TYPE, 0x01000009);
	radius_put_number(&a.w, RADIUS_SESSION_TIMEOUT, 3600);
	radius_put_number(&a.w, RADIUS_IDLE_TIMEOUT, 600);
	radius_put_number(&a.w, RADIUS_ACCT_INTERIM_INTERVAL, 60);
	radius_put_number(&a.w, RADIUS_TERMINATION_ACTION, 1);
	radius_put_number(&a.w, RADIUS_FRAMED_IP_ADDRESS, 0xc0000209);
	assert_int_equal(ip_parse("2001:db8::9", &ip), ERR_OK);
	radius_put(&a.w, RADIUS_FRAMED_IPV6_ADDRESS, ip_bytes(&ip));
	radius_put(&a.w, RADIUS_DNS_SERVER_IPV6_ADDRESS, ip_bytes(&ip));
	radius_put(&a.w, RADIUS_FRAMED_IPV6_PREFIX, bytes_of("\x00\x20\x20\x01\x0d\xb8", 6));
	radius_reply_vendor(&a, RADIUS_MICROSOFT, RADIUS_MS_PRIMARY_DNS, bytes_of("\xc0\x00\x02\x35", 4));
	put_key(&a, RADIUS_MS_MPPE_SEND_KEY, 's', 32);
	put_key(&a, RADIUS_MS_MPPE_RECV_KEY, 'r', 32);
	assert_int_equal(read_grant(&a, &g), ERR_OK);
	assert_true(bytes_eq(g.user, bytes_str("alice@example.org")) && bytes_eq(g.cui, bytes_str("c1")));
	assert_int_equal(g.n_classes, 2);
	assert_true(bytes_eq(g.classes[1], bytes_str("admins")));
	assert_true(g.esp && g.n_filters == 1 && bytes_eq(g.filters[0], bytes_str("web")));
	assert_true(g.session_timeout == 3600 && g.idle_timeout == 600 && g.interim == 60 && g.renew);
	assert_true(g.ip.v == 4 && !memcmp(g.ip.a, "\xc0\x00\x02\x09", 4) && ip_eq(&g.ip6, &ip));
	assert_true(g.n_dns == 2 && g.dns[0].v == 6 && g.dns[1].v == 4);
	assert_int_equal(g.n_msk, 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(g.msk[i], i < 32 ? 'r' : 's');
}

static void assert_ip6(const char *prefix, unsigned bits, const char *interface, const char *wanted)
{
	uint8_t value[18] = { 0, (uint8_t)bits };
	struct radius_reply a;
	struct radius_grant g;
	char text[IP_TEXT];
	struct ip ip;

	begin_accept(&a);
	assert_int_equal(ip_parse(prefix, &ip), ERR_OK);
	memcpy(value + 2, ip.a, sizeof ip.a);
	radius_put(&a.w, RADIUS_FRAMED_IPV6_PREFIX, bytes_of(value, 2 + (bits + 7) / 8));
	if (interface) {
		assert_int_equal(ip_parse(interface, &ip), ERR_OK);
		radius_put(&a.w, RADIUS_FRAMED_INTERFACE_ID, bytes_of(ip.a + 8, 8));
	}
	assert_int_equal(read_grant(&a, &g), ERR_OK);
	assert_string_equal(g.ip6.v ? ip_print(&g.ip6, text) : "none", wanted);
}

static void a_prefix_gives_an_address(void **state)
{
	(void)state;
	assert_ip6("2001:db8:7::", 64, "::12:3456:789a:bcde", "2001:db8:7:0:12:3456:789a:bcde");
	assert_ip6("2001:db8:7::", 48, "::1:2:3:4", "2001:db8:7:0:1:2:3:4");
	assert_ip6("2001:db8:7::", 64, NULL, "2001:db8:7::1");
	assert_ip6("2001:db8:7::", 60, NULL, "2001:db8:7::1");
	assert_ip6("2001:db8:7::40", 124, "::1:2:3:4", "2001:db8:7::41");
	assert_ip6("2001:db8:7::41", 128, NULL, "2001:db8:7::41");
	assert_ip6("::", 0, NULL, "none");
}

/* EAP-MSCHAPv2's keys have 16 octets each. */
static void short_keys_make_an_msk_with_zeros(void **state)
{
	struct radius_reply a;
	struct radius_grant g;

	(void)state;
	begin_accept(&a);
	put_key(&a, RADIUS_MS_MPPE_SEND_KEY, 's', 16);
	put_key(&a, RADIUS_MS_MPPE_RECV_KEY, 'r', 16);
	assert_int_equal(read_grant(&a, &g), ERR_OK);
	assert_int_equal(g.n_msk, 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(g.msk[i], i < 16 ? 'r' : i < 32 ? 's' : 0);
}

static void keys_that_cannot_be_are_refused(void **state)
{
	static const uint8_t zeros[64];
	struct radius_reply a;
	struct radius_grant g;

	(void)state;
	begin_accept(&a);
	put_key(&a, RADIUS_MS_MPPE_SEND_KEY, 's', 32);
	assert_int_equal(read_grant(&a, &g), ERR_SYNTAX);
	begin_accept(&a);
	put_key(&a, RADIUS_MS_MPPE_SEND_KEY, 's', 32);
	put_key(&a, RADIUS_MS_MPPE_RECV_KEY, 'r', 15);
	assert_int_equal(read_grant(&a, &g), ERR_SYNTAX);
	assert_memory_equal(g.msk, zeros, sizeof zeros);
	begin_accept(&a);
	put_key(&a, RADIUS_MS_MPPE_SEND_KEY, 's', 32);
	radius_reply_vendor(&a, RADIUS_MICROSOFT, RADIUS_MS_MPPE_RECV_KEY, bytes_of(zeros, 33));
	assert_int_equal(read_grant(&a, &g), ERR_AUTH);
	assert_int_equal(g.n_msk, 0);
}

/* Attributes of a wrong form, and addresses that mean "not said", are as if they were not there; no list
 * overflows. */
static void what_makes_no_sense_is_not_granted(void **state)
{
	struct radius_reply a;
	struct radius_grant g;

	(void)state;
	begin_accept(&a);
	radius_put(&a.w, RADIUS_SESSION_TIMEOUT, bytes_str("60"));
	radius_put_number(&a.w, RADIUS_FRAMED_IP_ADDRESS, 0xfffffffe);
	radius_put_number(&a.w, RADIUS_FRAMED_IP_ADDRESS, 0xffffffff);
	radius_put(&a.w, RADIUS_FRAMED_IPV6_ADDRESS, bytes_of("\xc0\x00\x02\x09", 4));
	radius_put(&a.w, RADIUS_FRAMED_IPV6_PREFIX, bytes_of("\x00\x81\x20\x01", 4));
	for (unsigned i = 0; i < RADIUS_CLASSES_MAX + 3; i++) {
		radius_put(&a.w, RADIUS_CLASS, bytes_str("x"));
		radius_reply_vendor(
			&a, RADIUS_MICROSOFT, RADIUS_MS_PRIMARY_DNS, bytes_of("\xc0\x00\x02\x35", 4));
	}
	assert_int_equal(read_grant(&a, &g), ERR_OK);
	assert_true(!g.session_timeout && !g.ip.v && !g.ip6.v && !g.n_msk && !g.user.n);
	assert_int_equal(g.n_classes, RADIUS_CLASSES_MAX);
	assert_int_equal(g.n_dns, RADIUS_DNS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_the_examples),
		cmocka_unit_test(attributes_are_the_examples),
		cmocka_unit_test(message_authenticators_are_the_examples),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(what_is_behind_it_is_padding),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(two_message_authenticators_are_a_forgery),
		cmocka_unit_test(long_values_are_cut_and_joined),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(odd_attributes_are_stepped_over),
		cmocka_unit_test(keys_are_hidden_as_the_rfc_says),
		cmocka_unit_test(a_grant_is_read_whole),
		cmocka_unit_test(a_prefix_gives_an_address),
		cmocka_unit_test(short_keys_make_an_msk_with_zeros),
		cmocka_unit_test(keys_that_cannot_be_are_refused),
		cmocka_unit_test(what_makes_no_sense_is_not_granted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
