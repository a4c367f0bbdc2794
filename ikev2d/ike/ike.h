/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core of IKEv2 (RFC 7296) as a function: state and an event in, actions out. It makes no system call;
 * time and randomness are given; what is slow, secret or random is asked (ACTION_ASK) and comes back as
 * EVENT_ANSWER. */
#pragma once

#include "base/log.h"
#include "base/rng.h"
#include "model/conf.h"
#include "model/counters.h"
#include "model/sa.h"
#include "model/why.h"
#include "wire/message.h"

struct ike; /* all IKE_SAs of one daemon, and the configuration they run under */

enum ike_event_kind {
	EVENT_DATAGRAM,    /* from a peer, or from anybody */
	EVENT_ANSWER,      /* to a question or to an action with a ticket */
	EVENT_CLOCK,       /* the wake-up time has come */
	EVENT_ACQUIRE,     /* a packet met a policy without an SA */
	EVENT_EXPIRE,      /* an SA met a limit of volume */
	EVENT_MAPPING,     /* an authenticated packet came from another address */
	EVENT_ADDRESSES,   /* the addresses of this machine, or its routes, have changed */
	EVENT_USED,        /* the first authenticated packet came on an inbound SA */
	EVENT_UNKNOWN_SPI, /* a packet came on an inbound SA that does not exist */
	EVENT_PATH_MTU,    /* the way to a peer carries only datagrams of up to so many octets */
	EVENT_UNREACHABLE, /* ICMP says that a datagram of ours did not arrive */
	EVENT_WOKEN,       /* this machine has slept, and time has passed without it */
	EVENT_COMMAND,     /* a person's wish */
	EVENT_CONF,        /* a new configuration */
	EVENT_SECRETS,     /* what outlives a restart */
};

enum ike_ask_kind {
	ASK_ROUTE,       /* which addresses to use for a peer */
	ASK_PATHS,       /* which of several addresses of a peer can be reached, and from where */
	ASK_KEY_PAIR,    /* a private value and its public value */
	ASK_RESPOND,     /* a key pair and, with the peer's public value, the shared secret */
	ASK_AGREE,       /* the shared secret of our private value and the peer's public value */
	ASK_PROOF,       /* our AUTH over these octets (RFC 7296, 2.15) */
	ASK_CHECK,       /* whether the peer's AUTH is right, and made by whom it says */
	ASK_EAP,         /* what to say next in an EAP conversation (RFC 7296, 2.16) */
	ASK_PPK,         /* these keys mixed with a post-quantum preshared key (RFC 8784, 3) */
	ASK_PPK_CONFIRM, /* what shows that we have it (RFC 9867, 3.1) */
	ASK_USAGE,       /* when the CHILD_SAs were last used */
	ASK_LEASE,       /* virtual addresses for the peer, and what is told with them */
};

/* Certificates, the one of who is to be proved first. */
struct ike_certs {
	const struct wire_cert *v;
	unsigned n;
};

/* What a peer has said of certificates that it wants, or can take. */
enum ike_wants {
	WANTS_CERT = 1,    /* certificates (RFC 7296, 3.7) */
	WANTS_RAW_KEY = 2, /* a public key without one (RFC 7670) */
	WANTS_OCSP = 4,    /* OCSP answers with them (RFC 4806) */
	WANTS_URL = 8,     /* it takes where they are instead (HTTP_CERT_LOOKUP_SUPPORTED), and we may */
};

struct ike_ips {
	const struct ip *v;
	unsigned n;
};

/* Pairs of addresses between which there is a way. */
struct ike_paths {
	const struct hosts *v;
	unsigned n;
};

/* The next step of an EAP conversation. The first question about it begins it, ACTION_EAP_END ends it. LOCAL
 * and REMOTE of the question are the identities of IKE. */
struct ike_eap_question {
	uint32_t conversation; /* its number */
	bool authenticator;    /* we ask, and the peer proves who it is; else the other way round */
	bool alone;            /* the authenticator proves in no other way who it is (RFC 5998): only a method
				* that proves both will do */
	struct path path;      /* to the peer, for who is to tell others of it */
	struct bytes packet;   /* of the peer; empty: the authenticator begins */
};

struct ike_eap_answer {
	struct bytes
		packet;     /* to be sent; also where the answer is no, if that is to be said. Empty: nothing.
			     * With the answer's WHY it has failed, unless the peer tries once more */
	bool over;          /* it has succeeded; the answer's SHARED is its key (MSK), empty: it has none. Of
			     * the authenticator PACKET says so to the peer. Then also: */
	bool mutual;        /* both have proved who they are */
	const char *method; /* its word (model/peer.h) */
	struct id id;       /* that was proved, */
	struct strings groups; /* and what it is in, as who leads the conversation says */
	/* Of a password that the peer has given: it was wrong; it was judged late, since too many were. */
	bool wrong, delayed;
};

