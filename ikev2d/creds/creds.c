/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders and files into a store. */
#include "creds/creds.h"

#include "creds/token.h"

#include <stdlib.h>

/* THE folders, and what certificates in them are. */
static const struct folder {
	const char *name;
	enum stored_kind certs;
} folders[] = {
	{ "x509", STORED_CERT },
	{ "x509ca", STORED_CA },
	{ "x509ocsp", STORED_OCSP_SIGNER },
	{ "x509crl", STORED_CERT },
	{ "private", STORED_CERT },
	{ "rsa", STORED_CERT },
	{ "ecdsa", STORED_CERT },
	{ "pkcs8", STORED_CERT },
	{ "pkcs12", STORED_CERT },
};

/* The folders of private keys, by what a section of the configuration calls them. */
static const char *const key_folders[] = {
	[FILED_PRIVATE] = "private",
	[FILED_RSA] = "rsa",
	[FILED_ECDSA] = "ecdsa",
	[FILED_PKCS8] = "pkcs8",
	[FILED_PKCS12] = "pkcs12",
};

struct reading {
	const char *folder;
	const struct conf *conf;
	const struct conf_files *files;
	struct text *why, *notes;
	struct store store; /* what was read so far */
	struct key_opener opener;
};

static enum err open_here(void *ctx, struct bytes data, const struct key_conf *k, struct arena *arena,
	struct bundle *out, struct why *why)
{
	(void)ctx;
	return bundle_read(data, k && k->secret.n ? &k->secret : NULL, arena, out, why);
}

static enum err read_here(void *ctx, struct bytes data, enum paper_of what, struct arena *arena,
	struct bundle *out, struct why *why)
{
	enum err e;

	(void)ctx;
	*out = (struct bundle){ 0 };
	if (what == PAPER_KEY)
		return key_public(data, arena, &out->key, why);
	e = bundle_read(data, NULL, arena, out, why);
	if (e || !out->key)
		return e;
	why->what = "there is a private key in it, where none belongs";
	why->instead = "certificates alone; the file with the key belongs into the folder pkcs12 or private";
	bundle_free(out);
	return ERR_DENIED;
}

static enum err fetch_here(void *ctx, const char *uri, const struct key_conf *k, struct arena *arena,
	struct bundle *out, struct why *why)
{
	(void)ctx;
	if (!k)
		return bundle_uri(uri, arena, out, why);
	*out = (struct bundle){ 0 };
	return key_uri(uri, k->secret.n ? &k->secret : NULL, arena, &out->key, why);
}

void creds_start(struct creds *c)
{
	store_init(&c->store);
	c->opener = (struct key_opener){ open_here, read_here, fetch_here, NULL, BUNDLE_MAX };
}

void creds_stop(struct creds *c)
{
	store_free(&c->store);
}

static const char *path_in(const char *folder, const char *kind, const char *file, struct arena *arena)
{
	return *file == '/' ? file : arena_printf(arena, "%s/%s/%s", folder, kind, file);
}

/* What the configuration says of the keys in the file PATH in the folder KIND, or NULL. */
static const struct key_conf *key_of(
	const struct reading *r, const char *kind, const char *path, struct arena *arena)
{
	for (unsigned i = 0; i < r->conf->n_keys; i++) {
		const struct key_conf *k = &r->conf->keys[i];

		if (k->file && k->kind < FILED_TOKEN && !strcmp(key_folders[k->kind], kind) &&
			!strcmp(path_in(r->folder, kind, k->file, arena), path))
			return k;
	}
	return NULL;
}

/* Trusting a certificate of somebody else as an authority would trust whom it was issued to. */
static enum err check_cas(const struct bundle *b, struct arena *arena, struct why *why)
{
	for (unsigned i = 0; i < b->n_certs; i++)
		if (!b->certs[i]->ca) {
			why->what = arena_printf(arena,
				"the certificate of %s is no authority's (basicConstraints)",
				cert_name(b->certs[i], arena));
			why->instead = "put it into the folder x509";
			return ERR_DENIED;
		}
	return ERR_OK;
}

