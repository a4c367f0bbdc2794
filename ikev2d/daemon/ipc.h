/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon's processes say to each other: messages over pairs of SOCK_SEQPACKET sockets. Each message
 * is a row of THE table in ipc_table.c. A receiver believes nothing: what is not of the form of its row,
 * comes from whom the row does not name, or at another time, ends the sender. */
#pragma once

#include "base/buf.h"
#include "base/log.h"
#include "daemon/ipc_certs.h"
#include "daemon/ipc_ctl.h"
#include "daemon/ipc_eap.h"
#include "daemon/ipc_ike.h"
#include "daemon/ipc_radius.h"
#include "model/conf.h"
#include "xfrm/user/order.h"

enum {
	IPC_MAX = 128 * 1024,          /* octets of a message */
	IPC_DATA_MAX = IPC_MAX - 4096, /* of a file or a secret in it */
	IPC_OCTETS_MAX = 96 * 1024,    /* of what is to be signed */
	IPC_PROOF_MAX = 8192,          /* of a signature */
	IPC_OWNERS_MAX = 256,          /* identities of a secret */
	IPC_ID_MAX = 4096,             /* octets of one */
	IPC_TEXT_MAX = 4096,           /* of a sentence */
	IPC_PARTS_MAX = 512,           /* certificates, and CRLs, out of one file */
	IPC_READ_MAX = 16 << 20,       /* octets of a file without a key, in several messages, */
	IPC_PAPER_MAX = 48 << 20,      /* and of what it says */
	IPC_MARK_SIZE = 16,
	IPC_BUNDLE_MAX = 256,        /* messages that go as one, */
	IPC_BUNDLE_SIZE = 16 * 1024, /* and octets of it */
};

/* Who speaks. What ike asks of keeper, tokens, certs and eap guard looks at, and passes on by channels that
 * it has in ike's name; what clients of VICI ask of ike it asks by one that it has in ctl's name. ctl offers
 * secrets to keeper, and certs asks it for what RADIUS needs, by channels between these. */
enum ipc_process {
	IPC_GUARD,
	IPC_IKE,
	IPC_KEEPER,
	IPC_CERTS,
	IPC_EAPS,
	IPC_CTL,
	IPC_ESP,
	IPC_TOKENS,
	IPC_PROCESSES
};

/* A process says READY once, when it has given its rights away; nothing but its log comes before. */
enum ipc_phase { IPC_STARTING, IPC_SERVING };

enum ipc_kind {
	IPC_READY = 1,
	IPC_LOG,
	IPC_BLAME,
	IPC_SECRET,
	IPC_FILE,
	IPC_DROP,
	IPC_KEPT,
	IPC_OPENED,
	IPC_PSK_PROVE,
	IPC_PSK_CHECK,
	IPC_PPK_MIX,
	IPC_PPK_CONFIRM,
	IPC_SIGN,
	IPC_PROOF,
	IPC_KEY,
	IPC_THING,
	IPC_CLEAR,
	IPC_FLUSH,
	IPC_SURROUNDINGS,
	IPC_LIST,
	IPC_LISTED,
	IPC_NEWS,
	IPC_JUDGE,
	IPC_AGAIN,
	IPC_SHOWN,
	IPC_VERDICT,
	IPC_STAPLE,
	IPC_STAPLED,
	IPC_RESOLVE,
	IPC_RESOLVED,
	IPC_PORTAL,
	IPC_PORTAL_SEEN,
	IPC_EAP,
	IPC_EAP_TURN,
	IPC_EAP_ASKS,
	IPC_EAP_SECRET,
	IPC_EAP_SIGNS,
	IPC_EAP_SIGNED,
	IPC_EAP_END,
	IPC_EAP_TELL,
	IPC_TLS_SIGN,
	IPC_RADIUS,
	IPC_RELAY,
	IPC_RELAYED,
	IPC_ORDER,
	IPC_OBEYED,
	IPC_ACCOUNT,
	IPC_ACCOUNTED,
	IPC_USERS,
	IPC_USER_ASK,
	IPC_USER,
	IPC_EAP_SHOWS,
	IPC_EAP_JUDGED,
	IPC_PEER,
	IPC_EVENT,
	IPC_ACTION,
	IPC_RELEASED,
	IPC_DEAF,
	IPC_TAPE,
	IPC_INQUIRY,
	IPC_FORGET,
	IPC_REPLY,
	IPC_ADMIT,
	IPC_CLIENT,
	IPC_REQUEST,
	IPC_REGISTER,
	IPC_OUTPUT,
	IPC_TAKEN,
	IPC_READS,
	IPC_GONE,
	IPC_SHUT,
	IPC_OFFER,
	IPC_ESP_ORDER,
	IPC_ESP_DONE,
	IPC_ESP_REPORT,
	IPC_TOKEN,
	IPC_READ,
	IPC_RADIUS_SIGN,
	IPC_RADIUS_CHECK,
	IPC_RADIUS_OPEN,
	IPC_RADIUS_PROOF,
	IPC_BUNDLE,
	IPC_READ_ON,
	IPC_KINDS
};

