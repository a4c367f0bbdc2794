/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that change the configuration: a message becomes a tree of settings, as a file would, and is read
 * by the same table of options. */
#include "vici/commands.h"

#include "conf/load.h"

#include <stdlib.h>

static const struct tree_place from_vici = { "vici", 0 };

static void refuse(struct vici_call *c, const char *what)
{
	struct why why = { .what = what };

	vici_put_result(c->out, &why, c->arena);
}

static void answer(struct vici_call *c, enum err e, struct why *why)
{
	if (e && !why->what)
		why->what = err_name(e);
	vici_put_result(c->out, e ? why : NULL, c->arena);
}

/* In a file they name one. */
bool vici_is_certificate(const char *key)
{
	static const char *const keys[] = { "certs", "cacerts", "pubkeys", "cacert" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(keys[i], key))
			return true;
	return false;
}

/* The value as a file would say it. */
static struct bytes as_written(const char *key, struct bytes value, struct arena *arena)
{
	struct text t = text_in(arena);

	if (!value.n || !vici_is_certificate(key))
		return value;
	text_add(&t, "0x");
	for (size_t i = 0; i < value.n; i++)
		text_add(&t, "%02x", value.p[i]);
	return bytes_of(t.s, t.n);
}

static enum err graft(struct tree *t, struct tree_section *to, const struct vici_node *from);

static enum err graft_one(struct tree *t, struct tree_section *to, const struct vici_node *n)
{
	struct bytes name = bytes_str(n->name);
	struct tree_section *sub;
	enum err e = ERR_OK;

	switch (n->type) {
	case VICI_SECTION_START:
		e = tree_section_add(t, to, name, from_vici, &sub);
		return e ? e : graft(t, sub, n);
	case VICI_LIST_START:
		for (const struct vici_node *i = n->first; i && !e; i = i->next)
			e = tree_item_add(t, to, name, as_written(n->name, i->value, &t->arena), from_vici);
		return e;
	default: return tree_key_add(t, to, name, as_written(n->name, n->value, &t->arena), from_vici);
	}
}

/* Everything in FROM, into TO. As deep as a message can be. */
static enum err graft(struct tree *t, struct tree_section *to, const struct vici_node *from)
{
	enum err e = ERR_OK;

	for (const struct vici_node *n = from->first; n && !e; n = n->next)
		e = graft_one(t, to, n);
	return e;
}

static bool only_sections(const struct vici_node *args)
{
	for (const struct vici_node *n = args->first; n; n = n->next)
		if (n->type != VICI_SECTION_START || !*n->name)
			return false;
	return args->first;
}

/* The sections of a message as a file would have them in its section TOP. */
static struct tree_section *plant(struct vici_call *c, struct tree *t, const char *top, struct text *why)
{
	struct tree_section *s = NULL;
	enum err e;

	if (!only_sections(c->args)) {
		text_add(why, "%s takes sections, each with the name of what it loads", c->command->name);
		return NULL;
	}
	e = tree_section_add(t, t->root, bytes_str(top), from_vici, &s);
	if (!e)
		e = graft(t, s, c->args);
	if (!e)
		return s;
	text_add(why, "%s: there is something in it that no configuration can say: %s", c->command->name,
		err_name(e));
	return NULL;
}

/* How the objects of one kind are read and kept. */
struct loader {
	const char *top; /* the section of a file */
	size_t size;
	enum err (*read)(const struct tree_section *s, struct arena *arena, void *out, struct text *why);
	void (*drop)(void *object); /* one that was read and will not be kept; NULL: nothing to do */
	/* Names the N OBJECTS in OUT; NULL: there is nothing to be looked up for them. */
	void (*name)(void *objects, unsigned n, struct conf *out);
	const char *(*called)(const void *object); /* NULL, too, then */
	enum err (*keep)(const struct vici_host *h, void *object, struct arena *arena, struct why *why);
};

/* What a client loads. */
struct vici_loading {
	const struct loader *loader;
	struct arena arena;
	struct tree tree;
	char *objects; /* N of them, one behind the other */
	unsigned n;
};

static struct vici_loading *loading_new(const struct loader *l)
{
	struct vici_loading *x = calloc(1, sizeof *x);

	if (!x)
		abort();
	x->loader = l;
	tree_init(&x->tree);
	return x;
}

static void loading_free(struct vici_loading *x)
{
	tree_free(&x->tree);
	arena_free(&x->arena);
	free(x);
}

static void drop_from(struct vici_loading *x, unsigned first)
{
	for (unsigned i = first; i < x->n && x->loader->drop; i++)
		x->loader->drop(x->objects + i * x->loader->size);
}

void vici_loading_drop(struct vici_session *s)
{
	if (!s->loading)
		return;
	drop_from(s->loading, 0);
	loading_free(s->loading);
	s->loading = NULL;
}

/* The objects in S; ERR_OK or an error and a sentence, and then none. */
static enum err read_all(struct vici_loading *x, const struct tree_section *s, struct text *why)
{
	const struct loader *l = x->loader;
	enum err e = ERR_OK;

