/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's questions. What a packet asked for that met a policy without an SA stands among the SAs as a
 * larva, for net.core.xfrm_acq_expires (30 s), and until then no packet of the same template asks again. So a
 * question that nobody answers any more has to go: that of a daemon that crashed, of a policy that was taken
 * away, or one that was asked while nobody listened. Else the next trap of the same reqid would not be heard
 * that long.
 *
 * A larva has no SPI, and what has none cannot be deleted. It is given one for that, by the number of the
 * question. */
#include "xfrm/kernel/state.h"

#include <stdlib.h>

/* What the larvae of a policy have of it. */
struct asker {
	struct node of_all;
	struct policy_tmpl tmpl;
	struct prefix dst;
	struct mark mark;
	uint32_t if_id;
};

enum { LARVAE_MAX = 1024 /* in one look; others end by themselves */ };

struct larvae {
	const struct xfrm *x;
	bool unheard; /* only those */
	struct sa_seen v[LARVAE_MAX];
	size_t n;
};

void kernel_larvae_note(struct xfrm *x, const struct policy_key *key, const struct policy_body *body)
{
	struct asker *a;

	if (key->dir != XFRM_POLICY_OUT || !body->protect)
		return;
	a = calloc(1, sizeof *a);
	if (!a)
		abort();
	*a = (struct asker){
		.tmpl = body->tmpl, .dst = key->sel.dst, .mark = key->mark, .if_id = key->if_id
	};
	list_append(&x->askers, &a->of_all);
}

void kernel_larvae_note_all(struct xfrm *x)
{
	list_each (n, &x->all) {
		const struct entry *e = node_owner(n, struct entry, of_all);

		if (e->made)
			kernel_larvae_note(x, &e->key, &e->body);
	}
}

/* Without addresses in the template it is about those of the packet. */
static bool has_asked(const struct asker *a, const struct sa_seen *larva)
{
	const struct sa_key *key = &larva->key;
	struct prefix whole = { key->dst, key->dst.v == 4 ? 32 : 128 };

	if (key->reqid != a->tmpl.reqid)
		return false;
	if (a->tmpl.dst.v ? !ip_eq(&a->tmpl.dst, &key->dst) || !ip_eq(&a->tmpl.src, &key->src)
			  : !prefix_contains(&a->dst, &whole))
		return false;
	/* The kernel asks for the SPI of the template, if that has one; another was drawn by somebody for an
	 * SA of his. */
	if (key->spi && key->spi != a->tmpl.spi)
		return false;
	return key->proto == a->tmpl.proto && larva->mode == a->tmpl.mode && key->if_id == a->if_id &&
	       key->mark.value == a->mark.value && key->mark.mask == a->mark.mask;
}

static bool is_ours(const struct xfrm *x, const struct sa_seen *larva)
{
	list_each (n, &x->askers)
		if (has_asked(node_owner(n, struct asker, of_all), larva))
			return true;
	return false;
}

/* It was reported, and its answer is on the way. */
static bool is_heard(const struct xfrm *x, const struct sa_seen *larva)
{
	uint64_t key = kernel_seq_key(larva->key.reqid, larva->resource);

	return larva->seq && (uint32_t)(uintptr_t)map_get(&x->seqs, key) == larva->seq;
}

static void larva_read(void *ctx, const struct nlmsghdr *h)
{
	struct larvae *l = ctx;
	struct sa_seen *seen = &l->v[l->n];

	if (l->n < LARVAE_MAX && h->nlmsg_type == XFRM_MSG_NEWSA && !message_sa_read(h, seen))
		l->n += seen->larval && is_ours(l->x, seen) && !(l->unheard && is_heard(l->x, seen));
}

static void spi_read(void *ctx, const struct nlmsghdr *h)
{
	struct sa_key *key = ctx;
	struct sa_seen seen;

	if (h->nlmsg_type == XFRM_MSG_NEWSA && !message_sa_read(h, &seen))
		key->spi = seen.key.spi;
}

/* It may have ended by itself meanwhile: nothing is lost then. */
static void end(struct xfrm *x, struct sa_seen *larva)
{
	if (!larva->key.spi) {
		message_larva(netlink_request(x->netlink, XFRM_MSG_ALLOCSPI, 0), larva);
		(void)!netlink_talk(x->netlink, spi_read, &larva->key);
	}
	if (!larva->key.spi)
		return;
	message_sa_id(netlink_request(x->netlink, XFRM_MSG_DELSA, 0), &larva->key);
	(void)!netlink_talk(x->netlink, NULL, NULL);
}

static void forget(struct xfrm *x)
{
	list_each_safe (n, &x->askers) {
		list_remove(n);
		free(node_owner(n, struct asker, of_all));
	}
}

/* One look at all SAs, however many have asked. */
static void look(struct xfrm *x, bool unheard)
{
	struct larvae *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	l->x = x;
	l->unheard = unheard;
	netlink_request(x->netlink, XFRM_MSG_GETSA, NLM_F_DUMP);
	if (!netlink_talk(x->netlink, larva_read, l))
		for (size_t i = 0; i < l->n; i++)
			end(x, &l->v[i]);
	free(l);
	forget(x);
}

void kernel_larvae_end(struct xfrm *x)
{
	if (!x->gathers && !list_empty(&x->askers))
		look(x, false);
}

void kernel_larvae_end_unheard(struct xfrm *x)
{
	if (!list_empty(&x->askers))
		look(x, true);
}