/* A question. Borrowed until the next step. */
struct ike_question {
	enum ike_ask_kind kind;
	const struct peer *peer;
	struct hosts hosts;               /* ASK_ROUTE: that are to be used, whatever PEER says; ASK_PATHS:
					   * the local one that is in use; ASK_EAP: where the peer is */
	const char *gateway;              /* ASK_ROUTE: or the peer's by its name; NULL: not */
	struct ike_ips remotes;           /* ASK_PATHS: of the peer, in the order of preference; ASK_LEASE:
					   * what it asks for, of zeros: any */
	bool stays;                       /* ASK_PATHS: the peer has chosen the local one: it goes on being
					   * used while it can be (RFC 4555, 3.5) */
	bool replaces;                    /* ASK_LEASE: other IKE_SAs of REMOTE end for it */
	struct bytes secret, peer_public; /* ASK_AGREE; ASK_RESPOND (peer_public) */
	const struct transform *ke;
	const struct auth_conf *auth; /* ASK_PROOF, ASK_CHECK, ASK_EAP: how it is to be done, a round of
				       * PEER's local or remote */
	const struct transform *prf; /* ASK_PROOF, ASK_CHECK. There SECRET is the key of EAP that AUTH is made
				      * with; none: what AUTH says */
	struct id local, remote;     /* ASK_PPK*: REMOTE names it; ASK_LEASE: REMOTE is to have it */
	struct bytes octets;  /* to be signed; that were signed; ASK_PPK: SK_d | SK_pi | SK_pr, or SK_d;
			       * ASK_PPK_CONFIRM: Ni | Nr | SPIi | SPIr */
	struct bytes hashes;  /* ASK_PROOF: what the peer can verify (RFC 7427, 4), two octets each; none: it
			       * has not said, so that only the old methods are left */
	struct bytes methods; /* ASK_PROOF: the proofs it takes, as it announces them (RFC 9593); none: it has
			       * not said */
	struct bytes certreqs; /* ASK_PROOF: the authorities it trusts (RFC 7296, 3.7), 20 octets each */
	uint32_t wants;        /* ASK_PROOF: enum ike_wants */
	uint8_t method;        /* ASK_CHECK: of its AUTH, with PROOF and CERTS as they came */
	struct bytes proof;
	struct ike_certs certs;
	struct ike_eap_question eap; /* ASK_EAP; ASK_LEASE: the number of the one by which the peer has come,
				      * 0: none */
	const uint32_t *children;    /* ASK_USAGE */
	unsigned n_children;
};

/* Times of the last authenticated packet in and of the last one out; 0: none yet. */
struct ike_usage {
	uint32_t child;
	uint64_t last_in, last_out;
};

struct ike_usages {
	const struct ike_usage *v;
	unsigned n;
};

/* An answer; which fields count follows from the question. RESULT other than ERR_OK: it failed, and WHY may
 * say so. */
struct ike_answer {
	uint32_t ticket;
	enum err result;
	struct ip local, remote;     /* ASK_ROUTE */
	struct ike_paths paths;      /* ASK_PATHS: in the order of the question */
	struct bytes secret, public; /* ASK_KEY_PAIR; ASK_RESPOND (public) */
	struct bytes shared;         /* ASK_RESPOND, ASK_AGREE; ASK_PPK*: what OCTETS have become; ASK_EAP */
	uint32_t method;             /* ASK_PROOF: of AUTH, with PROOF and CERTS to send */
	struct bytes proof;
	struct ike_eap_answer eap; /* ASK_EAP */
	struct ike_certs certs;    /* ASK_CHECK: of what the peer proved itself with, what ike_proven is to
				    * say later: X.509, the peer's own first */
	uint32_t valid;            /* ASK_CHECK: s until the first certificate of the chain expires; ASK_EAP:
				    * for which who leads the conversation lets the peer in; 0: without end */
	uint32_t idle;             /* ASK_EAP: s without traffic after which the peer is let out; 0: none */
	struct ike_usages usage;   /* ASK_USAGE */
	struct ike_ips ips;        /* ASK_LEASE: the core gives them back by ACTION_LEASE_FREE; and */
	struct bytes attributes;   /* as a configuration payload has them (RFC 7296, 3.15.1) */
	struct why why;
};

enum ike_command_kind {
	COMMAND_UP,
	COMMAND_DOWN,
	COMMAND_REKEY,
	COMMAND_TRAP,     /* a trap for the first child that matches */
	COMMAND_UNTRAP,   /* the trap of the first child that matches goes */
	COMMAND_REDIRECT, /* peers are sent to another gateway */
	COMMAND_LIMIT,    /* peers that have come to us may stay for SECONDS from now on */
};

