/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the findings of ipsec check share. A finding is a row in check.c: its name, the function that looks,
 * and, where what it finds can be mended and the mending taken back, the function that does so. */
#pragma once

#include "client.h"
#include "creds/creds.h"
#include "lint.h"

/* One call of the verb, as each finding sees it. */
struct check {
	struct ipsec *x;
	const char *path;   /* of the configuration; NULL: there is none */
	struct conf conf;   /* what it says, or the defaults */
	struct creds creds; /* and what lies beside it */
	bool loaded;        /* all of it could be read */
	bool running;       /* ikev2d is */
	struct text says;   /* the sentence of the finding at work */

	/* With --peer: the connection, what its peer's address is (v 0: not known), what it says of NATs. */
	const char *peer_name;
	const struct peer *peer;
	struct ip peer_ip;
	bool natd, nat_us, nat_peer;
};

struct finding {
	const char *name;
	/* Looks, and says in k->says what is there and what to do about it: one sentence, more after a
	 * newline. */
	enum verdict (*run)(struct check *k);
	/* Mends what RUN has found and says in k->says what was done, with the command that takes it back; or
	 * why it could not, then false. Called with --fix where RUN was not content, which then looks again.
	 * NULL: a person must. */
	bool (*fix)(struct check *k);
};

/* Appends SENTENCE to k->says, and returns V. */
enum verdict check_say(struct check *k, enum verdict v, const char *sentence);

/* The first number in the file PATH (in base BASE, behind the word AFTER, which may be NULL), or FALLBACK. */
unsigned long long check_number(const char *path, const char *after, int base, unsigned long long fallback);

/* The findings. Of the configuration: */
enum verdict check_configuration(struct check *k);
enum verdict check_certificates(struct check *k);
/* of ikev2d (check_daemon.c): */
enum verdict check_daemon(struct check *k);
enum verdict check_data_path(struct check *k);
enum verdict check_leftovers(struct check *k);
/* of this machine: */
enum verdict check_ike_port(struct check *k);
enum verdict check_nat_port(struct check *k);
enum verdict check_tun(struct check *k);
bool fix_tun(struct check *k);
enum verdict check_rights(struct check *k);
/* and of the way packets take through it (check_gateway.c). */
enum verdict check_forwarding(struct check *k);
bool fix_forwarding(struct check *k);
enum verdict check_rp_filter(struct check *k);
bool fix_rp_filter(struct check *k);
enum verdict check_nat_rules(struct check *k);
/* With --peer, of the path to it (check_peer.c); the first of them comes first. */
enum verdict check_peer_address(struct check *k);
enum verdict check_peer_ike(struct check *k);
enum verdict check_peer_nat_t(struct check *k);
enum verdict check_peer_nat(struct check *k);
enum verdict check_peer_size(struct check *k);
