/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnel, transport, BEET or IP-TFS mode. */
#include "ike/mode.h"

#include "ike/child.h"

/* The vendor ID of strongSwan, the MD5 of its name: who sends it means BEET mode by USE_BEET_MODE. */
static const uint8_t strongswan[] = { 0x88, 0x2f, 0xe5, 0x6d, 0x6f, 0xd2, 0x0d, 0xbc, 0x22, 0x51, 0x61, 0x3b,
	0x2e, 0xbe, 0x5b, 0xeb };

/* THE table of modes that are asked for. */
static const struct {
	enum child_mode mode;
	uint16_t notify;
} asked_by[] = {
	{ MODE_TRANSPORT, USE_TRANSPORT_MODE },
	{ MODE_BEET, USE_BEET_MODE },
	{ MODE_IPTFS, USE_AGGFRAG },
};

/* What the sender of USE_AGGFRAG demands (RFC 9347, 5.1). */
enum {
	AGGFRAG_DONT_FRAGMENT = 1 << 0,      /* inner packets come to it whole */
	AGGFRAG_CONGESTION_CONTROL = 1 << 1, /* it is told of losses and delays */
	AGGFRAG_KNOWN = AGGFRAG_DONT_FRAGMENT,
};

static const char *word(enum child_mode mode)
{
	return name_word(child_modes, (int)mode);
}

void mode_introduce(const struct peer *p, struct arena *scratch, struct message *m)
{
	bool beet = false;

	for (unsigned i = 0; i < p->n_children; i++)
		beet |= p->children[i].mode == MODE_BEET;
	if (!beet || m->n_vendors)
		return;
	m->vendors = ARENA_NEW(scratch, struct bytes);
	m->vendors[m->n_vendors++] = bytes_of(strongswan, sizeof strongswan);
}

void mode_recognise(struct draft *d, const struct message *m)
{
	for (unsigned i = 0; i < m->n_vendors; i++)
		d->core.strongswan |= bytes_eq(m->vendors[i], bytes_of(strongswan, sizeof strongswan));
}

/* The notify for MODE says no more than that, but for IP-TFS. */
static struct bytes demands_of(const struct draft *d, enum child_mode mode)
{
	struct wr w;

	if (mode != MODE_IPTFS)
		return (struct bytes){ 0 };
	w = wr_of(arena_alloc(d->step->scratch, 1), 1);
	wr_u8(&w, d->step->ike->settings.iptfs.accept_fragments ? 0 : AGGFRAG_DONT_FRAGMENT);
	return wr_done(&w);
}

void mode_put(const struct draft *d, enum child_mode mode, struct message *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(asked_by); i++)
		if (asked_by[i].mode == mode)
			message_add_notify(m, d->step->scratch, asked_by[i].notify, demands_of(d, mode));
}

static enum child_mode mode_in(const struct message *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(asked_by); i++)
		if (message_notify(m, asked_by[i].notify))
			return asked_by[i].mode;
	return MODE_TUNNEL;
}

/* Why IP-TFS cannot be had as M demands it: who does not know a demand, or cannot meet it, goes without.
 * NULL: it can, or M says nothing of it. */
static const char *undemandable(const struct draft *d, const struct message *m)
{
	const struct wire_notify *n = message_notify(m, USE_AGGFRAG);
	uint8_t flags = n && n->data.n ? n->data.p[0] : 0;

	if (!n)
		return NULL;
	if (n->data.n != 1)
		return "its USE_AGGFRAG has not the one octet of flags that RFC 9347 gives it";
	if (flags & AGGFRAG_CONGESTION_CONTROL)
		return "it wants reports of congestion (RFC 9347, 6.1.2), which we do not send";
	return flags & ~AGGFRAG_KNOWN ? arena_printf(d->step->scratch,
						"its flags 0x%02x demand what is not known here", flags)
				      : NULL;
}

bool mode_keeps_whole(const struct message *m)
{
	const struct wire_notify *n = message_notify(m, USE_AGGFRAG);

	return n && n->data.n && n->data.p[0] & AGGFRAG_DONT_FRAGMENT;
}

