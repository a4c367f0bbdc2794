/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairs of which moon proves to sun by EAP who it is (charade.h). */
#pragma once

#include "tests/pair/pair.h"

#define CLIENT(lines)  CONN("local { auth = eap\n " lines "\n }")
#define GATEWAY(lines) CONN("remote { auth = eap\n " lines "\n }")

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define WANTS         "moon --> sun  IKE_AUTH request 1: SK {IDi, SA, TSi, TSr}"
#define BEGINS        "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, EAP}"
#define SAYS(mid)     "moon --> sun  IKE_AUTH request " #mid ": SK {EAP}"
#define ASKS(mid)     "moon <-- sun  IKE_AUTH response " #mid ": SK {EAP}"
#define PROVES(mid)   "moon --> sun  IKE_AUTH request " #mid ": SK {AUTH}"
#define LETS_IN(mid)  "moon <-- sun  IKE_AUTH response " #mid ": SK {AUTH, SA, TSi, TSr}"
#define TELLS(mid)    "moon --> sun  INFORMATIONAL request " #mid ": SK {D(IKE), N(AUTHENTICATION_FAILED)}"
#define HEARS(mid)    "moon <-- sun  INFORMATIONAL response " #mid ": SK {}"
#define MULTIPLE      "N(MULTIPLE_AUTH_SUPPORTED)"
#define FOLLOWS       "N(ANOTHER_AUTH_FOLLOWS)"
#define REFUSES(mid)  "moon <-- sun  IKE_AUTH response " #mid ": SK {N(AUTHENTICATION_FAILED)}"

#define ALONE CONN("local { auth = eap\n } remote { auth = eap\n }")

/* A pair as of pair_open, whose moon has said `up site`, with ticket 1; and the one with nothing special. */
struct pair *eap_pair_open(void **state, const char *moon, const char *sun);
struct pair *eap_pair_plain(void **state);

/* Both are up, and nothing is left of a conversation. */
void eap_pair_up(struct pair *p);
/* Moon was refused, and nothing is left of it anywhere. */
void eap_pair_ended(struct pair *p);
/* Conversations that H has. */
unsigned eap_conversations(const struct host *h);
