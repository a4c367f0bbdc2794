/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a vault is, for vault.c, and for tests that are keeper. Tokens has one of its own. */
#pragma once

#include "base/fifo.h"
#include "base/list.h"
#include "daemon/vault.h"

struct kept {
	struct node node; /* without references: in the vault's list of what is to be forgotten */
	unsigned refs;
	uint64_t handle;
	uint64_t offer; /* instead of HANDLE, of what is only to be forgotten; else 0 */
	struct vault *vault;
	uint8_t mark[IPC_MARK_SIZE];
};

/* A question of the core. */
struct asked {
	struct node node;
	struct ipc_message message; /* its texts are in the answer's arena */
	struct answer *answer;
	struct kept *kept;
	vault_told *done;      /* instead of the core, */
	vault_user_told *told; /* or this one, with */
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
	struct ipc_channel of_certs, to_certs;  /* and of that between certs and keeper; tokens has none */
	uint64_t deaf;     /* keeper that was started then has another channel to certs than that; 0: none */
	uint64_t last;     /* number given to a handle or a ticket */
	struct node asked; /* struct asked, in their order */
	unsigned flying;
	bool coreless;             /* the core has ended: it hears no answers */
	struct event *late, *soon; /* one that flies has no answer; another keeper is to be asked */
	struct node forgotten;     /* struct kept that keeper was told to forget: it may have ended first */
	struct node known;         /* of tokens (vault_known.c) */
	bool uses;                 /* what is used is noted, */
	unsigned reading;          /* so many times */
	bool started;              /* and does not wait for what it does not know */
	struct node errands;       /* (vault_errand.c) */
	struct errand *ran;        /* whose DONE is being called; NULL: none */
	struct node forgetting;    /* as FORGOTTEN, told before what is asked for now */
	struct {                   /* what the first errand wants first: */
		uint64_t ticket;   /* 0: it is not asked for */
		uint64_t handle;
		enum ipc_kind kind; /* of the answer */
		bool waited;        /* its time was over, and something had come */
		bool goes_on;       /* in the middle of it */
		struct event *late, *step;
	} open;
	struct {                 /* for guard */
		uint64_t ticket; /* 0: it does not wait */
		enum ipc_kind kind;
		bool in_parts;     /* the answer may be in several messages: */
		struct fifo paper; /* what there is of it, */
		uint32_t more;     /* and octets of it that are still to come */
		struct ipc_message answer;
	} waits;
};

enum {
	VAULT_TRIES_MAX = 3, /* of one question, where keeper is lost */
	VAULT_TO_CERTS = 2,  /* of what it is handed: its end of that channel */
};

/* A reference to what keeper is going to keep as HANDLE. */
struct kept *vault_kept_new(struct vault *v, uint64_t handle);

/* What ctl has offered under NUMBER (0: nothing) is wanted by nobody: it is forgotten. */
void vault_offer_forget(struct vault *v, uint64_t number);

/* Keeper answers a question: it has done what it was told before, and what it was to forget is gone. */
void vault_have_forgotten(struct vault *v);

/* Keeper is there; tokens not before somebody wants something of it. */
enum err vault_be_there(struct vault *v, struct text *why) MUST_CHECK;

/* Has V, tokens, open what is at URI (vault_fetch) and waits for that; whether it has ANSWERED. */
enum err vault_ask_tokens(struct vault *v, const char *uri, const struct key_conf *k, bool *answered,
	struct arena *arena, struct bundle *out, struct why *why) MUST_CHECK;

/* Remembers S, with its bundle, next to what is in force (vault_adopt), for the errand OF; NULL: for who
 * waits for it. Where tokens did not answer, and what is in force was opened, that stands: the next one opens
 * it when it is wanted. */
struct known *vault_said(struct vault *v, const struct errand *of, const struct said *s);

/* Takes the answer M, where an errand waits for it; else false. */
bool vault_take_errand(struct vault *v, const struct ipc_message *m);
/* Another tokens is ready. */
void vault_errand_again(struct vault *v);
void vault_on_step(evutil_socket_t fd, short what, void *ctx);
void vault_on_errand_late(evutil_socket_t fd, short what, void *ctx);

/* Starts V where it was not started before, and does not wait for it. */
enum err vault_wake(struct vault *v, struct text *why) MUST_CHECK;

/* What M says was opened, with a key kept as HANDLE (0: nothing is kept); like vault_open. */
enum err vault_opened(struct vault *v, const struct ipc_message *m, uint64_t handle, struct arena *arena,
	struct bundle *out, struct why *why) MUST_CHECK;
/* Whether B, from tokens, is certificates or a private key, and nothing else; where not it is freed. */
enum err vault_check_fetched(bool certs, struct bundle *b, struct why *why) MUST_CHECK;

/* Forgets what tokens has said, for the errand OF alone where it is not NULL; it is asked again. */
void vault_forget_known(struct vault *v, const struct errand *of);

/* The number that OCTETS are by which ctl has offered something; 0: they are none. */
uint64_t vault_offer_number(struct bytes octets);

/* Why something was not kept, or not done. */
const char *vault_refused(const struct vault *v, enum err e);
