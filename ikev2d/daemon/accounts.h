/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of users whom RADIUS servers have let in: what they use is counted from when their IKE_SA comes up
 * until it goes, through rekeyings, and told to the servers (radius/account.h) where daemon.radius.accounting
 * says so. */
#pragma once

#include "daemon/ipc_radius.h"
#include "daemon/lease.h"

struct arena;
struct ike_tell;
struct world;

void accounts_start(struct world *w);

/* What is not over ends; who still has to hear of it is waited for, until the stop timer comes or another
 * signal. No peer is heard any more meanwhile. */
void accounts_stop(struct world *w);

/* A server has let the peer of the conversation LOGIN in, as USER: R is what it gives. */
void accounts_let_in(struct world *w, uint32_t login, struct bytes user, const struct ipc_relayed *r);

/* The peer of the conversation LOGIN is let in without a server, with what GRANT has for it; it is not
 * accounted for. */
void accounts_enrolled(struct world *w, uint32_t login, const struct lease_grant *grant);

/* The addresses that are given to who comes by the conversation LOGIN; NULL: it is not known. Borrowed
 * until the next step. */
const struct lease_grant *accounts_grant(const struct world *w, uint32_t login);

/* The Acct-Session-Id of who comes by the conversation LOGIN, from ARENA. */
const char *accounts_id(const struct world *w, uint32_t login, struct arena *arena);

/* The address of the family V, 4 or 6, of a session with VIPS that servers hear of; v 0: none. */
struct ip accounts_ip(const struct vips *vips, uint8_t v);

/* What of T concerns sessions. */
void accounts_told(struct world *w, const struct ike_tell *t);

/* An SA of CHILD is about to go, and its counters with it. */
void accounts_sa_gone(struct world *w, uint32_t child, bool inbound);

/* A server ends the IKE_SA numbered SA: CAUSE is what it is to be told. */
void accounts_cause(struct world *w, uint32_t sa, enum radius_cause cause);

/* What was told of the session KEY was acknowledged, or not. */
void accounts_done(struct world *w, uint64_t key, bool acknowledged);
