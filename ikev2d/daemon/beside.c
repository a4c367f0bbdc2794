/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks of this machine, and tunnels of one IP version only. */
#include "daemon/beside.h"

#include "daemon/clock.h"
#include "daemon/line.h"
#include "daemon/tells.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

/* Bits of the largest networks of private addresses that anybody has at home. */
enum { LARGEST_V4 = 16, LARGEST_V6 = 64 };

static enum err install(struct world *w, bool drop, const struct ts *local, const struct ts *remote,
	uint32_t *id, struct text *why)
{
	struct ts ends[2] = { *local, *remote };
	struct shunt_spec spec = {
		.id = shunts_next_id(&w->shunts),
		.drop = drop,
		.local_ts = { &ends[0], 1 },
		.remote_ts = { &ends[1], 1 },
	};
	enum err e = w->backend->shunt_add(w->xfrm, &spec, why);

	*id = e ? 0 : spec.id;
	return e;
}

static void say(enum log_level level, const struct ts *ts, const char *what, const char *why)
{
	char text[TS_TEXT];

	log_say(level, "beside", "net=%s msg=\"%s%s%s\"", ts_print(ts, text), what, why ? ": " : "",
		why ? why : "");
}

/* -------------------------------------------------------------------- networks */

static unsigned bits_of(const struct sockaddr *mask)
{
	const struct sockaddr_in *in4 = (const void *)mask;
	const struct sockaddr_in6 *in6 = (const void *)mask;
	const uint8_t *p =
		mask->sa_family == AF_INET ? (const uint8_t *)&in4->sin_addr : in6->sin6_addr.s6_addr;
	unsigned n = mask->sa_family == AF_INET ? 4 : 16, bits = 0;

	for (unsigned i = 0; i < n; i++)
		bits += (unsigned)__builtin_popcount(p[i]);
	return bits;
}

/* The network of an address on a device to which several can be connected: a cable or Wi-Fi, and no tunnel. A
 * link-local address has none that is to be told: such packets pass in any case. */