	x->objects = arena_array(&x->arena, s->n_sections, l->size);
	for (const struct tree_section *sub = s->sections; sub && !e; sub = sub->next)
		if (!(e = l->read(sub, &x->arena, x->objects + x->n * l->size, why)))
			x->n++;
	if (e)
		drop_from(x, 0);
	return e;
}

static bool has(const struct vici_loading *x, const struct loader *l, const char *name)
{
	for (unsigned i = 0; x->loader == l && i < x->n; i++)
		if (!strcmp(l->called(x->objects + i * l->size), name))
			return true;
	return false;
}

/* Who waits since before TICKET for something called NAME. Tickets begin anew some day. */
static const struct vici_session *who_waits(
	const struct vici *v, const struct loader *l, const char *name, uint32_t ticket)
{
	list_each (n, (struct node *)&v->sessions) {
		const struct vici_session *s = node_owner(n, struct vici_session, node);

		if (s->loading && (int32_t)(s->ticket - ticket) < 0 && has(s->loading, l, name))
			return s;
	}
	return NULL;
}

/* What was loaded or unloaded by the command TICKET is not replaced by something older. */
static void refuse_older(struct vici *v, const struct loader *l, const char *name, uint32_t ticket)
{
	struct arena arena = { 0 };
	const struct why why = { .what = arena_printf(&arena,
					 "another client has loaded or unloaded %s while a token was asked "
					 "for this: load it once more where it is still wanted",
					 name) };
	const struct vici_session *s;

	while ((s = who_waits(v, l, name, ticket))) {
		v->host.leave(v->host.ctx, s->ticket);
		vici_load(v, s->ticket, &why);
	}
	arena_free(&arena);
}

/* Up to the first that the daemon refuses. */
static enum err keep_all(struct vici_loading *x, struct vici *v, uint32_t ticket, struct why *why)
{
	const struct loader *l = x->loader;
	enum err e = ERR_OK;
	unsigned i;

	for (i = 0; i < x->n && !e; i++) {
		void *object = x->objects + i * l->size;
		const char *name = l->called ? arena_str(&x->arena, l->called(object)) : NULL;

		e = l->keep(&v->host, object, &x->arena, why);
		if (!e && name)
			refuse_older(v, l, name, ticket);
	}
	drop_from(x, i);
	return e;
}

static struct vici_loading *take_loading(struct vici *v, uint32_t ticket)
{
	list_each (n, &v->sessions) {
		struct vici_session *s = node_owner(n, struct vici_session, node);
		struct vici_loading *x = s->loading;

		if (!x || s->ticket != ticket)
			continue;
		s->loading = NULL;
		return x;
	}
	return NULL;
}

/* The client may go while that is done. */
void vici_load(struct vici *v, uint32_t ticket, const struct why *refused)
{
	struct vici_loading *x = take_loading(v, ticket);
	struct vici_outcome o = { 0 };
	enum err e;

	if (!x)
		return;
	if (refused) {
		drop_from(x, 0);
		o.why = *refused;
	} else {
		e = keep_all(x, v, ticket, &o.why);
		o.success = !e;
		if (e && !o.why.what)
			o.why.what = err_name(e);
	}
	vici_done(v, ticket, &o);
	loading_free(x);
}

static void look_up(struct vici_call *c, struct vici_loading *x)
{
	struct vici_session *s = c->session;
	struct conf wanted = { 0 };
	const uint32_t ticket = vici_ticket(c, COUNTS_NOTHING);

	s->loading = x;
	if (x->loader->name) {
		x->loader->name(x->objects, x->n, &wanted);
		c->host->look_up(c->host->ctx, ticket, &wanted);
	} else {
		vici_load(s->vici, ticket, NULL);
	}
}

/* All sections are right, or none is loaded. */
static void load(struct vici_call *c, const struct loader *l)
{
	struct text wrong = text_in(c->arena);
	struct vici_loading *x = loading_new(l);
	const struct tree_section *s = plant(c, &x->tree, l->top, &wrong);

	if (s && !read_all(x, s, &wrong)) {
		look_up(c, x);
		return;
	}
	loading_free(x);
	refuse(c, wrong.n ? text_str(&wrong) : err_name(ERR_SYNTAX));
}

/* L: how it is loaded; NULL: nobody waits for one. */
static void unload(struct vici_call *c, const struct loader *l, const char *key, const char *missing,
	enum err (*take)(void *ctx, const char *name, struct arena *arena, struct why *why))
{
	const char *name = vici_str(c->args, key);
	struct vici *v = c->session->vici;
	struct why why = { 0 };
	enum err e;

	if (!name) {
		refuse(c, missing);
		return;
	}
	e = take(c->host->ctx, name, c->arena, &why);
	answer(c, e, &why);
	if (!e && l)
		refuse_older(v, l, name, v->last_ticket + 1);
}

/* -------------------------------------------------------------- connections */

