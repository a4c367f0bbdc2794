/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_SA_INIT (RFC 7296, 1.2).
 *
 *   initiator                                           responder
 *   HDR, [COOKIE, [PS,]] SAi1, KEi, Ni, NATD  -->
 *                                             <--       HDR, SAr1, KEr, Nr, NATD
 *                                             <--  or   HDR, N(COOKIE) [, N(PUZZLE)]
 *                                             <--  or   HDR, N(INVALID_KE_PAYLOAD), N(NO_PROPOSAL_CHOSEN)
 */
#include "ike/init.h"

#include "ike/admit.h"
#include "ike/announce.h"
#include "ike/begin.h"
#include "ike/candidate.h"
#include "ike/cookie.h"
#include "ike/fragment.h"
#include "ike/keys.h"
#include "ike/mobike.h"
#include "ike/mode.h"
#include "ike/natd.h"
#include "ike/ppk.h"
#include "ike/proof.h"
#include "ike/puzzle.h"
#include "ike/puzzle_auth.h"
#include "ike/redirect.h"
#include "ike/resume.h"
#include "ike/silence.h"

static bool carried_by_us(const struct peer *p)
{
	for (unsigned i = 0; i < p->n_children; i++)
		if (p->children[i].datapath != DATAPATH_KERNEL)
			return true;
	return false;
}

bool init_wants_encap(const struct ike *ike, const struct peer *p)
{
	return p->encap == ENCAP_YES ||
	       (p->encap == ENCAP_AUTO && ike->settings.udp_encap && carried_by_us(p));
}

/* --------------------------------------------------------------- initiator */

static void begin(struct draft *d, struct step *s, const struct child_conf *child)
{
	draft_open(d, s, NULL);
	d->core.initiator = d->core.began = true;
	d->core.spi_i = spi_new(d);
	d->core.peer = child->peer;
	d->hs.x.child = child;
}

struct sa *init_start(struct step *s, const struct child_conf *child, const struct ts *local,
	const struct ts *remote, const struct hosts *hosts)
{
	struct draft d;

	begin(&d, s, child);
	if (hosts) {
		d.core.hosts = *hosts;
		d.core.path = (struct path){ .local.ip = hosts->local, .remote.ip = hosts->remote };
	}
	if (local && remote) {
		d.hs.x.packet_local = tss_copy(&d.keep, (struct tss){ local, 1 });
		d.hs.x.packet_remote = tss_copy(&d.keep, (struct tss){ remote, 1 });
	}
	draft_ask(&d, ASK_ROUTE, S_I_ROUTE)->hosts = d.core.hosts;
	return draft_close(&d, DRAFT_COMMIT);
}

enum verdict init_route(struct draft *d, const struct gateway *to)
{
	struct ike_question *q;

	d->core.hosts.remote = to->ip;
	d->core.path = (struct path){ .local.ip = d->core.hosts.local, .remote.ip = to->ip };
	d->hs.gateway = to->name ? arena_str(&d->keep, to->name) : NULL;
	q = draft_ask(d, ASK_ROUTE, S_I_ROUTE);
	q->hosts = d->core.hosts;
	q->gateway = d->hs.gateway;
	return DRAFT_COMMIT;
}

struct sa *init_redirected(
	struct step *s, const struct child_conf *child, const struct sa *old, const struct gateway *to)
{
	struct draft d;

	begin(&d, s, child);
	d.core.hosts.local = old->core.hosts.local;
	d.core.redirected_from = old->core.path.remote.ip;
	d.core.redirects = old->core.redirects;
	d.core.redirects_since = old->core.redirects_since;
	return draft_close(&d, init_route(&d, to));
}

static enum verdict ask_key_pair(struct draft *d)
{
	draft_ask(d, ASK_KEY_PAIR, S_I_KEY_PAIR)->ke = d->hs.x.ke;
	return DRAFT_COMMIT;
}

enum verdict init_key_exchange(struct draft *d)
{
	d->hs.x.ke = proposals_ke(d->core.peer->ike);
	return ask_key_pair(d);
}

