/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/grant.h"

/* What of an SA or a policy is looked at. */
struct wish {
	const struct child_conf *conf;
	enum child_mode mode;
	bool per_cpu;
	uint32_t reqid;
	const struct sa_marks *marks;
	struct tss local, remote;
};

static bool one_within(const struct ts *configured, const struct ts *wanted)
{
	struct ts whole = *configured;

	if (!configured->dynamic)
		return ts_contains(configured, wanted);
	whole.dynamic = false;
	whole.lo = wanted->lo;
	whole.hi = wanted->hi;
	return ip_eq(&wanted->lo, &wanted->hi) && !ip_is_any(&wanted->lo) && ts_contains(&whole, wanted);
}

/* The first of WANTED that lies within none of CONFIGURED; NULL: each does. */
static const struct ts *beyond(struct tss configured, struct tss wanted)
{
	for (unsigned i = 0; i < wanted.n; i++) {
		unsigned k = 0;

		while (k < configured.n && !one_within(&configured.v[k], &wanted.v[i]))
			k++;
		if (k == configured.n)
			return &wanted.v[i];
	}
	return NULL;
}

static bool grant_selectors(const struct child_conf *c, const char *key, struct tss configured,
	struct tss wanted, struct text *why)
{
	const struct ts *ts = beyond(configured, wanted);
	char text[TS_TEXT];

	if (!wanted.n)
		text_add(why, "child %s: it has no %s", c->name, key);
	else if (ts)
		text_add(why, "child %s: %s is not within its %s, %s", c->name, ts_print(ts, text), key,
			tss_print(configured, why->arena));
	return wanted.n && !ts;
}

static bool grant_mark(const struct mark *configured, const struct mark *wanted)
{
	return wanted->mask == configured->mask && (wanted->value & ~wanted->mask) == 0 &&
	       (configured->drawn || wanted->value == (configured->value & configured->mask));
}

static bool grant_if_id(const struct if_id *of_child, const struct if_id *of_peer, uint32_t wanted)
{
	const struct if_id *configured = of_child->drawn || of_child->value ? of_child : of_peer;

	return configured->drawn ? wanted : wanted == configured->value;
}

static bool grant_marks(const struct child_conf *c, const struct sa_marks *m, struct text *why)
{
	bool good = grant_mark(&c->mark_in, &m->in) && grant_mark(&c->mark_out, &m->out) &&
		    grant_if_id(&c->if_id_in, &c->peer->if_id_in, m->if_id_in) &&
		    grant_if_id(&c->if_id_out, &c->peer->if_id_out, m->if_id_out);

	if (!good)
		text_add(why, "child %s: these are not its marks and interface IDs", c->name);
	return good;
}

static bool grant_all(const struct wish *w, struct text *why)
{
	const struct child_conf *c = w->conf;

	if (w->per_cpu && c->per_cpu_sas == PER_CPU_NO) {
		text_add(why, "child %s: it has no SAs for CPUs", c->name);
		return false;
	}
	if (w->mode != c->mode && w->mode != MODE_TUNNEL) {
		text_add(why, "child %s: this is not its mode", c->name);
		return false;
	}
	if (c->reqid && w->reqid != c->reqid) {
		text_add(why, "child %s: reqid %u is not its own", c->name, w->reqid);
		return false;
	}
	return grant_selectors(c, "local_ts", c->local, w->local, why) &&
	       grant_selectors(c, "remote_ts", c->remote, w->remote, why) && grant_marks(c, w->marks, why);
}

/* ESP is never without a cipher, nor AH without a MAC. */
static bool has(const struct child_conf *c, const struct suite *s)
{
	bool ah = s->protocol == PROTO_AH;
	const struct transform *t = ah ? s->integ : s->encr;

	return t && proposals_have(ah ? c->ah : c->esp, t->type, t->id);
}

bool grant_sa(const struct sa_spec *s, struct text *why)
{
	const struct wish w = { s->conf, s->mode, s->per_cpu || s->resource, s->reqid, &s->marks, s->local_ts,
		s->remote_ts };

	if (!has(s->conf, &s->suite)) {
		text_add(why, "child %s: its %s do not have these algorithms", s->conf->name,
			child_conf_key(s->conf));
		return false;
	}
	return grant_all(&w, why);
}

bool grant_policy(const struct policy_spec *p, struct text *why)
{
	const struct wish w = { p->conf, p->mode, p->per_cpu, p->reqid, &p->marks, p->local_ts,
		p->remote_ts };

	return grant_all(&w, why);
}

/* Where that is left open, we are who the peer asks for, or our address. */
static bool is_ours(const struct auth_conf *a, const struct id *id)
{
	return a->id.type == ID_ANY ? id->type != ID_ANY : id_eq(&a->id, id);
}

/* One that the peer is asked for, or has. */
static bool is_theirs(const struct auth_conf *a, const struct id *id)
{
	return id_eq(&a->id, id) || id_matches(&a->id, id);
}

static bool any_round(const struct auth_conf *a, const struct id *id,
	bool (*is)(const struct auth_conf *a, const struct id *id))
{
	while (a && !is(a, id))
		a = a->next;
	return a;
}

bool grant_proof(const struct ike_question *q, struct text *why)
{
	const struct peer *p = q->peer;

	if (!any_round(&p->local, &q->local, is_ours))
		text_add(why, "connection %s: %s is not who it says that we are", p->name,
			id_print(&q->local, why->arena));
	else if (!any_round(&p->remote, &q->remote, is_theirs))
		text_add(why, "connection %s: %s is not who it says that its peer is", p->name,
			id_print(&q->remote, why->arena));
	return !why->n;
}

bool grant_ppk(const struct ike_question *q, struct text *why)
{
	const struct id *configured = &q->peer->ppk_id;
	bool good = configured->type != ID_ANY &&
		    (id_eq(configured, &q->remote) || id_matches(configured, &q->remote));

	if (!good)
		text_add(why, "connection %s: %s is not its ppk_id", q->peer->name,
			id_print(&q->remote, why->arena));
	return good;
}

unsigned grant_proofs(const struct peer *p)
{
	unsigned n = 0;

	for (const struct auth_conf *a = &p->local; a; a = a->next)
		n++;
	return p->ppk_id.type == ID_ANY ? n : 2 * n;
}

bool grant_question(const struct ike_question *q)
{
	switch (q->kind) {
	case ASK_KEY_PAIR:
	case ASK_RESPOND:
	case ASK_AGREE: return false;
	case ASK_PROOF:
	case ASK_CHECK: return q->auth && q->prf;
	case ASK_EAP: return q->auth && q->eap.conversation;
	case ASK_PPK:
	case ASK_PPK_CONFIRM: return q->prf;
	default: return true;
	}
}
