/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guard wants of tokens, and does not wait for: who wants it does all again when it is there. */
#include "daemon/vault_state.h"

#include "daemon/clock.h"
#include "daemon/engine.h"
#include "daemon/line.h"

#include <stdlib.h>

/* What was asked for, and what came of it. */
struct fetched {
	struct node node;
	struct arena arena; /* of its texts */
	const char *uri;
	uint64_t opener, offer; /* 0: without */
	uint64_t handle;        /* of the key; 0: it is about certificates */
	struct kept *pin;       /* a reference; NULL: without */
	bool answered;
	enum err e;
	struct why why;
	struct bundle bundle;
};

struct waiter {
	struct node node;
	vault_fetched *again;
	void *ctx;
};

/* ------------------------------------------------------------------ answers */

static bool all_answered(const struct vault *v)
{
	list_each (n, (struct node *)&v->fetched)
		if (!node_owner(n, struct fetched, node)->answered)
			return false;
	return true;
}

static void fetched_free(struct fetched *f)
{
	list_remove(&f->node);
	kept_unref(f->pin);
	bundle_free(&f->bundle);
	arena_free(&f->arena);
	free(f);
}

static void forget(struct vault *v)
{
	list_each_safe (n, &v->fetched)
		fetched_free(node_owner(n, struct fetched, node));
}

/* Those who ask rely on it; the process that says so has the code of others in it. */
static enum err check_fetched(bool certs, struct bundle *b, struct why *why)
{
	if (!b->n_crls && (certs ? b->n_certs && !b->key : b->key && !b->n_certs))
		return ERR_OK;
	bundle_free(b);
	*b = (struct bundle){ 0 };
	why->what = certs ? "the process for tokens did not give certificates, and nothing else"
			  : "the process for tokens did not give a private key, and nothing else";
	why->instead = "\"ipsec reload\", and a look at the module of the token if it stays";
	return ERR_SYNTAX;
}

static void take_opened(struct vault *v, struct fetched *f, const struct ipc_message *m)
{
	struct ipc_message said = *m;
	struct why why = { 0 };

	said.opened.paper = arena_bytes(&f->arena, m->opened.paper);
	f->e = vault_opened(v, &said, f->handle, &f->arena, &f->bundle, &why);
	if (!f->e)
		f->e = check_fetched(!f->handle, &f->bundle, &why);
	f->why = why_copy(&f->arena, &why);
	if (f->e == ERR_UNKNOWN)
		f->why.what = vault_refused(v, f->e);
	if (f->e == ERR_AUTH && f->pin)
		f->pin->refused = true;
}

static void say_not_kept(const char *why)
{
	struct arena arena = { 0 };

	line_say(LOG_ERROR, "config", arena_printf(&arena, "the PIN of a token cannot be kept: %s", why));
	arena_free(&arena);
}

static void take_kept(struct vault *v, struct kept *pin, const struct ipc_message *m)
{
	if (m->kept.result)
		say_not_kept(vault_refused(v, m->kept.result));
	else
		memcpy(pin->mark, m->kept.mark.p, IPC_MARK_SIZE);
}

void vault_brought(struct vault *v, struct asked *a, const struct ipc_message *m, const char *what)
{
	struct fetched *f = a->fetched;

	if (f && m) {
		take_opened(v, f, m);
	} else if (f) {
		f->e = ERR_SYSTEM;
		f->why.what = arena_str(&f->arena, what);
	} else if (m) {
		take_kept(v, a->pin, m);
	} else {
		say_not_kept(what);
	}
	if (!f)
		return;
	f->answered = true;
	if (all_answered(v))
		event_active(v->brought, 0, 0);
}

/* ------------------------------------------------------------- who waits for them */

void vault_when_fetched(struct vault *v, vault_fetched *again, void *ctx)
{
	struct waiter *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	*w = (struct waiter){ .again = again, .ctx = ctx };
	list_append(&v->tokens->awaiting, &w->node);
	if (all_answered(v->tokens))
		event_active(v->tokens->brought, 0, 0);
}

/* They may want more. */
void vault_on_brought(evutil_socket_t fd, short what, void *ctx)
{
	struct vault *v = ctx;
	struct node called;

	(void)fd;
	(void)what;
	if (!all_answered(v))
		return;
	list_init(&called);
	list_join(&called, &v->awaiting);
	while (!list_empty(&called)) {
		struct waiter *w = node_owner(called.next, struct waiter, node);

		list_remove(&w->node);
		w->again(w->ctx);
		free(w);
	}
	if (list_empty(&v->awaiting) && all_answered(v))
		forget(v);
}

static void give_up(struct vault *v)
{
	member_replace(&v->keeper, "it did not answer");
	list_each_safe (n, &v->asked) {
		struct asked *a = node_owner(n, struct asked, node);

		if (a->fetched && !a->fetched->answered) {
			v->flying -= a->flying;
			vault_brought(v, a, NULL, vault_refused(v, ERR_BUSY));
			answer_free(a->answer);
			kept_unref(a->pin);
			list_remove(&a->node);
			free(a);
		}
	}
}

