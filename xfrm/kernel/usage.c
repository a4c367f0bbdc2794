/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel has counted: of one SA, or of all at once where many are asked for. */
#include "xfrm/kernel/state.h"

#include "xfrm/clock.h"

#include <time.h>

enum {
	LOOK_AGE = 100,  /* ms that one look serves at least, */
	LOOK_SHARE = 10, /* and so many times as long as it took: it is slow where there are many SAs */
	ASKS_ALONE = 8,  /* within LOOK_AGE: then one look at all is cheaper */
	LARVAE = 4,      /* before an SA; there is one, and another while it is taken away */
};

static void seen_read(void *ctx, const struct nlmsghdr *h)
{
	struct sa_seen *seen = ctx;

	if (h->nlmsg_type == XFRM_MSG_NEWSA && message_sa_read(h, seen))
		*seen = (struct sa_seen){ 0 };
}

enum err kernel_sa_ask(struct xfrm *x, const struct sa_key *key, struct sa_seen *out)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; !e && i <= LARVAE; i++) {
		*out = (struct sa_seen){ 0 };
		message_sa_id(netlink_request(x->netlink, XFRM_MSG_GETSA, 0), key);
		e = netlink_talk(x->netlink, seen_read, out);
		if (e || !out->larval)
			return e ? e : out->key.dst.v ? ERR_OK : ERR_MISSING;
		message_sa_id(netlink_request(x->netlink, XFRM_MSG_DELSA, 0), key);
		e = netlink_talk(x->netlink, NULL, NULL);
	}
	return e ? e : ERR_MISSING;
}

void kernel_sa_note(struct kernel_sa *sa, const struct sa_seen *seen)
{
	if (seen->packets != sa->seen.packets)
		sa->moved_ms = xfrm_now();
	sa->seen = *seen;
}

/* Of the same SPI and reqid, but elsewhere. */
static void note_strayed(const struct xfrm *x, const struct sa_seen *seen)
{
	struct kernel_sa *sa = map_get(&x->spis, seen->key.spi);

	while (sa && sa->key.reqid != seen->key.reqid)
		sa = sa->same;
	if (sa)
		sa->strayed = seen->key;
}

static void look_read(void *ctx, const struct nlmsghdr *h)
{
	struct xfrm *x = ctx;
	struct sa_seen seen;
	struct kernel_sa *sa;

	if (h->nlmsg_type != XFRM_MSG_NEWSA || message_sa_read(h, &seen) || seen.larval)
		return;
	sa = kernel_sa_find(x, seen.key.spi, &seen.key.dst);
	if (!sa || !ip_eq(&sa->key.src, &seen.key.src) || sa->key.reqid != seen.key.reqid) {
		note_strayed(x, &seen);
		return;
	}
	kernel_sa_note(sa, &seen);
	sa->strayed = (struct sa_key){ 0 };
	sa->look = x->look;
}

enum err kernel_sas_look(struct xfrm *x)
{
	uint64_t begin = xfrm_now(), took;
	enum err e;

	x->look++;
	netlink_request(x->netlink, XFRM_MSG_GETSA, NLM_F_DUMP);
	e = netlink_talk(x->netlink, look_read, x);
	took = xfrm_now() - begin;
	x->look_until = begin + took + (LOOK_SHARE * took > LOOK_AGE ? LOOK_SHARE * took : LOOK_AGE);
	return e;
}

static bool many_asks(struct xfrm *x)
{
	uint64_t now = xfrm_now();

	if (now - x->asks_ms >= LOOK_AGE) {
		x->asks_ms = now;
		x->asks = 0;
	}
	return ++x->asks > ASKS_ALONE;
}

static enum err refresh(struct xfrm *x, struct kernel_sa *sa)
{
	struct sa_seen seen;
	enum err e;

	if (many_asks(x) && (xfrm_now() < x->look_until || !kernel_sas_look(x)) && sa->look == x->look)
		return ERR_OK;
	e = kernel_sa_ask(x, &sa->key, &seen);
	if (!e)
		kernel_sa_note(sa, &seen);
	return e;
}

/* On our clock; the kernel's has whole seconds. */
static uint64_t last_ms(uint64_t last_used)
{
	uint64_t now = xfrm_now(), wall = (uint64_t)time(NULL), ago;

	ago = last_used < wall ? (wall - last_used) * 1000 : 0;
	return ago < now ? now - ago : 1;
}

bool kernel_sa_usage(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out)
{
	struct kernel_sa *sa = kernel_sa_of(x, child, inbound);

	if (!sa || sa->held || refresh(x, sa))
		return false;
	*out = (struct sa_usage){
		.spi = sa->key.spi,
		.inbound = inbound,
		.bytes = sa->seen.bytes,
		.packets = sa->seen.packets,
		.last_ms = sa->seen.last_used ? last_ms(sa->seen.last_used) : sa->moved_ms,
		.replays = sa->seen.replays,
		.invalid = sa->seen.invalid,
	};
	return true;
}
