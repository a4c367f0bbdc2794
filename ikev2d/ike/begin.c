/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proofs that are for who begins. */
#include "ike/begin.h"

const char *begin_never(const struct peer *p)
{
	if (p->remote.way.method == AUTH_EAP && p->local.way.method != AUTH_EAP)
		return "its peer is to prove who it is by EAP, which only who begins can: this connection is "
		       "for peers that begin";
	if (p->remote.next)
		return "its peer is to prove who it is several times, which is taken from who begins only";
	return NULL;
}

struct why begin_refusal(const struct peer *p, const char *what, struct arena *arena)
{
	return (struct why){
		.what = arena_printf(arena, "connection %s cannot be begun from here: %s", p->name, what),
		.where = source_print(&p->remote.at, "auth", arena),
		.alert = "local-auth-failed",
	};
}

enum verdict begin_refuse(struct draft *d, const char *what)
{
	d->why = begin_refusal(d->core.peer, what, d->step->scratch);
	return draft_end(d, 0);
}
