/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TELL, all who want to hear it. */
#include "daemon/tells.h"

#include "daemon/accounts.h"
#include "daemon/beside.h"
#include "daemon/capture.h"
#include "daemon/clock.h"
#include "daemon/datapath.h"
#include "daemon/dns.h"
#include "daemon/line.h"
#include "daemon/patience.h"
#include "daemon/updown.h"

/* The words of the log. */
static const char *const words[] = {
	[TELL_LOG] = "progress",
	[TELL_DROPPED] = "dropped",
	[TELL_REFUSED] = "refused",
	[TELL_SA_UP] = "sa-up",
	[TELL_SA_DOWN] = "sa-down",
	[TELL_CHILD_UP] = "child-up",
	[TELL_CHILD_DOWN] = "child-down",
	[TELL_SA_MOVED] = "sa-moved",
	[TELL_SA_REKEYED] = "sa-rekeyed",
	[TELL_CHILD_REKEYED] = "child-rekeyed",
	[TELL_DONE] = "done",
};

int tells_vici_level(enum log_level level)
{
	return level == LOG_DETAIL ? 2 : level == LOG_ERROR ? 0 : 1;
}

const struct child_record *tells_child(const struct ike_tell *t)
{
	for (unsigned i = 0; t->record && i < t->record->n_children; i++)
		if (t->record->children[i].id == t->child)
			return &t->record->children[i];
	return NULL;
}

bool tells_whole(const struct ike_tell *t)
{
	bool of_child =
		t->kind == TELL_CHILD_UP || t->kind == TELL_CHILD_DOWN || t->kind == TELL_CHILD_REKEYED;

	return t->group && (!of_child || tells_child(t)) && (t->kind != TELL_SA_REKEYED || t->old_record) &&
	       (t->kind < TELL_SA_UP || t->kind == TELL_DONE || t->record);
}

static bool is_up(const struct ike_tell *t)
{
	return t->kind == TELL_SA_UP || t->kind == TELL_CHILD_UP;
}

/* What became of the SA or child. */
static const char *fate(const struct ike_tell *t)
{
	if (t->kind == TELL_SA_REKEYED || t->kind == TELL_CHILD_REKEYED)
		return "rekeyed";
	return is_up(t) ? "established" : "closed";
}

/* The sentences of an IKE_SA and of a child that went up or down, as strongSwan says them. */

static const char *sa_sentence(const struct ike_tell *t, struct arena *arena)
{
	const struct sa_record *r = t->record;
	char local[IP_TEXT], remote[IP_TEXT];

	return arena_printf(arena, "IKE_SA %s[%u] %s between %s[%s]...%s[%s]", r->name, r->id, fate(t),
		ip_print(&r->path.local.ip, local), id_print(&r->local_id, arena),
		ip_print(&r->path.remote.ip, remote), id_print(&r->remote_id, arena));
}

static const char *child_sentence(const struct ike_tell *t, const struct child_record *c, struct arena *arena)
{
	return arena_printf(arena, "CHILD_SA %s{%u} %s with SPIs %08x_i %08x_o and TS %s === %s", c->name,
		c->id, fate(t), c->spi_in, c->spi_out, tss_print(c->local_ts, arena),
		tss_print(c->remote_ts, arena));
}

static const char *sentence(const struct ike_tell *t, struct arena *arena)
{
	const struct child_record *c = tells_child(t);

	if (t->text)
		return t->text;
	if (c)
		return child_sentence(t, c, arena);
	if (t->record)
		return sa_sentence(t, arena);
	return t->why && t->why->what ? t->why->what : words[t->kind];
}

static void log_line(const struct ike_tell *t, const char *text, struct arena *arena)
{
	const struct child_record *c = tells_child(t);
	struct text line = text_in(arena);

	line_add(&line, "conn", t->name);
	if (t->sa)
		line_number(&line, "sa", t->sa);
	line_add(&line, "child", c ? c->name : NULL);
	if (t->child)
		line_number(&line, "child-id", t->child);
	if (t->why)
		line_why(&line, t->why);
	else
		line_add(&line, "msg", text);
	log_say(t->level, words[t->kind], "%s", text_str(&line));
}

