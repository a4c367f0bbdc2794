/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xfrm/choice.h"

#include "base/log.h"
#include "base/map.h"
#include "xfrm/forward.h"
#include "xfrm/route.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* One of the back ends, in use or not. */
struct way {
	const struct xfrm_backend *b;
	struct xfrm *x; /* NULL: not in use */
	enum err err;   /* then, and its sentence */
	const char *why_not;
};

enum { KERNEL, USER, WAYS };

struct xfrm {
	struct arena arena;
	struct way ways[WAYS];
	struct route *route;
	int ready;           /* an epoll: readable when a back end is */
	struct map sas;      /* those that are installed, by CHILD_SA and direction, to their way */
	struct map policies; /* by number, to their way */
	struct map in_udp;   /* CHILD_SAs whose packets the kernel receives on the port that both share */
	struct choice choice;
};

static struct way *way_of(struct xfrm *x, const struct child_conf *c)
{
	return &x->ways[c->datapath == DATAPATH_KERNEL ? KERNEL : USER];
}

/* That of either SA of CHILD; NULL: it has none. */
static struct way *way_of_child(const struct xfrm *x, uint32_t child)
{
	struct way *w = map_get(&x->sas, xfrm_sa_key(child, false));

	return w ? w : map_get(&x->sas, xfrm_sa_key(child, true));
}

static enum err refuse(const struct way *w, struct text *why)
{
	text_add(why, "%s", w->why_not);
	return ERR_UNSUPPORTED;
}

/* ------------------------------------------------------------------- opening */

static enum err open_route(struct xfrm *x, const struct xfrm_setup *setup, struct text *why)
{
	return route_open(arena_printf(&x->arena, "%s/journal", setup->run_dir), setup->settings,
		XFRM_OUTER_MARK, &x->route, why);
}

static void open_way(struct xfrm *x, struct way *w, const struct xfrm_setup *setup, const char *unwanted)
{
	struct text why = text_in(&x->arena);
	struct xfrm_setup own = *setup;

	own.route = x->route;
	w->err = unwanted ? ERR_UNSUPPORTED : w->b->open(&own, &w->x, &why);
	if (w->err) {
		w->x = NULL;
		w->why_not = unwanted ? unwanted : text_str(&why);
	}
}

/* There is none. What the setting leaves out is no reason. */
static enum err give_up(const struct xfrm *x, enum data_path setting, struct text *why)
{
	const struct way *kernel = &x->ways[KERNEL], *user = &x->ways[USER];

	if (setting == DATAPATH_AUTO)
		text_add(why, "there is no data path: %s; and %s", user->why_not, kernel->why_not);
	else
		text_add(why, "%s", setting == DATAPATH_USER ? user->why_not : kernel->why_not);
	return setting == DATAPATH_KERNEL ? kernel->err : user->err;
}

static bool hear(struct xfrm *x, const struct way *w)
{
	struct epoll_event e = { .events = EPOLLIN };

	return !w->x || w->b->fd(w->x) < 0 || !epoll_ctl(x->ready, EPOLL_CTL_ADD, w->b->fd(w->x), &e);
}

/* Routes and guards go first: while they stand, nothing may take their packets but us. */
static void choice_close(struct xfrm *x)
{
	route_close(x->route);
	for (unsigned i = 0; i < WAYS; i++)
		if (x->ways[i].x)
			x->ways[i].b->close(x->ways[i].x);
	if (x->ready >= 0)
		close(x->ready);
	map_free(&x->sas);
	map_free(&x->policies);
	map_free(&x->in_udp);
	arena_free(&x->arena);
	free(x);
}

/* What a crashed predecessor has left to a kernel that is to be left alone now goes with an orderly end. */
static void sweep_kernel(struct xfrm *x, const struct xfrm_setup *setup)
{
	struct way once = { .b = x->ways[KERNEL].b };

	if (access(arena_printf(&x->arena, "%s/%s", setup->run_dir, XFRM_KERNEL_JOURNAL), F_OK))
		return;
	open_way(x, &once, setup, NULL);
	if (once.x)
		once.b->close(once.x);
	else
		log_say(LOG_WARN, "journal", "what a crashed ikev2d left in the kernel stays: %s",
			once.why_not);
}

static enum err open_ways(struct xfrm *x, const struct xfrm_setup *setup, struct text *why)
{
	struct way *kernel = &x->ways[KERNEL], *user = &x->ways[USER];
	enum data_path setting = setup->settings->datapath;

