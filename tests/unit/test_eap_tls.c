/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP on TLS: our peer against our authenticator by TLS, TTLS and PEAP, in TLS 1.2 and 1.3, whole and in
 * fragments, with wrong names, certificates and passwords, too early, too long, cut off and with bits turned.
 */
#include "unit.h"

#include "tests/unit/eap_pair.h"
#include "tests/unit/eap_tls_help.h"
#include "tests/unit/pki_maker.h"

#include <dlfcn.h>

/* Few daemons ever want it, and each process would pay for it when it starts. */
static void libssl_is_loaded_when_tls_is_wanted(void **state)
{
	const char *name = "libssl.so.3";

	(void)state;
	assert_null(dlopen(name, RTLD_LAZY | RTLD_NOLOAD));
	eap_tls_warm();
	assert_non_null(dlopen(name, RTLD_LAZY | RTLD_NOLOAD));
}

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

/* By who has CRLs: before any password. */
static void the_server_is_judged_elsewhere_too(void **state)
{
	const struct tls_recipe judging = { .judged = true };

	(void)state;
	EACH(w)
	{
		struct pair p = pair_of(w, (struct tls_recipe){ 0 }, judging);

		pair_run(&p);
		assert_good(&p, w);
		assert_int_equal(p.shows, 1);
		end(&p);
		p = pair_of(w, (struct tls_recipe){ 0 }, judging);
		p.distrusted = true;
		pair_run(&p);
		assert_refused(
			&p, "TLS with the EAP peer failed", "The certificate of the EAP server is not good");
		assert_int_equal(p.shows, 1);
		assert_int_equal(p.asks[0] + p.asks[1], 0);
		end(&p);
	}
}

/* The smallest there are, from both sides. */
/* Kinds of keys that are elsewhere. */
static const char *const far[] = { "RSA-2048", "P-256", "P-384", "ED25519" };
enum { FAR = sizeof far / sizeof *far };

static void keys_may_be_elsewhere(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FAR; i++)
		EACH(w)
		{
			struct tls_recipe r = { .far = far[i] };
			struct pair p = pair_of(w, r, r);

			p.sign = help_sign;
			p.sign_ctx = (void *)far[i];
			pair_run(&p);
			assert_good(&p, w);
			assert_int_equal(p.signatures[0], 1);
			assert_int_equal(p.signatures[1], w->method == EAP_TLS);
			end(&p);
		}
}

static void keys_elsewhere_may_refuse(void **state)
{
	(void)state;
	EACH(w)
	{
		struct pair p =
			pair_of(w, (struct tls_recipe){ .far = "RSA-2048" }, (struct tls_recipe){ 0 });

		pair_run(&p);
		assert_int_equal(p.signatures[0], 1);
		assert_int_equal(p.outcome[0], EAP_FAILED);
		end(&p);
	}
}

/* The conversation ends while a signature is waited for. */
static void nobody_waits_for_a_signature(void **state)
{
	const struct way w = { .method = EAP_TLS };
	struct pair p = pair_of(&w, (struct tls_recipe){ .far = "P-256" }, (struct tls_recipe){ 0 });
	struct rng_seeded r;
	struct hand h;

	(void)state;
	p.authenticator.authenticator = true;
	rng_seed(&r, 1);
	hand_shakes(&h, eap_new(&p.authenticator, &r.rng), false, EAP_TLS, p.peer.tls);
	assert_int_equal(h.turn.what, EAP_SIGNS);
	eap_free(h.e);
	hand_end(&h);
	end(&p);
}

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

/* It is said to us; the peer hears the same as ever. */
static void salted_hashes_are_of_no_use(void **state)
{
	static const uint8_t some[] = { 2, 3, 8, 9, 10 }; /* with MSCHAPv2 inside */
	const struct pair_secret salted[] = { { "alice", { EAP_SALTED, bytes_str("$6$salt$hash") } },
		{ NULL, { 0 } } };

	(void)state;
	for (unsigned i = 0; i < sizeof some; i++) {
		struct pair p = good_pair(&ways[some[i]]), wrong = good_pair(&ways[some[i]]);

		p.known = salted;
		pair_run(&p);
		assert_refused(&p, "only a salted hash is kept", "");
		wrong.own.value = bytes_str("wrong");
		pair_run(&wrong);
		assert_string_equal(p.why[1], wrong.why[1]);
		assert_int_equal(p.packets, wrong.packets);
		end(&p);
		end(&wrong);
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
		cmocka_unit_test(libssl_is_loaded_when_tls_is_wanted), /* before anything else wants it */
		cmocka_unit_test(every_way_leads_through),
		cmocka_unit_test(the_server_is_judged_elsewhere_too),
		cmocka_unit_test(keys_may_be_elsewhere),
		cmocka_unit_test(keys_elsewhere_may_refuse),
		cmocka_unit_test(nobody_waits_for_a_signature),
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
		cmocka_unit_test(acknowledgements_are_empty),
		cmocka_unit_test(salted_hashes_are_of_no_use),
		cmocka_unit_test(nobodys_hash_lets_nobody_in),
		cmocka_unit_test(spoilt_packets),
	};

	return cmocka_run_group_tests(tests, NULL, free_keys);
}
