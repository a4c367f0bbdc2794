/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases that outlive a restart, in a file of the state directory: a line for each change,
 *
 *	+ 10.3.0.1 2 616c696365 5f1d8a03c2be7764
 *
 * whether it is in use now (+) or free (-), the address, the identity's type and octets, and the hash of what
 * stands before it. The last line of an address counts, and of free ones who stands further down was free
 * later. A line that a crash has cut off counts for nothing. When most lines are outdated, or some do not
 * count, the file is written anew, whole or not at all. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "daemon/leases.h"

enum { LEASE_FILE_SLACK = 4096 /* lines that may be outdated before the file is written anew */ };

struct lease_file {
	struct leases *leases;
	char *path;
	int fd;         /* -1: it cannot be written; it is tried anew when it is written anew */
	unsigned lines; /* since it was */
	void (*say)(const char *line);
};

/* Takes what the file PATH has into LEASES, and writes down what changes from now on. Nothing keeps an
 * address from being given: what cannot be read or written is told to SAY, once each time. */
void lease_file_start(
	struct lease_file *f, const char *path, struct leases *leases, void (*say)(const char *line));
void lease_file_stop(struct lease_file *f);
