/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec pki: what its verbs share. */
#pragma once

#include "ipsec.h"
#include "json.h"
#include "pki_index.h"

#include "pki/cert.h"

#define PKI_DIR "/etc/ikev2d" /* unless --dir says another folder */

enum {
	PKI_WORDS_MAX = 64, /* values of one option */
	PKI_DAY = 24 * 60 * 60,
	PKI_LEAF_DAYS = 730,
	PKI_LEAF_DAYS_MAX = 825, /* Apple's systems refuse certificates of gateways that last longer */
	PKI_CA_DAYS = 3652,
	PKI_CRL_DAYS = 30,
	PKI_DUE_DAYS = 30,
};

/* Options behind a verb; their words stand in pki_words.c. */
enum pki_option {
	OPT_AUTH,
	OPT_CA_PASS, /* --ca-passphrase-file */
	OPT_CLIENT,  /* --profile of a user */
	OPT_CONNECTION,
	OPT_CRL_URI,
	OPT_DAYS,
	OPT_DN,
	OPT_DNS,
	OPT_DUE,
	OPT_ENCRYPT,
	OPT_EXCLUDE,
	OPT_FOR,
	OPT_FORCE,
	OPT_ID,
	OPT_KEY_PASS, /* --key-passphrase-file */
	OPT_NAME,
	OPT_NET,
	OPT_NEW_KEY,
	OPT_NO_START,
	OPT_OCSP_URI,
	OPT_OUT,
	OPT_PASSWORD, /* --password-file */
	OPT_PERMIT,
	OPT_POOL,
	OPT_PROFILE,
	OPT_QR,
	OPT_REASON,
	OPT_REVOCATION,
	OPT_SAN,
	OPT_SERVER,
	OPT_SIGN,
	OPT_TYPE,
	PKI_OPTIONS
};

struct pki_group;

struct pki_words {
	const char *v[PKI_WORDS_MAX];
	unsigned n;
};

/* One call of the command. Everything lives in the call's arena, which is wiped. */
struct pki {
	struct ipsec *x;
	struct arena *arena;
	const struct pki_group *group;
	const char *dir;
	int64_t now; /* seconds since 1970 */
	struct pki_words options[PKI_OPTIONS];
	char **args; /* what is no option */
	int n_args;
	bool waits;      /* while another command has the folder */
	int lock;        /* of the folder; -1: not taken */
	unsigned staged; /* files that wait for pki_commit */
	struct text pending;
	struct index index;
	struct cert *ca; /* after pki_ca_open */
	struct key *ca_key;
};

static inline bool pki_has(const struct pki *p, enum pki_option o)
{
	return p->options[o].n;
}

/* The value of an option, or FALLBACK. */
static inline const char *pki_option(const struct pki *p, enum pki_option o, const char *fallback)
{
	return p->options[o].n ? p->options[o].v[0] : fallback;
}

/* Functions that return int return an exit code, and have said why it is not DONE. */

/* What is the matter with SUBJECT, as WHY says it. */
int pki_fail(struct pki *p, const char *subject, const struct why *why);

/* The value of --days, or FALLBACK; at most MAX. */
int pki_days(struct pki *p, unsigned fallback, unsigned max, int64_t *seconds);

/* Checks that S can be the name of files. */
int pki_check_name(struct pki *p, const char *s);

/* pki_secret.c: a passphrase, from the file that OPTION names, or (PROMPT) from the terminal, where a new one
 * is asked for twice. OUT->p is NULL where there is none. */
enum pki_prompt { PROMPT_NEVER, PROMPT_OLD, PROMPT_NEW };
int pki_secret(struct pki *p, enum pki_option option, const char *of_what, enum pki_prompt prompt,
	struct bytes *out);

/* The option as it is written: "--days". */
const char *pki_option_word(enum pki_option o);

/* pki_ca.c: opens the CA of the folder: lock, index, certificate; its key too when it is to sign. */
int pki_ca_open(struct pki *p, bool to_sign);
int pki_ca_key(struct pki *p); /* the key alone, later */
void pki_close(struct pki *p);

/* Stages the index as it is now. */
int pki_stage_index(struct pki *p);

/* Stages a CRL of what is revoked in the index, and counts it there. */
int pki_stage_crl(struct pki *p, int64_t seconds);

/* pki_revoke.c: the value of --reason; marks in the index what WORD, a name or a serial number, names and is
 * still good, and says so to J's open array; how many that were. */
int pki_reason(struct pki *p, int *out);
unsigned pki_mark_revoked(struct pki *p, const char *word, int reason, struct json *j);

/* pki_read.c: the certificate in the file PATH; the private key in it, for which a passphrase is asked when
 * it has one. They end with the process. */
int pki_read_cert(struct pki *p, const char *path, struct cert **out);
int pki_read_key(struct pki *p, const char *path, enum pki_option pass, struct key **out);
int pki_read_file(struct pki *p, const char *path, struct bytes *out);

/* The file that WORD means: itself where it is a path, else the certificate of that name in the folder, else
 * a file of that name here. */
const char *pki_find(struct pki *p, const char *word);

/* Whether there is something at PATH. */
bool pki_exists(const char *path);

/* pki_issue.c: the subjectAltNames that are asked for by --san, or NAME itself. */
int pki_sans(struct pki *p, const char *name, const struct id **out, unsigned *n);

/* A time as text, and an id in hexadecimal. */
const char *pki_keyid(struct pki *p, const uint8_t id[KEYID_SIZE]);

/* Opens and closes the answer: { "success": true, …. */
struct json pki_json(struct pki *p);
int pki_answer(struct pki *p, struct json *j);

/* A certificate as members of J's open object. */
void pki_json_cert(struct pki *p, struct json *j, const struct cert *c);

int pki_init(struct pki *p);
int pki_issue(struct pki *p);
int pki_request(struct pki *p);
int pki_sign(struct pki *p);
int pki_renew(struct pki *p);
int pki_revoke(struct pki *p);
int pki_crl(struct pki *p);
int pki_show(struct pki *p);
int pki_verify(struct pki *p);
int pki_export(struct pki *p);
int pki_keyid_verb(struct pki *p);
int pki_fingerprint(struct pki *p);
