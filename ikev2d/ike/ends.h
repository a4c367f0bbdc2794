/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_SAs by the identities of both ends, and by the address of the peer, so that those of one peer are found
 * among thousands. */
#pragma once

#include "ike/state.h"

/* Who its peer is: to EAP, where it was asked that, else to IKE (strongSwan's clients of one device may all
 * have one identity there). */
static inline const struct id *sa_user(const struct sa *sa)
{
	return sa->eap_id.type == ID_ANY ? &sa->remote_id : &sa->eap_id;
}

/* The same while it is being set up. */
static inline const struct id *handshake_user(const struct handshake *hs)
{
	return hs->eap.id.type == ID_ANY ? &hs->remote_id : &hs->eap.id;
}

/* A hash of the identities of both ends. */
uint64_t ends_key(const struct ike *ike, const struct id *local, const struct id *remote);

/* SA has got its identities. */
void ends_add(struct ike *ike, struct sa *sa);
/* The address of its peer may be another one than before; whether it is. */
bool ends_follow(struct ike *ike, struct sa *sa);
/* It goes. */
void ends_remove(struct ike *ike, struct sa *sa);

/* The next IKE_SA behind AT (NULL: the first) that is up, or once was, with these identities of ours and of
 * the peer's user; in the order in which they got them. */
struct sa *ends_next(
	const struct ike *ike, const struct sa *at, const struct id *local, const struct id *remote);

/* The next IKE_SA behind AT (NULL: the first) in whatever state whose peer is at IP, with any port; in the
 * order in which they came there. */
struct sa *ends_at(const struct ike *ike, const struct sa *at, const struct ip *ip);
