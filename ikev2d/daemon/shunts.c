/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wanted, and what the data path has. */
#include "daemon/shunts.h"

#include "daemon/line.h"

#include <stdlib.h>

struct shunt {
	struct node of_all;
	uint32_t id;
	const struct child_conf *conf; /* holds a reference to its peer */
	bool wanted, installed;
	bool stale; /* of an earlier configuration */
	char name[];
};

/* Both names; no name has the character between them. */
static char *name_of(const struct child_conf *c, struct arena *arena)
{
	return arena_printf(arena, "%s\n%s", c->peer->name, c->name);
}

static void say(enum log_level level, const struct shunt *sh, const char *text)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "conn", sh->conf->peer->name);
	line_add(&line, "child", sh->conf->name);
	line_add(&line, "mode", sh->conf->mode == MODE_DROP ? "drop" : "pass");
	line_add(&line, "msg", text);
	log_say(level, "shunt", "%s", text_str(&line));
	arena_free(&arena);
}

/* Selectors for the data path: dynamic ones are of any address, as there is no tunnel whose ends they could
 * be. */
static struct tss resolve(struct tss set, struct arena *arena)
{
	struct ts *v = ARENA_ARRAY(arena, 2 * (size_t)set.n, struct ts);
	unsigned n = 0;

	for (unsigned i = 0; i < set.n; i++) {
		v[n++] = set.v[i];
		if (!set.v[i].dynamic)
			continue;
		v[n] = v[n - 1];
		v[n - 1].dynamic = v[n].dynamic = false;
		v[n - 1].lo = v[n - 1].hi = (struct ip){ .v = 4 };
		v[n].lo = v[n].hi = (struct ip){ .v = 6 };
		memset(v[n - 1].hi.a, 0xff, ip_size(&v[n - 1].hi));
		memset(v[n].hi.a, 0xff, ip_size(&v[n].hi));
		n++;
	}
	return (struct tss){ v, n };
}

static enum err install(struct shunts *s, struct shunt *sh, struct text *why)
{
	struct arena scratch = { 0 };
	const struct shunt_spec spec = {
		.id = sh->id,
		.drop = sh->conf->mode == MODE_DROP,
		.local_ts = resolve(sh->conf->local, &scratch),
		.remote_ts = resolve(sh->conf->remote, &scratch),
	};
	enum err e = s->backend->shunt_add(s->xfrm, &spec, why);

	sh->installed = !e;
	if (!e)
		say(LOG_NOTICE, sh, "installed");
	arena_free(&scratch);
	return e;
}

static void uninstall(struct shunts *s, struct shunt *sh)
{
	if (!sh->installed)
		return;
	s->backend->shunt_del(s->xfrm, sh->id);
	sh->installed = false;
	say(LOG_NOTICE, sh, "taken away");
}

uint32_t shunts_next_id(struct shunts *s)
{
	return ++s->last_id;
}

static struct shunt *shunt_new(struct shunts *s, const struct child_conf *c, const char *name)
{
	size_t n = strlen(name) + 1;
	struct shunt *sh = calloc(1, sizeof *sh + n);

	if (!sh)
		abort();
	memcpy(sh->name, name, n);
	sh->id = shunts_next_id(s);
	sh->conf = c;
	peer_ref(c->peer);
	sh->wanted = c->start_action != ACTION_NONE;
	return sh;
}

static void shunt_free(struct shunt *sh)
{
	list_remove(&sh->of_all);
	peer_unref(sh->conf->peer);
	free(sh);
}

static bool same(const struct child_conf *a, const struct child_conf *b)
{
	return a->mode == b->mode && a->start_action == b->start_action && tss_eq(a->local, b->local) &&
	       tss_eq(a->remote, b->remote);
}

