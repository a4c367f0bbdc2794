/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that change the configuration: a message becomes a tree of settings, as a file would, and is read
 * by the same table of options. */
#include "vici/commands.h"

#include "conf/load.h"

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
			e = tree_item_add(t, to, name, i->value, from_vici);
		return e;
	default: return tree_key_add(t, to, name, n->value, from_vici);
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

/* The connection that the section N describes, or NULL and WHY. */
static struct peer *read_conn(struct vici_call *c, const struct vici_node *n, struct text *why)
{
	struct text notes = text_in(c->arena);
	struct tree_section *connections;
	struct peer *peer = NULL;
	struct tree tree;
	enum err e;

	tree_init(&tree);
	e = tree_section_add(&tree, tree.root, bytes_str("connections"), from_vici, &connections);
	if (!e)
		e = graft_one(&tree, connections, n);
	if (e)
		text_add(why, "%s cannot be a connection: %s", n->name, err_name(e));
	else if (conf_load_conn(connections->sections, ORIGIN_VICI, &peer, why, &notes))
		peer = NULL;
	tree_free(&tree);
	return peer;
}

void vici_do_load_conn(struct vici_call *c)
{
	const struct vici_node *n = c->args->first;
	struct text wrong = text_in(c->arena);
	struct why why = { 0 };
	struct peer *peer;

	if (!n || n->next || n->type != VICI_SECTION_START || !*n->name) {
		refuse(c, "load-conn takes one section, the connection");
		return;
	}
	peer = read_conn(c, n, &wrong);
	if (peer)
		answer(c, c->host->load_conn(c->host->ctx, peer, c->arena, &why), &why);
	else
		refuse(c, text_str(&wrong));
}

void vici_do_unload_conn(struct vici_call *c)
{
	const char *name = vici_str(c->args, "name");
	struct why why = { 0 };

	if (name)
		answer(c, c->host->unload_conn(c->host->ctx, name, c->arena, &why), &why);
	else
		refuse(c, "unload: missing connection name");
}

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
	const char *id = vici_str(c->args, "id");
	struct why why = { 0 };

	if (id)
		answer(c, c->host->unload_shared(c->host->ctx, id, c->arena, &why), &why);
	else
		refuse(c, "unload-shared needs the id of a secret");
}

/* Nothing that came with a peer is kept yet. */
void vici_do_flush_certs(struct vici_call *c)
{
	vici_put_result(c->out, NULL, c->arena);
}

void vici_do_clear_creds(struct vici_call *c)
{
	c->host->clear_creds(c->host->ctx);
	vici_put_result(c->out, NULL, c->arena);
}
