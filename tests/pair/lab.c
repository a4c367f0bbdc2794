/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts, the network, the clock. */
#include "tests/pair/lab.h"

#include "base/heap.h"
#include "crypto/kex.h"
#include "crypto/prf.h"
#include "daemon/lacking.h"
#include "daemon/record.h"
#include "daemon/secrets.h"
#include "ike/keys.h"
#include "ike/limits.h"
#include "model/scheme.h"
#include "wire/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void stop(const char *why)
{
	fprintf(stderr, "lab: %s\n", why);
	abort();
}

static uint64_t hash(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3ULL;
	return h;
}

static void trace(struct lab *lab, const void *p, size_t n)
{
	lab->trace = hash(lab->trace, p, n);
}

/* ------------------------------------------------------------------ network */

static struct flight *flight_new(struct lab *lab, const struct host *from, struct bytes data)
{
	struct flight *f = calloc(1, sizeof *f);

	f->from = from;
	f->at = lab->now;
	f->data = malloc(data.n ? data.n : 1);
	f->n = data.n;
	if (data.n)
		memcpy(f->data, data.p, data.n);
	list_append(&lab->flights, &f->node);
	return f;
}

void lab_lose(struct flight *f)
{
	list_remove(&f->node);
	free(f->data);
	free(f);
}

struct flight *lab_copy(struct lab *lab, const struct flight *f)
{
	struct flight *copy = flight_new(lab, f->from, bytes_of(f->data, f->n));

	copy->source = f->source;
	copy->target = f->target;
	copy->marker = f->marker;
	copy->tcp = f->tcp;
	copy->keepalive = f->keepalive;
	return copy;
}

struct flight *lab_forge(
	struct lab *lab, const struct host *from, struct addr source, struct addr target, struct bytes data)
{
	struct flight *f = flight_new(lab, from, data);

	f->source = source;
	f->target = target;
	f->marker = target.port == PORT_NAT_T;
	return f;
}

struct flight *lab_first(const struct lab *lab)
{
	return list_empty(&lab->flights) ? NULL : node_owner(lab->flights.next, struct flight, node);
}

/* No IV is used twice under a key: what has the same one is the same message, sent again. Who seals and the
 * SPIs say which key. */
static void check_seal(struct host *h, struct bytes data)
{
	enum { SPIS = 16, NEXT = 16, FLAGS = 19, IV = 32, IV_MAX = 8 };
	uint64_t once, key, what = hash(1, data.p, data.n) | 1;
	void *before;

	if (data.n < IV + IV_MAX || data.p[NEXT] != PAYLOAD_SK)
		return;
	once = data.p[FLAGS] & FLAG_INITIATOR;
	key = hash(hash(once, data.p, SPIS), data.p + IV, IV_MAX);
	before = map_get(&h->lab->sealed, key);
	if (before && (uint64_t)(uintptr_t)before != what && !h->datapath.misuse)
		h->datapath.misuse = "an IV was used twice under one key";
	map_put(&h->lab->sealed, key, (void *)(uintptr_t)what);
}

static bool is_among(const struct ip *v, unsigned n, const struct ip *ip)
{
	for (unsigned i = 0; i < n; i++)
		if (ip_eq(&v[i], ip))
			return true;
	return false;
}

static bool owns(const struct host *h, const struct ip *ip)
{
	return ip_eq(&h->ip, ip) || is_among(h->others, h->n_others, ip);
}

/* Whether a datagram can leave by PATH: not from an address that has gone. */
static bool can_leave(const struct host *h, const struct path *path)
{
	if (path->marker == (path->local.port == PORT_IKE))
		stop("a datagram was sent with a marker from port 500, or without one from another");
	if (owns(h, &path->local.ip))
		return true;
	if (!is_among(h->past, h->n_past, &path->local.ip))
		stop("a datagram was sent from a foreign address");
	return false;
}

static void send(struct host *h, const struct path *path, struct bytes data, bool keepalive)
{
	struct flight *f;

	trace(h->lab, data.p, data.n);
	check_seal(h, data);
	if (!can_leave(h, path))
		return;
	f = flight_new(h->lab, h, data);
	f->source = path->local;
	f->target = path->remote;
	f->marker = path->marker;
	f->tcp = path->tcp;
	f->keepalive = keepalive;
	if (f->tcp && !f->source.port)
		f->source.port = STREAM_PORT;
	if (h->nat.outside.v != path->local.ip.v)
		return;
	f->source.ip = h->nat.outside;
	if (!h->nat.forward)
		f->source.port += h->nat.shift;
}

