/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP on TLS: our peer against our authenticator by TLS, TTLS and PEAP, in TLS 1.2 and 1.3, whole and in
 * fragments, with wrong names, certificates and passwords, too early, too long, cut off and with bits turned.
 */
#include "unit.h"

#include "eap/mschap.h"
#include "eap/session.h"
#include "tests/unit/eap_pair.h"
#include "tests/unit/eap_tls_help.h"
#include "tests/unit/pki_maker.h"

static const struct pair_secret users[] = {
	{ "alice", { EAP_PASSWORD, { (const uint8_t *)"clientPass", 10 } } },
	{ NULL, { 0 } },
};

/* A way through: method, TLS, and what is inside. */
struct way {
	const char *name;
	uint8_t method, inner;
	enum eap_ttls ttls;
	bool tls_1_3;
};

static const struct way ways[] = {
	{ "tls-1.2", EAP_TLS, 0, 0, false },
	{ "tls-1.3", EAP_TLS, 0, 0, true },
	{ "ttls-mschapv2-1.2", EAP_TTLS, EAP_MSCHAPV2, EAP_TTLS_EAP, false },
	{ "ttls-mschapv2-1.3", EAP_TTLS, EAP_MSCHAPV2, EAP_TTLS_EAP, true },
	{ "ttls-md5", EAP_TTLS, EAP_MD5, EAP_TTLS_EAP, false },
	{ "ttls-gtc", EAP_TTLS, EAP_GTC, EAP_TTLS_EAP, true },
	{ "ttls-pap-1.2", EAP_TTLS, 0, EAP_TTLS_PAP, false },
	{ "ttls-pap-1.3", EAP_TTLS, 0, EAP_TTLS_PAP, true },
	{ "ttls-mschapv2-avps-1.2", EAP_TTLS, 0, EAP_TTLS_MSCHAPV2, false },
	{ "ttls-mschapv2-avps-1.3", EAP_TTLS, 0, EAP_TTLS_MSCHAPV2, true },
	{ "peap-mschapv2-1.2", EAP_PEAP, EAP_MSCHAPV2, 0, false },
	{ "peap-mschapv2-1.3", EAP_PEAP, EAP_MSCHAPV2, 0, true },
	{ "peap-md5", EAP_PEAP, EAP_MD5, 0, false },
	{ "peap-gtc", EAP_PEAP, EAP_GTC, 0, true },
};
enum { WAYS = sizeof ways / sizeof *ways };

#define EACH(w) for (const struct way *(w) = ways; (w) < ways + WAYS; (w)++)

static struct pair pair_of(const struct way *w, struct tls_recipe moon, struct tls_recipe sun)
{
	struct pair p = {
		.authenticator = { .methods = { w->method },
			.n_methods = 1,
			.ask_identity = true,
			.now = MAKER_NOW },
		.peer = { .methods = { w->method },
			.n_methods = 1,
			.identity = bytes_str("anonymous@example.org"),
			.inner_identity = bytes_str("alice"),
			.ttls = w->ttls,
			.now = MAKER_NOW },
		.known = users,
		.own = { EAP_PASSWORD, bytes_str("clientPass") },
		.seed = 1,
	};

	if (w->method == EAP_TLS)
		p.peer.identity = bytes_str("alice@example.org");
	if (w->inner) {
		p.peer.inner[0] = w->inner;
		p.peer.n_inner = 1;
	}
	if (!moon.only_tls_1_2 && !moon.only_tls_1_3)
		moon.only_tls_1_2 = !(moon.only_tls_1_3 = w->tls_1_3);
	p.authenticator.tls = help_tls(true, &moon);
	p.peer.tls = help_tls(false, &sun);
	return p;
}

static struct pair good_pair(const struct way *w)
{
	return pair_of(w, (struct tls_recipe){ 0 }, (struct tls_recipe){ 0 });
}

static void end(struct pair *p)
{
	eap_tls_unref(p->authenticator.tls);
	eap_tls_unref(p->peer.tls);
}

static void assert_good(const struct pair *p, const struct way *w)
{
	if (!pair_agreed(p))
		print_error("%s: %s / %s\n", w->name, p->why[0], p->why[1]);
	assert_true(pair_agreed(p));
	assert_int_equal(p->msk_n[0], EAP_MSK);
	assert_int_equal(p->method, w->method);
	assert_string_equal(p->name[0], w->method == EAP_TLS ? "alice@example.org" : "alice");
	assert_int_equal(p->certificate_n > 0, w->method == EAP_TLS);
}

