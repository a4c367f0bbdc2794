/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys by their URIs. */
#include "daemon/tokens.h"

#include "daemon/clock.h"
#include "daemon/keeper_state.h"

#include <stdlib.h>
#include <unistd.h>

/* Who looks for it as root finds it. */
static void say_who_looked(enum err e, struct arena *arena, struct why *why)
{
	if (e == ERR_MISSING)
		why->instead = arena_printf(arena,
			"%s, where the user ikev2d-tokens (here %u) may open what it needs",
			why->instead ? why->instead : "another URI", (unsigned)geteuid());
}

/* Nothing after the first failure, so that one that was put back is there at once; then it grows. */
static uint64_t pause_of(unsigned failures)
{
	return failures < 2 ? 0 : failures < 8 ? 1000u << (failures - 2) : TOKENS_PAUSE_MAX;
}

static void note_failure(struct kept_thing *t, enum err e, const struct why *why)
{
	t->refused = e == ERR_AUTH;
	t->again = clock_ms() + pause_of(++t->failures);
	free(t->wrong);
	t->wrong = strdup(why->what);
	if (!t->wrong)
		abort();
}

static enum err not_now(const struct kept_thing *t, uint64_t now, struct arena *arena, struct why *why)
{
	if (t->refused) {
		why->what = arena_printf(arena,
			"%s could not be opened with its PIN, which is not tried again",
			key_uri_said(t->uri, arena));
		why->instead = "\"ipsec reload\", or load it once more";
		return ERR_AUTH;
	}
	why->what = arena_printf(
		arena, "%s; it is tried again in %u s", t->wrong, (unsigned)((t->again - now + 999) / 1000));
	return ERR_BUSY;
}

enum err tokens_open(struct kept_thing *t, struct arena *arena, struct why *why)
{
	const uint64_t now = clock_ms();
	enum err e;

	if (t->key)
		return ERR_OK;
	if (t->refused || now < t->again)
		return not_now(t, now, arena, why);
	e = key_uri(t->uri, t->secret.data.n ? &t->secret.data : NULL, arena, &t->key, why);
	if (e)
		note_failure(t, e, why);
	else
		t->failures = 0;
	say_who_looked(e, arena, why);
	return e;
}

enum err tokens_sign(struct kept_thing *t, const struct scheme *s, struct bytes octets, tokens_signer *by,
	struct arena *arena, struct bytes *out, struct why *why)
{
	enum err e = by(t->key, s, octets, arena, out, why);

	if (!e || !t->uri)
		return e;
	key_unref(t->key);
	t->key = NULL;
	e = tokens_open(t, arena, why);
	if (!e && t->key->type != s->key) {
		why->what =
			arena_printf(arena, "there is another key at %s now", key_uri_said(t->uri, arena));
		why->instead = "\"ipsec reload\", or load it once more";
		return ERR_DENIED;
	}
	return e ? e : by(t->key, s, octets, arena, out, why);
}

static struct kept_thing *thing_of(const struct ipc_message *m, struct bytes pin)
{
	struct kept_thing *t = keeper_thing(m->token.handle, IPC_USE_KEY);

	t->uri = arena_str(&t->arena, m->token.uri);
	t->secret.data = arena_bytes(&t->arena, pin);
	return t;
}

static enum err open_key(struct keeper *k, const struct ipc_message *m, struct bytes pin, struct arena *arena,
	struct bundle *out, struct why *why)
{
	struct kept_thing *t = thing_of(m, pin);
	enum err e = tokens_open(t, arena, why);

	if (e) {
		keeper_thing_free(t);
		return e;
	}
	out->key = key_ref(t->key);
	e = keeper_keep(k, t);
	if (e)
		why->what = "there is no memory to keep it in, or there are too many keys: remove some";
	return e;
}

bool tokens_take_token(void *ctx, const struct ipc_message *m)
{
	struct keeper *k = ctx;
	const struct kept_thing *opener = keeper_find(k, m->token.opener, IPC_USE_PASSPHRASE);
	struct bytes pin = opener ? opener->secret.data : m->token.pin;
	struct arena arena = { 0 };
	struct bundle b = { 0 };
	struct why why = { 0 };
	enum err e = keeper_offered(k, m->token.offer, &arena, &pin);

	if (!e && m->token.certs) {
		e = bundle_uri(m->token.uri, &arena, &b, &why);
		say_who_looked(e, &arena, &why);
	} else if (!e) {
		e = open_key(k, m, pin, &arena, &b, &why);
	}
	keeper_tell_opened(k, m, e, &b, m->token.handle, &why);
	arena_free(&arena);
	return true;
}

void tokens_remember(void *ctx, const struct ipc_message *m)
{
	keeper_put(ctx, thing_of(m, m->token.pin));
}
