/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct vici_host: each function finds the part of the daemon that is meant. */
#include "daemon/host.h"

#include "creds/token.h"
#include "daemon/answers.h"
#include "daemon/capture.h"
#include "daemon/engine.h"
#include "daemon/line.h"
#include "daemon/secrets.h"

static const struct conf *conf(void *ctx)
{
	return config_now(&((struct world *)ctx)->config);
}

/* Who changes what over VICI leaves a trace. */
static void log_change(enum log_level level, const char *what, const char *name)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "name", name);
	line_add(&line, "msg", what);
	log_say(level, "config", "%s", text_str(&line));
	arena_free(&arena);
}

static enum err load_conn(void *ctx, struct peer *peer, struct arena *arena, struct why *why)
{
	struct world *w = ctx;
	struct text wrong = text_in(arena), notes = text_in(arena);
	enum err e = creds_fill(&w->config.creds, peer, NULL, &conf_files_system, &wrong, &notes);

	if (e) {
		why->what = text_str(&wrong);
		peer_unref(peer);
		return e;
	}
	if (notes.n)
		line_say(LOG_NOTICE, "config", text_str(&notes));
	if (config_load(&w->config, CONFIG_CONN, &peer)) {
		log_change(LOG_NOTICE, "connection loaded over VICI", peer->name);
		engine_configure_one(w, peer->name);
	} else {
		log_change(LOG_DETAIL, "connection loaded over VICI: it is as before", peer->name);
	}
	peer_unref(peer);
	return ERR_OK;
}

/* Takes NAME away, or says why that cannot be. */
static enum err unload(struct world *w, enum config_kind kind, const char *name, const char *done,
	struct arena *arena, struct why *why)
{
	struct text text = text_in(arena);
	enum err e = config_unload(&w->config, kind, name, &text);

	if (e)
		why->what = text_str(&text);
	else
		log_change(LOG_NOTICE, done, name);
	return e;
}

static enum err unload_conn(void *ctx, const char *name, struct arena *arena, struct why *why)
{
	struct world *w = ctx;
	enum err e = unload(w, CONFIG_CONN, name, "connection unloaded over VICI", arena, why);

	if (e)
		return e;
	if (!config_conn(&w->config, name))
		failures_forget(&w->failures, name);
	engine_configure_one(w, name);
	return ERR_OK;
}

static void log_kept(bool changed, const char *what, const char *name)
{
	struct arena arena = { 0 };

	log_change(changed ? LOG_NOTICE : LOG_DETAIL,
		arena_printf(&arena, "%s loaded over VICI%s", what, changed ? "" : ": it is as before"),
		name);
	arena_free(&arena);
}

/* Keeps the object NAME, a WHAT. */
static enum err keep(
	struct world *w, enum config_kind kind, const void *object, const char *what, const char *name)
{
	log_kept(config_load(&w->config, kind, object), what, name);
	return ERR_OK;
}

static enum err load_shared(void *ctx, const struct secret *secret, struct arena *arena, struct why *why)
{
	struct world *w = ctx;
	struct secret given = *secret;
	struct text wrong = text_in(arena);
	enum err e = vault_keep_offered(w->vault, &given, &wrong);

	if (!e)
		e = keep(w, CONFIG_SECRET, &given, "secret", given.name);
	else
		why->what = text_str(&wrong);
	kept_unref(given.kept);
	return e;
}

static bool has_password(void *ctx, const struct id *user)
{
	struct world *w = ctx;

	return secrets_eap(config_now(&w->config), user);
}

static enum err unload_shared(void *ctx, const char *name, struct arena *arena, struct why *why)
{
	return unload(ctx, CONFIG_SECRET, name, "secret unloaded over VICI", arena, why);
}

static enum err load_pool(void *ctx, const struct vip_pool *pool, struct arena *arena, struct why *why)
{
	(void)arena;
	(void)why;
	return keep(ctx, CONFIG_POOL, pool, "pool", pool->name);
}