	open_way(x, kernel, setup,
		setting == DATAPATH_USER ? "daemon.datapath = user leaves the kernel alone" : NULL);
	if (setting == DATAPATH_USER)
		sweep_kernel(x, setup);
	open_way(x, user, setup,
		setting == DATAPATH_KERNEL ? "daemon.datapath = kernel opens no userspace path" : NULL);
	if (!kernel->x && !user->x)
		return give_up(x, setting, why);
	x->choice = (struct choice){
		.setting = setting,
		.kernel = kernel->x ? kernel->b->caps(kernel->x) : NULL,
		.user = user->x ? user->b->caps(user->x) : NULL,
		.no_kernel = kernel->why_not,
		.no_user = user->why_not,
	};
	x->ready = epoll_create1(EPOLL_CLOEXEC);
	if (x->ready < 0 || !hear(x, kernel) || !hear(x, user)) {
		text_add(why, "the data path cannot be waited for: %s", strerror(errno));
		return ERR_SYSTEM;
	}
	return ERR_OK;
}

enum err choice_between(const struct xfrm_backend *kernel, const struct xfrm_backend *user,
	const struct xfrm_setup *setup, struct xfrm **out, struct text *why)
{
	struct xfrm *x = calloc(1, sizeof *x);
	enum err err;

	if (!x)
		abort();
	x->ready = -1;
	x->ways[KERNEL].b = kernel;
	x->ways[USER].b = user;
	err = open_route(x, setup, why);
	if (!err)
		err = open_ways(x, setup, why);
	if (err) {
		choice_close(x);
		return err;
	}
	*out = x;
	return ERR_OK;
}

static enum err choice_open(const struct xfrm_setup *setup, struct xfrm **out, struct text *why)
{
	return choice_between(&xfrm_kernel, &xfrm_user, setup, out, why);
}

struct route *choice_route(const struct xfrm *x)
{
	return x->route;
}

const struct choice *choice_of(const struct xfrm *x)
{
	return &x->choice;
}

/* ------------------------------------------------------------------- reports */

static int choice_fd(const struct xfrm *x)
{
	return x->ready;
}

static void choice_dispatch(struct xfrm *x)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (x->ways[i].x)
			x->ways[i].b->dispatch(x->ways[i].x);
}

static void choice_drops(struct xfrm *x, struct text *out)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (x->ways[i].x)
			x->ways[i].b->drops(x->ways[i].x, out);
}

static void choice_pace(struct xfrm *x, struct text *out)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (x->ways[i].x && x->ways[i].b->pace)
			x->ways[i].b->pace(x->ways[i].x, out);
}

static void choice_advice(struct xfrm *x, struct text *out)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (x->ways[i].x && x->ways[i].b->advice)
			x->ways[i].b->advice(x->ways[i].x, out);
}

static void choice_audit(struct xfrm *x, struct text *out)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (x->ways[i].x)
			x->ways[i].b->audit(x->ways[i].x, out);
}

/* What protects goes before what leads to it. */
static void choice_gather(struct xfrm *x, bool on)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (x->ways[i].x && x->ways[i].b->gather)
			x->ways[i].b->gather(x->ways[i].x, on);
	route_gather(x->route, on);
}

static void choice_settled(struct xfrm *x)
{
	route_adopted_drop(x->route);
	for (unsigned i = 0; i < WAYS; i++)
		if (x->ways[i].x)
			x->ways[i].b->settled(x->ways[i].x);
}

/* ----------------------------------------------------------------------- SAs */

/* The kernel puts datagrams of one sender together without a look at their SPIs, and what then lands with the
 * others of a bundle in the wrong place is lost, whichever of the two that is: neither can hand ESP to the
 * other. */
static void share_port(struct xfrm *x, const struct way *w, uint32_t child, bool encap)
{
	const struct way *user = &x->ways[USER];
	bool before = !x->in_udp.count, now;

	if (encap && w == &x->ways[KERNEL])
		map_put(&x->in_udp, child, x);
	else
		(void)map_take(&x->in_udp, child);
	now = !x->in_udp.count;
	if (user->x && user->b->bundle && now != before)
		user->b->bundle(user->x, now);
}

static enum err choice_sa_add(struct xfrm *x, const struct sa_spec *sa, struct text *why)
{
	struct way *w = way_of(x, sa->conf);
	enum err err = w->x ? w->b->sa_add(w->x, sa, why) : refuse(w, why);

	if (err)
		return err;
	if (sa->inbound && sa->conf->connmark)
		err = route_connmark_add(
			x->route, sa->child, sa->spi, sa->marks.in.value, sa->marks.out.value, why);
	if (err) {
		w->b->sa_del(w->x, sa->child, true);
		return err;
	}
	map_put(&x->sas, xfrm_sa_key(sa->child, sa->inbound), w);
	if (sa->inbound)
		share_port(x, w, sa->child, sa->encap);
	return ERR_OK;
}

