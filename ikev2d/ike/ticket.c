/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sealed ticket: the name of its key, the IV, what is sealed by AES-GCM, the tag. */
#include "ike/ticket.h"

#include "ike/conf.h"
#include "ike/seal.h"
#include "ike/task.h"
#include "model/transform.h"

#include <stdlib.h>

enum {
	TICKET_VERSION = 2,
	KEY_NAME = 4,
	IV = 8,
	AES_GCM_16 = 20, /* its transform ID */
	KEY_BITS = 256,
	TEXT_MAX = 255, /* of a connection's name */
	KEYS_POST_QUANTUM = 1,
	KEYS_PPK = 2,
	KEYS_PPK_INT = 4,
	KEYS_ALL = 7,
};

/* ------------------------------------------------------------------ as octets */

static void put_transform(struct wr *w, const struct transform *t)
{
	wr_u16(w, t ? t->id : 0);
	wr_u16(w, t ? t->bits : 0);
}

/* False for one that we do not have; none where that may be. */
static bool get_transform(struct rd *r, uint8_t type, bool optional, const struct transform **out)
{
	uint16_t id = rd_u16(r), bits = rd_u16(r);

	*out = id ? transform_find(type, id, bits) : NULL;
	return *out || (optional && !id && !bits);
}

static void put_piece(struct wr *w, struct bytes b)
{
	wr_u16(w, (uint16_t)b.n);
	wr_bytes(w, b);
}

static void put_id(struct wr *w, const struct id *id)
{
	wr_u8(w, id->type);
	put_piece(w, id->data);
}

static struct id get_id(struct rd *r, struct arena *arena)
{
	struct id id = { .type = rd_u8(r) };

	id.data = arena_bytes(arena, rd_bytes(r, rd_u16(r)));
	return id;
}

struct bytes ticket_print(const struct ticket *t, struct arena *arena)
{
	struct wr w = wr_of(arena_alloc(arena, TICKET_MAX), TICKET_MAX);

	wr_u8(&w, TICKET_VERSION);
	wr_u64(&w, t->number);
	wr_u32(&w, t->end);
	wr_u32(&w, t->auth_end);
	wr_u64(&w, t->content);
	wr_u64(&w, t->trust);
	put_piece(&w, bytes_str(t->conn));
	put_id(&w, &t->id_i);
	put_id(&w, &t->id_r);
	put_id(&w, &t->eap_id);
	put_transform(&w, t->suite.encr);
	put_transform(&w, t->suite.integ);
	put_transform(&w, t->suite.prf);
	put_transform(&w, t->suite.ke);
	for (unsigned i = 0; i < MORE_KES_MAX; i++)
		wr_u16(&w, t->suite.more[i]);
	wr_u8(&w, (uint8_t)((t->post_quantum ? KEYS_POST_QUANTUM : 0) | (t->ppk ? KEYS_PPK : 0) |
			    (t->ppk_int ? KEYS_PPK_INT : 0)));
	put_piece(&w, t->d);
	return w.bad ? (struct bytes){ 0 } : wr_done(&w);
}

static bool get_suite(struct rd *r, struct suite *s)
{
	bool ok = get_transform(r, TRANSFORM_ENCR, false, &s->encr);

	ok &= get_transform(r, TRANSFORM_INTEG, true, &s->integ);
	ok &= get_transform(r, TRANSFORM_PRF, false, &s->prf);
	ok &= get_transform(r, TRANSFORM_KE, false, &s->ke);
	for (unsigned i = 0; i < MORE_KES_MAX; i++) {
		s->more[i] = rd_u16(r);
		ok &= !s->more[i] || transform_find(TRANSFORM_KE, s->more[i], 0);
	}
	return ok;
}

enum err ticket_parse(struct bytes plain, struct arena *arena, struct ticket *out)
{
	struct rd r = rd_of(plain);
	bool ok = rd_u8(&r) == TICKET_VERSION;
	struct bytes conn;
	uint8_t keys;

