/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates as data, whom they are about, and finding things in the store. */
#include "unit.h"

#include "pki/store.h"
#include "pki_maker.h"

#include <stdlib.h>

static struct arena arena;
static struct why why;

static struct id id_of(const char *s)
{
	struct id id;

	assert_int_equal(id_parse(s, &arena, &id), ERR_OK);
	return id;
}

static void fields(void **state)
{
	static const struct recipe recipe = { .subject = "C=DE, O=Example, CN=moon",
		.serial = 0x1234,
		.from = -1,
		.to = 1,
		.extensions =
			"subjectAltName=DNS:moon.example.org,email:moon@example.org,IP:192.0.2.1,IP:2001:db8:"
			":1,"
			"URI:http://moon|extendedKeyUsage=serverAuth,1.3.6.1.5.5.8.2.2|"
			"crlDistributionPoints=URI:http://crl.example.org/a,URI:ldap://crl.example.org/b|"
			"authorityInfoAccess=OCSP;URI:http://ocsp.example.org,caIssuers;URI:http://"
			"ca.example.org" };
	struct made ca = maker_cert(&(struct recipe){ .subject = "CN=root",
					    .extensions = "CA|basicConstraints=CA:TRUE,pathlen:3",
					    .key_number = 1 },
		NULL);
	struct made m = maker_cert(&recipe, &ca);
	const struct cert *c = m.cert;
	static const char *const sans[] = { "moon.example.org", "moon@example.org", "192.0.2.1",
		"2001:db8::1" };

	(void)state;
	assert_string_equal(id_print(&c->subject, &arena), "C=DE, O=Example, CN=moon");
	assert_string_equal(id_print(&c->issuer, &arena), "CN=root");
	assert_string_equal(cert_name(c, &arena), "C=DE, O=Example, CN=moon");
	assert_string_equal(cert_hex(c->serial, &arena), "12:34");
	assert_string_equal(cert_time(c->not_before, &arena), "2025-12-31 00:00:00 UTC");
	assert_int_equal(c->not_after, MAKER_NOW + MAKER_DAY);
	assert_int_equal(c->n_sans, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_string_equal(id_print(&c->sans[i], &arena), sans[i]);
	assert_int_equal(c->eku, EKU_SERVER | EKU_IKE);
	assert_int_equal(c->crls.n, 2);
	assert_string_equal(c->crls.v[0], "http://crl.example.org/a");
	assert_int_equal(c->ocsps.n, 1);
	assert_true(!c->ca && !c->self_signed && ca.cert->ca && ca.cert->self_signed);
	assert_int_equal(ca.cert->path_len, 3);
	assert_int_equal(c->path_len, -1);
	assert_true(bytes_eq(c->authority_key_id, ca.cert->subject_key_id));
	assert_memory_equal(ca.cert->subj, ca.cert->subject_key_id.p, KEYID_SIZE);
	assert_memory_equal(c->key_id, c->key->id, KEYID_SIZE);
	cert_unref(ca.cert);
	cert_unref(m.cert);
}

static const struct about {
	const char *id;
	bool is;
} abouts[] = {
	{ "moon.example.org", true },
	{ "MOON.example.ORG", true },
	{ "fqdn:moon.example.org", true },
	{ "*.example.org", true },
	{ "sun.example.org", false },
	{ "example.org", false },
	{ "moon@example.org", true },
	{ "*@example.org", true },
	{ "sun@example.org", false },
	{ "192.0.2.1", true },
	{ "192.0.2.2", false },
	{ "2001:db8::1", true },
	{ "C=DE, O=Example, CN=moon", true },
	{ "C=DE, O=Example, CN=*", true },
	{ "C=DE, O=example, CN=MOON", true },
	{ "C=DE, CN=moon", false },
	{ "CN=moon", false },
	{ "moon", false },
	{ "%any", true },
	{ "C=DE, O=Branch, CN=moon", false },
};

static void about_whom(void **state)
{
	static const struct recipe recipe = { .subject = "C=DE, O=Example, CN=moon",
		.extensions = "subjectAltName=DNS:moon.example.org,email:moon@example.org,IP:192.0.2.1,IP:"
			      "2001:db8::1" };
	struct made m = maker_cert(&recipe, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof abouts / sizeof *abouts; i++) {
		struct id id = id_of(abouts[i].id);

		if (cert_has_id(m.cert, &id) != abouts[i].is)
			fail_msg("%s", abouts[i].id);
	}
	cert_unref(m.cert);
}

/* A name with a star is one name. */
static void claimed_by_whom(void **state)
{
	static const struct recipe recipe = { .subject = "C=DE, CN=moon",
		.extensions = "subjectAltName=DNS:moon.example.org,DNS:*.vpn.example.org" };
	static const struct {
		const char *id;
		bool is;
	} claims[] = { { "moon.example.org", true }, { "MOON.example.org", true }, { "*.example.org", false },
		{ "*.vpn.example.org", true }, { "gw.vpn.example.org", false }, { "C=de, CN=Moon", true },
		{ "C=DE, CN=*", false }, { "%any", false } };
	struct made m = maker_cert(&recipe, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
		struct id id = id_of(claims[i].id);

		if (cert_is_of(m.cert, &id) != claims[i].is)
			fail_msg("%s", claims[i].id);
	}
	cert_unref(m.cert);
}

static void key_ids(void **state)
{
	struct made m = maker_cert(&(struct recipe){ 0 }, NULL);
	struct id subj = { ID_KEY_ID, bytes_of(m.cert->subj, KEYID_SIZE) };
	struct id spki = { ID_KEY_ID, bytes_of(m.cert->key_id, KEYID_SIZE) }, other = id_of("keyid:#0123");

	(void)state;
	assert_true(cert_has_id(m.cert, &subj) && cert_has_id(m.cert, &spki) && !cert_has_id(m.cert, &other));
	cert_unref(m.cert);
}

static void not_confirmed(void **state)
{
	struct made m = maker_cert(&(struct recipe){ 0 }, NULL);
	struct id id = id_of("sun.example.org");

	(void)state;
	assert_false(cert_confirms(m.cert, &id, &arena, &why));
	assert_string_equal(why_line(&why, &arena),
		"the certificate of CN=moon is not about the identity sun.example.org; offered: CN=moon | "
		"moon.example.org | 192.0.2.1; configured: sun.example.org; instead: an identity that the "
		"certificate "
		"has (id = CN=moon), or a certificate with the subjectAltName sun.example.org");
	cert_unref(m.cert);
}

static void without_subject(void **state)
{
	struct made m = maker_cert(&(struct recipe){ .subject = "" }, NULL);
	struct made bare = maker_cert(
		&(struct recipe){ .subject = "", .serial = 255, .extensions = "subjectAltName=" }, NULL);

	(void)state;
	assert_string_equal(cert_name(m.cert, &arena), "moon.example.org");
	assert_int_equal(cert_main_id(m.cert)->type, ID_FQDN);
	assert_string_equal(cert_name(bare.cert, &arena), "serial ff");
	cert_unref(m.cert);
	cert_unref(bare.cert);
}

static void no_certs(void **state)
{
	static const uint8_t huge[CERT_MAX + 1];
	struct made m = maker_cert(&(struct recipe){ 0 }, NULL);
	struct bytes der = m.cert->der;
	struct cert *c;

	(void)state;
	assert_int_equal(cert_read(bytes_of(huge, sizeof huge), &arena, &c, &why), ERR_RANGE);
	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(cert_read(bytes_of(der.p, n), &arena, &c, &why), ERR_SYNTAX);
	der = arena_bytes(&arena, bytes_of(huge, der.n + 1));
	memcpy((uint8_t *)der.p, m.cert->der.p, m.cert->der.n);
	assert_int_equal(cert_read(der, &arena, &c, &why), ERR_SYNTAX);
	cert_unref(m.cert);
}

static void many_sans(void **state)
{
	struct text t = text_in(&arena), more;
	struct made m;

	(void)state;
	text_add(&t, "subjectAltName=DNS:a0");
	for (unsigned i = 1; i < CERT_SANS_MAX; i++)
		text_add(&t, ",DNS:a%u", i);
	m = maker_cert(&(struct recipe){ .extensions = text_str(&t) }, NULL);
	assert_int_equal(m.cert->n_sans, CERT_SANS_MAX);
	cert_unref(m.cert);
	more = t;
	text_add(&more, ",DNS:last");
	assert_null(
		maker_cert(&(struct recipe){ .extensions = text_str(&more), .refused = true }, NULL).cert);
}

/* A store with two CAs and certificates of both. */

static struct store store;
static struct made root, other, mid, moon, sun, late;
static const char here[] = "test";

static void add_cert(enum stored_kind kind, const struct made *m)
{
	assert_int_equal(store_add_cert(&store, kind, m->cert, STORED_BY_FILE, here), ERR_OK);
}

static void add_key(unsigned number)
{
	struct key *k = maker_key("P-256", number, true);

	assert_int_equal(store_add_key(&store, k, STORED_BY_FILE, here), ERR_OK);
	key_unref(k);
}

static int fill(void **state)
{
	(void)state;
	store_init(&store);
	root = maker_cert(
		&(struct recipe){ .subject = "CN=root", .extensions = "CA", .key_number = 1 }, NULL);
	other = maker_cert(
		&(struct recipe){ .subject = "CN=other", .extensions = "CA", .key_number = 2 }, NULL);
	mid = maker_cert(&(struct recipe){ .subject = "CN=mid", .extensions = "CA", .key_number = 3 }, &root);
	moon = maker_cert(&(struct recipe){ .key_number = 4 }, &mid);
	late = maker_cert(&(struct recipe){ .key_number = 5, .from = -1 }, &mid);
	sun = maker_cert(&(struct recipe){ .key_number = 6, .from = -90, .to = -1 }, &other);
	add_cert(STORED_CA, &root);
	add_cert(STORED_CA, &other);
	add_cert(STORED_CERT, &mid);
	add_cert(STORED_CERT, &moon);
	add_cert(STORED_CERT, &late);
	add_cert(STORED_CERT, &sun);
	return 0;
}

static int empty(void **state)
{
	const struct made *const all[] = { &root, &other, &mid, &moon, &sun, &late };

	(void)state;
	store_free(&store);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		cert_unref(all[i]->cert);
	arena_free(&arena);
	why = (struct why){ 0 };
	return 0;
}

static struct cert *own_by(const char *id, struct cert_wish wish)
{
	struct id wanted = id_of(id);

	return store_own(&store, NULL, 0, &wanted, &wish, MAKER_NOW, &arena, &why);
}

static struct cert *own(const char *id, struct bytes certreq)
{
	return own_by(id, (struct cert_wish){ .certreq = certreq });
}

static void which_to_show(void **state)
{
	struct cert *certs[] = { moon.cert };
	struct id any = id_of("%any");
	struct bytes none = { 0 }, of_other = bytes_of(other.cert->key_id, KEYID_SIZE);
	struct bytes of_root = bytes_of(root.cert->key_id, KEYID_SIZE);

	(void)state;
	assert_null(own("moon.example.org", none));
	assert_string_equal(
		why.what, "there is no certificate with a private key for the identity moon.example.org");
	add_key(4);
	assert_ptr_equal(own("moon.example.org", none), moon.cert);
	add_key(5);
	assert_ptr_equal(own("moon.example.org", none), late.cert);
	add_key(6);
	assert_ptr_equal(own("moon.example.org", of_other), sun.cert);
	assert_ptr_equal(own("moon.example.org", of_root), late.cert);
	assert_ptr_equal(store_own(&store, certs, 1, &any, &(struct cert_wish){ 0 }, MAKER_NOW, &arena, &why),
		moon.cert);
	assert_null(own("mars.example.org", none));
	assert_non_null(strstr(why.what, "is not about the identity mars.example.org"));
}

/* Of two, the one with whose key the peer takes signatures, were it of another authority. */
static void which_the_peer_can_check(void **state)
{
	struct made another = maker_cert(&(struct recipe){ .key = "ED25519", .key_number = 7 }, &other);
	struct key *k = maker_key("ED25519", 7, true);
	struct bytes of_root = bytes_of(root.cert->key_id, KEYID_SIZE);

	(void)state;
	add_cert(STORED_CERT, &another);
	assert_int_equal(store_add_key(&store, k, STORED_BY_FILE, here), ERR_OK);
	add_key(4);
	assert_ptr_equal(own("moon.example.org", of_root), moon.cert);
	assert_ptr_equal(
		own_by("moon.example.org", (struct cert_wish){ of_root, 1u << KEY_ED25519 }), another.cert);
	assert_ptr_equal(
		own_by("moon.example.org", (struct cert_wish){ of_root, 1u << KEY_ED448 }), moon.cert);
	key_unref(k);
	cert_unref(another.cert);
}

static void named_without_key(void **state)
{
	struct cert *certs[] = { moon.cert };
	struct id any = id_of("%any");

	(void)state;
	assert_null(store_own(&store, certs, 1, &any, &(struct cert_wish){ 0 }, MAKER_NOW, &arena, &why));
	assert_string_equal(why.what, "there is no private key for the certificate of CN=moon");
}

static void issuers_and_chains(void **state)
{
	struct cert *chain[CHAIN_MAX], *sent[] = { mid.cert };

	(void)state;
	assert_ptr_equal(store_issuer(&store, moon.cert, NULL, 0), mid.cert);
	assert_ptr_equal(store_issuer(&store, mid.cert, NULL, 0), root.cert);
	assert_null(store_issuer(&store, root.cert, NULL, 0));
	assert_int_equal(store_chain(&store, moon.cert, chain), 1);
	assert_ptr_equal(chain[0], mid.cert);
	assert_int_equal(store_chain(&store, sun.cert, chain), 0);
	store_drop(&store, STORED_BY_FILE, here);
	assert_null(store_issuer(&store, moon.cert, NULL, 0));
	assert_ptr_equal(store_issuer(&store, moon.cert, sent, 1), mid.cert);
}

static void an_issuer_that_was_found_is_no_other_one(void **state)
{
	struct made impostor =
		maker_cert(&(struct recipe){ .subject = "CN=mid",
				   .extensions = "CA|subjectKeyIdentifier|authorityKeyIdentifier",
				   .key_number = 9 },
			&root);
	struct cert *other[] = { impostor.cert }, *right[] = { mid.cert };

	(void)state;
	store_drop(&store, STORED_BY_FILE, here);
	assert_null(store_issuer(&store, moon.cert, other, 1));
	assert_ptr_equal(store_issuer(&store, moon.cert, right, 1), mid.cert);
	assert_memory_equal(moon.cert->issued_by, mid.cert->fingerprint, FINGERPRINT_SIZE);
	assert_ptr_equal(store_issuer(&store, moon.cert, right, 1), mid.cert);
	assert_null(store_issuer(&store, moon.cert, other, 1));
	cert_unref(impostor.cert);
}

static void what_is_in_the_store_is_not_read_again(void **state)
{
	struct cert *c;

	(void)state;
	assert_int_equal(store_read(&store, moon.cert->der, &arena, &c, &why), ERR_OK);
	assert_ptr_equal(c, moon.cert);
	cert_unref(c);
	store_drop(&store, STORED_BY_FILE, here);
	assert_int_equal(store_read(&store, moon.cert->der, &arena, &c, &why), ERR_OK);
	assert_ptr_not_equal(c, moon.cert);
	assert_true(cert_eq(c, moon.cert));
	cert_unref(c);
	assert_int_equal(store_read(&store, bytes_of(moon.cert->der.p, 9), &arena, &c, &why), ERR_SYNTAX);
}

/* The certificate of the key I, as a peer shows it. */
static struct cert *shown(unsigned i)
{
	struct made m = maker_cert(
		&(struct recipe){ .subject = "CN=peer", .extensions = "", .key_number = i }, &root);

	return m.cert;
}

static struct cert *read_shown(const struct cert *c)
{
	struct cert *out;

	assert_int_equal(store_read(&store, c->der, &arena, &out, &why), ERR_OK);
	assert_true(cert_eq(out, c));
	return out;
}

static void what_was_read_a_moment_ago_is_not_read_again(void **state)
{
	struct cert *peer = shown(1), *first = read_shown(peer), *again = read_shown(peer);

	(void)state;
	assert_ptr_equal(again, first);
	assert_ptr_not_equal(again, peer);
	cert_unref(again);
	cert_unref(first);
	cert_unref(peer);
}

/* The one that is shown between all others stays. */
static void who_was_not_seen_for_long_makes_room_among_what_was_read(void **state)
{
	struct cert *old = shown(1), *often = shown(2), *first = read_shown(old), *kept = read_shown(often);

	(void)state;
	for (unsigned i = 0; i < RECENT_MAX; i++) {
		struct cert *other = shown(3), *c = read_shown(other);

		cert_unref(c);
		cert_unref(other);
		c = read_shown(often);
		assert_ptr_equal(c, kept);
		cert_unref(c);
	}
	assert_int_equal(store.recent.n, RECENT_MAX);
	cert_unref(kept);
	kept = read_shown(old);
	assert_ptr_not_equal(kept, first);
	cert_unref(kept);
	cert_unref(first);
	cert_unref(often);
	cert_unref(old);
}

static void what_is_large_is_not_kept_for_the_next_time(void **state)
{
	char name[RECENT_OCTETS + 64] = "subjectAltName=DNS:";
	struct cert *peer, *first, *again;
	struct made m;

	(void)state;
	memset(name + strlen(name), 'a', RECENT_OCTETS);
	m = maker_cert(&(struct recipe){ .subject = "CN=peer", .extensions = name, .key_number = 1 }, &root);
	peer = m.cert;
	first = read_shown(peer);
	again = read_shown(peer);
	assert_ptr_not_equal(again, first);
	assert_int_equal(store.recent.n, 0);
	cert_unref(again);
	cert_unref(first);
	cert_unref(peer);
}

static void the_identifiers_are_those_of_the_octets_in_the_certificate(void **state)
{
	(void)state;
	assert_memory_equal(moon.cert->key->id, moon.cert->key_id, KEYID_SIZE);
	assert_memory_equal(moon.cert->key->subj, moon.cert->subj, KEYID_SIZE);
}

static void what_is_asked_for(void **state)
{
	struct cert *cas[] = { mid.cert };
	struct bytes all = store_certreq(&store, NULL, 0, &arena),
		     one = store_certreq(&store, cas, 1, &arena);

	(void)state;
	assert_int_equal(all.n, 2 * KEYID_SIZE);
	assert_memory_equal(all.p, root.cert->key_id, KEYID_SIZE);
	assert_memory_equal(all.p + KEYID_SIZE, other.cert->key_id, KEYID_SIZE);
	assert_true(bytes_eq(one, bytes_of(mid.cert->key_id, KEYID_SIZE)));
}

static void in_and_out(void **state)
{
	(void)state;
	add_key(4);
	assert_non_null(store_key(&store, moon.cert->key_id));
	assert_null(store_key(&store, sun.cert->key_id));
	assert_int_equal(store_add_cert(&store, STORED_CA, root.cert, STORED_BY_FILE, here), ERR_EXISTS);
	assert_int_equal(store_add_cert(&store, STORED_CA, root.cert, STORED_BY_VICI, here), ERR_OK);
	assert_int_equal(store_add_cert(&store, STORED_CA, root.cert, STORED_BY_VICI, "more"), ERR_OK);
	assert_int_equal(store_drop(&store, STORED_BY_VICI, "more"), 1);
	assert_int_equal(store_drop(&store, STORED_BY_VICI, NULL), 1);
	assert_int_equal(store_drop(&store, STORED_BY_FILE, here), 7);
	assert_int_equal(store.n, 0);
	assert_null(store_key(&store, moon.cert->key_id));
}

static void bounded(void **state)
{
	struct key *k = maker_key("P-256", 4, true);
	unsigned n = store.n;

	(void)state;
	store.n = STORE_MAX;
	assert_int_equal(store_add_key(&store, k, STORED_BY_VICI, "one more"), ERR_RANGE);
	store.n = n;
	key_unref(k);
}

static int clean(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(fields, clean),
		cmocka_unit_test_teardown(about_whom, clean),
		cmocka_unit_test_teardown(claimed_by_whom, clean),
		cmocka_unit_test_teardown(key_ids, clean),
		cmocka_unit_test_teardown(not_confirmed, clean),
		cmocka_unit_test_teardown(without_subject, clean),
		cmocka_unit_test_teardown(no_certs, clean),
		cmocka_unit_test_teardown(many_sans, clean),
		cmocka_unit_test_setup_teardown(which_to_show, fill, empty),
		cmocka_unit_test_setup_teardown(which_the_peer_can_check, fill, empty),
		cmocka_unit_test_setup_teardown(named_without_key, fill, empty),
		cmocka_unit_test_setup_teardown(issuers_and_chains, fill, empty),
		cmocka_unit_test_setup_teardown(an_issuer_that_was_found_is_no_other_one, fill, empty),
		cmocka_unit_test_setup_teardown(what_is_in_the_store_is_not_read_again, fill, empty),
		cmocka_unit_test_setup_teardown(what_was_read_a_moment_ago_is_not_read_again, fill, empty),
		cmocka_unit_test_setup_teardown(
			who_was_not_seen_for_long_makes_room_among_what_was_read, fill, empty),
		cmocka_unit_test_setup_teardown(what_is_large_is_not_kept_for_the_next_time, fill, empty),
		cmocka_unit_test_setup_teardown(
			the_identifiers_are_those_of_the_octets_in_the_certificate, fill, empty),
		cmocka_unit_test_setup_teardown(what_is_asked_for, fill, empty),
		cmocka_unit_test_setup_teardown(in_and_out, fill, empty),
		cmocka_unit_test_setup_teardown(bounded, fill, empty),
	};

	return cmocka_run_group_tests(tests, NULL, maker_teardown);
}
