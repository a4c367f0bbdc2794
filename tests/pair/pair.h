/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two gateways, moon and sun, for tests that read like the protocol: moon at 192.0.2.1 with 10.1.0.0/16
 * behind it, sun at 192.0.2.2 with 10.2.0.0/16, one connection "site" with one child "net". */
#pragma once

#include "ike/state.h"
#include "tests/pair/arrows.h"
#include "tests/unit/unit.h"

struct pair {
	struct lab *lab;
	struct host *moon, *sun;
};

/* The configurations of both, without jitter, without encapsulation where no NAT is, and without rekeying by
 * time. */
extern const char pair_moon[], pair_sun[];

/* Lines for one of its sections. */
#define CONN(lines)   "connections { site { " lines "\n } }\n"
#define LOCAL(lines)  CONN("local { " lines "\n }")
#define REMOTE(lines) CONN("remote { " lines "\n }")
#define CHILD(lines)  CONN("children { net { " lines "\n } }")
#define SECRET(lines) "secrets { ike-site { " lines "\n } }\n"
#define DAEMON(lines) "daemon { " lines "\n }\n"

/* A pair whose configurations are the above with MOON and SUN behind (NULL: nothing): a later value wins.
 * Ended, and the data paths' use judged, by the test's teardown. */
struct pair *pair_open(void **state, const char *moon, const char *sun);
/* The same with an arbitrary configuration each. */
struct pair *pair_open_conf(void **state, const char *moon, const char *sun);
/* Configurations with something behind, for reloads; they live as long as the pair. */
const char *pair_text(void **state, const char *base, const char *more);
int pair_close(void **state);

#define PAIR_TEST(f) cmocka_unit_test_teardown(f, pair_close)

/* Moon says `up site` with this ticket. */
void pair_say_up(struct pair *p, uint32_t ticket);
/* The handshake without a NAT, arrow by arrow; then both are up. */
void pair_up(struct pair *p);

/* One IKE_SA with one child on both, installed with the same keys, and the policies send on it. */
void pair_assert_up(struct pair *p);
/* Neither has anything, nor would anything ever happen: no SA, no policy, no timer. */
void pair_assert_empty(struct pair *p);
/* After the time that SAs linger and half-open ones are kept. */
void pair_assert_empty_later(struct pair *p);

/* What H told last of KIND; the end of command TICKET. NULL: nothing. */
const struct ike_tell *host_told(const struct host *h, enum ike_tell_kind kind);
const struct ike_tell *host_done(const struct host *h, uint32_t ticket);
/* The last refusal that H told, or the end of its last command, whole; it must have been one. */
const struct why *host_why(const struct host *h);
/* How many datagrams H dropped for REASON. */
unsigned host_dropped(const struct host *h, enum drop_reason reason);
