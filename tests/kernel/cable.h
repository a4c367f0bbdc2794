/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two hosts for one test, moon and sun, each a network namespace of this process: moon has 192.0.2.1 and
 * 2001:db8::1 on a cable to sun's 192.0.2.2 and 2001:db8::2; behind them 10.1.0.1 and fd01::1, 10.2.0.1 and
 * fd02::1. On each runs a kernel back end, called directly, in the place of a daemon. */
#pragma once

#include "tests/unit/unit.h"

#include "xfrm/route.h"
#include "xfrm/xfrm.h"

enum { MOON, SUN };

/* What a back end reported last, and how often. */
struct heard {
	unsigned acquires, mappings, used, soft, hard;
	uint32_t policy, resource, child;
	struct ts local, remote;
	struct addr moved;
};

struct host {
	int ns;
	char dir[64];
	struct route *route;
	struct xfrm *x;
	struct heard heard;
};

struct cable {
	struct host host[2];
	int before; /* the namespace the test was started in */
	bool ready;
	struct arena arena;
	struct text why;
	unsigned warnings;
	char logged[512]; /* the last line */
};

#define CABLE_CASE(test) cmocka_unit_test_setup_teardown(test, cable_set_up, cable_tear_down)
int cable_set_up(void **state);
int cable_tear_down(void **state);

/* The hosts, with a back end each; where this kernel has no ESP, or nobody may ask it, the test ends here,
 * skipped. */
struct cable *cable_started(void **state);

/* Starts the back end of WHO (again). */
void cable_open(struct cable *t, int who);
void cable_close(struct cable *t, int who);

/* From now on this thread is on WHO. */
struct host *cable_enter(struct cable *t, int who);

/* Runs a command on WHO; what it prints (until the next call). */
bool cable_run(struct cable *t, int who, const char *command);
const char *cable_said(struct cable *t, int who, const char *command);

/* A CHILD_SA between the two, as either end has it. */
struct tunnel {
	struct child_conf conf;
	struct suite suite;
	const char *moon_ts, *sun_ts;
	struct addr moon, sun;
	bool encap;
	uint32_t id, spi; /* of the child; SPI and SPI + 1: of moon's and sun's inbound SAs */
	struct sa_marks marks;
	bool awaited, patient;
	bool per_cpu;      /* one of several with the policy and the reqid of the child POLICY, */
	uint32_t policy;   /* 0: its own; and */
	uint32_t resource; /* as in struct sa_spec */
};

/* Tunnel mode, AES-256-GCM, all of 10.1.0.0/16 and 10.2.0.0/16. */
struct tunnel cable_tunnel(void);

enum err cable_sa(struct cable *t, const struct tunnel *n, int who, bool inbound) MUST_CHECK;
enum err cable_policy(struct cable *t, const struct tunnel *n, int who, bool trap) MUST_CHECK;
void cable_select(struct cable *t, int who, uint32_t policy, uint32_t child);

/* All of one end; of both. */
void cable_up_at(struct cable *t, const struct tunnel *n, int who);
void cable_up(struct cable *t, const struct tunnel *n);
void cable_down(struct cable *t, const struct tunnel *n, int who);

/* Whether a ping from moon, from the address FROM to TO, comes back in two seconds. */
bool cable_ping(struct cable *t, const char *from, const char *to);

struct sa_usage cable_usage(struct cable *t, int who, uint32_t child, bool inbound);

/* Hears what WHO's back end has to report, until CONDITION, at most for five seconds. */
typedef bool cable_until_fn(const struct heard *heard);
bool cable_wait(struct cable *t, int who, cable_until_fn *condition);

/* A socket on WHO's PORT that takes ESP in UDP; closed by the caller. */
int cable_encap(struct cable *t, int who, const char *ip, uint16_t port);

#define assert_says(who, command, words)                                                                     \
	do {                                                                                                 \
		const char *said_ = cable_said(t, who, command);                                             \
		if (!strstr(said_, words))                                                                   \
			fail_msg("%s: no \"%s\" in:\n%s", command, words, said_);                            \
	} while (0)
#define assert_silent(who, command, words)                                                                   \
	do {                                                                                                 \
		const char *said_ = cable_said(t, who, command);                                             \
		if (strstr(said_, words))                                                                    \
			fail_msg("%s: \"%s\" in:\n%s", command, words, said_);                               \
	} while (0)

#define assert_ok(call)                                                                                      \
	do {                                                                                                 \
		enum err e_ = (call);                                                                        \
		if (e_)                                                                                      \
			fail_msg("%s: %s: %s", #call, err_name(e_), text_str(&t->why));                      \
	} while (0)