/* Where F arrives behind the NAT of H, if H has one. False: nowhere. */
static bool arrives(const struct host *h, const struct flight *f, struct addr *at)
{
	*at = f->target;
	if (h->cut.v && (ip_eq(&f->target.ip, &h->cut) || ip_eq(&f->source.ip, &h->cut)))
		return false;
	if (h->nat.outside.v == f->target.ip.v) {
		if (!ip_eq(&h->nat.outside, &f->target.ip))
			return false;
		at->ip = h->ip;
		at->port -= h->nat.forward ? 0 : h->nat.shift;
	}
	return owns(h, &at->ip) && (f->tcp ? at->port == PORT_NAT_T || at->port == STREAM_PORT
					   : at->port == PORT_IKE || at->port == PORT_NAT_T);
}

struct host *lab_reached(struct lab *lab, const struct flight *f)
{
	struct addr at;

	for (unsigned i = 0; i < lab->n_hosts; i++)
		if (arrives(&lab->hosts[i], f, &at))
			return &lab->hosts[i];
	return NULL;
}

static void watch(struct lab *lab)
{
	if (lab->watch)
		lab->watch(lab->watcher);
}

void lab_deliver(struct lab *lab, struct flight *f)
{
	struct host *to = lab_reached(lab, f);
	struct ike_event e = { .kind = EVENT_DATAGRAM };

	if (to && to->ike && !f->keepalive) {
		arrives(to, f, &e.datagram.path.local);
		e.datagram.path.remote = f->source;
		e.datagram.path.marker = f->marker;
		e.datagram.path.tcp = f->tcp;
		if (f->tcp && e.datagram.path.local.port == STREAM_PORT)
			e.datagram.path.local.port = 0;
		e.datagram.data = bytes_of(f->data, f->n);
		if (f->marker == (e.datagram.path.local.port == PORT_IKE))
			stop("a datagram came with a marker to port 500, or without one to another");
		host_event(to, &e);
	}
	lab_lose(f);
	watch(lab);
}

/* -------------------------------------------------------------- the daemon's part */

static struct coming *coming_new(struct host *h, uint32_t ticket, enum asked what)
{
	struct coming *c = calloc(1, sizeof *c);

	h->asked++;
	c->at = h->silent & what ? HEAP_NEVER : h->lab->now + h->late;
	c->answer.ticket = ticket;
	c->answer.result = h->fails & what ? ERR_MISSING : ERR_OK;
	list_append(&h->answers, &c->node);
	return c;
}

static void coming_free(struct coming *c)
{
	list_remove(&c->node);
	arena_free(&c->arena);
	free(c);
}

/* Hosts are known by their names. */
static struct ip named(const struct lab *lab, const char *name)
{
	for (unsigned i = 0; i < lab->n_hosts; i++)
		if (!strcmp(lab->hosts[i].name, name))
			return lab->hosts[i].ip;
	return (struct ip){ 0 };
}

static void answer_route(struct host *h, const struct ike_question *q, struct coming *c)
{
	const struct peer *p = q->peer;

	c->answer.local = h->ip;
	c->answer.remote = q->gateway ? named(h->lab, q->gateway) : q->hosts.remote;
	for (unsigned i = 0; i < p->n_remote_addrs && !c->answer.remote.v && !q->gateway; i++)
		if (addr_pattern_single(&p->remote_addrs[i]))
			c->answer.remote = p->remote_addrs[i].lo;
	if (!c->answer.remote.v || (q->hosts.local.v && !ip_eq(&q->hosts.local, &h->ip)))
		c->answer.result = ERR_MISSING;
	if (c->answer.result)
		c->answer.why.what = "there is no route to the peer";
}

/* The address of H to use towards REMOTE: the one in use, NOW, if it still can be. */
static const struct ip *source_for(const struct host *h, const struct ip *now, const struct ip *remote)
{
	if (now->v == remote->v && owns(h, now))
		return now;
	if (h->ip.v == remote->v)
		return &h->ip;
	for (unsigned i = 0; i < h->n_others; i++)
		if (h->others[i].v == remote->v)
			return &h->others[i];
	return NULL;
}

