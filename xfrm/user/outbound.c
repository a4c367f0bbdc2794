/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy and SA of what a device gave, cut into packets; size and header fields of each; then all packets of
 * a run for one SA are sealed at once. */
#include "xfrm/user/outbound.h"

#include "xfrm/limit.h"
#include "xfrm/user/mss.h"

enum { ACQUIRE_EVERY = 1000 /* ms */ };

/* The selector of one end of a packet. */
static struct ts selector_of(const struct ip *ip, const struct inner *in, uint16_t port)
{
	struct ts ts = ts_host(ip);

	ts.proto = in->proto;
	if (in->ports_known)
		ts.port_lo = ts.port_hi = port;
	return ts;
}

/* Asks for an SA, for all or for what RESOURCE says; at most once a second for each of ASKED_MS. */
static void acquire(struct lane *lane, const struct policy_live *p, uint32_t resource,
	_Atomic uint64_t *asked_ms, const struct inner *in)
{
	struct esp_report r = {
		.kind = REPORT_ACQUIRE,
		.id = p->id,
		.resource = resource,
		.local = selector_of(&in->src, in, in->sport),
		.remote = selector_of(&in->dst, in, in->dport),
	};
	uint64_t asked = atomic_load_explicit(asked_ms, memory_order_relaxed);

	if ((asked && lane->now < asked + ACQUIRE_EVERY) ||
		!atomic_compare_exchange_strong(asked_ms, &asked, lane->now))
		return;
	(void)lane->tell(lane->ctx, &r, bytes_of(NULL, 0));
}

/* The largest packet the SA takes now: as of the snapshot, or less by what was learned since. */
static unsigned limit_of(const struct sa_slot *sa)
{
	const struct esp *e = &sa->live->esp;
	unsigned mtu = atomic_load_explicit(&sa->live->path_mtu, memory_order_relaxed);
	unsigned learned =
		mtu ? limit_inner(e->encr, e->integ, mtu, sa->remote.ip.v == 6, sa->encap) : sa->limit;

	return learned < sa->limit ? learned : sa->limit;
}

/* Every IPv6 link carries 1280 octets (RFC 8200, 5); where the tunnel would not, outer packets are cut. */
static unsigned limit_for(const struct sa_slot *sa, const struct inner *in)
{
	unsigned limit = limit_of(sa);

	return in->src.v == 6 && limit < LIMIT_MTU6_LEAST ? LIMIT_MTU6_LEAST : limit;
}

/* Header fields of the packet D, which IN describes, and whether it fits. */
static enum drop prepare(
	struct lane *lane, const struct device *device, struct departure *d, const struct inner *in)
{
	const struct live *l = d->sa->live;
	unsigned limit = limit_for(d->sa, in);

	d->tos = tos_outer(l->tos, in->tos);
	d->too_long = in->n > limit_of(d->sa);
	d->df = l->copy_df && in->df && !d->too_long;
	if (l->copy_df && in->df && in->n > limit) {
		lane_answer(lane, device, ICMP_TOO_BIG, limit, bytes_of(d->esp.p, d->esp.n), in);
		return DROP_TOO_BIG;
	}
	if (!l->keep_mss)
		mss_clamp(d->esp.p, in, limit);
	return DROP_NONE;
}

/* What this thread sends by, or NULL. Until it has an SA of its own, where it is to have one, it asks for it
 * and goes by the one for all. */
static const struct sa_slot *sa_for(struct lane *lane, const struct spd_entry *entry, const struct inner *in)
{
	struct sa_own *own = entry->own;

	if (own && own->of[lane->number])
		return own->of[lane->number];
	if (!entry->sa)
		acquire(lane, entry->policy, 0, &entry->policy->asked_ms, in);
	else if (own)
		acquire(lane, entry->policy, lane->number + 1, &own->asked_ms[lane->number], in);
	return entry->sa;
}

