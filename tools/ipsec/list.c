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

/* "10.1.0.0/16 10.3.0.0/16" */
static const char *joined(struct ipsec *x, const struct vici_node *list)
{
	struct text t = text_in(&x->arena);

	for (const struct vici_node *n = list ? list->first : NULL; n; n = n->next)
		text_add(&t, "%s%s", t.n ? " " : "", vici_text(n));
	return text_str(&t);
}

static void put_policy(struct ipsec *x, struct json *j, const struct vici_node *policy)
{
	json_open(j, NULL, '{');
	json_str(j, "name", policy->name);
	fields_policy(j, policy);
	json_close(j, '}');
	if (!x->json)
		fprintf(x->out, "%s %s %s === %s\n", policy->name, vici_str(policy, "mode"),
			joined(x, vici_find(policy, "local-ts")), joined(x, vici_find(policy, "remote-ts")));
}

/* Those that an answer had no room for are counted. */
static void say_leases(struct ipsec *x, const struct vici_node *pool)
{
	const struct vici_node *leases = vici_find(pool, "leases");
	const char *left = vici_str(pool, "left");

	for (const struct vici_node *n = leases ? leases->first : NULL; n; n = n->next)
		fprintf(x->out, "  %s %s %s\n", vici_str(n, "address"), vici_str(n, "status"),
			vici_str(n, "identity"));
	if (left)
		fprintf(x->out, "  and %s more\n", left);
}

static void put_pool(struct ipsec *x, struct json *j, const struct vici_node *pool)
{
	json_open(j, NULL, '{');
	json_str(j, "name", pool->name);
	fields_pool(j, pool);
	json_close(j, '}');
	if (x->json)
		return;
	fprintf(x->out, "%s %s size %s, online %s, offline %s\n", pool->name, vici_str(pool, "base"),
		vici_str(pool, "size"), vici_str(pool, "online"), vici_str(pool, "offline"));
	say_leases(x, pool);
}

static void put_authority(struct ipsec *x, struct json *j, const struct vici_node *authority)
{
	const char *cert = vici_str(authority, "cacert");

	json_open(j, NULL, '{');
	json_str(j, "name", authority->name);
	fields_authority(j, authority);
	json_close(j, '}');
	if (!x->json)
		fprintf(x->out, "%s%s%s\n", authority->name, cert ? " " : "", cert ? cert : "");
}

static void put_cert(struct ipsec *x, struct json *j, const struct vici_node *cert)
{
	const char *flag = vici_str(cert, "flag");

	json_open(j, NULL, '{');
	fields_cert(j, cert);
	json_close(j, '}');
	if (!x->json)
		fprintf(x->out, "%s %s%s\n", vici_str(cert, "type"), flag ? flag : "NONE",
			vici_str(cert, "has_privkey") ? ", with its private key" : "");
}

static void put_algs(struct ipsec *x, struct json *j, const struct vici_node *kind)
{
	json_open(j, NULL, '{');
	json_str(j, "kind", kind->name);
	json_open(j, "names", '[');
	for (const struct vici_node *n = kind->first; n; n = n->next) {
		json_str(j, NULL, n->name);
		if (!x->json)
			fprintf(x->out, "%s %s\n", kind->name, n->name);
	}
	json_close(j, ']');
	json_close(j, '}');
}

static const char *const all_policies[] = { "trap", "drop", "pass", NULL }, *const all[] = { "all", NULL },
			 *const all_leases[] = { "all", "leases", NULL };

/* THE table of lists: the word, the key in JSON, where it comes from, and how an item is said. */
static const struct list {
	const char *word, *json;
	struct snapshot_list from;
	void (*put)(struct ipsec *x, struct json *j, const struct vici_node *section);
} lists[] = {
	{ "conns", "connections", { "list-conns", "list-conn", NULL }, put_conn },
	{ "sas", "sas", { "list-sas", "list-sa", NULL }, put_sa },
	{ "policies", "policies", { "list-policies", "list-policy", all_policies }, put_policy },
	{ "pools", "pools", { "get-pools", NULL, all }, put_pool },
	{ "certs", "certificates", { "list-certs", "list-cert", NULL }, put_cert },
	{ "authorities", "authorities", { "list-authorities", "list-authority", NULL }, put_authority },
	{ "algs", "algorithms", { "get-algorithms", NULL, NULL }, put_algs },
};

static const struct list leases = { "pools", "pools", { "get-pools", NULL, all_leases }, put_pool };

enum { LISTS = sizeof lists / sizeof *lists };

static int list(struct ipsec *x, const struct list *l)
{
	struct json j = json_in(&x->arena);
	const struct vici_node **items;
	struct client c;
	unsigned n;
	int code = client_open(&c, x);

	if (!code)
		code = snapshot_list(&c, &l->from, &items, &n);
	client_close(&c);
	if (code)
		return code;
	json_begin(&j);
	json_bool(&j, "success", true);
	json_open(&j, l->json, '[');
	for (unsigned i = 0; i < n; i++)
		l->put(x, &j, items[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	if (x->json)
		json_print(&j, x->out);
	return DONE;
}

const char *list_word(unsigned i)
{
	return i < LISTS ? lists[i].word : NULL;
}

int verb_list(struct ipsec *x, int argc, char **argv)
{
	struct text words = text_in(&x->arena);

	if (argc > 1 && (strcmp(argv[0], "pools") || strcmp(argv[1], "--leases")))
		return ipsec_fail(x, USAGE, "ipsec list %s %s: only pools have something more, --leases",
			argv[0], argv[1]);
	if (argc > 1)
		return list(x, &leases);
	for (unsigned i = 0; i < LISTS; i++) {
		if (!strcmp(argv[0], lists[i].word))
			return list(x, &lists[i]);
		text_add(&words, "%s%s", !i ? "" : i + 1 < LISTS ? ", " : " and ", lists[i].word);
	}
	return ipsec_fail(x, USAGE, "ipsec list %s: there are only %s", argv[0], text_str(&words));
}
