/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking one server after the other. */
#include "daemon/inquiry.h"

#include "daemon/certs.h"
#include "daemon/crl_cache.h"

#include <stdlib.h>

enum {
	SILENT_TIME = 60, /* s in which a server that did not answer is not asked again */
	SILENT_MAX = 64,
};

struct silent {
	struct node node;
	int64_t until;
	char *url;
};

/* It has references and copies: the store may lose all of it until the servers answer. */
struct inquiry {
	struct certs *certs;
	struct arena arena;
	struct path_link link;
	const char *name;
	unsigned next; /* of the link's URIs, those of OCSP first */
	const bool *over;
	inquiry_done *done;
	void *ctx;
};

void inquiries_start(struct inquiries *q)
{
	*q = (struct inquiries){ 0 };
	list_init(&q->silent);
}

static void silent_free(struct silent *s)
{
	list_remove(&s->node);
	free(s->url);
	free(s);
}

void inquiries_stop(struct inquiries *q)
{
	q->stopping = true;
	list_each_safe (n, &q->silent)
		silent_free(node_owner(n, struct silent, node));
}

static bool is_silent(struct certs *c, const char *url)
{
	bool found = false;

	list_each_safe (n, &c->inquiries.silent) {
		struct silent *s = node_owner(n, struct silent, node);

		if (s->until <= c->now())
			silent_free(s);
		else
			found |= !strcmp(s->url, url);
	}
	return found;
}

static void remember_silent(struct certs *c, const char *url)
{
	struct node *all = &c->inquiries.silent;
	struct silent *s = calloc(1, sizeof *s);
	unsigned n = 0;

	if (!s)
		abort();
	list_each_safe (node, all)
		if (++n >= SILENT_MAX)
			silent_free(node_owner(node, struct silent, node));
	*s = (struct silent){ .until = c->now() + SILENT_TIME, .url = strdup(url) };
	if (!s->url)
		abort();
	list_append(all, &s->node);
}

static void inquiry_over(struct inquiry *i)
{
	i->done(i->ctx);
	cert_unref(i->link.cert);
	cert_unref(i->link.issuer);
	arena_free(&i->arena);
	free(i);
}

/* The next server, or NULL; *OCSP: it is one of OCSP. */
static const char *server(const struct inquiry *i, bool *ocsp)
{
	const struct path_link *l = &i->link;

	*ocsp = i->next < l->ocsps.n;
	if (*ocsp)
		return l->ocsps.v[i->next];
	return i->next - l->ocsps.n < l->crls.n ? l->crls.v[i->next - l->ocsps.n] : NULL;
}

/* What came is worth something if it is signed by the right authority. It is kept also when it comes too late
 * for this verdict: the next one needs it. */
static enum err take(const struct inquiry *i, const char *url, bool ocsp, struct bytes body,
	struct arena *arena, struct why *why)
{
	struct store *s = &i->certs->store;
	enum err e = ocsp ? path_fetched_ocsp(s, &i->link, url, body, i->certs->now(), arena, why)
			  : path_fetched_crl(s, &i->link, url, body, arena, why);

	return e == ERR_EXISTS ? ERR_OK : e;
}

/* A CRL that was fetched before the daemon started. It is worth something if it is still in force, and not
 * what the store has already. */
static bool take_cached(const struct inquiry *i, const char *url)
{
	struct certs *c = i->certs;
	struct arena arena = { 0 };
	struct why why;
	struct crl *crl = NULL;
	struct bytes der = crl_cache_read(c->folder, url, &arena);
	bool good = der.n && !crl_read(der, &arena, &crl, &why) && crl->next_update > c->now() &&
		    !path_fetched_crl(&c->store, &i->link, url, der, &arena, &why);

	crl_unref(crl);
	arena_free(&arena);
	return good;
}

static void keep(const struct inquiry *i, const char *url, struct bytes der)
{
	if (crl_cache_save(i->certs->folder, url, der))
		certs_say(i->certs, "revocation", i->name, "the CRL cannot be kept in the state directory");
}

static void ask_next(struct inquiry *i);

static void on_fetched(void *ctx, struct bytes body, const char *lost)
{
	struct inquiry *i = ctx;
	struct arena arena = { 0 };
	struct why why = { .what = lost };
	bool ocsp, stopping = i->certs->inquiries.stopping;
	const char *url = server(i, &ocsp);
	bool good = !lost && !take(i, url, ocsp, body, &arena, &why);

	if (!good && !stopping) {
		remember_silent(i->certs, url);
		certs_say(i->certs, "revocation", i->name,
			lost ? lost : arena_printf(&arena, "%s: %s", url, why_line(&why, &arena)));
	}
	if (good && !ocsp)
		keep(i, url, body);
	arena_free(&arena);
	i->next++;
	if (good || stopping || *i->over)
		inquiry_over(i);
	else
		ask_next(i);
}

static void ask_next(struct inquiry *i)
{
	struct certs *c = i->certs;
	bool ocsp;
	const char *url = server(i, &ocsp);

	while (url && is_silent(c, url)) {
		i->next++;
		url = server(i, &ocsp);
	}
	if (!url || (!ocsp && take_cached(i, url)))
		inquiry_over(i);
	else if (ocsp)
		fetch_post(&c->fetcher, url, "application/ocsp-request",
			ocsp_request(i->link.cert, i->link.issuer, &i->arena), on_fetched, i);
	else
		fetch_get(&c->fetcher, url, on_fetched, i);
}

static struct uris copy_uris(const struct uris *u, struct arena *arena)
{
	struct uris copy = { .n = u->n };

	for (unsigned i = 0; i < u->n; i++)
		copy.v[i] = arena_str(arena, u->v[i]);
	return copy;
}

void inquiry_begin(struct certs *c, const struct path_link *link, const char *name, const bool *over,
	inquiry_done *done, void *ctx)
{
	struct inquiry *i = calloc(1, sizeof *i);

	if (!i)
		abort();
	i->certs = c;
	i->link = (struct path_link){ .cert = cert_ref(link->cert),
		.issuer = cert_ref(link->issuer),
		.ocsps = copy_uris(&link->ocsps, &i->arena),
		.crls = copy_uris(&link->crls, &i->arena) };
	i->name = arena_str(&i->arena, name);
	i->over = over;
	i->done = done;
	i->ctx = ctx;
	ask_next(i);
}
