/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Revocation: what CRLs and OCSP answers say, and what follows. */
#include "pki/path_rules.h"

#include "pki/ossl.h"

#include <openssl/x509_vfy.h>

/* OpenSSL's complaints about CRLs. "Strange" ones are about who made the CRL. */
static const struct row {
	int error;
	bool strange;
	const char *reason;
} rows[] = {
	{ X509_V_ERR_UNABLE_TO_GET_CRL, false, "there is no CRL" },
	{ X509_V_ERR_CRL_HAS_EXPIRED, false, "the CRL is too old" },
	{ X509_V_ERR_CRL_NOT_YET_VALID, false, "the CRL is from the future" },
	{ X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD, true, "the CRL's time cannot be read" },
	{ X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD, true, "the CRL's time cannot be read" },
	{ X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE, true, "the CRL's signature cannot be read" },
	{ X509_V_ERR_CRL_SIGNATURE_FAILURE, true, "the CRL is not signed by the issuer" },
	{ X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, true, "the CRL is not from the issuer" },
	{ X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, true, "the issuer may not sign CRLs (keyUsage)" },
	{ X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, true,
		"the CRL has a critical extension that is not understood" },
	{ X509_V_ERR_DIFFERENT_CRL_SCOPE, true, "the CRL is about other certificates" },
	{ X509_V_ERR_CRL_PATH_VALIDATION_ERROR, true, "the CRL's signer is not trusted" },
};

static const struct row *row_of(int error)
{
	for (const struct row *r = rows; r < rows + sizeof rows / sizeof *rows; r++)
		if (r->error == error)
			return r;
	return NULL;
}

int path_crl_error(struct judge *j, X509_STORE_CTX *ctx)
{
	int error = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
	const struct row *row = row_of(error);
	struct crl_finding *f;

	if ((!row && error != X509_V_ERR_CERT_REVOKED) || depth < 0 || depth > CHAIN_MAX)
		return 0;
	f = &j->crl[depth];
	if (row) {
		f->error = error;
		f->strange |= row->strange;
	} else if (!f->strange) {
		f->revoked = true;
	}
	return 1;
}

static void by_crl(struct judge *j, struct path_link *link, const struct crl_finding *f)
{
	if (f->revoked) {
		link->status = STATUS_REVOKED;
		link->reason = arena_printf(j->arena, "the CRL of %s", cert_name(link->issuer, j->arena));
	} else if (f->error) {
		link->reason = row_of(f->error)->reason;
	} else {
		link->status = STATUS_GOOD;
		link->reason = arena_printf(j->arena, "the CRL of %s", cert_name(link->issuer, j->arena));
	}
}

/* Certificates trusted to sign OCSP answers, into OUT. */
static unsigned ocsp_signers(const struct store *s, struct cert **out, unsigned max)
{
	unsigned n = 0;

	list_each (node, &s->all)
		if (store_at(node)->kind == STORED_OCSP_SIGNER && n < max)
			out[n++] = store_at(node)->cert;
	return n;
}

enum { SIGNERS_MAX = 64 };

/* Good news replaces not knowing, bad news everything. */
static void by_answer(struct judge *j, struct path_link *link, const struct ocsp *o)
{
	struct cert *signers[SIGNERS_MAX];
	unsigned n = ocsp_signers(j->store, signers, SIGNERS_MAX);
	const char *reason;
	int64_t until;
	enum status status =
		ocsp_status(o, link->cert, link->issuer, signers, n, j->r->now, j->arena, &until, &reason);

	if (status == STATUS_UNKNOWN || link->status == STATUS_REVOKED)
		return;
	link->status = status;
	link->reason = "OCSP";
}

static void by_ocsp(struct judge *j, struct path_link *link)
{
	for (unsigned i = 0; i < j->r->n_stapled; i++)
		by_answer(j, link, j->r->stapled[i]);
	list_each (n, &j->store->all)
		if (store_at(n)->kind == STORED_OCSP)
			by_answer(j, link, store_at(n)->ocsp);
}

static void add_uris(struct uris *to, const struct uris *from)
{
	for (unsigned i = 0; i < from->n && to->n < CERT_URIS_MAX; i++)
		to->v[to->n++] = from->v[i];
}

/* What the authority's section says comes first: it is there because the certificate's own is wrong or
 * missing. */
