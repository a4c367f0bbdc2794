/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging at once, and again when the servers have answered. */
#include "daemon/judge.h"

#include "daemon/crl_cache.h"
#include "daemon/engine.h"
#include "daemon/line.h"
#include "pki/path.h"
#include "pki/sign.h"

#include <stdlib.h>
#include <time.h>

enum {
	JUDGE_TIME = 6,   /* s for servers: the core waits a little longer */
	SILENT_TIME = 60, /* s in which a server that did not answer is not asked again */
	SILENT_MAX = 64,
};

struct silent {
	struct node node;
	int64_t until;
	char *url;
};

/* One certificate to be judged. */
struct judgement {
	struct node node;
	struct world *world;
	struct answer *answer;   /* NULL: it was given */
	struct arena arena;      /* of the verdict: servers may answer later than we do */
	const struct peer *peer; /* a reference */
	struct cert *leaf;
	struct cert *untrusted[PATH_UNTRUSTED_MAX];
	unsigned n_untrusted;
	struct ocsp *stapled[PATH_UNTRUSTED_MAX];
	unsigned n_stapled;
	struct cert_list pinned, cacerts;
	struct path_verdict verdict;
	struct event *late;
	unsigned asked; /* servers that will answer, whatever becomes of this */
	uint32_t sa;    /* not 0: it is no question, but whether this IKE_SA may go on */
	bool over, stopping;
};

/* A link of the chain, as it was when the servers were first asked about it, and which of them is. It has
 * references and copies: the store may lose all of it until they answer. */
struct inquiry {
	struct judgement *j;
	struct path_link link;
	unsigned next; /* of its URIs, those of OCSP first */
};

static int64_t wall_clock(void)
{
	return (int64_t)time(NULL);
}

void judges_start(struct judges *j)
{
	j->now = wall_clock;
	list_init(&j->asking);
	list_init(&j->silent);
}

static void silent_free(struct silent *s)
{
	list_remove(&s->node);
	free(s->url);
	free(s);
}

static void judgement_free(struct judgement *j)
{
	if (j->asked || !j->over)
		return;
	list_remove(&j->node);
	for (unsigned i = 0; i < j->n_untrusted; i++)
		cert_unref(j->untrusted[i]);
	for (unsigned i = 0; i < j->n_stapled; i++)
		ocsp_unref(j->stapled[i]);
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
		j->over = j->stopping = true;
		judgement_free(j);
	}
	list_each_safe (n, &all->silent)
		silent_free(node_owner(n, struct silent, node));
}

/* ---------------------------------------------------------------- servers */

static bool is_silent(struct judges *all, const char *url)
{
	bool found = false;

	list_each_safe (n, &all->silent) {
		struct silent *s = node_owner(n, struct silent, node);

		if (s->until <= all->now())
			silent_free(s);
		else
			found |= !strcmp(s->url, url);
	}
	return found;
}

static void remember_silent(struct judges *all, const char *url)
{
	struct silent *s = calloc(1, sizeof *s);
	unsigned n = 0;

	if (!s)
		abort();
	list_each_safe (node, &all->silent)
		if (++n >= SILENT_MAX)
			silent_free(node_owner(node, struct silent, node));
	*s = (struct silent){ .until = all->now() + SILENT_TIME, .url = strdup(url) };
	if (!s->url)
		abort();
	list_append(&all->silent, &s->node);
}

/* -------------------------------------------------------------- the verdict */

