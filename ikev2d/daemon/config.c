/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File and VICI, merged. */
#include "daemon/config.h"

#include "conf/load.h"

#include <stdlib.h>
#include <unistd.h>

/* One object that came over VICI: a connection, or (peer NULL) a secret in its arena. */
struct loaded {
	struct node node;
	struct arena arena;
	struct peer *peer;
	struct secret secret;
};

static const char *loaded_name(const struct loaded *l)
{
	return l->peer ? l->peer->name : l->secret.name;
}

static struct loaded *loaded_find(const struct node *list, const char *name)
{
	for (struct node *n = list->next; name && n != list; n = n->next) {
		struct loaded *l = node_owner(n, struct loaded, node);

		if (loaded_name(l) && !strcmp(loaded_name(l), name))
			return l;
	}
	return NULL;
}

static void loaded_free(struct loaded *l)
{
	if (!l)
		return;
	list_remove(&l->node);
	peer_unref(l->peer);
	arena_free(&l->arena);
	free(l);
}

static void loaded_clear(struct node *list)
{
	list_each_safe (n, list)
		loaded_free(node_owner(n, struct loaded, node));
}

static struct loaded *loaded_add(struct node *list, const char *replaced)
{
	struct loaded *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	loaded_free(loaded_find(list, replaced));
	list_append(list, &l->node);
	return l;
}

static unsigned count(const struct node *list)
{
	unsigned n = 0;

	for (const struct node *i = list->next; i != list; i = i->next)
		n++;
	return n;
}

static void merge_conns(const struct config *c, struct conf *out)
{
	out->peers = ARENA_ARRAY(&out->arena, c->file.n_peers + count(&c->conns), struct peer *);
	for (unsigned i = 0; i < c->file.n_peers; i++)
		if (!loaded_find(&c->conns, c->file.peers[i]->name))
			out->peers[out->n_peers++] = peer_ref(c->file.peers[i]);
	list_each (n, (struct node *)&c->conns)
		out->peers[out->n_peers++] = peer_ref(node_owner(n, struct loaded, node)->peer);
}

/* The octets stay where they are: with the file's, or with what was loaded. */
static void merge_secrets(const struct config *c, struct conf *out)
{
	out->secrets = ARENA_ARRAY(&out->arena, c->file.n_secrets + count(&c->secrets), struct secret);
	for (unsigned i = 0; i < c->file.n_secrets; i++)
		if (!loaded_find(&c->secrets, c->file.secrets[i].name))
			out->secrets[out->n_secrets++] = c->file.secrets[i];
	list_each (n, (struct node *)&c->secrets)
		out->secrets[out->n_secrets++] = node_owner(n, struct loaded, node)->secret;
}

static void merge(struct config *c)
{
	struct conf merged = { .settings = c->file.settings };

	merge_conns(c, &merged);
	merge_secrets(c, &merged);
	conf_free(&c->now);
	c->now = merged;
}

void config_start(struct config *c)
{
	*c = (struct config){ .file.settings = settings_default() };
	list_init(&c->conns);
	list_init(&c->secrets);
	creds_start(&c->creds);
	merge(c);
}

void config_stop(struct config *c)
{
	conf_free(&c->now);
	conf_free(&c->file);
	creds_stop(&c->creds);
	loaded_clear(&c->conns);
	loaded_clear(&c->secrets);
}

static const char *config_folder(const char *path, struct arena *arena)
{
	const char *end = strrchr(path, '/');

	return end ? arena_text(
			     arena, bytes_of((const uint8_t *)path, end == path ? 1 : (size_t)(end - path)))
		   : ".";
}

const char *config_usual(void)
{
	static const char *const usual[] = { "/etc/ikev2d/ikev2d.conf", CONFIG_SWANCTL };

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (!access(usual[i], F_OK))
			return usual[i];
	return NULL;
}

static void hand_to_swanctl(struct conf *file)
{
	for (unsigned i = 0; i < file->n_peers; i++)
		file->peers[i]->origin = ORIGIN_VICI;
	for (unsigned i = 0; i < file->n_secrets; i++)
		file->secrets[i].origin = ORIGIN_VICI;
}

