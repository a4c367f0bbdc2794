/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distinguished names (X.501) in DER, as far as identities need them: text, and comparison. */
#pragma once

#include "base/err.h"
#include "base/text.h"

/* "C=DE, O=Example, CN=gw" or "/C=DE/O=Example/CN=gw" in DER, from ARENA. A backslash in front of a
 * character, or of two hexadecimal digits, makes it part of the value. ERR_SYNTAX for an unknown attribute,
 * an empty value or no "=". */
enum err dn_parse(const char *s, struct arena *arena, struct bytes *out) MUST_CHECK;

/* The first of these forms, appended to OUT. False, and nothing appended, when DER is not well-formed. */
bool dn_print(struct bytes der, struct text *out);

/* The last common name in DER, as it is, appended to OUT. False, and nothing appended, where there is none.
 */
bool dn_common_name(struct bytes der, struct text *out);

/* Whether both are well-formed and have the same attributes in the same order. The kind of a string and the
 * case of its ASCII letters do not count. With WILDCARDS the value "*" in PATTERN stands for any. */
bool dn_equal(struct bytes pattern, struct bytes dn, bool wildcards);

/* What does count of DER when it is compared, at most ROOM octets, into OUT: equal names have the same.
 * Returns how many; 0: it is not well-formed. */
size_t dn_fold(struct bytes der, uint8_t *out, size_t room);

/* Appends octets to OUT, those that could harm a log (control characters, all beyond ASCII), backslashes and
 * those in SPECIAL escaped as dn_parse reads them. */
void dn_escape(struct text *out, struct bytes b, const char *special);

/* The octet of the two hexadecimal digits at S; false when they are none. */
bool dn_hex(const char *s, uint8_t *out);
