/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compared to find NATs. */
#pragma once

#include "base/arena.h"
#include "model/addr.h"

enum { NATD_OCTETS = 20 };

/* The data of NAT_DETECTION_*_IP for address A, of ARENA (RFC 7296, 2.23); empty where the library has no
 * SHA-1. */
struct bytes natd_hash(uint64_t spi_i, uint64_t spi_r, const struct addr *a, struct arena *arena);
