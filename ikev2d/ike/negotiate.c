/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proposals and selectors of CHILD_SAs. */
#include "ike/negotiate.h"

#include "ike/ends.h"
#include "ike/mode.h"
#include "ike/resource.h"
#include "ike/twin.h"

struct bytes spi_bytes(struct arena *arena, uint32_t spi)
{
	struct wr w = wr_of(arena_alloc(arena, 4), 4);

	wr_u32(&w, spi);
	return wr_done(&w);
}

static uint32_t spi_value(struct bytes b)
{
	struct rd r = rd_of(b);

	return b.n == 4 ? rd_u32(&r) : 0;
}

/* The child of IKE_AUTH has no key exchange of its own: X->ke, if it is set, is the IKE_SA's (RFC 7296, 1.2).
 */
static enum proposal_ke ke_of(const struct negotiation *x)
{
	return x->kind == N_NONE ? KE_IGNORED : KE_WANTED;
}

static const char ah_and_nat[] = "its checksum covers the addresses, which a NAT changes (RFC 4302)";

static bool breaks_ah(const struct sa_core *core)
{
	return core->nat_local || core->nat_remote;
}

/* Those of P whose protocol is not WITHOUT, from ARENA. */
static struct proposals leave_out(struct proposals p, uint8_t without, struct arena *arena)
{
	struct proposal *v = ARENA_ARRAY(arena, p.n, struct proposal);
	unsigned n = 0;

	for (unsigned i = 0; i < p.n; i++)
		if (p.v[i].protocol != without)
			v[n++] = p.v[i];
	return (struct proposals){ v, n };
}

/* What X may be made of: a rekeying keeps its protocol. */
static struct proposals proposals_for(const struct draft *d, const struct negotiation *x, struct arena *arena)
{
	const struct child *old = x->kind == N_REKEY_CHILD ? child_find(d->step->ike, x->old) : NULL;
	uint8_t only = old ? old->suite.protocol : breaks_ah(&d->core) ? PROTO_ESP : 0;

	return only ? leave_out(x->child->offers, only == PROTO_ESP ? PROTO_AH : PROTO_ESP, arena)
		    : x->child->offers;
}

/* --------------------------------------------------------------- initiator */

static struct proposals with_spi(struct proposals p, uint32_t spi, struct arena *arena)
{
	struct proposal *v = ARENA_ARRAY(arena, p.n, struct proposal);

	for (unsigned i = 0; i < p.n; i++) {
		v[i] = p.v[i];
		v[i].num = (uint8_t)(i + 1);
		v[i].spi = spi_bytes(arena, spi);
	}
	return (struct proposals){ v, p.n };
}

/* The packet's own selector goes first (2.9), so that a peer that narrows to one knows which is needed now.
 */
static struct tss packet_first(struct tss packet, struct tss set, struct arena *arena)
{
	struct ts *v = ARENA_ARRAY(arena, packet.n + set.n, struct ts);

	if (packet.n)
		memcpy(v, packet.v, packet.n * sizeof *v);
	memcpy(v + packet.n, set.v, set.n * sizeof *v);
	return (struct tss){ v, packet.n + set.n };
}

/* The CPU that the child of X is for; what replaces another is for the same. */
static uint32_t resource_of(const struct draft *d, const struct negotiation *x)
{
	const struct child *old = x->kind == N_REKEY_CHILD ? child_find(d->step->ike, x->old) : NULL;

	return old ? old->resource : x->resource;
}

void negotiate_offer(struct draft *d, struct negotiation *x, struct arena *keep, struct message *m)
{
	const struct child_conf *conf = x->child;
	bool with_ke = x->ke && ke_of(x) == KE_WANTED;
	struct proposals p = proposals_for(d, x, keep);

	/* Where nothing is left the peer's answer tells why: negotiate_accept. */
	if (!p.n)
		p = conf->offers;
	if (!with_ke)
		p = proposals_without_ke(p, keep);
	x->spi = spi_draw(d->step->ike, x->child, resource_of(d, x), d->step->rng);
	x->mode = conf->mode;
	x->offered = with_spi(p, x->spi, keep);
	x->local_ts = packet_first(x->packet_local, child_local_ts(d, conf), keep);
	x->remote_ts = packet_first(x->packet_remote, child_remote_ts(d, conf), keep);
	resource_offer(d, x, keep);
	m->has |= PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_TSI) | PAYLOAD_BIT(PAYLOAD_TSR);
	m->sa = x->offered;
	m->tsi = x->local_ts;
	m->tsr = x->remote_ts;
	mode_put(d, x->mode, m);
	resource_put(x, d->step->scratch, m);
}

