/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step: a draft of an SA that a handler works on, and its commit. A handler sees the SA as it was (const)
 * and changes the draft; the draft is committed together with its actions, or dropped whole. */
#pragma once

#include "ike/state.h"
#include "wire/shape.h"

/* What all of one call of ike_step shares. */
struct step {
	struct ike *ike;
	uint64_t now;
	struct rng *rng;
	struct arena *scratch;
	struct ike_action *actions, **tail;
	const struct path *path; /* of the datagram at hand, whose exchange is; NULL: there is none */
	uint8_t exchange;
	bool puzzled; /* a slice of a puzzle was worked on: more than one would take too long */
	bool solved;  /* the request at hand, which an IKE_SA begins with, brings the solution of one */
	struct unopened *again; /* datagrams that can be opened now, in the order in which they came */
};

/* What becomes of a child at commit. */
enum child_change {
	CHILD_ADDED,
	CHILD_STATE,
	CHILD_OUTDATED, /* its selectors are no longer those of its ends: it is rekeyed */
	CHILD_SATED,    /* the peer takes no more of its selectors */
	CHILD_ANEW,     /* it is removed, at the peer too, and another one is asked for in its place */
	CHILD_REMOVED
};

/* What becomes of our exchange in hand at commit. */
enum task_end {
	TASK_GOES_ON,
	TASK_OVER,  /* done, or of no use any more */
	TASK_MET,   /* the peer has done it meanwhile */
	TASK_AGAIN, /* later: the peer could not just now, or we could not */
	TASK_FAILED /* refused for good: D->why says why */
};

/* What is to be begun after commit. */
enum wish {
	WISH_NOTHING,
	WISH_CHILD,
	WISH_IKE_SA,
	WISH_REAUTH,
	WISH_GATEWAY, /* the child from another gateway, before there is one */
	WISH_MOVE     /* all children from another gateway */
};

/* A gateway that peers are redirected to: a name or, where that is NULL, an address. */
struct gateway {
	struct ip ip;
	const char *name;
};

/* An IKE_SA that takes the place of another. */
struct heir {
	struct sa_core core;
	bool redundant;  /* the loser of two: it is deleted again at once */
	uint64_t ticket; /* the number of the one that the client gets with it; 0: none */
};

struct child_edit {
	struct child_edit *next;
	enum child_change change;
	bool redundant; /* CHILD_STATE: the loser of two */
	bool by_peer;   /* CHILD_REMOVED: the peer has closed it */
	struct child *child;
	enum child_state state; /* CHILD_STATE, CHILD_ADDED */
};

struct draft {
	struct step *step;
	struct sa *sa; /* as it was; NULL: there is none yet. Handlers only read it. */
	struct sa_core core;
	struct handshake hs;
	struct negotiation ours, theirs;
	struct arena keep, keep_ours, keep_theirs; /* what these keep of this step */
	const struct path *path;                   /* of the datagram; NULL: the event is another */
	const struct message *message;
	const struct ike_answer *answer;
	struct bytes datagram, inner; /* whole (of fragments the last one), and what was sealed in it */
	struct bytes front;  /* of what was sealed: what stands before, up to the header of SK or SKF */
	uint8_t inner_first; /* type of the first payload inside */
	uint64_t init_hash;  /* of a new SA: the hash of its request */

	struct ike_action *actions, **tail;
	struct child_edit *edits, **edits_tail;
	struct bytes request, response; /* datagrams to send, and to keep */
	uint32_t request_mid;
	uint8_t request_exchange;
	bool recut;        /* they are those that were sent before, in other fragments */
	struct heir *heir; /* NULL: none */
	uint64_t adopter;  /* our SPI of the IKE_SA that all children move to; 0: none */
	enum task_end task_end;
	uint64_t task_delay; /* TASK_AGAIN: ms */
	uint32_t delete_spi; /* an inbound SPI that only the peer takes for an SA: it is deleted */
	uint8_t delete_protocol;
	enum wish wish;                        /* what is to be begun afterwards, */
	const struct child_conf *wished;       /* and for which child */
	struct gateway gateway;                /* WISH_GATEWAY, WISH_MOVE */
	bool delete_ike;                       /* an exchange that deletes the SA follows */
	bool answered;                         /* the message is the answer to our request in flight */
	bool established;                      /* the handshake is over: forget it */
	bool moved_ike, moved_children;        /* the SA has another path; its children follow it (move.h) */
	bool hurried;                          /* and it is not known yet that anything arrives there */
	struct id local_id, remote_id, eap_id; /* to be kept, once established */
	struct ike_certs certs;
	struct ike_ips dns;
	struct strings domains;
	uint64_t ticket; /* the number of the one that the client gets; 0: none */

