/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which certificates. */
#include "daemon/parley_tls.h"

#include "eap/eap.h"

/* What of TLS the methods have use for, and what they cannot be without. */
struct needs {
	bool certificate, authorities;
	bool must_certificate, must_authorities;
};

static bool has(struct bytes methods, uint8_t method)
{
	return methods.n && memchr(methods.p, method, methods.n);
}

/* A gateway always shows its certificate; a client is asked for one by EAP-TLS only. */
static struct needs needs_of(struct bytes methods, bool gateway)
{
	bool choice = has(methods, EAP_DYNAMIC), proves = has(methods, EAP_TLS);
	bool tunnels = has(methods, EAP_TTLS) || has(methods, EAP_PEAP);
	bool any = choice || proves || tunnels;
	struct needs n = { .certificate = gateway ? any : choice || proves,
		.authorities = gateway ? choice || proves : any };

	n.must_certificate = n.certificate && !choice && (gateway || !tunnels);
	n.must_authorities = n.authorities && !choice && (!gateway || !tunnels);
	return n;
}

static struct ipc_octets chain_of(const struct store *s, const struct cert *own, struct arena *arena)
{
	struct cert *chain[CHAIN_MAX];
	unsigned n = store_chain(s, own, chain);
	struct bytes *v = ARENA_ARRAY(arena, n + 1, struct bytes);

	v[0] = arena_bytes(arena, own->der);
	for (unsigned i = 0; i < n; i++)
		v[i + 1] = arena_bytes(arena, chain[i]->der);
	return (struct ipc_octets){ v, n + 1 };
}

static enum err find_certificate(const struct creds *c, const struct ike_question *q, const struct id *user,
	int64_t now, struct arena *arena, struct parley_tls *out, struct why *why)
{
	static const struct id anybody = { .type = ID_ANY };
	const struct auth_conf *a = q->eap.authenticator ? &q->peer->local : q->auth;
	struct cert_list named = certs_of(&a->certs, &c->store, "x509", arena);
	/* The one that is named is it, whoever we are to EAP. */
	const struct id *id = a->certs.n ? &anybody : q->eap.authenticator ? &q->local : user;
	struct cert *own =
		store_own(&c->store, named.v, named.n, id, &(struct cert_wish){ 0 }, now, arena, why);

	if (own) {
		out->chain = chain_of(&c->store, own, arena);
		out->key = store_key(&c->store, own->key_id);
	} else {
		why->where = source_print(&a->at, "certs", arena);
	}
	certs_free(&named);
	return own ? ERR_OK : ERR_MISSING;
}

static struct ipc_octets all_authorities(const struct store *s, struct arena *arena)
{
	struct bytes *v = ARENA_ARRAY(arena, s->n, struct bytes);
	unsigned n = 0;

	list_each (at, &s->all)
		if (store_at(at)->kind == STORED_CA)
			v[n++] = arena_bytes(arena, store_at(at)->cert->der);
	return (struct ipc_octets){ v, n };
}

static struct ipc_octets named_authorities(
	const struct cert_confs *list, const struct store *s, struct arena *arena)
{
	struct cert_list certs = certs_of(list, s, "x509ca", arena);
	struct bytes *v = ARENA_ARRAY(arena, certs.n, struct bytes);
	unsigned n = certs.n;

	for (unsigned i = 0; i < n; i++)
		v[i] = arena_bytes(arena, certs.v[i]->der);
	certs_free(&certs);
	return (struct ipc_octets){ v, n };
}

static enum err find_authorities(const struct creds *c, const struct ike_question *q, struct arena *arena,
	struct parley_tls *out, struct why *why)
{
	const struct auth_conf *a = q->eap.authenticator ? q->auth : &q->peer->remote;

	out->authorities = a->cacerts.n ? named_authorities(&a->cacerts, &c->store, arena)
					: all_authorities(&c->store, arena);
	if (out->authorities.n)
		return ERR_OK;
	why->what = "EAP on TLS needs an authority that vouches for the other side, and none is trusted here";
	why->where = source_print(&a->at, "cacerts", arena);
	return ERR_MISSING;
}

static size_t size_of(const struct ipc_octets *o)
{
	size_t n = 0;

	for (unsigned i = 0; i < o->n; i++)
		n += o->v[i].n + sizeof(uint32_t);
	return n;
}

static enum err measure(
	const struct ike_question *q, struct arena *arena, const struct parley_tls *t, struct why *why)
{
	const struct auth_conf *a = q->eap.authenticator ? q->auth : &q->peer->remote;

	if (t->chain.n <= IPC_EAP_CERTS_MAX && t->authorities.n <= IPC_EAP_CERTS_MAX &&
		size_of(&t->chain) + size_of(&t->authorities) <= IPC_EAP_CERTS_SIZE)
		return ERR_OK;
	why->what = arena_printf(arena,
		"too many authorities are trusted here for EAP on TLS: more than %u, or than %u octets of "
		"certificates: name those that count",
		IPC_EAP_CERTS_MAX, IPC_EAP_CERTS_SIZE);
	why->where = source_print(&a->at, "cacerts", arena);
	return ERR_RANGE;
}

enum err parley_tls(const struct creds *c, const struct ike_question *q, struct bytes methods,
	const struct id *user, int64_t now, struct arena *arena, struct parley_tls *out, struct why *why)
{
	struct needs needs = needs_of(methods, q->eap.authenticator);
	const struct id *server = q->auth->aaa_id.type == ID_ANY ? &q->remote : &q->auth->aaa_id;
	struct why unsaid = { 0 };
	enum err e = ERR_OK;

	*out = (struct parley_tls){ .server.type = ID_ANY };
	if (needs.certificate)
		e = find_certificate(c, q, user, now, arena, out, needs.must_certificate ? why : &unsaid);
	if (e && needs.must_certificate)
		return e;
	e = needs.authorities ? find_authorities(c, q, arena, out, needs.must_authorities ? why : &unsaid)
			      : ERR_OK;
	if (e && needs.must_authorities)
		return e;
	if (!q->eap.authenticator)
		out->server = id_copy(arena, server);
	return measure(q, arena, out, why);
}
