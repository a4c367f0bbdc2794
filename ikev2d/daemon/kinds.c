/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies and comparisons of objects, kind by kind. */
#include "daemon/kinds.h"

#include "daemon/vault.h"

/* ------------------------------------------------------------------- pieces */

static const char *text_copy(struct arena *arena, const char *s)
{
	return s ? arena_str(arena, s) : NULL;
}

static struct strings strings_copy(struct arena *arena, struct strings s)
{
	const char **v = ARENA_ARRAY(arena, s.n, const char *);

	for (unsigned i = 0; i < s.n; i++)
		v[i] = arena_str(arena, s.v[i]);
	return (struct strings){ v, s.n };
}

static struct source source_copy(struct arena *arena, const struct source *s)
{
	struct source_key *keys = ARENA_ARRAY(arena, s->n, struct source_key);

	for (unsigned i = 0; i < s->n; i++)
		keys[i] = (struct source_key){ arena_str(arena, s->keys[i].key), s->keys[i].line };
	return (struct source){ text_copy(arena, s->section), text_copy(arena, s->file), s->line, keys,
		s->n };
}

static void nothing_to_end(void *o)
{
	(void)o;
}

/* -------------------------------------------------------------- connections */

static void conn_copy(struct arena *arena, void *to, const void *from)
{
	(void)arena;
	*(struct peer **)to = peer_ref(*(struct peer *const *)from);
}

static void conn_end(void *o)
{
	peer_unref(*(struct peer **)o);
}

static bool conn_same(const void *a, const void *b)
{
	return peer_equal(*(struct peer *const *)a, *(struct peer *const *)b);
}

/* ------------------------------------------------------------------ secrets */

static void secret_copy(struct arena *arena, void *to, const void *from)
{
	struct secret *s = memcpy(to, from, sizeof *s);
	struct id *owners = ARENA_ARRAY(arena, s->n_owners, struct id);

	for (unsigned i = 0; i < s->n_owners; i++)
		owners[i] = id_copy(arena, &s->owners[i]);
	s->name = text_copy(arena, s->name);
	s->at = source_copy(arena, &s->at);
	s->owners = owners;
	s->data = arena_bytes(arena, s->data);
	s->kept = kept_ref(s->kept);
}

static void secret_end(void *o)
{
	const struct secret *s = o;

	wipe((void *)s->data.p, s->data.n);
	kept_unref(s->kept);
}

static bool secret_same(const void *a, const void *b)
{
	const struct secret *x = a, *y = b;
	bool same = x->kind == y->kind && x->n_owners == y->n_owners && bytes_eq_secret(x->data, y->data) &&
		    kept_same(x->kept, y->kept);

	for (unsigned i = 0; same && i < x->n_owners; i++)
		same = id_eq(&x->owners[i], &y->owners[i]);
	return same;
}

/* --------------------------------------------------------------------- keys */

static void key_copy(struct arena *arena, void *to, const void *from)
{
	struct key_conf *k = memcpy(to, from, sizeof *k);

	k->name = text_copy(arena, k->name);
	k->at = source_copy(arena, &k->at);
	k->file = text_copy(arena, k->file);
	k->uri = text_copy(arena, k->uri);
	k->handle = text_copy(arena, k->handle);
	k->module = text_copy(arena, k->module);
	k->secret = arena_bytes(arena, k->secret);
	k->kept = kept_ref(k->kept);
}

static void key_end(void *o)
{
	const struct key_conf *k = o;

	wipe((void *)k->secret.p, k->secret.n);
	kept_unref(k->kept);
}

static bool key_same(const void *a, const void *b)
{
	const struct key_conf *x = a, *y = b;

	return x->kind == y->kind && text_same(x->file, y->file) && text_same(x->uri, y->uri) &&
	       text_same(x->handle, y->handle) && text_same(x->module, y->module) && x->slot == y->slot &&
	       x->has_slot == y->has_slot && bytes_eq_secret(x->secret, y->secret) &&
	       kept_same(x->kept, y->kept);
}

/* -------------------------------------------------------------------- pools */

