/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon that has keeper and tokens in this process; tokens is not itself: it answers as a test says. */
#pragma once

#include "tests/unit/unit.h"

#include "daemon/vault_state.h"
#include "daemon/world.h"

struct fake_tokens {
	struct arena arena;
	struct world world;
	struct bytes paper; /* that it answers with; without one it ends */
	const char *hangs;  /* at this URI, and until the next one is there */
	bool hanging;
	unsigned pins, pins_lost; /* handed over; so many of them are not taken */
	uint64_t opener, offer;   /* the last key is opened with this one */
	unsigned asked;
	uint8_t marks;                /* this one's */
	uint64_t handles[4], dropped; /* asked for; the last that is to be forgotten, */
	uint64_t unwanted[4];         /* and offers, by their numbers */
};
extern struct fake_tokens fake;

/* For each test. */
int fake_tokens_set_up(void **state);
int fake_tokens_tear_down(void **state);
/* The end of what vault_start has begun. */
void fake_tokens_end(void);

/* Tokens, which answers with the paper WITH from now on. */
struct vault *fake_tokens_answering(struct bytes with);
/* The private key that it has. */
struct bytes fake_tokens_key(void);
/* Says M to guard. */
void fake_tokens_tell(struct ipc_channel *far, struct ipc_message m);
/* The time is over of what it was asked; the next one does not hang. */
void fake_tokens_late(struct vault *v);