void vault_wait_fetched(struct vault *of_keeper)
{
	struct vault *v = of_keeper->tokens;
	const uint64_t late = clock_ms() + FAMILY_PATIENCE;
	struct arena arena = { 0 };
	uint64_t now;

	(void)!member_wait(&v->keeper, &arena);
	vault_fly(v);
	while (!all_answered(v) && (now = clock_ms()) < late) {
		if (member_hear(&v->keeper, IPC_GUARD, (unsigned)(late - now), &arena))
			break;
	}
	if (!all_answered(v))
		give_up(v);
	arena_free(&arena);
}

/* ------------------------------------------------------------------- wishes */

enum err vault_keep_pin(struct vault *v, struct bytes *data, struct kept **out, struct text *why)
{
	struct ipc_message m = { .kind = IPC_SECRET, .secret = { .use = IPC_USE_PASSPHRASE } };
	struct answer *answer;
	struct asked *a;

	if (vault_wake(v, why))
		return ERR_SYSTEM;
	answer = answer_new(0);
	m.secret.handle = ++v->last;
	m.secret.data = arena_bytes(&answer->arena, *data);
	*out = vault_kept_new(v, m.secret.handle);
	a = vault_ask(v, &m, answer);
	a->pin = kept_ref(*out);
	wipe((void *)data->p, data->n);
	*data = (struct bytes){ 0 };
	vault_fly(v);
	return ERR_OK;
}

static struct fetched *find(const struct vault *v, const struct ipc_message *m)
{
	list_each (n, (struct node *)&v->fetched) {
		struct fetched *f = node_owner(n, struct fetched, node);

		if (!strcmp(f->uri, m->token.uri) && f->opener == m->token.opener &&
			f->offer == m->token.offer && !f->handle == m->token.certs)
			return f;
	}
	return NULL;
}

static struct fetched *begin(struct vault *v, struct ipc_message *m, struct kept *pin)
{
	struct fetched *f = calloc(1, sizeof *f);
	struct answer *answer = answer_new(0);

	if (!f)
		abort();
	m->kind = IPC_TOKEN;
	m->token.handle = ++v->last;
	m->token.uri = arena_str(&answer->arena, m->token.uri);
	f->uri = arena_str(&f->arena, m->token.uri);
	f->opener = m->token.opener;
	f->offer = m->token.offer;
	f->handle = m->token.certs ? 0 : m->token.handle;
	f->pin = kept_ref(pin);
	list_append(&v->fetched, &f->node);
	vault_ask(v, m, answer)->fetched = f;
	vault_fly(v);
	return f;
}

/* With references to what is in B. */
static struct bundle copy_of(const struct bundle *b)
{
	struct bundle copy = *b;

	copy.certs = b->n_certs ? calloc(b->n_certs, sizeof(struct cert *)) : NULL;
	copy.crls = NULL;
	copy.n_crls = 0;
	if (b->n_certs && !copy.certs)
		abort();
	for (unsigned i = 0; i < b->n_certs; i++)
		copy.certs[i] = cert_ref(b->certs[i]);
	copy.key = b->key ? key_ref(b->key) : NULL;
	return copy;
}

static enum err fetch(struct vault *v, struct ipc_message *m, struct kept *pin, struct arena *arena,
	struct bundle *out, struct why *why)
{
	struct fetched *f = find(v, m);
	struct text wrong = text_in(arena);

	*out = (struct bundle){ 0 };
	if (!f && vault_wake(v, &wrong)) {
		why->what = text_str(&wrong);
		return ERR_SYSTEM;
	}
	f = f ? f : begin(v, m, pin);
	if (!f->answered) {
		why->what = "the process for tokens was asked, and has not answered";
		return ERR_LATER;
	}
	*why = why_copy(arena, &f->why);
	if (!f->e)
		*out = copy_of(&f->bundle);
	return f->e;
}

enum err vault_fetch(void *ctx, const char *uri, const struct key_conf *k, struct arena *arena,
	struct bundle *out, struct why *why)
{
	struct kept *pin = k ? k->kept : NULL;
	struct ipc_message m = { .token = { .opener = pin ? pin->handle : 0, .uri = uri, .certs = !k } };

	if (!pin || !pin->refused || find(((struct vault *)ctx)->tokens, &m))
		return fetch(((struct vault *)ctx)->tokens, &m, pin, arena, out, why);
	*out = (struct bundle){ 0 };
	why->what = arena_printf(arena, "%s could not be opened with its PIN, which is not tried again", uri);
	why->instead = "the right PIN, and then \"ipsec reload\"";
	return ERR_AUTH;
}

enum err vault_fetch_offered(struct vault *v, const char *uri, struct bytes number, struct arena *arena,
	struct bundle *out, struct why *why)
{
	struct ipc_message m = { .token = { .uri = uri, .offer = vault_number_of(number) } };

	if (!number.n || m.token.offer)
		return fetch(v->tokens, &m, NULL, arena, out, why);
	*out = (struct bundle){ 0 };
	why->what = vault_refused(v, ERR_UNKNOWN);
	return ERR_UNKNOWN;
}

void vault_fetch_start(struct vault *v)
{
	list_init(&v->fetched);
	list_init(&v->awaiting);
}

void vault_fetch_stop(struct vault *v)
{
	forget(v);
	while (!list_empty(&v->awaiting)) {
		struct waiter *w = node_owner(v->awaiting.next, struct waiter, node);

		list_remove(&w->node);
		free(w);
	}
}