/* The policy and the SA of the packet P. */
static enum drop route(struct lane *lane, const struct device *device, struct bytes p, struct inner *in,
	const struct sa_slot **sa)
{
	const struct spd_entry *entry;

	if (!inner_parse(p, in))
		return DROP_MALFORMED;
	if (inner_is_neighbour(in))
		return DROP_NEIGHBOUR;
	entry = snapshot_find_policy(lane->snap, device->slot, in);
	if (!entry) {
		lane_answer(lane, device, ICMP_PROHIBITED, 0, p, in);
		return DROP_NO_POLICY;
	}
	*sa = sa_for(lane, entry, in);
	if (!*sa)
		return DROP_NO_SA;
	if (!live_is_spent((*sa)->live))
		return DROP_NONE;
	lane_tell_volume(lane, (*sa)->live, LIVE_NOTHING);
	return DROP_LIFETIME;
}

bool outbound_take(struct lane *lane, const struct device *device, const struct virtio_net_hdr *h,
	struct bytes p, struct parcel *out)
{
	enum drop drop = route(lane, device, p, &out->in, &out->sa);

	out->from = device;
	if (!drop && !split_begin(&out->split, h, p, &out->in))
		drop = DROP_MALFORMED;
	if (drop)
		drop_count(lane->drops, drop);
	return !drop;
}

/* Octets that make a packet of N as long as all are to be (RFC 4303, 2.7), as far as the path takes that. */
static size_t padding_of(const struct sa_slot *sa, size_t n)
{
	unsigned wanted = sa->live->tfc_padding, limit;

	if (!wanted)
		return 0;
	limit = limit_of(sa);
	if (wanted > limit)
		wanted = limit;
	return n < wanted ? wanted - n : 0;
}

static size_t sealed_of(const struct departure *d)
{
	return esp_sealed(&d->sa->live->esp, d->esp.n + d->esp.more);
}

/* A place for a packet of N octets for SA, or NULL. */
static struct departure *load_next(struct load *l, const struct sa_slot *sa, size_t n)
{
	struct departure *d = &l->v[l->n];

	if (l->n == LOAD_PACKETS)
		return NULL;
	*d = (struct departure){ .esp = { .p = l->room + l->octets + esp_before(&sa->live->esp),
					 .n = n,
					 .more = padding_of(sa, n) },
		.sa = sa };
	return l->octets + sealed_of(d) > LOAD_OCTETS ? NULL : d;
}

static void load_take(struct load *l, const struct departure *d)
{
	l->octets += sealed_of(d);
	l->n++;
}

void load_empty(struct load *l)
{
	l->n = 0;
	l->octets = 0;
}

bool outbound_load(struct lane *lane, struct parcel *parcel, struct load *l)
{
	size_t n;

	while ((n = split_size(&parcel->split))) {
		struct departure *d = load_next(l, parcel->sa, n);
		enum drop drop;

		if (!d)
			return false;
		split_next(&parcel->split, d->esp.p);
		parcel->in.n = n;
		drop = prepare(lane, parcel->from, d, &parcel->in);
		if (drop)
			drop_count(lane->drops, drop);
		else
			load_take(l, d);
	}
	return true;
}

/* Seals the packets V..V+N, all for one SA, and counts them. Their numbers follow each other, whoever else
 * seals at the same time. */
static void seal_run(struct lane *lane, struct departure *v, unsigned n)
{
	struct live *l = v->sa->live, *held = NULL;
	struct esp_packet esp[LOAD_PACKETS];
	size_t inner[LOAD_PACKETS];

	for (unsigned i = 0; i < n; i++) {
		esp[i] = v[i].esp;
		inner[i] = esp[i].n + esp[i].more; /* as who opens it counts them */
	}
	esp_seal(&l->esp, lane->number, lane->rng, esp, n);
	live_hold(&held, l);
	for (unsigned i = 0; i < n; i++) {
		v[i].esp = esp[i];
		if (esp[i].drop)
			drop_count(lane->drops, esp[i].drop);
		else
			lane_tell_volume(lane, l, live_count(l, inner[i], lane->now));
	}
	live_hold(&held, NULL);
}

/* How many of the packets V..V+N, from the first on, go out by the same SA. */
static unsigned run_of(const struct departure *v, unsigned n)
{
	unsigned i = 1;

	while (i < n && v[i].sa == v->sa)
		i++;
	return i;
}

void outbound_seal(struct lane *lane, struct load *l)
{
	unsigned run;

	for (unsigned i = 0; i < l->n; i += run) {
		run = run_of(l->v + i, l->n - i);
		seal_run(lane, l->v + i, run);
	}
}
