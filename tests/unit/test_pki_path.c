/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains, good and bad: each row changes one thing about root -> mid -> leaf, and says what must be said
 * about it. */
#include "unit.h"

#include "pki/path.h"
#include "pki_maker.h"

enum crl_state {
	NO_CRLS,
	GOOD_CRLS, /* of root and mid */
	LEAF_REVOKED,
	MID_REVOKED,
	OLD_CRLS,    /* nextUpdate has passed */
	OLD_REVOKED, /* the same, and the leaf is in it */
	FUTURE_CRLS,
	FORGED_CRL, /* says that the leaf is revoked, but mid did not sign it */
	ONLY_ROOT_CRL,
};

enum ocsp_state {
	NO_OCSP,
	OCSP_GOOD,      /* about leaf and mid */
	OCSP_REVOKED,   /* the leaf */
	OCSP_DELEGATED, /* signed by one to whom mid gave OCSPSigning */
	OCSP_NO_RIGHT,  /* signed by a certificate of mid without OCSPSigning */
	OCSP_STRANGER,  /* signed by a self-made signer */
	OCSP_TRUSTED,   /* the same, and the configuration trusts it */
	OCSP_OLD,
	OCSP_UNKNOWN,
	OCSP_STAPLED, /* good, sent along, not in the store */
};

/* Who is where. */
enum place {
	EVERYTHING, /* root trusted here, mid sent along */
	NO_ROOT,
	NO_MID,
	MID_HERE,        /* in the store, not sent along */
	MID_TRUSTED,     /* and no root here */
	ROOT_SENT,       /* and not trusted */
	OTHER_ROOT,      /* of the same name, with another key */
	LEAF_ALONE,      /* issued by itself */
	LEAF_PINNED,     /* the same, named by the connection */
	PINNED_CHAIN,    /* named by the connection, and its chain is here */
	PINNED_NO_CHAIN, /* named by the connection, and nothing of its chain is here */
	PINNED_OTHER,    /* the connection names another one */
	CACERT_ROOT,     /* cacerts = root */
	CACERT_MID,
	CACERT_OTHER,
	MANY_SENT,   /* more certificates than a peer may send */
	LONG_CHAIN,  /* more CAs than a chain may have */
	LONG_ENOUGH, /* as many as it may have */
};

struct row {
	const char *name;
	struct recipe root, mid, leaf;
	enum place place;
	enum crl_state crls;
	enum ocsp_state ocsp;
	enum { RELAXED, IFURI, STRICT } revocation;
	const char *constraints, *ca_id, *policies[2];
	enum path_fault fault;
	const char *says; /* NULL: trusted */
};

#define SAN(names)      "subjectAltName=" names
#define PERMITS(names)  "CA|nameConstraints=critical,permitted;" names
#define EXCLUDES(names) "CA|nameConstraints=critical,excluded;" names
#define URIS                                                                                                 \
	"crlDistributionPoints=URI:http://crl.example.org/mid.crl|authorityInfoAccess=OCSP;URI:http://"      \
	"ocsp.example.org"

