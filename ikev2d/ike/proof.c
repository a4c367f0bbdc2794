/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proofs of identity, ours and the peer's. */
#include "ike/proof.h"

#include "ike/announce.h"
#include "ike/keys.h"
#include "model/scheme.h"

void proof_authorities(struct ike *ike, struct bytes authorities, struct bytes responders)
{
	arena_free(&ike->authorities_arena);
	ike->authorities = arena_bytes(&ike->authorities_arena, authorities);
	ike->responders = arena_bytes(&ike->authorities_arena, responders);
}

const struct auth_conf *proof_round(const struct auth_conf *a, unsigned n)
{
	while (a && n--)
		a = a->next;
	return a;
}

const struct auth_conf *proof_own(const struct draft *d)
{
	return proof_round(&d->core.peer->local, d->core.initiator ? d->hs.round : 0);
}

const struct auth_conf *proof_theirs(const struct draft *d)
{
	return proof_round(&d->core.peer->remote, d->core.initiator ? 0 : d->hs.round);
}

bool proof_may_sign(const struct auth_conf *conf)
{
	return conf->way.method == AUTH_PUBKEY || conf->way.method == AUTH_ANY;
}

bool proof_may_share(const struct auth_conf *conf)
{
	return conf->way.method == AUTH_PSK || conf->way.method == AUTH_ANY;
}

static bool any_signs(const struct auth_conf *a)
{
	for (; a; a = a->next)
		if (proof_may_sign(a))
			return true;
	return false;
}

bool proof_signs(const struct peer *p)
{
	return any_signs(&p->local) || any_signs(&p->remote);
}

void proof_hashes_put(struct draft *d, struct message *m)
{
	struct wr w = wr_of(arena_alloc(d->step->scratch, 2 * HASH_IDS), 2 * HASH_IDS);

	for (uint16_t id = 0; id < HASH_IDS; id++)
		if (hashes_known() & HASH_BIT(id))
			wr_u16(&w, id);
	message_add_notify(m, d->step->scratch, SIGNATURE_HASH_ALGORITHMS, wr_done(&w));
}

void proof_hashes_get(struct draft *d, const struct message *m)
{
	const struct wire_notify *n = message_notify(m, SIGNATURE_HASH_ALGORITHMS);

	if (n)
		d->hs.hashes = arena_bytes(&d->keep, n->data);
}

enum { CERTREQS_MAX = 3 };

static void add_certreq(struct message *m, uint8_t encoding, struct bytes data)
{
	m->has |= PAYLOAD_BIT(PAYLOAD_CERTREQ);
	m->certreqs[m->n_certreqs++] = (struct wire_cert){ encoding, data };
}

static bool wants_ocsp(const struct peer *p)
{
	return p->ocsp == OCSP_REQUEST || p->ocsp == OCSP_BOTH;
}

void proof_certreq_put(struct draft *d, const struct peer *peer, struct message *m)
{
	const struct ike *ike = d->step->ike;

	if (!proof_may_sign(&peer->remote) || !peer->send_certreq)
		return;
	m->certreqs = ARENA_ARRAY(d->step->scratch, CERTREQS_MAX, struct wire_cert);
	if (ike->authorities.n) {
		add_certreq(m, CERT_X509_SIGNATURE, ike->authorities);
		if (wants_ocsp(peer))
			add_certreq(m, CERT_OCSP, ike->responders);
		if (ike->settings.hash_and_url)
			message_add_notify(
				m, d->step->scratch, HTTP_CERT_LOOKUP_SUPPORTED, (struct bytes){ 0 });
	}
	if (peer->remote.pubkeys.n)
		add_certreq(m, CERT_RAW_KEY, (struct bytes){ 0 });
}

static enum ike_wants wants_of(uint8_t encoding)
{
	return encoding == CERT_OCSP ? WANTS_OCSP : encoding == CERT_RAW_KEY ? WANTS_RAW_KEY : WANTS_CERT;
}

/* One for each encoding that the peer takes; all of those for X.509 are one list (3.7). */
void proof_certreq_get(struct draft *d, const struct message *m)
{
	size_t n = 0;
	struct wr w;

	for (unsigned i = 0; i < m->n_certreqs; i++)
		if (m->certreqs[i].encoding == CERT_X509_SIGNATURE)
			n += m->certreqs[i].data.n;
	w = wr_of(arena_alloc(&d->keep, n), n);
	for (unsigned i = 0; i < m->n_certreqs; i++) {
		if (m->certreqs[i].encoding == CERT_X509_SIGNATURE)
			wr_bytes(&w, m->certreqs[i].data);
		d->hs.wants |= wants_of(m->certreqs[i].encoding);
	}
	d->hs.certreqs = wr_done(&w);
	if (d->step->ike->settings.hash_and_url && message_notify(m, HTTP_CERT_LOOKUP_SUPPORTED))
		d->hs.wants |= WANTS_URL;
}

static struct ike_question *question(
	struct draft *d, const struct sa_core *core, enum ike_ask_kind kind, enum sa_state state)
{
	struct ike_question *q = draft_ask(d, kind, state);
	bool by_initiator = core->initiator == (kind == ASK_PROOF);

	q->auth = kind == ASK_PROOF ? proof_own(d) : proof_theirs(d);
	q->prf = d->core.suite.prf;
	q->octets = keys_signed_octets(core, &d->hs, by_initiator, d->step->scratch);
	q->local = d->hs.local_id;
	q->remote = d->hs.remote_id;
	return q;
}

struct ike_question *proof_question(struct draft *d, enum ike_ask_kind kind, enum sa_state state)
{
	return question(d, &d->core, kind, state);
}

