/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the VICI server share: sessions, the command being carried out, events. */
#pragma once

#include "base/fifo.h"
#include "base/list.h"
#include "vici/codec/decode.h"
#include "vici/codec/encode.h"
#include "vici/vici.h"

enum {
	/* A client with more than this unread is turned away when an event comes for it: it would miss some.
	 */
	VICI_UNREAD_MAX = 1024 * 1024,

	/* So far ahead of what the client has read lists are made and requests are carried out. What one of
	 * them answers comes on top. */
	VICI_AHEAD = 64 * 1024,

	/* Items of a list before others have their turn. */
	VICI_ITEMS_AT_ONCE = 128,
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
	/* Our own. */
	EVENT_CAPTURE_KEYS,
	EVENTS
};
_Static_assert((int)EVENTS <= (int)VICI_EVENTS_MAX, "there are as many bits as events");

/* What a command answers beside its success. */
enum vici_counts { COUNTS_NOTHING, COUNTS_MATCHES, COUNTS_TERMINATED /* matches, too */, COUNTS_ID };

struct vici {
	struct vici_host host;
	struct node sessions;
	uint32_t last_ticket;
	bool stopping; /* parts of the host may have gone: it is asked for nothing any more */
};

struct vici_session {
	struct node node;
	struct vici *vici;
	void *io;
	enum vici_rights rights;
	bool broken;             /* it is to be closed */
	struct fifo unread;      /* octets that wait for the client */
	unsigned asked;          /* bits 1 << enum vici_asked_kind: came, and were not said to be answered */
	uint32_t events;         /* registered: a bit for each enum vici_event */
	uint32_t ticket;         /* of the command that waits for its outcome; 0: none */
	enum vici_counts counts; /* what it answers with */
	int loglevel;            /* of its control-log events */
	struct vici_loading *loading;  /* what is being looked up for it (load.c); NULL: nothing */
	struct vici_listing *listing;  /* a list that is being sent; NULL: none */
	char *capture;                 /* the connection whose keys it sees; NULL: none */
	uint64_t capture_until;        /* ms, the clock of the host */
	unsigned captured;             /* SAs whose keys it has seen */
	char *held_conn, *held_shared; /* that go with it; NULL: none */
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

/* Has the daemon come back to S. */
static inline void vici_wake(struct vici_session *s)
{
	s->vici->host.writable(s->vici->host.ctx, s->io);
}

/* S will be closed, because it WHY ("does not read"); what waits for it is dropped. */
void vici_turn_away(struct vici_session *s, const char *why);

/* S loads nothing. */
void vici_loading_drop(struct vici_session *s);

/* S sees no keys any more. */
void vici_capture_stop(struct vici_session *s);

/* What S holds is taken away; or it holds nothing any more. */
void vici_let_go(struct vici_session *s);
void vici_hold_nothing(struct vici_session *s);

/* Octets that wait for it. */
static inline size_t vici_unread(const struct vici_session *s)
{
	return fifo_n(&s->unread);
}

/* EVENT_NONE for a name that is no event of ours. */
enum vici_event vici_event_find(struct bytes name);

/* Begins event E in OUT. */
void vici_event_begin(struct vici_out *out, enum vici_event e);

static inline bool vici_event_wanted(const struct vici_session *s, enum vici_event e)
{
	return s->events & 1u << e;
}

/* Queues the event in OUT for the client if it registered E. One that does not read is turned away. */
void vici_event_send(struct vici_session *s, enum vici_event e, struct vici_out *out);

/* The session waits for the outcome of this ticket from now on, which may come while the host is still being
 * asked. */
uint32_t vici_ticket(struct vici_call *c, enum vici_counts counts);

/* Queues the response in OUT, or one that says so when it became larger than a message may be. */
void vici_respond(struct vici_session *s, struct vici_out *out);

/* Carries out the command of that number: the answer is queued, or comes by vici_done. False for the number
 * of a name that is no command. */
bool vici_command_run(
	struct vici_session *s, unsigned number, const struct vici_node *args, struct arena *arena);

/* Whether a value says yes: strongSwan's words for it. NULL does not. */
bool vici_yes(const char *s);

/* Elements "success = no", "errmsg" and the section "why"; or "success = yes" for a NULL. */
void vici_put_result(struct vici_out *out, const struct why *failed, struct arena *arena);

/* The two behind "success = no". */
void vici_put_failure(struct vici_out *out, const struct why *why, struct arena *arena);
