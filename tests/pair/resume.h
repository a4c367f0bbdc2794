/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairs of which moon gets tickets of sun's (RFC 5723). */
#pragma once

#include "tests/pair/pair.h"

#define RESUMES CONN("resumption = yes")
#define KEPT    RESUMES CONN("dpd_delay = 10s") CHILD("keep = yes")

#define TOKEN "N(QUICK_CRASH_DETECTION)"
#define ASKS  TOKEN ", N(TICKET_REQUEST)"
#define GIVES TOKEN ", N(TICKET_LT_OPAQUE)"

/* clang-format off */
#define PROOFS(asks, gives)                                                                                  \
	"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, " asks "}",                          \
	"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, " gives "}"
#define COMES_UP(p)                                                                                          \
	ARROWS((p)->lab,                                                                                     \
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",                                  \
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD", PROOFS(ASKS, GIVES))
#define TICKET  "moon --> sun  IKE_SESSION_RESUME request 0: Nonce, N(TICKET_OPAQUE), NATD"
#define TAKEN   "moon <-- sun  IKE_SESSION_RESUME response 0: Nonce, NATD"
#define NACK    "moon <-- sun  IKE_SESSION_RESUME response 0: N(TICKET_NACK)"
#define PROVES(asks)  "moon --> sun  IKE_AUTH request 1: SK {IDi, IDr, AUTH, SA, TSi, TSr, " asks "}"
#define PROVED(gives) "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, " gives "}"
#define RESUMED(asks, gives) PROVES(asks), PROVED(gives)
#define RESUMES_ARROWS TICKET, TAKEN, RESUMED(ASKS, GIVES)
#define ALIVE(mid) "moon --> sun  INFORMATIONAL request " #mid ": SK {}"
#define SHOWN(mid) "moon <-- sun  INFORMATIONAL response " #mid ": N(INVALID_IKE_SPI), " TOKEN
/* clang-format on */

/* A pair as of pair_open, both of which have secrets that outlive a restart; moon has said `up site`. And one
 * that is up, moon with a ticket.
 */
struct pair *resume_open(void **state, const char *moon, const char *sun);
struct pair *resume_open_up(void **state, const char *moon, const char *sun);

/* What H has of its peer for "site", or NULL. */
struct kept_ticket *resume_ticket(const struct host *h);
/* How many IKE_SAs H has resumed. */
uint64_t resume_count(const struct host *h);
/* Sun has been restarted, and moon, which asks whether it is there, has heard so. */
void resume_crash(struct pair *p);
