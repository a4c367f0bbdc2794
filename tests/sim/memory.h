/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that can be put back as it was. While it is in use, everything that our code allocates lies in one
 * region, so that a copy of the region is a copy of all cores, lists and arenas in it, pointers and all: they
 * come back to the same places. The linker leads malloc and its kin here (Makefile: WRAPPED). What libraries
 * allocate for themselves stays outside and is not put back. With AddressSanitizer what is freed is poisoned,
 * and the poison is copied too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether allocations of this process are made in the region from now on; freeing works in any case. Large
 * ones are made elsewhere: they must be gone again before the next copy. Returns how it was before. */
bool memory_use(bool on);

/* A copy; all zero is none yet. It lies outside and can be taken anew. */
struct memory_copy {
	unsigned char *data;
	size_t room, used;
};

void memory_save(struct memory_copy *copy);
void memory_restore(const struct memory_copy *copy);
void memory_forget(struct memory_copy *copy);
