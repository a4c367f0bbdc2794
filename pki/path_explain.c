/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenSSL's refusals as sentences. */
#include "pki/path_rules.h"

#include "pki/ossl.h"

#include <openssl/x509v3.h>

/* What is said behind the sentence. */
enum detail { PLAIN, WITH_NOT_AFTER, WITH_NOT_BEFORE, WITH_ISSUER, WITH_POLICY };

static const struct row {
	int error;
	enum path_fault fault;
	enum detail detail;
	const char *what; /* behind "the certificate of NAME" */
	const char *instead;
} rows[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, FAULT_TIME, WITH_NOT_AFTER, "has expired",
		"a new certificate: ipsec pki renew" },
	{ X509_V_ERR_CERT_NOT_YET_VALID, FAULT_TIME, WITH_NOT_BEFORE, "is not valid yet",
		"the right time on both machines, or a certificate that is valid already" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, FAULT_NO_ISSUER, WITH_ISSUER,
		"was issued by a CA that is not here",
		"the CA's certificate in the folder x509ca; an intermediate one is to be sent by the peer, "
		"or in x509" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, FAULT_NO_ISSUER, WITH_ISSUER,
		"was issued by a CA that is not here", "the CA's certificate in the folder x509ca" },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, FAULT_NO_ISSUER, WITH_ISSUER,
		"was issued by a CA that is not here", "the CA's certificate in the folder x509ca" },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, FAULT_ROOT, PLAIN,
		"is signed by itself, and is not trusted here",
		"the certificate in certs of the remote side, if it is the right one" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, FAULT_ROOT, PLAIN, "is a root that is not trusted here",
		"the root's certificate in the folder x509ca, if it is the right one" },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, FAULT_INVALID, WITH_ISSUER,
		"was changed, or is not signed by the CA it names", "the certificate as the CA issued it" },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, FAULT_PATH_LEN, PLAIN, "ends a chain that is too long",
		"fewer intermediate CAs" },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, FAULT_PATH_LEN, PLAIN,
		"may not have that many CAs below it (its path length)",
		"a chain with fewer intermediate CAs" },
	{ X509_V_ERR_INVALID_CA, FAULT_INVALID, PLAIN,
		"may not issue others (basicConstraints, keyUsage), and did",
		"a certificate issued by a CA" },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, FAULT_INVALID, PLAIN,
		"may not issue others (keyUsage has no keyCertSign)", "a CA with the keyUsage keyCertSign" },
	{ X509_V_ERR_PERMITTED_VIOLATION, FAULT_INVALID, PLAIN,
		"has a name that its CA may not issue (nameConstraints)",
		"a name within the CA's nameConstraints, or another CA" },
	{ X509_V_ERR_EXCLUDED_VIOLATION, FAULT_INVALID, PLAIN,
		"has a name that its CA must not issue (nameConstraints)",
		"a name outside of what the CA's nameConstraints exclude, or another CA" },
	{ X509_V_ERR_SUBTREE_MINMAX, FAULT_INVALID, PLAIN,
		"has nameConstraints of a kind that is not understood", "a CA with plain nameConstraints" },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, FAULT_INVALID, PLAIN,
		"has nameConstraints of a kind that is not understood", "a CA with plain nameConstraints" },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, FAULT_INVALID, PLAIN,
		"has nameConstraints of a kind that is not understood", "a CA with plain nameConstraints" },
	{ X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, FAULT_INVALID, PLAIN,
		"has a name that cannot be compared with its CA's nameConstraints", "plain names" },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, FAULT_INVALID, PLAIN,
		"has a critical extension that is not understood", "a certificate without it" },
	{ X509_V_ERR_NO_EXPLICIT_POLICY, FAULT_POLICY, WITH_POLICY,
		"has not the policy that the connection demands",
		"cert_policy = one that the whole chain has" },
	{ X509_V_ERR_INVALID_POLICY_EXTENSION, FAULT_INVALID, PLAIN,
		"has a malformed certificatePolicies extension", "a new certificate" },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, FAULT_INVALID, PLAIN, "has a key that is too weak",
		"an RSA key of 3072 bits, an ECDSA key on P-256, or an Ed25519 key" },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, FAULT_INVALID, PLAIN, "has a key that is too weak",
		"a CA with an RSA key of 3072 bits, an ECDSA key on P-256, or an Ed25519 key" },
	{ X509_V_ERR_CA_MD_TOO_WEAK, FAULT_INVALID, PLAIN,
		"is signed with a hash that is too weak (SHA-1 or MD5)",
		"a certificate signed with SHA-256; auth = pubkey-sha1-sha256 admits SHA-1" },
	{ X509_V_ERR_CERT_REVOKED, FAULT_REVOKED, PLAIN, "is revoked", "a new certificate" },
	{ X509_V_ERR_CERT_REJECTED, FAULT_INVALID, PLAIN, "is marked as rejected", "another certificate" },
};

