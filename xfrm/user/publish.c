/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what control knows to what the packet threads read. */
#include "xfrm/user/state.h"

static size_t count_entries(const struct xfrm *x)
{
	struct user_policy *p;
	size_t at = 0, n = 0;

	while ((p = map_next(&x->policies, &at)))
		n += (size_t)p->local.n * p->remote.n;
	return n;
}

static void add_sas(struct xfrm *x, struct snapshot *s)
{
	struct user_sa *sa;
	size_t at = 0;

	while ((sa = map_next(&x->sas, &at)))
		sa->slot = snapshot_add_sa(s, (struct sa_slot){ .live = sa->live,
						      .device = sa->device,
						      .local = sa->local,
						      .remote = sa->remote,
						      .encap = sa->encap,
						      .limit = sa->limit });
}

/* All pairs of a policy's selectors. */
static void add_policy(struct xfrm *x, struct snapshot *s, const struct user_policy *p)
{
	const struct user_sa *sa = p->child ? map_get(&x->sas, user_sa_key(p->child, false)) : NULL;
	struct spd_entry entry = {
		.device = p->device->slot,
		.trap = p->trap,
		.age = p->age,
		.policy = p->live,
		.sa = sa ? sa->slot : NULL,
	};

	for (unsigned i = 0; i < p->remote.n; i++)
		for (unsigned k = 0; k < p->local.n; k++) {
			entry.remote = p->remote.v[i];
			entry.local = p->local.v[k];
			entry.priority =
				p->priority ? p->priority : spd_priority(&entry.local, &entry.remote);
			snapshot_add_entry(s, entry);
		}
}

void user_publish(struct xfrm *x)
{
	struct snapshot *s = snapshot_new((unsigned)x->sas.count, count_entries(x));
	struct user_policy *p;
	size_t at = 0;

	for (unsigned i = 0; i < DEVICES_MAX; i++)
		if (x->devices[i] && x->devices[i]->owners)
			snapshot_add_device(s, x->devices[i]);
	add_sas(x, s);
	while ((p = map_next(&x->policies, &at)))
		add_policy(x, s, p);
	snapshot_finish(s);
	board_publish(&x->board, s);
	user_reap(x);
}

void user_reap(struct xfrm *x)
{
	(void)board_reap(&x->board, user_device_close, x);
}
