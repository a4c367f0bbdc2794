/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and private keys that clients of VICI load, list and take away. */
#include "creds/token.h"
#include "daemon/engine.h"
#include "daemon/host.h"
#include "daemon/line.h"
#include "pki/paper.h"

#include <stdlib.h>

/* The name of all of them in the store; no section or path can be called so. */
static const char by_client[] = "a client of VICI";

static struct store *store_of(void *ctx)
{
	return &((struct world *)ctx)->config.creds.store;
}

static void log_loaded(const char *what, const char *name)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "name", name);
	line_add(&line, "msg", what);
	log_say(LOG_NOTICE, "config", "%s", text_str(&line));
	arena_free(&arena);
}

static enum err failed(struct why *why, const char *what, struct arena *arena)
{
	why->what = arena_printf(arena, "%s: %s", what, why->what);
	return ERR_SYNTAX;
}

static enum err kept(enum err e, struct why *why)
{
	if (e == ERR_EXISTS)
		return ERR_OK;
	if (e)
		why->what = "there are more certificates and keys than fit here";
	return e;
}

/* ------------------------------------------------------------- certificates */

static enum stored_kind kind_of(enum vici_cert_flag flag)
{
	return flag == VICI_FLAG_CA ? STORED_CA : flag == VICI_FLAG_OCSP ? STORED_OCSP_SIGNER : STORED_CERT;
}

/* What ctl has read. */
static enum err take(const struct vici_cert *c, struct arena *arena, struct bundle *out, struct why *why)
{
	struct rd r = rd_of(c->data);

	return paper_take(&r, arena, out, why);
}

static enum err check_certs(const struct bundle *b, const struct vici_cert *c, struct why *why)
{
	if (!b->n_certs) {
		why->what = "parsing X509 certificate failed: there is none in it";
		return ERR_SYNTAX;
	}
	for (unsigned i = 0; i < b->n_certs; i++)
		if (c->flag == VICI_FLAG_CA && !b->certs[i]->ca) {
			why->what = "ca certificate lacks CA basic constraint, rejected";
			return ERR_DENIED;
		}
	return ERR_OK;
}

static enum err load_x509(struct store *s, const struct vici_cert *c, struct arena *arena, struct why *why)
{
	struct bundle b = { 0 };
	enum err e = take(c, arena, &b, why);

	if (e)
		return failed(why, "parsing X509 certificate failed", arena);
	e = check_certs(&b, c, why);
	for (unsigned i = 0; i < b.n_certs && !e; i++) {
		e = kept(store_add_cert(s, kind_of(c->flag), b.certs[i], STORED_BY_VICI, by_client), why);
		log_loaded("certificate loaded over VICI", cert_name(b.certs[i], arena));
	}
	bundle_free(&b);
	return e;
}

static enum err load_crl(struct store *s, const struct vici_cert *c, struct arena *arena, struct why *why)
{
	struct bundle b = { 0 };
	enum err e = take(c, arena, &b, why);

	if (!e && !b.n_crls) {
		why->what = "there is none in it";
		e = ERR_SYNTAX;
	}
	if (e)
		e = failed(why, "parsing X509_CRL certificate failed", arena);
	for (unsigned i = 0; i < b.n_crls && !e; i++) {
		e = kept(store_add_crl(s, b.crls[i], STORED_BY_VICI, by_client), why);
		log_loaded("CRL loaded over VICI", id_print(&b.crls[i]->issuer, arena));
	}
	bundle_free(&b);
	return e;
}

static enum err load_pubkey(struct store *s, const struct vici_cert *c, struct arena *arena, struct why *why)
{
	struct bundle b = { 0 };
	enum err e = take(c, arena, &b, why);

	if (!e && !b.key) {
		why->what = "there is none in it";
		e = ERR_SYNTAX;
	}
	if (e) {
		bundle_free(&b);
		return failed(why, "parsing PUBKEY certificate failed", arena);
	}
	e = kept(store_add_pubkey(s, b.key, STORED_BY_VICI, by_client), why);
	log_loaded("public key loaded over VICI", key_print(b.key, arena));
	bundle_free(&b);
	return e;
}

/* The core tells peers which CAs we trust. */
static enum err load_cert(void *ctx, const struct vici_cert *cert, struct arena *arena, struct why *why)
{
	struct store *s = store_of(ctx);
	enum err e;

	if (cert->type == VICI_CERT_X509_CRL) {
		e = load_crl(s, cert, arena, why);
		recheck_soon(ctx);
		return e;
	}
	if (cert->type == VICI_CERT_PUBKEY)
		return load_pubkey(s, cert, arena, why);
	e = load_x509(s, cert, arena, why);
	if (!e && cert->flag == VICI_FLAG_CA)
		engine_configure(ctx);
	return e;
}

