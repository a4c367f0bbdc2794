/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VICI server: strongSwan's control protocol. Packets of a client in, as a front (front.h) makes them of
 * its octets, octets for it out; sockets are the daemon's. What a command does is asked of the host, the
 * daemon, through struct vici_host. */
#pragma once

#include "base/text.h"
#include "model/conf.h"
#include "model/counters.h"
#include "model/sa.h"
#include "model/why.h"

struct vici;         /* the server */
struct vici_session; /* one client */

/* What a client wants up or down. NULL and 0: not named. */
struct vici_target {
	const char *ike, *child;
	uint32_t ike_id, child_id;
	struct hosts hosts; /* initiate: the outer addresses */
	bool limits;        /* initiate: not beyond init_limit_half_open */
};

/* Whom to redirect, beside what the target names, and where to. */
struct vici_redirect {
	const char *gateway;  /* address or name */
	struct ip lo, hi;     /* addresses of peers; v 0: any */
	const char *identity; /* of peers, may have wildcards; NULL: any */
};

/* How a command ended; WHY is set when it failed. */
struct vici_outcome {
	bool success;
	struct why why;
	unsigned matches, terminated;
	const char *id; /* load_token: what unload_key and keys call it, in hexadecimal */
};

struct vici_stats {
	uint64_t uptime_ms;
	unsigned ikesas, half_open;
	unsigned timers;      /* that are set */
	const char *drops;    /* of the data path: "reason=count …" */
	const char *load;     /* of the core and the loop: "cookies=… stall-ms=…" */
	const char *pace;     /* of the userspace path: "engine=… sent=38.0", packets per call */
	const char *warnings; /* what somebody should look at, a line each */
};

/* Which data paths are in use, and what was found to differ from what should be installed. */
struct vici_audit {
	const char *no_kernel, *no_userspace; /* why it is not in use; NULL: it is */
	const char *differences;              /* a line each */
};

/* What is known of why a connection is not up. Times are those of the records. */
struct vici_failures {
	const struct failure_record *
		*v; /* all that is remembered: those that began here first, the latest first */
	unsigned n;
	const struct failure_record *last; /* why it is not up; NULL: nothing failed since it was */
	uint64_t down, next;               /* when it went down, and is tried next; 0: never */
};

/* Certificates and the like, as strongSwan tells them apart. */
enum vici_cert_type {
	VICI_CERT_ANY,
	VICI_CERT_X509,
	VICI_CERT_X509_CRL,
	VICI_CERT_OCSP_RESPONSE,
	VICI_CERT_X509_AC,
	VICI_CERT_PUBKEY,
};

/* What an X.509 certificate is for. */
enum vici_cert_flag { VICI_FLAG_ANY, VICI_FLAG_NONE, VICI_FLAG_CA, VICI_FLAG_AA, VICI_FLAG_OCSP };

struct vici_cert {
	enum vici_cert_type type;
	enum vici_cert_flag flag; /* VICI_CERT_X509 */
	bool has_key;             /* its private key is here */
	struct bytes data;        /* told: DER; from clients: PEM, too */
};

struct vici_cert_filter {
	enum vici_cert_type type;
	enum vici_cert_flag flag;
	const char *subject; /* NULL: any */
};

/* What the server asks of the daemon. CTX is passed to each. A function that takes a TICKET returns at once;
 * the outcome comes by vici_done. WHY is filled by functions that fail; texts in it lie in the given arena.
 */
/* A virtual address that somebody has, or had last. */
struct vici_lease {
	struct ip ip;
	const char *identity;
	bool online;
};

