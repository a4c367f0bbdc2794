/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of what the explorer explores, and how far. Budgets are such that all of it takes half a minute
 * with sanitizers; sim --explore NAME --budget LOSE,REPEAT,CLOCK,LATE goes further. */
#include "tests/sim/explore.h"

static const struct ike_command rekey_child = { .kind = COMMAND_REKEY, .child = "net" };
static const struct ike_command rekey_ike = { .kind = COMMAND_REKEY, .ike = "site" };
static const struct ike_command reauth = { .kind = COMMAND_REKEY, .ike = "site", .reauth = true };
static const struct ike_command create = { .kind = COMMAND_UP, .child = "more" };
static const struct ike_command down_child = { .kind = COMMAND_DOWN, .child = "net" };
static const struct ike_command down_more = { .kind = COMMAND_DOWN, .child = "more" };
static const struct ike_command force_child = { .kind = COMMAND_DOWN, .child = "net", .force = true };
static const struct ike_command down_ike = { .kind = COMMAND_DOWN, .ike = "site" };

#define PLAIN "aes128gcm16"
#define KE    "aes128gcm16-x25519"
#define KES   "aes128gcm16-x25519-ke1_ecp256" /* then IKE_SAs have the additional one, too */

#define PEACE true, false
#define WAR   false, false
#define FAILS false, true

