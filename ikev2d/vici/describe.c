/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SAs and connections in strongSwan's words. */
#include "vici/describe.h"

#include <inttypes.h>
#include <stdio.h>
/* Keys that are there only when true. */
static void put_flag(struct vici_out *out, const char *name, bool value)
{
	if (value)
		vici_put_pair(out, name, "yes");
}

/* A time in whole seconds, ago or ahead; 0 is never. */
static void put_ago(struct vici_out *out, const char *name, uint64_t then, uint64_t now)
{
	if (then)
		vici_put_pairf(out, name, "%" PRId64, ((int64_t)now - (int64_t)then) / 1000);
}

static void put_ahead(struct vici_out *out, const char *name, uint64_t then, uint64_t now)
{
	if (then)
		vici_put_pairf(out, name, "%" PRId64, ((int64_t)then - (int64_t)now) / 1000);
}

static void put_transform(
	struct vici_out *out, const char *name, const char *keysize, const struct transform *t)
{
	if (!t)
		return;
	vici_put_pair(out, name, t->name);
	if (keysize && t->bits)
		vici_put_pairf(out, keysize, "%u", t->bits);
}

static void put_suite(struct vici_out *out, const struct suite *s)
{
	static const char *const ake[] = { "ake1", "ake2", "ake3", "ake4", "ake5", "ake6", "ake7" };

	put_transform(out, "encr-alg", "encr-keysize", s->encr);
	put_transform(out, "integ-alg", "integ-keysize", s->integ);
	put_transform(out, "prf-alg", NULL, s->prf);
	put_transform(out, "dh-group", NULL, s->ke);
	for (unsigned i = 0; i < MORE_KES_MAX; i++)
		if (s->more[i])
			vici_put_pairf(out, ake[i], "%s", transform_find(TRANSFORM_KE, s->more[i], 0)->name);
	if (s->esn)
		vici_put_pair(out, "esn", "1");
}

/* Parts of a reason, for a section that is open. */
static void put_reason(struct vici_out *out, const struct why *why)
{
	const struct {
		const char *key, *value;
	} parts[] = {
		{ "what", why->what },
		{ "stage", why->stage },
		{ "offered", why->offered },
		{ "configured", why->configured },
		{ "differs", why->differs },
		{ "where", why->where },
		{ "instead", why->instead },
		{ "notify", why->notify },
	};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].value)
			vici_put_pair(out, parts[i].key, parts[i].value);
}

void vici_put_why(struct vici_out *out, const char *name, const struct why *why)
{
	vici_put_section(out, name);
	put_reason(out, why);
	vici_put_section_end(out);
}

void vici_put_failure_record(
	struct vici_out *out, const char *name, const struct failure_record *r, uint64_t now)
{
	char remote[IP_TEXT];

	vici_put_section(out, name);
	put_reason(out, &r->why);
	if (r->remote.v)
		vici_put_pair(out, "remote-host", ip_print(&r->remote, remote));
	vici_put_pair(out, "begun-by", r->by_peer ? "peer" : "us");
	vici_put_pairf(out, "times", "%u", r->times);
	put_ago(out, "first", r->first, now);
	put_ago(out, "last", r->last, now);
	vici_put_section_end(out);
}

void vici_put_outage(struct vici_out *out, const struct vici_failures *f, uint64_t now)
{
	put_ago(out, "down", f->down, now);
	put_ahead(out, "next-attempt", f->next, now);
	if (f->last)
		vici_put_failure_record(out, "last-error", f->last, now);
}

/* A key of ours. */
static void put_post_quantum(struct vici_out *out, bool yes)
{
	vici_put_pair(out, "post-quantum", yes ? "yes" : "no");
}

static void put_tasks(struct vici_out *out, const char *name, const struct strings *tasks)
{
	if (!tasks->n)
		return;
	vici_put_list(out, name);
	for (unsigned i = 0; i < tasks->n; i++)
		vici_put_item(out, tasks->v[i]);
	vici_put_list_end(out);
}

static void put_end(struct vici_out *out, const struct addr *a, const struct id *id, const char *keys[3],
	struct arena *scratch)
{
	char text[IP_TEXT];