static enum err store_bundle(struct store *s, const struct bundle *b, enum stored_kind kind, const char *path)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; i < b->n_certs && !e; i++) {
		e = store_add_cert(s, kind, b->certs[i], STORED_BY_FILE, path);
		e = e == ERR_EXISTS ? ERR_OK : e;
	}
	for (unsigned i = 0; i < b->n_crls && !e; i++) {
		e = store_add_crl(s, b->crls[i], STORED_BY_FILE, path);
		e = e == ERR_EXISTS ? ERR_OK : e;
	}
	if (b->key && !e) {
		e = store_add_key(s, b->key, STORED_BY_FILE, path);
		e = e == ERR_EXISTS ? ERR_OK : e;
	}
	return e;
}

/* PEM says it; who can tell what is in DER, or in PKCS#12, has read it. What is larger than MAX is a CRL. */
static bool may_hold_key(struct bytes data, size_t max)
{
	static const char key[] = "PRIVATE KEY-----", pem[] = "-----BEGIN ";

	return memmem(data.p, data.n, key, strlen(key)) ||
	       (data.n <= max && !memmem(data.p, data.n, pem, strlen(pem)));
}

/* Reads one file; WHY is set where it fails. */
static enum err read_bundle(const struct reading *r, const char *path, const struct key_conf *k,
	struct arena *arena, struct bundle *out, struct why *why)
{
	struct bytes data;
	enum err e = r->files->read(r->files->ctx, path, arena, &data);

	if (!e && may_hold_key(data, r->opener.max))
		return r->opener.open(r->opener.ctx, data, k, arena, out, why);
	if (!e)
		return r->opener.read(r->opener.ctx, data, PAPER_CERTS_ONLY, arena, out, why);
	why->what = arena_printf(arena, "it cannot be read: %s", err_name(e));
	return e;
}

static enum err take_file(
	struct reading *r, const struct folder *f, const char *path, struct why *why, struct arena *arena)
{
	struct bundle b = { 0 };
	enum err e = read_bundle(r, path, key_of(r, f->name, path, arena), arena, &b, why);

	if (e)
		return e;
	if (f->certs == STORED_CA)
		e = check_cas(&b, arena, why);
	if (!e && (e = store_bundle(&r->store, &b, f->certs, path)))
		why->what = "there are more certificates and keys than fit here";
	bundle_free(&b);
	return e;
}

/* What a client of VICI has written was read elsewhere. */
static enum err read_cert(const struct cert_conf *c, struct arena *arena, struct bundle *out, struct why *why)
{
	struct rd r = rd_of(c->paper);

	return c->paper.n ? paper_take(&r, arena, out, why) : bundle_read(c->data, NULL, arena, out, why);
}

static enum err fetch_certs(const struct key_opener *o, const struct cert_conf *c, struct arena *arena,
	struct bundle *out, struct why *why)
{
	return o->fetch(o->ctx, token_certs_uri(c, arena), NULL, arena, out, why);
}

static void say(struct text *out, const char *path, const struct why *why, struct arena *arena)
{
	text_add(out, "%s%s: %s", out->n ? "\n" : "", path, why_line(why, arena));
}

static void take_folder(struct reading *r, const struct folder *f)
{
	struct arena arena = { 0 };
	const char *const *paths;
	unsigned n;

	if (r->files->glob(
		    r->files->ctx, arena_printf(&arena, "%s/%s/*", r->folder, f->name), &arena, &paths, &n))
		n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct arena scratch = { 0 };
		struct why why = { 0 };

		if (take_file(r, f, paths[i], &why, &scratch))
			say(r->notes, paths[i], &why, &scratch);
		arena_free(&scratch);
	}
	arena_free(&arena);
}

/* A token may be pulled, and come back: one that is not there is noted. */
static void take_token(struct reading *r, const struct key_conf *k)
{
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct bundle b = { 0 };

	if (r->opener.fetch(r->opener.ctx, token_key_uri(k, &arena), k, &arena, &b, &why)) {
		why.where = source_print(&k->at, k->uri ? "uri" : "handle", &arena);
		say(r->notes, k->name, &why, &arena);
	} else if (store_add_key(&r->store, b.key, STORED_BY_FILE, k->name) == ERR_RANGE) {
		why.what = "there are more certificates and keys than fit here";
		say(r->notes, k->name, &why, &arena);
	}
	bundle_free(&b);
	arena_free(&arena);
}

