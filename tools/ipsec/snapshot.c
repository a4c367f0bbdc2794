/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon has. */
#include "snapshot.h"

struct sections {
	struct arena *arena;
	const struct vici_node **v;
	unsigned n, cap;
};

static void keep(void *ctx, const struct vici_node *item)
{
	struct sections *s = ctx;

	if (s->n == s->cap) {
		const struct vici_node **v;

		s->cap = s->cap ? 2 * s->cap : 16;
		v = ARENA_ARRAY(s->arena, s->cap, const struct vici_node *);
		if (s->n)
			memcpy(v, s->v, s->n * sizeof *v);
		s->v = v;
	}
	s->v[s->n++] = item;
}

/* The events of certificates have no section around them. */
static void keep_event(void *ctx, const struct vici_node *message)
{
	const struct vici_node *first = message->first;

	if (first)
		keep(ctx, first->type == VICI_SECTION_START ? first : message);
}

/* A list that was sent whole has no success in its response. */
static int judge(struct client *c, const struct vici_node *response)
{
	if (!vici_str(response, "success") || client_succeeded(response))
		return DONE;
	client_complain(c->x, NULL, response);
	return FAILED;
}

static void put_args(struct client *c, const char *const *args)
{
	for (; args && *args; args++)
		vici_put_pair(&c->out, *args, "yes");
}

static int take(struct client *c, const struct snapshot_list *list, struct sections *out)
{
	const struct vici_node *response;
	int code = list->event ? client_subscribe(c, list->event) : DONE;

	*out = (struct sections){ .arena = &c->x->arena };
	if (code)
		return code;
	client_request(c, list->command);
	put_args(c, list->args);
	code = client_call(c, keep_event, out, CLIENT_PATIENCE, &response);
	if (!code)
		code = judge(c, response);
	if (code || list->event)
		return code;
	for (const struct vici_node *n = response->first; n; n = n->next)
		if (n->type == VICI_SECTION_START)
			keep(out, n);
	return DONE;
}

int snapshot_list(
	struct client *c, const struct snapshot_list *list, const struct vici_node ***items, unsigned *n)
{
	struct sections s;
	int code = take(c, list, &s);

	*items = s.v;
	*n = s.n;
	return code;
}

int snapshot_take(struct client *c, struct snapshot *out)
{
	static const char *const without_peer[] = { "pass", "drop", NULL };
	struct sections conns, sas, shunts;
	int code = take(c, &(struct snapshot_list){ "list-conns", "list-conn", NULL }, &conns);

	if (!code)
		code = take(c, &(struct snapshot_list){ "list-sas", "list-sa", NULL }, &sas);
	if (!code)
		code = take(
			c, &(struct snapshot_list){ "list-policies", "list-policy", without_peer }, &shunts);
	if (code)
		return code;
	*out = (struct snapshot){
		.conns = conns.v,
		.n_conns = conns.n,
		.sas = sas.v,
		.n_sas = sas.n,
		.shunts = shunts.v,
		.n_shunts = shunts.n,
	};
	return DONE;
}

const struct vici_node *snapshot_conn(const struct snapshot *s, const char *name)
{
	for (unsigned i = 0; i < s->n_conns; i++)
		if (!strcmp(s->conns[i]->name, name))
			return s->conns[i];
	return NULL;
}
