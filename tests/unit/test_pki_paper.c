/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written down of certificates, CRLs and keys is what they say, and nothing that is written otherwise
 * is taken. */
#include "unit.h"

#include "pki/paper.h"
#include "pki/store.h"
#include "pki_maker.h"

enum { ROOM = 64 * 1024 };

static struct arena arena;
static struct why why;

static struct bundle taken(struct bytes paper)
{
	struct rd r = rd_of(paper);
	struct bundle b;

	assert_int_equal(paper_take(&r, &arena, &b, &why), ERR_OK);
	assert_int_equal(r.n, 0);
	return b;
}

static struct bundle there_and_back(struct bytes data, enum paper_of what)
{
	struct bytes paper = paper_of(data, what, ROOM, &arena);

	assert_true(paper.n);
	return taken(paper);
}

static void same_uris(const struct uris *a, const struct uris *b)
{
	assert_int_equal(a->n, b->n);
	for (unsigned i = 0; i < a->n; i++)
		assert_string_equal(a->v[i], b->v[i]);
}

static void same_key(const struct key *a, const struct key *b)
{
	assert_true(key_eq(a, b));
	assert_true(bytes_eq(a->spki, b->spki));
	assert_memory_equal(a->subj, b->subj, KEYID_SIZE);
	assert_true(a->type == b->type && a->bits == b->bits && a->pss_only == b->pss_only);
	assert_string_equal(key_print(a, &arena), key_print(b, &arena));
	assert_null(a->pkey);
}

static void same_cert(const struct cert *a, const struct cert *b)
{
	assert_null(a->x509);
	assert_true(cert_eq(a, b));
	assert_true(id_eq(&a->subject, &b->subject) && id_eq(&a->issuer, &b->issuer));
	assert_int_equal(a->n_sans, b->n_sans);
	for (unsigned i = 0; i < a->n_sans; i++)
		assert_true(id_eq(&a->sans[i], &b->sans[i]));
	assert_true(!a->key == !b->key);
	if (a->key)
		same_key(a->key, b->key);
	else
		assert_string_equal(a->no_key, b->no_key);
	assert_true(bytes_eq(a->serial, b->serial));
	assert_true(a->not_before == b->not_before && a->not_after == b->not_after);
	assert_memory_equal(a->fingerprint, b->fingerprint, FINGERPRINT_SIZE);
	assert_memory_equal(a->sha1, b->sha1, KEYID_SIZE);
	assert_memory_equal(a->key_id, b->key_id, KEYID_SIZE);
	assert_memory_equal(a->subj, b->subj, KEYID_SIZE);
	assert_true(bytes_eq(a->subject_key_id, b->subject_key_id));
	assert_true(bytes_eq(a->authority_key_id, b->authority_key_id));
	assert_true(a->eku == b->eku && a->ca == b->ca && a->path_len == b->path_len);
	assert_int_equal(a->self_signed, b->self_signed);
	same_uris(&a->crls, &b->crls);
	same_uris(&a->ocsps, &b->ocsps);
}

/* Of a root, and of one with all that there can be in it. */
static struct made root, moon;

static int set_up(void **state)
{
	(void)state;
	root = maker_cert(&(struct recipe){ .subject = "CN=root",
				  .extensions = "CA|basicConstraints=CA:TRUE,pathlen:3",
				  .key_number = 1 },
		NULL);
	moon = maker_cert(
		&(struct recipe){ .subject = "C=DE, O=Example, CN=moon",
			.key = "P-256",
			.extensions =
				"subjectAltName=DNS:moon.example.org,email:moon@example.org,IP:192.0.2.1,"
				"IP:2001:db8::1|extendedKeyUsage=serverAuth|"
				"crlDistributionPoints=URI:http://crl.example.org/a|"
				"authorityInfoAccess=OCSP;URI:http://ocsp.example.org" },
		&root);
	return 0;
}

static int tear_down(void **state)
{
	cert_unref(root.cert);
	cert_unref(moon.cert);
	arena_free(&arena);
	return maker_teardown(state);
}

static void a_certificate_says_the_same(void **state)
{
	const struct cert *const all[] = { root.cert, moon.cert };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bundle b = there_and_back(maker_pem(all[i], &arena), PAPER_CERTS_ONLY);

		assert_int_equal(b.n_certs, 1);
		same_cert(b.certs[0], all[i]);
		bundle_free(&b);
	}
}

