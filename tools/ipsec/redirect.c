/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec redirect. It ends when the peers have been told; that they leave is in log and status. */
#include "json.h"
#include "snapshot.h"

static void report(struct ipsec *x, const char *conn, const char *gateway, const struct vici_node *response)
{
	static const struct json_field counts[] = {
		{ "matches", JSON_NUMBER },
		{ NULL, JSON_TEXT },
	};
	struct json j = json_in(&x->arena);

	if (x->json) {
		json_begin(&j);
		json_str(&j, "name", conn);
		json_str(&j, "gateway", gateway);
		json_outcome(&j, response, counts);
		json_close(&j, '}');
		json_print(&j, x->out);
	}
	if (!client_succeeded(response))
		client_complain(x, conn, response);
	else if (!x->json)
		fprintf(x->out, "%s: peers are redirected to %s\n", conn, gateway);
}

static int redirect(struct client *c, struct target t, const char *gateway)
{
	const struct vici_node *response;
	int code;

	if (t.child)
		return ipsec_fail(c->x, USAGE,
			"a peer is redirected with all its children: ipsec redirect %s %s", t.conn, gateway);
	client_request(c, "redirect");
	vici_put_pair(&c->out, "ike", t.conn);
	vici_put_pair(&c->out, "gateway", gateway);
	code = client_call(c, NULL, NULL, CLIENT_PATIENCE, &response);
	if (code)
		return code;
	report(c->x, t.conn, gateway, response);
	return client_succeeded(response) ? DONE : FAILED;
}

int verb_redirect(struct ipsec *x, int argc, char **argv)
{
	struct snapshot snapshot;
	struct target target;
	struct client c;
	int code;

	(void)argc;
	code = client_open(&c, x);
	if (!code)
		code = snapshot_take(&c, &snapshot);
	if (!code)
		code = target_find(x, &snapshot, argv[0], &target);
	if (!code)
		code = redirect(&c, target, argv[1]);
	client_close(&c);
	return code;
}
