/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of payloads, for message.c, and what the files behind it share: one file a payload (or a pair of
 * twins), each with a get and a put that are inverses. The payload's own header is not theirs. */
#pragma once

#include "wire/message.h"

/* Where a payload stands that is being read. */
struct payload_at {
	struct arena *arena; /* for lists */
	uint8_t next;        /* "next payload" of its header */
	size_t offset;       /* of its body in the datagram */
};

/* Reads the body of a payload, R, into OUT. R is to be read to its end; it turns bad when something must not
 * be as it is. */
typedef void payload_get(struct rd *r, const struct payload_at *at, struct message *out);

/* Writes the body of the payload, of several the one with number I. W turns bad when the wire cannot say it.
 */
typedef void payload_put(const struct message *m, unsigned i, struct wr *w);

/* How many of them M has. */
typedef unsigned payload_count(const struct message *m);

struct payload {
	uint8_t type;         /* enum payload_type */
	const char *name;     /* RFC 7296, 3.2 */
	payload_count *count; /* NULL: it may come only once */
	payload_get *get;
	payload_put *put; /* NULL: written by whoever seals */
};

/* The rows, in the order in which payloads are written; one with type 0 ends them. */
extern const struct payload payload_table[];

/* The row of TYPE, or NULL. */
const struct payload *payload_find(uint8_t type);

payload_get wire_sa_get, wire_ke_get, wire_idi_get, wire_idr_get, wire_cert_get, wire_certreq_get,
	wire_auth_get, wire_nonce_get, wire_notify_get, wire_delete_get, wire_vendor_get, wire_tsi_get,
	wire_tsr_get, wire_cp_get, wire_eap_get, wire_ps_get, wire_sk_get, wire_skf_get;
payload_put wire_sa_put, wire_ke_put, wire_idi_put, wire_idr_put, wire_cert_put, wire_certreq_put,
	wire_auth_put, wire_nonce_put, wire_notify_put, wire_delete_put, wire_vendor_put, wire_tsi_put,
	wire_tsr_put, wire_cp_put, wire_eap_put, wire_ps_put;
payload_count wire_cert_count, wire_certreq_count, wire_notify_count, wire_delete_count, wire_vendor_count;

/* Payloads, proposals, transforms and selectors begin alike: two octets that mean something else in each, and
 * the length of the whole. */
struct wire_piece {
	uint8_t a, b;
	struct rd body;
};

/* Reads such a head and steps over its body. R turns bad when the length is not possible; the body is then
 * bad too. */
struct wire_piece wire_piece_get(struct rd *r);

/* Ends the reading of P, which stood in R: unless it was read whole, R turns bad. */
void wire_piece_done(const struct wire_piece *p, struct rd *r);

/* Writes a head; the place returned is handed to wire_piece_end when the body is written. */
size_t wire_piece_put(struct wr *w, uint8_t a, uint8_t b);
void wire_piece_end(struct wr *w, size_t at);

/* LIST of N elements of SIZE octets, with room for one more. It must have grown here from the start: room is
 * doubled, so the list is full when N is a power of two. */
void *wire_list_room(struct arena *arena, void *list, unsigned n, size_t size);