static void answer_paths(struct host *h, const struct ike_question *q, struct coming *c)
{
	struct hosts *v = ARENA_ARRAY(&c->arena, q->remotes.n, struct hosts);
	unsigned n = 0;

	for (unsigned i = 0; i < q->remotes.n; i++) {
		const struct ip *source = source_for(h, &q->hosts.local, &q->remotes.v[i]);

		if (source)
			v[n++] = (struct hosts){ *source, q->remotes.v[i] };
	}
	c->answer.paths = (struct ike_paths){ v, n };
}

/* Whoever knows both public values knows the shared one. */
static void fake_keys(struct host *h, const struct ike_question *q, struct coming *c)
{
	uint8_t *secret = arena_alloc(&c->arena, q->ke->out);

	rng_fill(&h->lab->rng.rng, secret, q->ke->out);
	c->answer.secret = c->answer.public = bytes_of(secret, q->ke->out);
}

static void fake_shared(const struct ike_question *q, struct bytes secret, struct coming *c)
{
	uint8_t *shared = arena_alloc(&c->arena, q->ke->shared);

	for (size_t i = 0; i < q->ke->shared && i < secret.n && i < q->peer_public.n; i++)
		shared[i] = secret.p[i] ^ q->peer_public.p[i];
	c->answer.shared = bytes_of(shared, q->ke->shared);
}

/* A private value that the group takes. */
static void answer_keys(struct host *h, const struct ike_question *q, struct coming *c)
{
	uint8_t *secret = arena_alloc(&c->arena, q->ke->key), *public = arena_alloc(&c->arena, q->ke->out);
	enum err e;

	if (h->fake) {
		fake_keys(h, q, c);
		return;
	}
	do {
		rng_fill(&h->lab->rng.rng, secret, q->ke->key);
		if (q->ke->id == KE_ECP_521)
			secret[0] &= 1;
		e = kex_public(q->ke, secret, public);
	} while (e == ERR_RANGE);
	if (e)
		stop("the library has not this group");
	c->answer.secret = bytes_of(secret, q->ke->key);
	c->answer.public = bytes_of(public, q->ke->out);
}

/* What who answers does, in one. */
static void answer_respond(struct host *h, const struct ike_question *q, struct coming *c)
{
	uint8_t *secret = arena_alloc(&c->arena, q->ke->key), *shared = arena_alloc(&c->arena, q->ke->shared);
	uint8_t *public = arena_alloc(&c->arena, kex_answer_size(q->ke));
	enum err e;

	do {
		rng_fill(&h->lab->rng.rng, secret, q->ke->key);
		if (q->ke->id == KE_ECP_521)
			secret[0] &= 1;
		e = kex_answer(q->ke, secret, q->peer_public, public, shared);
	} while (e == ERR_RANGE);
	if (e)
		c->answer.result = e;
	c->answer.public = bytes_of(public, kex_answer_size(q->ke));
	c->answer.shared = bytes_of(shared, q->ke->shared);
}

static void answer_shared(
	const struct host *h, const struct ike_question *q, struct bytes secret, struct coming *c)
{
	uint8_t *shared;
	enum err e;

	if (h->fake) {
		fake_shared(q, secret, c);
		return;
	}
	shared = arena_alloc(&c->arena, q->ke->shared);
	e = kex_shared(q->ke, secret.p, q->peer_public, shared);
	if (e)
		c->answer.result = e;
	c->answer.shared = bytes_of(shared, q->ke->shared);
}

static void answer_ppk(const struct host *h, const struct ike_question *q, struct coming *c)
{
	const struct secret *s = secrets_ppk(&h->conf.conf, NULL, &q->remote, &c->arena, &c->answer.why);
	size_t n = q->kind == ASK_PPK ? q->octets.n : PPK_CONFIRMATION;
	uint8_t *out = arena_alloc(&c->arena, n);

	if (!q->peer || q->peer->ppk_id.type == ID_ANY || !id_matches(&q->peer->ppk_id, &q->remote))
		stop("a post-quantum preshared key is asked for that its connection does not name");
	if (!s && !c->answer.result)
		c->answer.result = ERR_MISSING;
	if (!c->answer.result && q->kind == ASK_PPK)
		c->answer.result = keys_ppk_mix(q->prf, s->data, q->octets, out);
	else if (!c->answer.result)
		c->answer.result = keys_ppk_confirm(q->prf, s->data, q->octets, out);
	c->answer.shared = bytes_of(out, n);
}