/* clang-format off */
static const struct row rows[] = {
	/* Good ones. */
	{ "a good chain", .fault = FAULT_NONE },
	{ "intermediate in the store", .place = MID_HERE },
	{ "intermediate trusted, root not here", .place = MID_TRUSTED },
	{ "RSA throughout", .root.key = "RSA-2048", .mid = { .key = "RSA-2048", .key_number = 1 }, .leaf = { .key = "RSA-2048", .key_number = 2 } },
	{ "RSA-PSS signatures", .root = { .key = "RSA-2048", .pss = true }, .mid = { .key = "RSA-2048", .key_number = 1, .pss = true }, .leaf.pss = true },
	{ "Ed25519 throughout", .root.key = "ED25519", .mid = { .key = "ED25519", .key_number = 1 }, .leaf = { .key = "ED25519", .key_number = 2 } },
	{ "Ed448 throughout", .root.key = "ED448", .mid = { .key = "ED448", .key_number = 1 }, .leaf = { .key = "ED448", .key_number = 2 } },
	{ "P-384 and P-521", .root.key = "P-521", .mid.key = "P-384", .leaf.digest = "SHA384" },
	{ "no extendedKeyUsage", .leaf.extensions = "extendedKeyUsage=" },
	{ "extendedKeyUsage clientAuth", .leaf.extensions = "extendedKeyUsage=clientAuth" },
	{ "extendedKeyUsage ipsecIKE", .leaf.extensions = "extendedKeyUsage=ipsecIKE" },
	{ "extendedKeyUsage iKEIntermediate", .leaf.extensions = "extendedKeyUsage=1.3.6.1.5.5.8.2.2" },
	{ "extendedKeyUsage any", .leaf.extensions = "extendedKeyUsage=anyExtendedKeyUsage,codeSigning" },
	{ "no keyUsage", .leaf.extensions = "keyUsage=" },
	{ "keyUsage nonRepudiation", .leaf.extensions = "keyUsage=nonRepudiation" },
	{ "path length that is kept", .root.extensions = "CA|basicConstraints=critical,CA:TRUE,pathlen:1", .mid.extensions = "CA|basicConstraints=critical,CA:TRUE,pathlen:0" },
	{ "name constraint that is kept", .mid.extensions = PERMITS("DNS:example.org") },
	{ "address constraint that is kept", .mid.extensions = PERMITS("IP:192.0.2.0/255.255.255.0") },
	{ "valid from this second on", .leaf.from = -1 },
	{ "chain as long as may be", .place = LONG_ENOUGH },
	{ "self-made, named by the connection", .place = LEAF_PINNED },
	{ "self-made CA's certificate, named by the connection", .place = LEAF_PINNED, .leaf.extensions = "basicConstraints=CA:TRUE" },
	{ "named by the connection, chain here", .place = PINNED_CHAIN },
	{ "named by the connection, chain not here", .place = PINNED_NO_CHAIN },
	{ "empty subject", .leaf = { .subject = "", .extensions = "subjectAltName=critical,DNS:moon.example.org" } },

	/* Time. */
	{ "leaf expired", .leaf.to = -1, .fault = FAULT_TIME, .says = "the certificate of CN=moon has expired (on 2025-12-31 00:00:00 UTC)" },
	{ "leaf not yet valid", .leaf.from = 1, .fault = FAULT_TIME, .says = "the certificate of CN=moon is not valid yet (from 2026-01-02 00:00:00 UTC on)" },
	{ "intermediate expired", .mid.to = -1, .fault = FAULT_TIME, .says = "the certificate of CN=mid has expired" },
	{ "intermediate not yet valid", .mid.from = 1, .fault = FAULT_TIME, .says = "the certificate of CN=mid is not valid yet" },
	{ "root expired", .root.to = -1, .fault = FAULT_TIME, .says = "the certificate of CN=root has expired" },
	{ "named by the connection, expired", .place = LEAF_PINNED, .leaf.to = -1, .fault = FAULT_TIME, .says = "the certificate of CN=moon has expired" },

	/* Issuers. */
	{ "root not here", .place = NO_ROOT, .fault = FAULT_NO_ISSUER, .says = "the certificate of CN=mid was issued by a CA that is not here (CN=root)" },
	{ "intermediate not here", .place = NO_MID, .fault = FAULT_NO_ISSUER, .says = "the certificate of CN=moon was issued by a CA that is not here (CN=mid)" },
	{ "root sent, not trusted", .place = ROOT_SENT, .fault = FAULT_ROOT, .says = "the certificate of CN=root is a root that is not trusted here" },
	{ "root of the same name", .place = OTHER_ROOT, .fault = FAULT_NO_ISSUER, .says = "the certificate of CN=mid was issued by a CA that is not here" },
	{ "self-made", .place = LEAF_ALONE, .fault = FAULT_ROOT, .says = "the certificate of CN=moon is signed by itself, and is not trusted here" },
	{ "leaf forged", .leaf.forged = true, .fault = FAULT_INVALID, .says = "the certificate of CN=moon was changed, or is not signed by the CA it names (CN=mid)" },
	{ "intermediate forged", .mid.forged = true, .fault = FAULT_INVALID, .says = "the certificate of CN=mid was changed" },
	{ "the connection names another", .place = PINNED_OTHER, .fault = FAULT_POLICY, .says = "the certificate of CN=moon is none of those that the connection names" },
	{ "too many sent along", .place = MANY_SENT, .fault = FAULT_INVALID, .says = "the peer sent 17 certificates beside its own, more than 16" },
	{ "chain too long", .place = LONG_CHAIN, .fault = FAULT_PATH_LEN, .says = "ends a chain that is too long" },

	/* Constraints of CAs. */
	{ "intermediate is no CA", .mid.extensions = "CA|basicConstraints=critical,CA:FALSE", .fault = FAULT_INVALID, .says = "the certificate of CN=mid may not issue others (basicConstraints, keyUsage), and did" },
	{ "intermediate without basicConstraints", .mid.extensions = "CA|basicConstraints=", .fault = FAULT_INVALID, .says = "the certificate of CN=mid may not issue others" },
	{ "intermediate of version 1", .mid.version = 1, .leaf.extensions = "authorityKeyIdentifier=", .fault = FAULT_INVALID, .says = "the certificate of CN=mid may not issue others" },
	{ "intermediate may not issue", .mid.extensions = "CA|keyUsage=critical,cRLSign", .fault = FAULT_INVALID, .says = "the certificate of CN=mid may not issue others" },
	{ "path length of the root", .root.extensions = "CA|basicConstraints=critical,CA:TRUE,pathlen:0", .fault = FAULT_PATH_LEN, .says = "the certificate of CN=root may not have that many CAs below it" },
	{ "name not permitted", .mid.extensions = PERMITS("DNS:example.com"), .fault = FAULT_INVALID, .says = "the certificate of CN=moon has a name that its CA may not issue (nameConstraints)" },
	{ "name excluded", .mid.extensions = EXCLUDES("DNS:moon.example.org"), .fault = FAULT_INVALID, .says = "the certificate of CN=moon has a name that its CA must not issue (nameConstraints)" },
	{ "name not permitted by the root", .root.extensions = PERMITS("DNS:example.com"), .fault = FAULT_INVALID, .says = "has a name that its CA may not issue" },
	{ "address not permitted", .mid.extensions = PERMITS("IP:198.51.100.0/255.255.255.0"), .fault = FAULT_INVALID, .says = "has a name that its CA may not issue" },
	{ "address excluded", .mid.extensions = EXCLUDES("IP:192.0.2.0/255.255.255.0"), .fault = FAULT_INVALID, .says = "has a name that its CA must not issue" },
	{ "e-mail not permitted", .mid.extensions = PERMITS("email:example.org"), .leaf.extensions = SAN("email:moon@example.com"), .fault = FAULT_INVALID, .says = "has a name that its CA may not issue" },
	{ "unknown critical extension", .leaf.extensions = "1.3.6.1.4.1.32473.1=critical,DER:0500", .fault = FAULT_INVALID, .says = "has a critical extension that is not understood" },
	{ "unknown extension that is not critical", .leaf.extensions = "1.3.6.1.4.1.32473.1=DER:0500" },

	/* Usage. */
	{ "extendedKeyUsage codeSigning", .leaf.extensions = "extendedKeyUsage=codeSigning", .fault = FAULT_INVALID, .says = "the certificate of CN=moon is for something else: its extendedKeyUsage has none of" },
	{ "keyUsage keyEncipherment", .leaf.extensions = "keyUsage=critical,keyEncipherment", .fault = FAULT_INVALID, .says = "may not sign: its keyUsage has no digitalSignature" },
	{ "keyUsage of a CA", .leaf.extensions = "keyUsage=critical,keyCertSign", .fault = FAULT_INVALID, .says = "may not sign" },

	/* Keys and signatures. */
	{ "weak leaf", .leaf.key = "RSA-1024", .fault = FAULT_INVALID, .says = "an RSA key of 1024 bits is too weak: at least 2048 are needed" },
	{ "weak intermediate", .mid.key = "RSA-1024", .fault = FAULT_INVALID, .says = "the certificate of CN=mid has a key that is too weak" },
	{ "weak root", .root.key = "RSA-1024", .fault = FAULT_INVALID, .says = "the certificate of CN=root has a key that is too weak" },
	{ "curve that IKE has not", .leaf.key = "P-256K", .fault = FAULT_INVALID, .says = "an ECDSA key for IKE is on P-256, P-384 or P-521, and this one is not" },
	{ "SHA-1 under the leaf", .leaf.digest = "SHA1", .fault = FAULT_INVALID, .says = "the certificate of CN=moon is signed with a hash that is too weak" },
	{ "SHA-1 under the intermediate", .mid.digest = "SHA1", .fault = FAULT_INVALID, .says = "the certificate of CN=mid is signed with a hash that is too weak" },
	{ "SHA-1 that was asked for", .leaf.digest = "SHA1", .constraints = "pubkey-sha1-sha256" },

	/* What the connection demands. */
	{ "ecdsa wanted and got", .constraints = "ecdsa-256" },
	{ "rsa wanted, ecdsa got", .constraints = "rsa", .fault = FAULT_POLICY, .says = "the certificate of CN=moon has a key that the connection does not admit" },
	{ "larger key wanted", .leaf.key = "RSA-2048", .constraints = "rsa-3072-ecdsa", .fault = FAULT_POLICY, .says = "has a key that the connection does not admit" },
	{ "larger curve wanted of the CA", .leaf.key = "P-384", .constraints = "ecdsa-384", .fault = FAULT_POLICY, .says = "the certificate of CN=mid has a key that the connection does not admit" },
	{ "other hash wanted", .constraints = "pubkey-sha384", .fault = FAULT_POLICY, .says = "the certificate of CN=moon is signed in a way that the connection does not admit" },
	{ "hash wanted and got", .constraints = "pubkey-sha256" },
	{ "PSS wanted, PKCS#1 got", .mid.key = "RSA-2048", .leaf.key = "RSA-2048", .root.key = "RSA-2048", .constraints = "rsa/pss-sha256", .fault = FAULT_POLICY, .says = "is signed in a way that the connection does not admit" },
	{ "cacerts names the root", .place = CACERT_ROOT },
	{ "cacerts names the intermediate", .place = CACERT_MID },
	{ "cacerts names another", .place = CACERT_OTHER, .fault = FAULT_NO_ISSUER, .says = "the certificate of CN=mid was issued by a CA that is not here (CN=root)" },
	{ "ca_id names the intermediate", .ca_id = "CN=mid" },
	{ "ca_id names the root", .ca_id = "CN=root" },
	{ "ca_id names another", .ca_id = "CN=other", .fault = FAULT_POLICY, .says = "the certificate of CN=moon does not come from the CA that the connection names" },
	{ "ca_id names the leaf", .ca_id = "CN=moon", .fault = FAULT_POLICY, .says = "does not come from the CA that the connection names" },
	{ "policy wanted and got", .mid.extensions = "CA|certificatePolicies=1.3.6.1.4.1.32473.7", .leaf.extensions = "certificatePolicies=1.3.6.1.4.1.32473.7", .policies = { "1.3.6.1.4.1.32473.7" } },
	{ "policy wanted and any got above", .mid.extensions = "CA|certificatePolicies=2.5.29.32.0", .leaf.extensions = "certificatePolicies=1.3.6.1.4.1.32473.7", .policies = { "1.3.6.1.4.1.32473.7" } },
	{ "policy not there", .policies = { "1.3.6.1.4.1.32473.7" }, .fault = FAULT_POLICY, .says = "has not the policy that the connection demands (1.3.6.1.4.1.32473.7)" },
	{ "policy not in the CA", .leaf.extensions = "certificatePolicies=1.3.6.1.4.1.32473.7", .policies = { "1.3.6.1.4.1.32473.7" }, .fault = FAULT_POLICY, .says = "has not the policy that the connection demands" },
	{ "one of two policies", .mid.extensions = "CA|certificatePolicies=2.5.29.32.0", .leaf.extensions = "certificatePolicies=1.3.6.1.4.1.32473.7", .policies = { "1.3.6.1.4.1.32473.7", "1.3.6.1.4.1.32473.8" }, .fault = FAULT_POLICY, .says = "has not the policy that the connection demands (1.3.6.1.4.1.32473.8)" },
	{ "policy that is none", .policies = { "gold" }, .fault = FAULT_POLICY, .says = "cert_policy = gold is no object identifier" },

	/* CRLs. */
	{ "CRLs, strict", .crls = GOOD_CRLS, .revocation = STRICT },
	{ "leaf revoked, relaxed", .crls = LEAF_REVOKED, .fault = FAULT_REVOKED, .says = "is revoked: the CRL of CN=mid says so" },
	{ "leaf revoked, strict", .crls = LEAF_REVOKED, .revocation = STRICT, .fault = FAULT_REVOKED, .says = "the certificate of CN=moon (serial " },
	{ "intermediate revoked", .crls = MID_REVOKED, .fault = FAULT_REVOKED, .says = "is revoked: the CRL of CN=root says so" },
	{ "no CRL, relaxed", .crls = NO_CRLS },
	{ "no CRL, strict", .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "nobody says whether the certificate of CN=moon is revoked: there is no CRL" },
	{ "no CRL, ifuri, no URI", .revocation = IFURI },
	{ "no CRL, ifuri, URI", .leaf.extensions = URIS, .revocation = IFURI, .fault = FAULT_UNKNOWN, .says = "nobody says whether the certificate of CN=moon is revoked" },
	{ "no CRL, relaxed, URI", .leaf.extensions = URIS },
	{ "CRL of the root only, strict", .crls = ONLY_ROOT_CRL, .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "the certificate of CN=moon is revoked: there is no CRL" },
	{ "old CRLs, strict", .crls = OLD_CRLS, .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "the CRL is too old" },
	{ "old CRLs, relaxed", .crls = OLD_CRLS },
	{ "old CRL that has it", .crls = OLD_REVOKED, .fault = FAULT_REVOKED, .says = "is revoked" },
	{ "CRLs from the future, strict", .crls = FUTURE_CRLS, .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "the CRL is from the future" },
	{ "forged CRL, relaxed", .crls = FORGED_CRL },
	{ "forged CRL, strict", .crls = FORGED_CRL, .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "the CRL is not signed by the issuer" },
	{ "intermediate may not sign CRLs", .mid.extensions = "CA|keyUsage=critical,keyCertSign", .crls = LEAF_REVOKED, .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "the issuer may not sign CRLs" },

	/* OCSP. */
	{ "OCSP, strict", .ocsp = OCSP_GOOD, .revocation = STRICT },
	{ "OCSP says revoked", .ocsp = OCSP_REVOKED, .fault = FAULT_REVOKED, .says = "is revoked: OCSP says so" },
	{ "OCSP says revoked, the CRL does not", .ocsp = OCSP_REVOKED, .crls = GOOD_CRLS, .fault = FAULT_REVOKED, .says = "OCSP says so" },
	{ "the CRL says revoked, OCSP does not", .ocsp = OCSP_GOOD, .crls = LEAF_REVOKED, .fault = FAULT_REVOKED, .says = "the CRL of CN=mid says so" },
	{ "OCSP by a delegate", .ocsp = OCSP_DELEGATED, .crls = ONLY_ROOT_CRL, .revocation = STRICT },
	{ "OCSP by one without the right", .ocsp = OCSP_NO_RIGHT, .crls = ONLY_ROOT_CRL, .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "nobody says whether the certificate of CN=moon is revoked" },
	{ "OCSP by a stranger", .ocsp = OCSP_STRANGER, .crls = ONLY_ROOT_CRL, .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "nobody says" },
	{ "OCSP by a signer whom we trust", .ocsp = OCSP_TRUSTED, .crls = ONLY_ROOT_CRL, .revocation = STRICT },
	{ "old OCSP answer", .ocsp = OCSP_OLD, .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "nobody says" },
	{ "OCSP does not know it", .ocsp = OCSP_UNKNOWN, .revocation = STRICT, .fault = FAULT_UNKNOWN, .says = "nobody says" },
	{ "OCSP answer sent along", .ocsp = OCSP_STAPLED, .crls = ONLY_ROOT_CRL, .revocation = STRICT },
};
/* clang-format on */

