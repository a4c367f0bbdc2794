/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec user: what its verbs share. A user with a certificate is an entry of the CA's index, whose private
 * key nobody has but the profile. */
#pragma once

#include "user_gateway.h"

/* Has the running daemon, if there is one, read its files again. */
int user_reread(struct pki *p);

/* The same, and ends the IKE_SAs of NAME, whose certificates are about IDS; how many go to *ENDED. */
int user_disconnect(struct pki *p, const char *name, const struct id *ids, unsigned n, unsigned *ended);

struct vici_node;

/* The IKE_SAs of the running daemon. */
struct sightings {
	bool running;
	const struct vici_node **sas;
	unsigned n;
};
int user_look(struct pki *p, struct sightings *out);

/* From where NAME is connected: addresses, "" where there are none. */
const char *user_seen(struct pki *p, const struct sightings *s, const char *name, const struct cert *c);

/* The identities that C (NULL: none) is about, from the arena. */
const struct id *user_ids(struct pki *p, const struct cert *c, unsigned *n);

/* Opens the CA where there is one: users with passwords do without. */
int user_open_ca(struct pki *p, bool to_sign);

/* The certificate of the index' entry E. */
int user_cert(struct pki *p, const struct index_entry *e, struct cert **out);

/* The last certificate of the user NAME that is good still; NULL: there is none. */
const struct index_entry *user_entry(struct pki *p, const char *name);

int user_add(struct pki *p);
int user_renew(struct pki *p);
int user_list(struct pki *p);
int user_show(struct pki *p);
int user_revoke(struct pki *p);