static void vici_lines(struct world *w, const struct ike_tell *t, const char *text)
{
	int level = tells_vici_level(t->level);

	for (unsigned i = 0; i < t->n_tickets; i++)
		vici_log(w->vici, t->tickets[i], t->group, level, t->name, t->sa, text);
	if (!t->n_tickets)
		vici_log(w->vici, 0, t->group, level, t->name, t->sa, text);
}

/* What anybody can make us say, because no client here waits for it, is not said without end. */
static bool withheld(struct world *w, const struct ike_tell *t)
{
	bool strangers = t->kind == TELL_DROPPED || t->kind == TELL_REFUSED || t->kind == TELL_LOG;

	return strangers && !t->n_tickets && !line_pass(&w->strangers[t->kind], clock_ms());
}

static void say(struct world *w, const struct ike_tell *t)
{
	struct arena arena = { 0 };
	const char *text = sentence(t, &arena);

	log_line(t, text, &arena);
	vici_lines(w, t, text);
	arena_free(&arena);
}

/* The core's record lacks the counters, which are the data path's. */
static struct sa_record with_counters(struct world *w, const struct sa_record *record, struct arena *arena)
{
	struct sa_record r = *record;

	r.children = ARENA_ARRAY(arena, r.n_children, struct child_record);
	if (r.n_children)
		memcpy(r.children, record->children, r.n_children * sizeof *r.children);
	datapath_fill(w, &r, arena);
	return r;
}

/* A child that takes the place of another is installed first. What is said of the old one comes from the
 * record of the same moment. */
static void raise_child_states(struct world *w, const struct ike_tell *t, const struct sa_record *r)
{
	if (t->kind == TELL_CHILD_DOWN) {
		vici_child_state(w->vici, CHILD_IS_DESTROYED, r, t->child);
		return;
	}
	if (t->kind != TELL_CHILD_UP && t->kind != TELL_CHILD_REKEYED)
		return;
	vici_child_state(w->vici, CHILD_IS_INSTALLED, r, t->child);
	if (t->kind == TELL_CHILD_UP)
		return;
	vici_child_state(w->vici, CHILD_IS_REKEYED, r, t->old);
	vici_child_state(w->vici, CHILD_IS_DESTROYED, r, t->old);
}

static void raise_event(struct world *w, const struct ike_tell *t)
{
	struct arena arena = { 0 };
	struct sa_record r = with_counters(w, t->record, &arena);

	if (t->kind == TELL_SA_REKEYED)
		vici_ike_rekey(w->vici, t->old_record, &r);
	else if (t->kind == TELL_SA_MOVED)
		vici_ike_update(w->vici, &r, &t->path);
	else if (t->kind == TELL_CHILD_REKEYED)
		vici_child_rekey(w->vici, &r, t->old, t->child);
	else
		vici_updown(w->vici, is_up(t), &r, t->child);
	raise_child_states(w, t, &r);
	arena_free(&arena);
}

bool tells_seen(const struct world *w, const struct ike_tell *t)
{
	const struct child_record *c = tells_child(t);

	return vici_heard(w->vici) || (c && c->conf->updown && *c->conf->updown);
}

static void done(struct world *w, const struct ike_tell *t)
{
	struct arena arena = { 0 };
	const struct why *why = portal_explain(&w->portal, t->why, &arena);
	struct vici_outcome outcome = {
		.success = t->success,
		.matches = t->matches,
		.terminated = t->terminated,
	};

	if (why)
		outcome.why = *why;
	else if (!t->success)
		outcome.why.what = "it failed, and the log says why";
	for (unsigned i = 0; i < t->n_tickets; i++) {
		if (t->tickets[i] == TICKET_STOP)
			event_base_loopbreak(w->base);
		patience_over(w, t->tickets[i]);
		vici_done(w->vici, t->tickets[i], &outcome);
	}
	arena_free(&arena);
}

