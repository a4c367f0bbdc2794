/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams of ESP that the kernel carries as one packet (UDP segmentation and receive offload): a capture
 * sees them before they are parted, or when they were joined. */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>

/* Parts of PACKET, one after the other, each with headers of its own, into OUT of at least PACKET's size:
 * start with *AT 0. The length of the next one, or 0 behind the last. One that is no such packet is its only
 * part. */
size_t capture_part(struct bytes packet, size_t *at, uint8_t *out);
