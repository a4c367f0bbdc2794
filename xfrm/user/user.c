/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The back end "userspace": tun devices inside, UDP and raw sockets outside, and packet threads between.
 */
#include "xfrm/user/state.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { REPORTS_AT_ONCE = 256 };

void user_publish(struct xfrm *x)
{
	board_publish(&x->board, snapshot_of(&x->tables), &x->retired);
	user_reap(x);
}

void user_reap(struct xfrm *x)
{
	(void)board_reap(&x->board, x);
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

static enum err start_workers(struct xfrm *x, struct text *why)
{
	struct worker_setup setup = {
		.board = &x->board,
		.channel = &x->channel,
		.drops = &x->drops,
		.pace = &x->pace,
	};
	enum err err = ERR_OK;

	for (unsigned i = 0; i < x->n_workers && !err; i++) {
		setup.number = i;
		setup.outer = &x->outer[i];
		for (enum worker_way way = 0; way < WORKER_WAYS && !err; way++)
			err = worker_start(way, &setup, &x->workers[way][i], why);
	}
	return err;
}

/* While it is held back what a crashed predecessor protected, we take its packets, and drop them. */
static void hold(struct xfrm *x)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (!user_device_get(x, NULL, &x->holding, &why)) {
		user_publish(x);
		route_adopted_lead(x->route, x->holding->name);
	} else {
		log_say(LOG_WARN, "journal", "what a crashed ikev2d protected is unreachable for now: %s",
			text_str(&why));
	}
	arena_free(&scratch);
}

static void let_go(struct xfrm *x)
{
	if (x->holding)
		user_device_put(x, x->holding);
	x->holding = NULL;
}

/* All SAs and policies; the packet threads still run, and see an empty snapshot then. */
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
	map_free(&x->carriers);
	map_free(&x->policies);
	user_publish(x);
}

static void user_close(struct xfrm *x)
{
	forget_all(x);
	for (unsigned i = 0; i < x->n_workers; i++)
		for (enum worker_way way = 0; way < WORKER_WAYS; way++)
			worker_stop(x->workers[way][i]);
	board_publish(&x->board, NULL, &x->retired);
	user_reap(x);
	map_free(&x->tables.sad);
	spd_free(&x->tables.spd);
	for (unsigned i = 0; i < x->n_workers; i++)
		outer_close(&x->outer[i]);
	channel_close(&x->channel);
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
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		x->outer[i] = (struct outer){ .fd = { -1, -1, -1, -1 } };
	(void)engine_next(NULL); /* looks for libraries while files can still be opened */
	err = channel_open(&x->channel, why);
	if (err) {
		free(x);
		return err;
	}
	user_publish(x);
	err = count_workers(x, why);
	if (!err)
		err = open_sockets(x, why);
	if (!err)
		err = start_workers(x, why);
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
	return x->channel.hear;
}

static void pass_on(struct xfrm *x, const struct report *r, struct bytes body)
{
	const struct xfrm_reports *to = &x->reports;

	switch (r->kind) {
	case REPORT_ACQUIRE: to->acquire(to->ctx, r->id, &r->local, &r->remote); break;
	case REPORT_MAPPING: to->mapping(to->ctx, r->id, &r->path.remote); break;
	case REPORT_USED: to->used(to->ctx, r->id); break;
	case REPORT_EXPIRE: to->expire(to->ctx, r->id, r->hard); break;
	case REPORT_IKE: to->ike(to->ctx, &r->path, body); break;
	case REPORT_UNKNOWN_SPI: to->unknown_spi(to->ctx, &r->path, r->encap, r->id); break;
	}
}

static void user_dispatch(struct xfrm *x)
{
	struct report r;
	size_t n;

	for (int i = 0; i < REPORTS_AT_ONCE && channel_hear(&x->channel, &r, x->body, &n); i++)
		pass_on(x, &r, bytes_of(x->body, n));
	user_reap(x);
}

static void user_drops(struct xfrm *x, struct text *out)
{
	uint64_t overflows = 0;

	for (unsigned i = 0; i < x->n_workers; i++)
		overflows += outer_overflows(&x->outer[i]);
	drop_print(&x->drops, out);
	if (overflows)
		text_add(out, "%sbuffer-full=%" PRIu64, out->n ? " " : "", overflows);
}

static void user_advice(struct xfrm *x, struct text *out)
{
	outer_advice(&x->outer[0], out); /* all are alike */
	for (unsigned i = 0; i < DEVICES_MAX; i++)
		if (x->tables.devices[i])
			tun_advice(x->tables.devices[i]->name, out);
}

static void user_pace(struct xfrm *x, struct text *out)
{
	bool tcp = false, udp = false;
	const char *mark = "=";

	text_add(out, "engine");
	for (const struct engine *e = engine_next(NULL); e; e = engine_next(e), mark = ",")
		text_add(out, "%s%s", mark, e->name);
	for (unsigned i = 0; i < DEVICES_MAX; i++)
		if (x->tables.devices[i]) {
			tcp = true;
			udp |= x->tables.devices[i]->joins_udp;
		}
	if (x->n_workers > 1)
		text_add(out, " workers=%u", x->n_workers);
	text_add(out, "%s%s", tcp ? " offloads=tcp" : "", udp ? ",udp" : "");
	pace_print(&x->pace, out);
}

/* Tunnel mode of all transforms there are. Marks and the like are the kernel's own. */
static const struct xfrm_caps *user_caps(const struct xfrm *x)
{
	static const struct xfrm_caps caps = {
		.esn = true, .encap4 = true, .encap6 = true, .ipv6 = true, .interface = true, .tcp = true
	};

	(void)x;
	return &caps;
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
	user_publish(x);
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
	.settled = user_settled,
	.audit = user_audit,
};
