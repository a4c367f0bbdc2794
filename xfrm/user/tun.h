/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tun devices. */
#pragma once

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>

enum { TUN_NAME = 16 };

/* Opens a new tun device called NAME with N queues, each of which gets flows of its own; NUMBERED: with a
 * number behind, unless NAME has one ("ipsec" makes ipsec0, ipsec1, …). It is non-blocking, packets with
 * virtio's header before them, down, without addresses. The N descriptors at FD are the caller's; closing all
 * of them removes the device. MADE gets its name. WHY gets one sentence that says what to do: ERR_MISSING (no
 * /dev/net/tun), ERR_DENIED (no right), ERR_EXISTS (name taken), ERR_SYNTAX (no name for a device),
 * ERR_SYSTEM. */
enum err tun_open(const char *name, bool numbered, unsigned n, int *fd, char made[TUN_NAME],
	struct text *why) MUST_CHECK;

/* Appends a sentence, as a line of its own, where the device called NAME keeps fewer packets for us than it
 * should. */
void tun_advice(const char *name, struct text *out);

/* Asks the kernel to give and take many segments of one flow as one packet, and checksums not yet made, as
 * far as it can. True when it can for UDP, too; for TCP all can take them. */
bool tun_offload(int fd);
