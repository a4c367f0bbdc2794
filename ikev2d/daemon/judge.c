/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging at once, and again when the servers have answered. */
#include "daemon/judge.h"

#include "daemon/clock.h"
#include "daemon/engine.h"
#include "daemon/evidence.h"
#include "daemon/line.h"
#include "pki/sign.h"

#include <stdlib.h>
#include <time.h>

/* One certificate to be judged. */
struct judgement {
	struct node node;
	struct world *world;
	struct answer *answer;   /* NULL: it was given */
	struct arena arena;      /* of the verdict: servers may answer later than we do */
	const struct peer *peer; /* a reference */
	struct ike_question q;   /* in ARENA as far as it is needed here */
	struct evidence evidence;
	struct cert *leaf; /* whose key made the signature */
	struct cert_list pinned, cacerts;
	struct path_verdict verdict;
	struct event *late;
	void (*fetched)(struct judgement *j); /* what follows when all that is fetched has come */
	unsigned fetching;
	const char *lost; /* why the last of it did not come */
	unsigned asked;   /* servers that will answer, whatever becomes of this */
	uint32_t sa;      /* not 0: it is no question, but whether this IKE_SA may go on */
	bool over;
};

static int64_t wall_clock(void)
{
	return (int64_t)time(NULL);
}

void judges_start(struct judges *j)
{
	j->now = wall_clock;
	list_init(&j->asking);
	inquiries_start(&j->inquiries);
}

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
	peer_unref(j->peer);
	arena_free(&j->arena);
	free(j);
}

void judges_stop(struct judges *all)
{
	list_each_safe (n, &all->asking) {
		struct judgement *j = node_owner(n, struct judgement, node);

		if (j->answer)
			answer_free(j->answer);
		j->answer = NULL;
		j->over = true;
		judgement_free(j);
	}
	inquiries_stop(&all->inquiries);
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

static void judge(struct judgement *j)
{
	const struct auth_conf *a = &j->peer->remote;
	struct cert_list more = untrusted(j, &j->arena);
	struct path_request r = {
		.leaf = j->leaf,
		.untrusted = more.v,
		.n_untrusted = more.n,
		.now = j->world->judges.now(),
		.constraints = creds_constraints(a, &j->arena),
		.pinned = j->pinned.v,
		.n_pinned = j->pinned.n,
		.cacerts = j->cacerts.v,
		.n_cacerts = j->cacerts.n,
		.ca_id = a->ca_id.type == ID_ANY ? NULL : &a->ca_id,
		.policies = a->cert_policy.v,
		.n_policies = a->cert_policy.n,
		.revocation = a->revocation,
		.stapled = j->evidence.stapled,
		.n_stapled = j->evidence.n_stapled,
	};

	path_judge(&j->world->config.creds.store, &r, &j->arena, &j->verdict);
}

/* Seconds until the first certificate of the chain expires; 0: there is none. */
static uint32_t valid_for(const struct judgement *j)
{
	int64_t left = j->verdict.not_after - j->world->judges.now();

	if (!j->verdict.n_links)
		return 0;
	return left < 1 ? 1 : left > UINT32_MAX ? 0 : (uint32_t)left;
}

/* What judge_again will need, where the connection wants that. */
static struct ike_certs to_keep(const struct judgement *j, struct arena *arena)
{
	struct cert_list more = untrusted(j, arena);
	struct wire_cert *v;

	if (!j->leaf || j->peer->cert_revoked == CERT_END_KEEP)
		return (struct ike_certs){ 0 };
	v = ARENA_ARRAY(arena, 1 + more.n, struct wire_cert);
	for (unsigned i = 0; i <= more.n; i++)
		v[i] = (struct wire_cert){ CERT_X509_SIGNATURE,
			arena_bytes(arena, (i ? more.v[i - 1] : j->leaf)->der) };
	return (struct ike_certs){ v, 1 + more.n };
}

/* Hands the verdict over, once; with the lines of the configuration that it follows from. */
static void hand_over(struct judgement *j, enum err e, struct why *why)
{
	struct answer *answer = j->answer;

	j->over = true;
	j->answer = NULL;
	answer->a.result = e;
	if (!e) {
		answer->a.valid = valid_for(j);
		answer->a.certs = to_keep(j, &answer->arena);
	}
	if (e) {
		if (!why->where)
			why->where = source_print(&j->peer->remote.at, "auth", &j->arena);
		answer->a.why = why_copy(&answer->arena, why);
	}
	engine_answer(j->world, answer);
}

/* The peer of an IKE_SA is one no more. */
static void withdraw(struct judgement *j)
{
	struct world *w = j->world;
	struct why why = j->verdict.why;
	struct text line = text_in(&j->arena);

	why.where = source_print(&j->peer->at, "cert_revoked", &j->arena);
	why.alert = path_alert(FAULT_REVOKED);
	line_add(&line, "connection", j->peer->name);
	line_number(&line, "sa", j->sa);
	line_why(&line, &why);
	log_say(LOG_WARN, "revoked", "%s", text_str(&line));
	failures_note(&w->failures, j->peer->name, &why);
	engine_feed(w, &(struct ike_event){
			       .kind = EVENT_COMMAND, .command = { .kind = COMMAND_DOWN, .ike_id = j->sa } });
}

/* What servers have said counts for all IKE_SAs. */
static void conclude_again(struct judgement *j)
{
	if (!j->over && j->verdict.fault == FAULT_REVOKED)
		recheck_soon(j->world);
	j->over = true;
}

static void conclude(struct judgement *j)
{
	if (j->sa)
		conclude_again(j);
	else if (!j->over)
		hand_over(j, j->verdict.trusted ? ERR_OK : ERR_AUTH, &j->verdict.why);
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
		hand_over(j, ERR_MISSING, &why);
	}
	judgement_free(j);
}

