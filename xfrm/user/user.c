/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The back end "userspace": tun devices inside, UDP and raw sockets outside, and packet threads between, here
 * or in another process. */
#include "xfrm/user/state.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { REPORTS_AT_ONCE = 256 };

/* Ours take what they are given. */
static enum err give_here(
	struct xfrm *x, const struct esp_order *o, const int *fds, unsigned n, struct text *why)
{
	int copies[ORDER_FDS];

	for (unsigned i = 0; i < n; i++)
		if ((copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0)) < 0) {
			text_add(why,
				"there are too few descriptors for packet threads: %s: see the limit of "
				"open files",
				strerror(errno));
			while (i--)
				close(copies[i]);
			return ERR_SYSTEM;
		}
	return plane_order(x->plane, o, copies, n, why);
}

enum err user_order(struct xfrm *x, const struct esp_order *o, const int *fds, unsigned n, struct text *why)
{
	enum err err;

	if (x->closing)
		return ERR_OK;
	err = x->plane ? give_here(x, o, fds, n, why) : x->link->give(x->link->ctx, o, fds, n, why);
	return err == ERR_MISSING && o->kind != ORDER_SA_ADD ? ERR_OK : err;
}

void user_tell(struct xfrm *x, const struct esp_order *o)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (user_order(x, o, NULL, 0, &why))
		log_say(LOG_ERROR, "packets", "msg=\"%s\"", text_str(&why));
	arena_free(&scratch);
}

/* As many as are configured; else both directions together have one for each processor. */
static enum err count_workers(struct xfrm *x, struct text *why)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned wanted = x->settings->workers, usual = processors > 3 ? (unsigned)processors / 2 : 1;

	x->n_workers = wanted ? wanted : usual < WORKERS_MAX ? usual : WORKERS_MAX;
	if (wanted <= WORKERS_MAX)
		return ERR_OK;
	x->n_workers = 0;
	text_add(why, "daemon.workers = %u are too many packet threads: there can be %d in each direction",
		wanted, WORKERS_MAX);
	return ERR_RANGE;
}

/* All sockets, in the order of their threads. */
static enum err open_sockets(struct xfrm *x, struct text *why)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; i < x->n_workers && !err; i++)
		err = outer_open(&x->outer[i], x->settings, i, x->n_workers, why);
	return err;
}

static enum err hand_over(struct xfrm *x, struct text *why)
{
	struct esp_order o = { .kind = ORDER_OPEN,
		.open = { .workers = x->n_workers, .port = x->outer[0].port } };
	int fds[ORDER_FDS];
	unsigned n = 0;

	fds[n++] = x->meters.fd;
	for (unsigned i = 0; i < x->n_workers; i++)
		for (unsigned k = 0; k < OUTER_FDS; k++)
			if (x->outer[i].fd[k] >= 0) {
				o.open.there |= 1u << k;
				fds[n++] = x->outer[i].fd[k];
			}
	return user_order(x, &o, fds, n, why);
}

/* While it is held back what a crashed predecessor protected, we take its packets, and drop them. */
static void hold(struct xfrm *x)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (!user_device_get(x, NULL, &x->holding, &why))
		route_adopted_lead(x->route, x->holding->name);
	else
		log_say(LOG_WARN, "journal", "what a crashed ikev2d protected is unreachable for now: %s",
			text_str(&why));
	arena_free(&scratch);
}

static void let_go(struct xfrm *x)
{
	if (x->holding)
		user_device_put(x, x->holding);
	x->holding = NULL;
}

static void forget_all(struct xfrm *x)
{
	struct user_policy *p;
	struct user_sa *sa;
	size_t at = 0;

	while ((sa = map_next(&x->sas, &at)))
		user_sa_free(x, sa);
	at = 0;
	while ((p = map_next(&x->policies, &at)))
		user_policy_free(x, p);
	user_shunts_free(x);
	let_go(x);
	map_free(&x->sas);
	map_free(&x->spis);
	map_free(&x->carriers);
	map_free(&x->policies);
}

