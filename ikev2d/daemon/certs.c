/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Its channels, its store, and names. Judging is done in judge.c. */
#include "daemon/certs.h"

#include "daemon/clock.h"
#include "daemon/crl_cache.h"
#include "daemon/judge.h"
#include "daemon/staple.h"
#include "pki/bundle.h"

#include <errno.h>
#include <event2/util.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

/* ------------------------------------------------------------------ letters */

/* Nothing that is said is too large: it is cut where it is made. */
static void post(struct post *to, const struct ipc_message *m)
{
	if (post_send(to, m))
		abort();
}

void certs_answer(struct certs *c, const struct ipc_message *m)
{
	post(&c->to_ike, m);
}

void certs_tell(struct certs *c, const struct ipc_message *m)
{
	post(&c->to_guard, m);
}

/* One that guard has no time to hear is lost: strangers can make us say many. */
void certs_say(struct certs *c, const char *word, const char *name, const char *text)
{
	struct arena arena = { 0 };
	struct bytes cut = bytes_str(text);

	cut.n = cut.n < IPC_TEXT_MAX ? cut.n : IPC_TEXT_MAX;
	(void)!ipc_tell(&c->guard, &(struct ipc_message){ .kind = IPC_LOG,
					   .log = { LOG_WARN, word, name, arena_text(&arena, cut) } });
	arena_free(&arena);
}

/* ---------------------------------------------------------------- the store */

static void drop_upload(struct certs *c)
{
	free((void *)c->upload.p);
	c->upload = (struct bytes){ 0 };
}

static bool add_to_upload(struct certs *c, struct bytes more)
{
	uint8_t *p;

	if (c->upload.n + more.n > FETCH_BODY_MAX)
		return false;
	p = realloc((void *)c->upload.p, c->upload.n + more.n + 1);
	if (!p)
		abort();
	memcpy(p + c->upload.n, more.p, more.n);
	c->upload = bytes_of(p, c->upload.n + more.n);
	return true;
}

static struct uris uris_of(const struct ipc_octets *o, struct arena *arena)
{
	struct uris u = { 0 };

	for (unsigned i = 0; i < o->n && u.n < CERT_URIS_MAX; i++)
		u.v[u.n++] = arena_text(arena, o->v[i]);
	return u;
}

/* The certificate CERT, which is the thing, or whose the thing is. */
static enum err add_cert(struct store *s, const struct ipc_thing *t, struct cert *cert, struct arena *arena)
{
	const struct ca_info info = {
		.cacert = cert, .crls = uris_of(&t->crls, arena), .ocsps = uris_of(&t->ocsps, arena)
	};

	if (t->kind == STORED_AUTHORITY)
		return store_add_authority(s, &info, t->origin, t->name);
	return store_add_cert(s, t->kind, cert, t->origin, t->name);
}

static enum err add_thing(struct store *s, const struct ipc_thing *t, struct bytes der, struct arena *arena)
{
	struct cert *cert = NULL;
	struct crl *crl = NULL;
	struct why why;
	enum err e;

	if (t->kind == STORED_CRL) {
		e = crl_read(der, arena, &crl, &why);
		if (!e)
			e = store_add_crl(s, crl, t->origin, t->name);
		crl_unref(crl);
	} else {
		e = cert_read(der, arena, &cert, &why);
		if (!e)
			e = add_cert(s, t, cert, arena);
		cert_unref(cert);
	}
	return e;
}

static bool is_for_certs(enum stored_kind kind)
{
	return kind == STORED_CA || kind == STORED_CERT || kind == STORED_OCSP_SIGNER || kind == STORED_CRL ||
	       kind == STORED_AUTHORITY;
}

bool certs_take_thing(void *ctx, const struct ipc_message *m)
{
	struct certs *c = ctx;
	enum err e;

	if (!is_for_certs(m->thing.kind) || !add_to_upload(c, m->thing.data))
		return false;
	if (m->thing.more)
		return true;
	e = add_thing(&c->store, &m->thing, c->upload, c->message);
	drop_upload(c);
	if (e && e != ERR_EXISTS)
		certs_say(c, "certs", NULL,
			arena_printf(c->message, "%s: it cannot be used to judge by: %s", m->thing.name,
				err_name(e)));
	return true;
}