/* A peer that has taken the same before, for a child of IKE_AUTH perhaps: what it may not like now. Or NULL.
 */
static const char *changed_its_mind(const struct draft *d, const struct negotiation *x)
{
	const struct child *old = x->kind == N_REKEY_CHILD ? child_find(d->step->ike, x->old) : NULL;

	if (!old || (x->ke && old->suite.ke))
		return NULL;
	return x->ke ? "the peer took this without a key exchange before: it may not want one (PFS)"
		     : arena_printf(d->step->scratch,
			       "the peer took this before: it may want a key exchange with each rekeying "
			       "(PFS), "
			       "and %s names no group",
			       child_conf_key(x->child));
}

void negotiate_refused(struct draft *d, const struct negotiation *x, const struct wire_notify *n)
{
	struct arena *a = d->step->scratch;
	const struct child_conf *conf = x->child;
	bool ts = n && n->type == TS_UNACCEPTABLE, proposal = n && n->type == NO_PROPOSAL_CHOSEN;

	d->why = (struct why){
		.what = arena_printf(a, "the peer refused CHILD_SA %s with %s", conf->name,
			n ? notify_name(n->type) : "no reason given"),
		.notify = n ? notify_name(n->type) : NULL,
		.alert = ts         ? "ts-mismatch"
			 : proposal ? "proposal-mismatch-child"
				    : NULL,
	};
	if (proposal) {
		d->why.configured = proposals_print(conf->offers, a);
		d->why.differs = changed_its_mind(d, x);
		d->why.where = source_print(&conf->at, child_conf_key(conf), a);
		d->why.instead = arena_printf(a, "%s as the peer has them", child_conf_key(conf));
	}
	if (n && n->type == FAILED_CP_REQUIRED) {
		d->why.where = source_print(&d->core.peer->at, "vips", a);
		d->why.instead = "vips = 0.0.0.0, for the peer gives virtual addresses";
	}
	if (n && n->type == SINGLE_PAIR_REQUIRED) {
		d->why.where = source_print(&conf->at, "single_pair", a);
		d->why.instead = "single_pair = yes";
	}
	if (ts) {
		d->why.configured = arena_printf(a, "local_ts = %s; remote_ts = %s",
			tss_print(x->local_ts, a), tss_print(x->remote_ts, a));
		if (x->mode != MODE_TUNNEL)
			d->why.differs = arena_printf(a,
				"mode = %s is asked for here: the peer may have another mode for these",
				name_word(child_modes, (int)x->mode));
		d->why.where = source_print(&conf->at, "remote_ts", a);
		d->why.instead = "local_ts and remote_ts that mirror the peer's";
	}
}

static bool explain_choice(
	struct draft *d, const char *alert, const char *what, const char *offered, const char *configured)
{
	d->why.what = what;
	d->why.alert = alert;
	d->why.offered = offered;
	d->why.configured = configured;
	return false;
}

/* Whether packets may be padded, for a child of X. We take padding ourselves, on either data path. */
static void heed_padding(struct draft *d, struct negotiation *x, const struct message *m)
{
	x->unpadded = message_notify(m, ESP_TFC_PADDING_NOT_SUPPORTED);
	if (x->unpadded && x->child->tfc_padding)
		tell_log(d, "CHD",
			"the peer takes no padding: CHILD_SA %s goes without, though tfc_padding is set at "
			"%s",
			x->child->name, source_print(&x->child->at, "tfc_padding", d->step->scratch));
}

/* A NAT is in the way of a CHILD_SA of C; END says what follows. */
static struct why ah_why(const struct draft *d, const struct child_conf *c, const char *end)
{
	struct arena *a = d->step->scratch;

	return (struct why){
		.what = arena_printf(a, "CHILD_SA %s is of AH, and a NAT is between here and the peer%s: %s",
			c->name, end, ah_and_nat),
		.where = source_print(&c->at, "ah_proposals", a),
		.instead = "esp_proposals = default, in its place",
		.alert = "proposal-mismatch-child",
	};
}

void negotiate_end_ah(struct draft *d)
{
	if (!breaks_ah(&d->core))
		return;
	list_each (n, &d->sa->children) {
		struct child *c = node_owner(n, struct child, of_sa);
		struct why why;

		if (c->suite.protocol != PROTO_AH || c->state == CHILD_DELETING)
			continue;
		why = ah_why(d, c->conf, " now, so it is closed");
		tell_refused(d->step, d->core.peer->name, d->sa, &why);
		child_close(d->sa, c);
	}
}

