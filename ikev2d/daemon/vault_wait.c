/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guard waits for: it loads one thing after the other. */
#include "daemon/vault_state.h"

/* What may have tried a PIN before it ended is asked once: a card is locked after a few wrong ones. */
static unsigned tries_of(const struct ipc_message *m)
{
	return m->kind == IPC_TOKEN ? 1 : VAULT_TRIES_MAX;
}

/* A file without a key goes in as many messages as it takes. */
static enum err send_all(struct vault *v, const struct ipc_message *m)
{
	struct ipc_message part = *m;
	struct bytes rest = m->read.data;
	enum err e;

	if (m->kind != IPC_READ)
		return member_send(&v->keeper, IPC_GUARD, m);
	do {
		part.read.data = bytes_of(rest.p, rest.n < IPC_DATA_MAX ? rest.n : IPC_DATA_MAX);
		rest = bytes_of(rest.p + part.read.data.n, rest.n - part.read.data.n);
		part.read.more = (uint32_t)rest.n;
		e = member_send(&v->keeper, IPC_GUARD, &part);
	} while (!e && rest.n);
	return e;
}

/* What does not fit into one answer is asked for part by part. A long file takes its time: of some millions
 * of octets a second or two on a machine that has other things to do. */
static enum err hear_all(struct vault *v, const struct ipc_message *m, struct arena *arena)
{
	const unsigned patience =
		FAMILY_PATIENCE + (m->kind == IPC_READ ? (unsigned)m->read.data.n / 1024 : 0);
	struct ipc_message on = { .kind = IPC_READ_ON };
	enum err e = ERR_OK;

	do {
		while (!e && v->waits.ticket)
			e = member_hear(&v->keeper, IPC_GUARD, patience, arena);
		if (e || !v->waits.in_parts || !v->waits.answer.opened.more)
			return e;
		on.ticket = v->waits.ticket = ++v->last;
		e = member_send(&v->keeper, IPC_GUARD, &on);
	} while (!e);
	return e;
}

/* The answer of KIND to M is in v->waits then, with its texts in ARENA. Another keeper is asked once more. */
static enum err call(struct vault *v, struct ipc_message *m, enum ipc_kind kind, struct arena *arena)
{
	enum err e = ERR_MISSING;

	for (unsigned i = 0; i < tries_of(m) && e == ERR_MISSING; i++) {
		m->ticket = v->waits.ticket = ++v->last;
		v->waits.kind = kind;
		v->waits.in_parts = m->kind == IPC_READ;
		if (member_wait(&v->keeper, arena))
			break;
		list_join(&v->forgetting, &v->forgotten); /* what is dropped later is told behind it */
		fifo_free(&v->waits.paper);
		e = send_all(v, m);
		if (!e)
			e = hear_all(v, m, arena);
	}
	v->waits.ticket = 0;
	if (!e)
		vault_have_forgotten(v);
	return e;
}

/* There is no more of it than its first part said. */
static bool take_part(struct vault *v, const struct ipc_message *m)
{
	struct fifo *paper = &v->waits.paper;

	if (fifo_n(paper) && m->opened.paper.n + m->opened.more != v->waits.more)
		return false;
	fifo_put(paper, m->opened.paper);
	v->waits.more = m->opened.more;
	v->waits.answer = *m;
	v->waits.answer.opened.paper = fifo_bytes(paper);
	v->waits.ticket = 0;
	return true;
}

bool vault_take_answer(void *ctx, const struct ipc_message *m)
{
	struct vault *v = member_ctx(ctx);

	if (vault_take_errand(v, m))
		return true;
	if (!v->waits.ticket || m->ticket != v->waits.ticket || m->kind != v->waits.kind)
		return false;
	if (v->waits.in_parts)
		return take_part(v, m);
	if (m->kind == IPC_OPENED && m->opened.more)
		return false;
	v->waits.answer = *m;
	v->waits.ticket = 0;
	return true;
}

const char *vault_refused(const struct vault *v, enum err e)
{
	if (e == ERR_UNKNOWN)
		return "it did not get to the process that keeps secrets: load it once more";
	if (e == ERR_SYSTEM)
		return "there is no memory to keep it in: give the machine more, or ikev2d a higher limit";
	if (e == ERR_RANGE)
		return "it is longer, or has more owners, than can be kept, or there are too many: remove "
		       "some";
	return v->process == IPC_TOKENS
		       ? "the process for tokens does not answer: is there a token that hangs, or a module "
			 "that ended it?"
		       : "the process that keeps secrets does not answer";
}

