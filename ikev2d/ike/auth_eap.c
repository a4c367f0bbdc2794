/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP in IKE_AUTH.
 *
 *   initiator                                     responder
 *   HDR, SK {IDi, [CERTREQ,] [IDr,]
 *            SAi2, TSi, TSr}            -->
 *                                       <--       HDR, SK {IDr, [CERT,] AUTH, EAP}
 *   HDR, SK {EAP}                       -->
 *                                       <--       HDR, SK {EAP}
 *   …
 *                                       <--       HDR, SK {EAP (success)}
 *   HDR, SK {AUTH}                      -->
 *                                       <--       HDR, SK {AUTH, SAr2, TSi, TSr}
 *
 * The last two AUTH are made with the key of EAP, or where its method has none with SK_pi and SK_pr. With
 * N(EAP_ONLY_AUTHENTICATION) in the first request, and a method that proves both, the responder may leave out
 * its first AUTH (RFC 5998).
 */
#include "ike/auth_eap.h"

#include "ike/auth.h"
#include "ike/candidate.h"
#include "ike/count.h"
#include "ike/proof.h"

/* The next step of the conversation; the SA waits for it in STATE. */
static enum verdict ask(struct draft *d, struct bytes packet, enum sa_state state)
{
	struct ike_question *q = draft_ask(d, ASK_EAP, state);
	bool authenticator = !d->core.initiator;

	d->core.ask_deadline = d->step->now + EAP_ASK_TIME;
	q->auth = authenticator ? proof_theirs(d) : proof_own(d);
	q->local = d->hs.local_id;
	q->remote = d->hs.remote_id;
	q->hosts.remote = d->core.path.remote.ip;
	q->eap = (struct ike_eap_question){
		.conversation = d->hs.eap.conversation,
		.authenticator = authenticator,
		.alone = d->hs.eap.alone,
		.path = d->core.path,
		.packet = packet,
	};
	return DRAFT_COMMIT;
}

static struct message message_of(struct bytes packet)
{
	return (struct message){ .has = packet.n ? PAYLOAD_BIT(PAYLOAD_EAP) : 0, .eap = packet };
}

/* It has succeeded, as D's answer says. */
static void take_key(struct draft *d)
{
	const char *method = d->answer->eap.method;

	if (!d->core.initiator)
		d->core.login = d->hs.eap.conversation;
	d->hs.eap.conversation = 0;
	d->hs.eap.key = arena_bytes(&d->keep, d->answer->shared);
	tell_log(d, "IKE", "EAP method %s succeeded, %sMSK established",
		eap_method_print(method ? eap_method_number(method) : 0, d->step->scratch),
		d->hs.eap.key.n ? "" : "no ");
}

/* A question about AUTH that is made with the key of EAP; the SA waits for its answer in STATE. */
static struct ike_question *question(struct draft *d, enum ike_ask_kind kind, enum sa_state state)
{
	struct ike_question *q = proof_question(d, kind, state);
	bool by_initiator = d->core.initiator == (kind == ASK_PROOF);
	const uint8_t *own = by_initiator ? d->core.keys.pi : d->core.keys.pr;

	q->secret = d->hs.eap.key.n ? d->hs.eap.key
				    : arena_bytes(d->step->scratch, bytes_of(own, d->core.suite.prf->out));
	return q;
}

static enum verdict ask_check(struct draft *d, enum sa_state state)
{
	const struct message *m = d->message;
	struct ike_question *q = question(d, ASK_CHECK, state);

	q->method = m->auth.method;
	q->proof = m->auth.data;
	return DRAFT_COMMIT;
}

static enum verdict ask_proof(struct draft *d, enum sa_state state)
{
	(void)question(d, ASK_PROOF, state);
	return DRAFT_COMMIT;
}

/* Whether one more packet of the peer may be taken. */
static bool go_on(struct draft *d)
{
	if (++d->hs.eap.packets <= EAP_PACKETS_MAX)
		return true;
	d->why = (struct why){
		.what = arena_printf(d->step->scratch,
			"EAP did not come to an end: the peer has sent more than %u packets",
			EAP_PACKETS_MAX),
		.alert = "peer-auth-failed",
	};
	return false;
}

static void out_of_order(struct draft *d, const char *what)
{
	d->why = (struct why){
		.what = what,
		.notify = notify_name(AUTHENTICATION_FAILED),
		.alert = "peer-auth-failed",
	};
}

/* --------------------------------------------------------------- initiator */

enum verdict auth_eap_take(struct draft *d, struct bytes packet)
{
	if (!d->hs.eap.conversation)
		d->hs.eap.conversation = step_id(d->step->ike);
	if (!go_on(d))
		return auth_fail(d);
	return ask(d, packet, S_I_EAP);
}

static enum verdict eap_unwanted(struct draft *d)
{
	const struct auth_conf *own = proof_own(d);
	struct arena *a = d->step->scratch;