/* From now on others are waited for, but not longer than the core waits for us. */
static void wait(struct judgement *j)
{
	if (j->late)
		return;
	j->late = evtimer_new(j->world->base, on_late, j);
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
		inquiry_begin(j->world, &asking[i], j->peer->name, &j->over, asked_one, j);
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

static enum err check_auth(
	const struct ike_question *q, const struct key *key, struct arena *arena, struct why *why)
{
	struct constraints c = creds_constraints(&q->peer->remote, arena);

	return sign_check(key, (uint8_t)q->method, q->proof, q->octets, &c, arena, NULL, why);
}

/* Raw keys are trusted as such: the first that made the signature. */
static enum err check_keys(const struct ike_question *q, struct arena *arena, struct why *why)
{
	const struct cert_confs *list = &q->peer->remote.pubkeys;
	enum err e = ERR_AUTH;

	for (unsigned i = 0; i < list->n && e; i++) {
		struct key *key;

		e = key_public(list->v[i].data, arena, &key, why);
		if (!e) {
			e = check_auth(q, key, arena, why);
			key_unref(key);
		}
	}
	return e;
}

static enum err check_leaf(
	const struct cert *leaf, const struct ike_question *q, struct arena *arena, struct why *why)
{
	enum err e;

	if (!leaf->key) {
		why->what = arena_printf(arena, "the key of the certificate %s cannot be used: %s",
			cert_name(leaf, arena), leaf->no_key);
		return ERR_UNSUPPORTED;
	}
	e = check_auth(q, leaf->key, arena, why);
	if (!e && !cert_confirms(leaf, &q->remote, arena, why))
		e = ERR_AUTH;
	return e;
}

static enum err no_cert(const struct ike_question *q, struct arena *arena, struct why *why)
{
	why->what = arena_printf(arena, "the peer %s sent no certificate, and none of it is here",
		id_print(&q->remote, arena));
	why->where = source_print(&q->peer->remote.at, "certs", arena);
	why->instead = "send_cert = always on the peer's side, or certs = its certificate here";
	return ERR_MISSING;
}

/* Takes C where it is about the peer and its key made the signature; else WHY is about it. */
static enum err try_known(struct judgement *j, struct cert *c, const struct ike_question *q, struct why *why)
{
	enum err e;

	if (!cert_has_id(c, &q->remote))
		return ERR_MISSING;
	*why = (struct why){ 0 };
	e = check_leaf(c, q, &j->arena, why);
	if (!e)
		j->leaf = cert_ref(c);
	return e;
}

/* Without a certificate in the message: one that is here for this identity, of several the one that fits the
 * signature. Where none does, WHY is about the last. */
static enum err check_known(struct judgement *j, const struct ike_question *q, struct why *why)
{
	(void)no_cert(q, &j->arena, why);
	for (unsigned i = 0; i < j->pinned.n; i++)
		if (!try_known(j, j->pinned.v[i], q, why))
			return ERR_OK;
	list_each (n, &j->world->config.creds.store.all) {
		struct stored *s = store_at(n);

		if (s->kind == STORED_CERT && !try_known(j, s->cert, q, why))
			return ERR_OK;
	}
	return ERR_AUTH;
}

static enum err check_cert(struct judgement *j, struct why *why)
{
	struct cert *first = j->evidence.certs[0];
	enum err e;

	if (!first)
		return check_known(j, &j->q, why);
	e = check_leaf(first, &j->q, &j->arena, why);
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

/* In quotes and now and then: the place is the word of a peer that has proved nothing yet. */
static void say_lost(const struct judgement *j)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "connection", j->peer->name);
	line_add(&line, "msg", j->lost);
	if (line_pass(&j->world->strangers[TELL_REFUSED], clock_ms()))
		log_say(LOG_WARN, "certificate", "%s", text_str(&line));
	arena_free(&arena);
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
		fetch_get(&j->world->fetcher, j->evidence.places[i].url, on_cert, p);
	}
	fetched_one(j);
}

