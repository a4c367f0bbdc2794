/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways to tell this machine which DNS servers to ask: THE list of them. */
#pragma once

#include "daemon/dbus.h"
#include "daemon/dns_setup.h"
#include "daemon/script.h"
#include "model/conf.h"

struct route;

enum { DNS_LIMIT = 10 * 1000 /* ms that a change may take */ };

/* A change of the machine under way, one at a time; and what it is about. All but the last part is the
 * caller's to fill. */
struct dns_work {
	struct event_base *base;
	struct route *route;     /* NULL: devices are given no addresses */
	const char *resolv_conf; /* the file */
	const char *owner;       /* one word, that tells several daemons apart */
	void *ctx;
	void (*done)(void *ctx, enum err e, const char *why); /* WHY: a sentence about a failure */

	struct dbus *dbus;
	struct script *script;
	char said[SCRIPT_LINE];
	bool takes_back; /* only: then links that have gone do not matter */
	int tun;         /* the device of tunnels that have none; -1: it is not there */
	char tun_name[DNS_DEVICE];
};

struct dns_method {
	const char *word;
	bool splits;   /* some servers for some names */
	bool in_steps; /* what is wanted is told one by one: a part of it may be done when it fails */
	/* Whether this machine has it. */
	bool (*there)(const struct dns_work *w);
	/* NOW is in force from now on, in place of what was told about the devices of BEFORE. Done is called
	 * when it is, maybe before this returns. */
	void (*set)(struct dns_work *w, const struct dns_setup *now, const struct dns_setup *before);
	/* All that was told about the devices of BEFORE is taken back. */
	void (*reset)(struct dns_work *w, const struct dns_setup *before);
};

/* In the order in which "auto" tries them, which is that of enum dns_way. */
enum { DNS_METHODS = DNS_NO - DNS_RESOLVED };
extern const struct dns_method dns_methods[DNS_METHODS];
/* NULL: there is none that is called so. */
const struct dns_method *dns_method_find(const char *word);

void dns_work_start(struct dns_work *w);
/* Done is called no more. */
void dns_work_stop(struct dns_work *w);
