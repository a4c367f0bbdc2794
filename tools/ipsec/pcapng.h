/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing pcapng (draft-ietf-opsawg-pcapng): IP packets of several devices in one file. */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

/* The head of the file, and COMMENT for who opens it. All return false when it could not be written. */
bool pcapng_head(FILE *f, const char *comment) MUST_CHECK;

/* A device, counted from 0 in the order in which they are written; its packets begin with their IP header. */
bool pcapng_device(FILE *f, const char *name) MUST_CHECK;

/* A packet of device DEVICE, of SIZE octets, of which DATA was kept; NS is since 1970. */
struct pcapng_packet {
	unsigned device;
	uint64_t ns;
	bool outbound;
	struct bytes data;
	uint32_t size;
};
bool pcapng_packet(FILE *f, const struct pcapng_packet *p) MUST_CHECK;
