/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Candidate connections of a responder. */
#include "ike/candidate.h"

#include "ike/addressed.h"
#include "ike/conf.h"
#include "ike/ppk_int.h"
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

/* The connection that is for one of the two addresses at least; the first where none is. *LOCAL: the other
 * one is that of this side. */
static const struct peer *nearest_by_address(const struct draft *d, bool *local)
{
	const struct ike *ike = d->step->ike;
	const struct peer *half = NULL;

	list_each (n, (struct node *)&ike->conns) {
		const struct peer *p = node_owner(n, struct conn, of_ike)->peer;

		*local = fit(p->remote_addrs, p->n_remote_addrs, &d->path->remote.ip);
		if (*local)
			return p;
		if (!half && fit(p->local_addrs, p->n_local_addrs, &d->path->local.ip))
			half = p;
	}
	return half ? half : node_owner(ike->conns.next, struct conn, of_ike)->peer;
}

static void explain_no_address(struct draft *d)
{
	struct arena *a = d->step->scratch;
	char here[IP_TEXT], there[IP_TEXT];
	const struct peer *near;
	const char *key;
	bool local;

	ip_print(&d->path->local.ip, here);
	ip_print(&d->path->remote.ip, there);
	d->why = (struct why){
		.what = arena_printf(
			a, "no connection is for the addresses %s (here) and %s (the peer)", here, there),
		.notify = "NO_PROPOSAL_CHOSEN",
	};
	if (!d->step->ike->n_conns) {
		d->why.configured = "no connection at all";
		d->why.instead = "a connection; see conf/examples";
		return;
	}
	near = nearest_by_address(d, &local);
	key = local ? "local_addrs" : "remote_addrs";
	d->why.differs = arena_printf(a, "the nearest is %s, which has other %s", near->name, key);
	d->why.where = source_print(&near->at, key, a);
	d->why.instead = arena_printf(a, "%s = %s", key, local ? here : there);
}

static bool takes_transport(const struct peer *p, const struct path *path)
{
	return !path->tcp || p->transport != TRANSPORT_UDP;
}

/* P would be the one but for this. */
static void explain_no_stream(struct draft *d, const struct peer *p)
{
	struct arena *a = d->step->scratch;

	d->why = (struct why){
		.what = arena_printf(
			a, "the peer comes over TCP, which connection %s does not take", p->name),
		.configured = "transport = udp",
		.where = source_print(&p->at, "transport", a),
		.instead = "transport = auto",
		.notify = "NO_PROPOSAL_CHOSEN",
	};
}

bool candidates_by_address(struct draft *d)
{
	unsigned n_peers, n = 0;
	const struct peer **peers =
		addressed_find(d->step->ike, &d->path->remote.ip, d->step->scratch, &n_peers);
	struct candidate *v = ARENA_ARRAY(&d->keep, n_peers, struct candidate);
	const struct peer *for_udp = NULL;

	/* Insertion by fit; equal ones keep the order of the configuration. */
	for (unsigned i = 0; i < n_peers; i++) {
		const struct peer *p = peers[i];
		unsigned f = peer_fit(p, d->path), at = n;

		if (f && !takes_transport(p, d->path))
			for_udp = p;
		if (!f || !takes_transport(p, d->path))
			continue;
		while (at && peer_fit(v[at - 1].peer, d->path) < f)
			at--;
		memmove(&v[at + 1], &v[at], (n - at) * sizeof *v);
		v[at] = (struct candidate){ .peer = p };
		n++;
	}
	d->hs.candidates = v;
	d->hs.n_candidates = n;
	if (!n && for_udp)
		explain_no_stream(d, for_udp);
	else if (!n)
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

/* What of the number of proofs, the peer's being one for REMOTE, P does not go along with as the peer begins
 * it in M; NULL: nothing. */
static const char *rounds_exclude(
	const struct draft *d, const struct peer *p, const struct auth_conf *remote, const struct message *m)
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
	return NULL;
}

/* What of a connection does not fit the peer, the gravest first. */
enum misfit { MISFIT_REMOTE_ID, MISFIT_LOCAL_ID, MISFIT_ROUNDS, MISFIT_PROOF, MISFIT_GONE, MISFIT_NONE };

static bool is_configured(const struct ike *ike, const struct peer *p)
{
	const struct conn *c = conn_find(ike, p->name);

	return c && c->peer;
}

