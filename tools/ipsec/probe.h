/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_SA_INIT (RFC 7296, 1.2) to find out about a path: requests, and what an answer tells. Nothing comes of
 * it: the secrets behind a request are thrown away. */
#pragma once

#include "wire/message.h"

enum { PROBE_MAX = 9000 /* octets of a request */, PROBE_NONCE = 32, PROBE_PUBLIC = 1568 };

/* One request. */
struct probe {
	uint64_t spi;
	struct addr local, remote;  /* as we see them: a NAT between makes them others */
	struct proposals proposals; /* empty: one that nobody has, so that the peer begins nothing */
	const struct transform *ke;
	uint8_t nonce[PROBE_NONCE], public[PROBE_PUBLIC];
	struct bytes cookie; /* that the peer asked for; empty: none */
	size_t size;         /* octets it is filled up to; 0: as it is */
	bool marker;         /* for port 4500 (RFC 3948, 2.2) */
};

/* What an answer says. */
struct probe_answer {
	uint16_t notify;     /* the error, COOKIE, or 0: it begins an IKE_SA */
	struct bytes cookie; /* borrowed from the datagram */
	uint16_t group;      /* with INVALID_KE_PAYLOAD: the one to use */
	bool natd;           /* it tells of NATs: */
	bool nat_us;         /* one before us */
	bool nat_peer;       /* one before the peer, or the peer says so to get ESP in UDP */
};

/* The octets of P, from ARENA; empty where they would be more than PROBE_MAX. */
struct bytes probe_request(const struct probe *p, struct arena *arena);

/* Whether DATAGRAM answers P, and what it says. */
bool probe_read(const struct probe *p, struct bytes datagram, struct arena *arena, struct probe_answer *out);
