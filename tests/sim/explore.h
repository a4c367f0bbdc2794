/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The explorer: a small world of two cores that are up with one child, and EVERY world that can come of it by
 * delivering, losing and repeating datagrams, letting timers run out, giving commands, answering late and
 * sending packets, in all orders, within a budget. Worlds that are equal but for names are visited once
 * (state.c). */
#pragma once

#include "ike/state.h"
#include "tests/sim/sim.h"

/* How often what may happen that need not. */
struct budget {
	unsigned char lose, repeat, clock, late;
};

enum { COMMANDS_MAX = 2 };

struct scenario {
	const char *name;
	const char *esp; /* proposals of the children */
	/* Each is given once, at any time, those of one side in this order; NULL: none. */
	const struct ike_command *commands[SIDES][COMMANDS_MAX];
	struct budget budget;
	unsigned orders;   /* of nonces: so many of the four, each with another one the lowest */
	bool both_ways;    /* and again with the commands of the two exchanged: moon has begun the IKE_SA */
	bool peace;        /* nothing is taken down: no packet may be lost */
	bool fails;        /* answers may also come too late, or be no: then anything may be taken down */
	int sas, children; /* what stands in the end, whatever has happened; -1: nobody knows */
};

/* One with name NULL ends them. */
extern const struct scenario scenarios[];

/* Randomness that a world's names are made of: numbers in order, and nonces whose order is chosen. */
struct orderly {
	struct rng rng;
	unsigned side;
	uint64_t drawn;
	unsigned nonces, order;
};

/* An exchange that makes an SA, as it was seen in the air. */
struct offer {
	uint64_t spi_i, spi_r; /* of the IKE_SA it was on */
	uint32_t mid;
	bool by_initiator;
	uint64_t spis[2]; /* of what it makes: who asked, who answered (0: not yet) */
	uint8_t lowest[NONCE_OCTETS];
};

enum { OFFERS_MAX = 48 };

struct world {
	struct life life;
	const struct scenario *scenario;
	bool exchanged; /* the commands */
	struct orderly rngs[SIDES];
	struct budget left;
	unsigned given[SIDES]; /* commands */
	struct offer offers[OFFERS_MAX];
	unsigned n_offers;
	uint32_t losers[OFFERS_MAX]; /* SPIs of children that have lost a contest */
	unsigned n_losers;
	uint32_t last_id[SIDES]; /* ids up to here were there in the beginning */
};

/* A scenario's variants: the orders of nonces and, behind them, the same with the commands exchanged. */
enum { ORDERS = 4 };

/* World (world.c): all of it lies in memory that can be put back (memory.h). */
struct world *world_new(const struct scenario *s, unsigned variant, bool loud);
void world_free(struct world *w);

/* What may happen next. */
enum deed {
	DEED_COMMAND,
	DEED_DELIVER,
	DEED_ANSWER,
	DEED_FAIL,
	DEED_PACKET,
	DEED_CLOCK,
	DEED_REPEAT,
	DEED_LOSE
};

struct choice {
	enum deed deed;
	unsigned which; /* the side, or the place of the datagram in the air */
	bool late;      /* what it makes a core ask is answered later */
};

enum { CHOICES_MAX = 64, PATH_MAX_STEPS = 512 };

/* All that may happen in W, but for late answers. */
unsigned world_choices(const struct world *w, struct choice out[CHOICES_MAX]);
/* Lets C happen. True when answers could have been late. */
bool world_do(struct world *w, struct choice c);
/* Nothing is under way: it is not only because of the budget that nothing happens. */
bool world_quiet(const struct world *w);
/* Ends W: all arrives, then time passes, then nothing arrives any more; what must hold is checked. */
void world_end(struct world *w);

/* "d0", "l1", "r0", "cm" (command of moon), "ts" (timer of sun), "am" (answer), "fm" (answer: no), "ps"
 * (packet to sun); behind it "+" when answers are late. Returns the number of octets. */
enum { CHOICE_TEXT = 8 };
size_t choice_print(struct choice c, char out[CHOICE_TEXT]);
/* Reads one at *S and steps over it and a "." behind. */
bool choice_read(const char **s, struct choice *out);

/* A number for all worlds that are equal to W (state.c); BUDGET: what is left counts too. OUT, unless NULL,
 * gets the state in words. */
uint64_t state_hash(const struct world *w, bool budget, struct text *out);

/* What a message says; NULL: it cannot be opened. Good until the next call. */
struct seen {
	struct wire_header header;
	uint64_t has;     /* PAYLOAD_BIT(PAYLOAD_TSI) | … */
	uint64_t spi;     /* of the first SA that is offered or chosen; 0: none */
	uint64_t rekeys;  /* N(REKEY_SA): the SPI; 0: none */
	uint64_t deletes; /* D(ESP): the first SPI; 0: none */
	uint16_t error;   /* the first notify that is one; 0: none */
	bool fresh;       /* there is a nonce */
	uint8_t nonce[NONCE_OCTETS];
};
const struct seen *state_seen(const struct world *w, struct bytes data);

/* Of two that replace the same SA the one with the lowest of the nonces goes (contest.c; RFC 7296, 2.8.1). */
void contest_check(struct world *w);

/* What an end must answer to a datagram, as things stand (rules.c; RFC 7296, 2.25). */
enum rule_duty {
	DUTY_NONE,
	DUTY_BUSY,      /* TEMPORARY_FAILURE */
	DUTY_NOT_BUSY,  /* anything else */
	DUTY_NOT_FOUND, /* CHILD_SA_NOT_FOUND */
	DUTY_DELETE,    /* with a Delete payload */
	DUTY_NO_DELETE, /* without one */
	DUTY_MAKE,      /* nothing, but a new child is asked for */
	DUTY_NO_MAKE,   /* nor that */
};

struct duty {
	enum rule_duty duty;
	unsigned side;
	uint64_t spi; /* of the IKE_SA there */
	const struct child_conf *conf;
};

struct duty rules_before(const struct world *w, const struct flight *f);
/* It was delivered: was it done? */
void rules_after(struct world *w, const struct duty *d);

/* What came of one search. */
struct found {
	unsigned long worlds, ends, steps;
	bool closed;
	char failed[512], path[2048];
};

/* Visits the worlds of one VARIANT of S, up to the first that fails; F is shared with whoever waits. */
void search(const struct scenario *s, unsigned variant, struct found *f);
/* Walks PATH aloud; a "?" at its end shows the state it leads to. True when nothing failed. */
bool search_show(const struct scenario *s, unsigned variant, const char *path);

/* All scenarios, or the one that is called NAME, with their own budgets or with another one:
 * "LOSE,REPEAT,CLOCK,LATE". NAME "--first": all, up to the first that fails. Returns the exit status. */
int explore(const char *name, const char *budget);
/* One PATH of one scenario, aloud. */
int explore_show(const char *name, const char *path);