static void a_certificate_whose_key_is_of_no_use_says_why(void **state)
{
	struct made weak = maker_cert(&(struct recipe){ .subject = "CN=weak", .key = "P-256K" }, &root);
	struct bundle b = there_and_back(weak.cert->der, PAPER_CERTS_ONLY);

	(void)state;
	assert_null(weak.cert->key);
	same_cert(b.certs[0], weak.cert);
	bundle_free(&b);
	cert_unref(weak.cert);
}

static void a_crl_says_the_same(void **state)
{
	const struct cert *revoked[] = { moon.cert };
	struct bytes der = maker_crl(&root, revoked, 1, -1, 1, false, &arena);
	struct bundle b = there_and_back(der, PAPER_CERTS_ONLY);
	struct crl *crl;

	(void)state;
	assert_int_equal(crl_read(der, &arena, &crl, &why), ERR_OK);
	assert_int_equal(b.n_crls, 1);
	assert_null(b.crls[0]->x509);
	assert_true(bytes_eq(b.crls[0]->der, crl->der) && bytes_eq(b.crls[0]->number, crl->number));
	assert_true(id_eq(&b.crls[0]->issuer, &crl->issuer));
	assert_true(b.crls[0]->this_update == crl->this_update && b.crls[0]->next_update == crl->next_update);
	assert_true(b.crls[0]->n_revoked == crl->n_revoked && b.crls[0]->delta == crl->delta);
	crl_unref(crl);
	bundle_free(&b);
}

static void a_public_key_says_the_same(void **state)
{
	static const char *const kinds[] = { "RSA-2048", "P-256", "ED25519" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct key *k = maker_key(kinds[i], 1, false);
		struct bundle b = there_and_back(k->spki, PAPER_KEY);

		assert_int_equal(b.n_certs + b.n_crls, 0);
		same_key(b.key, k);
		bundle_free(&b);
		key_unref(k);
	}
}

/* In the words of who has read it. */
static void what_cannot_be_read_says_why(void **state)
{
	struct rd r = rd_of(paper_of(bytes_str("what is this?"), PAPER_CERTS_ONLY, ROOM, &arena));
	struct bundle b;

	(void)state;
	assert_int_equal(paper_take(&r, &arena, &b, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.what, "this is no certificate, CRL, private key"));
	r = rd_of(paper_of(maker_key_pem("P-256", 1, NULL, &arena), PAPER_CERTS_ONLY, ROOM, &arena));
	assert_int_equal(paper_take(&r, &arena, &b, &why), ERR_DENIED);
	assert_string_equal(why.what, "there is a private key in it, where none belongs");
	r = rd_of(paper_of(moon.cert->der, PAPER_CERTS_ONLY, PAPER_MIN / 8, &arena));
	assert_int_equal(paper_take(&r, &arena, &b, &why), ERR_RANGE);
	assert_non_null(strstr(why.what, "more in it than fits"));
	assert_int_equal(b.n_certs, 0);
}

/* However much it might be. Nothing is as much longer here than in DER as short names. */
static void a_paper_takes_no_more_room_than_it_may_need(void **state)
{
	enum { MANY = 200 };
	struct text t = text_in(&arena);
	struct made names;
	struct bundle b = { .n_certs = 1 };
	size_t before;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		text_add(&t, "%sDNS:a", i ? "," : "subjectAltName=");
	names = maker_cert(&(struct recipe){ .subject = "CN=many", .extensions = text_str(&t) }, &root);
	assert_int_equal(names.cert->n_sans, MANY);
	b.certs = &names.cert;
	before = arena.taken;
	assert_true(paper_of_bundle(&b, BUNDLE_MAX, &arena).n);
	assert_true(arena.taken - before < 64 * names.cert->der.n);
	cert_unref(names.cert);
}

static void a_private_key_is_not_written_down(void **state)
{
	struct text t = text_in(&arena);
	struct bytes pem = maker_pem(moon.cert, &arena), key = maker_key_pem("P-256", 1, NULL, &arena);
	struct bundle b;

	(void)state;
	text_put(&t, pem.p, pem.n);
	text_put(&t, key.p, key.n);
	assert_false(paper_is_read(paper_of(bytes_of(t.s, t.n), PAPER_CERTS_ONLY, ROOM, &arena)));
	assert_true(paper_is_read(paper_of(bytes_of(t.s, t.n), PAPER_CERTS, ROOM, &arena)));
	b = there_and_back(bytes_of(t.s, t.n), PAPER_CERTS);
	assert_int_equal(b.n_certs, 1);
	assert_null(b.key);
	bundle_free(&b);
}

