/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core remembers. An IKE_SA is one struct sa; the part of it that handlers change, struct sa_core
 * and struct handshake, is small and copied: handlers work on the copy (struct draft in step.h). */
#pragma once

#include "base/dict.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/ring.h"
#include "base/siphash.h"
#include "crypto/aead.h"
#include "crypto/kex.h"
#include "crypto/prf.h"
#include "crypto/puzzle.h"
#include "ike/ike.h"
#include "ike/limits.h"
#include "wire/message.h"

/* The life of an IKE_SA. I_ is the original initiator's way, R_ the responder's; a state named after a
 * question waits for its answer. */
enum sa_state {
	S_NONE,            /* there is no SA */
	S_I_ROUTE,         /* asked which addresses to use */
	S_I_RESUME,        /* IKE_SESSION_RESUME sent */
	S_I_KEY_PAIR,      /* asked for our key pair */
	S_I_PUZZLE,        /* a puzzle is being solved, then IKE_SA_INIT is sent again */
	S_I_INIT,          /* IKE_SA_INIT sent */
	S_I_AUTH_PUZZLE,   /* a puzzle is being solved for IKE_AUTH */
	S_I_AGREE,         /* asked for the shared secret */
	S_I_NEXT_KEY_PAIR, /* asked for our key pair of an additional key exchange */
	S_I_PPK_CONFIRM,   /* asked for what shows that we have a post-quantum preshared key */
	S_I_NEXT,          /* IKE_INTERMEDIATE sent */
	S_I_NEXT_AGREE,    /* asked for its shared secret */
	S_I_PPK_SEED,      /* asked for SKEYSEED with a post-quantum preshared key */
	S_I_PPK,           /* asked for keys mixed with a post-quantum preshared key */
	S_I_PROOF_PLAIN,   /* asked for our AUTH without that key */
	S_I_PROOF,         /* asked for our AUTH */
	S_I_AUTH,          /* IKE_AUTH sent */
	S_I_CHECK,         /* asked whether the peer's AUTH is right */
	S_I_EAP,           /* asked for our next EAP packet */
	S_I_EAP_SENT,      /* IKE_AUTH with it sent */
	S_I_EAP_PROOF,     /* EAP is over: asked for our AUTH by its key */
	S_I_EAP_AUTH,      /* IKE_AUTH with that sent */
	S_I_EAP_CHECK,     /* asked whether the peer's AUTH by it is right */
	S_R_RESPOND,       /* asked for our key pair and the shared secret */
	S_R_KEY_PAIR,      /* asked for our key pair only: the peer is to solve a puzzle first */
	S_R_PUZZLE,        /* IKE_SA_INIT answered, with that: half open, without keys */
	S_R_AGREE,         /* it was solved: asked for the shared secret */
	S_R_INIT,          /* IKE_SA_INIT, IKE_SESSION_RESUME or IKE_INTERMEDIATE answered: half open */
	S_R_PPK_CONFIRM,   /* asked for what must show that the peer has a post-quantum preshared key */
	S_R_NEXT,          /* asked for our key pair and the shared secret of an additional key exchange */
	S_R_PPK_SEED,      /* asked for SKEYSEED with a post-quantum preshared key */
	S_R_PPK,           /* asked for keys mixed with a post-quantum preshared key */
	S_R_CHECK,         /* asked whether the peer's AUTH is right */
	S_R_PROOF,         /* asked for our AUTH */
	S_R_EAP,           /* asked for our next EAP packet */
	S_R_EAP_SENT,      /* IKE_AUTH answered with it */
	S_R_EAP_OVER,      /* IKE_AUTH answered with the last one: EAP has succeeded */
	S_R_EAP_CHECK,     /* asked whether the peer's AUTH by EAP's key is right */
	S_R_EAP_PROOF,     /* asked for our AUTH by it */
	S_R_ROUND,         /* IKE_AUTH answered, and the peer is to prove who it is once more (RFC 4739) */
	S_R_LEASE,         /* asked for virtual addresses for the peer */
	S_R_INSTALL,       /* the first CHILD_SA is being installed; then IKE_AUTH is answered */
	S_UP,              /* established */
	S_REKEYED,         /* replaced by another IKE_SA: the peer deletes it */
	S_DELETING,        /* our delete of the IKE_SA is on its way */
	S_LINGER,          /* ended; repetitions of the last request are still answered */
	S_DEAD,            /* to be freed by commit */
	S_COUNT
};

enum { SK_MAX = 64, SK_E_MAX = 36, ID_KEPT_MAX = 256 };