/* What M chose must be of what X offered: then X holds it. */
static bool accept_selectors(
	struct draft *d, struct negotiation *x, struct arena *keep, const struct message *m)
{
	struct arena *a = d->step->scratch;
	struct tss local, remote;

	if (!mode_accept(d, x, m, &local, &remote))
		return false;
	if (!local.n || !remote.n || !tss_contain(x->local_ts, local) || !tss_contain(x->remote_ts, remote))
		return explain_choice(d, "ts-mismatch",
			"the peer chose traffic selectors that were not offered",
			arena_printf(a, "%s === %s", tss_print(m->tsi, a), tss_print(m->tsr, a)),
			arena_printf(a, "%s === %s", tss_print(x->local_ts, a), tss_print(x->remote_ts, a)));
	x->local_ts = tss_copy(keep, local);
	x->remote_ts = tss_copy(keep, remote);
	return true;
}

bool negotiate_accept(struct draft *d, struct negotiation *x, struct arena *keep, const struct message *m)
{
	struct arena *a = d->step->scratch;
	const struct wire_notify *error = message_error(m);
	uint64_t all = PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_TSI) | PAYLOAD_BIT(PAYLOAD_TSR);

	if (error || (m->has & all) != all) {
		negotiate_refused(d, x, error);
		return false;
	}
	if (m->sa.n != 1 ||
		proposal_accept(&m->sa.v[0], x->offered, x->ke ? ke_of(x) : KE_IGNORED, &x->suite) ||
		!(x->spi_out = spi_value(m->sa.v[0].spi)))
		return explain_choice(d, "proposal-mismatch-child",
			"the peer chose a proposal for the CHILD_SA that was not offered",
			proposals_print(m->sa, a), proposals_print(x->offered, a));
	if (x->suite.protocol == PROTO_AH && breaks_ah(&d->core)) {
		d->why = ah_why(d, x->child, "");
		return false;
	}
	heed_padding(d, x, m);
	return accept_selectors(d, x, keep, m) && resource_accept(d, x, m);
}

/* --------------------------------------------------------------- responder */

/* Proposals of P that say nothing of a key exchange. */
static struct proposals silent_on_ke(struct proposals p, struct arena *arena)
{
	struct proposal *v = ARENA_ARRAY(arena, p.n, struct proposal);
	unsigned n = 0;

	for (unsigned i = 0; i < p.n; i++) {
		bool silent = true;

		for (unsigned k = 0; k < p.v[i].n; k++)
			silent &= p.v[i].v[k].type != TRANSFORM_KE;
		if (silent)
			v[n++] = p.v[i];
	}
	return (struct proposals){ v, n };
}

static const struct transform *ke_in(const struct proposal *p, uint16_t group)
{
	for (unsigned k = 0; k < p->n; k++)
		if (p->v[k].type == TRANSFORM_KE && p->v[k].id == group)
			return transform_find(TRANSFORM_KE, group, 0);
	return NULL;
}

/* In CREATE_CHILD_SA a key exchange is taken where the configuration does not speak of any: Windows, Apple
 * and Azure rekey with one as it pleases them. Where it names groups, it wants one of them. */
static bool select_proposal(struct draft *d, const struct message *m, struct proposals wanted,
	struct negotiation *x, const struct proposal **chosen)
{
	struct suite *suite = &x->suite;

	if (!proposal_select(m->sa, wanted, ke_of(x), false, suite, chosen))
		return true;
	if (ke_of(x) == KE_IGNORED || !(m->has & PAYLOAD_BIT(PAYLOAD_KE)) ||
		proposal_select(
			m->sa, silent_on_ke(wanted, d->step->scratch), KE_IGNORED, false, suite, chosen) ||
		proposal_demands_more(*chosen))
		return false;
	suite->ke = ke_in(*chosen, m->ke.group);
	return suite->ke;
}

/* How far a child's configuration fits a request: selectors first, then the proposal. */
enum fit { FIT_NOTHING, FIT_SELECTORS, FIT_ALL };

static enum fit child_fit(
	struct draft *d, const struct message *m, const struct child_conf *c, struct negotiation *x)
{
	const struct proposal *chosen;