/* Both fail, and the words are in what they say. */
static void assert_refused(const struct pair *p, const char *authenticator, const char *peer)
{
	if (p->outcome[0] != EAP_FAILED || p->outcome[1] != EAP_FAILED || !strstr(p->why[0], authenticator) ||
		!strstr(p->why[1], peer))
		print_error("%u %u: %s / %s\n", p->outcome[0], p->outcome[1], p->why[0], p->why[1]);
	assert_int_equal(p->outcome[0], EAP_FAILED);
	assert_int_equal(p->outcome[1], EAP_FAILED);
	assert_non_null(strstr(p->why[0], authenticator));
	assert_non_null(strstr(p->why[1], peer));
	assert_int_equal(p->msk_n[0], 0);
	assert_int_equal(p->msk_n[1], 0);
}

static void every_way_leads_through(void **state)
{
	(void)state;
	EACH(w)
	{
		struct pair p = good_pair(w);

		pair_run(&p);
		assert_good(&p, w);
		end(&p);
	}
}

/* The smallest there are, from both sides. */
static void in_fragments(void **state)
{
	(void)state;
	EACH(w)
	{
		struct pair p = good_pair(w);

		p.authenticator.fragment = 100;
		p.peer.fragment = EAP_MIN_FRAGMENT;
		pair_run(&p);
		assert_good(&p, w);
		for (unsigned i = 0; i < p.packets; i++)
			assert_in_range(p.size[i], 4, 110);
		end(&p);
	}
}

static void long_chains_pass(void **state)
{
	struct pair p =
		pair_of(&ways[1], (struct tls_recipe){ .extra = 7 }, (struct tls_recipe){ .extra = 7 });

	(void)state;
	pair_run(&p);
	assert_good(&p, &ways[1]);
	end(&p);
}

static void wrong_passwords_inside(void **state)
{
	(void)state;
	EACH(w)
	{
		struct pair p = good_pair(w), unknown = good_pair(w);

		if (w->method != EAP_TLS) {
			p.own.value = bytes_str("clientpass");
			pair_run(&p);
			assert_refused(&p, "password is wrong", "");
			unknown.own.value = bytes_str("clientpass");
			unknown.peer.inner_identity = bytes_str("mallo");
			pair_run(&unknown);
			assert_refused(&unknown, "password is wrong", "");
			assert_string_equal(unknown.asked, "mallo");
			assert_string_equal(p.why[0], unknown.why[0]);
			assert_string_equal(p.why[1], unknown.why[1]);
			assert_int_equal(p.packets, unknown.packets);
			assert_memory_equal(p.size, unknown.size, p.packets * sizeof *p.size);
		}
		end(&p);
		end(&unknown);
	}
}

/* Nothing of ours goes to a server that is not who it must be. */
static void a_server_of_another_name(void **state)
{
	(void)state;
	EACH(w)
	{
		struct pair p = pair_of(
			w, (struct tls_recipe){ 0 }, (struct tls_recipe){ .server = "sun.example.org" });

		pair_run(&p);
		assert_refused(&p, "TLS with the EAP peer failed", "not that of sun.example.org");
		assert_int_equal(p.asks[1], 0);
		end(&p);
	}
}

static void a_server_of_a_stranger(void **state)
{
	(void)state;
	EACH(w)
	{
		struct pair p = pair_of(
			w, (struct tls_recipe){ .stranger = true }, (struct tls_recipe){ .server = "" });

		pair_run(&p);
		assert_refused(&p, "unknown ca", "certificate of the EAP server is not good");
		assert_int_equal(p.asks[1], 0);
		end(&p);
	}
}

static void servers_have_many_names(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} names[] = { { "moon.example.org", true }, { "MOON.example.org", true }, { "192.0.2.1", true },
		{ "192.0.2.2", false }, { "CN=moon", true }, { "CN=sun", false }, { "moon", false },
		{ "moon@example.org", false }, { "@#0102", false }, { "%any", true }, { "", true } };

	(void)state;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		struct pair p = pair_of(
			&ways[3], (struct tls_recipe){ 0 }, (struct tls_recipe){ .server = names[i].name });

		pair_run(&p);
		assert_int_equal(pair_agreed(&p), names[i].good);
		end(&p);
	}
}

/* By the time that is given. */
static void certificates_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair p = good_pair(&ways[i]);

		p.peer.now += 400 * (int64_t)MAKER_DAY;
		pair_run(&p);
		assert_refused(&p, "expired", "expired");
		p.peer.now = MAKER_NOW;
		p.authenticator.now += 400 * (int64_t)MAKER_DAY;
		pair_run(&p);
		assert_refused(&p, "expired", "expired");
		end(&p);
	}
}