	d->why = (struct why){
		.what = "the peer wants EAP of us",
		.configured = arena_printf(a, "auth = %s", proof_way(own, a)),
		.where = source_print(&own->at, "auth", a),
		.instead = "auth = eap, and a secret of it for us in the section secrets",
		.alert = "local-auth-failed",
	};
	return auth_fail(d);
}

/* In further rounds who answers has proved itself before. */
enum verdict auth_eap_first_response(struct draft *d)
{
	const struct message *m = d->message;
	bool named = m->has & PAYLOAD_BIT(PAYLOAD_IDR), proved = m->has & PAYLOAD_BIT(PAYLOAD_AUTH);
	enum verdict v;

	if (proof_own(d)->way.method != AUTH_EAP || d->hs.resumed)
		return eap_unwanted(d);
	if (named == !!d->hs.round || (proved && !named))
		return draft_drop(d, DROP_INVALID);
	if (d->hs.round)
		return auth_eap_take(d, m->eap);
	if (!auth_identity(d, m, &v))
		return v;
	d->hs.eap.alone = !proved;
	if (!proved)
		return auth_eap_take(d, m->eap);
	proof_keep(d);
	return proof_check(d, m, S_I_CHECK);
}

enum verdict auth_eap_reply(struct draft *d)
{
	const struct ike_eap_answer *e = &d->answer->eap;
	struct message m = message_of(e->packet);

	if (!e->over) {
		d->core.state = S_I_EAP_SENT;
		d->core.ask = 0;
		draft_request(d, IKE_AUTH, d->sa->window.next, &m);
		return DRAFT_COMMIT;
	}
	if (d->hs.eap.alone && !e->mutual) {
		out_of_order(
			d, "the peer has proved in no way who it is: the EAP method proves only who we are");
		return auth_fail(d);
	}
	take_key(d);
	return ask_proof(d, S_I_EAP_PROOF);
}

enum verdict auth_eap_given_up(struct draft *d)
{
	d->why = d->answer->why;
	d->why.alert = "local-auth-failed";
	if (!d->why.what)
		d->why.what = "EAP did not come to an end in time";
	return draft_end(d, 0);
}

enum verdict auth_eap_response(struct draft *d)
{
	const struct message *m = d->message;

	if (m->has & (PAYLOAD_BIT(PAYLOAD_IDR) | PAYLOAD_BIT(PAYLOAD_AUTH)))
		return draft_drop(d, DROP_INVALID);
	return auth_eap_take(d, m->eap);
}

enum verdict auth_eap_response_too_early(struct draft *d)
{
	out_of_order(d, "the peer has let us in before EAP was over");
	return auth_fail(d);
}

enum verdict auth_eap_response_too_late(struct draft *d)
{
	out_of_order(d, "the peer goes on with EAP, which is over, instead of proving that it has its key");
	return auth_fail(d);
}

enum verdict auth_eap_proved(struct draft *d)
{
	struct message m = { 0 };

	proof_take(d);
	proof_put(d, &m);
	auth_another_follows(d, &m);
	d->core.state = S_I_EAP_AUTH;
	d->core.ask = 0;
	draft_request(d, IKE_AUTH, d->sa->window.next, &m);
	return DRAFT_COMMIT;
}

enum verdict auth_eap_last_response(struct draft *d)
{
	if (!(d->message->has & PAYLOAD_BIT(PAYLOAD_AUTH))) {
		out_of_order(d, "the peer does not prove that it has the key of EAP");
		return auth_fail(d);
	}
	proof_keep(d);
	return ask_check(d, S_I_EAP_CHECK);
}

enum verdict auth_eap_checked(struct draft *d)
{
	struct message m;

	proof_kept(d, &m);
	return auth_round_over(d, &m);
}

/* --------------------------------------------------------------- responder */

enum verdict auth_eap_introduce(struct draft *d)
{
	d->hs.eap.alone = proof_own(d)->way.method == AUTH_EAP;
	return d->hs.eap.alone ? auth_eap_begin(d) : proof_ask(d, S_R_PROOF);
}

enum verdict auth_eap_begin(struct draft *d)
{
	d->hs.eap = (struct eap_state){
		.conversation = step_id(d->step->ike),
		.end = d->step->now + EAP_TIME,
		.alone = d->hs.eap.alone && !d->hs.round,
	};
	return ask(d, (struct bytes){ 0 }, S_R_EAP);
}

/* It may hold for a time only: then the peer has to authenticate anew. */
static void take_validity(struct draft *d)
{
	uint64_t ms = (uint64_t)d->answer->valid * 1000;

	if (ms && (!d->hs.auth_left || ms < d->hs.auth_left))
		d->hs.auth_left = ms;
	d->core.idle = d->answer->idle;
}

/* What EAP says of the peer has to fit its connection, or another one. */
static bool is_allowed(struct draft *d)
{
	const struct ike_eap_answer *e = &d->answer->eap;

	take_key(d);
	take_validity(d);
	if (!d->hs.proven.n)
		proof_keep_certs(d);
	d->hs.eap.id = id_copy(&d->keep, &e->id);
	d->hs.eap.method = e->method ? arena_str(&d->keep, e->method) : NULL;
	if (!d->hs.eap.alone || e->mutual)
		return candidates_by_eap(d);
	out_of_order(d, "EAP alone is to prove who both are, and its method proves only who the peer is");
	return false;
}

