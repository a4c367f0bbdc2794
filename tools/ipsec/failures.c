/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec failures: what failed lately, of connections and of peers that none is for. */
#include "failures.h"

#include "fields.h"
#include "status.h"

/* ", 3 times in 2 min" */
static const char *how_often(const struct vici_node *failure, struct arena *arena)
{
	const char *times = vici_str(failure, "times"), *first = vici_str(failure, "first");

	if (!times || !first || !strcmp(times, "1"))
		return "";
	return arena_printf(arena, ", %s times in the last %s", times, status_duration(first, arena));
}

/* Who had begun, where that is not us: "; 192.0.2.1 had begun". */
static const char *who(const struct vici_node *failure, struct arena *arena)
{
	const char *by = vici_str(failure, "begun-by"), *host = vici_str(failure, "remote-host");

	if (!by || strcmp(by, "peer") != 0)
		return "";
	return arena_printf(arena, "; %s had begun", host ? host : "the peer");
}

void failures_show(struct ipsec *x, const char *label, const struct vici_node *failure)
{
	struct arena *a = &x->arena;
	struct text text = text_in(a);
	struct why why = client_why(failure);
	const char *last = vici_str(failure, "last");
	char *line, *rest;

	why_print(&why, &text);
	rest = arena_str(a, text_str(&text));
	for (line = strsep(&rest, "\n"); line && *line; line = strsep(&rest, "\n"))
		fprintf(x->out, "  %s%s\n",
			*line == ' ' ? "" : ipsec_paint(x, PAINT_BAD, arena_printf(a, "%s: ", label)), line);
	if (last)
		fprintf(x->out, "    when: %s ago%s%s\n", status_duration(last, a), how_often(failure, a),
			who(failure, a));
}

/* All of SECTION: what is remembered, or (without that) why it is not up now. */
static void put_failures(struct ipsec *x, struct json *j, const char *key, const struct vici_node *section)
{
	const struct vici_node *all = vici_find(section, "all"), *last = vici_find(section, "last-error");
	const struct vici_node *first = all ? all->first : last;

	json_open(j, key, '[');
	for (const struct vici_node *n = first; n; n = all ? n->next : NULL) {
		fields_failure(j, NULL, n);
		if (!x->json)
			failures_show(x, "failure", n);
	}
	json_close(j, ']');
}

static void put_conn(struct ipsec *x, struct json *j, const struct vici_node *conn)
{
	json_open(j, NULL, '{');
	json_str(j, "name", conn->name);
	json_num(j, "down", vici_str(conn, "down"));
	json_num(j, "next_attempt", vici_str(conn, "next-attempt"));
	if (!x->json && (vici_find(conn, "all") || vici_find(conn, "last-error")))
		fprintf(x->out, "%s\n", conn->name);
	put_failures(x, j, "failures", conn);
	json_close(j, '}');
}

static void show(struct ipsec *x, const struct vici_node *response, const char *only)
{
	const struct vici_node *conns = vici_find(response, "connections"),
			       *strangers = vici_find(response, "strangers"),
			       *all = vici_find(strangers, "all");
	struct json j = json_in(&x->arena);

	json_begin(&j);
	json_bool(&j, "success", true);
	json_open(&j, "connections", '[');
	for (const struct vici_node *n = conns ? conns->first : NULL; n; n = n->next)
		put_conn(x, &j, n);
	json_close(&j, ']');
	if (!only) {
		if (!x->json && all && all->first)
			fprintf(x->out, "peers that no connection is for\n");
		put_failures(x, &j, "strangers", strangers);
	}
	json_close(&j, '}');
	if (x->json)
		json_print(&j, x->out);
}

static int ask(struct client *c, const char *name, const struct vici_node **response)
{
	client_request(c, "failures");
	if (name)
		vici_put_pair(&c->out, "ike", name);
	return client_call(c, NULL, NULL, CLIENT_PATIENCE, response);
}

int verb_failures(struct ipsec *x, int argc, char **argv)
{
	const struct vici_node *response;
	struct target target = { 0 };
	struct snapshot snapshot;
	struct client c;
	int code = client_open(&c, x);

	if (!code && argc)
		code = snapshot_take(&c, &snapshot);
	if (!code && argc)
		code = target_find(x, &snapshot, argv[0], &target);
	if (!code)
		code = ask(&c, target.conn, &response);
	client_close(&c);
	if (code)
		return code;
	show(x, response, target.conn);
	return DONE;
}
