/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who seals and opens packets: one row for each library. All give the same octets; the first one that is on
 * this machine and knows the algorithms is taken. */
#pragma once

#include "crypto/aead.h"

struct engine {
	const char *name;
	bool shared; /* several threads may use a context at the same time */
	/* Whether this machine has it. */
	bool (*here)(void);
	/* A context for one direction of an SA, keyed as aead_key() says. ERR_UNSUPPORTED for algorithms that
	 * it does not have, ERR_RANGE for keys of another length, ERR_CRYPTO when it refuses. */
	enum err (*make)(const struct transform *encr, const struct transform *integ, bool sealing,
		struct bytes encr_key, struct bytes integ_key, void **out);
	/* As aead_seal() and aead_open(). */
	enum err (*seal)(void *context, const struct aead_job *job);
	enum err (*open)(void *context, const struct aead_job *job);
	/* Wipes and frees it. */
	void (*free)(void *context);
};

/* Those that this machine has, the fastest first: start with NULL; NULL at the end. Libraries are looked for
 * the first time, by one thread, while files can still be opened. */
const struct engine *engine_next(const struct engine *e);

/* Has all of them do once what they read files for, as long as there are any. */
void engine_warm(void);

/* A context of the first engine that has the algorithms; errors as of make(). */
enum err engine_make(const struct transform *encr, const struct transform *integ, bool sealing,
	struct bytes encr_key, struct bytes integ_key, const struct engine **engine,
	void **context) MUST_CHECK;

/* The rows, each in its file. */
extern const struct engine engine_ipsec_mb, engine_openssl;
