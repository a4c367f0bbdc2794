/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Candidate connections of a responder. */
#include "ike/candidate.h"

#include "ike/addressed.h"
#include "ike/proof.h"

/* How well a list of patterns fits: 0 not, 1 anything, 2 a range, 3 exactly this address. */
static unsigned fit(const struct addr_pattern *v, unsigned n, const struct ip *ip)
{
	unsigned best = n ? 0 : 1;

	for (unsigned i = 0; i < n; i++) {
		unsigned f = !addr_pattern_matches(&v[i], ip) ? 0
			     : addr_pattern_single(&v[i])     ? 3
			     : v[i].lo.v                      ? 2
							      : 1;

		best = f > best ? f : best;
	}
	return best;
}

static unsigned peer_fit(const struct peer *p, const struct path *path)
{
	unsigned local = fit(p->local_addrs, p->n_local_addrs, &path->local.ip);
	unsigned remote = fit(p->remote_addrs, p->n_remote_addrs, &path->remote.ip);

	return local && remote ? 4 * remote + local : 0;
}

static void explain_no_address(struct draft *d)
{
	struct text t = text_in(d->step->scratch);
	const struct ike *ike = d->step->ike;
	const struct conn *first = node_owner(ike->conns.next, struct conn, of_ike);
	char local[IP_TEXT], remote[IP_TEXT];

	ip_print(&d->path->local.ip, local);
	ip_print(&d->path->remote.ip, remote);
	text_add(&t, "no connection is for the addresses %s (here) and %s (the peer)", local, remote);
	d->why.what = text_str(&t);
	if (!ike->n_conns) {
		d->why.configured = "no connection at all";
		d->why.instead = "a connection; see conf/examples";
		return;
	}
	d->why.where = source_print(&first->peer->at, "remote_addrs", d->step->scratch);
	d->why.instead = arena_printf(d->step->scratch, "remote_addrs = %s", remote);
}

bool candidates_by_address(struct draft *d)
{
	unsigned n_peers, n = 0;
	const struct peer **peers =
		addressed_find(d->step->ike, &d->path->remote.ip, d->step->scratch, &n_peers);
	struct candidate *v = ARENA_ARRAY(&d->keep, n_peers, struct candidate);

	/* Insertion by fit; equal ones keep the order of the configuration. */
	for (unsigned i = 0; i < n_peers; i++) {
		const struct peer *p = peers[i];
		unsigned f = peer_fit(p, d->path), at = n;

		if (!f)
			continue;
		while (at && peer_fit(v[at - 1].peer, d->path) < f)
			at--;
		memmove(&v[at + 1], &v[at], (n - at) * sizeof *v);
		v[at] = (struct candidate){ .peer = p };
		n++;
	}
	d->hs.candidates = v;
	d->hs.n_candidates = n;
	if (!n)
		explain_no_address(d);
	return n;
}

/* OFFERED with only GROUP left of its key exchanges: proposals that have it not are left out. */
static struct proposals with_group(struct proposals offered, uint16_t group, struct arena *arena)
{
	struct proposal *v = ARENA_ARRAY(arena, offered.n, struct proposal);
	unsigned n = 0;

	for (unsigned i = 0; i < offered.n; i++) {
		const struct proposal *p = &offered.v[i];
		struct xform *x = ARENA_ARRAY(arena, p->n, struct xform);
		unsigned m = 0;
		bool found = false;

		for (unsigned k = 0; k < p->n; k++) {
			if (p->v[k].type == TRANSFORM_KE && p->v[k].id != group)
				continue;
			found |= p->v[k].type == TRANSFORM_KE;
			x[m++] = p->v[k];
		}
		if (!found)
			continue;
		v[n] = *p;
		v[n].v = x;
		v[n++].n = m;
	}
	return (struct proposals){ v, n };
}

static bool choose(struct draft *d, struct proposals offered, const struct proposal **chosen)
{
	for (unsigned i = 0; i < d->hs.n_candidates; i++) {
		const struct peer *p = d->hs.candidates[i].peer;

		if (proposal_select(offered, p->ike, KE_WANTED, false, &d->core.suite, chosen))
			continue;
		d->core.peer = p;
		return true;
	}
	return false;
}

static void explain_no_proposal(struct draft *d, struct proposals offered)
{
	struct arena *scratch = d->step->scratch;
	const struct peer *p = d->hs.candidates[0].peer;
	struct proposal_why w = proposal_explain(offered, p->ike, KE_WANTED, scratch);

	d->core.peer = p;
	d->why = (struct why){
		.what = arena_printf(
			scratch, "no IKE proposal of the peer is allowed by connection %s", p->name),
		.offered = proposals_print(offered, scratch),
		.configured = proposals_print(p->ike, scratch),
		.differs = w.differs,
		.where = source_print(&p->at, "proposals", scratch),
		.instead = w.instead ? arena_printf(scratch, "proposals = %s", w.instead) : NULL,
		.notify = "NO_PROPOSAL_CHOSEN",
		.alert = "proposal-mismatch-ike",
	};
}

