/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding things: keys, issuers, the certificate to show. */
#include "pki/ossl.h"
#include "pki/store.h"

#include <openssl/x509v3.h>

struct key *store_key(const struct store *s, const uint8_t id[KEYID_SIZE])
{
	list_each (n, &s->all) {
		struct stored *e = store_at(n);

		if (e->kind == STORED_KEY && !memcmp(e->key->id, id, KEYID_SIZE))
			return e->key;
	}
	return NULL;
}

/* A signature is looked at once: our own certificates are asked about with every IKE_AUTH. */
static bool has_issued(const struct cert *ca, const struct cert *c)
{
	bool is = !memcmp(c->issued_by, ca->fingerprint, FINGERPRINT_SIZE);

	if (is || X509_check_issued(ca->x509, c->x509) != X509_V_OK)
		return is;
	is = X509_verify(c->x509, ca->key->pkey) == 1;
	if (is)
		memcpy(c->issued_by, ca->fingerprint, FINGERPRINT_SIZE);
	ossl_forget();
	return is;
}

/* As far as names and identifiers say: where one was read elsewhere (paper.h) no signature can be checked. It
 * is only a chain to show: who it is shown to judges it. */
static bool says_issued(const struct cert *ca, const struct cert *c)
{
	return ca->ca && id_eq(&ca->subject, &c->issuer) &&
	       (!c->authority_key_id.n || !ca->subject_key_id.n ||
		       bytes_eq(c->authority_key_id, ca->subject_key_id));
}

/* Whether it is by their signature that one has issued the other, and not by what they say. */
static bool is_checked(const struct cert *ca, const struct cert *c)
{
	return ca->x509 && c->x509;
}

static bool issued(const struct cert *ca, const struct cert *c)
{
	if (!ca->key)
		return false;
	return is_checked(ca, c) ? has_issued(ca, c) : says_issued(ca, c);
}

/* A CA that has another key now has the name that it had: one whose signature is right comes first. */
struct cert *store_issuer(
	const struct store *s, const struct cert *c, struct cert *const *untrusted, unsigned n)
{
	struct cert *namesake = NULL;

	if (c->self_signed)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		if (issued(untrusted[i], c))
			return untrusted[i];
	list_each (node, &s->all) {
		struct stored *e = store_at(node);

		if ((e->kind != STORED_CA && e->kind != STORED_CERT) || !issued(e->cert, c))
			continue;
		if (is_checked(e->cert, c))
			return e->cert;
		if (!namesake)
			namesake = e->cert;
	}
	return namesake;
}

bool store_is_about(const struct stored *e, const struct cert *ca)
{
	return e->kind == STORED_AUTHORITY && e->authority.cacert && cert_eq(e->authority.cacert, ca);
}

const char *store_uri_base(const struct store *s, const struct cert *ca)
{
	list_each (n, &s->all)
		if (store_is_about(store_at(n), ca) && store_at(n)->authority.cert_uri_base)
			return store_at(n)->authority.cert_uri_base;
	return NULL;
}

struct cert *store_by_hash(const struct store *s, struct bytes sha1)
{
	list_each (n, &s->all) {
		const struct stored *e = store_at(n);

		if ((e->kind == STORED_CERT || e->kind == STORED_CA) &&
			bytes_eq(sha1, bytes_of(e->cert->sha1, KEYID_SIZE)))
			return e->cert;
	}
	return NULL;
}

enum err store_read(
	struct store *s, struct bytes der, struct arena *arena, struct cert **out, struct why *why)
{
	struct cert *known = NULL;
	enum err e = ERR_OK;

	list_each (n, &s->all) {
		const struct stored *e = store_at(n);

		if (e->cert && bytes_eq(e->cert->der, der)) {
			known = e->cert;
			break;
		}
	}
	if (!known)
		known = recent_find(&s->recent, der);
	if (known) {
		*out = cert_ref(known);
		return ERR_OK;
	}
	e = cert_read(der, arena, out, why);
	if (!e)
		recent_add(&s->recent, *out);
	return e;
}