static void take_tokens(struct reading *r)
{
	for (unsigned i = 0; i < r->conf->n_keys; i++)
		if (r->conf->keys[i].kind == FILED_TOKEN)
			take_token(r, &r->conf->keys[i]);
}

/* The folders were read: what the configuration names of them is there, or it is said. */
static enum err check_keys(struct reading *r)
{
	struct arena arena = { 0 };
	enum err e = ERR_OK;

	for (unsigned i = 0; i < r->conf->n_keys && !e; i++) {
		const struct key_conf *k = &r->conf->keys[i];
		const char *path = k->file ? path_in(r->folder, key_folders[k->kind], k->file, &arena) : NULL;
		struct bundle b = { 0 };
		struct why why = { 0 };

		if (!path)
			continue;
		e = read_bundle(r, path, k, &arena, &b, &why);
		if (!e && !b.key) {
			why.what = "there is no private key in it";
			e = ERR_MISSING;
		}
		if (!e && *k->file == '/')
			e = store_bundle(&r->store, &b, STORED_CERT, path);
		if (e) {
			why.where = source_print(&k->at, "file", &arena);
			say(r->why, path, &why, &arena);
		}
		bundle_free(&b);
	}
	arena_free(&arena);
	return e;
}

static struct uris uris_of(const struct strings *s)
{
	struct uris u = { 0 };

	for (unsigned i = 0; i < s->n && u.n < CERT_URIS_MAX; i++)
		u.v[u.n++] = s->v[i];
	return u;
}

static enum err check_authority(const struct bundle *b, struct arena *arena, struct why *why)
{
	if (b->n_certs)
		return check_cas(b, arena, why);
	why->what = "there is no certificate in it";
	return ERR_MISSING;
}

/* PATH NULL: the certificate stands in A, or is on a token. */
static enum err take_authority(
	struct reading *r, const struct authority *a, const char *path, struct arena *arena, struct why *why)
{
	struct bundle b = { 0 };
	struct ca_info info = { .crls = uris_of(&a->crl_uris),
		.ocsps = uris_of(&a->ocsp_uris),
		.cert_uri_base = a->cert_uri_base };
	enum err e = path                    ? read_bundle(r, path, NULL, arena, &b, why)
		     : token_has(&a->cacert) ? fetch_certs(&r->opener, &a->cacert, arena, &b, why)
					     : read_cert(&a->cacert, arena, &b, why);

	if (!e)
		e = check_authority(&b, arena, why);
	if (!e) {
		info.cacert = b.certs[0];
		e = store_add_cert(&r->store, STORED_CA, b.certs[0], STORED_BY_FILE, a->name);
		if (!e || e == ERR_EXISTS)
			e = store_add_authority(&r->store, &info, STORED_BY_FILE, a->name);
	}
	if (e)
		why->where = source_print(&a->at, "cacert", arena);
	bundle_free(&b);
	return e;
}

static enum err take_authorities(struct reading *r)
{
	struct arena arena = { 0 };
	enum err e = ERR_OK;

	for (unsigned i = 0; i < r->conf->n_authorities && !e; i++) {
		const struct authority *a = &r->conf->authorities[i];
		const char *path =
			a->cacert.file ? path_in(r->folder, "x509ca", a->cacert.file, &arena) : NULL;
		struct why why = { 0 };

		e = take_authority(r, a, path, &arena, &why);
		if (e)
			say(r->why, path ? path : a->name, &why, &arena);
	}
	arena_free(&arena);
	return e;
}

static void move_all(struct store *from, struct store *to)
{
	list_each_safe (n, &from->all) {
		list_remove(n);
		list_append(&to->all, n);
		to->n++;
		to->changes++;
	}
	from->n = 0;
}

enum err creds_read(struct creds *c, const char *folder, const struct conf *conf,
	const struct conf_files *files, struct text *why, struct text *notes)
{
	struct reading r = { .folder = folder,
		.conf = conf,
		.files = files,
		.why = why,
		.notes = notes,
		.opener = c->opener };
	enum err e = ERR_OK;

	store_init(&r.store);
	for (size_t i = 0; folder && i < sizeof folders / sizeof *folders; i++)
		take_folder(&r, &folders[i]);
	if (folder)
		e = check_keys(&r);
	take_tokens(&r);
	if (!e)
		e = take_authorities(&r);
	if (!e) {
		(void)store_drop(&c->store, STORED_BY_FILE, NULL);
		move_all(&r.store, &c->store);
	}
	store_free(&r.store);
	return e;
}