/* Between LOCAL and REMOTE, as D's connection wants it. */
static struct path path_between(
	const struct draft *d, const struct ip *local, const struct ip *remote, bool tcp)
{
	const struct settings *set = &d->step->ike->settings;
	const struct peer *p = d->core.peer;
	bool marker = p->remote_port != set->port && p->remote_port != PORT_IKE;

	if (tcp)
		return (struct path){ { *local, 0 }, { *remote, p->tcp_port }, .marker = true, .tcp = true };
	return (struct path){ { *local, marker ? set->port_nat_t : set->port }, { *remote, p->remote_port },
		.marker = marker };
}

enum verdict init_routed(struct draft *d)
{
	const struct ike_answer *a = d->answer;
	const struct peer *p = d->core.peer;
	char local[ADDR_TEXT], remote[ADDR_TEXT];
	const char *never = begin_never(p);

	if (never)
		return begin_refuse(d, never);
	if (!redirect_reaches(d, &a->remote))
		return draft_end(d, 0);
	/* Where a name has led it stays. */
	if (d->hs.gateway)
		d->core.hosts.remote = a->remote;
	d->core.path = path_between(d, &a->local, &a->remote, p->transport == TRANSPORT_TCP);
	if (resume_begin(d))
		return DRAFT_COMMIT;
	tell_log(d, "IKE", "initiating IKE_SA %s from %s to %s%s", p->name,
		addr_print(&d->core.path.local, local), addr_print(&d->core.path.remote, remote),
		d->core.path.tcp ? " over TCP" : "");
	return init_key_exchange(d);
}

bool init_over_tcp(struct step *s, struct sa *sa)
{
	const struct sa_core *c = &sa->core;
	struct draft d;

	if (c->state != S_I_INIT || c->path.tcp || c->peer->transport != TRANSPORT_AUTO ||
		sa->window.tries < UDP_TRIES)
		return false;
	draft_open(&d, s, sa);
	d.core.path = path_between(&d, &c->path.local.ip, &c->path.remote.ip, true);
	d.hs.x.nonce_i = d.hs.cookie = d.hs.solution = (struct bytes){ 0 };
	d.answered = true; /* it is not repeated any more */
	tell_log(&d, "IKE", "no answer over UDP: trying TCP port %u", c->peer->tcp_port);
	draft_close(&d, init_key_exchange(&d));
	return true;
}

void init_put(struct draft *d, struct message *m)
{
	if (!d->hs.x.nonce_i.n)
		d->hs.x.nonce_i = nonce_new(d, &d->keep);
	m->header.spi_i = d->core.spi_i;
	m->has |= PAYLOAD_BIT(PAYLOAD_NONCE);
	m->nonce = d->hs.x.nonce_i;
	if (d->hs.cookie.n)
		message_add_notify(m, d->step->scratch, COOKIE, d->hs.cookie);
	puzzle_put_solution(d, m);
	d->core.nat_fake = init_wants_encap(d->step->ike, d->core.peer);
	natd_ask(d, m, d->core.nat_fake);
}

enum verdict init_send(struct draft *d, uint8_t exchange, enum sa_state state, struct message *m)
{
	fragment_announce(d->core.peer, d->step->scratch, m);
	mode_introduce(d->core.peer, d->step->scratch, m);
	redirect_put_support(d, m);
	d->core.spi_r = 0;
	d->core.state = state;
	d->core.ask = 0;
	d->hs.rounds++;
	draft_request(d, exchange, 0, m);
	d->hs.init_i = arena_bytes(&d->keep, d->request);
	return DRAFT_COMMIT;
}

enum verdict init_send_request(struct draft *d)
{
	const struct peer *p = d->core.peer;
	struct message m = {
		.has = PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_KE),
		.sa = p->ike,
		.ke = { d->hs.x.ke->id, d->hs.x.public },
	};

	init_put(d, &m);
	ppk_offer(d, p, &m);
	if (proposals_have_more(p->ike) || ppk_offers_early(p))
		message_add_notify(
			&m, d->step->scratch, INTERMEDIATE_EXCHANGE_SUPPORTED, (struct bytes){ 0 });
	if (proof_signs(p))
		proof_hashes_put(d, &m);
	return init_send(d, IKE_SA_INIT, S_I_INIT, &m);
}