/* Whom to redirect, beside what names the IKE_SA, and where to. */
struct ike_redirect {
	const char *gateway;  /* address or name */
	struct ip lo, hi;     /* addresses of the peer; v 0: any */
	const char *identity; /* of the peer, may have wildcards; NULL: any */
};

/* TICKET is the caller's; TELL_DONE brings it back, once. 0: nobody waits. */
struct ike_command {
	enum ike_command_kind kind;
	uint32_t ticket;
	const char *ike, *child;      /* NULL: any */
	uint32_t ike_id, child_id;    /* 0: any */
	bool force;                   /* DOWN: do not wait for the peer */
	bool reauth;                  /* REKEY: of an IKE_SA: authenticate anew */
	struct hosts hosts;           /* UP: on an IKE_SA between these */
	struct ike_redirect redirect; /* REDIRECT */
	uint32_t seconds;             /* LIMIT */
	bool limits;                  /* UP: not if it takes one IKE_SA too many that is being set up */
};

enum ike_unreachable { UNREACHABLE_NET, UNREACHABLE_HOST, UNREACHABLE_PORT, UNREACHABLE_FILTERED };

struct ike_event {
	enum ike_event_kind kind;
	union {
		struct {
			struct path path;
			struct bytes data; /* without the marker */
		} datagram;
		struct ike_answer answer;
		struct {
			uint32_t policy;
			uint32_t resource; /* the number of the CPU it is on, and 1, where only that has no
					    * SA; 0: none has */
			struct ts local, remote; /* of the packet */
		} acquire;
		struct {
			uint32_t child;
			bool hard;
		} expire;
		struct {
			uint32_t child;
			struct addr remote;
		} mapping;
		struct ike_ips addresses; /* all that peers may reach, if there is a way */
		struct {
			uint32_t child;
		} used;
		struct {
			struct path path; /* without ports unless ENCAP */
			bool encap;       /* it came in UDP */
			uint32_t spi;
		} unknown_spi;
		struct {
			struct ip remote;
			uint32_t octets; /* of the IP datagram */
		} path_mtu;
		struct {
			struct bytes spis; /* the first 16 octets of the datagram */
			struct ip who;     /* says so */
			uint32_t what;     /* enum ike_unreachable */
		} unreachable;
		struct ike_command command;
		struct {
			struct peer *const *peers; /* the core takes references of its own */
			unsigned n;
			const struct settings *settings;
			struct bytes authorities; /* that we trust, as CERTREQ lists them: 20 octets each */
			struct bytes responders;  /* of OCSP, whom we trust beside them (RFC 4806, 3.1) */
			const char *only; /* not NULL: the one connection that is new, another one (then N
					     is 1), or gone */
		} conf;
		struct {
			struct bytes crash;   /* makes our tokens (RFC 6290); empty: we make none */
			struct bytes tickets; /* seal our tickets (RFC 5723): TICKET_KEY octets each, the one
					       * in use first; empty: we give none */
			uint32_t wall;        /* the time, s: tickets outlive our clock */
			uint32_t numbers;     /* of SAs and the like that others have had: those
					       * of this core are higher */
		} secrets;
	};
};

enum ike_action_kind {
	ACTION_SEND,
	ACTION_KEEPALIVE, /* one octet 0xff on the path (RFC 3948, 2.3) */
	ACTION_ASK,
	ACTION_EAP_END, /* a conversation has ended, or nobody goes on with it */
	ACTION_SA_ADD,
	ACTION_SA_DEL,
	ACTION_SA_MOVE,
	ACTION_SA_SELECT,
	ACTION_POLICY_ADD,
	ACTION_POLICY_DEL,
	ACTION_VIP_ADD,    /* a virtual address of this machine, and */
	ACTION_VIP_DEL,    /* it is none any more: once for each time that it was added */
	ACTION_LEASE_FREE, /* one that a peer has needs it no more: once for each time that it got it */
	ACTION_TELL,
};

enum ike_tell_kind {
	TELL_LOG,     /* progress, for a person */
	TELL_DROPPED, /* a datagram was dropped; TEXT is the reason's word */
	TELL_REFUSED, /* a negotiation failed; WHY says why */
	TELL_SA_UP,
	TELL_SA_DOWN,
	TELL_CHILD_UP,
	TELL_CHILD_DOWN,
	TELL_SA_MOVED,      /* it goes on along PATH; RECORD is of before */
	TELL_SA_REKEYED,    /* SA has taken the place of OLD */
	TELL_CHILD_REKEYED, /* CHILD has taken the place of OLD */
	TELL_DONE,          /* a command ended */
};

