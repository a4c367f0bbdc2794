/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gateway without sockets and devices, for tests: the lane, one child with both SAs, and lists of what the
 * lane told and answered. */
#pragma once

#include "xfrm/user/inbound.h"
#include "xfrm/user/outbound.h"

enum { GATE_TOLD = 64, GATE_SPI_OF = 0x80000100 /* plus the side's number */ };

struct gate {
	struct lane lane;
	struct drops drops;
	struct rng_seeded rng;
	struct arena arena;
	struct child_conf conf; /* to be changed before gate_open */
	struct suite suite;
	struct device device;
	struct policy_live policy;
	struct live *in, *out;
	struct meter meters[2];
	struct sa_slot in_slot, out_slot;
	struct tables tables;
	struct retired *retired;
	struct board board; /* has the tables */
	struct load load;
	struct esp_report told[GATE_TOLD];
	unsigned n_told, n_answers;
	bool deaf; /* nothing can be told */
	size_t last_body;
	uint8_t answer[ICMP_ROOM];
	size_t answer_size;
};

/* The gateway of SIDE 1 or 2: networks 10.SIDE.0.0/16 and 2001:db8:SIDE::/48 behind it, 192.0.2.SIDE its
 * outer address; the other side is its peer. A few defaults in G->conf. */
void gate_init(struct gate *g, const char *suite);

/* Makes SAs and policy and takes them into a snapshot. LOCAL and REMOTE selectors are one or two words. */
void gate_open(struct gate *g, unsigned side);
/* The same with a selector pair of one's own, and without an outbound SA if TRAP. */
void gate_open_ts(struct gate *g, unsigned side, const char *local, const char *remote, bool trap);

/* Publishes the tables as they are now. */
void gate_publish(struct gate *g);

void gate_close(struct gate *g);

/* Sends the IP packet of N octets at P out; what it became is in D, and in memory of G until the next one.
 * Returns why it went no further. */
enum drop gate_send(struct gate *g, struct departure *d, const uint8_t *p, size_t n);

/* Takes in the ESP packet of N octets at P, from the peer's outer address unless FROM is another. */
enum drop gate_receive(
	struct gate *g, struct arrival *a, uint8_t *p, size_t n, uint8_t tos, const char *from);

/* How often KIND was told. */
unsigned gate_told(const struct gate *g, enum report_kind kind);

uint64_t gate_dropped(struct gate *g, enum drop why);

/* What an SA of it has counted. */
struct sa_usage gate_usage(const struct live *l);
