/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_AUTH (RFC 7296, 1.2, 2.15).
 *
 *   initiator                                     responder
 *   HDR, SK {IDi, [CERT,] [CERTREQ,] [IDr,] AUTH,
 *            SAi2, TSi, TSr}            -->
 *                                       <--       HDR, SK {IDr, [CERT,] AUTH, SAr2, TSi, TSr}
 *                                       <--  or   HDR, SK {IDr, [CERT,] AUTH, N(error)}: no child
 *                                       <--  or   HDR, SK {N(AUTHENTICATION_FAILED)}
 *
 * Who begins may prove several identities one after the other (RFC 4739); only the first request asks for the
 * CHILD_SA, only the last answer has it:
 *
 *   HDR, SK {IDi, AUTH, SAi2, TSi, TSr,
 *            N(ANOTHER_AUTH_FOLLOWS)}   -->
 *                                       <--       HDR, SK {IDr, AUTH}
 *   HDR, SK {IDi, AUTH}                 -->
 *                                       <--       HDR, SK {SAr2, TSi, TSr}
 */
#include "ike/auth.h"

#include "ike/announce.h"
#include "ike/auth_eap.h"
#include "ike/begin.h"
#include "ike/candidate.h"
#include "ike/cfg.h"
#include "ike/crash.h"
#include "ike/intermediate.h"
#include "ike/keys.h"
#include "ike/life.h"
#include "ike/mobike.h"
#include "ike/negotiate.h"
#include "ike/ppk.h"
#include "ike/ppk_int.h"
#include "ike/proof.h"
#include "ike/puzzle.h"
#include "ike/redirect.h"
#include "ike/resume.h"
#include "ike/ticket.h"
#include "ike/unique.h"

struct bytes auth_id_body(struct arena *arena, const struct id *id)
{
	struct wr w = wr_of(arena_alloc(arena, 4 + id->data.n), 4 + id->data.n);

	wr_u8(&w, id->type);
	wr_zero(&w, 3);
	wr_bytes(&w, id->data);
	return wr_done(&w);
}

/* Who we are on D's connection: what is configured, or else our address. Kept. */
static struct id own_id(struct draft *d)
{
	const struct id *conf = &proof_own(d)->id;
	const struct ip *ip = &d->core.path.local.ip;
	struct id address = { ip->v == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR, ip_bytes(ip) };

	return id_copy(&d->keep, conf->type == ID_ANY ? &address : conf);
}

static bool is_exact(const struct id *pattern)
{
	return pattern->type != ID_ANY && !id_is_pattern(pattern) &&
	       !memchr(pattern->data.p, '*', pattern->data.n);
}

static void established(struct draft *d)
{
	d->core.state = S_UP;
	d->core.ask = 0;
	d->core.deadline = 0;
	life_begin(d->step, &d->core, NULL);
	life_certified(d);
	if (d->hs.auth_left)
		life_resumed(d, d->hs.auth_left);
	d->established = true;
	d->local_id = d->hs.local_id;
	d->remote_id = d->hs.remote_id;
	d->eap_id = d->hs.eap.id;
	d->certs = d->hs.proven;
}

/* The first CHILD_SA never has a key exchange of its own, and nothing shows before its first rekeying whether
 * the peer takes one: what may go wrong then is said now. */
static void predict_rekeying(struct draft *d, const struct child_conf *conf)
{
	if (proposals_demand_ke(conf->offers))
		tell_log(d, "CHD",
			"the first rekeying of CHILD_SA %s will want a key exchange (%s = %s), "
			"and a peer "
			"without PFS will refuse that: if this one may be such, add a proposal without a "
			"group",
			conf->name, child_conf_key(conf), proposals_print(conf->offers, d->step->scratch));
}

/* --------------------------------------------------------------- initiator */

