/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct vici_host: each function finds the part of the daemon that is meant. */
#include "daemon/host.h"

#include "daemon/clock.h"
#include "daemon/datapath.h"
#include "daemon/engine.h"
#include "daemon/line.h"
#include "daemon/patience.h"

#include <inttypes.h>

/* TIMEOUT < 0: the client wants no more than to know that it began. A command that ended at once has been
 * answered already, and what comes for its ticket later finds nobody. */
static void run(struct world *w, const struct ike_command *command, int64_t timeout_ms)
{
	if (timeout_ms > 0)
		patience_set(w, command->ticket, command->kind == COMMAND_UP, timeout_ms);
	engine_feed(w, &(struct ike_event){ .kind = EVENT_COMMAND, .command = *command });
	if (timeout_ms < 0)
		vici_done(w->vici, command->ticket, &(struct vici_outcome){ .success = true });
}

/* The connection that WHAT names, where it is only one that cannot be used. */
static const struct peer *find_unready(const struct conf *c, const struct vici_target *what)
{
	const struct peer *found = NULL;

	for (unsigned i = 0; i < c->n_peers; i++) {
		const struct peer *p = c->peers[i];

		if ((what->ike && strcmp(what->ike, p->name)) || (what->child && !peer_child(p, what->child)))
			continue;
		if (!p->unready)
			return NULL;
		found = p;
	}
	return found;
}

static void initiate(void *ctx, uint32_t ticket, const struct vici_target *what, int64_t timeout_ms)
{
	struct world *w = ctx;
	const struct peer *unready = find_unready(&w->config.now, what);

	if (unready) {
		vici_done(w->vici, ticket, &(struct vici_outcome){ .why.what = unready->unready });
		return;
	}
	run(ctx,
		&(struct ike_command){
			.kind = COMMAND_UP,
			.ticket = ticket,
			.ike = what->ike,
			.child = what->child,
		},
		timeout_ms);
}

static void terminate(
	void *ctx, uint32_t ticket, const struct vici_target *what, bool force, int64_t timeout_ms)
{
	run(ctx,
		&(struct ike_command){
			.kind = COMMAND_DOWN,
			.ticket = ticket,
			.ike = what->ike,
			.child = what->child,
			.ike_id = what->ike_id,
			.child_id = what->child_id,
			.force = force,
		},
		timeout_ms);
}

static void rekey(void *ctx, uint32_t ticket, const struct vici_target *what, bool reauth)
{
	run(ctx,
		&(struct ike_command){
			.kind = COMMAND_REKEY,
			.ticket = ticket,
			.ike = what->ike,
			.child = what->child,
			.ike_id = what->ike_id,
			.child_id = what->child_id,
			.reauth = reauth,
		},
		0);
}

static struct sa_record *records(void *ctx, struct arena *arena, unsigned *n)
{
	struct world *w = ctx;
	struct sa_record *v = ike_records(w->ike, arena, n);

	for (unsigned i = 0; i < *n; i++)
		datapath_fill(w, &v[i]);
	return v;
}

static const struct conf *conf(void *ctx)
{
	return &((struct world *)ctx)->config.now;
}

static bool failure(void *ctx, const char *name, struct why *out)
{
	const struct why *why = failures_find(&((struct world *)ctx)->failures, name);

	if (why)
		*out = *why;
	return why;
}

static uint64_t now(void *ctx)
{
	(void)ctx;
	return clock_ms();
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

	(void)arena;
	(void)why;
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

static void stats(void *ctx, struct arena *arena, struct vici_stats *out)
{
	struct world *w = ctx;
	struct ike_load load = ike_load(w->ike);
	struct text drops = text_in(arena);

	ike_drops(w->ike, &drops);
	datapath_drops(w, &drops);
	if (w->sockets.esp)
		text_add(&drops, "%sesp-unclaimed=%" PRIu64, drops.n ? " " : "", w->sockets.esp);
	*out = (struct vici_stats){
		.uptime_ms = clock_ms() - w->started,
		.ikesas = load.sas,
		.half_open = load.half_open,
		.drops = text_str(&drops),
	};
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
	return (struct vici_host){
		.ctx = w,
		.initiate = initiate,
		.terminate = terminate,
		.rekey = rekey,
		.records = records,
		.conf = conf,
		.failure = failure,
		.now = now,
		.load_conn = load_conn,
		.unload_conn = unload_conn,
		.load_shared = load_shared,
		.unload_shared = unload_shared,
		.clear_creds = clear_creds,
		.reload = reload,
		.stats = stats,
		.stop = stop,
		.writable = writable,
	};
}
