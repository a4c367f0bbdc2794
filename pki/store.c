/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Putting things in and taking them out. */
#include "pki/store.h"

#include <stdlib.h>

void store_init(struct store *s)
{
	*s = (struct store){ 0 };
	list_init(&s->all);
}

void store_drop_one(struct store *s, struct stored *e)
{
	list_remove(&e->node);
	s->n--;
	s->losses++;
	cert_unref(e->cert);
	key_unref(e->key);
	crl_unref(e->crl);
	ocsp_unref(e->ocsp);
	cert_unref(e->authority.cacert);
	arena_free(&e->arena);
	free(e);
}

void store_free(struct store *s)
{
	list_each_safe (n, &s->all)
		store_drop_one(s, store_at(n));
	recent_free(&s->recent);
}

/* A new element without its thing; NULL: there are too many. */
static struct stored *place(
	struct store *s, enum stored_kind kind, enum stored_origin origin, const char *name)
{
	struct stored *e;

	if (s->n >= STORE_MAX)
		return NULL;
	e = calloc(1, sizeof *e);
	if (!e)
		abort();
	*e = (struct stored){ .kind = kind, .origin = origin };
	e->name = arena_str(&e->arena, name);
	list_append(&s->all, &e->node);
	s->n++;
	s->changes++;
	return e;
}

static bool has_place(
	const struct stored *e, enum stored_kind kind, enum stored_origin origin, const char *name)
{
	return e->kind == kind && e->origin == origin && !strcmp(e->name, name);
}

enum err store_add_cert(
	struct store *s, enum stored_kind kind, struct cert *c, enum stored_origin origin, const char *name)
{
	struct stored *e;

	list_each (n, &s->all) {
		e = store_at(n);
		if (has_place(e, kind, origin, name) && cert_eq(e->cert, c))
			return ERR_EXISTS;
	}
	e = place(s, kind, origin, name);
	if (!e)
		return ERR_RANGE;
	e->cert = cert_ref(c);
	return ERR_OK;
}

static enum err add_key(
	struct store *s, enum stored_kind kind, struct key *k, enum stored_origin origin, const char *name)
{
	struct stored *e;

	list_each (n, &s->all) {
		e = store_at(n);
		if (has_place(e, kind, origin, name) && key_eq(e->key, k))
			return ERR_EXISTS;
	}
	e = place(s, kind, origin, name);
	if (!e)
		return ERR_RANGE;
	e->key = key_ref(k);
	return ERR_OK;
}

enum err store_add_key(struct store *s, struct key *k, enum stored_origin origin, const char *name)
{
	return add_key(s, STORED_KEY, k, origin, name);
}

enum err store_add_pubkey(struct store *s, struct key *k, enum stored_origin origin, const char *name)
{
	return add_key(s, STORED_PUBKEY, k, origin, name);
}

enum err store_add_crl(struct store *s, struct crl *c, enum stored_origin origin, const char *name)
{
	struct stored *e;

	list_each_safe (n, &s->all) {
		e = store_at(n);
		if (e->kind != STORED_CRL)
			continue;
		if (bytes_eq(e->crl->der, c->der) || crl_replaces(e->crl, c))
			return ERR_EXISTS;
		if (crl_replaces(c, e->crl) && e->origin == origin)
			store_drop_one(s, e);
	}
	e = place(s, STORED_CRL, origin, name);
	if (!e)
		return ERR_RANGE;
	e->crl = crl_ref(c);
	return ERR_OK;
}

enum err store_add_ocsp(struct store *s, struct ocsp *o, enum stored_origin origin, const char *name)
{
	struct stored *e;

	list_each_safe (n, &s->all) {
		e = store_at(n);
		if (!has_place(e, STORED_OCSP, origin, name))
			continue;
		if (bytes_eq(e->ocsp->der, o->der))
			return ERR_EXISTS;
		store_drop_one(s, e);
	}
	e = place(s, STORED_OCSP, origin, name);
	if (!e)
		return ERR_RANGE;
	e->ocsp = ocsp_ref(o);
	return ERR_OK;
}

static struct uris copy_uris(const struct uris *u, struct arena *arena)
{
	struct uris copy = { .n = u->n };

	for (unsigned i = 0; i < u->n; i++)
		copy.v[i] = arena_str(arena, u->v[i]);
	return copy;
}

enum err store_add_authority(
	struct store *s, const struct ca_info *a, enum stored_origin origin, const char *name)
{
	struct stored *e;

	list_each_safe (n, &s->all)
		if (has_place(store_at(n), STORED_AUTHORITY, origin, name))
			store_drop_one(s, store_at(n));
	e = place(s, STORED_AUTHORITY, origin, name);
	if (!e)
		return ERR_RANGE;
	e->authority = (struct ca_info){
		.cacert = a->cacert ? cert_ref(a->cacert) : NULL,
		.crls = copy_uris(&a->crls, &e->arena),
		.ocsps = copy_uris(&a->ocsps, &e->arena),
		.cert_uri_base = a->cert_uri_base ? arena_str(&e->arena, a->cert_uri_base) : NULL,
	};
	return ERR_OK;
}

unsigned store_drop(struct store *s, enum stored_origin origin, const char *name)
{
	unsigned before = s->n;

	list_each_safe (n, &s->all) {
		struct stored *e = store_at(n);

		if (e->origin == origin && (!name || !strcmp(e->name, name)))
			store_drop_one(s, e);
	}
	return before - s->n;
}