static void clients_that_are_not_let_in(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair p =
			pair_of(&ways[i], (struct tls_recipe){ 0 }, (struct tls_recipe){ .stranger = true });

		pair_run(&p);
		assert_refused(&p, "certificate of the EAP peer is not good", "unknown ca");
		end(&p);
		p = pair_of(&ways[i], (struct tls_recipe){ .revoked = true }, (struct tls_recipe){ 0 });
		pair_run(&p);
		assert_refused(&p, "revoked", "revoked");
		end(&p);
		p = pair_of(&ways[i], (struct tls_recipe){ 0 },
			(struct tls_recipe){ .extensions = "extendedKeyUsage=serverAuth" });
		pair_run(&p);
		assert_refused(&p, "certificate of the EAP peer is not good", "");
		end(&p);
	}
}

static void servers_are_revoked_too(void **state)
{
	struct pair p = pair_of(&ways[3], (struct tls_recipe){ 0 }, (struct tls_recipe){ .revoked = true });

	(void)state;
	pair_run(&p);
	assert_refused(&p, "revoked", "revoked");
	end(&p);
}

static void versions_that_do_not_meet(void **state)
{
	struct pair p = pair_of(&ways[0], (struct tls_recipe){ .only_tls_1_2 = true },
		(struct tls_recipe){ .only_tls_1_3 = true });

	(void)state;
	pair_run(&p);
	assert_refused(&p, "unsupported protocol", "protocol version");
	end(&p);
}