bool candidates_by_proposal(
	struct draft *d, struct proposals offered, uint16_t group, const struct proposal **chosen)
{
	struct suite ignored;

	if (!choose(d, with_group(offered, group, d->step->scratch), chosen) && !choose(d, offered, chosen)) {
		explain_no_proposal(d, offered);
		return false;
	}
	for (unsigned i = 0; i < d->hs.n_candidates; i++) {
		struct candidate *c = &d->hs.candidates[i];
		const struct proposal *p;

		if (proposal_select(offered, c->peer->ike, KE_WANTED, false, &ignored, &p))
			c->excluded = "none of its proposals was offered";
	}
	return true;
}

/* What of the proofs that P wants, the one at hand being REMOTE, and of our own the peer's message M does not
 * fit; NULL: nothing. From the arena of the list. */
static const char *proof_excludes(
	struct draft *d, const struct peer *p, const struct auth_conf *remote, const struct message *m)
{
	bool more = message_notify(m, ANOTHER_AUTH_FOLLOWS), proves = m->has & PAYLOAD_BIT(PAYLOAD_AUTH);
	bool alone = remote->way.method == AUTH_EAP && message_notify(m, EAP_ONLY_AUTHENTICATION);

	if (p->local.next)
		return "it has several rounds of local, which only who begins can go through";
	if (p->local.way.method == AUTH_EAP && !d->hs.round && !alone)
		return "its local.auth is eap, and the peer does not want to be content with EAP (RFC 5998)";
	if (proves && more && !remote->next)
		return "it has no further round of remote, and the peer wants to prove another identity";
	if (proves && !more && remote->next)
		return "it has a further round of remote, and the peer proves one identity only";
	return proof_unfit(remote, m, &d->keep);
}

/* What of P's identities forbids the peer, or of the proof it wants; NULL: nothing. From the arena of the
 * list.
 */
static const char *identity_excludes(struct draft *d, const struct peer *p, const struct message *m)
{
	const struct id *idi = &m->idi, *idr = m->has & PAYLOAD_BIT(PAYLOAD_IDR) ? &m->idr : NULL;
	const struct auth_conf *remote = proof_round(&p->remote, d->hs.round);
	struct arena *a = &d->keep;

	if (!id_matches(&remote->id, idi))
		return arena_printf(a, "its remote.id is %s", id_print(&remote->id, a));
	if (idr && p->local.id.type != ID_ANY && !id_eq(&p->local.id, idr))
		return arena_printf(a, "its local.id is %s, and the peer asked for %s",
			id_print(&p->local.id, a), id_print(idr, a));
	return proof_excludes(d, p, remote, m);
}

/* All, and what excluded each. */
static const char *excluded_list(const struct draft *d)
{
	struct text t = text_in(d->step->scratch);

	for (unsigned i = 0; i < d->hs.n_candidates; i++) {
		const struct candidate *c = &d->hs.candidates[i];

		text_add(&t, "%s%s: %s", i ? "; " : "", c->peer->name, c->excluded);
	}
	return text_str(&t);
}

static void explain_no_identity(struct draft *d, const struct id *idi, const struct peer *nearest)
{
	struct arena *scratch = d->step->scratch;
	const char *id = id_print(idi, scratch);

	d->why = (struct why){
		.what = arena_printf(scratch, "no connection is for a peer that calls itself %s (%s)", id,
			id_type_name(idi->type)),
		.offered = id,
		.differs = excluded_list(d),
		.where = source_print(&nearest->remote.at, "id", scratch),
		.instead = arena_printf(scratch, "id = %s", id),
		.notify = "AUTHENTICATION_FAILED",
		.alert = "peer-auth-failed",
	};
}

/* The list is the SA's: it changes in a copy, as all of the draft does. */
static struct candidate *own_list(struct draft *d)
{
	struct candidate *v = ARENA_ARRAY(&d->keep, d->hs.n_candidates, struct candidate);

	memcpy(v, d->hs.candidates, d->hs.n_candidates * sizeof *v);
	d->hs.candidates = v;
	return v;
}

/* Goes to the first that is left. */
static bool take_first(struct draft *d)
{
	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (!d->hs.candidates[i].excluded) {
			d->core.peer = d->hs.candidates[i].peer;
			return true;
		}
	return false;
}

bool candidates_by_identity(struct draft *d, const struct message *m)
{
	struct candidate *v = own_list(d);

	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (!v[i].excluded)
			v[i].excluded = identity_excludes(d, v[i].peer, m);
	if (take_first(d))
		return true;
	explain_no_identity(d, &m->idi, d->core.peer);
	return false;
}