	enum drop_reason dropped; /* DRAFT_DROP */
	uint16_t notify;          /* DRAFT_REFUSE, DRAFT_CLOSE: what to answer; 0: nothing */
	uint16_t refusal; /* what to answer instead of a child that was installed; 0: nothing is against it */
	struct bytes notify_data;
	uint32_t notify_spi; /* of the SA of ESP or AH it is about; 0: none */
	uint8_t notify_protocol;
	struct why why; /* DRAFT_REFUSE, DRAFT_CLOSE */
};

enum verdict {
	DRAFT_COMMIT,
	DRAFT_DROP,   /* as if nothing had come */
	DRAFT_REFUSE, /* answer with a notify; the SA stays as it was */
	DRAFT_CLOSE,  /* answer with a notify, if any, and end the SA */
};

typedef enum verdict handler(struct draft *d);

/* The columns of the table: the shapes, and what is no message. */
enum column {
	COLUMN_ANSWER = SHAPE_COUNT, /* to the question in core.ask */
	COLUMN_FAILED,               /* the question has no answer, or it is no */
	COLUMN_GIVE_UP,              /* our request got no answer */
	COLUMN_DEADLINE,             /* core.deadline has come */
	COLUMN_COUNT
};

/* THE table of states and events (table.c). */
handler *table_cell(enum sa_state state, unsigned column);

/* The word of a state, for logs and status: strongSwan's ("CONNECTING", "ESTABLISHED", "REKEYED", …). */
const char *state_status(enum sa_state state);

/* Draft (draft.c). */
void draft_open(struct draft *d, struct step *step, struct sa *sa);
/* Commits D or drops it, as VERDICT says. Returns the SA, or NULL when there is none (any more). */
struct sa *draft_close(struct draft *d, enum verdict verdict);
enum verdict draft_drop(struct draft *d, enum drop_reason reason);
enum verdict draft_refuse(struct draft *d, uint16_t notify, struct bytes data);
/* Ends the SA; NOTIFY 0 answers nothing. The reason is D->why. */
enum verdict draft_end(struct draft *d, uint16_t notify);
/* A new action at the end of D's list. */
struct ike_action *draft_action(struct draft *d, enum ike_action_kind kind);
/* A question; the SA waits for its answer in STATE. */
struct ike_question *draft_ask(struct draft *d, enum ike_ask_kind kind, enum sa_state state);
/* A question of the exchange X, which waits for its answer in STATE. */
struct ike_question *draft_ask_for(
	struct draft *d, struct negotiation *x, enum ike_ask_kind kind, enum negotiation_state state);
/* Ends X; its arena goes at commit. */
void draft_forget(struct negotiation *x);
/* The header of a message of ours, but for type of first payload and length. */
struct wire_header draft_header(const struct draft *d, uint8_t exchange, uint32_t mid, bool response);
/* The message id of the answer to the peer's last request. */
uint32_t draft_response_mid(const struct draft *d);
/* Builds and sends a request, or the answer to the peer's last request, sealed when the exchange must be. */
void draft_request(struct draft *d, uint8_t exchange, uint32_t mid, const struct message *m);
void draft_respond(struct draft *d, uint8_t exchange, const struct message *m);
/* Whether the draft removes CHILD already. */
bool draft_removes(const struct draft *d, const struct child *child);
/* A change of CHILD that is made at commit. */
struct child_edit *draft_edit(
	struct draft *d, enum child_change change, struct child *child, enum child_state state);

