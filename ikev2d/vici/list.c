/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that list: an event for each item, then the answer. */
#include "vici/commands.h"
#include "vici/describe.h"
#include "vici/listing.h"

static bool named(const char *wanted, const char *name)
{
	return !wanted || !strcmp(wanted, name);
}

/* ---------------------------------------------------------------------- SAs */

static bool filter_child(const struct vici_filter *f, const struct child_record *c)
{
	return named(f->child, c->name) && (!f->child_id || f->child_id == c->id);
}

static void refuse_large(struct vici_listing *l, const struct sa_record *sa)
{
	l->failed = (struct why){
		.what = arena_printf(&l->arena, "IKE_SA %s #%u has more CHILD_SAs than fit in one message",
			sa->name, sa->id),
		.instead = "list them with child = NAME",
	};
}

/* A filter on children leaves IKE_SAs that have none of them, as with strongSwan. */
static bool put_sa(
	struct vici_listing *l, const struct vici_host *host, struct vici_out *out, struct arena *scratch)
{
	const struct vici_filter *f = &l->filter;
	uint64_t now = host->now(host->ctx);
	struct sa_record sa;

	if (!host->record(host->ctx, l->keys[l->at], scratch, &sa) || !named(f->ike, sa.name) ||
		(f->ike_id && f->ike_id != sa.id))
		return false;
	vici_put_section(out, sa.name);
	vici_put_sa(out, &sa, now, scratch);
	vici_put_section(out, "child-sas");
	for (unsigned i = 0; i < sa.n_children; i++)
		if (filter_child(f, &sa.children[i]))
			vici_put_child(out, NULL, &sa.children[i], now);
	vici_put_section_end(out);
	vici_put_section_end(out);
	if (out->bad)
		refuse_large(l, &sa);
	return true;
}

/* "noblock" is allowed and means nothing: nothing here blocks. */
void vici_do_list_sas(struct vici_call *c)
{
	struct vici_listing *l = vici_listing_new(c, EVENT_LIST_SA);

	l->keys = c->host->sas(c->host->ctx, &l->arena, &l->n);
	l->put = put_sa;
	vici_listing_start(c, l);
}

/* -------------------------------------------------------------- connections */

static bool put_conn(
	struct vici_listing *l, const struct vici_host *host, struct vici_out *out, struct arena *scratch)
{
	const struct peer *p = l->peers[l->at];

	if (!named(l->filter.ike, p->name))
		return false;
	vici_put_conn(out, p, host, scratch);
	return true;
}

void vici_do_list_conns(struct vici_call *c)
{
	const struct conf *conf = c->host->conf(c->host->ctx);
	struct vici_listing *l = vici_listing_new(c, EVENT_LIST_CONN);

	l->peers = ARENA_ARRAY(&l->arena, conf->n_peers, struct peer *);
	for (; l->n < conf->n_peers; l->n++)
		l->peers[l->n] = peer_ref(conf->peers[l->n]);
	l->put = put_conn;
	vici_listing_start(c, l);
}

/* ----------------------------------------------------------------- policies */

static bool kind_wanted(const struct vici_filter *f, enum child_mode mode)
{
	return mode == MODE_PASS ? f->passes : mode == MODE_DROP ? f->drops : f->traps;
}

static bool put_policy(
	struct vici_listing *l, const struct vici_host *host, struct vici_out *out, struct arena *scratch)
{
	struct policy_record p;

	if (!host->policy(host->ctx, l->keys[l->at], scratch, &p) || !kind_wanted(&l->filter, p.mode) ||
		!named(l->filter.ike, p.ike) || !named(l->filter.child, p.child))
		return false;
	vici_put_policy(out, &p, scratch);
	return true;
}

/* That a kind is named says that it is wanted, whatever its value, as with strongSwan. */
void vici_do_list_policies(struct vici_call *c)
{
	struct vici_listing *l = vici_listing_new(c, EVENT_LIST_POLICY);

	l->filter.traps = vici_str(c->args, "trap");
	l->filter.passes = vici_str(c->args, "pass");
	l->filter.drops = vici_str(c->args, "drop");
	l->keys = c->host->policies(c->host->ctx, &l->arena, &l->n);
	l->put = put_policy;
	vici_listing_start(c, l);
}

/* -------------------------------------------------------------- credentials */

static const struct authority *find_authority(const struct conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_authorities; i++)
		if (!strcmp(conf->authorities[i].name, name))
			return &conf->authorities[i];
	return NULL;
}

static bool put_authority(
	struct vici_listing *l, const struct vici_host *host, struct vici_out *out, struct arena *scratch)
{
	const struct authority *a = find_authority(host->conf(host->ctx), l->names[l->at]);

	if (!a || !named(l->filter.name, a->name))
		return false;
	vici_put_authority(out, a, host, scratch);
	return true;
}

void vici_do_list_authorities(struct vici_call *c)
{
	const struct conf *conf = c->host->conf(c->host->ctx);
	struct vici_listing *l = vici_listing_new(c, EVENT_LIST_AUTHORITY);
	const char **names = ARENA_ARRAY(&l->arena, conf->n_authorities, const char *);

	for (; l->n < conf->n_authorities; l->n++)
		names[l->n] = arena_str(&l->arena, conf->authorities[l->n].name);
	l->names = names;
	l->put = put_authority;
	vici_listing_start(c, l);
}
