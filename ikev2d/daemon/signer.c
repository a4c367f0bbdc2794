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

static enum err sign(
	const struct key *key, const struct ike_question *q, struct arena *arena, struct ike_answer *out)
{
	struct sign_policy policy = { .constraints = creds_constraints(&q->peer->local, arena),
		.hashes = hashes_of(q->hashes) };
	const struct scheme *s = sign_choose(key, &policy, arena, &out->why);

	if (!s)
		return ERR_UNSUPPORTED;
	out->method = s->method;
	return sign_octets(key, s, q->octets, arena, &out->proof, &out->why);
}

/* The certificate, and what leads from it to a root. */
static void add_certs(const struct creds *c, const struct ike_question *q, const struct cert *own,
	struct arena *arena, struct ike_answer *out)
{
	struct cert *chain[CHAIN_MAX];
	unsigned n = store_chain(&c->store, own, chain);
	struct wire_cert *v;

	if (q->peer->send_cert == SEND_CERT_NEVER ||
		(q->peer->send_cert == SEND_CERT_IF_ASKED && !q->certreq))
		return;
	v = ARENA_ARRAY(arena, n + 1, struct wire_cert);
	v[0] = (struct wire_cert){ CERT_X509_SIGNATURE, arena_bytes(arena, own->der) };
	for (unsigned i = 0; i < n; i++)
		v[i + 1] = (struct wire_cert){ CERT_X509_SIGNATURE, arena_bytes(arena, chain[i]->der) };
	out->certs = (struct ike_certs){ v, n + 1 };
}

static enum err missing(
	const struct ike_question *q, const char *key, struct arena *arena, struct ike_answer *out)
{
	out->why.where = source_print(&q->peer->local.at, key, arena);
	return ERR_MISSING;
}

static enum err prove_by_key(
	const struct creds *c, const struct ike_question *q, struct arena *arena, struct ike_answer *out)
{
	const struct key *key = pubkeys_own(&q->peer->local.pubkeys, &c->store, &out->why);

	if (key)
		return sign(key, q, arena, out);
	return missing(q, "pubkeys", arena, out);
}

enum err signer_prove(const struct creds *c, const struct ike_question *q, int64_t now, struct arena *arena,
	struct ike_answer *out)
{
	const struct auth_conf *a = &q->peer->local;
	struct cert_list named = certs_of(&a->certs, &c->store, "x509", arena);
	struct cert *own;
	enum err e;

	if (a->pubkeys.n && !a->certs.n)
		return prove_by_key(c, q, arena, out);
	own = store_own(&c->store, named.v, named.n, &q->local, q->certreqs, now, arena, &out->why);
	if (own) {
		e = sign(store_key(&c->store, own->key_id), q, arena, out);
		add_certs(c, q, own, arena, out);
	} else {
		e = missing(q, "certs", arena, out);
	}
	certs_free(&named);
	return e;
}
