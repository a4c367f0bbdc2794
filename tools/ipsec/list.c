/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec list: the bare lists, for people and scripts. */
#include "fields.h"
#include "snapshot.h"

static void put_conn(struct ipsec *x, struct json *j, const struct vici_node *conn)
{
	const struct vici_node *children = vici_find(conn, "children");

	json_open(j, NULL, '{');
	json_str(j, "name", conn->name);
	fields_conn(j, conn);
	json_open(j, "children", '[');
	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next) {
		json_open(j, NULL, '{');
		json_str(j, "name", n->name);
		fields_child_conf(j, n);
		json_close(j, '}');
		if (!x->json)
			fprintf(x->out, "%s/%s\n", conn->name, n->name);
	}
	json_close(j, ']');
	json_close(j, '}');
	if (!x->json && (!children || !children->first))
		fprintf(x->out, "%s\n", conn->name);
}

static void put_sa(struct ipsec *x, struct json *j, const struct vici_node *sa)
{
	const struct vici_node *children = vici_find(sa, "child-sas");

	fields_sa(j, sa);
	if (x->json)
		return;
	fprintf(x->out, "%s #%s %s\n", sa->name, vici_str(sa, "uniqueid"), vici_str(sa, "state"));
	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next)
		fprintf(x->out, "%s/%s #%s %s\n", sa->name, vici_str(n, "name"), vici_str(n, "uniqueid"),
			vici_str(n, "state"));
}

static int list(struct ipsec *x, const char *what,
	void (*put)(struct ipsec *x, struct json *j, const struct vici_node *section))
{
	struct json j = json_in(&x->arena);
	struct client c;
	struct snapshot s;
	int code = client_open(&c, x);
	bool conns = !strcmp(what, "connections");

	if (!code)
		code = snapshot_take(&c, &s);
	client_close(&c);
	if (code)
		return code;
	json_open(&j, NULL, '{');
	json_bool(&j, "success", true);
	json_open(&j, what, '[');
	for (unsigned i = 0; i < (conns ? s.n_conns : s.n_sas); i++)
		put(x, &j, conns ? s.conns[i] : s.sas[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	if (x->json)
		json_print(&j, x->out);
	return DONE;
}

int verb_list(struct ipsec *x, int argc, char **argv)
{
	(void)argc;
	if (!strcmp(argv[0], "conns"))
		return list(x, "connections", put_conn);
	if (!strcmp(argv[0], "sas"))
		return list(x, "sas", put_sa);
	return ipsec_fail(x, USAGE, "ipsec list %s: there are only conns and sas", argv[0]);
}