enum verdict init_key_pair(struct draft *d)
{
	d->hs.x.secret = arena_bytes(&d->keep, d->answer->secret);
	d->hs.x.public = arena_bytes(&d->keep, d->answer->public);
	return init_send_request(d);
}

/* The answer must choose out of what was offered (2.7). */
static enum verdict bad_choice(struct draft *d, const char *what)
{
	d->why.what = what;
	d->why.alert = "proposal-mismatch-ike";
	d->why.offered = proposals_print(d->message->sa, d->step->scratch);
	d->why.configured = proposals_print(d->core.peer->ike, d->step->scratch);
	return draft_end(d, 0);
}

/* Both go on on port 4500 once a NAT was seen, or faked (RFC 7296, 2.23); with MOBIKE, which may meet one
 * later, as soon as the peer knows of NATs at all, which NATD says (RFC 4555, 3.3). */
static void go_on_elsewhere(struct draft *d, bool natd)
{
	const struct settings *set = &d->step->ike->settings;

	if (d->core.path.marker || !(d->core.encap || (natd && d->core.peer->mobike)))
		return;
	d->core.path.marker = true;
	d->core.path.local.port = set->port_nat_t;
	d->core.path.remote.port = PORT_NAT_T;
}

void init_answered(struct draft *d)
{
	const struct message *m = d->message;
	bool natd = natd_read(d, m);

	d->core.spi_r = m->header.spi_r;
	d->core.nat_fake &= natd;
	natd_encap(&d->core);
	d->core.fragments = d->core.peer->fragmentation != FRAGMENTATION_NO && fragment_announced(m);
	mode_recognise(d, m);
	d->hs.x.nonce_r = arena_bytes(&d->keep, m->nonce);
	d->hs.init_r = arena_bytes(&d->keep, d->datagram);
	go_on_elsewhere(d, natd);
}

static enum verdict no_childless(struct draft *d)
{
	d->why = (struct why){
		.what = "the peer cannot set up an IKE_SA without CHILD_SA (RFC 6023)",
		.configured = "childless = force",
		.where = source_print(&d->core.peer->at, "childless", d->step->scratch),
		.instead = "childless = prefer",
	};
	return draft_end(d, 0);
}

enum verdict init_agree(struct draft *d, struct bytes public)
{
	struct ike_question *q = draft_ask(d, ASK_AGREE, S_I_AGREE);

	q->ke = d->hs.x.ke;
	q->secret = d->hs.x.secret;
	q->peer_public = public;
	return DRAFT_COMMIT;
}

enum verdict init_response(struct draft *d)
{
	const struct message *m = d->message;

	if (!ip_eq(&d->path->remote.ip, &d->core.path.remote.ip))
		return silence_elsewhere(d);
	if (!m->header.spi_r || d->path->tcp != d->core.path.tcp)
		return draft_drop(d, DROP_INVALID);
	if (m->sa.n != 1 || proposal_accept(&m->sa.v[0], d->core.peer->ike, KE_WANTED, &d->core.suite))
		return bad_choice(d, "the peer chose an IKE proposal that was not offered");
	if (d->core.suite.ke != d->hs.x.ke || m->ke.group != d->hs.x.ke->id)
		return bad_choice(d, "the peer answered with another key exchange method than was sent");
	if (suite_more(&d->core.suite, 0) && !message_notify(m, INTERMEDIATE_EXCHANGE_SUPPORTED))
		return bad_choice(d,
			"the peer chose an additional key exchange, but does not say that it can do "
			"the exchange for it, IKE_INTERMEDIATE");
	if (!ppk_agree(d, d->core.peer, m))
		return draft_end(d, 0);
	proof_hashes_get(d, m);
	proof_certreq_get(d, m);
	announce_keep(d, m);
	d->hs.multiple = message_notify(m, MULTIPLE_AUTH_SUPPORTED);
	d->hs.childless = message_notify(m, CHILDLESS_IKEV2_SUPPORTED);
	if (!d->hs.childless && d->core.peer->childless == CHILDLESS_FORCE)
		return no_childless(d);
	init_answered(d);
	tell_log(d, "CFG", "selected proposal: IKE:%s", suite_print(&d->core.suite, d->step->scratch));
	return puzzle_auth_begin(d);
}