const char *creds_folder(const char *folder, unsigned i, struct arena *arena)
{
	return i < sizeof folders / sizeof *folders ? arena_printf(arena, "%s/%s", folder, folders[i].name)
						    : NULL;
}

/* ------------------------------------------------------------- connections */

/* One list of P's certificates or keys. */
struct filling {
	const struct creds *creds;
	struct peer *peer;
	const char *folder;
	const struct conf_files *files;
	struct text *why;
};

static bool was_read_elsewhere(const struct bundle *b)
{
	if (b->n_certs)
		return !b->certs[0]->x509;
	return b->n_crls ? !b->crls[0]->x509 : b->key && !b->key->pkey;
}

/* What B says, of C's octets, stays with the peer where it was read elsewhere. */
static void note_paper(
	const struct filling *f, struct cert_conf *c, const struct bundle *b, struct arena *scratch)
{
	if (was_read_elsewhere(b))
		c->paper = arena_bytes(&f->peer->arena, paper_of_bundle(b, BUNDLE_MAX, scratch));
}

/* The first certificate of a token. */
static enum err fill_fetched(
	const struct filling *f, struct cert_conf *c, struct arena *scratch, struct why *why)
{
	struct bundle b = { 0 };
	enum err e = fetch_certs(&f->creds->opener, c, scratch, &b, why);

	if (!e) {
		c->data = arena_bytes(&f->peer->arena, b.certs[0]->der);
		note_paper(f, c, &(struct bundle){ .certs = b.certs, .n_certs = 1 }, scratch);
	}
	bundle_free(&b);
	return e;
}

/* The octets of C, of a file in the folder KIND or of a token. */
static enum err fill_data(const struct filling *f, const char *kind, struct cert_conf *c,
	struct arena *scratch, struct why *why)
{
	struct arena *kept = &f->peer->arena;
	const char *path;
	enum err e;

	if (token_has(c))
		return fill_fetched(f, c, scratch, why);
	path = path_in(f->folder ? f->folder : "", kind, c->file, kept);
	e = f->files->read(f->files->ctx, path, kept, &c->data);
	if (e)
		why->what = arena_printf(scratch, "%s cannot be read: %s", path, err_name(e));
	return e;
}

/* Before what came there stands its paper. */
static enum err take_paper(struct cert_conf *c, bool key, struct arena *scratch, struct why *why)
{
	struct rd r = rd_of(c->data);
	struct bundle b;
	enum err e = paper_take(&r, scratch, &b, why);

	if (!e && !(key ? b.key != NULL : b.n_certs + b.n_crls)) {
		why->what = "there is none in it";
		e = ERR_SYNTAX;
	}
	if (!e) {
		c->paper = bytes_of(c->data.p, c->data.n - r.n);
		c->data = rd_rest(&r);
	}
	bundle_free(&b);
	return e;
}

/* Reads what is our own. Its key is no part of what a connection says. */
static enum err read_data(
	const struct filling *f, struct cert_conf *c, bool key, struct arena *scratch, struct why *why)
{
	const struct key_opener *o = &f->creds->opener;
	struct bundle b = { 0 };
	enum err e;

	bundle_hide_keys(c->data);
	e = o->read(o->ctx, c->data, key ? PAPER_KEY : PAPER_CERTS_ONLY, scratch, &b, why);
	if (!e)
		note_paper(f, c, &b, scratch);
	bundle_free(&b);
	return e;
}

static enum err fill_one(const struct filling *f, const struct auth_conf *a, const char *key,
	const char *kind, struct cert_conf *c)
{
	const bool is_key = !strcmp(kind, "pubkey"), by_client = c->data.n && f->peer->origin == ORIGIN_VICI;
	struct arena scratch = { 0 };
	struct why why = { 0 };
	enum err e = c->data.n ? ERR_OK : fill_data(f, kind, c, &scratch, &why);

	if (!e && !c->paper.n)
		e = by_client ? take_paper(c, is_key, &scratch, &why)
			      : read_data(f, c, is_key, &scratch, &why);
	if (e)
		text_add(f->why, "%s%s: %s", f->why->n ? "\n" : "", source_print(&a->at, key, &scratch),
			why_line(&why, &scratch));
	arena_free(&scratch);
	return e ? ERR_SYNTAX : ERR_OK;
}

