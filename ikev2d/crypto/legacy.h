/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MD4 (RFC 1320) and single DES (FIPS 46-3) for MSCHAPv2, which is made of them (RFC 2759). OpenSSL has both
 * in a module that a confined process cannot load, and that distributions leave out. Neither protects
 * anything. */
#pragma once

#include "base/bytes.h"

enum { MD4_OUT = 16, DES_KEY = 8, DES_BLOCK = 8 };

/* The digest of TEXT. */
void md4(struct bytes text, uint8_t out[MD4_OUT]);

/* IN encrypted; the lowest bit of each octet of KEY, its parity, does not count. OUT may be IN. */
void des(const uint8_t key[DES_KEY], const uint8_t in[DES_BLOCK], uint8_t out[DES_BLOCK]);
