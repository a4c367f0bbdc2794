/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates for gateways and users, issued with their keys. */
#include "pki_issue.h"

#include "pki_files.h"

#include "pki/path.h"

#include <stdlib.h>

int pki_dn(struct pki *p, const char *text, struct id *out)
{
	if (!id_parse(text, p->arena, out) && out->type == ID_DER_ASN1_DN)
		return DONE;
	return ipsec_fail(
		p->x, USAGE, "%s is no distinguished name: write it as \"O=Example, CN=moon\"", text);
}

int pki_subject(struct pki *p, const char *name, struct id *out)
{
	return pki_dn(p, pki_option(p, OPT_DN, arena_printf(p->arena, "CN=%s", name)), out);
}

int pki_sans(struct pki *p, const char *name, const struct id **out, unsigned *n)
{
	const struct pki_words *words = &p->options[OPT_SAN];
	struct id *sans = ARENA_ARRAY(p->arena, words->n + 1, struct id);

	*out = sans;
	*n = words->n ? words->n : 1;
	for (unsigned i = 0; i < *n; i++) {
		const char *word = words->n ? words->v[i] : name;

		if (id_parse(word, p->arena, &sans[i]) || sans[i].type == ID_ANY || sans[i].type == ID_KEY_ID)
			return ipsec_fail(p->x, USAGE,
				"--san %s: it is a DNS name, an e-mail address, an IP address or a DN", word);
	}
	return DONE;
}

int pki_stage_key(struct pki *p, const char *path, const struct key *key, enum pki_option option)
{
	struct bytes secret, pem;
	struct why why = { 0 };
	int code = pki_secret(p, option, arena_printf(p->arena, "a passphrase for %s", pki_path(p, path)),
		pki_has(p, OPT_ENCRYPT) ? PROMPT_NEW : PROMPT_NEVER, &secret);

	if (code)
		return code;
	if (make_key_pem(key, secret.p ? &secret : NULL, p->arena, &pem, &why))
		return pki_fail(p, path, &why);
	return pki_stage(p, path, pem, false);
}

/* ------------------------------------------------------------ certificates */

const char *pki_cert_path(struct pki *p, const char *name)
{
	return arena_printf(p->arena, "x509/%s.pem", name);
}

const char *pki_key_path(struct pki *p, const char *name)
{
	return arena_printf(p->arena, "private/%s.pem", name);
}

const char *pki_copy_path(struct pki *p, const char *serial)
{
	return arena_printf(p->arena, "pki/certs/%s.pem", serial);
}

void pki_complete(struct pki *p, struct make_spec *s, int64_t length)
{
	s->serial = pki_serial(p);
	s->not_before = p->now - PKI_SKEW;
	if (s->not_before < p->ca->not_before)
		s->not_before = p->ca->not_before;
	s->not_after = p->now + length;
	if (s->not_after > p->ca->not_after)
		s->not_after = p->ca->not_after;
	s->crl_uri = p->index.crl_uri;
	s->ocsp_uri = p->index.ocsp_uri;
}

/* What we issue must stand before ikev2d itself: names that the CA may not issue are refused here, not at the
 * first connection. */
static int judge(struct pki *p, struct cert *c, const char *name)
{
	struct path_request request = { .leaf = c, .now = p->now };
	struct path_verdict verdict = { 0 };
	struct store store;
	int code = DONE;

	store_init(&store);
	if (!store_add_cert(&store, STORED_CA, p->ca, STORED_BY_FILE, "CA"))
		path_judge(&store, &request, p->arena, &verdict);
	if (!verdict.trusted)
		code = pki_fail(p, name, &verdict.why);
	store_free(&store);
	return code;
}

int pki_stage_copy(struct pki *p, const struct make_spec *s, const char *name, struct cert **out)
{
	const char *serial = pki_hex(p, s->serial);
	struct index_entry e = { serial, name, s->profile, s->not_before, s->not_after, 0, 0, false };
	struct bytes der;
	struct why why = { 0 };
	int code;

	if (make_cert(s, p->ca, p->ca_key, p->arena, &der, &why) || cert_read(der, p->arena, out, &why))
		return pki_fail(p, name, &why);
	if (!index_add(&p->index, p->arena, &e))
		return ipsec_fail(
			p->x, FAILED, "the index has %d certificates already: make a new CA", INDEX_MAX);
	code = judge(p, *out, name);
	return code ? code
		    : pki_stage(p, pki_copy_path(p, serial), make_pem("CERTIFICATE", der, p->arena), true);
}