/* BRIEF: it is one of many, and the details of an equal one are not new. */
static void remember_failure(struct world *w, const struct ike_tell *t, bool brief)
{
	const struct sa_record *sa = t->record;
	struct failure_record r = {
		.why = *t->why,
		.remote = sa ? sa->path.remote.ip : t->path.remote.ip,
		.by_peer = !sa || !sa->initiator,
		.last = clock_ms(),
	};

	if (!brief || !failures_again(&w->failures, t->name, &r))
		failures_note(&w->failures, t->name, &r);
}

/* Not with TELL_SA_UP: an IKE_SA comes up also where the peer refused its child. */
static void remember(struct world *w, const struct ike_tell *t, bool brief)
{
	if (t->kind == TELL_REFUSED && t->why)
		remember_failure(w, t, brief);
	else if (t->kind == TELL_CHILD_UP && t->name)
		failures_up(&w->failures, t->name);
	else if (t->kind == TELL_SA_DOWN && t->name)
		failures_down(&w->failures, t->name, clock_ms());
}

static bool has(const struct addr_pattern *v, unsigned n, const struct ip *ip)
{
	for (unsigned i = 0; i < n; i++)
		if (addr_pattern_matches(&v[i], ip))
			return true;
	return !n;
}

/* A connection for PATH that is not used, where no other one is for it, or NULL: those the core does not
 * know. */
static const struct peer *unused_for(struct world *w, const struct path *path)
{
	const struct conf *c = config_now(&w->config);
	const struct peer *unused = NULL;

	for (unsigned i = 0; i < c->n_peers; i++) {
		const struct peer *p = c->peers[i];

		if (!has(p->local_addrs, p->n_local_addrs, &path->local.ip) ||
			!has(p->remote_addrs, p->n_remote_addrs, &path->remote.ip))
			continue;
		if (!p->unready)
			return NULL;
		unused = unused ? unused : p;
	}
	return unused;
}

/* Whether T is about a peer that was refused for want of a connection. */
static bool is_nobodys(const struct ike_tell *t)
{
	return t->kind == TELL_REFUSED && !t->name && t->path.remote.ip.v && t->why && t->why->notify &&
	       !strcmp(t->why->notify, "NO_PROPOSAL_CHOSEN");
}

/* What the core tells, and why in fact no connection is for this peer: from ARENA. */
static const struct ike_tell *with_unused(struct world *w, const struct ike_tell *t, struct arena *arena)
{
	const struct peer *p = is_nobodys(t) ? unused_for(w, &t->path) : NULL;
	struct ike_tell *more;
	struct why *why;

	if (!p)
		return t;
	more = ARENA_NEW(arena, struct ike_tell);
	why = ARENA_NEW(arena, struct why);
	*more = *t;
	*why = *t->why;
	why->configured = why->where = why->instead = NULL;
	why->differs =
		arena_printf(arena, "connection %s is for them, but is not used: %s", p->name, p->unready);
	more->why = why;
	return more;
}

static const struct ike_tell *with_portal(struct world *w, const struct ike_tell *t, struct arena *arena)
{
	const struct why *why = portal_explain(&w->portal, t->why, arena);
	struct ike_tell *more;

	if (why == t->why)
		return t;
	more = ARENA_NEW(arena, struct ike_tell);
	*more = *t;
	more->why = why;
	return more;
}

static void tell(struct world *w, const struct ike_tell *t)
{
	struct arena arena = { 0 };
	bool brief = withheld(w, t);

	if (!brief)
		t = with_portal(w, with_unused(w, t, &arena), &arena);
	remember(w, t, brief);
	if (!brief) {
		say(w, t);
		if (t->alert)
			vici_alert(w->vici, t->alert, t->record, t->why);
	}
	if (t->record && t->kind >= TELL_SA_UP && vici_heard(w->vici))
		raise_event(w, t);
	if (t->record && t->kind >= TELL_SA_UP && vici_captures(w->vici, t->record->name))
		capture_show(w, t->record->name);
	updown_told(w, t);
	dns_told(w, t);
	beside_told(w, t);
	accounts_told(w, t);
	arena_free(&arena);
}

void tells_tell(struct world *w, const struct ike_tell *t)
{
	if (t->kind == TELL_DONE)
		done(w, t);
	else
		tell(w, t);
}
