/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of nftables that give packets another source before they reach the tunnel that is to take them. */
#pragma once

#include "model/conf.h"

/* Reads RULESET, as "nft list ruleset" prints it, and appends to OUT a sentence for each rule for source NAT
 * that may be for packets of a child of CONF, one a line, with the command that puts an exception before it.
 * Tables of ikev2d's are left out. It does not understand all that a rule can say: what it does not is taken
 * for true. */
void nat_rules_find(const char *ruleset, const struct conf *conf, struct text *out);
