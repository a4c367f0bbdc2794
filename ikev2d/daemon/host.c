/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct vici_host: each function finds the part of the daemon that is meant. */
#include "daemon/host.h"

#include "daemon/engine.h"
#include "daemon/line.h"

static const struct conf *conf(void *ctx)
{
	return &((struct world *)ctx)->config.now;
}

/* Who changes what over VICI leaves a trace. */
static void log_change(const char *what, const char *name)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "name", name);
	line_add(&line, "msg", what);
	log_say(LOG_NOTICE, "config", "%s", text_str(&line));
	arena_free(&arena);
}

static enum err load_conn(void *ctx, struct peer *peer, struct arena *arena, struct why *why)
{
	struct world *w = ctx;
	struct text wrong = text_in(arena), notes = text_in(arena);
	enum err e = creds_fill(peer, NULL, &conf_files_system, &wrong, &notes);

	if (e) {
		why->what = text_str(&wrong);
		peer_unref(peer);
		return e;
	}
	if (notes.n)
		line_say(LOG_NOTICE, "config", text_str(&notes));
	log_change("connection loaded over VICI", peer->name);
	config_load_conn(&w->config, peer);
	engine_configure(w);
	return ERR_OK;
}

static enum err unload_conn(void *ctx, const char *name, struct arena *arena, struct why *why)
{
	struct world *w = ctx;
	struct text text = text_in(arena);
	enum err e = config_unload_conn(&w->config, name, &text);

	if (e) {
		why->what = text_str(&text);
		return e;
	}
	log_change("connection unloaded over VICI", name);
	failures_prune(&w->failures, &w->config.now);
	engine_configure(w);
	return ERR_OK;
}

static enum err load_shared(void *ctx, const struct secret *secret, struct arena *arena, struct why *why)
{
	struct world *w = ctx;

	(void)arena;
	(void)why;
	log_change("secret loaded over VICI", secret->name);
	config_load_secret(&w->config, secret);
	return ERR_OK;
}

static enum err unload_shared(void *ctx, const char *name, struct arena *arena, struct why *why)
{
	struct world *w = ctx;
	struct text text = text_in(arena);
	enum err e = config_unload_secret(&w->config, name, &text);

	if (e)
		why->what = text_str(&text);
	else
		log_change("secret unloaded over VICI", name);
	return e;
}

static void clear_creds(void *ctx)
{
	log_change("all secrets unloaded over VICI", NULL);
	config_clear_secrets(&((struct world *)ctx)->config);
}

static enum err reload(void *ctx, struct arena *arena, struct why *why)
{
	return daemon_reload(ctx, arena, why);
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
		.unload_shared = unload_shared,
		.clear_creds = clear_creds,
		.reload = reload,
		.stop = stop,
		.writable = writable,
	};

	orders_into(&h);
	inspect_into(&h);
	return h;
}