void path_uris(const struct store *s, struct path_link *link)
{
	link->ocsps.n = link->crls.n = 0;
	list_each (n, (struct node *)&s->all) {
		const struct stored *e = store_at(n);

		if (store_is_about(e, link->issuer)) {
			add_uris(&link->ocsps, &e->authority.ocsps);
			add_uris(&link->crls, &e->authority.crls);
		}
	}
	add_uris(&link->ocsps, &link->cert->ocsps);
	add_uris(&link->crls, &link->cert->crls);
}

struct ocsp *path_ocsp(const struct store *s, const struct cert *cert, const struct cert *issuer, int64_t now)
{
	struct cert *signers[SIGNERS_MAX];
	unsigned n = ocsp_signers(s, signers, SIGNERS_MAX);
	struct ocsp *found = NULL;
	struct arena arena = { 0 };
	const char *reason;
	int64_t until;

	list_each (node, (struct node *)&s->all) {
		const struct stored *e = store_at(node);

		if (!found && e->kind == STORED_OCSP &&
			ocsp_status(e->ocsp, cert, issuer, signers, n, now, &arena, &until, &reason) ==
				STATUS_GOOD)
			found = e->ocsp;
	}
	arena_free(&arena);
	return found;
}

static void refuse_revoked(struct judge *j, const struct path_link *link)
{
	path_refuse(j, FAULT_REVOKED,
		arena_printf(j->arena, "the certificate of %s (serial %s) is revoked: %s says so",
			cert_name(link->cert, j->arena), cert_hex(link->cert->serial, j->arena),
			link->reason),
		"a new certificate: ipsec pki issue");
}

static void refuse_unknown(struct judge *j, const struct path_link *link)
{
	bool uri = link->ocsps.n || link->crls.n;

	if (j->v->fault || j->r->revocation == REVOCATION_RELAXED ||
		(j->r->revocation == REVOCATION_IFURI && !uri))
		return;
	path_refuse(j, FAULT_UNKNOWN,
		arena_printf(j->arena, "nobody says whether the certificate of %s is revoked: %s",
			cert_name(link->cert, j->arena), link->reason),
		uri ? "a server that answers at its URI, or revocation = relaxed"
		    : "crl_uris or ocsp_uris in the section authorities, a CRL in the folder x509crl, or "
		      "revocation = "
		      "ifuri");
}

void path_revocation(struct judge *j)
{
	struct path_verdict *v = j->v;

	for (unsigned i = 0; i < v->n_links; i++) {
		struct path_link *link = &v->links[i];

		if (!link->issuer)
			continue;
		path_uris(j->store, link);
		by_crl(j, link, &j->crl[i]);
		by_ocsp(j, link);
		if (link->status == STATUS_REVOKED) {
			refuse_revoked(j, link);
			return;
		}
	}
	for (unsigned i = 0; i < v->n_links; i++)
		if (v->links[i].issuer && v->links[i].status == STATUS_UNKNOWN)
			refuse_unknown(j, &v->links[i]);
}

enum err path_fetched_crl(struct store *s, const struct path_link *link, const char *uri, struct bytes der,
	struct arena *arena, struct why *why)
{
	struct crl *crl;
	enum err e = crl_read(der, arena, &crl, why);

	if (e)
		return e;
	if (crl_is_signed_by(crl, link->issuer)) {
		e = store_add_crl(s, crl, STORED_BY_FETCH, uri);
	} else {
		e = ERR_AUTH;
		why->what = arena_printf(
			arena, "the CRL from %s is not signed by %s", uri, cert_name(link->issuer, arena));
	}
	crl_unref(crl);
	return e;
}

enum err path_fetched_ocsp(struct store *s, const struct path_link *link, const char *uri, struct bytes der,
	int64_t now, struct arena *arena, struct why *why)
{
	struct cert *signers[SIGNERS_MAX];
	unsigned n = ocsp_signers(s, signers, SIGNERS_MAX);
	const char *reason;
	struct ocsp *o;
	int64_t until;
	enum err e = ocsp_read(der, arena, &o, why);

	if (e)
		return e;
	if (ocsp_status(o, link->cert, link->issuer, signers, n, now, arena, &until, &reason) !=
		STATUS_UNKNOWN) {
		e = store_add_ocsp(s, o, STORED_BY_FETCH,
			arena_printf(arena, "%s %s", uri, cert_hex(link->cert->serial, arena)));
	} else {
		e = ERR_AUTH;
		why->what = arena_printf(arena, "from %s: %s", uri, reason);
	}
	ocsp_unref(o);
	return e;
}
