/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec status, ipsec statusall; and their JSON. */
#include "status.h"

#include "fields.h"
#include "watch.h"

static bool is(const struct vici_node *section, const char *key, const char *value)
{
	const char *s = vici_str(section, key);

	return s && !strcmp(s, value);
}

static bool has_state(const struct vici_node *section, const char *state)
{
	return is(section, "state", state);
}

/* Whether a shunt of CONN, and CHILD where it is not NULL, is installed. */
static bool is_installed(const struct snapshot *s, const char *conn, const char *child)
{
	for (unsigned i = 0; i < s->n_shunts; i++)
		if (is(s->shunts[i], "ike", conn) && (!child || is(s->shunts[i], "child", child)))
			return true;
	return false;
}

static bool has_only_shunts(const struct vici_node *conn)
{
	const struct vici_node *children = vici_find(conn, "children");

	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next)
		if (!is(n, "mode", "PASS") && !is(n, "mode", "DROP"))
			return false;
	return true;
}

/* A connection that has nothing but shunts is up with them. */
static const char *conn_state(const struct snapshot *s, const char *name, const struct vici_node *conn)
{
	bool shunts = is_installed(s, name, NULL) && has_only_shunts(conn);
	const char *state = vici_str(conn, "unready") ? "unusable" : shunts ? "up" : "down";

	for (unsigned i = 0; i < s->n_sas; i++) {
		if (strcmp(s->sas[i]->name, name) || has_state(s->sas[i], "DELETING"))
			continue;
		if (!has_state(s->sas[i], "CONNECTING") && !has_state(s->sas[i], "CREATED"))
			return "up";
		state = "connecting";
	}
	return state;
}

static bool is_up(const struct vici_node *child)
{
	return has_state(child, "INSTALLED") || has_state(child, "REKEYING") || has_state(child, "REKEYED");
}

/* Later SAs of the same child count where no earlier one is up. */
static void look_for_child(
	const struct vici_node *sa, const char *child, const char **state, struct arena *arena)
{
	const struct vici_node *children = vici_find(sa, "child-sas");

	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next) {
		const char *name = vici_str(n, "name"), *says = vici_str(n, "state");

		if (!name || !says || strcmp(name, child) || !strcmp(*state, "up"))
			continue;
		if (is_up(n)) {
			*state = "up";
		} else {
			char *small = arena_str(arena, says);

			for (char *c = small; *c; c++)
				if (*c >= 'A' && *c <= 'Z')
					*c += 'a' - 'A';
			*state = small;
		}
	}
}

const char *status_child_state(const struct status *s, const char *conn, const char *child)
{
	const char *state = is_installed(&s->snapshot, conn, child) ? "installed" : "down";

	for (unsigned i = 0; i < s->snapshot.n_sas; i++)
		if (!strcmp(s->snapshot.sas[i]->name, conn))
			look_for_child(s->snapshot.sas[i], child, &state, &s->x->arena);
	return state;
}

static void json_child(
	struct json *j, const struct status *s, const char *conn, const struct vici_node *child)
{
	if (s->only && strcmp(s->only, child->name))
		return;
	json_open(j, NULL, '{');
	json_str(j, "name", child->name);
	json_str(j, "state", status_child_state(s, conn, child->name));
	fields_child_conf(j, child);
	json_close(j, '}');
}

