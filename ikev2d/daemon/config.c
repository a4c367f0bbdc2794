/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File and VICI, merged. */
#include "daemon/config.h"

#include "conf/load.h"
#include "daemon/users_file.h"
#include "daemon/vault.h"

#include <stdlib.h>
#include <unistd.h>

/* ------------------------------------------------------------------ objects */

static void **array_in(struct conf *c, const struct kind *k)
{
	return (void **)(void *)((char *)c + k->at);
}

static unsigned *count_in(struct conf *c, const struct kind *k)
{
	return (unsigned *)(void *)((char *)c + k->count);
}

/* An object of one origin and what it points to. */
struct object {
	struct arena arena;
	void *o;
	unsigned reading; /* the number of the last reading of a file that had it; 0: it came over VICI */
};

/* All that has one name. */
struct slot {
	struct node of_shelf;
	struct object *of[2]; /* by origin; NULL: none */
	char name[];
};

static struct object *in_force(const struct slot *s)
{
	return s->of[ORIGIN_VICI] ? s->of[ORIGIN_VICI] : s->of[ORIGIN_FILE];
}

static struct slot *slot_get(struct shelf *shelf, const char *name)
{
	struct slot *s = dict_get(&shelf->by_name, name);
	size_t n = strlen(name) + 1;

	if (s)
		return s;
	s = calloc(1, sizeof *s + n);
	if (!s)
		abort();
	memcpy(s->name, name, n);
	list_append(&shelf->slots, &s->of_shelf);
	dict_put(&shelf->by_name, s->name, s);
	return s;
}

static void slot_tidy(struct shelf *shelf, struct slot *s)
{
	if (in_force(s))
		return;
	dict_take(&shelf->by_name, s->name);
	list_remove(&s->of_shelf);
	free(s);
}

static void drop(const struct kind *k, struct slot *s, enum origin origin)
{
	struct object *o = s->of[origin];

	if (!o)
		return;
	k->end(o->o);
	arena_free(&o->arena);
	free(o);
	s->of[origin] = NULL;
}

static struct object *put(const struct kind *k, struct slot *s, enum origin origin, const void *from)
{
	struct object *o = calloc(1, sizeof *o);

	if (!o)
		abort();
	o->o = arena_alloc(&o->arena, k->size);
	k->copy(&o->arena, o->o, from);
	drop(k, s, origin);
	s->of[origin] = o;
	return o;
}

/* ------------------------------------------------------------------ the file */

/* Whether A and B, which say the same, stand in the same place too. Of what nobody holds a version, the one
 * that was read last is as good. */
static bool unmoved(const struct kind *k, const void *a, const void *b)
{
	return k->counted && (*(struct peer *const *)a)->places == (*(struct peer *const *)b)->places;
}

/* FROM was read from the file: it takes the place of what is in S, unless that is the same version. */
static void put_read(struct config *c, const struct kind *k, struct slot *s, void *from)
{
	enum origin origin = c->swanctls ? ORIGIN_VICI : ORIGIN_FILE;
	struct object *o = s->of[origin];

	kind_set_origin(k, from, origin);
	if (!o || !k->same(o->o, from) || !unmoved(k, o->o, from))
		o = put(k, s, origin, from);
	o->reading = c->readings;
	k->end(from);
}

/* What the reading before this one had, and this one has not, is gone. */
static void sweep(struct config *c, const struct kind *k, struct shelf *shelf)
{
	list_each_safe (n, &shelf->slots) {
		struct slot *s = node_owner(n, struct slot, of_shelf);

		for (enum origin o = ORIGIN_FILE; o <= ORIGIN_VICI; o++)
			if (s->of[o] && s->of[o]->reading && s->of[o]->reading != c->readings)
				drop(k, s, o);
		slot_tidy(shelf, s);
	}
}

