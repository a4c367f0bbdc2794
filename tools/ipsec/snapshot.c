/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon has. */
#include "snapshot.h"

struct sections {
	struct arena *arena;
	const struct vici_node **v;
	unsigned n, cap;
};

static void keep(void *ctx, const struct vici_node *message)
{
	struct sections *s = ctx;

	if (!message->first || message->first->type != VICI_SECTION_START)
		return;
	if (s->n == s->cap) {
		const struct vici_node **v;

		s->cap = s->cap ? 2 * s->cap : 16;
		v = ARENA_ARRAY(s->arena, s->cap, const struct vici_node *);
		if (s->n)
			memcpy(v, s->v, s->n * sizeof *v);
		s->v = v;
	}
	s->v[s->n++] = message->first;
}

/* A list that was sent whole has an empty response. */
static int stream(struct client *c, const char *command, const char *event, const char *const *kinds,
	struct sections *out)
{
	const struct vici_node *response;
	int code = client_subscribe(c, event);

	*out = (struct sections){ .arena = &c->x->arena };
	if (code)
		return code;
	client_request(c, command);
	for (; kinds && *kinds; kinds++)
		vici_put_pair(&c->out, *kinds, "yes");
	code = client_call(c, keep, out, CLIENT_PATIENCE, &response);
	if (code || !vici_str(response, "success") || client_succeeded(response))
		return code;
	client_complain(c->x, NULL, response);
	return FAILED;
}

int snapshot_take(struct client *c, struct snapshot *out)
{
	static const char *const without_peer[] = { "pass", "drop", NULL };
	struct sections conns, sas, shunts;
	int code = stream(c, "list-conns", "list-conn", NULL, &conns);

	if (!code)
		code = stream(c, "list-sas", "list-sa", NULL, &sas);
	if (!code)
		code = stream(c, "list-policies", "list-policy", without_peer, &shunts);
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
	client_request(c, "failures");
	return client_call(c, NULL, NULL, CLIENT_PATIENCE, &out->failures);
}

const struct vici_node *snapshot_conn(const struct snapshot *s, const char *name)
{
	for (unsigned i = 0; i < s->n_conns; i++)
		if (!strcmp(s->conns[i]->name, name))
			return s->conns[i];
	return NULL;
}
