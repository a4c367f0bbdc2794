/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that the verbs read. */
#include "pki_files.h"

#include "conf/files.h"
#include "pki/bundle.h"

int pki_fail(struct pki *p, const char *subject, const struct why *why)
{
	return ipsec_fail(p->x, FAILED, "%s: %s", subject, why_line(why, p->arena));
}

int pki_read_file(struct pki *p, const char *path, struct bytes *out)
{
	enum err e = conf_files_system.read(conf_files_system.ctx, path, p->arena, out);

	if (e == ERR_MISSING)
		return ipsec_fail(p->x, FAILED, "%s: there is no such file", path);
	if (e)
		return ipsec_fail(p->x, FAILED, "%s cannot be read: %s", path, err_name(e));
	return DONE;
}

int pki_read_cert(struct pki *p, const char *path, struct cert **out)
{
	struct bundle b = { 0 };
	struct bytes data;
	struct why why = { 0 };
	int code = pki_read_file(p, path, &data);

	if (code)
		return code;
	if (bundle_read(data, NULL, p->arena, &b, &why))
		return pki_fail(p, path, &why);
	if (b.n_certs)
		*out = cert_ref(b.certs[0]);
	else
		code = ipsec_fail(p->x, FAILED, "%s: there is no certificate in it", path);
	bundle_free(&b);
	return code;
}

int pki_read_key(struct pki *p, const char *path, enum pki_option pass, struct key **out)
{
	struct bytes data, secret;
	struct why why = { 0 };
	int code = pki_read_file(p, path, &data);
	enum err e;

	if (code)
		return code;
	e = key_private(data, NULL, p->arena, out, &why);
	if (e == ERR_MISSING) {
		code = pki_secret(
			p, pass, arena_printf(p->arena, "the passphrase of %s", path), PROMPT_OLD, &secret);
		if (code)
			return code;
		e = key_private(data, &secret, p->arena, out, &why);
	}
	return e ? pki_fail(p, path, &why) : DONE;
}

const char *pki_find(struct pki *p, const char *word)
{
	static const char *const places[] = { "x509", "x509ca" };

	if (strchr(word, '/'))
		return word;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *path = pki_path(p, arena_printf(p->arena, "%s/%s.pem", places[i], word));

		if (pki_exists(path))
			return path;
	}
	return pki_exists(word) ? word : pki_path(p, arena_printf(p->arena, "x509/%s.pem", word));
}
