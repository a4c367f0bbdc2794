/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept, and what is done with it. */
#include "daemon/keeper_state.h"

#include "daemon/secrets.h"
#include "daemon/tokens.h"
#include "ike/keys.h"
#include "pki/make.h"
#include "pki/paper.h"
#include "pki/sign.h"
#include "wire/message.h"

#include <poll.h>
#include <stdlib.h>

enum {
	KEPT_MAX = 1 << 20,                         /* things */
	PAPER_MAX = IPC_DATA_MAX - 2 * IPC_TEXT_MAX /* octets */
};

_Static_assert((int)IPC_MAX <= (int)IMAGE_RECORD_MAX, "a record is a message");

/* ------------------------------------------------------------- what is kept */

void keeper_thing_free(struct kept_thing *t)
{
	key_unref(t->key);
	arena_free(&t->arena);
	free(t->wrong);
	free(t);
}

struct kept_thing *keeper_thing(uint64_t handle, enum ipc_use use)
{
	struct kept_thing *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	t->handle = handle;
	t->use = use;
	return t;
}

struct kept_thing *keeper_find(const struct keeper *k, uint64_t handle, enum ipc_use use)
{
	struct kept_thing *t = map_get(&k->kept, handle);

	return t && t->use == use ? t : NULL;
}

static void forget(struct keeper *k, uint64_t handle)
{
	struct kept_thing *t = map_take(&k->kept, handle);

	if (!t)
		return;
	image_forget(&k->image, t->at);
	keeper_thing_free(t);
}

/* One that is asked for again, because the answer was lost, takes the place of the first. */
void keeper_put(struct keeper *k, struct kept_thing *t)
{
	forget(k, t->handle);
	map_put(&k->kept, t->handle, t);
}

static struct kept_thing *secret_of(const struct ipc_message *m)
{
	struct kept_thing *t = keeper_thing(m->secret.handle, m->secret.use);
	struct id *owners = ARENA_ARRAY(&t->arena, m->secret.n_owners, struct id);

	for (unsigned i = 0; i < m->secret.n_owners; i++)
		owners[i] = id_copy(&t->arena, &m->secret.owners[i]);
	t->secret = (struct secret){ .kind = m->secret.kind,
		.owners = owners,
		.n_owners = m->secret.n_owners,
		.data = arena_bytes(&t->arena, m->secret.data) };
	return t;
}

/* The record of T, as a message. */
static enum err write_down(struct keeper *k, struct kept_thing *t)
{
	struct arena arena = { 0 };
	struct wr w = wr_of(arena_alloc(&arena, IPC_MAX), IPC_MAX);
	struct ipc_message m = { .kind = IPC_KEY, .key = { .handle = t->handle } };
	struct why why;
	enum err e = ERR_OK;

	if (t->uri)
		m = (struct ipc_message){ .kind = IPC_TOKEN,
			.token = { .handle = t->handle, .uri = t->uri, .pin = t->secret.data } };
	else if (t->use == IPC_USE_KEY)
		e = make_key_pem(t->key, NULL, &arena, &m.key.data, &why);
	else
		m = (struct ipc_message){ .kind = IPC_SECRET,
			.secret = { t->handle, t->use, t->secret.kind, t->secret.owners, t->secret.n_owners,
				t->secret.data, 0 } };
	if (!e)
		e = ipc_encode(&w, &m) ? image_add(&k->image, wr_done(&w), &t->at) : ERR_RANGE;
	arena_free(&arena);
	return e;
}

/* The image is written anew when most of it is forgotten. */
static void tidy(struct keeper *k)
{
	uint64_t from = k->image.end;
	struct kept_thing *t;
	size_t at = 0;

	if (!image_wasteful(&k->image))
		return;
	if (keeper_write_marking(k))
		abort();
	while ((t = map_next(&k->kept, &at)))
		if (write_down(k, t))
			abort(); /* the next keeper starts from what is written */
	if (roll_write(&k->roll, &k->image))
		abort();
	image_trim(&k->image, from);
}

