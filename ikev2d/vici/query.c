/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that only ask. */
#include "vici/commands.h"
#include "vici/describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

void vici_do_version(struct vici_call *c)
{
	struct utsname u;

	vici_put_pair(c->out, "daemon", "ikev2d");
	vici_put_pair(c->out, "version", IKEV2D_VERSION);
	if (uname(&u))
		return;
	vici_put_pair(c->out, "sysname", u.sysname);
	vici_put_pair(c->out, "release", u.release);
	vici_put_pair(c->out, "machine", u.machine);
}

/* As people say it: "12 seconds", "3 hours". */
static void put_duration(struct vici_out *out, const char *name, uint64_t s)
{
	static const struct {
		uint64_t seconds;
		const char *word;
	} units[] = { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" }, { 1, "seconds" } };
	unsigned i = 0;

	while (units[i].seconds > 1 && s < 2 * units[i].seconds)
		i++;
	vici_put_pairf(out, name, "%" PRIu64 " %s", s / units[i].seconds, units[i].word);
}

/* strongSwan counts its threads here. We have one, which is answering. */
static void put_workers(struct vici_out *out)
{
	static const char *const priorities[] = { "critical", "high", "medium", "low" };

	vici_put_section(out, "workers");
	vici_put_pair(out, "total", "1");
	vici_put_pair(out, "idle", "0");
	vici_put_section(out, "active");
	for (unsigned i = 0; i < 4; i++)
		vici_put_pair(out, priorities[i], i == 2 ? "1" : "0");
	vici_put_section_end(out);
	vici_put_section_end(out);
	vici_put_section(out, "queues");
	for (unsigned i = 0; i < 4; i++)
		vici_put_pair(out, priorities[i], "0");
	vici_put_section_end(out);
	vici_put_pair(out, "scheduled", "0");
}

void vici_do_stats(struct vici_call *c)
{
	struct vici_stats stats = { 0 };
	char since[64] = "";
	struct tm tm;
	time_t start;

	c->host->stats(c->host->ctx, c->arena, &stats);
	start = time(NULL) - (time_t)(stats.uptime_ms / 1000);
	if (localtime_r(&start, &tm))
		strftime(since, sizeof since, "%b %d %H:%M:%S %Y", &tm);
	vici_put_section(c->out, "uptime");
	put_duration(c->out, "running", stats.uptime_ms / 1000);
	vici_put_pair(c->out, "since", since);
	vici_put_section_end(c->out);
	put_workers(c->out);
	vici_put_section(c->out, "ikesas");
	vici_put_pairf(c->out, "total", "%u", stats.ikesas);
	vici_put_pairf(c->out, "half-open", "%u", stats.half_open);
	vici_put_section_end(c->out);
	vici_put_list(c->out, "plugins");
	vici_put_list_end(c->out);
	if (stats.drops)
		vici_put_pair(c->out, "drops", stats.drops);
}

/* What a client wants listed: empty and 0 mean all. */
struct filter {
	const char *ike, *child;
	uint64_t ike_id, child_id;
};

static bool filter_sa(const struct filter *f, const struct sa_record *sa)
{
	return (!f->ike || !strcmp(f->ike, sa->name)) && (!f->ike_id || f->ike_id == sa->id);
}

static bool filter_child(const struct filter *f, const struct child_record *c)
{
	return (!f->child || !strcmp(f->child, c->name)) && (!f->child_id || f->child_id == c->id);
}

/* Fills OUT with the event of SA; false when a filter on children leaves none of it. */
static bool put_listed(struct vici_out *out, const struct sa_record *sa, const struct filter *f, uint64_t now,
	struct arena *arena)
{
	bool wanted = !f->child && !f->child_id;

	vici_event_begin(out, EVENT_LIST_SA);
	vici_put_section(out, sa->name);
	vici_put_sa(out, sa, now, arena);
	vici_put_section(out, "child-sas");
	for (unsigned i = 0; i < sa->n_children; i++) {
		if (!filter_child(f, &sa->children[i]))
			continue;
		vici_put_child(out, NULL, &sa->children[i], now);
		wanted = true;
	}
	vici_put_section_end(out);
	vici_put_section_end(out);
	return wanted;
}

static uint64_t id_of(const struct vici_node *args, const char *key)
{
	const char *s = vici_str(args, key);

	return s ? strtoull(s, NULL, 10) : 0;
}

static void refuse_large(struct vici_call *c, const struct sa_record *sa)
{
	struct why why = {
		.what = arena_printf(c->arena, "IKE_SA %s #%u has more CHILD_SAs than fit in one message",
			sa->name, sa->id),
		.instead = "list them with child = NAME",
	};

	vici_put_result(c->out, &why, c->arena);
}

/* "noblock" is allowed and means nothing: nothing here blocks. */
void vici_do_list_sas(struct vici_call *c)
{
	struct filter f = { vici_str(c->args, "ike"), vici_str(c->args, "child"), id_of(c->args, "ike-id"),
		id_of(c->args, "child-id") };
	uint64_t now = c->host->now(c->host->ctx);
	const struct sa_record *v, *too_large = NULL;
	struct vici_out event = { 0 };
	unsigned n;

	v = c->host->records(c->host->ctx, c->arena, &n);
	for (unsigned i = 0; i < n; i++) {
		if (!filter_sa(&f, &v[i]) || !put_listed(&event, &v[i], &f, now, c->arena))
			continue;
		vici_event_send(c->session, EVENT_LIST_SA, &event);
		if (event.bad)
			too_large = &v[i];
	}
	if (too_large)
		refuse_large(c, too_large);
	vici_out_free(&event);
}

void vici_do_list_conns(struct vici_call *c)
{
	const struct conf *conf = c->host->conf(c->host->ctx);
	const char *ike = vici_str(c->args, "ike");
	struct vici_out event = { 0 };

	for (unsigned i = 0; i < conf->n_peers; i++) {
		if (ike && strcmp(ike, conf->peers[i]->name))
			continue;
		vici_event_begin(&event, EVENT_LIST_CONN);
		vici_put_conn(&event, conf->peers[i], c->arena);
		vici_event_send(c->session, EVENT_LIST_CONN, &event);
	}
	vici_out_free(&event);
}

/* Clients ask so to find out what to unload, so only what came from them is told. */
void vici_do_get_conns(struct vici_call *c)
{
	const struct conf *conf = c->host->conf(c->host->ctx);

	vici_put_list(c->out, "conns");
	for (unsigned i = 0; i < conf->n_peers; i++)
		if (conf->peers[i]->origin == ORIGIN_VICI)
			vici_put_item(c->out, conf->peers[i]->name);
	vici_put_list_end(c->out);
}

void vici_do_get_shared(struct vici_call *c)
{
	const struct conf *conf = c->host->conf(c->host->ctx);

	vici_put_list(c->out, "keys");
	for (unsigned i = 0; i < conf->n_secrets; i++)
		if (conf->secrets[i].origin == ORIGIN_VICI && conf->secrets[i].name)
			vici_put_item(c->out, conf->secrets[i].name);
	vici_put_list_end(c->out);
}

/* What swanctl asks for before it loads. None of these can be loaded, so there are none. */
void vici_do_get_keys(struct vici_call *c)
{
	vici_put_list(c->out, "keys");
	vici_put_list_end(c->out);
}

void vici_do_get_authorities(struct vici_call *c)
{
	vici_put_list(c->out, "authorities");
	vici_put_list_end(c->out);
}

/* A section for each pool. */
void vici_do_get_pools(struct vici_call *c)
{
	(void)c;
}

/* A section for each connection that failed last time. */
void vici_do_failures(struct vici_call *c)
{
	const struct conf *conf = c->host->conf(c->host->ctx);
	struct why why;

	for (unsigned i = 0; i < conf->n_peers; i++)
		if (c->host->failure(c->host->ctx, conf->peers[i]->name, &why))
			vici_put_why(c->out, conf->peers[i]->name, &why);
}
