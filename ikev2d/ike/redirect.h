/* SPDX-License-Identifier: GPL-2.0-or-later */
/* REDIRECT (RFC 5685): a gateway sends its peers to another one, in its answer to IKE_SA_INIT or IKE_AUTH, or
 * whenever it likes. A peer follows only to where its configuration lets it. */
#pragma once

#include "ike/step.h"

/* ------------------------------------------------------------- who is sent */

/* In IKE_SA_INIT: that we can be redirected, or that we were, and by whom. */
void redirect_put_support(struct draft *d, struct message *m);

/* IKE_SA_INIT was answered with a REDIRECT, DATA: it is sent again, to the other gateway, if it has our nonce
 * and we may. */
enum verdict redirect_at_init(struct draft *d, struct bytes data);

/* The answer to IKE_AUTH, from a peer that has proved who it is, says REDIRECT. False: not to where we may
 * go, which was told. Else D's wish is an IKE_SA with the other gateway. */
bool redirect_at_auth(struct draft *d, struct bytes data);

/* The peer of an established IKE_SA says REDIRECT: one with the other gateway is made, and replaces it. */
void redirect_at_will(struct draft *d, struct bytes data);

/* Whether the address that the name of the gateway has turned out to have is one to go to; else D->why says
 * why not. True where there was no redirection, or one to an address. */
bool redirect_reaches(struct draft *d, const struct ip *ip);

/* ------------------------------------------------------------ who is sending */

/* Whether the peer says in IKE_SA_INIT that it can be redirected. */
void redirect_get_support(struct draft *d, const struct message *m);

/* What to answer to IKE_SA_INIT when all connections that the peer may mean are redirected to one gateway;
 * empty: go on. */
struct bytes redirect_init_data(struct draft *d);

/* Whether D's connection redirects the peer, which can follow, in the answer to IKE_AUTH. */
bool redirect_due(const struct draft *d);

/* A REDIRECT to GATEWAY, an address or a name, in M. */
void redirect_put(struct draft *d, const char *gateway, struct message *m);

/* The peer has it, and is to leave: the IKE_SA ends soon when the peer does not end it. */
void redirect_taken(struct draft *d);

/* Redirects what the command C means. */
void redirect_command(struct step *s, const struct ike_command *c, unsigned *matches, struct why *why);