enum { N_ROWS = sizeof rows / sizeof *rows, SENT_MAX = PATH_UNTRUSTED_MAX + 1, EXTRA_MAX = 24 };

/* A row set up. */
struct scene {
	struct arena arena;
	struct store store;
	struct path_request r;
	struct made root, mid, leaf;
	struct cert *sent[SENT_MAX], *named[1], *extra[EXTRA_MAX];
	unsigned n_extra;
	struct ocsp *stapled[1];
	struct id ca_id;
	struct path_verdict v;
};

static struct made keep(struct scene *s, struct made m)
{
	assert_true(s->n_extra < EXTRA_MAX);
	s->extra[s->n_extra++] = m.cert;
	return m;
}

static struct recipe with(const struct recipe *r, const char *subject, const char *extensions, unsigned key)
{
	struct recipe out = *r;

	if (!out.subject)
		out.subject = subject;
	if (!out.extensions)
		out.extensions = extensions;
	if (!out.key_number)
		out.key_number = key;
	return out;
}

static void add(struct scene *s, enum stored_kind kind, struct cert *c)
{
	assert_int_equal(store_add_cert(&s->store, kind, c, STORED_BY_FILE, "test"), ERR_OK);
}

static void send_along(struct scene *s, struct cert *c)
{
	assert_true(s->r.n_untrusted < SENT_MAX);
	s->sent[s->r.n_untrusted++] = c;
}