/* Wipes DATA, which is ours, when it is kept. */
static enum err keep(struct vault *v, struct ipc_message *m, struct bytes *data, struct kept **out,
	const char *name, struct text *why)
{
	struct arena arena = { 0 };
	enum err e;

	m->kind = IPC_SECRET;
	m->secret.handle = ++v->last;
	m->secret.data = *data;
	e = call(v, m, IPC_KEPT, &arena);
	if (!e)
		e = v->waits.answer.kept.result;
	*out = vault_kept_new(v, m->secret.handle);
	if (e) {
		text_add(why, "%sthe secret %s: %s", why->n ? "\n" : "", name ? name : "without a name",
			vault_refused(v, e));
		kept_unref(*out);
		*out = NULL;
	} else {
		memcpy((*out)->mark, v->waits.answer.kept.mark.p, IPC_MARK_SIZE);
		bytes_wipe(data);
	}
	arena_free(&arena);
	return e;
}

static enum err keep_secret(struct vault *v, struct secret *s, uint64_t offer, struct text *why)
{
	struct ipc_message m = { .secret = { .use = IPC_USE_SECRET,
					 .kind = (uint8_t)s->kind,
					 .owners = s->owners,
					 .n_owners = s->n_owners,
					 .offer = offer } };

	return keep(v, &m, &s->data, &s->kept, s->name, why);
}

enum err vault_keep_secret(struct vault *v, struct secret *s, struct text *why)
{
	return keep_secret(v, s, 0, why);
}

uint64_t vault_offer_number(struct bytes octets)
{
	struct rd r = rd_of(octets);
	uint64_t number = rd_u64(&r);

	return rd_done(&r) ? number : 0;
}

enum err vault_keep_offered(struct vault *v, struct secret *s, struct text *why)
{
	const uint64_t offer = vault_offer_number(s->data);

	if (!offer) {
		text_add(why, "%s", vault_refused(v, ERR_UNKNOWN));
		return ERR_UNKNOWN;
	}
	s->data = (struct bytes){ 0 };
	return keep_secret(v, s, offer, why);
}

enum err vault_keep_passphrase(struct vault *v, struct key_conf *k, struct text *why)
{
	struct ipc_message m = { .secret = { .use = IPC_USE_PASSPHRASE } };
	enum err e = ERR_OK;

	if (!k->secret.n)
		return ERR_OK;
	if (!k->file) {
		v = v->tokens;
		e = vault_be_there(v, why);
	}
	return e ? e : keep(v, &m, &k->secret, &k->kept, k->name, why);
}

/* One that does not count is wiped, too. */
static enum err keep_radius(struct vault *v, enum ipc_use use, const char *name, bool counts,
	struct bytes *secret, struct kept **kept, struct text *why)
{
	struct ipc_message m = { .secret = { .use = use } };

	if (counts)
		return keep(v, &m, secret, kept, name, why);
	bytes_wipe(secret);
	return ERR_OK;
}

/* What is in SINGLE is among the servers where it names one; else it counts for nothing. */
enum err vault_keep_radius(struct vault *v, struct radius_conf *c, struct text *why)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; i < c->n_servers && !e; i++)
		e = keep_radius(v, IPC_USE_RADIUS, c->servers[i].name, true, &c->servers[i].secret,
			&c->servers[i].kept, why);
	if (!e)
		e = keep_radius(v, IPC_USE_ORDERS, "daemon.radius.dae", c->dae.enable, &c->dae.secret,
			&c->dae.kept, why);
	if (!e)
		e = keep_radius(v, IPC_USE_RADIUS, NULL, false, &c->single.secret, NULL, why);
	return e;
}

void vault_leave_radius(struct radius_conf *c)
{
	for (unsigned i = 0; i < c->n_servers; i++) {
		kept_unref(c->servers[i].kept);
		c->servers[i].kept = NULL;
	}
	kept_unref(c->dae.kept);
	c->dae.kept = NULL;
}

/* ERR_MISSING: there is another keeper, which has not heard of the parts before. */
static enum err send_part(struct vault *v, struct ipc_users part, struct text *why)
{
	struct ipc_message m = { .kind = IPC_USERS, .users = part };
	struct arena arena = { 0 };
	const char *what = NULL;
	enum err e = call(v, &m, IPC_KEPT, &arena) ? ERR_BUSY : ERR_OK;

	if (!e) {
		e = v->waits.answer.kept.result;
		what = v->waits.answer.kept.what;
	}
	if (e && e != ERR_MISSING)
		text_add(why, "%s", what ? what : vault_refused(v, e));
	arena_free(&arena);
	return e;
}

static enum err send_users(struct vault *v, struct bytes text, struct text *why)
{
	uint32_t at = 0;
	enum err e;

	do {
		e = send_part(v, ipc_users_part(text, at), why);
		at += IPC_DATA_MAX;
	} while (!e && at < text.n);
	return e;
}

