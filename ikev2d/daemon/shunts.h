/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shunts: children with mode = pass or drop. They have no peer and no SA, so the core knows nothing of them;
 * the daemon has the data path install those that start_action or a person asks for. */
#pragma once

#include "base/dict.h"
#include "base/list.h"
#include "xfrm/xfrm.h"

struct shunts {
	const struct xfrm_backend *backend;
	struct xfrm *xfrm;
	struct node all;     /* configured ones, installed or not, in the order of the configurations */
	struct dict by_name; /* the same */
	uint32_t last_id;
};

void shunts_start(struct shunts *s, const struct xfrm_backend *backend, struct xfrm *xfrm);

/* A number for a shunt that somebody else installs. */
uint32_t shunts_next_id(struct shunts *s);

/* Forgets them; what is installed goes with the data path. */
void shunts_stop(struct shunts *s);

/* The configuration is now that of PEERS, of which those that are not ready do not count; with ONLY, that of
 * the connection of this name, and all others are as they were. A shunt that says
 * the same as before stays as it is, also one that a person has installed or taken away. For any other what
 * it was before is undone and its start_action done; the new one is installed first. One that cannot be
 * installed is tried again each time. */
void shunts_follow(struct shunts *s, const char *only, struct peer *const *peers, unsigned n);

/* Installs the shunt CHILD of connection IKE (NULL: of the first one that has it), which may be already; or
 * takes it away. ERR_MISSING when none is configured; there is none to take away. WHY gets a sentence for
 * other errors. */
enum err shunts_install(struct shunts *s, const char *ike, const char *child, struct text *why) MUST_CHECK;
enum err shunts_uninstall(struct shunts *s, const char *ike, const char *child) MUST_CHECK;

/* The numbers of those that are installed, from ARENA; and what there is to say of one; false when it has
 * gone. */
const uint64_t *shunts_installed(const struct shunts *s, struct arena *arena, unsigned *n);
bool shunts_record(const struct shunts *s, uint64_t id, struct arena *arena, struct policy_record *out);