enum verdict auth_agreed(struct draft *d)
{
	if (keys_ike(&d->core, d->answer->shared, d->hs.x.nonce_i, d->hs.x.nonce_r))
		return draft_end(d, 0);
	keys_agreed(&d->hs);
	return intermediate_next(d);
}

/* Our proof of the round at hand. */
static enum verdict begin_round(struct draft *d)
{
	d->hs.local_id = own_id(d);
	d->hs.id_i = auth_id_body(&d->keep, &d->hs.local_id);
	if (proof_own(d)->way.method == AUTH_EAP)
		return auth_send(d);
	return ppk_choose_ours(d) == PPK_MIX ? ppk_ask(d, &d->core.peer->ppk_id, S_I_PPK)
					     : proof_ask(d, S_I_PROOF);
}

enum verdict auth_begin(struct draft *d)
{
	if (d->core.peer->local.next && !d->hs.multiple)
		return begin_refuse(d,
			"we are to prove who we are several times, and the peer does not take that (RFC "
			"4739)");
	d->hs.remote_id = id_copy(&d->keep, &d->core.peer->remote.id);
	return begin_round(d);
}

enum verdict auth_mixed(struct draft *d)
{
	struct sa_core before;
	enum verdict v;

	if (!ppk_mix(d))
		return draft_end(d, 0);
	if (!ppk_optional(d))
		return proof_ask(d, S_I_PROOF);
	ppk_core_before(d, &before);
	v = proof_ask_with(d, &before, S_I_PROOF_PLAIN);
	WIPE(before);
	return v;
}

enum verdict auth_proved_plain(struct draft *d)
{
	d->hs.proof_plain = arena_bytes(&d->keep, d->answer->proof);
	return proof_ask(d, S_I_PROOF);
}

/* Who does not demand the key goes on without. */
enum verdict auth_not_mixed(struct draft *d)
{
	return ppk_go_without(d) ? proof_ask(d, S_I_PROOF) : draft_end(d, 0);
}

/* Whether the first CHILD_SA comes by an exchange of its own, after IKE_AUTH (RFC 6023). */
static bool childless(const struct draft *d)
{
	enum childless_policy p = d->core.peer->childless;

	return d->hs.childless && (p == CHILDLESS_PREFER || p == CHILDLESS_FORCE);
}

enum verdict auth_proved(struct draft *d)
{
	proof_take(d);
	return auth_send(d);
}

/* What goes with the first proof only. */
static void first_request(struct draft *d, struct message *m)
{
	struct arena *a = d->step->scratch;

	puzzle_put_solution(d, m);
	ppk_name(d, m);
	if (!d->hs.resumed)
		proof_certreq_put(d, d->core.peer, m);
	announce_theirs(d, m);
	if (is_exact(&d->hs.remote_id)) {
		m->has |= PAYLOAD_BIT(PAYLOAD_IDR);
		m->idr = d->hs.remote_id;
	}
	if (unique_is_first(d))
		message_add_notify(m, a, INITIAL_CONTACT, (struct bytes){ 0 });
	if (d->core.peer->local.next)
		message_add_notify(m, a, MULTIPLE_AUTH_SUPPORTED, (struct bytes){ 0 });
	if (d->core.peer->remote.way.method == AUTH_EAP)
		message_add_notify(m, a, EAP_ONLY_AUTHENTICATION, (struct bytes){ 0 });
	mobike_put(d, m);
	cfg_ask(d, m);
	if (!childless(d))
		negotiate_offer(d, &d->hs.x, &d->keep, m);
	crash_token_put(d->step, &d->core, m);
	ticket_ask(d, m);
}

static const char *proof_words(const struct draft *d, bool eap)
{
	if (d->hs.resumed)
		return "a ticket";
	if (eap)
		return "EAP";
	return d->hs.proof.method == AUTH_METHOD_PSK ? "a shared key" : "a signature";
}

