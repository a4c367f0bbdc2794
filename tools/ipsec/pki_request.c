/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests: made here for a CA elsewhere, and signed for others. */
#include "pki_files.h"
#include "pki_issue.h"

static int request_files(struct pki *p, const char *name, const struct key *key, struct bytes der)
{
	struct bytes pem = make_pem("CERTIFICATE REQUEST", der, p->arena);
	const char *out = pki_option(p, OPT_OUT, NULL);
	int code = out ? pki_check_free(p, out) : DONE;

	if (!code)
		code = pki_stage_key(p, pki_key_path(p, name), key, OPT_KEY_PASS);
	if (!code && !out)
		code = pki_stage(p, arena_printf(p->arena, "pki/%s.csr", name), pem, false);
	if (!code)
		code = pki_commit(p);
	return code || !out ? code : pki_write(p, out, pem);
}

static int request_with(struct pki *p, const char *name, const struct id *subject, const struct key *key)
{
	const char *file = pki_option(p, OPT_OUT, pki_path(p, arena_printf(p->arena, "pki/%s.csr", name)));
	const struct id *sans;
	unsigned n;
	struct bytes der;
	struct why why = { 0 };
	struct json j;
	int code = pki_sans(p, name, &sans, &n);

	if (code)
		return code;
	if (make_request(subject, sans, n, key, p->arena, &der, &why))
		return pki_fail(p, name, &why);
	code = pki_lock(p);
	if (!code)
		code = request_files(p, name, key, der);
	if (code)
		return code;
	j = pki_json(p);
	json_str(&j, "name", name);
	json_str(&j, "file", file);
	json_str(&j, "key_file", pki_path(p, pki_key_path(p, name)));
	if (!p->x->json)
		fprintf(p->x->out, "%s: %s, its key %s\n  the CA signs it: ipsec pki sign %s.csr\n", name,
			file, pki_path(p, pki_key_path(p, name)), name);
	return pki_answer(p, &j);
}

int pki_request(struct pki *p)
{
	const char *name = p->args[0];
	struct id subject;
	struct key *key = NULL;
	int code = pki_check_name(p, name);

	if (!code)
		code = pki_subject(p, name, &subject);
	if (!code)
		code = pki_generate(p, &key);
	if (!code)
		code = request_with(p, name, &subject, key);
	key_unref(key);
	return code;
}

/* A name of files from a request's: --name, or the file's without what is behind its last dot. */
static const char *name_of_file(struct pki *p, const char *path)
{
	const char *base = strrchr(path, '/');
	char *name = arena_str(p->arena, base ? base + 1 : path), *dot = strrchr(name, '.');

	if (dot && dot != name)
		*dot = 0;
	return pki_option(p, OPT_NAME, name);
}

static int sign_request(struct pki *p, const struct request *r, const char *name)
{
	struct make_spec s = { .subject = r->subject, .sans = r->sans, .n_sans = r->n_sans, .key = r->key };
	struct cert *c = NULL;
	int64_t length;
	int code = pki_profile(p, &s.profile);

	if (!code)
		code = pki_days(p, PKI_LEAF_DAYS, PKI_LEAF_DAYS_MAX, &length);
	if (!code && (pki_has(p, OPT_SAN) || !r->n_sans))
		code = pki_sans(p, name, &s.sans, &s.n_sans);
	if (!code)
		code = pki_ca_open(p, true);
	if (code)
		return code;
	pki_complete(p, &s, length);
	code = pki_stage_cert(p, &s, name, false, &c);
	if (!code)
		code = pki_end_issue(p);
	if (!code)
		return pki_answer_issued(p, name, c, false);
	cert_unref(c);
	return code;
}

int pki_sign(struct pki *p)
{
	const char *path = p->args[0], *name = name_of_file(p, path);
	struct request r;
	struct bytes data;
	struct why why = { 0 };
	int code = pki_check_name(p, name);

	if (!code)
		code = pki_read_file(p, path, &data);
	if (code)
		return code;
	if (request_read(data, p->arena, &r, &why))
		return pki_fail(p, path, &why);
	code = sign_request(p, &r, name);
	key_unref(r.key);
	return code;
}