/* The certificates and keys that the file names and those beside it: with them it is right as a whole, or not
 * at all. */
static enum err read_creds(
	struct config *c, const char *path, struct conf *file, struct text *why, struct text *notes)
{
	struct arena arena = { 0 };
	const char *folder = path ? config_folder(path, &arena) : NULL;
	enum err e = ERR_OK;

	for (unsigned i = 0; i < file->n_peers && !e; i++)
		e = creds_fill(file->peers[i], folder, &conf_files_system, why, notes);
	if (!e)
		e = creds_read(&c->creds, folder, file, &conf_files_system, why, notes);
	if (e)
		conf_free(file);
	arena_free(&arena);
	return e;
}

enum err config_read(struct config *c, const char *path, struct text *why, struct text *notes)
{
	struct conf file = { .settings = settings_default() };
	enum err e = path ? conf_load(path, &conf_files_system, &file, why, notes) : ERR_OK;

	if (!e)
		e = read_creds(c, path, &file, why, notes);
	if (e)
		return e;
	c->path = path;
	c->swanctls = path && !strcmp(path, CONFIG_SWANCTL);
	if (c->swanctls)
		hand_to_swanctl(&file);
	conf_free(&c->file);
	c->file = file;
	merge(c);
	return ERR_OK;
}

void config_load_conn(struct config *c, struct peer *p)
{
	loaded_add(&c->conns, p->name)->peer = p;
	merge(c);
}

void config_load_secret(struct config *c, const struct secret *s)
{
	struct loaded *l = loaded_add(&c->secrets, s->name);
	struct id *owners = ARENA_ARRAY(&l->arena, s->n_owners, struct id);

	for (unsigned i = 0; i < s->n_owners; i++)
		owners[i] = id_copy(&l->arena, &s->owners[i]);
	l->secret = (struct secret){
		.name = s->name ? arena_str(&l->arena, s->name) : NULL,
		.kind = s->kind,
		.origin = ORIGIN_VICI,
		.at = { .section = s->at.section ? arena_str(&l->arena, s->at.section) : NULL,
			.file = "vici" },
		.owners = owners,
		.n_owners = s->n_owners,
		.data = arena_bytes(&l->arena, s->data),
	};
	merge(c);
}

static bool file_drop_conn(struct conf *file, const char *name)
{
	for (unsigned i = 0; i < file->n_peers; i++)
		if (!strcmp(file->peers[i]->name, name)) {
			peer_unref(file->peers[i]);
			file->peers[i] = file->peers[--file->n_peers];
			return true;
		}
	return false;
}

static bool file_drop_secret(struct conf *file, const char *name)
{
	for (unsigned i = 0; i < file->n_secrets; i++)
		if (!strcmp(file->secrets[i].name, name)) {
			wipe((void *)file->secrets[i].data.p, file->secrets[i].data.n);
			file->secrets[i] = file->secrets[--file->n_secrets];
			return true;
		}
	return false;
}

/* Takes NAME away from what VICI may touch; DROP knows which objects of a file of swanctl's are meant. */
static enum err unload(struct config *c, struct node *list, const char *name, const char *what,
	bool (*drop)(struct conf *, const char *), struct text *why)
{
	struct loaded *l = loaded_find(list, name);
	bool dropped = c->swanctls && drop(&c->file, name);

	if (!l && !dropped) {
		text_add(why, "no %s %s was loaded over VICI", what, name);
		if (c->path && !c->swanctls)
			text_add(why, "; what %s says is changed there, and read again by \"ipsec reload\"",
				c->path);
		return ERR_MISSING;
	}
	loaded_free(l);
	merge(c);
	return ERR_OK;
}

enum err config_unload_conn(struct config *c, const char *name, struct text *why)
{
	return unload(c, &c->conns, name, "connection", file_drop_conn, why);
}

enum err config_unload_secret(struct config *c, const char *name, struct text *why)
{
	return unload(c, &c->secrets, name, "secret", file_drop_secret, why);
}

void config_clear_secrets(struct config *c)
{
	loaded_clear(&c->secrets);
	while (c->swanctls && c->file.n_secrets)
		(void)file_drop_secret(&c->file, c->file.secrets[0].name);
	merge(c);
}
