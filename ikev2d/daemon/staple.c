/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question that waits for responders. */
#include "daemon/staple.h"

#include "daemon/certs.h"
#include "daemon/judge.h"

#include <stdlib.h>

struct stapling {
	struct node node;
	struct certs *certs;
	uint64_t ticket;
	struct path_link links[IPC_CHAIN_MAX]; /* with references */
	unsigned n;
	struct event *late;
	unsigned asked;
	bool over; /* it was answered */
};

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

void staples_stop(struct certs *c)
{
	list_each_safe (n, &c->stapling) {
		struct stapling *s = node_owner(n, struct stapling, node);

		s->over = true;
		stapling_free(s);
	}
}

static struct ocsp *known(const struct stapling *s, unsigned i)
{
	const struct path_link *l = &s->links[i];

	return path_ocsp(&s->certs->store, l->cert, l->issuer, s->certs->now());
}

/* What is known goes along, as far as a message holds it; a peer that wants more asks itself. */
static void hand_over(struct stapling *s)
{
	struct ipc_message m = { .kind = IPC_STAPLED, .ticket = s->ticket };
	struct bytes v[IPC_CHAIN_MAX];
	size_t octets = 0;

	m.staple.certs.v = v;
	for (unsigned i = 0; i < s->n; i++) {
		const struct ocsp *o = known(s, i);

		if (!o || octets + o->der.n > IPC_DATA_MAX / 2)
			continue;
		octets += o->der.n;
		v[m.staple.certs.n++] = o->der;
	}
	s->over = true;
	certs_answer(s->certs, &m);
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

/* The certificates of CHAIN, each with the next one. */
static void add_links(struct stapling *s, const struct ipc_octets *chain, struct arena *arena)
{
	struct cert *cert = NULL, *issuer;
	struct why why;

	for (unsigned i = 0; i < chain->n; i++) {
		if (store_read(&s->certs->store, chain->v[i], arena, &issuer, &why))
			break;
		if (cert)
			s->links[s->n++] = (struct path_link){ .cert = cert, .issuer = cert_ref(issuer) };
		cert = issuer;
	}
	cert_unref(cert);
}

/* Responders, and no lists: these are not what the peer wants. */
static void ask(struct stapling *s, unsigned i, const char *name)
{
	struct path_link *l = &s->links[i];

	path_uris(&s->certs->store, l);
	l->crls.n = 0;
	if (!l->ocsps.n || known(s, i))
		return;
	s->asked++;
	inquiry_begin(s->certs, l, name, &s->over, asked_one, s);
}

bool staple_take(void *ctx, const struct ipc_message *m)
{
	struct certs *c = ctx;
	struct stapling *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->certs = c;
	s->ticket = m->ticket;
	s->late = evtimer_new(c->base, on_late, s);
	if (!s->late)
		abort();
	list_append(&c->stapling, &s->node);
	add_links(s, &m->staple.certs, c->message);
	evtimer_add(s->late, &(struct timeval){ .tv_sec = JUDGE_TIME });
	s->asked = 1;
	for (unsigned i = 0; i < s->n; i++)
		ask(s, i, m->staple.name ? m->staple.name : "");
	asked_one(s);
	return true;
}
