/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets that outlive a restart, in files of the state directory which nobody else can read. */
#pragma once

#include "base/err.h"
#include "base/rng.h"
#include "base/text.h"

/* The secret in the file PATH into OUT of N octets. False: there is none, or one that is not ours alone
 * (another owner, a mode other than 0600, no plain file), or has another length. */
bool keepsake_read(const char *path, uint8_t *out, size_t n);

/* The same; where it is false a new one is drawn and takes its place. ERR_SYSTEM, with a sentence, when that
 * cannot be written. */
enum err keepsake_get(const char *path, struct rng *rng, uint8_t *out, size_t n, struct text *why) MUST_CHECK;

/* Puts SECRET into the file PATH in place of what it was, whole or not at all. */
enum err keepsake_put(const char *path, struct bytes secret, struct text *why) MUST_CHECK;
