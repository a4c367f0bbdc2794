/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the CA takes back, and its CRL. */
#include "pki_files.h"

#include <stdlib.h>

static const char ca_crl[] = "x509crl/ca.crl";

static struct bytes unhex(struct pki *p, const char *digits)
{
	size_t n = strlen(digits) / 2;
	uint8_t *b = arena_alloc(p->arena, n);

	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)strtoul(arena_text(p->arena, bytes_of(digits + 2 * i, 2)), NULL, 16);
	return bytes_of(b, n);
}

/* What is revoked, as long as it could still be used. */
static struct make_revoked *revoked(struct pki *p, unsigned *n)
{
	struct make_revoked *v = ARENA_ARRAY(p->arena, p->index.n, struct make_revoked);

	*n = 0;
	for (unsigned i = 0; i < p->index.n; i++) {
		const struct index_entry *e = &p->index.v[i];

		if (e->revoked && e->not_after > p->now)
			v[(*n)++] = (struct make_revoked){ unhex(p, e->serial), e->revoked, e->reason };
	}
	return v;
}

static int crl_made(struct pki *p, int64_t seconds, struct bytes *out)
{
	unsigned n;
	struct make_revoked *v = revoked(p, &n);
	struct why why = { 0 };

	p->index.crl_number++;
	p->index.crl_next = p->now + seconds;
	if (make_crl(p->ca, p->ca_key, v, n, p->index.crl_number, p->now, p->index.crl_next, p->arena, out,
		    &why))
		return pki_fail(p, "the CRL", &why);
	return DONE;
}

int pki_stage_crl(struct pki *p, int64_t seconds)
{
	struct bytes der;
	int code = crl_made(p, seconds, &der);

	return code ? code : pki_stage(p, ca_crl, der, true);
}

static void say_crl(struct pki *p, struct json *j)
{
	json_str(j, "crl", pki_path(p, ca_crl));
	json_num(j, "crl_number", arena_printf(p->arena, "%llu", (unsigned long long)p->index.crl_number));
	json_str(j, "next_update", cert_time(p->index.crl_next, p->arena));
	if (!p->x->json)
		fprintf(p->x->out, "%s: number %llu, the next before %s\n", pki_path(p, ca_crl),
			(unsigned long long)p->index.crl_number, cert_time(p->index.crl_next, p->arena));
}

int pki_crl(struct pki *p)
{
	const char *out = pki_option(p, OPT_OUT, NULL);
	struct bytes der;
	struct json j;
	int64_t seconds;
	int code = pki_days(p, PKI_CRL_DAYS, 366, &seconds);

	if (!code && out)
		code = pki_check_free(p, out);
	if (!code)
		code = pki_ca_open(p, true);
	if (!code)
		code = crl_made(p, seconds, &der);
	if (!code)
		code = pki_stage(p, ca_crl, der, true);
	if (!code)
		code = pki_stage_index(p);
	if (!code)
		code = pki_commit(p);
	if (!code && out)
		code = pki_write(p, out, der);
	if (code)
		return code;
	j = pki_json(p);
	say_crl(p, &j);
	return pki_answer(p, &j);
}

int pki_reason(struct pki *p, int *out)
{
	const char *word = pki_option(p, OPT_REASON, "unspecified");
	struct text known = text_in(p->arena);

	*out = make_reason(word);
	if (*out >= 0)
		return DONE;
	for (unsigned i = 0; make_reason_at(i); i++)
		text_add(&known, "%s%s", i ? ", " : "", make_reason_at(i));
	return ipsec_fail(p->x, USAGE, "--reason %s: there are %s", word, text_str(&known));
}

unsigned pki_mark_revoked(struct pki *p, const char *word, int reason, struct json *j)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->index.n; i++) {
		struct index_entry *e = &p->index.v[i];

		if (e->revoked || e->not_after <= p->now ||
			(strcmp(e->name, word) && strcmp(e->serial, word)))
			continue;
		e->revoked = p->now;
		e->reason = reason;
		json_str(j, NULL, e->serial);
		if (!p->x->json)
			fprintf(p->x->out, "%s: serial %s is revoked\n", e->name, e->serial);
		n++;
	}
	return n;
}

int pki_revoke(struct pki *p)
{
	struct json j = pki_json(p);
	int reason, code = pki_reason(p, &reason);
	unsigned n;

	if (!code)
		code = pki_ca_open(p, true);
	if (code)
		return code;
	json_open(&j, "revoked", '[');
	n = pki_mark_revoked(p, p->args[0], reason, &j);
	json_close(&j, ']');
	if (!n)
		return ipsec_fail(p->x, FAILED,
			"nothing that is valid was issued to %s: ipsec pki show lists what was", p->args[0]);
	code = pki_stage_crl(p, (int64_t)PKI_CRL_DAYS * PKI_DAY);
	if (!code)
		code = pki_stage_index(p);
	if (!code)
		code = pki_commit(p);
	if (code)
		return code;
	say_crl(p, &j);
	return pki_answer(p, &j);
}