/* INVALID_KE_PAYLOAD names the group the peer wants: it must be one of ours, and another one. */
static enum verdict other_group(struct draft *d, struct bytes data)
{
	uint16_t group = data.n == 2 ? (uint16_t)(data.p[0] << 8 | data.p[1]) : 0;

	if (group == d->hs.x.ke->id || !proposals_have(d->core.peer->ike, TRANSFORM_KE, group))
		return draft_drop(d, DROP_INVALID);
	d->hs.x.ke = transform_find(TRANSFORM_KE, group, 0);
	tell_log(d, "IKE", "peer wants key exchange %s: starting again with it", d->hs.x.ke->name);
	return ask_key_pair(d);
}

/* The peer refused since D's connection says so. */
static void explain_nat(struct draft *d)
{
	const struct peer *p = d->core.peer;

	d->why = (struct why){
		.what = arena_printf(d->step->scratch,
			"a NAT stands between, which connection %s does not want: the peer got IKE_SA_INIT "
			"from "
			"another address or port than it was sent from, or at another one",
			p->name),
		.configured = "nat = no",
		.where = source_print(&p->at, "nat", d->step->scratch),
		.instead = "nat = yes",
		.notify = notify_name(UNEXPECTED_NAT_DETECTED),
	};
}

static void explain_refusal(struct draft *d, const struct wire_notify *n)
{
	struct arena *scratch = d->step->scratch;
	const struct peer *p = d->core.peer;
	bool proposal = n->type == NO_PROPOSAL_CHOSEN;
	char here[IP_TEXT];

	d->why = (struct why){
		.what = arena_printf(scratch, "the peer refused IKE_SA_INIT of connection %s with %s%s",
			p->name, notify_name(n->type),
			proposal ? ": it allows none of our IKE proposals, or has no connection for our "
				   "address"
				 : ""),
		.configured = proposal ? proposals_print(p->ike, scratch) : NULL,
		.where = proposal ? source_print(&p->at, "proposals", scratch) : NULL,
		.instead = proposal ? arena_printf(scratch,
					      "proposals as the peer has them; or, at the peer, remote_addrs "
					      "with %s (its log says which)",
					      ip_print(&d->core.path.local.ip, here))
				    : NULL,
		.notify = notify_name(n->type),
		.alert = proposal ? "proposal-mismatch-ike" : NULL,
	};
}

enum verdict init_refusal(struct draft *d)
{
	const struct message *m = d->message;
	const struct wire_notify *cookie = message_notify(m, COOKIE),
				 *ke = message_notify(m, INVALID_KE_PAYLOAD),
				 *redirect = message_notify(m, REDIRECT);
	const struct wire_notify *error = message_error(m);

	if (!ip_eq(&d->path->remote.ip, &d->core.path.remote.ip))
		return silence_elsewhere(d);
	if (d->hs.rounds >= INIT_ROUNDS_MAX || d->path->tcp != d->core.path.tcp)
		return draft_drop(d, DROP_INVALID);
	/* Once is enough: another request with it would differ all the same, where a NAT is faked, and its
	 * answer be taken for the answer to the first. */
	if (cookie && bytes_eq(cookie->data, d->hs.cookie))
		return draft_drop(d, DROP_INVALID);
	if (cookie && cookie->data.n && cookie->data.n <= COOKIE_MAX) {
		d->hs.cookie = arena_bytes(&d->keep, cookie->data);
		return puzzle_begin(d) ? DRAFT_COMMIT : init_send_request(d);
	}
	/* Whatever else comes with a puzzle over nothing is not believed (RFC 8019, 7.1.2). */
	if (message_notify(m, PUZZLE))
		return draft_drop(d, DROP_INVALID);
	if (redirect)
		return redirect_at_init(d, redirect->data);
	if (ke)
		return other_group(d, ke->data);
	if (!error)
		return draft_drop(d, DROP_INVALID);
	if (error->type == UNEXPECTED_NAT_DETECTED && !d->core.peer->nat)
		explain_nat(d);
	else
		explain_refusal(d, error);
	return draft_end(d, 0);
}

