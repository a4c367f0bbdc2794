/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the EAP library: what a method is, and what it may do with its conversation. For eap/ only.
 */
#pragma once

#include "base/buf.h"
#include "eap/eap.h"

/* What a method wants after it was called. What it wrote to e->out is the type-data of the packet. */
enum move {
	MOVE_SEND,
	MOVE_LAST, /* sends, and whatever comes then it has failed, for the reason it gave */
	MOVE_ASK,  /* for the secret of e->name */
	MOVE_SHOW, /* peer: the server's certificate is to be judged */
	MOVE_SIGN, /* needs a signature for TLS */
	MOVE_DONE, /* authenticator: success */
	MOVE_FAIL  /* at once, for the reason it gave (eap_refuse) */
};

/* A method in one role. */
struct eap_role {
	enum move (*begin)(struct eap *e);                   /* authenticator: its first request */
	enum move (*take)(struct eap *e, struct bytes data); /* type-data */
	enum move (*answer)(struct eap *e, const struct eap_secret *secret);
};

struct eap_method {
	enum eap_type type;
	const char *label;  /* in sentences */
	bool on_tls;        /* needs settings.tls; its state begins with a tunnel (tunnel.h) */
	bool client_proves; /* by a certificate */
	bool mutual;        /* eap_type_mutual */
	size_t state;       /* octets of e->state, all zero at the start */
	struct eap_role authenticator, peer;
	void (*end)(struct eap *e); /* what it holds besides; NULL: nothing */
};

extern const struct eap_method eap_method_md5, eap_method_gtc, eap_method_mschapv2, eap_method_tls,
	eap_method_ttls, eap_method_peap;

enum { EAP_HEADER = 4, EAP_WHY = 256, EAP_ROOM = EAP_MAX_FRAGMENT + 16 };

struct eap_name {
	uint8_t octets[EAP_MAX_NAME];
	size_t n;
};

struct eap {
	struct eap_settings settings; /* but for its identities */
	struct eap_name name, inner_name;
	struct rng *rng;
	const struct eap_method *methods[EAP_MAX_METHODS]; /* those that are left to offer, or to accept */
	unsigned n_methods;

	const struct eap_method *method; /* that runs */
	void *state;                     /* the method's */
	bool begun;                      /* authenticator: the peer went along with the method */
	bool may_succeed;                /* peer: EAP-Success is due */
	unsigned rounds;
	unsigned requests; /* authenticator: sent so far */
	uint8_t id;        /* of the request that was sent or came last */
	uint64_t seen;     /* peer: a hash of that request */

	enum eap_what what; /* the last turn */
	bool last;          /* MOVE_LAST was made */
	struct wr out;      /* the packet in the making, in PACKET */
	uint8_t packet[EAP_ROOM];
	struct bytes sent; /* the last packet, in PACKET */

	uint8_t msk[EAP_MSK];
	bool has_msk;
	struct bytes certificates[EAP_MAX_CERTIFICATES]; /* the method's */
	char why[EAP_WHY];
};

/* The conversation fails for this reason, a sentence in printf's form. */
enum move eap_refuse(struct eap *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes NAME for the identity that is to be proved. False when it is too long. */
bool eap_rename(struct eap *e, struct bytes name);
