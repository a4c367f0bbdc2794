/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is worth saying of a configuration that can be read. A lint is a row in lint.c and its function, which
 * sees plain data only: nothing is loaded into ikev2d, asked of it or changed. */
#pragma once

#include "model/conf.h"
#include "model/why.h"
#include "pki/store.h"

/* A NOTE may be meant so; what is BAD keeps ikev2d, or some peer, from working, or breaks the profile that
 * was asked for. */
enum verdict { GOOD, NOTE, BAD };

struct standard;

struct lint_input {
	const struct conf *conf;
	const struct store *store; /* certificates and keys beside it */
	int64_t now;               /* seconds since 1970 */
	/* Whether the library here has a key exchange. */
	bool (*has)(const struct transform *ke);
	const struct standard *profile; /* to be kept; NULL: none */
};

struct lint_run;

struct lint {
	const char *name;
	enum verdict verdict; /* of what it finds */
	void (*run)(struct lint_run *l);
};

/* Called for each thing found: WHY has what is wrong, where it is written and what to write instead. */
typedef void lint_found(void *ctx, const struct lint *lint, const struct why *why);

/* One lint at work. */
struct lint_run {
	const struct lint_input *in;
	const struct lint *lint;
	struct arena *arena; /* of the sentences */
	lint_found *found;
	void *ctx;
	unsigned n; /* found so far */
};

/* Runs every lint; sentences are from ARENA. Returns how much was found. */
unsigned lint_all(const struct lint_input *in, struct arena *arena, lint_found *found, void *ctx);

/* How many lints there are. */
unsigned lint_count(void);

/* Says WHAT of the KEY of a section (AT NULL: KEY is the place, a file), and what to write INSTEAD. */
void lint_say(
	struct lint_run *l, const struct source *at, const char *key, const char *what, const char *instead);

/* The profile called NAME ("bsi"), or NULL. */
const struct standard *standard_find(const char *name);

/* Whether peers of any address may begin P: it serves clients. */
bool lint_serves_clients(const struct peer *p);

/* The certificate that we show for A, a reference of the caller's; or NULL. */
struct cert *lint_own_cert(struct lint_run *l, const struct auth_conf *a);

/* The functions of the table. */
void lint_proposal_none(struct lint_run *l);
void lint_proposal_idle(struct lint_run *l);
void lint_pfs_missing(struct lint_run *l);
void lint_pfs_mixed(struct lint_run *l);
void lint_overlap(struct lint_run *l);
void lint_psk_missing(struct lint_run *l);
void lint_psk_weak(struct lint_run *l);
void lint_ppk_weak(struct lint_run *l);
void lint_key_idle(struct lint_run *l);
void lint_cert_name(struct lint_run *l);
void lint_clock(struct lint_run *l);
void lint_windows(struct lint_run *l);
void lint_apple(struct lint_run *l);
void lint_client_offers(struct lint_run *l);
void lint_profile(struct lint_run *l);
