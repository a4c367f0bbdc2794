/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A users file: who may log in by EAP, what is kept of each one's secret, and what each one gets. One thing
 * of a user a line, NAME:KIND:VALUE. KIND is one of these, of which a user has at most one,
 * - "password": VALUE is the password in UTF-8, as it stands, to the end of the line;
 * - "nt": its NT hash, 32 hexadecimal digits (what MSCHAPv2 needs, without the password itself);
 * - "crypt": a string of crypt(3), salted (for GTC and PAP only);
 * and beside it
 * - "groups": what the user is in, with commas in between;
 * - "address": the virtual addresses that are the user's alone: an IPv4 one, an IPv6 one, or both with a
 * comma in between. A user with no secret has a certificate (TLS). A name may have colons; it ends before the
 * first that a kind follows. Empty lines and those that begin with # do not count. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "eap/eap.h"
#include "model/addr.h"

enum {
	EAP_USERS_MAX = 1000000,
	EAP_USERS_TEXT_MAX = 128 * 1024 * 1024, /* octets of a file */
	EAP_USERS_LINE_MAX = 4096,              /* octets of a line */
	EAP_USERS_GROUPS_MAX = 16,              /* of a user */
	EAP_USERS_WHY = 256
};

struct eap_users;

/* What the file says of somebody, as long as it is kept. */
struct eap_user {
	struct eap_secret secret;
	unsigned line; /* of the secret; 0: there is none */
	const struct bytes *groups;
	unsigned n_groups;
	struct ip ip, ip6; /* v 0: any of a pool */
};

/* TEXT is copied. ERR_SYNTAX, ERR_EXISTS (something twice) or ERR_RANGE (a limit): all of it is refused, and
 * WHY says in a sentence which line and what to do; no secret is in it. ERR_SYSTEM: no memory. */
enum err eap_users_read(struct bytes text, struct eap_users **out, char why[EAP_USERS_WHY]) MUST_CHECK;

/* Users; and the text that was read. */
size_t eap_users_count(const struct eap_users *users);
struct bytes eap_users_text(const struct eap_users *users);

/* What is said of NAME. Of nobody EAP_NO_SECRET, with what makes it cost as much. */
struct eap_user eap_users_find(const struct eap_users *users, struct bytes name);

/* Wipes. NULL does nothing. */
void eap_users_free(struct eap_users *users);

/* For who changes a file: one line of its text after the other. */
struct eap_users_line {
	struct bytes whole; /* with its end */
	struct bytes name;  /* whose it is; empty: nobody's, it is empty or a comment */
	bool secret;        /* it has the secret, of which a user has one */
};

/* The line at the beginning of TEXT, which goes on behind it; false where there is none. */
bool eap_users_next(struct bytes *text, struct eap_users_line *out);

/* Appends a line for NAME with the NT hash of PASSWORD, or (CLEAR, for MD5) with the password itself. False:
 * it is too long or no UTF-8. */
bool eap_users_print(struct bytes name, struct bytes password, bool clear, struct text *out);
