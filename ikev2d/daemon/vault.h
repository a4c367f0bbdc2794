/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all other processes know of keeper, and of tokens, the one beside it: secrets go there and do not come
 * back. What is kept is referred to, and forgotten with the last reference. */
#pragma once

#include "daemon/family.h"
#include "ike/ike.h"
#include "pki/bundle.h"
#include "pki/paper.h"

struct answer;
struct vault;
struct world;

enum {
	VAULT_FILE_MAX =
		IPC_DATA_MAX / 4 * 3 /* octets of a file in DER that may have a key in it: its paper fits */
};

/* Begins to start keeper (with ONE: in this process) for W, in whose FOLDER an empty one may be made for a
 * moment; and waits for it. */
enum err vault_start(struct world *w, const char *folder, struct text *why) MUST_CHECK;
enum err vault_begun(struct world *w, struct text *why) MUST_CHECK;
/* The core has ended: what it asked is answered to nobody. */
void vault_leave_core(struct vault *v);
/* Ends it. No reference may be used after that. Who waits for an answer hears that it could not be had. */
void vault_stop(struct world *w);

/* Keeps what S, or K, has, instead of it: their DATA or SECRET is wiped, and KEPT refers to it. The PIN of a
 * token is kept by tokens, which is started for it. WHY gets a sentence. */
enum err vault_keep_secret(struct vault *v, struct secret *s, struct text *why) MUST_CHECK;
enum err vault_keep_passphrase(struct vault *v, struct key_conf *k, struct text *why) MUST_CHECK;

/* The same for the secrets of RADIUS servers and of those who give orders, in C: each is kept, or where it is
 * not to be used wiped. And the references that C has then go. */
enum err vault_keep_radius(struct vault *v, struct radius_conf *c, struct text *why) MUST_CHECK;
void vault_leave_radius(struct radius_conf *c);

/* The same for what ctl has offered to keeper: the DATA of S are the number that it gave (ipc_ctl.h). */
enum err vault_keep_offered(struct vault *v, struct secret *s, struct text *why) MUST_CHECK;

/* Keeps the users file that TEXT is (eap/users.h) instead of the one before, which stays where it is not
 * right: WHY gets a sentence then. */
enum err vault_keep_users(struct vault *v, struct bytes text, struct text *why) MUST_CHECK;

/* Like bundle_read, but the private key in DATA is kept; that in OUT is its public part, which refers to it.
 * K has the passphrase; NULL: there is none. CTX is the vault. */
enum err vault_open(void *ctx, struct bytes data, const struct key_conf *k, struct arena *arena,
	struct bundle *out, struct why *why) MUST_CHECK;

/* What DATA says, in which no private key may be, nor is kept: WHAT is PAPER_CERTS_ONLY or PAPER_KEY. At most
 * IPC_READ_MAX octets. */
enum err vault_read(void *ctx, struct bytes data, enum paper_of what, struct arena *arena, struct bundle *out,
	struct why *why) MUST_CHECK;

/* The same as vault_open for a file that ctl has offered to keeper; NUMBER as above. */
enum err vault_open_offered(struct vault *v, struct bytes number, struct arena *arena, struct bundle *out,
	struct why *why) MUST_CHECK;

/* What a provider of OpenSSL has at URI: the private key, with the PIN of K, or with K NULL certificates.
 * Like vault_open else. It is what tokens said for the errand whose DONE is being called, or of what is in
 * force. While the daemon starts tokens, which is started for it, is asked, and waited for; later what it was
 * not asked for is not there (ERR_BUSY). */
enum err vault_fetch(void *ctx, const char *uri, const struct key_conf *k, struct arena *arena,
	struct bundle *out, struct why *why) MUST_CHECK;

/* Who is started now does not wait for tokens any more. */
void vault_started(struct vault *v);

/* Has tokens say that, while everything else goes on: made, told what is wanted (of a key, too, whose PIN is
 * kept by tokens then, as by vault_keep_passphrase), and run. DONE is called once: in errand_run where
 * nothing is wanted, or nothing can be asked for, else by the loop. What did not answer is told as that. What
 * was said is known until DONE returns, and from then on what is in force by then. GIVEN_UP: the daemon
 * stops. An errand that was not run is dropped; one that is being run is left where nobody waits for it any
 * more: DONE is not called. */
