/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE messages (RFC 7296, 3): octets to structs and back. No keys and no SA here: what is sealed is opened by
 * ike/seal and then parsed by the same functions. */
#pragma once

#include "base/buf.h"
#include "model/id.h"
#include "model/proposal.h"
#include "model/ts.h"
#include "wire/names.h"

enum {
	IKE_HEADER = 28,     /* octets */
	IKE_VERSION = 0x20,  /* 2.0: major in the upper half */
	NEXT_AT = 16,        /* where in it the type of the first payload stands, */
	LENGTH_AT = 24,      /* and its length */
	PAYLOAD_HEADER = 4,  /* octets */
	FRAGMENT_HEADER = 4, /* octets more in an SKF payload (RFC 7383, 2.5) */
	MESSAGE_MAX = 65535,
	MESSAGE_PAYLOADS_MAX = 128, /* payloads in one message */
	MESSAGE_NOTIFIES_MAX = 64,
	MESSAGE_DELETES_MAX = 32,
	DELETE_SPIS_MAX = 512,
	NONCE_MIN = 16,
	NONCE_MAX = 256,
	PUZZLE_KEYS = 4, /* RFC 8019, 7.1.2 */
	PUZZLE_OCTETS = 3,
};

enum { FLAG_INITIATOR = 0x08, FLAG_VERSION = 0x10, FLAG_RESPONSE = 0x20 };

/* RFC 7296, 3.1. */
struct wire_header {
	uint64_t spi_i, spi_r;
	uint8_t next;    /* type of the first payload */
	uint8_t version; /* IKE_VERSION */
	uint8_t exchange;
	uint8_t flags;
	uint32_t mid;
	uint32_t length; /* of the whole message */
};

struct wire_ke {
	uint16_t group;
	struct bytes data;
};

struct wire_auth {
	uint8_t method; /* RFC 7296, 3.8: 2 is a shared key */
	struct bytes data;
};

struct wire_notify {
	uint8_t protocol; /* 0: none */
	struct bytes spi;
	uint16_t type;
	struct bytes data;
};

struct wire_delete {
	uint8_t protocol;
	const uint32_t *spis; /* of ESP or AH; none for IKE */
	unsigned n;
};

struct wire_cert {
	uint8_t encoding;
	struct bytes data;
};

/* A configuration payload: its attributes are kept as they came (RFC 7296, 3.15), whole; cp_next reads them,
 * and cp_put writes them. */
struct wire_cp {
	uint8_t type;
	struct bytes attributes;
};

/* The sealed payload, or a fragment of one (RFC 7383). */
struct wire_sk {
	uint8_t inner;            /* type of the first payload inside */
	uint16_t fragment, total; /* 0 for SK */
	size_t offset;            /* of the body in the datagram; everything before it is authenticated */
	struct bytes body;        /* IV, ciphertext, tag */
};

/* A message with everything it carries. HAS holds a bit for each payload present. Parsed ones borrow from the
 * datagram and from the arena. All zero is an empty one; to write a payload that may come once, set its field
 * and its bit; of the others the count decides. */
struct message {
	struct wire_header header;
	uint64_t has; /* PAYLOAD_BIT(PAYLOAD_SA) | … (wire/names.h) */
	struct proposals sa;
	struct wire_ke ke;
	struct bytes nonce;
	struct id idi, idr;
	struct wire_auth auth;
	struct tss tsi, tsr;
	struct wire_cp cp;
	struct bytes eap;
	struct bytes solution; /* of a puzzle: PUZZLE_KEYS keys of one size, if it is one */
	struct wire_sk sk;
	struct wire_notify *notifies;
	struct wire_delete *deletes;
	struct wire_cert *certs, *certreqs;
	struct bytes *vendors;
	unsigned n_notifies, n_deletes, n_certs, n_certreqs, n_vendors;
	/* The first payload type we do not know that has its critical bit set (RFC 7296, 2.5); 0: none. */
	uint8_t critical;
};

/* Reads the header. ERR_SHORT when there is none, ERR_SYNTAX when its length is not that of the datagram.
 * Version, flags and exchange are judged by the caller (RFC 7296, 2.5). */
