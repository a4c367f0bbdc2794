/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the lab share. */
#pragma once

#include "tests/pair/lab.h"

/* lab.c */

/* What goes wrong with the lab itself ends the test. */
_Noreturn void lab_stop(const char *why);
/* What was done goes into lab->trace. */
void lab_trace(struct lab *lab, const void *p, size_t n);
/* Whether IP is among the N addresses at V. */
bool lab_has(const struct ip *v, unsigned n, const struct ip *ip);
bool host_owns(const struct host *h, const struct ip *ip);
/* DATA of H is in the air. */
void lab_send(struct host *h, const struct path *path, struct bytes data, bool keepalive);

/* lab_answers.c */

/* An answer to TICKET on its way to the core of H, in whose hands it is to be filled; WHAT it is about says
 * whether it comes late, never, or is no. */
struct coming *host_coming(struct host *h, uint32_t ticket, enum asked what);
void coming_free(struct coming *c);
/* The core of H asks Q. */
void host_ask(struct host *h, uint32_t ticket, const struct ike_question *q);

/* lab_host.c */

/* Answers that have come reach the core. */
void host_answers(struct host *h);
