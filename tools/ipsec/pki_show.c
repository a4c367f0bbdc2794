/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in certificates, CRLs, requests, keys, and in the index. */
#include "pki_files.h"

#include "base/names.h"
#include "pki/bundle.h"

static const struct name usages[] = {
	{ EKU_SERVER, "serverAuth" },
	{ EKU_CLIENT, "clientAuth" },
	{ EKU_IKE, "ipsecIKE" },
	{ EKU_ANY, "anyExtendedKeyUsage" },
	{ EKU_OCSP, "OCSPSigning" },
	{ EKU_OTHER, "others" },
	{ 0, NULL },
};

static const char *key_of(struct pki *p, const struct cert *c)
{
	return c->key ? key_print(c->key, p->arena) : c->no_key;
}

static void json_ids(struct pki *p, struct json *j, const char *key, const struct id *ids, unsigned n)
{
	json_open(j, key, '[');
	for (unsigned i = 0; i < n; i++)
		json_str(j, NULL, id_print(&ids[i], p->arena));
	json_close(j, ']');
}

static void json_uris(struct json *j, const char *key, const struct uris *uris)
{
	json_open(j, key, '[');
	for (unsigned i = 0; i < uris->n; i++)
		json_str(j, NULL, uris->v[i]);
	json_close(j, ']');
}

void pki_json_cert(struct pki *p, struct json *j, const struct cert *c)
{
	json_str(j, "subject", id_print(&c->subject, p->arena));
	json_str(j, "issuer", id_print(&c->issuer, p->arena));
	json_str(j, "serial", cert_hex(c->serial, p->arena));
	json_str(j, "not_before", cert_time(c->not_before, p->arena));
	json_str(j, "not_after", cert_time(c->not_after, p->arena));
	json_ids(p, j, "subject_alt_names", c->sans, c->n_sans);
	json_bool(j, "ca", c->ca);
	json_open(j, "extended_key_usage", '[');
	for (const struct name *u = usages; u->word; u++)
		if (c->eku & (unsigned)u->value)
			json_str(j, NULL, u->word);
	json_close(j, ']');
	json_str(j, "key", key_of(p, c));
	json_str(j, "keyid", pki_keyid(p, c->key_id));
	json_str(j, "subjkey", pki_keyid(p, c->subj));
	json_str(j, "fingerprint", cert_hex(bytes_of(c->fingerprint, FINGERPRINT_SIZE), p->arena));
	json_uris(j, "crl_uris", &c->crls);
	json_uris(j, "ocsp_uris", &c->ocsps);
}

static void print_sans(struct pki *p, const struct id *sans, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fprintf(p->x->out, "%s%s", i ? ", " : "  subjectAltName: ", id_print(&sans[i], p->arena));
	if (n)
		fprintf(p->x->out, "\n");
}

static void print_cert(struct pki *p, const struct cert *c)
{
	FILE *out = p->x->out;
	bool first = true;

	fprintf(out, "certificate: %s\n  issuer: %s\n  serial: %s\n  valid: %s to %s%s\n",
		id_print(&c->subject, p->arena), id_print(&c->issuer, p->arena),
		cert_hex(c->serial, p->arena), cert_time(c->not_before, p->arena),
		cert_time(c->not_after, p->arena),
		c->not_after <= p->now   ? " (has expired)"
		: c->not_before > p->now ? " (not yet)"
					 : "");
	print_sans(p, c->sans, c->n_sans);
	if (c->ca)
		fprintf(out, "  CA%s\n", c->path_len == 0 ? ", of gateways and users only" : "");
	for (const struct name *u = usages; u->word; u++)
		if (c->eku & (unsigned)u->value) {
			fprintf(out, "%s%s", first ? "  extendedKeyUsage: " : ", ", u->word);
			first = false;
		}
	fprintf(out, "%s  key: %s\n  keyid: %s\n  subjkey: %s\n  fingerprint: %s\n", first ? "" : "\n",
		key_of(p, c), pki_keyid(p, c->key_id), pki_keyid(p, c->subj),
		cert_hex(bytes_of(c->fingerprint, FINGERPRINT_SIZE), p->arena));
	for (unsigned i = 0; i < c->crls.n; i++)
		fprintf(out, "  CRL: %s\n", c->crls.v[i]);
	for (unsigned i = 0; i < c->ocsps.n; i++)
		fprintf(out, "  OCSP: %s\n", c->ocsps.v[i]);
}