void auth_another_follows(const struct draft *d, struct message *m)
{
	if (proof_own(d)->next)
		message_add_notify(m, d->step->scratch, ANOTHER_AUTH_FOLLOWS, (struct bytes){ 0 });
}

enum verdict auth_send(struct draft *d)
{
	struct message m = { .has = PAYLOAD_BIT(PAYLOAD_IDI), .idi = d->hs.local_id };
	bool eap = proof_own(d)->way.method == AUTH_EAP && !d->hs.resumed;

	if (!eap)
		proof_put(d, &m);
	if (!eap && !d->hs.resumed)
		auth_another_follows(d, &m);
	if (!d->hs.round)
		first_request(d, &m);
	d->core.state = S_I_AUTH;
	d->core.ask = 0;
	tell_log(d, "IKE", "authenticating as %s with %s, establishing CHILD_SA %s%s",
		id_print(&d->hs.local_id, d->step->scratch), proof_words(d, eap), d->hs.x.child->name,
		childless(d) ? " afterwards" : "");
	draft_request(d, IKE_AUTH, d->sa->window.next, &m);
	return DRAFT_COMMIT;
}

/* The peer believes the SA is up, but we do not: it is told so in an exchange of its own (2.21.2). */
enum verdict auth_fail(struct draft *d)
{
	struct message m = { 0 };

	message_add_notify(&m, d->step->scratch, AUTHENTICATION_FAILED, (struct bytes){ 0 });
	message_add_delete(&m, d->step->scratch, PROTO_IKE, NULL, 0);
	tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	d->core.state = S_DELETING;
	d->core.ask = 0;
	draft_request(d, INFORMATIONAL, d->sa->window.next, &m);
	return DRAFT_COMMIT;
}

static enum verdict wrong_identity(struct draft *d, const struct id *idr)
{
	struct arena *a = d->step->scratch;
	const struct auth_conf *conf = &d->core.peer->remote;

	d->why = (struct why){
		.what = "the peer has another identity than configured",
		.offered = id_print(idr, a),
		.configured = id_print(&conf->id, a),
		.where = source_print(&conf->at, "id", a),
		.instead = arena_printf(a, "id = %s", id_print(idr, a)),
		.alert = "peer-auth-failed",
	};
	return auth_fail(d);
}

/* Another kind of proof than is configured; the peer's is SEEN (NULL: not known). */
static enum verdict wrong_method(struct draft *d, const char *what, const char *seen)
{
	const struct auth_conf *conf = &d->core.peer->remote;
	struct arena *a = d->step->scratch;

	d->why = (struct why){
		.what = "the peer proves its identity in another way than is configured",
		.offered = seen,
		.configured = arena_printf(a, "auth = %s", proof_way(conf, a)),
		.differs = what,
		.where = source_print(&conf->at, "auth", a),
		.instead = seen ? arena_printf(a, "auth = %s", seen) : NULL,
		.alert = "peer-auth-failed",
	};
	return auth_fail(d);
}

static enum verdict complete(struct draft *d, const struct message *m);

static enum verdict resumed(struct draft *d, const struct message *m)
{
	const char *wrong = resume_wrong(d, m);

	if (!wrong)
		return complete(d, m);
	d->why = (struct why){ .what = wrong, .alert = "peer-auth-failed" };
	return auth_fail(d);
}

bool auth_identity(struct draft *d, const struct message *m, enum verdict *v)
{
	const char *unfit = proof_unfit(&d->core.peer->remote, m, d->step->scratch);

	if (message_notify(m, ANOTHER_AUTH_FOLLOWS))
		*v = wrong_method(d, "it proves its identity several times, which is not built in yet", NULL);
	else if (unfit)
		*v = wrong_method(d, unfit, proof_seen(m));
	else if (!id_matches(&d->core.peer->remote.id, &m->idr))
		*v = wrong_identity(d, &m->idr);
	else if (!ppk_answered(d, m))
		*v = auth_fail(d);
	else {
		d->hs.remote_id = id_copy(&d->keep, &m->idr);
		d->hs.id_r = auth_id_body(&d->keep, &m->idr);
		return true;
	}
	return false;
}