/* --------------------------------------------------------------- responder */

/* What the peer would have to say to get the additional key exchanges that it offers. */
static enum verdict refuse_more(struct draft *d)
{
	d->why = (struct why){
		.what = "the peer offers an additional key exchange, but does not say that it can do the "
			"exchange "
			"for it, IKE_INTERMEDIATE",
		.offered = proposals_print(d->message->sa, d->step->scratch),
		.notify = notify_name(NO_PROPOSAL_CHOSEN),
		.alert = "proposal-mismatch-ike",
	};
	return draft_refuse(d, NO_PROPOSAL_CHOSEN, (struct bytes){ 0 });
}

void init_taken(struct draft *d)
{
	const struct message *m = d->message;
	const struct wire_notify *cookie = message_notify(m, COOKIE);
	struct cookie_of of = { &d->path->remote.ip, m->header.spi_i, m->nonce };

	if (cookie)
		cookie_spend(d->step, &of, cookie->data);
	d->core.spi_i = m->header.spi_i;
	d->core.spi_r = spi_new(d);
	d->core.path = *d->path;
	d->core.deadline = d->step->now + admit_patience(d->step);
	d->hs.natd = natd_read(d, m);
	d->hs.no_nats = message_notify(m, NO_NATS_ALLOWED);
	d->core.fragments = fragment_announced(m);
	mode_recognise(d, m);
	d->hs.x.nonce_i = arena_bytes(&d->keep, m->nonce);
	d->hs.init_i = arena_bytes(&d->keep, d->datagram);
}

enum verdict init_request(struct draft *d)
{
	const struct message *m = d->message;
	const struct proposal *chosen;
	struct ike_question *q;
	struct bytes redirect;
	uint8_t *group;

	if (natd_forbidden(d, m))
		return draft_refuse(d, UNEXPECTED_NAT_DETECTED, (struct bytes){ 0 });
	redirect_get_support(d, m);
	if (!candidates_by_address(d))
		return draft_refuse(d, NO_PROPOSAL_CHOSEN, (struct bytes){ 0 });
	redirect = redirect_init_data(d);
	if (redirect.n)
		return draft_refuse(d, REDIRECT, redirect);
	if (!candidates_by_proposal(d, m->sa, m->ke.group, &chosen))
		return draft_refuse(d, NO_PROPOSAL_CHOSEN, (struct bytes){ 0 });
	if (!d->core.suite.ke || m->ke.group != d->core.suite.ke->id) {
		group = arena_alloc(d->step->scratch, 2);
		group[0] = (uint8_t)(d->core.suite.ke->id >> 8);
		group[1] = (uint8_t)d->core.suite.ke->id;
		return draft_refuse(d, INVALID_KE_PAYLOAD, bytes_of(group, 2));
	}
	ppk_choose(d, m);
	d->hs.intermediate = message_notify(m, INTERMEDIATE_EXCHANGE_SUPPORTED);
	if (suite_more(&d->core.suite, 0) && !d->hs.intermediate)
		return refuse_more(d);
	init_taken(d);
	d->hs.x.proposal = chosen->num;
	proof_hashes_get(d, m);
	if (puzzle_auth_asks(d)) {
		d->hs.peer_public = arena_bytes(&d->keep, m->ke.data);
		draft_ask(d, ASK_KEY_PAIR, S_R_KEY_PAIR)->ke = d->core.suite.ke;
		return DRAFT_COMMIT;
	}
	q = draft_ask(d, ASK_RESPOND, S_R_RESPOND);
	q->ke = d->core.suite.ke;
	q->peer_public = m->ke.data;
	return DRAFT_COMMIT;
}

/* Whether any candidate wants encapsulation, and none forbids it. */
static bool candidates_want_encap(const struct draft *d)
{
	bool wanted = false;

	for (unsigned i = 0; i < d->hs.n_candidates; i++) {
		const struct candidate *c = &d->hs.candidates[i];

		if (c->excluded)
			continue;
		if (c->peer->encap == ENCAP_NO)
			return false;
		wanted |= init_wants_encap(d->step->ike, c->peer);
	}
	return wanted;
}