/* What the request M asks for, as far as it can be had. A number of private use may mean anything in a
 * stranger's mouth. */
static enum child_mode asked(const struct draft *d, const struct message *m)
{
	enum child_mode mode = mode_in(m);

	if (mode == MODE_IPTFS)
		return undemandable(d, m) ? MODE_TUNNEL : mode;
	return mode == MODE_BEET && !d->core.strongswan ? MODE_TUNNEL : mode;
}

/* Whether it carries packets of any addresses. */
static bool is_for_networks(enum child_mode mode)
{
	return mode == MODE_TUNNEL || mode == MODE_IPTFS;
}

/* --------------------------------------------------------------- selectors */

static bool is_host(const struct ts *ts)
{
	return !ts->dynamic && ip_eq(&ts->lo, &ts->hi);
}

/* Whether all of SET, and it is not empty, are of one address: that of HOST, or (NULL) any. */
static bool of_host(struct tss set, const struct ip *host)
{
	for (unsigned i = 0; i < set.n; i++)
		if (!is_host(&set.v[i]) || !ip_eq(&set.v[i].lo, host ? host : &set.v[0].lo))
			return false;
	return set.n;
}

/* SET with the one address it is of, which is another on the other side of a NAT, replaced by HOST. */
static struct tss translate(struct tss set, const struct ip *host, struct arena *arena)
{
	struct ts *v = ARENA_ARRAY(arena, set.n, struct ts);

	for (unsigned i = 0; i < set.n; i++) {
		v[i] = set.v[i];
		if (is_host(&v[i]) && v[i].lo.v == host->v && ip_eq(&v[i].lo, &set.v[0].lo))
			v[i].lo = v[i].hi = *host;
	}
	return (struct tss){ v, set.n };
}

/* Selectors of the peer, in transport mode, as the addresses are here (RFC 7296, 2.23.1). */
static void through_nat(const struct draft *d, struct tss *local, struct tss *remote)
{
	const struct sa_core *c = &d->core;

	if (c->nat_local)
		*local = translate(*local, &c->path.local.ip, d->step->scratch);
	if (c->nat_remote)
		*remote = translate(*remote, &c->path.remote.ip, d->step->scratch);
}

/* What OFFERED and WANTED have in common for HOST alone. */
static struct tss narrow_to(struct tss offered, struct tss wanted, const struct ip *host, struct arena *arena)
{
	struct ts only = ts_host(host);

	return tss_narrow(offered, tss_narrow(wanted, (struct tss){ &only, 1 }, arena), arena);
}

/* --------------------------------------------------------------- responder */

/* From one end of the path to the other: nothing else can be meant. */
static bool choose_transport(struct draft *d, const struct message *m, const struct child_conf *conf,
	struct tss *local, struct tss *remote)
{
	const struct path *p = &d->core.path;
	struct arena *a = d->step->scratch;
	struct tss here = m->tsr, there = m->tsi;

	through_nat(d, &here, &there);
	*local = narrow_to(here, child_local_ts(d, conf), &p->local.ip, a);
	*remote = narrow_to(there, child_remote_ts(d, conf), &p->remote.ip, a);
	return local->n && remote->n;
}

enum child_mode mode_choose(struct draft *d, const struct message *m, const struct child_conf *conf,
	struct tss *local, struct tss *remote)
{
	enum child_mode wanted = asked(d, m);

	if (wanted != conf->mode)
		wanted = MODE_TUNNEL;
	if (wanted == MODE_TRANSPORT && choose_transport(d, m, conf, local, remote))
		return MODE_TRANSPORT;
	*local = tss_narrow(m->tsr, child_local_ts(d, conf), d->step->scratch);
	*remote = tss_narrow(m->tsi, child_remote_ts(d, conf), d->step->scratch);
	if (wanted == MODE_IPTFS)
		return MODE_IPTFS;
	return wanted == MODE_BEET && of_host(*local, NULL) && of_host(*remote, NULL) ? MODE_BEET
										      : MODE_TUNNEL;
}

