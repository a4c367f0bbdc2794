/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our SAs in the kernel. Keys are not kept here: the kernel has them. */
#include "xfrm/kernel/state.h"

#include "base/log.h"

#include <stdlib.h>

struct kernel_sa *kernel_sa_of(const struct xfrm *x, uint32_t child, bool inbound)
{
	return map_get(&x->sas, xfrm_sa_key(child, inbound));
}

struct kernel_sa *kernel_sa_find(const struct xfrm *x, uint32_t spi, const struct ip *dst)
{
	struct kernel_sa *sa = map_get(&x->spis, spi);

	while (sa && !ip_eq(&sa->key.dst, dst))
		sa = sa->same;
	return sa;
}

static void chain(struct xfrm *x, struct kernel_sa *sa)
{
	sa->same = map_get(&x->spis, sa->key.spi);
	map_put(&x->spis, sa->key.spi, sa);
}

static void unchain(struct xfrm *x, struct kernel_sa *sa)
{
	struct kernel_sa *first = map_take(&x->spis, sa->key.spi), **at = &first;

	while (*at != sa)
		at = &(*at)->same;
	*at = sa->same;
	if (first)
		map_put(&x->spis, sa->key.spi, first);
}

enum err kernel_sa_remove(struct xfrm *x, const struct sa_key *key)
{
	struct sa_seen seen;
	enum err e = kernel_sa_ask(x, key, &seen);

	if (e)
		return e;
	if (!ip_eq(&seen.key.src, &key->src) || seen.key.reqid != key->reqid)
		return ERR_MISSING;
	message_sa_id(netlink_request(x->netlink, XFRM_MSG_DELSA, 0), key);
	return netlink_talk(x->netlink, NULL, NULL);
}

/* The number of the question that the outbound SAs of REQID answer; it is answered once. */
static uint32_t question(struct xfrm *x, const struct sa_spec *spec)
{
	return spec->inbound ? 0 : (uint32_t)(uintptr_t)map_take(&x->seqs, spec->reqid);
}

/* The kernel tells of a limit only: so the first packet is one. It looks at the next packet, or after a
 * second. */
struct sa_limits kernel_sa_limits(const struct kernel_sa *sa)
{
	struct sa_limits l = sa->limits;

	if (sa->awaited)
		l.soft_packets = l.soft_use = 1;
	return l;
}

static enum err install(struct xfrm *x, struct kernel_sa *sa, const struct sa_spec *spec, struct text *why)
{
	struct sa_request request = { .spec = spec,
		.limits = kernel_sa_limits(sa),
		.seq = question(x, spec),
		.outer_mark = XFRM_OUTER_MARK,
		.iptfs = x->settings ? &x->settings->iptfs : NULL };
	enum err e = kernel_sa_say(x, &request, &sa->device, why);

	/* It may be there: nobody must find it later. */
	if (e == ERR_BUSY && kernel_sa_remove(x, &sa->key) == ERR_OK)
		log_say(LOG_WARN, "netlink", "an SA was taken back whose answer was lost");
	return e;
}

/* Written down, then made; or neither. */
static enum err add(struct xfrm *x, struct kernel_sa *sa, const struct sa_spec *spec, struct text *why)
{
	char thing[SA_KEY_TEXT];
	bool first;
	enum err e;

	sa->key = message_sa_key(spec);
	e = journal_take(x->journal, sa_key_print(&sa->key, thing), &first, why);
	if (e)
		return e;
	e = install(x, sa, spec, why);
	if (e && journal_release(x->journal, thing))
		journal_strike(x->journal, thing);
	return e;
}

static void sa_free(struct xfrm *x, struct kernel_sa *sa)
{
	if (*sa->dev.name && x->route)
		device_put(x->route, &sa->dev);
	free(sa);
}

static struct kernel_sa *sa_new(const struct sa_spec *spec)
{
	struct kernel_sa *sa = calloc(1, sizeof *sa);

	if (!sa)
		abort();
	*sa = (struct kernel_sa){ .child = spec->child,
		.policy = spec->policy,
		.inbound = spec->inbound,
		.limits = message_limits(spec),
		.awaited = spec->awaited };
	return sa;
}

enum err kernel_sa_add(struct xfrm *x, const struct sa_spec *spec, struct text *why)
{
	struct sa_spec own = *spec;
	struct xfrmi dev = { 0 };
	struct kernel_sa *sa;
	enum err e = ERR_OK;

	if (kernel_sa_of(x, spec->child, spec->inbound)) {
		text_add(why, "the CHILD_SA %u has an SA in this direction already", spec->child);
		return ERR_EXISTS;
	}
	if (spec->conf->interface)
		e = kernel_interface_get(x, spec->conf, &own.marks, &dev, why);
	if (e)
		return e;
	sa = sa_new(&own);
	sa->dev = dev;
	e = add(x, sa, &own, why);
	if (e) {
		sa_free(x, sa);
		return e;
	}
	map_put(&x->sas, xfrm_sa_key(sa->child, sa->inbound), sa);
	chain(x, sa);
	return ERR_OK;
}

void kernel_sa_take_away(struct xfrm *x, const struct sa_key *key)
{
	char thing[SA_KEY_TEXT];
	enum err e;

	message_sa_id(netlink_request(x->netlink, XFRM_MSG_DELSA, 0), key);
	e = netlink_talk(x->netlink, NULL, NULL);
	sa_key_print(key, thing);
	if (e && e != ERR_MISSING)
		log_say(LOG_WARN, "undo", "could not take back \"%s\": %s", thing,
			netlink_reason(x->netlink));
	if (journal_release(x->journal, thing) && (!e || e == ERR_MISSING))
		journal_strike(x->journal, thing);
}

void kernel_sa_rename(struct xfrm *x, struct kernel_sa *sa, const struct sa_key *key)
{
	unchain(x, sa);
	sa->key = *key;
	chain(x, sa);
}

void kernel_sa_del(struct xfrm *x, uint32_t child, bool inbound)
{
	struct kernel_sa *sa = map_take(&x->sas, xfrm_sa_key(child, inbound));

	if (!sa)
		return;
	unchain(x, sa);
	kernel_sa_take_away(x, &sa->key);
	sa_free(x, sa);
}

void kernel_sas_clear(struct xfrm *x)
{
	struct kernel_sa *sa;
	size_t at = 0;

	while ((sa = map_next(&x->sas, &at))) {
		kernel_sa_take_away(x, &sa->key);
		sa_free(x, sa);
	}
	map_free(&x->sas);
	map_free(&x->spis);
	map_free(&x->seqs);
}
