/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon says of itself. */
#include "check.h"

enum verdict check_daemon(struct check *k)
{
	text_add(&k->says, "ikev2d is %s (socket %s/vici)", k->running ? "running" : "not running",
		k->x->run_dir);
	return GOOD;
}

static void tell_path(struct check *k, const struct vici_node *answer, const char *name)
{
	const struct vici_node *path = vici_find(answer, name);
	const char *reason = path ? vici_str(path, "reason") : NULL;

	text_add(&k->says, "%s%s: %s", k->says.n ? "; " : "", name, reason ? reason : "in use");
}

/* What the daemon believes to be installed, and what is. */
enum verdict check_data_path(struct check *k)
{
	const struct vici_node *answer, *differences;
	struct client c;
	int code;

	if (!k->running)
		return check_say(k, GOOD, "ikev2d chooses it when it starts");
	code = client_open(&c, k->x);
	if (!code) {
		client_request(&c, "audit");
		code = client_call(&c, NULL, NULL, CLIENT_PATIENCE, &answer);
	}
	client_close(&c);
	if (code)
		return check_say(
			k, NOTE, "ikev2d does not say what it has installed: it may be of another version");
	tell_path(k, answer, "kernel");
	tell_path(k, answer, "userspace");
	differences = vici_find(answer, "differences");
	for (const struct vici_node *n = differences ? differences->first : NULL; n; n = n->next)
		text_add(&k->says, "\n%s", vici_text(n));
	return differences ? BAD : GOOD;
}