/* RFC 7296, 2.14. */
struct sa_keys {
	uint8_t d[SK_MAX], ai[SK_MAX], ar[SK_MAX], pi[SK_MAX], pr[SK_MAX];
	uint8_t ei[SK_E_MAX], er[SK_E_MAX];
};

/* Why children go: what follows is configured for some of it. */
enum ending {
	END_BY_US,
	END_BY_PEER,  /* close_action */
	END_BY_DEATH, /* dpd_action */
	END_BY_CRASH, /* the same, and the peer is there again: nothing waits */
};

/* What MOBIKE (RFC 4555) knows of an IKE_SA. */
struct mobility {
	bool on : 1;                             /* both ends have it */
	bool list_due : 1;                       /* the peer is to hear of our addresses */
	bool elsewhere : 1;                      /* the IKE_SA went there after ASK was asked */
	bool stays : 1;                          /* the update under way is for no other path than before */
	uint8_t refusals;                        /* of new paths, one after the other */
	uint8_t n_peer_ips;                      /* addresses of the peer's, the one of the message */
	struct ip peer_ips[MOBIKE_PEER_IPS_MAX]; /* that told of them first */
	uint32_t ask;                            /* the question which paths there are; 0: none */
	uint64_t ask_deadline;                   /* when it is asked again */
	uint64_t nat_seen;                       /* how the peer sees us, hashed; 0: not known */
	uint8_t cookie2[MOBIKE_COOKIE_OCTETS];   /* in our exchange under way */
};

/* The fixed-size part of an IKE_SA. */
struct sa_core {
	enum sa_state state;
	bool initiator;
	bool began; /* we did, whoever has rekeyed it since: then we are who authenticates anew */
	uint64_t spi_i, spi_r;
	struct path path;
	struct hosts hosts;      /* that were asked for when it was begun */
	const struct peer *peer; /* struct sa holds the reference */
	uint32_t login;          /* the conversation of EAP by which the peer has come; 0: none, */
	uint32_t idle;           /* and s without traffic after which it is to go; 0: none */
	struct suite suite;
	struct sa_keys keys;
	uint64_t seal_counter;      /* of the messages we sealed: an AEAD's IV, never used twice */
	bool keyed;                 /* the keys are there */
	bool nat_local, nat_remote; /* a NAT before us, before the peer (RFC 7296, 2.23) */
	bool nat_fake;              /* we said so to get encapsulation in UDP */
	bool encap;                 /* ESP goes in UDP */
	bool ppk;          /* they are mixed with a post-quantum preshared key (RFC 8784), and were before */
	bool ppk_int;      /* IKE_AUTH (RFC 9867) */
	bool post_quantum; /* its keys withstand quantum computers */
	bool strongswan;   /* the peer says that it speaks strongSwan's private numbers */
	bool fragments;    /* both take IKE fragments (RFC 7383) */
	bool turned_away;  /* responder: it has ended before the peer's next request, which is refused */
	uint32_t ask;      /* the ticket of the question the state waits for; 0: none */
	uint64_t ask_deadline;
	uint64_t deadline; /* half-open or lingering: the end */
	uint64_t established;
	uint64_t last_in; /* the last authenticated message */
	uint64_t keepalive_due, dpd_due;
	uint32_t usage_ask;      /* the ticket of the question when the children were last used; 0: none */
	uint16_t fragment_size;  /* octets of an IP datagram that got through; 0: as configured, */
	uint64_t fragment_until; /* and again from then on; 0: not on this path */
	uint64_t rekey_due, reauth_due; /* soft ends */
	uint64_t reauth_end, life_end;  /* hard ends: whatever was tried has failed */
	uint64_t proof_end; /* what the peer has proved counts no longer, whoever lets it stay; 0: no end */
	uint64_t reauthenticates; /* our SPI of the IKE_SA that goes when this one is up; 0: none */
	bool again;               /* when it has ended it is started again */
	bool outlived;        /* it has while this machine slept: it ends once there is a way to the peer */
	bool redirectable;    /* responder: the peer can be redirected */
	uint8_t redirects;    /* initiator: that were followed on the way here, since REDIRECTS_SINCE */
	enum ending ending;   /* of its children, when it ends now */
	uint64_t predecessor; /* our SPI of the IKE_SA that this one replaces; 0: none */
	uint32_t if_id_in, if_id_out; /* of its children; 0: none, or none drawn yet */
	uint64_t redirects_since;
	struct ip redirected_from;  /* and by whom the last time; responder: the peer; v 0: nobody */
	bool has_token;             /* the peer gave one, by which it can show that it has crashed; */
	uint8_t token[CRASH_PRINT]; /* its digest */
	struct vips vips;           /* that who began it has from the other */
	struct mobility mobike;
};

