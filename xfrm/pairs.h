/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairs of a source and a destination in nftables' sets, which the kernel finds without trying one after the
 * other. By netlink: libnftables reads the whole table before each of its commands. */
#pragma once

#include "base/err.h"
#include "model/ts.h"

struct pairs;

/* For sets of TABLE, of the family inet, which is kept. NULL where the kernel has no nftables. */
struct pairs *pairs_open(const char *table);
void pairs_close(struct pairs *p); /* NULL does nothing */

/* Whether a set can say what these selectors say: addresses, of one family, and nothing else. */
bool pairs_can(struct tss sources, struct tss destinations);

/* Puts each of SOURCES with each of DESTINATIONS into SET, of the type "ipv4_addr . ipv4_addr" (or ipv6_addr)
 * with intervals; all of them or none. ERR_EXISTS: a pair is there, or one that overlaps it; ERR_SYSTEM:
 * another refusal, or there are too many for one message. */
enum err pairs_add(struct pairs *p, const char *set, struct tss sources, struct tss destinations) MUST_CHECK;
/* Takes them out. ERR_MISSING, ERR_SYSTEM. */
enum err pairs_del(struct pairs *p, const char *set, struct tss sources, struct tss destinations) MUST_CHECK;
