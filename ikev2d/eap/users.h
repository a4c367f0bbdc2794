/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A users file: who may log in by EAP, and what is kept of each one's secret. One user a line,
 * NAME:KIND:VALUE. KIND is
 * - "password": VALUE is the password in UTF-8, as it stands, to the end of the line;
 * - "nt": its NT hash, 32 hexadecimal digits (what MSCHAPv2 needs, without the password itself);
 * - "crypt": a string of crypt(3), salted (for GTC and PAP only).
 * A name may have colons; it ends before the first that a kind follows. Empty lines and those that begin with
 * # do not count. */
#pragma once

#include "base/err.h"
#include "eap/eap.h"

enum {
	EAP_USERS_MAX = 1000000,
	EAP_USERS_TEXT_MAX = 128 * 1024 * 1024, /* octets of a file */
	EAP_USERS_LINE_MAX = 4096,              /* octets of a line */
	EAP_USERS_WHY = 256
};

struct eap_users;

/* TEXT is copied. ERR_SYNTAX, ERR_EXISTS (a name twice) or ERR_RANGE (a limit): all of it is refused, and WHY
 * says in a sentence which line and what to do; no secret is in it. ERR_SYSTEM: no memory. */
enum err eap_users_read(struct bytes text, struct eap_users **out, char why[EAP_USERS_WHY]) MUST_CHECK;

size_t eap_users_count(const struct eap_users *users);

/* What is kept of NAME's secret, as long as USERS. Of nobody EAP_NO_SECRET, with what makes it cost as much.
 */
struct eap_secret eap_users_find(const struct eap_users *users, struct bytes name);

/* Wipes. NULL does nothing. */
void eap_users_free(struct eap_users *users);