/* Any of them may be the one for which the peer needs a certificate. */
static void candidates_certreq(struct draft *d, struct message *m)
{
	for (unsigned i = 0; i < d->hs.n_candidates && !m->n_certreqs; i++)
		if (!d->hs.candidates[i].excluded)
			proof_certreq_put(d, d->hs.candidates[i].peer, m);
}

/* If the peer takes fragments, any of them that does is reason enough to say that we do. */
static void candidates_fragment(struct draft *d, struct message *m)
{
	for (unsigned i = 0; i < d->hs.n_candidates && d->core.fragments; i++)
		if (!d->hs.candidates[i].excluded)
			fragment_announce(d->hs.candidates[i].peer, d->step->scratch, m);
	d->core.fragments = fragment_announced(m);
}

static void candidates_introduce(const struct draft *d, struct message *m)
{
	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (!d->hs.candidates[i].excluded)
			mode_introduce(d->hs.candidates[i].peer, d->step->scratch, m);
}

/* Whether one of them wants several proofs (RFC 4739). */
static bool candidates_rounds(const struct draft *d)
{
	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (!d->hs.candidates[i].excluded && d->hs.candidates[i].peer->remote.next)
			return true;
	return false;
}

static bool candidates_childless(const struct draft *d)
{
	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (!d->hs.candidates[i].excluded && d->hs.candidates[i].peer->childless == CHILDLESS_NEVER)
			return false;
	return true;
}

/* The answer with our public value goes out; the SA is half open, in STATE. */
static enum verdict respond(struct draft *d, enum sa_state state)
{
	const struct ike_answer *a = d->answer;
	struct arena *scratch = d->step->scratch;
	struct sa_core *c = &d->core;
	struct message m = {
		.header = { .spi_i = c->spi_i, .spi_r = c->spi_r },
		.has = PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_KE) | PAYLOAD_BIT(PAYLOAD_NONCE),
		.sa = { proposal_of(&c->suite, PROTO_IKE, d->hs.x.proposal, (struct bytes){ 0 }, scratch),
			1 },
		.ke = { c->suite.ke->id, a->public },
	};

	m.nonce = d->hs.x.nonce_r;
	if (d->hs.natd) {
		c->nat_fake = !d->hs.no_nats && candidates_want_encap(d);
		natd_add(d, &m, c->nat_fake);
	}
	natd_encap(c);
	if (d->hs.hashes.n)
		proof_hashes_put(d, &m);
	candidates_fragment(d, &m);
	candidates_certreq(d, &m);
	announce_candidates(d, &m);
	candidates_introduce(d, &m);
	if (candidates_rounds(d))
		message_add_notify(&m, scratch, MULTIPLE_AUTH_SUPPORTED, (struct bytes){ 0 });
	if (candidates_childless(d))
		message_add_notify(&m, scratch, CHILDLESS_IKEV2_SUPPORTED, (struct bytes){ 0 });
	ppk_answer(d, &m);
	if (d->hs.early.agreed || (d->hs.intermediate && suite_more(&c->suite, 0)))
		message_add_notify(&m, scratch, INTERMEDIATE_EXCHANGE_SUPPORTED, (struct bytes){ 0 });
	puzzle_auth_put(d, &m);
	c->state = state;
	c->ask = 0;
	draft_respond(d, IKE_SA_INIT, &m);
	d->hs.init_r = arena_bytes(&d->keep, d->response);
	return DRAFT_COMMIT;
}

enum verdict init_responded(struct draft *d)
{
	d->hs.x.nonce_r = nonce_new(d, &d->keep);
	if (keys_ike(&d->core, d->answer->shared, d->hs.x.nonce_i, d->hs.x.nonce_r))
		return draft_end(d, 0);
	return respond(d, S_R_INIT);
}

enum verdict init_responded_later(struct draft *d)
{
	d->hs.x.nonce_r = nonce_new(d, &d->keep);
	d->hs.x.secret = arena_bytes(&d->keep, d->answer->secret);
	/* The puzzle takes its time, however many are half open. */
	d->core.deadline = d->step->now + d->step->ike->settings.half_open_timeout;
	return respond(d, S_R_PUZZLE);
}
