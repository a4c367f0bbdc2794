/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a packet goes no further, and how many went no further. */
#pragma once

#include "base/text.h"

#include <stdatomic.h>

enum drop {
	DROP_NONE, /* it goes on */
	/* Towards the peer. */
	DROP_MALFORMED, /* not an IP packet */
	DROP_NEIGHBOUR, /* IPv6 neighbour discovery and link-local multicast, which never enter a tunnel */
	DROP_NO_POLICY, /* no selectors match */
	DROP_NO_SA,     /* they do, but the SA is not there yet */
	DROP_TOO_BIG,   /* may not be cut, and does not fit the path */
	DROP_SEQUENCE,  /* the sequence numbers are used up */
	DROP_LIFETIME,  /* a limit of volume is met (both directions) */
	DROP_CRYPTO,    /* the cryptographic library refused */
	DROP_SEND,      /* the kernel did not take the outer packet */
	/* From the peer. */
	DROP_SHORT,       /* too short for ESP, or of a length the cipher cannot have made */
	DROP_SPI,         /* nobody's SPI */
	DROP_REPLAY,      /* seen before, or left of the window */
	DROP_AUTH,        /* the tag is wrong */
	DROP_PADDING,     /* authenticated, but the padding is not 1, 2, 3, … */
	DROP_NEXT_HEADER, /* authenticated, but no IP packet inside */
	DROP_DUMMY,       /* a dummy packet (RFC 4303, 2.6) */
	DROP_SELECTORS,   /* the packet inside is none of those agreed on */
	DROP_ECN,         /* congestion marked on what cannot carry the mark (RFC 6040, 4.2) */
	DROP_DEVICE,      /* the tun device did not take it */
	DROP_KEEPALIVE,   /* a NAT keepalive (RFC 3948, 2.3) */
	DROP_REPORT,      /* a report or an IKE datagram found the channel to the control thread full */
	DROP_MAX
};

/* Counters of all reasons; any thread counts, any thread reads. */
struct drops {
	_Atomic uint64_t n[DROP_MAX];
};

static inline void drop_count_all(struct drops *d, enum drop why, unsigned n)
{
	atomic_fetch_add_explicit(&d->n[why], n, memory_order_relaxed);
}

static inline void drop_count(struct drops *d, enum drop why)
{
	drop_count_all(d, why, 1);
}

/* Appends "reason=count" for all reasons that happened ("no-policy=3 replay=1"), separated by a space. */
void drop_print(const struct drops *d, struct text *out);