bool certs_take_clear(void *ctx, const struct ipc_message *m)
{
	struct certs *c = ctx;

	(void)m;
	drop_upload(c);
	(void)store_drop(&c->store, STORED_BY_FILE, NULL);
	(void)store_drop(&c->store, STORED_BY_VICI, NULL);
	return true;
}

bool certs_take_flush(void *ctx, const struct ipc_message *m)
{
	struct certs *c = ctx;

	if (m->flush.crls)
		crl_cache_clear(c->folder);
	list_each_safe (n, &c->store.all) {
		struct stored *s = store_at(n);

		if (s->origin == STORED_BY_FETCH && (s->kind == STORED_CRL ? m->flush.crls : m->flush.ocsps))
			store_drop_one(&c->store, s);
	}
	return true;
}

/* What was fetched at place AT or behind it; its place into *AT. */
static const struct stored *fetched(const struct store *s, uint32_t *at)
{
	uint32_t place = 0;

	list_each (n, (struct node *)&s->all) {
		const struct stored *e = store_at(n);

		if (e->origin == STORED_BY_FETCH && place++ == *at)
			return e;
	}
	return NULL;
}

/* A CRL is about its issuer; nobody is named as the subject of an OCSP answer. */
static bool is_about(const struct stored *e, const char *subject, struct arena *arena)
{
	struct id id;

	return !subject || (!id_parse(subject, arena, &id) && e->crl && id_matches(&id, &e->crl->issuer));
}

bool certs_take_list(void *ctx, const struct ipc_message *m)
{
	struct certs *c = ctx;
	struct ipc_message a = { .kind = IPC_LISTED, .ticket = m->ticket, .list.at = m->list.at };
	const struct stored *e = fetched(&c->store, &a.list.at);

	if (e) {
		struct bytes der = e->kind == STORED_CRL ? e->crl->der : e->ocsp->der;

		a.list.ocsp = e->kind == STORED_OCSP;
		if (der.n <= UINT16_MAX && is_about(e, m->list.subject, c->message))
			a.list.data = der;
	}
	a.list.at = e ? m->list.at + 1 : 0;
	certs_tell(c, &a);
	return true;
}

/* -------------------------------------------------------------------- names */

bool certs_take_surroundings(void *ctx, const struct ipc_message *m)
{
	struct certs *c = ctx;

	c->fetcher.local = m->surroundings.local;
	if (resolver_set(&c->resolver, c->folder, m->surroundings.dns, m->surroundings.hosts))
		certs_say(c, "certs", NULL,
			arena_printf(c->message,
				"names cannot be looked up, nor CRLs be kept: the folder crls in the state "
				"directory cannot be written: %s",
				strerror(errno)));
	return true;
}

/* Who waits for what others have to say. */
struct asking {
	struct certs *certs;
	uint64_t ticket;
};

static struct asking *asking_new(struct certs *c, const struct ipc_message *m)
{
	struct asking *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	*a = (struct asking){ .certs = c, .ticket = m->ticket };
	return a;
}

static void on_resolved(void *ctx, const struct ip *ip, const char *why)
{
	struct asking *r = ctx;
	struct ipc_message a = { .kind = IPC_RESOLVED, .ticket = r->ticket, .resolve.what = why };

	if (ip)
		a.resolve.ip = *ip;
	certs_answer(r->certs, &a);
	free(r);
}

bool certs_take_resolve(void *ctx, const struct ipc_message *m)
{
	struct certs *c = ctx;

	resolve_name(&c->resolver, m->resolve.name ? m->resolve.name : "", m->resolve.family, on_resolved,
		asking_new(c, m));
	return true;
}

