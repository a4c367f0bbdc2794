/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging at once, and again when the servers have answered. */
#include "daemon/judge.h"

#include "creds/creds.h"
#include "daemon/certs.h"
#include "daemon/clock.h"
#include "daemon/evidence.h"
#include "pki/sign.h"

#include <stdlib.h>

enum { AGAIN_MAX = IPC_DATA_MAX / 2 /* octets of certificates that are kept to be judged again */ };

/* One certificate to be judged. */
struct judgement {
	struct node node;
	struct certs *certs;
	uint64_t ticket;
	struct arena arena; /* of all that follows: servers may answer later than we do */
	struct ipc_judge q;
	bool again; /* no proof, but whether he who gave one may go on */
	struct constraints constraints;
	struct evidence evidence;
	struct cert *leaf; /* whose key made the signature */
	struct cert_list pinned, cacerts;
	struct path_verdict verdict;
	struct event *late;
	void (*fetched)(struct judgement *j); /* what follows when all that is fetched has come */
	unsigned fetching;
	const char *lost; /* why the last of it did not come */
	unsigned asked;   /* servers that will answer, whatever becomes of this */
	bool over;
};

static void judgement_free(struct judgement *j)
{
	if (j->asked || j->fetching || !j->over)
		return;
	list_remove(&j->node);
	evidence_free(&j->evidence);
	cert_unref(j->leaf);
	certs_free(&j->pinned);
	certs_free(&j->cacerts);
	if (j->late)
		event_free(j->late);
	arena_free(&j->arena);
	free(j);
}

void judges_stop(struct certs *c)
{
	list_each_safe (n, &c->judging) {
		struct judgement *j = node_owner(n, struct judgement, node);

		j->over = true;
		judgement_free(j);
	}
}

/* -------------------------------------------------------------- the verdict */

/* What came with the leaf, as far as it is here. */
static struct cert_list untrusted(const struct judgement *j, struct arena *arena)
{
	const struct evidence *e = &j->evidence;
	struct cert_list out = { ARENA_ARRAY(arena, EVIDENCE_MAX, struct cert *), 0 };

	for (unsigned i = 1; i < e->n; i++)
		if (e->certs[i])
			out.v[out.n++] = e->certs[i];
	return out;
}

static const char *const *texts_of(const struct ipc_octets *o, struct arena *arena)
{
	const char **v = ARENA_ARRAY(arena, o->n, const char *);

	for (unsigned i = 0; i < o->n; i++)
		v[i] = arena_text(arena, o->v[i]);
	return v;
}

static void judge(struct judgement *j)
{
	const struct ipc_demands *d = &j->q.demands;
	struct cert_list more = untrusted(j, &j->arena);
	struct path_request r = {
		.leaf = j->leaf,
		.untrusted = more.v,
		.n_untrusted = more.n,
		.now = j->certs->now(),
		.constraints = j->constraints,
		.pinned = j->pinned.v,
		.n_pinned = j->pinned.n,
		.cacerts = j->cacerts.v,
		.n_cacerts = j->cacerts.n,
		.ca_id = d->ca_id.type == ID_ANY ? NULL : &d->ca_id,
		.policies = texts_of(&d->policies, &j->arena),
		.n_policies = d->policies.n,
		.revocation = d->revocation,
		.stapled = j->evidence.stapled,
		.n_stapled = j->evidence.n_stapled,
	};

	path_judge(&j->certs->store, &r, &j->arena, &j->verdict);
}

/* Seconds until the first certificate of the chain expires; 0: there is none. */
static uint32_t valid_for(const struct judgement *j)
{
	int64_t left = j->verdict.not_after - j->certs->now();

	if (!j->verdict.n_links)
		return 0;
	return left < 1 ? 1 : left > UINT32_MAX ? 0 : (uint32_t)left;
}

/* What IPC_AGAIN will need, where the connection wants that. The leaf comes first; of a chain that is longer
 * than any that is meant, what is left out can only be missing then, and that ends nothing. */