/* What tokens said, or that it did not answer. */
struct said {
	const char *uri;
	bool certs;
	struct kept *pin; /* NULL: without */
	bool answered;
	enum err e;
	struct bundle bundle;
	struct why why;
};
struct errand;
typedef void vault_ran(void *ctx, bool given_up);
struct errand *errand_new(struct vault *v);
void errand_want(void *errand, const char *uri, struct key_conf *k);
unsigned errand_wants(const struct errand *e); /* so many things */
/* The private key at URI, with the PIN that ctl has offered to tokens; NUMBER as above, empty: there is none.
 * It is told to TOLD, before DONE, and not remembered. */
typedef void vault_told_said(void *ctx, const struct said *s);
void errand_want_offered(
	struct errand *e, const char *uri, struct bytes number, vault_told_said *told, void *ctx);
void errand_run(struct errand *e, vault_ran *done, void *ctx);
void errand_drop(struct errand *e);
void errand_leave(struct errand *e);
void errands_give_up(struct vault *v);

/* What was said for the errand whose DONE is being called, of certificates at URI or (NULL) of all, takes the
 * place of what tokens said before: it is in force. */
void vault_adopt(struct vault *v, const char *uri);

/* What is in force is read from now on; it was, to its end (ALL) or not: what tokens said of anything else is
 * forgotten, but for what errands were told, and certificates that the file wants: what has them may be
 * hidden by what a client has loaded, and is in force again when that is unloaded. */
void vault_begin_use(struct vault *v);
void vault_end_use(struct vault *v, bool all);

/* ctl's ends of the channels by which it offers, to keeper and to tokens; the vault's own. */
int vault_offers(const struct vault *v);
int vault_offers_tokens(const struct vault *v);

/* certs' end of the channel by which it asks keeper for what RADIUS needs; the vault's own. With --one, has
 * keeper answer what was asked there; CTX is the vault. */
int vault_radius(const struct vault *v);
void vault_serve_radius(void *ctx);
/* There is another certs, which has asked nothing so far: what the one before it has left in that channel is
 * thrown away. True: that one had broken the channel; there is a new one now, for keeper as well, which is
 * replaced. */
bool vault_clean_radius(struct vault *v);

/* The answer to Q: an AUTH value with the secret S; whether Q->proof is it (WHY: what to say when it is not,
 * in the answer's arena); one with the private key of KEY by S, of which the answer has method and
 * certificates already. It comes later, through the engine. */
void vault_prove(
	struct vault *v, const struct secret *s, const struct ike_question *q, struct answer *answer);
void vault_check(struct vault *v, const struct secret *s, const struct ike_question *q, const struct why *why,
	struct answer *answer);
void vault_sign(
	const struct key *key, const struct scheme *s, const struct ike_question *q, struct answer *answer);

/* The keys in Q mixed with the post-quantum preshared key S, as the answer's SHARED. It comes later as well.
 */
void vault_ppk(struct vault *v, const struct secret *s, const struct ike_question *q, struct answer *answer);

/* The secret S of EAP, for USER: it comes later, by DONE; empty: it could not be had. In the same way a bare
 * signature with the private key of KEY by S over OCTETS of TLS. */
typedef void vault_told(void *ctx, struct bytes secret);
void vault_tell(struct vault *v, const struct secret *s, const struct id *user, vault_told *done, void *ctx);
void vault_sign_tls(
	const struct key *key, const struct scheme *s, struct bytes octets, vault_told *done, void *ctx);

/* What that file says of NAME, with his SECRET or without; NULL: it could not be had. */
typedef void vault_user_told(void *ctx, const struct ipc_user *user);
void vault_user(struct vault *v, struct bytes name, bool secret, vault_user_told *done, void *ctx);

/* References (model/conf.h, pki/key.h); and what keeper calls it, 0 for none. */
struct kept *kept_ref(struct kept *k);
void kept_unref(struct kept *k);
uint64_t kept_handle(const struct kept *k);
/* Whether both are the same secret. One that is kept since before keeper was lost is another one. */
bool kept_same(const struct kept *a, const struct kept *b);

/* What is done with messages (ipc_table.c); CTX is the member. */
bool vault_take_answer(void *ctx, const struct ipc_message *m);
bool vault_take_proof(void *ctx, const struct ipc_message *m);
bool vault_take_user(void *ctx, const struct ipc_message *m);
bool vault_take_blame(void *ctx, const struct ipc_message *m);
