/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the air, written like the figures of RFC 7296, and compared with what a test expects. */
#pragma once

#include "tests/pair/lab.h"

/* F in words, from ARENA: "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}". The host that the
 * lab knows for longer stands on the left. A port other than 500 that it goes to stands behind the receiver:
 * "sun:4500"; an address that is not its first one, too: "sun@198.51.100.2:4500". Both notifies of NAT
 * detection together are "NATD". What goes in a stream has "(TCP)" behind the hosts. What is sealed is opened
 * with the keys of whoever has them. */
const char *arrow_print(struct lab *lab, const struct flight *f, struct arena *arena);

/* The expected datagrams are in the air, in this order, one after the other; each is delivered before the
 * next is looked at. A word in front of one says what becomes of it instead: "lost:" never arrives; "twice:"
 * arrives and comes again at once; "kept:" stays in the air, behind all others. The last argument is NULL. */
#define ARROWS(lab, ...) arrows_expect((lab), (const char *const[]){ __VA_ARGS__, NULL }, __FILE__, __LINE__)
void arrows_expect(struct lab *lab, const char *const *expected, const char *file, int line);

/* Nothing is in the air. */
#define SILENCE(lab) arrows_silence((lab), __FILE__, __LINE__)
void arrows_silence(struct lab *lab, const char *file, int line);