/* A connection that the peer of a responder SA may turn out to be, in the order of preference. */
struct candidate {
	const struct peer *peer;
	struct proposals ike;
	const char *excluded; /* why not, once it is out */
};

/* Agreeing on keys and, unless it is an IKE_SA, on selectors: what IKE_AUTH does for the first CHILD_SA and
 * CREATE_CHILD_SA for all others. Pointers lead into the arena that belongs to it. */
enum negotiation_kind { N_NONE, N_CREATE, N_REKEY_CHILD, N_REKEY_IKE };

/* Where a CREATE_CHILD_SA exchange is. */
enum negotiation_state {
	N_KEY_PAIR, /* ours: asked for our key pair */
	N_SENT,     /* ours: the request is on its way */
	N_AGREE,    /* ours: asked for the shared secret */
	N_RESPOND,  /* theirs: asked for our key pair and the shared secret */
	N_AWAIT,    /* theirs: answered; its additional key exchanges are still to come, until ask_deadline */
	N_INSTALL,  /* theirs: the child is being installed; then the request is answered */
};

struct negotiation {
	enum negotiation_kind kind;
	enum negotiation_state state;
	uint32_t ask; /* the ticket of the question it waits for; 0: none */
	uint64_t ask_deadline;
	const struct child_conf
		*child; /* what is negotiated; one that is under way holds a reference to its peer */
	struct tss packet_local, packet_remote; /* of the packet that asked for it; none for a command */
	uint32_t old;                           /* N_REKEY_CHILD: the child that is replaced */
	const struct transform *ke;             /* of the key exchange at hand; NULL: without one */
	struct bytes secret, public;            /* of it */
	struct bytes shared;                    /* of the first, where there is one; */
	struct bytes more;                      /* of additional ones, one behind the other; */
	unsigned done;                          /* so many */
	struct bytes link;                      /* what the next message of IKE_FOLLOWUP_KE must bring */
	uint8_t exchange;                       /* theirs: type of the request at hand */
	bool yielded;                           /* theirs: ours for the same was given up for it */
	bool ticket_asked;                      /* theirs, N_REKEY_IKE: the client asks for a ticket */
	struct bytes nonce_i, nonce_r;
	struct suite suite;    /* theirs, and ours once it is chosen */
	enum child_mode mode;  /* ours: as asked for, then as agreed; theirs: as agreed */
	bool unpadded;         /* the peer takes no TFC padding (RFC 7296, 1.3.1) */
	bool whole;            /* nor inner packets that are cut (RFC 9347, 5.1) */
	uint8_t proposal;      /* theirs: number of the chosen one */
	uint32_t spi, spi_out; /* of a CHILD_SA: ours, offered, and the peer's */
	bool per_cpu;          /* the child is one of several with its selectors (RFC 9611): ours: as asked
				* for, then as agreed; theirs: as agreed; and */
	uint32_t resource;     /* the number of the CPU of ours that it is for, and 1; 0: all */
	uint64_t ike_spi, ike_spi_peer; /* of an IKE_SA */
	struct proposals offered;       /* ours: as sent */
	struct tss local_ts, remote_ts; /* ours: as sent; theirs: as agreed */
	uint32_t made;                  /* theirs: the child that is being installed */
	unsigned rounds;                /* requests sent: more than one with INVALID_KE_PAYLOAD */
	/* Ours: outbound SPIs unknown to us that the peer has deleted meanwhile: perhaps of what it is making
	 * for us, when its answer was lost. */
	uint32_t gone[4];
	unsigned n_gone;
	struct bytes token; /* N_REKEY_IKE, ours: the peer's token of the new IKE_SA */
	/* Ours: the peer has replaced the same SA meanwhile; the lower of its exchange's nonces, and what it
	 * made (RFC 7296, 2.8.1, 2.8.2). */
	struct bytes rival_nonce;
	uint32_t rival_child;
	uint64_t rival_spi;
};

/* What becomes of other IKE_SAs of the same two identities when one comes up. */
enum unique_end { OTHERS_STAY, OTHERS_ARE_DEAD, OTHERS_ARE_REPLACED };

