/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all other processes know of certs: what it is told, what it is asked, and who waits for its answers.
 */
#pragma once

#include "creds/creds.h"
#include "daemon/family.h"
#include "daemon/resolve.h"
#include "ike/ike.h"

#include <sys/stat.h>

struct answer;
struct certs;
struct world;

struct trust {
	struct world *world;
	struct member certs;
	struct certs *inside; /* with --one */
	struct node asked;    /* struct query, in their order */
	unsigned flying;
	uint64_t last;             /* ticket that was given */
	uint64_t probe;            /* of the question whether it lives; 0: it was not asked */
	struct event *late, *soon; /* it is silent though it was asked; another one is to be asked */
	struct event *missing;     /* there is none to be asked, and this is why */
	char missed[256];
	int folder;               /* its own: of CRLs */
	bool unknown;             /* it was told nothing yet */
	uint64_t changes, losses; /* of the store that it was told of */
	uint64_t radius;          /* a hash of the RADIUS servers that it was told of; 0: none */
	/* Theirs, and that of who gives orders: which it was told of. */
	struct kept *secrets[RADIUS_SERVERS_CONF_MAX], *orders;
	struct stat names[2];     /* files that it was told of */
	struct {                  /* guard waits for one */
		uint64_t ticket;  /* 0: it does not */
		uint32_t at;
		struct ipc_message answer;
	} listing;
};

/* Begins to start certs (with ONE: in this process) for W, in whose FOLDER an empty one may be made for a
 * moment; CRLS is the folder of CRLs that are fetched. And waits for it. Where nothing is configured that it
 * is to be told it is started with the first question only, or when there is something to tell. */
enum err trust_start(struct world *w, const char *folder, const char *crls, struct text *why) MUST_CHECK;
enum err trust_begun(struct world *w, struct text *why) MUST_CHECK;
/* Ends it. Who waits for a name, or for a RADIUS server, is told so. */
void trust_stop(struct world *w);

/* Certificates have changed here: certs is told. */
void trust_follow(struct world *w);

/* Keeper says that certs has broken the rules: another one is started. */
void trust_blame(struct world *w, const char *what);

/* Answers Q, the proof of a peer by a signature. */
void trust_check(struct world *w, const struct ike_question *q, struct answer *answer);

/* The same where the key of a certificate has made its proof inside EAP: SHOWN are that and what leads on.
 * What ANSWER has stays where they are good, and goes where they are not. */
void trust_check_shown(struct world *w, const struct peer *peer, const struct auth_conf *auth,
	const struct ipc_octets *shown, struct answer *answer);

/* Judges what a server shows us inside EAP, by which AUTH, a round of PEER's local ones, proves who we are:
 * by the authorities and the policy of revocation of PEER's remote side, and the constraints of AUTH; where
 * the server is the peer itself, and proves that by nothing else, by all that its side demands. DONE says why
 * they are not good; NULL: they are. */
typedef void trust_judged(void *ctx, const struct why *refusal);
void trust_check_server(struct world *w, const struct peer *peer, const struct auth_conf *auth,
	const struct ipc_octets *shown, trust_judged *done, void *ctx);

/* Judges what the peer of an IKE_SA has proved itself with as it is judged now: where something in it is
 * revoked, that IKE_SA ends, and why is said. ASK: servers may be asked; what they say comes with the next
 * recheck, which goes on when the answer is there. */
void trust_check_again(struct world *w, const struct ike_proven *proven, bool ask);

/* Whether Q's peer is to get OCSP answers about our certificates. */
bool trust_wants_ocsp(const struct ike_question *q);

/* Hands ANSWER over, a proof with certificates or the failure to make one; where its connection is named,
 * with OCSP answers about the certificates that it shows. */
void trust_complete(struct world *w, struct answer *answer);

/* Asks RADIUS servers what to say to a peer that says Q by EAP. DONE is called once, later; where certs does
 * not answer, with a failure. */
typedef void relay_done(void *ctx, const struct ipc_relayed *r);
void trust_relay(struct world *w, const struct ipc_relay *q, relay_done *done, void *ctx);

/* Tells RADIUS servers of SESSION by ATTRIBUTES; accounts_done() is called once, later, maybe within an
 * action. */
void trust_account(struct world *w, uint64_t session, struct bytes attributes);

/* The first address of NAME, of FAMILY (4, 6, or 0: any). DONE is called once, later. */
void trust_resolve(struct world *w, const char *name, unsigned family, resolve_done *done, void *ctx);

/* Whether another answers in the place of URL, where EXPECTED is. DONE is called once, later, with what came
 * instead, in words; NULL: what was expected, or nothing. */
typedef void trust_probed(void *ctx, const char *instead);
void trust_probe(struct world *w, const char *url, const char *expected, trust_probed *done, void *ctx);

/* What was fetched, one after the other: start with *AT 0. SUBJECT: of whom (NULL: of anybody). False: there
 * is no more. M, from ARENA, has empty data where it is not to be listed. */
bool trust_fetched(
	struct world *w, uint32_t *at, const char *subject, struct arena *arena, struct ipc_message *m);
/* Forgets what was fetched. */
void trust_flush(struct world *w, bool crls, bool ocsps);

/* What is done with messages (ipc_table.c); CTX is the member. */
bool trust_take_answer(void *ctx, const struct ipc_message *m);
bool trust_take_listed(void *ctx, const struct ipc_message *m);
bool trust_take_news(void *ctx, const struct ipc_message *m);