static enum err answer_with(struct bytes secret, const struct ike_question *q, struct coming *c)
{
	uint8_t *right = arena_alloc(&c->arena, q->prf->out);

	c->answer.method = AUTH_METHOD_PSK;
	if (!secret.n || (!secret.p[0] && !memcmp(secret.p, secret.p + 1, secret.n - 1)))
		stop("AUTH is to be made with no secret, or with zeros");
	if (keys_psk_auth(q->prf, secret, q->octets, right))
		stop("the library has not this PRF");
	if (q->kind == ASK_PROOF)
		c->answer.proof = bytes_of(right, q->prf->out);
	else if (!bytes_eq_secret(bytes_of(right, q->prf->out), q->proof))
		return ERR_AUTH;
	return ERR_OK;
}

static enum err answer_psk(const struct host *h, const struct ike_question *q, struct coming *c)
{
	const struct secret *s = secrets_for(&h->conf.conf, NULL, q, &c->arena, &c->answer.why);
	enum err e = s ? answer_with(s->data, q, c) : ERR_MISSING;

	if (e == ERR_AUTH)
		c->answer.why = secrets_differ(s, q, &c->arena);
	return e;
}

/* By the key of EAP. */
static enum err answer_eap_proof(const struct ike_question *q, struct coming *c)
{
	enum err e = answer_with(q->secret, q, c);

	if (e)
		c->answer.why.what = "the peer has another key of EAP";
	return e;
}

/* What stands for a signature: everybody can make one, and only over what is asked. */
static struct bytes signature(const struct ike_question *q, const struct id *signer, struct arena *arena)
{
	uint8_t *out = arena_alloc(arena, q->prf->out);

	if (prf(q->prf, bytes_str("a private key"), (struct bytes[]){ signer->data, q->octets }, 2, out))
		stop("the library has not this PRF");
	return bytes_of(out, q->prf->out);
}

static struct bytes certificate(const struct host *h, const struct id *subject, struct arena *arena)
{
	return bytes_str(
		arena_printf(arena, "certificate of %-*s", h->lab->certificates, id_print(subject, arena)));
}

static void sign(const struct host *h, const struct ike_question *q, struct coming *c)
{
	struct wire_cert *cert = ARENA_NEW(&c->arena, struct wire_cert);
	enum send_cert send = q->peer->send_cert;

	*cert = (struct wire_cert){ CERT_X509_SIGNATURE, certificate(h, &q->local, &c->arena) };
	c->answer.method = q->hashes.n ? SCHEME_METHOD_SIGNATURE : SCHEME_METHOD_RSA;
	c->answer.proof = signature(q, &q->local, &c->arena);
	if (send == SEND_CERT_ALWAYS || (send == SEND_CERT_IF_ASKED && q->wants & WANTS_CERT))
		c->answer.certs = (struct ike_certs){ cert, 1 };
}

/* A connection that wants the certificate from an authority of its own never gets it. */
static enum err check_signature(const struct host *h, const struct ike_question *q, struct coming *c)
{
	if (q->auth->ca_id.type != ID_ANY) {
		c->answer.why.what = "the certificate comes from another authority";
		return ERR_AUTH;
	}
	if (q->certs.n && !bytes_eq(q->certs.v[0].data, certificate(h, &q->remote, &c->arena))) {
		c->answer.why.what = "the certificate is somebody else's";
		return ERR_AUTH;
	}
	if (bytes_eq(q->proof, signature(q, &q->remote, &c->arena)))
		return ERR_OK;
	c->answer.why.what = "the signature is wrong";
	return ERR_AUTH;
}

static void say_proven(const struct host *h, struct coming *c)
{
	struct wire_cert *cert = ARENA_NEW(&c->arena, struct wire_cert);

	*cert = (struct wire_cert){ CERT_X509_SIGNATURE, bytes_str(h->proven) };
	c->answer.certs = (struct ike_certs){ cert, 1 };
}

