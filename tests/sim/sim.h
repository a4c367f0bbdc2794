/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lives of two gateways, or of a gateway and two clients behind one NAT, on a hostile network and a virtual
 * clock; a seed decides everything. */
#pragma once

#include "base/text.h"
#include "tests/pair/lab.h"

/* STAR is a client as MOON is, at the same address behind the same NAT, in lives beside another (enum
 * beside). */
enum { MOON, SUN, SIDES, STAR = SIDES, SIDES_MAX };

/* What two clients of SUN carry in their child "net". */
enum beside {
	BESIDE_NOBODY, /* there is one */
	BESIDE_NETS,   /* each for a network of its own */
	BESIDE_SAME,   /* both for the same one: they cannot be told apart */
	BESIDE_HOSTS,  /* for themselves, in transport mode: nor can they here */
	BESIDE_VIPS,   /* for an address that SUN has given each */
	BESIDE_KINDS,
};

/* What the network does to datagrams; shares in thousandths. */
struct weather {
	unsigned lost, doubled, broken;
	unsigned late;     /* how many take long */
	uint64_t delay;    /* ms at the most, for most of them */
	uint64_t straggle; /* ms at the most, for the late ones */
	size_t narrow;     /* larger datagrams are lost; 0: none is too large */
};

/* A command that was given and has not ended. */
struct given {
	struct node node;
	uint32_t ticket;
};

struct life {
	uint32_t seed;
	bool loud; /* says what happens */
	struct lab *lab;
	unsigned sides; /* SIDES, or SIDES_MAX */
	struct host *hosts[SIDES_MAX];
	const char *conf[SIDES_MAX]; /* the configuration; NULL: it has lost its connection */
	uint64_t restart[SIDES_MAX]; /* when a stopped host starts again; 0: it runs */
	struct node given[SIDES_MAX];
	uint32_t tickets; /* given out so far */
	struct rng_seeded rng;
	struct weather weather;
	struct arena arena;   /* texts of this life */
	const char *failed;   /* the first broken invariant, or NULL */
	unsigned steps;       /* events so far */
	unsigned established; /* times an IKE_SA came up */
	bool wanted;          /* some children are started, or are to be up always */
	bool roams;           /* hosts get other addresses (MOBIKE) */
	bool behind_nat;      /* clients are behind one, which forgets its mappings */
	enum beside beside;
	bool nameless;       /* clients are to IKE who they are to the network: one that may be there twice */
	bool for_cpus;       /* both ends, or one, have SAs for CPUs */
	bool flooded;        /* who is called was called by strangers just before */
	bool peace;          /* nothing is lost, closed or broken but STAR: no packet of others may be */
	struct node packets; /* struct packet, under way */
	unsigned carried, rekeyed;
};

/* Whether this is a life of large messages, which go in fragments. */
bool life_is_large(const struct life *l);

/* Whom SIDE talks to; for SUN, where it has two clients, one that is drawn. */
unsigned life_peer(struct life *l, unsigned side);
/* Whether hosts at these sides talk to each other. */
bool life_peers(unsigned a, unsigned b);

/* A number of 0 to N - 1, and whether something with so many thousandths happens. */
unsigned life_draw(struct life *l, unsigned n);
bool life_chance(struct life *l, unsigned thousandths);

/* The first call counts. */
void life_fail(struct life *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* With LOUD: one line, behind the time. */
void life_say(struct life *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How a life is lived, its seed apart. */
struct manner {
	bool loud;           /* says what happens, to stdout */
	bool light;          /* key exchanges cost nothing: another life, in a quarter of the time */
	bool beside;         /* there are two clients behind one NAT: another life, too */
	const char *record;  /* the file that the hosts' events are recorded to (struct lab), or NULL */
	bool record_secrets; /* with all keys */
};

/* Lives one life, whole. Returns why it failed, or NULL. TRACE gets a hash of all that was done. */
const char *life_live(uint32_t seed, const struct manner *manner, struct text *why, uint64_t *trace);

/* The network of a seed (network.c). */
struct weather weather_draw(struct life *l);
/* Decides what becomes of datagrams that are new in the air. */
void network_decide(struct life *l);
/* When the next of them arrives; HEAP_NEVER: none. */
uint64_t network_due(const struct life *l);
/* Delivers what is due. */
void network_deliver(struct life *l);
void network_lose_all(struct life *l);

/* What people and machines do (fate.c): one thing, drawn. */
void fate_strikes(struct life *l);
/* A command, whose end is waited for. */
void fate_command(struct life *l, unsigned side, struct ike_command c);
/* A life that is peaceful, or in which addresses change, begins with a tunnel. */
void fate_begins(struct life *l);
/* Configurations by which nothing comes up by itself any more. */
void fate_wants_nothing(struct life *l);
/* Everything that was broken works again, and one may stay in a place of its own. */
void fate_rests(struct life *l);
/* The configuration of SIDE, of several that go together. */
const char *fate_configuration(struct life *l, unsigned side);
/* Where SIDE is at first, and once all is over. */
const char *fate_home(const struct life *l, unsigned side);
/* The command ended that H told of. */
void fate_listen(struct life *l, unsigned side);

/* Packets of the tunnels (traffic.c): each policy sends one now; what has arrived is taken. */
void traffic_send(struct life *l);
uint64_t traffic_due(const struct life *l);
void traffic_deliver(struct life *l);
void traffic_forget(struct life *l);

/* What must hold always (check.c), at quiet, and when nobody has heard of anybody for long. */
void check_always(struct life *l);
void check_agreement(struct life *l);
/* Whether an exchange is under way, packets on old SAs are still waited for, or a kept child is to come
 * again. */
bool check_busy(const struct life *l);
void check_empty(struct life *l);
