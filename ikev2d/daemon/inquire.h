/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to be known of the core (ike/ike.h), asked of the process that has it. While there is none,
 * there is nothing. All from ARENA; connections and children are guard's own, valid until the loop goes on.
 */
#pragma once

#include "daemon/world.h"

const uint64_t *inquire_sas(struct world *w, struct arena *arena, unsigned *n);
bool inquire_sa(struct world *w, uint64_t key, struct arena *arena, struct sa_record *out);
const uint64_t *inquire_traps(struct world *w, struct arena *arena, unsigned *n);
bool inquire_trap(struct world *w, uint64_t key, struct arena *arena, struct policy_record *out);
bool inquire_proven(struct world *w, uint64_t key, struct arena *arena, struct ike_proven *out);
const struct counters *inquire_counters(
	struct world *w, const char *name, bool all, struct arena *arena, unsigned *n);
void inquire_counters_reset(struct world *w, const char *name, bool all);
/* The keys of the IKE_SA of KEY, for who may decrypt what they seal. */
bool inquire_keys(struct world *w, uint64_t key, struct arena *arena, struct ike_key_record *out);
/* Whether the command TICKET waits for a peer that does not answer; WHY, from ARENA, says more. */
bool inquire_awaited(struct world *w, uint32_t ticket, struct arena *arena, struct why *why);
/* When a child of connection NAME that is wanted up is tried next; HEAP_NEVER: none is. */
uint64_t inquire_next_try(struct world *w, const char *name);
/* DROPS: what was dropped, by reason. */
struct ike_load inquire_load(struct world *w, struct arena *arena, const char **drops);

/* What is done with the answer (ipc_table.c); CTX is the member. */
bool inquire_take_reply(void *ctx, const struct ipc_message *m);
