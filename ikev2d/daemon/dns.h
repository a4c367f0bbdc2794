/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS servers that gateways give us with virtual addresses: this machine asks them as long as a CHILD_SA
 * leads to them (daemon.dns says how), and then those that it asked before. What is changed is noted in the
 * run directory before it is, and taken back at an orderly stop, or by the next start after a crash. */
#pragma once

#include "base/text.h"

#define DNS_NOTE "dns" /* the file in the run directory */

struct ike_tell;
struct world;

enum err dns_start(struct world *w, struct text *why);
void dns_stop(struct world *w);

/* What of T concerns them. */
void dns_told(struct world *w, const struct ike_tell *t);

/* Takes back what a daemon of RUN_DIR that is gone has left. Waits for that, seconds at the most; what cannot
 * be taken back is logged, and stays noted. */
void dns_restore(const char *run_dir);
