/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guard asks tokens for while everything else goes on: one thing at a time, so that a token that hangs
 * keeps only what is on it from being had. */
#include "daemon/vault_state.h"

#include <stdlib.h>

/* A key, or certificates. */
struct wish {
	struct node node;
	struct vault *vault; /* tokens */
	struct arena arena;
	const char *uri;
	bool certs;
	struct kept *pin;      /* a reference; NULL: without */
	struct bytes octets;   /* of the PIN, until it is kept */
	uint64_t offer;        /* what ctl has offered as PIN; 0: nothing */
	unsigned asked;        /* so often */
	bool answered;         /* tokens has said something of it: it has taken the offer, if it came */
	vault_told_said *told; /* NULL: it is remembered */
	void *ctx;
};

enum { ASKED_MAX = 2 /* times, where that can do no harm */ };

struct errand {
	struct node node;
	struct vault *vault; /* tokens */
	struct node wishes;
	vault_ran *done;
	void *ctx;
	bool left; /* nobody waits for it */
};

static struct wish *first_wish(struct errand *e)
{
	return list_empty(&e->wishes) ? NULL : node_owner(e->wishes.next, struct wish, node);
}

static struct errand *first_errand(struct vault *v)
{
	return list_empty(&v->errands) ? NULL : node_owner(v->errands.next, struct errand, node);
}

static void wish_free(struct wish *w)
{
	list_remove(&w->node);
	if (!w->answered && w->offer != UINT64_MAX)
		vault_offer_forget(w->vault, w->offer);
	kept_unref(w->pin);
	arena_free(&w->arena);
	free(w);
}

void errand_drop(struct errand *e)
{
	struct wish *w;

	while ((w = first_wish(e)))
		wish_free(w);
	list_remove(&e->node);
	free(e);
}

/* ------------------------------------------------------------------- wishes */

struct errand *errand_new(struct vault *of_keeper)
{
	struct errand *e = calloc(1, sizeof *e);

	if (!e)
		abort();
	e->vault = of_keeper->tokens;
	list_init(&e->wishes);
	list_init(&e->node);
	return e;
}

static struct wish *wish_new(struct errand *e, const char *uri)
{
	struct wish *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	w->vault = e->vault;
	w->uri = arena_str(&w->arena, uri);
	list_append(&e->wishes, &w->node);
	return w;
}

/* A PIN is tried once, however often the configuration has it: a card is locked after a few wrong ones. */
static struct wish *same_key(struct errand *e, const char *uri, struct bytes octets)
{
	list_each (n, &e->wishes) {
		struct wish *w = node_owner(n, struct wish, node);

		if (!w->certs && !w->told && !strcmp(w->uri, uri) && bytes_eq_secret(w->octets, octets))
			return w;
	}
	return NULL;
}

static void want_key(struct errand *e, const char *uri, struct key_conf *k)
{
	struct wish *w = same_key(e, uri, k->secret);

	if (!w) {
		w = wish_new(e, uri);
		w->octets = arena_bytes(&w->arena, k->secret);
		w->pin = k->secret.n ? vault_kept_new(e->vault, ++e->vault->last) : NULL;
	}
	bytes_wipe(&k->secret);
	k->kept = kept_ref(w->pin);
}

/* Where NUMBER is none tokens is to say that it does not know it. */
void errand_want_offered(
	struct errand *e, const char *uri, struct bytes number, vault_told_said *told, void *ctx)
{
	struct wish *w = wish_new(e, uri);

	w->offer = vault_offer_number(number);
	if (number.n && !w->offer)
		w->offer = UINT64_MAX;
	w->told = told;
	w->ctx = ctx;
}

static void want_certs(struct errand *e, const char *uri)
{
	list_each (n, &e->wishes) {
		const struct wish *w = node_owner(n, struct wish, node);

		if (w->certs && !strcmp(w->uri, uri))
			return;
	}
	wish_new(e, uri)->certs = true;
}

unsigned errand_wants(const struct errand *e)
{
	unsigned n = 0;

	list_each (node, (struct node *)&e->wishes)
		n++;
	return n;
}