struct vici_host {
	void *ctx;
	void (*initiate)(void *ctx, uint32_t ticket, const struct vici_target *what, int64_t timeout_ms);
	void (*terminate)(
		void *ctx, uint32_t ticket, const struct vici_target *what, bool force, int64_t timeout_ms);
	void (*rekey)(void *ctx, uint32_t ticket, const struct vici_target *what, bool reauth);
	void (*redirect)(void *ctx, uint32_t ticket, const struct vici_target *what,
		const struct vici_redirect *where);
	/* Puts the policy in that brings the child up by a packet, or takes it away. */
	void (*install)(void *ctx, uint32_t ticket, const struct vici_target *what);
	void (*uninstall)(void *ctx, uint32_t ticket, const struct vici_target *what);
	/* Keys of all IKE_SAs, and the IKE_SA of a key; false when it has gone. */
	const uint64_t *(*sas)(void *ctx, struct arena *arena, unsigned *n);
	bool (*record)(void *ctx, uint64_t key, struct arena *arena, struct sa_record *out);
	/* The same for policies that do not belong to a CHILD_SA. */
	const uint64_t *(*policies)(void *ctx, struct arena *arena, unsigned *n);
	bool (*policy)(void *ctx, uint64_t key, struct arena *arena, struct policy_record *out);
	/* What was counted: of connection NAME, of each (ALL), or together. */
	const struct counters *(*counters)(
		void *ctx, const char *name, bool all, struct arena *arena, unsigned *n);
	void (*counters_reset)(void *ctx, const char *name, bool all);
	/* What is loaded now, from file and VICI; valid until the next call into the server. */
	const struct conf *(*conf)(void *ctx);
	/* How many addresses of POOL are in use, and how many were but are free now; and which, copies in
	 * ARENA. */
	void (*pool_usage)(void *ctx, const struct vip_pool *pool, unsigned *online, unsigned *offline);
	const struct vici_lease *(*leases)(
		void *ctx, const struct vip_pool *pool, struct arena *arena, unsigned *n);
	/* What is known of the failures of connection NAME; NULL: of peers that no connection is for. */
	void (*failures)(void *ctx, const char *name, struct arena *arena, struct vici_failures *out);
	uint64_t (*now)(void *ctx); /* ms, the clock of the records */
	/* Whether the library has T. */
	bool (*has)(void *ctx, const struct transform *t);
	enum err (*load_conn)(
		void *ctx, struct peer *peer, struct arena *arena, struct why *why); /* takes the reference */
	enum err (*unload_conn)(void *ctx, const char *name, struct arena *arena, struct why *why);
	enum err (*load_shared)(
		void *ctx, const struct secret *secret, struct arena *arena, struct why *why); /* copies it */
	enum err (*unload_shared)(void *ctx, const char *name, struct arena *arena, struct why *why);
	enum err (*load_pool)(
		void *ctx, const struct vip_pool *pool, struct arena *arena, struct why *why); /* copies it */
	enum err (*unload_pool)(void *ctx, const char *name, struct arena *arena, struct why *why);
	enum err (*load_authority)(void *ctx, const struct authority *authority, struct arena *arena,
		struct why *why); /* copies it */
	enum err (*unload_authority)(void *ctx, const char *name, struct arena *arena, struct why *why);
	void (*clear_creds)(void *ctx);
	enum err (*load_cert)(void *ctx, const struct vici_cert *cert, struct arena *arena,
		struct why *why); /* copies it */
	/* *ID gets what unload_key and keys call it, in hexadecimal, from ARENA. */
	enum err (*load_key)(
		void *ctx, struct bytes data, struct arena *arena, const char **id, struct why *why);
	/* Has WANTED, which a client is going to load, looked up where that takes time: what it has on
	 * tokens. Everybody else is served meanwhile; vici_load is called then, at once where there is
	 * nothing to be looked up. */
	void (*look_up)(void *ctx, uint32_t ticket, const struct conf *wanted);
	/* The client has gone for whom look_up or load_token was called, or another function, with TICKET, or
	 * does not get what it wants any more: what is still to be looked up for it is not. */
	void (*leave)(void *ctx, uint32_t ticket);
	/* The SECRET of KEY is what came as PIN. */
	void (*load_token)(void *ctx, uint32_t ticket, const struct key_conf *key);
	enum err (*unload_key)(void *ctx, const char *id, struct arena *arena, struct why *why);
	/* Of what clients loaded, the ids of the private keys. */
	const char *const *(*keys)(void *ctx, struct arena *arena, unsigned *n);
	/* All that is here, in the order in which it is to be listed; copies in ARENA. */
	const struct vici_cert *(*certs)(
		void *ctx, const struct vici_cert_filter *filter, struct arena *arena, unsigned *n);
	/* The subject of a certificate that the configuration names, in ARENA; NULL: it cannot be told. */
	/* Whether the user has a secret for EAP. */
	bool (*has_password)(void *ctx, const struct id *user);
	const char *(*cert_subject)(void *ctx, const struct cert_conf *cert, struct arena *arena);
	/* Forgets what came with peers or was fetched. */
	void (*flush_certs)(void *ctx, enum vici_cert_type type);
	void (*reload)(void *ctx, uint32_t ticket); /* reads the configuration file again */
	enum err (*reload_settings)(
		void *ctx, struct arena *arena, struct why *why); /* and takes its settings only */
	void (*stats)(void *ctx, struct arena *arena, struct vici_stats *out);
	/* Compares the data paths with what should be, and repairs what can be. */
	void (*audit)(void *ctx, struct arena *arena, struct vici_audit *out);
	/* From now on, for so many seconds, a client sees the keys of the connection NAME: it is to be said
	 * in the log, and vici_capture_ike called for each IKE_SA that there is. And it has ended, after the
	 * keys of SEEN SAs. */
	enum err (*capture)(
		void *ctx, const char *name, unsigned seconds, struct arena *arena, struct why *why);
	void (*capture_end)(void *ctx, const char *name, unsigned seen);
	void (*stop)(void *ctx); /* the daemon ends after the answer was sent */
	/* The session opened with IO has output, or something else to do. It must not be closed before this
	 * returns. */
	void (*writable)(void *ctx, void *io);
};

struct vici *vici_new(const struct vici_host *host);
void vici_free(struct vici *v);

/* The names of all commands: that of command I, or NULL behind the last. And the number of a name; of one
 * that is no command, that behind the last. */
const char *vici_command_name(unsigned i);
unsigned vici_command_number(struct bytes name);

/* The key of command I whose value is a secret; NULL: none is. */
const char *vici_command_secret(unsigned i);
/* Whether it is a token's. */
bool vici_command_is_for_tokens(unsigned i);