static struct ipc_octets to_keep(struct judgement *j)
{
	struct cert_list more = untrusted(j, &j->arena);
	struct bytes *v;
	size_t octets = 0;
	unsigned n = 0;

	if (!j->leaf || !j->q.demands.keep)
		return (struct ipc_octets){ 0 };
	v = ARENA_ARRAY(&j->arena, 1 + more.n, struct bytes);
	for (unsigned i = 0; i <= more.n; i++) {
		v[n] = (i ? more.v[i - 1] : j->leaf)->der;
		octets += v[n].n;
		if (octets > AGAIN_MAX)
			break;
		n++;
	}
	return (struct ipc_octets){ v, n };
}

static const char *short_enough(const char *s, struct arena *arena)
{
	return s && strlen(s) > IPC_TEXT_MAX ? arena_text(arena, bytes_of((const uint8_t *)s, IPC_TEXT_MAX))
					     : s;
}

/* Hands the verdict over, once. */
static void hand_over(struct judgement *j, enum err e, const struct why *why, enum ipc_line line)
{
	struct ipc_message m = { .kind = IPC_VERDICT,
		.ticket = j->ticket,
		.verdict = { .result = (uint8_t)e, .line = (uint8_t)line } };
	struct ipc_verdict *v = &m.verdict;

	j->over = true;
	if (!e) {
		v->valid = valid_for(j);
		v->certs = to_keep(j);
	} else {
		v->revoked = j->verdict.fault == FAULT_REVOKED;
		v->why = (struct why){ .what = short_enough(why->what, &j->arena),
			.offered = short_enough(why->offered, &j->arena),
			.configured = short_enough(why->configured, &j->arena),
			.differs = short_enough(why->differs, &j->arena),
			.instead = short_enough(why->instead, &j->arena),
			.alert = why->alert };
	}
	certs_answer(j->certs, &m);
}

static void hand_over_verdict(struct judgement *j)
{
	hand_over(j, j->verdict.trusted ? ERR_OK : ERR_AUTH, &j->verdict.why, IPC_LINE_AUTH);
}

/* What servers have said counts for everybody who was judged before. */
static void conclude(struct judgement *j)
{
	if (j->over)
		return;
	if (!j->again) {
		hand_over_verdict(j);
		return;
	}
	if (j->verdict.fault == FAULT_REVOKED)
		certs_tell(j->certs, &(struct ipc_message){ .kind = IPC_NEWS });
	j->over = true;
}

/* ------------------------------------------------------------------ asking */

/* What has not come by now is not waited for. */
static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	struct judgement *j = ctx;
	struct why why = { .what = "the peer's certificate could not be fetched in time" };

	(void)fd;
	(void)what;
	if (j->over)
		return;
	if (j->leaf) {
		judge(j);
		conclude(j);
	} else {
		hand_over(j, ERR_MISSING, &why, IPC_LINE_AUTH);
	}
	judgement_free(j);
}

/* From now on others are waited for, but not longer than the core waits for us. */
static void wait(struct judgement *j)
{
	if (j->late)
		return;
	j->late = evtimer_new(j->certs->base, on_late, j);
	if (!j->late)
		abort();
	evtimer_add(j->late, &(struct timeval){ .tv_sec = JUDGE_TIME });
}

static void asked_one(void *ctx)
{
	struct judgement *j = ctx;

	if (--j->asked == 0 && !j->over) {
		judge(j);
		conclude(j);
	}
	judgement_free(j);
}

/* Every link that nobody knows of, all at once; the last answer ends it. An answer may change the store at
 * once, so the links are copied first. */
static void ask_servers(struct judgement *j)
{
	struct path_link asking[CHAIN_MAX + 1];
	unsigned n = 0;

	wait(j);
	for (unsigned i = 0; i < j->verdict.n_links; i++) {
		const struct path_link *l = &j->verdict.links[i];

		if (l->issuer && l->status == STATUS_UNKNOWN && l->ocsps.n + l->crls.n)
			asking[n++] = *l;
	}
	j->asked = n + 1;
	for (unsigned i = 0; i < n; i++)
		inquiry_begin(j->certs, &asking[i], j->q.demands.name, &j->over, asked_one, j);
	asked_one(j);
}