/* What of P forbids the peer that sent M, and in *WORDS (from the arena of the list) how; NULL: nothing. */
static enum misfit misfit(struct draft *d, const struct peer *p, const struct message *m, const char **words)
{
	const struct id *idr = m->has & PAYLOAD_BIT(PAYLOAD_IDR) ? &m->idr : NULL;
	const struct auth_conf *remote = proof_round(&p->remote, d->hs.round);
	struct arena *a = &d->keep;

	if (!id_matches(&remote->id, &m->idi)) {
		*words = arena_printf(a, "its remote.id is %s", id_print(&remote->id, a));
		return MISFIT_REMOTE_ID;
	}
	if (idr && p->local.id.type != ID_ANY && !id_eq(&p->local.id, idr)) {
		*words = arena_printf(a, "its local.id is %s, and the peer asked for %s",
			id_print(&p->local.id, a), id_print(idr, a));
		return MISFIT_LOCAL_ID;
	}
	*words = rounds_exclude(d, p, remote, m);
	if (*words)
		return MISFIT_ROUNDS;
	*words = proof_unfit(remote, m, a);
	if (*words)
		return MISFIT_PROOF;
	*words = is_configured(d->step->ike, p) ? NULL : "it was taken out of the configuration meanwhile";
	return *words ? MISFIT_GONE : MISFIT_NONE;
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

/* No connection is left for the peer that sent M: of NEAREST this does not fit. */
static void explain_misfit(
	struct draft *d, const struct message *m, const struct peer *nearest, enum misfit kind)
{
	const struct auth_conf *remote = proof_round(&nearest->remote, d->hs.round);
	struct arena *a = d->step->scratch;
	const char *id = id_print(&m->idi, a), *idr = id_print(&m->idr, a), *way;

	d->why = (struct why){
		.differs = excluded_list(d),
		.notify = "AUTHENTICATION_FAILED",
		.alert = "peer-auth-failed",
	};
	switch (kind) {
	case MISFIT_LOCAL_ID:
		d->why.what = arena_printf(a, "%s asks for %s, and no connection for it is that", id, idr);
		d->why.offered = idr;
		d->why.configured = id_print(&nearest->local.id, a);
		d->why.where = source_print(&nearest->local.at, "id", a);
		d->why.instead = arena_printf(a, "id = %s", idr);
		break;
	case MISFIT_ROUNDS:
		d->why.what = arena_printf(a, "no connection for %s goes through its proofs as it does", id);
		d->why.where = source_print(&remote->at, "auth", a);
		break;
	case MISFIT_PROOF:
		way = proof_seen(m);
		d->why.what = arena_printf(
			a, "no connection for %s takes the way in which it proves who it is", id);
		d->why.offered = way;
		d->why.configured = arena_printf(a, "auth = %s", proof_way(remote, a));
		d->why.where = source_print(&remote->at, "auth", a);
		d->why.instead = way ? arena_printf(a, "auth = %s", way) : NULL;
		break;
	case MISFIT_GONE:
		d->why.what = arena_printf(
			a, "the connection for %s was taken out of the configuration meanwhile", id);
		break;
	default:
		d->why.what = arena_printf(a, "no connection is for a peer that calls itself %s (%s)", id,
			id_type_name(m->idi.type));
		d->why.offered = id;
		d->why.configured = id_print(&remote->id, a);
		d->why.where = source_print(&remote->at, "id", a);
		d->why.instead = arena_printf(a, "id = %s", id);
	}
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
	const struct peer *nearest = d->core.peer;
	enum misfit least = MISFIT_REMOTE_ID;

	for (unsigned i = 0; i < d->hs.n_candidates; i++) {
		enum misfit kind;

		if (v[i].excluded)
			continue;
		kind = misfit(d, v[i].peer, m, &v[i].excluded);
		if (kind > least) {
			least = kind;
			nearest = v[i].peer;
		}
	}
	if (take_first(d))
		return true;
	d->core.peer = nearest;
	explain_misfit(d, m, nearest, least);
	return false;
}

bool candidate_stays(struct draft *d, const struct message *m)
{
	struct arena *a = d->step->scratch;
	const char *why;

	if (misfit(d, d->core.peer, m, &why) == MISFIT_NONE)
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
	if (!ppk_int_suffices(d, p))
		return "it demands a post-quantum preshared key (ppk_required = yes)";
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
