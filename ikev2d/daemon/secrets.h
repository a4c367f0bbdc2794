/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared secrets: which one two identities use. */
#pragma once

#include "ike/ike.h"

/* How well the secret S serves LOCAL towards REMOTE; 0: it is not theirs, or no preshared key of IKE. */
unsigned secrets_rank(const struct secret *s, const struct id *local, const struct id *remote);

/* The secret of C that Q's local identity shares with the remote one, or NULL: then WHY, from ARENA, says
 * what to write. Of those that name the remote identity, or nobody, the one that names it most closely, then
 * the one that names the local one most closely, then the first. One that names nobody but the local identity
 * comes last. FILE: the configuration's (NULL: none). */
const struct secret *secrets_for(const struct conf *c, const char *file, const struct ike_question *q,
	struct arena *arena, struct why *why);

/* The post-quantum preshared key of C that ID names, or NULL: then WHY, from ARENA, says what to write.
 * Whether S is one of that name. */
const struct secret *secrets_ppk(
	const struct conf *c, const char *file, const struct id *id, struct arena *arena, struct why *why);
bool secrets_is_ppk(const struct secret *s, const struct id *id);

/* The secret that the user ID proves itself with by EAP, or NULL; and whether S is one. A user "DOMAIN\\NAME"
 * without one has that of "NAME". */
const struct secret *secrets_eap(const struct conf *c, const struct id *user);
bool secrets_is_eap(const struct secret *s, const struct id *user);
/* ID without the domain in front, as Windows writes it. */
struct id secrets_without_domain(const struct id *id);
/* Whether S, which is one, names the user and not many. */
bool secrets_eap_names(const struct secret *s, const struct id *user);

/* What to say when Q->proof was not made with S; from ARENA. */
struct why secrets_differ(const struct secret *s, const struct ike_question *q, struct arena *arena);
