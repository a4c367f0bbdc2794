/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_SESSION_RESUME, and what is different in the IKE_AUTH behind it. */
#include "ike/resume.h"

#include "ike/auth.h"
#include "ike/candidate.h"
#include "ike/conf.h"
#include "ike/count.h"
#include "ike/fragment.h"
#include "ike/init.h"
#include "ike/keys.h"
#include "ike/mobike.h"
#include "ike/mode.h"
#include "ike/natd.h"
#include "ike/proof.h"
#include "ike/redirect.h"
#include "ike/ticket.h"

/* ----------------------------------------------------------------- proofs */

/* AUTH of one side: by its SK_p instead of a shared secret (RFC 5723, 5.1). */
static bool proof_of(struct draft *d, bool initiator, uint8_t out[PRF_OUT_MAX])
{
	const struct transform *f = d->core.suite.prf;
	struct bytes octets = keys_signed_octets(&d->core, &d->hs, initiator, d->step->scratch);
	const uint8_t *key = initiator ? d->core.keys.pi : d->core.keys.pr;

	return octets.n && !prf(f, bytes_of(key, f->out), &octets, 1, out);
}

static bool prove(struct draft *d)
{
	size_t n = d->core.suite.prf->out;
	uint8_t out[PRF_OUT_MAX];
	bool ok = proof_of(d, d->core.initiator, out);

	if (ok)
		d->hs.proof = (struct wire_auth){ AUTH_METHOD_PSK, arena_bytes(&d->keep, bytes_of(out, n)) };
	WIPE(out);
	return ok;
}

static bool proved(struct draft *d, const struct message *m)
{
	uint8_t right[PRF_OUT_MAX];
	bool ok = m->has & PAYLOAD_BIT(PAYLOAD_AUTH) && m->auth.method == AUTH_METHOD_PSK &&
		  proof_of(d, !d->core.initiator, right) &&
		  bytes_eq_secret(bytes_of(right, d->core.suite.prf->out), m->auth.data);

	WIPE(right);
	return ok;
}

static void take_ids(struct draft *d, const struct id *local, const struct id *remote)
{
	struct handshake *hs = &d->hs;

	hs->local_id = id_copy(&d->keep, local);
	hs->remote_id = id_copy(&d->keep, remote);
	hs->id_i = auth_id_body(&d->keep, d->core.initiator ? &hs->local_id : &hs->remote_id);
	hs->id_r = auth_id_body(&d->keep, d->core.initiator ? &hs->remote_id : &hs->local_id);
}

/* -------------------------------------------------------------------- client */

static enum verdict send_request(struct draft *d)
{
	struct message m = { 0 };

	message_add_notify(&m, d->step->scratch, TICKET_OPAQUE, d->hs.ticket);
	init_put(d, &m);
	return init_send(d, IKE_SESSION_RESUME, S_I_RESUME, &m);
}

bool resume_begin(struct draft *d)
{
	struct kept_ticket *t = ticket_take(d);

	if (!t)
		return false;
	d->hs.resumed = true;
	d->hs.auth_left = t->auth_end ? t->auth_end - d->step->now : 0;
	d->hs.ticket = arena_bytes(&d->keep, t->opaque);
	d->hs.old_d = arena_bytes(&d->keep, t->d);
	d->core.suite = t->suite;
	d->core.post_quantum = t->post_quantum;
	d->core.ppk = t->ppk;
	d->core.ppk_int = t->ppk_int;
	take_ids(d, &t->local_id, &t->remote_id);
	ticket_free(t);
	tell_log(d, "IKE", "resuming IKE_SA %s with a ticket", d->core.peer->name);
	(void)send_request(d);
	return true;
}

/* What comes next begins without the ticket. */
static void forget_ticket(struct draft *d)
{
	d->hs.resumed = false;
	d->hs.auth_left = 0;
	d->hs.ticket = d->hs.old_d = (struct bytes){ 0 };
	d->core.suite = (struct suite){ 0 };
	d->core.ppk = d->core.ppk_int = d->core.keyed = false;
	WIPE(d->core.keys);
}

enum verdict resume_fall_back(struct draft *d, const char *why)
{
	tell_log(d, "IKE", "%s: IKE_SA %s is set up without the ticket", why, d->core.peer->name);
	forget_ticket(d);
	d->hs.rounds = 0;
	d->hs.cookie = d->hs.x.nonce_i = (struct bytes){ 0 };
	d->core.spi_r = 0;
	return init_key_exchange(d);
}

enum verdict resume_response(struct draft *d)
{
	if (!ip_eq(&d->path->remote.ip, &d->core.path.remote.ip) || !d->message->header.spi_r)
		return draft_drop(d, DROP_INVALID);
	init_answered(d);
	if (keys_resume(&d->core, d->hs.old_d, d->hs.x.nonce_i, d->hs.x.nonce_r) || !prove(d))
		return draft_end(d, 0);
	return auth_send(d);
}

enum verdict resume_refusal(struct draft *d)
{
	const struct wire_notify *cookie = message_notify(d->message, COOKIE),
				 *redirect = message_notify(d->message, REDIRECT);

	if (!ip_eq(&d->path->remote.ip, &d->core.path.remote.ip) || d->hs.rounds >= INIT_ROUNDS_MAX)
		return draft_drop(d, DROP_INVALID);
	if (redirect) {
		forget_ticket(d);
		return redirect_at_init(d, redirect->data);
	}
	if (cookie && !bytes_eq(cookie->data, d->hs.cookie) && cookie->data.n &&
		cookie->data.n <= COOKIE_MAX) {
		d->hs.cookie = arena_bytes(&d->keep, cookie->data);
		return send_request(d);
	}
	if (cookie || !(message_notify(d->message, TICKET_NACK) || message_error(d->message)))
		return draft_drop(d, DROP_INVALID);
	return resume_fall_back(d, "the peer does not take the ticket");
}