/* Where nobody answers, there is no portal, or it is not one that can be told. */
static void on_probed(void *ctx, struct bytes instead, const char *why)
{
	struct asking *p = ctx;
	struct ipc_message a = { .kind = IPC_PORTAL_SEEN, .ticket = p->ticket };
	struct arena arena = { 0 };

	if (why)
		certs_say(p->certs, "portal", NULL, why);
	if (instead.n)
		a.portal.instead = arena_text(&arena, instead);
	certs_answer(p->certs, &a);
	arena_free(&arena);
	free(p);
}

bool certs_take_portal(void *ctx, const struct ipc_message *m)
{
	struct certs *c = ctx;

	fetch_probe(&c->fetcher, m->portal.url ? m->portal.url : "",
		m->portal.expected ? m->portal.expected : "", on_probed, asking_new(c, m));
	return true;
}

/* --------------------------------------------------------------------- life */

void certs_warm(void)
{
	static const char nothing[] = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
	struct arena arena = { 0 };
	struct bundle b = { 0 };
	struct why why = { 0 };

	(void)!bundle_read(bytes_str(nothing), NULL, &arena, &b, &why);
	bundle_free(&b);
	arena_free(&arena);
	(void)evutil_secure_rng_init();
}

void certs_start(struct certs *c, struct event_base *base, const char *folder)
{
	*c = (struct certs){ .base = base, .folder = folder, .now = clock_wall };
	c->guard.fd = c->ike.fd = -1;
	post_start(&c->to_guard, base, &c->guard, CERTS_OUT_MAX);
	post_start(&c->to_ike, base, &c->ike, CERTS_OUT_MAX);
	list_init(&c->judging);
	list_init(&c->stapling);
	store_init(&c->store);
	resolver_start(&c->resolver, base);
	fetcher_start(&c->fetcher, base, &c->resolver);
	inquiries_start(&c->inquiries);
	relay_start(&c->relay, c);
	holder_start(&c->holder, c, rng_u64(&c->relay.entropy.rng));
	commands_start(&c->commands, c);
}

/* What is under way is given up; those who fetch call back then. */
void certs_stop(struct certs *c)
{
	judges_stop(c);
	staples_stop(c);
	inquiries_stop(&c->inquiries);
	fetcher_stop(&c->fetcher);
	resolver_stop(&c->resolver);
	relay_stop(&c->relay);
	commands_stop(&c->commands);
	holder_stop(&c->holder);
	store_free(&c->store);
	drop_upload(c);
	post_stop(&c->to_guard);
	post_stop(&c->to_ike);
}

/* ------------------------------------------------------------------ serving */

/* Who was told what makes no sense judges nobody any more: the next one is told all of it anew. */
static bool serve_one(struct certs *c, struct ipc_channel *from)
{
	struct arena arena = { 0 };
	const char *wrong;
	enum err e;

	c->message = &arena;
	e = ipc_take(from, &arena, c, &wrong);
	c->message = NULL;
	if (e == ERR_DENIED)
		certs_say(c, "family", NULL, arena_printf(&arena, "%s %s", ipc_name(from->peer), wrong));
	arena_free(&arena);
	return !e;
}

static bool has_message(const struct ipc_channel *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* A question is answered with all that guard has told before it was asked. */
bool certs_serve(struct certs *c, struct ipc_channel *from)
{
	bool there = true;

	while (from == &c->ike && there && has_message(&c->guard))
		there = serve_one(c, &c->guard);
	return there && serve_one(c, from);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct certs *c = ctx;

	(void)what;
	if (!certs_serve(c, fd == c->guard.fd ? &c->guard : &c->ike))
		event_base_loopbreak(c->base);
}

void certs_run(struct certs *c)
{
	struct event *guard = event_new(c->base, c->guard.fd, EV_READ | EV_PERSIST, on_readable, c);
	struct event *ike = event_new(c->base, c->ike.fd, EV_READ | EV_PERSIST, on_readable, c);

	if (guard && ike && !event_add(guard, NULL) && !event_add(ike, NULL))
		event_base_dispatch(c->base);
}