static void choice_sa_del(struct xfrm *x, uint32_t child, bool inbound)
{
	struct way *w = map_take(&x->sas, xfrm_sa_key(child, inbound));

	if (!w)
		return;
	w->b->sa_del(w->x, child, inbound);
	if (!inbound)
		return;
	share_port(x, w, child, false);
	route_connmark_del(x->route, child);
}

static enum err choice_sa_move(
	struct xfrm *x, uint32_t child, const struct addr *local, const struct addr *remote, bool encap)
{
	struct way *w = way_of_child(x, child);
	enum err err = w ? w->b->sa_move(w->x, child, local, remote, encap) : ERR_MISSING;

	if (!err && map_get(&x->sas, xfrm_sa_key(child, true)))
		share_port(x, w, child, encap);
	return err;
}

static bool choice_usage(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out)
{
	struct way *w = map_get(&x->sas, xfrm_sa_key(child, inbound));

	return w && w->b->usage(w->x, child, inbound, out);
}

static struct xfrm_devices choice_devices(struct xfrm *x, uint32_t child)
{
	struct way *w = way_of_child(x, child);

	return w ? w->b->devices(w->x, child) : (struct xfrm_devices){ "", "" };
}

static const char *choice_no_device(const struct xfrm *x, uint32_t child)
{
	const struct way *w = way_of_child(x, child);

	return w && w->b->no_device ? w->b->no_device(w->x, child) : NULL;
}

/* ------------------------------------------------------- policies and shunts */

static enum err choice_policy_add(struct xfrm *x, const struct policy_spec *policy, struct text *why)
{
	struct way *w = way_of(x, policy->conf);
	enum err err = w->x ? w->b->policy_add(w->x, policy, why) : refuse(w, why);

	if (err)
		return err;
	err = forward_add(x->route, policy, why);
	if (err)
		w->b->policy_del(w->x, policy->id);
	else
		map_put(&x->policies, policy->id, w);
	return err;
}

static void choice_policy_del(struct xfrm *x, uint32_t policy)
{
	struct way *w = map_take(&x->policies, policy);

	if (!w)
		return;
	forward_del(x->route, policy);
	w->b->policy_del(w->x, policy);
}

static void choice_sa_select(struct xfrm *x, uint32_t policy, uint32_t child)
{
	struct way *w = map_get(&x->policies, policy);

	if (w)
		w->b->sa_select(w->x, policy, child);
}

/* Kill switches look into the table of guards; where there is no userspace path nobody else puts there what
 * passes. */
static void pass_bars(struct xfrm *x, const struct shunt_spec *shunt)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (!shunt->drop && !x->ways[USER].x &&
		route_shunt_add(x->route, shunt->id, GUARD_PASS, shunt->local_ts, shunt->remote_ts, &why))
		log_say(LOG_DETAIL, "guard", "%s", text_str(&why));
	arena_free(&scratch);
}

static void choice_shunt_del(struct xfrm *x, uint32_t shunt)
{
	if (!x->ways[USER].x)
		route_shunt_del(x->route, shunt);
	for (unsigned i = 0; i < WAYS; i++)
		if (x->ways[i].x)
			x->ways[i].b->shunt_del(x->ways[i].x, shunt);
}

/* Tunnels of either may be what it is an exception from. */
static enum err choice_shunt_add(struct xfrm *x, const struct shunt_spec *shunt, struct text *why)
{
	enum err err = ERR_OK;
	unsigned n = 0;

	for (; n < WAYS && !err; n++)
		if (x->ways[n].x)
			err = x->ways[n].b->shunt_add(x->ways[n].x, shunt, why);
	if (err && err != ERR_EXISTS)
		for (unsigned i = 0; i + 1 < n; i++)
			if (x->ways[i].x)
				x->ways[i].b->shunt_del(x->ways[i].x, shunt->id);
	if (!err)
		pass_bars(x, shunt);
	return err;
}

const struct xfrm_backend xfrm_choice = {
	.open = choice_open,
	.close = choice_close,
	.fd = choice_fd,
	.dispatch = choice_dispatch,
	.sa_add = choice_sa_add,
	.sa_del = choice_sa_del,
	.sa_move = choice_sa_move,
	.policy_add = choice_policy_add,
	.policy_del = choice_policy_del,
	.sa_select = choice_sa_select,
	.shunt_add = choice_shunt_add,
	.shunt_del = choice_shunt_del,
	.usage = choice_usage,
	.devices = choice_devices,
	.no_device = choice_no_device,
	.drops = choice_drops,
	.pace = choice_pace,
	.advice = choice_advice,
	.gather = choice_gather,
	.settled = choice_settled,
	.audit = choice_audit,
};
