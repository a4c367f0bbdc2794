/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a vault is, for vault.c, and for tests that are keeper. Tokens has one of its own. */
#pragma once

#include "base/list.h"
#include "daemon/vault.h"

/* Something that tokens was asked for, until all who want it have it (vault_fetch.c). */
struct fetched;

struct kept {
	struct node node; /* without references: in the vault's list of what is to be forgotten */
	unsigned refs;
	uint64_t handle;
	struct vault *vault;
	uint8_t mark[IPC_MARK_SIZE];
	uint64_t told; /* the last ticket before keeper was told to forget it */
	bool refused;  /* a PIN that a token has refused, which is not tried again */
};

/* A question of the core. */
struct asked {
	struct node node;
	struct ipc_message message; /* its texts are in the answer's arena */
	struct answer *answer;
	struct kept *kept;
	vault_told *done;        /* instead of the core, */
	vault_user_told *told;   /* or this one, with */
	struct fetched *fetched; /* guard's, of tokens: what is fetched, */
	struct kept *pin;        /* or a reference to what is kept */
	void *ctx;
	struct why wrong; /* what to say when a proof is not right */
	bool flying;
	unsigned tries;
};

struct vault {
	struct world *world;
	enum ipc_process process; /* IPC_KEEPER, IPC_TOKENS */
	struct member keeper;
	const char *folder;    /* where an empty root may be made */
	struct vault *tokens;  /* of keeper: the other one, which is started when it is wanted */
	int image, root;       /* -1: an empty root */
	struct keeper *inside; /* with --one */
	struct ipc_channel from_ctl, to_keeper; /* both ends of the channel between these two */
	uint64_t last;                          /* number given to a handle or a ticket */
	struct node asked;                      /* struct asked, in their order */
	unsigned flying;
	bool coreless;             /* the core has ended: it hears no answers */
	struct event *late, *soon; /* one that flies has no answer; another keeper is to be asked */
	struct event *missing;     /* there is none, and this is why */
	char missed[256];
	/* Of tokens. */
	struct node fetched;     /* struct fetched */
	struct node awaiting;    /* who waits until nothing of them is on its way */
	struct event *brought;   /* nothing is */
	struct node forgotten;   /* struct kept that keeper was told to forget: it may have ended first */
	struct {                 /* for guard */
		uint64_t ticket; /* 0: it does not wait */
		enum ipc_kind kind;
		struct ipc_message answer;
	} waits;
};

enum { VAULT_TRIES_MAX = 3 /* of one question, where keeper is lost */ };

/* A reference to what keeper is going to keep as HANDLE. */
struct kept *vault_kept_new(struct vault *v, uint64_t handle);

/* Keeper answers a later question: it has done what it was told before, and what it was to forget is gone. */
void vault_have_forgotten(struct vault *v);

/* Begins to start the process of V where it does not run, for which nobody waits. ERR_SYSTEM: it cannot be.
 */
enum err vault_wake(struct vault *v, struct text *why) MUST_CHECK;

/* Asks M, with texts in the arena of ANSWER; what becomes of it is told to those who KEPT or FETCHED. */
struct asked *vault_ask(struct vault *v, const struct ipc_message *m, struct answer *answer);
void vault_fly(struct vault *v);

/* The answer to A, which is guard's (a->fetched, a->pin): M, or NULL and WHAT. */
void vault_brought(struct vault *v, struct asked *a, const struct ipc_message *m, const char *what);
/* The same for one that flies; false: none does that M would answer. */
bool vault_take_brought(struct vault *v, const struct ipc_message *m);
/* Has V, tokens, keep the PIN in DATA, which is wiped. ERR_SYSTEM, and a sentence about NAME: there is no
 * tokens. */
enum err vault_keep_pin(struct vault *v, struct bytes *data, struct kept **out, struct text *why) MUST_CHECK;
void vault_on_brought(evutil_socket_t fd, short what, void *ctx);
void vault_fetch_start(struct vault *v);
void vault_fetch_stop(struct vault *v);

/* What of a paper that was opened is said in M: like vault_open. */
enum err vault_opened(struct vault *v, const struct ipc_message *m, uint64_t handle, struct arena *arena,
	struct bundle *out, struct why *why) MUST_CHECK;

/* The number that OCTETS are; 0: they are none. */
uint64_t vault_number_of(struct bytes octets);

/* Keeper is there; tokens not before somebody wants something of it. */
enum err vault_be_there(struct vault *v, struct text *why) MUST_CHECK;

/* Why something was not kept, or not done. */
const char *vault_refused(const struct vault *v, enum err e);