static const struct row *row_of(int error)
{
	for (const struct row *r = rows; r < rows + sizeof rows / sizeof *rows; r++)
		if (r->error == error)
			return r;
	return NULL;
}

/* Of a time the reader wants to know the other one, too: a clock may be wrong. */
static const char *detail_of(
	struct arena *arena, enum detail d, const char *policy, int64_t now, const struct cert *c)
{
	switch (d) {
	case WITH_NOT_AFTER:
		return arena_printf(arena, " (on %s), and here it is %s", cert_time(c->not_after, arena),
			cert_time(now, arena));
	case WITH_NOT_BEFORE:
		return arena_printf(arena, " (from %s on), and here it is %s",
			cert_time(c->not_before, arena), cert_time(now, arena));
	case WITH_ISSUER: return arena_printf(arena, " (%s)", id_print(&c->issuer, arena));
	case WITH_POLICY: return arena_printf(arena, " (%s)", policy ? policy : "any");
	case PLAIN: break;
	}
	return "";
}

/* POLICY: that is demanded, NULL: none. */
static const char *sentence(
	struct arena *arena, const struct row *row, const char *policy, int64_t now, const struct cert *c)
{
	return arena_printf(arena, "the certificate of %s %s%s", cert_name(c, arena), row->what,
		detail_of(arena, row->detail, policy, now, c));
}

/* The certificate OpenSSL speaks of, as ours. It may be one of the request or of the store; reading it anew
 * finds it without looking. */
static struct cert *subject_of(struct judge *j, X509_STORE_CTX *ctx)
{
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	unsigned char *der = NULL;
	struct cert *c = NULL;
	struct why why = { 0 };
	int n = x ? i2d_X509(x, &der) : 0;

	if (n <= 0 || cert_read(ossl_taken(der, n, j->arena), j->arena, &c, &why))
		return cert_ref(j->r->leaf);
	return c;
}

void path_explain(struct judge *j, X509_STORE_CTX *ctx)
{
	int error = X509_STORE_CTX_get_error(ctx);
	const struct row *row = row_of(error);
	struct cert *c = subject_of(j, ctx);

	if (row)
		path_refuse(j, row->fault, sentence(j->arena, row, j->policy, j->r->now, c), row->instead);
	else
		path_refuse(j, FAULT_INVALID,
			arena_printf(j->arena, "the certificate of %s is not valid: %s",
				cert_name(c, j->arena), X509_verify_cert_error_string(error)),
			"another certificate");
	cert_unref(c);
}

bool path_in_time(const struct cert *c, int64_t now, struct arena *arena, struct why *why)
{
	int error = now < c->not_before  ? X509_V_ERR_CERT_NOT_YET_VALID
		    : now > c->not_after ? X509_V_ERR_CERT_HAS_EXPIRED
					 : X509_V_OK;
	const struct row *row = row_of(error);

	if (row)
		*why = (struct why){ .what = sentence(arena, row, NULL, now, c), .instead = row->instead };
	return !row;
}

void path_bad_policy(struct judge *j)
{
	path_refuse(j, FAULT_POLICY,
		arena_printf(j->arena, "cert_policy = %s is no object identifier", j->policy),
		"cert_policy = numbers with dots, such as 1.3.6.1.4.1.12345.1");
}