/* What of a kind is in FILE lies on its shelf, in that order, in place of what was there from a file. */
static void take(struct config *c, enum config_kind kind, struct conf *file)
{
	const struct kind *k = kind_row(kind);
	struct shelf *shelf = &c->shelves[kind];
	char *objects = *array_in(file, k);
	struct node others;

	list_init(&others);
	list_join(&others, &shelf->slots);
	for (unsigned i = 0; i < *count_in(file, k); i++) {
		struct slot *s = slot_get(shelf, kind_name(k, objects + i * k->size));

		list_remove(&s->of_shelf);
		list_append(&shelf->slots, &s->of_shelf);
		put_read(c, k, s, objects + i * k->size);
	}
	*count_in(file, k) = 0;
	list_join(&shelf->slots, &others);
	sweep(c, k, shelf);
}

const char *config_usual(void)
{
	static const char *const usual[] = { "/etc/ikev2d/ikev2d.conf", CONFIG_SWANCTL };

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (!access(usual[i], F_OK))
			return usual[i];
	return NULL;
}

void config_take(struct config *c, const char *path, struct conf *file)
{
	c->path = path;
	c->swanctls = path && !strcmp(path, CONFIG_SWANCTL);
	c->readings++;
	for (enum config_kind kind = 0; kind < CONFIG_KINDS; kind++)
		take(c, kind, file);
	vault_leave_radius(&c->file.settings.radius);
	conf_free(&c->file);
	c->file = *file;
	*file = (struct conf){ 0 };
	c->stale = true;
}

/* The PIN of a token that cannot be had is noted, as the token is. */
static enum err give_passphrase(struct config *c, struct key_conf *k, struct text *why, struct text *notes)
{
	struct text wrong = text_in(why->arena), *const to = k->kind == FILED_TOKEN ? notes : why;
	enum err e = vault_keep_passphrase(c->vault, k, &wrong);

	if (!e)
		return ERR_OK;
	text_add(to, "%s%s", to->n ? "\n" : "", text_str(&wrong));
	if (to == why)
		return e;
	bytes_wipe(&k->secret);
	return ERR_OK;
}

/* The secrets that were read are nowhere but in the vault; but for PINS, where an errand has them. */
static enum err give_away(
	struct config *c, struct conf *file, bool pins, struct text *why, struct text *notes)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; i < file->n_secrets && c->vault && !e; i++)
		e = vault_keep_secret(c->vault, &file->secrets[i], why);
	for (unsigned i = 0; i < file->n_keys && c->vault && !e; i++)
		if (pins || file->keys[i].kind != FILED_TOKEN)
			e = give_passphrase(c, &file->keys[i], why, notes);
	if (c->vault && !e)
		e = vault_keep_radius(c->vault, &file->settings.radius, why);
	return e;
}

void config_leave(struct conf *file)
{
	for (unsigned i = 0; i < file->n_secrets; i++)
		kind_row(CONFIG_SECRET)->end(&file->secrets[i]);
	for (unsigned i = 0; i < file->n_keys; i++)
		kind_row(CONFIG_KEY)->end(&file->keys[i]);
	vault_leave_radius(&file->settings.radius);
	conf_free(file);
}

const char *config_folder(const struct config *c, struct arena *arena)
{
	return creds_beside(c->path, arena);
}

enum err config_read_creds(struct config *c, struct text *why, struct text *notes)
{
	struct arena arena = { 0 };
	enum err e;

	if (c->vault)
		vault_begin_use(c->vault);
	e = creds_read(&c->creds, config_folder(c, &arena), config_now(c), &conf_files_system, why, notes);
	if (c->vault)
		vault_end_use(c->vault, !e);
	arena_free(&arena);
	return e;
}

const char *config_users_path(const struct config *c, struct arena *arena)
{
	return users_file_path(c->file.settings.users_file, config_folder(c, arena), arena);
}

enum err config_read_users(struct config *c, struct text *why, struct text *notes)
{
	struct arena arena = { 0 };
	enum err e = users_file_read(c->vault, config_users_path(c, &arena), why, notes);

