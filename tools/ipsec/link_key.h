/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of links: this machine's, in a file that only root reads, and other machines', as lines that people
 * copy. A line is the public key (SubjectPublicKeyInfo, Ed25519: RFC 8410) in Base64. */
#pragma once

#include "ipsec.h"
#include "pki/key.h"

enum { LINK_KEY_LINE = 60 /* characters */ };

/* This machine's key. */
struct link_key {
	const char *path;
	struct bytes pem; /* the file */
	struct key *key;  /* one reference; NULL: there is none */
	bool made;        /* by this call */
};

/* The key in the folder DIR (NULL: where it usually is), which is drawn and written there where there is
 * none; that is said. Neither the file nor the folder may be in others' hands. DONE, or FAILED after a
 * sentence. Close it in either case. */
int link_key_open(struct ipsec *x, const char *dir, struct link_key *out) MUST_CHECK;
void link_key_close(struct link_key *k);

/* The line of a public key, from ARENA. */
const char *link_key_line(const struct key *key, struct arena *arena);

/* Another machine's key from its LINE. DONE and one reference in *OUT; USAGE after a sentence. */
int link_key_peer(struct ipsec *x, const char *line, struct key **out) MUST_CHECK;