static void answer_proof(struct host *h, const struct ike_question *q, struct coming *c)
{
	bool prove = q->kind == ASK_PROOF;
	enum err e = ERR_OK;

	if (prove) {
		h->wants = q->wants;
		h->takes = announce_get(q->methods);
	}

	if (q->secret.n)
		e = answer_eap_proof(q, c);
	else if (prove ? q->auth->way.method == AUTH_PSK : q->method == AUTH_METHOD_PSK)
		e = answer_psk(h, q, c);
	else if (prove)
		sign(h, q, c);
	else
		e = check_signature(h, q, c);
	if (e)
		c->answer.result = e;
	else if (!prove)
		c->answer.valid = h->valid;
	if (!e && !prove && h->proven)
		say_proven(h, c);
}

static void answer_usage(struct host *h, const struct ike_question *q, struct coming *c)
{
	struct ike_usage *v = ARENA_ARRAY(&c->arena, q->n_children, struct ike_usage);

	for (unsigned i = 0; i < q->n_children; i++) {
		const struct dp_sa *in = datapath_find(&h->datapath, q->children[i], true);
		const struct dp_sa *out = datapath_find(&h->datapath, q->children[i], false);

		v[i] = (struct ike_usage){ q->children[i], in ? in->last : 0, out ? out->last : 0 };
	}
	c->answer.usage = (struct ike_usages){ v, c->answer.result ? 0 : q->n_children };
}

static void answer_lease(struct host *h, const struct ike_question *q, struct coming *c)
{
	if (c->answer.result)
		c->answer.why.what = "there are no addresses today";
	else
		lease_answer(&h->leases, &h->conf.conf, q, NULL, &c->arena, &c->answer);
}

static void vip_add(struct host *h, const struct ip *ip)
{
	if (h->n_vips == LAB_VIPS)
		stop("there is no room for another virtual address");
	h->vips[h->n_vips++] = *ip;
}

static void vip_del(struct host *h, const struct ip *ip)
{
	unsigned i = 0;

	while (i < h->n_vips && !ip_eq(&h->vips[i], ip))
		i++;
	if (i == h->n_vips)
		stop("a virtual address was taken away that is not there");
	h->vips[i] = h->vips[--h->n_vips];
}

static void answer(struct host *h, uint32_t ticket, const struct ike_question *q)
{
	struct coming *c;

	switch (q->kind) {
	case ASK_ROUTE: answer_route(h, q, coming_new(h, ticket, ASKED_ROUTE)); break;
	case ASK_PATHS: answer_paths(h, q, coming_new(h, ticket, ASKED_ROUTE)); break;
	case ASK_KEY_PAIR: answer_keys(h, q, coming_new(h, ticket, ASKED_KEYS)); break;
	case ASK_RESPOND:
		c = coming_new(h, ticket, ASKED_KEYS);
		if (h->fake) {
			fake_keys(h, q, c);
			fake_shared(q, c->answer.secret, c);
		} else {
			answer_respond(h, q, c);
		}
		break;
	case ASK_AGREE: answer_shared(h, q, q->secret, coming_new(h, ticket, ASKED_KEYS)); break;
	case ASK_PROOF:
	case ASK_CHECK: answer_proof(h, q, coming_new(h, ticket, ASKED_PROOF)); break;
	case ASK_EAP:
		c = coming_new(h, ticket, ASKED_EAP);
		charade_ask(&h->eap, q, &c->arena, &c->answer);
		break;
	case ASK_PPK:
	case ASK_PPK_CONFIRM: answer_ppk(h, q, coming_new(h, ticket, ASKED_PPK)); break;
	case ASK_USAGE: answer_usage(h, q, coming_new(h, ticket, ASKED_USAGE)); break;
	case ASK_LEASE: answer_lease(h, q, coming_new(h, ticket, ASKED_LEASE)); break;
	}
}

static void install(struct host *h, const struct ike_action *a)
{
	enum asked what = a->kind == ACTION_POLICY_ADD ? ASKED_POLICY
			  : a->sa_add.inbound          ? ASKED_SA_IN
						       : ASKED_SA_OUT;

	if (!a->ticket)
		stop("an installation without a ticket");
	datapath_do(&h->datapath, a, h->fails & what);
	coming_new(h, a->ticket, what);
}

