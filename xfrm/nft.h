/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands to nftables. Their library comes with the first who gives any: of the daemon's processes that is
 * one, and the others need not carry it, and all that it brings along, in their memory. */
#pragma once

#include "base/text.h"

#include <stdbool.h>

struct nft;

/* Who gives commands; it is the caller's until nft_close. NULL, and a sentence in WHY: there is no such
 * library, or it does not begin. */
struct nft *nft_open(struct text *why);
void nft_close(struct nft *nft); /* NULL does nothing */

/* Has COMMANDS done, all of them or none. False, and in WHY what nftables say. */
bool nft_run(struct nft *nft, const char *commands, struct text *why);
