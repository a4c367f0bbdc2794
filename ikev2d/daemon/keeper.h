/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared secrets: which one two identities use, and what is proved with it. */
#pragma once

#include "ike/ike.h"

/* The secret of C that LOCAL shares with REMOTE, or NULL. Of those that name the remote identity, or nobody,
 * the one that names it most closely, then the one that names the local one most closely, then the first. One
 * that names nobody but the local identity comes last. */
const struct secret *keeper_find(const struct conf *c, const struct id *local, const struct id *remote);

/* The AUTH value over Q->octets. FILE: the configuration's, for explanations (NULL: none). ERR_MISSING when
 * there is no secret, ERR_CRYPTO. */
enum err keeper_prove(const struct conf *c, const char *file, const struct ike_question *q,
	struct arena *arena, struct bytes *proof, struct why *why) MUST_CHECK;

/* Whether Q->proof is the peer's AUTH value over Q->octets: ERR_AUTH when it is not; ERR_MISSING, ERR_CRYPTO.
 */
enum err keeper_check(const struct conf *c, const char *file, const struct ike_question *q,
	struct arena *arena, struct why *why) MUST_CHECK;