static void name_cert(struct scene *s, struct cert *c)
{
	s->named[0] = c;
	s->r.pinned = s->named;
	s->r.n_pinned = 1;
}

static void name_ca(struct scene *s, struct cert *c)
{
	s->named[0] = c;
	s->r.cacerts = s->named;
	s->r.n_cacerts = 1;
}

/* Root, then CAS intermediate ones, then the leaf. */
static void make_long(struct scene *s, unsigned cas)
{
	struct made last = s->root;

	add(s, STORED_CA, s->root.cert);
	for (unsigned i = 0; i < cas; i++) {
		struct recipe r = { .subject = arena_printf(&s->arena, "CN=mid %u", i),
			.extensions = "CA",
			.key_number = 10 + i };

		last = keep(s, maker_cert(&r, &last));
		send_along(s, last.cert);
	}
	s->leaf = keep(s, maker_cert(&(struct recipe){ .key_number = 3 }, &last));
	s->r.leaf = s->leaf.cert;
}

static void make_place(struct scene *s, const struct row *row)
{
	struct recipe leaf = with(&row->leaf, "CN=moon", NULL, 3);
	struct recipe other = { .subject = "CN=root", .extensions = "CA", .key_number = 9 };

	switch (row->place) {
	case EVERYTHING:
		add(s, STORED_CA, s->root.cert);
		send_along(s, s->mid.cert);
		break;
	case NO_ROOT: send_along(s, s->mid.cert); break;
	case NO_MID: add(s, STORED_CA, s->root.cert); break;
	case MID_HERE:
		add(s, STORED_CA, s->root.cert);
		add(s, STORED_CERT, s->mid.cert);
		break;
	case MID_TRUSTED: add(s, STORED_CA, s->mid.cert); break;
	case ROOT_SENT:
		send_along(s, s->mid.cert);
		send_along(s, s->root.cert);
		break;
	case OTHER_ROOT:
		add(s, STORED_CA, keep(s, maker_cert(&other, NULL)).cert);
		send_along(s, s->mid.cert);
		break;
	case LEAF_ALONE:
	case LEAF_PINNED:
		s->leaf = keep(s, maker_cert(&leaf, NULL));
		s->r.leaf = s->leaf.cert;
		if (row->place == LEAF_PINNED)
			name_cert(s, s->leaf.cert);
		break;
	case PINNED_CHAIN:
		add(s, STORED_CA, s->root.cert);
		send_along(s, s->mid.cert);
		name_cert(s, s->leaf.cert);
		break;
	case PINNED_NO_CHAIN: name_cert(s, s->leaf.cert); break;
	case PINNED_OTHER:
		add(s, STORED_CA, s->root.cert);
		send_along(s, s->mid.cert);
		name_cert(s, s->mid.cert);
		break;
	case CACERT_ROOT:
	case CACERT_MID:
		send_along(s, s->mid.cert);
		name_ca(s, row->place == CACERT_MID ? s->mid.cert : s->root.cert);
		break;
	case CACERT_OTHER:
		add(s, STORED_CA, s->root.cert);
		send_along(s, s->mid.cert);
		other.subject = "CN=other";
		name_ca(s, keep(s, maker_cert(&other, NULL)).cert);
		break;
	case MANY_SENT:
		add(s, STORED_CA, s->root.cert);
		for (unsigned i = 0; i < SENT_MAX; i++)
			send_along(s, s->mid.cert);
		break;
	case LONG_CHAIN: make_long(s, CHAIN_MAX - 1); break;
	case LONG_ENOUGH: make_long(s, CHAIN_MAX - 2); break;
	}
}