/* clang-format off */
const struct scenario scenarios[] = {
/*  name                       children  commands of one side; of the other                      budget:        orders of nonces
 *                                                                                             lose, repeat,  and both ways?  IKE_SAs, CHILD_SAs
 *                                                                                             clock, late            kind    in the end; -1: it depends */
{ "child-rekey-both",         PLAIN, { { &rekey_child }, { &rekey_child } },                   { 1, 0, 1, 0 }, 2, false, PEACE,  1,  1 },
{ "child-rekey-both-doubled", PLAIN, { { &rekey_child }, { &rekey_child } },                   { 0, 1, 1, 0 }, 2, false, PEACE,  1,  1 },
{ "child-rekey-both-late",    KE,    { { &rekey_child }, { &rekey_child } },                   { 0, 0, 1, 1 }, 2, false, PEACE,  1,  1 },
{ "child-rekey-both-failed",  PLAIN, { { &rekey_child }, { &rekey_child } },                   { 0, 0, 1, 1 }, 2, false, FAILS, -1, -1 },
{ "ike-rekey-both",           PLAIN, { { &rekey_ike }, { &rekey_ike } },                       { 1, 1, 1, 0 }, 2, false, PEACE,  1,  1 },
{ "ike-rekey-both-late",      PLAIN, { { &rekey_ike }, { &rekey_ike } },                       { 1, 0, 1, 1 }, 2, false, PEACE,  1,  1 },
{ "ike-rekey-both-failed",    PLAIN, { { &rekey_ike }, { &rekey_ike } },                       { 0, 0, 1, 1 }, 2, false, FAILS, -1, -1 },
{ "ike-rekey-child-rekey",    KE,    { { &rekey_ike }, { &rekey_child } },                     { 1, 0, 1, 1 }, 1, true,  PEACE,  1,  1 },
{ "child-kes-both",           KES,   { { &rekey_child }, { &rekey_child } },                   { 1, 0, 1, 0 }, 2, false, PEACE,  1,  1 },
{ "child-kes-both-late",      KES,   { { &rekey_child }, { &rekey_child } },                   { 0, 1, 0, 1 }, 2, false, PEACE,  1,  1 },
{ "child-kes-both-failed",    KES,   { { &rekey_child }, { &rekey_child } },                   { 0, 0, 1, 1 }, 1, false, FAILS, -1, -1 },
{ "ike-kes-both",             KES,   { { &rekey_ike }, { &rekey_ike } },                       { 1, 0, 1, 0 }, 2, false, PEACE,  1,  1 },
{ "ike-kes-both-failed",      KES,   { { &rekey_ike }, { &rekey_ike } },                       { 0, 0, 1, 1 }, 1, false, FAILS, -1, -1 },
{ "ike-kes-child-kes",        KES,   { { &rekey_ike }, { &rekey_child } },                     { 1, 0, 1, 1 }, 1, true,  PEACE,  1,  1 },
{ "child-kes-child-delete",   KES,   { { &rekey_child }, { &down_child } },                    { 1, 1, 1, 1 }, 1, true,  WAR,    1, -1 },
{ "child-kes-create-both",    KES,   { { &create }, { &create } },                             { 1, 0, 1, 1 }, 1, false, PEACE,  1, -1 },
{ "child-rekey-child-delete", PLAIN, { { &rekey_child }, { &down_child } },                    { 1, 1, 1, 1 }, 1, true,  WAR,    1,  0 },
{ "child-rekey-child-force",  KE,    { { &rekey_child }, { &force_child } },                   { 1, 1, 1, 1 }, 1, true,  WAR,    1, -1 },
{ "child-rekey-ike-delete",   KE,    { { &rekey_child }, { &down_ike } },                      { 1, 1, 1, 1 }, 1, true,  WAR,    0,  0 },
{ "ike-rekey-child-delete",   PLAIN, { { &rekey_ike }, { &down_child } },                      { 1, 1, 1, 1 }, 1, true,  WAR,    1,  0 },
{ "ike-rekey-ike-delete",     PLAIN, { { &rekey_ike }, { &down_ike } },                        { 1, 1, 1, 1 }, 1, true,  WAR,    0,  0 },
{ "child-create-ike-rekey",   KE,    { { &create }, { &rekey_ike } },                          { 1, 0, 1, 1 }, 1, true,  PEACE,  1,  2 },
{ "child-create-both",        KE,    { { &create }, { &create } },                             { 1, 0, 1, 1 }, 1, false, PEACE,  1, -1 },
{ "child-create-then-delete", KE,    { { &create }, { &down_more } },                          { 1, 1, 2, 1 }, 1, true,  WAR,    1, -1 },
{ "child-delete-both",        PLAIN, { { &down_child }, { &down_child } },                     { 1, 1, 2, 1 }, 1, false, WAR,    1,  0 },
{ "ike-delete-both",          PLAIN, { { &down_ike }, { &down_ike } },                         { 1, 1, 2, 1 }, 1, false, WAR,    0,  0 },
{ "reauth",                   PLAIN, { { &reauth }, { NULL } },                                { 1, 1, 1, 1 }, 1, false, PEACE,  1,  1 },
{ "reauth-ike-delete",        PLAIN, { { &reauth }, { &down_ike } },                           { 1, 0, 1, 1 }, 1, false, WAR,   -1, -1 },
{ "reauth-twice",             PLAIN, { { &reauth, &reauth }, { NULL } },                       { 0, 0, 1, 1 }, 1, false, PEACE,  1,  1 },
{ "reauth-then-child-rekey",  PLAIN, { { &reauth, &rekey_child }, { NULL } },                  { 0, 0, 1, 0 }, 1, false, PEACE,  1,  1 },
{ "reauth-child-rekey",       PLAIN, { { &reauth }, { &rekey_child } },                        { 0, 0, 1, 0 }, 1, false, PEACE,  1,  1 },
{ "reauth-ike-rekey",         PLAIN, { { &reauth }, { &rekey_ike } },                          { 0, 0, 1, 1 }, 1, false, PEACE,  1,  1 },
{ "rekey-then-delete",        PLAIN, { { &rekey_child, &down_child }, { &rekey_child } },      { 0, 0, 0, 1 }, 2, true,  WAR,    1, -1 },
{ "rekey-all-both",           PLAIN, { { &rekey_child, &rekey_ike }, { &rekey_child, &rekey_ike } }, { 0, 0, 0, 0 }, 2, false, PEACE,  1,  1 },
{ 0 }
};
/* clang-format on */