void errand_want(void *ctx, const char *uri, struct key_conf *k)
{
	if (k)
		want_key(ctx, uri, k);
	else
		want_certs(ctx, uri);
}

/* ------------------------------------------------------------------ answers */

/* What became of what is asked for, or is the first to be. */
static void conclude(
	struct errand *of, bool answered, enum err e, const struct bundle *b, const struct why *why)
{
	struct wish *w = first_wish(of);
	struct said s = { w->uri, w->certs, w->pin, answered, e, *b, *why };

	w->answered = answered;
	evtimer_del(of->vault->open.late);
	of->vault->open.ticket = 0;
	if (!of->left && !w->told)
		(void)vault_said(of->vault, of, &s);
	if (!of->left && w->told)
		w->told(w->ctx, &s);
	if (of->left || w->told)
		bundle_free(&s.bundle);
	wish_free(w);
}

static void conclude_without(struct errand *of, const char *what)
{
	conclude(of, false, ERR_BUSY, &(struct bundle){ 0 }, &(struct why){ .what = what });
}

static void take_kept(struct vault *v, const struct ipc_message *m)
{
	struct wish *w = first_wish(first_errand(v));

	if (m->kept.result) {
		conclude_without(first_errand(v), vault_refused(v, m->kept.result));
		return;
	}
	memcpy(w->pin->mark, m->kept.mark.p, IPC_MARK_SIZE);
	bytes_wipe(&w->octets);
	w->asked = 0;
}

static void take_opened(struct vault *v, const struct ipc_message *m)
{
	const bool certs = first_wish(first_errand(v))->certs;
	struct arena arena = { 0 };
	struct bundle b;
	struct why why = { 0 };
	enum err e = vault_opened(v, m, certs ? 0 : v->open.handle, &arena, &b, &why);

	if (!e)
		e = vault_check_fetched(certs, &b, &why);
	if (e && !why.what)
		why.what = vault_refused(v, e);
	conclude(first_errand(v), true, e, &b, &why);
	arena_free(&arena);
}

/* Who waits is called by the loop: somebody else may be in the middle of something. */
bool vault_take_errand(struct vault *v, const struct ipc_message *m)
{
	if (!v->open.ticket || m->ticket != v->open.ticket || m->kind != v->open.kind)
		return false;
	if (m->kind == IPC_OPENED && m->opened.more)
		return false; /* nothing that it has is so long */
	v->open.ticket = 0;
	evtimer_del(v->open.late);
	if (!v->waits.ticket)
		vault_have_forgotten(v); /* else that may be told after this question, and before the other */
	if (first_errand(v) && m->kind == IPC_KEPT)
		take_kept(v, m);
	else if (first_errand(v))
		take_opened(v, m);
	event_active(v->open.step, 0, 0);
	return true;
}

/* Tokens was lost, or hangs, perhaps over what somebody else wants: then the next one is asked. But a PIN
 * that may have been tried is not tried again: a card is locked after a few wrong ones. */
static void lose(struct vault *v)
{
	const bool left = first_errand(v)->left;
	const struct wish *w = first_wish(first_errand(v));

	v->open.ticket = 0;
	evtimer_del(v->open.late);
	if (v->open.kind == IPC_OPENED && !w->certs)
		kept_unref(vault_kept_new(v, v->open.handle)); /* it may have kept the key */
	if (left || w->asked >= ASKED_MAX || w->offer || (w->pin && !w->octets.n))
		conclude_without(first_errand(v), vault_refused(v, ERR_BUSY));
}

void vault_errand_again(struct vault *v)
{
	if (v->open.ticket && first_errand(v))
		lose(v);
	v->open.ticket = 0;
	event_active(v->open.step, 0, 0);
}

/* ------------------------------------------------------------------ one after the other */

static void be_patient(struct vault *v, unsigned ms)
{
	evtimer_add(v->open.late, &(struct timeval){ .tv_sec = ms / 1000 });
}

static struct ipc_message message_of(struct vault *v, const struct wish *w)
{
	struct ipc_message m = { .ticket = ++v->last };