enum verdict resume_unanswered(struct draft *d)
{
	/* It is not repeated any more. */
	d->answered = true;
	return resume_fall_back(d, "no answer to the ticket");
}

const char *resume_wrong(struct draft *d, const struct message *m)
{
	if (!id_eq(&m->idr, &d->hs.remote_id))
		return "the peer has another identity than the ticket";
	if (!proved(d, m))
		return "the peer does not know the keys of the ticket";
	count(d->step->ike, d->core.peer, COUNT_RESUMED);
	return NULL;
}

/* ------------------------------------------------------------------- gateway */

/* What has changed since the ticket T was made; NULL: nothing, and D's connection is found. */
static const char *outdated(struct draft *d, const struct ticket *t)
{
	const struct conn *c = conn_find(d->step->ike, t->conn);
	const struct peer *p = c ? c->peer : NULL;

	if (!p)
		return "its connection is not configured any more";
	if (!p->resumption || p->content != t->content || t->trust != ticket_trust(d->step->ike))
		return "the configuration is another one";
	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (d->hs.candidates[i].peer == p) {
			d->core.peer = p;
			return NULL;
		}
	return "its connection is not for these addresses";
}

static const char *refusal(struct draft *d, struct ticket *t)
{
	const struct wire_notify *n = message_notify(d->message, TICKET_OPAQUE);
	enum err e = n ? ticket_open(d->step, n->data, t) : ERR_MISSING;

	if (e)
		return e == ERR_RANGE ? "it has expired, or was used before" : "it is none of ours";
	return outdated(d, t);
}

static enum verdict refuse(struct draft *d, const char *why)
{
	char remote[ADDR_TEXT];

	d->why = (struct why){
		.what = arena_printf(d->step->scratch, "the ticket of %s is not taken: %s",
			addr_print(&d->path->remote, remote), why),
		.notify = notify_name(TICKET_NACK),
	};
	return draft_refuse(d, TICKET_NACK, (struct bytes){ 0 });
}

static enum verdict answer(struct draft *d, struct bytes old_d)
{
	struct message m = {
		.header = { .spi_i = d->core.spi_i, .spi_r = d->core.spi_r },
		.has = PAYLOAD_BIT(PAYLOAD_NONCE),
	};
	struct sa_core *c = &d->core;

	d->hs.x.nonce_r = m.nonce = nonce_new(d, &d->keep);
	if (keys_resume(c, old_d, d->hs.x.nonce_i, d->hs.x.nonce_r))
		return draft_drop(d, DROP_INVALID);
	if (d->hs.natd) {
		c->nat_fake = !d->hs.no_nats && init_wants_encap(d->step->ike, c->peer);
		natd_add(d, &m, c->nat_fake);
	}
	natd_encap(c);
	if (c->fragments)
		fragment_announce(c->peer, d->step->scratch, &m);
	c->fragments = fragment_announced(&m);
	mode_introduce(c->peer, d->step->scratch, &m);
	c->state = S_R_INIT;
	draft_respond(d, IKE_SESSION_RESUME, &m);
	d->hs.init_r = arena_bytes(&d->keep, d->response);
	return DRAFT_COMMIT;
}

/* D's IKE_SA is the one that T stands for. */
static void take_ticket(struct draft *d, const struct ticket *t)
{
	d->core.suite = t->suite;
	d->core.post_quantum = t->post_quantum;
	d->core.ppk = t->ppk;
	d->core.ppk_int = t->ppk_int;
	d->hs.resumed = true;
	d->hs.ticket_number = t->number;
	d->hs.ticket_end = t->end;
	d->hs.auth_left = t->auth_end ? (uint64_t)(t->auth_end - ticket_wall(d->step)) * 1000 : 0;
	take_ids(d, &t->id_r, &t->id_i);
	d->hs.eap.id = id_copy(&d->keep, &t->eap_id);
}

enum verdict resume_request(struct draft *d)
{
	const struct message *m = d->message;
	struct bytes redirect;
	struct ticket t;
	const char *why;

	if (natd_forbidden(d, m))
		return draft_refuse(d, UNEXPECTED_NAT_DETECTED, (struct bytes){ 0 });
	redirect_get_support(d, m);
	if (!candidates_by_address(d))
		return refuse(d, "no connection is for these addresses");
	redirect = redirect_init_data(d);
	if (redirect.n)
		return draft_refuse(d, REDIRECT, redirect);
	why = refusal(d, &t);
	if (why)
		return refuse(d, why);
	take_ticket(d, &t);
	init_taken(d);
	return answer(d, t.d);
}

const char *resume_accept(struct draft *d, const struct message *m)
{
	if (!id_eq(&m->idi, &d->hs.remote_id))
		return "the client has another identity than its ticket";
	if (!proved(d, m))
		return "the client does not know the keys of its ticket";
	if (!prove(d))
		return "our proof cannot be made";
	/* Several IKE_SAs may have begun with it. */
	if (!ticket_use(d->step, d->hs.ticket_number, d->hs.ticket_end))
		return "the client has used its ticket meanwhile";
	count(d->step->ike, d->core.peer, COUNT_RESUMED);
	return NULL;
}
