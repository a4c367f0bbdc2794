/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the signer and the judge will say. */
#include "creds/audit.h"

#include "pki/path.h"
#include "pki/sign.h"

struct audit {
	const struct creds *creds;
	int64_t now;
	struct arena arena; /* of the sentences */
	struct text *bad, *notes;
};

static void say(struct text *out, const char *line)
{
	text_add(out, "%s%s", out->n ? "\n" : "", line);
}

/* Where C was read from, or NULL. */
static const char *file_of(const struct audit *t, const struct cert *c)
{
	list_each (n, (struct node *)&t->creds->store.all)
		if (store_at(n)->cert && cert_eq(store_at(n)->cert, c))
			return store_at(n)->name;
	return NULL;
}

/* WHY about CERT (NULL: none), with the KEY of A that it follows from. */
static void find(struct audit *t, struct text *out, const struct cert *cert, struct why *why,
	const struct auth_conf *a, const char *key)
{
	const char *file = cert ? file_of(t, cert) : NULL;

	if (!why->where)
		why->where = source_print(&a->at, key, &t->arena);
	say(out, arena_printf(
			 &t->arena, "%s%s%s", file ? file : "", file ? ": " : "", why_line(why, &t->arena)));
}

static bool signs(const struct auth_conf *a)
{
	return a->way.method == AUTH_PUBKEY || a->way.method == AUTH_ANY;
}

/* ------------------------------------------------------------------- ours */

static bool without_ca(const struct path_verdict *v)
{
	return v->fault == FAULT_NO_ISSUER || v->fault == FAULT_ROOT;
}

/* As a peer sees it that trusts what we trust. One whose CA is not here may be trusted elsewhere: it must be
 * right as far as it goes. */
static void audit_chain(struct audit *t, const struct auth_conf *a, struct cert *own)
{
	struct path_request r = { .leaf = own, .now = t->now };
	struct path_verdict v;
	struct why lonely;

	path_judge(&t->creds->store, &r, &t->arena, &v);
	if (v.trusted)
		return;
	if (!without_ca(&v)) {
		find(t, t->bad, own, &v.why, a, "certs");
		return;
	}
	lonely = v.why;
	r.pinned = &own;
	r.n_pinned = 1;
	path_judge(&t->creds->store, &r, &t->arena, &v);
	if (!v.trusted)
		find(t, t->bad, own, &v.why, a, "certs");
	else if (!own->self_signed)
		find(t, t->notes, own, &lonely, a, "certs");
}

/* Whether some signature of KEY is admitted, to a peer that can verify all we can. */
static void audit_scheme(
	struct audit *t, const struct auth_conf *a, const struct key *key, const struct cert *own)
{
	struct sign_policy policy = { .constraints = creds_constraints(a, &t->arena),
		.hashes = hashes_known() };
	struct why why = { 0 };

	if (!sign_choose(key, &policy, &t->arena, &why))
		find(t, t->bad, own, &why, a, "auth");
}

static void audit_own_key(struct audit *t, const struct auth_conf *a)
{
	struct why why = { 0 };
	const struct key *key = pubkeys_own(&a->pubkeys, &t->creds->store, &why);

	if (key)
		audit_scheme(t, a, key, NULL);
	else
		find(t, t->bad, NULL, &why, a, "pubkeys");
}

static void audit_local(struct audit *t, const struct auth_conf *a)
{
	const struct store *s = &t->creds->store;
	struct cert_list named = certs_of(&a->certs, s, "x509", &t->arena);
	struct why why = { 0 };
	struct cert *own;

	if (a->pubkeys.n && !a->certs.n) {
		audit_own_key(t, a);
		return;
	}
	own = store_own(s, named.v, named.n, &a->id, &(struct cert_wish){ 0 }, t->now, &t->arena, &why);
	if (own) {
		audit_chain(t, a, own);
		audit_scheme(t, a, store_key(s, own->key_id), own);
	} else {
		find(t, t->bad, named.n ? named.v[0] : NULL, &why, a, "certs");
	}
	certs_free(&named);
}

/* ------------------------------------------------------------------ peers' */

/* Whether C, which the connection names, would be taken. */
static bool would_take(struct audit *t, const struct auth_conf *a, struct cert *c,
	const struct cert_list *cacerts, struct why *why)
{
	struct path_request r = { .leaf = c,
		.now = t->now,
		.constraints = creds_constraints(a, &t->arena),
		.pinned = &c,
		.n_pinned = 1,
		.cacerts = cacerts->v,
		.n_cacerts = cacerts->n,
		.ca_id = a->ca_id.type == ID_ANY ? NULL : &a->ca_id,
		.policies = a->cert_policy.v,
		.n_policies = a->cert_policy.n };
	struct path_verdict v;

	if (!id_is_pattern(&a->id) && !cert_has_id(c, &a->id) && !cert_confirms(c, &a->id, &t->arena, why))
		return false;
	path_judge(&t->creds->store, &r, &t->arena, &v);
	*why = v.why;
	return v.trusted;
}

