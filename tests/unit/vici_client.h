/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of the fake daemon, in the same process. */
#pragma once

#include "vici/codec/decode.h"
#include "vici/codec/encode.h"
#include "vici/front.h"
#include "vici_host.h"

/* A client of the daemon, with the front that hears it: octets in, octets out. */
struct vici_client {
	struct node node;
	struct vici_front front;
	struct vici_session *session;
};

/* It lives as long as F, if it is not closed before. */
struct vici_client *vici_client_open(struct vici_fake *f, enum vici_rights rights);
void vici_client_close(struct vici_client *c);
/* As its front and its session (front.h, vici.h); the first two false when it is to be closed. */
bool vici_client_input(struct vici_client *c, struct bytes in) MUST_CHECK;
bool vici_client_go(struct vici_client *c) MUST_CHECK;
struct bytes vici_client_output(const struct vici_client *c);
void vici_client_sent(struct vici_client *c, size_t n);

/* Requests, from ARENA: a packet with its length. ARGS is "key=value;key=value" or NULL. */
struct bytes vici_packet_of(enum vici_type type, const char *name, const char *args, struct arena *arena);

/* All packets that wait for the client, which then has read them: one line each, "response …", "event NAME
 * …", with the message as in `swanctl --raw`. From ARENA. */
const char *vici_read_all(struct vici_client *c, struct arena *arena);

/* Sends a request and returns what came, as above. */
const char *vici_ask(struct vici_client *c, const char *command, const char *args, struct arena *arena);

/* A daemon and one client of it, which may do everything: a test's state, made and ended by these. */
struct vici_bench {
	struct vici_fake *fake;
	struct vici_client *s;
	struct arena arena;
	struct vici_out out; /* for messages that a test builds itself */
};

int vici_bench_open(void **state);
int vici_bench_close(void **state);

/* As vici_ask, in the bench's arena. */
const char *vici_bench_ask(struct vici_bench *b, const char *command, const char *args);