enum err keeper_keep(struct keeper *k, struct kept_thing *t)
{
	enum err e = k->kept.count < KEPT_MAX && !image_full(&k->image) ? write_down(k, t) : ERR_RANGE;

	if (e) {
		keeper_thing_free(t);
		return e;
	}
	keeper_put(k, t);
	tidy(k);
	return ERR_OK;
}

/* ------------------------------------------------------------------- answers */

/* Guard, when it is gone, is noticed where it is waited for. */
static void answer(struct ipc_channel *c, const struct ipc_message *m)
{
	(void)!ipc_send(c, m);
}

/* With others, when all are answered that were asked at once: for what takes no time. */
static void answer_later(struct keeper *k, const struct ipc_message *m)
{
	(void)!ipc_send_later(&k->ike, &k->answers, m);
}

static void flush(struct keeper *k)
{
	(void)!ipc_send_gathered(&k->ike, &k->answers);
}

/* One that guard has no time to hear is lost: we do not wait for it. */
static void say(struct keeper *k, const char *line)
{
	(void)!ipc_tell(&k->guard,
		&(struct ipc_message){ .kind = IPC_LOG,
			.log = { .level = LOG_WARN, .word = ipc_name(k->guard.self), .line = line } });
}

/* ------------------------------------------------------------ guard's wishes */

bool keeper_take_offer(void *ctx, const struct ipc_message *m)
{
	offers_add(&((struct keeper *)ctx)->offers, m->offer.number, m->offer.data);
	return true;
}

static bool has_message(const struct ipc_channel *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0 && p.revents & POLLIN;
}

/* What is there from C (NULL: nobody), MOST messages. */
static void hear(struct keeper *k, struct ipc_channel *c, unsigned most)
{
	for (unsigned i = 0; i < most && c && has_message(c); i++)
		if (!keeper_serve(k, c))
			break;
}

/* What guard has heard of was on its way before. */
static void hear_offers(struct keeper *k)
{
	hear(k, k->ctl, OFFERS_MAX);
}

enum err keeper_offered(struct keeper *k, uint64_t number, struct arena *arena, struct bytes *data)
{
	if (!number)
		return ERR_OK;
	hear_offers(k);
	return offers_take(&k->offers, number, arena, data) ? ERR_OK : ERR_UNKNOWN;
}

bool keeper_take_secret(void *ctx, const struct ipc_message *m)
{
	struct keeper *k = ctx;
	struct arena arena = { 0 };
	struct ipc_message all = *m, a = { .kind = IPC_KEPT, .ticket = m->ticket };
	enum err e = keeper_offered(k, m->secret.offer, &arena, &all.secret.data);

	a.kept.mark = keeper_mark(k, all.secret.data, &arena);
	a.kept.result = e ? e : keeper_keep(k, secret_of(&all));
	answer(&k->guard, &a);
	arena_free(&arena);
	return true;
}

static enum err keep_key(struct keeper *k, uint64_t handle, struct key *key)
{
	struct kept_thing *t = keeper_thing(handle, IPC_USE_KEY);

	t->key = key_ref(key);
	return keeper_keep(k, t);
}

void keeper_tell_opened(struct keeper *k, const struct ipc_message *m, enum err e, struct bundle *b,
	uint64_t handle, struct why *why)
{
	struct ipc_message a = { .kind = IPC_OPENED, .ticket = m->ticket };
	struct arena arena = { 0 };

	if (!e && !(a.opened.paper = paper_of_bundle(b, PAPER_MAX, &arena)).n) {
		forget(k, handle);
		why->what =
			"there are more certificates in it than fit into a message: put those that are not "
			"the key's into files of their own";
		e = ERR_RANGE;
	}
	a.opened.result = e;
	a.opened.what = why->what;
	a.opened.instead = why->instead;
	answer(&k->guard, &a);
	bundle_free(b);
	arena_free(&arena);
}