/* The shunt of C comes to the end of the list; one that says something else stays behind, stale. */
static void follow(struct shunts *s, const struct child_conf *c)
{
	struct arena scratch = { 0 };
	const char *name = name_of(c, &scratch);
	struct shunt *sh = dict_get(&s->by_name, name);

	if (sh && same(sh->conf, c)) {
		peer_ref(c->peer);
		peer_unref(sh->conf->peer);
		sh->conf = c;
		sh->stale = false;
		list_remove(&sh->of_all);
	} else {
		if (sh)
			dict_take(&s->by_name, name);
		sh = shunt_new(s, c, name);
		dict_put(&s->by_name, sh->name, sh);
	}
	list_append(&s->all, &sh->of_all);
	arena_free(&scratch);
}

static void try_install(struct shunts *s, struct shunt *sh)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (install(s, sh, &why))
		say(LOG_WARN, sh,
			arena_printf(&scratch, "%s: not installed: %s",
				source_print(&sh->conf->at, "mode", &scratch), text_str(&why)));
	arena_free(&scratch);
}

void shunts_follow(struct shunts *s, const char *only, struct peer *const *peers, unsigned n)
{
	list_each (i, &s->all) {
		struct shunt *sh = node_owner(i, struct shunt, of_all);

		sh->stale = !only || !strcmp(sh->conf->peer->name, only);
	}
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; !peers[i]->unready && k < peers[i]->n_shunts; k++)
			follow(s, &peers[i]->children[peers[i]->n_children + k]);
	list_each (i, &s->all) {
		struct shunt *sh = node_owner(i, struct shunt, of_all);

		if (!sh->stale && sh->wanted && !sh->installed)
			try_install(s, sh);
	}
	list_each_safe (i, &s->all) {
		struct shunt *sh = node_owner(i, struct shunt, of_all);

		if (!sh->stale)
			continue;
		uninstall(s, sh);
		if (dict_get(&s->by_name, sh->name) == sh)
			dict_take(&s->by_name, sh->name);
		shunt_free(sh);
	}
}

static struct shunt *find(const struct shunts *s, const char *ike, const char *child)
{
	list_each (i, (struct node *)&s->all) {
		struct shunt *sh = node_owner(i, struct shunt, of_all);

		if (!strcmp(sh->conf->name, child) && (!ike || !strcmp(sh->conf->peer->name, ike)))
			return sh;
	}
	return NULL;
}

enum err shunts_install(struct shunts *s, const char *ike, const char *child, struct text *why)
{
	struct shunt *sh = find(s, ike, child);

	if (!sh)
		return ERR_MISSING;
	sh->wanted = true;
	return sh->installed ? ERR_OK : install(s, sh, why);
}

enum err shunts_uninstall(struct shunts *s, const char *ike, const char *child)
{
	struct shunt *sh = find(s, ike, child);

	if (!sh || !sh->installed)
		return ERR_MISSING;
	sh->wanted = false;
	uninstall(s, sh);
	return ERR_OK;
}

const uint64_t *shunts_installed(const struct shunts *s, struct arena *arena, unsigned *n)
{
	uint64_t *v = ARENA_ARRAY(arena, s->by_name.count, uint64_t);

	*n = 0;
	list_each (i, (struct node *)&s->all)
		if (node_owner(i, struct shunt, of_all)->installed)
			v[(*n)++] = node_owner(i, struct shunt, of_all)->id;
	return v;
}

bool shunts_record(const struct shunts *s, uint64_t id, struct arena *arena, struct policy_record *out)
{
	list_each (i, (struct node *)&s->all) {
		const struct shunt *sh = node_owner(i, struct shunt, of_all);

		if (sh->id != id || !sh->installed)
			continue;
		*out = (struct policy_record){
			.ike = arena_str(arena, sh->conf->peer->name),
			.child = arena_str(arena, sh->conf->name),
			.mode = sh->conf->mode,
			.local_ts = tss_copy(arena, sh->conf->local),
			.remote_ts = tss_copy(arena, sh->conf->remote),
		};
		return true;
	}
	return false;
}

void shunts_start(struct shunts *s, const struct xfrm_backend *backend, struct xfrm *xfrm)
{
	*s = (struct shunts){ .backend = backend, .xfrm = xfrm };
	list_init(&s->all);
}

void shunts_stop(struct shunts *s)
{
	list_each_safe (i, &s->all)
		shunt_free(node_owner(i, struct shunt, of_all));
	dict_free(&s->by_name);
}