static void judge_chain(struct judgement *j)
{
	judge(j);
	if (j->verdict.worth_asking) {
		ask_servers(j);
		return;
	}
	conclude(j);
	judgement_free(j);
}

/* ---------------------------------------------------------------- the proof */

static enum err check_auth(struct judgement *j, const struct key *key, struct why *why)
{
	return sign_check(key, j->q.method, j->q.proof, j->q.octets, &j->constraints, &j->arena, NULL, why);
}

/* Raw keys are trusted as such: the first that made the signature. */
static enum err check_keys(struct judgement *j, struct why *why)
{
	const struct ipc_octets *list = &j->q.demands.pubkeys;
	enum err e = ERR_AUTH;

	for (unsigned i = 0; i < list->n && e; i++) {
		struct key *key;

		e = key_public(list->v[i], &j->arena, &key, why);
		if (!e) {
			e = check_auth(j, key, why);
			key_unref(key);
		}
	}
	return e;
}

static enum err check_leaf(struct judgement *j, const struct cert *leaf, struct why *why)
{
	if (!leaf->key) {
		why->what = arena_printf(&j->arena, "the key of the certificate %s cannot be used: %s",
			cert_name(leaf, &j->arena), leaf->no_key);
		return ERR_UNSUPPORTED;
	}
	return check_auth(j, leaf->key, why);
}

/* Takes C where it is about the peer and its key made the signature; else WHY is about it. */
static enum err try_known(struct judgement *j, struct cert *c, struct why *why, bool *tried)
{
	enum err e;

	if (!cert_is_of(c, &j->q.remote))
		return ERR_MISSING;
	*tried = true;
	*why = (struct why){ 0 };
	e = check_leaf(j, c, why);
	if (!e)
		j->leaf = cert_ref(c);
	return e;
}

/* There is no CA, neither here nor for this connection. */
static bool trusts_nobody(const struct judgement *j)
{
	list_each (n, &j->certs->store.all)
		if (store_at(n)->kind == STORED_CA)
			return false;
	return !j->cacerts.n;
}

/* Without a certificate in the message: one that is here for this identity, of several the one that fits the
 * signature. Where none does, WHY is about the last. */
static enum err check_known(struct judgement *j, struct why *why, enum ipc_line *line)
{
	bool tried = false;

	why->what = arena_printf(&j->arena, "the peer %s sent no certificate, and none of it is here",
		id_print(&j->q.remote, &j->arena));
	why->instead = trusts_nobody(j)
			       ? "the CA's certificate in the folder x509ca: no CA is trusted here, so "
				 "the peer was not asked for its certificate"
			       : "send_cert = always on the peer's side, or certs = its certificate "
				 "here";
	for (unsigned i = 0; i < j->pinned.n; i++)
		if (!try_known(j, j->pinned.v[i], why, &tried))
			return ERR_OK;
	list_each (n, &j->certs->store.all) {
		struct stored *s = store_at(n);

		if (s->kind == STORED_CERT && !try_known(j, s->cert, why, &tried))
			return ERR_OK;
	}
	*line = tried ? IPC_LINE_AUTH : IPC_LINE_CERTS;
	return ERR_AUTH;
}

static enum err check_cert(struct judgement *j, struct why *why, enum ipc_line *line)
{
	struct cert *first = j->evidence.certs[0];
	enum err e;

	if (!first)
		return check_known(j, why, line);
	e = check_leaf(j, first, why);
	if (!e && !cert_confirms(first, &j->q.remote, &j->arena, why)) {
		*line = IPC_LINE_ID;
		e = ERR_AUTH;
	}
	if (!e)
		j->leaf = cert_ref(first);
	return e;
}

/* ---------------------------------------------------- certificates elsewhere */

/* One certificate on its way. */
struct parcel {
	struct judgement *j;
	unsigned i;
};

