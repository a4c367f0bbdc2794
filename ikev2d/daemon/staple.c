/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One answer that waits for responders. */
#include "daemon/staple.h"

#include "daemon/engine.h"
#include "daemon/world.h"

#include <stdlib.h>

struct stapling {
	struct node node;
	struct world *world;
	struct answer *answer;                 /* NULL: it was given */
	struct path_link links[CHAIN_MAX + 1]; /* with references */
	unsigned n;
	struct event *late;
	unsigned asked;
	bool over;
};

bool staple_wanted(const struct ike_question *q)
{
	return q->wants & WANTS_OCSP && (q->peer->ocsp == OCSP_REPLY || q->peer->ocsp == OCSP_BOTH);
}

static void stapling_free(struct stapling *s)
{
	if (s->asked || !s->over)
		return;
	for (unsigned i = 0; i < s->n; i++) {
		cert_unref(s->links[i].cert);
		cert_unref(s->links[i].issuer);
	}
	list_remove(&s->node);
	event_free(s->late);
	free(s);
}

void staples_stop(struct node *all)
{
	list_each_safe (n, all) {
		struct stapling *s = node_owner(n, struct stapling, node);

		if (s->answer)
			answer_free(s->answer);
		s->answer = NULL;
		s->over = true;
		stapling_free(s);
	}
}

static struct ocsp *known(const struct stapling *s, unsigned i)
{
	const struct path_link *l = &s->links[i];

	return path_ocsp(&s->world->config.creds.store, l->cert, l->issuer, s->world->judges.now());
}

/* What is known goes along; a peer that wants more asks itself. */
static void hand_over(struct stapling *s)
{
	struct arena *arena = &s->answer->arena;
	struct ike_certs *certs = &s->answer->a.certs;
	struct wire_cert *v = ARENA_ARRAY(arena, certs->n + s->n, struct wire_cert);
	struct answer *answer = s->answer;

	for (unsigned i = 0; i < certs->n; i++)
		v[i] = certs->v[i];
	certs->v = v;
	for (unsigned i = 0; i < s->n; i++) {
		const struct ocsp *o = known(s, i);

		if (o)
			v[certs->n++] = (struct wire_cert){ CERT_OCSP, arena_bytes(arena, o->der) };
	}
	s->answer = NULL;
	s->over = true;
	engine_answer(s->world, answer);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	struct stapling *s = ctx;

	(void)fd;
	(void)what;
	if (!s->over)
		hand_over(s);
	stapling_free(s);
}

static void asked_one(void *ctx)
{
	struct stapling *s = ctx;

	if (--s->asked == 0 && !s->over)
		hand_over(s);
	stapling_free(s);
}

static void add_link(struct stapling *s, struct cert *cert, struct cert *issuer)
{
	if (!issuer)
		return;
	s->links[s->n] = (struct path_link){ .cert = cert_ref(cert), .issuer = cert_ref(issuer) };
	s->n++;
}

/* Responders, and no lists: these are not what the peer wants. */
static void ask(struct stapling *s, unsigned i, const char *name)
{
	struct path_link *l = &s->links[i];

	path_uris(&s->world->config.creds.store, l);
	l->crls.n = 0;
	if (!l->ocsps.n || known(s, i))
		return;
	s->asked++;
	inquiry_begin(s->world, l, name, &s->over, asked_one, s);
}

void staple(struct world *w, const struct cert_list *shown, const char *name, struct answer *answer)
{
	const struct store *store = &w->config.creds.store;
	struct stapling *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->world = w;
	s->answer = answer;
	s->late = evtimer_new(w->base, on_late, s);
	if (!s->late)
		abort();
	list_append(&w->stapling, &s->node);
	for (unsigned i = 0; i < shown->n; i++)
		add_link(s, shown->v[i],
			i + 1 < shown->n ? shown->v[i + 1] : store_issuer(store, shown->v[i], NULL, 0));
	evtimer_add(s->late, &(struct timeval){ .tv_sec = JUDGE_TIME });
	s->asked = 1;
	for (unsigned i = 0; i < s->n; i++)
		ask(s, i, name);
	asked_one(s);
}

void staple_answer(struct world *w, struct answer *answer)
{
	if (!answer->a.result && answer->connection && answer->shown.n)
		staple(w, &answer->shown, answer->connection, answer);
	else
		engine_answer(w, answer);
}
