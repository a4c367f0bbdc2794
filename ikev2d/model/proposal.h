/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proposals (RFC 7296, 3.3): parse what swanctl writes, choose one of what a peer offers, and explain why
 * not. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "model/transform.h"

/* One transform as it stands on the wire, known to us or not. */
struct xform {
	uint8_t type;
	uint16_t id;
	uint16_t bits;
};

struct proposal {
	uint8_t num;      /* on the wire, counted from 1 */
	uint8_t protocol; /* enum protocol */
	struct bytes spi; /* on the wire */
	const struct xform *v;
	unsigned n;
};

struct proposals {
	const struct proposal *v;
	unsigned n;
};

enum { PROPOSAL_XFORMS_MAX = 255, PROPOSALS_MAX = 64 };

/* What two sides agreed on. NULL where the protocol or an AEAD needs none; ke is NULL for KE_NONE too. */
struct suite {
	const struct transform *encr, *integ, *prf, *ke;
	uint16_t more[MORE_KES_MAX]; /* ids of additional key exchanges, by type; 0: none */
	bool esn;
	uint8_t protocol; /* PROTO_AH has no cipher */
};

/* Whether any of its key exchanges withstands quantum computers. */
bool suite_post_quantum(const struct suite *s);

/* The additional key exchange that comes after N others (RFC 9370, 2.2.2); NULL: there is no other. */
const struct transform *suite_more(const struct suite *s, unsigned n);

/* One keyword list of swanctl.conf, "aes256gcm16-prfsha384-ecp384", or "default" (then several proposals may
 * be appended). Appends to OUT, which grows in ARENA. For an IKE proposal PRFs are derived from the integrity
 * words where none is named, and a PRF and a KE are required; integrity words beside AEADs say nothing else;
 * for ESP "noesn" is meant where nothing is said; both "esn" and "noesn" may be named. AEADs and
 * other ciphers do not mix in one proposal. On ERR_SYNTAX, OUT is as it was and WHY gets one sentence with
 * the word, what is missing and what to write instead. */
enum err proposal_parse(const char *words, uint8_t protocol, struct arena *arena, struct proposals *out,
	struct text *why) MUST_CHECK;

/* "IKE", "AH" or "ESP". */
const char *proposal_protocol(uint8_t protocol);

/* The lists used where the configuration names none. */
struct proposals proposal_default(uint8_t protocol, struct arena *arena);

/* The keyword of X: "aes256gcm16"; of one that we do not have "3des", or "encr:99/128". From ARENA. */
const char *xform_print(const struct xform *x, struct arena *arena);

/* In keywords: "aes256gcm16-prfsha384-ecp384". "noesn" alone goes without saying. From ARENA. */
const char *proposal_print(const struct proposal *p, struct arena *arena);
/* Several, separated by ", ". */
const char *proposals_print(struct proposals p, struct arena *arena);

/* Like strongSwan's status: "AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384", additional key exchanges behind:
 * "KE1_CURVE_25519". */
const char *suite_print(const struct suite *s, struct arena *arena);

enum proposal_ke {
	KE_WANTED,  /* IKE_SA_INIT, or CREATE_CHILD_SA with a KE payload */
	KE_IGNORED, /* the child of IKE_AUTH has no key exchange of its own (RFC 7296, 1.2): KE transforms do
		       not count */
};

/* Chooses: the first of OFFERED that one of WANTED accepts, and in it, for each type, the first transform in
 * the order of the offer that WANTED has too (with PREFER_OWN both in the order of WANTED); no method of key
 * exchange twice (RFC 9370, 2.2.2). OUT says which;
 * *CHOSEN is the one of OFFERED. Transforms we have no row for are never chosen, a type that is not there
 * counts as none (RFC 7296, 3.3.3), and a proposal with a type that we do not know is passed over (3.3.6).
 * ERR_MISSING when nothing fits. */
enum err proposal_select(struct proposals offered, struct proposals wanted, enum proposal_ke ke,
	bool prefer_own, struct suite *out, const struct proposal **chosen) MUST_CHECK;

/* Whether ANSWER, a single proposal with one transform of each type, is a choice out of that of OFFERED with
 * its number (RFC 7296, 2.7: the initiator must check). OUT as above; ERR_MISSING when it is not. */
enum err proposal_accept(const struct proposal *answer, struct proposals offered, enum proposal_ke ke,
	struct suite *out) MUST_CHECK;

/* The proposal for an answer: SUITE with number NUM and SPI, from ARENA. */
struct proposal *proposal_of(
	const struct suite *s, uint8_t protocol, uint8_t num, struct bytes spi, struct arena *arena);

/* PROPOSALS without their key exchanges (the child of IKE_AUTH), from ARENA. */
struct proposals proposals_without_ke(struct proposals p, struct arena *arena);

/* P without the key exchanges that are not USABLE, the first of which goes to *LACKS (NULL: there is none); a
 * proposal that had other ones of the same type, or could decline it, stays. From ARENA. */
typedef bool proposal_usable(const struct transform *ke);
struct proposals proposals_usable(
	struct proposals p, proposal_usable *usable, struct arena *arena, const struct transform **lacks);

/* Whether any of P has the transform ID of TYPE; the first key exchange in P that we have (not NONE), or
 * NULL. */
bool proposals_have(struct proposals p, uint8_t type, uint16_t id);
/* Whether each of P wants a key exchange. */
bool proposals_demand_ke(struct proposals p);
/* Whether any of P has additional key exchanges; whether P cannot do without one. */
bool proposals_have_more(struct proposals p);
bool proposal_demands_more(const struct proposal *p);
const struct transform *proposals_ke(struct proposals p);

/* Why nothing fits, for the nearest pair: DIFFERS gets "encryption: offered aes128, configured aes256gcm16;
 * …" (NULL when one side is empty) and INSTEAD the keyword list to configure so that the nearest offer would
 * fit (NULL when we have not its algorithms). From ARENA. */
struct proposal_why {
	const char *differs, *instead;
};
struct proposal_why proposal_explain(
	struct proposals offered, struct proposals wanted, enum proposal_ke ke, struct arena *arena);
