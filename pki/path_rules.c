/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of IKE's own (RFC 4945, 5.1), and of the connection. */
#include "pki/path_rules.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

bool path_refuse(struct judge *j, enum path_fault fault, const char *what, const char *instead)
{
	j->v->fault = fault;
	j->v->why.what = what;
	j->v->why.instead = instead;
	return false;
}

static const char *leaf_says(struct judge *j, const char *rest)
{
	return arena_printf(j->arena, "the certificate of %s %s", cert_name(j->r->leaf, j->arena), rest);
}

static bool check_counts(struct judge *j)
{
	if (j->r->n_untrusted > PATH_UNTRUSTED_MAX)
		return path_refuse(j, FAULT_INVALID,
			arena_printf(j->arena, "the peer sent %u certificates beside its own, more than %d",
				j->r->n_untrusted, PATH_UNTRUSTED_MAX),
			"on the peer's side, only the certificates between its own and the CA");
	if (j->r->n_policies > PATH_POLICIES_MAX)
		return path_refuse(j, FAULT_POLICY,
			arena_printf(j->arena, "cert_policy has more than %d policies", PATH_POLICIES_MAX),
			NULL);
	return true;
}

static bool check_pinned(struct judge *j)
{
	const struct path_request *r = j->r;

	for (unsigned i = 0; i < r->n_pinned; i++)
		if (cert_eq(r->pinned[i], r->leaf))
			return true;
	if (!r->n_pinned)
		return true;
	j->v->why.offered = arena_printf(j->arena, "fingerprint %s",
		cert_hex(bytes_of(r->leaf->fingerprint, FINGERPRINT_SIZE), j->arena));
	return path_refuse(j, FAULT_POLICY, leaf_says(j, "is none of those that the connection names"),
		"certs = the file of that certificate, if it is the right one; or cacerts instead of certs");
}

static bool check_key(struct judge *j)
{
	const struct cert *leaf = j->r->leaf;

	return leaf->key || path_refuse(j, FAULT_INVALID, leaf_says(j, leaf->no_key),
				    "a certificate for an RSA key of 3072 bits, an ECDSA key on P-256, or an "
				    "Ed25519 key");
}

/* RFC 4945, 5.1.3.2 and 5.1.3.12; certificates for TLS are what people have, so both its usages will do. */
static bool check_usage(struct judge *j)
{
	const struct cert *leaf = j->r->leaf;
	uint32_t usage = X509_get_key_usage(leaf->x509);

	if (!(usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
		return path_refuse(j, FAULT_INVALID,
			leaf_says(j, "may not sign: its keyUsage has no digitalSignature"),
			"a certificate with the keyUsage digitalSignature");
	if (leaf->eku && !(leaf->eku & (EKU_SERVER | EKU_CLIENT | EKU_IKE | EKU_ANY)))
		return path_refuse(j, FAULT_INVALID,
			leaf_says(j, "is for something else: its extendedKeyUsage has none of serverAuth, "
				     "clientAuth, ipsecIKE"),
			"a certificate with the extendedKeyUsage serverAuth or clientAuth, or without any");
	return true;
}

bool path_before(struct judge *j)
{
	return check_counts(j) && check_pinned(j) && check_key(j) && check_usage(j);
}

static const char *link_says(struct judge *j, const struct path_link *link, const char *rest)
{
	return arena_printf(j->arena, "the certificate of %s %s", cert_name(link->cert, j->arena), rest);
}

static bool check_strength(struct judge *j, const struct path_link *link)
{
	struct text wanted = text_in(j->arena);

	if (!link->cert->key)
		return path_refuse(j, FAULT_INVALID,
			arena_printf(j->arena, "the CA %s cannot be used: %s",
				cert_name(link->cert, j->arena), link->cert->no_key),
			"another CA");
	if (constraints_key(&j->r->constraints, link->cert->key->type, link->cert->key->bits, &wanted))
		return true;
	j->v->why.offered = key_print(link->cert->key, j->arena);
	j->v->why.configured = text_str(&wanted);
	return path_refuse(j, FAULT_POLICY,
		link_says(j, link, "has a key that the connection does not admit"),
		"another key there, or other words in auth = pubkey-… here");
}

static unsigned hash_of_nid(int nid)
{
	switch (nid) {
	case NID_sha1: return HASH_SHA1;
	case NID_sha256: return HASH_SHA2_256;
	case NID_sha384: return HASH_SHA2_384;
	case NID_sha512: return HASH_SHA2_512;
	default: return HASH_IDENTITY;
	}
}

/* The signature under a certificate is of its issuer's kind of key. */
static bool check_signature(struct judge *j, const struct path_link *link)
{
	const struct constraints *c = &j->r->constraints;
	bool pss = X509_get_signature_nid(link->cert->x509) == NID_rsassaPss;
	struct text wanted = text_in(j->arena);
	int nid = NID_undef;
	unsigned hash;

	if (!c->chain || !link->issuer || !link->issuer->key)
		return true;
	X509_get_signature_info(link->cert->x509, &nid, NULL, NULL, NULL);
	hash = hash_of_nid(nid);
	if (signature_in(c->chain, link->issuer->key->type, pss, hash))
		return true;
	signatures_print(c->chain, &wanted);
	j->v->why.offered = arena_printf(
		j->arena, "%s-%s", pss ? "rsa/pss" : key_type_name(link->issuer->key->type), hash_name(hash));
	j->v->why.configured = text_str(&wanted);
	return path_refuse(j, FAULT_POLICY,
		link_says(j, link, "is signed in a way that the connection does not admit"),
		"another signature there, or other words in auth = pubkey-… here");
}

static bool check_ca_id(struct judge *j)
{
	const struct id *wanted = j->r->ca_id;

	if (!wanted)
		return true;
	for (unsigned i = 1; i < j->v->n_links; i++)
		if (cert_has_id(j->v->links[i].cert, wanted))
			return true;
	j->v->why.configured = id_print(wanted, j->arena);
	j->v->why.offered = cert_name(j->v->links[j->v->n_links - 1].cert, j->arena);
	return path_refuse(j, FAULT_POLICY,
		leaf_says(j, "does not come from the CA that the connection names"),
		"ca_id = the subject of a CA in its chain");
}

bool path_after(struct judge *j)
{
	for (unsigned i = 0; i < j->v->n_links; i++)
		if (!check_strength(j, &j->v->links[i]) || !check_signature(j, &j->v->links[i]))
			return false;
	return check_ca_id(j);
}
