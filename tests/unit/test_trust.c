/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures and certificates from end to end: what moon's signer makes, sun's judge gets. */
#include "unit.h"

#include "daemon/certs.h"
#include "daemon/engine.h"
#include "daemon/judge.h"
#include "trust_bench.h"

#include "pki/sign.h"

#include <sys/socket.h>

#define NO_CERTS "certs =\n"

/* clang-format off */
static const struct trust_row rows[] = {
	{ .name = "ECDSA" },
	{ "RSA", .leaf.key = "RSA-2048" },
	{ "Ed25519", .leaf.key = "ED25519" },
	{ "Ed448", .leaf.key = "ED448" },
	{ "without RFC 7427: RSA", .leaf.key = "RSA-2048", .classic = true, .method = 1 },
	{ "without RFC 7427: P-256", .classic = true, .method = 9 },
	{ "without RFC 7427: P-384", .leaf.key = "P-384", .classic = true, .method = 10 },
	{ "without RFC 7427: P-521", .leaf.key = "P-521", .classic = true, .method = 11 },

	{ "another's certificate", .change = OTHERS_CERT, .says = "signature" },
	{ "a changed signature", .change = CHANGED, .says = "signature" },
	{ "a name that is not in the certificate", .id = "sun.example.org", .says = "sun.example.org" },
	{ "a name that is in it as an address", .id = "192.0.2.1" },
	{ "expired", .leaf.to = -1, .says = "the certificate of CN=moon has expired (on 2025-12-31 00:00:00 UTC)" },
	{ "not valid yet", .leaf.from = 3, .says = "the certificate of CN=moon is not valid yet" },
	{ "an authority that is not here", .no_root = true, .says = "was issued by a CA that is not here (CN=root)" },

	{ "cacerts", .sun = "cacerts = root.pem" },
	{ "cacerts of another", .sun = "cacerts = other.pem", .says = "CN=root" },
	{ "ca_id", .sun = "ca_id = \"CN=root\"" },
	{ "ca_id of another", .sun = "ca_id = \"CN=other\"", .says = "CN=other" },
	{ "hashes that fit", .sun = "auth = pubkey-sha256" },
	{ "a hash in the chain that does not fit", .sun = "auth = ike:pubkey-sha256-pubkey-sha384", .says = "sha384" },
	{ "a key type that does not fit", .sun = "auth = rsa", .says = "a key of type rsa" },
	{ "a key that is too short", .leaf.key = "RSA-2048", .sun = "auth = rsa-3072", .says = "3072 bits" },
	{ "a policy that is not there", .sun = "cert_policy = 1.3.6.1.4.1.32473.9", .says = "1.3.6.1.4.1.32473.9" },
	{ "nobody knows of revocation", .sun = "revocation = ifuri" },
	{ "nobody knows of revocation, which is strict", .sun = "revocation = strict", .says = "nobody says whether the certificate of CN=moon is revoked" },

	{ "named by the connection", .self_signed = true, .sun = "certs = moon.pem" },
	{ "another is named by the connection", .sun = "certs = stranger.pem", .says = "is none of those that the connection names" },
	{ "not sent, but named", .change = NO_CERT, .sun = "certs = moon.pem" },
	{ "not sent, but known", .change = NO_CERT, .known = true },
	{ "not sent, and known with another of the same name", .change = NO_CERT, .known = true, .known_others = true },
	{ "not sent, and another of the same name is known", .change = NO_CERT, .known_others = true, .says = "signature" },
	{ "not sent, and none is known", .change = NO_CERT, .says = "the peer moon.example.org sent no certificate, and none of it is here" },
	{ "hundreds of certificates", .change = MANY_CERTS, .says = "the peer sent more than 16 certificates" },
	{ "no certificate at all", .change = GARBAGE, .says = "certificate" },

	{ "raw public keys", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "pubkeys = moon.pub", .no_root = true },
	{ "raw public keys, one of several", .leaf.key = "ED25519", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "pubkeys = other.pub, moon.pub", .no_root = true },
	{ "raw public keys: another's", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "pubkeys = other.pub", .no_root = true, .says = "the public key that the peer sent is none of those that the connection names" },
	{ "raw public keys: another's, and not sent", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "pubkeys = other.pub", .no_root = true, .change = NO_CERT, .says = "does not fit its key" },
	{ "raw public keys: not sent", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "pubkeys = moon.pub", .no_root = true, .change = NO_CERT },
	{ "raw public keys: what is sent is none", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "pubkeys = moon.pub", .no_root = true, .change = GARBAGE, .says = "key" },
	{ "raw public keys: sent where none is wanted", .moon = NO_CERTS "pubkeys = moon.pub", .says = "sent no certificate, and none of it is here" },
	{ "raw public keys: too short", .leaf.key = "RSA-2048", .moon = NO_CERTS "pubkeys = moon.pub", .sun = "auth = rsa-3072\n pubkeys = moon.pub", .no_root = true, .says = "3072 bits" },
};
/* clang-format on */
static void proofs_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *each = NULL;
		struct trust_bench *b;

		trust_set_up(&each);
		b = each;
		trust_make_moon(b, &rows[i]);
		trust_make_sun(b, &rows[i]);
		if (trust_prove(b, rows[i].classic))
			fail_msg("%s: %s", rows[i].name, why_line(&b->proof.why, &b->arena));
		assert_int_equal(b->proof.method, rows[i].method ? rows[i].method : SCHEME_METHOD_SIGNATURE);
		trust_change(b, &rows[i]);
		trust_judge(b);
		trust_assert(b, rows[i].name, rows[i].says);
		trust_tear_down(&each);
	}
}

/* ------------------------------------------------------------------ signing */

