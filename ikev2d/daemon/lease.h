/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's question for virtual addresses (ASK_LEASE). */
#pragma once

#include "daemon/leases.h"
#include "ike/ike.h"

enum { LEASE_SERVERS_MAX = 4 };

/* What a RADIUS server gives to a user, or the users file: addresses (v 0: none), and servers of names. */
struct lease_grant {
	bool by_file;
	struct ip ip, ip6;
	unsigned n_dns, n_nbns;
	struct ip dns[LEASE_SERVERS_MAX], nbns[LEASE_SERVERS_MAX];
};

/* Answers Q out of LEASES, where the pools of CONF are configured, and out of GRANT (NULL: there is none): of
 * a server's where the connection has the pool "radius", of the users file's always. OUT gets an address for
 * each that is asked for, at least one, and the attributes of the pools of Q's connection; or the reason why
 * there is none. From ARENA. */
void lease_answer(struct leases *leases, const struct conf *conf, const struct ike_question *q,
	const struct lease_grant *grant, struct arena *arena, struct ike_answer *out);
