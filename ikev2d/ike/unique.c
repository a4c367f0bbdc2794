/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pair of identities, one IKE_SA. */
#include "ike/unique.h"

#include "ike/ends.h"
#include "ike/task.h"
#include "ike/ticket.h"

/* The next IKE_SA behind AT (NULL: the first) that is up between these ends (ends.h), but for NOT. */
static struct sa *other(const struct ike *ike, struct sa *at, const struct sa * not, const struct id *local,
	const struct id *remote)
{
	do
		at = ends_next(ike, at, local, remote);
	while (at && (at == not || !at->up || at->core.state != S_UP));
	return at;
}

bool unique_is_first(const struct draft *d)
{
	if (d->core.peer->unique == UNIQUE_NEVER)
		return false;
	/* Before the peer has said who it is, its connection tells. */
	list_each (n, &d->sa->conn->sas) {
		const struct sa *sa = node_owner(n, struct sa, of_conn);

		if (sa != d->sa && sa->up)
			return false;
	}
	return true;
}

/* Whether USER has another IKE_SA than the one that D, if it is resumed, takes the place of. */
static bool has_other(const struct draft *d, const struct id *user)
{
	struct sa *at = NULL;

	do
		at = other(d->step->ike, at, d->sa, &d->hs.local_id, user);
	while (at && d->hs.resumed && ticket_resumes(d->hs.ticket_number, at));
	return at;
}

bool unique_refuses(struct draft *d, const struct message *m)
{
	const struct peer *p = d->core.peer;
	const struct id *user = handshake_user(&d->hs);
	bool alone = message_notify(m, INITIAL_CONTACT);

	if (p->unique == UNIQUE_NEVER)
		return false;
	if (alone)
		d->hs.others = OTHERS_ARE_DEAD;
	else if (p->unique == UNIQUE_REPLACE)
		d->hs.others = OTHERS_ARE_REPLACED;
	if (alone || p->unique != UNIQUE_KEEP || !has_other(d, user))
		return false;
	d->why = (struct why){
		.what = arena_printf(d->step->scratch, "%s has an IKE_SA of connection %s already",
			id_print(user, d->step->scratch), p->name),
		.configured = "unique = keep",
		.where = source_print(&p->at, "unique", d->step->scratch),
		.instead = "unique = replace, where the newer one is to win",
		.notify = "AUTHENTICATION_FAILED",
		.alert = "unique-keep",
	};
	return true;
}

/* Whether the peers of both may be one: another one behind the same NAT has another port there. Without a NAT
 * there is one at each address, which may go on at another port (RFC 7296, 2.23); a stream has a port of its
 * own each time. */
static bool same_place(const struct sa_core *a, const struct sa_core *b)
{
	const struct addr *one = &a->path.remote, *other = &b->path.remote;
	bool by_port = a->nat_remote && b->nat_remote && !a->path.tcp && !b->path.tcp;

	return by_port ? addr_eq(one, other) : ip_eq(&one->ip, &other->ip);
}

/* Who comes again from where it is may just authenticate anew. */
static void end_replaced(struct step *s, struct sa *old, const struct sa *sa)
{
	if (same_place(&old->core, &sa->core))
		task_delete_ike_later(old, s->now + REPLACED_TIME, s->now + REPLACED_LONGEST);
	else
		task_add(old, TASK_DELETE_IKE, NULL);
	task_next(s, old);
	sa_rearm(s->ike, old);
}

void unique_resumed(struct step *s, struct sa *sa, uint64_t ticket)
{
	struct sa *old = other(s->ike, NULL, sa, &sa->local_id, sa_user(sa));

	while (old) {
		struct sa *next = other(s->ike, old, sa, &sa->local_id, sa_user(sa));

		if (ticket_resumes(ticket, old))
			sa_vanish(s, old);
		old = next;
	}
}

void unique_settle(struct step *s, struct sa *sa, enum unique_end how)
{
	struct sa *old = how == OTHERS_STAY ? NULL : other(s->ike, NULL, sa, &sa->local_id, sa_user(sa));

	while (old) {
		struct sa *next = other(s->ike, old, sa, &sa->local_id, sa_user(sa));

		/* Who says that this is the first contact has lost the others. */
		if (how == OTHERS_ARE_DEAD)
			sa_abandon(s, old);
		else
			end_replaced(s, old, sa);
		old = next;
	}
}