bool keeper_take_file(void *ctx, const struct ipc_message *m)
{
	struct keeper *k = ctx;
	const struct kept_thing *opener = keeper_find(k, m->file.opener, IPC_USE_PASSPHRASE);
	struct arena arena = { 0 };
	struct bundle b = { 0 };
	struct why why = { 0 };
	struct bytes data = m->file.data;
	enum err e = keeper_offered(k, m->file.offer, &arena, &data);

	if (!e)
		e = bundle_read(data, opener ? &opener->secret.data : NULL, &arena, &b, &why);
	if (!e && b.key && (e = keep_key(k, m->file.handle, b.key)))
		why.what =
			e == ERR_RANGE
				? "there are more private keys than fit here: remove some"
				: "there is no memory to keep its private key in: give the machine more, or "
				  "ikev2d a higher limit";
	keeper_tell_opened(k, m, e, &b, m->file.handle, &why);
	arena_free(&arena);
	return true;
}

/* The next part of the paper. */
static void tell_paper(struct keeper *k, uint64_t ticket)
{
	const struct bytes all = fifo_bytes(&k->paper);
	const size_t n = all.n < PAPER_MAX ? all.n : PAPER_MAX;

	answer(&k->guard, &(struct ipc_message){ .kind = IPC_OPENED,
				  .ticket = ticket,
				  .opened = { .more = (uint32_t)(all.n - n), .paper = bytes_of(all.p, n) } });
	fifo_drop(&k->paper, n);
}

bool keeper_take_read(void *ctx, const struct ipc_message *m)
{
	struct keeper *k = ctx;
	struct arena arena = { 0 };

	if (fifo_n(&k->file) + m->read.data.n > IPC_READ_MAX)
		return false;
	fifo_put(&k->file, m->read.data);
	if (m->read.more)
		return true;
	fifo_free(&k->paper);
	fifo_put(&k->paper,
		paper_of(fifo_bytes(&k->file), (enum paper_of)m->read.what, IPC_PAPER_MAX, &arena));
	fifo_free(&k->file);
	tell_paper(k, m->ticket);
	arena_free(&arena);
	return true;
}

bool keeper_take_read_on(void *ctx, const struct ipc_message *m)
{
	tell_paper(ctx, m->ticket);
	return true;
}

static void drop_offer(struct keeper *k, uint64_t number)
{
	hear_offers(k);
	offers_drop(&k->offers, number);
}

bool keeper_take_drop(void *ctx, const struct ipc_message *m)
{
	if (m->drop.offer)
		drop_offer(ctx, m->drop.offer);
	else
		forget(ctx, m->drop.handle);
	tidy(ctx);
	return true;
}

bool keeper_take_users(void *ctx, const struct ipc_message *m)
{
	struct keeper *k = ctx;
	struct arena arena = { 0 };
	char why[EAP_USERS_WHY];
	struct ipc_message a = { .kind = IPC_KEPT,
		.ticket = m->ticket,
		.kept = { .mark = keeper_mark(k, (struct bytes){ 0 }, &arena), .what = why } };

	a.kept.result = roll_take(&k->roll, &k->image, &m->users, why);
	tidy(k);
	answer(&k->guard, &a);
	arena_free(&arena);
	return true;
}

/* -------------------------------------------------------------- ike's wishes */

/* Nothing else that is signed anywhere begins so, but by a chance of one in 2^48. */
static bool begins_as_ike(struct bytes octets, struct wire_header *h)
{
	return header_get(octets, h) != ERR_SHORT && header_begins(h);
}

/* Whether OCTETS have the form of those that an IKE peer signs: the message of its IKE_SA_INIT, the other's
 * nonce, prf(SK_p, its identity) (RFC 7296, 2.15), and, where IKE_INTERMEDIATE exchanges were, two such
 * values more and a message id (RFC 9242, 3.3.2). */
static bool are_auth_octets(struct bytes octets, const struct transform *f)
{
	enum { MESSAGE_ID = 4 };
	struct bytes behind = octets, message = header_cut(&behind);
	struct wire_header h;

	return begins_as_ike(octets, &h) && h.spi_i && message.n && behind.n >= f->out + (size_t)NONCE_MIN &&
	       behind.n <= 3 * (size_t)f->out + NONCE_MAX + MESSAGE_ID;
}