enum verdict proof_ask(struct draft *d, enum sa_state state)
{
	return proof_ask_with(d, &d->core, state);
}

enum verdict proof_ask_with(struct draft *d, const struct sa_core *core, enum sa_state state)
{
	struct ike_question *q;

	if (!announce_fits(d))
		return draft_end(d, core->initiator ? 0 : AUTHENTICATION_FAILED);
	q = question(d, core, ASK_PROOF, state);
	q->hashes = d->hs.hashes;
	q->methods = d->hs.methods;
	q->certreqs = d->hs.certreqs;
	q->wants = d->hs.wants;
	return DRAFT_COMMIT;
}

struct ike_certs proof_certs_copy(struct arena *arena, const struct ike_certs *certs)
{
	struct wire_cert *v = ARENA_ARRAY(arena, certs->n, struct wire_cert);

	for (unsigned i = 0; i < certs->n; i++)
		v[i] = (struct wire_cert){ certs->v[i].encoding, arena_bytes(arena, certs->v[i].data) };
	return (struct ike_certs){ v, certs->n };
}

void proof_take(struct draft *d)
{
	const struct ike_answer *a = d->answer;

	d->hs.certs = proof_certs_copy(&d->keep, &a->certs);
	d->hs.proof = (struct wire_auth){ a->method, arena_bytes(&d->keep, a->proof) };
}

void proof_put(const struct draft *d, struct message *m)
{
	m->has |= PAYLOAD_BIT(PAYLOAD_AUTH);
	m->auth = d->hs.proof;
	m->certs = (struct wire_cert *)d->hs.certs.v;
	m->n_certs = d->hs.certs.n;
	if (m->n_certs)
		m->has |= PAYLOAD_BIT(PAYLOAD_CERT);
}

void proof_keep(struct draft *d)
{
	d->hs.auth = arena_bytes(&d->keep, d->inner);
	d->hs.auth_first = d->inner_first;
}

/* It was parsed before, so it cannot fail. */
void proof_kept(const struct draft *d, struct message *out)
{
	uint8_t bad;

	*out = (struct message){ 0 };
	if (message_get(d->hs.auth, 0, d->hs.auth_first, d->step->scratch, out, &bad))
		*out = (struct message){ 0 };
}

enum verdict proof_check(struct draft *d, const struct message *m, enum sa_state state)
{
	struct ike_question *q = proof_question(d, ASK_CHECK, state);

	q->method = m->auth.method;
	q->proof = m->auth.data;
	q->certs = (struct ike_certs){ m->certs, m->n_certs };
	return DRAFT_COMMIT;
}

void proof_keep_certs(struct draft *d)
{
	if (d->answer->certs.n)
		d->hs.proven = proof_certs_copy(&d->keep, &d->answer->certs);
}

void proof_checked(struct draft *d)
{
	d->hs.valid = d->answer->valid;
	proof_keep_certs(d);
}

static const char *method_words(const struct message *m, struct arena *arena)
{
	if (!(m->has & PAYLOAD_BIT(PAYLOAD_AUTH)))
		return "EAP";
	if (m->auth.method == AUTH_METHOD_PSK)
		return "a shared key";
	if (scheme_method(m->auth.method))
		return "a signature";
	return arena_printf(arena, "method %u, which is unknown here", m->auth.method);
}

const char *proof_way(const struct auth_conf *conf, struct arena *arena)
{
	const struct auth_way *w = &conf->way;

	if (w->method == AUTH_EAP)
		return w->eap ? arena_printf(arena, "eap-%s", w->eap) : "eap";
	return w->method == AUTH_PSK ? "psk" : "pubkey";
}

void proof_doubted(struct draft *d, const struct id *id)
{
	static const char *const doubts[] = {
		[AUTH_ANY] = "it does not know our identity, or does not trust our certificate",
		[AUTH_PUBKEY] = "it does not know our identity, or does not trust our certificate",
		[AUTH_PSK] = "it does not know our identity, or has another secret for it",
		[AUTH_EAP] = "it does not know our identity, or wants another EAP method or password",
	};
	const struct auth_conf *own = &d->core.peer->local;
	struct arena *a = d->step->scratch;

	d->why.what = arena_printf(a, "%s: %s", d->why.what, doubts[own->way.method]);
	d->why.configured = arena_printf(a, "id = %s, auth = %s", id_print(id, a), proof_way(own, a));
	d->why.where = source_print(&own->at, "id", a);
	d->why.instead = "what the peer has for us; its log says which differs";
	d->why.alert = "local-auth-failed";
}

const char *proof_seen(const struct message *m)
{
	if (!(m->has & PAYLOAD_BIT(PAYLOAD_AUTH)))
		return "eap";
	if (m->auth.method == AUTH_METHOD_PSK)
		return "psk";
	return scheme_method(m->auth.method) ? "pubkey" : NULL;
}

const char *proof_unfit(const struct auth_conf *conf, const struct message *m, struct arena *arena)
{
	uint8_t method = m->has & PAYLOAD_BIT(PAYLOAD_AUTH) ? m->auth.method : 0;

	if (!(m->has & PAYLOAD_BIT(PAYLOAD_AUTH)) ? conf->way.method == AUTH_EAP
		: scheme_method(method)           ? proof_may_sign(conf)
						  : method == AUTH_METHOD_PSK && proof_may_share(conf))
		return NULL;
	return arena_printf(arena, "its remote.auth is %s, and the peer authenticates with %s",
		proof_way(conf, arena), method_words(m, arena));
}