/* ------------------------------------------------------------------ listing */

/* In the order of the list: strongSwan's swanctl prints a heading wherever the kind changes. */
static const struct {
	enum vici_cert_type type;
	enum vici_cert_flag flag;
} listed[] = {
	{ VICI_CERT_PUBKEY, VICI_FLAG_NONE },
	{ VICI_CERT_X509, VICI_FLAG_NONE },
	{ VICI_CERT_X509, VICI_FLAG_CA },
	{ VICI_CERT_X509, VICI_FLAG_OCSP },
	{ VICI_CERT_X509_CRL, VICI_FLAG_NONE },
	{ VICI_CERT_OCSP_RESPONSE, VICI_FLAG_NONE },
};

/* False: it is not listed as a certificate. */
static bool type_of(const struct stored *e, enum vici_cert_type *out)
{
	switch (e->kind) {
	case STORED_CA:
	case STORED_CERT:
	case STORED_OCSP_SIGNER: *out = VICI_CERT_X509; return true;
	case STORED_PUBKEY: *out = VICI_CERT_PUBKEY; return true;
	case STORED_CRL: *out = VICI_CERT_X509_CRL; return true;
	case STORED_OCSP: *out = VICI_CERT_OCSP_RESPONSE; return true;
	case STORED_KEY:
	case STORED_AUTHORITY: break;
	}
	return false;
}

/* What it says that it is, wherever it lies: an authority that is not trusted is one too. */
static enum vici_cert_flag flag_of(const struct stored *e)
{
	if (e->kind == STORED_OCSP_SIGNER)
		return VICI_FLAG_OCSP;
	return e->cert && e->cert->ca ? VICI_FLAG_CA : VICI_FLAG_NONE;
}

static struct bytes data_of(const struct stored *e)
{
	switch (e->kind) {
	case STORED_PUBKEY: return e->key->spki;
	case STORED_CRL: return e->crl->der;
	case STORED_OCSP: return e->ocsp->der;
	default: return e->cert->der;
	}
}

/* A CRL is about its issuer. */
static bool has_subject(const struct stored *e, const char *subject, struct arena *arena)
{
	struct id id;

	if (!subject)
		return true;
	if (id_parse(subject, arena, &id))
		return false;
	return e->cert ? cert_has_id(e->cert, &id) : e->crl && id_matches(&id, &e->crl->issuer);
}

static bool has_key(const struct store *s, const struct stored *e)
{
	return (e->cert && store_key(s, e->cert->key_id)) ||
	       (e->kind == STORED_PUBKEY && store_key(s, e->key->id));
}

/* What is to be listed. */
struct listing {
	struct vici_cert *v;
	unsigned n, room;
	struct arena *arena;
};

/* The same thing may have come from several places. */
static bool is_among(const struct listing *l, const struct vici_cert *c)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].type == c->type && l->v[i].flag == c->flag && bytes_eq(l->v[i].data, c->data))
			return true;
	return false;
}

/* What is larger than a value of VICI can be is left out: CRLs of large authorities. */
static void list_one(struct listing *l, const struct vici_cert *c)
{
	struct vici_cert *more;

	if (c->data.n > UINT16_MAX || is_among(l, c))
		return;
	if (l->n == l->room) {
		l->room = 2 * l->room + 16;
		more = ARENA_ARRAY(l->arena, l->room, struct vici_cert);
		if (l->n)
			memcpy(more, l->v, l->n * sizeof *more);
		l->v = more;
	}
	l->v[l->n] = *c;
	l->v[l->n++].data = arena_bytes(l->arena, c->data);
}

static void list_stored(struct listing *l, const struct store *s, const struct vici_cert_filter *f,
	enum vici_cert_type type, enum vici_cert_flag flag)
{
	list_each (node, (struct node *)&s->all) {
		const struct stored *e = store_at(node);
		struct vici_cert c = { .flag = flag_of(e) };

		if (!type_of(e, &c.type) || c.type != type || c.flag != flag ||
			!has_subject(e, f->subject, l->arena))
			continue;
		c.has_key = has_key(s, e);
		c.data = data_of(e);
		list_one(l, &c);
	}
}

