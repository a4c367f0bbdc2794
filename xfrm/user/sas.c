/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SAs as control knows them. */
#include "xfrm/user/state.h"

#include "xfrm/clock.h"
#include "xfrm/limit.h"

#include <stdlib.h>

static unsigned limit_of(const struct xfrm *x, const struct user_sa *sa)
{
	return limit_inner(
		sa->encr, sa->integ, route_mtu(x->route, &sa->remote), sa->remote.v == 6, sa->encap);
}

static bool go_alike(const struct user_sa *a, const struct user_sa *b)
{
	return a->encr == b->encr && a->integ == b->integ && a->encap == b->encap &&
	       ip_eq(&a->remote, &b->remote);
}

static enum err check_free(const struct xfrm *x, const struct sa_spec *spec, struct text *why)
{
	if (map_get(&x->sas, xfrm_sa_key(spec->child, spec->inbound))) {
		text_add(why, "the CHILD_SA %u has an SA in this direction already", spec->child);
		return ERR_EXISTS;
	}
	if (spec->inbound && map_get(&x->spis, spec->spi)) {
		text_add(why, "the SPI %08x is in use", spec->spi);
		return ERR_EXISTS;
	}
	return ERR_OK;
}

enum err user_mode_check(enum child_mode mode, struct text *why)
{
	if (mode == MODE_TUNNEL)
		return ERR_OK;
	text_add(why,
		"the userspace path carries tunnel mode only, and this CHILD_SA has mode = %s: write mode = "
		"tunnel, or let the kernel carry it",
		name_word(child_modes, (int)mode));
	return ERR_UNSUPPORTED;
}

/* An outbound SA joins those of its policy. */
static void join_carriers(struct xfrm *x, struct user_sa *sa)
{
	sa->also = map_get(&x->carriers, sa->policy);
	map_put(&x->carriers, sa->policy, sa);
}

static void leave_carriers(struct xfrm *x, const struct user_sa *sa)
{
	struct user_sa *first = map_take(&x->carriers, sa->policy), **at = &first;

	while (*at != sa)
		at = &(*at)->also;
	*at = sa->also;
	if (first)
		map_put(&x->carriers, sa->policy, first);
}

/* The SAs of a child come one after the other: TWIN (NULL: not there) has been measured just now. */
static struct user_sa *sa_new(struct xfrm *x, const struct sa_spec *spec, const struct user_sa *twin)
{
	struct user_sa *sa = calloc(1, sizeof *sa);

	if (!sa)
		abort();
	*sa = (struct user_sa){
		.child = spec->child,
		.spi = spec->spi,
		.policy = spec->policy,
		.inbound = spec->inbound,
		.for_cpu = spec->resource,
		.encr = spec->suite.encr,
		.integ = spec->suite.integ,
		.remote = spec->remote.ip,
		.encap = spec->encap,
	};
	sa->limit = twin && go_alike(sa, twin) ? twin->limit : limit_of(x, sa);
	return sa;
}

/* When a packet was last counted by the meter of SA, also of another one before; 0: there was none. */
static uint64_t counted_ms(struct xfrm *x, const struct user_sa *sa)
{
	const struct meter *m = meters_at(&x->meters, sa->meter);

	return m ? m->last_ms : 0;
}

/* Whether packets may have left by SA as soon as its keys were handed over, or have come in by it, which
 * could be sent again to who knows nothing of them; BEFORE is counted_ms() of then. */
static bool may_be_used(struct xfrm *x, const struct user_sa *sa, uint64_t before)
{
	const struct user_policy *p = map_get(&x->policies, sa->policy);
	uint64_t now = counted_ms(x, sa);

	return sa->inbound ? now && now != before : p && p->child == sa->child;
}

/* Where he who was given the keys was lost before he said that he has them, the next one is given them; but
 * never keys that may have been used, since nobody knows how far. */
static enum err give_keys(
	struct xfrm *x, const struct user_sa *sa, const struct esp_order *o, struct text *why)
{
	const uint64_t before = counted_ms(x, sa);
	enum err err = user_order(x, o, NULL, 0, why);

	if (err == ERR_MISSING && !may_be_used(x, sa, before))
		err = user_order(x, o, NULL, 0, why);
	if (err == ERR_MISSING)
		text_add(why, "the process that carries packets was lost just now");
	return err;
}

/* What leaves by a stream has to come to it. */
static bool has_own_port(const struct sa_spec *spec)
{
	return !spec->inbound && spec->resource && spec->conf->per_cpu_sas == PER_CPU_ENCAP && !spec->tcp;
}

/* Who carries the packets has the keys from now on, and nobody else. */
static enum err hand_over(struct xfrm *x, struct user_sa *sa, const struct sa_spec *spec, struct text *why)
{
	struct esp_order o = { .kind = ORDER_SA_ADD, .sa_add = { .spec = *spec, .limit = sa->limit } };
	enum err err = user_device_get(x, spec->conf->interface, &sa->device, why);