	arena_free(&arena);
	return e;
}

/* The users of the file that was read; where there are none now and were none before, nobody is told. */
static enum err read_users(
	struct config *c, const char *path, const struct conf *file, struct text *why, struct text *notes)
{
	struct arena arena = { 0 };
	const char *name = users_file_path(file->settings.users_file, creds_beside(path, &arena), &arena);
	enum err e = ERR_OK;

	if (name || c->file.settings.users_file)
		e = users_file_read(c->vault, name, why, notes);
	arena_free(&arena);
	return e;
}

static enum err read_file(struct config *c, const char *path, bool pins, struct conf *file, struct text *why,
	struct text *notes)
{
	enum err e = conf_load_system(path, file, why, notes);

	if (!e && (e = give_away(c, file, pins, why, notes)))
		config_leave(file);
	return e;
}

enum err config_open(struct config *c, const char *path, struct conf *file, struct errand *errand,
	struct text *why, struct text *notes)
{
	enum err e = read_file(c, path, false, file, why, notes);

	if (!e)
		creds_wants(file, errand_want, errand);
	return e;
}

enum err config_put(
	struct config *c, const char *path, struct conf *file, struct text *why, struct text *notes)
{
	enum err e = read_users(c, path, file, why, notes);

	if (!e && (e = creds_load(&c->creds, path, file, &conf_files_system, why, notes)))
		(void)!config_read_users(c, &(struct text){ .arena = why->arena }, notes);
	if (e) {
		config_leave(file);
		if (c->vault)
			vault_end_use(c->vault, false);
		return e;
	}
	config_take(c, path, file);
	if (c->vault)
		vault_adopt(c->vault, NULL);
	/* The authorities that came over VICI were right when they came. */
	return config_read_creds(c, why, &(struct text){ .arena = notes->arena });
}

enum err config_read(struct config *c, const char *path, struct text *why, struct text *notes)
{
	struct conf file;
	enum err e = read_file(c, path, true, &file, why, notes);

	return e ? e : config_put(c, path, &file, why, notes);
}

/* Texts count at the start only: those of the start stay; and so do RADIUS servers, until the whole file is
 * read. */
enum err config_read_settings(struct config *c, struct text *why, struct text *notes)
{
	struct settings *now = &c->file.settings, fresh;
	struct conf file;
	enum err e = conf_load_system(c->path, &file, why, notes);

	if (e)
		return e;
	fresh = file.settings;
	fresh.tun_name = now->tun_name;
	fresh.charon_socket = now->charon_socket;
	fresh.vici_socket = now->vici_socket;
	fresh.socket_group = now->socket_group;
	fresh.socket_readers = now->socket_readers;
	fresh.users_file = now->users_file;
	fresh.portal_url = now->portal_url;
	fresh.portal_answer = now->portal_answer;
	fresh.radius = now->radius;
	*now = fresh;
	conf_free(&file);
	c->stale = true;
	return ERR_OK;
}

/* --------------------------------------------------------------------- VICI */

bool config_load(struct config *c, enum config_kind kind, const void *object)
{
	const struct kind *k = kind_row(kind);
	struct slot *s = slot_get(&c->shelves[kind], kind_name(k, object));

	if (in_force(s) && k->same(in_force(s)->o, object))
		return false;
	put(k, s, ORIGIN_VICI, object);
	c->stale = true;
	return true;
}

struct config_loaded config_loaded(
	const struct config *c, enum config_kind kind, const char *name, struct arena *arena)
{
	const struct kind *k = kind_row(kind);
	const struct slot *s = dict_get(&c->shelves[kind].by_name, name);
	const struct object *o = s ? s->of[ORIGIN_VICI] : NULL;
	struct config_loaded found = { 0 };

	if (!o)
		return found;
	found = (struct config_loaded){ arena_alloc(arena, k->size), o->reading };
	k->copy(arena, found.object, o->o);
	return found;
}