static void add_crl(
	struct scene *s, const struct made *issuer, const struct cert *revoked, int from, int to, bool forged)
{
	struct bytes der = maker_crl(issuer, &revoked, revoked ? 1 : 0, from, to, forged, &s->arena);
	struct why why = { 0 };
	struct crl *crl;

	assert_int_equal(crl_read(der, &s->arena, &crl, &why), ERR_OK);
	assert_int_equal(store_add_crl(&s->store, crl, STORED_BY_FILE, "test"), ERR_OK);
	crl_unref(crl);
}

static void make_crls(struct scene *s, enum crl_state state)
{
	const struct cert *leaf = s->leaf.cert, *mid = s->mid.cert;
	bool old = state == OLD_CRLS || state == OLD_REVOKED;
	int from = state == FUTURE_CRLS ? 1 : -20, to = old ? -1 : 20;
	bool leaf_in = state == LEAF_REVOKED || state == OLD_REVOKED || state == FORGED_CRL;

	if (state == NO_CRLS)
		return;
	add_crl(s, &s->root, state == MID_REVOKED ? mid : NULL, from, to, false);
	if (state != ONLY_ROOT_CRL)
		add_crl(s, &s->mid, leaf_in ? leaf : NULL, from, to, state == FORGED_CRL);
}