static void show_crl(struct pki *p, struct json *j, const struct crl *c)
{
	const char *next = c->next_update ? cert_time(c->next_update, p->arena) : NULL;
	const char *revoked = arena_printf(p->arena, "%u", c->n_revoked);

	json_open(j, NULL, '{');
	json_str(j, "issuer", id_print(&c->issuer, p->arena));
	json_str(j, "number", c->number.n ? cert_hex(c->number, p->arena) : NULL);
	json_str(j, "this_update", cert_time(c->this_update, p->arena));
	json_str(j, "next_update", next);
	json_num(j, "revoked", revoked);
	json_close(j, '}');
	if (!p->x->json)
		fprintf(p->x->out, "CRL: %s\n  number: %s\n  made: %s\n  next: %s\n  revoked: %s\n",
			id_print(&c->issuer, p->arena), c->number.n ? cert_hex(c->number, p->arena) : "none",
			cert_time(c->this_update, p->arena), next ? next : "not said", revoked);
}

static void show_key(struct pki *p, struct json *j, const struct key *k)
{
	json_str(j, "key", key_print(k, p->arena));
	json_str(j, "keyid", pki_keyid(p, k->id));
	json_str(j, "subjkey", pki_keyid(p, k->subj));
	if (!p->x->json)
		fprintf(p->x->out, "%s key: %s\n  keyid: %s\n  subjkey: %s\n",
			k->secret ? "private" : "public", key_print(k, p->arena), pki_keyid(p, k->id),
			pki_keyid(p, k->subj));
}

static int show_request(struct pki *p, struct bytes data, const char *path)
{
	struct request r;
	struct why why = { 0 };
	struct json j = pki_json(p);

	if (request_read(data, p->arena, &r, &why))
		return pki_fail(p, path, &why);
	json_str(&j, "subject", id_print(&r.subject, p->arena));
	json_ids(p, &j, "subject_alt_names", r.sans, r.n_sans);
	if (!p->x->json)
		fprintf(p->x->out, "request: %s\n", id_print(&r.subject, p->arena));
	if (!p->x->json)
		print_sans(p, r.sans, r.n_sans);
	show_key(p, &j, r.key);
	key_unref(r.key);
	return pki_answer(p, &j);
}

static int show_bundle(struct pki *p, struct bundle *b)
{
	struct json j = pki_json(p);

	json_open(&j, "certificates", '[');
	for (unsigned i = 0; i < b->n_certs; i++) {
		json_open(&j, NULL, '{');
		pki_json_cert(p, &j, b->certs[i]);
		json_close(&j, '}');
		if (!p->x->json)
			print_cert(p, b->certs[i]);
	}
	json_close(&j, ']');
	json_open(&j, "crls", '[');
	for (unsigned i = 0; i < b->n_crls; i++)
		show_crl(p, &j, b->crls[i]);
	json_close(&j, ']');
	if (b->key)
		show_key(p, &j, b->key);
	bundle_free(b);
	return pki_answer(p, &j);
}

static bool is_request(struct bytes data)
{
	return data.n && memmem(data.p, data.n, "CERTIFICATE REQUEST-----", 24);
}

static int show_file(struct pki *p, const char *path)
{
	struct bytes data;
	struct bytes secret;
	struct bundle b = { 0 };
	struct why why = { 0 };
	enum err e;
	int code = pki_read_file(p, path, &data);

	if (code)
		return code;
	if (is_request(data))
		return show_request(p, data, path);
	e = bundle_read(data, NULL, p->arena, &b, &why);
	if (e == ERR_MISSING) {
		code = pki_secret(p, OPT_PASSWORD, arena_printf(p->arena, "the password of %s", path),
			PROMPT_OLD, &secret);
		if (code)
			return code;
		e = bundle_read(data, &secret, p->arena, &b, &why);
	}
	return e ? pki_fail(p, path, &why) : show_bundle(p, &b);
}