static void fetched_one(struct judgement *j)
{
	if (--j->fetching || j->over)
		judgement_free(j);
	else
		j->fetched(j);
}

/* Now and then: the place is the word of a peer that has proved nothing yet. */
static void say_lost(const struct judgement *j)
{
	unsigned held;

	if (gate_pass(&j->certs->strangers, clock_ms(), &held))
		certs_say(j->certs, "certificate", j->q.demands.name, j->lost);
}

static void on_cert(void *ctx, struct bytes body, const char *lost)
{
	struct parcel *p = ctx;
	struct judgement *j = p->j;
	struct why why = { .what = lost };

	if (lost || evidence_fetched(&j->evidence, p->i, body, &j->arena, &why))
		j->lost = arena_str(&j->arena, why_line(&why, &j->arena));
	if (j->lost && !j->over)
		say_lost(j);
	fetched_one(j);
}

/* Those from FROM on and before END that are not here; THEN follows in any case. */
static void fetch(struct judgement *j, unsigned from, unsigned end, void (*then)(struct judgement *j))
{
	j->fetched = then;
	j->fetching = 1;
	for (unsigned i = from; i < end; i++) {
		struct parcel *p = ARENA_NEW(&j->arena, struct parcel);

		if (j->evidence.certs[i])
			continue;
		*p = (struct parcel){ j, i };
		j->fetching++;
		wait(j);
		fetch_get(&j->certs->fetcher, j->evidence.places[i].url, on_cert, p);
	}
	fetched_one(j);
}

static void refuse(struct judgement *j, enum err e, const struct why *why, enum ipc_line line)
{
	hand_over(j, e, why, line);
	judgement_free(j);
}

/* The leaf is here, if there is any: what a stranger can make us fetch ends here. */
static void check(struct judgement *j)
{
	struct why why = { .what = j->lost };
	enum ipc_line line = IPC_LINE_AUTH;
	enum err e = j->evidence.n && !j->evidence.certs[0] ? ERR_MISSING : check_cert(j, &why, &line);

	if (e)
		refuse(j, e, &why, line);
	else
		fetch(j, 1, j->evidence.n, judge_chain);
}

/* ------------------------------------------------------------------- whole */

/* The key that the peer says it has must be one of those that the connection names. */
static enum err check_raw_key(struct judgement *j, struct why *why)
{
	const struct ipc_octets *list = &j->q.demands.pubkeys;
	enum err e = ERR_AUTH;
	struct key *sent;
	char id[KEYID_TEXT];

	if (key_public(j->evidence.raw_key, &j->arena, &sent, why))
		return ERR_SYNTAX;
	for (unsigned i = 0; i < list->n && e; i++) {
		struct key *one;

		if (key_public(list->v[i], &j->arena, &one, why))
			continue;
		e = key_eq(one, sent) ? ERR_OK : ERR_AUTH;
		key_unref(one);
	}
	if (e)
		*why = (struct why){
			.what = "the public key that the peer sent is none of those that the connection "
				"names",
			.offered = arena_printf(&j->arena, "%s, key id %s", key_print(sent, &j->arena),
				keyid_print(sent->id, id)),
			.instead = "pubkeys = a file with that key, if it is the right one",
		};
	key_unref(sent);
	return e;
}

/* False: no raw key of the connection's has proved anything, but a certificate may. */
static bool judge_keys(struct judgement *j)
{
	struct why why = { 0 };
	enum ipc_line line = IPC_LINE_AUTH;
	enum err e;

	if (!j->q.demands.pubkeys.n)
		return false;
	e = j->evidence.raw_key.n ? check_raw_key(j, &why) : ERR_OK;
	if (e == ERR_AUTH)
		line = IPC_LINE_PUBKEYS;
	if (!e)
		e = check_keys(j, &why);
	if (e && j->evidence.n)
		return false;
	refuse(j, e, &why, line);
	return true;
}