	*out = (struct ticket){ 0 };
	out->number = rd_u64(&r);
	out->end = rd_u32(&r);
	out->auth_end = rd_u32(&r);
	out->content = rd_u64(&r);
	out->trust = rd_u64(&r);
	conn = rd_bytes(&r, rd_u16(&r));
	out->id_i = get_id(&r, arena);
	out->id_r = get_id(&r, arena);
	out->eap_id = get_id(&r, arena);
	ok &= get_suite(&r, &out->suite);
	keys = rd_u8(&r);
	out->post_quantum = keys & KEYS_POST_QUANTUM;
	out->ppk = keys & KEYS_PPK;
	out->ppk_int = keys & KEYS_PPK_INT;
	out->d = arena_bytes(arena, rd_bytes(&r, rd_u16(&r)));
	if (!rd_done(&r) || !ok || keys > KEYS_ALL || out->d.n != out->suite.prf->out ||
		memchr(conn.p, 0, conn.n) || !out->id_i.type || !out->id_r.type)
		return ERR_SYNTAX;
	out->conn = arena_text(arena, conn);
	return ERR_OK;
}

/* ------------------------------------------------------------------- sealing */

uint32_t ticket_wall(const struct step *s)
{
	return (uint32_t)(s->ike->wall + (s->now - s->ike->wall_at) / 1000);
}

void ticket_keys(struct ike *ike, struct bytes keys, uint32_t wall, uint64_t now)
{
	WIPE(ike->ticket_keys);
	ike->n_ticket_keys = 0;
	for (size_t at = 0; at + TICKET_KEY <= keys.n && ike->n_ticket_keys < TICKET_KEYS; at += TICKET_KEY)
		memcpy(ike->ticket_keys[ike->n_ticket_keys++], keys.p + at, TICKET_KEY);
	ike->wall = wall;
	ike->wall_at = now;
}

uint64_t ticket_trust(const struct ike *ike)
{
	return bytes_hash(bytes_hash(BYTES_HASH, ike->authorities), ike->responders);
}

static struct aead *keyed(struct step *s, const uint8_t *key, bool sealing)
{
	const struct transform *gcm = transform_find(TRANSFORM_ENCR, AES_GCM_16, KEY_BITS);
	struct aead *a = gcm ? seal_context(s->ike, gcm, NULL) : NULL;

	return a && !aead_key(
			    a, sealing, bytes_of(key + KEY_NAME, TICKET_KEY - KEY_NAME), (struct bytes){ 0 })
		       ? a
		       : NULL;
}

static size_t tag(void)
{
	return transform_icv(transform_find(TRANSFORM_ENCR, AES_GCM_16, KEY_BITS), NULL);
}

/* Behind FRONT octets. */
static struct bytes seal(struct step *s, struct bytes plain, struct arena *arena)
{
	const uint8_t *key = s->ike->ticket_keys[0];
	struct aead *a = keyed(s, key, true);
	size_t n = KEY_NAME + IV + plain.n + tag();
	uint8_t *out = arena_alloc(arena, n);
	struct aead_job job = {
		.aad = bytes_of(out, KEY_NAME),
		.iv = out + KEY_NAME,
		.data = out + KEY_NAME + IV,
		.n = plain.n,
		.icv = out + KEY_NAME + IV + plain.n,
	};

	memcpy(out, key, KEY_NAME);
	rng_fill(s->rng, out + KEY_NAME, IV);
	memcpy(job.data, plain.p, plain.n);
	return a && !aead_seal(a, &job) ? bytes_of(out, n) : (struct bytes){ 0 };
}

static const uint8_t *key_named(const struct ike *ike, struct bytes name)
{
	for (unsigned i = 0; i < ike->n_ticket_keys; i++)
		if (bytes_eq(name, bytes_of(ike->ticket_keys[i], KEY_NAME)))
			return ike->ticket_keys[i];
	return NULL;
}

static enum err unseal(struct step *s, struct bytes opaque, struct bytes *plain)
{
	size_t front = KEY_NAME + IV, back = tag();
	const uint8_t *key = opaque.n > front + back && opaque.n <= TICKET_MAX + front + back
				     ? key_named(s->ike, bytes_of(opaque.p, KEY_NAME))
				     : NULL;
	struct aead *a = key ? keyed(s, key, false) : NULL;
	uint8_t *copy;
	struct aead_job job;