enum err header_get(struct bytes datagram, struct wire_header *out) MUST_CHECK;

/* Writes the header as it stands in H. The length may be filled in later, by wr_u32_at(w, 24, …) of a writer
 * that began with the header. */
void header_put(const struct wire_header *h, struct wr *w);

/* The first of the datagrams that stand back to back in *ALL, by the length in its header; *ALL is what is
 * behind it. Empty when nothing whole is left. */
struct bytes header_cut(struct bytes *all);

/* Whether H is of an IKE_SA_INIT message (RFC 7296, 1.2): exchange, version and message ID are, whatever its
 * SPIs and flags say. */
bool header_begins(const struct wire_header *h);

/* Parses the chain of payloads in BODY, which stands at OFFSET in its datagram, the first being of type
 * FIRST, into OUT (whose header is set already; has, counts and lists are added to). An SK or SKF payload
 * ends the chain, as it must. A payload that may come once and comes twice, a bad length, a count over its
 * limit, octets behind the last payload: ERR_SYNTAX, *BAD names the payload type, and OUT is of no use.
 * Unknown types are skipped; the critical bit of known ones says nothing (RFC 7296, 2.5).
 *
 * What comes out keeps to the limits above, and: SA has a proposal at least, SPIs of the size their protocol
 * has, and key length 65535 in transforms with attributes we do not know (RFC 7296, 3.3.6: not to be chosen);
 * the nonce has 16 to 256 octets; an identity is never ID_ANY, and one that is an address has its size;
 * selectors do not run backwards, but for the ports of OPAQUE; selectors that are not of addresses (types
 * other than 7 and 8) are left out, so that a list may be empty. */
enum err message_get(struct bytes body, size_t offset, uint8_t first, struct arena *arena,
	struct message *out, uint8_t *bad) MUST_CHECK;

/* The body of the first payload of TYPE in such a chain, borrowed; the others are not looked into, and
 * nothing is taken from memory. Empty when there is none, or the chain is broken before it. */
struct bytes message_peek(struct bytes body, uint8_t first, uint8_t type);

/* Writes the payloads M has (not SK and SKF), in the order of RFC 7296's figures, and the type of the first
 * into *FIRST. COOKIE and REKEY_SA come before everything else, the other notifies behind (2.6, 1.3.3). The
 * inverse of message_get. The writer turns bad when there is no room, and when the wire cannot say it: a list
 * or a payload that is too long, a selector without addresses. */
void message_put(const struct message *m, struct wr *w, uint8_t *first);

/* Writes a message that is not sealed: H, whose next and length are set here, and the payloads of M. */
void message_put_clear(const struct wire_header *h, const struct message *m, struct wr *w);

/* The first notify of TYPE, or NULL. */
const struct wire_notify *message_notify(const struct message *m, uint16_t type);

/* The first notify that is an error (below 16384), or NULL. */
const struct wire_notify *message_error(const struct message *m);

/* The next attribute of a configuration payload, whose value is borrowed; false behind the last. And one
 * more.
 */
bool cp_next(struct rd *attributes, uint16_t *type, struct bytes *value);
void cp_put(struct wr *attributes, uint16_t type, struct bytes value);

/* What the notify PUZZLE asks for (RFC 8019, 8.1): keys for PRF (the number of a transform), with which it
 * ends in BITS zero bits; 0: in as many as the initiator likes. False when DATA is not that; and the inverse,
 * from ARENA. */
struct wire_puzzle {
	uint16_t prf;
	uint8_t bits;
};
bool puzzle_get(struct bytes data, struct wire_puzzle *out);
struct bytes puzzle_put(const struct wire_puzzle *puzzle, struct arena *arena);

/* These add to a message under construction, whose lists grow in ARENA and were begun by no one else. DATA
 * and SPIS are borrowed. The notify has no protocol and no SPI; a caller that wants them (REKEY_SA) sets them
 * in what is returned, which stays where it is until the next is added. */
struct wire_notify *message_add_notify(
	struct message *m, struct arena *arena, uint16_t type, struct bytes data);
void message_add_delete(
	struct message *m, struct arena *arena, uint8_t protocol, const uint32_t *spis, unsigned n);
