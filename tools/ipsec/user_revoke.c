/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users that are let in no more: first on the CRL, which the running daemon is made to read, then
 * disconnected, so that who comes back is refused. */
#include "user.h"

#include "pki_files.h"

/* The identities of all certificates of NAME that are good still. */
static int identities(struct pki *p, const char *name, struct id **out, unsigned *n)
{
	*out = NULL;
	*n = 0;
	for (unsigned i = 0; i < p->index.n; i++) {
		const struct index_entry *e = &p->index.v[i];
		struct cert *c = NULL;
		const struct id *ids;
		struct id *all;
		unsigned more;

		if (e->revoked || e->profile != MAKE_USER || strcmp(e->name, name) != 0)
			continue;
		if (user_cert(p, e, &c))
			return FAILED;
		ids = user_ids(p, c, &more);
		all = ARENA_ARRAY(p->arena, *n + more, struct id);
		if (*n)
			memcpy(all, *out, *n * sizeof *all);
		memcpy(all + *n, ids, more * sizeof *all);
		*out = all;
		*n += more;
		cert_unref(c);
	}
	return DONE;
}

static int commit(struct pki *p)
{
	int code = pki_stage_crl(p, (int64_t)PKI_CRL_DAYS * PKI_DAY);

	if (!code)
		code = pki_stage_index(p);
	return code ? code : pki_commit(p);
}

static int mark(struct pki *p, const char *name, struct json *j)
{
	unsigned n;
	int reason, code = pki_reason(p, &reason);

	if (code)
		return code;
	json_open(j, "revoked", '[');
	n = pki_mark_revoked(p, name, reason, j);
	json_close(j, ']');
	return n ? DONE
		 : ipsec_fail(p->x, FAILED, "there is no user %s who is let in: ipsec user list shows them",
			   name);
}

int user_revoke(struct pki *p)
{
	const char *name = p->args[0];
	struct json j = pki_json(p);
	struct id *ids;
	unsigned n, ended;
	int code = pki_ca_open(p, true);

	if (!code && index_last(&p->index, name) && index_last(&p->index, name)->profile != MAKE_USER)
		code = ipsec_fail(p->x, FAILED,
			"%s is no user: ipsec pki revoke %s takes its certificate back", name, name);
	if (!code)
		code = identities(p, name, &ids, &n);
	if (!code)
		code = mark(p, name, &j);
	if (!code)
		code = commit(p);
	if (!code)
		code = user_disconnect(p, name, ids, n, &ended);
	if (code)
		return code;
	json_num(&j, "ended", arena_printf(p->arena, "%u", ended));
	if (!p->x->json)
		fprintf(p->x->out, "%s is let in no more; %u IKE_SAs were ended\n", name, ended);
	return pki_answer(p, &j);
}