/* What came from servers is not here. */
static void list_fetched(struct listing *l, struct world *w, const char *subject, enum vici_cert_type type)
{
	struct arena arena = { 0 };
	struct ipc_message m;
	uint32_t at = 0;

	while (trust_fetched(w, &at, subject, &arena, &m)) {
		const struct vici_cert c = { .type = m.list.ocsp ? VICI_CERT_OCSP_RESPONSE
								 : VICI_CERT_X509_CRL,
			.data = m.list.data };

		if (c.type == type && c.data.n)
			list_one(l, &c);
		arena_free(&arena);
	}
	arena_free(&arena);
}

static const struct vici_cert *certs(
	void *ctx, const struct vici_cert_filter *f, struct arena *arena, unsigned *n)
{
	struct listing l = { .arena = arena };

	for (size_t i = 0; i < sizeof listed / sizeof *listed; i++) {
		enum vici_cert_type type = listed[i].type;

		if ((f->type != VICI_CERT_ANY && f->type != type) ||
			(f->flag != VICI_FLAG_ANY && f->flag != listed[i].flag))
			continue;
		list_stored(&l, store_of(ctx), f, type, listed[i].flag);
		if (type == VICI_CERT_X509_CRL || type == VICI_CERT_OCSP_RESPONSE)
			list_fetched(&l, ctx, f->subject, type);
	}
	*n = l.n;
	return l.v;
}

static void flush_certs(void *ctx, enum vici_cert_type type)
{
	trust_flush(ctx, type == VICI_CERT_ANY || type == VICI_CERT_X509_CRL,
		type == VICI_CERT_ANY || type == VICI_CERT_OCSP_RESPONSE);
}

/* --------------------------------------------------------------------- keys */

/* Takes over KEY. */
static enum err keep_key(void *ctx, struct key *key, struct arena *arena, const char **id, struct why *why)
{
	enum err e = kept(store_add_key(store_of(ctx), key, STORED_BY_VICI, by_client), why);

	*id = keyid_print(key->subj, arena_alloc(arena, KEYID_TEXT));
	log_loaded("private key loaded over VICI", key_print(key, arena));
	key_unref(key);
	return e;
}

static enum err load_key(void *ctx, struct bytes data, struct arena *arena, const char **id, struct why *why)
{
	struct bundle b = { 0 };
	enum err e = vault_open_offered(((struct world *)ctx)->vault, data, arena, &b, why);

	if (!e && !b.key) {
		why->what = "there is none in it";
		e = ERR_MISSING;
	}
	e = e ? failed(why, "parsing private key failed", arena)
	      : keep_key(ctx, key_ref(b.key), arena, id, why);
	bundle_free(&b);
	return e;
}

/* ------------------------------------------------------------- what tokens has */

enum {
	LOOK_UPS_MAX = 16, /* of all clients: tokens is asked for one thing at a time */
	WANTED_MAX = 16    /* of one client: each may hang, and the others wait */
};

/* A client waits for what it loads. */
struct look_up {
	struct node node;
	struct world *world;
	struct arena arena;
	uint32_t ticket;
	struct errand *errand;
	/* What is done then; REFUSED: the daemon stops. */
	void (*go_on)(struct look_up *l, const struct why *refused);
	enum err e; /* of the key that it loads */
	struct why why;
	struct key *key; /* NULL: it could not be had */
};

/* NULL, and why: there are too many. */
static struct look_up *look_up_new(struct world *w, uint32_t ticket, struct errand *e,
	void (*go_on)(struct look_up *l, const struct why *refused), struct arena *arena, struct why *why)
{
	struct look_up *l;
	unsigned n = 0;

	if (errand_wants(e) > WANTED_MAX) {
		why->what = arena_printf(arena,
			"it names %u things that are on tokens, more than %u: load it with fewer of them",
			errand_wants(e), WANTED_MAX);
		return NULL;
	}
	list_each (node, &w->look_ups)
		n++;
	if (n == LOOK_UPS_MAX) {
		why->what = "others wait for tokens already, as many as may: try it again in a few seconds";
		return NULL;
	}
	l = calloc(1, sizeof *l);
	if (!l)
		abort();
	*l = (struct look_up){ .world = w, .ticket = ticket, .errand = e, .go_on = go_on };
	list_append(&w->look_ups, &l->node);
	return l;
}

static void look_up_free(struct look_up *l)
{
	list_remove(&l->node);
	key_unref(l->key);
	arena_free(&l->arena);
	free(l);
}

static void on_looked_up(void *ctx, bool given_up)
{
	static const struct why stopping = { .what = "the daemon is stopping" };
	struct look_up *l = ctx;

	list_remove(&l->node); /* whose client goes now, it does not leave the errand */
	l->go_on(l, given_up || l->world->stop_timer ? &stopping : NULL);
	look_up_free(l);
}