/* The refusal in one sentence, or NULL. */
static const char *refusal(const struct transform *f, struct bytes octets)
{
	if (!f)
		return "keeper refuses: it does not know this PRF";
	if (!are_auth_octets(octets, f))
		return "keeper refuses: these are not the octets of an AUTH payload (RFC 7296, 2.15)";
	return NULL;
}

/* Says it to whom asked; a refusal that no honest asker gets is told to guard as well. */
static void conclude(struct keeper *k, const struct ipc_message *m, struct ipc_message *a)
{
	a->kind = IPC_PROOF;
	a->ticket = m->ticket;
	if (a->proof.result == ERR_DENIED)
		say(k, a->proof.what);
	answer_later(k, a);
}

static enum err make_psk(struct keeper *k, const struct ipc_message *m, struct arena *arena,
	struct bytes *proof, const char **what)
{
	const struct transform *f = transform_find(TRANSFORM_PRF, m->psk.prf, 0);
	const struct kept_thing *t = keeper_find(k, m->psk.handle, IPC_USE_SECRET);
	uint8_t *out;

	*what = refusal(f, m->psk.octets);
	if (*what)
		return ERR_DENIED;
	if (!t) {
		*what = "the shared secret was taken away";
		return ERR_MISSING;
	}
	if (!secrets_rank(&t->secret, &m->psk.local, &m->psk.remote)) {
		*what = "keeper refuses: the shared secret belongs to other identities";
		return ERR_DENIED;
	}
	out = arena_alloc(arena, f->out);
	*proof = bytes_of(out, f->out);
	return keys_psk_auth(f, t->secret.data, m->psk.octets, out);
}

static bool take_psk(struct keeper *k, const struct ipc_message *m, bool check)
{
	struct ipc_message a = { 0 };
	struct arena arena = { 0 };
	struct bytes right = { 0 };
	enum err e = make_psk(k, m, &arena, &right, &a.proof.what);

	if (!e && check && !bytes_eq_secret(right, m->psk.proof))
		e = ERR_AUTH;
	a.proof.result = e;
	if (!e && !check)
		a.proof.proof = right;
	conclude(k, m, &a);
	arena_free(&arena);
	return true;
}

bool keeper_take_psk_prove(void *ctx, const struct ipc_message *m)
{
	return take_psk(ctx, m, false);
}

bool keeper_take_psk_check(void *ctx, const struct ipc_message *m)
{
	return take_psk(ctx, m, true);
}

/* SK_d, SK_pi and SK_pr are mixed (RFC 8784, 3), or SK_d alone (RFC 9867, 3.1.1). */
static bool is_mixed(const struct transform *f, size_t n)
{
	return n == f->out || n == 3u * f->out;
}

/* Two nonces and two SPIs (RFC 9867, 3.1). */
static bool is_confirmed(size_t n)
{
	return n > 2 * 8 && n <= 2 * NONCE_MAX + 2 * 8;
}

static enum err make_ppk(struct keeper *k, const struct ipc_message *m, struct arena *arena,
	struct bytes *made, const char **what)
{
	const struct transform *f = transform_find(TRANSFORM_PRF, m->psk.prf, 0);
	const struct kept_thing *t = keeper_find(k, m->psk.handle, IPC_USE_SECRET);
	bool mix = m->kind == IPC_PPK_MIX;
	size_t n = mix ? m->psk.octets.n : PPK_CONFIRMATION;
	uint8_t *out;

