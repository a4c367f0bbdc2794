/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CA: made, and opened. */
#include "pki_files.h"

#include "pki_issue.h"

#include <stdlib.h>
#include <sys/random.h>

/* The CA's key is no business of the daemon's: it lies where the daemon does not look. */
static const char ca_cert[] = "x509ca/ca.pem", ca_key[] = "pki/ca.key", index_file[] = "pki/index";

struct bytes pki_serial(struct pki *p)
{
	uint8_t *serial = arena_alloc(p->arena, MAKE_SERIAL_SIZE);

	do
		if (getrandom(serial, MAKE_SERIAL_SIZE, 0) != MAKE_SERIAL_SIZE)
			abort();
	while (!serial[0]);
	return bytes_of(serial, MAKE_SERIAL_SIZE);
}

const char *pki_hex(struct pki *p, struct bytes b)
{
	struct text t = text_in(p->arena);

	for (size_t i = 0; i < b.n; i++)
		text_add(&t, "%02x", b.p[i]);
	return text_str(&t);
}

int pki_stage_index(struct pki *p)
{
	struct text t = text_in(p->arena);

	index_print(&p->index, &t);
	return pki_stage(p, index_file, bytes_str(text_str(&t)), true);
}

/* ------------------------------------------------------------------- init */

static int scopes(struct pki *p, enum pki_option o, struct make_scopes *out)
{
	const struct pki_words *words = &p->options[o];
	struct make_scope *v = ARENA_ARRAY(p->arena, words->n, struct make_scope);
	struct why why = { 0 };

	for (unsigned i = 0; i < words->n; i++)
		if (make_scope_parse(words->v[i], p->arena, &v[i], &why))
			return pki_fail(p, pki_option_word(o), &why);
	*out = (struct make_scopes){ v, words->n };
	return DONE;
}

/* What certificates of this CA will say about where to ask. */
static int take_uris(struct pki *p)
{
	static const enum pki_option uris[] = { OPT_CRL_URI, OPT_OCSP_URI };

	for (size_t i = 0; i < 2; i++) {
		const char *uri = pki_option(p, uris[i], NULL);

		for (const char *c = uri; c && *c; c++)
			if (*c <= ' ' || *c > '~' || strncmp(uri, "http://", 7))
				return ipsec_fail(p->x, USAGE, "%s %s: it is http:// and a place",
					pki_option_word(uris[i]), uri);
	}
	p->index.crl_uri = pki_option(p, OPT_CRL_URI, NULL);
	p->index.ocsp_uri = pki_option(p, OPT_OCSP_URI, NULL);
	return DONE;
}

/* CAs that are called the same would be taken for each other; so each has digits of its own in its name. */
static int ca_name(struct pki *p, struct bytes serial, struct id *out)
{
	const char *dn = pki_option(
		p, OPT_DN, arena_printf(p->arena, "CN=ikev2d CA %s", pki_hex(p, bytes_of(serial.p, 4))));

	return pki_dn(p, dn, out);
}

static int init_spec(struct pki *p, struct make_spec *s)
{
	int64_t length;
	int code = pki_days(p, PKI_CA_DAYS, 100 * 366, &length);

	*s = (struct make_spec){
		.profile = MAKE_CA, .serial = pki_serial(p), .not_before = p->now - PKI_SKEW
	};
	s->not_after = p->now + length;
	if (!code)
		code = take_uris(p);
	if (!code)
		code = scopes(p, OPT_PERMIT, &s->permitted);
	if (!code)
		code = scopes(p, OPT_EXCLUDE, &s->excluded);
	return code ? code : ca_name(p, s->serial, &s->subject);
}

static int check_no_ca(struct pki *p)
{
	if (!pki_exists(pki_path(p, index_file)) || pki_has(p, OPT_FORCE))
		return DONE;
	return ipsec_fail(p->x, FAILED, "%s is there already: --force makes a new CA in its place",
		pki_path(p, index_file));
}

int pki_stage_ca(struct pki *p)
{
	struct make_spec s;
	struct bytes der;
	struct why why = { 0 };
	int code = init_spec(p, &s);

	if (!code)
		code = pki_lock(p);
	if (code)
		return code;
	if (make_key(pki_option(p, OPT_TYPE, "ecdsa"), p->arena, &p->ca_key, &why))
		return pki_fail(p, "--type", &why);
	s.key = p->ca_key;
	if (make_cert(&s, NULL, p->ca_key, p->arena, &der, &why) || cert_read(der, p->arena, &p->ca, &why))
		return pki_fail(p, "the CA", &why);
	code = pki_stage(p, ca_cert, make_pem("CERTIFICATE", der, p->arena), false);
	if (!code)
		code = pki_stage_key(p, ca_key, p->ca_key, OPT_CA_PASS);
	return code ? code : check_no_ca(p);
}

void pki_say_ca(struct pki *p, struct json *j)
{
	pki_json_cert(p, j, p->ca);
	json_str(j, "file", pki_path(p, ca_cert));
	if (!p->x->json)
		fprintf(p->x->out, "%s: %s until %s\n  %s, its key %s\n", cert_name(p->ca, p->arena),
			key_print(p->ca->key, p->arena), cert_time(p->ca->not_after, p->arena),
			pki_path(p, ca_cert), pki_path(p, ca_key));
}

int pki_init(struct pki *p)
{
	struct json j;
	int code = pki_stage_ca(p);

	if (!code)
		code = pki_stage_index(p);
	if (!code)
		code = pki_commit(p);
	if (code)
		return code;
	j = pki_json(p);
	pki_say_ca(p, &j);
	return pki_answer(p, &j);
}

/* ------------------------------------------------------------------- open */

static int read_index(struct pki *p)
{
	const char *path = pki_path(p, index_file);
	struct bytes text;
	struct why why = { 0 };
	int code;

	if (!pki_exists(path))
		return ipsec_fail(p->x, FAILED, "there is no CA in %s: ipsec pki init makes one", p->dir);
	code = pki_read_file(p, path, &text);
	if (!code && index_parse(text, p->arena, &p->index, &why))
		code = pki_fail(p, path, &why);
	return code;
}

int pki_ca_key(struct pki *p)
{
	const char *path = pki_path(p, ca_key);
	int code = pki_read_key(p, path, OPT_CA_PASS, &p->ca_key);

	if (!code && p->ca->key && !key_eq(p->ca->key, p->ca_key))
		code = ipsec_fail(p->x, FAILED, "%s is not the key of %s", path, pki_path(p, ca_cert));
	if (!code && p->ca->not_after <= p->now)
		code = ipsec_fail(p->x, FAILED,
			"the CA has expired (on %s): ipsec pki init --force makes a new one",
			cert_time(p->ca->not_after, p->arena));
	return code;
}

int pki_ca_open(struct pki *p, bool to_sign)
{
	int code;

	if (!pki_exists(pki_path(p, index_file)) && !pki_exists(pki_path(p, "pki/pending")))
		return read_index(p);
	code = pki_lock(p);
	if (!code)
		code = read_index(p);
	if (!code)
		code = pki_read_cert(p, pki_path(p, ca_cert), &p->ca);
	return code || !to_sign ? code : pki_ca_key(p);
}
