/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairs of a source and a destination in nftables' sets, which the kernel finds without trying one after the
 * other. By netlink (NETLINK_NETFILTER): libnftables reads the whole table before each of its commands. */
#pragma once

#include "model/ts.h"
#include "xfrm/netlink.h"

/* Whether a set can say what these selectors say: addresses, of one family, no pair of which overlaps
 * another, and nothing else; and not more of them than one change can have. */
bool pairs_can(struct tss sources, struct tss destinations);

/* Whether a pair of the ones overlaps one of the others; sets can say both, and of the same family. */
bool pairs_overlap(
	struct tss sources, struct tss destinations, struct tss sources2, struct tss destinations2);

/* Whether TABLE, of the family inet, is there; as netlink_talk. It is no transaction, and costs little. */
enum err pairs_table(struct netlink *nl, const char *table) MUST_CHECK;

/* Puts each of SOURCES with each of DESTINATIONS into SET, of the type "ipv4_addr . ipv4_addr" (or ipv6_addr)
 * with intervals, of TABLE, of the family inet; all of them or none. As netlink_talk: refused, too, where a
 * pair is there, or one that overlaps it. No DESTINATIONS: SOURCES, single addresses, into a SET of these. */
enum err pairs_add(struct netlink *nl, const char *table, const char *set, struct tss sources,
	struct tss destinations) MUST_CHECK;
/* Takes them out. */
enum err pairs_del(struct netlink *nl, const char *table, const char *set, struct tss sources,
	struct tss destinations) MUST_CHECK;
