/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that only ask. */
#include "vici/commands.h"
#include "vici/describe.h"

#include <inttypes.h>
#include <malloc.h>
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

/* strongSwan counts its threads and their jobs here. We have one, which is answering, beside those of the
 * data path. */
static void put_workers(struct vici_out *out, const struct vici_stats *stats)
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
	vici_put_pairf(out, "scheduled", "%u", stats->timers);
}

static void put_memory(struct vici_out *out)
{
	struct mallinfo2 m = mallinfo2();

	vici_put_section(out, "mallinfo");
	vici_put_pairf(out, "sbrk", "%zu", m.arena);
	vici_put_pairf(out, "mmap", "%zu", m.hblkhd);
	vici_put_pairf(out, "used", "%zu", m.uordblks);
	vici_put_pairf(out, "free", "%zu", m.fordblks);
	vici_put_section_end(out);
}

/* A list of LINES; none when there are none. */
static void put_lines(struct vici_call *c, const char *name, const char *lines)
{
	char *rest = lines && *lines ? arena_str(c->arena, lines) : NULL, *line;

	if (!rest)
		return;
	vici_put_list(c->out, name);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			vici_put_item(c->out, line);
	vici_put_list_end(c->out);
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
	put_workers(c->out, &stats);
	vici_put_section(c->out, "ikesas");
	vici_put_pairf(c->out, "total", "%u", stats.ikesas);
	vici_put_pairf(c->out, "half-open", "%u", stats.half_open);
	vici_put_section_end(c->out);
	vici_put_list(c->out, "plugins");
	vici_put_list_end(c->out);
	put_memory(c->out);
	if (stats.drops)
		vici_put_pair(c->out, "drops", stats.drops);
	if (stats.load)
		vici_put_pair(c->out, "load", stats.load);
	if (stats.pace)
		vici_put_pair(c->out, "pace", stats.pace);
	put_lines(c, "warnings", stats.warnings);
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

void vici_do_get_authorities(struct vici_call *c)
{
	const struct conf *conf = c->host->conf(c->host->ctx);

	vici_put_list(c->out, "authorities");
	for (unsigned i = 0; i < conf->n_authorities; i++)
		if (conf->authorities[i].origin == ORIGIN_VICI)
			vici_put_item(c->out, conf->authorities[i].name);
	vici_put_list_end(c->out);
}

enum { LEASES_ROOM = 384 * 1024 /* octets of an answer, from which on no lease more is told */ };

/* The number of addresses, up to the largest that strongSwan says. */
static uint64_t pool_size(const struct vip_pool *p)
{
	enum { SIZE_MAX_TOLD = 0x7ffffffe };
	struct bytes lo = ip_bytes(&p->lo), hi = ip_bytes(&p->hi);
	uint64_t size = 0;

	for (size_t i = 0; i < lo.n && size <= SIZE_MAX_TOLD; i++)
		size = size * 256 + hi.p[i] - lo.p[i];
	return size < SIZE_MAX_TOLD ? size + 1 : SIZE_MAX_TOLD;
}

/* What was written in front of the slash. */
static void put_base(struct vici_out *out, const struct vip_pool *p)
{
	struct ip lo, hi, base = p->lo;
	char text[IP_TEXT];

	if (p->bits + 1 < 8 * ip_bytes(&p->lo).n && p->bits && !ip_prefix(&p->lo, p->bits, &lo, &hi) &&
		ip_prev(&p->lo, &base) && !ip_eq(&base, &lo))
		base = p->lo;
	vici_put_pair(out, "base", ip_is_any(&base) ? "%any" : ip_print(&base, text));
}

/* As many as an answer has room for; the others are counted. */
static void put_leases(struct vici_call *c, const struct vip_pool *p)
{
	unsigned n, i = 0;
	const struct vici_lease *v = c->host->leases(c->host->ctx, p, c->arena, &n);
	char text[IP_TEXT];

	vici_put_section(c->out, "leases");
	for (; i < n && c->out->n < LEASES_ROOM; i++) {
		vici_put_section(c->out, arena_printf(c->arena, "%u", i));
		vici_put_pair(c->out, "address", ip_print(&v[i].ip, text));
		vici_put_pair(c->out, "identity", v[i].identity);
		vici_put_pair(c->out, "status", v[i].online ? "online" : "offline");
		vici_put_section_end(c->out);
	}
	vici_put_section_end(c->out);
	if (i < n)
		vici_put_pairf(c->out, "left", "%u", n - i);
}

static void put_pool(struct vici_call *c, const struct vip_pool *p, bool all)
{
	struct vici_out *out = c->out;
	unsigned online, offline;

	c->host->pool_usage(c->host->ctx, p, &online, &offline);
	vici_put_section(out, p->name);
	put_base(out, p);
	vici_put_pairf(out, "size", "%" PRIu64, pool_size(p));
	vici_put_pairf(out, "online", "%u", online);
	vici_put_pairf(out, "offline", "%u", offline);
	if (vici_yes(vici_str(c->args, "leases")))
		put_leases(c, p);
	if (all)
		vici_put_pair(out, "origin", p->origin == ORIGIN_VICI ? "vici" : "file");
	vici_put_section_end(out);
}

/* A section for each pool. swanctl, too, asks so to find out what to unload, so those of the file are told
 * only where all are asked for, which is ours. */
void vici_do_get_pools(struct vici_call *c)
{
	const struct conf *conf = c->host->conf(c->host->ctx);
	bool all = vici_yes(vici_str(c->args, "all"));
	const char *name = vici_str(c->args, "name");

	for (unsigned i = 0; i < conf->n_pools; i++) {
		const struct vip_pool *p = &conf->pools[i];

		if ((all || p->origin == ORIGIN_VICI) && (!name || !strcmp(name, p->name)))
			put_pool(c, p, all);
	}
}

static void put_data_path(struct vici_out *out, const char *name, const char *why_not)
{
	vici_put_section(out, name);
	vici_put_pair(out, "in-use", why_not ? "no" : "yes");
	if (why_not)
		vici_put_pair(out, "reason", why_not);
	vici_put_section_end(out);
}

void vici_do_audit(struct vici_call *c)
{
	struct vici_audit a = { 0 };

	c->host->audit(c->host->ctx, c->arena, &a);
	put_data_path(c->out, "kernel", a.no_kernel);
	put_data_path(c->out, "userspace", a.no_userspace);
	put_lines(c, "differences", a.differences);
}

static void put_all_failures(struct vici_call *c, const struct vici_failures *f)
{
	uint64_t now = c->host->now(c->host->ctx);

	vici_put_section(c->out, "all");
	for (unsigned i = 0; i < f->n; i++)
		vici_put_failure_record(c->out, arena_printf(c->arena, "%u", i + 1), f->v[i], now);
	vici_put_section_end(c->out);
}

/* Why NAME is not up; with ALL also what failed before. */
static void put_failures_of(struct vici_call *c, const char *name, bool all)
{
	struct vici_failures f;

	c->host->failures(c->host->ctx, name, c->arena, &f);
	if (!f.last && !f.down && !f.next && !(all && f.n))
		return;
	vici_put_section(c->out, name);
	vici_put_outage(c->out, &f, c->host->now(c->host->ctx));
	if (all)
		put_all_failures(c, &f);
	vici_put_section_end(c->out);
}

/* A section for each connection of which something is known, or for the one called "ike", with all that is
 * remembered of it; and the peers that no connection is for. */
void vici_do_failures(struct vici_call *c)
{
	const struct conf *conf = c->host->conf(c->host->ctx);
	const char *only = vici_str(c->args, "ike");
	struct vici_failures nobodys;

	vici_put_section(c->out, "connections");
	for (unsigned i = 0; i < conf->n_peers; i++)
		if (!only || !strcmp(only, conf->peers[i]->name))
			put_failures_of(c, conf->peers[i]->name, only);
	vici_put_section_end(c->out);
	vici_put_section(c->out, "strangers");
	c->host->failures(c->host->ctx, NULL, c->arena, &nobodys);
	put_all_failures(c, &nobodys);
	vici_put_section_end(c->out);
}