/* The identity stands where the certificate has it; else the certificate's own name does. */
static void certificates_name_their_owner(void **state)
{
	static const struct {
		const char *identity, *extensions, *subject, *name;
	} cases[] = {
		{ "alice@example.org", NULL, NULL, "alice@example.org" },
		{ "alice@EXAMPLE.org", NULL, NULL, "alice@EXAMPLE.org" },
		{ "admin@example.org", NULL, NULL, "alice@example.org" },
		{ "@example.org", NULL, NULL, "alice@example.org" },
		{ "", NULL, NULL, "alice@example.org" },
		{ "C=CH, CN=alice", NULL, NULL, "C=CH, CN=alice" },
		{ "alice", NULL, NULL, "alice@example.org" },
		{ "bob", "subjectAltName=DNS:laptop.example.org", NULL, "laptop.example.org" },
		{ "bob", "subjectAltName", "O=Example, CN=bob", "O=Example, CN=bob" },
		{ "bob@office", "subjectAltName=otherName:msUPN;UTF8:bob@office", NULL, "bob@office" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pair p = pair_of(&ways[1], (struct tls_recipe){ 0 },
			(struct tls_recipe){
				.extensions = cases[i].extensions, .subject = cases[i].subject });

		p.peer.identity = bytes_str(cases[i].identity);
		pair_run(&p);
		assert_true(pair_agreed(&p));
		assert_string_equal(p.name[0], cases[i].name);
		end(&p);
	}
}

static void settings_that_cannot_be(void **state)
{
	struct rng_seeded r;
	struct eap_tls *none = help_tls(true, &(struct tls_recipe){ .bare = true });
	struct eap_tls *lonely = help_tls(false, &(struct tls_recipe){ .lonely = true });
	struct eap_settings s = { .authenticator = true, .n_methods = 1, .tls = none };
	static const uint8_t all[] = { EAP_TLS, EAP_TTLS, EAP_PEAP };

	(void)state;
	rng_seed(&r, 1);
	for (unsigned i = 0; i < sizeof all; i++) {
		s.methods[0] = all[i];
		s.authenticator = true;
		s.tls = none;
		assert_null(eap_new(&s, &r.rng));
		s.authenticator = false;
		s.tls = lonely;
		assert_null(eap_new(&s, &r.rng));
	}
	eap_tls_unref(none);
	eap_tls_unref(lonely);
}

static void tls_that_cannot_be_made(void **state)
{
	struct made a = maker_cert(&(struct recipe){ .key = "ED25519", .key_number = 3 }, NULL);
	struct arena arena = { 0 };
	const struct bytes junk = bytes_str("junk");
	struct eap_tls_settings s = {
		.chain = &a.cert->der, .n_chain = 1, .key = maker_key_pem("ED25519", 4, NULL, &arena)
	};
	char why[EAP_TLS_WHY];
	struct eap_tls *t;

	(void)state;
	assert_int_equal(eap_tls_new(&s, &t, why), ERR_AUTH);
	s.key = maker_key_pem("ED25519", 3, "password", &arena);
	assert_int_equal(eap_tls_new(&s, &t, why), ERR_SYNTAX);
	s.key = junk;
	assert_int_equal(eap_tls_new(&s, &t, why), ERR_SYNTAX);
	s.key = maker_key_pem("ED25519", 3, NULL, &arena);
	s.authorities = &junk;
	s.n_authorities = 1;
	assert_int_equal(eap_tls_new(&s, &t, why), ERR_SYNTAX);
	s.n_authorities = 0;
	s.crls = &junk;
	s.n_crls = 1;
	assert_int_equal(eap_tls_new(&s, &t, why), ERR_SYNTAX);
	s.chain = &junk;
	assert_int_equal(eap_tls_new(&s, &t, why), ERR_SYNTAX);
	s.n_chain = EAP_TLS_CERTS_MAX + 1;
	assert_int_equal(eap_tls_new(&s, &t, why), ERR_RANGE);
	cert_unref(a.cert);
	arena_free(&arena);
}

/* All but the last packet of the authenticator become an EAP-Success. */
static void succeed_early(void *ctx, unsigned number, uint8_t *p, size_t *n)
{
	if (number != *(unsigned *)ctx)
		return;
	p[0] = 3;
	p[2] = 0;
	p[3] = 4;
	*n = 4;
}

static void success_before_it_is_due(void **state)
{
	(void)state;
	EACH(w)
	{
		struct pair good = good_pair(w);
		unsigned when;

		pair_run(&good);
		for (when = 0; when < good.packets - 1; when += 2) {
			struct pair p = good;

			p.tamper = succeed_early;
			p.ctx = &when;
			pair_run(&p);
			if (p.outcome[1] != EAP_FAILED)
				print_error("%s: packet %u of %u\n", w->name, when, good.packets);
			assert_int_equal(p.outcome[1], EAP_FAILED);
			assert_int_not_equal(p.outcome[0], EAP_SUCCEEDED);
		}
		end(&good);
	}
}

/* Somebody in between: a bit of every few octets, and cut off at every few. */
struct change {
	unsigned packet;
	size_t at;
	bool cut;
};

static void spoil(void *ctx, unsigned number, uint8_t *p, size_t *n)
{
	struct change *c = ctx;

	if (number != c->packet)
		return;
	if (!c->cut) {
		p[c->at] ^= (uint8_t)(1 << c->at % 8);
		return;
	}
	*n = c->at;
	if (*n >= 4) {
		p[2] = (uint8_t)(*n >> 8);
		p[3] = (uint8_t)*n;
	}
}

static void spoilt_packets(void **state)
{
	enum { HEAD = 12, STEP = 67 };

	(void)state;
	EACH(w)
	{
		struct pair good = good_pair(w);

		pair_run(&good);
		for (unsigned i = 0; i < 2 * good.packets; i++)
			for (size_t at = i / 2 % 3; at < good.size[i / 2]; at += at < HEAD ? 3 : STEP) {
				struct pair p = good;

				p.tamper = spoil;
				p.ctx = &(struct change){ i / 2, at, i % 2 };
				pair_run(&p);
				/* A bit may turn the case of a letter, which the certificate does not mind.
				 */
				if (p.outcome[0] == EAP_SUCCEEDED)
					assert_int_equal(strcasecmp(p.name[0], good.name[0]), 0);
				if (p.outcome[0] == EAP_SUCCEEDED && p.outcome[1] == EAP_SUCCEEDED)
					assert_true(pair_agreed(&p));
			}
		end(&good);
	}
}

/* By hand. */

static struct rng_seeded seeded;

static struct eap *new_side(bool authenticator, uint8_t method, struct eap_tls *tls, enum eap_ttls ttls)
{
	struct eap_settings s = { .authenticator = authenticator,
		.methods = { method },
		.n_methods = 1,
		.identity = bytes_str("alice"),
		.tls = tls,
		.ttls = ttls,
		.now = MAKER_NOW };

	rng_seed(&seeded, 7);
	return eap_new(&s, &seeded.rng);
}

/* What follows Start: a packet of TLS with these flags and this length. */
static struct eap_turn piece(
	struct eap *e, const struct eap_turn *t, uint8_t flags, uint32_t length, size_t n)
{
	static uint8_t packet[EAP_MAX_PACKET];
	size_t head = flags & 0x80 ? 10 : 6;

	packet[0] = 2;
	packet[1] = t->packet.p[1];
	packet[2] = (uint8_t)((head + n) >> 8);
	packet[3] = (uint8_t)(head + n);
	packet[4] = EAP_TLS;
	packet[5] = flags;
	packet[6] = (uint8_t)(length >> 24);
	packet[7] = (uint8_t)(length >> 16);
	packet[8] = (uint8_t)(length >> 8);
	packet[9] = (uint8_t)length;
	return eap_take(e, bytes_of(packet, head + n));
}

static void lengths_that_lie(void **state)
{
	static const struct {
		uint8_t flags;
		uint32_t length;
		size_t n;
		const char *why; /* NULL: good so far */
	} cases[] = {
		{ 0xc0, 1000, 100, NULL },
		{ 0xc0, EAP_MAX_TLS, 100, NULL },
		{ 0xc0, EAP_MAX_TLS + 1, 100, "more than" },
		{ 0xc0, 0xffffffff, 100, "more than" },
		{ 0xc0, 0, 100, "malformed" },
		{ 0xc0, 99, 100, "malformed" },
		{ 0xc0, 1000, 0, "malformed" },
		{ 0x40, 0, 100, "malformed" },
		{ 0x80, 101, 100, "malformed" },
		{ 0x80, 99, 100, "malformed" },
		{ 0x20, 0, 0, "malformed" },
		{ 0x00, 0, 0, "stands still" },
	};
	struct eap_tls *tls = help_tls(true, &(struct tls_recipe){ 0 });

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct eap *e = new_side(true, EAP_TLS, tls, 0);
		struct eap_turn t = eap_begin(e);

		t = piece(e, &t, cases[i].flags, cases[i].length, cases[i].n);
		assert_int_equal(t.what, cases[i].why ? EAP_FAILED : EAP_SENDS);
		if (cases[i].why)
			assert_non_null(strstr(t.why, cases[i].why));
		else {
			assert_int_equal(t.packet.n, 6);
			t = piece(e, &t, 0xc0, cases[i].length + 1, 100);
			assert_int_equal(t.what, EAP_FAILED);
		}
		eap_free(e);
	}
	eap_tls_unref(tls);
}