static void send_cert_is_obeyed(void **state)
{
	static const struct trust_row as_asked = { .name = "as asked" };
	struct trust_bench *b = *state;

	trust_make_moon(b, &as_asked);
	trust_make_sun(b, &as_asked);
	assert_int_equal(trust_prove(b, false), ERR_OK);
	assert_int_equal(b->proof.certs.n, 1);
	b->moon.conf.peers[0]->send_cert = SEND_CERT_NEVER;
	b->proof = (struct ike_answer){ 0 };
	assert_int_equal(trust_prove(b, false), ERR_OK);
	assert_int_equal(b->proof.certs.n, 0);
}

static void a_key_that_is_missing_is_named(void **state)
{
	struct trust_bench *b = *state;

	b->leaf = maker_cert(&(struct recipe){ .key_number = 5 }, &b->root);
	trust_put(b, &b->moon, "/d/x509/moon.pem", maker_pem(b->leaf.cert, &b->arena));
	trust_put(b, &b->moon, "/d/private/moon.pem", maker_key_pem("P-256", 6, NULL, &b->arena));
	trust_read(b, &b->moon, trust_connection(b, "local", "certs = moon.pem"));
	assert_int_equal(trust_prove(b, false), ERR_MISSING);
	assert_non_null(strstr(why_line(&b->proof.why, &b->arena), "private"));
	assert_non_null(strstr(why_line(&b->proof.why, &b->arena), "CN=moon"));
	assert_non_null(strstr(why_line(&b->proof.why, &b->arena), "/d/m.conf"));
}

struct heard {
	struct trust_bench *bench;
	const char *name, *relayed;
};

static void on_name(void *ctx, const struct ip *ip, const char *what)
{
	struct heard *h = ctx;

	assert_null(ip);
	h->name = arena_str(&h->bench->arena, what);
}

static void on_relayed(void *ctx, const struct ipc_relayed *r)
{
	struct heard *h = ctx;

	assert_int_equal(r->what, RADIUS_FAILED);
	h->relayed = arena_str(&h->bench->arena, r->why);
}

/* Nothing but RADIUS and names has a limit of its own while there is no certs. */
static void who_asks_a_certs_that_cannot_be_started_is_told_so(void **state)
{
	static const struct trust_row as_asked = { .name = "as asked" };
	struct trust_bench *b = *state;
	struct trust *t = &b->world.trust;
	struct heard heard = { .bench = b };

	trust_make_moon(b, &as_asked);
	trust_make_sun(b, &as_asked);
	assert_int_equal(trust_prove(b, false), ERR_OK);
	t->certs.near[0].phase = IPC_STARTING;
	trust_resolve(&b->world, "sun.example.org", 4, on_name, &heard);
	trust_relay(&b->world, &(struct ipc_relay){ 0 }, on_relayed, &heard);
	trust_judge(b);
	assert_null(heard.name);
	t->certs.spec.missing(t, "the process certs cannot be started: no memory");
	assert_null(heard.name); /* who tells it may be in the middle of something */
	event_base_loop(b->world.base, EVLOOP_NONBLOCK);
	assert_non_null(strstr(heard.name, "the process certs cannot be started: no memory"));
	assert_string_equal(heard.relayed, heard.name);
	trust_assert(b, "no certs", "the process certs cannot be started: no memory");
	assert_true(list_empty(&t->asked));
}

/* What is named was not read by guard itself: whoever has taken over that process cannot end this one. */
static void a_named_certificate_that_cannot_be_read_is_a_verdict(void **state)
{
	static const struct trust_row as_asked = { .name = "as asked" };
	bool (*const takes[])(void *, const struct ipc_message *) = { judge_take_proof, judge_take_shown,
		judge_take_again };
	static uint8_t room[IPC_MAX];
	struct trust_bench *b = *state;
	const struct ipc_channel *near = &b->world.trust.certs.near[1];
	struct bytes garbage = bytes_str("garbage");
	struct ipc_message m = { .kind = IPC_JUDGE, .judge.demands.name = "c" }, answer;
	struct arena arena = { 0 };

	trust_make_moon(b, &as_asked);
	trust_make_sun(b, &as_asked);
	assert_int_equal(trust_prove(b, false), ERR_OK);
	b->certs->ike = b->world.trust.certs.far[1];
	for (unsigned i = 0; i < 6; i++) {
		struct ipc_octets none = { 0 },
				  *named = i < 3 ? &m.judge.demands.pinned : &m.judge.demands.cacerts;

		m.judge.demands.pinned = m.judge.demands.cacerts = none;
		*named = (struct ipc_octets){ &garbage, 1 };
		m.judge.certs = b->proof.certs;
		m.ticket = i + 1;
		b->certs->message = &arena;
		assert_true(takes[i % 3](b->certs, &m));
		assert_null(
			ipc_decode(bytes_of(room, (size_t)recv(near->fd, room, sizeof room, MSG_DONTWAIT)),
				&b->arena, &answer));
		assert_int_equal(answer.kind, IPC_VERDICT);
		assert_int_equal(answer.ticket, i + 1);
		assert_int_equal(answer.verdict.result, ERR_SYNTAX);
		assert_non_null(strstr(
			answer.verdict.why.what, "a certificate that the connection names cannot be used"));
		assert_true(list_empty(&b->certs->judging));
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs_are_judged),
		cmocka_unit_test_setup_teardown(send_cert_is_obeyed, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			a_key_that_is_missing_is_named, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			who_asks_a_certs_that_cannot_be_started_is_told_so, trust_set_up, trust_tear_down),
		cmocka_unit_test_setup_teardown(
			a_named_certificate_that_cannot_be_read_is_a_verdict, trust_set_up, trust_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, trust_end);
}