	x->child = c;
	x->mode = mode_choose(d, m, c, &x->local_ts, &x->remote_ts);
	if (!x->local_ts.n || !x->remote_ts.n)
		return FIT_NOTHING;
	if (!select_proposal(d, m, proposals_for(d, x, d->step->scratch), x, &chosen))
		return FIT_SELECTORS;
	x->proposal = chosen->num;
	x->spi_out = spi_value(chosen->spi);
	return x->spi_out ? FIT_ALL : FIT_SELECTORS;
}

/* How near X's child comes to what is offered: whether the mode is that (3), and the selectors are the same
 * (2), more (1), or less, so that they are narrowed (0). Of several children the nearest is the one that was
 * meant. */
static unsigned nearness(const struct draft *d, const struct message *m, const struct negotiation *x)
{
	struct tss local = child_local_ts(d, x->child), remote = child_remote_ts(d, x->child);
	unsigned near = mode_agreed(d, m, x->child, x->mode) ? 3 : 0;

	if (!tss_contain(remote, m->tsi) || !tss_contain(local, m->tsr))
		return near;
	return near + (tss_contain(m->tsi, remote) && tss_contain(m->tsr, local) ? 2 : 1);
}

/* Of N CHILDREN (0: NULL) the one with which the peer's selectors have most in common; *HERE and *THERE say
 * on which side they have nothing. */
static const struct child_conf *nearest_child(struct draft *d, const struct message *m,
	const struct child_conf *children, unsigned n, bool *here, bool *there)
{
	const struct child_conf *nearest = NULL;
	struct arena *a = d->step->scratch;
	int least = 3;

	for (unsigned i = 0; i < n; i++) {
		bool local = !tss_narrow(m->tsr, child_local_ts(d, &children[i]), a).n;
		bool remote = !tss_narrow(m->tsi, child_remote_ts(d, &children[i]), a).n;

		if (local + remote >= least)
			continue;
		least = local + remote;
		nearest = &children[i];
		*here = local;
		*there = remote;
	}
	return nearest;
}

/* What has to be written where for what the peer asks for, of C, which lacks it HERE or THERE. */
static void mend_selectors(
	struct draft *d, const struct message *m, const struct child_conf *c, bool here, bool there)
{
	struct arena *a = d->step->scratch;
	const char *local = tss_print(m->tsr, a), *remote = tss_print(m->tsi, a);

	if (here == there) {
		d->why.where = source_print(&c->at, "remote_ts", a);
		d->why.instead = arena_printf(a, "local_ts = %s and remote_ts = %s", local, remote);
		return;
	}
	d->why.differs = arena_printf(a, "%s: asked for %s, configured %s", here ? "here" : "there",
		here ? local : remote, tss_print(here ? child_local_ts(d, c) : child_remote_ts(d, c), a));
	d->why.where = source_print(&c->at, here ? "local_ts" : "remote_ts", a);
	d->why.instead =
		here ? arena_printf(a, "local_ts = %s", local) : arena_printf(a, "remote_ts = %s", remote);
}

static void explain_selectors(
	struct draft *d, const struct message *m, const struct child_conf *children, unsigned n)
{
	struct arena *a = d->step->scratch;
	const struct peer *p = d->core.peer;
	bool here = false, there = false;
	const struct child_conf *c = nearest_child(d, m, children, n, &here, &there);
	const char *mode = c ? mode_instead(d, m, c) : NULL, *differs = c ? mode_difference(d, m, c) : NULL;

	d->why = (struct why){
		.what = arena_printf(
			a, "no child of connection %s covers the traffic selectors of the peer", p->name),
		.offered = arena_printf(
			a, "%s === %s (here === there)", tss_print(m->tsr, a), tss_print(m->tsi, a)),
		.notify = "TS_UNACCEPTABLE",
		.alert = "ts-mismatch",
	};
	if (!c)
		return;
	d->why.configured = arena_printf(a, "%s: local_ts = %s; remote_ts = %s", c->name,
		tss_print(child_local_ts(d, c), a), tss_print(child_remote_ts(d, c), a));
	mend_selectors(d, m, c, here, there);
	if (differs)
		d->why.differs = differs;
	if (mode) {
		d->why.where = source_print(&c->at, "mode", a);
		d->why.instead = arena_printf(a, "mode = %s", mode);
	}
}

static void explain_proposal(
	struct draft *d, const struct message *m, const struct child_conf *c, enum proposal_ke ke)
{
	struct arena *a = d->step->scratch;
	struct proposal_why w = proposal_explain(m->sa, c->offers, ke, a);
	const char *key = child_conf_key(c);

