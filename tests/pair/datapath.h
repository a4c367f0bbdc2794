/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A data path that only remembers: which SAs and policies a core has had installed, with their keys, and
 * whether it ever referred to one that there is not. */
#pragma once

#include "base/list.h"
#include "ike/ike.h"

struct dp_sa {
	struct node node;
	struct arena arena;
	struct sa_spec spec; /* its own copy, but for conf */
	bool refused;        /* the installation failed; it may be deleted all the same */
	bool used;           /* a packet has come */
	bool sends;          /* of one for a CPU: it is selected */
	uint64_t last;       /* when the last packet passed; 0: none did */
};

struct dp_policy {
	struct node node;
	struct arena arena;
	struct policy_spec spec; /* its own copy, but for conf */
	uint32_t selected;       /* the child that sends; 0: none */
	bool open;               /* one has sent */
	bool asks; /* a packet does, and as in the kernel no other, until that is over or an SA there */
	bool refused;
};

struct datapath {
	struct node sas, policies;
	const char *misuse; /* what a core must never do, the first time it did; NULL: never */
};

void datapath_init(struct datapath *dp);
/* Forgets everything, as when the machine stops. */
void datapath_clear(struct datapath *dp);

/* Carries out A, any action that concerns the data path; REFUSED: without success. */
void datapath_do(struct datapath *dp, const struct ike_action *a, bool refused);

/* A packet meets the first trap: true when the core is to be asked, by E. */
bool datapath_asks(struct datapath *dp, struct ike_event *e);

/* What is installed: SAs, policies without traps, traps. */
unsigned datapath_sas(const struct datapath *dp);
unsigned datapath_policies(const struct datapath *dp, bool traps);

/* The installed SA of this direction with SPI (0: the first), or NULL. */
const struct sa_spec *datapath_sa(const struct datapath *dp, bool inbound, uint32_t spi);

/* The child that sends for POLICY; 0: none. */
uint32_t datapath_selected(const struct datapath *dp, uint32_t policy);
/* The installed SA of CHILD in this direction, or NULL. */
struct dp_sa *datapath_find(const struct datapath *dp, uint32_t child, bool inbound);

/* The outbound SA that carries what P is for: of equal policies the newest sends that has one. NULL: none.
 * And of what a CPU sends (RESOURCE as in struct sa_spec): its own, where there is one. */
struct dp_sa *datapath_sender(const struct datapath *dp, const struct dp_policy *p);
struct dp_sa *datapath_sender_of(const struct datapath *dp, const struct dp_policy *p, uint32_t resource);

/* The first trap or other policy, or NULL. */
const struct policy_spec *datapath_policy(const struct datapath *dp, bool trap);

/* Whether SA is one of B in the other direction; else WHY gets what is not. */
bool datapath_mirrors_sa(const struct dp_sa *sa, const struct datapath *b, const char **why);
/* Whether each SA of A is one of B in the other direction, with the same keys, algorithms and mode, and
 * mirrored selectors: in transport mode those of the ends as each sees them. What of it is not goes to WHY.
 */
bool datapath_mirrors(const struct datapath *a, const struct datapath *b, const char **why);
