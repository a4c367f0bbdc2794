/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SAs that get other outer addresses (RFC 4555, 3.5). XFRM_MSG_MIGRATE is not used: it picks one SA for each
 * reqid and pair of addresses, and during a rekeying there are two; and older kernels forget encapsulation,
 * interface and mark on the way. */
#include "xfrm/kernel/state.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <linux/udp.h>

/* Between the look at an outbound SA and its end it sends on. No number of these may be used again: it would
 * be a nonce, too. */
enum { NUMBERS_AHEAD = 1 << 17 };

enum way {
	WAY_PORTS,   /* other ports only: it is told */
	WAY_BESIDE,  /* another destination: a new one beside it */
	WAY_INSTEAD, /* the same destination: there is room for one only */
};

struct move {
	struct kernel_sa *sa;
	struct sa_key to;
	struct addr src, dst;
	bool encap;
	enum way way;
	struct whole before;
};

static void jump(struct nlmsghdr *h)
{
	struct nlattr *a;
	uint64_t next;

	mnl_attr_for_each(a, h, sizeof(struct xfrm_usersa_info))
	{
		struct xfrm_replay_state *plain = mnl_attr_get_payload(a);
		struct xfrm_replay_state_esn *esn = mnl_attr_get_payload(a);

		switch (mnl_attr_get_type(a)) {
		case XFRMA_REPLAY_VAL:
			plain->oseq = plain->oseq < UINT32_MAX - NUMBERS_AHEAD ? plain->oseq + NUMBERS_AHEAD
									       : UINT32_MAX;
			break;
		case XFRMA_REPLAY_ESN_VAL:
			next = ((uint64_t)esn->oseq_hi << 32 | esn->oseq) + NUMBERS_AHEAD;
			esn->oseq_hi = (uint32_t)(next >> 32);
			esn->oseq = (uint32_t)next;
			break;
		}
	}
}

static void put_encap(struct nlmsghdr *h, const struct move *m)
{
	struct xfrm_encap_tmpl t = { .encap_type = UDP_ENCAP_ESPINUDP,
		.encap_sport = htons(m->sa->own_port ? m->sa->port : m->src.port),
		.encap_dport = htons(m->dst.port) };

	if (m->encap)
		mnl_attr_put(h, XFRMA_ENCAP, sizeof t, &t);
}

/* The SA as it was before, with its counters. */
static enum err say_before(struct xfrm *x, const struct move *m, uint16_t type, uint16_t flags)
{
	static const uint16_t except[] = { XFRMA_LASTUSED, XFRMA_OFFLOAD_DEV, 0 };
	struct nlmsghdr *h = netlink_request(x->netlink, type, flags);
	struct xfrm_usersa_info *info = kernel_whole_put(h, &m->before, except);

	mnl_attr_put(h, XFRMA_LTIME_VAL, sizeof info->curlft, &info->curlft);
	if (!m->sa->inbound && m->way != WAY_PORTS)
		jump(h);
	return netlink_talk(x->netlink, NULL, NULL);
}

static enum err say_after(struct xfrm *x, const struct move *m, uint16_t type, uint16_t flags)
{
	/* The end of the list, where a device carries whole packets: it must go on. */
	const uint16_t except[] = { XFRMA_LASTUSED, XFRMA_ENCAP, m->sa->device ? 0 : XFRMA_OFFLOAD_DEV, 0 };
	struct nlmsghdr *h = netlink_request(x->netlink, type, flags);
	struct xfrm_usersa_info *info = kernel_whole_put(h, &m->before, except);

	info->family = selector_family(&m->to.dst);
	info->id.daddr = selector_address(&m->to.dst);
	info->saddr = selector_address(&m->to.src);
	info->seq = 0;
	put_encap(h, m);
	mnl_attr_put(h, XFRMA_LTIME_VAL, sizeof info->curlft, &info->curlft);
	if (!m->sa->inbound && m->way != WAY_PORTS)
		jump(h);
	return netlink_talk(x->netlink, NULL, NULL);
}

static enum err del(struct xfrm *x, const struct sa_key *key)
{
	message_sa_id(netlink_request(x->netlink, XFRM_MSG_DELSA, 0), key);
	return netlink_talk(x->netlink, NULL, NULL);
}

static enum err note(struct xfrm *x, const struct sa_key *key)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	char thing[SA_KEY_TEXT];
	bool first;
	enum err e = journal_take(x->journal, sa_key_print(key, thing), &first, &why);

	if (e)
		log_say(LOG_WARN, "journal", "%s", text_str(&why));
	arena_free(&scratch);
	return e;
}

static void strike(struct xfrm *x, const struct sa_key *key)
{
	char thing[SA_KEY_TEXT];

	if (journal_release(x->journal, sa_key_print(key, thing)))
		journal_strike(x->journal, thing);
}

