/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: their names, and the news that the daemon raises. */
#include "vici/describe.h"
#include "vici/server.h"

/* THE list of events. */
static const char *const names[EVENTS] = {
	[EVENT_LOG] = "log",
	[EVENT_CONTROL_LOG] = "control-log",
	[EVENT_LIST_SA] = "list-sa",
	[EVENT_LIST_POLICY] = "list-policy",
	[EVENT_LIST_CONN] = "list-conn",
	[EVENT_LIST_CERT] = "list-cert",
	[EVENT_LIST_AUTHORITY] = "list-authority",
	[EVENT_IKE_UPDOWN] = "ike-updown",
	[EVENT_IKE_REKEY] = "ike-rekey",
	[EVENT_IKE_UPDATE] = "ike-update",
	[EVENT_CHILD_UPDOWN] = "child-updown",
	[EVENT_CHILD_REKEY] = "child-rekey",
	[EVENT_ALERT] = "alert",
	[EVENT_CHILD_INSTALLED] = "child-state-installed",
	[EVENT_CHILD_REKEYED] = "child-state-rekeyed",
	[EVENT_CHILD_DESTROYING] = "child-state-destroying",
	[EVENT_CAPTURE_KEYS] = "capture-keys",
};

enum vici_event vici_event_find(struct bytes name)
{
	for (unsigned e = EVENT_NONE + 1; e < EVENTS; e++)
		if (bytes_eq(bytes_str(names[e]), name))
			return e;
	return EVENT_NONE;
}

void vici_event_begin(struct vici_out *out, enum vici_event e)
{
	vici_out_packet(out, VICI_EVENT, names[e]);
}

void vici_event_send(struct vici_session *s, enum vici_event e, struct vici_out *out)
{
	if (!vici_event_wanted(s, e) || s->broken)
		return;
	if (vici_unread(s) > VICI_UNREAD_MAX)
		vici_turn_away(s, "does not read its events");
	else
		vici_send(s, vici_out_done(out));
}

static void raise(struct vici *v, enum vici_event e, struct vici_out *out)
{
	list_each (n, &v->sessions)
		vici_event_send(node_owner(n, struct vici_session, node), e, out);
}

bool vici_heard(const struct vici *v)
{
	list_each (n, (struct node *)&v->sessions)
		if (node_owner(n, struct vici_session, node)->events)
			return true;
	return false;
}

/* strongSwan writes a thread only where nobody waits for the line. */
static void put_line(struct vici_out *out, enum vici_event e, const char *group, int level, const char *name,
	uint32_t id, const char *line)
{
	vici_event_begin(out, e);
	vici_put_pair(out, "group", group);
	vici_put_pairf(out, "level", "%d", level);
	if (e == EVENT_LOG)
		vici_put_pair(out, "thread", "1");
	if (name) {
		vici_put_pair(out, "ikesa-name", name);
		vici_put_pairf(out, "ikesa-uniqueid", "%u", id);
	}
	vici_put_sentence(out, "msg", line);
}

void vici_log(struct vici *v, uint32_t ticket, const char *group, int level, const char *name, uint32_t id,
	const char *line)
{
	struct vici_out out = { 0 };

	if (list_empty(&v->sessions))
		return;
	put_line(&out, EVENT_LOG, group, level, name, id, line);
	raise(v, EVENT_LOG, &out);
	list_each (n, &v->sessions) {
		struct vici_session *s = node_owner(n, struct vici_session, node);

		if (!ticket || s->ticket != ticket || level > s->loglevel)
			continue;
		put_line(&out, EVENT_CONTROL_LOG, group, level, name, id, line);
		vici_event_send(s, EVENT_CONTROL_LOG, &out);
	}
	vici_out_free(&out);
}

/* The child ID of SA, if it is there. */
static void put_child(
	struct vici *v, struct vici_out *out, const char *section, const struct sa_record *sa, uint32_t id)
{
	for (unsigned i = 0; i < sa->n_children; i++)
		if (sa->children[i].id == id)
			vici_put_child(out, section, &sa->children[i], v->host.now(v->host.ctx));
}

void vici_alert(struct vici *v, const char *type, const struct sa_record *sa, const struct why *why)
{
	struct vici_out out = { 0 };
	struct arena arena = { 0 };

	vici_event_begin(&out, EVENT_ALERT);
	vici_put_pair(&out, "type", type);
	if (sa) {
		vici_put_section(&out, "ike-sa");
		vici_put_sa(&out, sa, v->host.now(v->host.ctx), &arena);
		vici_put_pair(&out, "name", sa->name);
		vici_put_section_end(&out);
	}
	if (why)
		vici_put_why(&out, "why", why);
	raise(v, EVENT_ALERT, &out);
	arena_free(&arena);
	vici_out_free(&out);
}

