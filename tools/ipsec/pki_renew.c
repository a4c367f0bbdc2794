/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates made anew before they end, by hand or by a timer. */
#include "pki_files.h"
#include "pki_issue.h"

/* The key to go on with: the old one, or with --new-key another of its kind, whose file is staged. */
static int renewal_key(struct pki *p, const char *name, const struct cert *old, struct key **out)
{
	static const char *const kinds[] = { [KEY_ED25519] = "ed25519", [KEY_ED448] = "ed448" };
	const char *path = pki_key_path(p, name), *kind;
	struct bytes secret, pem;
	struct why why = { 0 };

	if (!old->key)
		return ipsec_fail(p->x, FAILED, "%s: its key cannot be used: %s", name, old->no_key);
	*out = key_ref(old->key);
	if (!pki_has(p, OPT_NEW_KEY))
		return DONE;
	if (!pki_exists(pki_path(p, path)))
		return ipsec_fail(p->x, FAILED,
			"%s is not here: where it is, ipsec pki request %s --force makes a new one",
			pki_path(p, path), name);
	kind = old->key->type == KEY_RSA     ? old->key->bits > 3072 ? "rsa-4096" : "rsa"
	       : old->key->type == KEY_ECDSA ? arena_printf(p->arena, "ecdsa-%u", old->key->bits)
					     : kinds[old->key->type];
	key_unref(*out);
	*out = NULL;
	if (make_key(kind, p->arena, out, &why))
		return pki_fail(p, name, &why);
	if (pki_secret(p, OPT_KEY_PASS, "a passphrase for the key", PROMPT_NEVER, &secret))
		return FAILED;
	if (make_key_pem(*out, secret.p ? &secret : NULL, p->arena, &pem, &why))
		return pki_fail(p, name, &why);
	return pki_stage(p, path, pem, true);
}

static int renew_with(struct pki *p, const struct index_entry *e, const struct cert *old,
	const struct key *key, struct json *j)
{
	struct make_spec s = { .profile = e->profile,
		.subject = old->subject,
		.sans = old->sans,
		.n_sans = old->n_sans,
		.key = key };
	const char *name = e->name;
	struct cert *c = NULL;
	int64_t length = old->not_after - old->not_before - PKI_SKEW;
	int code;

	if (length < PKI_DAY)
		length = PKI_DAY;
	if (length > (int64_t)PKI_LEAF_DAYS_MAX * PKI_DAY)
		length = (int64_t)PKI_LEAF_DAYS_MAX * PKI_DAY;
	pki_complete(p, &s, length);
	if (old->not_after >= p->ca->not_after)
		return ipsec_fail(p->x, FAILED,
			"%s: a new certificate would not last longer: the CA itself ends on %s", name,
			cert_time(p->ca->not_after, p->arena));
	code = pki_stage_cert(p, &s, name, true, &c);
	if (!code)
		pki_say_issued(p, j, name, c, false);
	cert_unref(c);
	return code;
}

/* Renews what E, a copy, is about. */
static int renew_one(struct pki *p, struct index_entry e, struct json *j)
{
	struct cert *old = NULL;
	struct key *key = NULL;
	int code = pki_read_cert(p, pki_path(p, pki_copy_path(p, e.serial)), &old);

	json_open(j, NULL, '{');
	if (!code)
		code = renewal_key(p, e.name, old, &key);
	if (!code)
		code = renew_with(p, &e, old, key, j);
	json_close(j, '}');
	key_unref(key);
	cert_unref(old);
	return code;
}

/* Whether E ends by UNTIL and is the last of a name that is still in use. */
static bool is_due(struct pki *p, const struct index_entry *e, int64_t until)
{
	return e->last && e->not_after <= until && e->not_after < p->ca->not_after &&
	       pki_exists(pki_path(p, pki_cert_path(p, e->name)));
}

static int renew_due(struct pki *p, struct json *j)
{
	unsigned n = p->index.n;
	int64_t within;
	int code = pki_days(p, PKI_DUE_DAYS, PKI_LEAF_DAYS_MAX, &within);

	index_mark(&p->index);
	for (unsigned i = 0; i < n && !code; i++)
		if (is_due(p, &p->index.v[i], p->now + within))
			code = renew_one(p, p->index.v[i], j);
	if (!code && p->index.crl_number && p->index.crl_next <= p->now + (int64_t)PKI_CRL_DAYS * PKI_DAY / 2)
		code = pki_stage_crl(p, (int64_t)PKI_CRL_DAYS * PKI_DAY);
	if (!code && p->ca->not_after < p->now + (int64_t)365 * PKI_DAY)
		fprintf(p->x->err, "ipsec: the CA ends on %s: make a new one, and trust both for a while\n",
			cert_time(p->ca->not_after, p->arena));
	return code;
}

static int renew_named(struct pki *p, struct json *j)
{
	struct index_entry *e = index_last(&p->index, p->args[0]);

	if (e)
		return renew_one(p, *e, j);
	return ipsec_fail(p->x, FAILED,
		"nothing that is not revoked was issued to %s: ipsec pki show lists it all", p->args[0]);
}

int pki_renew(struct pki *p)
{
	bool due = pki_has(p, OPT_DUE);
	struct json j = pki_json(p);
	int code;

	if (due == (p->n_args == 1))
		return ipsec_fail(
			p->x, USAGE, "usage: ipsec pki renew NAME, or ipsec pki renew --due [--days N]");
	if (!due && pki_has(p, OPT_DAYS))
		return ipsec_fail(p->x, USAGE,
			"--days belongs to --due: a certificate lasts as long as the one before");
	code = pki_ca_open(p, true);
	json_open(&j, "renewed", '[');
	if (!code)
		code = due ? renew_due(p, &j) : renew_named(p, &j);
	json_close(&j, ']');
	if (!code && p->staged)
		code = pki_end_issue(p);
	else if (!code && !p->x->json)
		fprintf(p->x->out, "nothing is due\n");
	return code ? code : pki_answer(p, &j);
}