bool candidate_stays(struct draft *d, const struct message *m)
{
	const char *why = identity_excludes(d, d->core.peer, m);
	struct arena *a = d->step->scratch;

	if (!why)
		return true;
	d->why = (struct why){
		.what = arena_printf(a, "a further proof of %s does not fit connection %s: %s",
			id_print(&m->idi, a), d->core.peer->name, why),
		.where = source_print(&proof_theirs(d)->at, "id", a),
		.notify = "AUTHENTICATION_FAILED",
		.alert = "peer-auth-failed",
	};
	return false;
}

/* Whether the way W is METHOD, or leaves open which it is; what a RADIUS server says counts where it is
 * asked.
 */
static bool allows_method(const struct auth_way *w, const char *method)
{
	int n = w->eap ? eap_method_number(w->eap) : EAP_METHOD_DYNAMIC,
	    used = method ? eap_method_number(method) : EAP_METHOD_DYNAMIC;

	return w->method == AUTH_EAP && (n == used || (n != EAP_METHOD_RADIUS && used != EAP_METHOD_RADIUS &&
							      (n == EAP_METHOD_DYNAMIC || !method)));
}

/* The certificates of a client are looked at once, by what one connection demands. */
static bool has_other_demands(const struct draft *d, const struct auth_conf *remote)
{
	return d->hs.eap.method && eap_method_number(d->hs.eap.method) == EAP_METHOD_TLS &&
	       !auth_demands_same(remote, proof_theirs(d));
}

/* "staff, sales" */
static const char *list_of(const struct strings *s, struct arena *arena)
{
	struct text t = text_in(arena);

	for (unsigned i = 0; i < s->n; i++)
		text_add(&t, "%s%s", i ? ", " : "", s->v[i]);
	return text_str(&t);
}

/* Whether the user is in a group that REMOTE wants, if it wants one. */
static bool in_group(const struct draft *d, const struct auth_conf *remote)
{
	const struct strings *in = &d->answer->eap.groups, *wanted = &remote->groups;

	for (unsigned i = 0; i < wanted->n; i++)
		for (unsigned k = 0; k < in->n; k++)
			if (!strcmp(wanted->v[i], in->v[k]))
				return true;
	return !wanted->n;
}

/* What of P forbids what EAP has proved; NULL: nothing. The peer has seen our proof: for another connection
 * it is the same. */
static const char *eap_excludes(struct draft *d, const struct peer *p)
{
	const struct auth_conf *remote = proof_round(&p->remote, d->hs.round);
	const struct id *own = &p->local.id;
	struct arena *a = &d->keep;

	if (!id_matches(&remote->eap_id, &d->hs.eap.id))
		return arena_printf(a, "its remote.eap_id is %s", id_print(&remote->eap_id, a));
	if (!in_group(d, remote))
		return arena_printf(a, "its remote.groups are %s", list_of(&remote->groups, a));
	if (p == d->core.peer)
		return NULL;
	if (d->hs.round || (own->type != ID_ANY && !id_eq(own, &d->hs.local_id)) ||
		p->local.way.method != d->core.peer->local.way.method)
		return "another one has proved who we are";
	if (has_other_demands(d, remote))
		return "it demands something else of certificates";
	return allows_method(&remote->way, d->hs.eap.method)
		       ? NULL
		       : arena_printf(a, "its remote.auth is %s", proof_way(remote, a));
}

static void explain_no_user(struct draft *d)
{
	const struct auth_conf *remote = proof_theirs(d);
	const struct strings *in = &d->answer->eap.groups;
	struct arena *a = d->step->scratch;
	const char *id = id_print(&d->hs.eap.id, a), *groups = list_of(in, a);
	bool stranger = !id_matches(&remote->eap_id, &d->hs.eap.id);

	d->why = (struct why){
		.what = arena_printf(a, "no connection is for the user %s", id),
		.offered = in->n ? arena_printf(a, "%s, of the groups %s", id, groups) : id,
		.differs = excluded_list(d),
		.where = source_print(&remote->at, stranger ? "eap_id" : "groups", a),
		.instead = stranger ? arena_printf(a, "eap_id = %s", id)
			   : in->n  ? arena_printf(a, "groups = %s", groups)
				    : "class_group = yes in the section daemon.radius, and a Class of the "
				      "user at "
				      "the RADIUS server",
		.notify = "AUTHENTICATION_FAILED",
		.alert = "peer-auth-failed",
	};
}

bool candidates_by_eap(struct draft *d)
{
	struct candidate *v = own_list(d);

	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (!v[i].excluded)
			v[i].excluded = eap_excludes(d, v[i].peer);
	if (take_first(d))
		return true;
	explain_no_user(d);
	return false;
}

bool candidates_next(struct draft *d, const char *why)
{
	struct candidate *v = own_list(d);

	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (v[i].peer == d->core.peer)
			v[i].excluded = arena_str(&d->keep, why ? why : "its proof cannot be checked");
	return take_first(d);
}
