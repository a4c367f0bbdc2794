/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a certificate to be trusted? A chain from it to one of our CAs, by OpenSSL's X509 machinery, under the
 * rules of RFC 5280 and RFC 4945 and what the connection demands. No clock, no network: NOW is given, and
 * what would have to be fetched is said. */
#pragma once

#include "model/constraints.h"
#include "model/peer.h"
#include "pki/store.h"

enum {
	PATH_UNTRUSTED_MAX = 16, /* certificates that a peer may send along */
	PATH_POLICIES_MAX = 16,
};

/* Everything is borrowed. */
struct path_request {
	struct cert *leaf;
	struct cert *const *untrusted; /* what came with it */
	unsigned n_untrusted;
	int64_t now; /* seconds since 1970 */
	struct constraints constraints;
	struct cert *const
		*pinned; /* "certs" of the remote side: the leaf must be one, and is trusted then */
	unsigned n_pinned;
	struct cert *const *cacerts; /* anchors; none: all CAs of the store */
	unsigned n_cacerts;
	const struct id *ca_id; /* of some CA in the chain; NULL: any */
	const char *const
		*policies; /* OIDs ("1.3.6.1.4.1…") that must be valid for the whole chain, all of them */
	unsigned n_policies;
	enum revocation_policy revocation; /* where nobody knows: relaxed: good; ifuri: refused if it says
					      where to ask; strict: refused */
	struct ocsp *const *stapled;       /* OCSP answers that came with it (RFC 4806) */
	unsigned n_stapled;
};

enum path_fault {
	FAULT_NONE,
	FAULT_TIME, /* expired, or not yet valid */
	FAULT_REVOKED,
	FAULT_NO_ISSUER, /* the chain ends before a CA of ours */
	FAULT_ROOT,      /* it ends at a root that is none of ours */
	FAULT_PATH_LEN,
	FAULT_POLICY,  /* what the connection demands */
	FAULT_INVALID, /* signature, constraints, usage, strength */
	FAULT_UNKNOWN, /* good, but nobody said that it is not revoked */
};

/* A certificate of the chain, and what is known of its revocation. */
struct path_link {
	struct cert *cert, *issuer; /* issuer NULL: the anchor, which is not asked about */
	enum status status;
	const char *reason;      /* STATUS_UNKNOWN: why nothing is known; else what says so */
	struct uris ocsps, crls; /* where to ask: of the authority's section, then of the certificate */
};

struct path_verdict {
	bool trusted;
	enum path_fault fault;
	struct why why;                        /* unless trusted */
	struct path_link links[CHAIN_MAX + 1]; /* the leaf first; none where no chain could be built */
	unsigned n_links;
	int64_t not_after; /* the earliest of the chain */
	bool worth_asking; /* trusted, or FAULT_UNKNOWN, and some link is unknown and has a URI: fetch, tell
			      path_fetched_crl or path_fetched_ocsp, and judge again */
};

/* The verdict. Texts come from ARENA; certificates are those of the request and the store, and live as long.
 */
void path_judge(
	const struct store *s, const struct path_request *r, struct arena *arena, struct path_verdict *out);

/* Where to ask about LINK, whose certificates are there: into its URIs. */
void path_uris(const struct store *s, struct path_link *link);

/* An OCSP answer of S that is signed by whom it must be, and says at NOW that CERT, issued by ISSUER, is
 * good; NULL: there is none. Borrowed. */
struct ocsp *path_ocsp(
	const struct store *s, const struct cert *cert, const struct cert *issuer, int64_t now);

/* What came from a URI of LINK: checked to be signed on behalf of LINK's issuer, and put into S under URI, so
 * that a stranger's can drive out none of ours. ERR_AUTH: it is not; ERR_EXISTS: it is no newer than what
 * there is; other errors as of crl_read and ocsp_read. WHY from ARENA. */
enum err path_fetched_crl(struct store *s, const struct path_link *link, const char *uri, struct bytes der,
	struct arena *arena, struct why *why) MUST_CHECK;
enum err path_fetched_ocsp(struct store *s, const struct path_link *link, const char *uri, struct bytes der,
	int64_t now, struct arena *arena, struct why *why) MUST_CHECK;

/* Whether C is valid at NOW; WHY, from ARENA, when it is not, in the words of a verdict. */
bool path_in_time(const struct cert *c, int64_t now, struct arena *arena, struct why *why);

/* VICI's name of the alert: "cert-expired", …; NULL for FAULT_NONE. */
const char *path_alert(enum path_fault f);
