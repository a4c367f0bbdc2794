/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Extensible Authentication Protocol (RFC 3748), both roles: packets in, packets out. No input or output,
 * no clock; randomness is given. What is malformed, out of order or too much ends a conversation: it travels
 * in IKE's protection (RFC 7296, 2.16), where nobody can slip in what would have to be dropped in silence. */
#pragma once

#include "base/bytes.h"
#include "base/rng.h"
#include "model/scheme.h"

/* IANA's numbers. */
enum eap_type {
	EAP_IDENTITY = 1,
	EAP_NOTIFICATION = 2,
	EAP_NAK = 3,
	EAP_MD5 = 4,
	EAP_GTC = 6,
	EAP_TLS = 13,
	EAP_TTLS = 21,
	EAP_PEAP = 25,
	EAP_MSCHAPV2 = 26,
	EAP_DYNAMIC =
		255 /* never sent: every method we have, strongest first, and what the peer wants of them */
};

enum eap_limits {
	EAP_MAX_METHODS = 8,
	EAP_MAX_NAME = 1020,     /* octets of an identity */
	EAP_MAX_PASSWORD = 256,  /* characters */
	EAP_MAX_PACKET = 65535,  /* octets taken */
	EAP_MAX_FRAGMENT = 4000, /* octets of TLS sent in one packet */
	EAP_MIN_FRAGMENT = 64,
	EAP_FRAGMENT = 1024,  /* what is sent unless told otherwise */
	EAP_MAX_ROUNDS = 150, /* packets taken in a conversation */
	EAP_MAX_TRIES = 3,    /* passwords tried in a conversation, where the method knows of more than one */
	EAP_MAX_TLS = 128 * 1024, /* octets of TLS taken in a conversation */
	EAP_MAX_INNER = 16384,    /* octets of a message inside TLS */
	EAP_MAX_CERTIFICATES = 8, /* of the peer that are told */
	EAP_MSK = 64
};

enum eap_secret_kind {
	EAP_NO_SECRET, /* nobody has that name. Works like a wrong password, at the cost of one: VALUE may be
			  any crypt(3) string, against which what comes in clear is worked out in vain */
	EAP_PASSWORD,  /* in UTF-8 */
	EAP_NT_HASH,   /* its 16 octets (RFC 2759, 8.3): for MSCHAPv2, GTC and PAP */
	EAP_SALTED     /* a crypt(3) string: for GTC and PAP, where the password comes in clear */
};

struct eap_secret {
	enum eap_secret_kind kind;
	struct bytes value;
};

/* What the methods on TLS use (eap/tls.h). Counted. */
struct eap_tls;

/* How a peer proves itself inside TTLS. An authenticator takes all of them. */
enum eap_ttls { EAP_TTLS_EAP, EAP_TTLS_PAP, EAP_TTLS_MSCHAPV2 };

/* Copied by eap_new but for TLS, of which it takes a reference. What is 0 has its usual value. */
struct eap_settings {
	bool authenticator;
	uint8_t methods[EAP_MAX_METHODS]; /* in order of preference; authenticator: the first is offered */
	unsigned n_methods;
	uint8_t inner[EAP_MAX_METHODS]; /* the same inside TTLS and PEAP; none: MSCHAPv2, MD5, GTC */
	unsigned n_inner;
	enum eap_ttls ttls;    /* peer */
	bool ask_identity;     /* authenticator: asks for the Identity first */
	struct bytes identity; /* peer: ours; authenticator: already known (IDi), where it does not ask */
	struct bytes inner_identity; /* peer: ours inside TTLS and PEAP; none: as outside */
	struct eap_tls *tls;         /* NULL: without the methods that need it */
	size_t fragment;             /* octets of TLS in one packet */
	int64_t now; /* seconds since 1970, by which certificates are judged; 0: the machine's clock */
};

enum eap_what {
	EAP_SENDS,
	EAP_ASKS,  /* for the secret of eap_name(); the answer is eap_answer() */
	EAP_SHOWS, /* peer: wants a server's certificates (eap_certificate) judged, and goes on with
		      eap_judged() */
	EAP_SIGNS, /* needs a signature with our key for TLS (eap_to_sign), and goes on with eap_signed() */
	EAP_SUCCEEDED,
	EAP_FAILED
};

struct eap_turn {
	enum eap_what what;
	/* To be sent. An authenticator's EAP-Success or EAP-Failure at the end; a peer sends nothing then,
	 * and has none. Valid until the next call. */
	struct bytes packet;
	const char *why; /* FAILED, and SENDS where it will have failed unless the peer tries again: a
			  * sentence, valid as long as the conversation */
};

struct eap;

/* A conversation. R stays the caller's and outlives it. NULL: none of the methods can be had with these
 * settings, a name is too long, or there is no memory. */
struct eap *eap_new(const struct eap_settings *settings, struct rng *r);

/* The authenticator's first packet. */
struct eap_turn eap_begin(struct eap *e);

/* What comes of PACKET. After the end, and while it asks, that is said again. An authenticator that sees an
 * answer to its request before, and a peer that sees a request again, say their last packet again. */
struct eap_turn eap_take(struct eap *e, struct bytes packet);

/* The answer to EAP_ASKS. */
struct eap_turn eap_answer(struct eap *e, const struct eap_secret *secret);

/* What EAP_SIGNS is about: the octets, until they are signed, and by which scheme of RFC 7427's. */
struct bytes eap_to_sign(const struct eap *e, const struct scheme **scheme);

/* The answer to it: as TLS has it, an ECDSA signature in DER. Empty: it was refused, and TLS fails. */
struct eap_turn eap_signed(struct eap *e, struct bytes signature);

/* The answer to EAP_SHOWS: whether they are good. Else TLS fails. */
struct eap_turn eap_judged(struct eap *e, bool good);

/* The identity that is to be proved, and after success that has been: what counts for an authenticator is
 * this, and only after EAP_SUCCEEDED. It is that of the settings or of the peer's EAP-Identity, but
 * - inside TTLS and PEAP that of the inner method;
 * - with MSCHAPv2 the name that the peer proved there, where no identity was asked for; where one was they
 * must agree (but for a "DOMAIN\" before one of them);
 * - with TLS a name of the peer's certificate: the identity where the certificate has it, else the
 * certificate's own. Valid until the next call. */
struct bytes eap_name(const struct eap *e);

/* The other side's TLS certificate I in DER, after an authenticator's success with EAP-TLS, and a server's at
 * EAP_SHOWS: 0 is its own, then comes what it sent to lead to an authority; else, and behind the last, none.
 */
struct bytes eap_certificate(const struct eap *e, unsigned i);

/* EAP_MSK octets after success, or none where the method has no key (MD5, GTC). */
struct bytes eap_msk(const struct eap *e);

/* The method that runs, or 0: an enum eap_type. */
unsigned eap_method(const struct eap *e);

/* Wipes. NULL is none. */
void eap_free(struct eap *e);

/* The word for a method ("mschapv2", "dynamic", …) or NULL; and back, or 0. Case does not count. */
const char *eap_type_name(unsigned type);
unsigned eap_type_find(const char *word);

/* Whether the method proves the authenticator to the peer by more than a password both know, and gives a key:
 * one that may stand alone, without the responder's certificate in IKE (RFC 5998, 4). */
bool eap_type_mutual(unsigned type);