static void refuse(struct judgement *j, enum err e, struct why *why)
{
	hand_over(j, e, why);
	judgement_free(j);
}

/* The leaf is here, if there is any: what a stranger can make us fetch ends here. */
static void check(struct judgement *j)
{
	struct why why = { .what = j->lost };
	enum err e = j->evidence.n && !j->evidence.certs[0] ? ERR_MISSING : check_cert(j, &why);

	if (e)
		refuse(j, e, &why);
	else
		fetch(j, 1, j->evidence.n, judge_chain);
}

/* ------------------------------------------------------------------- whole */

/* Q, for longer than a step. */
static struct ike_question question_copy(
	const struct ike_question *q, const struct peer *peer, struct arena *arena)
{
	return (struct ike_question){ .peer = peer,
		.remote = id_copy(arena, &q->remote),
		.octets = arena_bytes(arena, q->octets),
		.proof = arena_bytes(arena, q->proof),
		.method = q->method };
}

static struct judgement *judgement_new(struct world *w, const struct peer *peer, struct answer *answer)
{
	struct judgement *j = calloc(1, sizeof *j);

	if (!j)
		abort();
	j->world = w;
	j->answer = answer;
	j->peer = peer_ref(peer);
	j->pinned = certs_of(&peer->remote.certs, &w->config.creds.store, "x509", &j->arena);
	j->cacerts = certs_of(&peer->remote.cacerts, &w->config.creds.store, "x509ca", &j->arena);
	list_append(&w->judges.asking, &j->node);
	return j;
}

/* The key that the peer says it has must be one of those that the connection names. */
static enum err check_raw_key(const struct judgement *j, struct why *why)
{
	const struct cert_confs *list = &j->peer->remote.pubkeys;
	struct arena *arena = (struct arena *)&j->arena;
	enum err e = ERR_AUTH;
	struct key *sent;

	if (key_public(j->evidence.raw_key, arena, &sent, why))
		return ERR_SYNTAX;
	for (unsigned i = 0; i < list->n && e; i++) {
		struct key *one;

		if (key_public(list->v[i].data, arena, &one, why))
			continue;
		e = key_eq(one, sent) ? ERR_OK : ERR_AUTH;
		key_unref(one);
	}
	if (e) {
		char id[KEYID_TEXT];

		why->what = arena_printf(arena, "the public key that the peer sent is none of those that the "
						"connection names");
		why->offered = arena_printf(
			arena, "%s, key id %s", key_print(sent, arena), keyid_print(sent->id, id));
		why->where = source_print(&j->peer->remote.at, "pubkeys", arena);
		why->instead = "pubkeys = a file with that key, if it is the right one";
	}
	key_unref(sent);
	return e;
}

/* False: no raw key of the connection's has proved anything, but a certificate may. */
static bool judge_keys(struct judgement *j)
{
	struct why why = { 0 };
	enum err e;

	if (!j->peer->remote.pubkeys.n)
		return false;
	e = j->evidence.raw_key.n ? check_raw_key(j, &why) : ERR_OK;
	if (!e)
		e = check_keys(&j->q, &j->arena, &why);
	if (e && j->evidence.n)
		return false;
	refuse(j, e, &why);
	return true;
}

void judge_check(struct world *w, const struct ike_question *q, struct answer *answer)
{
	struct judgement *j = judgement_new(w, q->peer, answer);
	bool urls = config_now(&w->config)->settings.hash_and_url;
	struct why why = { 0 };
	enum err e;

	j->q = question_copy(q, j->peer, &j->arena);
	e = evidence_take(&j->evidence, &q->certs, &w->config.creds.store, urls, &j->arena, &why);
	if (e)
		refuse(j, e, &why);
	else if (!judge_keys(j))
		fetch(j, 0, j->evidence.n ? 1 : 0, check);
}

void judge_again(struct world *w, const struct ike_proven *proven, bool ask)
{
	struct judgement *j = judgement_new(w, proven->peer, NULL);
	struct why why = { 0 };

	j->sa = proven->id;
	if (evidence_take(&j->evidence, &proven->certs, &w->config.creds.store, false, &j->arena, &why))
		abort();
	j->leaf = cert_ref(j->evidence.certs[0]);
	judge(j);
	if (ask && j->verdict.worth_asking) {
		ask_servers(j);
		return;
	}
	if (j->verdict.fault == FAULT_REVOKED)
		withdraw(j);
	j->over = true;
	judgement_free(j);
}
