/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the VICI server share: sessions, the command being carried out, events. */
#pragma once

#include "base/list.h"
#include "vici/codec/decode.h"
#include "vici/codec/encode.h"
#include "vici/vici.h"

enum {
	/* A client with this much unread gets no events, and may not ask for more. What one command of its
	 * own answers comes on top. */
	VICI_UNREAD_MAX = 4 * 1024 * 1024,

	/* A list is made so far ahead of what the client has read. */
	VICI_LISTING_AHEAD = 64 * 1024,
};

/* Events that clients may register. */
enum vici_event {
	EVENT_NONE,
	EVENT_LOG,
	EVENT_CONTROL_LOG,
	EVENT_LIST_SA,
	EVENT_LIST_POLICY,
	EVENT_LIST_CONN,
	EVENT_LIST_CERT,
	EVENT_LIST_AUTHORITY,
	EVENT_IKE_UPDOWN,
	EVENT_IKE_REKEY,
	EVENT_IKE_UPDATE,
	EVENT_CHILD_UPDOWN,
	EVENT_CHILD_REKEY,
	EVENT_ALERT,
	/* Not strongSwan's, but what FRR's nhrpd asks for. */
	EVENT_CHILD_INSTALLED,
	EVENT_CHILD_REKEYED,
	EVENT_CHILD_DESTROYING,
	EVENTS
};

/* What a command answers beside its success. */
enum vici_counts { COUNTS_NOTHING, COUNTS_MATCHES, COUNTS_TERMINATED /* matches, too */ };

struct vici {
	struct vici_host host;
	struct node sessions;
	uint32_t last_ticket;
};

struct vici_session {
	struct node node;
	struct vici *vici;
	void *io;
	enum vici_rights rights;
	struct vici_gather in;
	uint8_t *unread; /* octets SENT..N of it wait for the client */
	size_t sent, n, cap;
	uint32_t events;              /* registered: a bit for each enum vici_event */
	uint32_t ticket;              /* of the command that waits for its outcome; 0: none */
	enum vici_counts counts;      /* of SAs that it answers with */
	int loglevel;                 /* of its control-log events */
	struct vici_listing *listing; /* a list that is being sent; NULL: none */
};

/* A command being carried out. Its function fills OUT, the response, or takes a ticket. */
struct vici_call {
	struct vici_session *session;
	const struct vici_host *host;
	const struct vici_command *command; /* its row */
	const struct vici_node *args;
	struct arena *arena;
	struct vici_out *out;
	bool later; /* the answer comes by vici_done, or behind a list */
};

/* Queues octets for the client. */
void vici_send(struct vici_session *s, struct bytes b);

/* Octets that wait for it. */
static inline size_t vici_unread(const struct vici_session *s)
{
	return s->n - s->sent;
}

/* EVENT_NONE for a name that is no event of ours. */
enum vici_event vici_event_find(struct bytes name);

/* Begins event E in OUT. */
void vici_event_begin(struct vici_out *out, enum vici_event e);

static inline bool vici_event_wanted(const struct vici_session *s, enum vici_event e)
{
	return s->events & 1u << e;
}

/* Queues the event in OUT for the client if it registered E; unless it reads too slowly. */
void vici_event_send(struct vici_session *s, enum vici_event e, struct vici_out *out);

/* Queues the response in OUT, or one that says so when it became larger than a message may be. */
void vici_respond(struct vici_session *s, struct vici_out *out);

/* Carries out the command NAME: the answer is queued, or comes by vici_done. False for a name that is no
 * command. */
bool vici_command_run(
	struct vici_session *s, const char *name, const struct vici_node *args, struct arena *arena);

/* Whether a value says yes: strongSwan's words for it. NULL does not. */
bool vici_yes(const char *s);

/* Elements "success = no", "errmsg" and the section "why"; or "success = yes" for a NULL. */
void vici_put_result(struct vici_out *out, const struct why *failed, struct arena *arena);

/* The two behind "success = no". */
void vici_put_failure(struct vici_out *out, const struct why *why, struct arena *arena);

/* The section NAME with what WHY says. */
void vici_put_why(struct vici_out *out, const char *name, const struct why *why);