int pki_stage_cert(
	struct pki *p, const struct make_spec *s, const char *name, bool replace, struct cert **out)
{
	int code = replace ? DONE : pki_check_free(p, pki_path(p, pki_cert_path(p, name)));

	if (!code)
		code = pki_stage_copy(p, s, name, out);
	if (code)
		return code;
	return pki_stage(p, pki_cert_path(p, name), make_pem("CERTIFICATE", (*out)->der, p->arena), replace);
}

int pki_end_issue(struct pki *p)
{
	int code = pki_stage_index(p);

	return code ? code : pki_commit(p);
}

static const char *names_of(struct pki *p, const struct cert *c)
{
	struct text t = text_in(p->arena);

	text_add(&t, "%s", id_print(&c->subject, p->arena));
	for (unsigned i = 0; i < c->n_sans; i++)
		text_add(&t, ", %s", id_print(&c->sans[i], p->arena));
	return text_str(&t);
}

void pki_say_issued(struct pki *p, struct json *j, const char *name, const struct cert *c, bool key)
{
	const char *key_file = key ? pki_path(p, pki_key_path(p, name)) : NULL;

	json_str(j, "name", name);
	pki_json_cert(p, j, c);
	json_str(j, "file", pki_path(p, pki_cert_path(p, name)));
	json_str(j, "key_file", key_file);
	if (!p->x->json)
		fprintf(p->x->out, "%s: %s until %s\n  about %s\n  %s%s%s\n", name,
			key_print(c->key, p->arena), cert_time(c->not_after, p->arena), names_of(p, c),
			pki_path(p, pki_cert_path(p, name)), key ? ", its key " : "", key ? key_file : "");
}

int pki_answer_issued(struct pki *p, const char *name, struct cert *c, bool key)
{
	struct json j = pki_json(p);

	pki_say_issued(p, &j, name, c, key);
	cert_unref(c);
	return pki_answer(p, &j);
}

int pki_profile(struct pki *p, enum make_profile *out)
{
	const char *word = pki_option(p, OPT_PROFILE, "gateway");
	int profile = profile_find(word);

	if (profile < 0)
		return ipsec_fail(p->x, USAGE, "--profile %s: there are gateway and user", word);
	*out = (enum make_profile)profile;
	return DONE;
}

int pki_generate(struct pki *p, struct key **out)
{
	struct why why = { 0 };

	if (make_key(pki_option(p, OPT_TYPE, "ecdsa"), p->arena, out, &why))
		return pki_fail(p, "--type", &why);
	return DONE;
}

int pki_stage_issued(struct pki *p, struct make_spec *s, const char *name, int64_t length, struct cert **out)
{
	int code;

	pki_complete(p, s, length);
	code = pki_stage_cert(p, s, name, false, out);
	return code ? code : pki_stage_key(p, pki_key_path(p, name), s->key, OPT_KEY_PASS);
}

static int issue_with(struct pki *p, struct make_spec *s, const char *name, int64_t length)
{
	struct cert *c = NULL;
	int code = pki_stage_issued(p, s, name, length, &c);

	if (!code)
		code = pki_end_issue(p);
	if (!code)
		return pki_answer_issued(p, name, c, true);
	cert_unref(c);
	return code;
}

int pki_issue(struct pki *p)
{
	const char *name = p->args[0];
	struct make_spec s = { 0 };
	struct key *key = NULL;
	int64_t length;
	int code = pki_check_name(p, name);

	if (!code)
		code = pki_subject(p, name, &s.subject);
	if (!code)
		code = pki_sans(p, name, &s.sans, &s.n_sans);
	if (!code)
		code = pki_profile(p, &s.profile);
	if (!code)
		code = pki_days(p, PKI_LEAF_DAYS, PKI_LEAF_DAYS_MAX, &length);
	if (!code)
		code = pki_ca_open(p, true);
	if (!code)
		code = pki_generate(p, &key);
	s.key = key;
	if (!code)
		code = issue_with(p, &s, name, length);
	key_unref(key);
	return code;
}