/* EAP in IKE_AUTH (RFC 7296, 2.16). */
struct eap_state {
	uint32_t conversation; /* 0: none is under way */
	unsigned packets;      /* of the peer that were taken */
	uint64_t end;          /* responder: when it has to be over */
	bool alone;            /* who answers proves who it is in no other way (RFC 5998) */
	struct bytes key;      /* of one that is over: AUTH is made with it */
	struct id id;          /* responder: that was proved, */
	const char *method;    /* and how */
	const struct why
		*failed; /* responder: why it has, unless the peer tries once more; NULL: it has not */
};

/* A post-quantum preshared key that a peer names, and a connection that may use it. */
struct ppk_offer {
	struct id id;
	const struct peer *user;
	struct bytes confirmation;
};

/* A post-quantum preshared key in IKE_INTERMEDIATE (RFC 9867). */
struct early_ppk {
	bool agreed;               /* both can do that */
	bool over;                 /* and it has been spoken of */
	struct id id;              /* the key that both have; ID_ANY: none yet; */
	const struct peer *user;   /* a connection that names it */
	struct bytes confirmation; /* initiator: what shows that we have it */
	struct ppk_offer *offers;  /* responder: the peer's, */
	unsigned n_offers, at;     /* and the next to be looked at; */
	const char *missing;       /* why none of them will do; NULL: none is named */
};

/* A puzzle that is being solved (RFC 8019, 7.1.2 and 7.2.2). */
struct puzzle_work {
	const struct transform *prf;
	struct bytes over;    /* the string that the keys are for */
	unsigned bits, found; /* so many keys are */
	uint32_t next;        /* number of the key to try */
	uint64_t began, end;  /* END: of the time for all puzzles of this exchange */
	uint64_t rises;       /* until when harder solutions are looked for; 0: BITS were asked for */
	uint8_t keys[PUZZLE_KEYS][PUZZLE_KEY_OCTETS];
};

/* A datagram of the peer's first sealed request that came before the keys were there. */
struct unopened {
	struct unopened *next;
	struct path path;
	struct bytes data;
};

/* What only the way to S_UP needs; it is freed, wiped, when that is reached. Pointers lead into
 * sa->handshake_arena. */
struct handshake {
	struct negotiation x;        /* the first CHILD_SA, and the IKE_SA's own keys */
	const char *gateway;         /* initiator: that we were redirected to, by name; NULL: none */
	unsigned rounds;             /* IKE_SA_INIT, or IKE_SESSION_RESUME, sent so far */
	struct bytes init_i, init_r; /* both messages of that, whole (RFC 7296, 2.15) */
	struct bytes cookie;
	struct puzzle_work puzzle;         /* initiator: that came with it, and */
	struct bytes solution;             /* the keys that solve it; empty: none */
	struct wire_puzzle asked;          /* responder: the puzzle for IKE_AUTH */
	bool natd;                         /* responder: the peer takes part in NAT detection */
	bool no_nats;                      /* responder: but wants no NAT between (RFC 4555, 3.9) */
	bool intermediate;                 /* the peer can do IKE_INTERMEDIATE (RFC 9242) */
	unsigned intermediates;            /* so many have been */
	struct bytes intauth_i, intauth_r; /* what their messages add to AUTH */
	const struct sa_keys *before;      /* responder: that sealed the last of them */
	struct sa_keys *after;    /* responder: that will hold when the one at hand is answered, and */
	struct bytes peer_public; /* what its additional key exchange needs */
	struct early_ppk early;
	bool ppk;                 /* both have post-quantum preshared keys, for IKE_AUTH (RFC 8784) */
	struct bytes unmixed;     /* SK_d, SK_pi, SK_pr without one; */
	struct bytes proof_plain; /* initiator: and our AUTH, if it may be so */
	bool childless;           /* initiator: the peer can do without a first CHILD_SA (RFC 6023) */
	enum unique_end others;   /* responder: what its IKE_AUTH says of other IKE_SAs */
	struct candidate *candidates;
	unsigned n_candidates;
	struct id local_id, remote_id;
	struct bytes id_i, id_r; /* the bodies of the ID payloads, as signed */
	struct bytes auth;       /* the payloads of the peer's IKE_AUTH, while its AUTH is being checked */
	uint8_t auth_first;      /* type of the first of them */
	struct bytes hashes;     /* that the peer takes signatures with */
	struct bytes methods;    /* which proofs it takes, as it announced them (RFC 9593) */
	struct bytes certreqs;   /* the authorities that it trusts; */
	uint32_t wants;          /* enum ike_wants */
	uint32_t valid; /* s from the check of the peer's AUTH until its certificates expire; 0: never */
	struct ike_certs proven;    /* what the peer proved itself with, where that is to be kept */
	bool ticket_asked;          /* responder: the peer asks for a ticket */
	bool resumed;               /* by a ticket, and AUTH is made with the keys that come of it: */
	struct bytes ticket, old_d; /* initiator: it, and the SK_d that it stands for */
	uint64_t ticket_number;     /* responder: which it was, */
	uint32_t ticket_end;        /* and until when it counted, s of the wall clock */
	uint64_t auth_left;     /* ms for which what was proved then, or now by EAP, holds; 0: without end */
	struct wire_auth proof; /* our AUTH, and the certificates that go with it */
	struct ike_certs certs;
	unsigned checks; /* responder: candidates whose proof was checked */
	/* Of who begins (RFC 4739): */
	bool multiple;  /* the peer knows of several proofs */
	unsigned round; /* so many are made */
	bool more;      /* responder: and the one at hand is not the last; */
	bool named;     /* and the peer has been told who we are */
	struct eap_state eap;
	struct bytes cfg; /* responder: attributes of the configuration payload to answer with */
};