/* The peer is content too early. */
static enum verdict nothing_proved(struct draft *d)
{
	const struct auth_conf *own = proof_own(d);

	d->why = (struct why){
		.what = "the peer has let us in before we had proved who we are: it is not the gateway that "
			"it "
			"should be, or does not ask for what is configured here",
		.configured = arena_printf(d->step->scratch, "auth = %s", proof_way(own, d->step->scratch)),
		.where = source_print(&own->at, "auth", d->step->scratch),
		.alert = "peer-auth-failed",
	};
	return auth_fail(d);
}

enum verdict auth_response(struct draft *d)
{
	const struct message *m = d->message;
	enum verdict v;

	if (d->hs.resumed)
		return resumed(d, m);
	if (d->hs.round || proof_own(d)->way.method == AUTH_EAP)
		return nothing_proved(d);
	if (!auth_identity(d, m, &v))
		return v;
	proof_keep(d);
	return proof_check(d, m, S_I_CHECK);
}

enum verdict auth_round_response(struct draft *d)
{
	const struct message *m = d->message;

	if (!d->hs.round || proof_own(d)->way.method == AUTH_EAP || m->has & PAYLOAD_BIT(PAYLOAD_AUTH))
		return nothing_proved(d);
	return auth_round_over(d, m);
}

enum verdict auth_round_over(struct draft *d, const struct message *m)
{
	if (!proof_own(d)->next)
		return complete(d, m);
	d->hs.round++;
	d->hs.eap = (struct eap_state){ 0 };
	return begin_round(d);
}

/* The peer says for how long it takes our authentication (RFC 4478). */
static void take_lifetime(struct draft *d, const struct message *m)
{
	const struct wire_notify *n = message_notify(m, AUTH_LIFETIME);

	if (n)
		life_authenticated(d, n->data);
}

/* The peer is who it should be, and sends us to another gateway. */
static enum verdict redirected(struct draft *d, struct bytes data)
{
	if (!redirect_at_auth(d, data))
		tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	established(d);
	d->delete_ike = true;
	return DRAFT_COMMIT;
}

/* Without its child the SA is of no use to anybody here. */
static enum verdict useless(struct draft *d)
{
	tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	established(d);
	d->delete_ike = true;
	return DRAFT_COMMIT;
}

/* The peer is who it should be, as its answer M has proved. */
static enum verdict complete(struct draft *d, const struct message *m)
{
	const struct wire_notify *redirect = message_notify(m, REDIRECT);

	crash_token_keep(&d->core, crash_token(m));
	ticket_keep(d, m);
	if (redirect && d->step->ike->settings.follow_redirects)
		return redirected(d, redirect->data);
	mobike_take(d, m);
	if (!cfg_take(d, m))
		return useless(d);
	if (childless(d)) {
		established(d);
		d->wish = WISH_CHILD;
		d->wished = d->hs.x.child;
		take_lifetime(d, m);
		return DRAFT_COMMIT;
	}
	if (negotiate_accept(d, &d->hs.x, &d->keep, m) && child_make(d, &d->hs.x, true)) {
		predict_rekeying(d, d->hs.x.child);
		established(d);
		take_lifetime(d, m);
		return DRAFT_COMMIT;
	}
	return useless(d);
}

enum verdict auth_checked(struct draft *d)
{
	struct message m;

	proof_checked(d);
	proof_kept(d, &m);
	if (m.has & PAYLOAD_BIT(PAYLOAD_EAP))
		return auth_eap_take(d, m.eap);
	return auth_round_over(d, &m);
}

enum verdict auth_not_checked(struct draft *d)
{
	d->why = d->answer->why;
	d->why.alert = "peer-auth-failed";
	return auth_fail(d);
}

