/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts that run cores of ours, a network between them, and one clock, in one process. Nothing happens by
 * itself: datagrams fly until somebody delivers or loses them, and time moves by hand. What goes wrong with a
 * lab itself aborts. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "daemon/lease.h"
#include "ike/ike.h"
#include "model/announce.h"
#include "tests/pair/charade.h"
#include "tests/pair/datapath.h"
#include "tests/unit/conf_help.h"

enum { LAB_HOSTS = 3, LAB_IPS = 8, LAB_VIPS = 64 };

/* A NAT in front of a host. */
struct nat {
	struct ip outside; /* v 0: there is none */
	bool forward;      /* ports are kept, and strangers come in */
	uint16_t shift;    /* else: added to ports on the way out */
};

/* What a host may be asked, as bits. */
enum asked {
	ASKED_ROUTE = 1,
	ASKED_KEYS = 2,
	ASKED_PROOF = 4,
	ASKED_SA_IN = 8,
	ASKED_SA_OUT = 16,
	ASKED_POLICY = 32,
	ASKED_USAGE = 64,
	ASKED_PPK = 128,
	ASKED_LEASE = 256,
	ASKED_EAP = 512,
	ASKED_ALL = 1023,
};

struct host {
	struct lab *lab;
	const char *name;
	struct ip ip;
	struct ip others[LAB_IPS], past[LAB_IPS]; /* addresses beside that one, and that it may have had */
	unsigned n_others, n_past;
	struct ip cut;   /* what comes from there or goes there is lost, as behind a NAT; v 0: nothing is */
	struct nat nat;  /* for addresses of its family */
	struct ike *ike; /* NULL: it is down */
	struct loaded conf;
	struct record *record;    /* NULL: nothing is recorded */
	struct bytes authorities; /* that it trusts, as CERTREQ lists them */
	bool remembers;           /* its core has secrets that outlive a restart: */
	uint8_t secret[32], tickets[2][40];
	uint32_t wall; /* what its clock on the wall shows at the lab's zero, s */
	struct datapath datapath;
	struct leases leases;     /* of its pools */
	struct ip vips[LAB_VIPS]; /* virtual addresses that it has, each as often as it was put there */
	unsigned n_vips;
	uint32_t valid;         /* s until the peer's certificates expire; 0: never */
	const char *proven;     /* what the peer's certificate is said to be; NULL: nothing */
	struct charade eap;     /* EAP, as it is played here */
	uint32_t wants;         /* what its core last said of the peer's wishes: enum ike_wants; */
	struct announced takes; /* and of the proofs that it takes */
	unsigned fails, silent; /* what fails here, what is never answered */
	unsigned exists, times; /* what somebody else has already, and so often it matters */
	uint64_t late;          /* ms until an answer comes */
	unsigned asked;         /* questions and installations so far */
	bool fake;              /* key exchanges are cheap and no secret */
	struct rng *rng;        /* of its core: the lab's, or one of its own */
	uint64_t wake;
	struct node answers; /* struct coming */
	struct node news;    /* struct news */
};

/* An answer on its way to its core. */
struct coming {
	struct node node;
	struct arena arena;
	uint64_t at;
	struct ike_answer answer;
};

/* What a core told. */
struct news {
	struct node node;
	struct arena arena;
	struct ike_tell tell; /* its own copy, without record */
};

/* Takes N off its host's list and forgets it. */
void news_free(struct news *n);

enum { STREAM_PORT = 40000 };

/* A datagram in the air, as it is behind the sender's NAT. */
struct flight {
	struct node node;
	const struct host *from;
	struct addr source, target;
	bool marker, keepalive;
	bool tcp;    /* in a stream, which the host that connects has at its port STREAM_PORT */
	bool seen;   /* for whoever decides what becomes of it */
	uint64_t at; /* not to be delivered before; the sender's now at first */
	uint8_t *data;
	size_t n;
};

struct lab {
	uint64_t now;
	struct rng_seeded rng;
	struct host hosts[LAB_HOSTS];
	unsigned n_hosts;
	struct node flights;
	/* Called after each datagram that was delivered and each move of the clock; NULL: nobody watches. */
	void (*watch)(void *watcher);
	void *watcher;
	const char
		*record; /* hosts made from now on write their events to RECORD-NAME.log; NULL: they do not */
	bool record_secrets; /* with keys */
	int certificates;    /* octets of each, at least */
	struct map sealed;   /* what was sealed, by key and IV: hashes */
	uint64_t trace;      /* a hash of all that was done */
};

struct lab *lab_new(uint64_t seed);
void lab_free(struct lab *lab);

/* A host at ADDRESS that runs a core with the configuration CONF. */
struct host *lab_host(struct lab *lab, const char *name, const char *address, const char *conf);
/* Authorities that H trusts, as CERTREQ lists them. */
void host_trust(struct host *h, struct bytes authorities);
/* H has secrets that outlive a restart from now on. */
void host_remember(struct host *h);
/* The keys of its tickets are replaced, the one before still opens them. */
void host_rotate(struct host *h);
/* Another configuration. */
void host_reload(struct host *h, const char *conf);
/* H has the addresses IPS from now on, blanks between them, the first for what it begins; its core hears of
 * it.
 */
void host_addresses(struct host *h, const char *ips);
/* Ends the core without a word; what is in the air stays there. And an empty one with the same configuration.
 */
void host_stop(struct host *h);
void host_start(struct host *h);

/* One event, what follows from it at once, and the answers that are not late. */
void host_event(struct host *h, const struct ike_event *event);
void host_command(struct host *h, const struct ike_command *command);
/* The answer that is late for longest comes now, or is no. */
void host_answer(struct host *h, bool fails);

/* The status of every IKE_SA of H, from ARENA; *N gets their number. */
const struct sa_record *host_records(const struct host *h, struct arena *arena, unsigned *n);

/* Takes F out of the air: to whom it is for, if anybody; or to nobody. */
void lab_deliver(struct lab *lab, struct flight *f);
void lab_lose(struct flight *f);
/* A copy of F in the air. */
struct flight *lab_copy(struct lab *lab, const struct flight *f);
/* A datagram that looks as if FROM had sent it from SOURCE to TARGET. */
struct flight *lab_forge(
	struct lab *lab, const struct host *from, struct addr source, struct addr target, struct bytes data);
/* The datagram that has been in the air for longest, or NULL. */
struct flight *lab_first(const struct lab *lab);
/* The host that F reaches, or NULL. */
struct host *lab_reached(struct lab *lab, const struct flight *f);

/* The next moment at which a core or an answer is due; HEAP_NEVER: none. */
uint64_t lab_due(const struct lab *lab);
/* Moves the clock to AT (not before lab_due, and never back) and runs what is due. */
void lab_clock(struct lab *lab, uint64_t at);
/* Delivers all that is in the air, until there is silence. */
void lab_calm(struct lab *lab);
/* Lets MS milliseconds pass on a network that delivers at once, or that loses everything. */
void lab_pass(struct lab *lab, uint64_t ms);
void lab_pass_deaf(struct lab *lab, uint64_t ms);
