/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration, and what lies beside it. */
#include "check.h"

#include "conf/load.h"
#include "creds/audit.h"

#include <time.h>

enum verdict check_configuration(struct check *k)
{
	struct text why = text_in(&k->x->arena), notes = text_in(&k->x->arena);
	struct conf conf;

	if (conf_load_system(k->path, &conf, &why, &notes))
		return check_say(k, BAD, text_str(&why));
	k->conf = conf;
	if (creds_load(&k->creds, k->path, &conf, &conf_files_system, &why, &notes))
		return check_say(k, BAD, text_str(&why));
	k->loaded = true;
	if (k->path)
		text_add(&k->says, "%s: %u connections, %u secrets", k->path, conf.n_peers, conf.n_secrets);
	else
		text_add(&k->says, "there is no /etc/ikev2d/ikev2d.conf: ikev2d starts empty");
	if (notes.n)
		text_add(&k->says, "\n%s", text_str(&notes));
	return notes.n || !k->path ? NOTE : GOOD;
}

/* What a peer or ikev2d will say of them at authentication. */
enum verdict check_certificates(struct check *k)
{
	struct text bad = text_in(&k->x->arena), notes = text_in(&k->x->arena);

	if (!k->loaded)
		return check_say(k, NOTE, "not looked at, since the configuration cannot be read");
	creds_audit(&k->creds, &k->conf, (int64_t)time(NULL), &bad, &notes);
	if (!bad.n && !notes.n)
		return check_say(k, GOOD, "nothing is wrong with those that connections use");
	text_add(&k->says, "%s%s%s", text_str(&bad), bad.n && notes.n ? "\n" : "", text_str(&notes));
	return bad.n ? BAD : NOTE;
}