/* The state of a CHILD_SA. */
enum child_state {
	CHILD_INSTALLING,
	CHILD_INSTALLED,
	CHILD_DELETING, /* our delete is queued or on its way */
	CHILD_LATE,     /* deleted after a rekeying: packets under way are still taken */
};

struct child {
	struct node of_sa;
	struct ring_node of_twins;
	struct ring_node of_neighbours; /* with others for the same packets, whose peers are at its address */
	struct ring_node of_policy;     /* with others for CPUs (resource.h) */
	struct sa *sa;
	struct arena arena; /* selectors; the keys lie in the actions only */
	uint32_t id, policy, reqid;
	const struct child_conf *conf;
	enum child_state state;
	uint32_t spi_in, spi_out;
	struct suite suite;
	struct sa_marks marks;
	enum child_mode mode;
	bool unpadded; /* the peer takes no TFC padding */
	bool whole;    /* nor, with MODE_IPTFS, inner packets that are cut */
	bool encap;
	bool post_quantum;            /* its keys withstand quantum computers */
	bool per_cpu;                 /* one of several with its selectors (resource.h); */
	uint32_t resource;            /* the number of the CPU that it is for, and 1; 0: the general one, */
	bool sated;                   /* of which the peer has as many as it takes */
	bool selected;                /* it sends for its policy, what RESOURCE does */
	bool by_us;                   /* we asked for it, */
	bool anew;                    /* once more, since an SPI of the one before was in use */
	bool spent, over;             /* it is to be rekeyed, or closed, as soon as it is installed */
	bool redundant;               /* the loser of two that replaced the same one */
	bool replaced;                /* it has had a successor: packets for it may come late */
	uint32_t replaces, successor; /* rekeying: numbers of the children before and after it; 0: none */
	struct tss local_ts, remote_ts;
	uint64_t installed;
	uint64_t rekey_due, life_end; /* 0: never */
	uint64_t inactive_due;        /* when it may have been idle for too long */
	uint64_t switch_due;   /* when its twin has sent for long enough; 0: it does not wait for that */
	uint64_t late_end;     /* CHILD_LATE: when it goes */
	uint32_t tickets[3];   /* of SA_ADD twice and POLICY_ADD; 0: answered */
	uint64_t ask_deadline; /* of their answers */
	struct node waits;     /* commands that wait for this child */
};

/* An exchange of our own: it waits for its turn (the window is one) or is under way. */
enum task_kind {
	TASK_LIVENESS,
	TASK_UNKNOWN_SPI,
	TASK_CRASH_TOKEN,
	TASK_MOVE,        /* the peer is to follow us to our path (RFC 4555, 3.5) */
	TASK_ADDRESSES,   /* which other addresses we have (3.6) */
	TASK_ROUTABILITY, /* whether the peer gets what we send to its new address (3.7) */
	TASK_REDIRECT,
	TASK_LIMIT,  /* the peer hears how long it may stay */
	TASK_TICKET, /* it is asked for another ticket (RFC 5723, 4.1) */
	TASK_CREATE_CHILD,
	TASK_REKEY_CHILD,
	TASK_DELETE_CHILD,
	TASK_REKEY_IKE,
	TASK_DELETE_IKE,
};

