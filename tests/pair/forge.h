/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that no core of ours would send, made with the keys of one that could; and sealed ones opened. */
#pragma once

#include "ike/state.h"
#include "tests/pair/lab.h"

/* The only SA of H; NULL when it has none or several. */
struct sa *forge_sa(const struct host *h);
/* The SA of H that is established and has not been replaced; NULL when it has none or several. */
struct sa *forge_sa_up(const struct host *h);

/* The IKE_SAs of H leave its list for KEPT, and come back: what is done meanwhile has to find them otherwise,
 * as among ten thousand. */
void forge_unlist(struct host *h, struct node *kept);
void forge_list(struct host *h, struct node *kept);

/* What F says, which is not sealed, in ARENA. */
struct message forge_read(const struct flight *f, struct arena *arena);
/* M as a datagram that is not sealed, with its header but for next and length. From ARENA. */
struct bytes forge_clear(const struct message *m, struct arena *arena);

/* A datagram as H could send it on SA: header (SPIs and the initiator's flag are filled in) and the payloads
 * of M, sealed. From ARENA. */
struct bytes forge_seal(struct host *h, struct sa *sa, const struct message *m, struct arena *arena);
/* The same with INNER, any octets whose first payload is said to be of type FIRST, inside the seal. */
struct bytes forge_seal_raw(struct host *h, struct sa *sa, const struct wire_header *header, uint8_t first,
	struct bytes inner, struct arena *arena);
/* The same as a fragment: PIECE has its number, the total (0: it is none), and the type of the first payload.
 */
struct bytes forge_seal_fragment(struct host *h, struct sa *sa, const struct wire_header *header,
	const struct wire_sk *piece, struct bytes inner, struct arena *arena);
/* The same with the whole header (but for next and length), and the keys of CORE of IKE: those of the
 * original INITIATOR's way, or of the other. */
struct bytes forge_seal_octets(struct ike *ike, const struct sa_core *core, bool initiator,
	const struct wire_header *header, const struct wire_sk *piece, struct bytes inner, struct rng *rng,
	struct arena *arena);

/* Puts DATA in the air, from H to the peer of SA. */
struct flight *forge_send(struct host *h, const struct sa *sa, struct bytes data);

/* What is sealed in DATAGRAM, opened with the keys of any host that has them, in ARENA; false: nobody has. */
bool forge_open(struct lab *lab, struct bytes datagram, struct arena *arena, struct message *out);

/* Seals M anew into F, which stays what it is otherwise: as if its sender, which must have the keys, had said
 * that. */
void forge_change(struct flight *f, const struct message *m);
/* F, in the air of LAB, has a public value of another GROUP. */
void forge_group(struct lab *lab, struct flight *f, uint16_t group);
/* F becomes the answer "no, NOTIFY" (and DATA), whatever it was. */
void forge_refusal(struct flight *f, uint16_t notify, struct bytes data);