/* What a kept secret is for. */
enum ipc_use {
	IPC_USE_SECRET,
	IPC_USE_PASSPHRASE,
	IPC_USE_RADIUS, /* of a RADIUS server, and */
	IPC_USE_ORDERS, /* of those who give orders */
	IPC_USE_KEY
};

/* A message. Questions have a ticket, and answers have that of their question. HANDLEs are numbers that guard
 * gives to what keeper keeps; they are never used again. */
struct ipc_message {
	enum ipc_kind kind;
	uint64_t ticket;
	union {
		struct {                                /* IPC_LOG */
			uint8_t level;                  /* enum log_level */
			const char *word, *name, *line; /* NAME: of the connection; NULL: none */
		} log;
		struct { /* IPC_BLAME: PROCESS has broken the rules, with the message TICKET */
			uint8_t process;
			const char *what;
		} blame;
		struct { /* IPC_SECRET: keep it; IPC_KEPT */
			uint64_t handle;
			uint8_t use;  /* enum ipc_use, but for IPC_USE_KEY */
			uint8_t kind; /* enum secret_kind */
			const struct id *owners;
			unsigned n_owners;
			struct bytes data;
			uint64_t offer; /* it was offered under this number, and not in DATA; 0: not so */
		} secret;
		struct { /* IPC_FILE: keep the private key in DATA as HANDLE; IPC_OPENED */
			uint64_t handle, opener; /* opened by the passphrase OPENER; 0: by none */
			struct bytes data;
			uint64_t offer; /* as above */
		} file;
		struct { /* IPC_TOKEN: open the private key, or CERTS, that a provider has; IPC_OPENED */
			uint64_t handle, opener; /* as above */
			const char *uri;
			bool certs;
			struct bytes pin; /* as tokens writes it down; guard has none */
			uint64_t offer;   /* as above */
		} token;
		struct {               /* IPC_READ: say what is in DATA, and keep nothing of it; IPC_OPENED */
			uint8_t what;  /* enum paper_of */
			uint32_t more; /* octets, that follow in further ones */
			struct bytes data;
		} read;
		struct { /* IPC_DROP: keep it no longer, or what was offered under a number and nobody wants */
			uint64_t handle, offer; /* one of them; 0: not this one */
		} drop;
		struct { /* equal secrets have equal marks, to whom cannot know them otherwise */
			uint8_t result; /* enum err */
			struct bytes mark;
			const char *what; /* is wrong with a users file; NULL: nothing */
		} kept;
		struct { /* what is public in a file */
			uint8_t result;
			const char *what, *instead; /* NULL: nothing */
			uint32_t more;      /* octets of PAPER, each part of which IPC_READ_ON asks for */
			struct bytes paper; /* what is in it, and public of its key (pki/paper.h) */
		} opened;
		struct { /* IPC_PSK_PROVE; IPC_PSK_CHECK (PROOF); IPC_PPK_MIX, IPC_PPK_CONFIRM (LOCAL and
			    REMOTE are its name, OCTETS the keys, or what shows that we have it);
			    IPC_EAP_TELL: the secret itself, of the user LOCAL; IPC_PROOF */
			uint64_t handle;
			uint16_t prf; /* its transform ID */
			struct id local, remote;
			struct bytes octets, proof;
		} psk;
		struct { /* IPC_SIGN; IPC_TLS_SIGN, without a PRF; IPC_PROOF */
			uint64_t handle;
			uint16_t prf;
			uint8_t scheme; /* its place in the table of schemes */
			struct bytes octets;
		} sign;
		struct {
			uint8_t result;
			const char *what; /* NULL: nothing */
			struct bytes proof;
		} proof;
		struct { /* IPC_KEY: a key as keeper writes it down, PKCS#8 */
			uint64_t handle;
			struct bytes data;
		} key;
		struct ipc_thing thing;               /* IPC_THING */
		struct ipc_surroundings surroundings; /* IPC_SURROUNDINGS */
		struct {                              /* IPC_FLUSH: forget what was fetched of these */
			bool crls, ocsps;
		} flush;
		struct {                     /* what was fetched, one after the other; IPC_LISTED */
			uint32_t at;         /* where to go on; LISTED: 0 behind the last */
			const char *subject; /* of whom; NULL: of anybody */
			bool ocsp;
			struct bytes data; /* empty: it is not to be listed */
		} list;
		struct ipc_judge judge;     /* IPC_JUDGE, IPC_AGAIN, IPC_SHOWN */
		struct ipc_verdict verdict; /* IPC_VERDICT */
		struct {                    /* IPC_STAPLE; IPC_STAPLED */
			const char *name;   /* of the connection */
			/* Each was issued by the next one; STAPLED: OCSP answers about some of them. */
			struct ipc_octets certs;
		} staple;
		struct { /* IPC_RESOLVE; IPC_RESOLVED */
			const char *name;
			uint8_t family; /* 4, 6, 0: any */
			struct ip ip;   /* v 0: there is none, and */
			const char *what;
		} resolve;
		struct { /* IPC_PORTAL: whether another answers in the place of URL, where EXPECTED is */
			const char *url, *expected;
			const char *instead; /* IPC_PORTAL_SEEN: with what; NULL: with nothing */
		} portal;
		struct ipc_eap eap;               /* IPC_EAP; IPC_EAP_TURN */
		struct ipc_eap_turn eap_turn;     /* IPC_EAP_TURN */
		struct ipc_eap_asks eap_asks;     /* IPC_EAP_ASKS; IPC_EAP_SECRET */
		struct ipc_eap_secret eap_secret; /* IPC_EAP_SECRET */
		struct ipc_eap_shows eap_shows;   /* IPC_EAP_SHOWS; IPC_EAP_JUDGED */
		struct ipc_eap_judged eap_judged; /* IPC_EAP_JUDGED */
		struct ipc_eap_signs eap_signs;   /* IPC_EAP_SIGNS; IPC_EAP_SIGNED */
		struct {                          /* IPC_EAP_END: nobody goes on with it */
			uint32_t conversation;
		} eap_end;
		struct ipc_radius radius;             /* IPC_RADIUS: these are asked from now on */
		struct ipc_radius_ask radius_ask;     /* IPC_RADIUS_SIGN, _CHECK, _OPEN */
		struct ipc_radius_proof radius_proof; /* IPC_RADIUS_PROOF */
		struct ipc_relay relay;               /* IPC_RELAY */
		struct ipc_relayed relayed;           /* IPC_RELAYED */
		struct ipc_order order;               /* IPC_ORDER */
		struct {                              /* IPC_OBEYED: for so many IKE_SAs */
			uint32_t matched;
		} obeyed;
		struct { /* IPC_ACCOUNT: of a message about a session */
			struct bytes attributes;
		} account;
		struct { /* IPC_ACCOUNTED: by a server */
			bool acknowledged;
		} accounted;
		struct ipc_users users;       /* IPC_USERS: these instead of those before; IPC_KEPT */
		struct ipc_user_ask user_ask; /* IPC_USER_ASK; IPC_USER */
		struct ipc_user user;         /* IPC_USER */
		struct ipc_peer peer;         /* IPC_PEER */
		struct ipc_event event;       /* IPC_EVENT */
		struct ipc_action action;     /* IPC_ACTION */
		struct {                      /* IPC_RELEASED: ike has nothing of this connection any more */
			uint32_t number;
		} released;
		struct { /* IPC_TAPE: what was handed over is a record to be written */
			bool secrets;
		} tape;
		struct ipc_inquiry inquiry;    /* IPC_INQUIRY; IPC_FORGET: these counters begin anew */
		struct ipc_reply reply;        /* IPC_REPLY */
		struct ipc_admit admit;        /* IPC_ADMIT: clients may come now */
		struct ipc_client client;      /* IPC_CLIENT: it has come */
		struct ipc_request request;    /* IPC_REQUEST */
		struct ipc_register registers; /* IPC_REGISTER */
		struct ipc_output output;      /* IPC_OUTPUT; IPC_TAKEN */
		struct ipc_taken taken;        /* IPC_TAKEN */
		struct ipc_offer offer;        /* IPC_OFFER */
		struct {                       /* IPC_READS: it is not full any more; IPC_GONE */
			uint32_t client;
		} gone;
		struct esp_order esp_order; /* IPC_ESP_ORDER */
		struct {                    /* IPC_ESP_DONE: how that went */
			uint8_t result;
			const char *what; /* NULL: nothing */
		} done;
		struct { /* IPC_ESP_REPORT */
			struct esp_report report;
			struct bytes body;
		} esp_report;
		struct ipc_octets bundle; /* IPC_BUNDLE: messages, none of them one of these (ipc_bundle.h) */
	};
	/* Descriptors that go along, the sender's own, and then the receiver's own: with orders to the
	 * process esp, and with clients of ctl. */
	const int *fds;
	unsigned n_fds;
};

