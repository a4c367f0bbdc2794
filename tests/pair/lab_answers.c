/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host answers to its core in place of a daemon. */
#include "tests/pair/lab_inside.h"

#include "base/heap.h"
#include "crypto/kex.h"
#include "crypto/prf.h"
#include "daemon/secrets.h"
#include "ike/keys.h"
#include "ike/limits.h"
#include "model/scheme.h"

#include <stdlib.h>

struct coming *host_coming(struct host *h, uint32_t ticket, enum asked what)
{
	struct coming *c = calloc(1, sizeof *c);

	h->asked++;
	c->at = h->silent & what ? HEAP_NEVER : h->lab->now + h->late;
	c->answer.ticket = ticket;
	c->answer.result = h->fails & what ? ERR_MISSING : ERR_OK;
	list_append(&h->answers, &c->node);
	return c;
}

void coming_free(struct coming *c)
{
	list_remove(&c->node);
	arena_free(&c->arena);
	free(c);
}

/* -------------------------------------------------------------------- paths */

/* Hosts are known by their names. */
static struct ip named(const struct lab *lab, const char *name)
{
	for (unsigned i = 0; i < lab->n_hosts; i++)
		if (!strcmp(lab->hosts[i].name, name))
			return lab->hosts[i].ip;
	return (struct ip){ 0 };
}

static void answer_route(struct host *h, const struct ike_question *q, struct coming *c)
{
	const struct peer *p = q->peer;

	c->answer.local = h->ip;
	c->answer.remote = q->gateway ? named(h->lab, q->gateway) : q->hosts.remote;
	for (unsigned i = 0; i < p->n_remote_addrs && !c->answer.remote.v && !q->gateway; i++)
		if (addr_pattern_single(&p->remote_addrs[i]))
			c->answer.remote = p->remote_addrs[i].lo;
	if (!c->answer.remote.v || (q->hosts.local.v && !ip_eq(&q->hosts.local, &h->ip)))
		c->answer.result = ERR_MISSING;
	if (c->answer.result)
		c->answer.why.what = "there is no route to the peer";
}

/* The address of H to use towards REMOTE: the one in use, NOW, if it still can be. */
static const struct ip *source_for(const struct host *h, const struct ip *now, const struct ip *remote)
{
	if (now->v == remote->v && host_owns(h, now))
		return now;
	if (h->ip.v == remote->v)
		return &h->ip;
	for (unsigned i = 0; i < h->n_others; i++)
		if (h->others[i].v == remote->v)
			return &h->others[i];
	return NULL;
}

static void answer_paths(struct host *h, const struct ike_question *q, struct coming *c)
{
	struct hosts *v = ARENA_ARRAY(&c->arena, q->remotes.n, struct hosts);
	unsigned n = 0;

	for (unsigned i = 0; i < q->remotes.n; i++) {
		const struct ip *source = source_for(h, &q->hosts.local, &q->remotes.v[i]);

		if (source)
			v[n++] = (struct hosts){ *source, q->remotes.v[i] };
	}
	c->answer.paths = (struct ike_paths){ v, n };
}

/* --------------------------------------------------------------------- keys */

/* Whoever knows both public values knows the shared one. */
static void fake_keys(struct host *h, const struct ike_question *q, struct coming *c)
{
	uint8_t *secret = arena_alloc(&c->arena, q->ke->out);

	rng_fill(&h->lab->rng.rng, secret, q->ke->out);
	c->answer.secret = c->answer.public = bytes_of(secret, q->ke->out);
}

static void fake_shared(const struct ike_question *q, struct bytes secret, struct coming *c)
{
	uint8_t *shared = arena_alloc(&c->arena, q->ke->shared);

	for (size_t i = 0; i < q->ke->shared && i < secret.n && i < q->peer_public.n; i++)
		shared[i] = secret.p[i] ^ q->peer_public.p[i];
	c->answer.shared = bytes_of(shared, q->ke->shared);
}

/* A private value that the group takes. */
static void answer_keys(struct host *h, const struct ike_question *q, struct coming *c)
{
	uint8_t *secret = arena_alloc(&c->arena, q->ke->key), *public = arena_alloc(&c->arena, q->ke->out);
	enum err e;

	if (h->fake) {
		fake_keys(h, q, c);
		return;
	}
	do {
		rng_fill(&h->lab->rng.rng, secret, q->ke->key);
		if (q->ke->id == KE_ECP_521)
			secret[0] &= 1;
		e = kex_public(q->ke, secret, public);
	} while (e == ERR_RANGE);
	if (e)
		lab_stop("the library has not this group");
	c->answer.secret = bytes_of(secret, q->ke->key);
	c->answer.public = bytes_of(public, q->ke->out);
}