unsigned store_chain(const struct store *s, const struct cert *leaf, struct cert *out[CHAIN_MAX])
{
	struct cert *c = store_issuer(s, leaf, NULL, 0);
	unsigned n = 0;

	while (c && !c->self_signed && n < CHAIN_MAX) {
		out[n++] = c;
		c = store_issuer(s, c, NULL, 0);
	}
	return n;
}

struct bytes store_certreq(const struct store *s, struct cert *const *cas, unsigned n, struct arena *arena)
{
	struct text t = text_in(arena);

	for (unsigned i = 0; i < n; i++)
		text_put(&t, cas[i]->key_id, KEYID_SIZE);
	if (!n)
		list_each (node, &s->all)
			if (store_at(node)->kind == STORED_CA)
				text_put(&t, store_at(node)->cert->key_id, KEYID_SIZE);
	return bytes_of(t.s, t.n);
}

static bool asked_for(struct bytes certreq, const struct cert *ca)
{
	for (size_t i = 0; i + KEYID_SIZE <= certreq.n; i += KEYID_SIZE)
		if (!memcmp(certreq.p + i, ca->key_id, KEYID_SIZE))
			return true;
	return false;
}

/* Whether the chain of C comes by a CA of CERTREQ. */
static bool leads_to(const struct store *s, struct cert *c, struct bytes certreq)
{
	for (unsigned i = 0; c && i < CHAIN_MAX; i++) {
		if (asked_for(certreq, c))
			return true;
		c = store_issuer(s, c, NULL, 0);
	}
	return false;
}

/* A search for the certificate to show. */
struct search {
	const struct store *store;
	const struct id *id;
	const struct cert_wish *wish;
	int64_t now;
	struct cert *best;
	unsigned rank;                     /* of the best */
	const struct cert *other, *no_key; /* met on the way: about somebody else, without its key */
};

static void consider(struct search *q, struct cert *c)
{
	const struct key *key = store_key(q->store, c->key_id);
	unsigned rank = 1;

	if (!key) {
		q->no_key = c;
		return;
	}
	if (!cert_has_id(c, q->id)) {
		q->other = c;
		return;
	}
	if (q->wish->keys & 1u << key->type)
		rank += 8;
	if (q->wish->certreq.n && leads_to(q->store, c, q->wish->certreq))
		rank += 4;
	if (c->not_before <= q->now && q->now <= c->not_after)
		rank += 2;
	if (rank > q->rank || (rank == q->rank && c->not_before > q->best->not_before)) {
		q->best = c;
		q->rank = rank;
	}
}

static void none(const struct search *q, bool named, struct arena *arena, struct why *why)
{
	if (q->other && !cert_confirms(q->other, q->id, arena, why))
		return;
	why->configured = id_print(q->id, arena);
	if (q->no_key && named && q->no_key->no_key) {
		why->what = arena_printf(arena, "the key of the certificate %s cannot be used: %s",
			cert_name(q->no_key, arena), q->no_key->no_key);
		why->instead =
			"a certificate for an RSA key of 3072 bits, an ECDSA key on P-256, or an Ed25519 key";
		return;
	}
	if (q->no_key && named) {
		why->what = arena_printf(arena, "there is no private key for the certificate of %s",
			cert_name(q->no_key, arena));
		why->instead = "its key, in the folder private (PEM or DER)";
		return;
	}
	why->what = arena_printf(arena, "there is no certificate with a private key for the identity %s",
		id_print(q->id, arena));
	why->instead = "certs = the file of one (in the folder x509), and its key in the folder private";
}

struct cert *store_own(const struct store *s, struct cert *const *candidates, unsigned n, const struct id *id,
	const struct cert_wish *wish, int64_t now, struct arena *arena, struct why *why)
{
	struct search q = { .store = s, .id = id, .wish = wish, .now = now };

	for (unsigned i = 0; i < n; i++)
		consider(&q, candidates[i]);
	if (!n)
		list_each (node, &s->all)
			if (store_at(node)->kind == STORED_CERT)
				consider(&q, store_at(node)->cert);
	if (!q.best)
		none(&q, n > 0, arena, why);
	return q.best;
}