	if (!f || !(mix ? is_mixed(f, n) : is_confirmed(m->psk.octets.n))) {
		*what = mix ? "keeper refuses: these are not keys that are mixed (RFC 8784, 3; RFC 9867, "
			      "3.1.1)"
			    : "keeper refuses: this is not what a key is confirmed with (RFC 9867, 3.1)";
		return ERR_DENIED;
	}
	if (!t) {
		*what = "the post-quantum preshared key was taken away";
		return ERR_MISSING;
	}
	if (!secrets_is_ppk(&t->secret, &m->psk.local)) {
		*what = "keeper refuses: the secret is no post-quantum preshared key of that name";
		return ERR_DENIED;
	}
	out = arena_alloc(arena, n);
	*made = bytes_of(out, n);
	return mix ? keys_ppk_mix(f, t->secret.data, m->psk.octets, out)
		   : keys_ppk_confirm(f, t->secret.data, m->psk.octets, out);
}

bool keeper_take_ppk(void *ctx, const struct ipc_message *m)
{
	struct ipc_message a = { 0 };
	struct arena arena = { 0 };

	a.proof.result = make_ppk(ctx, m, &arena, &a.proof.proof, &a.proof.what);
	conclude(ctx, m, &a);
	arena_free(&arena);
	return true;
}

bool keeper_take_eap_tell(void *ctx, const struct ipc_message *m)
{
	const struct kept_thing *t = keeper_find(ctx, m->psk.handle, IPC_USE_SECRET);
	struct ipc_message a = { 0 };

	if (!t) {
		a.proof.result = ERR_MISSING;
		a.proof.what = "the secret of EAP was taken away";
	} else if (!secrets_is_eap(&t->secret, &m->psk.local)) {
		a.proof.result = ERR_DENIED;
		a.proof.what = "keeper refuses: the secret is none of EAP, or another user's";
	} else {
		a.proof.proof = t->secret.data;
	}
	conclude(ctx, m, &a);
	return true;
}

static const char taken_away[] = "the private key was taken away",
		  no_such_kind[] =
			  "keeper refuses: the private key is not of the kind that the scheme is for";

bool keeper_take_user_ask(void *ctx, const struct ipc_message *m)
{
	static const uint8_t kinds[] = {
		[EAP_NO_SECRET] = IPC_EAP_NOBODY,
		[EAP_PASSWORD] = IPC_EAP_PASSWORD,
		[EAP_NT_HASH] = IPC_EAP_NT_HASH,
		[EAP_SALTED] = IPC_EAP_SALTED,
	};
	struct keeper *k = ctx;
	const struct eap_user u = roll_find(&k->roll, m->user_ask.name);
	struct ipc_message a = { .kind = IPC_USER,
		.ticket = m->ticket,
		.user = { .line = u.line, .groups = { u.groups, u.n_groups }, .ip = u.ip, .ip6 = u.ip6 } };

	if (m->user_ask.secret)
		a.user.secret =
			(struct ipc_eap_secret){ .kind = kinds[u.secret.kind], .value = u.secret.value };
	answer_later(k, &a);
	return true;
}

/* Has BY sign what M has with its key; what is wrong is in A. */
static enum err sign_by(struct keeper *k, const struct ipc_message *m, tokens_signer *by, struct arena *arena,
	struct ipc_message *a)
{
	const struct scheme *s = &schemes[m->sign.scheme];
	struct kept_thing *t = keeper_find(k, m->sign.handle, IPC_USE_KEY);
	struct why why = { .what = taken_away };
	enum err e = t ? tokens_open(t, arena, &why) : ERR_MISSING;

	if (!e && s->key != t->key->type) {
		why.what = no_such_kind;
		e = ERR_DENIED;
	}
	if (!e) {
		why.what = NULL;
		e = tokens_sign(t, s, m->sign.octets, by, arena, &a->proof.proof, &why);
	}
	a->proof.what = why.what;
	return e;
}

/* Certs waits for its answer, and not for long: between two signatures of many that ike wants it is heard. */
static void hear_certs(struct keeper *k)
{
	enum { MOST = 8 };

	hear(k, k->certs, MOST);
}

static enum err make_signature(
	struct keeper *k, const struct ipc_message *m, struct arena *arena, struct ipc_message *a)
{
	a->proof.what = refusal(transform_find(TRANSFORM_PRF, m->sign.prf, 0), m->sign.octets);
	return a->proof.what ? ERR_DENIED : sign_by(k, m, sign_octets, arena, a);
}