struct task {
	struct node of_sa;
	enum task_kind kind;
	uint32_t child;                /* TASK_*_CHILD: its number, but not of one to be created */
	uint32_t spi;                  /* TASK_DELETE_CHILD: ours, even when the child has gone;
					  TASK_UNKNOWN_SPI */
	uint8_t protocol;              /* TASK_DELETE_CHILD: PROTO_ESP or PROTO_AH */
	const struct child_conf *conf; /* TASK_CREATE_CHILD; holds a reference to its peer */
	uint32_t resource;             /* TASK_CREATE_CHILD: as in struct child */
	const char *gateway;           /* TASK_REDIRECT */
	struct arena arena;            /* of the packet's selectors, of the gateway */
	struct tss packet_local, packet_remote;
	uint64_t not_before; /* 0: at once */
	uint64_t patience; /* TASK_DELETE_IKE: until when it waits for the children's twins; 0: not at all */
	uint64_t put_off;  /* when it was for the first time; 0: not yet */
	uint64_t busy_since; /* since when the peer is busy whenever it is asked; 0: it is not */
	bool unwanted;       /* the one under way: what it makes goes at once, and it is not tried again */
	bool anew;           /* TASK_CREATE_CHILD: once more, as in struct child */
	struct node waits;   /* commands that wait for the child to be created */
};

/* The window (RFC 7296, 2.3): one request of ours in flight, and the last answer to the peer's requests; each
 * is a datagram, or several back to back (header_cut). */
struct window {
	uint32_t next;     /* message id of our next request */
	uint32_t expected; /* message id of the peer's next request */
	uint8_t *request;  /* in flight; NULL: none */
	size_t request_n;
	uint8_t exchange; /* its type */
	unsigned tries;
	bool hasty;    /* nothing has come since this machine woke: the times are short, or, */
	bool cut_off;  /* since there was no way then, will be once there is one */
	bool moved;    /* nothing has come since the IKE_SA went to its path; */
	bool soon;     /* then the request in flight is repeated once beside the usual times (MOVED_TIME) */
	bool disowned; /* it was answered, though not by a proven peer, that there is no such IKE_SA */
	/* Who says, though nobody has proved anything, that it did not arrive, and what; and another address
	 * than was asked, from which an answer came. */
	struct ip told_by, elsewhere;
	enum ike_unreachable unreachable;
	uint64_t due; /* next repetition */
	uint64_t interval;
	struct path request_path;
	uint8_t *response; /* to request EXPECTED - 1; NULL: still being made */
	size_t response_n;
	struct path response_path; /* where that request came from: its answer goes there (2.11) */
	unsigned repeated;         /* how often that request has come again */
};

/* A message of the peer in fragments that have not all come. */
struct fragments {
	struct node of_half_open; /* in ike->fragments, if its SA is half open */
	struct sa *sa;
	uint32_t mid;
	uint8_t exchange;
	uint8_t first;      /* type of its first payload; 0 until the first fragment is there, */
	struct bytes front; /* which begins with this; memory of its own */
	uint16_t total, have;
	size_t octets, largest; /* kept; of the largest datagram but the last */
	uint64_t due;           /* of a request: when they are forgotten */
	struct bytes v[];       /* opened, each a piece of memory of its own; P NULL: it has not come */
};

/* A connection, by name. It lasts as long as it is configured or has an SA; traps and wants are of those that
 * are configured. */
struct conn {
	struct node of_ike;      /* while it is configured: in the order of the configuration */
	const struct peer *peer; /* the version in force, with a reference; NULL: it is configured no more */
	struct node sas, traps, wants;
	struct kept_ticket *ticket; /* to resume its IKE_SA with; NULL: none (ticket.h) */
	char name[];
};