	if (!a)
		return ERR_AUTH;
	copy = (uint8_t *)arena_bytes(s->scratch, opaque).p;
	job = (struct aead_job){
		.aad = bytes_of(copy, KEY_NAME),
		.iv = copy + KEY_NAME,
		.data = copy + front,
		.n = opaque.n - front - back,
		.icv = copy + opaque.n - back,
	};
	*plain = bytes_of(job.data, job.n);
	return aead_open(a, &job) ? ERR_AUTH : ERR_OK;
}

/* --------------------------------------------------------------------- gateway */

/* So many are remembered until they expire: when there are too many, none is taken any more. */
static bool is_used(struct ike *ike, uint64_t number, uint32_t wall)
{
	unsigned n = 0;
	bool used = false;

	for (unsigned i = 0; i < ike->n_used; i++) {
		if (ike->used[i].end <= wall)
			continue;
		used |= ike->used[i].number == number;
		ike->used[n++] = ike->used[i];
	}
	ike->n_used = n;
	return used || n == TICKETS_USED_MAX;
}

bool ticket_use(struct step *s, uint64_t number, uint32_t end)
{
	struct ike *ike = s->ike;

	if (is_used(ike, number, ticket_wall(s)))
		return false;
	if (!ike->used) {
		ike->used = calloc(TICKETS_USED_MAX, sizeof *ike->used);
		if (!ike->used)
			abort();
	}
	ike->used[ike->n_used++] = (struct used_ticket){ number, end };
	return true;
}

enum err ticket_open(struct step *s, struct bytes opaque, struct ticket *out)
{
	uint32_t wall = ticket_wall(s);
	struct bytes plain;
	enum err e = unseal(s, opaque, &plain);

	if (!e)
		e = ticket_parse(plain, s->scratch, out);
	if (!e && (out->end <= wall || out->end > wall + TICKET_TIME / 1000 ||
			  is_used(s->ike, out->number, wall)))
		e = ERR_RANGE;
	return e;
}

void ticket_asked(struct draft *d, const struct message *m)
{
	d->hs.ticket_asked = message_notify(m, TICKET_REQUEST);
}

/* Until when, on the core's clock, what the client has proved holds; 0: without end. */
static uint64_t proved_until(const struct draft *d)
{
	const struct peer *p = d->core.peer;
	uint64_t now = d->step->now, reauth = p->reauth_time ? now + p->reauth_time : 0,
		 certs = d->hs.valid ? now + (uint64_t)d->hs.valid * 1000 : 0,
		 before = d->hs.auth_left ? now + d->hs.auth_left : 0, end = reauth;

	if (certs && (!end || certs < end))
		end = certs;
	return before && (!end || before < end) ? before : end;
}

/* Nobody would look again at certificates that may be revoked: where that ends an IKE_SA, it is not resumed.
 * Nor would a RADIUS server hear of a session, or have ended one for good. */
static bool may_resume(const struct draft *d)
{
	const struct peer *p = d->core.peer;
	const char *method = d->hs.eap.method;

	if (method && eap_method_number(method) == EAP_METHOD_RADIUS)
		return false;
	return p->resumption && d->step->ike->n_ticket_keys &&
	       !(d->hs.proven.n && p->cert_revoked == CERT_END_CLOSE) && strlen(p->name) <= TEXT_MAX;
}

/* Who the two are, as a ticket has it, and until when that holds. */
struct proven {
	const struct id *id_i, *id_r, *eap_id;
	uint64_t until;
};