static void tls_without_end(void **state)
{
	static const size_t sizes[] = { 1, 4000, 60000 };
	struct eap_tls *tls = help_tls(true, &(struct tls_recipe){ 0 });

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct eap *e = new_side(true, EAP_TLS, tls, 0);
		struct eap_turn t = eap_begin(e);
		unsigned rounds = 0;

		t = piece(e, &t, 0xc0, EAP_MAX_TLS, sizes[i]);
		for (; t.what == EAP_SENDS; rounds++)
			t = piece(e, &t, 0x40, 0, sizes[i]);
		assert_int_equal(t.what, EAP_FAILED);
		assert_in_range(rounds, 1, EAP_MAX_ROUNDS);
		assert_true(sizes[i] * rounds <= EAP_MAX_TLS);
		eap_free(e);
	}
	eap_tls_unref(tls);
}

/* An authenticator of ours, whose handshake a hand has done: what it makes of PLAIN inside. */
static enum eap_what inside(
	uint8_t type, bool tls_1_3, const void *plain, size_t n, const struct eap_secret *secret)
{
	struct eap_tls *moon =
		help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = tls_1_3, .only_tls_1_2 = !tls_1_3 });
	struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ .server = "" });
	struct eap *e = new_side(true, type, moon, 0);
	struct hand h;
	enum eap_what what;

	assert_true(hand_shakes(&h, e, false, type, sun));
	if (type == EAP_PEAP && !tls_1_3)
		hand_says(&h, bytes_of(NULL, 0), NULL);
	hand_says(&h, bytes_of(plain, n), secret);
	what = h.turn.what;
	hand_end(&h);
	eap_free(e);
	eap_tls_unref(moon);
	eap_tls_unref(sun);
	return what;
}

#define SAYS(text) text, sizeof text - 1
#define ALICE                                                                                                \
	"\0\0\0\1\x40\0\0\x0d"                                                                               \
	"alice\0\0\0"

static void attributes_inside_ttls(void **state)
{
	const struct eap_secret *secret = &users[0].secret;

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		/* Good, with the right password and not. */
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x18"
						    "clientPass\0\0\0\0\0\0"),
					 secret),
			EAP_SUCCEEDED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x12"
						    "clientPass"),
					 secret),
			EAP_SUCCEEDED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x18"
						    "clientpass\0\0\0\0\0\0"),
					 secret),
			EAP_FAILED);
		/* What nobody knows: once it may be left, once not. */
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS("\0\0\1\1\0\0\0\x08" ALICE "\0\0\0\2\x40\0\0\x12"
					      "clientPass"),
					 secret),
			EAP_SUCCEEDED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS("\0\0\1\1\x40\0\0\x08" ALICE "\0\0\0\2\x40\0\0\x12"
					      "clientPass"),
					 secret),
			EAP_FAILED);
		/* No name, no password, lengths that lie. */
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS("\0\0\0\2\x40\0\0\x12"
					      "clientPass"),
					 secret),
			EAP_FAILED);
		assert_int_equal(inside(EAP_TTLS, v, SAYS(ALICE), secret), EAP_FAILED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x13"
						    "clientPass"),
					 secret),
			EAP_FAILED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x07"
						    "clientPass"),
					 secret),
			EAP_FAILED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\xc0\0\0\x0b"
						    "\0\0\1\x37"),
					 secret),
			EAP_FAILED);
		/* MSCHAPv2 with a challenge of the peer's choice. */
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\x0b\xc0\0\0\x1c\0\0\1\x37"
						    "0123456789abcdef"
						    "\0\0\0\x19\xc0\0\0\x3e\0\0\1\x37"
						    "0123456789012345678901234567890123456789"
						    "0123456789\0\0"),
					 secret),
			EAP_FAILED);
	}
}