struct sa {
	struct node of_ike, of_conn;
	struct ring_node of_ends, of_place; /* those of the same identities, at the same address: ends.h */
	struct node of_unproven; /* half open, and no IKE_AUTH of the peer could be opened: by age */
	struct heap_node timer;
	uint32_t id;
	uint64_t spi;          /* ours: the key in ike->sas */
	uint64_t init_hash;    /* responder: of the IKE_SA_INIT request, the key in ike->inits; 0: none */
	uint64_t crowd;        /* half open: where it is counted among those of its address */
	bool begun, half_open; /* as what it is counted */
	bool forged;           /* something that is not the peer's came as its first request: counted, too */
	uint64_t proven_as; /* what was in force when the two proved who they are (ticket.h); 0: what may */
	uint64_t proven_until; /* not be resumed; and until when that holds; 0: without end */
	/* Gateway: the number of the last ticket that was given to the client, and of the one before: whether
	 * an answer has come is not known until the next request; 0: none. */
	uint64_t ticket, ticket_before;
	uint64_t ticket_due;      /* client: when another one is asked for; 0: never */
	uint64_t rekeyings_until; /* the end of the time in which are counted */
	unsigned rekeyings;       /* those that the peer has begun */
	struct sa_core core;
	/* What is under way: the handshake, CREATE_CHILD_SA exchanges. An SA that is quiet has none of its
	 * own: these lead to ones that are all zero (sa_keep_handshake, sa_keep_negotiation). */
	const struct handshake *handshake;
	const struct negotiation *ours, *theirs;
	struct unopened *unopened; /* what came with the solution of hs.asked; newest first */
	struct arena arena, handshake_arena, ours_arena, theirs_arena;
	const struct peer *peer;       /* the reference to core.peer */
	struct conn *conn;             /* that of peer */
	bool up;                       /* TELL_SA_UP was said */
	uint64_t reauthenticated_by;   /* our SPI of the IKE_SA that was last made to go in its place */
	uint64_t spi_told;             /* when the peer was told of an unknown SPI; 0: never */
	struct id local_id, remote_id; /* in arena, once they are known; */
	struct id eap_id;              /* and who the peer is to EAP; ID_ANY: it was not asked that */
	struct ike_certs certs;        /* what the peer proved itself with; in arena */
	struct ike_ips dns;            /* servers that were told with our virtual addresses, and */
	struct strings domains;        /* of which domains they know the names (RFC 8598); in arena */
	struct window window;
	struct fragments
		*fragments[2];      /* of the peer's next request, and of its response to ours; NULL: none */
	struct node children, late; /* late: those whose inbound SA is still there */
	struct node tasks;
	struct task *task; /* the one under way */
	struct node waits; /* commands that wait for this SA */
};

enum trap_state {
	TRAP_ROUTING /* asked for the addresses */,
	TRAP_SETTING /* asked the data path */,
	TRAP_SET
};

/* A trap policy: the connection's child that a packet brings up. */
struct trap {
	struct node of_conn;
	struct heap_node timer;
	enum trap_state state;
	bool stale;      /* of an earlier configuration: goes when its successor is set */
	bool by_command; /* it stays when the configuration does not ask for it */
	bool asked;      /* a packet has, and no CHILD_SA has come of it; */
	bool beside;     /* while one was being installed, which was not for that packet */
	unsigned tries;  /* that came to nothing, one after the other: while TRAP_SET has a timer packets
			  * ask in vain */
	uint32_t id, reqid, ask;
	struct sa_marks marks;
	struct ip local, remote;       /* outer addresses, once they are known */
	const struct child_conf *conf; /* holds a reference to its peer */
};

/* A ticket that was used, until it expires: s of the wall clock. */
struct used_ticket {
	uint64_t number;
	uint32_t end;
};

/* A command that has not ended. */
struct command {
	struct node of_ike;
	uint32_t ticket;
	enum ike_command_kind kind;
	unsigned matches, left, terminated;
	bool failed;
};

/* A command's interest in an SA or a child. */
struct wait {
	struct node of_object;
	struct command *command;
};

enum drop_reason {
	DROP_MALFORMED,  /* no IKE header, or a length that is not right */
	DROP_VERSION,    /* a major version other than 2 */
	DROP_UNKNOWN_SA, /* no IKE_SA has these SPIs */
	DROP_UNSEALED,   /* it had to be sealed */
	DROP_SEAL,       /* the seal is broken */
	DROP_MESSAGE_ID, /* outside the window */
	DROP_REPEATED,   /* while its answer was being made */
	DROP_SHAPE,      /* not a message we know */
	DROP_STATE,      /* not in this state */
	DROP_NO_REQUEST, /* an answer to nothing */
	DROP_HALF_OPEN,  /* too many half-open SAs */
	DROP_CROWD,      /* too many of one address */
	DROP_BUSY,       /* too much waits for answers */
	DROP_UNSOLVED,   /* it does not solve the puzzle that was asked, and others do */
	DROP_INVALID,    /* what it says cannot be */
	DROP_FRAGMENT,   /* a fragment too many, or of an earlier cut */
	DROP_INCOMPLETE, /* fragments, because others have not come */
	DROP_COUNT
};

/* A cipher context for each pair of transforms in use, keyed anew for each message. */
struct aead_slot {
	const struct transform *encr, *integ;
	struct aead *aead;
};

/* What is done for strangers, each with a limit of its own: ESP of thousands a second that nobody has an SA
 * for shall not keep who was restarted from saying so to a peer that asks. */