	vici_put_pair(out, keys[0], ip_print(&a->ip, text));
	vici_put_pairf(out, keys[1], "%u", a->port);
	vici_put_pair(out, keys[2], id_print(id, scratch));
}

static void put_times(struct vici_out *out, const struct sa_record *sa, uint64_t now)
{
	put_ago(out, "established", sa->established_ms, now);
	put_ahead(out, "rekey-time", sa->rekey_ms, now);
	put_ahead(out, "reauth-time", sa->reauth_ms, now);
}

static void put_if_ids(struct vici_out *out, uint32_t in, uint32_t to)
{
	if (in)
		vici_put_pairf(out, "if-id-in", "%08" PRIx32, in);
	if (to)
		vici_put_pairf(out, "if-id-out", "%08" PRIx32, to);
}

static void put_ips(struct vici_out *out, const char *name, const struct ip *v, unsigned n)
{
	char text[IP_TEXT];

	if (!n)
		return;
	vici_put_list(out, name);
	for (unsigned i = 0; i < n; i++)
		vici_put_item(out, ip_print(&v[i], text));
	vici_put_list_end(out);
}

void vici_put_sa(struct vici_out *out, const struct sa_record *sa, uint64_t now, struct arena *scratch)
{
	static const char *local[] = { "local-host", "local-port", "local-id" };
	static const char *remote[] = { "remote-host", "remote-port", "remote-id" };

	vici_put_pairf(out, "uniqueid", "%u", sa->id);
	vici_put_pair(out, "version", "2");
	vici_put_pair(out, "state", sa->state);
	put_end(out, &sa->path.local, &sa->local_id, local, scratch);
	put_end(out, &sa->path.remote, &sa->remote_id, remote, scratch);
	if (sa->remote_eap_id.type != ID_ANY && !id_eq(&sa->remote_eap_id, &sa->remote_id))
		vici_put_pair(out, "remote-eap-id", id_print(&sa->remote_eap_id, scratch));
	put_flag(out, "initiator", sa->initiator);
	vici_put_pairf(out, "initiator-spi", "%016" PRIx64, sa->spi_i);
	vici_put_pairf(out, "responder-spi", "%016" PRIx64, sa->spi_r);
	put_flag(out, "nat-local", sa->nat_local);
	put_flag(out, "nat-remote", sa->nat_remote);
	put_flag(out, "nat-fake", sa->nat_fake);
	put_flag(out, "nat-any", sa->nat_local || sa->nat_remote || sa->nat_fake);
	put_flag(out, "crash-token", sa->crash_token);
	put_ips(out, "local-vips", sa->local_vips.v, sa->local_vips.n);
	put_ips(out, "remote-vips", sa->remote_vips.v, sa->remote_vips.n);
	put_ips(out, "dns", sa->dns, sa->n_dns);
	put_if_ids(out, sa->if_id_in, sa->if_id_out);
	put_suite(out, &sa->suite);
	put_flag(out, "ppk", sa->ppk);
	put_flag(out, "ppk-int", sa->ppk_int);
	if (sa->suite.encr)
		put_post_quantum(out, sa->post_quantum);
	if (!strcmp(sa->state, "ESTABLISHED"))
		put_times(out, sa, now);
	put_tasks(out, "tasks-queued", &sa->tasks_queued);
	put_tasks(out, "tasks-active", &sa->tasks_active);
	put_tasks(out, "tasks-passive", &sa->tasks_passive);
}

static void put_usage(struct vici_out *out, const struct sa_usage *u, const char *keys[3], uint64_t now)
{
	vici_put_pairf(out, keys[0], "%" PRIu64, u->bytes);
	vici_put_pairf(out, keys[1], "%" PRIu64, u->packets);
	put_ago(out, keys[2], u->last_ms, now);
}

static void put_mark(struct vici_out *out, const struct mark *m, const char *value, const char *mask)
{
	if (!(m->value | m->mask))
		return;
	vici_put_pairf(out, value, "%08" PRIx32, m->value);
	if (~m->mask)
		vici_put_pairf(out, mask, "%08" PRIx32, m->mask);
}