/* The peer is still ours, so its lists may be written. */
static enum err fill_list(const struct filling *f, const struct auth_conf *a, const char *key,
	const char *kind, const struct cert_confs *list)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; i < list->n && !e; i++)
		e = fill_one(f, a, key, kind, (struct cert_conf *)&list->v[i]);
	return e;
}

static enum err fill_auth(const struct filling *f, const struct auth_conf *a)
{
	enum err e = fill_list(f, a, "certs", "x509", &a->certs);

	if (!e)
		e = fill_list(f, a, "cacerts", "x509ca", &a->cacerts);
	if (!e)
		e = fill_list(f, a, "pubkeys", "pubkey", &a->pubkeys);
	return e;
}

/* Who has no name is called as its certificate says, and so is who has one that no certificate confirms: the
 * peer would not believe it (strongSwan does the same). */
static void name_from_cert(struct peer *p, struct text *notes)
{
	struct arena scratch = { 0 };
	struct cert_list certs = certs_of(&p->local.certs, NULL, "x509", &scratch);
	bool confirmed = !certs.n;

	for (unsigned i = 0; i < certs.n; i++)
		confirmed |= p->local.id.type != ID_ANY && cert_has_id(certs.v[i], &p->local.id);
	if (!confirmed) {
		const struct id *id = cert_main_id(certs.v[0]);

		if (p->local.id.type != ID_ANY)
			text_add(notes,
				"%s%s: none of our certificates is about %s, so we call ourselves %s; names "
				"that "
				"can stand there: %s",
				notes->n ? "\n" : "", source_print(&p->local.at, "id", &scratch),
				id_print(&p->local.id, &scratch), id_print(id, &scratch),
				cert_names(certs.v[0], &scratch));
		p->local.id = id_copy(&p->arena, id);
	}
	certs_free(&certs);
	arena_free(&scratch);
}

/* What is in the files that P names is part of what P says. */
static void add_to_content(struct peer *p, const struct auth_conf *rounds)
{
	for (const struct auth_conf *a = rounds; a; a = a->next) {
		const struct cert_confs *const lists[] = { &a->certs, &a->cacerts, &a->pubkeys };

		for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
			for (unsigned k = 0; k < lists[i]->n; k++)
				p->content = bytes_hash(p->content, lists[i]->v[k].data);
	}
}

enum err creds_fill(const struct creds *c, struct peer *p, const char *folder, const struct conf_files *files,
	struct text *why, struct text *notes)
{
	struct filling f = { c, p, folder, files, why };
	enum err e = ERR_OK;

	for (const struct auth_conf *a = &p->local; a && !e; a = a->next)
		e = fill_auth(&f, a);
	for (const struct auth_conf *a = &p->remote; a && !e; a = a->next)
		e = fill_auth(&f, a);
	if (e)
		return e;
	add_to_content(p, &p->local);
	add_to_content(p, &p->remote);
	name_from_cert(p, notes);
	return ERR_OK;
}

static enum err look_at_fetched(
	const struct creds *c, const struct cert_conf *cacert, struct arena *arena, struct why *why)
{
	struct bundle b = { 0 };
	enum err e = fetch_certs(&c->opener, cacert, arena, &b, why);

	if (!e)
		e = check_authority(&b, arena, why);
	bundle_free(&b);
	return e;
}

enum err creds_fill_authority(
	const struct creds *c, struct authority *a, struct arena *arena, struct why *why)
{
	enum err e = ERR_OK;

	if (a->cacert.data.n)
		e = take_paper(&a->cacert, false, arena, why);
	else if (token_has(&a->cacert))
		e = look_at_fetched(c, &a->cacert, arena, why);
	if (e)
		why->where = source_print(&a->at, "cacert", arena);
	return e;
}

const char *creds_beside(const char *path, struct arena *arena)
{
	const char *end = path ? strrchr(path, '/') : NULL;

	if (!path)
		return NULL;
	return end ? arena_text(
			     arena, bytes_of((const uint8_t *)path, end == path ? 1 : (size_t)(end - path)))
		   : ".";
}