enum stranger {
	STRANGER_IKE,      /* answers to IKE */
	STRANGER_ESP,      /* hints that an SA is unknown */
	STRANGER_HINT,     /* hints of theirs that are looked at */
	STRANGER_UNSOLVED, /* IKE_SAs that they begin without the solution of a puzzle, */
	STRANGER_EASY,     /* and with an easy one, since how hard it is was left to them */
	STRANGERS
};

enum { AEAD_SLOTS = 16 /* 4 AEADs, 3 ciphers with 3 MACs, rounded up */ };

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

struct ike {
	struct settings settings;
	struct ip addresses[MOBIKE_ADDRESSES_MAX]; /* of this machine; so many */
	unsigned n_addresses;
	struct bytes authorities, responders; /* that we trust, as CERTREQ lists them */
	struct arena authorities_arena;
	struct node conns;           /* that are configured */
	struct addressed *addressed; /* the same by address: addressed.h; NULL: not made yet */
	unsigned n_addressed;
	unsigned n_conns;           /* so many */
	struct dict by_name;        /* all */
	const struct peer **parted; /* references to drop at the next step */
	unsigned n_parted, parted_room;
	struct arena parted_arena; /* what ended IKE_SAs and exchanges have kept, to be freed then, too */
	struct node sas_list, commands;
	struct map sas;      /* by our SPI */
	struct map inits;    /* by the hash of the request */
	struct map children; /* by id */
	struct map spis;     /* inbound SPIs in use, to their SA */
	struct map asks;     /* tickets of questions, to the SA that waits */
	struct map installs; /* tickets of installations, to the child */
	struct map trap_asks;
	struct map policies; /* ids of traps, to the trap */
	struct heap timers, trap_timers, want_timers;
	uint32_t last_id;                 /* of SAs, children, policies, reqids and tickets */
	uint32_t last_mark, last_if_id;   /* that were drawn */
	unsigned begun, half_open, n_sas; /* being set up; by a peer; all */
	struct node unproven;             /* SAs, the oldest first */
	struct map ends, places;          /* rings of them by identities, by the peer's address (ends.h) */
	struct map twins, neighbours;     /* rings of installed children that may be twins, or be taken */
					  /* for each other's (twin.h), */
	struct map for_cpus;              /* and of those for CPUs, by policy (resource.h) */
	struct map offered, offered_ike;  /* our SPIs that no SA has yet, to the SA (offers.h) */
	struct map crowds;                /* numbers of half-open ones, by address, */
	struct map offenders[2];          /* and of those that got nonsense in this OFFENCE_TIME, */
	uint64_t offences_until;          /* which ends then, and in the one before */
	uint64_t pressed_until;           /* cookies are asked for; 0: they are not */
	unsigned pressed_by;              /* requests that were answered with one in that time, */
	uint64_t cookies;                 /* and ever */
	unsigned puzzle_bits;             /* how hard the puzzles are that come with cookies; 0: none do */
	unsigned puzzled_by;              /* requests that were answered with one in that time, */
	uint64_t puzzles, solved;         /* and ever; so many were solved */
	uint64_t forged_until;            /* the end of the time in which are counted */
	unsigned forged_by;               /* the half-open SAs whose first request was nonsense; */
	uint64_t auth_puzzles_until;      /* puzzles are asked in IKE_AUTH, too; 0: they are not */
	struct node fragments;            /* struct fragments of half-open SAs, the oldest first; */
	size_t fragments_half_open;       /* octets of them */
	struct siphash_key hash_key;      /* of the keys in inits, ends, twins, neighbours */
	struct siphash_key cookie_secret[2];
	struct map spent[2]; /* cookies of each of them, with a puzzle, that have made an IKE_SA */
	uint8_t cookie_generation;
	uint64_t cookie_due;
	uint8_t ticket_keys[TICKET_KEYS][TICKET_KEY];
	unsigned n_ticket_keys;
	uint32_t wall;            /* the time, s, */
	uint64_t wall_at;         /* when it was that on our clock */
	struct used_ticket *used; /* TICKETS_USED_MAX, once there is one */
	unsigned n_used;
	bool has_crash_secret;
	uint8_t crash_secret[CRASH_SECRET];
	uint64_t stranger_ms[STRANGERS]; /* what is done for strangers is paid for up to here */
	uint64_t old_version_due;        /* when it is said again of a peer that it speaks IKEv1 */
	uint64_t drops[DROP_COUNT];
	uint64_t counts[COUNTERS];
	struct dict tallies; /* the same of each connection, by name */
	struct node tally_list;
	struct aead_slot aeads[AEAD_SLOTS];
};