static void judge(struct judgement *j)
{
	const struct auth_conf *a = &j->peer->remote;
	struct path_request r = {
		.leaf = j->leaf,
		.untrusted = j->untrusted,
		.n_untrusted = j->n_untrusted,
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
		.stapled = j->stapled,
		.n_stapled = j->n_stapled,
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
	struct wire_cert *v;

	if (!j->leaf || j->peer->cert_revoked == CERT_END_KEEP)
		return (struct ike_certs){ 0 };
	v = ARENA_ARRAY(arena, 1 + j->n_untrusted, struct wire_cert);
	for (unsigned i = 0; i <= j->n_untrusted; i++)
		v[i] = (struct wire_cert){ CERT_X509_SIGNATURE,
			arena_bytes(arena, (i ? j->untrusted[i - 1] : j->leaf)->der) };
	return (struct ike_certs){ v, 1 + j->n_untrusted };
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

static void ask_next(struct inquiry *i);

static void inquiry_over(struct inquiry *i)
{
	struct judgement *j = i->j;

	cert_unref(i->link.cert);
	cert_unref(i->link.issuer);
	free(i);
	if (--j->asked || j->over) {
		judgement_free(j);
		return;
	}
	judge(j);
	conclude(j);
	judgement_free(j);
}

/* The next server of I's link, or NULL; *OCSP: it is one of OCSP. */
static const char *server(const struct inquiry *i, bool *ocsp)
{
	const struct path_link *l = &i->link;

	*ocsp = i->next < l->ocsps.n;
	if (*ocsp)
		return l->ocsps.v[i->next];
	return i->next - l->ocsps.n < l->crls.n ? l->crls.v[i->next - l->ocsps.n] : NULL;
}

static void say_lost(const struct inquiry *i, const char *what)
{
	log_say(LOG_WARN, "revocation", "connection=%s msg=\"%s\"", i->j->peer->name, what);
}

/* What came is worth something if it is signed by the right authority. It is kept also when it comes too late
 * for this verdict: the next one needs it. */
static enum err take(const struct inquiry *i, const char *url, bool ocsp, struct bytes body,
	struct arena *arena, struct why *why)
{
	struct store *s = &i->j->world->config.creds.store;
	enum err e = ocsp ? path_fetched_ocsp(s, &i->link, url, body, i->j->world->judges.now(), arena, why)
			  : path_fetched_crl(s, &i->link, url, body, arena, why);

	return e == ERR_EXISTS ? ERR_OK : e;
}

/* A CRL that was fetched before the daemon started. It is worth something if it is still in force, and not
 * what the store has already. */
static bool take_cached(const struct inquiry *i, const char *url)
{
	struct judges *all = &i->j->world->judges;
	struct arena arena = { 0 };
	struct why why;
	struct crl *crl = NULL;
	struct bytes der = all->crls ? crl_cache_read(all->crls, url, &arena) : (struct bytes){ 0 };
	bool good = der.n && !crl_read(der, &arena, &crl, &why) && crl->next_update > all->now() &&
		    !path_fetched_crl(&i->j->world->config.creds.store, &i->link, url, der, &arena, &why);

	crl_unref(crl);
	arena_free(&arena);
	return good;
}

static void keep(const struct inquiry *i, const char *url, struct bytes der)
{
	const char *folder = i->j->world->judges.crls;

	if (folder && crl_cache_save(folder, url, der))
		say_lost(i, "the CRL cannot be kept in the state directory");
}

static void on_fetched(void *ctx, struct bytes body, const char *lost)
{
	struct inquiry *i = ctx;
	struct arena arena = { 0 };
	struct why why = { .what = lost };
	bool ocsp;
	const char *url = server(i, &ocsp);
	bool good = !lost && !take(i, url, ocsp, body, &arena, &why);

	if (!good && !i->j->stopping) {
		remember_silent(&i->j->world->judges, url);
		say_lost(i, lost ? lost : arena_printf(&arena, "%s: %s", url, why_line(&why, &arena)));
	}
	if (good && !ocsp)
		keep(i, url, body);
	arena_free(&arena);
	i->next++;
	if (good || i->j->over)
		inquiry_over(i);
	else
		ask_next(i);
}

static void ask_next(struct inquiry *i)
{
	struct world *w = i->j->world;
	bool ocsp;
	const char *url = server(i, &ocsp);

	while (url && is_silent(&w->judges, url)) {
		i->next++;
		url = server(i, &ocsp);
	}
	if (!url || (!ocsp && take_cached(i, url)))
		inquiry_over(i);
	else if (ocsp)
		fetch_post(&w->fetcher, url, "application/ocsp-request",
			ocsp_request(i->link.cert, i->link.issuer, &i->j->arena), on_fetched, i);
	else
		fetch_get(&w->fetcher, url, on_fetched, i);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	struct judgement *j = ctx;

	(void)fd;
	(void)what;
	judge(j);
	conclude(j);
	judgement_free(j);
}

static struct uris copy_uris(const struct uris *u, struct arena *arena)
{
	struct uris copy = { .n = u->n };

	for (unsigned i = 0; i < u->n; i++)
		copy.v[i] = arena_str(arena, u->v[i]);
	return copy;
}

static struct inquiry *inquiry_new(struct judgement *j, const struct path_link *l)
{
	struct inquiry *i = calloc(1, sizeof *i);

	if (!i)
		abort();
	i->j = j;
	i->link = (struct path_link){ .cert = cert_ref(l->cert),
		.issuer = cert_ref(l->issuer),
		.ocsps = copy_uris(&l->ocsps, &j->arena),
		.crls = copy_uris(&l->crls, &j->arena) };
	j->asked++;
	return i;
}

/* Begins to ask about every link that nobody knows of: all inquiries are made before the first server is
 * asked, since its answer may change the store at once. */
static void ask_all(struct judgement *j)
{
	struct inquiry *asking[CHAIN_MAX + 1];
	unsigned n = 0;

	for (unsigned i = 0; i < j->verdict.n_links; i++) {
		const struct path_link *l = &j->verdict.links[i];

		if (l->issuer && l->status == STATUS_UNKNOWN && l->ocsps.n + l->crls.n)
			asking[n++] = inquiry_new(j, l);
	}
	for (unsigned i = 0; i < n; i++)
		ask_next(asking[i]);
}

/* All links at once; the last answer ends it. */
static void ask_servers(struct judgement *j)
{
	j->late = evtimer_new(j->world->base, on_late, j);
	if (!j->late)
		abort();
	evtimer_add(j->late, &(struct timeval){ .tv_sec = JUDGE_TIME });
	j->asked++;
	ask_all(j);
	if (--j->asked)
		return;
	judge(j);
	conclude(j);
	judgement_free(j);
}

/* ---------------------------------------------------------------- the proof */

/* The certificates of the message: the first is the peer's own, the others may lead to a root (RFC
 * 7296, 3.6). */
static enum err take_certs(struct judgement *j, const struct ike_certs *certs, struct why *why)
{
	struct arena *arena = &j->arena;

	for (unsigned i = 0; i < certs->n; i++) {
		const struct wire_cert *c = &certs->v[i];
		struct cert *cert;
		enum err e;

		if (c->encoding == CERT_OCSP && j->n_stapled < PATH_UNTRUSTED_MAX) {
			struct why ignored;

			if (!ocsp_read(c->data, arena, &j->stapled[j->n_stapled], &ignored))
				j->n_stapled++;
		}
		if (c->encoding != CERT_X509_SIGNATURE)
			continue;
		if (j->n_untrusted == PATH_UNTRUSTED_MAX) {
			why->what = arena_printf(
				arena, "the peer sent more than %d certificates", PATH_UNTRUSTED_MAX);
			return ERR_RANGE;
		}
		e = cert_read(c->data, arena, &cert, why);
		if (e)
			return e;
		if (j->leaf)
			j->untrusted[j->n_untrusted++] = cert;
		else
			j->leaf = cert;
	}
	return ERR_OK;
}

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

static enum err check_cert(struct judgement *j, const struct ike_question *q, struct why *why)
{
	enum err e = take_certs(j, &q->certs, why);

	if (e)
		return e;
	return j->leaf ? check_leaf(j->leaf, q, &j->arena, why) : check_known(j, q, why);
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

void judge_check(struct world *w, const struct ike_question *q, struct answer *answer)
{
	struct judgement *j = judgement_new(w, q->peer, answer);
	struct why why = { 0 };
	bool raw = q->peer->remote.pubkeys.n;
	enum err e = raw ? check_keys(q, &j->arena, &why) : ERR_OK;

	if (!raw || (e && q->certs.n)) {
		why = (struct why){ 0 };
		e = check_cert(j, q, &why);
		if (!e) {
			judge_chain(j);
			return;
		}
	}
	hand_over(j, e, &why);
	judgement_free(j);
}

void judge_again(struct world *w, const struct ike_proven *proven, bool ask)
{
	struct judgement *j = judgement_new(w, proven->peer, NULL);
	struct why why = { 0 };

	j->sa = proven->id;
	if (take_certs(j, &proven->certs, &why))
		abort();
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
