/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VICI client: one command after the other, and the events that come meanwhile. Blocking, with time limits.
 * What goes wrong is said to the user here, so callers only pass the exit code on. */
#pragma once

#include "ipsec.h"
#include "model/why.h"
#include "vici/codec/decode.h"
#include "vici/codec/encode.h"

#include <signal.h>

struct client {
	struct ipsec *x;
	int fd;
	struct vici_gather in;
	struct vici_out out; /* the request */
	uint8_t buffer[4096];
	struct bytes rest; /* of BUFFER, not yet looked at */
	char event[32];    /* the name of the last event */
	/* Set by a signal's handler, it ends the waiting as if the time were over; may be NULL. */
	const volatile sig_atomic_t *stop;
};

/* ms, for commands that answer at once; without an end: of a token's the daemon gives an account itself. */
enum { CLIENT_PATIENCE = 10000, CLIENT_FOREVER = -1 };

/* Connects to the daemon of X. DONE or NOT_RUNNING. Close it in either case. */
int client_open(struct client *c, struct ipsec *x) MUST_CHECK;
void client_close(struct client *c);

/* Whether somebody answers there; says nothing. */
bool client_probe(struct ipsec *x);

/* Asks for the events called NAME. DONE or FAILED. */
int client_subscribe(struct client *c, const char *name) MUST_CHECK;

/* Begins a request in c->out; its arguments are put there before the call. */
void client_request(struct client *c, const char *command);

typedef void client_event(void *ctx, const struct vici_node *message);

/* Sends the request and waits for the response; ON_EVENT (may be NULL) sees what comes before it. DONE or
 * FAILED. The response lives in the arena of the call. */
int client_call(struct client *c, client_event *on_event, void *ctx, int patience_ms,
	const struct vici_node **response) MUST_CHECK;

/* The next event, without a command; c->event is its name. 1; 0 when the daemon has gone; -1 when none came
 * in PATIENCE_MS. */
int client_wait(struct client *c, int patience_ms, const struct vici_node **message);

/* Whether a response says that the command did what it should. */
bool client_succeeded(const struct vici_node *response);

/* What the section "why" says. */
struct why client_why(const struct vici_node *why);

/* Says what a response says went wrong, with NAME (may be NULL) in front. */
void client_complain(struct ipsec *x, const char *name, const struct vici_node *response);

/* The value of KEY in SECTION, "?" where it has none; and the items of the list at KEY, with a blank between
 * two, from ARENA. */
const char *client_str(const struct vici_node *section, const char *key);
const char *client_items(const struct vici_node *section, const char *key, struct arena *arena);
