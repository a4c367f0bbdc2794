/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ipc_peer.h"

#include "conf/load.h"
#include "conf/print.h"

/* -------------------------------------------------------------------- making */

static unsigned rounds_of(const struct peer *p)
{
	unsigned n = 0;

	for (const struct auth_conf *a = &p->local; a; a = a->next)
		n++;
	for (const struct auth_conf *a = &p->remote; a; a = a->next)
		n++;
	return n;
}

static struct ipc_round round_of(const struct auth_conf *a)
{
	return (struct ipc_round){ a->at, a->certs, a->cacerts, a->pubkeys };
}

static void make_rounds(const struct peer *p, struct arena *arena, struct ipc_peer *out)
{
	out->rounds = ARENA_ARRAY(arena, rounds_of(p), struct ipc_round);
	for (const struct auth_conf *a = &p->local; a; a = a->next)
		out->rounds[out->n_rounds++] = round_of(a);
	for (const struct auth_conf *a = &p->remote; a; a = a->next)
		out->rounds[out->n_rounds++] = round_of(a);
}

static void make_children(const struct peer *p, struct arena *arena, struct ipc_peer *out)
{
	out->n_children = p->n_children + p->n_shunts;
	out->children = ARENA_ARRAY(arena, out->n_children, struct ipc_child);
	for (unsigned i = 0; i < out->n_children; i++) {
		const struct child_conf *c = &p->children[i];

		out->children[i] = (struct ipc_child){
			.name = c->name,
			.group = c->group,
			.at = c->at,
			.datapath = (uint8_t)c->datapath,
			.content = c->content,
		};
	}
}

bool ipc_peer_make(const struct peer *p, struct arena *arena, struct ipc_peer *out)
{
	const struct settings usual = settings_default();
	struct peer *one = (struct peer *)p;
	struct text text = text_in(arena);

	conf_print(&one, 1, &usual, &text);
	*out = (struct ipc_peer){
		.number = p->number,
		.text = bytes_of(text.s, text.n),
		.origin = (uint8_t)p->origin,
		.at = p->at,
		.content = p->content,
		.places = p->places,
	};
	make_rounds(p, arena, out);
	make_children(p, arena, out);
	return text.n <= IPC_CONF_MAX && out->n_rounds <= 2 * IPC_ROUNDS_MAX &&
	       out->n_children <= IPC_CHILDREN_MAX;
}

struct bytes ipc_settings_make(const struct settings *s, struct arena *arena)
{
	struct text text = text_in(arena);

	conf_print(NULL, 0, s, &text);
	return bytes_of(text.s, text.n);
}

/* ------------------------------------------------------------------- reading */

/* What the text is called where it is read. */
static const char name[] = "guard";

static enum err read_text(void *ctx, const char *path, struct arena *arena, struct bytes *out)
{
	if (strcmp(path, name) != 0)
		return ERR_DENIED;
	*out = arena_bytes(arena, *(const struct bytes *)ctx);
	return ERR_OK;
}

static enum err no_files(
	void *ctx, const char *pattern, struct arena *arena, const char *const **paths, unsigned *n)
{
	(void)ctx;
	(void)pattern;
	(void)arena;
	*paths = NULL;
	*n = 0;
	return ERR_OK;
}

enum err ipc_settings_read(struct bytes text, struct conf *out, struct text *why)
{
	const struct conf_files files = { .read = read_text, .glob = no_files, .ctx = &text };
	struct arena scratch = { 0 };
	struct text notes = text_in(&scratch);
	enum err e = conf_load(name, &files, out, why, &notes);

	arena_free(&scratch);
	return e;
}

static const char *kept(struct arena *arena, const char *s)
{
	return s ? arena_str(arena, s) : NULL;
}

static struct source source_copy(struct arena *arena, const struct source *s)
{
	struct source_key *keys = ARENA_ARRAY(arena, s->n, struct source_key);

	for (unsigned i = 0; i < s->n; i++)
		keys[i] = (struct source_key){ arena_str(arena, s->keys[i].key), s->keys[i].line };
	return (struct source){ kept(arena, s->section), kept(arena, s->file), s->line, keys, s->n };
}

static struct cert_confs certs_copy(struct arena *arena, const struct cert_confs *c)
{
	struct cert_conf *v = ARENA_ARRAY(arena, c->n, struct cert_conf);

	for (unsigned i = 0; i < c->n; i++) {
		v[i] = c->v[i];
		v[i].file = kept(arena, v[i].file);
		v[i].data = arena_bytes(arena, v[i].data);
		v[i].uri = kept(arena, v[i].uri);
		v[i].handle = kept(arena, v[i].handle);
		v[i].module = kept(arena, v[i].module);
	}
	return (struct cert_confs){ v, c->n };
}

static void set_round(struct peer *p, struct auth_conf *a, const struct ipc_round *m)
{
	a->at = source_copy(&p->arena, &m->at);
	a->certs = certs_copy(&p->arena, &m->certs);
	a->cacerts = certs_copy(&p->arena, &m->cacerts);
	a->pubkeys = certs_copy(&p->arena, &m->pubkeys);
}

static void set_rounds(struct peer *p, const struct ipc_peer *m)
{
	unsigned n = 0;

	for (struct auth_conf *a = &p->local; a; a = a->next)
		set_round(p, a, &m->rounds[n++]);
	for (struct auth_conf *a = &p->remote; a; a = a->next)
		set_round(p, a, &m->rounds[n++]);
}

static bool set_children(struct peer *p, const struct ipc_peer *m)
{
	for (unsigned i = 0; i < m->n_children; i++) {
		struct child_conf *c = &p->children[i];

		if (strcmp(c->name, m->children[i].name) != 0)
			return false;
		c->group = arena_str(&p->arena, m->children[i].group);
		c->at = source_copy(&p->arena, &m->children[i].at);
		c->datapath = (enum data_path)m->children[i].datapath;
		c->content = m->children[i].content;
	}
	return true;
}

/* Whether P, as read, is of the form that M says. */
static bool set_all(struct peer *p, const struct ipc_peer *m)
{
	if (rounds_of(p) != m->n_rounds || p->n_children + p->n_shunts != m->n_children)
		return false;
	p->number = m->number;
	p->origin = (enum origin)m->origin;
	p->at = source_copy(&p->arena, &m->at);
	p->content = m->content;
	p->places = m->places;
	set_rounds(p, m);
	return set_children(p, m);
}

enum err ipc_peer_read(const struct ipc_peer *m, struct peer **out, struct text *why)
{
	struct conf conf = { 0 };
	enum err e = ipc_settings_read(m->text, &conf, why);

	if (e)
		return e;
	if (conf.n_peers == 1 && set_all(conf.peers[0], m)) {
		*out = peer_ref(conf.peers[0]);
	} else {
		text_add(why, "a connection does not come out of its text as it went in");
		e = ERR_SYNTAX;
	}
	conf_free(&conf);
	return e;
}