/* Of several certificates one may be the old one, as long as another is good. */
static void audit_pinned(struct audit *t, const struct auth_conf *a, const struct cert_list *certs,
	const struct cert_list *cacerts)
{
	struct why *whys = ARENA_ARRAY(&t->arena, certs->n, struct why);
	bool taken = false;

	for (unsigned i = 0; i < certs->n; i++)
		taken |= would_take(t, a, certs->v[i], cacerts, &whys[i]);
	for (unsigned i = 0; i < certs->n; i++)
		if (whys[i].what)
			find(t, taken ? t->notes : t->bad, certs->v[i], &whys[i], a, "certs");
}

/* The same for the authorities that the connection names. */
static void audit_cacerts(struct audit *t, const struct auth_conf *a, const struct cert_list *cacerts)
{
	struct why *whys = ARENA_ARRAY(&t->arena, cacerts->n, struct why);
	bool good = false;

	for (unsigned i = 0; i < cacerts->n; i++)
		good |= path_in_time(cacerts->v[i], t->now, &t->arena, &whys[i]);
	for (unsigned i = 0; i < cacerts->n; i++)
		if (whys[i].what)
			find(t, good ? t->notes : t->bad, cacerts->v[i], &whys[i], a, "cacerts");
}

static bool trusts_anybody(const struct store *s)
{
	list_each (n, (struct node *)&s->all)
		if (store_at(n)->kind == STORED_CA)
			return true;
	return false;
}

static void audit_remote(struct audit *t, const struct auth_conf *a)
{
	const struct store *s = &t->creds->store;
	struct cert_list certs = certs_of(&a->certs, s, "x509", &t->arena),
			 cacerts = certs_of(&a->cacerts, s, "x509ca", &t->arena);
	struct why nobody = { .what = "no CA is trusted here, so no certificate of the peer is",
		.instead = "the CA's certificate in the folder x509ca, or certs = the peer's certificate" };

	audit_pinned(t, a, &certs, &cacerts);
	audit_cacerts(t, a, &cacerts);
	if (!certs.n && !cacerts.n && !a->pubkeys.n && !trusts_anybody(s))
		find(t, t->notes, NULL, &nobody, a, "auth");
	certs_free(&certs);
	certs_free(&cacerts);
}

static void audit_peer(struct audit *t, const struct peer *p)
{
	for (const struct auth_conf *a = &p->local; a; a = a->next)
		if (signs(a))
			audit_local(t, a);
	for (const struct auth_conf *a = &p->remote; a; a = a->next)
		if (signs(a))
			audit_remote(t, a);
}

/* ---------------------------------------------------------------- the whole */

void creds_expiring(const struct store *s, int64_t from, int64_t until, int64_t now, struct text *out)
{
	list_each (n, (struct node *)&s->all) {
		const struct stored *e = store_at(n);
		const struct cert *c = e->cert;

		if (e->kind != STORED_CERT || !store_key(s, c->key_id) || c->not_after < from ||
			c->not_after > until)
			continue;
		say(out, arena_printf(out->arena, "our certificate %s (%s) %s %s: renew it",
				 cert_name(c, out->arena), e->name,
				 c->not_after < now ? "has expired on" : "expires on",
				 cert_time(c->not_after, out->arena)));
	}
}

/* Authorities that all connections trust. */
static void audit_authorities(struct audit *t)
{
	list_each (n, (struct node *)&t->creds->store.all) {
		const struct stored *e = store_at(n);
		struct why why = { 0 };

		if (e->kind == STORED_CA && !path_in_time(e->cert, t->now, &t->arena, &why))
			say(t->notes, arena_printf(&t->arena, "%s: %s", e->name, why_line(&why, &t->arena)));
	}
}

void creds_audit(
	const struct creds *c, const struct conf *conf, int64_t now, struct text *bad, struct text *notes)
{
	struct audit t = { .creds = c, .now = now, .bad = bad, .notes = notes };

	for (unsigned i = 0; i < conf->n_peers; i++)
		if (!conf->peers[i]->unready)
			audit_peer(&t, conf->peers[i]);
	audit_authorities(&t);
	creds_expiring(&c->store, now, now + (int64_t)CREDS_WARNING * CREDS_DAY, now, notes);
	arena_free(&t.arena);
}