/* One for an IKE_SA of CORE; empty when it would be worth nothing. */
static struct bytes make(struct draft *d, const struct sa_core *c, const struct proven *who, uint64_t *number,
	uint32_t *seconds)
{
	uint32_t wall = ticket_wall(d->step);
	uint64_t now = d->step->now, until = who->until,
		 left = !until        ? UINT32_MAX
			: until > now ? (until - now) / 1000
				      : 0;
	struct ticket t = {
		.number = rng_u64(d->step->rng),
		.content = c->peer->content,
		.trust = ticket_trust(d->step->ike),
		.conn = c->peer->name,
		.id_i = *who->id_i,
		.id_r = *who->id_r,
		.eap_id = *who->eap_id,
		.suite = c->suite,
		.post_quantum = c->post_quantum,
		.ppk = c->ppk,
		.ppk_int = c->ppk_int,
		.d = bytes_of(c->keys.d, c->suite.prf->out),
	};
	struct bytes plain;

	*seconds = left < TICKET_TIME / 1000 ? (uint32_t)left : TICKET_TIME / 1000;
	t.end = wall + *seconds;
	t.auth_end = until ? wall + (uint32_t)left : 0;
	plain = ticket_print(&t, d->step->scratch);
	if (!plain.n || !*seconds)
		return (struct bytes){ 0 };
	*number = t.number;
	return seal(d->step, plain, d->step->scratch);
}

static void put(struct draft *d, struct message *m, struct bytes opaque, uint32_t seconds)
{
	struct arena *a = d->step->scratch;
	struct wr w;

	if (!opaque.n) {
		message_add_notify(m, a, TICKET_NACK, (struct bytes){ 0 });
		return;
	}
	w = wr_of(arena_alloc(a, 4 + opaque.n), 4 + opaque.n);
	wr_u32(&w, seconds);
	wr_bytes(&w, opaque);
	message_add_notify(m, a, TICKET_LT_OPAQUE, wr_done(&w));
}

void ticket_put(struct draft *d, struct message *m)
{
	const struct proven who = { &d->hs.remote_id, &d->hs.local_id, &d->hs.eap.id, proved_until(d) };
	struct bytes opaque = { 0 };
	uint32_t seconds = 0;

	if (!d->hs.ticket_asked)
		return;
	if (may_resume(d))
		opaque = make(d, &d->core, &who, &d->ticket, &seconds);
	put(d, m, opaque, seconds);
}

/* What a proof was judged by: the connection PEER as it is, and the authorities. */
static uint64_t judged_by(const struct ike *ike, const struct peer *peer)
{
	const uint64_t by[] = { peer->content, ticket_trust(ike) };

	return bytes_hash(BYTES_HASH, bytes_of((const uint8_t *)by, sizeof by)) | 1;
}

void ticket_proven(const struct draft *d, struct sa *sa)
{
	sa->proven_as = may_resume(d) ? judged_by(d->step->ike, d->core.peer) : 0;
	sa->proven_until = proved_until(d);
}

void ticket_grant(struct draft *d, const struct sa_core *core, struct message *m, uint64_t *number)
{
	const struct sa *sa = d->sa;
	const struct proven who = { &sa->remote_id, &sa->local_id, &sa->eap_id, sa->proven_until };
	struct bytes opaque = { 0 };
	uint32_t seconds = 0;

	if (!d->core.began && sa->up && core->peer->resumption && d->step->ike->n_ticket_keys &&
		sa->proven_as == judged_by(d->step->ike, core->peer))
		opaque = make(d, core, &who, number, &seconds);
	put(d, m, opaque, seconds);
}

void ticket_given(struct sa *sa, uint64_t number)
{
	sa->ticket_before = sa->ticket;
	sa->ticket = number;
}

bool ticket_resumes(uint64_t number, const struct sa *sa)
{
	return number && (sa->ticket == number || sa->ticket_before == number);
}

/* ---------------------------------------------------------------------- client */

void ticket_free(struct kept_ticket *t)
{
	if (!t)
		return;
	arena_free(&t->arena);
	wipe(t, sizeof *t);
	free(t);
}

static struct conn *conn_of(const struct draft *d)
{
	return conn_find(d->step->ike, d->core.peer->name);
}

void ticket_ask(struct draft *d, struct message *m)
{
	if (d->core.peer->resumption)
		message_add_notify(m, d->step->scratch, TICKET_REQUEST, (struct bytes){ 0 });
}

/* The ticket in M, with what goes with it of D's IKE_SA; NULL: there is none, or it is not wanted. */
static struct kept_ticket *take(struct draft *d, const struct message *m)
{
	const struct wire_notify *n = message_notify(m, TICKET_LT_OPAQUE);
	struct rd r = rd_of(n ? n->data : (struct bytes){ 0 });
	uint64_t ms = (uint64_t)rd_u32(&r) * 1000;
	struct kept_ticket *t;

