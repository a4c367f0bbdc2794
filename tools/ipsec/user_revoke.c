/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users that are let in no more: first on the CRL, which the running daemon is made to read, then
 * disconnected, so that who comes back is refused. */
#include "user.h"

#include "pki_files.h"
#include "user_eap.h"

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

struct revoking {
	struct pki *p;
	const char *name;
	struct json j;
	struct eap_file file;
	struct id *ids;
	unsigned n_ids, n; /* certificates that are taken back */
	bool password;     /* and so is the password */
	unsigned ended;
};

/* The key of the CA is needed only where a certificate is to be taken back. */
static int find(struct revoking *r)
{
	const struct index_entry *e;
	int code = user_open_ca(r->p, false);

	if (!code && r->p->lock < 0 && gateway_is_there(r->p))
		code = pki_lock(r->p);
	if (code)
		return code;
	e = index_last(&r->p->index, r->name);
	if (e && e->profile != MAKE_USER)
		return ipsec_fail(r->p->x, FAILED,
			"%s is no user: ipsec pki revoke %s takes its certificate back", r->name, r->name);
	code = eap_file_open(r->p, &r->file);
	r->password = !code && eap_file_has(&r->file, r->name);
	if (!code && !r->password && !user_entry(r->p, r->name))
		code = ipsec_fail(r->p->x, FAILED,
			"there is no user %s who is let in: ipsec user list shows them", r->name);
	if (!code && e)
		code = pki_ca_key(r->p);
	return code ? code : identities(r->p, r->name, &r->ids, &r->n_ids);
}

static int stage(struct revoking *r)
{
	struct pki *p = r->p;
	int reason, code = pki_reason(p, &reason);

	if (code)
		return code;
	json_open(&r->j, "revoked", '[');
	r->n = pki_mark_revoked(p, r->name, reason, &r->j);
	json_close(&r->j, ']');
	if (r->n)
		code = pki_stage_crl(p, (int64_t)PKI_CRL_DAYS * PKI_DAY);
	if (!code && r->n)
		code = pki_stage_index(p);
	if (!code && r->password)
		code = eap_file_drop(p, &r->file, r->name);
	return code ? code : pki_commit(p);
}

int user_revoke(struct pki *p)
{
	struct revoking r = { .p = p, .name = p->args[0], .j = pki_json(p) };
	int code = find(&r);

	if (!code)
		code = stage(&r);
	if (!code)
		code = user_disconnect(p, r.name, r.ids, r.n_ids, &r.ended);
	if (code)
		return code;
	json_bool(&r.j, "password", r.password);
	json_num(&r.j, "ended", arena_printf(p->arena, "%u", r.ended));
	if (!p->x->json)
		fprintf(p->x->out, "%s is let in no more; %u IKE_SAs were ended\n", r.name, r.ended);
	return pki_answer(p, &r.j);
}
