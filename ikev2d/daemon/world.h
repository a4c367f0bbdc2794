/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that one daemon is made of. The one place that knows everything; each part is started and stopped by a
 * row of the table in daemon.c. */
#pragma once

#include "daemon/beside.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/delay.h"
#include "daemon/entropy.h"
#include "daemon/failures.h"
#include "daemon/gate.h"
#include "daemon/lease_file.h"
#include "daemon/portal.h"
#include "daemon/pulse.h"
#include "daemon/recheck.h"
#include "daemon/roam.h"
#include "daemon/rundir.h"
#include "daemon/shunts.h"
#include "daemon/slumber.h"
#include "daemon/sockets.h"
#include "daemon/streams.h"
#include "daemon/switches.h"
#include "daemon/trust.h"
#include "daemon/updown_queue.h"
#include "daemon/vault.h"
#include "daemon/watch.h"
#include "ike/ike.h"
#include "vici/vici.h"
#include "xfrm/xfrm.h"

struct world {
	const struct options *options;
	struct arena arena; /* what lives as long as the daemon */
	uint64_t started;   /* ms, clock_ms */

	struct event_base *base;
	struct event *signals[3]; /* TERM, INT, HUP */
	struct pulse pulse;
	bool hurry;               /* stopping, and told so again: nobody wants to wait */
	struct event *stop_timer; /* not NULL: stopping, and how long peers have for their answers */

	struct rundir rundir;
	const char *state_dir;
	struct vault *vault;     /* of secrets: another process */
	struct parleys *parleys; /* EAP: another process */
	struct event *parleys_lost;
	struct accounts *accounts; /* of RADIUS users; NULL: none are kept */
	struct config config;
	struct reload *reload; /* the file that was read, while tokens is asked; NULL: none */
	struct settings
		settings; /* those of the start; a new configuration does not move sockets or devices */

	struct engine *engine;         /* the core: another process; NULL: it is not started yet */
	struct node answers;           /* on their way there */
	struct due *due;               /* those that wait for who carries packets (actions.c) */
	struct inquiry_wait {          /* for what was asked of it */
		uint64_t last, ticket; /* 0: nothing was */
		uint8_t kind;
		struct ipc_reply reply;
		struct delay delay;
	} inquiry;
	struct entropy entropy;
	struct record *record;  /* NULL: nothing is recorded */
	struct event *memories; /* looks after what outlives a restart */

	/* Virtual addresses. */
	struct leases leases;
	struct lease_file lease_file;
	unsigned leases_for; /* the changes of the configuration that their pools are of */

	struct dns *dns;
	struct updown_queue updown;
	struct trust trust; /* of what peers prove: another process */
	struct recheck recheck;
	struct watch watch;
	struct portal portal;
	struct roam roam;
	struct slumber slumber;
	struct sockets sockets;
	struct streams streams;
	const struct xfrm_backend *backend;
	struct xfrm *xfrm;
	struct datapath_esp *esp; /* who carries packets of the userspace path: another process */
	struct event *xfrm_readable, *xfrm_settled, *xfrm_audit;
	struct shunts shunts;
	struct switches switches;
	struct beside beside;

	struct vici *vici;
	struct control control;
	struct node patience; /* commands that are not waited for without end */
	struct node look_ups; /* clients that wait for tokens (creds_vici.c) */
	struct failures failures;
	struct gate strangers[TELL_DONE]; /* for lines that they can make us write, by kind */
};

/* The ticket of the command that takes everything down at the end. VICI counts its own upwards from one. */
enum { TICKET_STOP = 0x7fffffff };

/* Begins an orderly stop. */
void daemon_stop(struct world *w);

/* Reads the configuration file again; all or nothing. What is wrong is the outcome of TICKET; 0: it is said
 * in the log. That may be later, while tokens is asked (vault.h). */
void daemon_reload(struct world *w, uint32_t ticket);
/* The same, of the file's settings only, at once. WHY gets what is wrong, in ARENA. */
enum err daemon_reload_settings(struct world *w, struct arena *arena, struct why *why) MUST_CHECK;