static const char *text_copy(struct arena *arena, const char *s)
{
	return s ? arena_str(arena, s) : NULL;
}

static void hear(struct host *h, const struct ike_tell *tell)
{
	struct news *n = calloc(1, sizeof *n);
	struct why *why = ARENA_NEW(&n->arena, struct why);
	uint32_t *tickets = ARENA_ARRAY(&n->arena, tell->n_tickets, uint32_t);

	n->tell = *tell;
	n->tell.name = text_copy(&n->arena, tell->name);
	n->tell.text = text_copy(&n->arena, tell->text);
	n->tell.alert = text_copy(&n->arena, tell->alert);
	n->tell.record = NULL;
	if (tell->n_tickets)
		memcpy(tickets, tell->tickets, tell->n_tickets * sizeof *tickets);
	n->tell.tickets = tickets;
	if (tell->why)
		*why = why_copy(&n->arena, tell->why);
	n->tell.why = tell->why ? why : NULL;
	list_append(&h->news, &n->node);
	if (tell->text)
		trace(h->lab, tell->text, strlen(tell->text));
}

void news_free(struct news *n)
{
	list_remove(&n->node);
	arena_free(&n->arena);
	free(n);
}

static void carry_out(struct host *h, const struct ike_action *a)
{
	static const uint8_t keepalive[1] = { 0xff };

	trace(h->lab, &a->kind, sizeof a->kind);
	trace(h->lab, &a->ticket, sizeof a->ticket);
	switch (a->kind) {
	case ACTION_SEND: send(h, &a->send.path, a->send.data, false); break;
	case ACTION_KEEPALIVE: send(h, &a->send.path, bytes_of(keepalive, 1), true); break;
	case ACTION_ASK: answer(h, a->ticket, &a->ask); break;
	case ACTION_EAP_END: charade_end(&h->eap, a->eap_end.conversation); break;
	case ACTION_SA_ADD:
	case ACTION_POLICY_ADD: install(h, a); break;
	case ACTION_SA_DEL:
	case ACTION_SA_MOVE:
	case ACTION_SA_SELECT:
	case ACTION_POLICY_DEL: datapath_do(&h->datapath, a, false); break;
	case ACTION_VIP_ADD: vip_add(h, &a->vip.ip); break;
	case ACTION_VIP_DEL: vip_del(h, &a->vip.ip); break;
	case ACTION_LEASE_FREE: leases_put(&h->leases, &a->vip.ip); break;
	case ACTION_TELL: hear(h, &a->tell); break;
	}
}

/* Whether it may tell the peer of a new SA. */
static bool is_answer(struct bytes data)
{
	struct wire_header h;

	return !header_get(data, &h) && h.flags & FLAG_RESPONSE &&
	       (h.exchange == IKE_AUTH || h.exchange == CREATE_CHILD_SA);
}

static void step(struct host *h, const struct ike_event *event)
{
	struct arena scratch = { 0 };
	bool answered = false;
	struct ike_out out = record_step(h->record, h->ike, event, h->lab->now, h->rng, &scratch);

	trace(h->lab, &h->lab->now, sizeof h->lab->now);
	for (const struct ike_action *a = out.actions; a; a = a->next) {
		carry_out(h, a);
		answered |= a->kind == ACTION_SEND && is_answer(a->send.data);
		if (answered && (a->kind == ACTION_SA_SELECT || a->kind == ACTION_SA_ADD) &&
			!h->datapath.misuse)
			h->datapath.misuse = "the peer heard of an SA before it was ready";
	}
	h->wake = out.wake;
	if (h->wake <= h->lab->now)
		stop("a core wants to be woken at once after its step");
	arena_free(&scratch);
}

/* Answers that have come reach the core, in the order in which they were asked for. */
static struct coming *come(const struct host *h)
{
	list_each (n, (struct node *)&h->answers) {
		struct coming *c = node_owner(n, struct coming, node);

		if (c->at <= h->lab->now)
			return c;
	}
	return NULL;
}

static void step_answers(struct host *h)
{
	struct coming *c;

	while ((c = come(h))) {
		list_remove(&c->node);
		step(h, &(struct ike_event){ .kind = EVENT_ANSWER, .answer = c->answer });
		coming_free(c);
	}
}

