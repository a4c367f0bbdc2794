/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said to the process that leads EAP conversations, and by it (eaps.h): the contents of its messages.
 */
#pragma once

#include "daemon/ipc_certs.h"
#include "model/id.h"

enum {
	IPC_EAP_METHODS = 8,
	IPC_EAP_NAME_MAX = 1024,
	IPC_EAP_PACKET_MAX = 65535,
	IPC_EAP_KEY_MAX = 64,
	IPC_EAP_SECRET_MAX = 4096,
	IPC_EAP_CERTS_MAX = 64,           /* certificates of ours, and of authorities */
	IPC_EAP_SHOWN_MAX = 8,            /* of a client */
	IPC_USERS_MAX = 16 * 1024 * 1024, /* octets of the users file */
	IPC_USER_GROUPS_MAX = 16,         /* of a user in it */
	IPC_EAP_CERTS_SIZE = 56 * 1024,   /* octets of all of them: the packet has room beside */
};

/* The peer's packet in a conversation, or (BEGINS) the first one of it and what it is about. */
struct ipc_eap {
	uint32_t conversation;
	bool begins, authenticator, ask_identity;
	struct bytes methods; /* their numbers (eap/eap.h), the one wanted most first */
	struct bytes identity;
	struct bytes packet; /* empty: the authenticator begins */
	/* For methods on TLS: our certificates, the first with our key; whom we trust; the server's name. */
	struct ipc_octets chain, authorities;
	struct id server;
};

/* It wants the secret of NAME before it goes on; and that secret. */
struct ipc_eap_asks {
	uint32_t conversation;
	struct bytes name;
};

enum ipc_eap_kind { IPC_EAP_NOBODY, IPC_EAP_PASSWORD, IPC_EAP_NT_HASH, IPC_EAP_SALTED, IPC_EAP_KINDS };

struct ipc_eap_secret {
	uint32_t conversation;
	uint8_t kind;       /* enum ipc_eap_kind */
	struct bytes value; /* of nobody: what makes it cost as much (eap/eap.h) */
};

/* The octets from AT on of the users file, TOTAL octets long. */
struct ipc_users {
	uint32_t total, at;
	struct bytes text;
};

/* Who is NAME in the users file, with his SECRET or without; and what it says. */
struct ipc_user_ask {
	struct bytes name;
	bool secret;
};

struct ipc_user {
	struct ipc_eap_secret secret; /* of no conversation */
	uint32_t line;                /* where it is; 0: nowhere */
	struct ipc_octets groups;
	struct ip ip, ip6; /* v 0: none */
};

/* It needs a signature for TLS with the key of our certificate before it goes on; and that signature. */
struct ipc_eap_signs {
	uint32_t conversation;
	uint8_t scheme;      /* its place in the table of schemes; not of a signature */
	struct bytes octets; /* what is to be signed; or the signature, empty: it was refused */
};

/* A client wants the server's certificates judged before it goes on, its own first; and whether they are
 * good. */
struct ipc_eap_shows {
	uint32_t conversation;
	struct ipc_octets certs;
};

struct ipc_eap_judged {
	uint32_t conversation;
	bool good;
};

/* What comes of the packet. */
struct ipc_eap_turn {
	uint32_t conversation;
	bool failed, over;
	struct bytes packet; /* to be sent; empty: nothing */
	const char *what;    /* why it has failed, or has unless the peer tries once more; NULL: it has not */
	uint8_t method;      /* its number; 0: none yet */
	struct bytes name;   /* OVER: that was proved */
	struct bytes key;    /* OVER: MSK; empty: it has none */
	struct ipc_octets
		shown; /* OVER: certificates of the client, its own first, by which it has proved that */
};