void config_restore(
	struct config *c, enum config_kind kind, const char *name, const struct config_loaded *before)
{
	const struct kind *k = kind_row(kind);
	struct shelf *shelf = &c->shelves[kind];
	struct slot *s = slot_get(shelf, name);

	if (before->object)
		put(k, s, ORIGIN_VICI, before->object)->reading = before->reading;
	else
		drop(k, s, ORIGIN_VICI);
	slot_tidy(shelf, s);
	c->stale = true;
}

enum err config_unload(struct config *c, enum config_kind kind, const char *name, struct text *why)
{
	const struct kind *k = kind_row(kind);
	struct shelf *shelf = &c->shelves[kind];
	struct slot *s = dict_get(&shelf->by_name, name);

	if (!s || !s->of[ORIGIN_VICI]) {
		text_add(why, "no %s %s was loaded over VICI", k->what, name);
		if (c->path && !c->swanctls)
			text_add(why, "; what %s says is changed there, and read again by \"ipsec reload\"",
				c->path);
		return ERR_MISSING;
	}
	drop(k, s, ORIGIN_VICI);
	slot_tidy(shelf, s);
	c->stale = true;
	return ERR_OK;
}

static void clear(struct config *c, enum config_kind kind, enum origin origin)
{
	list_each_safe (n, &c->shelves[kind].slots) {
		struct slot *s = node_owner(n, struct slot, of_shelf);

		drop(kind_row(kind), s, origin);
		slot_tidy(&c->shelves[kind], s);
	}
	c->stale = true;
}

void config_clear_creds(struct config *c)
{
	for (enum config_kind kind = 0; kind < CONFIG_KINDS; kind++)
		if (kind_row(kind)->credential)
			clear(c, kind, ORIGIN_VICI);
}

/* ----------------------------------------------------------- what is in force */

static void gather(struct config *c, enum config_kind kind)
{
	const struct kind *k = kind_row(kind);
	const struct shelf *shelf = &c->shelves[kind];
	char *out = arena_array(&c->now.arena, shelf->by_name.count, k->size);

	*array_in(&c->now, k) = out;
	*count_in(&c->now, k) = (unsigned)shelf->by_name.count;
	list_each (n, (struct node *)&shelf->slots) {
		memcpy(out, in_force(node_owner(n, struct slot, of_shelf))->o, k->size);
		out += k->size;
	}
}

const struct conf *config_now(struct config *c)
{
	if (!c->stale)
		return &c->now;
	arena_free(&c->now.arena);
	c->now.settings = c->file.settings;
	for (enum config_kind kind = 0; kind < CONFIG_KINDS; kind++)
		gather(c, kind);
	c->stale = false;
	c->changes++;
	return &c->now;
}

struct peer *config_conn(const struct config *c, const char *name)
{
	const struct slot *s = dict_get(&c->shelves[CONFIG_CONN].by_name, name);

	return s ? *(struct peer **)in_force(s)->o : NULL;
}

void config_start(struct config *c, struct vault *vault)
{
	*c = (struct config){ .vault = vault, .file.settings = settings_default(), .stale = true };
	creds_start(&c->creds);
	if (vault)
		c->creds.opener =
			(struct key_opener){ vault_open, vault_read, vault_fetch, vault, VAULT_FILE_MAX };
	for (enum config_kind kind = 0; kind < CONFIG_KINDS; kind++)
		list_init(&c->shelves[kind].slots);
}

void config_stop(struct config *c)
{
	for (enum config_kind kind = 0; kind < CONFIG_KINDS; kind++) {
		clear(c, kind, ORIGIN_FILE);
		clear(c, kind, ORIGIN_VICI);
		dict_free(&c->shelves[kind].by_name);
	}
	arena_free(&c->now.arena);
	vault_leave_radius(&c->file.settings.radius);
	conf_free(&c->file);
	creds_stop(&c->creds);
}
