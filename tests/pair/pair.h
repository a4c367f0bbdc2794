/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two gateways, moon and sun, for tests that read like the protocol: moon at 192.0.2.1 with 10.1.0.0/16
 * behind it, sun at 192.0.2.2 with 10.2.0.0/16, one connection "site" with one child "net". */
#pragma once

#include "ike/state.h"
#include "tests/pair/arrows.h"
#include "tests/pair/traffic.h"
#include "tests/unit/unit.h"

struct pair {
	struct lab *lab;
	struct host *moon, *sun;
	struct traffic traffic;
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

/* A second child, "lan", between 10.11.0.0/16 at moon and 10.12.0.0/16 at sun, with LINES. */
#define LAN(local, remote, lines)                                                                            \
	CONN("children { lan { local_ts = " local "\n remote_ts = " remote                                   \
	     "\n esp_proposals = aes128gcm16\n rekey_time = 0\n " lines "\n } }")
#define LAN_MOON(lines) LAN("10.11.0.0/16", "10.12.0.0/16", lines)
#define LAN_SUN(lines)  LAN("10.12.0.0/16", "10.11.0.0/16", lines)

/* A pair whose configurations are the above with MOON and SUN behind (NULL: nothing): a later value wins.
 * Ended, and the data paths' use judged, by the test's teardown. */
struct pair *pair_open(void **state, const char *moon, const char *sun);
/* The same with an arbitrary configuration each. */
struct pair *pair_open_conf(void **state, const char *moon, const char *sun);
/* Configurations with something behind, for reloads; they live as long as the pair. */
const char *pair_text(void **state, const char *base, const char *more);
int pair_close(void **state);
/* NULL, or a path: hosts of pairs opened from now on write their events to PATH-NAME.log, without secrets. */
extern const char *pair_record;

#define PAIR_TEST(f) cmocka_unit_test_teardown(f, pair_close)

/* H says `up`, `down` (FORCE: without waiting for the peer) and `rekey`; CHILD NULL means the whole
 * connection or, to `rekey`, the IKE_SA. */
void host_up(struct host *h, const char *child, uint32_t ticket);
void host_down(struct host *h, const char *child, uint32_t ticket);
void host_down_force(struct host *h, const char *child, uint32_t ticket);
void host_rekey(struct host *h, const char *child);
/* The data path of H says of its CHILD, by name, that a limit of volume was met, or that a packet came. */
void host_expire(struct host *h, const char *child, bool hard);
void host_used(struct host *h, const char *child);
/* The newest CHILD_SA of H with this name, or NULL. */
struct child *host_child(const struct host *h, const char *child);
/* The same, with both its SAs in H's data path: all three are there. */
const struct child *host_installed(
	const struct host *h, const char *child, const struct dp_sa **in, const struct dp_sa **out);

/* Moon goes to 10.9.0.1, behind the NAT 203.0.113.1; sun to 10.8.0.1, behind 203.0.113.2, which forwards. */
void pair_hide_moon(struct pair *p);
void pair_hide_sun(struct pair *p);

/* Nonces drawn from now on begin with OCTET: of four the lowest loses (RFC 7296, 2.8.1). */
void pair_nonces(struct pair *p, uint8_t octet);

/* Moon says `up site` with this ticket. */
void pair_say_up(struct pair *p, uint32_t ticket);
/* A pair as of pair_open whose moon has said `up site` with ticket 1: all has been delivered that came of it.
 */
struct pair *pair_open_up(void **state, const char *moon, const char *sun);
/* The handshake without a NAT, arrow by arrow; then both are up. */
void pair_up(struct pair *p);
/* Both children of a pair with LAN_MOON and LAN_SUN are brought up by moon, whose next request is 3 then. */
void pair_up_both(struct pair *p);

/* One IKE_SA with one child on both, installed with the same keys, and the policies send on it. */
void pair_assert_up(struct pair *p);
/* The same with N children, after the seconds that a deleted one is kept in, in which nothing is said: each
 * has its policy, and the packets of both find their SA. What was replaced or redundant is gone. */
void pair_assert_agree(struct pair *p, unsigned n);
/* Time passes until something is said. */
void pair_wait(struct pair *p);
/* MS milliseconds pass, and nothing is said. */
void pair_quiet(struct pair *p, uint64_t ms);
/* Nothing is said before MS milliseconds have passed since START; what is due then is done. */
void pair_until(struct pair *p, uint64_t start, uint64_t ms);
/* Neither has anything, nor would anything ever happen: no SA, no policy, no timer. */
void pair_assert_empty(struct pair *p);
/* After the time that SAs linger and half-open ones are kept. */
void pair_assert_empty_later(struct pair *p);

/* What H told last of KIND; the end of command TICKET. NULL: nothing. */
const struct ike_tell *host_told(const struct host *h, enum ike_tell_kind kind);
const struct ike_tell *host_done(const struct host *h, uint32_t ticket);
/* The last refusal that H told, or the end of its last command, whole; it must have been one. */
const struct why *host_why(const struct host *h);
/* Whether PART is in something that H told everybody who reads its log. */
bool host_said(const struct host *h, const char *part);
/* How often H told news of KIND. */
unsigned host_told_times(const struct host *h, enum ike_tell_kind kind);
/* What H has counted of C, of all connections together. */
uint64_t host_counted(const struct host *h, enum counter c);
/* How many datagrams H dropped for REASON. */
unsigned host_dropped(const struct host *h, enum drop_reason reason);
/* PART is in TEXT (NULL: nothing). */
void assert_has(const char *text, const char *part);