	d->why = (struct why){
		.what = arena_printf(a, "no %s proposal of the peer is allowed by child %s of connection %s",
			m->sa.n ? proposal_protocol(m->sa.v[0].protocol) : "ESP", c->name,
			d->core.peer->name),
		.offered = proposals_print(m->sa, a),
		.configured = proposals_print(c->offers, a),
		.differs = c->ah.n && breaks_ah(&d->core)
				   ? arena_printf(
					     a, "a NAT is between, and AH does not cross it: %s", ah_and_nat)
				   : w.differs,
		.where = source_print(&c->at, key, a),
		.instead = w.instead ? arena_printf(a, "%s = %s", key, w.instead) : NULL,
		.notify = "NO_PROPOSAL_CHOSEN",
		.alert = "proposal-mismatch-child",
	};
}

static uint16_t refuse_stranger(struct draft *d, const struct negotiation *x, const struct child *other)
{
	struct arena *a = d->step->scratch;

	d->why = (struct why){
		.what = arena_printf(a,
			"%s is another peer's already, behind the same NAT: %s of IKE_SA %s[%u] has it, and "
			"the userspace path cannot tell whose a packet is",
			tss_print(x->remote_ts, a), id_print(sa_user(other->sa), a),
			other->sa->core.peer->name, other->sa->id),
		.where = source_print(&x->child->at, "remote_ts", a),
		.instead = "an address that is this peer's alone, or an interface of its own, or "
			   "datapath = kernel with mark_in = %unique, mark_out = %unique and connmark = yes",
		.notify = "TS_UNACCEPTABLE",
		.alert = "ts-mismatch",
	};
	return TS_UNACCEPTABLE;
}

uint16_t negotiate_too_late(struct draft *d, const struct child *c)
{
	struct negotiation x = { .kind = c->replaces ? N_REKEY_CHILD : N_CREATE,
		.old = c->replaces,
		.child = c->conf,
		.local_ts = c->local_ts,
		.remote_ts = c->remote_ts };
	const struct child *stranger = c->by_us && d->core.began ? NULL : twin_stranger(d, &x);

	return stranger ? refuse_stranger(d, &x, stranger) : 0;
}

uint16_t negotiate_choose(struct draft *d, struct negotiation *x, struct arena *keep, const struct message *m,
	const struct child_conf *children, unsigned n)
{
	const struct child_conf *nearest = NULL;
	const struct child *stranger;
	struct negotiation found = *x;
	bool chosen = false;
	uint16_t notify;

	for (unsigned i = 0; i < n; i++) {
		enum fit f = child_fit(d, m, &children[i], &found);

		if (f == FIT_SELECTORS && !nearest)
			nearest = &children[i];
		if (f == FIT_ALL && (!chosen || nearness(d, m, &found) > nearness(d, m, x))) {
			*x = found;
			chosen = true;
		}
	}
	stranger = chosen ? twin_stranger(d, x) : NULL;
	if (stranger)
		return refuse_stranger(d, x, stranger);
	if (chosen) {
		if (!mode_agreed(d, m, x->child, x->mode))
			tell_log(d, "CHD", "CHILD_SA %s becomes a tunnel: %s", x->child->name,
				mode_difference(d, m, x->child));
		heed_padding(d, x, m);
		x->whole = mode_keeps_whole(m);
		x->local_ts = tss_copy(keep, x->local_ts);
		x->remote_ts = tss_copy(keep, x->remote_ts);
		x->ke = x->suite.ke;
		notify = resource_choose(d, x, m);
		x->spi = spi_draw(d->step->ike, x->child, resource_of(d, x), d->step->rng);
		return notify;
	}
	if (!nearest) {
		explain_selectors(d, m, children, n);
		return TS_UNACCEPTABLE;
	}
	explain_proposal(d, m, nearest, ke_of(x));
	return NO_PROPOSAL_CHOSEN;
}

void negotiate_answer(struct draft *d, const struct negotiation *x, struct message *m)
{
	struct arena *a = d->step->scratch;

	m->has |= PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_TSI) | PAYLOAD_BIT(PAYLOAD_TSR);
	m->sa = (struct proposals){
		proposal_of(&x->suite, x->suite.protocol, x->proposal, spi_bytes(a, x->spi), a), 1
	};
	m->tsi = x->remote_ts;
	m->tsr = x->local_ts;
	mode_put(d, x->mode, m);
	resource_put(x, a, m);
}
