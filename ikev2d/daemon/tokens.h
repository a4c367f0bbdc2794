/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second keeper, for private keys that stay where they are: on a token (PKCS#11), in a TPM 2.0, or wherever
 * else a provider of OpenSSL finds what a URI names. It runs the code of vendors, and they want files,
 * devices and the sockets of their servers; so it has rights that keeper has not (sandbox.c), holds nothing
 * but PINs, and runs only where such a key is configured or loaded. What it is asked it answers as keeper
 * does (keeper.h), of which it is a part: what is public of a key, certificates, and signatures of the form
 * of an IKE peer's or of TLS. A token that is slow keeps nobody waiting but who waits for it.
 *
 * Its image has URIs and PINs, so that the next one goes on with them. */
#pragma once

#include "base/arena.h"
#include "daemon/ipc.h"
#include "pki/sign.h"

struct kept_thing;

enum { TOKENS_PAUSE_MAX = 64000 /* ms between two tries to open a key that cannot be opened */ };

/* By what something is signed (pki/sign.h). */
typedef enum err tokens_signer(const struct key *key, const struct scheme *s, struct bytes octets,
	struct arena *arena, struct bytes *out, struct why *why);

/* Opens the key of T where it is on a token and not open yet. ERR_AUTH: it was not its PIN, which is not
 * tried again. Anything else is tried again when it is wanted, with pauses that grow: ERR_BUSY, where one is
 * not over. */
enum err tokens_open(struct kept_thing *t, struct arena *arena, struct why *why) MUST_CHECK;

/* Has BY sign OCTETS with the key of T, which is open. One on a token that fails is opened anew, once: it may
 * have been pulled, and be back. */
enum err tokens_sign(struct kept_thing *t, const struct scheme *s, struct bytes octets, tokens_signer *by,
	struct arena *arena, struct bytes *out, struct why *why) MUST_CHECK;

/* What is done with messages (ipc_table.c); CTX is the keeper. */
bool tokens_take_token(void *ctx, const struct ipc_message *m);
/* The same of what stands in the image: it is kept, and not opened before it is wanted. */
void tokens_remember(void *ctx, const struct ipc_message *m);
