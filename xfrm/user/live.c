/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making, counting and reading the live part of an SA. */
#include "xfrm/user/live.h"

#include <stdlib.h>

static struct live_limit limit_of(uint64_t soft, uint64_t hard)
{
	return (struct live_limit){ soft ? soft : UINT64_MAX, hard ? hard : UINT64_MAX };
}

/* Sequence numbers are a volume too: an outbound SA asks to be renewed when an eighth of them is left. */
static void bound_by_sequence(struct live *l)
{
	uint64_t last = l->esp.seq_last, soft = last - last / 8;

	if (l->packets_limit.soft > soft)
		l->packets_limit.soft = soft;
	if (l->packets_limit.hard > last)
		l->packets_limit.hard = last;
}

static void take_conf(struct live *l, const struct child_conf *conf)
{
	l->tos = (struct tos_copy){
		.dscp_out = conf->copy_dscp == DSCP_OUT || conf->copy_dscp == DSCP_BOTH,
		.dscp_in = conf->copy_dscp == DSCP_IN || conf->copy_dscp == DSCP_BOTH,
		.ecn = conf->copy_ecn,
	};
	l->copy_df = conf->copy_df;
	l->keep_mss = conf->mss == MSS_NO;
	l->bytes_limit = limit_of(conf->rekey_bytes, conf->life_bytes);
	l->packets_limit = limit_of(conf->rekey_packets, conf->life_packets);
	if (!l->inbound)
		bound_by_sequence(l);
}

static size_t tss_octets(struct tss set)
{
	return arena_octets(set.n * sizeof *set.v);
}

struct live *live_new(const struct sa_spec *spec, struct meter *meter, enum err *err, struct text *why)
{
	struct live *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	*l = (struct live){
		.child = spec->child,
		.inbound = spec->inbound,
		.tfc_padding = spec->tfc_padding,
		.meter = meter,
		.together = LIVE_TOGETHER,
	};
	*meter = (struct meter){ 0 };
	pthread_mutex_init(&l->lock, NULL);
	arena_expect(&l->arena, esp_kept(spec->encr_key, spec->integ_key) + tss_octets(spec->local_ts) +
					tss_octets(spec->remote_ts));
	*err = esp_init(&l->esp, spec->spi, &spec->suite, !spec->inbound, spec->encr_key, spec->integ_key,
		spec->conf->replay_window, &l->arena, why);
	if (*err) {
		live_free(l);
		return NULL;
	}
	l->local_ts = tss_copy(&l->arena, spec->local_ts);
	l->remote_ts = tss_copy(&l->arena, spec->remote_ts);
	take_conf(l, spec->conf);
	return l;
}

void live_free(struct live *l)
{
	esp_free(&l->esp);
	pthread_mutex_destroy(&l->lock);
	arena_free(&l->arena);
	free(l->own);
	free(l);
}

static bool has(struct tss set, const struct ip *ip, const struct inner *in, uint16_t port)
{
	for (unsigned i = 0; i < set.n; i++)
		if (ts_has(&set.v[i], ip, in->proto, port, in->ports_known))
			return true;
	return false;
}

bool live_selects(const struct live *l, const struct inner *in)
{
	struct tss src = l->inbound ? l->remote_ts : l->local_ts;
	struct tss dst = l->inbound ? l->local_ts : l->remote_ts;

	return has(src, &in->src, in, in->sport) && has(dst, &in->dst, in, in->dport);
}

void live_hold(struct live **held, struct live *l)
{
	if (*held == l)
		return;
	if (*held)
		pthread_mutex_unlock(&(*held)->lock);
	if (l)
		pthread_mutex_lock(&l->lock);
	*held = l;
}

/* One thread at a time writes a counter, so that adding needs no locked instruction. */
static uint64_t add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t sum = atomic_load_explicit(counter, memory_order_relaxed) + n;

	atomic_store_explicit(counter, sum, memory_order_relaxed);
	return sum;
}

enum live_event live_count(struct live *l, size_t n, uint64_t now)
{
	uint64_t bytes = add(&l->meter->bytes, n), packets = add(&l->meter->packets, 1);

	atomic_store_explicit(&l->meter->last_ms, now, memory_order_relaxed);
	if (!l->hard_told && (bytes >= l->bytes_limit.hard || packets >= l->packets_limit.hard)) {
		l->soft_told = true;
		l->hard_told = true;
		return LIVE_HARD;
	}
	if (!l->soft_told && (bytes >= l->bytes_limit.soft || packets >= l->packets_limit.soft)) {
		l->soft_told = true;
		return LIVE_SOFT;
	}
	return LIVE_NOTHING;
}

/* The sums go on, and with them the limits. */
void live_part(struct live *l)
{
	struct meter *own = l->own ? l->own : aligned_alloc(_Alignof(struct meter), sizeof *own);

	if (!own)
		abort();
	pthread_mutex_lock(&l->lock);
	*own = *l->meter;
	l->meter = l->own = own;
	pthread_mutex_unlock(&l->lock);
}

void live_taken(struct live *l, unsigned n)
{
	unsigned together = l->together;

	if (n < together || together == LIVE_TOGETHER || ++l->taken < LIVE_TAKEN)
		return;
	l->taken = 0;
	l->together = together < LIVE_TOGETHER / 2 ? 2 * together : LIVE_TOGETHER;
}

void live_refused(struct live *l, unsigned n)
{
	l->taken = 0;
	l->together = n / 2;
}

/* Of the two the hard one says all; who is late with the soft one does no harm. */
void live_owe(struct live *l, enum live_event event)
{
	unsigned before = atomic_load(&l->owed);

	while (before < event && !atomic_compare_exchange_weak(&l->owed, &before, event))
		;
}

enum live_event live_owed(struct live *l)
{
	if (atomic_load_explicit(&l->owed, memory_order_relaxed) == LIVE_NOTHING)
		return LIVE_NOTHING;
	return atomic_exchange(&l->owed, LIVE_NOTHING);
}

bool live_is_spent(const struct live *l)
{
	return l->hard_told;
}

void live_miss(struct live *l, enum drop why)
{
	add(why == DROP_REPLAY ? &l->meter->replays : &l->meter->invalid, 1);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

struct sa_usage live_usage(const struct meter *m, uint32_t spi, bool inbound)
{
	return (struct sa_usage){
		.spi = spi,
		.inbound = inbound,
		.bytes = get(&m->bytes),
		.packets = get(&m->packets),
		.last_ms = get(&m->last_ms),
		.replays = get(&m->replays),
		.invalid = get(&m->invalid),
	};
}
