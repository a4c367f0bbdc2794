/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeper, as certs knows it: who has the secrets of RADIUS servers, and answers at once. Where it does not,
 * since another one is being started, certs waits no longer than a moment and goes on: what was asked about
 * is as a packet that was lost, and is sent again. */
#pragma once

#include "daemon/ipc.h"
#include "radius/secret.h"

struct certs;

enum {
	HOLDER_PATIENCE = 500, /* ms that an answer is waited for; without one nothing is asked for */
	HOLDER_PAUSE = 1000,   /* ms, so that all else goes on */
};

struct holder {
	struct certs *certs;
	struct ipc_channel keeper; /* our end; fd -1: there is none */
	uint64_t last;             /* ticket that was given */
	uint64_t waits;            /* for the answer to this one; 0: for none */
	uint64_t deaf;             /* ms, clock_ms: it did not answer, and is not asked before that */
	struct {                   /* the answer */
		uint8_t result;
		uint8_t octets[RADIUS_MAX];
		size_t n;
	} said;
	/* With --one: has keeper, which is here, answer. */
	void (*serve)(void *ctx);
	void *ctx;
};

/* Without a channel, which is set by the caller. FIRST is random: what was asked by the certs before, and is
 * answered now, is not taken for an answer to us. */
void holder_start(struct holder *h, struct certs *c, uint64_t first);
void holder_stop(struct holder *h);

/* The secret that keeper has as HANDLE. */
struct radius_secret holder_secret(struct holder *h, uint64_t handle);

/* What is done with messages (ipc_table.c); CTX is certs. */
bool holder_take_proof(void *ctx, const struct ipc_message *m);