/* Some methods say in words of their own that it has failed, and the peer may leave then. */
static void keep_reason(struct draft *d)
{
	struct why *why = ARENA_NEW(&d->keep, struct why);

	*why = why_copy(&d->keep, &d->answer->why);
	d->hs.eap.failed = d->answer->why.what ? why : NULL;
}

static void count_passwords(struct draft *d)
{
	const struct ike_eap_answer *e = &d->answer->eap;

	if (e->wrong)
		count(d->step->ike, d->core.peer, COUNT_EAP_WRONG);
	if (e->delayed)
		count(d->step->ike, d->core.peer, COUNT_EAP_DELAYED);
}

enum verdict auth_eap_say(struct draft *d)
{
	const struct ike_eap_answer *e = &d->answer->eap;
	struct message m = message_of(e->packet);

	count_passwords(d);
	if (e->over && !is_allowed(d))
		return draft_end(d, AUTHENTICATION_FAILED);
	keep_reason(d);
	auth_introduce(d, &m);
	draft_respond(d, IKE_AUTH, &m);
	d->core.state = e->over ? S_R_EAP_OVER : S_R_EAP_SENT;
	d->core.ask = 0;
	auth_wait(d);
	return DRAFT_COMMIT;
}

/* EAP has its own word for no, if it has come so far. */
enum verdict auth_eap_refuse(struct draft *d)
{
	struct message m = message_of(d->answer->eap.packet);

	count_passwords(d);
	d->why = d->answer->why;
	d->why.notify = notify_name(AUTHENTICATION_FAILED);
	d->why.alert = "peer-auth-failed";
	if (!d->why.what)
		d->why.what = "EAP did not come to an end in time";
	if (!m.eap.n)
		return draft_end(d, AUTHENTICATION_FAILED);
	auth_introduce(d, &m);
	draft_respond(d, IKE_AUTH, &m);
	return draft_end(d, 0);
}

enum verdict auth_eap_request(struct draft *d)
{
	d->core.path = *d->path;
	if (!go_on(d))
		return draft_end(d, AUTHENTICATION_FAILED);
	return ask(d, d->message->eap, S_R_EAP);
}

enum verdict auth_eap_request_too_early(struct draft *d)
{
	out_of_order(d, "the peer wants to go on before EAP is over");
	return draft_end(d, AUTHENTICATION_FAILED);
}

enum verdict auth_eap_request_too_late(struct draft *d)
{
	out_of_order(d, "the peer goes on with EAP, which is over, instead of proving that it has its key");
	return draft_end(d, AUTHENTICATION_FAILED);
}

/* Whether the peer wants as many proofs as its connection. */
static bool takes_turns(struct draft *d)
{
	const struct auth_conf *remote = proof_theirs(d);
	struct arena *a = d->step->scratch;

	d->hs.more = message_notify(d->message, ANOTHER_AUTH_FOLLOWS);
	if (d->hs.more == !!remote->next)
		return true;
	d->why = (struct why){
		.what = arena_printf(a, "the peer proves %s than connection %s wants",
			d->hs.more ? "more identities" : "fewer identities", d->core.peer->name),
		.where = source_print(&remote->at, "round", a),
		.instead = d->hs.more ? "another section remote" : "one section remote",
		.notify = notify_name(AUTHENTICATION_FAILED),
		.alert = "peer-auth-failed",
	};
	return false;
}

enum verdict auth_eap_last_request(struct draft *d)
{
	d->core.path = *d->path;
	if (!takes_turns(d))
		return draft_end(d, AUTHENTICATION_FAILED);
	return ask_check(d, S_R_EAP_CHECK);
}

enum verdict auth_eap_accepted(struct draft *d)
{
	struct arena *a = d->step->scratch;

	if (!auth_may_come(d))
		return draft_end(d, AUTHENTICATION_FAILED);
	tell_log(d, "IKE", "authentication of '%s' with EAP successful", id_print(&d->hs.eap.id, a));
	return ask_proof(d, S_R_EAP_PROOF);
}

enum verdict auth_eap_answer(struct draft *d)
{
	proof_take(d);
	return auth_round_proved(d);
}

enum verdict auth_eap_abandoned(struct draft *d)
{
	const struct wire_notify *n = message_error(d->message);

	if (d->hs.eap.failed)
		d->why = why_copy(d->step->scratch, d->hs.eap.failed);
	else
		d->why.what = arena_printf(d->step->scratch, "the peer has given up%s%s", n ? " with " : "",
			n ? notify_name(n->type) : "");
	d->why.alert = "peer-auth-failed";
	if (!n && !d->message->n_deletes)
		return draft_drop(d, DROP_STATE);
	draft_respond(d, INFORMATIONAL, &(struct message){ 0 });
	return draft_end(d, 0);
}