static struct ocsp *answer(struct scene *s, const struct made *issuer, const struct cert *c,
	const struct made *signer, int status, int to)
{
	struct bytes der = maker_ocsp(issuer, c, signer, status, -10, to, &s->arena);
	struct why why = { 0 };
	struct ocsp *o;

	assert_int_equal(ocsp_read(der, &s->arena, &o, &why), ERR_OK);
	return o;
}

static void add_answer(struct scene *s, struct ocsp *o, const char *name)
{
	assert_int_equal(store_add_ocsp(&s->store, o, STORED_BY_FETCH, name), ERR_OK);
	ocsp_unref(o);
}

static void make_ocsp(struct scene *s, enum ocsp_state state)
{
	struct recipe delegate = {
		.subject = "CN=ocsp", .extensions = "extendedKeyUsage=OCSPSigning", .key_number = 20
	};
	struct recipe plain = { .subject = "CN=ocsp", .key_number = 20 };
	struct made signer = s->mid;
	int status = state == OCSP_REVOKED   ? STATUS_REVOKED
		     : state == OCSP_UNKNOWN ? STATUS_UNKNOWN
					     : STATUS_GOOD;
	struct ocsp *o;

	if (state == NO_OCSP)
		return;
	if (state == OCSP_DELEGATED)
		signer = keep(s, maker_cert(&delegate, &s->mid));
	else if (state == OCSP_NO_RIGHT)
		signer = keep(s, maker_cert(&plain, &s->mid));
	else if (state == OCSP_STRANGER || state == OCSP_TRUSTED)
		signer = keep(s, maker_cert(&delegate, NULL));
	if (state == OCSP_TRUSTED)
		add(s, STORED_OCSP_SIGNER, signer.cert);
	o = answer(s, &s->mid, s->leaf.cert, &signer, status, state == OCSP_OLD ? -1 : 10);
	if (state == OCSP_STAPLED) {
		s->stapled[0] = o;
		s->r.stapled = s->stapled;
		s->r.n_stapled = 1;
	} else {
		add_answer(s, o, "leaf");
	}
	if (state == OCSP_GOOD)
		add_answer(s, answer(s, &s->root, s->mid.cert, &s->root, STATUS_GOOD, 10), "mid");
}

