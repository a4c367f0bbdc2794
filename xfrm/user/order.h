/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control thread has the packet threads do, in words that can cross from one process to another: the
 * one side (user.c) knows routes, devices and policies, the other one (plane.h) knows keys and packets.
 * Orders are done in the order in which they are given. */
#pragma once

#include "model/sa.h"
#include "xfrm/user/device.h"
#include "xfrm/user/outer_kind.h"
#include "xfrm/user/report.h"

enum esp_order_kind {
	ORDER_OPEN, /* the first */
	ORDER_DEVICE_ADD,
	ORDER_DEVICE_DEL,
	ORDER_SA_ADD,
	ORDER_SA_DEL,
	ORDER_SA_MOVE,
	ORDER_POLICY_ADD,
	ORDER_POLICY_DEL,
	ORDER_POLICY_LEAD,
	ORDER_KINDS
};

enum {
	ORDER_FDS = 1 + WORKERS_MAX * OUTER_FDS, /* that go along with an order, at most */
};

struct esp_order {
	enum esp_order_kind kind;
	union {
		/* Descriptors: the memory of the meters; then for each worker those of the bits in THERE, in
		 * the order of their places in struct outer. */
		struct {
			unsigned workers; /* in each direction */
			uint32_t there;
			uint16_t port; /* of UDP */
		} open;
		struct { /* descriptors: a queue for each worker */
			unsigned slot;
			bool joins_udp;
		} device_add;
		struct {
			unsigned slot;
		} device_del;
		struct {
			/* CONF has only what live.c reads of it. */
			struct sa_spec spec;
			unsigned slot; /* of its device */
			unsigned limit;
			uint32_t meter;
			bool own_port; /* with ENCAP: it leaves from the port of the thread that sends by it */
		} sa_add;
		struct {
			uint32_t child;
			bool inbound;
		} sa_del;
		struct { /* those that are there */
			uint32_t child;
			struct addr local, remote;
			bool encap;
			unsigned limit;
		} sa_move;
		struct {
			uint32_t id;
			unsigned slot;
			struct tss local, remote;
			uint32_t priority; /* 0: by the selectors */
			bool trap;
			bool per_cpu; /* packet threads may have SAs of their own */
			uint64_t age;
		} policy_add;
		struct {
			uint32_t id;
		} policy_del;
		struct { /* CHILD 0: nothing carries it; one with a resource carries it beside others */
			uint32_t id, child;
		} policy_lead;
	};
};

/* The way of orders and reports between the two sides, where they are two processes. */
struct esp_link {
	void *ctx;
	/* Has O done with the N descriptors at FDS, which stay the caller's, and returns how that went, WHY
	 * with a sentence. ERR_MISSING, without one: nobody is there now. For an SA or a policy ERR_OK may
	 * mean that it was given: who wants to know how it went asks later (daemon/datapath_esp.h). */
	enum err (*give)(void *ctx, const struct esp_order *o, const int *fds, unsigned n, struct text *why);
	struct xfrm *user; /* set by the back end when it opens, for: */
};

/* A report has come. False: it says what nobody who carries packets has to say. One about what is not there
 * any more says nothing. */
bool user_report(struct xfrm *x, const struct esp_report *r, struct bytes body) MUST_CHECK;

/* How many SAs and policies there are. */
size_t user_load(const struct xfrm *x);

/* Who carried the packets was lost with all SAs, and a new one is there: it is given all but those, and their
 * children are to be rekeyed. An error and a sentence: he cannot carry packets, and another one may. */
enum err user_again(struct xfrm *x, struct text *why) MUST_CHECK;
