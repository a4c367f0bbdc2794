/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec pki: THE table of its verbs, and what they share. */
#include "pki_files.h"
#include "pki_words.h"

#include <stdlib.h>
#include <unistd.h>

#define O(name) PKI_O(name)

static const struct pki_verb verbs[] = {
	{ "init", "", "make a CA", 0, 0,
		O(TYPE) | O(DN) | O(DAYS) | O(PERMIT) | O(EXCLUDE) | O(CRL_URI) | O(OCSP_URI) | O(ENCRYPT) |
			O(CA_PASS) | O(FORCE),
		pki_init, false },
	{ "issue", "NAME", "a key and its certificate", 1, 1,
		O(SAN) | O(PROFILE) | O(TYPE) | O(DN) | O(DAYS) | O(ENCRYPT) | O(KEY_PASS) | O(CA_PASS) |
			O(FORCE),
		pki_issue, false },
	{ "request", "NAME", "a key, and a request for a CA elsewhere", 1, 1,
		O(SAN) | O(TYPE) | O(DN) | O(OUT) | O(ENCRYPT) | O(KEY_PASS) | O(FORCE), pki_request, false },
	{ "sign", "FILE", "the certificate that a request asks for", 1, 1,
		O(NAME) | O(SAN) | O(PROFILE) | O(DAYS) | O(CA_PASS) | O(FORCE), pki_sign, false },
	{ "renew", "[NAME]", "a certificate anew; --due: all that end within --days (30)", 0, 1,
		O(DUE) | O(DAYS) | O(NEW_KEY) | O(KEY_PASS) | O(CA_PASS), pki_renew, true },
	{ "revoke", "NAME|SERIAL", "take back certificates, and make a CRL", 1, 1, O(REASON) | O(CA_PASS),
		pki_revoke, true },
	{ "crl", "", "make a CRL", 0, 0, O(DAYS) | O(OUT) | O(CA_PASS) | O(FORCE), pki_crl, false },
	{ "show", "[NAME|FILE]", "what was issued, or what is in a file", 0, 1, O(PASSWORD), pki_show, true },
	{ "verify", "NAME|FILE", "what ikev2d would say to it, step by step", 1, 1, O(ID) | O(REVOCATION),
		pki_verify, true },
	{ "export", "NAME", "for windows, macos, ios, android, linux, pem, or another gateway", 1, 1,
		O(FOR) | O(OUT) | O(PASSWORD) | O(KEY_PASS) | O(FORCE), pki_export, true },
	{ "keyid", "NAME|FILE", "the ids of its key", 1, 1, O(KEY_PASS), pki_keyid_verb, false },
	{ "fingerprint", "NAME|FILE", "SHA-256 of the certificate", 1, 1, 0, pki_fingerprint, false },
};

const struct pki_group pki_group = {
	.word = "pki",
	.title = "KEYS AND CERTIFICATES",
	.about = "DIR is /etc/ikev2d; certificates go to DIR/x509, DIR/x509ca and DIR/x509crl, keys to "
		 "DIR/private,\n"
		 "where ikev2d reads them; the CA's own key stays in DIR/pki, where it does not.\n",
	.verbs = verbs,
	.n = sizeof verbs / sizeof *verbs,
};

int verb_pki(struct ipsec *x, int argc, char **argv)
{
	return pki_group_run(x, &pki_group, argc, argv);
}

void pki_close(struct pki *p)
{
	if (p->lock >= 0)
		close(p->lock);
	p->lock = -1;
	cert_unref(p->ca);
	key_unref(p->ca_key);
	p->ca = NULL;
	p->ca_key = NULL;
}

/* ------------------------------------------------------------ small things */

int pki_days(struct pki *p, unsigned fallback, unsigned max, int64_t *seconds)
{
	const char *s = pki_option(p, OPT_DAYS, NULL);
	char *end;
	unsigned long n = s ? strtoul(s, &end, 10) : fallback;

	if (s && (*s < '0' || *s > '9' || *end || !n || n > max))
		return ipsec_fail(p->x, USAGE, "--days %s: it is a number from 1 to %u", s, max);
	*seconds = (int64_t)n * PKI_DAY;
	return DONE;
}

int pki_check_name(struct pki *p, const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@";

	if (*s && *s != '.' && *s != '-' && strlen(s) <= 64 && !s[strspn(s, letters)])
		return DONE;
	return ipsec_fail(p->x, USAGE,
		"%s cannot be a name of files: a name has up to 64 letters, digits, and . - _ @, and begins "
		"with neither dot nor hyphen",
		*s ? s : "nothing");
}

const char *pki_keyid(struct pki *p, const uint8_t id[KEYID_SIZE])
{
	return keyid_print(id, arena_alloc(p->arena, KEYID_TEXT));
}

struct json pki_json(struct pki *p)
{
	struct json j = json_in(p->arena);

	json_begin(&j);
	json_bool(&j, "success", true);
	return j;
}

int pki_answer(struct pki *p, struct json *j)
{
	json_close(j, '}');
	if (p->x->json)
		json_print(j, p->x->out);
	return DONE;
}