	if (!conn_of(d) || !d->core.peer->resumption || r.bad || !ms || !r.n || r.n > TICKET_TAKEN_MAX)
		return NULL;
	t = calloc(1, sizeof *t);
	if (!t)
		abort();
	t->sa = d->sa->id;
	t->gateway = d->core.path.remote.ip;
	t->end = d->step->now + ms;
	/* A tenth earlier another one is asked for. */
	d->sa->ticket_due = t->end - ms / 10;
	t->opaque = arena_bytes(&t->arena, rd_rest(&r));
	t->d = arena_bytes(&t->arena, bytes_of(d->core.keys.d, d->core.suite.prf->out));
	t->suite = d->core.suite;
	t->post_quantum = d->core.post_quantum;
	t->ppk = d->core.ppk;
	t->ppk_int = d->core.ppk_int;
	return t;
}

static void keep(struct draft *d, struct kept_ticket *t, const struct id *local, const struct id *remote)
{
	struct conn *c = conn_of(d);

	t->local_id = id_copy(&t->arena, local);
	t->remote_id = id_copy(&t->arena, remote);
	ticket_free(c->ticket);
	c->ticket = t;
}

void ticket_keep(struct draft *d, const struct message *m)
{
	struct kept_ticket *t = take(d, m);

	if (!t)
		return;
	t->auth_end = proved_until(d);
	t->content = d->core.peer->content;
	keep(d, t, &d->hs.local_id, &d->hs.remote_id);
}

/* Whether the ticket of SA's connection is SA's. */
static bool is_its(const struct conn *c, const struct sa *sa)
{
	return c && c->ticket && c->ticket->sa == sa->id;
}

void ticket_renewed(struct draft *d, const struct message *m)
{
	const struct conn *c = conn_of(d);
	struct kept_ticket *t = is_its(c, d->sa) ? take(d, m) : NULL;

	if (!t)
		return;
	t->auth_end = c->ticket->auth_end;
	t->content = c->ticket->content;
	keep(d, t, &d->sa->local_id, &d->sa->remote_id);
}

/* What is to be authenticated anew is not resumed. */
static bool fits(const struct draft *d, const struct kept_ticket *t)
{
	const struct peer *p = d->core.peer;
	uint64_t now = d->step->now;

	return p->resumption && p->childless != CHILDLESS_FORCE && t->content == p->content &&
	       ip_eq(&t->gateway, &d->core.path.remote.ip) && t->end > now &&
	       (!t->auth_end || t->auth_end > now) && !d->core.reauthenticates;
}

/* Whether the IKE_SA of T is up: the gateway would forget it for the new one. */
static bool in_use(const struct conn *c, const struct kept_ticket *t)
{
	list_each (n, (struct node *)&c->sas) {
		const struct sa *sa = node_owner(n, struct sa, of_conn);

		if (sa->id == t->sa && sa->core.state == S_UP)
			return true;
	}
	return false;
}

struct kept_ticket *ticket_take(struct draft *d)
{
	struct conn *c = conn_of(d);
	struct kept_ticket *t = c ? c->ticket : NULL;

	if (!t || !fits(d, t) || in_use(c, t))
		return NULL;
	c->ticket = NULL;
	return t;
}

void ticket_drop(struct ike *ike, const struct sa *sa)
{
	struct conn *c = sa->core.peer ? conn_find(ike, sa->core.peer->name) : NULL;

	if (!is_its(c, sa))
		return;
	ticket_free(c->ticket);
	c->ticket = NULL;
}

void ticket_adopt(struct ike *ike, struct sa *from, struct sa *into)
{
	struct conn *c = from->core.peer ? conn_find(ike, from->core.peer->name) : NULL;

	if (!is_its(c, from))
		return;
	c->ticket->sa = into->id;
	into->ticket_due = from->ticket_due;
	from->ticket_due = 0;
	task_add(into, TASK_TICKET, NULL);
}
