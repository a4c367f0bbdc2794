/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec pki: THE table of its verbs, and THE table of its options. */
#include "pki_files.h"

#include "base/names.h"
#include "base/roff.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FLAG = 1, MANY = 2 };

static const struct {
	const char *word, *value;
	unsigned kind;
} options[PKI_OPTIONS] = {
	[OPT_CA_PASS] = { "--ca-passphrase-file", "FILE", 0 },
	[OPT_CRL_URI] = { "--crl-uri", "URI", 0 },
	[OPT_DAYS] = { "--days", "N", 0 },
	[OPT_DN] = { "--dn", "DN", 0 },
	[OPT_DUE] = { "--due", NULL, FLAG },
	[OPT_ENCRYPT] = { "--encrypt", NULL, FLAG },
	[OPT_EXCLUDE] = { "--exclude", "NAMES", MANY },
	[OPT_FOR] = { "--for", "WHOM", 0 },
	[OPT_FORCE] = { "--force", NULL, FLAG },
	[OPT_ID] = { "--id", "ID", 0 },
	[OPT_KEY_PASS] = { "--key-passphrase-file", "FILE", 0 },
	[OPT_NAME] = { "--name", "NAME", 0 },
	[OPT_NEW_KEY] = { "--new-key", NULL, FLAG },
	[OPT_OCSP_URI] = { "--ocsp-uri", "URI", 0 },
	[OPT_OUT] = { "--out", "FILE", 0 },
	[OPT_PASSWORD] = { "--password-file", "FILE", 0 },
	[OPT_PERMIT] = { "--permit", "NAMES", MANY },
	[OPT_PROFILE] = { "--profile", "gateway|user", 0 },
	[OPT_REASON] = { "--reason", "REASON", 0 },
	[OPT_REVOCATION] = { "--revocation", "strict|ifuri|relaxed", 0 },
	[OPT_SAN] = { "--san", "ID", MANY },
	[OPT_TYPE] = { "--type", "ecdsa|rsa|ed25519", 0 },
};

#define O(name) (1u << OPT_##name)

static const struct verb {
	const char *name, *args, *help;
	int min, max;     /* words that are no options */
	unsigned options; /* bits */
	int (*run)(struct pki *p);
} verbs[] = {
	{ "init", "", "make a CA", 0, 0,
		O(TYPE) | O(DN) | O(DAYS) | O(PERMIT) | O(EXCLUDE) | O(CRL_URI) | O(OCSP_URI) | O(ENCRYPT) |
			O(CA_PASS) | O(FORCE),
		pki_init },
	{ "issue", "NAME", "a key and its certificate", 1, 1,
		O(SAN) | O(PROFILE) | O(TYPE) | O(DN) | O(DAYS) | O(ENCRYPT) | O(KEY_PASS) | O(CA_PASS) |
			O(FORCE),
		pki_issue },
	{ "request", "NAME", "a key, and a request for a CA elsewhere", 1, 1,
		O(SAN) | O(TYPE) | O(DN) | O(OUT) | O(ENCRYPT) | O(KEY_PASS) | O(FORCE), pki_request },
	{ "sign", "FILE", "the certificate that a request asks for", 1, 1,
		O(NAME) | O(SAN) | O(PROFILE) | O(DAYS) | O(CA_PASS) | O(FORCE), pki_sign },
	{ "renew", "[NAME]", "a certificate anew; --due: all that end within --days (30)", 0, 1,
		O(DUE) | O(DAYS) | O(NEW_KEY) | O(KEY_PASS) | O(CA_PASS), pki_renew },
	{ "revoke", "NAME|SERIAL", "take back certificates, and make a CRL", 1, 1, O(REASON) | O(CA_PASS),
		pki_revoke },
	{ "crl", "", "make a CRL", 0, 0, O(DAYS) | O(OUT) | O(CA_PASS) | O(FORCE), pki_crl },
	{ "show", "[NAME|FILE]", "what was issued, or what is in a file", 0, 1, O(PASSWORD), pki_show },
	{ "verify", "NAME|FILE", "what ikev2d would say to it, step by step", 1, 1, O(ID) | O(REVOCATION),
		pki_verify },
	{ "export", "NAME", "for windows, macos, ios, android, linux, pem, or another gateway", 1, 1,
		O(FOR) | O(OUT) | O(PASSWORD) | O(KEY_PASS) | O(FORCE), pki_export },
	{ "keyid", "NAME|FILE", "the ids of its key", 1, 1, O(KEY_PASS), pki_keyid_verb },
	{ "fingerprint", "NAME|FILE", "SHA-256 of the certificate", 1, 1, 0, pki_fingerprint },
};

