/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VICI's clients want to know. */
#include "base/heap.h"
#include "daemon/clock.h"
#include "daemon/datapath.h"
#include "daemon/host.h"
#include "daemon/inquire.h"
#include "daemon/lacking.h"
#include "daemon/parley.h"

#include <inttypes.h>

static const uint64_t *sas(void *ctx, struct arena *arena, unsigned *n)
{
	return inquire_sas(ctx, arena, n);
}

static bool record(void *ctx, uint64_t key, struct arena *arena, struct sa_record *out)
{
	struct world *w = ctx;

	if (!inquire_sa(w, key, arena, out))
		return false;
	datapath_fill(w, out, arena);
	return true;
}

/* Added to the numbers of shunts; those of traps have 32 bits. */
static const uint64_t of_shunts = 1ULL << 32;

/* Traps first, as with strongSwan. */
static const uint64_t *policies(void *ctx, struct arena *arena, unsigned *n)
{
	struct world *w = ctx;
	unsigned n_shunts, n_traps;
	const uint64_t *shunts = shunts_installed(&w->shunts, arena, &n_shunts);
	const uint64_t *traps = inquire_traps(w, arena, &n_traps);
	uint64_t *v = ARENA_ARRAY(arena, n_shunts + n_traps, uint64_t);

	for (*n = 0; *n < n_shunts + n_traps; ++*n)
		v[*n] = *n < n_traps ? traps[*n] : of_shunts + shunts[*n - n_traps];
	return v;
}

static bool policy(void *ctx, uint64_t key, struct arena *arena, struct policy_record *out)
{
	struct world *w = ctx;

	return key < of_shunts ? inquire_trap(w, key, arena, out)
			       : shunts_record(&w->shunts, key - of_shunts, arena, out);
}

static const struct counters *counters(
	void *ctx, const char *name, bool all, struct arena *arena, unsigned *n)
{
	return inquire_counters(ctx, name, all, arena, n);
}

static void counters_reset(void *ctx, const char *name, bool all)
{
	inquire_counters_reset(ctx, name, all);
}

static void failures(void *ctx, const char *name, struct arena *arena, struct vici_failures *out)
{
	struct world *w = ctx;
	const struct story *s = failures_of(&w->failures, name);
	uint64_t next = name ? inquire_next_try(w, name) : HEAP_NEVER;

	*out = (struct vici_failures){ .next = next == HEAP_NEVER ? 0 : next };
	if (!s)
		return;
	out->v = ARENA_ARRAY(arena, 2 * FAILURES_KEPT, const struct failure_record *);
	out->n = story_all(s, out->v);
	out->last = story_last(s);
	out->down = s->down;
}

static uint64_t now(void *ctx)
{
	(void)ctx;
	return clock_ms();
}

static bool has(void *ctx, const struct transform *t)
{
	(void)ctx;
	return lacking_has(t);
}

/* Whether a CHILD_SA of C is up. */
static bool is_up(struct world *w, const struct child_conf *c, struct arena *arena)
{
	unsigned n;
	const uint64_t *keys = inquire_sas(w, arena, &n);
	struct sa_record r;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; inquire_sa(w, keys[i], arena, &r) && k < r.n_children; k++)
			if (!strcmp(r.name, c->peer->name) && !strcmp(r.children[k].name, c->name))
				return true;
	return false;
}

struct closed_list {
	struct world *w;
	struct text *out;
};

/* Who wonders why nothing leaves any more is told. */
static void closed(void *ctx, const struct child_conf *c)
{
	const struct closed_list *l = ctx;
	struct arena scratch = { 0 };

	if (!is_up(l->w, c, &scratch))
		text_add(l->out,
			"%sthe kill switch of %s/%s holds back %s until it is up; ipsec down %s opens it",
			l->out->n ? "\n" : "", c->peer->name, c->name,
			c->kill_switch == KILL_ALL ? "everything" : "what is for its remote_ts",
			c->peer->name);
	arena_free(&scratch);
}

static void stats(void *ctx, struct arena *arena, struct vici_stats *out)
{
	struct world *w = ctx;
	const char *dropped;
	struct ike_load load = inquire_load(w, arena, &dropped);
	struct text drops = text_in(arena), pace = text_in(arena), warnings = text_in(arena);

	text_add(&drops, "%s", dropped);
	datapath_drops(w, &drops);
	datapath_pace(w, &pace);
	watch_expiring(w, &warnings);
	datapath_advice(w, &warnings);
	switches_each(&w->switches, closed, &(struct closed_list){ w, &warnings });
	*out = (struct vici_stats){
		.uptime_ms = clock_ms() - w->started,
		.ikesas = load.sas,
		.half_open = load.half_open,
		.timers = load.timers,
		.drops = text_str(&drops),
		.load = arena_printf(arena,
			"cookies=%" PRIu64 " puzzles=%" PRIu64 " solved=%" PRIu64
			" stall-ms=%.1f guessing=%u",
			load.cookies, load.puzzles, load.solved, pulse_longest(&w->pulse),
			parleys_guessing(w)),
		.pace = pace.n ? text_str(&pace) : NULL,
		.warnings = text_str(&warnings),
	};
}

static void audit(void *ctx, struct arena *arena, struct vici_audit *out)
{
	struct world *w = ctx;
	struct text differences = text_in(arena);

	datapath_audit(w, &differences);
	datapath_in_use(w, &out->no_kernel, &out->no_userspace);
	out->differences = text_str(&differences);
}

void inspect_into(struct vici_host *h)
{
	h->sas = sas;
	h->record = record;
	h->policies = policies;
	h->policy = policy;
	h->counters = counters;
	h->counters_reset = counters_reset;
	h->failures = failures;
	h->now = now;
	h->has = has;
	h->stats = stats;
	h->audit = audit;
}
