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

uint64_t kernel_seq_key(uint32_t reqid, uint32_t resource)
{
	return (uint64_t)resource << 32 | reqid;
}

/* The number of the question that an outbound SA answers; it is answered once, by one that is taken. */
static uint32_t question(const struct xfrm *x, const struct sa_spec *spec)
{
	uint64_t key = kernel_seq_key(spec->reqid, spec->resource);

	return spec->inbound ? 0 : (uint32_t)(uintptr_t)map_get(&x->seqs, key);
}

static void answered(struct xfrm *x, const struct sa_spec *spec)
{
	if (!spec->inbound)
		map_take(&x->seqs, kernel_seq_key(spec->reqid, spec->resource));
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
	enum err e = kernel_sa_say(x, &request, sa, why);

	/* It may be there: nobody must find it later. */
	if (e == ERR_BUSY && kernel_sa_remove(x, &sa->key) == ERR_OK)
		log_say(LOG_WARN, "netlink", "an SA was taken back whose answer was lost");
	return e;
}

/* What a policy for CPUs finds by its reqid would send at once: it is said later. A device would have to be
 * asked now. */
static bool is_held(const struct sa_spec *spec)
{
	return spec->patient && spec->per_cpu && spec->conf->hw_offload == OFFLOAD_NO;
}

/* Keeps what is to be said of SA, with its keys. */
static enum err hold(struct xfrm *x, struct kernel_sa *sa, const struct sa_spec *spec, struct text *why)
{
	struct sa_request request = { .spec = spec,
		.limits = kernel_sa_limits(sa),
		.seq = question(x, spec),
		.outer_mark = XFRM_OUTER_MARK };
	struct nlmsghdr *h = netlink_request(x->netlink, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);
	enum err e = message_sa(h, &request, why);

	if (e)
		return e;
	sa->held = malloc(sizeof *sa->held);
	if (!sa->held)
		abort();
	sa->held->n = h->nlmsg_len;
	memcpy(sa->held->message, h, h->nlmsg_len);
	return ERR_OK;
}

static void unhold(struct kernel_sa *sa)
{
	if (sa->held)
		WIPE(*sa->held);
	free(sa->held);
	sa->held = NULL;
}

static enum err say_held(struct xfrm *x, const struct kernel_sa *sa)
{
	static const uint16_t except[] = { 0 };

	kernel_whole_put(
		netlink_request(x->netlink, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL), sa->held, except);
	return netlink_talk(x->netlink, NULL, NULL);
}

void kernel_sa_release(struct xfrm *x, uint32_t child)
{
	struct kernel_sa *sa = kernel_sa_of(x, child, false);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	char thing[SA_KEY_TEXT];
	bool first;
	enum err e;

	if (!sa || !sa->held)
		return;
	e = journal_take(x->journal, sa_key_print(&sa->key, thing), &first, &why);
	if (!e)
		e = say_held(x, sa);
	if (e)
		log_say(LOG_WARN, "sa", "the SA %08x cannot be installed: %s", sa->key.spi,
			why.n ? text_str(&why) : netlink_reason(x->netlink));
	unhold(sa);
	arena_free(&scratch);
}

/* Written down, then made; or neither. */
static enum err add(struct xfrm *x, struct kernel_sa *sa, const struct sa_spec *spec, struct text *why)
{
	char thing[SA_KEY_TEXT];
	bool first;
	enum err e;

	sa->key = message_sa_key(spec);
	if (is_held(spec))
		return hold(x, sa, spec, why);
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
	unhold(sa);
	free(sa->no_device);
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
		.resource = spec->resource,
		.port = message_source_port(spec),
		.awaited = spec->awaited };
	sa->own_port = sa->port != (spec->inbound ? spec->remote.port : spec->local.port);
	return sa;
}

/* A kernel that has no SAs for CPUs would leave the CPU out and say nothing. There packets leave by the
 * general one, which its policy names. */
static struct sa_spec fit(const struct xfrm *x, const struct sa_spec *spec)
{
	struct sa_spec own = *spec;

	if (!x->caps.per_cpu) {
		own.per_cpu = own.patient = false;
		own.resource = 0;
	}
	return own;
}

enum err kernel_sa_add(struct xfrm *x, const struct sa_spec *spec, struct text *why)
{
	struct sa_spec own = fit(x, spec);
	struct xfrmi dev = { 0 };
	struct kernel_sa *sa;
	enum err e = ERR_OK;

	if (kernel_sa_of(x, spec->child, spec->inbound)) {
		text_add(why, "the CHILD_SA %u has an SA in this direction already", spec->child);
		return ERR_EXISTS;
	}
	if (spec->conf->interface)
		e = kernel_interface_get(x, spec->conf, &own.marks, &dev, why);
	if (e) /* ERR_EXISTS is for SPIs: there is no use in another one */
		return e == ERR_EXISTS ? ERR_UNSUPPORTED : e;
	sa = sa_new(&own);
	sa->resource = spec->resource;
	sa->dev = dev;
	e = add(x, sa, &own, why);
	if (e) {
		sa_free(x, sa);
		return e;
	}
	answered(x, &own);
	map_put(&x->sas, xfrm_sa_key(sa->child, sa->inbound), sa);
	chain(x, sa);
	return ERR_OK;
}

void kernel_sa_take_away(struct xfrm *x, const struct sa_key *key)
{
	char thing[SA_KEY_TEXT];

	sa_key_print(key, thing);
	message_sa_id(netlink_later(x->netlink, XFRM_MSG_DELSA, kernel_taken_away, x, thing), key);
	netlink_post(x->netlink);
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
	if (!sa->held)
		kernel_sa_take_away(x, &sa->key);
	if (sa->resource && !inbound)
		kernel_policy_quiet(x, sa->policy, false);
	sa_free(x, sa);
}

void kernel_sas_clear(struct xfrm *x)
{
	struct kernel_sa *sa;
	size_t at = 0;

	while ((sa = map_next(&x->sas, &at))) {
		if (!sa->held)
			kernel_sa_take_away(x, &sa->key);
		sa_free(x, sa);
	}
	map_free(&x->sas);
	map_free(&x->spis);
}
