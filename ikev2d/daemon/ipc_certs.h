/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said to certs, and by it (certs.h): the contents of its messages. */
#pragma once

#include "ike/ike.h"
#include "model/why.h"

struct ipc_octets {
	const struct bytes *v;
	unsigned n;
};

enum {
	IPC_NAMES_MAX = 96 * 1024, /* octets of /etc/hosts */
	IPC_DNS_MAX = 16 * 1024,   /* of /etc/resolv.conf */
	IPC_URIS_MAX = 8,          /* of an authority, of a kind */
	IPC_CHAIN_MAX = 16,        /* certificates that are asked about */
};

/* A thing of the store (pki/store.h), which may take several messages: MORE says that the next one goes on
 * with its DATA. */
struct ipc_thing {
	uint8_t kind;   /* enum stored_kind; not of a private key */
	uint8_t origin; /* enum stored_origin; never what was fetched */
	bool more;
	const char *name;
	struct bytes data;             /* DER; of an authority: its certificate */
	struct ipc_octets crls, ocsps; /* of an authority: URIs */
};

/* What certs cannot see for itself. */
struct ipc_surroundings {
	bool local;              /* addresses of this machine and link may be asked */
	struct bytes dns, hosts; /* /etc/resolv.conf, /etc/hosts */
};

/* What a connection demands of who proves himself by a signature (model/peer.h, struct auth_conf). */
struct ipc_demands {
	const char *name;        /* of the connection */
	const char *constraints; /* its words; NULL: none */
	struct id ca_id;         /* ID_ANY: any */
	struct ipc_octets pinned, cacerts, pubkeys, policies;
	uint8_t revocation; /* enum revocation_policy */
	bool keep;          /* what is proved with will be judged again */
};

/* A proof; or what somebody proved himself with: once, for whom it was right, or just now inside EAP. */
struct ipc_judge {
	struct ipc_demands demands;
	struct id remote;
	struct bytes octets, proof;
	uint8_t method;
	struct ike_certs certs;
	bool urls; /* certificates may lie elsewhere */
	bool ask;  /* of the latter: servers may be asked; what they say is news */
};

/* The lines of a connection that a verdict may follow from. */
enum ipc_line { IPC_LINE_AUTH, IPC_LINE_CERTS, IPC_LINE_PUBKEYS, IPC_LINE_ID, IPC_LINES };

struct ipc_verdict {
	uint8_t result;          /* enum err */
	uint8_t line;            /* enum ipc_line */
	bool revoked;            /* that is why */
	uint32_t valid;          /* s; 0: for ever (ike.h, struct ike_answer) */
	struct why why;          /* without where and notify */
	struct ipc_octets certs; /* where the demands say so: what was proved with */
};
