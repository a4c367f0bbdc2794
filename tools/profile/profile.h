/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: what a client's device is given so that it connects to a gateway of ours. Each kind of client has
 * a row in THE table and a writer in a file of its own: a function from what is known of gateway and user to
 * the text of files. No writer looks at a file, a clock or randomness. */
#pragma once

#include "model/proposal.h"
#include "model/ts.h"

/* How the client proves who it is. */
enum profile_auth {
	PROFILE_CERT,     /* a certificate */
	PROFILE_EAP_TLS,  /* the same in EAP */
	PROFILE_PASSWORD, /* a password in EAP */
};

enum {
	PROFILE_UUIDS = 4,
	PROFILE_UUID_TEXT = 37,
	PROFILE_FILES_MAX = 8,
	PROFILE_DNS_MAX = 16,
};

/* What is known. Texts are plain and on one line; NULL where there is none. */
struct profile {
	const char *user;       /* name of the user, and of files */
	const char *user_id;    /* the client's identity */
	const char *eap_user;   /* the name that EAP asks for */
	const char *gateway;    /* name or address to dial */
	const char *gateway_id; /* identity that the gateway proves */
	enum profile_auth auth;
	const char *password;   /* of a user of EAP */
	const char *ike, *esp;  /* proposals in words; NULL: the defaults of both will do */
	struct suite ike_suite; /* what the two are going to agree on */
	struct suite esp_suite; /* its key exchange is that of later keys; NULL: none */
	struct tss nets;        /* what is behind the gateway for the client; no dynamic ones */
	bool full;              /* that is everything */
	bool v4, v6;            /* of which families the client gets an address */
	const char *dns[PROFILE_DNS_MAX];
	unsigned n_dns;
	const char *domains[PROFILE_DNS_MAX]; /* whose names those know; none: of all */
	unsigned n_domains;
	const char *ca_name, *ca_file;    /* the CA's common name; its certificate in PEM */
	struct bytes ca;                  /* in DER */
	const char *cert_file, *key_file; /* of the user, in PEM */
	const char *key_type;             /* "rsa", "ecdsa" */
	unsigned key_bits;                /* of that key */
	struct bytes p12;                 /* both, and the CA's certificate, sealed with a password */
	char uuids[PROFILE_UUIDS][PROFILE_UUID_TEXT]; /* random ones, as text */
};

/* One file of a profile. PATH is relative; NULL: the profile is this file alone. */
struct profile_file {
	const char *path;
	struct bytes data;
};

struct profile_files {
	struct profile_file v[PROFILE_FILES_MAX];
	unsigned n;
};

/* A kind of client. */
struct profile_kind {
	const char *word, *says;
	const char *suffix; /* of its one file; NULL: it is a folder */
	const char *key;    /* kind of key that all its versions take */
	unsigned auths;     /* bits by enum profile_auth */
	bool sealed;        /* key and certificate come as PKCS#12 */
	bool asks;          /* the device asks for the password of EAP: it is not in the profile */
	bool own_id;        /* its identity cannot be told: it is the subject of its certificate, or with a
			       password its address */
	bool mschap;        /* of EAP with passwords it knows MSCHAPv2 alone */
	const char *const *ike,
		*const *esp; /* what it can, strongest first, ends in NULL; NULL: what we can */
	/* Where to put it, and what to do then: a sentence, %s is the file's or folder's name. */
	const char *use;
	void (*write)(const struct profile *p, struct arena *arena, struct profile_files *out);
};

/* All rows, one after the other: start with NULL; NULL at the end. */
const struct profile_kind *profile_kind_next(const struct profile_kind *k);
const struct profile_kind *profile_kind_find(const char *word);

/* Sets ike, esp and the suites of P to what a client of the kind K and a gateway with IKE and ESP are going
 * to agree on. ERR_MISSING where they have nothing in common: WHY says what differs and what to write, and
 * *PROTOCOL for which of the two. From ARENA. */
enum err profile_suites(const struct profile_kind *k, struct proposals ike, struct proposals esp,
	struct arena *arena, struct profile *p, struct proposal_why *why, uint8_t *protocol) MUST_CHECK;

/* For the writers. */
void profile_add(struct profile_files *out, const char *path, const char *text);
/* S in Base64, COLUMNS characters a line (0: all on one), each line but the first behind INDENT. */
const char *profile_base64(struct bytes b, unsigned columns, const char *indent, struct arena *arena);
/* The networks one by one, between SEPARATOR; of the IP version V (0: of both). Each is a prefix, or several
 * where a range is none. */
const char *profile_nets(const struct profile *p, unsigned v, const char *separator, struct arena *arena);

void profile_apple(const struct profile *p, struct arena *arena, struct profile_files *out);
void profile_windows(const struct profile *p, struct arena *arena, struct profile_files *out);
void profile_android(const struct profile *p, struct arena *arena, struct profile_files *out);
void profile_network_manager(const struct profile *p, struct arena *arena, struct profile_files *out);
void profile_swanctl(const struct profile *p, struct arena *arena, struct profile_files *out);
void profile_ikev2d(const struct profile *p, struct arena *arena, struct profile_files *out);
