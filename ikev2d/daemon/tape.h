/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file that `ikev2d --record` writes: text, a line for each thing, octets in hexadecimal.
 *
 *	ikev2d-record 1 secrets=no
 *	# for people
 *	core
 *		an empty core begins
 *	conf connections {
 *		a line of the configuration that comes with the next event
 *	event 7 at=1532 answer ticket=3 result=ok public=4f1b
 *		step 7, at 1,532 ms of the core's clock: the event, with all that it carries
 *	random 4f1b
 *		the core drew these octets
 *	action send ...
 *		it returned this action (daemon/summary.h)
 *	done 7 wake=5532 digest=2cdb
 *		the step has ended: when the core wants to be woken, and the digest of both
 *
 * An event stands in the file before the core sees it: that of which a daemon died is there, without "done".
 * A last line that is not whole does not count.
 *
 * Without secrets (secrets=no) the file has nothing that could give a key away. Of private values, shared
 * secrets and proofs in answers it says "withheld:32", their length. A datagram that the core can open is
 * written as what was sealed in it, without proofs (daemon/opened.h). Digests are over what was sealed, and
 * leave keys out. Whoever plays it puts zeros where something was withheld, and seals anew with the keys that
 * come of them. What the core draws is written in any case: nonces, SPIs and IVs, which the wire shows, and
 * jitter; the secrets of cookies, too, which for two minutes protect against floods and nothing else. Private
 * values are not among it: whoever answers the core's questions draws them.
 *
 * What cannot be played: session tickets (RFC 5723), which are bound to the configuration as it was written,
 * and tokens of a crash (RFC 6290) that came where they were withheld. */
#pragma once

#include "ike/ike.h"

enum { TAPE_VERSION = 1, TAPE_DIGEST = 33 /* octets of the text of one */ };

struct tape_event {
	uint64_t number, now;
	struct ike_event event; /* of EVENT_CONF the kind and "only" */
	bool opened;            /* EVENT_DATAGRAM: its data is that of struct opened, */
	uint8_t first;          /* and this its first payload */
	const char *conf;       /* EVENT_CONF: as text */
	const char *about;      /* for people; NULL: nothing. It is not read back. */
};

/* Writing: these append lines. */
void tape_put_head(bool secrets, struct text *out);
void tape_put_core(struct text *out);
void tape_put_event(const struct tape_event *e, bool secrets, struct text *out);
void tape_put_random(struct bytes drawn, struct text *out);
void tape_put_action(const char *summary, struct text *out);
void tape_put_done(uint64_t number, uint64_t wake, const char *digest, struct text *out);

/* Reading. All zero but for IN, the whole file. */
struct tape {
	struct bytes in;
	unsigned line;
	bool secrets;
	bool begun; /* a core is there */
	uint64_t now;
};

/* One step. Secrets that are withheld are zeros of their length. */
struct tape_step {
	unsigned line; /* of the event */
	bool fresh;    /* with an empty core */
	struct tape_event event;
	struct bytes *random; /* as they were drawn, one by one */
	unsigned n_random;
	const char **actions;
	unsigned n_actions;
	bool done; /* false: the file ends in it */
	uint64_t wake;
	const char *digest;
};

/* The first line. ERR_SYNTAX for every other file, ERR_UNSUPPORTED for another version; WHY gets the
 * sentence, with the number of the line. */
enum err tape_begin(struct tape *t, struct text *why) MUST_CHECK;

/* The next step, from ARENA. ERR_MISSING at the end; ERR_SYNTAX, with a sentence. */
enum err tape_next(struct tape *t, struct arena *arena, struct tape_step *out, struct text *why) MUST_CHECK;