static const char *state_of(struct pki *p, const struct index_entry *e)
{
	if (e->revoked)
		return "revoked";
	if (e->not_after <= p->now)
		return "expired";
	return e->last ? "valid" : "replaced";
}

static void list_entry(struct pki *p, struct json *j, const struct index_entry *e)
{
	json_open(j, NULL, '{');
	json_str(j, "name", e->name);
	json_str(j, "serial", e->serial);
	json_str(j, "profile", profile_word(e->profile));
	json_str(j, "state", state_of(p, e));
	json_str(j, "not_after", cert_time(e->not_after, p->arena));
	json_str(j, "revoked", e->revoked ? cert_time(e->revoked, p->arena) : NULL);
	json_str(j, "reason", e->revoked ? make_reason_word(e->reason) : NULL);
	json_close(j, '}');
	if (!p->x->json)
		fprintf(p->x->out, "%-30s %-8s %-8s until %s  %s\n", e->name, profile_word(e->profile),
			state_of(p, e), cert_time(e->not_after, p->arena), e->serial);
}

static int show_all(struct pki *p)
{
	struct json j = pki_json(p);
	int code = pki_ca_open(p, false);

	if (code)
		return code;
	json_open(&j, "ca", '{');
	pki_json_cert(p, &j, p->ca);
	json_close(&j, '}');
	if (!p->x->json)
		fprintf(p->x->out, "CA: %s, %s, until %s\n", cert_name(p->ca, p->arena), key_of(p, p->ca),
			cert_time(p->ca->not_after, p->arena));
	index_mark(&p->index);
	json_open(&j, "issued", '[');
	for (unsigned i = 0; i < p->index.n; i++)
		list_entry(p, &j, &p->index.v[i]);
	json_close(&j, ']');
	return pki_answer(p, &j);
}

int pki_show(struct pki *p)
{
	return p->n_args ? show_file(p, pki_find(p, p->args[0])) : show_all(p);
}

/* ------------------------------------------------------- keyid, fingerprint */

/* The key in a file: of a certificate, a request, a private or a public key. */
static int any_key(struct pki *p, const char *path, struct key **out)
{
	struct bytes data;
	struct bundle b = { 0 };
	struct request r;
	struct why why = { 0 }, ignored = { 0 };
	int code = pki_read_file(p, path, &data);

	if (code)
		return code;
	if (is_request(data)) {
		code = request_read(data, p->arena, &r, &why) ? pki_fail(p, path, &why) : DONE;
		*out = r.key;
		return code;
	}
	if (!bundle_read(data, NULL, p->arena, &b, &why)) {
		*out = b.key                          ? key_ref(b.key)
		       : b.n_certs && b.certs[0]->key ? key_ref(b.certs[0]->key)
						      : NULL;
		bundle_free(&b);
		return *out ? DONE : ipsec_fail(p->x, FAILED, "%s: there is no key in it", path);
	}
	if (!key_public(data, p->arena, out, &ignored))
		return DONE;
	return pki_read_key(p, path, OPT_KEY_PASS, out);
}

int pki_keyid_verb(struct pki *p)
{
	struct json j = pki_json(p);
	struct key *key = NULL;
	int code = any_key(p, pki_find(p, p->args[0]), &key);

	if (code)
		return code;
	show_key(p, &j, key);
	key_unref(key);
	return pki_answer(p, &j);
}

int pki_fingerprint(struct pki *p)
{
	struct json j = pki_json(p);
	struct cert *c;
	const char *hex;
	int code = pki_read_cert(p, pki_find(p, p->args[0]), &c);

	if (code)
		return code;
	hex = cert_hex(bytes_of(c->fingerprint, FINGERPRINT_SIZE), p->arena);
	json_str(&j, "fingerprint", hex);
	json_str(&j, "subject", id_print(&c->subject, p->arena));
	if (!p->x->json)
		fprintf(p->x->out, "%s\n", hex);
	cert_unref(c);
	return pki_answer(p, &j);
}