static enum way way_of(const struct move *m)
{
	if (!ip_eq(&m->sa->key.dst, &m->to.dst))
		return WAY_BESIDE;
	if (!ip_eq(&m->sa->key.src, &m->to.src) || kernel_whole_has(&m->before, XFRMA_ENCAP) != m->encap)
		return WAY_INSTEAD;
	return WAY_PORTS;
}

typedef enum err say_fn(struct xfrm *x, const struct move *m, uint16_t type, uint16_t flags);

/* To where the SA has just been taken away. A packet may have come between: for it the kernel has asked for
 * an SA, and holds the SPI, which stands in the policy, until there is one. To update that is to answer. */
static enum err say_again(struct xfrm *x, const struct move *m, say_fn *say)
{
	enum err e = say(x, m, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);

	return e == ERR_EXISTS ? say(x, m, XFRM_MSG_UPDSA, 0) : e;
}

static enum err instead(struct xfrm *x, const struct move *m)
{
	struct sa_seen seen;
	enum err e = del(x, &m->sa->key);

	if (e)
		return e;
	e = say_again(x, m, say_after);
	/* The question may also have come to stand before the answer. */
	if (!e)
		e = kernel_sa_ask(x, &m->to, &seen);
	if (e && say_again(x, m, say_before))
		log_say(LOG_WARN, "sa", "the SA %08x was lost while it was moved: %s", m->sa->key.spi,
			netlink_reason(x->netlink));
	return e;
}

/* M's SA is in its new place then, or all is as before. */
static enum err go(struct xfrm *x, struct move *m)
{
	struct sa_seen seen;
	enum err e = kernel_sa_ask(x, &m->sa->key, &seen);

	if (!e)
		e = kernel_whole_ask(x, &m->sa->key, &m->before);
	if (e)
		return e;
	m->way = way_of(m);
	if (m->way == WAY_PORTS)
		return m->encap ? say_after(x, m, XFRM_MSG_UPDSA, 0) : ERR_OK;
	e = note(x, &m->to);
	if (e)
		return e;
	e = m->way == WAY_BESIDE ? say_after(x, m, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL) : instead(x, m);
	if (e)
		strike(x, &m->to);
	return e;
}

static void back(struct xfrm *x, const struct move *m)
{
	enum err e = ERR_OK;

	if (m->way == WAY_PORTS) {
		e = m->encap ? say_before(x, m, XFRM_MSG_UPDSA, 0) : ERR_OK;
	} else {
		e = del(x, &m->to);
		strike(x, &m->to);
		if (m->way == WAY_INSTEAD)
			e = say_again(x, m, say_before);
	}
	if (e)
		log_say(LOG_WARN, "sa", "the SA %08x could not be moved back: %s", m->sa->key.spi,
			netlink_reason(x->netlink));
}

static void follow(
	struct xfrm *x, const struct kernel_sa *sa, const struct ip *local, const struct ip *remote)
{
	struct owner *o = map_get(&x->policies, sa->policy);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (o) {
		o->local = *local;
		o->remote = *remote;
		if (kernel_owner_apply(x, o, &why))
			log_say(LOG_WARN, "policy", "%s", text_str(&why));
		kernel_lead_follow(x, o);
	}
	arena_free(&scratch);
}

static void finish(
	struct xfrm *x, struct move *m, unsigned n, const struct ip *local, const struct ip *remote)
{
	struct sa_key old[2];

	for (unsigned i = 0; i < n; i++) {
		old[i] = m[i].sa->key;
		kernel_sa_rename(x, m[i].sa, &m[i].to);
	}
	if (n)
		follow(x, m[0].sa, local, remote);
	for (unsigned i = 0; i < n; i++) {
		if (m[i].way == WAY_BESIDE)
			kernel_sa_take_away(x, &old[i]);
		else if (m[i].way == WAY_INSTEAD)
			strike(x, &old[i]);
	}
}

enum err kernel_sa_move(
	struct xfrm *x, uint32_t child, const struct addr *local, const struct addr *remote, bool encap)
{
	struct move m[2] = { 0 };
	unsigned n = 0, done;
	enum err e = ERR_OK;

	kernel_sa_release(x, child);

	for (int inbound = 1; inbound >= 0; inbound--) {
		struct kernel_sa *sa = kernel_sa_of(x, child, inbound);

		if (!sa)
			continue;
		m[n] = (struct move){ .sa = sa, .to = sa->key, .encap = encap };
		m[n].src = inbound ? *remote : *local;
		m[n].dst = inbound ? *local : *remote;
		m[n].to.src = m[n].src.ip;
		m[n].to.dst = m[n].dst.ip;
		n++;
	}
	for (done = 0; !e && done < n; done++)
		e = go(x, &m[done]);
	if (e)
		for (done--; done > 0; done--)
			back(x, &m[done - 1]);
	else
		finish(x, m, n, &local->ip, &remote->ip);
	WIPE(m);
	return n ? e : ERR_MISSING;
}