/* Cut off, or with an octet changed, it is refused, or says something within bounds. */
static void no_other_octets_are_taken(void **state)
{
	struct bytes paper = paper_of(moon.cert->der, PAPER_CERTS_ONLY, ROOM, &arena);
	uint8_t *changed = arena_alloc(&arena, paper.n);
	struct bundle b;
	struct rd r;

	(void)state;
	for (size_t n = 0; n < paper.n; n++) {
		r = rd_of(bytes_of(paper.p, n));
		assert_int_equal(paper_take(&r, &arena, &b, &why), ERR_SYNTAX);
		assert_non_null(why.what);
	}
	for (size_t n = 0; n < paper.n; n++) {
		memcpy(changed, paper.p, paper.n);
		changed[n] ^= 0xff;
		r = rd_of(bytes_of(changed, paper.n));
		if (paper_take(&r, &arena, &b, &why))
			continue;
		assert_true(b.n_certs == 1 && b.certs[0]->n_sans <= CERT_SANS_MAX);
		assert_non_null(cert_names(b.certs[0], &arena));
		if (b.certs[0]->key)
			assert_non_null(key_print(b.certs[0]->key, &arena));
		bundle_free(&b);
	}
}

/* By names and identifiers, since nobody can check a signature. */
static void the_chain_to_show_is_found(void **state)
{
	struct bundle ca = there_and_back(root.cert->der, PAPER_CERTS_ONLY),
		      leaf = there_and_back(moon.cert->der, PAPER_CERTS_ONLY);
	struct made other = maker_cert(
		&(struct recipe){ .subject = "CN=root", .extensions = "CA", .key_number = 2 }, NULL);
	struct bundle namesake = there_and_back(other.cert->der, PAPER_CERTS_ONLY);
	struct store s;

	(void)state;
	store_init(&s);
	assert_int_equal(store_add_cert(&s, STORED_CA, namesake.certs[0], STORED_BY_VICI, "x"), ERR_OK);
	assert_null(store_issuer(&s, leaf.certs[0], NULL, 0));
	assert_int_equal(store_add_cert(&s, STORED_CA, ca.certs[0], STORED_BY_VICI, "x"), ERR_OK);
	assert_ptr_equal(store_issuer(&s, leaf.certs[0], NULL, 0), ca.certs[0]);
	assert_ptr_equal(store_issuer(&s, moon.cert, NULL, 0), ca.certs[0]);
	store_free(&s);
	bundle_free(&ca);
	bundle_free(&leaf);
	bundle_free(&namesake);
	cert_unref(other.cert);
}

/* It has no identifiers: CAs of small tools have none. */
static void a_signature_says_more_than_a_name(void **state)
{
	struct made old = maker_cert(
		&(struct recipe){ .subject = "CN=root", .extensions = "CA", .key_number = 2 }, NULL);
	struct bundle namesake = there_and_back(old.cert->der, PAPER_CERTS_ONLY);
	struct store s;

	(void)state;
	namesake.certs[0]->subject_key_id.n = 0;
	store_init(&s);
	assert_int_equal(store_add_cert(&s, STORED_CA, namesake.certs[0], STORED_BY_VICI, "x"), ERR_OK);
	assert_ptr_equal(store_issuer(&s, moon.cert, NULL, 0), namesake.certs[0]);
	assert_int_equal(store_add_cert(&s, STORED_CA, root.cert, STORED_BY_FILE, "y"), ERR_OK);
	assert_ptr_equal(store_issuer(&s, moon.cert, NULL, 0), root.cert);
	store_free(&s);
	bundle_free(&namesake);
	cert_unref(old.cert);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_says_the_same),
		cmocka_unit_test(a_certificate_whose_key_is_of_no_use_says_why),
		cmocka_unit_test(a_crl_says_the_same),
		cmocka_unit_test(a_public_key_says_the_same),
		cmocka_unit_test(what_cannot_be_read_says_why),
		cmocka_unit_test(a_paper_takes_no_more_room_than_it_may_need),
		cmocka_unit_test(a_private_key_is_not_written_down),
		cmocka_unit_test(no_other_octets_are_taken),
		cmocka_unit_test(the_chain_to_show_is_found),
		cmocka_unit_test(a_signature_says_more_than_a_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