static void too_much_inside(void **state)
{
	static const uint8_t much[EAP_MAX_INNER + 1];

	(void)state;
	for (unsigned v = 0; v < 2; v++)
		assert_int_equal(inside(EAP_TTLS, v, much, sizeof much, NULL), EAP_FAILED);
}

/* More than an acknowledgement where fragments wait. */
static void add_octet(void *ctx, unsigned number, uint8_t *p, size_t *n)
{
	(void)ctx;
	if (number % 2 == 0 || *n != 6)
		return;
	p[6] = 1;
	p[3] = 7;
	*n = 7;
}

static void acknowledgements_are_empty(void **state)
{
	struct pair p = good_pair(&ways[1]);

	(void)state;
	p.authenticator.fragment = EAP_MIN_FRAGMENT;
	p.tamper = add_octet;
	pair_run(&p);
	assert_refused(&p, "malformed", "");
	end(&p);
}

/* In EAP-TLS nothing is said inside, but the server's octet. */
static void nothing_inside_tls(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		struct eap_tls *moon =
			help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = v, .only_tls_1_2 = !v });
		struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });
		static const char *const said[] = { "", "\1", "\0\0" };

		for (size_t n = 1; n < 3; n++) {
			struct eap *e = new_side(false, EAP_TLS, sun, 0);
			struct hand h;

			assert_true(hand_shakes(&h, e, true, EAP_TLS, moon));
			hand_says(&h, bytes_of(said[n], n), NULL);
			assert_int_equal(h.turn.what, EAP_FAILED);
			hand_end(&h);
			eap_free(e);
		}
		eap_tls_unref(moon);
		eap_tls_unref(sun);
	}
}

static void results_inside_peap(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		/* The peer says that it succeeded, before it has. */
		assert_int_equal(inside(EAP_PEAP, v, SAYS("\2\1\0\x0b\x21\x80\3\0\2\0\1"), NULL), EAP_SENDS);
		assert_int_equal(inside(EAP_PEAP, v, SAYS("\2\1\0\4"), NULL), EAP_SENDS);
	}
}

/* A peer of ours: what a server says to it inside before the password is proved. */
static void a_server_that_hurries(void **state)
{
	static const uint8_t success[] = { 1, 9, 0, 11, 33, 0x80, 3, 0, 2, 0, 1 };

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		struct eap_tls *moon =
			help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = v, .only_tls_1_2 = !v });
		struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });
		struct eap *e = new_side(false, EAP_PEAP, sun, 0);
		struct hand h;

		assert_true(hand_shakes(&h, e, true, EAP_PEAP, moon));
		hand_says(&h, bytes_of(success, sizeof success), NULL);
		assert_int_equal(h.turn.what, EAP_SENDS);
		assert_int_equal(h.said_n, 11);
		assert_int_equal(h.said[10], 2);
		assert_int_equal(eap_take(e, bytes_of("\3\1\0\4", 4)).what, EAP_FAILED);
		hand_end(&h);
		eap_free(e);
		eap_tls_unref(moon);
		eap_tls_unref(sun);
	}
}