enum { VERBS = sizeof verbs / sizeof *verbs };

const char *pki_option_word(enum pki_option o)
{
	return options[o].word;
}

static void help_verb(FILE *out, const struct verb *v)
{
	fprintf(out, "  %-11s %-12s %s\n", v->name, v->args, v->help);
	for (unsigned o = 0, column = 0; o < PKI_OPTIONS; o++) {
		if (!(v->options & 1u << o))
			continue;
		column += (unsigned)fprintf(out, "%s[%s%s%s]%s", column ? " " : "      ", options[o].word,
			options[o].value ? " " : "", options[o].value ? options[o].value : "",
			options[o].kind == MANY ? "…" : "");
		if (column > 80 || !(v->options >> o >> 1)) {
			fprintf(out, "\n");
			column = 0;
		}
	}
}

static int help(struct ipsec *x)
{
	fprintf(x->out, "usage: ipsec pki [--dir DIR] [--json] VERB ...\n\n");
	for (int i = 0; i < VERBS; i++)
		help_verb(x->out, &verbs[i]);
	fprintf(x->out,
		"\nDIR is /etc/ikev2d; certificates go to DIR/x509, DIR/x509ca and DIR/x509crl, keys to "
		"DIR/private,\nwhere ikev2d reads them; the CA's own key stays in DIR/pki, where it does "
		"not.\n");
	return DONE;
}

void pki_man(struct text *out)
{
	roff_section(out, "KEYS AND CERTIFICATES");
	roff_line(out, "ipsec pki [--dir DIR] [--json] VERB ...");
	for (const struct verb *v = verbs; v < verbs + VERBS; v++) {
		struct text args = text_in(out->arena);

		text_add(&args, "%s", v->args);
		for (unsigned o = 0; o < PKI_OPTIONS; o++)
			if (v->options & 1u << o)
				text_add(&args, " [%s%s%s]", options[o].word, options[o].value ? " " : "",
					options[o].value ? options[o].value : "");
		roff_entry(out, v->name, text_str(&args), v->help);
	}
}

/* The value of the option BEFORE, or NULL. */
static const char *value_of(const char *before)
{
	for (unsigned o = 0; o < PKI_OPTIONS; o++)
		if (!strcmp(options[o].word, before))
			return options[o].value;
	return NULL;
}

void pki_offer(struct ipsec *x, int argc, char **argv)
{
	const char *begins = argv[argc - 1], *value = argc > 1 ? value_of(argv[argc - 2]) : NULL;

	for (const struct verb *v = verbs; v < verbs + VERBS; v++) {
		if (argc == 1)
			complete_offer(x, begins, v->name);
		if (argc == 1 || value || strcmp(v->name, argv[0]) != 0)
			continue;
		for (unsigned o = 0; o < PKI_OPTIONS; o++)
			if (v->options & 1u << o)
				complete_offer(x, begins, options[o].word);
	}
	if (value && strchr(value, '|'))
		complete_choices(x, begins, value);
}

static const char *next_verb(void *ctx)
{
	int *i = ctx;

	return *i < VERBS ? verbs[(*i)++].name : NULL;
}