/* Where command I has certificates: in the value of "data" (what "type" says), or in values that are called
 * as those of a configuration. */
enum vici_certs_at { VICI_CERTS_NOWHERE, VICI_CERTS_IN_DATA, VICI_CERTS_BY_NAME };
enum vici_certs_at vici_command_certs(unsigned i);

/* Whether a value of KEY in a configuration is a certificate itself, in PEM or DER, or for "pubkeys" a public
 * key. */
bool vici_is_certificate(const char *key);

enum { VICI_EVENTS_MAX = 32 /* numbers of events are below */ };

enum {
	/* What all clients together may make us keep, half requests and what they have not read. Beyond, the
	 * one that has most is turned away. */
	VICI_ALL_MAX = 32 * 1024 * 1024,
};

/* What a client may do. */
enum vici_rights {
	VICI_NOTHING,
	VICI_ASKS,
	VICI_CHANGES /* and asks */,
	VICI_SEES_KEYS /* and all else: root */
};

/* A client has connected; IO is handed to host->writable. */
struct vici_session *vici_open(struct vici *v, enum vici_rights rights, void *io);

/* Carries out the command of that number, with the elements MESSAGE: the answer is queued, or comes by
 * vici_done, or behind a list. False: a front hands on no such thing (there is no such number, MESSAGE is not
 * well-formed, the command before it was not answered). */
bool vici_command(struct vici_session *s, unsigned command, struct bytes message) MUST_CHECK;

/* Registers an event, or unregisters it. False as above. */
bool vici_register(struct vici_session *s, unsigned event, bool on) MUST_CHECK;

/* Goes on with what waits, a list. To be called when host->writable was; does so much at a time, and has it
 * called again. */
void vici_go(struct vici_session *s);

/* Whether it is to be closed: it does not read, or keeps too much waiting. */
bool vici_turned_away(const struct vici_session *s);

/* Of what came by the two above, which kinds (bits 1 << enum vici_asked_kind) are answered now, with what is
 * or was the output; each is said once, when not too much waits for the client. */
unsigned vici_answered(struct vici_session *s);

/* Bytes waiting for the client, and how many of them were sent. */
struct bytes vici_output(const struct vici_session *s);
void vici_sent(struct vici_session *s, size_t n);

/* The client has gone. Its commands go on, but for what waits to be loaded; their outcomes are dropped. What
 * it held is taken away. */
void vici_close(struct vici_session *s);

/* The daemon stops: no command is carried out any more, and what clients hold goes with it. */
void vici_stopping(struct vici *v);

/* The outcome of the command TICKET; it may come while the host is still being asked. Unknown tickets are
 * ignored. */
void vici_done(struct vici *v, uint32_t ticket, const struct vici_outcome *outcome);

/* What the command TICKET loads has been looked up: it is loaded; or not, and REFUSED (NULL: it is not) says
 * why. Unknown tickets are ignored. */
void vici_load(struct vici *v, uint32_t ticket, const struct why *refused);

/* One line of news: an event "log" for all who registered it and "control-log" for the client of TICKET (0:
 * nobody's). GROUP as strongSwan's ("IKE", "CHD", "CFG", …); NAME and ID of the IKE_SA, or NULL and 0. */
void vici_log(struct vici *v, uint32_t ticket, const char *group, int level, const char *name, uint32_t id,
	const char *line);

/* Whether anybody has registered an event: else there is no need to raise those that follow. */
bool vici_heard(const struct vici *v);

/* The events "ike-updown" (CHILD 0) and "child-updown" (only that child of SA is told). */
void vici_updown(struct vici *v, bool up, const struct sa_record *sa, uint32_t child);

/* The event "alert": TYPE is strongSwan's word; of IKE_SA, and why (either may be NULL). */
void vici_alert(struct vici *v, const char *type, const struct sa_record *sa, const struct why *why);

/* What became of child number CHILD of SA: the events that FRR's nhrpd asks for. */
enum vici_child_state { CHILD_IS_INSTALLED, CHILD_IS_REKEYED, CHILD_IS_DESTROYED };
void vici_child_state(
	struct vici *v, enum vici_child_state state, const struct sa_record *sa, uint32_t child);

/* The event "ike-update": SA, as it was before, goes on along PATH. */
void vici_ike_update(struct vici *v, const struct sa_record *sa, const struct path *path);

/* The events "ike-rekey" and "child-rekey": NEW has taken the place of OLD. In the latter both are numbers of
 * children of SA, and OLD may have gone. */
void vici_ike_rekey(struct vici *v, const struct sa_record *old, const struct sa_record *new);
void vici_child_rekey(struct vici *v, const struct sa_record *sa, uint32_t old, uint32_t new);

/* The keys of an IKE_SA, and of one direction of a CHILD_SA, for the clients that capture their connection:
 * the event "capture-keys". Whether there is one of NAME; else the others need not be called. */
bool vici_captures(const struct vici *v, const char *name);
void vici_capture_ike(struct vici *v, const struct ike_key_record *keys);
void vici_capture_child(struct vici *v, const struct sa_spec *sa);