enum verdict auth_refusal(struct draft *d)
{
	struct arena *a = d->step->scratch;
	const struct peer *p = d->core.peer;
	const struct wire_notify *n = message_error(d->message);
	bool failed = n->type == AUTHENTICATION_FAILED;

	if (d->hs.resumed)
		return resume_fall_back(d, "the peer refuses what the ticket stands for");
	d->why = (struct why){
		.what = arena_printf(
			a, "the peer refused to authenticate %s with %s", p->name, notify_name(n->type)),
		.notify = notify_name(n->type),
	};
	if (failed)
		proof_doubted(d, &d->hs.local_id);
	return draft_end(d, 0);
}

/* --------------------------------------------------------------- responder */

/* The peer's proof is checked with the keys that CHOICE says. */
static enum verdict consider_keys(struct draft *d, const struct message *m, enum ppk_choice choice)
{
	struct message plain = *m;
	struct id id;

	switch (choice) {
	case PPK_MIX:
		id = ppk_identity(message_notify(m, PPK_IDENTITY)->data, d->step->scratch);
		return ppk_ask(d, &id, S_R_PPK);
	case PPK_REFUSED: return draft_end(d, AUTHENTICATION_FAILED);
	case PPK_PLAIN: plain.auth.data = message_notify(m, NO_PPK_AUTH)->data; break;
	case PPK_NONE: break;
	}
	d->why = (struct why){ 0 };
	return proof_check(d, &plain, S_R_CHECK);
}

/* Whether the connection that it is now is right, its proof tells. */
static enum verdict consider(struct draft *d, const struct message *m)
{
	bool named = m->has & PAYLOAD_BIT(PAYLOAD_IDR) && d->core.peer->local.id.type == ID_ANY;

	d->hs.local_id = named ? id_copy(&d->keep, &m->idr) : own_id(d);
	d->hs.id_r = auth_id_body(&d->keep, &d->hs.local_id);
	d->hs.checks++;
	ppk_undo(d);
	if (!ppk_int_serves(d))
		return draft_end(d, AUTHENTICATION_FAILED);
	if (proof_theirs(d)->way.method == AUTH_EAP)
		return auth_eap_introduce(d);
	return consider_keys(d, m, ppk_choose_theirs(d, m));
}

enum verdict auth_mixed_theirs(struct draft *d)
{
	struct message m;

	proof_kept(d, &m);
	return ppk_mix(d) ? proof_check(d, &m, S_R_CHECK) : draft_end(d, AUTHENTICATION_FAILED);
}

enum verdict auth_not_mixed_theirs(struct draft *d)
{
	struct message m;

	proof_kept(d, &m);
	return consider_keys(d, &m, ppk_missing(d, &m));
}

static enum verdict answer(struct draft *d, const struct message *m);

static enum verdict resumed_client(struct draft *d, const struct message *m)
{
	const char *wrong = resume_accept(d, m);

	if (wrong)
		d->why = (struct why){
			.what = wrong, .notify = "AUTHENTICATION_FAILED", .alert = "peer-auth-failed"
		};
	return wrong || unique_refuses(d, m) ? draft_end(d, AUTHENTICATION_FAILED) : answer(d, m);
}

enum verdict auth_request(struct draft *d)
{
	const struct message *m = d->message;

	d->core.path = *d->path;
	if (!intermediate_over(d))
		return draft_end(d, INVALID_SYNTAX);
	/* It has come, from who has the keys. */
	d->core.deadline = d->step->now + d->step->ike->settings.half_open_timeout;
	ticket_asked(d, m);
	proof_keep(d);
	if (d->hs.resumed)
		return resumed_client(d, m);
	if (!candidates_by_identity(d, m))
		return draft_end(d, AUTHENTICATION_FAILED);
	d->hs.remote_id = id_copy(&d->keep, &m->idi);
	d->hs.id_i = auth_id_body(&d->keep, &m->idi);
	proof_certreq_get(d, m);
	announce_keep(d, m);
	d->hs.more = message_notify(m, ANOTHER_AUTH_FOLLOWS);
	return consider(d, m);
}