enum err vault_keep_users(struct vault *v, struct bytes text, struct text *why)
{
	enum err e = ERR_MISSING;

	for (unsigned i = 0; i < VAULT_TRIES_MAX && e == ERR_MISSING; i++)
		e = send_users(v, text, why);
	if (e == ERR_MISSING)
		text_add(why, "%s", vault_refused(v, e));
	return e;
}

enum err vault_opened(struct vault *v, const struct ipc_message *m, uint64_t handle, struct arena *arena,
	struct bundle *out, struct why *why)
{
	struct rd r = rd_of(m->opened.paper);
	enum err e = m->opened.result;

	why->what = m->opened.what;
	why->instead = m->opened.instead;
	*out = (struct bundle){ 0 };
	if (!e)
		e = paper_take(&r, arena, out, why);
	if (!e && out->key && handle) {
		out->key->kept = vault_kept_new(v, handle);
		out->key->end = kept_unref;
	}
	return e;
}

/* M asks that what there is be opened, and its private key kept as HANDLE. */
static enum err ask_to_open(struct vault *v, struct ipc_message *m, uint64_t handle, bool *answered,
	struct arena *arena, struct bundle *out, struct why *why)
{
	enum err e = call(v, m, IPC_OPENED, arena);

	*answered = !e;
	if (!e && v->waits.answer.opened.result != ERR_UNKNOWN) {
		e = vault_opened(v, &v->waits.answer, handle, arena, out, why);
		fifo_free(&v->waits.paper);
		return e;
	}
	*out = (struct bundle){ 0 };
	e = e ? e : ERR_UNKNOWN;
	why->what = e == ERR_RANGE ? arena_printf(arena, "it is longer than %u octets", IPC_DATA_MAX)
				   : vault_refused(v, e);
	return e;
}

static enum err open_file(
	struct vault *v, struct ipc_message *m, struct arena *arena, struct bundle *out, struct why *why)
{
	bool answered;

	m->kind = IPC_FILE;
	m->file.handle = ++v->last;
	return ask_to_open(v, m, m->file.handle, &answered, arena, out, why);
}

enum err vault_open(void *ctx, struct bytes data, const struct key_conf *k, struct arena *arena,
	struct bundle *out, struct why *why)
{
	struct ipc_message m = { .file = { .opener = k && k->kept ? k->kept->handle : 0, .data = data } };

	return open_file(ctx, &m, arena, out, why);
}

enum err vault_read(void *ctx, struct bytes data, enum paper_of what, struct arena *arena, struct bundle *out,
	struct why *why)
{
	struct ipc_message m = { .kind = IPC_READ, .read = { .what = (uint8_t)what, .data = data } };
	bool answered;

	if (data.n > IPC_READ_MAX) {
		*out = (struct bundle){ 0 };
		why->what = arena_printf(
			arena, "it has %zu octets, of which no more than %u are read", data.n, IPC_READ_MAX);
		return ERR_RANGE;
	}
	return ask_to_open(ctx, &m, 0, &answered, arena, out, why);
}

enum err vault_open_offered(
	struct vault *v, struct bytes number, struct arena *arena, struct bundle *out, struct why *why)
{
	struct ipc_message m = { .file = { .offer = vault_offer_number(number) } };

	if (m.file.offer)
		return open_file(v, &m, arena, out, why);
	*out = (struct bundle){ 0 };
	why->what = vault_refused(v, ERR_UNKNOWN);
	return ERR_UNKNOWN;
}

int vault_offers(const struct vault *v)
{
	return v->from_ctl.fd;
}

int vault_offers_tokens(const struct vault *v)
{
	return v->tokens->from_ctl.fd;
}

/* Those who ask rely on it; the process that says so has the code of others in it. */
enum err vault_check_fetched(bool certs, struct bundle *b, struct why *why)
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

enum err vault_ask_tokens(struct vault *tokens, const char *uri, const struct key_conf *k, bool *answered,
	struct arena *arena, struct bundle *out, struct why *why)
{
	struct ipc_message m = { .kind = IPC_TOKEN,
		.token = { .handle = ++tokens->last,
			.opener = k && k->kept ? k->kept->handle : 0,
			.uri = uri,
			.certs = !k } };
	struct text wrong = text_in(arena);
	enum err e = vault_be_there(tokens, &wrong);

	*answered = false;
	*out = (struct bundle){ 0 };
	if (e) {
		why->what = text_str(&wrong);
		return e;
	}
	e = ask_to_open(tokens, &m, m.token.handle, answered, arena, out, why);
	return e ? e : vault_check_fetched(m.token.certs, out, why);
}
