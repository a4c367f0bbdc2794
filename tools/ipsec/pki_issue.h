/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec pki: what the verbs that make certificates share. */
#pragma once

#include "pki.h"

enum { PKI_SKEW = 3600 /* seconds that a certificate is valid before it was made: clocks differ */ };

/* A serial number, from the kernel's randomness. */
struct bytes pki_serial(struct pki *p);

/* Octets as hexadecimal digits. */
const char *pki_hex(struct pki *p, struct bytes b);

/* TEXT as a DN. */
int pki_dn(struct pki *p, const char *text, struct id *out);

/* Stages a private key; encrypted where --encrypt or OPTION says so. */
int pki_stage_key(struct pki *p, const char *path, const struct key *key, enum pki_option option);

/* What --dn or, without it, NAME says; --profile; a key of --type. */
int pki_subject(struct pki *p, const char *name, struct id *out);
int pki_profile(struct pki *p, enum make_profile *out);
int pki_generate(struct pki *p, struct key **out);

/* Paths in the folder: of a certificate, its key, the CA's copy of it. */
const char *pki_cert_path(struct pki *p, const char *name);
const char *pki_key_path(struct pki *p, const char *name);
const char *pki_copy_path(struct pki *p, const char *serial);

/* Fills in what all certificates of the CA have alike. LENGTH in seconds; the CA's end is theirs at the
 * latest. */
void pki_complete(struct pki *p, struct make_spec *s, int64_t length);

/* Stages the certificate that S asks for: its file, the CA's copy, the entry of the index. The first leaves
 * out the file: it is a user's, whose certificate is of no use here. */
int pki_stage_copy(struct pki *p, const struct make_spec *s, const char *name, struct cert **out);
int pki_stage_cert(
	struct pki *p, const struct make_spec *s, const char *name, bool replace, struct cert **out);

/* Stages what S asks for, good for LENGTH seconds, and its key. */
int pki_stage_issued(struct pki *p, struct make_spec *s, const char *name, int64_t length, struct cert **out);

/* pki_ca.c: locks the folder and stages a CA, as --type, --dn and the like say; all but the index, in which a
 * certificate of it may stand then. And what it is, as members of J's open object or as lines. */
int pki_stage_ca(struct pki *p);
void pki_say_ca(struct pki *p, struct json *j);

/* Stages the index, and all that was staged happens. */
int pki_end_issue(struct pki *p);

/* What was issued, as members of J's open object or as lines; with the file of its KEY where that is new. The
 * second is the whole answer, and drops C. */
void pki_say_issued(struct pki *p, struct json *j, const char *name, const struct cert *c, bool key);
int pki_answer_issued(struct pki *p, const char *name, struct cert *c, bool key);
