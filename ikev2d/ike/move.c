/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving an IKE_SA, its children and what is in flight. */
#include "ike/move.h"

#include "ike/child.h"
#include "ike/fragment.h"

bool move_elsewhere(const struct draft *d)
{
	const struct path *before = &d->sa->core.path, *now = &d->core.path;

	return !ip_eq(&before->local.ip, &now->local.ip) || !ip_eq(&before->remote.ip, &now->remote.ip);
}

void move_ike(struct draft *d, const struct path *path)
{
	if (path_eq(&d->core.path, path))
		return;
	d->core.path = *path;
	d->core.mobike.elsewhere = true;
	if (move_elsewhere(d))
		fragment_elsewhere(&d->core);
	d->moved_ike = true;
	tell_moved(d);
}

/* In transport mode the selectors are those of the ends: they are negotiated anew. */
void move_children(struct draft *d)
{
	d->moved_children = true;
	list_each (n, &d->sa->children) {
		struct child *child = node_owner(n, struct child, of_sa);

		if (child->mode == MODE_TRANSPORT && move_elsewhere(d))
			draft_edit(d, CHILD_OUTDATED, child, child->state);
	}
}

/* Whether the peer may be elsewhere without a word: behind a NAT, or in another stream than before. */
static bool may_change(const struct sa_core *c, const struct path *path)
{
	return c->path.tcp && path->tcp ? !c->began : c->nat_remote && !c->nat_local;
}

void move_follow(struct draft *d, const struct path *path)
{
	const struct sa_core *c = &d->core;

	if (addr_eq(&c->path.remote, &path->remote) || !may_change(c, path) || c->state != S_UP)
		return;
	move_ike(d, path);
	move_children(d);
}

void move_mapping(struct step *s, uint32_t id, const struct addr *remote)
{
	struct child *c = child_find(s->ike, id);
	struct path path;
	struct draft d;

	/* Of those for CPUs each may come from a port of its own, from which IKE never does. */
	if (!c || c->per_cpu)
		return;
	path = c->sa->core.path;
	path.remote = *remote;
	draft_open(&d, s, c->sa);
	d.hurried = true;
	move_follow(&d, &path);
	draft_close(&d, DRAFT_COMMIT);
}

void move_request(struct step *s, struct sa *sa)
{
	struct window *w = &sa->window;

	w->request_path = sa->core.path;
	step_await(s, sa);
	step_send(s, &w->request_path, bytes_of(w->request, w->request_n));
}

void move_commit(struct draft *d, struct sa *sa)
{
	if (d->moved_children)
		list_each (n, &sa->children)
			child_move(d->step, node_owner(n, struct child, of_sa));
	sa->window.moved |= d->moved_ike && d->hurried;
	if (d->moved_ike && sa->window.request)
		move_request(d->step, sa);
}