/* A message, of the form of its row. ENCODE: into W; false where it is larger than its limits. DECODE: all of
 * DATA, into ARENA, so that nothing of DATA is needed any more; NULL, or what is wrong. */
bool ipc_encode(struct wr *w, const struct ipc_message *m);
const char *ipc_decode(struct bytes data, struct arena *arena, struct ipc_message *m);

/* A copy of all of O, from ARENA. */
struct ipc_octets ipc_octets_copy(const struct ipc_octets *o, struct arena *arena);

/* The part of TEXT that stands at AT. */
struct ipc_users ipc_users_part(struct bytes text, uint32_t at);

/* One end of a pair. */
struct ipc_channel {
	int fd; /* -1: closed */
	enum ipc_process self, peer;
	enum ipc_phase phase; /* of who is not guard */
	/* Of the last message that was wrong, where it had one; and what was behind it in its bundle, in the
	 * arena that it was taken into. */
	uint64_t ticket;
	struct ipc_octets behind;
};

/* Makes the pair NEAR (of the process A) and FAR (of B). ERR_SYSTEM with errno set. */
enum err ipc_pair(
	enum ipc_process a, struct ipc_channel *near, enum ipc_process b, struct ipc_channel *far) MUST_CHECK;
void ipc_close(struct ipc_channel *c);