static const struct verb *find_verb(struct ipsec *x, const char *word)
{
	int i = 0;
	const char *near;

	for (int n = 0; n < VERBS; n++)
		if (!strcmp(verbs[n].name, word))
			return &verbs[n];
	near = name_nearest(word, next_verb, &i);
	(void)ipsec_fail(x, USAGE, "there is no verb pki %s: %s%s%s", word, near ? "did you mean " : "",
		near ? near : "ipsec pki help lists them", near ? "?" : "");
	return NULL;
}

/* One option and its value. How many words that were, or 0 after a complaint. */
static int take_option(struct pki *p, const struct verb *v, char **words)
{
	size_t n = strcspn(words[0], "=");
	const char *value = words[0][n] ? words[0] + n + 1 : words[1];

	for (unsigned o = 0; o < PKI_OPTIONS; o++) {
		struct pki_words *to = &p->options[o];
		bool flag = options[o].kind == FLAG;

		if (strlen(options[o].word) != n || strncmp(options[o].word, words[0], n) ||
			!(v->options & 1u << o))
			continue;
		if (!flag && (!value || !*value))
			return ipsec_fail(p->x, 0, "%s needs a value: %s %s", options[o].word,
				options[o].word, options[o].value);
		if (flag && words[0][n])
			return ipsec_fail(p->x, 0, "%s has no value", options[o].word);
		if (to->n == (options[o].kind == MANY ? PKI_WORDS_MAX : 1))
			return ipsec_fail(p->x, 0, "%s was given too often", options[o].word);
		to->v[to->n++] = flag ? "" : value;
		return flag || words[0][n] ? 1 : 2;
	}
	return ipsec_fail(p->x, 0, "ipsec pki %s has no option %s: ipsec pki help", v->name, words[0]);
}

static bool take_words(struct pki *p, const struct verb *v, int argc, char **argv)
{
	for (int i = 0; i < argc;) {
		int n = 1;

		if (!strcmp(argv[i], "--json"))
			p->x->json = true;
		else if (argv[i][0] == '-' && argv[i][1])
			n = take_option(p, v, argv + i);
		else
			p->args[p->n_args++] = argv[i];
		if (!n)
			return false;
		i += n;
	}
	return true;
}

static int run_verb(struct pki *p, const struct verb *v, int argc, char **argv)
{
	int code;

	p->args = ARENA_ARRAY(p->arena, (size_t)argc + 1, char *);
	if (!take_words(p, v, argc, argv))
		return USAGE;
	if (p->n_args < v->min || p->n_args > v->max)
		return ipsec_fail(p->x, USAGE, "usage: ipsec pki %s%s%s [options]", v->name,
			*v->args ? " " : "", v->args);
	code = v->run(p);
	pki_close(p);
	return code;
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

int verb_pki(struct ipsec *x, int argc, char **argv)
{
	struct pki p = { .x = x,
		.arena = &x->arena,
		.dir = "/etc/ikev2d",
		.now = time(NULL),
		.lock = -1,
		.pending = text_in(&x->arena) };
	const struct verb *v;
	int i = 0;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strncmp(argv[i], "--dir=", 6) && argv[i][6])
			p.dir = argv[i] + 6;
		else if (!strcmp(argv[i], "--dir") && i + 1 < argc && *argv[i + 1])
			p.dir = argv[++i];
		else if (!strcmp(argv[i], "--json"))
			x->json = true;
		else
			return ipsec_fail(x, USAGE,
				"there is no option %s in front of the verb: ipsec pki help", argv[i]);
	}
	if (i == argc)
		return ipsec_fail(x, USAGE, "usage: ipsec pki [--dir DIR] VERB ...: ipsec pki help");
	if (!strcmp(argv[i], "help"))
		return help(x);
	v = find_verb(x, argv[i]);
	return v ? run_verb(&p, v, argc - i - 1, argv + i + 1) : USAGE;
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
		"with "
		"no dot",
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