/* The connection is chosen: another one that asks for less would not do. */
enum verdict auth_next_request(struct draft *d)
{
	const struct message *m = d->message;

	d->core.path = *d->path;
	auth_wait(d);
	if (!candidate_stays(d, m))
		return draft_end(d, AUTHENTICATION_FAILED);
	d->hs.remote_id = id_copy(&d->keep, &m->idi);
	d->hs.id_i = auth_id_body(&d->keep, &m->idi);
	d->hs.more = message_notify(m, ANOTHER_AUTH_FOLLOWS);
	d->why = (struct why){ 0 };
	return proof_theirs(d)->way.method == AUTH_EAP ? auth_eap_begin(d) : proof_check(d, m, S_R_CHECK);
}

bool auth_may_come(struct draft *d)
{
	struct message m;

	proof_kept(d, &m);
	return d->hs.more || !unique_refuses(d, &m);
}

enum verdict auth_accepted(struct draft *d)
{
	proof_checked(d);
	if (!auth_may_come(d))
		return draft_end(d, AUTHENTICATION_FAILED);
	return d->hs.round ? auth_round_proved(d) : proof_ask(d, S_R_PROOF);
}

/* The next candidate may ask for less. */
enum verdict auth_not_accepted(struct draft *d)
{
	struct message m;

	if (!d->hs.round && d->hs.checks < PROOF_CHECKS_MAX && candidates_next(d, d->answer->why.what)) {
		proof_kept(d, &m);
		return consider(d, &m);
	}
	return auth_failed(d);
}

enum verdict auth_failed(struct draft *d)
{
	d->why = d->answer->why;
	d->why.notify = "AUTHENTICATION_FAILED";
	d->why.alert = d->core.state == S_R_PROOF ? "local-auth-failed" : "peer-auth-failed";
	return draft_end(d, AUTHENTICATION_FAILED);
}

void auth_introduce(struct draft *d, struct message *m)
{
	if (!d->hs.named) {
		m->has |= PAYLOAD_BIT(PAYLOAD_IDR);
		m->idr = d->hs.local_id;
	}
	if (d->hs.proof.method)
		proof_put(d, m);
	d->hs.named = true;
	d->hs.proof = (struct wire_auth){ 0 };
	d->hs.certs = (struct ike_certs){ 0 };
}

/* Our answer without what concerns the child. */
static struct message answer_head(struct draft *d)
{
	struct message m = { 0 };

	auth_introduce(d, &m);
	ppk_name(d, &m);
	life_announce(d, &m);
	crash_token_put(d->step, &d->core, &m);
	mobike_put(d, &m);
	cfg_answer(d, &m);
	ticket_put(d, &m);
	return m;
}

/* The SA stands, its child does not (2.21.2). */
static enum verdict answer_without_child(struct draft *d, uint16_t notify)
{
	struct message m = answer_head(d);

	message_add_notify(&m, d->step->scratch, notify, (struct bytes){ 0 });
	tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	draft_respond(d, IKE_AUTH, &m);
	established(d);
	return DRAFT_COMMIT;
}

/* The peer asks for its CHILD_SAs later, if it may (RFC 6023). */
static enum verdict answer_childless(struct draft *d)
{
	struct message m = answer_head(d);

	if (d->core.peer->childless == CHILDLESS_NEVER) {
		d->why = (struct why){
			.what = "the peer wants an IKE_SA without CHILD_SA",
			.configured = "childless = never",
			.where = source_print(&d->core.peer->at, "childless", d->step->scratch),
			.instead = "childless = allow",
		};
		return draft_end(d, INVALID_SYNTAX);
	}
	draft_respond(d, IKE_AUTH, &m);
	established(d);
	return DRAFT_COMMIT;
}