struct ike_tell {
	enum ike_tell_kind kind;
	enum log_level level;
	const char *group; /* "IKE", "CHD", "NET": strongSwan's log groups */
	const char *name;  /* of the connection; NULL: none */
	uint32_t sa, child;
	uint32_t old;     /* TELL_*_REKEYED: the number before */
	struct path path; /* TELL_SA_MOVED; TELL_REFUSED: of the peer, where there is no IKE_SA */
	const char *text;
	const struct why *why;   /* TELL_REFUSED, and TELL_DONE when it failed; NULL otherwise */
	const char *alert;       /* strongSwan's word for what went wrong; NULL: nothing did */
	const uint32_t *tickets; /* commands that wait for what this is about */
	unsigned n_tickets;
	bool success; /* TELL_DONE */
	unsigned matches, terminated;
	const struct sa_record *record;     /* TELL_*_UP, _DOWN, _REKEYED: children before and after;
					       TELL_REFUSED: where there is an IKE_SA */
	const struct sa_record *old_record; /* TELL_SA_REKEYED */
};

/* An action, to be carried out in the order of the list. Those with a TICKET want an EVENT_ANSWER. All is
 * borrowed from the scratch arena. */
struct ike_action {
	struct ike_action *next;
	enum ike_action_kind kind;
	uint32_t ticket;
	union {
		struct {
			struct path path;
			struct bytes data;
		} send;
		struct ike_question ask;
		struct {
			uint32_t conversation;
		} eap_end;
		struct sa_spec sa_add;
		struct {
			uint32_t child;
			bool inbound;
		} sa_del;
		struct {
			uint32_t child;
			struct addr local, remote;
			bool encap, tcp; /* as in struct sa_spec */
		} sa_move;
		struct {
			uint32_t policy, child;
		} sa_select;
		struct policy_spec policy_add;
		struct {
			uint32_t policy;
		} policy_del;
		struct {
			struct ip ip, remote; /* ACTION_VIP_ADD: whose peer is at REMOTE */
		} vip;
		struct ike_tell tell;
	};
};

struct ike_out {
	struct ike_action *actions;
	uint64_t wake; /* when EVENT_CLOCK is due at the latest; HEAP_NEVER: not at all */
};

/* An empty core. */
struct ike *ike_new(struct rng *rng);

/* Wipes and frees everything. Nothing is sent. */
void ike_free(struct ike *ike);

/* One step: NOW in milliseconds of a clock that never goes back. What the actions point to lives in SCRATCH.
 */
struct ike_out ike_step(
	struct ike *ike, const struct ike_event *event, uint64_t now, struct rng *rng, struct arena *scratch);

/* Keys of the IKE_SAs that stand, from ARENA; *N gets their number. And the status of the one of KEY, or
 * false when it has ended. */
const uint64_t *ike_sas(const struct ike *ike, struct arena *arena, unsigned *n);
bool ike_record(const struct ike *ike, uint64_t key, struct arena *arena, struct sa_record *out);

/* The keys of the IKE_SA of KEY; false when it has none, or has ended. Borrowed until the next step. */
bool ike_keys(const struct ike *ike, uint64_t key, struct ike_key_record *out);

/* What the peer of the IKE_SA of KEY proved itself with, under which connection, as the answer to ASK_CHECK
 * had it; and the number of the IKE_SA. None, or none that stands: false. Borrowed until the next step. */
struct ike_proven {
	uint32_t id;
	const struct peer *peer;
	struct ike_certs certs;
};
bool ike_proven(const struct ike *ike, uint64_t key, struct ike_proven *out);

/* The same for traps that are set. */
const uint64_t *ike_traps(const struct ike *ike, struct arena *arena, unsigned *n);
bool ike_trap(const struct ike *ike, uint64_t key, struct arena *arena, struct policy_record *out);

/* What was counted, from ARENA: for connection NAME, if it is counted; for each connection (ALL); or (NAME
 * NULL) for all together. */
const struct counters *ike_counters(
	const struct ike *ike, const char *name, bool all, struct arena *arena, unsigned *n);
void ike_counters_reset(struct ike *ike, const char *name, bool all);

/* Counters of what was dropped, by reason: "reason=count …" appended to OUT. */
void ike_drops(const struct ike *ike, struct text *out);

/* What is held: IKE_SAs, those half open among them, CHILD_SAs; timers that are set. And how many requests
 * were answered with a cookie so far, how many of them with a puzzle, and how many came with a solution. */
struct ike_load {
	unsigned sas, half_open, children, timers;
	uint64_t cookies, puzzles, solved;
};
struct ike_load ike_load(const struct ike *ike);

/* Whether the command TICKET waits for a peer that does not answer; WHY, from ARENA, says what and what is
 * known of the cause. */
bool ike_awaits(const struct ike *ike, uint32_t ticket, struct arena *arena, struct why *why);

/* When a child of connection NAME that is wanted up is tried next; HEAP_NEVER: none is. */
uint64_t ike_next_try(const struct ike *ike, const char *name);