	if (err) /* ERR_EXISTS is for SPIs: there is no use in another one */
		return err == ERR_EXISTS ? ERR_UNSUPPORTED : err;
	err = meters_get(&x->meters, &sa->meter, why);
	if (!err) {
		o.sa_add.slot = sa->device->slot;
		o.sa_add.meter = sa->meter;
		o.sa_add.own_port = has_own_port(spec);
		err = give_keys(x, sa, &o, why);
		if (err)
			meters_put(&x->meters, sa->meter);
	}
	if (err)
		user_device_put(x, sa->device);
	return err;
}

/* The child is to get other SAs. */
static void ask_to_rekey(struct xfrm *x, uint32_t child)
{
	x->reports.expire(x->reports.ctx, child, false);
}

enum err user_sa_add(struct xfrm *x, const struct sa_spec *spec, struct text *why)
{
	enum err err = user_mode_check(spec->mode, why);
	const struct user_sa *twin = map_get(&x->sas, xfrm_sa_key(spec->child, !spec->inbound));
	struct user_sa *sa;

	if (!err)
		err = check_free(x, spec, why);
	if (err)
		return err;
	sa = sa_new(x, spec, twin);
	err = hand_over(x, sa, spec, why);
	if (err) {
		free(sa);
		return err;
	}
	map_put(&x->sas, xfrm_sa_key(sa->child, sa->inbound), sa);
	if (sa->inbound)
		map_put(&x->spis, sa->spi, sa);
	else
		join_carriers(x, sa);
	user_policy_fit(x, sa->policy);
	if (twin && twin->lost)
		ask_to_rekey(x, sa->child);
	return ERR_OK;
}

void user_sa_free(struct xfrm *x, struct user_sa *sa)
{
	if (sa->inbound)
		map_take(&x->spis, sa->spi);
	meters_put(&x->meters, sa->meter);
	user_device_put(x, sa->device);
	free(sa);
}

void user_sa_del(struct xfrm *x, uint32_t child, bool inbound)
{
	struct user_sa *sa = map_take(&x->sas, xfrm_sa_key(child, inbound));

	if (!sa)
		return;
	user_tell(x, &(struct esp_order){ .kind = ORDER_SA_DEL, .sa_del = { child, inbound } });
	if (!inbound)
		leave_carriers(x, sa);
	user_sa_free(x, sa);
}

enum err user_sa_move(
	struct xfrm *x, uint32_t child, const struct addr *local, const struct addr *remote, bool encap)
{
	struct user_sa *both[] = { map_get(&x->sas, xfrm_sa_key(child, true)),
		map_get(&x->sas, xfrm_sa_key(child, false)) };
	struct esp_order o = { .kind = ORDER_SA_MOVE,
		.sa_move = { .child = child, .local = *local, .remote = *remote, .encap = encap } };

	if (!both[0] && !both[1])
		return ERR_MISSING;
	for (unsigned i = 0; i < 2; i++)
		if (both[i]) {
			both[i]->remote = remote->ip;
			both[i]->encap = encap;
			both[i]->limit = o.sa_move.limit = limit_of(x, both[i]);
		}
	user_tell(x, &o);
	user_policy_fit(x, both[1] ? both[1]->policy : both[0]->policy);
	return ERR_OK;
}

void user_sas_lost(struct xfrm *x)
{
	struct user_sa *sa;
	size_t at = 0;

	while ((sa = map_next(&x->sas, &at)))
		sa->lost = true;
	at = 0;
	while ((sa = map_next(&x->sas, &at)))
		if (!sa->inbound)
			ask_to_rekey(x, sa->child);
}

bool user_sa_lost(struct xfrm *x, const struct user_sa *sa)
{
	if (!sa || !sa->lost)
		return false;
	ask_to_rekey(x, sa->child);
	return true;
}

/* A time that is yet to come would have a peer taken for alive until then, whoever carries packets by then.
 */
bool user_sa_usage(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out)
{
	const struct user_sa *sa = map_get(&x->sas, xfrm_sa_key(child, inbound));
	const struct meter *m = sa ? meters_at(&x->meters, sa->meter) : NULL;
	const uint64_t now = xfrm_now();

	if (!m)
		return false;
	*out = live_usage(m, sa->spi, inbound);
	if (out->last_ms > now)
		out->last_ms = now;
	return true;
}

struct xfrm_devices user_sa_devices(struct xfrm *x, uint32_t child)
{
	const struct user_sa *sa = map_get(&x->sas, xfrm_sa_key(child, false));
	struct xfrm_devices names = { "", "" };

	if (sa) {
		memcpy(names.inner, sa->device->name, sizeof names.inner);
		if (!route_device(x->route, &sa->remote, names.outer))
			*names.outer = 0;
	}
	return names;
}