static void leave(void *ctx, uint32_t ticket)
{
	struct world *w = ctx;

	list_each_safe (n, &w->look_ups) {
		struct look_up *l = node_owner(n, struct look_up, node);

		if (l->ticket != ticket)
			continue;
		errand_leave(l->errand);
		look_up_free(l);
	}
}

static void load_what_was_wanted(struct look_up *l, const struct why *refused)
{
	vici_load(l->world->vici, l->ticket, refused);
}

static void look_up(void *ctx, uint32_t ticket, const struct conf *wanted)
{
	struct world *w = ctx;
	struct errand *e = errand_new(w->vault);
	struct look_up *l = NULL;
	struct arena arena = { 0 };
	struct why why = { 0 };

	creds_wants(wanted, errand_want, e);
	if (errand_wants(e))
		l = look_up_new(w, ticket, e, load_what_was_wanted, &arena, &why);
	if (l) {
		errand_run(e, on_looked_up, l);
		return;
	}
	errand_drop(e);
	vici_load(w->vici, ticket, why.what ? &why : NULL);
	arena_free(&arena);
}

static void on_said(void *ctx, const struct said *s)
{
	struct look_up *l = ctx;

	l->e = s->e;
	l->why = why_copy(&l->arena, &s->why);
	l->key = s->bundle.key ? key_ref(s->bundle.key) : NULL;
}

static void load_what_was_said(struct look_up *l, const struct why *refused)
{
	struct vici_outcome o = { 0 };
	struct key *key = l->key;

	l->key = NULL;
	if (refused)
		key_unref(key);
	else if (!l->e)
		l->e = keep_key(l->world, key, &l->arena, &o.id, &l->why);
	o.success = !refused && !l->e;
	o.why = refused ? *refused : l->why;
	vici_done(l->world->vici, l->ticket, &o);
}

static void load_token(void *ctx, uint32_t ticket, const struct key_conf *conf)
{
	struct world *w = ctx;
	struct errand *e = errand_new(w->vault);
	struct vici_outcome o = { 0 };
	struct arena arena = { 0 };
	struct look_up *l = look_up_new(w, ticket, e, load_what_was_said, &arena, &o.why);

	errand_want_offered(e, token_key_uri(conf, &arena), conf->secret, on_said, l);
	if (l) {
		errand_run(e, on_looked_up, l);
	} else {
		errand_drop(e);
		vici_done(w->vici, ticket, &o);
	}
	arena_free(&arena);
}

static bool is_clients_key(const struct stored *e)
{
	return e->kind == STORED_KEY && e->origin == STORED_BY_VICI;
}

static enum err unload_key(void *ctx, const char *id, struct arena *arena, struct why *why)
{
	struct store *s = store_of(ctx);
	char text[KEYID_TEXT];

	(void)arena;
	list_each_safe (n, &s->all)
		if (is_clients_key(store_at(n)) &&
			!strcasecmp(keyid_print(store_at(n)->key->subj, text), id)) {
			store_drop_one(s, store_at(n));
			log_loaded("private key unloaded over VICI", id);
			return ERR_OK;
		}
	why->what = "key not found";
	return ERR_MISSING;
}

static const char *const *keys(void *ctx, struct arena *arena, unsigned *n)
{
	struct store *s = store_of(ctx);
	const char **ids = ARENA_ARRAY(arena, s->n, const char *);

	*n = 0;
	list_each (node, &s->all)
		if (is_clients_key(store_at(node)))
			ids[(*n)++] = keyid_print(store_at(node)->key->subj, arena_alloc(arena, KEYID_TEXT));
	return ids;
}

/* What clients loaded as such; what came with their authorities stays with these. */
static void clear_creds(void *ctx)
{
	log_loaded("all certificates, keys and secrets unloaded over VICI", NULL);
	config_clear_creds(&((struct world *)ctx)->config);
	if (store_drop(store_of(ctx), STORED_BY_VICI, by_client))
		engine_configure(ctx);
}

static const char *cert_subject(void *ctx, const struct cert_conf *cert, struct arena *arena)
{
	(void)ctx;
	return cert_conf_subject(cert, arena);
}

void creds_into(struct vici_host *h)
{
	h->cert_subject = cert_subject;
	h->load_cert = load_cert;
	h->certs = certs;
	h->flush_certs = flush_certs;
	h->load_key = load_key;
	h->look_up = look_up;
	h->leave = leave;
	h->load_token = load_token;
	h->unload_key = unload_key;
	h->keys = keys;
	h->clear_creds = clear_creds;
}
