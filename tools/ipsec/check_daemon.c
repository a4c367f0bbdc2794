/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon says of itself; where it does not run, what it would find and what it has left behind. */
#include "check.h"

#include "xfrm/xfrm.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE = 512 /* octets of a journal's line */ };

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

static const char *lacks(const struct xfrm_caps *caps, struct arena *arena)
{
	struct text t = text_in(arena);

	for (unsigned i = 0; i < caps->n_lacks; i++)
		text_add(&t, "%s%s", i ? ", " : ", but not ", caps->lacks[i]->word);
	return text_str(&t);
}

/* As ikev2d does when it starts. */
static enum err probe_kernel(struct xfrm_caps *caps, struct text *why)
{
	char dir[] = "/tmp/ipsec-check-XXXXXX";
	enum err e;

	if (!mkdtemp(dir)) {
		text_add(why, "%s cannot be made: %s", dir, strerror(errno));
		return ERR_SYSTEM;
	}
	e = kernel_look(dir, caps, why);
	rmdir(dir);
	return e;
}

static enum verdict look_at_kernel(struct check *k)
{
	enum data_path wanted = k->conf.settings.datapath;
	struct text why = text_in(&k->x->arena);
	struct xfrm_caps caps = { 0 };
	enum err e = ERR_OK;

	if (wanted == DATAPATH_USER)
		return check_say(k, GOOD, "userspace, as daemon.datapath says");
	e = probe_kernel(&caps, &why);
	if (!e) {
		text_add(&k->says, "this kernel carries ESP%s%s", lacks(&caps, &k->x->arena),
			caps.per_cpu ? "; it has SAs for CPUs" : "");
		return GOOD;
	}
	text_add(&k->says, "%s: %s", text_str(&why),
		e == ERR_DENIED             ? "run this as root"
		: wanted == DATAPATH_KERNEL ? "daemon.datapath = auto takes the userspace path instead"
					    : "ikev2d takes the userspace path");
	return e == ERR_DENIED ? NOTE : wanted == DATAPATH_KERNEL ? BAD : GOOD;
}

/* What the daemon believes to be installed, and what is. */
enum verdict check_data_path(struct check *k)
{
	const struct vici_node *answer, *differences;
	struct client c;
	int code;

	if (!k->running)
		return look_at_kernel(k);
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

/* Things that stand in a journal of the run directory (xfrm/journal.h). */
static unsigned standing(struct check *k, const char *name)
{
	FILE *file = fopen(arena_printf(&k->x->arena, "%s/%s", k->x->run_dir, name), "re");
	char line[LINE];
	unsigned made = 0, struck = 0;

	while (file && fgets(line, sizeof line, file)) {
		made += !strncmp(line, "+ ", 2);
		struck += !strncmp(line, "- ", 2);
	}
	if (file)
		fclose(file);
	return made > struck ? made - struck : 0;
}

enum verdict check_leftovers(struct check *k)
{
	unsigned n = k->running ? 0 : standing(k, "journal") + standing(k, XFRM_KERNEL_JOURNAL);

	if (!n)
		return check_say(k, GOOD, "no ikev2d that has ended left anything behind");
	text_add(&k->says,
		"an ikev2d that was killed left %u routes, rules, devices or policies behind (%s/journal): "
		"the next "
		"one takes them away: ipsec start",
		n, k->x->run_dir);
	return NOTE;
}