	v->open.kind = w->octets.n ? IPC_KEPT : IPC_OPENED;
	v->open.handle = ++v->last;
	if (w->octets.n) {
		m.kind = IPC_SECRET;
		m.secret.use = IPC_USE_PASSPHRASE;
		m.secret.handle = w->pin->handle;
		m.secret.data = w->octets;
		return m;
	}
	m.kind = IPC_TOKEN;
	m.token.handle = v->open.handle;
	m.token.opener = w->pin ? w->pin->handle : 0;
	m.token.offer = w->offer;
	m.token.uri = w->uri;
	m.token.certs = w->certs;
	return m;
}

/* False: it is not there yet, and asked when it is, or its time is over. */
static bool ask(struct vault *v, struct wish *w)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	enum err e = vault_wake(v, &why);
	struct ipc_message m;

	if (!e) {
		m = message_of(v, w);
		e = member_send(&v->keeper, IPC_GUARD, &m);
		why.n = 0;
		text_add(&why, "%s", vault_refused(v, e));
	}
	if (!e) {
		v->open.ticket = m.ticket;
		v->open.waited = false;
		w->asked++;
		list_join(&v->forgetting, &v->forgotten);
		be_patient(v, FAMILY_PATIENCE);
	} else if (e == ERR_MISSING) {
		if (!evtimer_pending(v->open.late, NULL))
			be_patient(v, FAMILY_BEGINNING);
	} else {
		conclude_without(first_errand(v), text_str(&why));
	}
	arena_free(&arena);
	return e != ERR_MISSING;
}

/* It has what was said for it; when it knows, nobody has. */
static void has_run(struct errand *e, bool given_up)
{
	struct vault *v = e->vault;
	struct errand *others = v->ran;

	v->ran = e;
	if (!e->left)
		e->done(e->ctx, given_up);
	v->ran = others;
	vault_forget_known(v, e);
	errand_drop(e);
}

/* Who is called may have another errand. */
static void go_on(struct vault *v)
{
	struct errand *e;
	struct wish *w;
	bool goes_on = true;

	if (v->open.goes_on)
		return;
	v->open.goes_on = true;
	while (goes_on && !v->open.ticket && (e = first_errand(v))) {
		w = first_wish(e);
		if (w) {
			goes_on = ask(v, w);
			continue;
		}
		evtimer_del(v->open.late);
		has_run(e, false);
	}
	v->open.goes_on = false;
}

void vault_on_step(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	go_on(ctx);
}

/* Nobody waits for it once more. */
static void conclude_all(struct vault *v)
{
	list_each (n, &v->errands) {
		struct errand *e = node_owner(n, struct errand, node);

		while (first_wish(e))
			conclude_without(e, vault_refused(v, ERR_BUSY));
	}
}

/* It hangs; or it cannot be started, and all that is wanted of it cannot be had. We may have been busy, and
 * not it. */
void vault_on_errand_late(evutil_socket_t fd, short what, void *ctx)
{
	struct vault *v = ctx;

	(void)fd;
	(void)what;
	if (v->open.ticket && !v->open.waited && member_waits(&v->keeper, IPC_GUARD)) {
		v->open.waited = true;
		be_patient(v, 1000);
		return;
	}
	if (v->open.ticket) {
		lose(v);
		member_replace(&v->keeper, "it did not answer");
	} else {
		conclude_all(v);
	}
	go_on(v);
}

void errand_run(struct errand *e, vault_ran *done, void *ctx)
{
	e->done = done;
	e->ctx = ctx;
	if (!errand_wants(e)) {
		has_run(e, false);
		return;
	}
	list_append(&e->vault->errands, &e->node);
	go_on(e->vault);
}

/* What is being asked cannot be taken back. */
void errand_leave(struct errand *e)
{
	struct vault *v = e->vault;
	const bool asks = v->open.ticket && e == first_errand(v);

	e->left = true;
	list_each_safe (n, &e->wishes)
		if (!asks || n != e->wishes.next)
			wish_free(node_owner(n, struct wish, node));
	event_active(v->open.step, 0, 0);
}

void errands_give_up(struct vault *of_keeper)
{
	struct vault *v = of_keeper->tokens;
	struct errand *e;

	evtimer_del(v->open.late);
	while ((e = first_errand(v)))
		has_run(e, true);
}