static void set_up(struct scene *s, const struct row *row)
{
	struct recipe root = with(&row->root, "CN=root", "CA", 1), mid = with(&row->mid, "CN=mid", "CA", 2);
	struct recipe leaf = with(&row->leaf, "CN=moon", NULL, 3);
	static const enum revocation_policy policies[] = { REVOCATION_RELAXED, REVOCATION_IFURI,
		REVOCATION_STRICT };
	struct text why = text_in(&s->arena);

	store_init(&s->store);
	s->root = keep(s, maker_cert(&root, NULL));
	s->mid = keep(s, maker_cert(&mid, &s->root));
	s->leaf = keep(s, maker_cert(&leaf, &s->mid));
	s->r.leaf = s->leaf.cert;
	s->r.untrusted = s->sent;
	s->r.now = MAKER_NOW;
	s->r.revocation = policies[row->revocation];
	s->r.policies = row->policies;
	s->r.n_policies = row->policies[1] ? 2 : row->policies[0] ? 1 : 0;
	if (row->constraints)
		assert_int_equal(constraints_parse(row->constraints, &s->r.constraints, &why), ERR_OK);
	if (row->ca_id) {
		assert_int_equal(id_parse(row->ca_id, &s->arena, &s->ca_id), ERR_OK);
		s->r.ca_id = &s->ca_id;
	}
	make_place(s, row);
	make_crls(s, row->crls);
	make_ocsp(s, row->ocsp);
}

static void tear_down(struct scene *s)
{
	store_free(&s->store);
	ocsp_unref(s->stapled[0]);
	for (unsigned i = 0; i < s->n_extra; i++)
		cert_unref(s->extra[i]);
	arena_free(&s->arena);
}

static void judged(void **state)
{
	const struct row *row = *state;
	struct scene s = { 0 };

	set_up(&s, row);
	path_judge(&s.store, &s.r, &s.arena, &s.v);
	if (row->says) {
		assert_false(s.v.trusted);
		assert_non_null(s.v.why.what);
		if (!strstr(s.v.why.what, row->says))
			fail_msg("\"%s\" is not in \"%s\"", row->says, why_line(&s.v.why, &s.arena));
		assert_non_null(s.v.why.instead);
	} else if (!s.v.trusted) {
		fail_msg("%s", why_line(&s.v.why, &s.arena));
	}
	assert_int_equal(s.v.fault, row->fault);
	tear_down(&s);
}

/* What a verdict tells beside yes and no. */

static void links_and_end(void **state)
{
	static const struct row row = { "", .mid.to = 100, .leaf.to = 200, .leaf.extensions = URIS,
		.crls = ONLY_ROOT_CRL };
	struct scene s = { 0 };

	(void)state;
	set_up(&s, &row);
	path_judge(&s.store, &s.r, &s.arena, &s.v);
	assert_true(s.v.trusted);
	assert_int_equal(s.v.n_links, 3);
	assert_ptr_equal(s.v.links[0].cert, s.leaf.cert);
	assert_ptr_equal(s.v.links[0].issuer, s.mid.cert);
	assert_ptr_equal(s.v.links[2].cert, s.root.cert);
	assert_null(s.v.links[2].issuer);
	assert_int_equal(s.v.links[0].status, STATUS_UNKNOWN);
	assert_int_equal(s.v.links[1].status, STATUS_GOOD);
	assert_string_equal(s.v.links[0].crls.v[0], "http://crl.example.org/mid.crl");
	assert_string_equal(s.v.links[0].ocsps.v[0], "http://ocsp.example.org");
	assert_true(s.v.worth_asking);
	assert_int_equal(s.v.not_after, MAKER_NOW + 100 * MAKER_DAY);
	tear_down(&s);
}