bool mode_agreed(
	const struct draft *d, const struct message *m, const struct child_conf *conf, enum child_mode mode)
{
	return mode == conf->mode && mode == asked(d, m);
}

const char *mode_difference(const struct draft *d, const struct message *m, const struct child_conf *conf)
{
	struct arena *a = d->step->scratch;
	enum child_mode wanted = asked(d, m);

	if (wanted != mode_in(m) && mode_in(m) == MODE_IPTFS)
		return arena_printf(a, "the peer asks for IP-TFS, and %s", undemandable(d, m));
	if (wanted != mode_in(m))
		return "the peer asks for BEET mode by a number of private use, and does not say that it is "
		       "strongSwan; there, send_vendor_id = yes does";
	if (wanted != conf->mode)
		return arena_printf(a, "the peer asks for %s mode, and child %s has mode = %s", word(wanted),
			conf->name, word(conf->mode));
	if (is_for_networks(wanted))
		return NULL;
	return arena_printf(a,
		"%s mode is between %s: the peer asks for %s === %s, and child %s has %s === %s",
		word(wanted), wanted == MODE_BEET ? "one address and another" : "the two ends themselves",
		tss_print(m->tsr, a), tss_print(m->tsi, a), conf->name, tss_print(child_local_ts(d, conf), a),
		tss_print(child_remote_ts(d, conf), a));
}

const char *mode_instead(struct draft *d, const struct message *m, const struct child_conf *conf)
{
	struct child_conf other = *conf;
	struct tss local, remote;

	other.mode = asked(d, m);
	mode_choose(d, m, &other, &local, &remote);
	return other.mode != conf->mode && local.n && remote.n ? word(other.mode) : NULL;
}

/* --------------------------------------------------------------- initiator */

static bool refuse_answer(struct draft *d, const struct negotiation *x, const char *what)
{
	d->why.what = what;
	d->why.configured = arena_printf(d->step->scratch, "mode = %s", word(x->child->mode));
	d->why.where = source_print(&x->child->at, "mode", d->step->scratch);
	return false;
}

static bool answer_fits(struct draft *d, const struct negotiation *x, const struct message *m,
	struct tss local, struct tss remote)
{
	const struct path *p = &d->core.path;
	enum child_mode mode = mode_in(m);

	if (mode != x->mode && mode != MODE_TUNNEL)
		return refuse_answer(d, x,
			arena_printf(d->step->scratch,
				"the peer answered with %s mode, which was not asked for", word(mode)));
	if (mode == MODE_IPTFS && undemandable(d, m))
		return refuse_answer(d, x,
			arena_printf(d->step->scratch, "the peer took IP-TFS, and %s", undemandable(d, m)));
	if (mode == MODE_TRANSPORT && !(of_host(local, &p->local.ip) && of_host(remote, &p->remote.ip)))
		return refuse_answer(
			d, x, "the peer took transport mode for other addresses than those of the two ends");
	if (mode == MODE_BEET && !(of_host(local, NULL) && of_host(remote, NULL)))
		return refuse_answer(d, x, "the peer took BEET mode for more than one address at each end");
	return true;
}

bool mode_accept(struct draft *d, struct negotiation *x, const struct message *m, struct tss *local,
	struct tss *remote)
{
	enum child_mode mode = mode_in(m);

	*local = m->tsi;
	*remote = m->tsr;
	if (mode == MODE_TRANSPORT)
		through_nat(d, local, remote);
	if (!answer_fits(d, x, m, *local, *remote))
		return false;
	if (mode != x->mode)
		tell_log(d, "CHD",
			"the peer declines %s mode: CHILD_SA %s becomes a tunnel, though mode = %s at %s",
			word(x->mode), x->child->name, word(x->mode),
			source_print(&x->child->at, "mode", d->step->scratch));
	x->mode = mode;
	x->whole = mode_keeps_whole(m);
	/* Who gives us an address may still answer with all that was asked for. */
	if (is_for_networks(mode) && d->core.began && d->core.vips.n)
		*local = tss_narrow(*local, child_local_ts(d, x->child), d->step->scratch);
	return true;
}
