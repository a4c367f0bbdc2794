/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration, and how a new one takes the place of the old. */
#include "ike/conf.h"

#include "ike/trap.h"
#include "ike/want.h"

#include <stdlib.h>

bool child_conf_same(const struct child_conf *a, const struct child_conf *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->peer->name, b->peer->name);
}

const struct child_conf *child_conf_named(
	struct peer *const *peers, unsigned n, const struct child_conf *like)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(peers[i]->name, like->peer->name))
			return peer_child(peers[i], like->name);
	return NULL;
}

/* A child that was there before under the same name is not started again. */
static void children_start(struct step *s, const struct peer *p, struct peer *const *old, unsigned n_old)
{
	for (unsigned i = 0; i < p->n_children; i++) {
		const struct child_conf *c = &p->children[i], *before = child_conf_named(old, n_old, c);

		if (c->start_action & ACTION_TRAP)
			trap_add(s, c);
		if (c->start_action & ACTION_START && !(before && before->start_action & ACTION_START))
			want_add(s, c, WANT_ONCE);
	}
}

void conf_change(struct step *s, struct peer *const *peers, unsigned n, const struct settings *settings)
{
	struct ike *ike = s->ike;
	struct peer **old = ike->peers;
	unsigned n_old = ike->n_peers;

	traps_stale(ike);
	ike->settings = *settings;
	ike->n_peers = n;
	ike->peers = calloc(n ? n : 1, sizeof *ike->peers);
	if (!ike->peers)
		abort();
	for (unsigned i = 0; i < n; i++)
		ike->peers[i] = peer_ref(peers[i]);
	for (unsigned i = 0; i < n; i++)
		children_start(s, peers[i], old, n_old);
	traps_retire(s);
	wants_conf(s);
	for (unsigned i = 0; i < n_old; i++)
		peer_part(ike, old[i]);
	free(old);
}

const struct peer *peer_now(const struct ike *ike, const struct peer *peer)
{
	for (unsigned i = 0; i < ike->n_peers; i++)
		if (!strcmp(ike->peers[i]->name, peer->name))
			return ike->peers[i];
	return peer;
}

const struct child_conf *child_conf_now(const struct ike *ike, const struct child_conf *conf)
{
	const struct child_conf *now = child_conf_named(ike->peers, ike->n_peers, conf);

	return now ? now : conf;
}