/* What who answers does, in one. */
static void answer_respond(struct host *h, const struct ike_question *q, struct coming *c)
{
	uint8_t *secret = arena_alloc(&c->arena, q->ke->key), *shared = arena_alloc(&c->arena, q->ke->shared);
	uint8_t *public = arena_alloc(&c->arena, kex_answer_size(q->ke));
	enum err e;

	do {
		rng_fill(&h->lab->rng.rng, secret, q->ke->key);
		if (q->ke->id == KE_ECP_521)
			secret[0] &= 1;
		e = kex_answer(q->ke, secret, q->peer_public, public, shared);
	} while (e == ERR_RANGE);
	if (e)
		c->answer.result = e;
	c->answer.public = bytes_of(public, kex_answer_size(q->ke));
	c->answer.shared = bytes_of(shared, q->ke->shared);
}

static void answer_shared(
	const struct host *h, const struct ike_question *q, struct bytes secret, struct coming *c)
{
	uint8_t *shared;
	enum err e;

	if (h->fake) {
		fake_shared(q, secret, c);
		return;
	}
	shared = arena_alloc(&c->arena, q->ke->shared);
	e = kex_shared(q->ke, secret.p, q->peer_public, shared);
	if (e)
		c->answer.result = e;
	c->answer.shared = bytes_of(shared, q->ke->shared);
}

static void answer_ppk(const struct host *h, const struct ike_question *q, struct coming *c)
{
	const struct secret *s = secrets_ppk(&h->conf.conf, NULL, &q->remote, &c->arena, &c->answer.why);
	size_t n = q->kind == ASK_PPK ? q->octets.n : PPK_CONFIRMATION;
	uint8_t *out = arena_alloc(&c->arena, n);

	if (!q->peer || q->peer->ppk_id.type == ID_ANY || !id_matches(&q->peer->ppk_id, &q->remote))
		lab_stop("a post-quantum preshared key is asked for that its connection does not name");
	if (!s && !c->answer.result)
		c->answer.result = ERR_MISSING;
	if (!c->answer.result && q->kind == ASK_PPK)
		c->answer.result = keys_ppk_mix(q->prf, s->data, q->octets, out);
	else if (!c->answer.result)
		c->answer.result = keys_ppk_confirm(q->prf, s->data, q->octets, out);
	c->answer.shared = bytes_of(out, n);
}

/* ------------------------------------------------------------------- proofs */

static enum err answer_with(struct bytes secret, const struct ike_question *q, struct coming *c)
{
	uint8_t *right = arena_alloc(&c->arena, q->prf->out);

	c->answer.method = AUTH_METHOD_PSK;
	if (!secret.n || (!secret.p[0] && !memcmp(secret.p, secret.p + 1, secret.n - 1)))
		lab_stop("AUTH is to be made with no secret, or with zeros");
	if (keys_psk_auth(q->prf, secret, q->octets, right))
		lab_stop("the library has not this PRF");
	if (q->kind == ASK_PROOF)
		c->answer.proof = bytes_of(right, q->prf->out);
	else if (!bytes_eq_secret(bytes_of(right, q->prf->out), q->proof))
		return ERR_AUTH;
	return ERR_OK;
}

static enum err answer_psk(const struct host *h, const struct ike_question *q, struct coming *c)
{
	const struct secret *s = secrets_for(&h->conf.conf, NULL, q, &c->arena, &c->answer.why);
	enum err e = s ? answer_with(s->data, q, c) : ERR_MISSING;

	if (e == ERR_AUTH)
		c->answer.why = secrets_differ(s, q, &c->arena);
	return e;
}

/* By the key of EAP. */
static enum err answer_eap_proof(const struct ike_question *q, struct coming *c)
{
	enum err e = answer_with(q->secret, q, c);

	if (e)
		c->answer.why.what = "the peer has another key of EAP";
	return e;
}

/* What stands for a signature: everybody can make one, and only over what is asked. */
static struct bytes signature(const struct ike_question *q, const struct id *signer, struct arena *arena)
{
	uint8_t *out = arena_alloc(arena, q->prf->out);

	if (prf(q->prf, bytes_str("a private key"), (struct bytes[]){ signer->data, q->octets }, 2, out))
		lab_stop("the library has not this PRF");
	return bytes_of(out, q->prf->out);
}

static struct bytes certificate(const struct host *h, const struct id *subject, struct arena *arena)
{
	return bytes_str(
		arena_printf(arena, "certificate of %-*s", h->lab->certificates, id_print(subject, arena)));
}

