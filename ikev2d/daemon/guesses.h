/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who guesses passwords: wrong ones are counted by user and by address (of IPv6 by /64), and the more there
 * were the later the next is answered, right or wrong. A table of fixed size; the oldest go. */
#pragma once

#include "base/siphash.h"
#include "model/addr.h"
#include "model/id.h"

enum {
	GUESSES_ROOM = 4096,           /* users and addresses that are remembered */
	GUESSES_USER = 3,              /* wrong ones that cost nothing: of a user, */
	GUESSES_ADDRESS = 10,          /* from an address: many users may share it */
	GUESSES_FIRST = 500,           /* ms that the next answer is late, doubled by each more, up to: */
	GUESSES_LONGEST = 8000,        /* less than a client waits */
	GUESSES_TIME = 10 * 60 * 1000, /* ms after which they are forgotten */
};

struct guess {
	uint64_t key, last; /* LAST 0: a free place */
	unsigned wrong;
	bool user; /* or an address */
};

struct guesses {
	struct siphash_key hash;
	struct guess v[GUESSES_ROOM];
};

/* How long to wait at NOW (ms) before a password of USER from FROM is judged. */
unsigned guesses_wait(const struct guesses *g, const struct id *user, const struct ip *from, uint64_t now);

/* Users and addresses that would have to wait. */
unsigned guesses_waiting(const struct guesses *g, uint64_t now);

/* It was wrong: so many were by now, of USER and from FROM, whichever are more. And right: USER begins anew.
 */
unsigned guesses_wrong(struct guesses *g, const struct id *user, const struct ip *from, uint64_t now);
void guesses_right(struct guesses *g, const struct id *user);
