/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes elsewhere: PKCS#12 for devices, PEM, and folders for another ikev2d. */
#include "pki_files.h"

enum form { FORM_P12, FORM_PEM, FORM_FOLDER };

/* THE table of whom something is exported for. What they read was the weakest among their versions in use:
 * Windows 10 before 1809 and Server 2016, macOS before 15, iOS before 18 and Android before 12 know no AES in
 * PKCS#12. */
static const struct whom {
	const char *word, *suffix;
	enum form form;
	enum p12_seal seal;
} whoms[] = {
	{ "windows", ".p12", FORM_P12, P12_OLD },
	{ "macos", ".p12", FORM_P12, P12_OLD },
	{ "ios", ".p12", FORM_P12, P12_OLD },
	{ "android", ".p12", FORM_P12, P12_OLD },
	{ "linux", ".p12", FORM_P12, P12_NEW },
	{ "pem", ".pem", FORM_PEM, P12_NEW },
	{ "gateway", "", FORM_FOLDER, P12_NEW },
};

enum { WHOMS = sizeof whoms / sizeof *whoms };

struct exporting {
	struct pki *p;
	const char *name, *out;
	const struct whom *whom;
	struct cert *cert, *ca;
	struct key *key; /* NULL: not here */
};

static int find_whom(struct pki *p, const struct whom **out)
{
	const char *word = pki_option(p, OPT_FOR, "linux");
	struct text known = text_in(p->arena);

	for (int i = 0; i < WHOMS; i++) {
		*out = &whoms[i];
		if (!strcmp(word, whoms[i].word))
			return DONE;
		text_add(&known, "%s%s", i ? ", " : "", whoms[i].word);
	}
	return ipsec_fail(p->x, USAGE, "--for %s: there are %s", word, text_str(&known));
}

static int collect(struct exporting *e)
{
	struct pki *p = e->p;
	const char *key = pki_path(p, arena_printf(p->arena, "private/%s.pem", e->name));
	int code = pki_read_cert(p, pki_path(p, arena_printf(p->arena, "x509/%s.pem", e->name)), &e->cert);

	if (!code)
		code = pki_read_cert(p, pki_path(p, "x509ca/ca.pem"), &e->ca);
	if (!code && pki_exists(key))
		code = pki_read_key(p, key, OPT_KEY_PASS, &e->key);
	else if (!code && e->whom->form != FORM_FOLDER)
		code = ipsec_fail(p->x, FAILED, "%s is not here: export it where it is", key);
	if (!code && e->key && e->cert->key && !key_eq(e->key, e->cert->key))
		code = ipsec_fail(p->x, FAILED, "%s is not the key of the certificate of %s", key, e->name);
	return code;
}

static int as_p12(struct exporting *e)
{
	struct pki *p = e->p;
	struct bytes password, der;
	struct why why = { 0 };
	int code = pki_secret(p, OPT_PASSWORD, "a password for the PKCS#12 file", PROMPT_NEW, &password);

	if (code)
		return code;
	if (make_p12(e->key, e->cert, &e->ca, 1, e->name, password, e->whom->seal, p->arena, &der, &why))
		return pki_fail(p, e->name, &why);
	return pki_write(p, e->out, der);
}

static struct bytes pem_of(struct exporting *e, const struct cert *c)
{
	return make_pem("CERTIFICATE", c->der, e->p->arena);
}

/* The key's file: encrypted where there is a password for it. */
static int key_pem(struct exporting *e, struct bytes *out)
{
	struct pki *p = e->p;
	struct bytes password;
	struct why why = { 0 };
	int code = pki_secret(p, OPT_PASSWORD, "a passphrase", PROMPT_NEVER, &password);

	if (!code && make_key_pem(e->key, password.p ? &password : NULL, p->arena, out, &why))
		code = pki_fail(p, e->name, &why);
	return code;
}

static int as_pem(struct exporting *e)
{
	struct text t = text_in(e->p->arena);
	struct bytes parts[3] = { { 0 }, pem_of(e, e->cert), pem_of(e, e->ca) };
	int code = key_pem(e, &parts[0]);

	for (size_t i = 0; i < 3; i++)
		text_put(&t, parts[i].p, parts[i].n);
	return code ? code : pki_write(e->p, e->out, bytes_of(t.s, t.n));
}

static int into_folder(struct exporting *e, const char *folder, const char *name, struct bytes data)
{
	struct pki *p = e->p;
	const char *path = arena_printf(p->arena, "%s/%s", e->out, folder);
	int code = pki_mkdir(p, path);

	return code ? code : pki_write(p, arena_printf(p->arena, "%s/%s.pem", path, name), data);
}

static int as_folder(struct exporting *e)
{
	struct bytes key = { 0 };
	int code = e->key ? key_pem(e, &key) : DONE;

	if (!code)
		code = pki_mkdir(e->p, e->out);
	if (!code)
		code = into_folder(e, "x509", e->name, pem_of(e, e->cert));
	if (!code)
		code = into_folder(e, "x509ca", "ca", pem_of(e, e->ca));
	if (!code && e->key)
		code = into_folder(e, "private", e->name, key);
	return code;
}

static int say_exported(struct exporting *e)
{
	struct pki *p = e->p;
	struct json j = pki_json(p);

	json_str(&j, "name", e->name);
	json_str(&j, "for", e->whom->word);
	json_str(&j, "file", e->out);
	if (!p->x->json)
		fprintf(p->x->out, "%s: for %s%s\n", e->out, e->whom->word,
			e->whom->form == FORM_FOLDER ? "; its folders belong into /etc/ikev2d there" : "");
	return pki_answer(p, &j);
}

static int export(struct exporting *e)
{
	static int (*const forms[])(struct exporting * e) = {
		[FORM_P12] = as_p12, [FORM_PEM] = as_pem, [FORM_FOLDER] = as_folder
	};
	int code = collect(e);

	if (!code)
		code = forms[e->whom->form](e);
	return code ? code : say_exported(e);
}

int pki_export(struct pki *p)
{
	struct exporting e = { .p = p, .name = p->args[0] };
	int code = pki_check_name(p, e.name);

	if (!code)
		code = find_whom(p, &e.whom);
	if (code)
		return code;
	e.out = pki_option(p, OPT_OUT, arena_printf(p->arena, "%s%s", e.name, e.whom->suffix));
	code = export(&e);
	cert_unref(e.cert);
	cert_unref(e.ca);
	key_unref(e.key);
	return code;
}