static enum err unload_pool(void *ctx, const char *name, struct arena *arena, struct why *why)
{
	return unload(ctx, CONFIG_POOL, name, "pool unloaded over VICI", arena, why);
}

static void pool_usage(void *ctx, const struct vip_pool *pool, unsigned *online, unsigned *offline)
{
	const struct lease_area *a = leases_area(answers_leases(ctx), pool);

	*online = a ? a->online : 0;
	*offline = a ? a->offline : 0;
}

static const struct vici_lease *leases(
	void *ctx, const struct vip_pool *pool, struct arena *arena, unsigned *n)
{
	struct leases *l = answers_leases(ctx);
	const struct lease_area *a = leases_area(l, pool);
	struct vici_lease *v = ARENA_ARRAY(arena, a ? a->online + a->offline : 0, struct vici_lease);

	*n = 0;
	list_each (k, &l->all) {
		const struct lease *e = node_owner(k, struct lease, of_all);

		if (a && e->area == a)
			v[(*n)++] = (struct vici_lease){ e->ip, id_print(&e->holder->id, arena), e->users };
	}
	return v;
}

/* The authorities have changed: those that we trust are made of them anew. */
static enum err trust_again(struct world *w, struct arena *arena, struct why *why)
{
	struct text wrong = text_in(arena), notes = text_in(arena);
	enum err e = config_read_creds(&w->config, &wrong, &notes);

	if (e)
		why->what = text_str(&wrong);
	else
		engine_configure(w);
	return e;
}

/* What tokens said of its certificate is in force with it. */
static enum err keep_authority(
	struct world *w, const struct authority *a, struct arena *arena, struct why *why)
{
	bool changed;
	enum err e;

	if (token_has(&a->cacert))
		vault_adopt(w->vault, token_certs_uri(&a->cacert, arena));
	changed = config_load(&w->config, CONFIG_AUTHORITY, a);
	e = trust_again(w, arena, why);
	if (!e)
		log_kept(changed, "authority", a->name);
	return e;
}

/* Where all cannot be read again with it, the one that was there before stays. */
static enum err load_authority(
	void *ctx, const struct authority *authority, struct arena *arena, struct why *why)
{
	struct world *w = ctx;
	const struct config_loaded before =
		config_loaded(&w->config, CONFIG_AUTHORITY, authority->name, arena);
	struct authority read = *authority;
	enum err e = creds_fill_authority(&w->config.creds, &read, arena, why);

	if (e)
		return e;
	e = keep_authority(w, &read, arena, why);
	if (e)
		config_restore(&w->config, CONFIG_AUTHORITY, authority->name, &before);
	return e;
}

static enum err unload_authority(void *ctx, const char *name, struct arena *arena, struct why *why)
{
	enum err e = unload(ctx, CONFIG_AUTHORITY, name, "authority unloaded over VICI", arena, why);

	return e ? e : trust_again(ctx, arena, why);
}

static void reload(void *ctx, uint32_t ticket)
{
	daemon_reload(ctx, ticket);
}

static enum err reload_settings(void *ctx, struct arena *arena, struct why *why)
{
	return daemon_reload_settings(ctx, arena, why);
}

static void stop(void *ctx)
{
	daemon_stop(ctx);
}

static void writable(void *ctx, void *io)
{
	control_writable(&((struct world *)ctx)->control, io);
}

struct vici_host host_of(struct world *w)
{
	struct vici_host h = {
		.ctx = w,
		.conf = conf,
		.load_conn = load_conn,
		.unload_conn = unload_conn,
		.load_shared = load_shared,
		.has_password = has_password,
		.unload_shared = unload_shared,
		.load_pool = load_pool,
		.unload_pool = unload_pool,
		.pool_usage = pool_usage,
		.leases = leases,
		.load_authority = load_authority,
		.unload_authority = unload_authority,
		.reload = reload,
		.reload_settings = reload_settings,
		.stop = stop,
		.writable = writable,
	};

	orders_into(&h);
	creds_into(&h);
	inspect_into(&h);
	capture_into(&h);
	return h;
}