static enum err read_conn(const struct tree_section *s, struct arena *arena, void *out, struct text *why)
{
	struct text notes = text_in(arena);

	return conf_load_conn(s, ORIGIN_VICI, out, why, &notes);
}

static void drop_conn(void *object)
{
	peer_unref(*(struct peer **)object);
}

static void name_conns(void *objects, unsigned n, struct conf *out)
{
	out->peers = objects;
	out->n_peers = n;
}

static enum err keep_conn(const struct vici_host *h, void *object, struct arena *arena, struct why *why)
{
	return h->load_conn(h->ctx, *(struct peer **)object, arena, why);
}

static const char *conn_called(const void *object)
{
	return (*(struct peer *const *)object)->name;
}

static const struct loader conns = { "connections", sizeof(struct peer *), read_conn, drop_conn, name_conns,
	conn_called, keep_conn };

void vici_do_load_conn(struct vici_call *c)
{
	load(c, &conns);
}

void vici_do_unload_conn(struct vici_call *c)
{
	unload(c, &conns, "name", "unload: missing connection name", c->host->unload_conn);
}

/* -------------------------------------------------------------------- pools */

static enum err read_pool(const struct tree_section *s, struct arena *arena, void *out, struct text *why)
{
	return conf_load_pool(s, ORIGIN_VICI, arena, out, why);
}

static enum err keep_pool(const struct vici_host *h, void *object, struct arena *arena, struct why *why)
{
	return h->load_pool(h->ctx, object, arena, why);
}

void vici_do_load_pool(struct vici_call *c)
{
	static const struct loader pools = { "pools", sizeof(struct vip_pool), read_pool, NULL, NULL, NULL,
		keep_pool };

	load(c, &pools);
}

void vici_do_unload_pool(struct vici_call *c)
{
	unload(c, NULL, "name", "missing pool name to unload", c->host->unload_pool);
}

/* -------------------------------------------------------------- authorities */

static enum err read_authority(const struct tree_section *s, struct arena *arena, void *out, struct text *why)
{
	return conf_load_authority(s, ORIGIN_VICI, arena, out, why);
}

static void name_authorities(void *objects, unsigned n, struct conf *out)
{
	out->authorities = objects;
	out->n_authorities = n;
}

static enum err keep_authority(const struct vici_host *h, void *object, struct arena *arena, struct why *why)
{
	return h->load_authority(h->ctx, object, arena, why);
}

static const char *authority_called(const void *object)
{
	return ((const struct authority *)object)->name;
}

static const struct loader authorities = { "authorities", sizeof(struct authority), read_authority, NULL,
	name_authorities, authority_called, keep_authority };

void vici_do_load_authority(struct vici_call *c)
{
	load(c, &authorities);
}

void vici_do_unload_authority(struct vici_call *c)
{
	unload(c, &authorities, "name", "unload: missing authority name", c->host->unload_authority);
}

/* -------------------------------------------------------------- credentials */

/* A client need not name a secret; then its owners do. */
static const char *name_of(struct vici_call *c, const char *const *owners, unsigned n)
{
	const char *id = vici_str(c->args, "id");
	struct text t = text_in(c->arena);

	if (id)
		return id;
	text_add(&t, "unnamed");
	for (unsigned i = 0; i < n; i++)
		text_add(&t, " %s", owners[i]);
	return text_str(&t);
}

static struct conf_shared shared_of(struct vici_call *c)
{
	const struct vici_node *data = vici_find(c->args, "data"), *list = vici_find(c->args, "owners");
	const char **owners;
	unsigned n = 0;

	for (const struct vici_node *i = list ? list->first : NULL; i; i = i->next)
		n++;
	owners = ARENA_ARRAY(c->arena, n, const char *);
	n = 0;
	for (const struct vici_node *i = list ? list->first : NULL; i; i = i->next)
		owners[n++] = vici_text(i);
	return (struct conf_shared){
		.name = name_of(c, owners, n),
		.type = vici_str(c->args, "type"),
		.data = data ? data->value : (struct bytes){ 0 },
		.owners = owners,
		.n_owners = n,
	};
}

void vici_do_load_shared(struct vici_call *c)
{
	struct conf_shared shared = shared_of(c);
	struct text wrong = text_in(c->arena);
	struct secret secret;
	struct why why = { 0 };

	if (!shared.type)
		refuse(c, "shared key type missing");
	else if (!shared.data.n)
		refuse(c, "shared key data missing");
	else if (conf_load_shared(&shared, c->arena, &secret, &wrong))
		refuse(c, text_str(&wrong));
	else
		answer(c, c->host->load_shared(c->host->ctx, &secret, c->arena, &why), &why);
}

void vici_do_unload_shared(struct vici_call *c)
{
	unload(c, NULL, "id", "unique identifier missing", c->host->unload_shared);
}

void vici_do_clear_creds(struct vici_call *c)
{
	c->host->clear_creds(c->host->ctx);
	vici_put_result(c->out, NULL, c->arena);
}
