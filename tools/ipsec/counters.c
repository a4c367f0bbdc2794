/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec counters: messages of IKE, of all and by connection. */
#include "answer.h"

/* VICI calls the sum of all by no name. */
static const char *whose(const struct vici_node *section)
{
	return *section->name ? section->name : NULL;
}

static void put(struct ipsec *x, struct json *j, const struct vici_node *section)
{
	const char *name = whose(section);

	json_open(j, NULL, '{');
	json_str(j, "name", name);
	json_open(j, "counters", '{');
	if (!x->json)
		fprintf(x->out, "%s\n", name ? name : "all connections");
	for (const struct vici_node *n = section->first; n; n = n->next) {
		const char *value = vici_text(n);

		json_num(j, json_key(j, n->name), value);
		if (!x->json && strcmp(value, "0") != 0)
			fprintf(x->out, "  %-24s %s\n", n->name, value);
	}
	json_close(j, '}');
	json_close(j, '}');
}

static int show(struct ipsec *x, const struct vici_node *response)
{
	const struct vici_node *counters = vici_find(response, "counters");
	struct json j = json_in(&x->arena);

	json_begin(&j);
	json_bool(&j, "success", true);
	json_open(&j, "counters", '[');
	for (const struct vici_node *n = counters ? counters->first : NULL; n; n = n->next)
		put(x, &j, n);
	json_close(&j, ']');
	json_close(&j, '}');
	if (x->json)
		json_print(&j, x->out);
	return DONE;
}

/* NAME, --all for each connection, or else all together. */
static int ask(struct client *c, bool reset, const char *name, const struct vici_node **response)
{
	client_request(c, reset ? "reset-counters" : "get-counters");
	if (name && !strcmp(name, "--all"))
		vici_put_pair(&c->out, "all", "yes");
	else if (name)
		vici_put_pair(&c->out, "name", name);
	return client_call(c, NULL, NULL, CLIENT_PATIENCE, response);
}

int verb_counters(struct ipsec *x, int argc, char **argv)
{
	const struct vici_node *response;
	const char *name = NULL;
	bool reset = false;
	struct client c;
	int code;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--reset"))
			reset = true;
		else if (name || (argv[i][0] == '-' && strcmp(argv[i], "--all") != 0))
			return ipsec_fail(x, USAGE, "usage: ipsec counters [NAME|--all] [--reset]");
		else
			name = argv[i];
	}
	code = client_open(&c, x);
	if (!code)
		code = ask(&c, reset, name, &response);
	client_close(&c);
	if (code)
		return code;
	if (!client_succeeded(response))
		return answer_refused(x, response);
	return reset ? answer_done(x, "counters are zero") : show(x, response);
}
