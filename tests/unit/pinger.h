/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pings by the SAs of a CHILD_SA whose end has no data path: the packets are handed in and out. Of IPv4 in
 * tunnel mode. What goes wrong with it itself aborts. */
#pragma once

#include "base/rng.h"
#include "model/sa.h"

enum { PINGS = 4, PING_ROOM = 2048 };

struct pinger;

struct pinger *pinger_new(void);

/* NULL does nothing. */
void pinger_free(struct pinger *p);

/* SA is there from now on. Of each direction the newest is used, and of the inbound ones the one before, too,
 * on which the peer may still send. */
void pinger_take_sa(struct pinger *p, const struct sa_spec *sa);

/* The outer addresses of what is sent: ours and the peer's. */
const struct addr *pinger_ends(const struct pinger *p);

/* The first of PINGS, from FROM to the first host of the net behind the peer, sealed in OUT of PING_ROOM
 * octets. Empty where there is no SA. */
struct bytes pinger_begin(struct pinger *p, const struct ip *from, struct rng *rng, uint8_t *out);

/* ESP has come. When it is the answer to the ping on its way, unchanged, NEXT gets the next one in OUT, or
 * nothing where that was the last, and the result is true. */
bool pinger_take(struct pinger *p, struct bytes esp, struct rng *rng, uint8_t *out, struct bytes *next);