/* The end FD of a pair that another process has made. */
static inline struct ipc_channel ipc_end(int fd, enum ipc_process self, enum ipc_process peer)
{
	return (struct ipc_channel){ .fd = fd, .self = self, .peer = peer, .phase = IPC_SERVING };
}

/* Sends M, waiting for room. ERR_RANGE: it is too large; ERR_MISSING: the peer is gone, or gives no room as
 * long as the socket's own limit is. Nothing was sent then. */
enum err ipc_send(struct ipc_channel *c, const struct ipc_message *m) MUST_CHECK;

/* The same, without waiting: ERR_BUSY where there is no room. */
enum err ipc_tell(struct ipc_channel *c, const struct ipc_message *m) MUST_CHECK;

/* The same of OCTETS, a message as ipc_encode has written it, with the N descriptors at FDS. */
enum err ipc_tell_written(struct ipc_channel *c, struct bytes octets, const int *fds, unsigned n) MUST_CHECK;
/* The same, waiting for room, without descriptors. */
enum err ipc_send_written(struct ipc_channel *c, struct bytes octets) MUST_CHECK;

/* Receives a message into ARENA, waiting for one, and does what its row says with CTX; of a bundle, what
 * those of all that are in it say, until C is closed. ERR_MISSING: the peer is gone; ERR_DENIED: the peer has
 * broken the rules, and *WRONG, from ARENA, says how: it must end. */
typedef enum err ipc_take_fn(struct ipc_channel *c, struct arena *arena, void *ctx, const char **wrong);
ipc_take_fn ipc_take MUST_CHECK;
/* The same, without waiting: ERR_BUSY where there is none. */
ipc_take_fn ipc_take_now MUST_CHECK;
/* What is behind the message that was wrong, in the bundle that was taken last into ARENA, for who is not the
 * one to end its sender: others may have asked as well. ERR_BUSY where there is nothing. */
ipc_take_fn ipc_take_rest MUST_CHECK;

/* Waits for messages by any of N channels (IPC_CHANNELS_MAX at most, NULL: none) and has SERVE take each,
 * with CTX, until it says that there is nobody to be served any more. */
enum { IPC_CHANNELS_MAX = 4 };
typedef bool ipc_serve_fn(void *ctx, struct ipc_channel *from);
void ipc_serve(struct ipc_channel *const *channels, unsigned n, ipc_serve_fn *serve, void *ctx);

/* "guard", "ike", "keeper", "certs", "eap", "ctl", "esp", "tokens". */
const char *ipc_name(enum ipc_process p);