/* Who carries the packets ends by himself where he is another process. */
static void user_close(struct xfrm *x)
{
	x->closing = true;
	if (x->plane)
		plane_free(x->plane);
	else
		x->link->user = NULL;
	forget_all(x);
	for (unsigned i = 0; i < x->n_workers; i++)
		outer_close(&x->outer[i]);
	meters_close(&x->meters);
	free(x);
}

static enum err user_open(const struct xfrm_setup *setup, struct xfrm **out, struct text *why)
{
	struct xfrm *x = calloc(1, sizeof *x);
	enum err err;

	if (!x)
		abort();
	x->settings = setup->settings;
	x->reports = setup->reports;
	x->route = setup->route;
	x->link = setup->link;
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		x->outer[i] = outer_none();
	if (x->link)
		x->link->user = x;
	else
		x->plane = plane_new();
	(void)engine_next(NULL); /* looks for libraries while files can still be opened */
	err = meters_make(&x->meters, why);
	if (!err)
		err = count_workers(x, why);
	if (!err)
		err = open_sockets(x, why);
	if (!err)
		err = hand_over(x, why);
	if (err) {
		user_close(x);
		return err;
	}
	if (route_adopted_any(x->route))
		hold(x);
	*out = x;
	return ERR_OK;
}

static int user_fd(const struct xfrm *x)
{
	return x->plane ? plane_fd(x->plane) : -1;
}

/* Whether P leads to somebody; its other end may not be known. */
static bool is_whole(const struct path *p)
{
	return p->remote.ip.v && (!p->local.ip.v || p->local.ip.v == p->remote.ip.v);
}

/* Whether the end TS of one packet is in SET, by the test with which the packet was led to its policy: what a
 * fragment's ports are is not known, and OPAQUE has it. */
static bool within(struct tss set, const struct ts *ts)
{
	bool found = false;

	for (unsigned i = 0; i < set.n; i++)
		found |= ts_has(&set.v[i], &ts->lo, ts->proto, ts->port_lo, ts->port_lo == ts->port_hi);
	return found && ip_eq(&ts->lo, &ts->hi);
}

/* Whether R has what belongs to its kind: a packet that asks for an SA is one of its policy's. */
static bool makes_sense(const struct xfrm *x, const struct esp_report *r)
{
	const struct user_policy *p;

	switch (r->kind) {
	case REPORT_ACQUIRE:
		p = map_get(&x->policies, r->id);
		return !p || ((!r->resource || (p->per_cpu && r->resource <= x->n_workers)) &&
				     within(p->local, &r->local) && within(p->remote, &r->remote));
	case REPORT_MAPPING: return r->path.remote.ip.v && r->path.remote.port;
	case REPORT_IKE:
	case REPORT_UNKNOWN_SPI: return is_whole(&r->path);
	default: return true;
	}
}

/* A packet met a policy without SA, or without one for its thread. */
static void acquire(struct xfrm *x, const struct esp_report *r)
{
	const struct user_policy *p = map_get(&x->policies, r->id);
	const struct user_sa *sa = p && p->child ? map_get(&x->sas, xfrm_sa_key(p->child, false)) : NULL;

	if (p && !user_sa_lost(x, sa))
		x->reports.acquire(x->reports.ctx, r->id, r->resource, &r->local, &r->remote);
}

/* One that is known here is on its way in, or lost. */
static void unknown_spi(struct xfrm *x, const struct esp_report *r)
{
	const struct user_sa *sa = map_get(&x->spis, r->id);

	if (!user_sa_lost(x, sa) && !sa)
		x->reports.unknown_spi(x->reports.ctx, &r->path, r->encap, r->id);
}

/* Whether R is about a child that is carried here. */
static bool is_ours(const struct xfrm *x, const struct esp_report *r)
{
	return map_get(&x->sas, xfrm_sa_key(r->id, true)) || map_get(&x->sas, xfrm_sa_key(r->id, false));
}