/* Who logs in well, and then says that it did not succeed, or nothing. */
static void a_peer_that_disagrees(void **state)
{
	static const struct {
		const char *says;
		size_t n;
		enum eap_what what;
	} cases[] = {
		{ "\2\1\0\x0b\x21\x80\3\0\2\0\1", 11, EAP_SUCCEEDED },
		{ "\2\1\0\x0b\x21\x80\3\0\2\0\2", 11, EAP_FAILED },
		{ "\2\1\0\x0b\x21\x80\3\0\3\0\1", 11, EAP_FAILED },
		{ "\2\1\0\x0a\x21\x80\3\0\1\1", 10, EAP_FAILED },
		{ "\2\1\0\x05\x21", 5, EAP_FAILED },
		{ "\6clientPass", 11, EAP_FAILED },
		{ "\0\0\0\0\0\x80\3\0\2\0\1", 11, EAP_FAILED },
		{ "", 0, EAP_FAILED },
	};
	struct eap_tls *moon = help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = true });
	struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct eap_settings s = { .authenticator = true,
			.methods = { EAP_PEAP },
			.n_methods = 1,
			.inner = { EAP_GTC },
			.n_inner = 1,
			.tls = moon,
			.now = MAKER_NOW };
		struct eap *e;
		struct hand h;

		rng_seed(&seeded, 7);
		e = eap_new(&s, &seeded.rng);
		assert_true(hand_shakes(&h, e, false, EAP_PEAP, sun));
		hand_says(&h, bytes_of("\1alice", 6), NULL);
		assert_memory_equal(h.said, "\6Password: ", 11);
		hand_says(&h, bytes_of("\6clientPass", 11), &users[0].secret);
		assert_int_equal(h.said_n, 11);
		hand_says(&h, bytes_of(cases[i].says, cases[i].n), NULL);
		assert_int_equal(h.turn.what, cases[i].what);
		hand_end(&h);
		eap_free(e);
	}
	eap_tls_unref(moon);
	eap_tls_unref(sun);
}

/* To a peer that waits for a proof of MSCHAPv2. */
static void what_a_server_says_inside_ttls(void **state)
{
	static const struct {
		const char *says;
		size_t n;
		const char *why;
	} cases[] = {
		{ "\0\0\0\2\xc0\0\0\x10\0\0\1\x37"
		  "E=69",
			16, "refuses us inside EAP-TTLS" },
		{ "\0\0\0\x1a\xc0\0\0\x10\0\0\1\x37"
		  "S=12",
			16, "does not know our password" },
		{ "", 0, "does not know our password" },
		{ "\0\0\0\x1a\xc0\0\0\x11\0\0\1\x37"
		  "S=12",
			16, "malformed" },
	};
	struct eap_tls *moon = help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = true });
	struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct eap *e = new_side(false, EAP_TTLS, sun, EAP_TTLS_MSCHAPV2);
		struct hand h;

		assert_true(hand_shakes(&h, e, true, EAP_TTLS, moon));
		assert_int_equal(h.turn.what, EAP_ASKS);
		hand_answers(&h, &users[0].secret);
		assert_int_equal(h.turn.what, EAP_SENDS);
		hand_says(&h, bytes_of(cases[i].says, cases[i].n), NULL);
		if (h.turn.what == EAP_SENDS)
			h.turn = eap_take(e, bytes_of("\4\1\0\4", 4));
		assert_int_equal(h.turn.what, EAP_FAILED);
		assert_non_null(strstr(h.turn.why, cases[i].why));
		hand_end(&h);
		eap_free(e);
	}
	eap_tls_unref(moon);
	eap_tls_unref(sun);
}

/* By the labels of the RFCs, as the hand's session gives it. */
static void keys_are_the_rfcs(void **state)
{
	static const char pap[] = ALICE "\0\0\0\2\x40\0\0\x12"
					"clientPass";

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		struct eap_tls *moon =
			help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = v, .only_tls_1_2 = !v });
		struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });
		struct eap *e = new_side(true, EAP_TTLS, moon, 0);
		uint8_t key[2 * EAP_MSK], type = EAP_TTLS;
		struct hand h;

		assert_true(hand_shakes(&h, e, false, EAP_TTLS, sun));
		hand_says(&h, bytes_of(pap, sizeof pap - 1), &users[0].secret);
		assert_int_equal(h.turn.what, EAP_SUCCEEDED);
		assert_true(session_export(h.session,
			v ? "EXPORTER_EAP_TLS_Key_Material" : "ttls keying material", bytes_of(&type, v), key,
			sizeof key));
		assert_true(bytes_eq(eap_msk(e), bytes_of(key, EAP_MSK)));
		hand_end(&h);
		eap_free(e);
		eap_tls_unref(moon);
		eap_tls_unref(sun);
	}
}

static size_t put_avp(uint8_t *p, uint8_t code, bool microsoft, const void *value, size_t n)
{
	const uint8_t head[] = { 0, 0, 0, code, microsoft ? 0xc0 : 0x40, 0, 0,
		(uint8_t)(n + (microsoft ? 12 : 8)), 0, 0, 1, 0x37 };
	size_t head_n = microsoft ? 12 : 8, padded = (n + 3) / 4 * 4;

	memset(p, 0, head_n + padded);
	memcpy(p, head, head_n);
	memcpy(p + head_n, value, n);
	return head_n + padded;
}

