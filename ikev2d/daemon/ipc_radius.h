/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said to certs about RADIUS, and by it (relay.h), and between it and keeper, who has the secrets
 * (holder.h): the contents of these messages. */
#pragma once

#include "daemon/ipc_certs.h"
#include "radius/dae.h"
#include "radius/relay.h"

enum {
	IPC_RADIUS_NOTE_MAX = 8 + RADIUS_NOTE_MAX,
	IPC_RADIUS_NAME_MAX = 1024, /* octets of an identity, or of a connection's name */
};

struct ipc_radius_server {
	const char *name, *address;
	uint64_t secret; /* under which keeper has it */
	struct bytes nas_identifier;
	uint16_t ports[RADIUS_SERVICES];
	uint32_t preference;
	uint8_t sockets;
};

/* Where orders of servers are heard, and what they prove themselves by; no secret: nowhere. */
struct ipc_dae {
	struct addr listen;
	uint64_t secret; /* as above; 0: none */
	struct bytes nas_identifier;
	bool filters; /* Filter-Ids name groups */
};

/* Who is asked, and how. Without servers: nobody. */
struct ipc_radius {
	struct ipc_dae dae;
	const struct ipc_radius_server *servers;
	unsigned n_servers;
	uint32_t timeout, base; /* ms; thousandths */
	uint8_t tries;
};

/* What is wanted of the secret that keeper has as SECRET: a packet to be signed, one to be checked, or an
 * Access-Accept of which the key is to be opened (radius/secret.h). */
struct ipc_radius_ask {
	uint64_t secret;
	struct bytes packet;
	struct bytes request; /* the authenticator of what it answers to; empty: it is no answer */
};

/* The packet signed, nothing, or the key. */
struct ipc_radius_proof {
	uint8_t result; /* enum err */
	struct bytes octets;
};

/* An order of a server's: such IKE_SAs are to end (DISCONNECT), or may stay for TIMEOUT (s) from now on, and
 * only where their connection is for one of FILTERS. */
struct ipc_order {
	struct radius_match match;
	bool disconnect;
	uint32_t timeout;          /* 0: as long as before */
	struct ipc_octets filters; /* none: whatever it is for */
};

/* What a peer says by EAP, of an IKE_SA. */
struct ipc_relay {
	struct bytes note; /* of the answer before; empty: a conversation begins */
	struct radius_session session;
	struct bytes eap;
};

/* What it is told. */
struct ipc_relayed {
	uint8_t what; /* enum radius_turn_what */
	struct bytes note, packet;
	const char *why;      /* RADIUS_FAILED */
	struct bytes message; /* its server's Reply-Message */
	/* RADIUS_SUCCEEDED, as in struct radius_grant. */
	struct bytes msk, user, cui;
	struct ipc_octets classes, filters;
	bool esp, renew;
	uint32_t session_timeout, idle_timeout, interim;
	struct ip ip, ip6;
	uint8_t n_dns, n_nbns;
	struct ip dns[RADIUS_DNS_MAX], nbns[RADIUS_DNS_MAX];
};