static void authority_uris_first(void **state)
{
	static const struct row row = { "", .leaf.extensions = URIS };
	struct scene s = { 0 };
	struct ca_info a = { .crls = { { "http://192.0.2.9/crl" }, 1 } };

	(void)state;
	set_up(&s, &row);
	a.cacert = s.mid.cert;
	assert_int_equal(store_add_authority(&s.store, &a, STORED_BY_VICI, "mid"), ERR_OK);
	path_judge(&s.store, &s.r, &s.arena, &s.v);
	assert_int_equal(s.v.links[0].crls.n, 2);
	assert_string_equal(s.v.links[0].crls.v[0], "http://192.0.2.9/crl");
	assert_int_equal(s.v.links[1].crls.n, 0);
	tear_down(&s);
}

/* Fetched, and judged again. */
static void fetched_crl(void **state)
{
	static const struct row row = { "", .leaf.extensions = URIS, .crls = ONLY_ROOT_CRL,
		.revocation = STRICT };
	struct scene s = { 0 };
	const struct cert *leaf;
	struct path_link link;
	struct bytes der;
	struct why why = { 0 };

	(void)state;
	set_up(&s, &row);
	path_judge(&s.store, &s.r, &s.arena, &s.v);
	assert_int_equal(s.v.fault, FAULT_UNKNOWN);
	assert_true(s.v.worth_asking);
	link = s.v.links[0];
	leaf = s.leaf.cert;
	der = maker_crl(&s.mid, &leaf, 1, -2, 2, true, &s.arena);
	assert_int_equal(path_fetched_crl(&s.store, &link, "http://a", der, &s.arena, &why), ERR_AUTH);
	assert_string_equal(why.what, "the CRL from http://a is not signed by CN=mid");
	der = maker_crl(&s.mid, NULL, 0, -3, 2, false, &s.arena);
	assert_int_equal(path_fetched_crl(&s.store, &link, "http://a", der, &s.arena, &why), ERR_OK);
	path_judge(&s.store, &s.r, &s.arena, &s.v);
	assert_true(s.v.trusted);
	assert_false(s.v.worth_asking);
	der = maker_crl(&s.mid, &leaf, 1, -2, 2, false, &s.arena);
	assert_int_equal(path_fetched_crl(&s.store, &link, "http://a", der, &s.arena, &why), ERR_OK);
	der = maker_crl(&s.mid, NULL, 0, -4, 2, false, &s.arena);
	assert_int_equal(path_fetched_crl(&s.store, &link, "http://a", der, &s.arena, &why), ERR_EXISTS);
	path_judge(&s.store, &s.r, &s.arena, &s.v);
	assert_int_equal(s.v.fault, FAULT_REVOKED);
	tear_down(&s);
}

static void fetched_ocsp(void **state)
{
	static const struct row row = { "", .leaf.extensions = URIS, .crls = ONLY_ROOT_CRL,
		.revocation = STRICT };
	struct scene s = { 0 };
	struct path_link link;
	struct bytes der;
	struct why why = { 0 };

	(void)state;
	set_up(&s, &row);
	path_judge(&s.store, &s.r, &s.arena, &s.v);
	link = s.v.links[0];
	der = maker_ocsp(&s.mid, s.leaf.cert, &s.root, STATUS_GOOD, -1, 1, &s.arena);
	assert_int_equal(
		path_fetched_ocsp(&s.store, &link, "http://o", der, MAKER_NOW, &s.arena, &why), ERR_AUTH);
	assert_non_null(strstr(why.what, "is not signed by the certificate's issuer"));
	der = maker_ocsp(&s.mid, s.leaf.cert, &s.mid, STATUS_GOOD, -1, 1, &s.arena);
	assert_int_equal(
		path_fetched_ocsp(&s.store, &link, "http://o", der, MAKER_NOW, &s.arena, &why), ERR_OK);
	path_judge(&s.store, &s.r, &s.arena, &s.v);
	assert_true(s.v.trusted);
	s.r.now += 2 * MAKER_DAY;
	path_judge(&s.store, &s.r, &s.arena, &s.v);
	assert_int_equal(s.v.fault, FAULT_UNKNOWN);
	tear_down(&s);
}

static void alerts(void **state)
{
	(void)state;
	assert_null(path_alert(FAULT_NONE));
	for (unsigned f = FAULT_NONE + 1; f <= FAULT_UNKNOWN; f++)
		assert_int_equal(strncmp(path_alert(f), "cert-", 5), 0);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(links_and_end),
		cmocka_unit_test(authority_uris_first),
		cmocka_unit_test(fetched_crl),
		cmocka_unit_test(fetched_ocsp),
		cmocka_unit_test(alerts),
	};
	static struct CMUnitTest tests[N_ROWS + sizeof others / sizeof *others];

	for (unsigned i = 0; i < N_ROWS; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, judged, NULL, NULL, (void *)&rows[i] };
	memcpy(tests + N_ROWS, others, sizeof others);
	return cmocka_run_group_tests(tests, NULL, maker_teardown);
}