/* News (tell.c). */
struct ike_tell *tell_log(struct draft *d, const char *group, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct ike_tell *tell_dropped(
	struct step *s, enum drop_reason reason, const struct path *from, const struct peer *peer);
/* At what the step fails: the exchange at hand, or that of SA, by its state (NULL: there is none). */
const char *tell_stage(const struct step *s, const struct sa *sa);
/* A negotiation failed: for the log, for status, for whoever waits. NAME NULL: no connection was found. */
void tell_refused(struct step *s, const char *name, const struct sa *sa, const struct why *why);
struct ike_tell *tell_new(struct step *s, enum ike_tell_kind kind);
/* D's IKE_SA has another path than before. */
void tell_moved(struct draft *d);
/* The SA or child went up or down. */
void tell_sa(struct step *s, enum ike_tell_kind kind, const struct sa *sa, const struct child *child);
/* One took the place of another; OLD may be NULL, when it has gone already. */
void tell_sa_rekeyed(struct step *s, const struct sa *sa, const struct sa *old);
void tell_rekeyed(struct step *s, const struct child *child, const struct child *old);
const char *dropped_name(enum drop_reason reason);

/* Actions that belong to the step and to no draft. */
struct ike_action *step_action(struct step *s, enum ike_action_kind kind);
/* Sends MESSAGE, a datagram or several back to back, of which a copy is made. */
void step_send(struct step *s, const struct path *path, struct bytes message);
uint32_t step_id(struct ike *ike);
/* INTERVAL, less a random share of it, so that many peers do not repeat at once. */
uint64_t step_jitter(struct step *s, uint64_t interval);
/* The request in flight of SA is new: it is repeated when its first time is over. */
void step_await(struct step *s, struct sa *sa);

/* SAs (sa.c). */
struct sa *sa_new(struct ike *ike, const struct sa_core *core);
/* The SA is over: its children go, and whoever waits for it hears WHY (NULL: without a reason). Doing it
 * twice does nothing. */
void sa_down(struct step *s, struct sa *sa, const struct why *why);
void sa_free(struct ike *ike, struct sa *sa);
/* All children of FROM, and what is to be done and waited for, move to INTO. */
void sa_adopt(struct step *s, struct sa *from, struct sa *into);
/* The IKE_SA HEIR, which takes the place of OLD. */
struct sa *heir_make(struct step *s, struct sa *old, const struct heir *heir);
/* SA is that of these identities from now on, of which it keeps copies. */
void sa_name(struct ike *ike, struct sa *sa, const struct id *local, const struct id *remote,
	const struct id *eap);
/* What is under way on SA becomes HS, and *KEPT, one of its two exchanges, X. */
void sa_keep_handshake(struct sa *sa, const struct handshake *hs);
void sa_keep_negotiation(const struct negotiation **kept, const struct negotiation *x);
/* Wipes what only the handshake needed. */
void sa_forget_handshake(struct ike *ike, struct sa *sa);
/* Drops a reference to PEER, of which actions of this step may still borrow: it goes with the next step. */
void peer_part(struct ike *ike, const struct peer *peer);
/* Frees ARENA, of which questions of this step may still borrow: it is wiped with the next step, or at the
 * end. */
void arena_part(struct ike *ike, struct arena *arena);
/* What was parted with in the step before goes. */
void all_parted(struct ike *ike);
/* The next moment at which something is due, set in the heap. */
void sa_rearm(struct ike *ike, struct sa *sa);
bool sa_half_open(const struct sa_core *core);
/* An inbound SPI that no child has, for one of CONF and RESOURCE (as in struct child); an SPI of ours that no
 * IKE_SA has; a nonce, kept in KEEP. */
uint32_t spi_draw(struct ike *ike, const struct child_conf *conf, uint32_t resource, struct rng *rng);
uint64_t spi_new(struct draft *d);
struct bytes nonce_new(struct draft *d, struct arena *keep);

/* Commands and whoever waits (command.c). */
void command_run(struct step *s, const struct ike_command *c);
/* Ends the waits in WAITS: those for "up" succeed or fail, those for "down" are served. */
void waits_up(struct step *s, struct node *waits, bool success, const struct why *why);
void waits_gone(struct step *s, struct node *waits, const struct why *why);
/* Who waits in FROM for "up" waits in TO from now on. */
void waits_move_up(struct node *from, struct node *to);
void waits_free(struct node *waits);
unsigned waits_tickets(const struct node *waits, uint32_t *out, unsigned max);
bool waits_have(const struct node *waits, uint32_t ticket);

/* Starting a negotiation of our own: the child CHILD of its connection; for a packet, with its selectors;
 * between HOSTS (NULL: as the connection says). */
struct sa *init_start(struct step *s, const struct child_conf *child, const struct ts *local,
	const struct ts *remote, const struct hosts *hosts);
/* The same with the gateway TO, to which the peer of OLD sends us. */
struct sa *init_redirected(
	struct step *s, const struct child_conf *child, const struct sa *old, const struct gateway *to);
/* Begins again with the gateway TO. */
enum verdict init_route(struct draft *d, const struct gateway *to);
/* The same on an IKE_SA of its connection where there is one. Returns where commands wait for it. */
struct node *child_start(
	struct step *s, const struct child_conf *conf, const struct ts *local, const struct ts *remote);
/* Takes down what stands of CONF's child on SAs of CONN or is under way, and an IKE_SA that has nothing else.
 */
void child_undo(struct step *s, struct conn *conn, const struct child_conf *conf);
/* Whether CONF's child neither stands nor is being set up. */
bool child_absent(struct ike *ike, const struct child_conf *conf);
/* Whether it stands. */
bool child_stands(struct ike *ike, const struct child_conf *conf);