bool user_report(struct xfrm *x, const struct esp_report *r, struct bytes body)
{
	const struct xfrm_reports *to = &x->reports;
	bool of_child = r->kind == REPORT_MAPPING || r->kind == REPORT_USED || r->kind == REPORT_EXPIRE;

	if (!makes_sense(x, r))
		return false;
	if (of_child && !(r->id && is_ours(x, r)))
		return true;
	switch (r->kind) {
	case REPORT_ACQUIRE: acquire(x, r); break;
	case REPORT_MAPPING: to->mapping(to->ctx, r->id, &r->path.remote); break;
	case REPORT_USED: to->used(to->ctx, r->id); break;
	case REPORT_EXPIRE: to->expire(to->ctx, r->id, r->hard); break;
	case REPORT_IKE: to->ike(to->ctx, &r->path, body); break;
	case REPORT_UNKNOWN_SPI: unknown_spi(x, r); break;
	}
	return true;
}

static void user_dispatch(struct xfrm *x)
{
	struct esp_report r;
	struct bytes body;

	for (int i = 0; x->plane && i < REPORTS_AT_ONCE && plane_next(x->plane, &r, &body); i++)
		(void)!user_report(x, &r, body);
}

size_t user_load(const struct xfrm *x)
{
	return x->sas.count + x->policies.count;
}

enum err user_again(struct xfrm *x, struct text *why)
{
	enum err err = hand_over(x, why);

	if (!err)
		err = user_devices_again(x, why);
	if (!err)
		user_policies_again(x);
	user_sas_lost(x);
	return err;
}

static void user_drops(struct xfrm *x, struct text *out)
{
	uint64_t overflows = 0;

	for (unsigned i = 0; i < x->n_workers; i++)
		overflows += outer_overflows(&x->outer[i]);
	drop_print(&x->meters.totals->drops, out);
	if (overflows)
		text_add(out, "%sbuffer-full=%" PRIu64, out->n ? " " : "", overflows);
}

static void user_advice(struct xfrm *x, struct text *out)
{
	outer_advice(&x->outer[0], out); /* all are alike */
	for (unsigned i = 0; i < DEVICES_MAX; i++)
		if (x->devices[i])
			tun_advice(x->devices[i]->name, out);
}

static void user_pace(struct xfrm *x, struct text *out)
{
	bool tcp = false, udp = false;
	const char *mark = "=";

	text_add(out, "engine");
	for (const struct engine *e = engine_next(NULL); e; e = engine_next(e), mark = ",")
		text_add(out, "%s%s", mark, e->name);
	for (unsigned i = 0; i < DEVICES_MAX; i++)
		if (x->devices[i]) {
			tcp = true;
			udp |= x->devices[i]->joins_udp;
		}
	if (x->n_workers > 1)
		text_add(out, " workers=%u", x->n_workers);
	text_add(out, "%s%s", tcp ? " offloads=tcp" : "", udp ? ",udp" : "");
	pace_print(&x->meters.totals->pace, out);
}

/* Tunnel mode of all transforms there are. Marks and the like are the kernel's own. */
static const struct xfrm_caps *user_caps(const struct xfrm *x)
{
	static const struct xfrm_caps caps = { .esn = true,
		.encap4 = true,
		.encap6 = true,
		.ipv6 = true,
		.interface = true,
		.tcp = true,
		.per_cpu = true,
		.window = REPLAY_MAX };

	(void)x;
	return &caps;
}

static void user_bundle(struct xfrm *x, bool on)
{
	for (unsigned i = 0; i < x->n_workers; i++)
		outer_bundle(&x->outer[i], on);
}

/* Nobody else can change what it has installed. */
static void user_audit(struct xfrm *x, struct text *out)
{
	(void)x;
	(void)out;
}

static void user_settled(struct xfrm *x)
{
	let_go(x);
}

const struct xfrm_backend xfrm_user = {
	.open = user_open,
	.caps = user_caps,
	.close = user_close,
	.fd = user_fd,
	.dispatch = user_dispatch,
	.sa_add = user_sa_add,
	.sa_del = user_sa_del,
	.sa_move = user_sa_move,
	.policy_add = user_policy_add,
	.policy_del = user_policy_del,
	.sa_select = user_policy_select,
	.shunt_add = user_shunt_add,
	.shunt_del = user_shunt_del,
	.usage = user_sa_usage,
	.devices = user_sa_devices,
	.drops = user_drops,
	.pace = user_pace,
	.advice = user_advice,
	.bundle = user_bundle,
	.settled = user_settled,
	.audit = user_audit,
};
