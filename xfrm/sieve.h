/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of nftables of our own, with rules for packets of pairs of a source and a destination, each of
 * which goes again by itself. By nftables (nft.h), and netlink. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "model/ts.h"

struct sieve;  /* the table */
struct sieved; /* the pairs of one rule, for all who want the same */

/* What is to become of packets. Of many rules that say the same the kernel looks at one. */
struct sieve_rule {
	const char *chain;   /* where it stands */
	const char *only;    /* what else must be so: "iifname lo ", or "" */
	const char *verdict; /* "counter drop" */
	const char *lost;    /* what it means that it cannot be had, for a person */
};

/* The table NAME by COMMANDS, which make it and its chains. ERR_MISSING where nobody can give nftables
 * commands here, and WHY says it; ERR_UNSUPPORTED where there are none (or no right to them), or they refuse;
 * WHY gets their words. */
enum err sieve_open(const char *name, const char *commands, struct sieve **out, struct text *why) MUST_CHECK;

/* Forgets what it knows; the table stays. NULL does nothing. */
void sieve_close(struct sieve *s);

const char *sieve_name(const struct sieve *s);

/* All of COMMANDS or nothing. WHY gets nftables' first line of complaint. */
bool sieve_run(struct sieve *s, const char *commands, struct text *why) MUST_CHECK;

/* RULE is for packets from one of SOURCES, but not one of EXCEPT, to one of DESTINATIONS. What is there
 * already only gets one owner more. ERR_SYSTEM, with a sentence, when the kernel refuses, or somebody has
 * removed the table. OUT is given back to sieve_take, once for each time it was got; the last one takes the
 * rule away. */
enum err sieve_put(struct sieve *s, const struct sieve_rule *rule, struct tss sources,
	struct tss destinations, struct tss except, struct sieved **out, struct text *why) MUST_CHECK;
void sieve_take(struct sieve *s, struct sieved *p);

/* What is known of it; the rule stays. NULL does nothing. */
void sieve_forget(struct sieve *s, struct sieved *p);

/* Takes the table NAME away, whoever made it; one that is not there is fine. */
enum err sieve_remove(const char *name, struct text *why) MUST_CHECK;
