/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files behind guard.h share. */
#pragma once

#include "base/map.h"
#include "xfrm/guard.h"
#include "xfrm/sieve.h"

struct guard {
	struct sieve *sieve;
	struct map policies; /* struct guarded, by id */
	struct map shunts;   /* struct sieved, by shunt_key */
	struct map forwards; /* struct forwarded, by id */
	struct map bars;     /* struct sieved, by bar_key */
	struct map marked;   /* struct marked, by id */
	uint32_t group;      /* of our devices, and mark of our outer packets */
	uint16_t nat_port;   /* of NAT traversal */
	bool forwarding;     /* the chains for what is forwarded are there, */
	bool marking;        /* that for marks, */
	bool barred;         /* and that for kill switches */
};

/* Rules for what must never be held back, whoever it is for. */
void guard_always_accepted(struct text *t, const char *name, const char *chain);

/* Those of SET that are of IP version V, from ARENA. */
struct tss guard_of_family(struct tss set, uint8_t v, struct arena *arena);

/* Of guard_forward.c: forgets what it knows. */
void guard_forward_close(struct guard *g);
/* The same of guard_bar.c. */
void guard_bar_close(struct guard *g);
void guard_connmark_close(struct guard *g); /* guard_connmark.c */
