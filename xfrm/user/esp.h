/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets into ESP and out of it (RFC 4303), for AEADs (RFC 4106, 7634) and for CBC with HMAC (RFC 3602,
 * 4868). Tunnel mode: inside is an IP packet. Pure. */
#pragma once

#include "base/arena.h"
#include "base/rng.h"
#include "model/proposal.h"
#include "xfrm/header.h"
#include "xfrm/user/drop.h"
#include "xfrm/user/engine.h"
#include "xfrm/user/replay.h"

#include <stdatomic.h>

/* One direction of an SA. Several threads may seal, or decrypt, at the same time; the window of an inbound one
 * is for one at a time. */
struct esp {
	uint32_t spi;
	const struct transform *encr, *integ; /* integ NULL: an AEAD */
	const struct engine *engine;
	/* The engine's contexts, which have large tables: one for each thread, or where they can be shared one
	 * for all, made for its first packet. */
	_Atomic(struct esp_context *) contexts;
	struct bytes encr_key, integ_key; /* of them */
	bool sealing, esn;
	uint8_t icv;
	_Atomic uint64_t seq; /* outbound: the last number taken */
	uint64_t seq_last;    /* outbound: the last there is */
	struct replay replay; /* inbound */
};

/* A packet on its way. For sealing there is room around it: esp_before() octets before, esp_sealed()
 * octets in all. */
struct esp_packet {
	uint8_t *p;
	size_t n;
	size_t more;             /* for sealing: octets of zero behind it, which hide how long it is */
	uint64_t seq;            /* set by both ways */
	enum replay_place place; /* set by opening */
	bool authentic;          /* set by opening: whoever has the key has made it, whatever is inside */
	enum drop drop; /* DROP_NONE, or why it went no further; packets that have it set are left alone */
};

/* Takes the keys in, and tries whether an engine does. They lie in ARENA, and take esp_kept() octets. WINDOW
 * counts when opening, and comes out of ARENA, too. WHY gets a sentence on failure. */
size_t esp_kept(struct bytes encr_key, struct bytes integ_key);
enum err esp_init(struct esp *e, uint32_t spi, const struct suite *suite, bool sealing, struct bytes encr_key,
	struct bytes integ_key, uint32_t window, struct arena *arena, struct text *why) MUST_CHECK;

/* Wipes the contexts; the keys in the arena go with that. */
void esp_free(struct esp *e);

/* Seals N IP packets in place with successive numbers; each then is an ESP packet. THREAD is the caller's
 * number among those that seal. RNG gives the IVs of CBC; the IV of an AEAD is the sequence number, which
 * never repeats under a key. */
void esp_seal(struct esp *e, unsigned thread, struct rng *rng, struct esp_packet *v, unsigned n);

/* Opens N ESP packets in place, where one thread does (number 0); each then is the IP packet that was inside,
 * possibly with padding for traffic flow confidentiality behind it (its own length says where it ends). */
void esp_open(struct esp *e, struct esp_packet *v, unsigned n);

/* The steps of it, for threads that share an SA: whether the window may take the packet, whose whole number
 * is known then; cipher, tag and what is inside, which change nothing in the SA (P stays as it is where it
 * has a drop already); and, once it is known to be authentic, whether the window takes it (RFC 4303, 3.4.3).
 */
void esp_check(const struct esp *e, struct esp_packet *p);
void esp_decrypt(struct esp *e, unsigned thread, struct esp_packet *p);
void esp_admit(struct esp *e, struct esp_packet *p);

/* Octets before an inner packet once it is sealed, and of all that an inner packet of N octets becomes, those
 * that hide its length among them. */
size_t esp_before(const struct esp *e);
size_t esp_sealed(const struct esp *e, size_t n);