static bool network_of(const struct ifaddrs *a, struct ts *out)
{
	unsigned flags = IFF_UP | IFF_BROADCAST, bits;
	struct ip ip;
	struct bytes octets;

	if ((a->ifa_flags & flags) != flags || a->ifa_flags & IFF_LOOPBACK || !a->ifa_addr || !a->ifa_netmask)
		return false;
	if (a->ifa_addr->sa_family == AF_INET)
		octets = bytes_of(&((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr, 4);
	else if (a->ifa_addr->sa_family == AF_INET6)
		octets = bytes_of(&((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr, 16);
	else
		return false;
	bits = bits_of(a->ifa_netmask);
	*out = (struct ts){ .port_hi = UINT16_MAX };
	return !ip_from(octets, &ip) && !ip_is_local(&ip) && bits && bits < 8 * ip_size(&ip) &&
	       !ip_prefix(&ip, bits, &out->lo, &out->hi);
}

static bool has(const struct beside_network *v, unsigned n, const struct beside_network *which)
{
	for (unsigned i = 0; i < n; i++)
		if (ts_eq(&v[i].ts, &which->ts) && v[i].refused == which->refused)
			return true;
	return false;
}

/* Whether whoever gives out addresses in the network TS may have said what is true. In a foreign one he may
 * name a network in which there is whom this machine talks to, or one that holds half the world, to have its
 * packets in the clear (the LocalNet attack of TunnelCrack). */
static bool is_harmless(const struct ts *ts)
{
	const unsigned most = ts->lo.v == 4 ? LARGEST_V4 : LARGEST_V6;
	unsigned bits;

	return ts_is_private(ts) && ip_range_prefix(&ts->lo, &ts->hi, &bits) && bits >= most;
}

/* Those that are to be passed by, and those that would be if they were no danger. */
static unsigned networks_now(struct world *w, struct beside_network *v)
{
	const enum lan_bypass which = config_now(&w->config)->settings.lan_bypass;
	struct beside_network new = { 0 };
	struct ifaddrs *all = NULL;
	unsigned n = 0, refused = 0;

	if (which == LAN_NO || getifaddrs(&all))
		return 0;
	for (const struct ifaddrs *a = all; a && n < BESIDE_NETWORKS_MAX; a = a->ifa_next) {
		if (!network_of(a, &new.ts))
			continue;
		new.refused = which != LAN_ALL && !is_harmless(&new.ts);
		if (has(v, n, &new) || (refused == BESIDE_REFUSED_MAX && new.refused))
			continue;
		refused += new.refused;
		v[n++] = new;
	}
	freeifaddrs(all);
	return n;
}

/* Whether it is worth more than a line for those who look for details. */
static bool is_news(struct beside *b)
{
	const uint64_t now = clock_ms();

	if (!b->lines || now - b->since >= BESIDE_REFUSED_TIME) {
		b->since = now;
		b->lines = 0;
	}
	if (b->lines == BESIDE_REFUSED_MAX)
		return false;
	b->lines++;
	return true;
}

static void pass(struct world *w, const struct beside_network *new)
{
	struct beside *b = &w->beside;
	const struct ts *ts = &new->ts;
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	uint32_t id = 0;

	if (b->n == BESIDE_NETWORKS_MAX)
		return;
	if (new->refused)
		say(is_news(b) ? LOG_WARN : LOG_DETAIL, ts,
			"this machine is directly connected to it, and it goes through the tunnels all the "
			"same: who gives out addresses there may have chosen it to draw packets out of them, "
			"since it is none of private addresses, or very large; if it is right, write "
			"daemon.lan_bypass = all",
			NULL);
	else if (install(w, false, ts, ts, &id, &why))
		say(LOG_WARN, ts, "it cannot be kept out of the tunnels", text_str(&why));
	else
		say(LOG_NOTICE, ts, "it is beside the tunnels: this machine is directly connected to it",
			NULL);
	b->networks[b->n] = *new;
	b->networks[b->n++].shunt = id;
	arena_free(&scratch);
}

void beside_follow(struct world *w)
{
	struct beside_network now[BESIDE_NETWORKS_MAX];
	struct beside *b = &w->beside;
	unsigned n = networks_now(w, now), kept = 0;

	for (unsigned i = 0; i < b->n; i++) {
		struct beside_network *old = &b->networks[i];

		if (has(now, n, old)) {
			b->networks[kept++] = *old;
		} else if (old->shunt) {
			w->backend->shunt_del(w->xfrm, old->shunt);
			say(LOG_NOTICE, &old->ts, "it is not beside the tunnels any more", NULL);
		}
	}
	b->n = kept;
	for (unsigned i = 0; i < n; i++)
		if (!has(b->networks, b->n, &now[i]))
			pass(w, &now[i]);
}

/* ---------------------------------------------------------------- the other version */

static struct ts everything(uint8_t v)
{
	struct ts ts = { .lo = { .v = v }, .port_hi = UINT16_MAX };

	(void)!ip_prefix(&ts.lo, 0, &ts.lo, &ts.hi);
	return ts;
}

/* The version of which C takes all, if it has nothing of the other and is to keep that back; else 0. */
static uint8_t takes_one(const struct child_record *c)
{
	uint8_t whole = 0, seen = 0;

	for (unsigned i = 0; i < c->remote_ts.n; i++) {
		const struct ts *ts = &c->remote_ts.v[i];
		struct ts all = everything(ts->lo.v);

		seen |= ts->lo.v;
		if (ts_contains(ts, &all))
			whole = ts->lo.v;
	}
	return c->conf->other_family == OTHER_DROP && seen == whole ? whole : 0;
}

static bool anybody_takes(const struct beside *b, uint8_t v)
{
	size_t at = 0;
	void *taken;

	while ((taken = map_next(&b->takers, &at)))
		if ((uintptr_t)taken == v)
			return true;
	return false;
}

static void drop_follow(struct world *w, uint8_t taken, uint8_t other)
{
	struct ts all = everything(other);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	uint32_t *id = &w->beside.drops[other == 6];
	bool wanted = anybody_takes(&w->beside, taken);

	if (wanted && !*id) {
		if (install(w, true, &all, &all, id, &why))
			say(LOG_WARN, &all, "it goes in the clear, beside the tunnel", text_str(&why));
		else
			say(LOG_NOTICE, &all,
				"it goes nowhere: the tunnel takes all of the other IP version only", NULL);
	} else if (!wanted && *id) {
		w->backend->shunt_del(w->xfrm, *id);
		*id = 0;
		say(LOG_NOTICE, &all, "it goes where it went before the tunnel was there", NULL);
	}
	arena_free(&scratch);
}

void beside_told(struct world *w, const struct ike_tell *t)
{
	const struct child_record *c = tells_child(t);
	struct map *takers = &w->beside.takers;
	uintptr_t v;

	if (t->kind == TELL_CHILD_DOWN)
		(void)map_take(takers, t->child);
	if (t->kind == TELL_CHILD_REKEYED)
		(void)map_take(takers, t->old);
	if ((t->kind == TELL_CHILD_UP || t->kind == TELL_CHILD_REKEYED) && c && (v = takes_one(c)))
		map_put(takers, t->child, (void *)v);
	if (t->kind != TELL_CHILD_UP && t->kind != TELL_CHILD_REKEYED && t->kind != TELL_CHILD_DOWN)
		return;
	drop_follow(w, 4, 6);
	drop_follow(w, 6, 4);
}

void beside_stop(struct world *w)
{
	map_free(&w->beside.takers);
	w->beside = (struct beside){ 0 };
}