enum err creds_load(struct creds *c, const char *path, const struct conf *conf,
	const struct conf_files *files, struct text *why, struct text *notes)
{
	struct arena arena = { 0 };
	const char *folder = creds_beside(path, &arena);
	enum err e = ERR_OK;

	for (unsigned i = 0; i < conf->n_peers && !e; i++)
		e = creds_fill(c, conf->peers[i], folder, files, why, notes);
	if (!e)
		e = creds_read(c, folder, conf, files, why, notes);
	arena_free(&arena);
	return e;
}

/* --------------------------------------------------------------------- use */

struct bytes creds_authorities(const struct creds *c, struct arena *arena)
{
	return store_certreq(&c->store, NULL, 0, arena);
}

struct bytes creds_responders(const struct creds *c, struct arena *arena)
{
	struct text t = text_in(arena);

	list_each (n, (struct node *)&c->store.all)
		if (store_at(n)->kind == STORED_OCSP_SIGNER)
			text_put(&t, store_at(n)->cert->key_id, KEYID_SIZE);
	return bytes_of(t.s, t.n);
}

static bool ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), k = strlen(end);

	return n >= k && !strcmp(path + n - k, end);
}

/* The first certificate of the file that C names, as it was read last; NULL: it is in no folder. Borrowed. */
static struct cert *filed(
	const struct store *s, const char *kind, const struct cert_conf *c, struct arena *arena)
{
	const char *end;

	if (!s || !c->file)
		return NULL;
	end = *c->file == '/' ? c->file : arena_printf(arena, "/%s/%s", kind, c->file);
	list_each (n, (struct node *)&s->all) {
		struct stored *e = store_at(n);

		if ((e->kind == STORED_CERT || e->kind == STORED_CA) && e->origin == STORED_BY_FILE &&
			ends_with(e->name, end))
			return e->cert;
	}
	return NULL;
}

const char *cert_conf_subject(const struct cert_conf *c, struct arena *arena)
{
	struct arena scratch = { 0 };
	struct bundle b = { 0 };
	struct why why = { 0 };
	const char *name = NULL;

	if (c->data.n && !read_cert(c, &scratch, &b, &why) && b.n_certs)
		name = id_print(&b.certs[0]->subject, arena);
	bundle_free(&b);
	arena_free(&scratch);
	return name;
}

struct cert_list certs_of(
	const struct cert_confs *list, const struct store *s, const char *kind, struct arena *arena)
{
	struct cert_list out = { ARENA_ARRAY(arena, list->n, struct cert *), 0 };

	for (unsigned i = 0; i < list->n; i++) {
		struct cert *now = filed(s, kind, &list->v[i], arena);
		struct bundle b = { 0 };
		struct why why;

		if (now)
			out.v[out.n++] = cert_ref(now);
		else if (!read_cert(&list->v[i], arena, &b, &why) && b.n_certs)
			out.v[out.n++] = cert_ref(b.certs[0]);
		bundle_free(&b);
	}
	return out;
}

void certs_free(struct cert_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		cert_unref(l->v[i]);
	l->n = 0;
}

/* The public key in C, with a reference; NULL: none. */
static struct key *public_of(const struct cert_conf *c)
{
	struct arena scratch = { 0 };
	struct bundle b = { 0 };
	struct key *k = NULL;
	struct why why;

	if (!c->paper.n)
		k = key_public(c->data, &scratch, &k, &why) ? NULL : k;
	else if (!read_cert(c, &scratch, &b, &why) && b.key)
		k = key_ref(b.key);
	bundle_free(&b);
	arena_free(&scratch);
	return k;
}

struct key *pubkeys_own(const struct cert_confs *list, const struct store *s, struct why *why)
{
	struct key *found = NULL;

	for (unsigned i = 0; i < list->n && !found; i++) {
		struct key *one = public_of(&list->v[i]);

		found = one ? store_key(s, one->id) : NULL;
		key_unref(one);
	}
	if (!found) {
		why->what = "the private key of our public key is not here";
		why->instead = "put it into the folder private";
	}
	return found;
}

struct constraints creds_constraints(const struct auth_conf *a, struct arena *arena)
{
	struct text why = text_in(arena);
	struct constraints c = { 0 };

	if (a->way.constraints && constraints_parse(a->way.constraints, &c, &why))
		abort();
	return c;
}