static void sign(const struct host *h, const struct ike_question *q, struct coming *c)
{
	struct wire_cert *cert = ARENA_NEW(&c->arena, struct wire_cert);
	enum send_cert send = q->peer->send_cert;

	*cert = (struct wire_cert){ CERT_X509_SIGNATURE, certificate(h, &q->local, &c->arena) };
	c->answer.method = q->hashes.n ? SCHEME_METHOD_SIGNATURE : SCHEME_METHOD_RSA;
	c->answer.proof = signature(q, &q->local, &c->arena);
	if (send == SEND_CERT_ALWAYS || (send == SEND_CERT_IF_ASKED && q->wants & WANTS_CERT))
		c->answer.certs = (struct ike_certs){ cert, 1 };
}

/* A connection that wants the certificate from an authority of its own never gets it. */
static enum err check_signature(const struct host *h, const struct ike_question *q, struct coming *c)
{
	if (q->auth->ca_id.type != ID_ANY) {
		c->answer.why.what = "the certificate comes from another authority";
		return ERR_AUTH;
	}
	if (q->certs.n && !bytes_eq(q->certs.v[0].data, certificate(h, &q->remote, &c->arena))) {
		c->answer.why.what = "the certificate is somebody else's";
		return ERR_AUTH;
	}
	if (bytes_eq(q->proof, signature(q, &q->remote, &c->arena)))
		return ERR_OK;
	c->answer.why.what = "the signature is wrong";
	return ERR_AUTH;
}

static void say_proven(const struct host *h, struct coming *c)
{
	struct wire_cert *cert = ARENA_NEW(&c->arena, struct wire_cert);

	*cert = (struct wire_cert){ CERT_X509_SIGNATURE, bytes_str(h->proven) };
	c->answer.certs = (struct ike_certs){ cert, 1 };
}

static void answer_proof(struct host *h, const struct ike_question *q, struct coming *c)
{
	bool prove = q->kind == ASK_PROOF;
	enum err e = ERR_OK;

	if (prove) {
		h->wants = q->wants;
		h->takes = announce_get(q->methods);
	}

	if (q->secret.n)
		e = answer_eap_proof(q, c);
	else if (prove ? q->auth->way.method == AUTH_PSK : q->method == AUTH_METHOD_PSK)
		e = answer_psk(h, q, c);
	else if (prove)
		sign(h, q, c);
	else
		e = check_signature(h, q, c);
	if (e)
		c->answer.result = e;
	else if (!prove)
		c->answer.valid = h->valid;
	if (!e && !prove && h->proven)
		say_proven(h, c);
}

/* ---------------------------------------------------------------------- all */

static void answer_usage(struct host *h, const struct ike_question *q, struct coming *c)
{
	struct ike_usage *v = ARENA_ARRAY(&c->arena, q->n_children, struct ike_usage);

	for (unsigned i = 0; i < q->n_children; i++) {
		const struct dp_sa *in = datapath_find(&h->datapath, q->children[i], true);
		const struct dp_sa *out = datapath_find(&h->datapath, q->children[i], false);

		v[i] = (struct ike_usage){ q->children[i], in ? in->last : 0, out ? out->last : 0 };
	}
	c->answer.usage = (struct ike_usages){ v, c->answer.result ? 0 : q->n_children };
}

static void answer_lease(struct host *h, const struct ike_question *q, struct coming *c)
{
	if (c->answer.result)
		c->answer.why.what = "there are no addresses today";
	else
		lease_answer(&h->leases, &h->conf.conf, q, NULL, &c->arena, &c->answer);
}

void host_ask(struct host *h, uint32_t ticket, const struct ike_question *q)
{
	struct coming *c;

	switch (q->kind) {
	case ASK_ROUTE: answer_route(h, q, host_coming(h, ticket, ASKED_ROUTE)); break;
	case ASK_PATHS: answer_paths(h, q, host_coming(h, ticket, ASKED_ROUTE)); break;
	case ASK_KEY_PAIR: answer_keys(h, q, host_coming(h, ticket, ASKED_KEYS)); break;
	case ASK_RESPOND:
		c = host_coming(h, ticket, ASKED_KEYS);
		if (h->fake) {
			fake_keys(h, q, c);
			fake_shared(q, c->answer.secret, c);
		} else {
			answer_respond(h, q, c);
		}
		break;
	case ASK_AGREE: answer_shared(h, q, q->secret, host_coming(h, ticket, ASKED_KEYS)); break;
	case ASK_PROOF:
	case ASK_CHECK: answer_proof(h, q, host_coming(h, ticket, ASKED_PROOF)); break;
	case ASK_EAP:
		c = host_coming(h, ticket, ASKED_EAP);
		charade_ask(&h->eap, q, &c->arena, &c->answer);
		break;
	case ASK_PPK:
	case ASK_PPK_CONFIRM: answer_ppk(h, q, host_coming(h, ticket, ASKED_PPK)); break;
	case ASK_USAGE: answer_usage(h, q, host_coming(h, ticket, ASKED_USAGE)); break;
	case ASK_LEASE: answer_lease(h, q, host_coming(h, ticket, ASKED_LEASE)); break;
	}
}
