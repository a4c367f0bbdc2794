/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identities by POSIX extended regular expressions. What a configuration may say is bounded, so that neither
 * loading nor matching it takes long. */
#pragma once

#include "base/bytes.h"

enum {
	ID_REGEX_MAX = 255,        /* octets of an expression */
	ID_REGEX_REPEAT_MAX = 256, /* the numbers of its intervals {n}, multiplied */
	ID_REGEX_TEXT_MAX = 512,   /* octets of what it can match */
};

/* Whether it is an expression, and within those bounds. Back-references are none. */
bool id_regex_valid(const char *regex);

/* Whether REGEX, a valid one, matches the whole of TEXT; the case of letters does not count. */
bool id_regex_matches(const char *regex, struct bytes text);
