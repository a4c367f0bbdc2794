/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of lints. */
#include "lint.h"

static const struct lint lints[] = {
	{ "proposal-none", BAD, lint_proposal_none },
	{ "proposal-idle", NOTE, lint_proposal_idle },
	{ "pfs-missing", NOTE, lint_pfs_missing },
	{ "pfs-mixed", NOTE, lint_pfs_mixed },
	{ "overlap", NOTE, lint_overlap },
	{ "psk-missing", BAD, lint_psk_missing },
	{ "psk-weak", NOTE, lint_psk_weak },
	{ "ppk-weak", NOTE, lint_ppk_weak },
	{ "key-idle", NOTE, lint_key_idle },
	{ "cert-name", NOTE, lint_cert_name },
	{ "clock", BAD, lint_clock },
	{ "windows", BAD, lint_windows },
	{ "apple", BAD, lint_apple },
	{ "client-offers", NOTE, lint_client_offers },
	{ "profile", BAD, lint_profile },
};

enum { LINTS = sizeof lints / sizeof *lints };

unsigned lint_count(void)
{
	return LINTS;
}

unsigned lint_all(const struct lint_input *in, struct arena *arena, lint_found *found, void *ctx)
{
	struct lint_run l = { .in = in, .arena = arena, .found = found, .ctx = ctx };

	for (l.lint = lints; l.lint < lints + LINTS; l.lint++)
		l.lint->run(&l);
	return l.n;
}

void lint_say(
	struct lint_run *l, const struct source *at, const char *key, const char *what, const char *instead)
{
	struct why why = { .what = what, .instead = instead };

	why.where = at ? source_print(at, key, l->arena) : key;
	l->n++;
	l->found(l->ctx, l->lint, &why);
}

bool lint_serves_clients(const struct peer *p)
{
	for (unsigned i = 0; i < p->n_remote_addrs; i++)
		if (!addr_pattern_single(&p->remote_addrs[i]) && !p->remote_addrs[i].name)
			return true;
	return !p->n_remote_addrs;
}