void host_event(struct host *h, const struct ike_event *event)
{
	step(h, event);
	step_answers(h);
}

void host_answer(struct host *h, bool fails)
{
	struct coming *c = node_owner(h->answers.next, struct coming, node);

	if (list_empty(&h->answers))
		return;
	c->at = h->lab->now;
	if (fails)
		c->answer.result = ERR_MISSING;
	step_answers(h);
}

const struct sa_record *host_records(const struct host *h, struct arena *arena, unsigned *n)
{
	unsigned listed;
	const uint64_t *keys = ike_sas(h->ike, arena, &listed);
	struct sa_record *v = ARENA_ARRAY(arena, listed, struct sa_record);

	*n = 0;
	for (unsigned i = 0; i < listed; i++)
		*n += ike_record(h->ike, keys[i], arena, &v[*n]);
	return v;
}

void host_command(struct host *h, const struct ike_command *command)
{
	host_event(h, &(struct ike_event){ .kind = EVENT_COMMAND, .command = *command });
}

/* ------------------------------------------------------------------ hosts */

static void configure(struct host *h)
{
	const struct conf *c = &h->conf.conf;

	leases_configure(&h->leases, c->pools, c->n_pools);
	host_event(h, &(struct ike_event){ .kind = EVENT_CONF,
			      .conf = { .peers = c->peers,
				      .n = c->n_peers,
				      .settings = &c->settings,
				      .authorities = h->authorities } });
}

void host_trust(struct host *h, struct bytes authorities)
{
	h->authorities = authorities;
	configure(h);
}

static void lose_address(struct host *h, struct ip ip)
{
	if (is_among(h->past, h->n_past, &ip))
		return;
	if (h->n_past == LAB_IPS)
		stop("there is no room for another address that a host had once");
	h->past[h->n_past++] = ip;
}

static void have(struct host *h, const struct ip *v, unsigned n)
{
	lose_address(h, h->ip);
	for (unsigned i = 0; i < h->n_others; i++)
		lose_address(h, h->others[i]);
	h->ip = v[0];
	h->n_others = n - 1;
	memcpy(h->others, v + 1, (n - 1) * sizeof *v);
}

void host_addresses(struct host *h, const char *ips)
{
	struct arena arena = { 0 };
	char *rest = arena_str(&arena, ips), *one;
	struct ip v[LAB_IPS];
	unsigned n = 0;

	while ((one = strsep(&rest, " ")))
		if (n == LAB_IPS || ip_parse(one, &v[n++]))
			stop("these are no addresses, or too many");
	arena_free(&arena);
	have(h, v, n);
	if (h->ike)
		host_event(h, &(struct ike_event){ .kind = EVENT_ADDRESSES, .addresses = { v, n } });
}

static struct loaded load(const char *text)
{
	struct loaded l = load_text(text);

	if (l.err)
		stop(l.why);
	for (unsigned i = 0; i < l.conf.n_peers; i++)
		lacking_take_out(l.conf.peers[i]);
	return l;
}

void host_reload(struct host *h, const char *conf)
{
	struct loaded before = h->conf;

	h->conf = load(conf);
	configure(h);
	loaded_free(&before);
}

static void give_secrets(struct host *h)
{
	host_event(h, &(struct ike_event){ .kind = EVENT_SECRETS,
			      .secrets = { .crash = bytes_of(h->secret, sizeof h->secret),
				      .tickets = bytes_of(h->tickets, sizeof h->tickets),
				      .wall = h->wall + (uint32_t)(h->lab->now / 1000) } });
}

void host_remember(struct host *h)
{
	rng_fill(&h->lab->rng.rng, h->secret, sizeof h->secret);
	rng_fill(&h->lab->rng.rng, h->tickets, sizeof h->tickets);
	h->wall = 1800000000;
	h->remembers = true;
	give_secrets(h);
}

void host_rotate(struct host *h)
{
	memcpy(h->tickets[1], h->tickets[0], sizeof h->tickets[0]);
	rng_fill(&h->lab->rng.rng, h->tickets[0], sizeof h->tickets[0]);
	give_secrets(h);
}

void host_start(struct host *h)
{
	h->wake = HEAP_NEVER;
	record_core(h->record);
	h->ike = ike_new(h->rng);
	if (h->remembers)
		give_secrets(h);
	configure(h);
}

