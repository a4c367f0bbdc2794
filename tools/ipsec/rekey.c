/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec rekey. It ends when the rekeying has begun; how that goes on is in log and status. */
#include "json.h"
#include "snapshot.h"

static void report(
	struct ipsec *x, struct target t, const char *name, bool reauth, const struct vici_node *response)
{
	static const struct json_field counts[] = {
		{ "matches", JSON_NUMBER },
		{ NULL, JSON_TEXT },
	};
	struct json j = json_in(&x->arena);

	if (x->json) {
		json_begin(&j);
		json_str(&j, "name", name);
		json_outcome(&j, response, counts);
		json_close(&j, '}');
		json_print(&j, x->out);
	}
	if (!client_succeeded(response))
		client_complain(x, target_print(t, &x->arena), response);
	else if (!x->json)
		fprintf(x->out, "%s: %s begun\n", target_print(t, &x->arena),
			reauth ? "reauthentication" : "rekeying");
}

static int rekey(struct client *c, struct target t, const char *name, bool reauth)
{
	const struct vici_node *response;
	int code;

	if (reauth && t.child)
		return ipsec_fail(c->x, USAGE,
			"a connection is authenticated anew, with all its children: "
			"ipsec rekey %s --reauth",
			t.conn);
	client_request(c, "rekey");
	vici_put_pair(&c->out, "ike", t.conn);
	if (t.child)
		vici_put_pair(&c->out, "child", t.child);
	if (reauth)
		vici_put_pair(&c->out, "reauth", "yes");
	code = client_call(c, NULL, NULL, CLIENT_PATIENCE, &response);
	if (code)
		return code;
	report(c->x, t, name, reauth, response);
	return client_succeeded(response) ? DONE : FAILED;
}

/* NAME and --reauth, in either order. */
static bool words(int argc, char **argv, const char **name, bool *reauth)
{
	*name = NULL;
	*reauth = false;
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--reauth"))
			*reauth = true;
		else if (*name || argv[i][0] == '-')
			return false;
		else
			*name = argv[i];
	}
	return *name != NULL;
}

int verb_rekey(struct ipsec *x, int argc, char **argv)
{
	struct snapshot snapshot;
	struct target target;
	struct client c;
	const char *name;
	bool reauth;
	int code;

	if (!words(argc, argv, &name, &reauth))
		return ipsec_fail(x, USAGE, "usage: ipsec rekey NAME [--reauth]");
	code = client_open(&c, x);
	if (!code)
		code = snapshot_take(&c, &snapshot);
	if (!code)
		code = target_find(x, &snapshot, name, &target);
	if (!code)
		code = rekey(&c, target, name, reauth);
	client_close(&c);
	return code;
}