/* What there is once it is installed. */
static void put_installed(struct vici_out *out, const struct child_record *c, uint64_t now)
{
	static const char *in[] = { "bytes-in", "packets-in", "use-in" };
	static const char *to[] = { "bytes-out", "packets-out", "use-out" };

	vici_put_pair(out, "protocol", c->suite.protocol == PROTO_AH ? "AH" : "ESP");
	put_flag(out, "encap", c->encap);
	put_flag(out, "tcp", c->tcp);
	vici_put_pairf(out, "spi-in", "%08" PRIx32, c->spi_in);
	vici_put_pairf(out, "spi-out", "%08" PRIx32, c->spi_out);
	put_mark(out, &c->marks.in, "mark-in", "mark-mask-in");
	put_mark(out, &c->marks.out, "mark-out", "mark-mask-out");
	put_if_ids(out, c->marks.if_id_in, c->marks.if_id_out);
	put_flag(out, "per-cpu-sas", c->per_cpu);
	if (c->resource)
		vici_put_pairf(out, "cpu", "%" PRIu32, c->resource - 1);
	put_suite(out, &c->suite);
	put_post_quantum(out, c->post_quantum);
	put_usage(out, &c->in, in, now);
	put_usage(out, &c->out, to, now);
	put_ahead(out, "rekey-time", c->rekey_ms, now);
	put_ahead(out, "life-time", c->life_ms, now);
	put_ago(out, "install-time", c->installed_ms, now);
}

void vici_put_child(struct vici_out *out, const char *section, const struct child_record *c, uint64_t now)
{
	char name[VICI_NAME_MAX + 1];

	/* The number makes it unique; a name that leaves no room for it is cut. */
	snprintf(name, sizeof name, "%.*s-%" PRIu32, VICI_NAME_MAX - 11, c->name, c->id);
	vici_put_section(out, section ? section : name);
	vici_put_pair(out, "name", c->name);
	vici_put_pairf(out, "uniqueid", "%" PRIu32, c->id);
	vici_put_pairf(out, "reqid", "%" PRIu32, c->reqid);
	vici_put_pair(out, "state", c->state);
	vici_put_pair(out, "mode", vici_mode_name(c->mode));
	if (c->installed_ms)
		put_installed(out, c, now);
	vici_put_selectors(out, "local-ts", c->local_ts);
	vici_put_selectors(out, "remote-ts", c->remote_ts);
	if (c->data_path)
		vici_put_pair(out, "data-path", c->data_path);
	if (c->data_path_why)
		vici_put_pair(out, "data-path-reason", c->data_path_why);
	if (c->in.replays)
		vici_put_pairf(out, "replays", "%" PRIu64, c->in.replays);
	if (c->in.invalid)
		vici_put_pairf(out, "invalid", "%" PRIu64, c->in.invalid);
	vici_put_section_end(out);
}

void vici_put_policy(struct vici_out *out, const struct policy_record *p, struct arena *scratch)
{
	vici_put_section(out, arena_printf(scratch, "%s/%s", p->ike, p->child));
	vici_put_pair(out, "child", p->child);
	vici_put_pair(out, "ike", p->ike);
	vici_put_pair(out, "mode", vici_mode_name(p->mode));
	vici_put_selectors(out, "local-ts", p->local_ts);
	vici_put_selectors(out, "remote-ts", p->remote_ts);
	vici_put_section_end(out);
}

static void put_strings(struct vici_out *out, const char *name, struct strings s)
{
	vici_put_list(out, name);
	for (unsigned i = 0; i < s.n; i++)
		vici_put_item(out, s.v[i]);
	vici_put_list_end(out);
}

void vici_put_authority(
	struct vici_out *out, const struct authority *a, const struct vici_host *host, struct arena *scratch)
{
	const char *name = host->cert_subject(host->ctx, &a->cacert, scratch);

	vici_put_section(out, a->name);
	if (name || a->cacert.file)
		vici_put_pair(out, "cacert", name ? name : a->cacert.file);
	put_strings(out, "crl_uris", a->crl_uris);
	put_strings(out, "ocsp_uris", a->ocsp_uris);
	if (a->cert_uri_base)
		vici_put_pair(out, "cert_uri_base", a->cert_uri_base);
	vici_put_pair(out, "origin", a->origin == ORIGIN_VICI ? "vici" : "file");
	vici_put_section_end(out);
}