static void json_conn(struct json *j, const struct status *s, const struct status_conn *c)
{
	const struct vici_node *children = vici_find(c->conn, "children");

	json_open(j, NULL, '{');
	json_str(j, "name", c->name);
	json_str(j, "state", c->state);
	json_bool(j, "configured", c->conn != NULL);
	fields_conn(j, c->conn);
	json_open(j, "children", '[');
	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next)
		json_child(j, s, c->name, n);
	json_close(j, ']');
	json_open(j, "sas", '[');
	for (unsigned i = 0; i < s->snapshot.n_sas; i++)
		if (!strcmp(s->snapshot.sas[i]->name, c->name))
			fields_sa(j, s->snapshot.sas[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void json_daemon(struct json *j, const struct status *s)
{
	static const struct json_field counts[] = {
		{ "total", JSON_NUMBER },
		{ "half-open", JSON_NUMBER },
		{ NULL, JSON_TEXT },
	};

	json_open(j, "daemon", '{');
	json_str(j, "name", vici_str(s->version, "daemon"));
	json_str(j, "version", vici_str(s->version, "version"));
	json_str(j, "uptime", vici_str(vici_find(s->stats, "uptime"), "running"));
	json_str(j, "since", vici_str(vici_find(s->stats, "uptime"), "since"));
	json_open(j, "ikesas", '{');
	json_fields(j, vici_find(s->stats, "ikesas"), counts);
	json_close(j, '}');
	json_str(j, "drops", vici_str(s->stats, "drops"));
	json_str(j, "load", vici_str(s->stats, "load"));
	json_str(j, "pace", vici_str(s->stats, "pace"));
	json_close(j, '}');
}

/* All connections: those of the configuration, then those that only SAs remember. */
static unsigned connections(const struct status *s, struct status_conn **out)
{
	const struct snapshot *all = &s->snapshot;
	struct status_conn *v = ARENA_ARRAY(&s->x->arena, all->n_conns + all->n_sas, struct status_conn);
	unsigned n = 0;

	for (unsigned i = 0; i < all->n_conns; i++)
		v[n++] = (struct status_conn){ .name = all->conns[i]->name, .conn = all->conns[i] };
	for (unsigned i = 0; i < all->n_sas; i++) {
		unsigned k = 0;

		while (k < n && strcmp(v[k].name, all->sas[i]->name))
			k++;
		if (k == n)
			v[n++] = (struct status_conn){ .name = all->sas[i]->name };
	}
	for (unsigned i = 0; i < n; i++) {
		v[i].failure = vici_find(v[i].conn, "last-error");
		v[i].state = conn_state(all, v[i].name, v[i].conn);
	}
	*out = v;
	return n;
}

static void show(const struct status *s, const char *only)
{
	static const struct json_field warnings[] = { { "warnings", JSON_LIST }, { NULL, JSON_TEXT } };
	struct json j = json_in(&s->x->arena);
	struct status_conn *v;
	unsigned n = connections(s, &v);

	if (s->all && !s->x->json)
		status_text_daemon(s);
	if (!s->x->json)
		status_text_warnings(s);
	json_begin(&j);
	json_bool(&j, "success", true);
	if (s->all)
		json_daemon(&j, s);
	json_open(&j, "connections", '[');
	for (unsigned i = 0; i < n; i++) {
		if (only && strcmp(only, v[i].name))
			continue;
		if (s->x->json)
			json_conn(&j, s, &v[i]);
		else
			status_text(s, &v[i]);
	}
	json_close(&j, ']');
	json_fields(&j, s->stats, warnings);
	json_close(&j, '}');
	if (s->x->json)
		json_print(&j, s->x->out);
	else if (!n)
		fprintf(s->x->out, "no connections are configured\n");
}

static int ask_daemon(struct client *c, struct status *s)
{
	int code;

	client_request(c, "version");
	code = client_call(c, NULL, NULL, CLIENT_PATIENCE, &s->version);
	if (code)
		return code;
	client_request(c, "stats");
	return client_call(c, NULL, NULL, CLIENT_PATIENCE, &s->stats);
}

/* What is to be shown. */
struct wish {
	const char *name;
	bool all, watch;
};

static int status(struct ipsec *x, void *ctx)
{
	const struct wish *wish = ctx;
	struct status s = { .x = x, .all = wish->all };
	struct target target = { 0 };
	struct client c;
	int code = client_open(&c, x);

	if (!code)
		code = snapshot_take(&c, &s.snapshot);
	if (!code)
		code = ask_daemon(&c, &s);
	if (!code && wish->name)
		code = target_find(x, &s.snapshot, wish->name, &target);
	client_close(&c);
	if (code)
		return code;
	s.only = target.child;
	show(&s, target.conn);
	return DONE;
}

static int begin(struct ipsec *x, int argc, char **argv, bool all)
{
	struct wish wish = { .all = all };

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--watch"))
			wish.watch = true;
		else if (wish.name || argv[i][0] == '-')
			return ipsec_fail(
				x, USAGE, "usage: ipsec %s [NAME] [--watch]", all ? "statusall" : "status");
		else
			wish.name = argv[i];
	}
	if (wish.watch && x->json)
		return ipsec_fail(x, USAGE, "--watch is for people: ipsec --json monitor is for programs");
	return wish.watch ? watch(x, status, &wish) : status(x, &wish);
}

int verb_status(struct ipsec *x, int argc, char **argv)
{
	return begin(x, argc, argv, false);
}

int verb_statusall(struct ipsec *x, int argc, char **argv)
{
	return begin(x, argc, argv, true);
}