bool keeper_take_sign(void *ctx, const struct ipc_message *m)
{
	struct ipc_message a = { 0 };
	struct arena arena = { 0 };

	a.proof.result = make_signature(ctx, m, &arena, &a);
	conclude(ctx, m, &a);
	flush(ctx);
	hear_certs(ctx);
	arena_free(&arena);
	return true;
}

/* What a TLS 1.3 side signs (RFC 8446, 4.4.3). */
static bool are_tls_1_3_octets(struct bytes octets)
{
	enum { SPACES = 64, SHA256 = 32, SHA384 = 48 };
	static const char *const words[] = { "TLS 1.3, server CertificateVerify",
		"TLS 1.3, client CertificateVerify" };
	struct rd r = rd_of(octets);
	struct bytes spaces = rd_bytes(&r, SPACES), word = rd_bytes(&r, strlen(words[0]) + 1);

	for (size_t i = 0; i < spaces.n; i++)
		if (spaces.p[i] != ' ')
			return false;
	for (unsigned i = 0; i < 2; i++)
		if (bytes_eq(word, bytes_of(words[i], strlen(words[i]) + 1)))
			return r.n == SHA256 || r.n == SHA384;
	return false;
}

/* In TLS 1.2 a server signs both random values and the key that it drew on a curve with a name (RFC 8422,
 * 5.4), a client all messages from its ClientHello on (RFC 5246, 7.4.8). */
static bool are_tls_1_2_octets(struct bytes octets)
{
	enum { RANDOMS = 64, NAMED_CURVE = 3, CLIENT_HELLO = 1, LENGTH = 3, VERSION = 0x0303 };
	struct rd server = rd_of(octets), client = server;
	uint8_t kind;

	(void)rd_bytes(&server, RANDOMS);
	kind = rd_u8(&server);
	(void)rd_u16(&server); /* the curve */
	(void)rd_bytes(&server, rd_u8(&server));
	if (kind == NAMED_CURVE && rd_done(&server))
		return true;
	kind = rd_u8(&client);
	(void)rd_bytes(&client, LENGTH);
	return kind == CLIENT_HELLO && rd_u16(&client) == VERSION && !client.bad;
}

static const char *tls_refusal(const struct ipc_message *m)
{
	struct bytes octets = m->sign.octets;
	struct wire_header h;

	if (begins_as_ike(octets, &h) || !(are_tls_1_3_octets(octets) || are_tls_1_2_octets(octets)))
		return "keeper refuses: these are not octets that TLS signs (RFC 8446, 4.4.3)";
	if (scheme_is_classic(&schemes[m->sign.scheme]))
		return "keeper refuses: the scheme is none of TLS";
	return NULL;
}

bool keeper_take_tls_sign(void *ctx, const struct ipc_message *m)
{
	struct ipc_message a = { .proof.what = tls_refusal(m) };
	struct arena arena = { 0 };

	a.proof.result = a.proof.what ? ERR_DENIED : sign_by(ctx, m, sign_bare, &arena, &a);
	conclude(ctx, m, &a);
	flush(ctx);
	hear_certs(ctx);
	arena_free(&arena);
	return true;
}

/* ----------------------------------------------------------------- the image */

bool keeper_take_key(void *ctx, const struct ipc_message *m)
{
	struct kept_thing *t = keeper_thing(m->key.handle, IPC_USE_KEY);
	struct arena arena = { 0 };
	struct why why = { 0 };
	bool good = !key_private(m->key.data, NULL, &arena, &t->key, &why);

	if (good)
		keeper_put(ctx, t);
	else
		keeper_thing_free(t);
	arena_free(&arena);
	return good;
}

static uint64_t handle_of(const struct ipc_message *record)
{
	switch (record->kind) {
	case IPC_SECRET: return record->secret.handle;
	case IPC_TOKEN: return record->token.handle;
	default: return record->key.handle;
	}
}

/* One record. What stands twice counts as it stands last. */
static enum err remember(struct keeper *k, struct bytes record, uint64_t at)
{
	struct arena arena = { 0 };
	struct ipc_message m;
	struct kept_thing *t;
	bool good;

