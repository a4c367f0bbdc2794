/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exchanges of our own on an established SA: one under way, the others wait. */
#pragma once

#include "ike/step.h"

/* Queues a task; dropped when the SA has too many or the same one waits already. CHILD is the one that it is
 * about, or NULL. */
void task_add(struct sa *sa, enum task_kind kind, const struct child *child);

/* A child of CONF is to be created; for a packet, with its selectors (else NULL). Returns where commands wait
 * for it. And in the place of one whose SPI was in use, which is done once; and one for RESOURCE, as in
 * struct child. */
struct node *task_create(
	struct sa *sa, const struct child_conf *conf, const struct ts *local, const struct ts *remote);
struct node *task_create_anew(struct sa *sa, const struct child_conf *conf);
void task_create_for(struct sa *sa, const struct child_conf *conf, uint32_t resource);

/* The peer is to forget the SA that it sends on with this SPI of ours. */
void task_delete_spi(struct sa *sa, uint8_t protocol, uint32_t spi);

/* The IKE_SA, which a newer one replaces, is to be deleted AT that time, unless it is by then; while a child
 * of it has no twin, later, but not after LAST. */
void task_delete_ike_later(struct sa *sa, uint64_t at, uint64_t last);

/* The peer is to be redirected to GATEWAY. */
void task_redirect(struct sa *sa, const char *gateway);

/* The peer is to hear that there is no SA of ours with the SPI that it sends on. */
void task_unknown_spi(struct sa *sa, uint32_t spi);

/* KIND goes before all others; one that is under way begins again. And whether it waits. */
void task_first(struct sa *sa, enum task_kind kind);
bool task_waits(const struct sa *sa, enum task_kind kind);

/* Starts the first task that may begin, if nothing is under way. */
void task_next(struct step *s, struct sa *sa);

/* When the next one may begin by itself; HEAP_NEVER: none waits for a time. */
uint64_t task_due(const struct sa *sa);

/* For commit only: what D says of the task under way. */
void task_end(struct draft *d, struct sa *sa);

/* The task that creates the child CONF, waiting or under way, or NULL; the one for RESOURCE (0: the general
 * one). */
struct task *task_creating(const struct sa *sa, const struct child_conf *conf, uint32_t resource);

/* All that wait go behind those of INTO. */
void tasks_move(struct sa *from, struct sa *into);

/* Ends SA at once; if it is up, the peer is told once, and its answer is not waited for. A peer that was not
 * let in yet is told in the answer to its request, be it the next one. */
void sa_abandon(struct step *s, struct sa *sa);

/* The same, and the peer is told nothing: it has no such SA any more. */
void sa_vanish(struct step *s, struct sa *sa);

/* Ends T; who waits for it hears WHY (NULL: without a reason). */
void task_free(struct step *s, struct task *t, const struct why *why);
/* All of SA's; S NULL: nobody hears of it. */
void tasks_free(struct step *s, struct ike *ike, struct sa *sa, const struct why *why);
