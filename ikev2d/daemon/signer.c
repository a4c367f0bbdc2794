/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which key, which scheme, which certificates. */
#include "daemon/signer.h"

#include "pki/sign.h"

/* The peer's list (RFC 7427, 4) as bits. */
static uint32_t hashes_of(struct bytes list)
{
	uint32_t set = 0;

	for (size_t i = 0; i + 1 < list.n; i += 2)
		if (!list.p[i] && list.p[i + 1] < HASH_IDS)
			set |= HASH_BIT(list.p[i + 1]);
	return set;
}

/* The types of keys with which the peer takes signatures, bits by enum key_type; 0: any. */
static uint32_t keys_announced(struct bytes methods)
{
	struct announced a = announce_get(methods);
	uint32_t set = 0;

	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (a.schemes & SCHEME_BIT(s))
			set |= 1u << s->key;
	return set;
}

static enum err choose(const struct key *key, const struct ike_question *q, struct arena *arena,
	struct signing *by, struct ike_answer *out)
{
	struct sign_policy policy = { .constraints = creds_constraints(q->auth, arena),
		.hashes = hashes_of(q->hashes),
		.peer = announce_get(q->methods) };
	const struct scheme *s = sign_choose(key, &policy, arena, &out->why);

	if (!s)
		return ERR_UNSUPPORTED;
	*by = (struct signing){ key, s };
	out->method = s->method;
	return ERR_OK;
}

/* C as it stands, or where it is (RFC 7296, 3.6) where the peer takes that. */
static struct wire_cert payload(
	const struct store *s, const struct ike_question *q, const struct cert *c, struct arena *arena)
{
	const struct cert *issuer = q->wants & WANTS_URL ? store_issuer(s, c, NULL, 0) : NULL;
	const char *base = issuer ? store_uri_base(s, issuer) : NULL;
	struct text t = text_in(arena);

	if (!base)
		return (struct wire_cert){ CERT_X509_SIGNATURE, arena_bytes(arena, c->der) };
	text_put(&t, c->sha1, KEYID_SIZE);
	text_add(&t, "%s%s", base, keyid_print(c->sha1, arena_alloc(arena, KEYID_TEXT)));
	return (struct wire_cert){ CERT_X509_URL, bytes_of(t.s, t.n) };
}

static bool may_send(const struct ike_question *q, enum ike_wants what)
{
	enum send_cert policy = q->peer->send_cert;

	return policy == SEND_CERT_ALWAYS || (policy == SEND_CERT_IF_ASKED && q->wants & what);
}

/* The certificate, and what leads from it to a root. */
static void add_certs(const struct creds *c, const struct ike_question *q, struct cert *own,
	struct arena *arena, struct ike_answer *out, struct cert_list *shown)
{
	struct cert *chain[CHAIN_MAX];
	unsigned n = store_chain(&c->store, own, chain);
	struct wire_cert *v;

	if (!may_send(q, WANTS_CERT))
		return;
	v = ARENA_ARRAY(arena, n + 1, struct wire_cert);
	shown->v = ARENA_ARRAY(arena, n + 1, struct cert *);
	for (unsigned i = 0; i <= n; i++) {
		shown->v[i] = cert_ref(i ? chain[i - 1] : own);
		v[i] = payload(&c->store, q, shown->v[i], arena);
	}
	shown->n = n + 1;
	out->certs = (struct ike_certs){ v, n + 1 };
}

/* The key itself, for a peer that wants to compare (RFC 7670). */
static void add_key(
	const struct ike_question *q, const struct key *key, struct arena *arena, struct ike_answer *out)
{
	struct wire_cert *v = ARENA_NEW(arena, struct wire_cert);

	if (!may_send(q, WANTS_RAW_KEY))
		return;
	*v = (struct wire_cert){ CERT_RAW_KEY, arena_bytes(arena, key->spki) };
	out->certs = (struct ike_certs){ v, 1 };
}

static enum err missing(
	const struct ike_question *q, const char *key, struct arena *arena, struct ike_answer *out)
{
	out->why.where = source_print(&q->auth->at, key, arena);
	return ERR_MISSING;
}

static enum err choose_key(const struct creds *c, const struct ike_question *q, struct arena *arena,
	struct signing *by, struct ike_answer *out)
{
	const struct key *key = pubkeys_own(&q->auth->pubkeys, &c->store, &out->why);

	if (key) {
		add_key(q, key, arena, out);
		return choose(key, q, arena, by, out);
	}
	return missing(q, "pubkeys", arena, out);
}

enum err signer_choose(const struct creds *c, const struct ike_question *q, int64_t now, struct arena *arena,
	struct signing *by, struct ike_answer *out, struct cert_list *shown)
{
	const struct auth_conf *a = q->auth;
	struct cert_list named = certs_of(&a->certs, &c->store, "x509", arena);
	struct cert_wish asked = { q->certreqs, keys_announced(q->methods) };
	struct cert *own;
	enum err e;

	*shown = (struct cert_list){ 0 };
	if (a->pubkeys.n && !a->certs.n)
		return choose_key(c, q, arena, by, out);
	own = store_own(&c->store, named.v, named.n, &q->local, &asked, now, arena, &out->why);
	if (own) {
		e = choose(store_key(&c->store, own->key_id), q, arena, by, out);
		add_certs(c, q, own, arena, out, shown);
	} else {
		e = missing(q, "certs", arena, out);
	}
	certs_free(&named);
	return e;
}