	if (keeper_take_marking(k, record))
		return ERR_OK;
	good = !ipc_decode(record, &arena, &m);
	if (good && m.kind == IPC_USERS) {
		enum err e = roll_remember(&k->roll, &k->image, &m.users, at);

		arena_free(&arena);
		return e;
	}
	if (good && m.kind == IPC_SECRET)
		keeper_put(k, secret_of(&m));
	else if (good && m.kind == IPC_TOKEN)
		tokens_remember(k, &m);
	else
		good = good && m.kind == IPC_KEY && keeper_take_key(k, &m);
	arena_free(&arena);
	if (!good)
		return ERR_SYNTAX;
	t = map_get(&k->kept, handle_of(&m));
	t->at = at;
	return ERR_OK;
}

enum err keeper_start(struct keeper *k, int image_fd)
{
	struct arena arena = { 0 };
	struct bytes record;
	enum err e = image_open(&k->image, image_fd);
	uint64_t at = k->image.start, next;

	offers_start(&k->offers);
	if (!e)
		e = keeper_draw_marking(k);
	for (; !e && image_next(&k->image, &at, &next, &arena, &record); at = next) {
		e = remember(k, record, at);
		arena_free(&arena);
	}
	arena_free(&arena);
	roll_remembered(&k->roll, &k->image);
	return !e && at < k->image.end ? ERR_SYSTEM : e; /* it could not be read to its end */
}

void keeper_stop(struct keeper *k)
{
	struct kept_thing *t;
	size_t at = 0;

	while ((t = map_next(&k->kept, &at)))
		keeper_thing_free(t);
	map_free(&k->kept);
	roll_end(&k->roll);
	offers_stop(&k->offers);
	fifo_free(&k->file);
	fifo_free(&k->paper);
	ipc_bundle_free(&k->answers);
	WIPE(k->marking);
}

/* ------------------------------------------------------------------ serving */

/* Whether all that guard and ike need of us goes on where nobody speaks by C. */
static bool is_beside(const struct keeper *k, const struct ipc_channel *c)
{
	return c == k->ctl || c == k->certs;
}

/* Guard ends who is to blame, and has to do with others that asked by the same channel. Where one is to blame
 * who has nothing to do with that we do not wait for guard to hear it: he would have us wait. */
static void blame(struct keeper *k, const struct ipc_channel *c, const char *what)
{
	const struct ipc_message m = {
		.kind = IPC_BLAME, .ticket = c->ticket, .blame = { .process = c->peer, .what = what }
	};

	if (is_beside(k, c))
		(void)!ipc_tell(&k->guard, &m);
	else
		answer(&k->guard, &m);
}

bool keeper_serve(struct keeper *k, struct ipc_channel *c)
{
	struct arena arena = { 0 };
	const char *wrong;
	/* What guard throws away in between (vault_clean_radius) is not waited for. */
	enum err e = (is_beside(k, c) ? ipc_take_now : ipc_take)(c, &arena, k, &wrong);

	while (e == ERR_DENIED) {
		blame(k, c, wrong);
		e = ipc_take_rest(c, &arena, k, &wrong);
	}
	/* Ctl has no right to: a tokens before this one has done that, for all that come after it. */
	if (e == ERR_MISSING && is_beside(k, c)) {
		if (c == k->certs)
			blame(k, c, "closed its channel");
		ipc_close(c);
		e = ERR_OK;
	}
	flush(k);
	arena_free(&arena);
	return e != ERR_MISSING;
}

/* What was there may have been taken already, with what guard or ike said. */
static bool serve(void *ctx, struct ipc_channel *from)
{
	return (is_beside(ctx, from) && !has_message(from)) || keeper_serve(ctx, from);
}

void keeper_run(struct keeper *k)
{
	struct ipc_channel *const channels[] = { &k->guard, &k->ike, k->ctl, k->certs };

	ipc_serve(channels, 4, serve, k);
}