/* MSCHAPv2 inside TTLS with the challenge CHALLENGE and the identifier IDENT, right in themselves. */
static size_t put_mschapv2(
	uint8_t *p, const uint8_t challenge[MSCHAP_CHALLENGE], uint8_t ident, const struct eap_secret *s)
{
	struct mschap m = { .user = bytes_str("alice") };
	uint8_t value[50] = { ident };
	size_t n = put_avp(p, 1, false, "alice", 5);

	rng_seed(&seeded, 9);
	mschap_secret(s, &seeded.rng, m.hash);
	memcpy(m.challenge, challenge, MSCHAP_CHALLENGE);
	assert_true(mschap_response(&m, value + 26));
	n += put_avp(p + n, 11, true, challenge, MSCHAP_CHALLENGE);
	return n + put_avp(p + n, 25, true, value, sizeof value);
}

/* The challenge is nobody's choice, and nobody is nobody. */
static void mschapv2_challenges_inside_ttls(void **state)
{
	enum { GOOD, OTHER_CHALLENGE, OTHER_IDENT, NOBODY, CASES };

	(void)state;
	for (unsigned i = 0; i < CASES; i++) {
		struct eap_tls *moon = help_tls(
			true, &(struct tls_recipe){ .only_tls_1_2 = i % 2, .only_tls_1_3 = !(i % 2) });
		struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });
		struct eap *e = new_side(true, EAP_TTLS, moon, 0);
		uint8_t implicit[MSCHAP_CHALLENGE + 1], said[256];
		struct hand h;
		size_t n;

		assert_true(hand_shakes(&h, e, false, EAP_TTLS, sun));
		assert_true(session_export(
			h.session, "ttls challenge", bytes_of(NULL, 0), implicit, sizeof implicit));
		implicit[0] ^= i == OTHER_CHALLENGE;
		n = put_mschapv2(
			said, implicit, implicit[MSCHAP_CHALLENGE] ^ (i == OTHER_IDENT), &users[0].secret);
		hand_says(&h, bytes_of(said, n), i == NOBODY ? NULL : &users[0].secret);
		assert_int_equal(h.turn.what, i == GOOD ? EAP_SENDS : EAP_FAILED);
		hand_end(&h);
		eap_free(e);
		eap_tls_unref(moon);
		eap_tls_unref(sun);
	}
}

/* Who guesses what is drawn in the place of nobody's hash. */
static void nobodys_hash_lets_nobody_in(void **state)
{
	static const uint8_t zeros[16];
	struct pair p = good_pair(&ways[8]);

	(void)state;
	p.dull = true;
	p.known = NULL;
	p.own = (struct eap_secret){ EAP_NT_HASH, bytes_of(zeros, sizeof zeros) };
	pair_run(&p);
	assert_refused(&p, "not known", "");
	end(&p);
}

static int free_keys(void **state)
{
	(void)state;
	help_tls_end();
	maker_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_leads_through),
		cmocka_unit_test(in_fragments),
		cmocka_unit_test(long_chains_pass),
		cmocka_unit_test(wrong_passwords_inside),
		cmocka_unit_test(a_server_of_another_name),
		cmocka_unit_test(a_server_of_a_stranger),
		cmocka_unit_test(servers_have_many_names),
		cmocka_unit_test(certificates_end),
		cmocka_unit_test(clients_that_are_not_let_in),
		cmocka_unit_test(servers_are_revoked_too),
		cmocka_unit_test(versions_that_do_not_meet),
		cmocka_unit_test(certificates_name_their_owner),
		cmocka_unit_test(settings_that_cannot_be),
		cmocka_unit_test(tls_that_cannot_be_made),
		cmocka_unit_test(success_before_it_is_due),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(tls_without_end),
		cmocka_unit_test(attributes_inside_ttls),
		cmocka_unit_test(too_much_inside),
		cmocka_unit_test(acknowledgements_are_empty),
		cmocka_unit_test(nothing_inside_tls),
		cmocka_unit_test(a_peer_that_disagrees),
		cmocka_unit_test(keys_are_the_rfcs),
		cmocka_unit_test(mschapv2_challenges_inside_ttls),
		cmocka_unit_test(nobodys_hash_lets_nobody_in),
		cmocka_unit_test(what_a_server_says_inside_ttls),
		cmocka_unit_test(results_inside_peap),
		cmocka_unit_test(a_server_that_hurries),
		cmocka_unit_test(spoilt_packets),
	};

	return cmocka_run_group_tests(tests, NULL, free_keys);
}
