/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets that wait, first in, first out: for streams. Secrets go this way, so what is not needed any more is
 * wiped. */
#pragma once

#include "base/bytes.h"

/* All zero is an empty one, which has no memory. */
struct fifo {
	uint8_t *p;
	size_t at, n, cap; /* octets AT..N of P wait, and there is room for CAP */
};

static inline size_t fifo_n(const struct fifo *f)
{
	return f->n - f->at;
}

/* Adds a copy of B. */
void fifo_put(struct fifo *f, struct bytes b);

/* What waits, until the next call. */
struct bytes fifo_bytes(const struct fifo *f);

/* The first N of it, which are there, do not wait any more. */
void fifo_drop(struct fifo *f, size_t n);

/* Wipes and frees; F is empty then. */
void fifo_free(struct fifo *f);
