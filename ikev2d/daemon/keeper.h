/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that keeps private keys, shared secrets and passphrases. It has no network and no files, and
 * gives none of them away: it makes AUTH values (RFC 7296, 2.15) and says whether a peer's is right, and it
 * says what is public in a file with a key; it mixes keys with a post-quantum preshared key (RFC 8784). Only
 * secrets of EAP are told, each for the user that owns it: its methods work with the password itself. A
 * shared secret serves only identities that own it, a private key signs only what has the form of an IKE
 * peer's octets, or of what TLS signs, and that of a RADIUS server only packets of RADIUS.
 *
 * All that it keeps stands in its image as well, memory that outlives the process but that no other process
 * has mapped: another keeper goes on with it. */
#pragma once

#include "base/fifo.h"
#include "base/map.h"
#include "daemon/image.h"
#include "daemon/ipc_bundle.h"
#include "daemon/offers.h"
#include "daemon/roll.h"

struct keeper {
	struct ipc_channel guard, ike; /* our ends */
	struct ipc_bundle answers;     /* to ike, which was asked several things at once */
	struct ipc_channel *ctl;       /* by which it offers secrets; NULL: there is none */
	struct ipc_channel *certs;     /* by which it asks for what RADIUS needs; NULL as well */
	struct offers offers;
	struct fifo file;  /* without a key, of which there is more to come; */
	struct fifo paper; /* and what one says, as far as guard has not asked for it */
	struct map kept;   /* struct kept_thing by handle */
	struct roll roll;  /* users of EAP that the users file has */
	struct image image;
	/* The key of the marks, which are equal as long as the image lives; of tokens, as long as it does. */
	uint8_t marking[32];
};

/* Has the library do once what it reads files for, as long as there are any. */
void keeper_warm(void);

/* Takes over what stands in the image IMAGE_FD, which stays the caller's. */
enum err keeper_start(struct keeper *k, int image_fd) MUST_CHECK;
/* Wipes everything but the image. */
void keeper_stop(struct keeper *k);

/* The next message from C, one of the channels. False when its peer is gone, and it is guard or ike: without
 * another one we go on, and guard is told. */
bool keeper_serve(struct keeper *k, struct ipc_channel *c);

/* Serves until guard is gone. */
void keeper_run(struct keeper *k);

/* What is done with messages (ipc_table.c); CTX is the keeper. */
bool keeper_take_secret(void *ctx, const struct ipc_message *m);
bool keeper_take_file(void *ctx, const struct ipc_message *m);
bool keeper_take_read(void *ctx, const struct ipc_message *m);
bool keeper_take_read_on(void *ctx, const struct ipc_message *m);
bool keeper_take_offer(void *ctx, const struct ipc_message *m);
bool keeper_take_drop(void *ctx, const struct ipc_message *m);
bool keeper_take_psk_prove(void *ctx, const struct ipc_message *m);
bool keeper_take_psk_check(void *ctx, const struct ipc_message *m);
bool keeper_take_ppk(void *ctx, const struct ipc_message *m);
bool keeper_take_eap_tell(void *ctx, const struct ipc_message *m);
bool keeper_take_sign(void *ctx, const struct ipc_message *m);
bool keeper_take_tls_sign(void *ctx, const struct ipc_message *m);
bool keeper_take_users(void *ctx, const struct ipc_message *m);
bool keeper_take_user_ask(void *ctx, const struct ipc_message *m);
bool keeper_take_key(void *ctx, const struct ipc_message *m);
bool keeper_take_radius(void *ctx, const struct ipc_message *m);
