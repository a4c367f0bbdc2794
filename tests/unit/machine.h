/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine for one test: a network namespace of its own with an interface out0 (192.0.2.1, 10.1.0.1,
 * 2001:db8::1, fd01::1; an MTU of 1300), whose cable ends at far0. What the kernel has is read by ip and nft.
 */
#pragma once

#include "tests/unit/unit.h"

#include "xfrm/route.h"
#include "xfrm/user/tun.h"

enum { MACHINE_MARK = 0x1ce2, MACHINE_MTU = 1400, MACHINE_ROUTE_MTU = 1300 };

struct machine {
	char dir[64], journal[80];
	struct arena arena;
	struct text why; /* the last sentence of a failure */
	struct route *route;
	char dev[TUN_NAME];
	int tun;
	unsigned warnings; /* lines logged */
	int before;        /* the namespace the test was started in */
	bool ready;
};

#define MACHINE_CASE(test) cmocka_unit_test_setup_teardown(test, machine_set_up, machine_tear_down)

int machine_set_up(void **state);
int machine_tear_down(void **state);

/* The test's machine; without the right to make one the test ends here, skipped. */
struct machine *machine_enter(void **state);

/* Opens H's route; opens a tun device, ipsec0, and brings it up. */
void machine_start(struct machine *h);
void machine_device(struct machine *h);

/* All three of them. */
struct machine *machine_started(void **state);

/* A packet comes out of the device. */
void machine_write(struct machine *h, const uint8_t *p, size_t n);

/* route_add, route_del and route_guard_add with H's device and selectors as text; LOCAL may be NULL. */
enum err machine_route(struct machine *h, const char *remote, const char *local) MUST_CHECK;
void machine_unroute(struct machine *h, const char *remote);
enum err machine_guard(struct machine *h, uint32_t id, const char *local, const char *remote) MUST_CHECK;

/* Runs a command that must succeed; or any, and returns what it prints (until the next call). */
void machine_sh(const char *command);
const char *machine_said(const char *command);

#define assert_says(command, words)                                                                          \
	do {                                                                                                 \
		if (!strstr(machine_said(command), words))                                                   \
			fail_msg("%s: no \"%s\" in:\n%s", command, words, machine_said(command));            \
	} while (0)
#define assert_silent(command, words)                                                                        \
	do {                                                                                                 \
		if (strstr(machine_said(command), words))                                                    \
			fail_msg("%s: \"%s\" in:\n%s", command, words, machine_said(command));               \
	} while (0)

/* CALL is one with "&h->why". */
#define assert_ok(call)                                                                                      \
	do {                                                                                                 \
		enum err e_ = (call);                                                                        \
		if (e_)                                                                                      \
			fail_msg("%s: %s: %s", #call, err_name(e_), text_str(&h->why));                      \
	} while (0)
