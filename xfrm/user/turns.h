/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several threads take from one source keeps its order: who takes draws a ticket, one after the other;
 * then each works on what it has beside the others, and what has to be done in order is done in the order of
 * the tickets. Nobody who waits for a turn holds anything that those before need. */
#pragma once

#include "xfrm/user/device.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

struct turns {
	pthread_mutex_t taking;
	uint64_t drawn; /* under the lock */
	_Alignas(64) _Atomic uint64_t served;
	_Atomic unsigned helpers; /* threads that take from here beside the one whose source it is */
	/* Whoever sleeps until its ticket is served; each thread has one at a time. */
	struct seat {
		_Atomic bool taken;
		sem_t call;
	} seats[WORKERS_MAX];
};

void turns_init(struct turns *t);
void turns_end(struct turns *t);

/* Nobody else takes until turns_draw(), which gives the ticket of what was taken, or turns_pass(): there was
 * nothing. */
void turns_take(struct turns *t);
uint64_t turns_draw(struct turns *t);
void turns_pass(struct turns *t);

/* Whether all before TICKET are done. */
bool turns_is_served(const struct turns *t, uint64_t ticket);

/* Waits until they are: for a moment awake, then asleep. Returns true when it slept. */
bool turns_wait(struct turns *t, uint64_t ticket);

/* TICKET, whose turn it was, is done. */
void turns_done(struct turns *t, uint64_t ticket);