/* All, or none: where a connection names nobody, everybody may be right. */
static enum err read_all(struct store *s, const struct ipc_octets *o, struct arena *arena,
	struct cert_list *out, struct why *why)
{
	enum err e;

	out->v = ARENA_ARRAY(arena, o->n, struct cert *);
	for (out->n = 0; out->n < o->n; out->n++)
		if ((e = store_read(s, o->v[out->n], arena, &out->v[out->n], why)))
			return e;
	return ERR_OK;
}

/* Who read these for guard is believed less than guard is: that they cannot be read is no fault of guard's.
 */
static enum err read_demands(struct judgement *j, struct why *why)
{
	const struct ipc_demands *d = &j->q.demands;
	struct store *s = &j->certs->store;
	enum err e = read_all(s, &d->pinned, &j->arena, &j->pinned, why);

	if (!e)
		e = read_all(s, &d->cacerts, &j->arena, &j->cacerts, why);
	if (e)
		why->what =
			arena_printf(&j->arena, "a certificate that the connection names cannot be used: %s",
				why->what ? why->what : err_name(e));
	return e;
}

static struct judgement *judgement_new(struct certs *c, const struct ipc_message *m)
{
	struct judgement *j = calloc(1, sizeof *j);

	if (!j)
		abort();
	arena_join(&j->arena, c->message);
	j->certs = c;
	j->ticket = m->ticket;
	j->q = m->judge;
	j->again = m->kind == IPC_AGAIN;
	list_append(&c->judging, &j->node);
	return j;
}

/* M, for longer than it is obeyed: OUT, or NULL where there is a verdict already. False: its demands are not
 * to be understood. */
static bool begin(struct certs *c, const struct ipc_message *m, struct judgement **out)
{
	struct judgement *j = judgement_new(c, m);
	const char *constraints = j->q.demands.constraints;
	struct text wrong = text_in(&j->arena);
	struct why why = { 0 };
	enum err e;

	*out = NULL;
	if (constraints && constraints_parse(constraints, &j->constraints, &wrong)) {
		j->over = true;
		judgement_free(j);
		return false;
	}
	e = read_demands(j, &why);
	if (e)
		refuse(j, e, &why, IPC_LINE_CERTS);
	else
		*out = j;
	return true;
}

bool judge_take_proof(void *ctx, const struct ipc_message *m)
{
	struct judgement *j;
	struct why why = { 0 };
	enum err e;

	if (!begin(ctx, m, &j))
		return false;
	if (!j)
		return true;
	e = evidence_take(&j->evidence, &j->q.certs, &j->certs->store, j->q.urls, &j->arena, &why);
	if (e)
		refuse(j, e, &why, IPC_LINE_AUTH);
	else if (!judge_keys(j))
		fetch(j, 0, j->evidence.n ? 1 : 0, check);
	return true;
}

/* The chain alone, without a proof; false: it is none, and that is the verdict. */
static bool take_chain(struct judgement *j)
{
	struct why why = { 0 };

	if (evidence_take(&j->evidence, &j->q.certs, &j->certs->store, false, &j->arena, &why) ||
		!j->evidence.n) {
		refuse(j, ERR_SYNTAX, &why, IPC_LINE_AUTH);
		return false;
	}
	j->leaf = cert_ref(j->evidence.certs[0]);
	return true;
}

/* What is known is the answer; what servers say comes as news. */
bool judge_take_again(void *ctx, const struct ipc_message *m)
{
	struct judgement *j;

	if (!begin(ctx, m, &j))
		return false;
	if (!j || !take_chain(j))
		return true;
	judge(j);
	hand_over_verdict(j);
	j->over = !j->q.ask || !j->verdict.worth_asking;
	if (j->over)
		judgement_free(j);
	else
		ask_servers(j);
	return true;
}

/* Its key has proved something elsewhere, to who asks. */
bool judge_take_shown(void *ctx, const struct ipc_message *m)
{
	struct judgement *j;

	if (!begin(ctx, m, &j))
		return false;
	if (j && take_chain(j))
		judge_chain(j);
	return true;
}
