/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec route, unroute, purge: traps and shunts; what was fetched of certificates. */
#include "answer.h"

/* Every child of the connection, or the one. */
static int each(struct client *c, const struct snapshot *s, struct target t, const char *command,
	const struct vici_node **response)
{
	const struct vici_node *children = vici_find(snapshot_conn(s, t.conn), "children");
	int code = DONE;

	*response = NULL;
	for (const struct vici_node *n = children ? children->first : NULL; n && !code; n = n->next) {
		if (t.child && strcmp(t.child, n->name) != 0)
			continue;
		client_request(c, command);
		vici_put_pair(&c->out, "ike", t.conn);
		vici_put_pair(&c->out, "child", n->name);
		code = client_call(c, NULL, NULL, CLIENT_PATIENCE, response);
		if (!code && !client_succeeded(*response))
			break;
	}
	if (!code && !*response)
		code = ipsec_fail(c->x, FAILED, "%s has no children, and so no policies",
			target_print(t, &c->x->arena));
	return code;
}

static int install(struct ipsec *x, const char *name, const char *command, const char *became)
{
	const struct vici_node *response;
	struct snapshot snapshot;
	struct target target;
	struct client c;
	int code = client_open(&c, x);

	if (!code)
		code = snapshot_take(&c, &snapshot);
	if (!code)
		code = target_find(x, &snapshot, name, &target);
	if (!code)
		code = each(&c, &snapshot, target, command, &response);
	client_close(&c);
	if (code)
		return code;
	if (!client_succeeded(response))
		return answer_refused(x, response);
	return answer_done(x, arena_printf(&x->arena, "%s: %s", target_print(target, &x->arena), became));
}

int verb_route(struct ipsec *x, int argc, char **argv)
{
	(void)argc;
	return install(x, argv[0], "install", "its packets bring it up");
}

int verb_unroute(struct ipsec *x, int argc, char **argv)
{
	(void)argc;
	return install(x, argv[0], "uninstall", "its packets bring it up no more");
}

static const struct {
	const char *word, *type;
} kinds[] = { { "certs", "X509" }, { "crls", "X509_CRL" }, { "ocsp", "OCSP_RESPONSE" }, { "all", "ANY" } };

enum { KINDS = sizeof kinds / sizeof *kinds };

const char *purge_word(unsigned i)
{
	return i < KINDS ? kinds[i].word : NULL;
}

int verb_purge(struct ipsec *x, int argc, char **argv)
{
	const struct vici_node *response;
	const char *type = NULL;
	struct client c;
	int code;

	(void)argc;
	for (unsigned i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i].word, argv[0]))
			type = kinds[i].type;
	if (!type)
		return ipsec_fail(
			x, USAGE, "ipsec purge %s: there are only certs, crls, ocsp and all", argv[0]);
	code = client_open(&c, x);
	if (!code) {
		client_request(&c, "flush-certs");
		vici_put_pair(&c.out, "type", type);
		code = client_call(&c, NULL, NULL, CLIENT_PATIENCE, &response);
	}
	client_close(&c);
	if (code)
		return code;
	return client_succeeded(response) ? answer_done(x, "forgotten") : answer_refused(x, response);
}