/* Whoever starts again has no virtual address, and knows what it gave to whom. */
static void forget_users(struct host *h)
{
	h->n_vips = 0;
	leases_restored(&h->leases);
}

void host_stop(struct host *h)
{
	ike_free(h->ike);
	h->ike = NULL;
	h->wake = HEAP_NEVER;
	datapath_clear(&h->datapath);
	forget_users(h);
	list_each_safe (n, &h->answers)
		coming_free(node_owner(n, struct coming, node));
	list_each_safe (n, &h->news)
		news_free(node_owner(n, struct news, node));
	map_free(&h->eap.open);
}

static void record(struct host *h)
{
	struct text why = text_in(&h->conf.arena);
	const char *path;

	if (!h->lab->record)
		return;
	path = arena_printf(&h->conf.arena, "%s-%s.log", h->lab->record, h->name);
	(void)unlink(path);
	if (record_open(path, h->lab->record_secrets, UINT64_MAX, &h->record, &why))
		stop(text_str(&why));
}

struct host *lab_host(struct lab *lab, const char *name, const char *address, const char *conf)
{
	struct host *h = &lab->hosts[lab->n_hosts];

	if (lab->n_hosts++ == LAB_HOSTS)
		stop("there is no room for another host");
	h->lab = lab;
	h->name = name;
	h->rng = &lab->rng.rng;
	if (ip_parse(address, &h->ip))
		stop("that is no address");
	datapath_init(&h->datapath);
	leases_start(&h->leases);
	list_init(&h->answers);
	list_init(&h->news);
	h->conf = load(conf);
	record(h);
	host_start(h);
	return h;
}

struct lab *lab_new(uint64_t seed)
{
	struct lab *lab = calloc(1, sizeof *lab);

	lab->now = 1000;
	list_init(&lab->flights);
	rng_seed(&lab->rng, seed);
	return lab;
}

void lab_free(struct lab *lab)
{
	for (unsigned i = 0; i < lab->n_hosts; i++) {
		struct host *h = &lab->hosts[i];

		if (h->ike)
			host_stop(h);
		leases_stop(&h->leases);
		loaded_free(&h->conf);
		record_close(h->record);
	}
	list_each_safe (n, &lab->flights)
		lab_lose(node_owner(n, struct flight, node));
	map_free(&lab->sealed);
	free(lab);
}

/* ------------------------------------------------------------------ the clock */

static uint64_t host_due(const struct host *h)
{
	uint64_t due = h->ike ? h->wake : HEAP_NEVER;

	list_each (n, (struct node *)&h->answers) {
		const struct coming *c = node_owner(n, struct coming, node);

		due = c->at < due ? c->at : due;
	}
	return due;
}

uint64_t lab_due(const struct lab *lab)
{
	uint64_t due = HEAP_NEVER;

	for (unsigned i = 0; i < lab->n_hosts; i++) {
		uint64_t t = host_due(&lab->hosts[i]);

		due = t < due ? t : due;
	}
	return due;
}

void lab_clock(struct lab *lab, uint64_t at)
{
	lab->now = at;
	for (unsigned i = 0; i < lab->n_hosts; i++) {
		struct host *h = &lab->hosts[i];

		if (h->ike)
			step_answers(h);
		if (h->ike && h->wake <= at)
			host_event(h, &(struct ike_event){ .kind = EVENT_CLOCK });
	}
	watch(lab);
}

void lab_calm(struct lab *lab)
{
	struct flight *f;

	while ((f = lab_first(lab)))
		lab_deliver(lab, f);
}

static void lose_all(struct lab *lab)
{
	struct flight *f;

	while ((f = lab_first(lab)))
		lab_lose(f);
}

static void pass(struct lab *lab, uint64_t ms, void (*network)(struct lab *))
{
	uint64_t end = lab->now + ms;

	network(lab);
	while (lab_due(lab) <= end) {
		lab_clock(lab, lab_due(lab));
		network(lab);
	}
	lab_clock(lab, end);
	network(lab);
}

void lab_pass(struct lab *lab, uint64_t ms)
{
	pass(lab, ms, lab_calm);
}

void lab_pass_deaf(struct lab *lab, uint64_t ms)
{
	pass(lab, ms, lose_all);
}