/* The peer is to leave, and ends the IKE_SA; or we do. */
static enum verdict answer_redirect(struct draft *d)
{
	struct message m = answer_head(d);

	redirect_put(d, d->core.peer->redirect_to, &m);
	draft_respond(d, IKE_AUTH, &m);
	established(d);
	redirect_taken(d);
	return DRAFT_COMMIT;
}

/* The peer, whose IKE_AUTH is M, has the addresses that it gets. */
static enum verdict answer_child(struct draft *d, const struct message *m)
{
	const struct peer *p = d->core.peer;
	uint16_t notify;

	if (!(m->has & PAYLOAD_BIT(PAYLOAD_SA)))
		return answer_childless(d);
	notify = negotiate_choose(d, &d->hs.x, &d->keep, m, p->children, p->n_children);
	if (notify)
		return answer_without_child(d, notify);
	if (!child_make(d, &d->hs.x, false)) {
		d->why.what = "the keys of the CHILD_SA could not be made";
		return answer_without_child(d, NO_ADDITIONAL_SAS);
	}
	d->core.state = S_R_INSTALL;
	d->core.ask = 0;
	return DRAFT_COMMIT;
}

/* Both have proved who they are; M is the peer's IKE_AUTH. */
static enum verdict answer(struct draft *d, const struct message *m)
{
	crash_token_keep(&d->core, crash_token(m));
	if (redirect_due(d))
		return answer_redirect(d);
	mobike_take(d, m);
	switch (cfg_lease(d, m)) {
	case CFG_WAITS: return DRAFT_COMMIT;
	case CFG_MISSING: return answer_without_child(d, FAILED_CP_REQUIRED);
	case CFG_WRONG: return draft_end(d, INVALID_SYNTAX);
	case CFG_NOTHING: break;
	}
	return answer_child(d, m);
}

enum verdict auth_leased(struct draft *d)
{
	struct message m;

	proof_kept(d, &m);
	cfg_leased(d, &m);
	return answer_child(d, &m);
}

enum verdict auth_not_leased(struct draft *d)
{
	d->why = d->answer->why;
	d->why.notify = notify_name(INTERNAL_ADDRESS_FAILURE);
	d->why.alert = "vip-failure";
	return answer_without_child(d, INTERNAL_ADDRESS_FAILURE);
}

void auth_wait(struct draft *d)
{
	uint64_t patience = d->step->ike->settings.half_open_timeout, end = d->hs.eap.end;

	d->core.deadline = d->step->now + patience;
	if (end && end < d->core.deadline)
		d->core.deadline = end;
}

enum verdict auth_round_proved(struct draft *d)
{
	struct message m = { 0 };

	if (!d->hs.more) {
		proof_kept(d, &m);
		return answer(d, &m);
	}
	auth_introduce(d, &m);
	draft_respond(d, IKE_AUTH, &m);
	d->hs.round++;
	d->core.state = S_R_ROUND;
	d->core.ask = 0;
	auth_wait(d);
	return DRAFT_COMMIT;
}

enum verdict auth_answer(struct draft *d)
{
	proof_take(d);
	return proof_theirs(d)->way.method == AUTH_EAP ? auth_eap_begin(d) : auth_round_proved(d);
}

enum verdict auth_installed(struct draft *d, struct child *child, bool success)
{
	struct message m;

	if (!success) {
		draft_edit(d, CHILD_REMOVED, child, CHILD_INSTALLING);
		return answer_without_child(d, d->refusal ? d->refusal : NO_ADDITIONAL_SAS);
	}
	m = answer_head(d);
	negotiate_answer(d, &d->hs.x, &m);
	draft_respond(d, IKE_AUTH, &m);
	draft_edit(d, CHILD_STATE, child, CHILD_INSTALLED);
	predict_rekeying(d, child->conf);
	established(d);
	return DRAFT_COMMIT;
}
