/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets pass by the tunnels: routing rules out of traffic selectors. Pure. */
#pragma once

#include "base/text.h"
#include "model/ts.h"
#include "xfrm/prefix.h"

/* The packets of one family that a routing rule is about. */
struct rule_match {
	struct prefix from, to;                          /* no bits: anywhere */
	uint8_t proto;                                   /* 0: every protocol */
	uint16_t sport_lo, sport_hi, dport_lo, dport_hi; /* zeros: every port */
};

struct rule_matches {
	struct rule_match *v;
	unsigned n;
};

enum {
	PASS_RULES_MAX = 256, /* every packet is compared with each of them */
	PASS_PORT_LO = 1,     /* what the kernel takes as ends of a range */
	PASS_PORT_HI = UINT16_MAX - 1,
};

/* The rules, from ARENA, for packets from one of LOCAL to one of REMOTE (neither dynamic); selectors of two
 * families or protocols make none. Ranges of ports lose 0 and 65535. ERR_UNSUPPORTED, with a sentence, for
 * what no rule can say: a type of ICMP, a port of 0 or 65535 alone, OPAQUE, and more than PASS_RULES_MAX. */
enum err pass_rules(struct tss local, struct tss remote, struct arena *arena, struct rule_matches *out,
	struct text *why) MUST_CHECK;

/* A source that is not chosen yet, of IP version V: the address of zeros alone. */
struct prefix pass_unchosen(uint8_t v);
bool pass_is_unchosen(const struct prefix *from);