static void pool_copy(struct arena *arena, void *to, const void *from)
{
	struct vip_pool *p = memcpy(to, from, sizeof *p);
	struct pool_attr *attrs = ARENA_ARRAY(arena, p->n_attrs, struct pool_attr);

	for (unsigned i = 0; i < p->n_attrs; i++)
		attrs[i] = (struct pool_attr){ p->attrs[i].type, arena_bytes(arena, p->attrs[i].data) };
	p->name = text_copy(arena, p->name);
	p->at = source_copy(arena, &p->at);
	p->attrs = attrs;
}

static bool pool_same(const void *a, const void *b)
{
	const struct vip_pool *x = a, *y = b;
	bool same = ip_eq(&x->lo, &y->lo) && ip_eq(&x->hi, &y->hi) && x->bits == y->bits &&
		    x->n_attrs == y->n_attrs;

	for (unsigned i = 0; same && i < x->n_attrs; i++)
		same = x->attrs[i].type == y->attrs[i].type && bytes_eq(x->attrs[i].data, y->attrs[i].data);
	return same;
}

/* -------------------------------------------------------------- authorities */

static void authority_copy(struct arena *arena, void *to, const void *from)
{
	struct authority *a = memcpy(to, from, sizeof *a);

	a->name = text_copy(arena, a->name);
	a->at = source_copy(arena, &a->at);
	a->cacert.file = text_copy(arena, a->cacert.file);
	a->cacert.data = arena_bytes(arena, a->cacert.data);
	a->cacert.paper = arena_bytes(arena, a->cacert.paper);
	a->cacert.uri = text_copy(arena, a->cacert.uri);
	a->cacert.handle = text_copy(arena, a->cacert.handle);
	a->cacert.module = text_copy(arena, a->cacert.module);
	a->crl_uris = strings_copy(arena, a->crl_uris);
	a->ocsp_uris = strings_copy(arena, a->ocsp_uris);
	a->cert_uri_base = text_copy(arena, a->cert_uri_base);
}

static bool authority_same(const void *a, const void *b)
{
	const struct authority *x = a, *y = b;

	return cert_conf_same(&x->cacert, &y->cacert) && strings_same(x->crl_uris, y->crl_uris) &&
	       strings_same(x->ocsp_uris, y->ocsp_uris) && text_same(x->cert_uri_base, y->cert_uri_base);
}

/* ---------------------------------------------------------------- the table */

#define ROW(array, n, element, type)                                                                         \
	.at = offsetof(struct conf, array), .count = offsetof(struct conf, n), .size = sizeof(element),      \
	.name = offsetof(type, name), .origin = offsetof(type, origin)

/* THE table of kinds. */
static const struct kind kinds[CONFIG_KINDS] = {
	[CONFIG_CONN] = { "connection", ROW(peers, n_peers, struct peer *, struct peer), .counted = true,
		.copy = conn_copy, .end = conn_end, .same = conn_same },
	[CONFIG_SECRET] = { "secret", ROW(secrets, n_secrets, struct secret, struct secret),
		.credential = true, .copy = secret_copy, .end = secret_end, .same = secret_same },
	[CONFIG_KEY] = { "private key", ROW(keys, n_keys, struct key_conf, struct key_conf),
		.credential = true, .copy = key_copy, .end = key_end, .same = key_same },
	[CONFIG_POOL] = { "pool", ROW(pools, n_pools, struct vip_pool, struct vip_pool), .copy = pool_copy,
		.end = nothing_to_end, .same = pool_same },
	[CONFIG_AUTHORITY] = { "authority",
		ROW(authorities, n_authorities, struct authority, struct authority), .copy = authority_copy,
		.end = nothing_to_end, .same = authority_same },
};

const struct kind *kind_row(enum config_kind kind)
{
	return &kinds[kind];
}

static char *named(const struct kind *k, const void *o)
{
	return k->counted ? *(char *const *)o : (char *)(uintptr_t)o;
}

const char *kind_name(const struct kind *k, const void *o)
{
	return *(const char **)(void *)(named(k, o) + k->name);
}

void kind_set_origin(const struct kind *k, void *o, enum origin origin)
{
	*(enum origin *)(void *)(named(k, o) + k->origin) = origin;
}
