/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging a chain: OpenSSL builds and checks it, then our own rules, then revocation. */
#include "pki/path.h"

#include "pki/ossl.h"
#include "pki/path_rules.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

const char *path_alert(enum path_fault f)
{
	static const char *const words[] = {
		[FAULT_TIME] = "cert-expired",
		[FAULT_REVOKED] = "cert-revoked",
		[FAULT_NO_ISSUER] = "cert-no-issuer",
		[FAULT_ROOT] = "cert-untrusted-root",
		[FAULT_PATH_LEN] = "cert-exceeded-path-len",
		[FAULT_POLICY] = "cert-policy-violation",
		[FAULT_INVALID] = "cert-validation-failed",
		[FAULT_UNKNOWN] = "cert-validation-failed",
	};

	return words[f];
}

/* OpenSSL's objects for one judgement; they end the process where there is no memory. */

static void must(bool done)
{
	if (!done)
		abort();
}

static X509_STORE *make_trust(const struct judge *j)
{
	const struct path_request *r = j->r;
	X509_STORE *trust = X509_STORE_new();

	must(trust);
	for (unsigned i = 0; i < r->n_cacerts; i++)
		must(X509_STORE_add_cert(trust, r->cacerts[i]->x509) == 1);
	if (!r->n_cacerts)
		list_each (n, &j->store->all)
			if (store_at(n)->kind == STORED_CA)
				must(X509_STORE_add_cert(trust, store_at(n)->cert->x509) == 1);
	if (j->trust_leaf)
		must(X509_STORE_add_cert(trust, r->leaf->x509) == 1);
	return trust;
}

static STACK_OF(X509) * make_untrusted(const struct judge *j)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	must(stack);
	for (unsigned i = 0; i < j->r->n_untrusted; i++)
		must(sk_X509_push(stack, j->r->untrusted[i]->x509));
	list_each (n, &j->store->all)
		if (store_at(n)->kind == STORED_CERT && store_at(n)->cert->ca)
			must(sk_X509_push(stack, store_at(n)->cert->x509));
	return stack;
}

static STACK_OF(X509_CRL) * make_crls(const struct judge *j)
{
	STACK_OF(X509_CRL) *stack = sk_X509_CRL_new_null();

	must(stack);
	list_each (n, &j->store->all)
		if (store_at(n)->kind == STORED_CRL)
			must(sk_X509_CRL_push(stack, store_at(n)->crl->x509));
	return stack;
}

static bool sha1_wanted(const struct constraints *c)
{
	return signature_in(c->chain, KEY_RSA, false, HASH_SHA1) ||
	       signature_in(c->chain, KEY_ECDSA, false, HASH_SHA1);
}

/* SHA-1 in signatures is admitted only where it was asked for by name. */
static bool set_rules(X509_STORE_CTX *ctx, const struct judge *j)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_CRL_CHECK |
			      X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_USE_DELTAS;
	ASN1_OBJECT *policy = j->policy ? OBJ_txt2obj(j->policy, 1) : NULL;

	X509_VERIFY_PARAM_set_time(param, j->r->now);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_MAX - 2);
	X509_VERIFY_PARAM_set_auth_level(param, sha1_wanted(&j->r->constraints) ? 0 : OSSL_LEVEL);
	if (j->policy) {
		if (!policy || X509_VERIFY_PARAM_add0_policy(param, policy) != 1)
			return false;
		flags |= X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_EXPLICIT_POLICY;
	}
	return X509_VERIFY_PARAM_set_flags(param, flags) == 1;
}

static int on_error(int ok, X509_STORE_CTX *ctx)
{
	struct judge *j = X509_STORE_CTX_get_app_data(ctx);

	return ok ? ok : path_crl_error(j, ctx);
}

