/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client may load what is of use only while it is there: a connection and a secret that go when it does,
 * however it ends. */
#include "vici/commands.h"

#include <stdlib.h>

static void forget(char **name)
{
	free(*name);
	*name = NULL;
}

void vici_hold_nothing(struct vici_session *s)
{
	forget(&s->held_conn);
	forget(&s->held_shared);
}

static char *kept(const char *name)
{
	char *copy = name ? strdup(name) : NULL;

	if (name && !copy)
		abort();
	return copy;
}

/* What of it has gone already is none of our business. */
static void take_back(struct vici_session *s, struct arena *arena)
{
	const struct vici_host *h = &s->vici->host;
	struct vici_target all = { .ike = s->held_conn };
	struct why why = { 0 };

	if (s->held_shared)
		(void)!h->unload_shared(h->ctx, s->held_shared, arena, &why);
	if (!s->held_conn)
		return;
	(void)!h->unload_conn(h->ctx, s->held_conn, arena, &why);
	h->terminate(h->ctx, 0, &all, true, -1);
}

void vici_let_go(struct vici_session *s)
{
	struct arena arena = { 0 };

	if (!s->vici->stopping)
		take_back(s, &arena);
	vici_hold_nothing(s);
	arena_free(&arena);
}

void vici_stopping(struct vici *v)
{
	v->stopping = true;
}

/* In place of what it held before: nothing, where it names nothing. */
void vici_do_hold(struct vici_call *c)
{
	vici_hold_nothing(c->session);
	c->session->held_conn = kept(vici_str(c->args, "conn"));
	c->session->held_shared = kept(vici_str(c->args, "shared"));
	vici_put_result(c->out, NULL, c->arena);
}