/* As "child-updown" says it. */
static void raise_child(
	struct vici *v, enum vici_event e, const struct sa_record *sa, uint32_t child, bool up)
{
	struct vici_out out = { 0 };
	struct arena arena = { 0 };

	vici_event_begin(&out, e);
	if (up)
		vici_put_pair(&out, "up", "yes");
	vici_put_section(&out, sa->name);
	vici_put_sa(&out, sa, v->host.now(v->host.ctx), &arena);
	if (child) {
		vici_put_section(&out, "child-sas");
		put_child(v, &out, NULL, sa, child);
		vici_put_section_end(&out);
	}
	vici_put_section_end(&out);
	raise(v, e, &out);
	arena_free(&arena);
	vici_out_free(&out);
}

/* An IKE_SA that goes has no times any more. As with strongSwan it goes until all is said of it. */
void vici_updown(struct vici *v, bool up, const struct sa_record *sa, uint32_t child)
{
	struct sa_record going = *sa;

	if (!up && (!child || !strcmp(sa->state, "DESTROYING"))) {
		going.state = "DELETING";
		sa = &going;
	}
	raise_child(v, child ? EVENT_CHILD_UPDOWN : EVENT_IKE_UPDOWN, sa, child, up);
}

void vici_child_state(struct vici *v, enum vici_child_state state, const struct sa_record *sa, uint32_t child)
{
	static const enum vici_event events[] = {
		[CHILD_IS_INSTALLED] = EVENT_CHILD_INSTALLED,
		[CHILD_IS_REKEYED] = EVENT_CHILD_REKEYED,
		[CHILD_IS_DESTROYED] = EVENT_CHILD_DESTROYING,
	};

	raise_child(v, events[state], sa, child, false);
}

void vici_ike_rekey(struct vici *v, const struct sa_record *old, const struct sa_record *new)
{
	uint64_t now = v->host.now(v->host.ctx);
	struct vici_out out = { 0 };
	struct arena arena = { 0 };

	vici_event_begin(&out, EVENT_IKE_REKEY);
	vici_put_section(&out, new->name);
	vici_put_section(&out, "old");
	vici_put_sa(&out, old, now, &arena);
	vici_put_section_end(&out);
	vici_put_section(&out, "new");
	vici_put_sa(&out, new, now, &arena);
	vici_put_section_end(&out);
	vici_put_section_end(&out);
	raise(v, EVENT_IKE_REKEY, &out);
	arena_free(&arena);
	vici_out_free(&out);
}

static void put_end(struct vici_out *out, const char *host, const char *port, const struct addr *a)
{
	char text[IP_TEXT];

	vici_put_pair(out, host, ip_print(&a->ip, text));
	vici_put_pairf(out, port, "%u", a->port);
}

void vici_ike_update(struct vici *v, const struct sa_record *sa, const struct path *path)
{
	uint64_t now = v->host.now(v->host.ctx);
	struct vici_out out = { 0 };
	struct arena arena = { 0 };

	vici_event_begin(&out, EVENT_IKE_UPDATE);
	put_end(&out, "local-host", "local-port", &path->local);
	put_end(&out, "remote-host", "remote-port", &path->remote);
	vici_put_section(&out, sa->name);
	vici_put_sa(&out, sa, now, &arena);
	vici_put_section(&out, "child-sas");
	for (unsigned i = 0; i < sa->n_children; i++)
		vici_put_child(&out, NULL, &sa->children[i], now);
	vici_put_section_end(&out);
	vici_put_section_end(&out);
	raise(v, EVENT_IKE_UPDATE, &out);
	arena_free(&arena);
	vici_out_free(&out);
}

static const char *child_name(const struct sa_record *sa, uint32_t id)
{
	for (unsigned i = 0; i < sa->n_children; i++)
		if (sa->children[i].id == id)
			return sa->children[i].name;
	return "";
}

void vici_child_rekey(struct vici *v, const struct sa_record *sa, uint32_t old, uint32_t new)
{
	struct vici_out out = { 0 };
	struct arena arena = { 0 };

	vici_event_begin(&out, EVENT_CHILD_REKEY);
	vici_put_section(&out, sa->name);
	vici_put_sa(&out, sa, v->host.now(v->host.ctx), &arena);
	vici_put_section(&out, "child-sas");
	vici_put_section(&out, child_name(sa, new));
	put_child(v, &out, "old", sa, old);
	put_child(v, &out, "new", sa, new);
	vici_put_section_end(&out);
	vici_put_section_end(&out);
	vici_put_section_end(&out);
	raise(v, EVENT_CHILD_REKEY, &out);
	arena_free(&arena);
	vici_out_free(&out);
}