static struct cert *find_cert(const struct judge *j, const X509 *x)
{
	if (x == j->r->leaf->x509)
		return j->r->leaf;
	for (unsigned i = 0; i < j->r->n_untrusted; i++)
		if (j->r->untrusted[i]->x509 == x)
			return j->r->untrusted[i];
	for (unsigned i = 0; i < j->r->n_cacerts; i++)
		if (j->r->cacerts[i]->x509 == x)
			return j->r->cacerts[i];
	list_each (n, &j->store->all)
		if (store_at(n)->cert && store_at(n)->cert->x509 == x)
			return store_at(n)->cert;
	return NULL;
}

/* The chain as OpenSSL built it. Only a good one: of a bad one its end may be missing. */
static void take_links(struct judge *j, X509_STORE_CTX *ctx)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	struct path_verdict *v = j->v;
	int n = sk_X509_num(chain);

	v->not_after = j->r->leaf->not_after;
	for (int i = 0; i < n && v->n_links <= CHAIN_MAX; i++) {
		struct path_link *link = &v->links[v->n_links++];

		*link = (struct path_link){ .cert = find_cert(j, sk_X509_value(chain, i)) };
		must(link->cert);
		if (i)
			link[-1].issuer = link->cert;
		if (link->cert->not_after < v->not_after)
			v->not_after = link->cert->not_after;
	}
}

/* One run of OpenSSL, with one policy (NULL: none). */
static void run(struct judge *j)
{
	X509_STORE *trust = make_trust(j);
	STACK_OF(X509) *untrusted = make_untrusted(j);
	STACK_OF(X509_CRL) *crls = make_crls(j);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	must(ctx && X509_STORE_CTX_init(ctx, trust, j->r->leaf->x509, untrusted) == 1);
	X509_STORE_CTX_set0_crls(ctx, crls);
	X509_STORE_CTX_set_app_data(ctx, j);
	X509_STORE_CTX_set_verify_cb(ctx, on_error);
	memset(j->crl, 0, sizeof j->crl);
	j->v->n_links = 0;
	if (!set_rules(ctx, j))
		path_bad_policy(j);
	else if (X509_verify_cert(ctx) == 1)
		take_links(j, ctx);
	else
		path_explain(j, ctx);
	X509_STORE_CTX_free(ctx);
	sk_X509_CRL_free(crls);
	sk_X509_free(untrusted);
	X509_STORE_free(trust);
	ossl_forget();
}

/* OpenSSL takes one of several policies, the connection demands all: one run for each. */
static void run_all(struct judge *j)
{
	j->policy = j->r->n_policies ? j->r->policies[0] : NULL;
	run(j);
	for (unsigned i = 1; i < j->r->n_policies && !j->v->fault; i++) {
		j->policy = j->r->policies[i];
		run(j);
	}
}

/* A certificate that the connection names is trusted by that, where no CA of ours can say more. */
static bool stands_alone(const struct judge *j)
{
	return j->r->n_pinned && !j->r->n_cacerts && !j->r->ca_id &&
	       (j->v->fault == FAULT_NO_ISSUER || j->v->fault == FAULT_ROOT);
}

void path_judge(
	const struct store *s, const struct path_request *r, struct arena *arena, struct path_verdict *out)
{
	struct judge j = { .store = s, .r = r, .arena = arena, .v = out };

	*out = (struct path_verdict){ 0 };
	if (!path_before(&j))
		return;
	run_all(&j);
	if (stands_alone(&j)) {
		*out = (struct path_verdict){ 0 };
		j.trust_leaf = true;
		run_all(&j);
	}
	if (out->fault)
		return;
	path_revocation(&j);
	out->trusted = !out->fault && path_after(&j);
	if (out->trusted || out->fault == FAULT_UNKNOWN)
		for (unsigned i = 0; i < out->n_links; i++)
			out->worth_asking |= out->links[i].issuer && out->links[i].status == STATUS_UNKNOWN &&
					     (out->links[i].ocsps.n || out->links[i].crls.n);
}
